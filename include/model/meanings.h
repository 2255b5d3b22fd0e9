/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every meaning that a bit of the mask, or a letter, has had: for masks and letters whose
 * kernel is not known. One row is one taint on a range of releases.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/dialect.h"

struct meaning {
	const struct taint_fact *fact; /* the first of the range */
	uint16_t dialects;             /* set of 1 << enum dialect_id */
	struct kernel_version since;   /* all zero: from the dialect's first release on */
	struct kernel_version until;   /* first release without it; all zero: none */
};

/* More than the table of facts has for one bit or letter (dialect.c); tests count. */
#define MEANINGS_MAX 48

struct meanings {
	struct meaning rows[MEANINGS_MAX];
	size_t count;
};

/* A set of all dialects. */
#define DIALECTS_ALL ((1u << DIALECT_COUNT) - 1)

/* Where a letter stands: on RHEL 6 a module's U is not the U of the mask. */
enum letter_place {
	LETTER_OF_MASK = 1 << 0,   /* behind "Tainted: " */
	LETTER_OF_MODULE = 1 << 1, /* in the parentheses behind a module's name */
	LETTER_ANYWHERE = LETTER_OF_MASK | LETTER_OF_MODULE,
};

/* In any of DIALECTS, a set of 1 << enum dialect_id. */
void meanings_of_bit(struct meanings *meanings, unsigned int bit, uint16_t dialects);
void meanings_of_letter(struct meanings *meanings, char letter, enum letter_place place,
                        uint16_t dialects);

/* Whether there is one, and all of them are the same taint, or stand at the same bit. */
bool meanings_have_one_taint(const struct meanings *meanings);
bool meanings_have_one_bit(const struct meanings *meanings);
