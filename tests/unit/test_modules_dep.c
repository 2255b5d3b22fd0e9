/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where modules are: that each name is found as depmod meant it, that nothing but a
 * record is taken for one, and that no release leads out of its folder. Knows the memory,
 * which it lets fail.
 */
#include "sources/modules_dep.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sources/hostfs.h"
#include "tree.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool memory_fails; /* allocation number memory_fails_at fails */
static size_t memory_fails_at;

static bool fails_memory(void)
{
	return memory_fails && memory_fails_at-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

static int setup(void **state)
{
	memory_fails = false;
	return tree_setup(state);
}

#define RELEASE "6.1.0-56-amd64"
#define FOLDER  "/lib/modules/" RELEASE "/"
#define FILE    "root" FOLDER "modules.dep"

/* What the tree's file says; for modules_dep_clear(). */
static struct modules_dep read_dep(void)
{
	struct modules_dep dep = { 0 };
	struct hostfs *fs = tree_hostfs();

	assert_int_equal(modules_dep_read(fs, RELEASE, &dep), 0);
	hostfs_free(fs);
	return dep;
}

static void check_found(const struct modules_dep *dep, const char *name,
                        const char *expected)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r;

	text_add_string(&path, "before:");
	r = modules_dep_find(dep, name, strlen(name), &path);
	if (r < 0 && expected)
		fail_msg("%s: %d", name, r);
	assert_int_equal(r, expected ? 0 : -ENOENT);
	assert_memory_equal(text_string(&path), "before:", 7);
	assert_string_equal(text_string(&path) + 7, expected ? expected : "");
}

/* The file is BYTES; NAME is there at EXPECTED, or is not. */
static void check_bytes(const char *bytes, size_t length, const char *name,
                        const char *expected)
{
	struct modules_dep dep;

	tree_write_bytes(FILE, bytes, length);
	dep = read_dep();
	check_found(&dep, name, expected);
	modules_dep_clear(&dep);
}

static void check(const char *string, const char *name, const char *expected)
{
	check_bytes(string, strlen(string), name, expected);
}

static void modules_dep_find_gives_paths_from_the_root(void **state)
{
	struct modules_dep dep;

	(void)state;
	tree_write(FILE, "kernel/net/mac80211/mac80211.ko.xz: kernel/net/cfg80211.ko.xz\n"
	                 "kernel/net/cfg80211.ko.xz:\n"
	                 "kernel/drivers/block/loop.ko:\n"
	                 "extra/wireguard.ko.gz: kernel/a.ko kernel/b.ko\n"
	                 "updates/dkms/nvidia.ko.zst:\n");
	dep = read_dep();
	assert_int_equal(dep.count, 5);
	assert_string_equal(text_string(&dep.folder), FOLDER);
	check_found(&dep, "mac80211", FOLDER "kernel/net/mac80211/mac80211.ko.xz");
	check_found(&dep, "cfg80211", FOLDER "kernel/net/cfg80211.ko.xz");
	check_found(&dep, "loop", FOLDER "kernel/drivers/block/loop.ko");
	check_found(&dep, "wireguard", FOLDER "extra/wireguard.ko.gz");
	check_found(&dep, "nvidia", FOLDER "updates/dkms/nvidia.ko.zst");
	/* What is only depended on has no record. */
	check_found(&dep, "a", NULL);
	check_found(&dep, "loo", NULL);
	check_found(&dep, "loop1", NULL);
	check_found(&dep, "loop.ko", NULL);
	check_found(&dep, "kernel", NULL);
	check_found(&dep, "", NULL);
	modules_dep_clear(&dep);
	assert_null(dep.entries);
	assert_int_equal(dep.count, 0);
	modules_dep_clear(&dep);
}

