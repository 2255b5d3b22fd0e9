/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a kernel that is being put together, line by line: which lines belong to
 * it, and which one is the rest of another that a mail or a console broke.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/backtrace.h"

struct klog_line;

/* One line without what stands before its message; not terminated. */
struct klog_message {
	const char *bytes;
	size_t length;
	struct stamp stamp;
	uint64_t line; /* from 1 on */
};

/* What the next message may be the rest of. */
enum klog_rest {
	KLOG_REST_NONE,
	KLOG_REST_MODULES,
	KLOG_REST_UNLOADED,
	KLOG_REST_TAINTED, /* the flags, or the release behind them */
	KLOG_REST_CONSTANTS,
};

/* All zero at first. */
struct klog_report {
	struct backtrace backtrace;
	bool is_open;        /* something of it was taken */
	bool is_only_headed; /* its taint is that of its heading, more may follow */
	uint64_t last_line;
	struct stamp last_stamp; /* of that line */
	enum klog_rest rest;
	struct text broken; /* what there is of it */
};

void klog_report_clear(struct klog_report *report);

/*
 * Whether a message of a report (klog_is_of_report()) is not of this one. It was parsed
 * into LINE, and HEADING stands before it, or is NULL.
 */
bool klog_report_is_other(const struct klog_report *report,
                          const struct klog_message *message,
                          const struct klog_line *line,
                          const struct klog_message *heading);

/* Takes a message that is of this report, or begins it. */
void klog_report_take(struct klog_report *report, const struct klog_message *message,
                      const struct klog_line *line, const struct klog_message *heading);

/* Takes SUSE's verdict, if it is of this report. */
void klog_report_take_supported(struct klog_report *report,
                                const struct klog_message *message,
                                const struct klog_line *line);

/* Takes a message that says nothing by itself, for what was broken. 0 or -ENOMEM. */
int klog_report_take_rest(struct klog_report *report, const struct klog_message *message);

/* Nothing more is broken. 0 or -ENOMEM. */
int klog_report_end_rest(struct klog_report *report);
