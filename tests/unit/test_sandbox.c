/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/sandbox: all walls at once, as root and as nobody, as the kernel itself
 * tells of them; and each of them missing or failing. Single files and calls are matters
 * of test_landlock and test_seccomp.
 */
#include "web/sandbox.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "inside.h"
#include "tree.h"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __real_capng_apply(capng_select_t set);
int __wrap_capng_apply(capng_select_t set);

/* The call that fails, and how; 0: none. */
static int prctl_option, prctl_error;
static int landlock_error;
static int setrlimit_error;
static capng_select_t capng_fails;

long __wrap_syscall(long number, ...)
{
	long arguments[4];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_landlock_create_ruleset && landlock_error) {
		/* One that is there and fails says first of which version it is. */
		if (landlock_error == EINVAL && !arguments[0])
			return 1;
		errno = landlock_error;
		return -1;
	}
	return __real_syscall(number, arguments[0], arguments[1], arguments[2],
	                      arguments[3]);
}

int __wrap_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (prctl_error && option == prctl_option) {
		errno = prctl_error;
		return -1;
	}
	return __real_prctl(option, arguments[0], arguments[1], arguments[2],
	                    arguments[3]);
}

int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	if (setrlimit_error) {
		errno = setrlimit_error;
		return -1;
	}
	return __real_setrlimit(resource, limit);
}

int __wrap_capng_apply(capng_select_t set)
{
	return capng_fails == set ? -1 : __real_capng_apply(set);
}

static char open_path[2 * PATH_MAX];
static bool in_force[SANDBOX_LAYER_COUNT];

static void play_none(void)
{
	prctl_error = prctl_option = landlock_error = setrlimit_error = 0;
	capng_fails = 0;
}

static int setup(void **state)
{
	play_none();
	memset(in_force, 0, sizeof(in_force));
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT);
	if (tree_setup(state) < 0)
		return -1;
	chmod(tree_path, 0777);
	tree_write("open/file", "open\n");
	tree_write("secret", "secret\n");
	snprintf(open_path, sizeof(open_path), "%s/open", tree_path);
	return 0;
}

static int enter_with(bool is_writing, bool is_above_modes)
{
	const struct sandbox_path paths[] = {
		{ open_path, is_writing },
		{ "/proc", false },
	};
	const struct sandbox_settings settings = {
		.paths = paths,
		.count = ARRAY_SIZE(paths),
		.is_above_modes = is_above_modes,
	};

	return sandbox_enter(&settings, in_force);
}

static void enter(void)
{
	INSIDE_NEED(enter_with(false, false) == 0);
}

/* What /proc/self/status says of FIELD, in hexadecimal. */
static unsigned long long status_of(const char *field)
{
	char bytes[8192], wanted[64];
	int fd = openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, bytes, sizeof(bytes) - 1);
	const char *line;

	INSIDE_NEED(size > 0);
	close(fd);
	bytes[size] = '\0';
	snprintf(wanted, sizeof(wanted), "\n%s:\t", field);
	line = strstr(bytes, wanted);
	INSIDE_NEED(line);
	return strtoull(line + strlen(wanted), NULL, 16);
}

static int shuts_all_walls(void)
{
	static const char *const capabilities[] = { "CapInh", "CapPrm", "CapEff",
		                                    "CapAmb" };
	struct rlimit core;
	struct stat st;
	bool is_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);

	enter();
	for (enum sandbox_layer layer = 0; layer < SANDBOX_LAYER_COUNT; layer++)
		INSIDE_NEED(in_force[layer]);
	INSIDE_NEED(status_of("NoNewPrivs") == 1);
	INSIDE_NEED(status_of("Seccomp") == 2);
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		INSIDE_NEED(status_of(capabilities[i]) == 0);
	INSIDE_NEED(!is_bound || status_of("CapBnd") == 0);
	INSIDE_NEED(getrlimit(RLIMIT_CORE, &core) == 0);
	INSIDE_NEED(core.rlim_cur == 0 && core.rlim_max == 0);
	/* Of whom nobody may take a core dump the folder is root's. */
	INSIDE_NEED(stat("/proc/self/statm", &st) == 0 && st.st_uid == 0);
	return 0;
}

static int shuts_all_walls_for_nobody(void)
{
	inside_become_nobody();
	return shuts_all_walls();
}

/* Of a unit that left the program a capability by mistake. */
static int shuts_all_walls_with_one_capability(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	INSIDE_NEED(capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
	                         CAP_NET_RAW) == 0);
	INSIDE_NEED(__real_capng_apply(CAPNG_SELECT_CAPS) == 0);
	INSIDE_NEED(status_of("CapPrm") == 1 << CAP_NET_RAW);
	return shuts_all_walls();
}

