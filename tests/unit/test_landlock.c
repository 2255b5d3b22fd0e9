/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/landlock: every wall from inside, by who owns the files; and what other
 * kernels than this one are asked for, which a syscall() of ours plays.
 */
#include "web/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "inside.h"
#include "tree.h"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* The kernel that is played; NONE: the real one answers. */
#define NONE (-1)

static struct {
	long version; /* of its Landlock; 0: it has none, for this reason */
	int reason;
	int create_error, add_error, restrict_error;

	uint64_t denied[3]; /* files, network, scoped */
	size_t denied_size;
	uint64_t allowed[8]; /* of each rule */
	size_t rules;
	bool is_restricted;
} kernel;

static long answer(long result, int error)
{
	errno = error;
	return error ? -1 : result;
}

static long play(long number, const long *arguments)
{
	const struct landlock_path_beneath_attr *rule = (const void *)arguments[2];

	switch (number) {
	case SYS_landlock_create_ruleset:
		if (arguments[2] == LANDLOCK_CREATE_RULESET_VERSION)
			return answer(kernel.version, kernel.version ? 0 : kernel.reason);
		kernel.denied_size = (size_t)arguments[1];
		memcpy(kernel.denied, (const void *)arguments[0], sizeof(kernel.denied));
		return answer(memfd_create("ruleset", MFD_CLOEXEC), kernel.create_error);
	case SYS_landlock_add_rule:
		kernel.allowed[kernel.rules++] = rule->allowed_access;
		return answer(0, kernel.add_error);
	default:
		kernel.is_restricted = true;
		return answer(0, kernel.restrict_error);
	}
}

long __wrap_syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (kernel.version != NONE && number >= SYS_landlock_create_ruleset &&
	    number <= SYS_landlock_restrict_self)
		return play(number, arguments);
	return __real_syscall(number, arguments[0], arguments[1], arguments[2],
	                      arguments[3], arguments[4], arguments[5]);
}

/* ---- a tree with what is open and what is not ---- */

static char open_path[2 * PATH_MAX], written_path[2 * PATH_MAX];
static char secret_path[2 * PATH_MAX], one_path[2 * PATH_MAX];
static long real_version;

static int setup(void **state)
{
	kernel.version = NONE;
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	if (tree_setup(state) < 0)
		return -1;
	chmod(tree_path, 0777);
	tree_write("open/file", "open\n");
	tree_write("open/below/file", "open\n");
	tree_write("written/file", "old\n");
	tree_write("open/program", "#!/bin/true\n");
	tree_write("secret/file", "secret\n");
	tree_write("files/one", "one\n");
	tree_write("files/two", "two\n");
	snprintf(open_path, sizeof(open_path), "%s/open", tree_path);
	snprintf(written_path, sizeof(written_path), "%s/written", tree_path);
	snprintf(secret_path, sizeof(secret_path), "%s/secret", tree_path);
	snprintf(one_path, sizeof(one_path), "%s/files/one", tree_path);
	real_version = __real_syscall(SYS_landlock_create_ruleset, NULL, 0,
	                              LANDLOCK_CREATE_RULESET_VERSION);
	if (real_version < 1)
		fail_msg("this kernel has no Landlock to be tested");
	return 0;
}

/* In a case: enters, with what is open and what may be written. */
static void enter(void)
{
	const struct sandbox_path paths[] = {
		{ open_path, false },
		{ written_path, true },
		{ one_path, false },
	};

	INSIDE_NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	INSIDE_NEED(landlock_enter(paths, ARRAY_SIZE(paths)) == 1);
}

static int try_open(const char *path, int flags)
{
	return inside_result(openat(tree_fd, path, flags | O_CLOEXEC, 0644));
}

#define CASE(name, expression)       \
	static int name(void)        \
	{                            \
		enter();             \
		return (expression); \
	}

