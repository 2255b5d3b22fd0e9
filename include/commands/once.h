/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command once: the page for a pipe or for node_exporter's textfile collector.
 */
#pragma once

struct options;

/*
 * Writes the page in text 0.0.4 to standard output, or to options->output: a temporary
 * file beside it, whose name does not end in .prom, is written, synced, given mode 0644
 * and renamed, so that a reader finds the old page or the new one and nothing else. What
 * is there and is no regular file stays, and that is an error.
 * The exit code; errors are logged.
 */
int once_run(const struct options *options);
