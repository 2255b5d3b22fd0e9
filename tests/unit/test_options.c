/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: each flag in both spellings, what collectors are on after any order
 * of flags, and that an error names the flag and what was expected. Knows calloc() and
 * realloc(), which it lets fail.
 */
#include "commands/options.h"

#include <ctype.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/version.h"
#include "tree.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool calloc_fails;
static int callocs_left = -1; /* before it fails; negative: it does not */
static bool realloc_fails;

void *__wrap_calloc(size_t count, size_t size)
{
	if (callocs_left >= 0 && callocs_left-- == 0)
		return NULL;
	return calloc_fails ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return realloc_fails ? NULL : __real_realloc(pointer, size);
}

#define WORDS_MAX 16

/* What a parse gave and printed. */
struct parsed {
	struct options options;
	int result;
	char *output; /* on standard output */
	char *errors; /* on standard error */
	char line[1024];
	char *words[WORDS_MAX];
};

/* Parses a command line, cut at its blanks. */
static void parse(struct parsed *parsed, const char *line)
{
	struct capture output, errors;
	int count = 0;

	memset(&parsed->options, 0xff, sizeof(parsed->options));
	assert_true(snprintf(parsed->line, sizeof(parsed->line), "program %s", line) <
	            (int)sizeof(parsed->line));
	for (char *word = strtok(parsed->line, " "); word; word = strtok(NULL, " ")) {
		assert_true(count < WORDS_MAX - 1);
		parsed->words[count++] = word;
	}
	parsed->words[count] = NULL;

	output = capture_begin(STDOUT_FILENO);
	errors = capture_begin(STDERR_FILENO);
	optind = 0;
	parsed->result = options_parse(&parsed->options, count, parsed->words);
	parsed->errors = capture_end(&errors);
	parsed->output = capture_end(&output);
}

static void parsed_clear(struct parsed *parsed)
{
	options_clear(&parsed->options);
	free(parsed->output);
	free(parsed->errors);
}

static void parse_good(struct parsed *parsed, const char *line)
{
	parse(parsed, line);
	if (parsed->result != 0)
		fail_msg("%s: %d, %s", line, parsed->result, parsed->errors);
	assert_string_equal(parsed->output, "");
	assert_string_equal(parsed->errors, "");
}

/* Fails, with a message in which these stand, and a hint. */
static void check_bad(const char *line, const char *first, const char *second)
{
	struct parsed parsed;

	parse(&parsed, line);
	if (parsed.result != -EINVAL)
		fail_msg("%s: %d", line, parsed.result);
	assert_string_equal(parsed.output, "");
	if (!strstr(parsed.errors, first) || !strstr(parsed.errors, second) ||
	    !strstr(parsed.errors, "Try 'kernel_taint_exporter --help'.\n"))
		fail_msg("%s: %s", line, parsed.errors);
	parsed_clear(&parsed);
}

static int setup(void **state)
{
	(void)state;
	calloc_fails = realloc_fails = false;
	callocs_left = -1;
	return 0;
}

/* ---- good lines ---- */

static void options_parse_of_nothing_gives_the_defaults(void **state)
{
	struct parsed parsed;
	const struct options *options = &parsed.options;

	(void)state;
	parse_good(&parsed, "");
	assert_int_equal(options->command, COMMAND_SERVE);
	assert_string_equal(options->scrape.paths[HOSTFS_PROCFS], "/proc");
	assert_string_equal(options->scrape.paths[HOSTFS_SYSFS], "/sys");
	assert_string_equal(options->scrape.paths[HOSTFS_ROOTFS], "/");
	assert_string_equal(options->scrape.paths[HOSTFS_SELF], "/proc/self");
	assert_false(options->scrape.is_dialect_given);
	assert_false(options->scrape.compares_every_module);
	assert_true(options->scrape.with_process);
	assert_int_equal(options->collectors, collector_defaults());
	assert_int_equal(options->log_level, LOG_LEVEL_INFO);
	assert_int_equal(options->log_format, LOG_FORMAT_LOGFMT);
	assert_int_equal(options->addresses_count, 1);
	assert_string_equal(options->addresses[0], ":10093");
	assert_string_equal(options->telemetry_path, "/metrics");
	assert_int_equal(options->max_requests, 40);
	assert_null(options->output);
	assert_true(options->with_sandbox);
	assert_false(options->scrape.describes_every_module);
	assert_true(options->scrape.files_wait == CLOCK_SECOND / 2);
	assert_null(options->scrape.trust);
	assert_int_equal(options->trust_paths_count, 0);
	assert_false(options->is_json);
	assert_int_equal(options->arguments_count, 0);
	parsed_clear(&parsed);
}

