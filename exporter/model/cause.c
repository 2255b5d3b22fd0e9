/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes of taints. One row per taint and the reading that tells its cause.
 */
#include "model/cause.h"

#include <stddef.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"

static const struct cause {
	enum taint taint;
	enum posture posture;
	const char *if_set;    /* the cause, if the reading is not 0 */
	const char *otherwise; /* another cause of the taint */
} causes[] = {
	/* arch/x86/kernel/cpu/common.c: the check for old microcode sets it, too. */
	{ TAINT_CPU_OUT_OF_SPEC, POSTURE_MICROCODE_OUTDATED,
	  "The processor's microcode is older than this kernel's list; update microcode "
	  "and reboot.",
	  TAINT_CPU_OUT_OF_SPEC_SETTERS },
};

static const struct cause *find_row(enum taint taint)
{
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].taint == taint)
			return &causes[i];
	return NULL;
}

const char *cause_find(enum taint taint, const struct snapshot *snapshot)
{
	const struct cause *row = find_row(taint);
	const struct reading *reading = row ? &snapshot->posture[row->posture] : NULL;

	return reading && reading->known && reading->value ? row->if_set : NULL;
}

void cause_candidates_write(enum taint taint, const struct snapshot *snapshot,
                            struct text *text)
{
	const struct cause *row = find_row(taint);

	if (!row || cause_find(taint, snapshot))
		return;
	text_add_string(text, "It may have been set by ");
	/* A kernel that could set it for this cause also has the reading. */
	text_add_string(text,
	                snapshot->posture[row->posture].absence == ABSENCE_UNREADABLE
	                        ? taint_setter(taint)
	                        : row->otherwise);
	text_add_char(text, '.');
}
