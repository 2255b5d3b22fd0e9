/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command serve in a process of its own, over a small host made of files: what its
 * pages hold, which query and which header lines change them, and how it starts and ends.
 * Knows metrics_write() and gzip_add(), which it lets fail.
 */
#include "commands/serve.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "client.h"
#include "commands/options.h"
#include "commands/scrape.h"
#include "exposition/metrics.h"
#include "exposition/page.h"
#include "ko.h"
#include "tree.h"

#define TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

void __real_metrics_write(const struct metrics *metrics, enum expose_format format,
                          struct text *page);
void __wrap_metrics_write(const struct metrics *metrics, enum expose_format format,
                          struct text *page);
int __real_gzip_add(struct text *compressed, const struct text *plain);
int __wrap_gzip_add(struct text *compressed, const struct text *plain);
uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);
int __real_scrape_run(struct scraper *scraper, collector_set collectors,
                      uint64_t deadline, enum scrape_voice voice, struct text *page);
int __wrap_scrape_run(struct scraper *scraper, collector_set collectors,
                      uint64_t deadline, enum scrape_voice voice, struct text *page);
int __real_scraper_init(struct scraper *scraper, const struct scrape_settings *settings,
                        collector_set collectors, struct stalls *stalls,
                        struct stall_place *place);
int __wrap_scraper_init(struct scraper *scraper, const struct scrape_settings *settings,
                        collector_set collectors, struct stalls *stalls,
                        struct stall_place *place);

/* Set before the process starts. */
static bool fails_to_write, fails_to_compress;
static int begins_that_fail;
static uint64_t clock_stand; /* the time that does not pass; 0: it does */

/* Shared with the process: nanoseconds that the last scrape had. */
static uint64_t *scrape_time;

void __wrap_metrics_write(const struct metrics *metrics, enum expose_format format,
                          struct text *page)
{
	__real_metrics_write(metrics, format, page);
	if (fails_to_write)
		page->error = -ENOMEM;
}

int __wrap_gzip_add(struct text *compressed, const struct text *plain)
{
	if (fails_to_compress) {
		text_add_string(compressed, "half");
		return -ENOMEM;
	}
	return __real_gzip_add(compressed, plain);
}

uint64_t __wrap_clock_monotonic(void)
{
	return clock_stand ? clock_stand : __real_clock_monotonic();
}

int __wrap_scrape_run(struct scraper *scraper, collector_set collectors,
                      uint64_t deadline, enum scrape_voice voice, struct text *page)
{
	*scrape_time = deadline - clock_monotonic();
	return __real_scrape_run(scraper, collectors, deadline, voice, page);
}

int __wrap_scraper_init(struct scraper *scraper, const struct scrape_settings *settings,
                        collector_set collectors, struct stalls *stalls,
                        struct stall_place *place)
{
	if (begins_that_fail > 0 && begins_that_fail--) {
		*scraper = (struct scraper){ 0 };
		return -ENOMEM;
	}
	return __real_scraper_init(scraper, settings, collectors, stalls, place);
}

/* ---- the process ---- */

static const char *addresses[] = { "127.0.0.1:0", "127.0.0.2:0" };

static struct options options;
static pid_t process = -1;
static int log_fd = -1;
static unsigned int port;

/* What the process logged so far; borrowed until the next call. */
static const char *logged(void)
{
	static char lines[65536];
	ssize_t size = pread(log_fd, lines, sizeof(lines) - 1, 0);

	assert_true(size >= 0);
	lines[size] = '\0';
	return lines;
}

/* Waits for the end of the process: its exit code. */
static int wait_for_end(void)
{
	for (int i = 0; i < CLIENT_SECONDS * 100; i++) {
		int status;

		if (waitpid(process, &status, WNOHANG) == process) {
			process = -1;
			if (!WIFEXITED(status))
				fail_msg("killed by signal %d: %s", WTERMSIG(status),
				         logged());
			return WEXITSTATUS(status);
		}
		usleep(10000);
	}
	fail_msg("the process does not end: %s", logged());
	return -1;
}

static void start_process(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	fflush(NULL);
	process = fork();
	assert_true(process >= 0);
	if (process > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log_fd, STDERR_FILENO);
	exit(serve_run(&options));
}

/* Starts it and waits until it listens on COUNT addresses. */
static void start_on(size_t count)
{
	static const char line[] = "msg=\"Listening on\" address=127.0.0.1:";

	options.addresses_count = count;
	start_process();
	for (int i = 0; i < CLIENT_SECONDS * 100; i++) {
		const char *lines = logged();
		size_t listening = 0;

		for (const char *c = lines; (c = strstr(c, "\"Listening on\"")); c++)
			listening++;
		if (listening == count) {
			port = (unsigned int)strtoul(strstr(lines, line) + strlen(line),
			                             NULL, 10);
			return;
		}
		if (waitpid(process, NULL, WNOHANG) == process) {
			process = -1;
			fail_msg("the process ended: %s", lines);
		}
		usleep(10000);
	}
	fail_msg("the process does not listen: %s", logged());
}

static void start(void)
{
	start_on(1);
}

static void stop(int signal)
{
	assert_int_equal(kill(process, signal), 0);
	assert_int_equal(wait_for_end(), 0);
}

