/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of procfs: every form that kernels print, every form that none prints, and
 * names of any bytes. What numbers are is proven of the numbers' parser.
 */
#include "sources/procfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "tree.h"

static void the_mask_is_one_number(void **state)
{
	static const struct {
		const char *file;
		size_t length;
		int error;
		uint64_t mask;
	} rows[] = {
#define ROW(file, error, mask) { file, sizeof(file) - 1, error, mask }
		ROW("0\n", 0, 0),
		ROW("18446744073709551615\n", 0, UINT64_MAX),
		ROW("", -EBADMSG, 12345),
		ROW("1 2\n", -EBADMSG, 12345),
		ROW("18446744073709551616\n", -ERANGE, 12345),
		ROW("4\0\n", -EBADMSG, 12345),
		ROW("4\0", -EBADMSG, 12345),
#undef ROW
	};
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct snapshot snapshot;

		tree_write_bytes("proc/sys/kernel/tainted", rows[i].file, rows[i].length);
		snapshot_init(&snapshot);
		snapshot.mask = 12345;
		procfs_mask_read(fs, &snapshot);
		if (snapshot.mask_result.error != rows[i].error ||
		    snapshot.mask != rows[i].mask)
			fail_msg("%s: %d", rows[i].file, snapshot.mask_result.error);
	}
	hostfs_free(fs);
}

static void the_release_is_the_first_word(void **state)
{
	/* clang-format off */
	static const struct {
		const char *file, *release; /* NULL: there is none */
	} rows[] = {
		{ "6.1.0-18-amd64\n", "6.1.0-18-amd64" },
		{ "5.14.21-150500.55.52-default", "5.14.21-150500.55.52-default" },
		{ "\xff\xfe\"\\{}\n", "\xff\xfe\"\\{}" }, { "a b\n", "a" },
		{ "a\tb\n", "a" }, { "", NULL }, { "\n", NULL }, { "\t", NULL },
		{ " 6.1.0\n", NULL },
	};
	/* clang-format on */
	struct hostfs *fs = tree_hostfs();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *release = rows[i].release ? rows[i].release : "";
		struct snapshot snapshot;

		tree_write("proc/sys/kernel/osrelease", rows[i].file);
		snapshot_init(&snapshot);
		procfs_release_read(fs, &snapshot);
		if (snapshot.release_result.error != (rows[i].release ? 0 : -EBADMSG) ||
		    snapshot.release.length != strlen(release) ||
		    strcmp(text_string(&snapshot.release), release) != 0)
			fail_msg("%s: %d", rows[i].file, snapshot.release_result.error);
		snapshot_clear(&snapshot);
	}
	hostfs_free(fs);
}

/* ---- the modules ---- */

static int parse_bytes(struct module_list *list, const char *bytes, size_t length)
{
	text_reset(&list->text);
	text_add(&list->text, bytes, length);
	return procfs_modules_parse(list);
}

static int parse(struct module_list *list, const char *string)
{
	return parse_bytes(list, string, strlen(string));
}

/* Of record INDEX; LETTERS are these and no others. */
static void check_record(const struct module_list *list, size_t index, const char *name,
                         const char *letters)
{
	const struct module_record *record = &list->records[index];
	struct taint_letters wanted = { { 0, 0 } };

	assert_int_equal(taint_letters_parse(letters, strlen(letters), &wanted), 0);
	assert_true(index < list->count);
	if (record->name_length != strlen(name) ||
	    memcmp(record->name, name, record->name_length) != 0 ||
	    !taint_letters_is_equal(&record->letters, &wanted))
		fail_msg("'%.*s' is not '%s' (%s)", (int)record->name_length,
		         record->name, name, letters);
}

