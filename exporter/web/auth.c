/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Basic authentication. The only file that knows libcrypt; of GnuTLS it knows the HMAC
 * and the comparison that takes the same time whatever it finds. Knows no HTTP, and tells
 * nothing of names and passwords to anybody, logs included.
 *
 * Verdicts are remembered under an HMAC of all they depend on, with a key that nobody
 * else has. A user has one password, so one place in its row is enough for the verdict
 * that grants; those that refuse push out one another, and nothing else.
 */
#include "web/auth.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/macros.h"
#include "web/credentials.h"
#include "web/webconfig.h"

#define KEY_SIZE    32
#define DIGEST_SIZE 32 /* SHA-256 */

/* Verdicts that refuse, for clients that keep asking with the same wrong password. */
#define REFUSED_MAX 64

/* All that bcrypt sees of a password. Go's bcrypt, too, cuts what it compares, without a
 * word: golang.org/x/crypto/bcrypt, CompareHashAndPassword(). */
#define PASSWORD_MAX 72

/* $2b$COST$SALT and the hash proper: */
#define COST_MIN    4
#define COST_MAX    31
#define SALT_SIZE   22
#define PROPER_SIZE 31

#define BCRYPT_ALPHABET "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

struct bcrypt {
	unsigned int cost; /* a power of two */
	char salt[SALT_SIZE + 1];
	char proper[PROPER_SIZE + 1];
};

/* No digest is all zeros, which is how GRANTED and a place for a refusal are at first. */
struct user {
	unsigned char name[DIGEST_SIZE];
	struct bcrypt bcrypt;
	unsigned char granted[DIGEST_SIZE];
};

struct auth {
	unsigned char key[KEY_SIZE];
	size_t count;
	unsigned char refused[REFUSED_MAX][DIGEST_SIZE];
	size_t refused_next;
	struct user users[]; /* behind the last one is nobody, whom no password fits */
};

struct auth_question {
	unsigned char key[KEY_SIZE]; /* whose question it is */
	unsigned char digest[DIGEST_SIZE];
	size_t user;
	struct bcrypt bcrypt;
	unsigned int cost; /* of every answer */
	char password[PASSWORD_MAX + 1];
	enum auth_verdict verdict;
};

/*
 * Go ignores the letter behind the 2, as it does the bits of the salt that bcrypt has no
 * use for: so do we, by asking for 2b and by comparing what follows the salt.
 */
static int bcrypt_parse(const char *string, struct bcrypt *ret_bcrypt)
{
	struct bcrypt bcrypt = { 0 };
	unsigned int cost;

	if (strncmp(string, "$2", 2) != 0)
		return -EINVAL;
	string += 2;
	if (*string && *string != '$')
		string++;
	if (string[0] != '$' || string[1] < '0' || string[1] > '9' || string[2] < '0' ||
	    string[2] > '9' || string[3] != '$')
		return -EINVAL;
	cost = (unsigned int)(string[1] - '0') * 10 + (unsigned int)(string[2] - '0');
	string += 4;
	if (cost < COST_MIN || cost > COST_MAX ||
	    strlen(string) != SALT_SIZE + PROPER_SIZE ||
	    strspn(string, BCRYPT_ALPHABET) != SALT_SIZE + PROPER_SIZE)
		return -EINVAL;
	bcrypt.cost = cost;
	memcpy(bcrypt.salt, string, SALT_SIZE);
	memcpy(bcrypt.proper, string + SALT_SIZE, PROPER_SIZE);
	*ret_bcrypt = bcrypt;
	return 0;
}

static void free_hmac(gnutls_hmac_hd_t const *hmac)
{
	if (*hmac)
		gnutls_hmac_deinit(*hmac, NULL);
}

/* Of STRINGS up to a NULL. Each with its NUL: none can reach into the next one. */
static int digest_strings(const struct auth *auth, const char *const *strings,
                          unsigned char ret_digest[DIGEST_SIZE])
{
	_cleanup_(free_hmac) gnutls_hmac_hd_t hmac = NULL;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, auth->key, KEY_SIZE) < 0) {
		hmac = NULL;
		return -ENOMEM;
	}
	for (; *strings; strings++)
		if (gnutls_hmac(hmac, *strings, strlen(*strings) + 1) < 0)
			return -ENOMEM;
	gnutls_hmac_output(hmac, ret_digest);
	return 0;
}

static bool is_digest(const unsigned char *a, const unsigned char *b)
{
	return gnutls_memcmp(a, b, DIGEST_SIZE) == 0;
}

static int add_user(struct auth *auth, const struct webconfig_pair *pair)
{
	const char *const name[] = { pair->name.string, NULL };
	struct user *user = &auth->users[auth->count], *nobody = user + 1;
	unsigned int cost = user->bcrypt.cost;
	int r = bcrypt_parse(pair->value.string, &user->bcrypt);

	if (r == 0)
		r = digest_strings(auth, name, user->name);
	if (r < 0)
		return r;
	auth->count++;
	nobody->bcrypt.cost = cost > user->bcrypt.cost ? cost : user->bcrypt.cost;
	memset(nobody->bcrypt.salt, '.', SALT_SIZE);
	return 0;
}

static void free_auth(struct auth *const *auth)
{
	auth_free(*auth);
}

