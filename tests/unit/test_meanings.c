/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of releases, held against the facts of each single release.
 */
#include "model/meanings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* Releases of each dialect: all that a row of the table may begin or end with. */
static void visit_releases(void (*visit)(enum dialect_id id, const char *release))
{
	static const char *const bases[] = { "2.6.18", "2.6.32", "3.10.0",
		                             "4.18.0", "5.14.0", "6.12.0" };
	static const char *const odd[] = { "2.6.16", "2.6.20",       "2.6.24",
		                           "2.6.25", "2.6.26",       "2.6.28",
		                           "2.6.35", "3.0.101-0.34", "3.0.101-0.35",
		                           "3.13.0", "3.13.0-45",    "3.13.1" };
	char release[64];

	for (enum dialect_id id = DIALECT_RHEL5; id <= DIALECT_RHEL10; id++)
		for (unsigned int build = 1; build < 1200; build++) {
			snprintf(release, sizeof(release), "%s-%u.35.1",
			         bases[id - DIALECT_RHEL5], build);
			visit(id, release);
		}
	for (unsigned int minor = 0; minor < 160; minor++) {
		snprintf(release, sizeof(release), "%u.%u.7", 3 + minor / 25, minor % 25);
		visit(DIALECT_SUSE, release);
		visit(DIALECT_MAINLINE, release);
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		visit(DIALECT_SUSE, odd[i]);
		visit(DIALECT_MAINLINE, odd[i]);
	}
}

static bool covers(const struct meaning *row, const struct kernel_version *version)
{
	return kernel_version_compare(&row->since, version) <= 0 &&
	       (kernel_version_is_zero(&row->until) ||
	        kernel_version_compare(version, &row->until) < 0);
}

/* How many rows of this dialect say so of the release. */
static size_t count_rows(const struct meanings *meanings, const struct dialect *dialect,
                         const struct taint_fact *fact)
{
	size_t count = 0;

	for (size_t i = 0; i < meanings->count; i++) {
		const struct meaning *row = &meanings->rows[i];

		if (row->fact->is_ubuntus && !dialect->is_ubuntus)
			continue;
		count += row->dialects >> dialect->id & 1 &&
		         covers(row, &dialect->version) &&
		         (!fact || (row->fact->taint == fact->taint &&
		                    row->fact->letter == fact->letter &&
		                    row->fact->bit == fact->bit));
	}
	return count;
}

static void check_release(enum dialect_id id, const char *release)
{
	struct dialect dialect;
	struct meanings meanings;

	dialect_init(&dialect, id, release);
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect.bits[bit];
		bool holds = fact && taint_fact_holds(fact, &dialect);

		meanings_of_bit(&meanings, bit, (uint16_t)(1u << id));
		assert_true(meanings.count < MEANINGS_MAX);
		if (count_rows(&meanings, &dialect, NULL) != holds ||
		    (holds && count_rows(&meanings, &dialect, fact) != 1))
			fail_msg("%s %s: bit %u", dialect_name(id), release, bit);
		if (!holds)
			continue;
		meanings_of_letter(&meanings, fact->letter, LETTER_OF_MASK,
		                   (uint16_t)(1u << id));
		if (count_rows(&meanings, &dialect, fact) != 1)
			fail_msg("%s %s: letter %c", dialect_name(id), release,
			         fact->letter);
	}
	for (char letter = 'A'; letter <= 'z'; letter++) {
		const struct taint_fact *fact = dialect.letters[(unsigned char)letter];
		bool holds = fact && fact->scope != TAINT_OF_KERNEL &&
		             taint_fact_holds(fact, &dialect);

		meanings_of_letter(&meanings, letter, LETTER_OF_MODULE,
		                   (uint16_t)(1u << id));
		if (count_rows(&meanings, &dialect, NULL) != holds)
			fail_msg("%s %s: letter %c of a module", dialect_name(id),
			         release, letter);
	}
}

static void ranges_say_of_each_release_what_its_facts_say(void **state)
{
	(void)state;
	visit_releases(check_release);
}

static void a_set_of_dialects_gives_the_rows_of_each(void **state)
{
	struct meanings all, one;
	size_t count = 0;

	(void)state;
	meanings_of_bit(&all, 16, DIALECTS_ALL);
	assert_true(all.count < MEANINGS_MAX);
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		meanings_of_bit(&one, 16, (uint16_t)(1u << id));
		for (size_t i = 0; i < all.count; i++)
			count += all.rows[i].dialects >> id & 1;
		assert_true(count >= one.count);
		count -= one.count;
	}
	assert_int_equal(count, 0);
	meanings_of_bit(&all, 63, DIALECTS_ALL);
	assert_int_equal(all.count, 0);
	assert_false(meanings_have_one_taint(&all));
	assert_false(meanings_have_one_bit(&all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_say_of_each_release_what_its_facts_say),
		cmocka_unit_test(a_set_of_dialects_gives_the_rows_of_each),
	};

	return cmocka_run_group_tests_name("meanings", tests, NULL, NULL);
}
