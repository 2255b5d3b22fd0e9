/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host in text. Must not judge: findings, verdict and outlook are model's.
 */
#include "exposition/host_text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "exposition/absence.h"
#include "exposition/host.h"
#include "exposition/metrics.h"
#include "exposition/report.h"
#include "exposition/sheet.h"
#include "model/cause.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/outlook.h"
#include "model/snapshot.h"

static void add_bit(const struct metrics *metrics, unsigned int bit, struct text *text)
{
	const struct taint_fact *fact = host_fact(metrics, bit);

	if (fact) {
		text_add_string(text, taint_slug(fact->taint));
		return;
	}
	text_add_string(text, "bit ");
	text_add_number(text, bit);
}

/* "die, warn and bit 20", with LAST in front of the last one. */
static void add_bits(const struct metrics *metrics, uint64_t bits, const char *last,
                     struct text *text)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t rest = bits & (UINT64_MAX << bit);

		if (!(bits >> bit & 1))
			continue;
		if (rest != bits)
			text_add_string(text, rest & (rest - 1) ? ", " : last);
		add_bit(metrics, bit, text);
	}
}

/* Adds one more name to a list, from any bytes. */
static void add_name(struct text *names, const char *name, size_t length)
{
	if (names->length)
		text_add_string(names, ", ");
	text_add(names, name, length);
}

/* Whether something speaks against a mask that has no bit. */
static bool is_clean_in_doubt(const struct metrics *metrics)
{
	const struct findings *findings = metrics->findings;

	return (host_has_comparison(metrics) && findings->contradicted) ||
	       (host_has_sysfs(metrics) && (findings->hidden || findings->disagreeing));
}

static void add_verdict(const struct metrics *metrics, struct sheet *sheet)
{
	_cleanup_(text_clear) struct text rest = TEXT_INIT;
	uint64_t mask = metrics->snapshot->mask;
	enum lines_colour colour = LINES_GREEN;
	const char *word = "clean";

	if (!host_has_mask(metrics)) {
		colour = LINES_YELLOW;
		word = "unknown";
		text_add_string(&rest, ": the mask cannot be read");
	} else if (mask) {
		colour = LINES_RED;
		word = "tainted";
		text_add_string(&rest, ": ");
		text_add_number(&rest, mask);
		text_add_string(&rest, " (");
		add_bits(metrics, mask, ", ", &rest);
		text_add_char(&rest, ')');
	} else if (is_clean_in_doubt(metrics)) {
		text_add_string(&rest, ", says the mask; but see what is not explained");
	}
	sheet_add_verdict(sheet, colour, word, text_string(&rest));
	if (rest.error)
		sheet->text->error = rest.error;
}

static void add_kernel(const struct metrics *metrics, struct sheet *sheet)
{
	const struct text *release = &metrics->snapshot->release;
	_cleanup_(text_clear) struct text value = TEXT_INIT;

	text_add_string(&value, release->length ? text_string(release) : "not known");
	text_add_string(&value, " (");
	text_add_string(&value, metrics->dialect ? dialect_name(metrics->dialect->id)
	                                         : "its dialect is not known");
	text_add_char(&value, ')');
	sheet_add_text(sheet, "kernel", &value);
}

/* The cause of the taint, or its possible causes. */
static void add_cause(const struct metrics *metrics, enum taint taint,
                      struct sheet *sheet)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	const char *cause = cause_find(taint, metrics->snapshot);

	if (cause)
		text_add_string(&value, cause);
	else
		cause_candidates_write(taint, metrics->snapshot, &value);
	sheet_add_text(sheet, "", &value);
}

static void add_flags(const struct metrics *metrics, struct sheet *sheet)
{
	for (unsigned int bit = 0; host_has_mask(metrics) && bit < 64; bit++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT;
		const struct taint_fact *fact = host_fact(metrics, bit);
		char label[16];

		if (!(metrics->snapshot->mask >> bit & 1))
			continue;
		snprintf(label, sizeof(label), "bit %u", bit);
		text_add(&value, fact ? &fact->letter : "?", 1);
		text_add_string(&value, ": ");
		text_add_string(&value, fact ? taint_slug(fact->taint) : "unknown");
		if (fact) {
			text_add_string(&value, " (");
			text_add_string(&value, taint_fact_meaning(fact));
			text_add_char(&value, ')');
		}
		sheet_add_text(sheet, label, &value);
		if (fact)
			add_cause(metrics, fact->taint, sheet);
	}
}

