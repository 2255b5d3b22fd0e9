/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target: one function that takes any bytes. libFuzzer
 * (https://llvm.org/docs/LibFuzzer.html) makes them up, replay.c takes them from files.
 * What it must never do is crash, wait, or break what it checks itself.
 */
#pragma once

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* As assert(), whatever flags this was built with. */
static inline void fuzz_check(int condition)
{
	if (!condition)
		abort();
}

/* An open file that holds the bytes, at its start; for close(). */
static inline int fuzz_open(const uint8_t *bytes, size_t length)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_check(fd >= 0);
	fuzz_check(pwrite(fd, bytes, length, 0) == (ssize_t)length);
	return fd;
}

/* The bytes as a string, which ends at their first NUL at the latest; for free(). */
static inline char *fuzz_string(const uint8_t *bytes, size_t length)
{
	size_t size = length ? strnlen((const char *)bytes, length) : 0;
	char *string = malloc(size + 1);

	fuzz_check(string != NULL);
	if (size)
		memcpy(string, bytes, size);
	string[size] = '\0';
	return string;
}
