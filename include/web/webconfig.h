/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web configuration that Prometheus' exporters share, taken apart and checked: YAML
 * as github.com/prometheus/exporter-toolkit, docs/web-configuration.md, describes it.
 *
 * Nothing is read here but the text; files that it names are somebody else's to open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/webconfig_value.h"

struct text;

/* client_auth_type: Go's crypto/tls.ClientAuthType, whose order is from lax to strict. */
enum webconfig_client_auth {
	CLIENT_AUTH_NONE,              /* NoClientCert */
	CLIENT_AUTH_REQUEST,           /* RequestClientCert */
	CLIENT_AUTH_REQUIRE_ANY,       /* RequireAnyClientCert, RequireClientCert */
	CLIENT_AUTH_VERIFY_IF_GIVEN,   /* VerifyClientCertIfGiven */
	CLIENT_AUTH_REQUIRE_AND_VERIFY /* RequireAndVerifyClientCert */
};

enum webconfig_tls_version {
	WEBCONFIG_TLS10,
	WEBCONFIG_TLS11,
	WEBCONFIG_TLS12,
	WEBCONFIG_TLS13,
};

/* tls_server_config. Of each pair, inline and file, the file wins where both are given.
 */
struct webconfig_tls {
	bool is_given;
	unsigned int line;
	struct webconfig_value cert, key, client_ca;                /* PEM */
	struct webconfig_value cert_file, key_file, client_ca_file; /* as written */
	enum webconfig_client_auth client_auth;
	struct webconfig_list client_allowed_sans;
	enum webconfig_tls_version min_version, max_version; /* TLS12, TLS13 */
	struct webconfig_list cipher_suites;                 /* Go's names, all known */
	bool prefers_server_cipher_suites;
	struct webconfig_list curves; /* Go's names, all known; none: the library's */
};

struct webconfig {
	struct webconfig_tls tls;
	bool wants_http2;        /* true at first; only where it is TLS */
	unsigned int http2_line; /* 0: not given */
	struct webconfig_pairs
		headers;              /* for every reply; names and values are checked */
	struct webconfig_pairs users; /* name and bcrypt hash, which is checked */
	uint64_t rate_interval;       /* nanoseconds; 0: no limit */
	unsigned int rate_burst;
};

/*
 * Parses YAML, LENGTH bytes of the file called NAME. 0; -EBADMSG: COMPLAINT, which must
 * be empty, is one line "NAME:LINE: key: what is wrong, what is expected"; -ENOMEM. On
 * failure there is nothing to clear. The file may be hostile: depth, sizes and the
 * expansion of aliases are bounded.
 */
int webconfig_parse(const char *name, const char *yaml, size_t length,
                    struct webconfig *ret_config, struct text *complaint);
void webconfig_clear(struct webconfig *config);
