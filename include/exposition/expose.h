/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of the two exposition formats, and nothing of what is exposed.
 *
 * Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ (text 0.0.4) and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/ (OpenMetrics 1.0.0).
 *
 * A page is: expose_family(), then its samples, each expose_sample(), its labels, and one
 * expose_*_value(); the next family; at the end expose_end().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct text;

enum expose_format {
	EXPOSE_TEXT,        /* Prometheus text 0.0.4 */
	EXPOSE_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

enum expose_type {
	EXPOSE_GAUGE,
	EXPOSE_COUNTER, /* the name ends in _total */
};

struct expose {
	struct text *page; /* borrowed; its error is the page's */
	enum expose_format format;
	const char *name;    /* the family's, borrowed until the next family */
	unsigned int labels; /* of the sample in work */
};

/* Begins a family: # HELP and # TYPE. NAME and HELP are our own words. */
void expose_family(struct expose *expose, const char *name, enum expose_type type,
                   const char *help);

void expose_sample(struct expose *expose);

/* WORD is our own and needs no escape, as every NAME. */
void expose_word(struct expose *expose, const char *name, const char *word);

/* VALUE may be any bytes: it is cleaned (utf8.h) and escaped. */
void expose_label(struct expose *expose, const char *name, const char *value,
                  size_t length);

void expose_number_value(struct expose *expose, uint64_t number);
void expose_seconds_value(struct expose *expose, uint64_t nanoseconds);

/* Ends the page. */
void expose_end(struct expose *expose);
