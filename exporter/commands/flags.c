/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the command line. Flags are spelled as the exporters of the Prometheus
 * project spell theirs, so that units and manifests can be carried over.
 */
#include "commands/flags.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

#define SERVE  (1u << COMMAND_SERVE)
#define ONCE   (1u << COMMAND_ONCE)
#define MODULE (1u << COMMAND_MODULE)
#define STATUS (1u << COMMAND_STATUS)
#define DECODE (1u << COMMAND_DECODE)
#define PAGE   (SERVE | ONCE)
#define HOST   (PAGE | MODULE | STATUS)
#define ANY    (HOST | DECODE)

#define DIALECTS "auto mainline rhel5 rhel6 rhel7 rhel8 rhel9 rhel10 suse"

const struct flag_row flag_rows[] = {
	/* clang-format off */
	[FLAG_COLLECTOR + COLLECTOR_KERNEL] = { "collector.kernel", NULL, PAGE,
		"the taint mask (on)", NULL, NULL },
	[FLAG_COLLECTOR + COLLECTOR_LOG] = { "collector.log", NULL, PAGE,
		"announcements in the kernel log (off)", NULL, NULL },
	[FLAG_COLLECTOR + COLLECTOR_MODULES] = { "collector.modules", NULL, PAGE,
		"taint per module, hidden modules (on)", NULL, NULL },
	[FLAG_COLLECTOR + COLLECTOR_POSTURE] = { "collector.posture", NULL, PAGE,
		"enforcement, lockdown, warnings (on)", NULL, NULL },
	[FLAG_COLLECTOR + COLLECTOR_SIGNATURE] = { "collector.signature", NULL, PAGE,
		"module files and their signatures (on)", NULL, NULL },
	[FLAG_COLLECTOR + COLLECTOR_UNLOADED] = { "collector.unloaded", NULL, PAGE,
		"tainting modules that are gone (off)", NULL, NULL },
	[FLAG_DISABLE_DEFAULTS] = { "collector.disable-defaults", NULL, PAGE,
		"only the collectors that are given", NULL, NULL },
	[FLAG_MODULES_SYSFS] = { "collector.modules.sysfs", "tainting", PAGE,
		"compared with sysfs: tainting, all", "tainting or all",
		"tainting all" },
	[FLAG_SIGNATURE_MODULES] = { "collector.signature.modules", "tainting", PAGE,
		"files that are told of: tainting, all", "tainting or all",
		"tainting all" },
	[FLAG_SIGNATURE_TRUST] = { "collector.signature.trust", "FILE", HOST,
		"certificates to verify with; repeatable",
		"a file or folder of certificates", "FILE" },
	[FLAG_SIGNATURE_WAIT] = { "collector.signature.wait", "500ms", PAGE,
		"at most, for module files (once: 10s)",
		"a duration of at most a day, such as 500ms, 2s or 1m", NULL },
	[FLAG_DIALECT] = { "kernel.dialect", "auto", HOST,
		"auto, mainline, rhel5 to rhel10, suse",
		"auto, mainline, rhel5 to rhel10, or suse", DIALECTS },
	[FLAG_DECODE_DIALECT] = { "dialect", "auto", DECODE,
		"decode: the same, of what is decoded",
		"auto, mainline, rhel5 to rhel10, or suse", DIALECTS },
	[FLAG_PROCFS] = { "path.procfs", "/proc", HOST,
		"where procfs is", "a folder", "FOLDER" },
	[FLAG_SYSFS] = { "path.sysfs", "/sys", HOST,
		"where sysfs is", "a folder", "FOLDER" },
	[FLAG_ROOTFS] = { "path.rootfs", "/", HOST,
		"where the root is", "a folder", "FOLDER" },
	[FLAG_LISTEN_ADDRESS] = { "web.listen-address", FLAGS_DEFAULT_ADDRESS, SERVE,
		"HOST:PORT to listen on; repeatable",
		"HOST:PORT, :PORT or [IPv6]:PORT", NULL },
	[FLAG_SYSTEMD_SOCKET] = { "web.systemd-socket", NULL, SERVE,
		"listen on the sockets of systemd", NULL, NULL },
	[FLAG_WEB_CONFIG] = { "web.config.file", "FILE", SERVE,
		"TLS, users, limits (exporter-toolkit)", "a file", "FILE" },
	[FLAG_TELEMETRY_PATH] = { "web.telemetry-path", "/metrics", SERVE,
		"where the metrics are",
		"a path that starts with / and is no other page's", NULL },
	[FLAG_MAX_REQUESTS] = { "web.max-requests", "40", SERVE,
		"scrapes at once, else 503; 0: no limit",
		"a number from 0 to 1000000", NULL },
	[FLAG_DISABLE_EXPORTER_METRICS] = { "web.disable-exporter-metrics", NULL, SERVE,
		"leave out process_*", NULL, NULL },
	[FLAG_OUTPUT] = { "output", "FILE.prom", ONCE,
		"once: replace this file", "a file", "FILE" },
	[FLAG_JSON] = { "json", NULL, MODULE | STATUS | DECODE,
		"module, status, decode: for programs", NULL, NULL },
	[FLAG_NO_SANDBOX] = { "no-sandbox", NULL, ANY,
		"leave files and system calls unguarded", NULL, NULL },
	[FLAG_LOG_LEVEL] = { "log.level", "info", ANY,
		"debug, info, warn, error", "debug, info, warn or error",
		"debug info warn error" },
	[FLAG_LOG_FORMAT] = { "log.format", "logfmt", ANY,
		"logfmt, json", "logfmt or json", "logfmt json" },
	[FLAG_VERSION] = { "version", NULL, ANY,
		"print the version", NULL, NULL },
	[FLAG_HELP] = { "help", NULL, ANY,
		"print this help (-h)", NULL, NULL },
	/* clang-format on */
};
_Static_assert(ARRAY_SIZE(flag_rows) == FLAG_COUNT, "one row per flag");

