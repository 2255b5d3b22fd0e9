/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decode says to people, word for word, from masks, reports and boots made by hand.
 * What is hostile must not reach a terminal. Knows the memory, which it lets fail.
 */
#include "exposition/decoded.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/utf8.h"
#include "failing.h"
#include "model/boot_log.h"
#include "model/diagnosis.h"
#include "reports.h"

static struct backtrace report;
static struct boot_log boot;
static struct report_hints hints;
static struct diagnosis diagnosis;
static struct decoded decoded;

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
	return 0;
}

static void write_decoded(struct text *text)
{
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	decoded.backtrace = &report;
	decoded.boot = &boot;
	decoded_write(&decoded, text);
}

static void assert_report(const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	write_decoded(&text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
	assert_int_equal(text.length, strlen(expected));
}

/* The report has the whole line, or none that starts so if there is no VALUE. */
static void assert_line(const char *label, const char *value)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char line[256];

	write_decoded(&text);
	snprintf(line, sizeof(line), value ? "\n  %-14s%s\n" : "\n  %-14s", label,
	         value ? value : "");
	if ((strstr(text_string(&text), line) != NULL) != (value != NULL))
		fail_msg("%s %s: %s", label, value ? value : "", text_string(&text));
}

static void announce(enum announcement announcement, const char *module, uint64_t line,
                     const char *date, const char *seconds)
{
	struct stamp stamp = { 0 };

	snprintf(stamp.date, sizeof(stamp.date), "%s", date);
	snprintf(stamp.seconds, sizeof(stamp.seconds), "%s", seconds);
	boot_log_add(&boot, announcement, module, strlen(module), false, line, &stamp);
}

/* ---- masks ---- */

