/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growable buffer: that any bytes survive, that the error sticks, that memory moves
 * by text_take() alone. Knows realloc() and free(), which it counts and lets fail.
 */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);

/* More than any honest test asks for: refused, whatever the machine would give. */
#define SIZE_TOO_MUCH (SIZE_MAX >> 4)

static int calls_left;   /* realloc() calls that still succeed; negative: all */
static unsigned calls;   /* realloc() calls so far */
static ptrdiff_t blocks; /* allocated and not freed */

void *__wrap_realloc(void *pointer, size_t size)
{
	void *grown;

	calls++;
	if (calls_left == 0 || size > SIZE_TOO_MUCH)
		return NULL;
	if (calls_left > 0)
		calls_left--;
	grown = __real_realloc(pointer, size);
	if (grown && !pointer)
		blocks++;
	return grown;
}

void __wrap_free(void *pointer)
{
	if (pointer)
		blocks--;
	__real_free(pointer);
}

static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	calls = 0;
	blocks = 0;
	return 0;
}

/* What the header promises of every text, after whatever happened to it. */
static void assert_sane(const struct text *text)
{
	if (!text->data) {
		assert_int_equal(text->length, 0);
		assert_int_equal(text->capacity, 0);
		assert_string_equal(text_string(text), "");
		return;
	}
	assert_true(text->capacity > text->length);
	assert_int_equal(text->data[text->length], '\0');
	assert_ptr_equal(text_string(text), text->data);
}

static void a_new_text_is_empty_and_reads_as_an_empty_string(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_sane(&text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), "");
	text_clear(&text);
	assert_sane(&text);
	assert_int_equal(calls, 0);
}

static void appends_stand_one_behind_the_other(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	text_add(&text, "abcdef", 3);
	text_add_string(&text, "-string-");
	text_add_char(&text, 'c');
	text_add_number(&text, 42);
	text_add_seconds(&text, 2500000000);
	assert_sane(&text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), "abc-string-c422.5");
	assert_int_equal(text.length, strlen("abc-string-c422.5"));
	text_clear(&text);
	assert_int_equal(blocks, 0);
}

static void an_extended_text_has_room_for_just_so_many_bytes(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	for (size_t size = 0; size < 600; size++) {
		size_t length = text.length;
		char *end = text_extend(&text, size);

		assert_ptr_equal(end, text.data + length);
		assert_int_equal(text.length, length + size);
		memset(end, 'x', size);
		assert_sane(&text);
	}
	assert_int_equal(strspn(text_string(&text), "x"), text.length);
	text.error = -ENOMEM;
	assert_null(text_extend(&text, 1));
	assert_int_equal(text.length, 600 * 599 / 2);
	text_clear(&text);
	assert_null(text_extend(&text, SIZE_MAX));
	assert_int_equal(text.error, -ENOMEM);
	text_clear(&text);
}

static void any_byte_survives_nul_included(void **state)
{
	struct text text = TEXT_INIT;
	char every[256];

	(void)state;
	for (size_t i = 0; i < sizeof(every); i++)
		every[i] = (char)i;
	for (size_t i = 0; i < sizeof(every); i++)
		text_add_char(&text, every[i]);
	text_add(&text, every, sizeof(every));
	assert_sane(&text);
	assert_int_equal(text.length, 2 * sizeof(every));
	assert_memory_equal(text.data, every, sizeof(every));
	assert_memory_equal(text.data + sizeof(every), every, sizeof(every));
	text_clear(&text);
}

static void an_append_of_nothing_changes_nothing(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	text_add(&text, NULL, 0);
	text_add(&text, "x", 0);
	text_add_string(&text, "");
	assert_sane(&text);
	assert_int_equal(text.length, 0);
	assert_string_equal(text_string(&text), "");
	text_add_string(&text, "x");
	text_add_string(&text, "");
	text_add(&text, NULL, 0);
	assert_string_equal(text_string(&text), "x");
	assert_int_equal(text.length, 1);
	text_clear(&text);
}

static void a_text_grows_byte_by_byte_in_few_allocations(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		text_add_char(&text, (char)(i * 7));
		assert_int_equal(text.length, i + 1);
		assert_true(text.capacity > text.length);
		assert_int_equal(text.data[text.length], '\0');
	}
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(text.data[i], (char)(i * 7));
	assert_true(calls < 20);
	text_clear(&text);
	assert_int_equal(blocks, 0);
}

