/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on standard error, one write per line:
 *
 *   ts=2026-11-21T22:02:42.123Z level=info msg="Listening on" address=127.0.0.1:10093
 *   {"ts":"2026-11-21T22:02:42.123Z","level":"info","msg":"Listening on","address":"…"}
 *
 * Values may be hostile: control characters are escaped, invalid UTF-8 is replaced.
 */
#pragma once

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

enum log_format {
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON,
};

/* Sets what is written from now on; before the first call: info, logfmt. */
void log_configure(enum log_level level, enum log_format format);

/*
 * Writes one line. After MESSAGE come pairs of key and value, both const char *, then
 * NULL. Keys are our own words ([a-z_]+). A line that finds no memory is lost.
 */
void log_event(enum log_level level, const char *message, ...) __attribute__((sentinel));

/* "debug", "info", "warn", "error" and "logfmt", "json"; false for any other word. */
bool log_level_parse(const char *word, enum log_level *ret_level);
bool log_format_parse(const char *word, enum log_format *ret_format);
