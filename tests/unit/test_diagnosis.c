/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement of reports: whose kernel it is, by which of all ways, what the mask is and
 * whether it is all of it, and what no module explains.
 */
#include "model/diagnosis.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "reports.h"

#define BIT(bit) (UINT64_C(1) << (bit))

static struct backtrace report;
static struct report_hints hints;
static struct diagnosis diagnosis;

static int setup(void **state)
{
	(void)state;
	backtrace_init(&report);
	hints = (struct report_hints){ .release = "", .version = "" };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	backtrace_clear(&report);
	return 0;
}

static void diagnose(void)
{
	memset(&diagnosis, 0xaa, sizeof(diagnosis));
	diagnosis_of_backtrace(&diagnosis, &report, &hints);
}

static void assert_by(enum dialect_by by, enum dialect_id id, const char *release)
{
	diagnose();
	if (diagnosis.kernel.by != by || diagnosis.kernel.dialect.id != id)
		fail_msg("%s, by %s", dialect_name(diagnosis.kernel.dialect.id),
		         dialect_by_name(diagnosis.kernel.by));
	assert_string_equal(diagnosis.kernel.release, release);
}

static void assert_mask(uint64_t mask, bool is_whole)
{
	diagnose();
	if (!diagnosis.has_mask || diagnosis.mask != mask ||
	    diagnosis.is_mask_whole != is_whole)
		fail_msg("0x%" PRIx64 ", %d", diagnosis.mask, diagnosis.is_mask_whole);
}

static void set_supported(const char *words)
{
	text_reset(&report.supported);
	text_add_string(&report.supported, words);
}

static void set_constants(const char *words)
{
	report.tainted = BACKTRACE_TAINTED;
	text_reset(&report.constants);
	text_add_string(&report.constants, words);
}

/* ---- whose kernel it is ---- */

static void each_way_has_a_word_and_four_are_sure(void **state)
{
	static const char *const words[] = { "flag",   "release", "supported",
		                             "dashes", "letters", "default" };

	(void)state;
	assert_int_equal(ARRAY_SIZE(words), DIALECT_BY_COUNT);
	for (enum dialect_by by = 0; by < DIALECT_BY_COUNT; by++) {
		assert_string_equal(dialect_by_name(by), words[by]);
		assert_int_equal(dialect_by_is_sure(by), by <= DIALECT_BY_DASHES);
	}
}

static void the_release_of_the_report_chooses(void **state)
{
	(void)state;
	report_set_tainted(&report, "G", "3.10.0-1160.el7.x86_64");
	assert_by(DIALECT_BY_RELEASE, DIALECT_RHEL7, "3.10.0-1160.el7.x86_64");
	report_set_tainted(&report, "G", "6.1.0-56-amd64");
	assert_by(DIALECT_BY_RELEASE, DIALECT_MAINLINE, "6.1.0-56-amd64");
	report_set_tainted(&report, "G", "5.14.21-150500.55.52-default");
	assert_by(DIALECT_BY_RELEASE, DIALECT_SUSE, "5.14.21-150500.55.52-default");
	/* Facts are those of the release. */
	report_set_tainted(&report, "G", "4.18.0-348.el8");
	diagnose();
	assert_int_equal(diagnosis.kernel.dialect.bits[16]->taint, TAINT_AUX);
	report_set_tainted(&report, "G", "4.18.0-372.el8");
	diagnose();
	assert_int_equal(diagnosis.kernel.dialect.bits[16]->taint, TAINT_TECH_PREVIEW);
}

static void else_that_of_the_boot_does(void **state)
{
	(void)state;
	hints.release = "3.10.0-1160.el7.x86_64";
	assert_by(DIALECT_BY_RELEASE, DIALECT_RHEL7, "3.10.0-1160.el7.x86_64");
	/* The report knows better. */
	report_set_tainted(&report, "G", "6.1.0-56-amd64");
	assert_by(DIALECT_BY_RELEASE, DIALECT_MAINLINE, "6.1.0-56-amd64");
}

/* SUSE's other flavours are told by the build host. */
static void the_version_speaks_for_its_own_release_only(void **state)
{
	(void)state;
	hints.release = "5.14.21-150500.33.42-special";
	hints.version = "5.14.21-150500.33.42-special (geeko@buildhost) (gcc)";
	assert_by(DIALECT_BY_RELEASE, DIALECT_SUSE, "5.14.21-150500.33.42-special");
	report_set_tainted(&report, "G", "5.14.21-150500.33.42-special");
	assert_by(DIALECT_BY_RELEASE, DIALECT_SUSE, "5.14.21-150500.33.42-special");
	report_set_tainted(&report, "G", "5.15.0-1-azure");
	assert_by(DIALECT_BY_RELEASE, DIALECT_MAINLINE, "5.15.0-1-azure");
}

