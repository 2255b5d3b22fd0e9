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
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/version.h"
#include "commands/certificates.h"
#include "commands/confine.h"
#include "commands/door.h"
#include "commands/kernel_log.h"
#include "commands/options.h"
#include "commands/scrapes.h"
#include "exposition/negotiate.h"
#include "exposition/page.h"
#include "web/guard.h"
#include "web/server.h"
#include "web/systemd.h"

/* Of the scrape timeout so much is left for the way back, as in blackbox_exporter. */
#define TIMEOUT_OFFSET 0.5

/* Prometheus' own default for who says nothing, and the most that is believed. */
#define TIMEOUT_DEFAULT 10.0
#define TIMEOUT_MAX     3600.0

struct serve {
	const struct options *options;
	struct scrape_settings settings;
	struct trust *trust;
	struct kmsg *log;
	struct scrapes *scrapes;
	int event;           /* of the scrapes */
	struct door *door;   /* NULL: there is no web configuration */
	struct guard *guard; /* in force */
	struct systemd systemd;
	int *sockets; /* systemd's; NULL: none */
	struct web_server *server;
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

/* Takes JOB. */
static void reply_scrape(struct scrape_job *job, struct web_reply *reply)
{
	struct web_header *header = reply->headers;

	if (job->error < 0) {
		const char *reason =
			job->error == -ENOMEM ? "out of memory" : strerror(-job->error);

		log_event(LOG_LEVEL_ERROR, "Cannot render the page", "err", reason, NULL);
		web_reply_error(reply, 500, reason);
	} else {
		reply->content_type = job->content_type;
		*header++ = (struct web_header){ "Vary", "Accept, Accept-Encoding" };
		if (job->voice == SCRAPE_PAGE)
			*header++ = (struct web_header){ "Content-Security-Policy",
				                         page_security_policy };
		if (job->wants_gzip)
			*header = (struct web_header){ "Content-Encoding", "gzip" };
		reply->body = job->page;
		job->page = TEXT_INIT;
	}
	scrape_job_free(job);
}

/* Replies with what a pass saw, now or later. Takes the parts of WANTED. */
static void serve_scrape(struct serve *serve, struct web_request *request,
                         struct web_reply *reply, struct scrape_job wanted)
{
	struct scrape_job *job = malloc(sizeof(*job));

	if (!job) {
		web_reply_error(reply, 500, "out of memory");
		return;
	}
	*job = wanted;
	job->deadline = deadline_of(request);
	job->wants_gzip = accepts_gzip(request);
	job->owner = request;
	if (scrapes_add(serve->scrapes, job))
		reply_scrape(job, reply);
	else
		reply->is_later = true;
}

static void serve_metrics(void *context, struct web_request *request,
                          struct web_reply *reply)
{
	struct serve *serve = context;
	_cleanup_(text_clear) struct text accept = TEXT_INIT;
	struct negotiated negotiated;
	collector_set collectors;

	if (!filter_collectors(serve, request, reply, &collectors))
		return;
	read_header(request, "Accept", &accept);
	negotiated = negotiate_accept(text_string(&accept));
	serve_scrape(serve, request, reply,
	             (struct scrape_job){
			     .collectors = collectors,
			     .voice = negotiated.format == EXPOSE_OPENMETRICS
	                                      ? SCRAPE_OPENMETRICS
	                                      : SCRAPE_TEXT,
			     .content_type = negotiated.content_type,
		     });
}

static void serve_json(void *context, struct web_request *request,
                       struct web_reply *reply)
{
	struct serve *serve = context;

	serve_scrape(serve, request, reply,
	             (struct scrape_job){
			     .collectors = serve->options->collectors,
			     .voice = SCRAPE_JSON,
			     .content_type = "application/json",
		     });
}

static void serve_page(void *context, struct web_request *request,
                       struct web_reply *reply)
{
	struct serve *serve = context;
	_cleanup_(text_clear) struct text accept = TEXT_INIT;

