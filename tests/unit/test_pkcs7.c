/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and certificates: the signer of every variant that a kernel knows, the
 * certificate that made it and none other, and that no blob and no file of certificates
 * that is broken does any harm. The modules and keys are those of tests/modules. Knows
 * GnuTLS and the memory, which it lets fail.
 */
#include "sources/pkcs7.h"

#include <errno.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "sources/trailer.h"
#include "tree.h"

#define KEYS      FIXTURES "keys/"
#define RSA_KEY   "Tests' RSA key"
#define RSA_ID    "80:C0:FF:EE:01"
#define RSA_SKI   "40:A4:B9:11:23:BD:28:20:55:4E:C8:51:B4:E3:85:B5:EF:ED:87:94"
#define EC_KEY    "Tests' ECDSA key"
#define EC_ID     "01:02:03:04:05"
#define EC_SKI    "72:23:05:0D:61:7C:16:4A:D3:27:5D:AF:71:F0:31:E1:C3:CE:FB:4A"
#define OTHER_KEY "Somebody else's key"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);
int __real_gnutls_x509_crt_list_import2(gnutls_x509_crt_t **list, unsigned int *count,
                                        const gnutls_datum_t *bytes,
                                        gnutls_x509_crt_fmt_t form, unsigned int flags);
int __wrap_gnutls_x509_crt_list_import2(gnutls_x509_crt_t **list, unsigned int *count,
                                        const gnutls_datum_t *bytes,
                                        gnutls_x509_crt_fmt_t form, unsigned int flags);
int __real_gnutls_pkcs7_init(gnutls_pkcs7_t *pkcs7);
int __wrap_gnutls_pkcs7_init(gnutls_pkcs7_t *pkcs7);
int __real_gnutls_pkcs7_import(gnutls_pkcs7_t pkcs7, const gnutls_datum_t *bytes,
                               gnutls_x509_crt_fmt_t form);
int __wrap_gnutls_pkcs7_import(gnutls_pkcs7_t pkcs7, const gnutls_datum_t *bytes,
                               gnutls_x509_crt_fmt_t form);
int __real_gnutls_pkcs7_get_signature_info(gnutls_pkcs7_t pkcs7, unsigned int index,
                                           gnutls_pkcs7_signature_info_st *info);
int __wrap_gnutls_pkcs7_get_signature_info(gnutls_pkcs7_t pkcs7, unsigned int index,
                                           gnutls_pkcs7_signature_info_st *info);
int __real_gnutls_x509_dn_init(gnutls_x509_dn_t *name);
int __wrap_gnutls_x509_dn_init(gnutls_x509_dn_t *name);
int __real_gnutls_x509_dn_import(gnutls_x509_dn_t name, const gnutls_datum_t *bytes);
int __wrap_gnutls_x509_dn_import(gnutls_x509_dn_t name, const gnutls_datum_t *bytes);
int __real_gnutls_pkcs7_get_signature_count(gnutls_pkcs7_t pkcs7);
int __wrap_gnutls_pkcs7_get_signature_count(gnutls_pkcs7_t pkcs7);
int __real_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t certificate,
                                            unsigned int *bits);
int __wrap_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t certificate,
                                            unsigned int *bits);
int __real_gnutls_x509_crt_get_serial(gnutls_x509_crt_t certificate, void *bytes,
                                      size_t *length);
int __wrap_gnutls_x509_crt_get_serial(gnutls_x509_crt_t certificate, void *bytes,
                                      size_t *length);
int __real_gnutls_x509_crt_get_raw_issuer_dn(gnutls_x509_crt_t certificate,
                                             gnutls_datum_t *name);
int __wrap_gnutls_x509_crt_get_raw_issuer_dn(gnutls_x509_crt_t certificate,
                                             gnutls_datum_t *name);
int __real_gnutls_x509_crt_get_subject_key_id(gnutls_x509_crt_t certificate, void *bytes,
                                              size_t *length, unsigned int *is_critical);
int __wrap_gnutls_x509_crt_get_subject_key_id(gnutls_x509_crt_t certificate, void *bytes,
                                              size_t *length, unsigned int *is_critical);
int __real_gnutls_pkcs7_verify_direct(gnutls_pkcs7_t pkcs7, gnutls_x509_crt_t signer,
                                      unsigned int index, const gnutls_datum_t *data,
                                      unsigned int flags);
int __wrap_gnutls_pkcs7_verify_direct(gnutls_pkcs7_t pkcs7, gnutls_x509_crt_t signer,
                                      unsigned int index, const gnutls_datum_t *data,
                                      unsigned int flags);

static bool memory_fails; /* allocation number memory_fails_at fails, that once */
static size_t memory_fails_at;
static int verify_fails; /* what gnutls_pkcs7_verify_direct() gives; 0: what it finds */

static bool fails_memory(void)
{
	if (!memory_fails || memory_fails_at-- != 0)
		return false;
	memory_fails = false;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_reallocarray(pointer, count, size);
}

char *__wrap_strndup(const char *string, size_t size)
{
	return fails_memory() ? NULL : __real_strndup(string, size);
}

int __wrap_gnutls_x509_crt_list_import2(gnutls_x509_crt_t **list, unsigned int *count,
                                        const gnutls_datum_t *bytes,
                                        gnutls_x509_crt_fmt_t form, unsigned int flags)
{
	if (fails_memory())
		return GNUTLS_E_MEMORY_ERROR;
	return __real_gnutls_x509_crt_list_import2(list, count, bytes, form, flags);
}

