/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence that says why a module taints, or would: every reason, on every kernel
 * whose letters are its own.
 */
#include "model/verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/dialect.h"
#include "model/module_file.h"

#define MAIN   DIALECT_MAINLINE, "6.12.0"
#define NOBODY DIALECT_COUNT, ""

/* A file that says "key=value,…", of a kernel; DIALECT_COUNT: nobody knows which. */
struct file_row {
	enum dialect_id id;
	const char *release, *words;
	enum module_signature signature;
	enum module_verified verified;
	int error;
	const char *letters, *sentence; /* of a loaded module, or those it would have */
};

static struct dialect dialect;

static const struct dialect *dialect_of(enum dialect_id id, const char *release)
{
	if (id == DIALECT_COUNT)
		return NULL;
	dialect_init(&dialect, id, release);
	return &dialect;
}

static struct module_file *file_of(const struct file_row *row)
{
	struct module_file *file = module_file_new("/x.ko");
	const char *at = row->words;

	assert_non_null(file);
	file->signature = row->signature;
	file->verified = row->verified;
	file->error = row->error;
	for (size_t length; *at; at += length + (at[length] == ',')) {
		size_t key = strcspn(at, "=");
		enum module_word word;
		char name[32] = "";

		length = strcspn(at, ",");
		memcpy(name, at, key);
		assert_true(module_word_parse(name, &word));
		module_file_set_word(file, word, at + key + 1, length - key - 1);
	}
	return file;
}

#define GOOD   "license=GPL,intree=Y"
#define PKCS7  MODULE_SIGNATURE_PKCS7, MODULE_VERIFIED_UNASKED, 0
#define NONE   MODULE_SIGNATURE_NONE, MODULE_VERIFIED_UNASKED, 0
#define BROKEN MODULE_SIGNATURE_MALFORMED, MODULE_VERIFIED_UNASKED, 0
#define MISSED MODULE_SIGNATURE_MISSING, MODULE_VERIFIED_UNASKED, -ENOENT

#define ALL "staging=Y,livepatch=Y,test="

