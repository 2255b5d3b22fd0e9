/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decode says to programs, read with a strict reader of JSON: whatever a log holds,
 * it is one object in one line, and its values are those of the log. Knows the memory,
 * which it lets fail.
 */
#include "exposition/decoded_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "exposition/decoded.h"
#include "failing.h"
#include "json.h"
#include "model/boot_log.h"
#include "model/diagnosis.h"
#include "reports.h"

static struct backtrace report;
static struct boot_log boot;
static struct report_hints hints;
static struct diagnosis diagnosis;
static struct decoded decoded;
static struct text json;

static int setup(void **state)
{
	(void)state;
	failing = false;
	backtrace_init(&report);
	boot_log_init(&boot);
	hints = (struct report_hints){ .release = "", .version = "" };
	decoded = (struct decoded){ .source = "log", .diagnosis = &diagnosis };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	failing = false;
	backtrace_clear(&report);
	boot_log_clear(&boot);
	text_clear(&json);
	return 0;
}

/* The document; it is one object in one line, and nothing else. */
static const char *write_json(void)
{
	text_reset(&json);
	decoded_json_write(&decoded, &json);
	assert_int_equal(json.error, 0);
	json_check(text_string(&json));
	assert_int_equal(*text_string(&json), '{');
	assert_null(strchr(text_string(&json), '\n'));
	assert_int_equal(json.length, strlen(text_string(&json)));
	return text_string(&json);
}

static const char *write_report(void)
{
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	decoded.backtrace = &report;
	decoded.boot = &boot;
	return write_json();
}

static void assert_json(const char *document, const char *expected)
{
	assert_string_equal(document, expected);
}

static void announce(enum announcement announcement, const char *module, uint64_t line,
                     const char *seconds)
{
	struct stamp stamp = { 0 };

	snprintf(stamp.seconds, sizeof(stamp.seconds), "%s", seconds);
	boot_log_add(&boot, announcement, module, strlen(module), false, line, &stamp);
}

/* ---- masks ---- */

static void a_mask_is_told_with_all_that_is_known_of_its_bits(void **state)
{
	(void)state;
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_RHEL8;
	decoded.source = "12";
	diagnosis_of_mask(&diagnosis, UINT64_C(1) << 29 | UINT64_C(1) << 31, &hints);
	assert_json(write_json(),
	            "{\"kind\":\"mask\",\"source\":\"12\",\"release\":\"\","
	            "\"dialect\":\"rhel8\",\"dialect_by\":\"flag\",\"mask\":2684354560,"
	            "\"mask_is_whole\":true,"
	            "\"string\":\"G                 --------- -t ?\","
	            "\"panic_on_taint\":\"0x20000000\",\"taints\":["
	            "{\"bit\":29,\"flag\":\"t\",\"taint\":\"tech_preview\","
	            "\"meaning\":\"technology preview\","
	            "\"constant\":\"TAINT_TECH_PREVIEW\",\"module_taint\":true,"
	            "\"set_by\":\"a driver or subsystem that Red Hat ships as a "
	            "technology preview\"},"
	            "{\"bit\":31,\"flag\":\"?\",\"taint\":\"unknown\","
	            "\"meaning\":\"not known of this kernel\",\"constant\":\"\","
	            "\"module_taint\":null,\"set_by\":\"\"}]}");
}

