/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind "Tainted: ": where the flags end and the release begins, on every
 * architecture that has a way of its own. Everything is read in memory that ends there.
 */
#include "sources/klog_tainted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void assert_slice(struct klog_slice slice, const char *expected,
                         const char *detail)
{
	if (slice.length != strlen(expected) ||
	    memcmp(slice.length ? slice.bytes : "", expected, slice.length) != 0)
		fail_msg("\"%.*s\" is not \"%s\" in: %s", (int)slice.length,
		         slice.length ? slice.bytes : "", expected, detail);
}

/* A copy of the string without the NUL behind it, for free(). */
static struct klog_slice copy_of(const char *string)
{
	size_t length = strlen(string);
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, string, length);
	return (struct klog_slice){ copy, length };
}

static void flags_and_release_are_told_apart(void **state)
{
	static const struct {
		const char *detail, *flags, *release;
	} rows[] = {
		{ "P           OE      6.1.0-56-amd64 #1  Debian", "P           OE",
		  "6.1.0-56-amd64" },
		{ "P           OE  ------------ T 3.10.0-1160.21.1.el7.x86_64 #1",
		  "P           OE  ------------ T", "3.10.0-1160.21.1.el7.x86_64" },
		{ "G        W         -------  ---  6.10.0-0.rc2.24.fc41.x86_64 #1",
		  "G        W         -------  ---", "6.10.0-0.rc2.24.fc41.x86_64" },
		{ "G           O      ---?-?-  --u 5.14.0-362.8.1.el9_3.x86_64",
		  "G           O      ---?-?-  --u", "5.14.0-362.8.1.el9_3.x86_64" },
		{ "P      N 2.6.16.60-0.21-smp", "P      N", "2.6.16.60-0.21-smp" },
		{ "G 6.1", "G", "6.1" },
		{ "POE 6.1.0", "POE", "6.1.0" },
		{ "G AZaz 0.1", "G AZaz", "0.1" },
		{ "G [\\] 0.1", "G", "" },
		{ "G @ 0.1", "G", "" },
		{ "G ` 0.1", "G", "" },
		{ "G { 0.1", "G", "" },
		/* In parentheses: i386 up to 3.8, arm, powerpc. */
		{ "P           (2.6.32-71.el6.i686 #1) VMware", "P",
		  "2.6.32-71.el6.i686" },
		{ "G        W  (2.6.32)", "G        W", "2.6.32" },
		{ "P            (5.10.0-8-powerpc64le)", "P", "5.10.0-8-powerpc64le" },
		{ "G (x) 6.1.0", "G", "" },
		{ "G ((6.1.0)", "G", "" },
		/* What i386 says of its instructions, only as a word. */
		{ "P      VLI", "P", "" },
		{ "PF   M  VLI  ", "PF   M", "" },
		{ "P      VLI 2.6.18-8.el5", "P", "2.6.18-8.el5" },
		{ "G     ---- VLI", "G     ----", "" },
		{ "PVLI", "PVLI", "" },
		{ "VLI", "VLI", "" },
		{ " VLI", " VLI", "" },
		{ "P VL", "P VL", "" },
		/* mm/slub.c, in the middle of its heading. */
		{ "G    B     ): Poison overwritten", "G    B", "" },
		{ "G    B   W): Redzone overwritten", "G    B   W", "" },
		{ ") 6.1.0", "", "" },
		/* Without a release. */
		{ "", "", "" },
		{ "G        W  O", "G        W  O", "" },
		{ "P   ", "P", "" },
		{ "POE", "POE", "" },
		{ "G        W  OE  -----", "G        W  OE  -----", "" },
		{ "G        W  RIP: 0010:x", "G        W", "" },
		{ "G \xc3\xa4", "G", "" },
		{ "G\tW", "", "" },
		{ "G W\r", "G", "" },
		/* Without flags. */
		{ "6.1.0-56-amd64 #1", "", "6.1.0-56-amd64" },
		{ "G:1234 blocked", "", "" },
		{ "[P]=PROPRIETARY_MODULE", "", "" },
		{ "(none)", "", "" },
		{ "1234", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct klog_slice copy = copy_of(rows[i].detail);
		struct klog_tainted found = klog_tainted_parse(copy);

		assert_slice(found.flags, rows[i].flags, rows[i].detail);
		assert_slice(found.release, rows[i].release, rows[i].detail);
		free((char *)copy.bytes);
	}
}

static void a_release_begins_with_a_number_and_has_a_point(void **state)
{
	static const struct {
		const char *bytes, *release;
	} rows[] = {
		{ "6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12)",
		  "6.1.0-56-amd64" },
		{ "2.6.18-8.el5 #1)", "2.6.18-8.el5" },
		{ "(2.6.18-8.el5 #1)", "2.6.18-8.el5" },
		{ "(2.6.18-8.el5)", "2.6.18-8.el5" },
		{ "6.1", "6.1" },
		{ "0.99", "0.99" },
		{ "9.1.0", "9.1.0" },
		{ "6.", "" },
		{ "6", "" },
		{ "61 .", "" },
		{ "x6.1.0", "" },
		{ " 6.1.0", "" },
		{ ".6.1", "" },
		{ "/6.1", "" },
		{ ":6.1", "" },
		{ "", "" },
		{ "(", "" },
		{ "()", "" },
		{ "(6)", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct klog_slice copy = copy_of(rows[i].bytes);

		assert_slice(klog_tainted_release(copy), rows[i].release, rows[i].bytes);
		free((char *)copy.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_and_release_are_told_apart),
		cmocka_unit_test(a_release_begins_with_a_number_and_has_a_point),
	};

	return cmocka_run_group_tests_name("klog_tainted", tests, NULL, NULL);
}
