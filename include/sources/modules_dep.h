/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the files of modules are: modules.dep(5) of one kernel release, which depmod(8)
 * writes after it decided between kernel/, updates/, extra/ and weak-updates/.
 *
 *   kernel/net/mac80211/mac80211.ko.xz: kernel/net/wireless/cfg80211.ko.xz ...
 *   path, from the release's folder or absolute; then what it depends on
 *
 * The text is read, not modules.dep.bin through libkmod: libkmod 30 does not look at the
 * bounds of that file, and one that is cut off makes it allocate without end or crash.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct hostfs;
struct hostfs_identity;

/* A slice of the text. */
struct modules_dep_entry {
	const char *path; /* as the file has it, not terminated */
	size_t path_length;
	const char *name; /* in the path: up to the first dot */
	size_t name_length;
};

struct modules_dep {
	struct text text; /* what was read; the entries point into it */
	struct modules_dep_entry *entries;
	size_t count;
	struct text folder; /* "/lib/modules/RELEASE/" */
};

/*
 * Appends "/lib/modules/RELEASE/". 0; -EBADMSG if RELEASE is no name of a folder;
 * -ENOMEM.
 */
int modules_dep_folder_add(const char *release, struct text *path);

/* Sorts the text's records into entries. Other lines are ignored. 0 or -ENOMEM. */
int modules_dep_parse(struct modules_dep *dep);

/*
 * Reads lib/modules/RELEASE/modules.dep below the root into an empty struct. 0; -ENOENT
 * if there is none; -EBADMSG if RELEASE is no name of a folder; -EFBIG, -ENOMEM or what
 * reading gives.
 */
int modules_dep_read(struct hostfs *fs, const char *release, struct modules_dep *dep);
void modules_dep_clear(struct modules_dep *dep);

/* The identity of that file; errors as above. */
int modules_dep_identity_read(struct hostfs *fs, const char *release,
                              struct hostfs_identity *ret_identity);

/* Appends the path of ENTRY's file from the root of the host. */
void modules_dep_path_add(const struct modules_dep *dep,
                          const struct modules_dep_entry *entry, struct text *path);

/*
 * Appends the path, from the root of the host, of the file of module NAME, in which '-'
 * and '_' are the same. 0 or -ENOENT.
 */
int modules_dep_find(const struct modules_dep *dep, const char *name, size_t length,
                     struct text *path);
