/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands before a message: every form of it and mixtures, that nothing of a message
 * is taken for one, and that hostile lines are read neither too far nor over and over.
 */
#include "sources/klog_prefix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/backtrace.h"

/* PREFIX is all that stands before the message, in memory that ends with the line. */
static void check_bytes(const char *line, size_t length, size_t prefix, const char *date,
                        const char *seconds)
{
	char *copy = malloc(length ? length : 1);
	struct stamp stamp;
	size_t found;

	assert_non_null(copy);
	memcpy(copy, line, length);
	memset(&stamp, 'x', sizeof(stamp));
	found = klog_prefix_parse(copy, length, &stamp);
	if (found != prefix || strcmp(stamp.date, date) != 0 ||
	    strcmp(stamp.seconds, seconds) != 0)
		fail_msg("%zu, \"%s\", \"%s\" in: %.*s", found, stamp.date, stamp.seconds,
		         (int)length, line);
	free(copy);
}

static void check(const char *prefix, const char *date, const char *seconds)
{
	static const char *const messages[] = {
		"",
		"x: loading out-of-tree module taints kernel.",
		"Modules linked in: x(POE) [last unloaded: y]",
		"---[ end trace 0000000000000000 ]---",
		"Tainted: [P]=PROPRIETARY_MODULE",
		"[P]=PROPRIETARY_MODULE, [O]=OOT_MODULE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		_cleanup_(text_clear) struct text line = TEXT_INIT;

		text_add_string(&line, prefix);
		text_add_string(&line, messages[i]);
		check_bytes(text_string(&line), line.length, strlen(prefix), date,
		            seconds);
	}
}

static void every_form_is_stepped_over(void **state)
{
	(void)state;
	check("", "", "");
	check("  \t ", "", "");
	check("> ", "", "");
	check("> > >", "", "");
	check("6,1234,14463869,-;", "", "14.463869");
	check("4,1,0,c;", "", "0.000000");
	check("30,1,18446744073709,-,caller=T1;", "", "18446744.073709");
	check("<4>", "", "");
	check("<30>", "", "");
	check("[   14.463869] ", "", "14.463869");
	check("[14.463869]", "", "14.463869");
	check("[    0.000000] ", "", "0.000000");
	check("[1560475.896997] ", "", "1560475.896997");
	check("[Thu Nov 26 06:37:02 2026] ", "Thu Nov 26 06:37:02 2026", "");
	check("2026-11-26T06:37:02,123456+00:00 ", "2026-11-26T06:37:02,123456+00:00",
	      "");
	check("2026-11-26T06:37:02 ", "2026-11-26T06:37:02", "");
	check("[ T2674] ", "", "");
	check("[    C0] ", "", "");
	check("Nov 26 06:37:02 host kernel: ", "Nov 26 06:37:02", "");
	check("Sep  9 00:06:08 host kernel: ", "Sep  9 00:06:08", "");
	check("2026-11-26T06:37:02.123456+00:00 host kernel: ",
	      "2026-11-26T06:37:02.123456+00:00", "");
	check("Thu 2026-11-26 06:37:02 UTC host.example.org kernel[0]: ",
	      "Thu 2026-11-26 06:37:02 UTC", "");
	check("host kernel: ", "", "");
	check("kernel: ", "", "");
	check("kernel:", "", "");
}

static void mixtures_are_stepped_over_as_well(void **state)
{
	(void)state;
	check("var/log/dmesg:[   14.463869] ", "", "14.463869");
	check("dmesg.1:<4>[   14.463869] ", "", "14.463869");
	check("> <4>[   14.463869][ T2674] ", "", "14.463869");
	check("Nov 26 06:37:02 host kernel: [   14.463869] ", "Nov 26 06:37:02",
	      "14.463869");
	check("Nov 26 06:37:02 host kernel: <4>[   14.463869] [    C1] ",
	      "Nov 26 06:37:02", "14.463869");
	check("[   14.463869] host kernel: ", "", "14.463869");
	check("<4>Nov 26 06:37:02 host kernel: ", "Nov 26 06:37:02", "");
	check("> > Nov 26 06:37:02 host kernel: [1.5] ", "Nov 26 06:37:02", "1.5");
	check("[   14.463869] 6,1,2000000,-;", "", "2.000000");
}

static void a_message_is_no_prefix(void **state)
{
	static const char *const messages[] = {
		"[drm:intel_dp_aux:i915] *ERROR* x",
		"[T]=RANDSTRUCT, [N]=TEST",
		"[C]=CRAP",
		"[Tx1] y",
		"[1x.5] y",
		"[1x:22:33] y",
		"[11:x2:33] y",
		"[11:22:x3] y",
		"<x4> y",
		"x4> y",
		"module:<4>x",
		"x026-11-26T06:37:02 y",
		"[T1x] y",
		"[1.2.3] y",
		"[12] y",
		"[.5] y",
		"[] y",
		"[ ] y",
		"[x 1.5] y",
		"[1:2:] y",
		"[:1:2] y",
		"[1:2] y",
		"[1:2:3:4] y",
		"[ cut here ]",
		"[last unloaded: x]",
		"<TASK>",
		"<> x",
		"<4 x",
		"<4",
		"<",
		"[",
		"[1.5",
		"[ T1",
		"6,1234,14463869 x",
		"6,1234,14463869,x",
		"6,1234",
		",1,2,-;x",
		"6,,2,-;x",
		"6,1,99999999999999999999,-;x",
		"a.b: [1.5] x",
		"module: <4>x",
		"a b/c:[1.5] x",
		"2026-11-26T06:37:02",
		"2026-11-26T06:37:0x y",
		"2026-11-26 06:37:02 x",
		"x2026-11-26T06:37:02 x",
		"a/b:",
		"a/b:x",
		"mykernel: x",
		"kernels: x",
		"kernel [0]: x",
		"kernel[0 x",
		"kernel[0] x",
		"kernel",
		"the kernel is tainted: x",
		"x: loading out-of-tree module taints kernel.",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		check_bytes(messages[i], strlen(messages[i]), 0, "", "");
	}
	check_bytes("a/b:\0[1.5]", 10, 0, "", "");
	check_bytes("[\0001]", 4, 0, "", "");
	check_bytes("[\0", 2, 0, "", "");
	check_bytes("", 0, 0, "", "");
}

