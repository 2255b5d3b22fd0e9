/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log says of one boot of a kernel besides its reports: which kernel it is, and
 * what was announced.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "model/backtrace.h"
#include "model/tally.h"

struct boot_log {
	struct text release; /* of "Linux version"; "": the log begins later */
	struct text version; /* that line, as /proc/version has it */
	struct tally tally;  /* `first` is the line in the file */
	struct stamp stamps[TALLY_ENTRIES_MAX]; /* of the first of each entry */
};

void boot_log_init(struct boot_log *boot);
void boot_log_clear(struct boot_log *boot);

/* Notes one announcement, as tally_add() does. */
void boot_log_add(struct boot_log *boot, enum announcement announcement,
                  const char *module, size_t length, uint64_t line,
                  const struct stamp *stamp);
