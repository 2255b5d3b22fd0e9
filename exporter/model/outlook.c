/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reboot would do. Must not know who wants to hear it.
 */
#include "model/outlook.h"

#include <stdbool.h>
#include <stddef.h>

#include "model/cause.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/snapshot.h"
#include "model/taint.h"

static uint64_t *place_of(struct outlook *outlook, const struct taint_fact *fact,
                          bool is_carried, const struct snapshot *snapshot)
{
	if (!fact)
		return &outlook->unknown;
	switch (taint_return(fact->taint)) {
	case TAINT_RETURN_NEVER:
		return &outlook->gone;
	case TAINT_RETURN_BOOT:
		return &outlook->with_boot;
	case TAINT_RETURN_BY_CAUSE:
		return cause_find(fact->taint, snapshot) ? &outlook->with_boot
		                                         : &outlook->unknown;
	default:
		/* Of a module that nobody sees nobody knows whether it will come. */
		return is_carried ? &outlook->with_modules : &outlook->unknown;
	}
}

void outlook_init(struct outlook *outlook, const struct snapshot *snapshot,
                  const struct findings *findings, const struct dialect *dialect)
{
	uint64_t carried =
		snapshot->modules.procfs_result.error == 0 ? findings->carried : 0;

	*outlook = (struct outlook){ 0 };
	for (unsigned int bit = 0; bit < 64; bit++)
		if (snapshot->mask >> bit & 1)
			*place_of(outlook, dialect ? dialect->bits[bit] : NULL,
			          carried >> bit & 1, snapshot) |= UINT64_C(1) << bit;
}