int __wrap_gnutls_pkcs7_init(gnutls_pkcs7_t *pkcs7)
{
	return fails_memory() ? GNUTLS_E_MEMORY_ERROR : __real_gnutls_pkcs7_init(pkcs7);
}

int __wrap_gnutls_pkcs7_import(gnutls_pkcs7_t pkcs7, const gnutls_datum_t *bytes,
                               gnutls_x509_crt_fmt_t form)
{
	return fails_memory() ? GNUTLS_E_MEMORY_ERROR
	                      : __real_gnutls_pkcs7_import(pkcs7, bytes, form);
}

int __wrap_gnutls_pkcs7_get_signature_info(gnutls_pkcs7_t pkcs7, unsigned int index,
                                           gnutls_pkcs7_signature_info_st *info)
{
	return fails_memory()
	               ? GNUTLS_E_MEMORY_ERROR
	               : __real_gnutls_pkcs7_get_signature_info(pkcs7, index, info);
}

int __wrap_gnutls_x509_dn_init(gnutls_x509_dn_t *name)
{
	return fails_memory() ? GNUTLS_E_MEMORY_ERROR : __real_gnutls_x509_dn_init(name);
}

int __wrap_gnutls_x509_dn_import(gnutls_x509_dn_t name, const gnutls_datum_t *bytes)
{
	return fails_memory() ? GNUTLS_E_MEMORY_ERROR
	                      : __real_gnutls_x509_dn_import(name, bytes);
}

int __wrap_gnutls_pkcs7_get_signature_count(gnutls_pkcs7_t pkcs7)
{
	return fails_memory() ? GNUTLS_E_MEMORY_ERROR
	                      : __real_gnutls_pkcs7_get_signature_count(pkcs7);
}

int __wrap_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t certificate,
                                            unsigned int *bits)
{
	return fails_memory()
	               ? GNUTLS_E_MEMORY_ERROR
	               : __real_gnutls_x509_crt_get_pk_algorithm(certificate, bits);
}

int __wrap_gnutls_x509_crt_get_serial(gnutls_x509_crt_t certificate, void *bytes,
                                      size_t *length)
{
	return fails_memory()
	               ? GNUTLS_E_MEMORY_ERROR
	               : __real_gnutls_x509_crt_get_serial(certificate, bytes, length);
}

int __wrap_gnutls_x509_crt_get_raw_issuer_dn(gnutls_x509_crt_t certificate,
                                             gnutls_datum_t *name)
{
	return fails_memory()
	               ? GNUTLS_E_MEMORY_ERROR
	               : __real_gnutls_x509_crt_get_raw_issuer_dn(certificate, name);
}

int __wrap_gnutls_x509_crt_get_subject_key_id(gnutls_x509_crt_t certificate, void *bytes,
                                              size_t *length, unsigned int *is_critical)
{
	if (fails_memory())
		return GNUTLS_E_MEMORY_ERROR;
	return __real_gnutls_x509_crt_get_subject_key_id(certificate, bytes, length,
	                                                 is_critical);
}

int __wrap_gnutls_pkcs7_verify_direct(gnutls_pkcs7_t pkcs7, gnutls_x509_crt_t signer,
                                      unsigned int index, const gnutls_datum_t *data,
                                      unsigned int flags)
{
	if (fails_memory())
		return GNUTLS_E_MEMORY_ERROR;
	if (verify_fails)
		return verify_fails;
	return __real_gnutls_pkcs7_verify_direct(pkcs7, signer, index, data, flags);
}

static int setup(void **state)
{
	memory_fails = false;
	verify_fails = 0;
	return tree_setup(state);
}

/* ---- modules ---- */

/* A module, and its trailer, whose pieces point into it. */
struct module {
	unsigned char *bytes;
	size_t length;
	struct trailer trailer;
};

static struct module read_module(const char *name)
{
	struct module module;

	module.bytes = fixtures_read(name, &module.length);
	trailer_parse(module.bytes, module.length, &module.trailer);
	assert_int_equal(module.trailer.signature, MODULE_SIGNATURE_PKCS7);
	return module;
}

static void free_module(const struct module *module)
{
	free(module->bytes);
}

/* ---- what a blob says ---- */

static int describe(const unsigned char *blob, size_t length,
                    struct module_file **ret_file)
{
	unsigned char *copy = fixtures_copy(blob, length);
	int r;

	*ret_file = module_file_new("");
	assert_non_null(*ret_file);
	r = pkcs7_describe(copy, length, *ret_file);
	free(copy);
	return r;
}

static void check_words(const char *name, const char *signer, const char *key,
                        const char *hash)
{
	_cleanup_(free_module) struct module module = read_module(name);
	struct module_file *file;
	int r = describe(module.trailer.blob, module.trailer.blob_length, &file);

	if (r < 0)
		fail_msg("%s: %d", name, r);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIGNER), signer);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), key);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_HASHALGO), hash);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_ID), "");
	module_file_free(file);
}

static const char *const hashes[] = { "sha1",   "sha224",   "sha256",   "sha384",
	                              "sha512", "sha3-256", "sha3-384", "sha3-512" };

static void pkcs7_describe_names_issuer_and_serial_of_every_variant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		char name[64];

		snprintf(name, sizeof(name), "made/rsa-%s.ko", hashes[i]);
		check_words(name, RSA_KEY, RSA_ID, hashes[i]);
		snprintf(name, sizeof(name), "made/ec-%s.ko", hashes[i]);
		check_words(name, EC_KEY, EC_ID, hashes[i]);
	}
}

