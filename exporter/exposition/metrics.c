/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page. Knows the labels of each family and their values; must not read or judge.
 */
#include "exposition/metrics.h"

#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/version.h"
#include "exposition/absence.h"
#include "exposition/families.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/module_file.h"
#include "model/snapshot.h"

static const enum family posture_metrics[] = {
	[POSTURE_SIGNATURES_ENFORCED] = FAMILY_MODULE_SIGNATURES_ENFORCED,
	[POSTURE_LOADING_DISABLED] = FAMILY_MODULE_LOADING_DISABLED,
	[POSTURE_SECURE_BOOT] = FAMILY_SECURE_BOOT,
	[POSTURE_MICROCODE_OUTDATED] = FAMILY_MICROCODE_OUTDATED,
	[POSTURE_PANIC_MASK] = FAMILY_PANIC_MASK,
	[POSTURE_WARNINGS] = FAMILY_KERNEL_WARNINGS,
	[POSTURE_OOPSES] = FAMILY_KERNEL_OOPSES,
	[POSTURE_SOFTLOCKUPS] = FAMILY_KERNEL_SOFTLOCKUPS,
	[POSTURE_HARDLOCKUPS] = FAMILY_KERNEL_HARDLOCKUPS,
	[POSTURE_RCU_STALLS] = FAMILY_KERNEL_RCU_STALLS,
};
_Static_assert(ARRAY_SIZE(posture_metrics) == POSTURE_COUNT, "one family per posture");

/* A family of one sample without labels. */
static void number(struct expose *expose, enum family family, uint64_t value)
{
	family_write(expose, family);
	expose_sample(expose);
	expose_number_value(expose, value);
}

/* The same, if there is a value. */
static void reading(struct expose *expose, enum family family,
                    const struct reading *value)
{
	if (value->known)
		number(expose, family, value->value);
}

/* The labels bit, flag and taint of a bit that the dialect may or may not know. */
static void flag_sample(struct expose *expose, const struct dialect *dialect,
                        unsigned int bit, uint64_t value)
{
	const struct taint_fact *fact = dialect->bits[bit];
	const char digits[] = { (char)('0' + bit / 10), (char)('0' + bit % 10), '\0' };

	expose_sample(expose);
	expose_word(expose, "bit", bit < 10 ? digits + 1 : digits);
	expose_label(expose, "flag", fact ? &fact->letter : "?", 1);
	expose_word(expose, "taint", fact ? taint_slug(fact->taint) : "unknown");
	expose_number_value(expose, value);
}

/* One sample per bit of WANTED, with its value in VALUES. */
static void flag_family(struct expose *expose, enum family family,
                        const struct dialect *dialect, uint64_t wanted, uint64_t values)
{
	if (!wanted)
		return;
	family_write(expose, family);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (wanted >> bit & 1)
			flag_sample(expose, dialect, bit, values >> bit & 1);
}

static void write_kernel(struct expose *expose, const struct metrics *metrics)
{
	const struct snapshot *snapshot = metrics->snapshot;
	const struct dialect *dialect = metrics->dialect;

	if (snapshot->mask_result.error == 0) {
		number(expose, FAMILY_MASK, snapshot->mask);
		if (dialect)
			flag_family(expose, FAMILY_FLAG, dialect,
			            dialect->known_bits | snapshot->mask, snapshot->mask);
	}
	if (dialect && snapshot->release_result.error == 0) {
		family_write(expose, FAMILY_KERNEL_INFO);
		expose_sample(expose);
		expose_word(expose, "dialect", dialect_name(dialect->id));
		expose_label(expose, "release", text_string(&snapshot->release),
		             snapshot->release.length);
		expose_number_value(expose, 1);
	}
}

struct module_taint {
	const char *slug;
	char letter;
};

/* Writes the samples of one module, sorted by taint and letter. */
static void module_samples(struct expose *expose, const struct dialect *dialect,
                           const struct module_record *record,
                           struct taint_letters letters)
{
	struct module_taint taints[128];
	size_t count = 0;

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact = dialect->letters[(unsigned char)letter];
		const char *slug = fact ? taint_slug(fact->taint) : "unknown";
		size_t at = count++;

