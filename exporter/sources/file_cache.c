/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the loaded modules said. Knows when one has to be looked at again;
 * what is seen there is signature's matter.
 */
#include "sources/file_cache.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "sources/module_names.h"
#include "sources/modules_dep.h"
#include "sources/pkcs7.h"
#include "sources/signature.h"

/*
 * A file that changed so shortly before it was read may be written to again within the
 * tick of its time stamp, unseen.
 */
#define FRESH CLOCK_SECOND

/* A loaded module. */
struct entry {
	const char *name; /* in the names */
	char *path;       /* from the host's root; NULL: it has none, error says why */
	int error;
	bool is_sought; /* modules.dep lacks it: its path comes from name= */
	bool is_kept;   /* the file is good as long as the identity is the same */
	struct hostfs_identity identity;
	struct module_file *file; /* held; NULL: not looked at yet */
};

struct file_cache {
	struct hostfs *fs;
	struct trust *trust; /* held */
	struct signature_reader reader;
	struct modinfo_log log;

	/* What the entries were made from. */
	bool is_placed;
	struct text release, names;
	int dep_error; /* of a look at modules.dep */
	struct hostfs_identity dep_identity;
	int place_error;                /* of reading it */
	struct module_names candidates; /* of this modules.dep */
	struct entry *entries;
	size_t count;
	bool is_seeking; /* an entry is sought */
	bool has_read;   /* a file, since memory was given back */
};

static void clear_entry(struct entry *entry)
{
	module_file_free(entry->file);
	free(entry->path);
	*entry = (struct entry){ 0 };
}

static void entries_free(struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		clear_entry(&entries[i]);
	free(entries);
}

static void forget(struct file_cache *cache)
{
	entries_free(cache->entries, cache->count);
	cache->entries = NULL;
	cache->count = 0;
	text_clear(&cache->release);
	text_clear(&cache->names);
}

static void say(const struct file_cache *cache, const char *path, const char *what,
                int error)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;

	text_add_string(&line, path);
	text_add_string(&line, ": ");
	text_add_string(&line, what);
	text_add_string(&line, ": ");
	text_add_string(&line, error_words(error));
	if (!line.error)
		cache->log.write(cache->log.context, true, text_string(&line));
}

/* Puts FILE, which it takes, in the entry's place; says so if it cannot be read. */
static void set_file(const struct file_cache *cache, struct entry *entry,
                     struct module_file *file)
{
	bool is_news = !entry->file || entry->file->error != file->error ||
	               entry->file->signature != file->signature;

	/* Without a path it is modules.dep that could not be read. */
	if (is_news && file->signature == MODULE_SIGNATURE_UNREADABLE && *file->path)
		say(cache, file->path, "cannot be read", file->error);
	if (is_news && file->signature == MODULE_SIGNATURE_MALFORMED)
		say(cache, file->path, "is malformed", -EBADMSG);
	module_file_free(entry->file);
	entry->file = file;
}

/* The entry has no file that could be read, for this reason. */
static void set_failure(const struct file_cache *cache, struct entry *entry, int error)
{
	struct module_file *file;

	entry->is_kept = false;
	if (entry->file && entry->file->error == error)
		return;
	file = module_file_new(error_is_missing(error) || !entry->path ? ""
	                                                               : entry->path);
	if (!file) {
		entry->file = module_file_free(entry->file);
		return;
	}
	file->error = error;
	file->signature = error_is_missing(error) ? MODULE_SIGNATURE_MISSING
	                                          : MODULE_SIGNATURE_UNREADABLE;
	set_file(cache, entry, file);
}

/* Whether a file that changed then may be taken for what it was when it was read. */
static bool is_settled(const struct hostfs_identity *identity)
{
	int64_t age = (int64_t)clock_realtime() - identity->changed;

	return age > (int64_t)FRESH || age < -(int64_t)FRESH;
}

