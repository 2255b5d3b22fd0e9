/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process. What cannot be read stays unknown.
 */
#include "sources/process.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "sources/hostfs.h"

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * CLOCK_SECOND + (uint64_t)time->tv_usec * 1000;
}

/* /proc/self/statm: "SIZE RESIDENT …" in pages (proc_pid_statm(5)). */
static void read_memory(struct hostfs *fs, struct snapshot_process *process)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const char *start;
	char *end, *end_of_resident;
	uint64_t size, resident;

	if (hostfs_value_read(fs, HOSTFS_SELF, "statm", &value) < 0)
		return;
	start = text_string(&value);
	size = strtoull(start, &end, 10);
	resident = strtoull(end, &end_of_resident, 10);
	if (end == start || end_of_resident == end)
		return;
	process->virtual_memory_bytes =
		(struct reading){ .known = true, .value = size * page };
	process->resident_memory_bytes =
		(struct reading){ .known = true, .value = resident * page };
}

/* Since Linux 6.2 the size of /proc/self/fd is what it holds; before it is 0. */
static void read_open_fds(struct hostfs *fs, struct snapshot_process *process)
{
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	struct hostfs_stat stat;
	uint64_t count = 0;

	if (hostfs_folder_stat_read(fs, HOSTFS_SELF, "fd", &stat) == 0 && stat.size) {
		process->open_fds = (struct reading){ .known = true, .value = stat.size };
		return;
	}
	if (hostfs_names_read(fs, HOSTFS_SELF, "fd", &names) < 0)
		return;
	for (size_t i = 0; i < names.length; i++)
		count += names.data[i] == '\0';
	process->open_fds = (struct reading){ .known = true, .value = count };
}

void process_read(struct hostfs *fs, uint64_t start_time, struct snapshot *snapshot)
{
	struct snapshot_process *process = &snapshot->process;
	struct rusage usage;
	struct rlimit files;

	process->start_time = start_time;
	getrusage(RUSAGE_SELF, &usage);
	process->cpu_time = nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		process->max_fds =
			(struct reading){ .known = true, .value = files.rlim_cur };
	read_memory(fs, process);
	read_open_fds(fs, process);
}