static void a_bit_that_means_something_else_elsewhere_says_so(void **state)
{
	const char *document;

	(void)state;
	diagnosis_of_mask(&diagnosis, UINT64_C(1) << 30 | 512, &hints);
	document = write_json();
	json_assert(document, "dialect_by", "default");
	json_assert_word(document, "taints.0.module_taint", "false");
	json_assert_count(document, "taints.0.elsewhere", 0);
	json_assert_count(document, "taints.1.elsewhere", 2);
	json_assert_count(document, "taints.1.elsewhere.0.dialects", 1);
	json_assert(document, "taints.1.elsewhere.0.dialects.0", "rhel8");
	json_assert(document, "taints.1.elsewhere.0.since", "");
	json_assert(document, "taints.1.elsewhere.0.until", "");
	json_assert(document, "taints.1.elsewhere.0.flag", "u");
	json_assert(document, "taints.1.elsewhere.0.taint", "unprivileged_bpf");
	json_assert(document, "taints.1.elsewhere.1.dialects.0", "suse");
	json_assert(document, "taints.1.elsewhere.1.since", "3.0");
	json_assert(document, "taints.1.elsewhere.1.until", "5.3");
	json_assert(document, "taints.1.elsewhere.1.meaning",
	            "module that the distribution does not support");
	/* Only SUSE has an n; which X it is the release would tell. */
	report_set_tainted(&report, "nX", "");
	document = write_report();
	json_assert(document, "dialect_by", "letters");
	json_assert(document, "taints.1.flag", "X");
	json_assert_word(document, "taints.1.bit", "null");
	json_assert(document, "taints.1.taint", "external_support");
	json_assert_count(document, "taints.1.elsewhere", 2);
	json_assert(document, "taints.1.elsewhere.0.dialects.0", "suse");
	json_assert_word(document, "taints.1.elsewhere.0.bit", "31");
	json_assert_word(document, "taints.1.elsewhere.1.bit", "16");
	decoded.backtrace = NULL;
	decoded.boot = NULL;
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_MAINLINE;
	diagnosis_of_mask(&diagnosis, UINT64_C(1) << 30 | 512, &hints);
	assert_null(json_find(write_json(), "taints.1.elsewhere"));
}

static void a_mask_without_a_bit_has_no_taints(void **state)
{
	(void)state;
	diagnosis_of_mask(&diagnosis, 0, &hints);
	assert_json(write_json(),
	            "{\"kind\":\"mask\",\"source\":\"log\",\"release\":\"\","
	            "\"dialect\":\"mainline\",\"dialect_by\":\"default\",\"mask\":0,"
	            "\"mask_is_whole\":true,\"string\":\"G                   \","
	            "\"panic_on_taint\":null,"
	            "\"taints\":[]}");
	diagnosis_of_mask(&diagnosis, UINT64_MAX, &hints);
	write_json();
	assert_non_null(strstr(text_string(&json), "\"mask\":18446744073709551615,"));
	json_assert_count(text_string(&json), "taints", 64);
}

/* ---- reports ---- */

static void a_report_is_told_in_full(void **state)
{
	(void)state;
	report.line = 31;
	text_add_string(&report.title, "BUG: x");
	snprintf(report.stamp.seconds, sizeof(report.stamp.seconds), "31.428760");
	text_add_string(&report.task, "CPU: 1");
	report_set_tainted(&report, "P           O", "6.1.0-56-amd64");
	report_list(&report, "old", "EO")->count = 3;
	report_list(&report, "zfs", "PO");
	report_list(&report, "spl", "O");
	report_list(&report, "older", "")->count = 1;
	report.last_unloaded = backtrace_add_name(&report, "gone", 4);
	assert_int_equal(taint_letters_parse("EPO", 3, &report.last_unloaded_letters), 0);
	announce(ANNOUNCEMENT_OOT_MODULE, "spl", 4, "8.125");
	announce(ANNOUNCEMENT_NO_RETPOLINE, "spl", 5, "8.125");
	announce(ANNOUNCEMENT_OOT_MODULE, "spl", 6, "9.125");
	assert_json(write_report(),
	            "{\"kind\":\"report\",\"source\":\"log\","
	            "\"release\":\"6.1.0-56-amd64\",\"dialect\":\"mainline\","
	            "\"dialect_by\":\"release\",\"mask\":4097,\"mask_is_whole\":true,"
	            "\"not_printed\":[],"
	            "\"taints\":[{\"bit\":0,\"flag\":\"P\","
	            "\"taint\":\"proprietary_module\","
	            "\"meaning\":\"proprietary module\",\"in_mask\":true,"
	            "\"modules\":[\"zfs\"]},{\"bit\":12,\"flag\":\"O\","
	            "\"taint\":\"oot_module\","
	            "\"meaning\":\"module from outside of the kernel's tree\","
	            "\"in_mask\":true,\"modules\":[\"zfs\",\"spl\"]}],\"line\":31,"
	            "\"date\":\"\",\"seconds\":\"31.428760\",\"title\":\"BUG: x\","
	            "\"task\":\"CPU: 1\",\"tainted\":true,\"supported\":\"\","
	            "\"modules_listed\":2,\"unexplained\":[],\"unloaded\":["
	            "{\"module\":\"old\",\"flags\":\"OE\",\"count\":3},"
	            "{\"module\":\"older\",\"flags\":\"\",\"count\":1}],"
	            "\"last_unloaded\":{\"module\":\"gone\",\"flags\":\"POE\"},"
	            "\"announcements\":[{\"event\":\"oot_module\","
	            "\"taint\":\"oot_module\",\"module\":\"spl\",\"detail\":\"\","
	            "\"date\":\"\",\"seconds\":\"8.125\",\"line\":4,\"count\":2}]}");
}

