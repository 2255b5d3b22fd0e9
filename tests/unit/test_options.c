/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what each line gives, with each flag in both spellings, and that an
 * error names the flag and what was expected.
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
#include "tree.h"

#define WORDS_MAX 16

/* What a parse gave and printed. */
struct parsed {
	struct options options;
	int result;
	char *output; /* on standard output */
	char *errors; /* on standard error */
	char line[512];
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

/* ---- what options say, in one line ---- */

static void say(struct text *said, const char *name, const char *value)
{
	if (said->length)
		text_add_char(said, ' ');
	text_add_string(said, name);
	text_add_string(said, value);
}

static void say_if(struct text *said, bool is_so, const char *name)
{
	if (is_so)
		say(said, name, "");
}

static void say_string(struct text *said, const char *name, const char *value,
                       const char *usual)
{
	if (value && (!usual || strcmp(value, usual) != 0))
		say(said, name, value);
}

static void say_number(struct text *said, const char *name, uint64_t number,
                       uint64_t usual)
{
	char value[32];

	snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
	if (number != usual)
		say(said, name, value);
}

static void say_list(struct text *said, const char *name, const char *const *values,
                     size_t count)
{
	for (size_t i = 0; i < count; i++)
		say(said, name, values[i]);
}

static void say_collectors(struct text *said, collector_set collectors)
{
	static const collector_set usual =
		COLLECTOR_BIT(COLLECTOR_KERNEL) | COLLECTOR_BIT(COLLECTOR_MODULES) |
		COLLECTOR_BIT(COLLECTOR_POSTURE) | COLLECTOR_BIT(COLLECTOR_SIGNATURE);

	if (collectors == usual)
		return;
	say(said, "collectors", "");
	for (enum collector collector = 0; collector < COLLECTOR_COUNT; collector++)
		say_if(said, collectors & COLLECTOR_BIT(collector),
		       collector_name(collector));
	say_if(said, collectors >> COLLECTOR_COUNT, "others");
}

/* The command, and whatever is not as it is without flags. */
static void say_options(const struct options *options, struct text *said)
{
	const struct scrape_settings *scrape = &options->scrape;
	bool is_serve = options->command == COMMAND_SERVE;

	say(said, command_rows[options->command].name, "");
	say_list(said, "", options->arguments, options->arguments_count);
	say_string(said, "procfs:", scrape->paths[HOSTFS_PROCFS], "/proc");
	say_string(said, "sysfs:", scrape->paths[HOSTFS_SYSFS], "/sys");
	say_string(said, "rootfs:", scrape->paths[HOSTFS_ROOTFS], "/");
	say_string(said, "self:", scrape->paths[HOSTFS_SELF], "/proc/self");
	if (scrape->is_dialect_given)
		say(said, "dialect:", dialect_name(scrape->dialect));
	say_if(said, scrape->compares_every_module, "compares-all");
	say_if(said, scrape->describes_every_module, "describes-all");
	say_if(said, is_serve && !scrape->with_process, "without-process");
	say_if(said, !is_serve && scrape->with_process, "with-process");
	/* A page that is written once may wait longer than a scrape. */
	say_number(said, "wait:", scrape->files_wait,
	           is_serve ? CLOCK_SECOND / 2 : 10 * CLOCK_SECOND);
	say_if(said, scrape->trust, "trust-is-read");
	say_list(said, "trust:", options->trust_paths, options->trust_paths_count);
	say_collectors(said, options->collectors);
	say_if(said, !options->with_sandbox, "no-sandbox");
	if (options->addresses_count != 1 || strcmp(options->addresses[0], ":10093") != 0)
		say_list(said, "at:", options->addresses, options->addresses_count);
	say_if(said, options->has_systemd_socket, "systemd-socket");
	say_string(said, "config:", options->web_config, NULL);
	say_string(said, "metrics:", options->telemetry_path, "/metrics");
	say_number(said, "requests:", options->max_requests, 40);
	say_string(said, "output:", options->output, NULL);
	say_if(said, options->is_json, "json");
	say_number(said, "level:", options->log_level, LOG_LEVEL_INFO);
	say_number(said, "format:", options->log_format, LOG_FORMAT_LOGFMT);
}

static void check_good(const char *line, const char *expected)
{
	_cleanup_(text_clear) struct text said = TEXT_INIT;
	struct parsed parsed;

	parse(&parsed, line);
	if (parsed.result != 0)
		fail_msg("%s: %d, %s", line, parsed.result, parsed.errors);
	say_options(&parsed.options, &said);
	if (strcmp(text_string(&said), expected) != 0 || *parsed.output || *parsed.errors)
		fail_msg("%s: '%s', expected '%s'", line, text_string(&said), expected);
	parsed_clear(&parsed);
	assert_null(parsed.options.addresses);
	assert_null(parsed.options.trust_paths);
	assert_null(parsed.options.arguments);
}

/* Fails, with a message in which these stand, and a hint. */
static void check_bad(const char *line, const char *message)
{
	static const char hint[] = "\nTry 'kernel_taint_exporter --help'.\n";
	struct parsed parsed;
	size_t length;

	parse(&parsed, line);
	length = strlen(parsed.errors);
	if (parsed.result != -EINVAL || *parsed.output ||
	    !strstr(parsed.errors, message) || length < strlen(hint) ||
	    strcmp(parsed.errors + length - strlen(hint), hint) != 0)
		fail_msg("%s: %d, %s", line, parsed.result, parsed.errors);
	parsed_clear(&parsed);
}

/* ---- good lines ---- */

#define A_DAY "86400000000000"

static const struct {
	const char *line, *expected;
} good_lines[] = {
	{ "", "serve" },
	{ "serve", "serve" },
	{ "once", "once" },
	{ "status", "status" },
	{ "decode", "decode" },
	{ "decode 12289", "decode 12289" },
	{ "module zfs", "module zfs" },
	{ "-- once", "once" },
	{ "-- module zfs", "module zfs" },
	{ "--log.level=error once", "once level:3" },
	{ "once --log.level=error", "once level:3" },
	{ "--log.level=debug module zfs", "module zfs level:0" },

	{ "--path.procfs=/host/proc", "serve procfs:/host/proc" },
	{ "once --path.sysfs=relative", "once sysfs:relative" },
	{ "status --path.rootfs=.", "status rootfs:." },
	{ "module x --path.rootfs=/host", "module x rootfs:/host" },
	{ "--path.procfs=-x", "serve procfs:-x" },
	{ "--path.procfs=/a=b", "serve procfs:/a=b" },
	{ "--path.procfs=/a --path.procfs=/b", "serve procfs:/b" },
	{ "--path.procfs=/p --path.sysfs=/s --path.rootfs=/r",
	  "serve procfs:/p sysfs:/s rootfs:/r" },

	{ "--kernel.dialect=auto", "serve" },
	{ "--kernel.dialect=mainline", "serve dialect:mainline" },
	{ "once --kernel.dialect=rhel5", "once dialect:rhel5" },
	{ "status --kernel.dialect=rhel10", "status dialect:rhel10" },
	{ "module x --kernel.dialect=rhel8", "module x dialect:rhel8" },
	{ "--kernel.dialect=suse --kernel.dialect=rhel8", "serve dialect:rhel8" },
	{ "--kernel.dialect=suse --kernel.dialect=auto", "serve" },
	{ "decode --dialect=suse 1", "decode 1 dialect:suse" },
	{ "decode --dialect=suse 1 --dialect=auto", "decode 1" },

	{ "--collector.modules.sysfs=all", "serve compares-all" },
	{ "once --collector.modules.sysfs=all --collector.modules.sysfs=tainting",
	  "once" },
	{ "once --collector.signature.modules=all", "once describes-all" },
	{ "--collector.signature.modules=all --collector.signature.modules=tainting",
	  "serve" },
	{ "--collector.signature.wait=0", "serve wait:0" },
	{ "once --collector.signature.wait=0s", "once wait:0" },
	{ "--collector.signature.wait=1ms", "serve wait:1000000" },
	{ "--collector.signature.wait=10s", "serve wait:10000000000" },
	{ "once --collector.signature.wait=500ms", "once wait:500000000" },
	{ "--collector.signature.wait=1440m", "serve wait:" A_DAY },
	{ "--collector.signature.trust=-", "serve trust:-" },
	{ "status --collector.signature.trust=x", "status trust:x" },
	/* Reading them is not for the parser. */
	{ "--collector.signature.trust=/a module zfs --collector.signature.trust=b "
	  "--collector.signature.trust=/a",
	  "module zfs trust:/a trust:b trust:/a" },

	{ "module ./x.ko nf-nat zfs zfs", "module ./x.ko nf-nat zfs zfs" },
	{ "--json module zfs", "module zfs json" },
	{ "module zfs --json x --log.level=warn y", "module zfs x y json level:2" },
	/* What is a command or a flag elsewhere is a name here. */
	{ "module once serve module", "module once serve module" },
	{ "module -- --json -x", "module --json -x" },
	{ "module -", "module -" },
	{ "module a b c d e f g h i j k l", "module a b c d e f g h i j k l" },
	{ "decode --json 1 - 0x1 dmesg.txt", "decode 1 - 0x1 dmesg.txt json" },
	{ "--json status", "status json" },

	{ "--web.telemetry-path=/a/b", "serve metrics:/a/b" },
	{ "serve --web.telemetry-path=/", "serve metrics:/" },
	{ "--web.max-requests=0", "serve requests:0" },
	{ "--web.max-requests=1000000", "serve requests:1000000" },
	{ "--web.max-requests=007", "serve requests:7" },
	{ "--web.max-requests=1 --web.max-requests=2", "serve requests:2" },
	{ "--web.disable-exporter-metrics", "serve without-process" },
	{ "--web.systemd-socket", "serve systemd-socket" },
	{ "--web.config.file=web.yml", "serve config:web.yml" },
	{ "--web.listen-address=127.0.0.1:1 --web.listen-address=[::1]:2 "
	  "--web.listen-address=:0 --web.listen-address=localhost:65535",
	  "serve at:127.0.0.1:1 at:[::1]:2 at::0 at:localhost:65535" },
	{ "--web.listen-address=:9", "serve at::9" },
	{ "once --output=kernel.prom", "once output:kernel.prom" },
	{ "--log.format=json", "serve format:1" },
	{ "once --log.format=json --log.format=logfmt", "once" },
	{ "--no-sandbox", "serve no-sandbox" },
	{ "once --no-sandbox", "once no-sandbox" },
	{ "--no-sandbox module zfs", "module zfs no-sandbox" },

	{ "--collector.kernel", "serve" },
	{ "--collector.log", "serve collectors kernel log modules posture signature" },
	{ "--collector.log --no-collector.log", "serve" },
	{ "--no-collector.unloaded", "serve" },
	{ "--no-collector.kernel", "serve collectors modules posture signature" },
	{ "once --no-collector.modules", "once collectors kernel posture signature" },
	{ "--no-collector.posture", "serve collectors kernel modules signature" },
	{ "--no-collector.signature", "serve collectors kernel modules posture" },
	{ "--no-collector.kernel --no-collector.modules --no-collector.posture "
	  "--no-collector.signature",
	  "serve collectors" },
	{ "--no-collector.kernel --collector.kernel", "serve" },
	{ "--collector.kernel --no-collector.kernel",
	  "serve collectors modules posture signature" },
	{ "--collector.disable-defaults", "serve collectors" },
	{ "once --collector.disable-defaults --collector.kernel",
	  "once collectors kernel" },
	{ "--collector.kernel --collector.disable-defaults --collector.unloaded",
	  "serve collectors kernel unloaded" },
	{ "--collector.disable-defaults --no-collector.kernel", "serve collectors" },
	{ "--no-collector.kernel --collector.disable-defaults --collector.kernel",
	  "serve collectors kernel" },
	{ "--collector.kernel --collector.disable-defaults --no-collector.kernel",
	  "serve collectors" },
};

/* --flag=value as --flag value; false: there is none. */
static bool respell(const char *line, char *other)
{
	bool has_value = false;

	strcpy(other, line);
	for (char *flag = strstr(other, "--"); flag; flag = strstr(flag + 1, " --")) {
		char *end = flag + 1 + strcspn(flag + 1, "= ");

		if (*end != '=')
			continue;
		*end = ' ';
		has_value = true;
	}
	return has_value;
}

static void good_lines_give_what_they_say(void **state)
{
	char other[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_lines); i++) {
		check_good(good_lines[i].line, good_lines[i].expected);
		if (respell(good_lines[i].line, other))
			check_good(other, good_lines[i].expected);
	}
}

