/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command once. Knows how a file is replaced.
 */
#include "commands/once.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "commands/certificates.h"
#include "commands/confine.h"
#include "commands/kernel_log.h"
#include "commands/options.h"
#include "commands/output.h"

static int write_synced(int fd, const struct text *page)
{
	int r = output_write(fd, page);

	if (r < 0)
		return r;
	return fchmod(fd, 0644) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Renaming would put a file in the place of /dev/null as well, for who may do that. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

static int replace_file(const char *path, const struct text *page)
{
	_cleanup_(text_clear) struct text temporary = TEXT_INIT;
	int fd, r;

	if (!is_replaceable(path))
		return -EEXIST;
	text_add_string(&temporary, path);
	text_add_string(&temporary, ".XXXXXX");
	if (temporary.error)
		return temporary.error;
	fd = mkostemp(temporary.data, 0);
	if (fd < 0)
		return -errno;
	r = write_synced(fd, page);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary.data, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary.data);
	return r;
}

int once_run(const struct options *options)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	_cleanup_(certificates_free) struct trust *trust = NULL;
	_cleanup_(kernel_log_free) struct kmsg *log = NULL;
	_cleanup_(scraper_clear) struct scraper scraper = { 0 };
	struct scrape_settings settings = options->scrape;
	int r;

	if (certificates_load(options, &trust) < 0 || kernel_log_new(options, &log) < 0)
		return EXIT_FAILURE;
	if (confine(options, NULL, 0, settings.sandbox) < 0)
		return EXIT_FAILURE;
	settings.trust = trust;
	settings.log = log;
	r = scraper_init(&scraper, &settings, options->collectors, NULL, NULL);
	if (r == 0)
		r = scrape_run(&scraper, options->collectors, UINT64_MAX, SCRAPE_TEXT,
		               &page);
	if (r == 0)
		r = options->output ? replace_file(options->output, &page)
		                    : output_write(STDOUT_FILENO, &page);
	if (r == 0)
		return EXIT_SUCCESS;
	log_event(LOG_LEVEL_ERROR, "Cannot write the page", "file",
	          options->output ? options->output : "standard output", "err",
	          strerror(-r), NULL);
	return EXIT_FAILURE;
}
