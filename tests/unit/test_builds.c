/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builds of loaded modules: what sysfs says of them is read and nothing is made up,
 * and only those are looked at that somebody asks for. Knows the memory, which it lets
 * fail.
 */
#include "sources/builds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "tree.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool memory_fails; /* allocation number memory_fails_at fails */
static size_t memory_fails_at;

static bool fails_memory(void)
{
	return memory_fails && memory_fails_at-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails_memory() ? NULL : __real_malloc(size);
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

/* Writes module NAME's note, as the kernel shows it. */
static void write_note(const char *name, const char *owner, uint32_t type,
                       const char *value, size_t length)
{
	_cleanup_(text_clear) struct text note = TEXT_INIT;
	const uint32_t header[] = { (uint32_t)strlen(owner) + 1, (uint32_t)length, type };
	char path[256];

	text_add(&note, (const char *)header, sizeof(header));
	text_add(&note, owner, strlen(owner) + 1);
	text_add(&note, value, length);
	snprintf(path, sizeof(path), "sys/module/%s/notes/.note.gnu.build-id", name);
	tree_write_bytes(path, note.data, note.length);
}

static void write_id(const char *name, const char *value, size_t length)
{
	write_note(name, "GNU", 3, value, length);
}

static struct module_build read_build(const char *name, size_t length)
{
	struct hostfs *fs = tree_hostfs();
	struct module_build build;

	memset(&build, 0xa5, sizeof(build));
	builds_read(fs, name, length, &build);
	hostfs_free(fs);
	return build;
}

static void check_build(const char *name, const char *id, size_t id_length,
                        const char *srcversion)
{
	struct module_build build = read_build(name, strlen(name));

	assert_int_equal(build.id_length, id_length);
	assert_memory_equal(build.id, id, id_length);
	assert_string_equal(build.srcversion, srcversion);
}

static void builds_read_gives_id_and_srcversion(void **state)
{
	(void)state;
	check_build("loop", "", 0, "");
	tree_folder("sys/module/loop");
	check_build("loop", "", 0, "");
	tree_write("sys/module/loop/srcversion", "858659C18D922C70BD985FC\n");
	check_build("loop", "", 0, "858659C18D922C70BD985FC");
	write_id("loop", "0123456789abcdef0123", 20);
	check_build("loop", "0123456789abcdef0123", 20, "858659C18D922C70BD985FC");
	tree_delete("sys/module/loop/srcversion");
	check_build("loop", "0123456789abcdef0123", 20, "");
}

static void builds_read_takes_ids_of_any_length_that_fits(void **state)
{
	char id[MODULE_BUILD_ID_MAX + 1];

	(void)state;
	memset(id, 'x', sizeof(id));
	for (size_t length = 0; length <= MODULE_BUILD_ID_MAX; length++) {
		write_id("loop", id, length);
		check_build("loop", id, length, "");
	}
	write_id("loop", id, MODULE_BUILD_ID_MAX + 1);
	check_build("loop", "", 0, "");
}

static void builds_read_takes_no_other_note_for_an_id(void **state)
{
	(void)state;
	write_note("loop", "GNU", 1, "0123", 4);
	check_build("loop", "", 0, "");
	write_note("loop", "Linux", 3, "0123", 4);
	check_build("loop", "", 0, "");
	tree_write("sys/module/loop/notes/.note.gnu.build-id", "");
	check_build("loop", "", 0, "");
	tree_write("sys/module/loop/notes/.note.gnu.build-id", "garbage, no note at all");
	check_build("loop", "", 0, "");
	tree_write_filled("sys/module/loop/notes/.note.gnu.build-id", '\xff', 4000);
	check_build("loop", "", 0, "");
}

static void builds_read_takes_the_first_line_for_the_srcversion(void **state)
{
	char longest[MODULE_WORD_MAX + 2];

	(void)state;
	tree_write("sys/module/loop/srcversion", "");
	check_build("loop", "", 0, "");
	tree_write("sys/module/loop/srcversion", "\n");
	check_build("loop", "", 0, "");
	tree_write("sys/module/loop/srcversion", "ABC");
	check_build("loop", "", 0, "ABC");
	tree_write("sys/module/loop/srcversion", "ABC\nDEF\n");
	check_build("loop", "", 0, "ABC");

	memset(longest, 'x', sizeof(longest));
	longest[MODULE_WORD_MAX + 1] = '\0';
	tree_write("sys/module/loop/srcversion", longest);
	check_build("loop", "", 0, "");
	longest[MODULE_WORD_MAX] = '\0';
	tree_write("sys/module/loop/srcversion", longest);
	check_build("loop", "", 0, longest);
}

static void builds_read_survives_what_cannot_be_read(void **state)
{
	(void)state;
	write_id("loop", "0123", 4);
	tree_folder("sys/module/loop/srcversion");
	check_build("loop", "0123", 4, "");
	tree_delete("sys/module/loop/srcversion");
	tree_fifo("sys/module/loop/srcversion");
	check_build("loop", "0123", 4, "");
	tree_delete("sys/module/loop/srcversion");
	tree_write_filled("sys/module/loop/srcversion", 'x', 5000);
	check_build("loop", "0123", 4, "");
}

/* The same sources are built more than once: their version alone could be another's. */
static void builds_read_gives_nothing_if_the_id_cannot_be_read(void **state)
{
	(void)state;
	tree_write("sys/module/loop/srcversion", "ABC\n");
	tree_folder("sys/module/loop/notes/.note.gnu.build-id");
	check_build("loop", "", 0, "");
	tree_delete("sys/module/loop/notes/.note.gnu.build-id");
	tree_fifo("sys/module/loop/notes/.note.gnu.build-id");
	check_build("loop", "", 0, "");
	tree_delete("sys/module/loop/notes/.note.gnu.build-id");
	tree_write_filled("sys/module/loop/notes/.note.gnu.build-id", 'x', 5000);
	check_build("loop", "", 0, "");
	/* There is none, or what is there is none. */
	tree_delete("sys/module/loop/notes/.note.gnu.build-id");
	check_build("loop", "", 0, "ABC");
	tree_write("sys/module/loop/notes/.note.gnu.build-id", "no note");
	check_build("loop", "", 0, "ABC");
}

static void builds_read_never_leaves_the_modules_folder(void **state)
{
	static const char *const names[] = { "..", ".", "", "../module/loop", "loop/.." };

	(void)state;
	tree_write("sys/srcversion", "ABC\n");
	tree_write("sys/module/srcversion", "ABC\n");
	tree_write("sys/module/loop/srcversion", "ABC\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_build(names[i], "", 0, "");
	/* LENGTH bytes of it, with '/' as sysfs shows it. */
	assert_string_equal(read_build("loop 36864", 4).srcversion, "ABC");
	tree_write("sys/module/a!b/srcversion", "DEF\n");
	assert_string_equal(read_build("a/b", 3).srcversion, "DEF");
}

/* ---- all of a snapshot's ---- */

/* A file that tells these of its build; the snapshot's record owns it. */
static struct module_file *make_file(const char *id, const char *srcversion)
{
	struct module_file *file = module_file_new("/file.ko");

	assert_non_null(file);
	file->build.id_length = strlen(id);
	memcpy(file->build.id, id, strlen(id));
	strcpy(file->build.srcversion, srcversion);
	return file;
}

/* Adds a module: LETTERS as the kernel prints them, FILE may be NULL. */
static void add(struct snapshot *snapshot, const char *name, const char *letters,
                struct module_file *file)
{
	struct module_record *record = module_list_add(&snapshot->modules);

	assert_non_null(record);
	record->name = name;
	record->name_length = strlen(name);
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record->letters),
	                 0);
	record->file = file;
}

