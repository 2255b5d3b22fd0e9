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
#include "failing.h"
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

static void assert_complaint(int r, const char *expected)
{
	assert_int_equal(r, -EBADMSG);
	assert_string_equal(text_string(&complaint), expected);
}

static void a_complaint_says_where_and_what(void **state)
{
	const struct yaml_place a = { &document, "a", 2 }, b = { &a, "b-c_D.9", 3 };

	(void)state;
	parse("");
	assert_complaint(yaml_reader_complain(&reader, &b, 7, "is wrong", NULL, "right"),
	                 "f.yml:7: a.b-c_D.9: is wrong, expected right");
	parse("");
	assert_complaint(yaml_reader_complain(&reader, &a, 7, "is", "x", "y"),
	                 "f.yml:7: a: is \"x\", expected y");
	parse("");
	assert_complaint(yaml_reader_complain(&reader, &document, 7, "is", "", "y"),
	                 "f.yml:7: document: is \"\", expected y");
	parse("");
	assert_complaint(yaml_reader_complain_twice(&reader, &a),
	                 "f.yml:2: a: is given twice, expected it once");
}

static void a_complaint_is_one_line_of_what_can_be_shown(void **state)
{
	const struct yaml_place place = { &document, "a\nb\x1b[2J\xff", 2 };
	const struct yaml_place empty = { &document, "", 2 };

	(void)state;
	parse("");
	reader.name = "f\r\n.yml";
	assert_complaint(
		yaml_reader_complain(&reader, &place, 1, "is", "\x7f\"\\\t", "y"),
		"\"f\\u000d\\n.yml\":1: \"a\\nb\\u001b[2J\xef\xbf\xbd\": is "
		"\"\\u007f\\\"\\\\\\u0009\", expected y");
	parse("");
	assert_complaint(yaml_reader_complain(&reader, &empty, 1, "is", "a b", "y"),
	                 "f.yml:1: \"\": is \"a b\", expected y");
}

static void a_complaint_shows_the_start_of_what_is_long(void **state)
{
	char word[66];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[65] = '\0';
	parse("");
	assert_int_equal(yaml_reader_complain(&reader, &document, 1, "is", word, "y"),
	                 -EBADMSG);
	word[64] = '\0';
	assert_non_null(strstr(text_string(&complaint), word));
	assert_non_null(strstr(text_string(&complaint), "a\xe2\x80\xa6\","));
	parse("");
	assert_int_equal(yaml_reader_complain(&reader, &document, 1, "is", word, "y"),
	                 -EBADMSG);
	assert_null(strstr(text_string(&complaint), "\xe2\x80\xa6"));
}

static void a_word_as_long_as_can_be_shown_needs_no_quotes(void **state)
{
	char word[66] = "";
	const struct yaml_place place = { &document, word, 2 };

	(void)state;
	for (size_t length = 64; length <= 65; length++) {
		memset(word, 'a', length);
		parse("");
		assert_int_equal(
			yaml_reader_complain(&reader, &place, 1, "is", NULL, "y"),
			-EBADMSG);
		assert_int_equal(!strchr(text_string(&complaint), '"'), length == 64);
	}
}

static void a_path_of_a_file_is_shown_whole(void **state)
{
	char path[400];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	parse("");
	reader.name = path;
	assert_int_equal(yaml_reader_complain(&reader, &document, 1, "is", NULL, "y"),
	                 -EBADMSG);
	assert_memory_equal(text_string(&complaint), path, strlen(path));
	parse("");
	reader.name = "/etc/my exporter/w\xc3\xb6\nb.yml";
	assert_complaint(yaml_reader_complain(&reader, &document, 1, "is", NULL, "y"),
	                 "\"/etc/my exporter/w\xc3\xb6\\nb.yml\":1: document: is, "
	                 "expected y");
}

static void a_string_is_what_is_written(void **state)
{
	static const char *const yaml[][2] = {
		{ "a", "a" },
		{ "5", "5" },
		{ "yes", "yes" },
		{ "~", "" },
		{ "''", "" },
		{ "'~'", "~" },
		{ "!!str null", "null" },
		{ "0x10", "0x10" },
		{ "!a b", "b" },
		{ "2001-01-01", "2001-01-01" },
		{ "!!null ''", "" },
	};
	char *string;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		assert_int_equal(yaml_reader_string(&reader, &document, parse(yaml[i][0]),
		                                    "text", &string),
		                 0);
		assert_string_equal(string, yaml[i][1]);
		free(string);
	}
}

static void what_is_no_string_is_complained_of(void **state)
{
	static const char *const yaml[][2] = {
		{ "[]", "f.yml:1: document: is a list, expected text" },
		{ "{}", "f.yml:1: document: is a mapping, expected text" },
		{ "\n\"\\0\"", "f.yml:2: document: has a NUL in it, expected text" },
		{ "!!binary YQ==",
		  "f.yml:1: document: has a tag that does not fit it, expected text" },
	};
	char *string = (char *)&complaint;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		const struct yaml_tree_node *node = parse(yaml[i][0]);

		assert_complaint(
			yaml_reader_string(&reader, &document, node, "text", &string),
			yaml[i][1]);
		assert_ptr_equal(string, &complaint);
	}
}

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

