/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file from all sides: the exact facts of every file in tests/modules, and
 * that they are modinfo(8)'s own where that sees any; that what a file holds is never an
 * error and never harms this process. Knows the memory and the clock's reader, which it
 * lets fail.
 */
#include "sources/signature.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "model/module_file.h"
#include "object.h"
#include "sources/image.h"
#include "sources/pkcs7.h"
#include "tree.h"

#define RSA_KEY "Tests' RSA key"
#define RSA_ID  "80:C0:FF:EE:01"
#define RSA_SKI "40:A4:B9:11:23:BD:28:20:55:4E:C8:51:B4:E3:85:B5:EF:ED:87:94"
#define EC_KEY  "Tests' ECDSA key"
#define EC_ID   "01:02:03:04:05"
#define EC_SKI  "72:23:05:0D:61:7C:16:4A:D3:27:5D:AF:71:F0:31:E1:C3:CE:FB:4A"
#define LAB_KEY "Taint lab signing key"
#define LAB_ID  "76:49:85:A7:7F:71:8D:A8:17:79:33:CE:2A:79:98:68:E1:89:37:EA"

char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __real_memfd_create(const char *name, unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);

static bool memory_fails; /* allocation number memory_fails_at fails, that once */
static size_t memory_fails_at;
static int memfd_error, read_error, ftruncate_error;

static bool fails_memory(void)
{
	if (!memory_fails || memory_fails_at-- != 0)
		return false;
	memory_fails = false;
	return true;
}

char *__wrap_strndup(const char *string, size_t size)
{
	return fails_memory() ? NULL : __real_strndup(string, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	if (memfd_error && strcmp(name, "module") == 0) {
		errno = memfd_error;
		return -1;
	}
	return __real_memfd_create(name, flags);
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	if (read_error) {
		errno = read_error;
		return -1;
	}
	return __real_read(fd, bytes, size);
}

int __wrap_ftruncate(int fd, off_t length)
{
	if (ftruncate_error) {
		errno = ftruncate_error;
		return -1;
	}
	return __real_ftruncate(fd, length);
}

static void ignore_line(void *context, bool is_error, const char *line)
{
	(void)context;
	(void)is_error;
	(void)line;
}

static struct modinfo *modinfo;
static struct trust *trust; /* of the two keys, and of the captured modules' */
static atomic_bool stop;

static int group_setup(void **state)
{
	static const char *const paths[] = { FIXTURES "keys/rsa.crt.pem",
		                             FIXTURES "keys/ec.crt.pem",
		                             FIXTURES "signing-key.crt.pem" };
	const struct modinfo_log log = { .write = ignore_line };
	_cleanup_(text_clear) struct text bad_path = TEXT_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (trust_add(&trust, paths[i], &bad_path) < 0)
			return -1;
	return modinfo_new(&log, &modinfo);
}

static int group_teardown(void **state)
{
	(void)state;
	trust = trust_free(trust);
	modinfo = modinfo_free(modinfo);
	return 0;
}

static int setup(void **state)
{
	memory_fails = false;
	memfd_error = read_error = ftruncate_error = 0;
	atomic_store(&stop, false);
	return tree_setup(state);
}

static int read_bytes(const void *bytes, size_t length, bool is_verifying,
                      struct module_file **ret_file)
{
	const struct signature_reader reader = { .modinfo = modinfo,
		                                 .trust = is_verifying ? trust : NULL,
		                                 .stop = &stop };
	int fd = fixtures_open(bytes, length), r;

	*ret_file = module_file_new("/file.ko");
	assert_non_null(*ret_file);
	r = signature_read(&reader, fd, *ret_file);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
	return r;
}

static struct module_file *read_fixture(const char *name, bool is_verifying)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes = fixtures_read(name, &length);
	struct module_file *file;
	int r = read_bytes(bytes, length, is_verifying, &file);

	if (r < 0)
		fail_msg("%s: %d", name, r);
	return file;
}

/* ---- the exact facts ---- */

/* What is not a module's own, but its signature's. */
struct facts {
	const char *name;
	enum module_signature signature;
	enum module_verified verified; /* where certificates are configured */
	const char *id, *signer, *key, *hash;
	bool is_blind; /* modinfo(8) need not see that there is a signature */
};

#define NONE(name, signature)                                                    \
	{                                                                        \
		name, signature, MODULE_VERIFIED_UNTRUSTED, "", "", "", "", true \
	}
