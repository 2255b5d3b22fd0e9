/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SignedData of the Cryptographic Message Syntax (RFC 5652), in DER or BER: who its first
 * signer says to be. The fields are the same for every signature algorithm.
 */
#pragma once

#include <stddef.h>

/* A longer object identifier is cut off. */
#define CMS_OID_MAX 127

struct cms_bytes {
	const unsigned char *data;
	size_t length;
};

/* The pointers lead into the blob. */
struct cms_signer {
	struct cms_bytes
		issuer;       /* X.501 Name; empty if a key identifier names the signer */
	struct cms_bytes key; /* serial number without leading zeros, or key identifier */
	char digest[CMS_OID_MAX + 1]; /* object identifier: "2.16.840.1.101.3.4.2.1" */
};

/*
 * Finds the first SignerInfo of BLOB. 0; -EBADMSG if BLOB is no SignedData with a signer,
 * or longer than INT_MAX. The elements on the way are checked, not those beside it.
 */
int cms_parse(const unsigned char *blob, size_t length, struct cms_signer *ret_signer);
