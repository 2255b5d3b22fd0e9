/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server in a thread of its own, and raw HTTP over loopback. Knows what the server
 * stands on, to let it fail or to shift it: log_event(), accept4(), calloc(), realloc(),
 * epoll_create1(), getrlimit(), the clock, and the library's making of a response.
 * What web/http promises is tested here, too: through the server, as clients meet it.
 */
#include "web/server.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "client.h"
#include "web/address.h"

/* ---- what the server stands on ---- */

void __wrap_log_event(enum log_level level, const char *message, ...);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_getrlimit(unsigned int resource, struct rlimit *limit);
int __wrap_getrlimit(unsigned int resource, struct rlimit *limit);
uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);

static atomic_int accept_failures; /* so many accept4() calls fail … */
static atomic_int accept_error;    /* … with this */
static atomic_int callocs_left;    /* calls that still succeed; negative: all */
static atomic_bool has_no_memory;  /* in the server's thread */
static atomic_bool has_no_epoll;
static atomic_bool has_no_response;
static atomic_ullong descriptors_limit; /* what getrlimit() says */
static atomic_ullong clock_shift;       /* nanoseconds */
static atomic_ullong clock_stand;       /* the time that does not pass; 0: it does */
static pthread_t test_thread;

/* Lines that were logged: "level message key=value …\n" each, debug left out. */
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct text log_lines;

void __wrap_log_event(enum log_level level, const char *message, ...)
{
	static const char *const words[] = { "debug", "info", "warn", "error" };
	const char *key;
	va_list pairs;

	if (level == LOG_LEVEL_DEBUG)
		return;
	pthread_mutex_lock(&log_mutex);
	text_add_string(&log_lines, words[level]);
	text_add_char(&log_lines, ' ');
	text_add_string(&log_lines, message);
	va_start(pairs, message);
	while ((key = va_arg(pairs, const char *))) {
		text_add_char(&log_lines, ' ');
		text_add_string(&log_lines, key);
		text_add_char(&log_lines, '=');
		text_add_string(&log_lines, va_arg(pairs, const char *));
	}
	va_end(pairs);
	text_add_char(&log_lines, '\n');
	pthread_mutex_unlock(&log_mutex);
}

static size_t count_logged(const char *part)
{
	size_t count = 0;

	pthread_mutex_lock(&log_mutex);
	for (const char *c = text_string(&log_lines); (c = strstr(c, part)); c++)
		count++;
	pthread_mutex_unlock(&log_mutex);
	return count;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	/* Only instead of a client that is there. */
	if (accept_failures > 0 && poll(&waiting, 1, 0) == 1) {
		accept_failures--;
		errno = accept_error;
		return -1;
	}
	return __real_accept4(fd, address, size, flags);
}

void *__wrap_calloc(size_t count, size_t size)
{
	if (callocs_left == 0)
		return NULL;
	if (callocs_left > 0)
		callocs_left--;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	if (has_no_memory && !pthread_equal(pthread_self(), test_thread))
		return NULL;
	return __real_realloc(pointer, size);
}

int __wrap_epoll_create1(int flags)
{
	if (has_no_epoll) {
		errno = EMFILE;
		return -1;
	}
	return __real_epoll_create1(flags);
}

int __wrap_getrlimit(unsigned int resource, struct rlimit *limit)
{
	assert_int_equal(resource, RLIMIT_NOFILE);
	*limit = (struct rlimit){ .rlim_cur = (rlim_t)descriptors_limit };
	return 0;
}

uint64_t __wrap_clock_monotonic(void)
{
	return (clock_stand ? clock_stand : __real_clock_monotonic()) + clock_shift;
}

/* Stands before the library's own. */
struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *(*real)(size_t, void *, enum MHD_ResponseMemoryMode);

	if (has_no_response)
		return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "MHD_create_response_from_buffer");
	return real(size, buffer, mode);
}

/* ---- handlers ---- */

/* More than the sockets of a connection hold together. */
#define BIG_LENGTH (32u << 20)

static char context; /* its address is what handlers are given */
static atomic_int handled;
static atomic_int misled;       /* handlers that were not given what they should */
static sem_t entered, released; /* by wait_for_release() */

static void begin_handler(void *given, struct web_reply *reply)
{
	/* A thread of its own cannot fail a test. */
	misled += given != &context || reply->status != 200;
	handled++;
	reply->content_type = "text/plain; charset=utf-8";
}

static void say_hello(void *given, struct web_request *request, struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	text_add_string(&reply->body, "hello\n");
}

static void say_nothing(void *given, struct web_request *request, struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
}

static void say_much(void *given, struct web_request *request, struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	if (text_reserve(&reply->body, BIG_LENGTH) < 0)
		return;
	memset(reply->body.data, 'x', BIG_LENGTH);
	reply->body.length = BIG_LENGTH;
	reply->body.data[BIG_LENGTH] = '\0';
}

static void fail_in_the_middle(void *given, struct web_request *request,
                               struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	reply->headers[0] = (struct web_header){ "Content-Encoding", "gzip" };
	text_add_string(&reply->body, "half a page");
	reply->body.error = -ENOMEM;
}

static void refuse(void *given, struct web_request *request, struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	text_add_string(&reply->body, "something else");
	web_reply_error(reply, 400, "no, thank you");
}

static void send_headers(void *given, struct web_request *request,
                         struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	reply->content_type = "text/x-test";
	reply->headers[0] = (struct web_header){ "X-One", "1" };
	reply->headers[1] = (struct web_header){ "X-Two", "2" };
	reply->headers[2] = (struct web_header){ "X-Three", "3" };
	reply->headers[3] = (struct web_header){ "X-Four", "4" };
	text_add_string(&reply->body, "headers\n");
}

static bool echo(void *given, const char *value)
{
	struct web_reply *reply = given;

	text_add_char(&reply->body, '[');
	text_add_string(&reply->body, value);
	text_add_char(&reply->body, ']');
	return strcmp(value, "stop") != 0;
}

static void echo_headers(void *given, struct web_request *request,
                         struct web_reply *reply)
{
	begin_handler(given, reply);
	text_add_string(&reply->body, "X-Test:");
	web_request_headers(request, "X-Test", echo, reply);
}

static void echo_arguments(void *given, struct web_request *request,
                           struct web_reply *reply)
{
	begin_handler(given, reply);
	text_add_string(&reply->body, "a[]:");
	web_request_arguments(request, "a[]", echo, reply);
}

static bool wait_for(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLIENT_SECONDS;
	return sem_timedwait(semaphore, &until) == 0;
}

static void wait_for_release(void *given, struct web_request *request,
                             struct web_reply *reply)
{
	(void)request;
	begin_handler(given, reply);
	sem_post(&entered);
	text_add_string(&reply->body, wait_for(&released) ? "released\n" : "forgotten\n");
}

