/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement over a snapshot. Must not know where it came from or who will hear it.
 */
#include "model/findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/dialect.h"
#include "model/snapshot.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Of names that look the same: an order that does not depend on the kernel's. */
static int compare_raw(const struct module_record *a, const struct module_record *b)
{
	size_t length = a->name_length < b->name_length ? a->name_length : b->name_length;
	int order = memcmp(a->name, b->name, length);

	if (order == 0)
		order = compare_numbers(a->name_length, b->name_length);
	if (order == 0)
		order = compare_numbers(a->letters.half[1], b->letters.half[1]);
	return order ? order : compare_numbers(a->letters.half[0], b->letters.half[0]);
}

static int compare_records(const void *a, const void *b)
{
	const struct module_record *const *x = a, *const *y = b;

	int order = utf8_compare_clean((*x)->name, (*x)->name_length, (*y)->name,
	                               (*y)->name_length);

	return order ? order : compare_raw(*x, *y);
}

/* Counts a module under each meaning of its letters, once. */
static void judge_letters(struct findings *findings, const struct dialect *dialect,
                          struct taint_letters letters)
{
	uint64_t taints = 0;

	findings->carried |= dialect_letters_bits(dialect, letters);
	while (!taint_letters_is_empty(&letters)) {
		const struct taint_fact *fact =
			dialect->letters[(unsigned char)taint_letters_pop(&letters)];

		if (fact)
			taints |= UINT64_C(1) << fact->taint;
	}
	findings->proprietary += taints >> TAINT_PROPRIETARY_MODULE & 1;
	findings->out_of_tree += taints >> TAINT_OOT_MODULE & 1;
	findings->unsigned_modules += taints >> TAINT_UNSIGNED_MODULE & 1;
}
_Static_assert(TAINT_COUNT <= 64, "a set of taints fits a word");

/* 0 or -ENOMEM. */
static int describe(struct findings *findings, const struct module_list *modules,
                    bool every)
{
	findings->described = findings->sorted;
	findings->described_count = findings->tainting;
	if (!every)
		return 0;
	findings->described = calloc(modules->count + 1, sizeof(struct module_record *));
	if (!findings->described)
		return -ENOMEM;
	findings->described_count = modules->count;
	for (size_t i = 0; i < modules->count; i++)
		findings->described[i] = &modules->records[i];
	qsort(findings->described, modules->count, sizeof(struct module_record *),
	      compare_records);
	return 0;
}

static int compare_unloaded(const void *a, const void *b)
{
	const struct unloaded_finding *x = a, *y = b;
	int order = utf8_compare_clean(x->record->name, x->record->name_length,
	                               y->record->name, y->record->name_length);

	return order ? order : strcmp(x->flags, y->flags);
}

/* What cannot be told apart becomes one. */
static void sum_unloaded(struct findings *findings)
{
	struct unloaded_finding *all = findings->unloaded;
	size_t count = 0;

	for (size_t i = 0; i < findings->unloaded_count; i++) {
		struct unloaded_finding *last = count ? &all[count - 1] : NULL;

		if (!last || compare_unloaded(last, &all[i]) != 0)
			all[count++] = all[i];
		else if (__builtin_add_overflow(last->count, all[i].count, &last->count))
			last->count = UINT64_MAX;
	}
	findings->unloaded_count = count;
}

/* 0 or -ENOMEM. */
static int judge_unloaded(struct findings *findings, const struct dialect *dialect,
                          const struct unloaded_list *list)
{
	struct text *flags = &findings->unloaded_flags;
	const char *at;

	findings->unloaded = calloc(list->count + 1, sizeof(*findings->unloaded));
	if (!findings->unloaded)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		dialect_letters_write(dialect, list->records[i].letters, flags);
		text_add(flags, "", 1);
	}
	if (flags->error)
		return flags->error;
	at = text_string(flags);
	for (size_t i = 0; i < list->count; i++) {
		findings->unloaded[i] = (struct unloaded_finding){
			.record = &list->records[i],
			.flags = at,
			.count = list->records[i].count,
		};
		at += strlen(at) + 1;
	}
	findings->unloaded_count = list->count;
	qsort(findings->unloaded, list->count, sizeof(*findings->unloaded),
	      compare_unloaded);
	sum_unloaded(findings);
	return 0;
}

int findings_init(struct findings *findings, const struct snapshot *snapshot,
                  const struct dialect *dialect, bool describes_every)
{
	const struct module_list *modules = &snapshot->modules;
	int r;

	*findings = (struct findings){ .hidden = modules->unlisted_count };

	findings->sorted = calloc(modules->count + 1, sizeof(struct module_record *));
	if (!findings->sorted)
		return -ENOMEM;

	for (size_t i = 0; i < modules->count; i++) {
		const struct module_record *record = &modules->records[i];

		if (module_record_is_disagreeing(record))
			findings->disagreeing++;
		if (record->file)
			findings->files[record->file->signature]++;
		if (taint_letters_is_empty(&record->letters))
			continue;
		findings->sorted[findings->tainting++] = record;
		if (dialect)
			judge_letters(findings, dialect, record->letters);
	}
	qsort(findings->sorted, findings->tainting, sizeof(struct module_record *),
	      compare_records);
	r = describe(findings, modules, describes_every);
	if (r == 0 && dialect)
		r = judge_unloaded(findings, dialect, &snapshot->unloaded);
	if (r < 0)
		return r;

	if (dialect) {
		findings->unexplained = dialect->module_bits &
		                        snapshot->mask_before_modules & snapshot->mask &
		                        ~findings->carried;
		findings->contradicted =
			dialect->mask_bits & findings->carried & ~snapshot->mask;
	}
	return 0;
}

void findings_clear(struct findings *findings)
{
	if (findings->described != findings->sorted)
		free(findings->described);
	free(findings->sorted);
	free(findings->unloaded);
	text_clear(&findings->unloaded_flags);
	*findings = (struct findings){ 0 };
}
