/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 held against RFC 3629: every code point, every kind of invalid form, and the
 * order of clean forms. Knows the encoding by its definition, not by the tables of the
 * code under test.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

/* A string with its length, NUL bytes included. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* U+FFFD, once more and from the standard. */
#define FFFD "\xef\xbf\xbd"

/* RFC 3629, section 3: the octets of a code point. */
static size_t encode(uint32_t point, char bytes[4])
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

static void every_code_point_but_nul_and_surrogates_is_valid(void **state)
{
	char bytes[4];

	(void)state;
	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		size_t size = encode(point, bytes);
		size_t wanted = size;

		if (point == 0 || (point >= 0xd800 && point <= 0xdfff))
			wanted = 0;
		if (utf8_sequence(bytes, size) != wanted)
			fail_msg("U+%04X: not %zu", point, wanted);
	}
}

static void nothing_behind_a_truncated_sequence_is_read(void **state)
{
	static const uint32_t points[] = { 0x80,    0x7ff,   0x800,    0xfff,   0x1000,
		                           0xd7ff,  0xe000,  0xfffd,   0xffff,  0x10000,
		                           0x3ffff, 0x40000, 0x100000, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		char bytes[4];
		size_t size = encode(points[i], bytes);

		for (size_t length = 1; length < size; length++) {
			/* A block of its own, for the sanitizer to guard. */
			char *cut = malloc(length);

			assert_non_null(cut);
			memcpy(cut, bytes, length);
			assert_int_equal(utf8_sequence(cut, length), 0);
			free(cut);
		}
	}
}

static void no_other_two_or_three_bytes_are_valid(void **state)
{
	size_t twos = 0, threes = 0;
	char bytes[3];

	(void)state;
	for (uint32_t i = 0; i < 1u << 24; i++) {
		size_t size;

		bytes[0] = (char)(i >> 16);
		/* ASCII ends at once; its first byte says all. */
		if (!(i >> 16 & 0x80))
			continue;
		bytes[1] = (char)(i >> 8);
		bytes[2] = (char)i;
		size = utf8_sequence(bytes, 3);
		assert_true(size == 0 || size == 2 || size == 3);
		twos += size == 2;
		threes += size == 3;
	}
	assert_int_equal(twos, (0x800 - 0x80) * 256);
	assert_int_equal(threes, 0x10000 - 0x800 - 0x800);
}

