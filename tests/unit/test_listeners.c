/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/listeners: sockets that listen, in and out of an epoll set.
 */
#include "web/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "tree.h"

int __real_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int __real_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size);

static int calls_left; /* that still succeed; negative: all */
static int epoll;

static bool fails(void)
{
	if (calls_left < 0 || calls_left-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

int __wrap_epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
	return fails() ? -1 : __real_epoll_ctl(set, operation, fd, event);
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
	return fails() ? -1 : __real_getsockname(fd, address, size);
}

static int epoll_setup(void **state)
{
	(void)state;
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	calls_left = -1;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll < 0;
}

static int epoll_teardown(void **state)
{
	(void)state;
	return close(epoll);
}

static unsigned int port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static int connect_to(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	return client;
}

static void listeners_wake_the_loop_only_while_watched(void **state)
{
	static const char *const addresses[] = { "127.0.0.1:0", "127.0.0.1:0" };
	struct epoll_event event = { 0 };
	struct listeners listeners;
	int client;

	(void)state;
	assert_int_equal(listeners_init(&listeners, epoll, addresses, 2), 0);
	assert_int_equal(listeners.count, 2);
	assert_true(listeners_has(&listeners, listeners.fds[1]));
	assert_false(listeners_has(&listeners, epoll));

	client = connect_to(listeners.fds[1]);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	listeners_watch(&listeners, true);
	assert_int_equal(epoll_wait(epoll, &event, 1, 1000), 1);
	assert_int_equal(event.data.fd, listeners.fds[1]);
	listeners_watch(&listeners, true);
	listeners_watch(&listeners, false);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);

	close(client);
	listeners_clear(&listeners);
	assert_int_equal(listeners.count, 0);
	listeners_clear(&listeners);
}

static void listeners_fail_as_a_whole_when_one_port_is_taken(void **state)
{
	static const char *const first[] = { "127.0.0.1:0" };
	struct listeners taken, listeners;
	char address[32];
	const char *const addresses[] = { "127.0.0.1:0", address };

	(void)state;
	assert_int_equal(listeners_init(&taken, epoll, first, 1), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(taken.fds[0]));
	assert_int_equal(listeners_init(&listeners, epoll, addresses, 2), -EADDRINUSE);
	assert_int_equal(listeners.count, 1);
	listeners_clear(&listeners);
	listeners_clear(&taken);
}

static void listeners_that_cannot_be_watched_can_be_later(void **state)
{
	static const char *const addresses[] = { "127.0.0.1:0", "127.0.0.1:0" };
	struct epoll_event event = { 0 };
	struct listeners listeners;
	int client;

	(void)state;
	assert_int_equal(listeners_init(&listeners, epoll, addresses, 2), 0);
	calls_left = 1;
	assert_int_equal(listeners_watch(&listeners, true), -ENOMEM);
	assert_false(listeners.is_watched);
	calls_left = -1;
	assert_int_equal(listeners_watch(&listeners, true), 0);
	assert_true(listeners.is_watched);
	client = connect_to(listeners.fds[1]);
	assert_int_equal(epoll_wait(epoll, &event, 1, 1000), 1);
	assert_int_equal(event.data.fd, listeners.fds[1]);
	close(client);
	listeners_clear(&listeners);
}

static void listeners_name_the_address_that_has_no_name(void **state)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	struct capture errors = capture_begin(STDERR_FILENO);
	struct listeners listeners;
	char *line;
	int r;

	(void)state;
	calls_left = 0;
	r = listeners_init(&listeners, epoll, addresses, 1);
	line = capture_end(&errors);
	assert_int_equal(r, -ENOMEM);
	assert_non_null(strstr(line, "level=error"));
	assert_non_null(strstr(line, "127.0.0.1:0"));
	free(line);
	listeners_clear(&listeners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_wake_the_loop_only_while_watched),
		cmocka_unit_test(listeners_that_cannot_be_watched_can_be_later),
		cmocka_unit_test(listeners_name_the_address_that_has_no_name),
		cmocka_unit_test(listeners_fail_as_a_whole_when_one_port_is_taken),
	};

	return cmocka_run_group_tests(tests, epoll_setup, epoll_teardown);
}
