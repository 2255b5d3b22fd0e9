/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log says of one boot of a kernel besides its reports: which kernel it is, and
 * what was announced.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/backtrace.h"
#include "model/tally.h"

struct boot_log {
	struct text release; /* of "Linux version"; "": the log begins later */
	struct text version; /* that line, as /proc/version has it */
	struct tally tally;  /* `first` is the line in the file */
	struct stamp stamps[TALLY_ENTRIES_MAX]; /* of the first of each entry */
	bool has_detail[TALLY_ENTRIES_MAX];     /* an entry's name is no module's */
};

void boot_log_init(struct boot_log *boot);
void boot_log_clear(struct boot_log *boot);

/*
 * Notes one announcement, as tally_add() does: of the module NAME, or with HAS_DETAIL of
 * an option, a process or a table of that name.
 */
void boot_log_add(struct boot_log *boot, enum announcement announcement, const char *name,
                  size_t length, bool has_detail, uint64_t line,
                  const struct stamp *stamp);

/* The module, or the detail, of entry AT; "" if there is none. */
const char *boot_log_module(const struct boot_log *boot, size_t at);
const char *boot_log_detail(const struct boot_log *boot, size_t at);
