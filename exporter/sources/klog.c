/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * The grammar. Pure: knows words, not where they come from nor what follows from them.
 *
 * Sources, as the last column abbreviates them:
 *   main.c        kernel/module/main.c of Debian's linux-source-6.12 and -6.1; versions
 *                 bracketed by kernel/module.c of RHEL 5 to 9
 *   signing.c     kernel/module/signing.c of the same
 *   panic.c       kernel/panic.c of the same
 *   dump_stack.c  lib/dump_stack.c of the same
 *   tracking.c    kernel/module/tracking.c of the same
 *   livepatch     kernel/livepatch/core.c of the same
 *   lockdown.c    security/lockdown/lockdown.c of the same
 *   msr.c         arch/x86/kernel/msr.c
 *   microcode/core.c, cpu/common.c  of arch/x86/kernel/cpu in 7.3; the rest of the text
 *                 bracketed by logs
 *   params.c      kernel/params.c, param_check_unsafe()
 *   drivers/acpi  the table overrides of drivers/acpi; logs of 2.6.32 and later
 *   fwctl/main.c  drivers/fwctl/main.c of 7.3
 *   2.6.18        kernel/module.c of 2.6.18, as RHEL 5 has it
 *   rh_messages   kernel/rh_messages.c and kernel/rh_taint.c of RHEL 6 to 9
 *   supported-flag  patches.suse/supported-flag for 3.0 to 5.14
 *   novell        logs of SLES 9 and 10
 */
/* clang-format on */
#include "sources/klog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/search.h"

