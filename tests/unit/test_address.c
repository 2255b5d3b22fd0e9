/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to listen on: which strings are some, and what their sockets do. Knows
 * getaddrinfo(), which it answers itself for names so that no name server is asked, and
 * socket(), bind() and setsockopt(), which it lets fail as on a host without IPv6.
 */
#include "web/address.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

int __real_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **list);
int __wrap_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **list);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);

static int no_ipv6;      /* what socket() says of IPv6; 0: there is some */
static int no_ipv6_bind; /* what bind() says of IPv6, as with disable_ipv6=1 */
static int lists;        /* from getaddrinfo() and not freed */

/* What getaddrinfo() knows by name. */
static const struct {
	const char *name;
	const char *addresses[3];
} hosts[] = {
	{ "localhost", { "127.0.0.1" } },
	{ "both.test", { "::1", "127.0.0.1" } },
	{ "second.test", { "192.0.2.1", "127.0.0.1" } },
	{ "twice.test", { "127.0.0.1", "127.0.0.2" } },
	{ "elsewhere.test", { "192.0.2.1" } },
};

static bool is_numeric(const char *node)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, node, address) == 1 ||
	       inet_pton(AF_INET6, node, address) == 1;
}

int __wrap_getaddrinfo(const char *node, const char *service,
                       const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo **end = list;
	int r;

	if (is_numeric(node)) {
		r = __real_getaddrinfo(node, service, hints, list);
		lists += r == 0;
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (strcmp(hosts[i].name, node) != 0)
			continue;
		for (size_t k = 0; hosts[i].addresses[k]; k++) {
			r = __real_getaddrinfo(hosts[i].addresses[k], service, hints,
			                       end);
			assert_int_equal(r, 0);
			end = &(*end)->ai_next;
		}
		lists++;
		return 0;
	}
	return EAI_NONAME;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	lists--;
	__real_freeaddrinfo(list);
}

int __wrap_socket(int family, int type, int protocol)
{
	if (family == AF_INET6 && no_ipv6) {
		errno = no_ipv6;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	if (address->sa_family == AF_INET6 && no_ipv6_bind) {
		errno = no_ipv6_bind;
		return -1;
	}
	return __real_bind(fd, address, size);
}

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* The state is how many descriptors were open. */
static int setup(void **state)
{
	no_ipv6 = no_ipv6_bind = 0;
	lists = 0;
	*state = (void *)(uintptr_t)count_descriptors();
	return 0;
}

static int teardown(void **state)
{
	return count_descriptors() == (uintptr_t)*state && lists == 0 ? 0 : -1;
}

/* Whether this host has ::1. */
static bool has_ipv6(void)
{
	const struct sockaddr_in6 loopback = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	_cleanup_(close_descriptor) int fd = __real_socket(AF_INET6, SOCK_STREAM, 0);

	return fd >= 0 &&
	       __real_bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;
}

/* ---- strings ---- */

static void what_is_host_and_port_is_an_address(void **state)
{
	static const char *const good[] = {
		":10093",
		":0",
		":1",
		":65535",
		":00080",
		"127.0.0.1:9",
		"127.0.0.1:0",
		"0.0.0.0:10093",
		"localhost:9",
		"node-1.example.org:10093",
		"[::1]:9",
		"[::]:9",
		"[fe80::1%eth0]:9",
		"[::ffff:127.0.0.1]:9",
		"[127.0.0.1]:9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (web_address_check(good[i]) != 0)
			fail_msg("refused: %s", good[i]);
}

static void what_is_not_host_and_port_is_no_address(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"::",
		"9",
		"localhost",
		"127.0.0.1",
		"127.0.0.1:",
		"localhost:",
		":65536",
		":99999",
		":100000",
		":000080",
		":18446744073709551616",
		":-1",
		":+1",
		": 9",
		":9 ",
		":9\n",
		":0x9",
		":http",
		":9a",
		":1.5",
		"::1:9",
		"fe80::1:9",
		"a:b:9",
		"::9",
		"[::1]",
		"[::1]9",
		"[::1]:",
		"[::1]:x",
		"[::1]x:9",
		"[]:9",
		"[:9",
		"]:9:",
		"[::1:9",
		"http://localhost:9/",
		"localhost:9/metrics",
	};
	int fd = -2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (web_address_check(bad[i]) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(web_address_listen(bad[i], &fd), -EINVAL);
		assert_int_equal(fd, -2);
	}
}

/* ---- sockets ---- */

static unsigned int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.ss_family == AF_INET6
	                     ? ((struct sockaddr_in6 *)&address)->sin6_port
	                     : ((struct sockaddr_in *)&address)->sin_port);
}

