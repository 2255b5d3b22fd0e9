/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real scrapers and browsers ask for and what they get; then headers that nobody
 * should send. Every header is handed over in a block of just its size, so that a
 * sanitizer sees a byte read behind it.
 */
#include "exposition/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define UTF8        "; escaping=allow-utf-8"

/* Every content type there is. */
static const char *const content_types[] = {
	TEXT,
	TEXT "; escaping=allow-utf-8",
	TEXT "; escaping=underscores",
	TEXT "; escaping=dots",
	TEXT "; escaping=values",
	OPENMETRICS,
	OPENMETRICS "; escaping=allow-utf-8",
	OPENMETRICS "; escaping=underscores",
	OPENMETRICS "; escaping=dots",
	OPENMETRICS "; escaping=values",
};

static struct negotiated negotiate(const char *accept, size_t length)
{
	_cleanup_(free_pointer) char *copy = malloc(length + 1);
	struct negotiated answer;
	size_t known = 0;

	assert_non_null(copy);
	memcpy(copy, accept, length);
	copy[length] = '\0';
	answer = negotiate_accept(copy);

	/* Whatever came in: one of our answers, and the type is that of the format. */
	while (known < ARRAY_SIZE(content_types) &&
	       strcmp(content_types[known], answer.content_type) != 0)
		known++;
	assert_true(known < ARRAY_SIZE(content_types));
	assert_int_equal(answer.format, known < ARRAY_SIZE(content_types) / 2
	                                        ? EXPOSE_TEXT
	                                        : EXPOSE_OPENMETRICS);
	return answer;
}

static bool allows_gzip(const char *accept_encoding, size_t length)
{
	_cleanup_(free_pointer) char *copy = malloc(length + 1);

	assert_non_null(copy);
	memcpy(copy, accept_encoding, length);
	copy[length] = '\0';
	return negotiate_gzip(copy);
}

struct accept_case {
	const char *accept;
	const char *content_type;
};

static void assert_cases(const struct accept_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct negotiated answer =
			negotiate(cases[i].accept, strlen(cases[i].accept));

		if (strcmp(answer.content_type, cases[i].content_type) != 0)
			fail_msg("Accept: %s\n  expected %s\n  got      %s",
			         cases[i].accept, cases[i].content_type,
			         answer.content_type);
	}
}

#define ASSERT_CASES(cases) assert_cases(cases, ARRAY_SIZE(cases))

/* ---- real clients ---- */

#define PROTOBUF                                                      \
	"application/vnd.google.protobuf;proto=io.prometheus.client." \
	"MetricFamily;encoding=delimited"
#define OM_100   "application/openmetrics-text;version=1.0.0"
#define OM_001   "application/openmetrics-text;version=0.0.1"
#define TEXT_100 "text/plain;version=1.0.0"
#define TEXT_004 "text/plain;version=0.0.4"
#define ALLOW    ";escaping=allow-utf-8"
#define SCORES   ";escaping=underscores"

/* Prometheus as it is configured by default: scrape/scrape.go of each version. */
static const struct accept_case prometheus_headers[] = {
	/* 2.42 to 2.48 */
	{ OM_100 "," OM_001 ";q=0.75," TEXT_004 ";q=0.5,*/*;q=0.1", OPENMETRICS },
	/* 2.49, whose last weight is none */
	{ OM_100 ";q=0.5," OM_001 ";q=0.4," TEXT_004 ";q=0.3,*/*;q=2", OPENMETRICS },
	/* 2.50 to 2.55 */
	{ OM_100 ";q=0.5," OM_001 ";q=0.4," TEXT_004 ";q=0.3,*/*;q=0.2", OPENMETRICS },
	/* 3.0 to 3.2 */
	{ OM_100 ALLOW ";q=0.6," OM_001 ALLOW ";q=0.5," TEXT_100 ALLOW ALLOW
	               ";q=0.4," TEXT_004 ALLOW ";q=0.3,*/*;q=0.2",
	  OPENMETRICS UTF8 },
	/* 3.3 */
	{ OM_100 ALLOW ";q=0.6," OM_001 ALLOW ";q=0.5," TEXT_100 ALLOW
	               ";q=0.4," TEXT_004 ALLOW ";q=0.3,*/*;q=0.2",
	  OPENMETRICS UTF8 },
	/* 3.4 and later */
	{ OM_100 ALLOW ";q=0.6," OM_001 ";q=0.5," TEXT_100 ALLOW ";q=0.4," TEXT_004
	               ";q=0.3,*/*;q=0.2",
	  OPENMETRICS UTF8 },
	/* the same with metric_name_validation_scheme: legacy */
	{ OM_100 SCORES ";q=0.6," OM_001 ";q=0.5," TEXT_100 SCORES ";q=0.4," TEXT_004
	                ";q=0.3,*/*;q=0.2",
	  OPENMETRICS "; escaping=underscores" },
};

