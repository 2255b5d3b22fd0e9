/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings, read back with a strict reader: whatever a value holds, what is written
 * is one string, says the same, and is harmless on a terminal. Knows realloc(), which it
 * lets fail.
 */
#include "base/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "json.h"
#include "memory.h"

/* What is written is EXPECTED, byte for byte. */
static void assert_written(const char *value, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	json_add_string(&text, value);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
	assert_int_equal(text.length, strlen(expected));
}

/* What is written is a string that says the clean form of VALUE. */
static void assert_comes_back(const char *value)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT, found = TEXT_INIT;
	_cleanup_(text_clear) struct text clean = TEXT_INIT;

	utf8_add_clean(&clean, value, strlen(value));
	json_add_string(&text, value);
	assert_int_equal(text.error, 0);
	assert_string_equal(json_string(text_string(&text), &found), "");
	assert_string_equal(text_string(&found), text_string(&clean));
}

static void a_plain_value_stands_in_quotes(void **state)
{
	(void)state;
	assert_written("", "\"\"");
	assert_written("zfs", "\"zfs\"");
	assert_written(" two  words ", "\" two  words \"");
	assert_written("/lib/modules/6.1.0/zfs.ko", "\"/lib/modules/6.1.0/zfs.ko\"");
	assert_written("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7",
	               "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7\"");
	assert_written("<b>&'", "\"<b>&'\"");
}

static void quotes_backslashes_and_newlines_have_their_short_escapes(void **state)
{
	(void)state;
	assert_written("\"", "\"\\\"\"");
	assert_written("\\", "\"\\\\\"");
	assert_written("\n", "\"\\n\"");
	assert_written("\\n", "\"\\\\n\"");
	assert_written("a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\"");
	assert_written("\\\"", "\"\\\\\\\"\"");
}

/* logfmt knows no \t, and \u is known to both. */
static void other_control_characters_have_the_escape_that_logfmt_shares(void **state)
{
	(void)state;
	for (int c = 1; c < 0x80; c++) {
		const char value[] = { 'x', (char)c, 'y', '\0' };
		char expected[16];

		if ((c >= 0x20 && c != 0x7f) || c == '\n')
			continue;
		snprintf(expected, sizeof(expected), "\"x\\u%04xy\"", (unsigned int)c);
		assert_written(value, expected);
	}
}

/* U+009B does to a terminal what ESC [ does. */
static void control_characters_of_terminals_are_escaped(void **state)
{
	(void)state;
	for (int c = 0x80; c < 0xa0; c++) {
		const char value[] = { 'x', '\xc2', (char)c, 'y', '\0' };
		char expected[16];

		snprintf(expected, sizeof(expected), "\"x\\u%04xy\"", (unsigned int)c);
		assert_written(value, expected);
	}
	assert_written("\xc2\xa0", "\"\xc2\xa0\"");
	assert_written("\xc2\xbf\xc3\x80", "\"\xc2\xbf\xc3\x80\"");
	assert_written("\xe0\xa0\x80", "\"\xe0\xa0\x80\"");
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
	(void)state;
	assert_written("\xff", "\"" UTF8_REPLACEMENT "\"");
	assert_written("\xc2", "\"" UTF8_REPLACEMENT "\"");
	assert_written("\x9b", "\"" UTF8_REPLACEMENT "\"");
	assert_written("\xc0\x80", "\"" UTF8_REPLACEMENT UTF8_REPLACEMENT "\"");
	assert_written("\xc2\"", "\"" UTF8_REPLACEMENT "\\\"\"");
	assert_written("\xe2\x82\\", "\"" UTF8_REPLACEMENT UTF8_REPLACEMENT "\\\\\"");
}

static void hostile_values_come_back(void **state)
{
	static const char *const values[] = {
		"\"}],[{\"",
		"\\",
		"\\u0000",
		"\\\\u001b",
		"</script>",
		"\x1b[31mred\x1b[0m",
		"\x1b]0;title\x07",
		"\r\n\t\v\f\b",
		"\x7f\x7f",
		"\xc2\x9b\x33\x31m",
		"\xe2\x80\xa8\xe2\x80\xa9",
		"\xef\xbb\xbf",
		"\xed\xa0\x80\xed\xb0\x80",
		"\xf4\x90\x80\x80",
		"\xf0\x9f\x90",
		"%s%n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_comes_back(values[i]);
}

static void every_two_bytes_come_back(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 0; second < 256; second++) {
			const char value[] = { (char)first, (char)second, '\0' };

			assert_comes_back(value);
		}
	}
}

