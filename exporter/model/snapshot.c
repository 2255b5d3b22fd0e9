/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one scrape. Knows shapes; must not read, judge or print.
 */
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "model/module_file.h"

static const struct source_result unread = { -ENODATA, "nothing" };

static const char *const lockdown_names[] = {
	[LOCKDOWN_CONFIDENTIALITY] = "confidentiality",
	[LOCKDOWN_INTEGRITY] = "integrity",
	[LOCKDOWN_NONE] = "none",
};
_Static_assert(ARRAY_SIZE(lockdown_names) == LOCKDOWN_COUNT, "one name per mode");

const char *lockdown_name(enum lockdown mode)
{
	return lockdown_names[mode];
}

void module_list_init(struct module_list *list)
{
	*list = (struct module_list){ .procfs_result = unread, .sysfs_result = unread };
}

void module_list_clear(struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		module_file_free(list->records[i].file);
		free(list->records[i].loaded);
	}
	text_clear(&list->text);
	text_clear(&list->unlisted_names);
	free(list->records);
	free(list->unlisted);
	module_list_init(list);
}

void unloaded_list_init(struct unloaded_list *list)
{
	*list = (struct unloaded_list){ .result = unread };
}

void unloaded_list_clear(struct unloaded_list *list)
{
	text_clear(&list->text);
	free(list->records);
	unloaded_list_init(list);
}

void snapshot_init(struct snapshot *snapshot)
{
	*snapshot = (struct snapshot){
		.mask_result = unread,
		.release_result = unread,
		.files_result = unread,
		.posture_result = unread,
		.log_result = unread,
	};
	module_list_init(&snapshot->modules);
	unloaded_list_init(&snapshot->unloaded);
}

void snapshot_clear(struct snapshot *snapshot)
{
	text_clear(&snapshot->release);
	module_list_clear(&snapshot->modules);
	unloaded_list_clear(&snapshot->unloaded);
	snapshot_init(snapshot);
}

/* Makes room for one more element. 0 or -ENOMEM. */
static int grow(void **array, size_t count, size_t *capacity, size_t element_size)
{
	size_t wanted = *capacity ? *capacity * 2 : 64;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*array, wanted, element_size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*capacity = wanted;
	return 0;
}

struct module_record *module_list_add(struct module_list *list)
{
	struct module_record *record;

	if (grow((void **)&list->records, list->count, &list->capacity, sizeof(*record)) <
	    0)
		return NULL;
	record = &list->records[list->count++];
	*record = (struct module_record){ 0 };
	return record;
}

struct unloaded_record *unloaded_list_add(struct unloaded_list *list)
{
	struct unloaded_record *record;

	if (grow((void **)&list->records, list->count, &list->capacity, sizeof(*record)) <
	    0)
		return NULL;
	record = &list->records[list->count++];
	*record = (struct unloaded_record){ 0 };
	return record;
}

int module_list_add_unlisted(struct module_list *list, const char *name, uint64_t inode)
{
	struct text *names = &list->unlisted_names;
	size_t offset = names->length;

	if (grow((void **)&list->unlisted, list->unlisted_count, &list->unlisted_capacity,
	         sizeof(*list->unlisted)) < 0)
		return -ENOMEM;
	text_add(names, name, strlen(name) + 1);
	if (names->error)
		return names->error;
	list->unlisted[list->unlisted_count++] = (struct module_unlisted){
		.name_offset = offset,
		.inode = inode,
	};
	return 0;
}

const char *module_list_unlisted_name(const struct module_list *list, size_t index)
{
	return text_string(&list->unlisted_names) + list->unlisted[index].name_offset;
}

bool module_record_is_disagreeing(const struct module_record *record)
{
	return record->in_sysfs &&
	       !taint_letters_is_equal(&record->letters, &record->sysfs_letters);
}
