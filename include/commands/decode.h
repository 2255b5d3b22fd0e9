/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command decode: masks, `Tainted:` strings and kernel logs, from any kernel.
 */
#pragma once

struct options;

/*
 * Decodes options->arguments, or standard input if there are none, and writes what was
 * found to standard output. One that is "-" is standard input, one that is a number is a
 * mask, one that names a file is read, any other is text. The exit code: 0; 1 if nothing
 * was recognised or something could not be read.
 */
int decode_run(const struct options *options);
