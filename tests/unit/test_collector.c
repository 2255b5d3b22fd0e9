/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collectors' names and defaults, as the metrics contract and the flags have them.
 */
#include "model/collector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void the_collectors_are_those_of_the_contract(void **state)
{
	(void)state;
	assert_int_equal(COLLECTOR_COUNT, 6);
	assert_string_equal(collector_name(COLLECTOR_KERNEL), "kernel");
	assert_string_equal(collector_name(COLLECTOR_LOG), "log");
	assert_string_equal(collector_name(COLLECTOR_MODULES), "modules");
	assert_string_equal(collector_name(COLLECTOR_POSTURE), "posture");
	assert_string_equal(collector_name(COLLECTOR_SIGNATURE), "signature");
	assert_string_equal(collector_name(COLLECTOR_UNLOADED), "unloaded");
}

static void their_order_is_that_of_their_names(void **state)
{
	(void)state;
	for (enum collector c = 1; c < COLLECTOR_COUNT; c++)
		assert_true(strcmp(collector_name(c - 1), collector_name(c)) < 0);
}

static void every_name_parses_back_to_its_collector(void **state)
{
	(void)state;
	for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
		enum collector parsed = COLLECTOR_COUNT;

		assert_true(collector_parse(collector_name(c), &parsed));
		assert_int_equal(parsed, c);
	}
}

static void another_name_is_no_collector_and_changes_nothing(void **state)
{
	static const char *const names[] = {
		"",       " ",      "kerne",          "kernel ",  " kernel", "kernels",
		"Kernel", "KERNEL", "kernel,",        "kernel\n", "module",  "*",
		"all",    "0",      "postur\xc3\xa9", "\xff",     "kernel=", "no-kernel",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum collector parsed = COLLECTOR_COUNT;

		assert_false(collector_parse(names[i], &parsed));
		assert_int_equal(parsed, COLLECTOR_COUNT);
	}
}

static void each_collector_is_a_bit_of_its_own(void **state)
{
	collector_set all = 0;

	(void)state;
	for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
		assert_int_equal(all & COLLECTOR_BIT(c), 0);
		assert_true(COLLECTOR_BIT(c) != 0);
		all |= COLLECTOR_BIT(c);
	}
}

static void all_but_those_that_need_privileges_run_by_default(void **state)
{
	(void)state;
	assert_int_equal(collector_defaults(),
	                 COLLECTOR_BIT(COLLECTOR_KERNEL) |
	                         COLLECTOR_BIT(COLLECTOR_MODULES) |
	                         COLLECTOR_BIT(COLLECTOR_POSTURE) |
	                         COLLECTOR_BIT(COLLECTOR_SIGNATURE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_collectors_are_those_of_the_contract),
		cmocka_unit_test(their_order_is_that_of_their_names),
		cmocka_unit_test(every_name_parses_back_to_its_collector),
		cmocka_unit_test(another_name_is_no_collector_and_changes_nothing),
		cmocka_unit_test(each_collector_is_a_bit_of_its_own),
		cmocka_unit_test(all_but_those_that_need_privileges_run_by_default),
	};

	return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
