/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report out of messages. Knows in which order kernels print them, and how they are
 * broken; must not know when another report or another boot begins.
 */
#include "sources/klog_report.h"

#include <string.h>

#include "base/number.h"
#include "sources/klog.h"
#include "sources/klog_modules.h"
#include "sources/klog_tainted.h"

/* Lines of one report are not further apart: registers, stack and call trace. */
#define REPORT_GAP_MAX     300
#define REPORT_SECONDS_MAX 10

/*
 * The constants, SUSE's verdict, and what is said again, follow at once but for what
 * another CPU prints.
 */
#define NEXT_GAP_MAX 5

/* Bytes of what is kept. */
#define WORDS_MAX     256
#define TAINTED_MAX   512 /* of several lines */
#define CONSTANTS_MAX 512
#define LIST_MAX      (256u << 10)

void klog_report_clear(struct klog_report *report)
{
	backtrace_clear(&report->backtrace);
	text_clear(&report->broken);
	*report = (struct klog_report){ 0 };
}

/* Replaces the text by at most MAX of the bytes. */
static void set(struct text *text, struct klog_slice bytes, size_t max)
{
	text_reset(text);
	text_add(text, bytes.bytes, bytes.length < max ? bytes.length : max);
}

/* Whether the message was logged too long after the report; often nobody knows. */
static bool is_late(const struct klog_report *report, const struct klog_message *message)
{
	const char *end = message->stamp.seconds + sizeof(message->stamp.seconds);
	uint64_t now, then;
	const char *rest;

	return number_digits_parse(message->stamp.seconds, end, &now, &rest) == 0 &&
	       number_digits_parse(report->last_stamp.seconds,
	                           report->last_stamp.seconds +
	                                   sizeof(report->last_stamp.seconds),
	                           &then, &rest) == 0 &&
	       now > then + REPORT_SECONDS_MAX;
}

static bool is_within(const struct klog_report *report,
                      const struct klog_message *message, uint64_t gap)
{
	return report->is_open && message->line - report->last_line <= gap &&
	       !is_late(report, message);
}

/* ---- which lines belong together ---- */

/* With its registers powerpc says once more what it said with the process. */
static bool is_said_again(const struct klog_report *report,
                          const struct klog_message *message,
                          const struct klog_line *line)
{
	const struct backtrace *backtrace = &report->backtrace;
	struct klog_slice flags = klog_tainted_parse(line->detail).flags;

	if (!is_within(report, message, NEXT_GAP_MAX) || !line->before.length ||
	    memmem(line->before.bytes, line->before.length, "omm: ", 5))
		return false;
	if (line->kind == KLOG_NOT_TAINTED)
		return backtrace->tainted == BACKTRACE_NOT_TAINTED;
	return backtrace->tainted == BACKTRACE_TAINTED &&
	       backtrace->flags.length == flags.length &&
	       memcmp(text_string(&backtrace->flags), flags.bytes, flags.length) == 0;
}

/* The watchdog of 2.6.32 lists modules, and then does so with the registers. */
static bool is_listed_again(const struct klog_report *report,
                            const struct klog_message *message)
{
	return report->backtrace.has_modules &&
	       report->backtrace.tainted == BACKTRACE_UNKNOWN &&
	       is_within(report, message, NEXT_GAP_MAX);
}

bool klog_report_is_other(const struct klog_report *report,
                          const struct klog_message *message,
                          const struct klog_line *line,
                          const struct klog_message *heading)
{
	const struct backtrace *backtrace = &report->backtrace;

	if (heading || !is_within(report, message, REPORT_GAP_MAX))
		return true;
	switch (line->kind) {
	case KLOG_TAINTED:
	case KLOG_NOT_TAINTED:
		return klog_is_heading(message->bytes, message->length) ||
		       (backtrace->tainted != BACKTRACE_UNKNOWN &&
		        !report->is_only_headed && !is_said_again(report, message, line));
	case KLOG_CONSTANTS:
		return backtrace->tainted != BACKTRACE_TAINTED ||
		       backtrace->constants.length ||
		       !is_within(report, message, NEXT_GAP_MAX);
	case KLOG_MODULES:
		return backtrace->has_modules && !is_listed_again(report, message);
	default:
		return false;
	}
}

