/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement over snapshots made by hand: counts that overlap, flags that nobody or
 * somebody carries, names in order. Knows no file and no page.
 */
#include "model/findings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "model/dialect.h"
#include "model/module_file.h"
#include "model/snapshot.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool is_memory_gone;
static int calls_left = -1; /* before it is gone; negative: it stays */

void *__wrap_calloc(size_t count, size_t size)
{
	if (calls_left >= 0 && calls_left-- == 0)
		is_memory_gone = true;
	return is_memory_gone ? NULL : __real_calloc(count, size);
}

#define BIT(number) (UINT64_C(1) << (number))

/* Mainline bits that a module can carry: P F C O E K X N. */
#define MAINLINE_MODULE_BITS \
	(BIT(0) | BIT(1) | BIT(10) | BIT(12) | BIT(13) | BIT(15) | BIT(16) | BIT(18))

static struct snapshot snapshot;
static struct findings findings;
static struct dialect dialect;

static int setup(void **state)
{
	(void)state;
	is_memory_gone = false;
	calls_left = -1;
	snapshot_init(&snapshot);
	memset(&findings, 0xa5, sizeof(findings));
	dialect_init(&dialect, DIALECT_MAINLINE, "6.12.0");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	findings_clear(&findings);
	snapshot_clear(&snapshot);
	return 0;
}

/* NAME must last; SYSFS may be NULL: sysfs was not read. */
static void add_bytes(const char *name, size_t length, const char *procfs,
                      const char *sysfs)
{
	struct module_record *record = module_list_add(&snapshot.modules);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
	assert_int_equal(taint_letters_parse(procfs, strlen(procfs), &record->letters),
	                 0);
	if (!sysfs)
		return;
	record->in_sysfs = true;
	assert_int_equal(
		taint_letters_parse(sysfs, strlen(sysfs), &record->sysfs_letters), 0);
}

static void add(const char *name, const char *procfs)
{
	add_bytes(name, strlen(name), procfs, procfs);
}

/* The mask as it was before the modules were read and after. */
static void set_mask(uint64_t mask)
{
	snapshot.mask_before_modules = snapshot.mask = mask;
}

static void judge(void)
{
	assert_int_equal(findings_init(&findings, &snapshot, &dialect, false), 0);
}

static void nothing_loaded_is_nothing_found(void **state)
{
	(void)state;
	judge();
	assert_int_equal(findings.tainting, 0);
	assert_int_equal(findings.proprietary, 0);
	assert_int_equal(findings.out_of_tree, 0);
	assert_int_equal(findings.unsigned_modules, 0);
	assert_true(findings.carried == 0);
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
	assert_int_equal(findings.hidden, 0);
	assert_int_equal(findings.disagreeing, 0);
}

static void one_module_counts_under_each_of_its_taints(void **state)
{
	(void)state;
	add("nvidia", "POE");
	judge();
	assert_int_equal(findings.tainting, 1);
	assert_int_equal(findings.proprietary, 1);
	assert_int_equal(findings.out_of_tree, 1);
	assert_int_equal(findings.unsigned_modules, 1);
	assert_true(findings.carried == (BIT(0) | BIT(12) | BIT(13)));
}

static void counts_overlap_and_clean_modules_are_in_none(void **state)
{
	(void)state;
	add("nvidia", "POE");
	add("ext4", "");
	add("zfs", "PO");
	add("vboxdrv", "OE");
	add("vboxnet", "OE+");
	add("staging", "C");
	add("coming", "+");
	add("livepatch_1", "OEK");
	judge();
	assert_int_equal(findings.tainting, 6);
	assert_int_equal(findings.proprietary, 2);
	assert_int_equal(findings.out_of_tree, 5);
	assert_int_equal(findings.unsigned_modules, 4);
	assert_true(findings.carried == (BIT(0) | BIT(10) | BIT(12) | BIT(13) | BIT(15)));
}

static void a_flag_in_the_mask_that_no_module_carries_is_unexplained(void **state)
{
	(void)state;
	set_mask(BIT(12) | BIT(13));
	add("ext4", "");
	judge();
	assert_true(findings.unexplained == (BIT(12) | BIT(13)));
	assert_true(findings.contradicted == 0);
}

static void a_flag_on_a_module_that_the_mask_lacks_is_contradicted(void **state)
{
	(void)state;
	set_mask(BIT(12));
	add("vboxdrv", "OE");
	judge();
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == BIT(13));
}

