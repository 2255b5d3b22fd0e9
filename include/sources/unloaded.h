/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tainting modules that are gone: modules/unloaded_tainted in debugfs, of kernels
 * from 5.19 on that were built with CONFIG_MODULE_UNLOAD_TAINT_TRACKING.
 *
 * Debugfs is root's alone unless it was mounted otherwise:
 * mount -o remount,mode=0750,gid=GROUP /sys/kernel/debug
 */
#pragma once

struct hostfs;
struct snapshot;
struct unloaded_list;

/*
 * Parses the list's text into its records. One record a line, as kernel/module/tracking.c
 * prints it:
 *
 *   zfs (POE) 3
 *   name letters, perhaps none
 *             how often it was unloaded
 *
 * A name may hold any byte but NUL, blanks and newlines too, so a record is recognised by
 * what stands behind its name.
 * 0, -EBADMSG if something is left that is no record, -ENOMEM. After an error the records
 * mean nothing.
 */
int unloaded_parse(struct unloaded_list *list);

/*
 * Fills unloaded. The kernel forgets none of them until it ends, and each is a series, so
 * that more than 256 KiB, some ten thousand, are a failure. So is a missing file: whoever
 * asks for it has a kernel that offers it.
 */
void unloaded_read(struct hostfs *fs, struct snapshot *snapshot);
