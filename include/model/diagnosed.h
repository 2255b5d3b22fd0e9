/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The taints of a diagnosis one by one, with the modules that carry them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/diagnosis.h"

struct backtrace;

/* One taint of which there is something to say. */
struct diagnosed_taint {
	unsigned int bit; /* TAINT_NO_BIT: only a letter, or its bit is not certain */
	char flag;        /* '?' of a bit without a letter */
	const struct taint_fact
		*fact;                /* NULL: not known of this kernel, or not certain */
	bool is_uncertain;            /* the letter has had several meanings */
	enum letter_place place;      /* of that letter */
	bool is_set_known, is_set;    /* in the mask */
	struct taint_letters letters; /* of modules that carry it */
};

/* Bits, and letters that have none. */
#define DIAGNOSED_MAX (64 + 94)

struct diagnosed {
	struct diagnosed_taint taints[DIAGNOSED_MAX];
	size_t count;
};

/* Those in the mask and those that listed modules carry, in the order of their bits. */
void diagnosed_init(struct diagnosed *diagnosed, const struct diagnosis *diagnosis);

/* The value of the label `taint`, "unknown" without a fact. */
const char *diagnosed_slug(const struct diagnosed_taint *taint);

/* The meaning of the taint in this report. */
const char *diagnosed_meaning(const struct diagnosed_taint *taint,
                              const struct diagnosis *diagnosis);

/* The uncertainty about it, as a sentence, or "". */
const char *diagnosed_note(const struct diagnosed_taint *taint,
                           const struct diagnosis *diagnosis);

/* Whether a module can carry it. */
enum diagnosed_carrier {
	CARRIER_UNKNOWN, /* the taint is not known */
	CARRIER_KERNEL,  /* no module can */
	CARRIER_MODULE,
	CARRIER_DEPENDS, /* on some of the kernels that it may be of */
};

enum diagnosed_carrier diagnosed_carrier(const struct diagnosed_taint *taint,
                                         const struct diagnosis *diagnosis);

/*
 * The next listed module that carries the taint, from the module *AT on, which moves
 * behind it. Borrowed from the backtrace; NULL: there is none.
 */
const char *diagnosed_next_module(const struct diagnosed_taint *taint,
                                  const struct backtrace *backtrace, size_t *at);

/*
 * Where the kernel is not known: the meanings of the taint's letter, or of its bit, that
 * it has had on the kernels it may be of, but for the one that is told already.
 */
void diagnosed_meanings(const struct diagnosed_taint *taint,
                        const struct diagnosis *diagnosis, struct meanings *meanings);
