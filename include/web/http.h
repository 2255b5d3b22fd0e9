/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: requests let in or not, routes found, replies sent whole or not (RFC 9110, 9112).
 *
 * GET and HEAD are answered. Other methods get 405, unknown paths 404, too many requests
 * at once on a limited route 503, a handler that fails 500; before all that, requests
 * over the rate limit 429 and those without good credentials 401 (gate.h). A request,
 * with its headers, is bounded by WEB_REQUEST_MAX and has no body.
 *
 * Driven from outside: whoever owns it watches http_epoll() and calls http_run().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "web/request.h"

#define WEB_REQUEST_MAX 16384 /* bytes */

struct connections;
struct guard;
struct http; /* opaque */
struct systemd;

/* Either answers at once, or sets reply->is_later and answers by web_request_answer(). */
typedef void web_handler(void *context, struct web_request *request,
                         struct web_reply *reply);

struct web_route {
	const char *path; /* exact */
	web_handler *handler;
	bool is_limited; /* counts for max_requests */
};

struct web_options {
	const char *const *addresses; /* see web/address.h */
	size_t addresses_count;
	const int *sockets; /* that listen already, taken over; instead of ADDRESSES */
	size_t sockets_count;
	const struct web_route *routes;
	size_t routes_count;
	void *context;             /* for every handler, for turn and reload */
	unsigned int max_requests; /* at once on limited routes; 0: no limit */
	const struct guard *guard; /* in force at first; NULL: plain HTTP for everybody */

	/*
	 * Called in each turn of the loop, before clients and requests are looked at;
	 * next_turn says when (clock_monotonic()) that has to be at the latest,
	 * UINT64_MAX: when something happens, or EVENT is readable. Both NULL: not
	 * needed.
	 */
	void (*turn)(void *context);
	uint64_t (*next_turn)(void *context);
	int event;                     /* used with turn */
	void (*reload)(void *context); /* at SIGHUP; NULL: not needed */
	const struct systemd *systemd; /* NULL: nobody to tell */
};

/*
 * Starts without clients. OPTIONS and CONNECTIONS, in which clients are entered, are
 * borrowed; a client that takes nothing of its reply for IDLE_SECONDS is given up.
 * 0 or -errno.
 */
int http_new(const struct web_options *options, struct connections *connections,
             unsigned int idle_seconds, struct http **ret_http);
struct http *http_free(struct http *http); /* takes NULL; closes all connections */

/*
 * From now on GUARD (borrowed) is in force: for TLS of new clients, for all else of new
 * requests. It has TLS if the first one had it.
 */
void http_set_guard(struct http *http, const struct guard *guard);

/* Readable when http_run() has something to do; borrowed. */
int http_epoll(const struct http *http);

/* Readable when http_let_in() has something to do; borrowed. */
int http_event(const struct http *http);

/* Goes on with the requests whose login is judged. */
void http_let_in(struct http *http);

/* Takes over FD, the socket of a client at ADDRESS, and closes it in the end. */
void http_add_client(struct http *http, int fd, const struct sockaddr_storage *address,
                     socklen_t size);

/* Does what there is to do, without waiting. */
void http_run(struct http *http);

/* Milliseconds after which http_run() wants to be called in any case; -1: never. */
int http_wait_time(const struct http *http);
