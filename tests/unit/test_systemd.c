/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/systemd: what it is told is heard on a real socket, what it says is taken
 * whatever it says, and what it hands over is looked at.
 */
#include "web/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"

#define MILLISECOND UINT64_C(1000000)
#define FIRST       3 /* SD_LISTEN_FDS_START */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

static bool memory_fails;
static int failing_command; /* of fcntl(); -1: none */

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_fails ? NULL : __real_calloc(count, size);
}

int __wrap_fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	if (command == failing_command) {
		errno = EIO;
		return -1;
	}
	return __real_fcntl(fd, command, argument);
}

static const char *const variables[] = {
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
	"LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES",
};

static char folder[] = "/tmp/systemd.XXXXXX";
static char *path; /* in it */
static int saved_stderr, log_file;

static int setup(void **state)
{
	(void)state;
	memory_fails = false;
	failing_command = -1;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	strcpy(folder, "/tmp/systemd.XXXXXX");
	if (!mkdtemp(folder) || asprintf(&path, "%s/notify", folder) < 0)
		return -1;
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	log_file = memfd_create("log", MFD_CLOEXEC);
	saved_stderr = dup(STDERR_FILENO);
	return dup2(log_file, STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(log_file);
	unlink(path);
	free(path);
	return rmdir(folder);
}

/* What was logged since the last call, as lines; the memory is used again. */
static unsigned int count_log_lines(char *ret_log, size_t size)
{
	ssize_t length = pread(log_file, ret_log, size - 1, 0);
	unsigned int lines = 0;

	assert_true(length >= 0);
	ret_log[length] = '\0';
	for (const char *c = ret_log; *c; c++)
		lines += *c == '\n';
	assert_int_equal(ftruncate(log_file, 0), 0);
	lseek(log_file, 0, SEEK_SET);
	return lines;
}

static void assert_log_lines(unsigned int expected)
{
	char log[4096];

	if (count_log_lines(log, sizeof(log)) != expected)
		fail_msg("%u lines expected, logged: %s", expected, log);
}

/* ---- what systemd hears ---- */

/* A datagram socket at NAME, a path or with an @ in front. */
static int open_notify(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	                             strlen(name) + (name[0] != '@'));
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(strlen(name) < sizeof(address.sun_path));
	strcpy(address.sun_path, name);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	return fd;
}

static void assert_heard(int fd, const char *message)
{
	char heard[256] = "";
	ssize_t size = recv(fd, heard, sizeof(heard) - 1, 0);

	assert_int_equal(size, strlen(message));
	assert_string_equal(heard, message);
}

