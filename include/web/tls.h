/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as a web configuration asks for it, through GnuTLS: certificates, versions, suites,
 * and which clients may come in. A client that may not never gets beyond its handshake.
 *
 * A struct tls never changes: who reads a new configuration makes a new one, for new
 * sessions, and those that run keep theirs.
 */
#pragma once

#include "web/tls_material.h"

struct text;
struct tls; /* opaque, counts its holders */
struct webconfig_tls;

/*
 * Makes what new sessions need. CONFIG and MATERIAL are not needed afterwards. NAME is
 * the configuration file's. 0; -EBADMSG: COMPLAINT, empty before, is one line "NAME:LINE:
 * key: what is wrong, what is expected"; -ENOMEM.
 */
int tls_new(const char *name, const struct webconfig_tls *config,
            const struct tls_material *material, struct tls **ret_tls,
            struct text *complaint);

/* One more holder; and one less. Both take NULL. */
struct tls *tls_hold(struct tls *tls);
struct tls *tls_free(struct tls *tls);

/*
 * Prepares SESSION, a gnutls_session_t of a server before its handshake. The session
 * needs TLS until it ends. 0 or -errno: then the session must not be served.
 */
int tls_session_init(struct tls *tls, void *session);
