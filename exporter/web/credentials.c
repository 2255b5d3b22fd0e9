/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header Authorization, taken apart. Knows no users and judges nobody.
 */
#include "web/credentials.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"

#define SCHEME "Basic"

/* Of base64, in bytes: far more than names have, and bcrypt sees 72 of a password. */
#define TOKEN_MAX 4096

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The base64 behind the scheme, or NULL. */
static const char *find_token(const char *authorization)
{
	size_t length = strlen(SCHEME);

	if (strncasecmp(authorization, SCHEME, length) != 0 ||
	    authorization[length] != ' ')
		return NULL;
	return authorization + length + strspn(authorization + length, " ");
}

/*
 * Four characters, of six bits each, are three bytes; "xxx=" is two and "xx==" one, and
 * the bits left over are zero. BYTES has room for three of every four. Strict: whatever
 * could be written in another way is refused.
 */
static int decode(const char *token, size_t length, char *bytes, size_t *ret_length)
{
	size_t padding = 0, decoded = 0;
	uint32_t bits = 0;

	while (padding < 2 && padding < length && token[length - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < length; i++) {
		const char *digit = "";

		if (i < length - padding)
			digit = strchr(alphabet, token[i]);
		if (!digit)
			return -EBADMSG;
		bits = bits << 6 | (*digit ? (uint32_t)(digit - alphabet) : 0);
		if (i % 4 != 3)
			continue;
		bytes[decoded++] = (char)(bits >> 16 & 0xff);
		bytes[decoded++] = (char)(bits >> 8 & 0xff);
		bytes[decoded++] = (char)(bits & 0xff);
	}
	for (size_t i = 0; i < padding; i++)
		if (bytes[--decoded])
			return -EBADMSG;
	*ret_length = decoded;
	return 0;
}

int credentials_parse(const char *authorization, struct credentials *ret_credentials)
{
	_cleanup_(credentials_clear) struct credentials made = { NULL, NULL, 0 };
	const char *token = find_token(authorization);
	size_t length = token ? strlen(token) : 0, decoded;
	char *colon;
	int r;

	if (!length || length > TOKEN_MAX || length % 4)
		return -EBADMSG;
	made.size = length / 4 * 3 + 1;
	made.user = calloc(1, made.size);
	if (!made.user)
		return -ENOMEM;
	r = decode(token, length, made.user, &decoded);
	if (r < 0)
		return r;
	colon = memchr(made.user, ':', decoded);
	if (!colon || memchr(made.user, '\0', decoded))
		return -EBADMSG;
	*colon = '\0';
	made.password = colon + 1;
	*ret_credentials = made;
	made.user = NULL;
	return 0;
}

void credentials_clear(struct credentials *credentials)
{
	if (credentials->user)
		explicit_bzero(credentials->user, credentials->size);
	free(credentials->user);
	*credentials = (struct credentials){ NULL, NULL, 0 };
}
