/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/seccomp: what kills, what does not, and what a kernel or a library that
 * fails leaves behind. Landlock and capabilities are off: what is denied is denied here.
 */
#include "web/seccomp.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "inside.h"
#include "tree.h"

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
scmp_filter_ctx __real_seccomp_init(uint32_t action);
scmp_filter_ctx __wrap_seccomp_init(uint32_t action);
int __real_seccomp_attr_set(scmp_filter_ctx filter, enum scmp_filter_attr attribute,
                            uint32_t value);
int __wrap_seccomp_attr_set(scmp_filter_ctx filter, enum scmp_filter_attr attribute,
                            uint32_t value);
int __real_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call,
                                  unsigned int count, const struct scmp_arg_cmp *rules);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call,
                                  unsigned int count, const struct scmp_arg_cmp *rules);
int __real_seccomp_load(const scmp_filter_ctx filter);
int __wrap_seccomp_load(const scmp_filter_ctx filter);
void __real_seccomp_release(scmp_filter_ctx filter);
void __wrap_seccomp_release(scmp_filter_ctx filter);

static int prctl_error;
static bool is_played; /* nothing is loaded */
static bool init_fails;
static int steps_left; /* of attributes and rules, until one fails; negative: none does */
static size_t rules, loads, filters;

int __wrap_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_SECCOMP && prctl_error) {
		errno = prctl_error;
		return -1;
	}
	return __real_prctl(option, arguments[0], arguments[1], arguments[2],
	                    arguments[3]);
}

scmp_filter_ctx __wrap_seccomp_init(uint32_t action)
{
	assert_int_equal(action, SCMP_ACT_KILL_PROCESS);
	if (init_fails)
		return NULL;
	filters++;
	return __real_seccomp_init(action);
}

void __wrap_seccomp_release(scmp_filter_ctx filter)
{
	filters--;
	__real_seccomp_release(filter);
}

static bool is_step_good(void)
{
	return steps_left < 0 || steps_left-- > 0;
}

int __wrap_seccomp_attr_set(scmp_filter_ctx filter, enum scmp_filter_attr attribute,
                            uint32_t value)
{
	return is_step_good() ? __real_seccomp_attr_set(filter, attribute, value)
	                      : -ENOMEM;
}

int __wrap_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call,
                                  unsigned int count, const struct scmp_arg_cmp *row)
{
	rules++;
	return is_step_good()
	               ? __real_seccomp_rule_add_array(filter, action, call, count, row)
	               : -ENOMEM;
}

int __wrap_seccomp_load(const scmp_filter_ctx filter)
{
	loads++;
	return is_played ? 0 : __real_seccomp_load(filter);
}

static int setup(void **state)
{
	prctl_error = 0;
	is_played = init_fails = false;
	steps_left = -1;
	rules = loads = filters = 0;
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	if (tree_setup(state) < 0)
		return -1;
	tree_write("file", "old\n");
	return 0;
}

static void enter(bool is_writing)
{
	INSIDE_NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	INSIDE_NEED(seccomp_enter(is_writing) == 1);
}

/* ---- what kills ---- */

/* The call that a case makes, and whether files may be written there. */
static struct {
	const char *name;
	long number;
	unsigned long arguments[6];
} attempt;
static bool attempt_is_writing;

static int make_attempt(void)
{
	enter(attempt_is_writing);
	syscall(attempt.number, attempt.arguments[0], attempt.arguments[1],
	        attempt.arguments[2], attempt.arguments[3], attempt.arguments[4],
	        attempt.arguments[5]);
	return 0;
}

#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

#define CALL(name, ...)             \
	{                           \
#name, SYS_##name,  \
		{                   \
			__VA_ARGS__ \
		}                   \
	}

