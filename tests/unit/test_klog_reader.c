/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log as a stream: the same is heard of it whatever its pieces are, and lines may be
 * longer than what is kept of them. What reports say is in tests/golden/decode.
 */
#include "sources/klog_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "sources/klog.h"
#include "sources/klog_assembler.h"

/* 3 "BUG: x" 6.1.0 2\n: the line, the title, the release, how many modules. */
static int take_report(void *context, const struct backtrace *backtrace,
                       const struct boot_log *boot)
{
	struct text *heard = context;

	(void)boot;
	text_add_number(heard, backtrace->line);
	text_add_string(heard, " \"");
	text_add(heard, text_string(&backtrace->title), backtrace->title.length);
	text_add_string(heard, "\" ");
	text_add(heard, text_string(&backtrace->release), backtrace->release.length);
	text_add_char(heard, ' ');
	text_add_number(heard, backtrace->count);
	text_add_char(heard, '\n');
	return 0;
}

/* boot 6.1.0: x 2\n: the modules and the lines of their announcements. */
static int take_boot(void *context, const struct boot_log *boot)
{
	struct text *heard = context;

	text_add_string(heard, "boot ");
	text_add(heard, text_string(&boot->release), boot->release.length);
	text_add_char(heard, ':');
	for (size_t i = 0; i < boot->tally.count; i++) {
		text_add_char(heard, ' ');
		text_add_string(heard, boot->tally.entries[i].module);
		text_add_char(heard, ' ');
		text_add_number(heard, boot->tally.entries[i].first);
	}
	text_add_char(heard, '\n');
	return 0;
}

static int setup(void **state)
{
	return klog_new((struct klog **)state);
}

static int teardown(void **state)
{
	klog_free(*state);
	return 0;
}

/* Reads the log COUNT times in pieces of SIZE bytes, in memory that ends there. */
static void check_pieces(const struct klog *klog, const struct text *log, size_t size,
                         size_t count, const char *expected)
{
	_cleanup_(text_clear) struct text heard = TEXT_INIT;
	const struct klog_listener listener = { take_report, take_boot, &heard };
	struct klog_reader *reader = NULL;

	assert_int_equal(log->error, 0);
	assert_int_equal(klog_reader_new(klog, &listener, &reader), 0);
	for (; count; count--) {
		for (size_t at = 0; at < log->length; at += size) {
			size_t rest = log->length - at, piece = rest < size ? rest : size;
			char *copy = malloc(piece);

			assert_non_null(copy);
			memcpy(copy, log->data + at, piece);
			assert_int_equal(klog_reader_add(reader, copy, piece), 0);
			free(copy);
		}
		assert_int_equal(klog_reader_end(reader), 0);
	}
	assert_null(klog_reader_free(reader));
	if (strcmp(text_string(&heard), expected) != 0)
		fail_msg("in pieces of %zu:\n%s is not\n%s", size, text_string(&heard),
		         expected);
}

static const char mixed[] =
	"[    0.000000] Linux version 6.1.0-56-amd64 (x@y) #1 SMP\n"
	"[    1.000000] usb 1-1: new high-speed USB device\n"
	"[    8.000000] x: loading out-of-tree module taints kernel.\n"
	"[   31.428760] BUG: kernel NULL pointer dereference, address: 08\n"
	"[   31.429359] CPU: 1 PID: 2 Comm: x Tainted: P           OE 6.1.0 #1\n"
	"[   31.430890] Modules linked in: x(POE) ext4\n"
	"[   31.431845] ---[ end trace 0000000000000000 ]---\n\n"
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

static void pieces_of_any_size_say_the_same(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	text_add_string(&log, mixed);
	for (size_t size = 1; size <= 200; size++)
		check_pieces(*state, &log, size, 1,
		             "4 \"BUG: kernel NULL pointer dereference, address: 08\" "
		             "6.1.0 2\n"
		             "9 \"INFO: task y:1 blocked for more\" 6.1.0 4\n"
		             "boot 6.1.0-56-amd64: x 3 z 11\n"
		             "17 \"\"  0\n");
}

