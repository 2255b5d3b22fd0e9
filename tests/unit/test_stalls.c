/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/stalls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"

static struct stalls *stalls;
static struct stall_place hanging, other;

static int setup(void **state)
{
	(void)state;
	hanging = other = (struct stall_place){ 0 };
	return stalls_new(&stalls);
}

static int teardown(void **state)
{
	(void)state;
	stall_place_clear(&hanging);
	stall_place_clear(&other);
	stalls = stalls_free(stalls);
	return 0;
}

static void hang_at(struct stall_place *place, unsigned int root, const char *path)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;

	assert_int_equal(stalls_enter(stalls, place, root, path), 0);
	assert_true(stalls_declare(stalls, place, place->steps, &name));
	assert_string_equal(text_string(&name), path);
}

static void a_place_tells_how_often_it_went_in(void **state)
{
	(void)state;
	assert_int_equal(stalls_steps(stalls, &other), 0);
	assert_int_equal(stalls_enter(stalls, &other, 0, "modules"), 0);
	assert_int_equal(stalls_steps(stalls, &other), 1);
	stalls_leave(stalls, &other);
	assert_int_equal(stalls_steps(stalls, &other), 0);
	assert_int_equal(stalls_enter(stalls, &other, 0, "modules"), 0);
	assert_int_equal(stalls_steps(stalls, &other), 2);
	stalls_leave(stalls, &other);
}

static void a_file_that_hangs_is_refused_until_it_answers(void **state)
{
	(void)state;
	hang_at(&hanging, 1, "modules");
	assert_int_equal(stalls_enter(stalls, &other, 1, "modules"), -ETIMEDOUT);
	assert_int_equal(stalls_steps(stalls, &other), 0);
	assert_int_equal(stalls_enter(stalls, &other, 1, "version"), 0);
	stalls_leave(stalls, &other);
	assert_int_equal(stalls_enter(stalls, &other, 0, "modules"), 0);
	stalls_leave(stalls, &other);
	stalls_leave(stalls, &hanging);
	assert_int_equal(stalls_enter(stalls, &other, 1, "modules"), 0);
	stalls_leave(stalls, &other);
}

static void two_files_that_hang_make_their_root_one_that_does(void **state)
{
	struct stall_place second = { 0 };

	(void)state;
	hang_at(&hanging, 1, "modules");
	hang_at(&second, 1, "version");
	assert_int_equal(stalls_enter(stalls, &other, 1, "cmdline"), -ETIMEDOUT);
	assert_int_equal(stalls_enter(stalls, &other, 0, "cmdline"), 0);
	stalls_leave(stalls, &other);
	stalls_leave(stalls, &hanging);
	assert_int_equal(stalls_enter(stalls, &other, 1, "version"), -ETIMEDOUT);
	assert_int_equal(stalls_enter(stalls, &other, 1, "cmdline"), 0);
	stalls_leave(stalls, &other);
	stalls_leave(stalls, &second);
	stall_place_clear(&second);
}

static void who_was_given_up_touches_nothing_any_more(void **state)
{
	(void)state;
	hang_at(&hanging, 1, "modules");
	stalls_leave(stalls, &hanging);
	assert_int_equal(stalls_enter(stalls, &hanging, 0, "version"), -ETIMEDOUT);
}

static void who_has_gone_on_does_not_hang(void **state)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;

	(void)state;
	assert_false(stalls_declare(stalls, &other, 0, &name));
	assert_int_equal(stalls_enter(stalls, &other, 0, "modules"), 0);
	assert_false(stalls_declare(stalls, &other, other.steps - 1, &name));
	stalls_leave(stalls, &other);
	assert_false(stalls_declare(stalls, &other, other.steps, &name));
	assert_int_equal(name.length, 0);
	assert_int_equal(stalls_enter(stalls, &other, 0, "modules"), 0);
	stalls_leave(stalls, &other);
}

static void stalls_last_as_long_as_somebody_holds_them(void **state)
{
	struct stalls *held = stalls_hold(stalls);

	(void)state;
	assert_null(stalls_free(held));
	hang_at(&hanging, 0, "modules");
	stalls_leave(stalls, &hanging);
	assert_null(stalls_free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_place_tells_how_often_it_went_in),
		TEST(a_file_that_hangs_is_refused_until_it_answers),
		TEST(two_files_that_hang_make_their_root_one_that_does),
		TEST(who_was_given_up_touches_nothing_any_more),
		TEST(who_has_gone_on_does_not_hang),
		TEST(stalls_last_as_long_as_somebody_holds_them),
	};

	return cmocka_run_group_tests_name("stalls", tests, NULL, NULL);
}
