/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings (RFC 8259), in the form that logfmt takes as well.
 */
#pragma once

struct text;

/*
 * Appends VALUE in quotes. It may be hostile: control characters, also those that only
 * terminals know, are escaped, invalid UTF-8 is replaced (utf8.h).
 */
void json_add_string(struct text *text, const char *value);