static void fill_names(struct snapshot *snapshot)
{
	snapshot_init(snapshot);
	add(snapshot, "tainting", "OE", make_file("id", ""));
	add(snapshot, "tainting_by_source", "O", make_file("", "SRC"));
	add(snapshot, "clean", "", make_file("id", "SRC"));
	add(snapshot, "clean_by_source", "", make_file("", "SRC"));
	add(snapshot, "tells_nothing", "OE", make_file("", ""));
	add(snapshot, "without_file", "OE", NULL);
	add(snapshot, "gone", "OE", make_file("id", "SRC"));
	for (size_t i = 0; i + 1 < snapshot->modules.count; i++) {
		const char *name = snapshot->modules.records[i].name;
		char path[128];

		snprintf(path, sizeof(path), "sys/module/%s/srcversion", name);
		tree_write(path, name);
	}
}

static void check_filled(bool every, const char *const expected[])
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	fill_names(&snapshot);
	builds_fill(fs, every, &snapshot);
	for (size_t i = 0; i < snapshot.modules.count; i++) {
		const struct module_build *loaded = snapshot.modules.records[i].loaded;

		if (expected[i]) {
			assert_non_null(loaded);
			assert_string_equal(loaded->srcversion, expected[i]);
			assert_int_equal(loaded->id_length, 0);
		} else {
			assert_null(loaded);
		}
	}
	snapshot_clear(&snapshot);
	hostfs_free(fs);
}

