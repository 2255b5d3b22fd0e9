/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is built into a kernel: that a name is found in either list as kbuild writes them,
 * that nothing but a record is taken for one, and that lists that are not there are told
 * from lists that lack the name. The records are those of Debian's 6.1.0-56-cloud-amd64.
 */
#include "sources/builtins.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/module_file.h"
#include "tree.h"

#define RELEASE "6.1.0-56-cloud-amd64"
#define FOLDER  "root/lib/modules/" RELEASE "/"
#define LIST    FOLDER "modules.builtin"
#define MODINFO FOLDER "modules.builtin.modinfo"

static const char paths[] = "kernel/arch/x86/events/amd/amd-uncore.ko\n"
			    "kernel/fs/ext4/ext4.ko\n"
			    "kernel/drivers/char/hw_random/rng-core.ko\n"
			    "kernel/drivers/nvme/host/nvme-core.ko\n"
			    "kernel/net/ipv4/tcp_cubic.ko\n";

static const char records[] = "ext4.softdep=pre: crypto-crc32c\0"
			      "ext4.license=GPL\0"
			      "ext4.file=fs/ext4/ext4\0"
			      "ext4.description=Fourth Extended Filesystem\0"
			      "ext4.alias=fs-ext4\0"
			      "rng_core.license=GPL\0"
			      "rng_core.file=drivers/char/hw_random/rng-core\0"
			      "rng_core.parmtype=default_quality:ushort\0"
			      "tcp_cubic.version=2.3\0"
			      "tcp_cubic.description=CUBIC TCP\0"
			      "tcp_cubic.license=GPL\0"
			      "tcp_cubic.file=net/ipv4/tcp_cubic\0"
			      "nvme_core.version=1.0\0"
			      "nvme_core.license=GPL\0"
			      "main.parm=pm_async:Whether devices are suspended at once\0"
			      "main.parmtype=pm_async:bool\0";

/* What both lists say of a module; an expected path of NULL: it is not built in. */
static void check_found(const struct builtins *builtins, const char *name,
                        const char *path, const char *license, const char *version)
{
	struct module_file *file = NULL;
	int r = builtins_find(builtins, name, &file);

	if (r == -ENOENT && path)
		fail_msg("%s is not found", name);
	assert_int_equal(r, path ? 0 : -ENOENT);
	if (!path) {
		assert_null(file);
		return;
	}
	assert_string_equal(file->path, path);
	assert_string_equal(module_file_word(file, MODULE_WORD_LICENSE), license);
	assert_string_equal(module_file_word(file, MODULE_WORD_VERSION), version);
	assert_false(module_file_is_read(file));
	module_file_free(file);
}

static struct builtins lists_of(const char *list, size_t list_length, const char *info,
                                size_t info_length)
{
	struct builtins builtins = { 0 };

	text_add(&builtins.paths, list, list_length);
	text_add(&builtins.records, info, info_length);
	return builtins;
}

static void a_name_is_found_with_what_is_said_of_it(void **state)
{
	_cleanup_(builtins_clear) struct builtins builtins =
		lists_of(paths, sizeof(paths) - 1, records, sizeof(records) - 1);

	(void)state;
	check_found(&builtins, "ext4", "kernel/fs/ext4/ext4.ko", "GPL", "");
	check_found(&builtins, "tcp_cubic", "kernel/net/ipv4/tcp_cubic.ko", "GPL", "2.3");
	check_found(&builtins, "amd_uncore", "kernel/arch/x86/events/amd/amd-uncore.ko",
	            "", "");
	check_found(&builtins, "ext", NULL, NULL, NULL);
	check_found(&builtins, "ext44", NULL, NULL, NULL);
	check_found(&builtins, "", NULL, NULL, NULL);
	check_found(&builtins, "kernel/fs/ext4/ext4", NULL, NULL, NULL);
	/* An alias is no name, and parameters make no module. */
	check_found(&builtins, "fs_ext4", NULL, NULL, NULL);
	check_found(&builtins, "main", NULL, NULL, NULL);
}

