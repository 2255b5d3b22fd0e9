/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a scrape: that it starts by knowing nothing, that its lists grow, that it
 * gives all back. Knows realloc(), reallocarray() and free(), which it counts and lets
 * fail.
 */
#include "model/snapshot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/module_file.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);

static int calls_left;   /* allocations that still succeed; negative: all */
static ptrdiff_t blocks; /* allocated and not freed */

static bool is_refused(void)
{
	if (calls_left == 0)
		return true;
	if (calls_left > 0)
		calls_left--;
	return false;
}

void *__wrap_realloc(void *pointer, size_t size)
{
	void *grown = is_refused() ? NULL : __real_realloc(pointer, size);

	blocks += grown && !pointer;
	return grown;
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	void *grown = is_refused() ? NULL : __real_reallocarray(pointer, count, size);

	blocks += grown && !pointer;
	return grown;
}

void __wrap_free(void *pointer)
{
	blocks -= pointer != NULL;
	__real_free(pointer);
}

static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	blocks = 0;
	return 0;
}

static void assert_unread(const struct source_result *result)
{
	assert_int_equal(result->error, -ENODATA);
	assert_non_null(result->file);
}

static void assert_list_is_new(const struct module_list *list)
{
	assert_unread(&list->procfs_result);
	assert_unread(&list->sysfs_result);
	assert_false(list->support);
	assert_null(list->text.data);
	assert_null(list->records);
	assert_int_equal(list->count, 0);
	assert_int_equal(list->capacity, 0);
	assert_null(list->unlisted_names.data);
	assert_null(list->unlisted);
	assert_int_equal(list->unlisted_count, 0);
	assert_int_equal(list->unlisted_capacity, 0);
}

static void assert_unloaded_is_new(const struct unloaded_list *list)
{
	assert_unread(&list->result);
	assert_null(list->text.data);
	assert_null(list->records);
	assert_int_equal(list->count, 0);
	assert_int_equal(list->capacity, 0);
}

static void assert_snapshot_is_new(const struct snapshot *snapshot)
{
	assert_unread(&snapshot->mask_result);
	assert_unread(&snapshot->release_result);
	assert_unread(&snapshot->files_result);
	assert_unread(&snapshot->posture_result);
	assert_unread(&snapshot->log_result);
	assert_int_equal(snapshot->log.count, 0);
	assert_true(snapshot->log_lost == 0);
	assert_unloaded_is_new(&snapshot->unloaded);
	assert_list_is_new(&snapshot->modules);
	assert_true(snapshot->mask_before_modules == 0);
	assert_true(snapshot->mask == 0);
	assert_null(snapshot->release.data);
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		assert_false(snapshot->posture[posture].known);
	assert_false(snapshot->lockdown.known);
	assert_false(snapshot->process.open_fds.known);
	assert_false(snapshot->process.max_fds.known);
	assert_false(snapshot->process.virtual_memory_bytes.known);
	assert_false(snapshot->process.resident_memory_bytes.known);
}

static void a_new_snapshot_knows_nothing_and_says_so(void **state)
{
	struct snapshot snapshot;

	(void)state;
	memset(&snapshot, 0xa5, sizeof(snapshot));
	snapshot_init(&snapshot);
	assert_snapshot_is_new(&snapshot);
	snapshot_clear(&snapshot);
	assert_snapshot_is_new(&snapshot);
}

static void a_new_list_knows_nothing_and_says_so(void **state)
{
	struct module_list list;

	(void)state;
	memset(&list, 0xa5, sizeof(list));
	module_list_init(&list);
	assert_list_is_new(&list);
	module_list_clear(&list);
	assert_list_is_new(&list);
}