static void inspect(struct file_cache *cache, struct entry *entry,
                    const struct hostfs_identity *identity)
{
	_cleanup_(close_descriptor) int fd = -1;
	struct module_file *file;
	/* Reading may take longer than a file is fresh. */
	bool was_settled = is_settled(identity);
	int r = hostfs_open(cache->fs, HOSTFS_ROOTFS, entry->path, &fd);

	if (r < 0) {
		set_failure(cache, entry, r);
		return;
	}
	file = module_file_new(entry->path);
	r = file ? signature_read(&cache->reader, fd, file) : -ENOMEM;
	if (r == -ECANCELED) { /* nobody asks any more */
		module_file_free(file);
		entry->is_kept = false;
		return;
	}
	if (r < 0) {
		module_file_free(file);
		set_failure(cache, entry, r);
		return;
	}
	set_file(cache, entry, file);
	cache->has_read = true;
	entry->identity = *identity;
	entry->is_kept = was_settled && signature_error_is_lasting(file->error);
}

bool file_cache_search(struct file_cache *cache)
{
	const struct module_names_file *failed = NULL;
	int r = 0;

	if (cache->is_seeking)
		r = module_names_read(&cache->candidates, cache->fs, &cache->reader,
		                      &failed);
	if (failed)
		say(cache, failed->path, "cannot be read", failed->error);
	cache->has_read = cache->has_read || r > 0;
	return r > 0;
}

/* Brings the path of one that is sought up to date. False: it is not known yet. */
static bool locate(struct file_cache *cache, struct entry *entry)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	size_t length;
	int r;

	while (file_cache_search(cache))
		;
	r = module_names_find(&cache->candidates, cache->fs, entry->name, &path);
	if (r == -EAGAIN || r == -ENOMEM)
		return false;
	entry->error = r;
	if (r == 0 && entry->path && strcmp(entry->path, text_string(&path)) == 0)
		return true;
	/* The entry was about a file with another path. */
	if (entry->path)
		entry->file = module_file_free(entry->file);
	free(entry->path);
	entry->path = text_take(&path, &length);
	entry->is_kept = false;
	return true;
}

