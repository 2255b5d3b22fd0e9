/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appended signature's frame. Must not know what is in the blob.
 */
#include "sources/trailer.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"

static const char marker[] = "~Module signature appended~\n";
#define MARKER_LENGTH (sizeof(marker) - 1)
_Static_assert(MARKER_LENGTH == 28, "the kernel's marker");

/* The pad is not looked at by kernels before PKCS#7. */
struct frame {
	uint8_t algo;
	uint8_t hash;
	uint8_t type;
	uint8_t signer_length;
	uint8_t key_id_length;
	uint8_t pad[3];
	uint32_t blob_length; /* big-endian */
};
_Static_assert(sizeof(struct frame) == 12, "the kernel's struct module_signature");

enum frame_type {
	FRAME_PGP,
	FRAME_X509,
	FRAME_PKCS7,
};

/* include/crypto/hash_info.h: enum hash_algo, as far as such modules were signed. */
static const char *const hashes[] = {
	"md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224",
};

static enum module_signature kind_of(const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_PGP:
		return MODULE_SIGNATURE_PGP;
	case FRAME_X509:
		return MODULE_SIGNATURE_X509;
	case FRAME_PKCS7:
		if (frame->algo || frame->hash || frame->signer_length ||
		    frame->key_id_length || frame->pad[0] || frame->pad[1] ||
		    frame->pad[2])
			return MODULE_SIGNATURE_MALFORMED;
		return MODULE_SIGNATURE_PKCS7;
	default:
		return MODULE_SIGNATURE_UNKNOWN;
	}
}

/* Parses the frame that ends at END. */
static void parse_frame(const unsigned char *bytes, size_t end, struct trailer *trailer)
{
	struct frame frame;
	size_t blob_length, left;

	trailer->signature = MODULE_SIGNATURE_MALFORMED;
	if (end < sizeof(frame))
		return;
	left = end - sizeof(frame);
	memcpy(&frame, bytes + left, sizeof(frame));
	blob_length = be32toh(frame.blob_length);
	if (!blob_length || blob_length > left)
		return;
	left -= blob_length;
	if ((size_t)frame.key_id_length + frame.signer_length > left)
		return;

	trailer->signature = kind_of(&frame);
	trailer->blob = bytes + left;
	trailer->blob_length = blob_length;
	left -= frame.key_id_length;
	trailer->key_id = bytes + left;
	trailer->key_id_length = frame.key_id_length;
	left -= frame.signer_length;
	trailer->signer = bytes + left;
	trailer->signer_length = frame.signer_length;
	trailer->signed_length = left;
	if ((trailer->signature == MODULE_SIGNATURE_X509 ||
	     trailer->signature == MODULE_SIGNATURE_PGP) &&
	    frame.hash < ARRAY_SIZE(hashes))
		trailer->hash = hashes[frame.hash];
}

/* Whether there is a whole trailer anywhere before the end. */
static bool has_buried(const unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes;
	struct trailer trailer = { 0 };

	while ((at = memmem(at, length - (size_t)(at - bytes), marker, MARKER_LENGTH))) {
		parse_frame(bytes, (size_t)(at - bytes), &trailer);
		if (trailer.signature != MODULE_SIGNATURE_MALFORMED)
			return true;
		at += MARKER_LENGTH;
	}
	return false;
}

void trailer_parse(const unsigned char *bytes, size_t length, struct trailer *ret_trailer)
{
	struct trailer trailer = {
		.signature = MODULE_SIGNATURE_NONE,
		.signed_length = length,
		.hash = "",
	};

	if (length >= MARKER_LENGTH &&
	    memcmp(bytes + length - MARKER_LENGTH, marker, MARKER_LENGTH) == 0)
		parse_frame(bytes, length - MARKER_LENGTH, &trailer);
	else if (has_buried(bytes, length))
		trailer.signature = MODULE_SIGNATURE_MALFORMED;
	*ret_trailer = trailer;
}
