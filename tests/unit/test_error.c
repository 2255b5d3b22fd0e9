/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in words: those of the C library, but for what files of a host give a meaning.
 */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void every_error_has_its_words(void **state)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {
		{ ENOENT, "No such file or directory" },
		{ EACCES, "Permission denied" },
		{ ENOMEM, "Cannot allocate memory" },
		{ EBADMSG, "the content is not of the expected form" },
		{ ERANGE, "the content is not of the expected form" },
		{ EINVAL, "not a regular file" },
		{ ETIME, "the time for it is over" },
		{ ETIMEDOUT, "reading it hangs" },
		{ 41, "unknown error" },
		{ 4095, "unknown error" },
		{ INT32_MAX, "unknown error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(error_words(-rows[i].error), rows[i].words) != 0)
			fail_msg("%d: %s", rows[i].error, error_words(-rows[i].error));
}

static void missing_is_what_has_no_such_name(void **state)
{
	(void)state;
	for (int error = 0; error < 4096; error++)
		assert_int_equal(error_is_missing(-error),
		                 error == ENOENT || error == ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_its_words),
		cmocka_unit_test(missing_is_what_has_no_such_name),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