static void a_flag_in_the_mask_and_on_a_module_is_neither(void **state)
{
	(void)state;
	set_mask(MAINLINE_MODULE_BITS);
	add("a", "PF");
	add("b", "COE");
	add("c", "KXN");
	judge();
	assert_true(findings.carried == MAINLINE_MODULE_BITS);
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
}

static void unexplained_and_contradicted_may_come_together(void **state)
{
	(void)state;
	set_mask(BIT(0) | BIT(9));
	add("dkms", "OE");
	judge();
	assert_true(findings.unexplained == BIT(0));
	assert_true(findings.contradicted == (BIT(12) | BIT(13)));
}

/* A module that came while the list was read may be missing in it. */
static void only_a_flag_in_both_masks_is_unexplained(void **state)
{
	(void)state;
	snapshot.mask_before_modules = BIT(12);
	snapshot.mask = BIT(12) | BIT(13);
	judge();
	assert_true(findings.unexplained == BIT(12));
	assert_true(findings.contradicted == 0);

	findings_clear(&findings);
	snapshot.mask_before_modules = BIT(12) | BIT(13);
	snapshot.mask = BIT(13);
	judge();
	assert_true(findings.unexplained == BIT(13));
}

static void a_module_that_came_while_they_were_read_contradicts_nothing(void **state)
{
	(void)state;
	snapshot.mask_before_modules = 0;
	snapshot.mask = BIT(12) | BIT(13);
	add("dkms", "OE");
	judge();
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
}

static void bits_that_no_module_can_carry_are_never_unexplained(void **state)
{
	(void)state;
	set_mask(~MAINLINE_MODULE_BITS);
	judge();
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);

	findings_clear(&findings);
	set_mask(UINT64_MAX);
	judge();
	assert_true(findings.unexplained == MAINLINE_MODULE_BITS);
	assert_true(findings.contradicted == 0);
}

static void letters_that_no_module_can_carry_are_never_contradicted(void **state)
{
	(void)state;
	/* The kernel's table once let modules show T and J, by mistake. */
	add("odd", "SRMBUDAWILTJ");
	judge();
	assert_int_equal(findings.tainting, 1);
	assert_true(findings.contradicted == 0);
	assert_true(findings.unexplained == 0);
	assert_true((findings.carried & MAINLINE_MODULE_BITS) == 0);
}

static void unknown_letters_make_a_module_taint_and_mean_nothing_else(void **state)
{
	(void)state;
	add("future", "z");
	add("stranger", "!~?09{|}");
	add("both", "Oz");
	set_mask(BIT(12));
	judge();
	assert_int_equal(findings.tainting, 3);
	assert_int_equal(findings.proprietary, 0);
	assert_int_equal(findings.out_of_tree, 1);
	assert_int_equal(findings.unsigned_modules, 0);
	assert_true(findings.carried == BIT(12));
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
}

static void on_rhel_6_an_unsigned_module_has_a_letter_and_no_bit(void **state)
{
	(void)state;
	dialect_init(&dialect, DIALECT_RHEL6, "2.6.32-754.35.1.el6.x86_64");
	add("vxfs", "PU");
	add("vxspec", "U");
	set_mask(BIT(0) | BIT(6));
	judge();
	assert_int_equal(findings.tainting, 2);
	assert_int_equal(findings.proprietary, 1);
	assert_int_equal(findings.unsigned_modules, 2);
	assert_true(findings.carried == BIT(0));
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);

	/* Nor does its absence from the mask contradict anything. */
	findings_clear(&findings);
	set_mask(BIT(0));
	judge();
	assert_true(findings.contradicted == 0);
}

static void on_rhel_5_the_same_letter_has_bit_6(void **state)
{
	(void)state;
	dialect_init(&dialect, DIALECT_RHEL5, "2.6.18-194.el5PAE");
	add("vxfs", "PU");
	set_mask(BIT(0));
	judge();
	assert_int_equal(findings.unsigned_modules, 1);
	assert_true(findings.carried == (BIT(0) | BIT(6)));
	assert_true(findings.contradicted == BIT(6));

	findings_clear(&findings);
	snapshot_clear(&snapshot);
	set_mask(BIT(6));
	judge();
	assert_true(findings.unexplained == BIT(6));
}

