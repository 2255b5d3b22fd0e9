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

static void taints_stand_in_the_order_of_their_bits(void **state)
{
	(void)state;
	assert_taints("");
	report_set_tainted(&report, "P        W  OE", "6.1.0");
	assert_taints("P0+ W9+ O12+ E13+");
	report_set_tainted(&report, "P           OE  ---?-------- T", "3.10.0-1160.el7");
	assert_taints("P0+ O12+ E13+ ?19+ T29+");
}

static void what_modules_carry_is_there_too(void **state)
{
	(void)state;
	report_set_tainted(&report, "P", "6.1.0");
	report_list(&report, "a", "OP");
	report_list(&report, "b", "C")->count = 2;
	assert_taints("P0+ O12-");
	/* Nobody knows it if the mask is not whole, or not known. */
	report_set_tainted(&report, "Pz", "6.1.0");
	assert_taints("P0+ O12? z_+");
	report.tainted = BACKTRACE_UNKNOWN;
	report_set_tainted(&report, "", "6.1.0");
	report.tainted = BACKTRACE_UNKNOWN;
	assert_taints("P0? O12?");
}

static void letters_without_a_bit_follow(void **state)
{
	(void)state;
	report_set_tainted(&report, "P           -- ------------   ",
	                   "2.6.32-754.35.1.el6");
	report_list(&report, "a", "PUz");
	assert_taints("P0+ U_? z_?");
	/* One that the string has, too, is told once. */
	report_set_tainted(&report, "Pz", "6.1.0");
	assert_taints("P0+ U6? z_+");
	assert_non_null(diagnosed.taints[1].fact);
}

static void all_there_can_be_is_told(void **state)
{
	_cleanup_(text_clear) struct text letters = TEXT_INIT;

	(void)state;
	for (char c = '!'; c <= '~'; c++)
		if (!strchr("()+-", c))
			text_add_char(&letters, c);
	report_set_tainted(&report, "", "2.6.32-754.el6");
	text_add(&report.flags, letters.data, letters.length);
	report_list(&report, "a", text_string(&letters));
	diagnose();
	diagnosis.mask = UINT64_MAX;
	diagnosed_init(&diagnosed, &diagnosis);
	assert_in_range(diagnosed.count, 64 + 70, DIAGNOSED_MAX);
	for (size_t i = 0; i < diagnosed.count; i++)
		assert_int_equal(diagnosed.taints[i].bit, i < 64 ? i : TAINT_NO_BIT);
}

static void assert_meaning(size_t taint, const char *expected)
{
	assert_string_equal(diagnosed_meaning(&diagnosed.taints[taint], &diagnosis),
	                    expected);
}

static void a_taint_without_a_fact_is_unknown(void **state)
{
	(void)state;
	report_set_tainted(&report, "Pz", "6.1.0");
	diagnose();
	assert_string_equal(diagnosed_slug(&diagnosed.taints[0]), "proprietary_module");
	assert_meaning(0, "proprietary module");
	assert_string_equal(diagnosed_slug(&diagnosed.taints[1]), "unknown");
	assert_meaning(1, "not known of this kernel");
}

/* ---- carriers ---- */

static void assert_carriers(size_t taint, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *name;
	size_t at = 0;

	while ((name = diagnosed_next_module(&diagnosed.taints[taint], &report, &at))) {
		text_add_string(&text, name);
		text_add_char(&text, ' ');
	}
	assert_int_equal(at, report.count);
	assert_string_equal(text_string(&text), expected);
}

static void carriers_are_listed_modules_with_a_letter_of_the_bit(void **state)
{
	(void)state;
	report_set_tainted(&report, "P        W  Ozy", "6.1.0");
	report_list(&report, "a", "OP");
	report_list(&report, "b", "O");
	report_list(&report, "gone", "OP")->count = 1;
	report_list(&report, "c", "z");
	report_list(&report, "d", "~!");
	report_list(&report, "e", "");
	assert_taints("P0+ W9+ O12+ !_? y_+ z_+ ~_?");
	assert_carriers(0, "a ");
	assert_carriers(1, "");
	assert_carriers(2, "a b ");
	assert_carriers(3, "d ");
	/* Nobody carries what only the string says. */
	assert_carriers(4, "");
	assert_carriers(5, "c ");
	assert_carriers(6, "d ");
}