#define SIGNED(name, verified, signer, key, hash, is_blind)                          \
	{                                                                            \
		name, MODULE_SIGNATURE_PKCS7, verified, "PKCS#7", signer, key, hash, \
			is_blind                                                     \
	}
#define MALFORMED_BLOB(name)                                                           \
	{                                                                              \
		name, MODULE_SIGNATURE_MALFORMED, MODULE_VERIFIED_UNTRUSTED, "PKCS#7", \
			"", "", "", true                                               \
	}
#define VARIANTS(key, signer, serial, ski)                                               \
	SIGNED(key "-sha1", MODULE_VERIFIED_YES, signer, serial, "sha1", false),         \
		SIGNED(key "-sha224", MODULE_VERIFIED_YES, signer, serial, "sha224",     \
	               false),                                                           \
		SIGNED(key "-sha256", MODULE_VERIFIED_YES, signer, serial, "sha256",     \
	               false),                                                           \
		SIGNED(key "-sha384", MODULE_VERIFIED_YES, signer, serial, "sha384",     \
	               false),                                                           \
		SIGNED(key "-sha512", MODULE_VERIFIED_YES, signer, serial, "sha512",     \
	               false),                                                           \
		SIGNED(key "-sha3-256", MODULE_VERIFIED_YES, signer, serial, "sha3-256", \
	               true),                                                            \
		SIGNED(key "-sha3-384", MODULE_VERIFIED_YES, signer, serial, "sha3-384", \
	               true),                                                            \
		SIGNED(key "-sha3-512", MODULE_VERIFIED_YES, signer, serial, "sha3-512", \
	               true),                                                            \
		SIGNED(key "-sha1-keyid", MODULE_VERIFIED_YES, "", ski, "sha1", true),   \
		SIGNED(key "-sha224-keyid", MODULE_VERIFIED_YES, "", ski, "sha224",      \
	               true),                                                            \
		SIGNED(key "-sha256-keyid", MODULE_VERIFIED_YES, "", ski, "sha256",      \
	               true),                                                            \
		SIGNED(key "-sha384-keyid", MODULE_VERIFIED_YES, "", ski, "sha384",      \
	               true),                                                            \
		SIGNED(key "-sha512-keyid", MODULE_VERIFIED_YES, "", ski, "sha512",      \
	               true),                                                            \
		SIGNED(key "-sha3-256-keyid", MODULE_VERIFIED_YES, "", ski, "sha3-256",  \
	               true),                                                            \
		SIGNED(key "-sha3-384-keyid", MODULE_VERIFIED_YES, "", ski, "sha3-384",  \
	               true),                                                            \
		SIGNED(key "-sha3-512-keyid", MODULE_VERIFIED_YES, "", ski, "sha3-512",  \
	               true)

/* GnuTLS 3.7 cannot check it. */
#define ML_DSA(key)                                                                     \
	SIGNED(key, MODULE_VERIFIED_UNTRUSTED, RSA_KEY, RSA_ID, "sha512", false),       \
		SIGNED(key "-attributes", MODULE_VERIFIED_UNTRUSTED, RSA_KEY, RSA_ID,   \
	               "sha512", false),                                                \
		SIGNED(key "-keyid", MODULE_VERIFIED_UNTRUSTED, "", RSA_SKI, "sha512",  \
	               true),                                                           \
		SIGNED(key "-attributes-keyid", MODULE_VERIFIED_UNTRUSTED, "", RSA_SKI, \
	               "sha512", true)

