/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop. Knows descriptors and clocks, no HTTP.
 *
 * We accept clients ourselves, since the library below can only refuse a connection that
 * is one too many, and a silent client would keep its place.
 */
#include "web/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
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
#include "web/systemd.h"

/*
 * So many of the connections may be accepted in one turn of the loop; they come on top of
 * the limit until those that are closed for them are gone.
 */
#define ACCEPT_SHARE 8

/* So many connections take memory that is worth giving back. */
#define CROWD 64

/* Without free descriptors, accepting rests for this long. */
#define ACCEPT_REST (CLOCK_SECOND / 10)

struct web_server {
	const struct web_options *options;
	struct http *http;
	int epoll;
	struct listeners listeners;
	uint64_t rests_until; /* accepting does */
	struct connections connections;
	uint64_t alive_at; /* the watchdog wants to hear of us; UINT64_MAX: never */
	uint64_t stops_at; /* at the latest, when it is stopping */
	size_t crowd;      /* the most connections since memory was given back */
	bool is_stopping;
};

/* Where this fails it is tried again after a rest. */
static void accept_again(struct web_server *server)
{
	int r = listeners_watch(&server->listeners, true);

	if (r == 0)
		return;
	log_event(LOG_LEVEL_WARN, "Cannot accept connections", "err", strerror(-r), NULL);
	server->rests_until = clock_monotonic() + ACCEPT_REST;
}

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
	return (size_t)(files.rlim_cur < WEB_CONNECTIONS_MAX ? files.rlim_cur
	                                                     : WEB_CONNECTIONS_MAX);
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
	if (r == 0)
		r = watch(server, http_event(server->http));
	if (r == 0 && server->options->turn)
		r = watch(server, server->options->event);
	return r < 0 ? r : watch(server, server->connections.epoll);
}

static int start_listeners(struct web_server *server)
{
	const struct web_options *options = server->options;

	if (options->sockets_count)
		return listeners_init_given(&server->listeners, server->epoll,
		                            options->sockets, options->sockets_count);
	return listeners_init(&server->listeners, server->epoll, options->addresses,
	                      options->addresses_count);
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
	server->alive_at = UINT64_MAX;
	r = connections_init(&server->connections, limit_of_connections(),
	                     WEB_CONNECTIONS_PER_CLIENT_MAX);
	server->epoll = r < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
	if (r == 0)
		r = server->epoll < 0 ? -errno : start_http(server);
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot start the HTTP server", "err",
		          strerror(-r), NULL);
	else
		r = start_listeners(server);
	if (r < 0) {
		web_server_free(server);
		return r;
	}
	accept_again(server);
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

void web_server_set_guard(struct web_server *server, const struct guard *guard)
{
	http_set_guard(server->http, guard);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until something has to be done though nothing happens; -1: never. */
static int wait_time(const struct web_server *server)
{
	const struct web_options *options = server->options;
	uint64_t now = clock_monotonic(), until = server->alive_at;
	int wait = http_wait_time(server->http), ours;

	if (options->next_turn)
		until = earlier(until, options->next_turn(options->context));
	if (server->is_stopping)
		until = earlier(until, server->stops_at);
	else if (!server->listeners.is_watched)
		until = earlier(until, server->rests_until);
	if (until == UINT64_MAX)
		return wait;
	ours = until > now ? (int)((until - now) / 1000000) + 1 : 0;
	return wait < 0 || ours < wait ? ours : wait;
}

/* The watchdog hears of us as long as the loop turns. */
static void show_life(struct web_server *server)
{
	const struct systemd *systemd = server->options->systemd;
	uint64_t now = clock_monotonic();

	if (!systemd || now < server->alive_at)
		return;
	systemd_notify_alive(systemd);
	server->alive_at = now + systemd->watchdog_interval;
}

/* Takes what already waits at the door, then closes it. */
static void begin_stop(struct web_server *server)
{
	for (size_t i = 0; i < server->listeners.count; i++)
		accept_clients(server, server->listeners.fds[i]);
	listeners_watch(&server->listeners, false);
	listeners_clear(&server->listeners);
	server->is_stopping = true;
	server->stops_at = clock_monotonic() + WEB_STOP_SECONDS * CLOCK_SECOND;
	if (server->options->systemd)
		systemd_notify_stopping(server->options->systemd);
}

static void reload(struct web_server *server)
{
	const struct web_options *options = server->options;

	if (options->systemd)
		systemd_notify_reloading(options->systemd);
	if (options->reload)
		options->reload(options->context);
	if (options->systemd)
		systemd_notify_ready(options->systemd);
}

/* False: the second one that wants an end. */
static bool handle_signal(struct web_server *server, int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof(signal)) < 0)
		return true;
	if (signal.ssi_signo == SIGHUP) {
		reload(server);
		return true;
	}
	if (server->is_stopping)
		return false;
	begin_stop(server);
	return true;
}

static void handle_event(struct web_server *server, int fd)
{
	if (fd == server->connections.epoll)
		connections_note_ended(&server->connections);
	else if (fd == http_event(server->http))
		http_let_in(server->http);
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

/* When a crowd has gone, what it took is given back. */
static void shrink(struct web_server *server)
{
	size_t count = server->connections.count;

	if (count > server->crowd)
		server->crowd = count;
	if (server->crowd < CROWD || count > server->crowd / 4)
		return;
	malloc_trim(0);
	server->crowd = count;
}

/* Whether the server has stopped. */
static bool settle(struct web_server *server)
{
	uint64_t now = clock_monotonic();

	if (server->is_stopping) {
		if (connections_is_busy(&server->connections) && now < server->stops_at)
			return false;
		end_stop(server);
		return true;
	}
	if (!server->listeners.is_watched && now >= server->rests_until)
		accept_again(server);
	return false;
}

int web_server_run(struct web_server *server, int signal_fd)
{
	const struct web_options *options = server->options;
	int r = watch(server, signal_fd);

	if (r < 0)
		return r;
	if (options->systemd) {
		systemd_notify_ready(options->systemd);
		if (options->systemd->watchdog_interval)
			server->alive_at = 0;
	}
	for (;;) {
		struct epoll_event events[16];
		int count = epoll_wait(server->epoll, events, ARRAY_SIZE(events),
		                       wait_time(server));

		if (count < 0 && errno != EINTR)
			return -errno;
		show_life(server);
		if (options->turn)
			options->turn(options->context);
		for (int i = 0; i < count; i++) {
			if (events[i].data.fd != signal_fd)
				handle_event(server, events[i].data.fd);
			else if (!handle_signal(server, signal_fd))
				return 0;
		}
		http_run(server->http);
		shrink(server);
		if (settle(server))
			return 0;
		connections_close_silent(&server->connections,
		                         WEB_IDLE_SECONDS * CLOCK_SECOND);
	}
}
