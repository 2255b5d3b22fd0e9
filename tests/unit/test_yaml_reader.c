/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of a tree: the form of a complaint, however hostile what it shows, merges in
 * their order, and that nothing repeats without end. The trees are parsed from YAML.
 */
#include "web/yaml_reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "web/scalar.h"
#include "web/yaml_tree.h"

static struct text complaint;
static struct yaml_tree tree;
static struct yaml_reader reader;
static const struct yaml_place document = { NULL, "document", 1 };

static const struct yaml_tree_node *parse(const char *yaml)
{
	struct yaml_tree_problem problem;

	text_clear(&complaint);
	yaml_tree_clear(&tree);
	reader = (struct yaml_reader){ "f.yml", &complaint, YAML_READER_MAX, 0, 0 };
	assert_int_equal(yaml_tree_parse(yaml, strlen(yaml), &tree, &problem), 0);
	return tree.root;
}

static int teardown(void **state)
{
	(void)state;
	text_clear(&complaint);
	yaml_tree_clear(&tree);
	return 0;
}

#define NO_MAPPING "f.yml:1: document: is no mapping, expected keys and values"
#define NO_MERGE \
	"f.yml:1: document: merges what is no mapping, expected an alias of a mapping"
#define TOO_DEEP \
	"f.yml:1: document: merges too deep, expected fewer merges into each other"

static void assert_complaint(int r, const char *expected)
{
	assert_int_equal(r, -EBADMSG);
	assert_string_equal(text_string(&complaint), expected);
}

/* 64 bytes are shown of a word, but a path is the operator's own. */
#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16

