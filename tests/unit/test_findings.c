/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement over snapshots made by hand: counts that overlap, flags that nobody or
 * somebody carries, names in order. Knows no file and no page.
 */
#include "model/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "model/dialect.h"
#include "model/module_file.h"
#include "model/snapshot.h"

#define BIT(number) (UINT64_C(1) << (number))

/* Mainline bits that a module can carry: P F C O E K X N. */
#define MODULE_BITS \
	(BIT(0) | BIT(1) | BIT(10) | BIT(12) | BIT(13) | BIT(15) | BIT(16) | BIT(18))

static struct snapshot snapshot;
static struct findings findings;

static int setup(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	findings_clear(&findings);
	snapshot_clear(&snapshot);
	return 0;
}

/* NAME must last. */
static void add(const char *name, const char *letters, size_t length)
{
	struct module_record *record = module_list_add(&snapshot.modules);

	record->name = name;
	record->name_length = strlen(name);
	assert_int_equal(taint_letters_parse(letters, length, &record->letters), 0);
}

static void judge(enum dialect_id id, const char *release, bool describes_every)
{
	struct dialect dialect;

	findings_clear(&findings);
	if (id < DIALECT_COUNT)
		dialect_init(&dialect, id, release);
	assert_int_equal(findings_init(&findings, &snapshot,
	                               id < DIALECT_COUNT ? &dialect : NULL,
	                               describes_every),
	                 0);
}

#define MAIN  DIALECT_MAINLINE, "6.12.0"
#define RHEL5 DIALECT_RHEL5, "2.6.18-194.el5PAE"
#define RHEL6 DIALECT_RHEL6, "2.6.32-754.35.1.el6.x86_64"

static void masks_are_held_against_what_modules_carry(void **state)
{
	static const struct row {
		enum dialect_id id;
		const char *release;
		const char *letters; /* of modules, with blanks between them */
		uint64_t before, mask;
		uint64_t carried, unexplained, contradicted;
		size_t tainting, proprietary, out_of_tree, unsigned_modules;
	} rows[] = {
		{ MAIN, "", 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ MAIN, "POE", 0x3001, 0x3001, 0x3001, 0, 0, 1, 1, 1, 1 },
		{ MAIN, "POE  PO OE OE+ C + OEK", 0xb401, 0xb401, 0xb401, 0, 0, 6, 2, 5,
		  4 },
		{ MAIN, "", 0x3000, 0x3000, 0, 0x3000, 0, 0, 0, 0, 0 },
		{ MAIN, "OE", BIT(12), BIT(12), 0x3000, 0, BIT(13), 1, 0, 1, 1 },
		{ MAIN, "OE", 0x201, 0x201, 0x3000, 1, 0x3000, 1, 0, 1, 1 },
		{ MAIN, "PF COE KXN", MODULE_BITS, MODULE_BITS, MODULE_BITS, 0, 0, 3, 1,
		  1, 1 },
		/* A module that came while the list was read may be missing in it. */
		{ MAIN, "", BIT(12), 0x3000, 0, BIT(12), 0, 0, 0, 0, 0 },
		{ MAIN, "", 0x3000, BIT(13), 0, BIT(13), 0, 0, 0, 0, 0 },
		{ MAIN, "OE", 0, 0x3000, 0x3000, 0, 0, 1, 0, 1, 1 },
		/* What no module can carry is never unexplained. */
		{ MAIN, "", UINT64_MAX, UINT64_MAX, 0, MODULE_BITS, 0, 0, 0, 0, 0 },
		{ MAIN, "", ~MODULE_BITS, ~MODULE_BITS, 0, 0, 0, 0, 0, 0, 0 },
		/* Letters that mean nothing taint all the same. */
		{ MAIN, "z !~?09{|} Oz", BIT(12), BIT(12), BIT(12), 0, 0, 3, 0, 1, 0 },
		/* Unsigned has a letter and no bit, or another bit. */
		{ RHEL6, "PU U", 0x41, 0x41, 1, 0, 0, 2, 1, 0, 2 },
		{ RHEL6, "PU", 1, 1, 1, 0, 0, 1, 1, 0, 1 },
		{ RHEL5, "PU", 1, 1, 0x41, 0, BIT(6), 1, 1, 0, 1 },
		{ RHEL5, "", BIT(6), BIT(6), 0, BIT(6), 0, 0, 0, 0, 0 },
		/* Doubled letters count once; N need not be in the mask. */
		{ DIALECT_SUSE, "5.3.18-56-default", "OEXX", 0x13000, 0x13000, 0x13000, 0,
		  0, 1, 0, 1, 1 },
		{ DIALECT_SUSE, "4.4.180-94.100-default", "NX", 0, 0, BIT(30) | BIT(31),
		  0, BIT(31), 1, 0, 0, 0 },
		{ DIALECT_SUSE, "6.4.0-150700.53.3-default", "OEX", 0, 0, 0x13000, 0,
		  0x3000, 1, 0, 1, 1 },
		{ DIALECT_SUSE, "6.4.0-150600.23-default", "nX", 0, 0, BIT(31) | BIT(16),
		  0, BIT(31), 1, 0, 0, 0 },
		{ DIALECT_RHEL8, "4.18.0-348.el8", "Xt", 0, 0, BIT(16) | BIT(29), 0,
		  BIT(16) | BIT(29), 1, 0, 0, 0 },
		/* Without a dialect nothing that needs a meaning is said. */
		{ DIALECT_COUNT, "", "POE ", UINT64_MAX, UINT64_MAX, 0, 0, 0, 1, 0, 0,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const char *at = row->letters;

		for (size_t length; *at; at += length + (at[length] == ' ')) {
			length = strcspn(at, " ");
			add("m", at, length);
		}
		snapshot.mask_before_modules = row->before;
		snapshot.mask = row->mask;
		judge(row->id, row->release, false);
		if (findings.carried != row->carried ||
		    findings.unexplained != row->unexplained ||
		    findings.contradicted != row->contradicted ||
		    findings.tainting != row->tainting ||
		    findings.proprietary != row->proprietary ||
		    findings.out_of_tree != row->out_of_tree ||
		    findings.unsigned_modules != row->unsigned_modules)
			fail_msg("row %zu, %s", i, row->letters);
		snapshot_clear(&snapshot);
	}
}

static void modules_are_sorted_by_what_stands_for_names(void **state)
{
	/* U+FFFD sorts before what is above it, and names that look alike by bytes. */
	static const char *const names[] = {
		"",
		"A",
		"Z",
		"_",
		"a",
		"a1",
		"a10",
		"a2",
		"ab",
		"a\xfe",
		"a\xff",
		"z",
		"\xc3\xa4",
		"\x80",
		"\xff",
		"\x80z",
		"\xf0\x9f\x90\xa7",
	};

	(void)state;
	for (int is_reversed = 0; is_reversed < 2; is_reversed++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			size_t at = is_reversed ? ARRAY_SIZE(names) - 1 - i
			                        : i * 5 % ARRAY_SIZE(names);

			add(names[at], at % 2 ? "" : "O", at % 2 ? 0 : 1);
		}
		judge(MAIN, true);
		assert_int_equal(findings.described_count, ARRAY_SIZE(names));
		assert_int_equal(findings.tainting, (ARRAY_SIZE(names) + 1) / 2);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			assert_string_equal(findings.described[i]->name, names[i]);
			if (i % 2 == 0)
				assert_ptr_equal(findings.sorted[i / 2],
				                 findings.described[i]);
		}
		judge(MAIN, false);
		assert_int_equal(findings.described_count, findings.tainting);
		snapshot_clear(&snapshot);
	}
}