const struct command_row command_rows[] = {
	[COMMAND_SERVE] = { "serve", NULL, false,
	                    "serve the metrics over HTTP (default)" },
	[COMMAND_ONCE] = { "once", NULL, false,
	                   "write the page once, without process_*" },
	[COMMAND_MODULE] = { "module", "NAME|FILE...", true,
	                     "what is to be said of modules" },
	[COMMAND_STATUS] = { "status", NULL, false,
	                     "this host; exits 0: clean, 3: tainted" },
	[COMMAND_DECODE] = { "decode", "[MASK|TEXT|FILE]...", false,
	                     "masks and logs, or standard input" },
};
_Static_assert(ARRAY_SIZE(command_rows) == COMMAND_COUNT, "one row per command");

_Static_assert(FLAG_COLLECTOR == 0, "a collector's flag is its number");

bool flag_is_collector(enum flag flag)
{
	return flag < FLAG_COLLECTOR + COLLECTOR_COUNT;
}

void flags_help_print(void)
{
	printf("usage: " FLAGS_PROGRAM " [COMMAND] [FLAG]...\n"
	       "Prometheus exporter for the taint of the Linux kernel and its "
	       "modules.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(command_rows); i++) {
		const char *arguments = command_rows[i].arguments;

		printf("  %s%s%-*s%s\n", command_rows[i].name, arguments ? " " : "",
		       38 - (int)strlen(command_rows[i].name) + !arguments,
		       arguments ? arguments : "", command_rows[i].help);
	}
	printf("\n");
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		char column[64];

		snprintf(column, sizeof(column), "--%s%s%s%s",
		         flag_is_collector(flag) ? "[no-]" : "", flag_rows[flag].name,
		         flag_rows[flag].argument ? "=" : "",
		         flag_rows[flag].argument ? flag_rows[flag].argument : "");
		printf("  %-39s%s\n", column, flag_rows[flag].help);
	}
}