static void modules_dep_find_takes_length_bytes_of_the_name(void **state)
{
	static const char list[] = "loop_back 36864 0 - Live";
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	struct modules_dep dep;

	(void)state;
	tree_write(FILE, "kernel/loop.ko:\nkernel/loop-back.ko:\n");
	dep = read_dep();
	assert_int_equal(modules_dep_find(&dep, list, 4, &path), 0);
	assert_string_equal(text_string(&path), FOLDER "kernel/loop.ko");
	text_reset(&path);
	assert_int_equal(modules_dep_find(&dep, list, 9, &path), 0);
	assert_string_equal(text_string(&path), FOLDER "kernel/loop-back.ko");
	assert_int_equal(modules_dep_find(&dep, list, 5, &path), -ENOENT);
	assert_int_equal(modules_dep_find(&dep, "loop\0", 5, &path), -ENOENT);
	assert_int_equal(modules_dep_find(&dep, list, 0, &path), -ENOENT);
	modules_dep_clear(&dep);
}

static void modules_dep_find_takes_hyphens_and_underscores_for_the_same(void **state)
{
	struct modules_dep dep;

	(void)state;
	tree_write(FILE, "kernel/snd-hda-intel.ko.xz:\n"
	                 "kernel/snd_pcm.ko:\n"
	                 "kernel/mixed-up_name.ko:\n"
	                 "kernel/a-.ko:\n"
	                 "kernel/a0.ko:\n"
	                 "kernel/aA.ko:\n"
	                 "kernel/aa.ko:\n"
	                 "kernel/-.ko:\n");
	dep = read_dep();
	check_found(&dep, "snd_hda_intel", FOLDER "kernel/snd-hda-intel.ko.xz");
	check_found(&dep, "snd-hda-intel", FOLDER "kernel/snd-hda-intel.ko.xz");
	check_found(&dep, "snd_hda-intel", FOLDER "kernel/snd-hda-intel.ko.xz");
	check_found(&dep, "snd-pcm", FOLDER "kernel/snd_pcm.ko");
	check_found(&dep, "mixed_up-name", FOLDER "kernel/mixed-up_name.ko");
	check_found(&dep, "a_", FOLDER "kernel/a-.ko");
	check_found(&dep, "a0", FOLDER "kernel/a0.ko");
	check_found(&dep, "aA", FOLDER "kernel/aA.ko");
	check_found(&dep, "aa", FOLDER "kernel/aa.ko");
	check_found(&dep, "_", FOLDER "kernel/-.ko");
	check_found(&dep, "a", NULL);
	modules_dep_clear(&dep);
}

static void modules_dep_find_knows_the_absolute_paths_of_rhel5(void **state)
{
	struct modules_dep dep;

	(void)state;
	tree_write(FILE, "/lib/modules/2.6.18-398.el5/kernel/net/ipv6/ipv6.ko:\n"
	                 "/lib/modules/2.6.18-398.el5/kernel/fs/ext3/ext3.ko: "
	                 "/lib/modules/2.6.18-398.el5/kernel/fs/jbd/jbd.ko\n"
	                 "/top.ko:\n");
	dep = read_dep();
	check_found(&dep, "ipv6", "/lib/modules/2.6.18-398.el5/kernel/net/ipv6/ipv6.ko");
	check_found(&dep, "ext3", "/lib/modules/2.6.18-398.el5/kernel/fs/ext3/ext3.ko");
	check_found(&dep, "top", "/top.ko");
	check_found(&dep, "jbd", NULL);
	modules_dep_clear(&dep);
}

static void modules_dep_find_gives_the_first_of_two(void **state)
{
	static const char *const folders[] = { "updates", "extra", "weak-updates",
		                               "kernel", "updates/dkms" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		for (size_t k = 0; k < ARRAY_SIZE(folders); k++) {
			char bytes[256], expected[128];

			snprintf(bytes, sizeof(bytes),
			         "kernel/other.ko:\n%s/my-mod.ko.xz:\n"
			         "kernel/zzz.ko:\n%s/my_mod.ko:\n",
			         folders[i], folders[k]);
			snprintf(expected, sizeof(expected), FOLDER "%s/my-mod.ko.xz",
			         folders[i]);
			check(bytes, "my_mod", expected);
		}
}

static void modules_dep_find_gives_the_first_of_very_many(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		text_add_char(&file, 'd');
		text_add_number(&file, i);
		text_add_string(&file, "/same.ko:\n");
	}
	check_bytes(file.data, file.length, "same", FOLDER "d0/same.ko");
}

