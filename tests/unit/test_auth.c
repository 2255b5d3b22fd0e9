/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/auth: who is let in, that no answer of one is taken for that of another,
 * how much work there is for whom, and that no password stays behind in memory. Knows
 * libcrypt, whose calls it counts.
 */
#include "web/auth.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <cmocka.h>

#include "base/macros.h"
#include "web/webconfig.h"

/* "secret", at two prices. */
#define SECRET   "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define SECRET_6 "$2b$06$abcdefghijklmnopqrstuuxLa0AkDDSrQ9VwNnETzOsObiucpMYgC"
/* 72 times "x" */
#define LONGEST "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"
/* "" */
#define NOTHING "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);
char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
int __real_gnutls_hmac_init(gnutls_hmac_hd_t *hmac, gnutls_mac_algorithm_t algorithm,
                            const void *key, size_t size);
int __wrap_gnutls_hmac_init(gnutls_hmac_hd_t *hmac, gnutls_mac_algorithm_t algorithm,
                            const void *key, size_t size);
ssize_t __real_getrandom(void *buffer, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags);

static int calls_left;      /* allocations that still succeed; negative: all */
static uint64_t work;       /* of bcrypt: rounds, in all */
static unsigned int runs;   /* of bcrypt */
static bool random_fails;   /* getrandom() gives too little */
static const char *secrets; /* that must not be in what is freed */
static bool was_freed_with_secret;

static bool fails(void)
{
	return calls_left >= 0 && calls_left-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

int __wrap_gnutls_hmac_init(gnutls_hmac_hd_t *hmac, gnutls_mac_algorithm_t algorithm,
                            const void *key, size_t size)
{
	return fails() ? GNUTLS_E_MEMORY_ERROR
	               : __real_gnutls_hmac_init(hmac, algorithm, key, size);
}

void __wrap_free(void *pointer)
{
	if (secrets && pointer &&
	    memmem(pointer, malloc_usable_size(pointer), secrets, strlen(secrets)))
		was_freed_with_secret = true;
	__real_free(pointer);
}

char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	runs++;
	work += UINT64_C(1) << strtoul(setting + strlen("$2b$"), NULL, 10);
	return __real_crypt_rn(phrase, setting, data, size);
}

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags)
{
	return __real_getrandom(buffer, random_fails ? size - 1 : size, flags);
}

static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	work = 0;
	runs = 0;
	random_fails = false;
	secrets = NULL;
	was_freed_with_secret = false;
	return 0;
}

/* ---- the frame ---- */

/* Rows are name, hash, name, hash, up to a NULL. */
static int try_auth(const char *const *rows, struct auth **ret_auth)
{
	struct webconfig_pair pairs[8];
	struct webconfig_pairs users = { pairs, 0 };

	for (; *rows; rows += 2)
		pairs[users.count++] = (struct webconfig_pair){
			.name = { .string = (char *)rows[0], .line = 1 },
			.value = { .string = (char *)rows[1], .line = 1 },
		};
	return auth_new(&users, ret_auth);
}

static struct auth *auth_of(const char *const *rows)
{
	struct auth *auth;

	assert_int_equal(try_auth(rows, &auth), 0);
	return auth;
}

#define AUTH(...) auth_of((const char *const[]){ __VA_ARGS__, NULL })

/* The header, in memory that the next call uses again. */
static const char *basic(const char *user, const char *password)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char header[1024];
	unsigned char plain[512] = { 0 };
	int size = snprintf((char *)plain, sizeof(plain), "%s:%s", user, password);
	char *end = stpcpy(header, "Basic ");

	assert_in_range(size, 1, sizeof(plain) - 1);
	for (int i = 0; i < size; i += 3, end += 4) {
		uint32_t bits = (uint32_t)plain[i] << 16 | (uint32_t)plain[i + 1] << 8 |
		                plain[i + 2];

		for (int k = 0; k < 4; k++)
			end[k] = digits[bits >> (18 - 6 * k) & 63];
		for (int k = size - i; k < 3; k++)
			end[k + 1] = '=';
	}
	*end = '\0';
	return header;
}

static struct auth_question *ask(struct auth *auth, const char *user,
                                 const char *password)
{
	struct auth_question *question = NULL;

	assert_int_equal(auth_judge(auth, basic(user, password), &question),
	                 AUTH_UNKNOWN);
	assert_non_null(question);
	return question;
}

/* Until there is an answer. */
static enum auth_verdict judge(struct auth *auth, const char *user, const char *password)
{
	struct auth_question *question = NULL;
	enum auth_verdict verdict = auth_judge(auth, basic(user, password), &question);

