/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a module's file: who holds it and who frees it, words that are cut,
 * licences to the letter, builds compared. Knows the calls that allocate, which it counts
 * and lets fail.
 */
#include "model/module_file.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);

static int calls_left;          /* allocations that still succeed; negative: all */
static atomic_ptrdiff_t blocks; /* allocated and not freed */

static bool is_refused(void)
{
	if (calls_left == 0)
		return true;
	if (calls_left > 0)
		calls_left--;
	return false;
}

static void *count_block(void *block)
{
	blocks += block != NULL;
	return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : count_block(__real_calloc(count, size));
}

void *__wrap_realloc(void *pointer, size_t size)
{
	void *grown = is_refused() ? NULL : __real_realloc(pointer, size);

	return pointer ? grown : count_block(grown);
}

char *__wrap_strdup(const char *string)
{
	return is_refused() ? NULL : count_block(__real_strdup(string));
}

char *__wrap_strndup(const char *string, size_t size)
{
	return is_refused() ? NULL : count_block(__real_strndup(string, size));
}

void __wrap_free(void *pointer)
{
	blocks -= pointer != NULL;
	__real_free(pointer);
}

static struct module_file *file;

static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	blocks = 0;
	file = module_file_new("/lib/modules/6.1.0/x.ko");
	return file ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	calls_left = -1;
	file = module_file_free(file);
	return blocks == 0 ? 0 : -1;
}

/* ---- making, holding, freeing ---- */

static void a_new_file_is_pending_and_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(atomic_load(&file->holders), 1);
	assert_int_equal(file->signature, MODULE_SIGNATURE_PENDING);
	assert_int_equal(file->compression, MODULE_COMPRESSION_NONE);
	assert_int_equal(file->verified, MODULE_VERIFIED_UNASKED);
	assert_int_equal(file->error, 0);
	assert_string_equal(file->path, "/lib/modules/6.1.0/x.ko");
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		assert_null(file->words[word]);
		assert_string_equal(module_file_word(file, word), "");
	}
	assert_int_equal(file->build.id_length, 0);
	assert_string_equal(file->build.srcversion, "");
}

static void the_path_is_copied(void **state)
{
	char path[] = "/a";
	struct module_file *other = module_file_new(path), *empty = module_file_new("");

	(void)state;
	path[1] = 'b';
	assert_string_equal(other->path, "/a");
	assert_string_equal(empty->path, "");
	assert_null(module_file_free(other));
	assert_null(module_file_free(empty));
}

static void nobody_may_be_freed(void **state)
{
	(void)state;
	assert_null(module_file_free(NULL));
}

static void the_last_holder_frees_it(void **state)
{
	ptrdiff_t before;

	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_LICENSE, "GPL", 3), 0);
	before = blocks;
	for (unsigned int holders = 2; holders < 100; holders++) {
		assert_ptr_equal(module_file_hold(file), file);
		assert_int_equal(atomic_load(&file->holders), holders);
	}
	for (unsigned int holders = 98; holders > 0; holders--) {
		assert_null(module_file_free(file));
		assert_int_equal(atomic_load(&file->holders), holders);
		assert_string_equal(module_file_word(file, MODULE_WORD_LICENSE), "GPL");
	}
	assert_int_equal(blocks, before);
	file = module_file_free(file);
	assert_null(file);
	assert_int_equal(blocks, 0);
}

static void *hold_and_free(void *argument)
{
	struct module_file *mine = argument;
	size_t read = 0;

	for (int i = 0; i < 10000; i++) {
		struct module_file *again = module_file_hold(mine);

		read += strlen(module_file_word(again, MODULE_WORD_SIGNER));
		module_file_free(again);
	}
	module_file_free(mine);
	return (void *)read;
}

static void threads_may_hold_it_at_the_same_time(void **state)
{
	pthread_t threads[4];

	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER, "me", 2), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_and_free,
		                                module_file_hold(file)),
		                 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *read;

		assert_int_equal(pthread_join(threads[i], &read), 0);
		assert_int_equal((size_t)read, 20000);
	}
	assert_int_equal(atomic_load(&file->holders), 1);
	/* What the threads themselves allocated is the C library's. */
	blocks = 0;
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		blocks += file->words[word] != NULL;
	blocks += 2;
}

static void without_memory_there_is_no_file(void **state)
{
	ptrdiff_t before = blocks;

	(void)state;
	for (int calls = 0; calls < 2; calls++) {
		calls_left = calls;
		assert_null(module_file_new("/x.ko"));
		calls_left = -1;
		assert_int_equal(blocks, before);
	}
}

/* ---- words ---- */

