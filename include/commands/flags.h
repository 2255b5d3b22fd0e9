/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the command line: commands and flags, with what --help says of them.
 */
#pragma once

#include <stdbool.h>

#include "model/collector.h"

#define FLAGS_PROGRAM         "kernel_taint_exporter"
#define FLAGS_DEFAULT_ADDRESS ":10093"

enum command {
	COMMAND_SERVE, /* the default */
	COMMAND_ONCE,
	COMMAND_MODULE,
	COMMAND_STATUS,
	COMMAND_DECODE,
	COMMAND_COUNT,
};

enum flag {
	FLAG_COLLECTOR, /* the first of one row per collector */
	FLAG_DISABLE_DEFAULTS = FLAG_COLLECTOR + COLLECTOR_COUNT,
	FLAG_MODULES_SYSFS,
	FLAG_SIGNATURE_MODULES,
	FLAG_SIGNATURE_TRUST,
	FLAG_SIGNATURE_WAIT,
	FLAG_DIALECT,
	FLAG_DECODE_DIALECT,
	FLAG_PROCFS,
	FLAG_SYSFS,
	FLAG_ROOTFS,
	FLAG_LISTEN_ADDRESS,
	FLAG_SYSTEMD_SOCKET,
	FLAG_WEB_CONFIG,
	FLAG_TELEMETRY_PATH,
	FLAG_MAX_REQUESTS,
	FLAG_DISABLE_EXPORTER_METRICS,
	FLAG_OUTPUT,
	FLAG_JSON,
	FLAG_NO_SANDBOX,
	FLAG_LOG_LEVEL,
	FLAG_LOG_FORMAT,
	FLAG_VERSION,
	FLAG_HELP,
	FLAG_COUNT,
};

struct flag_row {
	const char *name;
	const char
		*argument; /* --help shows the default or a placeholder; NULL: a switch */
	unsigned int commands; /* set of 1 << enum command */
	const char *help;
	const char *expected; /* of the argument, for errors */
	const char *values;   /* for completion: its words, "FILE" or "FOLDER", or NULL */
};

struct command_row {
	const char *name;
	const char *arguments; /* NULL: it takes none */
	bool needs_argument;
	const char *help;
};

extern const struct flag_row flag_rows[];
extern const struct command_row command_rows[];

/* Whether it is --collector.NAME, which has a --no- form. */
bool flag_is_collector(enum flag flag);

/* Prints --help. */
void flags_help_print(void);
