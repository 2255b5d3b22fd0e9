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
#define TO_2_6_18                   \
	"0 P proprietary_module*\n" \
	"1 F forced_module*\n"      \
	"2 S cpu_out_of_spec\n"     \
	"3 R forced_rmmod\n"        \
	"4 M machine_check\n"       \
	"5 B bad_page\n"
#define TO_2_6_32                     \
	TO_2_6_18                     \
	"6 U user\n"                  \
	"7 D die\n"                   \
	"8 A overridden_acpi_table\n" \
	"9 W warn\n"                  \
	"10 C crap*\n"
#define TO_3_0  TO_2_6_32 "11 I firmware_workaround\n"
#define TO_3_10 TO_3_0 "12 O oot_module*\n"
#define TO_4_4                    \
	TO_3_10                   \
	"13 E unsigned_module*\n" \
	"14 L softlockup\n"       \
	"15 K livepatch*\n"
#define TO_6_17             \
	TO_4_4              \
	"16 X aux*\n"       \
	"17 T randstruct\n" \
	"18 N test*\n"      \
	"19 J fwctl\n"

#define RHEL8_0                  \
	TO_4_4                   \
	"16 X aux*\n"            \
	"17 T randstruct\n"      \
	"27 r support_removed\n" \
	"29 t tech_preview*\n"   \
	"30 u unprivileged_bpf\n"
#define RHEL8_6                  \
	TO_4_4                   \
	"16 X tech_preview*\n"   \
	"17 T randstruct\n"      \
	"27 r support_removed\n" \
	"29 t tech_preview*\n"   \
	"30 u unprivileged_bpf\n"
#define RHEL9_0                  \
	TO_4_4                   \
	"16 X tech_preview*\n"   \
	"17 T randstruct\n"      \
	"27 h support_removed\n" \
	"31 u unprivileged_bpf\n"
#define RHEL9_2                    \
	TO_4_4                     \
	"16 X tech_preview*\n"     \
	"17 T randstruct\n"        \
	"26 p partner_supported\n" \
	"27 h support_removed\n"   \
	"31 u unprivileged_bpf\n"
#define RHEL9_3                    \
	TO_4_4                     \
	"16 X tech_preview*\n"     \
	"17 T randstruct\n"        \
	"18 N test*\n"             \
	"26 p partner_supported\n" \
	"27 h support_removed\n"   \
	"31 u unprivileged_bpf\n"
#define RHEL9_7                    \
	TO_4_4                     \
	"16 X tech_preview*\n"     \
	"17 T randstruct\n"        \
	"18 N test*\n"             \
	"19 J fwctl\n"             \
	"26 p partner_supported\n" \
	"27 h support_removed\n"   \
	"31 u unprivileged_bpf\n"
#define RHEL10_0                    \
	TO_4_4                      \
	"16 X tech_preview*\n"      \
	"17 T randstruct\n"         \
	"18 N test*\n"              \
	"26 p partner_supported*\n" \
	"27 h support_removed\n"    \
	"31 u unprivileged_bpf\n"
#define RHEL10_1                    \
	TO_4_4                      \
	"16 X tech_preview*\n"      \
	"17 T randstruct\n"         \
	"18 N test*\n"              \
	"19 J fwctl\n"              \
	"26 p partner_supported*\n" \
	"27 h support_removed\n"    \
	"31 u unprivileged_bpf\n"
#define SUSE_4_4                  \
	TO_3_10                   \
	"13 E unsigned_module*\n" \
	"14 L softlockup\n"       \
	"15 K livepatch\n"        \
	"30 N no_support!\n"      \
	"31 X external_support*\n"
#define SUSE_5_3                   \
	TO_4_4                     \
	"16 X external_support*\n" \
	"17 T randstruct\n"        \
	"31 N no_support*\n"
#define SUSE_6_0                   \
	TO_4_4                     \
	"16 X external_support*\n" \
	"17 T randstruct\n"        \
	"18 N test*\n"             \
	"31 n no_support*\n"
#define SUSE_6_4                   \
	TO_4_4                     \
	"16 X external_support!\n" \
	"17 T randstruct\n"        \
	"18 N test*\n"             \
	"31 n no_support*\n"
#define SUSE_6_15                                                           \
	TO_4_4                                                              \
	"16 X external_support!\n17 T randstruct\n18 N test*\n19 J fwctl\n" \
	"31 n no_support*\n"

