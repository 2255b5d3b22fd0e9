/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/module_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/builds.h"
#include "sources/hostfs.h"
#include "sources/modules_dep.h"
#include "sources/signature.h"

static bool is_candidate(const struct modules_dep *dep,
                         const struct modules_dep_entry *entry)
{
	static const char *const folders[] = { "updates/", "extra/", "misc/",
		                               "weak-updates/" };
	const struct text *folder = &dep->folder;
	const char *path = entry->path;
	size_t length = entry->path_length;

	/* Absolute, as RHEL 5 writes them. */
	if (length > folder->length &&
	    memcmp(path, text_string(folder), folder->length) == 0) {
		path += folder->length;
		length -= folder->length;
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (length > strlen(folders[i]) &&
		    memcmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static int compare_places(const void *a, const void *b)
{
	const struct modules_dep_entry *x = a, *y = b;

	return (x->path > y->path) - (x->path < y->path);
}

static int add_file(const struct modules_dep *dep, const struct modules_dep_entry *entry,
                    struct module_names *names)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	size_t length;

	modules_dep_path_add(dep, entry, &path);
	if (path.error)
		return path.error;
	names->files[names->count++].path = text_take(&path, &length);
	return 0;
}

int module_names_list(const struct modules_dep *dep, struct module_names *names)
{
	_cleanup_(free_pointer) struct modules_dep_entry *candidates =
		calloc(dep->count + 1, sizeof(*candidates));
	size_t count = 0;
	int r = 0;

	if (!candidates)
		return -ENOMEM;
	for (size_t i = 0; i < dep->count; i++)
		if (is_candidate(dep, &dep->entries[i]))
			candidates[count++] = dep->entries[i];
	qsort(candidates, count, sizeof(*candidates), compare_places);
	names->is_cut = count > MODULE_NAMES_MAX;
	if (names->is_cut)
		count = MODULE_NAMES_MAX;
	names->files = calloc(count + 1, sizeof(*names->files));
	if (!names->files)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_file(dep, &candidates[i], names);
	if (r < 0)
		module_names_clear(names);
	else
		names->is_listed = true;
	return r;
}

void module_names_clear(struct module_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		free(names->files[i].path);
		free(names->files[i].name);
	}
	free(names->files);
	*names = (struct module_names){ 0 };
}

void module_names_claim(struct module_names *names, const char *path)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->files[i].path, path) == 0)
			names->files[i].is_claimed = true;
}

void module_names_unclaim(struct module_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		names->files[i].is_claimed = false;
}

static int keep(const struct module_file *said, struct module_names_file *file)
{
	const char *name = module_file_word(said, MODULE_WORD_NAME);

	file->build = said->build;
	if (!*name)
		return 0;
	file->name = strdup(name);
	return file->name ? 0 : -ENOMEM;
}

bool module_names_update(struct module_names *names, const struct module_file *said)
{
	for (size_t i = 0; module_file_is_read(said) && !said->error && i < names->count;
	     i++) {
		struct module_names_file *file = &names->files[i];
		char *before = file->name;
		bool is_same;

		if (strcmp(file->path, said->path) != 0)
			continue;
		file->name = NULL;
		file->was_tried = keep(said, file) == 0;
		is_same = before && file->name && strcmp(before, file->name) == 0;
		free(before);
		return !is_same;
	}
	return false;
}

/* 0, also if it is gone or no module: then it says no name. Or -errno. */
static int read_file(struct hostfs *fs, const struct signature_reader *reader,
                     struct module_names_file *file)
{
	/* Its signature is of no interest here. */
	const struct signature_reader plain = { .modinfo = reader->modinfo,
		                                .stop = reader->stop };
	_cleanup_(close_descriptor) int fd = -1;
	struct module_file *said;
	int r = hostfs_open(fs, HOSTFS_ROOTFS, file->path, &fd);

	if (r < 0)
		return error_is_missing(r) ? 0 : r;
	said = module_file_new(file->path);
	r = said ? signature_read(&plain, fd, said) : -ENOMEM;
	if (r == 0)
		r = said->error ? said->error : keep(said, file);
	module_file_free(said);
	/* -ENOENT comes from libkmod here, and is not about this file. */
	return r == -EBADMSG ? 0 : error_is_missing(r) ? -EIO : r;
}

static struct module_names_file *find_due(const struct module_names *names, uint64_t now)
{
	for (size_t i = 0; i < names->count; i++) {
		struct module_names_file *file = &names->files[i];

		if (!file->is_claimed && (!file->was_tried || file->retry_at <= now))
			return file;
	}
	return NULL;
}

/* A name that is not known by then stays unknown. */
static void give_up(struct module_names *names,
                    const struct module_names_file **ret_failed)
{
	for (size_t i = 0; i < names->count; i++) {
		struct module_names_file *file = &names->files[i];

		file->retry_at = UINT64_MAX;
		if (file->was_tried)
			continue;
		file->was_tried = true;
		file->error = -ETIME;
		if (!*ret_failed)
			*ret_failed = file;
	}
}

int module_names_read(struct module_names *names, struct hostfs *fs,
                      const struct signature_reader *reader,
                      const struct module_names_file **ret_failed)
{
	uint64_t start = clock_monotonic(), end;
	struct module_names_file *file = find_due(names, start);
	int r;

	*ret_failed = NULL;
	if (!file)
		return 0;
	r = read_file(fs, reader, file);
	if (r == -ENOMEM || r == -ECANCELED)
		return r;
	if (r < 0 && r != file->error)
		*ret_failed = file;
	end = clock_monotonic();
	file->was_tried = true;
	file->error = r;
	file->retry_at = signature_error_is_lasting(r)
	                         ? UINT64_MAX
	                         : end + MODULE_NAMES_RETRY_SECONDS * CLOCK_SECOND;
	names->spent += end - start;
	if (names->spent > MODULE_NAMES_SECONDS * CLOCK_SECOND)
		give_up(names, ret_failed);
	return 1;
}

static bool says(const struct module_names_file *file, const char *name)
{
	return !file->is_claimed && file->name &&
	       module_name_compare(file->name, strlen(file->name), name, strlen(name)) ==
	               0;
}

/* The one whose build is loaded, else the first. NULL: none says NAME. */
static const struct module_names_file *choose(const struct module_names *names,
                                              struct hostfs *fs, const char *name)
{
	const struct module_names_file *first = NULL;
	struct module_build loaded;
	size_t count = 0;

	for (size_t i = 0; i < names->count; i++)
		if (says(&names->files[i], name) && count++ == 0)
			first = &names->files[i];
	if (count < 2)
		return first;
	builds_read(fs, name, strlen(name), &loaded);
	for (size_t i = 0; i < names->count; i++)
		if (says(&names->files[i], name) &&
		    module_build_compare(&loaded, &names->files[i].build) == 0)
			return &names->files[i];
	return first;
}

int module_names_find(const struct module_names *names, struct hostfs *fs,
                      const char *name, struct text *path)
{
	const struct module_names_file *file;
	int error = names->is_cut ? -EFBIG : -ENOENT;

	for (size_t i = 0; i < names->count; i++) {
		if (names->files[i].is_claimed)
			continue;
		if (!names->files[i].was_tried)
			return -EAGAIN;
		if (names->files[i].error)
			error = names->files[i].error;
	}
	file = choose(names, fs, name);
	if (!file)
		return error;
	text_add_string(path, file->path);
	return path->error;
}
