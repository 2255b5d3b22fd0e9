/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers. strtoull() would take signs, blanks in front and octal forms, too.
 */
#include "base/number.h"

#include <errno.h>
#include <string.h>

int number_parse(const char *string, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *c = string;

	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*c - '0'), &number))
			return -ERANGE;
	if (c == string || c[strspn(c, " \t\n")] != '\0')
		return -EBADMSG;

	*ret_number = number;
	return 0;
}
