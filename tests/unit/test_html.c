/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in HTML: that none of them can become markup, and that all others stay.
 */
#include "exposition/html.h"

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
	const char *html;
} rows[] = {
	{ "", "" },
	{ "<script>alert(\"1\" && '2')</script>",
	  "&lt;script&gt;alert(&quot;1&quot; &amp;&amp; &#39;2&#39;)&lt;/script&gt;" },
	{ "&lt;", "&amp;lt;" },
	{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7 =/`",
	  "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7 =/`" },
	{ "\xff\x1b\n\x7f\xc2\x9b!", R R R R R "!" },
	{ "cut\xe2\x82<", "cut" R R "&lt;" },
	{ "\xe2\x80\xae&", R "&amp;" },
};

static void no_value_becomes_markup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text html = TEXT_INIT;

		html_add(&html, rows[i].value);
		if (strcmp(text_string(&html), rows[i].html) != 0)
			fail_msg("%s: %s, not %s", rows[i].value, text_string(&html),
			         rows[i].html);
	}
}

static void no_byte_makes_a_tag_or_ends_an_attribute(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char value[] = { 'a', (char)byte, 'z', '\0' };
		_cleanup_(text_clear) struct text html = TEXT_INIT;

		html_add(&html, value);
		if (strpbrk(text_string(&html), "<>\"'\n") ||
		    text_string(&html)[0] != 'a' || html.data[html.length - 1] != 'z')
			fail_msg("byte %d: %s", byte, text_string(&html));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_value_becomes_markup),
		cmocka_unit_test(no_byte_makes_a_tag_or_ends_an_attribute),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
