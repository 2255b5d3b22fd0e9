/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sheet in its three looks: what each makes of a verdict, titles, values and
 * sentences, and that HTML is ended where it was begun.
 */
#include "exposition/sheet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

static void assert_sheet(enum sheet_kind kind, void (*fill)(struct sheet *sheet),
                         const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct sheet sheet = sheet_of(&text, kind);

	fill(&sheet);
	sheet_end(&sheet);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
}

static void fill(struct sheet *sheet)
{
	sheet_add_verdict(sheet, LINES_RED, "tainted", ": <1>");
	sheet_add(sheet, "kernel", "6.1 & more");
	sheet_add(sheet, "", "again");
	sheet_add(sheet, "nothing", "");
	sheet_add_title(sheet, "module <a>");
	sheet_add(sheet, "file", "none");
	sheet_add_title(sheet, "after");
	sheet_add_sentence(sheet, "All's well.");
	sheet_add(sheet, "modules", "a");
}

static void on_a_terminal_it_is_lines(void **state)
{
	(void)state;
	assert_sheet(SHEET_PLAIN, fill,
	             "tainted: <1>\n"
	             "  kernel        6.1 & more\n"
	             "                again\n"
	             "\nmodule <a>\n"
	             "  file          none\n"
	             "\nafter\n"
	             "  All's well.\n"
	             "  modules       a\n");
}

static void colours_are_those_of_the_verdict_and_of_titles(void **state)
{
	(void)state;
	assert_sheet(SHEET_COLOURED, fill,
	             "\x1b[1;31mtainted\x1b[0m: <1>\n"
	             "  kernel        6.1 & more\n"
	             "                again\n"
	             "\n\x1b[1mmodule <a>\x1b[0m\n"
	             "  file          none\n"
	             "\n\x1b[1mafter\x1b[0m\n"
	             "  All's well.\n"
	             "  modules       a\n");
}

static void in_html_it_is_sections_and_lists(void **state)
{
	(void)state;
	assert_sheet(SHEET_HTML, fill,
	             "<p class=\"verdict bad\"><strong>tainted</strong>: &lt;1&gt;</p>\n"
	             "<dl>\n"
	             "<dt>kernel</dt>\n<dd>6.1 &amp; more</dd>\n<dd>again</dd>\n"
	             "</dl>\n"
	             "<section>\n<h2>module &lt;a&gt;</h2>\n"
	             "<dl>\n<dt>file</dt>\n<dd>none</dd>\n</dl>\n"
	             "</section>\n"
	             "<section>\n<h2>after</h2>\n"
	             "<p>All&#39;s well.</p>\n"
	             "<dl>\n<dt>modules</dt>\n<dd>a</dd>\n</dl>\n"
	             "</section>\n");
}

static void fill_nothing(struct sheet *sheet)
{
	sheet_add(sheet, "nothing", "");
}

static void without_a_value_nothing_is_begun(void **state)
{
	(void)state;
	for (enum sheet_kind kind = SHEET_PLAIN; kind <= SHEET_HTML; kind++)
		assert_sheet(kind, fill_nothing, "");
}

static void each_verdict_has_a_look_of_its_own(void **state)
{
	static const char *const looks[] = {
		[LINES_GREEN] = "verdict good\"",
		[LINES_YELLOW] = "verdict unknown\"",
		[LINES_RED] = "verdict bad\"",
	};

	(void)state;
	for (enum lines_colour colour = LINES_GREEN; colour <= LINES_RED; colour++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct sheet sheet = sheet_of(&text, SHEET_HTML);

		sheet_add_verdict(&sheet, colour, "word", "");
		assert_non_null(strstr(text_string(&text), looks[colour]));
	}
}

static void the_sheet_takes_over_the_error_of_a_value(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT, value = TEXT_INIT;
	struct sheet sheet = sheet_of(&text, SHEET_PLAIN);

	(void)state;
	text_add_string(&value, "half");
	sheet_add_text(&sheet, "label", &value);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), "  label         half\n");
	value.error = -ENOMEM;
	sheet_add_text(&sheet, "label", &value);
	assert_int_equal(text.error, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_terminal_it_is_lines),
		cmocka_unit_test(colours_are_those_of_the_verdict_and_of_titles),
		cmocka_unit_test(in_html_it_is_sections_and_lists),
		cmocka_unit_test(without_a_value_nothing_is_begun),
		cmocka_unit_test(each_verdict_has_a_look_of_its_own),
		cmocka_unit_test(the_sheet_takes_over_the_error_of_a_value),
	};

	return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
