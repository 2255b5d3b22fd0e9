/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of the kernel's log, as far as it speaks of taint: one row per wording.
 * For /dev/kmsg and for logs that somebody saved, mailed, or got out of a crash dump.
 *
 * Everything in a log is hostile: names of modules and processes stand in it as they are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/announcement.h"
#include "sources/klog_tainted.h"

enum klog_kind {
	KLOG_NOTHING,
	KLOG_ANNOUNCEMENT,
	KLOG_TAINTED,     /* "… Tainted: P           OE 6.1.0 …" */
	KLOG_NOT_TAINTED, /* "… Not tainted 6.1.0 …" */
	KLOG_CONSTANTS,   /* "Tainted: [P]=PROPRIETARY_MODULE, …", 6.11 and later */
	KLOG_MODULES,     /* "Modules linked in: …" */
	KLOG_UNLOADED,    /* "Unloaded tainted modules: …" */
	KLOG_SUPPORTED,   /* "Supported: Yes", SUSE */
	KLOG_RELEASE,     /* "Linux version …": a kernel boots */
	KLOG_BEGIN,       /* "---[ cut here ]---" */
	KLOG_END,         /* "---[ end trace … ]---" */
};

/* One wording. */
struct klog_row {
	enum klog_kind kind;
	enum announcement announcement; /* of KLOG_ANNOUNCEMENT */
	bool is_echo; /* says once more what another one may have said already */
	const char
		*words; /* a part of the pattern that tells the row, at least 9 bytes */
	const char *pattern;  /* %m: a module; %M: one, or a subsystem; %s: anything */
	const char *versions; /* which kernels print it */
	const char *source;   /* where that was read */
};

/* What a message says. */
struct klog_line {
	enum klog_kind kind;
	const struct klog_row *row; /* NULL: nothing */
	struct klog_slice before;   /* what stands before the words */
	struct klog_slice module;   /* of an announcement; empty: it names none */
	struct klog_slice detail;   /* what %s stands for; empty: nothing */
};

/* All rows, for tests. */
const struct klog_row *klog_rows(size_t *ret_count);

struct klog; /* opaque */

/* What klog_find() needs. 0 or -ENOMEM. */
int klog_new(struct klog **ret_klog);
struct klog *klog_free(struct klog *klog); /* takes NULL; returns NULL */

/*
 * The first place in TEXT, of many lines, where something that klog_parse() knows may be;
 * NULL: nowhere. Most bytes are never looked at.
 */
const char *klog_find(const struct klog *klog, const char *text, size_t length);

/*
 * Understands one message, without what stands before it in a log. A module is the last
 * word before its ':', so that something else before it does no harm.
 */
struct klog_line klog_parse(const char *message, size_t length);

/* Whether such a line is of a report, such as an oops. */
bool klog_is_of_report(enum klog_kind kind);

/*
 * Whether a message begins a report of the kernel: an oops, a warning, a lockup. What
 * klog_find() looks for is further down in it.
 */
bool klog_is_heading(const char *message, size_t length);
