/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string behind "Tainted: " in a backtrace: a column for each bit, in which stands
 * the bit's letter or, while it is clear, a blank ('G' for bit 0). Red Hat's kernels have
 * a column for bits that they do not use, too, which is always a dash:
 *
 *   Tainted: P           OE                6.1.0-56-amd64         kernel/panic.c 6.12
 *   Tainted: P           OE  ------------ T 3.10.0-1160.el7.x86_64
 *   Tainted: P     ----  2.6.18-274.el5                           kernel/panic.c of el5
 *
 * Where the dashes stand tells the release.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/taint.h"

struct dialect;
struct text;

/* How a kernel prints its mask. */
struct taint_columns {
	size_t count;
	uint8_t bits[64]; /* by column */
	char clear[64];   /* what stands there while the bit is clear */
	uint64_t
		printed; /* the bits whose letters are printed where they have a column */
};

void taint_columns_init(struct taint_columns *columns, const struct dialect *dialect);

/* The bits that the kernel knows and never prints: two each on RHEL 5 and SUSE 4.12. */
uint64_t taint_string_unprinted(const struct dialect *dialect);

/* Appends the string, with its blanks. '?' stands for a bit that has no letter. */
void taint_string_write(const struct dialect *dialect, uint64_t mask, struct text *text);

/* What such a string says. */
struct taint_string {
	uint64_t mask;
	struct taint_letters strangers; /* letters that this kernel does not know */
	unsigned int
		unplaced; /* '?' of which nobody knows the column: blanks were lost */
};

/*
 * Reads the string; blanks may be missing, at its ends or anywhere. Letters are what
 * counts; only of one that is not known the column is.
 */
struct taint_string taint_string_parse(const struct dialect *dialect, const char *string,
                                       size_t length);

/*
 * Whether the runs of dashes are those of DIALECT, however many blanks are between them.
 * A string without a dash fits no kernel that prints some, and all others.
 */
bool taint_string_has_dashes_of(const struct dialect *dialect, const char *string,
                                size_t length);
