/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ClientHello taken apart:
 *
 *   2        32       1+n          2+n      1+n           2+n
 *   version  random   session id   suites   compression   extensions (may be absent)
 *
 *   extension: 2 type, 2+n data
 *   supported_groups (10): 2+n, groups of 2 bytes
 *   supported_versions (43): 1+n, versions of 2 bytes
 *
 * Knows offsets and lengths; must not judge what is offered.
 */
#include "web/tls_hello.h"

#include <errno.h>

#define SUPPORTED_GROUPS   10
#define SUPPORTED_VERSIONS 43
#define TLS12              0x0303

struct bytes {
	const unsigned char *data;
	size_t length;
};

/* Moves the first LENGTH bytes to RET_TAKEN. */
static bool take(struct bytes *bytes, size_t length, struct bytes *ret_taken)
{
	if (length > bytes->length)
		return false;
	*ret_taken = (struct bytes){ bytes->data, length };
	bytes->data += length;
	bytes->length -= length;
	return true;
}

static bool take_number(struct bytes *bytes, size_t size, size_t *ret_number)
{
	struct bytes taken;
	size_t number = 0;

	if (!take(bytes, size, &taken))
		return false;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | taken.data[i];
	*ret_number = number;
	return true;
}

/* Bytes with their length, of SIZE bytes, in front. */
static bool take_vector(struct bytes *bytes, size_t size, struct bytes *ret_vector)
{
	size_t length;

	return take_number(bytes, size, &length) && take(bytes, length, ret_vector);
}

static bool is_list(const struct bytes *bytes)
{
	return bytes->length > 0 && bytes->length % 2 == 0;
}

/* The whole of DATA is a list, which comes but once. */
static bool take_list(struct bytes data, size_t size, const unsigned char **list,
                      size_t *count)
{
	struct bytes vector;

	if (*list || !take_vector(&data, size, &vector) || data.length ||
	    !is_list(&vector))
		return false;
	*list = vector.data;
	*count = vector.length / 2;
	return true;
}

static bool take_extension(size_t type, struct bytes data, struct tls_hello *hello)
{
	switch (type) {
	case SUPPORTED_GROUPS:
		return take_list(data, 2, &hello->groups, &hello->groups_count);
	case SUPPORTED_VERSIONS:
		return take_list(data, 1, &hello->versions, &hello->versions_count);
	default:
		return true;
	}
}

static bool take_extensions(struct bytes *bytes, struct tls_hello *hello)
{
	struct bytes extensions, data;
	size_t type;

	if (!bytes->length)
		return true;
	if (!take_vector(bytes, 2, &extensions) || bytes->length)
		return false;
	while (extensions.length)
		if (!take_number(&extensions, 2, &type) ||
		    !take_vector(&extensions, 2, &data) ||
		    !take_extension(type, data, hello))
			return false;
	return true;
}

int tls_hello_parse(const unsigned char *message, size_t length,
                    struct tls_hello *ret_hello)
{
	struct bytes bytes = { message, length }, ignored, suites;
	struct tls_hello hello = { 0 };
	size_t version;

	if (!take_number(&bytes, 2, &version) || !take(&bytes, 32, &ignored) ||
	    !take_vector(&bytes, 1, &ignored) || !take_vector(&bytes, 2, &suites) ||
	    !is_list(&suites) || !take_vector(&bytes, 1, &ignored) ||
	    !take_extensions(&bytes, &hello))
		return -EBADMSG;
	hello.legacy_version = (uint16_t)version;
	hello.suites = suites.data;
	hello.suites_count = suites.length / 2;
	*ret_hello = hello;
	return 0;
}

static size_t rank(const unsigned char *list, size_t count, uint16_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if ((list[2 * i] << 8 | list[2 * i + 1]) == wanted)
			return i;
	return SIZE_MAX;
}

size_t tls_hello_suite_rank(const struct tls_hello *hello, uint16_t suite)
{
	return rank(hello->suites, hello->suites_count, suite);
}

bool tls_hello_has_group(const struct tls_hello *hello, uint16_t group)
{
	return !hello->groups ||
	       rank(hello->groups, hello->groups_count, group) != SIZE_MAX;
}

/* RFC 8446, section 4.2.1: without the extension, up to TLS 1.2. */
bool tls_hello_has_version(const struct tls_hello *hello, uint16_t version)
{
	if (hello->versions)
		return rank(hello->versions, hello->versions_count, version) != SIZE_MAX;
	return version <= TLS12 && version <= hello->legacy_version;
}
