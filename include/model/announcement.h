/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel announces in its log when it is tainted, or refuses to be. The wordings
 * are in sources/klog.
 */
#pragma once

#include <stdbool.h>

/* In the order of their names. */
enum announcement {
	ANNOUNCEMENT_CRAP,
	ANNOUNCEMENT_EXTERNAL_SUPPORT,
	ANNOUNCEMENT_FORCED_MODULE,
	ANNOUNCEMENT_LIVEPATCH,
	ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED,
	ANNOUNCEMENT_MODULE_REJECTED,
	ANNOUNCEMENT_NO_RETPOLINE,
	ANNOUNCEMENT_NO_SUPPORT,
	ANNOUNCEMENT_OOT_MODULE,
	ANNOUNCEMENT_PANIC_ON_TAINT,
	ANNOUNCEMENT_PARTNER_SUPPORTED,
	ANNOUNCEMENT_PROPRIETARY_MODULE,
	ANNOUNCEMENT_PROPRIETARY_SYMBOLS,
	ANNOUNCEMENT_TECH_PREVIEW,
	ANNOUNCEMENT_TEST,
	ANNOUNCEMENT_UNSIGNED_MODULE,
	ANNOUNCEMENT_COUNT,
};

/*
 * The value of the label `event`: the slug of the taint (taint.h) where it announces one
 * that has no other announcement.
 */
const char *announcement_name(enum announcement announcement);

/* What happened, in a few words that go on after the name of the module, or else … */
const char *announcement_meaning(enum announcement announcement);

/* … after this: "a module" of which the log does not say which, or "the kernel". */
const char *announcement_subject(enum announcement announcement);

/* Whether the kernel is tainted by what is announced; else it is a remark. */
bool announcement_is_taint(enum announcement announcement);
