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

static void assert_html(const char *value, const char *expected)
{
	_cleanup_(text_clear) struct text html = TEXT_INIT;

	html_add(&html, value);
	assert_int_equal(html.error, 0);
	assert_string_equal(text_string(&html), expected);
}

static void what_means_something_in_html_is_escaped(void **state)
{
	(void)state;
	assert_html("<script>alert(\"1\" && '2')</script>",
	            "&lt;script&gt;alert(&quot;1&quot; &amp;&amp; &#39;2&#39;)"
	            "&lt;/script&gt;");
	assert_html("&lt;", "&amp;lt;");
}

static void other_text_stays(void **state)
{
	(void)state;
	assert_html("", "");
	assert_html("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7 =/`", "gr\xc3\xbc\xc3\x9f "
	                                                       "\xf0\x9f\x90\xa7 =/`");
}

static void what_is_no_text_is_shown_as_such(void **state)
{
	(void)state;
	assert_html("a\xff"
	            "b\x1b"
	            "c\nd\xc2\x9b"
	            "e",
	            "a" UTF8_REPLACEMENT "b" UTF8_REPLACEMENT "c" UTF8_REPLACEMENT
	            "d" UTF8_REPLACEMENT "e");
}

static void no_byte_makes_a_tag_or_ends_an_attribute(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char value[] = { 'a', (char)byte, 'z', '\0' };
		_cleanup_(text_clear) struct text html = TEXT_INIT;

		html_add(&html, value);
		assert_null(strpbrk(text_string(&html), "<>\"'\n"));
		assert_int_equal(text_string(&html)[0], 'a');
		assert_int_equal(text_string(&html)[html.length - 1], 'z');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_means_something_in_html_is_escaped),
		cmocka_unit_test(other_text_stays),
		cmocka_unit_test(what_is_no_text_is_shown_as_such),
		cmocka_unit_test(no_byte_makes_a_tag_or_ends_an_attribute),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