/* ---- what they say ---- */

static void take_tainted(struct klog_report *report, const struct klog_line *line)
{
	struct backtrace *backtrace = &report->backtrace;
	struct klog_tainted tainted = klog_tainted_parse(line->detail);

	/* Lock debugging says the release before. */
	if (!tainted.release.length)
		tainted.release = klog_tainted_release(line->before);
	set(&backtrace->task, line->before, WORDS_MAX);
	set(&backtrace->release, tainted.release, WORDS_MAX);
	text_reset(&backtrace->flags);
	backtrace->tainted = BACKTRACE_NOT_TAINTED;
	if (line->kind == KLOG_TAINTED) {
		backtrace->tainted = BACKTRACE_TAINTED;
		set(&backtrace->flags, tainted.flags, WORDS_MAX);
	}
	if (!tainted.release.length) {
		set(&report->broken, line->detail, WORDS_MAX);
		report->rest = KLOG_REST_TAINTED;
	}
}

/* Whether the list of constants goes on in the next line. */
static void expect_constants(struct klog_report *report, const char *end)
{
	report->rest = end[-1] == ',' ? KLOG_REST_CONSTANTS : KLOG_REST_NONE;
}

static void take_constants(struct klog_report *report, const struct klog_line *line)
{
	report->backtrace.tainted = BACKTRACE_TAINTED;
	set(&report->backtrace.constants, line->detail, CONSTANTS_MAX);
	expect_constants(report, line->detail.bytes + line->detail.length);
}

static void take_list(struct klog_report *report, const struct klog_line *line)
{
	bool is_unloaded = line->kind == KLOG_UNLOADED;

	if (!is_unloaded && report->backtrace.has_modules)
		backtrace_forget_modules(&report->backtrace);
	report->backtrace.has_modules |= !is_unloaded;
	report->rest = is_unloaded ? KLOG_REST_UNLOADED : KLOG_REST_MODULES;
	set(&report->broken, line->detail, LIST_MAX);
}

static void begin(struct klog_report *report, const struct klog_message *first,
                  const struct klog_message *heading)
{
	report->is_open = true;
	report->backtrace.line = first->line;
	report->backtrace.stamp = first->stamp;
	if (heading)
		set(&report->backtrace.title,
		    (struct klog_slice){ heading->bytes, heading->length }, WORDS_MAX);
}

void klog_report_take(struct klog_report *report, const struct klog_message *message,
                      const struct klog_line *line, const struct klog_message *heading)
{
	bool is_tainted = line->kind == KLOG_TAINTED || line->kind == KLOG_NOT_TAINTED;
	bool is_heading = is_tainted && klog_is_heading(message->bytes, message->length);
	bool is_again = is_tainted && report->backtrace.tainted != BACKTRACE_UNKNOWN &&
	                !report->is_only_headed;

	if (!heading && is_heading)
		heading = message;
	if (!report->is_open)
		begin(report, heading ? heading : message, heading);
	report->last_line = message->line;
	report->last_stamp = message->stamp;
	report->rest = KLOG_REST_NONE;
	if (is_tainted) {
		report->is_only_headed = is_heading;
		if (!is_again)
			take_tainted(report, line);
	} else if (line->kind == KLOG_CONSTANTS) {
		take_constants(report, line);
	} else {
		take_list(report, line);
	}
}

void klog_report_take_supported(struct klog_report *report,
                                const struct klog_message *message,
                                const struct klog_line *line)
{
	if (is_within(report, message, NEXT_GAP_MAX) && !line->before.length)
		set(&report->backtrace.supported, line->detail, WORDS_MAX);
}

