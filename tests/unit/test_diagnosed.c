/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The taints of a diagnosis one by one: in which order, who carries them, and what else
 * they may be on another kernel.
 */
#include "model/diagnosed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "reports.h"

static struct backtrace report;
static struct diagnosis diagnosis;
static struct diagnosed diagnosed;

static int setup(void **state)
{
	(void)state;
	backtrace_init(&report);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	backtrace_clear(&report);
	return 0;
}

static void diagnose(void)
{
	const struct report_hints hints = { .release = "", .version = "" };

	diagnosis_of_backtrace(&diagnosis, &report, &hints);
	diagnosed_init(&diagnosed, &diagnosis);
}

/* Each as "P0+" with '+' in the mask, '-' not in it, '?' nobody knows; '_' without a bit.
 */
static void assert_taints(const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	diagnose();
	for (size_t i = 0; i < diagnosed.count; i++) {
		const struct diagnosed_taint *taint = &diagnosed.taints[i];

		text_add_string(&text, i ? " " : "");
		text_add_char(&text, taint->flag);
		if (taint->bit == TAINT_NO_BIT)
			text_add_char(&text, '_');
		else
			text_add_number(&text, taint->bit);
		text_add_char(&text, !taint->is_set_known ? '?'
		                     : taint->is_set      ? '+'
		                                          : '-');
	}
	assert_string_equal(text_string(&text), expected);
}

struct listed {
	const char *name, *letters;
	uint64_t count; /* of one that is gone */
};

