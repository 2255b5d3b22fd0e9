/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/credentials: what RFC 7617 and RFC 4648 allow is understood, all else is
 * refused, and nothing stays behind in memory.
 */
#include "web/credentials.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* The longest token that is taken, as base64 and as bytes. */
#define TOKEN_MAX 4096
#define BYTES_MAX (TOKEN_MAX / 4 * 3)

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);

static bool memory_fails;
static const char *secret; /* that must not be in what is freed */
static bool was_freed_with_secret;

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_fails ? NULL : __real_calloc(count, size);
}

void __wrap_free(void *pointer)
{
	if (secret && pointer &&
	    memmem(pointer, malloc_usable_size(pointer), secret, strlen(secret)))
		was_freed_with_secret = true;
	__real_free(pointer);
}

static int setup(void **state)
{
	(void)state;
	memory_fails = false;
	secret = NULL;
	was_freed_with_secret = false;
	return 0;
}

static int parse(const char *authorization)
{
	struct credentials credentials = { NULL, NULL, 0 };
	int r = credentials_parse(authorization, &credentials);

	if (r == 0)
		credentials_clear(&credentials);
	assert_null(credentials.user);
	return r;
}

static void credentials_are_split_at_the_first_colon(void **state)
{
	static const struct {
		const char *authorization, *user, *password;
	} rows[] = {
		/* RFC 7617, section 2 and 2.1 */
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
		{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" },
		{ "Basic YTpiOmM=", "a", "b:c" },
		{ "Basic Ojo6", "", "::" },
		{ "Basic Og==", "", "" },
		{ "Basic YTo=", "a", "" },
		{ "Basic OmI=", "", "b" },
		{ "Basic Ov//", "", "\xff\xff" },
		{ "Basic Ovvv", "", "\xfb\xef" },
		{ "Basic Ovvw", "", "\xfb\xf0" },
		{ "Basic OisrLy8=", "", "++//" },
		/* RFC 9110, section 11.1: the scheme has no case */
		{ "basic YTo=", "a", "" },
		{ "BASIC   YTo=", "a", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct credentials credentials;

		assert_int_equal(credentials_parse(rows[i].authorization, &credentials),
		                 0);
		assert_string_equal(credentials.user, rows[i].user);
		assert_string_equal(credentials.password, rows[i].password);
		credentials_clear(&credentials);
	}
}

static void credentials_that_are_written_in_another_way_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"Basic",
		"Basic ",
		"Basic      ",
		"Basic\tYTo=",
		" Basic YTo=",
		"BasicYTo=",
		"Basi YTo=",
		"Basicc YTo=",
		"Bearer YTo=",
		"Digest username=\"a\"",
		"Basic YTo",      /* no padding */
		"Basic YTo==",    /* too much of it */
		"Basic YTo===",   /* and more */
		"Basic YTpiA===", /* more yet, for nothing */
		"Basic =",        /* padding alone */
		"Basic ====",     /* likewise */
		"Basic YTo=YTo=", /* padding inside */
		"Basic YT=o",     /* likewise */
		"Basic YTo= ",    /* something behind */
		"Basic YTo=,",    /* likewise */
		"Basic YTp=",     /* bits left over, of two */
		"Basic Oh==",     /* and of four */
		"Basic Y To=",    /* white space inside */
		"Basic YTo\r\n=", /* likewise */
		"Basic O-_v",     /* another alphabet, of URLs */
		"Basic YWJj",     /* no colon */
		"Basic YQ==",     /* likewise */
		"Basic YTpiAA==", /* a NUL at the end of the password */
		"Basic YTpiAGM=", /* and in it */
		"Basic YQA6Yg==", /* and in the name */
		"Basic ADpi",     /* likewise */
		"Basic \xc3\xa4\xc3\xb6",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse(rows[i]) != -EBADMSG)
			fail_msg("taken: '%s'", rows[i]);
}

static void credentials_of_every_byte_come_out_as_they_went_in(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	(void)state;
	for (unsigned int byte = 1; byte < 256; byte++) {
		char authorization[] = "Basic Og==";
		struct credentials credentials;

		/* ":" and the byte. */
		authorization[7] = digits[(0x3a & 3) << 4 | byte >> 4];
		authorization[8] = digits[(byte & 15) << 2];
		assert_int_equal(credentials_parse(authorization, &credentials), 0);
		assert_string_equal(credentials.user, "");
		assert_int_equal((unsigned char)credentials.password[0], byte);
		assert_int_equal(credentials.password[1], 0);
		credentials_clear(&credentials);
	}
}

static void credentials_are_bounded(void **state)
{
	char authorization[sizeof("Basic ") + TOKEN_MAX + 4] = "Basic YTph";
	struct credentials credentials;

	(void)state;
	memset(authorization + strlen("Basic "), 'O', TOKEN_MAX);
	memcpy(authorization + strlen("Basic "), "YTph", 4); /* a:a */
	assert_int_equal(credentials_parse(authorization, &credentials), 0);
	assert_int_equal(credentials.size, BYTES_MAX + 1);
	assert_int_equal(strlen(credentials.password), BYTES_MAX - 2);
	credentials_clear(&credentials);
	memset(authorization + strlen("Basic ") + TOKEN_MAX, 'O', 4);
	assert_int_equal(parse(authorization), -EBADMSG);
}

static void credentials_without_memory_are_an_error(void **state)
{
	(void)state;
	memory_fails = true;
	assert_int_equal(parse("Basic YTpi"), -ENOMEM);
}

static void credentials_are_wiped_before_they_are_freed(void **state)
{
	struct credentials credentials;

	(void)state;
	secret = "open sesame";
	assert_int_equal(
		credentials_parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &credentials), 0);
	assert_string_equal(credentials.password, secret);
	/* Made shorter in place, by who needs less of it. */
	credentials.password[1] = '\0';
	secret = "en sesame";
	credentials_clear(&credentials);
	/* And what turns out to be none: a NUL is the last byte. */
	assert_int_equal(parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQA="), -EBADMSG);
	assert_false(was_freed_with_secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(credentials_are_split_at_the_first_colon, setup),
		cmocka_unit_test_setup(
			credentials_that_are_written_in_another_way_are_refused, setup),
		cmocka_unit_test_setup(credentials_of_every_byte_come_out_as_they_went_in,
		                       setup),
		cmocka_unit_test_setup(credentials_are_bounded, setup),
		cmocka_unit_test_setup(credentials_without_memory_are_an_error, setup),
		cmocka_unit_test_setup(credentials_are_wiped_before_they_are_freed,
		                       setup),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