static const struct release_row {
	const char *release;
	enum dialect_id id;
	const char *facts;
} releases[] = {
	{ "2.6.18-8.el5", DIALECT_RHEL5, TO_2_6_18 },
	{ "2.6.18-8.1.15.el5xen", DIALECT_RHEL5, TO_2_6_18 },
	{ "2.6.18-53.1.14.el5", DIALECT_RHEL5, TO_2_6_18 },
	{ "2.6.18-92.el5", DIALECT_RHEL5, TO_2_6_18 "6 U unsigned_module*\n" },
	{ "2.6.18-194.el5PAE", DIALECT_RHEL5, TO_2_6_18 "6 U unsigned_module*\n" },
	{ "2.6.18-238.9.1.el5", DIALECT_RHEL5, TO_2_6_18 "6 U unsigned_module*\n" },
	{ "2.6.18-274.el5", DIALECT_RHEL5,
	  TO_2_6_18 "6 U unsigned_module*\n29 T tech_preview*\n" },
	{ "2.6.18-419.el5", DIALECT_RHEL5,
	  TO_2_6_18 "6 U unsigned_module*\n29 T tech_preview*\n" },

	{ "2.6.32-71.el6.x86_64", DIALECT_RHEL6,
	  TO_2_6_32 "28 H hardware_unsupported\n- U unsigned_module*\n" },
	{ "2.6.32-71.29.1.el6.x86_64", DIALECT_RHEL6,
	  TO_2_6_32 "28 H hardware_unsupported\n- U unsigned_module*\n" },
	{ "2.6.32-131.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "28 H hardware_unsupported\n29 T tech_preview*\n"
	         "- U unsigned_module*\n" },
	{ "2.6.32-220.4.1.el6.i686", DIALECT_RHEL6,
	  TO_3_0 "28 H hardware_unsupported\n29 T tech_preview*\n"
	         "- U unsigned_module*\n" },
	{ "2.6.32-279.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "27 Z bit_by_zombie\n28 H hardware_unsupported\n29 T tech_preview*\n"
	         "- U unsigned_module*\n" },
	{ "2.6.32-504.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "27 Z bit_by_zombie\n28 H hardware_unsupported\n29 T tech_preview*\n"
	         "- U unsigned_module*\n" },
	{ "2.6.32-754.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "27 Z bit_by_zombie\n28 H hardware_unsupported\n29 T tech_preview*\n"
	         "- U unsigned_module*\n" },
	{ "2.6.32-754.35.1.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n28 H hardware_unsupported\n"
	         "29 T tech_preview*\n- U unsigned_module*\n" },
	{ "2.6.32-754.48.1.el6.x86_64", DIALECT_RHEL6,
	  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n28 H hardware_unsupported\n"
	         "29 T tech_preview*\n- U unsigned_module*\n" },

	{ "3.10.0-123.el7.x86_64", DIALECT_RHEL7,
	  TO_3_10 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "3.10.0-229.20.1.el7.x86_64", DIALECT_RHEL7,
	  TO_3_10 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "3.10.0-327.el7.x86_64", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "3.10.0-327.rt56.204.el7.x86_64", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "3.10.0-1160.el7.x86_64", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "3.10.0-1160.119.1.el7.x86_64", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },

	{ "4.18.0-80.el8.x86_64", DIALECT_RHEL8, RHEL8_0 },
	{ "4.18.0-348.el8.x86_64", DIALECT_RHEL8, RHEL8_0 },
	{ "4.18.0-348.23.1.el8_5.x86_64", DIALECT_RHEL8, RHEL8_0 },
	{ "4.18.0-372.el8.x86_64", DIALECT_RHEL8, RHEL8_6 },
	{ "4.18.0-372.26.1.el8_6.x86_64", DIALECT_RHEL8, RHEL8_6 },
	{ "4.18.0-513.9.1.el8_9.x86_64", DIALECT_RHEL8, RHEL8_6 },
	{ "4.18.0-553.el8_10.x86_64", DIALECT_RHEL8, RHEL8_6 },

	{ "5.14.0-70.el9.x86_64", DIALECT_RHEL9, RHEL9_0 },
	{ "5.14.0-70.13.1.el9_0.x86_64", DIALECT_RHEL9, RHEL9_0 },
	{ "5.14.0-162.6.1.el9_1.x86_64", DIALECT_RHEL9, RHEL9_0 },
	{ "5.14.0-284.el9.x86_64", DIALECT_RHEL9, RHEL9_2 },
	{ "5.14.0-284.11.1.el9_2.aarch64+64k", DIALECT_RHEL9, RHEL9_2 },
	{ "5.14.0-362.el9.x86_64", DIALECT_RHEL9, RHEL9_3 },
	{ "5.14.0-362.8.1.el9_3.x86_64+rt", DIALECT_RHEL9, RHEL9_3 },
	{ "5.14.0-570.12.1.el9_6.x86_64", DIALECT_RHEL9, RHEL9_3 },
	{ "5.14.0-610.99.99.el9.x86_64", DIALECT_RHEL9, RHEL9_3 },
	{ "5.14.0-611.5.1.el9_7.x86_64", DIALECT_RHEL9, RHEL9_7 },
	{ "5.14.0-687.26.1.el9_8.x86_64", DIALECT_RHEL9, RHEL9_7 },

	{ "6.12.0-54.el10.x86_64", DIALECT_RHEL10, RHEL10_0 },
	{ "6.12.0-55.el10.x86_64", DIALECT_RHEL10, RHEL10_0 },
	{ "6.12.0-55.9.1.el10_0.x86_64", DIALECT_RHEL10, RHEL10_0 },
	{ "6.12.0-124.8.1.el10_1.x86_64", DIALECT_RHEL10, RHEL10_1 },
	{ "6.18.0-0.rc1.16.eln152.x86_64", DIALECT_RHEL10, RHEL10_1 },

	/* Not Red Hat's build numbers, or Red Hat's under another token. */
	{ "2.6.32-042stab145.3", DIALECT_RHEL6,
	  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n28 H hardware_unsupported\n"
	         "29 T tech_preview*\n- U unsigned_module*\n" },
	{ "3.10.0-1160.90.1.vz7.200.7", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ "4.18.0-513.24.1.lve.2.el7h.x86_64", DIALECT_RHEL8, RHEL8_6 },
	{ "3.10.0-862.14.1.5.h520.eulerosv2r7.x86_64", DIALECT_RHEL7,
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },

	{ "2.6.16.60-0.21-default", DIALECT_SUSE,
	  TO_2_6_18 "- U no_support*\n- X external_support*\n" },
	{ "3.0.13-0.27-default", DIALECT_SUSE,
	  TO_3_0 "30 N no_support!\n31 X external_support*\n" },
	{ "3.0.101-0.31-default", DIALECT_SUSE,
	  TO_3_0 "30 N no_support!\n31 X external_support*\n" },
	{ "3.0.101-0.47.71-default", DIALECT_SUSE,
	  TO_3_0 "13 E unsigned_module*\n30 N no_support!\n31 X external_support*\n" },
	{ "3.12.74-60.64.45-default", DIALECT_SUSE,
	  TO_3_10 "13 E unsigned_module*\n30 N no_support!\n31 X external_support*\n" },
	{ "4.4.180-94.100-default", DIALECT_SUSE, SUSE_4_4 },
	{ "4.12.14-122.37-default", DIALECT_SUSE,
	  TO_4_4 "30 N no_support*\n31 X external_support*\n" },
	{ "5.3.18-59.40-default", DIALECT_SUSE, SUSE_5_3 },
	{ "5.14.21-150400.24.63-default", DIALECT_SUSE, SUSE_5_3 },
	{ "5.14.21-150500.55.52-default", DIALECT_SUSE, SUSE_5_3 },
	{ "6.3.9-1-default", DIALECT_SUSE, SUSE_6_0 },
	{ "6.4.0-150600.23.17-default", DIALECT_SUSE, SUSE_6_4 },
	{ "6.4.0-150700.53.3-default", DIALECT_SUSE, SUSE_6_4 },
	{ "6.12.0-160000.5-default", DIALECT_SUSE, SUSE_6_4 },
	{ "6.17.1-1-default", DIALECT_SUSE, SUSE_6_15 },

	/* X before there was an E; AUX is of later kernels. */
	{ "3.13.0-45-generic", DIALECT_MAINLINE,
	  TO_3_10 "13 X unsigned_module*\n14 L softlockup\n15 K livepatch*\n16 X aux*\n"
	          "17 T randstruct\n18 N test*\n19 J fwctl\n" },
	{ "3.13.0-170-lowlatency", DIALECT_MAINLINE,
	  TO_3_10 "13 X unsigned_module*\n14 L softlockup\n15 K livepatch*\n16 X aux*\n"
	          "17 T randstruct\n18 N test*\n19 J fwctl\n" },
	{ "3.13.0-1-ARCH", DIALECT_MAINLINE, TO_6_17 },
	{ "3.13-0.bpo.1-amd64", DIALECT_MAINLINE, TO_6_17 },
	{ "3.13.11-generic", DIALECT_MAINLINE, TO_6_17 },

	{ "2.6.18", DIALECT_MAINLINE, TO_6_17 },
	{ "3.8.13-118.el7uek.x86_64", DIALECT_MAINLINE, TO_6_17 },
	{ "6.1.0-56-amd64", DIALECT_MAINLINE, TO_6_17 },
	{ "6.12.117+deb12-cloud-amd64", DIALECT_MAINLINE, TO_6_17 },
	{ "6.18.0-rc1", DIALECT_MAINLINE, TO_6_17 },
	{ "", DIALECT_MAINLINE, TO_6_17 },
};

static void add_fact(struct text *text, const struct taint_fact *fact)
{
	text_add_char(text, ' ');
	text_add_char(text, fact->letter);
	text_add_char(text, ' ');
	text_add_string(text, taint_slug(fact->taint));
	text_add_string(text, fact->scope == TAINT_OF_KERNEL   ? "\n"
	                      : fact->scope == TAINT_OF_MODULE ? "*\n"
	                                                       : "!\n");
}

/* Writes the facts as the rows above have them. */
static void add_facts(struct text *text, const struct dialect *dialect)
{
	for (size_t bit = 0; bit < ARRAY_SIZE(dialect->bits); bit++) {
		if (!dialect->bits[bit])
			continue;
		text_add_number(text, bit);
		add_fact(text, dialect->bits[bit]);
	}
	for (size_t c = 0; c < ARRAY_SIZE(dialect->letters); c++) {
		const struct taint_fact *fact = dialect->letters[c];

		if (!fact || fact->bit != TAINT_NO_BIT)
			continue;
		text_add_char(text, '-');
		add_fact(text, fact);
	}
}

static void assert_facts(enum dialect_id id, const char *release, const char *facts)
{
	struct text found = TEXT_INIT;
	struct dialect dialect;

	memset(&dialect, 0xa5, sizeof(dialect));
	dialect_init(&dialect, id, release);
	assert_int_equal(dialect.id, id);
	add_facts(&found, &dialect);
	assert_int_equal(found.error, 0);
	if (strcmp(text_string(&found), facts) != 0)
		fail_msg("%s %s:\n%s", dialect_name(id), release, text_string(&found));
	text_clear(&found);
}

