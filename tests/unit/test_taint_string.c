/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string behind "Tainted: ", there and back: what a kernel prints of a mask is read
 * as the same mask, on every kernel that prints in a way of its own, whatever became of
 * the blanks. The strings of real logs stand here as they were found.
 */
#include "model/taint_string.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "memory.h"
#include "model/dialect.h"

/* Each that prints in its own way, and those of the scenes. */
static const struct kernel {
	enum dialect_id id;
	const char *release;
} kernels[] = {
	{ DIALECT_MAINLINE, "" },
	{ DIALECT_MAINLINE, "2.6.18" },
	{ DIALECT_MAINLINE, "2.6.32" },
	{ DIALECT_MAINLINE, "3.2.51" },
	{ DIALECT_MAINLINE, "5.15.0-206.153.7.1.el8uek.x86_64" },
	{ DIALECT_MAINLINE, "6.1.0-56-amd64" },
	{ DIALECT_MAINLINE, "6.4.0-150600.21-vanilla" },
	{ DIALECT_MAINLINE, "6.12.0-103.40.4.2.el10uek.x86_64" },
	{ DIALECT_MAINLINE, "6.12.117+deb12-cloud-amd64" },
	{ DIALECT_MAINLINE, "6.18.5+deb14-amd64" },
	{ DIALECT_MAINLINE, "6.20.0-1-amd64" },
	{ DIALECT_RHEL5, "2.6.18-8.el5" },
	{ DIALECT_RHEL5, "2.6.18-92.el5" },
	{ DIALECT_RHEL5, "2.6.18-274.el5" },
	{ DIALECT_RHEL5, "2.6.18-348.el5" },
	{ DIALECT_RHEL6, "2.6.32-71.el6" },
	{ DIALECT_RHEL6, "2.6.32-131.el6" },
	{ DIALECT_RHEL6, "2.6.32-279.el6" },
	{ DIALECT_RHEL6, "2.6.32-754.35.1.el6.x86_64" },
	{ DIALECT_RHEL7, "3.10.0-123.el7.x86_64" },
	{ DIALECT_RHEL7, "3.10.0-327.el7" },
	{ DIALECT_RHEL7, "3.10.0-1160.119.1.el7.x86_64" },
	{ DIALECT_RHEL8, "4.18.0-348.20.1.el8_5.x86_64" },
	{ DIALECT_RHEL8, "4.18.0-372.9.1.el8.x86_64" },
	{ DIALECT_RHEL9, "5.14.0-70.13.1.el9_0.x86_64" },
	{ DIALECT_RHEL9, "5.14.0-284.el9" },
	{ DIALECT_RHEL9, "5.14.0-362.8.1.el9_3.x86_64" },
	{ DIALECT_RHEL9, "5.14.0-687.26.1.el9_8.x86_64" },
	{ DIALECT_RHEL10, "6.12.0-55.9.1.el10_0.x86_64" },
	{ DIALECT_RHEL10, "6.12.0-211.el10" },
	{ DIALECT_MAINLINE, "3.13.0-45-generic" },
	{ DIALECT_SUSE, "3.0.101-0.46-default" },
	{ DIALECT_SUSE, "4.12.14-94.41-default" },
	{ DIALECT_SUSE, "5.3.18-56-default" },
	{ DIALECT_SUSE, "5.14.21-150500.55.52-default" },
	{ DIALECT_SUSE, "6.4.0-150600.23.7-default" },
};

static struct dialect dialect;

static void use(enum dialect_id id, const char *release)
{
	dialect_init(&dialect, id, release);
}

static struct taint_string parse(const char *string)
{
	return taint_string_parse(&dialect, string, strlen(string));
}

