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

/* What sets it anew. */
static const struct row {
	const char *slug;
	enum taint_return returns;
} rows[] = {
	/* mainline, at its bit */
	[0] = { "proprietary_module", TAINT_RETURN_MODULE },
	[1] = { "forced_module", TAINT_RETURN_MODULE },
	[2] = { "cpu_out_of_spec", TAINT_RETURN_BY_CAUSE },
	[3] = { "forced_rmmod", TAINT_RETURN_NEVER },
	[4] = { "machine_check", TAINT_RETURN_NEVER },
	[5] = { "bad_page", TAINT_RETURN_NEVER },
	[6] = { "user", TAINT_RETURN_NEVER },
	[7] = { "die", TAINT_RETURN_NEVER },
	[8] = { "overridden_acpi_table", TAINT_RETURN_BOOT },
	[9] = { "warn", TAINT_RETURN_NEVER },
	[10] = { "crap", TAINT_RETURN_MODULE },
	[11] = { "firmware_workaround", TAINT_RETURN_BOOT },
	[12] = { "oot_module", TAINT_RETURN_MODULE },
	[13] = { "unsigned_module", TAINT_RETURN_MODULE },
	[14] = { "softlockup", TAINT_RETURN_NEVER },
	[15] = { "livepatch", TAINT_RETURN_MODULE },
	[16] = { "aux", TAINT_RETURN_MODULE },
	[17] = { "randstruct", TAINT_RETURN_BOOT },
	[18] = { "test", TAINT_RETURN_MODULE },
	[19] = { "fwctl", TAINT_RETURN_NEVER },
	/* vendors */
	[TAINT_TECH_PREVIEW] = { "tech_preview", TAINT_RETURN_MODULE },
	[TAINT_SUPPORT_REMOVED] = { "support_removed", TAINT_RETURN_BOOT },
	[TAINT_PARTNER_SUPPORTED] = { "partner_supported", TAINT_RETURN_MODULE },
	[TAINT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", TAINT_RETURN_BOOT },
	[TAINT_HARDWARE_UNSUPPORTED] = { "hardware_unsupported", TAINT_RETURN_BOOT },
	[TAINT_BIT_BY_ZOMBIE] = { "bit_by_zombie", TAINT_RETURN_NEVER },
	[TAINT_NO_SUPPORT] = { "no_support", TAINT_RETURN_MODULE },
	[TAINT_EXTERNAL_SUPPORT] = { "external_support", TAINT_RETURN_MODULE },
};

static void every_taint_has_the_slug_of_its_kernel_constant(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), TAINT_COUNT);
	for (enum taint taint = 0; taint < TAINT_COUNT; taint++)
		assert_string_equal(taint_slug(taint), rows[taint].slug);
}

static void slugs_are_unique_and_never_the_word_for_unknown(void **state)
{
	(void)state;
	for (enum taint a = 0; a < TAINT_COUNT; a++) {
		const char *slug = taint_slug(a);

		assert_string_not_equal(slug, "unknown");
		assert_int_equal(strspn(slug, "abcdefghijklmnopqrstuvwxyz_"),
		                 strlen(slug));
		for (enum taint b = 0; b < a; b++)
			assert_string_not_equal(slug, taint_slug(b));
	}
}

static void an_event_is_over_and_all_else_comes_back_after_a_reboot(void **state)
{
	(void)state;
	for (enum taint taint = 0; taint < TAINT_COUNT; taint++)
		if (taint_return(taint) != rows[taint].returns)
			fail_msg("%s", rows[taint].slug);
}

