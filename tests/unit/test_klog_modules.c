/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of modules as kernels of all times print them: names, letters, who comes and who
 * goes, what was unloaded; and which line can be the rest of one.
 */
#include "sources/klog_modules.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/backtrace.h"

static void add_letters(struct text *text, struct taint_letters letters)
{
	while (!taint_letters_is_empty(&letters))
		text_add_char(text, taint_letters_pop(&letters));
}

/* "name(LETTERS)state:count", each with a blank behind it; letters in ASCII order. */
static void describe(const struct backtrace *backtrace, struct text *text)
{
	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_module *module = &backtrace->modules[i];

		text_add_string(text, backtrace_name(backtrace, module->name));
		text_add_char(text, '(');
		add_letters(text, module->letters);
		text_add_char(text, ')');
		if (module->state)
			text_add_char(text, module->state);
		if (module->count) {
			text_add_char(text, ':');
			text_add_number(text, module->count);
		}
		text_add_char(text, ' ');
	}
	if (!backtrace->last_unloaded)
		return;
	text_add_string(text, "last ");
	text_add_string(text, backtrace_name(backtrace, backtrace->last_unloaded - 1));
	text_add_char(text, '(');
	add_letters(text, backtrace->last_unloaded_letters);
	text_add_char(text, ')');
}

/* Of a list in memory that ends where it does. */
static void check_bytes(const char *list, size_t length, bool unloaded,
                        const char *expected)
{
	_cleanup_(backtrace_clear) struct backtrace backtrace;
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	_cleanup_(free_pointer) char *copy = malloc(length ? length : 1);

	backtrace_init(&backtrace);
	assert_non_null(copy);
	memcpy(copy, list, length);
	assert_int_equal(klog_modules_parse(copy, length, unloaded, &backtrace), 0);
	describe(&backtrace, &text);
	if (strcmp(text_string(&text), expected) != 0)
		fail_msg("%.*s: %s", (int)length, list, text_string(&text));
}

static void check(const char *list, const char *expected)
{
	check_bytes(list, strlen(list), false, expected);
}

static void check_unloaded(const char *list, const char *expected)
{
	check_bytes(list, strlen(list), true, expected);
}

static void names_stand_between_blanks(void **state)
{
	(void)state;
	check("", "");
	check(" ", "");
	check("ext4", "ext4() ");
	check(" ext4 jbd2  mbcache\t8021q ", "ext4() jbd2() mbcache() 8021q() ");
	check("snd-hda-intel a.b c_d X", "snd-hda-intel() a.b() c_d() X() ");
}

static void letters_of_all_kernels_are_read(void **state)
{
	(void)state;
	/* Red Hat's 5 and 6, then the others. */
	check("scini(PU) vxfs(P)(U) ib_core(U)", "scini(PU) vxfs(PU) ib_core(U) ");
	check("lpfc(OEXX) lab_prop(POE) r8188eu(C)",
	      "lpfc(EOX) lab_prop(EOP) r8188eu(C) ");
	check("lab_warn(OE+) lab_gone(OE-) lab_slow3(+) x(-)",
	      "lab_warn(EO)+ lab_gone(EO)- lab_slow3()+ x()- ");
	check("vxfs(P+)(U)", "vxfs(PU)+ ");
	check("vxfs(P)(U+)", "vxfs(PU)+ ");
	check("a() b(Nn)", "a() b(Nn) ");
	check("a(z!) b", "a(!z) b() ");
}

static void the_last_that_was_unloaded_is_named(void **state)
{
	(void)state;
	check("a b [last unloaded: x]", "a() b() last x()");
	check("a [last unloaded: x(OE)]", "a() last x(EO)");
	check("a [last unloaded: x(OE)] b", "a() b() last x(EO)");
	check("[last unloaded: x]", "last x()");
	check("[last unloaded: x", "last x()");
	/* Broken over lines, which are joined with blanks. */
	check("a [last unloaded:  x]", "a() last x()");
	check("a [last", "a() ");
	check("a [last unloaded:", "a() ");
	check("a [last unloaded: ]", "a() ");
	check("a [last unloaded: (none)]", "a() ");
	check("a [last b]", "a() ");
	check("a [first unloaded: b]", "a() ");
	check("a [last loaded: b]", "a() ");
	check("[last unloaded: x] [last unloaded: y(P)]", "last y(P)");
}

