/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/sandbox, web/landlock and web/seccomp: what the walls keep out, each
 * attempt in a process of its own. That a program lives inside, and what the kernel says
 * of it, is seen from outside of the program.
 */
#include "web/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "inside.h"
#include "tree.h"

#define SOCKET 10 /* one of TCP, which is neither bound nor connected */
#define FILE   11 /* opened outside of what is named */

/* Which walls are shut: all, without or with a folder to write in; or Landlock alone, of
 * a version that knows of the call, which is added. */
enum walls { READER, WRITER, LANDLOCK };

static int setup(void **state)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	if (tree_setup(state) < 0 || chdir(tree_path) < 0)
		return -1;
	chmod(tree_path, 0777);
	tree_write("open/below/file", "open\n");
	tree_write("written/file", "old\n");
	tree_write("secret/file", "secret\n");
	tree_write("files/one", "one\n");
	tree_write("files/two", "two\n");
	return chmod("written", 0777) || chmod("open/below/file", 0755);
}

static void enter(unsigned int walls)
{
	const struct sandbox_path paths[] = {
		{ "open", false },  { "files/one", false },         { "missing", false },
		{ "/proc", false }, { "written", walls != READER },
	};
	const struct sandbox_settings settings = { .paths = paths,
		                                   .count = ARRAY_SIZE(paths) };
	bool in_force[SANDBOX_LAYER_COUNT];

	INSIDE_NEED(dup2(socket(AF_INET, SOCK_STREAM, 0), SOCKET) == SOCKET);
	INSIDE_NEED(dup2(open("secret/file", O_RDONLY), FILE) == FILE);
	if (walls < LANDLOCK) {
		INSIDE_NEED(sandbox_enter(&settings, in_force) == 0);
		return;
	}
	INSIDE_NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	INSIDE_NEED(landlock_enter(paths, ARRAY_SIZE(paths)) == 1);
}

/* ---- attempts ---- */

struct attempt {
	unsigned int walls;
	int end;
	const char *name;
	long number;
	unsigned long arguments[6];
};

#define AT           (unsigned long)AT_FDCWD
#define TEXT         (unsigned long)
#define NO_FD        (unsigned long)-1
#define NOBODY_THERE 0x7ffffff /* above every process number */

#define CALL(walls, end, name, ...)            \
	{                                      \
		walls, end, #name, SYS_##name, \
		{                              \
			__VA_ARGS__            \
		}                              \
	}
#define KILLS(name, ...)            CALL(READER, INSIDE_KILLED, name, __VA_ARGS__)
#define OPEN(walls, end, path, ...) CALL(walls, end, openat, AT, TEXT path, __VA_ARGS__)

static const struct sockaddr_in loopback = { .sin_family = AF_INET };

