/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalars: what each spelling is to Go's yaml.v2, whose rules (resolve.go) and those of
 * strconv and time are the tables below.
 */
#include "web/scalar.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "web/yaml_tree.h"

#define YAML(name) "tag:yaml.org,2002:" name

static int parse(const char *string, size_t length, const char *tag, bool is_plain,
                 struct scalar *scalar)
{
	const struct yaml_tree_node node = {
		.kind = YAML_TREE_SCALAR,
		.string = (char *)string,
		.length = length,
		.tag = (char *)tag,
		.is_plain = is_plain,
	};

	return scalar_parse(&node, scalar);
}

static void plain_words_are_null_booleans_or_strings(void **state)
{
	static const struct {
		struct scalar scalar;
		const char *words[50];
	} rows[] = {
		{ { .kind = SCALAR_NULL }, { "", "~", "null", "Null", "NULL" } },
		{ { .kind = SCALAR_BOOL, .truth = true },
		  { "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On",
		    "ON" } },
		{ { .kind = SCALAR_BOOL },
		  { "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off",
		    "OFF" } },
		{ { .kind = SCALAR_STRING },
		  { "nULL",  "yEs",   "tRUE",       "oN",   "none",  "nil",   "enabled",
		    " ",     "-",     "+",          ".",    "_",     "0x",    "0b",
		    "0o",    "0xg",   "0b2",        "0o8",  "1e",    "1e+",   "--1",
		    "+-1",   "1 ",    "1x",         ".e1",  "1.2.3", "1:30",  "0x-1",
		    "0x+1",  "0x 1",  "0x0x1",      "0b-1", "- 1",   "1e400", ".nan",
		    ".inf",  "-.inf", "2001-01-01", "inf",  "nan",   "-inf",  "+nan",
		    "0x1p3", "._5",   "_1" } },
	};
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (const char *const *word = rows[i].words; *word; word++) {
			assert_int_equal(parse(*word, strlen(*word), NULL, true, &scalar),
			                 0);
			if (scalar.kind != rows[i].scalar.kind ||
			    scalar.truth != rows[i].scalar.truth)
				fail_msg("%s is %d, %d", *word, scalar.kind,
				         scalar.truth);
		}
}

static void numbers_are_those_of_go(void **state)
{
	static const struct {
		const char *string;
		int64_t number;
	} numbers[] = {
		/* clang-format off */
		{ "0", 0 }, { "-0", 0 }, { "1", 1 }, { "+1", 1 }, { "-1", -1 },
		{ "1_000", 1000 }, { "0x1F", 31 }, { "0x0F", 15 }, { "0x0", 0 },
		{ "-0X1f", -31 }, { "0x_1_f", 31 }, { "0b101", 5 }, { "0B11", 3 },
		{ "-0b11", -3 }, { "0o17", 15 }, { "0O17", 15 }, { "017", 15 },
		{ "00", 0 }, { "08", 8 }, { "019", 19 }, { "1.9", 1 }, { "-1.9", -1 },
		{ "1.", 1 }, { ".5e1", 5 }, { "+.5", 0 }, { "1e3", 1000 },
		{ "1E+3", 1000 }, { "25e-1", 2 }, { "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "9223372036854775808", INT64_MAX },
		{ "-9223372036854775809", INT64_MIN },
		{ "18446744073709551616", INT64_MAX },
		{ "99999999999999999999999999", INT64_MAX }, { "1e300", INT64_MAX },
		{ "-1e300", INT64_MIN }, { "9223372036854775808.0", INT64_MAX },
		/* clang-format on */
	};
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *string = numbers[i].string;

		assert_int_equal(parse(string, strlen(string), NULL, true, &scalar), 0);
		if (scalar.kind != SCALAR_NUMBER || scalar.number != numbers[i].number)
			fail_msg("%s is %d, %lld", string, scalar.kind,
			         (long long)scalar.number);
	}
}

