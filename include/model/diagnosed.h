/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The taints of a diagnosis one by one, with whoever carries them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/diagnosis.h"

struct backtrace;

/* One taint of which there is something to say. */
struct diagnosed_taint {
	unsigned int bit;              /* TAINT_NO_BIT: only a letter */
	char flag;                     /* '?' of a bit without a letter */
	const struct taint_fact *fact; /* NULL: not known of this kernel */
	bool is_set_known, is_set;     /* in the mask */
	struct taint_letters letters;  /* of modules that carry it */
};

/* Bits, and letters that have none. */
#define DIAGNOSED_MAX (64 + 94)

struct diagnosed {
	struct diagnosed_taint taints[DIAGNOSED_MAX];
	size_t count;
};

/* Those in the mask and those that listed modules carry, in the order of their bits. */
void diagnosed_init(struct diagnosed *diagnosed, const struct diagnosis *diagnosis);

/* The value of the label `taint`, "unknown" without a fact, and what it means. */
const char *diagnosed_slug(const struct diagnosed_taint *taint);
const char *diagnosed_meaning(const struct diagnosed_taint *taint);

/*
 * The next listed module that carries the taint, from the module *AT on, which moves
 * behind it. Borrowed from the backtrace; NULL: there is none.
 */
const char *diagnosed_next_module(const struct diagnosed_taint *taint,
                                  const struct backtrace *backtrace, size_t *at);

/*
 * The next of all facts (dialect.h), from *AT on, by which this bit is another taint, or
 * has another letter, than here. NULL: there is none.
 */
const struct taint_fact *diagnosed_next_elsewhere(const struct diagnosed_taint *taint,
                                                  size_t *at);
