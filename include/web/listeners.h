/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that listen, and whether the loop watches them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct listeners {
	int *fds;
	size_t count;
	int epoll; /* borrowed */
	bool is_watched;
};

/*
 * Listens on every address (web/address.h) and logs each. Not watched yet. 0, or -errno
 * after an error line that names the address; then, too, the listeners can be cleared.
 */
int listeners_init(struct listeners *listeners, int epoll, const char *const *addresses,
                   size_t count);

/* As listeners_init(), for sockets that listen already; takes them, also at an error. */
int listeners_init_given(struct listeners *listeners, int epoll, const int *sockets,
                         size_t count);

/* Closes them all; there are none afterwards. */
void listeners_clear(struct listeners *listeners);

/*
 * Puts them into the epoll set, with the descriptor as data, or takes them out. 0, or
 * -errno: then they are not watched, and it can be tried again.
 */
int listeners_watch(struct listeners *listeners, bool wanted);

bool listeners_has(const struct listeners *listeners, int fd);