int auth_new(const struct webconfig_pairs *users, struct auth **ret_auth)
{
	_cleanup_(free_auth) struct auth *auth = NULL;
	int r;

	auth = calloc(1, sizeof(*auth) + (users->count + 1) * sizeof(*auth->users));
	if (!auth)
		return -ENOMEM;
	r = getrandom(auth->key, KEY_SIZE, 0) == KEY_SIZE ? 0 : -EIO;
	for (size_t i = 0; r == 0 && i < users->count; i++)
		r = add_user(auth, &users->pairs[i]);
	if (r < 0)
		return r;
	*ret_auth = auth;
	auth = NULL;
	return 0;
}

struct auth *auth_free(struct auth *auth)
{
	if (auth)
		explicit_bzero(auth->key, KEY_SIZE);
	free(auth);
	return NULL;
}

/* Whoever it is, and nobody, too, takes the same time to find. */
static int find_user(const struct auth *auth, const char *name, size_t *ret_user)
{
	const char *const strings[] = { name, NULL };
	unsigned char digest[DIGEST_SIZE];
	size_t found = auth->count;
	int r = digest_strings(auth, strings, digest);

	if (r < 0)
		return r;
	for (size_t i = 0; i < auth->count; i++) {
		size_t mask = -(size_t)is_digest(digest, auth->users[i].name);

		found = (found & ~mask) | (i & mask);
	}
	*ret_user = found;
	return 0;
}

static bool is_refused(const struct auth *auth, const unsigned char *digest)
{
	bool is_it = false;

	for (size_t i = 0; i < REFUSED_MAX; i++)
		is_it |= is_digest(digest, auth->refused[i]);
	return is_it;
}

enum auth_verdict auth_judge(struct auth *auth, const char *authorization,
                             struct auth_question **ret_question)
{
	_cleanup_(credentials_clear) struct credentials credentials = { NULL, NULL, 0 };
	struct auth_question *question;
	unsigned char digest[DIGEST_SIZE];
	const struct user *user;
	size_t index;

	if (!auth->count)
		return AUTH_GRANTED;
	if (!authorization || credentials_parse(authorization, &credentials) < 0 ||
	    find_user(auth, credentials.user, &index) < 0)
		return AUTH_REFUSED;
	user = &auth->users[index];
	if (strlen(credentials.password) > PASSWORD_MAX)
		credentials.password[PASSWORD_MAX] = '\0';
	if (digest_strings(auth,
	                   (const char *const[]){ credentials.user, user->bcrypt.salt,
	                                          user->bcrypt.proper,
	                                          credentials.password, NULL },
	                   digest) < 0)
		return AUTH_REFUSED;
	if (is_digest(digest, user->granted))
		return AUTH_GRANTED;
	if (is_refused(auth, digest))
		return AUTH_REFUSED;

	question = calloc(1, sizeof(*question));
	if (!question)
		return AUTH_REFUSED;
	memcpy(question->key, auth->key, KEY_SIZE);
	memcpy(question->digest, digest, DIGEST_SIZE);
	question->user = index;
	question->bcrypt = user->bcrypt;
	question->cost = auth->users[auth->count].bcrypt.cost;
	memcpy(question->password, credentials.password, strlen(credentials.password));
	question->verdict = AUTH_UNKNOWN;
	*ret_question = question;
	return AUTH_UNKNOWN;
}

static void free_crypt(struct crypt_data *const *crypt)
{
	if (*crypt)
		explicit_bzero(*crypt, sizeof(**crypt));
	free(*crypt);
}

/* The hash proper, or NULL. */
static const char *run(const struct auth_question *question, unsigned int cost,
                       struct crypt_data *crypt)
{
	const char *output;

	snprintf(crypt->setting, sizeof(crypt->setting), "$2b$%02u$%s", cost,
	         question->bcrypt.salt);
	output = crypt_rn(question->password, crypt->setting, crypt, sizeof(*crypt));
	return output ? output + strlen(crypt->setting) : NULL;
}

void auth_question_answer(struct auth_question *question)
{
	_cleanup_(free_crypt) struct crypt_data *crypt = calloc(1, sizeof(*crypt));
	const char *proper;

	if (!crypt)
		return;
	/* Who has a cheaper hash than others, or no such user, is found by no clock:
	 * 2^a + 2^(a+1) + ... + 2^(b-1), and 2^a again, are 2^b. */
	for (unsigned int cost = question->bcrypt.cost; cost < question->cost; cost++)
		run(question, cost, crypt);
	proper = run(question, question->bcrypt.cost, crypt);
	if (!proper)
		return;
	question->verdict =
		gnutls_memcmp(proper, question->bcrypt.proper, PROPER_SIZE) == 0
			? AUTH_GRANTED
			: AUTH_REFUSED;
}

enum auth_verdict auth_remember(struct auth *auth, const struct auth_question *question)
{
	/* Nobody could say. */
	if (question->verdict == AUTH_UNKNOWN)
		return AUTH_REFUSED;
	if (gnutls_memcmp(auth->key, question->key, KEY_SIZE) != 0)
		return question->verdict;
	if (question->verdict == AUTH_GRANTED) {
		memcpy(auth->users[question->user].granted, question->digest,
		       DIGEST_SIZE);
	} else {
		memcpy(auth->refused[auth->refused_next], question->digest, DIGEST_SIZE);
		auth->refused_next = (auth->refused_next + 1) % REFUSED_MAX;
	}
	return question->verdict;
}

struct auth_question *auth_question_free(struct auth_question *question)
{
	if (question)
		explicit_bzero(question, sizeof(*question));
	free(question);
	return NULL;
}