static void suses_doubled_letters_count_once(void **state)
{
	(void)state;
	dialect_init(&dialect, DIALECT_SUSE, "5.3.18-56-default");
	add("lpfc", "OEXX");
	set_mask(BIT(12) | BIT(13) | BIT(16));
	judge();
	assert_int_equal(findings.tainting, 1);
	assert_int_equal(findings.out_of_tree, 1);
	assert_int_equal(findings.unsigned_modules, 1);
	assert_true(findings.carried == (BIT(12) | BIT(13) | BIT(16)));
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
	assert_int_equal(findings.disagreeing, 0);
}

static void one_letter_has_another_bit_on_another_release(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters;
		uint64_t carried;
		uint64_t alone; /* of these, bits that need not be in the mask */
	} rows[] = {
		{ DIALECT_SUSE, "3.0.101-0.47-default", "NX", BIT(30) | BIT(31),
		  BIT(30) },
		{ DIALECT_SUSE, "4.4.180-94.100-default", "NX", BIT(30) | BIT(31),
		  BIT(30) },
		{ DIALECT_SUSE, "6.4.0-150700.53.3-default", "OEX",
		  BIT(12) | BIT(13) | BIT(16), BIT(16) },
		{ DIALECT_SUSE, "6.3.0-1-default", "X", BIT(16), 0 },
		{ DIALECT_RHEL10, "6.12.0-124.el10", "p", BIT(26), 0 },
		{ DIALECT_SUSE, "4.12.14-122-default", "NX", BIT(30) | BIT(31), 0 },
		{ DIALECT_SUSE, "5.14.21-150500.55.52-default", "NX", BIT(31) | BIT(16),
		  0 },
		{ DIALECT_SUSE, "6.4.0-150600.23-default", "NX", BIT(18) | BIT(16),
		  BIT(16) },
		{ DIALECT_SUSE, "6.4.0-150600.23-default", "nX", BIT(31) | BIT(16),
		  BIT(16) },
		{ DIALECT_RHEL7, "3.10.0-229.el7", "OF", BIT(12) | BIT(1), 0 },
		{ DIALECT_RHEL7, "3.10.0-1160.el7", "OET", BIT(12) | BIT(13) | BIT(29),
		  0 },
		{ DIALECT_RHEL8, "4.18.0-348.el8", "Xt", BIT(16) | BIT(29), 0 },
		{ DIALECT_RHEL8, "4.18.0-372.el8", "X", BIT(16), 0 },
		{ DIALECT_RHEL9, "5.14.0-284.el9", "Xt", BIT(16), 0 },
		{ DIALECT_MAINLINE, "4.12.14-122", "NX", BIT(18) | BIT(16), 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		dialect_init(&dialect, rows[i].id, rows[i].release);
		add("m", rows[i].letters);
		judge();
		if (findings.carried != rows[i].carried)
			fail_msg("%s %s: %#llx", rows[i].release, rows[i].letters,
			         (unsigned long long)findings.carried);
		assert_true(findings.contradicted == (rows[i].carried & ~rows[i].alone));
		findings_clear(&findings);
		snapshot_clear(&snapshot);
	}
}

static void without_a_dialect_only_what_needs_no_meaning_is_said(void **state)
{
	(void)state;
	set_mask(UINT64_MAX);
	add("nvidia", "POE");
	add("ext4", "");
	add_bytes("liar", 4, "O", "OE");
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, "rootkit", 1), 0);
	assert_int_equal(findings_init(&findings, &snapshot, NULL, false), 0);
	assert_int_equal(findings.tainting, 2);
	assert_int_equal(findings.hidden, 1);
	assert_int_equal(findings.disagreeing, 1);
	assert_ptr_equal(findings.sorted[0], &snapshot.modules.records[2]);
	assert_ptr_equal(findings.sorted[1], &snapshot.modules.records[0]);
	assert_int_equal(findings.proprietary, 0);
	assert_int_equal(findings.out_of_tree, 0);
	assert_int_equal(findings.unsigned_modules, 0);
	assert_true(findings.carried == 0);
	assert_true(findings.unexplained == 0);
	assert_true(findings.contradicted == 0);
}