static void appends_of_every_length_fit_exactly(void **state)
{
	char bytes[1100];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t first = 0; first <= 520; first += 13) {
		for (size_t second = 0; second <= sizeof(bytes); second++) {
			struct text text = TEXT_INIT;

			text_add(&text, bytes, first);
			text_add(&text, bytes, second);
			assert_sane(&text);
			assert_int_equal(text.length, first + second);
			assert_int_equal(strlen(text_string(&text)), first + second);
			text_clear(&text);
		}
	}
	assert_int_equal(blocks, 0);
}

static void a_number_has_no_sign_and_no_leading_zero(void **state)
{
	static const struct {
		uint64_t number;
		const char *digits;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 9, "9" },
		{ 10, "10" },
		{ 99, "99" },
		{ 100, "100" },
		{ 4294967295, "4294967295" },
		{ 4294967296, "4294967296" },
		{ 9007199254740993, "9007199254740993" },
		{ UINT64_C(9999999999999999999), "9999999999999999999" },
		{ UINT64_C(10000000000000000000), "10000000000000000000" },
		{ UINT64_MAX, "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text text = TEXT_INIT;

		text_add_number(&text, rows[i].number);
		assert_sane(&text);
		assert_string_equal(text_string(&text), rows[i].digits);
		text_clear(&text);
	}
}

static void seconds_are_exact_and_short(void **state)
{
	static const struct {
		uint64_t nanoseconds;
		const char *seconds;
	} rows[] = {
		{ 0, "0" },
		{ 1, "0.000000001" },
		{ 10, "0.00000001" },
		{ 123456789, "0.123456789" },
		{ 100000000, "0.1" },
		{ 999999999, "0.999999999" },
		{ 1000000000, "1" },
		{ 1000000001, "1.000000001" },
		{ 1010000000, "1.01" },
		{ 1500000000, "1.5" },
		{ 10000000000, "10" },
		{ 100000000000, "100" },
		{ 60000001000, "60.000001" },
		{ UINT64_C(1795298562123000000), "1795298562.123" },
		{ UINT64_MAX, "18446744073.709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text text = TEXT_INIT;

		text_add_seconds(&text, rows[i].nanoseconds);
		assert_sane(&text);
		assert_string_equal(text_string(&text), rows[i].seconds);
		text_clear(&text);
	}
}

static void seconds_agree_with_printf_without_its_zeros(void **state)
{
	uint64_t nanoseconds = 1;
	struct text text = TEXT_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "%llu.%09llu",
		         (unsigned long long)(nanoseconds / 1000000000),
		         (unsigned long long)(nanoseconds % 1000000000));
		for (size_t end = strlen(wanted); wanted[end - 1] == '0'; end--)
			wanted[end - 1] = '\0';
		if (wanted[strlen(wanted) - 1] == '.')
			wanted[strlen(wanted) - 1] = '\0';
		text_add_seconds(&text, nanoseconds);
		assert_string_equal(text_string(&text), wanted);
		text_reset(&text);
		/* Now and then with zeros behind the last digit. */
		nanoseconds = nanoseconds * 6364136223846793005 + 1442695040888963407;
		if (i % 3 == 0)
			nanoseconds -= nanoseconds % 1000000;
	}
	text_clear(&text);
}

static void clear_frees_and_the_text_may_be_used_again(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "first");
	assert_int_equal(blocks, 1);
	text_clear(&text);
	assert_int_equal(blocks, 0);
	assert_null(text.data);
	assert_sane(&text);
	text_add_string(&text, "second");
	assert_string_equal(text_string(&text), "second");
	text_clear(&text);
	text_clear(&text);
	assert_int_equal(blocks, 0);
}

static void reset_empties_but_keeps_the_memory(void **state)
{
	struct text text = TEXT_INIT;
	const char *data;
	size_t capacity;
	unsigned before;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_add_string(&text, "0123456789");
	data = text.data;
	capacity = text.capacity;
	before = calls;
	text_reset(&text);
	assert_sane(&text);
	assert_int_equal(text.length, 0);
	assert_string_equal(text_string(&text), "");
	for (int i = 0; i < 1000; i++)
		text_add_string(&text, "abcdefghij");
	assert_ptr_equal(text.data, data);
	assert_int_equal(text.capacity, capacity);
	assert_int_equal(calls, before);
	text_clear(&text);
}

