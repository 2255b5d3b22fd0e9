/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints by meaning, held against the kernel's tables by hand; and letter sets, from any
 * bytes that a kernel or somebody in its place may print.
 */
#include "model/taint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

static void every_taint_has_its_slug_meaning_and_return(void **state)
{
	/* A word of its meaning, and what sets it anew. */
	static const struct {
		const char *slug, *word;
		enum taint_return returns;
	} rows[] = {
		/* mainline, at its bit */
		[0] = { "proprietary_module", "proprietary", TAINT_RETURN_MODULE },
		[1] = { "forced_module", "force", TAINT_RETURN_MODULE },
		[2] = { "cpu_out_of_spec", "specification", TAINT_RETURN_BY_CAUSE },
		[3] = { "forced_rmmod", "unloaded", TAINT_RETURN_NEVER },
		[4] = { "machine_check", "machine check", TAINT_RETURN_NEVER },
		[5] = { "bad_page", "page", TAINT_RETURN_NEVER },
		[6] = { "user", "user space", TAINT_RETURN_NEVER },
		[7] = { "die", "oops", TAINT_RETURN_NEVER },
		[8] = { "overridden_acpi_table", "ACPI", TAINT_RETURN_BOOT },
		[9] = { "warn", "warning", TAINT_RETURN_NEVER },
		[10] = { "crap", "staging", TAINT_RETURN_MODULE },
		[11] = { "firmware_workaround", "firmware", TAINT_RETURN_BOOT },
		[12] = { "oot_module", "tree", TAINT_RETURN_MODULE },
		[13] = { "unsigned_module", "signature", TAINT_RETURN_MODULE },
		[14] = { "softlockup", "soft lockup", TAINT_RETURN_NEVER },
		[15] = { "livepatch", "live patch", TAINT_RETURN_MODULE },
		[16] = { "aux", "distribution", TAINT_RETURN_MODULE },
		[17] = { "randstruct", "randomised", TAINT_RETURN_BOOT },
		[18] = { "test", "test", TAINT_RETURN_MODULE },
		[19] = { "fwctl", "fwctl", TAINT_RETURN_NEVER },
		/* vendors */
		[TAINT_TECH_PREVIEW] = { "tech_preview", "preview", TAINT_RETURN_MODULE },
		[TAINT_SUPPORT_REMOVED] = { "support_removed", "removed",
		                            TAINT_RETURN_BOOT },
		[TAINT_PARTNER_SUPPORTED] = { "partner_supported", "partner",
		                              TAINT_RETURN_MODULE },
		[TAINT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", "BPF",
		                             TAINT_RETURN_BOOT },
		[TAINT_HARDWARE_UNSUPPORTED] = { "hardware_unsupported", "hardware",
		                                 TAINT_RETURN_BOOT },
		[TAINT_BIT_BY_ZOMBIE] = { "bit_by_zombie", "zombie", TAINT_RETURN_NEVER },
		[TAINT_NO_SUPPORT] = { "no_support", "does not support",
		                       TAINT_RETURN_MODULE },
		[TAINT_EXTERNAL_SUPPORT] = { "external_support", "own vendor",
		                             TAINT_RETURN_MODULE },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), TAINT_COUNT);
	for (enum taint taint = 0; taint < TAINT_COUNT; taint++) {
		if (strcmp(taint_slug(taint), rows[taint].slug) != 0 ||
		    taint_return(taint) != rows[taint].returns ||
		    !strstr(taint_meaning(taint), rows[taint].word))
			fail_msg("%s: %s", rows[taint].slug, taint_meaning(taint));
		assert_in_range(strlen(taint_setter(taint)), 8, 180);
	}
}

static void letters_are_a_set_in_ascii_order(void **state)
{
	static const struct {
		const char *string, *letters; /* NULL: refused */
	} rows[] = {
		{ "", "" },
		{ "POE", "EOP" },
		{ "NnXxTtUu", "NTUXntux" },
		{ "~!@`", "!@`~" },
		/* SUSE doubles letters. */
		{ "OEXX", "EOX" },
		/* The signs of coming and going are none. */
		{ "+O-E+-", "EO" },
		{ "(", NULL },
		{ "PO)", NULL },
		{ "P O", NULL },
		{ "\nP", NULL },
		{ "P\x7f", NULL },
		{ "P\x80", NULL },
		{ "\xff", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taint_letters letters = { { 0 } };
		char found[16];
		size_t length = 0;
		int r = taint_letters_parse(rows[i].string, strlen(rows[i].string),
		                            &letters);

		while (!taint_letters_is_empty(&letters))
			found[length++] = taint_letters_pop(&letters);
		found[length] = '\0';
		if (r != (rows[i].letters ? 0 : -EBADMSG) ||
		    strcmp(found, rows[i].letters ? rows[i].letters : "") != 0)
			fail_msg("%s: %d, %s", rows[i].string, r, found);
	}
}

static struct taint_letters letters_of(const char *string, size_t length)
{
	struct taint_letters letters = { { 0 } };

	assert_int_equal(taint_letters_parse(string, length, &letters), 0);
	return letters;
}

static void sets_are_joined_and_taken_from_each_other(void **state)
{
	struct taint_letters a = letters_of("P!a", 3), b = letters_of("Oa~", 3);
	struct taint_letters both = letters_of("PO!a~", 5), rest = letters_of("P!", 2);
	struct taint_letters joined = taint_letters_join(&a, &b);
	struct taint_letters without = taint_letters_without(&a, &b);

	(void)state;
	assert_true(taint_letters_is_equal(&joined, &both));
	assert_true(taint_letters_is_equal(&without, &rest));
	assert_false(taint_letters_is_equal(&joined, &rest));
	assert_false(taint_letters_is_equal(&a, &rest));
	assert_true(taint_letters_has(&both, '~'));
	assert_false(taint_letters_has(&rest, 'a'));
	/* Parsing adds to what is there. */
	assert_int_equal(taint_letters_parse("a)", 1, &rest), 0);
	assert_true(taint_letters_is_equal(&rest, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_taint_has_its_slug_meaning_and_return),
		cmocka_unit_test(letters_are_a_set_in_ascii_order),
		cmocka_unit_test(sets_are_joined_and_taken_from_each_other),
	};

	return cmocka_run_group_tests_name("taint", tests, NULL, NULL);
}