static void what_is_not_known_is_null(void **state)
{
	const char *document;

	(void)state;
	report.line = 1;
	document = write_report();
	json_assert(document, "kind", "report");
	json_assert_word(document, "mask", "null");
	json_assert_word(document, "mask_is_whole", "null");
	json_assert_word(document, "tainted", "null");
	json_assert_word(document, "modules_listed", "null");
	json_assert_word(document, "unexplained", "null");
	json_assert_word(document, "last_unloaded", "null");
	json_assert_count(document, "unloaded", 0);
	json_assert_count(document, "taints", 0);
	json_assert_count(document, "announcements", 0);
	/* Without a mask nothing is unexplained, nor is it known. */
	report_list(&report, "x", "O");
	document = write_report();
	json_assert_word(document, "unexplained", "null");
	json_assert_word(document, "taints.0.in_mask", "null");
}

static void what_no_module_explains_is_listed(void **state)
{
	const char *document;

	(void)state;
	report_set_tainted(&report, "PF       W  O ", "6.1.0");
	json_assert_word(write_report(), "unexplained", "null");
	report_list(&report, "x", "O");
	document = write_report();
	json_assert_count(document, "unexplained", 2);
	json_assert(document, "unexplained.0", "proprietary_module");
	json_assert(document, "unexplained.1", "forced_module");
	report_set_tainted(&report, NULL, "6.1.0");
	document = write_report();
	json_assert_count(document, "unexplained", 0);
	json_assert_word(document, "tainted", "false");
	json_assert_word(document, "taints.0.in_mask", "false");
}

static void letters_without_a_bit_have_none(void **state)
{
	const char *document;

	(void)state;
	report_set_tainted(&report, "Pz", "2.6.32-754.el6");
	report_list(&report, "vxfs", "PU");
	document = write_report();
	json_assert_word(document, "mask_is_whole", "false");
	json_assert(document, "taints.1.flag", "U");
	json_assert_word(document, "taints.1.bit", "null");
	json_assert(document, "taints.1.taint", "unsigned_module");
	json_assert_word(document, "taints.1.in_mask", "null");
	json_assert(document, "taints.1.modules.0", "vxfs");
	json_assert(document, "taints.2.flag", "z");
	json_assert(document, "taints.2.taint", "unknown");
	json_assert_word(document, "taints.2.in_mask", "true");
	json_assert_count(document, "taints.2.modules", 0);
}

/* ---- boots ---- */

static void what_a_kernel_announced_is_told_with_remarks(void **state)
{
	(void)state;
	announce(ANNOUNCEMENT_PROPRIETARY_MODULE, "nvidia", 4, "8.125");
	announce(ANNOUNCEMENT_PANIC_ON_TAINT, "", 5, "");
	hints.release = "3.10.0-1160.el7.x86_64";
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	decoded.boot = &boot;
	assert_json(write_json(),
	            "{\"kind\":\"boot\",\"source\":\"log\","
	            "\"release\":\"3.10.0-1160.el7.x86_64\",\"dialect\":\"rhel7\","
	            "\"dialect_by\":\"release\",\"announcements\":["
	            "{\"event\":\"proprietary_module\","
	            "\"taint\":\"proprietary_module\",\"module\":\"nvidia\","
	            "\"detail\":\"\","
	            "\"date\":\"\",\"seconds\":\"8.125\",\"line\":4,\"count\":1},"
	            "{\"event\":\"panic_on_taint\",\"taint\":null,"
	            "\"module\":\"\",\"detail\":\"\",\"date\":\"\","
	            "\"seconds\":\"\",\"line\":5,\"count\":1}]}");
}

