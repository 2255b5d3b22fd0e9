/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of procfs: every form that kernels print, every form that none prints, names
 * of any bytes, and that the work grows with the length alone. Knows the C library's
 * searches, whose steps it counts, and its allocations, which it lets fail.
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

void *__real_memchr(const void *bytes, int byte, size_t size);
void *__wrap_memchr(const void *bytes, int byte, size_t size);
void *__real_memrchr(const void *bytes, int byte, size_t size);
void *__wrap_memrchr(const void *bytes, int byte, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);

static size_t steps; /* bytes that were searched */
static bool memory_fails;
static size_t memory_fails_at;

void *__wrap_memchr(const void *bytes, int byte, size_t size)
{
	const char *found = __real_memchr(bytes, byte, size);

	steps += found ? (size_t)(found - (const char *)bytes) + 1 : size;
	return (void *)found;
}

void *__wrap_memrchr(const void *bytes, int byte, size_t size)
{
	const char *found = __real_memrchr(bytes, byte, size);

	steps += found ? (size_t)((const char *)bytes + size - found) : size;
	return (void *)found;
}

static bool fails_memory(void)
{
	return memory_fails && memory_fails_at-- == 0;
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_reallocarray(pointer, count, size);
}

static int setup(void **state)
{
	memory_fails = false;
	return tree_setup(state);
}

/* ---- the mask ---- */

static void read_mask(const char *bytes, size_t length, struct snapshot *snapshot)
{
	struct hostfs *fs = tree_hostfs();

	tree_write_bytes("proc/sys/kernel/tainted", bytes, length);
	snapshot_init(snapshot);
	snapshot->mask = 12345;
	procfs_mask_read(fs, snapshot);
	hostfs_free(fs);
}

static void procfs_mask_read_takes_every_number_of_64_bits(void **state)
{
	static const struct {
		const char *file;
		uint64_t mask;
	} good[] = {
		{ "0\n", 0 },
		{ "0", 0 },
		{ "1\n", 1 },
		{ "4097\n", 4097 },
		{ "12289", 12289 },
		{ "536870912\n", UINT64_C(1) << 29 },
		{ "2147483648\n", UINT64_C(1) << 31 },
		{ "4294967296\n", UINT64_C(1) << 32 },
		{ "9007199254740993\n", (UINT64_C(1) << 53) + 1 },
		{ "9223372036854775808\n", UINT64_C(1) << 63 },
		{ "18446744073709551615\n", UINT64_MAX },
		{ "0000000000000000000000000000000000000000000000042\n", 42 },
		{ "7 \n", 7 },
		{ "7\n\n", 7 },
		{ "7\t\n", 7 },
	};
	struct snapshot snapshot;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		read_mask(good[i].file, strlen(good[i].file), &snapshot);
		assert_int_equal(snapshot.mask_result.error, 0);
		assert_int_equal(snapshot.mask, good[i].mask);
	}
}

static void procfs_mask_read_refuses_what_is_no_number(void **state)
{
	static const struct {
		const char *file;
		int error;
	} bad[] = {
		{ "", -EBADMSG },
		{ "\n", -EBADMSG },
		{ " ", -EBADMSG },
		{ " 1\n", -EBADMSG },
		{ "\n1\n", -EBADMSG },
		{ "-1\n", -EBADMSG },
		{ "+1\n", -EBADMSG },
		{ "0x1001\n", -EBADMSG },
		{ "1001h\n", -EBADMSG },
		{ "12a\n", -EBADMSG },
		{ "a12\n", -EBADMSG },
		{ "1 2\n", -EBADMSG },
		{ "1\n2\n", -EBADMSG },
		{ "1.0\n", -EBADMSG },
		{ "1e3\n", -EBADMSG },
		{ "1,000\n", -EBADMSG },
		{ "'1'\n", -EBADMSG },
		{ "tainted\n", -EBADMSG },
		{ "\xd9\xa3\n", -EBADMSG }, /* an Arabic digit */
		{ "\xff\n", -EBADMSG },
		{ "18446744073709551616\n", -ERANGE },
		{ "18446744073709551620\n", -ERANGE },
		{ "99999999999999999999999999\n", -ERANGE },
	};
	struct snapshot snapshot;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		read_mask(bad[i].file, strlen(bad[i].file), &snapshot);
		assert_int_equal(snapshot.mask_result.error, bad[i].error);
		assert_string_equal(snapshot.mask_result.file, "sys/kernel/tainted");
		assert_int_equal(snapshot.mask, 12345);
	}
}

static void procfs_mask_read_refuses_a_number_with_nul_in_it(void **state)
{
	struct snapshot snapshot;

	(void)state;
	read_mask("4\0097\n", 5, &snapshot);
	assert_int_equal(snapshot.mask_result.error, -EBADMSG);
	read_mask("4\0", 2, &snapshot);
	assert_int_equal(snapshot.mask_result.error, -EBADMSG);
}

