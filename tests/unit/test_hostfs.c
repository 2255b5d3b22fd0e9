/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to the disk: that nothing outside of a root is ever read, that nothing
 * waits, that kept descriptors show what a path holds now and never grow in number, and
 * that errors leave no trace. Knows the calls hostfs stands on and lets them fail.
 */
#include "sources/hostfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/stalls.h"
#include "tree.h"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);

static int openat2_error;       /* every openat2() fails so; 0: none */
static size_t openat2_calls;    /* so far */
static int pread_error;         /* pread() number pread_fails_at fails so */
static size_t pread_fails_at;   /* counted down to 0, which fails */
static size_t pread_fails_left; /* how many fail from there on */
static int readdir_error;       /* readdir() number readdir_fails_at fails so */
static size_t readdir_fails_at;
static int fdopendir_error;
static bool memory_fails; /* allocation number memory_fails_at fails */
static size_t memory_fails_at;

long __wrap_syscall(long number, ...)
{
	va_list arguments;
	const char *path;
	void *how;
	size_t size;
	int fd;

	assert_int_equal(number, SYS_openat2);
	openat2_calls++;
	va_start(arguments, number);
	fd = va_arg(arguments, int);
	path = va_arg(arguments, const char *);
	how = va_arg(arguments, void *);
	size = va_arg(arguments, size_t);
	va_end(arguments);
	if (openat2_error) {
		errno = openat2_error;
		return -1;
	}
	return __real_syscall(number, fd, path, how, size);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	if (pread_fails_left && pread_fails_at-- == 0) {
		pread_fails_at = 0;
		pread_fails_left--;
		errno = pread_error;
		return -1;
	}
	return __real_pread(fd, bytes, size, offset);
}

struct dirent *__wrap_readdir(DIR *folder)
{
	if (readdir_error && readdir_fails_at-- == 0) {
		errno = readdir_error;
		readdir_error = 0;
		return NULL;
	}
	return __real_readdir(folder);
}

DIR *__wrap_fdopendir(int fd)
{
	if (fdopendir_error) {
		errno = fdopendir_error;
		return NULL;
	}
	return __real_fdopendir(fd);
}

static bool fails_memory(void)
{
	if (!memory_fails || memory_fails_at-- != 0)
		return false;
	memory_fails = false;
	errno = ENOMEM;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

char *__wrap_strdup(const char *string)
{
	return fails_memory() ? NULL : __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t size)
{
	return fails_memory() ? NULL : __real_strndup(string, size);
}

/* pread() fails TIMES times with ERROR, after SKIPPED ones that work. */
static void fail_pread(int error, size_t skipped, size_t times)
{
	pread_error = error;
	pread_fails_at = skipped;
	pread_fails_left = times;
}

static int setup(void **state)
{
	static struct rlimit files;

	/* What a failed test left. */
	if (files.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &files);
	else
		getrlimit(RLIMIT_NOFILE, &files);
	openat2_error = 0;
	openat2_calls = 0;
	pread_fails_left = 0;
	readdir_error = 0;
	fdopendir_error = 0;
	memory_fails = false;
	return tree_setup(state);
}

/* Whether TEXT is what it was before an error, and still a string. */
static void check_unchanged(const struct text *text, const char *before)
{
	size_t length = strlen(before);

	assert_int_equal(text->length, length);
	assert_memory_equal(text_string(text), before, length + 1);
}

/* Reads a value and compares it; NULL: any error is fine. Returns the error. */
static int check_value(struct hostfs *fs, const char *path, const char *expected)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	int r;

	text_add_string(&value, "before ");
	r = hostfs_value_read(fs, HOSTFS_PROCFS, path, &value);
	if (expected) {
		assert_int_equal(r, 0);
		assert_memory_equal(value.data, "before ", 7);
		assert_string_equal(text_string(&value) + 7, expected);
		assert_int_equal(value.length, 7 + strlen(expected));
	} else {
		assert_true(r < 0);
		check_unchanged(&value, "before ");
	}
	return r;
}

static void check_error(struct hostfs *fs, const char *path, int error)
{
	assert_int_equal(check_value(fs, path, NULL), error);
}

/* ---- reads and their bounds ---- */

static void hostfs_value_read_appends_the_value(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/sys/kernel/tainted", "4097\n");
	check_value(fs, "sys/kernel/tainted", "4097\n");
	tree_write("proc/empty", "");
	check_value(fs, "empty", "");
	hostfs_free(fs);
}

static void hostfs_value_read_of_an_empty_file_makes_an_empty_string(void **state)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/empty", "");
	assert_int_equal(hostfs_value_read(fs, HOSTFS_PROCFS, "empty", &value), 0);
	assert_int_equal(value.length, 0);
	assert_string_equal(text_string(&value), "");
	hostfs_free(fs);
}

static void hostfs_value_read_takes_any_bytes(void **state)
{
	static const char bytes[] = "\x06\0\0\0\x01\xff\n";
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_bytes("sys/efi", bytes, sizeof(bytes) - 1);
	assert_int_equal(hostfs_value_read(fs, HOSTFS_SYSFS, "efi", &value), 0);
	assert_int_equal(value.length, sizeof(bytes) - 1);
	assert_memory_equal(value.data, bytes, sizeof(bytes));
	hostfs_free(fs);
}

static void hostfs_value_read_takes_the_most_a_value_may_hold(void **state)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_filled("proc/full", 'x', HOSTFS_VALUE_MAX);
	assert_int_equal(hostfs_value_read(fs, HOSTFS_PROCFS, "full", &value), 0);
	assert_int_equal(value.length, HOSTFS_VALUE_MAX);
	assert_int_equal(strlen(text_string(&value)), HOSTFS_VALUE_MAX);
	hostfs_free(fs);
}

static void hostfs_value_read_above_the_most_leaves_the_value_unchanged(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_filled("proc/over", 'x', HOSTFS_VALUE_MAX + 1);
	check_error(fs, "over", -EFBIG);
	check_error(fs, "over", -EFBIG);
	tree_write_filled("proc/over", 'x', 1 << 20);
	check_error(fs, "over", -EFBIG);
	hostfs_free(fs);
}

static void hostfs_value_read_above_the_most_leaves_an_empty_value_empty(void **state)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_filled("proc/over", 'x', 1 << 20);
	assert_int_equal(hostfs_value_read(fs, HOSTFS_PROCFS, "over", &value), -EFBIG);
	check_unchanged(&value, "");
	hostfs_free(fs);
}

static void hostfs_records_read_takes_many_reads(void **state)
{
	_cleanup_(text_clear) struct text records = TEXT_INIT;
	_cleanup_(text_clear) struct text expected = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (uint64_t i = 0; i < 50000; i++) {
		text_add_number(&expected, i);
		text_add_char(&expected, '\n');
	}
	tree_write_bytes("proc/modules", expected.data, expected.length);
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "modules",
	                                     expected.length, &records),
	                 0);
	assert_int_equal(records.length, expected.length);
	assert_memory_equal(records.data, expected.data, expected.length + 1);

	/* And behind what is there already. */
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "modules",
	                                     expected.length, &records),
	                 0);
	assert_int_equal(records.length, 2 * expected.length);
	assert_memory_equal(records.data + expected.length, expected.data,
	                    expected.length + 1);
	hostfs_free(fs);
}

static void hostfs_records_read_above_the_most_is_cut_off_again(void **state)
{
	static const size_t most[] = { 0, 1, 4095, 16384, 99999 };
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_filled("proc/modules", 'x', 100000);
	for (size_t i = 0; i < ARRAY_SIZE(most); i++) {
		_cleanup_(text_clear) struct text records = TEXT_INIT;

		text_add_string(&records, "before");
		assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "modules",
		                                     most[i], &records),
		                 -EFBIG);
		check_unchanged(&records, "before");
	}
	hostfs_free(fs);
}

static void hostfs_records_read_that_fails_midway_is_cut_off_again(void **state)
{
	_cleanup_(text_clear) struct text records = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write_filled("proc/modules", 'x', 100000);
	text_add_string(&records, "before");
	fail_pread(EIO, 2, 1);
	assert_int_equal(
		hostfs_records_read(fs, HOSTFS_PROCFS, "modules", 1 << 20, &records),
		-EIO);
	check_unchanged(&records, "before");
	hostfs_free(fs);
}

static void hostfs_reads_go_on_after_a_signal(void **state)
{
	_cleanup_(text_clear) struct text records = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "1\n");
	fail_pread(EINTR, 0, 5);
	check_value(fs, "value", "1\n");
	assert_int_equal(pread_fails_left, 0);

	tree_write_filled("proc/modules", 'x', 50000);
	fail_pread(EINTR, 1, 3);
	assert_int_equal(
		hostfs_records_read(fs, HOSTFS_PROCFS, "modules", 1 << 20, &records), 0);
	assert_int_equal(pread_fails_left, 0);
	assert_int_equal(records.length, 50000);
	hostfs_free(fs);
}

static void hostfs_errors_are_the_kernels(void **state)
{
	static const int errors[] = { EIO, EACCES, EPERM, ESTALE };
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "1\n");
	check_error(fs, "missing", -ENOENT);
	check_error(fs, "missing/too", -ENOENT);
	check_error(fs, "value/below", -ENOTDIR);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fail_pread(errors[i], 0, 1);
		check_error(fs, "value", -errors[i]);
	}
	check_value(fs, "value", "1\n");

	openat2_error = EACCES;
	check_error(fs, "unopened", -EACCES);
	hostfs_free(fs);
}

