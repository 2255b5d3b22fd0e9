/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF notes: that the right one is found among others, and that no size that lies is
 * believed. All bytes stand in memory that ends where they end.
 */
#include "sources/note.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"

static void add_word(struct text *notes, uint32_t word)
{
	text_add(notes, (const char *)&word, sizeof(word));
}

static void add_padded(struct text *notes, const char *bytes, size_t length)
{
	text_add(notes, bytes, length);
	text_add(notes, "\0\0\0", (4 - length % 4) % 4);
}

static void add_note(struct text *notes, const char *name, uint32_t type,
                     const char *value, size_t length)
{
	add_word(notes, (uint32_t)strlen(name) + 1);
	add_word(notes, (uint32_t)length);
	add_word(notes, type);
	add_padded(notes, name, strlen(name) + 1);
	add_padded(notes, value, length);
}

static unsigned char *bytes;

/* The offset of the value, or the error. */
static long find(const struct text *notes, const char *name, uint32_t type,
                 size_t *ret_length)
{
	const unsigned char *value = (const unsigned char *)"unset";
	size_t length = 77;
	int r;

	free(bytes);
	bytes = fixtures_copy(text_string(notes), notes->length);
	r = note_find(bytes, notes->length, name, type, &value, &length);
	if (r < 0) {
		assert_string_equal((const char *)value, "unset");
		assert_int_equal(length, 77);
		return r;
	}
	assert_int_equal(r, 0);
	assert_true(value >= bytes && length <= notes->length &&
	            (size_t)(value - bytes) <= notes->length - length);
	*ret_length = length;
	return value - bytes;
}

static void check_found(const struct text *notes, const char *name, uint32_t type,
                        const char *value, size_t length)
{
	size_t found;
	long at = find(notes, name, type, &found);

	assert_true(at >= 0);
	assert_int_equal(found, length);
	assert_memory_equal(bytes + at, value, length);
}

static void check_error(const struct text *notes, const char *name, uint32_t type,
                        int error)
{
	size_t length;

	assert_int_equal(find(notes, name, type, &length), error);
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	bytes = NULL;
	return 0;
}

static void an_only_note_is_found(void **state)
{
	static const char value[] = "0123456789abcdef0123";

	(void)state;
	/* Each padding there is, of names and of values. */
	for (size_t length = 0; length <= 20; length++) {
		static const char *const names[] = { "GNU", "Linux", "xx", "module.sig",
			                             "A" };

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			_cleanup_(text_clear) struct text notes = TEXT_INIT;

			add_note(&notes, names[i], 3, value, length);
			check_found(&notes, names[i], 3, value, length);
		}
	}
}

