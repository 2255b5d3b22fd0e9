/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar, row by row: each wording is filled with modules and values, also such as
 * somebody would choose who wants to be taken for another; and once more from the
 * kernels' sources and from logs, typed out by hand.
 */
#include "sources/klog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

static struct klog_line parse(const char *message)
{
	return klog_parse(message, strlen(message));
}

static void assert_slice(struct klog_slice slice, const char *expected,
                         const char *message)
{
	if (slice.length != strlen(expected) ||
	    memcmp(slice.length ? slice.bytes : "", expected, slice.length) != 0)
		fail_msg("\"%.*s\" is not \"%s\" in: %s", (int)slice.length,
		         slice.length ? slice.bytes : "", expected, message);
}

/* ---- every row ---- */

/* Appends the pattern with these in the place of %m and %s. */
static void fill(struct text *text, const char *pattern, const char *module,
                 const char *value)
{
	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			text_add_char(text, *pattern);
			continue;
		}
		text_add_string(text, *++pattern == 's' ? value : module);
	}
}

static bool is_plain_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static void check_row(const struct klog_row *row, const char *module, const char *value)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct klog_line line;

	fill(&text, row->pattern, module, value);
	line = klog_parse(text_string(&text), text.length);
	/* Some wordings differ in how they end: the same event. */
	if (!line.row || line.row->kind != row->kind ||
	    line.row->announcement != row->announcement)
		fail_msg("%s is taken for: %s", text_string(&text),
		         line.row ? line.row->pattern : "nothing");
	assert_int_equal(line.kind, row->kind);
	if (line.row != row)
		return;
	assert_slice(line.module,
	             strstr(row->pattern, "%m") ||
	                             (strstr(row->pattern, "%M") && is_plain_name(module))
	                     ? module
	                     : "",
	             text_string(&text));
	assert_slice(line.detail,
	             strstr(row->pattern, "%s")                             ? value
	             : strstr(row->pattern, "%M") && !is_plain_name(module) ? module
	                                                                    : "",
	             text_string(&text));
}

/* Names that the kernel takes, and some that it does not. */
static const char *const modules[] = {
	"nvidia",       "vboxdrv", "x",       "snd-hda-intel", "8021q", "a.b", "%s",
	"\xc3\xa4\xff", "\x1b[2J", "Tainted", "m:n",           "'",     "[x]", "\\",
	"(null)",       "\"",      "a_b_c",
};

static const char *const values[] = {
	"Proprietary",
	"NVIDIA",
	"x",
	"CDDL, and more",
	"don't",
	"' and '",
	"Commercial. For support: http://example.org/?a=b&c='d'",
	"%s%m%n",
	"\x1b[31m",
	"Tainted: G",
	"Not tainted",
	"[ cut here ]",
	"Modules linked in: x(P)",
	"Linux version 6.1.0",
	"y: loading out-of-tree module taints kernel.",
	"module license 'z' taints kernel.",
	"Disabling lock debugging due to kernel taint",
	"TECH PREVIEW: y may not be fully supported.",
};

static void every_announcement_is_told_whatever_its_values_are(void **state)
{
	size_t count;
	const struct klog_row *rows = klog_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].kind != KLOG_ANNOUNCEMENT)
			continue;
		for (size_t m = 0; m < ARRAY_SIZE(modules); m++)
			for (size_t v = 0; v < ARRAY_SIZE(values); v++)
				check_row(&rows[i], modules[m], values[v]);
	}
}

static void every_structure_is_told_with_what_follows_it(void **state)
{
	static const char *const tails[] = {
		"P           OE      6.1.0-56-amd64 #1  Debian",
		"6.1.0-56-amd64 (debian-kernel@lists.debian.org) #1 SMP",
		"ext4 jbd2 zfs(POE) [last unloaded: x]",
		"Yes",
		"W",
	};
	size_t count;
	const struct klog_row *rows = klog_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		/* It is what another row has, but for where a mail broke it. */
		if (rows[i].kind == KLOG_ANNOUNCEMENT || *rows[i].words == ' ')
			continue;
		/* A release or a list are no flags. */
		for (size_t t = 0; t < ARRAY_SIZE(tails); t++)
			if (rows[i].kind != KLOG_TAINTED || !strchr("6e", *tails[t]))
				check_row(&rows[i], "", tails[t]);
	}
}

static void announcements_stand_before_all_else(void **state)
{
	size_t count, i = 0;
	const struct klog_row *rows = klog_rows(&count);

	(void)state;
	while (i < count && rows[i].kind == KLOG_ANNOUNCEMENT)
		i++;
	assert_in_range(i, ANNOUNCEMENT_COUNT, count - 1);
	for (; i < count; i++)
		assert_int_not_equal(rows[i].kind, KLOG_ANNOUNCEMENT);
}

