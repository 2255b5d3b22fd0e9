/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that Go's crypto/tls gives to cipher suites and curves, and what GnuTLS calls
 * them in priority strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which certificates a suite serves; those of TLS 1.3 serve any. */
enum tls_key {
	TLS_KEY_ANY,
	TLS_KEY_RSA,
	TLS_KEY_ECDSA, /* EdDSA, too (RFC 8422, section 2.2) */
};

struct tls_suite_row {
	const char *name; /* Go's, which is IANA's */
	uint16_t id;      /* IANA's */
	enum tls_key key;
	bool is_tls13;          /* always served with TLS 1.3: Go lets nobody choose */
	bool is_aead;           /* not below TLS 1.2 */
	bool is_ephemeral;      /* forward secrecy */
	const char *algorithms; /* "+ECDHE-RSA:+AES-128-GCM:+AEAD" */
};

struct tls_curve_row {
	const char *name;  /* Go's */
	uint16_t id;       /* IANA's */
	const char *group; /* "+GROUP-SECP256R1" */
};

/* In the order in which Go prefers them; NULL behind the last one. */
const struct tls_suite_row *tls_suite_at(size_t index);

/* The row of NAME; NULL: there is none. */
const struct tls_suite_row *tls_suite_find(const char *name);
const struct tls_curve_row *tls_curve_find(const char *name);
