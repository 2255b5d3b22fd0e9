/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host for people, from hosts made by hand, word for word: what is said of each
 * state, that what is not known is said to be so, and that no value reaches the terminal
 * as anything but a value.
 */
#include "exposition/host_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "exposition/sheet.h"
#include "host.h"
#include "model/cause.h"

static void write_plain(struct text *text)
{
	struct sheet sheet = sheet_of(text, SHEET_PLAIN);

	host_text_write(&metrics, &sheet);
}

static void write_coloured(struct text *text)
{
	struct sheet sheet = sheet_of(text, SHEET_COLOURED);

	host_text_write(&metrics, &sheet);
}

static void assert_text(const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	tell(write_plain, &text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
}

static void assert_first_line(const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char *end;

	tell(write_plain, &text);
	end = strchr(text.data, '\n');
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(text.data, expected);
}

/* The paragraph below TITLE is EXPECTED; NULL: there is none. */
static void assert_section(const char *title, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char begin[64];
	const char *found, *end;

	tell(write_plain, &text);
	snprintf(begin, sizeof(begin), "\n\n%s\n", title);
	found = strstr(text_string(&text), begin);
	if (!found || !expected) {
		if (found || expected)
			fail_msg("%s: %s", title, text_string(&text));
		return;
	}
	found += strlen(begin);
	end = strstr(found, "\n\n");
	assert_int_equal(end ? (size_t)(end + 1 - found) : strlen(found),
	                 strlen(expected));
	assert_memory_equal(found, expected, strlen(expected));
}

/* The text has the line that begins with LABEL and goes on with VALUE. */
static void assert_line(const char *label, const char *value)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char line[256];

	tell(write_plain, &text);
	if (value)
		snprintf(line, sizeof(line), "\n  %-14s%s\n", label, value);
	else
		snprintf(line, sizeof(line), "\n  %-14s", label);
	if ((strstr(text_string(&text), line) != NULL) != (value != NULL))
		fail_msg("%s %s: %s", label, value, text_string(&text));
}

/* ---- whole reports ---- */

static void a_clean_host_is_told_in_few_lines(void **state)
{
	(void)state;
	add_module("ext4", "");
	snapshot.lockdown = (struct reading){ .known = true, .value = LOCKDOWN_NONE };
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] = (struct reading){ .known = true, .value = 0 };
	assert_text("clean\n"
	            "  kernel        6.12.0 (mainline)\n"
	            "  modules       1 loaded, 0 with taint flags\n"
	            "\n"
	            "posture\n"
	            "  lockdown      none\n"
	            "  signatures    not enforced\n"
	            "  loading       allowed\n"
	            "  secure boot   off\n"
	            "  microcode     not older than this kernel's list\n"
	            "  panics on     no taint\n"
	            "  warnings      0\n"
	            "  oopses        0\n"
	            "  soft lockups  0\n"
	            "  hard lockups  0\n"
	            "  RCU stalls    0\n"
	            "\n"
	            "not explained\n"
	            "  nothing\n");
}

static void a_tainted_host_is_told_in_full(void **state)
{
	struct module_record *record;
	struct module_file *file;

	(void)state;
	snapshot.mask = 0x100000 | 0x3201 | 0x20000;
	record = add_module("nvidia", "POE");
	file = set_file(record, MODULE_SIGNATURE_PKCS7, "/lib/nvidia.ko");
	set_word(file, MODULE_WORD_LICENSE, "NVIDIA");
	set_word(file, MODULE_WORD_SIGNER, "DKMS");
	set_builds(record, "a", "b");
	add_module("ext4", "");
	assert_text(
		"tainted: 1192449 (proprietary_module, warn, oot_module, "
		"unsigned_module, randstruct, bit 20)\n"
		"  kernel        6.12.0 (mainline)\n"
		"  bit 0         P: proprietary_module (proprietary module)\n"
		"  bit 9         W: warn (kernel warning)\n"
		"  bit 12        O: oot_module (module from outside of the kernel's "
		"tree)\n"
		"  bit 13        E: unsigned_module (module whose signature the kernel "
		"could not verify)\n"
		"  bit 17        T: randstruct (built with randomised structures)\n"
		"  bit 20        ?: unknown\n"
		"  modules       2 loaded, 1 with taint flags\n"
		"\n"
		"module nvidia (POE)\n"
		"  file          /lib/nvidia.ko\n"
		"  signature     pkcs7\n"
		"  signer        DKMS\n"
		"  licence       NVIDIA (not compatible with the GPL)\n"
		"  the file      is not what is loaded\n"
		"  why           It taints the kernel: its licence is \"NVIDIA\" (P), "
		"it was built outside of the kernel's tree (O) and the kernel could not "
		"verify its signature with the key of \"DKMS\" (E).\n"
		"\n"
		"posture\n"
		"  lockdown      unknown\n"
		"  signatures    unknown\n"
		"  loading       unknown\n"
		"  secure boot   unknown\n"
		"\n"
		"not explained\n"
		"  nothing\n"
		"\n"
		"after a reboot\n"
		"  Nothing but a reboot clears a taint. After one, warn is gone; "
		"proprietary_module, oot_module and unsigned_module come back as soon as "
		"modules that carry them are loaded again; randstruct comes back with "
		"every boot, unless kernel, machine or settings change; bit 20 may or "
		"may not come back.\n"
		"  modules       proprietary_module: nvidia\n"
		"                oot_module: nvidia\n"
		"                unsigned_module: nvidia\n");
}

