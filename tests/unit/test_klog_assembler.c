/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reports and boots: each layout that kernels have, one after another in a log, and
 * broken as mails and consoles do. Messages are given without their prefixes, each with
 * the heading that klog_reader would find. Knows the memory, which it lets fail.
 */
#include "sources/klog_assembler.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failing.h"
#include "klog.h"
#include "sources/klog.h"
#include "sources/klog_report.h"

static struct klog *klog;

static int setup_klog(void **state)
{
	(void)state;
	return klog_new(&klog);
}

static int teardown_klog(void **state)
{
	(void)state;
	klog = klog_free(klog);
	return 0;
}

/* One log on its way through the assembler. */
struct feed {
	struct klog_assembler *assembler;
	struct klog_message heading; /* the first since something was said */
	bool has_heading;
	uint64_t line;
};

static int feed_message(struct feed *feed, const char *bytes, size_t length)
{
	struct klog_message message = { .bytes = bytes,
		                        .length = length,
		                        .line = ++feed->line };
	struct klog_line line = klog_parse(bytes, length);
	bool is_headed = feed->has_heading && klog_is_of_report(line.kind);
	int r = 0;

	if (klog_find(klog, bytes, length) || klog_assembler_wants_next(feed->assembler))
		r = klog_assembler_take(feed->assembler, &message, &line,
		                        is_headed ? &feed->heading : NULL);
	if (line.kind != KLOG_NOTHING) {
		feed->has_heading = false;
	} else if (!feed->has_heading && klog_is_heading(bytes, length)) {
		feed->has_heading = true;
		feed->heading = message;
	}
	return r;
}

/* Gives the lines of LOG, then its end. 0 or -errno. */
static int feed_log(const char *log, struct heard *heard)
{
	const struct klog_listener listener = heard_listener(heard);
	struct feed feed = { 0 };
	int r = klog_assembler_new(&listener, &feed.assembler);

	while (r == 0 && *log) {
		size_t length = strcspn(log, "\n");

		r = feed_message(&feed, log, length);
		log += length + (log[length] == '\n');
	}
	if (r == 0)
		r = klog_assembler_end(feed.assembler);
	klog_assembler_free(feed.assembler);
	return r;
}

static void check(const char *log, const char *expected)
{
	struct heard heard = { 0 };

	assert_int_equal(feed_log(log, &heard), 0);
	if (strcmp(text_string(&heard.text), expected) != 0)
		fail_msg("\n%s is not\n%s of\n%s", text_string(&heard.text), expected,
		         log);
	text_clear(&heard.text);
}

/* ---- layouts ---- */

static void an_oops_is_one_report(void **state)
{
	(void)state;
	check("BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
	      "#PF: supervisor write access in kernel mode\n"
	      "Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
	      "CPU: 1 PID: 2674 Comm: insmod Tainted: P           OE      6.1.0 #1 "
	      "Debian\n"
	      "Hardware name: QEMU\n"
	      "RIP: 0010:x+0x5/0x20 [x]\n"
	      "Call Trace:\n"
	      "Modules linked in: x(OE) ext4 zfs(POE+) [last unloaded: y(OE)]\n"
	      "CR2: 0000000000000008\n"
	      "---[ end trace 0000000000000000 ]---\n"
	      "RIP: 0010:x+0x5/0x20 [x]\n",
	      "1 \"BUG: kernel NULL pointer dereference, address: 0000000000000008\" "
	      "<CPU: 1 PID: 2674 Comm: insmod> +P           OE 6.1.0 | x(EO) ext4() "
	      "zfs(EOP) last y(EO)\n");
}

static void an_oops_of_6_11_and_later_names_constants(void **state)
{
	(void)state;
	check("Oops: general protection fault\n"
	      "CPU: 0 UID: 0 PID: 1 Comm: x Tainted: G        W  O       6.12.0 #1\n"
	      "Tainted: [W]=WARN, [O]=OOT_MODULE\n"
	      "Hardware name: QEMU\n"
	      "Modules linked in: x(O)\n",
	      "1 \"Oops: general protection fault\" <CPU: 0 UID: 0 PID: 1 Comm: x> +G    "
	      "  "
	      "  W  O {W]=WARN, [O]=OOT_MODULE} 6.12.0 | x(O)\n");
}