static const struct facts made[] = {
	VARIANTS("rsa", RSA_KEY, RSA_ID, RSA_SKI),
	VARIANTS("ec", EC_KEY, EC_ID, EC_SKI),
	SIGNED("attributes", MODULE_VERIFIED_YES, RSA_KEY, RSA_ID, "sha256", false),
	SIGNED("certificate-inside", MODULE_VERIFIED_YES, EC_KEY, EC_ID, "sha256", false),
	SIGNED("two-signers", MODULE_VERIFIED_YES, "Somebody else's key", EC_ID, "sha256",
	       false),
	SIGNED("issuer-first", MODULE_VERIFIED_UNTRUSTED, "Name in front", "7F", "sha256",
	       false),
	SIGNED("issuer-names", MODULE_VERIFIED_UNTRUSTED, "One name", "80", "sha256",
	       false),
	SIGNED("issuer-nameless", MODULE_VERIFIED_UNTRUSTED, "The last part", "0F:00",
	       "sha256", false),
	SIGNED("issuer-beside", MODULE_VERIFIED_UNTRUSTED, "Name beside a unit", "10",
	       "sha256", false),
	SIGNED("issuer-unicode", MODULE_VERIFIED_UNTRUSTED,
	       "Schl\xc3\xbcssel \xe2\x9c\x93", "11", "sha256", false),
	SIGNED("issuer-hostile", MODULE_VERIFIED_UNTRUSTED, "a\"b\\c\nd\x1b[31m\xc2\x9b",
	       "12", "sha256", false),
	SIGNED("issuer-longest", MODULE_VERIFIED_UNTRUSTED,
	       "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
	       "7F:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5", "sha256",
	       false),
	/* Its last one signs what the first one did, without that one. */
	SIGNED("two-trailers", MODULE_VERIFIED_NO, RSA_KEY, RSA_ID, "sha256", false),
	SIGNED("unknown-hash", MODULE_VERIFIED_UNTRUSTED, RSA_KEY, RSA_ID,
	       "2.16.840.1.101.3.4.2.6", true),
	SIGNED("indefinite", MODULE_VERIFIED_YES, RSA_KEY, RSA_ID, "sha256", false),
	ML_DSA("ml-dsa-44"),
	ML_DSA("ml-dsa-65"),
	ML_DSA("ml-dsa-87"),
	NONE("unsigned", MODULE_SIGNATURE_NONE),
	{ "x509", MODULE_SIGNATURE_X509, MODULE_VERIFIED_UNTRUSTED, "X509",
	  "Red Hat Enterprise Linux kernel signing key",
	  "A0:A1:A2:A3:A4:A5:A6:A7:A8:A9:AA:AB:AC:AD:AE:AF:B0:B1:B2:B3", "sha256",
	  false },
	{ "pgp", MODULE_SIGNATURE_PGP, MODULE_VERIFIED_UNTRUSTED, "PGP", "Somebody",
	  "01:02:03", "sha256", false },
	NONE("type-3", MODULE_SIGNATURE_UNKNOWN),
	NONE("type-255", MODULE_SIGNATURE_UNKNOWN),
	MALFORMED_BLOB("blob-garbage"),
	MALFORMED_BLOB("blob-certificate"),
	MALFORMED_BLOB("blob-cut-off"),
	MALFORMED_BLOB("blob-no-signer"),
	NONE("longer-than-file", MODULE_SIGNATURE_MALFORMED),
	NONE("empty-blob", MODULE_SIGNATURE_MALFORMED),
	NONE("marker-alone", MODULE_SIGNATURE_MALFORMED),
	NONE("bytes-behind", MODULE_SIGNATURE_MALFORMED),
};

/* modinfo goes by the blob; the kernel refuses it for its trailer (mod_check_sig). */
static const struct facts fields_not_zero =
	NONE("fields-not-zero", MODULE_SIGNATURE_MALFORMED);

static void check_word(const char *name, const struct module_file *file,
                       enum module_word word, const char *expected)
{
	if (strcmp(module_file_word(file, word), expected) != 0)
		fail_msg("%s: %s is \"%s\", not \"%s\"", name, module_word_name(word),
		         module_file_word(file, word), expected);
}

static void check_facts(const struct facts *facts, const struct module_file *file,
                        bool is_verifying)
{
	enum module_verified verified =
		is_verifying ? facts->verified : MODULE_VERIFIED_UNASKED;

	if (file->signature != facts->signature)
		fail_msg("%s: %s", facts->name, module_signature_name(file->signature));
	if (file->verified != verified)
		fail_msg("%s: verified \"%s\"", facts->name,
		         module_verified_name(file->verified));
	check_word(facts->name, file, MODULE_WORD_SIG_ID, facts->id);
	check_word(facts->name, file, MODULE_WORD_SIGNER, facts->signer);
	check_word(facts->name, file, MODULE_WORD_SIG_KEY, facts->key);
	check_word(facts->name, file, MODULE_WORD_SIG_HASHALGO, facts->hash);
	assert_string_equal(file->path, "/file.ko");
}

