/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules below tests/modules, and any other bytes, as a test wants them: in memory
 * that ends where they end, so that a reader that looks too far is caught, or as an open
 * file. cmocka.h stands before it.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURES "tests/modules/"

/* A copy of the bytes with nothing behind them, for free(). */
static inline unsigned char *fixtures_copy(const void *bytes, size_t length)
{
	unsigned char *copy = malloc(length);

	assert_true(copy || !length);
	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

/* The file FIXTURES NAME, for free(). */
static inline unsigned char *fixtures_read(const char *name, size_t *ret_length)
{
	char path[256];
	unsigned char *bytes;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		fail_msg("no file %s", path);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	close(fd);
	*ret_length = (size_t)st.st_size;
	return bytes;
}

/* An open file that holds the bytes, at its start; for close(). */
static inline int fixtures_open(const void *bytes, size_t length)
{
	int fd = memfd_create("fixture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, length, 0), (ssize_t)length);
	return fd;
}
