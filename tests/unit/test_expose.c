/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of both formats, byte by byte: what stands where, what is escaped in which
 * format, and that hostile bytes neither break a page nor get lost.
 */
#include "exposition/expose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

#define R UTF8_REPLACEMENT

static const enum expose_format formats[] = { EXPOSE_TEXT, EXPOSE_OPENMETRICS };

/* ---- families ---- */

static const struct {
	enum expose_format format;
	enum expose_type type;
	const char *name, *help;
	const char *head;
} families[] = {
	{ EXPOSE_TEXT, EXPOSE_GAUGE, "a", "Says a.",
	  "# HELP a Says a.\n# TYPE a gauge\n" },
	{ EXPOSE_OPENMETRICS, EXPOSE_GAUGE, "a", "Says a.",
	  "# TYPE a gauge\n# HELP a Says a.\n" },
	{ EXPOSE_TEXT, EXPOSE_COUNTER, "a_total", "Counts a.",
	  "# HELP a_total Counts a.\n# TYPE a_total counter\n" },
	{ EXPOSE_OPENMETRICS, EXPOSE_COUNTER, "a_total", "Counts a.",
	  "# TYPE a counter\n# HELP a Counts a.\n" },
	{ EXPOSE_TEXT, EXPOSE_GAUGE, "a", "\\b\n\"c\"\\\n",
	  "# HELP a \\\\b\\n\"c\"\\\\\\n\n# TYPE a gauge\n" },
	{ EXPOSE_OPENMETRICS, EXPOSE_GAUGE, "a", "\\b\n\"c\"\\\n",
	  "# TYPE a gauge\n# HELP a \\\\b\\n\\\"c\\\"\\\\\\n\n" },
	{ EXPOSE_TEXT, EXPOSE_GAUGE, "a", "", "# HELP a \n# TYPE a gauge\n" },
};

static void a_family_begins_as_its_format_wants(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = { .page = &page, .format = families[i].format };

		expose_family(&expose, families[i].name, families[i].type,
		              families[i].help);
		if (strcmp(text_string(&page), families[i].head) != 0)
			fail_msg("row %zu: %s", i, text_string(&page));
	}
}

/* ---- samples ---- */

static void a_page_is_the_same_samples_in_both_formats(void **state)
{
	static const char *const ends[] = {
		[EXPOSE_TEXT] = "a 1\na{w=\"x\"} 2\na{z=\"1\",b=\"\",m=\"y\"} 3\n"
				"# HELP b_total B.\n# TYPE b_total counter\nb_total 4\n",
		[EXPOSE_OPENMETRICS] =
			"a 1\na{w=\"x\"} 2\na{z=\"1\",b=\"\",m=\"y\"} 3\n"
			"# TYPE b counter\n# HELP b B.\nb_total 4\n# EOF\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		struct expose expose = { &page, formats[i], "a", 0 };

		expose_sample(&expose);
		expose_number_value(&expose, 1);
		expose_sample(&expose);
		expose_word(&expose, "w", "x");
		expose_number_value(&expose, 2);
		expose_sample(&expose);
		expose_label(&expose, "z", "1", 1);
		expose_label(&expose, "b", "", 0);
		expose_word(&expose, "m", "y");
		expose_number_value(&expose, 3);
		expose_family(&expose, "b_total", EXPOSE_COUNTER, "B.");
		expose_sample(&expose);
		expose_number_value(&expose, 4);
		expose_end(&expose);
		assert_string_equal(text_string(&page), ends[formats[i]]);
	}
}

static const struct {
	uint64_t value;
	const char *number, *seconds;
} values[] = {
	{ 0, "a 0\n", "a 0\n" },
	{ 1, "a 1\n", "a 0.000000001\n" },
	{ 9, "a 9\n", "a 0.000000009\n" },
	{ 10, "a 10\n", "a 0.00000001\n" },
	{ 1000000, "a 1000000\n", "a 0.001\n" },
	{ 999999999, "a 999999999\n", "a 0.999999999\n" },
	{ 1500000000, "a 1500000000\n", "a 1.5\n" },
	{ UINT64_C(2000000000000), "a 2000000000000\n", "a 2000\n" },
	{ UINT64_C(1) << 53, "a 9007199254740992\n", "a 9007199.254740992\n" },
	{ UINT64_MAX, "a 18446744073709551615\n", "a 18446744073.709551615\n" },
};

