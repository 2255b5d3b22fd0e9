/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of a web configuration, as yaml.v2 would put it into the field of a Go
 * struct. Knows kinds of values, but no key.
 */
#include "web/webconfig_value.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/scalar.h"
#include "web/webcheck.h"
#include "web/yaml_reader.h"
#include "web/yaml_tree.h"

void webconfig_value_clear(struct webconfig_value *value)
{
	free(value->string);
	*value = (struct webconfig_value){ NULL, 0 };
}

void webconfig_list_clear(struct webconfig_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		webconfig_value_clear(&list->values[i]);
	free(list->values);
	*list = (struct webconfig_list){ NULL, 0 };
}

void webconfig_pairs_clear(struct webconfig_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		webconfig_value_clear(&pairs->pairs[i].name);
		webconfig_value_clear(&pairs->pairs[i].value);
	}
	free(pairs->pairs);
	*pairs = (struct webconfig_pairs){ NULL, 0 };
}

int webconfig_string_parse(struct yaml_reader *reader, const struct yaml_place *place,
                           const struct yaml_tree_node *node,
                           const struct webconfig_type *type, void *target)
{
	struct webconfig_value *value = target;
	char *string;
	int r = yaml_reader_string(reader, place, node, type->expected, &string);

	if (r < 0)
		return r;
	webconfig_value_clear(value);
	*value = (struct webconfig_value){ string, node->line };
	if (!*string)
		webconfig_value_clear(value);
	return 0;
}

/* A null is false. */
int webconfig_bool_parse(struct yaml_reader *reader, const struct yaml_place *place,
                         const struct yaml_tree_node *node,
                         const struct webconfig_type *type, void *target)
{
	struct scalar scalar;
	int r = yaml_reader_scalar(reader, place, node, type->expected, &scalar);

	if (r < 0)
		return r;
	if (scalar.kind != SCALAR_BOOL && scalar.kind != SCALAR_NULL)
		return yaml_reader_complain(reader, place, node->line, "is", node->string,
		                            type->expected);
	*(bool *)target = scalar.kind == SCALAR_BOOL && scalar.truth;
	return 0;
}

/* A number from 0 to MAX, or a null, which is 0. */
static bool is_within(const struct scalar *scalar, int64_t max)
{
	return scalar->kind == SCALAR_NULL ||
	       (scalar->kind == SCALAR_NUMBER && scalar->number >= 0 &&
	        scalar->number <= max);
}

int webconfig_number_parse(struct yaml_reader *reader, const struct yaml_place *place,
                           const struct yaml_tree_node *node,
                           const struct webconfig_type *type, void *target)
{
	struct scalar scalar;
	int r = yaml_reader_scalar(reader, place, node, type->expected, &scalar);

	if (r < 0)
		return r;
	if (!is_within(&scalar, UINT_MAX))
		return yaml_reader_complain(reader, place, node->line, "is", node->string,
		                            type->expected);
	*(unsigned int *)target = (unsigned int)scalar.number;
	return 0;
}

/* Go counts a bare number as nanoseconds. */
int webconfig_duration_parse(struct yaml_reader *reader, const struct yaml_place *place,
                             const struct yaml_tree_node *node,
                             const struct webconfig_type *type, void *target)
{
	struct scalar scalar;
	int r = yaml_reader_scalar(reader, place, node, type->expected, &scalar);

	if (r < 0)
		return r;
	if (scalar.kind == SCALAR_STRING && strlen(node->string) == node->length &&
	    scalar_duration_parse(node->string, &scalar.number) == 0)
		scalar.kind = SCALAR_NUMBER;
	/* What is at the limit may be anything beyond it. */
	if (!is_within(&scalar, INT64_MAX - 1))
		return yaml_reader_complain(reader, place, node->line, "is", node->string,
		                            type->expected);
	*(uint64_t *)target = (uint64_t)scalar.number;
	return 0;
}

