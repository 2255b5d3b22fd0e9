/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings and members. Uses the escapes that JSON and logfmt readers share.
 */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"

void json_add_string(struct text *text, const char *value)
{
	_cleanup_(text_clear) struct text clean = TEXT_INIT;
	char escape[8];

	utf8_add_clean(&clean, value, strlen(value));
	text_add_char(text, '"');
	for (const char *c = text_string(&clean); *c; c++) {
		if (*c == '"' || *c == '\\') {
			text_add_char(text, '\\');
			text_add_char(text, *c);
		} else if (*c == '\n') {
			text_add_string(text, "\\n");
		} else if ((unsigned char)*c == 0xc2 && (unsigned char)c[1] < 0xa0) {
			/* U+0080 to U+009F: to a terminal, what ESC and a letter are. */
			c++;
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)*c);
			text_add_string(text, escape);
		} else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)*c);
			text_add_string(text, escape);
		} else {
			text_add_char(text, *c);
		}
	}
	text_add_char(text, '"');
	if (clean.error)
		text->error = clean.error;
}

void json_add_comma(struct text *text)
{
	if (text->length && !strchr("{[", text->data[text->length - 1]))
		text_add_char(text, ',');
}

void json_add_key(struct text *text, const char *key)
{
	json_add_comma(text);
	json_add_string(text, key);
	text_add_char(text, ':');
}

void json_add_pair(struct text *text, const char *key, const char *value)
{
	json_add_key(text, key);
	if (value)
		json_add_string(text, value);
	else
		text_add_string(text, "null");
}

void json_add_switch(struct text *text, const char *key, bool is_known, bool value)
{
	json_add_key(text, key);
	text_add_string(text, !is_known ? "null" : value ? "true" : "false");
}

void json_add_number(struct text *text, const char *key, bool is_known, uint64_t number)
{
	json_add_key(text, key);
	if (is_known)
		text_add_number(text, number);
	else
		text_add_string(text, "null");
}
