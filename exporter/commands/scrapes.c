/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scrapes of a server. Knows threads and when one is to be given up; what a scrape is
 * stands in scrape.
 */
#include "commands/scrapes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/gzip.h"
#include "base/log.h"
#include "base/macros.h"
#include "sources/stalls.h"

/* How often it is looked while scrapes are under way. */
#define CHECK_INTERVAL (SCRAPES_PATIENCE / 4)

/* So long, and longer than nearly all of them take, one that comes alone is waited for.
 */
#define USUAL_SCRAPE (CLOCK_SECOND / 50)

/* What one thread works with; its own until it ends. */
struct scraping {
	const struct scrape_settings *settings;
	collector_set collectors;
	struct stalls *stalls;
	struct stall_place place;
	struct scraper scraper;
	int error; /* of the beginning */
};

struct scrapes {
	const struct scrape_settings *settings;
	collector_set collectors;
	struct stalls *stalls;
	struct scraping *scraping; /* the thread's that works now */
	struct worker *worker;
	size_t count; /* jobs not taken yet */
	uint64_t check_at;
	uint64_t steps, steps_since; /* where the thread was seen, and since when */
};

static void begin(void *context)
{
	struct scraping *scraping = context;

	scraping->error =
		scraper_init(&scraping->scraper, scraping->settings, scraping->collectors,
	                     scraping->stalls, &scraping->place);
}

static void run(void *context, struct worker_job *given)
{
	struct scrape_job *job = (struct scrape_job *)given;
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct scraping *scraping = context;

	/* What was missing at the beginning may be there now. */
	if (scraping->error < 0) {
		scraper_clear(&scraping->scraper);
		begin(scraping);
	}
	job->error = scraping->error;
	if (job->error == 0)
		job->error = scrape_run(&scraping->scraper, job->collectors,
		                        job->deadline, job->voice, &page);
	if (job->error < 0)
		return;
	if (job->wants_gzip) {
		job->error = gzip_add(&job->page, &page);
	} else {
		job->page = page;
		page = TEXT_INIT;
	}
}

static struct worker_job *copy(const struct worker_job *given)
{
	const struct scrape_job *job = (const struct scrape_job *)given;
	struct scrape_job *other = malloc(sizeof(*other));

	if (!other)
		return NULL;
	*other = (struct scrape_job){
		.collectors = job->collectors,
		.deadline = job->deadline,
		.voice = job->voice,
		.wants_gzip = job->wants_gzip,
		.content_type = job->content_type,
		.owner = job->owner,
	};
	return &other->job;
}

static void free_job(struct worker_job *job)
{
	scrape_job_free((struct scrape_job *)job);
}

static void free_scraping(struct scraping *scraping)
{
	stall_place_clear(&scraping->place);
	stalls_free(scraping->stalls);
	free(scraping);
}

static void end(void *context)
{
	struct scraping *scraping = context;

	scraper_clear(&scraping->scraper);
	free_scraping(scraping);
}

static const struct worker_kind kind = { begin, run, copy, free_job, end };

static struct scraping *scraping_new(const struct scrapes *scrapes)
{
	struct scraping *scraping = calloc(1, sizeof(*scraping));

	if (!scraping)
		return NULL;
	scraping->settings = scrapes->settings;
	scraping->collectors = scrapes->collectors;
	scraping->stalls = stalls_hold(scrapes->stalls);
	return scraping;
}

static int start(struct scrapes *scrapes, int event)
{
	int r;

	r = stalls_new(&scrapes->stalls);
	if (r < 0)
		return r;
	scrapes->scraping = scraping_new(scrapes);
	if (!scrapes->scraping)
		return -ENOMEM;
	r = worker_new(&kind, scrapes->scraping, event, &scrapes->worker);
	if (r < 0)
		free_scraping(scrapes->scraping);
	return r;
}

int scrapes_new(const struct scrape_settings *settings, collector_set collectors,
                int event, struct scrapes **ret_scrapes)
{
	struct scrapes *scrapes = calloc(1, sizeof(*scrapes));
	int r;

	if (!scrapes)
		return -ENOMEM;
	scrapes->settings = settings;
	scrapes->collectors = collectors;
	r = start(scrapes, event);
	if (r < 0) {
		scrapes_free(scrapes);
		return r;
	}
	*ret_scrapes = scrapes;
	return 0;
}

struct scrapes *scrapes_free(struct scrapes *scrapes)
{
	if (!scrapes)
		return NULL;
	worker_free(scrapes->worker);
	stalls_free(scrapes->stalls);
	free(scrapes);
	return NULL;
}

bool scrapes_add(struct scrapes *scrapes, struct scrape_job *job)
{
	uint64_t now;

	if (scrapes->count++) {
		worker_add(scrapes->worker, &job->job);
		return false;
	}
	now = clock_monotonic();
	scrapes->steps = 0;
	scrapes->check_at = now + CHECK_INTERVAL;
	if (!worker_wait(scrapes->worker, &job->job, now + USUAL_SCRAPE))
		return false;
	scrapes->count--;
	return true;
}

struct scrape_job *scrapes_take(struct scrapes *scrapes)
{
	struct worker_job *job;

	if (!scrapes->count)
		return NULL;
	job = worker_take(scrapes->worker);
	if (job)
		scrapes->count--;
	return (struct scrape_job *)job;
}

struct scrape_job *scrape_job_free(struct scrape_job *job)
{
	if (!job)
		return NULL;
	text_clear(&job->page);
	free(job);
	return NULL;
}

static void log_stall(const struct scrapes *scrapes, const char *path)
{
	unsigned int root = scrapes->scraping->place.root;

	log_event(LOG_LEVEL_WARN, "Reading a file hangs, going on without it", "flag",
	          scrape_root_flag((enum hostfs_root)root), "root",
	          scrapes->settings->paths[root], "file", path, NULL);
}

/* Goes on with another thread. */
static void give_up(struct scrapes *scrapes)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	struct scraping *scraping;

	if (stalls_declare(scrapes->stalls, &scrapes->scraping->place, scrapes->steps,
	                   &path))
		log_stall(scrapes, text_string(&path));
	scraping = scraping_new(scrapes);
	if (!scraping)
		return; /* until it is looked again */
	if (worker_replace(&scrapes->worker, scraping) < 0)
		free_scraping(scraping);
	else
		scrapes->scraping = scraping;
}

uint64_t scrapes_check_time(const struct scrapes *scrapes)
{
	return scrapes->count ? scrapes->check_at : UINT64_MAX;
}

void scrapes_check(struct scrapes *scrapes)
{
	uint64_t now, steps;

	if (!scrapes->count)
		return;
	now = clock_monotonic();
	if (now < scrapes->check_at)
		return;
	steps = stalls_steps(scrapes->stalls, &scrapes->scraping->place);
	if (!steps || steps != scrapes->steps) {
		scrapes->steps = steps;
		scrapes->steps_since = now;
	} else if (now - scrapes->steps_since >= SCRAPES_PATIENCE) {
		give_up(scrapes);
		scrapes->steps = 0;
	}
	scrapes->check_at = now + CHECK_INTERVAL;
}
