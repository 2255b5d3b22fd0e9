/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one report: names stay where they were added, and what finds no memory is
 * told. Knows the memory, which it lets fail.
 */
#include "model/backtrace.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failing.h"

static void modules_keep_their_names(void **state)
{
	_cleanup_(backtrace_clear) struct backtrace backtrace;
	char name[16];

	(void)state;
	backtrace_init(&backtrace);
	for (int i = 0; i < 1000; i++) {
		struct backtrace_module *module;
		int length = snprintf(name, sizeof(name), "module%d", i);

		module = backtrace_add(&backtrace, name, (size_t)length);
		assert_non_null(module);
		assert_int_equal(module->count, 0);
		assert_int_equal(module->state, '\0');
		assert_true(taint_letters_is_empty(&module->letters));
		module->count = (uint64_t)i;
	}
	assert_int_equal(backtrace.count, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "module%d", i);
		assert_string_equal(backtrace_name(&backtrace, backtrace.modules[i].name),
		                    name);
		assert_int_equal(backtrace.modules[i].count, i);
	}
	assert_int_equal(backtrace_error(&backtrace), 0);
}

static void a_name_alone_is_no_module(void **state)
{
	_cleanup_(backtrace_clear) struct backtrace backtrace;
	size_t first, second;

	(void)state;
	backtrace_init(&backtrace);
	first = backtrace_add_name(&backtrace, "abcdef", 3);
	second = backtrace_add_name(&backtrace, "", 0);
	assert_int_equal(first, 1);
	assert_int_equal(second, 5);
	assert_string_equal(backtrace_name(&backtrace, first - 1), "abc");
	assert_string_equal(backtrace_name(&backtrace, second - 1), "");
	assert_int_equal(backtrace.count, 0);
}

static void what_is_cleared_is_empty_and_may_be_used_again(void **state)
{
	static const struct backtrace empty;
	struct backtrace backtrace;

	(void)state;
	backtrace_init(&backtrace);
	assert_memory_equal(&backtrace, &empty, sizeof(empty));
	for (int i = 0; i < 2; i++) {
		text_add_string(&backtrace.title, "title");
		text_add_string(&backtrace.task, "task");
		text_add_string(&backtrace.flags, "G");
		text_add_string(&backtrace.constants, "[W]=WARN");
		text_add_string(&backtrace.release, "6.1.0");
		text_add_string(&backtrace.supported, "Yes");
		assert_non_null(backtrace_add(&backtrace, "x", 1));
		backtrace.line = 7;
		backtrace_clear(&backtrace);
		assert_memory_equal(&backtrace, &empty, sizeof(empty));
	}
}

static void forgotten_modules_were_never_listed(void **state)
{
	_cleanup_(backtrace_clear) struct backtrace backtrace;
	struct taint_letters letters = { { 1 } };

	(void)state;
	backtrace_init(&backtrace);
	text_add_string(&backtrace.title, "title");
	assert_non_null(backtrace_add(&backtrace, "first", 5));
	backtrace.has_modules = true;
	backtrace.last_unloaded = backtrace_add_name(&backtrace, "last", 4);
	backtrace.last_unloaded_letters = letters;
	backtrace_forget_modules(&backtrace);
	assert_int_equal(backtrace.count, 0);
	assert_false(backtrace.has_modules);
	assert_int_equal(backtrace.last_unloaded, 0);
	assert_true(taint_letters_is_empty(&backtrace.last_unloaded_letters));
	assert_int_equal(backtrace.names.length, 0);
	assert_string_equal(text_string(&backtrace.title), "title");
	assert_non_null(backtrace_add(&backtrace, "second", 6));
	assert_string_equal(backtrace_name(&backtrace, backtrace.modules[0].name),
	                    "second");
}

static void without_memory_nothing_is_added(void **state)
{
	_cleanup_(backtrace_clear) struct backtrace backtrace;

	(void)state;
	backtrace_init(&backtrace);
	failing = true;
	failing_at = 0;
	assert_int_equal(backtrace_add_name(&backtrace, "x", 1), 0);
	assert_int_equal(backtrace_error(&backtrace), -ENOMEM);
	assert_null(backtrace_add(&backtrace, "x", 1));
	backtrace_clear(&backtrace);
	failing = true;
	failing_at = 1;
	assert_null(backtrace_add(&backtrace, "x", 1));
	assert_false(failing);
	assert_int_equal(backtrace.count, 0);
	assert_non_null(backtrace_add(&backtrace, "x", 1));
	assert_int_equal(backtrace.count, 1);
}

static void any_text_without_memory_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		_cleanup_(backtrace_clear) struct backtrace backtrace;
		struct text *texts[] = {
			&backtrace.title,     &backtrace.task,  &backtrace.flags,
			&backtrace.release,   &backtrace.names, &backtrace.constants,
			&backtrace.supported,
		};

		backtrace_init(&backtrace);
		assert_int_equal(backtrace_error(&backtrace), 0);
		failing = true;
		failing_at = 0;
		text_add_string(texts[i], "x");
		assert_false(failing);
		assert_int_equal(backtrace_error(&backtrace), -ENOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_keep_their_names),
		cmocka_unit_test(a_name_alone_is_no_module),
		cmocka_unit_test(what_is_cleared_is_empty_and_may_be_used_again),
		cmocka_unit_test(forgotten_modules_were_never_listed),
		cmocka_unit_test(without_memory_nothing_is_added),
		cmocka_unit_test(any_text_without_memory_is_an_error),
	};

	return cmocka_run_group_tests_name("backtrace", tests, NULL, NULL);
}
