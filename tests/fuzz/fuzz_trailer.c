/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appended signature's frame: every piece lies where the header's drawing has it, and
 * all of them in the bytes.
 */
#include <string.h>

#include "fuzz.h"
#include "sources/trailer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct trailer trailer;

	trailer_parse(bytes, length, &trailer);
	fuzz_check(trailer.signed_length <= length);
	fuzz_check(strlen(trailer.hash) < 16);
	if (!trailer.blob_length) {
		fuzz_check(trailer.signature == MODULE_SIGNATURE_NONE ||
		           trailer.signature == MODULE_SIGNATURE_MALFORMED);
		fuzz_check(trailer.signed_length == length);
		fuzz_check(!trailer.signer_length && !trailer.key_id_length);
		return 0;
	}
	fuzz_check(trailer.signature != MODULE_SIGNATURE_NONE);
	fuzz_check(trailer.signer == bytes + trailer.signed_length);
	fuzz_check(trailer.key_id == trailer.signer + trailer.signer_length);
	fuzz_check(trailer.blob == trailer.key_id + trailer.key_id_length);
	/* The frame of 12 bytes and the marker of 28. */
	fuzz_check(trailer.blob + trailer.blob_length + 40 == bytes + length);
	return 0;
}
