/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers as the kernel and people write them.
 */
#pragma once

#include <stdint.h>

/*
 * One unsigned decimal number with nothing but white space behind it: a sysctl, a sysfs
 * attribute, a flag's value. 0, -EBADMSG if it is anything else, -ERANGE above 64 bits.
 */
int number_parse(const char *string, uint64_t *ret_number);
