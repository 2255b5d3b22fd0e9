/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip, opened again with zlib's own inflate: that every text comes back, that the form
 * is RFC 1952's and the same each time, and what happens without memory.
 */
#include "base/gzip.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __real_deflate(z_streamp stream, int flush);
int __wrap_deflate(z_streamp stream, int flush);

static bool is_memory_gone;  /* realloc() fails */
static bool is_zlib_refused; /* deflateInit2() fails, as it does without memory */
static bool is_deflate_cut;  /* deflate() stops in the middle */

void *__wrap_realloc(void *pointer, size_t size)
{
	return is_memory_gone ? NULL : __real_realloc(pointer, size);
}

int __wrap_deflate(z_streamp stream, int flush)
{
	return is_deflate_cut ? Z_OK : __real_deflate(stream, flush);
}

/* Stands in front of the library's own, which it calls. */
int deflateInit2_(z_streamp stream, int level, int method, int window_bits,
                  int memory_level, int strategy, const char *version, int size)
{
	int (*own)(z_streamp, int, int, int, int, int, const char *, int);
	void *symbol = dlsym(RTLD_NEXT, "deflateInit2_");

	if (is_zlib_refused)
		return Z_MEM_ERROR;
	memcpy(&own, &symbol, sizeof(own));
	return own(stream, level, method, window_bits, memory_level, strategy, version,
	           size);
}

static int setup(void **state)
{
	(void)state;
	is_memory_gone = is_zlib_refused = is_deflate_cut = false;
	return 0;
}

/* Opens exactly one gzip member; it must hold PLAIN and nothing may follow it. */
static void assert_opens_to(const char *bytes, size_t length, const struct text *plain)
{
	char *opened = malloc(plain->length + 1);
	z_stream stream = { 0 };

	assert_non_null(opened);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (Bytef *)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = (Bytef *)opened;
	stream.avail_out = (uInt)plain->length + 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.total_out, plain->length);
	assert_memory_equal(opened, text_string(plain), plain->length);
	assert_int_equal(inflateEnd(&stream), Z_OK);
	free(opened);
}

static void assert_comes_back(const struct text *plain)
{
	struct text compressed = TEXT_INIT;

	assert_int_equal(plain->error, 0);
	assert_int_equal(gzip_add(&compressed, plain), 0);
	assert_int_equal(compressed.error, 0);
	assert_true(compressed.length > 0);
	assert_true(compressed.capacity > compressed.length);
	assert_int_equal(compressed.data[compressed.length], '\0');
	assert_opens_to(compressed.data, compressed.length, plain);
	text_clear(&compressed);
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

static void add_page(struct text *text, size_t series)
{
	for (size_t i = 0; i < series; i++) {
		text_add_string(text, "kernel_taint_module{module=\"m");
		text_add_number(text, i * UINT64_C(2654435761) % 100000);
		text_add_string(text, "\",taint=\"oot_module\",flag=\"O\"} 1\n");
	}
}

static void an_empty_text_comes_back(void **state)
{
	struct text plain = TEXT_INIT;

	(void)state;
	assert_comes_back(&plain);
	assert_int_equal(text_reserve(&plain, 10), 0);
	assert_comes_back(&plain);
	text_clear(&plain);
}

static void a_page_comes_back_and_is_much_smaller(void **state)
{
	struct text plain = TEXT_INIT, compressed = TEXT_INIT;

	(void)state;
	add_page(&plain, 200);
	assert_comes_back(&plain);
	assert_int_equal(gzip_add(&compressed, &plain), 0);
	assert_true(compressed.length * 4 < plain.length);
	text_clear(&compressed);
	text_clear(&plain);
}

static void pages_of_every_size_come_back(void **state)
{
	struct text plain = TEXT_INIT;

	(void)state;
	for (size_t length = 1; length <= 400; length++) {
		text_add_char(&plain, (char)("kernel_taint "[length % 13]));
		assert_comes_back(&plain);
	}
	text_reset(&plain);
	add_page(&plain, 60000);
	assert_true(plain.length > 3 << 20);
	assert_comes_back(&plain);
	text_clear(&plain);
}

static void noise_comes_back_though_it_cannot_shrink(void **state)
{
	/* Both sides of zlib's blocks and windows at this memory level. */
	static const size_t lengths[] = { 1,      2,      7,      100,   1023,  4095,
		                          8191,   8192,   16383,  16384, 16385, 32767,
		                          32768,  32769,  65534,  65535, 65536, 65537,
		                          131071, 262144, 1000003 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct text plain = TEXT_INIT;

		add_noise(&plain, lengths[i]);
		assert_comes_back(&plain);
		text_clear(&plain);
	}
}

static void a_run_of_one_byte_comes_back(void **state)
{
	struct text plain = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < 300000; i++)
		text_add_char(&plain, '\0');
	assert_comes_back(&plain);
	text_clear(&plain);
}

