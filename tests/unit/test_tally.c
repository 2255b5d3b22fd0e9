/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tally: what is counted under which name, and that its size is bounded whatever a
 * log holds. Knows realloc(), which it lets fail: a count does not depend on memory.
 */
#include "model/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "memory.h"

static size_t add(struct tally *tally, enum announcement announcement, const char *module)
{
	return tally_add(tally, announcement, module, strlen(module), 5);
}

static bool has(const struct tally *tally, enum announcement announcement,
                const char *module)
{
	return tally_has(tally, announcement, module, strlen(module));
}

static void an_announcement_is_counted_by_its_module(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	assert_false(has(&tally, ANNOUNCEMENT_CRAP, "vfio"));
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, "vfio", 4, 10), 0);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, "zfs", 3, 20), 1);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_TEST, "vfio", 4, 30), 2);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, "vfio", 4, 40), 0);
	assert_int_equal(tally.count, 3);
	assert_int_equal(tally.entries[0].count, 2);
	assert_int_equal(tally.entries[1].count, 1);
	assert_int_equal(tally.entries[2].count, 1);
	assert_true(has(&tally, ANNOUNCEMENT_CRAP, "vfio"));
	assert_false(has(&tally, ANNOUNCEMENT_TEST, "zfs"));
	assert_false(has(&tally, ANNOUNCEMENT_CRAP, "vfi"));
}

static void the_first_time_stays(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	tally_add(&tally, ANNOUNCEMENT_CRAP, "vfio", 4, 40);
	tally_add(&tally, ANNOUNCEMENT_CRAP, "vfio", 4, 10);
	assert_int_equal(tally.entries[0].first, 40);
}

static void a_name_is_counted_in_its_clean_form(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	assert_int_equal(add(&tally, ANNOUNCEMENT_CRAP, "bad\xff"), 0);
	assert_int_equal(add(&tally, ANNOUNCEMENT_CRAP, "bad\xfe"), 0);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, "bad\0", 4, 5), 0);
	assert_int_equal(add(&tally, ANNOUNCEMENT_CRAP, "caf\xc3\xa9"), 1);
	assert_string_equal(tally.entries[0].module, "bad\xef\xbf\xbd");
	assert_string_equal(tally.entries[1].module, "caf\xc3\xa9");
	assert_true(has(&tally, ANNOUNCEMENT_CRAP, "bad\xfd"));
}

static void a_name_that_is_too_long_is_counted_without_it(void **state)
{
	char name[TALLY_MODULE_SIZE + 1];
	struct tally tally = { 0 };

	(void)state;
	memset(name, 'x', sizeof(name));
	for (size_t length = TALLY_MODULE_SIZE - 1; length <= sizeof(name); length++)
		tally_add(&tally, ANNOUNCEMENT_CRAP, name, length, 5);
	assert_int_equal(tally.count, 2);
	assert_int_equal(strlen(tally.entries[0].module), TALLY_MODULE_SIZE - 1);
	assert_int_equal(tally.entries[0].count, 1);
	assert_string_equal(tally.entries[1].module, "");
	assert_int_equal(tally.entries[1].count, 2);

	/* It is the clean form that counts: 21 bytes become 63, 22 become 66. */
	memset(name, '\xff', sizeof(name));
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, name, 22, 5), 1);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, name, 21, 5), 2);
	assert_int_equal(strlen(tally.entries[2].module), 63);
	assert_int_equal(tally_add(&tally, ANNOUNCEMENT_CRAP, name, 63, 5), 1);
}

static void what_is_more_than_the_bound_is_summed_without_a_name(void **state)
{
	struct tally tally = { 0 };
	uint64_t sum = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < 3 * TALLY_PAIRS; i++) {
		snprintf(name, sizeof(name), "m%d", i / 2);
		add(&tally, i % 2 ? ANNOUNCEMENT_OOT_MODULE : ANNOUNCEMENT_TEST, name);
	}
	assert_int_equal(tally.count, TALLY_PAIRS + 2);
	for (size_t i = 0; i < tally.count; i++)
		sum += tally.entries[i].count;
	assert_int_equal(sum, 3 * TALLY_PAIRS);
	assert_string_equal(tally.entries[TALLY_PAIRS].module, "");
	assert_int_equal(tally.entries[TALLY_PAIRS].count, TALLY_PAIRS);
	assert_int_equal(tally.entries[TALLY_PAIRS + 1].count, TALLY_PAIRS);

	/* Who was there is still counted by name. */
	assert_int_equal(add(&tally, ANNOUNCEMENT_TEST, "m0"), 0);
	assert_int_equal(tally.entries[0].count, 2);
	assert_false(has(&tally, ANNOUNCEMENT_TEST, name));
}

static void it_is_never_more_than_full(void **state)
{
	struct tally tally = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++) {
			snprintf(name, sizeof(name), "m%d", i);
			add(&tally, a, name);
			add(&tally, a, "");
		}
	}
	assert_int_equal(tally.count, TALLY_ENTRIES_MAX);
}

static void it_is_sorted_by_announcement_and_name(void **state)
{
	static const struct {
		enum announcement announcement;
		const char *module;
	} wanted[] = {
		{ ANNOUNCEMENT_CRAP, "" },
		{ ANNOUNCEMENT_CRAP, "Z" },
		{ ANNOUNCEMENT_CRAP, "a" },
		{ ANNOUNCEMENT_CRAP, "aa" },
		{ ANNOUNCEMENT_CRAP, "caf\xc3\xa9" },
		{ ANNOUNCEMENT_OOT_MODULE, "a" },
		{ ANNOUNCEMENT_UNSIGNED_MODULE, "" },
	};
	static const size_t order[] = { 4, 2, 6, 0, 5, 1, 3 };
	struct tally tally = { 0 };

	(void)state;
	tally_sort(&tally);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		tally_add(&tally, wanted[order[i]].announcement, wanted[order[i]].module,
		          strlen(wanted[order[i]].module), order[i]);
	tally_sort(&tally);
	assert_int_equal(tally.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(tally.entries[i].announcement, wanted[i].announcement);
		assert_string_equal(tally.entries[i].module, wanted[i].module);
		assert_int_equal(tally.entries[i].first, i);
	}
}

static void it_counts_the_same_without_memory(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	calls_left = 0;
	assert_int_equal(add(&tally, ANNOUNCEMENT_CRAP, "bad\xff"), 0);
	assert_true(has(&tally, ANNOUNCEMENT_CRAP, "bad\xff"));
	assert_string_equal(tally.entries[0].module, "bad\xef\xbf\xbd");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_announcement_is_counted_by_its_module),
		TEST(the_first_time_stays),
		TEST(a_name_is_counted_in_its_clean_form),
		TEST(a_name_that_is_too_long_is_counted_without_it),
		TEST(what_is_more_than_the_bound_is_summed_without_a_name),
		TEST(it_is_never_more_than_full),
		TEST(it_is_sorted_by_announcement_and_name),
		TEST(it_counts_the_same_without_memory),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