/* A null leaves the default. */
int webconfig_word_parse(struct yaml_reader *reader, const struct yaml_place *place,
                         const struct yaml_tree_node *node,
                         const struct webconfig_type *type, void *target)
{
	struct scalar scalar;
	int r = yaml_reader_scalar(reader, place, node, type->expected, &scalar);

	if (r < 0 || scalar.kind == SCALAR_NULL)
		return r;
	for (size_t i = 0; i < type->words_count; i++)
		if (strlen(type->words[i].name) == node->length &&
		    memcmp(type->words[i].name, node->string, node->length) == 0) {
			*(unsigned int *)target = type->words[i].value;
			return 0;
		}
	return yaml_reader_complain(reader, place, node->line, "is", node->string,
	                            type->expected);
}

static int parse_element(struct yaml_reader *reader, const struct yaml_place *place,
                         const struct yaml_tree_node *node,
                         const struct webconfig_type *type, struct webconfig_list *list)
{
	struct webconfig_value *value = &list->values[list->count];
	int r = yaml_reader_string(reader, place, node, type->expected, &value->string);

	if (r < 0)
		return r;
	value->line = node->line;
	list->count++;
	if (type->is_known && !type->is_known(value->string))
		return yaml_reader_complain(reader, place, node->line, "has",
		                            value->string, type->expected);
	return 0;
}

int webconfig_list_parse(struct yaml_reader *reader, const struct yaml_place *place,
                         const struct yaml_tree_node *node,
                         const struct webconfig_type *type, void *target)
{
	struct webconfig_list *list = target;
	struct scalar scalar;
	int r;

	webconfig_list_clear(list);
	if (node->kind != YAML_TREE_SEQUENCE) {
		r = yaml_reader_scalar(reader, place, node, type->expected, &scalar);
		if (r == 0 && scalar.kind != SCALAR_NULL)
			r = yaml_reader_complain(reader, place, node->line, "is no list",
			                         NULL, type->expected);
		return r;
	}
	/* One more than there are: also an empty list is given. */
	list->values = calloc(node->children_count + 1, sizeof(*list->values));
	if (!list->values)
		return -ENOMEM;
	r = 0;
	for (size_t i = 0; r == 0 && i < node->children_count; i++)
		r = parse_element(reader, place, node->children[i], type, list);
	return r;
}

struct pairs_context {
	const struct webconfig_type *type;
	struct webconfig_pairs *pairs;
};

static int new_pair(struct webconfig_pairs *pairs, const struct yaml_place *place,
                    struct webconfig_pair **ret_pair)
{
	struct webconfig_pair *grown =
		reallocarray(pairs->pairs, pairs->count + 1, sizeof(*grown));
	char *name = grown ? strdup(place->name) : NULL;

	if (grown)
		pairs->pairs = grown;
	if (!name)
		return -ENOMEM;
	*ret_pair = &grown[pairs->count++];
	**ret_pair = (struct webconfig_pair){ { name, place->line }, { NULL, 0 } };
	return 0;
}

static int parse_pair(struct yaml_reader *reader, const struct yaml_place *place,
                      const struct yaml_tree_node *node, void *context)
{
	const struct pairs_context *c = context;
	struct webconfig_pair *pair;
	struct webcheck check;
	int r;

	for (size_t i = 0; i < c->pairs->count; i++)
		if (strcmp(c->pairs->pairs[i].name.string, place->name) == 0)
			return yaml_reader_complain_twice(reader, place);
	r = new_pair(c->pairs, place, &pair);
	if (r < 0)
		return r;
	pair->value.line = node->line;
	r = yaml_reader_string(reader, place, node, c->type->expected,
	                       &pair->value.string);
	if (r < 0)
		return r;
	check = c->type->check(pair->name.string, pair->value.string);
	if (check.problem)
		return yaml_reader_complain(reader, place, place->line, check.problem,
		                            NULL, check.expected);
	return 0;
}

int webconfig_pairs_parse(struct yaml_reader *reader, const struct yaml_place *place,
                          const struct yaml_tree_node *node,
                          const struct webconfig_type *type, void *target)
{
	struct pairs_context context = { type, target };

	return yaml_reader_mapping(reader, place, node, parse_pair, &context);
}
