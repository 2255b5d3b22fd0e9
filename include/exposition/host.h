/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of this host, now, for whichever voice tells of it: a source that could
 * not be read leaves some of it unknown.
 */
#pragma once

#include <stdbool.h>

#include "exposition/report.h"
#include "model/snapshot.h"

struct metrics;
struct module_record;
struct taint_fact;
struct text;

bool host_has_mask(const struct metrics *metrics);
bool host_has_modules(const struct metrics *metrics);

/* Whether the mask could be compared with the modules. */
bool host_has_comparison(const struct metrics *metrics);

/* Whether sysfs could be compared with /proc/modules. */
bool host_has_sysfs(const struct metrics *metrics);

/* What the bit means on this kernel; NULL: nobody knows. */
const struct taint_fact *host_fact(const struct metrics *metrics, unsigned int bit);

/* Whether the letters of the module stand for the bit. */
bool host_module_has_bit(const struct metrics *metrics,
                         const struct module_record *record, unsigned int bit);

/*
 * The report on a loaded module, whose name, which is in the snapshot without an end, is
 * added to NAME. Borrows all of it.
 */
struct report_module host_report(const struct metrics *metrics,
                                 const struct module_record *record, struct text *name);

/* One row per posture. */
struct host_posture {
	const char *name;  /* of its family, without kernel_taint_ */
	const char *label; /* for people */
	const char *off;   /* of a switch, for people; NULL: it is a number */
	const char *on;
	bool is_expected; /* people look for it, known or not */
};

extern const struct host_posture host_postures[POSTURE_COUNT];