static int family_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return address.ss_family;
}

static bool option_of(int fd, int level, int option)
{
	socklen_t size = sizeof(int);
	int value = -1;

	assert_int_equal(getsockopt(fd, level, option, &value, &size), 0);
	return value != 0;
}

/* HOST:PORT as a string; borrowed until the next call. */
static const char *address_at(const char *host, unsigned int port)
{
	static char string[64];

	snprintf(string, sizeof(string), "%s:%u", host, port);
	return string;
}

static int listen_well(const char *string)
{
	int fd = -1;

	assert_int_equal(web_address_listen(string, &fd), 0);
	assert_true(fd >= 0);
	assert_true(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_not_equal(port_of(fd), 0);
	return fd;
}

static int try_connect(const char *host, unsigned int port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	char service[8];
	int fd, error;

	snprintf(service, sizeof(service), "%u", port);
	assert_int_equal(__real_getaddrinfo(host, service, &hints, &list), 0);
	fd = __real_socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, list->ai_addr, list->ai_addrlen) < 0) {
		error = -errno;
		close(fd);
		fd = error;
	}
	__real_freeaddrinfo(list);
	return fd;
}

static void assert_reachable(const char *host, unsigned int port)
{
	_cleanup_(close_descriptor) int fd = try_connect(host, port);

	assert_true(fd >= 0);
}

static void an_ipv4_address_listens_on_ipv4(void **state)
{
	_cleanup_(close_descriptor) int fd = listen_well("127.0.0.1:0");

	(void)state;
	assert_int_equal(family_of(fd), AF_INET);
	assert_reachable("127.0.0.1", port_of(fd));
}

static void an_ipv4_address_listens_on_itself_alone(void **state)
{
	_cleanup_(close_descriptor) int fd = listen_well("127.0.0.2:0");

	(void)state;
	assert_reachable("127.0.0.2", port_of(fd));
	assert_int_equal(try_connect("127.0.0.1", port_of(fd)), -ECONNREFUSED);
}

