/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree: what is where, what aliases are, and the bounds. Knows libyaml, and the
 * memory of both, which it lets fail.
 */
#include "web/yaml_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "failing.h"

int __real_yaml_parser_initialize(yaml_parser_t *parser);
int __wrap_yaml_parser_initialize(yaml_parser_t *parser);
int __real_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);
int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);

int __wrap_yaml_parser_initialize(yaml_parser_t *parser)
{
	return fails() ? 0 : __real_yaml_parser_initialize(parser);
}

int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
	if (!fails())
		return __real_yaml_parser_parse(parser, event);
	parser->error = YAML_MEMORY_ERROR;
	return 0;
}

static struct yaml_tree tree;
static struct yaml_tree_problem problem;

static int parse(const char *yaml)
{
	return yaml_tree_parse(yaml, strlen(yaml), &tree, &problem);
}

static void assert_problem(const char *yaml, unsigned int line, const char *words)
{
	const struct yaml_tree before = { NULL, (void *)&tree, 42 };

	tree = before;
	assert_int_equal(parse(yaml), -EBADMSG);
	assert_memory_equal(&tree, &before, sizeof(tree));
	tree = (struct yaml_tree){ 0 };
	assert_int_equal(problem.line, line);
	assert_string_equal(problem.words, words);
}

static void assert_scalar(const struct yaml_tree_node *node, const char *string,
                          unsigned int line, bool is_plain)
{
	assert_int_equal(node->kind, YAML_TREE_SCALAR);
	assert_int_equal(node->length, strlen(string));
	assert_string_equal(node->string, string);
	assert_int_equal(node->line, line);
	assert_int_equal(node->is_plain, is_plain);
}

static void a_tree_is_what_is_written(void **state)
{
	const struct yaml_tree_node *root, *list;

	(void)state;
	assert_int_equal(parse("a: 'b'\n"
	                       "\n"
	                       "c: !!int \"5\"\n"
	                       "d:\n"
	                       "- e\n"
	                       "- |\n"
	                       "  f\n"
	                       "- {}\n"),
	                 0);
	root = tree.root;
	assert_int_equal(tree.nodes_count, 10);
	assert_int_equal(root->kind, YAML_TREE_MAPPING);
	assert_int_equal(root->line, 1);
	assert_int_equal(root->children_count, 6);
	assert_scalar(root->children[0], "a", 1, true);
	assert_scalar(root->children[1], "b", 1, false);
	assert_null(root->children[1]->tag);
	assert_scalar(root->children[2], "c", 3, true);
	assert_scalar(root->children[3], "5", 3, false);
	assert_string_equal(root->children[3]->tag, "tag:yaml.org,2002:int");
	list = root->children[5];
	assert_int_equal(list->kind, YAML_TREE_SEQUENCE);
	assert_int_equal(list->line, 5);
	assert_int_equal(list->children_count, 3);
	assert_scalar(list->children[0], "e", 5, true);
	assert_scalar(list->children[1], "f\n", 6, false);
	assert_int_equal(list->children[2]->kind, YAML_TREE_MAPPING);
	assert_int_equal(list->children[2]->children_count, 0);
	yaml_tree_clear(&tree);
	assert_null(tree.root);
}

static void an_empty_document_has_no_root(void **state)
{
	static const char *const empty[] = { "", "\n", "# a\n", " ", "\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		assert_int_equal(parse(empty[i]), 0);
		assert_null(tree.root);
		yaml_tree_clear(&tree);
	}
	assert_int_equal(yaml_tree_parse(NULL, 0, &tree, &problem), 0);
	assert_null(tree.root);
	yaml_tree_clear(&tree);
}

static void only_the_first_document_counts(void **state)
{
	(void)state;
	assert_int_equal(parse("a\n---\nb: [\n"), 0);
	assert_scalar(tree.root, "a", 1, true);
	yaml_tree_clear(&tree);
	/* What makes the first one end has to be right. */
	assert_problem("a: b\n]\n", 2, "did not find expected key");
}

static void bytes_may_be_any(void **state)
{
	(void)state;
	assert_int_equal(parse("\"a\\0b\"\n"), 0);
	assert_int_equal(tree.root->length, 3);
	assert_memory_equal(tree.root->string, "a\0b", 4);
	yaml_tree_clear(&tree);
}

