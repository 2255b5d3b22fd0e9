/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/auth: who is let in, that no answer of one is taken for that of another,
 * and that nobody learns from the work whether there is such a user.
 */
#include "web/auth.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/macros.h"
#include "web/webconfig.h"

/* "secret", at two prices, and at a third one a hash that no password has. */
#define TAIL     "abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define SECRET   "$2b$04$" TAIL
#define SECRET_6 "$2b$06$abcdefghijklmnopqrstuuxLa0AkDDSrQ9VwNnETzOsObiucpMYgC"
#define DEAR     "$2b$11$" TAIL
/* 72 times "x" */
#define LONGEST "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"
/* "" */
#define NOTHING "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"

#define X71 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* USERS are name, hash, name, hash, up to a NULL. */
static int try_auth(const char *const *users, struct auth **ret_auth)
{
	struct webconfig_pair pairs[4];
	struct webconfig_pairs list = { pairs, 0 };

	for (; *users; users += 2)
		pairs[list.count++] = (struct webconfig_pair){
			.name = { (char *)users[0], 1 },
			.value = { (char *)users[1], 1 },
		};
	return auth_new(&list, ret_auth);
}

static struct auth *auth_of(const char *const *users)
{
	struct auth *auth;

	assert_int_equal(try_auth(users, &auth), 0);
	return auth;
}

/* The header, in memory that the next call uses again. */
static const char *basic(const char *user, const char *password)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char header[1024];
	unsigned char plain[512] = { 0 };
	int size = snprintf((char *)plain, sizeof(plain), "%s:%s", user, password);
	char *end = stpcpy(header, "Basic ");

	for (int i = 0; i < size; i += 3, end += 4) {
		uint32_t bits = (uint32_t)plain[i] << 16 | (uint32_t)plain[i + 1] << 8 |
		                plain[i + 2];

		for (int k = 0; k < 4; k++)
			end[k] = k > size - i ? '=' : digits[bits >> (18 - 6 * k) & 63];
	}
	*end = '\0';
	return header;
}

/* Until there is an answer; *RET_IS_KNOWN: whether there was one already. */
static enum auth_verdict judge(struct auth *auth, const char *user, const char *password,
                               bool *ret_is_known)
{
	struct auth_question *question = NULL;
	enum auth_verdict verdict = auth_judge(auth, basic(user, password), &question);

	*ret_is_known = verdict != AUTH_UNKNOWN;
	if (*ret_is_known)
		return verdict;
	auth_question_answer(question);
	verdict = auth_remember(auth, question);
	auth_question_free(question);
	return verdict;
}

/* ---- who comes in ---- */

struct visit {
	const char *user, *password;
	enum auth_verdict verdict;
};

/* Vectors of crypt_blowfish 1.3, and what golang.org/x/crypto/bcrypt makes of them: it
 * looks neither at the letter nor at the bits of the salt that bcrypt does not use. */
#define VECTOR  "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
#define SALT    "$05$XXXXXXXXXXXXXXXXXXXXXXAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"
#define HIGH    "$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"
#define IS_HIGH "\xff\xff\xa3"

static const struct group {
	const char *users[9];
	struct visit visits[12];
} groups[] = {
	/* clang-format off */
	{ { "alice", SECRET, "", SECRET_6, "bob", NOTHING },
	  { { "alice", "secret", AUTH_GRANTED }, { "", "secret", AUTH_GRANTED },
	    { "bob", "", AUTH_GRANTED }, { "alice", "secre", AUTH_REFUSED },
	    { "alice", "Secret", AUTH_REFUSED }, { "alice", "", AUTH_REFUSED },
	    { "Alice", "secret", AUTH_REFUSED }, { "alice2", "secret", AUTH_REFUSED },
	    { "bob", "secret", AUTH_REFUSED }, { "alice", SECRET, AUTH_REFUSED },
	    { "carol", "", AUTH_REFUSED } } },
	/* bcrypt sees 72 bytes of a password. */
	{ { "a", LONGEST },
	  { { "a", X71, AUTH_REFUSED },
	    { "a", X71 "x", AUTH_GRANTED },
	    { "a", X71 "xyz" X71, AUTH_GRANTED },
	    { "a", X71 "y", AUTH_REFUSED } } },
	/*
	 * As if what is remembered were the texts, one behind the other: so it was in
	 * CVE-2022-46146. Name, hash and password are the same letters for two of these.
	 */
	{ { "a", SECRET, "a" SECRET, SECRET, "a" TAIL, SECRET, "as", SECRET },
	  { { "a", SECRET "secret", AUTH_REFUSED },
	    { "a" SECRET, "secret", AUTH_GRANTED },
	    { "a", TAIL "secret", AUTH_REFUSED },
	    { "a" TAIL, "secret", AUTH_GRANTED },
	    { "as", "ecret", AUTH_REFUSED },
	    { "a", "secret", AUTH_GRANTED },
	    { "", "asecret", AUTH_REFUSED } } },
	{ { "a", "$2a" VECTOR, "b", "$2x" VECTOR, "c", "$2" VECTOR, "d", "$2y" SALT },
	  { { "a", "U*U", AUTH_GRANTED }, { "b", "U*U", AUTH_GRANTED },
	    { "c", "U*U", AUTH_GRANTED }, { "d", "U*U*U", AUTH_GRANTED },
	    { "d", "U*U", AUTH_REFUSED } } },
	{ { "a", "$2a" HIGH, "b", "$2b" HIGH, "x", "$2x" HIGH },
	  { { "a", IS_HIGH, AUTH_GRANTED }, { "b", IS_HIGH, AUTH_GRANTED },
	    { "x", IS_HIGH, AUTH_GRANTED } } },
	/* One bit of the hash proper, at its front and at its end. */
	{ { "a", "$2b$04$abcdefghijklmnopqrstuu3r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "b",
	    "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIra" },
	  { { "a", "secret", AUTH_REFUSED }, { "b", "secret", AUTH_REFUSED } } },
	/* clang-format on */
};