/* A host with one third-party module. */
static void write_host(void)
{
	tree_write("proc/sys/kernel/tainted", "4099\n");
	tree_write("proc/sys/kernel/osrelease", "6.12.0-test\n");
	tree_write("proc/sys/kernel/modules_disabled", "0\n");
	tree_write("proc/version", "Linux version 6.12.0-test\n");
	tree_write("proc/cmdline", "quiet\n");
	tree_write("proc/modules", "zfs 4931584 6 - Live 0x0000000000000000 (PO)\n"
	                           "ext4 1024000 1 - Live 0x0000000000000000\n");
	tree_write("sys/module/zfs/initstate", "live\n");
	tree_write("sys/module/zfs/taint", "PO\n");
	tree_write("sys/module/ext4/initstate", "live\n");
	tree_write("sys/module/ext4/taint", "\n");
	tree_write("sys/module/module/parameters/sig_enforce", "N\n");
	tree_write("sys/kernel/warn_count", "3\n");
	tree_write("sys/kernel/debug/modules/unloaded_tainted", "gone (OE) 1\n");
	tree_write("root/dev/kmsg",
	           "4,1,9,-;zfs: loading out-of-tree module taints kernel.\n");
}

static int setup(void **state)
{
	if (tree_setup(state) < 0)
		return -1;
	write_host();
	fails_to_write = fails_to_compress = false;
	begins_that_fail = 0;
	clock_stand = 0;
	options = (struct options){
		.scrape = {
			.paths = {
				[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS],
				[HOSTFS_SYSFS] = tree_root_paths[HOSTFS_SYSFS],
				[HOSTFS_ROOTFS] = tree_root_paths[HOSTFS_ROOTFS],
				[HOSTFS_SELF] = "/proc/self",
			},
			.files_wait = 60 * CLOCK_SECOND,
			.with_process = true,
		},
		.collectors = collector_defaults(),
		.addresses = addresses,
		.telemetry_path = "/metrics",
		.max_requests = 40,
	};
	return 0;
}

static int setup_group(void **state)
{
	(void)state;
	scrape_time = mmap(NULL, sizeof(*scrape_time), PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return scrape_time == MAP_FAILED ? -1 : 0;
}

/* A test that went well stops the process by itself; none may be left. */
static int teardown(void **state)
{
	int r = 0;

	clients_close();
	if (process > 0) {
		kill(process, SIGTERM);
		/* Leaks are an exit code, too. */
		for (int i = 0; i < 2000 && process > 0; i++) {
			int status;

			if (waitpid(process, &status, WNOHANG) == process) {
				process = -1;
				r = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
				                                                  : -1;
			} else {
				usleep(10000);
			}
		}
	}
	if (process > 0) {
		kill(process, SIGKILL);
		waitpid(process, NULL, 0);
		process = -1;
		r = -1;
	}
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	return tree_teardown(state) == 0 ? r : -1;
}

/* ---- clients of it ---- */

/* Sends "METHOD PATH" with HEADERS, each line with its end; the caller clears REPLY. */
static void fetch(const char *method, const char *path, const char *headers,
                  struct reply *reply)
{
	struct client *client = client_try("127.0.0.1", "127.0.0.1", port, false);

	assert_non_null(client);
	client_send(client, method);
	client_send(client, " ");
	client_send(client, path);
	client_send(client, " HTTP/1.1\r\nHost: a\r\n");
	client_send(client, headers);
	client_send(client, "\r\n");
	client_read_head(client, reply);
	if (strcmp(method, "HEAD") != 0)
		client_read_body(client, reply);
	assert_string_equal(text_string(&client->in), "");
	client_close(client);
}

static void assert_fetched(const char *path, unsigned int status, const char *body)
{
	_cleanup_(reply_clear) struct reply reply;

	fetch("GET", path, "", &reply);
	if (reply.status != status || strcmp(text_string(&reply.body), body) != 0)
		fail_msg("%s: %u %s", path, reply.status, text_string(&reply.body));
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
}

static bool has_line(const struct reply *reply, const char *line)
{
	for (const char *c = text_string(&reply->body); (c = strstr(c, line)); c++)
		if ((c == text_string(&reply->body) || c[-1] == '\n') &&
		    c[strlen(line)] == '\n')
			return true;
	return false;
}

/* Whether there is a sample of a family whose name starts so. */
static bool has_family(const struct reply *reply, const char *start)
{
	for (const char *c = text_string(&reply->body); (c = strstr(c, start)); c++)
		if (c == text_string(&reply->body) || c[-1] == '\n')
			return true;
	return false;
}

/* One family of each collector, in the order of their enum. */
static const char *const families[] = {
	[COLLECTOR_KERNEL] = "kernel_taint_mask ",
	[COLLECTOR_LOG] = "kernel_taint_log_events_total{",
	[COLLECTOR_MODULES] = "kernel_taint_modules_loaded ",
	[COLLECTOR_POSTURE] = "kernel_taint_kernel_warnings_total ",
	[COLLECTOR_SIGNATURE] = "kernel_taint_module_files{",
	[COLLECTOR_UNLOADED] = "kernel_taint_unloaded_module{",
};
_Static_assert(ARRAY_SIZE(families) == COLLECTOR_COUNT, "one per collector");

/* The collectors of RAN are on the page, those of GOOD with their families. */
static void assert_collectors(const struct reply *reply, collector_set ran,
                              collector_set good)
{
	assert_int_equal(reply->status, 200);
	for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
		bool is_ran = ran & COLLECTOR_BIT(c), is_good = good & COLLECTOR_BIT(c);
		char line[96];

		for (int value = 0; value < 2; value++) {
			snprintf(line, sizeof(line),
			         "kernel_taint_scrape_collector_success"
			         "{collector=\"%s\"} %d",
			         collector_name(c), value);
			assert_int_equal(has_line(reply, line),
			                 is_ran && is_good == (value == 1));
		}
		snprintf(line, sizeof(line),
		         "kernel_taint_scrape_collector_duration_seconds"
		         "{collector=\"%s\"} ",
		         collector_name(c));
		assert_int_equal(has_family(reply, line), is_ran);
		assert_int_equal(has_family(reply, families[c]), is_good);
	}
	assert_true(has_family(reply, "kernel_taint_exporter_build_info{"));
}

