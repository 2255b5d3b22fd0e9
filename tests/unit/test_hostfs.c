/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to the disk: that nothing outside of a root answers, whatever is asked,
 * that nothing waits, that bounds hold, and that what is kept shows what a path holds
 * now. Knows pread(), to play a module's attribute after the module is gone, and seccomp,
 * to play kernels without openat2().
 */
#include "sources/hostfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <seccomp.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/stalls.h"
#include "tree.h"

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);

static int gone; /* how many reads find that the attribute's module is gone */

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	if (gone == 0)
		return __real_pread(fd, bytes, size, offset);
	gone--;
	errno = ENODEV;
	return -1;
}

/* What can be asked of a path. */
enum kind {
	VALUE,
	ATTRIBUTE,
	RECORDS,
	STAT,
	FOLDER,
	NAMES,
	IDENTITY,
	OPEN,
	STREAM,
	KIND_COUNT,
};

static uint64_t inode; /* of what STAT, FOLDER and IDENTITY found */

#define RECORDS_MAX (1 << 20)

static int ask_stat(struct hostfs *fs, enum kind kind, enum hostfs_root root,
                    const char *path)
{
	struct hostfs_stat stat = { .inode = 1, .links = 2, .size = 3 };
	int r = kind == STAT ? hostfs_stat_read(fs, root, path, &stat)
	                     : hostfs_folder_stat_read(fs, root, path, &stat);

	if (r < 0)
		assert_true(stat.inode == 1 && stat.links == 2 && stat.size == 3);
	inode = stat.inode;
	return r;
}

static int ask_identity(struct hostfs *fs, enum hostfs_root root, const char *path)
{
	struct hostfs_identity identity = { 1, 2, 3, 4, 5 };
	int r = hostfs_identity_read(fs, root, path, &identity);

	inode = identity.inode;
	return r;
}

static int ask_open(struct hostfs *fs, enum kind kind, enum hostfs_root root,
                    const char *path, struct text *found)
{
	struct hostfs_stream stream = { .root = root, .path = path, .fd = 77 };
	int r = kind == OPEN ? hostfs_open(fs, root, path, &stream.fd)
	                     : hostfs_stream_open(fs, root, path, &stream);
	char bytes[64];
	size_t length;

	if (r < 0) {
		assert_int_equal(stream.fd, 77);
		return r;
	}
	r = hostfs_stream_read(fs, &stream, bytes, sizeof(bytes), &length);
	if (r == 0)
		text_add(found, bytes, length);
	close(stream.fd);
	return r;
}

/* Appends the bytes of a file, or the names in a folder, to FOUND. */
static int ask(struct hostfs *fs, enum kind kind, enum hostfs_root root, const char *path,
               struct text *found)
{
	switch (kind) {
	case VALUE:
		return hostfs_value_read(fs, root, path, found);
	case ATTRIBUTE:
		return hostfs_attribute_read(fs, root, path, found);
	case RECORDS:
		return hostfs_records_read(fs, root, path, RECORDS_MAX, found);
	case NAMES:
		return hostfs_names_read(fs, root, path, found);
	case IDENTITY:
		return ask_identity(fs, root, path);
	case OPEN:
	case STREAM:
		return ask_open(fs, kind, root, path, found);
	default:
		return ask_stat(fs, kind, root, path);
	}
}

/* What is asked answers so; at an error there is nothing new. */
static void check(struct hostfs *fs, enum kind kind, const char *path, int error,
                  const char *expected)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;
	int r;

	text_add_string(&found, "before ");
	alarm(60); /* nothing waits */
	r = ask(fs, kind, HOSTFS_PROCFS, path, &found);
	alarm(0);
	if (r != error)
		fail_msg("kind %d of %s: %d, not %d", kind, path, r, error);
	if (strncmp(text_string(&found), "before ", 7) != 0 ||
	    (expected && strcmp(text_string(&found) + 7, expected) != 0) ||
	    (r < 0 && found.length != 7))
		fail_msg("kind %d of %s: %s", kind, path, text_string(&found));
}

static void check_value(struct hostfs *fs, const char *path, const char *expected)
{
	check(fs, VALUE, path, 0, expected);
}

