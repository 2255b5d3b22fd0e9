/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/webcheck: what users, hashes and headers have to look like.
 */
#include "web/webcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

#define TAIL "5CzqVOg/oCXpcGCi5bl4d.CfMtao4adQLMNZ0mw739RaA92oGNksa"
#define HASH "$2b$04$" TAIL

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

static void users_have_a_name_and_a_hash_of_bcrypt(void **state)
{
	static const struct {
		const char *name, *hash;
		bool is_good;
	} rows[] = {
		/* clang-format off */
		{ "alice", HASH, true }, { " ", HASH, true }, { "\xc3\xbc", HASH, true },
		{ "", HASH, false }, { ":", HASH, false }, { "alice:", HASH, false },
		{ "a", "$2y$31$" TAIL, true }, { "a", "$2b$10$" TAIL, true },
		{ "a", "$2b$32$" TAIL, false }, { "a", "$2b$03$" TAIL, false },
		{ "a", "$2b$99$" TAIL, false }, { "a", "", false }, { "a", "$2b$04$", false },
		{ "a", HASH "a", false }, { "a", HASH "\n", false }, { "a", "$2b$4$a" TAIL, false }
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((user_problem(rows[i].name, rows[i].hash) == NULL) != rows[i].is_good)
			fail_msg("'%s', %s", rows[i].name, rows[i].hash);
}

/* Every character at every place. */
static void a_character_in_the_wrong_place_is_no_hash(void **state)
{
	/* Of 64: "$2", one of a, b and y, "$", 04 to 09, 14 or 24, "$", the last
	 * characters of the salt and of the hash, of which only some bits count. */
	static const unsigned int fewer[sizeof(HASH)] = { 1, 1, 3,        1,        3,
		                                          6, 1, [28] = 4, [59] = 16 };
	char hash[] = HASH;

	(void)state;
	for (size_t i = 0; i < sizeof(HASH) - 1; i++) {
		unsigned int taken = 0;

		for (int c = 1; c < 256; c++) {
			hash[i] = (char)c;
			taken += !user_problem("alice", hash);
		}
		hash[i] = HASH[i];
		if (taken != (fewer[i] ? fewer[i] : 64))
			fail_msg("at %zu %u are taken", i, taken);
	}
}

static void headers_are_those_of_the_toolkit(void **state)
{
	static const struct {
		const char *name, *value;
		const char *sent; /* NULL: refused */
	} headers[] = {
		/* clang-format off */
		{ "Strict-Transport-Security", "max-age=1", "max-age=1" },
		{ "X-Content-Type-Options", "nosniff", "nosniff" },
		{ "X-Content-Type-Options", "", NULL },
		{ "X-Content-Type-Options", "nosniff ", NULL },
		{ "X-Content-Type-Options", "deny", NULL },
		{ "X-Frame-Options", "deny", "deny" },
		{ "X-Frame-Options", "sameorigin", "sameorigin" },
		{ "X-Frame-Options", "SAMEORIGIN", NULL },
		{ "X-Frame-Options", "deny\n", NULL }, { "X-XSS-Protection", "0", "0" },
		{ "X-XSS-Protection", "", "" }, { "X-XSS-Protection", " \t\r\n ", "" },
		{ "Content-Security-Policy", "\n a\r\nb\t\xc3\xbc \n", "a  b\t\xc3\xbc" },
		{ "Content-Security-Policy", "a\x01", NULL },
		{ "Content-Security-Policy", "\x1b[2J", NULL },
		{ "Content-Security-Policy", "a\x7f", NULL },
		{ "Content-Security-Policy", "a\v", NULL },
		{ "content-security-policy", "a", NULL },
		{ "Content-Security-Policy ", "a", NULL }, { "Server", "a", NULL },
		{ "Set-Cookie", "a", NULL }, { "", "a", NULL }
		/* clang-format on */
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
		cmocka_unit_test(users_have_a_name_and_a_hash_of_bcrypt),
		cmocka_unit_test(a_character_in_the_wrong_place_is_no_hash),
		cmocka_unit_test(headers_are_those_of_the_toolkit),
	};

	return cmocka_run_group_tests_name("webcheck", tests, NULL, NULL);
}
