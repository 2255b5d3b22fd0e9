/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of the sandbox: whoever shuts them and whoever tells of them need their
 * names.
 */
#pragma once

enum sandbox_layer {
	SANDBOX_LANDLOCK,
	SANDBOX_SECCOMP,
	SANDBOX_CAPABILITIES,
	SANDBOX_LAYER_COUNT,
};

/* "landlock", "seccomp", "capabilities" */
const char *sandbox_layer_name(enum sandbox_layer layer);
