/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and certificates. The only file of this floor that knows GnuTLS, which
 * checks the structure of a blob as a whole, reads names and verifies; the signer of a
 * blob is read by cms_parse(), since GnuTLS tells none whose algorithm it does not know.
 */
#include "sources/pkcs7.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/cms.h"
#include "sources/hostfs.h"

/* The largest file of certificates, in bytes. */
#define CERTIFICATES_MAX ((size_t)4 << 20)

struct trust {
	atomic_uint holders;
	gnutls_x509_crt_t *certificates;
	unsigned int count;
};

struct trust *trust_hold(struct trust *trust)
{
	if (trust)
		atomic_fetch_add_explicit(&trust->holders, 1, memory_order_relaxed);
	return trust;
}

struct trust *trust_free(struct trust *trust)
{
	if (!trust ||
	    atomic_fetch_sub_explicit(&trust->holders, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (unsigned int i = 0; i < trust->count; i++)
		gnutls_x509_crt_deinit(trust->certificates[i]);
	free(trust->certificates);
	free(trust);
	return NULL;
}

static void free_certificate_list(gnutls_x509_crt_t *const *list)
{
	gnutls_free(*list);
}

/* Imports PEM, of which there may be several, or else DER. */
static int import(const gnutls_datum_t *bytes, gnutls_x509_crt_t **ret_list,
                  unsigned int *ret_count)
{
	int r = gnutls_x509_crt_list_import2(ret_list, ret_count, bytes,
	                                     GNUTLS_X509_FMT_PEM, 0);

	if (r < 0 && r != GNUTLS_E_MEMORY_ERROR)
		r = gnutls_x509_crt_list_import2(ret_list, ret_count, bytes,
		                                 GNUTLS_X509_FMT_DER, 0);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	return r < 0 ? -EBADMSG : 0;
}

static int add_certificates(struct trust *trust, const struct text *bytes)
{
	const gnutls_datum_t datum = { (unsigned char *)bytes->data,
		                       (unsigned int)bytes->length };
	_cleanup_(free_certificate_list) gnutls_x509_crt_t *list = NULL;
	gnutls_x509_crt_t *grown;
	unsigned int count = 0;
	int r = import(&datum, &list, &count);

	if (r < 0)
		return r;
	grown = reallocarray(trust->certificates, trust->count + count,
	                     sizeof(gnutls_x509_crt_t));
	if (!grown) {
		while (count)
			gnutls_x509_crt_deinit(list[--count]);
		return -ENOMEM;
	}
	trust->certificates = grown;
	for (unsigned int i = 0; i < count; i++)
		trust->certificates[trust->count++] = list[i];
	return 0;
}

static int add_file(struct trust *trust, const char *path)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	int r = hostfs_given_read(path, CERTIFICATES_MAX, &bytes);

	return r < 0 ? r : add_certificates(trust, &bytes);
}

/* Hidden files are not meant. */
static int add_folder(struct trust *trust, const char *folder, const struct text *names,
                      struct text *path)
{
	int r = -ENOENT;

