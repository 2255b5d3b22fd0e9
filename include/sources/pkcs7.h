/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PKCS#7 (CMS, RFC 5652) blob of a signed module, through GnuTLS, and the
 * certificates that its signer is looked for among.
 */
#pragma once

#include <stddef.h>

#include "model/module_file.h"

struct text;
struct trust; /* opaque: certificates */

/*
 * Reads the certificates of PATH: a file, PEM (one or more) or DER (one), or a folder of
 * such files. Adds them to *TRUST, which is made if it is NULL. 0; -EBADMSG if a file
 * holds no certificate, -ENOENT if a folder holds no file, -EFBIG, -ENOMEM or what
 * opening gives; then BAD_PATH is the file that failed.
 */
int trust_add(struct trust **trust, const char *path, struct text *bad_path);

/* One more holder, also in another thread. Takes NULL. */
struct trust *trust_hold(struct trust *trust);

/* One holder less; the last one frees it. Takes NULL; returns NULL. */
struct trust *trust_free(struct trust *trust);

/*
 * Sets signer (the common name of the certificate's issuer), sig_key (its serial number,
 * or the signer's key identifier) and sig_hashalgo in FILE, in modinfo's form, whatever
 * the algorithm of the signature; a digest that GnuTLS has no name for is told by its
 * object identifier. 0; -EBADMSG if BLOB is no PKCS#7 with a signer; -ENOMEM.
 */
int pkcs7_describe(const unsigned char *blob, size_t blob_length,
                   struct module_file *file);

/*
 * Whether one of the certificates made BLOB over the signed bytes, of which there must be
 * one. It is found by issuer and serial number or by key identifier; its dates and uses
 * do not matter, as they do not to the kernel (crypto/asymmetric_keys/pkcs7_trust.c). No:
 * GnuTLS checked the signature, and it is of other bytes; untrusted, too, if GnuTLS does
 * not know the algorithm of the signature or of the certificate. 0; -EBADMSG if BLOB is
 * no PKCS#7; -ENOMEM.
 */
int pkcs7_verify(const struct trust *trust, const unsigned char *blob, size_t blob_length,
                 const unsigned char *signed_bytes, size_t signed_length,
                 enum module_verified *ret_verified);