static void what_the_user_says_goes_before_all(void **state)
{
	(void)state;
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_RHEL9;
	report_set_tainted(&report, "G     --------- -  -", "5.14.21-1-default");
	set_supported("Yes");
	assert_by(DIALECT_BY_FLAG, DIALECT_RHEL9, "5.14.21-1-default");
	hints.dialect = DIALECT_MAINLINE;
	assert_by(DIALECT_BY_FLAG, DIALECT_MAINLINE, "5.14.21-1-default");
}

static void only_suse_says_what_is_supported(void **state)
{
	(void)state;
	set_supported("Yes");
	assert_by(DIALECT_BY_SUPPORTED, DIALECT_SUSE, "");
	report_set_tainted(&report, "G", "4.4.0-1-azure");
	assert_by(DIALECT_BY_SUPPORTED, DIALECT_SUSE, "4.4.0-1-azure");
	/* Where the release says so, it is surer. */
	report_set_tainted(&report, "G", "4.12.14-94.41-default");
	assert_by(DIALECT_BY_RELEASE, DIALECT_SUSE, "4.12.14-94.41-default");
	report_set_tainted(&report, "G", "3.10.0-1160.el7.x86_64");
	assert_by(DIALECT_BY_RELEASE, DIALECT_RHEL7, "3.10.0-1160.el7.x86_64");
}