static void the_right_note_is_found_among_others(void **state)
{
	static const struct {
		struct {
			uint32_t name_size, value_size, type;
			const char *bytes; /* both, padded */
		} notes[4];                /* the last has no bytes */
		const char *value;         /* of a note 3 of GNU; NULL: there is none */
	} rows[] = {
		{ { { 0 } }, NULL },
		{ { { 4, 7, 3, "GNU\0the one\0" }, { 4, 8, 3, "GNU\0too late" } },
		  "the one" },
		{ { { 4, 4, 1, "GNU\0abcd" }, { 4, 4, 3, "GNU\0efgh" } }, "efgh" },
		{ { { 4, 4, 1, "GNU\0abcd" }, { 4, 4, ~0u, "GNU\0efgh" } }, NULL },
		/* Other names, of any length. */
		{ { { 4, 4, 3, "GNV\0abcd" },
		    { 3, 4, 3, "GN\0\0abcd" },
		    { 5, 4, 3, "GNUU\0\0\0\0abcd" } },
		  NULL },
		{ { { 4, 4, 3, "gnu\0abcd" }, { 6, 0, 3, "Linux\0\0\0" } }, NULL },
		/* The NUL is part of it. */
		{ { { 3, 4, 3, "GNU\0abcd" }, { 4, 4, 3, "GNUxabcd" } }, NULL },
		/* No name at all. */
		{ { { 0, 4, 3, "abcd" }, { 4, 4, 3, "GNU\0efgh" } }, "efgh" },
		{ { { 0, 4, 3, "abcd" }, { 1, 4, 3, "\0\0\0\0abcd" } }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;
		size_t length = 0;
		long at;

		for (size_t k = 0; rows[i].notes[k].bytes; k++) {
			add_word(&notes, rows[i].notes[k].name_size);
			add_word(&notes, rows[i].notes[k].value_size);
			add_word(&notes, rows[i].notes[k].type);
			text_add(&notes, rows[i].notes[k].bytes,
			         (rows[i].notes[k].name_size + 3) / 4 * 4 +
			                 (rows[i].notes[k].value_size + 3) / 4 * 4);
		}
		at = find(&notes, "GNU", 3, &length);
		if (!rows[i].value
		            ? at != -ENOENT
		            : at < 0 || length != strlen(rows[i].value) ||
		                      memcmp(bytes + at, rows[i].value, length) != 0)
			fail_msg("row %zu: %ld, %zu bytes", i, at, length);
	}
}

static void the_last_padding_is_not_needed(void **state)
{
	(void)state;
	for (size_t length = 1; length <= 4; length++) {
		_cleanup_(text_clear) struct text notes = TEXT_INIT;

		add_note(&notes, "GNU", 3, "abcd", length);
		for (notes.length = 16 + length; notes.length <= 20; notes.length++) {
			check_found(&notes, "GNU", 3, "abcd", length);
			check_error(&notes, "GNU", 4, -ENOENT);
		}
	}
}

static void what_is_cut_off_is_refused(void **state)
{
	_cleanup_(text_clear) struct text notes = TEXT_INIT;

	(void)state;
	add_note(&notes, "GNU", 3, "0123456789abcdef0123", 20);
	assert_int_equal(notes.length, 36);
	for (notes.length = 1; notes.length < 36; notes.length++) {
		check_error(&notes, "GNU", 3, -EBADMSG);
		check_error(&notes, "GNU", 4, -EBADMSG);
	}
	/* What is found in front of it is good all the same. */
	notes.length = 36;
	add_note(&notes, "Linux", 1, "0123", 4);
	for (notes.length = 36; notes.length < 60; notes.length++) {
		check_found(&notes, "GNU", 3, "0123456789abcdef0123", 20);
		check_error(&notes, "Linux", 1, notes.length == 36 ? -ENOENT : -EBADMSG);
	}
}

static void sizes_that_lie_are_not_believed(void **state)
{
	static const uint32_t sizes[] = { 5,          8,          100,        0x7ffffffc,
		                          0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffb,
		                          0xfffffffc, 0xfffffffd, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int is_value = 0; is_value < 2; is_value++) {
			_cleanup_(text_clear) struct text notes = TEXT_INIT;

			add_word(&notes, is_value ? 4 : sizes[i]);
			add_word(&notes, is_value ? sizes[i] : 4);
			add_word(&notes, 3);
			text_add(&notes, "GNU\0abcd", is_value ? 8 : 4);
			check_error(&notes, "GNU", 3, -EBADMSG);
			check_error(&notes, "Linux", 3, -EBADMSG);
		}
}

static void two_sizes_must_fit_together(void **state)
{
	(void)state;
	for (uint32_t name = 0; name <= 12; name++)
		for (uint32_t value = 0; value <= 12; value++) {
			_cleanup_(text_clear) struct text notes = TEXT_INIT;
			uint32_t padded = (name + 3) & ~3u;

			add_word(&notes, name);
			add_word(&notes, value);
			add_word(&notes, 3);
			text_add(&notes, "GNU\0abcd", 8);
			if (padded + value > 8)
				check_error(&notes, "GNU", 3, -EBADMSG);
			else if (name == 4)
				check_found(&notes, "GNU", 3, "abcd", value);
			else
				/* A header of 4 or 8 bytes stands behind it, or none. */
				check_error(&notes, "GNU", 3,
				            8 - padded > ((value + 3) & ~3u) ? -EBADMSG
				                                             : -ENOENT);
		}
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_only_note_is_found),
		TEST(the_right_note_is_found_among_others),
		TEST(the_last_padding_is_not_needed),
		TEST(what_is_cut_off_is_refused),
		TEST(sizes_that_lie_are_not_believed),
		TEST(two_sizes_must_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
