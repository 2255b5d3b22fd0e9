/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of values: what each takes, what it makes of null, and that a second value
 * replaces the first. The nodes are parsed from YAML.
 */
#include "web/webconfig_value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "failing.h"
#include "web/webcheck.h"
#include "web/yaml_reader.h"
#include "web/yaml_tree.h"

static struct text complaint;

/* Parses YAML as a value of TYPE. */
static int parse(const char *yaml, const struct webconfig_type *type, void *target)
{
	const struct yaml_place document = { NULL, "document", 1 };
	const struct yaml_place place = { &document, "key", 1 };
	_cleanup_(yaml_tree_clear) struct yaml_tree tree = { 0 };
	struct yaml_reader reader = { "f", &complaint, YAML_READER_MAX, 0, 0 };
	struct yaml_tree_problem problem;
	bool was_failing = failing;

	text_clear(&complaint);
	failing = false;
	assert_int_equal(yaml_tree_parse(yaml, strlen(yaml), &tree, &problem), 0);
	failing = was_failing;
	return type->parse(&reader, &place, tree.root, type, target);
}

static void assert_complaint(const char *yaml, const struct webconfig_type *type,
                             void *target, const char *expected)
{
	assert_int_equal(parse(yaml, type, target), -EBADMSG);
	assert_string_equal(text_string(&complaint), expected);
}

static int teardown(void **state)
{
	(void)state;
	text_clear(&complaint);
	return 0;
}

static void a_string_is_replaced_and_unset(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_string_parse,
		                             .expected = "text" };
	struct webconfig_value value = { NULL, 0 };

	(void)state;
	assert_int_equal(parse("\na", &type, &value), 0);
	assert_string_equal(value.string, "a");
	assert_int_equal(value.line, 2);
	assert_int_equal(parse("5", &type, &value), 0);
	assert_string_equal(value.string, "5");
	assert_int_equal(value.line, 1);
	assert_complaint("[]", &type, &value, "f:1: key: is a list, expected text");
	assert_string_equal(value.string, "5");
	assert_int_equal(parse("''", &type, &value), 0);
	assert_null(value.string);
	assert_int_equal(value.line, 0);
	assert_int_equal(parse("a", &type, &value), 0);
	assert_int_equal(parse("~", &type, &value), 0);
	assert_null(value.string);
}

static void a_bool_is_a_bool(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_bool_parse,
		                             .expected = "truth" };
	bool value = false;

	(void)state;
	assert_int_equal(parse("yes", &type, &value), 0);
	assert_true(value);
	assert_complaint("1", &type, &value, "f:1: key: is \"1\", expected truth");
	assert_complaint("'no'", &type, &value, "f:1: key: is \"no\", expected truth");
	assert_complaint("{}", &type, &value, "f:1: key: is a mapping, expected truth");
	assert_true(value);
	assert_int_equal(parse("no", &type, &value), 0);
	assert_false(value);
	value = true;
	assert_int_equal(parse("~", &type, &value), 0);
	assert_false(value);
}

static void a_number_fits_its_field(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_number_parse,
		                             .expected = "count" };
	static const char *const bad[] = { "-1", "4294967296", "1e300", "-1e300",
		                           "a",  "'5'",        "true",  "1s" };
	unsigned int value = 1;

	(void)state;
	assert_int_equal(parse("4294967295", &type, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(parse("-0.9", &type, &value), 0);
	assert_int_equal(value, 0);
	value = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i], &type, &value), -EBADMSG);
		assert_int_equal(value, 7);
	}
	assert_string_equal(text_string(&complaint),
	                    "f:1: key: is \"1s\", expected count");
	assert_int_equal(parse("~", &type, &value), 0);
	assert_int_equal(value, 0);
}

static void a_duration_is_a_number_or_has_units(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_duration_parse,
		                             .expected = "time" };
	static const char *const bad[] = {
		"-1",   "-1s",       "1d", "'5'", "true", "9223372036854775807",
		"1e19", "\"1s\\0\"", "a",  "''",  "1 s",
	};
	uint64_t value = 1;

	(void)state;
	assert_int_equal(parse("1m", &type, &value), 0);
	assert_int_equal(value, UINT64_C(60000000000));
	assert_int_equal(parse("'2s'", &type, &value), 0);
	assert_int_equal(value, UINT64_C(2000000000));
	assert_int_equal(parse("9223372036854775806", &type, &value), 0);
	assert_int_equal(value, INT64_MAX - 1);
	assert_int_equal(parse("-0s", &type, &value), 0);
	assert_int_equal(value, 0);
	value = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i], &type, &value), -EBADMSG);
		assert_int_equal(value, 7);
	}
	assert_int_equal(parse("~", &type, &value), 0);
	assert_int_equal(value, 0);
}