static void calls_that_are_not_needed_kill(void **state)
{
	static const int one = 1;
	/* With arguments that do no harm where they are let through. */
	const typeof(attempt) attempts[] = {
		/* other programs and processes */
		CALL(execve, 0, 0, 0),
		CALL(execveat, (unsigned long)-1, 0, 0, 0, 0),
		CALL(clone, 0, 0, 0, 0, 0),
		CALL(clone, SIGCHLD | CLONE_VM, 0, 0, 0, 0),
		CALL(unshare, 0),
		CALL(setns, (unsigned long)-1, 0),
		CALL(ptrace, 0x4206, 0, 0, 0),
		CALL(process_vm_readv, 0, 0, 0, 0, 0, 0),
		CALL(process_vm_writev, 0, 0, 0, 0, 0, 0),
		CALL(kill, 0x7ffffff, 0),
		CALL(tkill, 0x7ffffff, 0),
		CALL(tgkill, 0x7ffffff, 0x7ffffff, 0),
		CALL(rt_sigqueueinfo, 0x7ffffff, 0, 0),
		CALL(pidfd_open, 0x7ffffff, 0),
		CALL(pidfd_send_signal, (unsigned long)-1, 0, 0, 0),
		CALL(setsid),
		CALL(wait4, (unsigned long)-1, 0, WNOHANG, 0),
		/* network */
		CALL(socket, AF_INET, SOCK_STREAM, 0),
		CALL(socket, AF_UNIX, SOCK_DGRAM, 0),
		CALL(socket, AF_NETLINK, SOCK_RAW, 0),
		CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, 0),
		CALL(connect, (unsigned long)-1, 0, 0),
		CALL(bind, (unsigned long)-1, 0, 0),
		CALL(listen, (unsigned long)-1, 0),
		/* the kernel */
		CALL(init_module, 0, 0, 0),
		CALL(finit_module, (unsigned long)-1, 0, 0),
		CALL(delete_module, 0, 0),
		CALL(kexec_load, 0, 0, 0, 0xffffffff),
		CALL(bpf, 0xffff, 0, 0),
		CALL(perf_event_open, 0, 0, 0, 0, 0),
		CALL(io_uring_setup, 0, 0),
		CALL(userfaultfd, 0xffff),
		CALL(syslog, 10, 0, 0),
		CALL(reboot, 0, 0, 0, 0),
		CALL(mount, 0, 0, 0, 0, 0),
		CALL(umount2, 0, 0),
		CALL(chroot, 0),
		CALL(pivot_root, 0, 0),
		CALL(swapon, 0, 0),
		CALL(add_key, 0, 0, 0, 0, 0),
		CALL(keyctl, 0xffff, 0, 0, 0, 0),
		CALL(acct, (unsigned long)"/nonexistent/file"),
		/* who one is */
		CALL(setuid, 0),
		CALL(setgid, 0),
		CALL(setresuid, (unsigned long)-1, (unsigned long)-1, (unsigned long)-1),
		CALL(setgroups, 0x7fffffff, 0),
		CALL(capset, 0, 0),
		CALL(personality, 0xffffffff),
		CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0),
		CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0),
		CALL(seccomp, 0xffff, 0, 0),
		CALL(setrlimit, RLIMIT_CORE, 0),
		CALL(prlimit64, 0, RLIMIT_CORE, (unsigned long)&one, 0),
		/* files */
		CALL(openat, (unsigned long)AT_FDCWD, (unsigned long)"/dev/null",
		     O_WRONLY),
		CALL(openat, (unsigned long)AT_FDCWD, (unsigned long)"/dev/null", O_RDWR),
		CALL(openat, (unsigned long)AT_FDCWD, (unsigned long)"/dev/null",
		     O_RDONLY | O_CREAT, 0600),
		CALL(openat, (unsigned long)AT_FDCWD, (unsigned long)"/dev/null",
		     O_RDONLY | O_TRUNC),
		CALL(mkdirat, (unsigned long)-1, 0, 0),
		CALL(linkat, (unsigned long)-1, 0, (unsigned long)-1, 0, 0),
		CALL(symlinkat, 0, (unsigned long)-1, 0),
		CALL(mknodat, (unsigned long)-1, 0, 0, 0),
		CALL(fchownat, (unsigned long)-1, 0, 0, 0, 0),
		CALL(fchmodat, (unsigned long)-1, 0, 0),
		CALL(truncate, 0, 0),
		CALL(pwrite64, (unsigned long)-1, 0, 0, 0),
		CALL(utimensat, (unsigned long)-1, 0, 0, 0),
		CALL(fsetxattr, (unsigned long)-1, 0, 0, 0, 0),
		CALL(inotify_init1, 0xffff),
		CALL(open_by_handle_at, (unsigned long)-1, 0, 0),
		CALL(ioctl, (unsigned long)-1, 0x5412 /* TIOCSTI */, 0),
		/* code that is made */
		{ "mmap",
		  MMAP,
		  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    (unsigned long)-1, 0 } },
		CALL(mprotect, 0, 0, PROT_EXEC),
		CALL(shmat, 0, 0, 0),
		CALL(remap_file_pages, 0, 0, 0, 0, 0),
		/* none there is */
		{ "unknown", 9999, { 0 } },