/* The roots are all PATH. */
static struct hostfs *hostfs_of(const char *path)
{
	const char *const paths[HOSTFS_ROOT_COUNT] = { path, path, path, path };
	struct hostfs *fs = NULL;

	assert_int_equal(hostfs_new(paths, &fs), 0);
	return fs;
}

static int setup(void **state)
{
	gone = 0;
	return tree_setup(state);
}

/* ---- bounds ---- */

static void hostfs_reads_up_to_the_bound_and_no_more(void **state)
{
	/* clang-format off */
	static const struct {
		size_t size;
		enum kind kind;
		int error;
	} rows[] = {
		{ 0, VALUE, 0 }, { 1, VALUE, 0 }, { HOSTFS_VALUE_MAX, VALUE, 0 },
		{ HOSTFS_VALUE_MAX + 1, VALUE, -EFBIG }, { RECORDS_MAX, VALUE, -EFBIG },
		{ HOSTFS_VALUE_MAX + 1, ATTRIBUTE, -EFBIG }, { 0, RECORDS, 0 },
		{ 16383, RECORDS, 0 }, { 16384, RECORDS, 0 }, { 16385, RECORDS, 0 },
		{ RECORDS_MAX, RECORDS, 0 }, { RECORDS_MAX + 1, RECORDS, -EFBIG },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hostfs *fs = tree_hostfs();

		tree_write_filled("proc/file", 'x', rows[i].size);
		/* The second time from what is kept, onto what is there already. */
		for (int again = 0; again < 2; again++) {
			_cleanup_(text_clear) struct text found = TEXT_INIT;
			int r;

			text_add_string(&found, again ? "before" : "");
			r = ask(fs, rows[i].kind, HOSTFS_PROCFS, "file", &found);
			if (r != rows[i].error ||
			    found.length !=
			            (r < 0 ? 0 : rows[i].size) + (again ? 6 : 0) ||
			    strlen(text_string(&found)) != found.length)
				fail_msg("row %zu: %d, %zu bytes", i, r, found.length);
		}
		hostfs_free(fs);
	}
}

/* ---- kinds of files ---- */

static void make_kinds(void)
{
	tree_fifo("proc/fifo");
	tree_folder("proc/folder");
	tree_write("proc/file", "bytes\n");
	assert_int_equal(mknodat(tree_fd, "proc/socket", S_IFSOCK | 0644, 0), 0);
}

static void check_kinds(struct hostfs *fs)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int errors[KIND_COUNT]; /* in the order of the kinds */
	} rows[] = {
		{ "file", { 0, 0, 0, 0, -ENOTDIR, -ENOTDIR, 0, 0, 0 } },
		{ "folder", { -EISDIR, -EISDIR, -EISDIR, 0, 0, 0, 0, -EISDIR, -EISDIR } },
		{ "fifo",
		  { -EINVAL, -EINVAL, -EINVAL, 0, -ENOTDIR, -ENOTDIR, 0, -EINVAL, 0 } },
		{ "socket",
		  { -ENXIO, -ENXIO, -ENXIO, 0, -ENOTDIR, -ENOTDIR, 0, -ENXIO, -ENXIO } },
	};
	/* clang-format on */
	size_t before;

	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
	hostfs_begin(fs, UINT64_MAX);
	hostfs_begin(fs, UINT64_MAX);
	before = tree_count_descriptors();
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			check(fs, kind, rows[i].path, rows[i].errors[kind], NULL);
		check(fs, kind, "missing", -ENOENT, NULL);
		check(fs, kind, "missing/below", -ENOENT, NULL);
		check(fs, kind, "file/below", -ENOTDIR, NULL);
		/* Nothing is left, nor kept that was asked for otherwise. */
		hostfs_begin(fs, UINT64_MAX);
		hostfs_begin(fs, UINT64_MAX);
		assert_int_equal(tree_count_descriptors(), before);
	}
}

static void hostfs_opens_only_what_it_was_asked_for(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_kinds();
	check_kinds(fs);
	tree_folder("proc/dots/...");
	check(fs, NAMES, "dots", 0, "...");
	hostfs_free(fs);
	fs = hostfs_of("/dev");
	check(fs, VALUE, "zero", -EINVAL, NULL);
	check(fs, OPEN, "zero", -EINVAL, NULL);
	check(fs, STREAM, "null", 0, "");
	hostfs_free(fs);
}

