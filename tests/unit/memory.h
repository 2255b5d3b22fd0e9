/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A realloc() that fails when told to. Included once by a test program, which links with
 * --wrap=realloc.
 */
#pragma once

#include <stddef.h>

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static int calls_left; /* realloc() calls that still succeed; negative: all */

void *__wrap_realloc(void *pointer, size_t size)
{
	if (calls_left == 0)
		return NULL;
	if (calls_left > 0)
		calls_left--;
	return __real_realloc(pointer, size);
}

/* Before each test: memory is there. */
static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	return 0;
}
