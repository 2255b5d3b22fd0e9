/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this program is and what it was built from; the Makefile says so at build time.
 */
#pragma once

struct version {
	const char *version;  /* semver.org */
	const char *revision; /* git commit, "unknown" outside a checkout */
	const char *branch;   /* git branch, likewise */
	const char *compiler; /* "gcc 12.2.0" */
	const char *arch;     /* "x86_64" */
};

extern const struct version version;
