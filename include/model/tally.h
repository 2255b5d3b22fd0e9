/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often what was announced, of which module, and when first. Of a fixed size,
 * whatever a log holds: names come from the log, and are hostile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/announcement.h"

/* Longer than any module's name (MODULE_NAME_LEN, include/linux/module.h), with a NUL. */
#define TALLY_MODULE_SIZE 64

/* So many pairs of announcement and module, and one more per announcement for the rest.
 */
#define TALLY_PAIRS       128
#define TALLY_ENTRIES_MAX (TALLY_PAIRS + ANNOUNCEMENT_COUNT)

struct tally_entry {
	enum announcement announcement;
	/* Clean (utf8.h); "": none, or the rest. */
	char module[TALLY_MODULE_SIZE];
	uint64_t count;
	uint64_t first; /* the time that was given with the first one */
};

/* All zero at first. May be copied. */
struct tally {
	struct tally_entry entries[TALLY_ENTRIES_MAX]; /* as they came */
	size_t count;
};

/*
 * Counts one. A MODULE whose clean form is too long, and any new one once there are
 * TALLY_PAIRS, is counted under "". The index of its entry.
 */
size_t tally_add(struct tally *tally, enum announcement announcement, const char *module,
                 size_t length, uint64_t time);

/* Orders the entries by announcement_name() and module, bytewise. */
void tally_sort(struct tally *tally);

/* Whether there is an entry for this announcement, of any module. */
bool tally_has_event(const struct tally *tally, enum announcement announcement);

/* Whether there is an entry for just this announcement and module. */
bool tally_has(const struct tally *tally, enum announcement announcement,
               const char *module, size_t length);
