/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process: what is understood of its files, and what stays unknown. Knows fstat(),
 * to play kernels before 6.2. That the numbers are the process' own is proven end to end.
 */
#include "sources/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/snapshot.h"
#include "tree.h"

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);

int __wrap_fstat(int fd, struct stat *st)
{
	int r = __real_fstat(fd, st);

	if (r == 0 && S_ISDIR(st->st_mode))
		st->st_size = 0;
	return r;
}

static struct snapshot_process read_tree(void)
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	snapshot_init(&snapshot);
	process_read(fs, 42, &snapshot);
	hostfs_free(fs);
	return snapshot.process;
}

static void memory_is_told_in_bytes_or_not_at_all(void **state)
{
	static const struct {
		const char *file; /* NULL: missing */
		bool known;
		uint64_t size, resident; /* pages */
	} rows[] = {
		{ NULL, false, 0, 0 },
		{ "5120 640 512 24 0 256 0\n", true, 5120, 640 },
		{ "", false, 0, 0 },
		{ "5120\n", false, 0, 0 },
		{ "x 640\n", false, 0, 0 },
	};
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct snapshot_process process;

		if (rows[i].file)
			tree_write("self/statm", rows[i].file);
		process = read_tree();
		assert_int_equal(process.start_time, 42);
		if (process.virtual_memory_bytes.known != rows[i].known ||
		    process.virtual_memory_bytes.value != rows[i].size * page ||
		    process.resident_memory_bytes.known != rows[i].known ||
		    process.resident_memory_bytes.value != rows[i].resident * page)
			fail_msg("row %zu", i);
	}
}

static void descriptors_are_counted_on_older_kernels(void **state)
{
	struct snapshot_process process = read_tree();

	(void)state;
	assert_false(process.open_fds.known);
	for (uint64_t i = 0; i < 7; i++) {
		char path[32];

		snprintf(path, sizeof(path), "self/fd/%u", (unsigned)i);
		tree_write(path, "");
		process = read_tree();
		assert_true(process.open_fds.known && process.open_fds.value == i + 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(memory_is_told_in_bytes_or_not_at_all),
		TEST(descriptors_are_counted_on_older_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