static void each_unlisted_module_is_hidden(void **state)
{
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "hidden_%u", i);
		assert_int_equal(module_list_add_unlisted(&snapshot.modules, name, i), 0);
	}
	judge();
	assert_int_equal(findings.hidden, 100);
	assert_int_equal(findings.tainting, 0);
}

static void letters_disagree_as_sets_and_only_where_sysfs_was_read(void **state)
{
	(void)state;
	add_bytes("unread", 6, "OE", NULL);
	add_bytes("same", 4, "OE", "EO");
	add_bytes("same_doubled", 12, "OEXX", "XEO");
	add_bytes("same_coming", 11, "OE+", "OE");
	add_bytes("clean", 5, "", "");
	judge();
	assert_int_equal(findings.disagreeing, 0);
	findings_clear(&findings);

	add_bytes("more_in_sysfs", 13, "O", "OE");
	add_bytes("less_in_sysfs", 13, "OE", "O");
	add_bytes("only_in_sysfs", 13, "", "P");
	add_bytes("not_in_sysfs", 12, "P", "");
	judge();
	assert_int_equal(findings.disagreeing, 4);
	/* What /proc/modules says decides over what is tainting. */
	assert_int_equal(findings.tainting, 7);
	assert_int_equal(findings.proprietary, 1);
}

#define NAME(literal, letters) add_bytes(literal, sizeof(literal) - 1, letters, NULL)

/* The tainting modules, each once, in the order of the clean forms of their names. */
static void assert_sorted(void)
{
	struct text last = TEXT_INIT, name = TEXT_INIT;
	size_t found = 0;

	for (size_t i = 0; i < findings.tainting; i++) {
		text_reset(&name);
		utf8_add_clean(&name, findings.sorted[i]->name,
		               findings.sorted[i]->name_length);
		assert_true(strcmp(text_string(&last), text_string(&name)) <= 0);
		text_reset(&last);
		text_add(&last, text_string(&name), name.length);
	}
	for (size_t i = 0; i < snapshot.modules.count; i++) {
		const struct module_record *record = &snapshot.modules.records[i];

		for (size_t k = 0; k < findings.tainting; k++)
			if (findings.sorted[k] == record)
				found++;
	}
	assert_int_equal(found, findings.tainting);
	text_clear(&last);
	text_clear(&name);
}

static void tainting_modules_are_sorted_bytewise(void **state)
{
	static const char *const wanted[] = {
		"",   "A",   "Z",  "_", "a", "a1",       "a10",
		"a2", "a_b", "ab", "b", "z", "\xc3\xa4", "\xf0\x9f\x90\xa7"
	};

	(void)state;
	/* From both ends to the middle. */
	for (size_t i = 0; i < ARRAY_SIZE(wanted) / 2; i++) {
		add(wanted[ARRAY_SIZE(wanted) - 1 - i], "O");
		add("clean", "");
		add(wanted[i], "E");
	}
	judge();
	assert_int_equal(findings.tainting, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(findings.sorted[i]->name_length, strlen(wanted[i]));
		assert_memory_equal(findings.sorted[i]->name, wanted[i],
		                    strlen(wanted[i]));
	}
	assert_sorted();
}

/* U+FFFD sorts behind all of the basic plane but U+FFFE and U+FFFF, before the others. */
static void invalid_bytes_are_sorted_as_what_stands_for_them(void **state)
{
	(void)state;
	NAME("\xf0\x9f\x90\xa7", "O");
	NAME("\xff", "O");
	NAME("\x80z", "O");
	NAME("\xe2\x82\xac", "O");
	NAME("a\0b", "O");
	NAME("a\xff", "O");
	NAME("a\xef\xbf\xbf", "O");
	NAME("az", "O");
	NAME("a", "O");
	judge();
	assert_int_equal(findings.tainting, 9);
	assert_memory_equal(findings.sorted[0]->name, "a", 1);
	assert_int_equal(findings.sorted[0]->name_length, 1);
	assert_memory_equal(findings.sorted[1]->name, "az", 2);
	assert_memory_equal(findings.sorted[2]->name, "a\xff", 2);
	assert_memory_equal(findings.sorted[3]->name, "a\0b", 3);
	assert_memory_equal(findings.sorted[4]->name, "a\xef\xbf\xbf", 4);
	assert_memory_equal(findings.sorted[5]->name, "\xe2\x82\xac", 3);
	assert_memory_equal(findings.sorted[6]->name, "\xff", 1);
	assert_memory_equal(findings.sorted[7]->name, "\x80z", 2);
	assert_memory_equal(findings.sorted[8]->name, "\xf0\x9f\x90\xa7", 4);
	assert_sorted();
}