static void procfs_mask_read_says_why_there_is_no_mask(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	procfs_mask_read(fs, &snapshot);
	assert_int_equal(snapshot.mask_result.error, -ENOENT);
	tree_write_filled("proc/sys/kernel/tainted", '1', 5000);
	procfs_mask_read(fs, &snapshot);
	assert_int_equal(snapshot.mask_result.error, -EFBIG);
	tree_delete("proc/sys/kernel/tainted");
	tree_folder("proc/sys/kernel/tainted");
	procfs_mask_read(fs, &snapshot);
	assert_int_equal(snapshot.mask_result.error, -EISDIR);
	assert_string_equal(snapshot.mask_result.file, "sys/kernel/tainted");
	hostfs_free(fs);
}

/* ---- the release and the version ---- */

static void read_release(const char *file, struct snapshot *snapshot)
{
	struct hostfs *fs = tree_hostfs();

	tree_write("proc/sys/kernel/osrelease", file);
	snapshot_init(snapshot);
	procfs_release_read(fs, snapshot);
	hostfs_free(fs);
}

static void procfs_release_read_takes_one_word(void **state)
{
	static const char *const releases[] = {
		"6.1.0-18-amd64",    "4.18.0-372.9.1.el8.x86_64",
		"2.6.18-194.el5PAE", "5.14.21-150500.55.52-default",
		"\xff\xfe\"\\{}",    "x",
	};
	char file[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct snapshot snapshot;

		snprintf(file, sizeof(file), "%s\n", releases[i]);
		read_release(file, &snapshot);
		assert_int_equal(snapshot.release_result.error, 0);
		assert_string_equal(text_string(&snapshot.release), releases[i]);
		assert_int_equal(snapshot.release.length, strlen(releases[i]));
		snapshot_clear(&snapshot);

		read_release(releases[i], &snapshot);
		assert_int_equal(snapshot.release_result.error, 0);
		assert_string_equal(text_string(&snapshot.release), releases[i]);
		snapshot_clear(&snapshot);
	}
}

static void procfs_release_read_refuses_no_word(void **state)
{
	static const char *const files[] = { "", "\n", " \n", "\t", " 6.1.0\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct snapshot snapshot;

		read_release(files[i], &snapshot);
		assert_int_equal(snapshot.release_result.error, -EBADMSG);
		assert_string_equal(snapshot.release_result.file, "sys/kernel/osrelease");
		assert_int_equal(snapshot.release.length, 0);
		assert_string_equal(text_string(&snapshot.release), "");
		snapshot_clear(&snapshot);
	}
}

static void procfs_release_read_says_why_there_is_no_release(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	(void)state;
	snapshot_init(&snapshot);
	procfs_release_read(fs, &snapshot);
	assert_int_equal(snapshot.release_result.error, -ENOENT);
	tree_write_filled("proc/sys/kernel/osrelease", '6', 5000);
	procfs_release_read(fs, &snapshot);
	assert_int_equal(snapshot.release_result.error, -EFBIG);
	assert_int_equal(snapshot.release.length, 0);
	snapshot_clear(&snapshot);
	hostfs_free(fs);
}