static void every_release_knows_its_own_bits_and_letters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const struct release_row *row = &releases[i];
		char line[100];

		assert_facts(row->id, row->release, row->facts);
		/* As the file holds it. */
		snprintf(line, sizeof(line), "%s\n", row->release);
		assert_facts(row->id, line, row->facts);
	}
}

static void every_release_chooses_its_own_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		if (dialect_choose(releases[i].release, "") != releases[i].id)
			fail_msg("%s", releases[i].release);
}

static void a_release_is_older_by_its_numbers_not_by_its_digits(void **state)
{
	(void)state;
	assert_facts(DIALECT_RHEL8, "4.18.0-1000.el8", RHEL8_6);
	assert_facts(DIALECT_RHEL8, "4.18.0-99.el8", RHEL8_0);
	assert_facts(DIALECT_RHEL8, "4.18.0-371.99.99.el8", RHEL8_0);
	assert_facts(DIALECT_RHEL8, "4.18.0-372.0.1.el8", RHEL8_6);
	assert_facts(DIALECT_RHEL9, "5.14.0-283.99.9.el9", RHEL9_0);
	assert_facts(DIALECT_RHEL9, "5.14.0-361.el9", RHEL9_2);
	assert_facts(DIALECT_RHEL5, "2.6.18-91.el5", TO_2_6_18);
	assert_facts(DIALECT_SUSE, "5.10.1-1-default", SUSE_5_3);
	assert_facts(DIALECT_SUSE, "10.0.0-1-default", SUSE_6_15);
}

