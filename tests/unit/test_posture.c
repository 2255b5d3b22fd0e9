/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The posture's formats, and that panic_on_taint= is read as the kernel reads its command
 * line. What is made of the files is in the goldens.
 */
#include "sources/posture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define UNTOUCHED 77

/* A string, what parsing it gives, and the value. */
struct row {
	const char *string;
	int result;
	uint64_t value;
};

static void check_rows(int (*parse)(const char *string, uint64_t *ret_value),
                       const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = UNTOUCHED;
		int r = parse(rows[i].string, &value);

		if (r != rows[i].result || value != (r < 0 ? UNTOUCHED : rows[i].value))
			fail_msg("'%s': %d, %ju", rows[i].string, r, (uintmax_t)value);
	}
}

static void a_switch_is_one_of_six_letters(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "Y\n", 0, 1 }, { "N\n", 0, 0 }, { "1\n", 0, 1 }, { "0\n", 0, 0 },
		{ "Y", 0, 1 }, { "n", 0, 0 }, { "y", 0, 1 }, { "", -EBADMSG, 0 },
		{ "\n", -EBADMSG, 0 }, { " ", -EBADMSG, 0 }, { "2\n", -EBADMSG, 0 },
		{ "YN\n", -EBADMSG, 0 }, { "10\n", -EBADMSG, 0 }, { "yes", -EBADMSG, 0 },
		{ "\xff", -EBADMSG, 0 }, { " Y\n", -EBADMSG, 0 },
		{ "Y\n\nN", -EBADMSG, 0 }, { "\nY", -EBADMSG, 0 }, { "Y\t", -EBADMSG, 0 },
	};
	/* clang-format on */

	(void)state;
	check_rows(posture_switch_parse, rows, ARRAY_SIZE(rows));
}

static void microcode_is_one_of_three_lines(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "Vulnerable\n", 0, 1 }, { "Vulnerable", 0, 1 },
		{ "Not affected\n", 0, 0 }, { "Not affected", 0, 0 },
		{ "Unknown: running under hypervisor", -ENODATA, 0 },
		{ "Unknown\n", -ENODATA, 0 }, { "", -EBADMSG, 0 }, { "\n", -EBADMSG, 0 },
		{ "vulnerable\n", -EBADMSG, 0 }, { "Vulnerable: no\n", -EBADMSG, 0 },
		{ "Vulnerable\n\n", -EBADMSG, 0 }, { "Not affected.\n", -EBADMSG, 0 },
		{ "Not\n", -EBADMSG, 0 }, { " Vulnerable\n", -EBADMSG, 0 },
		{ "1\n", -EBADMSG, 0 }, { "\xff\xfe", -EBADMSG, 0 },
	};
	/* clang-format on */

	(void)state;
	check_rows(posture_microcode_parse, rows, ARRAY_SIZE(rows));
}

static int parse_lockdown(const char *string, uint64_t *ret_value)
{
	enum lockdown mode = LOCKDOWN_COUNT;
	int r = posture_lockdown_parse(string, &mode);

	assert_int_equal(mode == LOCKDOWN_COUNT, r < 0);
	*ret_value = r < 0 ? UNTOUCHED : mode;
	return r;
}

static void lockdown_is_the_word_in_brackets(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "[none] integrity confidentiality\n", 0, LOCKDOWN_NONE },
		{ "none [integrity] confidentiality\n", 0, LOCKDOWN_INTEGRITY },
		{ "none integrity [confidentiality]\n", 0, LOCKDOWN_CONFIDENTIALITY },
		{ "[none]", 0, LOCKDOWN_NONE },
		{ "none new [confidentiality]\n", 0, LOCKDOWN_CONFIDENTIALITY },
		{ "", -EBADMSG, 0 }, { "\n", -EBADMSG, 0 }, { "[]", -EBADMSG, 0 },
		{ "none integrity confidentiality\n", -EBADMSG, 0 },
		{ "[none", -EBADMSG, 0 }, { "none] integrity", -EBADMSG, 0 },
		{ "[ none ]", -EBADMSG, 0 }, { "[NONE]", -EBADMSG, 0 },
		{ "none [new] integrity\n", -EBADMSG, 0 }, { "\xff[\n", -EBADMSG, 0 },
	};
	/* clang-format on */

	(void)state;
	check_rows(parse_lockdown, rows, ARRAY_SIZE(rows));
}

/* A command line in which P= stands for panic_on_taint=, and the mask taken from it. */
struct line {
	const char *line;
	uint64_t mask;
};

static void check_masks(const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_(text_clear) struct text line = TEXT_INIT;
		uint64_t mask;

		for (const char *c = lines[i].line; *c; c++)
			if (c[0] == 'P' && c[1] == '=')
				text_add_string(&line, "panic_on_taint");
			else
				text_add_char(&line, *c);
		mask = posture_panic_mask_parse(text_string(&line));
		if (mask != lines[i].mask)
			fail_msg("%s: %#jx", text_string(&line), (uintmax_t)mask);
	}
}

