/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each command leaves open. Wraps the walls, which could not be taken down again.
 */
#include "commands/confine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "commands/options.h"

int __wrap_sandbox_enter(const struct sandbox_settings *settings,
                         bool ret_in_force[SANDBOX_LAYER_COUNT]);

static struct text entered; /* the paths, each with a blank; '+' before writable ones */
static bool is_above_modes;

int __wrap_sandbox_enter(const struct sandbox_settings *settings,
                         bool ret_in_force[SANDBOX_LAYER_COUNT])
{
	is_above_modes = settings->is_above_modes;
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->paths[i].is_writable)
			text_add_char(&entered, '+');
		text_add_string(&entered, settings->paths[i].path);
		text_add_char(&entered, ' ');
	}
	ret_in_force[SANDBOX_SECCOMP] = true;
	return -EPERM;
}

#define KERNEL  COLLECTOR_BIT(COLLECTOR_KERNEL)
#define FILES   COLLECTOR_BIT(COLLECTOR_SIGNATURE)
#define ROOTS   "/host/proc /host/sys /proc "
#define MODULES "/host/lib/modules /host/usr/lib/modules "

static const struct {
	enum command command;
	collector_set collectors;
	const char *output;
	size_t further; /* paths, of which the last may be written to */
	const char *expected;
	bool is_above_modes;
} rows[] = {
	{ COMMAND_SERVE, KERNEL | FILES, NULL, 0, ROOTS MODULES, false },
	{ COMMAND_SERVE, KERNEL, NULL, 0, ROOTS, false },
	{ COMMAND_SERVE, KERNEL, NULL, 2, ROOTS "x +x ", false },
	{ COMMAND_STATUS, FILES, NULL, 0, ROOTS MODULES, false },
	{ COMMAND_MODULE, 0, NULL, 0, ROOTS MODULES, true },
	{ COMMAND_MODULE, 0, NULL, 9, ROOTS MODULES "x x x x x x x x +x ", true },
	{ COMMAND_ONCE, KERNEL, NULL, 0, ROOTS, false },
	{ COMMAND_ONCE, KERNEL, "/var/lib/k.prom", 0, ROOTS "+/var/lib/ ", true },
	{ COMMAND_ONCE, KERNEL, "k.prom", 0, ROOTS "+. ", true },
	{ COMMAND_ONCE, KERNEL, "/k.prom", 0, ROOTS "+/ ", true },
	{ COMMAND_ONCE, FILES, "a/k", 2, ROOTS MODULES "+a/ x +x ", true },
};

static void each_command_leaves_open_what_it_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sandbox_path further[9] = { { NULL, false } };
		bool in_force[SANDBOX_LAYER_COUNT] = { false };
		struct options options = {
			.command = rows[i].command,
			.with_sandbox = true,
			.collectors = rows[i].collectors,
			.output = rows[i].output,
			.scrape.paths = {
				[HOSTFS_PROCFS] = "/host/proc",
				[HOSTFS_SYSFS] = "/host/sys",
				[HOSTFS_ROOTFS] = "/host",
				[HOSTFS_SELF] = "/proc/self",
			},
		};

		for (size_t j = 0; j < rows[i].further; j++)
			further[j] =
				(struct sandbox_path){ "x", j + 1 == rows[i].further };
		text_clear(&entered);
		if (confine(&options, further, rows[i].further, in_force) != -EPERM ||
		    strcmp(text_string(&entered), rows[i].expected) != 0 ||
		    is_above_modes != rows[i].is_above_modes ||
		    !in_force[SANDBOX_SECCOMP])
			fail_msg("row %zu: '%s', expected '%s'", i, text_string(&entered),
			         rows[i].expected);
		text_clear(&entered);

		options.with_sandbox = false;
		in_force[SANDBOX_SECCOMP] = false;
		assert_int_equal(confine(&options, NULL, 0, in_force), 0);
		assert_false(entered.length || in_force[SANDBOX_SECCOMP]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_leaves_open_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