static void what_was_unloaded_is_counted(void **state)
{
	(void)state;
	check_unloaded("x(OE):1 edac_mce():3 [last unloaded: x(OE)]",
	               "x(EO):1 edac_mce():3 last x(EO)");
	check_unloaded("acpi_cpufreq():1 acpi_cpufreq():1 fjes():1",
	               "acpi_cpufreq():1 acpi_cpufreq():1 fjes():1 ");
	check_unloaded("x(OE):18446744073709551615", "x(EO):18446744073709551615 ");
	check_unloaded("x(OE):18446744073709551616", "x(EO):18446744073709551615 ");
	check_unloaded("x(OE):99999999999999999999999", "x(EO):18446744073709551615 ");
	/* A list that forgot to count. */
	check_unloaded("x(OE) y", "x(EO):1 y():1 ");
	/* What is loaded has no count. */
	check("x(OE):3", "x(EO) ");
}

static void what_is_no_module_is_passed_over(void **state)
{
	static const char *const words[] = {
		"(OE)",    "x(",       "x(OE",     "x(OE)y", "x)",  "x:",       "x:0",
		"x:1x",    "x(OE):",   "x(OE):-1", "x[1]",   "=",   "x=1",      "x/y",
		"x,",      "1",        "2674",     "6.1.0",  "_-.", "\xc3\xa4", "x\x80",
		"x(\xff)", "x(O\x01)", "x((O))",   ":1",     "x+",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_(text_clear) struct text list = TEXT_INIT;

		text_add_string(&list, "a(P) ");
		text_add_string(&list, words[i]);
		text_add_string(&list, " b(O)");
		check(text_string(&list), "a(P) b(O) ");
	}
	check_bytes("a\0b c", 5, false, "c() ");
	check_bytes("a(\0) c", 6, false, "c() ");
}

static void nothing_is_read_behind_the_list(void **state)
{
	static const char list[] = "a(POE) b [last unloaded: x(OE)]";

	(void)state;
	for (size_t length = 0; length < sizeof(list); length++) {
		_cleanup_(backtrace_clear) struct backtrace backtrace;
		_cleanup_(free_pointer) char *copy = malloc(length ? length : 1);

		backtrace_init(&backtrace);
		assert_non_null(copy);
		memcpy(copy, list, length);
		assert_int_equal(klog_modules_parse(copy, length, false, &backtrace), 0);
		assert_int_equal(klog_modules_parse(copy, length, true, &backtrace), 0);
		klog_modules_is_rest(copy, length);
	}
}

/* ---- what goes on in the next line ---- */

static void the_rest_of_a_list_is_modules_only(void **state)
{
	static const char *const rests[] = {
		"lab_test(OEN) lab_staging(COE) dummy crc7 vxlan",
		"virtio_ring virtio_pci_legacy_dev [last unloaded: lab_warn(OE)]",
		"unloaded: lab_warn(OE)]",
		"lab_warn]",
		"[last",
		"[last unloaded:",
		"x",
		"edac_mce():3 x(OE):1",
		" ib_cm(N) ib_sa(N)",
	};
	static const char *const others[] = {
		"",
		" ",
		"\r\n",
		"CPU: 1 PID: 2674 Comm: lab_oops Tainted: G 6.1.0",
		"CPU 1",
		"CPU:    0",
		"Pid: 123, comm: insmod Tainted: P (2.6.32 #1) VMware",
		"EIP:    0060:[<c042f3f7>]    Tainted: P      VLI",
		"Call Trace:",
		"<TASK>",
		"CR2: 0000000000000008",
		"PKRU: 55555554",
		"Hardware name: QEMU Standard PC (Q35 + ICH9, 2009)",
		"RIP: 0010:lab_oops_now+0x5/0x20 [lab_oops]",
		"---[ end trace 0000000000000000 ]---",
		"Supported: Yes",
		"Stack:",
		"irq event stamp: 0",
		"task: ffff880036d8d080 ti: ffff880036d94000",
		"Process insmod (pid: 123, threadinfo ffff8800)",
		"Code: 55 48 89 e5",
		"NIP [c000000000012345] .foo+0x1/0x2",
		"Rebooting in 5 seconds..",
		"Dumping ftrace buffer:",
		"2674",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rests); i++)
		if (!klog_modules_is_rest(rests[i], strlen(rests[i])))
			fail_msg("%s", rests[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (klog_modules_is_rest(others[i], strlen(others[i])))
			fail_msg("%s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stand_between_blanks),
		cmocka_unit_test(letters_of_all_kernels_are_read),
		cmocka_unit_test(the_last_that_was_unloaded_is_named),
		cmocka_unit_test(what_was_unloaded_is_counted),
		cmocka_unit_test(what_is_no_module_is_passed_over),
		cmocka_unit_test(nothing_is_read_behind_the_list),
		cmocka_unit_test(the_rest_of_a_list_is_modules_only),
	};

	return cmocka_run_group_tests_name("klog_modules", tests, NULL, NULL);
}
