/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement on a client's certificate. All of it is the client's word until it is
 * verified, and with some rules it never is.
 */
#include "web/tls_client.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"

static bool is_allowed(const struct tls_client_rules *rules, const char *name,
                       size_t length)
{
	const char *end = rules->allowed_sans.data + rules->allowed_sans.length;

	for (const char *allowed = rules->allowed_sans.data; allowed < end;
	     allowed += strlen(allowed) + 1)
		if (strlen(allowed) == length && memcmp(allowed, name, length) == 0)
			return true;
	return false;
}

/* As Go writes addresses: an IPv4 address is one in whichever form it came. */
static bool is_allowed_address(const struct tls_client_rules *rules,
                               const gnutls_datum_t *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char string[INET6_ADDRSTRLEN];
	const unsigned char *bytes = address->data;

	if (address->size == 16 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
		bytes += sizeof(mapped);
	else if (address->size != 4 && address->size != 16)
		return false;
	if (!inet_ntop(bytes == address->data && address->size == 16 ? AF_INET6 : AF_INET,
	               bytes, string, sizeof(string)))
		return false;
	return is_allowed(rules, string, strlen(string));
}

static void free_names(gnutls_subject_alt_names_t const *names)
{
	if (*names)
		gnutls_subject_alt_names_deinit(*names);
}

static void free_datum(const gnutls_datum_t *datum)
{
	gnutls_free(datum->data);
}

static void free_certificate(gnutls_x509_crt_t const *certificate)
{
	if (*certificate)
		gnutls_x509_crt_deinit(*certificate);
}

/* Whether one name of the certificate, DER, is allowed: any DNS, e-mail, IP or URI. */
static bool has_allowed_name(const struct tls_client_rules *rules,
                             const gnutls_datum_t *der)
{
	_cleanup_(free_certificate) gnutls_x509_crt_t certificate = NULL;
	_cleanup_(free_names) gnutls_subject_alt_names_t names = NULL;
	_cleanup_(free_datum) gnutls_datum_t extension = { NULL, 0 };
	gnutls_datum_t name;
	unsigned int type;

	if (gnutls_x509_crt_init(&certificate) < 0 ||
	    gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) < 0 ||
	    gnutls_x509_crt_get_extension_by_oid2(certificate, GNUTLS_X509EXT_OID_SAN, 0,
	                                          &extension, NULL) < 0 ||
	    gnutls_subject_alt_names_init(&names) < 0 ||
	    gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) < 0)
		return false;
	for (unsigned int i = 0;
	     gnutls_subject_alt_names_get(names, i, &type, &name, NULL) == 0; i++)
		if (type == GNUTLS_SAN_IPADDRESS
		            ? is_allowed_address(rules, &name)
		            : (type == GNUTLS_SAN_DNSNAME ||
		               type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI) &&
		                      is_allowed(rules, (const char *)name.data,
		                                 name.size))
			return true;
	return false;
}

/* The chain that the client sent; 0: it leads to one of client_ca, for clients, today. */
static int verify_chain(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned int status = 0;

	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0)
		return GNUTLS_A_BAD_CERTIFICATE;
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return GNUTLS_A_UNKNOWN_CA;
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return GNUTLS_A_CERTIFICATE_EXPIRED;
	return status ? GNUTLS_A_BAD_CERTIFICATE : 0;
}

static int judge_absence(const struct tls_client_rules *rules, gnutls_session_t session)
{
	if (rules->auth != CLIENT_AUTH_REQUIRE_ANY &&
	    rules->auth != CLIENT_AUTH_REQUIRE_AND_VERIFY && !rules->allowed_sans.length)
		return 0;
	return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3
	               ? GNUTLS_A_CERTIFICATE_REQUIRED
	               : GNUTLS_A_HANDSHAKE_FAILURE;
}

/* As crypto/tls does it, handshake_server.go, processCertsFromClient(). */
int tls_client_judge(const struct tls_client_rules *rules, void *session)
{
	unsigned int count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	int alert = 0;

	if (!chain || !count)
		return judge_absence(rules, session);
	if (rules->auth >= CLIENT_AUTH_VERIFY_IF_GIVEN)
		alert = verify_chain(session);
	if (!alert && rules->allowed_sans.length && !has_allowed_name(rules, &chain[0]))
		alert = GNUTLS_A_BAD_CERTIFICATE;
	return alert;
}