static void a_text_is_appended(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "before\n");
	tell(write_plain, &text);
	assert_memory_equal(text_string(&text), "before\nclean\n", 13);
}

/* ---- the verdict ---- */

static void the_first_line_is_the_verdict(void **state)
{
	(void)state;
	assert_first_line("clean");
	snapshot.mask = 1;
	assert_first_line("tainted: 1 (proprietary_module)");
	snapshot.mask = UINT64_C(1) << 63;
	assert_first_line("tainted: 9223372036854775808 (bit 63)");
	metrics.dialect = NULL;
	snapshot.mask = 3;
	assert_first_line("tainted: 3 (bit 0, bit 1)");
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -ENOENT);
	assert_first_line("unknown: the mask cannot be read");
}

static void a_clean_mask_that_is_contradicted_is_not_just_clean(void **state)
{
	const char *doubt = "clean, says the mask; but see what is not explained";

	(void)state;
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "rootkit", 1), 0);
	assert_first_line(doubt);
	/* What could not be compared proves nothing. */
	snapshot.modules.sysfs_result.error = -ENOENT;
	assert_first_line("clean");
	add_module("nvidia", "POE");
	assert_first_line(doubt);
	snapshot.modules.procfs_result.error = -ENOENT;
	assert_first_line("clean");
}

static void a_clean_mask_beside_letters_that_disagree_is_not_just_clean(void **state)
{
	(void)state;
	set_sysfs(add_module("ext4", ""), "O");
	assert_first_line("clean, says the mask; but see what is not explained");
}

/* ---- kernel and modules ---- */

static void the_kernel_is_named_with_its_dialect_as_far_as_they_are_known(void **state)
{
	(void)state;
	set_kernel(DIALECT_RHEL9, "5.14.0-362.el9.x86_64");
	assert_line("kernel", "5.14.0-362.el9.x86_64 (rhel9)");
	metrics.dialect = NULL;
	assert_line("kernel", "5.14.0-362.el9.x86_64 (its dialect is not known)");
	text_reset(&snapshot.release);
	assert_line("kernel", "not known (its dialect is not known)");
	metrics.dialect = &dialect;
	assert_line("kernel", "not known (rhel9)");
}

static void bits_have_the_letters_of_their_kernel(void **state)
{
	(void)state;
	set_kernel(DIALECT_SUSE, "5.14.21-150500.55-default");
	snapshot.mask = 0x80010000;
	assert_line("bit 16", "X: external_support (module supported by its own vendor)");
	assert_line("bit 31", "N: no_support (module that the distribution does not "
	                      "support)");
	metrics.dialect = NULL;
	assert_line("bit 31", "?: unknown");
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -ENOENT);
	assert_line("bit 31", NULL);
}

static void modules_are_counted_if_there_can_be_any(void **state)
{
	(void)state;
	assert_line("modules", "0 loaded, 0 with taint flags");
	add_module("one", "E");
	add_module("two", "E");
	add_module("three", "");
	assert_line("modules", "3 loaded, 2 with taint flags");
	/* The records in front of the one that is none do not count. */
	fail_source(&snapshot.modules.procfs_result, "modules", -EBADMSG);
	assert_line("modules", "not known");
	assert_section("module one (E)", NULL);
}

static void a_kernel_that_cannot_load_modules_says_so(void **state)
{
	(void)state;
	snapshot.modules.support = false;
	snapshot.mask = 1 << 12;
	assert_line("modules", "none, for this kernel cannot load any");
	assert_section(
		"not explained",
		"  unexplained   oot_module\n"
		"                In the mask of a kernel that cannot load modules: "
		"root wrote the mask, or a driver that is built in set it.\n");
}

