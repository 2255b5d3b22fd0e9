/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command decode.
 */
#include "commands/decode.h"

#include <stdlib.h>

int decode_run(const struct options *options)
{
	(void)options;
	return EXIT_FAILURE;
}