static void entries_are_shown_in_their_order(void **state)
{
	static const char *const yaml[][2] = {
		{ "~", "" },
		{ "{}", "" },
		{ "a: b\nc: d\na: e\n", "!1:a=b 2:c=d 3:a=e " },
		{ "~: b\n5: c\n", "!1:=b 2:5=c " },
		{ "a: b\n<<: {c: d}\ne: f", "!1:a=b !2:c=d 3:e=f " },
		{ "<<: [{a: b}, {c: d}]", "!1:c=d !1:a=b " },
		{ "<<: []", "" },
		{ "a: &a b\n<<: &c {d: *a}\n<<: *c\n", "!1:a=b !2:d=b !2:d=b " },
		{ "'<<': a", "!1:<<=a " },
		{ "!!merge '<<': {a: b}", "!1:a=b " },
		{ "!!str <<: a", "!1:<<=a " },
		{ "<<: {<<: {<<: {a: b}}}", "!1:a=b " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;
		const struct yaml_tree_node *node = parse(yaml[i][0]);

		assert_int_equal(
			yaml_reader_mapping(&reader, &document, node, note, &notes), 0);
		assert_string_equal(text_string(&notes), yaml[i][1]);
		assert_int_equal(reader.merges, 0);
	}
}

static void what_is_no_mapping_is_complained_of(void **state)
{
	static const char *const yaml[][2] = {
		{ "''", "f.yml:1: document: is no mapping, expected keys and values" },
		{ "5", "f.yml:1: document: is no mapping, expected keys and values" },
		{ "[a: b]",
		  "f.yml:1: document: is no mapping, expected keys and values" },
		{ "!!binary a",
		  "f.yml:1: document: has a tag that does not fit it, expected "
		  "keys and values" },
		{ "[a]: b", "f.yml:1: document: is a list, expected a word as key" },
		{ "a: b\n? {}\n",
		  "f.yml:2: document: is a mapping, expected a word as key" },
		{ "\"\\0\": b",
		  "f.yml:1: document: has a NUL in it, expected a word as key" },
		{ "<<: ~",
		  "f.yml:1: document: merges what is no mapping, expected an alias of "
		  "a mapping" },
		{ "<<: [{}, [{}]]",
		  "f.yml:1: document: merges what is no mapping, expected an "
		  "alias of a mapping" },
		{ "&a\n<<: *a",
		  "f.yml:1: document: merges too deep, expected fewer merges "
		  "into each other" },
		{ "&a\n<<: [*a, *a]",
		  "f.yml:1: document: merges too deep, expected fewer "
		  "merges into each other" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;
		const struct yaml_tree_node *node = parse(yaml[i][0]);

		assert_complaint(
			yaml_reader_mapping(&reader, &document, node, note, &notes),
			yaml[i][1]);
	}
}

static void merges_go_16_deep(void **state)
{
	for (size_t depth = 16; depth <= 17; depth++) {
		_cleanup_(text_clear) struct text yaml = TEXT_INIT, notes = TEXT_INIT;
		const struct yaml_tree_node *node;

		(void)state;
		for (size_t i = 0; i < depth; i++)
			text_add_string(&yaml, "{<<: ");
		text_add_string(&yaml, "{a: b}");
		for (size_t i = 0; i < depth; i++)
			text_add_char(&yaml, '}');
		node = parse(text_string(&yaml));
		assert_int_equal(
			yaml_reader_mapping(&reader, &document, node, note, &notes),
			depth == 16 ? 0 : -EBADMSG);
	}
}

static void what_repeats_too_much_is_complained_of(void **state)
{
	static const char expected[] = "f.yml:1: document: repeats too much by its "
				       "aliases, expected fewer of them";
	char *string;

	(void)state;
	parse("abcd");
	reader.left = 64 + 4;
	assert_int_equal(
		yaml_reader_string(&reader, &document, tree.root, "text", &string), 0);
	free(string);
	assert_int_equal(reader.left, 0);
	assert_complaint(
		yaml_reader_string(&reader, &document, tree.root, "text", &string),
		expected);
	parse("abcd");
	reader.left = 64 + 3;
	assert_complaint(
		yaml_reader_string(&reader, &document, tree.root, "text", &string),
		expected);
	parse("{}");
	reader.left = 0;
	assert_complaint(yaml_reader_mapping(&reader, &document, tree.root, note, NULL),
	                 expected);
	parse("<<: []");
	reader.left = 64;
	assert_complaint(yaml_reader_mapping(&reader, &document, tree.root, note, NULL),
	                 expected);
}

static void no_memory_is_said_wherever_it_is_missing(void **state)
{
	const struct yaml_place place = { &document, "a b", 2 };
	const struct yaml_tree_node *node = parse("abc");
	char *string = NULL;
	size_t at = 0;
	int r;

	(void)state;
	failing = true;
	failing_at = 0;
	assert_int_equal(yaml_reader_string(&reader, &document, node, "text", &string),
	                 -ENOMEM);
	do {
		text_clear(&complaint);
		failing = true;
		failing_at = at++;
		r = yaml_reader_complain(&reader, &place, 1, "is", "x", "y");
		assert_int_equal(r, failing ? -EBADMSG : -ENOMEM);
	} while (!failing);
	failing = false;
	assert_in_range(at, 3, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complaint_says_where_and_what),
		cmocka_unit_test(a_complaint_is_one_line_of_what_can_be_shown),
		cmocka_unit_test(a_complaint_shows_the_start_of_what_is_long),
		cmocka_unit_test(a_word_as_long_as_can_be_shown_needs_no_quotes),
		cmocka_unit_test(a_path_of_a_file_is_shown_whole),
		cmocka_unit_test(a_string_is_what_is_written),
		cmocka_unit_test(what_is_no_string_is_complained_of),
		cmocka_unit_test(entries_are_shown_in_their_order),
		cmocka_unit_test(what_is_no_mapping_is_complained_of),
		cmocka_unit_test(merges_go_16_deep),
		cmocka_unit_test(what_repeats_too_much_is_complained_of),
		cmocka_unit_test(no_memory_is_said_wherever_it_is_missing),
	};

	return cmocka_run_group_tests_name("yaml_reader", tests, NULL, teardown);
}
