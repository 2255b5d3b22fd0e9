/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file in memory: that every compressed form comes back whole, that no form
 * that is broken, cut off or much too large gets through, that nothing is read or written
 * without end, and that errors leave nothing behind. Knows the libraries and calls that
 * image stands on and lets them fail.
 */
#include "sources/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "tree.h"

/* image's own piece at a time. */
#define CHUNK ((size_t)32 << 10)

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __real_memfd_create(const char *name, unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags);
void *__real_mmap(void *at, size_t length, int protection, int flags, int fd,
                  off_t offset);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd,
                  off_t offset);
int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);
uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);
lzma_ret __real_lzma_code(lzma_stream *stream, lzma_action action);
lzma_ret __wrap_lzma_code(lzma_stream *stream, lzma_action action);
lzma_ret __real_lzma_stream_decoder(lzma_stream *stream, uint64_t memory, uint32_t flags);
lzma_ret __wrap_lzma_stream_decoder(lzma_stream *stream, uint64_t memory, uint32_t flags);
int __real_inflate(z_streamp stream, int flush);
int __wrap_inflate(z_streamp stream, int flush);

static int read_error;       /* read() number read_fails_at fails so, that once */
static size_t read_fails_at; /* counted down */
static size_t reads, bytes_read;
static int write_error; /* the next write() fails so, that once */
static bool writes_little;
static bool drops_output; /* what is written is counted and goes nowhere */
static size_t written;
static int memfd_error, mmap_error, ftruncate_error;
static size_t slow_reads; /* with each of so many, the clock goes on by a second */
static uint64_t clock_offset;
static bool memory_fails; /* the libraries have none */
static atomic_bool stop;
static size_t stops_at; /* stop is set before read() number so many; 0: never */

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	ssize_t got;

	reads++;
	if (slow_reads) {
		slow_reads--;
		clock_offset += CLOCK_SECOND;
	}
	if (stops_at && reads == stops_at)
		atomic_store(&stop, true);
	if (read_error && read_fails_at-- == 0) {
		errno = read_error;
		read_error = 0;
		return -1;
	}
	got = __real_read(fd, bytes, size);
	bytes_read += got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (write_error) {
		errno = write_error;
		write_error = 0;
		return -1;
	}
	if (writes_little && size > 3)
		size = 3;
	written += size;
	return drops_output ? (ssize_t)size : __real_write(fd, bytes, size);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	if (memfd_error && strcmp(name, "module") == 0) {
		errno = memfd_error;
		return -1;
	}
	return __real_memfd_create(name, flags);
}

void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd,
                  off_t offset)
{
	if (mmap_error) {
		errno = mmap_error;
		return MAP_FAILED;
	}
	return __real_mmap(at, length, protection, flags, fd, offset);
}

int __wrap_ftruncate(int fd, off_t length)
{
	if (ftruncate_error) {
		errno = ftruncate_error;
		return -1;
	}
	return __real_ftruncate(fd, length);
}

uint64_t __wrap_clock_monotonic(void)
{
	return __real_clock_monotonic() + clock_offset;
}

lzma_ret __wrap_lzma_code(lzma_stream *stream, lzma_action action)
{
	return memory_fails ? LZMA_MEM_ERROR : __real_lzma_code(stream, action);
}

lzma_ret __wrap_lzma_stream_decoder(lzma_stream *stream, uint64_t memory, uint32_t flags)
{
	return memory_fails ? LZMA_MEM_ERROR
	                    : __real_lzma_stream_decoder(stream, memory, flags);
}

int __wrap_inflate(z_streamp stream, int flush)
{
	return memory_fails ? Z_MEM_ERROR : __real_inflate(stream, flush);
}

/* These stand in front of the libraries' own, which they call. */
static bool creation_fails;

int inflateInit2_(z_streamp stream, int window_bits, const char *version, int size)
{
	int (*own)(z_streamp, int, const char *, int);
	void *symbol = dlsym(RTLD_NEXT, "inflateInit2_");

	if (creation_fails)
		return Z_MEM_ERROR;
	memcpy(&own, &symbol, sizeof(own));
	return own(stream, window_bits, version, size);
}

