/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string behind "Tainted: ", there and back: what a kernel prints of a mask is read
 * as the same mask, on every kernel that prints in a way of its own, whatever became of
 * the blanks. The strings of real logs stand here as they were found.
 */
#include "model/taint_string.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/dialect.h"

#define BIT(number) (UINT64_C(1) << (number))
#define O           BIT(12)

static struct dialect dialect;

static struct taint_string parse(const struct text *string)
{
	return taint_string_parse(&dialect, text_string(string), string->length);
}

/* Without blanks at its end, or with one in the place of several. */
static void collapse(struct text *text, const char *string)
{
	for (; *string; string++)
		if (*string != ' ' || (string[1] && string[1] != ' '))
			text_add_char(text, *string);
}

static void check_mask(uint64_t mask)
{
	_cleanup_(text_clear) struct text string = TEXT_INIT, other = TEXT_INIT;
	struct taint_string found;

	taint_string_write(&dialect, mask, &string);
	found = parse(&string);
	if (found.mask != mask || found.unplaced ||
	    !taint_letters_is_empty(&found.strangers))
		fail_msg("%s is not 0x%" PRIx64, text_string(&string), mask);
	if (!taint_string_has_dashes_of(&dialect, text_string(&string), string.length))
		fail_msg("%s has other dashes", text_string(&string));
	/* Of an unused bit nothing but its column tells. */
	if (strchr(text_string(&string), '?'))
		return;
	collapse(&other, text_string(&string));
	if (parse(&other).mask != mask)
		fail_msg("%s is not 0x%" PRIx64, text_string(&other), mask);
}

/* Each that prints in its own way, and the bits that it knows and does not print. */
static void what_a_kernel_prints_is_read_as_that_mask(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release;
		uint64_t unprinted;
	} rows[] = {
		{ DIALECT_MAINLINE, "", 0 },
		{ DIALECT_MAINLINE, "2.6.18", 0 },
		{ DIALECT_MAINLINE, "3.2.51", 0 },
		{ DIALECT_MAINLINE, "3.13.0-45-generic", 0 },
		{ DIALECT_MAINLINE, "6.1.0-56-amd64", 0 },
		{ DIALECT_MAINLINE, "6.20.0-1-amd64", 0 },
		{ DIALECT_RHEL5, "2.6.18-8.el5", 0 },
		{ DIALECT_RHEL5, "2.6.18-92.el5", BIT(6) },
		{ DIALECT_RHEL5, "2.6.18-348.el5", BIT(6) | BIT(29) },
		{ DIALECT_RHEL6, "2.6.32-71.el6", 0 },
		{ DIALECT_RHEL6, "2.6.32-754.35.1.el6.x86_64", 0 },
		{ DIALECT_RHEL7, "3.10.0-123.el7.x86_64", 0 },
		{ DIALECT_RHEL7, "3.10.0-327.el7", 0 },
		{ DIALECT_RHEL8, "4.18.0-372.9.1.el8.x86_64", 0 },
		{ DIALECT_RHEL9, "5.14.0-284.el9", 0 },
		{ DIALECT_RHEL9, "5.14.0-687.26.1.el9_8.x86_64", 0 },
		{ DIALECT_RHEL10, "6.12.0-211.el10", 0 },
		{ DIALECT_SUSE, "3.0.101-0.46-default", 0 },
		{ DIALECT_SUSE, "4.12.14-94.41-default", BIT(30) | BIT(31) },
		{ DIALECT_SUSE, "5.14.21-150500.55.52-default", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taint_columns columns;
		uint64_t printed = 0;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		if (taint_string_unprinted(&dialect) != rows[i].unprinted)
			fail_msg("%s: 0x%" PRIx64, rows[i].release,
			         taint_string_unprinted(&dialect));
		taint_columns_init(&columns, &dialect);
		for (size_t k = 0; k < columns.count; k++)
			printed |= BIT(columns.bits[k]) & columns.printed;
		check_mask(printed);
		for (unsigned int a = 0; a < 64; a++)
			for (unsigned int b = 0; b <= a; b++)
				check_mask((BIT(a) | BIT(b)) & printed);
	}
}