CASE(reads_a_file, try_open("open/file", O_RDONLY))
CASE(reads_a_file_below, try_open("open/below/file", O_RDONLY))
CASE(lists_a_folder, try_open("open/below", O_RDONLY | O_DIRECTORY))
CASE(reads_one_file, try_open("files/one", O_RDONLY))
CASE(replaces_a_file,
     try_open("written/new", O_RDWR | O_CREAT | O_EXCL) ||
             inside_result(renameat(tree_fd, "written/new", tree_fd, "written/file")))
CASE(removes_a_file, inside_result(unlinkat(tree_fd, "written/file", 0)))
CASE(truncates_a_file, try_open("written/file", O_WRONLY | O_TRUNC))

static void what_is_named_can_be_used(void **state)
{
	(void)state;
	assert_int_equal(inside(reads_a_file), 0);
	assert_int_equal(inside(reads_a_file_below), 0);
	assert_int_equal(inside(lists_a_folder), 0);
	assert_int_equal(inside(reads_one_file), 0);
	assert_int_equal(inside(truncates_a_file), 0);
	assert_int_equal(inside(replaces_a_file), 0);
	assert_int_equal(inside(removes_a_file), 0);
}

CASE(reads_a_secret, try_open("secret/file", O_RDONLY))
CASE(lists_secrets, try_open("secret", O_RDONLY | O_DIRECTORY))
CASE(climbs_to_a_secret, try_open("open/../secret/file", O_RDONLY))
CASE(reads_the_neighbour, try_open("files/two", O_RDONLY))
CASE(lists_the_neighbours, try_open("files", O_RDONLY | O_DIRECTORY))
CASE(reads_passwords, inside_result(open("/etc/shadow", O_RDONLY)))
CASE(lists_the_root, inside_result(open("/", O_RDONLY | O_DIRECTORY)))
CASE(writes_a_file, try_open("open/file", O_WRONLY))
CASE(appends_to_a_file, try_open("open/file", O_RDWR | O_APPEND))
CASE(makes_a_file, try_open("open/new", O_WRONLY | O_CREAT))
CASE(makes_a_nameless_file, try_open("open", O_RDWR | O_TMPFILE))
CASE(makes_a_folder, inside_result(mkdirat(tree_fd, "written/folder", 0755)))
CASE(makes_a_link, inside_result(symlinkat("file", tree_fd, "written/link")))
CASE(makes_a_fifo, inside_result(mkfifoat(tree_fd, "written/fifo", 0644)))
CASE(removes_another, inside_result(unlinkat(tree_fd, "open/file", 0)))
CASE(replaces_another,
     inside_result(renameat(tree_fd, "open/file", tree_fd, "open/below/file")))
CASE(writes_one_file, try_open("files/one", O_WRONLY))