		/* Letters come in order, so only the taint decides. */
		for (; at > 0 && strcmp(taints[at - 1].slug, slug) > 0; at--)
			taints[at] = taints[at - 1];
		taints[at] = (struct module_taint){ slug, letter };
	}
	for (size_t i = 0; i < count; i++) {
		expose_sample(expose);
		expose_label(expose, "module", record->name, record->name_length);
		expose_word(expose, "taint", taints[i].slug);
		expose_label(expose, "flag", &taints[i].letter, 1);
		expose_number_value(expose, 1);
	}
}

static bool is_same_name(const struct module_record *a, const struct module_record *b)
{
	return utf8_compare_clean(a->name, a->name_length, b->name, b->name_length) == 0;
}

static void module_family(struct expose *expose, const struct dialect *dialect,
                          const struct findings *findings)
{
	size_t next;

	if (!findings->tainting)
		return;
	family_write(expose, FAMILY_MODULE);
	for (size_t i = 0; i < findings->tainting; i = next) {
		struct taint_letters letters = findings->sorted[i]->letters;

		/* Names that cannot be told apart on the page share their series. */
		for (next = i + 1;
		     next < findings->tainting &&
		     is_same_name(findings->sorted[i], findings->sorted[next]);
		     next++) {
			letters = taint_letters_join(&letters,
			                             &findings->sorted[next]->letters);
		}
		module_samples(expose, dialect, findings->sorted[i], letters);
	}
}

static void write_modules(struct expose *expose, const struct metrics *metrics)
{
	const struct snapshot *snapshot = metrics->snapshot;
	const struct findings *findings = metrics->findings;
	const struct dialect *dialect = metrics->dialect;

	if (snapshot->modules.procfs_result.error < 0)
		return;
	number(expose, FAMILY_MODULE_SUPPORT, snapshot->modules.support);
	number(expose, FAMILY_MODULES_LOADED, snapshot->modules.count);
	number(expose, FAMILY_MODULES_TAINTING, findings->tainting);
	if (dialect) {
		number(expose, FAMILY_MODULES_PROPRIETARY, findings->proprietary);
		number(expose, FAMILY_MODULES_OUT_OF_TREE, findings->out_of_tree);
		number(expose, FAMILY_MODULES_UNSIGNED, findings->unsigned_modules);
		module_family(expose, dialect, findings);
	}
	if (dialect && snapshot->mask_result.error == 0) {
		flag_family(expose, FAMILY_FLAG_UNEXPLAINED, dialect,
		            dialect->module_bits, findings->unexplained);
		flag_family(expose, FAMILY_FLAG_CONTRADICTED, dialect, dialect->mask_bits,
		            findings->contradicted);
	}
	if (snapshot->modules.sysfs_result.error == 0) {
		number(expose, FAMILY_MODULES_HIDDEN, findings->hidden);
		number(expose, FAMILY_MODULES_DISAGREEING, findings->disagreeing);
	}
}

/* The labels of a module's info, in the order of the contract. */
static void info_sample(struct expose *expose, const struct dialect *dialect,
                        const struct module_record *record)
{
	static const enum module_word words[] = {
		MODULE_WORD_SIGNER,  MODULE_WORD_SIG_KEY, MODULE_WORD_SIG_HASHALGO,
		MODULE_WORD_LICENSE, MODULE_WORD_VERSION, MODULE_WORD_SRCVERSION,
		MODULE_WORD_INTREE,
	};
	_cleanup_(text_clear) struct text flags = TEXT_INIT;
	const struct module_file *file = record->file;

	dialect_letters_write(dialect, record->letters, &flags);
	expose_sample(expose);
	expose_label(expose, "module", record->name, record->name_length);
	expose_label(expose, "flags", text_string(&flags), flags.length);
	expose_word(expose, "signature", module_signature_name(file->signature));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *value = module_file_word(file, words[i]);

		expose_label(expose, module_word_name(words[i]), value, strlen(value));
	}
	expose_label(expose, "path", file->path, strlen(file->path));
	expose_word(expose, "verified", module_verified_name(file->verified));
	expose_number_value(expose, 1);
	if (flags.error)
		expose->page->error = flags.error;
}

