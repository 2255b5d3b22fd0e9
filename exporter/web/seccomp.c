/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls, one row each. The only file that knows libseccomp. A row for another
 * architecture, or for another C library's way of doing the same, costs nothing.
 */
#include "web/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"

/* clone(2): which argument has the flags. */
#ifdef __s390x__
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

/* Where there is mmap2(), mmap() takes a pointer to its arguments. */
#ifdef __NR_mmap2
#define CALL_MMAP SCMP_SYS(mmap2)
#else
#define CALL_MMAP SCMP_SYS(mmap)
#endif

#define ANY_ARGUMENTS \
	{             \
		0     \
	}

/* Argument AT has none of the bits MASK. */
#define WITHOUT(at, mask)                       \
	{                                       \
		at, SCMP_CMP_MASKED_EQ, mask, 0 \
	}

struct call {
	int number;
	struct scmp_arg_cmp condition;
};

/* What the program does all its life. */
static const struct call always[] = {
	/* clang-format off */
	/* Files. */
	{ SCMP_SYS(openat2), ANY_ARGUMENTS },   /* hostfs */
	{ SCMP_SYS(read), ANY_ARGUMENTS },
	{ SCMP_SYS(pread64), ANY_ARGUMENTS },
	{ SCMP_SYS(close), ANY_ARGUMENTS },
	{ SCMP_SYS(stat), ANY_ARGUMENTS },      /* glibc before 2.33 */
	{ SCMP_SYS(stat64), ANY_ARGUMENTS },
	{ SCMP_SYS(lstat), ANY_ARGUMENTS },
	{ SCMP_SYS(lstat64), ANY_ARGUMENTS },
	{ SCMP_SYS(fstat), ANY_ARGUMENTS },
	{ SCMP_SYS(fstat64), ANY_ARGUMENTS },
	{ SCMP_SYS(newfstatat), ANY_ARGUMENTS },
	{ SCMP_SYS(fstatat64), ANY_ARGUMENTS },
	{ SCMP_SYS(statx), ANY_ARGUMENTS },     /* stat() on 32 bits */
	{ SCMP_SYS(fstatfs), ANY_ARGUMENTS },   /* whether a root is a kernel's own */
	{ SCMP_SYS(fstatfs64), ANY_ARGUMENTS },
	{ SCMP_SYS(getdents64), ANY_ARGUMENTS },
	{ SCMP_SYS(lseek), ANY_ARGUMENTS },     /* libelf, libkmod */
	{ SCMP_SYS(_llseek), ANY_ARGUMENTS },
	{ SCMP_SYS(fcntl), ANY_ARGUMENTS },     /* fdopendir() asks for the flags */
	{ SCMP_SYS(fcntl64), ANY_ARGUMENTS },
	{ SCMP_SYS(readlink), ANY_ARGUMENTS },  /* realpath() */
	{ SCMP_SYS(readlinkat), ANY_ARGUMENTS },

	/* A module's file in memory; log lines. */
	{ SCMP_SYS(memfd_create), ANY_ARGUMENTS },
	{ SCMP_SYS(ftruncate), ANY_ARGUMENTS },
	{ SCMP_SYS(ftruncate64), ANY_ARGUMENTS },
	{ SCMP_SYS(write), ANY_ARGUMENTS },
	{ SCMP_SYS(writev), ANY_ARGUMENTS },

	/* Memory: none that is run. */
	{ SCMP_SYS(brk), ANY_ARGUMENTS },
	{ CALL_MMAP, WITHOUT(2, PROT_EXEC) },
	{ SCMP_SYS(mprotect), WITHOUT(2, PROT_EXEC) }, /* the stacks of threads */
	{ SCMP_SYS(mremap), ANY_ARGUMENTS },
	{ SCMP_SYS(munmap), ANY_ARGUMENTS },
	{ SCMP_SYS(madvise), ANY_ARGUMENTS },
	{ SCMP_SYS(sysinfo), ANY_ARGUMENTS },   /* qsort() asks how much there is */
	{ SCMP_SYS(getrandom), ANY_ARGUMENTS }, /* GnuTLS, mkostemp() */

	/* Clients: they come in through what listens already. */
	{ SCMP_SYS(accept4), ANY_ARGUMENTS },
	{ SCMP_SYS(recvfrom), ANY_ARGUMENTS },
	{ SCMP_SYS(recv), ANY_ARGUMENTS },
	{ SCMP_SYS(recvmsg), ANY_ARGUMENTS },
	{ SCMP_SYS(sendto), ANY_ARGUMENTS },
	{ SCMP_SYS(send), ANY_ARGUMENTS },
	{ SCMP_SYS(sendmsg), ANY_ARGUMENTS },
	{ SCMP_SYS(sendfile), ANY_ARGUMENTS },  /* libmicrohttpd */
	{ SCMP_SYS(sendfile64), ANY_ARGUMENTS },
	{ SCMP_SYS(shutdown), ANY_ARGUMENTS },
	{ SCMP_SYS(getsockname), ANY_ARGUMENTS },
	{ SCMP_SYS(getpeername), ANY_ARGUMENTS },
	{ SCMP_SYS(getsockopt), ANY_ARGUMENTS },
	{ SCMP_SYS(setsockopt), ANY_ARGUMENTS }, /* TCP_NODELAY, TCP_CORK */
	{ SCMP_SYS(poll), ANY_ARGUMENTS },
	{ SCMP_SYS(ppoll), ANY_ARGUMENTS },
	{ SCMP_SYS(ppoll_time64), ANY_ARGUMENTS },
	{ SCMP_SYS(epoll_ctl), ANY_ARGUMENTS },
	{ SCMP_SYS(epoll_wait), ANY_ARGUMENTS },
	{ SCMP_SYS(epoll_pwait), ANY_ARGUMENTS },
	{ SCMP_SYS(eventfd2), ANY_ARGUMENTS },
	{ SCMP_SYS(timerfd_create), ANY_ARGUMENTS },
	{ SCMP_SYS(timerfd_settime), ANY_ARGUMENTS },
	{ SCMP_SYS(timerfd_settime64), ANY_ARGUMENTS },

	/* Threads; a process cannot be made. */
	{ SCMP_SYS(clone), { CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD } },
	{ SCMP_SYS(set_robust_list), ANY_ARGUMENTS },
	{ SCMP_SYS(rseq), ANY_ARGUMENTS },
	{ SCMP_SYS(futex), ANY_ARGUMENTS },
	{ SCMP_SYS(futex_time64), ANY_ARGUMENTS },
	{ SCMP_SYS(sched_yield), ANY_ARGUMENTS }, /* who waits for a lock */
	{ SCMP_SYS(sched_getaffinity), ANY_ARGUMENTS }, /* malloc() counts CPUs */
	{ SCMP_SYS(gettid), ANY_ARGUMENTS },
	{ SCMP_SYS(getpid), ANY_ARGUMENTS },
	{ SCMP_SYS(exit), ANY_ARGUMENTS },
	{ SCMP_SYS(exit_group), ANY_ARGUMENTS },

	/* Signals: taken. */
	{ SCMP_SYS(rt_sigaction), ANY_ARGUMENTS },
	{ SCMP_SYS(rt_sigprocmask), ANY_ARGUMENTS },
	{ SCMP_SYS(rt_sigreturn), ANY_ARGUMENTS },
	{ SCMP_SYS(restart_syscall), ANY_ARGUMENTS }, /* after SIGSTOP and SIGCONT */
	{ SCMP_SYS(signalfd4), ANY_ARGUMENTS },

	/* Time, where it does not come without a call. */
	{ SCMP_SYS(clock_gettime), ANY_ARGUMENTS },
	{ SCMP_SYS(clock_gettime64), ANY_ARGUMENTS },
	{ SCMP_SYS(gettimeofday), ANY_ARGUMENTS },
	{ SCMP_SYS(time), ANY_ARGUMENTS },
	{ SCMP_SYS(nanosleep), ANY_ARGUMENTS },
	{ SCMP_SYS(clock_nanosleep), ANY_ARGUMENTS },
	{ SCMP_SYS(clock_nanosleep_time64), ANY_ARGUMENTS },

	/* About this process: process_*. */
	{ SCMP_SYS(getrusage), ANY_ARGUMENTS },
	{ SCMP_SYS(prlimit64), { 2, SCMP_CMP_EQ, 0, 0 } }, /* no new limits */
	{ SCMP_SYS(ugetrlimit), ANY_ARGUMENTS },
	/* clang-format on */
};