/* ---- kinds of files ---- */

/* What is no regular file is refused at once: a test that waits is killed. */
static void check_kinds(struct hostfs *fs)
{
	_cleanup_(text_clear) struct text records = TEXT_INIT;
	struct hostfs_stat stat;

	alarm(60);
	check_error(fs, "fifo", -EINVAL);
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "fifo", 100, &records),
	                 -EINVAL);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_PROCFS, "fifo", &stat),
	                 -ENOTDIR);
	assert_int_equal(hostfs_names_read(fs, HOSTFS_PROCFS, "fifo", &records),
	                 -ENOTDIR);
	check_error(fs, "folder", -EISDIR);
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "folder", 100, &records),
	                 -EISDIR);
	check_value(fs, "socket", NULL);
	alarm(0);
	assert_int_equal(records.length, 0);
}

static void make_kinds(void)
{
	tree_fifo("proc/fifo");
	tree_folder("proc/folder");
	assert_int_equal(mknodat(tree_fd, "proc/socket", S_IFSOCK | 0644, 0), 0);
}

static void hostfs_opens_only_regular_files_and_folders(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_kinds();
	check_kinds(fs);
	hostfs_free(fs);
}

static void hostfs_opens_only_regular_files_and_folders_without_openat2(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_kinds();
	openat2_error = ENOSYS;
	check_kinds(fs);
	hostfs_free(fs);
}

static void hostfs_refuses_devices(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/dev", "/dev", "/dev",
		                                              "/dev" };
	struct hostfs *fs;

	(void)state;
	assert_int_equal(hostfs_new(paths, &fs), 0);
	check_error(fs, "null", -EINVAL);
	check_error(fs, "zero", -EINVAL);
	openat2_error = ENOSYS;
	check_error(fs, "null", -EINVAL);
	hostfs_free(fs);
}

/* ---- no way out of the root ---- */

/* The links stand in proc; "outside" holds what must never be read. */
static void make_links(void)
{
	char target[PATH_MAX + 16];

	tree_write("outside/secret", "secret\n");
	tree_write("proc/inside/value", "inside\n");
	assert_true(snprintf(target, sizeof(target), "%s/outside/secret", tree_path) <
	            (int)sizeof(target));
	tree_link(target, "proc/absolute");
	target[strlen(target) - strlen("/secret")] = '\0';
	tree_link(target, "proc/absolute_folder");
	tree_link("../outside/secret", "proc/above");
	tree_link("../../../../../../../../../../../../etc/passwd", "proc/far_above");
	tree_link("inside/../../outside/secret", "proc/around");
	tree_link("..", "proc/parent");
	tree_link("/", "proc/slash");
	tree_link("/proc/self/root", "proc/magic");
	tree_link("absolute", "proc/link_to_link");
	tree_link("loop_b", "proc/loop_a");
	tree_link("loop_a", "proc/loop_b");
	tree_link("loop_c", "proc/loop_c");
	tree_link("nowhere", "proc/dangling");
}

static const char *const escapes[] = {
	"absolute",
	"absolute_folder/secret",
	"above",
	"far_above",
	"around",
	"parent/outside/secret",
	"parent/parent/outside/secret",
	"link_to_link",
	"../outside/secret",
	"../../../../../../../../../../etc/passwd",
	"inside/../../outside/secret",
	"..",
	"slash/../outside/secret",
	"slash/etc/passwd",
	"magic/etc/passwd",
	"loop_a",
	"loop_c",
	"loop_a/below",
	"dangling",
	"/etc/passwd",
};

/* Nothing on the ways out answers, whatever is asked. */
static void check_escapes(struct hostfs *fs)
{
	struct hostfs_stat stat, outside;
	struct stat st;

	assert_int_equal(fstatat(tree_fd, "outside", &st, 0), 0);
	outside.inode = st.st_ino;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		_cleanup_(text_clear) struct text bytes = TEXT_INIT;

		check_value(fs, escapes[i], NULL);
		assert_true(hostfs_records_read(fs, HOSTFS_PROCFS, escapes[i], 1 << 20,
		                                &bytes) < 0);
		assert_int_equal(bytes.length, 0);
		if (hostfs_names_read(fs, HOSTFS_PROCFS, escapes[i], &bytes) == 0)
			for (const char *name = text_string(&bytes),
			                *end = name + bytes.length;
			     name < end; name += strlen(name) + 1)
				assert_string_not_equal(name, "outside");
		if (hostfs_folder_stat_read(fs, HOSTFS_PROCFS, escapes[i], &stat) == 0)
			assert_true(stat.inode != outside.inode);
		if (hostfs_stat_read(fs, HOSTFS_PROCFS, escapes[i], &stat) == 0)
			assert_true(stat.inode != outside.inode);
	}
}

static void hostfs_reads_nothing_outside_of_a_root(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_links();
	check_escapes(fs);
	/* And again with whatever is kept. */
	hostfs_begin(fs, UINT64_MAX);
	check_escapes(fs);
	check_error(fs, "loop_a", -ELOOP);
	check_error(fs, "loop_c", -ELOOP);
	hostfs_free(fs);
}

static void hostfs_resolves_absolute_links_inside_the_root(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_links();
	tree_link("/inside/value", "proc/to_inside");
	tree_link("/inside", "proc/to_folder");
	tree_link("/../../inside/../inside/value", "proc/to_inside_by_parents");
	tree_link("inside/value", "proc/relative");
	check_value(fs, "to_inside", "inside\n");
	check_value(fs, "to_folder/value", "inside\n");
	check_value(fs, "to_inside_by_parents", "inside\n");
	check_value(fs, "relative", "inside\n");
	check_value(fs, "/inside/value", "inside\n");
	check_value(fs, "../inside/value", "inside\n");

	/* The host's path, now made inside the root, is what the absolute link means. */
	{
		char inside[2 * PATH_MAX];

		assert_true(snprintf(inside, sizeof(inside), "proc%s/outside/secret",
		                     tree_path) < (int)sizeof(inside));
		tree_write(inside, "harmless\n");
	}
	check_value(fs, "absolute", "harmless\n");
	check_value(fs, "link_to_link", "harmless\n");
	hostfs_free(fs);
}

static void hostfs_follows_no_magic_link(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/proc", "/proc", "/proc",
		                                              "/proc" };
	static const char *const links[] = { "self/exe", "self/root/etc/passwd",
		                             "self/cwd/Makefile", "self/fd/0" };
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	struct hostfs *fs;

	(void)state;
	assert_int_equal(hostfs_new(paths, &fs), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		assert_int_equal(
			hostfs_records_read(fs, HOSTFS_PROCFS, links[i], 1 << 20, &bytes),
			-ELOOP);
	assert_int_equal(hostfs_value_read(fs, HOSTFS_PROCFS, "self/statm", &bytes), 0);
	assert_true(bytes.length > 0);
	hostfs_free(fs);
}

static void an_attribute_that_the_kernel_does_not_have_is_looked_for_once(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/proc", "/proc", "/proc",
		                                              "/proc" };
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs;
	size_t calls;

	(void)state;
	assert_int_equal(hostfs_new(paths, &fs), 0);
	calls = openat2_calls;
	for (int pass = 0; pass < 3; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		assert_int_equal(hostfs_attribute_read(fs, HOSTFS_PROCFS,
		                                       "sys/kernel/missing", &value),
		                 -ENOENT);
		assert_int_equal(openat2_calls, calls + 1);
	}
	/* Forgotten when a pass did not ask. */
	hostfs_begin(fs, UINT64_MAX);
	hostfs_begin(fs, UINT64_MAX);
	assert_int_equal(
		hostfs_attribute_read(fs, HOSTFS_PROCFS, "sys/kernel/missing", &value),
		-ENOENT);
	assert_int_equal(openat2_calls, calls + 2);
	assert_int_equal(value.length, 0);
	assert_int_equal(
		hostfs_attribute_read(fs, HOSTFS_PROCFS, "sys/kernel/ostype", &value), 0);
	assert_string_equal(text_string(&value), "Linux\n");
	hostfs_free(fs);
}

static void an_attribute_of_any_other_tree_may_come(void **state)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	assert_int_equal(hostfs_attribute_read(fs, HOSTFS_PROCFS, "count", &value),
	                 -ENOENT);
	tree_write("proc/count", "1\n");
	assert_int_equal(hostfs_attribute_read(fs, HOSTFS_PROCFS, "count", &value), 0);
	assert_string_equal(text_string(&value), "1\n");
	hostfs_free(fs);
}

/* ---- kernels without openat2() ---- */

