/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What users, hashes and headers have to look like; that what is taken is one that
 * crypt() would make is asked of crypt() itself.
 */
#include "web/webcheck.h"

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

#define HASH "$2b$04$5CzqVOg/oCXpcGCi5bl4d.CfMtao4adQLMNZ0mw739RaA92oGNksa"

static const char *user_problem(const char *name, const char *hash)
{
	char copy[128];
	struct webcheck check;

	strcpy(copy, hash);
	check = webcheck_user(name, copy);
	assert_string_equal(copy, hash);
	assert_true(!check.problem == !check.expected);
	return check.problem;
}

static void names_that_a_client_can_send_are_taken(void **state)
{
	(void)state;
	assert_null(user_problem("alice", HASH));
	assert_null(user_problem(" ", HASH));
	assert_null(user_problem("\xc3\xbc", HASH));
	assert_non_null(user_problem("", HASH));
	assert_non_null(user_problem(":", HASH));
	assert_non_null(user_problem("alice:", HASH));
}

static void a_hash_of_crypt_is_taken(void **state)
{
	static const char *const kinds[] = { "$2a$", "$2b$", "$2y$" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (int k = 0; k < 20; k++) {
			struct crypt_data data = { 0 };
			char setting[CRYPT_GENSALT_OUTPUT_SIZE];

			assert_non_null(crypt_gensalt_rn(kinds[i], 4, NULL, 0, setting,
			                                 sizeof(setting)));
			assert_null(user_problem("alice", crypt_rn("secret", setting,
			                                           &data, sizeof(data))));
		}
}

/* Every character at every place: taken is only what crypt() could have made. */
static void a_character_in_the_wrong_place_is_no_hash(void **state)
{
	char hash[] = HASH;
	unsigned int taken[sizeof(HASH)] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(HASH) - 1; i++) {
		for (int c = 1; c < 256; c++) {
			hash[i] = (char)c;
			taken[i] += !user_problem("alice", hash);
		}
		hash[i] = HASH[i];
	}
	for (size_t i = 0; i < sizeof(HASH) - 1; i++) {
		unsigned int expected = 64;

		if (i < 2 || i == 3 || i == 6)
			expected = 1;
		else if (i == 2)
			expected = 3; /* a, b, y */
		else if (i == 4)
			expected = 3; /* 04, 14, 24 */
		else if (i == 5)
			expected = 6; /* 04 to 09 */
		else if (i == 28)
			expected = 4; /* two bits of the salt */
		else if (i == 59)
			expected = 16; /* four bits of the hash */
		if (taken[i] != expected)
			fail_msg("at %zu %u are taken, not %u", i, taken[i], expected);
	}
}

static void costs_from_4_to_31_are_taken(void **state)
{
	char hash[] = HASH;

	(void)state;
	for (int cost = 0; cost < 100; cost++) {
		hash[4] = (char)('0' + cost / 10);
		hash[5] = (char)('0' + cost % 10);
		assert_int_equal(!user_problem("alice", hash), cost >= 4 && cost <= 31);
	}
}

static void other_lengths_are_no_hash(void **state)
{
	char hash[sizeof(HASH)];

	(void)state;
	for (size_t length = 0; length < sizeof(HASH) - 1; length++) {
		memcpy(hash, HASH, length);
		hash[length] = '\0';
		assert_non_null(user_problem("alice", hash));
	}
	assert_non_null(user_problem("alice", HASH "a"));
	assert_non_null(user_problem("alice", HASH "\n"));
}

static void headers_are_those_of_the_toolkit(void **state)
{
	static const struct {
		const char *name, *value;
		const char *sent; /* NULL: refused */
	} headers[] = {
		{ "Strict-Transport-Security", "max-age=1", "max-age=1" },
		{ "X-Content-Type-Options", "nosniff", "nosniff" },
		{ "X-Content-Type-Options", "", NULL },
		{ "X-Content-Type-Options", "nosniff ", NULL },
		{ "X-Content-Type-Options", "deny", NULL },
		{ "X-Frame-Options", "deny", "deny" },
		{ "X-Frame-Options", "sameorigin", "sameorigin" },
		{ "X-Frame-Options", "SAMEORIGIN", NULL },
		{ "X-Frame-Options", "deny\n", NULL },
		{ "X-XSS-Protection", "0", "0" },
		{ "X-XSS-Protection", "", "" },
		{ "X-XSS-Protection", " \t\r\n ", "" },
		{ "Content-Security-Policy", "\n a\r\nb\t\xc3\xbc \n", "a  b\t\xc3\xbc" },
		{ "Content-Security-Policy", "a\x01", NULL },
		{ "Content-Security-Policy", "\x1b[2J", NULL },
		{ "Content-Security-Policy", "a\x7f", NULL },
		{ "Content-Security-Policy", "a\v", NULL },
		{ "content-security-policy", "a", NULL },
		{ "Content-Security-Policy ", "a", NULL },
		{ "Server", "a", NULL },
		{ "Set-Cookie", "a", NULL },
		{ "", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		char value[64];
		struct webcheck check;

		strcpy(value, headers[i].value);
		check = webcheck_header(headers[i].name, value);
		assert_true(!check.problem == !check.expected);
		assert_true(!check.problem == !!headers[i].sent);
		if (headers[i].sent)
			assert_string_equal(value, headers[i].sent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_a_client_can_send_are_taken),
		cmocka_unit_test(a_hash_of_crypt_is_taken),
		cmocka_unit_test(a_character_in_the_wrong_place_is_no_hash),
		cmocka_unit_test(costs_from_4_to_31_are_taken),
		cmocka_unit_test(other_lengths_are_no_hash),
		cmocka_unit_test(headers_are_those_of_the_toolkit),
	};

	return cmocka_run_group_tests_name("webcheck", tests, NULL, NULL);
}