/* The bits whose letters can stand in the string. */
static uint64_t printed_bits(void)
{
	struct taint_columns columns;
	uint64_t bits = 0;

	taint_columns_init(&columns, &dialect);
	assert_in_range(columns.count, 1, 64);
	for (size_t i = 0; i < columns.count; i++) {
		assert_false(bits >> columns.bits[i] & 1);
		bits |= UINT64_C(1) << columns.bits[i];
	}
	return bits & columns.printed;
}

/* ---- there and back ---- */

static void assert_mask(const struct text *string, uint64_t mask)
{
	struct taint_string found =
		taint_string_parse(&dialect, text_string(string), string->length);

	if (found.mask != mask || found.unplaced ||
	    !taint_letters_is_empty(&found.strangers))
		fail_msg("%s: 0x%" PRIx64 " is not 0x%" PRIx64, text_string(string),
		         found.mask, mask);
	if (!taint_string_has_dashes_of(&dialect, text_string(string), string->length))
		fail_msg("%s has other dashes", text_string(string));
}

/* Appends STRING with one blank in the place of several. */
static void add_collapsed(struct text *text, const char *string)
{
	for (; *string; string++)
		if (*string != ' ' || string[1] != ' ')
			text_add_char(text, *string);
}

static void check_mask(uint64_t mask)
{
	_cleanup_(text_clear) struct text string = TEXT_INIT, other = TEXT_INIT;
	size_t blanks;

	taint_string_write(&dialect, mask, &string);
	assert_int_equal(string.error, 0);
	assert_non_null(strchr("GP", *text_string(&string)));
	assert_mask(&string, mask);

	while (string.length && string.data[string.length - 1] == ' ')
		string.data[--string.length] = '\0';
	assert_mask(&string, mask);

	/* Of an unused bit nothing but its column tells. */
	if (strchr(text_string(&string), '?'))
		return;
	add_collapsed(&other, text_string(&string));
	assert_mask(&other, mask);
	text_reset(&other);
	for (blanks = 0; blanks < 3; blanks++)
		text_add_char(&other, ' ');
	text_add(&other, string.data, string.length);
	assert_mask(&other, mask);
}

static uint64_t random_state;

/* The same numbers each time (G. Marsaglia's xorshift). */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void what_a_kernel_prints_of_any_mask_is_read_as_that_mask(void **state)
{
	(void)state;
	random_state = 88172645463325252;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		uint64_t printed;

		use(kernels[i].id, kernels[i].release);
		printed = printed_bits();
		check_mask(0);
		check_mask(printed);
		for (unsigned int a = 0; a < 64; a++)
			for (unsigned int b = 0; b <= a; b++)
				check_mask((UINT64_C(1) << a | UINT64_C(1) << b) &
				           printed);
		for (int k = 0; k < 2000; k++) {
			uint64_t mask = next_random() & printed;

			check_mask(mask);
			/* Few bits, as masks are. */
			check_mask(mask & next_random() & next_random());
		}
	}
}

static void every_known_bit_is_printed_but_those_that_two_hide(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		uint64_t hidden = 0, later = 0;

		use(kernels[i].id, kernels[i].release);
		for (unsigned int bit = 0; bit < 64; bit++)
			if (dialect.bits[bit] &&
			    kernel_version_compare(&dialect.bits[bit]->since,
			                           &dialect.version) > 0)
				later |= UINT64_C(1) << bit;
		if (kernels[i].id == DIALECT_RHEL5)
			hidden = dialect.known_bits & ~UINT64_C(0x3f);
		if (strncmp(kernels[i].release, "4.12", 4) == 0)
			hidden = UINT64_C(3) << 30;
		assert_true((dialect.known_bits & ~printed_bits()) == (hidden | later));
		assert_true(taint_string_unprinted(&dialect) == hidden);
		assert_true(kernels[i].id == DIALECT_MAINLINE || !later);
	}
	use(DIALECT_RHEL5, "2.6.18-8.el5");
	assert_true(taint_string_unprinted(&dialect) == 0);
	use(DIALECT_RHEL5, "2.6.18-92.el5");
	assert_true(taint_string_unprinted(&dialect) == 1 << 6);
}

