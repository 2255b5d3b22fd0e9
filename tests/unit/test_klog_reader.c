/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log as a stream: whatever its pieces are, the same is heard of it. Lines may end in
 * any way or not at all, hold any bytes, and be longer than memory allows. Knows the
 * memory and read(), which it lets fail.
 */
#include "sources/klog_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "failing.h"
#include "klog.h"
#include "sources/klog.h"

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);

static size_t read_max; /* bytes that a read() gives; 0: all that it may */
static int read_error;  /* of the read() number... */
static size_t read_fails_at;

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	if (read_error && read_fails_at-- == 0) {
		errno = read_error;
		read_error = 0;
		return -1;
	}
	return __real_read(fd, buffer, read_max && read_max < size ? read_max : size);
}

static struct klog *klog;

static int setup(void **state)
{
	(void)state;
	return klog_new(&klog);
}

static int teardown(void **state)
{
	(void)state;
	klog = klog_free(klog);
	return 0;
}

/* The log in pieces of SIZE bytes. 0 or -errno. */
static int read_pieces(const char *log, size_t length, size_t size, struct heard *heard)
{
	const struct klog_listener listener = heard_listener(heard);
	struct klog_reader *reader = NULL;
	int r = klog_reader_new(klog, &listener, &reader);

	for (size_t at = 0; r == 0 && at < length; at += size) {
		size_t piece = length - at < size ? length - at : size;
		_cleanup_(free_pointer) char *copy = malloc(piece);

		assert_non_null(copy);
		memcpy(copy, log + at, piece);
		r = klog_reader_add(reader, copy, piece);
	}
	if (r == 0)
		r = klog_reader_end(reader);
	klog_reader_free(reader);
	return r;
}

static void check_pieces(const char *log, size_t length, size_t size,
                         const char *expected)
{
	struct heard heard = { 0 };

	assert_int_equal(read_pieces(log, length, size, &heard), 0);
	if (strcmp(text_string(&heard.text), expected) != 0)
		fail_msg("in pieces of %zu:\n%s is not\n%s", size,
		         text_string(&heard.text), expected);
	text_clear(&heard.text);
}

/* Whole, byte by byte, and in a few pieces between. */
static void check_bytes(const char *log, size_t length, const char *expected)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 4096, 65536, SIZE_MAX / 2 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_pieces(log, length, sizes[i], expected);
}

static void check(const char *log, const char *expected)
{
	check_bytes(log, strlen(log), expected);
}

static void check_text(const struct text *log, const char *expected)
{
	assert_int_equal(log->error, 0);
	check_bytes(text_string(log), log->length, expected);
}

#define OOPS                                                                      \
	"[   31.428760] BUG: kernel NULL pointer dereference, address: 08\n"      \
	"[   31.428949] #PF: supervisor write access in kernel mode\n"            \
	"[   31.429359] CPU: 1 PID: 2 Comm: x Tainted: P           OE 6.1.0 #1\n" \
	"[   31.429494] Hardware name: QEMU\n"                                    \
	"[   31.430890] Modules linked in: x(POE) ext4\n"                         \
	"[   31.431845] ---[ end trace 0000000000000000 ]---\n"
#define HEARD_OOPS                                                                 \
	" \"BUG: kernel NULL pointer dereference, address: 08\" @31.428760 <CPU: " \
	"1 PID: 2 Comm: x> +P           OE 6.1.0 | x(EOP) ext4()\n"

/* ---- pieces ---- */

static const char mixed[] =
	"[    0.000000] Linux version 6.1.0-56-amd64 (x@y) #1 SMP\n"
	"[    1.000000] usb 1-1: new high-speed USB device\n"
	"[    8.000000] x: loading out-of-tree module taints kernel.\n" OOPS "\n"
	"> Nov 26 06:37:02 host kernel: INFO: task y:1 blocked for more\r\n"
	"> Nov 26 06:37:02 host kernel:       Not tainted 6.1.0 #1\r\n"
	"[   40.000000] z: module license\n"
	"'CDDL' taints kernel.\n"
	"Modules linked in: a(P) b\n"
	"c d [last\n"
	"unloaded: e]\n"
	"[   50.000000] Linux version 6.1.0-57-amd64 (x@y) #1 SMP\n"
	"Tainted: [P]=PROPRIETARY_MODULE,\n"
	"[O]=OOT_MODULE";
static const char heard_of_mixed[] =
	"4" HEARD_OOPS
	"11 \"INFO: task y:1 blocked for more\" @Nov 26 06:37:02 - 6.1.0 | a(P) b() c() "
	"d() last e()\n"
	"boot 6.1.0-56-amd64: oot_module x @8.000000 #3 proprietary_module z @40.000000 "
	"#13\n"
	"19 + {P]=PROPRIETARY_MODULE, [O]=OOT_MODULE}\n";

