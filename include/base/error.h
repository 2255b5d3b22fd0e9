/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in words, for logs and reports.
 */
#pragma once

/* What -errno means where files of a host are read. Static; of any thread. */
const char *error_words(int error);
