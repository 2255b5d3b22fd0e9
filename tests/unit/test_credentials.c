/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/credentials: what RFC 7617 and RFC 4648 allow is understood, and all else
 * is refused.
 */
#include "web/credentials.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

#define TOKEN_MAX 4096 /* bytes of base64 */

/* RFC 7617, section 2; the scheme has no case. */
static void credentials_are_split_at_the_first_colon(void **state)
{
	static const struct {
		const char *authorization, *user, *password;
	} rows[] = {
		/* clang-format off */
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
		{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" },
		{ "Basic YTpiOmM=", "a", "b:c" }, { "Basic Ojo6", "", "::" },
		{ "Basic Og==", "", "" }, { "Basic YTo=", "a", "" },
		{ "Basic OmI=", "", "b" }, { "Basic Ov//", "", "\xff\xff" },
		{ "Basic Ovvv", "", "\xfb\xef" }, { "Basic OisrLy8=", "", "++//" },
		{ "basic YTo=", "a", "" }, { "BASIC   YTo=", "a", "" }
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct credentials credentials;

		if (credentials_parse(rows[i].authorization, &credentials) != 0)
			fail_msg("refused: %s", rows[i].authorization);
		assert_string_equal(credentials.user, rows[i].user);
		assert_string_equal(credentials.password, rows[i].password);
		credentials_clear(&credentials);
		assert_null(credentials.user);
	}
}

static void credentials_written_in_another_way_are_refused(void **state)
{
	/* By padding, white space, another alphabet, bits left over, or with a NUL. */
	static const char *const rows[] = {
		/* clang-format off */
		"", " ", "Basic", "Basic ", "Basic      ", "Basic\tYTo=", " Basic YTo=",
		"BasicYTo=", "Basi YTo=", "Basicc YTo=", "Bearer YTo=", "Basic YTo",
		"Basic YTo==", "Basic YTo===", "Basic YTpiA===", "Basic =",
		"Basic ====", "Basic YTo=YTo=", "Basic YT=o", "Basic YTo= ",
		"Basic YTp=", "Basic Oh==", "Basic Y To=", "Basic YTo\r\n=",
		"Basic O-_v", "Basic YWJj", "Basic YTpiAA==", "Basic YTpiAGM=",
		"Basic YQA6Yg==", "Basic \xc3\xa4\xc3\xb6"
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct credentials credentials = { NULL, NULL, 0 };

		if (credentials_parse(rows[i], &credentials) != -EBADMSG)
			fail_msg("taken: '%s'", rows[i]);
		assert_null(credentials.user);
	}
}

static void credentials_are_bounded(void **state)
{
	char authorization[sizeof("Basic ") + TOKEN_MAX + 4] = "Basic ";
	char *token = authorization + strlen("Basic ");
	struct credentials credentials;

	(void)state;
	memset(token, 'O', TOKEN_MAX);
	memcpy(token, "YTph", 4); /* a:a */
	assert_int_equal(credentials_parse(authorization, &credentials), 0);
	assert_int_equal(credentials.size, TOKEN_MAX / 4 * 3 + 1);
	assert_int_equal(strlen(credentials.password), TOKEN_MAX / 4 * 3 - 2);
	credentials_clear(&credentials);
	memset(token + TOKEN_MAX, 'O', 4);
	assert_int_equal(credentials_parse(authorization, &credentials), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_split_at_the_first_colon),
		cmocka_unit_test(credentials_written_in_another_way_are_refused),
		cmocka_unit_test(credentials_are_bounded),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
