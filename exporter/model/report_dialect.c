/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialect of a report, from the surest sign of it to the least sure one.
 */
#include "model/report_dialect.h"

#include <ctype.h>
#include <string.h>

#include "base/macros.h"
#include "model/backtrace.h"
#include "model/dialect_choose.h"
#include "model/taint_string.h"

static const struct {
	const char *name;
	bool is_sure;
} ways[] = {
	[DIALECT_BY_FLAG] = { "flag", true },
	[DIALECT_BY_RELEASE] = { "release", true },
	[DIALECT_BY_SUPPORTED] = { "supported", true },
	[DIALECT_BY_DASHES] = { "dashes", true },
	[DIALECT_BY_LETTERS] = { "letters", false },
	[DIALECT_BY_DEFAULT] = { "default", false },
};
_Static_assert(ARRAY_SIZE(ways) == DIALECT_BY_COUNT, "one row each");

/* Kernels that print in different ways, to compare a string with. */
static const struct {
	enum dialect_id id;
	const char *release;
} kernels[] = {
	{ DIALECT_MAINLINE, "" },
	{ DIALECT_RHEL9, "5.14.0-611.el9" },
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
	{ DIALECT_RHEL10, "6.12.0-124.el10" },
	{ DIALECT_RHEL10, "6.12.0-54.el10" },
	{ DIALECT_SUSE, "6.4.0" },
	{ DIALECT_SUSE, "5.14.21" },
	{ DIALECT_SUSE, "4.12.14" },
};

const char *dialect_by_name(enum dialect_by by)
{
	return ways[by].name;
}

bool dialect_by_is_sure(enum dialect_by by)
{
	return ways[by].is_sure;
}

/* The letters of the string behind "Tainted: ". */
static struct taint_letters letters_of_string(const struct text *flags)
{
	struct taint_letters letters = { { 0 } };
	const char *string = text_string(flags);

	for (size_t i = 0; i < flags->length; i++)
		if (isalpha((unsigned char)string[i]) && string[i] != 'G')
			taint_letters_add(&letters, string[i]);
	return letters;
}

static struct taint_letters letters_of_modules(const struct backtrace *backtrace)
{
	struct taint_letters letters = { { 0 } };

	for (size_t i = 0; i < backtrace->count; i++) {
		if (!backtrace->modules[i].count)
			letters = taint_letters_join(&letters,
			                             &backtrace->modules[i].letters);
	}
	return letters;
}

struct report_letters report_letters_of(const struct backtrace *backtrace,
                                        enum letter_place place)
{
	return (struct report_letters){
		.of_mask = letters_of_string(&backtrace->flags),
		.place = place,
		.of_modules = letters_of_modules(backtrace),
	};
}

/* Whether modules carry such letters on this kernel. */
static bool knows_letters(const struct dialect *dialect, struct taint_letters letters)
{
	while (!taint_letters_is_empty(&letters)) {
		const struct taint_fact *fact =
			dialect->letters[(unsigned char)taint_letters_pop(&letters)];

		if (!fact || fact->scope == TAINT_OF_KERNEL)
			return false;
	}
	return true;
}

/* Whether this kernel may have printed the report. */
static bool fits(const struct dialect *dialect, const struct backtrace *backtrace,
                 const struct report_letters *letters)
{
	const struct text *flags = &backtrace->flags;
	struct taint_string string =
		taint_string_parse(dialect, text_string(flags), flags->length);

	return taint_letters_is_empty(&string.strangers) &&
	       knows_letters(dialect, letters->of_modules) &&
	       (!flags->length || letters->place == LETTER_ANYWHERE ||
	        taint_string_has_dashes_of(dialect, text_string(flags), flags->length));
}

static bool has_dashes(const struct backtrace *backtrace)
{
	const struct text *flags = &backtrace->flags;

	return memchr(text_string(flags), '-', flags->length) != NULL;
}

