/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop. Knows descriptors and clocks, no HTTP.
 *
 * We accept clients ourselves, since the library below can only refuse a connection that
 * is one too many, and a silent client would keep its place.
 */
#include "web/server.h"

#include <errno.h>
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
	struct http *http;
	int epoll;
	struct listeners listeners;
	uint64_t rests_until; /* accepting does */
	struct connections connections;
	bool is_stopping;
};

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
			http_add_client(server->http, fd, &address, size);
		else
			close(fd);
	}
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

static int start_http(struct web_server *server)
{
	int r = http_new(server->options, &server->connections, WEB_IDLE_SECONDS,
	                 &server->http);

	if (r == 0)
		r = watch(server, http_epoll(server->http));
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
		r = server->epoll < 0 ? -errno : start_http(server);
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
	http_free(server->http);
	listeners_clear(&server->listeners);
	connections_clear(&server->connections);
	close_descriptor(&server->epoll);
	free(server);
	return NULL;
}

/* Milliseconds until something has to be done though nothing happens; -1: never. */
static int wait_time(const struct web_server *server, uint64_t stop_at)
{
	uint64_t now = clock_monotonic(), until = stop_at;
	int wait = http_wait_time(server->http), ours;

	if (!server->listeners.is_watched && !server->is_stopping)
		until = server->rests_until;
	if (until == UINT64_MAX)
		return wait;
	ours = until > now ? (int)((until - now) / 1000000) + 1 : 0;
	return wait < 0 || ours < wait ? ours : wait;
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
	connections_drain(&server->connections);
	connections_close_silent(&server->connections, 0);
	http_run(server->http);
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
		http_run(server->http);
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
