/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of open descriptors. Knows nothing of what they are read for.
 */
#include "sources/kept.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/macros.h"

/*
 * Enough for a host with many third-party modules. A path's hash gives the first slot
 * where it may be; one that finds no free slot there is opened each time.
 */
#define KEPT_MAX    192
#define KEPT_PROBES 4

void kept_init(struct kept_table *table)
{
	struct rlimit files = { 0 };

	*table = (struct kept_table){ 0 };
	/* A quarter of the descriptors at most: clients and new opens need theirs. */
	getrlimit(RLIMIT_NOFILE, &files);
	table->max =
		(size_t)(files.rlim_cur / 4 < KEPT_MAX ? files.rlim_cur / 4 : KEPT_MAX);
}

void kept_drop(struct kept_table *table, struct kept *slot)
{
	close_descriptor(&slot->fd);
	free(slot->path);
	*slot = (struct kept){ 0 };
	table->count--;
}

void kept_clear(struct kept_table *table)
{
	for (size_t i = 0; i < KEPT_SLOTS; i++)
		if (table->slots[i].path)
			kept_drop(table, &table->slots[i]);
}

void kept_begin(struct kept_table *table)
{
	for (size_t i = 0; i < KEPT_SLOTS; i++)
		if (table->slots[i].path && table->slots[i].pass != table->pass)
			kept_drop(table, &table->slots[i]);
	table->pass++;
}

/* The hash is FNV-1a. */
struct kept *kept_find(struct kept_table *table, unsigned int root, const char *path)
{
	uint32_t hash = (2166136261u ^ root) * 16777619u;
	struct kept *free_slot = NULL;

	for (const char *c = path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	for (uint32_t i = 0; i < KEPT_PROBES; i++) {
		struct kept *slot = &table->slots[(hash + i) % KEPT_SLOTS];

		if (!slot->path)
			free_slot = free_slot ? free_slot : slot;
		else if (slot->root == root && strcmp(slot->path, path) == 0) {
			slot->pass = table->pass;
			return slot;
		}
	}
	return free_slot;
}

bool kept_put(struct kept_table *table, struct kept *slot, unsigned int root,
              const char *path, int fd)
{
	if (!slot || slot->path || table->count >= table->max)
		return false;
	slot->path = strdup(path);
	if (!slot->path)
		return false;
	slot->root = root;
	slot->fd = fd;
	slot->pass = table->pass;
	table->count++;
	return true;
}
