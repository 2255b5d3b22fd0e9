/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log for the collector log.
 */
#pragma once

struct kmsg;
struct options;

/*
 * Opens it, which may take privileges that the sandbox drops; NULL if the collector is
 * off. If that fails a warning says so, and what it takes; the collector then fails at
 * each scrape. 0, or -ENOMEM after an error was logged. The caller frees it with
 * kernel_log_free().
 */
int kernel_log_new(const struct options *options, struct kmsg **ret_kmsg);

/* For _cleanup_. */
void kernel_log_free(struct kmsg *const *kmsg);
