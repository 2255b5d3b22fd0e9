/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies of HTTP (RFC 9110), as handlers see them.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct web_request; /* opaque; lives until its reply is sent */
struct webconfig_pairs;

struct web_header {
	const char *name;
	const char *value;
};

/* What a handler answers. All strings are static or outlive the server. */
struct web_reply {
	unsigned int status; /* 200 at first */
	const char *content_type;
	struct web_header headers[4]; /* further ones, up to the first without a name */
	struct text body;             /* freed when it is sent; its error makes a 500 */
	bool is_later; /* there is none yet: web_request_answer() brings it */
};

/* Is shown a value, borrowed for the call; returns whether it wants more. */
typedef bool web_visitor(void *context, const char *value);

/* Shows VISIT the value of each header line NAME, or of each query parameter NAME. */
void web_request_headers(const struct web_request *request, const char *name,
                         web_visitor *visit, void *context);
void web_request_arguments(const struct web_request *request, const char *name,
                           web_visitor *visit, void *context);

/* Whether a body is announced: a length other than 0, or a coding. */
bool web_request_has_body(const struct web_request *request);

/* RFC 9112, section 3.2: whether there is just one Host, which HTTP/1.0 may leave out. */
bool web_request_has_host(const struct web_request *request, const char *http_version);

/* Makes the reply a plain text of one line. */
void web_reply_error(struct web_reply *reply, unsigned int status, const char *line);

/* Takes REPLY as the answer to a request whose handler said that it comes later. */
void web_request_answer(struct web_request *request, struct web_reply *reply);

/* ---- for whoever gets requests from the library, whose connection is given as void ----
 */

/* NULL without memory. */
struct web_request *web_request_new(void *connection);
struct web_request *web_request_free(struct web_request *request); /* takes NULL */

/*
 * The library works on no request that waits. It goes on with it, by calling again, after
 * web_request_go_on(), which does nothing for one that does not wait.
 */
void web_request_wait(struct web_request *request);
void web_request_go_on(struct web_request *request);

/* The answer that came later, or NULL. */
struct web_reply *web_request_late_reply(struct web_request *request);

/*
 * Sends REPLY and frees its body. HEADERS, NULL for none, are added, but those that REPLY
 * has itself. False: the connection has to be closed.
 */
bool web_request_send(struct web_request *request, struct web_reply *reply,
                      const struct webconfig_pairs *headers);
