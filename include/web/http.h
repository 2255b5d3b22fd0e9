/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP: requests taken apart, routes found, replies sent whole or not (RFC 9110, 9112).
 *
 * GET and HEAD are answered. Other methods get 405, unknown paths 404, too many requests
 * at once on a limited route 503, a handler that fails 500. A request, with its headers,
 * is bounded by WEB_REQUEST_MAX and has no body.
 *
 * Driven from outside: whoever owns it watches http_epoll() and calls http_run().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/text.h"

#define WEB_REQUEST_MAX 16384 /* bytes */

struct connections;
struct http;        /* opaque */
struct web_request; /* opaque; lives as long as its handler runs */

struct web_header {
	const char *name;
	const char *value;
};

/* What a handler answers. All strings are static or outlive the server. */
struct web_reply {
	unsigned int status; /* 200 at first */
	const char *content_type;
	struct web_header headers[4]; /* further ones, up to the first without a name */
	struct text body;             /* freed when it is sent; its error makes a 500 */
};

typedef void web_handler(void *context, const struct web_request *request,
                         struct web_reply *reply);

struct web_route {
	const char *path; /* exact */
	web_handler *handler;
	bool is_limited; /* counts for max_requests */
};

struct web_options {
	const char *const *addresses; /* see web/address.h */
	size_t addresses_count;
	const struct web_route *routes;
	size_t routes_count;
	void *context;             /* for every handler */
	unsigned int max_requests; /* at once on limited routes; 0: no limit */
};

/* Is shown a value, borrowed for the call; returns whether it wants more. */
typedef bool web_visitor(void *context, const char *value);

/* Shows VISIT the value of each header line NAME, or of each query parameter NAME. */
void web_request_headers(const struct web_request *request, const char *name,
                         web_visitor *visit, void *context);
void web_request_arguments(const struct web_request *request, const char *name,
                           web_visitor *visit, void *context);

/* Makes the reply a plain text of one line. */
void web_reply_error(struct web_reply *reply, unsigned int status, const char *line);

/*
 * Starts without clients. OPTIONS and CONNECTIONS, in which clients are entered, are
 * borrowed; a client that takes nothing of its reply for IDLE_SECONDS is given up.
 * 0 or -ENOMEM.
 */
int http_new(const struct web_options *options, struct connections *connections,
             unsigned int idle_seconds, struct http **ret_http);
struct http *http_free(struct http *http); /* takes NULL; closes all connections */

/* Readable when http_run() has something to do; borrowed. */
int http_epoll(const struct http *http);

/* Takes over FD, the socket of a client at ADDRESS, and closes it in the end. */
void http_add_client(struct http *http, int fd, const struct sockaddr_storage *address,
                     socklen_t size);

/* Does what there is to do, without waiting. */
void http_run(struct http *http);

/* Milliseconds after which http_run() wants to be called in any case; -1: never. */
int http_wait_time(const struct http *http);
