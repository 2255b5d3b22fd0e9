/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build's own name: that no part of it is empty or of another form than the header
 * says. Knows the compiler, which has built the test as well.
 */
#include "base/version.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_version_is_a_semantic_one(void **state)
{
	unsigned int major, minor, patch;
	int length = 0;

	(void)state;
	assert_int_equal(
		sscanf(version.version, "%u.%u.%u%n", &major, &minor, &patch, &length),
		3);
	assert_true(strchr("-+", version.version[length]) != NULL);
	assert_null(strpbrk(version.version, " \"\\\n"));
}

static void the_revision_is_a_commit_or_unknown(void **state)
{
	size_t length = strlen(version.revision);

	(void)state;
	if (strcmp(version.revision, "unknown") == 0)
		return;
	assert_true(length == 40 || length == 64);
	assert_int_equal(strspn(version.revision, "0123456789abcdef"), length);
}

static void the_branch_is_one_word(void **state)
{
	(void)state;
	assert_true(version.branch[0] != '\0');
	for (const char *c = version.branch; *c; c++)
		assert_true(isgraph((unsigned char)*c));
}

static void the_compiler_is_the_one_that_built_this(void **state)
{
	char wanted[64];

	(void)state;
#ifdef __clang__
	snprintf(wanted, sizeof(wanted), "clang %d.%d.%d", __clang_major__,
	         __clang_minor__, __clang_patchlevel__);
#else
	snprintf(wanted, sizeof(wanted), "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__,
	         __GNUC_PATCHLEVEL__);
#endif
	assert_string_equal(version.compiler, wanted);
}

static void the_architecture_is_the_one_it_was_built_for(void **state)
{
	(void)state;
	assert_true(version.arch[0] != '\0');
	assert_int_equal(strspn(version.arch, "abcdefghijklmnopqrstuvwxyz0123456789_"),
	                 strlen(version.arch));
#ifdef __x86_64__
	assert_string_equal(version.arch, "x86_64");
#endif
#ifdef __aarch64__
	assert_string_equal(version.arch, "aarch64");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_a_semantic_one),
		cmocka_unit_test(the_revision_is_a_commit_or_unknown),
		cmocka_unit_test(the_branch_is_one_word),
		cmocka_unit_test(the_compiler_is_the_one_that_built_this),
		cmocka_unit_test(the_architecture_is_the_one_it_was_built_for),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