static const struct web_route routes[] = {
	{ "/hello", say_hello, false },
	{ "/nothing", say_nothing, false },
	{ "/big", say_much, false },
	{ "/broken", fail_in_the_middle, false },
	{ "/refuse", refuse, false },
	{ "/headers", send_headers, false },
	{ "/echo/headers", echo_headers, false },
	{ "/echo/arguments", echo_arguments, false },
	{ "/wait", wait_for_release, false },
	{ "/limited/hello", say_hello, true },
	{ "/limited/big", say_much, true },
	{ "/limited/broken", fail_in_the_middle, true },
};

/* ---- the server ---- */

static const char *const one_address[] = { "127.0.0.1:0" };

static struct web_options options;
static struct web_server *server;
static pthread_t server_thread;
static bool is_running;
static int server_result;
static int stop_fd = -1;

static void *run_server(void *data)
{
	(void)data;
	server_result = web_server_run(server, stop_fd);
	return NULL;
}

/* The port of the listener that was logged as the INDEXth, from 0. */
static unsigned int port_of(unsigned int index)
{
	static const char start[] = "info Listening on address=";
	const char *c;
	unsigned int port = 0;

	pthread_mutex_lock(&log_mutex);
	for (c = text_string(&log_lines); (c = strstr(c, start)); c++)
		if (index-- == 0)
			break;
	if (c)
		sscanf(strchr(c, ':') + 1, "%u", &port);
	pthread_mutex_unlock(&log_mutex);
	assert_int_not_equal(port, 0);
	return port;
}

static void start_server_on(const char *const *addresses, size_t count,
                            unsigned int max_requests)
{
	sigset_t signals;

	options = (struct web_options){
		.addresses = addresses,
		.addresses_count = count,
		.routes = routes,
		.routes_count = ARRAY_SIZE(routes),
		.context = &context,
		.max_requests = max_requests,
	};
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	stop_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	assert_true(stop_fd >= 0);
	assert_int_equal(web_server_new(&options, &server), 0);
	assert_int_equal(pthread_create(&server_thread, NULL, run_server, NULL), 0);
	is_running = true;
}

static void start_server(void)
{
	start_server_on(one_address, ARRAY_SIZE(one_address), 0);
}

static void signal_server(void)
{
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
}

/* Waits for the end of web_server_run(). */
static bool join_server(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLIENT_SECONDS;
	if (pthread_timedjoin_np(server_thread, NULL, &until) != 0)
		return false;
	is_running = false;
	return true;
}

static void expect_server_end(void)
{
	assert_true(join_server());
	assert_int_equal(server_result, 0);
	server = web_server_free(server);
	assert_null(server);
}

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static size_t descriptors_before;

