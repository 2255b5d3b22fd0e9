/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings and members: whatever a value holds, what is written is one string that is
 * harmless on a terminal, and says the same to a strict reader.
 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "json.h"

static void a_value_is_written_as_one_string(void **state)
{
	static const struct {
		const char *value, *written;
	} rows[] = {
		{ "", "\"\"" },
		{ " two  words ", "\" two  words \"" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7",
		  "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7\"" },
		{ "<b>&'/", "\"<b>&'/\"" },
		{ "a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\"" },
		{ "\\n", "\"\\\\n\"" },
		/* logfmt knows no \t, and \u is known to both. */
		{ "\x01\t\r\x1b\x1f\x7f",
		  "\"\\u0001\\u0009\\u000d\\u001b\\u001f\\u007f\"" },
		/* U+009B does to a terminal what ESC [ does. */
		{ "\xc2\x80\xc2\x9b\xc2\x9f", "\"\\u0080\\u009b\\u009f\"" },
		{ "\xc2\xa0\xc3\x80\xe0\xa0\x80", "\"\xc2\xa0\xc3\x80\xe0\xa0\x80\"" },
		{ "\xff", "\"" UTF8_REPLACEMENT "\"" },
		{ "\x9b", "\"" UTF8_REPLACEMENT "\"" },
		{ "\xc2\"", "\"" UTF8_REPLACEMENT "\\\"\"" },
		{ "\xe2\x82\\", "\"" UTF8_REPLACEMENT UTF8_REPLACEMENT "\\\\\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		json_add_string(&text, rows[i].value);
		if (strcmp(text_string(&text), rows[i].written) != 0)
			fail_msg("row %zu: %s", i, text_string(&text));
	}
}

static void every_two_bytes_come_back(void **state)
{
	(void)state;
	for (int bytes = 1 << 8; bytes < 1 << 16; bytes++) {
		const char value[] = { (char)(bytes >> 8), (char)bytes, '\0' };
		_cleanup_(text_clear) struct text text = TEXT_INIT, found = TEXT_INIT;
		_cleanup_(text_clear) struct text clean = TEXT_INIT;

		utf8_add_clean(&clean, value, strlen(value));
		json_add_string(&text, value);
		assert_string_equal(json_string(text_string(&text), &found), "");
		assert_string_equal(text_string(&found), text_string(&clean));
	}
}

static void members_are_separated_and_what_is_unknown_is_null(void **state)
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
	json_add_number(&text, "most", true, UINT64_MAX);
	json_add_number(&text, "number", false, 1);
	json_add_switch(&text, "switch", false, true);
	json_add_pair(&text, "word", NULL);
	text_add_string(&text, "}");
	assert_string_equal(text_string(&text),
	                    "{\"a\":\"{\",\"list\":[\"[\",{\"no\":false,\"yes\":true}],"
	                    "\"most\":18446744073709551615,\"number\":null,"
	                    "\"switch\":null,\"word\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_written_as_one_string),
		cmocka_unit_test(every_two_bytes_come_back),
		cmocka_unit_test(members_are_separated_and_what_is_unknown_is_null),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
