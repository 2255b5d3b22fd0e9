/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence that says why a module taints, or would: every reason, on every kernel
 * whose letters are its own. Knows realloc(), which it lets fail.
 */
#include "model/verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "memory.h"
#include "model/dialect.h"
#include "model/module_file.h"

static struct module_file *file;
static struct dialect dialect;

/* A file in the tree, with a licence and a signature: nothing is wrong with it. */
static int setup_file(void **state)
{
	setup(state);
	dialect_init(&dialect, DIALECT_MAINLINE, "6.12.0");
	file = module_file_new("/x.ko");
	if (!file)
		return -1;
	file->signature = MODULE_SIGNATURE_PKCS7;
	if (module_file_set_word(file, MODULE_WORD_LICENSE, "GPL", 3) < 0 ||
	    module_file_set_word(file, MODULE_WORD_INTREE, "Y", 1) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_left = -1;
	file = module_file_free(file);
	return 0;
}

static void set(enum module_word word, const char *value)
{
	assert_int_equal(module_file_set_word(file, word, value, strlen(value)), 0);
}

/* The file does not say it. */
static void unset(enum module_word word)
{
	free_pointer(&file->words[word]);
	file->words[word] = NULL;
}

static struct taint_letters letters_of(const char *string)
{
	struct taint_letters letters = { { 0 } };

	assert_int_equal(taint_letters_parse(string, strlen(string), &letters), 0);
	return letters;
}

/* With NULL of a DIALECT that nobody knows. */
static void assert_loaded_on(const struct dialect *of, const char *letters,
                             const char *expected)
{
	_cleanup_(text_clear) struct text sentence = TEXT_INIT;

	verdict_loaded_write(of, letters_of(letters), file, &sentence);
	assert_string_equal(text_string(&sentence), expected);
}

static void assert_loaded(const char *letters, const char *expected)
{
	assert_loaded_on(&dialect, letters, expected);
}

static void assert_unloaded_on(const struct dialect *of, const char *expected)
{
	_cleanup_(text_clear) struct text sentence = TEXT_INIT;

	verdict_unloaded_write(of, file, &sentence);
	assert_string_equal(text_string(&sentence), expected);
}

static void assert_unloaded(const char *expected)
{
	assert_unloaded_on(&dialect, expected);
}

static void assert_letters(const char *expected)
{
	struct taint_letters found = verdict_letters(&dialect, file);
	struct taint_letters wanted = letters_of(expected);
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	dialect_letters_write(&dialect, found, &text);
	if (!taint_letters_is_equal(&found, &wanted))
		fail_msg("%s, not %s", text_string(&text), expected);
}

/* ---- loaded ---- */

static void a_loaded_module_without_letters_taints_nothing(void **state)
{
	(void)state;
	assert_loaded("", "It does not taint the kernel.");
	/* Whatever its file says now. */
	set(MODULE_WORD_LICENSE, "Proprietary");
	file->signature = MODULE_SIGNATURE_NONE;
	assert_loaded("", "It does not taint the kernel.");
	assert_loaded_on(NULL, "", "It does not taint the kernel.");
}

static void a_proprietary_module_is_told_its_licence(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "NVIDIA");
	assert_loaded("P", "It taints the kernel: its licence is \"NVIDIA\" (P).");
	unset(MODULE_WORD_LICENSE);
	assert_loaded("P", "It taints the kernel: it names no licence (P).");
	set(MODULE_WORD_LICENSE, "");
	assert_loaded("P", "It taints the kernel: it names no licence (P).");
}

/* kernel/module/main.c, inherit_taint() */
static void a_module_may_inherit_the_proprietary_taint(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "Dual MIT/GPL");
	assert_loaded("P", "It taints the kernel: it uses symbols of a proprietary "
	                   "module, while its own licence is \"Dual MIT/GPL\" (P).");
}

static void a_file_without_a_signature_explains_an_unsigned_module(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	assert_loaded("E", "It taints the kernel: its file holds no signature (E).");
	file->signature = MODULE_SIGNATURE_MALFORMED;
	assert_loaded("E", "It taints the kernel: the signature in its file is malformed "
	                   "(E).");
}