/* Whether the next described module, if any, cannot be told apart from this one. */
static bool is_repeated(const struct findings *findings, size_t i)
{
	return i + 1 < findings->described_count &&
	       is_same_name(findings->described[i], findings->described[i + 1]);
}

static void info_family(struct expose *expose, const struct metrics *metrics)
{
	const struct findings *findings = metrics->findings;

	if (!findings->described_count)
		return;
	family_write(expose, FAMILY_MODULE_INFO);
	for (size_t i = 0; i < findings->described_count; i++)
		if (!is_repeated(findings, i))
			info_sample(expose, metrics->dialect, findings->described[i]);
}

/* Of modules that share a series one that differs is enough. */
static void differs_family(struct expose *expose, const struct findings *findings)
{
	bool has_family = false;
	int differs = -1;

	for (size_t i = 0; i < findings->described_count; i++) {
		const struct module_record *record = findings->described[i];
		int one = -1;

		if (record->loaded)
			one = module_build_compare(record->loaded, &record->file->build);
		differs = one > differs ? one : differs;
		if (is_repeated(findings, i))
			continue;
		if (differs >= 0 && !has_family)
			family_write(expose, FAMILY_MODULE_FILE_DIFFERS);
		if (differs >= 0) {
			has_family = true;
			expose_sample(expose);
			expose_label(expose, "module", record->name, record->name_length);
			expose_number_value(expose, (uint64_t)differs);
		}
		differs = -1;
	}
}

static void write_signature(struct expose *expose, const struct metrics *metrics)
{
	const struct snapshot *snapshot = metrics->snapshot;

	if (snapshot->modules.procfs_result.error < 0 || snapshot->files_result.error < 0)
		return;
	family_write(expose, FAMILY_MODULE_FILES);
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		expose_sample(expose);
		expose_word(expose, "signature", module_signature_name(s));
		expose_number_value(expose, metrics->findings->files[s]);
	}
	if (metrics->dialect)
		info_family(expose, metrics);
	differs_family(expose, metrics->findings);
}

static void lockdown_family(struct expose *expose, const struct reading *lockdown)
{
	if (!lockdown->known)
		return;
	family_write(expose, FAMILY_LOCKDOWN);
	for (enum lockdown mode = 0; mode < LOCKDOWN_COUNT; mode++) {
		expose_sample(expose);
		expose_word(expose, "mode", lockdown_name(mode));
		expose_number_value(expose, lockdown->value == mode);
	}
}

static void visible_family(struct expose *expose, const struct snapshot *snapshot)
{
	struct concealable rows[CONCEALABLE_COUNT];

	concealables_find(snapshot, rows);
	family_write(expose, FAMILY_POSTURE_VISIBLE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct reading *value = rows[i].reading;

		expose_sample(expose);
		expose_word(expose, "reading", rows[i].name);
		expose_number_value(expose,
		                    value->known || value->absence != ABSENCE_HIDDEN);
	}
}

static void write_posture(struct expose *expose, const struct metrics *metrics)
{
	const struct snapshot *snapshot = metrics->snapshot;

	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++) {
		/* The families with labels have places among the others. */
		if (posture == POSTURE_SECURE_BOOT)
			lockdown_family(expose, &snapshot->lockdown);
		if (posture == POSTURE_PANIC_MASK)
			visible_family(expose, snapshot);
		reading(expose, posture_metrics[posture], &snapshot->posture[posture]);
	}
}

/* To milliseconds: where the log's clock began is not known any better. */
static uint64_t round_time(uint64_t nanoseconds)
{
	return (nanoseconds + 500000) / 1000000 * 1000000;
}

static void event_labels(struct expose *expose, const struct tally_entry *entry)
{
	expose_sample(expose);
	expose_word(expose, "event", announcement_name(entry->announcement));
	expose_label(expose, "module", entry->module, strlen(entry->module));
}

