/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip. The only file that knows zlib.
 */
#include "base/gzip.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "base/text.h"

/*
 * The fastest level: a page of metrics still shrinks about fivefold. Plus 16 asks zlib
 * for the gzip wrapping. A window of 15 bits and the usual memory level would shrink it
 * no more, but take so much memory (zconf.h) that malloc() asks the kernel for it and
 * gives it back each time: that took ten times as long as compressing.
 */
#define GZIP_LEVEL        Z_BEST_SPEED
#define GZIP_WINDOW_BITS  (14 + 16)
#define GZIP_MEMORY_LEVEL 5

int gzip_add(struct text *compressed, const struct text *plain)
{
	z_stream stream = { 0 };
	uLong bound;
	int r = -ENOMEM;

	if (plain->error || plain->length > UINT_MAX)
		return -ENOMEM;
	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS,
	                 GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;

	bound = deflateBound(&stream, plain->length);
	if (text_reserve(compressed, bound) == 0) {
		stream.next_in = (Bytef *)text_string(plain);
		stream.avail_in = (uInt)plain->length;
		stream.next_out = (Bytef *)compressed->data + compressed->length;
		stream.avail_out = (uInt)bound;
		if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
			compressed->length += stream.total_out;
			compressed->data[compressed->length] = '\0';
			r = 0;
		}
	}
	deflateEnd(&stream);
	return r;
}
