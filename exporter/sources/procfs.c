/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of procfs. Knows the formats; must not know what letters and bits mean.
 */
#include "sources/procfs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "sources/hostfs.h"

/* A thousand times what a host with many modules has. */
#define MODULES_BYTES_MAX (16u << 20)

void procfs_mask_read(struct hostfs *fs, struct snapshot *snapshot)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct source_result *result = &snapshot->mask_result;

	result->file = "sys/kernel/tainted";
	result->error = hostfs_value_read(fs, HOSTFS_PROCFS, result->file, &value);
	if (result->error == 0 && strlen(text_string(&value)) != value.length)
		result->error = -EBADMSG;
	if (result->error == 0)
		result->error = number_parse(text_string(&value), &snapshot->mask);
}

void procfs_release_read(struct hostfs *fs, struct snapshot *snapshot)
{
	struct source_result *result = &snapshot->release_result;
	struct text *release = &snapshot->release;

	result->file = "sys/kernel/osrelease";
	result->error = hostfs_value_read(fs, HOSTFS_PROCFS, result->file, release);
	if (result->error < 0)
		return;
	release->length = strcspn(text_string(release), " \t\n");
	if (release->data)
		release->data[release->length] = '\0';
	if (!release->length)
		result->error = -EBADMSG;
}

int procfs_version_read(struct hostfs *fs, struct text *version)
{
	return hostfs_value_read(fs, HOSTFS_PROCFS, "version", version);
}

/* The last word before *END; moves *END before the blank in front of it. */
static const char *last_word(const char *start, const char **end, size_t *ret_length)
{
	const char *blank = memrchr(start, ' ', (size_t)(*end - start));
	const char *word = blank ? blank + 1 : start;

	*ret_length = (size_t)(*end - word);
	*end = blank ? blank : start;
	return word;
}

static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

/* "(OE+)", or RHEL 6's "(P)(U)". */
static bool parse_groups(const char *word, size_t length, struct taint_letters *letters)
{
	while (length) {
		const char *close = memchr(word, ')', length);
		size_t group;

		if (word[0] != '(' || !close)
			return false;
		group = (size_t)(close - word);
		if (taint_letters_parse(word + 1, group - 1, letters) < 0)
			return false;
		word += group + 1;
		length -= group + 1;
	}
	return true;
}

static const bool is_hexadecimal[256] = {
	['0' ... '9'] = true,
	['a' ... 'f'] = true,
	['A' ... 'F'] = true,
};

/* "0xffffffffc09b1000". */
static bool is_address(const char *word, size_t length)
{
	if (length < 3 || memcmp(word, "0x", 2) != 0)
		return false;
	for (size_t i = 2; i < length; i++)
		if (!is_hexadecimal[(unsigned char)word[i]])
			return false;
	return true;
}

/*
 * Takes the state, the address and the letters off the end of a line and moves *END
 * before them. No kernel puts a newline into these.
 */
static bool parse_tail(const char *line, const char **end, struct module_record *record)
{
	size_t length;
	const char *word = last_word(line, end, &length);

	if (length && word[0] == '(') {
		if (!parse_groups(word, length, &record->letters))
			return false;
		word = last_word(line, end, &length);
	}
	if (!is_address(word, length))
		return false;
	word = last_word(line, end, &length);
	record->is_live = is_word(word, length, "Live");
	return record->is_live || is_word(word, length, "Loading") ||
	       is_word(word, length, "Unloading");
}

/* Steps over a decimal number of 64 bits; NULL if there is none. */
static const char *skip_number(const char *c, const char *end)
{
	const char *start = c;

	while (c < end && c - start < 20 && *c >= '0' && *c <= '9')
		c++;
	return c > start ? c : NULL;
}

/*
 * Whether " SIZE REFCOUNT USERS" stands from BLANK to END. Users end with a comma each;
 * there is a "-" for none, and a second one for a kernel that does not count.
 */
static bool is_behind_name(const char *blank, const char *end)
{
	const char *c = skip_number(blank + 1, end);
	bool is_counted;

	if (!c || c == end || *c++ != ' ' || c == end)
		return false;
	is_counted = *c != '-' || (c + 1 < end && c[1] != ' ');
	c = is_counted ? skip_number(c + (*c == '-'), end) : c + 1;
	if (!c || c == end || *c++ != ' ' || c == end)
		return false;
	return (end - c == 1 && *c == '-') || (is_counted && end[-1] == ',');
}

/* The length of the name in front of that, 0 if there is none. */
static size_t name_length(const char *start, const char *end)
{
	const char *last =
		end - start > MODULE_NAME_MAX + 1 ? start + MODULE_NAME_MAX + 1 : end;
	const char *blank = start;

	while (blank + 1 < last &&
	       (blank = memchr(blank + 1, ' ', (size_t)(last - blank - 1))))
		if (is_behind_name(blank, end))
			return (size_t)(blank - start);
	return 0;
}

int procfs_modules_parse(struct module_list *list)
{
	const char *start = text_string(&list->text), *line = start;
	const char *end = start + list->text.length;

	list->count = 0;
	if (memchr(start, '\0', list->text.length))
		return -EBADMSG;
	while (line < end) {
		struct module_record record = { .name = start }, *added;
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *tail = newline ? newline : end, *next = tail + 1;

		if (parse_tail(line, &tail, &record))
			record.name_length = name_length(start, tail);
		line = next;
		/* Not the end of a record: the newline belongs to a name. */
		if (!record.name_length)
			continue;
		added = module_list_add(list);
		if (!added)
			return -ENOMEM;
		*added = record;
		start = line;
	}
	return start < end ? -EBADMSG : 0;
}

int procfs_modules_read(struct hostfs *fs, struct module_list *list)
{
	int r;

	text_reset(&list->text);
	list->count = 0;
	r = hostfs_records_read(fs, HOSTFS_PROCFS, "modules", MODULES_BYTES_MAX,
	                        &list->text);
	return r < 0 ? r : procfs_modules_parse(list);
}