static void pkcs7_describe_names_the_key_identifier_of_every_variant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		char name[64];

		snprintf(name, sizeof(name), "made/rsa-%s-keyid.ko", hashes[i]);
		check_words(name, "", RSA_SKI, hashes[i]);
		snprintf(name, sizeof(name), "made/ec-%s-keyid.ko", hashes[i]);
		check_words(name, "", EC_SKI, hashes[i]);
	}
}

static void pkcs7_describe_knows_the_captured_modules(void **state)
{
	(void)state;
	check_words("signed.ko", "Taint lab signing key",
	            "76:49:85:A7:7F:71:8D:A8:17:79:33:CE:2A:79:98:68:E1:89:37:EA",
	            "sha256");
	check_words("tampered.ko", "Taint lab signing key",
	            "76:49:85:A7:7F:71:8D:A8:17:79:33:CE:2A:79:98:68:E1:89:37:EA",
	            "sha256");
	check_words("debian-signed.ko", "Build time autogenerated kernel key",
	            "66:F5:4E:15:66:A0:43:CC:30:30:42:0E:18:1C:F8:50:FB:9F:42:AC",
	            "sha256");
}

static void pkcs7_describe_takes_the_first_common_name(void **state)
{
	(void)state;
	check_words("made/issuer-first.ko", "Name in front", "7F", "sha256");
	check_words("made/issuer-names.ko", "One name", "80", "sha256");
}

static void pkcs7_describe_finds_a_common_name_beside_another_part(void **state)
{
	(void)state;
	check_words("made/issuer-beside.ko", "Name beside a unit", "10", "sha256");
}

static void pkcs7_describe_takes_the_last_part_without_common_name(void **state)
{
	(void)state;
	check_words("made/issuer-nameless.ko", "The last part", "0F:00", "sha256");
}

static void pkcs7_describe_takes_names_as_they_are(void **state)
{
	(void)state;
	check_words("made/issuer-unicode.ko", "Schl\xc3\xbcssel \xe2\x9c\x93", "11",
	            "sha256");
	check_words("made/issuer-hostile.ko", "a\"b\\c\nd\x1b[31m\xc2\x9b", "12",
	            "sha256");
	check_words("made/issuer-longest.ko",
	            "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
	            "7F:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5:A5",
	            "sha256");
}

static void pkcs7_describe_takes_the_first_signer(void **state)
{
	(void)state;
	check_words("made/two-signers.ko", OTHER_KEY, EC_ID, "sha256");
	check_words("made/attributes.ko", RSA_KEY, RSA_ID, "sha256");
	check_words("made/certificate-inside.ko", EC_KEY, EC_ID, "sha256");
}

static void pkcs7_describe_tells_the_digits_of_an_unnamed_hash(void **state)
{
	(void)state;
	check_words("made/unknown-hash.ko", RSA_KEY, RSA_ID, "2.16.840.1.101.3.4.2.6");
}

static void pkcs7_describe_reads_indefinite_lengths(void **state)
{
	(void)state;
	check_words("made/indefinite.ko", RSA_KEY, RSA_ID, "sha256");
}

static const char *const ml_dsa[] = { "44", "65", "87" };

static void pkcs7_describe_names_the_signer_of_ml_dsa(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ml_dsa); i++) {
		char name[64];

		snprintf(name, sizeof(name), "made/ml-dsa-%s.ko", ml_dsa[i]);
		check_words(name, RSA_KEY, RSA_ID, "sha512");
		snprintf(name, sizeof(name), "made/ml-dsa-%s-attributes.ko", ml_dsa[i]);
		check_words(name, RSA_KEY, RSA_ID, "sha512");
		snprintf(name, sizeof(name), "made/ml-dsa-%s-keyid.ko", ml_dsa[i]);
		check_words(name, "", RSA_SKI, "sha512");
		snprintf(name, sizeof(name), "made/ml-dsa-%s-attributes-keyid.ko",
		         ml_dsa[i]);
		check_words(name, "", RSA_SKI, "sha512");
	}
}

/*
 * Replaces the algorithm of a signer with an RSA key, and no other byte: the identifiers
 * are of the same length.
 */
static void set_algorithm(struct module *module, unsigned char last)
{
	static const unsigned char rsa[] = { 6,    9,    0x2a, 0x86, 0x48, 0x86,
		                             0xf7, 0x0d, 1,    1,    1 };
	const unsigned char changed[] = {
		6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, last
	};
	unsigned char *at =
		memmem(module->bytes + module->trailer.signed_length,
	               module->length - module->trailer.signed_length, rsa, sizeof(rsa));

	assert_non_null(at);
	memcpy(at, changed, sizeof(changed));
}

/* From 2.16.840.1.101.3.4.3: ML-DSA, pre-hashed ML-DSA, SLH-DSA, and none yet. */
static const unsigned char algorithms[] = { 17, 18, 19, 32, 33, 34, 20, 31, 127 };

static const char *const by_rsa[] = {
	"signed.ko",
	"debian-signed.ko",
	"made/rsa-sha256.ko",
	"made/rsa-sha384.ko",
	"made/rsa-sha512.ko",
	"made/rsa-sha3-256.ko",
	"made/rsa-sha3-384.ko",
	"made/rsa-sha3-512.ko",
	"made/rsa-sha256-keyid.ko",
	"made/attributes.ko",
	"made/rsa-sha3-512-keyid.ko",
	"made/indefinite.ko",
};