static void tainting_modules_are_told_in_the_order_of_their_names(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *one, *two;

	(void)state;
	add_module("zfs", "PO");
	add_module("ext4", "");
	add_bytes("nvidia_and_what_is_behind_it", 6, "P");
	tell(write_plain, &text);
	one = strstr(text_string(&text),
	             "\n\nmodule nvidia (P)\n  file          none was "
	             "found\n");
	two = strstr(text_string(&text), "\n\nmodule zfs (PO)\n");
	assert_non_null(one);
	assert_non_null(two);
	assert_true(one < two);
	assert_null(strstr(text_string(&text), "module ext4"));
}

static void of_files_that_nobody_looked_at_nothing_is_said(void **state)
{
	struct module_record *record = add_module("zfs", "O");

	(void)state;
	record->file = module_file_free(record->file);
	fail_source(&snapshot.files_result, "lib/modules", -EIO);
	assert_section("module zfs (O)", "  file          not known\n"
	                                 "  why           It taints the kernel: it was "
	                                 "built outside of the kernel's tree (O).\n");
	assert_line("not read", "lib/modules: Input/output error");
}

/* ---- posture ---- */

static void every_posture_has_its_line(void **state)
{
	(void)state;
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] =
			(struct reading){ .known = true, .value = 10 + posture };
	snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_CONFIDENTIALITY };
	/* 14: bits 1, 2 and 3. */
	assert_section("posture", "  lockdown      confidentiality\n"
	                          "  signatures    enforced\n"
	                          "  loading       disabled until the next boot\n"
	                          "  secure boot   on\n"
	                          "  microcode     older than this kernel's list\n"
	                          "  panics on     forced_module, cpu_out_of_spec, "
	                          "forced_rmmod\n"
	                          "  warnings      15\n"
	                          "  oopses        16\n"
	                          "  soft lockups  17\n"
	                          "  hard lockups  18\n"
	                          "  RCU stalls    19\n");
}

static void a_posture_that_is_not_known_is_never_told_as_off(void **state)
{
	(void)state;
	assert_section("posture", "  lockdown      unknown\n"
	                          "  signatures    unknown\n"
	                          "  loading       unknown\n"
	                          "  secure boot   unknown\n");
}

static void a_reading_that_is_absent_tells_why(void **state)
{
	static const char *const words[] = { "unknown", "not offered by this kernel",
		                             "hidden from this process",
		                             "could not be read" };

	(void)state;
	assert_int_equal(ARRAY_SIZE(words), ABSENCE_COUNT);
	for (enum absence absence = 0; absence < ABSENCE_COUNT; absence++) {
		snapshot.lockdown.absence = absence;
		snapshot.posture[POSTURE_SECURE_BOOT].absence = absence;
		assert_line("lockdown", words[absence]);
		assert_line("secure boot", words[absence]);
	}
}

static void a_taint_has_its_cause_below_it(void **state)
{
	_cleanup_(text_clear) struct text candidates = TEXT_INIT;

	(void)state;
	snapshot.mask = 4;
	cause_candidates_write(TAINT_CPU_OUT_OF_SPEC, &snapshot, &candidates);
	assert_line("", text_string(&candidates));
	snapshot.posture[POSTURE_MICROCODE_OUTDATED] =
		(struct reading){ .known = true, .value = 1 };
	assert_line("", cause_find(TAINT_CPU_OUT_OF_SPEC, &snapshot));
}

/* ---- what is not explained ---- */

static void what_no_module_carries_is_not_explained(void **state)
{
	(void)state;
	snapshot.mask = 0x3001;
	add_module("zfs", "P");
	assert_section(
		"not explained",
		"  unexplained   oot_module, unsigned_module\n"
		"                In the mask, and no loaded module carries it: the "
		"module was removed, failed to load or hides, or root wrote the "
		"mask.\n");
}

static void what_the_mask_denies_is_not_explained(void **state)
{
	(void)state;
	snapshot.mask = 1;
	add_module("zfs", "PO");
	assert_section("not explained",
	               "  contradicted  oot_module\n"
	               "                A loaded module carries it, and the mask, out of "
	               "which the kernel never takes a bit, does not have it: the mask "
	               "was tampered with.\n");
}

static void hidden_and_disagreeing_modules_are_named(void **state)
{
	(void)state;
	set_sysfs(add_bytes("one and more", 3, ""), "O");
	set_sysfs(add_module("same", ""), "");
	set_sysfs(add_module("two", ""), "E");
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "diamorphine", 1),
	                 0);
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "reptile", 2), 0);
	assert_section(
		"not explained",
		"  hidden        diamorphine, reptile\n"
		"                sysfs shows it as loaded, and /proc/modules does "
		"not list it, as is the way of rootkits.\n"
		"  disagreeing   one, two\n"
		"                sysfs and /proc/modules give it different letters, "
		"which the kernel keeps in one place: one of the two answers was "
		"changed.\n");
	snapshot.modules.sysfs_result.error = -ENOENT;
	assert_line("hidden", NULL);
	assert_line("disagreeing", NULL);
}

