/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal and hexadecimal numbers: what is one, what is none, what is too large.
 */
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"

static void a_decimal_number_is_its_value(void **state)
{
	static const struct {
		const char *string;
		uint64_t number;
	} rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "9", 9 },
		{ "10", 10 },
		{ "12288", 12288 },
		{ "4294967295", UINT32_MAX },
		{ "4294967296", UINT64_C(4294967296) },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", UINT64_C(1) << 63 },
		{ "18446744073709551609", UINT64_MAX - 6 },
		{ "18446744073709551610", UINT64_MAX - 5 },
		{ "18446744073709551614", UINT64_MAX - 1 },
		{ "18446744073709551615", UINT64_MAX },
		/* A leading zero makes no octal number. */
		{ "010", 10 },
		{ "08", 8 },
		{ "0000000000000000000000000000000000000000001", 1 },
		{ "00018446744073709551615", UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t number = ~rows[i].number;

		assert_int_equal(number_parse(rows[i].string, &number), 0);
		assert_true(number == rows[i].number);
	}
}

static void digits_end_at_what_is_none_and_at_the_limit(void **state)
{
	static const struct {
		const char *string;
		size_t limit, length;
		uint64_t number;
	} rows[] = {
		{ "6,339", 5, 1, 6 },
		{ "339,5", 5, 3, 339 },
		{ "12345", 5, 5, 12345 },
		{ "12345", 2, 2, 12 },
		{ "0007 ", 5, 4, 7 },
		{ "18446744073709551615", 20, 20, UINT64_MAX },
		{ "184467440737095516159", 20, 20, UINT64_MAX },
	};
	const char *end = NULL;
	uint64_t number = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *string = rows[i].string;

		assert_int_equal(number_digits_parse(string, string + rows[i].limit,
		                                     &number, &end),
		                 0);
		assert_true(number == rows[i].number);
		assert_ptr_equal(end, string + rows[i].length);
	}
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = { "", "x1", " 1", "-1" };
		const char *limit = bad[i] + strlen(bad[i]);

		assert_int_equal(number_digits_parse(bad[i], limit, &number, &end),
		                 -EBADMSG);
	}
	assert_int_equal(
		number_digits_parse(rows[6].string, rows[6].string + 21, &number, &end),
		-ERANGE);
	assert_true(number == UINT64_MAX);
	assert_ptr_equal(end, rows[6].string + 20);
}

static void every_power_of_two_survives_the_way_through_printf(void **state)
{
	char string[32];

	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		for (uint64_t less = 0; less < 2; less++) {
			uint64_t wanted = (UINT64_C(1) << bit) - less, number = ~wanted;

			snprintf(string, sizeof(string), "%" PRIu64 "\n", wanted);
			assert_int_equal(number_parse(string, &number), 0);
			assert_true(number == wanted);
		}
	}
}

static void white_space_may_stand_behind_it(void **state)
{
	static const char *const strings[] = { "42\n", "42 ", "42\t", "42 \t\n\n  " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t number = 0;

		assert_int_equal(number_parse(strings[i], &number), 0);
		assert_int_equal(number, 42);
	}
}

static void anything_else_is_bad_and_leaves_the_number_alone(void **state)
{
	static const char *const strings[] = {
		"",
		" ",
		"\n",
		"\t\n",
		" 1",
		"\n1",
		"+1",
		"-1",
		"-0",
		"+",
		"-",
		"--1",
		"0x10",
		"0X10",
		"x",
		"a",
		"1a",
		"1e3",
		"1.5",
		"1,000",
		"1 2",
		"1\n2",
		"1_000",
		"0b1",
		"1 x",
		"1\x80",
		"\xff",
		"1-",
		"1+",
		"\xd9\xa1",
		"18446744073709551615x",
		"nan",
		"inf",
		"1\x01",
		"/",
		":",
		"1/",
		"1:",
		"''",
		"\"1\"",
		"4294967296L",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t number = 4711;

		if (number_parse(strings[i], &number) != -EBADMSG)
			fail_msg("taken: %s", strings[i]);
		assert_int_equal(number, 4711);
	}
}

