/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file of sysfs that is not there is hidden from this process, or is none of
 * this kernel's. Container runtimes mount an empty folder over /sys/firmware (runc,
 * containerd, CRI-O and Podman: maskedPaths) and leave the mount points of securityfs and
 * efivarfs empty; AppArmor's profile for containers and InaccessiblePaths= of systemd
 * deny what is in a folder.
 */
#pragma once

#include "model/snapshot.h"

struct hostfs;

/*
 * Whether this process sees what is in FOLDER, a path in sysfs. Its first part must be a
 * folder that every kernel makes at boot, such as "firmware" (drivers/base/firmware.c) or
 * "kernel" (kernel/ksysfs.c).
 *
 * 0: it does, and a file that is not there is none of this kernel's. -ENOENT: the kernel
 * does not have the folder. -EACCES: the folder is hidden, for the last part of its path
 * that is there is empty or may not be read, or none is there. Otherwise the error of
 * looking.
 *
 * Three kernels show the same as one whose folder is hidden, and are taken for one: a
 * kernel without any interface to firmware, one whose EFI has no variables at run time,
 * and one whose securityfs is mounted and empty.
 */
int visibility_check(struct hostfs *fs, const char *folder);

/* The state of a reading, from the error of its file or of visibility_check(). */
enum absence visibility_absence(int error);