static void what_has_no_column_is_not_printed(void **state)
{
	_cleanup_(text_clear) struct text a = TEXT_INIT, b = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		uint64_t mask;

		use(kernels[i].id, kernels[i].release);
		text_reset(&a);
		text_reset(&b);
		mask = printed_bits() & UINT64_C(0x5555555555555555);
		taint_string_write(&dialect, mask, &a);
		taint_string_write(&dialect, mask | ~printed_bits(), &b);
		assert_true(text_is_equal(&a, &b));
	}
}

/* ---- as kernels print it ---- */

static void assert_printed(enum dialect_id id, const char *release, uint64_t mask,
                           const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct taint_string found;

	use(id, release);
	taint_string_write(&dialect, mask, &text);
	assert_string_equal(text_string(&text), expected);
	found = parse(expected);
	assert_true(found.mask == mask);
	assert_int_equal(found.unplaced, 0);
	assert_true(taint_string_has_dashes_of(&dialect, expected, strlen(expected)));
}

#define O 0x1000

static void dashes_and_widths_are_those_of_each_release(void **state)
{
	(void)state;
	/* No dashes; a column more with 6.0, and another with 6.15. */
	assert_printed(DIALECT_MAINLINE, "5.19.0", O, "G           O     ");
	assert_printed(DIALECT_MAINLINE, "6.0.0", O, "G           O      ");
	assert_printed(DIALECT_MAINLINE, "6.14.0", O, "G           O      ");
	assert_printed(DIALECT_MAINLINE, "6.15.0", O, "G           O       ");
	assert_printed(DIALECT_MAINLINE, "", O, "G           O       ");
	assert_printed(DIALECT_MAINLINE, "2.6.18", 0, "G     ");

	assert_printed(DIALECT_RHEL5, "2.6.18-8.el5", 1, "P     ");
	assert_printed(DIALECT_RHEL5, "2.6.18-92.el5", 1, "P     ");
	assert_printed(DIALECT_RHEL5, "2.6.18-274.el5", 1, "P     ----");
	assert_printed(DIALECT_RHEL6, "2.6.32-754.el6", 0,
	               "G           ---------------   ");
	assert_printed(DIALECT_RHEL6, "2.6.32-754.35.1.el6", 0,
	               "G           -- ------------   ");
	assert_printed(DIALECT_RHEL6, "2.6.32-71.el6", 0,
	               "G          ----------------- -");
	assert_printed(DIALECT_RHEL7, "3.10.0-123.el7", O,
	               "G           O--------------  ");
	assert_printed(DIALECT_RHEL7, "3.10.0-327.el7", O,
	               "G           O   ------------  ");
	assert_printed(DIALECT_RHEL7, "3.10.0-1160.el7", O,
	               "G           O   ------------  ");
	assert_printed(DIALECT_RHEL8, "4.18.0-348.el8", O,
	               "G           O     --------- -  -");
	assert_printed(DIALECT_RHEL8, "4.18.0-513.el8", O,
	               "G           O     --------- -  -");
	assert_printed(DIALECT_RHEL9, "5.14.0-70.el9", O,
	               "G           O     --------- --- ");
	assert_printed(DIALECT_RHEL9, "5.14.0-284.el9", O,
	               "G           O     --------  --- ");
	assert_printed(DIALECT_RHEL9, "5.14.0-362.el9", O,
	               "G           O      -------  --- ");
	assert_printed(DIALECT_RHEL10, "6.12.0-55.el10", O,
	               "G           O      -------  --- ");
	/* fwctl takes the place of a dash: RHEL 9.7 and 10.1. */
	assert_printed(DIALECT_RHEL9, "5.14.0-687.26.1.el9_8.x86_64", O,
	               "G           O       ------  --- ");
	assert_printed(DIALECT_RHEL9, "5.14.0-687.26.1.el9_8.x86_64", 1 << 19 | 1,
	               "P                  J------  --- ");
	assert_printed(DIALECT_RHEL10, "6.12.0-124.8.1.el10_1", O,
	               "G           O       ------  --- ");
	assert_printed(DIALECT_MAINLINE, "3.13.0-45-generic", 1 << 13 | O | 1,
	               "P           OX");
	assert_printed(DIALECT_SUSE, "3.0.101-0.46-default", UINT64_C(1) << 31 | 1 << 13,
	               "G           E X");
	/* What is between the last mainline bit and SUSE's own has no column. */
	assert_printed(DIALECT_SUSE, "4.12.14-94-default", O, "G           O     ");
	assert_printed(DIALECT_SUSE, "5.3.18-56-default", O, "G           O      ");
	assert_printed(DIALECT_SUSE, "6.4.0-1-default", O, "G           O       ");
}

