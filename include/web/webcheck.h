/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What users, password hashes and headers of a web configuration have to look like.
 */
#pragma once

/* Both static; NULL and NULL: nothing is wrong. */
struct webcheck {
	const char *problem;
	const char *expected;
};

/*
 * A user: NAME can be sent by a client (RFC 7617), HASH is a bcrypt hash that crypt(5)
 * can make again.
 */
struct webcheck webcheck_user(const char *name, char *hash);

/*
 * A header that may be set, with one of the values that exporter-toolkit's
 * validateHeaderConfig() takes. VALUE becomes what Go's net/http sends: without line
 * breaks and without white space around it. An empty one is fine: it unsets the header.
 */
struct webcheck webcheck_header(const char *name, char *value);
