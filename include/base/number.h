/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and durations as the kernel and people write them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * One unsigned decimal number with nothing but white space behind it: a sysctl, a sysfs
 * attribute, a flag's value. 0, -EBADMSG if it is anything else, -ERANGE above 64 bits.
 */
int number_parse(const char *string, uint64_t *ret_number);

/*
 * A hexadecimal number with or without "0x", as kstrtoul(…, 16, …) of the kernel reads
 * it: with nothing behind it, perhaps with a '+' before it. 0, -EBADMSG if it is anything
 * else, -ERANGE above 64 bits.
 */
int number_hexadecimal_parse(const char *string, size_t length, uint64_t *ret_number);

/*
 * The decimal number that STRING begins with; what is behind its digits, or LIMIT, goes
 * to RET_END. 0, -EBADMSG if there is no digit, -ERANGE above 64 bits.
 */
int number_digits_parse(const char *string, const char *limit, uint64_t *ret_number,
                        const char **ret_end);

/*
 * A number and its unit, ms, s or m, as Prometheus writes durations: "500ms"; or "0". 0,
 * -EBADMSG if it is anything else, -ERANGE above a day.
 */
int number_duration_parse(const char *string, uint64_t *ret_nanoseconds);
