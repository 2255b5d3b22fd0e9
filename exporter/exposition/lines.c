/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a terminal. Knows what a terminal obeys, nothing of what is said.
 */
#include "exposition/lines.h"

#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

/* Where values begin in a line. */
#define COLUMN 14

/* ECMA-48, SGR: what begins a colour and what ends it. */
static const char *const colours[] = {
	[LINES_BOLD] = "\x1b[1m",
	[LINES_GREEN] = "\x1b[1;32m",
	[LINES_YELLOW] = "\x1b[1;33m",
	[LINES_RED] = "\x1b[1;31m",
};
_Static_assert(ARRAY_SIZE(colours) == LINES_COLOUR_COUNT, "one sequence per colour");

#define COLOUR_END "\x1b[0m"

/* Not U+0000 to U+001F, nor U+007F to U+009F. */
void lines_add_printable(struct text *text, const char *value)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT;

	utf8_add_clean(&clean, value, strlen(value));
	for (const char *c = text_string(&clean); *c; c++) {
		bool is_c1 = (unsigned char)c[0] == 0xc2 && (unsigned char)c[1] < 0xa0;

		if ((unsigned char)*c >= 0x20 && *c != 0x7f && !is_c1)
			text_add_char(text, *c);
		else
			text_add_string(text, UTF8_REPLACEMENT);
		c += is_c1;
	}
	if (clean.error)
		text->error = clean.error;
}

void lines_add_coloured(struct text *text, const char *value, enum lines_colour colour,
                        bool with_colours)
{
	if (with_colours)
		text_add_string(text, colours[colour]);
	lines_add_printable(text, value);
	if (with_colours)
		text_add_string(text, COLOUR_END);
}

void lines_add_label(struct text *text, const char *label)
{
	text_add_string(text, "  ");
	text_add_string(text, label);
	for (size_t i = strlen(label); i < COLUMN; i++)
		text_add_char(text, ' ');
}

void lines_add(struct text *text, const char *label, const char *value)
{
	if (!*value)
		return;
	lines_add_label(text, label);
	lines_add_printable(text, value);
	text_add_char(text, '\n');
}