static void fill(struct snapshot *snapshot)
{
	snapshot->mask_result = (struct source_result){ 0 };
	snapshot->mask_before_modules = snapshot->mask = UINT64_MAX;
	snapshot->release_result = (struct source_result){ 0 };
	text_add_string(&snapshot->release, "6.1.0-56-amd64");
	snapshot->modules.procfs_result = (struct source_result){ 0 };
	snapshot->modules.sysfs_result = (struct source_result){ -EIO, "module" };
	snapshot->modules.support = true;
	text_add_string(&snapshot->modules.text, "nf_nat 1 0 - Live 0x0\n");
	for (int i = 0; i < 100; i++) {
		assert_non_null(module_list_add(&snapshot->modules));
		assert_int_equal(module_list_add_unlisted(&snapshot->modules, "x", 1), 0);
	}
	snapshot->files_result = (struct source_result){ 0 };
	snapshot->posture_result = (struct source_result){ 0 };
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot->posture[posture] =
			(struct reading){ .known = true, .value = 1 };
	snapshot->lockdown = (struct reading){ .known = true, .value = LOCKDOWN_NONE };
	snapshot->log_result = (struct source_result){ 0 };
	tally_add(&snapshot->log, ANNOUNCEMENT_CRAP, "zfs", 3, 5);
	snapshot->log_lost = 7;
	snapshot->unloaded.result = (struct source_result){ 0 };
	text_add_string(&snapshot->unloaded.text, "zfs (POE) 1\n");
	for (int i = 0; i < 100; i++)
		assert_non_null(unloaded_list_add(&snapshot->unloaded));
	snapshot->process.open_fds = (struct reading){ .known = true, .value = 7 };
	snapshot->process.max_fds = (struct reading){ .known = true, .value = 1024 };
	snapshot->process.virtual_memory_bytes =
		(struct reading){ .known = true, .value = 1 };
	snapshot->process.resident_memory_bytes =
		(struct reading){ .known = true, .value = 1 };
}

static void clear_gives_all_back_and_forgets_all(void **state)
{
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	for (int round = 0; round < 3; round++) {
		fill(&snapshot);
		assert_int_equal(blocks, 7);
		snapshot_clear(&snapshot);
		assert_int_equal(blocks, 0);
		assert_snapshot_is_new(&snapshot);
	}
	snapshot_clear(&snapshot);
	assert_int_equal(blocks, 0);
}

static void each_record_starts_at_zero_and_the_others_stay(void **state)
{
	static const char names[] = "0123456789";
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < 10000; i++) {
		struct module_record *record = module_list_add(&list);

		assert_non_null(record);
		assert_int_equal(list.count, i + 1);
		assert_ptr_equal(record, &list.records[i]);
		assert_null(record->name);
		assert_int_equal(record->name_length, 0);
		assert_true(taint_letters_is_empty(&record->letters));
		assert_true(taint_letters_is_empty(&record->sysfs_letters));
		assert_false(record->in_sysfs);
		assert_null(record->file);
		assert_null(record->loaded);
		record->name = &names[i % 10];
		record->name_length = i;
		record->letters.half[i % 2] = i + 1;
		record->sysfs_letters.half[i % 2] = i + 2;
		record->in_sysfs = true;
	}
	for (size_t i = 0; i < 10000; i++) {
		const struct module_record *record = &list.records[i];

		assert_ptr_equal(record->name, &names[i % 10]);
		assert_int_equal(record->name_length, i);
		assert_int_equal(record->letters.half[i % 2], i + 1);
		assert_int_equal(record->sysfs_letters.half[i % 2], i + 2);
		assert_true(record->in_sysfs);
	}
	module_list_clear(&list);
	assert_int_equal(blocks, 0);
}