#define KERNEL  COLLECTOR_BIT(COLLECTOR_KERNEL)
#define MODULES COLLECTOR_BIT(COLLECTOR_MODULES)
#define POSTURE COLLECTOR_BIT(COLLECTOR_POSTURE)
#define FILES   COLLECTOR_BIT(COLLECTOR_SIGNATURE)
#define ALL     (KERNEL | MODULES | POSTURE | FILES)

/* The two that are off by default. */
#define LOG      COLLECTOR_BIT(COLLECTOR_LOG)
#define UNLOADED COLLECTOR_BIT(COLLECTOR_UNLOADED)

static void assert_query(const char *path, collector_set expected)
{
	_cleanup_(reply_clear) struct reply reply;

	fetch("GET", path, "", &reply);
	assert_collectors(&reply, expected, expected);
}

/* The page without what differs from one scrape to the next. */
static void add_stable(struct text *stable, const struct reply *reply)
{
	const char *line = text_string(&reply->body);

	while (*line) {
		size_t length = strcspn(line, "\n") + 1;

		if (strncmp(line, "process_", 8) != 0 &&
		    strncmp(line, "kernel_taint_scrape_collector_duration", 38) != 0)
			text_add(stable, line, length);
		line += length;
	}
}

/* ---- the page ---- */

static void the_page_tells_of_the_host(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	start();
	fetch("GET", "/metrics", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Type"), TEXT);
	assert_string_equal(reply_header(&reply, "Vary"), "Accept, Accept-Encoding");
	assert_null(reply_header(&reply, "Content-Encoding"));
	assert_collectors(&reply, ALL, ALL);
	assert_true(has_line(&reply, "kernel_taint_mask 4099"));
	assert_true(has_line(&reply, "kernel_taint_kernel_info{dialect=\"mainline\","
	                             "release=\"6.12.0-test\"} 1"));
	assert_true(has_line(&reply, "kernel_taint_modules_loaded 2"));
	assert_true(has_line(&reply, "kernel_taint_modules_tainting 1"));
	assert_true(has_line(&reply, "kernel_taint_modules_hidden 0"));
	assert_true(has_line(&reply, "kernel_taint_flag_unexplained{bit=\"1\","
	                             "flag=\"F\",taint=\"forced_module\"} 1"));
	assert_true(has_line(&reply, "kernel_taint_module{module=\"zfs\","
	                             "taint=\"proprietary_module\",flag=\"P\"} 1"));
	assert_true(has_line(&reply, "kernel_taint_module_signatures_enforced 0"));
	assert_true(has_line(&reply, "kernel_taint_kernel_warnings_total 3"));
	assert_true(has_family(&reply, "process_open_fds "));
	assert_int_equal(reply.body.data[reply.body.length - 1], '\n');
	assert_null(strstr(text_string(&reply.body), "# EOF"));
	stop(SIGTERM);
}

static void a_prometheus_gets_openmetrics(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	const char *end;

	(void)state;
	start();
	fetch("GET", "/metrics",
	      "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
	      "q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;"
	      "version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
	      "*/*;q=0.2\r\n"
	      "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n",
	      &reply);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    OPENMETRICS "; escaping=allow-utf-8");
	assert_string_equal(reply_header(&reply, "Vary"), "Accept, Accept-Encoding");
	assert_collectors(&reply, ALL, ALL);
	end = strstr(text_string(&reply.body), "# EOF\n");
	assert_non_null(end);
	assert_string_equal(end, "# EOF\n");
}

static void several_accept_lines_are_one_list(void **state)
{
	_cleanup_(reply_clear) struct reply first, second;

	(void)state;
	start();
	fetch("GET", "/metrics",
	      "Accept: text/plain;q=0.1\r\n"
	      "ACCEPT: application/openmetrics-text;q=0.9\r\n",
	      &first);
	assert_string_equal(reply_header(&first, "Content-Type"), OPENMETRICS);
	fetch("GET", "/metrics",
	      "Accept: application/openmetrics-text;q=0.5\r\n"
	      "Accept:\r\n"
	      "Accept: text/plain;q=0.9\r\n",
	      &second);
	assert_string_equal(reply_header(&second, "Content-Type"), TEXT);
}

