/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that Go's crypto/tls gives to cipher suites and curves, and what GnuTLS calls
 * them in priority strings.
 */
#pragma once

#include <stdbool.h>

struct tls_suite_row {
	const char *name;       /* Go's, which is IANA's */
	const char *algorithms; /* "+ECDHE-RSA:+AES-128-GCM:+AEAD" */
	bool is_tls13;          /* its order cannot be configured in Go */
};

struct tls_curve_row {
	const char *name;  /* Go's */
	const char *group; /* "+GROUP-SECP256R1" */
};

/* The row of NAME; NULL: Go's crypto/tls.CipherSuites() has no such suite, or no curve.
 */
const struct tls_suite_row *tls_suite_find(const char *name);
const struct tls_curve_row *tls_curve_find(const char *name);
