/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket over all requests, as exporter-toolkit's rate_limit: one token each
 * INTERVAL, at most BURST of them, full at first (golang.org/x/time/rate).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint64_t interval; /* nanoseconds; 0: no limit */
	uint64_t burst;
	uint64_t full_at; /* clock_monotonic() at which the bucket is full again */
};

void rate_limit_init(struct rate_limit *limit, uint64_t interval, unsigned int burst);

/* Whether a request at NOW (clock_monotonic()) may pass, which takes a token. */
bool rate_limit_take(struct rate_limit *limit, uint64_t now);
