/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host in JSON. Must not judge: findings, verdict and outlook are model's.
 */
#include "exposition/host_json.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "exposition/absence.h"
#include "exposition/host.h"
#include "exposition/metrics.h"
#include "exposition/report.h"
#include "model/cause.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/outlook.h"
#include "model/snapshot.h"

/* Begins an array, unless its members are not known: then it is null. */
static bool begin_list(struct text *text, const char *key, bool is_known)
{
	json_add_key(text, key);
	text_add_string(text, is_known ? "[" : "null");
	return is_known;
}

/* Begins an object in a list. */
static void begin_flag(const struct metrics *metrics, unsigned int bit, struct text *text)
{
	const struct taint_fact *fact = host_fact(metrics, bit);
	char flag[] = "?";

	if (fact)
		flag[0] = fact->letter;
	json_add_comma(text);
	text_add_char(text, '{');
	json_add_number(text, "bit", true, bit);
	json_add_pair(text, "flag", flag);
	json_add_pair(text, "taint", fact ? taint_slug(fact->taint) : "unknown");
	json_add_pair(text, "meaning", fact ? taint_fact_meaning(fact) : "unknown");
	json_add_pair(text, "cause",
	              fact ? cause_find(fact->taint, metrics->snapshot) : NULL);
}

static void add_flags(const struct metrics *metrics, const char *key, bool is_known,
                      uint64_t bits, struct text *text)
{
	if (!begin_list(text, key, is_known))
		return;
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(bits >> bit & 1))
			continue;
		begin_flag(metrics, bit, text);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void add_kernel(const struct metrics *metrics, struct text *text)
{
	const struct snapshot *snapshot = metrics->snapshot;
	bool has_mask = host_has_mask(metrics);

	json_add_switch(text, "tainted", has_mask, snapshot->mask != 0);
	json_add_number(text, "mask", has_mask, snapshot->mask);
	json_add_pair(text, "release",
	              snapshot->release.length ? text_string(&snapshot->release) : NULL);
	json_add_pair(text, "dialect",
	              metrics->dialect ? dialect_name(metrics->dialect->id) : NULL);
	add_flags(metrics, "taints", has_mask, snapshot->mask, text);
}

/* In a list of names. */
static void add_name(const struct module_record *record, struct text *text)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;

	text_add(&name, record->name, record->name_length);
	json_add_comma(text);
	json_add_string(text, text_string(&name));
	if (name.error)
		text->error = name.error;
}

static void add_modules(const struct metrics *metrics, struct text *text)
{
	const struct findings *findings = metrics->findings;
	const struct module_list *modules = &metrics->snapshot->modules;
	bool is_known = host_has_modules(metrics);
	bool is_meant = is_known && metrics->dialect;

	json_add_switch(text, "module_support", is_known, modules->support);
	json_add_number(text, "modules_loaded", is_known, modules->count);
	json_add_number(text, "modules_tainting", is_known, findings->tainting);
	json_add_number(text, "modules_proprietary", is_meant, findings->proprietary);
	json_add_number(text, "modules_out_of_tree", is_meant, findings->out_of_tree);
	json_add_number(text, "modules_unsigned", is_meant, findings->unsigned_modules);
	if (!begin_list(text, "modules", is_known))
		return;
	for (size_t i = 0; i < findings->tainting; i++) {
		_cleanup_(text_clear) struct text name = TEXT_INIT;
		struct report_module report =
			host_report(metrics, findings->sorted[i], &name);

		json_add_comma(text);
		report_loaded_json_write(&report, text);
		if (name.error)
			text->error = name.error;
	}
	text_add_char(text, ']');
}

