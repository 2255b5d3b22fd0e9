/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement of what is decoded. Must not know where it came from or who will hear it.
 */
#include "model/diagnosis.h"

#include <ctype.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/backtrace.h"
#include "model/taint_string.h"

/* The taint whose constant, without TAINT_, stands at NAME; TAINT_COUNT: unknown. */
static enum taint parse_constant(const char *name, size_t length)
{
	enum taint taint = 0;

	for (; taint < TAINT_COUNT; taint++) {
		const char *slug = taint_slug(taint);
		size_t i = 0;

		while (i < length && slug[i] &&
		       tolower((unsigned char)name[i]) == slug[i])
			i++;
		if (i == length && !slug[i])
			break;
	}
	return taint;
}

/* "[P]=PROPRIETARY_MODULE, [O]=OOT_MODULE": the bits of these constants. */
static uint64_t parse_constants(const struct dialect *dialect, const char *string)
{
	uint64_t mask = 0;

	for (const char *at = string; (at = strstr(at, "]="));) {
		char letter = ' ';
		size_t length = strcspn(at + 2, ", ");
		enum taint taint = parse_constant(at + 2, length);
		unsigned int bit =
			taint < TAINT_COUNT ? dialect_bit(dialect, taint) : TAINT_NO_BIT;

		if (at > string)
			letter = at[-1];
		at += 2;
		/* A vendor's own meaning of it goes under its letter. */
		if (bit == TAINT_NO_BIT)
			mask |= taint_string_parse(dialect, &letter, 1).mask;
		else
			mask |= UINT64_C(1) << bit;
	}
	return mask;
}

/*
 * "Supported: Yes, External" and "No, Unsupported modules are loaded" tell of two bits of
 * the mask (supported_printable() in patches.suse/supported-flag).
 */
static uint64_t supported_bits(const struct dialect *dialect, const char *supported)
{
	unsigned int external = dialect_bit(dialect, TAINT_EXTERNAL_SUPPORT);
	unsigned int unsupported = dialect_bit(dialect, TAINT_NO_SUPPORT);
	uint64_t bits = 0;

	if (external < TAINT_NO_BIT && strstr(supported, "External"))
		bits |= UINT64_C(1) << external;
	if (unsupported < TAINT_NO_BIT && strstr(supported, "Unsupported"))
		bits |= UINT64_C(1) << unsupported;
	return bits;
}

static void find_mask(struct diagnosis *diagnosis, const struct backtrace *backtrace)
{
	const struct text *flags = &backtrace->flags;
	struct taint_string string = taint_string_parse(
		&diagnosis->kernel.dialect, text_string(flags), flags->length);

	diagnosis->mask =
		string.mask | parse_constants(&diagnosis->kernel.dialect,
	                                      text_string(&backtrace->constants));
	if (backtrace->supported.length)
		diagnosis->by_supported =
			supported_bits(&diagnosis->kernel.dialect,
		                       text_string(&backtrace->supported)) &
			diagnosis->unprinted;
	diagnosis->mask |= diagnosis->by_supported;
	diagnosis->strangers = string.strangers;
	diagnosis->unplaced = string.unplaced;
	diagnosis->has_mask = backtrace->tainted != BACKTRACE_UNKNOWN;
	diagnosis->is_mask_whole =
		backtrace->tainted == BACKTRACE_NOT_TAINTED ||
		(diagnosis->mask && !string.unplaced &&
	         taint_letters_is_empty(&string.strangers) && !diagnosis->unprinted);
}

/* ---- letters of an unknown release ---- */

static bool is_uncertain(const struct meanings *meanings)
{
	return meanings->count &&
	       !(meanings_have_one_taint(meanings) && meanings_have_one_bit(meanings));
}

static void find_uncertain_flags(struct diagnosis *diagnosis,
                                 struct taint_letters letters, enum letter_place place)
{
	struct meanings meanings;

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);

		meanings_of_letter(&meanings, letter, place, diagnosis->kernel.dialects);
		if (!is_uncertain(&meanings))
			continue;
		taint_letters_add(&diagnosis->uncertain_in_mask, letter);
		diagnosis->mask &=
			~taint_string_parse(&diagnosis->kernel.dialect, &letter, 1).mask;
		if (meanings_have_one_bit(&meanings) &&
		    meanings.rows[0].fact->bit != TAINT_NO_BIT)
			diagnosis->uncertain_bits |= UINT64_C(1)
			                             << meanings.rows[0].fact->bit;
		else
			diagnosis->has_uncertain_place = true;
	}
	diagnosis->mask |= diagnosis->uncertain_bits;
	diagnosis->is_mask_whole &= !diagnosis->has_uncertain_place;
}

