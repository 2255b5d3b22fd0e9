/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of commands/confine: what each command leaves open. The walls themselves, which
 * could not be taken down again, are test_sandbox's matter.
 */
#include "commands/confine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "commands/options.h"
#include "memory.h"

int __wrap_sandbox_enter(const struct sandbox_settings *settings,
                         bool ret_in_force[SANDBOX_LAYER_COUNT]);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static struct text entered; /* the paths, each with a blank; '+' before writable ones */
static size_t times;
static bool was_above_modes;
static int enter_error;
static bool calloc_fails;

int __wrap_sandbox_enter(const struct sandbox_settings *settings,
                         bool ret_in_force[SANDBOX_LAYER_COUNT])
{
	times++;
	was_above_modes = settings->is_above_modes;
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->paths[i].is_writable)
			text_add_char(&entered, '+');
		text_add_string(&entered, settings->paths[i].path);
		text_add_char(&entered, ' ');
	}
	if (enter_error == 0)
		ret_in_force[SANDBOX_SECCOMP] = true;
	return enter_error;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return calloc_fails ? NULL : __real_calloc(count, size);
}

static struct options options;
static bool in_force[SANDBOX_LAYER_COUNT];

static int begin(void **state)
{
	setup(state);
	log_configure(LOG_LEVEL_ERROR + 1, LOG_FORMAT_LOGFMT);
	text_clear(&entered);
	times = 0;
	enter_error = 0;
	calloc_fails = false;
	memset(in_force, 0, sizeof(in_force));
	options = (struct options){
		.command = COMMAND_SERVE,
		.with_sandbox = true,
		.collectors = COLLECTOR_BIT(COLLECTOR_KERNEL) |
		              COLLECTOR_BIT(COLLECTOR_SIGNATURE),
		.scrape.paths = {
			[HOSTFS_PROCFS] = "/host/proc",
			[HOSTFS_SYSFS] = "/host/sys",
			[HOSTFS_ROOTFS] = "/host",
			[HOSTFS_SELF] = "/proc/self",
		},
	};
	return 0;
}

static int end(void **state)
{
	(void)state;
	text_clear(&entered);
	return 0;
}

static void check(const char *expected, bool is_above_modes)
{
	text_clear(&entered);
	assert_int_equal(confine(&options, NULL, 0, in_force), 0);
	assert_string_equal(text_string(&entered), expected);
	assert_int_equal(was_above_modes, is_above_modes);
	assert_true(in_force[SANDBOX_SECCOMP]);
	assert_false(in_force[SANDBOX_LANDLOCK]);
}

#define ROOTS   "/host/proc /host/sys /proc "
#define MODULES "/host/lib/modules /host/usr/lib/modules "

static void serve_reads_the_roots_and_modules(void **state)
{
	(void)state;
	check(ROOTS MODULES, false);
	options.scrape.paths[HOSTFS_ROOTFS] = "/";
	check(ROOTS "//lib/modules //usr/lib/modules ", false);
}

static void no_modules_are_open_to_who_does_not_look_at_files(void **state)
{
	(void)state;
	options.collectors &= ~COLLECTOR_BIT(COLLECTOR_SIGNATURE);
	check(ROOTS, false);
	options.command = COMMAND_ONCE;
	check(ROOTS, false);
	options.command = COMMAND_MODULE;
	check(ROOTS MODULES, true);
}

static void once_writes_in_the_folder_of_its_output_and_nowhere_else(void **state)
{
	(void)state;
	options.command = COMMAND_ONCE;
	check(ROOTS MODULES, false);
	options.output = "/var/lib/kernel.prom";
	check(ROOTS MODULES "+/var/lib/ ", true);
	options.output = "kernel.prom";
	check(ROOTS MODULES "+. ", true);
	options.output = "/kernel.prom";
	check(ROOTS MODULES "+/ ", true);
	options.output = "below/kernel.prom";
	check(ROOTS MODULES "+below/ ", true);
}

static void further_paths_stay_open_as_they_are_given(void **state)
{
	struct sandbox_path extra[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++)
		extra[i] = (struct sandbox_path){ "x", i == 1 };
	options.command = COMMAND_ONCE;
	options.output = "f";
	assert_int_equal(confine(&options, extra, 2, in_force), 0);
	assert_string_equal(text_string(&entered), ROOTS MODULES "+. x +x ");
	assert_int_equal(confine(&options, extra, ARRAY_SIZE(extra), in_force), 0);
}

static void without_the_sandbox_nothing_is_entered(void **state)
{
	(void)state;
	options.with_sandbox = false;
	assert_int_equal(confine(&options, NULL, 0, in_force), 0);
	assert_int_equal(times, 0);
	assert_false(in_force[SANDBOX_SECCOMP]);
}

static void what_cannot_be_entered_is_an_error(void **state)
{
	(void)state;
	enter_error = -EPERM;
	assert_int_equal(confine(&options, NULL, 0, in_force), -EPERM);
	assert_false(in_force[SANDBOX_SECCOMP]);
}

static void without_memory_nothing_is_entered_and_it_is_an_error(void **state)
{
	int steps = 0;

	(void)state;
	options.output = "/var/lib/kernel.prom";
	calloc_fails = true;
	assert_int_equal(confine(&options, NULL, 0, in_force), -ENOMEM);
	calloc_fails = false;
	/* Every path is text of its own. */
	for (; times == 0; steps++) {
		text_clear(&entered);
		assert_int_equal(text_reserve(&entered, 4096), 0);
		calls_left = steps;
		if (confine(&options, NULL, 0, in_force) != -ENOMEM)
			break;
		calls_left = -1;
	}
	calls_left = -1;
	assert_int_equal(times, 1);
	assert_int_equal(steps, 3);
	assert_string_equal(text_string(&entered), ROOTS MODULES "+/var/lib/ ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serve_reads_the_roots_and_modules),
		TEST(no_modules_are_open_to_who_does_not_look_at_files),
		TEST(once_writes_in_the_folder_of_its_output_and_nowhere_else),
		TEST(further_paths_stay_open_as_they_are_given),
		TEST(without_the_sandbox_nothing_is_entered),
		TEST(what_cannot_be_entered_is_an_error),
		TEST(without_memory_nothing_is_entered_and_it_is_an_error),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
