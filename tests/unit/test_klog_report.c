/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report by itself: what it keeps of endless lines, what is of another one, and that
 * what is broken is put together within bounds. Whole reports are test_klog_assembler's.
 */
#include "sources/klog_report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failing.h"
#include "sources/klog.h"

static struct klog_report report;

static int setup(void **state)
{
	(void)state;
	failing = false;
	report = (struct klog_report){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	failing = false;
	klog_report_clear(&report);
	return 0;
}

static struct klog_message message_of(const char *bytes, uint64_t line)
{
	return (struct klog_message){ .bytes = bytes,
		                      .length = strlen(bytes),
		                      .line = line };
}

static void take(const char *bytes, uint64_t line)
{
	struct klog_message message = message_of(bytes, line);
	struct klog_line parsed = klog_parse(bytes, message.length);

	assert_true(klog_is_of_report(parsed.kind));
	klog_report_take(&report, &message, &parsed, NULL);
}

static bool is_other(const char *bytes, uint64_t line)
{
	struct klog_message message = message_of(bytes, line);
	struct klog_line parsed = klog_parse(bytes, message.length);

	return klog_report_is_other(&report, &message, &parsed, NULL);
}

static int take_rest(const char *bytes, uint64_t line)
{
	struct klog_message message = message_of(bytes, line);

	return klog_report_take_rest(&report, &message);
}

/* COUNT bytes of WORD over and over behind BEFORE, for free(). */
static char *repeat(const char *before, const char *word, size_t count)
{
	size_t length = strlen(before);
	char *bytes = malloc(length + count + 1);

	assert_non_null(bytes);
	memcpy(bytes, before, length);
	for (size_t i = 0; i < count; i++)
		bytes[length + i] = word[i % strlen(word)];
	bytes[length + count] = '\0';
	return bytes;
}

static void every_line_is_of_another_report_before_there_is_one(void **state)
{
	static const char *const lines[] = { "Tainted: P 6.1.0", "Not tainted 6.1.0",
		                             "Tainted: [P]=PROPRIETARY_MODULE",
		                             "Modules linked in: x",
		                             "Unloaded tainted modules: x():1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_true(is_other(lines[i], 1));
	take("Modules linked in: x", 1);
	assert_false(is_other(lines[0], 2));
	assert_false(is_other(lines[1], 2));
	/* Constants follow a taint. */
	assert_true(is_other(lines[2], 2));
	assert_false(is_other(lines[3], 2));
	assert_false(is_other(lines[4], 2));
}

static void a_heading_parts_reports(void **state)
{
	struct klog_message message = message_of("Tainted: P 6.1.0", 3);
	struct klog_message heading = message_of("BUG: x", 2);
	struct klog_line line = klog_parse(message.bytes, message.length);

	(void)state;
	take("Modules linked in: x", 1);
	assert_false(klog_report_is_other(&report, &message, &line, NULL));
	assert_true(klog_report_is_other(&report, &message, &line, &heading));
	assert_true(is_other("BUG kmalloc-64 (Tainted: P): x", 2));
}

/* Whether a list of modules that was logged THEN and NOW is of one report. */
static bool is_other_at(const char *then, const char *now)
{
	struct klog_message message = message_of("Modules linked in: a(OE)", 2);
	struct klog_line line = klog_parse(message.bytes, message.length);
	bool is_other;

	take("CPU: 0 PID: 1 Comm: a Tainted: G O 6.1.0 #1", 1);
	strcpy(report.last_stamp.seconds, then);
	strcpy(message.stamp.seconds, now);
	is_other = klog_report_is_other(&report, &message, &line, NULL);
	klog_report_clear(&report);
	return is_other;
}

static void what_is_logged_ten_seconds_later_is_of_another_report(void **state)
{
	(void)state;
	assert_false(is_other_at("100.500000", "100.500001"));
	assert_false(is_other_at("100.500000", "110.999999"));
	assert_true(is_other_at("100.500000", "111.000000"));
	/* Another processor may have been a little faster. */
	assert_false(is_other_at("100.500000", "99.000000"));
	/* Nobody knows. */
	assert_false(is_other_at("", "111.000000"));
	assert_false(is_other_at("100.500000", ""));
	assert_false(is_other_at("100.500000", "x"));
}

static void words_are_kept_up_to_256_bytes(void **state)
{
	_cleanup_(free_pointer) char *title = repeat("BUG: ", "t", 1000);
	_cleanup_(free_pointer) char *tail = repeat("", "a", 300);
	_cleanup_(free_pointer) char *release = repeat("6.1.", "1", 300);
	_cleanup_(text_clear) struct text line = TEXT_INIT;
	struct klog_message heading = message_of(title, 1), message;
	struct klog_line parsed;

	(void)state;
	text_add_string(&line, tail);
	text_add_string(&line, " Tainted: P");
	text_add_string(&line, tail);
	text_add_char(&line, ' ');
	text_add_string(&line, release);
	message = message_of(text_string(&line), 2);
	parsed = klog_parse(message.bytes, message.length);
	klog_report_take(&report, &message, &parsed, &heading);
	assert_int_equal(report.backtrace.line, 1);
	assert_int_equal(report.backtrace.title.length, 256);
	assert_int_equal(report.backtrace.task.length, 256);
	assert_int_equal(report.backtrace.flags.length, 256);
	assert_int_equal(report.backtrace.release.length, 256);
	assert_int_equal(report.rest, KLOG_REST_NONE);
}

static void a_verdict_is_kept_up_to_256_bytes(void **state)
{
	_cleanup_(free_pointer) char *words = repeat("Supported: ", "y", 1000);
	struct klog_message message = message_of(words, 2);
	struct klog_line line = klog_parse(words, message.length);

	(void)state;
	klog_report_take_supported(&report, &message, &line);
	assert_int_equal(report.backtrace.supported.length, 0);
	take("Modules linked in: x", 1);
	klog_report_take_supported(&report, &message, &line);
	assert_int_equal(report.backtrace.supported.length, 256);
}

static void constants_are_kept_up_to_512_bytes(void **state)
{
	_cleanup_(free_pointer) char *first = repeat("Tainted: [P]=", "x", 400);
	_cleanup_(free_pointer) char *more = repeat("[", "y", 107);
	_cleanup_(free_pointer) char *endless = repeat("Tainted: [P]=", "x", 1000);

	(void)state;
	first[strlen(first) - 1] = ',';
	more[strlen(more) - 1] = ',';
	take(first, 1);
	assert_int_equal(report.backtrace.constants.length, 403);
	assert_int_equal(report.rest, KLOG_REST_CONSTANTS);
	/* With the blank before it, 512 bytes; what does not fit is not there. */
	assert_int_equal(take_rest(more, 2), 0);
	assert_int_equal(report.backtrace.constants.length, 512);
	assert_int_equal(report.rest, KLOG_REST_CONSTANTS);
	assert_int_equal(take_rest("[,", 3), 0);
	assert_int_equal(report.backtrace.constants.length, 512);
	take(endless, 4);
	assert_int_equal(report.backtrace.constants.length, 512);
}

static void flags_are_put_together_up_to_512_bytes(void **state)
{
	_cleanup_(free_pointer) char *first = repeat("Tainted: P", "a", 600);
	_cleanup_(free_pointer) char *most = repeat("", "b", 249);

	(void)state;
	/* 256 bytes are kept, a blank, and what is left of 512. */
	take(first, 1);
	assert_int_equal(report.rest, KLOG_REST_TAINTED);
	memcpy(most + 243, " 6.1.0", 6);
	assert_int_equal(take_rest(most, 2), 0);
	assert_int_equal(report.rest, KLOG_REST_NONE);
	assert_string_equal(text_string(&report.backtrace.release), "6.1.0");
	take("Tainted: P", 1);
	assert_int_equal(take_rest(first, 2), 0);
	assert_string_equal(text_string(&report.backtrace.release), "6.1.0");
}

static void what_is_taken_ends_what_was_broken(void **state)
{
	(void)state;
	take("Tainted: P", 1);
	assert_int_equal(report.rest, KLOG_REST_TAINTED);
	take("REGS: c0 Tainted: P (6.1.0)", 2);
	assert_int_equal(report.rest, KLOG_REST_NONE);
	take("Modules linked in: x", 3);
	assert_int_equal(report.rest, KLOG_REST_MODULES);
	take("Unloaded tainted modules: x():1", 4);
	assert_int_equal(report.rest, KLOG_REST_UNLOADED);
	take("Tainted: [P]=PROPRIETARY_MODULE", 5);
	assert_int_equal(report.rest, KLOG_REST_NONE);
}

static void a_list_is_put_together_up_to_256_kilobytes(void **state)
{
	_cleanup_(free_pointer) char *line = repeat("", "b ", 8191);

	(void)state;
	take("Modules linked in:", 1);
	for (uint64_t i = 2; i < 1000; i++) {
		assert_int_equal(take_rest(line, i), 0);
		assert_int_equal(report.rest, KLOG_REST_MODULES);
		assert_in_range(report.broken.length, 8191, 256 << 10);
	}
	assert_int_equal(report.broken.length, (256 << 10) - 1);
	assert_int_equal(report.last_line, 999);
	assert_int_equal(klog_report_end_rest(&report), 0);
	assert_int_equal(report.backtrace.count, 32 * 4096);
	assert_int_equal(report.rest, KLOG_REST_NONE);
	assert_int_equal(klog_report_end_rest(&report), 0);
	assert_int_equal(report.backtrace.count, 32 * 4096);
}

static void without_something_broken_a_rest_is_nothing(void **state)
{
	(void)state;
	take("Tainted: P 6.1.0", 1);
	assert_int_equal(report.rest, KLOG_REST_NONE);
	assert_int_equal(take_rest("6.2.0", 2), 0);
	assert_string_equal(text_string(&report.backtrace.release), "6.1.0");
	assert_int_equal(report.last_line, 1);
}

static void a_rest_without_memory_is_an_error(void **state)
{
	static const struct {
		const char *line, *rest;
	} rows[] = {
		{ "Modules linked in: x", "y" },
		{ "Tainted: P", "6.1.0" },
		{ "Tainted: [P]=PROPRIETARY_MODULE,", "[W]=WARN" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(free_pointer) char *rest = repeat(rows[i].rest, " ", 300);

		take(rows[i].line, 1);
		failing = true;
		failing_at = 0;
		assert_int_equal(take_rest(rest, 2), -ENOMEM);
		assert_false(failing);
		klog_report_clear(&report);
	}
	take("Modules linked in: x", 1);
	failing = true;
	failing_at = 0;
	assert_int_equal(klog_report_end_rest(&report), -ENOMEM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_line_is_of_another_report_before_there_is_one),
		TEST(a_heading_parts_reports),
		TEST(what_is_logged_ten_seconds_later_is_of_another_report),
		TEST(words_are_kept_up_to_256_bytes),
		TEST(a_verdict_is_kept_up_to_256_bytes),
		TEST(constants_are_kept_up_to_512_bytes),
		TEST(flags_are_put_together_up_to_512_bytes),
		TEST(what_is_taken_ends_what_was_broken),
		TEST(a_list_is_put_together_up_to_256_kilobytes),
		TEST(without_something_broken_a_rest_is_nothing),
		TEST(a_rest_without_memory_is_an_error),
	};

	return cmocka_run_group_tests_name("klog_report", tests, NULL, NULL);
}
