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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_label_and_in_one_column_a_value),
		cmocka_unit_test(colours_begin_and_end_only_where_they_are_wanted),
		cmocka_unit_test(no_two_colours_are_the_same),
		cmocka_unit_test(a_value_has_no_colours_of_its_own),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
