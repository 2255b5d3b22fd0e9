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

/* Reads the file PATH, borrowed. 0, or -errno after an error line. */
int door_new(const char *path, struct door **ret_door, struct guard **ret_guard);
struct door *door_free(struct door *door); /* takes NULL */

/* The files it looks at: the configuration, then those that it names. Borrowed. */
size_t door_paths(const struct door *door, const char *const **ret_paths);

/*
 * Looks whether a file has changed, or reads them in ANY case. NULL: what is in force
 * stays so, and if there is something wrong with the new one, an error was logged. Else a
 * new guard, the caller's.
 */
struct guard *door_check(struct door *door, bool any);
