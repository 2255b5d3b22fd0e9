/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall around files, by landlock(7): what is not named can be neither opened nor
 * made nor removed, whoever the user is. What is open already stays so.
 *
 * Kernels know more of it from release to release: no new TCP sockets from 6.7 on, no
 * ioctl() on devices from 6.10, no abstract Unix sockets and signals of others from 6.12.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What may be touched. */
struct sandbox_path {
	const char *path; /* a file, or a folder with all below it */
	bool is_writable; /* files in it may be made, written, replaced, removed, too */
};

/*
 * Shuts the wall for this thread and those that it starts afterwards, which needs
 * PR_SET_NO_NEW_PRIVS. A path that cannot be found is left out. 1: in force; 0: this
 * kernel has no Landlock, after a warning; -errno after an error line.
 */
int landlock_enter(const struct sandbox_path *paths, size_t count);
