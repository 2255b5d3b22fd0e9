/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page for people at "/": the state of this host. It needs nothing else, no
 * scripts and no other files.
 */
#pragma once

struct metrics;
struct text;

/* The Content-Security-Policy that lets the page have its style, and nothing else. */
extern const char page_security_policy[];

/*
 * Appends the page; TELEMETRY_PATH is where the metrics are. Values are hostile. Lack of
 * memory is the page's error.
 */
void page_write(const struct metrics *metrics, const char *telemetry_path,
                struct text *page);