static void columns_and_dashes_are_those_of_each_release(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release;
		uint64_t mask;
		const char *string;
	} rows[] = {
		/* No dashes; a column more with 6.0, and another with 6.15. */
		{ DIALECT_MAINLINE, "5.19.0", O, "G           O     " },
		{ DIALECT_MAINLINE, "6.14.0", O, "G           O      " },
		{ DIALECT_MAINLINE, "6.15.0", O, "G           O       " },
		{ DIALECT_MAINLINE, "2.6.18", 0, "G     " },
		{ DIALECT_MAINLINE, "3.13.0-45-generic", BIT(13) | O | 1,
		  "P           OX" },
		{ DIALECT_RHEL5, "2.6.18-92.el5", 1, "P     " },
		{ DIALECT_RHEL5, "2.6.18-274.el5", 1, "P     ----" },
		{ DIALECT_RHEL6, "2.6.32-71.el6", 0, "G          ----------------- -" },
		{ DIALECT_RHEL6, "2.6.32-754.el6", 0, "G           ---------------   " },
		{ DIALECT_RHEL6, "2.6.32-754.35.1.el6", 0,
		  "G           -- ------------   " },
		{ DIALECT_RHEL7, "3.10.0-123.el7", O, "G           O--------------  " },
		{ DIALECT_RHEL7, "3.10.0-327.el7", O, "G           O   ------------  " },
		{ DIALECT_RHEL8, "4.18.0-348.el8", O,
		  "G           O     --------- -  -" },
		{ DIALECT_RHEL9, "5.14.0-70.el9", O, "G           O     --------- --- " },
		{ DIALECT_RHEL9, "5.14.0-284.el9", O,
		  "G           O     --------  --- " },
		{ DIALECT_RHEL9, "5.14.0-362.el9", O,
		  "G           O      -------  --- " },
		{ DIALECT_RHEL9, "5.14.0-687.26.1.el9_8.x86_64", BIT(19) | 1,
		  "P                  J------  --- " },
		{ DIALECT_RHEL10, "6.12.0-124.8.1.el10_1", O,
		  "G           O       ------  --- " },
		{ DIALECT_SUSE, "3.0.101-0.46-default", BIT(31) | BIT(13),
		  "G           E X" },
		{ DIALECT_SUSE, "4.12.14-94-default", O, "G           O     " },
		{ DIALECT_SUSE, "6.4.0-1-default", O, "G           O       " },
		/* A bit without a letter is a question mark in its column. */
		{ DIALECT_RHEL9, "5.14.0-362.el9", BIT(20) | O,
		  "G           O      -?-----  --- " },
		{ DIALECT_RHEL8, "4.18.0-513.el8", BIT(31) | 1,
		  "P                 --------- -  ?" },
		/* Bit 13 has no column there. */
		{ DIALECT_RHEL7, "3.10.0-123.el7", BIT(14) | O,
		  "G           O?-------------  " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		taint_string_write(&dialect, rows[i].mask, &text);
		if (strcmp(text_string(&text), rows[i].string) != 0)
			fail_msg("%s: %s", rows[i].release, text_string(&text));
		check_mask(rows[i].mask);
	}
}

static void a_string_says_its_mask_and_what_is_strange(void **state)
{
	static const struct row {
		enum dialect_id id;
		const char *release, *string;
		uint64_t mask;
		const char *strangers;
		unsigned int unplaced;
	} rows[] = {
#define MAIN  DIALECT_MAINLINE, "6.20.0"
#define RHEL9 DIALECT_RHEL9, "5.14.0-362.el9"
		{ MAIN, "", 0, "", 0 },
		{ MAIN, "GGG - ", 0, "", 0 },
		{ MAIN, "PFSRMBU AWCIOELKXTN", 0x7ff7f, "", 0 },
		{ DIALECT_RHEL7, "3.10.0-1160.el7", "P           OE  ------------ T",
		  BIT(29) | 0x3001, "", 0 },
		{ MAIN, "G        Z  O      ", O, "Z", 0 },
		{ MAIN, "PQz!0\xff", 1, "Qz!0", 0 },
		{ DIALECT_RHEL5, "2.6.18-274.el5", "P     ---T", BIT(29) | 1, "", 0 },
		{ DIALECT_RHEL5, "2.6.18-8.el5", "P     U", 1, "U", 0 },
		{ RHEL9, "G  r  -------  ---", 0, "r", 0 },
		/* Where an unused bit has its column, it is known which one it is. */
		{ RHEL9, "G                  -V", BIT(20), "", 0 },
		{ RHEL9, "G           O      -?----?  --- ", BIT(20) | BIT(25) | O, "",
		  0 },
		{ RHEL9, "G O -?----- ---", O, "", 1 },
		{ RHEL9,
		  "G O ?"
		  "?----- --?",
		  O, "", 3 },
		/* What stands before it is not as that kernel prints it. */
		{ RHEL9, "GO                 -?", O, "", 1 },
		/* In the column of a bit that has a letter it cannot be. */
		{ RHEL9, "?           O", O, "", 1 },
		/* Mainline adds columns at the end, and never moves one. */
		{ MAIN, "G           O       V", BIT(20) | O, "", 0 },
		{ MAIN, "G           O         ?", BIT(22) | O, "", 0 },
		{ MAIN, "G O V", O, "V", 0 },
		{ MAIN,
		  "G                                                              V",
		  BIT(63), "", 0 },
		{ MAIN,
		  "G                                                               V", 0,
		  "V", 0 },
		{ DIALECT_SUSE, "6.4.0-1-default", "G           O        V", O, "V", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct taint_letters strangers = { { 0 } };
		struct taint_string found;

		dialect_init(&dialect, row->id, row->release);
		taint_letters_parse(row->strangers, strlen(row->strangers), &strangers);
		found = taint_string_parse(&dialect, row->string, strlen(row->string));
		if (found.mask != row->mask || found.unplaced != row->unplaced ||
		    !taint_letters_is_equal(&found.strangers, &strangers))
			fail_msg("%s: 0x%" PRIx64, row->string, found.mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_kernel_prints_is_read_as_that_mask),
		cmocka_unit_test(columns_and_dashes_are_those_of_each_release),
		cmocka_unit_test(a_string_says_its_mask_and_what_is_strange),
	};

	return cmocka_run_group_tests_name("taint_string", tests, NULL, NULL);
}
