/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which build of a module is loaded: /sys/module/NAME/notes/.note.gnu.build-id (the note
 * as it is in the file; Linux 2.6.23) and /sys/module/NAME/srcversion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct hostfs;
struct module_build;
struct snapshot;

/*
 * Reads the build of module NAME, as /proc/modules has the name. What is not there is
 * left empty; where the build ID cannot be read, all is, for the same sources are built
 * more than once.
 */
void builds_read(struct hostfs *fs, const char *name, size_t length,
                 struct module_build *ret_build);

/*
 * Sets the loaded build of the modules whose file tells its own: of the tainting ones, or
 * with EVERY of all. Lack of memory leaves some unknown.
 */
void builds_fill(struct hostfs *fs, bool every, struct snapshot *snapshot);
