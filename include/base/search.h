/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for many words at once, in time that hardly depends on how many they are: most
 * bytes are never looked at. After S. Wu and U. Manber, "A fast algorithm for
 * multi-pattern searching", University of Arizona, TR-94-17, 1994.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SEARCH_WORDS_MAX 64

struct search {
	const char *words[SEARCH_WORDS_MAX]; /* borrowed */
	size_t lengths[SEARCH_WORDS_MAX];    /* bytes */
	size_t count;
	size_t shortest; /* bytes of the shortest word */
	/* By two bytes of text: how far the next place to look is; 0: a word may be here.
	 */
	uint8_t shift[65536];
	/* By the same: 1 + the first word with these bytes there, and those after it. */
	uint8_t first[65536];
	uint8_t next[SEARCH_WORDS_MAX];
};

/* No word yet. */
void search_init(struct search *search);

/*
 * Adds a word of 2 to 255 bytes. All words have to be there before search_prepare(), and
 * that before search_find().
 */
void search_add(struct search *search, const char *word, size_t length);
void search_prepare(struct search *search);

/* The first place in TEXT where one of the words begins; NULL: none does. */
const char *search_find(const struct search *search, const char *text, size_t length);
