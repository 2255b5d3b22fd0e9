/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to listen on. Knows sockets and names, no HTTP.
 */
#include "web/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"

#define BACKLOG SOMAXCONN

static void free_addresses(struct addrinfo *const *addresses)
{
	if (*addresses)
		freeaddrinfo(*addresses);
}

/* Where the host is in STRING, without brackets, and where the port starts; or NULL. */
static const char *split(const char *string, size_t *ret_length, const char **ret_port)
{
	const char *colon = strrchr(string, ':');
	uint64_t port;

	if (!colon || !colon[1] || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    number_parse(colon + 1, &port) < 0 || port > 65535)
		return NULL;
	*ret_port = colon + 1;
	if (string[0] == '[') {
		if (colon == string + 1 || colon[-1] != ']' || colon == string + 2)
			return NULL;
		*ret_length = (size_t)(colon - string) - 2;
		return string + 1;
	}
	if (memchr(string, ':', (size_t)(colon - string)))
		return NULL;
	*ret_length = (size_t)(colon - string);
	return string;
}

int web_address_check(const char *string)
{
	const char *port;
	size_t length;

	return split(string, &length, &port) ? 0 : -EINVAL;
}

static int listen_on(const struct addrinfo *address, bool is_any)
{
	int on = 1, off = 0, error;
	int fd =
		socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (address->ai_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? &off : &on, sizeof(on)) ==
	             0) &&
	    bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int listen_host(const char *host, const char *port, bool is_any)
{
	_cleanup_(free_addresses) struct addrinfo *addresses = NULL;
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	int fd = -EADDRNOTAVAIL;

	if (getaddrinfo(host, port, &hints, &addresses) != 0)
		return -EADDRNOTAVAIL;
	/* A name may stand for addresses that are not ours, or of a family we lack. */
	for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
		fd = listen_on(a, is_any);
		if (fd >= 0 || fd == -EADDRINUSE)
			break;
	}
	return fd;
}

int web_address_listen(const char *string, int *ret_fd)
{
	_cleanup_(free_pointer) char *host = NULL;
	const char *start, *port;
	size_t length;
	int fd;

	start = split(string, &length, &port);
	if (!start)
		return -EINVAL;
	if (length) {
		host = strndup(start, length);
		fd = host ? listen_host(host, port, false) : -ENOMEM;
	} else {
		fd = listen_host("::", port, true);
		if (fd < 0 && fd != -EADDRINUSE)
			fd = listen_host("0.0.0.0", port, false);
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* A name in the file system, "@" and a name beside it, or none (unix(7)). */
static void add_local(struct text *text, const struct sockaddr_un *address,
                      socklen_t size)
{
	size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t length = size > start ? size - start : 0;

	text_add_string(text, "unix:");
	if (length && address->sun_path[0] == '\0') {
		text_add_char(text, '@');
		text_add(text, address->sun_path + 1, length - 1);
	} else {
		text_add(text, address->sun_path, strnlen(address->sun_path, length));
	}
}

void web_address_add(struct text *text, const struct sockaddr *address, socklen_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool in_brackets = address->sa_family == AF_INET6;

	if (address->sa_family == AF_UNIX) {
		add_local(text, (const struct sockaddr_un *)address, size);
		return;
	}
	if (getnameinfo(address, size, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		text_add_string(text, "unknown");
		return;
	}
	if (in_brackets)
		text_add_char(text, '[');
	text_add_string(text, host);
	text_add_string(text, in_brackets ? "]:" : ":");
	text_add_string(text, port);
}
