/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of releases out of the table of facts, in which later rows replace earlier ones.
 */
#include "model/meanings.h"

static bool is_same_meaning(const struct taint_fact *a, const struct taint_fact *b)
{
	return a->taint == b->taint && a->bit == b->bit && a->letter == b->letter &&
	       a->or_unsigned == b->or_unsigned && a->is_ubuntus == b->is_ubuntus &&
	       (a->scope == TAINT_OF_KERNEL) == (b->scope == TAINT_OF_KERNEL);
}

/*
 * Cuts off the releases of RANGE in which LATER has its bit, which are at one end of it.
 * False: none is left.
 */
static bool cut(struct meaning *range, const struct taint_fact *later)
{
	if (kernel_version_compare(&later->since, &range->since) <= 0) {
		if (kernel_version_is_zero(&later->until))
			return false;
		if (kernel_version_compare(&later->until, &range->since) > 0)
			range->since = later->until;
	} else if (kernel_version_is_zero(&range->until) ||
	           kernel_version_compare(&later->since, &range->until) < 0) {
		range->until = later->since;
	}
	return kernel_version_is_zero(&range->until) ||
	       kernel_version_compare(&range->since, &range->until) < 0;
}

/* The releases of dialect ID for which FACT holds and no later one replaces it. */
static bool find_range(const struct taint_fact *fact, const struct taint_fact *end,
                       enum dialect_id id, struct meaning *range)
{
	*range = (struct meaning){ fact, (uint16_t)(1u << id), fact->since, fact->until };
	if (!dialect_has_base(id, &range->since)) {
		/* From an older kernel than all of the dialect's on, or a newer one. */
		if (!dialect_is_newer(id, &range->since))
			return false;
		range->since = (struct kernel_version){ { 0 } };
	}
	for (const struct taint_fact *later = fact + 1; later < end; later++)
		if (fact->bit != TAINT_NO_BIT && later->bit == fact->bit &&
		    !later->is_ubuntus && later->dialects & range->dialects &&
		    !is_same_meaning(fact, later) && !cut(range, later))
			return false;
	return true;
}

/* Joins RANGE to a row that it goes on from, or that says the same of other dialects. */
static void add_range(struct meanings *meanings, const struct meaning *range)
{
	for (size_t i = 0; i < meanings->count; i++) {
		struct meaning *row = &meanings->rows[i];

		if (!is_same_meaning(row->fact, range->fact))
			continue;
		if (row->dialects == range->dialects &&
		    !kernel_version_is_zero(&row->until) &&
		    kernel_version_compare(&range->since, &row->until) <= 0) {
			if (kernel_version_is_zero(&range->until) ||
			    kernel_version_compare(&row->until, &range->until) < 0)
				row->until = range->until;
			return;
		}
		if (row->dialects == range->dialects &&
		    kernel_version_is_zero(&row->until) &&
		    kernel_version_compare(&row->since, &range->since) <= 0)
			return;
	}
	if (meanings->count < MEANINGS_MAX)
		meanings->rows[meanings->count++] = *range;
}

/* Rows that differ in nothing but their dialects become one. */
static void join_dialects(struct meanings *meanings)
{
	size_t count = 0;

	for (size_t i = 0; i < meanings->count; i++) {
		const struct meaning *row = &meanings->rows[i];
		size_t at = 0;

		while (at < count &&
		       !(is_same_meaning(meanings->rows[at].fact, row->fact) &&
		         kernel_version_compare(&meanings->rows[at].since, &row->since) ==
		                 0 &&
		         kernel_version_compare(&meanings->rows[at].until, &row->until) ==
		                 0))
			at++;
		if (at == count)
			meanings->rows[count++] = *row;
		else
			meanings->rows[at].dialects |= row->dialects;
	}
	meanings->count = count;
}

/* What is looked for. */
struct wanted {
	unsigned int bit; /* of a mask; with a letter: unused */
	char letter;      /* '\0': the bit */
	enum letter_place place;
};

static bool is_wanted(const struct taint_fact *fact, const struct wanted *wanted)
{
	if (!wanted->letter)
		return fact->bit == wanted->bit;
	return fact->letter == wanted->letter &&
	       ((wanted->place & LETTER_OF_MASK && fact->bit != TAINT_NO_BIT) ||
	        (wanted->place & LETTER_OF_MODULE && fact->scope != TAINT_OF_KERNEL));
}

static void find(struct meanings *meanings, const struct wanted *wanted,
                 uint16_t dialects)
{
	size_t count;
	const struct taint_fact *facts = dialect_facts(&count);

	meanings->count = 0;
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		for (const struct taint_fact *fact = facts; fact < facts + count;
		     fact++) {
			struct meaning range;

			if (is_wanted(fact, wanted) &&
			    fact->dialects & dialects & 1u << id &&
			    find_range(fact, facts + count, id, &range))
				add_range(meanings, &range);
		}
	}
	join_dialects(meanings);
}

void meanings_of_bit(struct meanings *meanings, unsigned int bit, uint16_t dialects)
{
	find(meanings, &(struct wanted){ .bit = bit }, dialects);
}

void meanings_of_letter(struct meanings *meanings, char letter, enum letter_place place,
                        uint16_t dialects)
{
	find(meanings, &(struct wanted){ .letter = letter, .place = place }, dialects);
}

bool meanings_have_one_taint(const struct meanings *meanings)
{
	for (size_t i = 1; i < meanings->count; i++)
		if (meanings->rows[i].fact->taint != meanings->rows[0].fact->taint)
			return false;
	return meanings->count > 0;
}

bool meanings_have_one_bit(const struct meanings *meanings)
{
	for (size_t i = 1; i < meanings->count; i++)
		if (meanings->rows[i].fact->bit != meanings->rows[0].fact->bit)
			return false;
	return meanings->count > 0;
}
