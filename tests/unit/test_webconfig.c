/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/webconfig: what each key takes and where it goes, what is complained of in
 * which words, and that no secret leaves it. tests/e2e/test_webconfig.py shows whole
 * files to promtool as well.
 */
#include "web/webconfig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define HASH  "$2b$04$5CzqVOg/oCXpcGCi5bl4d.CfMtao4adQLMNZ0mw739RaA92oGNksa"
#define TLS   "tls_server_config:\n  cert_file: c.pem\n  key_file: k.pem\n"
#define RATE  "rate_limit:\n  burst: 1\n  interval: "
#define SANS  "  client_allowed_sans: "
#define CA    "  client_ca: a\n"
#define AUTH  "  client_auth_type: "
#define BURST "rate_limit: {burst: "
#define HTTP2 "http_server_config: {http2: "

#define AT_BURST   "1: rate_limit.burst: is "
#define AT_RATE    "3: rate_limit.interval: is "
#define AT_HTTP2   "1: http_server_config.http2: "
#define AT_VERSION "4: tls_server_config.min_version: "
#define AT_SANS    "tls_server_config.client_allowed_sans: "
#define NO_CERT    "1: tls_server_config.cert_file: is missing, expected cert_file or cert"
#define NO_KEY     "1: tls_server_config.key_file: is missing, expected key_file or key"

static struct webconfig config;
static struct text complaint;

static int parse(const char *yaml)
{
	webconfig_clear(&config);
	text_clear(&complaint);
	return webconfig_parse("web.yml", yaml, strlen(yaml), &config, &complaint);
}

static void assert_good(const char *yaml)
{
	if (parse(yaml) != 0)
		fail_msg("%s", text_string(&complaint));
	assert_int_equal(complaint.length, 0);
}

static int teardown(void **state)
{
	(void)state;
	webconfig_clear(&config);
	text_clear(&complaint);
	return 0;
}

/* ---- what is taken ---- */

static void what_is_not_given_has_its_default(void **state)
{
	static const char *const empty[] = {
		"", "{}", "~", "tls_server_config:\nhttp_server_config:\nrate_limit:\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		assert_good(empty[i]);
		assert_false(config.tls.is_given);
		assert_int_equal(config.tls.client_auth, CLIENT_AUTH_NONE);
		assert_int_equal(config.tls.min_version, WEBCONFIG_TLS12);
		assert_int_equal(config.tls.max_version, WEBCONFIG_TLS13);
		assert_true(config.tls.prefers_server_cipher_suites);
		assert_true(config.wants_http2);
		assert_int_equal(config.rate_interval, 0);
	}
	assert_int_equal(webconfig_parse("web.yml", NULL, 0, &config, &complaint), 0);
}

static void assert_value(const struct webconfig_value *value, const char *string,
                         unsigned int line)
{
	assert_string_equal(value->string, string);
	assert_int_equal(value->line, line);
}