static void check_walk(int error)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	struct hostfs_stat stat;

	make_links();
	openat2_error = error;
	tree_write("proc/value", "top\n");
	check_value(fs, "value", "top\n");
	check_value(fs, "inside/value", "inside\n");
	hostfs_begin(fs, UINT64_MAX);
	check_value(fs, "inside/value", "inside\n");
	assert_int_equal(hostfs_names_read(fs, HOSTFS_PROCFS, "inside", &names), 0);
	assert_int_equal(names.length, sizeof("value"));
	assert_string_equal(text_string(&names), "value");
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_PROCFS, "inside/value", &stat), 0);
	assert_int_equal(stat.size, strlen("inside\n"));
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_PROCFS, "inside", &stat), 0);
	assert_int_equal(stat.links, 2);

	check_escapes(fs);
	check_error(fs, "missing", -ENOENT);
	check_error(fs, "missing/below", -ENOENT);
	check_error(fs, "value/below", -ENOTDIR);
	check_error(fs, "..", -EXDEV);
	check_error(fs, "inside/../value", -EXDEV);
	check_value(fs, "/value", "top\n");
	check_value(fs, "///inside/value", "inside\n");
	check_error(fs, "/../value", -EXDEV);
	check_error(fs, "inside//value", -EXDEV);
	check_error(fs, "", -EXDEV);
	check_error(fs, "/", -EXDEV);
	hostfs_free(fs);
}

static void hostfs_walks_where_the_kernel_has_no_openat2(void **state)
{
	(void)state;
	check_walk(ENOSYS);
}

static void hostfs_walks_where_a_container_forbids_openat2(void **state)
{
	(void)state;
	check_walk(EPERM);
}

static void hostfs_follows_no_link_without_openat2(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	struct hostfs_stat stat;

	(void)state;
	make_links();
	tree_link("/inside/value", "proc/file_link");
	tree_link("inside", "proc/folder_link");
	openat2_error = ENOSYS;
	check_value(fs, "file_link", NULL);
	check_value(fs, "folder_link/value", NULL);
	assert_true(hostfs_names_read(fs, HOSTFS_PROCFS, "folder_link", &names) < 0);
	assert_true(hostfs_folder_stat_read(fs, HOSTFS_PROCFS, "folder_link", &stat) < 0);
	assert_true(hostfs_stat_read(fs, HOSTFS_PROCFS, "folder_link/value", &stat) < 0);
	hostfs_free(fs);
}

static void hostfs_stat_read_takes_no_link_for_a_file_without_openat2(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;

	(void)state;
	make_links();
	openat2_error = ENOSYS;
	assert_true(hostfs_stat_read(fs, HOSTFS_PROCFS, "dangling", &stat) < 0);
	assert_true(hostfs_stat_read(fs, HOSTFS_PROCFS, "absolute", &stat) < 0);
	hostfs_free(fs);
}

static void hostfs_walk_leaks_no_descriptor(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before, after;

	(void)state;
	make_links();
	openat2_error = ENOSYS;
	check_value(fs, "inside/value", "inside\n");
	before = tree_count_descriptors();
	for (int i = 0; i < 100; i++) {
		check_value(fs, "inside/value", "inside\n");
		check_value(fs, "inside/missing", NULL);
		check_value(fs, "inside/value/below", NULL);
		check_value(fs, "inside/..", NULL);
	}
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

/* ---- kept descriptors ---- */

static void hostfs_opens_a_file_once_for_many_passes(void **state)
{
	_cleanup_(text_clear) struct text records = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;

	(void)state;
	tree_write("proc/value", "1\n");
	tree_write("proc/modules", "x\n");
	tree_folder("sys/module/loop");
	for (int pass = 0; pass < 5; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		text_reset(&records);
		check_value(fs, "value", "1\n");
		assert_int_equal(
			hostfs_records_read(fs, HOSTFS_PROCFS, "modules", 100, &records),
			0);
		assert_int_equal(
			hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
		assert_int_equal(openat2_calls, 3);
	}
	hostfs_free(fs);
}

static void hostfs_sees_a_file_rewritten_in_place(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "long value\n");
	check_value(fs, "value", "long value\n");
	tree_write("proc/value", "short\n");
	check_value(fs, "value", "short\n");
	hostfs_begin(fs, UINT64_MAX);
	tree_write("proc/value", "");
	check_value(fs, "value", "");
	tree_write("proc/value", "a longer value again\n");
	check_value(fs, "value", "a longer value again\n");
	hostfs_free(fs);
}

static void hostfs_sees_a_replaced_file(void **state)
{
	struct hostfs *fs = tree_hostfs();
	char value[32];

	(void)state;
	for (int pass = 0; pass < 20; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		snprintf(value, sizeof(value), "%d\n", pass);
		tree_replace("proc/value", value);
		check_value(fs, "value", value);
		check_value(fs, "value", value);
	}
	hostfs_free(fs);
}

static void hostfs_sees_a_deleted_and_recreated_file(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (int pass = 0; pass < 20; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		tree_write("proc/value", "there\n");
		check_value(fs, "value", "there\n");
		tree_delete("proc/value");
		check_error(fs, "value", -ENOENT);
	}
	hostfs_free(fs);
}

static void hostfs_sees_a_file_that_became_something_else(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "file\n");
	check_value(fs, "value", "file\n");
	tree_delete("proc/value");
	tree_folder("proc/value");
	check_error(fs, "value", -EISDIR);
	tree_delete("proc/value");
	tree_fifo("proc/value");
	check_error(fs, "value", -EINVAL);
	tree_delete("proc/value");
	tree_write("outside", "secret\n");
	tree_link("../outside", "proc/value");
	check_error(fs, "value", -ENOENT);
	tree_delete("proc/value");
	tree_write("proc/value", "file again\n");
	check_value(fs, "value", "file again\n");
	hostfs_free(fs);
}

static void hostfs_sees_the_folders_in_a_kept_folder_come_and_go(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;

	(void)state;
	tree_folder("sys/module");
	for (int pass = 0; pass < 5; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		assert_int_equal(
			hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
		assert_int_equal(stat.links, 2);
		tree_folder("sys/module/a");
		tree_folder("sys/module/b");
		tree_write("sys/module/file", "");
		assert_int_equal(
			hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
		assert_int_equal(stat.links, 4);
		tree_delete("sys/module/a");
		tree_delete("sys/module/b");
	}
	assert_int_equal(openat2_calls, 1);
	hostfs_free(fs);
}

static void hostfs_sees_a_replaced_folder(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;

	(void)state;
	tree_folder("sys/module");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	tree_delete("sys/module");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ENOENT);
	tree_write("sys/module", "a file\n");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ENOTDIR);
	tree_delete("sys/module");
	tree_folder("sys/module/a");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	assert_int_equal(stat.links, 3);
	hostfs_free(fs);
}

static void hostfs_opens_anew_what_no_longer_answers(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before, after;

	(void)state;
	tree_write("proc/value", "old\n");
	check_value(fs, "value", "old\n");
	before = tree_count_descriptors();

	/* A module was removed and loaded again. */
	fail_pread(ENODEV, 0, 1);
	check_value(fs, "value", "old\n");
	assert_int_equal(openat2_calls, 2);

	/* It was removed: what is opened anew does not answer, either. */
	fail_pread(ENODEV, 0, 2);
	check_error(fs, "value", -ENODEV);
	assert_int_equal(openat2_calls, 3);
	check_value(fs, "value", "old\n");

	/* Its file is gone while the kept descriptor still counts a link. */
	tree_write("proc/other", "other\n");
	check_value(fs, "other", "other\n");
	assert_int_equal(linkat(tree_fd, "proc/other", tree_fd, "elsewhere", 0), 0);
	tree_delete("proc/other");
	fail_pread(ENODEV, 0, 1);
	check_error(fs, "other", -ENOENT);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

static void hostfs_closes_what_a_pass_no_longer_reads(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;
	size_t none, one, count;

	(void)state;
	tree_write("proc/a", "a\n");
	tree_write("proc/b", "b\n");
	tree_folder("proc/folder");
	hostfs_begin(fs, UINT64_MAX);
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
	none = tree_count_descriptors();
	check_value(fs, "a", "a\n");
	one = tree_count_descriptors();
	assert_int_equal(one, none + 1);
	check_value(fs, "b", "b\n");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_PROCFS, "folder", &stat), 0);
	count = tree_count_descriptors();
	assert_int_equal(count, none + 3);

	hostfs_begin(fs, UINT64_MAX); /* all were read before */
	count = tree_count_descriptors();
	assert_int_equal(count, none + 3);
	check_value(fs, "a", "a\n");
	hostfs_begin(fs, UINT64_MAX); /* only a was */
	count = tree_count_descriptors();
	assert_int_equal(count, one);
	hostfs_begin(fs, UINT64_MAX); /* nothing was */
	count = tree_count_descriptors();
	assert_int_equal(count, none);
	hostfs_free(fs);
}

static void hostfs_does_not_keep_what_it_only_looks_at(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	struct hostfs_stat stat;
	size_t before, after;

	(void)state;
	tree_write("proc/folder/file", "\n");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
	before = tree_count_descriptors();
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_PROCFS, "folder/file", &stat), 0);
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_PROCFS, "folder", &stat), 0);
	assert_int_equal(hostfs_names_read(fs, HOSTFS_PROCFS, "folder", &names), 0);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

