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

/* MODULE_NAME_LEN is 64 less a pointer, with the NUL (include/linux/module.h). */
#define MODULE_NAME_MAX 63

void procfs_mask_read(struct hostfs *fs, struct snapshot *snapshot)
{
	_cleanup_(text_clear) struct text value = TEXT_INIT;
	struct source_result *result = &snapshot->mask_result;

	result->file = "sys/kernel/tainted";
	result->error = hostfs_value_read(fs, HOSTFS_PROCFS, result->file, &value);
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
	if (release->length)
		release->data[release->length] = '\0';
	else
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

/* Steps over a decimal number; NULL if there is none. */
static const char *skip_number(const char *c, const char *end)
{
	const char *start = c;

	while (c < end && *c >= '0' && *c <= '9')
		c++;
	return c > start ? c : NULL;
}

/* Whether " SIZE REFCOUNT " stands at BLANK, with a word behind it. */
static bool is_behind_name(const char *blank, const char *end)
{
	const char *c = skip_number(blank + 1, end);

	if (!c || c == end || *c++ != ' ' || c == end)
		return false;
	if (*c == '-' && c + 1 < end && c[1] == ' ') {
		c++;
	} else {
		c = skip_number(*c == '-' ? c + 1 : c, end);
		if (!c)
			return false;
	}
	return c < end && *c == ' ' && c + 1 < end;
}

/*
 * Where the name of a record ends; END is where its state begins. A name may look like
 * the columns behind it, so that without users in between they are counted from the end.
 * NULL if there are no such columns.
 */
static const char *find_name_end(const char *start, const char *end)
{
	const char *blank = end, *word;
	size_t length;

	word = last_word(start, &blank, &length);
	if (is_word(word, length, "-")) {
		last_word(start, &blank, &length);
		last_word(start, &blank, &length);
		return is_behind_name(blank, end) ? blank : NULL;
	}
	for (blank = start; (blank = memchr(blank, ' ', (size_t)(end - blank))); blank++)
		if (is_behind_name(blank, end))
			return blank;
	return NULL;
}

/* Reads one record from its end: the front may be any bytes. */
static bool parse_record(const char *start, const char *end, struct module_record *record)
{
	const char *word;
	size_t length;

	word = last_word(start, &end, &length);
	if (length && word[0] == '(') {
		if (!parse_groups(word, length, &record->letters))
			return false;
		word = last_word(start, &end, &length);
	}
	if (length < 3 || memcmp(word, "0x", 2) != 0)
		return false;
	word = last_word(start, &end, &length);
	if (!is_word(word, length, "Live") && !is_word(word, length, "Loading") &&
	    !is_word(word, length, "Unloading"))
		return false;

	end = find_name_end(start, end);
	if (!end)
		return false;
	record->name = start;
	record->name_length = (size_t)(end - start);
	return record->name_length > 0 && record->name_length <= MODULE_NAME_MAX;
}

int procfs_modules_parse(struct module_list *list)
{
	const char *start = text_string(&list->text), *line = start;
	const char *end = start + list->text.length;

	list->count = 0;
	while (line < end) {
		struct module_record record = { 0 }, *added;
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		if (!newline)
			newline = end;
		line = newline + 1;
		/* Not the end of a record: the newline belongs to a name. */
		if (!parse_record(start, newline, &record)) {
			if (newline - start > MODULE_NAME_MAX)
				return -EBADMSG;
			continue;
		}
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