static void other_parameters_give_no_mask(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{ "", 0 }, { "\n", 0 }, { "   \n", 0 },
		{ "root=/dev/sda1 ro quiet\n", 0 }, { "panic_on_taint\n", 0 },
		{ "P=\n", 0 }, { "panic_on_taint =8", 0 }, { "P= 8", 0 },
		{ "panic_on_tain=8", 0 }, { "panic_on_taint2=8", 0 }, { "xP=8", 0 },
		{ "x.P=8", 0 }, { "PANIC_ON_TAINT=8", 0 }, { "x=P=8", 0 }, { "=P=8", 0 },
		{ "=8", 0 }, { "=", 0 }, { "-P=8", 0 }, { "--P=8", 0 }, { "\"", 0 },
		{ "\"\"", 0 }, { "\"=\"", 0 },
	};
	/* clang-format on */

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void a_mask_is_a_hexadecimal_number(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{ "P=8", 8 }, { "P=8\n", 8 }, { "quiet P=10 splash\n", 16 },
		{ "P=0x200", 512 }, { "P=0XaBcDeF", 0xabcdef }, { "P=0", 0 },
		{ "P=00000000000000000000008", 8 },
		{ "P=0x00ffffffffffffffff", UINT64_MAX }, { "P=+8", 8 }, { "P=+0x8", 8 },
		{ "P=\"8\n\"", 8 }, { "P=\"8\n,no\"", 8 }, { "P=10000000000000000", 0 },
		{ "P=0x", 0 }, { "P=x8", 0 }, { "P=-8", 0 }, { "P=++8", 0 }, { "P=+", 0 },
		{ "P=8g", 0 }, { "P=0x0x8", 0 }, { "P=8=8", 0 }, { "P=\"8\n\n\"", 0 },
		{ "P=\"\n\"", 0 }, { "P=\xff", 0 }, { "P=G", 0 }, { "P=@", 0 },
		{ "P=`", 0 },
	};
	/* clang-format on */

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void the_last_number_before_a_comma_wins(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{ "P=0x8,nousertaint quiet", 8 }, { "P=8,", 8 }, { "P=8,16", 8 },
		{ "P=,nousertaint", 0 }, { "P=nousertaint", 0 }, { "P=8 P=10", 16 },
		{ "P=8 P=0", 0 }, { "P=8 P=bad!", 8 }, { "P=8 P=", 8 },
		{ "P=8 panic_on_taint", 8 }, { "P=8 P=10000000000000000", 8 },
		{ "panic-on_taint=8", 8 }, { "P=8 panic-on-taint=10", 16 },
	};
	/* clang-format on */

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

/* lib/ctype.c; behind "--" begin the arguments of init. */
static void parameters_end_at_what_the_kernel_takes_for_space(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{ "quiet\tP=10\tsplash\n", 16 }, { "quiet P=8\r\n", 8 },
		{ "quiet\rP=8", 8 }, { "quiet\vP=8\vsplash", 8 },
		{ "quiet\fP=8\fsplash", 8 }, { "quiet\xa0P=8\xa0splash", 8 },
		{ "\xa0P=8", 8 }, { "-- P=8", 0 }, { "\"--\" P=8", 0 },
		{ "P=8 -- P=10", 8 }, { "P=8 --\n", 8 }, { "--- P=8", 8 }, { "- P=8", 8 },
		{ "--=x P=8", 8 }, { "\"x -- y\" P=8", 8 },
	};
	/* clang-format on */

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

/* kernel/params.c, next_arg(): those around all of it or around its value are no part. */
static void quotes_are_taken_as_the_kernel_does(void **state)
{
	/* clang-format off */
	static const struct line lines[] = {
		{ "P=\"8\"", 8 }, { "P=\"8,no\"", 8 }, { "\"P=8\" quiet", 8 },
		{ "P=\"8\n", 8 }, { "\"P=8", 8 }, { "dyndbg=\"x P=8\" quiet", 0 },
		{ "dyndbg=\"x P=8", 0 }, { "\"dyndbg=x P=8\"", 0 },
		{ "x\" P=8 \"y P=10", 16 }, { "dyndbg=\"a b\" P=8", 8 },
		{ "a=\"b\"c\"d e\" P=8", 8 }, { "\"panic_on_taint\"=8", 0 },
		{ "panic\"_on_taint=8\"", 0 }, { "P=\"\"", 0 }, { "P=\" 8\"", 0 },
		{ "'P=8'", 0 }, { "P='8'", 0 }, { "P=8\"", 0 }, { "P=8\"0\"", 0 },
		{ "P=\"8\"0", 0 }, { "P=\"8 0\"", 0 }, { "P=\"8 quiet", 0 },
		{ "P=8\" \"", 0 },
	};
	/* clang-format on */

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

int main(void)
{
	/* clang-format off */
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_is_one_of_six_letters),
		cmocka_unit_test(microcode_is_one_of_three_lines),
		cmocka_unit_test(lockdown_is_the_word_in_brackets),
		cmocka_unit_test(other_parameters_give_no_mask),
		cmocka_unit_test(a_mask_is_a_hexadecimal_number),
		cmocka_unit_test(the_last_number_before_a_comma_wins),
		cmocka_unit_test(parameters_end_at_what_the_kernel_takes_for_space),
		cmocka_unit_test(quotes_are_taken_as_the_kernel_does),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
