/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builds of loaded modules. Must not know whether they are those of the files.
 */
#include "sources/builds.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "sources/note.h"
#include "sources/sysfs.h"

/* 0, also if there is none; -errno: it cannot be read. */
static int read_id(struct hostfs *fs, const char *name, size_t length,
                   struct module_build *build)
{
	_cleanup_(text_clear) struct text note = TEXT_INIT;
	const unsigned char *id;
	size_t id_length;
	int r = sysfs_attribute_read(fs, name, length, "notes/.note.gnu.build-id", &note);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (note_find((const unsigned char *)text_string(&note), note.length,
	              ELF_NOTE_GNU, NT_GNU_BUILD_ID, &id, &id_length) < 0 ||
	    id_length > sizeof(build->id))
		return 0;
	memcpy(build->id, id, id_length);
	build->id_length = id_length;
	return 0;
}

static void read_srcversion(struct hostfs *fs, const char *name, size_t length,
                            struct module_build *build)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	size_t line;

	if (sysfs_attribute_read(fs, name, length, "srcversion", &value) < 0)
		return;
	line = strcspn(text_string(&value), "\n");
	if (line < sizeof(build->srcversion))
		memcpy(build->srcversion, text_string(&value), line);
}

void builds_read(struct hostfs *fs, const char *name, size_t length,
                 struct module_build *ret_build)
{
	*ret_build = (struct module_build){ 0 };
	/* The same sources are built more than once: without its ID they prove nothing.
	 */
	if (read_id(fs, name, length, ret_build) == 0)
		read_srcversion(fs, name, length, ret_build);
}

void builds_fill(struct hostfs *fs, bool every, struct snapshot *snapshot)
{
	struct module_list *modules = &snapshot->modules;

	for (size_t i = 0; i < modules->count; i++) {
		struct module_record *record = &modules->records[i];
		const struct module_build *build;

		if (!record->file || (!every && taint_letters_is_empty(&record->letters)))
			continue;
		build = &record->file->build;
		if (!build->id_length && !*build->srcversion)
			continue;
		record->loaded = malloc(sizeof(*record->loaded));
		if (record->loaded)
			builds_read(fs, record->name, record->name_length,
			            record->loaded);
	}
}
