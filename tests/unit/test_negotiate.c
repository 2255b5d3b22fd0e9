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
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define UTF8        "; escaping=allow-utf-8"

#define PROTOBUF                                                      \
	"application/vnd.google.protobuf;proto=io.prometheus.client." \
	"MetricFamily;encoding=delimited"
#define OM_100   "application/openmetrics-text;version=1.0.0"
#define OM_001   "application/openmetrics-text;version=0.0.1"
#define TEXT_100 "text/plain;version=1.0.0"
#define TEXT_004 "text/plain;version=0.0.4"
#define ALLOW    ";escaping=allow-utf-8"
#define SCORES   ";escaping=underscores"

struct accept_row {
	const char *accept;
	const char *content_type;
};

/* Prometheus as it is configured by default (scrape/scrape.go of each version), others.
 */
static const struct accept_row clients[] = {
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
	/* The same with native histograms, which are asked for in protobuf. */
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
	/* scrape_protocols: [PrometheusText0.0.4], or [PrometheusText1.0.0, …] */
	{ TEXT_004 ";q=0.5,*/*;q=0.4", TEXT },
	{ TEXT_004 ALLOW ";q=0.6,*/*;q=0.5", TEXT UTF8 },
	{ TEXT_100 ALLOW ";q=0.6,*/*;q=0.5", TEXT UTF8 },
	{ TEXT_100 SCORES ";q=0.6," OM_100 SCORES ";q=0.5,*/*;q=0.4",
	  TEXT "; escaping=underscores" },
	{ TEXT_004 ";q=0.6," OM_100 ALLOW ";q=0.5,*/*;q=0.4", TEXT },
	{ OM_001 ";q=0.6,*/*;q=0.5", TEXT },
	{ PROTOBUF ";q=0.6,*/*;q=0.5", TEXT },
	/* Firefox */
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
	  "image/webp,image/png,image/svg+xml,*/*;q=0.8",
	  TEXT },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT },
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

static const struct accept_row headers[] = {
	/* nothing */
	{ "", TEXT },
	{ " ", TEXT },
	{ "\t \t", TEXT },
	{ ",", TEXT },
	{ ",,,,", TEXT },
	{ ";", TEXT },
	{ ";;,;;", TEXT },
	{ " , ; , ", TEXT },
	{ "=", TEXT },
	{ ";=;=", TEXT },
	{ "\"", TEXT },
	{ "\\", TEXT },
	/* the highest weight wins */
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
	/* equal weights mean text */
	{ TEXT_004 "," OM_100, TEXT },
	{ OM_100 "," TEXT_004, TEXT },
	{ OM_100 ";q=0," TEXT_004 ";q=0", TEXT },
	{ "text/*,application/*", TEXT },
	/* the most specific range decides about a type (RFC 9110, section 12.5.1) */
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
	{ "application/openmetrics-text;q=0.9," OM_100 ";q=0.1,text/plain;q=0.5", TEXT },
	{ "application/openmetrics-text", OPENMETRICS },
	{ "application/openmetrics-text,*/*;q=0.1", OPENMETRICS },
	{ "text/plain,*/*;q=0.1", TEXT },
	{ "application/*", OPENMETRICS },
	{ OM_100 ",*/*", OPENMETRICS },
	/* a weight of zero refuses */
	{ OM_100 ";q=0", TEXT },
	{ OM_100 ";q=0.000", TEXT },
	{ OM_100 ";q=0,*/*;q=0.5", TEXT },
	{ TEXT_004 ";q=0", TEXT },
	{ "*/*;q=0", TEXT },
	{ TEXT_004 ";q=0," OM_100 ";q=0.001", OPENMETRICS },
	/* what is no weight makes its element as if it were not there */
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
	/* other versions */
	{ OM_001, TEXT },
	{ "application/openmetrics-text;version=2.0.0", TEXT },
	{ "application/openmetrics-text;version=0.0.4", TEXT },
	{ "application/openmetrics-text;version=1.0.00", TEXT },
	{ "application/openmetrics-text;version=1.0", TEXT },
	{ "application/openmetrics-text;version=1.0.0.0", TEXT },
	{ OM_001 "," OM_100 ";q=0.1", OPENMETRICS },
	{ "text/plain;version=0.0.3;q=0.9," OM_100 ";q=0.1", OPENMETRICS },
	{ "text/plain;version=9;q=0.9,text/plain;q=0.2," OM_100 ";q=0.3", OPENMETRICS },
	/* other types */
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
	/* case does not matter */
	{ "APPLICATION/OPENMETRICS-TEXT;VERSION=1.0.0;Q=0.9,TEXT/PLAIN;Q=0.5",
	  OPENMETRICS },
	{ "Text/Plain;Version=0.0.4;Q=0.9,Application/OpenMetrics-Text;q=0.1", TEXT },
	{ "TEXT/*;Q=0.1,APPLICATION/*;Q=0.2", OPENMETRICS },
	{ "Application/OpenMetrics-Text;ESCAPING=Allow-UTF-8", OPENMETRICS UTF8 },
	/* nor do blanks and tabs */
	{ "  text/plain ; q=0.1 "
	  ",\tapplication/openmetrics-text\t;\tversion=1.0.0 ; "
	  "q=0.2  ",
	  OPENMETRICS },
	{ "text/plain;q=0.1,,  ,application/openmetrics-text;;  ;q=0.2,", OPENMETRICS },
	{ "application/openmetrics-text; version = 1.0.0 ; q = 0.9 , */*;q=0.1",
	  OPENMETRICS },
	{ "\t*/*\t", TEXT },
	/* quotes hold commas and semicolons */
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
	/* what is never closed belongs to the element it began in */
	{ "text/plain;q=0.5;x=\"," OM_100, TEXT },
	{ OM_100 ";q=0.5;x=\",text/plain", OPENMETRICS },
	{ OM_100 ";q=0.5;x=\"\\\",text/plain", OPENMETRICS },
	{ OM_100 ";q=0.5,\"text/plain", OPENMETRICS },
	{ "\"" OM_100, TEXT },
	{ OM_100 ";version=\"", TEXT },
	{ OM_100 ";q=\"", TEXT },
	{ OM_100 ";q=\"1", TEXT },
	{ OM_100 ";q=1\"", TEXT },
	/* a backslash at the end is no escape */
	{ "\\", TEXT },
	{ "\"\\", TEXT },
	{ OM_100 ";x=\\", OPENMETRICS },
	{ OM_100 ";x=\"\\", OPENMETRICS },
	{ OM_100 ";x=\"a\\\\\\", OPENMETRICS },
	{ OM_100 "\\", TEXT },
	{ OM_100 ";q=1\\", TEXT },
	/* what is repeated */
	{ OM_100 ";escaping=dots;escaping=dots", OPENMETRICS "; escaping=dots" },
	{ OM_100 ";q=0.5;q=0.5,text/plain;q=0.4", OPENMETRICS },
	{ OM_100 ";q=0.1," OM_100 ";q=0.9,text/plain;q=0.5", OPENMETRICS },
	/* of equal ones the first */
	{ OM_100 ";escaping=dots," OM_100 ";escaping=values",
	  OPENMETRICS "; escaping=dots" },
	{ OM_100 ";q=0.9," OM_100 ";q=0.1,text/plain;q=0.5", OPENMETRICS },
	/* the escaping scheme is repeated */
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
	/* unless nobody knows it */
	{ OM_100 ";escaping=", OPENMETRICS },
	{ OM_100 ";escaping", OPENMETRICS },
	{ OM_100 ";escaping=nothing", OPENMETRICS },
	{ OM_100 ";escaping=dotsy", OPENMETRICS },
	{ OM_100 ";escaping=dot", OPENMETRICS },
	{ OM_100 ";escaping=dots values", OPENMETRICS },
	{ OM_100 ";escaping=\r\nX-Evil: 1", OPENMETRICS },
	{ TEXT_004 ";escaping=\"\"", TEXT },
};