/* ---- choosing ---- */

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
} choices[] = {
	/* Red Hat and its rebuilds, every flavour */
	{ "2.6.18-194.el5PAE", "", DIALECT_RHEL5 },
	{ "2.6.18-8.el5xen", "", DIALECT_RHEL5 },
	{ "2.6.18-92.1.22.el5.centos.plus", "", DIALECT_RHEL5 },
	{ "2.6.18-398.el5debug", "", DIALECT_RHEL5 },
	{ "2.6.32-754.35.1.el6.i686", "", DIALECT_RHEL6 },
	{ "2.6.32-754.35.1.el6.centos.plus.x86_64", "", DIALECT_RHEL6 },
	{ "2.6.32-431.20.3.el6.x86_64.debug", "", DIALECT_RHEL6 },
	{ "3.10.0-1160.119.1.el7.centos.plus.x86_64", "", DIALECT_RHEL7 },
	{ "3.10.0-1160.119.1.rt56.1269.el7.x86_64", "", DIALECT_RHEL7 },
	{ "3.10.0-957.el7.ppc64le", "", DIALECT_RHEL7 },
	{ "4.18.0-372.26.1.el8_6.x86_64", REDHAT("4.18.0-372.26.1.el8_6.x86_64"),
	  DIALECT_RHEL8 },
	{ "4.18.0-372.9.1.rt7.166.el8.x86_64", "", DIALECT_RHEL8 },
	{ "4.18.0-513.9.1.el8_9.x86_64+debug", "", DIALECT_RHEL8 },
	{ "4.18.0-553.el8_10.s390x", "", DIALECT_RHEL8 },
	{ "5.14.0-362.8.1.el9_3.x86_64+rt", "", DIALECT_RHEL9 },
	{ "5.14.0-70.13.1.rt21.83.el9_0.x86_64", "", DIALECT_RHEL9 },
	{ "5.14.0-503.el9.x86_64", "", DIALECT_RHEL9 },
	{ "5.14.0-427.13.1.el9_4.x86_64+debug", "", DIALECT_RHEL9 },
	{ "6.12.0-55.el10.x86_64+rt", "", DIALECT_RHEL10 },
	{ "6.12.0-124.8.1.el10_1.aarch64+64k", "", DIALECT_RHEL10 },
	{ "5.14.0-438.el9s+rt", "", DIALECT_RHEL9 },
	{ "5.14.0-503.el9iv", "", DIALECT_RHEL9 },
	{ "5.14.0-427.42.1.el9_4.92ciq_lts.1.1.x86_64", "", DIALECT_RHEL9 },
	{ "6.12.0-55.32.1.el10_0.x86_64_v2", "", DIALECT_RHEL10 },
	{ "4.18.0-553.5.1.el8.nutanix.20240726.1056.x86_64", "", DIALECT_RHEL8 },
	{ "3.10.0-1160.rt56.1131.el7.x86_64", "", DIALECT_RHEL7 },

	/* rebuilt under another token, or for another release of the distribution */
	{ "3.10.0-1160.90.1.vz7.200.7", "", DIALECT_RHEL7 },
	{ "3.10.0-327.18.2.vz7.15.2", "", DIALECT_RHEL7 },
	{ "4.18.0-240.1.1.vz8.5.2", "", DIALECT_RHEL8 },
	{ "5.14.0-427.44.1.vz9.80.6", "", DIALECT_RHEL9 },
	{ "2.6.32-042stab145.3", "", DIALECT_RHEL6 },
	{ "2.6.32-042stab120.11", "", DIALECT_RHEL6 },
	{ "2.6.18-408.el5.028stab120.1", "", DIALECT_RHEL5 },
	{ "2.6.18-028stab070.14", "", DIALECT_RHEL5 },
	{ "4.18.0-513.24.1.lve.2.el7h.x86_64", "", DIALECT_RHEL8 },
	{ "3.10.0-962.3.2.lve1.5.79.el6h.x86_64", "", DIALECT_RHEL7 },
	{ "4.18.0-513.24.1.lve.el8.x86_64", "", DIALECT_RHEL8 },
	{ "2.6.32-954.3.5.lve1.4.90.el6.x86_64", "", DIALECT_RHEL6 },
	{ "4.18.0-193.28.1.el7.aarch64", "", DIALECT_RHEL8 },
	{ "4.18.0-553.an8.x86_64", "", DIALECT_RHEL8 },
	{ "4.18.0-372.32.1.an8_6.x86_64", "", DIALECT_RHEL8 },
	{ "3.10.0-862.14.1.5.h520.eulerosv2r7.x86_64", "", DIALECT_RHEL7 },
	{ "3.10.0-327.62.59.83.h128.eulerosv2r3.x86_64", "", DIALECT_RHEL7 },
	{ "4.18.0-147.5.1.6.h1136.eulerosv2r9.x86_64", "", DIALECT_RHEL8 },
	{ "5.14.0-70.el8.x86_64", "", DIALECT_RHEL9 },
	{ "4.18.0-80.el9.x86_64", "", DIALECT_RHEL8 },

	/* the same builders' mainline kernels */
	{ "4.19.90-vhulk2211.3.0.h1543.eulerosv2r10.x86_64", "", DIALECT_MAINLINE },
	{ "4.19.36-vhulk1907.1.0.h962.eulerosv2r8.aarch64", "", DIALECT_MAINLINE },
	{ "5.10.0-136.12.0.86.h1032.eulerosv2r12.x86_64", "", DIALECT_MAINLINE },
	{ "5.10.0-216.0.0.115.oe2203sp4.x86_64", "", DIALECT_MAINLINE },
	{ "4.19.90-2112.8.0.0131.oe1.x86_64", "", DIALECT_MAINLINE },
	{ "6.6.0-72.0.0.76.oe2403sp1.x86_64", "", DIALECT_MAINLINE },
	{ "5.10.134-16.2.an8.x86_64", "", DIALECT_MAINLINE },
	{ "4.19.91-27.an7.x86_64", "", DIALECT_MAINLINE },
	{ "4.19.91-26.al7.x86_64", "", DIALECT_MAINLINE },
	{ "5.10.194-5.20230302.0.991650.el8.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.43-1.1.el9_clk.x86_64", "", DIALECT_MAINLINE },
	{ "6.11.3-1.el9.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "3.10.108-1.el6.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "5.4.119-19-0009.11", "", DIALECT_MAINLINE },
	{ "4.14.105-19-0024", "", DIALECT_MAINLINE },
	{ "6.6.87.2-microsoft-standard-WSL2", "", DIALECT_MAINLINE },
	{ "4.19.0+1", "", DIALECT_MAINLINE },
	{ "6.8.12-4-pve", "", DIALECT_MAINLINE },
	{ "4.4.0-116-generic.stab", "", DIALECT_MAINLINE },

	/* Red Hat's development kernels */
	{ "6.18.0-0.rc1.16.eln152.x86_64", "", DIALECT_RHEL10 },
	{ "6.18.0-65.eln153.x86_64", "", DIALECT_RHEL10 },
	{ "6.16.0-0.rc1.17.fc43.x86_64", "", DIALECT_RHEL10 },
	{ "6.18.0-0.rc0.250929ge5f0a698b34ed.2.fc44.x86_64", "", DIALECT_RHEL10 },
	{ "6.16.0-0.rc2.20250618git52da431bf03b.22.fc43.x86_64", "", DIALECT_RHEL10 },
	{ "6.12.5-200.fc41.x86_64", "", DIALECT_MAINLINE },
	{ "6.18.0-65.fc44.x86_64", "", DIALECT_MAINLINE },
	{ "6.18.0-rc1", "", DIALECT_MAINLINE },
	{ "6.18.0-0.rc1", "", DIALECT_MAINLINE },
	{ "4.8.0-0.rc1.git0.1.fc26.x86_64", "", DIALECT_MAINLINE },
	{ "5.9.0-0.rc2.1.eln103.x86_64", "", DIALECT_MAINLINE },

	/* Oracle UEK, every generation */
	{ "2.6.32-300.39.5.el5uek", "", DIALECT_MAINLINE },
	{ "2.6.32-400.el6uek", "", DIALECT_MAINLINE },
	{ "2.6.32-400.37.15.el6uek.x86_64", "", DIALECT_MAINLINE },
	{ "2.6.39-400.17.1.el5uek", "", DIALECT_MAINLINE },
	{ "2.6.39-400.215.10.el6uek.x86_64", "", DIALECT_MAINLINE },
	{ "3.8.13-16.2.1.el6uek.x86_64", "", DIALECT_MAINLINE },
	{ "3.8.13-118.el7uek.x86_64", "", DIALECT_MAINLINE },
	{ "4.1.12-124.48.6.el7uek.x86_64", "", DIALECT_MAINLINE },
	{ "4.14.35-2047.543.1.1.el7uek.x86_64", "", DIALECT_MAINLINE },
	{ "5.4.17-2136.300.7.el8uek.x86_64", "", DIALECT_MAINLINE },
	{ "5.4.17-2136.300.7.el8uek.x86_64.debug", "", DIALECT_MAINLINE },
	{ "5.15.0-3.60.5.1.el9uek.x86_64", "", DIALECT_MAINLINE },
	{ "5.15.0-0.30.19.el8uek.aarch64", "", DIALECT_MAINLINE },
	{ "6.12.0-1.23.3.2.el9uek.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.0-100.28.2.el10uek.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.0-105.51.5.el10uek.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.0-100.28.2.el9uek.x86_64", "", DIALECT_MAINLINE },

	/* ELRepo: mainline kernels for Red Hat's distribution */
	{ "3.10.0-1.el6.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "3.10.0-1.el7.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "4.18.0-1.el8.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "5.4.280-1.el7.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.0-1.el10.elrepo.x86_64", "", DIALECT_MAINLINE },
	{ "6.12.1-1.el9.elrepo.x86_64", "", DIALECT_MAINLINE },

	/* SUSE */
	{ "4.12.14-122.37-default", SUSE("4.12.14-122.37-default"), DIALECT_SUSE },
	{ "5.14.21-150400.14.10-azure", SUSE("5.14.21-150400.14.10-azure"),
	  DIALECT_SUSE },
	{ "5.14.21-150400.15.5-rt", SUSE("5.14.21-150400.15.5-rt"), DIALECT_SUSE },
	{ "5.3.18-24.75-preempt", SUSE("5.3.18-24.75-preempt"), DIALECT_SUSE },
	{ "6.4.0-150600.23.17-64kb", SUSE("6.4.0-150600.23.17-64kb"), DIALECT_SUSE },
	{ "3.0.101-0.47.71-xen", SUSE("3.0.101-0.47.71-xen"), DIALECT_SUSE },
	{ "2.6.16.60-0.21-smp", SUSE("2.6.16.60-0.21-smp"), DIALECT_SUSE },
	{ "6.17.1-1-vanilla", SUSE("6.17.1-1-vanilla"), DIALECT_MAINLINE },
	{ "5.14.21-150400.14.10-azure", "", DIALECT_SUSE },
	{ "5.14.21-150400.15.5-rt", "", DIALECT_SUSE },
	{ "6.4.0-150600.8.34-azure", "", DIALECT_SUSE },
	{ "6.4.0-150700.53.3-64kb", "", DIALECT_SUSE },
	{ "4.12.14-16.40-azure", "", DIALECT_SUSE },
	{ "3.0.101-0.47.71-xen", "", DIALECT_SUSE },
	{ "2.6.16.60-0.21-smp", "", DIALECT_SUSE },
	{ "6.4.0-150600.21-vanilla", "", DIALECT_MAINLINE },
	{ "2.6.24-16-xen", "", DIALECT_MAINLINE },
	{ "4.15.0-1041-azure", "", DIALECT_MAINLINE },
	{ "5.10.0-8-rt-amd64", "", DIALECT_MAINLINE },
	{ "4.12.14-300.fc26.x86_64", "", DIALECT_MAINLINE },

	/* others */
	{ "5.15.0-1041-azure", UBUNTU("5.15.0-1041-azure"), DIALECT_MAINLINE },
	{ "4.18.0-25-generic", UBUNTU("4.18.0-25-generic"), DIALECT_MAINLINE },
	{ "6.8.0-45-generic", UBUNTU("6.8.0-45-generic"), DIALECT_MAINLINE },
	{ "2.6.32-21-server", "", DIALECT_MAINLINE },
	{ "2.6.18-6-686", "", DIALECT_MAINLINE },
	{ "2.6.32-5-amd64", "", DIALECT_MAINLINE },
	{ "6.1.0-56-amd64", "", DIALECT_MAINLINE },
	{ "6.12.117+deb12-cloud-amd64", "", DIALECT_MAINLINE },
	{ "6.11.3-arch1-1", "", DIALECT_MAINLINE },
	{ "6.6.54-1-lts", "", DIALECT_MAINLINE },
	{ "6.11.4-301.fc41.x86_64", "", DIALECT_MAINLINE },
	{ "5.14.0-60.fc35.x86_64", "", DIALECT_MAINLINE },
	{ "3.10.0-7.fc20.x86_64", "", DIALECT_MAINLINE },
	{ "6.1.112-122.189.amzn2023.x86_64", "", DIALECT_MAINLINE },
	{ "5.15.153.1-microsoft-standard-WSL2", "", DIALECT_MAINLINE },
	{ "6.6.51+rpt-rpi-v8", "", DIALECT_MAINLINE },
	{ "6.6.58-0-virt", "", DIALECT_MAINLINE },
	{ "6.18.0", "", DIALECT_MAINLINE },
	{ "4.18.0", "", DIALECT_MAINLINE },

	/* nobody's */
	{ "", "", DIALECT_MAINLINE },
	{ "\n", "\n", DIALECT_MAINLINE },
	{ "", SUSE(""), DIALECT_MAINLINE },
	{ "-", "", DIALECT_MAINLINE },
	{ ".", "", DIALECT_MAINLINE },
	{ "default", "", DIALECT_MAINLINE },
	{ ".el8", "", DIALECT_MAINLINE },
	{ "4.18.0-80el8", "", DIALECT_MAINLINE },
	{ "4.18.0-80.EL8", "", DIALECT_MAINLINE },
	{ "4.18.0-80.el", "", DIALECT_MAINLINE },
	{ "4.18.0-80.vz.x86_64", "", DIALECT_MAINLINE },
	{ "4.18.0-80stab", "", DIALECT_MAINLINE },
	{ "4.18.1-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "4.18-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "44.18.0-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ " 4.18.0-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "v4.18.0-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "-4.18.0-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "4..18.0-80.el8.x86_64", "", DIALECT_MAINLINE },
	{ "\xff\xfe.el8-\x80", "\xff", DIALECT_MAINLINE },
	{ "6.4.0-Default", "", DIALECT_MAINLINE },
	{ "6.4.0-defaults", "", DIALECT_MAINLINE },
	{ "6.4.0-xdefault", "", DIALECT_MAINLINE },
	{ "6.4.0-default-mine", "", DIALECT_MAINLINE },
	{ "6.4.0-defaul", "", DIALECT_MAINLINE },
	{ "6.4.0-azure", "(geeko@buildhost.example.org)", DIALECT_MAINLINE },
	{ "6.4.0-azure", "geeko@buildhost", DIALECT_MAINLINE },
	{ "6.4.0-azure", "(geeko@buildhost", DIALECT_MAINLINE },
};

static void a_release_chooses_the_dialect_of_who_built_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		char line[200];

		snprintf(line, sizeof(line), "%s\n", choices[i].release);
		if (dialect_choose(choices[i].release, choices[i].version) !=
		            choices[i].id ||
		    dialect_choose(line, choices[i].version) != choices[i].id)
			fail_msg("%s, %s", choices[i].release, choices[i].version);
	}
}