/* ---- no way out of the root ---- */

/* The links stand in proc; "outside" holds what must never be read. */
static void make_links(void)
{
	/* clang-format off */
	static const struct {
		const char *target, *path;
	} links[] = {
		{ "../outside/secret", "proc/above" },
		{ "../../../../../../../../../../../../etc/passwd", "proc/far_above" },
		{ "inside/../../outside/secret", "proc/around" }, { "..", "proc/parent" },
		{ "/", "proc/slash" }, { "/proc/self/root", "proc/magic" },
		{ "absolute", "proc/link_to_link" }, { "loop_b", "proc/loop_a" },
		{ "loop_a", "proc/loop_b" }, { "loop_c", "proc/loop_c" },
		{ "nowhere", "proc/dangling" }, { "/inside/value", "proc/to_inside" },
		{ "/inside", "proc/to_folder" },
		{ "/../../inside/../inside/value", "proc/to_inside_by_parents" },
		{ "inside/value", "proc/relative" },
	};
	/* clang-format on */
	char target[PATH_MAX + 16];

	tree_write("outside/secret", "secret\n");
	tree_write("proc/inside/value", "inside\n");
	assert_true(snprintf(target, sizeof(target), "%s/outside/secret", tree_path) <
	            (int)sizeof(target));
	tree_link(target, "proc/absolute");
	target[strlen(target) - strlen("/secret")] = '\0';
	tree_link(target, "proc/absolute_folder");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		tree_link(links[i].target, links[i].path);
}

/* Nothing on the ways out answers, whatever is asked; folders may be the root's own. */
static void check_escapes(struct hostfs *fs)
{
	/* clang-format off */
	static const char *const escapes[] = {
		"absolute", "absolute_folder/secret", "above", "far_above", "around",
		"parent/outside/secret", "link_to_link", "../outside/secret",
		"../../../../../../../../../../etc/passwd", "inside/../../outside/secret",
		"slash/../outside/secret", "slash/etc/passwd", "magic/etc/passwd",
		"loop_a", "loop_c", "loop_a/below", "dangling", "/etc/passwd",
		"../outside", "parent/outside",
	};
	/* clang-format on */
	_cleanup_(text_clear) struct text found = TEXT_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			int r = ask(fs, kind, HOSTFS_PROCFS, escapes[i], &found);

			if (r >= 0 || found.length)
				fail_msg("kind %d of %s: %d", kind, escapes[i], r);
		}
}

static void hostfs_reads_nothing_outside_of_a_root(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	make_links();
	check_escapes(fs);
	hostfs_begin(fs, UINT64_MAX);
	check_escapes(fs);
	check(fs, VALUE, "loop_a", -ELOOP, NULL);
	check(fs, VALUE, "absolute", -ENOENT, NULL);
	hostfs_free(fs);
}

static void hostfs_resolves_absolute_links_inside_the_root(void **state)
{
	static const char *const paths[] = {
		"to_inside", "to_folder/value", "to_inside_by_parents",
		"relative",  "/inside/value",   "../inside/value"
	};
	struct hostfs *fs = tree_hostfs();
	char inside[2 * PATH_MAX];
	uint64_t found;

	(void)state;
	make_links();
	check(fs, STAT, "inside/value", 0, NULL);
	found = inode;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		check_value(fs, paths[i], "inside\n");
		check(fs, OPEN, paths[i], 0, "inside\n");
		check(fs, STREAM, paths[i], 0, "inside\n");
		check(fs, IDENTITY, paths[i], 0, NULL);
		assert_true(inode == found);
	}
	/* The host's path, now made inside the root, is what the absolute link means. */
	assert_true(snprintf(inside, sizeof(inside), "proc%s/outside/secret", tree_path) <
	            (int)sizeof(inside));
	tree_write(inside, "harmless\n");
	check_value(fs, "absolute", "harmless\n");
	check_value(fs, "link_to_link", "harmless\n");
	hostfs_free(fs);
}

