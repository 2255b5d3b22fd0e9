/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This host, now, for people: whether its kernel is tainted, by what, what cannot be
 * explained, and what a reboot would do.
 */
#pragma once

#include <stdbool.h>

struct metrics;
struct text;

/*
 * Appends what there is to say, the verdict in the first line. Values are hostile: what
 * is no text is shown as U+FFFD, also what a terminal would obey. Lack of memory is the
 * text's error.
 */
void host_text_write(const struct metrics *metrics, bool with_colours, struct text *text);
