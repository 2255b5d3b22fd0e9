/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that does not answer before the test wants it: loaded with LD_PRELOAD, it lets
 * whoever reads a module's file wait while the first number in the file $GATE_FILE (two
 * int64_t, shared memory) is not 0. The second counts who waits, or ever did.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct gate {
	_Atomic int64_t is_shut;
	_Atomic int64_t waiters;
};

static struct gate *gate;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("GATE_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared;

	if (fd < 0)
		abort();
	shared = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		abort();
	gate = shared;
	close(fd);
}

/* Whether FD is a module's file. */
static int is_module(int fd)
{
	char link[32], path[PATH_MAX + 1] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return syscall(SYS_readlink, link, path, PATH_MAX) > 0 &&
	       strstr(path, "/lib/modules/") && strstr(path, ".ko");
}

ssize_t read(int fd, void *bytes, size_t size)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	if (gate && gate->is_shut && is_module(fd)) {
		gate->waiters++;
		while (gate->is_shut)
			syscall(SYS_nanosleep, &moment, NULL);
	}
	return syscall(SYS_read, fd, bytes, size);
}
