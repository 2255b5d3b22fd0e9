/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command decode says: of a mask, of one report of a kernel, or of what a kernel
 * announced in one boot.
 */
#pragma once

struct backtrace;
struct boot_log;
struct diagnosis;
struct text;

/* Everything is borrowed. */
struct decoded {
	const char *source;                /* the file, "-", or the argument itself */
	const struct diagnosis *diagnosis; /* of the backtrace, the mask, or the boot */
	const struct backtrace *backtrace; /* NULL: it is no report */
	const struct boot_log *boot;       /* around the report; NULL: a mask alone */
};

/*
 * Appends a paragraph. Values are hostile: what is no text is shown as U+FFFD, also what
 * a terminal would obey.
 */
void decoded_write(const struct decoded *decoded, struct text *text);