static void pkcs7_describe_tells_the_same_whatever_the_algorithm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(by_rsa); i++)
		for (size_t k = 0; k < ARRAY_SIZE(algorithms); k++) {
			_cleanup_(free_module) struct module module =
				read_module(by_rsa[i]);
			struct module_file *before, *after;

			assert_int_equal(describe(module.trailer.blob,
			                          module.trailer.blob_length, &before),
			                 0);
			set_algorithm(&module, algorithms[k]);
			assert_int_equal(describe(module.trailer.blob,
			                          module.trailer.blob_length, &after),
			                 0);
			for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
				assert_string_equal(module_file_word(after, word),
				                    module_file_word(before, word));
			assert_string_not_equal(
				module_file_word(after, MODULE_WORD_SIG_KEY), "");
			module_file_free(before);
			module_file_free(after);
		}
}

static void pkcs7_describe_refuses_what_is_no_signature(void **state)
{
	static const char *const names[] = { "blob-garbage", "blob-certificate",
		                             "blob-cut-off", "blob-no-signer" };
	struct module_file *file;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[64];

		snprintf(name, sizeof(name), "made/%s.ko", names[i]);
		{
			_cleanup_(free_module) struct module module = read_module(name);

			assert_int_equal(describe(module.trailer.blob,
			                          module.trailer.blob_length, &file),
			                 -EBADMSG);
			module_file_free(file);
		}
	}
	assert_int_equal(describe((const unsigned char *)"", 0, &file), -EBADMSG);
	module_file_free(file);
	assert_int_equal(describe((const unsigned char *)"\x30", 1, &file), -EBADMSG);
	module_file_free(file);
	assert_int_equal(describe((const unsigned char *)"\x30\x80", 2, &file), -EBADMSG);
	module_file_free(file);
	assert_int_equal(
		describe((const unsigned char *)"\x30\x84\xff\xff\xff\xff", 6, &file),
		-EBADMSG);
	module_file_free(file);
}

static void pkcs7_describe_refuses_every_part_of_a_blob(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko",
		                             "made/ec-sha256-keyid.ko",
		                             "made/ml-dsa-44-attributes.ko",
		                             "made/indefinite.ko" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(free_module) struct module module = read_module(names[i]);

		for (size_t length = 0; length < module.trailer.blob_length; length++) {
			struct module_file *file;

			assert_int_equal(describe(module.trailer.blob, length, &file),
			                 -EBADMSG);
			module_file_free(file);
		}
	}
}

static void pkcs7_describe_survives_every_changed_byte(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko",
		                             "made/ec-sha256-keyid.ko",
		                             "made/attributes.ko", "made/ml-dsa-44.ko",
		                             "made/indefinite.ko" };
	static const unsigned char changes[] = { 0x01, 0x80, 0xff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(free_module) struct module module = read_module(names[i]);
		unsigned char *blob = module.bytes + (module.trailer.blob - module.bytes);

		for (size_t at = 0; at < module.trailer.blob_length; at++)
			for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
				struct module_file *file;
				int r;

				blob[at] ^= changes[k];
				r = describe(blob, module.trailer.blob_length, &file);
				assert_true(r == 0 || r == -EBADMSG);
				module_file_free(file);
				blob[at] ^= changes[k];
			}
	}
}

/* ---- certificates ---- */

static void free_trust(struct trust *const *trust)
{
	trust_free(*trust);
}

static void add_trust(struct trust **trust, const char *path)
{
	_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
	int r = trust_add(trust, path, &bad_path);

	if (r < 0)
		fail_msg("%s: %d", text_string(&bad_path), r);
	assert_non_null(*trust);
}

/* PATH cannot be added; BAD_PATH is what failed. */
static void check_bad(const char *path, int error, const char *bad)
{
	_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
	_cleanup_(free_trust) struct trust *trust = NULL;
	int r = trust_add(&trust, path, &bad_path);

	assert_int_equal(r, error);
	assert_string_equal(text_string(&bad_path), bad);
}

static enum module_verified verify_module(const struct trust *trust,
                                          const struct module *module)
{
	enum module_verified verified = MODULE_VERIFIED_COUNT;
	unsigned char *blob =
		fixtures_copy(module->trailer.blob, module->trailer.blob_length);
	unsigned char *data = fixtures_copy(module->bytes, module->trailer.signed_length);

	assert_int_equal(pkcs7_verify(trust, blob, module->trailer.blob_length, data,
	                              module->trailer.signed_length, &verified),
	                 0);
	free(data);
	free(blob);
	return verified;
}

static void check_verified(const struct trust *trust, const char *name,
                           enum module_verified verified)
{
	_cleanup_(free_module) struct module module = read_module(name);
	enum module_verified found = verify_module(trust, &module);

	if (found != verified)
		fail_msg("%s: %s", name, module_verified_name(found));
}

/* Which of the two keys are trusted. */
static void check_trust(const struct trust *trust, bool has_rsa, bool has_ec)
{
	check_verified(trust, "made/rsa-sha256.ko",
	               has_rsa ? MODULE_VERIFIED_YES : MODULE_VERIFIED_UNTRUSTED);
	check_verified(trust, "made/ec-sha256.ko",
	               has_ec ? MODULE_VERIFIED_YES : MODULE_VERIFIED_UNTRUSTED);
}

static void trust_add_reads_pem_and_der(void **state)
{
	static const char *const paths[] = { KEYS "rsa.crt.pem", KEYS "rsa.crt.der" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_(free_trust) struct trust *trust = NULL;

		add_trust(&trust, paths[i]);
		check_trust(trust, true, false);
	}
}

