/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket, kept as the time at which it is full again: who takes a token moves
 * that time on by one interval. Knows no requests.
 */
#include "web/rate_limit.h"

void rate_limit_init(struct rate_limit *limit, uint64_t interval, unsigned int burst)
{
	*limit = (struct rate_limit){ .interval = interval, .burst = burst };
}

bool rate_limit_take(struct rate_limit *limit, uint64_t now)
{
	uint64_t full_at = limit->full_at > now ? limit->full_at : now;
	uint64_t longest; /* that the bucket may need while a token is left */

	if (!limit->interval)
		return true;
	/* A bucket that holds no token never has one: so golang.org/x/time/rate. */
	if (!limit->burst)
		return false;
	if (__builtin_mul_overflow(limit->burst - 1, limit->interval, &longest))
		longest = UINT64_MAX;
	if (full_at - now > longest)
		return false;
	if (__builtin_add_overflow(full_at, limit->interval, &limit->full_at))
		limit->full_at = UINT64_MAX;
	return true;
}
