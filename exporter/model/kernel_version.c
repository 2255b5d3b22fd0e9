/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel releases as numbers that can be compared. Pure.
 */
#include "model/kernel_version.h"

#include <stddef.h>

#include "base/macros.h"
#include "base/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The decimal number at *AT, which moves behind it. False: it is too large. */
static bool parse_number(const char **at, uint32_t *ret_number)
{
	bool fits = true;

	*ret_number = 0;
	for (; is_digit(**at); ++*at)
		fits = fits && !__builtin_mul_overflow(*ret_number, 10, ret_number) &&
		       !__builtin_add_overflow(*ret_number, (uint32_t)(**at - '0'),
		                               ret_number);
	return fits;
}

struct kernel_version kernel_version_parse(const char *release)
{
	struct kernel_version version = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(version.part) && is_digit(*release); i++) {
		uint32_t number;
		bool fits = parse_number(&release, &number);

		if (is_letter(*release))
			break;
		version.part[i] = fits ? number : UINT32_MAX;
		if (!fits || (*release != '.' && *release != '-'))
			break;
		release++;
	}
	return version;
}

int kernel_version_compare(const struct kernel_version *a, const struct kernel_version *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->part); i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

bool kernel_version_is_zero(const struct kernel_version *version)
{
	return kernel_version_compare(version, &(struct kernel_version){ { 0 } }) == 0;
}

void kernel_version_write(const struct kernel_version *version, struct text *text)
{
	static const char separators[] = "..-..";
	size_t count = ARRAY_SIZE(version->part);

	if (kernel_version_is_zero(version))
		return;
	while (count > 2 && !version->part[count - 1])
		count--;
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_add_char(text, separators[i - 1]);
		text_add_number(text, version->part[i]);
	}
}