static void the_gzip_form_stands_behind_what_was_there(void **state)
{
	struct text plain = TEXT_INIT, compressed = TEXT_INIT;

	(void)state;
	text_add_string(&plain, "kernel_taint_mask 12288\n");
	text_add_string(&compressed, "in front");
	assert_int_equal(gzip_add(&compressed, &plain), 0);
	assert_memory_equal(compressed.data, "in front", 8);
	assert_opens_to(compressed.data + 8, compressed.length - 8, &plain);
	text_clear(&compressed);
	text_clear(&plain);
}

/* RFC 1952, section 2.3: no name, no time; else two pages of one state would differ. */
static void the_same_text_has_the_same_form_each_time(void **state)
{
	struct text plain = TEXT_INIT, first = TEXT_INIT, second = TEXT_INIT;

	(void)state;
	add_page(&plain, 50);
	assert_int_equal(gzip_add(&first, &plain), 0);
	assert_int_equal(gzip_add(&second, &plain), 0);
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
	assert_memory_equal(first.data, "\x1f\x8b\x08\0\0\0\0\0", 8);
	text_clear(&first);
	text_clear(&second);
	text_clear(&plain);
}

static void the_plain_text_is_left_alone(void **state)
{
	struct text plain = TEXT_INIT, copy = TEXT_INIT, compressed = TEXT_INIT;

	(void)state;
	add_page(&plain, 50);
	text_add(&copy, plain.data, plain.length);
	assert_int_equal(gzip_add(&compressed, &plain), 0);
	assert_int_equal(plain.length, copy.length);
	assert_memory_equal(plain.data, copy.data, copy.length + 1);
	text_clear(&compressed);
	text_clear(&copy);
	text_clear(&plain);
}

/* Whatever fails: -ENOMEM, nothing leaks, and after a clear all is well again. */
static void assert_fails_and_recovers(bool *failure)
{
	struct text plain = TEXT_INIT, compressed = TEXT_INIT;

	add_page(&plain, 50);
	*failure = true;
	assert_int_equal(gzip_add(&compressed, &plain), -ENOMEM);
	*failure = false;
	text_clear(&compressed);
	assert_int_equal(gzip_add(&compressed, &plain), 0);
	assert_opens_to(compressed.data, compressed.length, &plain);
	text_clear(&compressed);
	text_clear(&plain);
}

static void no_memory_for_the_result_is_an_error(void **state)
{
	(void)state;
	assert_fails_and_recovers(&is_memory_gone);
}

static void no_memory_for_zlib_is_an_error(void **state)
{
	(void)state;
	assert_fails_and_recovers(&is_zlib_refused);
}

static void a_stream_that_does_not_end_is_an_error(void **state)
{
	(void)state;
	assert_fails_and_recovers(&is_deflate_cut);
}

static void a_text_that_already_failed_stays_failed(void **state)
{
	struct text plain = TEXT_INIT, compressed = TEXT_INIT;

	(void)state;
	is_memory_gone = true;
	text_add_string(&compressed, "lost");
	is_memory_gone = false;
	assert_int_equal(compressed.error, -ENOMEM);
	assert_int_equal(gzip_add(&compressed, &plain), -ENOMEM);
	assert_int_equal(compressed.length, 0);
	text_clear(&compressed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_text_comes_back, setup),
		cmocka_unit_test_setup(a_page_comes_back_and_is_much_smaller, setup),
		cmocka_unit_test_setup(pages_of_every_size_come_back, setup),
		cmocka_unit_test_setup(noise_comes_back_though_it_cannot_shrink, setup),
		cmocka_unit_test_setup(a_run_of_one_byte_comes_back, setup),
		cmocka_unit_test_setup(the_gzip_form_stands_behind_what_was_there, setup),
		cmocka_unit_test_setup(the_same_text_has_the_same_form_each_time, setup),
		cmocka_unit_test_setup(the_plain_text_is_left_alone, setup),
		cmocka_unit_test_setup(no_memory_for_the_result_is_an_error, setup),
		cmocka_unit_test_setup(no_memory_for_zlib_is_an_error, setup),
		cmocka_unit_test_setup(a_stream_that_does_not_end_is_an_error, setup),
		cmocka_unit_test_setup(a_text_that_already_failed_stays_failed, setup),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