static void hostfs_descriptors_do_not_grow_over_passes(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	struct hostfs_stat stat;
	size_t early = 0, late;
	char path[64], value[32];

	(void)state;
	tree_folder("sys/module/a");
	tree_fifo("proc/fifo");
	for (int pass = 0; pass < 1000; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		text_reset(&bytes);
		snprintf(path, sizeof(path), "proc/file_%d", pass % 7);
		snprintf(value, sizeof(value), "%d\n", pass);
		tree_replace(path, value);
		check_value(fs, path + strlen("proc/"), value);
		check_value(fs, "missing", NULL);
		check_value(fs, "fifo", NULL);
		assert_int_equal(
			hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
		assert_int_equal(hostfs_stat_read(fs, HOSTFS_SYSFS, "module/a", &stat),
		                 0);
		assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &bytes),
		                 0);
		if (pass % 3 == 0)
			fail_pread(EIO, 0, 1);
		check_value(fs, path + strlen("proc/"), pass % 3 ? value : NULL);
		if (pass == 10)
			early = tree_count_descriptors();
	}
	late = tree_count_descriptors();
	assert_int_equal(late, early);
	hostfs_free(fs);
}

static void hostfs_free_closes_all(void **state)
{
	size_t before = tree_count_descriptors(), after;
	struct hostfs *fs = tree_hostfs();
	char path[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "proc/%d", i);
		tree_write(path, "\n");
		check_value(fs, path + strlen("proc/"), "\n");
	}
	assert_null(hostfs_free(fs));
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	assert_null(hostfs_free(NULL));
}

static void hostfs_descriptors_are_closed_on_exec(void **state)
{
	struct hostfs *fs = tree_hostfs();
	bool others[1024] = { false };
	struct hostfs_stat stat;
	int ours = 0;

	(void)state;
	tree_write("proc/value", "\n");
	tree_folder("sys/module");
	for (int fd = 0; fd < (int)ARRAY_SIZE(others); fd++)
		others[fd] = fcntl(fd, F_GETFD) >= 0;
	check_value(fs, "value", "\n");
	openat2_error = ENOSYS;
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	for (int fd = 0; fd < (int)ARRAY_SIZE(others); fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || others[fd])
			continue;
		ours++;
		assert_true(flags & FD_CLOEXEC);
	}
	assert_int_equal(ours, 4); /* two roots, two kept */
	hostfs_free(fs);
}

/* Files whose content is their own path, so that one cannot pass for another. */
static void read_numbered(struct hostfs *fs, int count)
{
	char path[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "many/%d", i);
		check_value(fs, path, path);
	}
}

static void make_numbered(int count)
{
	char path[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "proc/many/%d", i);
		tree_write(path, path + strlen("proc/"));
	}
}

static void hostfs_never_takes_one_kept_file_for_another(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text value = TEXT_INIT;

	(void)state;
	make_numbered(1500);
	tree_write("sys/many/7", "of sysfs");
	for (int pass = 0; pass < 3; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		read_numbered(fs, 1500);
		text_reset(&value);
		assert_int_equal(hostfs_value_read(fs, HOSTFS_SYSFS, "many/7", &value),
		                 0);
		assert_string_equal(text_string(&value), "of sysfs");
		read_numbered(fs, 10);
	}
	hostfs_free(fs);
}

static void hostfs_keeps_a_bounded_number_of_descriptors(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before = tree_count_descriptors(), after;

	(void)state;
	make_numbered(1500);
	read_numbered(fs, 1500);
	after = tree_count_descriptors();
	assert_in_range(after - before, 1, 256);
	hostfs_free(fs);
}

static void hostfs_leaves_three_quarters_of_a_small_limit_to_others(void **state)
{
	struct rlimit old;
	struct hostfs *fs;
	size_t before, after;

	(void)state;
	make_numbered(100);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, old.rlim_max }),
	                 0);
	fs = tree_hostfs();
	before = tree_count_descriptors();
	for (int pass = 0; pass < 3; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		read_numbered(fs, 100);
	}
	after = tree_count_descriptors();
	hostfs_free(fs);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_in_range(after - before, 1, 64 / 4 + 1);
}

static void hostfs_works_with_the_smallest_limits(void **state)
{
	struct rlimit old;

	(void)state;
	make_numbered(10);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (rlim_t limit = 1; limit < 8; limit++) {
		struct hostfs *fs;
		size_t before, after;

		assert_int_equal(
			setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit, old.rlim_max }),
			0);
		fs = tree_hostfs();
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
		before = tree_count_descriptors();
		read_numbered(fs, 10);
		after = tree_count_descriptors();
		assert_int_equal(after - before, limit / 4);
		hostfs_free(fs);
	}
}

static void hostfs_reads_what_it_keeps_when_descriptors_run_out(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct rlimit old;
	int highest;

	(void)state;
	tree_write("proc/kept", "kept\n");
	tree_write("proc/new", "new\n");
	check_value(fs, "kept", "kept\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	highest = dup(0);
	assert_true(highest >= 0);
	close(highest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE,
	                           &(struct rlimit){ (rlim_t)highest, old.rlim_max }),
	                 0);
	check_error(fs, "new", -EMFILE);
	check_value(fs, "kept", "kept\n");
	openat2_error = ENOSYS;
	check_error(fs, "new", -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	check_value(fs, "new", "new\n");
	hostfs_free(fs);
}

/* ---- roots ---- */

static void hostfs_tries_a_missing_root_again(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;
	_cleanup_(text_clear) struct text names = TEXT_INIT;

	(void)state;
	tree_delete("proc");
	tree_delete("sys");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), -ENOENT);
	check_error(fs, "value", -ENOENT);
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_SYSFS, "module", &stat), -ENOENT);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ENOENT);
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &names), -ENOENT);

	tree_write("proc", "no folder\n");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), -ENOTDIR);
	check_error(fs, "value", -ENOTDIR);
	tree_delete("proc");

	tree_write("proc/value", "there\n");
	tree_folder("sys/module");
	check_value(fs, "value", "there\n");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	hostfs_free(fs);
}

static void hostfs_opens_a_root_anew_that_was_removed(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before = 0, after;

	(void)state;
	for (int pass = 0; pass < 5; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		tree_write("proc/value", "there\n");
		check_value(fs, "value", "there\n");
		if (pass == 0)
			before = tree_count_descriptors();
		tree_delete("proc/value");
		tree_delete("proc");
		hostfs_begin(fs, UINT64_MAX);
		check_error(fs, "value", -ENOENT);
	}
	tree_write("proc/value", "again\n");
	check_value(fs, "value", "again\n");
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

static void hostfs_roots_are_apart(void **state)
{
	static const char *const names[HOSTFS_ROOT_COUNT] = { "proc/name", "sys/name",
		                                              "root/name", "self/name" };
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_write(names[i], names[i]);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			_cleanup_(text_clear) struct text value = TEXT_INIT;

			assert_int_equal(hostfs_value_read(fs, (enum hostfs_root)i,
			                                   "name", &value),
			                 0);
			assert_string_equal(text_string(&value), names[i]);
		}
	}
	hostfs_free(fs);
}

static void hostfs_never_takes_one_roots_file_for_anothers(void **state)
{
	struct hostfs *fs = tree_hostfs();
	char path[64];

	(void)state;
	/* Some of these share their place among the kept. */
	for (int i = 0; i < 1000; i++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT;

		snprintf(path, sizeof(path), "proc/%d", i);
		tree_write(path, "of procfs");
		snprintf(path, sizeof(path), "sys/%d", i);
		tree_write(path, "of sysfs");
		snprintf(path, sizeof(path), "%d", i);
		hostfs_begin(fs, UINT64_MAX);
		hostfs_begin(fs, UINT64_MAX);
		check_value(fs, path, "of procfs");
		assert_int_equal(hostfs_value_read(fs, HOSTFS_SYSFS, path, &value), 0);
		assert_string_equal(text_string(&value), "of sysfs");
	}
	hostfs_free(fs);
}

/* ---- the deadline ---- */

static void hostfs_reads_nothing_after_the_deadline(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct hostfs_stat stat;

	(void)state;
	tree_write("proc/value", "1\n");
	tree_write("proc/kept", "2\n");
	tree_folder("sys/module");
	hostfs_begin(fs, clock_monotonic() + 600 * CLOCK_SECOND);
	check_value(fs, "kept", "2\n");

	hostfs_begin(fs, 0);
	check_error(fs, "value", -ETIME);
	check_error(fs, "kept", -ETIME);
	check_error(fs, "missing", -ETIME);
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "value", 10, &text),
	                 -ETIME);
	assert_int_equal(hostfs_records_read(fs, HOSTFS_PROCFS, "kept", 10, &text),
	                 -ETIME);
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_PROCFS, "value", &stat), -ETIME);
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &text), -ETIME);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ETIME);
	assert_int_equal(text.length, 0);

	hostfs_begin(fs, UINT64_MAX);
	check_value(fs, "kept", "2\n");
	check_value(fs, "value", "1\n");
	hostfs_free(fs);
}

static void hostfs_looks_at_no_kept_folder_after_the_deadline(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;

	(void)state;
	tree_folder("sys/module");
	hostfs_begin(fs, UINT64_MAX);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	hostfs_begin(fs, 0);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ETIME);
	hostfs_free(fs);
}

static void hostfs_has_no_deadline_at_first(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "1\n");
	check_value(fs, "value", "1\n");
	hostfs_free(fs);
}

/* ---- folders ---- */

