/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reasons. Follows the kernel's kernel/module/main.c (module_augment_kernel_taints,
 * check_modinfo, set_license) and kernel/module/signing.c.
 */
#include "model/verdict.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/dialect.h"
#include "model/module_file.h"

static bool has_word(const struct module_file *file, enum module_word word)
{
	return file->words[word] != NULL;
}

/* Whether the file holds a signature that a kernel may be able to verify. */
static bool has_signature(const struct module_file *file)
{
	return file->signature != MODULE_SIGNATURE_NONE &&
	       file->signature != MODULE_SIGNATURE_MALFORMED;
}

static void add_quoted(struct text *sentence, const char *before, const char *value)
{
	text_add_string(sentence, before);
	text_add_string(sentence, " \"");
	text_add_string(sentence, value);
	text_add_char(sentence, '"');
}

/* Whose key a kernel has to know. */
static void add_key(const struct module_file *file, struct text *sentence)
{
	const char *signer = module_file_word(file, MODULE_WORD_SIGNER);
	const char *key = module_file_word(file, MODULE_WORD_SIG_KEY);

	if (*signer)
		add_quoted(sentence, "the key of", signer);
	else if (*key)
		add_quoted(sentence, "the key", key);
	else
		text_add_string(sentence, "its key");
}

static void add_license_reason(const struct module_file *file, struct text *sentence)
{
	const char *license = module_file_word(file, MODULE_WORD_LICENSE);

	if (!module_file_is_read(file))
		text_add_string(sentence,
		                "its licence, or that of a module whose symbols it "
		                "uses, is not compatible with the GPL");
	else if (!*license)
		text_add_string(sentence, "it names no licence");
	else if (module_license_is_gpl_compatible(license))
		add_quoted(sentence,
		           "it uses symbols of a proprietary module, while its own "
		           "licence is",
		           license);
	else
		add_quoted(sentence, "its licence is", license);
}

static void add_signature_reason(const struct module_file *file, struct text *sentence)
{
	if (!module_file_is_read(file)) {
		text_add_string(sentence, "the kernel could not verify its signature");
	} else if (file->signature == MODULE_SIGNATURE_NONE) {
		text_add_string(sentence, "its file holds no signature");
	} else if (file->signature == MODULE_SIGNATURE_MALFORMED) {
		text_add_string(sentence, "the signature in its file is malformed");
	} else {
		text_add_string(sentence,
		                "the kernel could not verify its signature with ");
		add_key(file, sentence);
	}
}

static void add_reason(const struct taint_fact *fact, const struct module_file *file,
                       struct text *sentence)
{
	switch (fact->taint) {
	case TAINT_PROPRIETARY_MODULE:
		add_license_reason(file, sentence);
		break;
	case TAINT_UNSIGNED_MODULE:
		add_signature_reason(file, sentence);
		break;
	case TAINT_OOT_MODULE:
		text_add_string(sentence, "it was built outside of the kernel's tree");
		break;
	case TAINT_FORCED_MODULE:
		text_add_string(sentence, "it was loaded by force");
		if (fact->or_unsigned) {
			text_add_string(sentence, ", or ");
			add_signature_reason(file, sentence);
		}
		break;
	default:
		text_add_string(sentence, "it is marked as: ");
		text_add_string(sentence, taint_meaning(fact->taint));
	}
}

/* The reasons, with commas. The order is that of the bits. */
static void add_reasons(const struct dialect *dialect, struct taint_letters letters,
                        const struct module_file *file, struct text *sentence)
{
	_cleanup_(text_clear) struct text sorted = TEXT_INIT;

	dialect_letters_write(dialect, letters, &sorted);
	for (const char *letter = text_string(&sorted); *letter; letter++) {
		const struct taint_fact *fact =
			dialect ? dialect->letters[(unsigned char)*letter] : NULL;

		if (letter > text_string(&sorted))
			text_add_string(sentence, letter[1] ? ", " : " and ");
		if (fact)
			add_reason(fact, file, sentence);
		else
			text_add_string(sentence, "of a letter that is not known here");
		text_add_string(sentence, " (");
		text_add_char(sentence, *letter);
		text_add_char(sentence, ')');
	}
	if (sorted.error)
		sentence->error = sorted.error;
}

/* Removes from LETTERS, and returns, the letters that do not taint the kernel. */
static struct taint_letters take_alone(const struct dialect *dialect,
                                       struct taint_letters *letters)
{
	struct taint_letters rest = *letters, alone = { { 0 } };

