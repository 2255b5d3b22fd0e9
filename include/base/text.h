/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer.
 *
 * - data is NULL or holds length bytes and a NUL behind them; the bytes may be any.
 * - An append that finds no memory sets error and drops everything from there on:
 *   nobody checks single appends, whoever uses the result asks for the error once.
 * - The struct may be copied only by text_take(); whoever made it clears it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *data;
	size_t length;   /* bytes, without the NUL */
	size_t capacity; /* bytes, with the NUL */
	int error;       /* 0 or -ENOMEM, sticks until text_clear() or text_reset() */
};

#define TEXT_INIT ((struct text){ NULL, 0, 0, 0 })

/* Frees the bytes; the text is empty, without error, and may be used again. */
void text_clear(struct text *text);

/* Empties the text and forgets its error, but keeps the memory. */
void text_reset(struct text *text);

/* Makes room for SIZE more bytes. 0 or -ENOMEM, which sticks. */
int text_reserve(struct text *text, size_t size);

static inline void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!length || text->error ||
	    (length >= text->capacity - text->length && text_reserve(text, length) < 0))
		return;
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

static inline void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static inline void text_add_char(struct text *text, char c)
{
	text_add(text, &c, 1);
}

/* Appends SIZE bytes that the caller has to write at once. NULL: no memory, which sticks.
 */
static inline char *text_extend(struct text *text, size_t size)
{
	char *end;

	if (text->error ||
	    (size >= text->capacity - text->length && text_reserve(text, size) < 0))
		return NULL;
	end = text->data + text->length;
	text->length += size;
	end[size] = '\0';
	return end;
}

/* Decimal, no sign, no leading zero. */
void text_add_number(struct text *text, uint64_t number);

/* NANOSECONDS as seconds, exact: 1500000000 becomes 1.5, and 0 becomes 0. */
void text_add_seconds(struct text *text, uint64_t nanoseconds);

/* The bytes with a NUL behind them; "" when empty. Borrowed until the next change. */
const char *text_string(const struct text *text);

/* Whether both hold the same bytes. */
bool text_is_equal(const struct text *a, const struct text *b);

/*
 * Hands the bytes to the caller, who frees them with free(); the text is empty after.
 * NULL if an append failed or nothing was ever appended.
 */
char *text_take(struct text *text, size_t *ret_length);
