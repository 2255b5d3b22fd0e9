/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file as the kernel would see it: whole, decompressed, in memory.
 *
 * The copy is an anonymous file (memfd_create(2), Linux 3.17), so that nobody can change
 * or cut it off while it is looked at, and that libkmod, which only takes paths, reads
 * just these bytes.
 *
 * Compression is told by the first bytes, as kmod does: gzip (RFC 1952), xz
 * (https://tukaani.org/xz/xz-file-format.txt) and Zstandard (RFC 8878). Output and time
 * are bounded: a bomb costs no more than the largest module.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>

#include "model/module_file.h"

/* The largest module, decompressed or not, in bytes. */
#define IMAGE_MAX ((size_t)128 << 20)

/* The longest that reading one may take, in seconds. */
#define IMAGE_SECONDS 10

struct image {
	int fd; /* the anonymous file; -1: none */
	const unsigned char *bytes;
	size_t length;        /* at least 1 */
	size_t mapped_length; /* from bytes on */
	enum module_compression compression;
};

#define IMAGE_INIT ((struct image){ .fd = -1 })

/*
 * Reads the file FD, which stays the caller's, from its start. When STOP, which may be
 * NULL, becomes true, reading is given up.
 *
 * -EFBIG: larger than IMAGE_MAX; -ETIME: took longer than IMAGE_SECONDS; -EBADMSG: the
 * compressed form is broken or cut off, or there is not one byte; -ECANCELED: STOP;
 * -ENOMEM and what read() gives. At an error the image stays empty, but for its
 * compression.
 */
int image_read(struct image *image, int fd, const atomic_bool *stop);
void image_clear(struct image *image);

/*
 * Cuts the image off behind LENGTH bytes, at least 1 and at most what it has; pointers
 * behind that are no longer valid. In the anonymous file one zero byte follows, for
 * readers that look too far. 0 or -errno.
 */
int image_cut(struct image *image, size_t length);