static void what_follows_the_first_line_is_no_release(void **state)
{
	(void)state;
	assert_int_equal(dialect_choose("6.4.0-generic\n-default\n", ""),
	                 DIALECT_MAINLINE);
	assert_int_equal(dialect_choose("6.4.0-default\n-generic\n", ""), DIALECT_SUSE);
}

static void a_very_long_release_is_only_a_release(void **state)
{
	static const char *const pieces[] = { "9",    "4.",      "-",
		                              ".el8", "default", "-default",
		                              "\xff", "uek",     " " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct text release = TEXT_INIT;
		struct dialect dialect;

		while (release.length < 100000)
			text_add_string(&release, pieces[i]);
		text_add_string(&release, ".el8");
		assert_int_equal(
			dialect_choose(text_string(&release), text_string(&release)),
			DIALECT_MAINLINE);
		dialect_init(&dialect, DIALECT_MAINLINE, text_string(&release));
		assert_int_equal(dialect.known_bits, 0xfffff);
		dialect_init(&dialect, DIALECT_SUSE, text_string(&release));
		text_reset(&release);
		text_add_string(&release, "4.18.0-80.el8");
		while (release.length < 100000)
			text_add_char(&release, 'x');
		assert_int_equal(dialect_choose(text_string(&release), ""),
		                 DIALECT_RHEL8);
		text_clear(&release);
	}
}

static void a_number_too_large_is_not_taken_for_a_small_one(void **state)
{
	/* 2^32 and 2^64, and what they leave behind in fewer bits. */
	static const char *const releases_of_nobody[] = {
		"4294967300.18.0-80.el8.x86_64",
		"4.4294967314.0-80.el8.x86_64",
		"4.18.4294967296-80.el8.x86_64",
		"4.18.42949672960-80.el8.x86_64",
		"4.18.18446744073709551616-80.el8.x86_64",
		"4.18.340282366920938463463374607431768211456-80.el8.x86_64",
	};
	static const char *const newest[] = {
		"4.18.0-4294967295.el8.x86_64",
		"4.18.0-4294967296.el8.x86_64",
		"4.18.0-4294967300.el8.x86_64",
		"4.18.0-18446744073709551616.el8.x86_64",
		"4.18.0-99999999999999999999999999999999.el8.x86_64",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases_of_nobody); i++)
		if (dialect_choose(releases_of_nobody[i], "") != DIALECT_MAINLINE)
			fail_msg("%s", releases_of_nobody[i]);
	for (size_t i = 0; i < ARRAY_SIZE(newest); i++)
		assert_facts(DIALECT_RHEL8, newest[i], RHEL8_6);
}

/* ---- overriding ---- */

static const struct {
	enum dialect_id id;
	const char *newest, *facts;
} overrides[] = {
	{ DIALECT_MAINLINE, "6.18.0", TO_6_17 },
	{ DIALECT_RHEL5, "2.6.18-419.el5",
	  TO_2_6_18 "6 U unsigned_module*\n29 T tech_preview*\n" },
	{ DIALECT_RHEL6, "2.6.32-754.48.1.el6",
	  TO_3_0 "14 L softlockup\n27 Z bit_by_zombie\n28 H hardware_unsupported\n"
	         "29 T tech_preview*\n- U unsigned_module*\n" },
	{ DIALECT_RHEL7, "3.10.0-1160.119.1.el7",
	  TO_4_4 "28 H hardware_unsupported\n29 T tech_preview*\n" },
	{ DIALECT_RHEL8, "4.18.0-553.el8_10", RHEL8_6 },
	{ DIALECT_RHEL9, "5.14.0-611.5.1.el9_7", RHEL9_7 },
	{ DIALECT_RHEL10, "6.12.0-124.8.1.el10_1", RHEL10_1 },
};

static void a_foreign_release_gets_the_facts_of_the_newest_of_a_given_dialect(
	void **state)
{
	static const char *const foreign[] = {
		"",
		"\n",
		"linux",
		"6.18.0",
		"3.2.1",
		"1.0",
		"0.0.0",
		"\xff",
		"-",
		"6.1.0-56-amd64",
		"6.4.0-150600.23.17-default",
		"5.15.0-1041-azure",
		"4.14.35-2047.el7uek.x86_64",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
		assert_facts(overrides[i].id, overrides[i].newest, overrides[i].facts);
		for (size_t k = 0; k < ARRAY_SIZE(foreign); k++)
			assert_facts(overrides[i].id, foreign[k], overrides[i].facts);
	}
}

static void one_vendors_release_is_foreign_to_another(void **state)
{
	static const char *const oldest[] = {
		"2.6.18-8.el5",  "2.6.32-71.el6", "3.10.0-123.el7",
		"4.18.0-80.el8", "5.14.0-70.el9", "6.12.0-54.el10",
	};

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(overrides); i++)
		for (size_t k = 0; k < ARRAY_SIZE(oldest); k++)
			if (overrides[i].id != dialect_choose(oldest[k], ""))
				assert_facts(overrides[i].id, oldest[k],
				             overrides[i].facts);
}

/* Whoever rebuilt the vendor's kernel under another name kept its numbers. */
static void a_rebuilt_release_gets_the_facts_of_its_numbers(void **state)
{
	(void)state;
	assert_int_equal(dialect_choose("4.18.0-348.7.1.rebuilt", ""), DIALECT_MAINLINE);
	assert_facts(DIALECT_RHEL8, "4.18.0-348.7.1.rebuilt", RHEL8_0);
	assert_facts(DIALECT_RHEL8, "4.18.0-372.9.1.rebuilt", RHEL8_6);
}