static void builds_fill_looks_at_tainting_modules_whose_file_tells_its_own(void **state)
{
	static const char *const expected[] = {
		"tainting", "tainting_by_source", NULL, NULL, NULL, NULL, "",
	};

	(void)state;
	check_filled(false, expected);
}

static void builds_fill_looks_at_every_module_if_asked_to(void **state)
{
	static const char *const expected[] = {
		"tainting", "tainting_by_source", "clean", "clean_by_source", NULL, NULL,
		"",
	};

	(void)state;
	check_filled(true, expected);
}

static void builds_fill_of_no_modules_does_nothing(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	builds_fill(fs, true, &snapshot);
	assert_int_equal(snapshot.modules.count, 0);
	snapshot_clear(&snapshot);
	hostfs_free(fs);
}

static void builds_fill_without_memory_leaves_some_unknown(void **state)
{
	size_t unknown = 0, emptied = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		struct hostfs *fs = tree_hostfs();
		struct snapshot snapshot;

		fill_names(&snapshot);
		memory_fails = true;
		memory_fails_at = i;
		builds_fill(fs, false, &snapshot);
		memory_fails = false;
		for (size_t k = 0; k < 2; k++) {
			const struct module_record *record = &snapshot.modules.records[k];

			unknown += !record->loaded;
			emptied += record->loaded && !*record->loaded->srcversion;
			if (record->loaded && *record->loaded->srcversion)
				assert_string_equal(record->loaded->srcversion,
				                    record->name);
		}
		snapshot_clear(&snapshot);
		hostfs_free(fs);
	}
	assert_int_equal(unknown, 2);
	assert_true(emptied > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(builds_read_gives_id_and_srcversion),
		TEST(builds_read_takes_ids_of_any_length_that_fits),
		TEST(builds_read_takes_no_other_note_for_an_id),
		TEST(builds_read_takes_the_first_line_for_the_srcversion),
		TEST(builds_read_survives_what_cannot_be_read),
		TEST(builds_read_gives_nothing_if_the_id_cannot_be_read),
		TEST(builds_read_never_leaves_the_modules_folder),
		TEST(builds_fill_looks_at_tainting_modules_whose_file_tells_its_own),
		TEST(builds_fill_looks_at_every_module_if_asked_to),
		TEST(builds_fill_of_no_modules_does_nothing),
		TEST(builds_fill_without_memory_leaves_some_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