static void each_unloaded_record_starts_at_zero_and_the_others_stay(void **state)
{
	struct unloaded_list list;

	(void)state;
	memset(&list, 0xa5, sizeof(list));
	unloaded_list_init(&list);
	assert_unloaded_is_new(&list);
	for (size_t i = 0; i < 1000; i++) {
		struct unloaded_record *record = unloaded_list_add(&list);

		assert_ptr_equal(record, &list.records[i]);
		assert_null(record->name);
		assert_int_equal(record->name_length, 0);
		assert_true(taint_letters_is_empty(&record->letters));
		assert_true(record->count == 0);
		record->count = i + 1;
		record->name_length = i;
		record->letters.half[1] = i + 1;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_true(list.records[i].count == i + 1);
	calls_left = 0;
	while (list.count < list.capacity)
		assert_non_null(unloaded_list_add(&list));
	assert_null(unloaded_list_add(&list));
	assert_int_equal(list.count, list.capacity);
	unloaded_list_clear(&list);
	assert_unloaded_is_new(&list);
	assert_int_equal(blocks, 0);
}

static void unlisted_modules_keep_their_names_and_inodes(void **state)
{
	struct module_list list;
	char name[32];

	(void)state;
	module_list_init(&list);
	for (uint64_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "module_%u", (unsigned int)i);
		assert_int_equal(module_list_add_unlisted(&list, name, UINT64_MAX - i),
		                 0);
		memset(name, 'x', sizeof(name));
	}
	assert_int_equal(list.unlisted_count, 1000);
	for (size_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "module_%u", (unsigned int)i);
		assert_string_equal(module_list_unlisted_name(&list, i), name);
		assert_true(list.unlisted[i].inode == UINT64_MAX - i);
	}
	module_list_clear(&list);
	assert_int_equal(blocks, 0);
}

static void an_unlisted_name_may_be_empty_long_or_of_any_bytes(void **state)
{
	struct module_list list;
	char name[300];

	(void)state;
	memset(name, '\xff', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	module_list_init(&list);
	assert_int_equal(module_list_add_unlisted(&list, "", 0), 0);
	assert_int_equal(module_list_add_unlisted(&list, name, 1), 0);
	assert_int_equal(module_list_add_unlisted(&list, "", 2), 0);
	assert_int_equal(module_list_add_unlisted(&list, "\n\x1b\"", 3), 0);
	assert_string_equal(module_list_unlisted_name(&list, 0), "");
	assert_string_equal(module_list_unlisted_name(&list, 1), name);
	assert_string_equal(module_list_unlisted_name(&list, 2), "");
	assert_string_equal(module_list_unlisted_name(&list, 3), "\n\x1b\"");
	module_list_clear(&list);
}

static void without_memory_no_record_is_added_and_none_is_lost(void **state)
{
	(void)state;
	for (int limit = 0; limit < 5; limit++) {
		struct module_record *record;
		struct module_list list;
		size_t count = 0;

		module_list_init(&list);
		calls_left = limit;
		while (count < 100000 && module_list_add(&list)) {
			list.records[count].name_length = count;
			count++;
		}
		assert_true(count < 100000);
		assert_int_equal(list.count, count);
		assert_true(limit == 0 ? count == 0 : count > 0);
		assert_null(module_list_add(&list));
		assert_int_equal(list.count, count);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(list.records[i].name_length, i);

		calls_left = -1;
		record = module_list_add(&list);
		assert_non_null(record);
		assert_ptr_equal(record, &list.records[count]);
		assert_int_equal(list.count, count + 1);
		module_list_clear(&list);
		assert_int_equal(blocks, 0);
	}
}

static void without_memory_no_unlisted_module_is_added_and_none_is_lost(void **state)
{
	(void)state;
	for (int limit = 0; limit < 12; limit++) {
		struct module_list list;
		char name[40];
		size_t count = 0;
		int r = 0;

		module_list_init(&list);
		calls_left = limit;
		while (count < 100000 && r == 0) {
			snprintf(name, sizeof(name), "a_module_of_number_%zu", count);
			r = module_list_add_unlisted(&list, name, count);
			count += r == 0;
		}
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(list.unlisted_count, count);
		for (size_t i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "a_module_of_number_%zu", i);
			assert_string_equal(module_list_unlisted_name(&list, i), name);
			assert_int_equal(list.unlisted[i].inode, i);
		}
		calls_left = -1;
		module_list_clear(&list);
		assert_int_equal(blocks, 0);
		assert_int_equal(module_list_add_unlisted(&list, "again", 1), 0);
		module_list_clear(&list);
	}
}

