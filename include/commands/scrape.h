/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass: one walk from the host's files to the page.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "exposition/expose.h"
#include "model/collector.h"
#include "model/dialect.h"
#include "sources/hostfs.h"
#include "sources/modules.h"
#include "sources/posture.h"

struct text;

struct scrape_settings {
	const char *paths[HOSTFS_ROOT_COUNT];
	bool is_dialect_given; /* else it is chosen from the kernel release */
	enum dialect_id dialect;
	bool compares_every_module; /* with sysfs; else only the tainting ones */
	bool with_process;          /* the process_* families, too */
};

/* What outlives a scrape. */
struct scraper {
	const struct scrape_settings *settings; /* borrowed */
	struct hostfs *fs;
	struct modules_memory modules_memory;
	struct posture_secure_boot secure_boot;
	uint64_t start_time; /* clock_realtime() */
};

/* Opens the roots, with a warning for each that cannot be opened. 0 or -ENOMEM. */
int scraper_init(struct scraper *scraper, const struct scrape_settings *settings);
void scraper_clear(struct scraper *scraper);

/*
 * Reads, judges and appends the page to PAGE. A collector that fails, or that is not done
 * at DEADLINE (clock_monotonic()), is logged and marked so in the page. 0 or -ENOMEM:
 * then the page is not whole.
 */
int scrape_run(struct scraper *scraper, collector_set collectors, uint64_t deadline,
               enum expose_format format, struct text *page);