static void every_key_reaches_its_place(void **state)
{
	(void)state;
	/* clang-format off */
	assert_good("tls_server_config:\n"
	            "  cert: a\n  key: b\n  client_ca: c\n"
	            "  cert_file: d\n  key_file: e\n  client_ca_file: f\n"
	            "  client_auth_type: RequireAndVerifyClientCert\n"
	            "  client_allowed_sans: [g, ~, 5]\n"
	            "  min_version: TLS10\n  max_version: TLS11\n"
	            "  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n"
	            "  prefer_server_cipher_suites: false\n"
	            "  curve_preferences:\n  - X25519\n  - CurveP256\n"
	            "http_server_config:\n  http2: false\n  headers:\n"
	            "    X-Frame-Options: deny\n    X-XSS-Protection: ''\n"
	            "    Content-Security-Policy:\n      i\n"
	            "basic_auth_users:\n  j: " HASH "\n"
	            "rate_limit:\n  interval: 2s\n  burst: 3\n");
	/* clang-format on */
	assert_true(config.tls.is_given);
	assert_int_equal(config.tls.line, 1);
	assert_value(&config.tls.cert, "a", 2);
	assert_value(&config.tls.key, "b", 3);
	assert_value(&config.tls.client_ca, "c", 4);
	assert_value(&config.tls.cert_file, "d", 5);
	assert_value(&config.tls.key_file, "e", 6);
	assert_value(&config.tls.client_ca_file, "f", 7);
	assert_int_equal(config.tls.client_auth, CLIENT_AUTH_REQUIRE_AND_VERIFY);
	assert_int_equal(config.tls.client_allowed_sans.count, 3);
	assert_value(&config.tls.client_allowed_sans.values[1], "", 9);
	assert_value(&config.tls.client_allowed_sans.values[2], "5", 9);
	assert_int_equal(config.tls.min_version, WEBCONFIG_TLS10);
	assert_int_equal(config.tls.max_version, WEBCONFIG_TLS11);
	assert_value(&config.tls.cipher_suites.values[0],
	             "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 13);
	assert_false(config.tls.prefers_server_cipher_suites);
	assert_value(&config.tls.curves.values[0], "X25519", 16);
	assert_false(config.wants_http2);
	assert_int_equal(config.http2_line, 19);
	assert_int_equal(config.headers.count, 2);
	assert_value(&config.headers.pairs[0].name, "X-Frame-Options", 21);
	assert_value(&config.headers.pairs[0].value, "deny", 21);
	assert_value(&config.headers.pairs[1].name, "Content-Security-Policy", 23);
	assert_value(&config.headers.pairs[1].value, "i", 24);
	assert_int_equal(config.users.count, 1);
	assert_value(&config.users.pairs[0].name, "j", 26);
	assert_value(&config.users.pairs[0].value, HASH, 26);
	assert_int_equal(config.rate_interval, UINT64_C(2000000000));
	assert_int_equal(config.rate_burst, 3);
}

/* What a number is meant to be, of those that configurations are made of. */
static void each_spelling_has_its_meaning(void **state)
{
	const unsigned int *auth = (const unsigned int *)&config.tls.client_auth;
	const unsigned int *min = (const unsigned int *)&config.tls.min_version;
	const unsigned int *max = (const unsigned int *)&config.tls.max_version;
	const uint64_t *interval = &config.rate_interval;
	const bool *is_tls = &config.tls.is_given;
	const struct {
		const char *yaml;
		const void *number;
		uint64_t expected;
	} rows[] = {
		{ TLS AUTH "''", auth, CLIENT_AUTH_NONE },
		{ TLS AUTH "~", auth, CLIENT_AUTH_NONE },
		{ TLS AUTH "NoClientCert", auth, CLIENT_AUTH_NONE },
		{ TLS AUTH "RequestClientCert", auth, CLIENT_AUTH_REQUEST },
		{ TLS AUTH "RequireClientCert", auth, CLIENT_AUTH_REQUIRE_ANY },
		{ TLS SANS "[a]\n" AUTH "RequireAnyClientCert", auth,
		  CLIENT_AUTH_REQUIRE_ANY },
		{ TLS CA AUTH "VerifyClientCertIfGiven", auth,
		  CLIENT_AUTH_VERIFY_IF_GIVEN },
		{ TLS "  min_version: ~", min, WEBCONFIG_TLS12 },
		{ TLS "  min_version: TLS13", min, WEBCONFIG_TLS13 },
		{ TLS "  max_version: TLS12", max, WEBCONFIG_TLS12 },
		{ BURST "4294967295}", &config.rate_burst, 4294967295 },
		{ BURST "-0.9}", &config.rate_burst, 0 },
		{ BURST "1, <<: {burst: ~}}", &config.rate_burst, 0 },
		{ RATE "1m", interval, UINT64_C(60000000000) },
		{ RATE "'2s'", interval, UINT64_C(2000000000) },
		{ RATE "9223372036854775806", interval, INT64_MAX - 1 },
		{ RATE "-0s", interval, 0 },
		{ RATE "~", interval, 0 },
		/* Whether it is TLS: as web/tls_config.go, IsEnabled(), asks. */
		{ TLS, is_tls, 1 },
		{ "tls_server_config: {min_version: TLS13}", is_tls, 0 },
		{ "tls_server_config: {max_version: TLS10}", is_tls, 0 },
		{ "tls_server_config: {client_allowed_sans: [a]}", is_tls, 0 },
		{ "tls_server_config: {client_auth_type: '', cert_file: ''}", is_tls, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t number;

		assert_good(rows[i].yaml);
		number = *(const unsigned int *)rows[i].number;
		if (rows[i].number == interval)
			number = *interval;
		if (rows[i].number == is_tls)
			number = *is_tls;
		if (number != rows[i].expected)
			fail_msg("%s is %llu", rows[i].yaml, (unsigned long long)number);
	}
}

/* What is merged comes first, and a later one replaces or unsets it. */
static void a_later_value_replaces_an_earlier_one(void **state)
{
	(void)state;
	assert_good(
		"tls_server_config:\n"
		"  <<: {cert_file: a, key_file: a, cert: a, client_allowed_sans: [x]}\n"
		"  key_file: b\n"
		"  cert: ''\n"
		"  client_allowed_sans: ~\n"
		"  <<: [{cert_file: c}, {cert_file: d}]\n");
	assert_value(&config.tls.cert_file, "c", 6);
	assert_value(&config.tls.key_file, "b", 3);
	assert_null(config.tls.cert.string);
	assert_null(config.tls.client_allowed_sans.values);
}

/* ---- what is not ---- */

/* Rows have how a complaint goes on behind the name of the file. */
static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *yaml, *complaint;
	} rows[] = {
		{ "x", "1: YAML: is no mapping, expected keys and values" },
		{ "a: [",
		  "2: YAML: did not find expected node content, expected a YAML" },
		{ "rate_limit:\n  bursts: 1",
		  "2: rate_limit.bursts: is no key that there "
		  "is, expected one of interval, burst" },
		{ "rate_limit:\n  \"a\\nb\": 1",
		  "2: rate_limit.\"a\\nb\": is no key that" },
		{ "rate_limit: {burst: 1,\n  burst: 1}",
		  "2: rate_limit.burst: is given twice, expected it once" },
		{ "rate_limit: {interval: 1s}",
		  "1: rate_limit.burst: would refuse every" },
		{ BURST "-1}",
		  AT_BURST "\"-1\", expected a number from 0 to 4294967295" },
		{ BURST "4294967296}", AT_BURST "\"4294967296\"" },
		{ BURST "1e300}", AT_BURST "\"1e300\"" },
		{ BURST "'5'}", AT_BURST "\"5\"" },
		{ BURST "true}", AT_BURST "\"true\"" },
		{ BURST "1s}", AT_BURST "\"1s\"" },
		{ BURST "!!int \"5\\0\"}",
		  "1: rate_limit.burst: has a tag that does not" },
		{ RATE "-1s", AT_RATE "\"-1s\", expected a duration such as 500ms" },
		{ RATE "'5'", AT_RATE "\"5\"" },
		{ RATE "9223372036854775807", AT_RATE "\"9223372036854775807\"" },
		{ RATE "\"1s\\0\"", AT_RATE "\"1s\"" },
		{ HTTP2 "1}", AT_HTTP2 "is \"1\", expected true or false" },
		{ HTTP2 "'no'}", AT_HTTP2 "is \"no\", expected" },
		{ HTTP2 "{}}", AT_HTTP2 "is a mapping, expected" },
		{ "http_server_config:\n  headers:\n    X-Frame-Options: x",
		  "3: http_server_config.headers.X-Frame-Options: has a wrong value, "
		  "expected deny or sameorigin" },
		{ "basic_auth_users: {a: " HASH ",\n  a: " HASH "}",
		  "2: basic_auth_users.a: is given twice, expected it once" },
		{ "basic_auth_users: {a: []}",
		  "1: basic_auth_users.a: is a list, expected a string" },
		{ "basic_auth_users: []",
		  "1: basic_auth_users: is no mapping, expected" },
		{ TLS "  min_version: tls12",
		  AT_VERSION "is \"tls12\", expected TLS10, TLS11" },
		{ TLS "  min_version: TLS123", AT_VERSION "is \"TLS123\"" },
		{ TLS "  min_version: \"TLS12\\0\"", AT_VERSION "is \"TLS12\"" },
		{ TLS "  max_version: TLS11", AT_VERSION "is above max_version" },
		{ TLS "  curve_preferences:\n  - X25519\n  - P1",
		  "6: tls_server_config.curve_preferences: has \"P1\", expected a list" },
		{ TLS SANS "a", "4: " AT_SANS "is no list, expected a list of names" },
		{ TLS SANS "[[]]", "4: " AT_SANS "is a list, expected a list of names" },
		{ TLS SANS "[a]", "4: " AT_SANS "is given, but clients need no" },
		{ TLS SANS "[]\n  client_auth_type: RequireClientCert",
		  "1: " AT_SANS "is empty, expected at least one name" },
		{ TLS "  client_ca: a",
		  "4: tls_server_config.client_ca: is given, but no" },
		{ TLS "  client_auth_type: VerifyClientCertIfGiven",
		  "4: tls_server_config.client_auth_type: has nobody to trust, "
		  "expected" },
		{ "tls_server_config: {cert: a}", NO_KEY },
		{ "tls_server_config: {key: a}", NO_CERT },
		{ "tls_server_config: {client_ca_file: a}", NO_CERT },
		{ "tls_server_config: {client_auth_type: NoClientCert}", NO_CERT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *found;

		if (parse(rows[i].yaml) != -EBADMSG)
			fail_msg("taken: %s", rows[i].yaml);
		found = text_string(&complaint);
		assert_memory_equal(found, "web.yml:", strlen("web.yml:"));
		if (strncmp(found + strlen("web.yml:"), rows[i].complaint,
		            strlen(rows[i].complaint)) != 0)
			fail_msg("%s: %s", rows[i].yaml, found);
		assert_non_null(strstr(found, ", expected "));
	}
}

static void no_complaint_shows_a_secret(void **state)
{
	static const char *const secrets[] = {
		/* clang-format off */
		"tls_server_config:\n  key: [SECRET]\n",
		"tls_server_config:\n  key: {SECRET: SECRET}\n",
		"tls_server_config:\n  key: \"SECRET\\0\"\n",
		"tls_server_config:\n  key: SECRET\n",
		"tls_server_config:\n  key: !!int SECRET\n",
		"tls_server_config: SECRET\n", "basic_auth_users:\n  alice: SECRET\n",
		"basic_auth_users:\n  alice: [SECRET]\n", "basic_auth_users: SECRET\n",
		"basic_auth_users:\n  alice: \"SECRET\n"
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		assert_int_equal(parse(secrets[i]), -EBADMSG);
		assert_null(strstr(text_string(&complaint), "SECRET"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(every_key_reaches_its_place),
		cmocka_unit_test(each_spelling_has_its_meaning),
		cmocka_unit_test(a_later_value_replaces_an_earlier_one),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(no_complaint_shows_a_secret),
	};

	return cmocka_run_group_tests_name("webconfig", tests, NULL, teardown);
}
