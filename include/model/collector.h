/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collectors: the units that are switched on and off, filtered with collect[] and
 * exclude[], timed, and reported as failed or not.
 */
#pragma once

#include <stdbool.h>

enum collector {
	COLLECTOR_KERNEL,
	COLLECTOR_LOG,
	COLLECTOR_MODULES,
	COLLECTOR_POSTURE,
	COLLECTOR_SIGNATURE,
	COLLECTOR_UNLOADED,
	COLLECTOR_COUNT,
};

/* A set of collectors: COLLECTOR_BIT() of each. */
typedef unsigned int collector_set;
#define COLLECTOR_BIT(collector) (1u << (collector))

/* The value of the label `collector` and the NAME of --collector.NAME. */
const char *collector_name(enum collector collector);

/* False if there is no collector of that name. */
bool collector_parse(const char *name, enum collector *ret_collector);

/* Those that run when no flag says otherwise. */
collector_set collector_defaults(void);
