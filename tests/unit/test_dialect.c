/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects, held against the vendors' kernels by hand: which bits and letters each
 * release knows, and which dialect each release string speaks. The expected facts are
 * written out here once more, from the same sources as dialect.c but without its table.
 */
#include "model/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/dialect_choose.h"

/*
 * Known bits as "BIT LETTER SLUG", with a '*' for what a module can carry, a '!' for what
 * it may carry without tainting the kernel; "-" stands for a letter without a bit. The
 * mainline ones by the version that brought the last of them.
 */
#define TO_2_6_18                                                            \
	"0 P proprietary_module*\n1 F forced_module*\n2 S cpu_out_of_spec\n" \
	"3 R forced_rmmod\n4 M machine_check\n5 B bad_page\n"
#define TO_2_6_32 \
	TO_2_6_18 "6 U user\n7 D die\n8 A overridden_acpi_table\n9 W warn\n10 C crap*\n"
#define TO_3_0  TO_2_6_32 "11 I firmware_workaround\n"
#define TO_3_10 TO_3_0 "12 O oot_module*\n"
#define TO_4_4  TO_3_10 "13 E unsigned_module*\n14 L softlockup\n15 K livepatch*\n"
#define TO_6_17 TO_4_4 "16 X aux*\n17 T randstruct\n18 N test*\n19 J fwctl\n"

#define RHEL6_1 "28 H hardware_unsupported\n29 T tech_preview*\n- U unsigned_module*\n"
#define RHEL7   "28 H hardware_unsupported\n29 T tech_preview*\n"
#define RHEL8(x)                                                               \
	TO_4_4 x "17 T randstruct\n27 r support_removed\n29 t tech_preview*\n" \
		 "30 u unprivileged_bpf\n"
#define RHEL8_0 RHEL8("16 X aux*\n")
#define RHEL8_6 RHEL8("16 X tech_preview*\n")
#define RHEL9(more)                                         \
	TO_4_4 "16 X tech_preview*\n17 T randstruct\n" more \
	       "27 h support_removed\n31 u unprivileged_bpf\n"
#define RHEL9_0  RHEL9("")
#define RHEL9_2  RHEL9("26 p partner_supported\n")
#define RHEL9_3  RHEL9("18 N test*\n26 p partner_supported\n")
#define RHEL9_7  RHEL9("18 N test*\n19 J fwctl\n26 p partner_supported\n")
#define RHEL10_0 RHEL9("18 N test*\n26 p partner_supported*\n")
#define RHEL10_1 RHEL9("18 N test*\n19 J fwctl\n26 p partner_supported*\n")

#define SUSE_4_4                                                           \
	TO_3_10 "13 E unsigned_module*\n14 L softlockup\n15 K livepatch\n" \
		"30 N no_support!\n31 X external_support*\n"
#define SUSE_5_3 TO_4_4 "16 X external_support*\n17 T randstruct\n31 N no_support*\n"
#define SUSE_6_0 \
	TO_4_4 "16 X external_support*\n17 T randstruct\n18 N test*\n31 n no_support*\n"
#define SUSE_6_4 \
	TO_4_4 "16 X external_support!\n17 T randstruct\n18 N test*\n31 n no_support*\n"
#define SUSE_6_15                                                                  \
	TO_4_4 "16 X external_support!\n17 T randstruct\n18 N test*\n19 J fwctl\n" \
	       "31 n no_support*\n"