	if (verdict != AUTH_UNKNOWN) {
		assert_null(question);
		return verdict;
	}
	auth_question_answer(question);
	verdict = auth_remember(auth, question);
	auth_question_free(question);
	return verdict;
}

/* ---- who comes in ---- */

static void auth_without_users_grants_everybody(void **state)
{
	struct auth *auth = auth_of((const char *const[]){ NULL });
	struct auth_question *question = NULL;

	(void)state;
	assert_int_equal(auth_judge(auth, NULL, &question), AUTH_GRANTED);
	assert_int_equal(auth_judge(auth, "", &question), AUTH_GRANTED);
	assert_int_equal(auth_judge(auth, "garbage", &question), AUTH_GRANTED);
	assert_int_equal(auth_judge(auth, basic("a", "b"), &question), AUTH_GRANTED);
	assert_null(question);
	assert_int_equal(runs, 0);
	auth_free(auth);
	assert_null(auth_free(NULL));
	assert_null(auth_question_free(NULL));
}

static void auth_refuses_without_a_bcrypt_who_says_no_name_and_password(void **state)
{
	static const char *const headers[] = {
		NULL, "", "Basic", "Basic ", "Basic YQ==", "Bearer YTpi", "Basic YTpi=",
	};
	struct auth *auth = AUTH("a", SECRET);
	struct auth_question *question = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_int_equal(auth_judge(auth, headers[i], &question), AUTH_REFUSED);
	assert_null(question);
	assert_int_equal(runs, 0);
	auth_free(auth);
}

static void auth_grants_those_users_with_those_passwords_alone(void **state)
{
	static const struct {
		const char *user, *password;
		enum auth_verdict verdict;
	} rows[] = {
		{ "alice", "secret", AUTH_GRANTED },
		{ "", "secret", AUTH_GRANTED },
		{ "bob", "", AUTH_GRANTED },
		{ "alice", "secre", AUTH_REFUSED },
		{ "alice", "secret ", AUTH_REFUSED },
		{ "alice", "Secret", AUTH_REFUSED },
		{ "alice", "", AUTH_REFUSED },
		{ "Alice", "secret", AUTH_REFUSED },
		{ "alic", "secret", AUTH_REFUSED },
		{ "alice2", "secret", AUTH_REFUSED },
		{ "bob", "secret", AUTH_REFUSED },
		{ "bobb", "", AUTH_REFUSED },
		{ "b", "", AUTH_REFUSED },
		{ "alice", SECRET, AUTH_REFUSED },
		{ "carol", "secret", AUTH_REFUSED },
		{ "carol", "", AUTH_REFUSED },
	};

	(void)state;
	/* In both directions, and again, when the answers are remembered. */
	for (int direction = 0; direction < 2; direction++) {
		struct auth *auth = AUTH("alice", SECRET, "", SECRET_6, "bob", NOTHING);

		for (size_t k = 0; k < 2 * ARRAY_SIZE(rows); k++) {
			size_t i = k % ARRAY_SIZE(rows);

			if (direction)
				i = ARRAY_SIZE(rows) - 1 - i;
			if (judge(auth, rows[i].user, rows[i].password) !=
			    rows[i].verdict)
				fail_msg("'%s', '%s'", rows[i].user, rows[i].password);
		}
		assert_int_equal(runs > 0, 1);
		auth_free(auth);
	}
}

/* One bit of a hash, at its front, in its middle, at its end. */
static void auth_compares_the_whole_hash(void **state)
{
	static const size_t places[] = { 0, 3, 15, 29, 30 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char hash[] = SECRET, *letter = hash + sizeof("$2b$04$") - 1 + 22;
		struct auth *auth;

		letter += places[i];
		*letter = *letter == 'a' ? 'e' : 'a';
		auth = AUTH("a", hash);
		assert_int_equal(judge(auth, "a", "secret"), AUTH_REFUSED);
		auth_free(auth);
	}
}

static void auth_finds_every_user_of_several(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	struct webconfig_pair pairs[ARRAY_SIZE(names)];
	const struct webconfig_pairs users = { pairs, ARRAY_SIZE(names) };
	struct auth *auth;

	(void)state;
	/* Only one of them has this password. */
	for (size_t one = 0; one < ARRAY_SIZE(names); one++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			pairs[i] = (struct webconfig_pair){
				.name = { (char *)names[i], 1 },
				.value = { (char *)(i == one ? SECRET : LONGEST), 2 },
			};
		assert_int_equal(auth_new(&users, &auth), 0);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			assert_int_equal(judge(auth, names[i], "secret"),
			                 i == one ? AUTH_GRANTED : AUTH_REFUSED);
		auth_free(auth);
	}
}