static void every_word_keeps_its_own_value(void **state)
{
	char value[16];

	(void)state;
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		snprintf(value, sizeof(value), "value %u", word);
		assert_int_equal(module_file_set_word(file, word, value, strlen(value)),
		                 0);
	}
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		snprintf(value, sizeof(value), "value %u", word);
		assert_string_equal(module_file_word(file, word), value);
	}
}

static void a_word_takes_the_place_of_what_was_there(void **state)
{
	ptrdiff_t before;

	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_VERSION, "1", 1), 0);
	before = blocks;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_VERSION, "2.0", 3), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_VERSION), "2.0");
	assert_int_equal(blocks, before);
}

static void no_more_of_a_value_is_read_than_told(void **state)
{
	static const char bytes[] = { 'a', 'b', 'c' };

	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER, bytes, 2), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIGNER), "ab");
	assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER, "a\0b", 3), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIGNER), "a");
}

/* "Y" and nothing are both said: intree is a matter of being there. */
static void an_empty_value_is_said_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_INTREE, "", 0), 0);
	assert_non_null(file->words[MODULE_WORD_INTREE]);
	assert_string_equal(module_file_word(file, MODULE_WORD_INTREE), "");
}

static void a_long_value_is_cut(void **state)
{
	static const size_t lengths[] = { 1, MODULE_WORD_MAX - 1, MODULE_WORD_MAX,
		                          MODULE_WORD_MAX + 1, 100000 };
	_cleanup_(free_pointer) char *value = malloc(100001);

	(void)state;
	blocks++;
	assert_non_null(value);
	memset(value, 'x', 100000);
	value[100000] = '\0';
	assert_int_equal(MODULE_WORD_MAX, 256);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t length = lengths[i] < 256 ? lengths[i] : 256;

		assert_int_equal(module_file_set_word(file, MODULE_WORD_VERSION, value,
		                                      lengths[i]),
		                 0);
		assert_int_equal(strlen(module_file_word(file, MODULE_WORD_VERSION)),
		                 length);
	}
}

static void without_memory_a_word_stays_what_it_was(void **state)
{
	(void)state;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_VERSION, "1", 1), 0);
	calls_left = 0;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_VERSION, "2", 1),
	                 -ENOMEM);
	assert_int_equal(module_file_set_word(file, MODULE_WORD_LICENSE, "GPL", 3),
	                 -ENOMEM);
	calls_left = -1;
	assert_string_equal(module_file_word(file, MODULE_WORD_VERSION), "1");
	assert_null(file->words[MODULE_WORD_LICENSE]);
}

static void a_key_is_written_as_modinfo_prints_it(void **state)
{
	static const unsigned char key[] = { 0x66, 0xf5, 0x4e, 0x00, 0x0a, 0xff };

	(void)state;
	assert_int_equal(module_file_set_key(file, key, sizeof(key)), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY),
	                    "66:F5:4E:00:0A:FF");
	assert_int_equal(module_file_set_key(file, key, 1), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), "66");
	assert_int_equal(module_file_set_key(file, key, 0), 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), "");
}

static void a_long_key_is_cut_as_other_words_are(void **state)
{
	unsigned char key[4096];
	char expected[3 * 100];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)(i * 37);
	for (size_t i = 0; i < 90; i++)
		snprintf(expected + 3 * i, 4, "%02X:", key[i]);
	assert_int_equal(module_file_set_key(file, key, 85), 0);
	assert_int_equal(strlen(module_file_word(file, MODULE_WORD_SIG_KEY)), 254);
	for (size_t length = 86; length <= sizeof(key); length += 401) {
		const char *word;

		assert_int_equal(module_file_set_key(file, key, length), 0);
		word = module_file_word(file, MODULE_WORD_SIG_KEY);
		assert_in_range(strlen(word), 254, MODULE_WORD_MAX);
		assert_memory_equal(word, expected, strlen(word));
	}
}

static void without_memory_a_key_stays_what_it_was(void **state)
{
	static const unsigned char key[] = { 1, 2 }, other[40] = { 3, 4 };
	int calls = 0;

	(void)state;
	assert_int_equal(module_file_set_key(file, key, 2), 0);
	for (;; calls++) {
		int r;

		assert_true(calls < 20);
		calls_left = calls;
		r = module_file_set_key(file, other, sizeof(other));
		calls_left = -1;
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), "01:02");
	}
	assert_true(calls > 1);
}

/* ---- names ---- */

