/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web configuration: which keys there are, what each takes, and which of them go
 * together, as exporter-toolkit has it (web/tls_config.go, web/handler.go) on top of
 * yaml.v2's UnmarshalStrict(). Knows YAML as a tree only; opens nothing.
 */
#include "web/webconfig.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "web/tls_names.h"
#include "web/webcheck.h"
#include "web/yaml_reader.h"
#include "web/yaml_tree.h"

/* client_auth_type before it is known whether there is one. */
#define CLIENT_AUTH_NOT_GIVEN UINT_MAX

/* What is read so far; lines are 0 where nothing is given. */
struct draft {
	struct webconfig config;
	unsigned int client_auth; /* enum webconfig_client_auth */
	unsigned int auth_line, version_line, interval_line;
};

struct key {
	const char *name;
	const struct webconfig_type *type;
	size_t target; /* offset in struct draft */
	size_t line;   /* offset in struct draft, to keep its line at; 0: nowhere */
};

/* A mapping with certain keys; its target is the draft. */
struct section {
	struct webconfig_type type;
	const struct key *keys;
	size_t keys_count;
};

static webconfig_parser parse_section;

static bool is_suite(const char *name)
{
	return tls_suite_find(name);
}

static bool is_curve(const char *name)
{
	return tls_curve_find(name);
}

/* ---- kinds of values ---- */

/* web/tls_config.go, tlsVersions */
static const struct webconfig_word versions[] = {
	{ "TLS10", WEBCONFIG_TLS10 },
	{ "TLS11", WEBCONFIG_TLS11 },
	{ "TLS12", WEBCONFIG_TLS12 },
	{ "TLS13", WEBCONFIG_TLS13 },
};

/* web/tls_config.go, ConfigToTLSConfig(); RequireClientCert is an older name. */
static const struct webconfig_word client_auths[] = {
	{ "", CLIENT_AUTH_NOT_GIVEN },
	{ "NoClientCert", CLIENT_AUTH_NONE },
	{ "RequestClientCert", CLIENT_AUTH_REQUEST },
	{ "RequireClientCert", CLIENT_AUTH_REQUIRE_ANY },
	{ "RequireAnyClientCert", CLIENT_AUTH_REQUIRE_ANY },
	{ "VerifyClientCertIfGiven", CLIENT_AUTH_VERIFY_IF_GIVEN },
	{ "RequireAndVerifyClientCert", CLIENT_AUTH_REQUIRE_AND_VERIFY },
};

static const struct webconfig_type a_string = {
	.parse = webconfig_string_parse,
	.expected = "a string",
};

static const struct webconfig_type a_bool = {
	.parse = webconfig_bool_parse,
	.expected = "true or false",
};

static const struct webconfig_type a_number = {
	.parse = webconfig_number_parse,
	.expected = "a number from 0 to 4294967295",
};

static const struct webconfig_type a_duration = {
	.parse = webconfig_duration_parse,
	.expected = "a duration such as 500ms, 1s or 1m30s, or 0",
};

static const struct webconfig_type a_version = {
	.parse = webconfig_word_parse,
	.expected = "TLS10, TLS11, TLS12 or TLS13",
	.words = versions,
	.words_count = ARRAY_SIZE(versions),
};

static const struct webconfig_type a_client_auth = {
	.parse = webconfig_word_parse,
	.expected = "NoClientCert, RequestClientCert, RequireAnyClientCert, "
		    "VerifyClientCertIfGiven or RequireAndVerifyClientCert",
	.words = client_auths,
	.words_count = ARRAY_SIZE(client_auths),
};

static const struct webconfig_type names = {
	.parse = webconfig_list_parse,
	.expected = "a list of names",
};

static const struct webconfig_type suites = {
	.parse = webconfig_list_parse,
	.expected = "a list of names that Go's tls.CipherSuites() knows, such as "
		    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	.is_known = is_suite,
};

static const struct webconfig_type curves = {
	.parse = webconfig_list_parse,
	.expected = "a list of CurveP256, CurveP384, CurveP521 and X25519",
	.is_known = is_curve,
};

static const struct webconfig_type headers = {
	.parse = webconfig_pairs_parse,
	.expected = "a string",
	.check = webcheck_header,
};

static const struct webconfig_type users = {
	.parse = webconfig_pairs_parse,
	.expected = "a string",
	.check = webcheck_user,
};

/* ---- keys ---- */

/* As docs/web-configuration.md has them, in its order. */
#define AT(member) offsetof(struct draft, member)
#define SECTION(the_keys)                                               \
	{                                                               \
		.type = { .parse = parse_section }, .keys = (the_keys), \
		.keys_count = ARRAY_SIZE(the_keys)                      \
	}