/* What all of the made modules say of themselves. */
static void check_made(const struct facts *facts)
{
	static const unsigned char id[] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
		                            11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };
	char name[64];

	snprintf(name, sizeof(name), "made/%s.ko", facts->name);
	for (int is_verifying = 0; is_verifying < 2; is_verifying++) {
		struct module_file *file = read_fixture(name, is_verifying);

		check_facts(facts, file, is_verifying);
		check_word(name, file, MODULE_WORD_INTREE, "Y");
		check_word(name, file, MODULE_WORD_LICENSE, "GPL v2");
		check_word(name, file, MODULE_WORD_LIVEPATCH, "");
		check_word(name, file, MODULE_WORD_NAME, "made");
		check_word(name, file, MODULE_WORD_SRCVERSION, "0123456789ABCDEF0123456");
		check_word(name, file, MODULE_WORD_STAGING, "");
		check_word(name, file, MODULE_WORD_TEST, "");
		check_word(name, file, MODULE_WORD_VERMAGIC,
		           "6.12.0-test SMP preempt mod_unload ");
		check_word(name, file, MODULE_WORD_VERSION, "3.1.4");
		assert_string_equal(file->build.srcversion, "0123456789ABCDEF0123456");
		assert_int_equal(file->build.id_length, sizeof(id));
		assert_memory_equal(file->build.id, id, sizeof(id));
		assert_int_equal(file->compression, MODULE_COMPRESSION_NONE);
		assert_int_equal(file->error, 0);
		module_file_free(file);
	}
}

static void signature_read_gives_the_exact_facts_of_each_module(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		check_made(&made[i]);
	check_made(&fields_not_zero);
}

/* Every file of the folder is one of these. */
static void signature_read_is_tried_on_every_module(void **state)
{
	(void)state;
	assert_int_equal(tree_count_entries(FIXTURES "made"), ARRAY_SIZE(made) + 1);
}

static void signature_read_reads_real_modules_in_every_form(void **state)
{
	static const struct {
		const char *suffix;
		enum module_compression compression;
	} forms[] = { { "", MODULE_COMPRESSION_NONE },
		      { ".gz", MODULE_COMPRESSION_GZIP },
		      { ".xz", MODULE_COMPRESSION_XZ },
		      { ".zst", MODULE_COMPRESSION_ZSTD } };
	static const struct facts unsigned_facts =
		NONE("unsigned", MODULE_SIGNATURE_NONE);
	static const struct facts signed_facts =
		SIGNED("signed", MODULE_VERIFIED_YES, LAB_KEY, LAB_ID, "sha256", false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct module_file *file;
		char name[64];

		snprintf(name, sizeof(name), "unsigned.ko%s", forms[i].suffix);
		file = read_fixture(name, true);
		check_facts(&unsigned_facts, file, true);
		assert_int_equal(file->compression, forms[i].compression);
		check_word(name, file, MODULE_WORD_NAME, "lab_gpl");
		assert_string_equal(file->build.srcversion, "29B8B06DC16DEC16B466F94");
		assert_int_equal(file->build.id_length, 20);
		module_file_free(file);

		snprintf(name, sizeof(name), "signed.ko%s", forms[i].suffix);
		file = read_fixture(name, true);
		check_facts(&signed_facts, file, true);
		assert_int_equal(file->compression, forms[i].compression);
		check_word(name, file, MODULE_WORD_NAME, "lab_signed");
		assert_string_equal(file->build.srcversion, "858659C18D922C70BD985FC");
		module_file_free(file);
	}
}

static void signature_read_tells_signed_tampered_and_foreign(void **state)
{
	static const struct facts tampered =
		SIGNED("tampered", MODULE_VERIFIED_NO, LAB_KEY, LAB_ID, "sha256", false);
	static const struct facts debian =
		SIGNED("debian-signed", MODULE_VERIFIED_UNTRUSTED,
	               "Build time autogenerated kernel key",
	               "66:F5:4E:15:66:A0:43:CC:30:30:42:0E:18:1C:F8:50:FB:9F:42:AC",
	               "sha256", false);
	struct module_file *file;

	(void)state;
	file = read_fixture("tampered.ko", true);
	check_facts(&tampered, file, true);
	module_file_free(file);
	file = read_fixture("debian-signed.ko", true);
	check_facts(&debian, file, true);
	check_word("debian-signed", file, MODULE_WORD_INTREE, "Y");
	module_file_free(file);
}