/* Whoever runs this may read and write all of it, perhaps but /etc/shadow. */
static void what_is_not_named_cannot_be_used_by_who_owns_it(void **state)
{
	static int (*const cases[])(void) = {
		reads_a_secret,      lists_secrets,   climbs_to_a_secret,
		reads_the_neighbour, lists_the_root,  lists_the_neighbours,
		reads_passwords,     writes_a_file,   appends_to_a_file,
		makes_a_file,        makes_a_folder,  makes_a_nameless_file,
		makes_a_link,        makes_a_fifo,    removes_another,
		replaces_another,    writes_one_file,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (inside(cases[i]) != EACCES)
			fail_msg("case %zu ended with %d", i, inside(cases[i]));
}

static int truncates_what_is_only_read(void)
{
	char path[3 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/file", open_path);
	enter();
	return inside_result(truncate(path, 0));
}

static int takes_a_file_out(void)
{
	enter();
	return inside_result(renameat(tree_fd, "written/file", tree_fd, "secret/new"));
}

static int runs_a_program(void)
{
	static char word[] = "program";
	char *const words[] = { word, NULL };
	char path[3 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/program", open_path);
	INSIDE_NEED(chmod(path, 0755) == 0);
	enter();
	return inside_result(execv(path, words));
}

static void neither_truncating_nor_moving_nor_running_is_a_way_around(void **state)
{
	int moved;

	(void)state;
	if (real_version >= 3)
		assert_int_equal(inside(truncates_what_is_only_read), EACCES);
	/* EXDEV, so that who moves a file may try to copy it. */
	moved = inside(takes_a_file_out);
	assert_true(moved == EACCES || moved == EXDEV);
	assert_int_equal(inside(runs_a_program), EACCES);
}

static int reads_what_was_open(void)
{
	int fd = openat(tree_fd, "secret/file", O_RDONLY);
	char byte;

	INSIDE_NEED(fd >= 0);
	enter();
	return read(fd, &byte, 1) == 1 && byte == 's' ? 0 : EIO;
}

static int reopens_memory(void)
{
	int fd = memfd_create("module", MFD_CLOEXEC);
	char path[64];

	enter();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inside_result(open(path, O_RDONLY));
}

static int reopens_a_secret(void)
{
	int fd = openat(tree_fd, "secret/file", O_PATH);
	char path[64];

	INSIDE_NEED(fd >= 0);
	enter();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inside_result(open(path, O_RDONLY));
}

static void what_was_open_stays_open_and_what_is_in_memory_too(void **state)
{
	(void)state;
	assert_int_equal(inside(reads_what_was_open), 0);
	assert_int_equal(inside(reopens_memory), 0);
	assert_int_equal(inside(reopens_a_secret), EACCES);
}

/* ---- network, sockets, signals ---- */

static int listener(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	INSIDE_NEED(bind(fd, (struct sockaddr *)address, size) == 0);
	INSIDE_NEED(listen(fd, 1) == 0);
	INSIDE_NEED(getsockname(fd, (struct sockaddr *)address, &size) == 0);
	return fd;
}

static int binds(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	enter();
	return inside_result(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int connects(void)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listener(&address);
	enter();
	return inside_result(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int accepts(void)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0), server = listener(&address);

	INSIDE_NEED(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	enter();
	return inside_result(accept(server, NULL, NULL));
}

static void no_tcp_socket_is_opened_but_clients_are_let_in(void **state)
{
	(void)state;
	assert_int_equal(inside(accepts), 0);
	if (real_version < 4)
		return;
	assert_int_equal(inside(binds), EACCES);
	assert_int_equal(inside(connects), EACCES);
}

static struct sockaddr_un abstract(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "landlock-%d",
	         getppid());
	return address;
}

static int connects_to_an_abstract_socket(void)
{
	struct sockaddr_un address = abstract();
	int outside = socket(AF_UNIX, SOCK_DGRAM, 0), fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	INSIDE_NEED(bind(outside, (struct sockaddr *)&address, sizeof(address)) == 0);
	enter();
	return inside_result(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* As the socket of a service manager is, which is connected before. */
static int sends_to_a_connected_abstract_socket(void)
{
	struct sockaddr_un address = abstract();
	int outside = socket(AF_UNIX, SOCK_DGRAM, 0), fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	INSIDE_NEED(bind(outside, (struct sockaddr *)&address, sizeof(address)) == 0);
	INSIDE_NEED(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	enter();
	return inside_result(send(fd, "READY=1", 7, MSG_NOSIGNAL));
}

static int signals_its_parent(void)
{
	enter();
	return inside_result(kill(getppid(), 0));
}

static int signals_itself(void)
{
	enter();
	return inside_result(kill(getpid(), 0));
}

static void neither_strangers_sockets_nor_their_processes_are_reached(void **state)
{
	(void)state;
	assert_int_equal(inside(sends_to_a_connected_abstract_socket), 0);
	assert_int_equal(inside(signals_itself), 0);
	if (real_version < 6)
		return;
	assert_int_equal(inside(connects_to_an_abstract_socket), EPERM);
	assert_int_equal(inside(signals_its_parent), EPERM);
}

/* ---- who is inside ---- */

static void *read_a_secret(void *result)
{
	*(int *)result = try_open("secret/file", O_RDONLY);
	return NULL;
}

static int starts_a_thread(void)
{
	pthread_t thread;
	int result = 0;

	enter();
	INSIDE_NEED(pthread_create(&thread, NULL, read_a_secret, &result) == 0);
	INSIDE_NEED(pthread_join(thread, NULL) == 0);
	return result;
}

static int is_nobody_and_reads_a_secret(void)
{
	inside_become_nobody();
	return reads_a_secret();
}

static int is_nobody_and_reads_a_file(void)
{
	inside_become_nobody();
	return reads_a_file();
}

static void threads_and_unprivileged_users_are_inside_as_well(void **state)
{
	(void)state;
	assert_int_equal(inside(starts_a_thread), EACCES);
	assert_int_equal(inside(is_nobody_and_reads_a_secret), EACCES);
	assert_int_equal(inside(is_nobody_and_reads_a_file), 0);
}

static int enters_without_paths(void)
{
	INSIDE_NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	INSIDE_NEED(landlock_enter(NULL, 0) == 1);
	return try_open("open/file", O_RDONLY);
}

static void without_paths_nothing_is_open(void **state)
{
	(void)state;
	assert_int_equal(inside(enters_without_paths), EACCES);
}

static int names_what_is_no_path(void)
{
	struct sandbox_path paths[] = {
		{ "/nonexistent/folder", false }, { "", false },
		{ "/proc/self/fd/10", true },     { open_path, false },
		{ "/dev/null/below", true },
	};
	int ends[2];

	INSIDE_NEED(pipe(ends) == 0 && dup2(ends[0], 10) == 10);
	INSIDE_NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	INSIDE_NEED(landlock_enter(paths, ARRAY_SIZE(paths)) == 1);
	INSIDE_NEED(try_open("secret/file", O_RDONLY) == EACCES);
	return try_open("open/file", O_RDONLY);
}

static void what_cannot_be_named_is_left_out_and_said(void **state)
{
	(void)state;
	assert_int_equal(inside(names_what_is_no_path), 0);
	assert_non_null(strstr(inside_log, "level=debug msg=\"Left out of the sandbox\" "
	                                   "path=/nonexistent/folder err="));
	assert_non_null(strstr(inside_log, "path=\"\" "));
	assert_non_null(strstr(inside_log, "path=/proc/self/fd/10 "));
	assert_non_null(strstr(inside_log, "path=/dev/null/below "));
	assert_null(strstr(inside_log, "level=warn"));
}

static int enters_with_privileges_to_gain(void)
{
	inside_become_nobody();
	return -landlock_enter(NULL, 0);
}

static void it_is_an_error_where_privileges_can_be_gained(void **state)
{
	(void)state;
	assert_int_equal(inside(enters_with_privileges_to_gain), EPERM);
	assert_non_null(strstr(inside_log,
	                       "level=error msg=\"Cannot enter the sandbox\" "
	                       "layer=landlock err=\"Operation not permitted\""));
}

/* ---- other kernels ---- */

#define FILES_1 UINT64_C(0x1fff)
#define FILES_2 UINT64_C(0x3fff)
#define FILES_3 UINT64_C(0x7fff)
#define FILES_5 UINT64_C(0xffff)

static int enter_played(void)
{
	const struct sandbox_path paths[] = {
		{ open_path, false },
		{ written_path, true },
		{ one_path, false },
		{ one_path, true },
	};

	return landlock_enter(paths, ARRAY_SIZE(paths));
}

/* The sum of what include/uapi/linux/landlock.h has for each version. */
static void every_version_is_asked_for_all_it_knows(void **state)
{
	static const uint64_t denied[][3] = {
		{ 0 },
		{ FILES_1, 0, 0 },
		{ FILES_2, 0, 0 },
		{ FILES_3, 0, 0 },
		{ FILES_3, 3, 0 },
		{ FILES_5, 3, 0 },
		{ FILES_5, 3, 3 },
		{ FILES_5, 3, 3 },
		{ FILES_5, 3, 3 },
	};

	(void)state;
	for (long version = 1; version < (long)ARRAY_SIZE(denied); version++) {
		size_t before = tree_count_descriptors();
		/* TRUNCATE, bit 14, is known from the third on. */
		uint64_t truncate = version >= 3 ? UINT64_C(1) << 14 : 0;

		memset(&kernel, 0, sizeof(kernel));
		kernel.version = version;
		assert_int_equal(enter_played(), 1);
		assert_true(kernel.is_restricted);
		assert_int_equal(kernel.denied_size, sizeof(kernel.denied));
		assert_memory_equal(kernel.denied, denied[version],
		                    sizeof(kernel.denied));
		assert_int_equal(kernel.rules, 4);
		/* READ_FILE and READ_DIR; WRITE_FILE, REMOVE_FILE and MAKE_REG. */
		assert_int_equal(kernel.allowed[0], 0x0c);
		assert_int_equal(kernel.allowed[1], 0x0c | 0x122 | truncate);
		assert_int_equal(kernel.allowed[2], 0x04);
		assert_int_equal(kernel.allowed[3], 0x06 | truncate);
		assert_int_equal(tree_count_descriptors(), before);
	}
}

static void a_kernel_without_it_is_a_warning(void **state)
{
	static const int reasons[] = { ENOSYS, EOPNOTSUPP, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct capture errors = capture_begin(STDERR_FILENO);
		char *lines, expected[256];
		int r;

		memset(&kernel, 0, sizeof(kernel));
		kernel.reason = reasons[i];
		r = enter_played();
		lines = capture_end(&errors);
		assert_int_equal(r, 0);
		assert_false(kernel.is_restricted);
		snprintf(expected, sizeof(expected),
		         "level=warn msg=\"No Landlock here: files are guarded by their "
		         "permissions alone\" err=\"%s\"\n",
		         strerror(reasons[i]));
		assert_non_null(strstr(lines, expected));
		free(lines);
	}
}

static void a_kernel_that_fails_half_way_is_an_error(void **state)
{
	int *const errors_of[] = { &kernel.create_error, &kernel.add_error,
		                   &kernel.restrict_error };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors_of); i++) {
		struct capture errors = capture_begin(STDERR_FILENO);
		size_t before = tree_count_descriptors();
		char *lines;
		int r;

		memset(&kernel, 0, sizeof(kernel));
		kernel.version = 7;
		*errors_of[i] = E2BIG;
		r = enter_played();
		/* What the played kernel made and did not give away. */
		before += i == 0;
		assert_int_equal(tree_count_descriptors(), before);
		lines = capture_end(&errors);
		assert_int_equal(r, -E2BIG);
		assert_non_null(strstr(lines, "layer=landlock err=\"Argument list too "
		                              "long\"\n"));
		free(lines);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_named_can_be_used),
		TEST(what_is_not_named_cannot_be_used_by_who_owns_it),
		TEST(neither_truncating_nor_moving_nor_running_is_a_way_around),
		TEST(what_was_open_stays_open_and_what_is_in_memory_too),
		TEST(no_tcp_socket_is_opened_but_clients_are_let_in),
		TEST(neither_strangers_sockets_nor_their_processes_are_reached),
		TEST(threads_and_unprivileged_users_are_inside_as_well),
		TEST(without_paths_nothing_is_open),
		TEST(what_cannot_be_named_is_left_out_and_said),
		TEST(it_is_an_error_where_privileges_can_be_gained),
		TEST(every_version_is_asked_for_all_it_knows),
		TEST(a_kernel_without_it_is_a_warning),
		TEST(a_kernel_that_fails_half_way_is_an_error),
	};

	return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
