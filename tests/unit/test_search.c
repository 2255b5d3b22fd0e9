/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many words at once, held against the plainest search there is: over small alphabets, in
 * which words are everywhere, and in memory that ends where the text does.
 */
#include "base/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static struct search search;

/* Prepares the search for these words; the last is NULL. */
static void prepare(const char *const *words)
{
	search_init(&search);
	for (; *words; words++)
		search_add(&search, *words, strlen(*words));
	search_prepare(&search);
}

static const char *find_plainly(const char *text, size_t length)
{
	for (size_t at = 0; at < length; at++)
		for (size_t i = 0; i < search.count; i++)
			if (search.lengths[i] <= length - at &&
			    memcmp(text + at, search.words[i], search.lengths[i]) == 0)
				return text + at;
	return NULL;
}

/* In a copy that ends where the text does. */
static void check(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	const char *found, *expected;

	assert_non_null(copy);
	memcpy(copy, text, length);
	found = search_find(&search, copy, length);
	expected = find_plainly(copy, length);
	if (found != expected)
		fail_msg("\"%.*s\": at %td, not at %td", (int)length, text,
		         found ? found - copy : -1, expected ? expected - copy : -1);
	free(copy);
}

/* The place in TEXT at which one of the words was found, or -1. */
static ptrdiff_t place(const char *text)
{
	const char *found = search_find(&search, text, strlen(text));

	check(text, strlen(text));
	return found ? found - text : -1;
}

static void the_first_of_all_words_is_found(void **state)
{
	static const char *const words[] = { "tainted", "kernel", "module", NULL };

	(void)state;
	prepare(words);
	assert_int_equal(place("the kernel is tainted by a module"), 4);
	assert_int_equal(place("a module taints, tainted kernel"), 2);
	assert_int_equal(place("nothing of all this"), -1);
	assert_int_equal(place("kerne taintedkernel"), 6);
	assert_int_equal(place("kernekernel"), 5);
}

static void words_at_both_ends_are_found(void **state)
{
	static const char *const words[] = { "abc", "wxyz", NULL };

	(void)state;
	prepare(words);
	assert_int_equal(place("abc"), 0);
	assert_int_equal(place("abc------"), 0);
	assert_int_equal(place("------abc"), 6);
	assert_int_equal(place("wxyz"), 0);
	assert_int_equal(place("-----wxyz"), 5);
	assert_int_equal(place("-----wxy"), -1);
	assert_int_equal(place("-------ab"), -1);
	assert_int_equal(place("bc------"), -1);
}

static void a_text_that_is_shorter_than_the_shortest_word_holds_none(void **state)
{
	static const char *const words[] = { "abcdef", "abcdefgh", NULL };

	(void)state;
	prepare(words);
	assert_null(search_find(&search, NULL, 0));
	assert_int_equal(place(""), -1);
	assert_int_equal(place("a"), -1);
	assert_int_equal(place("abcde"), -1);
	assert_int_equal(place("abcdef"), 0);
}

static void a_word_that_is_cut_off_is_none_but_a_shorter_one_is(void **state)
{
	static const char *const words[] = { "abcdefgh", "cdef", NULL };

	(void)state;
	prepare(words);
	assert_int_equal(place("abcdefgh"), 0);
	assert_int_equal(place("abcdefg"), 2);
	assert_int_equal(place("xabcdefgxabcdefgh"), 3);
	assert_int_equal(place("abcde"), -1);
}

static void words_may_overlap_and_begin_alike(void **state)
{
	static const char *const words[] = {
		"aab", "aabaab", "abaa", "baab", "ab", NULL
	};

	(void)state;
	prepare(words);
	assert_int_equal(place("aaaab"), 2);
	assert_int_equal(place("aaabaab"), 1);
	assert_int_equal(place("bbaabb"), 1);
	assert_int_equal(place("baaba"), 0);
	assert_int_equal(place("bbbb"), -1);
}

/* At the first of the places; which word it is nobody asks. */
static void the_same_word_twice_does_no_harm(void **state)
{
	static const char *const words[] = { "taint", "taint", "taints", NULL };

	(void)state;
	prepare(words);
	assert_int_equal(place("it taints"), 3);
	assert_int_equal(place("it tain"), -1);
}

static void any_bytes_are_text(void **state)
{
	static const char *const words[] = { "\xff\xfe\xfd", "a\xff", NULL };
	static const char text[] = { '\0',   '\xff', '\xfe', '\0', '\xff',
		                     '\xfe', '\xfd', '\0',   'a',  '\xff' };

	(void)state;
	prepare(words);
	for (size_t from = 0; from <= sizeof(text); from++)
		for (size_t to = from; to <= sizeof(text); to++)
			check(text + from, to - from);
	assert_ptr_equal(search_find(&search, text, sizeof(text)), text + 4);
	assert_ptr_equal(search_find(&search, text + 5, sizeof(text) - 5), text + 8);
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
		check(text, sizeof(text));
		memcpy(text + i * 7, words[i], UINT8_MAX);
		check(text, sizeof(text));
		assert_ptr_equal(search_find(&search, text, sizeof(text)), text + i * 7);
	}
}

static uint32_t random_state;

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

static void random_texts_are_searched_as_the_plainest_search_does(void **state)
{
	static char words[SEARCH_WORDS_MAX][16];
	char text[256];

	(void)state;
	random_state = 1;
	for (int round = 0; round < 3000; round++) {
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
			check(text, length);
		}
	}
}

/* Or it would be a search for each place. */
static void what_is_in_no_word_is_passed_over_at_once(void **state)
{
	static const char *const words[] = { "abcdefgh", "stuvwxyz12", NULL };

	(void)state;
	prepare(words);
	assert_int_equal(search.shortest, 8);
	assert_int_equal(search.shift['?' << 8 | '!'], 7);
	assert_int_equal(search.shift['a' << 8 | 'b'], 6);
	assert_int_equal(search.shift['g' << 8 | 'h'], 0);
	assert_int_equal(search.shift['y' << 8 | 'z'], 0);
	assert_int_equal(search.shift['z' << 8 | '1'], 7);
}

/* What was prepared before is forgotten. */
static void a_search_may_begin_anew(void **state)
{
	static const char *const words[] = { "first", "another", NULL };
	static const char *const others[] = { "second", NULL };

	(void)state;
	prepare(words);
	prepare(others);
	assert_int_equal(place("first another second"), 14);
	assert_int_equal(place("first another"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_all_words_is_found),
		cmocka_unit_test(words_at_both_ends_are_found),
		cmocka_unit_test(
			a_text_that_is_shorter_than_the_shortest_word_holds_none),
		cmocka_unit_test(a_word_that_is_cut_off_is_none_but_a_shorter_one_is),
		cmocka_unit_test(words_may_overlap_and_begin_alike),
		cmocka_unit_test(the_same_word_twice_does_no_harm),
		cmocka_unit_test(any_bytes_are_text),
		cmocka_unit_test(the_longest_words_and_the_most_are_found),
		cmocka_unit_test(random_texts_are_searched_as_the_plainest_search_does),
		cmocka_unit_test(what_is_in_no_word_is_passed_over_at_once),
		cmocka_unit_test(a_search_may_begin_anew),
	};

	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