static void options_parse_takes_the_commands(void **state)
{
	static const struct {
		const char *line;
		enum command command;
	} lines[] = {
		{ "serve", COMMAND_SERVE },
		{ "once", COMMAND_ONCE },
		{ "--log.level=debug once", COMMAND_ONCE },
		{ "once --log.level=debug", COMMAND_ONCE },
		{ "--log.level debug once", COMMAND_ONCE },
		{ "-- once", COMMAND_ONCE },
		{ "serve --web.max-requests=1", COMMAND_SERVE },
		{ "module zfs", COMMAND_MODULE },
		{ "--log.level debug module zfs", COMMAND_MODULE },
		{ "module -- zfs", COMMAND_MODULE },
		{ "-- module zfs", COMMAND_MODULE },
		{ "status", COMMAND_STATUS },
		{ "--json status", COMMAND_STATUS },
		{ "decode", COMMAND_DECODE },
		{ "decode 12289", COMMAND_DECODE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed parsed;

		parse_good(&parsed, lines[i].line);
		assert_int_equal(parsed.options.command, lines[i].command);
		parsed_clear(&parsed);
	}
}

static void options_parse_asks_for_process_metrics_only_to_serve_them(void **state)
{
	static const char *const others[] = { "once", "status", "module x", "decode" };
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		parse_good(&parsed, others[i]);
		assert_false(parsed.options.scrape.with_process);
		parsed_clear(&parsed);
	}
	parse_good(&parsed, "serve");
	assert_true(parsed.options.scrape.with_process);
	parsed_clear(&parsed);
	parse_good(&parsed, "--web.disable-exporter-metrics");
	assert_false(parsed.options.scrape.with_process);
	parsed_clear(&parsed);
}

static void options_parse_takes_no_sandbox_for_every_command(void **state)
{
	static const char *const lines[] = { "--no-sandbox", "once --no-sandbox",
		                             "--no-sandbox module zfs" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed parsed;

		parse_good(&parsed, lines[i]);
		assert_false(parsed.options.with_sandbox);
		parsed_clear(&parsed);
	}
}

/* Parses FLAG=VALUE and FLAG VALUE, behind COMMAND, and calls CHECK for both. */
static void check_flag(const char *command, const char *flag, const char *value,
                       void (*check)(const struct options *options, const char *value))
{
	static const char separators[] = { '=', ' ' };

	for (size_t i = 0; i < ARRAY_SIZE(separators); i++) {
		struct parsed parsed;
		char line[512];

		snprintf(line, sizeof(line), "%s %s%c%s", command, flag, separators[i],
		         value);
		parse_good(&parsed, line);
		check(&parsed.options, value);
		parsed_clear(&parsed);
	}
}

static void check_procfs(const struct options *options, const char *value)
{
	assert_string_equal(options->scrape.paths[HOSTFS_PROCFS], value);
}

static void check_sysfs(const struct options *options, const char *value)
{
	assert_string_equal(options->scrape.paths[HOSTFS_SYSFS], value);
}

static void check_rootfs(const struct options *options, const char *value)
{
	assert_string_equal(options->scrape.paths[HOSTFS_ROOTFS], value);
}

static void options_parse_takes_paths(void **state)
{
	static const char *const paths[] = { "/host/proc", "relative", "/",
		                             ".",          "-x",       "/a=b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		check_flag("", "--path.procfs", paths[i], check_procfs);
		check_flag("once", "--path.procfs", paths[i], check_procfs);
		check_flag("", "--path.sysfs", paths[i], check_sysfs);
		check_flag("once", "--path.sysfs", paths[i], check_sysfs);
		check_flag("", "--path.rootfs", paths[i], check_rootfs);
		check_flag("once", "--path.rootfs", paths[i], check_rootfs);
	}
}

static void check_dialect(const struct options *options, const char *value)
{
	assert_true(options->scrape.is_dialect_given);
	assert_string_equal(dialect_name(options->scrape.dialect), value);
}

static void check_no_dialect(const struct options *options, const char *value)
{
	(void)value;
	assert_false(options->scrape.is_dialect_given);
}

static void options_parse_takes_every_dialect(void **state)
{
	(void)state;
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		check_flag("", "--kernel.dialect", dialect_name(id), check_dialect);
		check_flag("once", "--kernel.dialect", dialect_name(id), check_dialect);
	}
	check_flag("", "--kernel.dialect", "auto", check_no_dialect);
	check_flag("--kernel.dialect=suse", "--kernel.dialect", "auto", check_no_dialect);
}

static void options_parse_takes_the_dialect_of_what_is_decoded(void **state)
{
	(void)state;
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++)
		check_flag("decode", "--dialect", dialect_name(id), check_dialect);
	check_flag("decode --dialect=suse 1", "--dialect", "auto", check_no_dialect);
	check_bad("decode --dialect=debian", "--dialect", "rhel5 to rhel10");
	/* Each has its own: what is decoded may be another host's. */
	check_bad("decode --kernel.dialect=suse", "--kernel.dialect", "decode");
	check_bad("status --dialect=suse", "--dialect", "status");
	check_bad("--dialect=suse", "--dialect", "serve");
}

static void options_parse_takes_the_arguments_of_decode(void **state)
{
	struct parsed parsed;

	(void)state;
	parse_good(&parsed, "decode --json 12289 - 0x1 dmesg.txt");
	assert_true(parsed.options.is_json);
	assert_int_equal(parsed.options.arguments_count, 4);
	assert_string_equal(parsed.options.arguments[1], "-");
	assert_string_equal(parsed.options.arguments[3], "dmesg.txt");
	parsed_clear(&parsed);
	/* Without any it reads standard input. */
	parse_good(&parsed, "decode");
	assert_int_equal(parsed.options.arguments_count, 0);
	parsed_clear(&parsed);
	check_bad("decode --path.procfs=/x 1", "--path.procfs", "decode");
	check_bad("decode --collector.signature.trust=x 1", "--collector.signature.trust",
	          "decode");
}

