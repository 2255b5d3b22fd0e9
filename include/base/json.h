/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings (RFC 8259), in the form that logfmt takes as well.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct text;

/*
 * Appends VALUE in quotes. It may be hostile: control characters, also those that only
 * terminals know, are escaped, invalid UTF-8 is replaced (utf8.h).
 */
void json_add_string(struct text *text, const char *value);

/* In an object or an array: a comma, unless it has just begun. */
void json_add_comma(struct text *text);

/* In an object: a comma, if one is needed, and "KEY":. */
void json_add_key(struct text *text, const char *key);

/* "KEY":"VALUE", with json_add_string(), or null if VALUE is NULL. */
void json_add_pair(struct text *text, const char *key, const char *value);

/* "KEY": true or false, or null if that is not known. */
void json_add_switch(struct text *text, const char *key, bool is_known, bool value);

/* "KEY": the number, whole, or null if it is not known. */
void json_add_number(struct text *text, const char *key, bool is_known, uint64_t number);
