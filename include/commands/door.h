/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of --web.config.file, and what it names: read at the start, and again whenever
 * one of them is another than before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct door; /* opaque */
struct guard;
struct sandbox_path;

/* Reads the file PATH, borrowed. 0, or -errno after an error line. */
int door_new(const char *path, struct door **ret_door, struct guard **ret_guard);
struct door *door_free(struct door *door); /* takes NULL */

/* What the sandbox has to leave open for the door. */
struct door_paths {
	struct sandbox_path *paths;
	size_t count;
};

/*
 * The configuration and the files that it names. Files are replaced by new ones of their
 * name, so the folders around them stay open as well, and around what links in their
 * place lead to; but not a folder at the top, such as /etc or /run, where too much else
 * is: files there are read again only when they are written in place. 0 or -ENOMEM.
 */
int door_paths_init(struct door_paths *paths, const struct door *door);
void door_paths_clear(struct door_paths *paths);

/*
 * Looks whether a file has changed, or reads them in ANY case. NULL: what is in force
 * stays so, and if there is something wrong with the new one, an error was logged. Else a
 * new guard, the caller's.
 */
struct guard *door_check(struct door *door, bool any);