	for (const char *name = text_string(names), *end = name + names->length;
	     name < end; name += strlen(name) + 1) {
		if (*name == '.')
			continue;
		text_reset(path);
		text_add_string(path, folder);
		text_add_char(path, '/');
		text_add_string(path, name);
		r = path->error ? path->error : add_file(trust, text_string(path));
		if (r < 0)
			return r;
	}
	if (r == -ENOENT) {
		text_reset(path);
		text_add_string(path, folder);
	}
	return r;
}

int trust_add(struct trust **trust, const char *path, struct text *bad_path)
{
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	int r;

	if (!*trust) {
		*trust = calloc(1, sizeof(**trust));
		if (!*trust)
			return -ENOMEM;
		atomic_init(&(*trust)->holders, 1);
	}
	text_add_string(bad_path, path);
	r = hostfs_given_names_read(path, &names);
	if (r == 0)
		return add_folder(*trust, path, &names, bad_path);
	return r == -ENOTDIR ? add_file(*trust, path) : r;
}

static void free_pkcs7(gnutls_pkcs7_t const *pkcs7)
{
	gnutls_pkcs7_deinit(*pkcs7);
}

static int import_pkcs7(const unsigned char *blob, size_t length,
                        gnutls_pkcs7_t *ret_pkcs7)
{
	const gnutls_datum_t datum = { (unsigned char *)blob, (unsigned int)length };
	int r;

	if (gnutls_pkcs7_init(ret_pkcs7) < 0) {
		*ret_pkcs7 = NULL;
		return -ENOMEM;
	}
	r = gnutls_pkcs7_import(*ret_pkcs7, &datum, GNUTLS_X509_FMT_DER);
	if (r == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	return r < 0 ? -EBADMSG : 0;
}

static void clear_info(gnutls_pkcs7_signature_info_st *info)
{
	gnutls_pkcs7_signature_info_deinit(info);
}

static bool has_bytes(const gnutls_datum_t *datum, const void *bytes, size_t length)
{
	return datum->size == length && memcmp(datum->data, bytes, length) == 0;
}

/* GnuTLS counts the NUL behind it, too. */
static bool is_common_name(const gnutls_datum_t *oid)
{
	return oid->size == sizeof(GNUTLS_OID_X520_COMMON_NAME) &&
	       memcmp(oid->data, GNUTLS_OID_X520_COMMON_NAME, oid->size) == 0;
}

static void free_name(gnutls_x509_dn_t const *name)
{
	if (*name)
		gnutls_x509_dn_deinit(*name);
}

/* Of a name's parts the first common name, or else the last part, as kmod has it. */
static int set_signer(const struct cms_bytes *issuer, struct module_file *file)
{
	const gnutls_datum_t bytes = { (unsigned char *)issuer->data,
		                       (unsigned int)issuer->length };
	_cleanup_(free_name) gnutls_x509_dn_t name = NULL;
	gnutls_datum_t value = { NULL, 0 };
	gnutls_x509_ava_st part;
	bool is_name = false;
	int r;

	if (!bytes.size)
		return 0;
	if (gnutls_x509_dn_init(&name) < 0)
		return -ENOMEM;
	r = gnutls_x509_dn_import(name, &bytes);
	if (r < 0)
		return r == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EBADMSG;
	for (int i = 0; !is_name && gnutls_x509_dn_get_rdn_ava(name, i, 0, &part) == 0;
	     i++)
		for (int k = 0;
		     !is_name && gnutls_x509_dn_get_rdn_ava(name, i, k, &part) == 0;
		     k++) {
			value = part.value;
			is_name = is_common_name(&part.oid);
		}
	if (!value.size)
		return 0;
	return module_file_set_word(file, MODULE_WORD_SIGNER, (const char *)value.data,
	                            value.size);
}

/* GnuTLS says SHA256 and SHA3-256, modinfo sha256; the digits if GnuTLS has no name. */
static int set_hash(const char *oid, struct module_file *file)
{
	const char *hash = gnutls_digest_get_name(gnutls_oid_to_digest(oid));
	char lower[32] = "";
	size_t length = 0;

	if (!hash)
		return module_file_set_word(file, MODULE_WORD_SIG_HASHALGO, oid,
		                            strlen(oid));
	for (; length < sizeof(lower) - 1 && hash[length]; length++)
		lower[length] = (char)tolower((unsigned char)hash[length]);
	return module_file_set_word(file, MODULE_WORD_SIG_HASHALGO, lower, length);
}

int pkcs7_describe(const unsigned char *blob, size_t blob_length,
                   struct module_file *file)
{
	_cleanup_(free_pkcs7) gnutls_pkcs7_t pkcs7 = NULL;
	struct cms_signer signer;
	int r = import_pkcs7(blob, blob_length, &pkcs7);

	if (r == 0)
		r = cms_parse(blob, blob_length, &signer);
	if (r < 0)
		return r;
	r = set_signer(&signer.issuer, file);
	if (r == 0)
		r = module_file_set_key(file, signer.key.data, signer.key.length);
	return r == 0 ? set_hash(signer.digest, file) : r;
}

/*
 * Whether the key of the certificate can be used, and is the one that is named: 1 or 0,
 * or GnuTLS' error: without memory it is not known.
 */
static int is_signer(gnutls_x509_crt_t certificate,
                     const gnutls_pkcs7_signature_info_st *info)
{
	unsigned char bytes[256];
	size_t length = sizeof(bytes);
	gnutls_datum_t issuer = { NULL, 0 };
	unsigned int bits;
	bool is_issuer;
	int r = gnutls_x509_crt_get_pk_algorithm(certificate, &bits);

	/* GnuTLS 3.7 would not free all memory when it verifies with such a key. */
	if (r <= GNUTLS_PK_UNKNOWN)
		return r;
	if (info->issuer_keyid.size) {
		r = gnutls_x509_crt_get_subject_key_id(certificate, bytes, &length, NULL);
		return r < 0 ? r : has_bytes(&info->issuer_keyid, bytes, length);
	}
	r = gnutls_x509_crt_get_serial(certificate, bytes, &length);
	if (r < 0 || !has_bytes(&info->signer_serial, bytes, length))
		return r;
	r = gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer);
	if (r < 0)
		return r;
	is_issuer = has_bytes(&info->issuer_dn, issuer.data, issuer.size);
	gnutls_free(issuer.data);
	return is_issuer;
}

/* One of possibly several signers of the blob. 0 or -ENOMEM. */
static int verify_signer(const struct trust *trust, gnutls_pkcs7_t pkcs7,
                         unsigned int signer, const gnutls_datum_t *data,
                         enum module_verified *ret_verified)
{
	_cleanup_(clear_info) gnutls_pkcs7_signature_info_st info = { 0 };
	int r = gnutls_pkcs7_get_signature_info(pkcs7, signer, &info);

