/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody hears who listens to a kernel's log, as text that a test can compare:
 *
 *   3 "BUG: x" <CPU: 0 PID: 1 Comm: y> +POE 6.1.0 | zfs(EOP) ext4() last x()
 *   boot 6.1.0: proprietary_module zfs x2 @1.5 #1
 *
 * The line, the title, the task; '+' tainted, '-' not tainted, '?' nobody knows; flags,
 * constants in braces, release, SUSE's verdict in brackets; modules, if any are listed,
 * with their letters in ASCII order. cmocka.h stands before it.
 */
#pragma once

#include "base/text.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "sources/klog_assembler.h"

struct heard {
	struct text text;
	size_t reports, boots;
	int error;          /* that the listener returns, after... */
	size_t error_after; /* so many events */
};

static inline void heard_add_letters(struct text *text, struct taint_letters letters)
{
	text_add_char(text, '(');
	while (!taint_letters_is_empty(&letters))
		text_add_char(text, taint_letters_pop(&letters));
	text_add_char(text, ')');
}

static inline void heard_add_modules(struct text *text, const struct backtrace *backtrace)
{
	if (backtrace->has_modules || backtrace->count)
		text_add_string(text, backtrace->has_modules ? " |" : " !");
	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_module *module = &backtrace->modules[i];

		text_add_char(text, ' ');
		text_add_string(text, backtrace_name(backtrace, module->name));
		heard_add_letters(text, module->letters);
		if (module->count) {
			text_add_char(text, ':');
			text_add_number(text, module->count);
		}
	}
	if (!backtrace->last_unloaded)
		return;
	text_add_string(text, " last ");
	text_add_string(text, backtrace_name(backtrace, backtrace->last_unloaded - 1));
	heard_add_letters(text, backtrace->last_unloaded_letters);
}

/* With what is around it, unless it is empty. */
static inline void heard_add(struct text *text, const char *before,
                             const struct text *value, const char *behind)
{
	if (!value->length)
		return;
	text_add_string(text, before);
	text_add(text, value->data, value->length);
	text_add_string(text, behind);
}

static inline int heard_answer(struct heard *heard)
{
	return heard->error && heard->reports + heard->boots > heard->error_after
	               ? heard->error
	               : 0;
}

static inline int heard_backtrace(void *context, const struct backtrace *backtrace,
                                  const struct boot_log *boot)
{
	struct heard *heard = context;
	struct text *text = &heard->text;

	(void)boot;
	heard->reports++;
	text_add_number(text, backtrace->line);
	heard_add(text, " \"", &backtrace->title, "\"");
	if (*backtrace->stamp.date || *backtrace->stamp.seconds) {
		text_add_string(text, " @");
		text_add_string(text, backtrace->stamp.date);
		text_add_string(text, backtrace->stamp.seconds);
	}
	heard_add(text, " <", &backtrace->task, ">");
	text_add_string(text, backtrace->tainted == BACKTRACE_TAINTED       ? " +"
	                      : backtrace->tainted == BACKTRACE_NOT_TAINTED ? " -"
	                                                                    : " ?");
	heard_add(text, "", &backtrace->flags, "");
	heard_add(text, " {", &backtrace->constants, "}");
	heard_add(text, " ", &backtrace->release, "");
	heard_add(text, " [", &backtrace->supported, "]");
	heard_add_modules(text, backtrace);
	text_add_char(text, '\n');
	return heard_answer(heard);
}

static inline int heard_boot(void *context, const struct boot_log *boot)
{
	struct heard *heard = context;
	struct text *text = &heard->text;

	heard->boots++;
	text_add_string(text, "boot ");
	text_add(text, boot->release.data, boot->release.length);
	text_add_char(text, ':');
	for (size_t i = 0; i < boot->tally.count; i++) {
		const struct tally_entry *entry = &boot->tally.entries[i];

		text_add_char(text, ' ');
		text_add_string(text, announcement_name(entry->announcement));
		text_add_string(text, *entry->module ? " " : "");
		text_add_string(text, entry->module);
		if (entry->count > 1) {
			text_add_string(text, " x");
			text_add_number(text, entry->count);
		}
		if (*boot->stamps[i].seconds) {
			text_add_string(text, " @");
			text_add_string(text, boot->stamps[i].seconds);
		}
		text_add_string(text, " #");
		text_add_number(text, entry->first);
	}
	text_add_char(text, '\n');
	return heard_answer(heard);
}

/* For the context of a listener; cleared by text_clear() of its text. */
static inline struct klog_listener heard_listener(struct heard *heard)
{
	return (struct klog_listener){ heard_backtrace, heard_boot, heard };
}