static void reset_of_a_new_text_is_harmless(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	text_reset(&text);
	assert_sane(&text);
	assert_null(text.data);
}

static void reserve_makes_the_next_appends_free_of_allocation(void **state)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 257, 4095, 70000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct text text = TEXT_INIT;

		text_add_string(&text, "head");
		assert_int_equal(text_reserve(&text, sizes[i]), 0);
		assert_sane(&text);
		assert_string_equal(text_string(&text), "head");
		calls_left = 0;
		for (size_t k = 0; k < sizes[i]; k++)
			text_add_char(&text, 'x');
		assert_int_equal(text.error, 0);
		assert_int_equal(text.length, 4 + sizes[i]);
		calls_left = -1;
		text_clear(&text);
	}
}

static void reserve_on_a_new_text_leaves_it_an_empty_string(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	assert_int_equal(text_reserve(&text, 100), 0);
	assert_sane(&text);
	assert_int_equal(text.length, 0);
	assert_string_equal(text_string(&text), "");
	text_clear(&text);
	assert_int_equal(blocks, 0);
}

static void a_size_beyond_any_memory_is_an_error_that_sticks(void **state)
{
	static const size_t sizes[] = { SIZE_MAX,         SIZE_MAX - 1,
		                        SIZE_MAX - 4,     SIZE_MAX - 5,
		                        SIZE_MAX / 2,     SIZE_MAX / 2 + 1,
		                        SIZE_MAX / 2 + 2, SIZE_MAX / 4 * 3,
		                        SIZE_MAX / 4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct text text = TEXT_INIT;

		text_add_string(&text, "head");
		assert_int_equal(text_reserve(&text, sizes[i]), -ENOMEM);
		assert_int_equal(text.error, -ENOMEM);
		assert_sane(&text);
		assert_string_equal(text_string(&text), "head");
		assert_int_equal(text_reserve(&text, 0), -ENOMEM);
		text_clear(&text);
		assert_int_equal(text.error, 0);

		assert_int_equal(text_reserve(&text, sizes[i]), -ENOMEM);
		assert_sane(&text);
		text_clear(&text);
	}
	assert_int_equal(blocks, 0);
}

static void a_failed_append_drops_it_and_everything_behind_it(void **state)
{
	char block[300];

	(void)state;
	memset(block, 'b', sizeof(block));
	for (int limit = 0; limit < 6; limit++) {
		struct text text = TEXT_INIT;
		size_t kept;

		calls_left = limit;
		for (int i = 0; i < 100 && !text.error; i++)
			text_add(&text, block, sizeof(block));
		assert_int_equal(text.error, -ENOMEM);
		assert_sane(&text);
		kept = text.length;
		assert_int_equal(kept % sizeof(block), 0);
		assert_true(limit == 0 ? kept == 0 : kept > 0);

		/* Memory is back, and yet nothing may follow the gap. */
		calls_left = -1;
		text_add(&text, "a", 1);
		text_add_string(&text, "b");
		text_add_char(&text, 'c');
		text_add_number(&text, 1);
		text_add_seconds(&text, 1);
		assert_int_equal(text_reserve(&text, 1), -ENOMEM);
		assert_int_equal(text.length, kept);
		assert_int_equal(text.error, -ENOMEM);
		assert_sane(&text);
		text_clear(&text);
		assert_int_equal(blocks, 0);
	}
}

static void reset_forgets_the_error(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	calls_left = 0;
	text_add_string(&text, "lost");
	assert_int_equal(text.error, -ENOMEM);
	calls_left = -1;
	text_reset(&text);
	assert_int_equal(text.error, 0);
	text_add_string(&text, "found");
	assert_string_equal(text_string(&text), "found");
	text_clear(&text);
	assert_int_equal(blocks, 0);
}

static void take_moves_the_bytes_whole_and_leaves_the_text_empty(void **state)
{
	struct text text = TEXT_INIT;
	const char *data;
	size_t length = 99;
	char *taken;

	(void)state;
	text_add(&text, "a\0b", 3);
	data = text.data;
	taken = text_take(&text, &length);
	assert_ptr_equal(taken, data);
	assert_int_equal(length, 3);
	assert_memory_equal(taken, "a\0b", 4);
	assert_null(text.data);
	assert_sane(&text);
	assert_int_equal(text.error, 0);

	text_add_string(&text, "of its own");
	assert_ptr_not_equal(text.data, taken);
	assert_memory_equal(taken, "a\0b", 4);
	text_clear(&text);
	assert_int_equal(blocks, 1);
	free(taken);
	assert_int_equal(blocks, 0);
}