static const struct clean_row {
	const char *name, *bytes;
	size_t length;
	const char *clean;
} clean_rows[] = {
	{ "empty", BYTES(""), "" },
	{ "plain", BYTES("nf_conntrack"), "nf_conntrack" },
	{ "valid of every length", BYTES("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7z"),
	  "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7z" },
	{ "control characters are valid", BYTES("\x01\x1b\x7f\n"), "\x01\x1b\x7f\n" },
	{ "U+FFFD itself stays", BYTES(FFFD), FFFD },
	{ "noncharacters are valid", BYTES("\xef\xbf\xbf\xef\xb7\x90"),
	  "\xef\xbf\xbf\xef\xb7\x90" },
	{ "a byte order mark is valid", BYTES("\xef\xbb\xbfx"), "\xef\xbb\xbfx" },
	{ "NUL", BYTES("a\0b"), "a" FFFD "b" },
	{ "only NUL", BYTES("\0"), FFFD },
	{ "overlong NUL", BYTES("\xc0\x80"), FFFD FFFD },
	{ "overlong slash, 2", BYTES("\xc0\xaf"), FFFD FFFD },
	{ "overlong DEL, 2", BYTES("\xc1\xbf"), FFFD FFFD },
	{ "overlong slash, 3", BYTES("\xe0\x80\xaf"), FFFD FFFD FFFD },
	{ "overlong U+07FF", BYTES("\xe0\x9f\xbf"), FFFD FFFD FFFD },
	{ "overlong slash, 4", BYTES("\xf0\x80\x80\xaf"), FFFD FFFD FFFD FFFD },
	{ "overlong U+FFFF", BYTES("\xf0\x8f\xbf\xbf"), FFFD FFFD FFFD FFFD },
	{ "lowest surrogate", BYTES("\xed\xa0\x80"), FFFD FFFD FFFD },
	{ "highest surrogate", BYTES("\xed\xbf\xbf"), FFFD FFFD FFFD },
	{ "surrogate pair (CESU-8)", BYTES("\xed\xa0\xbd\xed\xb0\xa7"),
	  FFFD FFFD FFFD FFFD FFFD FFFD },
	{ "below the surrogates", BYTES("\xed\x9f\xbf"), "\xed\x9f\xbf" },
	{ "above the surrogates", BYTES("\xee\x80\x80"), "\xee\x80\x80" },
	{ "U+10FFFF", BYTES("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },
	{ "U+110000", BYTES("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD },
	{ "first byte F5", BYTES("\xf5\x80\x80\x80"), FFFD FFFD FFFD FFFD },
	{ "five bytes", BYTES("\xf8\x88\x80\x80\x80"), FFFD FFFD FFFD FFFD FFFD },
	{ "FE and FF", BYTES("\xfe\xff"), FFFD FFFD },
	{ "lone continuation", BYTES("\x80x\xbf"), FFFD "x" FFFD },
	{ "truncated at the end", BYTES("x\xe2\x82"), "x" FFFD FFFD },
	{ "truncated by ASCII", BYTES("\xe2\x82x"), FFFD FFFD "x" },
	{ "truncated by NUL", BYTES("\xc3\0"), FFFD FFFD },
	{ "truncated by a valid one", BYTES("\xf0\x9f\xc3\xa4"), FFFD FFFD "\xc3\xa4" },
	{ "first byte twice", BYTES("\xc3\xc3\xa4"), FFFD "\xc3\xa4" },
	{ "Latin-1", BYTES("gr\xfc\xdf"), "gr" FFFD FFFD },
	/* For their order. */
	{ "ASCII", BYTES("a"), "a" },
	{ "last of ASCII", BYTES("a\x7f"), "a\x7f" },
	{ "an invalid byte in it", BYTES("a\xff"), "a" FFFD },
	{ "the replacement in it", BYTES("a" FFFD), "a" FFFD },
	{ "above the replacement", BYTES("a\xef\xbf\xbe"), "a\xef\xbf\xbe" },
	{ "below the replacement", BYTES("a\xef\xbf\xbc"), "a\xef\xbf\xbc" },
	{ "of four bytes", BYTES("a\xf0\x9f\x90\xa7"), "a\xf0\x9f\x90\xa7" },
	{ "invalid and more", BYTES("a\xef\xbf"), "a" FFFD FFFD },
	{ "NUL and more", BYTES("a\0z"), "a" FFFD "z" },
	{ "capitals", BYTES("Z"), "Z" },
};

static void each_byte_that_starts_no_sequence_becomes_one_replacement(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clean_rows); i++) {
		const struct clean_row *row = &clean_rows[i];
		struct text text = TEXT_INIT;

		text_add_string(&text, "in front:");
		utf8_add_clean(&text, row->bytes, row->length);
		assert_int_equal(text.error, 0);
		if (strcmp(text_string(&text) + strlen("in front:"), row->clean) != 0)
			fail_msg("%s: %s", row->name, text_string(&text));
		text_clear(&text);
	}
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static void the_order_is_that_of_the_clean_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clean_rows); i++) {
		const struct clean_row *a = &clean_rows[i];

		for (size_t k = 0; k < ARRAY_SIZE(clean_rows); k++) {
			const struct clean_row *b = &clean_rows[k];
			int order = utf8_compare_clean(a->bytes, a->length, b->bytes,
			                               b->length);

			if (sign(order) != sign(strcmp(a->clean, b->clean)))
				fail_msg("%s and %s: %d", a->name, b->name, order);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_but_nul_and_surrogates_is_valid),
		cmocka_unit_test(nothing_behind_a_truncated_sequence_is_read),
		cmocka_unit_test(no_other_two_or_three_bytes_are_valid),
		cmocka_unit_test(
			each_byte_that_starts_no_sequence_becomes_one_replacement),
		cmocka_unit_test(the_order_is_that_of_the_clean_forms),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