static void a_long_value_is_whole(void **state)
{
	_cleanup_(free_pointer) char *value = malloc(100001);

	(void)state;
	assert_non_null(value);
	for (size_t i = 0; i < 100000; i++)
		value[i] = "a\"\\\n\x1b\xff\xc2\x9b"[i % 8];
	value[100000] = '\0';
	assert_comes_back(value);
}

static void the_string_is_appended_to_what_is_there(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "{");
	json_add_string(&text, "a");
	text_add_string(&text, ":");
	json_add_string(&text, "b\n");
	assert_string_equal(text_string(&text), "{\"a\":\"b\\n\"");
}

static void members_are_separated_in_objects_and_arrays(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "{");
	json_add_pair(&text, "a", "{");
	json_add_key(&text, "list");
	text_add_string(&text, "[");
	json_add_comma(&text);
	json_add_string(&text, "[");
	json_add_comma(&text);
	text_add_string(&text, "{");
	json_add_switch(&text, "no", true, false);
	json_add_switch(&text, "yes", true, true);
	text_add_string(&text, "}]");
	json_add_pair(&text, "z", "");
	text_add_string(&text, "}");
	assert_string_equal(text_string(&text),
	                    "{\"a\":\"{\",\"list\":[\"[\",{\"no\":false,"
	                    "\"yes\":true}],\"z\":\"\"}");
}

static void a_number_is_whole(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "{");
	json_add_number(&text, "none", true, 0);
	json_add_number(&text, "most", true, UINT64_MAX);
	assert_string_equal(text_string(&text),
	                    "{\"none\":0,\"most\":18446744073709551615");
}

static void what_is_not_known_is_null(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "{");
	json_add_number(&text, "number", false, 1);
	json_add_switch(&text, "switch", false, true);
	json_add_pair(&text, "word", NULL);
	assert_string_equal(text_string(&text),
	                    "{\"number\":null,\"switch\":null,\"word\":null");
}

/* Also where only what is needed on the way finds no memory. */
static void without_memory_the_text_has_the_error(void **state)
{
	static const char value[] =
		"a value that is longer than any first piece, \"\x1b\xff";
	int calls = 0, failures = 0;

	(void)state;
	for (;; calls++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		assert_true(calls < 100);
		text_reserve(&text, 1000);
		calls_left = calls;
		json_add_string(&text, value);
		calls_left = -1;
		if (!text.error)
			break;
		assert_int_equal(text.error, -ENOMEM);
		failures++;
	}
	assert_true(failures > 0);
	for (calls = 0;; calls++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		assert_true(calls < 100);
		calls_left = calls;
		json_add_string(&text, value);
		calls_left = -1;
		if (!text.error)
			break;
		assert_int_equal(text.error, -ENOMEM);
	}
}

static void an_error_that_was_there_stays(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	calls_left = 0;
	text_add_string(&text, "lost");
	calls_left = -1;
	assert_int_equal(text.error, -ENOMEM);
	json_add_string(&text, "value");
	assert_int_equal(text.error, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_value_stands_in_quotes),
		cmocka_unit_test(
			quotes_backslashes_and_newlines_have_their_short_escapes),
		cmocka_unit_test(
			other_control_characters_have_the_escape_that_logfmt_shares),
		cmocka_unit_test(control_characters_of_terminals_are_escaped),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(hostile_values_come_back),
		cmocka_unit_test(every_two_bytes_come_back),
		cmocka_unit_test(a_long_value_is_whole),
		cmocka_unit_test(the_string_is_appended_to_what_is_there),
		cmocka_unit_test(members_are_separated_in_objects_and_arrays),
		cmocka_unit_test(a_number_is_whole),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test_setup(without_memory_the_text_has_the_error, setup),
		cmocka_unit_test_setup(an_error_that_was_there_stays, setup),
	};

	return cmocka_run_group_tests_name("json", tests, setup, NULL);
}
