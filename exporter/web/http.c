/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP. The only file that knows libmicrohttpd; must not know what is served.
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

struct http {
	const struct web_options *options;
	struct connections *connections;
	struct MHD_Daemon *daemon;
	bool has_complaint; /* the library logged something in this turn */
};

struct web_request {
	struct MHD_Connection *connection;
};

/* ---- requests and replies ---- */

struct visiting {
	const char *name;
	web_visitor *visit;
	void *context;
};

static enum MHD_Result visit_value(void *data, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
	const struct visiting *visiting = data;

	/* RFC 9110, section 5.1: names of headers have no case; RFC 3986: others do. */
	if ((kind == MHD_HEADER_KIND ? strcasecmp : strcmp)(name, visiting->name) != 0)
		return MHD_YES;
	return visiting->visit(visiting->context, value ? value : "") ? MHD_YES : MHD_NO;
}

void web_request_headers(const struct web_request *request, const char *name,
                         web_visitor *visit, void *context)
{
	struct visiting visiting = { .name = name, .visit = visit, .context = context };

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_value,
	                          &visiting);
}

void web_request_arguments(const struct web_request *request, const char *name,
                           web_visitor *visit, void *context)
{
	struct visiting visiting = { .name = name, .visit = visit, .context = context };

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, visit_value,
	                          &visiting);
}

void web_reply_error(struct web_reply *reply, unsigned int status, const char *line)
{
	reply->status = status;
	reply->content_type = "text/plain; charset=utf-8";
	text_reset(&reply->body);
	text_add_string(&reply->body, line);
	text_add_char(&reply->body, '\n');
}

