/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP. Knows libmicrohttpd's daemon; must not know what is served.
 */
#include "web/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "web/connections.h"
#include "web/gate.h"
#include "web/guard.h"
#include "web/tls.h"

struct http {
	const struct web_options *options;
	const struct guard *guard;
	struct connections *connections;
	struct gate *gate;
	struct MHD_Daemon *daemon;
	bool has_tls;
	struct visit *first;
	bool has_complaint; /* the library logged something in this turn */
};

/* One client's connection. */
struct client {
	struct connection *connection;
	struct tls *tls; /* held for its session */
};

/* One request from its first line to its end. */
struct visit {
	struct visit *next, *previous;
	struct connection *connection;
	struct gate_visitor visitor;
	struct web_request *request;
	bool is_handled; /* the handler said that it answers later */
};

/* ---- requests ---- */

static struct visit *visit_new(struct http *http, struct MHD_Connection *mhd,
                               struct connection *connection)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (!visit)
		return NULL;
	visit->request = web_request_new(mhd);
	if (!visit->request) {
		free(visit);
		return NULL;
	}
	visit->connection = connection;
	visit->visitor.context = visit;
	visit->next = http->first;
	if (visit->next)
		visit->next->previous = visit;
	http->first = visit;
	return visit;
}

static void visit_free(struct http *http, struct visit *visit)
{
	*(visit->previous ? &visit->previous->next : &http->first) = visit->next;
	if (visit->next)
		visit->next->previous = visit->previous;
	gate_leave(http->gate, &visit->visitor);
	web_request_free(visit->request);
	free(visit);
}

/*
 * The path of a target, which may be absolute (RFC 9112, section 3.2.2):
 * "http://host:10093/metrics" asks for "/metrics".
 */
static const char *path_of(const struct http *http, const char *target)
{
	const char *scheme = http->has_tls ? "https://" : "http://";

	if (strncasecmp(target, scheme, strlen(scheme)) != 0)
		return target;
	target += strlen(scheme);
	target += strcspn(target, "/");
	return *target ? target : "/";
}

static const struct web_route *find_route(const struct http *http, const char *target)
{
	const char *path = path_of(http, target);

	for (size_t i = 0; i < http->options->routes_count; i++)
		if (strcmp(http->options->routes[i].path, path) == 0)
			return &http->options->routes[i];
	return NULL;
}

static bool is_allowed_method(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static bool set_authorization(void *context, const char *value)
{
	struct gate_visitor *visitor = context;

	visitor->has_authorization = true;
	text_add_string(&visitor->authorization, value);
	return false;
}

/* Whether the request may go on; if not, the reply says why, or comes later. */
static bool let_in(struct http *http, struct visit *visit, struct web_reply *reply)
{
	struct gate_visitor *visitor = &visit->visitor;

	if (!visitor->is_judged) {
		visitor->client = connections_client(visit->connection);
		web_request_headers(visit->request, "Authorization", set_authorization,
		                    visitor);
	}
	switch (gate_enter(http->gate, visitor)) {
	case GATE_OPEN:
		return true;
	case GATE_WAITS:
		reply->is_later = true;
		return false;
	case GATE_TOO_MANY_REQUESTS:
		web_reply_error(reply, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests");
		return false;
	case GATE_UNAUTHORIZED:
		web_reply_error(reply, MHD_HTTP_UNAUTHORIZED, "unauthorized");
		reply->headers[0] = (struct web_header){ "WWW-Authenticate", "Basic" };
		return false;
	default:
		web_reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
		                "logins cannot be checked now, try again later");
		return false;
	}
}

static void answer(struct http *http, struct visit *visit, const struct web_route *route,
                   struct web_reply *reply)
{
	unsigned int max = http->options->max_requests;

	if (route->is_limited && max &&
	    !connections_limit(http->connections, visit->connection, max)) {
		web_reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
		                "too many requests at once, try again later");
		return;
	}
	route->handler(http->options->context, visit->request, reply);
	visit->is_handled = reply->is_later;
}

