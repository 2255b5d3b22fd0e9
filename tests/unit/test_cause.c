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

static void outdated_microcode_is_the_cause_of_cpu_out_of_spec(void **state)
{
	static const struct {
		struct reading outdated;
		const char *cause;
		const char *candidates;
	} rows[] = {
		{ { .known = true, .value = 1 },
		  "The processor's microcode is older than this kernel's list; update "
		  "microcode and reboot.",
		  "" },
		{ { .known = true, .value = 0 },
		  NULL,
		  "It may have been set by " TAINT_CPU_OUT_OF_SPEC_SETTERS "." },
		{ { .known = false, .absence = ABSENCE_NOT_OFFERED },
		  NULL,
		  "It may have been set by " TAINT_CPU_OUT_OF_SPEC_SETTERS "." },
		{ { .known = false, .absence = ABSENCE_UNREADABLE },
		  NULL,
		  "It may have been set by old microcode (bare-metal Intel, from about "
		  "6.16 on), " TAINT_CPU_OUT_OF_SPEC_SETTERS "." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct snapshot snapshot;
		const char *cause;

		snapshot_init(&snapshot);
		snapshot.posture[POSTURE_MICROCODE_OUTDATED] = rows[i].outdated;
		cause = cause_find(TAINT_CPU_OUT_OF_SPEC, &snapshot);
		assert_int_equal(cause != NULL, rows[i].cause != NULL);
		if (cause)
			assert_string_equal(cause, rows[i].cause);
		cause_candidates_write(TAINT_CPU_OUT_OF_SPEC, &snapshot, &text);
		assert_string_equal(text_string(&text), rows[i].candidates);
	}
}

static void no_other_taint_has_a_cause(void **state)
{
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] = (struct reading){ .known = true, .value = 1 };
	for (enum taint taint = 0; taint < TAINT_COUNT; taint++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		if (taint == TAINT_CPU_OUT_OF_SPEC)
			continue;
		assert_null(cause_find(taint, &snapshot));
		cause_candidates_write(taint, &snapshot, &text);
		assert_int_equal(text.length, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(outdated_microcode_is_the_cause_of_cpu_out_of_spec),
		cmocka_unit_test(no_other_taint_has_a_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
