/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that are gone: what the kernel prints, what it never would, names of any
 * bytes, and that the work grows with the length alone. Knows the C library's searches,
 * whose steps it counts, and reallocarray(), which it lets fail.
 */
#include "sources/unloaded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "tree.h"

void *__real_memrchr(const void *bytes, int byte, size_t size);
void *__wrap_memrchr(const void *bytes, int byte, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);

static size_t steps; /* bytes that were searched from the end */
static bool memory_fails;

void *__wrap_memrchr(const void *bytes, int byte, size_t size)
{
	const char *found = __real_memrchr(bytes, byte, size);

	steps += found ? (size_t)((const char *)bytes + size - found) : size;
	return (void *)found;
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return memory_fails ? NULL : __real_reallocarray(pointer, count, size);
}

static struct snapshot snapshot;

static int setup(void **state)
{
	memory_fails = false;
	snapshot_init(&snapshot);
	return tree_setup(state);
}

static int teardown(void **state)
{
	snapshot_clear(&snapshot);
	return tree_teardown(state);
}

static int parse_bytes(const char *bytes, size_t length)
{
	text_reset(&snapshot.unloaded.text);
	text_add(&snapshot.unloaded.text, bytes, length);
	return unloaded_parse(&snapshot.unloaded);
}

static int parse(const char *string)
{
	return parse_bytes(string, strlen(string));
}

static void check_record(size_t index, const char *name, const char *letters,
                         uint64_t count)
{
	const struct unloaded_record *record = &snapshot.unloaded.records[index];
	struct taint_letters expected = { 0 };

	assert_true(index < snapshot.unloaded.count);
	assert_int_equal(record->name_length, strlen(name));
	assert_memory_equal(record->name, name, strlen(name));
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &expected), 0);
	assert_true(taint_letters_is_equal(&record->letters, &expected));
	assert_true(record->count == count);
}

static void a_line_is_a_name_letters_and_a_count(void **state)
{
	(void)state;
	assert_int_equal(parse("zfs (POE) 3\n"
	                       "lab_gone (OE) 1\n"
	                       "untainted () 2\n"
	                       "many (E) 18446744073709551615\n"),
	                 0);
	assert_int_equal(snapshot.unloaded.count, 4);
	check_record(0, "zfs", "POE", 3);
	check_record(1, "lab_gone", "OE", 1);
	check_record(2, "untainted", "", 2);
	check_record(3, "many", "E", UINT64_MAX);
}

static void no_module_may_be_gone(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(snapshot.unloaded.count, 0);
}

static void a_name_may_hold_anything(void **state)
{
	static const char *const names[] = {
		" ",
		"  ",
		"\n",
		"\n\n\n",
		" leading",
		"trailing ",
		"two words",
		"new\nline",
		"ends\n",
		"\nbegins",
		"(OE)",
		"a (OE)",
		"a (OE) ",
		"a (OE) x",
		"a (OE) 1 ",
		"a (OE) 1 \nb",
		"a (O) (E)",
		")",
		"((",
		"\xff\xfe",
		"caf\xc3\xa9",
		"1",
		"(",
		"name of sixty-three bytes, which is the most that a kernel has.",
	};
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		text_add_string(&text, names[i]);
		text_add_string(&text, " (OE) ");
		text_add_number(&text, i);
		text_add_char(&text, '\n');
	}
	assert_int_equal(parse(text_string(&text)), 0);
	assert_int_equal(snapshot.unloaded.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_record(i, names[i], "OE", i);
}

static void anything_else_is_bad(void **state)
{
	static const char *const lists[] = {
		"\n",
		"zfs",
		"zfs (OE) 1",
		"zfs\n",
		"zfs (OE)\n",
		"zfs (OE) \n",
		"zfs (OE)1\n",
		"zfs(OE) 1\n",
		" (OE) 1\n",
		"(OE) 1\n",
		"zfs (OE) -1\n",
		"zfs (OE) 1 \n",
		"zfs (OE) 1x\n",
		"zfs (OE) 0x1\n",
		"zfs (OE 1\n",
		"zfs OE) 1\n",
		"zfs (O E) 1\n",
		"zfs (O\xff) 1\n",
		"zfs (OE) 18446744073709551616\n",
		"zfs (OE) 1\nzfs (OE) 1",
		"zfs (OE) 1\n\n",
		"zfs (OE) 1\nrest\n",
		("name of sixty-four bytes, which is one more than the kernel has. "
		 "(E) 1\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(parse(lists[i]), -EBADMSG);
	assert_int_equal(parse_bytes("z\0s (OE) 1\n", 11), -EBADMSG);
}

static void a_new_list_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	assert_int_equal(parse("a (E) 1\nb (E) 1\n"), 0);
	assert_int_equal(parse("c (O) 2\n"), 0);
	assert_int_equal(snapshot.unloaded.count, 1);
	check_record(0, "c", "O", 2);
}

static void the_work_grows_with_the_length_alone(void **state)
{
	static const char *const parts[] = { "\n", "(", " (OE) 1\n(", "a\n", ")\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		while (text.length < 200000)
			text_add_string(&text, parts[i]);
		steps = 0;
		parse(text_string(&text));
		assert_true(steps <= text.length);
	}
}

static void without_memory_it_says_so(void **state)
{
	(void)state;
	memory_fails = true;
	assert_int_equal(parse("zfs (OE) 1\n"), -ENOMEM);
	memory_fails = false;
	assert_int_equal(parse("zfs (OE) 1\n"), 0);
}

#define PATH "sys/kernel/debug/modules/unloaded_tainted"

static void it_is_read_from_debugfs(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	tree_write(PATH, "zfs (POE) 3\n");
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, 0);
	assert_int_equal(snapshot.unloaded.count, 1);
	check_record(0, "zfs", "POE", 3);
	hostfs_free(fs);
}

static void a_file_that_cannot_be_read_is_a_failure(void **state)
{
	struct hostfs *fs = tree_hostfs();

	(void)state;
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, -ENOENT);
	assert_string_equal(snapshot.unloaded.result.file,
	                    "kernel/debug/modules/unloaded_tainted");
	tree_write(PATH, "garbage\n");
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, -EBADMSG);
	tree_delete(PATH);
	tree_folder(PATH);
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, -EISDIR);
	hostfs_free(fs);
}

static void a_list_that_is_too_long_is_a_failure(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct hostfs *fs = tree_hostfs();

	(void)state;
	while (text.length < 256 << 10)
		text_add_string(&text, "modul8 (OE) 123\n");
	tree_write(PATH, text_string(&text));
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, 0);
	assert_int_equal(snapshot.unloaded.count, 16 << 10);
	snapshot_clear(&snapshot);
	text_add_char(&text, '\n');
	tree_write(PATH, text_string(&text));
	unloaded_read(fs, &snapshot);
	assert_int_equal(snapshot.unloaded.result.error, -EFBIG);
	hostfs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_a_name_letters_and_a_count),
		TEST(no_module_may_be_gone),
		TEST(a_name_may_hold_anything),
		TEST(anything_else_is_bad),
		TEST(a_new_list_takes_the_place_of_the_old_one),
		TEST(the_work_grows_with_the_length_alone),
		TEST(without_memory_it_says_so),
		TEST(it_is_read_from_debugfs),
		TEST(a_file_that_cannot_be_read_is_a_failure),
		TEST(a_list_that_is_too_long_is_a_failure),
	};

	return cmocka_run_group_tests_name("unloaded", tests, NULL, NULL);
}
