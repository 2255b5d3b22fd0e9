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

static void set(struct text *text, const char *words)
{
	text_reset(text);
	text_add_string(text, words);
}

/* ---- whose kernel it is ---- */

static void the_surest_sign_chooses_the_kernel(void **state)
{
	static const struct row {
		const char *flags, *release, *supported, *module; /* of the report */
		const char *boot, *version;                       /* of the boot */
		enum dialect_id given;
		enum dialect_by by;
		enum dialect_id id;
		const char *facts; /* the version whose facts are taken */
	} rows[] = {
#define NOT_GIVEN "", "", "", "", DIALECT_COUNT
		{ "G", "3.10.0-1160.el7.x86_64", NOT_GIVEN, DIALECT_BY_RELEASE,
		  DIALECT_RHEL7, "3.10.0-1160" },
		{ "G", "6.1.0-56-amd64", NOT_GIVEN, DIALECT_BY_RELEASE, DIALECT_MAINLINE,
		  "6.1.0-56" },
		{ "G", "5.14.21-150500.55.52-default", NOT_GIVEN, DIALECT_BY_RELEASE,
		  DIALECT_SUSE, "5.14.21-150500.55.52" },
		/* That of the boot, unless the report knows better. */
		{ "", "", "", "", "3.10.0-1160.el7", "", DIALECT_COUNT,
		  DIALECT_BY_RELEASE, DIALECT_RHEL7, "3.10.0-1160" },
		{ "G", "6.1.0-56-amd64", "", "", "3.10.0-1160.el7", "", DIALECT_COUNT,
		  DIALECT_BY_RELEASE, DIALECT_MAINLINE, "6.1.0-56" },
		/* The version speaks for its own release only. */
		{ "G", "5.14.21-1.1-special", "", "", "5.14.21-1.1-special",
		  "5.14.21-1.1-special (geeko@buildhost) (gcc)", DIALECT_COUNT,
		  DIALECT_BY_RELEASE, DIALECT_SUSE, "5.14.21-1.1" },
		{ "G", "5.15.0-1-azure", "", "", "5.14.21-1.1-special",
		  "5.14.21-1.1-special (geeko@buildhost) (gcc)", DIALECT_COUNT,
		  DIALECT_BY_RELEASE, DIALECT_MAINLINE, "5.15.0-1" },
		/* What the user says goes before all. */
		{ "G     --------- -  -", "5.14.21-1-default", "Yes", "", "", "",
		  DIALECT_RHEL9, DIALECT_BY_FLAG, DIALECT_RHEL9, NULL },
		{ "G     --------- -  -", "5.14.21-1-default", "Yes", "", "", "",
		  DIALECT_MAINLINE, DIALECT_BY_FLAG, DIALECT_MAINLINE, NULL },
		/* Only SUSE says what is supported; a release is surer. */
		{ "", "", "Yes", "", "", "", DIALECT_COUNT, DIALECT_BY_SUPPORTED,
		  DIALECT_SUSE, NULL },
		{ "G", "4.4.0-1-azure", "Yes", "", "", "", DIALECT_COUNT,
		  DIALECT_BY_SUPPORTED, DIALECT_SUSE, "4.4.0-1" },
		{ "G", "3.10.0-1160.el7.x86_64", "Yes", "", "", "", DIALECT_COUNT,
		  DIALECT_BY_RELEASE, DIALECT_RHEL7, "3.10.0-1160" },
#define DASHES "", NOT_GIVEN, DIALECT_BY_DASHES
		{ "G           O      -------  --- ", DASHES, DIALECT_RHEL9,
		  "5.14.0-362" },
		{ "G           O     --------  --- ", DASHES, DIALECT_RHEL9,
		  "5.14.0-284" },
		{ "G           O     --------- --- ", DASHES, DIALECT_RHEL9,
		  "5.14.0-70" },
		{ "G           O     --------- -  -", DASHES, DIALECT_RHEL8,
		  "4.18.0-372" },
		{ "P           OE  ------------ T", DASHES, DIALECT_RHEL7, "3.10.0-327" },
		{ "G           O--------------  ", DASHES, DIALECT_RHEL7, "3.10.0-123" },
		{ "G           -- ------------   ", DASHES, DIALECT_RHEL6,
		  "2.6.32-754.35.1" },
		{ "G           ---------------   ", DASHES, DIALECT_RHEL6, "2.6.32-279" },
		{ "G           ----------------  ", DASHES, DIALECT_RHEL6, "2.6.32-131" },
		{ "G          ----------------- -", DASHES, DIALECT_RHEL6, "2.6.32-71" },
		{ "P     ----", DASHES, DIALECT_RHEL5, "2.6.18-274" },
		/* Dashes that a rebuilt kernel's release does not explain. */
		{ "G           O--------------  ", "4.19.0-rebuilt", NOT_GIVEN,
		  DIALECT_BY_DASHES, DIALECT_RHEL7, "3.10.0-123" },
		/* An unused bit that is set stands in its run. */
		{ "G           O      ---?---  --? ", DASHES, DIALECT_RHEL9,
		  "5.14.0-362" },
		{ "G O ------------", DASHES, DIALECT_RHEL7, "3.10.0-327" },
		/* Nobody prints these. */
		{ "G  -------", "", NOT_GIVEN, DIALECT_BY_DEFAULT, DIALECT_MAINLINE,
		  NULL },
		{ "-", "", NOT_GIVEN, DIALECT_BY_DEFAULT, DIALECT_MAINLINE, NULL },
		{ "G  -------  ------", "", NOT_GIVEN, DIALECT_BY_DEFAULT,
		  DIALECT_MAINLINE, NULL },
#define LETTERS(module) "", "", module, "", "", DIALECT_COUNT
		{ "POE", LETTERS(""), DIALECT_BY_DEFAULT, DIALECT_MAINLINE, NULL },
		{ "PFSRMBUDAWCIOELKXTNJ", LETTERS("PFCOEKXN"), DIALECT_BY_DEFAULT,
		  DIALECT_MAINLINE, NULL },
		{ "G", LETTERS("U"), DIALECT_BY_LETTERS, DIALECT_RHEL5, NULL },
		{ "G", LETTERS("n"), DIALECT_BY_LETTERS, DIALECT_SUSE, NULL },
		{ "Gn", LETTERS(""), DIALECT_BY_LETTERS, DIALECT_SUSE, NULL },
		{ "P     ----", LETTERS("UT"), DIALECT_BY_DASHES, DIALECT_RHEL5, NULL },
		/* The kernels that know U have no T, or dashes. */
		{ "G", LETTERS("UT"), DIALECT_BY_DEFAULT, DIALECT_MAINLINE, NULL },
		/* Of the whole kernel a module's letter is another one's. */
		{ "G", LETTERS("W"), DIALECT_BY_DEFAULT, DIALECT_MAINLINE, NULL },
		{ "Gz", LETTERS(""), DIALECT_BY_DEFAULT, DIALECT_MAINLINE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		_cleanup_(text_clear) struct text facts = TEXT_INIT;

		backtrace_clear(&report);
		report_set_tainted(&report, row->flags, row->release);
		set(&report.supported, row->supported);
		if (*row->module)
			report_list(&report, "x", row->module);
		hints = (struct report_hints){
			.is_dialect_given = row->given != DIALECT_COUNT,
			.dialect = row->given,
			.release = row->boot,
			.version = row->version,
		};
		diagnose();
		kernel_version_write(&diagnosis.kernel.dialect.version, &facts);
		if (diagnosis.kernel.by != row->by ||
		    diagnosis.kernel.dialect.id != row->id ||
		    (row->facts && strcmp(text_string(&facts), row->facts) != 0))
			fail_msg("row %zu: %s by %s, %s", i,
			         dialect_name(diagnosis.kernel.dialect.id),
			         dialect_by_name(diagnosis.kernel.by),
			         text_string(&facts));
		assert_string_equal(diagnosis.kernel.release,
		                    *row->release ? row->release : row->boot);
		assert_int_equal(dialect_by_is_sure(row->by),
		                 row->by <= DIALECT_BY_DASHES);
	}
}

/* ---- the mask ---- */

static void a_report_says_its_mask_and_whether_it_is_whole(void **state)
{
	static const struct {
		const char *flags, *constants, *supported, *release;
		uint64_t mask;
		bool is_whole;
		unsigned int unplaced;
	} rows[] = {
		{ NULL, "", "", "6.1.0-56-amd64", 0, true, 0 },
		{ "PFSRMBU AWCIOELKXTN", "", "", "6.1.0-56-amd64", 0x7ff7f, true, 0 },
		{ "P           OE  ------------ T", "", "", "3.10.0-1160.el7",
		  BIT(29) | 0x3001, true, 0 },
		/* A kernel that says it is tainted is, by something. */
		{ "G", "", "", "6.1.0-56-amd64", 0, false, 0 },
		/* RHEL 5 hides bits. */
		{ "P     ", "", "", "2.6.18-8.el5", 1, true, 0 },
		{ "P     ", "", "", "2.6.18-92.el5", 1, false, 0 },
		{ "G     ----", "", "", "2.6.18-348.el5", 0, false, 0 },
		{ NULL, "", "", "2.6.18-348.el5", 0, true, 0 },
		{ "Pz", "", "", "6.1.0", 1, false, 0 },
		{ "P ?", "", "", "6.1.0", 1, false, 1 },
		{ "", "P]=PROPRIETARY_MODULE, [O]=OOT_MODULE, [E]=UNSIGNED_MODULE", "",
		  "6.12.0", 0x3001, true, 0 },
		{ "G        W", "[O]=OOT_MODULE", "", "6.12.0", 0x1200, true, 0 },
		{ "", "[!]=OVERRIDDEN_ACPI_TABLE, [!]=FWCTL", "", "6.12.0",
		  BIT(8) | BIT(19), true, 0 },
		/* A vendor's own meaning goes under its letter. */
		{ "", "X]=AUX", "", "6.12.0-55.el10", BIT(16), true, 0 },
		{ "", "X]=AUX", "", "6.4.0-1-default", BIT(16), true, 0 },
		/* Of a later kernel, whose word nobody knows yet. */
		{ "", "O]=OUTSIDER, [W]=WARN", "", "6.20.0", 0x1200, true, 0 },
		{ "", "]=OUTSIDER", "", "6.20.0", 0, false, 0 },
		{ "", "=WARN, W=WARN, [W] =WARN", "", "6.20.0", 0, false, 0 },
		{ "", "[x]=WAR, [y]=WARNS, [z]=, [v]=XARN, [w]=WARX", "", "6.20.0", 0,
		  false, 0 },
		/* Two bits that SUSE's 4.12 does not print are in another line. */
		{ "G           O", "", "Yes, External", "4.12.14-94-default",
		  BIT(31) | BIT(12), false, 0 },
		{ "G           O", "", "No, Unsupported modules are loaded",
		  "4.12.14-94-default", BIT(30) | BIT(12), false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		report_set_tainted(&report, rows[i].flags, rows[i].release);
		set(&report.constants, rows[i].constants);
		set(&report.supported, rows[i].supported);
		diagnose();
		if (!diagnosis.has_mask || diagnosis.mask != rows[i].mask ||
		    diagnosis.is_mask_whole != rows[i].is_whole ||
		    diagnosis.unplaced != rows[i].unplaced)
			fail_msg("row %zu: 0x%" PRIx64 ", %d", i, diagnosis.mask,
			         diagnosis.is_mask_whole);
	}
}

static void a_report_that_says_nothing_has_no_mask(void **state)
{
	(void)state;
	diagnose();
	assert_false(diagnosis.has_mask);
	assert_false(diagnosis.is_mask_whole);
	assert_true(diagnosis.mask == 0 && diagnosis.unexplained == 0);
}

static void what_no_listed_module_carries_is_unexplained(void **state)
{
	(void)state;
	report_set_tainted(&report, "P  R       COE", "6.1.0");
	diagnose();
	assert_true(diagnosis.unexplained == 0);
	report.has_modules = true;
	report_list(&report, "a", "OE");
	report_list(&report, "b", "O");
	diagnose();
	assert_true(diagnosis.carried == (BIT(12) | BIT(13)));
	/* Nothing can carry R. */
	assert_true(diagnosis.unexplained == (BIT(0) | BIT(10)));
	report_list(&report, "d", "P");
	/* It is gone. */
	report_list(&report, "e", "C")->count = 1;
	diagnose();
	assert_true(diagnosis.unexplained == BIT(10));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_surest_sign_chooses_the_kernel),
		TEST(a_report_says_its_mask_and_whether_it_is_whole),
		TEST(a_report_that_says_nothing_has_no_mask),
		TEST(what_no_listed_module_carries_is_unexplained),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