static void clear_gives_back_what_records_hold_and_own(void **state)
{
	struct module_file *shared = module_file_new("/shared.ko");
	struct module_file *own[100];
	struct snapshot snapshot;

	(void)state;
	assert_non_null(shared);
	for (int round = 0; round < 3; round++) {
		snapshot_init(&snapshot);
		for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
			struct module_record *record = module_list_add(&snapshot.modules);

			assert_non_null(record);
			own[i] = NULL;
			if (i % 3 == 0)
				record->file = module_file_hold(shared);
			if (i % 3 == 1)
				record->file = own[i] = module_file_new("/own.ko");
			if (own[i])
				module_file_hold(own[i]);
			if (i % 2)
				record->loaded = calloc(1, sizeof(*record->loaded));
		}
		assert_int_equal(atomic_load(&shared->holders), 35);
		snapshot_clear(&snapshot);
		assert_int_equal(atomic_load(&shared->holders), 1);
		for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
			if (!own[i])
				continue;
			assert_int_equal(atomic_load(&own[i]->holders), 1);
			module_file_free(own[i]);
		}
		/* Not twice. */
		snapshot_clear(&snapshot);
		assert_int_equal(atomic_load(&shared->holders), 1);
	}
	module_file_free(shared);
}

static void letters_disagree_only_if_sysfs_was_read_and_has_others(void **state)
{
	static const struct {
		const char *procfs, *sysfs;
		bool in_sysfs, disagreeing;
	} rows[] = {
		{ "", "", false, false },     { "OE", "", false, false },
		{ "OE", "P", false, false },  { "", "", true, false },
		{ "OE", "OE", true, false },  { "OE", "EO", true, false },
		{ "OE+", "OE", true, false }, { "OEXX", "XOE", true, false },
		{ "OE", "", true, true },     { "", "OE", true, true },
		{ "OE", "O", true, true },    { "O", "OE", true, true },
		{ "POE", "OE", true, true },  { "P", "p", true, true },
		{ "!", "a", true, true },     { "n", "N", true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct module_record record = { .in_sysfs = rows[i].in_sysfs };

		assert_int_equal(taint_letters_parse(rows[i].procfs,
		                                     strlen(rows[i].procfs),
		                                     &record.letters),
		                 0);
		assert_int_equal(taint_letters_parse(rows[i].sysfs, strlen(rows[i].sysfs),
		                                     &record.sysfs_letters),
		                 0);
		if (module_record_is_disagreeing(&record) != rows[i].disagreeing)
			fail_msg("row %zu", i);
	}
}

static void lockdown_modes_have_the_kernels_names(void **state)
{
	(void)state;
	assert_string_equal(lockdown_name(LOCKDOWN_NONE), "none");
	assert_string_equal(lockdown_name(LOCKDOWN_INTEGRITY), "integrity");
	assert_string_equal(lockdown_name(LOCKDOWN_CONFIDENTIALITY), "confidentiality");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_new_snapshot_knows_nothing_and_says_so, setup),
		cmocka_unit_test_setup(a_new_list_knows_nothing_and_says_so, setup),
		cmocka_unit_test_setup(clear_gives_all_back_and_forgets_all, setup),
		cmocka_unit_test_setup(each_record_starts_at_zero_and_the_others_stay,
		                       setup),
		cmocka_unit_test_setup(
			each_unloaded_record_starts_at_zero_and_the_others_stay, setup),
		cmocka_unit_test_setup(unlisted_modules_keep_their_names_and_inodes,
		                       setup),
		cmocka_unit_test_setup(an_unlisted_name_may_be_empty_long_or_of_any_bytes,
		                       setup),
		cmocka_unit_test_setup(without_memory_no_record_is_added_and_none_is_lost,
		                       setup),
		cmocka_unit_test_setup(
			without_memory_no_unlisted_module_is_added_and_none_is_lost,
			setup),
		cmocka_unit_test_setup(clear_gives_back_what_records_hold_and_own, setup),
		cmocka_unit_test_setup(
			letters_disagree_only_if_sysfs_was_read_and_has_others, setup),
		cmocka_unit_test(lockdown_modes_have_the_kernels_names),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
