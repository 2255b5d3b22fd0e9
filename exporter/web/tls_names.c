/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cipher suites and curves. Must not know GnuTLS, only its words.
 *
 * Suites: crypto/tls.CipherSuites() of Go 1.19, with which exporters of Prometheus 2.42
 * were built. Go 1.22 moved those without forward secrecy to InsecureCipherSuites(),
 * which exporter-toolkit does not know; who lists one here gets it, nobody else does.
 * The order is crypto/tls.cipherSuitesPreferenceOrder.
 *
 * Curves: web/tls_config.go of exporter-toolkit, in the order of crypto/tls.
 */
#include "web/tls_names.h"

#include <string.h>

#include "base/macros.h"

#define ECDHE_ECDSA(name, id, is_aead, algorithms)                                     \
	{                                                                              \
		"TLS_ECDHE_ECDSA_WITH_" name, id, TLS_KEY_ECDSA, false, is_aead, true, \
			"+ECDHE-ECDSA:" algorithms                                     \
	}
#define ECDHE_RSA(name, id, is_aead, algorithms)                                   \
	{                                                                          \
		"TLS_ECDHE_RSA_WITH_" name, id, TLS_KEY_RSA, false, is_aead, true, \
			"+ECDHE-RSA:" algorithms                                   \
	}
#define RSA(name, id, is_aead, algorithms)                                    \
	{                                                                     \
		"TLS_RSA_WITH_" name, id, TLS_KEY_RSA, false, is_aead, false, \
			"+RSA:" algorithms                                    \
	}
#define TLS13(name, id, algorithms)                                        \
	{                                                                  \
		"TLS_" name, id, TLS_KEY_ANY, true, true, true, algorithms \
	}

static const struct tls_suite_row suites[] = {
	TLS13("AES_128_GCM_SHA256", 0x1301, "+AES-128-GCM:+AEAD"),
	TLS13("AES_256_GCM_SHA384", 0x1302, "+AES-256-GCM:+AEAD"),
	TLS13("CHACHA20_POLY1305_SHA256", 0x1303, "+CHACHA20-POLY1305:+AEAD"),
	ECDHE_ECDSA("AES_128_GCM_SHA256", 0xc02b, true, "+AES-128-GCM:+AEAD"),
	ECDHE_RSA("AES_128_GCM_SHA256", 0xc02f, true, "+AES-128-GCM:+AEAD"),
	ECDHE_ECDSA("AES_256_GCM_SHA384", 0xc02c, true, "+AES-256-GCM:+AEAD"),
	ECDHE_RSA("AES_256_GCM_SHA384", 0xc030, true, "+AES-256-GCM:+AEAD"),
	ECDHE_ECDSA("CHACHA20_POLY1305_SHA256", 0xcca9, true, "+CHACHA20-POLY1305:+AEAD"),
	ECDHE_RSA("CHACHA20_POLY1305_SHA256", 0xcca8, true, "+CHACHA20-POLY1305:+AEAD"),
	ECDHE_ECDSA("AES_128_CBC_SHA", 0xc009, false, "+AES-128-CBC:+SHA1"),
	ECDHE_RSA("AES_128_CBC_SHA", 0xc013, false, "+AES-128-CBC:+SHA1"),
	ECDHE_ECDSA("AES_256_CBC_SHA", 0xc00a, false, "+AES-256-CBC:+SHA1"),
	ECDHE_RSA("AES_256_CBC_SHA", 0xc014, false, "+AES-256-CBC:+SHA1"),
	RSA("AES_128_GCM_SHA256", 0x009c, true, "+AES-128-GCM:+AEAD"),
	RSA("AES_256_GCM_SHA384", 0x009d, true, "+AES-256-GCM:+AEAD"),
	RSA("AES_128_CBC_SHA", 0x002f, false, "+AES-128-CBC:+SHA1"),
	RSA("AES_256_CBC_SHA", 0x0035, false, "+AES-256-CBC:+SHA1"),
};

static const struct tls_curve_row curves[] = {
	{ "X25519", 0x001d, "+GROUP-X25519" },
	{ "CurveP256", 0x0017, "+GROUP-SECP256R1" },
	{ "CurveP384", 0x0018, "+GROUP-SECP384R1" },
	{ "CurveP521", 0x0019, "+GROUP-SECP521R1" },
};

const struct tls_suite_row *tls_suite_at(size_t index)
{
	return index < ARRAY_SIZE(suites) ? &suites[index] : NULL;
}

const struct tls_suite_row *tls_suite_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		if (strcmp(suites[i].name, name) == 0)
			return &suites[i];
	return NULL;
}

const struct tls_curve_row *tls_curve_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	return NULL;
}