#ifdef __x86_64__
		CALL(open, (unsigned long)"/dev/null", O_RDONLY, 0),
		CALL(fork),
		CALL(vfork),
		CALL(iopl, 0),
		CALL(arch_prctl, 0x1002, 0),
		{ "read of x32", 0x40000000, { (unsigned long)-1, 0, 0 } },
#endif
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int end;

		attempt_is_writing = false;
		attempt = attempts[i];
		end = inside(make_attempt);
		if (end != INSIDE_KILLED)
			fail_msg("%s ends with %d", attempt.name, end);
	}
}

static void what_only_a_writer_needs_kills_others(void **state)
{
	const typeof(attempt) attempts[] = {
		CALL(openat, (unsigned long)AT_FDCWD, (unsigned long)"/dev/null",
		     O_WRONLY),
		CALL(fchmod, (unsigned long)-1, 0),
		CALL(fsync, (unsigned long)-1),
		CALL(renameat, (unsigned long)-1, 0, (unsigned long)-1, 0),
		CALL(unlinkat, (unsigned long)-1, 0, 0),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		attempt = attempts[i];
		attempt_is_writing = false;
		if (inside(make_attempt) != INSIDE_KILLED)
			fail_msg("%s is let through", attempt.name);
		attempt_is_writing = true;
		if (inside(make_attempt) != 0)
			fail_msg("%s is refused", attempt.name);
	}
}

#ifdef __x86_64__
static int calls_as_32_bits(void)
{
	long result = 20; /* getpid() there */

	enter(false);
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return 0;
}

static void another_way_into_the_kernel_kills(void **state)
{
	(void)state;
	assert_int_equal(inside(calls_as_32_bits), INSIDE_KILLED);
}
#endif

/* ---- what does not ---- */

