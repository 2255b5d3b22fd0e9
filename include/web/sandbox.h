/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around the process, each by itself useful: no new privileges, no core dumps,
 * no capabilities (capabilities(7)), only the files that are named (landlock.h), only the
 * system calls that are needed (seccomp.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/sandbox_layer.h"
#include "web/landlock.h"

struct sandbox_settings {
	const struct sandbox_path *paths;
	size_t count;
	bool is_above_modes; /* as far as it is, it stays so: CAP_DAC_OVERRIDE is kept */
};

/*
 * Shuts the walls for this thread and those that it starts afterwards; cannot be undone.
 * Nothing can be opened beyond PATHS; those that are missing stay out of reach. A layer
 * that this kernel lacks is left out, with a warning that says what is not guarded, and
 * the others are still applied. 0, or -errno after an error line: what the kernel has
 * could not be applied, and the process should not go on.
 */
int sandbox_enter(const struct sandbox_settings *settings,
                  bool ret_in_force[SANDBOX_LAYER_COUNT]);
