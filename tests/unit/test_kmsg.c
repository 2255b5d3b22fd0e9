/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as the kernel writes them, and as nobody should. What follows from them, and
 * how the log is followed, is tests/e2e/test_log.py's.
 */
#include "sources/kmsg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* In memory that ends with the line, for free(). */
static char *copy_of(const char *line)
{
	char *copy = malloc(strlen(line) + !*line);

	assert_non_null(copy);
	memcpy(copy, line, strlen(line));
	return copy;
}

/* A message and its length. */
#define M(message) message, sizeof(message) - 1

static void a_record_is_what_the_kernel_wrote(void **state)
{
	static const struct {
		const char *line;
		uint64_t sequence, time;
		bool is_kernels;
		const char *message;
		size_t length;
	} rows[] = {
		{ "6,339,5140900,-;NET: Registered PF_INET6", 339, 5140900000, true,
		  M("NET: Registered PF_INET6") },
		{ "7,160,424069,-,caller=T1;pci", 160, 424069000, true, M("pci") },
		{ "4,1,0,c;part", 1, 0, true, M("part") },
		{ "4,1,0,-,a=b,c=d;;x;y", 1, 0, true, M(";x;y") },
		{ "0,0,0,-;", 0, 0, true, M("") },
		{ "12,5,6,-;from user space", 5, 6000, false, M("from user space") },
		{ "8,5,6,-;x", 5, 6000, false, M("x") },
		{ "2047,5,6,-;x", 5, 6000, false, M("x") },
		{ "6,18446744073709551615,18446744073709551,-;x", UINT64_MAX,
		  UINT64_C(18446744073709551000), true, M("x") },
		/* What is not printable. */
		{ "6,1,1,-;a\\x0ab\\x5cx41\\xc3\\xa9\\x7f", 1, 1000, true,
		  M("a\nb\\x41\xc3\xa9\x7f") },
		{ "6,1,1,-;\\x09", 1, 1000, true, M("\t") },
		/* What the kernel would not write stays as it is. */
		{ "6,1,1,-;\\x0", 1, 1000, true, M("\\x0") },
		{ "6,1,1,-;\\x", 1, 1000, true, M("\\x") },
		{ "6,1,1,-;\\", 1, 1000, true, M("\\") },
		{ "6,1,1,-;\\xAB\\xg0\\x0g\\y41\\\\x41", 1, 1000, true,
		  M("\\xAB\\xg0\\x0g\\y41\\A") },
		{ "6,1,1,-;a\\x00b", 1, 1000, true, M("a\0b") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *line = copy_of(rows[i].line);
		struct kmsg_record record = { 0 };

		if (kmsg_record_parse(line, strlen(rows[i].line), &record) != 0 ||
		    record.sequence != rows[i].sequence || record.time != rows[i].time ||
		    record.is_kernels != rows[i].is_kernels ||
		    record.length != rows[i].length ||
		    memcmp(record.message, rows[i].message, rows[i].length) != 0)
			fail_msg("%s", rows[i].line);
		free(line);
	}
}

static void anything_else_is_no_record(void **state)
{
	static const char *const lines[] = {
		"",
		" SUBSYSTEM=pci",
		"6",
		"6,",
		"6,1",
		"6,1,",
		"6,1,1",
		"6,1,1;x",
		"6,1,1,-",
		"6;1,1,-;x",
		"-6,1,1,-;x",
		" 6,1,1,-;x",
		"6 ,1,1,-;x",
		"a,1,1,-;x",
		"6,b,1,-;x",
		"6,1,c,-;x",
		"6,18446744073709551616,1,-;x",
		"6,1,18446744073709552,-;x", /* microseconds that are too many */
		"<6>zfs: module license 'CDDL' taints kernel.",
		"[    1.000000] zfs: module license 'CDDL' taints kernel.",
	};
	struct kmsg_record record = { .sequence = 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *line = copy_of(lines[i]);

		if (kmsg_record_parse(line, strlen(lines[i]), &record) != -EBADMSG ||
		    record.sequence != 5)
			fail_msg("%s", lines[i]);
		free(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_what_the_kernel_wrote),
		cmocka_unit_test(anything_else_is_no_record),
	};

	return cmocka_run_group_tests_name("kmsg", tests, NULL, NULL);
}
