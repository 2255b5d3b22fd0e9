/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a server on libmicrohttpd can do: one thread, one page that never
 * changes.
 *
 *   bare PORT FILE
 *
 * Serves FILE on the loopback address until it is killed.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result answer(void *data, struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const char *http_version, const char *upload,
                              size_t *upload_size, void **request_context)
{
	(void)path;
	(void)method;
	(void)http_version;
	(void)upload;
	(void)upload_size;

	/* First called when the headers are there, then when the request is. */
	if (!*request_context) {
		*request_context = data;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, data);
}

static struct MHD_Response *read_page(const char *path)
{
	FILE *file = fopen(path, "re");
	char *page = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return NULL;
	length = getdelim(&page, &size, EOF, file);
	fclose(file);
	return length < 0 ? NULL
	                  : MHD_create_response_from_buffer((size_t)length, page,
	                                                    MHD_RESPMEM_MUST_FREE);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_Response *response = argc == 3 ? read_page(argv[2]) : NULL;

	if (!response) {
		fprintf(stderr, "usage: bare PORT FILE\n");
		return EXIT_FAILURE;
	}
	MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4");
	address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer,
	                      response, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END)) {
		fprintf(stderr, "bare: cannot listen on port %s\n", argv[1]);
		return EXIT_FAILURE;
	}
	for (;;)
		pause();
}
