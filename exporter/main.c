/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks the command.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "commands/decode.h"
#include "commands/module.h"
#include "commands/once.h"
#include "commands/options.h"
#include "commands/serve.h"
#include "commands/status.h"

#define EXIT_USAGE 2

static int (*const runs[])(const struct options *options) = {
	[COMMAND_SERVE] = serve_run,   [COMMAND_ONCE] = once_run,
	[COMMAND_MODULE] = module_run, [COMMAND_STATUS] = status_run,
	[COMMAND_DECODE] = decode_run,
};
_Static_assert(ARRAY_SIZE(runs) == COMMAND_COUNT, "one function per command");

int main(int argc, char **argv)
{
	_cleanup_(options_clear) struct options options;
	int r;

	/* One heap for all threads: another one would take address space and never give
	 * back what a module file needed. */
	mallopt(M_ARENA_MAX, 1);
	r = options_parse(&options, argc, argv);
	if (r > 0)
		return EXIT_SUCCESS;
	if (r == -EINVAL)
		return EXIT_USAGE;
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot start", "err", error_words(r), NULL);
		return EXIT_FAILURE;
	}
	log_configure(options.log_level, options.log_format);
	if (!options.with_sandbox)
		log_event(LOG_LEVEL_WARN,
		          "Running without the sandbox, as --no-sandbox says", NULL);
	if (BUILD_INSTRUMENTED)
		options.with_sandbox = false;
	return runs[options.command](&options);
}