/* The bits that a module may carry by a letter whose meaning is not certain. */
static uint64_t find_uncertain_letters(struct diagnosis *diagnosis)
{
	struct taint_letters letters = diagnosis->letters;
	struct meanings meanings;
	uint64_t bits = 0;

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);

		meanings_of_letter(&meanings, letter, LETTER_OF_MODULE,
		                   diagnosis->kernel.dialects);
		if (!is_uncertain(&meanings))
			continue;
		taint_letters_add(&diagnosis->uncertain_on_modules, letter);
		for (size_t i = 0; i < meanings.count; i++)
			if (meanings.rows[i].fact->bit != TAINT_NO_BIT)
				bits |= UINT64_C(1) << meanings.rows[i].fact->bit;
	}
	return bits;
}

static void diagnose(struct diagnosis *diagnosis, const struct backtrace *backtrace,
                     const struct report_hints *hints, enum letter_place place)
{
	struct report_letters letters = report_letters_of(backtrace, place);
	uint64_t possible = 0;

	*diagnosis = (struct diagnosis){
		.letters = letters.of_modules,
		.mask_place = place,
		.is_unsigned_announced = hints->is_unsigned_announced,
	};
	report_dialect_choose(&diagnosis->kernel, backtrace, &letters, hints);
	diagnosis->unprinted = taint_string_unprinted(&diagnosis->kernel.dialect);
	find_mask(diagnosis, backtrace);
	if (!diagnosis->kernel.dialect.has_build) {
		possible = find_uncertain_letters(diagnosis);
		/* Where the kernel names the taints they are certain. */
		if (!backtrace->constants.length)
			find_uncertain_flags(diagnosis, letters.of_mask, place);
	}
	diagnosis->carried = dialect_letters_bits(
		&diagnosis->kernel.dialect,
		taint_letters_without(&diagnosis->letters,
	                              &diagnosis->uncertain_on_modules));
	if (backtrace->has_modules)
		diagnosis->unexplained = diagnosis->kernel.dialect.module_bits &
		                         diagnosis->mask &
		                         ~(diagnosis->carried | possible);
}

void diagnosis_of_backtrace(struct diagnosis *diagnosis,
                            const struct backtrace *backtrace,
                            const struct report_hints *hints)
{
	diagnose(diagnosis, backtrace, hints, LETTER_OF_MASK);
}

void diagnosis_of_flags(struct diagnosis *diagnosis, const char *flags, size_t length,
                        const struct report_hints *hints)
{
	struct backtrace backtrace = {
		.tainted = BACKTRACE_TAINTED,
		.flags = { .data = (char *)flags, .length = length },
	};
	/* Only in a mask are there columns, and a G where nothing is set. */
	bool is_mask = memchr(flags, 'G', length) || memchr(flags, ' ', length) ||
	               memchr(flags, '-', length);

	diagnose(diagnosis, &backtrace, hints,
	         is_mask ? LETTER_OF_MASK : LETTER_ANYWHERE);
	diagnosis->is_alone = true;
}

uint64_t diagnosis_panic_mask(const struct diagnosis *diagnosis)
{
	const struct dialect *dialect = &diagnosis->kernel.dialect;

	if (diagnosis->has_uncertain_place ||
	    (dialect->id >= DIALECT_RHEL5 && dialect->id <= DIALECT_RHEL7))
		return 0;
	return diagnosis->mask & dialect->known_bits;
}

void diagnosis_of_mask(struct diagnosis *diagnosis, uint64_t mask,
                       const struct report_hints *hints)
{
	*diagnosis = (struct diagnosis){
		.kernel.release = "",
		.is_alone = true,
		.has_mask = true,
		.is_mask_whole = true,
		.mask = mask,
	};
	dialect_init(&diagnosis->kernel.dialect,
	             hints->is_dialect_given ? hints->dialect : DIALECT_MAINLINE, "");
	diagnosis->kernel.by =
		hints->is_dialect_given ? DIALECT_BY_FLAG : DIALECT_BY_DEFAULT;
	diagnosis->kernel.dialects =
		hints->is_dialect_given ? (uint16_t)(1u << hints->dialect) : DIALECTS_ALL;
}