/* The first kernel, of DIALECTS, that may have printed the report. False: none may. */
static bool find_kernel(struct report_dialect *kernel, const struct backtrace *backtrace,
                        const struct report_letters *letters, uint16_t dialects)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct dialect dialect;

		if (!(dialects >> kernels[i].id & 1))
			continue;
		dialect_init(&dialect, kernels[i].id, kernels[i].release);
		if (!fits(&dialect, backtrace, letters))
			continue;
		kernel->dialect = dialect;
		/* It stands for others that print alike. */
		kernel->dialect.has_build = false;
		return true;
	}
	return false;
}

static bool knows_all(uint16_t dialects, struct taint_letters letters,
                      enum letter_place place)
{
	struct meanings meanings;

	while (!taint_letters_is_empty(&letters)) {
		meanings_of_letter(&meanings, taint_letters_pop(&letters), place,
		                   dialects);
		if (!meanings.count)
			return false;
	}
	return true;
}

/* The dialects that know all letters. */
static uint16_t find_dialects(const struct report_letters *letters)
{
	uint16_t dialects = 0;

	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		uint16_t dialect = (uint16_t)(1u << id);

		if (knows_all(dialect, letters->of_mask, letters->place) &&
		    knows_all(dialect, letters->of_modules, LETTER_OF_MODULE))
			dialects |= dialect;
	}
	return dialects ? dialects : DIALECTS_ALL;
}

/* Where nothing names the kernel. */
static void choose_by_form(struct report_dialect *kernel,
                           const struct backtrace *backtrace,
                           const struct report_letters *letters)
{
	if (!find_kernel(kernel, backtrace, letters, DIALECTS_ALL)) {
		dialect_init(&kernel->dialect, DIALECT_MAINLINE, "");
	} else if (has_dashes(backtrace)) {
		kernel->by = DIALECT_BY_DASHES;
		return;
	}
	kernel->by = kernel->dialect.id == DIALECT_MAINLINE ? DIALECT_BY_DEFAULT
	                                                    : DIALECT_BY_LETTERS;
	kernel->dialects = find_dialects(letters);
}

/*
 * The release of a rebuilt kernel may not tell whose patches it has, or how new they are;
 * then its dashes do.
 */
static void match_dashes(struct report_dialect *kernel, const struct backtrace *backtrace,
                         const struct report_letters *letters)
{
	const struct text *flags = &backtrace->flags;
	enum dialect_id id = kernel->dialect.id;

	if (!has_dashes(backtrace) ||
	    taint_string_has_dashes_of(&kernel->dialect, text_string(flags),
	                               flags->length) ||
	    find_kernel(kernel, backtrace, letters, (uint16_t)(1u << id)))
		return;
	if (find_kernel(kernel, backtrace, letters, DIALECTS_ALL))
		kernel->by = DIALECT_BY_DASHES;
}

static void choose(struct report_dialect *kernel, const struct backtrace *backtrace,
                   const struct report_letters *letters, const struct report_hints *hints)
{
	const char *release = backtrace->release.length ? text_string(&backtrace->release)
	                                                : hints->release;
	bool is_same_kernel = strcmp(release, hints->release) == 0;
	enum dialect_id id;

	kernel->release = release;
	if (hints->is_dialect_given) {
		dialect_init(&kernel->dialect, hints->dialect, release);
		kernel->by = DIALECT_BY_FLAG;
		return;
	}
	id = dialect_choose(release, is_same_kernel ? hints->version : "");
	if (id == DIALECT_MAINLINE && backtrace->supported.length) {
		dialect_init(&kernel->dialect, DIALECT_SUSE, release);
		kernel->by = DIALECT_BY_SUPPORTED;
	} else if (*release) {
		dialect_init(&kernel->dialect, id, release);
		kernel->by = DIALECT_BY_RELEASE;
		match_dashes(kernel, backtrace, letters);
	} else {
		choose_by_form(kernel, backtrace, letters);
	}
}

void report_dialect_choose(struct report_dialect *kernel,
                           const struct backtrace *backtrace,
                           const struct report_letters *letters,
                           const struct report_hints *hints)
{
	*kernel = (struct report_dialect){ 0 };
	choose(kernel, backtrace, letters, hints);
	if (!kernel->dialects)
		kernel->dialects = (uint16_t)(1u << kernel->dialect.id);
}