static void the_same_is_heard_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 200; size++)
		check_pieces(mixed, sizeof(mixed) - 1, size, heard_of_mixed);
	check_pieces(mixed, sizeof(mixed) - 1, sizeof(mixed) - 1, heard_of_mixed);
}

static void a_descriptor_is_read_to_its_end(void **state)
{
	static const size_t sizes[] = { 0, 1, 100 };
	int fd = memfd_create("log", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, mixed, sizeof(mixed) - 1), sizeof(mixed) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct heard heard = { 0 };
		const struct klog_listener listener = heard_listener(&heard);
		struct klog_reader *reader = NULL;

		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
		read_max = sizes[i];
		/* A signal is no error. */
		read_error = EINTR;
		read_fails_at = i;
		assert_int_equal(klog_reader_read(reader, fd), 0);
		assert_int_equal(read_error, 0);
		assert_int_equal(klog_reader_end(reader), 0);
		read_max = 0;
		assert_string_equal(text_string(&heard.text), heard_of_mixed);
		klog_reader_free(reader);
		text_clear(&heard.text);
	}
	close(fd);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct heard heard = { 0 };
	const struct klog_listener listener = heard_listener(&heard);
	struct klog_reader *reader = NULL;

	(void)state;
	assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
	assert_int_equal(klog_reader_read(reader, -1), -EBADF);
	read_error = EIO;
	read_fails_at = 0;
	assert_int_equal(klog_reader_read(reader, STDIN_FILENO), -EIO);
	klog_reader_free(reader);
}

static void two_logs_may_follow_each_other(void **state)
{
	struct heard heard = { 0 };
	const struct klog_listener listener = heard_listener(&heard);
	struct klog_reader *reader = NULL;

	(void)state;
	assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
	for (int i = 0; i < 2; i++) {
		static const char log[] = "BUG: x\nTainted: P 6.1.0\nBUG: y";

		assert_int_equal(klog_reader_add(reader, log, sizeof(log) - 1), 0);
		assert_int_equal(klog_reader_end(reader), 0);
	}
	/* Nor is a heading of the first one that of the second. */
	assert_string_equal(text_string(&heard.text), "1 \"BUG: x\" +P 6.1.0\n"
	                                              "1 \"BUG: x\" +P 6.1.0\n");
	text_reset(&heard.text);
	assert_int_equal(klog_reader_add(reader, "BUG: x\n", 7), 0);
	assert_int_equal(klog_reader_end(reader), 0);
	assert_int_equal(klog_reader_add(reader, "Tainted: P 6.1.0\n", 17), 0);
	assert_int_equal(klog_reader_end(reader), 0);
	assert_string_equal(text_string(&heard.text), "1 +P 6.1.0\n");
	klog_reader_free(reader);
	text_clear(&heard.text);
	assert_null(klog_reader_free(NULL));
}

/* ---- lines ---- */

static void lines_end_in_any_way(void **state)
{
	(void)state;
	check("", "");
	check("\n\n\n", "");
	check(OOPS, "1" HEARD_OOPS);
	check("Tainted: P 6.1.0", "1 +P 6.1.0\n");
	check("Tainted: P 6.1.0\r\nModules linked in: a(P)\r\nb\r\n",
	      "1 +P 6.1.0 | a(P) b()\n");
	check("Modules linked in: a  \nb  \n", "1 ? | a() b()\n");
	check("BUG: x\r\nTainted: P 6.1.0\r\n", "1 \"BUG: x\" +P 6.1.0\n");
	check("BUG: x  \nTainted: P 6.1.0\n", "1 \"BUG: x\" +P 6.1.0\n");
	check("\n\nx\n\nTainted: P 6.1.0", "5 +P 6.1.0\n");
	check("Modules linked in: a\n", "1 ? | a()\n");
}

static void nul_bytes_are_bytes(void **state)
{
	static const char log[] = "\0\0\0\nBUG: \0x\n\0Tainted: P 6.1.0\n"
				  "Modules linked in: a\0b c(P)\n\0\n";
	struct heard heard = { 0 };

	(void)state;
	for (size_t size = 1; size < sizeof(log); size++) {
		text_clear(&heard.text);
		heard = (struct heard){ 0 };
		assert_int_equal(read_pieces(log, sizeof(log) - 1, size, &heard), 0);
		assert_int_equal(heard.reports, 1);
		assert_memory_equal(text_string(&heard.text), "2 \"BUG: \0x\"", 11);
		assert_memory_equal(heard.text.data + heard.text.length - 8, " | c(P)\n",
		                    8);
	}
	text_clear(&heard.text);
}

static void add_filled(struct text *text, char byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add_char(text, byte);
}

