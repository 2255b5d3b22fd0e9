/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's side of a service: what it says in the environment, and what it is told over
 * a datagram socket. Knows nothing of what is served.
 */
#include "web/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"

/* The first descriptor that is handed over: SD_LISTEN_FDS_START. */
#define LISTEN_FDS_START 3

/* Milliseconds that it may take systemd to have room for the one message that it must
 * not miss. */
#define READY_PATIENCE 1000

#define MICROSECOND  UINT64_C(1000)       /* nanoseconds */
#define WATCHDOG_MIN (1000 * MICROSECOND) /* nobody can bark more often */

/* ---- what systemd hears ---- */

static int connect_to(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd, error;

	if ((path[0] != '/' && path[0] != '@') || !path[1])
		return -EINVAL;
	if (length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, length);
	/* An abstract one begins with a NUL and ends without one (unix(7)). */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address,
	            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

static void warn(const char *variable, const char *value, int error)
{
	log_event(LOG_LEVEL_WARN, "Ignoring what systemd said", "variable", variable,
	          "value", value, "err", strerror(-error), NULL);
}

/* The number that VARIABLE is, which is removed; OTHERWISE if it is none. */
static uint64_t take_number(const char *variable, uint64_t otherwise)
{
	const char *value = getenv(variable);
	uint64_t number = otherwise;
	int r = value ? number_parse(value, &number) : 0;

	if (r < 0)
		warn(variable, value, r);
	unsetenv(variable);
	return number;
}

void systemd_init(struct systemd *systemd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	uint64_t self = (uint64_t)getpid();
	uint64_t patience = take_number("WATCHDOG_USEC", 0);
	uint64_t owner = take_number("WATCHDOG_PID", self);
	int r;

	*systemd = (struct systemd){ .notify = -1 };
	if (path) {
		r = connect_to(path, &systemd->notify);
		if (r < 0)
			warn("NOTIFY_SOCKET", path, r);
		unsetenv("NOTIFY_SOCKET");
	}
	/* More than all time there is means that nobody waits. */
	if (systemd->notify < 0 || owner != self || !patience ||
	    patience > UINT64_MAX / MICROSECOND)
		return;
	/* At half time, as sd_watchdog_enabled(3) recommends. */
	systemd->watchdog_interval = patience * MICROSECOND / 2;
	if (systemd->watchdog_interval < WATCHDOG_MIN)
		systemd->watchdog_interval = WATCHDOG_MIN;
}

void systemd_clear(struct systemd *systemd)
{
	if (systemd->notify >= 0)
		close(systemd->notify);
	*systemd = (struct systemd){ .notify = -1 };
}

/* Nobody to tell is no error, and a message that does not fit now is not waited for. */
static void notify(const struct systemd *systemd, const char *message)
{
	if (systemd->notify >= 0)
		send(systemd->notify, message, strlen(message), MSG_NOSIGNAL);
}

void systemd_notify_ready(const struct systemd *systemd)
{
	struct pollfd room = { .fd = systemd->notify, .events = POLLOUT };

	if (systemd->notify >= 0)
		poll(&room, 1, READY_PATIENCE);
	notify(systemd, "READY=1");
}

void systemd_notify_reloading(const struct systemd *systemd)
{
	_cleanup_(text_clear) struct text message = TEXT_INIT;

	text_add_string(&message, "RELOADING=1\nMONOTONIC_USEC=");
	text_add_number(&message, clock_monotonic() / MICROSECOND);
	notify(systemd, text_string(&message));
}

void systemd_notify_stopping(const struct systemd *systemd)
{
	notify(systemd, "STOPPING=1");
}

void systemd_notify_alive(const struct systemd *systemd)
{
	notify(systemd, "WATCHDOG=1");
}

/* ---- sockets that systemd opened ---- */

static int option(int fd, int name)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

static bool is_listener(int fd)
{
	int domain = option(fd, SO_DOMAIN);

	return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX) &&
	       option(fd, SO_TYPE) == SOCK_STREAM && option(fd, SO_ACCEPTCONN) == 1;
}

/* How many there are, all looked at: a number that lies ends at the first that is none.
 */
static int count_listeners(const char *pid, const char *number, size_t *ret_count)
{
	uint64_t owner, count;

	if (!pid || !number)
		return -ENOENT;
	if (number_parse(pid, &owner) < 0 || number_parse(number, &count) < 0)
		return -EINVAL;
	if (owner != (uint64_t)getpid() || !count)
		return -ENOENT;
	if (count > INT_MAX - LISTEN_FDS_START)
		return -EINVAL;
	for (int fd = LISTEN_FDS_START; fd < LISTEN_FDS_START + (int)count; fd++)
		if (!is_listener(fd))
			return -EINVAL;
	*ret_count = (size_t)count;
	return 0;
}

int systemd_listeners_take(int **ret_fds, size_t *ret_count)
{
	_cleanup_(free_pointer) int *fds = NULL;
	size_t count = 0;
	int r = count_listeners(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), &count);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (r < 0)
		return r;
	fds = calloc(count, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int flags;

		fds[i] = LISTEN_FDS_START + (int)i;
		flags = fcntl(fds[i], F_GETFL);
		if (flags < 0 || fcntl(fds[i], F_SETFL, flags | O_NONBLOCK) < 0 ||
		    fcntl(fds[i], F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
	}
	*ret_fds = fds;
	fds = NULL;
	*ret_count = count;
	return 0;
}