static void hostfs_stat_read_tells_inode_links_and_size(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;
	struct stat st;

	(void)state;
	tree_folder("sys/module/a");
	tree_folder("sys/module/b");
	tree_folder("sys/module/c/deeper");
	tree_write("sys/module/file", "123456789");
	assert_int_equal(fstatat(tree_fd, "sys/module", &st, 0), 0);
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	assert_int_equal(stat.inode, st.st_ino);
	assert_int_equal(stat.links, 5);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	assert_int_equal(stat.inode, st.st_ino);
	assert_int_equal(stat.links, 5);
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_SYSFS, "module/file", &stat), 0);
	assert_int_equal(stat.links, 1);
	assert_int_equal(stat.size, 9);
	hostfs_free(fs);
}

static void hostfs_stat_read_leaves_its_result_alone_at_an_error(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat = { 1, 2, 3 };

	(void)state;
	tree_write("sys/file", "");
	assert_int_equal(hostfs_stat_read(fs, HOSTFS_SYSFS, "missing", &stat), -ENOENT);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "missing", &stat),
	                 -ENOENT);
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "file", &stat),
	                 -ENOTDIR);
	assert_int_equal(stat.inode, 1);
	assert_int_equal(stat.links, 2);
	assert_int_equal(stat.size, 3);
	hostfs_free(fs);
}

static void hostfs_names_read_appends_every_name(void **state)
{
	static const char *const hostile[] = { "plain",    "with blank", "line\nbreak",
		                               "\xff\xfe", "...",        ".hidden",
		                               "-rf" };
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	char path[PATH_MAX];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		snprintf(path, sizeof(path), "sys/module/%s", hostile[i]);
		if (i % 2)
			tree_folder(path);
		else
			tree_write(path, "");
	}
	text_add(&names, "before", sizeof("before"));
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &names), 0);
	assert_string_equal(text_string(&names), "before");
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		size_t found = 0;

		count = 0;
		for (const char *name = names.data; name < names.data + names.length;
		     name += strlen(name) + 1) {
			count++;
			found += strcmp(name, hostile[i]) == 0;
		}
		assert_int_equal(found, 1);
	}
	assert_int_equal(count, ARRAY_SIZE(hostile) + 1);
	hostfs_free(fs);
}

static void hostfs_names_read_of_an_empty_folder_appends_nothing(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;

	(void)state;
	tree_folder("sys/module");
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &names), 0);
	assert_int_equal(names.length, 0);
	tree_write("sys/file", "");
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "file", &names), -ENOTDIR);
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "missing", &names), -ENOENT);
	assert_int_equal(names.length, 0);
	hostfs_free(fs);
}

static void hostfs_names_read_that_fails_midway_is_cut_off_again(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	size_t before, after;

	(void)state;
	tree_folder("sys/module/a");
	tree_folder("sys/module/b");
	tree_folder("sys/module/c");
	text_add(&names, "before", 6);
	assert_int_equal(hostfs_root_check(fs, HOSTFS_SYSFS), 0);
	before = tree_count_descriptors();
	for (size_t i = 0; i < 6; i++) {
		readdir_error = EIO;
		readdir_fails_at = i;
		assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &names),
		                 -EIO);
		check_unchanged(&names, "before");
	}
	fdopendir_error = ENOMEM;
	assert_int_equal(hostfs_names_read(fs, HOSTFS_SYSFS, "module", &names), -ENOMEM);
	assert_int_equal(names.length, 6);
	fdopendir_error = 0;
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

/* ---- files as a whole ---- */

/* The roots are all "/", in which the tree is just another folder. */
static struct hostfs *everything(void)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/", "/", "/", "/" };
	struct hostfs *fs = NULL;

	assert_int_equal(hostfs_new(paths, &fs), 0);
	return fs;
}

/* Opens and reads PATH of the root; NULL: any error is fine. Returns the error. */
static int check_open(struct hostfs *fs, const char *path, const char *expected)
{
	char bytes[64] = "";
	int fd = 77, r;

	r = hostfs_open(fs, HOSTFS_ROOTFS, path, &fd);
	if (!expected) {
		assert_true(r < 0);
		assert_int_equal(fd, 77);
		return r;
	}
	assert_int_equal(r, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
	assert_string_equal(bytes, expected);
	close(fd);
	return r;
}

static void check_open_error(struct hostfs *fs, const char *path, int error)
{
	assert_int_equal(check_open(fs, path, NULL), error);
}

static void hostfs_open_opens_regular_files_inside_of_the_root(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before, after;

	(void)state;
	tree_write("outside", "secret\n");
	tree_write("root/lib/modules/a.ko", "a\n");
	tree_link("/lib/modules/a.ko", "root/absolute.ko");
	tree_link("lib", "root/usr");
	tree_link("../outside", "root/above.ko");
	tree_link("../../../../../../../../../../etc/passwd", "root/far.ko");
	tree_link("loop.ko", "root/loop.ko");
	tree_folder("root/folder.ko");
	tree_fifo("root/fifo.ko");
	check_open(fs, "lib/modules/a.ko", "a\n");
	before = tree_count_descriptors();
	check_open(fs, "/lib/modules/a.ko", "a\n");
	check_open(fs, "///lib/modules/a.ko", "a\n");
	check_open(fs, "usr/modules/a.ko", "a\n");
	check_open(fs, "absolute.ko", "a\n");
	check_open(fs, "../../lib/modules/a.ko", "a\n");
	check_open_error(fs, "above.ko", -ENOENT);
	check_open_error(fs, "far.ko", -ENOENT);
	check_open_error(fs, "../outside", -ENOENT);
	check_open_error(fs, "loop.ko", -ELOOP);
	check_open_error(fs, "missing.ko", -ENOENT);
	check_open_error(fs, "lib/modules/a.ko/below", -ENOTDIR);
	check_open_error(fs, "", -ENOENT);
	alarm(60);
	check_open_error(fs, "fifo.ko", -EINVAL);
	check_open_error(fs, "folder.ko", -EISDIR);
	check_open_error(fs, "/", -ENOENT);
	alarm(0);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_begin(fs, 0);
	check_open_error(fs, "lib/modules/a.ko", -ETIME);
	hostfs_free(fs);
}

static void hostfs_open_follows_no_link_without_openat2(void **state)
{
	static const int errors[] = { ENOSYS, EPERM };
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("root/lib/modules/a.ko", "a\n");
	tree_link("/lib/modules/a.ko", "root/absolute.ko");
	tree_link("lib", "root/usr");
	tree_fifo("root/fifo.ko");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		openat2_error = errors[i];
		check_open(fs, "lib/modules/a.ko", "a\n");
		check_open(fs, "/lib/modules/a.ko", "a\n");
		check_open(fs, "absolute.ko", NULL);
		check_open(fs, "usr/modules/a.ko", NULL);
		check_open_error(fs, "lib/../lib/modules/a.ko", -EXDEV);
		check_open_error(fs, "fifo.ko", -EINVAL);
		check_open_error(fs, "missing.ko", -ENOENT);
	}
	hostfs_free(fs);
}

static void hostfs_open_follows_links_without_openat2_where_nothing_is_outside(
	void **state)
{
	static const int errors[] = { 0, ENOSYS, EPERM };
	struct hostfs *fs = everything();
	char path[2 * PATH_MAX], target[2 * PATH_MAX];

	(void)state;
	tree_write("root/lib/a.ko", "a\n");
	snprintf(target, sizeof(target), "%s/root/lib/a.ko", tree_path);
	tree_link(target, "root/absolute.ko");
	tree_link("lib/../lib/a.ko", "root/relative.ko");
	tree_link("lib", "root/usr");
	tree_link("missing.ko", "root/dangling.ko");
	tree_fifo("root/fifo.ko");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		static const char *const good[] = { "lib/a.ko", "absolute.ko",
			                            "relative.ko", "usr/a.ko",
			                            "usr/../lib/a.ko" };

		openat2_error = errors[i];
		for (size_t k = 0; k < ARRAY_SIZE(good); k++) {
			snprintf(path, sizeof(path), "%s/root/%s", tree_path, good[k]);
			check_open(fs, path, "a\n");
			check_open(fs, path + 1, "a\n");
		}
		snprintf(path, sizeof(path), "%s/root/dangling.ko", tree_path);
		check_open_error(fs, path, -ENOENT);
		snprintf(path, sizeof(path), "%s/root/fifo.ko", tree_path);
		check_open_error(fs, path, -EINVAL);
		snprintf(path, sizeof(path), "%s/root", tree_path);
		check_open_error(fs, path, -EISDIR);
	}
	hostfs_free(fs);
}

/* ---- streams ---- */

/* Opens, reads once, closes; the most that is compared are 15 bytes. */
static void check_stream(struct hostfs *fs, const char *path, const char *expected)
{
	struct hostfs_stream stream;
	char bytes[16] = "";
	size_t length = 0;

	assert_int_equal(hostfs_stream_open(fs, HOSTFS_ROOTFS, path, &stream), 0);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 15, &length), 0);
	close(stream.fd);
	assert_int_equal(length, strlen(expected));
	assert_string_equal(bytes, expected);
}