static void the_environment_does_not_change_the_order_of_words(void **state)
{
	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	check_good("once --output=x --log.level error", "once output:x level:3");
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
}

/* Parses --FLAG=VALUE behind a command that takes it. */
static void check_value(enum flag flag, const char *value, int length, bool is_default)
{
	enum command command = 0;
	struct parsed parsed;
	char line[128];

	while (!(flag_rows[flag].commands & (1u << command)))
		command++;
	snprintf(line, sizeof(line), "%s --%s=%.*s", command_rows[command].name,
	         flag_rows[flag].name, length, value);
	if (is_default) {
		check_good(line, command_rows[command].name);
		return;
	}
	parse(&parsed, line);
	if (parsed.result != 0)
		fail_msg("%s: %d, %s", line, parsed.result, parsed.errors);
	parsed_clear(&parsed);
}

static void the_defaults_that_help_shows_change_nothing(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		const char *argument = flag_rows[flag].argument;

		/* Those stand for a name. */
		if (argument && strncmp(argument, "FILE", 4) != 0)
			check_value(flag, argument, (int)strlen(argument), true);
	}
}

static void every_word_that_is_completed_is_taken(void **state)
{
	(void)state;
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		const char *word = flag_rows[flag].values;

		for (; word && islower(*word); word += strspn(word, " ")) {
			check_value(flag, word, (int)strcspn(word, " "), false);
			word += strcspn(word, " ");
		}
	}
}