static void a_line_up_to_the_bound_is_whole(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	(void)state;
	add_filled(&log, 'x', KLOG_READER_LINE_MAX - 20);
	text_add_string(&log, " Tainted: P 6.1.0\n");
	text_add_string(&log, "Modules linked in: a(P)\n");
	for (int i = 0; i < 3; i++) {
		struct heard heard = { 0 };

		assert_int_equal(read_pieces(log.data, log.length,
		                             i == 0   ? 1
		                             : i == 1 ? 4096
		                                      : log.length,
		                             &heard),
		                 0);
		assert_int_equal(heard.reports, 1);
		assert_non_null(
			strstr(text_string(&heard.text), "xxx> +P 6.1.0 | a(P)\n"));
		text_clear(&heard.text);
	}
}

/* The pieces are those of the line, not of what was added. */
static void a_longer_line_is_read_in_pieces(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	(void)state;
	/* The second piece begins with the flags. */
	add_filled(&log, 'x', KLOG_READER_LINE_MAX);
	text_add_string(&log, "Tainted: P 6.1.0\nModules linked in: a\n");
	check_text(&log, "1 +P 6.1.0 | a()\n");

	/* In the middle of the words, nothing is found. */
	text_reset(&log);
	add_filled(&log, 'x', KLOG_READER_LINE_MAX - 4);
	text_add_string(&log, "Tainted: P 6.1.0\nModules linked in: a\n");
	check_text(&log, "2 ? | a()\n");

	/* A piece is no heading of the next. */
	text_reset(&log);
	text_add_string(&log, "BUG: ");
	add_filled(&log, 'x', KLOG_READER_LINE_MAX - 5);
	text_add_string(&log, "Tainted: P 6.1.0\n\n");
	add_filled(&log, 'y', 3 * KLOG_READER_LINE_MAX);
	text_add_string(&log, "\nModules linked in: a\n");
	check_text(&log, "1 +P 6.1.0 | a()\n");
}

static void an_endless_line_needs_no_memory(void **state)
{
	struct heard heard = { 0 };
	const struct klog_listener listener = heard_listener(&heard);
	struct klog_reader *reader = NULL;
	char bytes[4096];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
	/* No allocation succeeds. */
	for (int i = 0; i < 4096; i++) {
		failing = true;
		failing_at = 0;
		assert_int_equal(klog_reader_add(reader, bytes, sizeof(bytes)), 0);
		assert_true(failing);
	}
	failing = false;
	assert_int_equal(klog_reader_end(reader), 0);
	klog_reader_free(reader);
	assert_int_equal(heard.text.length, 0);
}

/* ---- headings ---- */

static void a_heading_is_looked_for_in_24_lines(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	(void)state;
	for (int lines = 23; lines <= 24; lines++) {
		text_reset(&log);
		text_add_string(&log, "BUG: x\n");
		add_filled(&log, '\n', (size_t)lines);
		text_add_string(&log, "Tainted: P 6.1.0\n");
		check_text(&log,
		           lines == 23 ? "1 \"BUG: x\" +P 6.1.0\n" : "26 +P 6.1.0\n");
	}
}

/* It has to be whole there. */
static void a_heading_is_looked_for_in_16_kilobytes(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		text_reset(&log);
		text_add_string(&log, "some line\nBUG: x\n");
		add_filled(&log, 'y', 16384 - 9 + more);
		text_add_string(&log, "\nTainted: P 6.1.0\n");
		check_text(&log, more ? "4 +P 6.1.0\n" : "2 \"BUG: x\" +P 6.1.0\n");
	}
	/* The start of the log is no better than any other place. */
	for (size_t more = 0; more <= 1; more++) {
		text_reset(&log);
		text_add_string(&log, "BUG: x\n");
		add_filled(&log, 'y', 16384 - 9 + more);
		text_add_string(&log, "\nTainted: P 6.1.0\n");
		check_text(&log, more ? "3 +P 6.1.0\n" : "1 \"BUG: x\" +P 6.1.0\n");
	}
}

static void a_heading_behind_what_said_something_is_of_the_next(void **state)
{
	(void)state;
	check("BUG: x\nTainted: P 6.1.0\nModules linked in: a\n",
	      "1 \"BUG: x\" +P 6.1.0 | a()\n");
	check("BUG: x\ny: loading out-of-tree module taints kernel.\nTainted: P 6.1.0\n",
	      "3 +P 6.1.0\nboot 6.1.0: oot_module y #2\n");
	/* What only seemed to say something is nothing. */
	check("BUG: x\nmodule license\n\nTainted: P 6.1.0\n", "1 \"BUG: x\" +P 6.1.0\n");
	check("BUG: x\nOops: y\nTainted: P 6.1.0\n", "1 \"BUG: x\" +P 6.1.0\n");
}