	for (unsigned int i = 0; r >= 0 && i < trust->count; i++) {
		r = is_signer(trust->certificates[i], &info);
		if (r == GNUTLS_E_MEMORY_ERROR)
			break;
		if (r <= 0) {
			r = 0;
			continue;
		}
		r = gnutls_pkcs7_verify_direct(
			pkcs7, trust->certificates[i], signer, data,
			GNUTLS_VERIFY_ALLOW_BROKEN | GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 |
				GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
				GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS);
		if (r == GNUTLS_E_MEMORY_ERROR)
			break;
		if (r >= 0) {
			*ret_verified = MODULE_VERIFIED_YES;
			return 0;
		}
		/* With any other error it was not checked: of another algorithm, say. */
		if (r == GNUTLS_E_PK_SIG_VERIFY_FAILED)
			*ret_verified = MODULE_VERIFIED_NO;
		r = 0;
	}
	return r == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : 0;
}

int pkcs7_verify(const struct trust *trust, const unsigned char *blob, size_t blob_length,
                 const unsigned char *signed_bytes, size_t signed_length,
                 enum module_verified *ret_verified)
{
	const gnutls_datum_t data = { (unsigned char *)signed_bytes,
		                      (unsigned int)signed_length };
	_cleanup_(free_pkcs7) gnutls_pkcs7_t pkcs7 = NULL;
	enum module_verified verified = MODULE_VERIFIED_UNTRUSTED;
	int r = import_pkcs7(blob, blob_length, &pkcs7), count;

	if (r < 0)
		return r;
	count = gnutls_pkcs7_get_signature_count(pkcs7);
	if (count == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	for (int i = 0; r == 0 && i < count && verified != MODULE_VERIFIED_YES; i++)
		r = verify_signer(trust, pkcs7, (unsigned int)i, &data, &verified);
	if (r == 0)
		*ret_verified = verified;
	return r;
}