/* ---- bad lines ---- */

#define COMMANDS ": expected one command: serve, once, module, status or decode"
#define REQUESTS ": expected a number from 0 to 1000000"
#define DIALECTS ": expected auto, mainline, rhel5 to rhel10, or suse"
#define WAIT     ": expected a duration of at most a day, such as 500ms, 2s or 1m"
#define ADDRESS  ": expected HOST:PORT, :PORT or [IPv6]:PORT"
#define PATH     ": expected a path that starts with / and is no other page's"
#define NOT_WITH ": does not go with the command "
#define NAMES    "module: expected NAME|FILE..."

static const struct {
	const char *line, *message;
} bad_lines[] = {
	/* values that are none */
	{ "--web.max-requests=x", "--web.max-requests=x" REQUESTS },
	{ "--web.max-requests forty", "--web.max-requests=forty" REQUESTS },
	{ "--web.max-requests=", "--web.max-requests=" REQUESTS },
	{ "--web.max-requests=-1", "=-1" REQUESTS },
	{ "--web.max-requests=+1", "=+1" REQUESTS },
	{ "--web.max-requests=1.5", "=1.5" REQUESTS },
	{ "--web.max-requests=0x10", "=0x10" REQUESTS },
	{ "--web.max-requests=1000001", "=1000001" REQUESTS },
	{ "--web.max-requests=4294967296", "=4294967296" REQUESTS },
	{ "--web.max-requests=99999999999999999999", "9999" REQUESTS },
	{ "--kernel.dialect=", "--kernel.dialect=" DIALECTS },
	{ "--kernel.dialect=rhel", "=rhel" DIALECTS },
	{ "--kernel.dialect=rhel11", "=rhel11" DIALECTS },
	{ "--kernel.dialect=SUSE", "=SUSE" DIALECTS },
	{ "decode --dialect debian", "--dialect=debian" DIALECTS },
	{ "--collector.modules.sysfs=none", "sysfs=none: expected tainting or all" },
	{ "--collector.modules.sysfs=", "sysfs=: expected tainting or all" },
	{ "--collector.signature.modules=", "modules=: expected tainting or all" },
	{ "once --collector.signature.modules=ALL", "=ALL: expected tainting or all" },
	{ "--collector.signature.wait=", "--collector.signature.wait=" WAIT },
	{ "--collector.signature.wait=500", "=500" WAIT },
	{ "--collector.signature.wait=1h", "=1h" WAIT },
	{ "--collector.signature.wait=-1s", "=-1s" WAIT },
	{ "--collector.signature.wait=1.5s", "=1.5s" WAIT },
	{ "--collector.signature.wait 1441m", "=1441m" WAIT },
	{ "--collector.signature.wait=99999999999999999999s", "9s" WAIT },
	{ "--collector.signature.trust=", "=: expected a file or folder of cert" },
	{ "module zfs --collector.signature.trust=", "=: expected a file or folder" },
	{ "--log.level=loud", "kernel_taint_exporter: --log.level=loud: expected debug, "
	                      "info, warn or error\n" },
	{ "--log.level=INFO", "=INFO: expected debug" },
	{ "--log.level=", "--log.level=: expected debug" },
	{ "--log.format=text", "--log.format=text: expected logfmt or json" },
	{ "--path.procfs=", "--path.procfs=: expected a folder" },
	{ "--path.sysfs=", "--path.sysfs=: expected a folder" },
	{ "--path.rootfs=", "--path.rootfs=: expected a folder" },
	{ "--web.config.file=", "--web.config.file=: expected a file" },
	{ "once --output=", "--output=: expected a file" },
	{ "--web.telemetry-path=", "--web.telemetry-path=" PATH },
	{ "--web.telemetry-path=metrics", "=metrics" PATH },
	{ "--web.telemetry-path=/-/healthy", "=/-/healthy" PATH },
	{ "--web.telemetry-path=/-/ready", "=/-/ready" PATH },
	{ "--web.listen-address=", "--web.listen-address=" ADDRESS },
	{ "--web.listen-address=9100", "=9100" ADDRESS },
	{ "--web.listen-address=:65536", "=:65536" ADDRESS },
	{ "--web.listen-address=:-1", "=:-1" ADDRESS },
	{ "--web.listen-address=::1:9", "=::1:9" ADDRESS },
	{ "--web.listen-address=:1 --web.listen-address=bad", "=bad" ADDRESS },
	/* flags that nobody knows */
	{ "--unknown", "--unknown" },
	{ "--unknown=x", "unknown" },
	{ "--collector.unknown", "--collector.unknown" },
	{ "--no-collector.unknown", "--no-collector.unknown" },
	{ "--no-collector.disable-defaults", "no-collector.disable-defaults" },
	{ "--no-log.level", "--no-log.level" },
	{ "--no-json", "--no-json" },
	{ "--no-collector.signature.wait=1s", "collector.signature.wait" },
	{ "-x", "x" },
	{ "once -o file", "o" },
	/* no part of a flag is the flag */
	{ "--web.max=1", "--web.max=1: unknown flag" },
	{ "--vers", "--vers: unknown flag" },
	{ "--he", "--he: unknown flag" },
	{ "--collector.k", "--collector.k: unknown flag" },
	{ "--no-collector.m", "--no-collector.m: unknown flag" },
	{ "--no-collector.sig", "--no-collector.sig: unknown flag" },
	{ "once --out x", "--out: unknown flag" },
	{ "--collector.sig", "collector.sig" },
	{ "--path.proc=/x", "--path.proc=/x: unknown flag" },
	/* values that are missing or needless */
	{ "--log.level", "--log.level" },
	{ "once --output", "--output" },
	{ "--collector.kernel=true", "--collector.kernel" },
	{ "--no-collector.kernel=true", "--no-collector.kernel" },
	{ "--collector.disable-defaults=1", "--collector.disable-defaults" },
	{ "--web.disable-exporter-metrics=false", "--web.disable-exporter-metrics" },
	{ "--version=1", "--version" },
	{ "--help=serve", "--help" },
	{ "module zfs --json=true", "--json" },
	/* commands */
	{ "unknown", "'unknown'" COMMANDS },
	{ "Serve", "'Serve'" COMMANDS },
	{ "serve once", "'once'" COMMANDS },
	{ "once once", "'once'" COMMANDS },
	{ "status more", "'more'" COMMANDS },
	{ "unknown extra", "'unknown'" COMMANDS },
	{ "once --log.level debug extra", "'extra'" COMMANDS },
	{ "-- --log.level=debug", "'--log.level=debug'" COMMANDS },
	{ "-", "'-'" COMMANDS },
	{ "module", NAMES },
	{ "module --json", NAMES },
	{ "module --", NAMES },
	{ "--collector.signature.trust=x module", NAMES },
	/* flags of another command */
	{ "once --web.listen-address=:1", "--web.listen-address" NOT_WITH "once" },
	{ "--web.listen-address=:1 once", "--web.listen-address" NOT_WITH "once" },
	{ "once --web.systemd-socket", "--web.systemd-socket" NOT_WITH "once" },
	{ "once --web.config.file=x", "--web.config.file" NOT_WITH "once" },
	{ "once --web.telemetry-path=/x", "--web.telemetry-path" NOT_WITH "once" },
	{ "status --web.max-requests=1", "--web.max-requests" NOT_WITH "status" },
	{ "module x --web.disable-exporter-metrics", NOT_WITH "module" },
	{ "module x --output=x", "--output" NOT_WITH "module" },
	{ "status --output=x", "--output" NOT_WITH "status" },
	{ "--output=x", "--output" NOT_WITH "serve" },
	{ "module x --no-collector.kernel", "--collector.kernel" NOT_WITH "module" },
	{ "status --collector.log", "--collector.log" NOT_WITH "status" },
	{ "module x --collector.signature.wait=1s", NOT_WITH "module" },
	{ "module x --collector.signature.modules=all", NOT_WITH "module" },
	{ "module x --collector.disable-defaults", NOT_WITH "module" },
	{ "--json", "--json" NOT_WITH "serve" },
	{ "once --json", "--json" NOT_WITH "once" },
	/* What is decoded may be another host's. */
	{ "decode --kernel.dialect=suse", "--kernel.dialect" NOT_WITH "decode" },
	{ "status --dialect=suse", "--dialect" NOT_WITH "status" },
	{ "--dialect=suse", "--dialect" NOT_WITH "serve" },
	{ "decode --path.procfs=/x 1", "--path.procfs" NOT_WITH "decode" },
	{ "decode --collector.signature.trust=x 1", NOT_WITH "decode" },
};

