/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loaded modules, from both sides. Knows how procfs and sysfs change under a reader;
 * must not know what letters mean.
 */
#include "sources/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "sources/procfs.h"
#include "sources/sysfs.h"

/* How often the list is read again when modules come and go meanwhile. */
#define READ_ATTEMPTS 4

/*
 * A suspicion needs so many looks in a row that list the same modules and confirm it: a
 * single one may be torn in a way that cannot be seen, by a module that leaves the
 * kernel's list after its record did. Where the list never rests, so many looks have to
 * show it.
 */
#define CONFIRMATIONS 2
#define LOOKS_MAX     8

/* How many modules may be loaded between two pieces of the list and be noticed. */
#define DOUBLES_MAX 8

/* The built-in folders are counted again after this time. */
#define COUNT_LIFETIME (60 * CLOCK_SECOND)

struct folder_entry {
	const char *folder;
	struct module_record *record;
};

/* The listed modules by the names of their folders in sysfs, which has '!' for '/'. */
struct folder_index {
	struct text names; /* each with a NUL behind it */
	struct folder_entry *entries;
	size_t count;
};

static void folder_index_clear(struct folder_index *index)
{
	text_clear(&index->names);
	free(index->entries);
}

static int compare_entries(const void *a, const void *b)
{
	const struct folder_entry *x = a, *y = b;

	return strcmp(x->folder, y->folder);
}

static int folder_index_init(struct folder_index *index, const struct module_list *list)
{
	size_t count = list->count;
	char *folder;

	*index = (struct folder_index){ .count = count };
	index->entries = calloc(count + 1, sizeof(*index->entries));
	if (!index->entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		text_add(&index->names, list->records[i].name,
		         list->records[i].name_length);
		text_add(&index->names, "", 1);
	}
	if (index->names.error)
		return index->names.error;

	folder = index->names.data;
	for (size_t i = 0; i < count; i++) {
		index->entries[i] = (struct folder_entry){ folder, &list->records[i] };
		for (size_t k = 0; k < list->records[i].name_length; k++)
			if (folder[k] == '/')
				folder[k] = '!';
		folder += list->records[i].name_length + 1;
	}
	qsort(index->entries, index->count, sizeof(*index->entries), compare_entries);
	return 0;
}

static bool folder_index_has(const struct folder_index *index, const char *folder)
{
	const struct folder_entry key = { .folder = folder };

	return bsearch(&key, index->entries, index->count, sizeof(*index->entries),
	               compare_entries) != NULL;
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV;
}

static bool is_same_name(const struct module_record *a, const struct module_record *b)
{
	return a->name_length == b->name_length &&
	       memcmp(a->name, b->name, a->name_length) == 0;
}

/*
 * The kernel gives the list in pieces of a page, newest module first. A module that is
 * loaded between two pieces moves the others back, so that the next piece begins with
 * what the last one ended with; one that is removed moves them forward, over the gap,
 * unseen. Both together leave the number right and the list wrong. Drops the doubles;
 * says whether there were any.
 */
static bool drop_doubles(struct module_list *list)
{
	size_t kept = 0, count = list->count;

	for (size_t i = 0; i < count; i++) {
		size_t first = kept > DOUBLES_MAX ? kept - DOUBLES_MAX : 0, k = kept;

		while (k > first &&
		       !is_same_name(&list->records[k - 1], &list->records[i]))
			k--;
		if (k == first)
			list->records[kept++] = list->records[i];
	}
	list->count = kept;
	return kept < count;
}

/*
 * Reads /proc/modules between two looks at the number of folders, until nothing came or
 * went in the middle.
 */
static int read_list(struct hostfs *fs, struct module_list *list, uint64_t *ret_folders)
{
	uint64_t before, after;
	int r, counted;
	bool is_torn;

	for (int attempt = 1;; attempt++) {
		before = after = 0;
		counted = sysfs_folder_count_read(fs, &before);
		r = procfs_modules_read(fs, list);
		is_torn = r == -EBADMSG || (r == 0 && drop_doubles(list));
		if (counted == 0)
			counted = sysfs_folder_count_read(fs, &after);
		if ((!is_torn && before == after) || attempt == READ_ATTEMPTS)
			break;
	}
	list->sysfs_result = (struct source_result){ counted, "module" };
	*ret_folders = after;
	return r;
}

static void read_letters(struct hostfs *fs, bool every, struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct module_record *record = &list->records[i];
		int r;

		if (!every && taint_letters_is_empty(&record->letters))
			continue;
		r = sysfs_letters_read(fs, record->name, record->name_length,
		                       &record->sysfs_letters);
		if (r == 0 &&
		    !taint_letters_is_equal(&record->letters, &record->sysfs_letters))
			r = sysfs_letters_inode_read(fs, record->name,
			                             record->name_length,
			                             &record->sysfs_inode);
		record->in_sysfs = r == 0;
		if (r < 0 && !is_gone(r)) {
			list->sysfs_result =
				(struct source_result){ r, "module/*/taint" };
			return;
		}
	}
}

/* Opens every folder that is not a listed module's: is it built in, or hidden? */
static int read_unlisted(struct hostfs *fs, struct modules_memory *memory,
                         struct module_list *list)
{
	_cleanup_(folder_index_clear) struct folder_index index = { 0 };
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	uint64_t built_in = 0;
	size_t found = 0;
	int r;

	r = folder_index_init(&index, list);
	if (r < 0)
		return r;
	r = sysfs_folder_names_read(fs, &names);
	if (r < 0)
		return r;