/* Whatever came in, the type is that of the format. */
static struct negotiated negotiate(const char *accept)
{
	_cleanup_(free_pointer) char *copy = strdup(accept);
	struct negotiated answer = negotiate_accept(copy);
	const char *type = answer.format == EXPOSE_TEXT ? TEXT : OPENMETRICS;

	if (strncmp(answer.content_type, type, strlen(type)) != 0)
		fail_msg("Accept: %s: %s is not of the format", accept,
		         answer.content_type);
	return answer;
}

static void assert_accept(const char *accept, const char *content_type)
{
	struct negotiated answer = negotiate(accept);

	if (strcmp(answer.content_type, content_type) != 0)
		fail_msg("Accept: %s\n  expected %s\n  got      %s", accept, content_type,
		         answer.content_type);
}

static void clients_get_the_format_that_they_rank_highest(void **state)
{
	(void)state;
	assert_string_equal(negotiate_accept(NULL).content_type, TEXT);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		assert_accept(clients[i].accept, clients[i].content_type);
}

static void hostile_headers_are_read_as_far_as_they_are_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		assert_accept(headers[i].accept, headers[i].content_type);
}

/* What is cut off anywhere is read within its bounds, for the sanitizers to see. */
static void every_part_of_a_real_header_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		_cleanup_(free_pointer) char *copy = strdup(clients[i].accept);

		for (size_t length = strlen(copy); length-- > 0;) {
			_cleanup_(free_pointer) char *part = strndup(copy, length);

			negotiate(part);
		}
	}
}

/* FIRST, commas, and LAST, of which SEEN bytes are within what is read. */
static char *long_header(const char *first, const char *last, size_t seen)
{
	struct text header = TEXT_INIT;
	size_t length;

	text_add_string(&header, first);
	while (header.length < NEGOTIATE_HEADER_MAX - seen)
		text_add_char(&header, ',');
	text_add_string(&header, last);
	return text_take(&header, &length);
}