static void prometheus_gets_openmetrics(void **state)
{
	(void)state;
	ASSERT_CASES(prometheus_headers);
}

/* The same with native histograms, which are asked for in protobuf. */
static const struct accept_case protobuf_headers[] = {
	/* 2.42 to 2.48 */
	{ PROTOBUF "," OM_100 ";q=0.8," OM_001 ";q=0.75," TEXT_004 ";q=0.5,*/*;q=0.1",
	  OPENMETRICS },
	/* 2.49, whose last weight is valid here and highest */
	{ PROTOBUF ";q=0.5," OM_100 ";q=0.4," OM_001 ";q=0.3," TEXT_004 ";q=0.2,*/*;q=1",
	  OPENMETRICS },
	/* 2.50 to 2.55 */
	{ PROTOBUF ";q=0.5," OM_100 ";q=0.4," OM_001 ";q=0.3," TEXT_004
	           ";q=0.2,*/*;q=0.1",
	  OPENMETRICS },
	/* 3.0 to 3.2 */
	{ PROTOBUF ALLOW ";q=0.6," OM_100 ALLOW ";q=0.5," OM_001 ALLOW
	                 ";q=0.4," TEXT_100 ALLOW ALLOW ";q=0.3," TEXT_004 ALLOW
	                 ";q=0.2,*/*;q=0.1",
	  OPENMETRICS UTF8 },
	/* 3.3 */
	{ PROTOBUF ALLOW ";q=0.6," OM_100 ALLOW ";q=0.5," OM_001 ALLOW
	                 ";q=0.4," TEXT_100 ALLOW ";q=0.3," TEXT_004 ALLOW
	                 ";q=0.2,*/*;q=0.1",
	  OPENMETRICS UTF8 },
	/* 3.4 and later */
	{ PROTOBUF ";q=0.6," OM_100 ALLOW ";q=0.5," OM_001 ";q=0.4," TEXT_100 ALLOW
	           ";q=0.3," TEXT_004 ";q=0.2,*/*;q=0.1",
	  OPENMETRICS UTF8 },
};

static void prometheus_with_protobuf_first_gets_openmetrics(void **state)
{
	(void)state;
	ASSERT_CASES(protobuf_headers);
}

