/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass. Knows the order of things; everything else is on a lower floor.
 */
#include "commands/scrape.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "exposition/host_json.h"
#include "exposition/page.h"
#include "model/dialect_choose.h"
#include "sources/builds.h"
#include "sources/file_cache.h"
#include "sources/inspector.h"
#include "sources/kmsg.h"
#include "sources/posture.h"
#include "sources/process.h"
#include "sources/procfs.h"
#include "sources/unloaded.h"

/* The collectors that need the list of modules. */
#define LISTERS (COLLECTOR_BIT(COLLECTOR_MODULES) | COLLECTOR_BIT(COLLECTOR_SIGNATURE))

static const char *const root_flags[] = {
	[HOSTFS_PROCFS] = "--path.procfs",
	[HOSTFS_SYSFS] = "--path.sysfs",
	[HOSTFS_ROOTFS] = "--path.rootfs",
	[HOSTFS_SELF] = "/proc/self",
};
_Static_assert(ARRAY_SIZE(root_flags) == HOSTFS_ROOT_COUNT, "one flag per root");

/* Called by the inspector's thread. */
static void log_file(void *context, bool is_error, const char *line)
{
	(void)context;
	log_event(is_error ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "Inspecting module files",
	          "detail", line, NULL);
}

const char *scrape_root_flag(enum hostfs_root root)
{
	return root_flags[root];
}

int scraper_init(struct scraper *scraper, const struct scrape_settings *settings,
                 collector_set collectors, struct stalls *stalls,
                 struct stall_place *place)
{
	const struct file_cache_settings files = {
		.paths = settings->paths,
		.trust = settings->trust,
		.log = { .write = log_file },
	};
	int r;

	*scraper = (struct scraper){ .settings = settings };
	r = hostfs_new(settings->paths, &scraper->fs);
	if (r < 0)
		return r;
	hostfs_watch(scraper->fs, stalls, place);
	for (enum hostfs_root root = 0; root < HOSTFS_ROOT_COUNT; root++) {
		r = hostfs_root_check(scraper->fs, root);
		if (r < 0)
			log_event(LOG_LEVEL_WARN,
			          "Cannot open a root, trying again at each scrape",
			          "flag", root_flags[root], "path", settings->paths[root],
			          "err", strerror(-r), NULL);
	}
	secure_boot_read(scraper->fs, &scraper->secure_boot);
	if (!(collectors & COLLECTOR_BIT(COLLECTOR_SIGNATURE)))
		return 0;
	return inspector_new(&files, &scraper->inspector);
}

void scraper_clear(struct scraper *scraper)
{
	scraper->inspector = inspector_free(scraper->inspector);
	scraper->fs = hostfs_free(scraper->fs);
}

/* Whether a source of COLLECTOR could be read; a failure is logged. */
static bool is_good(enum collector collector, const struct source_result *result)
{
	if (result->error == 0)
		return true;
	log_event(LOG_LEVEL_ERROR, "Collector failed", "collector",
	          collector_name(collector), "file", result->file, "err",
	          error_words(result->error), NULL);
	return false;
}

/* All of them are looked at, so that each failure is logged. */
static bool is_kernel_good(enum collector collector, const struct snapshot *snapshot)
{
	bool has_mask = is_good(collector, &snapshot->mask_result);
	bool has_release = is_good(collector, &snapshot->release_result);

	return has_mask && has_release;
}

static bool is_modules_good(const struct snapshot *snapshot)
{
	return is_good(COLLECTOR_MODULES, &snapshot->modules.procfs_result) &&
	       is_good(COLLECTOR_MODULES, &snapshot->modules.sysfs_result);
}

static bool is_signature_good(const struct snapshot *snapshot)
{
	return is_good(COLLECTOR_SIGNATURE, &snapshot->modules.procfs_result) &&
	       is_good(COLLECTOR_SIGNATURE, &snapshot->files_result);
}

