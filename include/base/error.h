/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in words, for logs and reports.
 */
#pragma once

#include <stdbool.h>

/* What -errno means where files of a host are read. Static; of any thread. */
const char *error_words(int error);

/* Whether -errno says that there is no such file, and not that it cannot be had. */
bool error_is_missing(int error);