ZSTD_DStream *ZSTD_createDStream(void)
{
	ZSTD_DStream *(*own)(void);
	void *symbol = dlsym(RTLD_NEXT, "ZSTD_createDStream");

	if (creation_fails)
		return NULL;
	memcpy(&own, &symbol, sizeof(own));
	return own();
}

size_t ZSTD_decompressStream(ZSTD_DStream *stream, ZSTD_outBuffer *out, ZSTD_inBuffer *in)
{
	size_t (*own)(ZSTD_DStream *, ZSTD_outBuffer *, ZSTD_inBuffer *);
	void *symbol = dlsym(RTLD_NEXT, "ZSTD_decompressStream");

	if (memory_fails)
		return (size_t)-ZSTD_error_memory_allocation;
	memcpy(&own, &symbol, sizeof(own));
	return own(stream, out, in);
}

static int setup(void **state)
{
	read_error = write_error = memfd_error = mmap_error = ftruncate_error = 0;
	reads = bytes_read = written = slow_reads = stops_at = 0;
	writes_little = drops_output = memory_fails = creation_fails = false;
	clock_offset = 0;
	atomic_store(&stop, false);
	return tree_setup(state);
}

/* ---- compressed forms ---- */

static void add_gzip(struct text *text, const void *bytes, size_t length)
{
	z_stream stream = { 0 };
	size_t most = compressBound(length) + 64;

	assert_int_equal(text_reserve(text, most), 0);
	assert_int_equal(
		deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	stream.next_in = (Bytef *)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = (Bytef *)text->data + text->length;
	stream.avail_out = (uInt)most;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	text->length += stream.total_out;
	deflateEnd(&stream);
}

static void add_xz(struct text *text, const void *bytes, size_t length)
{
	size_t most = lzma_stream_buffer_bound(length);

	assert_int_equal(text_reserve(text, most), 0);
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, length,
	                                         (uint8_t *)text->data, &text->length,
	                                         text->length + most),
	                 LZMA_OK);
}

static void add_zstd(struct text *text, const void *bytes, size_t length)
{
	size_t most = ZSTD_compressBound(length), size;
	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_non_null(context);
	assert_int_equal(text_reserve(text, most), 0);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(context, text->data + text->length, most, bytes, length);
	assert_false(ZSTD_isError(size));
	text->length += size;
	ZSTD_freeCCtx(context);
}

static const struct form {
	enum module_compression compression;
	void (*add)(struct text *text, const void *bytes, size_t length);
	const char *suffix;
} forms[] = {
	{ MODULE_COMPRESSION_GZIP, add_gzip, "gz" },
	{ MODULE_COMPRESSION_XZ, add_xz, "xz" },
	{ MODULE_COMPRESSION_ZSTD, add_zstd, "zst" },
};

static void add_noise(struct text *text, size_t length)
{
	uint64_t noise = 88172645463325252; /* xorshift */

	for (size_t i = 0; i < length; i++) {
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		text_add_char(text, (char)(noise >> 32));
	}
}

/* ---- what is read ---- */

static void check_empty(const struct image *image)
{
	assert_int_equal(image->fd, -1);
	assert_null(image->bytes);
	assert_int_equal(image->length, 0);
	assert_int_equal(image->mapped_length, 0);
}

static int read_bytes(const void *bytes, size_t length, struct image *image)
{
	int fd = fixtures_open(bytes, length), r;

	r = image_read(image, fd, &stop);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	if (r < 0)
		check_empty(image);
	return r;
}

static void check_error(const struct text *file, int error)
{
	struct image image = IMAGE_INIT;
	int r = read_bytes(text_string(file), file->length, &image);

	image_clear(&image);
	assert_int_equal(r, error);
}

static void check_image(const struct text *file, const void *bytes, size_t length,
                        enum module_compression compression)
{
	struct image image = IMAGE_INIT;
	struct stat st;