static const struct {
	enum dialect_id id;
	const char *facts;
	const char *releases[24];
} known[] = {
	{ DIALECT_RHEL5,
	  TO_2_6_18,
	  { "2.6.18-8.el5", "2.6.18-8.1.15.el5xen", "2.6.18-53.1.14.el5" } },
	{ DIALECT_RHEL5,
	  TO_2_6_18 "6 U unsigned_module*\n",
	  { "2.6.18-92.el5", "2.6.18-194.el5PAE", "2.6.18-238.9.1.el5" } },
	{ DIALECT_RHEL5,
	  TO_2_6_18 "6 U unsigned_module*\n29 T tech_preview*\n",
	  { "2.6.18-274.el5", "2.6.18-419.el5" } },
	{ DIALECT_RHEL6,
	  TO_2_6_32 "28 H hardware_unsupported\n- U unsigned_module*\n",
	  { "2.6.32-71.el6.x86_64", "2.6.32-71.29.1.el6.x86_64" } },
	{ DIALECT_RHEL6,
	  TO_3_0 RHEL6_1,
	  { "2.6.32-131.el6.x86_64", "2.6.32-220.4.1.el6.i686" } },
	{ DIALECT_RHEL6,
	  TO_3_0 "27 Z bit_by_zombie\n" RHEL6_1,
	  { "2.6.32-279.el6.x86_64", "2.6.32-504.el6.x86_64", "2.6.32-754.el6.x86_64" } },
	{ DIALECT_RHEL6,
	  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n" RHEL6_1,
	  { "2.6.32-754.35.1.el6.x86_64", "2.6.32-754.48.1.el6.x86_64",
	    "2.6.32-042stab145.3" } },
	{ DIALECT_RHEL7,
	  TO_3_10 RHEL7,
	  { "3.10.0-123.el7.x86_64", "3.10.0-229.20.1.el7.x86_64" } },
	{ DIALECT_RHEL7,
	  TO_4_4 RHEL7,
	  { "3.10.0-327.el7.x86_64", "3.10.0-327.rt56.204.el7.x86_64",
	    "3.10.0-1160.el7.x86_64", "3.10.0-1160.119.1.el7.x86_64",
	    "3.10.0-1160.90.1.vz7.200.7", "3.10.0-862.14.1.5.h520.eulerosv2r7.x86_64" } },
	{ DIALECT_RHEL8,
	  RHEL8_0,
	  { "4.18.0-80.el8.x86_64", "4.18.0-348.el8.x86_64",
	    "4.18.0-348.23.1.el8_5.x86_64" } },
	{ DIALECT_RHEL8,
	  RHEL8_6,
	  { "4.18.0-372.el8.x86_64", "4.18.0-372.26.1.el8_6.x86_64",
	    "4.18.0-513.9.1.el8_9.x86_64", "4.18.0-553.el8_10.x86_64",
	    "4.18.0-513.24.1.lve.2.el7h.x86_64" } },
	{ DIALECT_RHEL9,
	  RHEL9_0,
	  { "5.14.0-70.el9.x86_64", "5.14.0-70.13.1.el9_0.x86_64",
	    "5.14.0-162.6.1.el9_1.x86_64" } },
	{ DIALECT_RHEL9,
	  RHEL9_2,
	  { "5.14.0-284.el9.x86_64", "5.14.0-284.11.1.el9_2.aarch64+64k" } },
	{ DIALECT_RHEL9,
	  RHEL9_3,
	  { "5.14.0-362.el9.x86_64", "5.14.0-362.8.1.el9_3.x86_64+rt",
	    "5.14.0-570.12.1.el9_6.x86_64", "5.14.0-610.99.99.el9.x86_64" } },
	{ DIALECT_RHEL9,
	  RHEL9_7,
	  { "5.14.0-611.5.1.el9_7.x86_64", "5.14.0-687.26.1.el9_8.x86_64" } },
	{ DIALECT_RHEL10,
	  RHEL10_0,
	  { "6.12.0-54.el10.x86_64", "6.12.0-55.el10.x86_64",
	    "6.12.0-55.9.1.el10_0.x86_64" } },
	{ DIALECT_RHEL10,
	  RHEL10_1,
	  { "6.12.0-124.8.1.el10_1.x86_64", "6.18.0-0.rc1.16.eln152.x86_64" } },
	{ DIALECT_SUSE,
	  TO_2_6_18 "- U no_support*\n- X external_support*\n",
	  { "2.6.16.60-0.21-default" } },
	{ DIALECT_SUSE,
	  TO_3_0 "30 N no_support!\n31 X external_support*\n",
	  { "3.0.13-0.27-default", "3.0.101-0.31-default" } },
	{ DIALECT_SUSE,
	  TO_3_0 "13 E unsigned_module*\n30 N no_support!\n31 X external_support*\n",
	  { "3.0.101-0.47.71-default" } },
	{ DIALECT_SUSE,
	  TO_3_10 "13 E unsigned_module*\n30 N no_support!\n31 X external_support*\n",
	  { "3.12.74-60.64.45-default" } },
	{ DIALECT_SUSE, SUSE_4_4, { "4.4.180-94.100-default" } },
	{ DIALECT_SUSE,
	  TO_4_4 "30 N no_support*\n31 X external_support*\n",
	  { "4.12.14-122.37-default" } },
	{ DIALECT_SUSE,
	  SUSE_5_3,
	  { "5.3.18-59.40-default", "5.14.21-150400.24.63-default",
	    "5.14.21-150500.55.52-default" } },
	{ DIALECT_SUSE, SUSE_6_0, { "6.3.9-1-default" } },
	{ DIALECT_SUSE,
	  SUSE_6_4,
	  { "6.4.0-150600.23.17-default", "6.4.0-150700.53.3-default",
	    "6.12.0-160000.5-default" } },
	{ DIALECT_SUSE, SUSE_6_15, { "6.17.1-1-default" } },
	{ DIALECT_MAINLINE,
	  TO_3_10 "13 X unsigned_module*\n14 L softlockup\n15 K livepatch*\n16 X "
	          "aux*\n17 T randstruct\n18 N test*\n19 J fwctl\n",
	  { "3.13.0-45-generic", "3.13.0-170-lowlatency" } },
	{ DIALECT_MAINLINE,
	  TO_6_17,
	  { "3.13.0-1-ARCH", "3.13-0.bpo.1-amd64", "3.13.11-generic", "2.6.18",
	    "3.8.13-118.el7uek.x86_64", "6.1.0-56-amd64", "6.12.117+deb12-cloud-amd64",
	    "6.18.0-rc1", "" } },
};

