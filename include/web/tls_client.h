/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which clients may come in, by their certificates: what Go's crypto/tls does for each
 * tls.ClientAuthType, and what exporter-toolkit does for client_allowed_sans.
 */
#pragma once

#include "base/text.h"
#include "web/webconfig.h"

struct tls_client_rules {
	enum webconfig_client_auth auth;
	struct text allowed_sans; /* each with its NUL; empty: any */
};

/*
 * Judges the certificate that the client of SESSION, a gnutls_session_t, sent, or that it
 * sent none. 0: it may come in; else the alert that says why not (RFC 8446, section 6.2).
 */
int tls_client_judge(const struct tls_client_rules *rules, void *session);