/* Vectors of crypt_blowfish 1.3, and what golang.org/x/crypto/bcrypt makes of them: it
 * looks neither at the letter nor at the bits of the salt that bcrypt does not use. */
static void auth_reads_hashes_as_go_reads_them(void **state)
{
	static const char *const letters[] = { "2a", "2b", "2x", "2y", "2z", "2" };
	static const struct {
		const char *rest, *password;
	} rows[] = {
		{ "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
		{ "$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U" },
		{ "$05$XXXXXXXXXXXXXXXXXXXXXXAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U" },
		/* For these two, libcrypt's 2a and 2x are other functions. */
		{ "$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
		  "\xff\xff\xa3" },
		{ "$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi",
		  "\xff\xa3"
		  "34\xff\xff\xff\xa3"
		  "345" },
	};
	char hash[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(letters); k++) {
			struct auth *auth;

			snprintf(hash, sizeof(hash), "$%s%s", letters[k], rows[i].rest);
			auth = AUTH("a", hash);
			assert_int_equal(judge(auth, "a", rows[i].password),
			                 AUTH_GRANTED);
			auth_free(auth);
		}
}

static void auth_is_not_made_of_what_is_no_bcrypt(void **state)
{
	static const char *const hashes[] = {
		"",
		"$",
		"$2",
		"$2b",
		"$2b$",
		"$2b$04",
		"$2b$04$",
		"secret",
		"$1$abcdefgh$0123456789012345678901",
		"$3b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2bb$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$03$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$32$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$4$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$0x$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$x4$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$040$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrWW",
		"$2b$04$abcdefghijklmnopqrst-u2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WI\nW",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		struct auth *auth = NULL;

		if (try_auth((const char *const[]){ "b", SECRET, "a", hashes[i], NULL },
		             &auth) != -EINVAL)
			fail_msg("taken: %s", hashes[i]);
		assert_null(auth);
	}
}

static void auth_sees_the_first_72_bytes_of_a_password_as_go_does(void **state)
{
	struct auth *auth = AUTH("a", LONGEST);
	char password[401];

	(void)state;
	memset(password, 'x', sizeof(password));
	password[71] = '\0';
	assert_int_equal(judge(auth, "a", password), AUTH_REFUSED);
	password[71] = 'x';
	password[72] = '\0';
	assert_int_equal(judge(auth, "a", password), AUTH_GRANTED);
	assert_int_equal(runs, 2);
	/* It is the same password, and already known. */
	memset(password + 72, 'y', sizeof(password) - 72);
	password[400] = '\0';
	assert_int_equal(judge(auth, "a", password), AUTH_GRANTED);
	assert_int_equal(runs, 2);
	password[71] = 'y';
	assert_int_equal(judge(auth, "a", password), AUTH_REFUSED);
	assert_int_equal(runs, 3);
	auth_free(auth);
}

/* ---- what is remembered ---- */

static void auth_asks_no_second_time(void **state)
{
	struct auth *auth = AUTH("a", SECRET, "b", SECRET);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
		assert_int_equal(judge(auth, "a", "wrong"), AUTH_REFUSED);
		assert_int_equal(judge(auth, "nobody", "secret"), AUTH_REFUSED);
	}
	assert_int_equal(runs, 3);
	auth_free(auth);
}

/*
 * As if what is remembered were no more than the texts, one after another: so it was in
 * CVE-2022-46146. Name, hash, password: "a", hash, hash "secret" are the same letters as
 * "a" hash, hash, "secret". The hash may be without what is the same for all.
 */
static void auth_takes_no_answer_for_that_of_another(void **state)
{
	static const char *const tails[] = { SECRET, &SECRET[7] };
	char name[80], password[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		struct auth *auth;

		snprintf(name, sizeof(name), "a%s", tails[i]);
		snprintf(password, sizeof(password), "%ssecret", tails[i]);
		auth = AUTH("a", SECRET, name, SECRET);
		assert_int_equal(judge(auth, "a", password), AUTH_REFUSED);
		assert_int_equal(judge(auth, name, "secret"), AUTH_GRANTED);
		assert_int_equal(judge(auth, "a", password), AUTH_REFUSED);
		auth_free(auth);
		auth = AUTH("a", SECRET, name, SECRET);
		assert_int_equal(judge(auth, name, "secret"), AUTH_GRANTED);
		assert_int_equal(judge(auth, "a", password), AUTH_REFUSED);
		auth_free(auth);
	}
}

