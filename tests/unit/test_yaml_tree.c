/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/yaml_tree: what is where, what aliases are, and the bounds.
 */
#include "web/yaml_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

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
	assert_int_equal(parse("a: 'b'\n\nc: !!int \"5\"\nd:\n- e\n- |\n  f\n- {}\n"), 0);
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
	/* Only the first document counts. */
	assert_int_equal(parse("\"a\\0b\"\n---\nb: [\n"), 0);
	assert_int_equal(tree.root->length, 3);
	assert_memory_equal(tree.root->string, "a\0b", 4);
	yaml_tree_clear(&tree);
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
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *yaml;
		unsigned int line;
		const char *words;
	} rows[] = {
		{ "a: b\nc: [\n", 3, "did not find expected node content" },
		{ "a:\n\tb\n", 2, "found character that cannot start any token" },
		{ "a: b\n\n\xff\n", 3, "invalid leading UTF-8 octet" },
		{ "\x01", 1, "control characters are not allowed" },
		{ "a: b\nc\nd: e\n", 3, "could not find expected ':'" },
		{ "%YAML 3.0\n---\na\n", 1, "found incompatible YAML document" },
		{ "a: &b c\nd: *e\n", 2, "names an anchor that is not there" },
		{ "[*a, &a b]", 1, "names an anchor that is not there" },
		/* What makes the first document end has to be right. */
		{ "|\n a\n@\n", 3, "found character that cannot start any token" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_problem(rows[i].yaml, rows[i].line, rows[i].words);
}

/* MAX times PIECE, in which "#" is the number, and as often END, are the most. */
static void assert_bound(const char *start, const char *piece, size_t max,
                         const char *end, const char *words)
{
	for (size_t over = 0; over < 2; over++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		text_add_string(&text, start);
		for (size_t i = 0; i < max + over; i++)
			for (const char *c = piece; *c; c++)
				if (*c == '#')
					text_add_number(&text, i);
				else
					text_add_char(&text, *c);
		for (size_t i = 0; *end && i < max + over; i++)
			text_add_string(&text, end);
		text_add_string(&text, *start ? "]" : "");
		if (over) {
			assert_problem(text_string(&text), 1, words);
			return;
		}
		assert_int_equal(parse(text_string(&text)), 0);
		yaml_tree_clear(&tree);
	}
}

static void bounds_are_kept(void **state)
{
	(void)state;
	assert_bound("", "a", YAML_TREE_BYTES_MAX, "", "is too large");
	assert_bound("", "[", YAML_TREE_DEPTH_MAX, "]", "is too deep");
	assert_bound("[", "a,", YAML_TREE_NODES_MAX - 1, "", "has too many values");
	assert_bound("[", "&a# ,", YAML_TREE_ANCHORS_MAX, "", "has too many anchors");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_is_what_is_written),
		cmocka_unit_test(an_empty_document_has_no_root),
		cmocka_unit_test(an_alias_is_the_node_itself),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(bounds_are_kept),
	};

	return cmocka_run_group_tests_name("yaml_tree", tests, NULL, NULL);
}