static void a_release_without_a_number_gets_suses_newest_facts(void **state)
{
	static const char *const none[] = { "", "\n", "linux", "-default", "x.y.z" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_facts(DIALECT_SUSE, none[i], SUSE_6_15);
}

static void mainline_given_for_a_vendors_kernel_knows_no_vendors_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		if (releases[i].id != DIALECT_MAINLINE)
			assert_facts(DIALECT_MAINLINE, releases[i].release, TO_6_17);
}

/* ---- names ---- */

static void names_are_those_of_the_contract(void **state)
{
	static const char *const names[] = { "mainline", "rhel5", "rhel6",  "rhel7",
		                             "rhel8",    "rhel9", "rhel10", "suse" };

	(void)state;
	assert_int_equal(DIALECT_COUNT, ARRAY_SIZE(names));
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		enum dialect_id parsed = DIALECT_COUNT;

		assert_string_equal(dialect_name(id), names[id]);
		assert_true(dialect_name_parse(names[id], &parsed));
		assert_int_equal(parsed, id);
	}
}

static void another_name_is_no_dialect_and_changes_nothing(void **state)
{
	static const char *const names[] = { "",       " ",      "rhel",    "rhel4",
		                             "rhel1",  "rhel11", "rhel100", "RHEL8",
		                             "rhel 8", "rhel8 ", "sles",    "Suse",
		                             "suse\n", "auto",   "\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum dialect_id parsed = DIALECT_COUNT;

		assert_false(dialect_name_parse(names[i], &parsed));
		assert_int_equal(parsed, DIALECT_COUNT);
	}
}

/* ---- invariants, over every release that could be ---- */

static const struct {
	unsigned int major, minors;
} series[] = { { 3, 20 }, { 4, 21 }, { 5, 20 }, { 6, 20 }, { 7, 20 }, { 20, 1 } };

static void visit_releases(void (*visit)(const struct dialect *, const char *release))
{
	static const char *const bases[] = { "2.6.18", "2.6.32", "3.10.0",
		                             "4.18.0", "5.14.0", "6.12.0" };
	struct dialect dialect;
	char release[64];

	for (enum dialect_id id = DIALECT_RHEL5; id <= DIALECT_RHEL10; id++) {
		for (unsigned int build = 0; build < 1300; build++) {
			snprintf(release, sizeof(release), "%s-%u.%s",
			         bases[id - DIALECT_RHEL5], build, dialect_name(id) + 2);
			dialect_init(&dialect, id, release);
			visit(&dialect, release);
		}
	}
	for (unsigned int sub = 0; sub < 40; sub++) {
		snprintf(release, sizeof(release), "2.6.%u-0.1-default", sub);
		dialect_init(&dialect, DIALECT_SUSE, release);
		visit(&dialect, release);
	}
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		for (unsigned int minor = 0; minor < series[i].minors; minor++) {
			snprintf(release, sizeof(release), "%u.%u.0-1-default",
			         series[i].major, minor);
			dialect_init(&dialect, DIALECT_SUSE, release);
			visit(&dialect, release);
			dialect_init(&dialect, DIALECT_MAINLINE, release);
			visit(&dialect, release);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		dialect_init(&dialect, releases[i].id, releases[i].release);
		visit(&dialect, releases[i].release);
	}
}

static void check_places(const struct dialect *dialect, const char *release)
{
	uint64_t known = 0, module = 0;

	for (size_t bit = 0; bit < ARRAY_SIZE(dialect->bits); bit++) {
		const struct taint_fact *fact = dialect->bits[bit];

		if (!fact)
			continue;
		known |= UINT64_C(1) << bit;
		if (fact->scope != TAINT_OF_KERNEL)
			module |= UINT64_C(1) << bit;
		if (fact->bit != bit || !(fact->dialects >> dialect->id & 1))
			fail_msg("%s: bit %zu", release, bit);
		/* Every letter of a bit is a letter that a module may show. */
		if (!dialect->letters[(unsigned char)fact->letter])
			fail_msg("%s: letter %c", release, fact->letter);
	}
	if (known != dialect->known_bits || module != dialect->module_bits)
		fail_msg("%s: sets", release);
	for (size_t c = 0; c < ARRAY_SIZE(dialect->letters); c++) {
		const struct taint_fact *fact = dialect->letters[c];

		if (!fact)
			continue;
		if (fact->letter != (char)c || !(fact->dialects >> dialect->id & 1))
			fail_msg("%s: letter %c", release, (char)c);
		if (fact->bit != TAINT_NO_BIT && dialect->bits[fact->bit] != fact)
			fail_msg("%s: letter %c of a bit that is not known", release,
			         (char)c);
	}
}

static void facts_stand_at_their_bit_and_letter(void **state)
{
	(void)state;
	visit_releases(check_places);
}

static void check_letters(const struct dialect *dialect, const char *release)
{
	for (size_t a = 0; a < ARRAY_SIZE(dialect->bits); a++) {
		const struct taint_fact *fact = dialect->bits[a], *of_letter;

		if (!fact)
			continue;
		of_letter = dialect->letters[(unsigned char)fact->letter];
		if (fact->scope != TAINT_OF_KERNEL && of_letter->taint != fact->taint &&
		    taint_fact_holds(fact, dialect))
			fail_msg("%s: %c is %s and %s", release, fact->letter,
			         taint_slug(fact->taint), taint_slug(of_letter->taint));
		for (size_t b = 0; b < a; b++) {
			const struct taint_fact *other = dialect->bits[b];

			/* Mainline's later facts give way to those of the release. */
			if (other && other->letter == fact->letter &&
			    other->taint != fact->taint &&
			    taint_fact_holds(fact, dialect) &&
			    taint_fact_holds(other, dialect) &&
			    (other->scope == TAINT_OF_KERNEL) ==
			            (fact->scope == TAINT_OF_KERNEL))
				fail_msg("%s: %c is %s and %s", release, fact->letter,
				         taint_slug(other->taint),
				         taint_slug(fact->taint));
		}
	}
}

static void on_a_module_each_letter_means_one_taint(void **state)
{
	(void)state;
	visit_releases(check_letters);
}

static void check_source(const struct taint_fact *fact, const char *release)
{
	if (fact && (!fact->source || strlen(fact->source) < 3))
		fail_msg("%s: %s has no source", release, taint_slug(fact->taint));
	if (fact && (fact->letter < 'A' || fact->letter > 'z'))
		fail_msg("%s: %s has no letter", release, taint_slug(fact->taint));
}

static void check_sources(const struct dialect *dialect, const char *release)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialect->bits); i++)
		check_source(dialect->bits[i], release);
	for (size_t i = 0; i < ARRAY_SIZE(dialect->letters); i++)
		check_source(dialect->letters[i], release);
}

static void every_fact_names_its_source(void **state)
{
	(void)state;
	visit_releases(check_sources);
}

static void check_old_bits(const struct dialect *dialect, const char *release)
{
	/* Bits 0 to 5 are older than any kernel here and mean the same on all. */
	for (size_t bit = 0; bit <= 5; bit++)
		if (!dialect->bits[bit] || dialect->bits[bit]->taint != bit)
			fail_msg("%s: bit %zu", release, bit);
	/* No kernel knows a bit above 31. */
	if (dialect->known_bits >> 32)
		fail_msg("%s: a bit above 31", release);
}

static void the_oldest_bits_mean_the_same_everywhere(void **state)
{
	(void)state;
	visit_releases(check_old_bits);
}