static void words_have_the_names_of_modinfo(void **state)
{
	static const char *const names[] = {
		[MODULE_WORD_INTREE] = "intree",
		[MODULE_WORD_LICENSE] = "license",
		[MODULE_WORD_LIVEPATCH] = "livepatch",
		[MODULE_WORD_NAME] = "name",
		[MODULE_WORD_SIG_HASHALGO] = "sig_hashalgo",
		[MODULE_WORD_SIG_ID] = "sig_id",
		[MODULE_WORD_SIG_KEY] = "sig_key",
		[MODULE_WORD_SIGNER] = "signer",
		[MODULE_WORD_SRCVERSION] = "srcversion",
		[MODULE_WORD_STAGING] = "staging",
		[MODULE_WORD_TEST] = "test",
		[MODULE_WORD_VERMAGIC] = "vermagic",
		[MODULE_WORD_VERSION] = "version",
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(names), MODULE_WORD_COUNT);
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		enum module_word parsed = MODULE_WORD_COUNT;

		assert_string_equal(module_word_name(word), names[word]);
		assert_true(module_word_parse(names[word], &parsed));
		assert_int_equal(parsed, word);
	}
}

static void another_name_is_no_word_and_changes_nothing(void **state)
{
	static const char *const names[] = {
		"",       " ",       "licence", "License",   "license ",    "license=",
		"licens", "depends", "alias",   "signature", "srcversion2", "intree\n",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum module_word parsed = MODULE_WORD_COUNT;

		assert_false(module_word_parse(names[i], &parsed));
		assert_int_equal(parsed, MODULE_WORD_COUNT);
	}
}

/* They stand so on the page, and in this order. */
static void signatures_have_the_names_of_the_contract_in_order(void **state)
{
	static const char *const names[] = {
		"elf_section", "malformed", "missing", "none",       "pending",
		"pgp",         "pkcs7",     "unknown", "unreadable", "x509",
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(names), MODULE_SIGNATURE_COUNT);
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		assert_string_equal(module_signature_name(s), names[s]);
		if (s)
			assert_true(strcmp(names[s - 1], names[s]) < 0);
	}
}

static void what_was_verified_and_compressed_has_a_name(void **state)
{
	(void)state;
	assert_int_equal(MODULE_VERIFIED_COUNT, 4);
	assert_string_equal(module_verified_name(MODULE_VERIFIED_UNASKED), "");
	assert_string_equal(module_verified_name(MODULE_VERIFIED_YES), "yes");
	assert_string_equal(module_verified_name(MODULE_VERIFIED_NO), "no");
	assert_string_equal(module_verified_name(MODULE_VERIFIED_UNTRUSTED), "untrusted");
	assert_int_equal(MODULE_COMPRESSION_COUNT, 4);
	assert_string_equal(module_compression_name(MODULE_COMPRESSION_NONE), "none");
	assert_string_equal(module_compression_name(MODULE_COMPRESSION_GZIP), "gzip");
	assert_string_equal(module_compression_name(MODULE_COMPRESSION_XZ), "xz");
	assert_string_equal(module_compression_name(MODULE_COMPRESSION_ZSTD), "zstd");
}

static void a_file_is_read_unless_it_was_not_found_opened_or_come_to(void **state)
{
	(void)state;
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		file->signature = s;
		assert_int_equal(module_file_is_read(file),
		                 s != MODULE_SIGNATURE_PENDING &&
		                         s != MODULE_SIGNATURE_MISSING &&
		                         s != MODULE_SIGNATURE_UNREADABLE);
	}
}

/* ---- licences ---- */

/* include/linux/license.h */
static void a_licence_is_compatible_to_the_letter(void **state)
{
	static const char *const compatible[] = {
		"GPL",          "GPL v2",       "GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
	};
	char changed[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(compatible); i++) {
		size_t length = strlen(compatible[i]);

		assert_true(module_license_is_gpl_compatible(compatible[i]));
		snprintf(changed, sizeof(changed), "%s ", compatible[i]);
		assert_false(module_license_is_gpl_compatible(changed));
		snprintf(changed, sizeof(changed), " %s", compatible[i]);
		assert_false(module_license_is_gpl_compatible(changed));
		snprintf(changed, sizeof(changed), "%s\n", compatible[i]);
		assert_false(module_license_is_gpl_compatible(changed));
		/* One letter in the other case. */
		for (size_t k = 0; k < length; k++) {
			snprintf(changed, sizeof(changed), "%s", compatible[i]);
			if ((changed[k] | 0x20) < 'a' || (changed[k] | 0x20) > 'z')
				continue;
			changed[k] ^= 0x20;
			assert_false(module_license_is_gpl_compatible(changed));
		}
	}
}

