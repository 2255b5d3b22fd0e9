/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP clients that send any bytes and read replies one by one. All of them are closed at
 * the end of a test by clients_close(). Nothing waits longer than CLIENT_SECONDS.
 * cmocka.h stands before it.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"

#define CLIENTS_MAX    320
#define CLIENT_SECONDS 30

struct client {
	int fd;
	struct text in; /* received and not yet read */
};

struct reply {
	unsigned int status;
	struct text head; /* up to the empty line */
	struct text body;
};

static struct client clients[CLIENTS_MAX];
static size_t clients_count;

static inline void clients_close(void)
{
	while (clients_count) {
		struct client *client = &clients[--clients_count];

		if (client->fd >= 0)
			close(client->fd);
		text_clear(&client->in);
	}
}

static inline void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

static inline struct sockaddr_in client_address(const char *host, unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
	};

	assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
	return address;
}

/*
 * Connects FROM a loopback address to HOST:PORT, with room for few received bytes if
 * IS_SLOW. NULL: refused.
 */
static inline struct client *client_try(const char *from, const char *host,
                                        unsigned int port, bool is_slow)
{
	const struct sockaddr_in source = client_address(from, 0);
	const struct sockaddr_in target = client_address(host, port);
	const struct timeval patience = { .tv_sec = CLIENT_SECONDS };
	struct client *client = &clients[clients_count];
	int room = 4096;

	assert_true(clients_count < CLIENTS_MAX);
	*client = (struct client){
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	};
	assert_true(client->fd >= 0);
	clients_count++;
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	                            sizeof(patience)),
	                 0);
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	                            sizeof(patience)),
	                 0);
	if (is_slow)
		assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &room,
		                            sizeof(room)),
		                 0);
	assert_int_equal(
		bind(client->fd, (const struct sockaddr *)&source, sizeof(source)), 0);
	if (connect(client->fd, (const struct sockaddr *)&target, sizeof(target)) == 0)
		return client;
	assert_int_equal(errno, ECONNREFUSED);
	client_close(client);
	return NULL;
}

/* False if the other side closed. */
static inline bool client_try_send(struct client *client, const char *bytes,
                                   size_t length)
{
	while (length) {
		ssize_t size = send(client->fd, bytes, length, MSG_NOSIGNAL);

		if (size < 0 && (errno == EPIPE || errno == ECONNRESET))
			return false;
		assert_true(size > 0);
		bytes += size;
		length -= (size_t)size;
	}
	return true;
}

static inline void client_send(struct client *client, const char *string)
{
	assert_true(client_try_send(client, string, strlen(string)));
}

/* Receives some more; false at the end, be it a reset. */
static inline bool client_receive(struct client *client)
{
	static char bytes[65536];
	ssize_t size = recv(client->fd, bytes, sizeof(bytes), 0);

	if (size < 0)
		assert_int_equal(errno, ECONNRESET);
	if (size <= 0)
		return false;
	text_add(&client->in, bytes, (size_t)size);
	assert_int_equal(client->in.error, 0);
	return true;
}

/* Moves the first LENGTH bytes to TAKEN. */
static inline void client_take(struct client *client, size_t length, struct text *taken)
{
	struct text *in = &client->in;

	text_add(taken, text_string(in), length);
	assert_int_equal(taken->error, 0);
	if (!length)
		return;
	memmove(in->data, in->data + length, in->length - length + 1);
	in->length -= length;
}

static inline void reply_clear(struct reply *reply)
{
	text_clear(&reply->head);
	text_clear(&reply->body);
}

/* The value of header NAME, NULL without one; borrowed until the next call. */
static inline const char *reply_header(const struct reply *reply, const char *name)
{
	static char value[512];

	for (const char *line = strstr(text_string(&reply->head), "\r\n"); line;
	     line = strstr(line + 2, "\r\n")) {
		size_t length = strlen(name);

		if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
			continue;
		line += 2 + length + 1;
		line += strspn(line, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
		return value;
	}
	return NULL;
}

/* Receives the head of a reply; what is behind it stays in the client. */
static inline void client_read_head(struct client *client, struct reply *reply)
{
	const char *end;

	*reply = (struct reply){ 0 };
	while (!(end = strstr(text_string(&client->in), "\r\n\r\n")))
		if (!client_receive(client))
			fail_msg("the end, after: %s", text_string(&client->in));
	client_take(client, (size_t)(end + 4 - text_string(&client->in)), &reply->head);
	assert_int_equal(
		sscanf(text_string(&reply->head), "HTTP/1.1 %3u ", &reply->status), 1);
}

/* Receives the body that the head announces. */
static inline void client_read_body(struct client *client, struct reply *reply)
{
	const char *header = reply_header(reply, "Content-Length");
	size_t length;

	assert_non_null(header);
	length = (size_t)strtoull(header, NULL, 10);
	while (client->in.length < length)
		if (!client_receive(client))
			fail_msg("the end, after %zu of %zu bytes", client->in.length,
			         length);
	client_take(client, length, &reply->body);
}

static inline void client_read(struct client *client, struct reply *reply)
{
	client_read_head(client, reply);
	client_read_body(client, reply);
}

/* All that still comes, up to the end, which must come. */
static inline const char *client_read_rest(struct client *client)
{
	while (client_receive(client))
		;
	return text_string(&client->in);
}

/* The other side has closed, and nothing came before that. */
static inline void client_expect_end(struct client *client)
{
	assert_string_equal(client_read_rest(client), "");
}
