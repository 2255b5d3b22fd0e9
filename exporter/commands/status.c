/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command status. Knows what the exit code says, and when colours are welcome.
 */
#include "commands/status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "commands/certificates.h"
#include "commands/confine.h"
#include "commands/options.h"
#include "commands/output.h"
#include "commands/scrape.h"
#include "exposition/host_json.h"
#include "exposition/host_text.h"
#include "exposition/sheet.h"

#define EXIT_TAINTED 3

/* On a terminal that knows them, for who did not decline: https://no-color.org. */
static bool wants_colours(void)
{
	const char *declined = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(declined && *declined) && terminal &&
	       *terminal && strcmp(terminal, "dumb") != 0;
}

static int exit_code(const struct snapshot *snapshot)
{
	if (snapshot->mask_result.error < 0)
		return EXIT_FAILURE;
	return snapshot->mask ? EXIT_TAINTED : EXIT_SUCCESS;
}

/* The exit code, when all is written; or -errno. */
static int report(struct scraper *scraper, const struct options *options,
                  bool with_colours)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	_cleanup_(scrape_clear) struct scrape scrape;
	struct sheet sheet;
	int r = scrape_read(scraper, options->collectors, UINT64_MAX, &scrape);

	if (r < 0)
		return r;
	if (options->is_json) {
		host_json_write(&scrape.metrics, &text);
		text_add_char(&text, '\n');
	} else {
		sheet = sheet_of(&text, with_colours ? SHEET_COLOURED : SHEET_PLAIN);
		host_text_write(&scrape.metrics, &sheet);
	}
	r = text.error ? text.error : output_write(STDOUT_FILENO, &text);
	return r < 0 ? r : exit_code(&scrape.snapshot);
}

int status_run(const struct options *options)
{
	_cleanup_(certificates_free) struct trust *trust = NULL;
	_cleanup_(scraper_clear) struct scraper scraper = { 0 };
	struct scrape_settings settings = options->scrape;
	/* The sandbox lets nobody ask a terminal anything. */
	bool with_colours = wants_colours();
	int r;

	if (certificates_load(options, &trust) < 0)
		return EXIT_FAILURE;
	if (confine(options, NULL, 0, settings.sandbox) < 0)
		return EXIT_FAILURE;
	settings.trust = trust;
	r = scraper_init(&scraper, &settings, options->collectors, NULL, NULL);
	if (r == 0)
		r = report(&scraper, options, with_colours);
	if (r >= 0)
		return r;
	log_event(LOG_LEVEL_ERROR, "Cannot report on this host", "err", error_words(r),
	          NULL);
	return EXIT_FAILURE;
}
