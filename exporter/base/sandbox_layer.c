/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the layers, which are the values of a label.
 */
#include "base/sandbox_layer.h"

#include "base/macros.h"

static const char *const names[] = {
	[SANDBOX_CAPABILITIES] = "capabilities",
	[SANDBOX_LANDLOCK] = "landlock",
	[SANDBOX_SECCOMP] = "seccomp",
};
_Static_assert(ARRAY_SIZE(names) == SANDBOX_LAYER_COUNT, "one name per layer");

const char *sandbox_layer_name(enum sandbox_layer layer)
{
	return names[layer];
}
