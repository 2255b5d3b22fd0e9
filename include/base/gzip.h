/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip (RFC 1952) of a whole text, through zlib.
 */
#pragma once

struct text;

/*
 * Appends the gzip form of PLAIN to COMPRESSED. 0 or -ENOMEM; COMPRESSED is then of no
 * use and may be cleared.
 */
int gzip_add(struct text *compressed, const struct text *plain);