	assert_int_equal(read_bytes(text_string(file), file->length, &image), 0);
	assert_int_equal(image.length, length);
	assert_memory_equal(image.bytes, bytes, length);
	assert_int_equal(image.compression, compression);
	assert_int_equal(fstat(image.fd, &st), 0);
	assert_int_equal(st.st_size, length);
	image_clear(&image);
	check_empty(&image);
}

static void image_read_gives_a_plain_file_as_it_is(void **state)
{
	static const char *const files[] = { "x",
		                             "\x1f",
		                             "\x1f\x8a",
		                             "(\xb5/",
		                             "\xfd"
		                             "7zXZ",
		                             "\x7f"
		                             "ELF",
		                             "BZh9",
		                             "(\xb5/\xfc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		text_add_string(&file, files[i]);
		check_image(&file, files[i], strlen(files[i]), MODULE_COMPRESSION_NONE);
	}
}

static void image_read_gives_plain_files_of_any_length(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, 3 * CHUNK + 1);
	noise.data[0] = 'x';
	for (size_t chunks = 1; chunks <= 3; chunks++)
		for (size_t length = chunks * CHUNK - 1; length <= chunks * CHUNK + 1;
		     length++) {
			noise.length = length;
			check_image(&noise, noise.data, length, MODULE_COMPRESSION_NONE);
		}
}

static void image_read_opens_every_form_of_any_length(void **state)
{
	static const size_t lengths[] = { 1,     2,         1000,      CHUNK - 1,
		                          CHUNK, CHUNK + 1, 65535,     65536,
		                          65537, 131072,    3 * CHUNK, 10 * CHUNK + 77 };
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	_cleanup_(text_clear) struct text zeros = TEXT_INIT;

	(void)state;
	add_noise(&noise, 11 * CHUNK);
	assert_int_equal(text_reserve(&zeros, 11 * CHUNK), 0);
	memset(zeros.data, 0, 11 * CHUNK);
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;

			forms[form].add(&file, noise.data, lengths[i]);
			check_image(&file, noise.data, lengths[i],
			            forms[form].compression);
			text_reset(&file);
			forms[form].add(&file, zeros.data, lengths[i]);
			check_image(&file, zeros.data, lengths[i],
			            forms[form].compression);
		}
}

static void image_read_opens_the_captured_modules(void **state)
{
	static const char *const names[] = { "signed.ko", "unsigned.ko" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *plain =
			fixtures_read(names[i], &length);

		for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;
			_cleanup_(free_pointer) unsigned char *packed = NULL;
			size_t packed_length;
			char name[64];

			snprintf(name, sizeof(name), "%s.%s", names[i],
			         forms[form].suffix);
			packed = fixtures_read(name, &packed_length);
			text_add(&file, (const char *)packed, packed_length);
			check_image(&file, plain, length, forms[form].compression);
		}
	}
}

static void image_read_opens_one_form_behind_itself(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, 3 * CHUNK);
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		forms[form].add(&file, noise.data, 100);
		forms[form].add(&file, noise.data + 100, CHUNK);
		forms[form].add(&file, noise.data, 0);
		forms[form].add(&file, noise.data + 100 + CHUNK, 2 * CHUNK - 100);
		check_image(&file, noise.data, 3 * CHUNK, forms[form].compression);
	}
}

static void image_read_looks_into_one_form_only(void **state)
{
	(void)state;
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text inner = TEXT_INIT;
		_cleanup_(text_clear) struct text outer = TEXT_INIT;

		forms[form].add(&inner, "twice", 5);
		forms[form].add(&outer, inner.data, inner.length);
		check_image(&outer, inner.data, inner.length, forms[form].compression);
	}
}

static void image_read_starts_where_the_file_does(void **state)
{
	struct image image = IMAGE_INIT;
	int fd = fixtures_open("module", 6);

	(void)state;
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(image_read(&image, fd, NULL), 0);
	assert_int_equal(image.length, 6);
	image_clear(&image);
	close(fd);
}

