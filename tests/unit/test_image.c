/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file in memory: that every compressed form comes back whole, and that no
 * form that is broken, cut off or too large gets through.
 */
#include "sources/image.h"

#include <errno.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"

/* image's own piece at a time. */
#define CHUNK ((size_t)32 << 10)

static void add_plain(struct text *text, const void *bytes, size_t length)
{
	text_add(text, bytes, length);
}

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

static void (*const add_form[])(struct text *text, const void *bytes, size_t length) = {
	[MODULE_COMPRESSION_NONE] = add_plain,
	[MODULE_COMPRESSION_GZIP] = add_gzip,
	[MODULE_COMPRESSION_XZ] = add_xz,
	[MODULE_COMPRESSION_ZSTD] = add_zstd,
};

#define EACH_PACKED(form)                                           \
	enum module_compression form = MODULE_COMPRESSION_NONE + 1; \
	(form) < ARRAY_SIZE(add_form);                              \
	(form)++

/* What is read is BYTES, or the ERROR, and the form is told either way. */
static void check(const char *row, const struct text *file, const void *bytes,
                  size_t length, enum module_compression form, int error)
{
	int fd = fixtures_open(text_string(file), file->length), r;
	struct image image = IMAGE_INIT;

	r = image_read(&image, fd, NULL);
	close(fd);
	if (r != error || image.compression != form)
		fail_msg("%s: %d, form %d, %zu bytes", row, r, (int)image.compression,
		         file->length);
	if (r == 0 && (image.length != length || memcmp(image.bytes, bytes, length) != 0))
		fail_msg("%s: form %d, %zu other bytes", row, (int)form, image.length);
	if (r < 0 && (image.fd != -1 || image.bytes || image.length))
		fail_msg("%s: not empty", row);
	image_clear(&image);
}

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

static void every_form_of_any_length_is_opened(void **state)
{
	static const size_t lengths[] = { 1,     2,         1000,      CHUNK - 1,
		                          CHUNK, CHUNK + 1, 65535,     65536,
		                          65537, 131072,    3 * CHUNK, 10 * CHUNK + 77 };
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	_cleanup_(text_clear) struct text zeros = TEXT_INIT;

	(void)state;
	add_noise(&noise, 11 * CHUNK);
	noise.data[0] = 'x';
	assert_int_equal(text_reserve(&zeros, 11 * CHUNK), 0);
	memset(zeros.data, 0, 11 * CHUNK);
	for (size_t form = 0; form < ARRAY_SIZE(add_form); form++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;

			add_form[form](&file, noise.data, lengths[i]);
			check("noise", &file, noise.data, lengths[i],
			      (enum module_compression)form, 0);
			text_reset(&file);
			add_form[form](&file, zeros.data, lengths[i]);
			check("zeros", &file, zeros.data, lengths[i],
			      (enum module_compression)form, 0);
		}
}

static void what_only_begins_like_a_form_is_plain(void **state)
{
	static const char *const files[] = { "x",
		                             "\x1f",
		                             "\x1f\x8a",
		                             "(\xb5/",
		                             "(\xb5/\xfc",
		                             "\xfd"
		                             "7zXZ",
		                             "\x7f"
		                             "ELF",
		                             "BZh9" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		text_add_string(&file, files[i]);
		check(files[i], &file, files[i], file.length, MODULE_COMPRESSION_NONE, 0);
	}
}

static void parts_follow_each_other_and_are_opened_once(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, 3 * CHUNK);
	for (EACH_PACKED(form)) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		_cleanup_(text_clear) struct text outer = TEXT_INIT;

		add_form[form](&file, noise.data, 100);
		add_form[form](&file, noise.data + 100, CHUNK);
		add_form[form](&file, noise.data, 0);
		add_form[form](&file, noise.data + 100 + CHUNK, 2 * CHUNK - 100);
		check("parts", &file, noise.data, 3 * CHUNK, form, 0);
		add_form[form](&outer, file.data, file.length);
		check("twice", &outer, file.data, file.length, form, 0);
		file.length--;
		check("last part cut off", &file, NULL, 0, form, -EBADMSG);
	}
}

static void nothing_is_an_error_and_so_is_what_is_cut_off(void **state)
{
	_cleanup_(text_clear) struct text nothing = TEXT_INIT;
	_cleanup_(text_clear) struct text plain = TEXT_INIT;

	(void)state;
	check("nothing", &nothing, NULL, 0, MODULE_COMPRESSION_NONE, -EBADMSG);
	add_noise(&plain, 100);
	text_add_string(&plain, "and something that can be packed, packed, packed");
	for (EACH_PACKED(form)) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		size_t whole;

		add_form[form](&file, "", 0);
		check("nothing", &file, NULL, 0, form, -EBADMSG);
		text_reset(&file);
		add_form[form](&file, plain.data, plain.length);
		whole = file.length;
		/* From where the form can be told. */
		for (file.length = 6; file.length < whole; file.length++)
			check("cut off", &file, NULL, 0, form, -EBADMSG);
		/* A checksum that is another. */
		file.data[whole - 2] ^= 1;
		check("changed", &file, NULL, 0, form, -EBADMSG);
	}
}

