/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall around system calls, by seccomp(2): whoever makes one that the program has no
 * use for is killed, as is the process.
 *
 * The filter sees numbers, not what pointers point to: of open() it knows the flags, of
 * openat2() it does not, and there files are guarded by Landlock.
 */
#pragma once

#include <stdbool.h>

/*
 * Shuts the wall for all threads of this process; PR_SET_NO_NEW_PRIVS is set for it. With
 * IS_WRITING files may be made, written and renamed. 1: in force; 0: this kernel has no
 * seccomp filters, after a warning; -errno after an error line.
 */
int seccomp_enter(bool is_writing);
