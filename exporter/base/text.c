/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growable byte buffer. Knows bytes and numbers; must not know what they mean.
 */
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

#define TEXT_CAPACITY_MIN 256

void text_clear(struct text *text)
{
	free(text->data);
	*text = TEXT_INIT;
}

void text_reset(struct text *text)
{
	text->length = 0;
	text->error = 0;
	if (text->data)
		text->data[0] = '\0';
}

int text_reserve(struct text *text, size_t size)
{
	size_t needed, capacity = text->capacity;
	char *data;

	if (text->error)
		return text->error;
	if (__builtin_add_overflow(text->length, size, &needed) ||
	    __builtin_add_overflow(needed, 1, &needed))
		return text->error = -ENOMEM;
	if (needed <= capacity)
		return 0;

	if (capacity < TEXT_CAPACITY_MIN)
		capacity = TEXT_CAPACITY_MIN;
	while (capacity < needed)
		if (__builtin_mul_overflow(capacity, 2, &capacity))
			return text->error = -ENOMEM;

	data = realloc(text->data, capacity);
	if (!data)
		return text->error = -ENOMEM;
	data[text->length] = '\0';
	text->data = data;
	text->capacity = capacity;
	return 0;
}

void text_add_number(struct text *text, uint64_t number)
{
	char digits[20]; /* UINT64_MAX has 20 */
	size_t start = sizeof(digits);

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_add(text, digits + start, sizeof(digits) - start);
}

void text_add_seconds(struct text *text, uint64_t nanoseconds)
{
	uint64_t fraction = nanoseconds % 1000000000;
	char digits[10] = ".";
	size_t length = sizeof(digits);

	text_add_number(text, nanoseconds / 1000000000);
	if (!fraction)
		return;
	for (size_t i = sizeof(digits) - 1; i > 0; i--) {
		digits[i] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	while (digits[length - 1] == '0')
		length--;
	text_add(text, digits, length);
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

bool text_is_equal(const struct text *a, const struct text *b)
{
	return a->length == b->length &&
	       memcmp(text_string(a), text_string(b), a->length) == 0;
}

char *text_take(struct text *text, size_t *ret_length)
{
	char *data = text->data;

	if (text->error || !data) {
		text_clear(text);
		return NULL;
	}
	*ret_length = text->length;
	*text = TEXT_INIT;
	return data;
}
