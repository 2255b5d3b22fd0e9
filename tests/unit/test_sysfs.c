/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /sys/module: letters, states, and names that may not lead out of it.
 */
#include "sources/sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "tree.h"

static void letters_are_one_line(void **state)
{
	static const struct {
		const char *file;
		size_t length;
		const char *letters; /* NULL: these are none */
	} rows[] = {
#define ROW(file, letters) { file, sizeof(file) - 1, letters }
		ROW("\n", ""),        ROW("", ""),          ROW("OE\n", "OE"),
		ROW("OE", "OE"),      ROW("OEXX\n", "OEX"), ROW("EO\n", "OE"),
		ROW("OE+\n", "OE"),   ROW("-\n", ""),       ROW("~!?\n", "~!?"),
		ROW("O E\n", NULL),   ROW(" \n", NULL),     ROW("O\tE\n", NULL),
		ROW("\xff\n", NULL),  ROW("\x01\n", NULL),  ROW("(OE)\n", NULL),
		ROW("O\x7f\n", NULL), ROW("OE\nP\n", NULL), ROW("\nOE\n", NULL),
		ROW("OE\nx", NULL),   ROW("O\0E\n", NULL),  ROW("\0\n", NULL),
#undef ROW
	};
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taint_letters letters = { { 1, 2 } }, wanted = { { 1, 2 } };
		int r;

		if (rows[i].letters) {
			wanted = (struct taint_letters){ 0 };
			taint_letters_parse(rows[i].letters, strlen(rows[i].letters),
			                    &wanted);
		}
		tree_write_bytes("sys/module/loop/taint", rows[i].file, rows[i].length);
		r = sysfs_letters_read(fs, "loop", 4, &letters);
		if (r != (rows[i].letters ? 0 : -EBADMSG) ||
		    !taint_letters_is_equal(&letters, &wanted))
			fail_msg("row %zu: %d", i, r);
	}
	hostfs_free(fs);
}

static void a_name_does_not_lead_out_of_the_folder(void **state)
{
	static const struct {
		const char *name;
		size_t length;
		const char *value; /* of the file of this module; NULL: it is not there */
	} rows[] = {
#define ROW(name, value) { name, sizeof(name) - 1, value }
		ROW("loop", "loop"),
		ROW("a/b", "a!b"),
		ROW("a!b", "a!b"),
		ROW("/", "!"),
		ROW("../..", "..!.."),
		ROW("...", "..."),
		ROW("line\nbreak", "n"),
		ROW("with blank", "b"),
		ROW("\xff", "f"),
		ROW("..", NULL),
		ROW(".", NULL),
		ROW("", NULL),
		ROW("../taint", NULL),
		ROW("loop/..", NULL),
		ROW("/taint", NULL),
		ROW("loop/", NULL),
		ROW("loop\0", NULL),
		ROW("\0loop", NULL),
		ROW("loop\0x", NULL),
		ROW("./.", NULL),
		ROW("gone", NULL),
#undef ROW
		{ "loop 36864 0 - Live 0x0\n", 4, "loop" },
		{ "loop 36864 0 - Live 0x0\n", 2, NULL },
	};
	static const struct {
		const char *path, *value;
	} files[] = {
		{ "sys/taint", "out" },
		{ "sys/module/taint", "out" },
		{ "sys/module/loop/taint", "loop" },
		{ "sys/module/a!b/taint", "a!b" },
		{ "sys/module/a/b/taint", "out" },
		{ "sys/module/!/taint", "!" },
		{ "sys/module/..!../taint", "..!.." },
		{ "sys/module/.../taint", "..." },
		{ "sys/module/line\nbreak/taint", "n" },
		{ "sys/module/with blank/taint", "b" },
		{ "sys/module/\xff/taint", "f" },
	};
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		tree_write(files[i].path, files[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT;
		uint64_t inode;
		int r = sysfs_attribute_read(fs, rows[i].name, rows[i].length, "taint",
		                             &value);

		if (r != (rows[i].value ? 0 : -ENOENT) ||
		    strcmp(text_string(&value), rows[i].value ? rows[i].value : "") != 0)
			fail_msg("row %zu: %d, %s", i, r, text_string(&value));
		assert_int_equal(sysfs_letters_inode_read(fs, rows[i].name,
		                                          rows[i].length, &inode),
		                 r);
	}
	hostfs_free(fs);
}

static void a_module_is_live_unless_it_says_otherwise(void **state)
{
	static const struct {
		const char *file;
		int is_live;
	} rows[] = { { "live\n", 1 },    { "coming\n", 0 }, { "going\n", 0 }, { "", 1 },
		     { "unknown\n", 1 }, { "going", 1 },    { "LIVE\n", 1 } };
	struct hostfs *fs = tree_hostfs();

	(void)state;
	assert_int_equal(sysfs_is_live_read(fs, "loop"), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_write("sys/module/loop/initstate", rows[i].file);
		if (sysfs_is_live_read(fs, "loop") != rows[i].is_live)
			fail_msg("%s", rows[i].file);
	}
	hostfs_free(fs);
}

static void folders_are_counted_and_told_apart(void **state)
{
	struct hostfs *fs = tree_hostfs();
	uint64_t count = 77, inode = 77;
	struct stat st;

	(void)state;
	assert_int_equal(sysfs_folder_count_read(fs, &count), -ENOENT);
	assert_int_equal(count, 77);
	tree_write("sys/module/file", "");
	for (uint64_t i = 0; i < 100; i++) {
		char path[64];

		assert_int_equal(sysfs_folder_count_read(fs, &count), 0);
		assert_int_equal(count, i);
		snprintf(path, sizeof(path), "sys/module/m%u/parameters", (unsigned)i);
		tree_folder(path);
	}
	assert_int_equal(sysfs_initstate_inode_read(fs, "m0", &inode), -ENOENT);
	assert_int_equal(sysfs_initstate_inode_read(fs, "file", &inode), -ENOTDIR);
	assert_int_equal(inode, 77);
	tree_write("sys/module/m0/initstate", "live\n");
	assert_int_equal(fstatat(tree_fd, "sys/module/m0/initstate", &st, 0), 0);
	assert_int_equal(sysfs_initstate_inode_read(fs, "m0", &inode), 0);
	assert_true(inode == st.st_ino);
	hostfs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(letters_are_one_line),
		TEST(a_name_does_not_lead_out_of_the_folder),
		TEST(a_module_is_live_unless_it_says_otherwise),
		TEST(folders_are_counted_and_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
