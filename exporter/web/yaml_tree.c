/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into a tree, event by event, as Go's yaml.v2 puts its nodes together. The only
 * file that knows libyaml; what the nodes mean is somebody else's.
 */
#include "web/yaml_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/macros.h"

struct anchor {
	char *name;
	struct yaml_tree_node *node;
};

struct composer {
	yaml_parser_t parser;
	struct yaml_tree tree;
	struct anchor anchors[YAML_TREE_ANCHORS_MAX];
	size_t anchors_count;
	struct yaml_tree_problem problem;
};

void yaml_tree_clear(struct yaml_tree *tree)
{
	for (size_t i = 0; i < tree->nodes_count; i++) {
		free(tree->nodes[i]->string);
		free(tree->nodes[i]->tag);
		free(tree->nodes[i]->children);
		free(tree->nodes[i]);
	}
	free(tree->nodes);
	*tree = (struct yaml_tree){ 0 };
}

static void composer_clear(struct composer *composer)
{
	for (size_t i = 0; i < composer->anchors_count; i++)
		free(composer->anchors[i].name);
	yaml_tree_clear(&composer->tree);
	yaml_parser_delete(&composer->parser);
}

/* Marks count lines from 0. */
static int complain(struct composer *composer, const char *words, yaml_mark_t mark)
{
	composer->problem =
		(struct yaml_tree_problem){ words, (unsigned int)mark.line + 1 };
	return -EBADMSG;
}

/* Marks are ahead of what could not be decoded; it only has an offset. */
static unsigned int count_lines(const char *bytes, size_t length)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += bytes[i] == '\n';
	return lines;
}

static int next_event(struct composer *composer, yaml_event_t *ret_event)
{
	const yaml_parser_t *parser = &composer->parser;
	int r;

	if (yaml_parser_parse(&composer->parser, ret_event))
		return 0;
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	r = complain(composer, parser->problem ? parser->problem : "is no YAML",
	             parser->problem_mark);
	if (parser->error == YAML_READER_ERROR)
		composer->problem.line = count_lines(
			(const char *)parser->input.string.start, parser->problem_offset);
	return r;
}

static int new_node(struct composer *composer, enum yaml_tree_kind kind, yaml_mark_t mark,
                    struct yaml_tree_node **ret_node)
{
	struct yaml_tree *tree = &composer->tree;
	struct yaml_tree_node *node;

	if (tree->nodes_count == YAML_TREE_NODES_MAX)
		return complain(composer, "has too many values", mark);
	if (!tree->nodes) {
		tree->nodes =
			calloc(YAML_TREE_NODES_MAX, sizeof(struct yaml_tree_node *));
		if (!tree->nodes)
			return -ENOMEM;
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->line = (unsigned int)mark.line + 1;
	tree->nodes[tree->nodes_count++] = node;
	*ret_node = node;
	return 0;
}

/* A name may be given again, and then means the newer node. */
static int add_anchor(struct composer *composer, const yaml_char_t *name,
                      struct yaml_tree_node *node, yaml_mark_t mark)
{
	struct anchor *anchor = &composer->anchors[composer->anchors_count];

	if (!name)
		return 0;
	if (composer->anchors_count == YAML_TREE_ANCHORS_MAX)
		return complain(composer, "has too many anchors", mark);
	anchor->name = strdup((const char *)name);
	if (!anchor->name)
		return -ENOMEM;
	anchor->node = node;
	composer->anchors_count++;
	return 0;
}

static int find_anchor(struct composer *composer, const yaml_event_t *event,
                       struct yaml_tree_node **ret_node)
{
	for (size_t i = composer->anchors_count; i > 0; i--)
		if (strcmp(composer->anchors[i - 1].name,
		           (const char *)event->data.alias.anchor) == 0) {
			*ret_node = composer->anchors[i - 1].node;
			return 0;
		}
	return complain(composer, "names an anchor that is not there", event->start_mark);
}

static int add_scalar(struct composer *composer, const yaml_event_t *event,
                      struct yaml_tree_node **ret_node)
{
	const yaml_char_t *tag = event->data.scalar.tag;
	struct yaml_tree_node *node;
	int r = new_node(composer, YAML_TREE_SCALAR, event->start_mark, &node);