static void a_letter_is_read_as_the_taint_that_modules_carry(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release;
		char letter;
		const char *slug; /* NULL: not known */
		unsigned int bit;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.12.0", 'U', "user", 6 },
		{ DIALECT_MAINLINE, "6.12.0", 'N', "test", 18 },
		{ DIALECT_MAINLINE, "6.12.0", 'n', NULL, 0 },
		{ DIALECT_MAINLINE, "6.12.0", 'G', NULL, 0 },
		{ DIALECT_RHEL5, "2.6.18-8.el5", 'U', NULL, 0 },
		{ DIALECT_RHEL5, "2.6.18-92.el5", 'U', "unsigned_module", 6 },
		{ DIALECT_RHEL6, "2.6.32-71.el6", 'U', "unsigned_module", TAINT_NO_BIT },
		{ DIALECT_RHEL6, "2.6.32-71.el6", 'O', NULL, 0 },
		{ DIALECT_RHEL6, "2.6.32-71.el6", 'T', NULL, 0 },
		{ DIALECT_RHEL6, "2.6.32-131.el6", 'T', "tech_preview", 29 },
		{ DIALECT_MAINLINE, "3.13.0-45-generic", 'X', "unsigned_module", 13 },
		{ DIALECT_MAINLINE, "3.13.0-45-generic", 'E', NULL, 0 },
		{ DIALECT_MAINLINE, "3.16.0-4-amd64", 'X', "aux", 16 },
		{ DIALECT_RHEL10, "6.12.0-124.8.1.el10_1", 'p', "partner_supported", 26 },
		{ DIALECT_RHEL10, "6.12.0-124.8.1.el10_1", 'J', "fwctl", 19 },
		{ DIALECT_RHEL7, "3.10.0-229.el7", 'E', NULL, 0 },
		{ DIALECT_RHEL7, "3.10.0-327.el7", 'E', "unsigned_module", 13 },
		{ DIALECT_RHEL7, "3.10.0-327.el7", 'T', "tech_preview", 29 },
		{ DIALECT_RHEL8, "4.18.0-348.el8", 'X', "aux", 16 },
		{ DIALECT_RHEL8, "4.18.0-372.el8", 'X', "tech_preview", 16 },
		{ DIALECT_RHEL8, "4.18.0-372.el8", 't', "tech_preview", 29 },
		{ DIALECT_RHEL8, "4.18.0-372.el8", 'T', "randstruct", 17 },
		{ DIALECT_RHEL9, "5.14.0-70.el9", 't', NULL, 0 },
		{ DIALECT_SUSE, "2.6.16.60-0.21-default", 'U', "no_support",
		  TAINT_NO_BIT },
		{ DIALECT_SUSE, "2.6.16.60-0.21-default", 'X', "external_support",
		  TAINT_NO_BIT },
		{ DIALECT_SUSE, "3.0.101-0.46-default", 'E', "unsigned_module", 13 },
		{ DIALECT_SUSE, "3.0.101-0.47-default", 'N', "no_support", 30 },
		{ DIALECT_SUSE, "4.12.14-122-default", 'X', "external_support", 31 },
		{ DIALECT_SUSE, "5.3.18-57-default", 'X', "external_support", 16 },
		{ DIALECT_SUSE, "5.14.21-150500-default", 'N', "no_support", 31 },
		{ DIALECT_SUSE, "6.4.0-150600-default", 'N', "test", 18 },
		{ DIALECT_SUSE, "6.4.0-150600-default", 'n', "no_support", 31 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct taint_fact *fact;
		struct dialect dialect;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		fact = dialect.letters[(unsigned char)rows[i].letter];
		if (!fact != !rows[i].slug)
			fail_msg("%s: %c", rows[i].release, rows[i].letter);
		if (!fact)
			continue;
		assert_string_equal(taint_slug(fact->taint), rows[i].slug);
		assert_int_equal(fact->bit, rows[i].bit);
	}
}

/* ---- letters of a module ---- */

static struct taint_letters letters_of(const char *string)
{
	struct taint_letters letters = { { 0 } };

	assert_int_equal(taint_letters_parse(string, strlen(string), &letters), 0);
	return letters;
}

static void letters_stand_for_the_bits_of_their_kernel(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters;
		uint64_t bits;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.12.0", "", 0 },
		{ DIALECT_MAINLINE, "6.12.0", "POE", 0x3001 },
		{ DIALECT_MAINLINE, "6.12.0", "PzG\"", 1 },
		/* Unsigned, which has no bit there. */
		{ DIALECT_RHEL6, "2.6.32-71.el6", "FU", 2 },
		{ DIALECT_SUSE, "5.14.21-150500-default", "XN", 0x80010000 },
		{ DIALECT_RHEL8, "4.18.0-372.el8", "Xt", 0x20010000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dialect dialect;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		if (dialect_letters_bits(&dialect, letters_of(rows[i].letters)) !=
		    rows[i].bits)
			fail_msg("%s: %s", rows[i].release, rows[i].letters);
	}
	assert_true(dialect_letters_bits(NULL, letters_of("POE")) == 0);
}

static void assert_written(const struct dialect *dialect, const char *letters,
                           const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	text_add_string(&text, "=");
	dialect_letters_write(dialect, letters_of(letters), &text);
	if (strcmp(text_string(&text) + 1, expected) != 0)
		fail_msg("%s: %s, not %s", letters, text_string(&text) + 1, expected);
	assert_int_equal(text.data[0], '=');
}

static void letters_are_written_in_the_order_of_their_bits(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters, *expected;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.12.0", "", "" },
		{ DIALECT_MAINLINE, "6.12.0", "E", "E" },
		{ DIALECT_MAINLINE, "6.12.0", "EOP", "POE" },
		{ DIALECT_MAINLINE, "6.12.0", "NXKEOCFP", "PFCOEKXN" },
		{ DIALECT_MAINLINE, "6.12.0", "JTLIWADUBMRS", "SRMBUDAWILTJ" },
		/* Of bits 30 and 31 before they moved, and after. */
		{ DIALECT_SUSE, "4.12.14-122-default", "XNEO", "OENX" },
		{ DIALECT_SUSE, "5.14.21-150500-default", "NXEO", "OEXN" },
		{ DIALECT_SUSE, "6.4.0-150600-default", "nNXEO", "OEXNn" },
		/* Unsigned before all that is behind bit 6. */
		{ DIALECT_RHEL5, "2.6.18-419.el5", "TUFP", "PFUT" },
		{ DIALECT_RHEL8, "4.18.0-513.el8", "tXEOP", "POEXt" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dialect dialect;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		assert_written(&dialect, rows[i].letters, rows[i].expected);
	}
}

static void letters_without_a_known_bit_stand_behind_the_others(void **state)
{
	struct dialect dialect;

	(void)state;
	dialect_init(&dialect, DIALECT_MAINLINE, "6.12.0");
	assert_written(&dialect, "zO!aP", "PO!az");
	assert_written(&dialect, "n~G", "Gn~");
	dialect_init(&dialect, DIALECT_RHEL7, "3.10.0-229.el7");
	assert_written(&dialect, "EOFT", "FOTE");
	/* A letter that is known and has no bit. */
	dialect_init(&dialect, DIALECT_RHEL6, "2.6.32-754.el6");
	assert_written(&dialect, "UTP", "PTU");
	assert_written(&dialect, "UPO", "POU");
}

static void without_a_dialect_letters_stand_in_ascii_order(void **state)
{
	(void)state;
	assert_written(NULL, "", "");
	assert_written(NULL, "POE", "EOP");
	assert_written(NULL, "zP!Ea", "!EPaz");
}