/* Writes the facts as the rows above have them. */
static void add_fact(struct text *text, const struct taint_fact *fact)
{
	if (fact->bit == TAINT_NO_BIT)
		text_add_char(text, '-');
	else
		text_add_number(text, fact->bit);
	text_add_char(text, ' ');
	text_add_char(text, fact->letter);
	text_add_char(text, ' ');
	text_add_string(text, taint_slug(fact->taint));
	text_add_string(text, fact->scope == TAINT_OF_KERNEL   ? "\n"
	                      : fact->scope == TAINT_OF_MODULE ? "*\n"
	                                                       : "!\n");
}

static void assert_facts(enum dialect_id id, const char *release, const char *facts)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;
	struct dialect dialect;

	memset(&dialect, 0xa5, sizeof(dialect));
	dialect_init(&dialect, id, release);
	for (size_t bit = 0; bit < ARRAY_SIZE(dialect.bits); bit++)
		if (dialect.bits[bit])
			add_fact(&found, dialect.bits[bit]);
	for (size_t c = 0; c < ARRAY_SIZE(dialect.letters); c++)
		if (dialect.letters[c] && dialect.letters[c]->bit == TAINT_NO_BIT)
			add_fact(&found, dialect.letters[c]);
	if (dialect.id != id || strcmp(text_string(&found), facts) != 0)
		fail_msg("%s %s:\n%s", dialect_name(id), release, text_string(&found));
}

/* Also as the file holds it. */
static void assert_chosen(const char *release, const char *version, enum dialect_id id)
{
	char line[200];

	snprintf(line, sizeof(line), "%s\n", release);
	if (dialect_choose(release, version) != id || dialect_choose(line, version) != id)
		fail_msg("%s, %s", release, version);
}

static void every_release_knows_its_own_bits_and_letters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		for (const char *const *release = known[i].releases; *release;
		     release++) {
			char line[100];

			snprintf(line, sizeof(line), "%s\n", *release);
			assert_facts(known[i].id, *release, known[i].facts);
			assert_facts(known[i].id, line, known[i].facts);
			assert_chosen(*release, "", known[i].id);
			if (known[i].id != DIALECT_MAINLINE)
				assert_facts(DIALECT_MAINLINE, *release, TO_6_17);
		}
	}
}