/* ---- what is broken ---- */

static void image_read_of_nothing_is_an_error(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	check_error(&file, -EBADMSG);
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		text_reset(&file);
		forms[form].add(&file, "", 0);
		check_error(&file, -EBADMSG);
		forms[form].add(&file, "", 0);
		check_error(&file, -EBADMSG);
	}
}

static void image_read_refuses_what_is_cut_off_anywhere(void **state)
{
	_cleanup_(text_clear) struct text plain = TEXT_INIT;

	(void)state;
	add_noise(&plain, 100);
	text_add_string(&plain, "and something that can be packed, packed, packed");
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		size_t whole;

		forms[form].add(&file, plain.data, plain.length);
		whole = file.length;
		/* From where the form can be told. */
		for (file.length = 6; file.length < whole; file.length++)
			check_error(&file, -EBADMSG);
		check_image(&file, plain.data, plain.length, forms[form].compression);
	}
}

static void image_read_says_how_what_is_broken_was_compressed(void **state)
{
	(void)state;
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		struct image image = IMAGE_INIT;

		forms[form].add(&file, "module", 6);
		assert_int_equal(read_bytes(file.data, file.length - 1, &image),
		                 -EBADMSG);
		check_empty(&image);
		assert_int_equal(image.compression, forms[form].compression);
	}
}

static void image_read_refuses_a_second_part_that_is_cut_off(void **state)
{
	_cleanup_(text_clear) struct text plain = TEXT_INIT;

	(void)state;
	add_noise(&plain, 100);
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		size_t first, whole;

		forms[form].add(&file, plain.data, plain.length);
		first = file.length;
		forms[form].add(&file, plain.data, plain.length);
		whole = file.length;
		for (file.length = first + 6; file.length < whole; file.length++)
			check_error(&file, -EBADMSG);
	}
}

static void image_read_survives_every_flipped_byte(void **state)
{
	_cleanup_(text_clear) struct text plain = TEXT_INIT;

	(void)state;
	add_noise(&plain, 64);
	text_add_string(&plain, "and something that can be packed, packed, packed");
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		forms[form].add(&file, plain.data, plain.length);
		for (size_t i = 0; i < 8 * file.length; i++) {
			struct image image = IMAGE_INIT;
			int r;

			file.data[i / 8] ^= (char)(1 << i % 8);
			r = read_bytes(file.data, file.length, &image);
			assert_true(r == 0 || r == -EBADMSG || r == -ENOMEM ||
			            r == -EFBIG);
			/* All that gets through is what was meant, or no form at all. */
			if (r == 0 && image.compression != MODULE_COMPRESSION_NONE) {
				assert_int_equal(image.length, plain.length);
				assert_memory_equal(image.bytes, plain.data,
				                    plain.length);
			}
			image_clear(&image);
			file.data[i / 8] ^= (char)(1 << i % 8);
		}
	}
}

static void image_read_ignores_what_stands_behind_gzip(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} tails[] = {
		{ "\0", 1 },     { "\0\0", 2 },     { "\0\0\0\0\0\0\0\0\0", 9 },
		{ "x", 1 },      { "xy", 2 },       { "garbage behind it", 17 },
		{ "\x1f", 1 },   { "\x1f\x8c", 2 }, { "\x1f\xff\xff\xff\xff\xff", 6 },
		{ "PK\3\4", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		add_gzip(&file, "module", 6);
		text_add(&file, tails[i].bytes, tails[i].length);
		check_image(&file, "module", 6, MODULE_COMPRESSION_GZIP);
	}
}

static void image_read_ignores_it_wherever_a_piece_ends(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, CHUNK);
	/* The first member ends around the end of what is read at once. */
	for (size_t length = CHUNK - 40; length < CHUNK; length++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		add_gzip(&file, noise.data, length);
		text_add_string(&file, "garbage behind it");
		check_image(&file, noise.data, length, MODULE_COMPRESSION_GZIP);
	}
}

