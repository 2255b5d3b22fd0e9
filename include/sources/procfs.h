/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of procfs that speak of taint and modules.
 */
#pragma once

struct hostfs;
struct module_list;
struct snapshot;
struct text;

/*
 * Fills mask and mask_result from sys/kernel/tainted, one unsigned decimal number
 * (kernel/sysctl.c, proc_taint). Bits that nobody knows yet are kept.
 */
void procfs_mask_read(struct hostfs *fs, struct snapshot *snapshot);

/* Fills release and release_result from sys/kernel/osrelease: one word. */
void procfs_release_read(struct hostfs *fs, struct snapshot *snapshot);

/* Appends the file version, which names who built the kernel. 0 or -errno. */
int procfs_version_read(struct hostfs *fs, struct text *version);

/*
 * Parses the list's text into its records. One record a line, as kernel/module/procfs.c
 * prints it:
 *
 *   nf_conntrack 172032 3 xt_conntrack,nf_nat,[permanent], Live 0xffffffffc09b1000 (OE+)
 *   name         size   refcount, "-" without unloading      address (zeros when hidden)
 *                         users, each with a comma; or "-"         letters, only if any
 *                                                state: Live, Loading, Unloading
 *
 * RHEL 6 prints letters in two groups: (P)(U). A name may hold any byte but NUL, blanks
 * and newlines too, so a record is recognised by what stands behind its name.
 * 0, -EBADMSG if something is left that is no record, -ENOMEM. After an error the records
 * mean nothing.
 */
int procfs_modules_parse(struct module_list *list);

/* Reads the file modules anew and parses it. 0 or -errno; -ENOENT when the kernel has no
 * such file. */
int procfs_modules_read(struct hostfs *fs, struct module_list *list);
