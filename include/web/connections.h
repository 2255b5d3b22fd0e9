/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clients' connections: how many there may be, and which one has to go.
 *
 * No client holds up another: when a connection is one too many, in all or of its client,
 * the one that has been silent for longest is closed for it. Silent is who has no request
 * in flight; the bytes of a request that never gets complete do not count.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct connection; /* opaque */

struct connections {
	int epoll; /* readable when clients ended: connections_note_ended() */
	struct connection *oldest, *newest; /* by the end of their last request */
	size_t count;                       /* without those that are being closed */
	size_t max;
	size_t max_per_client;
	size_t limited_requests; /* in flight */
	uint64_t turn;           /* of the loop; counted by whoever turns it */
	size_t ended;            /* clients that will send no more, not closed yet */
};

/* 0 or -errno. When all connections are removed, connections_clear() ends it. */
int connections_init(struct connections *connections, size_t max, size_t max_per_client);
void connections_clear(struct connections *connections);

/* Notes which clients ended, that is, will send no more. */
void connections_note_ended(struct connections *connections);

/* Whether there is room for a client at ADDRESS, perhaps after closing a connection. */
bool connections_make_room(struct connections *connections,
                           const struct sockaddr_storage *address);

/*
 * Adds the connection on FD, which stays its owner's; NULL without memory. It belongs to
 * CONNECTIONS until connections_remove(), which frees it; the owner closes FD then, after
 * what the client sent and nobody will read was thrown away.
 */
struct connection *connections_add(struct connections *connections, int fd,
                                   const struct sockaddr_storage *address);
void connections_remove(struct connections *connections, struct connection *connection);

/* Whose it is: an address of IPv6, of IPv4 mapped into it, or :: for this host's. */
struct in6_addr connections_client(const struct connection *connection);

/* A request begins; and it ends, which makes the connection the newest. */
void connections_begin(struct connection *connection);
void connections_complete(struct connections *connections, struct connection *connection);

/* The reply to the request in flight begins to be sent. */
void connections_send(struct connections *connections, struct connection *connection);

/*
 * Counts the request in flight as a limited one until it ends, that is, until its reply
 * is sent. If MAX are, apart from replies of this turn of the loop, one whose client does
 * not take its reply for half a second is closed for it; false: there is no such one.
 */
bool connections_limit(struct connections *connections, struct connection *connection,
                       size_t max);

/*
 * Closes means: shuts the socket down, so that whoever reads from it finds its end.
 * The oldest silent one: false if there is none. Or all that are silent since AGE
 * nanoseconds. Or all silent ones whose client ended, once all it sent was read.
 */
bool connections_close_oldest(struct connections *connections);
void connections_close_silent(struct connections *connections, uint64_t age);
void connections_close_ended(struct connections *connections);

/*
 * Before the end: throws away what clients sent and nobody will read, until none sends
 * more; half a second at most.
 */
void connections_drain(const struct connections *connections);

/* Whether a request is in flight. */
bool connections_is_busy(const struct connections *connections);
