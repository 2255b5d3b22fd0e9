/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reboot would do: it clears every taint, but some of them come back. Pure
 * judgement.
 */
#pragma once

#include <stdint.h>

struct dialect;
struct findings;
struct snapshot;

/* Each bit of the mask is in one of these. */
struct outlook {
	uint64_t gone;         /* unless what they tell of happens again */
	uint64_t with_modules; /* back as soon as the modules that carry them are */
	uint64_t with_boot;    /* back with every boot, as long as nothing is changed */
	uint64_t unknown;      /* of no known meaning, or brought by nobody knows which */
};

/*
 * Sorts the bits of the SNAPSHOT's mask, which must have been read; FINDINGS tell which
 * of them its modules carry. DIALECT may be NULL: then no bit has a meaning.
 */
void outlook_init(struct outlook *outlook, const struct snapshot *snapshot,
                  const struct findings *findings, const struct dialect *dialect);