static void image_read_knows_the_padding_of_xz(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_xz(&file, "module", 6);
	text_add(&file, "\0\0\0\0", 4);
	check_image(&file, "module", 6, MODULE_COMPRESSION_XZ);
	text_add(&file, "\0", 1);
	check_error(&file, -EBADMSG);
}

static void image_read_refuses_garbage_behind_xz_and_zstd(void **state)
{
	(void)state;
	for (size_t form = 1; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		forms[form].add(&file, "module", 6);
		text_add_string(&file, "garbage behind it");
		check_error(&file, -EBADMSG);
	}
}

static void image_read_skips_frames_that_zstd_skips(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_zstd(&file, "module", 6);
	text_add(&file, "\x50\x2a\x4d\x18\5\0\0\0hello", 13);
	check_image(&file, "module", 6, MODULE_COMPRESSION_ZSTD);
}

/* ---- what is too large ---- */

/* Whatever FILE is, no more than the largest module comes out of it. */
static void check_bomb(const struct text *file)
{
	uint64_t start = __real_clock_monotonic();

	drops_output = true;
	check_error(file, -EFBIG);
	assert_true(written <= IMAGE_MAX);
	assert_true(__real_clock_monotonic() - start < IMAGE_SECONDS * CLOCK_SECOND);
}

/* 256 MiB: one block that ends on a byte, again and again. */
static void image_read_gives_up_a_bomb_of_gzip(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	_cleanup_(text_clear) struct text zeros = TEXT_INIT;
	unsigned char block[4096];
	z_stream stream = { 0 };

	(void)state;
	assert_int_equal(text_reserve(&zeros, 1 << 20), 0);
	memset(zeros.data, 0, 1 << 20);
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY),
	                 Z_OK);
	stream.next_in = (Bytef *)zeros.data;
	stream.avail_in = 1 << 20;
	stream.next_out = block;
	stream.avail_out = sizeof(block);
	assert_int_equal(deflate(&stream, Z_FULL_FLUSH), Z_OK);
	assert_true(stream.avail_out > 0);
	text_add(&file, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	for (int i = 0; i < 256; i++)
		text_add(&file, (const char *)block, stream.total_out);
	deflateEnd(&stream);
	check_bomb(&file);
}

/* 256 MiB: 17 streams of 16 MiB. */
static void image_read_gives_up_a_bomb_of_xz(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	_cleanup_(text_clear) struct text part = TEXT_INIT;
	_cleanup_(text_clear) struct text zeros = TEXT_INIT;

	(void)state;
	assert_int_equal(text_reserve(&zeros, 4 << 20), 0);
	memset(zeros.data, 0, 4 << 20);
	add_xz(&part, zeros.data, 4 << 20);
	for (int i = 0; i < 64; i++)
		text_add(&file, part.data, part.length);
	check_bomb(&file);
}

/* 256 MiB: a frame of blocks that say "128 KiB of this byte" (RFC 8878, 3.1.1.2). */
static void image_read_gives_up_a_bomb_of_zstd(void **state)
{
	static const char block[] = "\x02\x00\x10x", last[] = "\x03\x00\x10x";
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	/* A window of 128 KiB, no size, no checksum. */
	text_add(&file, "\x28\xb5\x2f\xfd\x00\x38", 6);
	for (int i = 0; i < 2047; i++)
		text_add(&file, block, 4);
	text_add(&file, last, 4);
	check_bomb(&file);
}

