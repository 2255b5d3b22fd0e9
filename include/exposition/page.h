/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page for people at "/".
 */
#pragma once

struct text;

/* Appends the landing page; TELEMETRY_PATH is where the metrics are. */
void page_write(const char *telemetry_path, struct text *page);