static void procfs_version_read_appends_the_file(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text version = TEXT_INIT;

	(void)state;
	assert_int_equal(procfs_version_read(fs, &version), -ENOENT);
	tree_write("proc/version", "Linux version 6.1.0 (geeko@buildhost)\n");
	assert_int_equal(procfs_version_read(fs, &version), 0);
	assert_string_equal(text_string(&version),
	                    "Linux version 6.1.0 (geeko@buildhost)\n");
	tree_write_filled("proc/version", 'x', 5000);
	assert_int_equal(procfs_version_read(fs, &version), -EFBIG);
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

/* "POE": these letters and no others. */
static void check_letters(const struct taint_letters *letters, const char *expected)
{
	struct taint_letters wanted = { { 0, 0 } };

	assert_int_equal(taint_letters_parse(expected, strlen(expected), &wanted), 0);
	assert_true(taint_letters_is_equal(letters, &wanted));
}

static void check_record(const struct module_list *list, size_t index, const char *name,
                         const char *letters)
{
	const struct module_record *record = &list->records[index];

	assert_true(index < list->count);
	assert_int_equal(record->name_length, strlen(name));
	assert_memory_equal(record->name, name, record->name_length);
	assert_false(record->in_sysfs);
	check_letters(&record->letters, letters);
}

static void procfs_modules_parse_reads_every_form_of_a_record(void **state)
{
	static const struct {
		const char *line, *name, *letters;
	} forms[] = {
		{ "loop 36864 0 - Live 0xffffffffc09b1000", "loop", "" },
		{ "loop 36864 0 - Live 0x0000000000000000", "loop", "" },
		{ "loop 36864 0 - Live 0x00000000", "loop", "" },
		{ "nvidia 56770560 1881 nvidia_uvm,nvidia_modeset, Live "
		  "0x0000000000000000 (POE)",
		  "nvidia", "POE" },
		{ "loop 36864 1 [permanent], Live 0xffffffffc09b1000", "loop", "" },
		{ "nf_nat 45056 2 nft_chain_nat,xt_MASQUERADE,[permanent], Live "
		  "0xffffffffc0a00000 (E)",
		  "nf_nat", "E" },
		{ "loop 36864 -1 - Live 0xffffffffc09b1000 (OE)", "loop", "OE" },
		{ "loop 36864 -1 other, Unloading 0xffffffffc09b1000", "loop", "" },
		{ "loop 36864 - - Live 0xffffffffc09b1000", "loop", "" },
		{ "loop 36864 - - Live 0xffffffffc09b1000 (F)", "loop", "F" },
		{ "loop 36864 1 - Loading 0xffffffffc09b1000 (OE+)", "loop", "OE" },
		{ "loop 36864 1 - Loading 0xffffffffc09b1000 (+)", "loop", "" },
		{ "loop 36864 0 - Unloading 0xffffffffc09b1000 (OE-)", "loop", "OE" },
		{ "vxfs 3007392 0 - Live 0xffffffffa0a14000 (P)(U)", "vxfs", "PU" },
		{ "vxfs 3007392 0 - Live 0xffffffffa0a14000 (U)", "vxfs", "U" },
		{ "vxfs 3007392 0 - Live 0xffffffffa0a14000 (PU)", "vxfs", "PU" },
		{ "lpfc 1130496 0 - Live 0xffffffffc0b5d000 (OEXX)", "lpfc", "OEX" },
		{ "m 1 0 - Live 0x1 (EO)", "m", "OE" },
		{ "m 1 0 - Live 0x1 (PFCOEKXN)", "m", "PFCOEKXN" },
		{ "m 1 0 - Live 0x1 (tnr?)", "m", "tnr?" },
		{ "m 1 0 - Live 0x1 ()", "m", "" },
		{ "18446744073709551616 18446744073709551616 99999999999 - Live 0x1",
		  "18446744073709551616", "" },
		{ "123456789012345678901234567890123456789012345678901234_ 1 0 - Live "
		  "0x1 (O)",
		  "123456789012345678901234567890123456789012345678901234_", "O" },
	};
	struct module_list list;
	char line[512];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		/* Alone, without the newline, and between others. */
		assert_int_equal(parse(&list, forms[i].line), 0);
		assert_int_equal(list.count, 1);
		check_record(&list, 0, forms[i].name, forms[i].letters);

		snprintf(line, sizeof(line),
		         "a 1 0 - Live 0x0 (P)\n%s\nz 1 0 - Live 0x0\n", forms[i].line);
		assert_int_equal(parse(&list, line), 0);
		assert_int_equal(list.count, 3);
		check_record(&list, 0, "a", "P");
		check_record(&list, 1, forms[i].name, forms[i].letters);
		check_record(&list, 2, "z", "");
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_names_of_any_bytes(void **state)
{
	static const char *const names[] = {
		"with blank",
		" leading",
		"trailing ",
		"two  blanks",
		" ",
		"line\nbreak",
		"\nleading",
		"trailing\n",
		"\n",
		"\n\n\n",
		"tab\there",
		"\r\n",
		"\x01\x1b[2J\x7f",
		"\xff\xfe\x80",
		"\xc3",
		"\xed\xa0\x80",
		"../../etc/passwd",
		"a/b",
		".",
		"..",
		"!",
		"(P)",
		"a (P)",
		"a (P)(U)",
		"(",
		")",
		"\"quoted\\\"",
		"{}=,",
		"Live",
		"x Live 0x0",
		"x Live 0x0 (P)",
		"- Live 0x0",
		"x - - Live",
		"[permanent],",
		"0",
		"-1",
		"1 x",
		"x 1 -",
		"x 1 x",
		"x -1",
		"0x0",
		"1234567890123456789012345678901234567890123456789012345",
		"\n2345678901234567890123456789012345678901234567890123 \n",
		"                                                       ",
	};
	struct module_list list;
	char text[1024];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text),
		         "first 4096 0 - Live 0xffffffffc09b1000 (O)\n"
		         "%s 16384 2 user_a,user_b, Live 0xffffffffc09b1000 (POE)\n"
		         "%s 16384 - - Live 0xffffffffc09b1000\n"
		         "%s 16384 0 - Unloading 0x0000000000000000 (P)(U)\n"
		         "last 4096 1 [permanent], Live 0xffffffffc09b1000\n",
		         names[i], names[i], names[i]);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 5);
		check_record(&list, 0, "first", "O");
		check_record(&list, 1, names[i], "POE");
		check_record(&list, 2, names[i], "");
		check_record(&list, 3, names[i], "PU");
		check_record(&list, 4, "last", "");
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_a_name_that_ends_with_a_number(void **state)
{
	static const char *const names[] = { "mod 2", "mod 1 2", "mod 1 2 b" };
	struct module_list list;
	char text[256];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "%s 16384 0 - Live 0xffffffffc09b1000 (O)\n",
		         names[i]);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 1);
		check_record(&list, 0, names[i], "O");
	}
	module_list_clear(&list);
}

