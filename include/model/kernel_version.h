/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers that a kernel release begins with.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct text;

/*
 * A kernel release as numbers: "4.18.0-372.9.1.el8.x86_64" is { 4, 18, 0, 372, 9, 1 }.
 * A missing number is 0, and so is the first one that a letter follows ("042stab145" of
 * OpenVZ is no build number of Red Hat's), with all behind it.
 */
struct kernel_version {
	uint32_t part[6];
};

/* The numbers at the start, separated by one '.' or '-' each. */
struct kernel_version kernel_version_parse(const char *release);

/* Appends it as a kernel's release begins: "3.10.0-327"; nothing if all is 0. */
void kernel_version_write(const struct kernel_version *version, struct text *text);

bool kernel_version_is_zero(const struct kernel_version *version);

/* Negative, 0 or positive, as strcmp(). */
int kernel_version_compare(const struct kernel_version *a,
                           const struct kernel_version *b);