/* clang-format off */
#define SAYS(name, words, pattern, versions, source) \
	{ KLOG_ANNOUNCEMENT, ANNOUNCEMENT_##name, false, words, pattern, versions, source }
#define ECHOES(name, words, pattern, versions, source) \
	{ KLOG_ANNOUNCEMENT, ANNOUNCEMENT_##name, true, words, pattern, versions, source }
#define STRUCTURE(kind, words, pattern, versions, source) \
	{ KLOG_##kind, 0, false, words, pattern, versions, source }

/* Announcements first. Of rows that fit equally well the first is taken. */
static const struct klog_row rows[] = {
	SAYS(UNSIGNED_MODULE, "module verification failed",
	     "%m: module verification failed: signature and/or required key missing - tainting kernel",
	     "3.13 and later, RHEL 7; once per boot", "main.c"),
	SAYS(UNSIGNED_MODULE, "module verification failed",
	     "%m: module verification failed: signature and/or  required key missing - tainting kernel",
	     "about 3.13, with two blanks; once per boot", "log of 3.13"),
	SAYS(OOT_MODULE, "loading out-of-tree module",
	     "%m: loading out-of-tree module taints kernel.",
	     "4.7 and later, RHEL 7.9; the first one", "main.c"),
	SAYS(PROPRIETARY_MODULE, "module license",
	     "%m: module license '%s' taints kernel.",
	     "all; the first one", "main.c"),
	ECHOES(PROPRIETARY_MODULE, "module license",
	       "%m: module license taints kernel.",
	       "4.7 and later; the first one, may follow the other wording", "main.c"),
	SAYS(LOCK_DEBUGGING_DISABLED, "lock debugging due to",
	     "Disabling lock debugging due to kernel taint",
	     "2.6.3x and later; once, for taints such as P, F and R", "panic.c"),
	SAYS(CRAP, "from the staging directory",
	     "%m: module is from the staging directory, the quality is unknown, you have been warned.",
	     "2.6.28 and later; each load", "main.c"),
	SAYS(LIVEPATCH, "tainting kernel with TAINT_LIVEPATCH",
	     "%m: tainting kernel with TAINT_LIVEPATCH",
	     "4.18 and later; once", "livepatch"),
	SAYS(TEST, "loading test module",
	     "%m: loading test module taints kernel.",
	     "6.0 and later; the first one", "main.c"),
	SAYS(FORCED_MODULE, "kernel tainted",
	     "%m: no version for \"%s\" found: kernel tainted.",
	     "before 2.6.31, RHEL 5; the first one", "2.6.18"),
	SAYS(FORCED_MODULE, "no version magic",
	     "%m: no version magic, tainting kernel.",
	     "before 2.6.31, RHEL 5", "2.6.18"),
	SAYS(FORCED_MODULE, "kernel tainted",
	     "%m: bad vermagic: kernel tainted.",
	     "2.6.31 and later; the first one", "main.c"),
	SAYS(FORCED_MODULE, "kernel tainted",
	     "%m: no versions for exported symbols: kernel tainted.",
	     "2.6.31 and later; the first one", "main.c"),
	SAYS(FORCED_MODULE, "kernel tainted",
	     "%m: %s: kernel tainted.",
	     "2.6.31 and later, with a symbol; the first one", "main.c"),
	SAYS(PROPRIETARY_SYMBOLS, "inheriting taint",
	     "%m: module uses symbols from proprietary module %s, inheriting taint.",
	     "5.9 to 5.14; each load", "main.c"),
	SAYS(PROPRIETARY_SYMBOLS, "inheriting taint",
	     "%m: module uses symbols %s, inheriting taint.",
	     "6.1 and later, with the symbol; each load", "main.c"),
	SAYS(NO_RETPOLINE, "not compiled with retpoline",
	     "%m: loading module not compiled with retpoline compiler.",
	     "4.16 and later; each load", "main.c"),
	SAYS(MODULE_REJECTED, "Loading of ",
	     "Loading of unsigned module is rejected",
	     "5.4 and later; each try", "signing.c"),
	SAYS(MODULE_REJECTED, "Loading of ",
	     "Loading of module with unsupported crypto is rejected",
	     "5.4 and later; each try", "signing.c"),
	SAYS(MODULE_REJECTED, "Loading of ",
	     "Loading of module with unavailable key is rejected",
	     "5.4 and later; each try", "signing.c"),
	SAYS(MODULE_REJECTED, "unsigned module loading is restricted",
	     "Lockdown: %s: unsigned module loading is restricted",
	     "5.4 and later; each try", "lockdown.c"),
	SAYS(MODULE_REJECTED, "Loading of unsigned module is restricted",
	     "Lockdown: %s: Loading of unsigned module is restricted",
	     "Ubuntu 4.15 to 5.3, Debian 4.19, Fedora; each try", "logs of 4.15 and 4.19"),
	SAYS(MODULE_REJECTED, "module using GPL-only symbols",
	     "%m: module using GPL-only symbols uses symbols from proprietary module %s.",
	     "5.9 to 5.14; each try", "main.c"),
	SAYS(MODULE_REJECTED, "module using GPL-only symbols",
	     "%m: module using GPL-only symbols uses symbols %s.",
	     "6.1 and later, with the symbol; each try", "main.c"),
	SAYS(MODULE_REJECTED, "not supported by ",
	     "%m: module not supported by SUSE, refusing to load.",
	     "SLE 11 to 15; each try", "supported-flag"),
	SAYS(PANIC_ON_TAINT, "panic_on_taint: ",
	     "panic_on_taint: bitmask=%s",
	     "5.8 and later, RHEL 8.3; at boot", "panic.c"),
	SAYS(OLD_MICROCODE, "Running old microcode",
	     "x86/CPU: Running old microcode",
	     "6.16 and later, on Intel without a hypervisor; at boot", "cpu/common.c"),
	SAYS(LATE_MICROCODE, "late microcode loading",
	     "Attempting late microcode loading - it is dangerous and taints the kernel.",
	     "5.19 to 6.6; each load", "microcode/core.c"),
	SAYS(LATE_MICROCODE, "Late microcode loading",
	     "Late microcode loading without minimal revision check.",
	     "6.7 and later; each load", "microcode/core.c"),
	SAYS(MSR_WRITE, "unrecognized MSR ",
	     "msr: Write to unrecognized MSR %s, tainting CPU_OUT_OF_SPEC.",
	     "5.9 and later; rate limited", "msr.c"),
	SAYS(MSR_WRITE, "unrecognized MSR ",
	     "msr: Write to unrecognized MSR %s.",
	     "5.9 and later; rate limited", "msr.c"),
	SAYS(MSR_WRITE, "unrecognized MSR ",
	     "msr: Write to unrecognized MSR %s",
	     "5.9; rate limited", "msr.c"),
	SAYS(SETCPUID, "setcpuid=/clearcpuid=",
	     "setcpuid=/clearcpuid= in use, this is for TESTING ONLY, may break things horribly. Tainting kernel.",
	     "6.15 or so and later; at boot", "cpu/common.c"),
	SAYS(DANGEROUS_OPTION, "Setting dangerous option",
	     "Setting dangerous option %s - tainting kernel",
	     "3.17 and later; each option", "params.c"),
	SAYS(OVERRIDDEN_ACPI_TABLE, "ACPI: Override [",
	     "ACPI: Override [%s], this is unsafe: tainting kernel",
	     "2.6.25 and later; each table", "drivers/acpi"),
	SAYS(FWCTL, "requested full access",
	     "fwctl %s: has requested full access to the physical device device",
	     "6.15 to 7.2; the first one of a device", "fwctl/main.c"),
	SAYS(FWCTL, "requested full access",
	     "fwctl %s: has requested full access to the physical device",
	     "7.3 and later; the first one of a device", "fwctl/main.c"),
	SAYS(UNPRIVILEGED_BPF, "Unprivileged BPF has been enabled",
	     "Unprivileged BPF has been enabled%s, tainting the kernel",
	     "RHEL 8 to 10; at boot", "kernel-ark bpf/syscall.c"),
	SAYS(TECH_PREVIEW, "TECH PREVIEW: ",
	     "TECH PREVIEW: %M may not be fully supported.",
	     "RHEL 6 to 10; each load, or the first use of a subsystem", "rh_messages"),
	SAYS(PARTNER_SUPPORTED, "Partner supported",
	     "Warning: %m is a Partner supported GPL module",
	     "RHEL 9.2 and later; each load", "rh_messages"),
	SAYS(EXTERNAL_SUPPORT, "externally supported module",
	     "%m: externally supported module, setting X kernel taint flag.",
	     "SLE 12 SP4 to 15 SP5, openSUSE up to 6.17; each load", "supported-flag"),
	SAYS(NO_SUPPORT, "not supported by ",
	     "%m: module is not supported by SUSE.",
	     "SLE 11 to 15; each load", "supported-flag"),
	SAYS(NO_SUPPORT, "not supported by ",
	     "%m: module not supported by Novell, setting U taint flag.",
	     "SLES 9 and 10; each load", "novell"),

	STRUCTURE(CONSTANTS, "Tainted: ", "Tainted: [%s", "6.11 and later, RHEL 10", "panic.c"),
	STRUCTURE(TAINTED, "Tainted: ", "Tainted: %s", "all", "dump_stack.c"),
	STRUCTURE(TAINTED, " Tainted:", " Tainted:%s", "all; a mail broke it behind the colon",
		  "dump_stack.c"),
	STRUCTURE(NOT_TAINTED, "Not tainted", "Not tainted%s", "all", "dump_stack.c"),
	STRUCTURE(MODULES, "odules linked in:", "Modules linked in:%s", "all", "main.c"),
	STRUCTURE(UNLOADED, "Unloaded tainted modules:", "Unloaded tainted modules:%s",
		  "5.19 and later", "tracking.c"),
	STRUCTURE(SUPPORTED, "Supported: ", "Supported: %s", "SUSE", "supported-flag"),
	STRUCTURE(RELEASE, "Linux version ", "Linux version %s", "all", "init/version.c"),
	STRUCTURE(BEGIN, "[ cut here ]", "[ cut here ]%s", "2.6.26 and later", "panic.c"),
	STRUCTURE(END, "[ end trace", "[ end trace%s", "2.6.26 and later", "panic.c"),
};
/* clang-format on */

/* How reports begin, on all architectures. */
static const char *const headings[] = {
	"BUG: ",
	"WARNING: ",
	"Oops: ",
	"Oops[#",
	"kernel BUG at ",
	"Kernel panic - not syncing",
	"general protection fault",
	"divide error: ",
	"invalid opcode: ",
	"double fault: ",
	"INFO: task ",
	"detected stall",
	"Unable to handle kernel",
	"Internal error: ",
	"page allocation failure",
	"invoked oom-killer",
	"(Tainted: ", /* "BUG kmalloc-64 (Tainted: G    B    ): Poison overwritten" */
	"(Not tainted): ",
};

struct klog {
	struct search search;
};

const struct klog_row *klog_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}

int klog_new(struct klog **ret_klog)
{
	struct klog *klog = malloc(sizeof(*klog));

	if (!klog)
		return -ENOMEM;
	search_init(&klog->search);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		search_add(&klog->search, rows[i].words, strlen(rows[i].words));
	search_prepare(&klog->search);
	*ret_klog = klog;
	return 0;
}
_Static_assert(ARRAY_SIZE(rows) <= SEARCH_WORDS_MAX, "every row can be looked for");

struct klog *klog_free(struct klog *klog)
{
	free(klog);
	return NULL;
}

const char *klog_find(const struct klog *klog, const char *text, size_t length)
{
	return search_find(&klog->search, text, length);
}

static const char *find_first(const char *text, const char *end, struct klog_slice words)
{
	return memmem(text, (size_t)(end - text), words.bytes, words.length);
}

static const char *find_last(const char *text, const char *end, struct klog_slice words)
{
	const char *found = NULL;

	while ((text = find_first(text, end, words)))
		found = text++;
	return found;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct klog_slice trim(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	return (struct klog_slice){ start, (size_t)(end - start) };
}

/* The last word before END; empty if there is a blank before it. */
static struct klog_slice last_word(const char *start, const char *end)
{
	const char *word = end;

	while (word > start && !is_blank(word[-1]))
		word--;
	return (struct klog_slice){ word, (size_t)(end - word) };
}

/*
 * Red Hat's kernels name a module or a subsystem ("eBPF syscall", "DIF/DIX support") in
 * the same place: a module's name is one word in small letters.
 */
static bool is_module_name(struct klog_slice name)
{
	for (size_t i = 0; i < name.length; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", name.bytes[i]) ||
		    !name.bytes[i])
			return false;
	/* "kernel" stands there if nothing is named. */
	return name.length > 0 &&
	       !(name.length == 6 && memcmp(name.bytes, "kernel", 6) == 0);
}

/* What every pattern consists of: "[%m]FIRST[%xLAST]". */
struct pieces {
	bool has_module; /* before the first */
	struct klog_slice first;
	char value; /* 'm', 'M', 's', or '\0': nothing follows */
	struct klog_slice last;
};

static struct pieces pieces_of(const char *pattern)
{
	struct pieces pieces = { .has_module = strncmp(pattern, "%m", 2) == 0 };

	pattern += pieces.has_module ? 2 : 0;
	pieces.first = (struct klog_slice){ pattern, strcspn(pattern, "%") };
	pattern += pieces.first.length;
	if (*pattern) {
		pieces.value = pattern[1];
		pieces.last = (struct klog_slice){ pattern + 2, strlen(pattern + 2) };
	}
	return pieces;
}

/*
 * The first piece of a structure is looked for from the end, since the name of a process,
 * which may be anything, stands before it. So is the last piece of all, since what stands
 * before that may hold anything, too. Where the match ends; NULL: there is none.
 */
static const char *match(const struct klog_row *row, const char *message, size_t length,
                         struct klog_line *line)
{
	struct pieces pieces = pieces_of(row->pattern);
	const char *end = message + length, *first, *value, *last = end;

	first = row->kind == KLOG_ANNOUNCEMENT ? find_first(message, end, pieces.first)
	                                       : find_last(message, end, pieces.first);
	if (!first)
		return NULL;
	value = first + pieces.first.length;
	if (pieces.last.length)
		last = find_last(value, end, pieces.last);
	if (!last)
		return NULL;

	*line = (struct klog_line){ .kind = row->kind, .row = row };
	line->before = trim(message, first);
	if (pieces.has_module)
		line->module = last_word(message, first);
	if (pieces.value)
		line->detail = trim(value, last);
	if (pieces.value == 'm' ||
	    (pieces.value == 'M' && is_module_name(line->detail))) {
		line->module = line->detail;
		line->detail.length = 0;
	}
	if ((pieces.has_module || pieces.value == 'm') && !line->module.length)
		return NULL;
	if (pieces.value == 'M' && !line->module.length && !line->detail.length)
		return NULL;
	/* A process called "Tainted: x" has none. */
	if (row->kind == KLOG_TAINTED && line->detail.length &&
	    !klog_tainted_parse(line->detail).flags.length)
		return NULL;
	return pieces.value ? last + pieces.last.length : value;
}

/*
 * What somebody else chose may hold the words of another row: a licence or a symbol
 * behind an announcement's first words, a process called "Tainted: G" before the kernel's
 * own. Of announcements the first and longest is the kernel's, of all else the last.
 */
static bool is_better(const struct klog_line *line, const char *end,
                      const struct klog_line *best, const char *best_end)
{
	if (!best->row)
		return true;
	if (line->kind != KLOG_ANNOUNCEMENT)
		return best->kind != KLOG_ANNOUNCEMENT &&
		       line->before.length > best->before.length;
	return line->before.length < best->before.length ||
	       (line->before.length == best->before.length && end > best_end);
}

struct klog_line klog_parse(const char *message, size_t length)
{
	struct klog_line best = { .kind = KLOG_NOTHING }, line;
	const char *best_end = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *end = match(&rows[i], message, length, &line);

		if (!end || !is_better(&line, end, &best, best_end))
			continue;
		best = line;
		best_end = end;
	}
	return best;
}

bool klog_is_of_report(enum klog_kind kind)
{
	return kind == KLOG_TAINTED || kind == KLOG_NOT_TAINTED ||
	       kind == KLOG_CONSTANTS || kind == KLOG_MODULES || kind == KLOG_UNLOADED;
}

bool klog_is_heading(const char *message, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		if (memmem(message, length, headings[i], strlen(headings[i])))
			return true;
	return false;
}
