/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: one thread, one loop, a table of routes.
 *
 * It answers GET and HEAD. Other methods get 405, unknown paths 404, too many requests at
 * once on a limited route 503, a handler that fails 500; a reply is sent whole or not.
 *
 * No client holds up another. Connections, per client and in all, are limited: when one
 * too many comes, the connection that has been silent for longest is closed for it. The
 * same happens to one that sends no complete request for WEB_IDLE_SECONDS, or takes
 * nothing of its reply for that time. A request, with its headers, is bounded by
 * WEB_REQUEST_MAX and has no body.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define WEB_CONNECTIONS_MAX            512
#define WEB_CONNECTIONS_PER_CLIENT_MAX 256
#define WEB_IDLE_SECONDS               75
#define WEB_REQUEST_MAX                16384 /* bytes */

/* After a stop the requests in flight have this long to end. */
#define WEB_STOP_SECONDS 10

struct web_server;  /* opaque */
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
	struct text body;             /* the server frees it; its error makes a 500 */
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

/*
 * Listens on all addresses and logs each. OPTIONS is borrowed until the server is freed.
 * 0, or -errno after an error line, which names the address if it was one.
 */
int web_server_new(const struct web_options *options, struct web_server **ret_server);
struct web_server *web_server_free(struct web_server *server); /* takes NULL */

/*
 * Serves until STOP_FD, a signalfd, gives a signal; then accepts no more, lets the
 * requests in flight end, and returns 0: at the latest after WEB_STOP_SECONDS or at the
 * next signal. -errno if it cannot wait for events.
 */
int web_server_run(struct web_server *server, int stop_fd);

/* Is shown a value, borrowed for the call; returns whether it wants more. */
typedef bool web_visitor(void *context, const char *value);

/* Shows VISIT the value of each header line NAME, or of each query parameter NAME. */
void web_request_headers(const struct web_request *request, const char *name,
                         web_visitor *visit, void *context);
void web_request_arguments(const struct web_request *request, const char *name,
                           web_visitor *visit, void *context);

/* Makes the reply a plain text of one line. */
void web_reply_error(struct web_reply *reply, unsigned int status, const char *line);
