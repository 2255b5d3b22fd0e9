/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose kernel printed a report: the dialect, and how sure that is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/dialect.h"
#include "model/meanings.h"
#include "model/taint.h"

struct backtrace;

/* How the dialect was found, from the surest to the least sure. */
enum dialect_by {
	DIALECT_BY_FLAG,      /* the user said so */
	DIALECT_BY_RELEASE,   /* the kernel release names it */
	DIALECT_BY_SUPPORTED, /* only SUSE's kernels have such a line */
	DIALECT_BY_DASHES,    /* of the Tainted: string */
	DIALECT_BY_LETTERS,   /* the first that knows all letters */
	DIALECT_BY_DEFAULT,   /* nothing speaks against mainline */
	DIALECT_BY_COUNT,
};

/* One word for it. */
const char *dialect_by_name(enum dialect_by by);

/* Whether it is more than a guess. */
bool dialect_by_is_sure(enum dialect_by by);

/* Facts from the command line and from the log around a report. */
struct report_hints {
	bool is_dialect_given;
	enum dialect_id dialect;
	const char *release;        /* of the last "Linux version"; "": there was none */
	const char *version;        /* that line, as in /proc/version */
	bool is_unsigned_announced; /* F is of modules that were not verified */
};

struct report_dialect {
	struct dialect dialect; /* without a build where no release tells one */
	enum dialect_by by;
	uint16_t dialects;   /* all that it may be, as a set of 1 << enum dialect_id */
	const char *release; /* borrowed of the report or the hints; "": none is known */
};

/* The letters of a report. */
struct report_letters {
	struct taint_letters of_mask; /* of the string behind "Tainted: " */
	enum letter_place place;      /* where these stand */
	struct taint_letters of_modules;
};

struct report_letters report_letters_of(const struct backtrace *backtrace,
                                        enum letter_place place);

void report_dialect_choose(struct report_dialect *kernel,
                           const struct backtrace *backtrace,
                           const struct report_letters *letters,
                           const struct report_hints *hints);
