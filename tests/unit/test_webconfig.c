/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web configuration as a whole: the files below tests/webconfig are taken or
 * complained of as they say themselves, every key reaches its place, and no secret leaves
 * it. Runs in the folder of the sources.
 */
#include "web/webconfig.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "failing.h"
#include "web/yaml_tree.h"

#define FILES "tests/webconfig/"
#define HASH  "$2b$04$5CzqVOg/oCXpcGCi5bl4d.CfMtao4adQLMNZ0mw739RaA92oGNksa"
#define PEM   "  cert_file: c.pem\n  key_file: k.pem\n"

static struct webconfig config;
static struct text complaint;

static int parse(const char *yaml)
{
	text_clear(&complaint);
	return webconfig_parse("web.yml", yaml, strlen(yaml), &config, &complaint);
}

/* For cmocka. */
static int teardown(void **state)
{
	(void)state;
	failing = false;
	webconfig_clear(&config);
	text_clear(&complaint);
	return 0;
}

static void assert_good(const char *yaml)
{
	if (parse(yaml) != 0)
		fail_msg("%s", text_string(&complaint));
	assert_int_equal(complaint.length, 0);
}

static void assert_bad(const char *yaml, const char *expected)
{
	struct webconfig before;

	memset(&config, 0x55, sizeof(config));
	before = config;
	assert_int_equal(parse(yaml), -EBADMSG);
	assert_memory_equal(&config, &before, sizeof(config));
	memset(&config, 0, sizeof(config));
	assert_string_equal(text_string(&complaint), expected);
}

/* ---- files ---- */

/* The bytes in memory that ends where they end, for free(). */
static char *read_file(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "rb");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0);
	rewind(file);
	bytes = malloc((size_t)size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	fclose(file);
	*ret_length = (size_t)size;
	return bytes;
}

/* Shows TRY each file of FOLDER; how many there are. */
static unsigned int each_file(const char *folder,
                              void (*try)(const char *path, const char *yaml,
                                          size_t length))
{
	DIR *entries = opendir(folder);
	const struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries))) {
		_cleanup_(free_pointer) char *yaml = NULL;
		char path[512];
		size_t length;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
		yaml = read_file(path, &length);
		try(path, yaml, length);
		text_clear(&complaint);
		count++;
	}
	closedir(entries);
	return count;
}

static void try_good(const char *path, const char *yaml, size_t length)
{
	if (webconfig_parse(path, yaml, length, &config, &complaint) != 0)
		fail_msg("%s", text_string(&complaint));
	webconfig_clear(&config);
}

/* The first line of a bad file is "# expects: " and how the complaint goes on. */
static void try_bad(const char *path, const char *yaml, size_t length)
{
	static const char mark[] = "# expects: ";
	_cleanup_(text_clear) struct text expected = TEXT_INIT;
	const char *end = memchr(yaml, '\n', length);

	assert_non_null(end);
	assert_memory_equal(yaml, mark, strlen(mark));
	text_add_string(&expected, path);
	text_add_char(&expected, ':');
	text_add(&expected, yaml + strlen(mark), (size_t)(end - yaml) - strlen(mark));
	if (webconfig_parse(path, yaml, length, &config, &complaint) != -EBADMSG)
		fail_msg("%s is taken", path);
	if (strncmp(text_string(&complaint), text_string(&expected), expected.length) !=
	    0)
		fail_msg("%s\ndoes not start with\n%s", text_string(&complaint),
		         text_string(&expected));
	assert_null(strchr(text_string(&complaint), '\n'));
	assert_non_null(strstr(text_string(&complaint), ", expected "));
}

static void good_files_are_taken(void **state)
{
	(void)state;
	assert_in_range(each_file(FILES "good/", try_good), 60, 1000);
}

static void bad_files_are_complained_of_as_they_say(void **state)
{
	(void)state;
	assert_in_range(each_file(FILES "bad/", try_bad), 100, 1000);
}

/* ---- keys ---- */

static void what_is_not_given_has_its_default(void **state)
{
	static const char *const empty[] = {
		"", "{}", "~", "tls_server_config:\nhttp_server_config:\nrate_limit:\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		assert_good(empty[i]);
		assert_false(config.tls.is_given);
		assert_null(config.tls.cert.string);
		assert_null(config.tls.key_file.string);
		assert_int_equal(config.tls.client_auth, CLIENT_AUTH_NONE);
		assert_int_equal(config.tls.min_version, WEBCONFIG_TLS12);
		assert_int_equal(config.tls.max_version, WEBCONFIG_TLS13);
		assert_true(config.tls.prefers_server_cipher_suites);
		assert_int_equal(config.tls.cipher_suites.count, 0);
		assert_int_equal(config.tls.curves.count, 0);
		assert_true(config.wants_http2);
		assert_int_equal(config.http2_line, 0);
		assert_int_equal(config.headers.count, 0);
		assert_int_equal(config.users.count, 0);
		assert_int_equal(config.rate_interval, 0);
		assert_int_equal(config.rate_burst, 0);
		webconfig_clear(&config);
	}
}

