/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as one number: nanoseconds, which last until the year 2554.
 */
#pragma once

#include <stdint.h>

#define CLOCK_SECOND UINT64_C(1000000000) /* nanoseconds */

/* Nanoseconds that only grow, for durations and deadlines (CLOCK_MONOTONIC). */
uint64_t clock_monotonic(void);

/* Nanoseconds since the Unix epoch (CLOCK_REALTIME). */
uint64_t clock_realtime(void);

/* Nanoseconds since the boot, those asleep too; nobody can set it (CLOCK_BOOTTIME). */
uint64_t clock_boottime(void);
