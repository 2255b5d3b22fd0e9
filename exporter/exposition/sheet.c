/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sheet for people. Knows how titles and values look, nothing of what is said.
 */
#include "exposition/sheet.h"

#include "base/macros.h"
#include "base/text.h"
#include "exposition/html.h"

/* How a verdict looks in HTML is the page's style's. */
static const char *const classes[] = {
	[LINES_BOLD] = "",
	[LINES_GREEN] = "good",
	[LINES_YELLOW] = "unknown",
	[LINES_RED] = "bad",
};
_Static_assert(ARRAY_SIZE(classes) == LINES_COLOUR_COUNT, "one class per colour");

struct sheet sheet_of(struct text *text, enum sheet_kind kind)
{
	return (struct sheet){ .text = text, .kind = kind };
}

static void add_coloured(struct sheet *sheet, enum lines_colour colour, const char *value)
{
	lines_add_coloured(sheet->text, value, colour, sheet->kind == SHEET_COLOURED);
}

static void add_tagged(struct sheet *sheet, const char *begin, const char *value,
                       const char *end)
{
	text_add_string(sheet->text, begin);
	html_add(sheet->text, value);
	text_add_string(sheet->text, end);
}

static void end_list(struct sheet *sheet)
{
	if (sheet->in_list)
		text_add_string(sheet->text, "</dl>\n");
	sheet->in_list = false;
}

void sheet_add_verdict(struct sheet *sheet, enum lines_colour colour, const char *word,
                       const char *rest)
{
	if (sheet->kind == SHEET_HTML) {
		add_tagged(sheet, "<p class=\"verdict ", classes[colour], "\"><strong>");
		add_tagged(sheet, "", word, "</strong>");
		add_tagged(sheet, "", rest, "</p>\n");
		return;
	}
	add_coloured(sheet, colour, word);
	lines_add_printable(sheet->text, rest);
	text_add_char(sheet->text, '\n');
}

void sheet_add_title(struct sheet *sheet, const char *title)
{
	if (sheet->kind == SHEET_HTML) {
		sheet_end(sheet);
		add_tagged(sheet, "<section>\n<h2>", title, "</h2>\n");
		sheet->in_section = true;
		return;
	}
	text_add_char(sheet->text, '\n');
	add_coloured(sheet, LINES_BOLD, title);
	text_add_char(sheet->text, '\n');
}

void sheet_add(struct sheet *sheet, const char *label, const char *value)
{
	if (sheet->kind != SHEET_HTML) {
		lines_add(sheet->text, label, value);
		return;
	}
	if (!*value)
		return;
	if (!sheet->in_list)
		text_add_string(sheet->text, "<dl>\n");
	sheet->in_list = true;
	if (*label)
		add_tagged(sheet, "<dt>", label, "</dt>\n");
	add_tagged(sheet, "<dd>", value, "</dd>\n");
}

void sheet_add_text(struct sheet *sheet, const char *label, const struct text *value)
{
	sheet_add(sheet, label, text_string(value));
	if (value->error)
		sheet->text->error = value->error;
}

void sheet_add_sentence(struct sheet *sheet, const char *sentence)
{
	if (sheet->kind == SHEET_HTML) {
		end_list(sheet);
		add_tagged(sheet, "<p>", sentence, "</p>\n");
		return;
	}
	text_add_string(sheet->text, "  ");
	lines_add_printable(sheet->text, sentence);
	text_add_char(sheet->text, '\n');
}

void sheet_end(struct sheet *sheet)
{
	end_list(sheet);
	if (sheet->in_section)
		text_add_string(sheet->text, "</section>\n");
	sheet->in_section = false;
}
