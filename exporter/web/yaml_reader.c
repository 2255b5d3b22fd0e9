/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of a YAML tree. Knows no key of any file.
 */
#include "web/yaml_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "web/scalar.h"
#include "web/yaml_tree.h"

#define NODE_COST  64 /* of a node without its string, in bytes */
#define MERGES_MAX 16 /* into each other */
#define WORD_MAX   64 /* bytes of what the file holds that a complaint shows */

/* What the file holds, so that it can neither end the line nor fill the log. */
static void add_quoted(struct text *text, const char *value)
{
	_cleanup_(text_clear) struct text start = TEXT_INIT;
	size_t length = strnlen(value, WORD_MAX);

	text_add(&start, value, length);
	if (value[length])
		text_add_string(&start, "\xe2\x80\xa6");
	json_add_string(text, text_string(&start));
	if (start.error)
		text->error = start.error;
}

static void add_word(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if (length && length <= WORD_MAX &&
	    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                 "0123456789_-./@+~") == length)
		text_add_string(text, word);
	else
		add_quoted(text, word);
}

/* A path is the operator's own, and of use only whole. */
static void add_file(struct text *text, const char *name)
{
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c)) {
			json_add_string(text, name);
			return;
		}
	text_add_string(text, name);
}

static void add_place(struct text *text, const struct yaml_place *place)
{
	/* The document itself is named only where nothing in it is. */
	if (place->parent && place->parent->parent) {
		add_place(text, place->parent);
		text_add_char(text, '.');
	}
	add_word(text, place->name);
}

int yaml_reader_complain(const struct yaml_reader *reader, const struct yaml_place *place,
                         unsigned int line, const char *problem, const char *value,
                         const char *expected)
{
	struct text *text = reader->complaint;

	add_file(text, reader->name);
	text_add_char(text, ':');
	text_add_number(text, line);
	text_add_string(text, ": ");
	add_place(text, place);
	text_add_string(text, ": ");
	text_add_string(text, problem);
	if (value) {
		text_add_char(text, ' ');
		add_quoted(text, value);
	}
	text_add_string(text, ", expected ");
	text_add_string(text, expected);
	return text->error ? text->error : -EBADMSG;
}

int yaml_reader_complain_twice(const struct yaml_reader *reader,
                               const struct yaml_place *place)
{
	return yaml_reader_complain(reader, place, place->line, "is given twice", NULL,
	                            "it once");
}

/* Whatever is taken out is paid for, each time. */
static int spend(struct yaml_reader *reader, const struct yaml_place *place,
                 const struct yaml_tree_node *node)
{
	size_t cost = node->length + NODE_COST;

	if (cost > reader->left)
		return yaml_reader_complain(reader, place, node->line,
		                            "repeats too much by its aliases", NULL,
		                            "fewer of them");
	reader->left -= cost;
	return 0;
}

int yaml_reader_scalar(struct yaml_reader *reader, const struct yaml_place *place,
                       const struct yaml_tree_node *node, const char *expected,
                       struct scalar *ret_scalar)
{
	int r = spend(reader, place, node);

	if (r < 0)
		return r;
	if (node->kind != YAML_TREE_SCALAR)
		return yaml_reader_complain(
			reader, place, node->line,
			node->kind == YAML_TREE_MAPPING ? "is a mapping" : "is a list",
			NULL, expected);
	r = scalar_parse(node, ret_scalar);
	if (r == -EBADMSG)
		return yaml_reader_complain(reader, place, node->line,
		                            "has a tag that does not fit it", NULL,
		                            expected);
	return r;
}

int yaml_reader_string(struct yaml_reader *reader, const struct yaml_place *place,
                       const struct yaml_tree_node *node, const char *expected,
                       char **ret_string)
{
	struct scalar scalar = { .kind = SCALAR_STRING };
	char *string;
	int r = yaml_reader_scalar(reader, place, node, expected, &scalar);

	if (r < 0)
		return r;
	if (strlen(node->string) != node->length)
		return yaml_reader_complain(reader, place, node->line, "has a NUL in it",
		                            NULL, expected);
	string = strdup(scalar.kind == SCALAR_NULL ? "" : node->string);
	if (!string)
		return -ENOMEM;
	*ret_string = string;
	return 0;
}

static bool is_merge(const struct yaml_tree_node *key)
{
	return key->kind == YAML_TREE_SCALAR && strcmp(key->string, "<<") == 0 &&
	       (key->is_plain ||
	        (key->tag && strcmp(key->tag, "tag:yaml.org,2002:merge") == 0));
}

/* What is merged may hold itself. */
static int merge_one(struct yaml_reader *reader, const struct yaml_place *place,
                     const struct yaml_tree_node *node, yaml_reader_entry *entry,
                     void *context)
{
	int r;

	if (node->kind != YAML_TREE_MAPPING)
		return yaml_reader_complain(reader, place, node->line,
		                            "merges what is no mapping", NULL,
		                            "an alias of a mapping");
	if (reader->merges == MERGES_MAX)
		return yaml_reader_complain(reader, place, node->line, "merges too deep",
		                            NULL, "fewer merges into each other");
	reader->merges++;
	r = yaml_reader_mapping(reader, place, node, entry, context);
	reader->merges--;
	return r;
}

static int merge(struct yaml_reader *reader, const struct yaml_place *place,
                 const struct yaml_tree_node *node, yaml_reader_entry *entry,
                 void *context)
{
	int r;

	if (node->kind != YAML_TREE_SEQUENCE)
		return merge_one(reader, place, node, entry, context);
	r = spend(reader, place, node);
	for (size_t i = node->children_count; r == 0 && i > 0; i--)
		r = merge_one(reader, place, node->children[i - 1], entry, context);
	return r;
}

static int show_entry(struct yaml_reader *reader, const struct yaml_place *parent,
                      const struct yaml_tree_node *key, const struct yaml_tree_node *node,
                      yaml_reader_entry *entry, void *context)
{
	_cleanup_(free_pointer) char *name = NULL;
	struct yaml_place place = { parent, NULL, key->line };
	int r;

	if (is_merge(key))
		return merge(reader, parent, node, entry, context);
	r = yaml_reader_string(reader, parent, key, "a word as key", &name);
	if (r < 0)
		return r;
	place.name = name;
	return entry(reader, &place, node, context);
}

int yaml_reader_mapping(struct yaml_reader *reader, const struct yaml_place *place,
                        const struct yaml_tree_node *node, yaml_reader_entry *entry,
                        void *context)
{
	static const char expected[] = "keys and values";
	struct scalar scalar;
	uint32_t outer = reader->seen;
	int r;

	if (node->kind == YAML_TREE_SCALAR) {
		r = yaml_reader_scalar(reader, place, node, expected, &scalar);
		if (r < 0 || scalar.kind == SCALAR_NULL)
			return r;
	}
	if (node->kind != YAML_TREE_MAPPING)
		return yaml_reader_complain(reader, place, node->line, "is no mapping",
		                            NULL, expected);
	reader->seen = 0;
	r = spend(reader, place, node);
	for (size_t i = 0; r == 0 && i < node->children_count; i += 2)
		r = show_entry(reader, place, node->children[i], node->children[i + 1],
		               entry, context);
	reader->seen = outer;
	return r;
}