static void nothing_at_all_is_an_empty_file(void **state)
{
	(void)state;
	assert_int_equal(webconfig_parse("web.yml", NULL, 0, &config, &complaint), 0);
	assert_false(config.tls.is_given);
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
	assert_good("tls_server_config:\n"
	            "  cert: a\n"
	            "  key: b\n"
	            "  client_ca: c\n"
	            "  cert_file: d\n"
	            "  key_file: e\n"
	            "  client_ca_file: f\n"
	            "  client_auth_type: RequireAndVerifyClientCert\n"
	            "  client_allowed_sans: [g, h]\n"
	            "  min_version: TLS10\n"
	            "  max_version: TLS11\n"
	            "  cipher_suites:\n"
	            "  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n"
	            "  prefer_server_cipher_suites: false\n"
	            "  curve_preferences:\n"
	            "  - X25519\n"
	            "  - CurveP256\n"
	            "http_server_config:\n"
	            "  http2: false\n"
	            "  headers:\n"
	            "    X-Frame-Options: deny\n"
	            "    X-XSS-Protection: ''\n"
	            "    Content-Security-Policy: i\n"
	            "basic_auth_users:\n"
	            "  j: " HASH "\n"
	            "rate_limit:\n"
	            "  interval: 2s\n"
	            "  burst: 3\n");
	assert_true(config.tls.is_given);
	assert_int_equal(config.tls.line, 1);
	assert_value(&config.tls.cert, "a", 2);
	assert_value(&config.tls.key, "b", 3);
	assert_value(&config.tls.client_ca, "c", 4);
	assert_value(&config.tls.cert_file, "d", 5);
	assert_value(&config.tls.key_file, "e", 6);
	assert_value(&config.tls.client_ca_file, "f", 7);
	assert_int_equal(config.tls.client_auth, CLIENT_AUTH_REQUIRE_AND_VERIFY);
	assert_int_equal(config.tls.client_allowed_sans.count, 2);
	assert_value(&config.tls.client_allowed_sans.values[1], "h", 9);
	assert_int_equal(config.tls.min_version, WEBCONFIG_TLS10);
	assert_int_equal(config.tls.max_version, WEBCONFIG_TLS11);
	assert_int_equal(config.tls.cipher_suites.count, 1);
	assert_value(&config.tls.cipher_suites.values[0],
	             "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 13);
	assert_false(config.tls.prefers_server_cipher_suites);
	assert_int_equal(config.tls.curves.count, 2);
	assert_value(&config.tls.curves.values[0], "X25519", 16);
	assert_false(config.wants_http2);
	assert_int_equal(config.http2_line, 19);
	assert_int_equal(config.headers.count, 2);
	assert_value(&config.headers.pairs[0].name, "X-Frame-Options", 21);
	assert_value(&config.headers.pairs[0].value, "deny", 21);
	assert_value(&config.headers.pairs[1].name, "Content-Security-Policy", 23);
	assert_value(&config.headers.pairs[1].value, "i", 23);
	assert_int_equal(config.users.count, 1);
	assert_value(&config.users.pairs[0].name, "j", 25);
	assert_value(&config.users.pairs[0].value, HASH, 25);
	assert_int_equal(config.rate_interval, UINT64_C(2000000000));
	assert_int_equal(config.rate_burst, 3);
	webconfig_clear(&config);
	assert_null(config.tls.key.string);
	assert_null(config.tls.curves.values);
	assert_null(config.users.pairs);
	assert_int_equal(config.users.count, 0);
	assert_false(config.tls.is_given);
}

static void each_client_auth_type_has_its_meaning(void **state)
{
	static const struct {
		const char *yaml;
		enum webconfig_client_auth auth;
	} types[] = {
		{ "", CLIENT_AUTH_NONE },
		{ "  client_auth_type: ''\n", CLIENT_AUTH_NONE },
		{ "  client_auth_type: ~\n", CLIENT_AUTH_NONE },
		{ "  client_auth_type: NoClientCert\n", CLIENT_AUTH_NONE },
		{ "  client_auth_type: RequestClientCert\n", CLIENT_AUTH_REQUEST },
		{ "  client_auth_type: RequireClientCert\n", CLIENT_AUTH_REQUIRE_ANY },
		{ "  client_auth_type: RequireAnyClientCert\n", CLIENT_AUTH_REQUIRE_ANY },
		{ "  client_auth_type: VerifyClientCertIfGiven\n",
		  CLIENT_AUTH_VERIFY_IF_GIVEN },
		{ "  client_auth_type: RequireAndVerifyClientCert\n",
		  CLIENT_AUTH_REQUIRE_AND_VERIFY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char yaml[256];

		snprintf(yaml, sizeof(yaml), "tls_server_config:\n" PEM "%s%s",
		         types[i].yaml,
		         types[i].auth == CLIENT_AUTH_NONE ? "" : "  client_ca: a\n");
		assert_good(yaml);
		assert_int_equal(config.tls.client_auth, types[i].auth);
		webconfig_clear(&config);
	}
}

static void each_version_has_its_meaning(void **state)
{
	static const char *const versions[] = { "TLS10", "TLS11", "TLS12", "TLS13" };

	(void)state;
	for (size_t low = 0; low < ARRAY_SIZE(versions); low++)
		for (size_t high = 0; high < ARRAY_SIZE(versions); high++) {
			char yaml[256];

			snprintf(yaml, sizeof(yaml),
			         "tls_server_config:\n" PEM
			         "  max_version: %s\n  min_version: %s\n",
			         versions[high], versions[low]);
			if (low > high) {
				assert_bad(yaml,
				           "web.yml:5: tls_server_config.min_version: "
				           "is above max_version, expected it at most "
				           "max_version");
				continue;
			}
			assert_good(yaml);
			assert_int_equal(config.tls.min_version, low);
			assert_int_equal(config.tls.max_version, high);
			webconfig_clear(&config);
		}
}

static void what_is_merged_is_taken_in_its_order(void **state)
{
	(void)state;
	assert_good("tls_server_config:\n"
	            "  <<: &a {cert_file: a, key_file: a, min_version: TLS13}\n"
	            "  key_file: b\n"
	            "  min_version: TLS11\n"
	            "  <<: [{cert_file: c}, {cert_file: d}]\n");
	assert_value(&config.tls.cert_file, "c", 5);
	assert_value(&config.tls.key_file, "b", 3);
	assert_int_equal(config.tls.min_version, WEBCONFIG_TLS11);
}

static void tls_is_what_exporter_toolkit_takes_for_it(void **state)
{
	static const char *const plain[] = {
		"min_version: TLS13",       "max_version: TLS10",
		"cipher_suites: []",        "curve_preferences: [X25519]",
		"client_allowed_sans: [a]", "prefer_server_cipher_suites: no",
		"client_auth_type: ''",     "cert_file: ''",
		"client_allowed_sans: []",  "{}",
	};
	static const char *const tls[] = { "cert: a",
		                           "cert_file: a",
		                           "client_ca: a",
		                           "client_ca_file: a",
		                           "key: a",
		                           "key_file: a",
		                           "client_auth_type: NoClientCert" };
	char yaml[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		snprintf(yaml, sizeof(yaml), "tls_server_config:\n  %s\n", plain[i]);
		assert_good(yaml);
		assert_false(config.tls.is_given);
		webconfig_clear(&config);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tls); i++) {
		snprintf(yaml, sizeof(yaml), "\ntls_server_config:\n  %s\n", tls[i]);
		assert_bad(yaml, strncmp(tls[i], "cert", 4) == 0
		                         ? "web.yml:2: tls_server_config.key_file: is "
		                           "missing, expected key_file or key"
		                         : "web.yml:2: tls_server_config.cert_file: is "
		                           "missing, expected cert_file or cert");
	}
}

/* ---- what is hostile ---- */

static void no_complaint_shows_a_secret(void **state)
{
	static const char *const secrets[] = {
		"tls_server_config:\n  key: [SECRET]\n",
		"tls_server_config:\n  key: {SECRET: SECRET}\n",
		"tls_server_config:\n  key: \"SECRET\\0\"\n",
		"tls_server_config:\n  key: SECRET\n",
		"tls_server_config:\n  key: !!int SECRET\n",
		"tls_server_config: SECRET\n",
		"basic_auth_users:\n  alice: SECRET\n",
		"basic_auth_users:\n  alice: [SECRET]\n",
		"basic_auth_users: SECRET\n",
		"basic_auth_users:\n  alice: \"SECRET\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		assert_int_equal(parse(secrets[i]), -EBADMSG);
		assert_null(strstr(text_string(&complaint), "SECRET"));
	}
}

static void a_file_with_an_odd_name_is_complained_of_in_one_line(void **state)
{
	(void)state;
	assert_int_equal(webconfig_parse("a\nlevel=info", "x", 1, &config, &complaint),
	                 -EBADMSG);
	assert_string_equal(text_string(&complaint),
	                    "\"a\\nlevel=info\":1: YAML: is no mapping, expected keys "
	                    "and values");
}

static void many_users_are_taken(void **state)
{
	_cleanup_(text_clear) struct text yaml = TEXT_INIT;

	(void)state;
	text_add_string(&yaml, "basic_auth_users:\n");
	for (unsigned int i = 0; i < 4000; i++) {
		text_add_string(&yaml, "  user");
		text_add_number(&yaml, i);
		text_add_string(&yaml, ": " HASH "\n");
	}
	assert_good(text_string(&yaml));
	assert_int_equal(config.users.count, 4000);
	assert_value(&config.users.pairs[3999].name, "user3999", 4001);
}

static void a_large_value_is_not_repeated_without_end(void **state)
{
	_cleanup_(text_clear) struct text yaml = TEXT_INIT;

	(void)state;
	text_add_string(&yaml, "tls_server_config:\n  <<: [&a {cert: '");
	for (size_t i = 0; i < YAML_TREE_BYTES_MAX / 2; i++)
		text_add_char(&yaml, 'a');
	text_add_string(&yaml, "'}");
	for (size_t i = 0; i < 1000; i++)
		text_add_string(&yaml, ", *a");
	text_add_string(&yaml, "]\n");
	assert_bad(text_string(&yaml), "web.yml:2: tls_server_config.cert: repeats too "
	                               "much by its aliases, expected fewer of them");
}

static void a_configuration_cut_short_anywhere_does_no_harm(void **state)
{
	size_t length;
	_cleanup_(free_pointer) char *yaml =
		read_file(FILES "good/merge-list.yml", &length);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char *copy = malloc(i ? i : 1);

		assert_non_null(copy);
		memcpy(copy, yaml, i);
		if (webconfig_parse("web.yml", copy, i, &config, &complaint) == 0)
			webconfig_clear(&config);
		text_clear(&complaint);
		free(copy);
	}
}