static void assert_nothing_heard(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void systemd_hears_each_message(void **state)
{
	char abstract[64];
	const char *const names[] = { path, abstract };

	(void)state;
	snprintf(abstract, sizeof(abstract), "@taint-test-%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = open_notify(names[i]);
		uint64_t before, after, told;
		struct systemd systemd;
		char heard[256] = "", tail;

		setenv("NOTIFY_SOCKET", names[i], 1);
		systemd_init(&systemd);
		assert_true(systemd.notify >= 0);
		assert_int_equal(systemd.watchdog_interval, 0);
		assert_null(getenv("NOTIFY_SOCKET"));
		assert_int_equal(__real_fcntl(systemd.notify, F_GETFD), FD_CLOEXEC);
		assert_nothing_heard(fd);
		systemd_notify_ready(&systemd);
		assert_heard(fd, "READY=1");
		systemd_notify_alive(&systemd);
		assert_heard(fd, "WATCHDOG=1");
		systemd_notify_stopping(&systemd);
		assert_heard(fd, "STOPPING=1");
		before = clock_monotonic() / 1000;
		systemd_notify_reloading(&systemd);
		after = clock_monotonic() / 1000;
		assert_true(recv(fd, heard, sizeof(heard) - 1, 0) > 0);
		assert_int_equal(sscanf(heard,
		                        "RELOADING=1\nMONOTONIC_USEC=%" SCNu64 "%c",
		                        &told, &tail),
		                 1);
		assert_in_range(told, before, after);
		assert_nothing_heard(fd);
		systemd_clear(&systemd);
		assert_int_equal(systemd.notify, -1);
		systemd_notify_ready(&systemd);
		systemd_clear(&systemd);
		assert_nothing_heard(fd);
		close(fd);
	}
	assert_log_lines(0);
}

static void systemd_that_is_not_there_is_told_nothing(void **state)
{
	struct systemd systemd;

	(void)state;
	systemd_init(&systemd);
	assert_int_equal(systemd.notify, -1);
	systemd_notify_ready(&systemd);
	systemd_notify_reloading(&systemd);
	systemd_notify_stopping(&systemd);
	systemd_notify_alive(&systemd);
	systemd_clear(&systemd);
	assert_log_lines(0);
}

static void systemd_that_went_away_harms_nobody(void **state)
{
	int fd = open_notify(path);
	struct systemd systemd;
	uint64_t start;

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	systemd_init(&systemd);
	assert_true(systemd.notify >= 0);
	close(fd);
	/* A SIGPIPE would end this program. */
	signal(SIGPIPE, SIG_DFL);
	start = clock_monotonic();
	systemd_notify_ready(&systemd);
	systemd_notify_reloading(&systemd);
	systemd_notify_stopping(&systemd);
	systemd_notify_alive(&systemd);
	assert_true(clock_monotonic() - start < CLOCK_SECOND / 2);
	systemd_clear(&systemd);
	assert_log_lines(0);
}

static void systemd_without_room_for_a_message_holds_up_nobody(void **state)
{
	int fd = open_notify(path), count = 0;
	struct systemd systemd;
	struct pollfd room = { .events = POLLOUT };
	uint64_t start;

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	systemd_init(&systemd);
	room.fd = systemd.notify;
	while (count < 100000 && poll(&room, 1, 0) == 1) {
		systemd_notify_alive(&systemd);
		count++;
	}
	assert_in_range(count, 1, 99999);
	start = clock_monotonic();
	for (int i = 0; i < 1000; i++) {
		systemd_notify_alive(&systemd);
		systemd_notify_reloading(&systemd);
		systemd_notify_stopping(&systemd);
	}
	assert_true(clock_monotonic() - start < CLOCK_SECOND / 2);
	/* Ready is what it must hear: a second is not too long for that, but is enough.
	 */
	start = clock_monotonic();
	systemd_notify_ready(&systemd);
	assert_in_range(clock_monotonic() - start, CLOCK_SECOND / 2, 30 * CLOCK_SECOND);
	for (; count; count--)
		assert_heard(fd, "WATCHDOG=1");
	assert_nothing_heard(fd);
	systemd_clear(&systemd);
	close(fd);
}

static void systemd_hears_that_all_is_ready_once_it_has_room(void **state)
{
	int fd = open_notify(path), count = 0, status;
	struct systemd systemd;
	struct pollfd room = { .events = POLLOUT };
	pid_t child;

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	systemd_init(&systemd);
	room.fd = systemd.notify;
	for (; poll(&room, 1, 0) == 1; count++)
		systemd_notify_alive(&systemd);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		systemd_notify_ready(&systemd);
		_exit(0);
	}
	/* It waits, so this is where it is heard. */
	for (; count; count--)
		assert_heard(fd, "WATCHDOG=1");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_heard(fd, "READY=1");
	systemd_clear(&systemd);
	close(fd);
}

static void systemd_at_no_address_is_a_warning(void **state)
{
	char longest[109], too_long[200];
	const char *const values[] = {
		"",          "@",       "/",
		"relative",  " /run/x", "vsock:2:1234",
		"/nosuch",   folder,    "@taint-nosuch",
		"/dev/null", longest,   too_long,
		"\n\xff\"",  "@\x80",   "unix:/run/x",
	};
	struct systemd systemd;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[107] = '\0';
	memset(too_long, 'x', sizeof(too_long));
	too_long[0] = '@';
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		setenv("NOTIFY_SOCKET", values[i], 1);
		setenv("WATCHDOG_USEC", "1000000", 1);
		systemd_init(&systemd);
		assert_int_equal(systemd.notify, -1);
		assert_int_equal(systemd.watchdog_interval, 0);
		assert_null(getenv("NOTIFY_SOCKET"));
		systemd_notify_ready(&systemd);
		systemd_clear(&systemd);
		assert_log_lines(1);
	}
}

static void systemd_hears_at_the_longest_abstract_address(void **state)
{
	struct systemd systemd;
	char name[108];
	int fd;

	(void)state;
	memset(name, 'x', sizeof(name));
	snprintf(name, sizeof(name), "@taint-test-%d-", (int)getpid());
	name[strlen(name)] = 'x';
	name[107] = '\0';
	fd = open_notify(name);
	setenv("NOTIFY_SOCKET", name, 1);
	systemd_init(&systemd);
	systemd_notify_ready(&systemd);
	assert_heard(fd, "READY=1");
	systemd_clear(&systemd);
	close(fd);
}

