/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scrapes of a server: one after another, in a thread of their own.
 *
 * When reading a file of the host hangs, the thread is given up after SCRAPES_PATIENCE
 * and another one begins the scrape anew without that file; so a page that lacks what
 * hangs comes within a second, whatever the kernel or a FUSE server does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/worker.h"
#include "commands/scrape.h"
#include "model/collector.h"

#define SCRAPES_PATIENCE (CLOCK_SECOND / 5)

struct scrapes; /* opaque */

/* What is wanted, and what came of it. */
struct scrape_job {
	struct worker_job job;
	collector_set collectors;
	uint64_t deadline; /* clock_monotonic() */
	enum scrape_voice voice;
	bool wants_gzip;
	const char *content_type; /* for whoever takes it; static */
	void *owner;              /* likewise */

	int error;        /* 0 or -ENOMEM: then the page is of no use */
	struct text page; /* compressed if that was wanted */
};

/*
 * Starts the thread, which opens the roots of SETTINGS, borrowed. COLLECTORS are those
 * that any scrape may want. EVENT, an eventfd that does not block, is borrowed; it is
 * readable as long as scrapes_take() has something. 0 or -errno.
 */
int scrapes_new(const struct scrape_settings *settings, collector_set collectors,
                int event, struct scrapes **ret_scrapes);
struct scrapes *scrapes_free(struct scrapes *scrapes); /* takes NULL */

/* Takes JOB; but true: it is done already, and the caller's. */
bool scrapes_add(struct scrapes *scrapes, struct scrape_job *job);

/* A job that is done, the caller's from now on; NULL: none is. */
struct scrape_job *scrapes_take(struct scrapes *scrapes);
struct scrape_job *scrape_job_free(struct scrape_job *job); /* takes NULL */

/* Looks whether the thread hangs; has to be called at this time (clock_monotonic()). */
void scrapes_check(struct scrapes *scrapes);
uint64_t scrapes_check_time(const struct scrapes *scrapes);