static void trust_add_adds_to_what_there_is(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;
	struct trust *first;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.der");
	first = trust;
	add_trust(&trust, KEYS "ec.crt.pem");
	assert_ptr_equal(trust, first);
	check_trust(trust, true, true);
	assert_null(trust_free(NULL));
}

static void trust_hold_keeps_the_certificates(void **state)
{
	struct trust *trust = NULL, *held;

	(void)state;
	assert_null(trust_hold(NULL));
	add_trust(&trust, KEYS "rsa.crt.pem");
	held = trust_hold(trust);
	assert_ptr_equal(held, trust);
	assert_null(trust_free(trust));
	check_trust(held, true, false);
	assert_null(trust_free(held));
}

/* Appends a fixture to a file of the tree. */
static void add_fixture(struct text *file, const char *name)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes = fixtures_read(name, &length);

	text_add(file, (const char *)bytes, length);
}

static const char *tree_file(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", tree_path, name);
	return path;
}

static void trust_add_reads_many_certificates_of_one_file(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	text_add_string(&file, "A bundle, with remarks.\n\n");
	for (int i = 0; i < 50; i++)
		add_fixture(&file, "keys/other.crt.pem");
	text_add_string(&file, "# another remark\n");
	add_fixture(&file, "keys/ec.crt.pem");
	add_fixture(&file, "keys/rsa.key.pem");
	add_fixture(&file, "keys/rsa.crt.pem");
	tree_write_bytes("bundle", file.data, file.length);
	add_trust(&trust, tree_file("bundle"));
	check_trust(trust, true, true);
}

static void trust_add_reads_the_files_of_a_folder(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_fixture(&file, "keys/rsa.crt.der");
	tree_write_bytes("trust/any name", file.data, file.length);
	text_reset(&file);
	add_fixture(&file, "keys/ec.crt.pem");
	tree_write_bytes("trust/another", file.data, file.length);
	tree_write("trust/.hidden", "no certificate");
	add_trust(&trust, tree_file("trust"));
	check_trust(trust, true, true);
}

static void trust_add_says_which_file_of_a_folder_is_bad(void **state)
{
	char bad[2 * PATH_MAX];

	(void)state;
	tree_folder("trust");
	snprintf(bad, sizeof(bad), "%s", tree_file("trust"));
	check_bad(bad, -ENOENT, bad);
	tree_write("trust/.hidden", "no certificate");
	check_bad(bad, -ENOENT, bad);
	tree_write("trust/garbage.pem", "no certificate");
	check_bad(bad, -EBADMSG, tree_file("trust/garbage.pem"));
	tree_delete("trust/garbage.pem");
	tree_folder("trust/folder");
	check_bad(bad, -EISDIR, tree_file("trust/folder"));
	tree_delete("trust/folder");
	tree_link("missing", "trust/dangling");
	check_bad(bad, -ENOENT, tree_file("trust/dangling"));
	tree_delete("trust/dangling");
	alarm(60);
	tree_fifo("trust/fifo");
	check_bad(bad, -EINVAL, tree_file("trust/fifo"));
	alarm(0);
}

static void trust_add_refuses_what_is_no_certificate(void **state)
{
	static const char *const files[] = {
		"",
		"no certificate",
		"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
		"\x30\x82\x03\x29",
		"\x30\x80",
	};
	static const char *const others[] = { "keys/rsa.key.pem", "signed.ko" };
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	size_t whole;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_write("file", files[i]);
		check_bad(tree_file("file"), -EBADMSG, tree_file("file"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		text_reset(&file);
		add_fixture(&file, others[i]);
		tree_write_bytes("file", file.data, file.length);
		check_bad(tree_file("file"), -EBADMSG, tree_file("file"));
	}
	/* Cut off anywhere. */
	text_reset(&file);
	add_fixture(&file, "keys/rsa.crt.der");
	for (size_t length = 0; length < file.length; length += 7) {
		tree_write_bytes("file", file.data, length);
		check_bad(tree_file("file"), -EBADMSG, tree_file("file"));
	}
	text_reset(&file);
	add_fixture(&file, "keys/rsa.crt.pem");
	/* GnuTLS is content with the start of the last line. */
	whole = (size_t)(strstr(file.data, "-----END") - file.data);
	for (file.length = 0; file.length < whole; file.length += 7) {
		tree_write_bytes("file", file.data, file.length);
		check_bad(tree_file("file"), -EBADMSG, tree_file("file"));
	}
}

static void trust_add_refuses_a_bad_certificate_behind_a_good_one(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	add_fixture(&file, "keys/rsa.crt.pem");
	text_add_string(&file,
	                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	tree_write_bytes("file", file.data, file.length);
	check_bad(tree_file("file"), -EBADMSG, tree_file("file"));
}

static void trust_add_says_why_a_file_cannot_be_read(void **state)
{
	int fd;

	(void)state;
	check_bad(tree_file("missing"), -ENOENT, tree_file("missing"));
	check_bad("", -ENOENT, "");
	check_bad("/dev/null", -EINVAL, "/dev/null");
	tree_link("loop", "loop");
	check_bad(tree_file("loop"), -ELOOP, tree_file("loop"));
	tree_write("huge", "");
	fd = openat(tree_fd, "huge", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	close(fd);
	check_bad(tree_file("huge"), -EFBIG, tree_file("huge"));
}

/* ---- verification ---- */

static void pkcs7_verify_tells_signed_from_tampered(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, FIXTURES "signing-key.crt.pem");
	check_verified(trust, "signed.ko", MODULE_VERIFIED_YES);
	check_verified(trust, "tampered.ko", MODULE_VERIFIED_NO);
	check_verified(trust, "debian-signed.ko", MODULE_VERIFIED_UNTRUSTED);
	check_trust(trust, false, false);
}

static void pkcs7_verify_knows_every_variant(void **state)
{
	static const char *const keys[] = { "rsa", "ec" };
	static const char *const suffixes[] = { "", "-keyid" };

	(void)state;
	for (size_t key = 0; key < ARRAY_SIZE(keys); key++) {
		_cleanup_(free_trust) struct trust *trust = NULL;
		char name[64];

		snprintf(name, sizeof(name), KEYS "%s.crt.pem", keys[key]);
		add_trust(&trust, name);
		for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
			for (size_t k = 0; k < ARRAY_SIZE(suffixes); k++) {
				snprintf(name, sizeof(name), "made/%s-%s%s.ko", keys[key],
				         hashes[i], suffixes[k]);
				check_verified(trust, name, MODULE_VERIFIED_YES);
				snprintf(name, sizeof(name), "made/%s-%s%s.ko",
				         keys[!key], hashes[i], suffixes[k]);
				check_verified(trust, name, MODULE_VERIFIED_UNTRUSTED);
			}
	}
}

static void pkcs7_verify_tells_every_changed_byte(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko", "made/ec-sha3-512.ko",
		                             "made/attributes.ko",
		                             "made/ec-sha256-keyid.ko" };
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	add_trust(&trust, KEYS "ec.crt.pem");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(free_module) struct module module = read_module(names[i]);

		assert_int_equal(verify_module(trust, &module), MODULE_VERIFIED_YES);
		for (size_t at = 0; at < module.trailer.signed_length; at += 97) {
			module.bytes[at] ^= 1;
			assert_int_equal(verify_module(trust, &module),
			                 MODULE_VERIFIED_NO);
			module.bytes[at] ^= 1;
		}
		module.trailer.signed_length--;
		assert_int_equal(verify_module(trust, &module), MODULE_VERIFIED_NO);
		module.trailer.signed_length = 1;
		assert_int_equal(verify_module(trust, &module), MODULE_VERIFIED_NO);
	}
}

