/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from a mask or a backtrace when it is not known beforehand whose kernel it
 * is of: the dialect, the bits, and what no listed module explains. Pure judgement.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/dialect.h"
#include "model/taint.h"

struct backtrace;

/* How the dialect was found, from the surest to the least sure. */
enum diagnosis_by {
	DIAGNOSIS_BY_FLAG,      /* the user said so */
	DIAGNOSIS_BY_RELEASE,   /* the kernel release names it */
	DIAGNOSIS_BY_SUPPORTED, /* only SUSE's kernels have such a line */
	DIAGNOSIS_BY_DASHES,    /* of the Tainted: string */
	DIAGNOSIS_BY_LETTERS,   /* the first that knows all letters */
	DIAGNOSIS_BY_DEFAULT,   /* nothing speaks against mainline */
	DIAGNOSIS_BY_COUNT,
};

/* One word for it. */
const char *diagnosis_by_name(enum diagnosis_by by);

/* Whether it is more than a guess. */
bool diagnosis_by_is_sure(enum diagnosis_by by);

/* What the user and the log around it say. */
struct diagnosis_hints {
	bool is_dialect_given;
	enum dialect_id dialect;
	const char *release; /* of the last "Linux version"; "": there was none */
	const char *version; /* that line, as in /proc/version */
};

struct diagnosis {
	struct dialect dialect;
	enum diagnosis_by by;
	const char *release; /* borrowed of whoever named it; "": nobody did */
	bool has_mask;       /* something is known of it */
	bool is_mask_whole;  /* and there is nothing more */
	uint64_t mask;
	struct taint_letters strangers; /* of the string: their bits are not known */
	unsigned int unplaced;          /* bits that are set, nobody knows which */
	uint64_t carried;               /* bits that listed modules carry */
	struct taint_letters letters;   /* all that listed modules carry */
	uint64_t unexplained; /* bits a module can carry that no listed one does */
};

/* Of a report. */
void diagnosis_of_backtrace(struct diagnosis *diagnosis,
                            const struct backtrace *backtrace,
                            const struct diagnosis_hints *hints);

/* Of a number alone. */
void diagnosis_of_mask(struct diagnosis *diagnosis, uint64_t mask,
                       const struct diagnosis_hints *hints);
