/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/builtins.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "model/module_file.h"
#include "sources/hostfs.h"
#include "sources/modules_dep.h"

/* Ten times the list of a kernel with everything built in. */
#define BUILTINS_MAX ((size_t)32 << 20)

static int read_list(struct hostfs *fs, const char *release, const char *name,
                     struct text *list)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r = modules_dep_folder_add(release, &path);

	text_add_string(&path, name);
	if (r == 0)
		r = path.error;
	return r < 0 ? r
	             : hostfs_records_read(fs, HOSTFS_ROOTFS, text_string(&path),
	                                   BUILTINS_MAX, list);
}

void builtins_read(struct hostfs *fs, const char *release, struct builtins *builtins)
{
	int paths_error, records_error;

	paths_error = read_list(fs, release, "modules.builtin", &builtins->paths);
	records_error =
		read_list(fs, release, "modules.builtin.modinfo", &builtins->records);
	builtins->error = records_error == 0 ? 0 : paths_error;
}

void builtins_clear(struct builtins *builtins)
{
	text_clear(&builtins->paths);
	text_clear(&builtins->records);
	*builtins = (struct builtins){ 0 };
}

/* The piece before the next SEPARATOR; NULL: there is none that is whole. */
static const char *next_piece(const char **at, const char *end, char separator,
                              size_t *ret_length)
{
	const char *piece = *at, *stop;

	stop = piece < end ? memchr(piece, separator, (size_t)(end - piece)) : NULL;
	if (!stop)
		return NULL;
	*at = stop + 1;
	*ret_length = (size_t)(stop - piece);
	return piece;
}

static bool is_path_of(const char *path, size_t length, const char *name)
{
	const char *slash = memrchr(path, '/', length);
	const char *file = slash ? slash + 1 : path;
	size_t file_length = length - (size_t)(file - path);
	const char *dot = memchr(file, '.', file_length);

	return dot &&
	       module_name_compare(file, (size_t)(dot - file), name, strlen(name)) == 0;
}

static bool find_path(const struct builtins *builtins, const char *name,
                      struct text *ret_path)
{
	const char *at = text_string(&builtins->paths), *path;
	const char *end = at + builtins->paths.length;
	size_t length;

	while ((path = next_piece(&at, end, '\n', &length))) {
		if (!is_path_of(path, length, name))
			continue;
		text_add(ret_path, path, length);
		return true;
	}
	return false;
}

/* Of a word that stands there several times the first counts, as in the kernel. */
static int take_word(const char *key, size_t length, const char *value,
                     struct module_file *file)
{
	static const enum module_word words[] = { MODULE_WORD_LICENSE,
		                                  MODULE_WORD_VERSION };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *word = module_word_name(words[i]);

		if (length == strlen(word) && memcmp(key, word, length) == 0 &&
		    !file->words[words[i]])
			return module_file_set_word(file, words[i], value, strlen(value));
	}
	return 0;
}

/* Other code has parameters and aliases, too: main.parm=... */
static bool is_of_module(const char *key)
{
	return strncmp(key, "license=", 8) == 0 || strncmp(key, "file=", 5) == 0;
}

/* 1: there are records of a module NAME; 0: none; -ENOMEM. */
static int take_records(const struct builtins *builtins, const char *name,
                        struct module_file *file)
{
	const char *at = text_string(&builtins->records), *record;
	const char *end = at + builtins->records.length;
	bool has_any = false;
	size_t length;

	while ((record = next_piece(&at, end, '\0', &length))) {
		const char *equals = memchr(record, '=', length), *dot;
		int r;

		if (!equals)
			continue;
		dot = memchr(record, '.', (size_t)(equals - record));
		if (!dot || module_name_compare(record, (size_t)(dot - record), name,
		                                strlen(name)) != 0)
			continue;
		has_any = has_any || is_of_module(dot + 1);
		r = take_word(dot + 1, (size_t)(equals - dot - 1), equals + 1, file);
		if (r < 0)
			return r;
	}
	return has_any;
}

int builtins_find(const struct builtins *builtins, const char *name,
                  struct module_file **ret_file)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	bool has_path = *name && find_path(builtins, name, &path);
	struct module_file *file =
		path.error ? NULL : module_file_new(text_string(&path));
	int r = -ENOMEM;

	if (file)
		r = *name ? take_records(builtins, name, file) : 0;
	if (r < 0 || (r == 0 && !has_path)) {
		module_file_free(file);
		return r < 0 ? r : -ENOENT;
	}
	*ret_file = file;
	return 0;
}