static void hostfs_follows_no_magic_link(void **state)
{
	static const char *const links[] = { "self/exe", "self/root/etc/passwd",
		                             "self/cwd/Makefile", "self/fd/0" };
	struct hostfs *fs = hostfs_of("/proc");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		check(fs, RECORDS, links[i], -ELOOP, NULL);
		check(fs, OPEN, links[i], -ELOOP, NULL);
	}
	check_value(fs, "self/statm", NULL);
	hostfs_free(fs);
}

/* ---- kept descriptors ---- */

static void hostfs_sees_a_file_that_became_something_else(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/value", "file\n");
	check_value(fs, "value", "file\n");
	tree_write("proc/value", "");
	check_value(fs, "value", "");
	tree_replace("proc/value", "another file\n");
	check_value(fs, "value", "another file\n");
	tree_delete("proc/value");
	check(fs, VALUE, "value", -ENOENT, NULL);
	tree_folder("proc/value");
	check(fs, VALUE, "value", -EISDIR, NULL);
	tree_delete("proc/value");
	tree_fifo("proc/value");
	check(fs, VALUE, "value", -EINVAL, NULL);
	tree_delete("proc/value");
	tree_write("outside", "secret\n");
	tree_link("../outside", "proc/value");
	check(fs, VALUE, "value", -ENOENT, NULL);
	tree_delete("proc/value");
	tree_write("proc/value", "file again\n");
	check_value(fs, "value", "file again\n");
	hostfs_free(fs);
}

static void hostfs_sees_a_kept_folder_change(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct hostfs_stat stat;
	struct stat st;

	(void)state;
	for (uint64_t links = 2; links < 5; links++) {
		static const char *const folders[] = { "sys/module", "sys/module/a",
			                               "sys/module/b" };

		tree_folder(folders[links - 2]);
		tree_write("sys/module/file", "");
		assert_int_equal(
			hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
		assert_int_equal(stat.links, links);
	}
	assert_int_equal(fstatat(tree_fd, "sys/module", &st, 0), 0);
	assert_true(stat.inode == st.st_ino && stat.size == (uint64_t)st.st_size);
	assert_int_equal(renameat(tree_fd, "sys/module", tree_fd, "sys/old"), 0);
	tree_delete("sys/old/a");
	tree_delete("sys/old/b");
	tree_delete("sys/old/file");
	tree_delete("sys/old");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat),
	                 -ENOENT);
	tree_folder("sys/module");
	assert_int_equal(hostfs_folder_stat_read(fs, HOSTFS_SYSFS, "module", &stat), 0);
	assert_int_equal(stat.links, 2);
	hostfs_free(fs);
}

static void hostfs_opens_anew_what_no_longer_answers(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t before;

	(void)state;
	tree_write("proc/value", "module's\n");
	check_value(fs, "value", NULL);
	before = tree_count_descriptors();
	/* A module was removed and loaded again, or only removed. */
	gone = 1;
	check_value(fs, "value", "module's\n");
	gone = 2;
	check(fs, VALUE, "value", -ENODEV, NULL);
	assert_int_equal(gone, 0);
	check_value(fs, "value", "module's\n");
	assert_int_equal(tree_count_descriptors(), before);
	hostfs_free(fs);
}

static void a_missing_attribute_of_the_kernel_is_remembered(void **state)
{
	struct hostfs *fs = hostfs_of("/proc/self");
	int fd;

	(void)state;
	/* A file of procfs that comes all the same. */
	check(fs, ATTRIBUTE, "fdinfo/77", -ENOENT, NULL);
	fd = dup2(0, 77);
	assert_int_equal(fd, 77);
	for (int pass = 0; pass < 3; pass++) {
		hostfs_begin(fs, UINT64_MAX);
		check(fs, ATTRIBUTE, "fdinfo/77", -ENOENT, NULL);
	}
	/* A pass that did not ask forgets it. */
	hostfs_begin(fs, UINT64_MAX);
	hostfs_begin(fs, UINT64_MAX);
	check(fs, ATTRIBUTE, "fdinfo/77", 0, NULL);
	close(fd);
	hostfs_free(fs);
	/* One of any other tree may come. */
	fs = tree_hostfs();
	check(fs, ATTRIBUTE, "count", -ENOENT, NULL);
	tree_write("proc/count", "1\n");
	check(fs, ATTRIBUTE, "count", 0, "1\n");
	hostfs_free(fs);
}