/* In both directions, and twice: the second time all answers are known. */
static void those_users_with_those_passwords_come_in_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(groups); i++) {
		const struct group *group = &groups[i / 2];
		struct auth *auth = auth_of(group->users);
		size_t count = 0;

		while (group->visits[count].user)
			count++;
		for (size_t k = 0; k < 2 * count; k++) {
			size_t at = i % 2 ? k % count : count - 1 - k % count;
			const struct visit *visit = &group->visits[at];
			bool is_known;

			if (judge(auth, visit->user, visit->password, &is_known) !=
			            visit->verdict ||
			    (k >= count && !is_known))
				fail_msg("'%s', '%s'", visit->user, visit->password);
		}
		auth_free(auth);
	}
}

static void users_are_not_made_of_what_is_no_bcrypt(void **state)
{
	static const char *const hashes[] = {
		/* clang-format off */
		"", "$2", "$2b$", "$2b$04$", "secret", "$3b$04$" TAIL, "$2bb$04$" TAIL,
		"$2b$03$" TAIL, "$2b$32$" TAIL, "$2b$4$" TAIL, "$2b$x4$" TAIL,
		"$2b$4x$" TAIL, "$2b$040$" TAIL, "$2b$04$" TAIL "W",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr",
		"$2b$04$abcdefghijklmnopqrst-u2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		const char *const users[] = { "b", SECRET, "a", hashes[i], NULL };
		struct auth *auth = NULL;

		if (try_auth(users, &auth) != -EINVAL || auth)
			fail_msg("taken: %s", hashes[i]);
	}
}

/* ---- what is remembered, and at what price ---- */

static void wrong_guesses_push_out_no_user(void **state)
{
	struct auth *auth = auth_of((const char *const[]){ "a", SECRET, NULL });
	char guess[16];
	bool is_known;

	(void)state;
	assert_int_equal(judge(auth, "a", "secret", &is_known), AUTH_GRANTED);
	for (int i = 0; i < 70; i++) {
		snprintf(guess, sizeof(guess), "%d", i);
		assert_int_equal(judge(auth, i % 3 ? "a" : "nobody", guess, &is_known),
		                 AUTH_REFUSED);
	}
	assert_int_equal(judge(auth, "a", "secret", &is_known), AUTH_GRANTED);
	assert_true(is_known);
	/* The last guesses are remembered, the first ones no more. */
	assert_int_equal(judge(auth, "nobody", "69", &is_known), AUTH_REFUSED);
	assert_true(is_known);
	assert_int_equal(judge(auth, "nobody", "0", &is_known), AUTH_REFUSED);
	assert_false(is_known);
	auth_free(auth);
}

static void an_answer_about_other_users_is_not_remembered(void **state)
{
	struct auth *old =
		auth_of((const char *const[]){ "a", LONGEST, "b", SECRET, NULL });
	struct auth *new = auth_of((const char *const[]){ "b", LONGEST, NULL });
	struct auth_question *question = NULL;
	bool is_known;

	(void)state;
	assert_int_equal(auth_judge(old, NULL, &question), AUTH_REFUSED);
	assert_int_equal(auth_judge(old, "Basic YQ==", &question), AUTH_REFUSED);
	assert_int_equal(auth_judge(old, basic("b", "secret"), &question), AUTH_UNKNOWN);
	auth_free(old);
	/* Nobody answered yet. */
	assert_int_equal(auth_remember(new, question), AUTH_REFUSED);
	auth_question_answer(question);
	assert_int_equal(auth_remember(new, question), AUTH_GRANTED);
	auth_question_free(question);
	assert_int_equal(judge(new, "b", "secret", &is_known), AUTH_REFUSED);
	auth_free(new);
}

/* CPU time of this thread that a wrong guess takes. */
static int64_t price_of(struct auth *auth, const char *user, const char *guess)
{
	struct timespec begin, end;
	bool is_known;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	assert_int_equal(judge(auth, user, guess, &is_known), AUTH_REFUSED);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	assert_false(is_known);
	return (end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
}

/* Otherwise the cheap one costs a hundredth. */
static void a_guess_costs_the_same_whoever_is_meant(void **state)
{
	static const char *const names[] = { "cheap", "nobody", "" };
	struct auth *auth =
		auth_of((const char *const[]){ "cheap", SECRET, "dear", DEAR, NULL });
	int64_t dear = price_of(auth, "dear", "guess");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(price_of(auth, names[i], "guess") > dear / 8);
	auth_free(auth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_users_with_those_passwords_come_in_alone),
		cmocka_unit_test(users_are_not_made_of_what_is_no_bcrypt),
		cmocka_unit_test(wrong_guesses_push_out_no_user),
		cmocka_unit_test(an_answer_about_other_users_is_not_remembered),
		cmocka_unit_test(a_guess_costs_the_same_whoever_is_meant),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
