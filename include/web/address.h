/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to listen on, written as Go's net package writes them.
 */
#pragma once

#include <sys/socket.h>

struct text;

/*
 * Whether STRING is HOST:PORT: ":10093" (every address), "127.0.0.1:9", "[::1]:9",
 * "localhost:9"; the port a number from 0 (any free one) to 65535. 0 or -EINVAL.
 */
int web_address_check(const char *string);

/*
 * Opens a listening socket, not blocking, closed on exec. ":PORT" serves IPv6 and IPv4,
 * or IPv4 alone where there is no IPv6. 0 or -errno (-EADDRINUSE: the port is taken;
 * -EADDRNOTAVAIL: HOST is no address of this host, or no name of one).
 */
int web_address_listen(const char *string, int *ret_fd);

/* Appends ADDRESS as HOST:PORT, numeric, or as unix:PATH. */
void web_address_add(struct text *text, const struct sockaddr *address, socklen_t size);