static void numbers_say_which_facts_a_release_has(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *facts;
	} rows[] = {
		/* By numbers, not by digits. */
		{ DIALECT_RHEL8, "4.18.0-1000.el8", RHEL8_6 },
		{ DIALECT_RHEL8, "4.18.0-99.el8", RHEL8_0 },
		{ DIALECT_RHEL8, "4.18.0-371.99.99.el8", RHEL8_0 },
		{ DIALECT_RHEL8, "4.18.0-372.0.1.el8", RHEL8_6 },
		{ DIALECT_RHEL9, "5.14.0-283.99.9.el9", RHEL9_0 },
		{ DIALECT_RHEL9, "5.14.0-361.el9", RHEL9_2 },
		{ DIALECT_RHEL5, "2.6.18-91.el5", TO_2_6_18 },
		{ DIALECT_SUSE, "5.10.1-1-default", SUSE_5_3 },
		{ DIALECT_SUSE, "10.0.0-1-default", SUSE_6_15 },
		/* One that is too large is not taken for a small one. */
		{ DIALECT_RHEL8, "4.18.0-4294967295.el8.x86_64", RHEL8_6 },
		{ DIALECT_RHEL8, "4.18.0-4294967300.el8.x86_64", RHEL8_6 },
		{ DIALECT_RHEL8, "4.18.0-18446744073709551616.el8.x86_64", RHEL8_6 },
		/* Whoever rebuilt a kernel under another name kept its numbers. */
		{ DIALECT_RHEL8, "4.18.0-348.7.1.rebuilt", RHEL8_0 },
		{ DIALECT_RHEL8, "4.18.0-372.9.1.rebuilt", RHEL8_6 },
		/* Without numbers they are the newest ones. */
		{ DIALECT_SUSE, "", SUSE_6_15 },
		{ DIALECT_SUSE, "-default", SUSE_6_15 },
		{ DIALECT_SUSE, "x.y.z", SUSE_6_15 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_facts(rows[i].id, rows[i].release, rows[i].facts);
}

static void a_foreign_release_gets_a_dialects_newest_facts(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *oldest, *newest, *facts;
	} rows[] = {
		{ DIALECT_RHEL5, "2.6.18-8.el5", "2.6.18-419.el5",
		  TO_2_6_18 "6 U unsigned_module*\n29 T tech_preview*\n" },
		{ DIALECT_RHEL6, "2.6.32-71.el6", "2.6.32-754.48.1.el6",
		  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n" RHEL6_1 },
		{ DIALECT_RHEL7, "3.10.0-123.el7", "3.10.0-1160.119.1.el7",
		  TO_4_4 RHEL7 },
		{ DIALECT_RHEL8, "4.18.0-80.el8", "4.18.0-553.el8_10", RHEL8_6 },
		{ DIALECT_RHEL9, "5.14.0-70.el9", "5.14.0-611.5.1.el9_7", RHEL9_7 },
		{ DIALECT_RHEL10, "6.12.0-54.el10", "6.12.0-124.8.1.el10_1", RHEL10_1 },
	};
	static const char *const foreign[] = { "",
		                               "\n",
		                               "linux",
		                               "6.18.0",
		                               "1.0",
		                               "0.0.0",
		                               "\xff",
		                               "-",
		                               "6.1.0-56-amd64",
		                               "6.4.0-150600.23.17-default",
		                               "4.14.35-2047.el7uek.x86_64" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_facts(rows[i].id, rows[i].newest, rows[i].facts);
		for (size_t k = 0; k < ARRAY_SIZE(foreign); k++)
			assert_facts(rows[i].id, foreign[k], rows[i].facts);
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
			if (k != i)
				assert_facts(rows[i].id, rows[k].oldest, rows[i].facts);
	}
}

/* ---- choosing ---- */

static const struct {
	enum dialect_id id;
	const char *releases[48];
} choices[] = {
	/* Red Hat and its rebuilds, every flavour */
	{ DIALECT_RHEL5,
	  { "2.6.18-8.el5xen", "2.6.18-92.1.22.el5.centos.plus",
	    "2.6.18-398.el5debug" } },
	{ DIALECT_RHEL6,
	  { "2.6.32-754.35.1.el6.i686", "2.6.32-754.35.1.el6.centos.plus.x86_64",
	    "2.6.32-431.20.3.el6.x86_64.debug" } },
	{ DIALECT_RHEL7,
	  { "3.10.0-1160.119.1.el7.centos.plus.x86_64",
	    "3.10.0-1160.119.1.rt56.1269.el7.x86_64", "3.10.0-957.el7.ppc64le",
	    "3.10.0-1160.rt56.1131.el7.x86_64" } },
	{ DIALECT_RHEL8,
	  { "4.18.0-372.9.1.rt7.166.el8.x86_64", "4.18.0-513.9.1.el8_9.x86_64+debug",
	    "4.18.0-553.el8_10.s390x",
	    "4.18.0-553.5.1.el8.nutanix.20240726.1056.x86_64" } },
	{ DIALECT_RHEL9,
	  { "5.14.0-70.13.1.rt21.83.el9_0.x86_64", "5.14.0-503.el9.x86_64",
	    "5.14.0-427.13.1.el9_4.x86_64+debug", "5.14.0-438.el9s+rt",
	    "5.14.0-503.el9iv", "5.14.0-427.42.1.el9_4.92ciq_lts.1.1.x86_64" } },
	{ DIALECT_RHEL10,
	  { "6.12.0-55.el10.x86_64+rt", "6.12.0-124.8.1.el10_1.aarch64+64k",
	    "6.12.0-55.32.1.el10_0.x86_64_v2" } },
	/* rebuilt under another token, or for another release of the distribution */
	{ DIALECT_RHEL7,
	  { "3.10.0-327.18.2.vz7.15.2", "3.10.0-962.3.2.lve1.5.79.el6h.x86_64",
	    "3.10.0-327.62.59.83.h128.eulerosv2r3.x86_64" } },
	{ DIALECT_RHEL8,
	  { "4.18.0-240.1.1.vz8.5.2", "4.18.0-513.24.1.lve.el8.x86_64",
	    "4.18.0-193.28.1.el7.aarch64", "4.18.0-553.an8.x86_64",
	    "4.18.0-372.32.1.an8_6.x86_64", "4.18.0-147.5.1.6.h1136.eulerosv2r9.x86_64",
	    "4.18.0-80.el9.x86_64" } },
	{ DIALECT_RHEL9, { "5.14.0-427.44.1.vz9.80.6", "5.14.0-70.el8.x86_64" } },
	{ DIALECT_RHEL6,
	  { "2.6.32-042stab120.11", "2.6.32-954.3.5.lve1.4.90.el6.x86_64" } },
	{ DIALECT_RHEL5, { "2.6.18-408.el5.028stab120.1", "2.6.18-028stab070.14" } },
	/* the same builders' mainline kernels */
	{ DIALECT_MAINLINE,
	  { "4.19.90-vhulk2211.3.0.h1543.eulerosv2r10.x86_64",
	    "4.19.36-vhulk1907.1.0.h962.eulerosv2r8.aarch64",
	    "5.10.0-136.12.0.86.h1032.eulerosv2r12.x86_64",
	    "5.10.0-216.0.0.115.oe2203sp4.x86_64", "4.19.90-2112.8.0.0131.oe1.x86_64",
	    "6.6.0-72.0.0.76.oe2403sp1.x86_64", "5.10.134-16.2.an8.x86_64",
	    "4.19.91-27.an7.x86_64", "4.19.91-26.al7.x86_64",
	    "5.10.194-5.20230302.0.991650.el8.x86_64", "6.12.43-1.1.el9_clk.x86_64",
	    "6.11.3-1.el9.elrepo.x86_64", "3.10.108-1.el6.elrepo.x86_64",
	    "5.4.119-19-0009.11", "4.14.105-19-0024", "6.6.87.2-microsoft-standard-WSL2",
	    "4.19.0+1", "6.8.12-4-pve", "4.4.0-116-generic.stab" } },
	/* Red Hat's development kernels */
	{ DIALECT_RHEL10,
	  { "6.18.0-65.eln153.x86_64", "6.16.0-0.rc1.17.fc43.x86_64",
	    "6.18.0-0.rc0.250929ge5f0a698b34ed.2.fc44.x86_64",
	    "6.16.0-0.rc2.20250618git52da431bf03b.22.fc43.x86_64" } },
	{ DIALECT_MAINLINE,
	  { "6.12.5-200.fc41.x86_64", "6.18.0-65.fc44.x86_64", "6.18.0-0.rc1",
	    "4.8.0-0.rc1.git0.1.fc26.x86_64", "5.9.0-0.rc2.1.eln103.x86_64" } },
	/* Oracle UEK, every generation */
	{ DIALECT_MAINLINE,
	  { "2.6.32-300.39.5.el5uek", "2.6.32-400.el6uek",
	    "2.6.32-400.37.15.el6uek.x86_64", "2.6.39-400.17.1.el5uek",
	    "2.6.39-400.215.10.el6uek.x86_64", "3.8.13-16.2.1.el6uek.x86_64",
	    "4.1.12-124.48.6.el7uek.x86_64", "4.14.35-2047.543.1.1.el7uek.x86_64",
	    "5.4.17-2136.300.7.el8uek.x86_64", "5.4.17-2136.300.7.el8uek.x86_64.debug",
	    "5.15.0-3.60.5.1.el9uek.x86_64", "5.15.0-0.30.19.el8uek.aarch64",
	    "6.12.0-1.23.3.2.el9uek.x86_64", "6.12.0-100.28.2.el10uek.x86_64",
	    "6.12.0-105.51.5.el10uek.x86_64", "6.12.0-100.28.2.el9uek.x86_64" } },
	/* ELRepo: mainline kernels for Red Hat's distribution */
	{ DIALECT_MAINLINE,
	  { "3.10.0-1.el6.elrepo.x86_64", "3.10.0-1.el7.elrepo.x86_64",
	    "4.18.0-1.el8.elrepo.x86_64", "5.4.280-1.el7.elrepo.x86_64",
	    "6.12.0-1.el10.elrepo.x86_64", "6.12.1-1.el9.elrepo.x86_64" } },
	/* SUSE */
	{ DIALECT_SUSE,
	  { "5.14.21-150400.14.10-azure", "5.14.21-150400.15.5-rt",
	    "6.4.0-150600.8.34-azure", "6.4.0-150700.53.3-64kb", "4.12.14-16.40-azure",
	    "3.0.101-0.47.71-xen", "2.6.16.60-0.21-smp" } },
	{ DIALECT_MAINLINE,
	  { "6.4.0-150600.21-vanilla", "2.6.24-16-xen", "2.6.24-16-1-xen",
	    "4.15.0-1041-azure", "5.10.0-8-rt-amd64", "4.12.14-300.fc26.x86_64" } },
	/* others */
	{ DIALECT_MAINLINE,
	  { "2.6.32-21-server", "2.6.18-6-686", "2.6.32-5-amd64", "6.11.3-arch1-1",
	    "6.6.54-1-lts", "6.11.4-301.fc41.x86_64", "5.14.0-60.fc35.x86_64",
	    "3.10.0-7.fc20.x86_64", "6.1.112-122.189.amzn2023.x86_64",
	    "5.15.153.1-microsoft-standard-WSL2", "6.6.51+rpt-rpi-v8", "6.6.58-0-virt",
	    "6.18.0", "4.18.0" } },
	/* nobody's */
	{ DIALECT_MAINLINE,
	  { "-",
	    ".",
	    "default",
	    ".el8",
	    "4.18.0-80el8",
	    "4.18.0-80.EL8",
	    "4.18.0-80.el",
	    "4.18.0-80.vz.x86_64",
	    "4.18.0-80stab",
	    "4.18.1-80.el8.x86_64",
	    "4.18-80.el8.x86_64",
	    "44.18.0-80.el8.x86_64",
	    " 4.18.0-80.el8.x86_64",
	    "v4.18.0-80.el8.x86_64",
	    "-4.18.0-80.el8.x86_64",
	    "4..18.0-80.el8.x86_64",
	    "6.4.0-Default",
	    "6.4.0-defaults",
	    "6.4.0-xdefault",
	    "6.4.0-default-mine",
	    "6.4.0-defaul" } },
	/* numbers that leave a base behind in fewer bits */
	{ DIALECT_MAINLINE,
	  { "4294967300.18.0-80.el8.x86_64", "4.4294967314.0-80.el8.x86_64",
	    "4.18.4294967296-80.el8.x86_64", "4.18.42949672960-80.el8.x86_64",
	    "4.18.18446744073709551616-80.el8.x86_64" } },
};

#define UBUNTU(release)                                                              \
	"Linux version " release " (buildd@lcy02-amd64-045) (gcc (Ubuntu 11.4.0) ) " \
	"#48-Ubuntu SMP\n"
#define SUSE(release)                                                                   \
	"Linux version " release " (geeko@buildhost) (gcc (SUSE Linux) 7.5.0, GNU ld) " \
	"#1 SMP Tue Oct 3 2023\n"
#define REDHAT(release)                                                                \
	"Linux version " release " (mockbuild@x86-64-01.build.eng.redhat.com) (gcc ) " \
	"#1 SMP\n"

static const struct {
	const char *release, *version;
	enum dialect_id id;
} hosts[] = {
	{ "4.18.0-372.26.1.el8_6.x86_64", REDHAT("4.18.0-372.26.1.el8_6.x86_64"),
	  DIALECT_RHEL8 },
	{ "4.12.14-122.37-default", SUSE("4.12.14-122.37-default"), DIALECT_SUSE },
	{ "5.14.21-150400.14.10-azure", SUSE("5.14.21-150400.14.10-azure"),
	  DIALECT_SUSE },
	{ "5.14.21-150400.15.5-rt", SUSE("5.14.21-150400.15.5-rt"), DIALECT_SUSE },
	{ "5.3.18-24.75-preempt", SUSE("5.3.18-24.75-preempt"), DIALECT_SUSE },
	{ "6.4.0-150600.23.17-64kb", SUSE("6.4.0-150600.23.17-64kb"), DIALECT_SUSE },
	{ "3.0.101-0.47.71-xen", SUSE("3.0.101-0.47.71-xen"), DIALECT_SUSE },
	{ "2.6.16.60-0.21-smp", SUSE("2.6.16.60-0.21-smp"), DIALECT_SUSE },
	{ "6.17.1-1-vanilla", SUSE("6.17.1-1-vanilla"), DIALECT_MAINLINE },
	{ "5.15.0-1041-azure", UBUNTU("5.15.0-1041-azure"), DIALECT_MAINLINE },
	{ "4.18.0-25-generic", UBUNTU("4.18.0-25-generic"), DIALECT_MAINLINE },
	{ "6.8.0-45-generic", UBUNTU("6.8.0-45-generic"), DIALECT_MAINLINE },
	{ "\n", "\n", DIALECT_MAINLINE },
	{ "", SUSE(""), DIALECT_MAINLINE },
	{ "\xff\xfe.el8-\x80", "\xff", DIALECT_MAINLINE },
	{ "6.4.0-azure", "(geeko@buildhost.example.org)", DIALECT_MAINLINE },
	{ "6.4.0-azure", "geeko@buildhost", DIALECT_MAINLINE },
	{ "6.4.0-azure", "(geeko@buildhost", DIALECT_MAINLINE },
};

static void a_release_chooses_the_dialect_of_who_built_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		for (const char *const *release = choices[i].releases; *release;
		     release++)
			assert_chosen(*release, "", choices[i].id);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		assert_chosen(hosts[i].release, hosts[i].version, hosts[i].id);
	/* What follows the first line is no release. */
	assert_chosen("6.4.0-generic\n-default", "", DIALECT_MAINLINE);
	assert_chosen("6.4.0-default\n-generic", "", DIALECT_SUSE);
}

