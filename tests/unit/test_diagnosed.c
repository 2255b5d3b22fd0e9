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
	const struct diagnosis_hints hints = { .release = "", .version = "" };

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

static void a_taint_without_a_fact_is_unknown(void **state)
{
	(void)state;
	report_set_tainted(&report, "Pz", "6.1.0");
	diagnose();
	assert_string_equal(diagnosed_slug(&diagnosed.taints[0]), "proprietary_module");
	assert_string_equal(diagnosed_meaning(&diagnosed.taints[0]),
	                    "proprietary module");
	assert_string_equal(diagnosed_slug(&diagnosed.taints[1]), "unknown");
	assert_string_equal(diagnosed_meaning(&diagnosed.taints[1]),
	                    "not known of this kernel");
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

/* ---- elsewhere ---- */

static size_t count_elsewhere(const struct diagnosed_taint *taint)
{
	size_t count = 0, at = 0;
	const struct taint_fact *fact;

	while ((fact = diagnosed_next_elsewhere(taint, &at))) {
		assert_int_equal(fact->bit, taint->bit);
		assert_true(!taint->fact || fact->taint != taint->fact->taint ||
		            fact->letter != taint->fact->letter);
		count++;
	}
	return count;
}

static void a_bit_that_is_another_taint_elsewhere_says_so(void **state)
{
	size_t all;
	const struct taint_fact *facts = dialect_facts(&all);
	struct diagnosed_taint taint = { .bit = 0, .fact = &facts[0] };

	(void)state;
	/* P is P everywhere; to nobody who does not know it. */
	assert_int_equal(facts[0].bit, 0);
	assert_int_equal(count_elsewhere(&taint), 0);
	taint.fact = NULL;
	assert_int_equal(count_elsewhere(&taint), 1);
	taint.bit = TAINT_NO_BIT;
	assert_int_equal(count_elsewhere(&taint), 0);
	taint.bit = 63;
	assert_int_equal(count_elsewhere(&taint), 0);
	for (unsigned int bit = 0; bit < 64; bit++) {
		size_t expected = 0;

		report_set_tainted(&report, "G", "");
		diagnose();
		taint = (struct diagnosed_taint){ .bit = bit,
			                          .fact = diagnosis.dialect.bits[bit] };
		for (size_t i = 0; i < all; i++)
			expected += facts[i].bit == bit &&
			            (!taint.fact || facts[i].taint != taint.fact->taint ||
			             facts[i].letter != taint.fact->letter);
		assert_int_equal(count_elsewhere(&taint), expected);
		/* U of RHEL 5, X of Red Hat and SUSE, and the vendors' own. */
		if (bit == 6 || bit == 16 || bit == 29)
			assert_in_range(expected, 1, 5);
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
		TEST(a_bit_that_is_another_taint_elsewhere_says_so),
	};

	return cmocka_run_group_tests_name("diagnosed", tests, NULL, NULL);
}
