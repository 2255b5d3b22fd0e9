/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of /sys/module: that a module's name never becomes another path, that
 * letters are letters, and that a folder's links count the folders in it. Knows
 * realloc(), which it lets fail.
 */
#include "sources/sysfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "tree.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool memory_fails;
static size_t memory_fails_at;

void *__wrap_realloc(void *pointer, size_t size)
{
	if (memory_fails && memory_fails_at-- == 0)
		return NULL;
	return __real_realloc(pointer, size);
}

static int setup(void **state)
{
	memory_fails = false;
	return tree_setup(state);
}

static int read_letters(const char *name, size_t length, struct taint_letters *ret)
{
	struct hostfs *fs = tree_hostfs();
	int r = sysfs_letters_read(fs, name, length, ret);

	hostfs_free(fs);
	return r;
}

/* The letters of module NAME are EXPECTED. */
static void check_letters(const char *name, const char *expected)
{
	struct taint_letters letters = { { 1, 2 } }, wanted = { { 0, 0 } };

	assert_int_equal(taint_letters_parse(expected, strlen(expected), &wanted), 0);
	assert_int_equal(read_letters(name, strlen(name), &letters), 0);
	assert_true(taint_letters_is_equal(&letters, &wanted));
}

/* Reading them fails, and gives none. */
static void check_error(const char *name, size_t length, int error)
{
	struct taint_letters letters = { { 1, 2 } };

	assert_int_equal(read_letters(name, length, &letters), error);
	assert_int_equal(letters.half[0], 1);
	assert_int_equal(letters.half[1], 2);
}

