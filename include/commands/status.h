/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command status: this host, now, for people and for scripts.
 */
#pragma once

struct options;

/*
 * Writes the report to standard output. The exit code: 0 the kernel is clean, 3 it is
 * tainted, 1 that could not be found out; errors are logged.
 */
int status_run(const struct options *options);
