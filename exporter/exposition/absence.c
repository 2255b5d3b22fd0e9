/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Absences. One row per reason, one per reading that can be hidden.
 */
#include "exposition/absence.h"

#include "base/macros.h"

static const struct {
	const char *name;
	const char *words;
} absences[] = {
	[ABSENCE_UNKNOWN] = { "unknown", "unknown" },
	[ABSENCE_NOT_OFFERED] = { "not_offered", "not offered by this kernel" },
	[ABSENCE_HIDDEN] = { "hidden", "hidden from this process" },
	[ABSENCE_UNREADABLE] = { "unreadable", "could not be read" },
};
_Static_assert(ARRAY_SIZE(absences) == ABSENCE_COUNT, "one row per absence");

const char *absence_name(enum absence absence)
{
	return absences[absence].name;
}

const char *absence_words(enum absence absence)
{
	return absences[absence].words;
}

void concealables_find(const struct snapshot *snapshot,
                       struct concealable ret_concealables[CONCEALABLE_COUNT])
{
	const struct concealable all[CONCEALABLE_COUNT] = {
		{ "lockdown", &snapshot->lockdown },
		{ "secure_boot", &snapshot->posture[POSTURE_SECURE_BOOT] },
	};

	for (size_t i = 0; i < CONCEALABLE_COUNT; i++)
		ret_concealables[i] = all[i];
}
