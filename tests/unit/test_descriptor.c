/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what is open: whole, bounded, and with nothing left behind by a failure. Knows
 * realloc() and read(), which it lets fail.
 */
#include "sources/descriptor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/text.h"
#include "tree.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);

static bool memory_fails;

void *__wrap_realloc(void *pointer, size_t size)
{
	return memory_fails ? NULL : __real_realloc(pointer, size);
}

/* What the next read() calls fail with, one after another; 0: they do not. */
static int read_errors[4];
static size_t reads;

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	int error = reads < 4 ? read_errors[reads] : 0;

	reads++;
	if (!error)
		return __real_read(fd, bytes, size);
	errno = error;
	return -1;
}

static int setup(void **state)
{
	memory_fails = false;
	memset(read_errors, 0, sizeof(read_errors));
	return tree_setup(state);
}

static int open_entry(const char *path)
{
	int fd = openat(tree_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* A file of LENGTH bytes, opened. */
static int open_filled(size_t length)
{
	int fd;

	tree_folder("root");
	fd = openat(tree_fd, "root/file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(write(fd, "x", 1), 1);
	return fd;
}

static void descriptor_check_tells_files_folders_and_others(void **state)
{
	int file = open_filled(0), folder = open_entry("root"), fifo;

	(void)state;
	assert_int_equal(mkfifoat(tree_fd, "root/fifo", 0644), 0);
	fifo = open_entry("root/fifo");
	assert_int_equal(descriptor_check(file, false), 0);
	assert_int_equal(descriptor_check(file, true), -ENOTDIR);
	assert_int_equal(descriptor_check(folder, true), 0);
	assert_int_equal(descriptor_check(folder, false), -EISDIR);
	assert_int_equal(descriptor_check(fifo, false), -EINVAL);
	assert_int_equal(descriptor_check(fifo, true), -ENOTDIR);
	assert_int_equal(descriptor_check(-1, false), -EBADF);
	close(fifo);
	close(folder);
	close(file);
}

static void descriptor_stream_check_takes_what_can_be_followed(void **state)
{
	int file = open_filled(0), folder = open_entry("root"), fifo, device, pair[2];

	(void)state;
	assert_int_equal(mkfifoat(tree_fd, "root/fifo", 0644), 0);
	fifo = open_entry("root/fifo");
	device = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(descriptor_stream_check(file), 0);
	assert_int_equal(descriptor_stream_check(fifo), 0);
	assert_int_equal(descriptor_stream_check(device), 0);
	assert_int_equal(descriptor_stream_check(folder), -EISDIR);
	assert_int_equal(descriptor_stream_check(pair[0]), -EINVAL);
	assert_int_equal(descriptor_stream_check(-1), -EBADF);
	close(pair[1]);
	close(pair[0]);
	close(device);
	close(fifo);
	close(folder);
	close(file);
}

static void descriptor_stream_read_goes_on_where_it_ended(void **state)
{
	int fd = open_filled(0), other = open_entry("root/file");
	char bytes[8] = "";
	size_t length = 9;

	(void)state;
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), 0);
	assert_int_equal(length, 0);
	assert_int_equal(write(fd, "abcdefghij", 10), 10);
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), 0);
	assert_int_equal(length, 8);
	assert_memory_equal(bytes, "abcdefgh", 8);
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), 0);
	assert_int_equal(length, 2);
	assert_memory_equal(bytes, "ij", 2);
	close(other);
	close(fd);
}

static void descriptor_stream_read_waits_for_nothing_and_tells_what_was_lost(void **state)
{
	static const int errors[] = { EINTR, EINTR, EPIPE, EAGAIN };
	int fd = open_filled(3), other = open_entry("root/file");
	char bytes[8];
	size_t length = 9;

	(void)state;
	memcpy(read_errors, errors, sizeof(errors));
	reads = 0;
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), -EPIPE);
	assert_int_equal(length, 9);
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), 0);
	assert_int_equal(length, 0);
	assert_int_equal(descriptor_stream_read(other, bytes, 8, &length), 0);
	assert_int_equal(length, 3);
	assert_int_equal(reads, 5);
	close(other);
	close(fd);
}

static void descriptor_read_appends_up_to_the_bound_and_no_more(void **state)
{
	(void)state;
	for (int is_value = 0; is_value < 2; is_value++) {
		struct text text = TEXT_INIT;
		int fd = open_filled(100);

		text_add_string(&text, "before");
		assert_int_equal(descriptor_read(fd, is_value, 100, &text), 0);
		assert_int_equal(text.length, 106);
		assert_int_equal(text.data[106], '\0');
		assert_int_equal(descriptor_read(fd, is_value, 99, &text), -EFBIG);
		assert_int_equal(text.length, 106);
		assert_int_equal(text.data[106], '\0');
		text_clear(&text);
		close(fd);
	}
}

static void descriptor_read_without_memory_appends_nothing(void **state)
{
	struct text text = TEXT_INIT;
	int fd = open_filled(100);

	(void)state;
	memory_fails = true;
	assert_int_equal(descriptor_read(fd, false, 1000, &text), -ENOMEM);
	memory_fails = false;
	assert_int_equal(text.length, 0);
	text_clear(&text);
	close(fd);
}

static void descriptor_read_of_a_folder_is_an_error(void **state)
{
	struct text text = TEXT_INIT;
	int fd = open_entry("root");

	(void)state;
	assert_int_equal(descriptor_read(fd, false, 1000, &text), -EISDIR);
	assert_int_equal(text.length, 0);
	text_clear(&text);
	close(fd);
}

static void descriptor_names_read_gives_all_names_and_closes(void **state)
{
	struct text names = TEXT_INIT;
	int fd;

	(void)state;
	tree_folder("root/a");
	tree_folder("root/.b");
	fd = open_entry("root");
	assert_int_equal(descriptor_names_read(fd, &names), 0);
	assert_int_equal(names.length, strlen("a") + 1 + strlen(".b") + 1);
	assert_non_null(memmem(names.data, names.length, "a", 2));
	assert_non_null(memmem(names.data, names.length, ".b", 3));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	text_clear(&names);
}

static void descriptor_names_read_of_a_file_is_an_error_and_closes(void **state)
{
	struct text names = TEXT_INIT;
	int fd = open_filled(1);

	(void)state;
	assert_int_equal(descriptor_names_read(fd, &names), -ENOTDIR);
	assert_int_equal(names.length, 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	text_clear(&names);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		TEST(descriptor_check_tells_files_folders_and_others),
		TEST(descriptor_stream_check_takes_what_can_be_followed),
		TEST(descriptor_stream_read_goes_on_where_it_ended),
		TEST(descriptor_stream_read_waits_for_nothing_and_tells_what_was_lost),
		TEST(descriptor_read_appends_up_to_the_bound_and_no_more),
		TEST(descriptor_read_without_memory_appends_nothing),
		TEST(descriptor_read_of_a_folder_is_an_error),
		TEST(descriptor_names_read_gives_all_names_and_closes),
		TEST(descriptor_names_read_of_a_file_is_an_error_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
