/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints of a diagnosis, in the order of their bits.
 */
#include "model/diagnosed.h"

#include "model/backtrace.h"

static void add_letter(struct taint_letters *letters, char letter)
{
	letters->half[(letter - '!') / 64] |= UINT64_C(1) << ((letter - '!') % 64);
}

/* Those of LETTERS by which a module carries the bit. */
static struct taint_letters letters_of(const struct dialect *dialect, unsigned int bit,
                                       struct taint_letters letters)
{
	struct taint_letters found = { { 0 } };

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact = dialect->letters[(unsigned char)letter];

		if (fact && fact->bit == bit)
			add_letter(&found, letter);
	}
	return found;
}

static bool has_letter(const struct taint_letters *letters, char letter)
{
	return letters->half[(letter - '!') / 64] >> ((letter - '!') % 64) & 1;
}

static struct taint_letters join(const struct taint_letters *a,
                                 const struct taint_letters *b)
{
	return (struct taint_letters){ { a->half[0] | b->half[0],
		                         a->half[1] | b->half[1] } };
}

/* Its taint and its bit are told if all that it may mean has the same. */
static void set_uncertain(struct diagnosed_taint *taint,
                          const struct diagnosis *diagnosis)
{
	struct meanings meanings;

	taint->is_uncertain = true;
	taint->place = 0;
	if (has_letter(&diagnosis->uncertain_in_mask, taint->flag))
		taint->place |= diagnosis->mask_place;
	if (has_letter(&diagnosis->uncertain_on_modules, taint->flag))
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
	struct taint_letters uncertain =
		join(&diagnosis->uncertain_in_mask, &diagnosis->uncertain_on_modules);
	struct taint_letters set =
		join(&diagnosis->strangers, &diagnosis->uncertain_in_mask);
	struct taint_letters letters = join(&diagnosis->letters, &set);

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			diagnosis->kernel.dialect.letters[(unsigned char)letter];
		struct diagnosed_taint *taint;

		/* Those with a bit are there already. */
		if (!has_letter(&uncertain, letter) && fact && fact->bit != TAINT_NO_BIT)
			continue;
		taint = &diagnosed->taints[diagnosed->count++];
		*taint = (struct diagnosed_taint){
			.bit = TAINT_NO_BIT,
			.flag = letter,
			.fact = fact,
			.is_set_known = has_letter(&set, letter),
			.is_set = has_letter(&set, letter),
		};
		if (has_letter(&uncertain, letter))
			set_uncertain(taint, diagnosis);
		if (has_letter(&diagnosis->letters, letter))
			add_letter(&taint->letters, letter);
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
		return taint->is_uncertain ? "it depends on the kernel's release"
		                           : "not known of this kernel";
	if (is_unsigned_only(taint, diagnosis))
		return taint_meaning(TAINT_UNSIGNED_MODULE);
	return taint_fact_meaning(taint->fact);
}

const char *diagnosed_note(const struct diagnosed_taint *taint,
                           const struct diagnosis *diagnosis)
{
	if (taint->bit < TAINT_NO_BIT && diagnosis->by_supported >> taint->bit & 1)
		return "this kernel does not print the bit; the line \"Supported:\" "
		       "tells it";
	if (!taint->fact)
		return "";
	if (is_unsigned_only(taint, diagnosis))
		return "this kernel has no E; the log says that it could not verify a "
		       "module";
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

/* Takes out the row that says of the dialect in use what TAINT says already. */
static void remove_here(struct meanings *meanings, const struct diagnosed_taint *taint)
{
	size_t count = 0;

	for (size_t i = 0; i < meanings->count; i++) {
		const struct taint_fact *fact = meanings->rows[i].fact;

		if (!taint->fact || fact->taint != taint->fact->taint ||
		    fact->letter != taint->fact->letter || fact->bit != taint->bit)
			meanings->rows[count++] = meanings->rows[i];
	}
	meanings->count = count;
}

void diagnosed_meanings(const struct diagnosed_taint *taint,
                        const struct diagnosis *diagnosis, struct meanings *meanings)
{
	meanings->count = 0;
	if (taint->is_uncertain)
		meanings_of_letter(meanings, taint->flag, taint->place,
		                   diagnosis->kernel.dialects);
	else if (!diagnosis->kernel.dialect.has_build && diagnosis->is_alone &&
	         taint->bit != TAINT_NO_BIT)
		meanings_of_bit(meanings, taint->bit, diagnosis->kernel.dialects);
	if (!taint->is_uncertain)
		remove_here(meanings, taint);
}
