/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel announces in its log when it is tainted, or refuses to be. The wordings
 * are in sources/klog.
 */
#pragma once

#include <stdbool.h>

#include "model/taint.h"

/* In the order of their names. */
enum announcement {
	ANNOUNCEMENT_CRAP,
	ANNOUNCEMENT_DANGEROUS_OPTION,
	ANNOUNCEMENT_EXTERNAL_SUPPORT,
	ANNOUNCEMENT_FORCED_MODULE,
	ANNOUNCEMENT_FWCTL,
	ANNOUNCEMENT_LATE_MICROCODE,
	ANNOUNCEMENT_LIVEPATCH,
	ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED,
	ANNOUNCEMENT_MODULE_REJECTED,
	ANNOUNCEMENT_MSR_WRITE,
	ANNOUNCEMENT_NO_RETPOLINE,
	ANNOUNCEMENT_NO_SUPPORT,
	ANNOUNCEMENT_OLD_MICROCODE,
	ANNOUNCEMENT_OOT_MODULE,
	ANNOUNCEMENT_OVERRIDDEN_ACPI_TABLE,
	ANNOUNCEMENT_PANIC_ON_TAINT,
	ANNOUNCEMENT_PARTNER_SUPPORTED,
	ANNOUNCEMENT_PROPRIETARY_MODULE,
	ANNOUNCEMENT_PROPRIETARY_SYMBOLS,
	ANNOUNCEMENT_SETCPUID,
	ANNOUNCEMENT_TECH_PREVIEW,
	ANNOUNCEMENT_TEST,
	ANNOUNCEMENT_UNPRIVILEGED_BPF,
	ANNOUNCEMENT_UNSIGNED_MODULE,
	ANNOUNCEMENT_COUNT,
};

/*
 * The value of the label `event`: the slug of the taint (taint.h), or the cause where a
 * taint has several.
 */
const char *announcement_name(enum announcement announcement);

/* The end of a sentence that begins with the name of the module, or else … */
const char *announcement_meaning(enum announcement announcement);

/* … with this: "the kernel", or "a module" that the log does not name. */
const char *announcement_subject(enum announcement announcement);

/* The text between it and the option, process or table that the log names: ": ". */
const char *announcement_detail(enum announcement announcement);

/* Whether the kernel is tainted by the event; else it is a remark. */
bool announcement_is_taint(enum announcement announcement);

/* The taint that the event sets; TAINT_COUNT: none, or the log does not tell. */
enum taint announcement_taint(enum announcement announcement);
