/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for a terminal: columns, colours, and values that would like to be neither.
 */
#include "exposition/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

static void a_line_is_a_label_and_in_one_column_a_value(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	lines_add(&text, "file", "/x.ko");
	lines_add(&text, "", "again");
	lines_add(&text, "soft lockups", "3");
	lines_add(&text, "nothing", "");
	lines_add_label(&text, "open");
	assert_string_equal(text_string(&text), "  file          /x.ko\n"
	                                        "                again\n"
	                                        "  soft lockups  3\n"
	                                        "  open          ");
}

static void colours_begin_and_end_only_where_they_are_wanted(void **state)
{
	(void)state;
	for (enum lines_colour colour = 0; colour < LINES_COLOUR_COUNT; colour++) {
		_cleanup_(text_clear) struct text plain = TEXT_INIT, shown = TEXT_INIT;
		size_t length;

		lines_add_coloured(&plain, "word", colour, false);
		assert_string_equal(text_string(&plain), "word");
		lines_add_coloured(&shown, "word", colour, true);
		length = strcspn(text_string(&shown), "m") + 1;
		assert_memory_equal(text_string(&shown), "\x1b[1", 3);
		assert_string_equal(text_string(&shown) + length, "word\x1b[0m");
	}
}

static void no_two_colours_are_the_same(void **state)
{
	(void)state;
	for (enum lines_colour a = 0; a < LINES_COLOUR_COUNT; a++) {
		for (enum lines_colour b = 0; b < a; b++) {
			_cleanup_(text_clear) struct text one = TEXT_INIT,
							  two = TEXT_INIT;

			lines_add_coloured(&one, "", a, true);
			lines_add_coloured(&two, "", b, true);
			assert_string_not_equal(text_string(&one), text_string(&two));
		}
	}
}

/* Neither what it begins nor what it ends is its own. */
static void a_value_has_no_colours_of_its_own(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	lines_add_coloured(&text, "\x1b[0m\xc2\x9b\xff\n", LINES_BOLD, true);
	assert_string_equal(text_string(&text),
	                    "\x1b[1m" UTF8_REPLACEMENT
	                    "[0m" UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT
	                    "\x1b[0m");
}

static void what_would_turn_text_around_or_end_a_line_is_not_shown(void **state)
{
	static const char *const points[] = {
		"\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
		"\xe2\x81\xa8", "\xe2\x81\xa9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT, text = TEXT_INIT;

		text_add_string(&value, "a");
		text_add_string(&value, points[i]);
		text_add_string(&value, "z");
		lines_add_printable(&text, text_string(&value));
		assert_string_equal(text_string(&text), "a" UTF8_REPLACEMENT "z");
	}
}

static void neighbours_of_what_is_not_shown_are(void **state)
{
	static const char neighbours[] =
		"\xd8\x9b\xd8\x9d\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf"
		"\xe2\x81\xa5\xe2\x81\xaa\xc2\xa0 ~";
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	lines_add_printable(&text, neighbours);
	assert_string_equal(text_string(&text), neighbours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_turn_text_around_or_end_a_line_is_not_shown),
		cmocka_unit_test(neighbours_of_what_is_not_shown_are),
		cmocka_unit_test(a_line_is_a_label_and_in_one_column_a_value),
		cmocka_unit_test(colours_begin_and_end_only_where_they_are_wanted),
		cmocka_unit_test(no_two_colours_are_the_same),
		cmocka_unit_test(a_value_has_no_colours_of_its_own),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