/* ---- what was broken ---- */

int klog_report_end_rest(struct klog_report *report)
{
	enum klog_rest rest = report->rest;

	report->rest = KLOG_REST_NONE;
	if (rest != KLOG_REST_MODULES && rest != KLOG_REST_UNLOADED)
		return 0;
	if (report->broken.error)
		return report->broken.error;
	return klog_modules_parse(text_string(&report->broken), report->broken.length,
	                          rest == KLOG_REST_UNLOADED, &report->backtrace);
}

/* Appends the message to what there is of it, unless this is too much. 0 or -ENOMEM. */
static int join(struct text *broken, const struct klog_message *message, size_t max)
{
	if (broken->length + 1 + message->length <= max) {
		if (broken->length)
			text_add_char(broken, ' ');
		text_add(broken, message->bytes, message->length);
	}
	return broken->error;
}

static int join_list(struct klog_report *report, const struct klog_message *message)
{
	if (klog_is_heading(message->bytes, message->length) ||
	    !klog_modules_is_rest(message->bytes, message->length))
		return klog_report_end_rest(report);
	report->last_line = message->line;
	return join(&report->broken, message, LIST_MAX);
}

/* "EFLAGS: 00010246   (2.6.18-8.el5 #1)" */
static struct klog_slice release_of_eflags(const struct klog_message *message)
{
	static const char words[] = "EFLAGS: ";
	const char *at = NULL, *end = message->bytes + message->length;

	if (message->length > strlen(words) &&
	    memcmp(message->bytes, words, strlen(words)) == 0)
		at = memchr(message->bytes, '(', message->length);
	return at ? klog_tainted_release((struct klog_slice){ at, (size_t)(end - at) })
	          : (struct klog_slice){ end, 0 };
}

/* A line of flags, behind the colon or in the middle of the dashes: more may follow. */
static bool is_flags_only(const struct text *broken, const struct klog_message *message)
{
	struct klog_slice line = { message->bytes, message->length };

	return line.length && (!broken->length || *line.bytes == '-') &&
	       klog_tainted_parse(line).flags.length == line.length;
}

/* Else without a release this was no rest. */
static int join_tainted(struct klog_report *report, const struct klog_message *message)
{
	struct backtrace *backtrace = &report->backtrace;
	struct klog_slice release = release_of_eflags(message);
	struct text *broken = &report->broken;
	bool is_more = is_flags_only(broken, message);
	struct klog_tainted tainted;
	int r = 0;

	if (!release.length) {
		r = join(broken, message, TAINTED_MAX);
		tainted = klog_tainted_parse(
			(struct klog_slice){ text_string(broken), broken->length });
		release = tainted.release;
		if ((release.length || is_more) &&
		    backtrace->tainted == BACKTRACE_TAINTED)
			set(&backtrace->flags, tainted.flags, WORDS_MAX);
	}
	if (release.length)
		set(&backtrace->release, release, WORDS_MAX);
	report->rest = is_more ? KLOG_REST_TAINTED : KLOG_REST_NONE;
	return r;
}

/* "[E]=UNSIGNED_MODULE, [L]=SOFTLOCKUP" */
static int join_constants(struct klog_report *report, const struct klog_message *message)
{
	report->rest = KLOG_REST_NONE;
	if (!message->length || *message->bytes != '[')
		return 0;
	expect_constants(report, message->bytes + message->length);
	return join(&report->backtrace.constants, message, CONSTANTS_MAX);
}

int klog_report_take_rest(struct klog_report *report, const struct klog_message *message)
{
	switch (report->rest) {
	case KLOG_REST_MODULES:
	case KLOG_REST_UNLOADED:
		return join_list(report, message);
	case KLOG_REST_TAINTED:
		return join_tainted(report, message);
	case KLOG_REST_CONSTANTS:
		return join_constants(report, message);
	case KLOG_REST_NONE:
		break;
	}
	return 0;
}