static void add_modules(const struct metrics *metrics, struct sheet *sheet)
{
	const struct findings *findings = metrics->findings;
	_cleanup_(text_clear) struct text counts = TEXT_INIT;

	if (!host_has_modules(metrics)) {
		sheet_add(sheet, "modules", "not known");
		return;
	}
	if (!metrics->snapshot->modules.support) {
		sheet_add(sheet, "modules", "none, for this kernel cannot load any");
		return;
	}
	text_add_number(&counts, metrics->snapshot->modules.count);
	text_add_string(&counts, " loaded, ");
	text_add_number(&counts, findings->tainting);
	text_add_string(&counts, " with taint flags");
	sheet_add_text(sheet, "modules", &counts);
	for (size_t i = 0; i < findings->tainting; i++) {
		_cleanup_(text_clear) struct text name = TEXT_INIT;
		struct report_module report =
			host_report(metrics, findings->sorted[i], &name);

		report_loaded_write(&report, sheet);
		if (name.error)
			sheet->text->error = name.error;
	}
}

/* A reading that is not known has a line only if users look for it. */
static void add_posture(const struct metrics *metrics, struct sheet *sheet)
{
	const struct snapshot *snapshot = metrics->snapshot;
	const struct reading *lockdown = &snapshot->lockdown;

	sheet_add_title(sheet, "posture");
	sheet_add(sheet, "lockdown",
	          lockdown->known ? lockdown_name((enum lockdown)lockdown->value)
	                          : absence_words(lockdown->absence));
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++) {
		const struct host_posture *row = &host_postures[posture];
		const struct reading *reading = &snapshot->posture[posture];
		_cleanup_(text_clear) struct text value = TEXT_INIT;

		if (!reading->known && row->is_expected)
			text_add_string(&value, absence_words(reading->absence));
		else if (!reading->known)
			continue;
		else if (row->off)
			text_add_string(&value, reading->value ? row->on : row->off);
		else if (posture != POSTURE_PANIC_MASK)
			text_add_number(&value, reading->value);
		else if (reading->value)
			add_bits(metrics, reading->value, ", ", &value);
		else
			text_add_string(&value, "no taint");
		sheet_add_text(sheet, row->label, &value);
	}
}

/* What is odd, if anything, and what that may mean. */
static void add_doubt(struct sheet *sheet, const char *label, const struct text *what,
                      const char *meaning)
{
	sheet_add_text(sheet, label, what);
	if (what->length)
		sheet_add(sheet, "", meaning);
}

static void add_flag_doubts(const struct metrics *metrics, struct sheet *sheet)
{
	_cleanup_(text_clear) struct text unexplained = TEXT_INIT;
	_cleanup_(text_clear) struct text contradicted = TEXT_INIT;

	add_bits(metrics, metrics->findings->unexplained, ", ", &unexplained);
	add_doubt(
		sheet, "unexplained", &unexplained,
		metrics->snapshot->modules.support
			? "In the mask, and no loaded module carries it: the module was "
			  "removed, failed to load or hides, or root wrote the mask."
			: "In the mask of a kernel that cannot load modules: root wrote "
			  "the mask, or a driver that is built in set it.");
	add_bits(metrics, metrics->findings->contradicted, ", ", &contradicted);
	add_doubt(
		sheet, "contradicted", &contradicted,
		"A loaded module carries it, and the mask, out of which the kernel never "
		"takes a bit, does not have it: the mask was tampered with.");
}

static void add_module_doubts(const struct metrics *metrics, struct sheet *sheet)
{
	const struct module_list *modules = &metrics->snapshot->modules;
	_cleanup_(text_clear) struct text hidden = TEXT_INIT, disagreeing = TEXT_INIT;

	for (size_t i = 0; i < modules->unlisted_count; i++) {
		const char *name = module_list_unlisted_name(modules, i);

		add_name(&hidden, name, strlen(name));
	}
	add_doubt(
		sheet, "hidden", &hidden,
		"sysfs shows it as loaded, and /proc/modules does not list it, as is the "
		"way of rootkits.");
	for (size_t i = 0; i < modules->count; i++)
		if (module_record_is_disagreeing(&modules->records[i]))
			add_name(&disagreeing, modules->records[i].name,
			         modules->records[i].name_length);
	add_doubt(sheet, "disagreeing", &disagreeing,
	          "sysfs and /proc/modules give it different letters, which the kernel "
	          "keeps in one place: one of the two answers was changed.");
}

