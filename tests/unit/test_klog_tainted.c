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

static void check(const char *detail, const char *flags, const char *release)
{
	struct klog_slice copy = copy_of(detail);
	struct klog_tainted found = klog_tainted_parse(copy);

	assert_slice(found.flags, flags, detail);
	assert_slice(found.release, release, detail);
	free((char *)copy.bytes);
}

static void flags_reach_to_the_release(void **state)
{
	(void)state;
	check("P           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2", "P           OE",
	      "6.1.0-56-amd64");
	check("P           OE  ------------ T 3.10.0-1160.21.1.el7.x86_64 #1",
	      "P           OE  ------------ T", "3.10.0-1160.21.1.el7.x86_64");
	check("G        W         -------  ---  6.10.0-0.rc2.24.fc41.x86_64 #1",
	      "G        W         -------  ---", "6.10.0-0.rc2.24.fc41.x86_64");
	check("G           O      ---?-?-  --u 5.14.0-362.8.1.el9_3.x86_64",
	      "G           O      ---?-?-  --u", "5.14.0-362.8.1.el9_3.x86_64");
	check("P      N 2.6.16.60-0.21-smp", "P      N", "2.6.16.60-0.21-smp");
	check("G 6.1", "G", "6.1");
	check("POE 6.1.0", "POE", "6.1.0");
	check("G AZaz 0.1", "G AZaz", "0.1");
	check("G [\\] 0.1", "G", "");
	check("G @ 0.1", "G", "");
	check("G ` 0.1", "G", "");
	check("G { 0.1", "G", "");
}

/* i386 up to 3.8, arm, powerpc. */
static void the_release_may_stand_in_parentheses(void **state)
{
	(void)state;
	check("P           (2.6.32-71.el6.i686 #1) VMware", "P", "2.6.32-71.el6.i686");
	check("G        W  (2.6.32)", "G        W", "2.6.32");
	check("P            (5.10.0-8-powerpc64le)", "P", "5.10.0-8-powerpc64le");
	check("G (x) 6.1.0", "G", "");
	check("G ((6.1.0)", "G", "");
}

static void what_i386_says_of_its_instructions_are_no_flags(void **state)
{
	(void)state;
	check("P      VLI", "P", "");
	check("PF   M  VLI  ", "PF   M", "");
	check("P      VLI 2.6.18-8.el5", "P", "2.6.18-8.el5");
	check("G     ---- VLI", "G     ----", "");
	/* Only as a word. */
	check("PVLI", "PVLI", "");
	check("VLI", "VLI", "");
	check(" VLI", " VLI", "");
	check("P VL", "P VL", "");
}

/* mm/slub.c, in the middle of its heading. */
static void flags_end_at_a_parenthesis(void **state)
{
	(void)state;
	check("G    B     ): Poison overwritten", "G    B", "");
	check("G    B   W): Redzone overwritten", "G    B   W", "");
	check(") 6.1.0", "", "");
}

static void without_a_release_the_flags_are_all_there_is(void **state)
{
	(void)state;
	check("", "", "");
	check("G        W  O", "G        W  O", "");
	check("P   ", "P", "");
	check("POE", "POE", "");
	check("G        W  OE  -----", "G        W  OE  -----", "");
	/* Up to the first word that is none. */
	check("G        W  RIP: 0010:x", "G        W", "");
	check("G \xc3\xa4", "G", "");
	check("G\tW", "", "");
	check("G W\r", "G", "");
}

static void what_begins_with_no_flag_has_none(void **state)
{
	(void)state;
	check("6.1.0-56-amd64 #1", "", "6.1.0-56-amd64");
	check("G:1234 blocked", "", "");
	check("[P]=PROPRIETARY_MODULE", "", "");
	check("(none)", "", "");
	check("1234", "", "");
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
		cmocka_unit_test(flags_reach_to_the_release),
		cmocka_unit_test(the_release_may_stand_in_parentheses),
		cmocka_unit_test(what_i386_says_of_its_instructions_are_no_flags),
		cmocka_unit_test(flags_end_at_a_parenthesis),
		cmocka_unit_test(without_a_release_the_flags_are_all_there_is),
		cmocka_unit_test(what_begins_with_no_flag_has_none),
		cmocka_unit_test(a_release_begins_with_a_number_and_has_a_point),
	};

	return cmocka_run_group_tests_name("klog_tainted", tests, NULL, NULL);
}
