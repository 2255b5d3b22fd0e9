/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd tells a service and hears of it, by the protocols that sd_listen_fds(3)
 * and sd_notify(3) lay open; no library is needed for them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct systemd {
	int notify; /* a connected datagram socket; -1: nobody listens */
	/* Nanoseconds between signs of life, a millisecond at least; 0: none wanted. */
	uint64_t watchdog_interval;
};

/*
 * Reads and removes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and connects, so
 * that nothing has to be opened later. What is wrong with them is as if they were not
 * there, and a warning.
 */
void systemd_init(struct systemd *systemd);
void systemd_clear(struct systemd *systemd);

/*
 * Each says one thing; where nobody listens, nothing. None waits, but for the first: a
 * second at most, until systemd has room for it, since a service that is not ready in
 * time is ended.
 */
void systemd_notify_ready(const struct systemd *systemd);
void systemd_notify_reloading(const struct systemd *systemd);
void systemd_notify_stopping(const struct systemd *systemd);
void systemd_notify_alive(const struct systemd *systemd);

/*
 * The sockets of $LISTEN_FDS, made non-blocking and closed on exec; the variables are
 * removed. FDS[0] to FDS[count - 1] are the caller's, the array to be freed. 0; -ENOENT:
 * there are none, or they are for another process; -EINVAL: one is no listening stream
 * socket, or the variables are no numbers; -errno. Logs nothing.
 */
int systemd_listeners_take(int **ret_fds, size_t *ret_count);
