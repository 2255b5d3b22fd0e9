/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sheet for people: a verdict, titles, labelled values and sentences, for a terminal or
 * in HTML. What is said is the same on both.
 */
#pragma once

#include "exposition/lines.h"

struct text;

enum sheet_kind {
	SHEET_PLAIN,    /* lines of text */
	SHEET_COLOURED, /* the same for a terminal that shows colours */
	SHEET_HTML,     /* sections with headings of the second rank */
};

struct sheet {
	struct text *text; /* borrowed; appended to, and has the error */
	enum sheet_kind kind;
	bool in_section; /* of HTML, which has to be ended */
	bool in_list;
};

struct sheet sheet_of(struct text *text, enum sheet_kind kind);

/* All values below are hostile, of any bytes: they are shown as nothing but text. */

/* WORD, in COLOUR, and what follows it. */
void sheet_add_verdict(struct sheet *sheet, enum lines_colour colour, const char *word,
                       const char *rest);

/* Begins a section, on a terminal behind an empty line. */
void sheet_add_title(struct sheet *sheet, const char *title);

/*
 * A value with its label, our own word, or "" for one more of the same label; nothing for
 * a value that is "".
 */
void sheet_add(struct sheet *sheet, const char *label, const char *value);

/* The same of what was put together; the sheet takes over the error of VALUE. */
void sheet_add_text(struct sheet *sheet, const char *label, const struct text *value);

void sheet_add_sentence(struct sheet *sheet, const char *sentence);

/* Ends what is open. */
void sheet_end(struct sheet *sheet);
