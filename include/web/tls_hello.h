/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client offers in the first message of TLS, its ClientHello: RFC 8446, section
 * 4.1.2, and RFC 5246, section 7.4.1.2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrows the message. */
struct tls_hello {
	uint16_t legacy_version;
	const unsigned char *suites; /* two bytes each, the most wanted first */
	size_t suites_count;
	const unsigned char
		*versions; /* two bytes each; NULL: as the legacy version says */
	size_t versions_count;
	const unsigned char *groups; /* two bytes each; NULL: nothing is said */
	size_t groups_count;
};

/* Takes the message, without its header of four bytes, apart. 0 or -EBADMSG. */
int tls_hello_parse(const unsigned char *message, size_t length,
                    struct tls_hello *ret_hello);

/* SUITE is IANA's number. The rank counts from 0; SIZE_MAX: it is not offered. */
size_t tls_hello_suite_rank(const struct tls_hello *hello, uint16_t suite);

/* GROUP is IANA's number. Who says nothing takes any (RFC 8422, section 4). */
bool tls_hello_has_group(const struct tls_hello *hello, uint16_t group);

/* VERSION is that of the wire: 0x0303 is TLS 1.2. */
bool tls_hello_has_version(const struct tls_hello *hello, uint16_t version);
