/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate in front of all pages: the rate limit, then basic authentication.
 *
 * The bcrypt of a login runs in a thread of its own. A client's logins are looked at one
 * or two at a time, and its other requests wait for them: who guesses passwords waits for
 * himself, and who comes fifty times at once with the same good one pays once.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct auth;
struct gate; /* opaque */

enum gate_verdict {
	GATE_OPEN,
	GATE_WAITS, /* until gate_next() gives this visitor */
	GATE_TOO_MANY_REQUESTS,
	GATE_UNAUTHORIZED,
	GATE_UNAVAILABLE, /* no memory, no thread */
};

/* One request at the gate; zeroed at first. */
struct gate_visitor {
	struct gate_visitor *next, *previous;
	struct in6_addr client;
	bool has_authorization;
	struct text authorization;
	bool is_judged; /* VERDICT says how */
	enum gate_verdict verdict;
	bool is_at_work;
	void *context; /* the owner's */
};

/* INTERVAL (nanoseconds) and BURST are the rate limit's, see rate_limit.h. 0 or -errno.
 */
int gate_new(uint64_t interval, unsigned int burst, struct gate **ret_gate);
struct gate *gate_free(struct gate *gate); /* takes NULL; nobody waits any more */

/*
 * From now on AUTH (borrowed) judges; NULL: everybody may come in. gate_next() may have
 * somebody then.
 */
void gate_set_auth(struct gate *gate, struct auth *auth);

/*
 * Judges VISITOR, whose client and authorization are set, at the first time; later says
 * what was found. gate_leave() has to follow in the end.
 */
enum gate_verdict gate_enter(struct gate *gate, struct gate_visitor *visitor);
void gate_leave(struct gate *gate, struct gate_visitor *visitor);

/* Readable when gate_next() may have somebody. */
int gate_event(const struct gate *gate);

/* The next visitor who needs not wait any more; NULL: there is none. */
struct gate_visitor *gate_next(struct gate *gate);
