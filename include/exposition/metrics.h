/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary: every family of the metrics contract, and the page that speaks it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sandbox_layer.h"
#include "exposition/expose.h"
#include "model/collector.h"

struct dialect;
struct findings;
struct snapshot;
struct text;

/* What one scrape has to say. Everything is borrowed. */
struct metrics {
	const struct snapshot *snapshot;
	const struct findings *findings;
	const struct dialect *dialect; /* NULL: the kernel is not known */

	collector_set collectors; /* that ran */
	collector_set succeeded;  /* of these, whose sources could all be read */
	uint64_t durations[COLLECTOR_COUNT]; /* nanoseconds */

	bool sandbox[SANDBOX_LAYER_COUNT]; /* the layers in force */

	bool with_process; /* the process_* families, too */
};

/*
 * Appends the whole page in FORMAT. The order is the contract's, and samples are sorted
 * by their label values, so that the same state gives the same bytes. Families whose
 * source failed are left out. Lack of memory is the page's error.
 */
void metrics_write(const struct metrics *metrics, enum expose_format format,
                   struct text *page);
