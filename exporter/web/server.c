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
#include <netinet/in.h>
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
#include "web/address.h"

/*
 * So many of the connections may be accepted in one turn of the loop; they come on top of
 * the limit until those that are closed for them are gone.
 */
#define ACCEPT_SHARE 8

/* Without free descriptors, accepting rests for this long. */
#define ACCEPT_REST (CLOCK_SECOND / 10)

/* A client's connection, in a ring ordered by SINCE. */
struct connection {
	struct connection *previous, *next;
	int fd;
	struct in6_addr client;
	uint64_t since;  /* clock_monotonic() of its start or of the end of its last
	                    request */
	bool is_busy;    /* a request is in flight */
	bool is_counted; /* and counts for max_requests */
	bool is_closing;
};

struct web_server {
	const struct web_options *options;
	struct MHD_Daemon *daemon;
	int epoll;
	int *listeners;
	size_t listeners_count;
	bool is_listening;      /* the listeners are in the epoll set */
	uint64_t rests_until;   /* accepting does */
	struct connection ring; /* the head: next is the oldest */
	size_t connections;     /* in the ring, not closing */
	size_t connections_max;
	unsigned int requests; /* in flight on limited routes */
	bool is_stopping;
};

struct web_request {
	struct MHD_Connection *connection;
};

/* ---- connections ---- */

static void ring_remove(struct connection *connection)
{
	connection->previous->next = connection->next;
	connection->next->previous = connection->previous;
}

static void ring_append(struct web_server *server, struct connection *connection)
{
	connection->since = clock_monotonic();
	connection->previous = server->ring.previous;
	connection->next = &server->ring;
	connection->previous->next = connection;
	server->ring.previous = connection;
}

/* libmicrohttpd finds the socket at its end and closes it in its next turn. */
static void connection_close(struct web_server *server, struct connection *connection)
{
	shutdown(connection->fd, SHUT_RDWR);
	connection->is_closing = true;
	server->connections--;
}

/* Closes the connection that has been silent for longest, of CLIENT if not NULL. */
static bool close_oldest(struct web_server *server, const struct in6_addr *client)
{
	for (struct connection *c = server->ring.next; c != &server->ring; c = c->next) {
		if (c->is_busy || c->is_closing)
			continue;
		if (client && memcmp(&c->client, client, sizeof(*client)) != 0)
			continue;
		connection_close(server, c);
		return true;
	}
	return false;
}

static void close_overdue(struct web_server *server)
{
	uint64_t now = clock_monotonic();

	for (struct connection *c = server->ring.next; c != &server->ring; c = c->next) {
		if (now - c->since < WEB_IDLE_SECONDS * CLOCK_SECOND)
			return;
		if (!c->is_busy && !c->is_closing)
			connection_close(server, c);
	}
}

static bool is_any_busy(const struct web_server *server)
{
	for (const struct connection *c = server->ring.next; c != &server->ring;
	     c = c->next)
		if (c->is_busy && !c->is_closing)
			return true;
	return false;
}

/* IPv4 as ::ffff:a.b.c.d, so that a client is the same on every listener. */
static struct in6_addr client_of(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	struct in6_addr client = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (address->ss_family == AF_INET6)
		return v6->sin6_addr;
	memcpy(&client.s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
	return client;
}

static size_t count_of_client(const struct web_server *server,
                              const struct in6_addr *client)
{
	size_t count = 0;

	for (const struct connection *c = server->ring.next; c != &server->ring;
	     c = c->next)
		if (!c->is_closing && memcmp(&c->client, client, sizeof(*client)) == 0)
			count++;
	return count;
}

/* Makes room for one more connection of CLIENT; false if all of them are busy. */
static bool make_room(struct web_server *server, const struct in6_addr *client)
{
	if (count_of_client(server, client) >= WEB_CONNECTIONS_PER_CLIENT_MAX)
		return close_oldest(server, client);
	if (server->connections >= server->connections_max)
		return close_oldest(server, NULL);
	return true;
}

static void listen_again(struct web_server *server, bool wanted)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (server->is_listening == wanted)
		return;
	for (size_t i = 0; i < server->listeners_count; i++) {
		event.data.fd = server->listeners[i];
		epoll_ctl(server->epoll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
		          server->listeners[i], &event);
	}
	server->is_listening = wanted;
}

static void accept_clients(struct web_server *server, int listener)
{
	for (size_t i = 0; i <= server->connections_max / ACCEPT_SHARE; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t size = sizeof(address);
		int fd = accept4(listener, (struct sockaddr *)&address, &size,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == ECONNABORTED || errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return;
			/* Out of descriptors: the next turn may have the one of a client.
			 */
			if (close_oldest(server, NULL))
				return;
			log_event(LOG_LEVEL_WARN, "Cannot accept a connection", "err",
			          strerror(errno), NULL);
			listen_again(server, false);
			server->rests_until = clock_monotonic() + ACCEPT_REST;
			return;
		}
		const struct in6_addr client = client_of(&address);

		if (!make_room(server, &client))
			close(fd);
		else
			MHD_add_connection(server->daemon, fd,
			                   (struct sockaddr *)&address, size);
	}
}