static void options_parse_takes_the_flags_of_status(void **state)
{
	struct parsed parsed;

	(void)state;
	check_flag("status", "--path.procfs", "/host/proc", check_procfs);
	check_flag("status", "--path.sysfs", "/host/sys", check_sysfs);
	check_flag("status", "--path.rootfs", "/host", check_rootfs);
	check_flag("status", "--kernel.dialect", "rhel8", check_dialect);
	parse_good(&parsed, "status --json --collector.signature.trust=x");
	assert_true(parsed.options.is_json);
	assert_int_equal(parsed.options.trust_paths_count, 1);
	/* It can wait, as what is written once. */
	assert_true(parsed.options.scrape.files_wait == 10 * CLOCK_SECOND);
	parsed_clear(&parsed);
	check_bad("status more", "more", "module, status or decode");
	check_bad("status --collector.log", "--collector.log", "status");
	check_bad("status --web.max-requests=1", "--web.max-requests", "status");
	check_bad("status --output=x", "--output", "status");
}

static void check_all(const struct options *options, const char *value)
{
	assert_int_equal(options->scrape.compares_every_module,
	                 strcmp(value, "all") == 0);
}

static void options_parse_takes_what_to_compare_with_sysfs(void **state)
{
	(void)state;
	check_flag("", "--collector.modules.sysfs", "all", check_all);
	check_flag("", "--collector.modules.sysfs", "tainting", check_all);
	check_flag("once --collector.modules.sysfs=all", "--collector.modules.sysfs",
	           "tainting", check_all);
}

static void check_described(const struct options *options, const char *value)
{
	assert_int_equal(options->scrape.describes_every_module,
	                 strcmp(value, "all") == 0);
}

static void options_parse_takes_which_files_to_tell_of(void **state)
{
	(void)state;
	check_flag("", "--collector.signature.modules", "all", check_described);
	check_flag("once", "--collector.signature.modules", "all", check_described);
	check_flag("", "--collector.signature.modules", "tainting", check_described);
	check_flag("once --collector.signature.modules=all",
	           "--collector.signature.modules", "tainting", check_described);
}

static uint64_t expected_wait;

static void check_wait(const struct options *options, const char *value)
{
	if (options->scrape.files_wait != expected_wait)
		fail_msg("%s: %llu", value,
		         (unsigned long long)options->scrape.files_wait);
}

static void options_parse_takes_how_long_to_wait_for_files(void **state)
{
	static const struct {
		const char *value;
		uint64_t nanoseconds;
	} waits[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "1ms", 1000000 },
		{ "500ms", CLOCK_SECOND / 2 },
		{ "2s", 2 * CLOCK_SECOND },
		{ "10m", 600 * CLOCK_SECOND },
		{ "1440m", 86400 * CLOCK_SECOND },
	};
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		expected_wait = waits[i].nanoseconds;
		check_flag("", "--collector.signature.wait", waits[i].value, check_wait);
		check_flag("once", "--collector.signature.wait", waits[i].value,
		           check_wait);
	}
	/* A page that is written once may wait longer than a scrape. */
	parse_good(&parsed, "once");
	assert_true(parsed.options.scrape.files_wait == 10 * CLOCK_SECOND);
	parsed_clear(&parsed);
	parse_good(&parsed, "serve");
	assert_true(parsed.options.scrape.files_wait == CLOCK_SECOND / 2);
	parsed_clear(&parsed);
}

static void check_trust(const struct options *options, const char *value)
{
	assert_int_equal(options->trust_paths_count, 1);
	assert_string_equal(options->trust_paths[0], value);
}

static void options_parse_takes_many_certificates(void **state)
{
	static const char *const words[] = { "serve", "once", "module zfs" };
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct parsed parsed;

		check_flag(words[i], "--collector.signature.trust", "/etc/keys",
		           check_trust);
		check_flag(words[i], "--collector.signature.trust", "-", check_trust);
		snprintf(line, sizeof(line),
		         "--collector.signature.trust=/a.pem %s "
		         "--collector.signature.trust b.der "
		         "--collector.signature.trust=/a.pem",
		         words[i]);
		parse_good(&parsed, line);
		assert_int_equal(parsed.options.trust_paths_count, 3);
		assert_string_equal(parsed.options.trust_paths[0], "/a.pem");
		assert_string_equal(parsed.options.trust_paths[1], "b.der");
		assert_string_equal(parsed.options.trust_paths[2], "/a.pem");
		/* Reading them is not for the parser. */
		assert_null(parsed.options.scrape.trust);
		parsed_clear(&parsed);
		assert_null(parsed.options.trust_paths);
	}
}

/* The arguments of the line, each with a blank behind it. */
static void check_arguments(const char *line, bool is_json, const char *arguments)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;
	struct parsed parsed;

	parse_good(&parsed, line);
	assert_int_equal(parsed.options.command, COMMAND_MODULE);
	assert_int_equal(parsed.options.is_json, is_json);
	for (size_t i = 0; i < parsed.options.arguments_count; i++) {
		text_add_string(&found, parsed.options.arguments[i]);
		text_add_char(&found, ' ');
	}
	assert_string_equal(text_string(&found), arguments);
	parsed_clear(&parsed);
	assert_null(parsed.options.arguments);
}

