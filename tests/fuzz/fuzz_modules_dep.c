/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.dep: each record is found by its name, at the path of the first that has it.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sources/modules_dep.h"

static void find(const struct modules_dep *dep, const struct modules_dep_entry *entry)
{
	const char *text = text_string(&dep->text), *end = text + dep->text.length;
	struct text path = TEXT_INIT;

	fuzz_check(entry->path >= text &&
	           entry->path_length <= (size_t)(end - entry->path));
	fuzz_check(entry->name >= entry->path && entry->name_length > 0);
	fuzz_check(entry->name + entry->name_length < entry->path + entry->path_length);
	fuzz_check(!memchr(entry->name, '/', entry->name_length));
	fuzz_check(!memchr(entry->path, '\n', entry->path_length));
	fuzz_check(modules_dep_find(dep, entry->name, entry->name_length, &path) == 0);
	fuzz_check(path.length > entry->name_length);
	text_clear(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct modules_dep dep = { 0 };
	struct text path = TEXT_INIT;
	int r;

	text_add(&dep.text, (const char *)bytes, length);
	text_add_string(&dep.folder, "/lib/modules/6.1.0/");
	fuzz_check(modules_dep_parse(&dep) == 0);
	for (size_t i = 0; i < dep.count; i++)
		find(&dep, &dep.entries[i]);
	r = modules_dep_find(&dep, (const char *)bytes, length, &path);
	fuzz_check(r == 0 || r == -ENOENT);
	text_clear(&path);
	modules_dep_clear(&dep);
	return 0;
}