static void an_ipv6_address_listens_on_ipv6_alone(void **state)
{
	int fd = -2;

	(void)state;
	if (!has_ipv6()) {
		assert_true(web_address_listen("[::1]:0", &fd) < 0);
		assert_int_equal(fd, -2);
		return;
	}
	fd = listen_well("[::1]:0");
	assert_int_equal(family_of(fd), AF_INET6);
	assert_true(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	assert_reachable("::1", port_of(fd));
	close(fd);
}

static void every_ipv6_address_is_not_every_address(void **state)
{
	int fd = -2;

	(void)state;
	if (!has_ipv6()) {
		assert_true(web_address_listen("[::]:0", &fd) < 0);
		assert_int_equal(fd, -2);
		return;
	}
	fd = listen_well("[::]:0");
	assert_true(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	assert_reachable("::1", port_of(fd));
	assert_int_equal(try_connect("127.0.0.1", port_of(fd)), -ECONNREFUSED);
	close(fd);
}

static void port_0_gives_each_listener_a_port_of_its_own(void **state)
{
	_cleanup_(close_descriptor) int first = listen_well("127.0.0.1:0");
	_cleanup_(close_descriptor) int second = listen_well("127.0.0.1:0");

	(void)state;
	assert_int_not_equal(port_of(first), port_of(second));
}

static void a_given_port_is_the_one_that_listens(void **state)
{
	int fd = listen_well("127.0.0.1:0");
	unsigned int port = port_of(fd);

	(void)state;
	close(fd);
	fd = listen_well(address_at("127.0.0.1", port));
	assert_int_equal(port_of(fd), port);
	close(fd);
}

/* A port that a server just left still has connections of old clients. */
static void a_port_with_old_connections_can_be_taken_again(void **state)
{
	int fd = listen_well("127.0.0.1:0"), client, accepted;
	unsigned int port = port_of(fd);
	char c;

	(void)state;
	client = try_connect("127.0.0.1", port);
	assert_true(client >= 0);
	accepted = accept(fd, NULL, NULL);
	assert_true(accepted >= 0);
	/* Who closes first has the port in TIME_WAIT. */
	close(accepted);
	assert_int_equal(read(client, &c, 1), 0);
	close(client);
	close(fd);
	fd = listen_well(address_at("127.0.0.1", port));
	close(fd);
}

static void a_taken_port_is_said(void **state)
{
	_cleanup_(close_descriptor) int taken = listen_well("127.0.0.1:0");
	int fd = -2;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(
			web_address_listen(address_at("127.0.0.1", port_of(taken)), &fd),
			-EADDRINUSE);
	assert_int_equal(fd, -2);
}

static void a_taken_port_is_said_for_every_address_too(void **state)
{
	_cleanup_(close_descriptor) int taken = listen_well("127.0.0.1:0");
	int fd = -2;

	(void)state;
	assert_int_equal(web_address_listen(address_at("", port_of(taken)), &fd),
	                 -EADDRINUSE);
	no_ipv6 = EAFNOSUPPORT;
	assert_int_equal(web_address_listen(address_at("", port_of(taken)), &fd),
	                 -EADDRINUSE);
	/* Taken for IPv6 alone: serving the rest would be half of what was asked for. */
	no_ipv6 = 0;
	no_ipv6_bind = EADDRINUSE;
	assert_int_equal(web_address_listen(":0", &fd), -EADDRINUSE);
	assert_int_equal(fd, -2);
}

static void an_address_that_is_not_ours_is_said(void **state)
{
	int fd = -2;

	(void)state;
	/* RFC 5737 and RFC 3849: nobody has them. */
	assert_int_equal(web_address_listen("192.0.2.1:0", &fd), -EADDRNOTAVAIL);
	assert_int_equal(web_address_listen("elsewhere.test:0", &fd), -EADDRNOTAVAIL);
	if (has_ipv6())
		assert_int_equal(web_address_listen("[2001:db8::1]:0", &fd),
		                 -EADDRNOTAVAIL);
	assert_int_equal(fd, -2);
}

/* ---- every address ---- */

static void a_port_alone_serves_ipv4_and_ipv6(void **state)
{
	_cleanup_(close_descriptor) int fd = listen_well(":0");

	(void)state;
	assert_reachable("127.0.0.1", port_of(fd));
	assert_int_equal(family_of(fd), has_ipv6() ? AF_INET6 : AF_INET);
	if (!has_ipv6())
		return;
	assert_false(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	assert_reachable("::1", port_of(fd));
}

static void a_port_alone_serves_ipv4_where_the_kernel_has_no_ipv6(void **state)
{
	_cleanup_(close_descriptor) int fd = -1;

	(void)state;
	no_ipv6 = EAFNOSUPPORT;
	fd = listen_well(":0");
	assert_int_equal(family_of(fd), AF_INET);
	assert_reachable("127.0.0.1", port_of(fd));
}

static void a_port_alone_serves_ipv4_where_ipv6_is_switched_off(void **state)
{
	_cleanup_(close_descriptor) int fd = -1;

	(void)state;
	no_ipv6_bind = EADDRNOTAVAIL;
	fd = listen_well(":0");
	assert_int_equal(family_of(fd), AF_INET);
	assert_reachable("127.0.0.1", port_of(fd));
}

/* ---- names ---- */

static void localhost_is_reachable_on_loopback(void **state)
{
	_cleanup_(close_descriptor) int fd = listen_well("localhost:0");

	(void)state;
	assert_reachable("127.0.0.1", port_of(fd));
	assert_int_equal(try_connect("127.0.0.2", port_of(fd)), -ECONNREFUSED);
}

/* "HOST is no address of this host, or no name of one": this is a name of one. */
static void a_name_whose_first_address_is_not_ours_takes_the_next(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(web_address_listen("second.test:0", &fd), 0);
	assert_reachable("127.0.0.1", port_of(fd));
	close(fd);
}

static void a_name_with_both_families_works_without_ipv6(void **state)
{
	int fd = -1;

	(void)state;
	no_ipv6 = EAFNOSUPPORT;
	assert_int_equal(web_address_listen("both.test:0", &fd), 0);
	assert_reachable("127.0.0.1", port_of(fd));
	close(fd);
}

/* Who asks for a port that somebody has must not get another one's. */
static void a_name_whose_first_address_is_taken_is_said(void **state)
{
	_cleanup_(close_descriptor) int taken = listen_well("127.0.0.1:0");
	int fd = -2;

	(void)state;
	assert_int_equal(
		web_address_listen(address_at("twice.test", port_of(taken)), &fd),
		-EADDRINUSE);
	assert_int_equal(fd, -2);
}

static void a_name_that_nobody_knows_is_said(void **state)
{
	int fd = -2;

	(void)state;
	assert_int_equal(web_address_listen("nobody.test:0", &fd), -EADDRNOTAVAIL);
	assert_int_equal(web_address_listen(" 127.0.0.1:0", &fd), -EADDRNOTAVAIL);
	assert_int_equal(web_address_listen("[nobody]:0", &fd), -EADDRNOTAVAIL);
	assert_int_equal(fd, -2);
}

/* ---- back to a string ---- */

static void assert_added(const void *address, socklen_t size, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	text_add_string(&text, "at ");
	web_address_add(&text, address, size);
	assert_int_equal(text.error, 0);
	assert_memory_equal(text_string(&text), "at ", 3);
	assert_string_equal(text_string(&text) + 3, expected);
}

static void an_address_is_added_as_it_is_given(void **state)
{
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(10093),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(9),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	(void)state;
	assert_added(&v4, sizeof(v4), "127.0.0.1:10093");
	assert_added(&v6, sizeof(v6), "[::1]:9");
	v6.sin6_addr = (struct in6_addr)IN6ADDR_ANY_INIT;
	v6.sin6_port = 0;
	assert_added(&v6, sizeof(v6), "[::]:0");
}

static void what_is_no_address_of_a_host_is_unknown(void **state)
{
	const struct sockaddr other = { .sa_family = AF_UNSPEC };

	(void)state;
	assert_added(&other, sizeof(other), "unknown");
}

/* unix(7): a path, whose NUL may be missing; an abstract name; or none. */
static void a_local_socket_is_added_with_its_name(void **state)
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	const struct sockaddr_un path = { .sun_family = AF_UNIX,
		                          .sun_path = "/run/taint.sock" };
	const struct sockaddr_un hidden = { .sun_family = AF_UNIX,
		                            .sun_path = "\0taint" };

	(void)state;
	assert_added(&path, sizeof(path), "unix:/run/taint.sock");
	assert_added(&path, (socklen_t)start + 4, "unix:/run");
	assert_added(&hidden, (socklen_t)start + 6, "unix:@taint");
	assert_added(&path, (socklen_t)start, "unix:");
	assert_added(&path, 1, "unix:");
}

#define LISTENING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTENING_TEST(what_is_host_and_port_is_an_address),
		LISTENING_TEST(what_is_not_host_and_port_is_no_address),
		LISTENING_TEST(an_ipv4_address_listens_on_ipv4),
		LISTENING_TEST(an_ipv4_address_listens_on_itself_alone),
		LISTENING_TEST(an_ipv6_address_listens_on_ipv6_alone),
		LISTENING_TEST(every_ipv6_address_is_not_every_address),
		LISTENING_TEST(port_0_gives_each_listener_a_port_of_its_own),
		LISTENING_TEST(a_given_port_is_the_one_that_listens),
		LISTENING_TEST(a_port_with_old_connections_can_be_taken_again),
		LISTENING_TEST(a_taken_port_is_said),
		LISTENING_TEST(a_taken_port_is_said_for_every_address_too),
		LISTENING_TEST(an_address_that_is_not_ours_is_said),
		LISTENING_TEST(a_port_alone_serves_ipv4_and_ipv6),
		LISTENING_TEST(a_port_alone_serves_ipv4_where_the_kernel_has_no_ipv6),
		LISTENING_TEST(a_port_alone_serves_ipv4_where_ipv6_is_switched_off),
		LISTENING_TEST(localhost_is_reachable_on_loopback),
		LISTENING_TEST(a_name_whose_first_address_is_not_ours_takes_the_next),
		LISTENING_TEST(a_name_with_both_families_works_without_ipv6),
		LISTENING_TEST(a_name_whose_first_address_is_taken_is_said),
		LISTENING_TEST(a_name_that_nobody_knows_is_said),
		LISTENING_TEST(an_address_is_added_as_it_is_given),
		LISTENING_TEST(what_is_no_address_of_a_host_is_unknown),
		LISTENING_TEST(a_local_socket_is_added_with_its_name),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