static void what_cannot_be_compared_is_no_doubt(void **state)
{
	(void)state;
	snapshot.mask = 1 << 12;
	add_module("zfs", "P");
	assert_line("unexplained", "oot_module");
	assert_line("contradicted", "proprietary_module");
	metrics.dialect = NULL;
	assert_line("unexplained", NULL);
	metrics.dialect = &dialect;
	snapshot.modules.procfs_result.error = -EIO;
	assert_line("unexplained", NULL);
	assert_line("contradicted", NULL);
	snapshot.modules.procfs_result.error = 0;
	snapshot.mask_result.error = -EIO;
	assert_line("unexplained", NULL);
	assert_line("contradicted", NULL);
}

static void every_source_that_failed_is_named_once(void **state)
{
	(void)state;
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -ENOENT);
	fail_source(&snapshot.release_result, "sys/kernel/osrelease", -ELOOP);
	fail_source(&snapshot.modules.procfs_result, "modules", -EBADMSG);
	fail_source(&snapshot.modules.sysfs_result, "module", -EACCES);
	fail_source(&snapshot.files_result, "lib/modules", -ETIMEDOUT);
	fail_source(&snapshot.posture_result, "cmdline", -EISDIR);
	assert_section(
		"not explained",
		"  not read      sys/kernel/tainted: No such file or directory\n"
		"                sys/kernel/osrelease: Too many levels of symbolic "
		"links\n"
		"                modules: the content is not of the expected form\n"
		"                module: Permission denied\n"
		"                lib/modules: reading it hangs\n"
		"                cmdline: Is a directory\n"
		"                What depends on it is not known.\n");
}

static void a_failure_that_stands_for_two_is_told_once(void **state)
{
	(void)state;
	/* Without the release nobody knows which folder has the modules' files. */
	fail_source(&snapshot.release_result, "sys/kernel/osrelease", -ENOENT);
	fail_source(&snapshot.modules.sysfs_result, "module", -EACCES);
	fail_source(&snapshot.files_result, "sys/kernel/osrelease", -ENOENT);
	assert_section("not explained",
	               "  not read      sys/kernel/osrelease: No such file or directory\n"
	               "                module: Permission denied\n"
	               "                What depends on it is not known.\n");
}

/* ---- after a reboot ---- */

static void a_reboot_is_no_matter_for_who_is_clean_or_not_known(void **state)
{
	(void)state;
	assert_section("after a reboot", NULL);
	snapshot.mask = 1;
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -ENOENT);
	assert_section("after a reboot", NULL);
}

static void one_taint_and_several_have_their_words(void **state)
{
	static const struct {
		uint64_t mask;
		const char *clause;
	} rows[] = {
		{ 0x80, "die is gone" },
		{ 0x280, "die and warn are gone" },
		{ 0x4280, "die, warn and softlockup are gone" },
		{ 1, "proprietary_module comes back as soon as a module that carries it "
		     "is loaded again" },
		{ 0x1001,
		  "proprietary_module and oot_module come back as soon as modules "
		  "that carry them are loaded again" },
		{ 0x20000,
		  "randstruct comes back with every boot, unless kernel, machine "
		  "or settings change" },
		{ 0x20800,
		  "firmware_workaround and randstruct come back with every boot, "
		  "unless kernel, machine or settings change" },
		{ 0x2000, "unsigned_module may or may not come back" },
		{ 0x40002000, "unsigned_module and bit 30 may or may not come back" },
	};

	(void)state;
	add_module("zfs", "PO");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT, sentence = TEXT_INIT;

		snapshot.mask = rows[i].mask;
		text_add_string(&sentence, "\n\nafter a reboot\n  Nothing but a reboot "
		                           "clears a taint. After one, ");
		text_add_string(&sentence, rows[i].clause);
		text_add_string(&sentence, ".\n");
		tell(write_plain, &text);
		if (!strstr(text_string(&text), text_string(&sentence)))
			fail_msg("%s: %s", rows[i].clause, text_string(&text));
	}
}

static void each_taint_that_comes_back_names_its_modules(void **state)
{
	(void)state;
	snapshot.mask = 0x3001;
	add_module("zfs", "PO");
	add_module("vboxdrv", "O");
	assert_line("modules", "proprietary_module: zfs");
	assert_line("", "oot_module: vboxdrv, zfs");
}

