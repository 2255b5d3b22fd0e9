/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command status.
 */
#include "commands/status.h"

#include <stdlib.h>

int status_run(const struct options *options)
{
	(void)options;
	return EXIT_FAILURE;
}
