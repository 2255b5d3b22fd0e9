/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS. The only file of this floor that knows GnuTLS; must not know HTTP.
 *
 * A priority string of GnuTLS permits every combination of what it names. So each suite
 * that is configured gets a priority of its own, and the client's first message decides
 * which one its session has: none but a configured suite can come out. It also lets us
 * say why there is none, which GnuTLS and libmicrohttpd leave out.
 */
#include "web/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "web/tls_hello.h"
#include "web/tls_names.h"
#include "web/webconfig.h"

/* No handshake message may be larger, in bytes: Go's maxHandshake. */
#define MESSAGE_MAX 65536

/* A suite of TLS 1.2 and below that the server's key can serve. */
struct choice {
	const struct tls_suite_row *row;
	gnutls_priority_t priority;
};

struct tls {
	size_t holders;
	gnutls_certificate_credentials_t credentials;
	enum webconfig_tls_version min_version, max_version;
	bool prefers_own;        /* order, not the client's */
	gnutls_priority_t tls13; /* NULL: not served */
	struct choice *choices;  /* the most wanted first */
	size_t choices_count;
	enum webconfig_client_auth client_auth;
	struct text allowed_sans; /* each with its NUL; empty: any */
};

static const struct version_row {
	uint16_t number;
	const char *word;
} versions[] = {
	[WEBCONFIG_TLS10] = { 0x0301, "+VERS-TLS1.0" },
	[WEBCONFIG_TLS11] = { 0x0302, "+VERS-TLS1.1" },
	[WEBCONFIG_TLS12] = { 0x0303, "+VERS-TLS1.2" },
	[WEBCONFIG_TLS13] = { 0x0304, "+VERS-TLS1.3" },
};

/*
 * What every priority has. The signatures are Go's, crypto/tls defaults.go; SHA-1 only
 * signs handshakes there and here, never certificates. The profile is the least strict
 * one of GnuTLS that wants RSA keys of 1024 bits, as Go does.
 */
static const char base_priority[] =
	"NONE:+COMP-NULL:+CTYPE-X509:+SIGN-RSA-PSS-SHA256:+SIGN-RSA-PSS-RSAE-SHA256:"
	"+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-EDDSA-ED25519:"
	"+SIGN-RSA-PSS-SHA384:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-SHA512:"
	"+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:"
	"+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA512:"
	"+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1:"
	"%PROFILE_LOW:%NO_TICKETS:%SERVER_PRECEDENCE";

/* ---- making ---- */

struct tls *tls_hold(struct tls *tls)
{
	if (tls)
		tls->holders++;
	return tls;
}

struct tls *tls_free(struct tls *tls)
{
	if (!tls || --tls->holders)
		return NULL;
	if (tls->credentials)
		gnutls_certificate_free_credentials(tls->credentials);
	if (tls->tls13)
		gnutls_priority_deinit(tls->tls13);
	for (size_t i = 0; i < tls->choices_count; i++)
		gnutls_priority_deinit(tls->choices[i].priority);
	free(tls->choices);
	text_clear(&tls->allowed_sans);
	free(tls);
	return NULL;
}

