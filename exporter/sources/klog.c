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

/* The first row that fits is taken. */
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
	SAYS(PROPRIETARY_SYMBOLS, "from proprietary module",
	     "%m: module uses symbols from proprietary module %s, inheriting taint.",
	     "5.9 to 5.14; each load", "main.c"),
	SAYS(PROPRIETARY_SYMBOLS, "from proprietary module",
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
	SAYS(MODULE_REJECTED, "not supported by ",
	     "%m: module not supported by SUSE, refusing to load.",
	     "SLE 11 to 15; each try", "supported-flag"),
	SAYS(PANIC_ON_TAINT, "panic_on_taint: ",
	     "panic_on_taint: bitmask=%s",
	     "5.8 and later, RHEL 8.3; at boot", "panic.c"),
	SAYS(TECH_PREVIEW, "TECH PREVIEW: ",
	     "TECH PREVIEW: %m may not be fully supported.",
	     "RHEL 6 to 10; each load", "rh_messages"),
	SAYS(PARTNER_SUPPORTED, "Partner supported",
	     "Warning: %m is a Partner supported GPL module",
	     "RHEL 9.2 and later; each load", "rh_messages"),
	SAYS(EXTERNAL_SUPPORT, "externally supported module",
	     "%m: externally supported module, setting X kernel taint flag.",
	     "SLE 12 SP4 to 15 SP5; each load", "supported-flag"),
	SAYS(NO_SUPPORT, "not supported by ",
	     "%m: module is not supported by SUSE.",
	     "SLE 11 to 15; each load", "supported-flag"),
	SAYS(NO_SUPPORT, "not supported by ",
	     "%m: module not supported by Novell, setting U taint flag.",
	     "SLES 9 and 10; each load", "novell"),

	STRUCTURE(CONSTANTS, "Tainted: ", "Tainted: [%s", "6.11 and later, RHEL 10", "panic.c"),
	STRUCTURE(TAINTED, "Tainted: ", "Tainted: %s", "all", "dump_stack.c"),
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

static const char *find_first(const char *text, const char *end, const char *words,
                              size_t length)
{
	return memmem(text, (size_t)(end - text), words, length);
}

static const char *find_last(const char *text, const char *end, const char *words,
                             size_t length)
{
	const char *found = NULL;

	while ((text = find_first(text, end, words, length))) {
		found = text++;
	}
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

/* Takes the text between two placeholders, or before or behind all, off *PATTERN. */
static size_t literal_length(const char *pattern)
{
	return strcspn(pattern, "%");
}

/* What a placeholder stands for goes to where it belongs. */
static void take(struct klog_line *line, char placeholder, struct klog_slice value)
{
	*(placeholder == 'm' ? &line->module : &line->detail) = value;
}

/*
 * Finds the pieces of the pattern one after another. The last one is looked for from the
 * end, so that what %s stands for may hold anything; so is the only one of a row that is
 * no announcement, since a name of a process, which may be anything, stands before it.
 */
static bool match(const struct klog_row *row, const char *message, size_t length,
                  struct klog_line *line)
{
	const char *pattern = row->pattern, *at = message, *end = message + length;
	bool is_first = true, is_structure = row->kind != KLOG_ANNOUNCEMENT;
	char placeholder = '\0';

	*line = (struct klog_line){ .kind = row->kind, .row = row };
	for (;;) {
		size_t size = literal_length(pattern);
		bool is_last = pattern[size] == '\0';
		const char *found;

		if (size) {
			found = (is_last && !is_first) || (is_structure && is_first)
			                ? find_last(at, end, pattern, size)
			                : find_first(at, end, pattern, size);
			if (!found)
				return false;
			if (is_first)
				line->before = trim(message, found);
			if (placeholder == 'm' && is_first)
				take(line, placeholder, last_word(at, found));
			else if (placeholder)
				take(line, placeholder, trim(at, found));
			if (placeholder == 'm' && !line->module.length)
				return false;
			at = found + size;
			is_first = false;
		} else if (is_last && placeholder) {
			take(line, placeholder, trim(at, end));
		}
		if (is_last)
			return true;
		placeholder = pattern[size + 1];
		pattern += size + 2;
	}
}

struct klog_line klog_parse(const char *message, size_t length)
{
	struct klog_line best = { .kind = KLOG_NOTHING };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct klog_line line;

		if (!match(&rows[i], message, length, &line))
			continue;
		if (line.kind == KLOG_ANNOUNCEMENT)
			return line;
		/* A process may be called "Tainted: G"; the kernel's words are the last.
		 */
		if (!best.row || line.before.length > best.before.length)
			best = line;
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
