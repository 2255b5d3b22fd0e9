/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.dep. Knows where modules are; must not look at any of them.
 */
#include "sources/modules_dep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "model/module_file.h"
#include "sources/descriptor.h"
#include "sources/hostfs.h"

/* Ten times what the full kernel of a distribution has. */
#define DEP_MAX ((size_t)8 << 20)

/* Of one name the first in the file comes first. */
static int compare_entries(const void *a, const void *b)
{
	const struct modules_dep_entry *x = a, *y = b;
	int order = module_name_compare(x->name, x->name_length, y->name, y->name_length);

	return order ? order : (x->path > y->path) - (x->path < y->path);
}

static void parse_line(const char *line, size_t length, struct modules_dep *dep)
{
	const char *colon = memchr(line, ':', length);
	size_t path_length = colon ? (size_t)(colon - line) : 0;
	const char *slash = path_length ? memrchr(line, '/', path_length) : NULL;
	const char *name = slash ? slash + 1 : line;
	const char *end = line + path_length;
	const char *dot = name < end ? memchr(name, '.', (size_t)(end - name)) : NULL;

	if (!dot || dot == name || *line == ' ' || *line == '\t')
		return;
	dep->entries[dep->count++] = (struct modules_dep_entry){
		.path = line,
		.path_length = path_length,
		.name = name,
		.name_length = (size_t)(dot - name),
	};
}

int modules_dep_parse(struct modules_dep *dep)
{
	const char *line = text_string(&dep->text), *end = line + dep->text.length;
	size_t lines = 1;

	for (const char *c = line; (c = memchr(c, '\n', (size_t)(end - c))); c++)
		lines++;
	dep->count = 0;
	dep->entries = calloc(lines, sizeof(*dep->entries));
	if (!dep->entries)
		return -ENOMEM;
	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((next ? next : end) - line);

		parse_line(line, length, dep);
		line += length + 1;
	}
	qsort(dep->entries, dep->count, sizeof(*dep->entries), compare_entries);
	return 0;
}

int modules_dep_folder_add(const char *release, struct text *path)
{
	if (!*release || strchr(release, '/') || strcmp(release, ".") == 0 ||
	    strcmp(release, "..") == 0)
		return -EBADMSG;
	text_add_string(path, "/lib/modules/");
	text_add_string(path, release);
	text_add_char(path, '/');
	return path->error;
}

int modules_dep_read(struct hostfs *fs, const char *release, struct modules_dep *dep)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	_cleanup_(close_descriptor) int fd = -1;
	int r = modules_dep_folder_add(release, &dep->folder);

	if (r < 0)
		return r;
	text_add_string(&path, text_string(&dep->folder));
	text_add_string(&path, "modules.dep");
	if (path.error)
		return path.error;
	r = hostfs_open(fs, HOSTFS_ROOTFS, text_string(&path), &fd);
	if (r == 0)
		r = descriptor_read(fd, false, DEP_MAX, &dep->text);
	return r < 0 ? r : modules_dep_parse(dep);
}

void modules_dep_clear(struct modules_dep *dep)
{
	text_clear(&dep->text);
	text_clear(&dep->folder);
	free(dep->entries);
	*dep = (struct modules_dep){ 0 };
}

int modules_dep_identity_read(struct hostfs *fs, const char *release,
                              struct hostfs_identity *ret_identity)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r = modules_dep_folder_add(release, &path);

	if (r < 0)
		return r;
	text_add_string(&path, "modules.dep");
	if (path.error)
		return path.error;
	return hostfs_identity_read(fs, HOSTFS_ROOTFS, text_string(&path), ret_identity);
}

void modules_dep_path_add(const struct modules_dep *dep,
                          const struct modules_dep_entry *entry, struct text *path)
{
	if (entry->path[0] != '/')
		text_add(path, text_string(&dep->folder), dep->folder.length);
	text_add(path, entry->path, entry->path_length);
}

int modules_dep_find(const struct modules_dep *dep, const char *name, size_t length,
                     struct text *path)
{
	size_t low = 0, high = dep->count;
	const struct modules_dep_entry *entry;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		entry = &dep->entries[middle];
		if (module_name_compare(entry->name, entry->name_length, name, length) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	entry = &dep->entries[low];
	if (low == dep->count ||
	    module_name_compare(entry->name, entry->name_length, name, length) != 0)
		return -ENOENT;
	modules_dep_path_add(dep, entry, path);
	return path->error;
}