/* With arguments that do no harm where they are let through. */
static const struct attempt attempts[] = {
	/* clang-format off */
	/* What is named can be used. */
	OPEN(READER, 0, "open/below/file", O_RDONLY),
	OPEN(READER, 0, "open/below", O_RDONLY | O_DIRECTORY),
	OPEN(READER, 0, "files/one", O_RDONLY),
	OPEN(READER, 0, "/proc/self/stat", O_RDONLY),
	OPEN(WRITER, 0, "written/new", O_RDWR | O_CREAT | O_EXCL, 0600),
	OPEN(WRITER, 0, "written/file", O_WRONLY | O_TRUNC),
	CALL(WRITER, 0, renameat, AT, TEXT "written/file", AT, TEXT "written/new"),
	CALL(WRITER, 0, unlinkat, AT, TEXT "written/file", 0),
	CALL(READER, 0, read, FILE, 0, 0),
	/* What is not named cannot, even by who owns it. */
	OPEN(READER, EACCES, "secret/file", O_RDONLY),
	OPEN(READER, EACCES, "secret", O_RDONLY | O_DIRECTORY),
	OPEN(READER, EACCES, "open/../secret/file", O_RDONLY),
	OPEN(READER, EACCES, "/proc/self/fd/11", O_RDONLY),
	OPEN(READER, EACCES, "files/two", O_RDONLY),
	OPEN(READER, EACCES, "files", O_RDONLY | O_DIRECTORY),
	OPEN(READER, EACCES, "/etc/shadow", O_RDONLY),
	OPEN(READER, EACCES, "/", O_RDONLY | O_DIRECTORY),
	OPEN(WRITER, EACCES, "open/below/file", O_WRONLY),
	OPEN(WRITER, EACCES, "open/new", O_WRONLY | O_CREAT, 0600),
	OPEN(WRITER, EACCES, "files/one", O_WRONLY),
	CALL(WRITER, EACCES, unlinkat, AT, TEXT "open/below/file", 0),
	CALL(LANDLOCK, EACCES, mkdirat, AT, TEXT "written/folder", 0755),
	CALL(LANDLOCK, EACCES, symlinkat, TEXT "file", AT, TEXT "written/link"),
	CALL(LANDLOCK, EACCES, mknodat, AT, TEXT "written/fifo", S_IFIFO | 0600, 0),
	CALL(LANDLOCK, EACCES, execveat, AT, TEXT "open/below/file", 0, 0, 0),
	CALL(LANDLOCK + 3, EACCES, truncate, TEXT "open/below/file", 0),
	/* Neither network nor other processes. */
	CALL(LANDLOCK + 4, EACCES, bind, SOCKET, TEXT &loopback, sizeof(loopback)),
	CALL(LANDLOCK + 4, EACCES, connect, SOCKET, TEXT &loopback, sizeof(loopback)),
	CALL(LANDLOCK + 6, EPERM, kill, 1, 0),
	/* Only a writer needs these. */
	OPEN(READER, INSIDE_KILLED, "written/file", O_WRONLY),
	OPEN(READER, INSIDE_KILLED, "written/file", O_RDWR),
	OPEN(READER, INSIDE_KILLED, "written/new", O_RDONLY | O_CREAT, 0600),
	OPEN(READER, INSIDE_KILLED, "written/file", O_RDONLY | O_TRUNC),
	KILLS(fchmod, NO_FD, 0), CALL(WRITER, EBADF, fchmod, NO_FD, 0),
	KILLS(fsync, NO_FD), CALL(WRITER, EBADF, fsync, NO_FD),
	KILLS(renameat, NO_FD, 0, NO_FD, 0), KILLS(unlinkat, NO_FD, 0, 0),
	/* Other programs and processes. */
	KILLS(execve, 0, 0, 0), KILLS(execveat, NO_FD, 0, 0, 0, 0),
	KILLS(clone, 0, 0, 0, 0, 0), KILLS(clone, SIGCHLD | CLONE_VM, 0, 0, 0, 0),
	CALL(READER, ENOSYS, clone3, 0, 0),
	KILLS(unshare, 0), KILLS(setns, NO_FD, 0), KILLS(ptrace, 0x4206, 0, 0, 0),
	KILLS(process_vm_readv, 0, 0, 0, 0, 0, 0), KILLS(kill, NOBODY_THERE, 0),
	KILLS(tkill, NOBODY_THERE, 0), KILLS(tgkill, NOBODY_THERE, NOBODY_THERE, 0),
	KILLS(pidfd_open, NOBODY_THERE, 0), KILLS(setsid, 0),
	/* Network. */
	KILLS(socket, AF_INET, SOCK_STREAM, 0), KILLS(socket, AF_UNIX, SOCK_DGRAM, 0),
	KILLS(socketpair, AF_UNIX, SOCK_STREAM, 0, 0), KILLS(connect, NO_FD, 0, 0),
	KILLS(bind, NO_FD, 0, 0), KILLS(listen, NO_FD, 0),
	/* The kernel. */
	KILLS(init_module, 0, 0, 0), KILLS(finit_module, NO_FD, 0, 0),
	KILLS(delete_module, 0, 0), KILLS(bpf, 0xffff, 0, 0), KILLS(io_uring_setup, 0, 0),
	KILLS(perf_event_open, 0, 0, 0, 0, 0), KILLS(userfaultfd, 0xffff),
	KILLS(syslog, 10, 0, 0), KILLS(mount, 0, 0, 0, 0, 0), KILLS(chroot, 0),
	KILLS(keyctl, 0xffff, 0, 0, 0, 0),
	/* Who one is. */
	KILLS(setuid, 0), KILLS(setgroups, 0x7fffffff, 0), KILLS(capset, 0, 0),
	KILLS(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), KILLS(seccomp, 0xffff, 0, 0),
	KILLS(prlimit64, 0, RLIMIT_CORE, TEXT &loopback, 0),
	CALL(READER, 0, prlimit64, 0, RLIMIT_CORE, 0, 0),
	/* Files, and code that is made. */
	KILLS(mkdirat, NO_FD, 0, 0), KILLS(linkat, NO_FD, 0, NO_FD, 0, 0),
	KILLS(fchownat, NO_FD, 0, 0, 0, 0), KILLS(truncate, 0, 0), KILLS(ioctl, NO_FD, 0x5412, 0),
	KILLS(open_by_handle_at, NO_FD, 0, 0), KILLS(mprotect, 0, 0, PROT_EXEC),
	CALL(READER, 0, mprotect, 0, 0, PROT_READ),
	{ READER, INSIDE_KILLED, "a call that is not there", 9999, { 0 } },
#ifdef __x86_64__
	KILLS(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, NO_FD, 0),
	KILLS(open, TEXT "/dev/null", O_RDONLY, 0), KILLS(fork, 0), KILLS(iopl, 0),
	{ READER, INSIDE_KILLED, "read of x32", 0x40000000, { NO_FD, 0, 0 } },
#endif
	/* clang-format on */
};

