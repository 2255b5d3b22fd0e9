/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an open descriptor holds. Errors are -errno; what was appended to a text is then
 * cut off again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text;

/* 0 if it is a regular file, or with FOLDER a folder; else -EISDIR, -ENOTDIR, -EINVAL. */
int descriptor_check(int fd, bool folder);

/* 0 if it can be followed: a regular file, a FIFO, a character device; else the same. */
int descriptor_stream_check(int fd);

/*
 * Goes on reading at most SIZE bytes of what does not block. *RET_LENGTH is 0 if there is
 * nothing more for now. -EPIPE: something was lost since the read before (dev-kmsg).
 */
int descriptor_stream_read(int fd, char *bytes, size_t size, size_t *ret_length);

/*
 * Appends all of it, in as many reads as it takes, or with IS_VALUE what one read from
 * the start gives. -EFBIG above MAX bytes.
 */
int descriptor_read(int fd, bool is_value, size_t max, struct text *text);

/*
 * Appends the names in the folder FD, which it closes, each with a NUL behind it, without
 * "." and "..".
 */
int descriptor_names_read(int fd, struct text *names);