static void check_stream_error(struct hostfs *fs, const char *path, int error)
{
	struct hostfs_stream stream = { .fd = -1 };

	assert_int_equal(hostfs_stream_open(fs, HOSTFS_ROOTFS, path, &stream), error);
	assert_int_equal(stream.fd, -1);
}

static void hostfs_follows_files_and_fifos_inside_of_the_root(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before, after;

	(void)state;
	tree_write("outside", "secret\n");
	tree_write("root/dev/file", "6,1,2,-;a\n");
	tree_link("/dev/file", "root/dev/link");
	tree_link("../../outside", "root/dev/above");
	tree_fifo("root/dev/fifo");
	tree_folder("root/dev/folder");
	check_stream(fs, "dev/file", "6,1,2,-;a\n");
	before = tree_count_descriptors();
	alarm(60);
	check_stream(fs, "dev/link", "6,1,2,-;a\n");
	check_stream(fs, "dev/fifo", "");
	check_stream_error(fs, "dev/above", -ENOENT);
	check_stream_error(fs, "dev/missing", -ENOENT);
	check_stream_error(fs, "dev/folder", -EISDIR);
	alarm(0);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(fs);
}

static void hostfs_follows_a_device(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/dev", "/dev", "/dev",
		                                              "/dev" };
	struct hostfs *fs;

	(void)state;
	assert_int_equal(hostfs_new(paths, &fs), 0);
	check_stream(fs, "null", "");
	openat2_error = ENOSYS;
	check_stream(fs, "null", "");
	hostfs_free(fs);
}

/* What one opened another goes on with: each thread has a hostfs of its own. */
static void hostfs_goes_on_with_the_stream_of_another(void **state)
{
	struct hostfs *opener = tree_hostfs(), *fs = tree_hostfs();
	struct hostfs_stream stream;
	char bytes[4];
	size_t length = 5;
	int writer;

	(void)state;
	tree_fifo("root/dev/kmsg");
	assert_int_equal(hostfs_stream_open(opener, HOSTFS_ROOTFS, "dev/kmsg", &stream),
	                 0);
	hostfs_free(opener);
	writer = openat(tree_fd, "root/dev/kmsg", O_WRONLY | O_CLOEXEC);
	assert_true(writer >= 0);
	alarm(60);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), 0);
	assert_int_equal(length, 0);
	assert_int_equal(write(writer, "abcdef", 6), 6);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), 0);
	assert_int_equal(length, 4);
	hostfs_begin(fs, 0);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), -ETIME);
	assert_int_equal(length, 4);
	hostfs_begin(fs, UINT64_MAX);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), 0);
	assert_int_equal(length, 2);
	assert_memory_equal(bytes, "ef", 2);
	alarm(0);
	close(writer);
	close(stream.fd);
	hostfs_free(fs);
}

static void hostfs_does_not_go_on_with_a_stream_that_hangs(void **state)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;
	struct stall_place hanging = { 0 }, place = { 0 };
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stream stream;
	struct stalls *stalls;
	char bytes[4];
	size_t length;

	(void)state;
	tree_write("root/dev/kmsg", "abc");
	assert_int_equal(stalls_new(&stalls), 0);
	hostfs_watch(fs, stalls, &place);
	assert_int_equal(hostfs_stream_open(fs, HOSTFS_ROOTFS, "dev/kmsg", &stream), 0);
	assert_int_equal(stalls_enter(stalls, &hanging, HOSTFS_ROOTFS, "dev/kmsg"), 0);
	assert_true(stalls_declare(stalls, &hanging, hanging.steps, &name));
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), -ETIMEDOUT);
	stalls_leave(stalls, &hanging);
	assert_int_equal(hostfs_stream_read(fs, &stream, bytes, 4, &length), 0);
	assert_int_equal(stalls_steps(stalls, &place), 0);
	close(stream.fd);
	hostfs_free(fs);
	stall_place_clear(&hanging);
	stall_place_clear(&place);
	stalls_free(stalls);
}

/* ---- identities ---- */

static struct hostfs_identity identity_of(struct hostfs *fs, const char *path)
{
	struct hostfs_identity identity = { 0 };

	assert_int_equal(hostfs_identity_read(fs, HOSTFS_ROOTFS, path, &identity), 0);
	return identity;
}

static bool is_same(struct hostfs_identity a, struct hostfs_identity b)
{
	assert_int_equal(hostfs_identity_is_equal(&a, &b),
	                 hostfs_identity_is_equal(&b, &a));
	return hostfs_identity_is_equal(&a, &b);
}

static void check_identity_error(struct hostfs *fs, const char *path, int error)
{
	struct hostfs_identity identity = { 1, 2, 3, 4, 5 }, before = identity;

	assert_int_equal(hostfs_identity_read(fs, HOSTFS_ROOTFS, path, &identity), error);
	assert_true(is_same(identity, before));
}

static void hostfs_identity_is_equal_compares_all_of_it(void **state)
{
	const struct hostfs_identity one = { 1, 2, 3, 4, 5 };

	(void)state;
	assert_true(is_same(one, one));
	assert_false(is_same(one, (struct hostfs_identity){ 9, 2, 3, 4, 5 }));
	assert_false(is_same(one, (struct hostfs_identity){ 1, 9, 3, 4, 5 }));
	assert_false(is_same(one, (struct hostfs_identity){ 1, 2, 9, 4, 5 }));
	assert_false(is_same(one, (struct hostfs_identity){ 1, 2, 3, 9, 5 }));
	assert_false(is_same(one, (struct hostfs_identity){ 1, 2, 3, 4, 9 }));
}

static void hostfs_identity_read_is_that_of_the_file(void **state)
{
	const struct timespec times[] = { { 1000000000, 123456789 }, { -5, 7 } };
	struct hostfs *fs = tree_hostfs();
	struct hostfs_identity identity;
	struct stat st;

	(void)state;
	tree_write("root/a.ko", "123456789");
	assert_int_equal(utimensat(tree_fd, "root/a.ko", times, 0), 0);
	identity = identity_of(fs, "a.ko");
	assert_int_equal(fstatat(tree_fd, "root/a.ko", &st, 0), 0);
	assert_int_equal(identity.device, st.st_dev);
	assert_int_equal(identity.inode, st.st_ino);
	assert_int_equal(identity.size, 9);
	assert_true(identity.modified == -5 * (int64_t)CLOCK_SECOND + 7);
	assert_true(identity.changed ==
	            st.st_ctim.tv_sec * (int64_t)CLOCK_SECOND + st.st_ctim.tv_nsec);
	assert_true(is_same(identity, identity_of(fs, "a.ko")));
	assert_true(is_same(identity, identity_of(fs, "/a.ko")));
	hostfs_free(fs);
}

/* Whatever is done to PATH in the tree, the identity at SEEN of FS is another one. */
static void check_changes(struct hostfs *fs, const char *seen)
{
	struct hostfs_identity old;
	struct timespec times[2];
	struct stat st;
	int fd;

	tree_write("root/a.ko", "as it was");
	old = identity_of(fs, seen);
	assert_true(is_same(old, identity_of(fs, seen)));

	/* Another of the same size and time in its place, as cp -p does it. */
	assert_int_equal(fstatat(tree_fd, "root/a.ko", &st, 0), 0);
	tree_write("root/b.ko", "as it is!");
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(tree_fd, "root/b.ko", times, 0), 0);
	assert_int_equal(renameat(tree_fd, "root/b.ko", tree_fd, "root/a.ko"), 0);
	assert_false(is_same(old, identity_of(fs, seen)));

	/* Longer, and then other bytes of the same length with the old time put back. */
	old = identity_of(fs, seen);
	fd = openat(tree_fd, "root/a.ko", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "longer", 6), 6);
	assert_false(is_same(old, identity_of(fs, seen)));
	old = identity_of(fs, seen);
	assert_int_equal(fstat(fd, &st), 0);
	/* Until the clock of the file system has gone on. */
	for (int i = 0; i < 1000000; i++) {
		assert_int_equal(pwrite(fd, "A", 1, 0), 1);
		times[0] = st.st_atim;
		times[1] = st.st_mtim;
		assert_int_equal(futimens(fd, times), 0);
		if (!is_same(old, identity_of(fs, seen)))
			break;
	}
	assert_false(is_same(old, identity_of(fs, seen)));
	assert_int_equal(identity_of(fs, seen).modified, old.modified);
	close(fd);

	/* And without any change it stays. */
	old = identity_of(fs, seen);
	assert_true(is_same(old, identity_of(fs, seen)));
}

static void hostfs_identity_read_sees_what_was_replaced_or_written_to(void **state)
{
	static const int errors[] = { 0, ENOSYS };
	char path[2 * PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct hostfs *fs = tree_hostfs(), *all = everything();

		openat2_error = errors[i];
		check_changes(fs, "a.ko");
		snprintf(path, sizeof(path), "%s/root/a.ko", tree_path);
		check_changes(all, path);
		hostfs_free(all);
		hostfs_free(fs);
	}
}