	while (dialect && !taint_letters_is_empty(&rest)) {
		char letter = taint_letters_pop(&rest);
		const struct taint_fact *fact = dialect->letters[(unsigned char)letter];

		if (fact && fact->scope == TAINT_OF_MODULE_ALONE)
			taint_letters_add(&alone, letter);
	}
	*letters = taint_letters_without(letters, &alone);
	return alone;
}

void verdict_loaded_write(const struct dialect *dialect, struct taint_letters letters,
                          const struct module_file *file, struct text *sentence)
{
	struct taint_letters alone = take_alone(dialect, &letters);
	bool taints = !taint_letters_is_empty(&letters);
	bool has_alone = !taint_letters_is_empty(&alone);

	if (taints) {
		text_add_string(sentence, "It taints the kernel: ");
		add_reasons(dialect, letters, file, sentence);
		text_add_string(sentence, has_alone ? ". Besides, " : ".");
	} else {
		text_add_string(sentence, has_alone ? "It need not taint the kernel: "
		                                    : "It does not taint the kernel.");
	}
	if (!has_alone)
		return;
	add_reasons(dialect, alone, file, sentence);
	text_add_string(sentence, taints ? ", which need not taint the kernel." : ".");
}

/* Adds the letter of a taint, if this kernel gives one to modules. */
static void add_letter(const struct dialect *dialect, enum taint taint,
                       struct taint_letters *letters)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialect->letters); i++) {
		const struct taint_fact *fact = dialect->letters[i];

		if (fact && fact->taint == taint)
			taint_letters_parse(&fact->letter, 1, letters);
	}
}

struct taint_letters verdict_letters(const struct dialect *dialect,
                                     const struct module_file *file)
{
	struct taint_letters letters = { { 0 } };

	if (!dialect || !module_file_is_read(file))
		return letters;
	if (!module_license_is_gpl_compatible(
		    module_file_word(file, MODULE_WORD_LICENSE)))
		add_letter(dialect, TAINT_PROPRIETARY_MODULE, &letters);
	if (!has_word(file, MODULE_WORD_INTREE))
		add_letter(dialect, TAINT_OOT_MODULE, &letters);
	if (has_word(file, MODULE_WORD_STAGING))
		add_letter(dialect, TAINT_CRAP, &letters);
	if (has_word(file, MODULE_WORD_LIVEPATCH))
		add_letter(dialect, TAINT_LIVEPATCH, &letters);
	if (has_word(file, MODULE_WORD_TEST))
		add_letter(dialect, TAINT_TEST, &letters);
	if (!has_signature(file))
		add_letter(dialect, TAINT_UNSIGNED_MODULE, &letters);
	return letters;
}

/* What depends on the keys that a kernel has. */
static void add_condition(const struct module_file *file, struct text *sentence)
{
	if (file->verified == MODULE_VERIFIED_NO) {
		text_add_string(sentence, "a kernel that knows ");
		add_key(file, sentence);
		text_add_string(sentence, " refuses it, for it is not what was signed");
		return;
	}
	text_add_string(sentence, "a kernel that does not know ");
	add_key(file, sentence);
	text_add_string(sentence, " takes it for unsigned, or refuses it");
}

void verdict_unloaded_write(const struct dialect *dialect, const struct module_file *file,
                            struct text *sentence)
{
	struct taint_letters letters = verdict_letters(dialect, file);

	if (!module_file_is_read(file)) {
		text_add_string(sentence, "Nothing is known of it: ");
		text_add_string(sentence, error_words(file->error));
		text_add_char(sentence, '.');
		return;
	}
	if (file->signature == MODULE_SIGNATURE_MALFORMED && file->error) {
		text_add_string(sentence, "No kernel would load it: it is no module.");
		return;
	}
	if (!dialect) {
		text_add_string(sentence,
		                "Whether it would taint the kernel is not known, "
		                "for nobody knows which one");
	} else if (taint_letters_is_empty(&letters)) {
		text_add_string(sentence, "It would not taint the kernel");
	} else {
		text_add_string(sentence, "It would taint the kernel: ");
		add_reasons(dialect, letters, file, sentence);
	}
	if (has_signature(file)) {
		text_add_string(sentence, "; ");
		add_condition(file, sentence);
	}
	text_add_char(sentence, '.');
}

void verdict_builtin_write(struct text *sentence)
{
	text_add_string(sentence, "It is built into the kernel: it is not loaded, and "
	                          "carries no taint flag.");
}
