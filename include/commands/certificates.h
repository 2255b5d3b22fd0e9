/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of --collector.signature.trust.
 */
#pragma once

struct options;
struct trust;

/*
 * Reads them all; NULL if none is configured. 0, or -errno after an error was logged. The
 * caller frees them with certificates_free().
 */
int certificates_load(const struct options *options, struct trust **ret_trust);

/* For _cleanup_. */
void certificates_free(struct trust *const *trust);