static void add_doubts(const struct metrics *metrics, struct text *text)
{
	const struct findings *findings = metrics->findings;
	const struct module_list *modules = &metrics->snapshot->modules;
	bool is_known = host_has_comparison(metrics), has_sysfs = host_has_sysfs(metrics);

	add_flags(metrics, "unexplained", is_known, findings->unexplained, text);
	add_flags(metrics, "contradicted", is_known, findings->contradicted, text);
	if (begin_list(text, "hidden", has_sysfs)) {
		for (size_t i = 0; i < modules->unlisted_count; i++) {
			json_add_comma(text);
			json_add_string(text, module_list_unlisted_name(modules, i));
		}
		text_add_char(text, ']');
	}
	if (begin_list(text, "disagreeing", has_sysfs)) {
		for (size_t i = 0; i < modules->count; i++)
			if (module_record_is_disagreeing(&modules->records[i]))
				add_name(&modules->records[i], text);
		text_add_char(text, ']');
	}
}

/* Why a reading is null, where that is known. */
static void add_absences(const struct snapshot *snapshot, struct text *text)
{
	struct concealable rows[CONCEALABLE_COUNT];

	concealables_find(snapshot, rows);
	json_add_key(text, "absent");
	text_add_char(text, '{');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		json_add_pair(text, rows[i].name,
		              rows[i].reading->known
		                      ? NULL
		                      : absence_name(rows[i].reading->absence));
	text_add_char(text, '}');
}

static void add_posture(const struct snapshot *snapshot, struct text *text)
{
	json_add_key(text, "posture");
	text_add_char(text, '{');
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++) {
		const struct host_posture *row = &host_postures[posture];
		const struct reading *reading = &snapshot->posture[posture];

		if (row->off)
			json_add_switch(text, row->name, reading->known, reading->value);
		else
			json_add_number(text, row->name, reading->known, reading->value);
	}
	json_add_pair(text, "lockdown",
	              snapshot->lockdown.known
	                      ? lockdown_name((enum lockdown)snapshot->lockdown.value)
	                      : NULL);
	add_absences(snapshot, text);
	text_add_char(text, '}');
}

static void add_collectors(const struct metrics *metrics, struct text *text)
{
	json_add_key(text, "collectors");
	text_add_char(text, '{');
	for (enum collector c = 0; c < COLLECTOR_COUNT; c++)
		if (metrics->collectors & COLLECTOR_BIT(c))
			json_add_switch(text, collector_name(c), true,
			                metrics->succeeded & COLLECTOR_BIT(c));
	text_add_char(text, '}');
}

/* The bits that come back with modules, each with those that carry it. */
static void add_brought(const struct metrics *metrics, uint64_t bits, struct text *text)
{
	const struct findings *findings = metrics->findings;

	begin_list(text, "with_modules", true);
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(bits >> bit & 1))
			continue;
		begin_flag(metrics, bit, text);
		begin_list(text, "modules", true);
		for (size_t i = 0; i < findings->tainting; i++)
			if (host_module_has_bit(metrics, findings->sorted[i], bit))
				add_name(findings->sorted[i], text);
		text_add_string(text, "]}");
	}
	text_add_char(text, ']');
}

static void add_outlook(const struct metrics *metrics, struct text *text)
{
	struct outlook outlook;

	json_add_key(text, "reboot");
	if (!host_has_mask(metrics)) {
		text_add_string(text, "null");
		return;
	}
	outlook_init(&outlook, metrics->snapshot, metrics->findings, metrics->dialect);
	text_add_char(text, '{');
	add_flags(metrics, "gone", true, outlook.gone, text);
	add_brought(metrics, outlook.with_modules, text);
	add_flags(metrics, "with_boot", true, outlook.with_boot, text);
	add_flags(metrics, "unknown", true, outlook.unknown, text);
	text_add_char(text, '}');
}

void host_json_write(const struct metrics *metrics, struct text *text)
{
	text_add_char(text, '{');
	add_kernel(metrics, text);
	add_modules(metrics, text);
	add_doubts(metrics, text);
	add_posture(metrics->snapshot, text);
	add_collectors(metrics, text);
	add_outlook(metrics, text);
	text_add_char(text, '}');
}
