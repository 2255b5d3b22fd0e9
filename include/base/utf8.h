/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * "Clean" below means: every byte that starts no valid sequence, and NUL, which
 * Prometheus' lexer takes for the end of the page, stands as U+FFFD.
 */
#pragma once

#include <stddef.h>

struct text;

/* The U+FFFD that stands for a byte that cannot be shown. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * The length (1 to 4) of the valid sequence at the start of BYTES, 0 if there is none
 * there or it is a NUL. LENGTH is at least 1.
 */
size_t utf8_sequence(const char *bytes, size_t length);

/* Appends the clean form of BYTES. */
void utf8_add_clean(struct text *text, const char *bytes, size_t length);

/* Orders the clean forms of A and B bytewise: negative, 0 or positive, as strcmp(). */
int utf8_compare_clean(const char *a, size_t a_length, const char *b, size_t b_length);
