/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content negotiation. Knows RFC 9110's lists, parameters and weights.
 */
#include "exposition/negotiate.h"

#include <string.h>
#include <strings.h>

#include "base/macros.h"

/* A piece of the header. */
struct span {
	const char *start;
	size_t length;
};

/* One element of a list: "type/subtype;version=1.0.0;q=0.5", taken apart. */
struct range {
	struct span name;
	struct span version;
	struct span escaping;
	int weight; /* thousandths; -1: not valid */
};

/* What the client may ask for, in both formats. */
static const char *const schemes[] = {
	"allow-utf-8",
	"underscores",
	"dots",
	"values",
};

#define TEXT_TYPE        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* The last column stands for "no scheme asked for". */
static const char *const content_types[][ARRAY_SIZE(schemes) + 1] = {
	[EXPOSE_TEXT] = {
		TEXT_TYPE "; escaping=allow-utf-8",
		TEXT_TYPE "; escaping=underscores",
		TEXT_TYPE "; escaping=dots",
		TEXT_TYPE "; escaping=values",
		TEXT_TYPE,
	},
	[EXPOSE_OPENMETRICS] = {
		OPENMETRICS_TYPE "; escaping=allow-utf-8",
		OPENMETRICS_TYPE "; escaping=underscores",
		OPENMETRICS_TYPE "; escaping=dots",
		OPENMETRICS_TYPE "; escaping=values",
		OPENMETRICS_TYPE,
	},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trimmed(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (start < end && is_blank(end[-1]))
		end--;
	return (struct span){ start, (size_t)(end - start) };
}

static bool span_is(struct span span, const char *word)
{
	return span.length == strlen(word) &&
	       strncasecmp(span.start, word, span.length) == 0;
}

/* Where the piece that starts at C ends: at one of STOPS outside of quotes. */
static const char *piece_end(const char *c, const char *end, const char *stops)
{
	bool in_quotes = false;

	for (; c < end; c++) {
		if (in_quotes && *c == '\\' && c + 1 < end)
			c++;
		else if (*c == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes && strchr(stops, *c))
			break;
	}
	return c;
}

/* "0", "1", "0.5", "0.123", "1.000" (RFC 9110, section 12.4.2) in thousandths, or -1. */
static int parse_weight(struct span span)
{
	int weight, digit = 100;

	if (!span.length || span.length > 5 ||
	    (span.start[0] != '0' && span.start[0] != '1'))
		return -1;
	weight = (span.start[0] - '0') * 1000;
	if (span.length > 1 && span.start[1] != '.')
		return -1;
	for (size_t i = 2; i < span.length; i++, digit /= 10) {
		if (span.start[i] < '0' || span.start[i] > '9')
			return -1;
		weight += (span.start[i] - '0') * digit;
	}
	return weight <= 1000 ? weight : -1;
}

static void parse_parameter(struct span parameter, struct range *range)
{
	const char *end = parameter.start + parameter.length;
	const char *equals = memchr(parameter.start, '=', parameter.length);
	struct span name, value;

	if (!equals)
		return;
	name = trimmed(parameter.start, equals);
	value = trimmed(equals + 1, end);
	if (value.length >= 2 && value.start[0] == '"' && end[-1] == '"') {
		value.start++;
		value.length -= 2;
	}
	if (span_is(name, "q"))
		range->weight = parse_weight(value);
	else if (span_is(name, "version"))
		range->version = value;
	else if (span_is(name, "escaping"))
		range->escaping = value;
}

/* Takes the next element off the list; false at its end. */
static bool next_range(const char **list, const char *end, struct range *ret_range)
{
	const char *c = *list, *element_end, *piece;

	if (c >= end)
		return false;
	element_end = piece_end(c, end, ",");
	*list = element_end + 1;

	*ret_range = (struct range){ .weight = 1000 };
	piece = piece_end(c, element_end, ";");
	ret_range->name = trimmed(c, piece);
	while (piece < element_end) {
		c = piece + 1;
		piece = piece_end(c, element_end, ";");
		parse_parameter(trimmed(c, piece), ret_range);
	}
	return true;
}

/* Of a header that is too long the last element is cut off, and so does not count. */
static const char *header_end(const char *header)
{
	size_t length = strnlen(header, NEGOTIATE_HEADER_MAX + 1);
	const char *comma;

	if (length <= NEGOTIATE_HEADER_MAX)
		return header + length;
	comma = memrchr(header, ',', NEGOTIATE_HEADER_MAX);
	return comma ? comma : header;
}

/* What we can answer with. */
struct media {
	const char *any;
	const char *name;
	const char *versions[2]; /* NULL: it has none */
};

static const struct media formats[] = {
	/* Text 1.0.0 only adds quoted names, which we never have. */
	[EXPOSE_TEXT] = { "text/*", "text/plain", { "0.0.4", "1.0.0" } },
	[EXPOSE_OPENMETRICS] = { "application/*",
	                         "application/openmetrics-text",
	                         { "1.0.0" } },
};
static const struct media html = { .any = "text/*", .name = "text/html" };
static const struct media json = { .any = "application/*", .name = "application/json" };

static bool has_version(const struct media *media, struct span version)
{
	for (size_t i = 0; i < ARRAY_SIZE(media->versions) && media->versions[i]; i++)
		if (span_is(version, media->versions[i]))
			return true;
	return false;
}

/* How exactly RANGE names MEDIA: 0 not at all, 1 by "*", 2 by type, 3 by subtype, 4 by
 * version. */
static int specificity(const struct range *range, const struct media *media)
{
	if (span_is(range->name, "*/*"))
		return 1;
	if (span_is(range->name, media->any))
		return 2;
	if (!span_is(range->name, media->name))
		return 0;
	if (!range->version.length || !media->versions[0])
		return 3;
	return has_version(media, range->version) ? 4 : 0;
}

static size_t scheme_of(struct span escaping)
{
	size_t scheme = 0;

	while (scheme < ARRAY_SIZE(schemes) && !span_is(escaping, schemes[scheme]))
		scheme++;
	return scheme;
}

/* How the client ranks what we can answer with. */
struct rank {
	int specificity;
	int weight;
	size_t scheme;
};

static struct rank rank_of(const char *accept, const struct media *media)
{
	struct rank rank = { .scheme = ARRAY_SIZE(schemes) };
	const char *end = accept ? header_end(accept) : NULL;
	struct range range;

	while (accept && next_range(&accept, end, &range)) {
		int exactness = specificity(&range, media);

		if (range.weight < 0 || exactness == 0 || exactness < rank.specificity ||
		    (exactness == rank.specificity && range.weight <= rank.weight))
			continue;
		rank = (struct rank){ exactness, range.weight,
			              scheme_of(range.escaping) };
	}
	return rank;
}

static bool is_above(const struct rank *a, const struct rank *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return a->weight > 0 && a->specificity > b->specificity;
}

struct negotiated negotiate_accept(const char *accept)
{
	const struct rank ranks[] = {
		[EXPOSE_TEXT] = rank_of(accept, &formats[EXPOSE_TEXT]),
		[EXPOSE_OPENMETRICS] = rank_of(accept, &formats[EXPOSE_OPENMETRICS]),
	};
	enum expose_format format =
		is_above(&ranks[EXPOSE_OPENMETRICS], &ranks[EXPOSE_TEXT])
			? EXPOSE_OPENMETRICS
			: EXPOSE_TEXT;

	return (struct negotiated){ format, content_types[format][ranks[format].scheme] };
}

bool negotiate_json(const char *accept)
{
	const struct rank as_json = rank_of(accept, &json),
			  as_html = rank_of(accept, &html);

	return is_above(&as_json, &as_html);
}

bool negotiate_gzip(const char *accept_encoding)
{
	const char *end = accept_encoding ? header_end(accept_encoding) : NULL;
	int named = -1, any = 0;
	struct range range;

	while (accept_encoding && next_range(&accept_encoding, end, &range)) {
		if (range.weight < 0)
			continue;
		if (span_is(range.name, "gzip") || span_is(range.name, "x-gzip"))
			named = range.weight;
		else if (span_is(range.name, "*"))
			any = range.weight;
	}
	return (named >= 0 ? named : any) > 0;
}