static void a_warning_lists_modules_before_it_says_its_taint(void **state)
{
	(void)state;
	check("------------[ cut here ]------------\n"
	      "WARNING: CPU: 0 PID: 1961 at lab_warn.c:11 lab_init+0x20/0xff0\n"
	      "Modules linked in: lab_warn(OE+) msr [last unloaded: lab_slow3]\n"
	      "CPU: 0 PID: 1961 Comm: insmod Tainted: G           OE      6.1.0 #1\n"
	      "Call Trace:\n"
	      "---[ end trace 0000000000000000 ]---\n"
	      "------------[ cut here ]------------\n"
	      "WARNING: CPU: 0 PID: 1962 at lab_warn.c:12\n"
	      "Modules linked in: lab_warn(OE)\n"
	      "CPU: 0 PID: 1962 Comm: insmod Tainted: G        W  OE      6.1.0 #1\n"
	      "---[ end trace 0000000000000000 ]---\n",
	      "2 \"WARNING: CPU: 0 PID: 1961 at lab_warn.c:11 lab_init+0x20/0xff0\" "
	      "<CPU: "
	      "0 PID: 1961 Comm: insmod> +G           OE 6.1.0 | lab_warn(EO) msr() last "
	      "lab_slow3()\n"
	      "8 \"WARNING: CPU: 0 PID: 1962 at lab_warn.c:12\" <CPU: 0 PID: 1962 Comm: "
	      "insmod> +G        W  OE 6.1.0 | lab_warn(EO)\n");
}

static void kernels_of_2_6_say_their_taint_last_and_suse_its_verdict(void **state)
{
	(void)state;
	check("BUG: unable to handle kernel NULL pointer dereference at "
	      "00000000000000b0\n"
	      "IP: [<ffffffff>] x\n"
	      "Modules linked in: nfsd(N) ib_core(N) ext3\n"
	      "Supported: No, Unsupported modules are loaded\n"
	      "Pid: 8855, comm: nfsd Tainted: G          2.6.27.45-0.1-default #1\n",
	      "1 \"BUG: unable to handle kernel NULL pointer dereference at "
	      "00000000000000b0\" <Pid: 8855, comm: nfsd> +G 2.6.27.45-0.1-default [No, "
	      "Unsupported modules are loaded] | nfsd(N) ib_core(N) ext3()\n");
}