static void a_signature_the_kernel_could_not_verify_is_told_by_its_key(void **state)
{
	static const enum module_signature signed_ones[] = {
		MODULE_SIGNATURE_PKCS7,   MODULE_SIGNATURE_X509,
		MODULE_SIGNATURE_PGP,     MODULE_SIGNATURE_ELF_SECTION,
		MODULE_SIGNATURE_UNKNOWN,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signed_ones); i++) {
		file->signature = signed_ones[i];
		unset(MODULE_WORD_SIGNER);
		unset(MODULE_WORD_SIG_KEY);
		assert_loaded("E", "It taints the kernel: the kernel could not verify "
		                   "its signature with its key (E).");
		set(MODULE_WORD_SIG_KEY, "AB:CD");
		assert_loaded("E", "It taints the kernel: the kernel could not verify "
		                   "its signature with the key \"AB:CD\" (E).");
		set(MODULE_WORD_SIGNER, "DKMS module signing key");
		assert_loaded("E", "It taints the kernel: the kernel could not verify "
		                   "its signature with the key of \"DKMS module signing "
		                   "key\" (E).");
	}
}

static void a_file_that_was_not_read_gives_no_reason_of_its_own(void **state)
{
	static const enum module_signature unread[] = {
		MODULE_SIGNATURE_MISSING,
		MODULE_SIGNATURE_UNREADABLE,
		MODULE_SIGNATURE_PENDING,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unread); i++) {
		file->signature = unread[i];
		assert_loaded(
			"POE",
			"It taints the kernel: its licence, or that of a module "
			"whose symbols it uses, is not compatible with the GPL (P), "
			"it was built outside of the kernel's tree (O) and the "
			"kernel could not verify its signature (E).");
	}
}

static void other_taints_are_told_by_their_meaning(void **state)
{
	(void)state;
	assert_loaded("O", "It taints the kernel: it was built outside of the kernel's "
	                   "tree (O).");
	assert_loaded("F", "It taints the kernel: it was loaded by force (F).");
	assert_loaded("C", "It taints the kernel: it is marked as: staging driver (C).");
	assert_loaded("K", "It taints the kernel: it is marked as: live patch (K).");
	assert_loaded("N", "It taints the kernel: it is marked as: test module or "
	                   "in-kernel test (N).");
	assert_loaded("X", "It taints the kernel: it is marked as: for the "
	                   "distribution's own use (X).");
}

static void reasons_stand_in_the_order_of_bits_with_commas(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "X");
	file->signature = MODULE_SIGNATURE_NONE;
	assert_loaded("EP", "It taints the kernel: its licence is \"X\" (P) and its file "
	                    "holds no signature (E).");
	assert_loaded("EPOF", "It taints the kernel: its licence is \"X\" (P), it was "
	                      "loaded by force (F), it was built outside of the kernel's "
	                      "tree (O) and its file holds no signature (E).");
}

static void a_letter_that_is_not_known_is_told_as_such(void **state)
{
	(void)state;
	assert_loaded("z", "It taints the kernel: of a letter that is not known here "
	                   "(z).");
	assert_loaded("zO", "It taints the kernel: it was built outside of the kernel's "
	                    "tree (O) and of a letter that is not known here (z).");
}

static void without_a_dialect_no_letter_is_known(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "NVIDIA");
	assert_loaded_on(NULL, "P",
	                 "It taints the kernel: of a letter that is not known here (P).");
	assert_loaded_on(NULL, "PO",
	                 "It taints the kernel: of a letter that is not known here (O) "
	                 "and of a letter that is not known here (P).");
}

static void letters_mean_what_they_mean_on_that_kernel(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters, *reasons;
	} rows[] = {
		{ DIALECT_RHEL5, "2.6.18-419.el5", "U",
		  "its file holds no signature (U)." },
		{ DIALECT_RHEL5, "2.6.18-419.el5", "TU",
		  "its file holds no signature (U) and it is marked as: technology "
		  "preview (T)." },
		{ DIALECT_RHEL6, "2.6.32-754.el6", "U",
		  "its file holds no signature (U)." },
		{ DIALECT_RHEL6, "2.6.32-754.el6", "O",
		  "of a letter that is not known here (O)." },
		{ DIALECT_RHEL7, "3.10.0-123.el7", "E",
		  "of a letter that is not known here (E)." },
		{ DIALECT_RHEL7, "3.10.0-327.el7", "E",
		  "its file holds no signature (E)." },
		{ DIALECT_RHEL8, "4.18.0-513.el8", "t",
		  "it is marked as: technology preview (t)." },
		{ DIALECT_SUSE, "5.14.21-150500-default", "NX",
		  "it is marked as: module supported by its own vendor (X) and it is "
		  "marked as: module that the distribution does not support (N)." },
		{ DIALECT_SUSE, "6.4.0-150600-default", "Nn",
		  "it is marked as: test module or in-kernel test (N) and it is marked "
		  "as: module that the distribution does not support (n)." },
		/* What user space asked for is no taint of a module, but is told. */
		{ DIALECT_MAINLINE, "6.12.0", "U",
		  "it is marked as: requested by user space (U)." },
	};

	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text expected = TEXT_INIT;

		dialect_init(&dialect, rows[i].id, rows[i].release);
		text_add_string(&expected, "It taints the kernel: ");
		text_add_string(&expected, rows[i].reasons);
		assert_loaded(rows[i].letters, text_string(&expected));
	}
}

