/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Absences: no two reasons are told in the same words, and the readings are sorted.
 */
#include "exposition/absence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_absence_has_words_of_its_own(void **state)
{
	(void)state;
	for (enum absence a = 0; a < ABSENCE_COUNT; a++) {
		for (enum absence b = 0; b < a; b++) {
			assert_string_not_equal(absence_name(a), absence_name(b));
			assert_string_not_equal(absence_words(a), absence_words(b));
		}
	}
}

static void concealables_are_sorted_and_of_the_snapshot(void **state)
{
	struct concealable found[CONCEALABLE_COUNT];
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	concealables_find(&snapshot, found);
	for (size_t i = 1; i < CONCEALABLE_COUNT; i++)
		assert_true(strcmp(found[i - 1].name, found[i].name) < 0);
	assert_ptr_equal(found[0].reading, &snapshot.lockdown);
	assert_ptr_equal(found[1].reading, &snapshot.posture[POSTURE_SECURE_BOOT]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_absence_has_words_of_its_own),
		cmocka_unit_test(concealables_are_sorted_and_of_the_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