static void auth_knows_where_a_name_ends_and_a_password_begins(void **state)
{
	struct auth *auth = AUTH("a", SECRET, "as", SECRET);

	(void)state;
	assert_int_equal(judge(auth, "as", "ecret"), AUTH_REFUSED);
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	assert_int_equal(judge(auth, "as", "ecret"), AUTH_REFUSED);
	assert_int_equal(judge(auth, "", "asecret"), AUTH_REFUSED);
	auth_free(auth);
}

static void auth_forgets_no_user_for_all_the_wrong_guesses(void **state)
{
	struct auth *auth = AUTH("a", SECRET, "b", SECRET);
	char guess[16];

	(void)state;
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	assert_int_equal(judge(auth, "b", "secret"), AUTH_GRANTED);
	for (int i = 0; i < 300; i++) {
		snprintf(guess, sizeof(guess), "%d", i);
		assert_int_equal(judge(auth, i % 3 ? "a" : "nobody", guess),
		                 AUTH_REFUSED);
	}
	assert_int_equal(runs, 302);
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	assert_int_equal(judge(auth, "b", "secret"), AUTH_GRANTED);
	assert_int_equal(runs, 302);
	/* The last guesses are remembered, the first ones no more. */
	for (int i = 290; i < 300; i++) {
		snprintf(guess, sizeof(guess), "%d", i);
		assert_int_equal(judge(auth, i % 3 ? "a" : "nobody", guess),
		                 AUTH_REFUSED);
	}
	assert_int_equal(runs, 302);
	assert_int_equal(judge(auth, "nobody", "0"), AUTH_REFUSED);
	assert_int_equal(runs, 303);
	auth_free(auth);
}

static void auth_remembers_nothing_that_nobody_answered(void **state)
{
	struct auth *auth = AUTH("a", SECRET);
	struct auth_question *question = ask(auth, "a", "secret");

	(void)state;
	assert_int_equal(auth_remember(auth, question), AUTH_REFUSED);
	/* An answer that finds no memory is none. */
	calls_left = 0;
	auth_question_answer(question);
	calls_left = -1;
	assert_int_equal(auth_remember(auth, question), AUTH_REFUSED);
	assert_int_equal(runs, 0);
	auth_question_answer(question);
	assert_int_equal(auth_remember(auth, question), AUTH_GRANTED);
	auth_question_free(question);
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	assert_int_equal(runs, 1);
	auth_free(auth);
}

static void auth_answers_a_question_whose_auth_is_gone(void **state)
{
	struct auth *old = AUTH("x", LONGEST, "a", SECRET), *new;
	struct auth_question *question = ask(old, "a", "secret");

	(void)state;
	auth_free(old);
	new = AUTH("a", LONGEST, "b", LONGEST);
	auth_question_answer(question);
	/* So it was when it was asked; from now on it is not. */
	assert_int_equal(auth_remember(new, question), AUTH_GRANTED);
	auth_question_free(question);
	assert_int_equal(judge(new, "a", "secret"), AUTH_REFUSED);
	assert_int_equal(judge(new, "b", "secret"), AUTH_REFUSED);
	auth_free(new);
}

static void auth_of_other_users_takes_no_place_for_an_old_answer(void **state)
{
	struct auth *old = AUTH("a", SECRET, "b", SECRET, "c", SECRET), *new;
	struct auth_question *question = ask(old, "c", "secret");

	(void)state;
	/* The row of the user is not there any more. */
	new = AUTH("a", SECRET);
	auth_question_answer(question);
	assert_int_equal(auth_remember(new, question), AUTH_GRANTED);
	assert_int_equal(auth_remember(old, question), AUTH_GRANTED);
	auth_question_free(question);
	assert_int_equal(judge(new, "c", "secret"), AUTH_REFUSED);
	assert_int_equal(judge(old, "c", "secret"), AUTH_GRANTED);
	assert_int_equal(runs, 2);
	auth_free(new);
	auth_free(old);
}

/* ---- what it costs ---- */

static void auth_costs_the_same_whoever_is_asked_for(void **state)
{
	static const char *const names[] = { "cheap", "dear", "nobody", "", "cheapest" };
	struct auth *auth = AUTH("cheap", SECRET, "dear", SECRET_6, "also", SECRET);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		work = 0;
		assert_int_equal(judge(auth, names[i], "guess"), AUTH_REFUSED);
		assert_int_equal(work, 1 << 6);
	}
	work = 0;
	assert_int_equal(judge(auth, "cheap", "secret"), AUTH_GRANTED);
	assert_int_equal(work, 1 << 6);
	auth_free(auth);
	/* The dearest first. */
	auth = AUTH("dear", SECRET_6, "cheap", SECRET);
	work = 0;
	assert_int_equal(judge(auth, "nobody", "guess"), AUTH_REFUSED);
	assert_int_equal(work, 1 << 6);
	auth_free(auth);
	auth = AUTH("cheap", SECRET);
	work = 0;
	assert_int_equal(judge(auth, "nobody", "guess"), AUTH_REFUSED);
	assert_int_equal(work, 1 << 4);
	assert_int_equal(judge(auth, "cheap", "secret"), AUTH_GRANTED);
	assert_int_equal(work, 2 << 4);
	auth_free(auth);
}