static void the_sentence_is_appended(void **state)
{
	_cleanup_(text_clear) struct text sentence = TEXT_INIT;

	(void)state;
	text_add_string(&sentence, "Why? ");
	verdict_loaded_write(&dialect, letters_of("O"), file, &sentence);
	text_add_string(&sentence, " ");
	verdict_unloaded_write(&dialect, file, &sentence);
	assert_string_equal(text_string(&sentence),
	                    "Why? It taints the kernel: it was built outside of the "
	                    "kernel's tree (O). It would not taint the kernel; a kernel "
	                    "that does not know its key takes it for unsigned, or "
	                    "refuses it.");
}

/* ---- not loaded ---- */

static void a_good_file_would_not_taint_where_its_key_is_known(void **state)
{
	(void)state;
	assert_letters("");
	set(MODULE_WORD_SIGNER, "Build time autogenerated kernel key");
	assert_unloaded("It would not taint the kernel; a kernel that does not know the "
	                "key of \"Build time autogenerated kernel key\" takes it for "
	                "unsigned, or refuses it.");
}

static void a_file_that_is_not_what_was_signed_is_refused(void **state)
{
	(void)state;
	set(MODULE_WORD_SIGNER, "Lab");
	file->verified = MODULE_VERIFIED_NO;
	assert_unloaded("It would not taint the kernel; a kernel that knows the key of "
	                "\"Lab\" refuses it, for it is not what was signed.");
	file->verified = MODULE_VERIFIED_UNTRUSTED;
	assert_unloaded("It would not taint the kernel; a kernel that does not know the "
	                "key of \"Lab\" takes it for unsigned, or refuses it.");
	file->verified = MODULE_VERIFIED_YES;
	assert_unloaded("It would not taint the kernel; a kernel that does not know the "
	                "key of \"Lab\" takes it for unsigned, or refuses it.");
}

/* Each word of its own, and none of them depends on its value. */
static void each_word_gives_the_letter_that_the_kernel_would_give(void **state)
{
	static const struct {
		enum module_word word;
		const char *letters;
	} rows[] = {
		{ MODULE_WORD_STAGING, "C" }, { MODULE_WORD_LIVEPATCH, "K" },
		{ MODULE_WORD_TEST, "N" },    { MODULE_WORD_VERSION, "" },
		{ MODULE_WORD_VERMAGIC, "" }, { MODULE_WORD_SRCVERSION, "" },
		{ MODULE_WORD_SIGNER, "" },   { MODULE_WORD_SIG_ID, "" },
		{ MODULE_WORD_SIG_KEY, "" },  { MODULE_WORD_SIG_HASHALGO, "" },
		{ MODULE_WORD_NAME, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set(rows[i].word, "Y");
		assert_letters(rows[i].letters);
		set(rows[i].word, "N");
		assert_letters(rows[i].letters);
		set(rows[i].word, "");
		assert_letters(rows[i].letters);
		unset(rows[i].word);
	}
	unset(MODULE_WORD_INTREE);
	assert_letters("O");
	set(MODULE_WORD_INTREE, "N");
	assert_letters("");
	set(MODULE_WORD_LICENSE, "GPL v3");
	assert_letters("P");
	unset(MODULE_WORD_LICENSE);
	assert_letters("P");
}

static void only_a_file_with_a_signature_may_do_without_the_letter(void **state)
{
	(void)state;
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		file->signature = s;
		assert_letters(s == MODULE_SIGNATURE_NONE ||
		                               s == MODULE_SIGNATURE_MALFORMED
		                       ? "E"
		                       : "");
	}
}

static void all_that_is_wrong_with_a_file_is_told(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	unset(MODULE_WORD_INTREE);
	unset(MODULE_WORD_LICENSE);
	set(MODULE_WORD_STAGING, "Y");
	set(MODULE_WORD_LIVEPATCH, "Y");
	set(MODULE_WORD_TEST, "Y");
	assert_letters("PCOEKN");
	assert_unloaded("It would taint the kernel: it names no licence (P), it is "
	                "marked as: staging driver (C), it was built outside of the "
	                "kernel's tree (O), its file holds no signature (E), it is "
	                "marked as: live patch (K) and it is marked as: test module or "
	                "in-kernel test (N).");
}