/* Of one that has a single source: itself, if it is among COLLECTORS and failed. */
static collector_set failed_of(enum collector collector, collector_set collectors,
                               const struct source_result *result)
{
	collector_set bit = COLLECTOR_BIT(collector);

	return collectors & bit && !is_good(collector, result) ? bit : 0;
}

/* Those of COLLECTORS whose sources could all be read. */
static collector_set succeeded(const struct snapshot *snapshot, collector_set collectors)
{
	bool has_kernel = collectors & COLLECTOR_BIT(COLLECTOR_KERNEL);
	collector_set failed = 0;

	if (has_kernel && !is_kernel_good(COLLECTOR_KERNEL, snapshot))
		failed |= COLLECTOR_BIT(COLLECTOR_KERNEL);
	if (collectors & COLLECTOR_BIT(COLLECTOR_MODULES)) {
		if (!is_modules_good(snapshot))
			failed |= COLLECTOR_BIT(COLLECTOR_MODULES);
		/* What it needs of the kernel's files nobody else would report. */
		if (!has_kernel && !is_kernel_good(COLLECTOR_MODULES, snapshot))
			failed |= COLLECTOR_BIT(COLLECTOR_MODULES);
	}
	if (collectors & COLLECTOR_BIT(COLLECTOR_SIGNATURE) &&
	    !is_signature_good(snapshot))
		failed |= COLLECTOR_BIT(COLLECTOR_SIGNATURE);
	failed |= failed_of(COLLECTOR_POSTURE, collectors, &snapshot->posture_result);
	failed |= failed_of(COLLECTOR_LOG, collectors, &snapshot->log_result);
	failed |= failed_of(COLLECTOR_UNLOADED, collectors, &snapshot->unloaded.result);
	return collectors & ~failed;
}

bool scrape_dialect_choose(const struct scrape_settings *settings, struct hostfs *fs,
                           struct snapshot *snapshot, struct dialect *ret_dialect)
{
	_cleanup_(text_clear) struct text version = TEXT_INIT;
	enum dialect_id id = settings->dialect;
	int r;

	if (!settings->is_dialect_given) {
		if (snapshot->release_result.error < 0)
			return false;
		r = procfs_version_read(fs, &version);
		id = dialect_choose(text_string(&snapshot->release),
		                    text_string(&version));
		/* Some of SUSE's kernels tell what they are only there. */
		if (id == DIALECT_MAINLINE && r < 0 && r != -ENOENT) {
			snapshot->release_result = (struct source_result){ r, "version" };
			return false;
		}
	}
	dialect_init(ret_dialect, id, text_string(&snapshot->release));
	return true;
}

/* What the files of the loaded modules say. */
static void read_files(struct scraper *scraper, uint64_t deadline,
                       struct snapshot *snapshot)
{
	const struct scrape_settings *settings = scraper->settings;
	uint64_t now = clock_monotonic(), left = deadline > now ? deadline - now : 0;
	/* What is read after the files needs its time, too. */
	uint64_t wait = left - left / 4;

	/* Where the release is known, what else the dialect depends on does not matter.
	 */
	snapshot->files_result = snapshot->release_result;
	if (snapshot->release.length)
		snapshot->files_result.error = 0;
	if (snapshot->modules.procfs_result.error < 0 ||
	    snapshot->files_result.error < 0 || !snapshot->modules.support)
		return;
	if (wait > settings->files_wait)
		wait = settings->files_wait;
	inspector_read(scraper->inspector, now + wait, snapshot);
	builds_fill(scraper->fs, settings->describes_every_module, snapshot);
}

/* What the kernel remembers of modules that are gone. */
static void read_unloaded(struct scraper *scraper, bool has_dialect,
                          struct snapshot *snapshot)
{
	if (has_dialect)
		unloaded_read(scraper->fs, snapshot);
	else
		/* Nobody can say in which order a kernel prints the letters. */
		snapshot->unloaded.result = snapshot->release_result;
}

