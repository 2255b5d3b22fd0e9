/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates from the command line.
 */
#include "commands/certificates.h"

#include <errno.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "commands/options.h"
#include "sources/pkcs7.h"

void certificates_free(struct trust *const *trust)
{
	trust_free(*trust);
}

int certificates_load(const struct options *options, struct trust **ret_trust)
{
	struct trust *trust = NULL;

	for (size_t i = 0; i < options->trust_paths_count; i++) {
		_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
		int r = trust_add(&trust, options->trust_paths[i], &bad_path);

		if (r == 0)
			continue;
		log_event(LOG_LEVEL_ERROR, "Cannot read certificates", "flag",
		          "--collector.signature.trust", "file", text_string(&bad_path),
		          "err",
		          r == -EBADMSG ? "expected X.509 certificates, PEM or DER"
		                        : error_words(r),
		          NULL);
		trust_free(trust);
		return r;
	}
	*ret_trust = trust;
	return 0;
}
