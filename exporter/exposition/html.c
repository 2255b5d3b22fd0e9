/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in HTML. Knows which characters mean something there.
 */
#include "exposition/html.h"

#include "base/macros.h"
#include "base/text.h"
#include "exposition/lines.h"

/* NULL: it means nothing. */
static const char *reference_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_add(struct text *html, const char *value)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT;

	lines_add_printable(&clean, value);
	for (const char *c = text_string(&clean); *c; c++) {
		const char *reference = reference_of(*c);

		if (reference)
			text_add_string(html, reference);
		else
			text_add_char(html, *c);
	}
	if (clean.error)
		html->error = clean.error;
}