static void more_than_64_bits_is_out_of_range(void **state)
{
	static const char *const strings[] = {
		"18446744073709551616",
		"18446744073709551617\n",
		"18446744073709551620",
		"18446744073709551625",
		"18446744073709551700",
		"27670116110564327424",
		"36893488147419103232",
		"99999999999999999999",
		"100000000000000000000",
		"184467440737095516150",
		"340282366920938463463374607431768211456",
		"00018446744073709551616",
	};
	char nines[5000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t number = 4711;

		assert_int_equal(number_parse(strings[i], &number), -ERANGE);
		assert_int_equal(number, 4711);
	}
	memset(nines, '9', sizeof(nines) - 1);
	nines[sizeof(nines) - 1] = '\0';
	for (size_t digits = 20; digits < sizeof(nines); digits += 37) {
		uint64_t number = 4711;

		assert_int_equal(
			number_parse(nines + sizeof(nines) - 1 - digits, &number),
			-ERANGE);
		assert_int_equal(number, 4711);
	}
}

static void no_byte_but_a_digit_or_white_space_is_part_of_a_number(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char before[] = { (char)byte, '7', '\0' };
		const char behind[] = { '7', (char)byte, '\0' };
		int is_digit = byte >= '0' && byte <= '9';
		uint64_t number = 4711;

		assert_int_equal(number_parse(before, &number), is_digit ? 0 : -EBADMSG);
		number = 4711;
		if (is_digit)
			assert_int_equal(number_parse(behind, &number), 0);
		else if (!strchr(" \t\n\v\f\r", byte))
			assert_int_equal(number_parse(behind, &number), -EBADMSG);
	}
}

/* ---- hexadecimal numbers ---- */

static int parse_hexadecimal(const char *string, uint64_t *ret_number)
{
	return number_hexadecimal_parse(string, strlen(string), ret_number);
}

