/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of both formats. Knows no taint.
 *
 * Where they differ: OpenMetrics wants # TYPE before # HELP, names a counter's family
 * without _total, escapes double quotes in help, and ends with # EOF.
 */
#include "exposition/expose.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

static const char *const type_words[] = {
	[EXPOSE_GAUGE] = "gauge",
	[EXPOSE_COUNTER] = "counter",
};

/* CLEAN with a backslash before each character of SPECIAL. */
static void add_escaped(struct text *page, const char *clean, const char *special)
{
	for (;;) {
		size_t plain = strcspn(clean, special);

		text_add(page, clean, plain);
		clean += plain;
		if (!*clean)
			return;
		text_add_char(page, '\\');
		if (*clean == '\n')
			text_add_char(page, 'n');
		else
			text_add_char(page, *clean);
		clean++;
	}
}

void expose_family(struct expose *expose, const char *name, enum expose_type type,
                   const char *help)
{
	struct text *page = expose->page;
	size_t length = strlen(name);

	expose->name = name;
	if (expose->format == EXPOSE_OPENMETRICS && type == EXPOSE_COUNTER)
		length -= strlen("_total");

	for (int line = 0; line < 2; line++) {
		bool is_help = (line == 0) == (expose->format == EXPOSE_TEXT);

		text_add_string(page, is_help ? "# HELP " : "# TYPE ");
		text_add(page, name, length);
		text_add_char(page, ' ');
		if (is_help)
			add_escaped(page, help,
			            expose->format == EXPOSE_TEXT ? "\\\n" : "\\\n\"");
		else
			text_add_string(page, type_words[type]);
		text_add_char(page, '\n');
	}
}

void expose_sample(struct expose *expose)
{
	text_add_string(expose->page, expose->name);
	expose->labels = 0;
}

static const bool needs_no_escape[256] = {
	[' ' ... '!'] = true, /* then come '"', */
	['#' ... '['] = true, /* '\\', */
	[']' ... '~'] = true, /* and what is no printable ASCII */
};

static bool is_plain(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!needs_no_escape[(unsigned char)value[i]])
			return false;
	return true;
}

/* VALUE as it shall stand there. Most of a page is made here: in one step. */
static void add_label(struct expose *expose, const char *name, const char *value,
                      size_t length)
{
	size_t name_length = strlen(name);
	char *c = text_extend(expose->page, name_length + length + strlen(",=\"\""));

	if (!c)
		return;
	*c++ = expose->labels++ ? ',' : '{';
	c = mempcpy(c, name, name_length);
	*c++ = '=';
	*c++ = '"';
	c = mempcpy(c, value, length);
	*c = '"';
}

void expose_word(struct expose *expose, const char *name, const char *word)
{
	add_label(expose, name, word, strlen(word));
}

static void add_escaped_label(struct expose *expose, const char *name, const char *value,
                              size_t length)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT, escaped = TEXT_INIT;

	utf8_add_clean(&clean, value, length);
	add_escaped(&escaped, text_string(&clean), "\\\n\"");
	if (clean.error || escaped.error)
		expose->page->error = -ENOMEM;
	add_label(expose, name, text_string(&escaped), escaped.length);
}

void expose_label(struct expose *expose, const char *name, const char *value,
                  size_t length)
{
	if (is_plain(value, length))
		add_label(expose, name, value, length);
	else
		add_escaped_label(expose, name, value, length);
}

static void close_labels(struct expose *expose)
{
	text_add_string(expose->page, expose->labels ? "} " : " ");
}

void expose_number_value(struct expose *expose, uint64_t number)
{
	close_labels(expose);
	text_add_number(expose->page, number);
	text_add_char(expose->page, '\n');
}

void expose_seconds_value(struct expose *expose, uint64_t nanoseconds)
{
	close_labels(expose);
	text_add_seconds(expose->page, nanoseconds);
	text_add_char(expose->page, '\n');
}

void expose_end(struct expose *expose)
{
	if (expose->format == EXPOSE_OPENMETRICS)
		text_add_string(expose->page, "# EOF\n");
}