	for (const char *folder = text_string(&names), *end = folder + names.length;
	     folder < end; folder += strlen(folder) + 1) {
		uint64_t inode;

		if (folder_index_has(&index, folder)) {
			found++;
			continue;
		}
		r = sysfs_initstate_inode_read(fs, folder, &inode);
		if (r == 0)
			r = module_list_add_unlisted(list, folder, inode);
		else if (is_gone(r))
			built_in++;
		if (r < 0 && !is_gone(r) && r != -ENOTDIR)
			return r;
	}
	/* Of a listed module without a folder the count would hide a hidden one. */
	*memory = (struct modules_memory){
		.built_in = built_in,
		.counted_at = found == list->count ? clock_monotonic() : 0,
	};
	return 0;
}

static bool is_settled(const struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->records[i].is_live)
			return false;
	return true;
}

/* One look at everything. */
static void look(struct hostfs *fs, struct modules_memory *memory, bool every,
                 bool has_procfs, struct module_list *list)
{
	uint64_t folders;
	int r;

	list->procfs_result.file = "modules";
	list->procfs_result.error = read_list(fs, list, &folders);
	if (list->procfs_result.error == -ENOENT && has_procfs) {
		/* Built without loadable modules: nothing can be loaded, or hidden. */
		list->procfs_result.error = list->sysfs_result.error = 0;
		return;
	}
	if (list->procfs_result.error < 0)
		return;
	list->support = true;

	if (list->sysfs_result.error == 0)
		read_letters(fs, every, list);
	if (list->sysfs_result.error < 0)
		return;
	/* What is going may have no folder any more: then the numbers mean nothing. */
	if (is_settled(list) && folders == memory->built_in + list->count &&
	    memory->counted_at && clock_monotonic() - memory->counted_at < COUNT_LIFETIME)
		return;
	r = read_unlisted(fs, memory, list);
	if (r < 0)
		list->sysfs_result = (struct source_result){ r, "module/*/initstate" };
}

/* Whether a whole look shows something that has to be confirmed. */
static bool is_suspicious(const struct module_list *list)
{
	if (list->procfs_result.error < 0 || list->sysfs_result.error < 0)
		return false;
	if (list->unlisted_count)
		return true;
	for (size_t i = 0; i < list->count; i++)
		if (module_record_is_disagreeing(&list->records[i]))
			return true;
	return false;
}

static int compare_inodes(const void *a, const void *b)
{
	const struct module_unlisted *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/*
 * Of the unlisted keeps those with the same inode: such a module was there all the time,
 * and unlisted in the middle of it. Sorts FIRST.
 */
static int confirm_unlisted(struct hostfs *fs, struct module_list *first,
                            struct module_list *list)
{
	size_t confirmed = 0;
	int r;

	if (!first->unlisted_count) {
		list->unlisted_count = 0;
		return 0;
	}
	qsort(first->unlisted, first->unlisted_count, sizeof(*first->unlisted),
	      compare_inodes);
	for (size_t i = 0; i < list->unlisted_count; i++) {
		if (!bsearch(&list->unlisted[i], first->unlisted, first->unlisted_count,
		             sizeof(*first->unlisted), compare_inodes))
			continue;
		r = sysfs_is_live_read(fs, module_list_unlisted_name(list, i));
		if (r < 0 && !is_gone(r))
			return r;
		if (r == 1)
			list->unlisted[confirmed++] = list->unlisted[i];
	}
	list->unlisted_count = confirmed;
	return 0;
}

/* A module that disagreed in one look only counts as not compared. 0 or -ENOMEM. */
static int confirm_disagreeing(const struct module_list *first, struct module_list *list)
{
	_cleanup_(folder_index_clear) struct folder_index old = { 0 }, new = { 0 };
	size_t k = 0;
	int r;

	r = folder_index_init(&old, first);
	if (r < 0)
		return r;
	r = folder_index_init(&new, list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < new.count; i++) {
		struct module_record *record = new.entries[i].record;

		while (k < old.count &&
		       strcmp(old.entries[k].folder, new.entries[i].folder) < 0)
			k++;
		if (module_record_is_disagreeing(record) &&
		    (k == old.count ||
		     strcmp(old.entries[k].folder, new.entries[i].folder) != 0 ||
		     !module_record_is_disagreeing(old.entries[k].record) ||
		     old.entries[k].record->sysfs_inode != record->sysfs_inode))
			record->in_sysfs = false;
	}
	return 0;
}

/* Whether the two looks listed the same modules in the same order. */
static bool is_same_list(const struct module_list *a, const struct module_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!is_same_name(&a->records[i], &b->records[i]))
			return false;
	return true;
}

static void confirm(struct hostfs *fs, struct module_list *first,
                    struct module_list *list)
{
	int r = confirm_unlisted(fs, first, list);

	if (r == 0)
		r = confirm_disagreeing(first, list);
	if (r < 0)
		list->sysfs_result = (struct source_result){ r, "module/*/initstate" };
}

void modules_read(struct hostfs *fs, struct modules_memory *memory, bool every,
                  struct snapshot *snapshot)
{
	_cleanup_(module_list_clear) struct module_list before;
	struct module_list *list = &snapshot->modules;
	bool has_procfs =
		snapshot->release_result.error == 0 || snapshot->mask_result.error == 0;
	int confirmed = 0;

	module_list_init(&before);
	look(fs, memory, every, has_procfs, list);
	for (int looks = 1;
	     looks < LOOKS_MAX && confirmed < CONFIRMATIONS && is_suspicious(list);
	     looks++) {
		module_list_clear(&before);
		before = *list;
		module_list_init(list);
		memory->counted_at = 0;
		look(fs, memory, every, has_procfs, list);
		confirm(fs, &before, list);
		confirmed = is_same_list(&before, list) ? confirmed + 1 : 0;
	}
}
