/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command serve. Brings together what is asked for, the pass, and the door.
 */
#include "commands/serve.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/version.h"
#include "commands/certificates.h"
#include "commands/options.h"
#include "exposition/negotiate.h"
#include "exposition/page.h"
#include "web/server.h"

/* Of the scrape timeout so much is left for the way back, as in blackbox_exporter. */
#define TIMEOUT_OFFSET 0.5

/* Prometheus' own default for who says nothing, and the most that is believed. */
#define TIMEOUT_DEFAULT 10.0
#define TIMEOUT_MAX     3600.0

struct serve {
	const struct options *options;
	struct scrape_settings settings;
	struct trust *trust;
	struct scraper scraper;
};

/* Which collectors a query asks for. */
struct filter {
	collector_set enabled;
	collector_set named;
	bool is_used;
	bool needs_enabled;    /* a disabled one is an error */
	const char *complaint; /* about bad_name; NULL: none */
	struct text bad_name;
};

static bool filter_add(void *context, const char *name)
{
	struct filter *filter = context;
	enum collector collector;

	filter->is_used = true;
	if (!collector_parse(name, &collector))
		filter->complaint = "unknown collector: ";
	else if (filter->needs_enabled && !(filter->enabled & COLLECTOR_BIT(collector)))
		filter->complaint = "disabled collector: ";
	else
		filter->named |= COLLECTOR_BIT(collector);
	if (filter->complaint)
		utf8_add_clean(&filter->bad_name, name, strlen(name));
	return !filter->complaint;
}

static void filter_clear(struct filter *filter)
{
	text_clear(&filter->bad_name);
}

static bool refuse(const struct filter *filter, struct web_reply *reply)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;

	if (!filter->complaint)
		return false;
	text_add_string(&line, filter->complaint);
	text_add_string(&line, text_string(&filter->bad_name));
	web_reply_error(reply, 400, text_string(&line));
	return true;
}

/* collect[] and exclude[], as node_exporter has them; false: the reply says why not. */
static bool filter_collectors(const struct serve *serve,
                              const struct web_request *request, struct web_reply *reply,
                              collector_set *ret_collectors)
{
	collector_set enabled = serve->options->collectors;
	_cleanup_(filter_clear) struct filter collect = { .enabled = enabled,
		                                          .needs_enabled = true };
	_cleanup_(filter_clear) struct filter exclude = { .enabled = enabled };

	web_request_arguments(request, "collect[]", filter_add, &collect);
	web_request_arguments(request, "exclude[]", filter_add, &exclude);
	if (collect.is_used && exclude.is_used) {
		web_reply_error(reply, 400, "collect[] and exclude[] do not go together");
		return false;
	}
	if (refuse(&collect, reply) || refuse(&exclude, reply))
		return false;
	*ret_collectors = collect.is_used ? collect.named : enabled & ~exclude.named;
	return true;
}

static bool join(void *context, const char *value)
{
	struct text *header = context;

	if (header->length)
		text_add_string(header, ", ");
	text_add_string(header, value);
	return true;
}

/* All lines of a header as one (RFC 9110, section 5.3, allows it); "": no such line. */
static void read_header(const struct web_request *request, const char *name,
                        struct text *header)
{
	web_request_headers(request, name, join, header);
}

static uint64_t deadline_of(const struct web_request *request)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;
	double timeout = TIMEOUT_DEFAULT, given;
	char *end;

	read_header(request, "X-Prometheus-Scrape-Timeout-Seconds", &header);
	given = strtod(text_string(&header), &end);
	if (end != text_string(&header) && !end[strspn(end, " \t")] && isfinite(given) &&
	    given > 0)
		timeout = given < TIMEOUT_MAX ? given : TIMEOUT_MAX;
	timeout -= timeout / 2 < TIMEOUT_OFFSET ? timeout / 2 : TIMEOUT_OFFSET;
	return clock_monotonic() + (uint64_t)(timeout * (double)CLOCK_SECOND);
}

