/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that stay open from one pass to the next, by root and path: reading again
 * costs a fraction of opening. What a pass did not use is closed when the next begins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_SLOTS 512

struct kept {
	char *path; /* NULL: the slot is free */
	unsigned int root;
	int fd;        /* -1: there is no such file */
	uint64_t pass; /* the last one that used it */
};

struct kept_table {
	struct kept slots[KEPT_SLOTS];
	size_t count;
	size_t max;
	uint64_t pass;
};

/* An empty table that keeps a quarter of the descriptors this process may open at most.
 */
void kept_init(struct kept_table *table);
void kept_clear(struct kept_table *table);

/* Begins a pass: closes what the pass before this one did not use. */
void kept_begin(struct kept_table *table);

/* Where PATH is kept, or a free slot where it could be, or NULL: it cannot be kept. */
struct kept *kept_find(struct kept_table *table, unsigned int root, const char *path);

/*
 * Keeps FD in SLOT, which kept_find() gave and nothing was kept in since; NULL is fine.
 * False if there is no room or no memory: then FD is still the caller's.
 */
bool kept_put(struct kept_table *table, struct kept *slot, unsigned int root,
              const char *path, int fd);

/* Closes what is kept in SLOT and frees it. */
void kept_drop(struct kept_table *table, struct kept *slot);
