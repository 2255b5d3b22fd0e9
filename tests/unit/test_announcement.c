/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements: what holds for every name, and which of them announce a taint.
 */
#include "model/announcement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/taint.h"

static void every_announcement_has_a_name_and_a_meaning(void **state)
{
	(void)state;
	for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++) {
		const char *name = announcement_name(a);

		assert_non_null(name);
		assert_true(strlen(name) > 2);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
		                 strlen(name));
		assert_true(strlen(announcement_meaning(a)) > 2);
	}
}

static void each_has_a_subject_where_no_module_is_named(void **state)
{
	static const enum announcement of_modules[] = {
		ANNOUNCEMENT_CRAP,
		ANNOUNCEMENT_EXTERNAL_SUPPORT,
		ANNOUNCEMENT_FORCED_MODULE,
		ANNOUNCEMENT_LIVEPATCH,
		ANNOUNCEMENT_MODULE_REJECTED,
		ANNOUNCEMENT_NO_RETPOLINE,
		ANNOUNCEMENT_NO_SUPPORT,
		ANNOUNCEMENT_OOT_MODULE,
		ANNOUNCEMENT_PARTNER_SUPPORTED,
		ANNOUNCEMENT_PROPRIETARY_MODULE,
		ANNOUNCEMENT_PROPRIETARY_SYMBOLS,
		ANNOUNCEMENT_TEST,
		ANNOUNCEMENT_UNSIGNED_MODULE,
	};

	(void)state;
	for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++) {
		const char *expected = "the kernel";

		for (size_t i = 0; i < ARRAY_SIZE(of_modules); i++)
			if (of_modules[i] == a)
				expected = "a module";
		if (a == ANNOUNCEMENT_TECH_PREVIEW)
			expected = "a subsystem";
		assert_string_equal(announcement_subject(a), expected);
	}
}

static void names_stand_in_their_order_so_that_none_is_there_twice(void **state)
{
	(void)state;
	for (enum announcement a = 1; a < ANNOUNCEMENT_COUNT; a++)
		assert_true(strcmp(announcement_name(a - 1), announcement_name(a)) < 0);
}

static void what_announces_a_taint_by_its_own_has_the_taints_slug(void **state)
{
	static const struct {
		enum announcement announcement;
		enum taint taint;
	} rows[] = {
		{ ANNOUNCEMENT_CRAP, TAINT_CRAP },
		{ ANNOUNCEMENT_EXTERNAL_SUPPORT, TAINT_EXTERNAL_SUPPORT },
		{ ANNOUNCEMENT_FORCED_MODULE, TAINT_FORCED_MODULE },
		{ ANNOUNCEMENT_FWCTL, TAINT_FWCTL },
		{ ANNOUNCEMENT_LIVEPATCH, TAINT_LIVEPATCH },
		{ ANNOUNCEMENT_NO_SUPPORT, TAINT_NO_SUPPORT },
		{ ANNOUNCEMENT_OOT_MODULE, TAINT_OOT_MODULE },
		{ ANNOUNCEMENT_OVERRIDDEN_ACPI_TABLE, TAINT_OVERRIDDEN_ACPI_TABLE },
		{ ANNOUNCEMENT_PARTNER_SUPPORTED, TAINT_PARTNER_SUPPORTED },
		{ ANNOUNCEMENT_PROPRIETARY_MODULE, TAINT_PROPRIETARY_MODULE },
		{ ANNOUNCEMENT_TECH_PREVIEW, TAINT_TECH_PREVIEW },
		{ ANNOUNCEMENT_TEST, TAINT_TEST },
		{ ANNOUNCEMENT_UNPRIVILEGED_BPF, TAINT_UNPRIVILEGED_BPF },
		{ ANNOUNCEMENT_UNSIGNED_MODULE, TAINT_UNSIGNED_MODULE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(announcement_name(rows[i].announcement),
		                    taint_slug(rows[i].taint));
		assert_true(announcement_is_taint(rows[i].announcement));
	}
}

static void an_announcement_names_the_taint_that_it_sets(void **state)
{
	static const struct {
		enum announcement announcement;
		enum taint taint;
	} rows[] = {
		{ ANNOUNCEMENT_DANGEROUS_OPTION, TAINT_USER },
		{ ANNOUNCEMENT_LATE_MICROCODE, TAINT_CPU_OUT_OF_SPEC },
		{ ANNOUNCEMENT_MSR_WRITE, TAINT_CPU_OUT_OF_SPEC },
		{ ANNOUNCEMENT_OLD_MICROCODE, TAINT_CPU_OUT_OF_SPEC },
		{ ANNOUNCEMENT_SETCPUID, TAINT_CPU_OUT_OF_SPEC },
		{ ANNOUNCEMENT_PROPRIETARY_SYMBOLS, TAINT_PROPRIETARY_MODULE },
		{ ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED, TAINT_COUNT },
		{ ANNOUNCEMENT_MODULE_REJECTED, TAINT_COUNT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(announcement_taint(rows[i].announcement), rows[i].taint);
	for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++)
		if (announcement_taint(a) < TAINT_COUNT)
			assert_true(announcement_is_taint(a));
}

static void a_remark_or_a_refusal_is_no_taint(void **state)
{
	(void)state;
	assert_false(announcement_is_taint(ANNOUNCEMENT_MODULE_REJECTED));
	assert_false(announcement_is_taint(ANNOUNCEMENT_NO_RETPOLINE));
	assert_false(announcement_is_taint(ANNOUNCEMENT_PANIC_ON_TAINT));
	/* These have no slug of their own, and taint all the same. */
	assert_true(announcement_is_taint(ANNOUNCEMENT_PROPRIETARY_SYMBOLS));
	assert_true(announcement_is_taint(ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_announcement_has_a_name_and_a_meaning),
		cmocka_unit_test(each_has_a_subject_where_no_module_is_named),
		cmocka_unit_test(names_stand_in_their_order_so_that_none_is_there_twice),
		cmocka_unit_test(what_announces_a_taint_by_its_own_has_the_taints_slug),
		cmocka_unit_test(an_announcement_names_the_taint_that_it_sets),
		cmocka_unit_test(a_remark_or_a_refusal_is_no_taint),
	};

	return cmocka_run_group_tests_name("announcement", tests, NULL, NULL);
}
