/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass: a host made of any bytes in each file that is read, told of in all voices.
 * Both pages of metrics, the page for people and JSON can be read, and no two samples are
 * the same one. A line "@PATH" begins the file PATH; one that is not given is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "commands/scrape.h"
#include "exposed.h"
#include "sources/kmsg.h"

#define EFI_GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* "b" is the module that no list has, if the input wants so. */
static const char *const paths[] = {
	"proc/sys/kernel/tainted",
	"proc/sys/kernel/osrelease",
	"proc/sys/kernel/modules_disabled",
	"proc/version",
	"proc/modules",
	"proc/cmdline",
	"sys/module/a/taint",
	"sys/module/a/initstate",
	"sys/module/b/taint",
	"sys/module/b/initstate",
	"sys/module/module/parameters/sig_enforce",
	"sys/kernel/warn_count",
	"sys/kernel/security/lockdown",
	"sys/kernel/debug/modules/unloaded_tainted",
	"sys/firmware/efi/efivars/SecureBoot" EFI_GLOBAL,
	"sys/firmware/efi/efivars/SetupMode" EFI_GLOBAL,
	"root/dev/kmsg",
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))

/* ---- the host ---- */

static char folder[] = "/tmp/fuzz-scrape-XXXXXX";
static char roots[HOSTFS_ROOT_COUNT][sizeof(folder) + 8];
static int folder_fd = -1;
static bool exists[PATHS];

/* What the pass logs of a broken host is not looked at. */
void log_event(enum log_level level, const char *message, ...)
{
	(void)level;
	(void)message;
}

/* Makes the folders above PATH; or removes them, the inner ones first. */
static void change_folders(const char *path, bool removes)
{
	char copy[128];
	char *slash = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while (!removes && (slash = strchr(slash, '/'))) {
		*slash = '\0';
		fuzz_check(mkdirat(folder_fd, copy, 0700) == 0 || errno == EEXIST);
		*slash++ = '/';
	}
	while (removes && (slash = strrchr(copy, '/'))) {
		*slash = '\0';
		unlinkat(folder_fd, copy, AT_REMOVEDIR);
	}
}

static void remove_host(void)
{
	for (size_t i = 0; i < PATHS; i++)
		unlinkat(folder_fd, paths[i], 0);
	for (size_t i = 0; i < PATHS; i++)
		change_folders(paths[i], true);
	rmdir(folder);
}

static void make_host(void)
{
	static const char *const names[] = { "proc", "sys", "root", "proc" };

	fuzz_check(mkdtemp(folder) != NULL);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(folder_fd >= 0);
	for (size_t i = 0; i < PATHS; i++)
		change_folders(paths[i], false);
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		snprintf(roots[i], sizeof(roots[i]), "%s/%s", folder, names[i]);
	atexit(remove_host);
}

static void write_file(size_t path, const char *bytes, size_t length)
{
	int fd = openat(folder_fd, paths[path], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	                0600);

	fuzz_check(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	close(fd);
	exists[path] = true;
}

/* The path that the line of LENGTH bytes names, or PATHS. */
static size_t path_of(const char *line, size_t length)
{
	size_t path = 0;

	while (path < PATHS && (length != strlen(paths[path]) + 1 || line[0] != '@' ||
	                        memcmp(line + 1, paths[path], length - 1) != 0))
		path++;
	return path;
}

/* Writes the files that BYTES give, and removes those of the input before. */
static void fill_host(const char *bytes, const char *end)
{
	size_t path = PATHS;

	for (size_t i = 0; i < PATHS; i++) {
		if (exists[i])
			fuzz_check(unlinkat(folder_fd, paths[i], 0) == 0);
		exists[i] = false;
	}
	for (const char *line = bytes, *newline; line < end; line = newline + 1) {
		size_t next;

		newline = memchr(line, '\n', (size_t)(end - line));
		newline = newline ? newline : end;
		next = path_of(line, (size_t)(newline - line));
		if (next == PATHS)
			continue;
		if (path < PATHS)
			write_file(path, bytes, (size_t)(line - bytes));
		path = next;
		bytes = newline < end ? newline + 1 : end;
	}
	if (path < PATHS)
		write_file(path, bytes, (size_t)(end - bytes));
}

/* ---- the pass ---- */

static const collector_set collectors =
	COLLECTOR_BIT(COLLECTOR_KERNEL) | COLLECTOR_BIT(COLLECTOR_MODULES) |
	COLLECTOR_BIT(COLLECTOR_POSTURE) | COLLECTOR_BIT(COLLECTOR_UNLOADED);

/* The pages of one pass after the other, the first of which has no memory of another. */
static void check_voices(struct scraper *scraper, collector_set wanted)
{
	struct text text = TEXT_INIT;

	fuzz_check(scrape_run(scraper, wanted, UINT64_MAX, SCRAPE_TEXT, &text) == 0);
	exposed_check_page(&text, false);
	text_reset(&text);
	fuzz_check(scrape_run(scraper, wanted, UINT64_MAX, SCRAPE_OPENMETRICS, &text) ==
	           0);
	exposed_check_page(&text, true);
	text_reset(&text);
	fuzz_check(scrape_run(scraper, wanted, UINT64_MAX, SCRAPE_JSON, &text) == 0);
	exposed_check_json(&text);
	text_reset(&text);
	fuzz_check(scrape_run(scraper, wanted, UINT64_MAX, SCRAPE_PAGE, &text) == 0);
	exposed_check_html(&text);
	text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct scrape_settings settings = { .compares_every_module = length % 2,
		                            .telemetry_path = "/metrics" };
	collector_set wanted = collectors;
	struct scraper scraper;

	if (folder_fd < 0)
		make_host();
	fill_host((const char *)bytes, (const char *)bytes + length);
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		settings.paths[i] = roots[i];
	/* The last path's: not every input needs the grammar of logs. */
	if (exists[PATHS - 1]) {
		fuzz_check(kmsg_new(settings.paths, &settings.log) == 0);
		wanted |= COLLECTOR_BIT(COLLECTOR_LOG);
	}
	fuzz_check(scraper_init(&scraper, &settings, wanted, NULL, NULL) == 0);
	check_voices(&scraper, wanted);
	scraper_clear(&scraper);
	kmsg_free(settings.log);
	return 0;
}
