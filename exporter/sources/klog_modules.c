/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of modules. Pure; knows their form, not what the letters mean.
 */
#include "sources/klog_modules.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "model/backtrace.h"
#include "model/taint.h"

/* One word of a list. */
struct item {
	const char *name;
	size_t name_length;
	struct taint_letters letters;
	char state;
	uint64_t count; /* behind a ':'; 0: there is none */
};

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* "(OE+)", "(P)(U)", "()", from *AT on. False if it is something else. */
static bool take_groups(const char **at, const char *end, struct item *item)
{
	while (*at < end && **at == '(') {
		const char *close = memchr(*at, ')', (size_t)(end - *at));
		size_t length;

		if (!close)
			return false;
		length = (size_t)(close - *at) - 1;
		if (taint_letters_parse(*at + 1, length, &item->letters) < 0)
			return false;
		if (length && strchr("+-", close[-1]))
			item->state = close[-1];
		*at = close + 1;
	}
	return true;
}

/* ":3", from *AT on. */
static bool take_count(const char **at, const char *end, struct item *item)
{
	if (*at == end || **at != ':')
		return true;
	for (++*at; *at < end && isdigit((unsigned char)**at); ++*at)
		if (__builtin_mul_overflow(item->count, 10, &item->count) ||
		    __builtin_add_overflow(item->count, (uint64_t)(**at - '0'),
		                           &item->count))
			item->count = UINT64_MAX;
	return item->count > 0;
}

static bool item_parse(const char *word, size_t length, struct item *item)
{
	const char *at = word, *end = word + length;

	bool has_letter = false;

	*item = (struct item){ .name = word };
	for (; at < end && is_name(*at); at++)
		has_letter = has_letter || isalpha((unsigned char)*at);
	item->name_length = (size_t)(at - word);
	return has_letter && take_groups(&at, end, item) && take_count(&at, end, item) &&
	       at == end;
}

/* The next word, between blanks; its length is 0 at the end. */
static const char *next_word(const char **at, const char *end, size_t *ret_length)
{
	const char *word;

	while (*at < end && isspace((unsigned char)**at))
		++*at;
	word = *at;
	while (*at < end && !isspace((unsigned char)**at))
		++*at;
	*ret_length = (size_t)(*at - word);
	return word;
}

static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

/* "[last unloaded: x(OE)]": the word behind the first two. */
static int take_last_unloaded(const char **at, const char *end,
                              struct backtrace *backtrace)
{
	struct item item;
	size_t length;
	const char *word = next_word(at, end, &length);

	if (!is_word(word, length, "unloaded:"))
		return 0;
	word = next_word(at, end, &length);
	if (length && word[length - 1] == ']')
		length--;
	if (!item_parse(word, length, &item))
		return 0;
	backtrace->last_unloaded =
		backtrace_add_name(backtrace, item.name, item.name_length);
	backtrace->last_unloaded_letters = item.letters;
	return backtrace->last_unloaded ? 0 : -ENOMEM;
}

int klog_modules_parse(const char *list, size_t length, bool unloaded,
                       struct backtrace *backtrace)
{
	const char *at = list, *end = list + length, *word;
	struct item item;
	size_t size;
	int r = 0;

	while (r == 0 && (word = next_word(&at, end, &size), size)) {
		struct backtrace_module *module;

		if (is_word(word, size, "[last")) {
			r = take_last_unloaded(&at, end, backtrace);
			continue;
		}
		if (!item_parse(word, size, &item))
			continue;
		module = backtrace_add(backtrace, item.name, item.name_length);
		if (!module)
			return -ENOMEM;
		module->letters = item.letters;
		module->state = item.state;
		module->count = !unloaded ? 0 : item.count ? item.count : 1;
	}
	return r;
}

bool klog_modules_is_rest(const char *line, size_t length)
{
	const char *at = line, *end = line + length, *word;
	size_t size, words = 0;
	struct item item;

	for (; (word = next_word(&at, end, &size), size); words++) {
		if (is_word(word, size, "[last") || is_word(word, size, "unloaded:"))
			continue;
		if (word[size - 1] == ']')
			size--;
		if (!item_parse(word, size, &item))
			return false;
	}
	return words > 0;
}
