/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process, as the process_* families of every Prometheus client library tell of it
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
 */
#pragma once

#include <stdint.h>

struct hostfs;
struct snapshot;

/* Fills process. START_TIME: when the process started, clock_realtime(). */
void process_read(struct hostfs *fs, uint64_t start_time, struct snapshot *snapshot);