/* Nothing of one is a heading, a rest or a line number of the next. */
static void two_logs_may_follow_each_other(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	text_add_string(&log, "'X' taints kernel.\nTainted: P 6.1.0\nBUG: y\n"
	                      "b: module license");
	check_pieces(*state, &log, SIZE_MAX / 2, 2, "2 \"\" 6.1.0 0\n2 \"\" 6.1.0 0\n");
}

static void long_lines_are_read_in_pieces(void **state)
{
	static const struct {
		const char *before;
		char byte;
		size_t count; /* of it, then... */
		const char *behind, *expected;
	} rows[] = {
		/* Up to the bound a line is whole; of a longer one a piece. */
		{ "", 'x', KLOG_READER_LINE_MAX - 20,
		  " Tainted: P 6.1.0\nModules linked in: a(P)\n", "1 \"\" 6.1.0 1\n" },
		{ "", 'x', KLOG_READER_LINE_MAX,
		  "Tainted: P 6.1.0\nModules linked in: a\n", "1 \"\" 6.1.0 1\n" },
		/* In the middle of the words, nothing is found. */
		{ "", 'x', KLOG_READER_LINE_MAX - 4,
		  "Tainted: P 6.1.0\nModules linked in: a\n", "2 \"\"  1\n" },
		/* A piece is no heading of the next. */
		{ "BUG: ", 'x', KLOG_READER_LINE_MAX - 5,
		  "Tainted: P 6.1.0\nModules linked in: a\n", "1 \"\" 6.1.0 1\n" },
		{ "Tainted: P 6.1.0\n\n", 'y', 3 * KLOG_READER_LINE_MAX,
		  "\nModules linked in: a\n", "1 \"\" 6.1.0 1\n" },
		/* A heading has to be whole in 16 KiB, at the log's start as elsewhere.
		 */
		{ "some line\nBUG: x\n", 'y', 16384 - 9, "\nTainted: P 6.1.0\n",
		  "2 \"BUG: x\" 6.1.0 0\n" },
		{ "some line\nBUG: x\n", 'y', 16384 - 8, "\nTainted: P 6.1.0\n",
		  "4 \"\" 6.1.0 0\n" },
		{ "BUG: x\n", 'y', 16384 - 9, "\nTainted: P 6.1.0\n",
		  "1 \"BUG: x\" 6.1.0 0\n" },
		{ "BUG: x\n", 'y', 16384 - 8, "\nTainted: P 6.1.0\n",
		  "3 \"\" 6.1.0 0\n" },
		/* Nor is what stands before what said something, where memory is moved.
		 */
		{ "", '\n', 81860,
		  "BUG: x\ny: loading out-of-tree module taints kernel.\n"
		  "Tainted: P 6.1.0\n",
		  "81863 \"\" 6.1.0 0\nboot 6.1.0: y 81862\n" },
		/* Every line counts. */
		{ "", '\n', 300000, "Tainted: P 6.1.0", "300001 \"\" 6.1.0 0\n" },
	};
	static const size_t sizes[] = { 7, 4096, 65536, SIZE_MAX / 2 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text log = TEXT_INIT;

		text_add_string(&log, rows[i].before);
		for (size_t k = 0; k < rows[i].count; k++)
			text_add_char(&log, rows[i].byte);
		text_add_string(&log, rows[i].behind);
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			check_pieces(*state, &log, sizes[k], 1, rows[i].expected);
	}
}

static void a_list_is_kept_up_to_a_bound(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	text_add_string(&log, "Modules linked in:\n");
	while (log.length < 3 * 256 * 1024)
		text_add_string(&log, "b b b b b b b b b b b b b b b b\n");
	/* Lines of 32 bytes with the blank between, and 16 modules. */
	check_pieces(*state, &log, 4096, 1, "1 \"\"  131072\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_say_the_same),
		cmocka_unit_test(two_logs_may_follow_each_other),
		cmocka_unit_test(long_lines_are_read_in_pieces),
		cmocka_unit_test(a_list_is_kept_up_to_a_bound),
	};

	return cmocka_run_group_tests_name("klog_reader", tests, setup, teardown);
}