static void signature_read_finds_signatures_in_sections(void **state)
{
	static const char modinfo_bytes[] = "license=GPL";
	struct module_file *file;
	struct object object;
	unsigned char note[128];
	struct object_section sections[] = {
		{ ".modinfo", SHT_PROGBITS, modinfo_bytes, sizeof(modinfo_bytes) },
		{ ".module_sig", SHT_PROGBITS, "DSA", 3 },
	};

	(void)state;
	object_init(&object, false, false, sections, 2);
	assert_int_equal(read_bytes(object.bytes, object.length, true, &file), 0);
	assert_int_equal(file->signature, MODULE_SIGNATURE_ELF_SECTION);
	assert_int_equal(file->verified, MODULE_VERIFIED_UNTRUSTED);
	check_word("RHEL 5", file, MODULE_WORD_SIG_ID, "");
	check_word("RHEL 5", file, MODULE_WORD_LICENSE, "GPL");
	module_file_free(file);

	object.is_big = true;
	sections[1] = (struct object_section){ ".note.module.sig", SHT_NOTE, note,
		                               object_note(&object, note, "module.sig",
		                                           100, "DSA", 3) };
	object_init(&object, true, true, sections, 2);
	assert_int_equal(read_bytes(object.bytes, object.length, false, &file), 0);
	assert_int_equal(file->signature, MODULE_SIGNATURE_ELF_SECTION);
	assert_int_equal(file->verified, MODULE_VERIFIED_UNASKED);
	module_file_free(file);

	/* What is appended counts more: that is what a kernel of today looks at. */
	{
		size_t length;
		_cleanup_(free_pointer) unsigned char *bytes =
			fixtures_read("made/marker-alone.ko", &length);
		_cleanup_(text_clear) struct text both = TEXT_INIT;

		text_add(&both, (const char *)object.bytes, object.length);
		text_add(&both, (const char *)bytes + length - 28, 28);
		assert_int_equal(read_bytes(both.data, both.length, false, &file), 0);
		assert_int_equal(file->signature, MODULE_SIGNATURE_MALFORMED);
		module_file_free(file);
	}
}

/* ---- modinfo(8) ---- */

