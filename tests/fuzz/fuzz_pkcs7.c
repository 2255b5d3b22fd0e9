/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob of a signature, through GnuTLS: described, and verified by certificates that
 * are found by either way of naming one, of which GnuTLS cannot use one.
 */
#include <errno.h>

#include "base/text.h"
#include "fuzz.h"
#include "sources/pkcs7.h"

/* From the root of the sources. */
static const char *const certificates[] = {
	"tests/modules/keys/rsa.crt.pem",
	"tests/modules/keys/ec.crt.pem",
	"tests/modules/keys/ml-dsa-44.crt.der",
};

static struct trust *make_trust(void)
{
	struct trust *trust = NULL;
	struct text bad_path = TEXT_INIT;

	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		fuzz_check(trust_add(&trust, certificates[i], &bad_path) == 0);
	text_clear(&bad_path);
	return trust;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct trust *trust;
	enum module_verified verified = MODULE_VERIFIED_COUNT;
	struct module_file *file = module_file_new("");
	int r;

	trust = trust ? trust : make_trust();
	fuzz_check(file != NULL);
	r = pkcs7_describe(bytes, length, file);
	fuzz_check(r == 0 || r == -EBADMSG || r == -ENOMEM);
	module_file_free(file);

	r = pkcs7_verify(trust, bytes, length, bytes, length / 2, &verified);
	fuzz_check(r == 0 || r == -EBADMSG || r == -ENOMEM);
	fuzz_check(r == 0 ? verified < MODULE_VERIFIED_COUNT
	                  : verified == MODULE_VERIFIED_COUNT);
	return 0;
}
