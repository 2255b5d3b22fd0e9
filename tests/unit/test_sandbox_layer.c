/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of base/sandbox_layer: names that are fit for a label, in the order of a page.
 */
#include "base/sandbox_layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_layer_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(sandbox_layer_name(SANDBOX_CAPABILITIES), "capabilities");
	assert_string_equal(sandbox_layer_name(SANDBOX_LANDLOCK), "landlock");
	assert_string_equal(sandbox_layer_name(SANDBOX_SECCOMP), "seccomp");
}

static void the_layers_are_in_the_order_of_their_names(void **state)
{
	(void)state;
	for (enum sandbox_layer layer = 1; layer < SANDBOX_LAYER_COUNT; layer++)
		assert_true(strcmp(sandbox_layer_name(layer - 1),
		                   sandbox_layer_name(layer)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layer_has_its_name),
		cmocka_unit_test(the_layers_are_in_the_order_of_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
