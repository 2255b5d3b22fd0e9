/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first message of a TLS client: each list lies in the bytes, whole, and what is in
 * it is found there.
 */
#include <errno.h>

#include "fuzz.h"
#include "web/tls_hello.h"

/* Of version, random, and three lengths. */
#define LENGTH_MIN (2 + 32 + 1 + 2 + 1)

static void check_list(const uint8_t *bytes, size_t length, const unsigned char *list,
                       size_t count)
{
	fuzz_check(list >= bytes + LENGTH_MIN - 1 && count > 0);
	fuzz_check(2 * count <= (size_t)(bytes + length - list));
}

static uint16_t entry(const unsigned char *list, size_t index)
{
	return (uint16_t)(list[2 * index] << 8 | list[2 * index + 1]);
}

static void check_hello(const uint8_t *bytes, size_t length,
                        const struct tls_hello *hello)
{
	fuzz_check(length >= LENGTH_MIN + 2);
	fuzz_check(hello->legacy_version == entry(bytes, 0));
	check_list(bytes, length, hello->suites, hello->suites_count);
	for (size_t i = 0; i < hello->suites_count; i++)
		fuzz_check(tls_hello_suite_rank(hello, entry(hello->suites, i)) <= i);

	/* What is not said leaves any group, and no version above the old one. */
	if (hello->groups)
		check_list(bytes, length, hello->groups, hello->groups_count);
	else
		fuzz_check(!hello->groups_count && tls_hello_has_group(hello, 0x1d));
	for (size_t i = 0; i < hello->groups_count; i++)
		fuzz_check(tls_hello_has_group(hello, entry(hello->groups, i)));
	if (hello->versions)
		check_list(bytes, length, hello->versions, hello->versions_count);
	else
		fuzz_check(!hello->versions_count &&
		           !tls_hello_has_version(hello, 0x0304));
	for (size_t i = 0; i < hello->versions_count; i++)
		fuzz_check(tls_hello_has_version(hello, entry(hello->versions, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct tls_hello hello = { .suites_count = SIZE_MAX };
	int r = tls_hello_parse(bytes, length, &hello);

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r == 0)
		check_hello(bytes, length, &hello);
	else
		fuzz_check(hello.suites_count == SIZE_MAX && !hello.suites);
	return 0;
}
