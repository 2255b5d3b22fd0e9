/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in HTML, between tags or in a quoted attribute (HTML Living Standard, section
 * 13.1).
 */
#pragma once

struct text;

/*
 * Appends VALUE, of any bytes and hostile, as nothing but text: what
 * lines_add_printable() would not show is U+FFFD. Lack of memory is the text's error.
 */
void html_add(struct text *html, const char *value);