/* ---- the table, as each release that could be sees it ---- */

static void check_places(const struct dialect *dialect, const char *release)
{
	uint64_t bits = 0, of_modules = 0;

	for (size_t bit = 0; bit < ARRAY_SIZE(dialect->bits); bit++) {
		const struct taint_fact *fact = dialect->bits[bit], *of_letter;

		if (!fact)
			continue;
		bits |= UINT64_C(1) << bit;
		if (fact->scope != TAINT_OF_KERNEL)
			of_modules |= UINT64_C(1) << bit;
		of_letter = dialect->letters[(unsigned char)fact->letter];
		/* On a module each letter means one taint. */
		if (!of_letter ||
		    (fact->scope != TAINT_OF_KERNEL && of_letter->taint != fact->taint &&
		     taint_fact_holds(fact, dialect)))
			fail_msg("%s: letter %c", release, fact->letter);
		if (fact->bit != bit || !(fact->dialects >> dialect->id & 1))
			fail_msg("%s: bit %zu", release, bit);
	}
	if (bits != dialect->known_bits || of_modules != dialect->module_bits)
		fail_msg("%s: sets", release);
	for (size_t c = 0; c < ARRAY_SIZE(dialect->letters); c++) {
		const struct taint_fact *fact = dialect->letters[c];

		if (fact &&
		    (fact->letter != (char)c ||
		     (fact->bit != TAINT_NO_BIT && dialect->bits[fact->bit] != fact)))
			fail_msg("%s: letter %c", release, (char)c);
	}
}

