/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: which words are levels and formats, and that no value of any bytes forges a
 * line or a pair. Reads them back from a pipe in the place of standard error.
 */
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

/* What stands behind the time stamp of the line of an event with this value. */
static const char *line_of(enum log_format format, const char *value)
{
	static char line[1024];
	int ends[2], saved;
	ssize_t length;
	char *level;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(ends[1], STDERR_FILENO);
	log_configure(LOG_LEVEL_INFO, format);
	log_event(LOG_LEVEL_DEBUG, "unheard", NULL);
	log_event(LOG_LEVEL_WARN, "Heard of", "key", value, "end", "1", NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	length = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	assert_true(length > 0);
	line[length] = '\0';
	level = strstr(line, "level");
	assert_non_null(level);
	assert_int_equal(level - line, format == LOG_FORMAT_JSON
	                                       ? strlen("{\"ts\":\"2026-11-21T22:02:42."
	                                                "123Z\",\"")
	                                       : strlen("ts=2026-11-21T22:02:42.123Z "));
	return level;
}

static void a_value_stays_within_its_pair(void **state)
{
	static const struct {
		const char *value, *logfmt, *json;
	} rows[] = {
		{ "10093", "10093", "\"10093\"" },
		{ "[::1]:9/{a,b}'+", "[::1]:9/{a,b}'+", "\"[::1]:9/{a,b}'+\"" },
		{ "", "\"\"", "\"\"" },
		{ " ", "\" \"", "\" \"" },
		{ "a=b", "\"a=b\"", "\"a=b\"" },
		{ "\"", "\"\\\"\"", "\"\\\"\"" },
		{ "\\", "\"\\\\\"", "\"\\\\\"" },
		{ "x\nts=1", "\"x\\nts=1\"", "\"x\\nts=1\"" },
		{ "\x1b[2J", "\"\\u001b[2J\"", "\"\\u001b[2J\"" },
		{ "\x7f", "\"\\u007f\"", "\"\\u007f\"" },
		{ "\xc2\x9b", "\"\\u009b\"", "\"\\u009b\"" },
		{ "\xc3\xa9", "\"\xc3\xa9\"", "\"\xc3\xa9\"" },
		{ "\xff", "\"\xef\xbf\xbd\"", "\"\xef\xbf\xbd\"" },
		{ "%s%n", "%s%n", "\"%s%n\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char expected[256];
		const char *found = line_of(LOG_FORMAT_LOGFMT, rows[i].value);

		snprintf(expected, sizeof(expected),
		         "level=warn msg=\"Heard of\" key=%s end=1\n", rows[i].logfmt);
		if (strcmp(found, expected) != 0)
			fail_msg("%s, not %s", found, expected);
		found = line_of(LOG_FORMAT_JSON, rows[i].value);
		snprintf(expected, sizeof(expected),
		         "level\":\"warn\",\"msg\":\"Heard "
		         "of\",\"key\":%s,\"end\":\"1\"}\n",
		         rows[i].json);
		if (strcmp(found, expected) != 0)
			fail_msg("%s, not %s", found, expected);
	}
}

static void levels_and_formats_parse_by_their_words_alone(void **state)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	static const char *const none[] = { "",       "INFO",  "warning", "err",
		                            "error ", " info", "0",       "inf",
		                            "JSON",   "json,", "text",    "log" };
	enum log_level level;
	enum log_format format;

	(void)state;
	for (enum log_level i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
		assert_true(log_level_parse(levels[i], &level));
		assert_int_equal(level, i);
		assert_false(log_format_parse(levels[i], &format));
	}
	assert_true(log_format_parse("json", &format));
	assert_int_equal(format, LOG_FORMAT_JSON);
	assert_true(log_format_parse("logfmt", &format));
	assert_int_equal(format, LOG_FORMAT_LOGFMT);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (log_level_parse(none[i], &level) ||
		    log_format_parse(none[i], &format))
			fail_msg("taken: %s", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stays_within_its_pair),
		cmocka_unit_test(levels_and_formats_parse_by_their_words_alone),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
