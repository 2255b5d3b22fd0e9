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

static void each_goes_on_after_a_module_or_else_after_its_subject(void **state)
{
	(void)state;
	for (enum announcement a = 0; a < ANNOUNCEMENT_COUNT; a++)
		assert_string_equal(announcement_subject(a),
		                    a == ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED ||
		                                    a == ANNOUNCEMENT_PANIC_ON_TAINT
		                            ? "the kernel"
		                            : "a module");
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
		{ ANNOUNCEMENT_LIVEPATCH, TAINT_LIVEPATCH },
		{ ANNOUNCEMENT_NO_SUPPORT, TAINT_NO_SUPPORT },
		{ ANNOUNCEMENT_OOT_MODULE, TAINT_OOT_MODULE },
		{ ANNOUNCEMENT_PARTNER_SUPPORTED, TAINT_PARTNER_SUPPORTED },
		{ ANNOUNCEMENT_PROPRIETARY_MODULE, TAINT_PROPRIETARY_MODULE },
		{ ANNOUNCEMENT_TECH_PREVIEW, TAINT_TECH_PREVIEW },
		{ ANNOUNCEMENT_TEST, TAINT_TEST },
		{ ANNOUNCEMENT_UNSIGNED_MODULE, TAINT_UNSIGNED_MODULE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(announcement_name(rows[i].announcement),
		                    taint_slug(rows[i].taint));
		assert_true(announcement_is_taint(rows[i].announcement));
	}
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
		cmocka_unit_test(each_goes_on_after_a_module_or_else_after_its_subject),
		cmocka_unit_test(names_stand_in_their_order_so_that_none_is_there_twice),
		cmocka_unit_test(what_announces_a_taint_by_its_own_has_the_taints_slug),
		cmocka_unit_test(a_remark_or_a_refusal_is_no_taint),
	};

	return cmocka_run_group_tests_name("announcement", tests, NULL, NULL);
}