static void options_parse_takes_the_arguments_of_module(void **state)
{
	(void)state;
	check_arguments("module zfs", false, "zfs ");
	check_arguments("module zfs ./x.ko nf-nat", false, "zfs ./x.ko nf-nat ");
	check_arguments("module --json zfs", true, "zfs ");
	check_arguments("--json module zfs", true, "zfs ");
	check_arguments("module zfs --json x --log.level=debug y", true, "zfs x y ");
	/* What is a command or a flag elsewhere is a name here. */
	check_arguments("module once serve module", false, "once serve module ");
	check_arguments("module -- --json -x", false, "--json -x ");
	check_arguments("module -", false, "- ");
	check_arguments("module zfs zfs", false, "zfs zfs ");
	check_arguments("module a b c d e f g h i j k l", false,
	                "a b c d e f g h i j k l ");
}

static void options_parse_takes_the_paths_and_dialect_of_module(void **state)
{
	(void)state;
	check_flag("module zfs", "--path.procfs", "/host/proc", check_procfs);
	check_flag("module zfs", "--path.sysfs", "/host/sys", check_sysfs);
	check_flag("module zfs", "--path.rootfs", "/host", check_rootfs);
	check_flag("module zfs", "--kernel.dialect", "rhel8", check_dialect);
}

static void check_telemetry_path(const struct options *options, const char *value)
{
	assert_string_equal(options->telemetry_path, value);
}

static void check_max_requests(const struct options *options, const char *value)
{
	assert_int_equal(options->max_requests, atoi(value));
}

static void options_parse_takes_the_flags_of_the_server(void **state)
{
	static const char *const numbers[] = { "0", "1", "40", "1000000", "007" };

	(void)state;
	check_flag("", "--web.telemetry-path", "/metrics2", check_telemetry_path);
	check_flag("serve", "--web.telemetry-path", "/a/b", check_telemetry_path);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		check_flag("", "--web.max-requests", numbers[i], check_max_requests);
}

static void check_level(const struct options *options, const char *value)
{
	enum log_level level = LOG_LEVEL_INFO;

	assert_true(log_level_parse(value, &level));
	assert_int_equal(options->log_level, level);
}

static void check_format(const struct options *options, const char *value)
{
	assert_int_equal(options->log_format, strcmp(value, "json") == 0
	                                              ? LOG_FORMAT_JSON
	                                              : LOG_FORMAT_LOGFMT);
}

static void options_parse_takes_the_flags_of_the_log(void **state)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		check_flag("", "--log.level", levels[i], check_level);
		check_flag("once", "--log.level", levels[i], check_level);
	}
	check_flag("", "--log.format", "json", check_format);
	check_flag("once", "--log.format", "logfmt", check_format);
}

static void check_output(const struct options *options, const char *value)
{
	assert_string_equal(options->output, value);
}

static void options_parse_takes_the_file_of_once(void **state)
{
	(void)state;
	check_flag("once", "--output", "/var/lib/node_exporter/kernel.prom",
	           check_output);
	check_flag("once", "--output", "kernel.prom", check_output);
}

static void options_parse_takes_many_addresses(void **state)
{
	struct parsed parsed;

	(void)state;
	parse_good(&parsed, "--web.listen-address=127.0.0.1:1 "
	                    "--web.listen-address [::1]:2 --web.listen-address=:0 "
	                    "--web.listen-address=localhost:65535");
	assert_int_equal(parsed.options.addresses_count, 4);
	assert_string_equal(parsed.options.addresses[0], "127.0.0.1:1");
	assert_string_equal(parsed.options.addresses[1], "[::1]:2");
	assert_string_equal(parsed.options.addresses[2], ":0");
	assert_string_equal(parsed.options.addresses[3], "localhost:65535");
	parsed_clear(&parsed);
	assert_null(parsed.options.addresses);
}

#define KERNEL  COLLECTOR_BIT(COLLECTOR_KERNEL)
#define MODULES COLLECTOR_BIT(COLLECTOR_MODULES)
#define POSTURE COLLECTOR_BIT(COLLECTOR_POSTURE)
#define FILES   COLLECTOR_BIT(COLLECTOR_SIGNATURE)