/* The word KEY in what modinfo printed, for free(); NULL: not there. */
static char *printed_word(const char *printed, const char *key)
{
	char start[64];
	const char *line = printed, *value, *end;
	size_t length;
	_cleanup_(text_clear) struct text word = TEXT_INIT;

	snprintf(start, sizeof(start), "%s:", key);
	while (line && strncmp(line, start, strlen(start)) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return NULL;
	value = line + strlen(start);
	value += strspn(value, " ");
	/* sig_key may go on in the next line, in which a tab stands before it. */
	while ((end = strchrnul(value, '\n'))) {
		text_add(&word, value, (size_t)(end - value));
		if (strncmp(end, "\n\t\t", 3) != 0)
			break;
		value = end + 3;
	}
	text_add_char(&word, '\0');
	return text_take(&word, &length);
}

/* What modinfo prints of a file. */
static void run_modinfo(const char *path, struct text *printed)
{
	char command[512], piece[4096];
	size_t size;
	FILE *pipe;

	snprintf(command, sizeof(command),
	         "PATH=$PATH:/sbin:/usr/sbin exec modinfo '%s' 2>&1", path);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	while ((size = fread(piece, 1, sizeof(piece), pipe)) > 0)
		text_add(printed, piece, size);
	pclose(pipe);
}

/* What modinfo prints is the word, where it must print one or does. */
static void check_printed(const struct text *printed, const char *name, const char *key,
                          const char *word, bool is_optional)
{
	_cleanup_(free_pointer) char *value = printed_word(text_string(printed), key);

	if (!value && (is_optional || !*word))
		return;
	/* Newer ones say that they do not know. */
	if (is_optional && (!*value || strcmp(value, "unknown") == 0))
		return;
	if (!value || strcmp(value, word) != 0)
		fail_msg("%s: modinfo says %s \"%s\", not \"%s\"", name, key,
		         value ? value : "(nothing)", word);
}

/* Compares the file with what modinfo prints, or PRINTED once. */
static void check_agreement(const char *name, const struct text *printed, bool is_blind)
{
	static const enum module_word words[] = {
		MODULE_WORD_INTREE,     MODULE_WORD_LICENSE,  MODULE_WORD_NAME,
		MODULE_WORD_SRCVERSION, MODULE_WORD_VERMAGIC, MODULE_WORD_VERSION
	};
	static const enum module_word signature_words[] = { MODULE_WORD_SIG_ID,
		                                            MODULE_WORD_SIGNER,
		                                            MODULE_WORD_SIG_KEY,
		                                            MODULE_WORD_SIG_HASHALGO };
	struct module_file *file = read_fixture(name, false);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		check_printed(printed, name, module_word_name(words[i]),
		              module_file_word(file, words[i]), false);
	for (size_t i = 0; i < ARRAY_SIZE(signature_words); i++)
		check_printed(printed, name, module_word_name(signature_words[i]),
		              module_file_word(file, signature_words[i]), is_blind);
	module_file_free(file);
}

static void check_agreement_now(const char *name, bool is_blind)
{
	_cleanup_(text_clear) struct text printed = TEXT_INIT;
	char path[128];

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	run_modinfo(path, &printed);
	check_agreement(name, &printed, is_blind);
}

static void signature_read_agrees_with_what_modinfo_printed(void **state)
{
	static const char *const names[] = { "signed", "unsigned", "tampered",
		                             "debian-signed" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(text_clear) struct text printed = TEXT_INIT;
		_cleanup_(free_pointer) unsigned char *bytes = NULL;
		char name[64];
		size_t length;

		snprintf(name, sizeof(name), "%s.modinfo.txt", names[i]);
		bytes = fixtures_read(name, &length);
		text_add(&printed, (const char *)bytes, length);
		snprintf(name, sizeof(name), "%s.ko", names[i]);
		check_agreement(name, &printed, false);
	}
}

static void signature_read_agrees_with_modinfo_word_by_word(void **state)
{
	static const char *const captured[] = { "signed.ko",      "signed.ko.xz",
		                                "signed.ko.zst",  "unsigned.ko",
		                                "unsigned.ko.xz", "unsigned.ko.zst",
		                                "tampered.ko",    "debian-signed.ko" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++)
		check_agreement_now(captured[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		char name[64];

		/* A name of two lines is printed as two. */
		if (strcmp(made[i].name, "issuer-hostile") == 0)
			continue;
		snprintf(name, sizeof(name), "made/%s.ko", made[i].name);
		check_agreement_now(name, made[i].is_blind);
	}
}

/* What it does not see here, ours says all the same: the facts above. */
static void signature_read_sees_what_modinfo_of_today_does_not(void **state)
{
	static const char *const signatures[] = { "rsa-sha3-256",     "ec-sha3-512",
		                                  "rsa-sha256-keyid", "ec-sha384-keyid",
		                                  "unknown-hash",     "blob-garbage" };
	_cleanup_(text_clear) struct text version = TEXT_INIT;
	_cleanup_(text_clear) struct text printed = TEXT_INIT;
	struct module_file *file;
	bool is_old;

	(void)state;
	run_modinfo("--version", &version);
	is_old = strstr(text_string(&version), "version 30") != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		char name[128];

		snprintf(name, sizeof(name), "made/%s.ko", signatures[i]);
		file = read_fixture(name, false);
		check_word(name, file, MODULE_WORD_SIG_ID, "PKCS#7");
		module_file_free(file);
		snprintf(name, sizeof(name), FIXTURES "made/%s.ko", signatures[i]);
		text_reset(&printed);
		run_modinfo(name, &printed);
		assert_non_null(strstr(text_string(&printed), "GPL v2"));
		if (is_old)
			assert_null(strstr(text_string(&printed), "sig_"));
	}
	/* kmod 30 of Debian 12 is built without zlib. */
	file = read_fixture("signed.ko.gz", false);
	check_word("signed.ko.gz", file, MODULE_WORD_SIGNER, LAB_KEY);
	check_word("signed.ko.gz", file, MODULE_WORD_LICENSE, "GPL");
	module_file_free(file);
}

/* ---- what is no module ---- */

static void check_no_module(const void *bytes, size_t length,
                            enum module_signature signature, int error)
{
	for (int is_verifying = 0; is_verifying < 2; is_verifying++) {
		struct module_file *file;

		assert_int_equal(read_bytes(bytes, length, is_verifying, &file), 0);
		assert_int_equal(file->signature, signature);
		assert_int_equal(file->error, error);
		for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
			assert_string_equal(module_file_word(file, word), "");
		assert_int_equal(file->build.id_length, 0);
		assert_int_not_equal(file->verified, MODULE_VERIFIED_YES);
		module_file_free(file);
	}
}

static void signature_read_takes_what_is_no_module_for_malformed(void **state)
{
	static const char *const files[] = { "",
		                             "x",
		                             "#!/bin/sh\n",
		                             "\177ELF",
		                             "\x1f\x8b garbage",
		                             "(\xb5/\xfd garbage",
		                             "~Module signature appended~\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		check_no_module(files[i], strlen(files[i]), MODULE_SIGNATURE_MALFORMED,
		                -EBADMSG);
	check_no_module("\xfd"
	                "7zXZ\0garbage",
	                13, MODULE_SIGNATURE_MALFORMED, -EBADMSG);
}

static void signature_read_takes_an_unsound_module_for_malformed(void **state)
{
	static const struct object_section section = { ".modinfo", SHT_PROGBITS,
		                                       "license=GPL", 12 };
	struct object object;

	(void)state;
	object_init(&object, true, false, &section, 1);
	object_set(&object, e_shstrndx, 0);
	check_no_module(object.bytes, object.length, MODULE_SIGNATURE_MALFORMED,
	                -EBADMSG);
	object_init(&object, true, false, &section, 1);
	object_set(&object, e_shnum, 0);
	check_no_module(object.bytes, object.length, MODULE_SIGNATURE_MALFORMED,
	                -EBADMSG);
	object_init(&object, true, false, &section, 1);
	object_set_section(&object, 1, sh_offset, object.length);
	check_no_module(object.bytes, object.length, MODULE_SIGNATURE_MALFORMED,
	                -EBADMSG);
	object_init(&object, true, false, &section, 1);
	object_set(&object, e_type, ET_DYN);
	check_no_module(object.bytes, object.length, MODULE_SIGNATURE_MALFORMED,
	                -EBADMSG);
}

/* libkmod takes any section for that of the names, and looks where .modinfo lies. */
static void signature_read_survives_names_that_are_of_another_type(void **state)
{
	static const struct object_section section = { ".modinfo", SHT_PROGBITS,
		                                       "license=GPL", 12 };
	struct object object;
	struct module_file *file;

	(void)state;
	object_init(&object, true, false, &section, 1);
	object_set_section(&object, 1, sh_size, 0);
	object_set_section(&object, 1, sh_offset, object.length + 1);
	object_set_section(&object, 2, sh_type, SHT_PROGBITS);
	assert_int_equal(read_bytes(object.bytes, object.length, false, &file), 0);
	assert_int_equal(file->signature, MODULE_SIGNATURE_MALFORMED);
	module_file_free(file);
}

static void signature_read_says_why_a_file_is_unreadable(void **state)
{
	static const int errors[] = { EIO, EACCES, ESTALE };
	const struct signature_reader reader = { .modinfo = modinfo };
	struct module_file *file;
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		read_error = errors[i];
		check_no_module("x", 1, MODULE_SIGNATURE_UNREADABLE, -errors[i]);
	}
	read_error = 0;
	memfd_error = EMFILE;
	check_no_module("x", 1, MODULE_SIGNATURE_UNREADABLE, -EMFILE);
	memfd_error = 0;

	tree_write("sparse", "");
	fd = openat(tree_fd, "sparse", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
	file = module_file_new("");
	assert_non_null(file);
	assert_int_equal(signature_read(&reader, fd, file), 0);
	assert_int_equal(file->signature, MODULE_SIGNATURE_UNREADABLE);
	assert_int_equal(file->error, -EFBIG);
	module_file_free(file);
	close(fd);

	file = module_file_new("");
	assert_non_null(file);
	assert_int_equal(signature_read(&reader, -1, file), 0);
	assert_int_equal(file->signature, MODULE_SIGNATURE_UNREADABLE);
	assert_int_equal(file->error, -EBADF);
	module_file_free(file);
}

/* The file asks for 4 GiB: that is not a lack of memory that would pass. */
static void signature_read_takes_no_demand_for_memory_for_an_error(void **state)
{
	/* xz of nothing much, whose block header asks for the largest dictionary. */
	static const unsigned char xz[] = { 0xfd, '7',  'z',  'X',  'Z',  0,
		                            0,    1,    0x69, 0x22, 0xde, 0x36,
		                            0x02, 0x00, 0x21, 0x01, 0x28, 0x00,
		                            0x00, 0x00, 0xe6, 0xa0, 0x11, 0xb3 };
	struct module_file *file;

	(void)state;
	assert_int_equal(read_bytes(xz, sizeof(xz), false, &file), 0);
	assert_true(file->signature == MODULE_SIGNATURE_MALFORMED ||
	            file->signature == MODULE_SIGNATURE_UNREADABLE);
	module_file_free(file);
}

static void signature_read_survives_every_part_of_a_module(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko", "made/x509.ko",
		                             "signed.ko.zst" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *bytes =
			fixtures_read(names[i], &length);

		for (size_t cut = 0; cut < length; cut++) {
			struct module_file *file;

			assert_int_equal(read_bytes(bytes, cut, false, &file), 0);
			assert_true(file->signature == MODULE_SIGNATURE_MALFORMED ||
			            file->signature == MODULE_SIGNATURE_NONE);
			module_file_free(file);
		}
	}
}