static void modules_dep_find_finds_every_one_of_many(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct modules_dep dep;
	char name[32], expected[128];

	(void)state;
	for (uint64_t i = 0; i < 6000; i++) {
		text_add_string(&file, "kernel/m");
		text_add_number(&file, i * 7919 % 6000);
		text_add_string(&file, ".ko: kernel/m1.ko\n");
	}
	tree_write_bytes(FILE, file.data, file.length);
	dep = read_dep();
	assert_int_equal(dep.count, 6000);
	for (int i = 0; i < 6000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		snprintf(expected, sizeof(expected), FOLDER "kernel/m%d.ko", i);
		check_found(&dep, name, expected);
	}
	check_found(&dep, "m6000", NULL);
	modules_dep_clear(&dep);
}

static void modules_dep_find_takes_any_name_up_to_the_first_dot(void **state)
{
	(void)state;
	check("kernel/a.b.ko:\n", "a", FOLDER "kernel/a.b.ko");
	check("kernel/a.b.ko:\n", "a.b", NULL);
	check("kernel/with blank.ko:\n", "with blank", FOLDER "kernel/with blank.ko");
	check("kernel/\xff\xfe.ko:\n", "\xff\xfe", FOLDER "kernel/\xff\xfe.ko");
	check("a.ko:\n", "a", FOLDER "a.ko");
	check("ker.nel/a.ko:\n", "a", FOLDER "ker.nel/a.ko");
	check("../../../etc/a.ko:\n", "a", FOLDER "../../../etc/a.ko");
}

static void modules_dep_ignores_what_is_no_record(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		":\n",
		"::::\n",
		"# kernel/a.ko kernel/b.ko\n",
		"kernel/a.ko kernel/b.ko\n",
		"a\n",
		"a:\n",
		"a: b.ko\n",
		"kernel/a: b.ko\n",
		"kernel/.ko:\n",
		".ko:\n",
		"kernel/:\n",
		"/:\n",
		".:\n",
		"/.:\n",
		" kernel/a.ko: the rest of a line\n",
		"\tkernel/a.ko: the rest of a line\n",
		"  \\\n",
		"\xff\xff\xff\n",
		"kernel.d/a: b\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char bytes[256];
		struct modules_dep dep;

		snprintf(bytes, sizeof(bytes), "kernel/first.ko:\n%skernel/last.ko:\n",
		         lines[i]);
		tree_write(FILE, bytes);
		dep = read_dep();
		assert_int_equal(dep.count, 2);
		check_found(&dep, "first", FOLDER "kernel/first.ko");
		check_found(&dep, "last", FOLDER "kernel/last.ko");
		check_found(&dep, "a", NULL);
		modules_dep_clear(&dep);
	}
}

static void modules_dep_does_not_need_the_last_newline(void **state)
{
	(void)state;
	check("kernel/a.ko:", "a", FOLDER "kernel/a.ko");
	check("kernel/a.ko: kernel/b.ko", "a", FOLDER "kernel/a.ko");
	check("kernel/b.ko:\nkernel/a.ko:", "a", FOLDER "kernel/a.ko");
	check("kernel/a.ko:\n\n\n", "a", FOLDER "kernel/a.ko");
	/* Cut off before the colon: nobody knows what stood there. */
	check("kernel/b.ko:\nkernel/a.ko", "a", NULL);
	check("kernel/b.ko:\nkernel/a.ko", "b", FOLDER "kernel/b.ko");
}