static void what_stands_behind_a_form_is_known(void **state)
{
	static const struct {
		enum module_compression form;
		const char *behind;
		size_t length;
		int error;
	} rows[] = {
		/* As gzip(1) has it, even where it begins another. */
		{ MODULE_COMPRESSION_GZIP, "x", 1, 0 },
		{ MODULE_COMPRESSION_GZIP, "\x1f", 1, 0 },
		{ MODULE_COMPRESSION_GZIP, "\0\0\0\0", 4, 0 },
		{ MODULE_COMPRESSION_GZIP, "garbage behind it", 17, 0 },
		{ MODULE_COMPRESSION_GZIP, "\x1f\x8b", 2, -EBADMSG },
		{ MODULE_COMPRESSION_GZIP, "\x1f\x8b\x08\0\0", 5, -EBADMSG },
		/* Padding is of four zeros. */
		{ MODULE_COMPRESSION_XZ, "\0\0\0\0", 4, 0 },
		{ MODULE_COMPRESSION_XZ, "\0\0\0\0\0", 5, -EBADMSG },
		{ MODULE_COMPRESSION_XZ, "garbage behind it", 17, -EBADMSG },
		{ MODULE_COMPRESSION_ZSTD, "garbage behind it", 17, -EBADMSG },
		/* A frame that is skipped (RFC 8878, 3.1.2). */
		{ MODULE_COMPRESSION_ZSTD, "\x50\x2a\x4d\x18\5\0\0\0hello", 13, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		add_form[rows[i].form](&file, "module", 6);
		text_add(&file, rows[i].behind, rows[i].length);
		check(rows[i].behind, &file, "module", 6, rows[i].form, rows[i].error);
	}
}

/* Wherever a piece that is read at a time ends. */
static void what_stands_behind_gzip_may_begin_a_piece(void **state)
{
	_cleanup_(text_clear) struct text noise = TEXT_INIT;

	(void)state;
	add_noise(&noise, CHUNK);
	for (size_t length = CHUNK - 60; length < CHUNK; length++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		add_gzip(&file, noise.data, length);
		text_add_string(&file, "gar");
		check("garbage", &file, noise.data, length, MODULE_COMPRESSION_GZIP, 0);
	}
}

/* Of the largest that there may be, and of one byte more: zstd's 128 KiB of one byte. */
static void nothing_larger_than_the_limit_comes_out(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct image image = IMAGE_INIT;
	int fd;

	(void)state;
	/* A window of 128 KiB, no size, no checksum (RFC 8878, 3.1.1.2). */
	text_add(&file, "\x28\xb5\x2f\xfd\x00\x38", 6);
	for (size_t i = 1; i < IMAGE_MAX >> 17; i++)
		text_add(&file, "\x02\x00\x10x", 4);
	text_add(&file, "\x03\x00\x10x", 4);
	fd = fixtures_open(file.data, file.length);
	assert_int_equal(image_read(&image, fd, NULL), 0);
	assert_int_equal(image.length, IMAGE_MAX);
	image_clear(&image);
	close(fd);
	add_zstd(&file, "x", 1);
	check("one byte more", &file, NULL, 0, MODULE_COMPRESSION_ZSTD, -EFBIG);
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
	struct image image = IMAGE_INIT;
	int fd = fixtures_open("", 0);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)IMAGE_MAX + 1), 0);
	assert_int_equal(image_read(&image, fd, NULL), -EFBIG);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
	/* The size is no promise. */
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(image_read(&image, fd, NULL), -EFBIG);
	close(fd);
}

static void a_cut_leaves_one_zero_byte_behind_the_rest(void **state)
{
	static const size_t ends[] = { 9999, 8192, 4097, 4096, 4095, 17, 1 };
	_cleanup_(text_clear) struct text noise = TEXT_INIT;
	struct image image = IMAGE_INIT;
	char bytes[10240];
	int fd;

	(void)state;
	add_noise(&noise, 9999);
	fd = fixtures_open(noise.data, noise.length);
	assert_int_equal(image_read(&image, fd, NULL), 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		assert_int_equal(image_cut(&image, ends[i]), 0);
		if (image.length != ends[i] ||
		    pread(image.fd, bytes, sizeof(bytes), 0) != (ssize_t)ends[i] + 1 ||
		    memcmp(bytes, noise.data, ends[i]) != 0 || bytes[ends[i]] ||
		    memcmp(image.bytes, bytes, ends[i]) != 0)
			fail_msg("%zu", ends[i]);
	}
	image_clear(&image);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_any_length_is_opened),
		cmocka_unit_test(what_only_begins_like_a_form_is_plain),
		cmocka_unit_test(parts_follow_each_other_and_are_opened_once),
		cmocka_unit_test(nothing_is_an_error_and_so_is_what_is_cut_off),
		cmocka_unit_test(what_stands_behind_a_form_is_known),
		cmocka_unit_test(what_stands_behind_gzip_may_begin_a_piece),
		cmocka_unit_test(nothing_larger_than_the_limit_comes_out),
		cmocka_unit_test(a_file_that_is_too_large_is_not_read),
		cmocka_unit_test(a_cut_leaves_one_zero_byte_behind_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
