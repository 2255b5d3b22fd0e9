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

static const struct {
	const char *name;
	bool is_sure;
} ways[] = {
	[DIAGNOSIS_BY_FLAG] = { "flag", true },
	[DIAGNOSIS_BY_RELEASE] = { "release", true },
	[DIAGNOSIS_BY_SUPPORTED] = { "supported", true },
	[DIAGNOSIS_BY_DASHES] = { "dashes", true },
	[DIAGNOSIS_BY_LETTERS] = { "letters", false },
	[DIAGNOSIS_BY_DEFAULT] = { "default", false },
};
_Static_assert(ARRAY_SIZE(ways) == DIAGNOSIS_BY_COUNT, "one row each");

/* Kernels to compare with where none is named: those that print in different ways. */
static const struct {
	enum dialect_id id;
	const char *release;
} kernels[] = {
	{ DIALECT_MAINLINE, "" },
	{ DIALECT_RHEL9, "5.14.0-362.el9" },
	{ DIALECT_RHEL9, "5.14.0-284.el9" },
	{ DIALECT_RHEL9, "5.14.0-70.el9" },
	{ DIALECT_RHEL8, "4.18.0-372.el8" },
	{ DIALECT_RHEL7, "3.10.0-327.el7" },
	{ DIALECT_RHEL7, "3.10.0-123.el7" },
	{ DIALECT_RHEL6, "2.6.32-754.35.1.el6" },
	{ DIALECT_RHEL6, "2.6.32-279.el6" },
	{ DIALECT_RHEL6, "2.6.32-131.el6" },
	{ DIALECT_RHEL6, "2.6.32-71.el6" },
	{ DIALECT_RHEL5, "2.6.18-274.el5" },
	{ DIALECT_RHEL5, "2.6.18-92.el5" },
	{ DIALECT_SUSE, "6.4.0" },
	{ DIALECT_SUSE, "5.14.21" },
	{ DIALECT_SUSE, "4.12.14" },
};

const char *diagnosis_by_name(enum diagnosis_by by)
{
	return ways[by].name;
}

bool diagnosis_by_is_sure(enum diagnosis_by by)
{
	return ways[by].is_sure;
}

static struct taint_letters letters_of_modules(const struct backtrace *backtrace)
{
	struct taint_letters letters = { { 0 } };

	for (size_t i = 0; i < backtrace->count; i++) {
		if (backtrace->modules[i].count)
			continue;
		letters.half[0] |= backtrace->modules[i].letters.half[0];
		letters.half[1] |= backtrace->modules[i].letters.half[1];
	}
	return letters;
}

/* Whether modules carry such letters on this kernel. */
static bool knows_letters(const struct dialect *dialect, struct taint_letters letters)
{
	while (!taint_letters_is_empty(&letters)) {
		const struct taint_fact *fact =
			dialect->letters[(unsigned char)taint_letters_pop(&letters)];

		if (!fact || !taint_is_module_taint(fact->taint))
			return false;
	}
	return true;
}

/* Whether this kernel may have printed the report. */
static bool fits(const struct dialect *dialect, const struct backtrace *backtrace,
                 struct taint_letters letters)
{
	const struct text *flags = &backtrace->flags;
	struct taint_string string =
		taint_string_parse(dialect, text_string(flags), flags->length);

	return taint_letters_is_empty(&string.strangers) &&
	       knows_letters(dialect, letters) &&
	       (!flags->length ||
	        taint_string_has_dashes_of(dialect, text_string(flags), flags->length));
}

/* Where nothing names the kernel. */
static void choose_by_form(struct diagnosis *diagnosis, const struct backtrace *backtrace)
{
	bool has_dashes = strchr(text_string(&backtrace->flags), '-') != NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		dialect_init(&diagnosis->dialect, kernels[i].id, kernels[i].release);
		if (!fits(&diagnosis->dialect, backtrace, diagnosis->letters))
			continue;
		diagnosis->by = has_dashes ? DIAGNOSIS_BY_DASHES
		                : i        ? DIAGNOSIS_BY_LETTERS
		                           : DIAGNOSIS_BY_DEFAULT;
		return;
	}
	dialect_init(&diagnosis->dialect, DIALECT_MAINLINE, "");
	diagnosis->by = DIAGNOSIS_BY_DEFAULT;
}

static void choose(struct diagnosis *diagnosis, const struct backtrace *backtrace,
                   const struct diagnosis_hints *hints)
{
	const char *release = backtrace->release.length ? text_string(&backtrace->release)
	                                                : hints->release;
	bool is_same_kernel = strcmp(release, hints->release) == 0;
	enum dialect_id id;

	diagnosis->release = release;
	if (hints->is_dialect_given) {
		dialect_init(&diagnosis->dialect, hints->dialect, release);
		diagnosis->by = DIAGNOSIS_BY_FLAG;
		return;
	}
	id = dialect_choose(release, is_same_kernel ? hints->version : "");
	if (id == DIALECT_MAINLINE && backtrace->supported.length) {
		dialect_init(&diagnosis->dialect, DIALECT_SUSE, release);
		diagnosis->by = DIAGNOSIS_BY_SUPPORTED;
	} else if (*release) {
		dialect_init(&diagnosis->dialect, id, release);
		diagnosis->by = DIAGNOSIS_BY_RELEASE;
	} else {
		choose_by_form(diagnosis, backtrace);
	}
}

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

static void find_mask(struct diagnosis *diagnosis, const struct backtrace *backtrace)
{
	const struct text *flags = &backtrace->flags;
	struct taint_string string = taint_string_parse(
		&diagnosis->dialect, text_string(flags), flags->length);

	diagnosis->mask =
		string.mask |
		parse_constants(&diagnosis->dialect, text_string(&backtrace->constants));
	diagnosis->strangers = string.strangers;
	diagnosis->unplaced = string.unplaced;
	diagnosis->has_mask = backtrace->tainted != BACKTRACE_UNKNOWN;
	diagnosis->is_mask_whole = backtrace->tainted == BACKTRACE_NOT_TAINTED ||
	                           (diagnosis->mask && !string.unplaced &&
	                            taint_letters_is_empty(&string.strangers) &&
	                            taint_string_is_whole(&diagnosis->dialect));
}

void diagnosis_of_backtrace(struct diagnosis *diagnosis,
                            const struct backtrace *backtrace,
                            const struct diagnosis_hints *hints)
{
	*diagnosis = (struct diagnosis){ .letters = letters_of_modules(backtrace) };
	choose(diagnosis, backtrace, hints);
	find_mask(diagnosis, backtrace);
	diagnosis->carried =
		dialect_letters_bits(&diagnosis->dialect, diagnosis->letters);
	if (backtrace->has_modules)
		diagnosis->unexplained = diagnosis->dialect.module_bits &
		                         diagnosis->mask & ~diagnosis->carried;
}

void diagnosis_of_mask(struct diagnosis *diagnosis, uint64_t mask,
                       const struct diagnosis_hints *hints)
{
	*diagnosis = (struct diagnosis){
		.release = "", .has_mask = true, .is_mask_whole = true, .mask = mask
	};
	dialect_init(&diagnosis->dialect,
	             hints->is_dialect_given ? hints->dialect : DIALECT_MAINLINE, "");
	diagnosis->by =
		hints->is_dialect_given ? DIAGNOSIS_BY_FLAG : DIAGNOSIS_BY_DEFAULT;
}