static const struct attempt *attempt;
static bool is_nobody; /* and in a thread */

static void *make_attempt(void *result)
{
	const unsigned long *a = attempt->arguments;

	*(int *)result = inside_result(
		syscall(attempt->number, a[0], a[1], a[2], a[3], a[4], a[5]));
	return NULL;
}

static int enter_and_make_attempt(void)
{
	pthread_t thread;
	int result = 0;

	if (is_nobody)
		inside_become_nobody();
	enter(attempt->walls);
	if (!is_nobody) {
		make_attempt(&result);
		return result;
	}
	INSIDE_NEED(pthread_create(&thread, NULL, make_attempt, &result) == 0);
	INSIDE_NEED(pthread_join(thread, NULL) == 0);
	return result;
}

static void make_all_attempts(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	                       LANDLOCK_CREATE_RULESET_VERSION);

	assert_true(version >= 1);
	for (attempt = attempts; attempt < attempts + ARRAY_SIZE(attempts); attempt++) {
		int end;

		if (attempt->walls > LANDLOCK + version)
			continue;
		tree_write("written/file", "old\n");
		chmod("written/file", 0666);
		unlink("written/new");
		end = inside(enter_and_make_attempt);
		if (end != attempt->end)
			fail_msg("%s, row %td, ends with %d, not %d", attempt->name,
			         attempt - attempts, end, attempt->end);
	}
}

static void walls_keep_out_what_is_not_needed(void **state)
{
	(void)state;
	make_all_attempts();
	/* And whoever is nobody, in a thread. */
	is_nobody = true;
	make_all_attempts();
}

static int hides_its_memory(void)
{
	struct rlimit core;
	struct stat st;

	inside_become_nobody();
	enter(READER);
	INSIDE_NEED(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	/* Of whom nobody may take a core dump the folder is root's. */
	INSIDE_NEED(stat("/proc/self/statm", &st) == 0 && st.st_uid == 0);
	return 0;
}

static void nobody_gets_a_core_dump(void **state)
{
	(void)state;
	assert_int_equal(inside(hides_its_memory), 0);
}

static int writes_where_all_is_writable(void)
{
	const struct sandbox_path path = { "/", true };
	const struct sandbox_settings settings = { &path, 1, true };
	bool in_force[SANDBOX_LAYER_COUNT] = { false };

	INSIDE_NEED(sandbox_enter(&settings, in_force) == 0);
	INSIDE_NEED(in_force[SANDBOX_SECCOMP] && in_force[SANDBOX_CAPABILITIES]);
#ifndef __SANITIZE_ADDRESS__
	/* Where lines are counted, they are by a proper end. */
	exit(inside_result(open("secret/new", O_WRONLY | O_CREAT, 0600)));
#endif
	return inside_result(open("secret/new", O_WRONLY | O_CREAT, 0600));
}

static void what_is_named_may_be_everything(void **state)
{
	(void)state;
	assert_int_equal(inside(writes_where_all_is_writable), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walls_keep_out_what_is_not_needed),
		cmocka_unit_test(nobody_gets_a_core_dump),
		cmocka_unit_test(what_is_named_may_be_everything),
	};

	return cmocka_run_group_tests_name("sandbox", tests, setup, tree_teardown);
}
