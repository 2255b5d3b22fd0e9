/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around the process, each by itself useful: no new privileges, no core dumps,
 * no capabilities (capabilities(7)), only the files that are named (landlock(7)), only
 * the system calls that are needed (seccomp(2)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/sandbox_layer.h"

/* What may be touched. */
struct sandbox_path {
	const char *path; /* a file, or a folder with all below it */
	bool is_writable; /* files in it may be made, written, replaced and removed, too
	                   */
};

/*
 * Shuts the walls for this thread and those that it starts afterwards; cannot be undone.
 * Nothing is left open beyond PATHS, of which those that are missing are left out, with a
 * warning. A layer that this kernel lacks is left out, with a warning that says what is
 * not guarded, and the others are still applied. 0, or -errno after an error line: what
 * the kernel has could not be applied, and the process should not go on.
 */
int sandbox_enter(const struct sandbox_path *paths, size_t count,
                  bool ret_in_force[SANDBOX_LAYER_COUNT]);