static int setup(void **state)
{
	const struct timespec no_time = { 0 };
	sigset_t signals;

	(void)state;
	accept_failures = accept_error = 0;
	callocs_left = -1;
	has_no_memory = has_no_epoll = has_no_response = false;
	descriptors_limit = 4096;
	clock_shift = clock_stand = 0;
	handled = misled = 0;
	sem_init(&entered, 0, 0);
	sem_init(&released, 0, 0);
	text_clear(&log_lines);
	/* A signal that an earlier server did not live to see. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	while (sigtimedwait(&signals, NULL, &no_time) > 0)
		;
	descriptors_before = count_descriptors();
	return 0;
}

/* Whatever a test left behind is stopped; then nothing may be left. */
static int teardown(void **state)
{
	(void)state;
	clients_close();
	for (int i = 0; i < 2 && is_running; i++) {
		sem_post(&released);
		kill(getpid(), SIGUSR1);
		join_server();
	}
	if (is_running)
		abort();
	server = web_server_free(server);
	close_descriptor(&stop_fd);
	stop_fd = -1;
	text_clear(&log_lines);
	return count_descriptors() == descriptors_before && misled == 0 ? 0 : -1;
}

static int setup_group(void **state)
{
	sigset_t signals;

	(void)state;
	test_thread = pthread_self();
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	return pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* ---- clients of it ---- */

static struct client *connect_from(const char *from)
{
	struct client *client = client_try(from, "127.0.0.1", port_of(0), false);

	assert_non_null(client);
	return client;
}

static struct client *connect_to_server(void)
{
	return connect_from("127.0.0.1");
}

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* Sends REQUEST and reads a reply with STATUS, whose body is BODY if not NULL. */
static void exchange(struct client *client, const char *request, unsigned int status,
                     const char *body)
{
	_cleanup_(reply_clear) struct reply reply;

	client_send(client, request);
	client_read(client, &reply);
	assert_int_equal(reply.status, status);
	if (body)
		assert_string_equal(text_string(&reply.body), body);
}

static void exchange_once(const char *request, unsigned int status, const char *body)
{
	struct client *client = connect_to_server();

	exchange(client, request, status, body);
	client_close(client);
}

static void assert_serving(void)
{
	exchange_once(GET("/hello"), 200, "hello\n");
}

/* Who asked for much and reads but the head: a request that stays in flight. */
static struct client *start_slow_reader(const char *request)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client = client_try("127.0.0.1", "127.0.0.1", port_of(0), true);

	assert_non_null(client);
	client_send(client, request);
	client_read_head(client, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Length"), "33554432");
	return client;
}

/* Reads on; returns how many bytes of the body there were. */
static size_t finish_slow_reader(struct client *client)
{
	size_t length = client->in.length;

	do {
		text_reset(&client->in);
		if (!client_receive(client))
			break;
		length += client->in.length;
	} while (length < BIG_LENGTH);
	text_reset(&client->in);
	return length;
}

/* Repeats the request, be it refused or cut off, until its status is STATUS. */
static void exchange_until(const char *request, unsigned int status)
{
	for (int i = 0; i < CLIENT_SECONDS * 100; i++) {
		struct client *client = connect_to_server();
		unsigned int found = 0;

		client_try_send(client, request, strlen(request));
		while (!strstr(text_string(&client->in), "\r\n\r\n") &&
		       client_receive(client))
			;
		sscanf(text_string(&client->in), "HTTP/1.1 %3u ", &found);
		client_close(client);
		text_clear(&client->in);
		clients_count--;
		if (found == status)
			return;
		usleep(10000);
	}
	fail_msg("no status %u", status);
}

/* ---- replies ---- */

static void get_is_answered_with_type_length_and_body(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/hello"));
	client_read(client, &reply);
	assert_memory_equal(text_string(&reply.head), "HTTP/1.1 200 OK\r\n", 17);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
	assert_string_equal(reply_header(&reply, "Content-Length"), "6");
	assert_string_equal(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(text_string(&reply.body), "hello\n");
	assert_int_equal(handled, 1);
}

static void head_is_answered_as_get_without_the_body(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, HEAD("/hello"));
	client_read_head(client, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
	assert_string_equal(reply_header(&reply, "Content-Length"), "6");
	/* No byte stands between it and the next reply. */
	exchange(client, GET("/hello"), 200, "hello\n");
	assert_string_equal(text_string(&client->in), "");
}

static void a_handler_may_add_four_headers(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/headers"));
	client_read(client, &reply);
	assert_string_equal(reply_header(&reply, "Content-Type"), "text/x-test");
	assert_string_equal(reply_header(&reply, "X-One"), "1");
	assert_string_equal(reply_header(&reply, "X-Two"), "2");
	assert_string_equal(reply_header(&reply, "X-Three"), "3");
	assert_string_equal(reply_header(&reply, "X-Four"), "4");
}

static void an_empty_body_is_a_reply_too(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/nothing"));
	client_read(client, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header(&reply, "Content-Length"), "0");
}

static void a_big_body_arrives_whole(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/big"));
	client_read(client, &reply);
	assert_int_equal(reply.body.length, BIG_LENGTH);
	assert_int_equal(strspn(text_string(&reply.body), "x"), BIG_LENGTH);
	exchange(client, GET("/hello"), 200, "hello\n");
}

static void an_unknown_path_is_404(void **state)
{
	static const char *const requests[] = {
		GET("/"),
		GET("/hell"),
		GET("/hello/"),
		GET("/hello2"),
		GET("/HELLO"),
		GET("//hello"),
		GET("/./hello"),
		GET("/hello%2f"),
		GET("/%"),
		GET("/%zz"),
		GET("/hello%00"),
		GET("/hello%00x"),
		GET("/../etc"),
		GET("*"),
		GET("/hello;x"),
		GET("http://a"),
		GET("http:///x/hello"),
		GET("https://a/hello"),
		GET("http:/hello"),
		GET("/\xff"),
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		_cleanup_(reply_clear) struct reply reply;
		struct client *client = connect_to_server();

		client_send(client, requests[i]);
		client_read(client, &reply);
		if (reply.status != 404)
			fail_msg("%u: %s", reply.status, requests[i]);
		assert_string_equal(text_string(&reply.body), "not found\n");
		assert_string_equal(reply_header(&reply, "Content-Type"),
		                    "text/plain; charset=utf-8");
	}
	assert_int_equal(handled, 0);
}

static void a_known_path_is_found_with_a_query_encoded_and_absolute(void **state)
{
	(void)state;
	start_server();
	exchange_once(GET("/hello?"), 200, "hello\n");
	exchange_once(GET("/hello?a=b&c"), 200, "hello\n");
	exchange_once(GET("/hello?/../x?y"), 200, "hello\n");
	exchange_once(GET("/%68ello"), 200, "hello\n");
	exchange_once(GET("http://a/hello"), 200, "hello\n");
	exchange_once(GET("HTTP://a:10093/hello?a"), 200, "hello\n");
}

static void another_method_is_405_and_told_what_is_allowed(void **state)
{
	static const char *const methods[] = { "POST",  "PUT",     "DELETE",  "OPTIONS",
		                               "PATCH", "TRACE",   "CONNECT", "get",
		                               "Get",   "GETTING", "X" };

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		_cleanup_(reply_clear) struct reply reply;
		struct client *client = connect_to_server();

		client_send(client, methods[i]);
		client_send(client, " /hello HTTP/1.1\r\nHost: a\r\n\r\n");
		client_read(client, &reply);
		assert_int_equal(reply.status, 405);
		assert_string_equal(reply_header(&reply, "Allow"), "GET, HEAD");
		assert_string_equal(text_string(&reply.body),
		                    "only GET and HEAD are allowed\n");
	}
	assert_int_equal(handled, 0);
}

static void another_method_on_an_unknown_path_is_404(void **state)
{
	(void)state;
	start_server();
	exchange_once("DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", 404, "not found\n");
}

static void a_handler_may_refuse(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/refuse"));
	client_read(client, &reply);
	assert_int_equal(reply.status, 400);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
	assert_string_equal(text_string(&reply.body), "no, thank you\n");
}

static void an_error_replaces_what_the_reply_said(void **state)
{
	struct web_reply reply = { .status = 200, .content_type = "text/html" };

	(void)state;
	text_add_string(&reply.body, "<p>half");
	reply.body.error = -ENOMEM;
	web_reply_error(&reply, 503, "later");
	assert_int_equal(reply.status, 503);
	assert_string_equal(reply.content_type, "text/plain; charset=utf-8");
	assert_int_equal(reply.body.error, 0);
	assert_string_equal(text_string(&reply.body), "later\n");
	text_clear(&reply.body);
}

static void a_handler_that_fails_gives_500_and_no_half_page(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/broken"));
	client_read(client, &reply);
	assert_int_equal(reply.status, 500);
	assert_string_equal(reply_header(&reply, "Content-Type"),
	                    "text/plain; charset=utf-8");
	assert_null(reply_header(&reply, "Content-Encoding"));
	assert_string_equal(text_string(&reply.body), "out of memory\n");
	assert_null(strstr(text_string(&reply.head), "half"));
	exchange_once(HEAD("/hello") GET("/hello"), 200, NULL);
}

static void without_memory_for_an_error_the_connection_is_closed(void **state)
{
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	exchange(client, GET("/hello"), 200, "hello\n");
	has_no_memory = true;
	client_send(client, GET("/broken"));
	client_expect_end(client);
	has_no_memory = false;
	assert_serving();
}

static void without_a_response_the_connection_is_closed_and_its_place_free(void **state)
{
	struct client *client;

	(void)state;
	start_server_on(one_address, 1, 1);
	has_no_response = true;
	for (int i = 0; i < 3; i++) {
		client = connect_to_server();
		client_send(client, GET("/limited/hello"));
		client_expect_end(client);
	}
	has_no_response = false;
	exchange_once(GET("/limited/hello"), 200, "hello\n");
}

/* ---- bad requests ---- */

/* Everything that comes is one reply with STATUS, then the end. */
static void assert_refused(const char *request, unsigned int status)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client = connect_to_server();
	int before = handled;

	client_send(client, request);
	client_read(client, &reply);
	assert_int_equal(reply.status, status);
	client_expect_end(client);
	assert_int_equal(handled, before);
}

static void a_bad_request_line_is_400(void **state)
{
	static const char *const requests[] = {
		"GET /hello\r\nHost: a\r\n\r\n",
		"GET /hello HTTP\r\nHost: a\r\n\r\n",
		"GET /hello HTTP/1\r\nHost: a\r\n\r\n",
		"GET /hello XTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /hello HTTP/1.1 x\r\nHost: a\r\n\r\n",
		"GET /hello HTTP/x.y\r\nHost: a\r\n\r\n",
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		assert_refused(requests[i], 400);
}

static void another_version_of_http_is_505(void **state)
{
	(void)state;
	start_server();
	assert_refused("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505);
	assert_refused("GET /hello HTTP/9.9\r\nHost: a\r\n\r\n", 505);
}

/* The library gives no reply to a line of one word. */
static void what_is_no_request_at_all_ends_without_a_page(void **state)
{
	static const char *const requests[] = {
		"GARBAGE\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct client *client = connect_to_server();

		client_send(client, requests[i]);
		assert_null(strstr(client_read_rest(client), " 200 "));
	}
	assert_int_equal(handled, 0);
	assert_serving();
}

static void http_1_1_needs_one_host(void **state)
{
	(void)state;
	start_server();
	assert_refused("GET /hello HTTP/1.1\r\n\r\n", 400);
	assert_refused("GET /hello HTTP/1.1\r\nX-Host: a\r\n\r\n", 400);
	assert_refused("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
	assert_refused("GET /x HTTP/1.1\r\n\r\n", 400);
	assert_refused("PUT /hello HTTP/1.1\r\n\r\n", 400);
}

static void a_header_line_without_a_colon_is_400(void **state)
{
	(void)state;
	start_server();
	assert_refused("GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400);
}

static void a_bad_content_length_is_400(void **state)
{
	static const char *const lengths[] = { "x", "-1", "1x", "99999999999999999999" };

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct client *client = connect_to_server();

		client_send(client, "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: ");
		client_send(client, lengths[i]);
		client_send(client, "\r\n\r\n");
		client_read_rest(client);
		assert_memory_equal(text_string(&client->in), "HTTP/1.1 4", 10);
	}
	assert_int_equal(handled, 0);
}

static void a_request_body_is_413(void **state)
{
	static const char *const headers[] = {
		"Content-Length: 5\r\n\r\nhello",
		"Content-Length: 5\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
		"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Content-Length: 18446744073709551615\r\n\r\n",
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		_cleanup_(reply_clear) struct reply reply;
		struct client *client = connect_to_server();

		client_send(client, "GET /hello HTTP/1.1\r\nHost: a\r\n");
		client_send(client, headers[i]);
		client_read(client, &reply);
		if (reply.status != 413)
			fail_msg("%u: %s", reply.status, headers[i]);
		client_expect_end(client);
	}
	assert_int_equal(handled, 0);
	exchange_once("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200,
	              "hello\n");
}

/* Who sees a request where the sender's proxy saw a body can be made to answer it. */
static void a_body_is_not_taken_for_a_request(void **state)
{
	static const struct {
		const char *method;
		const char *headers;
		unsigned int status;
	} cases[] = {
		{ "GET", "Content-Length: 32\r\n\r\n", 413 },
		{ "HEAD", "Content-Length: 32\r\n\r\n", 413 },
		{ "POST", "Content-Length: 32\r\n\r\n", 405 },
		{ "DELETE", "Content-Length: 32\r\n\r\n", 405 },
		{ "GET", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413 },
		{ "GET", "Transfer-Encoding: x\r\n\r\n", 413 },
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct client *client = connect_to_server();
		unsigned int status;
		const char *all;

		client_send(client, cases[i].method);
		client_send(client, " /hello HTTP/1.1\r\nHost: a\r\n");
		client_send(client, cases[i].headers);
		client_send(client, GET("/hello"));
		all = client_read_rest(client);
		assert_int_equal(sscanf(all, "HTTP/1.1 %3u ", &status), 1);
		assert_int_equal(status, cases[i].status);
		assert_null(strstr(all + 1, "HTTP/1.1 "));
	}
	assert_int_equal(handled, 0);
}

/* RFC 9112, section 6.3: lengths that differ are an error that ends the connection. */
static void two_lengths_are_not_the_first_one(void **state)
{
	struct client *client;
	const char *all;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
	                    "Content-Length: 36\r\nConnection: close\r\n\r\n");
	all = client_read_rest(client);
	assert_memory_equal(all, "HTTP/1.1 4", 10);
	assert_int_equal(handled, 0);
}

/* The bytes of a client that the server does not want to read must not cost the reply. */
static void a_refused_big_body_does_not_cost_the_reply(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	_cleanup_(text_clear) struct text body = TEXT_INIT;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	assert_int_equal(text_reserve(&body, 1 << 20), 0);
	memset(body.data, 'x', 1 << 20);
	client_send(client, "POST /hello HTTP/1.1\r\nHost: a\r\n"
	                    "Content-Length: 1048576\r\n\r\n");
	client_try_send(client, body.data, 1 << 20);
	client_read(client, &reply);
	assert_int_equal(reply.status, 405);
}

/* ---- size of a request ---- */

/* A GET of /hello with COUNT header lines of LENGTH bytes each. */
static void build_request(struct text *request, size_t count, size_t length)
{
	text_reset(request);
	text_add_string(request, "GET /hello HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < count; i++) {
		text_add_string(request, "X: ");
		for (size_t k = 5; k < length; k++)
			text_add_char(request, 'x');
		text_add_string(request, "\r\n");
	}
	text_add_string(request, "\r\n");
	assert_int_equal(request->error, 0);
}

static void a_request_of_many_bytes_is_served(void **state)
{
	_cleanup_(text_clear) struct text request = TEXT_INIT;

	(void)state;
	start_server();
	build_request(&request, 1, 8000);
	exchange_once(text_string(&request), 200, "hello\n");
	build_request(&request, 40, 100);
	exchange_once(text_string(&request), 200, "hello\n");
}

static void assert_too_large(const struct text *request)
{
	struct client *client = connect_to_server();
	unsigned int status = 0;

	/* The server may have closed before the end of it. */
	client_try_send(client, text_string(request), request->length);
	sscanf(client_read_rest(client), "HTTP/1.1 %3u ", &status);
	assert_true(status == 413 || status == 414 || status == 431);
	assert_int_equal(handled, 0);
}

static void a_request_over_the_limit_gets_an_error_and_the_end(void **state)
{
	_cleanup_(text_clear) struct text request = TEXT_INIT;

	(void)state;
	start_server();
	build_request(&request, 1, WEB_REQUEST_MAX);
	assert_too_large(&request);
	build_request(&request, WEB_REQUEST_MAX / 8, 8);
	assert_too_large(&request);
	text_reset(&request);
	text_add_string(&request, "GET /hello?");
	while (request.length < WEB_REQUEST_MAX)
		text_add_char(&request, 'x');
	text_add_string(&request, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_too_large(&request);
	assert_serving();
}

/* It never ends: the server does not keep what it cannot use. */
static void a_request_without_end_is_cut_off(void **state)
{
	static const char *const starts[] = {
		"", "G", "GET /", "GET /hello HTTP/1.1\r\n", "GET /hello HTTP/1.1\r\nX: ",
	};
	char bytes[4096];

	(void)state;
	start_server();
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct client *client = connect_to_server();
		int sent = 0;

		client_send(client, starts[i]);
		while (client_try_send(client, bytes, sizeof(bytes)))
			assert_true(sent++ < 100000);
	}
	assert_int_equal(handled, 0);
	assert_serving();
}

/* ---- connections that stay ---- */

static void a_connection_is_kept(void **state)
{
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	for (int i = 0; i < 1000; i++)
		exchange(client, GET("/hello"), 200, "hello\n");
	assert_int_equal(handled, 1000);
}

static void connection_close_closes(void **state)
{
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	exchange(client, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	         200, "hello\n");
	client_expect_end(client);
}

static void http_1_0_closes_unless_asked(void **state)
{
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	exchange(client, "GET /hello HTTP/1.0\r\n\r\n", 200, "hello\n");
	client_expect_end(client);
	client = connect_to_server();
	for (int i = 0; i < 3; i++)
		exchange(client, "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
		         200, "hello\n");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	_cleanup_(text_clear) struct text requests = TEXT_INIT;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	for (int i = 0; i < 100; i++)
		text_add_string(&requests, GET("/hello") GET("/headers") HEAD("/hello"));
	assert_int_equal(requests.error, 0);
	client_send(client, text_string(&requests));
	for (int i = 0; i < 100; i++) {
		_cleanup_(reply_clear) struct reply first, second, third;

		client_read(client, &first);
		assert_string_equal(text_string(&first.body), "hello\n");
		client_read(client, &second);
		assert_string_equal(text_string(&second.body), "headers\n");
		client_read_head(client, &third);
		assert_int_equal(third.status, 200);
	}
	assert_string_equal(text_string(&client->in), "");
}

static void a_bad_request_behind_good_ones_ends_the_connection(void **state)
{
	static const char *const requests[] = {
		"GARBAGE\r\n\r\n",
		"GET /hello\r\n\r\n",
		"GET /hello HTTP/1.1\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct client *client = connect_to_server();

		client_send(client, GET("/hello") GET("/hello"));
		client_send(client, requests[i]);
		exchange(client, GET("/hello"), 200, "hello\n");
		exchange(client, "", 200, "hello\n");
		assert_null(strstr(client_read_rest(client), " 200 "));
		client_close(client);
	}
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = GET("/hello");
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	for (size_t i = 0; i < strlen(request); i++) {
		assert_true(client_try_send(client, request + i, 1));
		/* Others are not held up, at whatever byte it stops. */
		if (i % 7 == 0)
			assert_serving();
	}
	client_read(client, &reply);
	assert_string_equal(text_string(&reply.body), "hello\n");
}

static void a_client_that_stops_sending_still_gets_its_reply(void **state)
{
	_cleanup_(reply_clear) struct reply reply;
	struct client *client;

	(void)state;
	start_server();
	client = connect_to_server();
	client_send(client, GET("/hello"));
	assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
	client_read(client, &reply);
	assert_string_equal(text_string(&reply.body), "hello\n");
	client_expect_end(client);
}

static void clients_that_go_away_do_no_harm(void **state)
{
	static const char *const requests[] = {
		"",
		"GET",
		GET("/big"),
		GET("/hello"),
		GET("/big") GET("/big"),
		"POST / HTTP/1.1\r\n",
	};

	(void)state;
	start_server();
	for (size_t i = 0; i < 60; i++) {
		struct client *client = connect_to_server();

		client_send(client, requests[i % ARRAY_SIZE(requests)]);
		client_close(client);
	}
	assert_serving();
}

/* ---- what handlers see ---- */

static void header_lines_are_shown_one_by_one(void **state)
{
	(void)state;
	start_server();
	exchange_once(GET("/echo/headers"), 200, "X-Test:");
	exchange_once("GET /echo/headers HTTP/1.1\r\nHost: a\r\nX-Test: b\r\n\r\n", 200,
	              "X-Test:[b]");
	exchange_once(
		"GET /echo/headers HTTP/1.1\r\nHost: a\r\nX-Test: b\r\nX-Other: c\r\n"
		"x-test:\td, e\r\nX-TEST:\r\nX-Tes: f\r\nX-Test2: g\r\n\r\n",
		200, "X-Test:[b][d, e][]");
	exchange_once("GET /echo/headers HTTP/1.1\r\nHost: a\r\nX-Test: b\r\n"
	              "X-Test: stop\r\nX-Test: c\r\n\r\n",
	              200, "X-Test:[b][stop]");
}

static void arguments_are_decoded_and_shown_one_by_one(void **state)
{
	(void)state;
	start_server();
	exchange_once(GET("/echo/arguments"), 200, "a[]:");
	exchange_once(GET("/echo/arguments?a[]=b"), 200, "a[]:[b]");
	exchange_once(GET("/echo/arguments?a%5B%5D=b&a%5b]=c&x=d&a[]=e"), 200,
	              "a[]:[b][c][e]");
	exchange_once(GET("/echo/arguments?a[]=%41%26%3D%25&a[]=b+c%2B"), 200,
	              "a[]:[A&=%][b c+]");
	exchange_once(GET("/echo/arguments?a[]&a[]=&a[]"), 200, "a[]:[][][]");
	exchange_once(GET("/echo/arguments?A[]=b&a=c&a[]b=d"), 200, "a[]:");
	exchange_once(GET("/echo/arguments?&&=&a[]=b=c"), 200, "a[]:[b=c]");
	exchange_once(GET("/echo/arguments?a[]=b&a[]=stop&a[]=c"), 200, "a[]:[b][stop]");
	exchange_once(GET("/echo/arguments?a[]=%c3%a9%FF"), 200, "a[]:[\xc3\xa9\xff]");
}

static void hostile_arguments_do_no_harm(void **state)
{
	(void)state;
	start_server();
	exchange_once(GET("/echo/arguments?a[]=%"), 200, NULL);
	exchange_once(GET("/echo/arguments?a[]=%4"), 200, NULL);
	exchange_once(GET("/echo/arguments?a[]=%zz%"), 200, NULL);
	exchange_once(GET("/echo/arguments?a[]=%00b"), 200, "a[]:[?b]");
	exchange_once(GET("/echo/arguments?%00=%00&%=%"), 200, NULL);
	exchange_once(GET("/echo/arguments?a[]%00=b"), 200, "a[]:");
}

/* ---- limits ---- */

/* Nobody is slow for long, however busy the machine is. */
static void stop_clock(void)
{
	clock_stand = clock_monotonic();
}

static void over_max_requests_is_503_on_limited_routes_alone(void **state)
{
	struct client *slow;

	(void)state;
	start_server_on(one_address, 1, 1);
	stop_clock();
	slow = start_slow_reader(GET("/limited/big"));
	exchange_once(GET("/limited/hello"), 503,
	              "too many requests at once, try again later\n");
	exchange_once(GET("/limited/big"), 503,
	              "too many requests at once, try again later\n");
	exchange_once(GET("/hello"), 200, "hello\n");
	exchange_once(GET("/nowhere"), 404, NULL);
	exchange_once("PUT /limited/hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, NULL);

	/* Whoever ends makes room, … */
	assert_int_equal(finish_slow_reader(slow), BIG_LENGTH);
	exchange_until(GET("/limited/hello"), 200);
	exchange(slow, GET("/limited/hello"), 200, "hello\n");
	/* … and so does who goes away. */
	client_close(start_slow_reader(GET("/limited/big")));
	exchange_until(GET("/limited/hello"), 200);
	/* Refused and failed requests keep no place. */
	for (int i = 0; i < 3; i++) {
		exchange_once(GET("/limited/broken"), 500, NULL);
		exchange_until(GET("/limited/hello"), 200);
	}
}

static void max_requests_counts_each_request_once(void **state)
{
	struct client *slow[2];

	(void)state;
	start_server_on(one_address, 1, 2);
	stop_clock();
	slow[0] = start_slow_reader(GET("/limited/big"));
	exchange_once(GET("/limited/hello"), 200, NULL);
	slow[1] = start_slow_reader(GET("/limited/big"));
	exchange_once(GET("/limited/hello"), 503, NULL);
	client_close(slow[0]);
	exchange_until(GET("/limited/hello"), 200);
	client_close(slow[1]);
	exchange_until(GET("/limited/hello"), 200);
	slow[0] = start_slow_reader(GET("/limited/big"));
	slow[1] = start_slow_reader(GET("/limited/big"));
	exchange_once(GET("/limited/hello"), 503, NULL);
}

static void max_requests_0_is_no_limit(void **state)
{
	(void)state;
	start_server_on(one_address, 1, 0);
	start_slow_reader(GET("/limited/big"));
	start_slow_reader(GET("/limited/big"));
	exchange_once(GET("/limited/hello"), 200, "hello\n");
}

static void the_oldest_connection_of_a_client_goes_for_a_new_one(void **state)
{
	struct client *silent[WEB_CONNECTIONS_PER_CLIENT_MAX];
	struct client *other, *new;

	(void)state;
	start_server();
	other = connect_from("127.0.0.9");
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		silent[i] = connect_to_server();
	/* The last one is accepted, so all are; and the first two are no more the oldest,
	 * for a request that does not end is none. */
	client_send(silent[2], "GET /hello HTTP/1.1\r\n");
	exchange(silent[ARRAY_SIZE(silent) - 1], GET("/hello"), 200, "hello\n");
	exchange(silent[0], GET("/hello"), 200, "hello\n");
	exchange(silent[1], GET("/hello"), 200, "hello\n");

	new = connect_to_server();
	exchange(new, GET("/hello"), 200, "hello\n");
	client_expect_end(silent[2]);
	new = connect_to_server();
	exchange(new, GET("/hello"), 200, "hello\n");
	client_expect_end(silent[3]);
	/* Nobody else had to go, least of all another client. */
	exchange(other, GET("/hello"), 200, "hello\n");
	for (size_t i = 4; i < ARRAY_SIZE(silent); i++)
		exchange(silent[i], GET("/hello"), 200, "hello\n");
	exchange(silent[0], GET("/hello"), 200, "hello\n");
	exchange(silent[1], GET("/hello"), 200, "hello\n");
}

/* Three eighths of the descriptors. */
static void the_oldest_connection_of_all_goes_for_a_new_one(void **state)
{
	struct client *silent[60];
	char from[16];

	(void)state;
	descriptors_limit = 160;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		snprintf(from, sizeof(from), "127.0.0.%zu", 2 + i % 3);
		silent[i] = connect_from(from);
	}
	exchange(silent[ARRAY_SIZE(silent) - 1], GET("/hello"), 200, "hello\n");
	for (size_t i = 0; i < 10; i++) {
		exchange(connect_from("127.0.0.9"), GET("/hello"), 200, "hello\n");
		client_expect_end(silent[i]);
	}
	for (size_t i = 10; i < ARRAY_SIZE(silent); i++)
		exchange(silent[i], GET("/hello"), 200, "hello\n");
}

static void a_request_in_flight_is_never_closed_for_a_new_client(void **state)
{
	struct client *slow, *silent;

	(void)state;
	descriptors_limit = 8;
	start_server();
	slow = start_slow_reader(GET("/big"));
	silent = connect_to_server();
	exchange(silent, GET("/hello"), 200, "hello\n");
	exchange(connect_to_server(), GET("/hello"), 200, "hello\n");
	exchange(connect_to_server(), GET("/hello"), 200, "hello\n");
	client_expect_end(silent);
	assert_int_equal(finish_slow_reader(slow), BIG_LENGTH);
}

static void when_all_are_in_flight_a_new_client_is_closed(void **state)
{
	struct client *slow[3], *new;

	(void)state;
	descriptors_limit = 8;
	start_server();
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		slow[i] = start_slow_reader(GET("/big"));
	new = connect_to_server();
	client_try_send(new, GET("/hello"), strlen(GET("/hello")));
	client_expect_end(new);
	client_close(slow[1]);
	exchange_until(GET("/hello"), 200);
	assert_int_equal(finish_slow_reader(slow[0]), BIG_LENGTH);
	assert_int_equal(finish_slow_reader(slow[2]), BIG_LENGTH);
}

static void who_sends_no_whole_request_in_time_is_closed(void **state)
{
	struct client *silent, *partial, *kept, *slow;

	(void)state;
	start_server();
	silent = connect_to_server();
	partial = connect_to_server();
	client_send(partial, "GET /hello HTTP/1.1\r\nHost: ");
	kept = connect_to_server();
	slow = start_slow_reader(GET("/big"));
	exchange(kept, GET("/hello"), 200, "hello\n");

	/* A second too early nobody is. */
	clock_shift = (WEB_IDLE_SECONDS - 10) * CLOCK_SECOND;
	client_send(partial, "a");
	exchange(kept, GET("/hello"), 200, "hello\n");
	assert_serving();
	clock_shift = (WEB_IDLE_SECONDS + 1) * CLOCK_SECOND;
	assert_serving();
	client_expect_end(silent);
	client_expect_end(partial);
	/* Its last request is young. */
	exchange(kept, GET("/hello"), 200, "hello\n");
	/* Its request is in flight. */
	assert_int_equal(finish_slow_reader(slow), BIG_LENGTH);
}

/* ---- accepting ---- */

static void without_descriptors_accepting_recovers(void **state)
{
	(void)state;
	start_server();
	accept_error = EMFILE;
	accept_failures = 3;
	assert_serving();
	assert_int_equal(accept_failures, 0);
	assert_int_equal(count_logged("warn Cannot accept a connection err=Too many open "
	                              "files\n"),
	                 3);
	assert_serving();
}

static void without_descriptors_accepting_rests(void **state)
{
	struct client *slow, *new;

	(void)state;
	start_server();
	slow = start_slow_reader(GET("/big"));
	clock_stand = clock_monotonic();
	accept_error = EMFILE;
	accept_failures = 1000;
	new = connect_to_server();
	client_send(new, GET("/hello"));
	/* The slow one is still busy then: were it silent, it would make room. */
	for (int i = 0; i < CLIENT_SECONDS * 1000 && accept_failures == 1000; i++)
		usleep(1000);
	/* Sending all this takes many turns of the loop, while no time passes. */
	assert_int_equal(finish_slow_reader(slow), BIG_LENGTH);
	assert_int_equal(accept_failures, 999);
	accept_failures = 0;
	clock_stand = 0;
	exchange(new, "", 200, "hello\n");
}

static void without_descriptors_a_silent_client_makes_room(void **state)
{
	struct client *silent;

	(void)state;
	start_server();
	silent = connect_to_server();
	exchange(silent, GET("/hello"), 200, "hello\n");
	accept_error = ENFILE;
	accept_failures = 1;
	assert_serving();
	client_expect_end(silent);
	assert_int_equal(count_logged("warn"), 0);
}

static void a_client_that_left_before_it_was_accepted_is_passed_over(void **state)
{
	static const int errors[] = { ECONNABORTED, EINTR };
	struct client *silent;

	(void)state;
	start_server();
	silent = connect_to_server();
	exchange(silent, GET("/hello"), 200, "hello\n");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		accept_error = errors[i];
		accept_failures = 5;
		assert_serving();
		assert_int_equal(accept_failures, 0);
	}
	assert_int_equal(count_logged("warn"), 0);
	exchange(silent, GET("/hello"), 200, "hello\n");
}

/* accept(2): errors of the network that a new connection had are no fault of others. */
static void an_error_of_the_network_costs_no_other_client(void **state)
{
	static const int errors[] = { ENETDOWN, EPROTO,       EHOSTDOWN,
		                      ENONET,   EHOSTUNREACH, ENETUNREACH };
	struct client *silent;

	(void)state;
	start_server();
	silent = connect_to_server();
	exchange(silent, GET("/hello"), 200, "hello\n");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		accept_error = errors[i];
		accept_failures = 1;
		assert_serving();
		exchange(silent, GET("/hello"), 200, "hello\n");
	}
}

static void without_memory_a_connection_is_closed_and_the_next_served(void **state)
{
	struct client *client;

	(void)state;
	start_server();
	callocs_left = 0;
	client = connect_to_server();
	client_try_send(client, GET("/hello"), strlen(GET("/hello")));
	client_expect_end(client);
	callocs_left = -1;
	assert_serving();
}

static void every_address_is_served_and_logged(void **state)
{
	static const char *const addresses[] = { "127.0.0.1:0", "127.0.0.2:0",
		                                 "127.0.0.1:0" };
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "127.0.0.1" };

	(void)state;
	start_server_on(addresses, ARRAY_SIZE(addresses), 0);
	assert_int_equal(count_logged("info Listening on address="), 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct client *client =
			client_try("127.0.0.1", hosts[i], port_of(i), false);

		assert_non_null(client);
		exchange(client, GET("/hello"), 200, "hello\n");
	}
}