static void head_has_the_headers_of_get(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	start();
	fetch("HEAD", "/metrics", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Type"), TEXT);
	assert_string_equal(reply_header(&reply, "Vary"), "Accept, Accept-Encoding");
	assert_true(atoi(reply_header(&reply, "Content-Length")) > 1000);
}

static void two_scrapes_of_one_state_are_alike(void **state)
{
	_cleanup_(text_clear) struct text first = TEXT_INIT, second = TEXT_INIT;

	(void)state;
	start();
	for (int i = 0; i < 2; i++) {
		_cleanup_(reply_clear) struct reply reply;

		fetch("GET", "/metrics", "", &reply);
		add_stable(i ? &second : &first, &reply);
	}
	assert_string_equal(text_string(&first), text_string(&second));
}

static void a_change_shows_in_the_next_scrape(void **state)
{
	_cleanup_(reply_clear) struct reply before, after;

	(void)state;
	start();
	fetch("GET", "/metrics", "", &before);
	assert_true(has_line(&before, "kernel_taint_mask 4099"));
	tree_write("proc/sys/kernel/tainted", "512\n");
	tree_replace("proc/modules", "ext4 1024000 1 - Live 0x0000000000000000\n");
	tree_delete("sys/module/zfs/taint");
	tree_delete("sys/module/zfs/initstate");
	tree_delete("sys/module/zfs");
	fetch("GET", "/metrics", "", &after);
	assert_true(has_line(&after, "kernel_taint_mask 512"));
	assert_true(has_line(&after, "kernel_taint_modules_loaded 1"));
	assert_false(has_family(&after, "kernel_taint_module{"));
}

static void the_exporter_can_be_silent_about_itself(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	options.scrape.with_process = false;
	start();
	fetch("GET", "/metrics", "", &reply);
	assert_collectors(&reply, ALL, ALL);
	assert_false(has_family(&reply, "process_"));
}

static void a_given_dialect_is_taken(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	options.scrape.is_dialect_given = true;
	options.scrape.dialect = DIALECT_SUSE;
	start();
	fetch("GET", "/metrics", "", &reply);
	assert_true(has_family(&reply, "kernel_taint_kernel_info{dialect=\"suse\","));
}

/* ---- compression ---- */

static void unzip(const struct text *compressed, struct text *plain)
{
	z_stream stream = {
		.next_in = (Bytef *)text_string(compressed),
		.avail_in = (uInt)compressed->length,
	};

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(text_reserve(plain, 1 << 20), 0);
	stream.next_out = (Bytef *)plain->data;
	stream.avail_out = 1 << 20;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	plain->length = stream.total_out;
	plain->data[plain->length] = '\0';
	inflateEnd(&stream);
}

static void gzip_holds_the_same_page(void **state)
{
	_cleanup_(text_clear) struct text expected = TEXT_INIT, found = TEXT_INIT;
	_cleanup_(reply_clear) struct reply plain, compressed, unzipped = { 0 };

	(void)state;
	start();
	fetch("GET", "/metrics", "", &plain);
	fetch("GET", "/metrics", "Accept-Encoding: gzip\r\n", &compressed);
	assert_string_equal(reply_header(&compressed, "Content-Encoding"), "gzip");
	assert_string_equal(reply_header(&compressed, "Content-Type"), TEXT);
	assert_string_equal(reply_header(&compressed, "Vary"), "Accept, Accept-Encoding");
	assert_true(compressed.body.length < plain.body.length / 3);
	unzip(&compressed.body, &unzipped.body);
	add_stable(&expected, &plain);
	add_stable(&found, &unzipped);
	assert_string_equal(text_string(&found), text_string(&expected));
}

static void gzip_is_sent_only_where_it_is_allowed(void **state)
{
	static const struct {
		const char *headers;
		bool is_allowed;
	} cases[] = {
		{ "Accept-Encoding: gzip, deflate, br\r\n", true },
		{ "accept-encoding: *\r\n", true },
		{ "Accept-Encoding: deflate\r\nAccept-Encoding: gzip;q=0.5\r\n", true },
		{ "Accept-Encoding:\r\n", false },
		{ "Accept-Encoding: identity\r\n", false },
		{ "Accept-Encoding: gzip;q=0\r\n", false },
		{ "Accept-Encoding: *\r\nAccept-Encoding: gzip;q=0\r\n", false },
	};

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(reply_clear) struct reply reply;

		fetch("GET", "/metrics", cases[i].headers, &reply);
		assert_int_equal(reply.status, 200);
		assert_int_equal(reply_header(&reply, "Content-Encoding") != NULL,
		                 cases[i].is_allowed);
		assert_int_equal(has_family(&reply, "kernel_taint_mask "),
		                 !cases[i].is_allowed);
	}
}

/* ---- collect[] and exclude[] ---- */

static void collect_runs_what_it_names(void **state)
{
	(void)state;
	start();
	assert_query("/metrics?collect[]=kernel", KERNEL);
	assert_query("/metrics?collect[]=modules", MODULES);
	assert_query("/metrics?collect%5B%5D=posture", POSTURE);
	assert_query("/metrics?collect[]=posture&collect[]=kernel", KERNEL | POSTURE);
	assert_query("/metrics?collect[]=kernel&collect[]=kernel", KERNEL);
	assert_query("/metrics?x=y&collect[]=modules&z", MODULES);
	assert_query("/metrics?collect[]=signature", FILES);
	assert_query("/metrics?collect[]=signature&collect[]=kernel", FILES | KERNEL);
	assert_query("/metrics?collect[]=kernel&collect[]=modules&collect[]=posture",
	             ALL & ~FILES);
	assert_query("/metrics?collect[]=kernel&collect[]=modules&collect[]=posture"
	             "&collect[]=signature",
	             ALL);
	/* Another name is another thing. */
	assert_query("/metrics?collect=kernel", ALL);
	assert_query("/metrics?Collect[]=kernel", ALL);
	assert_query("/metrics?", ALL);
}

static void exclude_runs_what_it_does_not_name(void **state)
{
	(void)state;
	start();
	assert_query("/metrics?exclude[]=kernel", ALL & ~KERNEL);
	assert_query("/metrics?exclude[]=signature", ALL & ~FILES);
	assert_query("/metrics?exclude[]=kernel&exclude%5b%5d=posture", MODULES | FILES);
	assert_query("/metrics?exclude[]=posture&exclude[]=posture", ALL & ~POSTURE);
	assert_query("/metrics?exclude[]=kernel&exclude[]=modules&exclude[]=posture"
	             "&exclude[]=signature",
	             0);
}

