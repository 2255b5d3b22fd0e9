/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/connections: who has to go when one connection is too many.
 */
#include "web/connections.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX            4
#define MAX_PER_CLIENT 2

/* The clock of the test, in seconds. */
static time_t now;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time)
{
	(void)id;
	*ret_time = (struct timespec){ .tv_sec = now };
	return 0;
}

static struct sockaddr_storage address_of(const char *host)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		address.ss_family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
		address.ss_family = AF_INET6;
	}
	return address;
}

/* A connection of HOST and the client's end of it. */
struct pair {
	int ours, theirs;
	struct connection *connection;
};

static struct pair pair_new(struct connections *connections, const char *host)
{
	const struct sockaddr_storage address = address_of(host);
	struct pair pair;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	pair.ours = fds[0];
	pair.theirs = fds[1];
	pair.connection = connections_add(connections, pair.ours, &address);
	assert_non_null(pair.connection);
	return pair;
}

static void pair_free(struct connections *connections, const struct pair *pair)
{
	connections_remove(connections, pair->connection);
	close(pair->ours);
	close(pair->theirs);
}

static int is_closed(const struct pair *pair)
{
	char byte;

	return recv(pair->theirs, &byte, 1, 0) == 0;
}

static int makes_room(struct connections *connections, const char *host)
{
	const struct sockaddr_storage address = address_of(host);

	return connections_make_room(connections, &address);
}

static void connections_have_room_until_the_limit(void **state)
{
	struct connections connections;
	struct pair a, b;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	assert_true(makes_room(&connections, "192.0.2.1"));
	a = pair_new(&connections, "192.0.2.1");
	b = pair_new(&connections, "192.0.2.2");
	assert_true(makes_room(&connections, "192.0.2.1"));
	assert_false(is_closed(&a));
	assert_false(is_closed(&b));
	assert_int_equal(connections.count, 2);
	pair_free(&connections, &a);
	pair_free(&connections, &b);
	assert_int_equal(connections.count, 0);
	connections_clear(&connections);
}

static void connections_close_the_oldest_of_a_client_that_has_too_many(void **state)
{
	struct connections connections;
	struct pair other, first, second;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	other = pair_new(&connections, "192.0.2.9");
	first = pair_new(&connections, "192.0.2.1");
	second = pair_new(&connections, "192.0.2.1");
	assert_true(makes_room(&connections, "192.0.2.1"));
	assert_false(is_closed(&other));
	assert_true(is_closed(&first));
	assert_false(is_closed(&second));
	pair_free(&connections, &other);
	pair_free(&connections, &first);
	pair_free(&connections, &second);
	connections_clear(&connections);
}

static void connections_take_a_mapped_client_for_the_same(void **state)
{
	struct connections connections;
	struct pair first, second;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	first = pair_new(&connections, "192.0.2.1");
	second = pair_new(&connections, "::ffff:192.0.2.1");
	assert_true(makes_room(&connections, "192.0.2.1"));
	assert_true(is_closed(&first));
	assert_false(is_closed(&second));
	pair_free(&connections, &first);
	pair_free(&connections, &second);
	connections_clear(&connections);
}

static void connections_close_the_oldest_of_all_when_all_are_too_many(void **state)
{
	static const char *const hosts[MAX] = { "::1", "::2", "::3", "::4" };
	struct connections connections;
	struct pair pairs[MAX];

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	for (size_t i = 0; i < MAX; i++)
		pairs[i] = pair_new(&connections, hosts[i]);
	/* A finished request makes the first one young again. */
	connections_begin(pairs[0].connection);
	connections_complete(&connections, pairs[0].connection);
	assert_true(makes_room(&connections, "::5"));
	assert_false(is_closed(&pairs[0]));
	assert_true(is_closed(&pairs[1]));
	for (size_t i = 0; i < MAX; i++)
		pair_free(&connections, &pairs[i]);
	connections_clear(&connections);
}