/* The time since *START, which becomes now. */
static uint64_t take_time(uint64_t *start)
{
	uint64_t now = clock_monotonic(), time = now - *start;

	*start = now;
	return time;
}

int scrape_read(struct scraper *scraper, collector_set collectors, uint64_t deadline,
                struct scrape *scrape)
{
	struct snapshot *snapshot = &scrape->snapshot;
	struct metrics *metrics = &scrape->metrics;
	uint64_t start = clock_monotonic(), *durations = metrics->durations;
	int r;

	scrape->findings = (struct findings){ 0 };
	*metrics = (struct metrics){
		.snapshot = snapshot,
		.findings = &scrape->findings,
		.collectors = collectors,
		.with_process = scraper->settings->with_process,
	};
	memcpy(metrics->sandbox, scraper->settings->sandbox, sizeof(metrics->sandbox));
	snapshot_init(snapshot);
	hostfs_begin(scraper->fs, deadline);

	procfs_mask_read(scraper->fs, snapshot);
	procfs_release_read(scraper->fs, snapshot);
	if (scrape_dialect_choose(scraper->settings, scraper->fs, snapshot,
	                          &scrape->dialect))
		metrics->dialect = &scrape->dialect;
	durations[COLLECTOR_KERNEL] = take_time(&start);

	if (collectors & LISTERS) {
		snapshot->mask_before_modules = snapshot->mask;
		modules_read(scraper->fs, &scraper->modules_memory,
		             scraper->settings->compares_every_module, snapshot);
		if (snapshot->mask_result.error == 0)
			procfs_mask_read(scraper->fs, snapshot);
	}
	durations[COLLECTOR_MODULES] = take_time(&start);

	if (collectors & COLLECTOR_BIT(COLLECTOR_SIGNATURE))
		read_files(scraper, deadline, snapshot);
	durations[COLLECTOR_SIGNATURE] = take_time(&start);

	if (collectors & COLLECTOR_BIT(COLLECTOR_POSTURE))
		posture_read(scraper->fs, &scraper->secure_boot, snapshot);
	durations[COLLECTOR_POSTURE] = take_time(&start);

	if (collectors & COLLECTOR_BIT(COLLECTOR_LOG))
		kmsg_read(scraper->settings->log, scraper->fs, snapshot);
	durations[COLLECTOR_LOG] = take_time(&start);

	if (collectors & COLLECTOR_BIT(COLLECTOR_UNLOADED))
		read_unloaded(scraper, metrics->dialect != NULL, snapshot);
	durations[COLLECTOR_UNLOADED] = take_time(&start);

	r = findings_init(&scrape->findings, snapshot, metrics->dialect,
	                  scraper->settings->describes_every_module);
	metrics->succeeded = succeeded(snapshot, collectors);
	if (metrics->with_process)
		process_read(scraper->fs, scraper->settings->start_time, snapshot);
	return r;
}

void scrape_clear(struct scrape *scrape)
{
	findings_clear(&scrape->findings);
	snapshot_clear(&scrape->snapshot);
}

static void speak(const struct scraper *scraper, const struct metrics *metrics,
                  enum scrape_voice voice, struct text *page)
{
	switch (voice) {
	case SCRAPE_TEXT:
		metrics_write(metrics, EXPOSE_TEXT, page);
		break;
	case SCRAPE_OPENMETRICS:
		metrics_write(metrics, EXPOSE_OPENMETRICS, page);
		break;
	case SCRAPE_PAGE:
		page_write(metrics, scraper->settings->telemetry_path, page);
		break;
	case SCRAPE_JSON:
		host_json_write(metrics, page);
		text_add_char(page, '\n');
		break;
	}
}

int scrape_run(struct scraper *scraper, collector_set collectors, uint64_t deadline,
               enum scrape_voice voice, struct text *page)
{
	_cleanup_(scrape_clear) struct scrape scrape;
	int r = scrape_read(scraper, collectors, deadline, &scrape);

	if (r < 0)
		return r;
	speak(scraper, &scrape.metrics, voice, page);
	return page->error;
}
