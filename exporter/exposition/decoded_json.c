/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded masks and logs for programs. Must not judge: that is diagnosis'.
 */
#include "exposition/decoded_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "exposition/decoded.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "model/diagnosed.h"
#include "model/diagnosis.h"
#include "model/taint_string.h"

static void begin_list(struct text *text, const char *key)
{
	json_add_key(text, key);
	text_add_char(text, '[');
}

static void add_stamp(const struct stamp *stamp, struct text *text)
{
	json_add_pair(text, "date", stamp->date);
	json_add_pair(text, "seconds", stamp->seconds);
}

static void add_dialects(uint16_t dialects, struct text *text)
{
	begin_list(text, "dialects");
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		if (!(dialects & (1u << id)))
			continue;
		json_add_comma(text);
		json_add_string(text, dialect_name(id));
	}
	text_add_char(text, ']');
}

static void add_meaning(const struct meaning *meaning, struct text *text)
{
	const struct taint_fact *fact = meaning->fact;
	const char flag[] = { fact->letter, '\0' };
	_cleanup_(text_clear) struct text since = TEXT_INIT, until = TEXT_INIT;

	kernel_version_write(&meaning->since, &since);
	kernel_version_write(&meaning->until, &until);
	json_add_comma(text);
	text_add_char(text, '{');
	add_dialects(meaning->dialects, text);
	json_add_pair(text, "builder", fact->is_ubuntus ? "Ubuntu" : "");
	json_add_pair(text, "since", text_string(&since));
	json_add_pair(text, "until", text_string(&until));
	json_add_number(text, "bit", fact->bit != TAINT_NO_BIT, fact->bit);
	json_add_pair(text, "flag", flag);
	json_add_pair(text, "taint", taint_slug(fact->taint));
	json_add_pair(text, "meaning", taint_fact_meaning(fact));
	text_add_char(text, '}');
	if (since.error || until.error)
		text->error = -ENOMEM;
}

/* The key is there where a letter or the dialect is not certain. */
static void add_elsewhere(const struct decoded *decoded,
                          const struct diagnosed_taint *taint, struct text *text)
{
	struct meanings meanings;

	diagnosed_meanings(taint, decoded->diagnosis, &meanings);
	if (!meanings.count && dialect_by_is_sure(decoded->diagnosis->kernel.by))
		return;
	begin_list(text, "elsewhere");
	for (size_t i = 0; i < meanings.count; i++)
		add_meaning(&meanings.rows[i], text);
	text_add_char(text, ']');
}

static void add_carriers(const struct decoded *decoded,
                         const struct diagnosed_taint *taint, struct text *text)
{
	const char *name;
	size_t at = 0;

	begin_list(text, "modules");
	while ((name = diagnosed_next_module(taint, decoded->backtrace, &at))) {
		json_add_comma(text);
		json_add_string(text, name);
	}
	text_add_char(text, ']');
}

static void add_facts(const struct decoded *decoded, const struct diagnosed_taint *taint,
                      struct text *text)
{
	_cleanup_(text_clear) struct text constant = TEXT_INIT;
	enum diagnosed_carrier carrier = diagnosed_carrier(taint, decoded->diagnosis);

	if (taint->fact)
		taint_constant_write(taint->fact->taint, &constant);
	json_add_pair(text, "constant", text_string(&constant));
	json_add_switch(text, "module_taint",
	                carrier == CARRIER_KERNEL || carrier == CARRIER_MODULE,
	                carrier == CARRIER_MODULE);
	json_add_pair(text, "set_by",
	              taint->fact ? taint_setter(taint->fact->taint) : "");
	if (constant.error)
		text->error = constant.error;
}

static void add_taint(const struct decoded *decoded, const struct diagnosed_taint *taint,
                      struct text *text)
{
	const char flag[] = { taint->flag, '\0' };
	const char *note = diagnosed_note(taint, decoded->diagnosis);

	json_add_comma(text);
	text_add_char(text, '{');
	json_add_number(text, "bit", taint->bit != TAINT_NO_BIT, taint->bit);
	json_add_pair(text, "flag", flag);
	json_add_pair(text, "taint", diagnosed_slug(taint));
	json_add_pair(text, "meaning", diagnosed_meaning(taint, decoded->diagnosis));
	if (*note)
		json_add_pair(text, "note", note);
	if (decoded->backtrace) {
		json_add_switch(text, "in_mask", taint->is_set_known, taint->is_set);
		add_carriers(decoded, taint, text);
	} else {
		add_facts(decoded, taint, text);
	}
	add_elsewhere(decoded, taint, text);
	text_add_char(text, '}');
}

static void add_letters(const struct diagnosis *diagnosis, struct taint_letters letters,
                        struct text *text)
{
	_cleanup_(text_clear) struct text flags = TEXT_INIT;

	dialect_letters_write(&diagnosis->kernel.dialect, letters, &flags);
	json_add_pair(text, "flags", text_string(&flags));
	if (flags.error)
		text->error = flags.error;
}

static void add_unloaded(const struct decoded *decoded, struct text *text)
{
	const struct backtrace *backtrace = decoded->backtrace;

	begin_list(text, "unloaded");
	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_module *module = &backtrace->modules[i];

		if (!module->count)
			continue;
		json_add_comma(text);
		text_add_char(text, '{');
		json_add_pair(text, "module", backtrace_name(backtrace, module->name));
		add_letters(decoded->diagnosis, module->letters, text);
		json_add_number(text, "count", true, module->count);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
	json_add_key(text, "last_unloaded");
	if (!backtrace->last_unloaded) {
		text_add_string(text, "null");
		return;
	}
	text_add_char(text, '{');
	json_add_pair(text, "module",
	              backtrace_name(backtrace, backtrace->last_unloaded - 1));
	add_letters(decoded->diagnosis, backtrace->last_unloaded_letters, text);
	text_add_char(text, '}');
}

