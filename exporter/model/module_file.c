/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of one module's file. Knows the words for them; must not read any file.
 */
#include "model/module_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

static const char *const signature_names[] = {
	[MODULE_SIGNATURE_ELF_SECTION] = "elf_section",
	[MODULE_SIGNATURE_MALFORMED] = "malformed",
	[MODULE_SIGNATURE_MISSING] = "missing",
	[MODULE_SIGNATURE_NONE] = "none",
	[MODULE_SIGNATURE_PENDING] = "pending",
	[MODULE_SIGNATURE_PGP] = "pgp",
	[MODULE_SIGNATURE_PKCS7] = "pkcs7",
	[MODULE_SIGNATURE_UNKNOWN] = "unknown",
	[MODULE_SIGNATURE_UNREADABLE] = "unreadable",
	[MODULE_SIGNATURE_X509] = "x509",
};
_Static_assert(ARRAY_SIZE(signature_names) == MODULE_SIGNATURE_COUNT, "one word each");

static const char *const verified_names[] = {
	[MODULE_VERIFIED_UNASKED] = "",
	[MODULE_VERIFIED_YES] = "yes",
	[MODULE_VERIFIED_NO] = "no",
	[MODULE_VERIFIED_UNTRUSTED] = "untrusted",
};
_Static_assert(ARRAY_SIZE(verified_names) == MODULE_VERIFIED_COUNT, "one word each");

static const char *const compression_names[] = {
	[MODULE_COMPRESSION_NONE] = "none",
	[MODULE_COMPRESSION_GZIP] = "gzip",
	[MODULE_COMPRESSION_XZ] = "xz",
	[MODULE_COMPRESSION_ZSTD] = "zstd",
};
_Static_assert(ARRAY_SIZE(compression_names) == MODULE_COMPRESSION_COUNT,
               "one word each");

static const char *const word_names[] = {
	[MODULE_WORD_INTREE] = "intree",
	[MODULE_WORD_LICENSE] = "license",
	[MODULE_WORD_LIVEPATCH] = "livepatch",
	[MODULE_WORD_NAME] = "name",
	[MODULE_WORD_SIG_HASHALGO] = "sig_hashalgo",
	[MODULE_WORD_SIG_ID] = "sig_id",
	[MODULE_WORD_SIG_KEY] = "sig_key",
	[MODULE_WORD_SIGNER] = "signer",
	[MODULE_WORD_SRCVERSION] = "srcversion",
	[MODULE_WORD_STAGING] = "staging",
	[MODULE_WORD_TEST] = "test",
	[MODULE_WORD_VERMAGIC] = "vermagic",
	[MODULE_WORD_VERSION] = "version",
};
_Static_assert(ARRAY_SIZE(word_names) == MODULE_WORD_COUNT, "one name per word");

static const char *const gpl_compatible[] = {
	"GPL",          "GPL v2",       "GPL and additional rights",
	"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
};

struct module_file *module_file_new(const char *path)
{
	struct module_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	atomic_init(&file->holders, 1);
	file->signature = MODULE_SIGNATURE_PENDING;
	file->path = strdup(path);
	return file->path ? file : module_file_free(file);
}

struct module_file *module_file_hold(struct module_file *file)
{
	atomic_fetch_add_explicit(&file->holders, 1, memory_order_relaxed);
	return file;
}

struct module_file *module_file_free(struct module_file *file)
{
	if (!file ||
	    atomic_fetch_sub_explicit(&file->holders, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		free(file->words[word]);
	free(file->path);
	free(file);
	return NULL;
}

int module_file_set_word(struct module_file *file, enum module_word word,
                         const char *value, size_t length)
{
	char *copy = strndup(value, length < MODULE_WORD_MAX ? length : MODULE_WORD_MAX);

	if (!copy)
		return -ENOMEM;
	free(file->words[word]);
	file->words[word] = copy;
	return 0;
}

int module_file_set_key(struct module_file *file, const unsigned char *bytes,
                        size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	_cleanup_(text_clear) struct text hex = TEXT_INIT;

	for (size_t i = 0; i < length && hex.length < MODULE_WORD_MAX; i++) {
		if (i)
			text_add_char(&hex, ':');
		text_add_char(&hex, digits[bytes[i] >> 4]);
		text_add_char(&hex, digits[bytes[i] & 15]);
	}
	if (hex.error)
		return hex.error;
	return module_file_set_word(file, MODULE_WORD_SIG_KEY, text_string(&hex),
	                            hex.length);
}

const char *module_file_word(const struct module_file *file, enum module_word word)
{
	return file->words[word] ? file->words[word] : "";
}

const char *module_word_name(enum module_word word)
{
	return word_names[word];
}

bool module_word_parse(const char *name, enum module_word *ret_word)
{
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		if (strcmp(word_names[word], name) == 0) {
			*ret_word = word;
			return true;
		}
	}
	return false;
}

const char *module_signature_name(enum module_signature signature)
{
	return signature_names[signature];
}

const char *module_verified_name(enum module_verified verified)
{
	return verified_names[verified];
}

const char *module_compression_name(enum module_compression compression)
{
	return compression_names[compression];
}

static int character(char c)
{
	return c == '-' ? '_' : (unsigned char)c;
}

int module_name_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
	for (size_t i = 0; i < a_length && i < b_length; i++)
		if (character(a[i]) != character(b[i]))
			return character(a[i]) - character(b[i]);
	return (a_length > b_length) - (a_length < b_length);
}

bool module_file_is_read(const struct module_file *file)
{
	return file->signature != MODULE_SIGNATURE_PENDING &&
	       file->signature != MODULE_SIGNATURE_MISSING &&
	       file->signature != MODULE_SIGNATURE_UNREADABLE;
}

bool module_license_is_gpl_compatible(const char *license)
{
	for (size_t i = 0; i < ARRAY_SIZE(gpl_compatible); i++)
		if (strcmp(license, gpl_compatible[i]) == 0)
			return true;
	return false;
}

int module_build_compare(const struct module_build *loaded,
                         const struct module_build *file)
{
	if (loaded->id_length && file->id_length)
		return loaded->id_length != file->id_length ||
		       memcmp(loaded->id, file->id, file->id_length) != 0;
	if (*loaded->srcversion && *file->srcversion)
		return strcmp(loaded->srcversion, file->srcversion) != 0;
	return -1;
}
