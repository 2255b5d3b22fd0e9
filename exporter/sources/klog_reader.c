/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of bytes. Only those in which something may stand are looked at, and those
 * before a report, for its heading:
 *
 *   buffer   history │ lines not read yet          │ room
 *            floor   at                            length
 */
#include "sources/klog_reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/klog.h"
#include "sources/klog_assembler.h"
#include "sources/klog_prefix.h"
#include "sources/klog_report.h"

/* How much of what was read stays, to look back into; less than a line may have. */
#define HISTORY       (16u << 10)
#define LOOK_BACK_MAX 24 /* lines */

struct klog_reader {
	const struct klog *klog;
	struct klog_assembler *assembler;
	uint64_t line; /* of what is at `at` */
	size_t floor;  /* where looking back ends */
	size_t at;
	size_t length;
	char buffer[HISTORY + 2 * KLOG_READER_LINE_MAX];
};

static void begin(struct klog_reader *reader)
{
	reader->line = 1;
	reader->floor = reader->at = reader->length = 0;
}

int klog_reader_new(const struct klog *klog, const struct klog_listener *listener,
                    struct klog_reader **ret_reader)
{
	struct klog_reader *reader = malloc(sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	r = klog_assembler_new(listener, &reader->assembler);
	if (r < 0) {
		free(reader);
		return r;
	}
	reader->klog = klog;
	begin(reader);
	*ret_reader = reader;
	return 0;
}

struct klog_reader *klog_reader_free(struct klog_reader *reader)
{
	if (!reader)
		return NULL;
	klog_assembler_free(reader->assembler);
	free(reader);
	return NULL;
}

static struct klog_message message_of(const char *line, const char *end, uint64_t number)
{
	struct klog_message message = { .line = number };
	size_t prefix = klog_prefix_parse(line, (size_t)(end - line), &message.stamp);

	while (end > line + prefix && (end[-1] == '\r' || end[-1] == ' '))
		end--;
	message.bytes = line + prefix;
	message.length = (size_t)(end - message.bytes);
	return message;
}

/*
 * The first line before LINE that begins a report, back to the floor. It is whole in the
 * history, wherever what was added began and ended.
 */
static bool look_back(const struct klog_reader *reader, const char *line, uint64_t number,
                      struct klog_message *ret_heading)
{
	const char *floor = reader->buffer + reader->floor;
	bool is_cut = (size_t)(line - floor) >= HISTORY, is_found = false;

	if (is_cut)
		floor = line - HISTORY;
	for (int i = 0; i < LOOK_BACK_MAX && line > floor; i++) {
		const char *end = line - 1;
		const char *before = memrchr(floor, '\n', (size_t)(end - floor));
		struct klog_message message;

		if (!before && is_cut)
			break;
		line = before ? before + 1 : floor;
		message = message_of(line, end, --number);
		if (!klog_is_heading(message.bytes, message.length))
			continue;
		*ret_heading = message;
		is_found = true;
	}
	return is_found;
}

static uint64_t count_lines(const char *text, const char *end)
{
	uint64_t count = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		count++;
		text++;
	}
	return count;
}

/* Takes the line at LINE, which ends at END. */
static int take_line(struct klog_reader *reader, const char *line, const char *end)
{
	struct klog_message message = message_of(line, end, reader->line), heading;
	struct klog_line parsed = klog_parse(message.bytes, message.length);
	bool is_headed = klog_is_of_report(parsed.kind) &&
	                 look_back(reader, line, reader->line, &heading);
	int r = klog_assembler_take(reader->assembler, &message, &parsed,
	                            is_headed ? &heading : NULL);

	if (end < reader->buffer + reader->length)
		end++;
	reader->line += end > line && end[-1] == '\n';
	reader->at = (size_t)(end - reader->buffer);
	if (parsed.kind != KLOG_NOTHING)
		reader->floor = reader->at;
	return r;
}

/* Goes on up to END, which is behind a line's end or that of all. */
static int take_lines(struct klog_reader *reader, const char *end)
{
	int r = 0;

	while (r == 0 && reader->buffer + reader->at < end) {
		const char *at = reader->buffer + reader->at, *line = at, *found = at;
		const char *newline;

		if (!klog_assembler_wants_next(reader->assembler))
			found = klog_find(reader->klog, at, (size_t)(end - at));
		if (!found) {
			reader->line += count_lines(at, end);
			reader->at = (size_t)(end - reader->buffer);
			break;
		}
		newline = memrchr(at, '\n', (size_t)(found - at));
		if (newline)
			line = newline + 1;
		reader->line += count_lines(at, line);
		newline = memchr(found, '\n', (size_t)(end - found));
		r = take_line(reader, line, newline ? newline : end);
	}
	return r;
}

/*
 * Takes all lines that are whole, and those that are too long in pieces, which are the
 * same wherever what was added began and ended.
 */
static int take_whole_lines(struct klog_reader *reader)
{
	int r = 0;

	while (r == 0) {
		const char *at = reader->buffer + reader->at;
		size_t rest = reader->length - reader->at;
		bool is_full = rest >= KLOG_READER_LINE_MAX;
		const char *newline =
			memrchr(at, '\n', is_full ? KLOG_READER_LINE_MAX : rest);

		if (!newline && !is_full)
			break;
		r = take_lines(reader, newline ? newline + 1 : at + KLOG_READER_LINE_MAX);
	}
	return r;
}

/* Makes room behind what is not read yet, which is less than a line. */
static void make_room(struct klog_reader *reader)
{
	size_t cut = reader->at > HISTORY ? reader->at - HISTORY : 0;

	if (reader->length + KLOG_READER_LINE_MAX <= sizeof(reader->buffer))
		return;
	memmove(reader->buffer, reader->buffer + cut, reader->length - cut);
	reader->at -= cut;
	reader->length -= cut;
	reader->floor = reader->floor > cut ? reader->floor - cut : 0;
}

int klog_reader_add(struct klog_reader *reader, const char *bytes, size_t length)
{
	int r = 0;

	while (r == 0 && length) {
		size_t room;

		make_room(reader);
		room = sizeof(reader->buffer) - reader->length;
		if (room > length)
			room = length;
		memcpy(reader->buffer + reader->length, bytes, room);
		reader->length += room;
		bytes += room;
		length -= room;
		r = take_whole_lines(reader);
	}
	return r;
}

int klog_reader_read(struct klog_reader *reader, int fd)
{
	for (;;) {
		ssize_t size;
		int r;

		make_room(reader);
		size = read(fd, reader->buffer + reader->length,
		            sizeof(reader->buffer) - reader->length);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return size < 0 ? -errno : 0;
		reader->length += (size_t)size;
		r = take_whole_lines(reader);
		if (r < 0)
			return r;
	}
}

int klog_reader_end(struct klog_reader *reader)
{
	int r = take_lines(reader, reader->buffer + reader->length);

	if (r == 0)
		r = klog_assembler_end(reader->assembler);
	begin(reader);
	return r;
}