static void a_complaint_is_one_line_of_what_can_be_shown(void **state)
{
	static const struct yaml_place a = { &document, "a", 2 };
	static const struct yaml_place b = { &a, "b-c_D.9", 3 };
	static const struct yaml_place hostile = { &document, "a\nb\x1b[2J\xff", 2 };
	static const struct yaml_place empty = { &document, "", 2 };
	static const struct yaml_place at_limit = { &document, A64, 2 };
	static const struct yaml_place too_long = { &document, A64 "a", 2 };
	static const struct {
		const char *file;
		const struct yaml_place *place;
		const char *value, *complaint;
	} rows[] = {
		{ "f", &b, NULL, "f:7: a.b-c_D.9: is, expected y" },
		{ "f", &a, "x", "f:7: a: is \"x\", expected y" },
		{ "f", &document, "", "f:7: document: is \"\", expected y" },
		{ "f", &empty, "a b", "f:7: \"\": is \"a b\", expected y" },
		{ "f\r\n", &hostile, "\x7f\"\\\t",
		  "\"f\\u000d\\n\":7: \"a\\nb\\u001b[2J\xef\xbf\xbd\": is "
		  "\"\\u007f\\\"\\\\\\u0009\", expected y" },
		{ "f", &a, A64, "f:7: a: is \"" A64 "\", expected y" },
		{ "f", &a, A64 "a", "f:7: a: is \"" A64 "\xe2\x80\xa6\", expected y" },
		{ "f", &at_limit, NULL, "f:7: " A64 ": is, expected y" },
		{ "f", &too_long, NULL, "f:7: \"" A64 "\xe2\x80\xa6\": is, expected y" },
		{ "/" A64 A64, &a, NULL, "/" A64 A64 ":7: a: is, expected y" },
		{ "/my w\xc3\xb6\nb", &a, NULL,
		  "\"/my w\xc3\xb6\\nb\":7: a: is, expected y" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		parse("");
		reader.name = rows[i].file;
		assert_complaint(yaml_reader_complain(&reader, rows[i].place, 7, "is",
		                                      rows[i].value, "y"),
		                 rows[i].complaint);
	}
	parse("");
	assert_complaint(yaml_reader_complain_twice(&reader, &a),
	                 "f.yml:2: a: is given twice, expected it once");
}

#define MERGE4 "{<<: {<<: {<<: {<<: "
#define END4   "}}}}"

/* Notes "LINE:NAME=VALUE " for each entry, and "!" where a mapping has had one. */
static int note(struct yaml_reader *from, const struct yaml_place *place,
                const struct yaml_tree_node *node, void *context)
{
	struct text *notes = context;
	_cleanup_(free_pointer) char *value = NULL;
	int r = yaml_reader_string(from, place, node, "text", &value);

	if (r < 0)
		return r;
	text_add_string(notes, from->seen ? "" : "!");
	from->seen = 1;
	text_add_number(notes, place->line);
	text_add_char(notes, ':');
	text_add_string(notes, place->name);
	text_add_char(notes, '=');
	text_add_string(notes, value);
	text_add_char(notes, ' ');
	return 0;
}

static void entries_are_shown_in_order_or_complained_of(void **state)
{
	static const char *const yaml[][2] = {
		/* clang-format off */
		{ "~", "" }, { "{}", "" },
		{ "a: b\nc: d\na: e\n", "!1:a=b 2:c=d 3:a=e " },
		{ "~: b\n5: c\n", "!1:=b 2:5=c " },
		{ "a: b\n<<: {c: d}\ne: f", "!1:a=b !2:c=d 3:e=f " },
		{ "<<: [{a: b}, {c: d}]", "!1:c=d !1:a=b " }, { "<<: []", "" },
		{ "a: &a b\n<<: &c {d: *a}\n<<: *c\n", "!1:a=b !2:d=b !2:d=b " },
		{ "'<<': a", "!1:<<=a " }, { "!!merge '<<': {a: b}", "!1:a=b " },
		{ "!!str <<: a", "!1:<<=a " },
		{ MERGE4 MERGE4 MERGE4 MERGE4 "{a: b}" END4 END4 END4 END4, "!1:a=b " },
		/* clang-format on */
		{ "''", NO_MAPPING },
		{ "5", NO_MAPPING },
		{ "[a: b]", NO_MAPPING },
		{ "!!binary a", "f.yml:1: document: has a tag that does not fit it, "
		                "expected keys and values" },
		{ "[a]: b", "f.yml:1: document: is a list, expected a word as key" },
		{ "a: b\n? {}\n",
		  "f.yml:2: document: is a mapping, expected a word as key" },
		{ "\"\\0\": b",
		  "f.yml:1: document: has a NUL in it, expected a word as key" },
		{ "<<: ~", NO_MERGE },
		{ "<<: [{}, [{}]]", NO_MERGE },
		{ "&a\n<<: *a", TOO_DEEP },
		{ "{<<: " MERGE4 MERGE4 MERGE4 MERGE4 "{}" END4 END4 END4 END4 "}",
		  TOO_DEEP },
		{ "a:\n  []", "f.yml:2: a: is a list, expected text" },
		{ "a: !!binary YQ==",
		  "f.yml:1: a: has a tag that does not fit it, expected text" },
		{ "&a\n<<: [*a, *a]", TOO_DEEP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;
		const struct yaml_tree_node *node = parse(yaml[i][0]);
		int r = yaml_reader_mapping(&reader, &document, node, note, &notes);

		assert_int_equal(r, *yaml[i][1] == 'f' ? -EBADMSG : 0);
		assert_string_equal(text_string(r < 0 ? &complaint : &notes), yaml[i][1]);
		assert_true(r < 0 || reader.merges == 0);
	}
}

/* A node costs 64 bytes and its string. */
static void what_repeats_too_much_is_complained_of(void **state)
{
	static const struct {
		const char *yaml;
		size_t needed;
	} rows[] = { { "{}", 64 }, { "<<: []", 128 }, { "ab: cd", 64 + 66 + 66 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;
		const struct yaml_tree_node *node = parse(rows[i].yaml);

		reader.left = rows[i].needed;
		assert_int_equal(
			yaml_reader_mapping(&reader, &document, node, note, &notes), 0);
		assert_int_equal(reader.left, 0);
		reader.left = rows[i].needed - 1;
		assert_int_equal(
			yaml_reader_mapping(&reader, &document, node, note, &notes),
			-EBADMSG);
		assert_non_null(strstr(text_string(&complaint),
		                       ": repeats too much by its aliases, expected"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complaint_is_one_line_of_what_can_be_shown),
		cmocka_unit_test(entries_are_shown_in_order_or_complained_of),
		cmocka_unit_test(what_repeats_too_much_is_complained_of),
	};

	return cmocka_run_group_tests_name("yaml_reader", tests, NULL, teardown);
}