static void judge(struct http *http, struct visit *visit, const char *path,
                  const char *method, const char *http_version, struct web_reply *reply)
{
	const struct web_route *route = find_route(http, path);

	if (!web_request_has_host(visit->request, http_version)) {
		web_reply_error(reply, MHD_HTTP_BAD_REQUEST, "just one Host is expected");
		reply->headers[0] = (struct web_header){ "Connection", "close" };
	} else if (!let_in(http, visit, reply)) {
		return;
	} else if (!route) {
		web_reply_error(reply, MHD_HTTP_NOT_FOUND, "not found");
	} else if (!is_allowed_method(method)) {
		web_reply_error(reply, MHD_HTTP_METHOD_NOT_ALLOWED,
		                "only GET and HEAD are allowed");
		reply->headers[0] = (struct web_header){ "Allow", "GET, HEAD" };
	} else if (web_request_has_body(visit->request)) {
		web_reply_error(reply, MHD_HTTP_CONTENT_TOO_LARGE,
		                "a request body is not expected");
	} else {
		answer(http, visit, route, reply);
	}
}

/*
 * libmicrohttpd calls this once when the headers are there, once more when the request is
 * complete, and again after each wait. A request with a body is answered in the first
 * call, which keeps libmicrohttpd from reading it, and closes the connection.
 */
static enum MHD_Result handle(void *data, struct MHD_Connection *mhd, const char *path,
                              const char *method, const char *http_version,
                              const char *upload, size_t *upload_size,
                              void **request_context)
{
	struct http *http = data;
	struct client *client =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;
	struct visit *visit = *request_context;
	struct web_reply reply = { .status = MHD_HTTP_OK }, *late;

	(void)upload;

	*upload_size = 0;
	if (!client)
		return MHD_NO;
	if (!visit) {
		visit = *request_context = visit_new(http, mhd, client->connection);
		if (!visit)
			return MHD_NO;
		connections_begin(client->connection);
		if (!web_request_has_body(visit->request))
			return MHD_YES;
	}
	late = web_request_late_reply(visit->request);
	if (!late && !visit->is_handled)
		judge(http, visit, path, method, http_version, &reply);
	if (!late && (visit->is_handled || reply.is_later)) {
		web_request_wait(visit->request);
		return MHD_YES;
	}
	connections_send(http->connections, client->connection);
	return web_request_send(visit->request, late ? late : &reply,
	                        http->guard ? &http->guard->config.headers : NULL)
	               ? MHD_YES
	               : MHD_NO;
}

static void request_completed(void *data, struct MHD_Connection *mhd,
                              void **request_context,
                              enum MHD_RequestTerminationCode code)
{
	struct http *http = data;
	struct visit *visit = *request_context;

	(void)mhd;
	(void)code;
	if (!visit)
		return;
	connections_complete(http->connections, visit->connection);
	visit_free(http, visit);
	*request_context = NULL;
}

void http_let_in(struct http *http)
{
	for (struct gate_visitor *visitor = gate_next(http->gate); visitor;
	     visitor = gate_next(http->gate)) {
		struct visit *visit = visitor->context;

		web_request_go_on(visit->request);
	}
}

/* As the library does it, but a NUL must not end a path or a value before its end. */
static size_t unescape(void *data, struct MHD_Connection *mhd, char *string)
{
	size_t length = MHD_http_unescape(string);

	(void)data;
	(void)mhd;
	for (size_t i = 0; i < length; i++)
		if (string[i] == '\0')
			string[i] = '?';
	return length;
}

/* ---- the library ---- */

static struct client *client_new(struct http *http, struct MHD_Connection *mhd)
{
	int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
	                 ->connect_fd;
	const struct sockaddr *address =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr;
	struct client *client = calloc(1, sizeof(*client));