static void hostfs_identity_read_stays_inside_of_the_root(void **state)
{
	struct hostfs *fs = tree_hostfs();
	char inside[2 * PATH_MAX + 8], target[2 * PATH_MAX];
	struct hostfs_identity identity;

	(void)state;
	tree_write("outside", "secret\n");
	tree_write("root/lib/a.ko", "a\n");
	snprintf(target, sizeof(target), "%s/outside", tree_path);
	tree_link(target, "root/absolute.ko");
	tree_link("../outside", "root/above.ko");
	tree_link("/lib/a.ko", "root/weak.ko");
	tree_link("loop.ko", "root/loop.ko");
	identity = identity_of(fs, "lib/a.ko");
	assert_true(is_same(identity, identity_of(fs, "weak.ko")));
	assert_true(is_same(identity, identity_of(fs, "/lib/../lib/a.ko")));
	assert_true(is_same(identity, identity_of(fs, "../lib/a.ko")));
	check_identity_error(fs, "absolute.ko", -ENOENT);
	check_identity_error(fs, "above.ko", -ENOENT);
	check_identity_error(fs, "../outside", -ENOENT);
	check_identity_error(fs, "/etc/passwd", -ENOENT);
	check_identity_error(fs, "loop.ko", -ELOOP);
	check_identity_error(fs, "lib/a.ko/below", -ENOTDIR);
	check_identity_error(fs, "", -ENOENT);
	/* What the absolute link means, now made inside of the root. */
	snprintf(inside, sizeof(inside), "root%s", target);
	tree_write(inside, "harmless\n");
	assert_int_equal(identity_of(fs, "absolute.ko").size, strlen("harmless\n"));

	/* Links are not followed without openat2(). */
	openat2_error = ENOSYS;
	assert_true(is_same(identity, identity_of(fs, "/lib/a.ko")));
	check_identity_error(fs, "weak.ko", -ELOOP);
	check_identity_error(fs, "absolute.ko", -ELOOP);
	check_identity_error(fs, "../lib/a.ko", -EXDEV);
	hostfs_free(fs);
}

static void hostfs_identity_read_follows_links_where_nothing_is_outside(void **state)
{
	static const int errors[] = { 0, ENOSYS };
	char path[2 * PATH_MAX], target[2 * PATH_MAX];

	(void)state;
	tree_write("root/a.ko", "a\n");
	snprintf(target, sizeof(target), "%s/root/a.ko", tree_path);
	tree_link(target, "root/absolute.ko");
	tree_link("a.ko", "root/relative.ko");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct hostfs *fs = everything();
		struct hostfs_identity identity;

		openat2_error = errors[i];
		identity = identity_of(fs, target);
		assert_true(is_same(identity, identity_of(fs, target + 1)));
		snprintf(path, sizeof(path), "%s/root/absolute.ko", tree_path);
		assert_true(is_same(identity, identity_of(fs, path)));
		snprintf(path, sizeof(path), "%s/root/relative.ko", tree_path);
		assert_true(is_same(identity, identity_of(fs, path)));
		snprintf(path, sizeof(path), "%s/root/missing.ko", tree_path);
		check_identity_error(fs, path, -ENOENT);
		hostfs_free(fs);
	}
}

static void hostfs_identity_read_waits_for_nothing(void **state)
{
	struct hostfs *fs = tree_hostfs(), *all = everything();
	char path[2 * PATH_MAX];
	size_t before, after;

	(void)state;
	tree_fifo("root/fifo.ko");
	tree_folder("root/folder.ko");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_ROOTFS), 0);
	assert_int_equal(hostfs_root_check(all, HOSTFS_ROOTFS), 0);
	before = tree_count_descriptors();
	alarm(60);
	assert_false(is_same(identity_of(fs, "fifo.ko"), identity_of(fs, "folder.ko")));
	snprintf(path, sizeof(path), "%s/root/fifo.ko", tree_path);
	assert_true(is_same(identity_of(fs, "fifo.ko"), identity_of(all, path)));
	alarm(0);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	hostfs_free(all);
	hostfs_free(fs);
}

static void hostfs_identity_read_tries_a_missing_root_again(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_delete("root");
	check_identity_error(fs, "a.ko", -ENOENT);
	check_open_error(fs, "a.ko", -ENOENT);
	tree_write("root/a.ko", "a\n");
	assert_int_equal(identity_of(fs, "a.ko").size, 2);
	check_open(fs, "a.ko", "a\n");
	hostfs_free(fs);
}

static void hostfs_identity_read_fails_after_the_deadline(void **state)
{
	struct hostfs *fs = tree_hostfs(), *all = everything();
	char path[2 * PATH_MAX];

	(void)state;
	tree_write("root/a.ko", "a\n");
	snprintf(path, sizeof(path), "%s/root/a.ko", tree_path);
	identity_of(fs, "a.ko");
	identity_of(all, path);
	hostfs_begin(fs, 0);
	hostfs_begin(all, 0);
	check_identity_error(fs, "a.ko", -ETIME);
	check_identity_error(all, path, -ETIME);
	hostfs_free(all);
	hostfs_free(fs);
}

/* ---- files that the user names ---- */

static void hostfs_given_open_opens_regular_files_anywhere(void **state)
{
	static const struct {
		const char *path;
		int error;
	} bad[] = {
		{ "root/missing.ko", -ENOENT }, { "root/fifo.ko", -EINVAL },
		{ "root/folder.ko", -EISDIR },  { "root/loop.ko", -ELOOP },
		{ "root/a.ko/x", -ENOTDIR },    { "", -ENOENT },
		{ "/dev/null", -EINVAL },       { ".", -EISDIR },
	};
	char path[2 * PATH_MAX];
	_cleanup_(close_descriptor) int cwd = open(".", O_PATH | O_CLOEXEC);
	size_t before, after;
	int fd;

	(void)state;
	tree_write("root/a.ko", "a\n");
	snprintf(path, sizeof(path), "%s/root/a.ko", tree_path);
	tree_link(path, "link.ko");
	tree_fifo("root/fifo.ko");
	tree_folder("root/folder.ko");
	tree_link("loop.ko", "root/loop.ko");
	assert_int_equal(hostfs_given_open(path, &fd), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	before = tree_count_descriptors();
	assert_int_equal(fchdir(tree_fd), 0);
	assert_int_equal(hostfs_given_open("root/a.ko", &fd), 0);
	close(fd);
	assert_int_equal(hostfs_given_open("./root/../link.ko", &fd), 0);
	close(fd);
	alarm(60);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fd = 77;
		assert_int_equal(hostfs_given_open(bad[i].path, &fd), bad[i].error);
		assert_int_equal(fd, 77);
	}
	alarm(0);
	assert_int_equal(fchdir(cwd), 0);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

static void hostfs_given_stream_open_opens_all_that_can_be_read_through(void **state)
{
	char path[PATH_MAX + 16], bytes[8] = "";
	int fd = -1, writer;

	(void)state;
	tree_write("log", "abc");
	snprintf(path, sizeof(path), "%s/log", tree_path);
	assert_int_equal(hostfs_given_stream_open(path, &fd), 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);

	/* A pipe, for whose writer one waits. */
	tree_fifo("pipe");
	snprintf(path, sizeof(path), "%s/pipe", tree_path);
	writer = open(path, O_RDWR | O_CLOEXEC);
	assert_true(writer >= 0);
	assert_int_equal(write(writer, "xyz", 3), 3);
	assert_int_equal(hostfs_given_stream_open(path, &fd), 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "xyz", 3);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
	close(writer);
	assert_int_equal(hostfs_given_stream_open("/dev/null", &fd), 0);
	close(fd);
}

static void hostfs_given_stream_open_opens_no_folder_and_nothing_that_is_not_there(
	void **state)
{
	size_t count = tree_count_descriptors();
	char path[PATH_MAX + 16];
	int fd = -7;

	(void)state;
	assert_int_equal(hostfs_given_stream_open(tree_path, &fd), -EISDIR);
	snprintf(path, sizeof(path), "%s/missing", tree_path);
	assert_int_equal(hostfs_given_stream_open(path, &fd), -ENOENT);
	assert_int_equal(hostfs_given_stream_open("", &fd), -ENOENT);
	assert_int_equal(fd, -7);
	assert_int_equal(tree_count_descriptors(), count);
}

static void hostfs_given_read_appends_up_to_the_bound(void **state)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	char path[2 * PATH_MAX];

	(void)state;
	tree_write_filled("file", 'x', 100000);
	tree_fifo("fifo");
	snprintf(path, sizeof(path), "%s/file", tree_path);
	text_add_string(&bytes, "before");
	assert_int_equal(hostfs_given_read(path, 99999, &bytes), -EFBIG);
	check_unchanged(&bytes, "before");
	assert_int_equal(hostfs_given_read(path, 100000, &bytes), 0);
	assert_int_equal(bytes.length, 100006);
	text_reset(&bytes);
	text_add_string(&bytes, "before");
	fail_pread(EIO, 1, 1);
	assert_int_equal(hostfs_given_read(path, 100000, &bytes), -EIO);
	check_unchanged(&bytes, "before");
	assert_int_equal(hostfs_given_read(tree_path, 100, &bytes), -EISDIR);
	snprintf(path, sizeof(path), "%s/missing", tree_path);
	assert_int_equal(hostfs_given_read(path, 100, &bytes), -ENOENT);
	alarm(60);
	snprintf(path, sizeof(path), "%s/fifo", tree_path);
	assert_int_equal(hostfs_given_read(path, 100, &bytes), -EINVAL);
	alarm(0);
	check_unchanged(&bytes, "before");
}

