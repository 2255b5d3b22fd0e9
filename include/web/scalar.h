/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML's scalars as Go's gopkg.in/yaml.v2 takes them (resolve.go), which is YAML 1.1 with
 * a few differences: "y" and "on" are true, 0o17 and 017 are 15, there is no base 60.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct yaml_tree_node;

enum scalar_kind {
	SCALAR_STRING, /* whatever is nothing of the following */
	SCALAR_NULL,
	SCALAR_BOOL,
	SCALAR_NUMBER,
};

struct scalar {
	enum scalar_kind kind;
	bool truth;     /* SCALAR_BOOL */
	int64_t number; /* SCALAR_NUMBER: without fraction; what is beyond is at the limit
	                 */
};

/* Of a scalar. 0, or -EBADMSG: its tag does not fit it, or is !!binary. */
int scalar_parse(const struct yaml_tree_node *node, struct scalar *ret_scalar);

/*
 * A duration as Go's time.ParseDuration() takes it, "1h30m", "1.5s", "-2us": nanoseconds.
 * 0, or -EBADMSG: it is none, or too long for 64 bits.
 */
int scalar_duration_parse(const char *string, int64_t *ret_nanoseconds);