static void names_that_look_the_same_stand_together(void **state)
{
	(void)state;
	NAME("m\xff", "O");
	NAME("n", "O");
	NAME("m\xfe", "P");
	NAME("m", "O");
	NAME("m\xef\xbf\xbd", "E");
	judge();
	assert_int_equal(findings.tainting, 5);
	assert_memory_equal(findings.sorted[0]->name, "m", 1);
	assert_int_equal(findings.sorted[0]->name_length, 1);
	for (size_t i = 1; i <= 3; i++)
		assert_int_equal(utf8_compare_clean(findings.sorted[i]->name,
		                                    findings.sorted[i]->name_length,
		                                    "m\xff", 2),
		                 0);
	assert_memory_equal(findings.sorted[4]->name, "n", 1);
	assert_sorted();
}

static void many_modules_are_sorted_and_counted(void **state)
{
	static char names[3000][2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		names[i][0] = (char)(i * 197 + 1);
		names[i][1] = (char)(i * 31 / 7);
		add_bytes(names[i], 1 + i % 2, i % 3 ? "OE" : i % 2 ? "P" : "", NULL);
	}
	judge();
	assert_int_equal(findings.tainting, 2500);
	assert_int_equal(findings.out_of_tree, 2000);
	assert_int_equal(findings.unsigned_modules, 2000);
	assert_int_equal(findings.proprietary, 500);
	assert_sorted();
}

/* ---- files ---- */

static void judge_every(bool describes_every)
{
	assert_int_equal(findings_init(&findings, &snapshot, &dialect, describes_every),
	                 0);
}

static void give_file(enum module_signature signature)
{
	struct module_record *record =
		&snapshot.modules.records[snapshot.modules.count - 1];

	record->file = module_file_new("");
	assert_non_null(record->file);
	record->file->signature = signature;
}

static void files_are_counted_by_what_they_hold(void **state)
{
	size_t all = 0;

	(void)state;
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		for (enum module_signature n = 0; n <= s; n++) {
			add("m", n % 3 ? "" : "OE");
			give_file(s);
		}
	}
	judge();
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		assert_int_equal(findings.files[s], s + 1);
		all += findings.files[s];
	}
	assert_int_equal(all, snapshot.modules.count);
}

static void a_module_whose_file_nobody_looked_at_is_not_counted(void **state)
{
	(void)state;
	add("nobody", "P");
	add("somebody", "");
	give_file(MODULE_SIGNATURE_NONE);
	judge();
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++)
		assert_int_equal(findings.files[s], s == MODULE_SIGNATURE_NONE);
}

static void files_are_counted_without_a_dialect(void **state)
{
	(void)state;
	add("m", "OE");
	give_file(MODULE_SIGNATURE_X509);
	assert_int_equal(findings_init(&findings, &snapshot, NULL, false), 0);
	assert_int_equal(findings.files[MODULE_SIGNATURE_X509], 1);
	assert_int_equal(findings.described_count, 1);
}

/* The names of those that are described, each with a blank behind it. */
static void assert_described(const char *names)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;

	for (size_t i = 0; i < findings.described_count; i++) {
		text_add(&found, findings.described[i]->name,
		         findings.described[i]->name_length);
		text_add_char(&found, ' ');
	}
	assert_string_equal(text_string(&found), names);
}

static void tainting_modules_are_described_or_all_are(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		add("zfs", "PO");
		add("ext4", "");
		add("Xen", "");
		add("dkms", "OE");
		add("a_b", "");
		add("ab", "C");
		judge_every(false);
		assert_described("ab dkms zfs ");
		findings_clear(&findings);
		judge_every(true);
		assert_described("Xen a_b ab dkms ext4 zfs ");
		assert_int_equal(findings.tainting, 3);
		findings_clear(&findings);
		assert_null(findings.described);
		assert_int_equal(findings.described_count, 0);
		snapshot_clear(&snapshot);
	}
}