static void connections_never_close_one_with_a_request_in_flight(void **state)
{
	struct connections connections;
	struct pair first, second;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	first = pair_new(&connections, "192.0.2.1");
	second = pair_new(&connections, "192.0.2.1");
	connections_begin(first.connection);
	assert_true(connections_is_busy(&connections));
	assert_true(makes_room(&connections, "192.0.2.1"));
	assert_false(is_closed(&first));
	assert_true(is_closed(&second));
	/* Nobody silent is left of this client: who comes now is refused. */
	pair_free(&connections, &second);
	second = pair_new(&connections, "192.0.2.1");
	connections_begin(second.connection);
	assert_false(makes_room(&connections, "192.0.2.1"));
	assert_false(connections_close_oldest(&connections));
	connections_complete(&connections, first.connection);
	connections_complete(&connections, second.connection);
	assert_false(connections_is_busy(&connections));
	pair_free(&connections, &first);
	pair_free(&connections, &second);
	connections_clear(&connections);
}

static void connections_limit_counts_until_the_request_ends(void **state)
{
	struct connections connections;
	struct pair first, second;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	first = pair_new(&connections, "192.0.2.1");
	second = pair_new(&connections, "192.0.2.2");
	connections_begin(first.connection);
	connections_begin(second.connection);
	assert_true(connections_limit(&connections, first.connection, 1));
	assert_false(connections_limit(&connections, second.connection, 1));
	connections_complete(&connections, second.connection);
	assert_int_equal(connections.limited_requests, 1);
	connections_complete(&connections, first.connection);
	assert_int_equal(connections.limited_requests, 0);
	connections_begin(second.connection);
	assert_true(connections_limit(&connections, second.connection, 1));
	connections_complete(&connections, second.connection);
	pair_free(&connections, &first);
	pair_free(&connections, &second);
	connections_clear(&connections);
}

static void connections_close_silent_spares_the_young_and_the_busy(void **state)
{
	struct connections connections;
	struct pair old, busy, young;

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	now = 1000;
	old = pair_new(&connections, "192.0.2.1");
	busy = pair_new(&connections, "192.0.2.2");
	connections_begin(busy.connection);
	now += 10;
	young = pair_new(&connections, "192.0.2.3");
	connections_close_silent(&connections, UINT64_C(10000000001));
	assert_false(is_closed(&old));
	connections_close_silent(&connections, UINT64_C(10000000000));
	assert_true(is_closed(&old));
	assert_false(is_closed(&busy));
	assert_false(is_closed(&young));
	assert_int_equal(connections.count, 2);
	pair_free(&connections, &old);
	pair_free(&connections, &busy);
	pair_free(&connections, &young);
	assert_int_equal(connections.count, 0);
	connections_clear(&connections);
}

static void connections_close_ended_spares_the_busy(void **state)
{
	struct connections connections;
	struct pair ended, busy, other;
	struct epoll_event event;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	(void)state;
	assert_int_equal(connections_init(&connections, MAX, MAX_PER_CLIENT), 0);
	event = (struct epoll_event){ .events = EPOLLIN };
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, connections.epoll, &event), 0);
	ended = pair_new(&connections, "192.0.2.1");
	busy = pair_new(&connections, "192.0.2.2");
	other = pair_new(&connections, "192.0.2.3");
	connections_begin(busy.connection);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
	assert_int_equal(shutdown(ended.theirs, SHUT_WR), 0);
	assert_int_equal(shutdown(busy.theirs, SHUT_WR), 0);
	assert_int_equal(epoll_wait(epoll, &event, 1, 1000), 1);
	connections_note_ended(&connections);
	assert_int_equal(connections.ended, 2);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);

	assert_false(is_closed(&ended));
	connections_close_ended(&connections);
	assert_true(is_closed(&ended));
	assert_false(is_closed(&busy));
	assert_false(is_closed(&other));
	assert_int_equal(connections.ended, 1);
	connections_complete(&connections, busy.connection);
	connections_close_ended(&connections);
	assert_true(is_closed(&busy));
	assert_int_equal(connections.ended, 0);
	assert_int_equal(connections.count, 1);

	pair_free(&connections, &ended);
	pair_free(&connections, &busy);
	pair_free(&connections, &other);
	close(epoll);
	connections_clear(&connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_have_room_until_the_limit),
		cmocka_unit_test(
			connections_close_the_oldest_of_a_client_that_has_too_many),
		cmocka_unit_test(connections_take_a_mapped_client_for_the_same),
		cmocka_unit_test(
			connections_close_the_oldest_of_all_when_all_are_too_many),
		cmocka_unit_test(connections_never_close_one_with_a_request_in_flight),
		cmocka_unit_test(connections_limit_counts_until_the_request_ends),
		cmocka_unit_test(connections_close_silent_spares_the_young_and_the_busy),
		cmocka_unit_test(connections_close_ended_spares_the_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