static enum MHD_Result send_reply(struct MHD_Connection *mhd, struct web_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t length = 0;
	char *body;

	/* An empty body is one, too. */
	if (text_reserve(&reply->body, 0) < 0) {
		text_clear(&reply->body);
		*reply = (struct web_reply){ 0 };
		web_reply_error(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	}
	body = text_take(&reply->body, &length);
	if (!body)
		return MHD_NO;
	response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	result = MHD_add_response_header(response, "Content-Type", reply->content_type);
	if (result == MHD_YES)
		result = MHD_add_response_header(response, "X-Content-Type-Options",
		                                 "nosniff");
	for (size_t i = 0; i < ARRAY_SIZE(reply->headers) && reply->headers[i].name &&
	                   result == MHD_YES;
	     i++)
		result = MHD_add_response_header(response, reply->headers[i].name,
		                                 reply->headers[i].value);
	if (result == MHD_YES)
		result = MHD_queue_response(mhd, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/*
 * The path of a target, which may be absolute (RFC 9112, section 3.2.2):
 * "http://host:10093/metrics" asks for "/metrics".
 */
static const char *path_of(const char *target)
{
	static const char scheme[] = "http://";

	if (strncasecmp(target, scheme, strlen(scheme)) != 0)
		return target;
	target += strlen(scheme);
	target += strcspn(target, "/");
	return *target ? target : "/";
}

static const struct web_route *find_route(const struct http *http, const char *target)
{
	const char *path = path_of(target);

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

static bool find_length(void *context, const char *value)
{
	bool *has_length = context;

	*has_length = strcmp(value, "0") != 0;
	return !*has_length;
}

/* The library believes the first of several lengths; here every one has to be 0. */
static bool has_body(const struct web_request *request)
{
	bool has_length = false;

	web_request_headers(request, "Content-Length", find_length, &has_length);
	return has_length ||
	       MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
	                                   "Transfer-Encoding");
}

static bool count_host(void *context, const char *value)
{
	(void)value;
	return ++*(unsigned int *)context < 2;
}

/*
 * RFC 9112, section 3.2: just one Host, which HTTP/1.0 may leave out. The library could
 * check that, but then sends the head of its error twice.
 */
static bool has_bad_host(const struct web_request *request, const char *http_version)
{
	unsigned int hosts = 0;

	web_request_headers(request, "Host", count_host, &hosts);
	return hosts > 1 || (hosts == 0 && strcmp(http_version, "HTTP/1.0") != 0);
}

static void answer(struct http *http, struct connection *connection,
                   const struct web_route *route, const struct web_request *request,
                   struct web_reply *reply)
{
	unsigned int max = http->options->max_requests;

	if (route->is_limited && max &&
	    !connections_limit(http->connections, connection, max)) {
		web_reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
		                "too many requests at once, try again later");
		return;
	}
	route->handler(http->options->context, request, reply);
}

/*
 * libmicrohttpd calls this once when the headers are there and once more when the request
 * is complete. A request with a body is refused in the first call, which keeps
 * libmicrohttpd from reading it, and closes the connection.
 */
static enum MHD_Result handle(void *data, struct MHD_Connection *mhd, const char *path,
                              const char *method, const char *http_version,
                              const char *upload, size_t *upload_size,
                              void **request_context)
{
	struct http *http = data;
	struct connection *connection =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;
	const struct web_route *route = find_route(http, path);
	const struct web_request request = { .connection = mhd };
	struct web_reply reply = { .status = MHD_HTTP_OK };
	bool is_first = !*request_context;

	(void)upload;

	*upload_size = 0;
	if (!connection)
		return MHD_NO;
	*request_context = connection;
	connections_begin(connection);

	if (is_first && !has_body(&request))
		return MHD_YES;
	if (has_bad_host(&request, http_version)) {
		web_reply_error(&reply, MHD_HTTP_BAD_REQUEST,
		                "just one Host is expected");
		reply.headers[0] = (struct web_header){ "Connection", "close" };
	} else if (!route) {
		web_reply_error(&reply, MHD_HTTP_NOT_FOUND, "not found");
	} else if (!is_allowed_method(method)) {
		web_reply_error(&reply, MHD_HTTP_METHOD_NOT_ALLOWED,
		                "only GET and HEAD are allowed");
		reply.headers[0] = (struct web_header){ "Allow", "GET, HEAD" };
	} else if (is_first) {
		web_reply_error(&reply, MHD_HTTP_CONTENT_TOO_LARGE,
		                "a request body is not expected");
	} else {
		answer(http, connection, route, &request, &reply);
	}
	return send_reply(mhd, &reply);
}

static void request_completed(void *data, struct MHD_Connection *mhd,
                              void **request_context,
                              enum MHD_RequestTerminationCode code)
{
	struct http *http = data;

	(void)mhd;
	(void)code;
	if (*request_context)
		connections_complete(http->connections, *request_context);
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

static void notify_connection(void *data, struct MHD_Connection *mhd,
                              void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
	struct http *http = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
		                 ->connect_fd;
		const struct sockaddr *address =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				->client_addr;

		*socket_context = connections_add(
			http->connections, fd, (const struct sockaddr_storage *)address);
	} else if (*socket_context) {
		connections_remove(http->connections, *socket_context);
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

int http_new(const struct web_options *options, struct connections *connections,
             unsigned int idle_seconds, struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return -ENOMEM;
	http->options = options;
	http->connections = connections;
	/* Our own limit works before the library's, which only guards its memory. */
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL,
		NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, log_library, http,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)(2 * connections->max + 2),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_completed, http,
		MHD_OPTION_NOTIFY_CONNECTION, notify_connection, http, MHD_OPTION_END);
	if (!http->daemon) {
		free(http);
		return -ENOMEM;
	}
	*ret_http = http;
	return 0;
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	MHD_stop_daemon(http->daemon);
	free(http);
	return NULL;
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
	MHD_run(http->daemon);
	if (http->has_complaint)
		MHD_run(http->daemon);
	http->has_complaint = false;
	if (http_wait_time(http) != 0)
		connections_close_ended(http->connections);
}
