/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients' connections. Knows sockets and ages, no HTTP.
 */
#include "web/connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/macros.h"

struct connection {
	struct connection *older, *newer;
	int fd;
	struct in6_addr client;
	uint64_t since;  /* clock_monotonic() of its start or of its last request's end */
	bool is_busy;    /* a request is in flight */
	bool is_limited; /* and counts as a limited one */
	uint64_t sends_since; /* its reply; 0: there is none yet */
	uint64_t sends_turn;  /* of the loop, in which that began */
	bool has_ended;       /* the client will send no more */
	bool is_closing;
};

int connections_init(struct connections *connections, size_t max, size_t max_per_client)
{
	*connections = (struct connections){
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.max = max,
		.max_per_client = max_per_client,
	};
	return connections->epoll < 0 ? -errno : 0;
}

void connections_clear(struct connections *connections)
{
	close_descriptor(&connections->epoll);
	connections->epoll = -1;
}

static void unlink_connection(struct connections *connections,
                              struct connection *connection)
{
	*(connection->older ? &connection->older->newer : &connections->oldest) =
		connection->newer;
	*(connection->newer ? &connection->newer->older : &connections->newest) =
		connection->older;
}

static void append_connection(struct connections *connections,
                              struct connection *connection)
{
	connection->since = clock_monotonic();
	connection->older = connections->newest;
	connection->newer = NULL;
	*(connections->newest ? &connections->newest->newer : &connections->oldest) =
		connection;
	connections->newest = connection;
}

/*
 * IPv4 as ::ffff:a.b.c.d, so that a client is the same on every listener; who comes over
 * a socket of this host is one client.
 */
static struct in6_addr client_of(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	struct in6_addr client = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (address->ss_family == AF_INET6)
		return v6->sin6_addr;
	if (address->ss_family != AF_INET)
		return in6addr_any;
	memcpy(&client.s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
	return client;
}

static bool is_of(const struct connection *connection, const struct in6_addr *client)
{
	return memcmp(&connection->client, client, sizeof(*client)) == 0;
}

/* A page goes out in a fraction of this. */
#define SLOW_READER (CLOCK_SECOND / 2)

/* How much is thrown away of what one client sent, at most, in reads of 4 KiB. */
#define DRAIN_READS 1024

/*
 * A socket that is shut down or closed with bytes to come or in it that nobody read is
 * reset, and takes along what it was still sending. Says whether there were any.
 */
static bool drain(int fd)
{
	char bytes[4096];
	int reads = 0;

	while (reads < DRAIN_READS && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		reads++;
	return reads > 0;
}

static void close_connection(struct connections *connections,
                             struct connection *connection)
{
	drain(connection->fd);
	shutdown(connection->fd, SHUT_RDWR);
	connection->is_closing = true;
	connections->count--;
	connections->ended -= connection->has_ended;
}

/* The oldest silent connection, of CLIENT if not NULL. */
static bool close_oldest_of(struct connections *connections,
                            const struct in6_addr *client)
{
	for (struct connection *c = connections->oldest; c; c = c->newer) {
		if (c->is_busy || c->is_closing || (client && !is_of(c, client)))
			continue;
		close_connection(connections, c);
		return true;
	}
	return false;
}

bool connections_close_oldest(struct connections *connections)
{
	return close_oldest_of(connections, NULL);
}

bool connections_make_room(struct connections *connections,
                           const struct sockaddr_storage *address)
{
	const struct in6_addr client = client_of(address);
	size_t count = 0;

	for (const struct connection *c = connections->oldest; c; c = c->newer)
		count += !c->is_closing && is_of(c, &client);
	if (count >= connections->max_per_client)
		return close_oldest_of(connections, &client);
	return connections->count < connections->max ||
	       close_oldest_of(connections, NULL);
}

struct connection *connections_add(struct connections *connections, int fd,
                                   const struct sockaddr_storage *address)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET };

	if (!connection)
		return NULL;
	event.data.ptr = connection;
	epoll_ctl(connections->epoll, EPOLL_CTL_ADD, fd, &event);
	connection->fd = fd;
	connection->client = client_of(address);
	append_connection(connections, connection);
	connections->count++;
	return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
	drain(connection->fd);
	epoll_ctl(connections->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
	unlink_connection(connections, connection);
	if (!connection->is_closing) {
		connections->count--;
		connections->ended -= connection->has_ended;
	}
	free(connection);
}

struct in6_addr connections_client(const struct connection *connection)
{
	return connection->client;
}

void connections_begin(struct connection *connection)
{
	connection->is_busy = true;
}

void connections_send(struct connections *connections, struct connection *connection)
{
	connection->sends_since = clock_monotonic();
	connection->sends_turn = connections->turn;
}

/* Without those whose reply nobody had the time to send yet. */
static size_t count_limited(const struct connections *connections)
{
	size_t count = 0;

	for (const struct connection *c = connections->oldest; c; c = c->newer)
		count += c->is_limited &&
		         (!c->sends_since || c->sends_turn != connections->turn);
	return count;
}

/* Who does not take its reply for long gives way. Whether there is one. */
static bool close_slow_reader(struct connections *connections)
{
	uint64_t now = clock_monotonic();

	for (struct connection *c = connections->oldest; c; c = c->newer) {
		if (!c->is_limited || c->is_closing || !c->sends_since ||
		    now - c->sends_since < SLOW_READER)
			continue;
		c->is_limited = false;
		connections->limited_requests--;
		close_connection(connections, c);
		return true;
	}
	return false;
}

bool connections_limit(struct connections *connections, struct connection *connection,
                       size_t max)
{
	if (connections->limited_requests >= max && count_limited(connections) >= max &&
	    !close_slow_reader(connections))
		return false;
	connections->limited_requests++;
	connection->is_limited = true;
	return true;
}

void connections_complete(struct connections *connections, struct connection *connection)
{
	if (connection->is_limited)
		connections->limited_requests--;
	connection->is_busy = connection->is_limited = false;
	connection->sends_since = 0;
	unlink_connection(connections, connection);
	append_connection(connections, connection);
}

void connections_note_ended(struct connections *connections)
{
	struct epoll_event events[16];
	int count = epoll_wait(connections->epoll, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < count; i++) {
		struct connection *connection = events[i].data.ptr;

		if (connection->has_ended || connection->is_closing)
			continue;
		connection->has_ended = true;
		connections->ended++;
	}
}

void connections_close_silent(struct connections *connections, uint64_t age)
{
	uint64_t now = clock_monotonic();

	for (struct connection *c = connections->oldest; c && now - c->since >= age;
	     c = c->newer)
		if (!c->is_busy && !c->is_closing)
			close_connection(connections, c);
}

void connections_close_ended(struct connections *connections)
{
	for (struct connection *c = connections->oldest; c && connections->ended;
	     c = c->newer)
		if (c->has_ended && !c->is_busy && !c->is_closing)
			close_connection(connections, c);
}

/* A client whose bytes were read may have more on the way: it gets so many milliseconds.
 */
#define DRAIN_WAIT   10
#define DRAIN_ROUNDS 50

void connections_drain(const struct connections *connections)
{
	for (int round = 0; round < DRAIN_ROUNDS; round++) {
		bool is_quiet = true;

		for (const struct connection *c = connections->oldest; c; c = c->newer)
			if (drain(c->fd))
				is_quiet = false;
		if (is_quiet)
			return;
		poll(NULL, 0, DRAIN_WAIT);
	}
}

bool connections_is_busy(const struct connections *connections)
{
	for (const struct connection *c = connections->oldest; c; c = c->newer)
		if (c->is_busy && !c->is_closing)
			return true;
	return false;
}
