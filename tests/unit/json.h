/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of JSON (RFC 8259): a test that reads a document with it knows that the
 * document is one, that its bytes are valid UTF-8, and that nothing in it is for a
 * terminal to obey. cmocka.h stands before it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static inline const char *json_skip(const char *c);

/* What four hexadecimal digits stand for, which is no half of a surrogate pair. */
static inline const char *json_unicode(const char *c, struct text *value)
{
	unsigned int point = 0;

	for (int i = 0; i < 4; i++, c++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *digit = *c ? strchr(digits, *c) : NULL;

		assert_non_null(digit);
		point = point * 16 + (unsigned int)(digit - digits) % 16;
	}
	assert_true(point > 0 && point < 0x800);
	if (point >= 0x80) {
		text_add_char(value, (char)(0xc0 | point >> 6));
		point = 0x80 | (point & 0x3f);
	}
	text_add_char(value, (char)point);
	return c;
}

/* Appends what the string at C says; returns what is behind it. */
static inline const char *json_string(const char *c, struct text *value)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";

	assert_int_equal(*c++, '"');
	while (*c != '"') {
		size_t size = utf8_sequence(c, strlen(c) + 1);

		assert_true(size > 0);
		/* ECMA-48: no C0, no DEL, no C1. */
		assert_true((unsigned char)c[0] >= 0x20 && c[0] != 0x7f);
		assert_false((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] < 0xa0);
		if (*c != '\\') {
			text_add(value, c, size);
			c += size;
		} else if (c[1] == 'u') {
			c = json_unicode(c + 2, value);
		} else {
			assert_true(c[1] != '\0');
			assert_non_null(strchr(names, c[1]));
			text_add_char(value, bytes[strchr(names, c[1]) - names]);
			c += 2;
		}
	}
	return c + 1;
}

static inline const char *json_blanks(const char *c)
{
	return c + strspn(c, " \n\t\r");
}

/* The next member of the object or array, or NULL at its end; its key goes to KEY. */
static inline const char *json_next(const char *c, bool is_object, bool is_first,
                                    struct text *key)
{
	c = json_blanks(c);
	if (*c == (is_object ? '}' : ']'))
		return NULL;
	if (!is_first) {
		assert_int_equal(*c, ',');
		c = json_blanks(c + 1);
	}
	if (!is_object)
		return c;
	c = json_blanks(json_string(c, key));
	assert_int_equal(*c, ':');
	return json_blanks(c + 1);
}

static inline const char *json_skip_members(const char *c, bool is_object)
{
	bool is_first = true;
	const char *member;

	c++;
	for (;;) {
		struct text key = TEXT_INIT;

		member = json_next(c, is_object, is_first, &key);
		text_clear(&key);
		if (!member)
			return json_blanks(c) + 1;
		c = json_skip(member);
		is_first = false;
	}
}

/* Reads one value, of numbers only whole ones; returns what is behind it. */
static inline const char *json_skip(const char *c)
{
	static const char *const words[] = { "null", "true", "false" };
	struct text value = TEXT_INIT;

	if (*c == '{' || *c == '[')
		return json_skip_members(c, *c == '{');
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(c, words[i], strlen(words[i])) == 0)
			return c + strlen(words[i]);
	if (*c >= '0' && *c <= '9')
		return c + (*c == '0' ? 1 : strspn(c, "0123456789"));
	c = json_string(c, &value);
	text_clear(&value);
	return c;
}

/* DOCUMENT is one value and nothing else. */
static inline void json_check(const char *document)
{
	const char *end = json_skip(json_blanks(document));

	assert_string_equal(json_blanks(end), "");
}

/*
 * The value at PATH, "0.taints.1.flag": names in objects, numbers in arrays. NULL: there
 * is none.
 */
static inline const char *json_find(const char *document, const char *path)
{
	const char *c = json_blanks(document);

	while (*path) {
		size_t length = strcspn(path, "."), index = 0;
		bool is_object = *c == '{', is_found = false;
		const char *member = c + 1;

		assert_true(is_object || *c == '[');
		for (; !is_found; index++) {
			struct text key = TEXT_INIT;

			member = json_next(member, is_object, index == 0, &key);
			if (!member) {
				text_clear(&key);
				return NULL;
			}
			if (is_object)
				is_found = key.length == length &&
				           memcmp(text_string(&key), path, length) == 0;
			else
				is_found = index == strtoul(path, NULL, 10);
			text_clear(&key);
			c = member;
			if (!is_found)
				member = json_skip(member);
		}
		path += length + (path[length] == '.');
	}
	return c;
}

/* The string at PATH is EXPECTED. */
static inline void json_assert(const char *document, const char *path,
                               const char *expected)
{
	const char *found = json_find(document, path);
	struct text value = TEXT_INIT;

	if (!found || *found != '"')
		fail_msg("%s is no string of %s", path, document);
	json_string(found, &value);
	if (strcmp(text_string(&value), expected) != 0)
		fail_msg("%s: %s, not %s", path, text_string(&value), expected);
	text_clear(&value);
}

/* The value at PATH is the word null, true or false, or this number. */
static inline void json_assert_word(const char *document, const char *path,
                                    const char *word)
{
	const char *found = json_find(document, path);
	size_t length = strlen(word);

	if (!found || strncmp(found, word, length) != 0 || !strchr(",]}", found[length]))
		fail_msg("%s is not %s: %s", path, word, document);
}

/* The object or array at PATH has so many members. */
static inline void json_assert_count(const char *document, const char *path, size_t count)
{
	const char *c = json_find(document, path);
	bool is_object = c && *c == '{';
	size_t found = 0;

	assert_true(c && (*c == '{' || *c == '['));
	for (c++;; found++) {
		struct text key = TEXT_INIT;

		c = json_next(c, is_object, found == 0, &key);
		text_clear(&key);
		if (!c)
			break;
		c = json_skip(c);
	}
	assert_int_equal(found, count);
}