static void hyphens_and_underscores_are_the_same(void **state)
{
	static const char *const names[] = { "nvme_core", "nvme-core" };
	_cleanup_(builtins_clear) struct builtins builtins =
		lists_of(paths, sizeof(paths) - 1, records, sizeof(records) - 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_found(&builtins, names[i], "kernel/drivers/nvme/host/nvme-core.ko",
		            "GPL", "1.0");
	check_found(&builtins, "rng-core", "kernel/drivers/char/hw_random/rng-core.ko",
	            "GPL", "");
}

static void either_list_alone_tells_what_is_built_in(void **state)
{
	_cleanup_(builtins_clear) struct builtins list =
		lists_of(paths, sizeof(paths) - 1, "", 0);
	_cleanup_(builtins_clear) struct builtins info =
		lists_of("", 0, records, sizeof(records) - 1);

	(void)state;
	check_found(&list, "ext4", "kernel/fs/ext4/ext4.ko", "", "");
	check_found(&info, "ext4", "", "GPL", "");
	check_found(&info, "tcp-cubic", "", "GPL", "2.3");
	check_found(&info, "amd_uncore", NULL, NULL, NULL);
}

static void what_is_no_record_is_ignored(void **state)
{
	static const struct {
		const char *info;
		size_t length;
		const char *license; /* NULL: x is not built in */
	} cases[] = {
#define RECORDS(string) string, sizeof(string) - 1
		{ RECORDS(""), NULL },
		{ RECORDS("\0\0\0"), NULL },
		{ RECORDS("x"), NULL },
		{ RECORDS("x\0"), NULL },
		{ RECORDS("x.\0"), NULL },
		{ RECORDS("x.license\0"), NULL },
		{ RECORDS("x=license.GPL\0"), NULL },
		{ RECORDS("license=GPL\0"), NULL },
		{ RECORDS(".license=GPL\0"), NULL },
		{ RECORDS("xx.license=GPL\0"), NULL },
		{ RECORDS("x.license=cut of"), NULL },
		{ RECORDS("x.file=x\0x.license=cut of"), "" },
		{ RECORDS("x.licenses=GPL\0"), NULL },
		{ RECORDS("x.a=b.license=c\0"), NULL },
		{ RECORDS("x.license=\0"), "" },
		{ RECORDS("x.license=a=b.c=d\0"), "a=b.c=d" },
		{ RECORDS("x.license=first\0x.license=second\0"), "first" },
		{ RECORDS("x.license=\xff\x1b[2J\n\0"), "\xff\x1b[2J\n" },
		{ RECORDS("\0\xff\0.\0=\0x.license=behind\0"), "behind" },
#undef RECORDS
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins =
			lists_of("", 0, cases[i].info, cases[i].length);

		check_found(&builtins, "x", cases[i].license ? "" : NULL,
		            cases[i].license, "");
	}
}

static void what_is_no_path_is_ignored(void **state)
{
	static const struct {
		const char *list, *path;
	} cases[] = {
		{ "", NULL },
		{ "\n\n\n", NULL },
		{ "x\n", NULL },
		{ "x.ko/\n", NULL },
		{ "x.ko/y.ko\n", NULL },
		{ "kernel/.ko\n", NULL },
		{ "kernel/xx.ko\n", NULL },
		{ "kernel/x.ko", NULL }, /* cut off */
		{ "x.ko\n", "x.ko" },
		{ "kernel/x.ko.xz\n", "kernel/x.ko.xz" },
		{ "\xff\n\nkernel/x.ko\nother/x.ko\n", "kernel/x.ko" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins =
			lists_of(cases[i].list, strlen(cases[i].list), "", 0);

		check_found(&builtins, "x", cases[i].path, "", "");
	}
}

/* ---- the files ---- */

static struct builtins read_lists(const char *release)
{
	struct hostfs *fs = tree_hostfs();
	struct builtins builtins = { 0 };

	builtins_read(fs, release, &builtins);
	hostfs_free(fs);
	return builtins;
}

static void both_files_of_the_release_are_read(void **state)
{
	_cleanup_(builtins_clear) struct builtins builtins = { 0 };

	(void)state;
	tree_write(LIST, paths);
	tree_write_bytes(MODINFO, records, sizeof(records) - 1);
	builtins = read_lists(RELEASE);
	assert_int_equal(builtins.error, 0);
	check_found(&builtins, "ext4", "kernel/fs/ext4/ext4.ko", "GPL", "");
}

static void a_release_without_either_list_is_not_known(void **state)
{
	static const struct {
		const char *path; /* NULL: neither */
		int error;
	} cases[] = { { NULL, -ENOENT }, { LIST, 0 }, { MODINFO, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins = { 0 };

		if (cases[i].path)
			tree_write(cases[i].path, "");
		builtins = read_lists(RELEASE);
		assert_int_equal(builtins.error, cases[i].error);
		check_found(&builtins, "ext4", NULL, NULL, NULL);
		if (cases[i].path)
			tree_delete(cases[i].path);
	}
}

static void what_is_no_regular_file_or_too_large_is_not_read(void **state)
{
	_cleanup_(builtins_clear) struct builtins huge = { 0 }, fifo = { 0 };
	int fd;

	(void)state;
	tree_write(LIST, paths);
	fd = openat(tree_fd, LIST, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
	close(fd);
	huge = read_lists(RELEASE);
	assert_int_equal(huge.error, -EFBIG);
	check_found(&huge, "ext4", NULL, NULL, NULL);
	tree_delete(LIST);
	tree_fifo(LIST);
	fifo = read_lists(RELEASE);
	assert_int_equal(fifo.error, -EINVAL);
}

static void no_release_leads_out_of_its_folder(void **state)
{
	static const char *const releases[] = { "", ".", "..", "a/b", "/" };

	(void)state;
	tree_write("root/lib/modules/modules.builtin", paths);
	tree_write("root/lib/modules.builtin", paths);
	tree_write("root/lib/modules/a/b/modules.builtin", paths);
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins =
			read_lists(releases[i]);

		assert_int_equal(builtins.error, -EBADMSG);
		check_found(&builtins, "ext4", NULL, NULL, NULL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_name_is_found_with_what_is_said_of_it),
		TEST(hyphens_and_underscores_are_the_same),
		TEST(either_list_alone_tells_what_is_built_in),
		TEST(what_is_no_record_is_ignored),
		TEST(what_is_no_path_is_ignored),
		TEST(both_files_of_the_release_are_read),
		TEST(a_release_without_either_list_is_not_known),
		TEST(what_is_no_regular_file_or_too_large_is_not_read),
		TEST(no_release_leads_out_of_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
