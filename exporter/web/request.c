/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies. Knows libmicrohttpd's connections; must not know what is asked.
 */
#include "web/request.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "web/webconfig.h"

struct web_request {
	struct MHD_Connection *connection;
	bool is_waiting;
	bool has_late_reply;
	struct web_reply late_reply;
};

struct web_request *web_request_new(void *connection)
{
	struct web_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->connection = connection;
	return request;
}

struct web_request *web_request_free(struct web_request *request)
{
	if (!request)
		return NULL;
	text_clear(&request->late_reply.body);
	free(request);
	return NULL;
}

void web_request_wait(struct web_request *request)
{
	request->is_waiting = true;
	MHD_suspend_connection(request->connection);
}

void web_request_go_on(struct web_request *request)
{
	if (request->is_waiting)
		MHD_resume_connection(request->connection);
	request->is_waiting = false;
}

void web_request_answer(struct web_request *request, struct web_reply *reply)
{
	request->late_reply = *reply;
	request->has_late_reply = true;
	reply->body = TEXT_INIT;
	web_request_go_on(request);
}

struct web_reply *web_request_late_reply(struct web_request *request)
{
	return request->has_late_reply ? &request->late_reply : NULL;
}

struct visiting {
	const char *name;
	web_visitor *visit;
	void *context;
};

static enum MHD_Result visit_value(void *data, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
	const struct visiting *visiting = data;

	/* RFC 9110, section 5.1: names of headers have no case; RFC 3986: others do. */
	if ((kind == MHD_HEADER_KIND ? strcasecmp : strcmp)(name, visiting->name) != 0)
		return MHD_YES;
	return visiting->visit(visiting->context, value ? value : "") ? MHD_YES : MHD_NO;
}

void web_request_headers(const struct web_request *request, const char *name,
                         web_visitor *visit, void *context)
{
	struct visiting visiting = { .name = name, .visit = visit, .context = context };

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_value,
	                          &visiting);
}

void web_request_arguments(const struct web_request *request, const char *name,
                           web_visitor *visit, void *context)
{
	struct visiting visiting = { .name = name, .visit = visit, .context = context };

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, visit_value,
	                          &visiting);
}

static bool find_length(void *context, const char *value)
{
	bool *has_length = context;

	*has_length = strcmp(value, "0") != 0;
	return !*has_length;
}

/* The library believes the first of several lengths; here every one has to be 0. */
bool web_request_has_body(const struct web_request *request)
{
	bool has_length = false;

	web_request_headers(request, "Content-Length", find_length, &has_length);
	return has_length ||
	       MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
	                                   "Transfer-Encoding");
}

static bool count_host(void *context, const char *value)
{
	(void)value;
	return ++*(unsigned int *)context < 2;
}

/*
 * The library could check that, but then sends the head of its error twice.
 */
bool web_request_has_host(const struct web_request *request, const char *http_version)
{
	unsigned int hosts = 0;

	web_request_headers(request, "Host", count_host, &hosts);
	return hosts == 1 || (hosts == 0 && strcmp(http_version, "HTTP/1.0") == 0);
}

void web_reply_error(struct web_reply *reply, unsigned int status, const char *line)
{
	reply->status = status;
	reply->content_type = "text/plain; charset=utf-8";
	text_reset(&reply->body);
	text_add_string(&reply->body, line);
	text_add_char(&reply->body, '\n');
}

/* What a reply says itself counts more than what all replies say. */
static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_get_response_header(response, name) ||
	       MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct web_reply *reply,
                        const struct webconfig_pairs *headers)
{
	bool is_good = add_header(response, "Content-Type", reply->content_type);

	for (size_t i = 0; i < ARRAY_SIZE(reply->headers) && reply->headers[i].name; i++)
		is_good = is_good && add_header(response, reply->headers[i].name,
		                                reply->headers[i].value);
	for (size_t i = 0; headers && i < headers->count; i++)
		is_good = is_good && add_header(response, headers->pairs[i].name.string,
		                                headers->pairs[i].value.string);
	return is_good && add_header(response, "X-Content-Type-Options", "nosniff");
}

bool web_request_send(struct web_request *request, struct web_reply *reply,
                      const struct webconfig_pairs *headers)
{
	struct MHD_Response *response;
	bool is_good;
	size_t length = 0;
	char *body;

	/* An empty body is one, too. */
	if (text_reserve(&reply->body, 0) < 0) {
		text_clear(&reply->body);
		*reply = (struct web_reply){ 0 };
		web_reply_error(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	}
	body = text_take(&reply->body, &length);
	if (!body)
		return false;
	response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return false;
	}
	is_good = add_headers(response, reply, headers) &&
	          MHD_queue_response(request->connection, reply->status, response) ==
	                  MHD_YES;
	MHD_destroy_response(response);
	return is_good;
}
