/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/address: which strings are addresses, and how those of sockets are
 * written. What listens there is seen from outside of the program.
 */
#include "web/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

static void host_and_port_are_an_address_and_nothing_else(void **state)
{
	static const char *const good[] = {
		/* clang-format off */
		":10093", ":0", ":1", ":65535", ":00080", "127.0.0.1:9", "127.0.0.1:0",
		"0.0.0.0:10093", "localhost:9", "node-1.example.org:10093", "[::1]:9",
		"[::]:9", "[127.0.0.1]:9", "[fe80::1%eth0]:9", "[::ffff:127.0.0.1]:9"
		/* clang-format on */
	};
	static const char *const bad[] = {
		/* clang-format off */
		"", ":", "::", "9", "localhost", "127.0.0.1", "::9", "::1:9",
		"127.0.0.1:", "fe80::1:9", "a:b:9", "localhost:", ":65536", ":99999",
		":100000", ":000080", ":-1", ":+1", ": 9", ":9 ", ":9\n", ":0x9",
		":http", ":9a", ":1.5", "[::1]", "[::1]9", "[::1]:", "[::1]:x",
		"[::1]x:9", "[]:9", "[:9", "]:9:", "[::1:9", "localhost:9/metrics",
		"http://localhost:9/", ":18446744073709551616"
		/* clang-format on */
	};
	int fd = -2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (web_address_check(good[i]) != 0)
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (web_address_check(bad[i]) != -EINVAL ||
		    web_address_listen(bad[i], &fd) != -EINVAL || fd != -2)
			fail_msg("taken: %s", bad[i]);
}

static void an_address_is_written_as_it_is_given(void **state)
{
	static const struct sockaddr_in v4 = { .sin_family = AF_INET };
	static const struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	static const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6,
		                                      .sin6_addr =
		                                              IN6ADDR_LOOPBACK_INIT };
	static const struct sockaddr_un path = { AF_UNIX, "/run/taint.sock" };
	static const struct sockaddr_un hidden = { AF_UNIX, "\0taint" };
	static const struct sockaddr other = { .sa_family = AF_UNSPEC };
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	const struct {
		const void *address;
		size_t size;
		const char *expected;
	} rows[] = {
		{ &v4, sizeof(v4), "0.0.0.0:0" },
		{ &any, sizeof(any), "[::]:0" },
		{ &loopback, sizeof(loopback), "[::1]:0" },
		/* unix(7): a path, whose NUL may be missing; an abstract name; or none.
		 */
		{ &path, sizeof(path), "unix:/run/taint.sock" },
		{ &path, start + 4, "unix:/run" },
		{ &path, start, "unix:" },
		{ &path, 1, "unix:" },
		{ &hidden, start + 6, "unix:@taint" },
		{ &other, sizeof(other), "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		web_address_add(&text, rows[i].address, (socklen_t)rows[i].size);
		assert_string_equal(text_string(&text), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_and_port_are_an_address_and_nothing_else),
		cmocka_unit_test(an_address_is_written_as_it_is_given),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
