/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of /sys/module (Documentation/ABI/testing/sysfs-module).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/taint.h"

struct hostfs;
struct text;

/*
 * Appends the file FILE of module/NAME/. NAME is as /proc/modules has it; sysfs shows '/'
 * as '!'. -ENOENT: no such folder or file.
 */
int sysfs_attribute_read(struct hostfs *fs, const char *name, size_t length,
                         const char *file, struct text *value);

/*
 * Reads module/NAME/taint. -ENOENT: kernels before 3.3, or the module is gone; -EBADMSG:
 * not letters.
 */
int sysfs_letters_read(struct hostfs *fs, const char *name, size_t length,
                       struct taint_letters *ret_letters);

/* The inode of module/NAME/taint, by which one module can be told from its successor. */
int sysfs_letters_inode_read(struct hostfs *fs, const char *name, size_t length,
                             uint64_t *ret_inode);

/* How many folders module/ holds, from its link count alone; -ENOENT without module/. */
int sysfs_folder_count_read(struct hostfs *fs, uint64_t *ret_count);

/* Appends the names of the folders in module/, each with a NUL behind it. */
int sysfs_folder_names_read(struct hostfs *fs, struct text *names);

/*
 * The inode of module/FOLDER/initstate. What is built in has no such file: -ENOENT. A
 * module that was removed and loaded again has another inode.
 */
int sysfs_initstate_inode_read(struct hostfs *fs, const char *folder,
                               uint64_t *ret_inode);

/* 0 if module/FOLDER/initstate says "coming" or "going", else 1; or -errno. */
int sysfs_is_live_read(struct hostfs *fs, const char *folder);
