/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command serve: the page over HTTP.
 */
#pragma once

struct options;

/* Serves until SIGTERM or SIGINT. The exit code; errors are logged. */
int serve_run(const struct options *options);
