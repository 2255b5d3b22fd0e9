/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the command line: what holds for every row. What the flags do is
 * test_options' matter, as is what --help prints.
 */
#include "commands/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_flag_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (enum flag a = 0; a < FLAG_COUNT; a++) {
		assert_int_equal(
			strspn(flag_rows[a].name, "abcdefghijklmnopqrstuvwxyz-."),
			strlen(flag_rows[a].name));
		for (enum flag b = 0; b < a; b++)
			assert_string_not_equal(flag_rows[a].name, flag_rows[b].name);
	}
}

static void every_flag_goes_with_a_command(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		assert_int_not_equal(flag_rows[flag].commands, 0);
		assert_int_equal(flag_rows[flag].commands >> COMMAND_COUNT, 0);
	}
}

static void a_flag_with_an_argument_says_what_is_expected(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++)
		assert_int_equal(flag_rows[flag].argument != NULL,
		                 flag_rows[flag].expected != NULL);
}

static void only_a_flag_with_an_argument_is_completed(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++)
		assert_true(flag_rows[flag].argument || !flag_rows[flag].values);
}

static void collectors_are_those_that_are_named_so(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		enum collector collector;
		const char *name = flag_rows[flag].name;
		int is_collector = strncmp(name, "collector.", 10) == 0 &&
		                   collector_parse(name + 10, &collector);

		assert_int_equal(flag_is_collector(flag), is_collector);
		if (is_collector)
			assert_int_equal(collector, flag);
	}
}

static void every_command_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (enum command a = 0; a < COMMAND_COUNT; a++)
		for (enum command b = 0; b < a; b++)
			assert_string_not_equal(command_rows[a].name,
			                        command_rows[b].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flag_has_a_name_of_its_own),
		cmocka_unit_test(every_flag_goes_with_a_command),
		cmocka_unit_test(a_flag_with_an_argument_says_what_is_expected),
		cmocka_unit_test(only_a_flag_with_an_argument_is_completed),
		cmocka_unit_test(collectors_are_those_that_are_named_so),
		cmocka_unit_test(every_command_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