static void a_word_is_one_of_the_table(void **state)
{
	static const struct webconfig_word words[] = { { "", 3 },
		                                       { "a", 1 },
		                                       { "true", 2 } };
	const struct webconfig_type type = { .parse = webconfig_word_parse,
		                             .expected = "letter",
		                             .words = words,
		                             .words_count = ARRAY_SIZE(words) };
	unsigned int value = 7;

	(void)state;
	assert_int_equal(parse("~", &type, &value), 0);
	assert_int_equal(value, 7);
	assert_complaint("A", &type, &value, "f:1: key: is \"A\", expected letter");
	assert_complaint("aa", &type, &value, "f:1: key: is \"aa\", expected letter");
	assert_complaint("[a]", &type, &value, "f:1: key: is a list, expected letter");
	assert_complaint("\"a\\0\"", &type, &value,
	                 "f:1: key: is \"a\", expected letter");
	assert_int_equal(value, 7);
	assert_int_equal(parse("a", &type, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(parse("true", &type, &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(parse("''", &type, &value), 0);
	assert_int_equal(value, 3);
}

static bool is_known(const char *name)
{
	return *name == 'a';
}

static void a_list_holds_what_is_known(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_list_parse,
		                             .expected = "names",
		                             .is_known = is_known };
	const struct webconfig_type any = { .parse = webconfig_list_parse,
		                            .expected = "names" };
	struct webconfig_list list = { NULL, 0 };

	(void)state;
	assert_int_equal(parse("- a\n- ab\n", &type, &list), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.values[0].string, "a");
	assert_string_equal(list.values[1].string, "ab");
	assert_int_equal(list.values[1].line, 2);
	assert_int_equal(parse("[b, ~, 5]", &any, &list), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.values[1].string, "");
	assert_complaint("\n- a\n- b\n", &type, &list,
	                 "f:3: key: has \"b\", expected names");
	assert_complaint("a", &type, &list, "f:1: key: is no list, expected names");
	assert_complaint("{}", &type, &list, "f:1: key: is a mapping, expected names");
	assert_complaint("[[]]", &type, &list, "f:1: key: is a list, expected names");
	assert_int_equal(parse("[]", &type, &list), 0);
	assert_int_equal(list.count, 0);
	assert_non_null(list.values);
	assert_int_equal(parse("~", &type, &list), 0);
	assert_null(list.values);
	webconfig_list_clear(&list);
}

static struct webcheck check(const char *name, char *value)
{
	if (*name == 'x' || *value == 'x')
		return (struct webcheck){ "is x", "y" };
	if (*value == 'u')
		*value = 'U';
	return (struct webcheck){ NULL, NULL };
}

static void pairs_are_checked_and_there_once(void **state)
{
	const struct webconfig_type type = { .parse = webconfig_pairs_parse,
		                             .expected = "text",
		                             .check = check };
	struct webconfig_pairs pairs = { NULL, 0 };

	(void)state;
	assert_int_equal(parse("a: b\n5:\n  u\nc:\n", &type, &pairs), 0);
	assert_int_equal(pairs.count, 3);
	assert_string_equal(pairs.pairs[0].name.string, "a");
	assert_int_equal(pairs.pairs[0].name.line, 1);
	assert_string_equal(pairs.pairs[1].name.string, "5");
	assert_string_equal(pairs.pairs[1].value.string, "U");
	assert_int_equal(pairs.pairs[1].name.line, 2);
	assert_int_equal(pairs.pairs[1].value.line, 3);
	assert_string_equal(pairs.pairs[2].value.string, "");
	assert_complaint("c: d\n", &type, &pairs,
	                 "f:1: key.c: is given twice, expected it once");
	webconfig_pairs_clear(&pairs);
	assert_complaint("a: b\nx: y\n", &type, &pairs, "f:2: key.x: is x, expected y");
	webconfig_pairs_clear(&pairs);
	assert_complaint("a: x", &type, &pairs, "f:1: key.a: is x, expected y");
	webconfig_pairs_clear(&pairs);
	assert_complaint("a: []", &type, &pairs, "f:1: key.a: is a list, expected text");
	webconfig_pairs_clear(&pairs);
	assert_complaint("[]", &type, &pairs,
	                 "f:1: key: is no mapping, expected keys and values");
	assert_int_equal(parse("~", &type, &pairs), 0);
	assert_int_equal(pairs.count, 0);
}

static void no_memory_is_said_wherever_it_is_missing(void **state)
{
	const struct webconfig_type lists = { .parse = webconfig_list_parse,
		                              .expected = "names" };
	const struct webconfig_type dictionary = { .parse = webconfig_pairs_parse,
		                                   .expected = "text",
		                                   .check = check };
	size_t at = 0;
	bool is_through;

	(void)state;
	do {
		struct webconfig_list list = { NULL, 0 };
		struct webconfig_pairs pairs = { NULL, 0 };
		int r;

		failing = true;
		failing_at = at;
		r = parse("[a, b]", &lists, &list);
		is_through = failing;
		assert_int_equal(r, failing ? 0 : -ENOMEM);
		webconfig_list_clear(&list);

		failing = true;
		failing_at = at++;
		r = parse("{a: b, c: d}", &dictionary, &pairs);
		is_through = is_through && failing;
		assert_int_equal(r, failing ? 0 : -ENOMEM);
		webconfig_pairs_clear(&pairs);
	} while (!is_through);
	failing = false;
	assert_in_range(at, 8, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_replaced_and_unset),
		cmocka_unit_test(a_bool_is_a_bool),
		cmocka_unit_test(a_number_fits_its_field),
		cmocka_unit_test(a_duration_is_a_number_or_has_units),
		cmocka_unit_test(a_word_is_one_of_the_table),
		cmocka_unit_test(a_list_holds_what_is_known),
		cmocka_unit_test(pairs_are_checked_and_there_once),
		cmocka_unit_test(no_memory_is_said_wherever_it_is_missing),
	};

	return cmocka_run_group_tests_name("webconfig_value", tests, NULL, teardown);
}
