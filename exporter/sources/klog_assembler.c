/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports out of messages. Knows in which order kernels print them; what a message says
 * is klog's, and where it stood klog_reader's.
 */
#include "sources/klog_assembler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/boot_log.h"
#include "sources/klog.h"
#include "sources/klog_modules.h"

/* Lines of one report are not further apart: registers, stack and call trace. */
#define REPORT_GAP_MAX 300

/* The constants, and SUSE's verdict, follow at once but for what another CPU prints. */
#define NEXT_GAP_MAX 5

/* Bytes of what is kept. */
#define WORDS_MAX   256
#define VERSION_MAX 512
#define LIST_MAX    (256u << 10)
#define BROKEN_MAX  2048

/* What the next message may be the rest of. */
enum rest {
	REST_NONE,
	REST_MODULES,  /* a list */
	REST_UNLOADED, /* likewise */
	REST_TAINTED,  /* the flags, or the release behind them */
	REST_MESSAGE,  /* an announcement */
};

struct klog_assembler {
	const struct klog_listener *listener;
	struct boot_log boot;

	struct backtrace report;
	bool is_open;
	uint64_t last_line; /* of the report */

	enum rest rest;
	struct text broken;                 /* what there is of it */
	struct klog_message broken_message; /* where it began; its bytes are gone */
};

int klog_assembler_new(const struct klog_listener *listener,
                       struct klog_assembler **ret_assembler)
{
	struct klog_assembler *assembler = calloc(1, sizeof(*assembler));

	if (!assembler)
		return -ENOMEM;
	assembler->listener = listener;
	*ret_assembler = assembler;
	return 0;
}

struct klog_assembler *klog_assembler_free(struct klog_assembler *assembler)
{
	if (!assembler)
		return NULL;
	backtrace_clear(&assembler->report);
	boot_log_clear(&assembler->boot);
	text_clear(&assembler->broken);
	free(assembler);
	return NULL;
}

bool klog_assembler_wants_next(const struct klog_assembler *assembler)
{
	return assembler->rest != REST_NONE;
}

/* Replaces the text by at most MAX of the bytes. */
static void set(struct text *text, struct klog_slice bytes, size_t max)
{
	text_reset(text);
	text_add(text, bytes.bytes, bytes.length < max ? bytes.length : max);
}

/* ---- the end of what was begun ---- */

static int end_list(struct klog_assembler *assembler)
{
	bool is_unloaded = assembler->rest == REST_UNLOADED;

	if (assembler->rest != REST_MODULES && !is_unloaded)
		return 0;
	assembler->rest = REST_NONE;
	return klog_modules_parse(text_string(&assembler->broken),
	                          assembler->broken.length, is_unloaded,
	                          &assembler->report);
}

static int close_report(struct klog_assembler *assembler)
{
	struct backtrace *report = &assembler->report;
	int r = end_list(assembler);

	if (r == 0)
		r = backtrace_error(report);
	if (r == 0 && assembler->is_open)
		r = assembler->listener->backtrace(assembler->listener->context, report,
		                                   &assembler->boot);
	/* A log that begins after the boot. */
	if (!assembler->boot.release.length)
		set(&assembler->boot.release,
		    (struct klog_slice){ text_string(&report->release),
		                         report->release.length },
		    WORDS_MAX);
	backtrace_clear(report);
	assembler->is_open = false;
	return r;
}

int klog_assembler_end(struct klog_assembler *assembler)
{
	int r = close_report(assembler);

	if (r == 0 && assembler->boot.tally.count)
		r = assembler->listener->boot(assembler->listener->context,
		                              &assembler->boot);
	boot_log_clear(&assembler->boot);
	assembler->rest = REST_NONE;
	return r;
}

/* ---- messages ---- */

/* Goes on with the report at hand, or begins one if it HAS such a message already. */
static int open_report(struct klog_assembler *assembler,
                       const struct klog_message *message,
                       const struct klog_message *heading, bool has)
{
	const struct klog_message *first = heading ? heading : message;
	int r;

	if (assembler->is_open && !has && !heading &&
	    message->line - assembler->last_line <= REPORT_GAP_MAX) {
		assembler->last_line = message->line;
		return 0;
	}
	r = close_report(assembler);
	assembler->is_open = true;
	assembler->last_line = message->line;
	assembler->report.line = first->line;
	assembler->report.stamp = first->stamp;
	if (heading)
		set(&assembler->report.title,
		    (struct klog_slice){ heading->bytes, heading->length }, WORDS_MAX);
	return r;
}

