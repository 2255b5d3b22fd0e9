/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tally: what is counted under which name, and that its size is bounded whatever a
 * log holds.
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

static size_t add(struct tally *tally, enum announcement announcement, const char *module)
{
	return tally_add(tally, announcement, module, strlen(module), 5);
}

static bool has(const struct tally *tally, enum announcement announcement,
                const char *module)
{
	return tally_has(tally, announcement, module, strlen(module));
}

static void an_announcement_is_counted_by_its_clean_name(void **state)
{
	static const struct {
		enum announcement announcement;
		const char *module;
		size_t length, at;
		const char *name;
	} rows[] = {
		{ ANNOUNCEMENT_CRAP, "vfio", 4, 0, "vfio" },
		{ ANNOUNCEMENT_CRAP, "zfs", 3, 1, "zfs" },
		{ ANNOUNCEMENT_TEST, "vfio", 4, 2, "vfio" },
		{ ANNOUNCEMENT_CRAP, "vfio", 4, 0, "vfio" },
		{ ANNOUNCEMENT_CRAP, "bad\xff", 4, 3, "bad\xef\xbf\xbd" },
		{ ANNOUNCEMENT_CRAP, "bad\0", 4, 3, "bad\xef\xbf\xbd" },
		{ ANNOUNCEMENT_CRAP, "caf\xc3\xa9", 5, 4, "caf\xc3\xa9" },
		{ ANNOUNCEMENT_CRAP, "", 0, 5, "" },
	};
	struct tally tally = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (tally_add(&tally, rows[i].announcement, rows[i].module,
		              rows[i].length, 10 + i) != rows[i].at ||
		    strcmp(tally.entries[rows[i].at].module, rows[i].name) != 0)
			fail_msg("row %zu", i);
	}
	assert_int_equal(tally.count, 6);
	assert_int_equal(tally.entries[0].count, 2);
	assert_int_equal(tally.entries[0].first, 10);
	assert_int_equal(tally.entries[2].first, 12);
	assert_true(has(&tally, ANNOUNCEMENT_CRAP, "bad\xfd"));
	assert_false(has(&tally, ANNOUNCEMENT_TEST, "zfs"));
	assert_false(has(&tally, ANNOUNCEMENT_CRAP, "vfi"));
	assert_true(tally_has_event(&tally, ANNOUNCEMENT_TEST));
	assert_false(tally_has_event(&tally, ANNOUNCEMENT_FWCTL));
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

static void what_is_beyond_the_bound_is_summed_nameless(void **state)
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

	/* It is never more than full. */
	for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++)
		add(&tally, a, "");
	assert_int_equal(tally.count, TALLY_ENTRIES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announcement_is_counted_by_its_clean_name),
		cmocka_unit_test(a_name_that_is_too_long_is_counted_without_it),
		cmocka_unit_test(what_is_beyond_the_bound_is_summed_nameless),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