static void sysfs_letters_read_takes_what_kernels_print(void **state)
{
	static const struct {
		const char *file, *letters;
	} forms[] = {
		{ "\n", "" },       { "", "" },         { "OE\n", "OE" },
		{ "OE", "OE" },     { "POE\n", "POE" }, { "OEXX\n", "OEX" },
		{ "EO\n", "OE" },   { "OE+\n", "OE" },  { "-\n", "" },
		{ "PU\n", "PU" },   { "n\n", "n" },     { "t\n", "t" },
		{ "~!?\n", "~!?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		tree_write("sys/module/loop/taint", forms[i].file);
		check_letters("loop", forms[i].letters);
	}
}

static void sysfs_letters_read_refuses_what_are_no_letters(void **state)
{
	static const char *const files[] = { "O E\n",  " \n",    "O\tE\n",  "\xff\n",
		                             "\x01\n", "(OE)\n", "O\x7f\n", "OE \n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_write("sys/module/loop/taint", files[i]);
		check_error("loop", 4, -EBADMSG);
	}
}

static void sysfs_letters_read_refuses_anything_behind_the_line(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} files[] = { { "OE\nP\n", 5 },
		      { "\nOE\n", 4 },
		      { "OE\ngarbage", 10 },
		      { "O\0E\n", 4 },
		      { "\0\n", 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_write_bytes("sys/module/loop/taint", files[i].bytes,
		                 files[i].length);
		check_error("loop", 4, -EBADMSG);
	}
}

static void sysfs_letters_read_says_why_there_are_none(void **state)
{
	(void)state;
	check_error("loop", 4, -ENOENT);
	tree_folder("sys/module");
	check_error("loop", 4, -ENOENT);
	tree_folder("sys/module/loop");
	check_error("loop", 4, -ENOENT);
	tree_folder("sys/module/loop/taint");
	check_error("loop", 4, -EISDIR);
	tree_delete("sys/module/loop/taint");
	tree_fifo("sys/module/loop/taint");
	check_error("loop", 4, -EINVAL);
	tree_delete("sys/module/loop/taint");
	tree_write_filled("sys/module/loop/taint", 'P', 5000);
	check_error("loop", 4, -EFBIG);
}

static void sysfs_letters_read_takes_length_bytes_of_the_name(void **state)
{
	static const char list[] = "loop 36864 0 - Live 0x0\n";
	struct taint_letters letters = { { 0, 0 } };

	(void)state;
	tree_write("sys/module/loop/taint", "OE\n");
	tree_write("sys/module/lo/taint", "P\n");
	assert_int_equal(read_letters(list, 4, &letters), 0);
	assert_int_equal(taint_letters_pop(&letters), 'E');
	assert_int_equal(taint_letters_pop(&letters), 'O');
	assert_int_equal(read_letters(list, 2, &letters), 0);
	assert_int_equal(taint_letters_pop(&letters), 'P');
	check_error(list, 5, -ENOENT);
}

static void sysfs_letters_read_shows_a_slash_as_an_exclamation_mark(void **state)
{
	(void)state;
	tree_write("sys/module/a!b!c/taint", "O\n");
	tree_write("sys/module/a/b/c/taint", "P\n");
	check_letters("a/b/c", "O");
	check_letters("a!b/c", "O");
	tree_write("sys/module/!/taint", "E\n");
	check_letters("/", "E");
	tree_write("sys/module/!!/taint", "F\n");
	check_letters("//", "F");
}

static void sysfs_letters_read_never_leaves_the_modules_folder(void **state)
{
	static const char *const names[] = { "..",     ".",         "",
		                             "../..",  "../taint",  "./.",
		                             "/../..", "../../sys", "loop/..",
		                             "/taint", "loop/",     "../../../taint" };

	(void)state;
	tree_write("taint", "P\n");
	tree_write("sys/taint", "P\n");
	tree_write("sys/module/taint", "P\n");
	tree_write("sys/module/loop/taint", "P\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_error(names[i], strlen(names[i]), -ENOENT);
	/* What only looks so is a name as any other. */
	tree_write("sys/module/.../taint", "O\n");
	check_letters("...", "O");
	tree_write("sys/module/..!../taint", "E\n");
	check_letters("../..", "E");
}

static void sysfs_letters_read_finds_no_module_with_nul_in_its_name(void **state)
{
	(void)state;
	tree_write("sys/module/loop/taint", "P\n");
	check_error("loop\0", 5, -ENOENT);
	check_error("loop\0x", 6, -ENOENT);
	check_error("\0loop", 5, -ENOENT);
	check_error("\0", 1, -ENOENT);
}

#define LONGEST_NAME "1234567890123456789012345678901234567890123456789012345"

static void sysfs_letters_read_takes_names_of_any_other_bytes(void **state)
{
	static const char *const names[] = { "with blank", "line\nbreak", "\xff\xfe",
		                             "-rf",        "$(x)",        "\x01",
		                             LONGEST_NAME };
	char path[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "sys/module/%s/taint", names[i]);
		tree_write(path, "OE\n");
		check_letters(names[i], "OE");
	}
}

static int read_attribute(const char *name, size_t length, const char *file,
                          struct text *value)
{
	struct hostfs *fs = tree_hostfs();
	int r = sysfs_attribute_read(fs, name, length, file, value);

	hostfs_free(fs);
	return r;
}

static void sysfs_attribute_read_appends_the_file(void **state)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;

	(void)state;
	tree_write("sys/module/loop/srcversion", "ABC\n");
	tree_write_bytes("sys/module/loop/notes/.note.gnu.build-id", "\4\0\0\0GNU", 8);
	tree_write("sys/module/a!b/srcversion", "DEF\n");
	tree_write("sys/module/loop/empty", "");
	text_add_string(&value, "before:");
	assert_int_equal(read_attribute("loop", 4, "srcversion", &value), 0);
	assert_string_equal(text_string(&value), "before:ABC\n");
	assert_int_equal(read_attribute("a/b and more", 3, "srcversion", &value), 0);
	assert_string_equal(text_string(&value), "before:ABC\nDEF\n");
	assert_int_equal(read_attribute("loop", 4, "empty", &value), 0);
	assert_string_equal(text_string(&value), "before:ABC\nDEF\n");
	text_reset(&value);
	assert_int_equal(read_attribute("loop", 4, "notes/.note.gnu.build-id", &value),
	                 0);
	assert_int_equal(value.length, 8);
	assert_memory_equal(value.data, "\4\0\0\0GNU", 8);
}

