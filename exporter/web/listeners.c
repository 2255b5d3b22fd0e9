/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that listen. Knows epoll and addresses, no clients.
 */
#include "web/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "web/address.h"

/* Takes FD. */
static int add_listener(struct listeners *listeners, int fd)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;
	struct sockaddr_storage local = { 0 };
	socklen_t size = sizeof(local);

	listeners->fds[listeners->count++] = fd;
	if (getsockname(fd, (struct sockaddr *)&local, &size) < 0)
		return -errno;
	web_address_add(&name, (const struct sockaddr *)&local, size);
	log_event(LOG_LEVEL_INFO, "Listening on", "address", text_string(&name), NULL);
	return 0;
}

static int open_listener(struct listeners *listeners, const char *address)
{
	int fd, r = web_address_listen(address, &fd);

	if (r == 0)
		r = add_listener(listeners, fd);
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot listen", "address", address, "err",
		          strerror(-r), NULL);
	return r;
}

static int make_room(struct listeners *listeners, int epoll, size_t count)
{
	*listeners = (struct listeners){ .epoll = epoll };
	listeners->fds = calloc(count, sizeof(*listeners->fds));
	if (listeners->fds)
		return 0;
	log_event(LOG_LEVEL_ERROR, "Cannot listen", "err", strerror(ENOMEM), NULL);
	return -ENOMEM;
}

int listeners_init(struct listeners *listeners, int epoll, const char *const *addresses,
                   size_t count)
{
	int r = make_room(listeners, epoll, count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = open_listener(listeners, addresses[i]);
	return r;
}

int listeners_init_given(struct listeners *listeners, int epoll, const int *sockets,
                         size_t count)
{
	int r = make_room(listeners, epoll, count);

	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			r = add_listener(listeners, sockets[i]);
		else
			close(sockets[i]);
	}
	return r;
}

void listeners_clear(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close(listeners->fds[i]);
	free(listeners->fds);
	*listeners = (struct listeners){ .epoll = listeners->epoll };
}

static int watch(const struct listeners *listeners)
{
	struct epoll_event event = { .events = EPOLLIN };

	for (size_t i = 0; i < listeners->count; i++) {
		event.data.fd = listeners->fds[i];
		/* Where this failed before, some are in it. */
		if (epoll_ctl(listeners->epoll, EPOLL_CTL_ADD, event.data.fd, &event) <
		            0 &&
		    errno != EEXIST)
			return -errno;
	}
	return 0;
}

static void unwatch(const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		epoll_ctl(listeners->epoll, EPOLL_CTL_DEL, listeners->fds[i], NULL);
}

int listeners_watch(struct listeners *listeners, bool wanted)
{
	int r = 0;

	if (listeners->is_watched == wanted)
		return 0;
	if (wanted)
		r = watch(listeners);
	else
		unwatch(listeners);
	listeners->is_watched = wanted && r == 0;
	return r;
}

bool listeners_has(const struct listeners *listeners, int fd)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->fds[i] == fd)
			return true;
	return false;
}