static void bad_lines_are_refused_with_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_lines); i++)
		check_bad(bad_lines[i].line, bad_lines[i].message);
}

/* ---- what is printed ---- */

static void help_and_version_are_printed_whatever_stands_beside(void **state)
{
	static const struct {
		const char *line, *start;
	} rows[] = {
		{ "--help", "usage: kernel_taint_exporter [COMMAND] [FLAG]...\n" },
		{ "-h", "usage: " },
		{ "once --help", "usage: " },
		{ "module -h", "usage: " },
		{ "--log.level=debug --help", "usage: " },
		{ "--help --unknown", "usage: " },
		{ "--version", "kernel_taint_exporter, version " },
		{ "once --version", "kernel_taint_exporter, version " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct parsed parsed;

		parse(&parsed, rows[i].line);
		if (parsed.result != 1 || *parsed.errors ||
		    strncmp(parsed.output, rows[i].start, strlen(rows[i].start)) != 0)
			fail_msg("%s: %d, %s%s", rows[i].line, parsed.result,
			         parsed.output, parsed.errors);
		parsed_clear(&parsed);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_give_what_they_say),
		cmocka_unit_test(the_environment_does_not_change_the_order_of_words),
		cmocka_unit_test(the_defaults_that_help_shows_change_nothing),
		cmocka_unit_test(every_word_that_is_completed_is_taken),
		cmocka_unit_test(bad_lines_are_refused_with_what_was_expected),
		cmocka_unit_test(help_and_version_are_printed_whatever_stands_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
