/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of /sys/module. Knows its folders; must not know what letters mean.
 */
#include "sources/sysfs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/hostfs.h"

/* Names from /proc/modules are hostile: ".." could be one. */
static bool is_folder_name(const char *name, size_t length)
{
	return length && !memchr(name, '\0', length) &&
	       !(length == 1 && name[0] == '.') &&
	       !(length == 2 && memcmp(name, "..", 2) == 0);
}

static void add_path(struct text *path, const char *name, size_t length, const char *file)
{
	size_t start;

	text_add_string(path, "module/");
	start = path->length;
	text_add(path, name, length);
	if (!path->error)
		for (size_t i = start; i < path->length; i++)
			if (path->data[i] == '/')
				path->data[i] = '!';
	text_add_char(path, '/');
	text_add_string(path, file);
}

int sysfs_attribute_read(struct hostfs *fs, const char *name, size_t length,
                         const char *file, struct text *value)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;

	if (!is_folder_name(name, length))
		return -ENOENT;
	add_path(&path, name, length, file);
	if (path.error)
		return path.error;
	return hostfs_value_read(fs, HOSTFS_SYSFS, text_string(&path), value);
}

int sysfs_letters_read(struct hostfs *fs, const char *name, size_t length,
                       struct taint_letters *ret_letters)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct taint_letters letters = { { 0 } };
	size_t line;
	int r = sysfs_attribute_read(fs, name, length, "taint", &value);

	if (r < 0)
		return r;
	/* One line, with nothing behind its end. */
	line = strcspn(text_string(&value), "\n");
	if (line + 1 < value.length)
		return -EBADMSG;
	r = taint_letters_parse(text_string(&value), line, &letters);
	if (r < 0)
		return r;
	*ret_letters = letters;
	return 0;
}

int sysfs_folder_count_read(struct hostfs *fs, uint64_t *ret_count)
{
	struct hostfs_stat stat;
	int r = hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat);

	if (r < 0)
		return r;
	/* "." and the entry in the parent are links too. */
	*ret_count = stat.links > 2 ? stat.links - 2 : 0;
	return 0;
}

int sysfs_folder_names_read(struct hostfs *fs, struct text *names)
{
	return hostfs_names_read(fs, HOSTFS_SYSFS, "module", names);
}

static int inode_read(struct hostfs *fs, const char *name, size_t length,
                      const char *file, uint64_t *ret_inode)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	struct hostfs_stat stat;
	int r;

	add_path(&path, name, length, file);
	if (path.error)
		return path.error;
	r = hostfs_stat_read(fs, HOSTFS_SYSFS, text_string(&path), &stat);
	if (r < 0)
		return r;
	*ret_inode = stat.inode;
	return 0;
}

int sysfs_letters_inode_read(struct hostfs *fs, const char *name, size_t length,
                             uint64_t *ret_inode)
{
	if (!is_folder_name(name, length))
		return -ENOENT;
	return inode_read(fs, name, length, "taint", ret_inode);
}

int sysfs_initstate_inode_read(struct hostfs *fs, const char *folder, uint64_t *ret_inode)
{
	return inode_read(fs, folder, strlen(folder), "initstate", ret_inode);
}

int sysfs_is_live_read(struct hostfs *fs, const char *folder)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	int r = sysfs_attribute_read(fs, folder, strlen(folder), "initstate", &value);

	if (r < 0)
		return r;
	return strcmp(text_string(&value), "coming\n") != 0 &&
	       strcmp(text_string(&value), "going\n") != 0;
}
