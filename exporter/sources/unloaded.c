/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of the modules that are gone. Knows the format; must not know what letters
 * mean.
 */
#include "sources/unloaded.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "sources/hostfs.h"

#define UNLOADED_BYTES_MAX (256u << 10)

/*
 * Takes " (LETTERS) COUNT" off the end of LINE, the last one of a record that begins at
 * START, and gives what is before it for the name. No kernel puts a newline, a
 * parenthesis or a blank into these.
 */
static bool parse_record(const char *start, const char *line, const char *end,
                         struct unloaded_record *ret_record)
{
	struct unloaded_record record = { .name = start };
	const char *open = memrchr(line, '(', (size_t)(end - line)), *close, *rest;

	if (!open || open == line || open[-1] != ' ' || open - start < 2 ||
	    open - start > MODULE_NAME_MAX + 1)
		return false;
	close = memchr(open, ')', (size_t)(end - open));
	if (!close || end - close < 3 || close[1] != ' ')
		return false;
	if (taint_letters_parse(open + 1, (size_t)(close - open) - 1, &record.letters) <
	            0 ||
	    number_digits_parse(close + 2, end, &record.count, &rest) < 0 || rest != end)
		return false;
	record.name_length = (size_t)(open - start) - 1;
	*ret_record = record;
	return true;
}

int unloaded_parse(struct unloaded_list *list)
{
	const char *start = text_string(&list->text), *line = start;
	const char *end = start + list->text.length;

	list->count = 0;
	if (memchr(start, '\0', list->text.length))
		return -EBADMSG;
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		struct unloaded_record record, *added;
		bool is_end;

		if (!newline)
			return -EBADMSG;
		is_end = parse_record(start, line, newline, &record);
		line = newline + 1;
		/* Else the newline belongs to a name. */
		if (!is_end)
			continue;
		added = unloaded_list_add(list);
		if (!added)
			return -ENOMEM;
		*added = record;
		start = line;
	}
	return start < end ? -EBADMSG : 0;
}

void unloaded_read(struct hostfs *fs, struct snapshot *snapshot)
{
	struct unloaded_list *list = &snapshot->unloaded;
	struct source_result *result = &list->result;

	result->file = "kernel/debug/modules/unloaded_tainted";
	result->error = hostfs_records_read(fs, HOSTFS_SYSFS, result->file,
	                                    UNLOADED_BYTES_MAX, &list->text);
	if (result->error == 0)
		result->error = unloaded_parse(list);
}