static const struct key tls_keys[] = {
	{ "cert", &a_string, AT(config.tls.cert), 0 },
	{ "key", &a_string, AT(config.tls.key), 0 },
	{ "client_ca", &a_string, AT(config.tls.client_ca), 0 },
	{ "cert_file", &a_string, AT(config.tls.cert_file), 0 },
	{ "key_file", &a_string, AT(config.tls.key_file), 0 },
	{ "client_auth_type", &a_client_auth, AT(client_auth), AT(auth_line) },
	{ "client_ca_file", &a_string, AT(config.tls.client_ca_file), 0 },
	{ "client_allowed_sans", &names, AT(config.tls.client_allowed_sans), 0 },
	{ "min_version", &a_version, AT(config.tls.min_version), AT(version_line) },
	{ "max_version", &a_version, AT(config.tls.max_version), AT(version_line) },
	{ "cipher_suites", &suites, AT(config.tls.cipher_suites), 0 },
	{ "prefer_server_cipher_suites", &a_bool,
	  AT(config.tls.prefers_server_cipher_suites), 0 },
	{ "curve_preferences", &curves, AT(config.tls.curves), 0 },
};
static const struct section tls_section = SECTION(tls_keys);

static const struct key http_keys[] = {
	{ "http2", &a_bool, AT(config.wants_http2), AT(config.http2_line) },
	{ "headers", &headers, AT(config.headers), 0 },
};
static const struct section http_section = SECTION(http_keys);

static const struct key rate_keys[] = {
	{ "interval", &a_duration, AT(config.rate_interval), AT(interval_line) },
	{ "burst", &a_number, AT(config.rate_burst), 0 },
};
static const struct section rate_section = SECTION(rate_keys);

static const struct key document_keys[] = {
	{ "tls_server_config", &tls_section.type, 0, AT(config.tls.line) },
	{ "http_server_config", &http_section.type, 0, 0 },
	{ "basic_auth_users", &users, AT(config.users), 0 },
	{ "rate_limit", &rate_section.type, 0, 0 },
};
static const struct section document_section = SECTION(document_keys);

/* An enumeration is parsed as the number that it is. */
_Static_assert(sizeof(enum webconfig_tls_version) == sizeof(unsigned int), "plain enum");

/* ---- mappings ---- */

struct section_context {
	const struct section *section;
	struct draft *draft;
};

static int complain_key(const struct yaml_reader *reader, const struct yaml_place *place,
                        const struct section *section)
{
	_cleanup_(text_clear) struct text expected = TEXT_INIT;

	text_add_string(&expected, "one of ");
	for (size_t i = 0; i < section->keys_count; i++) {
		text_add_string(&expected, i ? ", " : "");
		text_add_string(&expected, section->keys[i].name);
	}
	if (expected.error)
		return expected.error;
	return yaml_reader_complain(reader, place, place->line, "is no key that there is",
	                            NULL, text_string(&expected));
}

static int parse_key(struct yaml_reader *reader, const struct yaml_place *place,
                     const struct yaml_tree_node *node, void *context)
{
	const struct section_context *c = context;
	char *draft = (char *)c->draft;

	for (size_t i = 0; i < c->section->keys_count; i++) {
		const struct key *key = &c->section->keys[i];

		if (strcmp(key->name, place->name) != 0)
			continue;
		if (reader->seen & UINT32_C(1) << i)
			return yaml_reader_complain_twice(reader, place);
		reader->seen |= UINT32_C(1) << i;
		if (key->line)
			*(unsigned int *)(void *)(draft + key->line) = place->line;
		return key->type->parse(reader, place, node, key->type,
		                        draft + key->target);
	}
	return complain_key(reader, place, c->section);
}

static int parse_section(struct yaml_reader *reader, const struct yaml_place *place,
                         const struct yaml_tree_node *node,
                         const struct webconfig_type *type, void *target)
{
	struct section_context context = { (const struct section *)type, target };

	return yaml_reader_mapping(reader, place, node, parse_key, &context);
}

/* ---- what goes together ---- */

/* The line of whatever is given of two; 0: neither is. */
static unsigned int line_of(const struct webconfig_value *a,
                            const struct webconfig_value *b)
{
	return a->string ? a->line : b->line;
}

static int complain(const struct yaml_reader *reader, const char *section,
                    const char *key, unsigned int line, const char *problem,
                    const char *expected)
{
	const struct yaml_place document = { 0 };
	const struct yaml_place parent = { &document, section, line };
	const struct yaml_place place = { &parent, key, line };

	return yaml_reader_complain(reader, &place, line, problem, NULL, expected);
}

/* The combinations that web/tls_config.go, ConfigToTLSConfig(), refuses, and two more. */
static int check_clients(const struct yaml_reader *reader,
                         const struct webconfig_tls *tls, unsigned int auth_line)
{
	static const char section[] = "tls_server_config";
	static const char expected[] = "client_auth_type: RequireAndVerifyClientCert";
	const struct webconfig_list *sans = &tls->client_allowed_sans;
	bool has_sans = sans->values;
	unsigned int sans_line = sans->count ? sans->values[0].line : tls->line;
	unsigned int ca_line = line_of(&tls->client_ca_file, &tls->client_ca);

	if (ca_line && tls->client_auth == CLIENT_AUTH_NONE)
		return complain(reader, section,
		                tls->client_ca_file.string ? "client_ca_file"
		                                           : "client_ca",
		                ca_line, "is given, but no client is asked for anything",
		                expected);
	if (has_sans && tls->client_auth != CLIENT_AUTH_REQUIRE_ANY &&
	    tls->client_auth != CLIENT_AUTH_REQUIRE_AND_VERIFY)
		return complain(reader, section, "client_allowed_sans", sans_line,
		                "is given, but clients need no certificate", expected);
	/* Go would let in whoever has a certificate of any authority of the system. */
	if (!ca_line && (tls->client_auth == CLIENT_AUTH_VERIFY_IF_GIVEN ||
	                 tls->client_auth == CLIENT_AUTH_REQUIRE_AND_VERIFY))
		return complain(reader, section, "client_auth_type", auth_line,
		                "has nobody to trust", "client_ca_file or client_ca");
	/* Go would refuse every client. */
	if (has_sans && !sans->count)
		return complain(reader, section, "client_allowed_sans", sans_line,
		                "is empty", "at least one name");
	return 0;
}