/* Of one serial number there may be many: it is the issuer who counts. */
static void pkcs7_verify_tells_issuers_apart(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "other.crt.pem");
	/* Nor is the issuer alone. */
	add_trust(&trust, KEYS "again.crt.pem");
	check_verified(trust, "made/ec-sha256.ko", MODULE_VERIFIED_UNTRUSTED);
	check_verified(trust, "made/ec-sha256-keyid.ko", MODULE_VERIFIED_UNTRUSTED);
	add_trust(&trust, KEYS "ec.crt.pem");
	check_verified(trust, "made/ec-sha256.ko", MODULE_VERIFIED_YES);
	check_verified(trust, "made/ec-sha256-keyid.ko", MODULE_VERIFIED_YES);
}

static void pkcs7_verify_needs_one_of_several_signers(void **state)
{
	static const char *const keys[] = { KEYS "rsa.crt.pem", KEYS "other.crt.pem" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_(free_trust) struct trust *trust = NULL;

		add_trust(&trust, keys[i]);
		check_verified(trust, "made/two-signers.ko", MODULE_VERIFIED_YES);
	}
	{
		_cleanup_(free_trust) struct trust *trust = NULL;

		add_trust(&trust, KEYS "ec.crt.pem");
		check_verified(trust, "made/two-signers.ko", MODULE_VERIFIED_UNTRUSTED);
	}
}

static void pkcs7_verify_trusts_no_certificate_that_comes_with_the_blob(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	check_verified(trust, "made/certificate-inside.ko", MODULE_VERIFIED_UNTRUSTED);
	add_trust(&trust, KEYS "ec.crt.pem");
	check_verified(trust, "made/certificate-inside.ko", MODULE_VERIFIED_YES);
}

static void pkcs7_verify_does_not_know_a_hash_without_name(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	check_verified(trust, "made/unknown-hash.ko", MODULE_VERIFIED_UNTRUSTED);
}

/* Releases from 3.8.9 on may. */
static bool knows_ml_dsa(void)
{
	return gnutls_oid_to_sign("2.16.840.1.101.3.4.3.17") != GNUTLS_SIGN_UNKNOWN;
}

/* Their signatures are no real ones: who can check them says so. */
static void check_unchecked(const struct trust *trust, const char *name)
{
	_cleanup_(free_module) struct module module = read_module(name);
	enum module_verified found = verify_module(trust, &module);

	if (found != MODULE_VERIFIED_UNTRUSTED &&
	    (found != MODULE_VERIFIED_NO || !knows_ml_dsa()))
		fail_msg("%s: %s", name, module_verified_name(found));
}

static void pkcs7_verify_trusts_no_algorithm_that_it_cannot_check(void **state)
{
	static const char *const forms[] = { "", "-keyid", "-attributes",
		                             "-attributes-keyid" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ml_dsa); i++) {
		_cleanup_(free_trust) struct trust *trust = NULL, *of_rsa = NULL;
		char name[64];

		/* Both have the name, the serial number and the key identifier. */
		snprintf(name, sizeof(name), KEYS "ml-dsa-%s.crt.der", ml_dsa[i]);
		add_trust(&trust, name);
		add_trust(&of_rsa, KEYS "rsa.crt.pem");
		for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
			snprintf(name, sizeof(name), "made/ml-dsa-%s%s.ko", ml_dsa[i],
			         forms[k]);
			check_unchecked(trust, name);
			check_verified(of_rsa, name, MODULE_VERIFIED_UNTRUSTED);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(by_rsa); i++) {
		_cleanup_(free_module) struct module module = read_module(by_rsa[i]);
		_cleanup_(free_trust) struct trust *trust = NULL;

		add_trust(&trust, KEYS "rsa.crt.pem");
		add_trust(&trust, FIXTURES "signing-key.crt.pem");
		set_algorithm(&module, 17);
		assert_int_equal(verify_module(trust, &module),
		                 MODULE_VERIFIED_UNTRUSTED);
	}
}