static void facts_stand_at_their_bit_and_letter(void **state)
{
	static const char *const bases[] = { "2.6.18", "2.6.32", "3.10.0",
		                             "4.18.0", "5.14.0", "6.12.0" };
	struct dialect dialect;
	char release[64];

	(void)state;
	for (unsigned int build = 0; build < 1300; build++) {
		for (enum dialect_id id = DIALECT_RHEL5; id <= DIALECT_RHEL10; id++) {
			snprintf(release, sizeof(release), "%s-%u",
			         bases[id - DIALECT_RHEL5], build);
			dialect_init(&dialect, id, release);
			check_places(&dialect, release);
		}
	}
	for (unsigned int minor = 0; minor < 260; minor++) {
		snprintf(release, sizeof(release), "%s%u.%u-1", minor < 60 ? "2.6." : "",
		         minor < 60 ? minor : minor / 20, minor % 20);
		dialect_init(&dialect, DIALECT_SUSE, release);
		check_places(&dialect, release);
		dialect_init(&dialect, DIALECT_MAINLINE, release);
		check_places(&dialect, release);
	}
}

static void every_fact_is_whole_and_names_its_source(void **state)
{
	size_t count;
	const struct taint_fact *facts = dialect_facts(&count);
	bool seen[TAINT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct taint_fact *fact = &facts[i];

		if (fact->taint >= TAINT_COUNT || fact->bit > TAINT_NO_BIT ||
		    !fact->dialects || fact->dialects >= 1u << DIALECT_COUNT ||
		    fact->letter < 'A' || fact->letter > 'z' ||
		    strlen(fact->source) < 3 ||
		    (!kernel_version_is_zero(&fact->until) &&
		     kernel_version_compare(&fact->since, &fact->until) >= 0))
			fail_msg("row %zu, %c", i, fact->letter);
		seen[fact->taint] = true;
	}
	for (size_t i = 0; i < TAINT_COUNT; i++)
		assert_true(seen[i]);
}