static void notify_connection(void *data, struct MHD_Connection *mhd,
                              void **socket_context,
                              enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = data;
	struct connection *connection = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connection = calloc(1, sizeof(*connection));
		*socket_context = connection;
		if (!connection)
			return;
		connection->fd =
			MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		connection->client = client_of(
			(const struct sockaddr_storage *)MHD_get_connection_info(
				mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				->client_addr);
		ring_append(server, connection);
		server->connections++;
	} else if (connection) {
		ring_remove(connection);
		if (!connection->is_closing)
			server->connections--;
		free(connection);
	}
}

/* ---- requests ---- */

struct joining {
	struct text *value;
	const char *name;
	bool is_found;
};

static enum MHD_Result join_header(void *data, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
	struct joining *joining = data;

	(void)kind;
	if (strcasecmp(name, joining->name) != 0)
		return MHD_YES;
	if (joining->is_found)
		text_add_string(joining->value, ", ");
	text_add_string(joining->value, value ? value : "");
	joining->is_found = true;
	return MHD_YES;
}

bool web_request_header(const struct web_request *request, const char *name,
                        struct text *value)
{
	struct joining joining = { .value = value, .name = name };

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, join_header,
	                          &joining);
	return joining.is_found;
}

struct visiting {
	const char *name;
	bool (*visit)(void *context, const char *value);
	void *context;
};

static enum MHD_Result visit_argument(void *data, enum MHD_ValueKind kind,
                                      const char *name, const char *value)
{
	const struct visiting *visiting = data;

	(void)kind;
	if (strcmp(name, visiting->name) != 0)
		return MHD_YES;
	return visiting->visit(visiting->context, value ? value : "") ? MHD_YES : MHD_NO;
}

void web_request_arguments(const struct web_request *request, const char *name,
                           bool (*visit)(void *context, const char *value), void *context)
{
	struct visiting visiting = { .name = name, .visit = visit, .context = context };

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND,
	                          visit_argument, &visiting);
}

void web_reply_error(struct web_reply *reply, unsigned int status, const char *line)
{
	reply->status = status;
	reply->content_type = "text/plain; charset=utf-8";
	text_reset(&reply->body);
	text_add_string(&reply->body, line);
	text_add_char(&reply->body, '\n');
}

static enum MHD_Result send_reply(struct web_server *server, struct MHD_Connection *mhd,
                                  struct web_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t length = 0;
	char *body;

	if (reply->body.error) {
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
	if (result == MHD_YES && server->is_stopping)
		result = MHD_add_response_header(response, "Connection", "close");
	if (result == MHD_YES)
		result = MHD_queue_response(mhd, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static const struct web_route *find_route(const struct web_server *server,
                                          const char *path)
{
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

static bool has_body(struct MHD_Connection *mhd)
{
	const char *length =
		MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");

	return (length && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Transfer-Encoding");
}

static void answer(struct web_server *server, struct connection *connection,
                   const struct web_route *route, const struct web_request *request,
                   struct web_reply *reply)
{
	unsigned int max = server->options->max_requests;

	if (route->is_limited && max && server->requests >= max) {
		web_reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
		                "too many requests at once, try again later");
		return;
	}
	if (route->is_limited) {
		connection->is_counted = true;
		server->requests++;
	}
	route->handler(server->options->context, request, reply);
}

/*
 * libmicrohttpd calls this once when the headers are there and once more when the request
 * is complete. What needs no complete request is refused in the first call, which also
 * keeps libmicrohttpd from reading a body.
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

	(void)http_version;
	(void)upload;

	*upload_size = 0;
	if (!connection)
		return MHD_NO;
	*request_context = connection;
	connection->is_busy = true;

	if (!route) {
		web_reply_error(&reply, MHD_HTTP_NOT_FOUND, "not found");
	} else if (!is_allowed_method(method)) {
		web_reply_error(&reply, MHD_HTTP_METHOD_NOT_ALLOWED,
		                "only GET and HEAD are allowed");
		reply.headers[0] = (struct web_header){ "Allow", "GET, HEAD" };
	} else if (has_body(mhd)) {
		web_reply_error(&reply, MHD_HTTP_CONTENT_TOO_LARGE,
		                "a request body is not expected");
	} else if (is_first) {
		return MHD_YES;
	} else {
		answer(server, connection, route, &request, &reply);
	}
	return send_reply(server, mhd, &reply);
}

static void request_completed(void *data, struct MHD_Connection *mhd,
                              void **request_context,
                              enum MHD_RequestTerminationCode code)
{
	struct web_server *server = data;
	struct connection *connection = *request_context;

	(void)mhd;
	(void)code;
	if (!connection)
		return;
	if (connection->is_counted)
		server->requests--;
	connection->is_busy = connection->is_counted = false;
	ring_remove(connection);
	ring_append(server, connection);
}

/* ---- the loop ---- */

__attribute__((format(printf, 2, 0))) static void log_library(void *data,
                                                              const char *format,
                                                              va_list arguments)
{
	_cleanup_(free_pointer) char *line = NULL;

	(void)data;
	if (vasprintf(&line, format, arguments) < 0) {
		line = NULL;
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	log_event(LOG_LEVEL_DEBUG, "libmicrohttpd", "err", line, NULL);
}

static int open_listener(struct web_server *server, const char *address)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;
	struct sockaddr_storage local;
	socklen_t size = sizeof(local);
	int fd, r;

	r = web_address_listen(address, &fd);
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot listen", "address", address, "err",
		          strerror(-r), NULL);
		return r;
	}
	server->listeners[server->listeners_count++] = fd;
	if (getsockname(fd, (struct sockaddr *)&local, &size) < 0)
		return -errno;
	web_address_add(&name, (const struct sockaddr *)&local, size);
	log_event(LOG_LEVEL_INFO, "Listening on", "address", text_string(&name), NULL);
	return 0;
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

static int start_daemon(struct web_server *server)
{
	struct epoll_event event = { .events = EPOLLIN };
	const union MHD_DaemonInfo *info;

	/*
	 * Our own limit works before the library's, which only guards its memory. Strict:
	 * a request of HTTP/1.1 without Host is refused (RFC 9112, section 3.2).
	 */
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL,
		NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
		MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)(2 * server->connections_max + 2),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)WEB_IDLE_SECONDS,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
		request_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
		notify_connection, server, MHD_OPTION_END);
	if (!server->daemon)
		return -ENOMEM;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	event.data.fd = info->epoll_fd;
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
		return -errno;
	return 0;
}