/* ---- start ---- */

static void a_taken_port_is_an_error_that_names_it(void **state)
{
	char taken[32], line[96];
	const char *const addresses[] = { "127.0.0.1:0", taken };
	struct web_server *other = NULL;
	struct web_options other_options;
	size_t descriptors;

	(void)state;
	start_server();
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", port_of(0));
	snprintf(line, sizeof(line),
	         "error Cannot listen address=%s err=Address already in use\n", taken);
	other_options = options;
	other_options.addresses = addresses;
	other_options.addresses_count = ARRAY_SIZE(addresses);
	descriptors = count_descriptors();
	assert_int_equal(web_server_new(&other_options, &other), -EADDRINUSE);
	assert_null(other);
	assert_int_equal(count_logged(line), 1);
	assert_int_equal(count_logged("error"), 1);
	assert_int_equal(count_descriptors(), descriptors);
	assert_serving();
}

static void a_bad_address_is_an_error_that_names_it(void **state)
{
	static const char *const addresses[] = { "nonsense" };
	const struct web_options bad = { .addresses = addresses, .addresses_count = 1 };
	struct web_server *other = NULL;

	(void)state;
	assert_int_equal(web_server_new(&bad, &other), -EINVAL);
	assert_null(other);
	assert_int_equal(count_logged("error Cannot listen address=nonsense "), 1);
}

