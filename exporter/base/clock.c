/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks. Knows clock_gettime(), which cannot fail for these clocks on Linux.
 */
#include "base/clock.h"

#include <time.h>

static uint64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_realtime(void)
{
	return clock_read(CLOCK_REALTIME);
}

uint64_t clock_boottime(void)
{
	return clock_read(CLOCK_BOOTTIME);
}
