/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search. Knows bytes; must not know what the words mean.
 *
 *   text   … k e r n e l   t a i n t e d …
 *                    ^ ^                     a window as long as the shortest word
 *                                            ends here: these two bytes tell how far
 *                                            it can move without passing over a word
 */
#include "base/search.h"

#include <string.h>

/* What the shift is chosen by. */
static size_t pair_at(const char *bytes)
{
	return (size_t)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

void search_init(struct search *search)
{
	search->count = 0;
	search->shortest = UINT8_MAX;
	memset(search->first, 0, sizeof(search->first));
}

void search_add(struct search *search, const char *word, size_t length)
{
	search->words[search->count] = word;
	search->lengths[search->count++] = length;
	if (length < search->shortest)
		search->shortest = length;
}

void search_prepare(struct search *search)
{
	size_t last = search->shortest - 2;

	memset(search->shift, (int)(last + 1), sizeof(search->shift));
	for (size_t i = 0; i < search->count; i++) {
		size_t pair = pair_at(search->words[i] + last);

		for (size_t at = 0; at <= last; at++) {
			uint8_t *shift = &search->shift[pair_at(search->words[i] + at)];

			if (last - at < *shift)
				*shift = (uint8_t)(last - at);
		}
		search->next[i] = search->first[pair];
		search->first[pair] = (uint8_t)(i + 1);
	}
}

const char *search_find(const struct search *search, const char *text, size_t length)
{
	const char *end = text + length;
	size_t last = search->shortest - 2;

	for (size_t at = 0; at + search->shortest <= length;) {
		size_t pair = pair_at(text + at + last), shift = search->shift[pair];

		if (shift) {
			at += shift;
			continue;
		}
		for (size_t i = search->first[pair]; i; i = search->next[i - 1])
			if (search->lengths[i - 1] <= (size_t)(end - text) - at &&
			    memcmp(text + at, search->words[i - 1],
			           search->lengths[i - 1]) == 0)
				return text + at;
		at++;
	}
	return NULL;
}