static void numbers_and_seconds_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_(text_clear) struct text number = TEXT_INIT, seconds = TEXT_INIT;
		struct expose expose = { .page = &number, .name = "a" };

		expose_sample(&expose);
		expose_number_value(&expose, values[i].value);
		expose.page = &seconds;
		expose_sample(&expose);
		expose_seconds_value(&expose, values[i].value);
		if (strcmp(text_string(&number), values[i].number) != 0 ||
		    strcmp(text_string(&seconds), values[i].seconds) != 0)
			fail_msg("row %zu: %s%s", i, text_string(&number),
			         text_string(&seconds));
	}
}

/* ---- label values ---- */

#define LABEL(value, expected)                     \
	{                                          \
		value, sizeof(value) - 1, expected \
	}

static const struct {
	const char *value;
	size_t length;
	const char *expected;
} labels[] = {
	LABEL("", ""),
	LABEL("{},= #'~", "{},= #'~"),
	LABEL("\\", "\\\\"),
	LABEL("\"", "\\\""),
	LABEL("\n", "\\n"),
	LABEL("\\n", "\\\\n"),
	LABEL("a\\\"\nb", "a\\\\\\\"\\nb"),
	LABEL("a\"} 1\nb{c=\"", "a\\\"} 1\\nb{c=\\\""),
	/* Other controls have no escape, and readers take them as they are. */
	LABEL("\x01\t\r\x1b\x1f\x7f", "\x01\t\r\x1b\x1f\x7f"),
	LABEL("a\0b\"\0", "a" R "b\\\"" R),
	LABEL("\xc2\x80gr\xc3\xbc\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf",
	      "\xc2\x80gr\xc3\xbc\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf"),
	LABEL("\x80\xff\xfe", R R R),
	LABEL("\xc0\xaf\xe0\x80\xaf", R R R R R), /* overlong */
	LABEL("\xed\xa0\x80", R R R),             /* a surrogate */
	LABEL("\xf4\x90\x80\x80", R R R R),       /* above U+10FFFF */
	LABEL("a\xe2\x82", "a" R R),
	/* an escape does not hide in what is cut off */
	LABEL("\xe2\"", R "\\\""),
	LABEL("\xe2\\", R "\\\\"),
	LABEL("\xf0\x9f\n", R R "\\n"),
	/* it ends where its length says */
	{ "abc", 2, "ab" },
	{ "\"\"", 1, "\\\"" },
	{ "\xe2\x82\xac", 2, R R },
	{ "\\n", 1, "\\\\" },
};

static void label_values_are_cleaned_and_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT, line = TEXT_INIT;
		struct expose expose = { .page = &page, .name = "a" };

		expose_sample(&expose);
		expose_label(&expose, "l", labels[i].value, labels[i].length);
		expose_number_value(&expose, 1);
		text_add_string(&line, "a{l=\"");
		text_add_string(&line, labels[i].expected);
		text_add_string(&line, "\"} 1\n");
		if (page.length != line.length ||
		    strcmp(text_string(&page), text_string(&line)) != 0)
			fail_msg("row %zu: %s", i, text_string(&page));
	}
}

/* As a reader takes a label value: at the closing quote, with the three escapes. */
static const char *read_value(const char *c, struct text *value)
{
	for (; *c && *c != '"' && *c != '\n'; c++) {
		if (*c != '\\')
			text_add_char(value, *c);
		else if (*++c == 'n')
			text_add_char(value, '\n');
		else if (*c == '\\' || *c == '"')
			text_add_char(value, *c);
		else
			fail_msg("an escape that readers do not know");
	}
	return c;
}

static void a_reader_gets_every_pair_of_bytes_back(void **state)
{
	(void)state;
	for (unsigned int pair = 0; pair < 65536; pair++) {
		const char bytes[] = { (char)(pair >> 8), (char)pair };
		_cleanup_(text_clear) struct text page = TEXT_INIT, clean = TEXT_INIT,
						  value = TEXT_INIT;
		struct expose expose = { .page = &page, .name = "a" };

		expose_label(&expose, "l", bytes, sizeof(bytes));
		utf8_add_clean(&clean, bytes, sizeof(bytes));
		assert_string_equal(
			read_value(text_string(&page) + strlen("{l=\""), &value), "\"");
		assert_string_equal(text_string(&value), text_string(&clean));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_begins_as_its_format_wants),
		cmocka_unit_test(a_page_is_the_same_samples_in_both_formats),
		cmocka_unit_test(numbers_and_seconds_are_exact),
		cmocka_unit_test(label_values_are_cleaned_and_escaped),
		cmocka_unit_test(a_reader_gets_every_pair_of_bytes_back),
	};

	return cmocka_run_group_tests_name("expose", tests, NULL, NULL);
}