/* It stands in reports, behind the letter and between commas. */
static void every_taint_has_a_meaning_of_its_own_in_a_few_words(void **state)
{
	(void)state;
	for (enum taint a = 0; a < TAINT_COUNT; a++) {
		const char *meaning = taint_meaning(a);
		size_t length;

		assert_non_null(meaning);
		length = strlen(meaning);
		assert_in_range(length, 4, 60);
		for (const char *c = meaning; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
		assert_true(meaning[0] != ' ' && meaning[length - 1] != ' ');
		assert_null(strchr(".,;:", meaning[length - 1]));
		assert_string_not_equal(meaning, "unknown");
		for (enum taint b = 0; b < a; b++)
			assert_string_not_equal(meaning, taint_meaning(b));
	}
}

static void a_meaning_is_that_of_its_taint(void **state)
{
	static const struct {
		enum taint taint;
		const char *word;
	} words[] = {
		{ TAINT_PROPRIETARY_MODULE, "proprietary" },
		{ TAINT_FORCED_MODULE, "force" },
		{ TAINT_MACHINE_CHECK, "machine check" },
		{ TAINT_DIE, "oops" },
		{ TAINT_OVERRIDDEN_ACPI_TABLE, "ACPI" },
		{ TAINT_WARN, "warning" },
		{ TAINT_CRAP, "staging" },
		{ TAINT_FIRMWARE_WORKAROUND, "firmware" },
		{ TAINT_OOT_MODULE, "tree" },
		{ TAINT_UNSIGNED_MODULE, "signature" },
		{ TAINT_SOFTLOCKUP, "soft lockup" },
		{ TAINT_LIVEPATCH, "live patch" },
		{ TAINT_TEST, "test" },
		{ TAINT_FWCTL, "fwctl" },
		{ TAINT_TECH_PREVIEW, "preview" },
		{ TAINT_UNPRIVILEGED_BPF, "BPF" },
		{ TAINT_NO_SUPPORT, "support" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strstr(taint_meaning(words[i].taint), words[i].word))
			fail_msg("%s: %s", taint_slug(words[i].taint),
			         taint_meaning(words[i].taint));
}

/* As include/linux/panic.h has them. */
static void a_constant_is_the_slug_in_capitals(void **state)
{
	(void)state;
	for (enum taint taint = 0; taint < TAINT_COUNT; taint++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		taint_constant_write(taint, &text);
		assert_int_equal(text.length,
		                 strlen("TAINT_") + strlen(taint_slug(taint)));
		assert_int_equal(
			strspn(text_string(&text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
			text.length);
		assert_int_equal(strcasecmp(text_string(&text) + 6, taint_slug(taint)),
		                 0);
		if (taint == TAINT_OVERRIDDEN_ACPI_TABLE)
			assert_string_equal(text_string(&text),
			                    "TAINT_OVERRIDDEN_ACPI_TABLE");
	}
}

static void who_sets_a_taint_is_told_in_one_line(void **state)
{
	(void)state;
	for (enum taint a = 0; a < TAINT_COUNT; a++) {
		const char *setter = taint_setter(a);

		assert_non_null(setter);
		assert_in_range(strlen(setter), 8, 180);
		for (const char *c = setter; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
		assert_null(strchr(".,;: ", setter[strlen(setter) - 1]));
		for (enum taint b = 0; b < a; b++)
			assert_string_not_equal(setter, taint_setter(b));
	}
	assert_non_null(strstr(taint_setter(TAINT_FORCED_RMMOD), "rmmod -f"));
	assert_non_null(strstr(taint_setter(TAINT_USER), "kernel.tainted"));
	assert_non_null(strstr(taint_setter(TAINT_UNPRIVILEGED_BPF), "bpf"));
}

static void mainline_taints_stand_at_their_mainline_bit(void **state)
{
	(void)state;
	assert_int_equal(TAINT_PROPRIETARY_MODULE, 0);
	assert_int_equal(TAINT_WARN, 9);
	assert_int_equal(TAINT_UNSIGNED_MODULE, 13);
	assert_int_equal(TAINT_TEST, 18);
	assert_int_equal(TAINT_FWCTL, 19);
	assert_int_equal(TAINT_TECH_PREVIEW, 20);
}

static struct taint_letters letters_of(const char *string)
{
	struct taint_letters letters = { { 0 } };

	assert_int_equal(taint_letters_parse(string, strlen(string), &letters), 0);
	return letters;
}

/* Pops all of STRING's letters; they must be WANTED, in that order. */
static void assert_letters(const char *string, const char *wanted)
{
	struct taint_letters letters = letters_of(string);

	for (const char *c = wanted; *c; c++) {
		assert_false(taint_letters_is_empty(&letters));
		assert_int_equal(taint_letters_pop(&letters), *c);
	}
	assert_true(taint_letters_is_empty(&letters));
}

static void letters_are_a_set_in_ascii_order(void **state)
{
	(void)state;
	assert_letters("", "");
	assert_letters("P", "P");
	assert_letters("POE", "EOP");
	assert_letters("EOP", "EOP");
	assert_letters("POFCE", "CEFOP");
	assert_letters("NnXxTtUu", "NTUXntux");
}

static void a_doubled_letter_counts_once(void **state)
{
	(void)state;
	assert_letters("OEXX", "EOX");
	assert_letters("NN", "N");
	assert_letters("XOXEX", "EOX");
}

static void the_signs_of_coming_and_going_are_no_letters(void **state)
{
	(void)state;
	assert_letters("+", "");
	assert_letters("-", "");
	assert_letters("OE+", "EO");
	assert_letters("OE-", "EO");
	assert_letters("+O-E+-", "EO");
}

static void every_printable_character_but_signs_and_parentheses_is_a_letter(void **state)
{
	char all[128];
	size_t count = 0;

	(void)state;
	for (int c = 0x21; c <= 0x7e; c++) {
		const char string[] = { (char)c, '\0' };

		if (c == '(' || c == ')' || c == '+' || c == '-')
			continue;
		assert_letters(string, string);
		all[count++] = (char)c;
	}
	all[count] = '\0';
	assert_int_equal(count, 94 - 4);
	assert_letters(all, all);
}

static void any_other_byte_is_refused_and_leaves_the_set_alone(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char strings[][3] = {
			{ (char)byte, 'A', 'B' },
			{ 'A', (char)byte, 'B' },
			{ 'A', 'B', (char)byte },
		};

		if (byte >= 0x21 && byte <= 0x7e && byte != '(' && byte != ')')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
			struct taint_letters letters = letters_of("PO"), before = letters;

			assert_int_equal(taint_letters_parse(strings[i], 3, &letters),
			                 -EBADMSG);
			assert_true(taint_letters_is_equal(&letters, &before));
		}
	}
}

static void parsing_adds_to_what_is_there_and_reads_no_further_than_told(void **state)
{
	struct taint_letters letters = letters_of("P"), wanted = letters_of("PO");

	(void)state;
	assert_int_equal(taint_letters_parse("O)E", 1, &letters), 0);
	assert_true(taint_letters_is_equal(&letters, &wanted));
	assert_int_equal(taint_letters_parse(NULL, 0, &letters), 0);
	assert_true(taint_letters_is_equal(&letters, &wanted));
}

static void sets_are_equal_only_with_the_same_letters(void **state)
{
	static const char *const strings[] = { "",   "P", "O",  "POE", "PO", "!", "~",
		                               "!~", "a", "P~", "Pa",  "`",  "_" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(strings); k++) {
			struct taint_letters a = letters_of(strings[i]);
			struct taint_letters b = letters_of(strings[k]);

			assert_int_equal(taint_letters_is_equal(&a, &b), i == k);
		}
	}
}

static void a_set_is_empty_only_without_any_letter(void **state)
{
	struct taint_letters none = letters_of("+-"), low = letters_of("!"),
			     high = letters_of("~");

	(void)state;
	assert_true(taint_letters_is_empty(&none));
	assert_false(taint_letters_is_empty(&low));
	assert_false(taint_letters_is_empty(&high));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_taint_has_the_slug_of_its_kernel_constant),
		cmocka_unit_test(slugs_are_unique_and_never_the_word_for_unknown),
		cmocka_unit_test(an_event_is_over_and_all_else_comes_back_after_a_reboot),
		cmocka_unit_test(every_taint_has_a_meaning_of_its_own_in_a_few_words),
		cmocka_unit_test(a_meaning_is_that_of_its_taint),
		cmocka_unit_test(a_constant_is_the_slug_in_capitals),
		cmocka_unit_test(who_sets_a_taint_is_told_in_one_line),
		cmocka_unit_test(mainline_taints_stand_at_their_mainline_bit),
		cmocka_unit_test(letters_are_a_set_in_ascii_order),
		cmocka_unit_test(a_doubled_letter_counts_once),
		cmocka_unit_test(the_signs_of_coming_and_going_are_no_letters),
		cmocka_unit_test(
			every_printable_character_but_signs_and_parentheses_is_a_letter),
		cmocka_unit_test(any_other_byte_is_refused_and_leaves_the_set_alone),
		cmocka_unit_test(
			parsing_adds_to_what_is_there_and_reads_no_further_than_told),
		cmocka_unit_test(sets_are_equal_only_with_the_same_letters),
		cmocka_unit_test(a_set_is_empty_only_without_any_letter),
	};

	return cmocka_run_group_tests_name("taint", tests, NULL, NULL);
}