static void an_alias_is_the_node_itself(void **state)
{
	const struct yaml_tree_node *root;

	(void)state;
	assert_int_equal(parse("[&a b, *a, &a c, *a, &d [*d, &e {*a : *e}]]"), 0);
	root = tree.root;
	assert_int_equal(root->children_count, 5);
	assert_ptr_equal(root->children[0], root->children[1]);
	assert_scalar(root->children[3], "c", 1, true);
	assert_ptr_equal(root->children[4]->children[0], root->children[4]);
	assert_ptr_equal(root->children[4]->children[1],
	                 root->children[4]->children[1]->children[1]);
	assert_int_equal(tree.nodes_count, 5);
	yaml_tree_clear(&tree);
	assert_problem("a: &b c\nd: *e\n", 2, "names an anchor that is not there");
	assert_problem("[*a, &a b]", 1, "names an anchor that is not there");
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	assert_problem("a: b\nc: [\n", 3, "did not find expected node content");
	assert_problem("a:\n\tb\n", 2, "found character that cannot start any token");
	assert_problem("a: b\n\n\xff\n", 3, "invalid leading UTF-8 octet");
	assert_problem("\x01", 1, "control characters are not allowed");
	assert_problem("a: b\nc\nd: e\n", 3, "could not find expected ':'");
	assert_problem("%YAML 3.0\n---\na\n", 1, "found incompatible YAML document");
}

/* START, then COUNT times PIECE, then END; "#" in PIECE is the number. */
static void repeat(struct text *text, const char *start, const char *piece, size_t count,
                   const char *end)
{
	text_add_string(text, start);
	for (size_t i = 0; i < count; i++)
		for (const char *c = piece; *c; c++)
			if (*c == '#')
				text_add_number(text, i);
			else
				text_add_char(text, *c);
	text_add_string(text, end);
}

static void assert_bound(const char *start, const char *piece, size_t max,
                         const char *end_piece, const char *words)
{
	for (size_t over = 0; over < 2; over++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		repeat(&text, start, piece, max + over, "");
		repeat(&text, "", end_piece, max + over, "");
		text_add_string(&text, *start ? "]" : "");
		if (over) {
			assert_problem(text_string(&text), 1, words);
		} else {
			assert_int_equal(parse(text_string(&text)), 0);
			yaml_tree_clear(&tree);
		}
	}
}

static void bounds_are_kept(void **state)
{
	(void)state;
	assert_bound("", "[", YAML_TREE_DEPTH_MAX, "]", "is too deep");
	assert_bound("[", "a,", YAML_TREE_NODES_MAX - 1, "", "has too many values");
	assert_bound("[", "&a# ,", YAML_TREE_ANCHORS_MAX, "", "has too many anchors");
}

static void a_file_may_be_as_large_as_said(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	repeat(&text, "", "a", YAML_TREE_BYTES_MAX, "");
	assert_int_equal(parse(text_string(&text)), 0);
	assert_int_equal(tree.root->length, YAML_TREE_BYTES_MAX);
	yaml_tree_clear(&tree);
	text_add_char(&text, 'a');
	assert_problem(text_string(&text), 1, "is too large");
}

/* Time that grows with the square of the size would not end here. */
static void large_files_of_nothing_but_structure_end(void **state)
{
	static const char *const pieces[] = { "[",  "{",  "- ",    "? ", "&a ",  "*a ",
		                              "[]", ": ", "a: b ", "'",  "\"",   "!a ",
		                              "%A", "#",  "--- ",  "\n", "- \n", "a:\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		while (text.length + strlen(pieces[i]) <= YAML_TREE_BYTES_MAX)
			text_add_string(&text, pieces[i]);
		if (parse(text_string(&text)) == 0)
			yaml_tree_clear(&tree);
	}
}

static void no_memory_is_said_wherever_it_is_missing(void **state)
{
	static const char yaml[] = "a: &b !c [d, e, f, *b]\ng: h\n";
	size_t at = 0;
	int r;

	(void)state;
	do {
		failing = true;
		failing_at = at++;
		r = parse(yaml);
		assert_int_equal(r, failing ? 0 : -ENOMEM);
	} while (!failing);
	failing = false;
	assert_int_equal(r, 0);
	assert_in_range(at, 30, 60);
	yaml_tree_clear(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_is_what_is_written),
		cmocka_unit_test(an_empty_document_has_no_root),
		cmocka_unit_test(only_the_first_document_counts),
		cmocka_unit_test(bytes_may_be_any),
		cmocka_unit_test(an_alias_is_the_node_itself),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(a_file_may_be_as_large_as_said),
		cmocka_unit_test(large_files_of_nothing_but_structure_end),
		cmocka_unit_test(no_memory_is_said_wherever_it_is_missing),
	};

	return cmocka_run_group_tests_name("yaml_tree", tests, NULL, NULL);
}
