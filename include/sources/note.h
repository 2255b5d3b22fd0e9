/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF notes (System V gABI, "Note Section"; elf(5)), as /sys/module/NAME/notes/ has them
 * too. Numbers are in this machine's byte order.
 *
 *   name size, 4 bytes | value size, 4 | type, 4 | name with its NUL | value |
 *                                                  each padded to 4 bytes
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the first note of that name and type; VALUE points into BYTES. 0; -ENOENT if
 * there is none; -EBADMSG if a size lies before it was found.
 */
int note_find(const unsigned char *bytes, size_t length, const char *name, uint32_t type,
              const unsigned char **ret_value, size_t *ret_length);