static void image_read_takes_the_largest_and_none_above(void **state)
{
	struct image image = IMAGE_INIT;
	int fd;

	(void)state;
	drops_output = true;
	tree_write("root/large", "");
	fd = openat(tree_fd, "root/large", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(__real_ftruncate(fd, IMAGE_MAX), 0);
	assert_int_equal(image_read(&image, fd, NULL), 0);
	assert_int_equal(image.length, IMAGE_MAX);
	assert_int_equal(written, IMAGE_MAX);
	image_clear(&image);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(__real_ftruncate(fd, IMAGE_MAX + 1), 0);
	reads = 0;
	assert_int_equal(image_read(&image, fd, NULL), -EFBIG);
	assert_int_equal(reads, 0);
	check_empty(&image);
	close(fd);
}

/* The same bound for what comes out; one zstd block more or less of 1024. */
static void image_read_takes_the_largest_out_of_a_small_file(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct image image = IMAGE_INIT;

	(void)state;
	drops_output = true;
	text_add(&file, "\x28\xb5\x2f\xfd\x00\x38", 6);
	for (int i = 0; i < 1023; i++)
		text_add(&file, "\x02\x00\x10x", 4);
	text_add(&file, "\x03\x00\x10x", 4);
	assert_int_equal(read_bytes(file.data, file.length, &image), 0);
	assert_int_equal(image.length, IMAGE_MAX);
	image_clear(&image);

	/* And one byte behind it. */
	add_zstd(&file, "x", 1);
	written = 0;
	check_error(&file, -EFBIG);
	assert_true(written <= IMAGE_MAX);
}

static void image_read_does_not_read_a_file_that_is_too_large(void **state)
{
	struct image image = IMAGE_INIT;
	int fd;

	(void)state;
	tree_write("root/sparse", "\x7f"
	                          "ELF");
	fd = openat(tree_fd, "root/sparse", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(__real_ftruncate(fd, (off_t)2 << 30), 0);
	reads = written = 0;
	assert_int_equal(image_read(&image, fd, NULL), -EFBIG);
	check_empty(&image);
	assert_int_equal(reads, 0);
	assert_int_equal(written, 0);
	close(fd);
}

/* A file that says it is empty, and is without end: the size is no promise. */
static void image_read_bounds_a_file_that_lies_about_its_size(void **state)
{
	struct image image = IMAGE_INIT;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	drops_output = true;
	assert_int_equal(image_read(&image, fd, NULL), -EFBIG);
	check_empty(&image);
	assert_true(written <= IMAGE_MAX && bytes_read <= IMAGE_MAX + 2 * CHUNK);
	close(fd);
}

/* What the file asks for is no lack of memory, which would pass: it stays so. */
static void image_read_takes_a_huge_dictionary_for_a_broken_file(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct image image = IMAGE_INIT;
	lzma_options_lzma options;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options },
		                  { LZMA_VLI_UNKNOWN, NULL } };
	char *filter;
	uint8_t *header;
	uint32_t sum;
	int r;

	(void)state;
	assert_false(lzma_lzma_preset(&options, 0));
	assert_int_equal(text_reserve(&file, 4096), 0);
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
	                                           (const uint8_t *)"module", 6,
	                                           (uint8_t *)file.data, &file.length,
	                                           4096),
	                 LZMA_OK);
	/* The filter, its only byte: the dictionary's size, 40 is 4 GiB; the checksum. */
	filter = memmem(file.data, file.length, "\x21\x01", 2);
	header = (uint8_t *)file.data + 12;
	assert_non_null(filter);
	filter[2] = 40;
	sum = lzma_crc32(header, 4u * header[0], 0);
	for (size_t i = 0; i < 4; i++)
		header[4u * header[0] + i] = (uint8_t)(sum >> 8 * i);
	r = read_bytes(file.data, file.length, &image);
	assert_true(r == -EFBIG || r == -EBADMSG);

	/* A window of 2 GiB. */
	text_reset(&file);
	text_add(&file, "\x28\xb5\x2f\xfd\x00\xa8\x03\x00\x10x", 10);
	r = read_bytes(file.data, file.length, &image);
	assert_true(r == -EFBIG || r == -EBADMSG);
}

/* ---- giving up ---- */

static void image_read_gives_up_when_it_takes_too_long(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_noise(&noise, 20 * CHUNK);
	slow_reads = SIZE_MAX;
	check_error(&noise, -ETIME);
	assert_true(reads <= IMAGE_SECONDS + 2);
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		text_reset(&file);
		forms[form].add(&file, noise.data, noise.length);
		reads = 0;
		check_error(&file, -ETIME);
		assert_true(reads <= IMAGE_SECONDS + 2);
	}
	/* Each has all of the time. */
	slow_reads = IMAGE_SECONDS - 1;
	check_image(&noise, noise.data, noise.length, MODULE_COMPRESSION_NONE);
}