static void hostfs_closes_what_a_pass_no_longer_reads(void **state)
{
	size_t before = tree_count_descriptors(), none;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/a", "a\n");
	tree_write("proc/b", "b\n");
	tree_folder("proc/folder");
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
	none = tree_count_descriptors();
	/* What is only looked at is not kept. */
	check(fs, STAT, "a", 0, NULL);
	check(fs, NAMES, "folder", 0, NULL);
	check(fs, IDENTITY, "a", 0, NULL);
	assert_int_equal(tree_count_descriptors(), none);
	hostfs_begin(fs, UINT64_MAX);
	check_value(fs, "a", "a\n");
	check_value(fs, "b", "b\n");
	check(fs, FOLDER, "folder", 0, NULL);
	assert_int_equal(tree_count_descriptors(), none + 3);
	hostfs_begin(fs, UINT64_MAX); /* all were read before */
	check_value(fs, "a", "a\n");
	assert_int_equal(tree_count_descriptors(), none + 3);
	hostfs_begin(fs, UINT64_MAX); /* only a was */
	assert_int_equal(tree_count_descriptors(), none + 1);
	hostfs_begin(fs, UINT64_MAX); /* nothing was */
	assert_int_equal(tree_count_descriptors(), none);
	check_value(fs, "a", "a\n");
	assert_null(hostfs_free(fs));
	assert_int_equal(tree_count_descriptors(), before);
	assert_null(hostfs_free(NULL));
}

static void hostfs_never_takes_one_kept_file_for_another(void **state)
{
	static const char *const roots[] = { "proc", "sys", "root" };
	struct hostfs *fs = tree_hostfs();
	size_t before = tree_count_descriptors();
	char path[64];

	(void)state;
	/* Each holds its own path: more than are kept, and then a few at a time. */
	for (int i = 0; i < 2800; i++) {
		if (i == 700)
			assert_in_range(tree_count_descriptors() - before, 100, 256);
		if (i >= 700 && i % 2 == 0)
			hostfs_begin(fs, UINT64_MAX);
		for (size_t root = 0; root < ARRAY_SIZE(roots); root++) {
			_cleanup_(text_clear) struct text value = TEXT_INIT;

			snprintf(path, sizeof(path), "%s/%d", roots[root], i % 700);
			if (i < 700)
				tree_write(path, path);
			assert_int_equal(hostfs_value_read(fs, (enum hostfs_root)root,
			                                   strchr(path, '/') + 1, &value),
			                 0);
			assert_string_equal(text_string(&value), path);
		}
	}
	hostfs_free(fs);
}

static void hostfs_keeps_a_quarter_of_the_descriptors(void **state)
{
	struct rlimit old;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (rlim_t limit = 0; limit < 80; limit += limit < 12 ? 1 : 17) {
		const struct rlimit small = { limit, old.rlim_max };
		struct hostfs *fs;
		size_t before;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
		fs = tree_hostfs();
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
		before = tree_count_descriptors();
		for (int i = 0; i < 40; i++) {
			char path[32];

			snprintf(path, sizeof(path), "proc/%d", i);
			tree_write(path, path);
			check_value(fs, path + strlen("proc/"), path);
		}
		assert_int_equal(tree_count_descriptors() - before, limit / 4);
		hostfs_free(fs);
	}
}

/* ---- roots, deadlines and what hangs ---- */

static void hostfs_opens_a_root_anew_that_was_removed(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (int pass = 0; pass < 3; pass++) {
		tree_delete("proc");
		hostfs_begin(fs, UINT64_MAX);
		assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), -ENOENT);
		for (enum kind kind = 0; kind < KIND_COUNT; kind++)
			check(fs, kind, "value", -ENOENT, NULL);
		tree_write("proc", "no folder\n");
		check(fs, VALUE, "value", -ENOTDIR, NULL);
		tree_delete("proc");
		tree_write("proc/value", "there\n");
		check_value(fs, "value", "there\n");
		assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), 0);
		tree_delete("proc/value");
	}
	hostfs_free(fs);
}

