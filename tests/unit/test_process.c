/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process as it sees itself: the numbers of the real /proc/self, held against what
 * the C library says, and what stays unknown where that cannot be read. Knows fstat() and
 * getrlimit(), to play older kernels and failures.
 */
#include "sources/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "tree.h"

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __real_getrlimit(int resource, struct rlimit *limits);
int __wrap_getrlimit(int resource, struct rlimit *limits);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool folders_have_no_size; /* as in /proc before Linux 6.2 */
static bool getrlimit_fails;
static bool memory_fails;

int __wrap_fstat(int fd, struct stat *st)
{
	int r = __real_fstat(fd, st);

	if (r == 0 && folders_have_no_size && S_ISDIR(st->st_mode))
		st->st_size = 0;
	return r;
}

int __wrap_getrlimit(int resource, struct rlimit *limits)
{
	if (getrlimit_fails) {
		errno = EPERM;
		return -1;
	}
	return __real_getrlimit(resource, limits);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return memory_fails ? NULL : __real_realloc(pointer, size);
}

static int setup(void **state)
{
	folders_have_no_size = false;
	getrlimit_fails = false;
	memory_fails = false;
	return tree_setup(state);
}

/* Reads from the real /proc/self. */
static struct snapshot_process read_self(void)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/proc", "/sys", "/",
		                                              "/proc/self" };
	struct snapshot snapshot;
	struct hostfs *fs = NULL;

	snapshot_init(&snapshot);
	assert_int_equal(hostfs_new(paths, &fs), 0);
	process_read(fs, 42, &snapshot);
	hostfs_free(fs);
	return snapshot.process;
}

/* Reads from self in the tree. */
static struct snapshot_process read_tree(void)
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	snapshot_init(&snapshot);
	process_read(fs, 42, &snapshot);
	hostfs_free(fs);
	return snapshot.process;
}

static void process_read_repeats_the_start_time(void **state)
{
	(void)state;
	assert_int_equal(read_self().start_time, 42);
	assert_int_equal(read_tree().start_time, 42);
}

static uint64_t cpu_time(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) *
	               CLOCK_SECOND +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) *
	               1000;
}

static void process_read_tells_user_and_system_time(void **state)
{
	uint64_t before = cpu_time(), after, read;

	(void)state;
	read = read_self().cpu_time;
	after = cpu_time();
	assert_true(before <= read && read <= after);
	assert_true(after > 0);
}

static void process_read_tells_the_limit_of_descriptors(void **state)
{
	struct snapshot_process process;
	struct rlimit old;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 123, old.rlim_max }),
	                 0);
	process = read_self();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(process.max_fds.known);
	assert_int_equal(process.max_fds.value, 123);

	getrlimit_fails = true;
	assert_false(read_self().max_fds.known);
}

/* The count while one is taken: with the descriptors that the reader needs for it. */
static void check_open_fds(uint64_t extra)
{
	struct snapshot_process process;
	size_t before = tree_count_descriptors() - 1;
	int fds[10];

	process = read_self();
	assert_true(process.open_fds.known);
	assert_int_equal(process.open_fds.value, before + extra);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = dup(0);
	process = read_self();
	assert_int_equal(process.open_fds.value, before + extra + ARRAY_SIZE(fds));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void process_read_counts_open_descriptors(void **state)
{
	struct stat st;

	(void)state;
	/* The root, statm and the folder of descriptors itself. */
	assert_int_equal(stat("/proc/self/fd", &st), 0);
	check_open_fds(st.st_size ? 3 : 4);
}

static void process_read_counts_open_descriptors_on_older_kernels(void **state)
{
	(void)state;
	folders_have_no_size = true;
	check_open_fds(4);

	for (int i = 0; i < 7; i++) {
		char path[32];

		snprintf(path, sizeof(path), "self/fd/%d", i);
		tree_write(path, "");
	}
	assert_int_equal(read_tree().open_fds.value, 7);
}

static void process_read_tells_memory_in_bytes(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct snapshot_process process;

	(void)state;
	tree_write("self/statm", "5120 640 512 24 0 256 0\n");
	process = read_tree();
	assert_true(process.virtual_memory_bytes.known);
	assert_int_equal(process.virtual_memory_bytes.value, 5120 * page);
	assert_true(process.resident_memory_bytes.known);
	assert_int_equal(process.resident_memory_bytes.value, 640 * page);

	process = read_self();
	assert_true(process.virtual_memory_bytes.known);
	assert_true(process.resident_memory_bytes.known);
	assert_true(process.resident_memory_bytes.value > page);
	assert_true(process.virtual_memory_bytes.value >
	            process.resident_memory_bytes.value);
}

static void process_read_leaves_unknown_what_is_not_there(void **state)
{
	struct snapshot_process process = read_tree();

	(void)state;
	assert_false(process.open_fds.known);
	assert_false(process.virtual_memory_bytes.known);
	assert_false(process.resident_memory_bytes.known);
	assert_true(process.max_fds.known);

	tree_delete("self");
	process = read_tree();
	assert_false(process.open_fds.known);
	assert_false(process.virtual_memory_bytes.known);
	assert_false(process.resident_memory_bytes.known);
}

static void process_read_leaves_unknown_what_it_does_not_understand(void **state)
{
	static const char *const files[] = { "", "\n", "garbage\n", "x 640\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct snapshot_process process;

		tree_write("self/statm", files[i]);
		process = read_tree();
		assert_false(process.virtual_memory_bytes.known);
		assert_false(process.resident_memory_bytes.known);
	}
	tree_write("self/statm", "5120\n");
	assert_false(read_tree().resident_memory_bytes.known);
}

static void process_read_without_memory_leaves_unknown(void **state)
{
	struct snapshot_process process;

	(void)state;
	tree_write("self/statm", "5120 640 512 24 0 256 0\n");
	memory_fails = true;
	process = read_tree();
	assert_false(process.virtual_memory_bytes.known);
	assert_false(process.resident_memory_bytes.known);
	folders_have_no_size = true;
	tree_write("self/fd/0", "");
	assert_false(read_tree().open_fds.known);
	memory_fails = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(process_read_repeats_the_start_time),
		TEST(process_read_tells_user_and_system_time),
		TEST(process_read_tells_the_limit_of_descriptors),
		TEST(process_read_counts_open_descriptors),
		TEST(process_read_counts_open_descriptors_on_older_kernels),
		TEST(process_read_tells_memory_in_bytes),
		TEST(process_read_leaves_unknown_what_is_not_there),
		TEST(process_read_leaves_unknown_what_it_does_not_understand),
		TEST(process_read_without_memory_leaves_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