static void a_hexadecimal_number_is_its_value(void **state)
{
	static const struct {
		const char *string;
		uint64_t number;
	} rows[] = {
		{ "0", 0 },
		{ "0x0", 0 },
		{ "3001", 0x3001 },
		{ "0x3001", 0x3001 },
		{ "0X3001", 0x3001 },
		{ "+0x10", 0x10 },
		{ "+10", 0x10 },
		{ "0123456789abcdef", UINT64_C(0x0123456789abcdef) },
		{ "FEDCBA9876543210", UINT64_C(0xfedcba9876543210) },
		{ "0xffffffffffffffff", UINT64_MAX },
		{ "00000000000000000000000000000001", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t number = ~rows[i].number;

		if (parse_hexadecimal(rows[i].string, &number) != 0)
			fail_msg("refused: %s", rows[i].string);
		assert_true(number == rows[i].number);
	}
}

static void anything_else_is_no_hexadecimal_number(void **state)
{
	static const char *const strings[] = {
		"",    "+",   "0x", "+0x",  "x",   "0xg",  "g",     "-1",
		"--1", "++1", " 1", "1 ",   "1\n", "0x 1", "0x0x1", "1_0",
		"@",   "`",   "G",  "0x+1", "/",   ":",    "1.0",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t number = 4711;

		if (parse_hexadecimal(strings[i], &number) != -EBADMSG)
			fail_msg("taken: '%s'", strings[i]);
		assert_int_equal(number, 4711);
	}
}

static void a_hexadecimal_number_above_64_bits_is_out_of_range(void **state)
{
	static const char *const strings[] = { "10000000000000000", "0xfffffffffffffffff",
		                               "+0x10000000000000000" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t number = 4711;

		assert_int_equal(parse_hexadecimal(strings[i], &number), -ERANGE);
		assert_int_equal(number, 4711);
	}
}

static void a_hexadecimal_number_ends_where_it_is_said_to(void **state)
{
	uint64_t number = 0;

	(void)state;
	assert_int_equal(number_hexadecimal_parse("0x12zz", 4, &number), 0);
	assert_int_equal(number, 0x12);
	assert_int_equal(number_hexadecimal_parse("12", 0, &number), -EBADMSG);
	assert_int_equal(number_hexadecimal_parse("0x1", 2, &number), -EBADMSG);
	assert_int_equal(number_hexadecimal_parse("1\0002", 3, &number), -EBADMSG);
	assert_int_equal(number, 0x12);
}

/* ---- durations ---- */

#define DAY (CLOCK_SECOND * 24 * 3600)

static void a_duration_is_its_number_of_units(void **state)
{
	static const struct {
		const char *string;
		uint64_t nanoseconds;
	} rows[] = {
		{ "0", 0 },
		{ "0ms", 0 },
		{ "0s", 0 },
		{ "0m", 0 },
		{ "1ms", 1000000 },
		{ "500ms", CLOCK_SECOND / 2 },
		{ "1500ms", CLOCK_SECOND / 2 * 3 },
		{ "1s", CLOCK_SECOND },
		{ "007s", 7 * CLOCK_SECOND },
		{ "90s", 90 * CLOCK_SECOND },
		{ "1m", 60 * CLOCK_SECOND },
		{ "10m", 600 * CLOCK_SECOND },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t nanoseconds = 4711;

		if (number_duration_parse(rows[i].string, &nanoseconds) != 0)
			fail_msg("refused: %s", rows[i].string);
		assert_true(nanoseconds == rows[i].nanoseconds);
	}
}

static void a_duration_is_a_day_at_most_in_every_unit(void **state)
{
	static const char *const longest[] = { "86400000ms", "86400s", "1440m" };
	static const char *const longer[] = {
		"86400001ms",
		"86401s",
		"1441m",
		"18446744073709551615ms",
		"18446744073709551615s",
		"18446744073709551615m",
		/* What comes out is small if the product wraps around. */
		"18446744073710ms",
		"18446744074s",
		"307445735m",
		"18446744073709551616ms",
		"18446744073709551617s",
		"99999999999999999999999999999999999999m",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(longest); i++) {
		uint64_t nanoseconds = 4711;

		assert_int_equal(number_duration_parse(longest[i], &nanoseconds), 0);
		assert_true(nanoseconds == DAY);
	}
	for (size_t i = 0; i < ARRAY_SIZE(longer); i++) {
		uint64_t nanoseconds = 4711;

		if (number_duration_parse(longer[i], &nanoseconds) != -ERANGE)
			fail_msg("taken: %s", longer[i]);
		assert_int_equal(nanoseconds, 4711);
	}
}

static void anything_else_is_no_duration_and_leaves_the_number_alone(void **state)
{
	static const char *const strings[] = {
		"",      " ",       "ms",       "s",      "m",    "1",          "500",
		"-1s",   "-0",      "+1s",      " 1s",    "1s ",  "1 s",        "1s\n",
		"0\n",   "0 ",      "1S",       "1M",     "1MS",  "1Ms",        "1h",
		"1d",    "1us",     "1ns",      "1mss",   "1.5s", "1,5s",       "1s500ms",
		"1m30s", "1e3ms",   "0x1s",     "0x10",   "one",  "1\xc2\xb5s", "s1",
		"1s1",   "forever", "infinity", "1\xffs", "nan",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		uint64_t nanoseconds = 4711;

		if (number_duration_parse(strings[i], &nanoseconds) != -EBADMSG)
			fail_msg("taken: '%s'", strings[i]);
		assert_int_equal(nanoseconds, 4711);
	}
}

static void no_byte_is_part_of_a_duration_that_should_not_be(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char before[] = { (char)byte, '7', 's', '\0' };
		const char between[] = { '7', (char)byte, 's', '\0' };
		const char behind[] = { '7', 's', (char)byte, '\0' };
		bool is_digit = byte >= '0' && byte <= '9';
		uint64_t nanoseconds;

		assert_int_equal(number_duration_parse(before, &nanoseconds),
		                 is_digit ? 0 : -EBADMSG);
		assert_int_equal(number_duration_parse(between, &nanoseconds),
		                 is_digit || byte == 'm' ? 0 : -EBADMSG);
		assert_int_equal(number_duration_parse(behind, &nanoseconds), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decimal_number_is_its_value),
		cmocka_unit_test(digits_end_at_what_is_none_and_at_the_limit),
		cmocka_unit_test(every_power_of_two_survives_the_way_through_printf),
		cmocka_unit_test(white_space_may_stand_behind_it),
		cmocka_unit_test(anything_else_is_bad_and_leaves_the_number_alone),
		cmocka_unit_test(more_than_64_bits_is_out_of_range),
		cmocka_unit_test(no_byte_but_a_digit_or_white_space_is_part_of_a_number),
		cmocka_unit_test(a_hexadecimal_number_is_its_value),
		cmocka_unit_test(anything_else_is_no_hexadecimal_number),
		cmocka_unit_test(a_hexadecimal_number_above_64_bits_is_out_of_range),
		cmocka_unit_test(a_hexadecimal_number_ends_where_it_is_said_to),
		cmocka_unit_test(a_duration_is_its_number_of_units),
		cmocka_unit_test(a_duration_is_a_day_at_most_in_every_unit),
		cmocka_unit_test(
			anything_else_is_no_duration_and_leaves_the_number_alone),
		cmocka_unit_test(no_byte_is_part_of_a_duration_that_should_not_be),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
