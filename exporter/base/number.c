/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers. strtoull() would take signs, blanks in front and octal forms, too.
 */
#include "base/number.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"

#define DAY (CLOCK_SECOND * 24 * 3600)

int number_digits_parse(const char *string, const char *limit, uint64_t *ret_number,
                        const char **ret_end)
{
	uint64_t number = 0;
	const char *c = string;

	for (; c < limit && *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*c - '0'), &number))
			return -ERANGE;
	if (c == string)
		return -EBADMSG;
	*ret_number = number;
	*ret_end = c;
	return 0;
}

int number_parse(const char *string, uint64_t *ret_number)
{
	const char *end;
	uint64_t number;
	int r = number_digits_parse(string, string + strlen(string), &number, &end);

	if (r < 0)
		return r;
	if (end[strspn(end, " \t\n")] != '\0')
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

/* -1: it is none. */
static int digit_parse(char c)
{
	char lower = (char)(c | 0x20);

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int number_hexadecimal_parse(const char *string, size_t length, uint64_t *ret_number)
{
	const char *end = string + length;
	uint64_t number = 0;

	if (string < end && *string == '+')
		string++;
	if (end - string > 2 && string[0] == '0' && (string[1] | 0x20) == 'x')
		string += 2;
	if (string == end)
		return -EBADMSG;
	for (; string < end; string++) {
		int digit = digit_parse(*string);

		if (digit < 0)
			return -EBADMSG;
		if (__builtin_mul_overflow(number, 16, &number))
			return -ERANGE;
		number |= (uint64_t)digit;
	}
	*ret_number = number;
	return 0;
}

int number_duration_parse(const char *string, uint64_t *ret_nanoseconds)
{
	static const struct {
		const char *name;
		uint64_t nanoseconds;
	} units[] = {
		{ "ms", CLOCK_SECOND / 1000 },
		{ "s", CLOCK_SECOND },
		{ "m", CLOCK_SECOND * 60 },
	};
	const char *unit;
	uint64_t number;
	int r = number_digits_parse(string, string + strlen(string), &number, &unit);

	if (r < 0)
		return r;
	if (!*unit && number == 0) {
		*ret_nanoseconds = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (number > DAY / units[i].nanoseconds)
			return -ERANGE;
		*ret_nanoseconds = number * units[i].nanoseconds;
		return 0;
	}
	return -EBADMSG;
}