static void add_unexplained(const struct decoded *decoded, struct text *text)
{
	const struct diagnosis *diagnosis = decoded->diagnosis;

	if (!decoded->backtrace->has_modules || !diagnosis->has_mask) {
		json_add_key(text, "unexplained");
		text_add_string(text, "null");
		return;
	}
	begin_list(text, "unexplained");
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(diagnosis->unexplained >> bit & 1))
			continue;
		json_add_comma(text);
		json_add_string(text,
		                taint_slug(diagnosis->kernel.dialect.bits[bit]->taint));
	}
	text_add_char(text, ']');
}

static void add_announcements(const struct decoded *decoded, struct text *text)
{
	const struct boot_log *boot = decoded->boot;

	begin_list(text, "announcements");
	for (size_t i = 0; i < boot->tally.count; i++) {
		const struct tally_entry *entry = &boot->tally.entries[i];
		enum taint taint;

		if (decoded->backtrace && !announcement_is_taint(entry->announcement))
			continue;
		json_add_comma(text);
		text_add_char(text, '{');
		taint = announcement_taint(entry->announcement);
		json_add_pair(text, "event", announcement_name(entry->announcement));
		json_add_pair(text, "taint",
		              taint < TAINT_COUNT ? taint_slug(taint) : NULL);
		json_add_pair(text, "module", boot_log_module(boot, i));
		json_add_pair(text, "detail", boot_log_detail(boot, i));
		add_stamp(&boot->stamps[i], text);
		json_add_number(text, "line", true, entry->first);
		json_add_number(text, "count", true, entry->count);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static size_t count_listed(const struct backtrace *backtrace)
{
	size_t count = 0;

	for (size_t i = 0; i < backtrace->count; i++)
		count += !backtrace->modules[i].count;
	return count;
}

static void add_report(const struct decoded *decoded, struct text *text)
{
	const struct backtrace *backtrace = decoded->backtrace;

	json_add_number(text, "line", true, backtrace->line);
	add_stamp(&backtrace->stamp, text);
	json_add_pair(text, "title", text_string(&backtrace->title));
	json_add_pair(text, "task", text_string(&backtrace->task));
	json_add_switch(text, "tainted", backtrace->tainted != BACKTRACE_UNKNOWN,
	                backtrace->tainted == BACKTRACE_TAINTED);
	json_add_pair(text, "supported", text_string(&backtrace->supported));
	json_add_number(text, "modules_listed", backtrace->has_modules,
	                count_listed(backtrace));
	add_unexplained(decoded, text);
	add_unloaded(decoded, text);
}

/* The string that such a kernel prints for a mask, and the panic_on_taint= for it. */
static void add_forms(const struct diagnosis *diagnosis, bool is_known, struct text *text)
{
	_cleanup_(text_clear) struct text string = TEXT_INIT;
	uint64_t mask = diagnosis_panic_mask(diagnosis);
	char parameter[24];

	taint_string_write(&diagnosis->kernel.dialect, diagnosis->mask, &string);
	snprintf(parameter, sizeof(parameter), "0x%" PRIx64, mask);
	json_add_pair(text, "string",
	              is_known && !diagnosis->uncertain_bits ? text_string(&string)
	                                                     : NULL);
	json_add_pair(text, "panic_on_taint", mask ? parameter : NULL);
	if (string.error)
		text->error = string.error;
}

static void add_unprinted(const struct diagnosis *diagnosis, struct text *text)
{
	const struct dialect *dialect = &diagnosis->kernel.dialect;

	begin_list(text, "not_printed");
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(diagnosis->unprinted >> bit & 1))
			continue;
		json_add_comma(text);
		json_add_string(text, taint_slug(dialect->bits[bit]->taint));
	}
	text_add_char(text, ']');
}

static void add_mask(const struct decoded *decoded, struct text *text)
{
	const struct diagnosis *diagnosis = decoded->diagnosis;
	bool is_known = !diagnosis->has_uncertain_place;
	struct diagnosed diagnosed;

	json_add_number(text, "mask",
	                diagnosis->has_mask && (is_known || diagnosis->mask),
	                diagnosis->mask);
	json_add_switch(text, "mask_is_whole", diagnosis->has_mask,
	                diagnosis->is_mask_whole);
	if (decoded->backtrace)
		add_unprinted(diagnosis, text);
	else
		add_forms(diagnosis, is_known, text);
	diagnosed_init(&diagnosed, diagnosis);
	begin_list(text, "taints");
	for (size_t i = 0; i < diagnosed.count; i++)
		add_taint(decoded, &diagnosed.taints[i], text);
	text_add_char(text, ']');
}

void decoded_json_write(const struct decoded *decoded, struct text *text)
{
	const struct diagnosis *diagnosis = decoded->diagnosis;

	text_add_char(text, '{');
	json_add_pair(text, "kind",
	              decoded->backtrace ? "report"
	              : decoded->boot    ? "boot"
	                                 : "mask");
	json_add_pair(text, "source", decoded->source);
	json_add_pair(text, "release", decoded->diagnosis->kernel.release);
	json_add_pair(text, "dialect", dialect_name(diagnosis->kernel.dialect.id));
	json_add_pair(text, "dialect_by", dialect_by_name(diagnosis->kernel.by));
	if (decoded->backtrace || !decoded->boot)
		add_mask(decoded, text);
	if (decoded->backtrace)
		add_report(decoded, text);
	if (decoded->boot)
		add_announcements(decoded, text);
	text_add_char(text, '}');
}
