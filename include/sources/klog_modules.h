/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of modules in a backtrace, as print_modules() has them
 * (kernel/module/main.c), and print_unloaded_tainted_modules()
 * (kernel/module/tracking.c):
 *
 *   Modules linked in: scini(POE) ib_core(U) vxfs(P)(U) lab(OE+) ext4 [last unloaded:
 * x(OE)] Unloaded tainted modules: x(OE):1 edac_mce():3 [last unloaded: x(OE)]
 *
 * Of what follows the colon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct backtrace;

/*
 * Adds the modules of a list. What is no module is passed over. UNLOADED is for the
 * second form. 0 or -ENOMEM.
 */
int klog_modules_parse(const char *list, size_t length, bool unloaded,
                       struct backtrace *backtrace);

/* Whether a line can be the rest of a list that a mail or a console broke into lines. */
bool klog_modules_is_rest(const char *line, size_t length);
