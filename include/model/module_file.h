/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module's file says of itself: its signature, where it comes from, its licence.
 *
 * Once filled, it is never changed: a cache and any number of scrapes, also in other
 * threads, hold it at the same time, and the last one frees it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the file holds. "Signed" does not say that the signature is good. */
enum module_signature {
	MODULE_SIGNATURE_ELF_SECTION, /* RHEL 5 and 6 */
	MODULE_SIGNATURE_MALFORMED,   /* no module, or a signature that lies */
	MODULE_SIGNATURE_MISSING,     /* no file was found */
	MODULE_SIGNATURE_NONE,
	MODULE_SIGNATURE_PENDING, /* not inspected yet */
	MODULE_SIGNATURE_PGP,
	MODULE_SIGNATURE_PKCS7,
	MODULE_SIGNATURE_UNKNOWN, /* of a type that is not known here */
	MODULE_SIGNATURE_UNREADABLE,
	MODULE_SIGNATURE_X509, /* Linux 3.7 to 4.2, RHEL 7 */
	MODULE_SIGNATURE_COUNT,
};

enum module_compression {
	MODULE_COMPRESSION_NONE,
	MODULE_COMPRESSION_GZIP,
	MODULE_COMPRESSION_XZ,
	MODULE_COMPRESSION_ZSTD,
	MODULE_COMPRESSION_COUNT,
};

/* Whether one of the configured certificates made the signature. */
enum module_verified {
	MODULE_VERIFIED_UNASKED,   /* none is configured, or the file was not read */
	MODULE_VERIFIED_YES,       /* and these are the bytes that were signed */
	MODULE_VERIFIED_NO,        /* and these are other bytes */
	MODULE_VERIFIED_UNTRUSTED, /* none did, or it cannot be told */
	MODULE_VERIFIED_COUNT,
};

/* The words of modinfo(8) that are kept, by its names. */
enum module_word {
	MODULE_WORD_INTREE,
	MODULE_WORD_LICENSE,
	MODULE_WORD_LIVEPATCH,
	MODULE_WORD_NAME,
	MODULE_WORD_SIG_HASHALGO,
	MODULE_WORD_SIG_ID,
	MODULE_WORD_SIG_KEY,
	MODULE_WORD_SIGNER,
	MODULE_WORD_SRCVERSION,
	MODULE_WORD_STAGING,
	MODULE_WORD_TEST,
	MODULE_WORD_VERMAGIC,
	MODULE_WORD_VERSION,
	MODULE_WORD_COUNT,
};

/* The most of a word that is kept, in bytes. */
#define MODULE_WORD_MAX 256

/* By which a file and a loaded module can be told to be the same. */
#define MODULE_BUILD_ID_MAX 64
struct module_build {
	unsigned char id[MODULE_BUILD_ID_MAX]; /* of the note .note.gnu.build-id */
	size_t id_length;                      /* 0: there is none */
	char srcversion[MODULE_WORD_MAX + 1];  /* "": there is none */
};

struct module_file {
	atomic_uint holders;
	enum module_signature signature;
	enum module_compression compression;
	enum module_verified verified;
	int error;  /* of an unreadable, missing or malformed one: -errno, or 0 */
	char *path; /* as the host names it, from its root; "" (builtins.h: its own) */
	char *words[MODULE_WORD_COUNT]; /* NULL: the file does not say */
	struct module_build build;
};

/* Pending and empty, with one holder. NULL: no memory. PATH is copied. */
struct module_file *module_file_new(const char *path);

/* One more holder. */
struct module_file *module_file_hold(struct module_file *file);

/* One holder less; the last one frees it. Takes NULL; returns NULL. */
struct module_file *module_file_free(struct module_file *file);

/*
 * Keeps the start of VALUE in place of the word that was there. For the maker only. 0 or
 * -ENOMEM.
 */
int module_file_set_word(struct module_file *file, enum module_word word,
                         const char *value, size_t length);

/* Sets sig_key to BYTES as modinfo prints them: "66:F5:4E". 0 or -ENOMEM. */
int module_file_set_key(struct module_file *file, const unsigned char *bytes,
                        size_t length);

/* The word, "" if the file does not say. */
const char *module_file_word(const struct module_file *file, enum module_word word);

/* modinfo's name of a word, as of the label in the metrics. */
const char *module_word_name(enum module_word word);

/* The word of that name; false if it is none that is kept. */
bool module_word_parse(const char *name, enum module_word *ret_word);

/* The values of the labels `signature` and `verified`, and the usual name. */
const char *module_signature_name(enum module_signature signature);
const char *module_verified_name(enum module_verified verified);
const char *module_compression_name(enum module_compression compression);

/*
 * Orders the names of modules as strcmp() does, but '-' and '_' are the same (kernel:
 * scripts/Makefile.lib).
 */
int module_name_compare(const char *a, size_t a_length, const char *b, size_t b_length);

/* Whether the file was found, opened and read. */
bool module_file_is_read(const struct module_file *file);

/*
 * Whether the kernel takes LICENSE for compatible with the GPL
 * (include/linux/license.h, license_is_gpl_compatible); "" is not.
 */
bool module_license_is_gpl_compatible(const char *license);

/*
 * Whether what is loaded is what the file holds: 0 if so, 1 if not, by build ID or else
 * by srcversion; -1 if both have neither.
 */
int module_build_compare(const struct module_build *loaded,
                         const struct module_build *file);
