/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in words: that every error has some, fit for one line of a log or a report, and
 * that those which files of a host give a meaning say what they mean there.
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

static void errors_of_the_system_have_its_words(void **state)
{
	(void)state;
	assert_string_equal(error_words(-ENOENT), "No such file or directory");
	assert_string_equal(error_words(-EACCES), "Permission denied");
	assert_string_equal(error_words(-ENOMEM), "Cannot allocate memory");
	assert_string_equal(error_words(-EIO), "Input/output error");
	assert_string_equal(error_words(-EFBIG), "File too large");
	assert_string_equal(error_words(-ENODATA), "No data available");
}

static void errors_that_files_give_a_meaning_say_that(void **state)
{
	(void)state;
	assert_string_equal(error_words(-EBADMSG),
	                    "the content is not of the expected form");
	assert_string_equal(error_words(-ERANGE),
	                    "the content is not of the expected form");
	assert_string_equal(error_words(-EINVAL), "not a regular file");
	assert_string_equal(error_words(-ETIME), "the time for it is over");
}

static void every_error_has_words_that_fit_a_line(void **state)
{
	(void)state;
	for (int error = 1; error < 4096; error++) {
		const char *words = error_words(-error);

		assert_non_null(words);
		assert_in_range(strlen(words), 3, 60);
		for (const char *c = words; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
}

static void an_error_that_does_not_exist_is_unknown(void **state)
{
	static const int errors[] = { 41, 58, 200, 4095, 100000, INT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_string_equal(error_words(-errors[i]), "unknown error");
}

static void words_stay_when_others_are_asked_for(void **state)
{
	const char *words = error_words(-ENOENT), *unknown = error_words(-4095);

	(void)state;
	for (int error = 1; error < 4096; error++)
		error_words(-error);
	assert_string_equal(words, "No such file or directory");
	assert_string_equal(unknown, "unknown error");
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
		cmocka_unit_test(errors_of_the_system_have_its_words),
		cmocka_unit_test(errors_that_files_give_a_meaning_say_that),
		cmocka_unit_test(every_error_has_words_that_fit_a_line),
		cmocka_unit_test(an_error_that_does_not_exist_is_unknown),
		cmocka_unit_test(words_stay_when_others_are_asked_for),
		cmocka_unit_test(missing_is_what_has_no_such_name),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