static int makes_a_process_by_clone3(void)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };

	enter(false);
	return inside_result(syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static void clone3_is_unknown_so_that_threads_are_made_by_clone(void **state)
{
	(void)state;
	assert_int_equal(inside(makes_a_process_by_clone3), ENOSYS);
}

static void *use_memory(void *result)
{
	for (size_t size = 1; size < (64 << 20); size *= 2) {
		char *bytes = malloc(size);

		INSIDE_NEED(bytes);
		memset(bytes, 1, size);
		bytes = realloc(bytes, 3 * size);
		INSIDE_NEED(bytes);
		free(bytes);
	}
	*(int *)result = 0;
	return NULL;
}

static int starts_threads(void)
{
	pthread_t threads[8];
	int results[ARRAY_SIZE(threads)];

	enter(false);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
			results[i] = -1;
			INSIDE_NEED(pthread_create(&threads[i], NULL, use_memory,
			                           &results[i]) == 0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			INSIDE_NEED(pthread_join(threads[i], NULL) == 0 &&
			            results[i] == 0);
	}
	return 0;
}

static void *make_a_socket(void *unused)
{
	(void)unused;
	socket(AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static int starts_a_thread_that_is_forbidden_something(void)
{
	pthread_t thread;

	enter(false);
	INSIDE_NEED(pthread_create(&thread, NULL, make_a_socket, NULL) == 0);
	pthread_join(thread, NULL);
	return 0;
}

static void *wait_and_make_a_socket(void *lock)
{
	pthread_mutex_lock(lock);
	return make_a_socket(NULL);
}

static int enters_beside_a_thread(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	pthread_mutex_lock(&lock);
	INSIDE_NEED(pthread_create(&thread, NULL, wait_and_make_a_socket, &lock) == 0);
	enter(false);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	return 0;
}

static void threads_are_made_and_are_inside_whenever_they_began(void **state)
{
	(void)state;
	assert_int_equal(inside(starts_threads), 0);
	assert_int_equal(inside(starts_a_thread_that_is_forbidden_something),
	                 INSIDE_KILLED);
	assert_int_equal(inside(enters_beside_a_thread), INSIDE_KILLED);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* So large that the C library asks how much memory there is. */
static int sorts(void)
{
	enum { COUNT = 1 << 20 };
	int *numbers = malloc(COUNT * sizeof(*numbers));

	enter(false);
	for (int i = 0; i < COUNT; i++)
		numbers[i] = COUNT - i;
	qsort(numbers, COUNT, sizeof(*numbers), compare);
	return numbers[0] == 1 ? 0 : EIO;
}

static int asks_for_its_limit(void)
{
	struct rlimit limit;

	enter(false);
	return inside_result(getrlimit(RLIMIT_NOFILE, &limit));
}

static int reads_a_file(void)
{
	char byte;
	int fd;

	enter(false);
	fd = openat(tree_fd, "file", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && pread(fd, &byte, 1, 0) == 1 ? 0 : EIO;
}

static int writes_its_log(void)
{
	enter(false);
	log_event(LOG_LEVEL_ERROR, "from inside", NULL);
	return 0;
}

static int aborts(void)
{
	enter(false);
	return raise(SIGABRT); /* abort() does */
}

static int replaces_a_file(void)
{
	int fd;

	enter(true);
	fd = openat(tree_fd, "new", O_RDWR | O_CREAT | O_EXCL, 0600);
	INSIDE_NEED(fd >= 0 && write(fd, "new\n", 4) == 4);
	INSIDE_NEED(fchmod(fd, 0644) == 0 && fsync(fd) == 0 && close(fd) == 0);
	return inside_result(renameat(tree_fd, "new", tree_fd, "file"));
}

static void what_is_needed_is_let_through(void **state)
{
	(void)state;
	assert_int_equal(inside(sorts), 0);
	assert_int_equal(inside(asks_for_its_limit), 0);
	assert_int_equal(inside(reads_a_file), 0);
	assert_int_equal(inside(writes_its_log), 0);
	assert_non_null(strstr(inside_log, "msg=\"from inside\""));
	/* By SIGABRT, as it should be. */
	assert_int_equal(inside(aborts), INSIDE_SIGNALED);
	assert_int_equal(inside(replaces_a_file), 0);
}

static int is_nobody_and_forbidden_something(void)
{
	inside_become_nobody();
	enter(false);
	socket(AF_INET, SOCK_STREAM, 0);
	return 0;
}

static void it_takes_no_privileges(void **state)
{
	(void)state;
	assert_int_equal(inside(is_nobody_and_forbidden_something), INSIDE_KILLED);
}

/* ---- where it cannot be ---- */

static void a_kernel_without_filters_is_a_warning(void **state)
{
	static const int reasons[] = { EINVAL, ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct capture errors = capture_begin(STDERR_FILENO);
		char *lines;
		int r;

		prctl_error = reasons[i];
		r = seccomp_enter(false);
		lines = capture_end(&errors);
		assert_int_equal(r, 0);
		assert_int_equal(loads, 0);
		assert_non_null(strstr(lines, "level=warn msg=\"No seccomp filters here: "
		                              "every system call is possible\" err="));
		free(lines);
	}
}

static void check_error(const char *expected, int error)
{
	struct capture errors = capture_begin(STDERR_FILENO);
	int r = seccomp_enter(true);
	char *lines = capture_end(&errors);

	assert_int_equal(r, error);
	assert_int_equal(filters, 0);
	assert_non_null(strstr(lines, "level=error msg=\"Cannot enter the sandbox\" "
	                              "layer=seccomp err="));
	assert_non_null(strstr(lines, expected));
	free(lines);
}

static void without_memory_nothing_is_loaded_and_it_is_an_error(void **state)
{
	int steps = 0;

	(void)state;
	is_played = true;
	init_fails = true;
	check_error("Cannot allocate memory", -ENOMEM);
	init_fails = false;
	/* However far it gets. */
	for (;; steps++) {
		steps_left = steps;
		rules = loads = 0;
		if (seccomp_enter(true) == 1)
			break;
		assert_int_equal(loads, 0);
		assert_int_equal(filters, 0);
		log_configure(LOG_LEVEL_ERROR + 1, LOG_FORMAT_LOGFMT);
	}
	assert_int_equal(loads, 1);
	assert_int_equal(filters, 0);
	assert_in_range(rules, 50, steps);
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	steps_left = 10;
	check_error("Cannot allocate memory", -ENOMEM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_that_are_not_needed_kill),
		TEST(what_only_a_writer_needs_kills_others),
#ifdef __x86_64__
		TEST(another_way_into_the_kernel_kills),
#endif
		TEST(clone3_is_unknown_so_that_threads_are_made_by_clone),
		TEST(threads_are_made_and_are_inside_whenever_they_began),
		TEST(what_is_needed_is_let_through),
		TEST(it_takes_no_privileges),
		TEST(a_kernel_without_filters_is_a_warning),
		TEST(without_memory_nothing_is_loaded_and_it_is_an_error),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