static void with_nothing_to_describe_nothing_is_described(void **state)
{
	(void)state;
	for (int describes_every = 0; describes_every < 2; describes_every++) {
		judge_every(describes_every);
		assert_int_equal(findings.described_count, 0);
		findings_clear(&findings);
	}
	add("ext4", "");
	judge_every(false);
	assert_int_equal(findings.described_count, 0);
	findings_clear(&findings);
	judge_every(true);
	assert_described("ext4 ");
}

static void described_modules_are_sorted_as_what_stands_for_their_names(void **state)
{
	(void)state;
	add("\xff", "");
	add("z", "P");
	add("\xc3\xa9", "");
	add("\xf0\x9f\x90\xa7", "");
	judge_every(true);
	/* U+FFFD stands behind what is below it and before what is above. */
	assert_described("z \xc3\xa9 \xff \xf0\x9f\x90\xa7 ");
}

/* However the kernel lists them, the same is said of the same. */
static void names_that_look_the_same_have_an_order_of_their_own(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		add(round ? "x\xff" : "x\xfe", "P");
		add(round ? "x\xfe" : "x\xff", "P");
		judge_every(round);
		assert_described("x\xfe x\xff ");
		findings_clear(&findings);
		snapshot_clear(&snapshot);
	}
}

static void many_modules_are_described_in_order(void **state)
{
	static char names[2000][8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(names[i], sizeof(names[i]), "m%04zu",
		         i * 1237 % ARRAY_SIZE(names));
		add(names[i], i % 10 ? "" : "OE");
	}
	judge_every(true);
	assert_int_equal(findings.described_count, ARRAY_SIZE(names));
	for (size_t i = 1; i < findings.described_count; i++)
		assert_true(strcmp(findings.described[i - 1]->name,
		                   findings.described[i]->name) < 0);
}

/* ---- modules that are gone ---- */

static void add_gone_bytes(const char *name, size_t length, const char *letters,
                           uint64_t count)
{
	struct unloaded_record *record = unloaded_list_add(&snapshot.unloaded);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
	record->count = count;
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record->letters),
	                 0);
}

static void add_gone(const char *name, const char *letters, uint64_t count)
{
	add_gone_bytes(name, strlen(name), letters, count);
}

/* "zfs POE 1, …" */
static void assert_gone(const char *expected)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;

	for (size_t i = 0; i < findings.unloaded_count; i++) {
		const struct unloaded_finding *gone = &findings.unloaded[i];

		text_add_string(&found, i ? ", " : "");
		utf8_add_clean(&found, gone->record->name, gone->record->name_length);
		text_add_char(&found, ' ');
		text_add_string(&found, gone->flags);
		text_add_char(&found, ' ');
		text_add_number(&found, gone->count);
	}
	assert_string_equal(text_string(&found), expected);
}

static void what_is_gone_is_sorted_by_name_and_flags(void **state)
{
	(void)state;
	judge();
	assert_gone("");
	findings_clear(&findings);
	add_gone("zfs", "EO", 1);
	add_gone("nvidia", "PEO", 2);
	add_gone("zfs", "", 3);
	/* As they are written, not as sets or as they were read: "CO", "OE", "PO". */
	add_gone("zfs", "OP", 4);
	add_gone("zfs", "OC", 5);
	judge();
	assert_gone("nvidia POE 2, zfs  3, zfs CO 5, zfs OE 1, zfs PO 4");
}

static void what_is_gone_and_looks_the_same_is_summed(void **state)
{
	(void)state;
	add_gone("x\xff", "EO", 1);
	add_gone("y", "E", UINT64_MAX - 1);
	add_gone("x\xfe", "OE", 2);
	add_gone("y", "E", 5);
	add_gone("x\xef\xbf\xbd", "OE", 3);
	add_gone("x\xff", "E", 4);
	add_gone_bytes("x\0", 2, "E", 10);
	judge();
	assert_gone("x\xef\xbf\xbd E 14, x\xef\xbf\xbd OE 6, y E 18446744073709551615");
}

static void flags_of_what_is_gone_are_those_of_the_dialect(void **state)
{
	(void)state;
	add_gone("x", "XNE", 1);
	judge();
	assert_gone("x EXN 1");
	findings_clear(&findings);
	dialect_init(&dialect, DIALECT_SUSE, "4.12.14-122-default");
	judge();
	assert_gone("x ENX 1");
	findings_clear(&findings);
	assert_int_equal(findings_init(&findings, &snapshot, NULL, false), 0);
	assert_int_equal(findings.unloaded_count, 0);
}

