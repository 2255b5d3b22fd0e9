/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content negotiation, pure (RFC 9110, section 12;
 * https://prometheus.io/docs/instrumenting/content_negotiation/).
 *
 * Headers are hostile: what cannot be parsed is as if it were not there, and of a very
 * long header only the first part is read.
 */
#pragma once

#include <stdbool.h>

#include "exposition/expose.h"

/* The most of a header that is read, in bytes. */
#define NEGOTIATE_HEADER_MAX 4096

struct negotiated {
	enum expose_format format;
	const char *content_type; /* static */
};

/*
 * What to answer to an Accept header, NULL when there is none. The format that the client
 * ranks highest among ours; text 0.0.4 when it ranks none. The content type repeats the
 * escaping scheme that the client asked for: our names are the same under all of them.
 */
struct negotiated negotiate_accept(const char *accept);

/* Whether who sends this Accept header, or NULL, wants JSON rather than HTML. */
bool negotiate_json(const char *accept);

/* Whether an Accept-Encoding header, or NULL, allows gzip. */
bool negotiate_gzip(const char *accept_encoding);