	if (r < 0)
		return r;
	node->length = event->data.scalar.length;
	node->is_plain = event->data.scalar.plain_implicit;
	node->string = malloc(node->length + 1);
	node->tag = tag ? strdup((const char *)tag) : NULL;
	if (!node->string || (tag && !node->tag))
		return -ENOMEM;
	memcpy(node->string, event->data.scalar.value, node->length);
	node->string[node->length] = '\0';
	*ret_node = node;
	return add_anchor(composer, event->data.scalar.anchor, node, event->start_mark);
}

static int add_child(struct yaml_tree_node *parent, struct yaml_tree_node *child)
{
	/* Room doubles whenever it is used up. */
	if ((parent->children_count & (parent->children_count - 1)) == 0) {
		size_t room = parent->children_count ? parent->children_count * 2 : 1;
		struct yaml_tree_node **grown = reallocarray(
			parent->children, room, sizeof(struct yaml_tree_node *));

		if (!grown)
			return -ENOMEM;
		parent->children = grown;
	}
	parent->children[parent->children_count++] = child;
	return 0;
}

static int next_node(struct composer *composer, unsigned int depth,
                     struct yaml_tree_node **ret_node);

static int add_collection(struct composer *composer, enum yaml_tree_kind kind,
                          const yaml_char_t *anchor, yaml_mark_t mark, unsigned int depth,
                          struct yaml_tree_node **ret_node)
{
	struct yaml_tree_node *node, *child;
	int r;

	if (depth == YAML_TREE_DEPTH_MAX)
		return complain(composer, "is too deep", mark);
	r = new_node(composer, kind, mark, &node);
	if (r == 0)
		r = add_anchor(composer, anchor, node, mark);
	while (r == 0) {
		r = next_node(composer, depth + 1, &child);
		if (r == 0 && !child) {
			*ret_node = node;
			return 0;
		}
		if (r == 0)
			r = add_child(node, child);
	}
	return r;
}

/* NULL: the collection, or the stream, ends here. */
static int next_node(struct composer *composer, unsigned int depth,
                     struct yaml_tree_node **ret_node)
{
	_cleanup_(yaml_event_delete) yaml_event_t event = { 0 };
	int r = next_event(composer, &event);

	if (r < 0)
		return r;
	switch (event.type) {
	case YAML_SCALAR_EVENT:
		return add_scalar(composer, &event, ret_node);
	case YAML_ALIAS_EVENT:
		return find_anchor(composer, &event, ret_node);
	case YAML_SEQUENCE_START_EVENT:
		return add_collection(composer, YAML_TREE_SEQUENCE,
		                      event.data.sequence_start.anchor, event.start_mark,
		                      depth, ret_node);
	case YAML_MAPPING_START_EVENT:
		return add_collection(composer, YAML_TREE_MAPPING,
		                      event.data.mapping_start.anchor, event.start_mark,
		                      depth, ret_node);
	default:
		*ret_node = NULL;
		return 0;
	}
}

/* Whether the next event is of TYPE. */
static int expect(struct composer *composer, yaml_event_type_t type, bool *ret_is_next)
{
	_cleanup_(yaml_event_delete) yaml_event_t event = { 0 };
	int r = next_event(composer, &event);

	*ret_is_next = r == 0 && event.type == type;
	return r;
}

static int compose(struct composer *composer)
{
	bool is_next;
	int r = expect(composer, YAML_STREAM_START_EVENT, &is_next);

	if (r == 0)
		r = expect(composer, YAML_DOCUMENT_START_EVENT, &is_next);
	if (r < 0 || !is_next)
		return r;
	r = next_node(composer, 0, &composer->tree.root);
	/* What stands before the end of the document may be broken. */
	return r < 0 ? r : expect(composer, YAML_DOCUMENT_END_EVENT, &is_next);
}

int yaml_tree_parse(const char *yaml, size_t length, struct yaml_tree *ret_tree,
                    struct yaml_tree_problem *ret_problem)
{
	_cleanup_(composer_clear) struct composer composer = { 0 };
	int r;

	if (length > YAML_TREE_BYTES_MAX) {
		*ret_problem = (struct yaml_tree_problem){ "is too large", 1 };
		return -EBADMSG;
	}
	if (!yaml_parser_initialize(&composer.parser))
		return -ENOMEM;
	/* Nothing may come as NULL, which libyaml does not take. */
	yaml_parser_set_input_string(&composer.parser,
	                             (const unsigned char *)(length ? yaml : ""), length);
	r = compose(&composer);
	if (r == 0) {
		*ret_tree = composer.tree;
		composer.tree = (struct yaml_tree){ 0 };
	} else if (r == -EBADMSG) {
		*ret_problem = composer.problem;
	}
	return r;
}
