/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines. Knows logfmt and JSON; must not know what is worth a line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"

static const char *const level_words[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

static const char *const format_words[] = {
	[LOG_FORMAT_LOGFMT] = "logfmt",
	[LOG_FORMAT_JSON] = "json",
};

static struct {
	enum log_level level;
	enum log_format format;
} settings = { LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT };

void log_configure(enum log_level level, enum log_format format)
{
	settings.level = level;
	settings.format = format;
}

static bool word_parse(const char *const *words, size_t count, const char *word,
                       unsigned int *ret_index)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0) {
			*ret_index = (unsigned int)i;
			return true;
		}
	}
	return false;
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
	unsigned int index;

	if (!word_parse(level_words, ARRAY_SIZE(level_words), word, &index))
		return false;
	*ret_level = (enum log_level)index;
	return true;
}

bool log_format_parse(const char *word, enum log_format *ret_format)
{
	unsigned int index;

	if (!word_parse(format_words, ARRAY_SIZE(format_words), word, &index))
		return false;
	*ret_format = (enum log_format)index;
	return true;
}

/* logfmt leaves a value bare where no reader could misread it. */
static bool is_bare(const char *value)
{
	if (!*value)
		return false;
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '=' || *c == '\\')
			return false;
	return true;
}

static void add_pair(struct text *line, const char *key, const char *value)
{
	bool json = settings.format == LOG_FORMAT_JSON;

	if (line->length > (json ? 1 : 0))
		text_add_char(line, json ? ',' : ' ');
	if (json)
		json_add_string(line, key);
	else
		text_add_string(line, key);
	text_add_char(line, json ? ':' : '=');
	if (!json && is_bare(value))
		text_add_string(line, value);
	else
		json_add_string(line, value);
}

void log_event(enum log_level level, const char *message, ...)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;
	uint64_t now = clock_realtime();
	time_t seconds = (time_t)(now / CLOCK_SECOND);
	struct tm date;
	char day[32], stamp[48];
	const char *key;
	ssize_t written;
	va_list pairs;

	if (level < settings.level)
		return;

	gmtime_r(&seconds, &date);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &date);
	snprintf(stamp, sizeof(stamp), "%s.%03uZ", day,
	         (unsigned int)(now % CLOCK_SECOND / 1000000));

	if (settings.format == LOG_FORMAT_JSON)
		text_add_char(&line, '{');
	add_pair(&line, "ts", stamp);
	add_pair(&line, "level", level_words[level]);
	add_pair(&line, "msg", message);
	va_start(pairs, message);
	while ((key = va_arg(pairs, const char *)))
		add_pair(&line, key, va_arg(pairs, const char *));
	va_end(pairs);
	text_add_string(&line, settings.format == LOG_FORMAT_JSON ? "}\n" : "\n");

	if (line.error)
		return;
	/* Nobody is left to tell when standard error is gone. */
	written = write(STDERR_FILENO, line.data, line.length);
	(void)written;
}