static void a_signed_file_of_a_stranger_has_both_reasons_and_condition(void **state)
{
	(void)state;
	unset(MODULE_WORD_INTREE);
	set(MODULE_WORD_SIG_KEY, "01");
	assert_unloaded("It would taint the kernel: it was built outside of the kernel's "
	                "tree (O); a kernel that does not know the key \"01\" takes it "
	                "for unsigned, or refuses it.");
}

static void a_malformed_signature_is_as_good_as_none(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_MALFORMED;
	assert_unloaded("It would taint the kernel: the signature in its file is "
	                "malformed (E).");
}

static void what_is_no_module_is_never_loaded(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_MALFORMED;
	file->error = -EBADMSG;
	assert_unloaded("No kernel would load it: it is no module.");
	assert_unloaded_on(NULL, "No kernel would load it: it is no module.");
}

static void of_a_file_that_was_not_read_nothing_is_known(void **state)
{
	(void)state;
	unset(MODULE_WORD_LICENSE);
	unset(MODULE_WORD_INTREE);
	file->signature = MODULE_SIGNATURE_MISSING;
	file->error = -ENOENT;
	assert_unloaded("Nothing is known of it: No such file or directory.");
	file->signature = MODULE_SIGNATURE_UNREADABLE;
	file->error = -EACCES;
	assert_unloaded("Nothing is known of it: Permission denied.");
	file->error = -EINVAL;
	assert_unloaded_on(NULL, "Nothing is known of it: not a regular file.");
	file->error = -ETIME;
	assert_unloaded("Nothing is known of it: the time for it is over.");
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		dialect_init(&dialect, id, "");
		assert_letters("");
	}
}

/* A word's letter, and whether there is one, is a matter of that kernel. */
static void each_kernel_gives_its_own_letters(void **state)
{
	static const struct {
		enum dialect_id id;
		const char *release, *letters;
	} rows[] = {
		{ DIALECT_MAINLINE, "6.12.0", "PCOEKN" },
		{ DIALECT_MAINLINE, "2.6.18", "PCOEKN" },
		{ DIALECT_RHEL5, "2.6.18-8.el5", "P" },
		{ DIALECT_RHEL5, "2.6.18-92.el5", "PU" },
		{ DIALECT_RHEL5, "2.6.18-419.el5", "PU" },
		{ DIALECT_RHEL6, "2.6.32-754.el6.x86_64", "PCU" },
		{ DIALECT_RHEL7, "3.10.0-123.el7.x86_64", "PCO" },
		{ DIALECT_RHEL7, "3.10.0-1160.el7.x86_64", "PCOEK" },
		{ DIALECT_RHEL8, "4.18.0-513.el8.x86_64", "PCOEK" },
		{ DIALECT_RHEL9, "5.14.0-70.el9.x86_64", "PCOEK" },
		{ DIALECT_RHEL9, "5.14.0-362.el9.x86_64", "PCOEKN" },
		{ DIALECT_RHEL10, "6.12.0-55.el10.x86_64", "PCOEKN" },
		/* Before SLE 15 SP6 'N' is no support, which the file does not say. */
		{ DIALECT_SUSE, "3.0.101-0.47-default", "PCE" },
		{ DIALECT_SUSE, "4.12.14-122-default", "PCOEK" },
		{ DIALECT_SUSE, "5.14.21-150500-default", "PCOEK" },
		{ DIALECT_SUSE, "6.4.0-150600-default", "PCOEKN" },
	};

	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	unset(MODULE_WORD_INTREE);
	unset(MODULE_WORD_LICENSE);
	set(MODULE_WORD_STAGING, "Y");
	set(MODULE_WORD_LIVEPATCH, "Y");
	set(MODULE_WORD_TEST, "Y");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		dialect_init(&dialect, rows[i].id, rows[i].release);
		assert_letters(rows[i].letters);
	}
}

static void an_old_kernel_is_told_in_its_own_letters(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	unset(MODULE_WORD_INTREE);
	dialect_init(&dialect, DIALECT_RHEL5, "2.6.18-419.el5");
	assert_unloaded("It would taint the kernel: its file holds no signature (U).");
	dialect_init(&dialect, DIALECT_RHEL6, "2.6.32-754.el6");
	set(MODULE_WORD_STAGING, "Y");
	assert_unloaded("It would taint the kernel: it is marked as: staging driver (C) "
	                "and its file holds no signature (U).");
	unset(MODULE_WORD_STAGING);
	/* The first release of RHEL 7 marks modules that are unsigned with nothing. */
	dialect_init(&dialect, DIALECT_RHEL7, "3.10.0-123.el7");
	assert_unloaded("It would taint the kernel: it was built outside of the kernel's "
	                "tree (O).");
	set(MODULE_WORD_INTREE, "Y");
	assert_unloaded("It would not taint the kernel.");
}

