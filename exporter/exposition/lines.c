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

/*
 * What makes no letter but does something: controls (U+0000 to U+001F, U+007F to U+009F),
 * and what turns the text behind it around or ends its line (Unicode Standard Annex 9;
 * CVE-2021-42574).
 */
static const char *const controls[] = {
	"\xd8\x9c",                                     /* U+061C */
	"\xe2\x80\x8e", "\xe2\x80\x8f",                 /* U+200E, U+200F */
	"\xe2\x80\xa8", "\xe2\x80\xa9",                 /* U+2028, U+2029 */
	"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", /* U+202A to … */
	"\xe2\x80\xad", "\xe2\x80\xae",                 /* … U+202E */
	"\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", /* U+2066 to … */
	"\xe2\x81\xa9",                                 /* … U+2069 */
};

/* How many bytes of valid UTF-8 at C are a control; 0: it is none. */
static size_t control_length(const char *c)
{
	const unsigned char *bytes = (const unsigned char *)c;

	if (bytes[0] < 0x20 || bytes[0] == 0x7f)
		return 1;
	if (bytes[0] == 0xc2 && bytes[1] < 0xa0)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (strncmp(c, controls[i], strlen(controls[i])) == 0)
			return strlen(controls[i]);
	return 0;
}

void lines_add_printable(struct text *text, const char *value)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT;
	size_t length;

	utf8_add_clean(&clean, value, strlen(value));
	for (const char *c = text_string(&clean); *c; c += length ? length : 1) {
		length = control_length(c);
		if (length)
			text_add_string(text, UTF8_REPLACEMENT);
		else
			text_add_char(text, *c);
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
