/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that are gone: what the kernel prints, what it never would, and names of
 * any bytes.
 */
#include "sources/unloaded.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"

static struct snapshot snapshot;

static int setup(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	snapshot_clear(&snapshot);
	return 0;
}

static int parse(const char *bytes, size_t length)
{
	text_reset(&snapshot.unloaded.text);
	text_add(&snapshot.unloaded.text, bytes, length);
	return unloaded_parse(&snapshot.unloaded);
}

/* The longest name, and one byte more. */
#define LONGEST  "name of sixty-three bytes, which is the most that a kernel has."
#define TOO_LONG "name of sixty-four bytes, which is one more than the kernel has."

static void a_name_may_hold_anything(void **state)
{
	static const char *const names[] = {
		"zfs",          " ",           "  ",        "\n",
		"\n\n\n",       " leading",    "trailing ", "two words",
		"new\nline",    "ends\n",      "\nbegins",  "(OE)",
		"a (OE)",       "a (OE) ",     "a (OE) x",  "a (OE) 1 ",
		"a (OE) 1 \nb", "a (O) (E)",   ")",         "((",
		"\xff\xfe",     "caf\xc3\xa9", "1",         "(",
		LONGEST,
	};
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		text_add_string(&text, names[i]);
		text_add_string(&text, i % 2 ? " (OE) " : " () ");
		text_add_number(&text, UINT64_MAX - i);
		text_add_char(&text, '\n');
	}
	/* The second time in place of what was read before. */
	for (int again = 0; again < 2; again++) {
		assert_int_equal(parse(text.data, text.length), 0);
		assert_int_equal(snapshot.unloaded.count, ARRAY_SIZE(names));
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct unloaded_record *record = &snapshot.unloaded.records[i];
		struct taint_letters letters = { 0 };

		taint_letters_parse("OE", i % 2 ? 2 : 0, &letters);
		if (record->name_length != strlen(names[i]) ||
		    memcmp(record->name, names[i], record->name_length) != 0 ||
		    !taint_letters_is_equal(&record->letters, &letters) ||
		    record->count != UINT64_MAX - i)
			fail_msg("'%s'", names[i]);
	}
	assert_int_equal(parse("", 0), 0);
	assert_int_equal(snapshot.unloaded.count, 0);
}

static void anything_else_is_bad(void **state)
{
	/* clang-format off */
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
#define ROW(bytes) { bytes, sizeof(bytes) - 1 }
		ROW("\n"), ROW("zfs"), ROW("zfs (OE) 1"), ROW("zfs\n"), ROW("zfs (OE)\n"),
		ROW("zfs (OE) \n"), ROW("zfs (OE)1\n"), ROW("zfs(OE) 1\n"),
		ROW(" (OE) 1\n"), ROW("(OE) 1\n"), ROW("zfs (OE) -1\n"),
		ROW("zfs (OE) 1 \n"), ROW("zfs (OE) 0x1\n"), ROW("zfs (OE 1\n"),
		ROW("zfs OE) 1\n"), ROW("zfs (O E) 1\n"), ROW("zfs (O\xff) 1\n"),
		ROW("zfs (OE) 18446744073709551616\n"), ROW("zfs (OE) 1\nzfs (OE) 1"),
		ROW("zfs (OE) 1\n\n"), ROW("z\0s (OE) 1\n"), ROW(TOO_LONG " (E) 1\n"),
#undef ROW
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse(rows[i].bytes, rows[i].length) != -EBADMSG)
			fail_msg("row %zu: %s", i, rows[i].bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_name_may_hold_anything),
		TEST(anything_else_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