static void assert_mask(uint64_t mask, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	diagnosis_of_mask(&diagnosis, mask, &hints);
	decoded.backtrace = NULL;
	decoded.boot = NULL;
	decoded.source = "argument";
	decoded_write(&decoded, &text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
}

static void a_mask_is_told_with_all_that_is_known_of_its_bits(void **state)
{
	(void)state;
	assert_mask(
		4097,
		"argument\n"
		"  dialect       mainline, assumed, as nothing says otherwise; see "
		"--dialect\n"
		"  mask          4097 (0x1001)\n"
		"  printed as    Tainted: P           O\n"
		"  P (bit 0)     proprietary_module: proprietary module\n"
		"                TAINT_PROPRIETARY_MODULE; a module can carry it\n"
		"                set by loading a module whose licence is not compatible "
		"with the GPL, or that uses symbols of one: graphics, storage and "
		"security "
		"products\n"
		"  O (bit 12)    oot_module: module from outside of the kernel's tree\n"
		"                TAINT_OOT_MODULE; a module can carry it\n"
		"                set by loading any module that was not built with its "
		"kernel: DKMS, vendors' drivers\n"
		"  caution       a module that carries P, O then panics the kernel when "
		"it is loaded, at boot too\n"
		"  to panic on   panic_on_taint=0x1001\n");
}

static void a_bit_that_means_something_else_elsewhere_says_so(void **state)
{
	(void)state;
	assert_mask(
		UINT64_C(1) << 29,
		"argument\n"
		"  dialect       mainline, assumed, as nothing says otherwise; see "
		"--dialect\n"
		"  mask          536870912 (0x20000000)\n"
		"  printed as    Tainted: G\n"
		"  ? (bit 29)    unknown: not known of this kernel\n"
		"                but on rhel5, from 2.6.18-274 on: T, tech_preview: "
		"technology preview\n"
		"                but on rhel6, from 2.6.32-131 on: T, tech_preview: "
		"technology preview\n"
		"                but on rhel7: T, tech_preview: technology preview\n"
		"                but on rhel8: t, tech_preview: technology preview\n");
	assert_mask(
		UINT64_C(1) << 30,
		"argument\n"
		"  dialect       mainline, assumed, as nothing says otherwise; see "
		"--dialect\n"
		"  mask          1073741824 (0x40000000)\n"
		"  printed as    Tainted: G\n"
		"  ? (bit 30)    unknown: not known of this kernel\n"
		"                but on rhel8: u, unprivileged_bpf: unprivileged BPF "
		"allowed\n"
		"                but on suse, from 3.0 on, before 5.3: N, no_support: "
		"module that the distribution does not support\n");
}

static void a_given_dialect_leaves_no_doubt(void **state)
{
	(void)state;
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_RHEL8;
	assert_mask(
		UINT64_C(1) << 29 | UINT64_C(1) << 31,
		"argument\n"
		"  dialect       rhel8, as --dialect says\n"
		"  mask          2684354560 (0xa0000000)\n"
		"  printed as    Tainted: G                 --------- -t ?\n"
		"  t (bit 29)    tech_preview: technology preview\n"
		"                TAINT_TECH_PREVIEW; a module can carry it\n"
		"                set by a driver or subsystem that Red Hat ships as a "
		"technology preview\n"
		"  ? (bit 31)    unknown: not known of this kernel\n"
		"  caution       a module that carries t then panics the kernel when "
		"it is loaded, at boot too\n"
		"  to panic on   panic_on_taint=0x20000000\n");
	assert_mask(UINT64_C(1) << 9,
	            "argument\n"
	            "  dialect       rhel8, as --dialect says\n"
	            "  mask          512 (0x200)\n"
	            "  printed as    Tainted: G        W        "
	            "--------- -  -\n"
	            "  W (bit 9)     warn: kernel warning\n"
	            "                TAINT_WARN; no module can carry it\n"
	            "                set by a WARN() anywhere in the "
	            "kernel or a module\n"
	            "  to panic on   panic_on_taint=0x200\n");
}

static void no_mask_is_not_tainted(void **state)
{
	(void)state;
	assert_mask(0,
	            "argument\n"
	            "  dialect       mainline, assumed, as nothing says otherwise; see "
	            "--dialect\n"
	            "  mask          0 (0x0)\n"
	            "  printed as    Not tainted\n");
}

/* ---- reports ---- */

static void a_report_is_told_in_full(void **state)
{
	(void)state;
	report.line = 31;
	text_add_string(&report.title, "BUG: kernel NULL pointer dereference");
	snprintf(report.stamp.seconds, sizeof(report.stamp.seconds), "31.428760");
	text_add_string(&report.task, "CPU: 1 PID: 2674 Comm: insmod");
	report_set_tainted(&report, "P        W  OE", "6.1.0-56-amd64");
	report_list(&report, "zfs", "POE");
	report_list(&report, "ext4", "");
	report_list(&report, "spl", "O");
	report_list(&report, "old", "EO")->count = 3;
	report.last_unloaded = backtrace_add_name(&report, "gone", 4);
	assert_int_equal(taint_letters_parse("EPO", 3, &report.last_unloaded_letters), 0);
	announce(ANNOUNCEMENT_OOT_MODULE, "spl", 4, "", "8.125");
	announce(ANNOUNCEMENT_NO_RETPOLINE, "spl", 5, "", "8.125");
	announce(ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED, "", 6, "", "");
	announce(ANNOUNCEMENT_CRAP, "r8188eu", 7, "Nov 26 06:37:02", "9.5");
	announce(ANNOUNCEMENT_CRAP, "r8188eu", 8, "", "10.5");
	assert_report(
		"log, line 31: BUG: kernel NULL pointer dereference\n"
		"  time          31.428760\n"
		"  task          CPU: 1 PID: 2674 Comm: insmod\n"
		"  kernel        6.1.0-56-amd64\n"
		"  dialect       mainline, by the kernel's release\n"
		"  mask          12801 (0x3201)\n"
		"  P (bit 0)     proprietary_module: proprietary module\n"
		"                carried by zfs\n"
		"  W (bit 9)     warn: kernel warning\n"
		"  O (bit 12)    oot_module: module from outside of the kernel's tree\n"
		"                carried by zfs, spl\n"
		"  E (bit 13)    unsigned_module: module whose signature the kernel "
		"could "
		"not verify\n"
		"                carried by zfs\n"
		"  unloaded      old (OE), times: 3\n"
		"  last unloaded gone (POE)\n"
		"  announced     8.125 spl was built outside of the kernel's tree\n"
		"  announced     the kernel disabled lock debugging because it is "
		"tainted\n"
		"  announced     Nov 26 06:37:02 r8188eu is a staging driver, times: "
		"2\n");
}

static void a_report_of_nothing_says_what_is_not_known(void **state)
{
	(void)state;
	report.line = 1;
	assert_report("log, line 1\n"
	              "  dialect       mainline, assumed, as nothing says otherwise; see "
	              "--dialect\n"
	              "  mask          unknown: there is no line with \"Tainted:\"\n"
	              "  modules       not listed\n");
}

static void what_no_module_explains_is_told(void **state)
{
	(void)state;
	report_set_tainted(&report, "PF          O ", "6.1.0");
	assert_line("unexplained", NULL);
	assert_line("modules", "not listed");
	report_list(&report, "x", "O");
	assert_line("modules", NULL);
	assert_line("unexplained", "forced_module: no listed module carries it");
	assert_line("unexplained", "proprietary_module: no listed module carries it");
}

static void what_a_module_carries_and_the_mask_lacks_is_told(void **state)
{
	(void)state;
	report_set_tainted(&report, NULL, "6.1.0");
	report_list(&report, "x", "O");
	assert_line(
		"O (bit 12)",
		"oot_module: module from outside of the kernel's tree; not in the mask");
	assert_line("mask", "0 (0x0)");
	/* Where the mask may have more, nobody knows. */
	report_set_tainted(&report, "P?", "6.1.0");
	assert_line("O (bit 12)", "oot_module: module from outside of the kernel's tree");
	assert_line("mask", "1 (0x1), and perhaps bits that are not printed");
}

static void how_the_dialect_was_found_is_told(void **state)
{
	(void)state;
	assert_line("kernel", NULL);
	report_set_tainted(&report, "P           OE  ------------ T", "");
	assert_line("dialect", "rhel7, by the dashes among the flags");
	report_set_tainted(&report, "n", "");
	assert_line("dialect",
	            "suse, a guess: the first that knows all letters; see --dialect");
	report_set_tainted(&report, "nX", "");
	assert_line("X", "external_support: module supported by its own vendor");
	assert_line("", "on suse, from 3.0 on, before 5.3: X (bit 31), external_support: "
	                "module supported by its own vendor");
	text_add_string(&report.supported, "Yes");
	assert_line("dialect", "suse, only SUSE prints \"Supported:\"");
	assert_line("supported", "Yes");
	report_set_tainted(&report, "P", "3.10.0-1160.el7");
	assert_line("dialect", "rhel7, by the kernel's release");
	assert_line("kernel", "3.10.0-1160.el7");
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_RHEL9;
	assert_line("dialect", "rhel9, as --dialect says");
}

static void letters_without_a_bit_are_told_by_themselves(void **state)
{
	(void)state;
	report_set_tainted(&report, "Pz", "2.6.32-754.el6");
	report_list(&report, "vxfs", "PU");
	report_list(&report, "odd", "!");
	assert_line(
		"U",
		"unsigned_module: module whose signature the kernel could not verify");
	assert_line("!", "unknown: not known of this kernel");
	assert_line("z", "unknown: not known of this kernel");
	assert_line("", "carried by odd");
	assert_line("last unloaded", NULL);
}

static void the_last_unloaded_may_have_had_no_letters(void **state)
{
	(void)state;
	report.last_unloaded = backtrace_add_name(&report, "gone", 4);
	assert_line("last unloaded", "gone");
	report_list(&report, "x", "")->count = 1;
	assert_line("unloaded", "x (), times: 1");
}

static void the_date_is_told_rather_than_the_seconds(void **state)
{
	(void)state;
	assert_line("time", NULL);
	snprintf(report.stamp.seconds, sizeof(report.stamp.seconds), "1.5");
	assert_line("time", "1.5");
	snprintf(report.stamp.date, sizeof(report.stamp.date), "Nov 26 06:37:02");
	assert_line("time", "Nov 26 06:37:02");
}

/* ---- boots ---- */

static void what_a_kernel_announced_is_told_with_remarks(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	announce(ANNOUNCEMENT_PROPRIETARY_MODULE, "nvidia", 4, "", "8.125");
	announce(ANNOUNCEMENT_PANIC_ON_TAINT, "", 5, "", "");
	hints.release = "3.10.0-1160.el7.x86_64";
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	decoded.boot = &boot;
	decoded_write(&decoded, &text);
	assert_string_equal(
		text_string(&text),
		"log, announcements\n"
		"  kernel        3.10.0-1160.el7.x86_64\n"
		"  dialect       rhel7, by the kernel's release\n"
		"  announced     8.125 nvidia has a licence that is not "
		"compatible with the GPL\n"
		"  announced     the kernel panics when some taints are set\n");
}

/* ---- hostile values ---- */

#define HOSTILE "\x1b[31m\r\n\t\x7f\xc2\x9b\xff\xed\xa0\x80"

static void nothing_hostile_reaches_a_terminal(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	size_t shown = 0;

	(void)state;
	decoded.source = "1" HOSTILE;
	text_add_string(&report.title, "2" HOSTILE);
	text_add_string(&report.task, "3" HOSTILE);
	snprintf(report.stamp.date, sizeof(report.stamp.date), "4" HOSTILE);
	report_set_tainted(&report, "P" HOSTILE, "5" HOSTILE);
	text_add_string(&report.supported, "6" HOSTILE);
	report_list(&report, "7" HOSTILE, "P");
	report_list(&report, "8" HOSTILE, "P")->count = 1;
	report.last_unloaded = backtrace_add_name(&report, "9" HOSTILE, 12);
	announce(ANNOUNCEMENT_CRAP, "a" HOSTILE, 4, "b" HOSTILE, "");
	write_decoded(&text);
	assert_int_equal(text.error, 0);
	assert_int_equal(strlen(text_string(&text)), text.length);
	for (const char *c = text_string(&text); *c;) {
		size_t size = utf8_sequence(c, strlen(c));

		assert_true(size > 0);
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
		assert_true(*c != 0x7f);
		assert_false((unsigned char)*c == 0xc2 && (unsigned char)c[1] < 0xa0);
		c += size;
	}
	/* But that something was there. */
	for (const char *c = text_string(&text); (c = strstr(c, UTF8_REPLACEMENT "[31m"));
	     c++)
		shown++;
	assert_int_equal(shown, 11);
}

/* ---- memory ---- */

static void every_failed_allocation_is_an_error_of_the_text(void **state)
{
	size_t failures = 0;

	(void)state;
	text_add_string(&report.title, "BUG: x");
	report_set_tainted(&report, "X           O", "");
	report_list(&report, "zfs", "XO");
	report_list(&report, "x", "P")->count = 1;
	announce(ANNOUNCEMENT_CRAP, "x", 1, "", "1.5");
	for (size_t calls = 0;; calls++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		assert_true(calls < 1000);
		failing = true;
		failing_at = calls;
		write_decoded(&text);
		if (failing)
			break;
		assert_int_equal(text.error, -ENOMEM);
		failures++;
	}
	failing = false;
	assert_in_range(failures, 3, 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_mask_is_told_with_all_that_is_known_of_its_bits),
		TEST(a_bit_that_means_something_else_elsewhere_says_so),
		TEST(a_given_dialect_leaves_no_doubt),
		TEST(no_mask_is_not_tainted),
		TEST(a_report_is_told_in_full),
		TEST(a_report_of_nothing_says_what_is_not_known),
		TEST(what_no_module_explains_is_told),
		TEST(what_a_module_carries_and_the_mask_lacks_is_told),
		TEST(how_the_dialect_was_found_is_told),
		TEST(letters_without_a_bit_are_told_by_themselves),
		TEST(the_last_unloaded_may_have_had_no_letters),
		TEST(the_date_is_told_rather_than_the_seconds),
		TEST(what_a_kernel_announced_is_told_with_remarks),
		TEST(nothing_hostile_reaches_a_terminal),
		TEST(every_failed_allocation_is_an_error_of_the_text),
	};

	return cmocka_run_group_tests_name("decoded", tests, NULL, NULL);
}
