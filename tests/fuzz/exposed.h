/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says, read by others than itself: UTF-8 (RFC 3629), pages of metrics
 * (Prometheus text 0.0.4, OpenMetrics 1.0.0), JSON (RFC 8259), HTML as far as tags go.
 * Each reader ends the process for what it cannot read.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"

/* By decoding, not by ranges. */
static inline void exposed_check_utf8(const char *bytes, size_t length)
{
	static const uint32_t first[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)bytes;

	for (size_t i = 0; i < length;) {
		size_t size = b[i] < 0x80   ? 1
		              : b[i] < 0xc0 ? 0
		              : b[i] < 0xe0 ? 2
		              : b[i] < 0xf0 ? 3
		                            : 4;
		uint32_t character = size == 1 ? b[i] : b[i] & (0xffu >> (size + 1));

		fuzz_check(size && b[i] < 0xf8 && size <= length - i);
		for (size_t k = 1; k < size; k++) {
			fuzz_check((b[i + k] & 0xc0) == 0x80);
			character = character << 6 | (b[i + k] & 0x3f);
		}
		fuzz_check(character && character >= first[size]);
		fuzz_check(character <= 0x10ffff &&
		           (character < 0xd800 || character > 0xdfff));
		i += size;
	}
}

/* Takes a name off *C. */
static inline void exposed_skip_name(const char **c)
{
	size_t length = strspn(*c, "abcdefghijklmnopqrstuvwxyz"
	                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789");

	fuzz_check(length && (**c < '0' || **c > '9'));
	*c += length;
}

/* Takes a quoted label value off *C and appends what it stands for. */
static inline void exposed_read_value(const char **c, struct text *value)
{
	fuzz_check(*(*c)++ == '"');
	for (; **c != '"'; (*c)++) {
		fuzz_check(**c && **c != '\n');
		if (**c != '\\') {
			text_add_char(value, **c);
			continue;
		}
		(*c)++;
		fuzz_check(**c == '\\' || **c == '"' || **c == 'n');
		text_add_char(value, (char)(**c == 'n' ? '\n' : **c));
	}
	(*c)++;
}

/* NAME{LABEL="VALUE",…} NUMBER */
static inline void exposed_check_sample(const char *c)
{
	exposed_skip_name(&c);
	if (*c == '{') {
		do {
			struct text value = TEXT_INIT;

			c++;
			exposed_skip_name(&c);
			fuzz_check(*c++ == '=');
			exposed_read_value(&c, &value);
			text_clear(&value);
		} while (*c == ',');
		fuzz_check(*c++ == '}');
	}
	fuzz_check(*c++ == ' ');
	fuzz_check(strspn(c, "0123456789.") && c[strspn(c, "0123456789.")] == '\n');
}

/* What stands in front of a sample's number tells it from all others. */
static inline bool exposed_is_same_sample(const char *a, const char *b)
{
	size_t a_length = strcspn(a, "\n"), b_length = strcspn(b, "\n");

	while (a[a_length] != ' ')
		a_length--;
	while (b[b_length] != ' ')
		b_length--;
	return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* A page of metrics; equal samples follow one another, since all are sorted. */
static inline void exposed_check_page(const struct text *page, bool is_openmetrics)
{
	const char *c = text_string(page), *before = NULL;

	fuzz_check(!page->error && strlen(c) == page->length);
	exposed_check_utf8(c, page->length);
	while (*c) {
		if (is_openmetrics && strcmp(c, "# EOF\n") == 0)
			return;
		if (*c == '#') {
			fuzz_check(strncmp(c, "# HELP ", 7) == 0 ||
			           strncmp(c, "# TYPE ", 7) == 0);
		} else {
			exposed_check_sample(c);
			fuzz_check(!before || !exposed_is_same_sample(before, c));
			before = c;
		}
		c = strchr(c, '\n');
		fuzz_check(c != NULL);
		c++;
	}
	fuzz_check(!is_openmetrics);
}

/* Takes a string off *C and appends what it stands for. */
static inline void exposed_read_json_string(const char **c, struct text *value)
{
	fuzz_check(*(*c)++ == '"');
	for (; **c != '"'; (*c)++) {
		unsigned int code = 0;

		fuzz_check((unsigned char)**c >= 0x20);
		if (**c != '\\') {
			text_add_char(value, **c);
			continue;
		}
		(*c)++;
		if (**c != 'u') {
			fuzz_check(**c && strchr("\"\\n", **c));
			text_add_char(value, (char)(**c == 'n' ? '\n' : **c));
			continue;
		}
		for (int i = 0; i < 4; i++) {
			const char *digit = strchr("0123456789abcdef", *++*c);

			fuzz_check(**c && digit);
			code = code << 4 |
			       (unsigned int)(**c < 'a' ? **c - '0' : **c - 'a' + 10);
		}
		/* Only controls are written so. */
		fuzz_check(code < 0x20 || (code >= 0x7f && code < 0xa0));
		if (code >= 0x80)
			text_add_char(value, '\xc2');
		text_add_char(value, (char)code);
	}
	(*c)++;
}

/* Takes a value off *C, without blanks, which we write none of. */
static inline void exposed_skip_json(const char **c)
{
	static const char *const words[] = { "null", "true", "false" };
	struct text string = TEXT_INIT;
	char end = **c == '{' ? '}' : ']';

	if (**c == '{' || **c == '[') {
		(*c)++;
		while (**c != end) {
			if (end == '}') {
				exposed_read_json_string(c, &string);
				fuzz_check(*(*c)++ == ':');
			}
			exposed_skip_json(c);
			fuzz_check(**c == end || (**c == ',' && (*c)[1] != end));
			*c += **c == ',';
		}
		(*c)++;
	} else if (**c == '"') {
		exposed_read_json_string(c, &string);
	} else if (strspn(*c, "0123456789")) {
		fuzz_check(**c != '0' || !strspn(*c + 1, "0123456789"));
		*c += strspn(*c, "0123456789.");
	} else {
		size_t i = 0;

		while (i < 3 && strncmp(*c, words[i], strlen(words[i])) != 0)
			i++;
		fuzz_check(i < 3);
		*c += strlen(words[i]);
	}
	text_clear(&string);
}

static inline void exposed_check_json(const struct text *text)
{
	const char *c = text_string(text);

	fuzz_check(!text->error && strlen(c) == text->length);
	exposed_check_utf8(c, text->length);
	exposed_skip_json(&c);
	fuzz_check(!c[strspn(c, "\n")]);
}

/* Every tag that begins ends, and in the other order. */
static inline void exposed_check_html(const struct text *text)
{
	const char *open[64];
	size_t depth = 0;

	fuzz_check(!text->error && strlen(text_string(text)) == text->length);
	exposed_check_utf8(text_string(text), text->length);
	for (const char *c = strchr(text_string(text), '<'); c; c = strchr(c, '<')) {
		bool is_end = *++c == '/';
		const char *name = c + is_end;
		size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz123456");

		fuzz_check(length || strncmp(name, "!DOCTYPE ", 9) == 0);
		if (!length || (!is_end && strncmp(name, "meta ", 5) == 0))
			continue;
		if (is_end) {
			fuzz_check(depth > 0 &&
			           strncmp(open[--depth], name, length) == 0);
			fuzz_check(name[length] == '>');
		} else {
			fuzz_check(depth < sizeof(open) / sizeof(open[0]));
			open[depth++] = name;
		}
	}
	fuzz_check(depth == 0);
}