/* Every byte but NUL, and those that would make a whole record of the name's front. */
static void procfs_modules_parse_takes_every_byte_in_a_name(void **state)
{
	struct module_list list;
	char name[8], text[128];

	(void)state;
	module_list_init(&list);
	for (int byte = 1; byte < 256; byte++) {
		snprintf(name, sizeof(name), "%cx%cy%c", byte, byte, byte);
		snprintf(text, sizeof(text), "%s 1 0 - Live 0x0 (O)\nz 1 0 - Live 0x0\n",
		         name);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 2);
		check_record(&list, 0, name, "O");
		check_record(&list, 1, "z", "");
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_hostile_names_among_the_users(void **state)
{
	static const char *const users[] = {
		"with blank", "(P)",      "Live 0x0", "a Live 0x0 (POE)", "1 2 3",
		"evil 1 2 -", "\xff\xfe", "- - Live", "Unloading",        "x 16384 1 y",
	};
	struct module_list list;
	char text[512];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		snprintf(text, sizeof(text),
		         "victim 16384 3 good,%s,[permanent], Live 0xffffffffc09b1000\n"
		         "victim 16384 1 %s, Live 0xffffffffc09b1000 (E)\n",
		         users[i], users[i]);
		assert_int_equal(parse(&list, text), 0);
		assert_int_equal(list.count, 2);
		check_record(&list, 0, "victim", "");
		check_record(&list, 1, "victim", "E");
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_a_newline_among_the_users(void **state)
{
	struct module_list list;

	(void)state;
	module_list_init(&list);
	assert_int_equal(parse(&list, "core 1 1 li\nne, Live 0x0 (O)\n"
	                              "li\nne 1 0 - Live 0x0 (P)\n"),
	                 0);
	assert_int_equal(list.count, 2);
	check_record(&list, 0, "core", "O");
	check_record(&list, 1, "li\nne", "P");

	assert_int_equal(parse(&list, "nf_conntrack 172032 4 xt_conntrack,nf_nat,"
	                              "nf_conntrack_netlink,nft_ct,li\nne, Live "
	                              "0xffffffffc09b1000 (O)\n"
	                              "li\nne 1 0 - Live 0x0 (P)\n"),
	                 0);
	assert_int_equal(list.count, 2);
	check_record(&list, 0, "nf_conntrack", "O");
	check_record(&list, 1, "li\nne", "P");
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_lines_of_any_length(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct module_list list;

	(void)state;
	module_list_init(&list);
	text_add_string(&text, "first 1 0 - Live 0x0 (P)\nbusy 1 20000 ");
	for (uint64_t i = 0; i < 20000; i++) {
		text_add_string(&text, "user_");
		text_add_number(&text, i);
		text_add_char(&text, ',');
	}
	text_add_string(&text, " Live 0x0 (OE)\nlast 1 0 - Live 0x0\n");
	assert_int_equal(parse_bytes(&list, text.data, text.length), 0);
	assert_int_equal(list.count, 3);
	check_record(&list, 0, "first", "P");
	check_record(&list, 1, "busy", "OE");
	check_record(&list, 2, "last", "");
	module_list_clear(&list);
}

static void procfs_modules_parse_takes_twenty_thousand_records(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct module_list list;
	char line[128];

	(void)state;
	module_list_init(&list);
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line),
		         "module_%d %d 0 - Live 0xffffffffc09b1000%s\n", i, i * 4096,
		         i % 3 ? "" : " (OE)");
		text_add_string(&text, line);
	}
	assert_int_equal(parse_bytes(&list, text.data, text.length), 0);
	assert_int_equal(list.count, 20000);
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "module_%d", i);
		check_record(&list, (size_t)i, line, i % 3 ? "" : "OE");
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_of_nothing_finds_nothing(void **state)
{
	struct module_list list;

	(void)state;
	module_list_init(&list);
	assert_int_equal(procfs_modules_parse(&list), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(parse(&list, ""), 0);
	assert_int_equal(list.count, 0);
	module_list_clear(&list);
}

#define NAME_TOO_LONG "1234567890123456789012345678901234567890123456789012345678901234"

/* Lines that no kernel prints, each alone and behind a good record. */
static const char *const garbage[] = {
	"garbage",
	"\n",
	"loop",
	"loop 36864",
	"loop 36864 0",
	"loop 36864 0 -",
	"loop 36864 0 - Live",
	"loop 36864 0 - Live ",
	"loop 36864 0 - Live 0x",
	"loop 36864 0 - Live ffffffffc09b1000",
	"loop 36864 0 - Dead 0xffffffffc09b1000",
	"loop 36864 0 - live 0xffffffffc09b1000",
	"loop 36864 0 Live 0xffffffffc09b1000",
	"loop 36864 - Live 0xffffffffc09b1000",
	"loop 0 - Live 0xffffffffc09b1000",
	"loop Live 0xffffffffc09b1000",
	"Live 0xffffffffc09b1000",
	"loop x 0 - Live 0xffffffffc09b1000",
	"loop -1 0 - Live 0xffffffffc09b1000",
	"loop 36864 x - Live 0xffffffffc09b1000",
	"loop 36864 -- - Live 0xffffffffc09b1000",
	" 36864 0 - Live 0xffffffffc09b1000",
	"loop 36864 0 - Live 0xffffffffc09b1000 (OE",
	"loop 36864 0 - Live 0xffffffffc09b1000 OE)",
	"loop 36864 0 - Live 0xffffffffc09b1000 OE",
	"loop 36864 0 - Live 0xffffffffc09b1000 (O E)",
	"loop 36864 0 - Live 0xffffffffc09b1000 ((OE))",
	"loop 36864 0 - Live 0xffffffffc09b1000 (OE))",
	"loop 36864 0 - Live 0xffffffffc09b1000 (O)x(E)",
	"loop 36864 0 - Live 0xffffffffc09b1000 (O\xff)",
	"loop 36864 0 - Live 0xffffffffc09b1000 (O\x01)",
	"loop 36864 0 - Live 0xffffffffc09b1000 (OE) ",
	"loop 36864 0 - Live 0xffffffffc09b1000 ",
	"loop 36864 0 - Live 0xffffffffc09b1000 x",
	"loop 36864 0 - Live  0xffffffffc09b1000",
	"loop\t36864\t0\t-\tLive\t0xffffffffc09b1000",
	NAME_TOO_LONG " 1 0 - Live 0x0",
	"<html><body>502 Bad Gateway</body></html>",
};

static void procfs_modules_parse_refuses_what_is_no_record(void **state)
{
	struct module_list list;
	char text[512];

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		snprintf(text, sizeof(text), "%s\n", garbage[i]);
		assert_int_equal(parse(&list, text), -EBADMSG);
		assert_int_equal(parse(&list, garbage[i]), -EBADMSG);
		snprintf(text, sizeof(text), "a 1 0 - Live 0x0 (P)\n%s\n", garbage[i]);
		assert_int_equal(parse(&list, text), -EBADMSG);
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_refuses_an_address_that_is_none(void **state)
{
	static const char *const lines[] = {
		"loop 36864 0 - Live 0xnonsense\n", "loop 36864 0 - Live 0x\xff\n",
		"loop 36864 0 - Live 0x0x0\n",      "loop 36864 0 - Live 0x0(OE)\n",
		"loop 36864 0 - Live 0x0\n0x1 \n",
	};
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse(&list, lines[i]), -EBADMSG);
	module_list_clear(&list);
}

static void procfs_modules_parse_refuses_nul(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} files[] = {
#define BYTES(literal) { literal, sizeof(literal) - 1 }
		BYTES("\0"),
		BYTES("lo\0op 36864 0 - Live 0x0\n"),
		BYTES("\0loop 36864 0 - Live 0x0\n"),
		BYTES("loop\0 36864 0 - Live 0x0\n"),
		BYTES("a 1 0 - Live 0x0\n\0"),
		BYTES("a 1 0 - Live 0x0\n\0\n"),
		BYTES("a 1 0 - Live 0x0 (O\0)\n"),
		BYTES("a 1 0 - Live\0 0x0\n"),
#undef BYTES
	};
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(parse_bytes(&list, files[i].bytes, files[i].length),
		                 -EBADMSG);
	module_list_clear(&list);
}

