/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: one thread, one loop around listeners, clients and HTTP (http.h).
 *
 * No client holds up another. Connections, per client and in all, are limited: when one
 * too many comes, the connection that has been silent for longest is closed for it. The
 * same happens to one that sends no complete request for WEB_IDLE_SECONDS, or takes
 * nothing of its reply for that time.
 */
#pragma once

#include "web/http.h"

#define WEB_CONNECTIONS_MAX            512
#define WEB_CONNECTIONS_PER_CLIENT_MAX 256
#define WEB_IDLE_SECONDS               75

/* After a stop the requests in flight have this long to end. */
#define WEB_STOP_SECONDS 10

struct web_server; /* opaque */

/*
 * Listens on all addresses and logs each. OPTIONS is borrowed until the server is freed.
 * 0, or -errno after an error line, which names the address if it was one.
 */
int web_server_new(const struct web_options *options, struct web_server **ret_server);
struct web_server *web_server_free(struct web_server *server); /* takes NULL */

/*
 * From now on GUARD is in force, borrowed; the one before it is not needed any more. May
 * be called by web_options' turn and reload.
 */
void web_server_set_guard(struct web_server *server, const struct guard *guard);

/*
 * Serves until SIGNAL_FD, a signalfd, gives a signal other than SIGHUP, which means to
 * reload; then accepts no more, lets the requests in flight end, and returns 0: at the
 * latest after WEB_STOP_SECONDS or at the next signal. -errno if it cannot wait for
 * events.
 */
int web_server_run(struct web_server *server, int signal_fd);