static void a_server_that_cannot_start_says_so_and_leaves_nothing(void **state)
{
	const struct web_options plain = { .addresses = one_address,
		                           .addresses_count = 1,
		                           .routes = routes,
		                           .routes_count = ARRAY_SIZE(routes) };
	struct web_server *other = NULL;
	int failures = 0;

	(void)state;
	has_no_epoll = true;
	assert_int_equal(web_server_new(&plain, &other), -EMFILE);
	has_no_epoll = false;
	assert_int_equal(count_logged("error"), 1);
	for (;; failures++) {
		text_clear(&log_lines);
		callocs_left = failures;
		if (web_server_new(&plain, &other) == 0)
			break;
		callocs_left = -1;
		assert_null(other);
		assert_int_equal(count_logged("error"), 1);
		assert_int_equal(count_descriptors(), descriptors_before);
		assert_true(failures < 100);
	}
	callocs_left = -1;
	assert_true(failures > 0);
	assert_non_null(other);
	web_server_free(other);
}

static void a_server_is_freed_though_it_never_ran(void **state)
{
	const struct web_options plain = { .addresses = one_address,
		                           .addresses_count = 1 };
	struct web_server *other = NULL;
	unsigned int port;

	(void)state;
	assert_null(web_server_free(NULL));
	assert_int_equal(web_server_new(&plain, &other), 0);
	port = port_of(0);
	assert_null(web_server_free(other));
	assert_null(client_try("127.0.0.1", "127.0.0.1", port, false));
}

