/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes of log lines. Pure; each part steps over one of them, if it is there.
 */
#include "sources/klog_prefix.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "model/backtrace.h"

/* A date and a host's name are not longer. */
#define SYSLOG_PREFIX_MAX 128

/* All of it is not longer: what is, is made up to have it read over and over. */
#define PREFIX_MAX 512

struct cursor {
	const char *at, *end;
	struct stamp *stamp;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void copy(char *target, size_t size, const char *bytes, size_t length)
{
	if (length >= size)
		length = size - 1;
	memcpy(target, bytes, length);
	target[length] = '\0';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static bool skip_quote(struct cursor *cursor)
{
	if (cursor->at == cursor->end || *cursor->at != '>')
		return false;
	cursor->at++;
	return true;
}

/* A name without blanks, with a '/' or '.' in it, and then a prefix that is surely one.
 */
static bool skip_file_name(struct cursor *cursor)
{
	const char *colon = memchr(cursor->at, ':', (size_t)(cursor->end - cursor->at));
	bool is_path = false;

	if (!colon || colon + 1 == cursor->end || (colon[1] != '[' && colon[1] != '<'))
		return false;
	for (const char *c = cursor->at; c < colon; c++) {
		if (isspace((unsigned char)*c) || *c == '[')
			return false;
		is_path = is_path || *c == '/' || *c == '.';
	}
	if (is_path)
		cursor->at = colon + 1;
	return is_path;
}

static bool skip_level(struct cursor *cursor)
{
	const char *c = cursor->at + 1;

	if (cursor->at == cursor->end || *cursor->at != '<')
		return false;
	while (c < cursor->end && is_digit(*c))
		c++;
	if (c == cursor->at + 1 || c == cursor->end || *c != '>')
		return false;
	cursor->at = c + 1;
	return true;
}

/* Digits and the comma behind them; NULL if they are not there. */
static const char *take_number(const char *c, const char *end, uint64_t *ret_number)
{
	const char *start = c;

	*ret_number = 0;
	for (; c < end && c - start < 19 && is_digit(*c); c++)
		*ret_number = *ret_number * 10 + (uint64_t)(*c - '0');
	return c > start && c < end && *c == ',' ? c + 1 : NULL;
}

/* "6,1234,14463869,-;", whose third number is in microseconds. */
static bool skip_record(struct cursor *cursor)
{
	const char *c = cursor->at, *semicolon;
	uint64_t number = 0;

	for (int i = 0; i < 3; i++) {
		c = take_number(c, cursor->end, &number);
		if (!c)
			return false;
	}
	semicolon = memchr(c, ';', (size_t)(cursor->end - c));
	if (!semicolon)
		return false;
	snprintf(cursor->stamp->seconds, sizeof(cursor->stamp->seconds),
	         "%" PRIu64 ".%06" PRIu64, number / 1000000, number % 1000000);
	cursor->at = semicolon + 1;
	return true;
}

/* "T2674" or "C0": a task or a processor. */
static bool is_caller(const char *start, const char *end)
{
	if (end - start < 2 || (*start != 'T' && *start != 'C'))
		return false;
	while (++start < end)
		if (!is_digit(*start))
			return false;
	return true;
}

/* "14.463869" */
static bool is_seconds(const char *start, const char *end)
{
	size_t points = 0;

	if (start == end || !is_digit(*start))
		return false;
	for (; start < end; start++) {
		if (*start != '.' && !is_digit(*start))
			return false;
		points += *start == '.';
	}
	return points == 1;
}

/* "Thu Nov 26 06:37:02 2026": with a time of day in it. */
static bool is_date(const char *start, const char *end)
{
	size_t colons = 0;

	for (const char *c = start + 1; c + 1 < end; c++)
		colons += *c == ':' && is_digit(c[-1]) && is_digit(c[1]);
	return colons == 2;
}

static bool skip_brackets(struct cursor *cursor)
{
	struct stamp *stamp = cursor->stamp;
	const char *close, *first;
	size_t length;

	if (cursor->at == cursor->end || *cursor->at != '[')
		return false;
	close = memchr(cursor->at, ']', (size_t)(cursor->end - cursor->at));
	if (!close)
		return false;
	for (first = cursor->at + 1; first < close && *first == ' ';)
		first++;
	length = (size_t)(close - first);
	if (length < sizeof(stamp->seconds) && is_seconds(first, close))
		copy(stamp->seconds, sizeof(stamp->seconds), first, length);
	else if (length < sizeof(stamp->date) && is_date(first, close))
		copy(stamp->date, sizeof(stamp->date), first, length);
	else if (!is_caller(first, close))
		return false;
	cursor->at = close + 1;
	return true;
}

/* "kernel:" or "kernel[0]:" as a word; the message is at *RET_MESSAGE. NULL: no such. */
static const char *find_tag(const char *start, const char *end, const char **ret_message)
{
	static const char tag[] = "kernel";
	const char *found = start;

	while ((found = memmem(found, (size_t)(end - found), tag, strlen(tag)))) {
		const char *behind = found + strlen(tag);
		bool is_word = found == start || found[-1] == ' ';

		if (behind < end && *behind == '[') {
			const char *close = memchr(behind, ']', (size_t)(end - behind));

			behind = close ? close + 1 : end;
		}
		if (is_word && behind < end && *behind == ':') {
			*ret_message = behind + 1;
			return found;
		}
		found += strlen(tag);
	}
	return NULL;
}

/* All before the host's name is a date. */
static bool skip_syslog(struct cursor *cursor)
{
	size_t length = (size_t)(cursor->end - cursor->at);
	const char *tag, *host, *message;

	if (length > SYSLOG_PREFIX_MAX)
		length = SYSLOG_PREFIX_MAX;
	tag = find_tag(cursor->at, cursor->at + length, &message);
	if (!tag)
		return false;
	for (host = tag; host > cursor->at && host[-1] == ' ';)
		host--;
	while (host > cursor->at && host[-1] != ' ')
		host--;
	while (host > cursor->at && host[-1] == ' ')
		host--;
	if (host > cursor->at)
		copy(cursor->stamp->date, sizeof(cursor->stamp->date), cursor->at,
		     (size_t)(host - cursor->at));
	cursor->at = message;
	return true;
}

/* "2026-11-26T06:37:02,123456+00:00", dmesg(1) with --time-format=iso. */
static bool skip_iso(struct cursor *cursor)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t length = (size_t)(cursor->end - cursor->at);
	const char *blank = memchr(cursor->at, ' ', length);

	if (!blank || (size_t)(blank - cursor->at) < strlen(form))
		return false;
	for (size_t i = 0; i < strlen(form); i++)
		if (form[i] == '0' ? !is_digit(cursor->at[i]) : cursor->at[i] != form[i])
			return false;
	copy(cursor->stamp->date, sizeof(cursor->stamp->date), cursor->at,
	     (size_t)(blank - cursor->at));
	cursor->at = blank;
	return true;
}

size_t klog_prefix_parse(const char *line, size_t length, struct stamp *stamp)
{
	static bool (*const parts[])(struct cursor *) = {
		skip_quote,    skip_file_name, skip_level, skip_record,
		skip_brackets, skip_syslog,    skip_iso,
	};
	struct cursor cursor = { .at = line, .stamp = stamp };
	size_t i = 0;

	*stamp = (struct stamp){ 0 };
	cursor.end = line + (length < PREFIX_MAX ? length : PREFIX_MAX);
	skip_blanks(&cursor);
	while (i < ARRAY_SIZE(parts)) {
		if (!parts[i](&cursor)) {
			i++;
			continue;
		}
		skip_blanks(&cursor);
		i = 0;
	}
	return (size_t)(cursor.at - line);
}
