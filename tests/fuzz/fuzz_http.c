/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP as a whole: the command serve in a thread, over a host that never changes, and raw
 * bytes from a client that sends them, ends, and reads to the end. What comes back are
 * whole replies; and whatever was sent, who asks for the metrics after that gets them.
 * What speaks of Authorization is shown to a second one, which wants a login.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "commands/options.h"
#include "commands/serve.h"
#include "exposed.h"

/* Far more than any reply takes. */
#define WAIT_MS 20000

/* So many inputs are between two questions whether it still serves. */
#define ROUND 64

#define GET_METRICS                                                    \
	"GET /metrics?collect[]=kernel&collect[]=modules HTTP/1.1\r\n" \
	"Host: a\r\nConnection: close\r\nAuthorization: Basic "        \
	"dXNlcjpwYXNzd29yZA==\r\n\r\n"

/* From the root of the sources. */
static const char *flags[] = {
	"kernel_taint_exporter",
	"--web.listen-address=127.0.0.1:0",
	"--path.procfs=tests/scenes/proprietary/proc",
	"--path.sysfs=tests/scenes/proprietary/sys",
	"--path.rootfs=tests/scenes/proprietary",
	"--collector.signature.wait=0",
	"--no-sandbox",
	"--log.level=error",
	"--web.config.file=tests/fuzz/web.yml",
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static void *run_server(void *data)
{
	const struct options *options = data;

	serve_run(options);
	abort();
}

/* The port, but OTHER, of a socket among our descriptors that listens; 0: there is none.
 */
static in_port_t find_port(in_port_t other)
{
	for (int fd = 0; fd < 64; fd++) {
		struct sockaddr_in address;
		socklen_t size = sizeof(int);
		int is_listening = 0;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0 ||
		    !is_listening)
			continue;
		size = sizeof(address);
		fuzz_check(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
		if (address.sin_port != other)
			return address.sin_port;
	}
	return 0;
}

/* The port of a new server, which OPTIONS are for, beside the one at port OTHER. */
static in_port_t start_server(struct options *options, size_t flags_count,
                              in_port_t other)
{
	pthread_t thread;
	in_port_t port = 0;

	optind = 0; /* getopt_long(3): begin anew */
	fuzz_check(options_parse(options, (int)flags_count, (char **)flags) == 0);
	log_configure(options->log_level, options->log_format);
	fuzz_check(pthread_create(&thread, NULL, run_server, options) == 0);
	for (int i = 0; i < WAIT_MS / 10 && !port; i++) {
		port = find_port(other);
		if (!port)
			poll(NULL, 0, 10);
	}
	fuzz_check(port != 0);
	return port;
}

/* libFuzzer's clock would end a call that waits; each of ours ends by itself. */
static void start_servers(in_port_t ports[2])
{
	static struct options options[2];
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	fuzz_check(pthread_sigmask(SIG_BLOCK, &alarm, NULL) == 0);
	ports[0] = start_server(&options[0], FLAGS - 1, 0);
	ports[1] = start_server(&options[1], FLAGS, ports[0]);
}

/* Sends what it takes, without waiting for a server that has enough. */
static void send_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		bytes += sent;
		length -= (size_t)sent;
	}
}

static void read_all(int fd, struct text *replies)
{
	static char bytes[1 << 16];

	for (;;) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		ssize_t size;

		fuzz_check(poll(&waiting, 1, WAIT_MS) == 1);
		size = recv(fd, bytes, sizeof(bytes), 0);
		if (size <= 0) {
			fuzz_check(size == 0 || errno == ECONNRESET);
			return;
		}
		text_add(replies, bytes, (size_t)size);
	}
}

/* From one of many addresses, since a port rests for a while after each client. */
static void exchange(in_port_t port, const char *bytes, size_t length, bool ends,
                     struct text *replies)
{
	static unsigned int clients;
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + clients++ % 200),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	fuzz_check(fd >= 0);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	fuzz_check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = port;
	fuzz_check(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	send_all(fd, bytes, length);
	if (ends)
		shutdown(fd, SHUT_WR);
	read_all(fd, replies);
	close(fd);
}

/* Steps over a head, which ends with an empty line; returns the length of the body. */
static size_t skip_head(const char **c, unsigned int *ret_status)
{
	size_t length = 0;
	int size = 0;

	fuzz_check(sscanf(*c, "HTTP/1.%*1[01] %3u %n", ret_status, &size) == 1 && size);
	fuzz_check(*ret_status >= 100 && *ret_status <= 599);
	for (;;) {
		const char *line = *c, *end = strstr(line, "\r\n");

		fuzz_check(end != NULL);
		*c = end + 2;
		if (end == line)
			return length;
		for (const char *b = line; b < end; b++)
			fuzz_check((unsigned char)*b >= ' ' && *b != 0x7f);
		fuzz_check(line + size < *c || memchr(line, ':', (size_t)(end - line)));
		sscanf(line, "Content-Length: %zu\r\n", &length);
		size = 0;
	}
}

/* Behind a head either its body or, if one asked for the head alone, the next one. */
static void check_replies(const struct text *replies)
{
	const char *c = text_string(replies), *end = c + replies->length;

	while (c < end) {
		unsigned int status;
		size_t length = skip_head(&c, &status);

		if (c < end && strncmp(c, "HTTP/1.", 7) != 0) {
			fuzz_check(length <= (size_t)(end - c));
			c += length;
		}
	}
}

static void check_serving(in_port_t port)
{
	struct text reply = TEXT_INIT, page = TEXT_INIT;
	const char *c;
	unsigned int status;
	size_t length;

	exchange(port, GET_METRICS, strlen(GET_METRICS), false, &reply);
	c = text_string(&reply);
	length = skip_head(&c, &status);
	text_add_string(&page, c);
	fuzz_check(status == 200 && page.length == length);
	fuzz_check(strstr(text_string(&page), "\nkernel_taint_mask 12289\n") != NULL);
	exposed_check_page(&page, false);
	text_clear(&page);
	text_clear(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static in_port_t ports[2];
	static unsigned int inputs;
	bool is_login = memmem(bytes, length, "Authorization", strlen("Authorization"));
	struct text replies = TEXT_INIT;

	if (!ports[0])
		start_servers(ports);
	exchange(ports[is_login], (const char *)bytes, length, true, &replies);
	check_replies(&replies);
	text_clear(&replies);
	if (inputs++ % ROUND == 0) {
		check_serving(ports[0]);
		check_serving(ports[1]);
	}
	return 0;
}