static void hostfs_given_names_read_gives_the_names_in_a_folder(void **state)
{
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	char path[2 * PATH_MAX];
	size_t before = tree_count_descriptors(), after;

	(void)state;
	tree_write("given/one", "");
	tree_fifo("fifo");
	snprintf(path, sizeof(path), "%s/given", tree_path);
	assert_int_equal(hostfs_given_names_read(path, &names), 0);
	assert_int_equal(names.length, sizeof("one"));
	assert_string_equal(text_string(&names), "one");
	snprintf(path, sizeof(path), "%s/given/one", tree_path);
	assert_int_equal(hostfs_given_names_read(path, &names), -ENOTDIR);
	alarm(60);
	snprintf(path, sizeof(path), "%s/fifo", tree_path);
	assert_int_equal(hostfs_given_names_read(path, &names), -ENOTDIR);
	alarm(0);
	snprintf(path, sizeof(path), "%s/missing", tree_path);
	assert_int_equal(hostfs_given_names_read(path, &names), -ENOENT);
	assert_int_equal(names.length, sizeof("one"));
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

/* ---- no memory ---- */

static void hostfs_new_without_memory_says_so(void **state)
{
	const char *const paths[HOSTFS_ROOT_COUNT] = { "/", "/", "/", "/" };
	struct hostfs *fs = NULL;

	(void)state;
	memory_fails = true;
	memory_fails_at = 0;
	assert_int_equal(hostfs_new(paths, &fs), -ENOMEM);
	assert_null(fs);
}

/* What the N-th allocation that fails does to one kind of read. */
static void check_memory(int error)
{
	size_t failures = 0;

	tree_write("proc/deep/er/value", "value\n");
	tree_write_filled("proc/deep/er/records", 'x', 100000);
	tree_folder("proc/deep/er/folder");
	openat2_error = error;
	for (size_t i = 0; i < 40; i++) {
		struct hostfs *fs = tree_hostfs();
		_cleanup_(text_clear) struct text value = TEXT_INIT;
		_cleanup_(text_clear) struct text records = TEXT_INIT;
		_cleanup_(text_clear) struct text names = TEXT_INIT;
		struct hostfs_stat stat;
		size_t before = tree_count_descriptors(), after, failed = 0;

		text_add_string(&value, "before");
		text_add_string(&records, "before");
		text_add_string(&names, "before");
		memory_fails = true;
		memory_fails_at = i;
		if (hostfs_value_read(fs, HOSTFS_PROCFS, "deep/er/value", &value) == 0) {
			assert_string_equal(text_string(&value), "beforevalue\n");
		} else {
			failed++;
			check_unchanged(&value, "before");
		}
		if (hostfs_records_read(fs, HOSTFS_PROCFS, "deep/er/records", 1 << 20,
		                        &records) == 0) {
			assert_int_equal(records.length, 100006);
		} else {
			failed++;
			check_unchanged(&records, "before");
		}
		if (hostfs_names_read(fs, HOSTFS_PROCFS, "deep/er", &names) == 0)
			assert_int_equal(names.length, 6 + sizeof("value") +
			                                       sizeof("records") +
			                                       sizeof("folder"));
		else
			failed++;
		failed += hostfs_stat_read(fs, HOSTFS_PROCFS, "deep/er", &stat) < 0;
		failed +=
			hostfs_folder_stat_read(fs, HOSTFS_PROCFS, "deep/er", &stat) < 0;
		assert_in_range(failed, 0, 1);
		failures += failed;
		memory_fails = false;

		/* Later reads know nothing of it. */
		check_value(fs, "deep/er/value", "value\n");
		hostfs_free(fs);
		after = tree_count_descriptors();
		assert_int_equal(after, before);
	}
	assert_true(failures > 0);
}

static void hostfs_reads_survive_every_failed_allocation(void **state)
{
	(void)state;
	check_memory(0);
}

static void hostfs_walks_survive_every_failed_allocation(void **state)
{
	(void)state;
	check_memory(ENOSYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(hostfs_value_read_appends_the_value),
		TEST(hostfs_value_read_of_an_empty_file_makes_an_empty_string),
		TEST(hostfs_value_read_takes_any_bytes),
		TEST(hostfs_value_read_takes_the_most_a_value_may_hold),
		TEST(hostfs_value_read_above_the_most_leaves_the_value_unchanged),
		TEST(hostfs_value_read_above_the_most_leaves_an_empty_value_empty),
		TEST(hostfs_records_read_takes_many_reads),
		TEST(hostfs_records_read_above_the_most_is_cut_off_again),
		TEST(hostfs_records_read_that_fails_midway_is_cut_off_again),
		TEST(hostfs_reads_go_on_after_a_signal),
		TEST(hostfs_errors_are_the_kernels),
		TEST(hostfs_opens_only_regular_files_and_folders),
		TEST(hostfs_opens_only_regular_files_and_folders_without_openat2),
		TEST(hostfs_refuses_devices),
		TEST(hostfs_reads_nothing_outside_of_a_root),
		TEST(hostfs_resolves_absolute_links_inside_the_root),
		TEST(hostfs_follows_no_magic_link),
		TEST(an_attribute_that_the_kernel_does_not_have_is_looked_for_once),
		TEST(an_attribute_of_any_other_tree_may_come),
		TEST(hostfs_walks_where_the_kernel_has_no_openat2),
		TEST(hostfs_walks_where_a_container_forbids_openat2),
		TEST(hostfs_follows_no_link_without_openat2),
		TEST(hostfs_stat_read_takes_no_link_for_a_file_without_openat2),
		TEST(hostfs_walk_leaks_no_descriptor),
		TEST(hostfs_opens_a_file_once_for_many_passes),
		TEST(hostfs_sees_a_file_rewritten_in_place),
		TEST(hostfs_sees_a_replaced_file),
		TEST(hostfs_sees_a_deleted_and_recreated_file),
		TEST(hostfs_sees_a_file_that_became_something_else),
		TEST(hostfs_sees_the_folders_in_a_kept_folder_come_and_go),
		TEST(hostfs_sees_a_replaced_folder),
		TEST(hostfs_opens_anew_what_no_longer_answers),
		TEST(hostfs_closes_what_a_pass_no_longer_reads),
		TEST(hostfs_does_not_keep_what_it_only_looks_at),
		TEST(hostfs_descriptors_do_not_grow_over_passes),
		TEST(hostfs_free_closes_all),
		TEST(hostfs_descriptors_are_closed_on_exec),
		TEST(hostfs_never_takes_one_kept_file_for_another),
		TEST(hostfs_keeps_a_bounded_number_of_descriptors),
		TEST(hostfs_leaves_three_quarters_of_a_small_limit_to_others),
		TEST(hostfs_works_with_the_smallest_limits),
		TEST(hostfs_reads_what_it_keeps_when_descriptors_run_out),
		TEST(hostfs_tries_a_missing_root_again),
		TEST(hostfs_opens_a_root_anew_that_was_removed),
		TEST(hostfs_roots_are_apart),
		TEST(hostfs_never_takes_one_roots_file_for_anothers),
		TEST(hostfs_reads_nothing_after_the_deadline),
		TEST(hostfs_looks_at_no_kept_folder_after_the_deadline),
		TEST(hostfs_has_no_deadline_at_first),
		TEST(hostfs_stat_read_tells_inode_links_and_size),
		TEST(hostfs_stat_read_leaves_its_result_alone_at_an_error),
		TEST(hostfs_names_read_appends_every_name),
		TEST(hostfs_names_read_of_an_empty_folder_appends_nothing),
		TEST(hostfs_names_read_that_fails_midway_is_cut_off_again),
		TEST(hostfs_open_opens_regular_files_inside_of_the_root),
		TEST(hostfs_open_follows_no_link_without_openat2),
		TEST(hostfs_open_follows_links_without_openat2_where_nothing_is_outside),
		TEST(hostfs_follows_files_and_fifos_inside_of_the_root),
		TEST(hostfs_follows_a_device),
		TEST(hostfs_goes_on_with_the_stream_of_another),
		TEST(hostfs_does_not_go_on_with_a_stream_that_hangs),
		TEST(hostfs_identity_is_equal_compares_all_of_it),
		TEST(hostfs_identity_read_is_that_of_the_file),
		TEST(hostfs_identity_read_sees_what_was_replaced_or_written_to),
		TEST(hostfs_identity_read_stays_inside_of_the_root),
		TEST(hostfs_identity_read_follows_links_where_nothing_is_outside),
		TEST(hostfs_identity_read_waits_for_nothing),
		TEST(hostfs_identity_read_tries_a_missing_root_again),
		TEST(hostfs_identity_read_fails_after_the_deadline),
		TEST(hostfs_given_open_opens_regular_files_anywhere),
		TEST(hostfs_given_stream_open_opens_all_that_can_be_read_through),
		TEST(hostfs_given_stream_open_opens_no_folder_and_nothing_that_is_not_there),
		TEST(hostfs_given_read_appends_up_to_the_bound),
		TEST(hostfs_given_names_read_gives_the_names_in_a_folder),
		TEST(hostfs_new_without_memory_says_so),
		TEST(hostfs_reads_survive_every_failed_allocation),
		TEST(hostfs_walks_survive_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
