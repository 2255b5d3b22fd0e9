/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a client says it is: the header Authorization as HTTP's basic authentication writes
 * it (RFC 7617), with the base64 of RFC 4648, section 4.
 */
#pragma once

#include <stddef.h>

/* Both are one piece of memory, which is wiped before it is freed. */
struct credentials {
	char *user;
	char *password; /* may be made shorter in place */
	size_t size;    /* bytes of both, with their NULs */
};

/*
 * Takes the value of the header apart. 0; -EBADMSG: it is no Basic one, or longer than
 * anybody's name and password; -ENOMEM. On failure there is nothing to clear.
 */
int credentials_parse(const char *authorization, struct credentials *ret_credentials);
void credentials_clear(struct credentials *credentials);