static void hostfs_reads_nothing_after_the_deadline(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write("proc/file", "1\n");
	tree_folder("proc/folder");
	check_value(fs, "file", "1\n");
	hostfs_begin(fs, clock_monotonic() + 600 * CLOCK_SECOND);
	check_value(fs, "file", "1\n");
	check(fs, FOLDER, "folder", 0, NULL);
	hostfs_begin(fs, 0);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		check(fs, kind, kind == FOLDER ? "folder" : "file", -ETIME, NULL);
	assert_int_equal(hostfs_root_check(fs, HOSTFS_PROCFS), -ETIME);
	hostfs_free(fs);
}

static void hostfs_touches_nothing_that_hangs(void **state)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;
	struct stall_place hanging = { 0 }, place = { 0 };
	struct hostfs *fs = tree_hostfs();
	struct stalls *stalls;

	(void)state;
	tree_write("proc/file", "1\n");
	assert_int_equal(stalls_new(&stalls), 0);
	hostfs_watch(fs, stalls, &place);
	check_value(fs, "file", "1\n");
	assert_int_equal(stalls_enter(stalls, &hanging, HOSTFS_PROCFS, "file"), 0);
	assert_true(stalls_declare(stalls, &hanging, hanging.steps, &name));
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		check(fs, kind, "file", -ETIMEDOUT, NULL);
	stalls_leave(stalls, &hanging);
	check_value(fs, "file", "1\n");
	assert_int_equal(stalls_steps(stalls, &place), 0);
	hostfs_free(fs);
	stall_place_clear(&hanging);
	stall_place_clear(&place);
	stalls_free(stalls);
}

/* ---- identities ---- */

static void identities_compare_all_that_they_have(void **state)
{
	static const struct hostfs_identity one = { 1, 2, 3, 4, 5 }, others[] = {
		{ 9, 2, 3, 4, 5 }, { 1, 9, 3, 4, 5 }, { 1, 2, 9, 4, 5 },
		{ 1, 2, 3, 9, 5 }, { 1, 2, 3, 4, 9 },
	};

	(void)state;
	assert_true(hostfs_identity_is_equal(&one, &one));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(hostfs_identity_is_equal(&one, &others[i]));
}

static void an_identity_is_that_of_the_file(void **state)
{
	static const struct timespec times[] = { { 1000000000, 123456789 }, { -5, 7 } };
	struct hostfs *fs = tree_hostfs();
	struct hostfs_identity identity;
	struct stat st;

	(void)state;
	tree_write("root/a.ko", "123456789");
	assert_int_equal(utimensat(tree_fd, "root/a.ko", times, 0), 0);
	assert_int_equal(hostfs_identity_read(fs, HOSTFS_ROOTFS, "a.ko", &identity), 0);
	assert_int_equal(fstatat(tree_fd, "root/a.ko", &st, 0), 0);
	assert_true(identity.device == st.st_dev && identity.inode == st.st_ino);
	assert_int_equal(identity.size, 9);
	assert_true(identity.modified == -5 * (int64_t)CLOCK_SECOND + 7);
	assert_true(identity.changed ==
	            st.st_ctim.tv_sec * (int64_t)CLOCK_SECOND + st.st_ctim.tv_nsec);
	hostfs_free(fs);
}

static void what_decode_is_given_is_no_folder_and_waits(void **state)
{
	char path[PATH_MAX + 16];
	int fd = 77;

	(void)state;
	assert_int_equal(hostfs_given_stream_open(tree_path, &fd), -EISDIR);
	assert_int_equal(fd, 77);
	tree_write("log", "");
	snprintf(path, sizeof(path), "%s/log", tree_path);
	assert_int_equal(hostfs_given_stream_open(path, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
}

/* ---- kernels without openat2(): these come last, for a filter stays ---- */

/* From now on, in place of what was said before. */
static void refuse_openat2(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	assert_non_null(filter);
	assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error),
	                                  SCMP_SYS(openat2), 0),
	                 0);
	r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		skip(); /* in an emulator */
}