static void any_other_licence_is_not_compatible(void **state)
{
	static const char *const others[] = {
		"",
		" ",
		"GP",
		"GPLv2",
		"GPL v3",
		"GPL-2.0",
		"LGPL",
		"LGPL v2",
		"BSD",
		"MIT",
		"MPL",
		"Dual BSD",
		"NVIDIA",
		"Proprietary",
		"CDDL",
		"GPL v2+",
		"GPL  v2",
		"Dual GPL/BSD",
		"unspecified",
		"Dual MIT",
		"Dual BSD/GPL v2",
		"Apache-2.0",
		"\xff",
		"GPL\x01",
		"GPL and additional right",
		"GPL and additional rightss",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (module_license_is_gpl_compatible(others[i]))
			fail_msg("taken: '%s'", others[i]);
}

/* ---- builds ---- */

static struct module_build build_of(const char *id, const char *srcversion)
{
	struct module_build build = { .id_length = strlen(id) };

	memcpy(build.id, id, strlen(id));
	strcpy(build.srcversion, srcversion);
	return build;
}

static void builds_are_compared_by_id_or_else_by_srcversion(void **state)
{
	static const struct {
		const char *id, *srcversion, *file_id, *file_srcversion;
		int differs;
	} rows[] = {
		{ "", "", "", "", -1 },
		{ "a", "", "", "", -1 },
		{ "", "", "a", "", -1 },
		{ "", "s", "", "", -1 },
		{ "", "", "", "s", -1 },
		{ "a", "", "", "s", -1 },
		{ "", "s", "a", "", -1 },
		{ "a", "", "a", "", 0 },
		{ "a", "", "b", "", 1 },
		{ "a", "", "ab", "", 1 },
		{ "ab", "", "a", "", 1 },
		{ "", "s", "", "s", 0 },
		{ "", "s", "", "t", 1 },
		{ "", "s", "", "st", 1 },
		{ "", "s", "", "S", 1 },
		/* The ID counts where both have one, whatever the other says. */
		{ "a", "s", "a", "t", 0 },
		{ "a", "s", "b", "s", 1 },
		/* And only there. */
		{ "a", "s", "", "s", 0 },
		{ "", "s", "a", "s", 0 },
		{ "a", "s", "", "t", 1 },
		{ "", "s", "a", "t", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct module_build loaded = build_of(rows[i].id, rows[i].srcversion);
		struct module_build on_disk =
			build_of(rows[i].file_id, rows[i].file_srcversion);

		if (module_build_compare(&loaded, &on_disk) != rows[i].differs)
			fail_msg("row %zu: %d", i,
			         module_build_compare(&loaded, &on_disk));
	}
}

static void every_byte_of_an_id_counts_and_none_behind_it(void **state)
{
	struct module_build loaded, on_disk;

	(void)state;
	memset(&loaded, 0, sizeof(loaded));
	memset(&on_disk, 0, sizeof(on_disk));
	for (size_t length = 1; length <= MODULE_BUILD_ID_MAX; length++) {
		loaded.id_length = on_disk.id_length = length;
		assert_int_equal(module_build_compare(&loaded, &on_disk), 0);
		on_disk.id[length - 1] = 1;
		assert_int_equal(module_build_compare(&loaded, &on_disk), 1);
		on_disk.id[length - 1] = 0;
		if (length == MODULE_BUILD_ID_MAX)
			break;
		on_disk.id[length] = 1;
		assert_int_equal(module_build_compare(&loaded, &on_disk), 0);
		on_disk.id[length] = 0;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_pending_and_says_nothing),
		TEST(the_path_is_copied),
		TEST(nobody_may_be_freed),
		TEST(the_last_holder_frees_it),
		TEST(threads_may_hold_it_at_the_same_time),
		TEST(without_memory_there_is_no_file),
		TEST(every_word_keeps_its_own_value),
		TEST(a_word_takes_the_place_of_what_was_there),
		TEST(no_more_of_a_value_is_read_than_told),
		TEST(an_empty_value_is_said_all_the_same),
		TEST(a_long_value_is_cut),
		TEST(without_memory_a_word_stays_what_it_was),
		TEST(a_key_is_written_as_modinfo_prints_it),
		TEST(a_long_key_is_cut_as_other_words_are),
		TEST(without_memory_a_key_stays_what_it_was),
		TEST(words_have_the_names_of_modinfo),
		TEST(another_name_is_no_word_and_changes_nothing),
		TEST(signatures_have_the_names_of_the_contract_in_order),
		TEST(what_was_verified_and_compressed_has_a_name),
		TEST(a_file_is_read_unless_it_was_not_found_opened_or_come_to),
		TEST(a_licence_is_compatible_to_the_letter),
		TEST(any_other_licence_is_not_compatible),
		TEST(builds_are_compared_by_id_or_else_by_srcversion),
		TEST(every_byte_of_an_id_counts_and_none_behind_it),
	};

	return cmocka_run_group_tests_name("module_file", tests, NULL, NULL);
}
