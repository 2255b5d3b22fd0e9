/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the loaded modules said, kept until a file's identity (hostfs.h) or
 * its place in modules.dep changes, or its module is not loaded any more. One thread at a
 * time.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "sources/hostfs.h"
#include "sources/modinfo.h"

struct file_cache; /* opaque */
struct module_file;
struct text;
struct trust;

struct file_cache_settings {
	const char *const *paths; /* as for hostfs_new(); borrowed until the end */
	struct trust *trust;      /* held until the end; NULL: nothing is verified */
	struct modinfo_log log;   /* also hears which files cannot be read, once each */
};

/* When STOP (NULL: never) becomes true, reading is given up. 0 or -ENOMEM. */
int file_cache_new(const struct file_cache_settings *settings, const atomic_bool *stop,
                   struct file_cache **ret_cache);
struct file_cache *file_cache_free(struct file_cache *cache); /* takes NULL; NULL */

/*
 * Says which modules are loaded, COUNT names with a NUL behind each, and on which kernel
 * release. Others are forgotten. 0; -ENOMEM; or why the root cannot be opened.
 */
int file_cache_place(struct file_cache *cache, const char *release,
                     const struct text *names, size_t count);

/*
 * Whether modules.dep lacks the module at INDEX: its file may be one that says the name
 * (module_names.h), for which further files are read, once per modules.dep.
 */
bool file_cache_is_sought(const struct file_cache *cache, size_t index);

/* Reads the next of these files, if a module is sought. False: none is left. */
bool file_cache_search(struct file_cache *cache);

/*
 * The facts of the module at INDEX of those names: as they are kept, if a look at the
 * identity says so, else the file is read. Borrowed until the next call, but may be held.
 * Without a file: missing; with one that cannot be opened, or if one that may be it
 * cannot be read: unreadable. One that is sought waits for the search to end. NULL: no
 * memory, or the reading was stopped.
 */
struct module_file *file_cache_check(struct file_cache *cache, size_t index);

/* Gives back to the system what reading needed: modules are large. */
void file_cache_rest(struct file_cache *cache);