/* The word at the start of BYTES, if it is a kernel's release; else an empty one. */
static struct klog_slice release_of(struct klog_slice bytes)
{
	const char *blank = memchr(bytes.bytes, ' ', bytes.length);

	if (blank)
		bytes.length = (size_t)(blank - bytes.bytes);
	if (bytes.length < 3 || *bytes.bytes < '0' || *bytes.bytes > '9' ||
	    !memchr(bytes.bytes, '.', bytes.length))
		bytes.length = 0;
	return bytes;
}

static bool is_flag(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '?';
}

/*
 * "P           OE  ------------ T 3.10.0-1160.el7.x86_64 #1": the flags reach to the
 * release, or to the first word that is none. False without a release.
 */
static bool split_tainted(struct klog_slice detail, struct klog_slice *ret_flags,
                          struct klog_slice *ret_release)
{
	const char *at = detail.bytes, *end = at + detail.length, *word = at;

	*ret_flags = (struct klog_slice){ detail.bytes, 0 };
	for (;; at++) {
		if (at < end && is_flag(*at))
			continue;
		if (at < end && *at != ' ')
			break;
		ret_flags->length = (size_t)(at - detail.bytes);
		if (at == end)
			break;
		word = at + 1;
	}
	*ret_release = release_of((struct klog_slice){ word, (size_t)(end - word) });
	return ret_release->length > 0;
}

static void set_tainted(struct klog_assembler *assembler, struct klog_slice detail)
{
	struct backtrace *report = &assembler->report;
	struct klog_slice flags, release;

	assembler->rest = REST_NONE;
	if (!split_tainted(detail, &flags, &release)) {
		set(&assembler->broken, detail, WORDS_MAX);
		assembler->rest = REST_TAINTED;
	}
	set(&report->flags, flags, WORDS_MAX);
	set(&report->release, release, WORDS_MAX);
}

static int take_tainted(struct klog_assembler *assembler,
                        const struct klog_message *message,
                        const struct klog_message *heading, const struct klog_line *line)
{
	struct backtrace *report = &assembler->report;
	int r = open_report(assembler, message, heading,
	                    report->tainted != BACKTRACE_UNKNOWN);

	set(&report->task, line->before, WORDS_MAX);
	if (line->kind == KLOG_TAINTED) {
		report->tainted = BACKTRACE_TAINTED;
		set_tainted(assembler, line->detail);
	} else {
		report->tainted = BACKTRACE_NOT_TAINTED;
		set(&report->release, release_of(line->detail), WORDS_MAX);
	}
	return r;
}

static int take_constants(struct klog_assembler *assembler,
                          const struct klog_message *message,
                          const struct klog_message *heading,
                          const struct klog_line *line)
{
	struct backtrace *report = &assembler->report;
	bool is_next = report->tainted == BACKTRACE_TAINTED &&
	               message->line - assembler->last_line <= NEXT_GAP_MAX;
	int r = open_report(assembler, message, heading,
	                    !is_next || report->constants.length);

	report->tainted = BACKTRACE_TAINTED;
	set(&report->constants, line->detail, VERSION_MAX);
	return r;
}

static int take_list(struct klog_assembler *assembler, const struct klog_message *message,
                     const struct klog_message *heading, const struct klog_line *line)
{
	bool is_unloaded = line->kind == KLOG_UNLOADED;
	int r = open_report(assembler, message, heading,
	                    !is_unloaded && assembler->report.has_modules);

	assembler->report.has_modules |= !is_unloaded;
	assembler->rest = is_unloaded ? REST_UNLOADED : REST_MODULES;
	set(&assembler->broken, line->detail, LIST_MAX);
	return r;
}

static void take_supported(struct klog_assembler *assembler,
                           const struct klog_message *message,
                           const struct klog_line *line)
{
	if (assembler->is_open && message->line - assembler->last_line <= NEXT_GAP_MAX)
		set(&assembler->report.supported, line->detail, WORDS_MAX);
}

/* A kernel boots: nothing that was announced before is of it. */
static int take_release(struct klog_assembler *assembler, const struct klog_line *line)
{
	struct klog_slice release = release_of(line->detail);
	struct boot_log *boot = &assembler->boot;
	int r;

	if (!release.length)
		return 0;
	r = klog_assembler_end(assembler);
	set(&boot->release, release, WORDS_MAX);
	set(&boot->version, line->detail, VERSION_MAX);
	if (r == 0)
		r = boot->release.error ? boot->release.error : boot->version.error;
	return r;
}

