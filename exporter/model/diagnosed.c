/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints of a diagnosis. Must not know who will hear of them.
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

/* What has no bit: letters that only modules carry, and those of an unknown bit. */
static void add_letters(struct diagnosed *diagnosed, const struct diagnosis *diagnosis)
{
	const struct taint_letters *carried = &diagnosis->letters,
				   *set = &diagnosis->strangers;
	struct taint_letters letters = { { carried->half[0] | set->half[0],
		                           carried->half[1] | set->half[1] } };

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			diagnosis->dialect.letters[(unsigned char)letter];
		struct diagnosed_taint *taint;

		/* Those with a bit are there already. */
		if (fact && fact->bit != TAINT_NO_BIT)
			continue;
		taint = &diagnosed->taints[diagnosed->count++];
		*taint = (struct diagnosed_taint){
			.bit = TAINT_NO_BIT,
			.flag = letter,
			.fact = fact,
			.is_set_known = has_letter(set, letter),
			.is_set = has_letter(set, letter),
		};
		if (has_letter(carried, letter))
			add_letter(&taint->letters, letter);
	}
}

void diagnosed_init(struct diagnosed *diagnosed, const struct diagnosis *diagnosis)
{
	const struct dialect *dialect = &diagnosis->dialect;

	diagnosed->count = 0;
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect->bits[bit];
		bool is_set = diagnosis->mask >> bit & 1;
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

const char *diagnosed_meaning(const struct diagnosed_taint *taint)
{
	return taint->fact ? taint_meaning(taint->fact->taint)
	                   : "not known of this kernel";
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

const struct taint_fact *diagnosed_next_elsewhere(const struct diagnosed_taint *taint,
                                                  size_t *at)
{
	const struct taint_fact *facts, *here = taint->fact;
	size_t count;

	facts = dialect_facts(&count);
	while (*at < count) {
		const struct taint_fact *fact = &facts[(*at)++];

		if (fact->bit == taint->bit && fact->bit != TAINT_NO_BIT &&
		    (!here || fact->taint != here->taint || fact->letter != here->letter))
			return fact;
	}
	return NULL;
}