/* 'n' and 'N' of SUSE are two taints, 'U' of RHEL 6 has no bit. */
static void one_letter_is_not_another(void **state)
{
	(void)state;
	report_set_tainted(&report, "G", "6.4.0-1-default");
	report_list(&report, "a", "n");
	report_list(&report, "b", "N");
	assert_taints("N18? n31?");
	assert_carriers(0, "b ");
	assert_carriers(1, "a ");
	backtrace_clear(&report);
	report_set_tainted(&report, "U", "2.6.32-754.el6");
	report_list(&report, "a", "U");
	assert_taints("U6+ U_?");
	assert_carriers(0, "");
	assert_carriers(1, "a ");
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

static void a_letter_with_several_meanings_tells_all_of_them(void **state)
{
	(void)state;
	assert_flags(DIALECT_COUNT, "POE",
	             "P 0 proprietary_module; O 12 oot_module; "
	             "E 13 unsigned_module: unsigned_module 3.13-3.13.1");
	assert_int_equal(diagnosis.mask, 12289);
	assert_true(diagnosis.is_mask_whole);
	assert_flags(DIALECT_SUSE, "N",
	             "N unknown: test 6.0-, no_support 3.0-5.3, no_support 5.3-6.0");
	assert_int_equal(diagnosis.mask, 0);
	assert_false(diagnosis.is_mask_whole);
	assert_flags(DIALECT_SUSE, "U", "U unknown: user 2.6.21-, no_support -2.6.25");
	assert_flags(DIALECT_MAINLINE, "X",
	             "X unknown: aux 4.15-, unsigned_module 3.13-3.13.1");
	/* One bit, two taints. */
	assert_flags(DIALECT_RHEL8, "OX",
	             "O 12 oot_module; X 16 unknown: aux -4.18.0-372, "
	             "tech_preview 4.18.0-372-");
	assert_int_equal(diagnosis.mask, 1 << 12 | 1 << 16);
	assert_true(diagnosis.is_mask_whole);
	/* One taint, two bits. */
	assert_flags(DIALECT_SUSE, "X",
	             "X external_support: external_support -2.6.25, "
	             "external_support 3.0-5.3, external_support 5.3-");
	/* U of the mask and U of a module, at the same time. */
	assert_flags(DIALECT_RHEL6, "U", "U unknown: user -, unsigned_module -");
	assert_flags(DIALECT_RHEL6, "G U", "U 6 user");
	assert_flags(DIALECT_RHEL7, "T", "T 29 tech_preview");
	/* One taint, which says more on some releases. */
	assert_flags(DIALECT_RHEL7, "F", "F 1 forced_module: forced_module -3.10.0-327");
	assert_int_equal(diagnosis.mask, 2);
}

static void a_letter_of_one_vendor_tells_what_the_others_mean(void **state)
{
	(void)state;
	/* Only SUSE has an n, and then X is SUSE's. */
	assert_flags(DIALECT_COUNT, "nX",
	             "n 31 no_support: external_support 3.0-5.3, no_support 5.3-6.0; "
	             "X external_support: external_support -2.6.25, "
	             "external_support 3.0-5.3, external_support 5.3-");
	assert_flags(DIALECT_COUNT, "Z", "Z 27 bit_by_zombie");
}

static void what_an_uncertain_letter_may_explain_is_not_unexplained(void **state)
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

static void taints_that_the_kernel_names_are_certain(void **state)
{
	(void)state;
	report_set_tainted(&report, "P               X", "");
	text_add_string(&report.constants, "[P]=PROPRIETARY_MODULE, [X]=AUX");
	diagnose();
	assert_true(taint_letters_is_empty(&diagnosis.uncertain_in_mask));
	assert_int_equal(diagnosis.mask, 1 << 16 | 1);
}

static void a_bit_tells_its_other_letters_where_no_kernel_is_known(void **state)
{
	static const struct {
		enum dialect_id id;
		unsigned int bit;
		size_t count;
	} rows[] = {
		{ DIALECT_COUNT, 0, 0 },     { DIALECT_COUNT, 6, 1 },
		{ DIALECT_COUNT, 13, 1 },    { DIALECT_COUNT, 16, 3 },
		{ DIALECT_COUNT, 29, 4 },    { DIALECT_COUNT, 63, 0 },
		{ DIALECT_MAINLINE, 16, 0 }, { DIALECT_SUSE, 31, 2 },
		{ DIALECT_RHEL8, 16, 1 },    { DIALECT_RHEL9, 16, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct meanings meanings;

		diagnosis_of_mask(&diagnosis, UINT64_C(1) << rows[i].bit,
		                  hints_for(rows[i].id));
		diagnosed_init(&diagnosed, &diagnosis);
		assert_int_equal(diagnosed.count, 1);
		diagnosed_meanings(&diagnosed.taints[0], &diagnosis, &meanings);
		if (meanings.count != rows[i].count)
			fail_msg("bit %u: %zu", rows[i].bit, meanings.count);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(taints_stand_in_the_order_of_their_bits),
		TEST(what_modules_carry_is_there_too),
		TEST(letters_without_a_bit_follow),
		TEST(all_there_can_be_is_told),
		TEST(a_taint_without_a_fact_is_unknown),
		TEST(carriers_are_listed_modules_with_a_letter_of_the_bit),
		TEST(one_letter_is_not_another),
		TEST(a_letter_with_several_meanings_tells_all_of_them),
		TEST(a_letter_of_one_vendor_tells_what_the_others_mean),
		TEST(what_an_uncertain_letter_may_explain_is_not_unexplained),
		TEST(taints_that_the_kernel_names_are_certain),
		TEST(a_bit_tells_its_other_letters_where_no_kernel_is_known),
	};

	return cmocka_run_group_tests_name("diagnosed", tests, NULL, NULL);
}
