/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing whole texts, to descriptors that take them in pieces, are disturbed, or refuse.
 * Knows write(), which it cuts short and lets fail.
 */
#include "commands/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

static int watched = -1;  /* the descriptor whose calls are changed */
static size_t most;       /* bytes that one call takes; 0: all */
static bool is_disturbed; /* each second call by a signal */
static int error;         /* of the call after so many */
static size_t calls_before_error;
static size_t calls;

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (fd != watched)
		return __real_write(fd, bytes, size);
	calls++;
	if (is_disturbed && calls % 2) {
		errno = EINTR;
		return -1;
	}
	if (error && calls > calls_before_error) {
		errno = error;
		return -1;
	}
	return __real_write(fd, bytes, most && size > most ? most : size);
}

static int file = -1;
static struct text content = TEXT_INIT;

static int setup(void **state)
{
	(void)state;
	file = memfd_create("output", MFD_CLOEXEC);
	watched = file;
	most = calls = calls_before_error = 0;
	is_disturbed = false;
	error = 0;
	return file < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	watched = -1;
	close(file);
	text_clear(&content);
	return 0;
}

/* Bytes of every kind, NUL among them. */
static void fill(size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_add_char(&content, (char)(i * 7 + i / 251));
	assert_int_equal(content.error, 0);
}

/* The file holds the first LENGTH bytes and no more. */
static void assert_file(size_t length)
{
	_cleanup_(free_pointer) char *bytes = malloc(length + 2);

	assert_non_null(bytes);
	assert_int_equal(pread(file, bytes, length + 1, 0), length);
	assert_memory_equal(bytes, text_string(&content), length);
}

static void all_of_the_text_is_written(void **state)
{
	(void)state;
	fill(70000);
	assert_int_equal(output_write(file, &content), 0);
	assert_file(70000);
}

static void an_empty_text_writes_nothing(void **state)
{
	(void)state;
	assert_int_equal(output_write(file, &content), 0);
	assert_int_equal(calls, 0);
	/* Nor does it need a descriptor. */
	assert_int_equal(output_write(-1, &content), 0);
}

static void it_goes_where_the_last_write_ended(void **state)
{
	(void)state;
	fill(10);
	assert_int_equal(__real_write(file, "before", 6), 6);
	assert_int_equal(output_write(file, &content), 0);
	assert_int_equal(lseek(file, 0, SEEK_CUR), 16);
}

static void a_text_that_is_taken_in_pieces_is_whole(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 9999, 10000 };

	(void)state;
	fill(10000);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		assert_int_equal(ftruncate(file, 0), 0);
		assert_int_equal(lseek(file, 0, SEEK_SET), 0);
		most = pieces[i];
		assert_int_equal(output_write(file, &content), 0);
		assert_file(10000);
	}
}

static void signals_do_not_matter(void **state)
{
	(void)state;
	fill(1000);
	most = 10;
	is_disturbed = true;
	assert_int_equal(output_write(file, &content), 0);
	assert_file(1000);
	assert_int_equal(calls, 200);
}

static void an_error_is_given_back_at_whatever_piece_it_comes(void **state)
{
	static const int errors[] = { ENOSPC, EIO, EPIPE, EDQUOT, EFBIG, EAGAIN };

	(void)state;
	fill(100);
	most = 10;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		for (size_t before = 0; before < 10; before++) {
			assert_int_equal(ftruncate(file, 0), 0);
			assert_int_equal(lseek(file, 0, SEEK_SET), 0);
			calls = 0;
			error = errors[i];
			calls_before_error = before;
			assert_int_equal(output_write(file, &content), -errors[i]);
			/* Once is enough. */
			assert_int_equal(calls, before + 1);
			error = 0;
			assert_file(before * 10);
		}
	}
}

static void a_descriptor_that_cannot_be_written_is_an_error(void **state)
{
	_cleanup_(close_descriptor) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	_cleanup_(close_descriptor) int reader = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	fill(10);
	assert_true(full >= 0 && reader >= 0);
	assert_int_equal(output_write(full, &content), -ENOSPC);
	assert_int_equal(output_write(reader, &content), -EBADF);
	assert_int_equal(output_write(-1, &content), -EBADF);
}

static void a_pipe_without_a_reader_is_an_error(void **state)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int ends[2];

	(void)state;
	fill(10);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	assert_int_equal(output_write(ends[1], &content), -EPIPE);
	close(ends[1]);
	signal(SIGPIPE, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_the_text_is_written),
		TEST(an_empty_text_writes_nothing),
		TEST(it_goes_where_the_last_write_ended),
		TEST(a_text_that_is_taken_in_pieces_is_whole),
		TEST(signals_do_not_matter),
		TEST(an_error_is_given_back_at_whatever_piece_it_comes),
		TEST(a_descriptor_that_cannot_be_written_is_an_error),
		TEST(a_pipe_without_a_reader_is_an_error),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
