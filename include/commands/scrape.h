/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass: one walk from the host's files to the page.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sandbox_layer.h"
#include "exposition/metrics.h"
#include "model/collector.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/snapshot.h"
#include "sources/hostfs.h"
#include "sources/modules.h"
#include "sources/secure_boot.h"

struct inspector;
struct kmsg;
struct stall_place;
struct stalls;
struct text;
struct trust;

struct scrape_settings {
	const char *paths[HOSTFS_ROOT_COUNT];
	bool is_dialect_given; /* else it is chosen from the kernel release */
	enum dialect_id dialect;
	bool compares_every_module;  /* with sysfs; else only the tainting ones */
	bool describes_every_module; /* its file; else only those of the tainting ones */
	uint64_t files_wait;         /* nanoseconds, for files that have to be read */
	struct trust *trust;         /* NULL: signatures are not verified */
	struct kmsg *log;            /* NULL: the collector log is off */
	bool with_process;           /* the process_* families, too */
	uint64_t start_time;         /* of the process, clock_realtime() */
	const char *telemetry_path;  /* which the page for people leads to */
	bool sandbox[SANDBOX_LAYER_COUNT]; /* the layers in force */
};

/* How it is told what a pass saw. */
enum scrape_voice {
	SCRAPE_TEXT, /* metrics */
	SCRAPE_OPENMETRICS,
	SCRAPE_PAGE, /* for people, in HTML */
	SCRAPE_JSON, /* the same for programs */
};

/* What outlives a scrape. */
struct scraper {
	const struct scrape_settings *settings; /* borrowed */
	struct hostfs *fs;
	struct inspector *inspector; /* NULL: files are not looked at */
	struct modules_memory modules_memory;
	struct secure_boot secure_boot;
};

/*
 * Opens the roots, with a warning for each that cannot be opened; with the collector
 * signature among COLLECTORS starts the inspector's thread. PLACE tells those who watch
 * it through STALLS what this thread reads; both NULL: nobody does. 0 or -errno.
 */
int scraper_init(struct scraper *scraper, const struct scrape_settings *settings,
                 collector_set collectors, struct stalls *stalls,
                 struct stall_place *place);
void scraper_clear(struct scraper *scraper);

/* The flag that names the folder of ROOT, for logs. */
const char *scrape_root_flag(enum hostfs_root root);

/*
 * Says whose bits and letters these are; the snapshot's release must have been read.
 * False when nobody can say; then release_result may tell why.
 */
bool scrape_dialect_choose(const struct scrape_settings *settings, struct hostfs *fs,
                           struct snapshot *snapshot, struct dialect *ret_dialect);

/* What a pass saw and found. Its parts point to each other: it cannot be copied. */
struct scrape {
	struct snapshot snapshot;
	struct findings findings;
	struct dialect dialect;
	struct metrics metrics; /* what is to be said of these */
};

/*
 * Reads and judges. A collector that fails, or that is not done at DEADLINE
 * (clock_monotonic()), is logged and marked so. 0 or -ENOMEM: then it says nothing, but
 * scrape_clear() has to follow all the same.
 */
int scrape_read(struct scraper *scraper, collector_set collectors, uint64_t deadline,
                struct scrape *scrape);
void scrape_clear(struct scrape *scrape);

/*
 * Reads, judges and tells it: appended to PAGE. 0 or -ENOMEM: then the page is not whole.
 */
int scrape_run(struct scraper *scraper, collector_set collectors, uint64_t deadline,
               enum scrape_voice voice, struct text *page);
