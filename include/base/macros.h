/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the language that every file uses: scope guards and array sizes.
 * Knows nothing but the compiler and the C library.
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Calls FUNCTION with the address of the variable when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))

/* For _cleanup_ on any malloc()ed pointer; takes the pointer's address. */
static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

/* For _cleanup_ on a descriptor; a negative one is left alone. */
static inline void close_descriptor(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