/* Brings the entry up to date: usually a look at the identity is all. */
static void check(struct file_cache *cache, struct entry *entry)
{
	struct hostfs_identity identity;
	int r;

	do {
		if (entry->is_sought && !locate(cache, entry))
			return;
		if (!entry->path) {
			set_failure(cache, entry, entry->error);
			return;
		}
		r = hostfs_identity_read(cache->fs, HOSTFS_ROOTFS, entry->path,
		                         &identity);
		if (r < 0) {
			set_failure(cache, entry, r);
			return;
		}
		if (entry->is_kept &&
		    hostfs_identity_is_equal(&identity, &entry->identity))
			return;
		inspect(cache, entry, &identity);
	} while (entry->is_sought && entry->file &&
	         module_names_update(&cache->candidates, entry->file));
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* What is known of a file stays known if the module's file is the same one. */
static void take_over(struct entry *entry, struct entry *old)
{
	/* Without a file: one that is listed twice took it. */
	if (!old->file || entry->is_sought != old->is_sought)
		return;
	if (entry->is_sought) {
		entry->path = old->path;
		old->path = NULL;
	} else if (!entry->path || !old->path || strcmp(entry->path, old->path) != 0) {
		return;
	}
	entry->is_kept = old->is_kept;
	entry->identity = old->identity;
	entry->file = old->file;
	old->file = NULL;
}

/* For each of COUNT names, which stay where they are. NULL: no memory. */
static struct entry *entries_new(const char *names, size_t count,
                                 const struct modules_dep *dep, int dep_error)
{
	struct entry *entries = calloc(count + 1, sizeof(*entries));
	const char *name = names;

	for (size_t i = 0; entries && i < count; i++) {
		struct text path = TEXT_INIT;
		size_t length;

		entries[i].name = name;
		entries[i].error = dep_error;
		if (dep_error == 0)
			entries[i].error =
				modules_dep_find(dep, name, strlen(name), &path);
		if (entries[i].error == -ENOMEM) {
			text_clear(&path);
			entries_free(entries, i);
			return NULL;
		}
		entries[i].is_sought = dep_error == 0 && entries[i].error == -ENOENT;
		entries[i].path = text_take(&path, &length);
		name += strlen(name) + 1;
	}
	return entries;
}

/* A file that modules.dep has under a module's name is no candidate for another's. */
static void claim_files(struct file_cache *cache)
{
	cache->is_seeking = false;
	module_names_unclaim(&cache->candidates);
	for (size_t i = 0; i < cache->count; i++) {
		if (cache->entries[i].is_sought)
			cache->is_seeking = true;
		else if (cache->entries[i].path)
			module_names_claim(&cache->candidates, cache->entries[i].path);
	}
}

/* Finds the places of the modules. 0 or -ENOMEM. */
static int place(struct file_cache *cache, const char *release, const struct text *names,
                 size_t count, int dep_error)
{
	_cleanup_(modules_dep_clear) struct modules_dep dep = { 0 };
	_cleanup_(text_clear) struct text names_copy = TEXT_INIT;
	_cleanup_(text_clear) struct text release_copy = TEXT_INIT;
	struct entry *entries;

	if (dep_error == 0)
		dep_error = modules_dep_read(cache->fs, release, &dep);
	if (dep_error != cache->place_error && dep_error < 0 &&
	    !error_is_missing(dep_error))
		say(cache, "modules.dep", "cannot be read", dep_error);
	cache->place_error = dep_error;
	text_add(&names_copy, text_string(names), names->length);
	text_add_string(&release_copy, release);
	if (names_copy.error || release_copy.error)
		return -ENOMEM;
	if (!cache->candidates.is_listed && dep_error == 0 &&
	    module_names_list(&dep, &cache->candidates) < 0)
		return -ENOMEM;
	entries = entries_new(text_string(&names_copy), count, &dep, dep_error);
	if (!entries)
		return -ENOMEM;

	if (cache->count)
		qsort(cache->entries, cache->count, sizeof(*entries), compare_entries);
	for (size_t i = 0; cache->count && i < count; i++) {
		struct entry *old = bsearch(&entries[i], cache->entries, cache->count,
		                            sizeof(*entries), compare_entries);

		if (old)
			take_over(&entries[i], old);
	}
	forget(cache);
	cache->entries = entries;
	cache->count = count;
	claim_files(cache);
	cache->names = names_copy;
	cache->release = release_copy;
	names_copy = release_copy = TEXT_INIT;
	return 0;
}

int file_cache_place(struct file_cache *cache, const char *release,
                     const struct text *names, size_t count)
{
	struct hostfs_identity identity = { 0 };
	bool was_settled, is_same_dep;
	int r, dep_error;

	hostfs_begin(cache->fs, UINT64_MAX);
	r = hostfs_root_check(cache->fs, HOSTFS_ROOTFS);
	if (r < 0)
		return r;
	dep_error = modules_dep_identity_read(cache->fs, release, &identity);
	is_same_dep = cache->is_placed && dep_error == cache->dep_error &&
	              hostfs_identity_is_equal(&identity, &cache->dep_identity) &&
	              strcmp(release, text_string(&cache->release)) == 0;
	if (is_same_dep && text_is_equal(names, &cache->names))
		return 0;
	if (!is_same_dep)
		module_names_clear(&cache->candidates);
	was_settled = is_settled(&identity);
	r = place(cache, release, names, count, dep_error);
	cache->is_placed = r == 0 && cache->place_error == dep_error && was_settled;
	cache->dep_error = dep_error;
	cache->dep_identity = identity;
	return r;
}

bool file_cache_is_sought(const struct file_cache *cache, size_t index)
{
	return cache->entries[index].is_sought;
}

struct module_file *file_cache_check(struct file_cache *cache, size_t index)
{
	check(cache, &cache->entries[index]);
	return cache->entries[index].file;
}

void file_cache_rest(struct file_cache *cache)
{
	if (cache->has_read)
		malloc_trim(0);
	cache->has_read = false;
}

int file_cache_new(const struct file_cache_settings *settings, const atomic_bool *stop,
                   struct file_cache **ret_cache)
{
	struct file_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	cache->log = settings->log;
	cache->trust = trust_hold(settings->trust);
	cache->reader.trust = cache->trust;
	cache->reader.stop = stop;
	r = hostfs_new(settings->paths, &cache->fs);
	if (r == 0)
		r = modinfo_new(&settings->log, &cache->reader.modinfo);
	if (r < 0) {
		file_cache_free(cache);
		return r;
	}
	*ret_cache = cache;
	return 0;
}

struct file_cache *file_cache_free(struct file_cache *cache)
{
	if (!cache)
		return NULL;
	forget(cache);
	module_names_clear(&cache->candidates);
	hostfs_free(cache->fs);
	modinfo_free(cache->reader.modinfo);
	trust_free(cache->trust);
	free(cache);
	return NULL;
}