static void systemd_wants_a_sign_of_life_at_half_time(void **state)
{
	static const char other[] = "1";
	char self[16];
	const struct {
		const char *usec, *pid;
		uint64_t interval;
		unsigned int warnings;
	} rows[] = {
		{ NULL, NULL, 0, 0 },
		{ NULL, self, 0, 0 },
		{ "30000000", NULL, 15 * CLOCK_SECOND, 0 },
		{ "30000000", self, 15 * CLOCK_SECOND, 0 },
		{ "30000000", other, 0, 0 },
		{ "3000001", self, 1500000500, 0 },
		{ "2000", self, MILLISECOND, 0 },
		{ "1", self, MILLISECOND, 0 }, /* and no busy loop */
		{ "0", self, 0, 0 },
		{ "18446744073709551", self, UINT64_C(9223372036854775500), 0 },
		{ "18446744073709552", self, 0, 0 },
		{ "18446744073709551615", self, 0, 0 }, /* infinity */
		{ "18446744073709551616", self, 0, 1 },
		{ "", self, 0, 1 },
		{ "-1", self, 0, 1 },
		{ "30s", self, 0, 1 },
		{ "0x10", self, 0, 1 },
		{ " 5", self, 0, 1 },
		/* As if it were not there. */
		{ "30000000", "", 15 * CLOCK_SECOND, 1 },
		{ "30000000", "-1", 15 * CLOCK_SECOND, 1 },
		{ "x", "x", 0, 2 },
	};
	int fd = open_notify(path);

	(void)state;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct systemd systemd;

		setenv("NOTIFY_SOCKET", path, 1);
		if (rows[i].usec)
			setenv("WATCHDOG_USEC", rows[i].usec, 1);
		if (rows[i].pid)
			setenv("WATCHDOG_PID", rows[i].pid, 1);
		systemd_init(&systemd);
		assert_int_equal(systemd.watchdog_interval, rows[i].interval);
		assert_true(systemd.notify >= 0);
		assert_null(getenv("WATCHDOG_USEC"));
		assert_null(getenv("WATCHDOG_PID"));
		assert_log_lines(rows[i].warnings);
		systemd_clear(&systemd);
	}
	close(fd);
}

/* ---- sockets that systemd opened ---- */

enum {
	ODD = 200, /* the exit code of a child that found something odd */
};