static void image_read_gives_up_when_it_is_told_to(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_noise(&noise, 20 * CHUNK);
	atomic_store(&stop, true);
	check_error(&noise, -ECANCELED);
	assert_int_equal(reads, 0);
	for (size_t form = 0; form <= ARRAY_SIZE(forms); form++) {
		text_reset(&file);
		if (form < ARRAY_SIZE(forms))
			forms[form].add(&file, noise.data, noise.length);
		else
			text_add(&file, noise.data, noise.length);
		atomic_store(&stop, false);
		reads = 0;
		stops_at = 3;
		check_error(&file, -ECANCELED);
		assert_int_equal(reads, 3);
	}
}

/* ---- failing calls ---- */

static void image_read_says_what_reading_gives(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	size_t before = tree_count_descriptors(), after;
	struct image image = IMAGE_INIT;
	int folder;

	(void)state;
	add_noise(&noise, 5 * CHUNK);
	for (size_t form = 0; form <= ARRAY_SIZE(forms); form++) {
		text_reset(&file);
		if (form < ARRAY_SIZE(forms))
			forms[form].add(&file, noise.data, noise.length);
		else
			text_add(&file, noise.data, noise.length);
		for (size_t i = 0; i < 5; i++) {
			read_error = EIO;
			read_fails_at = i;
			check_error(&file, -EIO);
		}
		read_error = EINTR;
		read_fails_at = 2;
		check_image(&file, noise.data, noise.length,
		            form < ARRAY_SIZE(forms) ? forms[form].compression
		                                     : MODULE_COMPRESSION_NONE);
		write_error = ENOSPC;
		check_error(&file, -ENOSPC);
		write_error = EINTR;
		check_image(&file, noise.data, noise.length,
		            form < ARRAY_SIZE(forms) ? forms[form].compression
		                                     : MODULE_COMPRESSION_NONE);
	}
	assert_int_equal(image_read(&image, -1, NULL), -EBADF);
	check_empty(&image);
	folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(image_read(&image, folder, NULL), -EISDIR);
	check_empty(&image);
	close(folder);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

static void image_read_writes_on_where_it_was_cut_short(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, 1000);
	writes_little = true;
	check_image(&noise, noise.data, noise.length, MODULE_COMPRESSION_NONE);
}

static void image_read_says_when_there_is_no_memory(void **state)
{
	(void)state;
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		forms[form].add(&file, "module", 6);
		creation_fails = forms[form].compression != MODULE_COMPRESSION_XZ;
		memory_fails = !creation_fails;
		check_error(&file, -ENOMEM);
		creation_fails = false;
		memory_fails = true;
		check_error(&file, -ENOMEM);
		memory_fails = false;
		memfd_error = EMFILE;
		check_error(&file, -EMFILE);
		memfd_error = 0;
		mmap_error = ENOMEM;
		check_error(&file, -ENOMEM);
		mmap_error = 0;
		check_image(&file, "module", 6, forms[form].compression);
	}
}

/* ---- the copy ---- */

