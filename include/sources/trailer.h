/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature that is appended to a module (include/linux/module_signature.h,
 * kernel/module/signing.c; Linux 3.7 to 4.2 in kernel/module_signing.c).
 *
 *   | module | signer | key id | blob | trailer, 12 bytes | "~Module signature
 * appended~\n" |
 *                                       |
 *        algo hash type signer_len key_id_len pad[3] blob_len, 32 bits, big-endian
 *
 * PKCS#7 (type 2): signer and key id are in the blob, all other fields are 0.
 * X.509 (type 1): they stand in clear.
 */
#pragma once

#include <stddef.h>

#include "model/module_file.h"

/* Pieces of the bytes that were parsed. */
struct trailer {
	enum module_signature signature; /* none, malformed, pkcs7, x509, pgp, unknown */
	size_t signed_length; /* what was signed: so many bytes from the start */
	const unsigned char *signer;
	size_t signer_length;
	const unsigned char *key_id;
	size_t key_id_length;
	const unsigned char *blob;
	size_t blob_length;
	const char *hash; /* as the trailer has it, "" if it does not say */
};

/*
 * Parses what is at the end of BYTES. Malformed: lengths that do not fit into the file,
 * an empty blob, fields that PKCS#7 does not have, or a trailer with other bytes behind
 * it, which the kernel takes for no signature. Whether the blob is any good is not looked
 * at.
 */
void trailer_parse(const unsigned char *bytes, size_t length,
                   struct trailer *ret_trailer);
