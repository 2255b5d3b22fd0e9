/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and keys. Must not know sessions, nor where the bytes came from.
 */
#include "web/tls_material.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/macros.h"
#include "base/text.h"
#include "web/webconfig.h"

int tls_material_complain(const char *name, unsigned int line, const char *key,
                          const char *what, struct text *complaint)
{
	text_add_string(complaint, name);
	text_add_char(complaint, ':');
	text_add_number(complaint, line);
	text_add_string(complaint, ": ");
	text_add_string(complaint, key);
	text_add_string(complaint, ": ");
	text_add_string(complaint, what);
	return complaint->error ? -ENOMEM : -EBADMSG;
}

static void free_key(gnutls_x509_privkey_t const *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

struct chain {
	gnutls_x509_crt_t *certificates;
	unsigned int count;
};

static void clear_chain(const struct chain *chain)
{
	for (unsigned int i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	gnutls_free(chain->certificates);
}

/* What tls_material_load() works on. */
struct making {
	const char *name;
	const struct webconfig_tls *config;
	struct text *complaint;
};

/* The file wins, where both are given. */
static int complain_of(const struct making *making, const struct webconfig_value *file,
                       const char *file_key, const struct webconfig_value *text,
                       const char *text_key, const char *what)
{
	return tls_material_complain(making->name, file->string ? file->line : text->line,
	                             file->string ? file_key : text_key, what,
	                             making->complaint);
}

static int complain_of_cert(const struct making *making, const char *what)
{
	return complain_of(making, &making->config->cert_file, "cert_file",
	                   &making->config->cert, "cert", what);
}

static int complain_of_key(const struct making *making, const char *what)
{
	return complain_of(making, &making->config->key_file, "key_file",
	                   &making->config->key, "key", what);
}

static int complain_of_ca(const struct making *making, const char *what)
{
	return complain_of(making, &making->config->client_ca_file, "client_ca_file",
	                   &making->config->client_ca, "client_ca", what);
}

static gnutls_datum_t datum_of(const struct text *text)
{
	return (gnutls_datum_t){ (unsigned char *)text_string(text),
		                 (unsigned int)text->length };
}

static int load_key(const struct making *making, const struct text *pem,
                    gnutls_x509_privkey_t *ret_key)
{
	const gnutls_datum_t bytes = datum_of(pem);
	int r = gnutls_x509_privkey_init(ret_key);

	if (r < 0) {
		*ret_key = NULL;
		return -ENOMEM;
	}
	r = gnutls_x509_privkey_import2(*ret_key, &bytes, GNUTLS_X509_FMT_PEM, NULL,
	                                GNUTLS_PKCS_PLAIN);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	if (r == GNUTLS_E_DECRYPTION_FAILED)
		return complain_of_key(making, "is encrypted, expected a plain private "
		                               "key");
	if (r < 0)
		return complain_of_key(making, "no private key, expected one in PEM");
	return 0;
}

/* 0 or -EBADMSG, also for keys that Go does not serve. */
static int find_key_type(gnutls_x509_privkey_t key, enum tls_key *ret_type)
{
	switch (gnutls_x509_privkey_get_pk_algorithm(key)) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		*ret_type = TLS_KEY_RSA;
		return 0;
	case GNUTLS_PK_ECDSA:
	case GNUTLS_PK_EDDSA_ED25519:
		*ret_type = TLS_KEY_ECDSA;
		return 0;
	default:
		return -EBADMSG;
	}
}

/* A certificate that expired is served: clients know best whether they mind. */
static int load_certificate(const struct making *making,
                            const struct tls_material *material,
                            gnutls_certificate_credentials_t credentials,
                            enum tls_key *ret_type)
{
	const gnutls_datum_t pem = datum_of(material->cert);
	_cleanup_(clear_chain) struct chain chain = { 0 };
	_cleanup_(free_key) gnutls_x509_privkey_t key = NULL;
	int r = gnutls_x509_crt_list_import2(&chain.certificates, &chain.count, &pem,
	                                     GNUTLS_X509_FMT_PEM, 0);

	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	if (r < 0)
		return complain_of_cert(making, "no certificate, expected one or more in "
		                                "PEM");
	r = load_key(making, material->key, &key);
	if (r < 0)
		return r;
	if (find_key_type(key, ret_type) < 0)
		return complain_of_key(making, "unknown kind of key, expected RSA, ECDSA "
		                               "or Ed25519");
	r = gnutls_certificate_set_x509_key(credentials, chain.certificates,
	                                    (int)chain.count, key);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	if (r == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return complain_of_key(making, "does not match the certificate, expected "
		                               "its private key");
	if (r < 0)
		return complain_of_cert(making, "cannot be served, expected a chain that "
		                                "begins with the server's certificate");
	return 0;
}

static int load_client_ca(const struct making *making, const struct text *client_ca,
                          gnutls_certificate_credentials_t credentials)
{
	const gnutls_datum_t pem = datum_of(client_ca);
	int r = gnutls_certificate_set_x509_trust_mem(credentials, &pem,
	                                              GNUTLS_X509_FMT_PEM);

	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	if (r <= 0)
		return complain_of_ca(making, "no certificate, expected one or more in "
		                              "PEM");
	return 0;
}

static void free_credentials(gnutls_certificate_credentials_t const *credentials)
{
	if (*credentials)
		gnutls_certificate_free_credentials(*credentials);
}

int tls_material_load(const char *name, const struct webconfig_tls *config,
                      const struct tls_material *material, void **ret_credentials,
                      enum tls_key *ret_key, struct text *complaint)
{
	const struct making making = { name, config, complaint };
	_cleanup_(free_credentials) gnutls_certificate_credentials_t credentials = NULL;
	enum tls_key key = TLS_KEY_ANY;
	int r;

	if (gnutls_certificate_allocate_credentials(&credentials) < 0) {
		credentials = NULL;
		return -ENOMEM;
	}
	r = load_certificate(&making, material, credentials, &key);
	if (r == 0 && material->client_ca)
		r = load_client_ca(&making, material->client_ca, credentials);
	if (r < 0)
		return r;
	*ret_credentials = credentials;
	*ret_key = key;
	credentials = NULL;
	return 0;
}