static void without_a_descriptor_to_stop_by_nothing_runs(void **state)
{
	const struct web_options plain = { .addresses = one_address,
		                           .addresses_count = 1 };
	struct web_server *other = NULL;

	(void)state;
	assert_int_equal(web_server_new(&plain, &other), 0);
	assert_int_equal(web_server_run(other, -1), -EBADF);
	web_server_free(other);
}

/* ---- stop ---- */

static void expect_no_more_clients(void)
{
	unsigned int port = port_of(0);

	for (int i = 0; i < 3000; i++) {
		struct client *client = client_try("127.0.0.1", "127.0.0.1", port, false);

		clients_count--;
		if (!client)
			return;
		client_close(client);
		usleep(10000);
	}
	fail_msg("the door is still open");
}

static void a_stop_without_clients_ends_at_once(void **state)
{
	(void)state;
	start_server();
	signal_server();
	expect_server_end();
}

static void a_stop_does_not_wait_for_silent_clients(void **state)
{
	struct client *silent, *kept, *partial;

	(void)state;
	start_server();
	silent = connect_to_server();
	kept = connect_to_server();
	partial = connect_to_server();
	client_send(partial, "GET /hello HTTP/1.1\r\n");
	exchange(kept, GET("/hello"), 200, "hello\n");
	signal_server();
	expect_server_end();
	client_expect_end(silent);
	client_expect_end(kept);
	client_expect_end(partial);
}

