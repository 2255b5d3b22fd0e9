/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes: told where a reading tells them, sought where it could, and never guessed.
 */
#include "model/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"

static void old_microcode_is_a_cause_or_a_candidate(void **state)
{
#define OTHERS TAINT_CPU_OUT_OF_SPEC_SETTERS "."
	static const struct {
		enum taint taint;
		struct reading outdated;
		bool is_cause;
		const char *candidates;
	} rows[] = {
		{ TAINT_CPU_OUT_OF_SPEC, { true, 1, 0 }, true, "" },
		{ TAINT_CPU_OUT_OF_SPEC,
		  { true, 0, 0 },
		  false,
		  "It may have been set by " OTHERS },
		{ TAINT_CPU_OUT_OF_SPEC,
		  { false, 1, ABSENCE_NOT_OFFERED },
		  false,
		  "It may have been set by " OTHERS },
		{ TAINT_CPU_OUT_OF_SPEC,
		  { false, 0, ABSENCE_UNREADABLE },
		  false,
		  "It may have been set by old microcode (bare-metal Intel, from about "
		  "6.16 on), " OTHERS },
		{ TAINT_DIE, { true, 1, 0 }, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct snapshot snapshot;

		snapshot_init(&snapshot);
		snapshot.posture[POSTURE_MICROCODE_OUTDATED] = rows[i].outdated;
		cause_candidates_write(rows[i].taint, &snapshot, &text);
		if (!cause_find(rows[i].taint, &snapshot) == rows[i].is_cause ||
		    strcmp(text_string(&text), rows[i].candidates) != 0)
			fail_msg("row %zu: %s", i, text_string(&text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_microcode_is_a_cause_or_a_candidate),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
