/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates and the key that a web configuration names, made ready for GnuTLS.
 */
#pragma once

#include "web/tls_names.h"

struct text;
struct webconfig_tls;

/* The PEM bytes, whether inline or of a file. */
struct tls_material {
	const struct text *cert, *key;
	const struct text *client_ca; /* NULL: not given */
};

/*
 * Makes a gnutls_certificate_credentials_t, which the caller frees, and tells the kind of
 * its key. 0; -EBADMSG: COMPLAINT is one line about NAME, as of tls_new(); -ENOMEM.
 */
int tls_material_load(const char *name, const struct webconfig_tls *config,
                      const struct tls_material *material, void **ret_credentials,
                      enum tls_key *ret_key, struct text *complaint);

/* Appends "NAME:LINE: KEY: WHAT". -EBADMSG, or -ENOMEM without memory. */
int tls_material_complain(const char *name, unsigned int line, const char *key,
                          const char *what, struct text *complaint);
