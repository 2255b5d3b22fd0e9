/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports and boots out of messages. Knows where each begins and ends; what a message
 * says is klog's, what a report is made of klog_report's, and where it stood
 * klog_reader's.
 */
#include "sources/klog_assembler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/boot_log.h"
#include "sources/klog.h"
#include "sources/klog_report.h"
#include "sources/klog_tainted.h"

/* Bytes of what is kept. */
#define RELEASE_MAX 256
#define VERSION_MAX 512
#define BROKEN_MAX  2048

struct klog_assembler {
	const struct klog_listener *listener;
	struct boot_log boot;
	struct klog_report report;

	/* An announcement that was broken in the middle of its words. */
	bool is_broken;
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
	klog_report_clear(&assembler->report);
	boot_log_clear(&assembler->boot);
	text_clear(&assembler->broken);
	free(assembler);
	return NULL;
}

bool klog_assembler_wants_next(const struct klog_assembler *assembler)
{
	return assembler->is_broken || assembler->report.rest != KLOG_REST_NONE;
}

/* Replaces the text by at most MAX of the bytes. 0 or -ENOMEM. */
static int set(struct text *text, struct klog_slice bytes, size_t max)
{
	text_reset(text);
	text_add(text, bytes.bytes, bytes.length < max ? bytes.length : max);
	return text->error;
}

/* ---- the end of what was begun ---- */

static int close_report(struct klog_assembler *assembler)
{
	struct klog_report *report = &assembler->report;
	const struct text *release = &report->backtrace.release;
	int r = klog_report_end_rest(report);

	if (r == 0)
		r = backtrace_error(&report->backtrace);
	if (r == 0 && report->is_open)
		r = assembler->listener->backtrace(assembler->listener->context,
		                                   &report->backtrace, &assembler->boot);
	/* A log that begins after the boot. */
	if (r == 0 && !assembler->boot.release.length)
		r = set(&assembler->boot.release,
		        (struct klog_slice){ text_string(release), release->length },
		        RELEASE_MAX);
	klog_report_clear(report);
	return r;
}

int klog_assembler_end(struct klog_assembler *assembler)
{
	int r = close_report(assembler);

	if (r == 0 && assembler->boot.tally.count)
		r = assembler->listener->boot(assembler->listener->context,
		                              &assembler->boot);
	boot_log_clear(&assembler->boot);
	assembler->is_broken = false;
	return r;
}

/* ---- messages ---- */

static int take_of_report(struct klog_assembler *assembler,
                          const struct klog_message *message,
                          const struct klog_line *line,
                          const struct klog_message *heading)
{
	struct klog_report *report = &assembler->report;
	int r = 0;

	if (klog_report_is_other(report, message, line, heading))
		r = close_report(assembler);
	if (r == 0)
		klog_report_take(report, message, line, heading);
	return r;
}

/* A kernel boots: nothing that was announced before is of it. */
static int take_release(struct klog_assembler *assembler, const struct klog_line *line)
{
	struct klog_slice release = klog_tainted_release(line->detail);
	struct boot_log *boot = &assembler->boot;
	int r;

	if (!release.length)
		return 0;
	r = klog_assembler_end(assembler);
	if (r == 0)
		r = set(&boot->release, release, RELEASE_MAX);
	if (r == 0)
		r = set(&boot->version, line->detail, VERSION_MAX);
	return r;
}

static void take_announcement(struct klog_assembler *assembler,
                              const struct klog_message *message,
                              const struct klog_line *line)
{
	enum announcement announcement = line->row->announcement;
	struct boot_log *boot = &assembler->boot;
	struct klog_slice name;

	if (line->row->is_echo && tally_has(&boot->tally, announcement,
	                                    line->module.bytes, line->module.length))
		return;
	name = line->module.length ? line->module : line->detail;
	boot_log_add(boot, announcement, name.bytes, name.length, !line->module.length,
	             message->line, &message->stamp);
}

/* It may have been broken in the middle of the words that tell what it is. */
static int begin_broken(struct klog_assembler *assembler,
                        const struct klog_message *message)
{
	assembler->is_broken = true;
	assembler->broken_message = *message;
	return set(&assembler->broken,
	           (struct klog_slice){ message->bytes, message->length }, BROKEN_MAX);
}

static int end_broken(struct klog_assembler *assembler,
                      const struct klog_message *message)
{
	struct text *broken = &assembler->broken;
	struct klog_line line;

	assembler->is_broken = false;
	text_add_char(broken, ' ');
	text_add(broken, message->bytes,
	         message->length < BROKEN_MAX ? message->length : BROKEN_MAX);
	if (broken->error)
		return broken->error;
	line = klog_parse(text_string(broken), broken->length);
	if (line.kind == KLOG_ANNOUNCEMENT)
		take_announcement(assembler, &assembler->broken_message, &line);
	return 0;
}

/* What says nothing by itself is the rest of the message before, or of none. */
static int take_nothing(struct klog_assembler *assembler,
                        const struct klog_message *message)
{
	if (assembler->report.rest != KLOG_REST_NONE)
		return klog_report_take_rest(&assembler->report, message);
	return assembler->is_broken ? end_broken(assembler, message)
	                            : begin_broken(assembler, message);
}

int klog_assembler_take(struct klog_assembler *assembler,
                        const struct klog_message *message, const struct klog_line *line,
                        const struct klog_message *heading)
{
	int r;

	if (line->kind == KLOG_NOTHING)
		return take_nothing(assembler, message);
	assembler->is_broken = false;
	r = klog_report_end_rest(&assembler->report);
	if (r < 0)
		return r;
	switch (line->kind) {
	case KLOG_ANNOUNCEMENT:
		take_announcement(assembler, message, line);
		return 0;
	case KLOG_SUPPORTED:
		klog_report_take_supported(&assembler->report, message, line);
		return 0;
	case KLOG_RELEASE:
		return take_release(assembler, line);
	case KLOG_BEGIN:
	case KLOG_END:
		return close_report(assembler);
	default:
		return take_of_report(assembler, message, line, heading);
	}
}