static void check_all_letters(const struct dialect *dialect, const char *release)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct taint_letters all = { { 0 } }, again = { { 0 } };
	unsigned int last = 0;
	char previous = 0;

	for (char c = '!'; c <= '~'; c++)
		if (!strchr("()+-", c))
			assert_int_equal(taint_letters_parse(&c, 1, &all), 0);
	dialect_letters_write(dialect, all, &text);
	assert_int_equal(taint_letters_parse(text_string(&text), text.length, &again), 0);
	assert_true(taint_letters_is_equal(&all, &again));
	assert_int_equal(text.length, 94 - 4);
	for (const char *c = text_string(&text); *c; previous = *c++) {
		const struct taint_fact *fact = dialect->letters[(unsigned char)*c];
		unsigned int bit = fact ? fact->bit : TAINT_NO_BIT;

		if (bit < last || (bit == last && *c < previous))
			fail_msg("%s: %s", release, text_string(&text));
		last = bit;
	}
}

static void every_letter_is_written_once_on_every_kernel(void **state)
{
	(void)state;
	visit_releases(check_all_letters);
}

/* ---- versions, and all facts ---- */

static void a_version_is_written_as_a_release_begins(void **state)
{
	static const struct {
		const char *release, *written;
	} rows[] = {
		{ "", "" },
		{ "x", "" },
		{ "6.1.0-56-amd64", "6.1.0-56" },
		{ "3.10.0-327.el7", "3.10.0-327" },
		{ "2.6.32-754.35.1.el6.x86_64", "2.6.32-754.35.1" },
		{ "2.6.21", "2.6.21" },
		{ "3.2", "3.2" },
		{ "6", "6.0" },
		{ "6.0.0-0.0.0", "6.0" },
		{ "0.0.1", "0.0.1" },
		{ "1.2.3-4.5.6.7", "1.2.3-4.5.6" },
		{ "4294967295.1", "4294967295.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		struct kernel_version version = kernel_version_parse(rows[i].release);

		kernel_version_write(&version, &text);
		assert_string_equal(text_string(&text), rows[i].written);
		assert_int_equal(kernel_version_is_zero(&version), !*rows[i].written);
	}
}

static void versions_are_compared_part_by_part(void **state)
{
	static const char *const ordered[] = {
		"",           "0.0.0-0.0.1", "2.6.9",          "2.6.18",
		"2.6.18-8",   "2.6.18-92",   "2.6.18-274",     "2.6.32",
		"3.10.0-123", "3.10.0-327",  "3.10.0-327.0.1", "3.10.0-327.1",
		"3.10.1",     "4.9",         "4.18",           "10.0",
	};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(ordered); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(ordered); b++) {
			struct kernel_version first = kernel_version_parse(ordered[a]);
			struct kernel_version second = kernel_version_parse(ordered[b]);
			int order = kernel_version_compare(&first, &second);

			assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
		}
	}
}

static void all_facts_are_those_of_the_kernels(void **state)
{
	size_t count;
	const struct taint_fact *facts = dialect_facts(&count);
	bool seen[TAINT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(facts[i].taint < TAINT_COUNT);
		assert_true(facts[i].bit <= TAINT_NO_BIT);
		assert_true(facts[i].dialects && facts[i].dialects < 1u << DIALECT_COUNT);
		assert_true(kernel_version_is_zero(&facts[i].until) ||
		            kernel_version_compare(&facts[i].since, &facts[i].until) < 0);
		seen[facts[i].taint] = true;
	}
	for (size_t i = 0; i < TAINT_COUNT; i++)
		assert_true(seen[i]);
	/* Each that a kernel has is one of them. */
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		struct dialect dialect;

		dialect_init(&dialect, id, "");
		for (size_t bit = 0; bit < 64; bit++)
			assert_true(!dialect.bits[bit] ||
			            (dialect.bits[bit] >= facts &&
			             dialect.bits[bit] < facts + count));
	}
}

static void a_taint_has_the_bit_of_its_kernel(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release;
		enum taint taint;
		unsigned int bit;
	} rows[] = {
		{ DIALECT_MAINLINE, "", TAINT_PROPRIETARY_MODULE, 0 },
		{ DIALECT_MAINLINE, "", TAINT_FWCTL, 19 },
		{ DIALECT_MAINLINE, "", TAINT_TECH_PREVIEW, TAINT_NO_BIT },
		{ DIALECT_RHEL5, "2.6.18-348.el5", TAINT_UNSIGNED_MODULE, 6 },
		{ DIALECT_RHEL5, "2.6.18-348.el5", TAINT_USER, TAINT_NO_BIT },
		{ DIALECT_RHEL6, "2.6.32-754.el6", TAINT_UNSIGNED_MODULE, TAINT_NO_BIT },
		{ DIALECT_RHEL8, "4.18.0-348.el8", TAINT_TECH_PREVIEW, 29 },
		{ DIALECT_RHEL8, "4.18.0-348.el8", TAINT_AUX, 16 },
		{ DIALECT_RHEL9, "5.14.0-362.el9", TAINT_TECH_PREVIEW, 16 },
		{ DIALECT_RHEL9, "5.14.0-362.el9", TAINT_AUX, TAINT_NO_BIT },
		{ DIALECT_RHEL9, "5.14.0-362.el9", TAINT_UNPRIVILEGED_BPF, 31 },
		{ DIALECT_SUSE, "4.12.14-94", TAINT_NO_SUPPORT, 30 },
		{ DIALECT_SUSE, "5.14.21-1", TAINT_NO_SUPPORT, 31 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dialect dialect;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		if (dialect_bit(&dialect, rows[i].taint) != rows[i].bit)
			fail_msg("%s, %s: %u", rows[i].release, taint_slug(rows[i].taint),
			         dialect_bit(&dialect, rows[i].taint));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_release_knows_its_own_bits_and_letters),
		cmocka_unit_test(every_release_chooses_its_own_dialect),
		cmocka_unit_test(a_release_is_older_by_its_numbers_not_by_its_digits),
		cmocka_unit_test(a_release_chooses_the_dialect_of_who_built_it),
		cmocka_unit_test(what_follows_the_first_line_is_no_release),
		cmocka_unit_test(a_very_long_release_is_only_a_release),
		cmocka_unit_test(a_number_too_large_is_not_taken_for_a_small_one),
		cmocka_unit_test(
			a_foreign_release_gets_the_facts_of_the_newest_of_a_given_dialect),
		cmocka_unit_test(one_vendors_release_is_foreign_to_another),
		cmocka_unit_test(a_rebuilt_release_gets_the_facts_of_its_numbers),
		cmocka_unit_test(a_release_without_a_number_gets_suses_newest_facts),
		cmocka_unit_test(
			mainline_given_for_a_vendors_kernel_knows_no_vendors_bit),
		cmocka_unit_test(names_are_those_of_the_contract),
		cmocka_unit_test(another_name_is_no_dialect_and_changes_nothing),
		cmocka_unit_test(facts_stand_at_their_bit_and_letter),
		cmocka_unit_test(on_a_module_each_letter_means_one_taint),
		cmocka_unit_test(every_fact_names_its_source),
		cmocka_unit_test(the_oldest_bits_mean_the_same_everywhere),
		cmocka_unit_test(a_letter_is_read_as_the_taint_that_modules_carry),
		cmocka_unit_test(letters_stand_for_the_bits_of_their_kernel),
		cmocka_unit_test(letters_are_written_in_the_order_of_their_bits),
		cmocka_unit_test(letters_without_a_known_bit_stand_behind_the_others),
		cmocka_unit_test(without_a_dialect_letters_stand_in_ascii_order),
		cmocka_unit_test(every_letter_is_written_once_on_every_kernel),
		cmocka_unit_test(a_version_is_written_as_a_release_begins),
		cmocka_unit_test(versions_are_compared_part_by_part),
		cmocka_unit_test(all_facts_are_those_of_the_kernels),
		cmocka_unit_test(a_taint_has_the_bit_of_its_kernel),
	};

	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