/* Whichever certificate of the same name and number comes first. */
static void pkcs7_verify_accuses_nobody_by_a_certificate_of_ml_dsa(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko",
		                             "made/rsa-sha256-keyid.ko",
		                             "made/attributes.ko" };
	_cleanup_(free_trust) struct trust *trust = NULL, *reversed = NULL;

	(void)state;
	add_trust(&trust, KEYS "ml-dsa-65.crt.der");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_verified(trust, names[i], MODULE_VERIFIED_UNTRUSTED);
	add_trust(&trust, KEYS "rsa.crt.pem");
	add_trust(&reversed, KEYS "rsa.crt.pem");
	add_trust(&reversed, KEYS "ml-dsa-65.crt.der");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(free_module) struct module module = read_module(names[i]);

		assert_int_equal(verify_module(trust, &module), MODULE_VERIFIED_YES);
		assert_int_equal(verify_module(reversed, &module), MODULE_VERIFIED_YES);
		module.bytes[0] ^= 1;
		assert_int_equal(verify_module(trust, &module), MODULE_VERIFIED_NO);
		assert_int_equal(verify_module(reversed, &module), MODULE_VERIFIED_NO);
	}
}

/* As of releases of GnuTLS that know an algorithm's name and cannot use it. */
static void pkcs7_verify_says_no_only_if_the_check_itself_failed(void **state)
{
	static const int errors[] = {
		GNUTLS_E_UNKNOWN_ALGORITHM,      GNUTLS_E_UNKNOWN_PK_ALGORITHM,
		GNUTLS_E_UNKNOWN_HASH_ALGORITHM, GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM,
		GNUTLS_E_UNIMPLEMENTED_FEATURE,  GNUTLS_E_INSUFFICIENT_SECURITY,
		GNUTLS_E_ECC_UNSUPPORTED_CURVE,  GNUTLS_E_INCOMPATIBLE_SIG_WITH_KEY,
		GNUTLS_E_INVALID_REQUEST,        GNUTLS_E_INTERNAL_ERROR,
	};
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		verify_fails = errors[i];
		check_verified(trust, "made/rsa-sha256.ko", MODULE_VERIFIED_UNTRUSTED);
	}
	verify_fails = GNUTLS_E_PK_SIG_VERIFY_FAILED;
	check_verified(trust, "made/rsa-sha256.ko", MODULE_VERIFIED_NO);
}

static void pkcs7_verify_refuses_what_is_no_pkcs7(void **state)
{
	_cleanup_(free_trust) struct trust *trust = NULL;
	enum module_verified verified = MODULE_VERIFIED_COUNT;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	assert_int_equal(pkcs7_verify(trust, (const unsigned char *)"garbage", 7,
	                              (const unsigned char *)"", 0, &verified),
	                 -EBADMSG);
	assert_int_equal(pkcs7_verify(trust, (const unsigned char *)"", 0,
	                              (const unsigned char *)"", 0, &verified),
	                 -EBADMSG);
	assert_int_equal(verified, MODULE_VERIFIED_COUNT);
	/* Without a signer nobody made it. */
	check_verified(trust, "made/blob-no-signer.ko", MODULE_VERIFIED_UNTRUSTED);
}

static void pkcs7_verify_survives_every_changed_byte_of_a_blob(void **state)
{
	static const char *const names[] = { "made/ec-sha256.ko",
		                             "made/ec-sha256-keyid.ko" };
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "ec.crt.pem");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(free_module) struct module module = read_module(names[i]);
		unsigned char *blob = module.bytes + (module.trailer.blob - module.bytes);

		for (size_t at = 0; at < module.trailer.blob_length; at++) {
			enum module_verified verified = MODULE_VERIFIED_COUNT;
			int r;

			blob[at] ^= 0x41;
			r = pkcs7_verify(trust, blob, module.trailer.blob_length,
			                 module.bytes, module.trailer.signed_length,
			                 &verified);
			assert_true(r == 0 || r == -EBADMSG);
			assert_true(r < 0 ? verified == MODULE_VERIFIED_COUNT
			                  : verified < MODULE_VERIFIED_COUNT &&
			                            verified != MODULE_VERIFIED_UNASKED);
			/* The last 102 bytes or so are the signature itself. */
			if (at + 90 > module.trailer.blob_length)
				assert_int_not_equal(verified, MODULE_VERIFIED_YES);
			blob[at] ^= 0x41;
		}
	}
}

/* ---- no memory ---- */