static void sysfs_attribute_read_leaves_the_value_alone_at_an_error(void **state)
{
	static const struct {
		const char *name, *file;
		size_t length;
		int error;
	} cases[] = {
		{ "gone", "srcversion", 4, -ENOENT },
		{ "loop", "missing", 4, -ENOENT },
		{ "..", "srcversion", 2, -ENOENT },
		{ ".", "srcversion", 1, -ENOENT },
		{ "", "srcversion", 0, -ENOENT },
		{ "../sys", "srcversion", 6, -ENOENT },
		{ "loop\0", "srcversion", 5, -ENOENT },
		{ "loop", "folder", 4, -EISDIR },
		{ "loop", "fifo", 4, -EINVAL },
		{ "loop", "huge", 4, -EFBIG },
		{ "loop", "srcversion/x", 4, -ENOTDIR },
	};

	(void)state;
	tree_write("sys/srcversion", "ABC\n");
	tree_write("sys/module/srcversion", "ABC\n");
	tree_write("sys/module/loop/srcversion", "ABC\n");
	tree_folder("sys/module/loop/folder");
	tree_fifo("sys/module/loop/fifo");
	tree_write_filled("sys/module/loop/huge", 'x', HOSTFS_VALUE_MAX + 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_clear) struct text value = TEXT_INIT;

		text_add_string(&value, "before");
		assert_int_equal(read_attribute(cases[i].name, cases[i].length,
		                                cases[i].file, &value),
		                 cases[i].error);
		assert_string_equal(text_string(&value), "before");
	}
}

static void sysfs_folder_count_read_counts_folders_alone(void **state)
{
	struct hostfs *fs = tree_hostfs();
	uint64_t count = 77;

	(void)state;
	assert_int_equal(sysfs_folder_count_read(fs, &count), -ENOENT);
	assert_int_equal(count, 77);
	tree_folder("sys/module");
	assert_int_equal(sysfs_folder_count_read(fs, &count), 0);
	assert_int_equal(count, 0);
	for (uint64_t i = 1; i <= 100; i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/module/m%u/parameters", (unsigned)i);
		tree_folder(path);
		snprintf(path, sizeof(path), "sys/module/file%u", (unsigned)i);
		tree_write(path, "");
		assert_int_equal(sysfs_folder_count_read(fs, &count), 0);
		assert_int_equal(count, i);
	}
	hostfs_free(fs);
}

static void sysfs_folder_count_read_of_a_file_is_an_error(void **state)
{
	struct hostfs *fs = tree_hostfs();
	uint64_t count = 77;

	(void)state;
	tree_write("sys/module", "");
	assert_int_equal(sysfs_folder_count_read(fs, &count), -ENOTDIR);
	assert_int_equal(count, 77);
	hostfs_free(fs);
}

static void sysfs_folder_names_read_appends_them(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	bool a = false, b = false;

	(void)state;
	assert_int_equal(sysfs_folder_names_read(fs, &names), -ENOENT);
	tree_folder("sys/module/a");
	tree_folder("sys/module/line\nbreak");
	assert_int_equal(sysfs_folder_names_read(fs, &names), 0);
	assert_int_equal(names.length, sizeof("a") + sizeof("line\nbreak"));
	for (const char *name = names.data; name < names.data + names.length;
	     name += strlen(name) + 1) {
		a |= strcmp(name, "a") == 0;
		b |= strcmp(name, "line\nbreak") == 0;
	}
	assert_true(a && b);
	hostfs_free(fs);
}

static void sysfs_initstate_inode_read_tells_loaded_from_built_in(void **state)
{
	struct hostfs *fs = tree_hostfs();
	uint64_t inode = 77;
	struct stat st;

	(void)state;
	assert_int_equal(sysfs_initstate_inode_read(fs, "loop", &inode), -ENOENT);
	tree_folder("sys/module/loop");
	assert_int_equal(sysfs_initstate_inode_read(fs, "loop", &inode), -ENOENT);
	tree_write("sys/module/file", "");
	assert_int_equal(sysfs_initstate_inode_read(fs, "file", &inode), -ENOTDIR);
	assert_int_equal(inode, 77);
	tree_write("sys/module/loop/initstate", "live\n");
	assert_int_equal(fstatat(tree_fd, "sys/module/loop/initstate", &st, 0), 0);
	assert_int_equal(sysfs_initstate_inode_read(fs, "loop", &inode), 0);
	assert_int_equal(inode, st.st_ino);
	tree_replace("sys/module/loop/initstate", "live\n");
	assert_int_equal(fstatat(tree_fd, "sys/module/loop/initstate", &st, 0), 0);
	assert_int_equal(sysfs_initstate_inode_read(fs, "loop", &inode), 0);
	assert_int_equal(inode, st.st_ino);
	hostfs_free(fs);
}