/* An element without its end is not what the client wrote. */
static void an_element_beyond_the_limit_does_not_count(void **state)
{
	static const char openmetrics[] = OM_100 ";q=0.9", gzip[] = "gzip;q=0";

	(void)state;
	for (size_t seen = 0; seen <= strlen(openmetrics); seen++) {
		_cleanup_(free_pointer) char *header =
			long_header(TEXT_004 ";q=0.5", openmetrics, seen);

		assert_accept(header, seen < strlen(openmetrics) ? TEXT : OPENMETRICS);
	}
	for (size_t seen = 0; seen <= strlen(gzip); seen++) {
		_cleanup_(free_pointer) char *header = long_header("gzip", gzip, seen);

		assert_int_equal(negotiate_gzip(header), seen < strlen(gzip));
	}
}

/* ---- gzip ---- */

static const struct {
	const char *accept_encoding;
	bool is_allowed;
} encodings[] = {
	{ "gzip", true },
	{ "GZIP", true },
	{ "x-gzip", true },
	{ "X-GZip", true },
	{ "*", true },
	{ "gzip;q=1", true },
	{ "gzip;q=0.001", true },
	{ "gzip; q=0.5", true },
	{ " gzip ; q=0.5 ", true },
	{ "\tgzip\t", true },
	{ "gzip, deflate", true },
	{ "gzip, deflate, br, zstd", true },
	{ "deflate, gzip;q=0.5", true },
	{ "deflate;q=0,gzip", true },
	{ "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
	{ "identity, gzip", true },
	{ "identity;q=0, *", true },
	{ "*;q=0, gzip", true },
	{ "gzip, *;q=0", true },
	{ "br, *;q=0.1", true },
	{ ",,gzip,,", true },
	{ "gzip;x=\"a,b;q=0\"", true },
	{ "", false },
	{ " ", false },
	{ ",", false },
	{ "identity", false },
	{ "deflate", false },
	{ "br, zstd", false },
	{ "gzip;q=0", false },
	{ "gzip;q=0.0", false },
	{ "gzip;q=0.000", false },
	{ "GZIP;Q=0", false },
	{ "gzip; q=0, deflate", false },
	{ "gzip;q=0, *", false },
	{ "*, gzip;q=0", false },
	{ "*;q=0", false },
	{ "identity, *;q=0", false },
	{ "x-gzip;q=0, *", false },
	{ "gzipped", false },
	{ "xgzip", false },
	{ "g-zip", false },
	{ "gzip2", false },
	{ "gzi", false },
	{ "\"gzip\"", false },
	{ "deflate;gzip", false },
	{ "deflate;x=\",gzip\"", false },
	{ "identity;x=\",gzip", false },
	{ "gzip;q=2", false },
	{ "gzip;q=abc", false },
	{ "gzip;q=", false },
	{ "gzip/1.0", false },
	{ "gzip deflate", false },
	{ "\xff\xfe", false },
	{ "\\", false },
	{ "\"", false },
	{ "gzip;q=0, gzip;q=abc, *", false },
	{ "gzip, gzip;q=abc", true },
	{ "gzip;q=abc, gzip", true },
	{ "gzip;q=abc, *", true },
	{ "*, *;q=2", true },
	{ "*;q=0, *;q=2", false },
};

static void gzip_is_used_where_it_is_allowed(void **state)
{
	(void)state;
	assert_false(negotiate_gzip(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		_cleanup_(free_pointer) char *copy = strdup(encodings[i].accept_encoding);

		if (negotiate_gzip(copy) != encodings[i].is_allowed)
			fail_msg("Accept-Encoding: %s: gzip %s", copy,
			         encodings[i].is_allowed ? "refused" : "allowed");
	}
}

/* ---- JSON or HTML ---- */

static const struct {
	const char *accept;
	bool is_json;
} readers[] = {
	{ "application/json", true },
	{ "Application/JSON; charset=utf-8", true },
	{ "application/json, text/plain, */*", true },
	{ "text/html;q=0.5, application/json", true },
	{ "application/*", true },
	{ "application/json;version=2", true },
	{ "text/html;q=0, */*;q=0.1", true },
	{ "", false },
	{ "*/*", false },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false },
	{ "text/html, application/json", false },
	{ "application/json;q=0.9, text/html", false },
	{ "application/json;q=0", false },
	{ "application/json;q=2", false },
	{ "application/jsonp", false },
	{ "application/openmetrics-text;version=1.0.0", false },
	{ "text/plain", false },
};

static void who_ranks_json_above_html_gets_json(void **state)
{
	(void)state;
	assert_false(negotiate_json(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (negotiate_json(readers[i].accept) != readers[i].is_json)
			fail_msg("Accept: %s: %s", readers[i].accept,
			         readers[i].is_json ? "no JSON" : "JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_get_the_format_that_they_rank_highest),
		cmocka_unit_test(hostile_headers_are_read_as_far_as_they_are_valid),
		cmocka_unit_test(every_part_of_a_real_header_is_read),
		cmocka_unit_test(an_element_beyond_the_limit_does_not_count),
		cmocka_unit_test(gzip_is_used_where_it_is_allowed),
		cmocka_unit_test(who_ranks_json_above_html_gets_json),
	};

	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
