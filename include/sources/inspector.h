/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the files of modules, through the cache, in a thread of its own, so that a
 * scrape never waits for a disk.
 *
 * One thread asks, one at a time; the answers may be held as long as one likes.
 */
#pragma once

#include <stdint.h>

struct file_cache_settings;
struct inspector; /* opaque */
struct snapshot;

/*
 * Starts the thread, with the caller's blocked signals. The settings' log is called from
 * it. 0 or -errno.
 */
int inspector_new(const struct file_cache_settings *settings,
                  struct inspector **ret_inspector);

/*
 * Ends the thread. One that does not answer within a second, because its disk does not
 * answer, is left behind with what it needs: the process is about to end. Takes NULL;
 * returns NULL.
 */
struct inspector *inspector_free(struct inspector *inspector);

/*
 * Sets the file of each listed module, and files_result. Waits until DEADLINE
 * (clock_monotonic()) for files that have to be read; those that are not ready then are
 * pending. After a wait in vain no other one waits until the thread has caught up: who
 * asks meanwhile gets what is known by then, and who comes before the thread has begun to
 * look again gets what it saw last.
 */
void inspector_read(struct inspector *inspector, uint64_t deadline,
                    struct snapshot *snapshot);
