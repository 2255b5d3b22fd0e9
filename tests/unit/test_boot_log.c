/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one boot: when each announcement was first made, and that there is an end
 * to what is kept.
 */
#include "model/boot_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static struct boot_log boot;

static int setup(void **state)
{
	(void)state;
	memset(&boot, 0xff, sizeof(boot));
	boot_log_init(&boot);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	boot_log_clear(&boot);
	return 0;
}

static void add(enum announcement announcement, const char *module, uint64_t line,
                const char *seconds)
{
	struct stamp stamp = { .date = "today" };

	snprintf(stamp.seconds, sizeof(stamp.seconds), "%s", seconds);
	boot_log_add(&boot, announcement, module, strlen(module), false, line, &stamp);
}

static void the_first_of_each_is_dated(void **state)
{
	(void)state;
	add(ANNOUNCEMENT_CRAP, "a", 3, "1.5");
	add(ANNOUNCEMENT_CRAP, "b", 4, "2.5");
	add(ANNOUNCEMENT_CRAP, "a", 5, "3.5");
	add(ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED, "", 6, "4.5");
	assert_int_equal(boot.tally.count, 3);
	assert_int_equal(boot.tally.entries[0].count, 2);
	assert_int_equal(boot.tally.entries[0].first, 3);
	assert_string_equal(boot.stamps[0].seconds, "1.5");
	assert_string_equal(boot.stamps[0].date, "today");
	assert_string_equal(boot.stamps[1].seconds, "2.5");
	assert_string_equal(boot.stamps[2].seconds, "4.5");
	assert_int_equal(boot.tally.entries[2].first, 6);
}

static void there_is_an_end_to_what_is_kept(void **state)
{
	char name[24];

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++) {
		snprintf(name, sizeof(name), "module%d", (int)i);
		add((enum announcement)(i % ANNOUNCEMENT_COUNT), name, i, name + 6);
	}
	assert_in_range(boot.tally.count, TALLY_PAIRS, TALLY_ENTRIES_MAX);
	for (size_t i = 0; i < boot.tally.count; i++) {
		snprintf(name, sizeof(name), "%d", (int)boot.tally.entries[i].first);
		assert_string_equal(boot.stamps[i].seconds, name);
	}
}

static void what_is_cleared_is_empty(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		text_add_string(&boot.release, "6.1.0");
		text_add_string(&boot.version, "6.1.0 (x@y)");
		add(ANNOUNCEMENT_TEST, "a", 1, "1.5");
		assert_int_equal(boot.tally.count, 1);
		boot_log_clear(&boot);
		assert_int_equal(boot.tally.count, 0);
		assert_string_equal(text_string(&boot.release), "");
		assert_string_equal(text_string(&boot.version), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_of_each_is_dated, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(there_is_an_end_to_what_is_kept, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_is_cleared_is_empty, setup,
		                                teardown),
	};

	return cmocka_run_group_tests_name("boot_log", tests, NULL, NULL);
}