static int read_is_live(const char *file)
{
	struct hostfs *fs = tree_hostfs();
	int r;

	tree_write("sys/module/loop/initstate", file);
	r = sysfs_is_live_read(fs, "loop");
	hostfs_free(fs);
	return r;
}

static void sysfs_is_live_read_knows_the_three_states(void **state)
{
	(void)state;
	assert_int_equal(read_is_live("live\n"), 1);
	assert_int_equal(read_is_live("coming\n"), 0);
	assert_int_equal(read_is_live("going\n"), 0);
}

static void sysfs_is_live_read_takes_any_other_state_for_loaded(void **state)
{
	static const char *const files[] = { "",          "\n",     "dead\n",
		                             "unknown\n", "LIVE\n", "live live\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(read_is_live(files[i]), 1);
}

static void sysfs_is_live_read_says_why_it_cannot_tell(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	assert_int_equal(sysfs_is_live_read(fs, "loop"), -ENOENT);
	tree_folder("sys/module/loop/initstate");
	assert_int_equal(sysfs_is_live_read(fs, "loop"), -EISDIR);
	hostfs_free(fs);
}

static void sysfs_readers_survive_every_failed_allocation(void **state)
{
	struct hostfs *fs = tree_hostfs();
	size_t failures = 0;

	(void)state;
	tree_write("sys/module/loop/taint", "OE\n");
	tree_write("sys/module/loop/initstate", "live\n");
	for (size_t i = 0; i < 10; i++) {
		struct taint_letters letters;
		_cleanup_(text_clear) struct text names = TEXT_INIT;
		uint64_t inode;
		int results[4];

		memory_fails = true;
		memory_fails_at = i;
		results[0] = sysfs_letters_read(fs, "loop", 4, &letters);
		results[1] = sysfs_folder_names_read(fs, &names);
		results[2] = sysfs_initstate_inode_read(fs, "loop", &inode);
		results[3] = sysfs_is_live_read(fs, "loop");
		memory_fails = false;
		for (size_t k = 0; k < ARRAY_SIZE(results); k++) {
			assert_true(results[k] >= 0 || results[k] == -ENOMEM);
			failures += results[k] < 0;
		}
	}
	/* Two of each reader of a file, one of each other. */
	assert_int_equal(failures, 6);
	hostfs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(sysfs_letters_read_takes_what_kernels_print),
		TEST(sysfs_letters_read_refuses_what_are_no_letters),
		TEST(sysfs_letters_read_refuses_anything_behind_the_line),
		TEST(sysfs_letters_read_says_why_there_are_none),
		TEST(sysfs_letters_read_takes_length_bytes_of_the_name),
		TEST(sysfs_letters_read_shows_a_slash_as_an_exclamation_mark),
		TEST(sysfs_letters_read_never_leaves_the_modules_folder),
		TEST(sysfs_letters_read_finds_no_module_with_nul_in_its_name),
		TEST(sysfs_letters_read_takes_names_of_any_other_bytes),
		TEST(sysfs_attribute_read_appends_the_file),
		TEST(sysfs_attribute_read_leaves_the_value_alone_at_an_error),
		TEST(sysfs_folder_count_read_counts_folders_alone),
		TEST(sysfs_folder_count_read_of_a_file_is_an_error),
		TEST(sysfs_folder_names_read_appends_them),
		TEST(sysfs_initstate_inode_read_tells_loaded_from_built_in),
		TEST(sysfs_is_live_read_knows_the_three_states),
		TEST(sysfs_is_live_read_takes_any_other_state_for_loaded),
		TEST(sysfs_is_live_read_says_why_it_cannot_tell),
		TEST(sysfs_readers_survive_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
