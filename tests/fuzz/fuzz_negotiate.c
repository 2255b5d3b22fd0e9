/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accept and Accept-Encoding: what is answered has a type of ours that fits its format,
 * whatever was asked for; letters have no case, and what we have not is as if it were not
 * there.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "exposition/negotiate.h"
#include "fuzz.h"

static const char *const schemes[] = {
	"",
	"; escaping=allow-utf-8",
	"; escaping=underscores",
	"; escaping=dots",
	"; escaping=values",
};

static void check_type(const struct negotiated *negotiated)
{
	const char *start = negotiated->format == EXPOSE_TEXT
	                            ? "text/plain; version=0.0.4; charset=utf-8"
	                            : "application/openmetrics-text; version=1.0.0; "
	                              "charset=utf-8";
	bool is_known = false;

	fuzz_check(strncmp(negotiated->content_type, start, strlen(start)) == 0);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		is_known |=
			strcmp(negotiated->content_type + strlen(start), schemes[i]) == 0;
	fuzz_check(is_known);
}

/* Both headers are answered in the same way. */
static void check_same(const char *a, const char *b)
{
	fuzz_check(negotiate_accept(a).content_type == negotiate_accept(b).content_type);
	fuzz_check(negotiate_accept(a).format == negotiate_accept(b).format);
	fuzz_check(negotiate_json(a) == negotiate_json(b));
	fuzz_check(negotiate_gzip(a) == negotiate_gzip(b));
}

/* Behind others that we have not. */
static void check_behind(const char *header)
{
	struct text other = TEXT_INIT;

	text_add_string(&other, "x/y;q=1, ,");
	text_add_string(&other, header);
	if (other.length <= NEGOTIATE_HEADER_MAX)
		check_same(header, text_string(&other));
	text_clear(&other);
}

static void check_case(char *header)
{
	struct text other = TEXT_INIT;

	for (const char *c = header; *c; c++)
		text_add_char(&other,
		              (char)(isalpha((unsigned char)*c) ? *c ^ 0x20 : *c));
	check_same(header, text_string(&other));
	text_clear(&other);
}

/* All that is there may be gone, but for what was refused. */
static void check_nothing(void)
{
	check_same(NULL, "");
	fuzz_check(negotiate_accept(NULL).format == EXPOSE_TEXT);
	fuzz_check(!negotiate_json(NULL) && !negotiate_gzip(NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *header = fuzz_string(bytes, length);
	struct negotiated negotiated = negotiate_accept(header);

	check_type(&negotiated);
	check_behind(header);
	check_case(header);
	check_nothing();
	free(header);
	return 0;
}