static void a_stop_lets_a_request_in_flight_end_and_nobody_in(void **state)
{
	struct client *slow;

	(void)state;
	start_server();
	slow = start_slow_reader(GET("/big"));
	signal_server();
	expect_no_more_clients();
	assert_true(is_running);
	assert_int_equal(finish_slow_reader(slow), BIG_LENGTH);
	expect_server_end();
	assert_false(client_receive(slow));
}

/* What a client sent behind it, and nobody has read, must not cost it the reply. */
static void a_stop_gives_a_whole_reply_to_who_asked_for_more(void **state)
{
	_cleanup_(text_clear) struct text requests = TEXT_INIT;
	struct client *slow;

	(void)state;
	start_server();
	text_add_string(&requests, GET("/big"));
	while (requests.length < (size_t)8 * WEB_REQUEST_MAX)
		text_add_string(&requests, GET("/hello"));
	assert_int_equal(requests.error, 0);
	slow = start_slow_reader(text_string(&requests));
	signal_server();
	expect_no_more_clients();
	assert_true(finish_slow_reader(slow) >= BIG_LENGTH);
	expect_server_end();
}

static void a_second_signal_ends_at_once(void **state)
{
	struct client *slow;

	(void)state;
	start_server();
	clock_stand = clock_monotonic();
	slow = start_slow_reader(GET("/big"));
	signal_server();
	expect_no_more_clients();
	assert_true(is_running);
	signal_server();
	expect_server_end();
	assert_true(finish_slow_reader(slow) < BIG_LENGTH);
}