static void every_form_of_a_record_is_read(void **state)
{
	static const struct {
		const char *line, *name, *letters;
	} rows[] = {
		{ "loop 36864 0 - Live 0xffffffffc09b1000", "loop", "" },
		{ "nvidia 5677 18 nvidia_uvm,nv, Live 0x0 (POE)", "nvidia", "POE" },
		{ "loop 36864 1 [permanent], Live 0xC0", "loop", "" },
		{ "loop 36864 -1 - Live 0xffffffffc09b1000 (OE)", "loop", "OE" },
		{ "loop 36864 -1 other, Unloading 0xc0", "loop", "" },
		{ "loop 36864 - - Live 0xffffffffc09b1000 (F)", "loop", "F" },
		{ "loop 36864 1 - Loading 0xc0 (OE+)", "loop", "OE" },
		{ "loop 36864 0 - Unloading 0xc0 (OE-)", "loop", "OE" },
		{ "vxfs 3007392 0 - Live 0xffffffffa0a14000 (P)(U)", "vxfs", "PU" },
		{ "lpfc 1130496 0 - Live 0xffffffffc0b5d000 (OEXX)", "lpfc", "OEX" },
		{ "m 1 0 - Live 0x1 (tnr?)", "m", "tnr?" },
		{ "m 1 0 - Live 0x1 ()", "m", "" },
		{ "1 18446744073709551616 99999999999 - Live 0x1", "1", "" },
		/* What is a record but for a part is the front of a name. */
		{ "x 1 0 - Live\ny 1 0 - Live 0x0 (P)", "x 1 0 - Live\ny", "P" },
		{ "x Live 0x0\ny 1 0 - Live 0x0 (P)", "x Live 0x0\ny", "P" },
		{ "core 1 1 li\nne, Live 0x0 (O)", "core", "O" },
		{ "mod 1 2 16384 0 - Live 0x0 (O)", "mod 1 2", "O" },
	};
	struct module_list list;
	char text[512];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Alone, without the newline, and between others. */
		assert_int_equal(parse(&list, rows[i].line), 0);
		assert_int_equal(list.count, 1);
		check_record(&list, 0, rows[i].name, rows[i].letters);
		assert_int_equal(list.records[0].is_live,
		                 !strstr(rows[i].line, "oading"));
		snprintf(text, sizeof(text),
		         "a 1 0 - Live 0x0 (P)\n%s\nz 1 0 - Live 0x0\n", rows[i].line);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 3);
		check_record(&list, 0, "a", "P");
		check_record(&list, 1, rows[i].name, rows[i].letters);
		check_record(&list, 2, "z", "");
	}
	assert_int_equal(parse(&list, ""), 0);
	assert_int_equal(list.count, 0);
	module_list_clear(&list);
}

/* The longest name, and one byte more. */
#define LONGEST  "123456789012345678901234567890123456789012345678901234567890abc"
#define TOO_LONG "123456789012345678901234567890123456789012345678901234567890abcd"

static void a_name_may_be_of_any_bytes(void **state)
{
	/* clang-format off */
	static const char *const names[] = {
		"with blank", " leading", "trailing ", "two  blanks", " ", "line\nbreak",
		"\nleading", "trailing\n", "\n", "\n\n\n", "tab\there", "\r\n",
		"\x01\x1b[2J\x7f", "\xff\xfe\x80", "../../etc/passwd", ".", "(P)",
		"a (P)(U)", "(", ")", "\"\\{}=,", "Live", "x Live 0x0", "x Live 0x0 (P)",
		"- Live 0x0", "x - - Live", "[permanent],", "0", "-1", "x 1 -", "x 1 x",
		LONGEST, "\n123456789 \n",
	};
	/* clang-format on */
	struct module_list list;
	char text[1024], byte[8];

	(void)state;
	module_list_init(&list);
	for (size_t i = 1; i < ARRAY_SIZE(names) + 256; i++) {
		const char *name = i < 256 ? byte : names[i - 256];

		snprintf(byte, sizeof(byte), "%cx%cy%c", (int)i, (int)i, (int)i);
		snprintf(text, sizeof(text),
		         "first 4096 0 - Live 0xffffffffc09b1000 (O)\n"
		         "%s 16384 2 user_a,%s, Live 0xffffffffc09b1000 (POE)\n"
		         "%s 16384 - - Live 0xffffffffc09b1000\n"
		         "%s 16384 0 - Unloading 0x0000000000000000 (P)(U)\n"
		         "last 4096 1 [permanent], Live 0xffffffffc09b1000\n",
		         name, i < 256 ? "b" : "(P) 1 Live 0x0", name, name);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 5);
		check_record(&list, 1, name, "POE");
		check_record(&list, 2, name, "");
		check_record(&list, 3, name, "PU");
		check_record(&list, 4, "last", "");
	}
	module_list_clear(&list);
}