static void take_of_a_text_that_failed_gives_nothing_and_leaks_nothing(void **state)
{
	struct text text = TEXT_INIT;
	size_t length = 99;

	(void)state;
	text_add_string(&text, "the first half");
	calls_left = 0;
	while (!text.error)
		text_add_string(&text, "the second half");
	calls_left = -1;
	assert_null(text_take(&text, &length));
	assert_int_equal(length, 99);
	assert_int_equal(text.length, 0);
	assert_string_equal(text_string(&text), "");
	assert_int_equal(blocks, 0);
	text_clear(&text);
}

static void take_of_a_text_that_never_got_a_byte_gives_nothing(void **state)
{
	struct text text = TEXT_INIT;
	size_t length = 99;

	(void)state;
	assert_null(text_take(&text, &length));
	assert_int_equal(length, 99);
	assert_sane(&text);
}

static void texts_are_equal_if_all_their_bytes_are(void **state)
{
	static const struct {
		const char *a, *b;
		size_t a_length, b_length;
		bool is_equal;
	} cases[] = {
		{ "", "", 0, 0, true },          { "ab", "ab", 2, 2, true },
		{ "ab", "ac", 2, 2, false },     { "ab", "abc", 2, 3, false },
		{ "", "a", 0, 1, false },        { "a\0b", "a\0b", 3, 3, true },
		{ "a\0b", "a\0c", 3, 3, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text a = TEXT_INIT, b = TEXT_INIT;

		text_add(&a, cases[i].a, cases[i].a_length);
		text_add(&b, cases[i].b, cases[i].b_length);
		assert_int_equal(text_is_equal(&a, &b), cases[i].is_equal);
		assert_int_equal(text_is_equal(&b, &a), cases[i].is_equal);
		text_clear(&a);
		text_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(texts_are_equal_if_all_their_bytes_are, setup),
		cmocka_unit_test_setup(a_new_text_is_empty_and_reads_as_an_empty_string,
		                       setup),
		cmocka_unit_test_setup(appends_stand_one_behind_the_other, setup),
		cmocka_unit_test_setup(an_extended_text_has_room_for_just_so_many_bytes,
		                       setup),
		cmocka_unit_test_setup(any_byte_survives_nul_included, setup),
		cmocka_unit_test_setup(an_append_of_nothing_changes_nothing, setup),
		cmocka_unit_test_setup(a_text_grows_byte_by_byte_in_few_allocations,
		                       setup),
		cmocka_unit_test_setup(appends_of_every_length_fit_exactly, setup),
		cmocka_unit_test_setup(a_number_has_no_sign_and_no_leading_zero, setup),
		cmocka_unit_test_setup(seconds_are_exact_and_short, setup),
		cmocka_unit_test_setup(seconds_agree_with_printf_without_its_zeros,
		                       setup),
		cmocka_unit_test_setup(clear_frees_and_the_text_may_be_used_again, setup),
		cmocka_unit_test_setup(reset_empties_but_keeps_the_memory, setup),
		cmocka_unit_test_setup(reset_of_a_new_text_is_harmless, setup),
		cmocka_unit_test_setup(reserve_makes_the_next_appends_free_of_allocation,
		                       setup),
		cmocka_unit_test_setup(reserve_on_a_new_text_leaves_it_an_empty_string,
		                       setup),
		cmocka_unit_test_setup(a_size_beyond_any_memory_is_an_error_that_sticks,
		                       setup),
		cmocka_unit_test_setup(a_failed_append_drops_it_and_everything_behind_it,
		                       setup),
		cmocka_unit_test_setup(reset_forgets_the_error, setup),
		cmocka_unit_test_setup(
			take_moves_the_bytes_whole_and_leaves_the_text_empty, setup),
		cmocka_unit_test_setup(
			take_of_a_text_that_failed_gives_nothing_and_leaks_nothing,
			setup),
		cmocka_unit_test_setup(take_of_a_text_that_never_got_a_byte_gives_nothing,
		                       setup),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