static void every_row_has_words_of_its_pattern_and_a_source(void **state)
{
	size_t count;
	const struct klog_row *rows = klog_rows(&count);
	bool seen[ANNOUNCEMENT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *first = strstr(rows[i].pattern, rows[i].words);

		if (!first || strlen(rows[i].words) < 9)
			fail_msg("%s: %s", rows[i].words, rows[i].pattern);
		assert_true(*rows[i].versions && *rows[i].source);
		if (rows[i].kind == KLOG_ANNOUNCEMENT)
			seen[rows[i].announcement] = true;
	}
	for (size_t i = 0; i < ANNOUNCEMENT_COUNT; i++)
		assert_true(seen[i]);
}

static void only_the_wording_without_the_licence_is_an_echo(void **state)
{
	size_t count, echoes = 0;
	const struct klog_row *rows = klog_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		echoes += rows[i].is_echo;
	assert_int_equal(echoes, 1);
	assert_true(parse("x: module license taints kernel.").row->is_echo);
	assert_false(parse("x: module license 'y' taints kernel.").row->is_echo);
}

/* ---- as kernels say it; tests/logs/announcements.log has each wording ---- */

static void lines_of_kernels_are_understood(void **state)
{
	static const struct {
		const char *message;
		enum klog_kind kind;
		const char *before, *module, *detail;
	} rows[] = {
		/* Something else before an announcement. */
		{ "host nvidia: module license 'NVIDIA' taints kernel.",
		  KLOG_ANNOUNCEMENT, "host nvidia", "nvidia", "NVIDIA" },
		{ "foo: bar: baz: loading out-of-tree module taints kernel.",
		  KLOG_ANNOUNCEMENT, "foo: bar: baz", "baz", "" },
		{ "i915: Setting dangerous option enable_psr - tainting kernel",
		  KLOG_ANNOUNCEMENT, "i915:", "", "enable_psr" },
		{ "Unprivileged BPF has been enabled, tainting the kernel",
		  KLOG_ANNOUNCEMENT, "", "", "" },
		{ "TECH PREVIEW: kernel may not be fully supported.", KLOG_ANNOUNCEMENT,
		  "", "", "kernel" },
		{ "TECH PREVIEW: kernels may not be fully supported.", KLOG_ANNOUNCEMENT,
		  "", "kernels", "" },

		{ "CPU: 1 PID: 2674 Comm: lab_oops Tainted: PFSRMBU AWCIOELKXTN "
		  "6.1.0-56-amd64 #1  Debian 6.1.192-2",
		  KLOG_TAINTED, "CPU: 1 PID: 2674 Comm: lab_oops", "",
		  "PFSRMBU AWCIOELKXTN 6.1.0-56-amd64 #1  Debian 6.1.192-2" },
		{ "Tainted: [P]=PROPRIETARY_MODULE, [O]=OOT_MODULE", KLOG_CONSTANTS, "",
		  "", "P]=PROPRIETARY_MODULE, [O]=OOT_MODULE" },
		{ "CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1", KLOG_NOT_TAINTED,
		  "CPU: 0 PID: 1 Comm: swapper/0", "", "6.1.0 #1" },
		{ "      Not tainted 2.6.32-71.el6.i686 #1", KLOG_NOT_TAINTED, "", "",
		  "2.6.32-71.el6.i686 #1" },
		{ "EIP:    0060:[<c042f3f7>]    Not tainted VLI", KLOG_NOT_TAINTED,
		  "EIP:    0060:[<c042f3f7>]", "", "VLI" },
		{ "6.1.0-56-amd64 #1 Tainted: G        W  O", KLOG_TAINTED,
		  "6.1.0-56-amd64 #1", "", "G        W  O" },
		{ "CPU: 1 PID: 2 Comm: x Tainted:", KLOG_TAINTED, "CPU: 1 PID: 2 Comm: x",
		  "", "" },
		{ "CPU: 1 PID: 2 Comm: x Tainted: \r", KLOG_TAINTED,
		  "CPU: 1 PID: 2 Comm: x", "", "" },
		{ "Modules linked in: ext4 zfs(POE)\r", KLOG_MODULES, "", "",
		  "ext4 zfs(POE)" },
		{ "Modules linked in:", KLOG_MODULES, "", "", "" },
		{ "Unloaded tainted modules: x(OE):1 edac_mce():3", KLOG_UNLOADED, "", "",
		  "x(OE):1 edac_mce():3" },
		{ "Supported: No, Unsupported modules are loaded", KLOG_SUPPORTED, "", "",
		  "No, Unsupported modules are loaded" },
		{ "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)",
		  KLOG_RELEASE, "", "",
		  "6.1.0-56-amd64 (debian-kernel@lists.debian.org)" },
		{ "------------[ cut here ]------------", KLOG_BEGIN, "------------", "",
		  "------------" },
		{ "---[ end trace 0000000000000000 ]---", KLOG_END, "---", "",
		  "0000000000000000 ]---" },

		/* A process cannot speak for the kernel. */
		{ "Comm: Tainted: G Not tainted 6.1.0 #1", KLOG_NOT_TAINTED,
		  "Comm: Tainted: G", "", "6.1.0 #1" },
		{ "Comm: Not tainted Tainted: P 6.1.0 #1", KLOG_TAINTED,
		  "Comm: Not tainted", "", "P 6.1.0 #1" },
		{ "Comm: Tainted: G Tainted: P 6.1.0 #1", KLOG_TAINTED,
		  "Comm: Tainted: G", "", "P 6.1.0 #1" },
		{ "Comm: Tainted: [P]=x Tainted: G W 6.1.0 #1", KLOG_TAINTED,
		  "Comm: Tainted: [P]=x", "", "G W 6.1.0 #1" },
		{ "Comm: [ cut here ] Tainted: G W 6.1.0 #1", KLOG_TAINTED,
		  "Comm: [ cut here ]", "", "G W 6.1.0 #1" },
		{ "Comm: Linux version 1 Not tainted 6.1.0 #1", KLOG_NOT_TAINTED,
		  "Comm: Linux version 1", "", "6.1.0 #1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct klog_line line = parse(rows[i].message);

		if (line.kind != rows[i].kind)
			fail_msg("%d: %s", (int)line.kind, rows[i].message);
		assert_slice(line.before, rows[i].before, rows[i].message);
		assert_slice(line.module, rows[i].module, rows[i].message);
		assert_slice(line.detail, rows[i].detail, rows[i].message);
	}
}

static void what_is_no_such_message_is_nothing(void **state)
{
	static const char *const messages[] = {
		"",
		" ",
		"\r",
		"Tainted:",
		"tainted: G",
		"Kernel is not tainted",
		"usb 1-1: new high-speed USB device number 2 using xhci_hcd",
		"module verification failed",
		": loading out-of-tree module taints kernel.",
		" : loading out-of-tree module taints kernel.",
		"x : loading out-of-tree module taints kernel.",
		"x: loading out-of-tree module taints kernel",
		"x: module license 'y taints kernel.",
		"x: module license y' taints kernel",
		"TECH PREVIEW:  may not be fully supported.",
		"TECH PREVIEW: btrfs may be supported.",
		"Loading of signed module is rejected",
		"not supported by SUSE",
		"odules linked in: x",
		"Linux versions",
		"cut here",
		"end trace",
		/* Nothing of a kernel's flags behind it. */
		"INFO: task Tainted: x:1234 blocked for more than 120 seconds.",
		"INFO: task Tainted: 6.1:1234 blocked for more than 120 seconds.",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		struct klog_line line = parse(messages[i]);

		if (line.kind != KLOG_NOTHING || line.row)
			fail_msg("%s: %s", messages[i],
			         line.row ? line.row->pattern : "no row");
		assert_int_equal(line.module.length + line.detail.length, 0);
	}
}

/* The length is what counts, and a NUL is a byte. */
static void nothing_is_read_behind_the_message(void **state)
{
	static const char message[] = "x: loading out-of-tree module taints kernel.";
	static const char nul[] = "a\0b: module license 'c\0d' taints kernel.";
	struct klog_line line;

	(void)state;
	for (size_t length = 0; length < sizeof(message); length++) {
		char *copy = malloc(length ? length : 1);

		assert_non_null(copy);
		memcpy(copy, message, length);
		assert_int_equal(klog_parse(copy, length).kind,
		                 length + 1 == sizeof(message) ? KLOG_ANNOUNCEMENT
		                                               : KLOG_NOTHING);
		free(copy);
	}
	line = klog_parse(nul, sizeof(nul) - 1);
	assert_int_equal(line.module.length, 3);
	assert_memory_equal(line.module.bytes, "a\0b", 3);
	assert_int_equal(line.detail.length, 3);
	assert_memory_equal(line.detail.bytes, "c\0d", 3);
}

static void some_kinds_stand_in_reports(void **state)
{
	static const bool expected[] = {
		[KLOG_TAINTED] = true, [KLOG_NOT_TAINTED] = true, [KLOG_CONSTANTS] = true,
		[KLOG_MODULES] = true, [KLOG_UNLOADED] = true,    [KLOG_END] = false,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (klog_is_of_report((enum klog_kind)i) != expected[i])
			fail_msg("kind %zu", i);
}

static void reports_begin_with_their_headings(void **state)
{
	static const char *const headings[] = {
		"BUG: kernel NULL pointer dereference, address: 0000000000000008",
		"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [x:123]",
		"WARNING: CPU: 0 PID: 1961 at lab_warn.c:11 lab_init+0x20/0xff0",
		"Oops: 0002 [#1] PREEMPT SMP NOPTI",
		"Oops[#1]:",
		"kernel BUG at fs/ext4/inode.c:1",
		"Kernel panic - not syncing: Fatal exception",
		"general protection fault, probably for non-canonical address",
		"divide error: 0000 [#1] SMP",
		"invalid opcode: 0000 [#1] SMP",
		"double fault: 0000 [#1] SMP",
		"INFO: task kworker:12 blocked for more than 120 seconds.",
		"rcu: INFO: rcu_sched self-detected stall on CPU",
		"INFO: rcu_sched detected stalls on CPUs/tasks: { 1}",
		"Unable to handle kernel NULL pointer dereference at virtual address 0",
		"Internal error: Oops: 5 [#1] SMP ARM",
		"insmod: page allocation failure: order:4, mode:0x40cc0",
		"java invoked oom-killer: gfp_mask=0xd0, order=0",
		"BUG kmalloc-64 (Tainted: G    B     ): Poison overwritten",
		"BUG kmalloc-64 (Not tainted): Poison overwritten",
	};
	static const char *const others[] = {
		"",
		"CPU: 1 PID: 2674 Comm: lab_oops Tainted: G 6.1.0",
		"Call Trace:",
		"Modules linked in: x",
		"INFO: lockdep is turned off.",
		"DEBUG x",
		"Tainted: G",
		"Not tainted",
		"warning: x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		if (!klog_is_heading(headings[i], strlen(headings[i])))
			fail_msg("%s", headings[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (klog_is_heading(others[i], strlen(others[i])))
			fail_msg("%s", others[i]);
	assert_false(klog_is_heading("BUG: x", 4));
}

/* ---- finding ---- */

static void every_filled_row_is_found_anywhere_in_a_text(void **state)
{
	static const char *const around[] = { "", "\n", "some other line\n\n",
		                              "kernel;" };
	struct klog *klog = NULL;
	size_t count;
	const struct klog_row *rows = klog_rows(&count);

	(void)state;
	assert_int_equal(klog_new(&klog), 0);
	for (size_t i = 0; i < count; i++) {
		for (size_t a = 0; a < ARRAY_SIZE(around); a++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;
			const char *found;
			size_t start;

			text_add_string(&text, around[a]);
			start = text.length;
			fill(&text, rows[i].pattern, "module", "value");
			text_add_string(&text, around[a]);
			found = klog_find(klog, text.data, text.length);
			if (!found || found < text.data + start)
				fail_msg("%s", text.data);
			/* In its own line, and not behind its words. */
			assert_true(found <= strstr(text.data + start, rows[i].words));
		}
	}
	klog_free(klog);
}

static void where_nothing_stands_nothing_is_found(void **state)
{
	static const char text[] =
		"usb 1-1: new high-speed USB device number 2 using xhci_hcd\n"
		"systemd[1]: Started something: kernel, module, license, version\n"
		"audit: type=1400 audit(1.2:3): apparmor=\"STATUS\"\n";
	struct klog *klog = NULL;

	(void)state;
	assert_int_equal(klog_new(&klog), 0);
	assert_null(klog_find(klog, text, sizeof(text) - 1));
	assert_null(klog_find(klog, "", 0));
	assert_null(klog_free(klog));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_announcement_is_told_whatever_its_values_are),
		cmocka_unit_test(every_structure_is_told_with_what_follows_it),
		cmocka_unit_test(announcements_stand_before_all_else),
		cmocka_unit_test(every_row_has_words_of_its_pattern_and_a_source),
		cmocka_unit_test(only_the_wording_without_the_licence_is_an_echo),
		cmocka_unit_test(lines_of_kernels_are_understood),
		cmocka_unit_test(what_is_no_such_message_is_nothing),
		cmocka_unit_test(nothing_is_read_behind_the_message),
		cmocka_unit_test(some_kinds_stand_in_reports),
		cmocka_unit_test(reports_begin_with_their_headings),
		cmocka_unit_test(every_filled_row_is_found_anywhere_in_a_text),
		cmocka_unit_test(where_nothing_stands_nothing_is_found),
	};

	return cmocka_run_group_tests_name("klog", tests, NULL, NULL);
}
