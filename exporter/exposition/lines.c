/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a terminal. Knows what a terminal obeys, nothing of what is said.
 */
#include "exposition/lines.h"

#include <stdint.h>
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
 * Characters that show nothing but do something: controls, and what turns the text behind
 * it around or ends its line (Unicode Standard Annex 9; CVE-2021-42574).
 */
static const struct {
	uint32_t first, last;
} controls[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x061c, 0x061c },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
};

/* The character that a valid sequence of LENGTH bytes stands for (RFC 3629, section 3).
 */
static uint32_t character_of(const char *sequence, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)sequence;
	uint32_t character = length == 1 ? bytes[0] : bytes[0] & (0xffu >> (length + 1));

	for (size_t i = 1; i < length; i++)
		character = character << 6 | (bytes[i] & 0x3f);
	return character;
}

static bool is_printable(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (character >= controls[i].first && character <= controls[i].last)
			return false;
	return true;
}

void lines_add_printable(struct text *text, const char *value)
{
	for (size_t left = strlen(value); left;) {
		size_t length = utf8_sequence(value, left);

		if (length && is_printable(character_of(value, length))) {
			text_add(text, value, length);
		} else {
			text_add_string(text, UTF8_REPLACEMENT);
			length = length ? length : 1;
		}
		value += length;
		left -= length;
	}
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