/* Keys that web/tls_config.go, IsEnabled(), does not ask for leave it plain HTTP. */
static int check_tls(const struct yaml_reader *reader, struct draft *draft)
{
	static const char section[] = "tls_server_config";
	struct webconfig_tls *tls = &draft->config.tls;
	unsigned int cert_line = line_of(&tls->cert_file, &tls->cert);
	unsigned int key_line = line_of(&tls->key_file, &tls->key);
	bool is_auth_given = draft->client_auth != CLIENT_AUTH_NOT_GIVEN;

	if (is_auth_given)
		tls->client_auth = (enum webconfig_client_auth)draft->client_auth;
	tls->is_given = cert_line || key_line || is_auth_given ||
	                line_of(&tls->client_ca_file, &tls->client_ca);
	if (!tls->is_given)
		return 0;
	if (!cert_line)
		return complain(reader, section, "cert_file", tls->line, "is missing",
		                "cert_file or cert");
	if (!key_line)
		return complain(reader, section, "key_file", tls->line, "is missing",
		                "key_file or key");
	if (tls->min_version > tls->max_version)
		return complain(reader, section, "min_version", draft->version_line,
		                "is above max_version", "it at most max_version");
	return check_clients(reader, tls, draft->auth_line);
}

/* A bucket that holds nothing lets nobody in. */
static int check_rate(const struct yaml_reader *reader, const struct draft *draft)
{
	if (!draft->config.rate_interval || draft->config.rate_burst)
		return 0;
	return complain(reader, "rate_limit", "burst", draft->interval_line,
	                "would refuse every request",
	                "1 or more where there is an interval");
}

/* docs/web-configuration.md: "Unset if blank." */
static void drop_blank(struct webconfig_pairs *pairs)
{
	size_t kept = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		if (*pairs->pairs[i].value.string) {
			pairs->pairs[kept++] = pairs->pairs[i];
			continue;
		}
		webconfig_value_clear(&pairs->pairs[i].name);
		webconfig_value_clear(&pairs->pairs[i].value);
	}
	pairs->count = kept;
}

void webconfig_clear(struct webconfig *config)
{
	webconfig_value_clear(&config->tls.cert);
	webconfig_value_clear(&config->tls.key);
	webconfig_value_clear(&config->tls.client_ca);
	webconfig_value_clear(&config->tls.cert_file);
	webconfig_value_clear(&config->tls.key_file);
	webconfig_value_clear(&config->tls.client_ca_file);
	webconfig_list_clear(&config->tls.client_allowed_sans);
	webconfig_list_clear(&config->tls.cipher_suites);
	webconfig_list_clear(&config->tls.curves);
	webconfig_pairs_clear(&config->headers);
	webconfig_pairs_clear(&config->users);
	*config = (struct webconfig){ 0 };
}

static void draft_clear(struct draft *draft)
{
	webconfig_clear(&draft->config);
}

int webconfig_parse(const char *name, const char *yaml, size_t length,
                    struct webconfig *ret_config, struct text *complaint)
{
	_cleanup_(yaml_tree_clear) struct yaml_tree tree = { 0 };
	_cleanup_(draft_clear) struct draft draft = {
		.config = { .tls = { .min_version = WEBCONFIG_TLS12,
		                     .max_version = WEBCONFIG_TLS13,
		                     .prefers_server_cipher_suites = true },
		            .wants_http2 = true },
		.client_auth = CLIENT_AUTH_NOT_GIVEN,
	};
	struct yaml_reader reader = { name, complaint, YAML_READER_MAX, 0, 0 };
	const struct yaml_place document = { NULL, "YAML", 1 };
	struct yaml_tree_problem problem = { 0 };
	int r = yaml_tree_parse(yaml, length, &tree, &problem);

	if (r == -EBADMSG)
		return yaml_reader_complain(&reader, &document, problem.line,
		                            problem.words, NULL, "a YAML document");
	if (r == 0 && tree.root)
		r = parse_section(&reader, &document, tree.root, &document_section.type,
		                  &draft);
	if (r == 0)
		r = check_tls(&reader, &draft);
	if (r == 0)
		r = check_rate(&reader, &draft);
	if (r < 0)
		return r;
	drop_blank(&draft.config.headers);
	*ret_config = draft.config;
	draft.config = (struct webconfig){ 0 };
	return 0;
}