static void collect_refuses_what_is_unknown(void **state)
{
	(void)state;
	start();
	assert_fetched("/metrics?collect[]=nothing", 400, "unknown collector: nothing\n");
	assert_fetched("/metrics?collect[]=kernel&collect[]=nothing", 400,
	               "unknown collector: nothing\n");
	assert_fetched("/metrics?collect[]=nothing&collect[]=kernel", 400,
	               "unknown collector: nothing\n");
	assert_fetched("/metrics?collect[]=", 400, "unknown collector: \n");
	assert_fetched("/metrics?collect[]", 400, "unknown collector: \n");
	assert_fetched("/metrics?collect[]=KERNEL", 400, "unknown collector: KERNEL\n");
	assert_fetched("/metrics?collect[]=kernel,modules", 400,
	               "unknown collector: kernel,modules\n");
}

static void a_hostile_name_is_cleaned(void **state)
{
	(void)state;
	start();
	assert_fetched("/metrics?collect[]=%ff%3Cb%3E", 400,
	               "unknown collector: " UTF8_REPLACEMENT "<b>\n");
	assert_fetched("/metrics?collect[]=%c3%a9", 400, "unknown collector: \xc3\xa9\n");
}

static void collect_refuses_what_is_switched_off(void **state)
{
	(void)state;
	options.collectors = KERNEL | MODULES;
	start();
	assert_query("/metrics", KERNEL | MODULES);
	assert_query("/metrics?collect[]=kernel", KERNEL);
	assert_fetched("/metrics?collect[]=posture", 400,
	               "disabled collector: posture\n");
	assert_fetched("/metrics?collect[]=signature", 400,
	               "disabled collector: signature\n");
	assert_fetched("/metrics?collect[]=kernel&collect[]=posture", 400,
	               "disabled collector: posture\n");
}

static void exclude_takes_what_is_switched_off(void **state)
{
	(void)state;
	options.collectors = KERNEL | MODULES;
	start();
	assert_query("/metrics?exclude[]=posture", KERNEL | MODULES);
	assert_query("/metrics?exclude[]=posture&exclude[]=kernel", MODULES);
}

static void collect_and_exclude_do_not_go_together(void **state)
{
	static const char line[] = "collect[] and exclude[] do not go together\n";

	(void)state;
	start();
	assert_fetched("/metrics?collect[]=kernel&exclude[]=posture", 400, line);
	assert_fetched("/metrics?exclude[]=kernel&collect[]=kernel", 400, line);
	assert_fetched("/metrics?collect[]=&exclude[]=", 400, line);
}

/* ---- the log, and modules that are gone ---- */

static void what_is_off_by_default_is_switched_on(void **state)
{
	(void)state;
	options.collectors = ALL | LOG | UNLOADED;
	start();
	assert_query("/metrics", ALL | LOG | UNLOADED);
	assert_query("/metrics?collect[]=log", LOG);
	assert_query("/metrics?exclude[]=log", ALL | UNLOADED);
	assert_query("/metrics?collect[]=unloaded", UNLOADED);
	assert_query("/metrics", ALL | LOG | UNLOADED);
	stop(SIGTERM);
	assert_null(strstr(logged(), "kernel log"));
}

static void a_log_that_cannot_be_opened_fails_its_collector_and_no_other(void **state)
{
	(void)state;
	tree_delete("root/dev/kmsg");
	options.collectors = ALL | LOG;
	start();
	assert_non_null(strstr(logged(), "Cannot open the kernel log"));
	for (int i = 0; i < 3; i++) {
		_cleanup_(reply_clear) struct reply reply;

		fetch("GET", "/metrics", "", &reply);
		assert_collectors(&reply, ALL | LOG, ALL);
		tree_write("root/dev/kmsg", "");
	}
	stop(SIGTERM);
}

/* ---- the time a scrape has ---- */

static void assert_timeout(const char *timeout, collector_set good)
{
	_cleanup_(reply_clear) struct reply reply;
	char header[96];

	snprintf(header, sizeof(header), "X-Prometheus-Scrape-Timeout-Seconds: %s\r\n",
	         timeout);
	fetch("GET", "/metrics", header, &reply);
	assert_collectors(&reply, ALL, good);
}

static void a_timeout_that_is_long_enough_changes_nothing(void **state)
{
	static const char *const timeouts[] = { "10",    "10.5",  "120", "1e2",
		                                "86400", "1e300", "+30" };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++)
		assert_timeout(timeouts[i], ALL);
}

static void a_bad_timeout_is_ignored(void **state)
{
	static const char *const timeouts[] = { "",    "abc",  "0",     "-1",   "-0.001",
		                                "0.0", "nan",  "inf",   "-inf", "1e999",
		                                "5s",  "1,5",  "0.1 5", "0.1x", "--1",
		                                "0x",  "1e-9x" };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++)
		assert_timeout(timeouts[i], ALL);
}