/* A listening one of this kind; a UNIX-domain one has no name. */
static int open_listener(int domain)
{
	struct sockaddr_storage any = { .ss_family = (sa_family_t)domain };
	socklen_t size = domain == AF_UNIX   ? sizeof(sa_family_t)
	                 : domain == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
	int fd = socket(domain, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (domain == AF_INET)
		((struct sockaddr_in *)&any)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static bool is_changed(int fd)
{
	return (__real_fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ||
	       __real_fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

/* In the child: what systemd_listeners_take() says and does, as an exit code. */
static int look(size_t count)
{
	int *fds = NULL, r;
	size_t taken = SIZE_MAX;

	r = systemd_listeners_take(&fds, &taken);
	for (size_t i = 3; i < ARRAY_SIZE(variables); i++)
		if (getenv(variables[i]))
			return ODD;
	if (r < 0) {
		for (size_t i = 0; i < count; i++)
			if (failing_command < 0 && is_changed(FIRST + (int)i))
				return ODD + 1;
		return fds || taken != SIZE_MAX ? ODD + 2 : -r;
	}
	if (taken != count)
		return ODD + 3;
	for (size_t i = 0; i < count; i++)
		if (fds[i] != FIRST + (int)i ||
		    !(__real_fcntl(fds[i], F_GETFL) & O_NONBLOCK) ||
		    __real_fcntl(fds[i], F_GETFD) != FD_CLOEXEC)
			return ODD + 4;
	free(fds);
	/* There is nothing to take twice. */
	return systemd_listeners_take(&fds, &taken) == -ENOENT ? 0 : ODD + 5;
}

/* -errno or 0, of a child that has FDS, and then no more, from the third on. */
static int take(const int *fds, size_t count, const char *pid, const char *number)
{
	pid_t child = fork();
	char self[16];
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		for (size_t i = 0; i < count; i++)
			dup2(fds[i], 100 + (int)i);
		for (size_t i = 0; i < count; i++)
			dup2(100 + (int)i, FIRST + (int)i);
		close(FIRST + (int)count);
		snprintf(self, sizeof(self), "%d", (int)getpid());
		if (pid)
			setenv("LISTEN_PID", strcmp(pid, "self") == 0 ? self : pid, 1);
		if (number)
			setenv("LISTEN_FDS", number, 1);
		setenv("LISTEN_FDNAMES", "a:b", 1);
		_exit(look(count));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void systemd_hands_over_listening_sockets_of_each_family(void **state)
{
	const int fds[] = { open_listener(AF_INET), open_listener(AF_UNIX),
		            open_listener(AF_INET) };
	int v6 = socket(AF_INET6, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(take(fds, 1, "self", "1"), 0);
	assert_int_equal(take(fds + 1, 1, "self", "1"), 0);
	assert_int_equal(take(fds, 3, "self", "3"), 0);
	/* Where there is IPv6: a socket may listen on any port without a bind(). */
	if (v6 >= 0 && listen(v6, 1) == 0)
		assert_int_equal(take(&v6, 1, "self", "1"), 0);
	close(v6);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void systemd_hands_over_nothing_to_another_process(void **state)
{
	int fd = open_listener(AF_INET);
	char parent[16];

	(void)state;
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	assert_int_equal(take(&fd, 1, parent, "1"), -ENOENT);
	assert_int_equal(take(&fd, 1, "1", "1"), -ENOENT);
	assert_int_equal(take(&fd, 1, "0", "1"), -ENOENT);
	assert_int_equal(take(&fd, 1, "18446744073709551615", "1"), -ENOENT);
	assert_int_equal(take(&fd, 1, NULL, "1"), -ENOENT);
	assert_int_equal(take(&fd, 1, "self", NULL), -ENOENT);
	assert_int_equal(take(&fd, 1, "self", "0"), -ENOENT);
	assert_int_equal(take(&fd, 1, NULL, NULL), -ENOENT);
	close(fd);
}

static void systemd_is_not_believed_what_cannot_be(void **state)
{
	static const char *const numbers[] = {
		"",
		"-1",
		"x",
		"1x",
		"0x1",
		"+1",
		" 1",
		"2",
		"1000000",
		"2147483644",
		"2147483645",
		"2147483647",
		"2147483648",
		"4294967295",
		"4294967297",
		"18446744073709551615",
		"18446744073709551616",
	};
	static const char *const pids[] = { "", "-1", "x", "1x", "self ", "+1" };
	int fd = open_listener(AF_INET);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (take(&fd, 1, "self", numbers[i]) != -EINVAL)
			fail_msg("believed: %s", numbers[i]);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (take(&fd, 1, pids[i], "1") != -EINVAL)
			fail_msg("believed: %s", pids[i]);
	close(fd);
}

static void systemd_hands_over_nothing_but_listening_stream_sockets(void **state)
{
	int good = open_listener(AF_INET), pair[2], pipes[2];
	const int bad[] = {
		socket(AF_INET, SOCK_STREAM, 0), /* does not listen */
		socket(AF_UNIX, SOCK_STREAM, 0),
		socket(AF_INET, SOCK_DGRAM, 0),
		socket(AF_UNIX, SOCK_DGRAM, 0),
		socket(AF_UNIX, SOCK_SEQPACKET, 0),
		socket(AF_NETLINK, SOCK_RAW, 0),
		open("/dev/null", O_RDWR),
		open("/", O_RDONLY | O_DIRECTORY),
		socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1,
		pipe(pipes) == 0 ? pipes[0] : -1,
	};
	int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const int first[] = { bad[i], good }, last[] = { good, bad[i] };

		assert_true(bad[i] >= 0);
		if (take(&bad[i], 1, "self", "1") != -EINVAL ||
		    take(first, 2, "self", "2") != -EINVAL ||
		    take(last, 2, "self", "2") != -EINVAL)
			fail_msg("taken: number %zu", i);
	}
	/* One that listens, but for packets. */
	assert_int_equal(bind(packets, &(const struct sockaddr){ .sa_family = AF_UNIX },
	                      sizeof(sa_family_t)),
	                 0);
	assert_int_equal(listen(packets, 1), 0);
	assert_int_equal(take(&packets, 1, "self", "1"), -EINVAL);
	close(packets);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		close(bad[i]);
	close(pair[1]);
	close(pipes[1]);
	close(good);
}

static void systemd_listeners_that_cannot_be_taken_are_an_error(void **state)
{
	static const int commands[] = { F_GETFL, F_SETFL, F_SETFD };
	int fd = open_listener(AF_INET);

	(void)state;
	memory_fails = true;
	assert_int_equal(take(&fd, 1, "self", "1"), -ENOMEM);
	memory_fails = false;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		failing_command = commands[i];
		assert_int_equal(take(&fd, 1, "self", "1"), -EIO);
	}
	close(fd);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(systemd_hears_each_message),
		TEST(systemd_that_is_not_there_is_told_nothing),
		TEST(systemd_that_went_away_harms_nobody),
		TEST(systemd_without_room_for_a_message_holds_up_nobody),
		TEST(systemd_hears_that_all_is_ready_once_it_has_room),
		TEST(systemd_at_no_address_is_a_warning),
		TEST(systemd_hears_at_the_longest_abstract_address),
		TEST(systemd_wants_a_sign_of_life_at_half_time),
		TEST(systemd_hands_over_listening_sockets_of_each_family),
		TEST(systemd_hands_over_nothing_to_another_process),
		TEST(systemd_is_not_believed_what_cannot_be),
		TEST(systemd_hands_over_nothing_but_listening_stream_sockets),
		TEST(systemd_listeners_that_cannot_be_taken_are_an_error),
	};

	return cmocka_run_group_tests_name("systemd", tests, NULL, NULL);
}