/* Cut anywhere but behind a whole record, the list is no list. */
static void procfs_modules_parse_refuses_a_file_that_was_cut_off(void **state)
{
	static const char file[] =
		"loop 36864 0 - Live 0xffffffffc09b1000\n"
		"vxfs 3007392 1 user, Live 0xffffffffa0a14000 (P)(U)\n";
	const char *second = strchr(file, '\n') + 1, *address = strstr(second, "0x");
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (size_t length = 1; length < sizeof(file); length++) {
		const char *end = file + length;
		int r = parse_bytes(&list, file, length);

		if (end <= second) {
			/* From the address' first digit on it could be whole. */
			if (end < strstr(file, "0x") + 3)
				assert_int_equal(r, -EBADMSG);
			continue;
		}
		if (end < address + 3 || end[-1] == ' ' || end[-1] == '(' ||
		    (end > strchr(address, '(') && end[-1] != ')' && end[-1] != '\n'))
			assert_int_equal(r, -EBADMSG);
		else
			assert_int_equal(r, 0);
	}
	module_list_clear(&list);
}

static void procfs_modules_parse_cannot_be_fed_a_record_across_its_newline(void **state)
{
	struct module_list list;

	(void)state;
	module_list_init(&list);
	/* The name is a record but for its address, state or size. */
	assert_int_equal(parse(&list, "x 1 0 - Live\ny 1 0 - Live 0x0 (P)\n"), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(parse(&list, "x 1 0 -\nLive 0x0 1 0 - Live 0x0 (P)\n"), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(parse(&list, "x Live 0x0\ny 1 0 - Live 0x0 (P)\n"), 0);
	assert_int_equal(list.count, 1);
	check_record(&list, 0, "x Live 0x0\ny", "P");
	/* A whole one cannot be told from a module: it stays one, and the rest another.
	 */
	assert_int_equal(parse(&list, "x 1 0 - Live 0x0\ny 1 0 - Live 0x0 (P)\n"), 0);
	assert_int_equal(list.count, 2);
	check_record(&list, 0, "x", "");
	check_record(&list, 1, "y", "P");
	module_list_clear(&list);
}

static void procfs_modules_parse_starts_anew_after_an_error(void **state)
{
	struct module_list list;

	(void)state;
	module_list_init(&list);
	assert_int_equal(parse(&list, "a 1 0 - Live 0x0 (P)\nb 1 0 - Live 0x0 (O)\nx"),
	                 -EBADMSG);
	assert_int_equal(parse(&list, "c 1 0 - Live 0x0 (E)\n"), 0);
	assert_int_equal(list.count, 1);
	check_record(&list, 0, "c", "E");
	module_list_clear(&list);
}

/* A small generator of numbers; the tests are the same in each run. */
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

struct made_module {
	char name[56];
	const char *letters;
};

/* A name of 1 to 55 bytes; one without digits cannot look like the rest of a record. */
static void make_name(struct made_module *module)
{
	static const char alphabet[] = "aL(),-+ \n\t/!.\\\"\xff\xc3\x80\x01[]{}=x";
	size_t length = 1 + (size_t)random_below(sizeof(module->name) - 1);

	for (size_t i = 0; i < length; i++)
		module->name[i] = alphabet[random_below(sizeof(alphabet) - 1)];
	module->name[length] = '\0';
}

/* Prints as kernel/module/procfs.c, m_show(). */
static void print_module(struct text *text, const struct made_module *modules,
                         size_t count, size_t index)
{
	static const char *const states[] = { "Live", "Loading", "Unloading" };
	size_t users = (size_t)random_below(4);

	text_add_string(text, modules[index].name);
	text_add_char(text, ' ');
	text_add_number(text, random_below(UINT64_C(1) << 40));
	if (random_below(8) == 0) {
		text_add_string(text, " - -");
	} else {
		text_add_string(text, random_below(8) ? " " : " -");
		text_add_number(text, random_below(100));
		text_add_char(text, ' ');
		for (size_t i = 0; i < users; i++) {
			text_add_string(text, modules[random_below(count)].name);
			text_add_char(text, ',');
		}
		if (random_below(4) == 0)
			text_add_string(text, "[permanent],");
		else if (!users)
			text_add_char(text, '-');
	}
	text_add_char(text, ' ');
	text_add_string(text, states[random_below(ARRAY_SIZE(states))]);
	text_add_string(text,
	                random_below(2) ? " 0xffffffffc09b1000" : " 0x0000000000000000");
	if (*modules[index].letters) {
		text_add_string(text, " (");
		text_add_string(text, modules[index].letters);
		text_add_string(text, random_below(4) ? ")" : "+)");
	}
	text_add_char(text, '\n');
}

static void procfs_modules_parse_finds_what_a_kernel_printed(void **state)
{
	static const char *const letters[] = { "", "", "", "O", "OE", "POE", "FC", "n" };
	struct made_module modules[20];
	struct module_list list;

	(void)state;
	module_list_init(&list);
	for (uint64_t round = 1; round <= 2000; round++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		size_t count = 1 + (size_t)(round % ARRAY_SIZE(modules));

		random_state = round * UINT64_C(0x9e3779b97f4a7c15);
		for (size_t i = 0; i < count; i++) {
			make_name(&modules[i]);
			modules[i].letters = letters[random_below(ARRAY_SIZE(letters))];
		}
		for (size_t i = 0; i < count; i++)
			print_module(&text, modules, count, i);
		assert_int_equal(parse_bytes(&list, text.data, text.length), 0);
		assert_int_equal(list.count, count);
		for (size_t i = 0; i < count; i++)
			check_record(&list, i, modules[i].name, modules[i].letters);
	}
	module_list_clear(&list);
}

/* Whatever the bytes, no read beyond them and no record that is not inside of them. */
static void procfs_modules_parse_survives_broken_lists(void **state)
{
	static const char whole[] =
		"loop 36864 1 a,[permanent], Live 0xffffffffc09b1000\n"
		"vxfs 30 -1 - Unloading 0xffffffffa0a14000 (P)(U)\n"
		"m 1 - - Loading 0x0 (OE+)\n";
	struct module_list list;

	(void)state;
	module_list_init(&list);
	random_state = 42;
	for (int round = 0; round < 20000; round++) {
		char bytes[sizeof(whole)];
		size_t length = 1 + (size_t)random_below(sizeof(whole) - 1);

		memcpy(bytes, whole, sizeof(whole));
		for (uint64_t i = random_below(6); i > 0; i--)
			bytes[random_below(length)] =
				random_below(2) ? whole[random_below(length)]
						: (char)random_below(256);
		if (parse_bytes(&list, bytes, length) < 0)
			continue;
		for (size_t i = 0; i < list.count; i++) {
			const struct module_record *record = &list.records[i];

			assert_true(record->name >= list.text.data);
			assert_in_range(record->name_length, 1, 63);
			assert_true(record->name + record->name_length <
			            list.text.data + list.text.length);
		}
	}
	module_list_clear(&list);
}

/* ---- work ---- */

/* Repeats UNIT between FRONT and BACK until there are LENGTH bytes. */
static size_t steps_of(const char *front, const char *unit, const char *back,
                       size_t length)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct module_list list;

	text_add_string(&text, front);
	while (text.length < length)
		text_add_string(&text, unit);
	text_add_string(&text, back);
	assert_int_equal(text.error, 0);
	module_list_init(&list);
	text_add(&list.text, text.data, text.length);
	steps = 0;
	procfs_modules_parse(&list);
	module_list_clear(&list);
	return steps;
}

static void procfs_modules_parse_works_in_proportion_to_the_length(void **state)
{
	static const struct {
		const char *front, *unit, *back;
	} hostile[] = {
		{ "", "a 1 0 - Live 0x0\n", "" },
		{ "", "\n", "" },
		{ "", " ", "" },
		{ "", " \n", "" },
		{ "", "(", "" },
		{ "", "x", "" },
		{ "a 1 1 ", " ", " Live 0x0\n" },
		{ "a 1 1 ", "1 1 ", "- Live 0x0\n" },
		{ "a ", "1 ", "- Live 0x0\n" },
		{ "a ", "1 x ", "- Live 0x0\n" },
		{ "a 1 1 ", "u,", " Live 0x0\n" },
		{ "a 1 1 ", "u\n,", " Live 0x0\n" },
		{ "a 1 1 ", "\n", ", Live 0x0\n" },
		{ "a 1 1 ", "u Live 0x0\n,", " Live 0x0\n" },
		{ "a 1 1 ", "u Live 0x0 (P)\n", ", Live 0x0\n" },
		{ "a 1 1 ", "Live ", "Live 0x0\n" },
		{ "a 1 1 - Live 0x0 ", "(P)", "\n" },
		{ "a 1 1 - Live 0x0 ", "(", "\n" },
		{ "a 1 1 - Live 0x0 (", "P", ")\n" },
		{ "a 1 1 - Live 0x0 (", "P", "\n" },
		{ "a 1 1 - Live 0x", "0", "\n" },
		{ "a ", "1", " 1 - Live 0x0\n" },
		{ "",
		  "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
		  "\n"
		  "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\na 1 0 - Live 0x0\n",
		  "" },
		{ "",
		  "x Live 0x0\nx Live 0x0\nx Live 0x0\nx Live 0x0\nx 1 0 - Live 0x0\n",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		size_t some = steps_of(hostile[i].front, hostile[i].unit, hostile[i].back,
		                       1 << 18);
		size_t more = steps_of(hostile[i].front, hostile[i].unit, hostile[i].back,
		                       1 << 22);

		/* Sixteen times the bytes, and at most 64 looks at each. */
		assert_true(more <= 17 * some + 100000);
		assert_true(more <= (size_t)64 << 22);
	}
}

/* ---- reading them ---- */

static void procfs_modules_read_reads_the_list_anew(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct module_list list;

	(void)state;
	module_list_init(&list);
	assert_int_equal(procfs_modules_read(fs, &list), -ENOENT);
	tree_write("proc/modules", "a 1 0 - Live 0x0 (P)\nb 1 0 - Live 0x0\n");
	assert_int_equal(procfs_modules_read(fs, &list), 0);
	assert_int_equal(list.count, 2);
	tree_write("proc/modules", "c 1 0 - Live 0x0 (O)\n");
	assert_int_equal(procfs_modules_read(fs, &list), 0);
	assert_int_equal(list.count, 1);
	check_record(&list, 0, "c", "O");
	tree_write("proc/modules", "");
	assert_int_equal(procfs_modules_read(fs, &list), 0);
	assert_int_equal(list.count, 0);
	tree_write("proc/modules", "garbage\n");
	assert_int_equal(procfs_modules_read(fs, &list), -EBADMSG);
	tree_delete("proc/modules");
	assert_int_equal(procfs_modules_read(fs, &list), -ENOENT);
	assert_int_equal(list.count, 0);
	module_list_clear(&list);
	hostfs_free(fs);
}

static void procfs_modules_read_refuses_a_boundless_list(void **state)
{
	struct hostfs *fs = tree_hostfs();
	struct module_list list;
	char path[2 * PATH_MAX];

	(void)state;
	module_list_init(&list);
	tree_write("proc/modules", "");
	snprintf(path, sizeof(path), "%s/proc/modules", tree_path);
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(procfs_modules_read(fs, &list), -EFBIG);
	assert_int_equal(list.count, 0);
	module_list_clear(&list);
	hostfs_free(fs);
}

static void procfs_readers_survive_every_failed_allocation(void **state)
{
	struct hostfs *fs = tree_hostfs();
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	size_t failures = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_add_string(&file, "module 4096 0 - Live 0x0 (OE)\n");
	tree_write_bytes("proc/modules", file.data, file.length);
	tree_write("proc/sys/kernel/tainted", "1\n");
	tree_write("proc/sys/kernel/osrelease", "6.1.0\n");
	for (size_t i = 0; i < 20; i++) {
		struct snapshot snapshot;
		int r;

		snapshot_init(&snapshot);
		memory_fails = true;
		memory_fails_at = i;
		procfs_mask_read(fs, &snapshot);
		procfs_release_read(fs, &snapshot);
		r = procfs_modules_read(fs, &snapshot.modules);
		memory_fails = false;
		assert_true(snapshot.mask_result.error == 0 ||
		            snapshot.mask_result.error == -ENOMEM);
		assert_true(snapshot.release_result.error == 0 ||
		            snapshot.release_result.error == -ENOMEM);
		assert_true(r == 0 || r == -ENOMEM);
		failures += r < 0;
		failures += snapshot.mask_result.error < 0;
		failures += snapshot.release_result.error < 0;

		/* The same list works again. */
		assert_int_equal(procfs_modules_read(fs, &snapshot.modules), 0);
		assert_int_equal(snapshot.modules.count, 1000);
		snapshot_clear(&snapshot);
	}
	assert_in_range(failures, 4, 19);
	hostfs_free(fs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(procfs_mask_read_takes_every_number_of_64_bits),
		TEST(procfs_mask_read_refuses_what_is_no_number),
		TEST(procfs_mask_read_refuses_a_number_with_nul_in_it),
		TEST(procfs_mask_read_says_why_there_is_no_mask),
		TEST(procfs_release_read_takes_one_word),
		TEST(procfs_release_read_refuses_no_word),
		TEST(procfs_release_read_says_why_there_is_no_release),
		TEST(procfs_version_read_appends_the_file),
		TEST(procfs_modules_parse_reads_every_form_of_a_record),
		TEST(procfs_modules_parse_takes_names_of_any_bytes),
		TEST(procfs_modules_parse_takes_a_name_that_ends_with_a_number),
		TEST(procfs_modules_parse_takes_every_byte_in_a_name),
		TEST(procfs_modules_parse_takes_hostile_names_among_the_users),
		TEST(procfs_modules_parse_takes_a_newline_among_the_users),
		TEST(procfs_modules_parse_takes_lines_of_any_length),
		TEST(procfs_modules_parse_takes_twenty_thousand_records),
		TEST(procfs_modules_parse_of_nothing_finds_nothing),
		TEST(procfs_modules_parse_refuses_what_is_no_record),
		TEST(procfs_modules_parse_refuses_an_address_that_is_none),
		TEST(procfs_modules_parse_refuses_nul),
		TEST(procfs_modules_parse_refuses_a_file_that_was_cut_off),
		TEST(procfs_modules_parse_cannot_be_fed_a_record_across_its_newline),
		TEST(procfs_modules_parse_starts_anew_after_an_error),
		TEST(procfs_modules_parse_finds_what_a_kernel_printed),
		TEST(procfs_modules_parse_survives_broken_lists),
		TEST(procfs_modules_parse_works_in_proportion_to_the_length),
		TEST(procfs_modules_read_reads_the_list_anew),
		TEST(procfs_modules_read_refuses_a_boundless_list),
		TEST(procfs_readers_survive_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