static void the_strings_of_real_logs_say_their_mask(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *string;
		uint64_t mask;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.1.0-56-amd64", "PFSRMBU AWCIOELKXTN", 0x7ff7f },
		{ DIALECT_MAINLINE, "6.12.117+deb12-cloud-amd64", "PFSR  U A CIOE KXTN",
		  0x7bd4f },
		{ DIALECT_RHEL7, "3.10.0-1160.21.1.el7.x86_64",
		  "P           OE  ------------ T", UINT64_C(1) << 29 | 0x3001 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taint_string found;

		use(rows[i].id, rows[i].release);
		found = parse(rows[i].string);
		if (found.mask != rows[i].mask || found.unplaced)
			fail_msg("%s: 0x%" PRIx64, rows[i].string, found.mask);
		assert_true(taint_letters_is_empty(&found.strangers));
	}
}

static void only_dashes_of_the_same_release_fit(void **state)
{
	static const struct {
		const char *string;
		const char *fits; /* releases, of those below */
	} rows[] = {
		{ "G           ---------------   ", "6.3 " },
		{ "G           -- ------------   ", "6.10 " },
		{ "G           O--------------  ", "7.0 " },
		{ "G           O   ------------  ", "7.2 " },
		{ "G O ------------", "7.2 " },
		{ "G           O     --------- -  -", "8 " },
		{ "G           O     --------- --- ", "9.0 " },
		{ "G           O     --------  --- ", "9.2 " },
		{ "G           O      -------  --- ", "9.3 " },
		/* An unused bit that is set stands in its run. */
		{ "G           O      ---?---  --? ", "9.3 " },
		{ "P     ----", "5.7 " },
		{ "P      ", "m 5.1 s " },
		{ "", "m 5.1 s " },
		{ "-", "" },
		{ "G  -------  ---  -", "" },
		{ "G  -------", "" },
	};
	static const struct {
		const char *name;
		struct kernel kernel;
	} releases[] = {
		{ "m", { DIALECT_MAINLINE, "" } },
		{ "5.1", { DIALECT_RHEL5, "2.6.18-92.el5" } },
		{ "5.7", { DIALECT_RHEL5, "2.6.18-274.el5" } },
		{ "6.3", { DIALECT_RHEL6, "2.6.32-279.el6" } },
		{ "6.10", { DIALECT_RHEL6, "2.6.32-754.35.1.el6" } },
		{ "7.0", { DIALECT_RHEL7, "3.10.0-123.el7" } },
		{ "7.2", { DIALECT_RHEL7, "3.10.0-327.el7" } },
		{ "8", { DIALECT_RHEL8, "4.18.0-513.el8" } },
		{ "9.0", { DIALECT_RHEL9, "5.14.0-70.el9" } },
		{ "9.2", { DIALECT_RHEL9, "5.14.0-284.el9" } },
		{ "9.3", { DIALECT_RHEL9, "5.14.0-362.el9" } },
		{ "s", { DIALECT_SUSE, "5.14.21" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text fits = TEXT_INIT;

		for (size_t k = 0; k < ARRAY_SIZE(releases); k++) {
			use(releases[k].kernel.id, releases[k].kernel.release);
			if (!taint_string_has_dashes_of(&dialect, rows[i].string,
			                                strlen(rows[i].string)))
				continue;
			text_add_string(&fits, releases[k].name);
			text_add_char(&fits, ' ');
		}
		if (strcmp(text_string(&fits), rows[i].fits) != 0)
			fail_msg("%s: %s", rows[i].string, text_string(&fits));
	}
}

/* ---- what is not known ---- */

static void a_bit_without_a_letter_is_a_question_mark_in_its_column(void **state)
{
	(void)state;
	assert_printed(DIALECT_RHEL9, "5.14.0-362.el9", UINT64_C(1) << 20 | O,
	               "G           O      -?-----  --- ");
	assert_printed(DIALECT_RHEL8, "4.18.0-513.el8", UINT64_C(1) << 31 | 1,
	               "P                 --------- -  ?");
	assert_printed(DIALECT_RHEL7, "3.10.0-1160.el7", UINT64_C(0xfff) << 16,
	               "G               ????????????  ");
	assert_printed(DIALECT_RHEL6, "2.6.32-71.el6", UINT64_C(1) << 12,
	               "G          -?--------------- -");
	/* Bit 13 has no column there. */
	assert_printed(DIALECT_RHEL7, "3.10.0-123.el7", UINT64_C(1) << 14 | O,
	               "G           O?-------------  ");
}

static void letters_that_nobody_knows_are_strangers_and_never_lost(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *string, *strangers;
		uint64_t mask;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.1.0", "G        Z  O      ", "Z", O },
		{ DIALECT_MAINLINE, "6.1.0", "PQz", "Qz", 1 },
		{ DIALECT_RHEL5, "2.6.18-274.el5", "P     ---T", "", 0x20000001 },
		{ DIALECT_RHEL5, "2.6.18-8.el5", "P     U", "U", 1 },
		{ DIALECT_RHEL9, "5.14.0-362.el9", "G  r  -------  ---", "r", 0 },
		/* Where an unused bit has its column, it is known which one it is. */
		{ DIALECT_RHEL9, "5.14.0-362.el9", "G                  -V", "", 1 << 20 },
		/* What is no letter is none, but is not lost either. */
		{ DIALECT_MAINLINE, "6.1.0", "P!0", "!0", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taint_letters expected = { { 0 } };
		struct taint_string found;

		use(rows[i].id, rows[i].release);
		found = parse(rows[i].string);
		assert_int_equal(taint_letters_parse(rows[i].strangers,
		                                     strlen(rows[i].strangers),
		                                     &expected),
		                 0);
		if (found.mask != rows[i].mask ||
		    !taint_letters_is_equal(&found.strangers, &expected))
			fail_msg("%s: 0x%" PRIx64, rows[i].string, found.mask);
		assert_int_equal(found.unplaced, 0);
	}
}

/* Mainline adds columns at the end, and never moves one. */
static void a_letter_behind_the_last_column_of_mainline_is_the_bit_of_its_column(
	void **state)
{
	struct taint_string found;

	(void)state;
	use(DIALECT_MAINLINE, "6.20.0");
	found = parse("G           O       V");
	assert_true(found.mask == (UINT64_C(1) << 20 | O));
	assert_true(taint_letters_is_empty(&found.strangers));
	found = parse("G           O         ?");
	assert_true(found.mask == (UINT64_C(1) << 22 | O));
	/* Blanks were lost: nobody knows which column it was. */
	found = parse("G O V");
	assert_true(found.mask == O);
	assert_false(taint_letters_is_empty(&found.strangers));
	/* There is no column behind the last bit. */
	found = parse(
		"G                                                               V");
	assert_true(found.mask == 0);
	assert_false(taint_letters_is_empty(&found.strangers));
	found = parse("G                                                              V");
	assert_true(found.mask == UINT64_C(1) << 63);
	use(DIALECT_SUSE, "6.4.0-1-default");
	found = parse("G           O        V");
	assert_true(found.mask == O);
	assert_false(taint_letters_is_empty(&found.strangers));
}

static void a_question_mark_whose_column_is_lost_is_counted(void **state)
{
	struct taint_string found;

	(void)state;
	use(DIALECT_RHEL9, "5.14.0-362.el9");
	found = parse("G O -?----- ---");
	assert_int_equal(found.unplaced, 1);
	assert_true(found.mask == O);
	found = parse("G O ?"
	              "?----- --?");
	assert_int_equal(found.unplaced, 3);
	found = parse("G           O      -?----?  --- ");
	assert_int_equal(found.unplaced, 0);
	assert_true(found.mask == (UINT64_C(1) << 20 | UINT64_C(1) << 25 | O));
	/* What stands before it is not as that kernel prints it. */
	assert_int_equal(parse("G                  -?").unplaced, 0);
	assert_int_equal(parse("GO                 -?").unplaced, 1);
	assert_int_equal(parse("O                  -?").unplaced, 1);
	/* In the column of a bit that has a letter it cannot be. */
	found = parse("?           O");
	assert_int_equal(found.unplaced, 1);
	assert_true(found.mask == O);
}

static void nothing_says_nothing(void **state)
{
	static const char *const strings[] = { "", " ", "G", "-", "G     ----", "GGG" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		struct taint_string found;

		use(DIALECT_RHEL8, "4.18.0-513.el8");
		found = parse(strings[i]);
		assert_true(found.mask == 0);
		assert_int_equal(found.unplaced, 0);
		assert_true(taint_letters_is_empty(&found.strangers));
	}
	assert_true(taint_string_parse(&dialect, NULL, 0).mask == 0);
	assert_true(taint_string_parse(&dialect, "POE", 1).mask == 1);
}

static void bytes_that_are_no_letters_do_no_harm(void **state)
{
	_cleanup_(free_pointer) char *string = malloc(300);

	(void)state;
	assert_non_null(string);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		use(kernels[i].id, kernels[i].release);
		for (int byte = 0; byte < 256; byte++) {
			struct taint_string found;

			memset(string, byte, 300);
			found = taint_string_parse(&dialect, string, 300);
			assert_true(byte == '?' || found.unplaced == 0);
			taint_string_has_dashes_of(&dialect, string, 300);
		}
	}
}

static void without_memory_the_text_has_the_error(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	use(DIALECT_MAINLINE, "");
	calls_left = 0;
	taint_string_write(&dialect, 1, &text);
	calls_left = -1;
	assert_int_equal(text.error, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_kernel_prints_of_any_mask_is_read_as_that_mask),
		cmocka_unit_test(every_known_bit_is_printed_but_those_that_two_hide),
		cmocka_unit_test(what_has_no_column_is_not_printed),
		cmocka_unit_test(dashes_and_widths_are_those_of_each_release),
		cmocka_unit_test(the_strings_of_real_logs_say_their_mask),
		cmocka_unit_test(only_dashes_of_the_same_release_fit),
		cmocka_unit_test(a_bit_without_a_letter_is_a_question_mark_in_its_column),
		cmocka_unit_test(letters_that_nobody_knows_are_strangers_and_never_lost),
		cmocka_unit_test(
			a_letter_behind_the_last_column_of_mainline_is_the_bit_of_its_column),
		cmocka_unit_test(a_question_mark_whose_column_is_lost_is_counted),
		cmocka_unit_test(nothing_says_nothing),
		cmocka_unit_test(bytes_that_are_no_letters_do_no_harm),
		cmocka_unit_test_setup(without_memory_the_text_has_the_error, setup),
	};

	return cmocka_run_group_tests_name("taint_string", tests, setup, NULL);
}