int web_server_new(const struct web_options *options, struct web_server **ret_server)
{
	struct web_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->options = options;
	server->ring.previous = server->ring.next = &server->ring;
	server->connections_max = limit_of_connections();
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->listeners = calloc(options->addresses_count, sizeof(*server->listeners));
	r = server->epoll < 0 ? -errno : server->listeners ? 0 : -ENOMEM;
	if (r == 0)
		r = start_daemon(server);
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot start the HTTP server", "err",
		          strerror(-r), NULL);
	for (size_t i = 0; r == 0 && i < options->addresses_count; i++)
		r = open_listener(server, options->addresses[i]);
	if (r < 0) {
		web_server_free(server);
		return r;
	}
	listen_again(server, true);
	*ret_server = server;
	return 0;
}

static void close_listeners(struct web_server *server)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		close(server->listeners[i]);
	server->listeners_count = 0;
}

struct web_server *web_server_free(struct web_server *server)
{
	if (!server)
		return NULL;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	close_listeners(server);
	free(server->listeners);
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

	if (!server->is_listening && !server->is_stopping)
		until = server->rests_until;
	if (until != UINT64_MAX)
		wait = until > now ? (int)((until - now) / 1000000) + 1 : 0;
	if (MHD_get_timeout(server->daemon, &library) == MHD_YES &&
	    (wait < 0 || library < (MHD_UNSIGNED_LONG_LONG)wait))
		wait = (int)library;
	return wait;
}

static void listener_ready(struct web_server *server, int fd)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		if (server->listeners[i] == fd)
			accept_clients(server, fd);
}

/* Takes what already waits at the door, then closes it. */
static void begin_stop(struct web_server *server)
{
	for (size_t i = 0; i < server->listeners_count; i++)
		accept_clients(server, server->listeners[i]);
	listen_again(server, false);
	close_listeners(server);
	server->is_stopping = true;
}

int web_server_run(struct web_server *server, int stop_fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = stop_fd };
	uint64_t stop_at = UINT64_MAX;

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, stop_fd, &event) < 0)
		return -errno;
	for (;;) {
		struct epoll_event events[16];
		int count = epoll_wait(server->epoll, events, ARRAY_SIZE(events),
		                       wait_time(server, stop_at));

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct signalfd_siginfo signal;

			if (events[i].data.fd != stop_fd) {
				listener_ready(server, events[i].data.fd);
				continue;
			}
			if (read(stop_fd, &signal, sizeof(signal)) < 0)
				continue;
			if (server->is_stopping)
				return 0;
			begin_stop(server);
			stop_at = clock_monotonic() + WEB_STOP_SECONDS * CLOCK_SECOND;
		}
		MHD_run(server->daemon);
		if (server->is_stopping) {
			if (!is_any_busy(server) || clock_monotonic() >= stop_at)
				return 0;
		} else if (!server->is_listening &&
		           clock_monotonic() >= server->rests_until) {
			listen_again(server, true);
		}
		close_overdue(server);
	}
}