/* Half a second, or half of it all, is left for the way back. */
static void a_scrape_has_a_part_of_the_timeout(void **state)
{
	static const struct {
		const char *headers;
		uint64_t milliseconds;
	} cases[] = {
		{ "", 9500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n", 9500 },
		{ "x-prometheus-scrape-timeout-seconds: 30\r\n", 29500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n", 1000 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n", 500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 0.5\r\n", 250 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 0.25\r\n", 125 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 3600\r\n", 3599500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 3601\r\n", 3599500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 1e300\r\n", 3599500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: -1\r\n", 9500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: nan\r\n", 9500 },
		{ "X-Prometheus-Scrape-Timeout-Seconds: 1s\r\n", 9500 },
	};

	(void)state;
	/* Later than any true one: nobody waits in vain for what it says. */
	clock_stand = 1000000000 * CLOCK_SECOND;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(reply_clear) struct reply reply;

		fetch("GET", "/metrics", cases[i].headers, &reply);
		assert_collectors(&reply, ALL, ALL);
		assert_int_equal(*scrape_time, cases[i].milliseconds * 1000000);
	}
}

static void two_timeouts_are_none(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	start();
	fetch("GET", "/metrics",
	      "X-Prometheus-Scrape-Timeout-Seconds: 0.000000001\r\n"
	      "X-Prometheus-Scrape-Timeout-Seconds: 0.000000001\r\n",
	      &reply);
	assert_collectors(&reply, ALL, ALL);
}

static void a_timeout_that_is_over_marks_the_collectors_as_failed(void **state)
{
	static const char *const timeouts[] = { "0.000000001", "1e-9", "1e-300" };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		assert_timeout(timeouts[i], 0);
		assert_non_null(strstr(logged(), "the time for it is over"));
		/* The next scrape has its own time. */
		assert_timeout("10", ALL);
	}
}

static void a_page_that_is_over_time_is_whole(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	start();
	fetch("GET", "/metrics",
	      "X-Prometheus-Scrape-Timeout-Seconds: 1e-9\r\n"
	      "Accept: application/openmetrics-text\r\n",
	      &reply);
	assert_collectors(&reply, ALL, 0);
	assert_string_equal(text_string(&reply.body) + reply.body.length -
	                            strlen("# EOF\n"),
	                    "# EOF\n");
}

/* ---- files of modules ---- */

static void give_zfs_a_file(const char *from)
{
	ko_copy(from, "root/lib/modules/6.12.0-test/extra/new.ko");
	assert_int_equal(renameat(tree_fd, "root/lib/modules/6.12.0-test/extra/new.ko",
	                          tree_fd, "root/lib/modules/6.12.0-test/extra/zfs.ko"),
	                 0);
	tree_write("root/lib/modules/6.12.0-test/modules.dep", "extra/zfs.ko:\n");
}

/* The file of the loaded module is signed, and was verified as VERIFIED says. */
static void assert_verified(const char *verified)
{
	_cleanup_(reply_clear) struct reply reply;
	char label[40];

	fetch("GET", "/metrics", "", &reply);
	assert_collectors(&reply, ALL, ALL);
	assert_true(has_line(&reply, "kernel_taint_module_files{signature=\"pkcs7\"} 1"));
	assert_true(has_line(&reply, "kernel_taint_module_files{signature=\"missing\"} "
	                             "1"));
	snprintf(label, sizeof(label), ",verified=\"%s\"} 1\n", verified);
	if (!strstr(text_string(&reply.body), label))
		fail_msg("not '%s': %s", verified, text_string(&reply.body));
}

static void the_page_tells_of_the_files_of_modules(void **state)
{
	(void)state;
	give_zfs_a_file(KO_SIGNED);
	start();
	assert_verified("");
}

static void signatures_are_verified_with_certificates(void **state)
{
	static const char *paths[] = { KO_CERTIFICATE };

	(void)state;
	options.trust_paths = paths;
	options.trust_paths_count = 1;
	give_zfs_a_file(KO_SIGNED);
	start();
	assert_verified("yes");
	give_zfs_a_file(KO_TAMPERED);
	assert_verified("no");
}

static void certificates_that_cannot_be_read_end_it(void **state)
{
	static const char *paths[] = { KO_CERTIFICATE, "/nonexistent/key.pem" };
	const char *found;

	(void)state;
	options.trust_paths = paths;
	options.trust_paths_count = 2;
	options.addresses_count = 1;
	start_process();
	assert_int_equal(wait_for_end(), 1);
	found = strstr(logged(), "level=error");
	assert_non_null(found);
	assert_non_null(strstr(found, "flag=--collector.signature.trust "
	                              "file=/nonexistent/key.pem"));
	assert_null(strstr(found + 1, "level=error"));
}

static void files_are_left_alone_when_nobody_wants_them(void **state)
{
	(void)state;
	give_zfs_a_file(KO_SIGNED);
	options.collectors = ALL & ~FILES;
	start();
	assert_query("/metrics", ALL & ~FILES);
}

/* ---- failures ---- */

static void a_source_that_fails_is_marked_and_the_rest_speaks(void **state)
{
	_cleanup_(reply_clear) struct reply mask, posture, good;

	(void)state;
	start();
	tree_write("proc/sys/kernel/tainted", "garbage\n");
	fetch("GET", "/metrics", "", &mask);
	assert_int_equal(mask.status, 200);
	assert_false(has_family(&mask, "kernel_taint_mask "));
	assert_true(has_family(&mask, "kernel_taint_kernel_info{"));
	assert_true(has_line(&mask, "kernel_taint_scrape_collector_success"
	                            "{collector=\"kernel\"} 0"));
	assert_true(has_line(&mask, "kernel_taint_scrape_collector_success"
	                            "{collector=\"modules\"} 1"));
	assert_true(has_line(&mask, "kernel_taint_modules_loaded 2"));
	assert_non_null(strstr(logged(), "sys/kernel/tainted"));

	tree_write("proc/sys/kernel/tainted", "0\n");
	tree_write("sys/kernel/warn_count", "many\n");
	fetch("GET", "/metrics", "", &posture);
	assert_collectors(&posture, ALL, ALL & ~POSTURE);

	tree_write("sys/kernel/warn_count", "4\n");
	fetch("GET", "/metrics", "", &good);
	assert_collectors(&good, ALL, ALL);
}

