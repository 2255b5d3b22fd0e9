/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Knows what each flag does to the options; their names are in flags.
 */
#include "commands/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"
#include "base/version.h"
#include "commands/flags.h"
#include "web/address.h"

#define MAX_REQUESTS_HIGHEST 1000000

/* How long a scrape waits for module files; a page that is written once can wait. */
#define SERVE_WAIT (CLOCK_SECOND / 2)
#define ONCE_WAIT  (10 * CLOCK_SECOND)

/* getopt's values: the flag, plus this for its --no- form. */
#define FIRST_VALUE 256
#define NO          FLAG_COUNT

static void print_version(void)
{
	printf(FLAGS_PROGRAM ", version %s (branch: %s, revision: %s)\n"
	                     "  compiler:         %s\n"
	                     "  platform:         linux/%s\n",
	       version.version, version.branch, version.revision, version.compiler,
	       version.arch);
}

static int fail_hint(void)
{
	fprintf(stderr, "Try '" FLAGS_PROGRAM " --help'.\n");
	return -EINVAL;
}

/* What was given so far. Of the collectors explicit flags win over the defaults. */
struct choice {
	bool has_command;
	bool flags[FLAG_COUNT];
	bool is_defaults_disabled;
	collector_set on, off;
};

static bool set_dialect(struct scrape_settings *scrape, const char *value)
{
	scrape->is_dialect_given = strcmp(value, "auto") != 0;
	return !scrape->is_dialect_given || dialect_name_parse(value, &scrape->dialect);
}

static bool set_modules_sysfs(struct scrape_settings *scrape, const char *value)
{
	scrape->compares_every_module = strcmp(value, "all") == 0;
	return scrape->compares_every_module || strcmp(value, "tainting") == 0;
}

static bool set_signature_modules(struct scrape_settings *scrape, const char *value)
{
	scrape->describes_every_module = strcmp(value, "all") == 0;
	return scrape->describes_every_module || strcmp(value, "tainting") == 0;
}

static bool add_trust(struct options *options, const char *value)
{
	options->trust_paths[options->trust_paths_count++] = value;
	return *value != '\0';
}

static bool set_max_requests(struct options *options, const char *value)
{
	uint64_t number;

	if (number_parse(value, &number) < 0 || number > MAX_REQUESTS_HIGHEST)
		return false;
	options->max_requests = (unsigned int)number;
	return true;
}

static bool set_path(const char **path, const char *value)
{
	*path = value;
	return *value != '\0';
}

static bool set_telemetry_path(struct options *options, const char *value)
{
	options->telemetry_path = value;
	return value[0] == '/' && strncmp(value, "/-/", 3) != 0;
}

static bool add_address(struct options *options, const char *value)
{
	options->addresses[options->addresses_count++] = value;
	return web_address_check(value) == 0;
}

/* False if VALUE is not what the flag expects. */
static bool apply(struct options *options, struct choice *choice, enum flag flag,
                  bool is_no, const char *value)
{
	switch (flag) {
	case FLAG_DISABLE_DEFAULTS:
		choice->is_defaults_disabled = true;
		return true;
	case FLAG_MODULES_SYSFS:
		return set_modules_sysfs(&options->scrape, value);
	case FLAG_SIGNATURE_MODULES:
		return set_signature_modules(&options->scrape, value);
	case FLAG_SIGNATURE_TRUST:
		return add_trust(options, value);
	case FLAG_SIGNATURE_WAIT:
		return number_duration_parse(value, &options->scrape.files_wait) == 0;
	case FLAG_DIALECT:
	case FLAG_DECODE_DIALECT:
		return set_dialect(&options->scrape, value);
	case FLAG_PROCFS:
		return set_path(&options->scrape.paths[HOSTFS_PROCFS], value);
	case FLAG_SYSFS:
		return set_path(&options->scrape.paths[HOSTFS_SYSFS], value);
	case FLAG_ROOTFS:
		return set_path(&options->scrape.paths[HOSTFS_ROOTFS], value);
	case FLAG_LISTEN_ADDRESS:
		return add_address(options, value);
	case FLAG_SYSTEMD_SOCKET:
		options->has_systemd_socket = true;
		return true;
	case FLAG_WEB_CONFIG:
		return set_path(&options->web_config, value);
	case FLAG_TELEMETRY_PATH:
		return set_telemetry_path(options, value);
	case FLAG_MAX_REQUESTS:
		return set_max_requests(options, value);
	case FLAG_DISABLE_EXPORTER_METRICS:
		options->scrape.with_process = false;
		return true;
	case FLAG_OUTPUT:
		return set_path(&options->output, value);
	case FLAG_JSON:
		options->is_json = true;
		return true;
	case FLAG_NO_SANDBOX:
		options->with_sandbox = false;
		return true;
	case FLAG_LOG_LEVEL:
		return log_level_parse(value, &options->log_level);
	case FLAG_LOG_FORMAT:
		return log_format_parse(value, &options->log_format);
	default: /* a collector */
		*(is_no ? &choice->off : &choice->on) |= COLLECTOR_BIT(flag);
		*(is_no ? &choice->on : &choice->off) &= ~COLLECTOR_BIT(flag);
		return true;
	}
}

/* The table in getopt's form; the names of --no- forms go to NAMES. */
static int fill_getopt(struct option *long_options, struct text *names)
{
	size_t count = 0;
	const char *name;

	for (enum flag flag = 0; flag_is_collector(flag); flag++) {
		text_add_string(names, "no-");
		text_add(names, flag_rows[flag].name, strlen(flag_rows[flag].name) + 1);
	}
	if (names->error)
		return names->error;
	name = text_string(names);
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		long_options[count++] = (struct option){
			.name = flag_rows[flag].name,
			.has_arg = flag_rows[flag].argument ? required_argument
			                                    : no_argument,
			.val = FIRST_VALUE + (int)flag,
		};
		if (!flag_is_collector(flag))
			continue;
		long_options[count++] = (struct option){
			.name = name,
			.val = FIRST_VALUE + NO + (int)flag,
		};
		name += strlen(name) + 1;
	}
	return 0;
}

