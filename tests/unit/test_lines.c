/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a terminal: columns, colours, and values that would like to be neither.
 */
#include "exposition/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

#define R UTF8_REPLACEMENT

static const struct {
	const char *value;
	const char *shown;
} values[] = {
	{ "", "" },
	/* what a terminal obeys */
	{ "\x01\x1b[0m\x1f ~\x7f", R R "[0m" R " ~" R },
	{ "\n\r\t", R R R },
	{ "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", R R R "\xc2\xa0" },
	/* what turns the text behind it around or ends its line */
	{ "\xd8\x9c", R },
	{ "\xe2\x80\x8e\xe2\x80\x8f", R R },
	{ "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xab", R R R R },
	{ "\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", R R R },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", R R R R },
	{ "a\xe2\x80\xaez", "a" R "z" },
	/* their neighbours */
	{ "\xd8\x9b\xd8\x9d", "\xd8\x9b\xd8\x9d" },
	{ "\xe2\x80\x8d\xe2\x80\x90", "\xe2\x80\x8d\xe2\x80\x90" },
	{ "\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf" },
	{ "\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa" },
	{ "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
	/* what is no text */
	{ "\xff\x80", R R },
	{ "\xc0\x9b\xe0\x80\x9b", R R R R R },
	{ "\xed\xa0\x80", R R R },
	{ "cut\xf0\x9f\x90", "cut" R R R },
};

static void what_a_terminal_obeys_is_not_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		lines_add_printable(&text, values[i].value);
		if (strcmp(text_string(&text), values[i].shown) != 0)
			fail_msg("row %zu: %s, not %s", i, text_string(&text),
			         values[i].shown);
	}
}

static const struct {
	const char *label;
	const char *value;
	const char *line;
} lines[] = {
	{ "file", "/x.ko", "  file          /x.ko\n" },
	{ "", "again", "                again\n" },
	{ "fourteen bytes", "3", "  fourteen bytes3\n" },
	{ "longer than that", "3", "  longer than that3\n" },
	{ "nothing", "", "" },
	{ "two", "a\nb", "  two           a" R "b\n" },
};

static void values_stand_in_one_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		lines_add(&text, lines[i].label, lines[i].value);
		if (strcmp(text_string(&text), lines[i].line) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", lines[i].label,
			         text_string(&text), lines[i].line);
	}
}

static const struct {
	enum lines_colour colour;
	const char *shown;
} colours[] = {
	{ LINES_BOLD, "\x1b[1ma" R R "\x1b[0m" },
	{ LINES_GREEN, "\x1b[1;32ma" R R "\x1b[0m" },
	{ LINES_YELLOW, "\x1b[1;33ma" R R "\x1b[0m" },
	{ LINES_RED, "\x1b[1;31ma" R R "\x1b[0m" },
};

static void a_value_has_the_colour_that_is_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(colours); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT, plain = TEXT_INIT;

		lines_add_coloured(&text, "a\x1b\xff", colours[i].colour, true);
		if (strcmp(text_string(&text), colours[i].shown) != 0)
			fail_msg("colour %d: %s", colours[i].colour, text_string(&text));
		lines_add_coloured(&plain, "a\x1b\xff", colours[i].colour, false);
		assert_string_equal(text_string(&plain), "a" R R);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_terminal_obeys_is_not_shown),
		cmocka_unit_test(values_stand_in_one_column),
		cmocka_unit_test(a_value_has_the_colour_that_is_wanted),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