/* ---- colours ---- */

/* TEXT without what colours it. */
static void add_without_colours(struct text *plain, const char *text)
{
	for (; *text; text++) {
		if (text[0] == '\x1b' && text[1] == '[')
			text += strcspn(text, "m");
		else
			text_add_char(plain, *text);
	}
}

static void colours_change_no_word(void **state)
{
	_cleanup_(text_clear) struct text plain = TEXT_INIT, coloured = TEXT_INIT;
	_cleanup_(text_clear) struct text without = TEXT_INIT;

	(void)state;
	make_worst_host("name");
	tell(write_plain, &plain);
	assert_null(strchr(text_string(&plain), '\x1b'));
	tell(write_coloured, &coloured);
	assert_non_null(strchr(text_string(&coloured), '\x1b'));
	add_without_colours(&without, text_string(&coloured));
	assert_string_equal(text_string(&without), text_string(&plain));
}

static void verdicts_have_colours_of_their_own(void **state)
{
	static const char *const starts[] = {
		"\x1b[1;32mclean\x1b[0m\n",
		"\x1b[1;31mtainted\x1b[0m: 1 (",
		"\x1b[1;33munknown\x1b[0m: ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		snapshot.mask = i > 0;
		if (i == 2)
			snapshot.mask_result.error = -ENOENT;
		tell(write_coloured, &text);
		assert_memory_equal(text_string(&text), starts[i], strlen(starts[i]));
	}
}

/* ---- hostile values ---- */

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void no_hostile_value_reaches_a_terminal(void **state)
{
	size_t lines = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		const char *bytes;

		teardown_host(state);
		setup_host(state);
		make_worst_host(hostile[i]);
		tell(write_plain, &text);
		bytes = text_string(&text);
		assert_int_equal(text.length, strlen(bytes));
		for (size_t at = 0; at < text.length;) {
			size_t size = utf8_sequence(bytes + at, text.length - at);

			assert_true(size > 0);
			assert_true((unsigned char)bytes[at] >= 0x20 ||
			            bytes[at] == '\n');
			assert_true(bytes[at] != 0x7f);
			assert_false((unsigned char)bytes[at] == 0xc2 &&
			             (unsigned char)bytes[at + 1] < 0xa0);
			at += size;
		}
		/* No value makes a line. */
		if (i == 0)
			lines = count_lines(bytes);
		assert_int_equal(count_lines(bytes), lines);
	}
}

/* ---- no memory ---- */

static void without_memory_a_text_is_whole_or_has_the_error(void **state)
{
	(void)state;
	make_worst_host("a name that takes more than a few bytes \xff");
	assert_whole_or_error(write_plain);
	assert_whole_or_error(write_coloured);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_host, teardown_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_host_is_told_in_few_lines),
		TEST(a_tainted_host_is_told_in_full),
		TEST(a_text_is_appended),
		TEST(the_first_line_is_the_verdict),
		TEST(a_clean_mask_that_is_contradicted_is_not_just_clean),
		TEST(a_clean_mask_beside_letters_that_disagree_is_not_just_clean),
		TEST(the_kernel_is_named_with_its_dialect_as_far_as_they_are_known),
		TEST(bits_have_the_letters_of_their_kernel),
		TEST(modules_are_counted_if_there_can_be_any),
		TEST(a_kernel_that_cannot_load_modules_says_so),
		TEST(tainting_modules_are_told_in_the_order_of_their_names),
		TEST(of_files_that_nobody_looked_at_nothing_is_said),
		TEST(every_posture_has_its_line),
		TEST(a_posture_that_is_not_known_is_never_told_as_off),
		TEST(a_reading_that_is_absent_tells_why),
		TEST(a_taint_has_its_cause_below_it),
		TEST(what_no_module_carries_is_not_explained),
		TEST(what_the_mask_denies_is_not_explained),
		TEST(hidden_and_disagreeing_modules_are_named),
		TEST(what_cannot_be_compared_is_no_doubt),
		TEST(every_source_that_failed_is_named_once),
		TEST(a_failure_that_stands_for_two_is_told_once),
		TEST(a_reboot_is_no_matter_for_who_is_clean_or_not_known),
		TEST(one_taint_and_several_have_their_words),
		TEST(each_taint_that_comes_back_names_its_modules),
		TEST(colours_change_no_word),
		TEST(verdicts_have_colours_of_their_own),
		TEST(no_hostile_value_reaches_a_terminal),
		TEST(without_memory_a_text_is_whole_or_has_the_error),
	};

	return cmocka_run_group_tests_name("host_text", tests, NULL, NULL);
}
