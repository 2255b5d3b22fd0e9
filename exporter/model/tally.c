/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting within bounds. Must not know where announcements come from.
 */
#include "model/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

/* The clean form of MODULE; "" if there is none that fits. */
static void clean(const char *module, size_t length, char name[TALLY_MODULE_SIZE])
{
	/* Room for whatever a module becomes, so that no memory is asked for: what found
	 * none would be counted under another name. */
	char room[TALLY_MODULE_SIZE * sizeof(UTF8_REPLACEMENT)] = "";
	struct text text = { .data = room, .capacity = sizeof(room) };

	name[0] = '\0';
	/* A clean form is never shorter. */
	if (length >= TALLY_MODULE_SIZE)
		return;
	utf8_add_clean(&text, module, length);
	if (text.length < TALLY_MODULE_SIZE)
		memcpy(name, room, text.length + 1);
}

/* The index of the entry; the count if there is none. */
static size_t find(const struct tally *tally, enum announcement announcement,
                   const char *name)
{
	size_t i = 0;

	while (i < tally->count && (tally->entries[i].announcement != announcement ||
	                            strcmp(tally->entries[i].module, name) != 0))
		i++;
	return i;
}

/* How many entries have a module. */
static size_t count_pairs(const struct tally *tally)
{
	size_t count = 0;

	for (size_t i = 0; i < tally->count; i++)
		count += tally->entries[i].module[0] != '\0';
	return count;
}

size_t tally_add(struct tally *tally, enum announcement announcement, const char *module,
                 size_t length, uint64_t time)
{
	char name[TALLY_MODULE_SIZE];
	size_t at;

	clean(module, length, name);
	at = find(tally, announcement, name);
	if (at == tally->count && name[0] && count_pairs(tally) == TALLY_PAIRS) {
		name[0] = '\0';
		at = find(tally, announcement, name);
	}
	if (at == tally->count) {
		struct tally_entry *entry = &tally->entries[tally->count++];

		*entry = (struct tally_entry){ .announcement = announcement,
			                       .first = time };
		memcpy(entry->module, name, sizeof(name));
	}
	tally->entries[at].count++;
	return at;
}

bool tally_has(const struct tally *tally, enum announcement announcement,
               const char *module, size_t length)
{
	char name[TALLY_MODULE_SIZE];

	clean(module, length, name);
	return find(tally, announcement, name) < tally->count;
}

bool tally_has_event(const struct tally *tally, enum announcement announcement)
{
	size_t i = 0;

	while (i < tally->count && tally->entries[i].announcement != announcement)
		i++;
	return i < tally->count;
}

static int compare(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;
	int order = strcmp(announcement_name(x->announcement),
	                   announcement_name(y->announcement));

	return order ? order : strcmp(x->module, y->module);
}

void tally_sort(struct tally *tally)
{
	qsort(tally->entries, tally->count, sizeof(tally->entries[0]), compare);
}