static void trust_add_survives_every_failed_allocation(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		_cleanup_(free_trust) struct trust *trust = NULL;
		_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
		int r;

		memory_fails = true;
		memory_fails_at = i;
		r = trust_add(&trust, FIXTURES "signing-key.crt.pem", &bad_path);
		failures += !memory_fails;
		memory_fails = false;
		/* Where only BAD_PATH is missing, the certificates are there. */
		assert_true(r == 0 || r == -ENOMEM);
		if (r == 0)
			check_verified(trust, "signed.ko", MODULE_VERIFIED_YES);
	}
	assert_in_range(failures, 5, 30);
	/* A folder: one failure in one of its files. */
	for (size_t i = 0; i < 60; i++) {
		_cleanup_(free_trust) struct trust *trust = NULL;
		_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		char path[2 * PATH_MAX];
		int r;

		add_fixture(&file, "keys/ec.crt.pem");
		tree_write_bytes("trust/a", file.data, file.length);
		tree_write_bytes("trust/b", file.data, file.length);
		snprintf(path, sizeof(path), "%s/trust", tree_path);
		memory_fails = true;
		memory_fails_at = i;
		r = trust_add(&trust, path, &bad_path);
		memory_fails = false;
		assert_true(r == 0 || r == -ENOMEM);
	}
}

static void pkcs7_describe_survives_every_failed_allocation(void **state)
{
	static const char *const names[] = { "made/rsa-sha256.ko",
		                             "made/ec-sha256-keyid.ko" };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		_cleanup_(free_module) struct module module = read_module(names[k]);
		size_t failures = 0;

		for (size_t i = 0; i < 30; i++) {
			struct module_file *file = module_file_new("");
			int r;

			assert_non_null(file);
			memory_fails = true;
			memory_fails_at = i;
			r = pkcs7_describe(module.trailer.blob,
			                   module.trailer.blob_length, file);
			assert_int_equal(r, memory_fails ? 0 : -ENOMEM);
			failures += !memory_fails;
			memory_fails = false;
			module_file_free(file);
		}
		assert_in_range(failures, 5, 20);
	}
}

static void pkcs7_verify_survives_every_failed_allocation(void **state)
{
	static const char *const names[] = { "made/two-signers.ko",
		                             "made/rsa-sha256-keyid.ko" };
	_cleanup_(free_trust) struct trust *trust = NULL;

	(void)state;
	add_trust(&trust, KEYS "rsa.crt.pem");
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		_cleanup_(free_module) struct module module = read_module(names[k]);
		size_t failures = 0;

		for (size_t i = 0; i < 30; i++) {
			enum module_verified verified = MODULE_VERIFIED_COUNT;
			int r;

			memory_fails = true;
			memory_fails_at = i;
			r = pkcs7_verify(trust, module.trailer.blob,
			                 module.trailer.blob_length, module.bytes,
			                 module.trailer.signed_length, &verified);
			assert_int_equal(r, memory_fails ? 0 : -ENOMEM);
			assert_int_equal(verified, memory_fails ? MODULE_VERIFIED_YES
			                                        : MODULE_VERIFIED_COUNT);
			failures += !memory_fails;
			memory_fails = false;
		}
		assert_in_range(failures, 5, 20);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(pkcs7_describe_names_issuer_and_serial_of_every_variant),
		TEST(pkcs7_describe_names_the_key_identifier_of_every_variant),
		TEST(pkcs7_describe_knows_the_captured_modules),
		TEST(pkcs7_describe_takes_the_first_common_name),
		TEST(pkcs7_describe_finds_a_common_name_beside_another_part),
		TEST(pkcs7_describe_takes_the_last_part_without_common_name),
		TEST(pkcs7_describe_takes_names_as_they_are),
		TEST(pkcs7_describe_takes_the_first_signer),
		TEST(pkcs7_describe_tells_the_digits_of_an_unnamed_hash),
		TEST(pkcs7_describe_reads_indefinite_lengths),
		TEST(pkcs7_describe_names_the_signer_of_ml_dsa),
		TEST(pkcs7_describe_tells_the_same_whatever_the_algorithm),
		TEST(pkcs7_describe_refuses_what_is_no_signature),
		TEST(pkcs7_describe_refuses_every_part_of_a_blob),
		TEST(pkcs7_describe_survives_every_changed_byte),
		TEST(trust_add_reads_pem_and_der),
		TEST(trust_add_adds_to_what_there_is),
		TEST(trust_hold_keeps_the_certificates),
		TEST(trust_add_reads_many_certificates_of_one_file),
		TEST(trust_add_reads_the_files_of_a_folder),
		TEST(trust_add_says_which_file_of_a_folder_is_bad),
		TEST(trust_add_refuses_what_is_no_certificate),
		TEST(trust_add_refuses_a_bad_certificate_behind_a_good_one),
		TEST(trust_add_says_why_a_file_cannot_be_read),
		TEST(pkcs7_verify_tells_signed_from_tampered),
		TEST(pkcs7_verify_knows_every_variant),
		TEST(pkcs7_verify_tells_every_changed_byte),
		TEST(pkcs7_verify_tells_issuers_apart),
		TEST(pkcs7_verify_needs_one_of_several_signers),
		TEST(pkcs7_verify_trusts_no_certificate_that_comes_with_the_blob),
		TEST(pkcs7_verify_does_not_know_a_hash_without_name),
		TEST(pkcs7_verify_trusts_no_algorithm_that_it_cannot_check),
		TEST(pkcs7_verify_accuses_nobody_by_a_certificate_of_ml_dsa),
		TEST(pkcs7_verify_says_no_only_if_the_check_itself_failed),
		TEST(pkcs7_verify_refuses_what_is_no_pkcs7),
		TEST(pkcs7_verify_survives_every_changed_byte_of_a_blob),
		TEST(trust_add_survives_every_failed_allocation),
		TEST(pkcs7_describe_survives_every_failed_allocation),
		TEST(pkcs7_verify_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