static void write_log(struct expose *expose, const struct snapshot *snapshot)
{
	const struct tally *log = &snapshot->log;

	if (snapshot->log_result.error < 0)
		return;
	if (log->count) {
		family_write(expose, FAMILY_LOG_EVENTS);
		for (size_t i = 0; i < log->count; i++) {
			event_labels(expose, &log->entries[i]);
			expose_number_value(expose, log->entries[i].count);
		}
		family_write(expose, FAMILY_LOG_FIRST_EVENT);
		for (size_t i = 0; i < log->count; i++) {
			event_labels(expose, &log->entries[i]);
			expose_seconds_value(expose, round_time(log->entries[i].first));
		}
	}
	number(expose, FAMILY_LOG_LOST_RECORDS, snapshot->log_lost);
}

static void write_unloaded(struct expose *expose, const struct metrics *metrics)
{
	const struct findings *findings = metrics->findings;

	if (metrics->snapshot->unloaded.result.error < 0 || !findings->unloaded_count)
		return;
	family_write(expose, FAMILY_UNLOADED_MODULE);
	for (size_t i = 0; i < findings->unloaded_count; i++) {
		const struct unloaded_finding *gone = &findings->unloaded[i];

		expose_sample(expose);
		expose_label(expose, "module", gone->record->name,
		             gone->record->name_length);
		expose_label(expose, "flags", gone->flags, strlen(gone->flags));
		expose_number_value(expose, gone->count);
	}
}

static void write_scrape(struct expose *expose, const struct metrics *metrics)
{
	if (metrics->collectors) {
		family_write(expose, FAMILY_COLLECTOR_SUCCESS);
		for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
			if (!(metrics->collectors & COLLECTOR_BIT(c)))
				continue;
			expose_sample(expose);
			expose_word(expose, "collector", collector_name(c));
			expose_number_value(expose, metrics->succeeded >> c & 1);
		}
		family_write(expose, FAMILY_COLLECTOR_DURATION);
		for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
			if (!(metrics->collectors & COLLECTOR_BIT(c)))
				continue;
			expose_sample(expose);
			expose_word(expose, "collector", collector_name(c));
			expose_seconds_value(expose, metrics->durations[c]);
		}
	}
	family_write(expose, FAMILY_SANDBOX);
	for (enum sandbox_layer layer = 0; layer < SANDBOX_LAYER_COUNT; layer++) {
		expose_sample(expose);
		expose_word(expose, "layer", sandbox_layer_name(layer));
		expose_number_value(expose, metrics->sandbox[layer]);
	}
	family_write(expose, FAMILY_BUILD_INFO);
	expose_sample(expose);
	expose_word(expose, "version", version.version);
	expose_word(expose, "revision", version.revision);
	expose_label(expose, "branch", version.branch, strlen(version.branch));
	expose_word(expose, "compiler", version.compiler);
	expose_word(expose, "arch", version.arch);
	expose_number_value(expose, 1);
}

static void write_process(struct expose *expose, const struct snapshot_process *process)
{
	family_write(expose, FAMILY_PROCESS_CPU);
	expose_sample(expose);
	expose_seconds_value(expose, process->cpu_time);
	reading(expose, FAMILY_PROCESS_OPEN_FDS, &process->open_fds);
	reading(expose, FAMILY_PROCESS_MAX_FDS, &process->max_fds);
	reading(expose, FAMILY_PROCESS_VIRTUAL_MEMORY, &process->virtual_memory_bytes);
	reading(expose, FAMILY_PROCESS_RESIDENT_MEMORY, &process->resident_memory_bytes);
	family_write(expose, FAMILY_PROCESS_START_TIME);
	expose_sample(expose);
	expose_seconds_value(expose, process->start_time);
}

void metrics_write(const struct metrics *metrics, enum expose_format format,
                   struct text *page)
{
	struct expose expose = { .page = page, .format = format };

	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_KERNEL))
		write_kernel(&expose, metrics);
	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_MODULES))
		write_modules(&expose, metrics);
	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_SIGNATURE))
		write_signature(&expose, metrics);
	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_POSTURE))
		write_posture(&expose, metrics);
	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_LOG))
		write_log(&expose, metrics->snapshot);
	if (metrics->collectors & COLLECTOR_BIT(COLLECTOR_UNLOADED))
		write_unloaded(&expose, metrics);
	write_scrape(&expose, metrics);
	if (metrics->with_process)
		write_process(&expose, &metrics->snapshot->process);
	expose_end(&expose);
}
