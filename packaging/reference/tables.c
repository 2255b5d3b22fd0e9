/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the program, for the manual page and the completions of shells: a line
 * each, whose fields are separated by tabs.
 *
 *   command NAME ARGUMENTS HELP
 *   flag    NAME ARGUMENT HELP VALUES COMMANDS; collectors: [no-]NAME
 *   family  NAME TYPE HELP, of the metrics
 */
#include <stdio.h>

#include "base/macros.h"
#include "base/text.h"
#include "commands/flags.h"
#include "exposition/expose.h"
#include "exposition/families.h"

static const char *or_empty(const char *string)
{
	return string ? string : "";
}

static void print_commands(void)
{
	for (enum command command = 0; command < COMMAND_COUNT; command++)
		printf("command\t%s\t%s\t%s\n", command_rows[command].name,
		       or_empty(command_rows[command].arguments),
		       command_rows[command].help);
}

static void print_flags(void)
{
	for (enum flag flag = 0; flag < FLAG_COUNT; flag++) {
		const struct flag_row *row = &flag_rows[flag];

		printf("flag\t%s%s\t%s\t%s\t%s\t", flag_is_collector(flag) ? "[no-]" : "",
		       row->name, or_empty(row->argument), row->help,
		       or_empty(row->values));
		for (enum command command = 0; command < COMMAND_COUNT; command++)
			if (row->commands & (1u << command))
				printf("%s ", command_rows[command].name);
		printf("\n");
	}
}

/* What a page says of it: "# HELP NAME HELP" and "# TYPE NAME TYPE". */
static int print_family(enum family family)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct expose expose = { .page = &page, .format = EXPOSE_TEXT };
	char name[128], help[256], type[32];

	family_write(&expose, family);
	if (page.error ||
	    sscanf(text_string(&page), "# HELP %127s %255[^\n]\n# TYPE %*s %31s", name,
	           help, type) != 3)
		return -1;
	printf("family\t%s\t%s\t%s\n", name, type, help);
	return 0;
}

int main(void)
{
	print_commands();
	print_flags();
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (print_family(family) < 0)
			return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
