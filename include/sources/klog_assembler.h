/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From messages to reports and boots: which lines of a kernel's log belong together.
 *
 *   oops         BUG: … / Oops: … / CPU: … Tainted: … / Tainted: [P]=… / … / Modules …
 *   warning      [ cut here ] / WARNING: … / Modules … / CPU: … Tainted: … / [ end trace
 *   2.6, SUSE    BUG: … / Modules … / Supported: … / Pid: … Tainted: …
 *   hung task    INFO: task … / Not tainted …
 *   slab         BUG kmalloc-64 (Not tainted): … / … / CPU: … Tainted: …
 *   watchdog     BUG: soft lockup … / Modules … / CPU 1 / Modules … / Pid: … Tainted: …
 *   powerpc      Oops: … / Modules … / CPU: … Tainted: … / NIP: … / REGS: … Tainted: …
 */
#pragma once

#include <stdbool.h>

struct backtrace;
struct boot_log;
struct klog_line;
struct klog_message;
struct klog_assembler; /* opaque */

/* Who wants to know. What is given is borrowed for the call. 0, or -errno to stop. */
struct klog_listener {
	int (*backtrace)(void *context, const struct backtrace *backtrace,
	                 const struct boot_log *boot);
	/* At the end of each boot of which something was announced. */
	int (*boot)(void *context, const struct boot_log *boot);
	void *context;
};

/* LISTENER is borrowed. 0 or -ENOMEM. */
int klog_assembler_new(const struct klog_listener *listener,
                       struct klog_assembler **ret_assembler);
struct klog_assembler *klog_assembler_free(struct klog_assembler *assembler);

/*
 * Takes a message (klog_report.h), and LINE, what klog_parse() makes of it. For one of a
 * report HEADING is the first of the messages before it, back to the last one that said
 * something, that begins one (klog_is_heading()); NULL: none does. 0 or -errno.
 */
int klog_assembler_take(struct klog_assembler *assembler,
                        const struct klog_message *message, const struct klog_line *line,
                        const struct klog_message *heading);

/* Whether the next line has to be taken even if it says nothing by itself. */
bool klog_assembler_wants_next(const struct klog_assembler *assembler);

/* The log ends here; what was begun is told of. 0 or -errno. */
int klog_assembler_end(struct klog_assembler *assembler);