static void signature_read_survives_every_changed_byte(void **state)
{
	static const char *const names[] = { "made/ec-sha256.ko",
		                             "made/rsa-sha1-keyid.ko", "made/x509.ko",
		                             "signed.ko.gz" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *bytes =
			fixtures_read(names[i], &length);

		for (size_t at = 0; at < length; at++) {
			struct module_file *file;
			unsigned char change = (unsigned char)(at % 2 ? 0x80 : 0xff);

			bytes[at] ^= change;
			assert_int_equal(read_bytes(bytes, length, false, &file), 0);
			assert_true(module_file_is_read(file));
			module_file_free(file);
			bytes[at] ^= change;
		}
	}
}

/* ---- giving up ---- */

static void signature_read_gives_up_when_it_is_told_to(void **state)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes =
		fixtures_read("signed.ko", &length);
	struct module_file *file;

	(void)state;
	atomic_store(&stop, true);
	assert_int_equal(read_bytes(bytes, length, true, &file), -ECANCELED);
	module_file_free(file);
}

static void signature_read_says_when_there_is_no_memory(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko", "made/x509.ko" };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		size_t length, failures = 0;
		_cleanup_(free_pointer) unsigned char *bytes =
			fixtures_read(names[k], &length);

		for (size_t i = 0; i < 40; i++) {
			struct module_file *file;
			int r;

			memory_fails = true;
			memory_fails_at = i;
			r = read_bytes(bytes, length, true, &file);
			assert_int_equal(r, memory_fails ? 0 : -ENOMEM);
			failures += r < 0;
			memory_fails = false;
			module_file_free(file);
		}
		assert_in_range(failures, 9, 30);
		memfd_error = ENOMEM;
		{
			struct module_file *file;

			assert_int_equal(read_bytes(bytes, length, true, &file), -ENOMEM);
			module_file_free(file);
		}
		memfd_error = 0;
	}
}

