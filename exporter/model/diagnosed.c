/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints of a diagnosis. Must not know who will hear of them.
 */
#include "model/diagnosed.h"

#include "model/backtrace.h"

static void add_letters(struct diagnosed *diagnosed, const struct dialect *dialect,
                        struct taint_letters letters, bool is_of_mask)
{
	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			is_of_mask ? NULL : dialect->letters[(unsigned char)letter];

		/* Those with a bit are there already. */
		if (fact && fact->bit != TAINT_NO_BIT)
			continue;
		diagnosed->taints[diagnosed->count++] = (struct diagnosed_taint){
			.bit = TAINT_NO_BIT,
			.flag = letter,
			.fact = fact,
			.is_set_known = is_of_mask,
			.is_set = is_of_mask,
		};
	}
}

void diagnosed_init(struct diagnosed *diagnosed, const struct diagnosis *diagnosis)
{
	const struct dialect *dialect = &diagnosis->dialect;

	diagnosed->count = 0;
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect->bits[bit];
		bool is_set = diagnosis->mask >> bit & 1;

		if (!is_set && !(diagnosis->carried >> bit & 1))
			continue;
		diagnosed->taints[diagnosed->count++] = (struct diagnosed_taint){
			.bit = bit,
			.flag = fact ? fact->letter : '?',
			.fact = fact,
			.is_set_known = is_set || diagnosis->is_mask_whole,
			.is_set = is_set,
		};
	}
	add_letters(diagnosed, dialect, diagnosis->letters, false);
	add_letters(diagnosed, dialect, diagnosis->strangers, true);
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

static bool carries(const struct diagnosis *diagnosis,
                    const struct diagnosed_taint *taint, struct taint_letters letters)
{
	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			diagnosis->dialect.letters[(unsigned char)letter];

		if (taint->bit == TAINT_NO_BIT ? letter == taint->flag && !taint->is_set
		                               : fact && fact->bit == taint->bit)
			return true;
	}
	return false;
}

const char *diagnosed_next_module(const struct diagnosis *diagnosis,
                                  const struct diagnosed_taint *taint,
                                  const struct backtrace *backtrace, size_t *at)
{
	while (*at < backtrace->count) {
		const struct backtrace_module *module = &backtrace->modules[(*at)++];

		if (!module->count && carries(diagnosis, taint, module->letters))
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
