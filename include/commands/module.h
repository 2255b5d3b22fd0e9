/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command module: what is to be said of single modules.
 */
#pragma once

struct options;

/*
 * Writes a report on each of options->arguments to standard output. One with a '/' or
 * ".ko" in it is a file, of whatever kernel; any other is the name of a module of this
 * host, loaded or not. The exit code: 0; 1 if one was not found, cannot be read or is
 * malformed.
 */
int module_run(const struct options *options);