	read_header(request, "Accept", &accept);
	if (negotiate_json(text_string(&accept))) {
		serve_json(context, request, reply);
		return;
	}
	serve_scrape(serve, request, reply,
	             (struct scrape_job){
			     .collectors = serve->options->collectors,
			     .voice = SCRAPE_PAGE,
			     .content_type = "text/html; charset=utf-8",
		     });
}

static void answer_scrape(struct scrape_job *job)
{
	struct web_request *request = job->owner;
	struct web_reply reply = { .status = 200 };

	reply_scrape(job, &reply);
	web_request_answer(request, &reply);
}

static void use_guard(struct serve *serve, struct guard *guard)
{
	if (!guard)
		return;
	web_server_set_guard(serve->server, guard);
	guard_free(serve->guard);
	serve->guard = guard;
}

static void turn(void *context)
{
	struct serve *serve = context;
	struct scrape_job *job;

	if (serve->door)
		use_guard(serve, door_check(serve->door, false));
	while ((job = scrapes_take(serve->scrapes)))
		answer_scrape(job);
	scrapes_check(serve->scrapes);
}

static uint64_t next_turn(void *context)
{
	const struct serve *serve = context;

	return scrapes_check_time(serve->scrapes);
}

static void reload(void *context)
{
	struct serve *serve = context;

	if (serve->door)
		use_guard(serve, door_check(serve->door, true));
}

static void serve_ok(void *context, struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	reply->content_type = "text/plain; charset=utf-8";
	text_add_string(&reply->body, "OK\n");
}

/* SIGTERM, SIGINT and SIGHUP as a descriptor; a client that goes away is no signal. */
static int open_signals(void)
{
	sigset_t signals;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void clear_serve(struct serve *serve)
{
	web_server_free(serve->server);
	scrapes_free(serve->scrapes);
	close_descriptor(&serve->event);
	guard_free(serve->guard);
	door_free(serve->door);
	certificates_free(&serve->trust);
	kernel_log_free(&serve->log);
	systemd_clear(&serve->systemd);
	free(serve->sockets);
}

static int take_sockets(struct serve *serve, struct web_options *web)
{
	int r = systemd_listeners_take(&serve->sockets, &web->sockets_count);

	web->sockets = serve->sockets;
	if (r == 0)
		return 0;
	log_event(LOG_LEVEL_ERROR, "Cannot take over sockets", "flag",
	          "--web.systemd-socket", "err",
	          r == -ENOENT ? "expected LISTEN_PID and LISTEN_FDS as systemd sets them"
	          : r == -EINVAL ? "expected stream sockets that listen"
	                         : strerror(-r),
	          NULL);
	return r;
}

/* What is read and opened once, before the walls are shut. 0, or -errno and a log line.
 */
static int prepare(struct serve *serve, struct web_options *web)
{
	const struct options *options = serve->options;
	int r = certificates_load(options, &serve->trust);

	serve->settings.trust = serve->trust;
	if (r == 0)
		r = kernel_log_new(options, &serve->log);
	serve->settings.log = serve->log;
	if (r == 0 && options->web_config)
		r = door_new(options->web_config, &serve->door, &serve->guard);
	web->guard = serve->guard;
	if (r == 0 && options->has_systemd_socket)
		r = take_sockets(serve, web);
	if (r == 0)
		r = web_server_new(web, &serve->server);
	if (r == 0)
		systemd_init(&serve->systemd);
	return r;
}

static int shut_walls(struct serve *serve)
{
	_cleanup_(door_paths_clear) struct door_paths paths = { 0 };
	int r = serve->door ? door_paths_init(&paths, serve->door) : 0;

	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot serve", "err", strerror(-r), NULL);
		return r;
	}
	return confine(serve->options, paths.paths, paths.count, serve->settings.sandbox);
}

int serve_run(const struct options *options)
{
	const struct web_route routes[] = {
		{ options->telemetry_path, serve_metrics, true },
		{ "/", serve_page, true }, /* unless the metrics are there */
		{ "/api/v1/status", serve_json, true },
		{ "/-/healthy", serve_ok, false },
		{ "/-/ready", serve_ok, false },
	};
	_cleanup_(clear_serve) struct serve serve = {
		.options = options,
		.settings = options->scrape,
		.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.systemd = { .notify = -1 },
	};
	struct web_options web = {
		.addresses = options->addresses,
		.addresses_count = options->addresses_count,
		.routes = routes,
		.routes_count = ARRAY_SIZE(routes),
		.context = &serve,
		.max_requests = options->max_requests,
		.turn = turn,
		.next_turn = next_turn,
		.event = serve.event,
		.reload = reload,
		.systemd = &serve.systemd,
	};
	_cleanup_(close_descriptor) int signals = open_signals();
	int r = serve.event < 0 ? -EMFILE : signals;

	if (geteuid() == 0)
		log_event(
			LOG_LEVEL_WARN,
			"Running as root, which is not needed: use an unprivileged user",
			NULL);
	log_event(LOG_LEVEL_INFO, "Starting kernel_taint_exporter", "version",
	          version.version, "revision", version.revision, NULL);
	serve.settings.start_time = clock_realtime();
	serve.settings.telemetry_path = options->telemetry_path;
	if (prepare(&serve, &web) < 0 || shut_walls(&serve) < 0)
		return EXIT_FAILURE;
	if (r >= 0)
		r = scrapes_new(&serve.settings, options->collectors, serve.event,
		                &serve.scrapes);
	if (r >= 0)
		r = web_server_run(serve.server, signals);
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot serve", "err", strerror(-r), NULL);
		return EXIT_FAILURE;
	}
	log_event(LOG_LEVEL_INFO, "Stopped", NULL);
	return EXIT_SUCCESS;
}
