/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing what was made, whole.
 */
#pragma once

struct text;

/* Writes all of TEXT to the descriptor FD. 0 or -errno. */
int output_write(int fd, const struct text *text);