/* ---- what fails ---- */

static void auth_without_memory_is_an_error_and_a_question_is_refused(void **state)
{
	const char *const rows[] = { "a", SECRET, "b", SECRET, NULL };
	struct auth_question *question = NULL;
	struct auth *auth = NULL;
	int i, r;

	(void)state;
	for (i = 0;; i++) {
		calls_left = i;
		r = try_auth(rows, &auth);
		if (calls_left >= 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_null(auth);
	}
	assert_int_equal(i, 3);
	assert_int_equal(r, 0);
	for (i = 0;; i++) {
		calls_left = i;
		r = (int)auth_judge(auth, basic("a", "secret"), &question);
		if (calls_left >= 0)
			break;
		assert_int_equal(r, AUTH_REFUSED);
		assert_null(question);
	}
	assert_int_equal(i, 4);
	assert_int_equal(r, AUTH_UNKNOWN);
	auth_question_free(question);
	auth_free(auth);
}

static void auth_without_a_key_is_an_error(void **state)
{
	struct auth *auth = NULL;

	(void)state;
	random_fails = true;
	assert_int_equal(try_auth((const char *const[]){ "a", SECRET, NULL }, &auth),
	                 -EIO);
	assert_null(auth);
}

static void auth_leaves_no_password_behind(void **state)
{
	struct auth *auth = AUTH("a", SECRET);
	struct auth_question *question;

	(void)state;
	secrets = "secret";
	/* Asked and answered, asked in vain, and known. */
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	question = ask(auth, "nobody", "secret");
	auth_question_free(question);
	assert_int_equal(judge(auth, "a", "secret"), AUTH_GRANTED);
	/* A part, and what bcrypt does not see, are secrets, too. */
	secrets = "secret word";
	question = ask(auth, "a", "secret word");
	auth_question_answer(question);
	auth_question_free(question);
	secrets = "the end of it";
	question = ask(auth, "a",
	               "01234567890123456789012345678901234567890123456789"
	               "0123456789012345678901 the end of it");
	auth_question_answer(question);
	auth_question_free(question);
	auth_free(auth);
	assert_false(was_freed_with_secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(auth_without_users_grants_everybody, setup),
		cmocka_unit_test_setup(
			auth_refuses_without_a_bcrypt_who_says_no_name_and_password,
			setup),
		cmocka_unit_test_setup(auth_grants_those_users_with_those_passwords_alone,
		                       setup),
		cmocka_unit_test_setup(auth_compares_the_whole_hash, setup),
		cmocka_unit_test_setup(auth_finds_every_user_of_several, setup),
		cmocka_unit_test_setup(auth_reads_hashes_as_go_reads_them, setup),
		cmocka_unit_test_setup(auth_is_not_made_of_what_is_no_bcrypt, setup),
		cmocka_unit_test_setup(
			auth_sees_the_first_72_bytes_of_a_password_as_go_does, setup),
		cmocka_unit_test_setup(auth_asks_no_second_time, setup),
		cmocka_unit_test_setup(auth_takes_no_answer_for_that_of_another, setup),
		cmocka_unit_test_setup(auth_knows_where_a_name_ends_and_a_password_begins,
		                       setup),
		cmocka_unit_test_setup(auth_forgets_no_user_for_all_the_wrong_guesses,
		                       setup),
		cmocka_unit_test_setup(auth_remembers_nothing_that_nobody_answered,
		                       setup),
		cmocka_unit_test_setup(auth_answers_a_question_whose_auth_is_gone, setup),
		cmocka_unit_test_setup(
			auth_of_other_users_takes_no_place_for_an_old_answer, setup),
		cmocka_unit_test_setup(auth_costs_the_same_whoever_is_asked_for, setup),
		cmocka_unit_test_setup(
			auth_without_memory_is_an_error_and_a_question_is_refused, setup),
		cmocka_unit_test_setup(auth_without_a_key_is_an_error, setup),
		cmocka_unit_test_setup(auth_leaves_no_password_behind, setup),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