static void i386_of_rhel5_says_vli_and_the_release_in_the_next_line(void **state)
{
	(void)state;
	check("Oops: 0002 [#1]\n"
	      "Modules linked in: x(PU) ext3\n"
	      "CPU:    0\n"
	      "EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "EFLAGS: 00010246   (2.6.18-8.el5 #1) \n"
	      "EIP is at x\n",
	      "1 \"Oops: 0002 [#1]\" <EIP:    0060:[<c042f3f7>]> +P 2.6.18-8.el5 | x(PU) "
	      "ext3()\n");
	check("EIP:    0060:[<c042f3f7>]    Not tainted VLI\n"
	      "EFLAGS: 00010246   (2.6.18-8.el5 #1) \n",
	      "1 <EIP:    0060:[<c042f3f7>]> - 2.6.18-8.el5\n");
	/* Without the release there. */
	check("EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "EFLAGS: 00010246\n",
	      "1 <EIP:    0060:[<c042f3f7>]> +P\n");
	check("EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "EFLAGS: \n",
	      "1 <EIP:    0060:[<c042f3f7>]> +P\n");
	check("EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "EFLAGS: 00010246   (2.6.18-8.el5\n",
	      "1 <EIP:    0060:[<c042f3f7>]> +P 2.6.18-8.el5\n");
	check("EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "EFLAGS: ",
	      "1 <EIP:    0060:[<c042f3f7>]> +P\n");
	check("EIP:    0060:[<c042f3f7>]    Tainted: P      VLI\n"
	      "XFLAGS: 00010246   (2.6.18-8.el5 #1) \n",
	      "1 <EIP:    0060:[<c042f3f7>]> +P\n");
	check("EFLAGS: 00010246    Tainted: P       (2.6.18-8.el5 #1)\n",
	      "1 <EFLAGS: 00010246> +P 2.6.18-8.el5\n");
}

static void a_hung_task_says_it_in_the_next_line(void **state)
{
	(void)state;
	check("INFO: task kworker:12 blocked for more than 120 seconds.\n"
	      "      Tainted: G        W  O       6.1.0 #1\n"
	      "\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this.\n"
	      "INFO: task jbd2:13 blocked for more than 120 seconds.\n"
	      "      Not tainted 6.1.0 #1\n",
	      "1 \"INFO: task kworker:12 blocked for more than 120 seconds.\" +G        "
	      "W  "
	      "O 6.1.0\n"
	      "4 \"INFO: task jbd2:13 blocked for more than 120 seconds.\" - 6.1.0\n");
}

static void a_task_that_is_called_as_the_kernel_speaks_changes_nothing(void **state)
{
	(void)state;
	check("INFO: task Tainted: x:12 blocked for more than 120 seconds.\n"
	      "      Not tainted 6.1.0 #1\n",
	      "1 \"INFO: task Tainted: x:12 blocked for more than 120 seconds.\" - "
	      "6.1.0\n");
	check("INFO: task Tainted: P x:12 blocked for more than 120 seconds.\n"
	      "      Not tainted 6.1.0 #1\n",
	      "1 \"INFO: task Tainted: P x:12 blocked for more than 120 seconds.\" - "
	      "6.1.0\n");
	check("CPU: 0 PID: 1 Comm: Tainted: P Not tainted 6.1.0 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: Tainted: P> - 6.1.0\n");
}

static void slabs_say_it_in_their_heading_and_again(void **state)
{
	(void)state;
	check("BUG kmalloc-64 (Tainted: G        W): Poison overwritten\n"
	      "INFO: Slab 0x1 objects=1\n"
	      "CPU: 0 PID: 1 Comm: x Tainted: G    B   W        6.1.0 #1\n",
	      "1 \"BUG kmalloc-64 (Tainted: G        W): Poison overwritten\" <CPU: 0 "
	      "PID: "
	      "1 Comm: x> +G    B   W 6.1.0\n");
	check("BUG kmalloc-64 (Not tainted): Poison overwritten\n",
	      "1 \"BUG kmalloc-64 (Not tainted): Poison overwritten\" <BUG kmalloc-64 (> "
	      "-\n");
	/* Each heading begins a report. */
	check("BUG a (Tainted: G): x\nBUG b (Tainted: G): x\n",
	      "1 \"BUG a (Tainted: G): x\" <BUG a (> +G\n"
	      "2 \"BUG b (Tainted: G): x\" <BUG b (> +G\n");
}

static void lock_debugging_says_the_release_before(void **state)
{
	(void)state;
	check("WARNING: possible circular locking dependency detected\n"
	      "6.1.0-56-amd64 #1 Tainted: G        W  O\n"
	      "------------------------------------------------------\n",
	      "1 \"WARNING: possible circular locking dependency detected\" "
	      "<6.1.0-56-amd64 #1> +G        W  O 6.1.0-56-amd64\n");
}

static void the_watchdog_of_2_6_32_lists_modules_twice(void **state)
{
	(void)state;
	check("BUG: soft lockup - CPU#1 stuck for 67s! [x:2]\n"
	      "Modules linked in: a(P) b [last unloaded: c]\n"
	      "CPU 1 \n"
	      "Modules linked in: d(U)\n"
	      "\n"
	      "Pid: 2, comm: x Tainted: P        W  ----------------  2.6.32-71.el6 #1\n",
	      "1 \"BUG: soft lockup - CPU#1 stuck for 67s! [x:2]\" <Pid: 2, comm: x> +P  "
	      "   "
	      "   W  ---------------- 2.6.32-71.el6 | d(U)\n");
	/* Further apart, or behind a taint, it is another report. */
	check("Modules linked in: a(P)\n\n\n\n\n\nModules linked in: b\n",
	      "1 ? | a(P)\n7 ? | b()\n");
	check("Modules linked in: a(P)\n\n\n\n\nModules linked in: b\n", "1 ? | b()\n");
	check("Pid: 2, comm: x Tainted: P 2.6.32\n"
	      "Modules linked in: a(P)\n"
	      "Modules linked in: b\n",
	      "1 <Pid: 2, comm: x> +P 2.6.32 | a(P)\n3 ? | b()\n");
}

static void powerpc_says_its_taint_again_with_the_registers(void **state)
{
	(void)state;
	check("Oops: Exception in kernel mode, sig: 4 [#1]\n"
	      "Modules linked in: x(O)\n"
	      "CPU: 0 PID: 1 Comm: insmod Tainted: G           O      5.10.0 #1\n"
	      "NIP:  c000000000012345 LR: c0 CTR: c0\n"
	      "REGS: c0000007a TRAP: 0700   Tainted: G           O       (5.10.0)\n"
	      "MSR:  8000000000029032\n",
	      "1 \"Oops: Exception in kernel mode, sig: 4 [#1]\" <CPU: 0 PID: 1 Comm: "
	      "insmod> +G           O 5.10.0 | x(O)\n");
	check("CPU: 0 PID: 1 Comm: insmod Not tainted 5.10.0 #1\n"
	      "REGS: c0000007a TRAP: 0700   Not tainted (5.10.0)\n",
	      "1 <CPU: 0 PID: 1 Comm: insmod> - 5.10.0\n");
	/* It is no other line of its own kind. */
	check("Tainted: P\nTainted: P\n", "1 +P\n2 +P\n");
	/* With other flags, another process, or far away it is something else. */
	check("CPU: 0 PID: 1 Comm: x Tainted: G 5.10.0\n"
	      "REGS: c0000007a TRAP: 0700   Tainted: P (5.10.0)\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +G 5.10.0\n"
	      "2 <REGS: c0000007a TRAP: 0700> +P 5.10.0\n");
	check("CPU: 0 PID: 1 Comm: x Tainted: G 5.10.0\n"
	      "REGS: c0000007a TRAP: 0700   Not tainted (5.10.0)\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +G 5.10.0\n"
	      "2 <REGS: c0000007a TRAP: 0700> - 5.10.0\n");
	check("CPU: 0 PID: 1 Comm: x Not tainted 5.10.0\n"
	      "REGS: c0000007a TRAP: 0700   Tainted: P (5.10.0)\n",
	      "1 <CPU: 0 PID: 1 Comm: x> - 5.10.0\n"
	      "2 <REGS: c0000007a TRAP: 0700> +P 5.10.0\n");
	check("CPU: 0 PID: 1 Comm: x Tainted: G 5.10.0\n"
	      "CPU: 1 PID: 2 Comm: y Tainted: G 5.10.0\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +G 5.10.0\n"
	      "2 <CPU: 1 PID: 2 Comm: y> +G 5.10.0\n");
	check("CPU: 0 PID: 1 Comm: x Tainted: G 5.10.0\n\n\n\n\n\n"
	      "REGS: c0000007a TRAP: 0700   Tainted: G (5.10.0)\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +G 5.10.0\n"
	      "7 <REGS: c0000007a TRAP: 0700> +G 5.10.0\n");
}

static void unloaded_modules_are_of_the_report_before(void **state)
{
	(void)state;
	check("WARNING: x\n"
	      "Modules linked in: a(OE)\n"
	      "Unloaded tainted modules: x(OE):1 edac_mce():3 [last unloaded: x(OE)]\n"
	      "CPU: 7 PID: 1 Comm: swapper/0 Not tainted 5.19.0-rc1 #1\n",
	      "1 \"WARNING: x\" <CPU: 7 PID: 1 Comm: swapper/0> - 5.19.0-rc1 | a(EO) "
	      "x(EO):1 edac_mce():3 last x(EO)\n");
	check("Unloaded tainted modules: x(OE):1\n"
	      "Unloaded tainted modules: y(P):2\n",
	      "1 ? ! x(EO):1 y(P):2\n");
}

/* ---- what belongs together ---- */

static void headings_and_gaps_part_reports(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;

	(void)state;
	check("CPU: 0 PID: 1 Comm: x Tainted: P 6.1.0\n"
	      "BUG: y\n"
	      "Modules linked in: a(P)\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +P 6.1.0\n2 \"BUG: y\" ? | a(P)\n");
	/* The first of several is the title. */
	check("BUG: y\nOops: z\nModules linked in: a\n", "1 \"BUG: y\" ? | a()\n");
	for (int gap = 300; gap <= 301; gap++) {
		text_reset(&log);
		text_add_string(&log, "Tainted: P 6.1.0\n");
		for (int i = 1; i < gap; i++)
			text_add_char(&log, '\n');
		text_add_string(&log, "Modules linked in: a(P)\n");
		check(text_string(&log),
		      gap == 300 ? "1 +P 6.1.0 | a(P)\n" : "1 +P 6.1.0\n302 ? | a(P)\n");
	}
}

static void a_report_ends_where_kernels_say_so(void **state)
{
	(void)state;
	check("Tainted: P 6.1.0\n---[ end trace 1 ]---\nModules linked in: a\n",
	      "1 +P 6.1.0\n3 ? | a()\n");
	check("Tainted: P 6.1.0\n------------[ cut here ]------------\n"
	      "Modules linked in: a\n",
	      "1 +P 6.1.0\n3 ? | a()\n");
	check("------------[ cut here ]------------\n---[ end trace 1 ]---\n", "");
}

static void constants_alone_are_a_report(void **state)
{
	(void)state;
	check("Tainted: [P]=PROPRIETARY_MODULE\n", "1 + {P]=PROPRIETARY_MODULE}\n");
	check("Tainted: [P]=PROPRIETARY_MODULE\nTainted: [W]=WARN\n",
	      "1 + {P]=PROPRIETARY_MODULE}\n2 + {W]=WARN}\n");
	check("Tainted: P 6.12.0\n\n\n\n\nTainted: [P]=PROPRIETARY_MODULE\n",
	      "1 +P {P]=PROPRIETARY_MODULE} 6.12.0\n");
	check("Tainted: P 6.12.0\n\n\n\n\n\nTainted: [P]=PROPRIETARY_MODULE\n",
	      "1 +P 6.12.0\n7 + {P]=PROPRIETARY_MODULE}\n");
	check("Not tainted 6.12.0\nTainted: [P]=PROPRIETARY_MODULE\n",
	      "1 - 6.12.0\n2 + {P]=PROPRIETARY_MODULE}\n");
	/* A list may be in between. */
	check("Modules linked in: a(P)\nTainted: [P]=PROPRIETARY_MODULE\n",
	      "1 ? | a(P)\n2 + {P]=PROPRIETARY_MODULE}\n");
	check("Tainted: [\n", "1 +\n");
}

static void suses_verdict_is_of_a_report_that_is_near(void **state)
{
	(void)state;
	check("Supported: Yes\n", "");
	check("Modules linked in: a\n\n\n\n\nSupported: Yes\n", "1 ? [Yes] | a()\n");
	check("Modules linked in: a\n\n\n\n\n\nSupported: Yes\n", "1 ? | a()\n");
	check("Modules linked in: a\nACPI: Supported: Yes\n", "1 ? | a()\n");
}

/* ---- what was broken ---- */

static void a_list_goes_on_in_lines_of_modules(void **state)
{
	(void)state;
	check("Modules linked in: a(P) b\n"
	      "c(OE) d [last\n"
	      "unloaded: e(OE)]\n"
	      "CPU: 0 PID: 1 Comm: x Not tainted 6.1.0\n",
	      "1 <CPU: 0 PID: 1 Comm: x> - 6.1.0 | a(P) b() c(EO) d() last e(EO)\n");
	check("Modules linked in:\na b\n\nc d\n", "1 ? | a() b()\n");
	check("Modules linked in: a\nWARNING: b\n", "1 ? | a()\n");
	check("Modules linked in: a\nfoo invoked oom-killer\n", "1 ? | a()\n");
	check("Unloaded tainted modules: a(P):1\nb(OE):2\n", "1 ? ! a(P):1 b(EO):2\n");
	check("Modules linked in: a\nUnloaded tainted modules: b(P):1\n",
	      "1 ? | a() b(P):1\n");
}

/* The gaps are counted from the last line of the list. */
static void a_long_list_is_one_report_with_what_follows(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT, expected = TEXT_INIT;

	(void)state;
	text_add_string(&log, "Modules linked in: a\n");
	text_add_string(&expected, "1 +P 6.1.0 | a()");
	for (int i = 0; i < 310; i++) {
		text_add_string(&log, "a\n");
		text_add_string(&expected, " a()");
	}
	text_add_string(&log, "Tainted: P 6.1.0\n");
	text_add_char(&expected, '\n');
	check(text_string(&log), text_string(&expected));
}

static void a_list_is_kept_up_to_a_bound(void **state)
{
	_cleanup_(text_clear) struct text log = TEXT_INIT;
	struct heard heard = { 0 };

	(void)state;
	text_add_string(&log, "Modules linked in: a\n");
	while (log.length < 3 * 256 * 1024)
		text_add_string(&log,
		                "b b b b b b b b b b b b b b b b b b b b b b b b b\n");
	assert_int_equal(feed_log(text_string(&log), &heard), 0);
	assert_int_equal(heard.reports, 1);
	/* Each module has two bytes in the log, and four in what is heard of it. */
	assert_in_range(heard.text.length, 2 * 255 * 1024, 2 * 257 * 1024);
	text_clear(&heard.text);
}

static void flags_and_release_go_on_in_the_next_line(void **state)
{
	(void)state;
	check("CPU: 0 PID: 1 Comm: x Tainted: P           OE\n6.1.0 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +P           OE 6.1.0\n");
	check("CPU: 0 PID: 1 Comm: x Tainted: \nP           OE 6.1.0 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +P           OE 6.1.0\n");
	check("CPU: 0 PID: 1 Comm: x Tainted:\nP           OE 6.1.0 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +P           OE 6.1.0\n");
	check("Tainted: P           OE  ------\n------ T 3.10.0-1160.el7.x86_64 #1\n",
	      "1 +P           OE  ------ ------ T 3.10.0-1160.el7.x86_64\n");
	check("CPU: 0 PID: 1 Comm: x Not tainted\n6.1.0 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: x> - 6.1.0\n");
	/* Again and again. */
	check("CPU: 0 PID: 1 Comm: x Tainted:\n"
	      "P           OE  ------\n"
	      "------ T\n"
	      "3.10.0-1160.el7.x86_64 #1\n",
	      "1 <CPU: 0 PID: 1 Comm: x> +P           OE  ------ ------ T "
	      "3.10.0-1160.el7.x86_64\n");
	check("Tainted: \nP           OE\n\n6.1.0\n", "1 +P           OE\n");
	check("Tainted: P\nOE\n6.1.0\n", "1 +P\n");
	check("Tainted: P\n- RIP: x\n6.1.0\n", "1 +P\n");
	check("Not tainted\n-----\n6.1.0\n", "1 - 6.1.0\n");
	/* What is no rest changes nothing. */
	check("Tainted: P\nRIP: 0010:x 6.1.0\n", "1 +P\n");
	check("Tainted: P\n\n6.1.0\n", "1 +P\n");
	check("Tainted: P\nModules linked in: a\n6.1.0\n", "1 +P | a()\n");
}

static void constants_go_on_in_the_next_line(void **state)
{
	(void)state;
	check("Tainted: [P]=PROPRIETARY_MODULE, [O]=OOT_MODULE,\n"
	      "[E]=UNSIGNED_MODULE,\n"
	      "[L]=SOFTLOCKUP\n"
	      "[K]=LIVEPATCH\n",
	      "1 + {P]=PROPRIETARY_MODULE, [O]=OOT_MODULE, [E]=UNSIGNED_MODULE, "
	      "[L]=SOFTLOCKUP}\n");
	check("Tainted: [P]=PROPRIETARY_MODULE,\nHardware name: x,\n[O]=OOT_MODULE\n",
	      "1 + {P]=PROPRIETARY_MODULE,}\n");
	check("Tainted: [P]=PROPRIETARY_MODULE,\n\n[O]=OOT_MODULE\n",
	      "1 + {P]=PROPRIETARY_MODULE,}\n");
}

static void an_announcement_goes_on_in_the_next_line(void **state)
{
	(void)state;
	check("x: module license\n'CDDL' taints kernel.\n",
	      "boot : proprietary_module x #1\n");
	check("x: module verification failed: signature and/or required\n"
	      "key missing - tainting kernel\n",
	      "boot : unsigned_module x #1\n");
	/* A third line is too many, and what comes next begins anew. */
	check("x: module license\n'CDDL'\ntaints kernel.\n"
	      "y: module license\n'CDDL' taints kernel.\n",
	      "boot : proprietary_module y #4\n");
	check("x: module license\nz: loading out-of-tree module taints kernel.\n"
	      "'CDDL' taints kernel.\n",
	      "boot : oot_module z #2\n");
}

/* ---- boots ---- */

static void what_was_announced_is_told_at_the_end_of_each_boot(void **state)
{
	(void)state;
	check("Linux version 6.1.0-1 (x)\n"
	      "a: loading out-of-tree module taints kernel.\n"
	      "b: module license 'X' taints kernel.\n"
	      "Disabling lock debugging due to kernel taint\n"
	      "c: module is from the staging directory, the quality is unknown, you have "
	      "been warned.\n"
	      "c: module is from the staging directory, the quality is unknown, you have "
	      "been warned.\n"
	      "Linux version 6.1.0-2 (x)\n"
	      "Linux version 6.1.0-3 (x)\n"
	      "d: loading out-of-tree module taints kernel.\n",
	      "boot 6.1.0-1: oot_module a #2 proprietary_module b #3 "
	      "lock_debugging_disabled #4 crap c x2 #5\n"
	      "boot 6.1.0-3: oot_module d #9\n");
}

static int keep_version(void *context, const struct backtrace *backtrace,
                        const struct boot_log *boot)
{
	struct text *version = context;

	(void)backtrace;
	text_reset(version);
	text_add(version, boot->version.data, boot->version.length);
	return 0;
}

static void the_line_of_the_version_is_kept_up_to_512_bytes(void **state)
{
	_cleanup_(text_clear) struct text version = TEXT_INIT, line = TEXT_INIT;
	const struct klog_listener listener = { keep_version, NULL, &version };
	struct feed feed = { 0 };

	(void)state;
	text_add_string(&line, "Linux version 5.3.18-1-azure (geeko@buildhost) ");
	while (line.length < 1000)
		text_add_char(&line, 'x');
	assert_int_equal(klog_assembler_new(&listener, &feed.assembler), 0);
	assert_int_equal(feed_message(&feed, line.data, line.length), 0);
	assert_int_equal(feed_message(&feed, "Tainted: P", 10), 0);
	assert_int_equal(klog_assembler_end(feed.assembler), 0);
	klog_assembler_free(feed.assembler);
	assert_int_equal(version.length, 512);
	assert_memory_equal(version.data, line.data + strlen("Linux version "), 512);
}

static void a_boot_ends_a_report(void **state)
{
	(void)state;
	check("Tainted: P 6.1.0\n"
	      "a: loading out-of-tree module taints kernel.\n"
	      "Linux version 6.1.0-2 (x)\n"
	      "Modules linked in: a\n",
	      "1 +P 6.1.0\nboot 6.1.0: oot_module a #2\n4 ? | a()\n");
	/* What is no release is no boot. */
	check("Tainted: P 6.1.0\n"
	      "Linux version unknown\n"
	      "Modules linked in: a\n",
	      "1 +P 6.1.0 | a()\n");
}

static void a_report_tells_the_kernel_of_a_log_that_begins_later(void **state)
{
	(void)state;
	check("Tainted: P 6.1.0-7\n"
	      "---[ end trace 1 ]---\n"
	      "Tainted: P 6.1.0-8\n"
	      "a: loading out-of-tree module taints kernel.\n",
	      "1 +P 6.1.0-7\n3 +P 6.1.0-8\nboot 6.1.0-7: oot_module a #4\n");
	check("Linux version 6.1.0-6\n"
	      "Tainted: P 6.1.0-7\n"
	      "a: loading out-of-tree module taints kernel.\n",
	      "2 +P 6.1.0-7\nboot 6.1.0-6: oot_module a #3\n");
}

static void a_licence_that_is_told_twice_counts_once(void **state)
{
	(void)state;
	check("nvidia: module license 'NVIDIA' taints kernel.\n"
	      "nvidia: module license taints kernel.\n"
	      "zfs: module license taints kernel.\n",
	      "boot : proprietary_module nvidia #1 proprietary_module zfs #3\n");
}

/* ---- who hears it ---- */

static void a_listener_that_fails_ends_it(void **state)
{
	static const char log[] = "Tainted: P 6.1.0\n---[ end trace 1 ]---\n"
				  "a: loading out-of-tree module taints kernel.\n"
				  "Tainted: G 6.1.0\n---[ end trace 1 ]---\n"
				  "Linux version 6.1.0 (x)\n"
				  "Tainted: P 6.1.0\n"
				  "CPU: 0 PID: 1 Comm: x Tainted: P 6.1.0\n"
				  "a: loading out-of-tree module taints kernel.\n";
	const size_t all = 6;

	(void)state;
	for (size_t i = 0; i <= all; i++) {
		struct heard heard = { .error = -EPIPE, .error_after = i };

		assert_int_equal(feed_log(log, &heard), i < all ? -EPIPE : 0);
		assert_int_equal(heard.reports + heard.boots, i < all ? i + 1 : all);
		text_clear(&heard.text);
	}
}

static void after_the_end_another_log_begins(void **state)
{
	struct heard heard = { 0 };
	const struct klog_listener listener = heard_listener(&heard);
	struct feed feed = { 0 };

	(void)state;
	assert_int_equal(klog_assembler_new(&listener, &feed.assembler), 0);
	for (int i = 0; i < 2; i++) {
		static const char *const lines[] = {
			"a: loading out-of-tree module taints kernel.",
			"Tainted: P 6.1.0",
			"Modules linked in: a",
			"---[ end trace 1 ]---",
			"b: module license",
		};

		/* Not the rest of what was broken in another log. */
		if (i == 1)
			assert_int_equal(feed_message(&feed, "'X' taints kernel.", 18),
			                 0);

		feed.line = 0;
		for (size_t k = 0; k < ARRAY_SIZE(lines); k++)
			assert_int_equal(feed_message(&feed, lines[k], strlen(lines[k])),
			                 0);
		assert_int_equal(klog_assembler_end(feed.assembler), 0);
		assert_false(klog_assembler_wants_next(feed.assembler));
	}
	assert_string_equal(text_string(&heard.text), "2 +P 6.1.0 | a()\n"
	                                              "boot 6.1.0: oot_module a #1\n"
	                                              "2 +P 6.1.0 | a()\n"
	                                              "boot 6.1.0: oot_module a #1\n");
	klog_assembler_free(feed.assembler);
	text_clear(&heard.text);
	assert_null(klog_assembler_free(NULL));
}

/* How much was told, without memory of its own: only what the log needs fails. */
static size_t measure(const struct text *text)
{
	return 100 * text->length;
}

static int measure_backtrace(void *context, const struct backtrace *backtrace,
                             const struct boot_log *boot)
{
	*(size_t *)context +=
		1 + backtrace->count + measure(&backtrace->title) +
		measure(&backtrace->task) + measure(&backtrace->flags) +
		measure(&backtrace->constants) + measure(&backtrace->release) +
		measure(&backtrace->supported) + measure(&backtrace->names) +
		measure(&boot->release) + measure(&boot->version);
	return 0;
}

static int measure_boot(void *context, const struct boot_log *boot)
{
	*(size_t *)context +=
		1 + boot->tally.count + measure(&boot->release) + measure(&boot->version);
	return 0;
}

static int feed_quietly(const char *log, size_t *ret_told)
{
	const struct klog_listener listener = { measure_backtrace, measure_boot,
		                                ret_told };
	struct feed feed = { 0 };
	int r = klog_assembler_new(&listener, &feed.assembler);

	*ret_told = 0;
	while (r == 0 && *log) {
		size_t length = strcspn(log, "\n");

		r = feed_message(&feed, log, length);
		log += length + (log[length] == '\n');
	}
	if (r == 0)
		r = klog_assembler_end(feed.assembler);
	klog_assembler_free(feed.assembler);
	return r;
}

#define FIFTY "01234567890123456789012345678901234567890123456789"

static void every_failed_allocation_is_an_error(void **state)
{
	static const char log[] = "Linux version 6.1.0 (x)\n"
				  "x: module license\n"
				  "'" FIFTY FIFTY FIFTY FIFTY FIFTY "' taints kernel.\n"
				  "BUG: x\n"
				  "Modules linked in: a(P)\n"
				  "b [last unloaded: c]\n"
				  "Supported: Yes\n"
				  "Pid: 1, comm: x Tainted: P\n"
				  "6.1.0\n"
				  "Tainted: [P]=PROPRIETARY_MODULE,\n"
				  "[O]=OOT_MODULE\n"
				  "---[ end trace 1 ]---\n"
				  "Modules linked in: a(P)\n"
				  "Linux version 6.1.0 (x)\n"
				  "Tainted: P 6.1.0\n"
				  "Modules linked in: a(P)\n";
	size_t failures = 0, all, told;

	(void)state;
	assert_int_equal(feed_quietly(log, &all), 0);
	assert_true(all > 1000);
	for (size_t calls = 0;; calls++) {
		int r;

		assert_true(calls < 100);
		failing = true;
		failing_at = calls;
		r = feed_quietly(log, &told);
		if (failing)
			break;
		/* The name of an announcement's module may be lost, which is counted. */
		if (r == 0)
			assert_int_equal(told, all);
		else
			assert_int_equal(r, -ENOMEM);
		failures += r < 0;
	}
	failing = false;
	assert_in_range(failures, 12, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test(name)
		TEST(an_oops_is_one_report),
		TEST(an_oops_of_6_11_and_later_names_constants),
		TEST(a_warning_lists_modules_before_it_says_its_taint),
		TEST(kernels_of_2_6_say_their_taint_last_and_suse_its_verdict),
		TEST(i386_of_rhel5_says_vli_and_the_release_in_the_next_line),
		TEST(a_hung_task_says_it_in_the_next_line),
		TEST(a_task_that_is_called_as_the_kernel_speaks_changes_nothing),
		TEST(slabs_say_it_in_their_heading_and_again),
		TEST(lock_debugging_says_the_release_before),
		TEST(the_watchdog_of_2_6_32_lists_modules_twice),
		TEST(powerpc_says_its_taint_again_with_the_registers),
		TEST(unloaded_modules_are_of_the_report_before),
		TEST(headings_and_gaps_part_reports),
		TEST(a_report_ends_where_kernels_say_so),
		TEST(constants_alone_are_a_report),
		TEST(suses_verdict_is_of_a_report_that_is_near),
		TEST(a_list_goes_on_in_lines_of_modules),
		TEST(a_long_list_is_one_report_with_what_follows),
		TEST(a_list_is_kept_up_to_a_bound),
		TEST(flags_and_release_go_on_in_the_next_line),
		TEST(constants_go_on_in_the_next_line),
		TEST(an_announcement_goes_on_in_the_next_line),
		TEST(what_was_announced_is_told_at_the_end_of_each_boot),
		TEST(the_line_of_the_version_is_kept_up_to_512_bytes),
		TEST(a_boot_ends_a_report),
		TEST(a_report_tells_the_kernel_of_a_log_that_begins_later),
		TEST(a_licence_that_is_told_twice_counts_once),
		TEST(a_listener_that_fails_ends_it),
		TEST(after_the_end_another_log_begins),
		TEST(every_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests_name("klog_assembler", tests, setup_klog,
	                                   teardown_klog);
}
