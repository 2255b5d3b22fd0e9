/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header Authorization: name and password, written again, are what was sent. So there
 * is one way to write them, and nothing of it is lost.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "web/credentials.h"

/* RFC 4648, section 4. */
static void add_base64(struct text *text, const char *bytes, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < length ? (uint8_t)bytes[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			text_add_char(text,
			              i + k > length
			                      ? '='
			                      : alphabet[bits >> (18 - 6 * k) & 63]);
	}
}

static void check_credentials(const char *authorization,
                              const struct credentials *credentials)
{
	struct text plain = TEXT_INIT, token = TEXT_INIT;

	fuzz_check(!strchr(credentials->user, ':'));
	fuzz_check(credentials->password ==
	           credentials->user + strlen(credentials->user) + 1);
	text_add_string(&plain, credentials->user);
	text_add_char(&plain, ':');
	text_add_string(&plain, credentials->password);
	fuzz_check(plain.length < credentials->size);
	add_base64(&token, text_string(&plain), plain.length);
	fuzz_check(strcmp(strrchr(authorization, ' ') + 1, text_string(&token)) == 0);
	text_clear(&token);
	text_clear(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *authorization = fuzz_string(bytes, length);
	struct credentials credentials = { NULL, NULL, SIZE_MAX };
	int r = credentials_parse(authorization, &credentials);

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r == 0) {
		check_credentials(authorization, &credentials);
		credentials_clear(&credentials);
		fuzz_check(!credentials.user);
	} else {
		fuzz_check(!credentials.user && credentials.size == SIZE_MAX);
	}
	free(authorization);
	return 0;
}
