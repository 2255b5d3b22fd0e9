/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server. The only file that knows libmicrohttpd; must not know what it serves.
 *
 * libmicrohttpd parses and sends, driven from our loop through its epoll descriptor. We
 * accept ourselves, since it can only refuse a connection that is one too many, and a
 * silent client would keep its place.
 */
#include "web/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "web/connections.h"
#include "web/listeners.h"

/*
 * So many of the connections may be accepted in one turn of the loop; they come on top of
 * the limit until those that are closed for them are gone.
 */
#define ACCEPT_SHARE 8

/* Without free descriptors, accepting rests for this long. */
#define ACCEPT_REST (CLOCK_SECOND / 10)

struct web_server {
	const struct web_options *options;
	struct MHD_Daemon *daemon;
	int epoll;
	struct listeners listeners;
	uint64_t rests_until; /* accepting does */
	struct connections connections;
	bool is_stopping;
	bool has_complaint; /* the library logged something in this turn */
};

struct web_request {
	struct MHD_Connection *connection;
};

/* ---- connections ---- */

/* Out of descriptors: a silent client's is free in the next turn, or nobody's. */
static void rest(struct web_server *server, int error)
{
	if (connections_close_oldest(&server->connections))
		return;
	log_event(LOG_LEVEL_WARN, "Cannot accept a connection", "err", strerror(error),
	          NULL);
	listeners_watch(&server->listeners, false);
	server->rests_until = clock_monotonic() + ACCEPT_REST;
}

static void accept_clients(struct web_server *server, int listener)
{
	for (size_t i = 0; i <= server->connections.max / ACCEPT_SHARE; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t size = sizeof(address);
		int fd = accept4(listener, (struct sockaddr *)&address, &size,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EAGAIN)
				return;
			/* Anything else was that client's misfortune (accept(2)). */
			if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
			    errno != ENOMEM)
				continue;
			rest(server, errno);
			return;
		}
		if (connections_make_room(&server->connections, &address))
			MHD_add_connection(server->daemon, fd,
			                   (struct sockaddr *)&address, size);
		else
			close(fd);
	}
}

static void notify_connection(void *data, struct MHD_Connection *mhd,
                              void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
		                 ->connect_fd;
		const struct sockaddr *address =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				->client_addr;

		*socket_context =
			connections_add(&server->connections, fd,
		                        (const struct sockaddr_storage *)address);
	} else if (*socket_context) {
		connections_remove(&server->connections, *socket_context);
	}
}

/* ---- requests ---- */

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

static const struct web_route *find_route(const struct web_server *server,
                                          const char *target)
{
	const char *path = path_of(target);

	for (size_t i = 0; i < server->options->routes_count; i++)
		if (strcmp(server->options->routes[i].path, path) == 0)
			return &server->options->routes[i];
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

static void answer(struct web_server *server, struct connection *connection,
                   const struct web_route *route, const struct web_request *request,
                   struct web_reply *reply)
{
	unsigned int max = server->options->max_requests;

	if (route->is_limited && max &&
	    !connections_limit(&server->connections, connection, max)) {
		web_reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
		                "too many requests at once, try again later");
		return;
	}
	route->handler(server->options->context, request, reply);
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
	struct web_server *server = data;
	struct connection *connection =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;
	const struct web_route *route = find_route(server, path);
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
		answer(server, connection, route, &request, &reply);
	}
	return send_reply(mhd, &reply);
}

static void request_completed(void *data, struct MHD_Connection *mhd,
                              void **request_context,
                              enum MHD_RequestTerminationCode code)
{
	struct web_server *server = data;

	(void)mhd;
	(void)code;
	if (*request_context)
		connections_complete(&server->connections, *request_context);
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

/* ---- the loop ---- */

__attribute__((format(printf, 2, 0))) static void log_library(void *data,
                                                              const char *format,
                                                              va_list arguments)
{
	_cleanup_(free_pointer) char *line = NULL;
	struct web_server *server = data;

	server->has_complaint = true;
	if (vasprintf(&line, format, arguments) < 0) {
		line = NULL;
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	log_event(LOG_LEVEL_DEBUG, "libmicrohttpd", "err", line, NULL);
}

/* Clients get three eighths of the descriptors at most, the rest is for files. */
static size_t limit_of_connections(void)
{
	struct rlimit files = { .rlim_cur = RLIM_INFINITY };

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_cur / 8 * 3;
	return files.rlim_cur < WEB_CONNECTIONS_MAX ? files.rlim_cur
	                                            : WEB_CONNECTIONS_MAX;
}

static int watch(struct web_server *server, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int start_daemon(struct web_server *server)
{
	int r;
	const union MHD_DaemonInfo *info;

	/* Our own limit of connections works before the library's, which guards its
	 * memory. */
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL,
		NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, server,
		MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)(2 * server->connections.max + 2),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)WEB_IDLE_SECONDS,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		request_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
		notify_connection, server, MHD_OPTION_END);
	if (!server->daemon)
		return -ENOMEM;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	r = watch(server, info->epoll_fd);
	return r < 0 ? r : watch(server, server->connections.epoll);
}