static void modules_dep_survives_nul_bytes(void **state)
{
	static const char bytes[] =
		"kernel/a.ko:\n\0\0\0\nkernel/b.ko: \0x\nker\0nel/c.ko:\n"
		"kernel/d\0.ko:\nkernel/e.ko:\n\0";
	struct modules_dep dep;

	(void)state;
	tree_write_bytes(FILE, bytes, sizeof(bytes) - 1);
	dep = read_dep();
	check_found(&dep, "a", FOLDER "kernel/a.ko");
	check_found(&dep, "b", FOLDER "kernel/b.ko");
	check_found(&dep, "d", NULL);
	check_found(&dep, "e", FOLDER "kernel/e.ko");
	modules_dep_clear(&dep);
	check_bytes("\0", 1, "a", NULL);
}

static void modules_dep_read_of_an_empty_file_finds_nothing(void **state)
{
	(void)state;
	check("", "a", NULL);
	check("", "", NULL);
}

/* ---- the file ---- */

static void check_read_error(const char *release, int error)
{
	struct hostfs_identity identity = { 1, 2, 3, 4, 5 }, before = identity;
	struct modules_dep dep = { 0 };
	struct hostfs *fs = tree_hostfs();

	assert_int_equal(modules_dep_read(fs, release, &dep), error);
	assert_int_equal(dep.count, 0);
	modules_dep_clear(&dep);
	/* What can be looked at need not be readable. */
	if (error == -ENOENT || error == -EBADMSG) {
		assert_int_equal(modules_dep_identity_read(fs, release, &identity),
		                 error);
		assert_true(hostfs_identity_is_equal(&identity, &before));
	}
	hostfs_free(fs);
}

static void modules_dep_read_says_why_there_is_none(void **state)
{
	(void)state;
	check_read_error(RELEASE, -ENOENT);
	tree_folder("root" FOLDER);
	check_read_error(RELEASE, -ENOENT);
	tree_folder(FILE);
	check_read_error(RELEASE, -EISDIR);
	tree_delete(FILE);
	tree_fifo(FILE);
	check_read_error(RELEASE, -EINVAL);
	tree_delete(FILE);
	tree_link("/etc/passwd", FILE);
	check_read_error(RELEASE, -ENOENT);
}