static bool accepts_gzip(const struct web_request *request)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;

	read_header(request, "Accept-Encoding", &header);
	return negotiate_gzip(text_string(&header));
}

static void serve_metrics(void *context, const struct web_request *request,
                          struct web_reply *reply)
{
	struct serve *serve = context;
	_cleanup_(text_clear) struct text accept = TEXT_INIT, page = TEXT_INIT;
	struct negotiated negotiated;
	collector_set collectors;

	if (!filter_collectors(serve, request, reply, &collectors))
		return;
	read_header(request, "Accept", &accept);
	negotiated = negotiate_accept(text_string(&accept));

	reply->content_type = negotiated.content_type;
	reply->headers[0] = (struct web_header){ "Vary", "Accept, Accept-Encoding" };
	if (scrape_run(&serve->scraper, collectors, deadline_of(request),
	               negotiated.format, &page) < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot render the page", "err",
		          "out of memory", NULL);
		web_reply_error(reply, 500, "out of memory");
		return;
	}
	if (accepts_gzip(request)) {
		reply->headers[1] = (struct web_header){ "Content-Encoding", "gzip" };
		reply->body.error = gzip_add(&reply->body, &page);
	} else {
		reply->body = page;
		page = TEXT_INIT;
	}
}

static void serve_landing(void *context, const struct web_request *request,
                          struct web_reply *reply)
{
	const struct serve *serve = context;

	(void)request;
	reply->content_type = "text/html; charset=utf-8";
	reply->headers[0] = (struct web_header){
		"Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'"
	};
	page_write(serve->options->telemetry_path, &reply->body);
}

static void serve_ok(void *context, const struct web_request *request,
                     struct web_reply *reply)
{
	(void)context;
	(void)request;
	reply->content_type = "text/plain; charset=utf-8";
	text_add_string(&reply->body, "OK\n");
}

/* SIGTERM and SIGINT as a descriptor; a client that goes away is no signal. */
static int open_signals(void)
{
	sigset_t signals;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void clear_serve(struct serve *serve)
{
	scraper_clear(&serve->scraper);
	certificates_free(&serve->trust);
}

static void free_server(struct web_server *const *server)
{
	web_server_free(*server);
}

int serve_run(const struct options *options)
{
	const struct web_route routes[] = {
		{ options->telemetry_path, serve_metrics, true },
		{ "/", serve_landing, false }, /* unless the metrics are there */
		{ "/-/healthy", serve_ok, false },
		{ "/-/ready", serve_ok, false },
	};
	_cleanup_(clear_serve) struct serve serve = {
		.options = options,
		.settings = options->scrape,
	};
	const struct web_options web = {
		.addresses = options->addresses,
		.addresses_count = options->addresses_count,
		.routes = routes,
		.routes_count = ARRAY_SIZE(routes),
		.context = &serve,
		.max_requests = options->max_requests,
	};
	_cleanup_(free_server) struct web_server *server = NULL;
	_cleanup_(close_descriptor) int signals = open_signals();
	int r;

	if (geteuid() == 0)
		log_event(
			LOG_LEVEL_WARN,
			"Running as root, which is not needed: use an unprivileged user",
			NULL);
	log_event(LOG_LEVEL_INFO, "Starting kernel_taint_exporter", "version",
	          version.version, "revision", version.revision, NULL);
	if (certificates_load(options, &serve.trust) < 0 ||
	    web_server_new(&web, &server) < 0)
		return EXIT_FAILURE;
	serve.settings.trust = serve.trust;
	r = signals;
	if (r >= 0)
		r = scraper_init(&serve.scraper, &serve.settings, options->collectors);
	if (r == 0)
		r = web_server_run(server, signals);
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot serve", "err", strerror(-r), NULL);
		return EXIT_FAILURE;
	}
	log_event(LOG_LEVEL_INFO, "Stopped", NULL);
	return EXIT_SUCCESS;
}