/* ---- letters, taints and versions ---- */

static struct taint_letters letters_of(const char *string)
{
	struct taint_letters letters = { { 0 } };

	assert_int_equal(taint_letters_parse(string, strlen(string), &letters), 0);
	return letters;
}

static void letters_have_bits_and_stand_in_their_order(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters, *written;
		uint64_t bits;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.12.0", "", "", 0 },
		{ DIALECT_MAINLINE, "6.12.0", "EOP", "POE", 0x3001 },
		{ DIALECT_MAINLINE, "6.12.0", "JTLIWADUBMRSNXKC", "SRMBUDAWCILKXTNJ",
		  0xfcffc },
		/* What has no bit stands behind the others. */
		{ DIALECT_MAINLINE, "6.12.0", "zO!aP", "PO!az", 0x1001 },
		{ DIALECT_RHEL5, "2.6.18-419.el5", "TUFP", "PFUT", 0x20000043 },
		{ DIALECT_RHEL6, "2.6.32-754.el6", "UTPO", "PTOU", 0x20000001 },
		{ DIALECT_RHEL7, "3.10.0-229.el7", "EOFT", "FOTE", 0x20001002 },
		{ DIALECT_RHEL8, "4.18.0-513.el8", "tXEOP", "POEXt", 0x20013001 },
		/* Of bits 30 and 31 before they moved, and after. */
		{ DIALECT_SUSE, "4.12.14-122-default", "XNEO", "OENX", 0xc0003000 },
		{ DIALECT_SUSE, "5.14.21-150500-default", "NXEO", "OEXN", 0x80013000 },
		{ DIALECT_SUSE, "6.4.0-150600-default", "nNXEO", "OEXNn", 0x80053000 },
		/* Without a dialect. */
		{ DIALECT_COUNT, "", "zP!Ea", "!EPaz", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct taint_letters letters = letters_of(rows[i].letters);
		struct dialect dialect,
			*of = rows[i].id < DIALECT_COUNT ? &dialect : NULL;

		if (of)
			dialect_init(of, rows[i].id, rows[i].release);
		dialect_letters_write(of, letters, &text);
		if (strcmp(text_string(&text), rows[i].written) != 0 ||
		    dialect_letters_bits(of, letters) != rows[i].bits)
			fail_msg("%s %s: %s, %#llx", rows[i].release, rows[i].letters,
			         text_string(&text),
			         (unsigned long long)dialect_letters_bits(of, letters));
	}
}