/* ... which the line of a report must not be robbed of. */
static void a_tag_is_the_word_kernel_and_a_colon(void **state)
{
	(void)state;
	check_bytes("mykernel: d h kernel: y", 23, 22, "mykernel: d", "");
	check_bytes("kernel x kernel: y", 18, 17, "kernel", "");
	check_bytes("d h kernel[a:b]: y", 18, 17, "d", "");
}

static void a_host_without_a_date_leaves_the_date_alone(void **state)
{
	(void)state;
	check("[Thu Nov 26 06:37:02 2026] host kernel: ", "Thu Nov 26 06:37:02 2026", "");
	/* The last one is taken, and nothing of the one before. */
	check("[Thu Nov 26 06:37:02 2026] Nov 27 06:37:02 host kernel: ",
	      "Nov 27 06:37:02", "");
	check("[   14.463869] [1.5] ", "", "1.5");
}

static void what_is_too_long_for_a_stamp_is_none(void **state)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;

	(void)state;
	/* 23 bytes of seconds, then 24. */
	check("[1234567890123456.123456] ", "", "1234567890123456.123456");
	check_bytes("[12345678901234567.123456] x", 28, 0, "", "");
	check("[2026-11-26 06:37:02 0123456789 0123456789 01234] ",
	      "2026-11-26 06:37:02 0123456789 0123456789 01234", "");
	check_bytes("[2026-11-26 06:37:02 0123456789 0123456789 012345] x", 52, 0, "",
	            "");
	/* 300 digits. */
	text_add_char(&line, '[');
	for (int i = 0; i < 300; i++)
		text_add_char(&line, '7');
	text_add_string(&line, ".5] x");
	check_bytes(line.data, line.length, 0, "", "");
	line.data[0] = '<';
	line.data[301] = '>';
	check_bytes(line.data, line.length, 302, "", "");
	/* A date is cut off, for it only is shown. */
	check("0123456789 0123456789 0123456789 0123456789 0123 host kernel: ",
	      "0123456789 0123456789 0123456789 0123456789 012", "");
	check("0123456789 0123456789 0123456789 0123456789 01234567890123 host kernel: ",
	      "0123456789 0123456789 0123456789 0123456789 012", "");
}

static void a_tag_is_looked_for_where_a_date_may_be(void **state)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;

	(void)state;
	while (line.length < 121)
		text_add_char(&line, 'x');
	text_add_string(&line, " kernel:");
	/* 128 bytes are looked at, and the colon has to be there. */
	check_bytes(line.data, line.length, 0, "", "");
	check_bytes(line.data + 1, line.length - 1, line.length - 1, "", "");
}

/* Of nothing but prefixes only the first are read, or each would be for every other. */
static void a_line_of_prefixes_is_read_once(void **state)
{
	static const char *const parts[] = { "<1>",  "[1.1]",    "> ",
		                             "[T1]", "1,1,1,x;", "kernel:" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_(text_clear) struct text line = TEXT_INIT;
		struct stamp stamp;
		size_t prefix;

		while (line.length < 1u << 20)
			text_add_string(&line, parts[i]);
		prefix = klog_prefix_parse(line.data, line.length, &stamp);
		assert_in_range(prefix, 512 - strlen(parts[i]), 512);
	}
}

static void only_a_prefix_is_all_prefix(void **state)
{
	(void)state;
	check_bytes("[    1.5]", 9, 9, "", "1.5");
	check_bytes("<4>", 3, 3, "", "");
	check_bytes("   ", 3, 3, "", "");
	check_bytes("d h kernel:", 11, 11, "d", "");
	check_bytes("6,1,2,-;", 8, 8, "", "0.000002");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_stepped_over),
		cmocka_unit_test(mixtures_are_stepped_over_as_well),
		cmocka_unit_test(a_message_is_no_prefix),
		cmocka_unit_test(a_tag_is_the_word_kernel_and_a_colon),
		cmocka_unit_test(a_host_without_a_date_leaves_the_date_alone),
		cmocka_unit_test(what_is_too_long_for_a_stamp_is_none),
		cmocka_unit_test(a_tag_is_looked_for_where_a_date_may_be),
		cmocka_unit_test(a_line_of_prefixes_is_read_once),
		cmocka_unit_test(only_a_prefix_is_all_prefix),
	};

	return cmocka_run_group_tests_name("klog_prefix", tests, NULL, NULL);
}
