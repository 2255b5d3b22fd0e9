/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS. Must not know HTTP, nor why a client is refused.
 *
 * A priority string of GnuTLS permits every combination of what it names. So each suite
 * that is configured gets a priority of its own, and the client's first message decides
 * which one its session has: none but a configured suite can come out. It also lets us
 * say why there is none, which GnuTLS and libmicrohttpd leave out.
 */
#include "web/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "web/tls_client.h"
#include "web/tls_hello.h"
#include "web/tls_material.h"
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
	struct tls_client_rules client;
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
	text_clear(&tls->client.allowed_sans);
	free(tls);
	return NULL;
}

static void free_tls(struct tls *const *tls)
{
	tls_free(*tls);
}

static int load_client_rules(const char *name, const struct webconfig_tls *config,
                             const struct tls_material *material,
                             struct tls_client_rules *rules, struct text *complaint)
{
	const struct webconfig_list *sans = &config->client_allowed_sans;

	rules->auth = config->client_auth;
	/* Go would trust whom the host trusts: everybody with a web site. */
	if (rules->auth >= CLIENT_AUTH_VERIFY_IF_GIVEN && !material->client_ca)
		return tls_material_complain(name, config->line, "client_auth_type",
		                             "nobody to trust, expected client_ca or "
		                             "client_ca_file",
		                             complaint);
	if (rules->auth == CLIENT_AUTH_NONE && sans->count)
		return tls_material_complain(name, sans->values[0].line,
		                             "client_allowed_sans",
		                             "no certificate is asked for, expected a "
		                             "client_auth_type that requires one",
		                             complaint);
	for (size_t i = 0; i < sans->count; i++)
		text_add(&rules->allowed_sans, sans->values[i].string,
		         strlen(sans->values[i].string) + 1);
	return rules->allowed_sans.error;
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

static int load_suites(const char *name, const struct webconfig_tls *config,
                       enum tls_key key, struct tls *tls, struct text *complaint)
{
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
		return tls_material_complain(
			name, listed->count ? listed->values[0].line : config->line,
			"cipher_suites",
			"none serves this key and these versions, expected one that does",
			complaint);
	return r;
}

int tls_new(const char *name, const struct webconfig_tls *config,
            const struct tls_material *material, struct tls **ret_tls,
            struct text *complaint)
{
	_cleanup_(free_tls) struct tls *tls = calloc(1, sizeof(*tls));
	void *credentials = NULL;
	enum tls_key key = TLS_KEY_ANY;
	int r;

	if (!tls)
		return -ENOMEM;
	tls->holders = 1;
	r = tls_material_load(name, config, material, &credentials, &key, complaint);
	tls->credentials = credentials;
	if (r == 0)
		r = load_client_rules(name, config, material, &tls->client, complaint);
	if (r == 0)
		r = load_suites(name, config, key, tls, complaint);
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

static int judge_client(gnutls_session_t session)
{
	int alert = tls_client_judge(&tls_of(session)->client, session);

	return alert ? refuse(session, (gnutls_alert_description_t)alert,
	                      GNUTLS_E_CERTIFICATE_ERROR)
	             : 0;
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
	gnutls_certificate_server_set_request(gnutls, tls->client.auth == CLIENT_AUTH_NONE
	                                                      ? GNUTLS_CERT_IGNORE
	                                                      : GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(gnutls, judge_client);
	return 0;
}
