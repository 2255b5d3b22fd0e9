/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growable buffer: any bytes survive at every length, numbers are exact, and the
 * error of a size beyond any memory sticks.
 */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* What the header promises of every text, after whatever happened to it. */
static void assert_sane(const struct text *text)
{
	if (!text->data) {
		assert_int_equal(text->length, 0);
		assert_string_equal(text_string(text), "");
		return;
	}
	assert_true(text->capacity > text->length);
	assert_int_equal(text->data[text->length], '\0');
	assert_ptr_equal(text_string(text), text->data);
}

static void appends_stand_one_behind_the_other(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add(&text, NULL, 0);
	assert_sane(&text);
	text_add(&text, "ab\0def", 4);
	text_add_string(&text, "-string-");
	text_add_string(&text, "");
	text_add_char(&text, '\xff');
	text_add_number(&text, 42);
	text_add_seconds(&text, 2500000000);
	assert_sane(&text);
	assert_int_equal(text.length, 18);
	assert_memory_equal(text.data,
	                    "ab\0d-string-\xff"
	                    "422.5",
	                    19);
}

/* By each way of adding; the sanitizers see who writes beyond the room. */
static void appends_of_every_length_fit_exactly(void **state)
{
	char bytes[1100];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t first = 0; first <= 520; first += 13) {
		for (size_t second = 0; second <= sizeof(bytes); second++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;

			text_add(&text, bytes, first);
			if (second % 3 == 0)
				text_add(&text, bytes, second);
			else if (second % 3 == 1)
				memset(text_extend(&text, second), 'x', second);
			else
				for (size_t i = 0; i < second; i++)
					text_add_char(&text, 'x');
			assert_sane(&text);
			assert_int_equal(text.length, first + second);
			assert_int_equal(strlen(text_string(&text)), first + second);
		}
	}
}

static void numbers_and_seconds_are_exact_and_short(void **state)
{
	static const struct {
		uint64_t number;
		const char *digits, *seconds;
	} rows[] = {
		{ 0, "0", "0" },
		{ 9, "9", "0.000000009" },
		{ 10, "10", "0.00000001" },
		{ 100, "100", "0.0000001" },
		{ 123456789, "123456789", "0.123456789" },
		{ 100000000, "100000000", "0.1" },
		{ 999999999, "999999999", "0.999999999" },
		{ 1000000000, "1000000000", "1" },
		{ 1000000001, "1000000001", "1.000000001" },
		{ 1010000000, "1010000000", "1.01" },
		{ 10000000000, "10000000000", "10" },
		{ 60000001000, "60000001000", "60.000001" },
		{ UINT64_C(9007199254740993), "9007199254740993", "9007199.254740993" },
		{ UINT64_C(10000000000000000000), "10000000000000000000", "10000000000" },
		{ UINT64_MAX, "18446744073709551615", "18446744073.709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		text_add_number(&text, rows[i].number);
		assert_string_equal(text_string(&text), rows[i].digits);
		text_reset(&text);
		assert_sane(&text);
		text_add_seconds(&text, rows[i].number);
		assert_string_equal(text_string(&text), rows[i].seconds);
	}
}

static void a_size_beyond_any_memory_sticks_until_reset(void **state)
{
	static const size_t sizes[] = { SIZE_MAX,         SIZE_MAX - 1,
		                        SIZE_MAX - 4,     SIZE_MAX - 5,
		                        SIZE_MAX / 2,     SIZE_MAX / 2 + 1,
		                        SIZE_MAX / 2 + 2, SIZE_MAX / 4 * 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		size_t length = 99;

		text_add_string(&text, "head");
		assert_null(text_extend(&text, sizes[i]));
		assert_int_equal(text.error, -ENOMEM);
		assert_int_equal(text_reserve(&text, 0), -ENOMEM);
		/* Nothing may follow the gap. */
		text_add_string(&text, "b");
		text_add_number(&text, 1);
		assert_sane(&text);
		assert_string_equal(text_string(&text), "head");
		text_reset(&text);
		text_add_string(&text, "found");
		assert_int_equal(text.error, 0);
		assert_string_equal(text_string(&text), "found");
		assert_int_equal(text_reserve(&text, sizes[i]), -ENOMEM);
		assert_null(text_take(&text, &length));
		assert_int_equal(length, 99);
	}
}

static void take_moves_the_bytes_and_leaves_nothing(void **state)
{
	struct text text = TEXT_INIT;
	size_t length = 99;
	char *taken;

	(void)state;
	assert_null(text_take(&text, &length));
	assert_int_equal(length, 99);
	text_add(&text, "a\0b", 3);
	taken = text_take(&text, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(taken, "a\0b", 4);
	assert_null(text.data);
	assert_sane(&text);
	free(taken);
}

static void texts_are_equal_if_all_their_bytes_are(void **state)
{
	static const struct {
		const char *a, *b;
		size_t a_length, b_length;
		bool is_equal;
	} rows[] = {
		{ "", "", 0, 0, true },          { "ab", "ab", 2, 2, true },
		{ "ab", "ac", 2, 2, false },     { "ab", "abc", 2, 3, false },
		{ "abc", "ab", 3, 2, false },    { "a\0b", "a\0b", 3, 3, true },
		{ "a\0b", "a\0c", 3, 3, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text a = TEXT_INIT, b = TEXT_INIT;

		text_add(&a, rows[i].a, rows[i].a_length);
		text_add(&b, rows[i].b, rows[i].b_length);
		if (text_is_equal(&a, &b) != rows[i].is_equal)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_stand_one_behind_the_other),
		cmocka_unit_test(appends_of_every_length_fit_exactly),
		cmocka_unit_test(numbers_and_seconds_are_exact_and_short),
		cmocka_unit_test(a_size_beyond_any_memory_sticks_until_reset),
		cmocka_unit_test(take_moves_the_bytes_and_leaves_nothing),
		cmocka_unit_test(texts_are_equal_if_all_their_bytes_are),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
