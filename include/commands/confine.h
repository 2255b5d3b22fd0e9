/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each command may touch, and that it touches nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "web/sandbox.h"

struct options;

/*
 * Enters the sandbox (web/sandbox.h), unless the options are without it: then
 * RET_IN_FORCE stays as it is. To be called when all that is read only once was read and
 * all sockets listen, before threads are started and strangers are listened to.
 *
 * Left open for reading are --path.procfs, --path.sysfs, /proc, with the collector
 * signature the folders of modules below --path.rootfs, and EXTRA; for once the folder of
 * --output, for writing, too.
 * 0; -errno after an error line.
 */
int confine(const struct options *options, const struct sandbox_path *extra, size_t count,
            bool ret_in_force[SANDBOX_LAYER_COUNT]);