static void versions_are_read_compared_and_written_by_parts(void **state)
{
	/* In their order. */
	static const struct {
		const char *release, *written;
	} rows[] = {
		{ "x", "" },
		{ "0.0.0-0.0.1", "0.0.0-0.0.1" },
		{ "0.0.1", "0.0.1" },
		{ "1.2.3-4.5.6.7", "1.2.3-4.5.6" },
		{ "2.6.9", "2.6.9" },
		{ "2.6.18-92.el5", "2.6.18-92" },
		{ "2.6.18-274.el5", "2.6.18-274" },
		{ "2.6.32-754.35.1.el6.x86_64", "2.6.32-754.35.1" },
		{ "3.2", "3.2" },
		{ "3.10.0-327", "3.10.0-327" },
		{ "3.10.0-327.0.1", "3.10.0-327.0.1" },
		{ "3.10.1", "3.10.1" },
		{ "4.9", "4.9" },
		{ "4.18", "4.18" },
		{ "6.0.0-0.0.0", "6.0" },
		{ "6.1.0-56-amd64", "6.1.0-56" },
		{ "10", "10.0" },
		{ "4294967295.1", "4294967295.1" },
	};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(rows); a++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct kernel_version first = kernel_version_parse(rows[a].release);

		kernel_version_write(&first, &text);
		assert_string_equal(text_string(&text), rows[a].written);
		assert_int_equal(kernel_version_is_zero(&first), !*rows[a].written);
		for (size_t b = 0; b < ARRAY_SIZE(rows); b++) {
			struct kernel_version second =
				kernel_version_parse(rows[b].release);
			int order = kernel_version_compare(&first, &second);

			if ((order > 0) - (order < 0) != (a > b) - (a < b))
				fail_msg("%s, %s", rows[a].release, rows[b].release);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_release_knows_its_own_bits_and_letters),
		cmocka_unit_test(numbers_say_which_facts_a_release_has),
		cmocka_unit_test(a_foreign_release_gets_a_dialects_newest_facts),
		cmocka_unit_test(a_release_chooses_the_dialect_of_who_built_it),
		cmocka_unit_test(facts_stand_at_their_bit_and_letter),
		cmocka_unit_test(every_fact_is_whole_and_names_its_source),
		cmocka_unit_test(letters_have_bits_and_stand_in_their_order),
		cmocka_unit_test(versions_are_read_compared_and_written_by_parts),
	};

	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
