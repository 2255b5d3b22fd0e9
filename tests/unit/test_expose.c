/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of both formats, byte by byte: what stands where, what is escaped in which
 * format, and that hostile bytes neither break a page nor get lost. Knows realloc(),
 * which it lets fail.
 */
#include "exposition/expose.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

#include "memory.h"

static const enum expose_format formats[] = { EXPOSE_TEXT, EXPOSE_OPENMETRICS };

/* ---- families ---- */

static void assert_family(enum expose_format format, const char *name,
                          enum expose_type type, const char *help, const char *expected)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct expose expose = { .page = &page, .format = format };

	expose_family(&expose, name, type, help);
	assert_int_equal(page.error, 0);
	assert_string_equal(text_string(&page), expected);
}

static void text_has_help_before_type(void **state)
{
	(void)state;
	assert_family(EXPOSE_TEXT, "a", EXPOSE_GAUGE, "Says a.",
	              "# HELP a Says a.\n"
	              "# TYPE a gauge\n");
}

static void openmetrics_has_type_before_help(void **state)
{
	(void)state;
	assert_family(EXPOSE_OPENMETRICS, "a", EXPOSE_GAUGE, "Says a.",
	              "# TYPE a gauge\n"
	              "# HELP a Says a.\n");
}

static void text_names_a_counter_with_total(void **state)
{
	(void)state;
	assert_family(EXPOSE_TEXT, "a_total", EXPOSE_COUNTER, "Counts a.",
	              "# HELP a_total Counts a.\n"
	              "# TYPE a_total counter\n");
}

static void openmetrics_names_a_counter_without_total(void **state)
{
	(void)state;
	assert_family(EXPOSE_OPENMETRICS, "a_total", EXPOSE_COUNTER, "Counts a.",
	              "# TYPE a counter\n"
	              "# HELP a Counts a.\n");
}

static void text_help_escapes_backslash_and_newline(void **state)
{
	(void)state;
	assert_family(EXPOSE_TEXT, "a", EXPOSE_GAUGE, "\\b\n\"c\"\\\n",
	              "# HELP a \\\\b\\n\"c\"\\\\\\n\n"
	              "# TYPE a gauge\n");
}

static void openmetrics_help_escapes_quotes_too(void **state)
{
	(void)state;
	assert_family(EXPOSE_OPENMETRICS, "a", EXPOSE_GAUGE, "\\b\n\"c\"\\\n",
	              "# TYPE a gauge\n"
	              "# HELP a \\\\b\\n\\\"c\\\"\\\\\\n\n");
}

static void an_empty_help_keeps_its_line(void **state)
{
	(void)state;
	assert_family(EXPOSE_TEXT, "a", EXPOSE_GAUGE, "", "# HELP a \n# TYPE a gauge\n");
	assert_family(EXPOSE_OPENMETRICS, "a", EXPOSE_GAUGE, "",
	              "# TYPE a gauge\n# HELP a \n");
}

/* ---- samples ---- */

/* Begins a sample of the family "a" on an empty page. */
static struct expose begin(struct text *page, enum expose_format format)
{
	struct expose expose = { .page = page, .format = format, .name = "a" };

	expose_sample(&expose);
	return expose;
}

static void a_sample_without_labels_has_no_braces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = begin(&page, formats[i]);

		expose_number_value(&expose, 7);
		assert_string_equal(text_string(&page), "a 7\n");
	}
}

static void a_sample_keeps_its_labels_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = begin(&page, formats[i]);

		expose_label(&expose, "z", "1", 1);
		expose_word(&expose, "b", "word");
		expose_label(&expose, "m", "", 0);
		expose_number_value(&expose, 0);
		assert_string_equal(text_string(&page),
		                    "a{z=\"1\",b=\"word\",m=\"\"} 0\n");
	}
}

static void a_word_alone_and_a_label_alone_open_the_braces(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct expose expose = begin(&page, EXPOSE_TEXT);

	(void)state;
	expose_word(&expose, "w", "x");
	expose_number_value(&expose, 1);
	expose_sample(&expose);
	expose_label(&expose, "l", "y", 1);
	expose_number_value(&expose, 2);
	expose_sample(&expose);
	expose_number_value(&expose, 3);
	assert_string_equal(text_string(&page), "a{w=\"x\"} 1\na{l=\"y\"} 2\na 3\n");
}