static void check_walk(int error)
{
	/* Links are not followed, not even those that stay inside. */
	/* clang-format off */
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "file", 0 }, { "/file", 0 }, { "inside/value", 0 }, { "//file", 0 },
		{ "..", -EXDEV }, { "inside/../file", -EXDEV }, { "/../file", -EXDEV },
		{ "inside//value", -EXDEV }, { "", -EXDEV }, { "/", -EXDEV },
		{ "to_inside", -ELOOP }, { "relative", -ELOOP }, { "dangling", -ELOOP },
		{ "absolute", -ELOOP }, { "to_folder/value", -ENOTDIR },
	};
	/* clang-format on */
	static const enum kind kinds[] = { VALUE, RECORDS, STAT, IDENTITY, OPEN, STREAM };
	struct hostfs *fs = tree_hostfs();
	size_t before;

	make_kinds();
	make_links();
	refuse_openat2(error);
	check_value(fs, "inside/value", "inside\n");
	check(fs, NAMES, "inside", 0, NULL);
	check(fs, NAMES, "to_folder", -ENOTDIR, NULL);
	check(fs, FOLDER, "to_folder", -ENOTDIR, NULL);
	check_value(fs, "file", NULL);
	before = tree_count_descriptors();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			check(fs, kinds[k], rows[i].path, rows[i].error, NULL);
	check_escapes(fs);
	check_kinds(fs);
	hostfs_begin(fs, UINT64_MAX);
	hostfs_begin(fs, UINT64_MAX);
	assert_true(tree_count_descriptors() < before); /* nothing leaked */
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

/* With openat2() as without it. */
static void hostfs_follows_links_where_nothing_is_outside(void **state)
{
	static const char *const links[] = { "to_file", "relative", "folder/value" };
	char path[PATH_MAX + 32];

	(void)state;
	tree_write("root/inside/value", "inside\n");
	snprintf(path, sizeof(path), "%s/root/inside/value", tree_path);
	tree_link(path, "root/to_file");
	tree_link("inside/../inside/value", "root/relative");
	tree_link("inside", "root/folder");
	for (int walks = 0; walks < 2; walks++) {
		struct hostfs *fs = hostfs_of("/");
		uint64_t found;

		snprintf(path, sizeof(path), "%s/root/inside/value", tree_path);
		check(fs, IDENTITY, path, 0, NULL);
		found = inode;
		for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
			snprintf(path, sizeof(path), "%s/root/%s", tree_path, links[i]);
			check(fs, OPEN, path, 0, "inside\n");
			check(fs, OPEN, path + 1, 0, "inside\n");
			check(fs, IDENTITY, path, 0, NULL);
			assert_true(inode == found);
		}
		snprintf(path, sizeof(path), "%s/root", tree_path);
		check(fs, OPEN, path, -EISDIR, NULL);
		hostfs_free(fs);
		if (!walks)
			refuse_openat2(ENOSYS);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	/* clang-format off */
	static const struct CMUnitTest tests[] = {
		TEST(hostfs_reads_up_to_the_bound_and_no_more),
		TEST(hostfs_opens_only_what_it_was_asked_for),
		TEST(hostfs_reads_nothing_outside_of_a_root),
		TEST(hostfs_resolves_absolute_links_inside_the_root),
		TEST(hostfs_follows_no_magic_link),
		TEST(hostfs_sees_a_file_that_became_something_else),
		TEST(hostfs_sees_a_kept_folder_change),
		TEST(hostfs_opens_anew_what_no_longer_answers),
		TEST(a_missing_attribute_of_the_kernel_is_remembered),
		TEST(hostfs_closes_what_a_pass_no_longer_reads),
		TEST(hostfs_never_takes_one_kept_file_for_another),
		TEST(hostfs_keeps_a_quarter_of_the_descriptors),
		TEST(hostfs_opens_a_root_anew_that_was_removed),
		TEST(hostfs_reads_nothing_after_the_deadline),
		TEST(hostfs_touches_nothing_that_hangs),
		TEST(identities_compare_all_that_they_have),
		TEST(an_identity_is_that_of_the_file),
		TEST(what_decode_is_given_is_no_folder_and_waits),
		TEST(hostfs_follows_links_where_nothing_is_outside),
		TEST(hostfs_walks_where_the_kernel_has_no_openat2),
		TEST(hostfs_walks_where_a_container_forbids_openat2),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
