/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This host, now, for people: whether its kernel is tainted, by what, what cannot be
 * explained, and what a reboot would do.
 */
#pragma once

struct metrics;
struct sheet;

/*
 * Adds what there is to say, the verdict first, and ends the sheet. Values are hostile.
 * Lack of memory is the error of the sheet's text.
 */
void host_text_write(const struct metrics *metrics, struct sheet *sheet);
