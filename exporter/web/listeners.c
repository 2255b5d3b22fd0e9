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

static int open_listener(struct listeners *listeners, const char *address)
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
	listeners->fds[listeners->count++] = fd;
	if (getsockname(fd, (struct sockaddr *)&local, &size) < 0)
		return -errno;
	web_address_add(&name, (const struct sockaddr *)&local, size);
	log_event(LOG_LEVEL_INFO, "Listening on", "address", text_string(&name), NULL);
	return 0;
}

int listeners_init(struct listeners *listeners, int epoll, const char *const *addresses,
                   size_t count)
{
	int r = 0;

	*listeners = (struct listeners){ .epoll = epoll };
	listeners->fds = calloc(count, sizeof(*listeners->fds));
	if (!listeners->fds) {
		log_event(LOG_LEVEL_ERROR, "Cannot listen", "err", strerror(ENOMEM),
		          NULL);
		return -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = open_listener(listeners, addresses[i]);
	return r;
}

void listeners_clear(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close(listeners->fds[i]);
	free(listeners->fds);
	*listeners = (struct listeners){ .epoll = listeners->epoll };
}

void listeners_watch(struct listeners *listeners, bool wanted)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (listeners->is_watched == wanted)
		return;
	for (size_t i = 0; i < listeners->count; i++) {
		event.data.fd = listeners->fds[i];
		epoll_ctl(listeners->epoll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
		          listeners->fds[i], &event);
	}
	listeners->is_watched = wanted;
}

bool listeners_has(const struct listeners *listeners, int fd)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->fds[i] == fd)
			return true;
	return false;
}
