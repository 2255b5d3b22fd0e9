/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints of a diagnosis, in the order of their bits.
 */
#include "model/diagnosed.h"

#include "model/backtrace.h"

/* Those of LETTERS by which a module carries the bit. */
static struct taint_letters letters_of(const struct dialect *dialect, unsigned int bit,
                                       struct taint_letters letters)
{
	struct taint_letters found = { { 0 } };

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact = dialect->letters[(unsigned char)letter];

		if (fact && fact->bit == bit)
			taint_letters_add(&found, letter);
	}
	return found;
}

/* Its taint and its bit are told if all that it may mean has the same. */
static void set_uncertain(struct diagnosed_taint *taint,
                          const struct diagnosis *diagnosis)
{
	struct meanings meanings;

	taint->is_uncertain = true;
	taint->place = 0;
	if (taint_letters_has(&diagnosis->uncertain_in_mask, taint->flag))
		taint->place |= diagnosis->mask_place;
	if (taint_letters_has(&diagnosis->uncertain_on_modules, taint->flag))
		taint->place |= LETTER_OF_MODULE;
	meanings_of_letter(&meanings, taint->flag, taint->place,
	                   diagnosis->kernel.dialects);
	taint->fact = meanings_have_one_taint(&meanings) ? meanings.rows[0].fact : NULL;
	if (meanings_have_one_bit(&meanings))
		taint->bit = meanings.rows[0].fact->bit;
}

/* Letters without a bit: of modules only, of an unknown bit, or of an uncertain one. */
static void add_letters(struct diagnosed *diagnosed, const struct diagnosis *diagnosis)
{
	struct taint_letters uncertain = taint_letters_join(
		&diagnosis->uncertain_in_mask, &diagnosis->uncertain_on_modules);
	struct taint_letters set =
		taint_letters_join(&diagnosis->strangers, &diagnosis->uncertain_in_mask);
	struct taint_letters letters = taint_letters_join(&diagnosis->letters, &set);

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			diagnosis->kernel.dialect.letters[(unsigned char)letter];
		struct diagnosed_taint *taint;

		/* Those with a bit are there already. */
		if (!taint_letters_has(&uncertain, letter) && fact &&
		    fact->bit != TAINT_NO_BIT)
			continue;
		taint = &diagnosed->taints[diagnosed->count++];
		*taint = (struct diagnosed_taint){
			.bit = TAINT_NO_BIT,
			.flag = letter,
			.fact = fact,
			.is_set_known = taint_letters_has(&set, letter),
			.is_set = taint_letters_has(&set, letter),
		};
		if (taint_letters_has(&uncertain, letter))
			set_uncertain(taint, diagnosis);
		if (taint_letters_has(&diagnosis->letters, letter))
			taint_letters_add(&taint->letters, letter);
	}
}

void diagnosed_init(struct diagnosed *diagnosed, const struct diagnosis *diagnosis)
{
	const struct dialect *dialect = &diagnosis->kernel.dialect;
	uint64_t certain = diagnosis->mask & ~diagnosis->uncertain_bits;

	diagnosed->count = 0;
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect->bits[bit];
		bool is_set = certain >> bit & 1;
		char flag = '?';

		if (!is_set && !(diagnosis->carried >> bit & 1))
			continue;
		if (fact)
			flag = fact->letter;
		diagnosed->taints[diagnosed->count++] = (struct diagnosed_taint){
			.bit = bit,
			.flag = flag,
			.fact = fact,
			.is_set_known = is_set || diagnosis->is_mask_whole,
			.is_set = is_set,
			.letters = letters_of(dialect, bit, diagnosis->letters),
		};
	}
	add_letters(diagnosed, diagnosis);
}

const char *diagnosed_slug(const struct diagnosed_taint *taint)
{
	return taint->fact ? taint_slug(taint->fact->taint) : "unknown";
}

static bool is_unsigned_only(const struct diagnosed_taint *taint,
                             const struct diagnosis *diagnosis)
{
	return taint->fact->or_unsigned && diagnosis->is_unsigned_announced;
}