static void take_announcement(struct klog_assembler *assembler,
                              const struct klog_message *message,
                              const struct klog_line *line)
{
	enum announcement announcement = line->row->announcement;
	struct boot_log *boot = &assembler->boot;

	if (line->row->is_echo && tally_has(&boot->tally, announcement,
	                                    line->module.bytes, line->module.length))
		return;
	boot_log_add(boot, announcement, line->module.bytes, line->module.length,
	             message->line, &message->stamp);
}

static int take(struct klog_assembler *assembler, const struct klog_message *message,
                const struct klog_message *heading, const struct klog_line *line)
{
	switch (line->kind) {
	case KLOG_ANNOUNCEMENT:
		take_announcement(assembler, message, line);
		return 0;
	case KLOG_TAINTED:
	case KLOG_NOT_TAINTED:
		return take_tainted(assembler, message, heading, line);
	case KLOG_CONSTANTS:
		return take_constants(assembler, message, heading, line);
	case KLOG_MODULES:
	case KLOG_UNLOADED:
		return take_list(assembler, message, heading, line);
	case KLOG_SUPPORTED:
		take_supported(assembler, message, line);
		return 0;
	case KLOG_RELEASE:
		return take_release(assembler, line);
	case KLOG_BEGIN:
	case KLOG_END:
		return close_report(assembler);
	case KLOG_NOTHING:
		break;
	}
	/* It may have been broken in the middle of the words that tell what it is. */
	set(&assembler->broken, (struct klog_slice){ message->bytes, message->length },
	    BROKEN_MAX);
	assembler->broken_message = *message;
	assembler->rest = REST_MESSAGE;
	return 0;
}

/* Appends the message to what was broken. 0 or -ENOMEM. */
static int join(struct klog_assembler *assembler, const struct klog_message *message,
                size_t max)
{
	struct text *broken = &assembler->broken;

	text_add_char(broken, ' ');
	if (message->length < max - broken->length)
		text_add(broken, message->bytes, message->length);
	return broken->error;
}

static int join_list(struct klog_assembler *assembler, const struct klog_message *message)
{
	if (klog_is_heading(message->bytes, message->length) ||
	    !klog_modules_is_rest(message->bytes, message->length))
		return end_list(assembler);
	assembler->last_line = message->line;
	return join(assembler, message, LIST_MAX);
}

static int join_tainted(struct klog_assembler *assembler,
                        const struct klog_message *message)
{
	struct klog_slice joined, flags, release;
	int r = join(assembler, message, 2 * WORDS_MAX);

	assembler->rest = REST_NONE;
	joined = (struct klog_slice){ text_string(&assembler->broken),
		                      assembler->broken.length };
	if (r == 0 && split_tainted(joined, &flags, &release))
		set_tainted(assembler, joined);
	return r;
}

static int join_message(struct klog_assembler *assembler,
                        const struct klog_message *message)
{
	struct klog_line line;
	int r = join(assembler, message, 2 * BROKEN_MAX);

	assembler->rest = REST_NONE;
	if (r < 0)
		return r;
	line = klog_parse(text_string(&assembler->broken), assembler->broken.length);
	if (line.kind == KLOG_ANNOUNCEMENT)
		take_announcement(assembler, &assembler->broken_message, &line);
	return 0;
}

/* What says nothing by itself is the rest of the message before, or of none. */
static int take_rest(struct klog_assembler *assembler, const struct klog_message *message,
                     const struct klog_line *line)
{
	switch (assembler->rest) {
	case REST_MODULES:
	case REST_UNLOADED:
		return join_list(assembler, message);
	case REST_TAINTED:
		return join_tainted(assembler, message);
	case REST_MESSAGE:
		return join_message(assembler, message);
	case REST_NONE:
		break;
	}
	return take(assembler, message, NULL, line);
}

int klog_assembler_take(struct klog_assembler *assembler,
                        const struct klog_message *message, const struct klog_line *line,
                        const struct klog_message *heading)
{
	int r;

	if (line->kind == KLOG_NOTHING)
		return take_rest(assembler, message, line);
	r = end_list(assembler);
	assembler->rest = REST_NONE;
	return r < 0 ? r : take(assembler, message, heading, line);
}
