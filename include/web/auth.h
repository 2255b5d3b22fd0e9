/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may come in: HTTP basic authentication (RFC 7617) against bcrypt hashes, as
 * exporter-toolkit has it.
 *
 * A bcrypt takes long, on purpose. So a question is prepared (cheap), answered by
 * auth_question_answer() in whatever thread has the time, and its answer remembered
 * (cheap). An answer that is remembered costs no bcrypt the next time. An unknown user
 * costs one, too, and nothing tells it from a wrong password.
 */
#pragma once

#include <stdbool.h>

struct auth;          /* opaque */
struct auth_question; /* opaque */
struct webconfig_pairs;

enum auth_verdict {
	AUTH_GRANTED,
	AUTH_REFUSED,
	AUTH_UNKNOWN, /* as yet: there is a question to answer */
};

/* USERS, name and hash, are copied. 0; -EINVAL: a hash is no bcrypt; -errno. */
int auth_new(const struct webconfig_pairs *users, struct auth **ret_auth);
struct auth *auth_free(struct auth *auth); /* takes NULL */

/*
 * Judges the value of the header Authorization; NULL: there is none. A header that is no
 * Basic one is refused without a bcrypt. Without users everybody is granted. AUTH_UNKNOWN
 * makes a question, which the caller frees. Without memory: AUTH_REFUSED.
 */
enum auth_verdict auth_judge(struct auth *auth, const char *authorization,
                             struct auth_question **ret_question);

/* Runs the bcrypt. Needs nothing of AUTH, which may be gone: of any thread. */
void auth_question_answer(struct auth_question *question);

/*
 * The verdict of an answered question. It is remembered if AUTH is the one that made it,
 * and counts, but is not remembered, if there is another one since. An answer that found
 * no memory is AUTH_REFUSED, and not remembered.
 */
enum auth_verdict auth_remember(struct auth *auth, const struct auth_question *question);

struct auth_question *auth_question_free(struct auth_question *question); /* NULL, too */