	if (client)
		client->connection = connections_add(
			http->connections, fd, (const struct sockaddr_storage *)address);
	if (!client || !client->connection) {
		free(client);
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	return client;
}

/* A session that cannot be prepared must not begin. */
static void begin_tls(struct http *http, struct MHD_Connection *mhd,
                      struct client *client)
{
	const union MHD_ConnectionInfo *session =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	client->tls = tls_hold(http->guard->tls);
	if (tls_session_init(client->tls, session->tls_session) < 0)
		shutdown(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
		                 ->connect_fd,
		         SHUT_RDWR);
}

static void notify_connection(void *data, struct MHD_Connection *mhd,
                              void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
	struct http *http = data;
	struct client *client = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = client = client_new(http, mhd);
		if (client && http->has_tls)
			begin_tls(http, mhd, client);
	} else if (client) {
		connections_remove(http->connections, client->connection);
		tls_free(client->tls);
		free(client);
	}
}

__attribute__((format(printf, 2, 0))) static void log_library(void *data,
                                                              const char *format,
                                                              va_list arguments)
{
	_cleanup_(free_pointer) char *line = NULL;
	struct http *http = data;

	http->has_complaint = true;
	if (vasprintf(&line, format, arguments) < 0) {
		line = NULL;
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	log_event(LOG_LEVEL_DEBUG, "libmicrohttpd", "err", line, NULL);
}

/*
 * The library wants a certificate from the start; but each session gets its own before it
 * shakes hands (begin_tls()), so this is never called.
 */
static int no_certificate(void)
{
	return -1;
}

/* Our own limit works before the library's, which only guards its memory. */
static struct MHD_Daemon *start_daemon(struct http *http, unsigned int idle_seconds)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
	                     MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
	                     (http->has_tls ? MHD_USE_TLS : 0);
	const struct MHD_OptionItem tls[] = {
		{ http->has_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0,
		  (void *)no_certificate },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(
		flags, 0, NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER,
		log_library, http, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)(2 * http->connections->max + 2),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_completed, http,
		MHD_OPTION_NOTIFY_CONNECTION, notify_connection, http, MHD_OPTION_ARRAY,
		tls, MHD_OPTION_END);
}

int http_new(const struct web_options *options, struct connections *connections,
             unsigned int idle_seconds, struct http **ret_http)
{
	const struct webconfig *config = options->guard ? &options->guard->config : NULL;
	struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return -ENOMEM;
	http->options = options;
	http->connections = connections;
	http->has_tls = options->guard && options->guard->tls;
	r = gate_new(config ? config->rate_interval : 0, config ? config->rate_burst : 0,
	             &http->gate);
	if (r == 0) {
		http->daemon = start_daemon(http, idle_seconds);
		r = http->daemon ? 0 : -ENOMEM;
	}
	if (r < 0) {
		gate_free(http->gate);
		free(http);
		return r;
	}
	if (options->guard)
		http_set_guard(http, options->guard);
	*ret_http = http;
	return 0;
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	/* The library does not end with requests that wait. */
	for (struct visit *visit = http->first; visit; visit = visit->next)
		web_request_go_on(visit->request);
	MHD_stop_daemon(http->daemon);
	gate_free(http->gate);
	free(http);
	return NULL;
}

void http_set_guard(struct http *http, const struct guard *guard)
{
	http->guard = guard;
	gate_set_auth(http->gate, guard->auth);
	http_let_in(http);
}

int http_event(const struct http *http)
{
	return gate_event(http->gate);
}

int http_epoll(const struct http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void http_add_client(struct http *http, int fd, const struct sockaddr_storage *address,
                     socklen_t size)
{
	MHD_add_connection(http->daemon, fd, (const struct sockaddr *)address, size);
}

int http_wait_time(const struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait;

	return MHD_get_timeout(http->daemon, &wait) == MHD_YES ? (int)wait : -1;
}

/*
 * A connection that the library gives up it closes in its next turn. The end of a client
 * that came together with its last bytes it never sees, so we close those, when all that
 * came was read.
 */
void http_run(struct http *http)
{
	http->connections->turn++;
	MHD_run(http->daemon);
	if (http->has_complaint)
		MHD_run(http->daemon);
	http->has_complaint = false;
	if (http_wait_time(http) != 0)
		connections_close_ended(http->connections);
}
