/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate. Knows who waits for whom; must not know passwords from one another.
 */
#include "web/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/worker.h"
#include "web/auth.h"
#include "web/rate_limit.h"

/* So many logins of a client are looked at while those of others wait behind them. */
#define LOGINS_PER_CLIENT 2

struct gate {
	struct rate_limit limit;
	struct auth *auth;       /* borrowed */
	unsigned int generation; /* of auth */
	struct worker *worker;
	int event;
	bool has_news; /* so those who wait are judged anew */
	struct gate_visitor *first, *last;
};

/* One bcrypt. The visitor is the gate's thread's alone. */
struct login {
	struct worker_job job;
	struct auth_question *question;
	struct gate_visitor *visitor;
	unsigned int generation; /* of who asked */
};

static void run_login(void *context, struct worker_job *job)
{
	(void)context;
	auth_question_answer(((struct login *)job)->question);
}

static void free_login(struct worker_job *job)
{
	struct login *login = (struct login *)job;

	auth_question_free(login->question);
	free(login);
}

/* A bcrypt comes to an end: no thread is replaced, no job copied. */
static const struct worker_kind logins = { .run = run_login, .free = free_login };

int gate_new(uint64_t interval, unsigned int burst, struct gate **ret_gate)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	gate->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (gate->event < 0) {
		int error = -errno;

		free(gate);
		return error;
	}
	rate_limit_init(&gate->limit, interval, burst);
	*ret_gate = gate;
	return 0;
}

struct gate *gate_free(struct gate *gate)
{
	if (!gate)
		return NULL;
	worker_free(gate->worker);
	close_descriptor(&gate->event);
	free(gate);
	return NULL;
}

void gate_set_auth(struct gate *gate, struct auth *auth)
{
	gate->auth = auth;
	gate->generation++;
	gate->has_news = true;
}

int gate_event(const struct gate *gate)
{
	return gate->event;
}

static void link_visitor(struct gate *gate, struct gate_visitor *visitor)
{
	visitor->next = NULL;
	visitor->previous = gate->last;
	*(gate->last ? &gate->last->next : &gate->first) = visitor;
	gate->last = visitor;
}

static bool is_linked(const struct gate *gate, const struct gate_visitor *visitor)
{
	return visitor->previous || gate->first == visitor;
}

static void unlink_visitor(struct gate *gate, struct gate_visitor *visitor)
{
	*(visitor->previous ? &visitor->previous->next : &gate->first) = visitor->next;
	*(visitor->next ? &visitor->next->previous : &gate->last) = visitor->previous;
	visitor->next = visitor->previous = NULL;
}

static size_t count_at_work(const struct gate *gate, const struct in6_addr *client)
{
	size_t count = 0;

	for (const struct gate_visitor *v = gate->first; v; v = v->next)
		count +=
			v->is_at_work && memcmp(&v->client, client, sizeof(*client)) == 0;
	return count;
}

/* Takes QUESTION. */
static enum gate_verdict ask(struct gate *gate, struct gate_visitor *visitor,
                             struct auth_question *question)
{
	struct login *login;

	if (count_at_work(gate, &visitor->client) >= LOGINS_PER_CLIENT) {
		auth_question_free(question);
		return GATE_WAITS;
	}
	login = calloc(1, sizeof(*login));
	if (!login || (!gate->worker &&
	               worker_new(&logins, NULL, gate->event, &gate->worker) < 0)) {
		auth_question_free(question);
		free(login);
		return GATE_UNAVAILABLE;
	}
	login->question = question;
	login->visitor = visitor;
	login->generation = gate->generation;
	visitor->is_at_work = true;
	worker_add(gate->worker, &login->job);
	return GATE_WAITS;
}

static enum gate_verdict verdict_of(enum auth_verdict verdict)
{
	return verdict == AUTH_GRANTED ? GATE_OPEN : GATE_UNAUTHORIZED;
}

static enum gate_verdict judge(struct gate *gate, struct gate_visitor *visitor)
{
	struct auth_question *question = NULL;
	enum auth_verdict verdict;

	if (!gate->auth)
		return GATE_OPEN;
	verdict = auth_judge(
		gate->auth,
		visitor->has_authorization ? text_string(&visitor->authorization) : NULL,
		&question);
	return verdict == AUTH_UNKNOWN ? ask(gate, visitor, question)
	                               : verdict_of(verdict);
}

static enum gate_verdict settle(struct gate_visitor *visitor, enum gate_verdict verdict)
{
	visitor->is_judged = verdict != GATE_WAITS;
	visitor->verdict = verdict;
	return verdict;
}

enum gate_verdict gate_enter(struct gate *gate, struct gate_visitor *visitor)
{
	enum gate_verdict verdict;

	if (visitor->is_judged)
		return visitor->verdict;
	if (!rate_limit_take(&gate->limit, clock_monotonic()))
		return settle(visitor, GATE_TOO_MANY_REQUESTS);
	/* Linked first: who is asked about must be found when the answer comes. */
	link_visitor(gate, visitor);
	verdict = settle(visitor, judge(gate, visitor));
	if (verdict != GATE_WAITS)
		unlink_visitor(gate, visitor);
	return verdict;
}

void gate_leave(struct gate *gate, struct gate_visitor *visitor)
{
	if (is_linked(gate, visitor))
		unlink_visitor(gate, visitor);
	text_clear(&visitor->authorization);
}

/* The visitor of a finished login, unless he has left. */
static struct gate_visitor *find_visitor(const struct gate *gate,
                                         const struct login *login)
{
	struct gate_visitor *visitor = gate->first;

	while (visitor && visitor != login->visitor)
		visitor = visitor->next;
	return visitor;
}

static void take_login(struct gate *gate, struct login *login)
{
	struct gate_visitor *visitor = find_visitor(gate, login);

	if (visitor)
		visitor->is_at_work = false;
	/* An answer about other users' hashes is none: who waits is judged anew. */
	if (login->generation == gate->generation && gate->auth) {
		enum auth_verdict verdict = auth_remember(gate->auth, login->question);

		if (visitor)
			settle(visitor, verdict_of(verdict));
	}
	gate->has_news = true;
	free_login(&login->job);
}

struct gate_visitor *gate_next(struct gate *gate)
{
	struct worker_job *job;

	while (gate->worker && (job = worker_take(gate->worker)))
		take_login(gate, (struct login *)job);
	for (struct gate_visitor *v = gate->first; gate->has_news && v; v = v->next)
		if (!v->is_judged && !v->is_at_work)
			settle(v, judge(gate, v));
	gate->has_news = false;
	for (struct gate_visitor *v = gate->first; v; v = v->next) {
		if (!v->is_judged)
			continue;
		unlink_visitor(gate, v);
		return v;
	}
	return NULL;
}