static void no_memory_is_said_wherever_it_is_missing(void **state)
{
	static const struct {
		const char *yaml;
		int r;
	} files[] = {
		{ "tls_server_config:\n" PEM "  client_auth_type: RequireAnyClientCert\n"
		  "  client_allowed_sans: [a, b]\n"
		  "  curve_preferences: [X25519]\n"
		  "http_server_config: {headers: {X-Frame-Options: deny}}\n"
		  "basic_auth_users: {a: " HASH "}\n"
		  "rate_limit: {interval: 1s, burst: 5}\n",
		  0 },
		{ "unknown: 1", -EBADMSG },
		{ "tls_server_config: {min_version: x}", -EBADMSG },
		{ "[", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		for (size_t at = 0;; at++) {
			int r;

			failing = true;
			failing_at = at;
			r = parse(files[i].yaml);
			assert_int_equal(r, failing ? files[i].r : -ENOMEM);
			if (r == 0)
				webconfig_clear(&config);
			if (failing)
				break;
			assert_in_range(at, 0, 500);
		}
	failing = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(good_files_are_taken, teardown),
		cmocka_unit_test_teardown(bad_files_are_complained_of_as_they_say,
		                          teardown),
		cmocka_unit_test_teardown(what_is_not_given_has_its_default, teardown),
		cmocka_unit_test_teardown(nothing_at_all_is_an_empty_file, teardown),
		cmocka_unit_test_teardown(every_key_reaches_its_place, teardown),
		cmocka_unit_test_teardown(each_client_auth_type_has_its_meaning,
		                          teardown),
		cmocka_unit_test_teardown(each_version_has_its_meaning, teardown),
		cmocka_unit_test_teardown(what_is_merged_is_taken_in_its_order, teardown),
		cmocka_unit_test_teardown(tls_is_what_exporter_toolkit_takes_for_it,
		                          teardown),
		cmocka_unit_test_teardown(no_complaint_shows_a_secret, teardown),
		cmocka_unit_test_teardown(
			a_file_with_an_odd_name_is_complained_of_in_one_line, teardown),
		cmocka_unit_test_teardown(many_users_are_taken, teardown),
		cmocka_unit_test_teardown(a_large_value_is_not_repeated_without_end,
		                          teardown),
		cmocka_unit_test_teardown(a_configuration_cut_short_anywhere_does_no_harm,
		                          teardown),
		cmocka_unit_test_teardown(no_memory_is_said_wherever_it_is_missing,
		                          teardown),
	};

	return cmocka_run_group_tests_name("webconfig", tests, NULL, NULL);
}