static void all_walls_are_shut_for_root_and_for_nobody(void **state)
{
	(void)state;
	assert_int_equal(inside(shuts_all_walls), 0);
	assert_string_equal(inside_log, "");
	assert_int_equal(inside(shuts_all_walls_for_nobody), 0);
	assert_string_equal(inside_log, "");
	if (geteuid() != 0)
		return;
	assert_int_equal(inside(shuts_all_walls_with_one_capability), 0);
	assert_non_null(strstr(inside_log,
	                       "level=debug msg=\"Without CAP_SETPCAP the capability "
	                       "bounding set stays\"\n"));
}

/* The process_* families need it, of a process that cannot be dumped as well. */
static int reads_what_it_is(void)
{
	static const char *const paths[] = { "/proc/self/statm", "/proc/self/stat",
		                             "/proc/self/limits" };
	char bytes[256];
	int fd;

	inside_become_nobody();
	enter();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		fd = openat(AT_FDCWD, paths[i], O_RDONLY | O_CLOEXEC);
		INSIDE_NEED(fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0);
	}
	INSIDE_NEED(tree_count_entries("/proc/self/fd") > 3);
	fd = memfd_create("module", MFD_CLOEXEC);
	snprintf(bytes, sizeof(bytes), "/proc/self/fd/%d", fd);
	INSIDE_NEED(openat(AT_FDCWD, bytes, O_RDONLY | O_CLOEXEC) >= 0);
	return 0;
}

static void nobody_still_reads_of_himself(void **state)
{
	(void)state;
	assert_int_equal(inside(reads_what_it_is), 0);
}