static void options_parse_switches_collectors_in_any_order(void **state)
{
	static const struct {
		const char *line;
		collector_set collectors;
	} lines[] = {
		{ "", KERNEL | MODULES | POSTURE | FILES },
		{ "--collector.kernel", KERNEL | MODULES | POSTURE | FILES },
		{ "--no-collector.kernel", MODULES | POSTURE | FILES },
		{ "--no-collector.modules", KERNEL | POSTURE | FILES },
		{ "--no-collector.posture", KERNEL | MODULES | FILES },
		{ "--no-collector.signature", KERNEL | MODULES | POSTURE },
		{ "--no-collector.kernel --no-collector.modules --no-collector.posture "
		  "--no-collector.signature",
		  0 },
		{ "--collector.kernel --no-collector.kernel", MODULES | POSTURE | FILES },
		{ "--no-collector.kernel --collector.kernel",
		  KERNEL | MODULES | POSTURE | FILES },
		{ "--no-collector.signature --collector.signature",
		  KERNEL | MODULES | POSTURE | FILES },
		{ "--collector.signature --no-collector.signature",
		  KERNEL | MODULES | POSTURE },
		{ "--collector.disable-defaults --collector.signature", FILES },
		{ "--collector.signature --collector.disable-defaults "
		  "--collector.signature.wait=1s --collector.kernel",
		  KERNEL | FILES },
		{ "--collector.disable-defaults", 0 },
		{ "--collector.disable-defaults --collector.kernel", KERNEL },
		{ "--collector.kernel --collector.disable-defaults", KERNEL },
		{ "--collector.posture --collector.disable-defaults --collector.modules",
		  MODULES | POSTURE },
		{ "--collector.disable-defaults --no-collector.kernel", 0 },
		{ "--no-collector.kernel --collector.disable-defaults --collector.kernel",
		  KERNEL },
		{ "--collector.kernel --collector.disable-defaults --no-collector.kernel",
		  0 },
		{ "--collector.disable-defaults --collector.disable-defaults "
		  "--collector.posture",
		  POSTURE },
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed parsed;

		parse_good(&parsed, lines[i].line);
		assert_int_equal(parsed.options.collectors, lines[i].collectors);
		parsed_clear(&parsed);
		snprintf(line, sizeof(line), "once %s", lines[i].line);
		parse_good(&parsed, line);
		assert_int_equal(parsed.options.collectors, lines[i].collectors);
		parsed_clear(&parsed);
	}
}

static void options_parse_lets_the_last_of_two_values_win(void **state)
{
	struct parsed parsed;

	(void)state;
	parse_good(&parsed, "--path.procfs=/a --path.procfs=/b --web.max-requests=1 "
	                    "--web.max-requests=2 --kernel.dialect=suse "
	                    "--kernel.dialect=rhel8");
	assert_string_equal(parsed.options.scrape.paths[HOSTFS_PROCFS], "/b");
	assert_int_equal(parsed.options.max_requests, 2);
	assert_int_equal(parsed.options.scrape.dialect, DIALECT_RHEL8);
	parsed_clear(&parsed);
}

static void options_parse_takes_flags_behind_the_command_whatever_the_environment(
	void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	parse(&parsed, "once --output=x --log.level debug");
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.options.command, COMMAND_ONCE);
	assert_string_equal(parsed.options.output, "x");
	assert_int_equal(parsed.options.log_level, LOG_LEVEL_DEBUG);
	parsed_clear(&parsed);
}

/* ---- bad lines ---- */