static void without_memory_for_what_is_gone_nothing_is_found(void **state)
{
	(void)state;
	add_gone("x", "E", 1);
	calls_left = 1;
	assert_int_equal(findings_init(&findings, &snapshot, &dialect, false), -ENOMEM);
	assert_int_equal(findings.unloaded_count, 0);
	findings_clear(&findings);
	assert_null(findings.unloaded);
}

/* ---- no memory ---- */

static void no_memory_for_the_described_is_an_error_and_leaves_nothing_behind(
	void **state)
{
	(void)state;
	add("nvidia", "POE");
	calls_left = 1;
	assert_int_equal(findings_init(&findings, &snapshot, &dialect, true), -ENOMEM);
	findings_clear(&findings);
	assert_null(findings.sorted);
	assert_null(findings.described);
	is_memory_gone = false;
	calls_left = -1;
	judge_every(true);
	assert_described("nvidia ");
}

static void no_memory_is_an_error_and_leaves_nothing_behind(void **state)
{
	(void)state;
	add("nvidia", "POE");
	is_memory_gone = true;
	assert_int_equal(findings_init(&findings, &snapshot, &dialect, false), -ENOMEM);
	assert_null(findings.sorted);
	findings_clear(&findings);
	assert_int_equal(findings_init(&findings, &snapshot, NULL, false), -ENOMEM);
	findings_clear(&findings);
	is_memory_gone = false;
	judge();
	assert_int_equal(findings.tainting, 1);
}

static void clear_may_come_twice(void **state)
{
	(void)state;
	add("nvidia", "POE");
	judge();
	findings_clear(&findings);
	assert_null(findings.sorted);
	assert_int_equal(findings.tainting, 0);
	findings_clear(&findings);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_loaded_is_nothing_found),
		TEST(one_module_counts_under_each_of_its_taints),
		TEST(counts_overlap_and_clean_modules_are_in_none),
		TEST(a_flag_in_the_mask_that_no_module_carries_is_unexplained),
		TEST(a_flag_on_a_module_that_the_mask_lacks_is_contradicted),
		TEST(a_flag_in_the_mask_and_on_a_module_is_neither),
		TEST(unexplained_and_contradicted_may_come_together),
		TEST(only_a_flag_in_both_masks_is_unexplained),
		TEST(a_module_that_came_while_they_were_read_contradicts_nothing),
		TEST(bits_that_no_module_can_carry_are_never_unexplained),
		TEST(letters_that_no_module_can_carry_are_never_contradicted),
		TEST(unknown_letters_make_a_module_taint_and_mean_nothing_else),
		TEST(on_rhel_6_an_unsigned_module_has_a_letter_and_no_bit),
		TEST(on_rhel_5_the_same_letter_has_bit_6),
		TEST(suses_doubled_letters_count_once),
		TEST(one_letter_has_another_bit_on_another_release),
		TEST(without_a_dialect_only_what_needs_no_meaning_is_said),
		TEST(each_unlisted_module_is_hidden),
		TEST(letters_disagree_as_sets_and_only_where_sysfs_was_read),
		TEST(tainting_modules_are_sorted_bytewise),
		TEST(invalid_bytes_are_sorted_as_what_stands_for_them),
		TEST(names_that_look_the_same_stand_together),
		TEST(many_modules_are_sorted_and_counted),
		TEST(no_memory_is_an_error_and_leaves_nothing_behind),
		TEST(files_are_counted_by_what_they_hold),
		TEST(a_module_whose_file_nobody_looked_at_is_not_counted),
		TEST(files_are_counted_without_a_dialect),
		TEST(tainting_modules_are_described_or_all_are),
		TEST(with_nothing_to_describe_nothing_is_described),
		TEST(described_modules_are_sorted_as_what_stands_for_their_names),
		TEST(names_that_look_the_same_have_an_order_of_their_own),
		TEST(many_modules_are_described_in_order),
		TEST(what_is_gone_is_sorted_by_name_and_flags),
		TEST(what_is_gone_and_looks_the_same_is_summed),
		TEST(flags_of_what_is_gone_are_those_of_the_dialect),
		TEST(without_memory_for_what_is_gone_nothing_is_found),
		TEST(no_memory_for_the_described_is_an_error_and_leaves_nothing_behind),
		TEST(clear_may_come_twice),
	};
#undef TEST

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