static void a_counter_keeps_total_in_its_samples_in_both_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = { .page = &page, .format = formats[i] };

		expose_family(&expose, "a_total", EXPOSE_COUNTER, "Counts a.");
		expose_sample(&expose);
		expose_number_value(&expose, 1);
		assert_non_null(strstr(text_string(&page), "\na_total 1\n"));
	}
}

static void numbers_are_written_in_full(void **state)
{
	static const struct {
		uint64_t number;
		const char *line;
	} cases[] = {
		{ 0, "a 0\n" },
		{ 9, "a 9\n" },
		{ 10, "a 10\n" },
		{ UINT64_C(1) << 53, "a 9007199254740992\n" },
		{ UINT64_MAX, "a 18446744073709551615\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = begin(&page, EXPOSE_OPENMETRICS);

		expose_number_value(&expose, cases[i].number);
		assert_string_equal(text_string(&page), cases[i].line);
	}
}

static void seconds_are_exact(void **state)
{
	static const struct {
		uint64_t nanoseconds;
		const char *line;
	} cases[] = {
		{ 0, "a{l=\"\"} 0\n" },
		{ 1, "a{l=\"\"} 0.000000001\n" },
		{ 1000000, "a{l=\"\"} 0.001\n" },
		{ 1500000000, "a{l=\"\"} 1.5\n" },
		{ UINT64_C(2000000000000), "a{l=\"\"} 2000\n" },
		{ UINT64_MAX, "a{l=\"\"} 18446744073.709551615\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = begin(&page, EXPOSE_TEXT);

		expose_label(&expose, "l", "", 0);
		expose_seconds_value(&expose, cases[i].nanoseconds);
		assert_string_equal(text_string(&page), cases[i].line);
	}
}

/* ---- label values ---- */

static void assert_label(const char *value, size_t length, const char *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		_cleanup_(text_clear) struct text line = TEXT_INIT;
		struct expose expose = begin(&page, formats[i]);

		expose_label(&expose, "l", value, length);
		expose_number_value(&expose, 1);
		text_add_string(&line, "a{l=\"");
		text_add_string(&line, expected);
		text_add_string(&line, "\"} 1\n");
		assert_int_equal(page.error, 0);
		assert_int_equal(page.length, line.length);
		assert_string_equal(text_string(&page), text_string(&line));
	}
}

#define ASSERT_LABEL(value, expected) assert_label(value, sizeof(value) - 1, expected)

static void a_label_escapes_backslash_quote_and_newline(void **state)
{
	(void)state;
	ASSERT_LABEL("\\", "\\\\");
	ASSERT_LABEL("\"", "\\\"");
	ASSERT_LABEL("\n", "\\n");
	ASSERT_LABEL("\\n", "\\\\n");
	ASSERT_LABEL("a\\\"\nb", "a\\\\\\\"\\nb");
	ASSERT_LABEL("\\\\\"\"\n\n", "\\\\\\\\\\\"\\\"\\n\\n");
	ASSERT_LABEL("a\"} 1\nb{c=\"", "a\\\"} 1\\nb{c=\\\"");
}

/* There is no escape for them, and readers of both formats take them as they are. */
static void a_label_keeps_other_control_bytes(void **state)
{
	(void)state;
	ASSERT_LABEL("\x01\t\r\x1b\x1f\x7f", "\x01\t\r\x1b\x1f\x7f");
	ASSERT_LABEL("{},= #", "{},= #");
}

static void a_label_replaces_nul(void **state)
{
	(void)state;
	ASSERT_LABEL("\0", UTF8_REPLACEMENT);
	ASSERT_LABEL("a\0b\"\0", "a" UTF8_REPLACEMENT "b\\\"" UTF8_REPLACEMENT);
}

static void a_label_keeps_valid_utf8(void **state)
{
	(void)state;
	ASSERT_LABEL("\xc2\x80", "\xc2\x80");
	ASSERT_LABEL("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	ASSERT_LABEL("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
	             "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
	ASSERT_LABEL("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	             "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	ASSERT_LABEL("\xe2\x80\xa8\xc2\x85", "\xe2\x80\xa8\xc2\x85");
}

static void a_label_replaces_each_invalid_byte(void **state)
{
#define R UTF8_REPLACEMENT
	(void)state;
	ASSERT_LABEL("\x80", R);
	ASSERT_LABEL("\xff\xfe", R R);
	ASSERT_LABEL("\xc0\xaf", R R);             /* overlong */
	ASSERT_LABEL("\xe0\x80\xaf", R R R);       /* overlong */
	ASSERT_LABEL("\xed\xa0\x80", R R R);       /* a surrogate */
	ASSERT_LABEL("\xf4\x90\x80\x80", R R R R); /* above U+10FFFF */
	ASSERT_LABEL("a\xe2\x82", "a" R R);        /* cut off */
	ASSERT_LABEL("\xe2\"", R "\\\"");          /* an escape does not hide in it */
	ASSERT_LABEL("\xe2\\", R "\\\\");
	ASSERT_LABEL("\xf0\x9f\n", R R "\\n");
#undef R
}

static void a_label_ends_where_its_length_says(void **state)
{
	(void)state;
	assert_label("abc", 2, "ab");
	assert_label("\"\"\"", 1, "\\\"");
	assert_label("\xe2\x82\xac", 2, UTF8_REPLACEMENT UTF8_REPLACEMENT);
	assert_label("\\n", 1, "\\\\");
}

/* As a reader takes a label value: at the closing quote, with the three escapes. */
static const char *read_value(const char *c, struct text *value)
{
	for (; *c && *c != '"'; c++) {
		if (*c == '\n')
			fail_msg("a label value has a raw newline");
		if (*c != '\\') {
			text_add_char(value, *c);
			continue;
		}
		c++;
		if (*c == 'n')
			text_add_char(value, '\n');
		else if (*c == '\\' || *c == '"')
			text_add_char(value, *c);
		else
			fail_msg("unknown escape \\%c", *c);
	}
	return c;
}

/* Every pair of bytes: a reader gets back what was put in, cleaned. */
static void a_reader_gets_every_pair_of_bytes_back(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, clean = TEXT_INIT;
	_cleanup_(text_clear) struct text value = TEXT_INIT;

	(void)state;
	for (unsigned int pair = 0; pair < 65536; pair++) {
		const char bytes[] = { (char)(pair >> 8), (char)pair };
		struct expose expose = { .page = &page, .name = "a" };
		const char *rest;

		text_reset(&page);
		text_reset(&clean);
		text_reset(&value);
		expose_sample(&expose);
		expose_label(&expose, "l", bytes, sizeof(bytes));
		expose_number_value(&expose, 1);
		utf8_add_clean(&clean, bytes, sizeof(bytes));

		rest = read_value(text_string(&page) + strlen("a{l=\""), &value);
		assert_string_equal(rest, "\"} 1\n");
		assert_int_equal(value.length, clean.length);
		assert_memory_equal(text_string(&value), text_string(&clean),
		                    clean.length);
	}
}

/* ---- pages ---- */

static void write_page(struct text *page, enum expose_format format)
{
	struct expose expose = { .page = page, .format = format };

	expose_family(&expose, "a_info", EXPOSE_GAUGE, "Says \"a\".");
	expose_sample(&expose);
	expose_word(&expose, "k", "v");
	expose_label(&expose, "name", "x\"\xff", 3);
	expose_number_value(&expose, 1);
	expose_sample(&expose);
	expose_word(&expose, "k", "w");
	expose_label(&expose, "name", "", 0);
	expose_number_value(&expose, 0);
	expose_family(&expose, "b_seconds_total", EXPOSE_COUNTER, "Time.");
	expose_sample(&expose);
	expose_seconds_value(&expose, 250000000);
	expose_end(&expose);
}

static const char text_page[] = "# HELP a_info Says \"a\".\n"
				"# TYPE a_info gauge\n"
				"a_info{k=\"v\",name=\"x\\\"\xef\xbf\xbd\"} 1\n"
				"a_info{k=\"w\",name=\"\"} 0\n"
				"# HELP b_seconds_total Time.\n"
				"# TYPE b_seconds_total counter\n"
				"b_seconds_total 0.25\n";

static const char openmetrics_page[] = "# TYPE a_info gauge\n"
				       "# HELP a_info Says \\\"a\\\".\n"
				       "a_info{k=\"v\",name=\"x\\\"\xef\xbf\xbd\"} 1\n"
				       "a_info{k=\"w\",name=\"\"} 0\n"
				       "# TYPE b_seconds counter\n"
				       "# HELP b_seconds Time.\n"
				       "b_seconds_total 0.25\n"
				       "# EOF\n";

static void a_whole_page_in_text(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	write_page(&page, EXPOSE_TEXT);
	assert_int_equal(page.error, 0);
	assert_string_equal(text_string(&page), text_page);
}

static void a_whole_page_in_openmetrics(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	write_page(&page, EXPOSE_OPENMETRICS);
	assert_int_equal(page.error, 0);
	assert_string_equal(text_string(&page), openmetrics_page);
}

static void an_empty_page_ends_as_its_format_wants(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct expose expose = { .page = &page, .format = EXPOSE_TEXT };

	(void)state;
	expose_end(&expose);
	assert_string_equal(text_string(&page), "");
	expose.format = EXPOSE_OPENMETRICS;
	expose_end(&expose);
	assert_string_equal(text_string(&page), "# EOF\n");
}

static void a_page_is_appended_to_what_is_there(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	text_add_string(&page, "before\n");
	write_page(&page, EXPOSE_TEXT);
	assert_memory_equal(text_string(&page), "before\n", strlen("before\n"));
	assert_string_equal(text_string(&page) + strlen("before\n"), text_page);
}

/* ---- no memory ---- */

static void without_memory_a_page_is_whole_or_has_the_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		const char *whole = i ? openmetrics_page : text_page;
		int failures = 0;

		for (int calls = 0;; calls++) {
			_cleanup_(text_clear) struct text page = TEXT_INIT;

			assert_true(calls < 100);
			calls_left = calls;
			write_page(&page, formats[i]);
			calls_left = -1;
			if (page.error) {
				assert_int_equal(page.error, -ENOMEM);
				failures++;
				continue;
			}
			assert_string_equal(text_string(&page), whole);
			break;
		}
		/* One for the page at least, and one for the name to be cleaned. */
		assert_true(failures >= 2);
	}
}

static void without_memory_to_clean_a_label_the_page_has_the_error(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct expose expose = begin(&page, EXPOSE_TEXT);

	(void)state;
	assert_int_equal(text_reserve(&page, 4096), 0);
	calls_left = 0;
	expose_label(&expose, "plain", "needs no memory", 5);
	assert_int_equal(page.error, 0);
	expose_label(&expose, "hostile", "\n", 1);
	assert_int_equal(page.error, -ENOMEM);
}

static void nothing_is_written_behind_an_error(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	size_t length;

	(void)state;
	text_add_string(&page, "before\n");
	length = page.length;
	page.error = -ENOMEM;
	write_page(&page, EXPOSE_OPENMETRICS);
	assert_int_equal(page.error, -ENOMEM);
	assert_int_equal(page.length, length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_help_before_type),
		cmocka_unit_test(openmetrics_has_type_before_help),
		cmocka_unit_test(text_names_a_counter_with_total),
		cmocka_unit_test(openmetrics_names_a_counter_without_total),
		cmocka_unit_test(text_help_escapes_backslash_and_newline),
		cmocka_unit_test(openmetrics_help_escapes_quotes_too),
		cmocka_unit_test(an_empty_help_keeps_its_line),
		cmocka_unit_test(a_sample_without_labels_has_no_braces),
		cmocka_unit_test(a_sample_keeps_its_labels_in_order),
		cmocka_unit_test(a_word_alone_and_a_label_alone_open_the_braces),
		cmocka_unit_test(a_counter_keeps_total_in_its_samples_in_both_formats),
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(seconds_are_exact),
		cmocka_unit_test(a_label_escapes_backslash_quote_and_newline),
		cmocka_unit_test(a_label_keeps_other_control_bytes),
		cmocka_unit_test(a_label_replaces_nul),
		cmocka_unit_test(a_label_keeps_valid_utf8),
		cmocka_unit_test(a_label_replaces_each_invalid_byte),
		cmocka_unit_test(a_label_ends_where_its_length_says),
		cmocka_unit_test(a_reader_gets_every_pair_of_bytes_back),
		cmocka_unit_test(a_whole_page_in_text),
		cmocka_unit_test(a_whole_page_in_openmetrics),
		cmocka_unit_test(an_empty_page_ends_as_its_format_wants),
		cmocka_unit_test(a_page_is_appended_to_what_is_there),
		cmocka_unit_test_setup(without_memory_a_page_is_whole_or_has_the_error,
		                       setup),
		cmocka_unit_test_setup(
			without_memory_to_clean_a_label_the_page_has_the_error, setup),
		cmocka_unit_test_setup(nothing_is_written_behind_an_error, setup),
	};

	return cmocka_run_group_tests_name("expose", tests, setup, NULL);
}