static void signature_read_that_cannot_cut_says_so(void **state)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes =
		fixtures_read("signed.ko", &length);
	struct module_file *file;

	(void)state;
	ftruncate_error = ENOSPC;
	assert_int_equal(read_bytes(bytes, length, true, &file), 0);
	ftruncate_error = 0;
	assert_int_equal(file->signature, MODULE_SIGNATURE_UNREADABLE);
	assert_int_equal(file->error, -ENOSPC);
	module_file_free(file);
}

static void signature_read_leaves_no_descriptor_open(void **state)
{
	size_t before = tree_count_descriptors(), after;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		char name[64];

		if (strstr(made[i].name, "keyid"))
			continue;
		snprintf(name, sizeof(name), "made/%s.ko", made[i].name);
		module_file_free(read_fixture(name, true));
	}
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(signature_read_gives_the_exact_facts_of_each_module),
		TEST(signature_read_is_tried_on_every_module),
		TEST(signature_read_reads_real_modules_in_every_form),
		TEST(signature_read_tells_signed_tampered_and_foreign),
		TEST(signature_read_finds_signatures_in_sections),
		TEST(signature_read_agrees_with_what_modinfo_printed),
		TEST(signature_read_agrees_with_modinfo_word_by_word),
		TEST(signature_read_sees_what_modinfo_of_today_does_not),
		TEST(signature_read_takes_what_is_no_module_for_malformed),
		TEST(signature_read_takes_an_unsound_module_for_malformed),
		TEST(signature_read_survives_names_that_are_of_another_type),
		TEST(signature_read_says_why_a_file_is_unreadable),
		TEST(signature_read_takes_no_demand_for_memory_for_an_error),
		TEST(signature_read_survives_every_part_of_a_module),
		TEST(signature_read_survives_every_changed_byte),
		TEST(signature_read_gives_up_when_it_is_told_to),
		TEST(signature_read_says_when_there_is_no_memory),
		TEST(signature_read_that_cannot_cut_says_so),
		TEST(signature_read_leaves_no_descriptor_open),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