static void image_is_a_copy_that_nobody_else_can_change(void **state)
{
	struct image image = IMAGE_INIT;
	char bytes[16] = "";
	int fd;

	(void)state;
	tree_write("root/module", "the module as it was");
	fd = openat(tree_fd, "root/module", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(image_read(&image, fd, NULL), 0);
	tree_write("root/module", "!");
	close(fd);
	assert_int_equal(image.length, strlen("the module as it was"));
	assert_memory_equal(image.bytes, "the module as it was", image.length);
	assert_int_equal(pread(image.fd, bytes, 10, 0), 10);
	assert_string_equal(bytes, "the module");
	assert_true(fcntl(image.fd, F_GETFD) & FD_CLOEXEC);
	image_clear(&image);
}

static void image_cut_leaves_a_zero_byte_behind_the_rest(void **state)
{
	static const size_t ends[] = { 9999, 8192, 4097, 4096, 4095, 17, 1 };
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	struct image image = IMAGE_INIT;
	size_t before = tree_count_descriptors(), after;

	(void)state;
	add_noise(&noise, 9999);
	assert_int_equal(read_bytes(noise.data, noise.length, &image), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char bytes[10240];

		/* Twice is as once. */
		assert_int_equal(image_cut(&image, ends[i]), 0);
		assert_int_equal(image_cut(&image, ends[i]), 0);
		assert_int_equal(image.length, ends[i]);
		assert_memory_equal(image.bytes, noise.data, ends[i]);
		assert_int_equal(pread(image.fd, bytes, sizeof(bytes), 0), ends[i] + 1);
		assert_memory_equal(bytes, noise.data, ends[i]);
		assert_int_equal(bytes[ends[i]], 0);
		/* And the mapping shows it, as libkmod's own would. */
		if (ends[i] % 4096)
			assert_int_equal(image.bytes[ends[i]], 0);
	}
	image_clear(&image);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

static void image_cut_that_fails_changes_nothing(void **state)
{
	struct image image = IMAGE_INIT;

	(void)state;
	assert_int_equal(read_bytes("module", 6, &image), 0);
	ftruncate_error = EPERM;
	assert_int_equal(image_cut(&image, 3), -EPERM);
	ftruncate_error = 0;
	assert_int_equal(image.length, 6);
	assert_memory_equal(image.bytes, "module", 6);
	image_clear(&image);
}

static void image_clear_takes_an_empty_one(void **state)
{
	struct image image = IMAGE_INIT;

	(void)state;
	image_clear(&image);
	image_clear(&image);
	check_empty(&image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(image_read_gives_a_plain_file_as_it_is),
		TEST(image_read_gives_plain_files_of_any_length),
		TEST(image_read_opens_every_form_of_any_length),
		TEST(image_read_opens_the_captured_modules),
		TEST(image_read_opens_one_form_behind_itself),
		TEST(image_read_looks_into_one_form_only),
		TEST(image_read_starts_where_the_file_does),
		TEST(image_read_of_nothing_is_an_error),
		TEST(image_read_refuses_what_is_cut_off_anywhere),
		TEST(image_read_says_how_what_is_broken_was_compressed),
		TEST(image_read_refuses_a_second_part_that_is_cut_off),
		TEST(image_read_survives_every_flipped_byte),
		TEST(image_read_ignores_what_stands_behind_gzip),
		TEST(image_read_ignores_it_wherever_a_piece_ends),
		TEST(image_read_knows_the_padding_of_xz),
		TEST(image_read_refuses_garbage_behind_xz_and_zstd),
		TEST(image_read_skips_frames_that_zstd_skips),
		TEST(image_read_gives_up_a_bomb_of_gzip),
		TEST(image_read_gives_up_a_bomb_of_xz),
		TEST(image_read_gives_up_a_bomb_of_zstd),
		TEST(image_read_takes_the_largest_and_none_above),
		TEST(image_read_takes_the_largest_out_of_a_small_file),
		TEST(image_read_does_not_read_a_file_that_is_too_large),
		TEST(image_read_bounds_a_file_that_lies_about_its_size),
		TEST(image_read_takes_a_huge_dictionary_for_a_broken_file),
		TEST(image_read_gives_up_when_it_takes_too_long),
		TEST(image_read_gives_up_when_it_is_told_to),
		TEST(image_read_says_what_reading_gives),
		TEST(image_read_writes_on_where_it_was_cut_short),
		TEST(image_read_says_when_there_is_no_memory),
		TEST(image_is_a_copy_that_nobody_else_can_change),
		TEST(image_cut_leaves_a_zero_byte_behind_the_rest),
		TEST(image_cut_that_fails_changes_nothing),
		TEST(image_clear_takes_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