static void without_a_dialect_no_letter_is_certain(void **state)
{
	struct taint_letters letters;

	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	unset(MODULE_WORD_LICENSE);
	letters = verdict_letters(NULL, file);
	assert_true(taint_letters_is_empty(&letters));
}

/* What is not known is not denied. */
static void without_a_dialect_nobody_says_that_it_would_not_taint(void **state)
{
	_cleanup_(text_clear) struct text sentence = TEXT_INIT;

	(void)state;
	file->signature = MODULE_SIGNATURE_NONE;
	set(MODULE_WORD_LICENSE, "Proprietary");
	verdict_unloaded_write(NULL, file, &sentence);
	assert_null(strstr(text_string(&sentence), "would not taint"));
	assert_int_equal(text_string(&sentence)[sentence.length - 1], '.');
}

/* ---- any values, any memory ---- */

/* Values are quoted as they are; what is made of them is up to who writes them. */
static void hostile_values_do_no_harm_here(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "\x1b[2J\"\n\xff%s%n");
	assert_loaded("P", "It taints the kernel: its licence is \"\x1b[2J\"\n\xff%s%n\" "
	                   "(P).");
}

static void write_either(bool is_loaded, struct text *sentence)
{
	if (is_loaded)
		verdict_loaded_write(&dialect, letters_of("POE"), file, sentence);
	else
		verdict_unloaded_write(&dialect, file, sentence);
}

/* Also where only what is needed on the way finds no memory. */
static void without_memory_the_sentence_has_the_error(void **state)
{
	(void)state;
	set(MODULE_WORD_LICENSE, "A licence of some length, so that it needs room");
	for (int kind = 0; kind < 4; kind++) {
		_cleanup_(text_clear) struct text whole = TEXT_INIT;
		int failures = 0;

		write_either(kind % 2, &whole);
		for (int calls = 0;; calls++) {
			_cleanup_(text_clear) struct text sentence = TEXT_INIT;

			assert_true(calls < 100);
			text_reserve(&sentence, kind / 2 ? 4000 : 1);
			calls_left = calls;
			write_either(kind % 2, &sentence);
			calls_left = -1;
			if (!sentence.error) {
				assert_string_equal(text_string(&sentence),
				                    text_string(&whole));
				break;
			}
			assert_int_equal(sentence.error, -ENOMEM);
			failures++;
		}
		assert_true(failures > 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_file, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_loaded_module_without_letters_taints_nothing),
		TEST(a_proprietary_module_is_told_its_licence),
		TEST(a_module_may_inherit_the_proprietary_taint),
		TEST(a_file_without_a_signature_explains_an_unsigned_module),
		TEST(a_signature_the_kernel_could_not_verify_is_told_by_its_key),
		TEST(a_file_that_was_not_read_gives_no_reason_of_its_own),
		TEST(other_taints_are_told_by_their_meaning),
		TEST(reasons_stand_in_the_order_of_bits_with_commas),
		TEST(a_letter_that_is_not_known_is_told_as_such),
		TEST(without_a_dialect_no_letter_is_known),
		TEST(letters_mean_what_they_mean_on_that_kernel),
		TEST(the_sentence_is_appended),
		TEST(a_good_file_would_not_taint_where_its_key_is_known),
		TEST(a_file_that_is_not_what_was_signed_is_refused),
		TEST(each_word_gives_the_letter_that_the_kernel_would_give),
		TEST(only_a_file_with_a_signature_may_do_without_the_letter),
		TEST(all_that_is_wrong_with_a_file_is_told),
		TEST(a_signed_file_of_a_stranger_has_both_reasons_and_condition),
		TEST(a_malformed_signature_is_as_good_as_none),
		TEST(what_is_no_module_is_never_loaded),
		TEST(of_a_file_that_was_not_read_nothing_is_known),
		TEST(each_kernel_gives_its_own_letters),
		TEST(an_old_kernel_is_told_in_its_own_letters),
		TEST(without_a_dialect_no_letter_is_certain),
		TEST(without_a_dialect_nobody_says_that_it_would_not_taint),
		TEST(hostile_values_do_no_harm_here),
		TEST(without_memory_the_sentence_has_the_error),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
