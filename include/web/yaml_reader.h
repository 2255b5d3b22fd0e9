/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of a YAML tree, and complaints about those that are wrong: one line each
 * that says where it stands and what would be right.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scalar;
struct text;
struct yaml_tree_node;

/* What may be taken out of one tree, in bytes; more can only come from aliases. */
#define YAML_READER_MAX ((size_t)8 << 20)

struct yaml_reader {
	const char *name;       /* of the file */
	struct text *complaint; /* empty so far */
	size_t left;            /* of YAML_READER_MAX */
	unsigned int merges;    /* that are open */
	uint32_t seen;          /* for whoever is shown entries, see below */
};

/* The way to a value, for those who have to mend it. */
struct yaml_place {
	const struct yaml_place *parent; /* NULL: it is the document */
	const char *name;
	unsigned int line; /* of the key */
};

/*
 * Complains "NAME:LINE: place: PROBLEM VALUE, expected EXPECTED", always one line,
 * however hostile the names are. VALUE is left out if it is NULL, as every secret has to
 * be. -EBADMSG or -ENOMEM.
 */
int yaml_reader_complain(const struct yaml_reader *reader, const struct yaml_place *place,
                         unsigned int line, const char *problem, const char *value,
                         const char *expected);

/* That the key of PLACE is there for the second time. */
int yaml_reader_complain_twice(const struct yaml_reader *reader,
                               const struct yaml_place *place);

/*
 * 0, or an error: what is not EXPECTED is complained of (-EBADMSG), as is what repeats
 * too much; or -ENOMEM. A string is the caller's to free; a null is the empty one.
 */
int yaml_reader_scalar(struct yaml_reader *reader, const struct yaml_place *place,
                       const struct yaml_tree_node *node, const char *expected,
                       struct scalar *ret_scalar);
int yaml_reader_string(struct yaml_reader *reader, const struct yaml_place *place,
                       const struct yaml_tree_node *node, const char *expected,
                       char **ret_string);

/*
 * Takes one entry of a mapping; PLACE is that of its key. The reader's SEEN is 0 at the
 * start of each mapping and may be used as one likes: a key may be given once in each.
 */
typedef int yaml_reader_entry(struct yaml_reader *reader, const struct yaml_place *place,
                              const struct yaml_tree_node *node, void *context);

/*
 * Shows ENTRY all entries of a mapping; a null has none. Those that are merged into it
 * with "<<" (https://yaml.org/type/merge.html) are shown in that place, as yaml.v2 takes
 * them: what comes later wins, and of several that are merged the first.
 */
int yaml_reader_mapping(struct yaml_reader *reader, const struct yaml_place *place,
                        const struct yaml_tree_node *node, yaml_reader_entry *entry,
                        void *context);