static const struct call reading[] = {
	{ SCMP_SYS(openat), WITHOUT(2, O_ACCMODE | O_CREAT | O_TRUNC) },
};

/* A file beside the old one, which takes its place. */
static const struct call writing[] = {
	{ SCMP_SYS(openat), ANY_ARGUMENTS },   { SCMP_SYS(fchmod), ANY_ARGUMENTS },
	{ SCMP_SYS(fsync), ANY_ARGUMENTS },    { SCMP_SYS(rename), ANY_ARGUMENTS },
	{ SCMP_SYS(renameat), ANY_ARGUMENTS }, { SCMP_SYS(renameat2), ANY_ARGUMENTS },
	{ SCMP_SYS(unlink), ANY_ARGUMENTS },   { SCMP_SYS(unlinkat), ANY_ARGUMENTS },
};

/* 0 or -errno. */
static int add(scmp_filter_ctx filter, uint32_t action, const struct call *call)
{
	int r = seccomp_rule_add_array(filter, action, call->number,
	                               call->condition.op != 0, &call->condition);

	/* Numbers of other architectures are negative. */
	return call->number < 0 && r == -EDOM ? 0 : r;
}

static int add_all(scmp_filter_ctx filter, const struct call *rows, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = add(filter, SCMP_ACT_ALLOW, &rows[i]);
	return r;
}

static int fill(scmp_filter_ctx filter, bool is_writing)
{
	/* Its flags are behind a pointer; the C library takes clone() instead then. */
	static const struct call clone3 = { SCMP_SYS(clone3), ANY_ARGUMENTS };
	/* abort() */
	const struct call own_signal = { SCMP_SYS(tgkill),
		                         { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 } };
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
		                     SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* A search by halves, not call by call. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_all(filter, always, ARRAY_SIZE(always));
	if (r == 0)
		r = is_writing ? add_all(filter, writing, ARRAY_SIZE(writing))
		               : add_all(filter, reading, ARRAY_SIZE(reading));
	if (r == 0)
		r = add(filter, SCMP_ACT_ALLOW, &own_signal);
	return r == 0 ? add(filter, SCMP_ACT_ERRNO(ENOSYS), &clone3) : r;
}

static void release(const scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int load(bool is_writing)
{
	_cleanup_(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? fill(filter, is_writing) : -ENOMEM;

	return r == 0 ? seccomp_load(filter) : r;
}

int seccomp_enter(bool is_writing)
{
	int r;

	/* A kernel that has filters looks for one there (seccomp_filter.rst). */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	    errno != EFAULT) {
		log_event(LOG_LEVEL_WARN,
		          "No seccomp filters here: every system call is possible", "err",
		          strerror(errno), NULL);
		return 0;
	}
	r = load(is_writing);
	if (r == 0)
		return 1;
	log_event(LOG_LEVEL_ERROR, "Cannot enter the sandbox", "layer", "seccomp", "err",
	          strerror(-r), NULL);
	return r;
}