/* What failed, each file once. */
static void add_failures(const struct snapshot *snapshot, struct sheet *sheet)
{
	const struct source_result *const results[] = {
		&snapshot->mask_result,           &snapshot->release_result,
		&snapshot->modules.procfs_result, &snapshot->modules.sysfs_result,
		&snapshot->files_result,          &snapshot->posture_result,
	};
	const char *label = "not read";

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT;
		size_t before = 0;

		while (before < i &&
		       (results[before]->error == 0 ||
		        strcmp(results[before]->file, results[i]->file) != 0))
			before++;
		if (results[i]->error == 0 || before < i)
			continue;
		text_add_string(&value, results[i]->file);
		text_add_string(&value, ": ");
		text_add_string(&value, error_words(results[i]->error));
		sheet_add_text(sheet, label, &value);
		label = "";
	}
	if (!*label)
		sheet_add(sheet, "", "What depends on it is not known.");
}

static void add_doubts(const struct metrics *metrics, struct sheet *sheet)
{
	size_t before;

	sheet_add_title(sheet, "not explained");
	before = sheet->text->length;
	if (host_has_comparison(metrics))
		add_flag_doubts(metrics, sheet);
	if (host_has_sysfs(metrics))
		add_module_doubts(metrics, sheet);
	add_failures(metrics->snapshot, sheet);
	if (sheet->text->length == before)
		sheet_add_sentence(sheet, "nothing");
}

/* One more clause, unless there is no such bit. */
static void add_clause(const struct metrics *metrics, uint64_t bits, const char *one,
                       const char *several, struct text *clauses)
{
	if (!bits)
		return;
	if (clauses->length)
		text_add_string(clauses, "; ");
	add_bits(metrics, bits, " and ", clauses);
	text_add_string(clauses, bits & (bits - 1) ? several : one);
}

/* Which loaded modules bring which bits back. */
static void add_brought(const struct metrics *metrics, uint64_t bits, struct sheet *sheet)
{
	const struct findings *findings = metrics->findings;
	bool is_first = true;

	for (unsigned int bit = 0; bit < 64; bit++) {
		_cleanup_(text_clear) struct text line = TEXT_INIT, names = TEXT_INIT;

		if (!(bits >> bit & 1))
			continue;
		for (size_t i = 0; i < findings->tainting; i++)
			if (host_module_has_bit(metrics, findings->sorted[i], bit))
				add_name(&names, findings->sorted[i]->name,
				         findings->sorted[i]->name_length);
		add_bit(metrics, bit, &line);
		text_add_string(&line, ": ");
		text_add(&line, text_string(&names), names.length);
		sheet_add_text(sheet, is_first ? "modules" : "", &line);
		is_first = false;
		if (names.error)
			sheet->text->error = names.error;
	}
}

static void add_outlook(const struct metrics *metrics, struct sheet *sheet)
{
	_cleanup_(text_clear) struct text clauses = TEXT_INIT, sentence = TEXT_INIT;
	struct outlook outlook;

	if (!host_has_mask(metrics) || !metrics->snapshot->mask)
		return;
	outlook_init(&outlook, metrics->snapshot, metrics->findings, metrics->dialect);
	add_clause(metrics, outlook.gone, " is gone", " are gone", &clauses);
	add_clause(metrics, outlook.with_modules,
	           " comes back as soon as a module that carries it is loaded again",
	           " come back as soon as modules that carry them are loaded again",
	           &clauses);
	add_clause(
		metrics, outlook.with_boot,
		" comes back with every boot, unless kernel, machine or settings change",
		" come back with every boot, unless kernel, machine or settings change",
		&clauses);
	add_clause(metrics, outlook.unknown, " may or may not come back",
	           " may or may not come back", &clauses);
	text_add_string(&sentence, "Nothing but a reboot clears a taint. After one, ");
	text_add(&sentence, text_string(&clauses), clauses.length);
	text_add_char(&sentence, '.');
	sheet_add_title(sheet, "after a reboot");
	sheet_add_sentence(sheet, text_string(&sentence));
	if (clauses.error || sentence.error)
		sheet->text->error = clauses.error ? clauses.error : sentence.error;
	add_brought(metrics, outlook.with_modules, sheet);
}

void host_text_write(const struct metrics *metrics, struct sheet *sheet)
{
	add_verdict(metrics, sheet);
	add_kernel(metrics, sheet);
	add_flags(metrics, sheet);
	add_modules(metrics, sheet);
	add_posture(metrics, sheet);
	add_doubts(metrics, sheet);
	add_outlook(metrics, sheet);
	sheet_end(sheet);
}