static void what_is_no_record_is_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
#define ROW(text) { text, sizeof(text) - 1 }
		ROW("garbage"), ROW("\n"), ROW("m 3 0 -"), ROW("m 3 0 - Live "),
		ROW("m 3 0 - Live 0x"), ROW("m 3 0 - Live c0"),
		ROW("m 3 0 - Live 0xnonsense"), ROW("m 3 0 - Live 0x\xff"),
		ROW("m 3 0 - Live 0x0x0"), ROW("m 3 0 - Live 0x0(OE)"),
		ROW("m 3 0 - Dead 0xc0"), ROW("m 3 0 - Lively 0xc0"),
		ROW("m 3 0 Live 0xc0"), ROW("m 3 - Live 0xc0"), ROW("m - 0 - Live 0xc0"),
		ROW("Live 0xc0"), ROW("m x 0 - Live 0xc0"), ROW("m -1 0 - Live 0xc0"),
		ROW("m 3 x - Live 0xc0"), ROW("m 3 -- - Live 0xc0"),
		ROW("m 3 - a, Live 0xc0"), ROW("m 3 1 a Live 0xc0"),
		ROW("m 123456789012345678901 0 - Live 0xc0"), ROW(" 36864 0 - Live 0xc0"),
		ROW("m 3 0 - Live 0xc0 (OE"), ROW("m 3 0 - Live 0xc0 OE)"),
		ROW("m 3 0 - Live 0xc0 (O E)"), ROW("m 3 0 - Live 0xc0 ((OE))"),
		ROW("m 3 0 - Live 0xc0 (OE))"), ROW("m 3 0 - Live 0xc0 (O)x(E)"),
		ROW("m 3 0 - Live 0xc0 (O\xff)"), ROW("m 3 0 - Live 0xc0 (OE) "),
		ROW("m 3 0 - Live 0xc0 "), ROW("m 3 0 - Live  0xc0"),
		ROW("m\t3\t0\t-\tLive\t0xc0"), ROW(TOO_LONG " 1 0 - Live 0x0"), ROW("\0"),
		ROW("m\0m 36864 0 - Live 0x0"), ROW("m 3 0 - Live 0x0 (O\0)"),
		ROW("m 3 0 - Live\0 0x0"),
#undef ROW
	};
	/* clang-format on */
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		/* Alone, at the end of a line, and behind a good record. */
		for (int form = 0; form < 3; form++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;

			if (form == 2)
				text_add_string(&text, "a 1 0 - Live 0x0 (P)\n");
			text_add(&text, rows[i].text, rows[i].length);
			if (form > 0)
				text_add_char(&text, '\n');
			if (parse_bytes(&list, text.data, text.length) != -EBADMSG)
				fail_msg("row %zu: %s", i, rows[i].text);
		}
	assert_int_equal(parse(&list, "c 1 0 - Live 0x0 (E)\n"), 0);
	assert_int_equal(list.count, 1);
	module_list_clear(&list);
}

/* Hostile lists of four megabytes take no time: all of them together, within a minute. */
static void the_work_grows_with_the_length_alone(void **state)
{
	/* clang-format off */
	static const struct {
		const char *front, *unit, *back;
	} rows[] = {
		{ "", "a 1 0 - Live 0x0\n", "" }, { "", "\n", "" }, { "", " ", "" },
		{ "", " \n", "" }, { "", "(", "" }, { "a ", "1 ", "- Live 0x0\n" },
		{ "a 1 1 ", "1 1 ", "- Live 0x0\n" }, { "a 1 1 ", "u\n,", " Live 0x0\n" },
		{ "a 1 1 ", "u Live 0x0\n,", " Live 0x0\n" },
		{ "a 1 1 ", "u Live 0x0 (P)\n", ", Live 0x0\n" },
		{ "a 1 1 - Live 0x0 ", "(P)", "\n" }, { "a 1 1 - Live 0x0 ", "(", "\n" },
		{ "a 1 1 - Live 0x", "0", "\n" },
		{ "", "x Live 0x0\nx Live 0x0\nx 1 0 - Live 0x0\n", "" },
	};
	/* clang-format on */
	struct module_list list;

	(void)state;
	module_list_init(&list);
	alarm(60);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		text_add_string(&text, rows[i].front);
		while (text.length < 4 << 20)
			text_add_string(&text, rows[i].unit);
		text_add_string(&text, rows[i].back);
		assert_int_equal(text.error, 0);
		parse_bytes(&list, text.data, text.length);
	}
	alarm(0);
	module_list_clear(&list);
}

static void a_list_that_was_read_is_forgotten(void **state)
{
	static const struct {
		const char *file; /* NULL: missing */
		int error;
		size_t count;
	} rows[] = {
		{ "a 1 0 - Live 0x0 (P)\nb 1 0 - Live 0x0\n", 0, 2 },
		{ "c 1 0 - Live 0x0 (O)\n", 0, 1 },
		{ "", 0, 0 },
		{ "c 1 0 - Live 0x0 (O)\n", 0, 1 },
		{ NULL, -ENOENT, 0 },
	};
	struct hostfs *fs = tree_hostfs();
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].file)
			tree_write("proc/modules", rows[i].file);
		else
			tree_delete("proc/modules");
		assert_int_equal(procfs_modules_read(fs, &list), rows[i].error);
		assert_int_equal(list.count, rows[i].count);
	}
	tree_write_filled("proc/modules", '\n', (16 << 20) + 1);
	assert_int_equal(procfs_modules_read(fs, &list), -EFBIG);
	module_list_clear(&list);
	hostfs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_mask_is_one_number),
		TEST(the_release_is_the_first_word),
		cmocka_unit_test(every_form_of_a_record_is_read),
		cmocka_unit_test(a_name_may_be_of_any_bytes),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(the_work_grows_with_the_length_alone),
		TEST(a_list_that_was_read_is_forgotten)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