static void roots_that_are_not_there_are_tried_again(void **state)
{
	_cleanup_(reply_clear) struct reply without, with;

	(void)state;
	options.scrape.paths[HOSTFS_PROCFS] = "/nonexistent/proc";
	start();
	fetch("GET", "/metrics", "", &without);
	assert_int_equal(without.status, 200);
	assert_false(has_family(&without, "kernel_taint_mask "));
	assert_non_null(strstr(logged(), "flag=--path.procfs path=/nonexistent/proc"));
	stop(SIGTERM);
	close(log_fd);

	/* The folder comes while the process runs. */
	assert_int_equal(renameat(tree_fd, "proc", tree_fd, "later"), 0);
	options.scrape.paths[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS];
	start();
	assert_int_equal(renameat(tree_fd, "later", tree_fd, "proc"), 0);
	fetch("GET", "/metrics", "", &with);
	assert_collectors(&with, ALL, ALL);
}

static void a_page_without_memory_is_500(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	fails_to_write = true;
	start();
	fetch("GET", "/metrics", "Accept-Encoding: gzip\r\n", &reply);
	assert_int_equal(reply.status, 500);
	assert_string_equal(text_string(&reply.body), "out of memory\n");
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
	assert_null(reply_header(&reply, "Content-Encoding"));
	assert_non_null(strstr(logged(), "level=error msg=\"Cannot render the page\""));
	assert_fetched("/-/healthy", 200, "OK\n");
}

static void what_was_missing_at_the_beginning_may_be_there_later(void **state)
{
	_cleanup_(reply_clear) struct reply first, second;

	(void)state;
	begins_that_fail = 2;
	start();
	fetch("GET", "/metrics", "", &first);
	assert_int_equal(first.status, 500);
	fetch("GET", "/metrics", "", &second);
	assert_int_equal(second.status, 200);
	assert_non_null(strstr(text_string(&second.body), "kernel_taint_mask 4099\n"));
}

static void a_page_that_cannot_be_compressed_is_500(void **state)
{
	_cleanup_(reply_clear) struct reply compressed, plain;

	(void)state;
	fails_to_compress = true;
	start();
	fetch("GET", "/metrics", "Accept-Encoding: gzip\r\n", &compressed);
	assert_int_equal(compressed.status, 500);
	assert_string_equal(text_string(&compressed.body), "out of memory\n");
	assert_null(reply_header(&compressed, "Content-Encoding"));
	fetch("GET", "/metrics", "", &plain);
	assert_collectors(&plain, ALL, ALL);
}

/* ---- the other pages ---- */

static void the_page_at_the_root_tells_of_this_host(void **state)
{
	_cleanup_(reply_clear) struct reply reply, head;

	(void)state;
	options.telemetry_path = "/some/where";
	start();
	fetch("GET", "/", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/html; charset=utf-8");
	assert_string_equal(reply_header(&reply, "Content-Security-Policy"),
	                    page_security_policy);
	assert_string_equal(reply_header(&reply, "Vary"), "Accept, Accept-Encoding");
	assert_non_null(strstr(text_string(&reply.body), "<strong>tainted</strong>"));
	assert_non_null(strstr(text_string(&reply.body), "href=\"/some/where\""));
	fetch("HEAD", "http://a", "", &head);
	assert_int_equal(head.status, 200);
	assert_string_equal(reply_header(&head, "Content-Type"),
	                    "text/html; charset=utf-8");
	assert_query("/some/where", ALL);
	assert_fetched("/metrics", 404, "not found\n");
}

static void programs_get_the_same_as_json(void **state)
{
	_cleanup_(reply_clear) struct reply asked, there;

	(void)state;
	start();
	fetch("GET", "/", "Accept: application/json\r\n", &asked);
	assert_int_equal(asked.status, 200);
	assert_string_equal(reply_header(&asked, "Content-Type"), "application/json");
	assert_null(reply_header(&asked, "Content-Security-Policy"));
	assert_memory_equal(text_string(&asked.body), "{\"tainted\":true,", 16);
	assert_string_equal(text_string(&asked.body) + asked.body.length - 2, "}\n");
	fetch("GET", "/api/v1/status", "Accept: text/html\r\n", &there);
	assert_int_equal(there.status, 200);
	assert_string_equal(reply_header(&there, "Content-Type"), "application/json");
	assert_string_equal(text_string(&there.body), text_string(&asked.body));
}

static void the_page_is_a_scrape_and_compressed_like_one(void **state)
{
	_cleanup_(reply_clear) struct reply reply;

	(void)state;
	start();
	fetch("GET", "/", "Accept-Encoding: gzip\r\n", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Encoding"), "gzip");
	assert_string_equal(reply_header(&reply, "Content-Security-Policy"),
	                    page_security_policy);
}

static void the_metrics_may_be_at_the_root(void **state)
{
	(void)state;
	options.telemetry_path = "/";
	start();
	assert_query("/", ALL);
	assert_query("/?collect[]=kernel", KERNEL);
	assert_fetched("/metrics", 404, "not found\n");
	assert_fetched("/-/ready", 200, "OK\n");
}

static void probes_are_answered_whatever_the_host_is_like(void **state)
{
	static const char *const paths[] = { "/-/healthy", "/-/ready" };

	(void)state;
	options.scrape.paths[HOSTFS_PROCFS] = "/nonexistent";
	options.scrape.paths[HOSTFS_SYSFS] = "/nonexistent";
	start();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_(reply_clear) struct reply head, post;

		assert_fetched(paths[i], 200, "OK\n");
		fetch("HEAD", paths[i], "", &head);
		assert_int_equal(head.status, 200);
		assert_string_equal(reply_header(&head, "Content-Length"), "3");
		fetch("POST", paths[i], "", &post);
		assert_int_equal(post.status, 405);
		assert_string_equal(reply_header(&post, "Allow"), "GET, HEAD");
	}
}

static void everything_else_is_404(void **state)
{
	static const char *const paths[] = { "/metrics/",   "/metric",   "/favicon.ico",
		                             "/-/",         "/-/health", "/-/healthy/",
		                             "/debug/pprof" };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_fetched(paths[i], 404, "not found\n");
}

/* ---- start and stop ---- */

static void sigterm_and_sigint_end_it_well(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		start();
		assert_query("/metrics", ALL);
		stop(signals[i]);
		assert_non_null(strstr(logged(), "level=info msg=Stopped\n"));
		assert_null(client_try("127.0.0.1", "127.0.0.1", port, false));
		close(log_fd);
		log_fd = -1;
	}
}