/* ---- hostile values ---- */

#define HOSTILE       "\"}],[{\\\x1b[31m\n\x7f\xc2\x9b\xff"
#define HOSTILE_CLEAN "\"}],[{\\\x1b[31m\n\x7f\xc2\x9b" UTF8_REPLACEMENT

static void nothing_hostile_reaches_the_structure(void **state)
{
	const char *document;

	(void)state;
	decoded.source = HOSTILE;
	text_add_string(&report.title, HOSTILE);
	text_add_string(&report.task, HOSTILE);
	snprintf(report.stamp.date, sizeof(report.stamp.date), HOSTILE);
	snprintf(report.stamp.seconds, sizeof(report.stamp.seconds), HOSTILE);
	report_set_tainted(&report, "P\"\\", HOSTILE);
	text_add_string(&report.supported, HOSTILE);
	report_list(&report, HOSTILE, "P\"\\");
	report_list(&report, HOSTILE, "\"\\")->count = 1;
	report.last_unloaded = backtrace_add_name(&report, HOSTILE, strlen(HOSTILE));
	announce(ANNOUNCEMENT_CRAP, HOSTILE, 4, HOSTILE);
	document = write_report();
	json_assert(document, "source", HOSTILE_CLEAN);
	json_assert(document, "title", HOSTILE_CLEAN);
	json_assert(document, "task", HOSTILE_CLEAN);
	json_assert(document, "date", HOSTILE_CLEAN);
	json_assert(document, "seconds", HOSTILE_CLEAN);
	json_assert(document, "release", HOSTILE_CLEAN);
	json_assert(document, "supported", HOSTILE_CLEAN);
	json_assert(document, "taints.0.modules.0", HOSTILE_CLEAN);
	json_assert(document, "taints.1.flag", "\"");
	json_assert(document, "taints.2.flag", "\\");
	json_assert(document, "unloaded.0.module", HOSTILE_CLEAN);
	json_assert(document, "unloaded.0.flags", "\"\\");
	json_assert(document, "last_unloaded.module", HOSTILE_CLEAN);
	json_assert(document, "announcements.0.module", HOSTILE_CLEAN);
	json_assert(document, "announcements.0.seconds", HOSTILE_CLEAN);
}

/* ---- memory ---- */

static void every_failed_allocation_is_an_error_of_the_text(void **state)
{
	size_t failures = 0;

	(void)state;
	report_set_tainted(&report, "n           O", "");
	report_list(&report, "zfs", "nO");
	report_list(&report, "x", "P")->count = 1;
	report.last_unloaded = backtrace_add_name(&report, "gone", 4);
	announce(ANNOUNCEMENT_CRAP, "x", 1, "1.5");
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	for (int kind = 0; kind < 2; kind++) {
		/* The report, then its mask alone. */
		decoded.backtrace = kind ? NULL : &report;
		decoded.boot = kind ? NULL : &boot;
		for (size_t calls = 0;; calls++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;

			assert_true(calls < 1000);
			failing = true;
			failing_at = calls;
			decoded_json_write(&decoded, &text);
			if (failing)
				break;
			assert_int_equal(text.error, -ENOMEM);
			failures++;
		}
		failing = false;
	}
	assert_in_range(failures, 20, 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_mask_is_told_with_all_that_is_known_of_its_bits),
		TEST(a_bit_that_means_something_else_elsewhere_says_so),
		TEST(a_mask_without_a_bit_has_no_taints),
		TEST(a_report_is_told_in_full),
		TEST(what_is_not_known_is_null),
		TEST(what_no_module_explains_is_listed),
		TEST(letters_without_a_bit_have_none),
		TEST(what_a_kernel_announced_is_told_with_remarks),
		TEST(nothing_hostile_reaches_the_structure),
		TEST(every_failed_allocation_is_an_error_of_the_text),
	};

	return cmocka_run_group_tests_name("decoded_json", tests, NULL, NULL);
}
