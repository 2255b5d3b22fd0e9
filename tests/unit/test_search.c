/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many words at once, held against the plainest search there is: over small alphabets, in
 * which words are everywhere, and in memory that ends where the text does.
 */
#include "base/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static struct search search;

static const char *find_plainly(const char *text, size_t length)
{
	for (size_t at = 0; at < length; at++)
		for (size_t i = 0; i < search.count; i++)
			if (search.lengths[i] <= length - at &&
			    memcmp(text + at, search.words[i], search.lengths[i]) == 0)
				return text + at;
	return NULL;
}

/* In a copy that ends where the text does; -1: nowhere. */
static ptrdiff_t place(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	const char *found, *expected;
	ptrdiff_t at;

	assert_non_null(copy);
	memcpy(copy, text, length);
	found = search_find(&search, copy, length);
	expected = find_plainly(copy, length);
	at = found ? found - copy : -1;
	if (found != expected)
		fail_msg("\"%.*s\": at %td, not at %td", (int)length, text, at,
		         expected ? expected - copy : -1);
	free(copy);
	return at;
}

static void the_first_of_all_words_is_found(void **state)
{
	static const struct {
		const char *words[6];
		const char *text;
		ptrdiff_t at;
	} rows[] = {
		{ { "tainted", "kernel" }, "the kernel is tainted", 4 },
		{ { "tainted", "kernel" }, "kerne taintedkernel", 6 },
		{ { "tainted", "kernel" }, "kernekernel", 5 },
		{ { "tainted", "kernel" }, "nothing of all this", -1 },
		{ { "abc", "wxyz" }, "abc", 0 },
		{ { "abc", "wxyz" }, "------abc", 6 },
		{ { "abc", "wxyz" }, "-----wxyz", 5 },
		{ { "abc", "wxyz" }, "-----wxy", -1 },
		{ { "abc", "wxyz" }, "bc------", -1 },
		{ { "abcdef", "abcdefgh" }, "", -1 },
		{ { "abcdef", "abcdefgh" }, "abcde", -1 },
		{ { "abcdef", "abcdefgh" }, "abcdef", 0 },
		/* A word that is cut off is none, but a shorter one is. */
		{ { "abcdefgh", "cdef" }, "abcdefg", 2 },
		{ { "aab", "aabaab", "abaa", "baab", "ab" }, "aaaab", 2 },
		{ { "aab", "aabaab", "abaa", "baab", "ab" }, "bbbb", -1 },
		{ { "taint", "taint", "taints" }, "it taints", 3 },
		{ { "\xff\xfe\xfd", "a\xff" }, "\xff\xfe\xff\xfe\xfd", 2 },
		{ { "\xff\xfe\xfd", "a\xff" },
		  "\xfe\xfd"
		  "a\xff",
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		search_init(&search);
		for (const char *const *word = rows[i].words; *word; word++)
			search_add(&search, *word, strlen(*word));
		search_prepare(&search);
		if (place(rows[i].text, strlen(rows[i].text)) != rows[i].at)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

static void the_longest_words_and_the_most_are_found(void **state)
{
	static char words[SEARCH_WORDS_MAX][UINT8_MAX + 1];
	char text[3 * UINT8_MAX];

	(void)state;
	search_init(&search);
	for (size_t i = 0; i < SEARCH_WORDS_MAX; i++) {
		memset(words[i], 'x', UINT8_MAX);
		snprintf(words[i] + UINT8_MAX - 2, 3, "%02zu", i);
		search_add(&search, words[i], UINT8_MAX);
	}
	search_prepare(&search);
	for (size_t i = 0; i < SEARCH_WORDS_MAX; i++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + i * 7, words[i], UINT8_MAX);
		assert_int_equal(place(text, sizeof(text)), i * 7);
	}
}

static uint32_t random_state = 1;

/* The same numbers each time (Numerical Recipes' generator). */
static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 16) % limit;
}

static void fill(char *text, size_t length, uint32_t letters)
{
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + random_below(letters));
}

static void random_texts_are_searched_as_plainly(void **state)
{
	static char words[SEARCH_WORDS_MAX][16];
	char text[256];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint32_t letters = 2 + random_below(3), count = 1 + random_below(12);

		search_init(&search);
		for (uint32_t i = 0; i < count; i++) {
			size_t length = 2 + random_below(2 + (uint32_t)round % 13);

			fill(words[i], length, letters);
			search_add(&search, words[i], length);
		}
		search_prepare(&search);
		for (int i = 0; i < 8; i++) {
			size_t length = random_below(sizeof(text));

			fill(text, length, letters + random_below(2));
			place(text, length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_all_words_is_found),
		cmocka_unit_test(the_longest_words_and_the_most_are_found),
		cmocka_unit_test(random_texts_are_searched_as_plainly),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
