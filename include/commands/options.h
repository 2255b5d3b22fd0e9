/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line asks for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "commands/flags.h"
#include "commands/scrape.h"
#include "model/collector.h"

/* Strings are borrowed from argv or static. */
struct options {
	enum command command;
	struct scrape_settings scrape;
	collector_set collectors;
	bool with_sandbox;
	enum log_level log_level;
	enum log_format log_format;

	/* serve */
	const char **addresses; /* freed by options_clear() */
	size_t addresses_count;
	bool has_systemd_socket; /* instead of the addresses */
	const char *web_config;  /* NULL: none */
	const char *telemetry_path;
	unsigned int max_requests; /* 0: no limit */

	/* once */
	const char *output; /* NULL: standard output */

	/* module, status, decode */
	bool is_json;

	const char **trust_paths; /* these two are freed by options_clear(), too */
	size_t trust_paths_count;
	const char **arguments; /* of the command */
	size_t arguments_count;
};

/*
 * Parses. 0: go on. Otherwise 1: --help or --version was printed, exit 0; -EINVAL: the
 * error and a hint were printed, exit 2; -ENOMEM.
 */
int options_parse(struct options *options, int argc, char **argv);
void options_clear(struct options *options);