/* scrape_protocols: [PrometheusText0.0.4], or [PrometheusText1.0.0, …]. */
static void prometheus_that_wants_text_gets_text(void **state)
{
	static const struct accept_case cases[] = {
		{ TEXT_004 ";q=0.5,*/*;q=0.4", TEXT },
		{ TEXT_004 ALLOW ";q=0.6,*/*;q=0.5", TEXT UTF8 },
		{ TEXT_100 ALLOW ";q=0.6,*/*;q=0.5", TEXT UTF8 },
		{ TEXT_100 SCORES ";q=0.6," OM_100 SCORES ";q=0.5,*/*;q=0.4",
		  TEXT "; escaping=underscores" },
		{ TEXT_004 ";q=0.6," OM_100 ALLOW ";q=0.5,*/*;q=0.4", TEXT },
		{ OM_001 ";q=0.6,*/*;q=0.5", TEXT },
		{ PROTOBUF ";q=0.6,*/*;q=0.5", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void browsers_and_command_line_clients_get_text(void **state)
{
	static const struct accept_case cases[] = {
		/* Firefox */
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
		  "image/webp,image/png,image/svg+xml,*/*;q=0.8",
		  TEXT },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		  TEXT },
		/* Chrome */
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
		  "image/webp,image/apng,*/*;q=0.8,"
		  "application/signed-exchange;v=b3;q=0.7",
		  TEXT },
		/* curl, Go, Python */
		{ "*/*", TEXT },
		/* wget */
		{ "*/*;q=0.8", TEXT },
		/* Telegraf */
		{ "application/vnd.google.protobuf;proto=io.prometheus.client."
		  "MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3",
		  TEXT },
		/* Java's HttpURLConnection */
		{ "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", TEXT },
		{ "application/json", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void no_accept_header_and_an_empty_one_mean_text(void **state)
{
	static const struct accept_case cases[] = {
		{ "", TEXT },      { " ", TEXT },       { "\t \t", TEXT },
		{ ",", TEXT },     { ",,,,", TEXT },    { ";", TEXT },
		{ ";;,;;", TEXT }, { " , ; , ", TEXT }, { "=", TEXT },
		{ ";=;=", TEXT },  { "\"", TEXT },      { "\\", TEXT },
	};
	struct negotiated answer = negotiate_accept(NULL);

	(void)state;
	assert_int_equal(answer.format, EXPOSE_TEXT);
	assert_string_equal(answer.content_type, TEXT);
	ASSERT_CASES(cases);
}

/* ---- lists, types and versions ---- */

static void the_highest_weight_wins(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";q=0.2," TEXT_004 ";q=0.1", OPENMETRICS },
		{ OM_100 ";q=0.1," TEXT_004 ";q=0.2", TEXT },
		{ TEXT_004 ";q=0.1," OM_100 ";q=0.2", OPENMETRICS },
		{ TEXT_004 ";q=0.2," OM_100 ";q=0.1", TEXT },
		{ TEXT_004 ";q=0.998," OM_100 ";q=0.999", OPENMETRICS },
		{ TEXT_004 ";q=0.999," OM_100 ";q=0.998", TEXT },
		{ TEXT_004 ";q=0.9," OM_100, OPENMETRICS },
		{ TEXT_004 ";q=0.9," OM_100 ";q=1", OPENMETRICS },
		{ TEXT_004 ";q=0.9," OM_100 ";q=1.", OPENMETRICS },
		{ TEXT_004 ";q=0.9," OM_100 ";q=1.000", OPENMETRICS },
		{ TEXT_004 ";q=0.1," OM_100 ";q=0.", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void equal_weights_of_both_types_mean_text(void **state)
{
	static const struct accept_case cases[] = {
		{ TEXT_004 "," OM_100, TEXT },
		{ OM_100 "," TEXT_004, TEXT },
		{ OM_100 ";q=0," TEXT_004 ";q=0", TEXT },
		{ "text/*,application/*", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

/* RFC 9110, section 12.5.1: the most specific range decides about a type. */
static void the_most_specific_range_decides(void **state)
{
	static const struct accept_case cases[] = {
		{ "*/*;q=1," TEXT_004 ";q=0.1," OM_100 ";q=0.2", OPENMETRICS },
		{ "*/*," TEXT_004 ";q=0", OPENMETRICS },
		{ TEXT_004 ";q=0,*/*;q=0.1", OPENMETRICS },
		{ "text/*;q=0,*/*;q=0.1", OPENMETRICS },
		{ "text/plain;q=0,text/*,*/*;q=0.1", OPENMETRICS },
		{ "text/plain;q=0," TEXT_004 ";q=0.2," OM_100 ";q=0.1", TEXT },
		{ "application/*;q=0.9,text/*;q=0.1", OPENMETRICS },
		{ "application/*;q=0.1,text/*;q=0.9", TEXT },
		{ "application/*;q=0.9,application/openmetrics-text;q=0.1,text/"
		  "plain;q=0.5",
		  TEXT },
		{ "application/openmetrics-text;q=0.9," OM_100 ";q=0.1,text/plain;q=0.5",
		  TEXT },
		{ "application/openmetrics-text", OPENMETRICS },
		{ "application/openmetrics-text,*/*;q=0.1", OPENMETRICS },
		{ "text/plain,*/*;q=0.1", TEXT },
		{ "application/*", OPENMETRICS },
		{ OM_100 ",*/*", OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void a_weight_of_zero_refuses(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";q=0", TEXT },
		{ OM_100 ";q=0.000", TEXT },
		{ OM_100 ";q=0,*/*;q=0.5", TEXT },
		{ TEXT_004 ";q=0", TEXT },
		{ "*/*;q=0", TEXT },
		{ TEXT_004 ";q=0," OM_100 ";q=0.001", OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

/* What is no weight makes its element as if it were not there. */
static void an_element_with_a_bad_weight_does_not_count(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";q=0.0005", TEXT },
		{ OM_100 ";q=1.5", TEXT },
		{ OM_100 ";q=1.001", TEXT },
		{ OM_100 ";q=1.0000", TEXT },
		{ OM_100 ";q=2", TEXT },
		{ OM_100 ";q=abc", TEXT },
		{ OM_100 ";q=", TEXT },
		{ OM_100 ";q=\"\"", TEXT },
		{ OM_100 ";q=-1", TEXT },
		{ OM_100 ";q=+1", TEXT },
		{ OM_100 ";q=.5", TEXT },
		{ OM_100 ";q=0,5", TEXT },
		{ OM_100 ";q=0.5x", TEXT },
		{ OM_100 ";q=0x1", TEXT },
		{ OM_100 ";q=1e0", TEXT },
		{ OM_100 ";q=00.5", TEXT },
		{ OM_100 ";q=01", TEXT },
		{ OM_100 ";q=0 .5", TEXT },
		{ OM_100 ";q=0..5", TEXT },
		{ OM_100 ";q=nan", TEXT },
		{ OM_100 ";q=\xff", TEXT },
		{ OM_100 ";q=2," OM_100 ";q=0.1", OPENMETRICS },
		{ OM_100 ";q=0.1," OM_100 ";q=2", OPENMETRICS },
		{ TEXT_004 ";q=abc," OM_100 ";q=0.001", OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void versions_that_are_not_ours_do_not_count(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_001, TEXT },
		{ "application/openmetrics-text;version=2.0.0", TEXT },
		{ "application/openmetrics-text;version=0.0.4", TEXT },
		{ "application/openmetrics-text;version=1.0.00", TEXT },
		{ "application/openmetrics-text;version=1.0", TEXT },
		{ "application/openmetrics-text;version=1.0.0.0", TEXT },
		{ OM_001 "," OM_100 ";q=0.1", OPENMETRICS },
		{ "text/plain;version=0.0.3;q=0.9," OM_100 ";q=0.1", OPENMETRICS },
		{ "text/plain;version=9;q=0.9,text/plain;q=0.2," OM_100 ";q=0.3",
		  OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void types_that_are_not_ours_do_not_count(void **state)
{
	static const struct accept_case cases[] = {
		{ "application/openmetrics-text+x;version=1.0.0", TEXT },
		{ "application/openmetrics-tex;version=1.0.0", TEXT },
		{ "xapplication/openmetrics-text;version=1.0.0", TEXT },
		{ "application/openmetrics text;version=1.0.0", TEXT },
		{ "application;version=1.0.0", TEXT },
		{ "application/", TEXT },
		{ "/openmetrics-text", TEXT },
		{ "*/openmetrics-text", TEXT },
		{ "\"application/openmetrics-text\"", TEXT },
		{ "text/html;q=1," OM_100 ";q=0.1", OPENMETRICS },
		{ "x=application/openmetrics-text", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void case_does_not_matter(void **state)
{
	static const struct accept_case cases[] = {
		{ "APPLICATION/OPENMETRICS-TEXT;VERSION=1.0.0;Q=0.9,TEXT/PLAIN;Q=0.5",
		  OPENMETRICS },
		{ "Text/Plain;Version=0.0.4;Q=0.9,Application/OpenMetrics-Text;q=0.1",
		  TEXT },
		{ "TEXT/*;Q=0.1,APPLICATION/*;Q=0.2", OPENMETRICS },
		{ "Application/OpenMetrics-Text;ESCAPING=Allow-UTF-8", OPENMETRICS UTF8 },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void blanks_and_tabs_do_not_matter(void **state)
{
	static const struct accept_case cases[] = {
		{ "  text/plain ; q=0.1 "
		  ",\tapplication/openmetrics-text\t;\tversion=1.0.0 ; "
		  "q=0.2  ",
		  OPENMETRICS },
		{ "text/plain;q=0.1,,  ,application/openmetrics-text;;  ;q=0.2,",
		  OPENMETRICS },
		{ "application/openmetrics-text; version = 1.0.0 ; q = 0.9 , */*;q=0.1",
		  OPENMETRICS },
		{ "\t*/*\t", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void quoted_parameters_may_hold_commas_and_semicolons(void **state)
{
	static const struct accept_case cases[] = {
		{ "text/plain;x=\"a,application/openmetrics-text;q=1\";q=0.5", TEXT },
		{ "text/plain;x=\"a,b;c\";q=0.1," OM_100 ";q=0.2", OPENMETRICS },
		{ "text/plain;x=\"a;q=0\";q=0.5," OM_100 ";q=0.2", TEXT },
		{ "text/plain;x=\"\\\",\\\";q=0\";q=0.5," OM_100 ";q=0.2", TEXT },
		{ "text/plain;x=\"\\\\\";q=0.1," OM_100 ";q=0.2", OPENMETRICS },
		{ OM_100 ";x=\";escaping=dots\"", OPENMETRICS },
		{ "application/openmetrics-text;version=\"1.0.0\";q=\"0.7\",text/"
		  "plain;q=0.5",
		  OPENMETRICS },
		{ "application/openmetrics-text;version=\"1.0.0\";escaping=\"dots\"",
		  OPENMETRICS "; escaping=dots" },
		{ "application/openmetrics-text;version=\"1.0.0,text/plain\"", TEXT },
		{ OM_100 ";x=\"\"", OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

/* What is never closed belongs to the element it began in. */
static void unbalanced_quotes_swallow_the_rest_and_nothing_else(void **state)
{
	static const struct accept_case cases[] = {
		{ "text/plain;q=0.5;x=\"," OM_100, TEXT },
		{ OM_100 ";q=0.5;x=\",text/plain", OPENMETRICS },
		{ OM_100 ";q=0.5;x=\"\\\",text/plain", OPENMETRICS },
		{ OM_100 ";q=0.5,\"text/plain", OPENMETRICS },
		{ "\"" OM_100, TEXT },
		{ OM_100 ";version=\"", TEXT },
		{ OM_100 ";q=\"", TEXT },
		{ OM_100 ";q=\"1", TEXT },
		{ OM_100 ";q=1\"", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void a_backslash_at_the_end_is_no_escape(void **state)
{
	static const struct accept_case cases[] = {
		{ "\\", TEXT },
		{ "\"\\", TEXT },
		{ OM_100 ";x=\\", OPENMETRICS },
		{ OM_100 ";x=\"\\", OPENMETRICS },
		{ OM_100 ";x=\"a\\\\\\", OPENMETRICS },
		{ OM_100 "\\", TEXT },
		{ OM_100 ";q=1\\", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void repeated_parameters_and_elements_are_read(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";escaping=dots;escaping=dots", OPENMETRICS "; escaping=dots" },
		{ OM_100 ";q=0.5;q=0.5,text/plain;q=0.4", OPENMETRICS },
		{ OM_100 ";q=0.1," OM_100 ";q=0.9,text/plain;q=0.5", OPENMETRICS },
		/* of equal ones the first */
		{ OM_100 ";escaping=dots," OM_100 ";escaping=values",
		  OPENMETRICS "; escaping=dots" },
		{ OM_100 ";q=0.9," OM_100 ";q=0.1,text/plain;q=0.5", OPENMETRICS },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void the_escaping_scheme_is_repeated(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";escaping=allow-utf-8", OPENMETRICS UTF8 },
		{ OM_100 ";escaping=underscores", OPENMETRICS "; escaping=underscores" },
		{ OM_100 ";escaping=dots", OPENMETRICS "; escaping=dots" },
		{ OM_100 ";escaping=values", OPENMETRICS "; escaping=values" },
		{ TEXT_100 ";escaping=allow-utf-8", TEXT UTF8 },
		{ TEXT_100 ";escaping=underscores", TEXT "; escaping=underscores" },
		{ TEXT_100 ";escaping=dots", TEXT "; escaping=dots" },
		{ TEXT_100 ";escaping=values", TEXT "; escaping=values" },
		{ TEXT_004 ";escaping=values", TEXT "; escaping=values" },
		/* only that of the element that won */
		{ OM_100 ";escaping=dots;q=0.1," TEXT_004 ";q=0.2", TEXT },
		{ OM_100 ";escaping=dots;q=0.3," TEXT_004 ";escaping=values;q=0.2",
		  OPENMETRICS "; escaping=dots" },
	};

	(void)state;
	ASSERT_CASES(cases);
}

static void an_unknown_escaping_scheme_is_not_repeated(void **state)
{
	static const struct accept_case cases[] = {
		{ OM_100 ";escaping=", OPENMETRICS },
		{ OM_100 ";escaping", OPENMETRICS },
		{ OM_100 ";escaping=nothing", OPENMETRICS },
		{ OM_100 ";escaping=dotsy", OPENMETRICS },
		{ OM_100 ";escaping=dot", OPENMETRICS },
		{ OM_100 ";escaping=dots values", OPENMETRICS },
		{ OM_100 ";escaping=\r\nX-Evil: 1", OPENMETRICS },
		{ TEXT_004 ";escaping=\"\"", TEXT },
	};

	(void)state;
	ASSERT_CASES(cases);
}

/* ---- length ---- */

static void a_list_of_ten_thousand_elements_is_read_in_part(void **state)
{
	_cleanup_(text_clear) struct text accept = TEXT_INIT;

	(void)state;
	text_add_string(&accept, OM_100 ";q=0.5");
	for (int i = 0; i < 10000; i++)
		text_add_string(&accept, ",a/b;q=0.1");
	text_add_string(&accept, "," TEXT_004 ";q=0.9");
	assert_int_equal(accept.error, 0);
	assert_int_equal(negotiate(text_string(&accept), accept.length).format,
	                 EXPOSE_OPENMETRICS);

	text_reset(&accept);
	for (int i = 0; i < 10000; i++)
		text_add_char(&accept, ',');
	assert_int_equal(negotiate(text_string(&accept), accept.length).format,
	                 EXPOSE_TEXT);
}

/* FIRST, commas, and LAST, of which SEEN bytes are within what is read. */
static void build_long(struct text *header, const char *first, const char *last,
                       size_t seen)
{
	text_reset(header);
	text_add_string(header, first);
	while (header->length < NEGOTIATE_HEADER_MAX - seen)
		text_add_char(header, ',');
	text_add_string(header, last);
	assert_int_equal(header->error, 0);
}

static void of_a_long_header_the_first_part_is_read(void **state)
{
	_cleanup_(text_clear) struct text accept = TEXT_INIT;

	(void)state;
	build_long(&accept, TEXT_004 ";q=0.5", OM_100, strlen(OM_100));
	assert_int_equal(accept.length, NEGOTIATE_HEADER_MAX);
	assert_int_equal(negotiate(text_string(&accept), accept.length).format,
	                 EXPOSE_OPENMETRICS);
	build_long(&accept, TEXT_004 ";q=0.5", OM_100, 0);
	assert_int_equal(negotiate(text_string(&accept), accept.length).format,
	                 EXPOSE_TEXT);
}

/* An element without its end is not what the client wrote. */
static void an_element_that_is_cut_off_does_not_count(void **state)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;

	(void)state;
	for (size_t seen = 0; seen < strlen(OM_100 ";q=0.1"); seen++) {
		build_long(&header, TEXT_004 ";q=0.5", OM_100 ";q=0.1", seen);
		assert_int_equal(negotiate(text_string(&header), header.length).format,
		                 EXPOSE_TEXT);
	}
	for (size_t seen = 0; seen < strlen("gzip;q=0"); seen++) {
		build_long(&header, "br", "gzip;q=0", seen);
		assert_false(allows_gzip(text_string(&header), header.length));
	}
}

static void every_part_of_a_real_header_is_read_safely(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prometheus_headers); i++) {
		const char *accept = prometheus_headers[i].accept;
		size_t whole = strlen(accept);

		/* Cut off at its end, and at its start. */
		for (size_t length = 0; length <= whole; length++) {
			struct negotiated answer = negotiate(accept, length);

			if (length < strlen("application/openmetrics-text"))
				assert_string_equal(answer.content_type, TEXT);
			negotiate(accept + length, whole - length);
		}
	}
}

/* ---- random headers ---- */

#define ROUNDS 100000

/* xorshift64, the same numbers in every run. */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state >> 33) % limit;
}

static void random_bytes_get_one_of_our_answers(void **state)
{
	char bytes[64];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t length = random_below(sizeof(bytes) + 1);

		for (size_t i = 0; i < length; i++)
			bytes[i] = (char)(1 + random_below(255));
		/* Nothing in so few bytes names OpenMetrics by chance. */
		assert_string_equal(negotiate(bytes, length).content_type, TEXT);
		allows_gzip(bytes, length);
	}
}

static void add_random_words(struct text *header)
{
	static const char *const words[] = {
		"application/openmetrics-text",
		"text/plain",
		"*/*",
		"text/*",
		"application/*",
		";version=1.0.0",
		";version=0.0.4",
		";q=0.5",
		";q=1",
		";q=0",
		";q=",
		";q=9",
		";escaping=dots",
		";escaping=",
		";x=\"",
		"\"",
		"\\",
		"\\\"",
		",",
		",",
		",",
		";",
		"=",
		" ",
		"\t",
		"gzip",
		"*",
		"\xff",
		"0.5",
	};

	for (unsigned int count = random_below(24); count > 0; count--)
		text_add_string(header, words[random_below(ARRAY_SIZE(words))]);
}

static void random_words_get_one_of_our_answers(void **state)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		text_reset(&header);
		add_random_words(&header);
		assert_int_equal(header.error, 0);
		negotiate(text_string(&header), header.length);
		allows_gzip(text_string(&header), header.length);
	}
}

/* A good element in front is never spoilt by what follows, if that names nothing better.
 */
static void garbage_behind_a_good_element_changes_nothing(void **state)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int length = random_below(32);

		text_reset(&header);
		text_add_string(&header, OM_100 ";escaping=dots,");
		while (length--)
			text_add_char(&header, (char)(1 + random_below(255)));
		assert_string_equal(
			negotiate(text_string(&header), header.length).content_type,
			OPENMETRICS "; escaping=dots");
	}
}

/* ---- gzip ---- */

static void assert_gzip(const char *accept_encoding, bool expected)
{
	if (allows_gzip(accept_encoding, strlen(accept_encoding)) != expected)
		fail_msg("Accept-Encoding: %s: gzip %s", accept_encoding,
		         expected ? "refused" : "allowed");
}

static void gzip_is_used_where_it_is_allowed(void **state)
{
	static const char *const headers[] = {
		"gzip",
		"GZIP",
		"x-gzip",
		"X-GZip",
		"*",
		"gzip;q=1",
		"gzip;q=0.001",
		"gzip; q=0.5",
		" gzip ; q=0.5 ",
		"\tgzip\t",
		"gzip, deflate",
		"gzip, deflate, br, zstd",
		"deflate, gzip;q=0.5",
		"deflate;q=0,gzip",
		"br;q=1.0, gzip;q=0.8, *;q=0.1",
		"identity, gzip",
		"identity;q=0, *",
		"*;q=0, gzip",
		"gzip, *;q=0",
		"br, *;q=0.1",
		",,gzip,,",
		"gzip;x=\"a,b;q=0\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_gzip(headers[i], true);
}

static void gzip_is_not_used_where_it_is_not_allowed(void **state)
{
	static const char *const headers[] = {
		"",
		" ",
		",",
		"identity",
		"deflate",
		"br, zstd",
		"gzip;q=0",
		"gzip;q=0.0",
		"gzip;q=0.000",
		"GZIP;Q=0",
		"gzip; q=0, deflate",
		"gzip;q=0, *",
		"*, gzip;q=0",
		"*;q=0",
		"identity, *;q=0",
		"x-gzip;q=0, *",
		"gzipped",
		"xgzip",
		"g-zip",
		"gzip2",
		"gzi",
		"\"gzip\"",
		"deflate;gzip",
		"deflate;x=\",gzip\"",
		"identity;x=\",gzip",
		"gzip;q=2",
		"gzip;q=abc",
		"gzip;q=",
		"gzip/1.0",
		"gzip deflate",
		"\xff\xfe",
		"\\",
		"\"",
	};

	(void)state;
	assert_false(negotiate_gzip(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_gzip(headers[i], false);
}

static void an_encoding_with_a_bad_weight_does_not_count(void **state)
{
	(void)state;
	assert_gzip("gzip;q=0, gzip;q=abc, *", false);
	assert_gzip("gzip, gzip;q=abc", true);
	assert_gzip("gzip;q=abc, gzip", true);
	assert_gzip("gzip;q=abc, *", true);
	assert_gzip("*, *;q=2", true);
	assert_gzip("*;q=0, *;q=2", false);
}

static void a_list_of_ten_thousand_encodings_is_read_in_part(void **state)
{
	_cleanup_(text_clear) struct text header = TEXT_INIT;

	(void)state;
	text_add_string(&header, "gzip");
	for (int i = 0; i < 10000; i++)
		text_add_string(&header, ",br");
	text_add_string(&header, ",gzip;q=0");
	assert_int_equal(header.error, 0);
	assert_true(allows_gzip(text_string(&header), header.length));
}

/* ---- JSON or HTML ---- */

static void who_asks_for_json_gets_it(void **state)
{
	(void)state;
	assert_true(negotiate_json("application/json"));
	assert_true(negotiate_json("Application/JSON; charset=utf-8"));
	assert_true(negotiate_json("application/json, text/plain, */*")); /* axios */
	assert_true(negotiate_json("text/html;q=0.5, application/json"));
	assert_true(negotiate_json("application/*"));
	assert_true(negotiate_json("application/json;version=2"));
	assert_true(negotiate_json("text/html;q=0, */*;q=0.1"));
}

static void everybody_else_gets_html(void **state)
{
	static const char *const headers[] = {
		"",
		"*/*",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"text/html, application/json",
		"application/json;q=0.9, text/html",
		"application/json;q=0",
		"application/json;q=2",
		"application/jsonp",
		"application/openmetrics-text;version=1.0.0",
		"text/plain",
	};

	(void)state;
	assert_false(negotiate_json(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (negotiate_json(headers[i]))
			fail_msg("JSON for: %s", headers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_json_gets_it),
		cmocka_unit_test(everybody_else_gets_html),
		cmocka_unit_test(prometheus_gets_openmetrics),
		cmocka_unit_test(prometheus_with_protobuf_first_gets_openmetrics),
		cmocka_unit_test(prometheus_that_wants_text_gets_text),
		cmocka_unit_test(browsers_and_command_line_clients_get_text),
		cmocka_unit_test(no_accept_header_and_an_empty_one_mean_text),
		cmocka_unit_test(the_highest_weight_wins),
		cmocka_unit_test(equal_weights_of_both_types_mean_text),
		cmocka_unit_test(the_most_specific_range_decides),
		cmocka_unit_test(a_weight_of_zero_refuses),
		cmocka_unit_test(an_element_with_a_bad_weight_does_not_count),
		cmocka_unit_test(versions_that_are_not_ours_do_not_count),
		cmocka_unit_test(types_that_are_not_ours_do_not_count),
		cmocka_unit_test(case_does_not_matter),
		cmocka_unit_test(blanks_and_tabs_do_not_matter),
		cmocka_unit_test(quoted_parameters_may_hold_commas_and_semicolons),
		cmocka_unit_test(unbalanced_quotes_swallow_the_rest_and_nothing_else),
		cmocka_unit_test(a_backslash_at_the_end_is_no_escape),
		cmocka_unit_test(repeated_parameters_and_elements_are_read),
		cmocka_unit_test(the_escaping_scheme_is_repeated),
		cmocka_unit_test(an_unknown_escaping_scheme_is_not_repeated),
		cmocka_unit_test(a_list_of_ten_thousand_elements_is_read_in_part),
		cmocka_unit_test(of_a_long_header_the_first_part_is_read),
		cmocka_unit_test(an_element_that_is_cut_off_does_not_count),
		cmocka_unit_test(every_part_of_a_real_header_is_read_safely),
		cmocka_unit_test(random_bytes_get_one_of_our_answers),
		cmocka_unit_test(random_words_get_one_of_our_answers),
		cmocka_unit_test(garbage_behind_a_good_element_changes_nothing),
		cmocka_unit_test(gzip_is_used_where_it_is_allowed),
		cmocka_unit_test(gzip_is_not_used_where_it_is_not_allowed),
		cmocka_unit_test(an_encoding_with_a_bad_weight_does_not_count),
		cmocka_unit_test(a_list_of_ten_thousand_encodings_is_read_in_part),
	};

	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
