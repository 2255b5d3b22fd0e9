/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report of a kernel as its log has it: an oops, a warning, a lockup, with what it
 * says of taint and modules. A source fills it, diagnosis judges it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/taint.h"

/* When something was logged, as the log says; each "" where it does not. */
struct stamp {
	char date[48];    /* of the host: "Nov 26 06:37:02" */
	char seconds[24]; /* since boot: "14.463869" */
};

/* A module that is listed, or one that was unloaded. */
struct backtrace_module {
	size_t name; /* where it stands in the names, NUL-terminated */
	struct taint_letters letters;
	char state;     /* '+' loading, '-' unloading, '\0' */
	uint64_t count; /* how often it was unloaded; 0: it is listed as loaded */
};

enum backtrace_tainted {
	BACKTRACE_UNKNOWN, /* no such line */
	BACKTRACE_NOT_TAINTED,
	BACKTRACE_TAINTED,
};

struct backtrace {
	uint64_t line; /* where it begins in its file, from 1 on */
	struct stamp stamp;
	struct text title; /* the line that began it; "": none did */
	struct text task;  /* what stands before "Tainted: ": CPU, process */

	enum backtrace_tainted tainted;
	struct text flags;     /* the string behind "Tainted: " (taint_string.h) */
	struct text constants; /* "[P]=PROPRIETARY_MODULE, …"; "": no such line */
	struct text release;   /* of the kernel; "": unknown */
	struct text supported; /* SUSE's verdict; "": no such line */

	bool has_modules; /* a list, which may be empty */
	struct text names;
	struct backtrace_module *modules; /* listed and unloaded ones */
	size_t count;
	size_t capacity;
	size_t last_unloaded; /* in the names, plus 1; 0: none is named */
	struct taint_letters last_unloaded_letters;
};

void backtrace_init(struct backtrace *backtrace);
void backtrace_clear(struct backtrace *backtrace);

/* 0, or -ENOMEM if one of its texts could not be kept. */
int backtrace_error(const struct backtrace *backtrace);

/* Forgets all modules, as if none had been listed. */
void backtrace_forget_modules(struct backtrace *backtrace);

/* Appends a module of that name, zeroed but for it. NULL: no memory. */
struct backtrace_module *backtrace_add(struct backtrace *backtrace, const char *name,
                                       size_t length);

/* Appends a name alone; where it stands in the names, plus 1. 0: no memory. */
size_t backtrace_add_name(struct backtrace *backtrace, const char *name, size_t length);

/* Borrowed until the next change. */
const char *backtrace_name(const struct backtrace *backtrace, size_t name);