static void line_numbers_count_all_lines(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;
	char expected[64];

	(void)state;
	add_filled(&log, '\n', 100000);
	text_add_string(&log, "Tainted: P 6.1.0\n---[ end trace 1 ]---\n");
	for (int i = 0; i < 5000; i++)
		text_add_string(&log, "some line of a log that says nothing\n");
	text_add_string(&log, "Tainted: P 6.1.0\n");
	snprintf(expected, sizeof(expected), "100001 +P 6.1.0\n105003 +P 6.1.0\n");
	for (size_t size = 1000; size <= log.length; size *= 3)
		check_pieces(log.data, log.length, size, expected);
	check_pieces(log.data, log.length, log.length, expected);
}

/* ---- hostile logs ---- */

/* Each is a megabyte; what is read over and over takes minutes. */
static void hostile_logs_are_read_once(void **state)
{
	static const char *const lines[] = {
		"Modules linked in: ",
		"Modules linked in: a(POE)\n",
		"Tainted: ",
		"Tainted: G\n",
		"BUG: x\n",
		"BUG: x BUG: x BUG: x Tainted: G\n",
		"Linux version 6.1.0\n",
		"x: module license '",
		"x: loading out-of-tree module taints kernel.\n",
		"<1>",
		"[1.1]",
		"> ",
		"((((((((",
		"a b c d\n",
		"module verification faile",
	};
	uint64_t start = clock_monotonic();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(text_clear) struct text log = TEXT_INIT;
		struct heard heard = { 0 };

		text_add_string(&log, "Modules linked in:\n");
		while (log.length < 1u << 20)
			text_add_string(&log, lines[i]);
		text_add_string(&log, "Tainted: G 6.1.0\n");
		assert_int_equal(read_pieces(log.data, log.length, 10000, &heard), 0);
		text_clear(&heard.text);
	}
	assert_true(clock_monotonic() - start < 60 * CLOCK_SECOND);
}

/* ---- who hears it ---- */

static void a_listener_that_fails_ends_it(void **state)
{
	(void)state;
	for (size_t size = 1; size <= sizeof(mixed); size += 50) {
		for (size_t i = 0; i <= 4; i++) {
			struct heard heard = { .error = -EPIPE, .error_after = i };

			assert_int_equal(
				read_pieces(mixed, sizeof(mixed) - 1, size, &heard),
				i < 4 ? -EPIPE : 0);
			assert_int_equal(heard.reports + heard.boots, i < 4 ? i + 1 : 4);
			text_clear(&heard.text);
		}
	}
}

static void a_listener_that_fails_ends_the_reading_of_a_descriptor(void **state)
{
	struct heard heard = { .error = -EPIPE };
	const struct klog_listener listener = heard_listener(&heard);
	struct klog_reader *reader = NULL;
	int fd = memfd_create("log", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(fd, mixed, sizeof(mixed) - 1), sizeof(mixed) - 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
	assert_int_equal(klog_reader_read(reader, fd), -EPIPE);
	assert_int_equal(heard.reports, 1);
	klog_reader_free(reader);
	text_clear(&heard.text);
	close(fd);
}

static void without_memory_there_is_no_reader(void **state)
{
	const struct klog_listener listener = heard_listener(NULL);
	struct klog_reader *reader = NULL;

	(void)state;
	for (size_t calls = 0; calls < 2; calls++) {
		failing = true;
		failing_at = calls;
		assert_int_equal(klog_reader_new(klog, &listener, &reader), -ENOMEM);
		assert_false(failing);
		assert_null(reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_heard_in_pieces_of_any_size),
		cmocka_unit_test(a_descriptor_is_read_to_its_end),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(two_logs_may_follow_each_other),
		cmocka_unit_test(lines_end_in_any_way),
		cmocka_unit_test(nul_bytes_are_bytes),
		cmocka_unit_test(a_line_up_to_the_bound_is_whole),
		cmocka_unit_test(a_longer_line_is_read_in_pieces),
		cmocka_unit_test(an_endless_line_needs_no_memory),
		cmocka_unit_test(a_heading_is_looked_for_in_24_lines),
		cmocka_unit_test(a_heading_is_looked_for_in_16_kilobytes),
		cmocka_unit_test(a_heading_behind_what_said_something_is_of_the_next),
		cmocka_unit_test(line_numbers_count_all_lines),
		cmocka_unit_test(hostile_logs_are_read_once),
		cmocka_unit_test(a_listener_that_fails_ends_it),
		cmocka_unit_test(a_listener_that_fails_ends_the_reading_of_a_descriptor),
		cmocka_unit_test(without_memory_there_is_no_reader),
	};

	return cmocka_run_group_tests_name("klog_reader", tests, setup, teardown);
}