static void modules_dep_read_takes_no_file_without_end(void **state)
{
	int fd;

	(void)state;
	tree_write(FILE, "kernel/a.ko:\n");
	fd = openat(tree_fd, FILE, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
	check_read_error(RELEASE, -EFBIG);
	assert_int_equal(ftruncate(fd, (8 << 20) + 1), 0);
	check_read_error(RELEASE, -EFBIG);
	assert_int_equal(ftruncate(fd, 8 << 20), 0);
	close(fd);
	{
		struct modules_dep dep = read_dep();

		check_found(&dep, "a", FOLDER "kernel/a.ko");
		modules_dep_clear(&dep);
	}
}

static void modules_dep_read_of_newlines_alone_is_bounded(void **state)
{
	(void)state;
	tree_write_filled(FILE, '\n', 1 << 20);
	{
		struct modules_dep dep = read_dep();

		assert_int_equal(dep.count, 0);
		modules_dep_clear(&dep);
	}
}

static void modules_dep_read_never_leaves_the_folder_of_releases(void **state)
{
	static const char *const releases[] = { "",      ".",     "..",  "/",
		                                "a/b",   "../..", "a/",  "/a",
		                                "../x",  "./a",   "a//", "/lib/modules",
		                                "a/../b" };

	(void)state;
	tree_write("root/lib/modules/modules.dep", "kernel/a.ko:\n");
	tree_write("root/lib/modules.dep", "kernel/a.ko:\n");
	tree_write("root/modules.dep", "kernel/a.ko:\n");
	tree_write("root/lib/modules/a/modules.dep", "kernel/a.ko:\n");
	tree_write("root/lib/modules/a/b/modules.dep", "kernel/a.ko:\n");
	tree_write("root/lib/modules/b/modules.dep", "kernel/a.ko:\n");
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		check_read_error(releases[i], -EBADMSG);
}

static void modules_dep_read_takes_any_other_release(void **state)
{
	static const char *const releases[] = { "...",           "..a",  "a..",
		                                "with blank",    "\xff", "-rf",
		                                "2.6.18-398.el5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct modules_dep dep = { 0 };
		struct hostfs *fs = tree_hostfs();
		char path[128];

		snprintf(path, sizeof(path), "root/lib/modules/%s/modules.dep",
		         releases[i]);
		tree_write(path, "kernel/a.ko:\n");
		assert_int_equal(modules_dep_read(fs, releases[i], &dep), 0);
		snprintf(path, sizeof(path), "/lib/modules/%s/kernel/a.ko", releases[i]);
		check_found(&dep, "a", path);
		modules_dep_clear(&dep);
		hostfs_free(fs);
	}
}

static void modules_dep_identity_read_sees_every_change(void **state)
{
	struct hostfs_identity identity, before;
	struct hostfs *fs = tree_hostfs();
	struct stat st;

	(void)state;
	tree_write(FILE, "kernel/a.ko:\n");
	assert_int_equal(modules_dep_identity_read(fs, RELEASE, &before), 0);
	assert_int_equal(fstatat(tree_fd, FILE, &st, 0), 0);
	assert_int_equal(before.inode, st.st_ino);
	assert_int_equal(before.size, strlen("kernel/a.ko:\n"));
	assert_int_equal(modules_dep_identity_read(fs, RELEASE, &identity), 0);
	assert_true(hostfs_identity_is_equal(&identity, &before));
	tree_replace(FILE, "kernel/b.ko:\n");
	assert_int_equal(modules_dep_identity_read(fs, RELEASE, &identity), 0);
	assert_false(hostfs_identity_is_equal(&identity, &before));
	hostfs_free(fs);
}

static void modules_dep_survives_every_failed_allocation(void **state)
{
	size_t failures = 0;

	(void)state;
	tree_write(FILE, "kernel/a.ko:\n");
	for (size_t i = 0; i < 20; i++) {
		_cleanup_(text_clear) struct text path = TEXT_INIT;
		struct hostfs *fs = tree_hostfs();
		struct hostfs_identity identity;
		struct modules_dep dep = { 0 };
		int r;

		memory_fails = true;
		memory_fails_at = i;
		r = modules_dep_read(fs, RELEASE, &dep);
		assert_true(r == 0 || r == -ENOMEM);
		failures += r < 0;
		if (r == 0) {
			r = modules_dep_find(&dep, "a", 1, &path);
			assert_true(r == 0 || r == -ENOMEM);
			failures += r < 0;
		}
		modules_dep_clear(&dep);
		r = modules_dep_identity_read(fs, RELEASE, &identity);
		assert_true(r == 0 || r == -ENOMEM);
		failures += r < 0;
		memory_fails = false;
		hostfs_free(fs);
	}
	/* Reading: the folder, the path, the text, the entries; finding; the identity. */
	assert_in_range(failures, 6, 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(modules_dep_find_gives_paths_from_the_root),
		TEST(modules_dep_find_takes_length_bytes_of_the_name),
		TEST(modules_dep_find_takes_hyphens_and_underscores_for_the_same),
		TEST(modules_dep_find_knows_the_absolute_paths_of_rhel5),
		TEST(modules_dep_find_gives_the_first_of_two),
		TEST(modules_dep_find_gives_the_first_of_very_many),
		TEST(modules_dep_find_finds_every_one_of_many),
		TEST(modules_dep_find_takes_any_name_up_to_the_first_dot),
		TEST(modules_dep_ignores_what_is_no_record),
		TEST(modules_dep_does_not_need_the_last_newline),
		TEST(modules_dep_survives_nul_bytes),
		TEST(modules_dep_read_of_an_empty_file_finds_nothing),
		TEST(modules_dep_read_says_why_there_is_none),
		TEST(modules_dep_read_takes_no_file_without_end),
		TEST(modules_dep_read_of_newlines_alone_is_bounded),
		TEST(modules_dep_read_never_leaves_the_folder_of_releases),
		TEST(modules_dep_read_takes_any_other_release),
		TEST(modules_dep_identity_read_sees_every_change),
		TEST(modules_dep_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
