/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a terminal: a label, and in one column behind it a value.
 */
#pragma once

#include <stdbool.h>

struct text;

enum lines_colour {
	LINES_BOLD,
	LINES_GREEN,
	LINES_YELLOW,
	LINES_RED,
	LINES_COLOUR_COUNT,
};

/*
 * Appends what a terminal may show of VALUE, which may be hostile: what is no text, what
 * a terminal would obey, and what would turn the text behind it around, is shown as
 * U+FFFD.
 */
void lines_add_printable(struct text *text, const char *value);

/* The same, in COLOUR if the terminal is to show any. */
void lines_add_coloured(struct text *text, const char *value, enum lines_colour colour,
                        bool with_colours);

/* Begins a line; its value and its end follow. LABEL is our own word, or "". */
void lines_add_label(struct text *text, const char *label);

/* A line, unless VALUE, of any bytes, is "". */
void lines_add(struct text *text, const char *label, const char *value);