static void every_address_is_served(void **state)
{
	struct client *client;
	const char *second;

	(void)state;
	start_on(2);
	assert_query("/metrics", ALL);
	second = strstr(logged(), "address=127.0.0.2:");
	assert_non_null(second);
	port = (unsigned int)strtoul(strchr(second, ':') + 1, NULL, 10);
	client = client_try("127.0.0.1", "127.0.0.2", port, false);
	assert_non_null(client);
}

static void a_taken_port_is_one_line_and_exit_code_1(void **state)
{
	struct sockaddr_in address = client_address("127.0.0.1", 0);
	_cleanup_(close_descriptor) int taken =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *const taken_addresses[] = { addresses[0] };
	socklen_t size = sizeof(address);
	char string[32], line[80];
	const char *found;

	(void)state;
	assert_int_equal(bind(taken, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &size), 0);
	snprintf(string, sizeof(string), "127.0.0.1:%u", ntohs(address.sin_port));
	snprintf(line, sizeof(line), "address=%s err=\"Address already in use\"\n",
	         string);
	addresses[0] = string;
	options.addresses_count = 1;
	start_process();
	addresses[0] = taken_addresses[0];
	assert_int_equal(wait_for_end(), 1);
	found = strstr(logged(), "level=error");
	assert_non_null(found);
	assert_non_null(strstr(found, line));
	assert_null(strstr(found + 1, "level=error"));
}

static void root_is_warned(void **state)
{
	(void)state;
	start();
	assert_int_equal(strstr(logged(), "level=warn msg=\"Running as root") != NULL,
	                 geteuid() == 0);
}

#define SERVE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVE_TEST(the_page_tells_of_the_host),
		SERVE_TEST(a_prometheus_gets_openmetrics),
		SERVE_TEST(several_accept_lines_are_one_list),
		SERVE_TEST(head_has_the_headers_of_get),
		SERVE_TEST(two_scrapes_of_one_state_are_alike),
		SERVE_TEST(a_change_shows_in_the_next_scrape),
		SERVE_TEST(the_exporter_can_be_silent_about_itself),
		SERVE_TEST(a_given_dialect_is_taken),
		SERVE_TEST(gzip_holds_the_same_page),
		SERVE_TEST(gzip_is_sent_only_where_it_is_allowed),
		SERVE_TEST(collect_runs_what_it_names),
		SERVE_TEST(exclude_runs_what_it_does_not_name),
		SERVE_TEST(collect_refuses_what_is_unknown),
		SERVE_TEST(a_hostile_name_is_cleaned),
		SERVE_TEST(collect_refuses_what_is_switched_off),
		SERVE_TEST(exclude_takes_what_is_switched_off),
		SERVE_TEST(collect_and_exclude_do_not_go_together),
		SERVE_TEST(what_is_off_by_default_is_switched_on),
		SERVE_TEST(a_log_that_cannot_be_opened_fails_its_collector_and_no_other),
		SERVE_TEST(a_timeout_that_is_long_enough_changes_nothing),
		SERVE_TEST(a_bad_timeout_is_ignored),
		SERVE_TEST(a_scrape_has_a_part_of_the_timeout),
		SERVE_TEST(two_timeouts_are_none),
		SERVE_TEST(a_timeout_that_is_over_marks_the_collectors_as_failed),
		SERVE_TEST(a_page_that_is_over_time_is_whole),
		SERVE_TEST(the_page_tells_of_the_files_of_modules),
		SERVE_TEST(signatures_are_verified_with_certificates),
		SERVE_TEST(certificates_that_cannot_be_read_end_it),
		SERVE_TEST(files_are_left_alone_when_nobody_wants_them),
		SERVE_TEST(a_source_that_fails_is_marked_and_the_rest_speaks),
		SERVE_TEST(roots_that_are_not_there_are_tried_again),
		SERVE_TEST(a_page_without_memory_is_500),
		SERVE_TEST(what_was_missing_at_the_beginning_may_be_there_later),
		SERVE_TEST(a_page_that_cannot_be_compressed_is_500),
		SERVE_TEST(the_page_at_the_root_tells_of_this_host),
		SERVE_TEST(programs_get_the_same_as_json),
		SERVE_TEST(the_page_is_a_scrape_and_compressed_like_one),
		SERVE_TEST(the_metrics_may_be_at_the_root),
		SERVE_TEST(probes_are_answered_whatever_the_host_is_like),
		SERVE_TEST(everything_else_is_404),
		SERVE_TEST(sigterm_and_sigint_end_it_well),
		SERVE_TEST(every_address_is_served),
		SERVE_TEST(a_taken_port_is_one_line_and_exit_code_1),
		SERVE_TEST(root_is_warned),
	};

	return cmocka_run_group_tests_name("serve", tests, setup_group, NULL);
}
