/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML 1.1 document as a tree, for files that are small and may be hostile: bytes,
 * nodes, anchors and depth are bounded. An alias is the node that it stands for, so that
 * a node may be met more than once, even below itself: whoever walks the tree has to end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define YAML_TREE_BYTES_MAX   ((size_t)1 << 20)
#define YAML_TREE_NODES_MAX   10000
#define YAML_TREE_ANCHORS_MAX 100
#define YAML_TREE_DEPTH_MAX   32

enum yaml_tree_kind {
	YAML_TREE_SCALAR,
	YAML_TREE_SEQUENCE,
	YAML_TREE_MAPPING,
};

struct yaml_tree_node {
	enum yaml_tree_kind kind;
	unsigned int line; /* from 1 */

	/* A scalar's; bytes may be any, NUL, too, and one more NUL is behind them. */
	char *string;
	size_t length;
	char *tag;     /* NULL: none was written */
	bool is_plain; /* neither quoted nor tagged nor a block */

	/* Elements; or keys and values in turn. */
	struct yaml_tree_node **children;
	size_t children_count;
};

struct yaml_tree {
	struct yaml_tree_node *root;   /* NULL: the document is empty */
	struct yaml_tree_node **nodes; /* all of them, each once */
	size_t nodes_count;
};

/* What is wrong, in words that are static, and where. */
struct yaml_tree_problem {
	const char *words;
	unsigned int line; /* from 1 */
};

/*
 * Parses the first document of YAML; what follows it is not looked at. 0; -EBADMSG with
 * the problem; -ENOMEM. On failure there is nothing to clear.
 */
int yaml_tree_parse(const char *yaml, size_t length, struct yaml_tree *ret_tree,
                    struct yaml_tree_problem *ret_problem);
void yaml_tree_clear(struct yaml_tree *tree);