static void free_tls(struct tls *const *tls)
{
	tls_free(*tls);
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

/* What tls_new() works on. */
struct making {
	const char *name;
	const struct webconfig_tls *config;
	struct text *complaint;
};

/* About the key NAME of the configuration, which stands at VALUE, or in its section. */
static int complain(const struct making *making, const struct webconfig_value *value,
                    const char *key, const char *what)
{
	struct text *complaint = making->complaint;

	text_add_string(complaint, making->name);
	text_add_char(complaint, ':');
	text_add_number(complaint, value ? value->line : making->config->line);
	text_add_string(complaint, ": ");
	text_add_string(complaint, key);
	text_add_string(complaint, ": ");
	text_add_string(complaint, what);
	return complaint->error ? -ENOMEM : -EBADMSG;
}

/* The file wins, where both are given. */
static int complain_of(const struct making *making, const struct webconfig_value *file,
                       const char *file_key, const struct webconfig_value *text,
                       const char *text_key, const char *what)
{
	return file->string ? complain(making, file, file_key, what)
	                    : complain(making, text, text_key, what);
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
                            const struct tls_material *material, struct tls *tls,
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
	r = gnutls_certificate_set_x509_key(tls->credentials, chain.certificates,
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

static bool is_verified(enum webconfig_client_auth auth)
{
	return auth >= CLIENT_AUTH_VERIFY_IF_GIVEN;
}

static int load_client_rules(const struct making *making, const struct text *client_ca,
                             struct tls *tls)
{
	const struct webconfig_tls *config = making->config;
	const struct webconfig_list *sans = &config->client_allowed_sans;

	tls->client_auth = config->client_auth;
	if (client_ca) {
		const gnutls_datum_t pem = datum_of(client_ca);
		int r = gnutls_certificate_set_x509_trust_mem(tls->credentials, &pem,
		                                              GNUTLS_X509_FMT_PEM);

		if (r == GNUTLS_E_MEMORY_ERROR)
			return -ENOMEM;
		if (r <= 0)
			return complain_of_ca(making, "no certificate, expected one or "
			                              "more in PEM");
	} else if (is_verified(config->client_auth)) {
		/* Go would trust whom the host trusts: everybody with a web site. */
		return complain(making, NULL, "client_auth_type",
		                "nobody to trust, expected client_ca or client_ca_file");
	}
	if (sans->count && config->client_auth == CLIENT_AUTH_NONE)
		return complain(
			making, &sans->values[0], "client_allowed_sans",
			"no certificate is asked for, expected a client_auth_type "
			"that requires one");
	for (size_t i = 0; i < sans->count; i++)
		text_add(&tls->allowed_sans, sans->values[i].string,
		         strlen(sans->values[i].string) + 1);
	return tls->allowed_sans.error;
}

/* Go's defaults, less what Go keeps for clients of TLS 1.2 without AES-GCM. */
static bool is_default(const struct webconfig_tls *config,
                       const struct tls_suite_row *row)
{
	return row->is_ephemeral &&
	       (row->is_aead || config->min_version < WEBCONFIG_TLS12);
}

static int make_priority(const struct webconfig_tls *config, const char *algorithms,
                         gnutls_priority_t *ret_priority)
{
	static const char *const usual_groups[] = { "X25519", "CurveP256", "CurveP384",
		                                    "CurveP521" };
	const struct webconfig_list *groups = &config->curves;
	size_t count = groups->count ? groups->count : ARRAY_SIZE(usual_groups);
	_cleanup_(text_clear) struct text string = TEXT_INIT;

	text_add_string(&string, base_priority);
	for (size_t version = config->max_version + 1; version-- > config->min_version;) {
		text_add_char(&string, ':');
		text_add_string(&string, versions[version].word);
	}
	for (size_t i = 0; i < count; i++) {
		text_add_char(&string, ':');
		text_add_string(&string,
		                tls_curve_find(groups->count ? groups->values[i].string
		                                             : usual_groups[i])
		                        ->group);
	}
	text_add_char(&string, ':');
	text_add_string(&string, algorithms);
	if (string.error)
		return string.error;
	return gnutls_priority_init(ret_priority, text_string(&string), NULL) < 0
	               ? -ENOMEM
	               : 0;
}

static int add_choice(const struct webconfig_tls *config, const struct tls_suite_row *row,
                      struct tls *tls)
{
	struct choice *grown =
		reallocarray(tls->choices, tls->choices_count + 1, sizeof(*tls->choices));
	int r;

	if (!grown)
		return -ENOMEM;
	tls->choices = grown;
	grown[tls->choices_count].row = row;
	r = make_priority(config, row->algorithms, &grown[tls->choices_count].priority);
	if (r == 0)
		tls->choices_count++;
	return r;
}

/* Those of TLS 1.2 and below. Go lets nobody choose among those of TLS 1.3. */
static int add_choices(const struct webconfig_tls *config, enum tls_key key,
                       struct tls *tls)
{
	const struct webconfig_list *listed = &config->cipher_suites;
	const struct tls_suite_row *row;
	int r = 0;

	for (size_t i = 0; r == 0; i++) {
		if (listed->count)
			row = i < listed->count ? tls_suite_find(listed->values[i].string)
			                        : NULL;
		else
			row = tls_suite_at(i);
		if (!row)
			break;
		if (row->key == key && (listed->count || is_default(config, row)) &&
		    (!row->is_aead || config->max_version >= WEBCONFIG_TLS12))
			r = add_choice(config, row, tls);
	}
	return r;
}

static int load_suites(const struct making *making, enum tls_key key, struct tls *tls)
{
	const struct webconfig_tls *config = making->config;
	const struct webconfig_list *listed = &config->cipher_suites;
	int r = 0;

	tls->min_version = config->min_version;
	tls->max_version = config->max_version;
	tls->prefers_own = config->prefers_server_cipher_suites;
	if (config->max_version >= WEBCONFIG_TLS13)
		r = make_priority(config,
		                  "+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD",
		                  &tls->tls13);
	if (r == 0 && config->min_version < WEBCONFIG_TLS13)
		r = add_choices(config, key, tls);
	if (r == 0 && !tls->tls13 && !tls->choices_count)
		return complain(making, listed->count ? &listed->values[0] : NULL,
		                "cipher_suites",
		                "none serves this key and these versions, expected one "
		                "that does");
	return r;
}

int tls_new(const char *name, const struct webconfig_tls *config,
            const struct tls_material *material, struct tls **ret_tls,
            struct text *complaint)
{
	const struct making making = { name, config, complaint };
	_cleanup_(free_tls) struct tls *tls = calloc(1, sizeof(*tls));
	enum tls_key key = TLS_KEY_ANY;
	int r;

	if (!tls)
		return -ENOMEM;
	tls->holders = 1;
	if (gnutls_certificate_allocate_credentials(&tls->credentials) < 0) {
		tls->credentials = NULL;
		return -ENOMEM;
	}
	r = load_certificate(&making, material, tls, &key);
	if (r == 0)
		r = load_client_rules(&making, material->client_ca, tls);
	if (r == 0)
		r = load_suites(&making, key, tls);
	if (r < 0)
		return r;
	*ret_tls = tls;
	tls = NULL;
	return 0;
}

/* ---- sessions ---- */

static const struct tls *tls_of(gnutls_session_t session)
{
	return gnutls_db_get_ptr(session);
}

/* Neither GnuTLS nor libmicrohttpd tells the client why. Without room it is not told. */
static int refuse(gnutls_session_t session, gnutls_alert_description_t alert, int error)
{
	gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
	return error;
}

/* The best one of both sides; -1: none. */
static int find_version(const struct tls *tls, const struct tls_hello *hello)
{
	for (int version = (int)tls->max_version; version >= (int)tls->min_version;
	     version--)
		if (tls_hello_has_version(hello, versions[version].number))
			return version;
	return -1;
}

static gnutls_priority_t find_tls13(const struct tls *tls, const struct tls_hello *hello)
{
	const struct tls_suite_row *row;

	for (size_t i = 0; (row = tls_suite_at(i)); i++)
		if (row->is_tls13 && tls_hello_suite_rank(hello, row->id) != SIZE_MAX)
			return tls->tls13;
	return NULL;
}

static gnutls_priority_t find_choice(const struct tls *tls, const struct tls_hello *hello,
                                     int version)
{
	gnutls_priority_t found = NULL;
	size_t found_rank = SIZE_MAX;

	for (size_t i = 0; i < tls->choices_count; i++) {
		const struct choice *choice = &tls->choices[i];
		size_t rank = tls_hello_suite_rank(hello, choice->row->id);

		if (rank >= found_rank ||
		    (choice->row->is_aead && version < (int)WEBCONFIG_TLS12))
			continue;
		found = choice->priority;
		found_rank = rank;
		if (tls->prefers_own)
			break;
	}
	return found;
}

static int choose_suite(gnutls_session_t session, unsigned int type, unsigned int when,
                        unsigned int is_incoming, const gnutls_datum_t *message)
{
	const struct tls *tls = tls_of(session);
	gnutls_priority_t priority;
	struct tls_hello hello;
	int version;

	(void)type;
	(void)when;
	(void)is_incoming;
	if (tls_hello_parse(message->data, message->size, &hello) < 0)
		return refuse(session, GNUTLS_A_DECODE_ERROR,
		              GNUTLS_E_UNEXPECTED_PACKET_LENGTH);
	version = find_version(tls, &hello);
	if (version < 0)
		return refuse(session, GNUTLS_A_PROTOCOL_VERSION,
		              GNUTLS_E_UNSUPPORTED_VERSION_PACKET);
	priority = version == (int)WEBCONFIG_TLS13 ? find_tls13(tls, &hello)
	                                           : find_choice(tls, &hello, version);
	if (!priority)
		return refuse(session, GNUTLS_A_HANDSHAKE_FAILURE,
		              GNUTLS_E_NO_CIPHER_SUITES);
	return gnutls_priority_set(session, priority);
}

static bool is_allowed(const struct tls *tls, const char *name, size_t length)
{
	const char *end = tls->allowed_sans.data + tls->allowed_sans.length;

	for (const char *allowed = tls->allowed_sans.data; allowed < end;
	     allowed += strlen(allowed) + 1)
		if (strlen(allowed) == length && memcmp(allowed, name, length) == 0)
			return true;
	return false;
}

/* As Go writes addresses: an IPv4 address is one in whichever form it came. */
static bool is_allowed_address(const struct tls *tls, const gnutls_datum_t *address)
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
	return is_allowed(tls, string, strlen(string));
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
static bool has_allowed_name(const struct tls *tls, const gnutls_datum_t *der)
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
		            ? is_allowed_address(tls, &name)
		            : (type == GNUTLS_SAN_DNSNAME ||
		               type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI) &&
		                      is_allowed(tls, (const char *)name.data, name.size))
			return true;
	return false;
}

/* The chain that the client sent; 0: it leads to one of client_ca, for clients, today. */
static gnutls_alert_description_t verify_chain(gnutls_session_t session)
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

/* As crypto/tls does it, handshake_server.go, processCertsFromClient(). */
static int judge_client(gnutls_session_t session)
{
	const struct tls *tls = tls_of(session);
	unsigned int count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_alert_description_t alert = 0;

	if (!chain || !count) {
		if (tls->client_auth != CLIENT_AUTH_REQUIRE_ANY &&
		    tls->client_auth != CLIENT_AUTH_REQUIRE_AND_VERIFY &&
		    !tls->allowed_sans.length)
			return 0;
		return refuse(session,
		              gnutls_protocol_get_version(session) == GNUTLS_TLS1_3
		                      ? GNUTLS_A_CERTIFICATE_REQUIRED
		                      : GNUTLS_A_HANDSHAKE_FAILURE,
		              GNUTLS_E_CERTIFICATE_ERROR);
	}
	if (is_verified(tls->client_auth))
		alert = verify_chain(session);
	if (!alert && tls->allowed_sans.length && !has_allowed_name(tls, &chain[0]))
		alert = GNUTLS_A_BAD_CERTIFICATE;
	return alert ? refuse(session, alert, GNUTLS_E_CERTIFICATE_ERROR) : 0;
}

int tls_session_init(struct tls *tls, void *session)
{
	static const gnutls_datum_t protocols[] = { { (unsigned char *)"http/1.1", 8 } };
	gnutls_session_t gnutls = session;

	if (gnutls_credentials_set(gnutls, GNUTLS_CRD_CERTIFICATE, tls->credentials) <
	            0 ||
	    gnutls_priority_set(gnutls,
	                        tls->tls13 ? tls->tls13 : tls->choices[0].priority) < 0 ||
	    gnutls_alpn_set_protocols(gnutls, protocols, ARRAY_SIZE(protocols), 0) < 0)
		return -ENOMEM;
	/* Sessions are not resumed, so this pointer is free; the other is the owner's. */
	gnutls_db_set_ptr(gnutls, tls);
	gnutls_handshake_set_max_packet_length(gnutls, MESSAGE_MAX);
	gnutls_handshake_set_hook_function(gnutls, GNUTLS_HANDSHAKE_CLIENT_HELLO,
	                                   GNUTLS_HOOK_PRE, choose_suite);
	/* Only asked for: judge_client() requires it, and says so to the client. */
	gnutls_certificate_server_set_request(gnutls, tls->client_auth == CLIENT_AUTH_NONE
	                                                      ? GNUTLS_CERT_IGNORE
	                                                      : GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(gnutls, judge_client);
	return 0;
}