static void dashes_tell_the_release(void **state)
{
	static const struct {
		const char *flags;
		enum dialect_id id;
		const char *version; /* whose facts are taken */
	} rows[] = {
		{ "G           O      -------  --- ", DIALECT_RHEL9, "5.14.0-362" },
		{ "G           O     --------  --- ", DIALECT_RHEL9, "5.14.0-284" },
		{ "G           O     --------- --- ", DIALECT_RHEL9, "5.14.0-70" },
		{ "G           O     --------- -  -", DIALECT_RHEL8, "4.18.0-372" },
		{ "G           O   ------------  ", DIALECT_RHEL7, "3.10.0-327" },
		{ "P           OE  ------------ T", DIALECT_RHEL7, "3.10.0-327" },
		{ "G           O--------------  ", DIALECT_RHEL7, "3.10.0-123" },
		{ "G           -- ------------   ", DIALECT_RHEL6, "2.6.32-754.35.1" },
		{ "G           ---------------   ", DIALECT_RHEL6, "2.6.32-279" },
		{ "G           ----------------  ", DIALECT_RHEL6, "2.6.32-131" },
		{ "G          ----------------- -", DIALECT_RHEL6, "2.6.32-71" },
		{ "P     ----", DIALECT_RHEL5, "2.6.18-274" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text version = TEXT_INIT;

		report_set_tainted(&report, rows[i].flags, "");
		assert_by(DIALECT_BY_DASHES, rows[i].id, "");
		kernel_version_write(&diagnosis.kernel.dialect.version, &version);
		assert_string_equal(text_string(&version), rows[i].version);
	}
	/* Nobody prints these. */
	report_set_tainted(&report, "G  -------  ------", "");
	assert_by(DIALECT_BY_DEFAULT, DIALECT_MAINLINE, "");
}

static void letters_tell_who_knows_them_first(void **state)
{
	static const struct {
		const char *flags, *module;
		enum dialect_by by;
		enum dialect_id id;
	} rows[] = {
		{ "POE", "", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
		{ "PFSRMBUDAWCIOELKXTNJ", "PFCOEKXN", DIALECT_BY_DEFAULT,
		  DIALECT_MAINLINE },
		{ "G", "U", DIALECT_BY_LETTERS, DIALECT_RHEL5 },
		{ "G", "N", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
		{ "G", "n", DIALECT_BY_LETTERS, DIALECT_SUSE },
		{ "Gn", "", DIALECT_BY_LETTERS, DIALECT_SUSE },
		{ "P     ----", "UT", DIALECT_BY_DASHES, DIALECT_RHEL5 },
		/* The kernels that know U have no T, or dashes. */
		{ "G", "UT", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
		/* Of the whole kernel a module's letter is another one's. */
		{ "G", "W", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
		{ "Gz", "", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
		{ "G", "z", DIALECT_BY_DEFAULT, DIALECT_MAINLINE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		backtrace_clear(&report);
		report_set_tainted(&report, rows[i].flags, "");
		report_list(&report, "x", rows[i].module);
		diagnose();
		if (diagnosis.kernel.by != rows[i].by ||
		    diagnosis.kernel.dialect.id != rows[i].id)
			fail_msg("%s %s: %s by %s", rows[i].flags, rows[i].module,
			         dialect_name(diagnosis.kernel.dialect.id),
			         dialect_by_name(diagnosis.kernel.by));
	}
	/* Letters of what is gone do not count. */
	backtrace_clear(&report);
	report_set_tainted(&report, "G", "");
	report_list(&report, "x", "U")->count = 1;
	assert_by(DIALECT_BY_DEFAULT, DIALECT_MAINLINE, "");
}

static void a_report_that_says_nothing_is_mainlines(void **state)
{
	(void)state;
	assert_by(DIALECT_BY_DEFAULT, DIALECT_MAINLINE, "");
	assert_false(diagnosis.has_mask);
	assert_false(diagnosis.is_mask_whole);
	assert_true(diagnosis.mask == 0);
	assert_true(diagnosis.unexplained == 0);
}

/* ---- the mask ---- */

static void the_string_is_the_mask(void **state)
{
	(void)state;
	report_set_tainted(&report, "PFSRMBU AWCIOELKXTN", "6.1.0-56-amd64");
	assert_mask(0x7ff7f, true);
	report_set_tainted(&report, "P           OE  ------------ T",
	                   "3.10.0-1160.21.1.el7.x86_64");
	assert_mask(BIT(29) | 0x3001, true);
	report_set_tainted(&report, NULL, "6.1.0-56-amd64");
	assert_mask(0, true);
	/* A kernel that says it is tainted is, by something. */
	report_set_tainted(&report, "G", "6.1.0-56-amd64");
	assert_mask(0, false);
}

static void rhel5_hides_bits(void **state)
{
	(void)state;
	report_set_tainted(&report, "P     ", "2.6.18-8.el5");
	assert_mask(1, true);
	report_set_tainted(&report, "P     ", "2.6.18-92.el5");
	assert_mask(1, false);
	report_set_tainted(&report, "G     ----", "2.6.18-348.el5");
	assert_mask(0, false);
	report_set_tainted(&report, NULL, "2.6.18-348.el5");
	assert_mask(0, true);
}

static void what_is_not_understood_leaves_the_mask_open(void **state)
{
	(void)state;
	report_set_tainted(&report, "Pz", "6.1.0");
	assert_mask(1, false);
	assert_false(taint_letters_is_empty(&diagnosis.strangers));
	assert_int_equal(diagnosis.unplaced, 0);
	report_set_tainted(&report, "P ?", "6.1.0");
	assert_mask(1, false);
	assert_true(taint_letters_is_empty(&diagnosis.strangers));
	assert_int_equal(diagnosis.unplaced, 1);
}

static void constants_say_the_mask_too(void **state)
{
	(void)state;
	set_constants("P]=PROPRIETARY_MODULE, [O]=OOT_MODULE, [E]=UNSIGNED_MODULE");
	assert_mask(0x3001, true);
	report_set_tainted(&report, "G        W", "6.12.0");
	assert_mask(0x3201, true);
	set_constants("[W]=WARN");
	assert_mask(0x200, true);
	set_constants("");
	report_set_tainted(&report, "G        W", "6.12.0");
	assert_mask(0x200, true);
}

static void every_constant_of_mainline_is_its_bit(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 20; bit++) {
		_cleanup_(text_clear) struct text constant = TEXT_INIT;

		/* The letter alone would not do. */
		text_add_string(&constant, "[!]=");
		taint_constant_write((enum taint)bit, &constant);
		memmove(constant.data + 4, constant.data + 10, constant.length - 9);
		set_constants(text_string(&constant));
		assert_mask(BIT(bit), true);
	}
}

static void a_constant_with_a_vendors_meaning_goes_under_its_letter(void **state)
{
	(void)state;
	set_constants("X]=AUX");
	report_set_tainted(&report, "", "6.12.0-55.el10");
	assert_mask(BIT(16), true);
	assert_int_equal(diagnosis.kernel.dialect.bits[16]->taint, TAINT_TECH_PREVIEW);
	report_set_tainted(&report, "", "6.4.0-1-default");
	assert_mask(BIT(16), true);
	assert_int_equal(diagnosis.kernel.dialect.bits[16]->taint,
	                 TAINT_EXTERNAL_SUPPORT);
	/* Of a later kernel, whose word nobody knows yet. */
	report_set_tainted(&report, "", "6.20.0");
	set_constants("O]=OUTSIDER, [W]=WARN");
	assert_mask(0x1200, true);
	set_constants("]=OUTSIDER");
	assert_mask(0, false);
	set_constants("=WARN, W=WARN, [W] =WARN");
	assert_mask(0, false);
	set_constants("[x]=WAR, [y]=WARNS, [z]=, [v]=XARN, [w]=WARX");
	assert_mask(0, false);
}

static void a_mask_alone_is_whole(void **state)
{
	(void)state;
	diagnosis_of_mask(&diagnosis, 12289, &hints);
	assert_int_equal(diagnosis.kernel.by, DIALECT_BY_DEFAULT);
	assert_int_equal(diagnosis.kernel.dialect.id, DIALECT_MAINLINE);
	assert_true(diagnosis.has_mask && diagnosis.is_mask_whole);
	assert_true(diagnosis.mask == 12289);
	assert_string_equal(diagnosis.kernel.release, "");
	assert_true(diagnosis.carried == 0 && diagnosis.unexplained == 0);
	hints.is_dialect_given = true;
	hints.dialect = DIALECT_RHEL8;
	diagnosis_of_mask(&diagnosis, UINT64_MAX, &hints);
	assert_int_equal(diagnosis.kernel.by, DIALECT_BY_FLAG);
	assert_int_equal(diagnosis.kernel.dialect.id, DIALECT_RHEL8);
	assert_true(diagnosis.mask == UINT64_MAX);
}

/* ---- modules ---- */

static void what_no_listed_module_carries_is_unexplained(void **state)
{
	(void)state;
	report_set_tainted(&report, "P  R       COE", "6.1.0");
	report_list(&report, "a", "OE");
	report_list(&report, "b", "O");
	report_list(&report, "c", "");
	diagnose();
	assert_true(diagnosis.mask == (BIT(0) | BIT(3) | BIT(10) | BIT(12) | BIT(13)));
	assert_true(diagnosis.carried == (BIT(12) | BIT(13)));
	/* Nothing can carry R. */
	assert_true(diagnosis.unexplained == (BIT(0) | BIT(10)));
	report_list(&report, "d", "P");
	/* It is gone. */
	report_list(&report, "e", "C")->count = 1;
	diagnose();
	assert_true(diagnosis.unexplained == BIT(10));
}

static void without_a_list_nothing_is_unexplained(void **state)
{
	(void)state;
	report_set_tainted(&report, "P", "6.1.0");
	diagnose();
	assert_true(diagnosis.unexplained == 0);
	report.has_modules = true;
	diagnose();
	assert_true(diagnosis.unexplained == BIT(0));
}

static void letters_without_a_bit_carry_none(void **state)
{
	(void)state;
	report_set_tainted(&report, "G", "2.6.32-754.el6");
	report_list(&report, "a", "Uz");
	diagnose();
	assert_true(diagnosis.carried == 0);
	assert_false(taint_letters_is_empty(&diagnosis.letters));
	report_set_tainted(&report, "G", "2.6.18-348.el5");
	diagnose();
	assert_true(diagnosis.carried == BIT(6));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_way_has_a_word_and_four_are_sure),
		TEST(the_release_of_the_report_chooses),
		TEST(else_that_of_the_boot_does),
		TEST(the_version_speaks_for_its_own_release_only),
		TEST(what_the_user_says_goes_before_all),
		TEST(only_suse_says_what_is_supported),
		TEST(dashes_tell_the_release),
		TEST(letters_tell_who_knows_them_first),
		TEST(a_report_that_says_nothing_is_mainlines),
		TEST(the_string_is_the_mask),
		TEST(rhel5_hides_bits),
		TEST(what_is_not_understood_leaves_the_mask_open),
		TEST(constants_say_the_mask_too),
		TEST(every_constant_of_mainline_is_its_bit),
		TEST(a_constant_with_a_vendors_meaning_goes_under_its_letter),
		TEST(a_mask_alone_is_whole),
		TEST(what_no_listed_module_carries_is_unexplained),
		TEST(without_a_list_nothing_is_unexplained),
		TEST(letters_without_a_bit_carry_none),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