int web_server_new(const struct web_options *options, struct web_server **ret_server)
{
	struct web_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		log_event(LOG_LEVEL_ERROR, "Cannot start the HTTP server", "err",
		          strerror(ENOMEM), NULL);
		return -ENOMEM;
	}
	server->options = options;
	r = connections_init(&server->connections, limit_of_connections(),
	                     WEB_CONNECTIONS_PER_CLIENT_MAX);
	server->epoll = r < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
	if (r == 0)
		r = server->epoll < 0 ? -errno : start_daemon(server);
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot start the HTTP server", "err",
		          strerror(-r), NULL);
	else
		r = listeners_init(&server->listeners, server->epoll, options->addresses,
		                   options->addresses_count);
	if (r < 0) {
		web_server_free(server);
		return r;
	}
	listeners_watch(&server->listeners, true);
	*ret_server = server;
	return 0;
}

struct web_server *web_server_free(struct web_server *server)
{
	if (!server)
		return NULL;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	listeners_clear(&server->listeners);
	connections_clear(&server->connections);
	close_descriptor(&server->epoll);
	free(server);
	return NULL;
}

/* Milliseconds until something has to be done though nothing happens; -1: never. */
static int wait_time(const struct web_server *server, uint64_t stop_at)
{
	MHD_UNSIGNED_LONG_LONG library;
	uint64_t now = clock_monotonic(), until = stop_at;
	int wait = -1;

	if (!server->listeners.is_watched && !server->is_stopping)
		until = server->rests_until;
	if (until != UINT64_MAX)
		wait = until > now ? (int)((until - now) / 1000000) + 1 : 0;
	if (MHD_get_timeout(server->daemon, &library) == MHD_YES &&
	    (wait < 0 || library < (MHD_UNSIGNED_LONG_LONG)wait))
		wait = (int)library;
	return wait;
}

/* Takes what already waits at the door, then closes it. */
static void begin_stop(struct web_server *server)
{
	for (size_t i = 0; i < server->listeners.count; i++)
		accept_clients(server, server->listeners.fds[i]);
	listeners_watch(&server->listeners, false);
	listeners_clear(&server->listeners);
	server->is_stopping = true;
}

/*
 * Lets the library do what there is to do. A connection that it gives up it closes in its
 * next turn. The end of a client that came together with its last bytes it never sees, so
 * we close those, when all that came was read.
 */
static void run_library(struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait;

	MHD_run(server->daemon);
	if (server->has_complaint)
		MHD_run(server->daemon);
	server->has_complaint = false;
	if (MHD_get_timeout(server->daemon, &wait) != MHD_YES || wait > 0)
		connections_close_ended(&server->connections);
}

static void handle_event(struct web_server *server, int fd)
{
	if (fd == server->connections.epoll)
		connections_note_ended(&server->connections);
	else if (listeners_has(&server->listeners, fd))
		accept_clients(server, fd);
}

/* Whoever is still connected has all of its replies, or took too long. */
static void end_stop(struct web_server *server)
{
	connections_close_silent(&server->connections, 0);
	MHD_run(server->daemon);
}

int web_server_run(struct web_server *server, int stop_fd)
{
	uint64_t stop_at = UINT64_MAX;
	int r = watch(server, stop_fd);

	if (r < 0)
		return r;
	for (;;) {
		struct epoll_event events[16];
		int count = epoll_wait(server->epoll, events, ARRAY_SIZE(events),
		                       wait_time(server, stop_at));

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct signalfd_siginfo signal;

			if (events[i].data.fd != stop_fd) {
				handle_event(server, events[i].data.fd);
				continue;
			}
			if (read(stop_fd, &signal, sizeof(signal)) < 0)
				continue;
			if (server->is_stopping)
				return 0;
			begin_stop(server);
			stop_at = clock_monotonic() + WEB_STOP_SECONDS * CLOCK_SECOND;
		}
		run_library(server);
		if (server->is_stopping) {
			if (!connections_is_busy(&server->connections) ||
			    clock_monotonic() >= stop_at) {
				end_stop(server);
				return 0;
			}
		} else if (!server->listeners.is_watched &&
		           clock_monotonic() >= server->rests_until) {
			listeners_watch(&server->listeners, true);
		}
		connections_close_silent(&server->connections,
		                         WEB_IDLE_SECONDS * CLOCK_SECOND);
	}
}
