/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal and hexadecimal numbers and durations: what is one, what is none, what is too
 * large; and that what is refused leaves the number alone.
 */
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"

#define DAY (CLOCK_SECOND * 24 * 3600)

struct row {
	const char *string;
	int r;
	uint64_t number;
};

static void check(int (*parse)(const char *string, uint64_t *ret_number),
                  const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t wanted = rows[i].r == 0 ? rows[i].number : 4711, found = 4711;
		int r = parse(rows[i].string, &found);

		if (r != rows[i].r || found != wanted)
			fail_msg("'%s': %d, %" PRIu64, rows[i].string, r, found);
	}
}

/* Strings that are none, for the same reason. */
static void check_refused(int (*parse)(const char *string, uint64_t *ret_number), int r,
                          const char *const *strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(parse, &(struct row){ strings[i], r, 0 }, 1);
}

static void a_decimal_number_is_its_value(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "9", 0, 9 },
		{ "12288", 0, 12288 },
		{ "4294967296", 0, UINT64_C(4294967296) },
		{ "18446744073709551609", 0, UINT64_MAX - 6 },
		{ "18446744073709551610", 0, UINT64_MAX - 5 },
		{ "18446744073709551615", 0, UINT64_MAX },
		/* A leading zero makes no octal number. */
		{ "010", 0, 10 },
		{ "08", 0, 8 },
		{ "00018446744073709551615", 0, UINT64_MAX },
		{ "42\n", 0, 42 },
		{ "42 \t\n\n  ", 0, 42 },
	};

	(void)state;
	check(number_parse, rows, ARRAY_SIZE(rows));
}

static void anything_else_is_no_decimal_number(void **state)
{
	static const char *const bad[] = {
		"",    " ",     "\n",   " 1",
		"+1",  "-1",    "-0",   "0x10",
		"x",   "1a",    "1e3",  "1.5",
		"1,0", "1 2",   "1\n2", "1_0",
		"1 x", "1\x80", "\xff", "\xd9\xa1",
		"/",   ":",     "1/",   "1:",
		"nan", "1\x01", "1\v",  "18446744073709551615x",
	};
	static const char *const large[] = {
		"18446744073709551616",
		"18446744073709551617\n",
		"18446744073709551620",
		"18446744073709551625",
		"27670116110564327424",
		"36893488147419103232",
		"100000000000000000000",
		"184467440737095516150",
		"340282366920938463463374607431768211456",
		"00018446744073709551616",
	};

	(void)state;
	check_refused(number_parse, -EBADMSG, bad, ARRAY_SIZE(bad));
	check_refused(number_parse, -ERANGE, large, ARRAY_SIZE(large));
}

static void digits_end_at_what_is_none_and_at_the_limit(void **state)
{
	static const struct {
		const char *string;
		size_t limit, length;
		int r;
		uint64_t number;
	} rows[] = {
		{ "6,339", 5, 1, 0, 6 },
		{ "12345", 5, 5, 0, 12345 },
		{ "12345", 2, 2, 0, 12 },
		{ "0007 ", 5, 4, 0, 7 },
		{ "184467440737095516159", 20, 20, 0, UINT64_MAX },
		{ "184467440737095516159", 21, 0, -ERANGE, 0 },
		{ "", 0, 0, -EBADMSG, 0 },
		{ "12", 0, 0, -EBADMSG, 0 },
		{ "x1", 2, 0, -EBADMSG, 0 },
		{ " 1", 2, 0, -EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *string = rows[i].string, *end = string;
		uint64_t number = 0;

		if (number_digits_parse(string, string + rows[i].limit, &number, &end) !=
		            rows[i].r ||
		    number != rows[i].number || end != string + rows[i].length)
			fail_msg("%s up to %zu", string, rows[i].limit);
	}
}

static int parse_hexadecimal(const char *string, uint64_t *ret_number)
{
	return number_hexadecimal_parse(string, strlen(string), ret_number);
}

static void a_hexadecimal_number_is_its_value(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "0x0", 0, 0 },
		{ "3001", 0, 0x3001 },
		{ "0X3001", 0, 0x3001 },
		{ "+0x10", 0, 0x10 },
		{ "+10", 0, 0x10 },
		{ "0123456789abcdef", 0, UINT64_C(0x0123456789abcdef) },
		{ "FEDCBA9876543210", 0, UINT64_C(0xfedcba9876543210) },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "00000000000000000000000000000001", 0, 1 },
		{ "10000000000000000", -ERANGE, 0 },
		{ "0xfffffffffffffffff", -ERANGE, 0 },
	};
	static const char *const bad[] = {
		"",    "+",    "0x",    "+0x", "x", "0xg", "-1", "++1", " 1", "1 ",
		"1\n", "0x 1", "0x0x1", "1_0", "@", "`",   "G",  "g",   "/",  ":",
	};
	uint64_t number = 0;

	(void)state;
	check(parse_hexadecimal, rows, ARRAY_SIZE(rows));
	check_refused(parse_hexadecimal, -EBADMSG, bad, ARRAY_SIZE(bad));
	/* It ends where it is said to. */
	assert_int_equal(number_hexadecimal_parse("0x12zz", 4, &number), 0);
	assert_int_equal(number, 0x12);
	assert_int_equal(number_hexadecimal_parse("12", 0, &number), -EBADMSG);
	assert_int_equal(number_hexadecimal_parse("0x1", 2, &number), -EBADMSG);
}

static void a_duration_is_its_number_of_units(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "0ms", 0, 0 },
		{ "0m", 0, 0 },
		{ "1ms", 0, 1000000 },
		{ "1500ms", 0, CLOCK_SECOND / 2 * 3 },
		{ "007s", 0, 7 * CLOCK_SECOND },
		{ "10m", 0, 600 * CLOCK_SECOND },
		{ "86400000ms", 0, DAY },
		{ "86400s", 0, DAY },
		{ "1440m", 0, DAY },
	};
	static const char *const longer[] = {
		"86400001ms",
		"86401s",
		"1441m",
		"18446744073709551615m",
		/* What comes out is small if the product wraps around. */
		"18446744073710ms",
		"18446744074s",
		"307445735m",
		"18446744073709551617s",
	};
	static const char *const bad[] = {
		"",     " ",   "ms",  "s",          "1",      "500",  "-1s",     "+1s",
		" 1s",  "1s ", "1 s", "1s\n",       "0\n",    "1S",   "1M",      "1MS",
		"1h",   "1d",  "1us", "1ns",        "1mss",   "1.5s", "1s500ms", "1m30s",
		"0x1s", "s1",  "1s1", "1\xc2\xb5s", "1\xffs", "nan",
	};

	(void)state;
	check(number_duration_parse, rows, ARRAY_SIZE(rows));
	check_refused(number_duration_parse, -ERANGE, longer, ARRAY_SIZE(longer));
	check_refused(number_duration_parse, -EBADMSG, bad, ARRAY_SIZE(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decimal_number_is_its_value),
		cmocka_unit_test(anything_else_is_no_decimal_number),
		cmocka_unit_test(digits_end_at_what_is_none_and_at_the_limit),
		cmocka_unit_test(a_hexadecimal_number_is_its_value),
		cmocka_unit_test(a_duration_is_its_number_of_units),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
