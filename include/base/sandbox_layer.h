/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of the sandbox: whoever shuts them and whoever tells of them need their
 * names.
 */
#pragma once

/* In the order of their names. */
enum sandbox_layer {
	SANDBOX_CAPABILITIES,
	SANDBOX_LANDLOCK,
	SANDBOX_SECCOMP,
	SANDBOX_LAYER_COUNT,
};

/* "capabilities", "landlock", "seccomp" */
const char *sandbox_layer_name(enum sandbox_layer layer);
