/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the collectors, in their alphabetical order, which is that of samples.
 */
#include "model/collector.h"

#include <string.h>

#include "base/macros.h"

static const struct {
	const char *name;
	bool enabled;
} collectors[] = {
	[COLLECTOR_KERNEL] = { "kernel", true },
	[COLLECTOR_LOG] = { "log", false },
	[COLLECTOR_MODULES] = { "modules", true },
	[COLLECTOR_POSTURE] = { "posture", true },
	[COLLECTOR_SIGNATURE] = { "signature", true },
	[COLLECTOR_UNLOADED] = { "unloaded", false },
};
_Static_assert(ARRAY_SIZE(collectors) == COLLECTOR_COUNT, "one row per collector");

const char *collector_name(enum collector collector)
{
	return collectors[collector].name;
}

bool collector_parse(const char *name, enum collector *ret_collector)
{
	for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
		if (strcmp(collectors[c].name, name) == 0) {
			*ret_collector = c;
			return true;
		}
	}
	return false;
}

collector_set collector_defaults(void)
{
	collector_set set = 0;

	for (enum collector c = 0; c < COLLECTOR_COUNT; c++)
		if (collectors[c].enabled)
			set |= COLLECTOR_BIT(c);
	return set;
}