static void taints_stand_by_bits_and_then_by_letters(void **state)
{
	static const struct {
		const char *flags, *release;
		struct listed modules[2];
		const char *taints;
	} rows[] = {
		{ NULL, "6.1.0", { { 0 } }, "" },
		{ "P        W  OE", "6.1.0", { { 0 } }, "P0+ W9+ O12+ E13+" },
		{ "P           OE  ---?-------- T",
		  "3.10.0-1160.el7",
		  { { 0 } },
		  "P0+ O12+ E13+ ?19+ T29+" },
		{ "P", "6.1.0", { { "a", "OP", 0 }, { "b", "C", 2 } }, "P0+ O12-" },
		/* Nobody knows it if the mask is not whole. */
		{ "Pz", "6.1.0", { { "a", "OP", 0 } }, "P0+ O12? z_+" },
		{ "P           -- ------------   ",
		  "2.6.32-754.35.1.el6",
		  { { "a", "PUz", 0 } },
		  "P0+ U_? z_?" },
		/* One that the string has, too, is told once. */
		{ "Pz", "6.1.0", { { "a", "PUz", 0 } }, "P0+ U6? z_+" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		backtrace_clear(&report);
		report_set_tainted(&report, rows[i].flags, rows[i].release);
		for (size_t k = 0; k < 2 && rows[i].modules[k].name; k++)
			report_list(&report, rows[i].modules[k].name,
			            rows[i].modules[k].letters)
				->count = rows[i].modules[k].count;
		assert_taints(rows[i].taints);
	}
	/* Of a mask that is not told nothing is known. */
	report_set_tainted(&report, "", "6.1.0");
	report.tainted = BACKTRACE_UNKNOWN;
	assert_taints("P0? U6? z_?");
}

static void all_there_can_be_is_told(void **state)
{
	_cleanup_(text_clear) struct text letters = TEXT_INIT;

	(void)state;
	for (char c = '!'; c <= '~'; c++)
		if (!strchr("()+-", c))
			text_add_char(&letters, c);
	report_set_tainted(&report, text_string(&letters), "2.6.32-754.el6");
	report_list(&report, "a", text_string(&letters));
	diagnose();
	diagnosis.mask = UINT64_MAX;
	diagnosed_init(&diagnosed, &diagnosis);
	assert_in_range(diagnosed.count, 64 + 70, DIAGNOSED_MAX);
	for (size_t i = 0; i < diagnosed.count; i++)
		assert_int_equal(diagnosed.taints[i].bit, i < 64 ? i : TAINT_NO_BIT);
}

/* ---- letters of an unknown release ---- */

static const struct report_hints *hints_for(enum dialect_id id)
{
	static struct report_hints hints;

	hints = (struct report_hints){
		.is_dialect_given = id != DIALECT_COUNT,
		.dialect = id,
		.release = "",
		.version = "",
	};
	return &hints;
}

/* The taints of FLAGS without a release, each as "FLAG BIT SLUG" and its meanings. */
static void assert_flags(enum dialect_id id, const char *flags, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	diagnosis_of_flags(&diagnosis, flags, strlen(flags), hints_for(id));
	diagnosed_init(&diagnosed, &diagnosis);
	for (size_t i = 0; i < diagnosed.count; i++) {
		const struct diagnosed_taint *taint = &diagnosed.taints[i];
		struct meanings meanings;

		text_add_string(&text, i ? "; " : "");
		text_add_char(&text, taint->flag);
		if (taint->bit != TAINT_NO_BIT) {
			text_add_char(&text, ' ');
			text_add_number(&text, taint->bit);
		}
		text_add_char(&text, ' ');
		text_add_string(&text, diagnosed_slug(taint));
		diagnosed_meanings(taint, &diagnosis, &meanings);
		for (size_t k = 0; k < meanings.count; k++) {
			const struct meaning *row = &meanings.rows[k];

			text_add_string(&text, k ? ", " : ": ");
			text_add_string(&text, taint_slug(row->fact->taint));
			text_add_char(&text, ' ');
			kernel_version_write(&row->since, &text);
			text_add_char(&text, '-');
			kernel_version_write(&row->until, &text);
		}
	}
	if (strcmp(text_string(&text), expected) != 0)
		fail_msg("%s: %s", flags, text_string(&text));
}

static void letters_tell_what_they_mean_without_a_release(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *flags, *taints;
		uint64_t mask;
		bool is_whole;
	} rows[] = {
		{ DIALECT_COUNT, "POE",
		  "P 0 proprietary_module; O 12 oot_module; "
		  "E 13 unsigned_module: unsigned_module 3.13-3.13.1",
		  12289, true },
		{ DIALECT_SUSE, "N",
		  "N unknown: test 6.0-, no_support 3.0-5.3, no_support 5.3-6.0", 0,
		  false },
		{ DIALECT_SUSE, "U", "U unknown: user 2.6.21-, no_support -2.6.25", 0,
		  false },
		{ DIALECT_MAINLINE, "X",
		  "X unknown: aux 4.15-, unsigned_module 3.13-3.13.1", 0, false },
		/* One bit, two taints. */
		{ DIALECT_RHEL8, "OX",
		  "O 12 oot_module; X 16 unknown: aux -4.18.0-372, "
		  "tech_preview 4.18.0-372-",
		  1 << 12 | 1 << 16, true },
		/* One taint, two bits. */
		{ DIALECT_SUSE, "X",
		  "X external_support: external_support -2.6.25, "
		  "external_support 3.0-5.3, external_support 5.3-",
		  0, false },
		/* U of the mask and U of a module, at the same time. */
		{ DIALECT_RHEL6, "U", "U unknown: user -, unsigned_module -", 0, false },
		{ DIALECT_RHEL6, "G U", "U 6 user", 64, true },
		{ DIALECT_RHEL7, "T", "T 29 tech_preview", 1 << 29, true },
		/* One taint, which says more on some releases. */
		{ DIALECT_RHEL7, "F", "F 1 forced_module: forced_module -3.10.0-327", 2,
		  true },
		/* Only SUSE has an n, and then X is SUSE's. */
		{ DIALECT_COUNT, "nX",
		  "n 31 no_support: external_support 3.0-5.3, no_support 5.3-6.0; "
		  "X external_support: external_support -2.6.25, "
		  "external_support 3.0-5.3, external_support 5.3-",
		  UINT64_C(1) << 31, false },
		{ DIALECT_COUNT, "Z", "Z 27 bit_by_zombie", 1 << 27, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_flags(rows[i].id, rows[i].flags, rows[i].taints);
		if (diagnosis.mask != rows[i].mask ||
		    diagnosis.is_mask_whole != rows[i].is_whole)
			fail_msg("%s: %#llx, %d", rows[i].flags,
			         (unsigned long long)diagnosis.mask,
			         diagnosis.is_mask_whole);
	}
}

static void what_an_uncertain_letter_may_explain_is_explained(void **state)
{
	(void)state;
	report_set_tainted(&report, "G           O     X", "");
	report_list(&report, "a", "OX");
	diagnose();
	assert_int_equal(diagnosis.unexplained, 0);
	/* X may be bit 13, as on Ubuntu 14.04. */
	backtrace_clear(&report);
	report_set_tainted(&report, "P           OE", "");
	report_list(&report, "a", "X");
	diagnose();
	assert_int_equal(diagnosis.unexplained, 1 << 12 | 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(taints_stand_by_bits_and_then_by_letters),
		TEST(all_there_can_be_is_told),
		TEST(letters_tell_what_they_mean_without_a_release),
		TEST(what_an_uncertain_letter_may_explain_is_explained),
	};

	return cmocka_run_group_tests_name("diagnosed", tests, NULL, NULL);
}
