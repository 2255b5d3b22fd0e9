/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pass costs, by phase and without a server: reads, judges, renders and compresses
 * in this process, as a thread of the server does.
 *
 *   phases PASSES [FLAG]...
 *
 * Flags are those of the exporter. Prints lines of a name and a number: the allocations
 * of a pass, and for each phase the median of its microseconds. Before each phase of the
 * last pass its name is written to no descriptor, so that strace(1) shows which system
 * calls are whose.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/log.h"
#include "base/macros.h"
#include "commands/options.h"
#include "commands/scrape.h"
#include "exposition/metrics.h"

enum phase { READ, JUDGE, PROCESS, RENDER, COMPRESS, FREE, PHASE_COUNT };

static const char *const phase_names[] = {
	[READ] = "read",     [JUDGE] = "judge",       [PROCESS] = "process",
	[RENDER] = "render", [COMPRESS] = "compress", [FREE] = "free",
};
_Static_assert(ARRAY_SIZE(phase_names) == PHASE_COUNT, "one name per phase");

static double *times[PHASE_COUNT];
static size_t passes, pass;
static enum phase phase;
static uint64_t since;
static atomic_size_t allocations;

/* ---- memory ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);

void *malloc(size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_realloc(pointer, size);
}

/* ---- phases ---- */

static void mark(const char *name)
{
	if (pass + 1 == passes && write(-1, name, strlen(name)) >= 0)
		abort();
}

static void begin(enum phase next)
{
	mark(phase_names[next]);
	phase = next;
	since = clock_monotonic();
}

static void end(void)
{
	times[phase][pass] = (double)(clock_monotonic() - since) / 1e3;
}

/* scrape_read() judges before it looks at its own process. */
int __real_findings_init(struct findings *findings, const struct snapshot *snapshot,
                         const struct dialect *dialect, bool every);
int __wrap_findings_init(struct findings *findings, const struct snapshot *snapshot,
                         const struct dialect *dialect, bool every);

int __wrap_findings_init(struct findings *findings, const struct snapshot *snapshot,
                         const struct dialect *dialect, bool every)
{
	int r;

	end();
	begin(JUDGE);
	r = __real_findings_init(findings, snapshot, dialect, every);
	end();
	begin(PROCESS);
	return r;
}

static void die(const char *what)
{
	fprintf(stderr, "phases: %s\n", what);
	exit(EXIT_FAILURE);
}

static void run_pass(struct scraper *scraper, collector_set collectors)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, packed = TEXT_INIT;
	struct scrape scrape;

	begin(READ);
	if (scrape_read(scraper, collectors, UINT64_MAX, &scrape) < 0)
		die("no memory");
	end();
	begin(RENDER);
	metrics_write(&scrape.metrics, EXPOSE_TEXT, &page);
	end();
	begin(COMPRESS);
	if (page.error || gzip_add(&packed, &page) < 0)
		die("no memory");
	end();
	begin(FREE);
	scrape_clear(&scrape);
	end();
	mark("done");
}

static int compare_times(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	_cleanup_(options_clear) struct options options = { 0 };
	_cleanup_(scraper_clear) struct scraper scraper = { 0 };
	size_t warm, before = 0;

	passes = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (!passes)
		die("usage: phases PASSES [FLAG]...");
	if (options_parse(&options, argc - 1, argv + 1) != 0)
		return EXIT_FAILURE;
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	for (enum phase i = 0; i < PHASE_COUNT; i++) {
		times[i] = calloc(passes, sizeof(*times[i]));
		if (!times[i])
			die("no memory");
	}
	if (scraper_init(&scraper, &options.scrape, options.collectors, NULL, NULL) < 0)
		die("cannot begin");

	/* The first passes open, and read the modules' files. */
	warm = passes / 10;
	for (pass = 0; pass < passes; pass++) {
		if (pass == warm)
			before = atomic_load(&allocations);
		run_pass(&scraper, options.collectors);
	}
	printf("allocations %.1f\n",
	       (double)(atomic_load(&allocations) - before) / (double)(passes - warm));
	for (enum phase i = 0; i < PHASE_COUNT; i++) {
		qsort(times[i], passes, sizeof(*times[i]), compare_times);
		printf("%s %.2f\n", phase_names[i], times[i][passes / 2]);
		free(times[i]);
	}
	return EXIT_SUCCESS;
}
