/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of kernels, made by hand for what judges or tells them. cmocka.h stands before
 * it.
 */
#pragma once

#include <string.h>

#include "model/backtrace.h"

/* The report says "Tainted: FLAGS" of RELEASE, or "Not tainted" if FLAGS is NULL. */
static inline void report_set_tainted(struct backtrace *report, const char *flags,
                                      const char *release)
{
	report->tainted = flags ? BACKTRACE_TAINTED : BACKTRACE_NOT_TAINTED;
	text_reset(&report->flags);
	text_add_string(&report->flags, flags ? flags : "");
	text_reset(&report->release);
	text_add_string(&report->release, release);
}

/* Lists a module with these letters. */
static inline struct backtrace_module *report_list(struct backtrace *report,
                                                   const char *name, const char *letters)
{
	struct backtrace_module *module = backtrace_add(report, name, strlen(name));

	assert_non_null(module);
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &module->letters),
	                 0);
	report->has_modules = true;
	return module;
}