static int reads_the_environment_of_its_parent(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", getppid());
	enter();
	return inside_result(openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
}

static int reads_a_secret(void)
{
	enter();
	return inside_result(openat(tree_fd, "secret", O_RDONLY | O_CLOEXEC));
}

static int reads_passwords(void)
{
	enter();
	return inside_result(openat(AT_FDCWD, "/etc/shadow", O_RDONLY | O_CLOEXEC));
}

static int makes_a_socket(void)
{
	enter();
	return inside_result(socket(AF_INET, SOCK_STREAM, 0));
}

static int makes_a_process(void)
{
	enter();
	return inside_result(fork());
}

static void *read_a_secret_in_a_thread(void *result)
{
	*(int *)result = inside_result(openat(tree_fd, "secret", O_RDONLY | O_CLOEXEC));
	INSIDE_NEED(status_of("CapEff") == 0 && status_of("NoNewPrivs") == 1);
	return NULL;
}

static int reads_a_secret_in_a_thread(void)
{
	pthread_t thread;
	int result = 0;

	enter();
	INSIDE_NEED(pthread_create(&thread, NULL, read_a_secret_in_a_thread, &result) ==
	            0);
	pthread_join(thread, NULL);
	return result;
}

static void every_wall_holds(void **state)
{
	(void)state;
	assert_int_equal(inside(reads_a_secret), EACCES);
	assert_int_equal(inside(reads_passwords), EACCES);
	assert_int_equal(inside(reads_the_environment_of_its_parent), EACCES);
	assert_int_equal(inside(reads_a_secret_in_a_thread), EACCES);
	assert_int_equal(inside(makes_a_socket), INSIDE_KILLED);
	assert_int_equal(inside(makes_a_process), INSIDE_KILLED);
}

/* ---- files of other users ---- */

static int make_foreign(void)
{
	INSIDE_NEED(fchownat(tree_fd, "open", NOBODY, NOBODY, 0) == 0);
	INSIDE_NEED(fchmodat(tree_fd, "open", 0700, 0) == 0);
	return 0;
}

static int writes_where_modes_forbid_it(void)
{
	make_foreign();
	INSIDE_NEED(enter_with(true, false) == 0);
	return inside_result(openat(tree_fd, "open/new", O_RDWR | O_CREAT, 0600));
}

static int writes_where_root_may(void)
{
	make_foreign();
	INSIDE_NEED(enter_with(true, true) == 0);
	INSIDE_NEED(in_force[SANDBOX_CAPABILITIES]);
	INSIDE_NEED(status_of("CapEff") == 1 << CAP_DAC_OVERRIDE);
	INSIDE_NEED(status_of("CapPrm") == 1 << CAP_DAC_OVERRIDE);
	INSIDE_NEED(status_of("CapInh") == 0 && status_of("CapBnd") == 0);
	return inside_result(openat(tree_fd, "open/new", O_RDWR | O_CREAT, 0600));
}

static int is_nobody_above_modes(void)
{
	inside_become_nobody();
	INSIDE_NEED(enter_with(true, true) == 0);
	INSIDE_NEED(status_of("CapEff") == 0);
	return 0;
}

static void root_stays_above_modes_only_where_that_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(inside(is_nobody_above_modes), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(inside(writes_where_modes_forbid_it), EACCES);
	assert_int_equal(inside(writes_where_root_may), 0);
}

static int reads_in_what_may_be_written(void)
{
	INSIDE_NEED(enter_with(false, false) == 0);
	return inside_result(openat(tree_fd, "open/new", O_RDWR | O_CREAT, 0600));
}

static void without_a_writable_path_nobody_writes(void **state)
{
	(void)state;
	assert_int_equal(inside(reads_in_what_may_be_written), INSIDE_KILLED);
}

/* ---- walls that are missing ---- */

static int enters_without_landlock(void)
{
	landlock_error = ENOSYS;
	enter();
	INSIDE_NEED(!in_force[SANDBOX_LANDLOCK] && in_force[SANDBOX_SECCOMP] &&
	            in_force[SANDBOX_CAPABILITIES]);
	INSIDE_NEED(status_of("CapEff") == 0 && status_of("Seccomp") == 2);
	INSIDE_NEED(openat(tree_fd, "secret", O_RDONLY | O_CLOEXEC) >= 0);
	return makes_a_socket();
}

static int enters_without_seccomp(void)
{
	prctl_option = PR_SET_SECCOMP;
	prctl_error = EINVAL;
	enter();
	INSIDE_NEED(in_force[SANDBOX_LANDLOCK] && !in_force[SANDBOX_SECCOMP] &&
	            in_force[SANDBOX_CAPABILITIES]);
	INSIDE_NEED(status_of("CapEff") == 0 && status_of("Seccomp") == 0);
	INSIDE_NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	return inside_result(openat(tree_fd, "secret", O_RDONLY | O_CLOEXEC));
}

static void where_one_is_missing_the_others_are_shut(void **state)
{
	(void)state;
	assert_int_equal(inside(enters_without_landlock), INSIDE_KILLED);
	assert_non_null(strstr(inside_log, "level=warn msg=\"No Landlock here: "));
	assert_int_equal(inside(enters_without_seccomp), EACCES);
	assert_non_null(strstr(inside_log, "level=warn msg=\"No seccomp filters here: "));
}

/* Enters, which fails; nothing is said to be in force then. */
static int fails(void)
{
	int r = enter_with(false, false);

	for (enum sandbox_layer layer = 0; layer < SANDBOX_LAYER_COUNT; layer++)
		INSIDE_NEED(!in_force[layer]);
	return -r;
}

static void check_failure(const char *layer, int error)
{
	char expected[128];

	assert_int_equal(inside(fails), error);
	snprintf(expected, sizeof(expected),
	         "level=error msg=\"Cannot enter the sandbox\" layer=%s err=\"%s\"\n",
	         layer, strerror(error));
	assert_non_null(strstr(inside_log, expected));
	play_none();
}

static void one_that_cannot_be_shut_is_an_error(void **state)
{
	(void)state;
	setrlimit_error = EPERM;
	check_failure("memory", EPERM);
	prctl_option = PR_SET_DUMPABLE;
	prctl_error = EINVAL;
	check_failure("memory", EINVAL);
	prctl_option = PR_SET_NO_NEW_PRIVS;
	prctl_error = EINVAL;
	check_failure("no_new_privs", EINVAL);
	landlock_error = EINVAL;
	check_failure("landlock", EINVAL);
	if (geteuid() != 0) /* who has no capabilities */
		return;
	capng_fails = CAPNG_SELECT_BOUNDS;
	check_failure("capabilities", EPERM);
	capng_fails = CAPNG_SELECT_AMBIENT;
	check_failure("capabilities", EPERM);
	capng_fails = CAPNG_SELECT_CAPS;
	check_failure("capabilities", EPERM);
}

/* As where a service manager took them all, and capset(2) with them. */
static void where_there_are_no_capabilities_none_are_dropped(void **state)
{
	static const capng_select_t sets[] = { CAPNG_SELECT_CAPS, CAPNG_SELECT_AMBIENT,
		                               CAPNG_SELECT_BOUNDS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		capng_fails = sets[i];
		assert_int_equal(inside(shuts_all_walls_for_nobody), 0);
		assert_null(strstr(inside_log, "level=error"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_walls_are_shut_for_root_and_for_nobody),
		TEST(nobody_still_reads_of_himself),
		TEST(every_wall_holds),
		TEST(root_stays_above_modes_only_where_that_is_wanted),
		TEST(without_a_writable_path_nobody_writes),
		TEST(where_one_is_missing_the_others_are_shut),
		TEST(one_that_cannot_be_shut_is_an_error),
		TEST(where_there_are_no_capabilities_none_are_dropped),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
