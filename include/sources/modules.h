/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loaded modules: /proc/modules held against /sys/module.
 *
 * Both change while they are read. The list is read again until the number of folders in
 * /sys/module is the same before and after, and no module is listed twice. What looks
 * hidden or disagreeing is only kept if it shows, of the same sysfs object, in three
 * looks in a row that list the same modules, or in many while modules come and go.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hostfs;
struct snapshot;

/*
 * What outlives a scrape: how many folders of /sys/module are built in. While the folders
 * are just those and one per listed module, nothing is hidden and no folder is opened; at
 * least once a minute they are anyway. All zero at first.
 */
struct modules_memory {
	uint64_t built_in;
	uint64_t counted_at; /* clock_monotonic(), 0: never */
};

/*
 * Fills the snapshot's modules; its release and mask must have been read, for without one
 * of them a missing /proc/modules proves nothing. EVERY compares the letters of every
 * module with sysfs, else only those that /proc/modules gives letters.
 */
void modules_read(struct hostfs *fs, struct modules_memory *memory, bool every,
                  struct snapshot *snapshot);
