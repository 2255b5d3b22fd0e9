/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This host, now, for programs: whether its kernel is tainted, by what, what cannot be
 * explained, and what a reboot would do.
 */
#pragma once

struct metrics;
struct text;

/*
 * Appends one JSON object in one line, without its end. Its members are always the same
 * ones, and named as in the metrics contract; what is not known is null. Lack of memory
 * is the text's error.
 */
void host_json_write(const struct metrics *metrics, struct text *text);