const char *diagnosed_meaning(const struct diagnosed_taint *taint,
                              const struct diagnosis *diagnosis)
{
	if (!taint->fact)
		return taint->is_uncertain ? "several meanings, by the kernel's release"
		                           : "not known of this kernel";
	if (is_unsigned_only(taint, diagnosis))
		return taint_meaning(TAINT_UNSIGNED_MODULE);
	return taint_fact_meaning(taint->fact);
}

const char *diagnosed_note(const struct diagnosed_taint *taint,
                           const struct diagnosis *diagnosis)
{
	if (taint->bit < TAINT_NO_BIT && diagnosis->by_supported >> taint->bit & 1)
		return "not printed by this kernel; taken from the line \"Supported:\"";
	if (!taint->fact)
		return "";
	if (is_unsigned_only(taint, diagnosis))
		return "this kernel has no E; the log says that it could not verify the "
		       "module";
	if (taint->fact->scope == TAINT_OF_MODULE_ALONE && taint->is_set_known &&
	    !taint->is_set)
		return "a module of this kernel may carry it without tainting the kernel";
	return taint->fact->note ? taint->fact->note : "";
}

const char *diagnosed_next_module(const struct diagnosed_taint *taint,
                                  const struct backtrace *backtrace, size_t *at)
{
	while (*at < backtrace->count) {
		const struct backtrace_module *module = &backtrace->modules[(*at)++];

		if (!module->count &&
		    ((module->letters.half[0] & taint->letters.half[0]) |
		     (module->letters.half[1] & taint->letters.half[1])))
			return backtrace_name(backtrace, module->name);
	}
	return NULL;
}

/* All meanings of the letter, or of the bit, on the kernels that it may be of. */
static void find_meanings(const struct diagnosed_taint *taint,
                          const struct diagnosis *diagnosis, struct meanings *meanings)
{
	enum letter_place place = taint->is_set ? diagnosis->mask_place : 0;

	meanings->count = 0;
	if (diagnosis->kernel.dialect.has_build)
		return;
	if (!taint_letters_is_empty(&taint->letters))
		place |= LETTER_OF_MODULE;
	if (taint->is_uncertain)
		place = taint->place;
	if (!taint->is_uncertain && diagnosis->is_alone && taint->bit != TAINT_NO_BIT)
		meanings_of_bit(meanings, taint->bit, diagnosis->kernel.dialects);
	else if (taint->fact || taint->is_uncertain)
		meanings_of_letter(meanings, taint->flag, place,
		                   diagnosis->kernel.dialects);
}

/* Removes the rows that repeat TAINT. */
static void remove_here(struct meanings *meanings, const struct diagnosed_taint *taint)
{
	size_t count = 0;

	for (size_t i = 0; i < meanings->count; i++) {
		const struct taint_fact *fact = meanings->rows[i].fact;

		if (!taint->fact || fact->taint != taint->fact->taint ||
		    fact->letter != taint->fact->letter ||
		    fact->or_unsigned != taint->fact->or_unsigned)
			meanings->rows[count++] = meanings->rows[i];
	}
	meanings->count = count;
}

void diagnosed_meanings(const struct diagnosed_taint *taint,
                        const struct diagnosis *diagnosis, struct meanings *meanings)
{
	find_meanings(taint, diagnosis, meanings);
	if (!taint->is_uncertain)
		remove_here(meanings, taint);
}

enum diagnosed_carrier diagnosed_carrier(const struct diagnosed_taint *taint,
                                         const struct diagnosis *diagnosis)
{
	struct meanings meanings;
	size_t of_modules = 0, of_kernels = 0;

	find_meanings(taint, diagnosis, &meanings);
	for (size_t i = 0; i < meanings.count; i++) {
		const struct taint_fact *fact = meanings.rows[i].fact;

		if (taint->fact && fact->taint != taint->fact->taint)
			continue;
		of_modules += fact->scope != TAINT_OF_KERNEL;
		of_kernels += fact->scope == TAINT_OF_KERNEL;
	}
	if (of_modules && of_kernels)
		return CARRIER_DEPENDS;
	if (!taint->fact)
		return CARRIER_UNKNOWN;
	return taint->fact->scope != TAINT_OF_KERNEL ? CARRIER_MODULE : CARRIER_KERNEL;
}
