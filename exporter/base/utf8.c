/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation and replacement of UTF-8. Knows the encoding, nothing of escaping.
 */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

/*
 * RFC 3629, section 4, as ranges of the first two bytes; the bytes after the second
 * are always 80..BF.
 */
static const struct {
	unsigned char first_min, first_max, second_min, second_max;
	unsigned char length;
} forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_sequence(const char *bytes, size_t length)
{
	const unsigned char *b = (const unsigned char *)bytes;

	if (b[0] < 0x80)
		return b[0] != 0;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (b[0] < forms[i].first_min || b[0] > forms[i].first_max)
			continue;
		if (length < forms[i].length || b[1] < forms[i].second_min ||
		    b[1] > forms[i].second_max)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (!is_continuation(b[k]))
				return 0;
		return forms[i].length;
	}
	return 0;
}

void utf8_add_clean(struct text *text, const char *bytes, size_t length)
{
	while (length) {
		size_t size, valid = 0;

		while (valid < length &&
		       (size = utf8_sequence(bytes + valid, length - valid)))
			valid += size;
		text_add(text, bytes, valid);
		if (valid < length) {
			text_add_string(text, UTF8_REPLACEMENT);
			valid++;
		}
		bytes += valid;
		length -= valid;
	}
}

/* Takes one clean sequence off the front of *BYTES. */
static const char *next_clean(const char **bytes, size_t *length, size_t *ret_size)
{
	size_t size = utf8_sequence(*bytes, *length);
	const char *sequence = size ? *bytes : UTF8_REPLACEMENT;

	*ret_size = size ? size : strlen(UTF8_REPLACEMENT);
	*bytes += size ? size : 1;
	*length -= size ? size : 1;
	return sequence;
}

int utf8_compare_clean(const char *a, size_t a_length, const char *b, size_t b_length)
{
	/* Most names differ late and are ASCII, which is its own clean form. */
	while (a_length && b_length && *a == *b && *a > 0 && *a <= '~') {
		a++, a_length--;
		b++, b_length--;
	}
	while (a_length && b_length) {
		size_t a_size, b_size;
		const char *a_next = next_clean(&a, &a_length, &a_size);
		const char *b_next = next_clean(&b, &b_length, &b_size);
		int order = memcmp(a_next, b_next, a_size < b_size ? a_size : b_size);

		/* Two valid sequences of different length differ in their first byte. */
		if (order)
			return order;
	}
	return (a_length > 0) - (b_length > 0);
}