static void a_tag_decides(void **state)
{
	enum { REFUSED = -1 };
	static const struct {
		const char *string, *tag;
		int kind;
	} tagged[] = {
		/* clang-format off */
		{ "5", NULL, SCALAR_STRING }, { "", NULL, SCALAR_STRING },
		{ "5", YAML("str"), SCALAR_STRING }, { "", YAML("str"), SCALAR_STRING },
		{ "5", YAML("int"), SCALAR_NUMBER }, { "5", YAML("float"), SCALAR_NUMBER },
		{ "yes", YAML("bool"), SCALAR_BOOL }, { "~", YAML("null"), SCALAR_NULL },
		{ "5", "!own", SCALAR_STRING }, { "x", YAML("int"), REFUSED },
		{ "true", YAML("int"), REFUSED }, { "5", YAML("bool"), REFUSED },
		{ "5", YAML("null"), REFUSED }, { "x", YAML("float"), REFUSED },
		{ "YQ==", YAML("binary"), REFUSED }
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tagged); i++) {
		const char *string = tagged[i].string;
		struct scalar scalar;
		int r = parse(string, strlen(string), tagged[i].tag, false, &scalar);

		assert_int_equal(r, tagged[i].kind == REFUSED ? -EBADMSG : 0);
		if (r == 0)
			assert_int_equal(scalar.kind, tagged[i].kind);
	}
}

static void durations_are_those_of_go(void **state)
{
	static const struct {
		const char *string;
		int64_t nanoseconds;
	} durations[] = {
		/* clang-format off */
		{ "0", 0 }, { "+0", 0 }, { "-0", 0 }, { "0s", 0 }, { "1ns", 1 },
		{ "1us", 1000 }, { "1\xc2\xb5s", 1000 }, { "1\xce\xbcs", 1000 },
		{ "1ms", 1000000 }, { "1s", 1000000000 }, { "1m", 60000000000 },
		{ "1h", 3600000000000 }, { "1h30m", 5400000000000 },
		{ "30m1h", 5400000000000 }, { "1s1s", 2000000000 },
		{ "1.5s", 1500000000 }, { ".5s", 500000000 }, { "1.s", 1000000000 },
		{ "0.29s", 290000000 },
		{ "0.3333333333333333333333333h", 1200000000000 - 1 },
		{ "1.0000000000000000000000000000001s", 1000000000 },
		{ "-2us", -2000 }, { "+2us", 2000 },
		{ "9223372036854775807ns", INT64_MAX },
		{ "-9223372036854775807ns", -INT64_MAX },
		/* clang-format on */
	};
	static const char *const bad[] = {
		/* clang-format off */
		"", "-", "+", "5", "s", ".s", "1", "1 s", " 1s", "1s ", "1d", "1S",
		"1sm", "1ss", "--1s", "1e3s", "1_0s", "0x1s", "1..5s", "1.5", "00",
		"1h-1m", "1sx", "9223372036854775808ns", "2562048h",
		"99999999999999999999ns", "9223372036854775807ns1ns", "1\xb5s", "\n",
		"1s\n", "1."
		/* clang-format on */
	};
	int64_t nanoseconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		assert_int_equal(scalar_duration_parse(durations[i].string, &nanoseconds),
		                 0);
		if (nanoseconds != durations[i].nanoseconds)
			fail_msg("%s is %lld", durations[i].string,
			         (long long)nanoseconds);
	}
	nanoseconds = 42;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (scalar_duration_parse(bad[i], &nanoseconds) != -EBADMSG)
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(nanoseconds, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_words_are_null_booleans_or_strings),
		cmocka_unit_test(numbers_are_those_of_go),
		cmocka_unit_test(a_tag_decides),
		cmocka_unit_test(durations_are_those_of_go),
	};

	return cmocka_run_group_tests_name("scalar", tests, NULL, NULL);
}
