/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first signer of a SignedData: what is found lies within the bytes.
 */
#include <errno.h>

#include "fuzz.h"
#include "sources/cms.h"

static void check_inside(const uint8_t *bytes, size_t length,
                         const struct cms_bytes *found)
{
	if (!found->length)
		return;
	fuzz_check(found->data >= bytes && found->length <= length);
	fuzz_check((size_t)(found->data - bytes) <= length - found->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct cms_signer signer;
	int r = cms_parse(bytes, length, &signer);

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	check_inside(bytes, length, &signer.issuer);
	check_inside(bytes, length, &signer.key);
	fuzz_check(*signer.digest != '\0');
	fuzz_check(strlen(signer.digest) <= CMS_OID_MAX);
	return 0;
}