static int take_word(struct options *options, struct choice *choice, const char *word)
{
	enum command command = 0;

	if (choice->has_command && command_rows[options->command].arguments) {
		options->arguments[options->arguments_count++] = word;
		return 0;
	}
	while (command < COMMAND_COUNT && strcmp(command_rows[command].name, word) != 0)
		command++;
	if (command == COMMAND_COUNT || choice->has_command) {
		fprintf(stderr,
		        FLAGS_PROGRAM
		        ": '%s': expected one command: serve, once, module, "
		        "status or decode\n",
		        word);
		return fail_hint();
	}
	options->command = command;
	choice->has_command = true;
	return 0;
}

/* getopt takes any unique start of a name for the name; flags are spelled out. */
static int check_spelling(enum flag flag, bool is_no, const char *word)
{
	size_t length = strlen(flag_rows[flag].name) + (is_no ? strlen("no-") : 0);

	if (strcspn(word, "=") == strlen("--") + length)
		return 0;
	fprintf(stderr, FLAGS_PROGRAM ": %s: unknown flag\n", word);
	return fail_hint();
}

/* WORD is what stands on the command line, VALUE the flag's value. */
static int take_flag(struct options *options, struct choice *choice, int number,
                     const char *word, const char *value)
{
	bool is_no = number >= FIRST_VALUE + NO;
	enum flag flag = (enum flag)(number - FIRST_VALUE - (is_no ? NO : 0));
	int r = check_spelling(flag, is_no, word);

	if (r < 0)
		return r;
	if (flag == FLAG_HELP || flag == FLAG_VERSION) {
		flag == FLAG_HELP ? flags_help_print() : print_version();
		return 1;
	}
	choice->flags[flag] = true;
	if (apply(options, choice, flag, is_no, value))
		return 0;
	fprintf(stderr, FLAGS_PROGRAM ": --%s=%s: expected %s\n", flag_rows[flag].name,
	        value, flag_rows[flag].expected);
	return fail_hint();
}

static int check_command(const struct options *options, const struct choice *choice)
{
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		if (!choice->flags[flag] ||
		    flag_rows[flag].commands & (1u << options->command))
			continue;
		fprintf(stderr, FLAGS_PROGRAM ": --%s: does not go with the command %s\n",
		        flag_rows[flag].name, command_rows[options->command].name);
		return fail_hint();
	}
	if (command_rows[options->command].needs_argument && !options->arguments_count) {
		fprintf(stderr, FLAGS_PROGRAM ": %s: expected %s\n",
		        command_rows[options->command].name,
		        command_rows[options->command].arguments);
		return fail_hint();
	}
	return 0;
}

static int parse(struct options *options, struct choice *choice, int argc, char **argv)
{
	struct option long_options[FLAG_COUNT + COLLECTOR_COUNT + 1] = { { 0 } };
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	int r = fill_getopt(long_options, &names);

	while (r == 0) {
		/* The minus: words and flags in their order, whatever the environment. */
		int at = optind ? optind : 1;
		int value = getopt_long(argc, argv, "-h", long_options, NULL);

		if (value == -1)
			break;
		if (value == '?')
			return fail_hint();
		if (value == 1)
			r = take_word(options, choice, optarg);
		else if (value == 'h')
			r = take_flag(options, choice, FIRST_VALUE + FLAG_HELP, "--help",
			              NULL);
		else
			r = take_flag(options, choice, value, argv[at], optarg);
	}
	/* Behind "--". */
	while (r == 0 && optind < argc)
		r = take_word(options, choice, argv[optind++]);
	return r == 0 ? check_command(options, choice) : r;
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct choice choice = { 0 };
	int r;

	*options = (struct options){
		.scrape = {
			.paths = {
				[HOSTFS_PROCFS] = "/proc",
				[HOSTFS_SYSFS] = "/sys",
				[HOSTFS_ROOTFS] = "/",
				[HOSTFS_SELF] = "/proc/self",
			},
			.with_process = true,
		},
		.with_sandbox = true,
		.log_level = LOG_LEVEL_INFO,
		.log_format = LOG_FORMAT_LOGFMT,
		.telemetry_path = "/metrics",
		.max_requests = 40,
	};
	/* No list is longer than the command line. */
	options->addresses = calloc((size_t)argc + 1, sizeof(*options->addresses));
	options->trust_paths = calloc((size_t)argc + 1, sizeof(*options->trust_paths));
	options->arguments = calloc((size_t)argc + 1, sizeof(*options->arguments));
	if (!options->addresses || !options->trust_paths || !options->arguments)
		return -ENOMEM;
	r = parse(options, &choice, argc, argv);
	if (r != 0)
		return r;

	options->collectors = choice.is_defaults_disabled ? 0 : collector_defaults();
	options->collectors = (options->collectors | choice.on) & ~choice.off;
	if (options->command != COMMAND_SERVE)
		options->scrape.with_process = false;
	if (!choice.flags[FLAG_SIGNATURE_WAIT])
		options->scrape.files_wait =
			options->command == COMMAND_SERVE ? SERVE_WAIT : ONCE_WAIT;
	if (!options->addresses_count)
		options->addresses[options->addresses_count++] = FLAGS_DEFAULT_ADDRESS;
	return 0;
}

void options_clear(struct options *options)
{
	free(options->addresses);
	free(options->trust_paths);
	free(options->arguments);
	options->addresses = options->trust_paths = options->arguments = NULL;
}
