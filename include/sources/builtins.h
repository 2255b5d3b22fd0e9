/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that are built into a kernel, of one release (Documentation/kbuild/
 * kbuild.rst):
 *
 *   modules.builtin          "kernel/fs/ext4/ext4.ko", one path a line: where the module
 *                            would be, below the release's folder
 *   modules.builtin.modinfo  Linux 5.2: "ext4.license=GPL" and so on, with a NUL behind
 *
 * Lines and records of another form are ignored, as is one that is cut off. What has
 * neither license nor file in the second one is no module: parameters are of all code.
 */
#pragma once

#include "base/text.h"

struct hostfs;
struct module_file;

struct builtins {
	int error; /* why neither could be read; 0 */
	struct text paths, records;
};

/*
 * Reads both from lib/modules/RELEASE below the root into an empty struct, as far as they
 * are there.
 */
void builtins_read(struct hostfs *fs, const char *release, struct builtins *builtins);
void builtins_clear(struct builtins *builtins);

/*
 * Makes a file, which is pending, of what is said of module NAME, in which '-' and '_'
 * are the same: the path as modules.builtin has it, or "", license and version. 0;
 * -ENOENT: neither has it; -ENOMEM.
 */
int builtins_find(const struct builtins *builtins, const char *name,
                  struct module_file **ret_file);