static void options_parse_refuses_values_that_are_none(void **state)
{
	static const struct {
		const char *line, *flag, *expected;
	} bad[] = {
		{ "--web.max-requests=x", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=-1", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=+1", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=1.5", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=0x10", "--web.max-requests", "a number from 0" },
		{ "--web.max-requests=1000001", "--web.max-requests", "1000000" },
		{ "--web.max-requests=4294967296", "--web.max-requests", "1000000" },
		{ "--web.max-requests=99999999999999999999", "--web.max-requests",
		  "1000000" },
		{ "--web.max-requests forty", "--web.max-requests", "forty" },
		{ "--kernel.dialect=", "--kernel.dialect", "mainline" },
		{ "--kernel.dialect=rhel", "--kernel.dialect", "mainline" },
		{ "--kernel.dialect=rhel11", "--kernel.dialect", "rhel5" },
		{ "--kernel.dialect=SUSE", "--kernel.dialect", "suse" },
		{ "--kernel.dialect debian", "--kernel.dialect", "debian" },
		{ "--collector.modules.sysfs=none", "--collector.modules.sysfs",
		  "tainting or all" },
		{ "--collector.modules.sysfs=", "--collector.modules.sysfs",
		  "tainting or all" },
		{ "--collector.signature.modules=none",
		  "--collector.signature.modules=none", "expected tainting or all" },
		{ "--collector.signature.modules=", "--collector.signature.modules",
		  "tainting or all" },
		{ "once --collector.signature.modules=ALL",
		  "--collector.signature.modules=ALL", "tainting or all" },
		{ "--collector.signature.wait=", "--collector.signature.wait=",
		  "a duration" },
		{ "--collector.signature.wait=500", "--collector.signature.wait=500",
		  "such as 500ms, 2s or 1m" },
		{ "--collector.signature.wait=1h", "--collector.signature.wait=1h",
		  "a duration" },
		{ "--collector.signature.wait=-1s", "--collector.signature.wait=-1s",
		  "a duration" },
		{ "--collector.signature.wait=1.5s", "--collector.signature.wait=1.5s",
		  "a duration" },
		{ "--collector.signature.wait 1441m", "--collector.signature.wait=1441m",
		  "at most a day" },
		{ "--collector.signature.wait=99999999999999999999s",
		  "--collector.signature.wait", "at most a day" },
		{ "--collector.signature.trust=", "--collector.signature.trust=",
		  "a file or folder of certificates" },
		{ "module zfs --collector.signature.trust=",
		  "--collector.signature.trust=", "a file or folder of certificates" },
		{ "--log.level=trace", "--log.level", "debug, info, warn or error" },
		{ "--log.level=INFO", "--log.level", "debug, info, warn or error" },
		{ "--log.level=", "--log.level", "debug, info, warn or error" },
		{ "--log.format=text", "--log.format", "logfmt or json" },
		{ "--path.procfs=", "--path.procfs", "a folder" },
		{ "--path.sysfs=", "--path.sysfs", "a folder" },
		{ "--path.rootfs=", "--path.rootfs", "a folder" },
		{ "once --output=", "--output", "a file" },
		{ "--web.telemetry-path=metrics", "--web.telemetry-path", "/" },
		{ "--web.telemetry-path=", "--web.telemetry-path", "/" },
		{ "--web.telemetry-path=/-/healthy", "--web.telemetry-path", "other" },
		{ "--web.telemetry-path=/-/ready", "--web.telemetry-path", "other" },
		{ "--web.listen-address=", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=9100", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=localhost", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=:65536", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=:-1", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=::1:9", "--web.listen-address", "HOST:PORT" },
		{ "--web.listen-address=:1 --web.listen-address=bad",
		  "--web.listen-address=bad", "HOST:PORT" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(bad[i].line, bad[i].flag, bad[i].expected);
}

static void options_parse_names_the_bad_value(void **state)
{
	struct parsed parsed;

	(void)state;
	parse(&parsed, "--log.level=loud");
	assert_int_equal(parsed.result, -EINVAL);
	assert_string_equal(parsed.errors,
	                    "kernel_taint_exporter: --log.level=loud: expected debug, "
	                    "info, warn or error\n"
	                    "Try 'kernel_taint_exporter --help'.\n");
	parsed_clear(&parsed);
}

static void options_parse_refuses_unknown_flags(void **state)
{
	(void)state;
	check_bad("--unknown", "--unknown", "");
	check_bad("--unknown=x", "unknown", "");
	check_bad("--collector.unknown", "--collector.unknown", "");
	check_bad("--no-collector.unknown", "--no-collector.unknown", "");
	check_bad("--no-collector.disable-defaults", "no-collector.disable-defaults", "");
	check_bad("--no-log.level", "--no-log.level", "");
	check_bad("--no-json", "--no-json", "");
	check_bad("--no-collector.signature.wait=1s", "collector.signature.wait", "");
	check_bad("-x", "x", "");
	check_bad("once -o file", "o", "");
}

static void options_parse_takes_no_part_of_a_flag_for_the_flag(void **state)
{
	static const char *const parts[] = { "--collector.k",
		                             "--web.max=1",
		                             "--vers",
		                             "--log.l=debug",
		                             "--no-collector.m",
		                             "--out=x",
		                             "--path.proc=/x",
		                             "--he",
		                             "--js",
		                             "--collector.signature.w=1s",
		                             "--collector.signature.t=x",
		                             "--collector.signature.m=all",
		                             "--collector.sig",
		                             "--no-collector.sig" };
	char line[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(line, sizeof(line), "%s", parts[i]);
		line[strcspn(line, "=")] = '\0';
		check_bad(parts[i], line + 2, "");
	}
}

static void options_parse_refuses_a_missing_or_needless_value(void **state)
{
	(void)state;
	check_bad("--log.level", "--log.level", "");
	check_bad("once --output", "--output", "");
	check_bad("--collector.kernel=true", "--collector.kernel", "");
	check_bad("--no-collector.kernel=true", "--no-collector.kernel", "");
	check_bad("--collector.disable-defaults=1", "--collector.disable-defaults", "");
	check_bad("--web.disable-exporter-metrics=false",
	          "--web.disable-exporter-metrics", "");
	check_bad("--version=1", "--version", "");
	check_bad("--help=serve", "--help", "");
	check_bad("module zfs --json=true", "--json", "");
	check_bad("--collector.signature=true", "--collector.signature", "");
	check_bad("--no-collector.signature=true", "--no-collector.signature", "");
	check_bad("--collector.signature.wait", "--collector.signature.wait", "");
	check_bad("--collector.signature.trust", "--collector.signature.trust", "");
	check_bad("--collector.signature.modules", "--collector.signature.modules", "");
}

static void options_parse_refuses_unknown_commands(void **state)
{
	(void)state;
	check_bad("unknown", "unknown", "module, status or decode");
	check_bad("Serve", "Serve", "module, status or decode");
	check_bad("serve once", "once", "module, status or decode");
	check_bad("once once", "once", "module, status or decode");
	check_bad("once extra", "extra", "module, status or decode");
	check_bad("unknown extra", "unknown", "module, status or decode");
	check_bad("once --log.level debug extra", "extra", "module, status or decode");
	check_bad("-- --log.level=debug", "--log.level=debug",
	          "module, status or decode");
	check_bad("-", "-", "module, status or decode");
}

static void options_parse_refuses_flags_of_the_other_command(void **state)
{
	static const char *const of_serve[] = { "--web.listen-address=:1",
		                                "--web.telemetry-path=/x",
		                                "--web.max-requests=1",
		                                "--web.disable-exporter-metrics" };
	char line[128], flag[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_serve); i++) {
		snprintf(flag, sizeof(flag), "%s", of_serve[i]);
		flag[strcspn(flag, "=")] = '\0';
		snprintf(line, sizeof(line), "once %s", of_serve[i]);
		check_bad(line, flag, "once");
		snprintf(line, sizeof(line), "%s once", of_serve[i]);
		check_bad(line, flag, "once");
	}
	for (size_t i = 0; i < ARRAY_SIZE(of_serve); i++) {
		snprintf(flag, sizeof(flag), "%s", of_serve[i]);
		flag[strcspn(flag, "=")] = '\0';
		snprintf(line, sizeof(line), "module zfs %s", of_serve[i]);
		check_bad(line, flag, "module");
	}
	check_bad("module zfs --output=x", "--output", "module");
	check_bad("module zfs --no-collector.kernel", "--collector.kernel", "module");
	check_bad("module zfs --collector.signature", "--collector.signature", "module");
	check_bad("module zfs --collector.signature.wait=1s",
	          "--collector.signature.wait", "module");
	check_bad("module zfs --collector.signature.modules=all",
	          "--collector.signature.modules", "module");
	check_bad("module zfs --collector.disable-defaults",
	          "--collector.disable-defaults", "module");
	check_bad("--json", "--json", "serve");
	check_bad("serve --json", "--json", "serve");
	check_bad("once --json", "--json", "once");
	check_bad("--output=x", "--output", "serve");
	check_bad("serve --output=x", "--output", "serve");
}

static void options_parse_refuses_module_without_a_name(void **state)
{
	(void)state;
	check_bad("module", "module: expected NAME|FILE...", "");
	check_bad("module --json", "module: expected NAME|FILE...", "");
	check_bad("module --", "module: expected NAME|FILE...", "");
	check_bad("--collector.signature.trust=x module", "module: expected NAME|FILE...",
	          "");
}

/* ---- what is printed ---- */

static const char *const all_flags[] = {
	"--no-sandbox",
	"--[no-]collector.kernel",
	"--[no-]collector.log",
	"--[no-]collector.modules",
	"--[no-]collector.posture",
	"--[no-]collector.signature",
	"--[no-]collector.unloaded",
	"--collector.disable-defaults",
	"--collector.modules.sysfs",
	"--collector.signature.modules",
	"--collector.signature.trust",
	"--collector.signature.wait",
	"--kernel.dialect",
	"--dialect",
	"--path.procfs",
	"--path.sysfs",
	"--path.rootfs",
	"--web.listen-address",
	"--web.systemd-socket",
	"--web.config.file",
	"--web.telemetry-path",
	"--web.max-requests",
	"--web.disable-exporter-metrics",
	"--output",
	"--json",
	"--log.level",
	"--log.format",
	"--version",
	"--help",
};

static void check_help(const char *line)
{
	struct parsed parsed;
	size_t lines = 0, entries = 0;
	char name[64];

	parse(&parsed, line);
	assert_int_equal(parsed.result, 1);
	assert_string_equal(parsed.errors, "");
	for (size_t i = 0; i < ARRAY_SIZE(all_flags); i++) {
		snprintf(name, sizeof(name), "  %s", all_flags[i]);
		assert_non_null(strstr(parsed.output, name));
	}
	assert_non_null(strstr(parsed.output, "\n  serve "));
	assert_non_null(strstr(parsed.output, "\n  once "));
	assert_non_null(strstr(parsed.output, "\n  module NAME|FILE... "));
	assert_non_null(strstr(parsed.output, "\n  status "));
	assert_non_null(strstr(parsed.output, "\n  decode [MASK|TEXT|FILE]... "));
	assert_non_null(strstr(parsed.output, "usage: kernel_taint_exporter"));
	for (const char *c = parsed.output; *c; c = strchr(c, '\n') + 1) {
		assert_non_null(strchr(c, '\n'));
		assert_in_range(strcspn(c, "\n"), 0, 80);
		entries += strncmp(c, "  --", 4) == 0;
		lines++;
	}
	assert_in_range(lines, 10, 40);
	/* None that this test does not know. */
	assert_int_equal(entries, ARRAY_SIZE(all_flags));
	parsed_clear(&parsed);
}

static void options_parse_prints_help_that_fits_a_screen(void **state)
{
	(void)state;
	check_help("--help");
	check_help("-h");
	check_help("once --help");
	check_help("module --help");
	check_help("module zfs -h");
	check_help("--log.level=debug --help");
	check_help("--help --unknown");
}

/* An entry of --help is parsed as it stands there, with its default. */
static void options_parse_takes_the_defaults_that_help_shows(void **state)
{
	struct parsed parsed;

	(void)state;
	parse_good(&parsed, "--collector.modules.sysfs=tainting --kernel.dialect=auto "
	                    "--collector.signature.modules=tainting "
	                    "--collector.signature.wait=500ms "
	                    "--path.procfs=/proc --path.sysfs=/sys --path.rootfs=/ "
	                    "--web.listen-address=:10093 --web.telemetry-path=/metrics "
	                    "--web.max-requests=40 --log.level=info "
	                    "--log.format=logfmt");
	assert_int_equal(parsed.options.max_requests, 40);
	assert_string_equal(parsed.options.addresses[0], ":10093");
	assert_true(parsed.options.scrape.files_wait == CLOCK_SECOND / 2);
	parsed_clear(&parsed);

	parse(&parsed, "--help");
	assert_non_null(strstr(parsed.output, "--collector.modules.sysfs=tainting"));
	assert_non_null(strstr(parsed.output, "--kernel.dialect=auto"));
	assert_non_null(strstr(parsed.output, "--collector.signature.modules=tainting"));
	assert_non_null(strstr(parsed.output, "--collector.signature.wait=500ms"));
	assert_non_null(strstr(parsed.output, "--collector.signature.trust=FILE"));
	assert_non_null(strstr(parsed.output, "--path.procfs=/proc"));
	assert_non_null(strstr(parsed.output, "--path.sysfs=/sys"));
	assert_non_null(strstr(parsed.output, "--path.rootfs=/ "));
	assert_non_null(strstr(parsed.output, "--web.listen-address=:10093"));
	assert_non_null(strstr(parsed.output, "--web.telemetry-path=/metrics"));
	assert_non_null(strstr(parsed.output, "--web.max-requests=40"));
	assert_non_null(strstr(parsed.output, "--log.level=info"));
	assert_non_null(strstr(parsed.output, "--log.format=logfmt"));
	parsed_clear(&parsed);
}

/* What a shell offers behind a flag. */
static void options_parse_takes_every_word_of_the_table(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		const char *command =
			flag_rows[flag].commands & (1u << COMMAND_SERVE) ? "" : "decode ";
		const char *word = flag_rows[flag].values;

		for (; word && islower(*word); word += strspn(word, " ")) {
			struct parsed parsed;
			size_t length = strcspn(word, " ");
			char line[128];

			snprintf(line, sizeof(line), "%s--%s=%.*s", command,
			         flag_rows[flag].name, (int)length, word);
			parse_good(&parsed, line);
			parsed_clear(&parsed);
			word += length;
		}
	}
}

static void options_parse_prints_the_version_as_exporters_do(void **state)
{
	struct parsed parsed;
	char first[512];

	(void)state;
	snprintf(first, sizeof(first),
	         "kernel_taint_exporter, version %s (branch: %s, revision: %s)\n",
	         version.version, version.branch, version.revision);
	parse(&parsed, "--version");
	assert_int_equal(parsed.result, 1);
	assert_string_equal(parsed.errors, "");
	assert_memory_equal(parsed.output, first, strlen(first));
	assert_non_null(strstr(parsed.output, version.compiler));
	assert_non_null(strstr(parsed.output, "linux/"));
	assert_non_null(strstr(parsed.output, version.arch));
	parsed_clear(&parsed);
	parse(&parsed, "once --version");
	assert_int_equal(parsed.result, 1);
	parsed_clear(&parsed);
}

static void options_parse_without_memory_says_so(void **state)
{
	struct parsed parsed;

	(void)state;
	memset(&parsed, 0, sizeof(parsed));
	/* The captures need memory, too. */
	parsed.words[0] = parsed.line;
	optind = 0;
	calloc_fails = true;
	assert_int_equal(options_parse(&parsed.options, 1, parsed.words), -ENOMEM);
	calloc_fails = false;
	options_clear(&parsed.options);
	for (int calls = 0; calls < 3; calls++) {
		optind = 0;
		callocs_left = calls;
		assert_int_equal(options_parse(&parsed.options, 1, parsed.words),
		                 -ENOMEM);
		options_clear(&parsed.options);
	}
	callocs_left = -1;
	optind = 0;
	realloc_fails = true;
	assert_int_equal(options_parse(&parsed.options, 1, parsed.words), -ENOMEM);
	realloc_fails = false;
	options_clear(&parsed.options);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(options_parse_of_nothing_gives_the_defaults),
		TEST(options_parse_takes_the_commands),
		TEST(options_parse_asks_for_process_metrics_only_to_serve_them),
		TEST(options_parse_takes_no_sandbox_for_every_command),
		TEST(options_parse_takes_paths),
		TEST(options_parse_takes_every_dialect),
		TEST(options_parse_takes_the_dialect_of_what_is_decoded),
		TEST(options_parse_takes_the_arguments_of_decode),
		TEST(options_parse_takes_the_flags_of_status),
		TEST(options_parse_takes_what_to_compare_with_sysfs),
		TEST(options_parse_takes_which_files_to_tell_of),
		TEST(options_parse_takes_how_long_to_wait_for_files),
		TEST(options_parse_takes_many_certificates),
		TEST(options_parse_takes_the_arguments_of_module),
		TEST(options_parse_takes_the_paths_and_dialect_of_module),
		TEST(options_parse_takes_the_flags_of_the_server),
		TEST(options_parse_takes_the_flags_of_the_log),
		TEST(options_parse_takes_the_file_of_once),
		TEST(options_parse_takes_many_addresses),
		TEST(options_parse_switches_collectors_in_any_order),
		TEST(options_parse_lets_the_last_of_two_values_win),
		TEST(options_parse_takes_flags_behind_the_command_whatever_the_environment),
		TEST(options_parse_refuses_values_that_are_none),
		TEST(options_parse_names_the_bad_value),
		TEST(options_parse_refuses_unknown_flags),
		TEST(options_parse_takes_no_part_of_a_flag_for_the_flag),
		TEST(options_parse_refuses_a_missing_or_needless_value),
		TEST(options_parse_refuses_unknown_commands),
		TEST(options_parse_refuses_flags_of_the_other_command),
		TEST(options_parse_refuses_module_without_a_name),
		TEST(options_parse_prints_help_that_fits_a_screen),
		TEST(options_parse_takes_the_defaults_that_help_shows),
		TEST(options_parse_takes_every_word_of_the_table),
		TEST(options_parse_prints_the_version_as_exporters_do),
		TEST(options_parse_without_memory_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
