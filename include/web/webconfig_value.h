/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of values that a web configuration is made of.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct webcheck;
struct yaml_place;
struct yaml_reader;
struct yaml_tree_node;

/* A string of the file and the line where it stands, from 1. NULL: not given. */
struct webconfig_value {
	char *string;
	unsigned int line;
};

/* NULL: not given. */
struct webconfig_list {
	struct webconfig_value *values;
	size_t count;
};

/* A key and its value. */
struct webconfig_pair {
	struct webconfig_value name, value;
};

struct webconfig_pairs {
	struct webconfig_pair *pairs;
	size_t count;
};

void webconfig_value_clear(struct webconfig_value *value);
void webconfig_list_clear(struct webconfig_list *list);
void webconfig_pairs_clear(struct webconfig_pairs *pairs);

/* A word that may be given, and what it stands for in an enumeration. */
struct webconfig_word {
	const char *name;
	unsigned int value;
};

struct webconfig_type;

/*
 * Parses NODE into TARGET, which is cleared by the caller, also after a failure, and
 * keeps its value where there is a null that the type does not know. 0 or, see
 * yaml_reader.h, an error.
 */
typedef int webconfig_parser(struct yaml_reader *reader, const struct yaml_place *place,
                             const struct yaml_tree_node *node,
                             const struct webconfig_type *type, void *target);

struct webconfig_type {
	webconfig_parser *parse;
	const char *expected;
	const struct webconfig_word *words; /* of webconfig_word_parse() */
	size_t words_count;
	bool (*is_known)(const char *name); /* of webconfig_list_parse(); NULL: any is */
	struct webcheck (*check)(const char *name,
	                         char *value); /* of ..._pairs_parse() */
};

webconfig_parser webconfig_string_parse;   /* struct webconfig_value; "": not given */
webconfig_parser webconfig_bool_parse;     /* bool */
webconfig_parser webconfig_number_parse;   /* unsigned int */
webconfig_parser webconfig_duration_parse; /* uint64_t, nanoseconds */
webconfig_parser webconfig_word_parse;     /* unsigned int, an enumeration */
webconfig_parser webconfig_list_parse;     /* struct webconfig_list */
webconfig_parser webconfig_pairs_parse;    /* struct webconfig_pairs, any keys */
