/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from a mask or a backtrace when it is not known beforehand whose kernel it
 * is of: the dialect, the bits, and what no listed module explains. Pure judgement.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/meanings.h"
#include "model/report_dialect.h"
#include "model/taint.h"

struct backtrace;

struct diagnosis {
	struct report_dialect kernel;
	bool is_alone;      /* a mask or flags, without a report around them */
	bool has_mask;      /* something is known of it */
	bool is_mask_whole; /* and there is nothing more */
	uint64_t mask;
	uint64_t unprinted;    /* bits that such a kernel sets and never prints */
	uint64_t by_supported; /* of these, those in the mask as "Supported:" says */

	/*
	 * Letters that had more than one meaning on these kernels, where no release tells
	 * which one holds: of the string and of modules. Their bits are in the mask where
	 * all meanings stand at the same one.
	 */
	struct taint_letters uncertain_in_mask, uncertain_on_modules;
	enum letter_place mask_place; /* of the former */
	uint64_t uncertain_bits;      /* those in the mask */
	bool has_uncertain_place;     /* a letter of the string whose bit is not known */

	bool is_unsigned_announced;     /* as in the hints */
	struct taint_letters strangers; /* of the string: their bits are not known */
	unsigned int unplaced;          /* bits that are set, nobody knows which */
	uint64_t carried;               /* bits that listed modules carry */
	struct taint_letters letters;   /* all that listed modules carry */
	uint64_t unexplained; /* bits a module can carry that no listed one does */
};

/* Of a report. */
void diagnosis_of_backtrace(struct diagnosis *diagnosis,
                            const struct backtrace *backtrace,
                            const struct report_hints *hints);

/*
 * Of flags alone, such as "POE" or "P           OE  ------------ T": those of a module or
 * of a mask.
 */
void diagnosis_of_flags(struct diagnosis *diagnosis, const char *flags, size_t length,
                        const struct report_hints *hints);

/*
 * The mask for panic_on_taint= that stands for these taints: bits that the kernel would
 * take (kernel/panic.c, panic_on_taint_setup). 0: none, or the mask is not known, or no
 * kernel of the dialect has the parameter, which came with 5.8 and RHEL 8.3.
 */
uint64_t diagnosis_panic_mask(const struct diagnosis *diagnosis);

/* Of a number alone. */
void diagnosis_of_mask(struct diagnosis *diagnosis, uint64_t mask,
                       const struct report_hints *hints);
