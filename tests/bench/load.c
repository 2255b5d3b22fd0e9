/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load for one HTTP server on this host: asks for one page again and again over one kept
 * connection. Knows how long a reply is, whether it says so or comes in chunks.
 *
 *   load PORT PATH REQUESTS [HEADER]...
 *
 * Prints the median and the 99th percentile of the time from request to the last byte, in
 * microseconds, and how many a second there were. Whatever is no whole reply with status
 * 200 ends it with exit status 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct stream {
	int fd;
	size_t start, end; /* of what is in data and not yet used */
	char data[65536];
};

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(EXIT_FAILURE);
}

static void fill(struct stream *stream)
{
	ssize_t size = recv(stream->fd, stream->data, sizeof(stream->data), 0);

	if (size <= 0)
		die("the server ended the connection");
	stream->start = 0;
	stream->end = (size_t)size;
}

/* Takes one line, without its end. */
static void read_line(struct stream *stream, char *line, size_t size)
{
	size_t length = 0;

	for (;;) {
		char c;

		if (stream->start == stream->end)
			fill(stream);
		c = stream->data[stream->start++];
		if (c == '\n')
			break;
		if (length + 1 == size)
			die("a line is too long");
		line[length++] = c;
	}
	if (length && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
}

static void skip(struct stream *stream, size_t size)
{
	while (size) {
		size_t part;

		if (stream->start == stream->end)
			fill(stream);
		part = stream->end - stream->start;
		if (part > size)
			part = size;
		stream->start += part;
		size -= part;
	}
}

static void skip_chunks(struct stream *stream)
{
	char line[1024];
	size_t size;

	do {
		read_line(stream, line, sizeof(line));
		size = strtoul(line, NULL, 16);
		skip(stream, size);
		read_line(stream, line, sizeof(line));
	} while (size);
}

static void read_reply(struct stream *stream)
{
	bool is_chunked = false, has_length = false;
	size_t length = 0;
	char line[1024];

	read_line(stream, line, sizeof(line));
	if (strncmp(line, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) != 0)
		die(line);
	for (;;) {
		read_line(stream, line, sizeof(line));
		if (!*line)
			break;
		if (strncasecmp(line, "Content-Length:", strlen("Content-Length:")) ==
		    0) {
			length = strtoul(line + strlen("Content-Length:"), NULL, 10);
			has_length = true;
		} else if (strcasecmp(line, "Transfer-Encoding: chunked") == 0) {
			is_chunked = true;
		}
	}
	if (is_chunked)
		skip_chunks(stream);
	else if (has_length)
		skip(stream, length);
	else
		die("a reply without length");
}

static int connect_to(unsigned long port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die("cannot connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare_times(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	static struct stream stream;
	char request[4096];
	size_t length, count;
	double *times, sum = 0;

	if (argc < 4)
		die("usage: load PORT PATH REQUESTS [HEADER]...");
	count = strtoul(argv[3], NULL, 10);
	times = calloc(count, sizeof(*times));
	if (!times || !count)
		die("nothing to do, or no memory");

	length = (size_t)snprintf(request, sizeof(request),
	                          "GET %s HTTP/1.1\r\nHost: localhost\r\n", argv[2]);
	for (int i = 4; i < argc && length < sizeof(request); i++)
		length += (size_t)snprintf(request + length, sizeof(request) - length,
		                           "%s\r\n", argv[i]);
	if (length + 2 >= sizeof(request))
		die("the request is too long");
	memcpy(request + length, "\r\n", 2);
	length += 2;

	stream.fd = connect_to(strtoul(argv[1], NULL, 10));
	for (size_t i = 0; i < count; i++) {
		double start = microseconds();

		if (send(stream.fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
			die("cannot send");
		read_reply(&stream);
		times[i] = microseconds() - start;
		sum += times[i];
	}
	qsort(times, count, sizeof(*times), compare_times);
	printf("%.2f %.2f %.0f\n", times[count / 2], times[count - 1 - count / 100],
	       (double)count / sum * 1e6);
	free(times);
	return EXIT_SUCCESS;
}