static void a_loaded_module_is_told_each_of_its_letters(void **state)
{
	static const struct file_row rows[] = {
		{ MAIN, "license=NVIDIA", NONE, "", "It does not taint the kernel." },
		{ NOBODY, GOOD, PKCS7, "", "It does not taint the kernel." },
		{ MAIN, "license=NVIDIA", PKCS7, "P",
		  "It taints the kernel: its licence is \"NVIDIA\" (P)." },
		{ MAIN, "license=", PKCS7, "P",
		  "It taints the kernel: it names no licence (P)." },
		{ MAIN, "license=Dual MIT/GPL", PKCS7, "P",
		  "It taints the kernel: it uses symbols of a proprietary module, while "
		  "its own licence is \"Dual MIT/GPL\" (P)." },
		{ MAIN, "license=\x1b[2J\"\n\xff%n", PKCS7, "P",
		  "It taints the kernel: its licence is \"\x1b[2J\"\n\xff%n\" (P)." },
		{ MAIN, GOOD, NONE, "E",
		  "It taints the kernel: its file holds no signature (E)." },
		{ MAIN, GOOD, BROKEN, "E",
		  "It taints the kernel: the signature in its file is malformed (E)." },
		{ MAIN, GOOD, PKCS7, "E",
		  "It taints the kernel: the kernel could not verify its signature with "
		  "its key (E)." },
		{ MAIN, "sig_key=AB:CD", PKCS7, "E",
		  "It taints the kernel: the kernel could not verify its signature with "
		  "the key \"AB:CD\" (E)." },
		{ MAIN, "sig_key=AB:CD,signer=Lab", PKCS7, "E",
		  "It taints the kernel: the kernel could not verify its signature with "
		  "the key of \"Lab\" (E)." },
		{ MAIN, "", MISSED, "EOP",
		  "It taints the kernel: its licence, or that of a module whose symbols "
		  "it uses, is not compatible with the GPL (P), it was built outside of "
		  "the kernel's tree (O) and the kernel could not verify its signature "
		  "(E)." },
		{ MAIN, GOOD, PKCS7, "F",
		  "It taints the kernel: it was loaded by force (F)." },
		{ MAIN, GOOD, PKCS7, "CX",
		  "It taints the kernel: it is marked as: staging driver (C) and it is "
		  "marked as: for the distribution's own use (X)." },
		{ MAIN, GOOD, PKCS7, "zO",
		  "It taints the kernel: it was built outside of the kernel's tree (O) "
		  "and of a letter that is not known here (z)." },
		{ NOBODY, "license=NVIDIA", PKCS7, "P",
		  "It taints the kernel: of a letter that is not known here (P)." },
		{ DIALECT_RHEL5, "2.6.18-419.el5", GOOD, NONE, "TU",
		  "It taints the kernel: its file holds no signature (U) and it is "
		  "marked as: technology preview (T)." },
		{ DIALECT_RHEL7, "3.10.0-123.el7", GOOD, NONE, "F",
		  "It taints the kernel: it was loaded by force, or its file holds no "
		  "signature (F)." },
		{ DIALECT_RHEL7, "3.10.0-123.el7", GOOD, NONE, "E",
		  "It taints the kernel: of a letter that is not known here (E)." },
		/* What a module may carry without tainting the kernel. */
		{ DIALECT_SUSE, "6.4.0-1-default", GOOD, PKCS7, "X",
		  "It need not taint the kernel: it is marked as: module supported by "
		  "its own vendor (X)." },
		{ DIALECT_SUSE, "6.4.0-1-default", GOOD, PKCS7, "OX",
		  "It taints the kernel: it was built outside of the kernel's tree (O). "
		  "Besides, it is marked as: module supported by its own vendor (X), "
		  "which need not taint the kernel." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text sentence = TEXT_INIT;
		struct module_file *file = file_of(&rows[i]);
		struct taint_letters letters = { { 0 } };

		taint_letters_parse(rows[i].letters, strlen(rows[i].letters), &letters);
		verdict_loaded_write(dialect_of(rows[i].id, rows[i].release), letters,
		                     file, &sentence);
		if (strcmp(text_string(&sentence), rows[i].sentence) != 0)
			fail_msg("row %zu: %s", i, text_string(&sentence));
		module_file_free(file);
	}
}

static void a_file_is_told_what_it_would_do(void **state)
{
	static const struct file_row rows[] = {
		{ MAIN, GOOD ",signer=Lab", PKCS7, "",
		  "It would not taint the kernel; a kernel that does not know the key of "
		  "\"Lab\" takes it for unsigned, or refuses it." },
		{ MAIN, GOOD, MODULE_SIGNATURE_X509, MODULE_VERIFIED_YES, 0, "",
		  "It would not taint the kernel; a kernel that does not know its key "
		  "takes it for unsigned, or refuses it." },
		{ MAIN, GOOD, MODULE_SIGNATURE_PKCS7, MODULE_VERIFIED_NO, 0, "",
		  "It would not taint the kernel; a kernel that knows its key refuses "
		  "it, "
		  "for it is not what was signed." },
		{ MAIN, "license=GPL,sig_key=01", PKCS7, "O",
		  "It would taint the kernel: it was built outside of the kernel's tree "
		  "(O); a kernel that does not know the key \"01\" takes it for "
		  "unsigned, "
		  "or refuses it." },
		{ MAIN, ALL, NONE, "PCOEKN",
		  "It would taint the kernel: it names no licence (P), it is marked as: "
		  "staging driver (C), it was built outside of the kernel's tree (O), "
		  "its "
		  "file holds no signature (E), it is marked as: live patch (K) and it "
		  "is "
		  "marked as: test module or in-kernel test (N)." },
		{ MAIN, GOOD, BROKEN, "E",
		  "It would taint the kernel: the signature in its file is malformed "
		  "(E)." },
		{ NOBODY, GOOD, MODULE_SIGNATURE_MALFORMED, MODULE_VERIFIED_UNASKED,
		  -EBADMSG, "", "No kernel would load it: it is no module." },
		{ MAIN, "", MISSED, "",
		  "Nothing is known of it: No such file or directory." },
		{ MAIN, "", MODULE_SIGNATURE_UNREADABLE, MODULE_VERIFIED_UNASKED, -EINVAL,
		  "", "Nothing is known of it: not a regular file." },
		{ NOBODY, "license=Proprietary", NONE, "",
		  "Whether it would taint the kernel is not known, for nobody knows "
		  "which "
		  "one." },
		/* A word's letter, and whether there is one, is that kernel's. */
		{ DIALECT_RHEL7, "3.10.0-123.el7", GOOD, NONE, "",
		  "It would not taint the kernel." },
		{ DIALECT_RHEL5, "2.6.18-92.el5", "staging=Y,test=Y", NONE, "PU",
		  "It would taint the kernel: it names no licence (P) and its file "
		  "holds no signature (U)." },
		{ DIALECT_SUSE, "5.14.21-150500-default", GOOD ",test=Y,livepatch=Y",
		  NONE, "EK",
		  "It would taint the kernel: its file holds no signature (E) and it is "
		  "marked as: live patch (K)." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text sentence = TEXT_INIT;
		struct module_file *file = file_of(&rows[i]);
		const struct dialect *of = dialect_of(rows[i].id, rows[i].release);
		struct taint_letters wanted = { { 0 } },
				     found = verdict_letters(of, file);

		taint_letters_parse(rows[i].letters, strlen(rows[i].letters), &wanted);
		verdict_unloaded_write(of, file, &sentence);
		if (strcmp(text_string(&sentence), rows[i].sentence) != 0 ||
		    !taint_letters_is_equal(&found, &wanted))
			fail_msg("row %zu: %s", i, text_string(&sentence));
		module_file_free(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_module_is_told_each_of_its_letters),
		cmocka_unit_test(a_file_is_told_what_it_would_do),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