static void what_is_gone_is_sorted_and_summed(void **state)
{
	static const struct {
		const char *name, *letters;
		uint64_t count;
	} gone[] = {
		{ "zfs", "EO", 1 },
		{ "y", "E", UINT64_MAX - 1 },
		{ "nvidia", "PEO", 2 },
		{ "zfs", "", 3 },
		{ "x\xff", "EO", 1 },
		{ "y", "E", 5 },
		/* As they are written, not as sets or as they were read. */
		{ "zfs", "OP", 4 },
		{ "zfs", "OC", 5 },
		{ "x\xfe", "OE", 2 },
		{ "x\xef\xbf\xbd", "XNE", 4 },
	};
	static const struct {
		enum dialect_id id;
		const char *release, *expected;
	} rows[] = {
		{ MAIN,
		  "nvidia POE 2, x\xef\xbf\xbd EXN 4, x\xef\xbf\xbd OE 3, "
		  "y E 18446744073709551615, zfs  3, zfs CO 5, zfs OE 1, zfs PO 4, " },
		{ DIALECT_SUSE, "4.12.14-122-default",
		  "nvidia POE 2, x\xef\xbf\xbd ENX 4, x\xef\xbf\xbd OE 3, "
		  "y E 18446744073709551615, zfs  3, zfs CO 5, zfs OE 1, zfs PO 4, " },
		{ DIALECT_COUNT, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		struct unloaded_record *record = unloaded_list_add(&snapshot.unloaded);

		record->name = gone[i].name;
		record->name_length = strlen(gone[i].name);
		record->count = gone[i].count;
		taint_letters_parse(gone[i].letters, strlen(gone[i].letters),
		                    &record->letters);
	}
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		_cleanup_(text_clear) struct text found = TEXT_INIT;

		judge(rows[k].id, rows[k].release, false);
		for (size_t i = 0; i < findings.unloaded_count; i++) {
			const struct unloaded_finding *one = &findings.unloaded[i];

			utf8_add_clean(&found, one->record->name,
			               one->record->name_length);
			text_add_char(&found, ' ');
			text_add_string(&found, one->flags);
			text_add_char(&found, ' ');
			text_add_number(&found, one->count);
			text_add_string(&found, ", ");
		}
		assert_string_equal(text_string(&found), rows[k].expected);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(masks_are_held_against_what_modules_carry),
		TEST(modules_are_sorted_by_what_stands_for_names),
		TEST(what_is_gone_is_sorted_and_summed),
	};
#undef TEST

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
