/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file in memory. Knows compressed forms; must not know what a module is.
 */
#include "sources/image.h"

#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/clock.h"
#include "base/macros.h"

#define CHUNK ((size_t)32 << 10)

/* More than any kernel can unpack: the xz in it takes a dictionary of at most 2 MiB. */
#define XZ_MEMORY_MAX ((uint64_t)80 << 20)

/* One file on its way into memory. */
struct passage {
	int from, to;
	uint64_t deadline;
	const atomic_bool *stop;
	size_t written;
	bool is_end; /* of what is read */
	size_t length;
	unsigned char input[CHUNK], output[CHUNK];
};

/* Reads the next piece into input. 0 or -errno; at the end is_end is set. */
static int fill(struct passage *passage)
{
	ssize_t size;

	if (passage->stop && atomic_load(passage->stop))
		return -ECANCELED;
	if (clock_monotonic() > passage->deadline)
		return -ETIME;
	do {
		size = read(passage->from, passage->input, CHUNK);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	passage->length = (size_t)size;
	passage->is_end = size == 0;
	return 0;
}

static int drain(struct passage *passage, const unsigned char *bytes, size_t length)
{
	if (length > IMAGE_MAX - passage->written)
		return -EFBIG;
	for (size_t done = 0; done < length;) {
		ssize_t size = write(passage->to, bytes + done, length - done);

		if (size < 0 && errno != EINTR)
			return -errno;
		done += size > 0 ? (size_t)size : 0;
	}
	passage->written += length;
	return 0;
}

static int copy(struct passage *passage)
{
	int r = 0;

	while (r == 0 && !passage->is_end) {
		r = drain(passage, passage->input, passage->length);
		if (r == 0)
			r = fill(passage);
	}
	return r;
}

static void end_gzip(z_stream *stream)
{
	inflateEnd(stream);
}

/* What stands behind the last member and begins no other is ignored, as gzip(1) does. */
static int unpack_gzip(struct passage *passage)
{
	_cleanup_(end_gzip) z_stream stream = { 0 };
	bool is_whole = false, is_first = true;
	int r = 0;

	/* 16: a gzip header is expected. */
	if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
		return -ENOMEM;
	while (r == 0 && !passage->is_end) {
		stream.next_in = passage->input;
		stream.avail_in = (uInt)passage->length;
		while (r == 0 && stream.avail_in) {
			int status;

			if (is_whole && inflateReset(&stream) != Z_OK)
				return -EBADMSG;
			is_first = is_first && !is_whole;
			stream.next_out = passage->output;
			stream.avail_out = CHUNK;
			status = inflate(&stream, Z_NO_FLUSH);
			if (status == Z_DATA_ERROR && !is_first && !stream.total_out)
				return 0;
			if (status == Z_MEM_ERROR)
				return -ENOMEM;
			if (status != Z_OK && status != Z_STREAM_END &&
			    status != Z_BUF_ERROR)
				return -EBADMSG;
			is_whole = status == Z_STREAM_END;
			r = drain(passage, passage->output, CHUNK - stream.avail_out);
		}
		if (r == 0)
			r = fill(passage);
	}
	/* One byte behind the last member begins no other. */
	if (r == 0 && !is_first && stream.total_in == 1)
		return 0;
	return r == 0 && !is_whole ? -EBADMSG : r;
}

static void end_xz(lzma_stream *stream)
{
	lzma_end(stream);
}

static int unpack_xz(struct passage *passage)
{
	_cleanup_(end_xz) lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret status;
	int r;

	if (lzma_stream_decoder(&stream, XZ_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
		return -ENOMEM;
	stream.next_in = passage->input;
	stream.avail_in = passage->length;
	for (;;) {
		stream.next_out = passage->output;
		stream.avail_out = CHUNK;
		status = lzma_code(&stream, passage->is_end ? LZMA_FINISH : LZMA_RUN);
		r = drain(passage, passage->output, CHUNK - stream.avail_out);
		if (r < 0 || status == LZMA_STREAM_END)
			return r;
		if (status == LZMA_MEM_ERROR)
			return -ENOMEM;
		if (status == LZMA_MEMLIMIT_ERROR)
			return -EFBIG;
		if (status != LZMA_OK)
			return -EBADMSG;
		if (stream.avail_in || passage->is_end)
			continue;
		r = fill(passage);
		if (r < 0)
			return r;
		stream.next_in = passage->input;
		stream.avail_in = passage->length;
	}
}

static void free_zstd(ZSTD_DStream *const *stream)
{
	ZSTD_freeDStream(*stream);
}

static int unpack_zstd(struct passage *passage)
{
	_cleanup_(free_zstd) ZSTD_DStream *stream = ZSTD_createDStream();
	size_t left = 1; /* of the frame; 0: it is whole */
	int r = 0;

	if (!stream)
		return -ENOMEM;
	while (r == 0 && !passage->is_end) {
		ZSTD_inBuffer in = { passage->input, passage->length, 0 };
		ZSTD_outBuffer out = { passage->output, CHUNK, 0 };

		/* A full output may leave more inside than the input shows. */
		while (r == 0 && (in.pos < in.size || (left && out.pos == out.size))) {
			out.pos = 0;
			left = ZSTD_decompressStream(stream, &out, &in);
			if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
				return -ENOMEM;
			if (ZSTD_isError(left))
				return -EBADMSG;
			r = drain(passage, passage->output, out.pos);
		}
		if (r == 0)
			r = fill(passage);
	}
	return r == 0 && left ? -EBADMSG : r;
}

static const struct {
	enum module_compression compression;
	unsigned char magic[6];
	size_t length;
	int (*unpack)(struct passage *passage);
} forms[] = {
	{ MODULE_COMPRESSION_GZIP, { 0x1f, 0x8b }, 2, unpack_gzip },
	{ MODULE_COMPRESSION_XZ, { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ MODULE_COMPRESSION_ZSTD, { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
};

static int pass(struct image *image, struct passage *passage)
{
	int r = fill(passage);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (passage->length < forms[i].length ||
		    memcmp(passage->input, forms[i].magic, forms[i].length) != 0)
			continue;
		image->compression = forms[i].compression;
		return forms[i].unpack(passage);
	}
	return copy(passage);
}

/* Maps what was written. */
static int map(struct image *image, size_t length)
{
	void *bytes;

	if (!length)
		return -EBADMSG;
	bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, image->fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	image->bytes = bytes;
	image->length = image->mapped_length = length;
	return 0;
}

int image_read(struct image *image, int fd, const atomic_bool *stop)
{
	struct passage passage = {
		.from = fd,
		.stop = stop,
		.deadline = clock_monotonic() + IMAGE_SECONDS * CLOCK_SECOND,
	};
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > (off_t)IMAGE_MAX)
		return -EFBIG;
	image->fd = passage.to = memfd_create("module", MFD_CLOEXEC);
	if (image->fd < 0)
		return -errno;
	r = pass(image, &passage);
	if (r == 0)
		r = map(image, passage.written);
	if (r < 0) {
		enum module_compression compression = image->compression;

		image_clear(image);
		image->compression = compression;
	}
	return r;
}

void image_clear(struct image *image)
{
	if (image->bytes)
		munmap((void *)image->bytes, image->mapped_length);
	close_descriptor(&image->fd);
	*image = IMAGE_INIT;
}

int image_cut(struct image *image, size_t length)
{
	if (ftruncate(image->fd, (off_t)length) < 0 ||
	    ftruncate(image->fd, (off_t)length + 1) < 0)
		return -errno;
	image->length = length;
	return 0;
}