/* Reading wakes the server, until it has ended; returns how many bytes there were. */
static size_t read_until_server_end(struct client *client)
{
	static char bytes[65536];
	size_t length = client->in.length;

	text_reset(&client->in);
	for (int i = 0; i < CLIENT_SECONDS * 1000; i++) {
		ssize_t size = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		length += size > 0 ? (size_t)size : 0;
		if (pthread_tryjoin_np(server_thread, NULL) == 0) {
			is_running = false;
			server = web_server_free(server);
			return length + finish_slow_reader(client);
		}
		usleep(1000);
	}
	fail_msg("the server does not end");
	return 0;
}

static void a_stop_waits_no_longer_than_it_may(void **state)
{
	struct client *slow;

	(void)state;
	start_server();
	slow = start_slow_reader(GET("/big"));
	signal_server();
	expect_no_more_clients();
	clock_shift = (WEB_STOP_SECONDS + 1) * CLOCK_SECOND;
	assert_true(read_until_server_end(slow) < BIG_LENGTH);
	assert_int_equal(server_result, 0);
}

static void a_stop_takes_what_already_waits_at_the_door(void **state)
{
	struct client *blocking, *kept, *waiting;

	(void)state;
	start_server();
	kept = connect_to_server();
	exchange(kept, GET("/hello"), 200, "hello\n");
	blocking = connect_to_server();
	exchange(blocking, GET("/hello"), 200, "hello\n");
	client_send(blocking, GET("/wait"));
	assert_true(wait_for(&entered));
	/* The server is busy in a handler: the signal has to wait, and so have these. */
	signal_server();
	client_send(kept, GET("/hello"));
	waiting = connect_to_server();
	client_send(waiting, GET("/hello"));
	sem_post(&released);

	expect_server_end();
	exchange(blocking, "", 200, "released\n");
	exchange(kept, "", 200, "hello\n");
	exchange(waiting, "", 200, "hello\n");
	client_expect_end(blocking);
	client_expect_end(kept);
	client_expect_end(waiting);
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(get_is_answered_with_type_length_and_body),
		SERVER_TEST(head_is_answered_as_get_without_the_body),
		SERVER_TEST(a_handler_may_add_four_headers),
		SERVER_TEST(an_empty_body_is_a_reply_too),
		SERVER_TEST(a_big_body_arrives_whole),
		SERVER_TEST(an_unknown_path_is_404),
		SERVER_TEST(a_known_path_is_found_with_a_query_encoded_and_absolute),
		SERVER_TEST(another_method_is_405_and_told_what_is_allowed),
		SERVER_TEST(another_method_on_an_unknown_path_is_404),
		SERVER_TEST(a_handler_may_refuse),
		SERVER_TEST(an_error_replaces_what_the_reply_said),
		SERVER_TEST(a_handler_that_fails_gives_500_and_no_half_page),
		SERVER_TEST(without_memory_for_an_error_the_connection_is_closed),
		SERVER_TEST(
			without_a_response_the_connection_is_closed_and_its_place_free),
		SERVER_TEST(a_bad_request_line_is_400),
		SERVER_TEST(another_version_of_http_is_505),
		SERVER_TEST(what_is_no_request_at_all_ends_without_a_page),
		SERVER_TEST(http_1_1_needs_one_host),
		SERVER_TEST(a_header_line_without_a_colon_is_400),
		SERVER_TEST(a_bad_content_length_is_400),
		SERVER_TEST(a_request_body_is_413),
		SERVER_TEST(a_body_is_not_taken_for_a_request),
		SERVER_TEST(two_lengths_are_not_the_first_one),
		SERVER_TEST(a_refused_big_body_does_not_cost_the_reply),
		SERVER_TEST(a_request_of_many_bytes_is_served),
		SERVER_TEST(a_request_over_the_limit_gets_an_error_and_the_end),
		SERVER_TEST(a_request_without_end_is_cut_off),
		SERVER_TEST(a_connection_is_kept),
		SERVER_TEST(connection_close_closes),
		SERVER_TEST(http_1_0_closes_unless_asked),
		SERVER_TEST(pipelined_requests_are_answered_in_order),
		SERVER_TEST(a_bad_request_behind_good_ones_ends_the_connection),
		SERVER_TEST(a_request_may_come_byte_by_byte),
		SERVER_TEST(a_client_that_stops_sending_still_gets_its_reply),
		SERVER_TEST(clients_that_go_away_do_no_harm),
		SERVER_TEST(header_lines_are_shown_one_by_one),
		SERVER_TEST(arguments_are_decoded_and_shown_one_by_one),
		SERVER_TEST(hostile_arguments_do_no_harm),
		SERVER_TEST(over_max_requests_is_503_on_limited_routes_alone),
		SERVER_TEST(max_requests_counts_each_request_once),
		SERVER_TEST(max_requests_0_is_no_limit),
		SERVER_TEST(the_oldest_connection_of_a_client_goes_for_a_new_one),
		SERVER_TEST(the_oldest_connection_of_all_goes_for_a_new_one),
		SERVER_TEST(a_request_in_flight_is_never_closed_for_a_new_client),
		SERVER_TEST(when_all_are_in_flight_a_new_client_is_closed),
		SERVER_TEST(who_sends_no_whole_request_in_time_is_closed),
		SERVER_TEST(without_descriptors_accepting_recovers),
		SERVER_TEST(without_descriptors_accepting_rests),
		SERVER_TEST(without_descriptors_a_silent_client_makes_room),
		SERVER_TEST(a_client_that_left_before_it_was_accepted_is_passed_over),
		SERVER_TEST(an_error_of_the_network_costs_no_other_client),
		SERVER_TEST(without_memory_a_connection_is_closed_and_the_next_served),
		SERVER_TEST(every_address_is_served_and_logged),
		SERVER_TEST(a_taken_port_is_an_error_that_names_it),
		SERVER_TEST(a_bad_address_is_an_error_that_names_it),
		SERVER_TEST(a_server_that_cannot_start_says_so_and_leaves_nothing),
		SERVER_TEST(a_server_is_freed_though_it_never_ran),
		SERVER_TEST(without_a_descriptor_to_stop_by_nothing_runs),
		SERVER_TEST(a_stop_without_clients_ends_at_once),
		SERVER_TEST(a_stop_does_not_wait_for_silent_clients),
		SERVER_TEST(a_stop_lets_a_request_in_flight_end_and_nobody_in),
		SERVER_TEST(a_stop_gives_a_whole_reply_to_who_asked_for_more),
		SERVER_TEST(a_second_signal_ends_at_once),
		SERVER_TEST(a_stop_waits_no_longer_than_it_may),
		SERVER_TEST(a_stop_takes_what_already_waits_at_the_door),
	};

	return cmocka_run_group_tests_name("server", tests, setup_group, NULL);
}
