/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens behind walls that cannot be left: each case in a process of its own, and
 * how that ended. cmocka.h stands before it.
 */
#pragma once

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE_SECONDS 30

/* Ends of a case; an exit code below 200 is an errno, 0 that nothing went wrong. */
#define INSIDE_KILLED   300 /* by SIGSYS */
#define INSIDE_SIGNALED 301 /* by any other signal */
#define INSIDE_BROKEN   200 /* exit code: the case could not be tried */

#define NOBODY 65534

/* AddressSanitizer would ask for a stack of its own for signals of every thread. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "use_sigaltstack=0";
}

/* As _exit(), before which AddressSanitizer asks for that stack as well. */
static inline void inside_end(int code)
{
	syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
}

/* Ends a case that cannot be tried, and says where. */
#define INSIDE_NEED(condition)                                                \
	do {                                                                  \
		if (!(condition)) {                                           \
			dprintf(STDERR_FILENO, "line %d: %s: %d\n", __LINE__, \
			        #condition, errno);                           \
			inside_end(INSIDE_BROKEN);                            \
		}                                                             \
	} while (0)

/* What the case logged, with a NUL behind it. */
static char inside_log[65536];

/* Runs CASE, whose return value is 0 or an errno, as a process. How it ended. */
static inline int inside(int (*run)(void))
{
	int log = memfd_create("log", MFD_CLOEXEC), status;
	ssize_t size;
	pid_t process;

	assert_true(log >= 0);
	fflush(NULL);
	process = fork();
	assert_true(process >= 0);
	if (process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(INSIDE_SECONDS);
		dup2(log, STDERR_FILENO);
		inside_end(run());
	}
	assert_int_equal(waitpid(process, &status, 0), process);
	size = pread(log, inside_log, sizeof(inside_log) - 1, 0);
	close(log);
	assert_true(size >= 0);
	inside_log[size] = '\0';
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? INSIDE_KILLED : INSIDE_SIGNALED;
	if (WEXITSTATUS(status) == INSIDE_BROKEN)
		fail_msg("the case cannot be tried: %s", inside_log);
	return WEXITSTATUS(status);
}

/* 0 or errno. */
static inline int inside_result(long result)
{
	return result < 0 ? errno : 0;
}

static inline void inside_become_nobody(void)
{
	if (geteuid() != 0) /* then it is somebody without privileges already */
		return;
	INSIDE_NEED(setgroups(0, NULL) == 0);
	INSIDE_NEED(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	INSIDE_NEED(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}
