/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The follower of the kernel's log. Knows records and which of them count; what the words
 * mean is klog's matter.
 */
#include "sources/kmsg.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/number.h"
#include "model/snapshot.h"
#include "model/tally.h"
#include "sources/klog.h"

struct kmsg {
	atomic_flag is_taken; /* by a thread that reads; guards what is below */
	struct hostfs_stream stream;
	int error; /* of opening it */
	struct klog *klog;
	uint64_t boot_time; /* nanoseconds since the Unix epoch */

	struct tally tally;
	uint64_t lost;
	bool has_lost; /* records were overwritten; how many the next one tells */
	uint64_t next_sequence; /* 0: there was none yet */

	size_t length; /* of a line whose end was not read yet */
	bool is_long;  /* a line is too long, and left out up to its end */
	char buffer[2 * KMSG_RECORD_MAX];
};

/*
 *   6,339,5140900,-,caller=T1;zfs: module license 'CDDL' taints kernel.\x0a
 *   |  |    |     | |         message: what is not printable, and '\', as \xNN
 *   |  |    |     | more fields of later kernels, up to the ';'
 *   |  |    |     flags
 *   |  |    microseconds since the boot
 *   |  sequence number: one more than that of the record before
 *   facility * 8 + level
 *
 *    SUBSYSTEM=pci
 *   further lines of a record begin with a blank
 */

/* The number at *AT and the comma behind it. */
static bool take_number(const char **at, const char *end, uint64_t *ret_number)
{
	if (number_digits_parse(*at, end, ret_number, at) < 0 || *at == end)
		return false;
	return *(*at)++ == ',';
}

/* 0 to 15, or -1; the kernel writes small letters. */
static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

/* The length of what is left. */
static size_t unescape(char *bytes, size_t length)
{
	char *to = memchr(bytes, '\\', length), *end = bytes + length;

	if (!to)
		return length;
	for (const char *from = to; from < end; to++) {
		bool is_escaped = end - from >= 4 && from[0] == '\\' && from[1] == 'x';
		int high = is_escaped ? digit_of(from[2]) : -1;
		int low = is_escaped ? digit_of(from[3]) : -1;

		if (high < 0 || low < 0) {
			*to = *from++;
			continue;
		}
		*to = (char)(high << 4 | low);
		from += 4;
	}
	return (size_t)(to - bytes);
}

int kmsg_record_parse(char *bytes, size_t length, struct kmsg_record *ret_record)
{
	const char *at = bytes, *end = bytes + length;
	uint64_t prefix, sequence, microseconds, time;
	char *message;

	if (!take_number(&at, end, &prefix) || !take_number(&at, end, &sequence) ||
	    !take_number(&at, end, &microseconds) ||
	    __builtin_mul_overflow(microseconds, 1000, &time))
		return -EBADMSG;
	message = memchr(bytes, ';', length);
	if (!message)
		return -EBADMSG;
	message++;
	*ret_record = (struct kmsg_record){
		.sequence = sequence,
		.time = time,
		.is_kernels = prefix >> 3 == 0,
		.message = message,
		.length = unescape(message, (size_t)(end - message)),
	};
	return 0;
}

static int open_log(struct kmsg *kmsg, const char *const paths[HOSTFS_ROOT_COUNT])
{
	struct hostfs *fs;
	int r = hostfs_new(paths, &fs);

	if (r < 0)
		return r;
	r = hostfs_stream_open(fs, HOSTFS_ROOTFS, "dev/kmsg", &kmsg->stream);
	hostfs_free(fs);
	return r;
}

int kmsg_new(const char *const paths[HOSTFS_ROOT_COUNT], struct kmsg **ret_kmsg)
{
	struct kmsg *kmsg = calloc(1, sizeof(*kmsg));
	int r;

	if (!kmsg)
		return -ENOMEM;
	atomic_flag_clear(&kmsg->is_taken);
	kmsg->stream.fd = -1;
	kmsg->boot_time = clock_realtime() - clock_boottime();
	r = klog_new(&kmsg->klog);
	if (r == 0)
		kmsg->error = open_log(kmsg, paths);
	if (r < 0 || kmsg->error == -ENOMEM) {
		kmsg_free(kmsg);
		return -ENOMEM;
	}
	*ret_kmsg = kmsg;
	return 0;
}

struct kmsg *kmsg_free(struct kmsg *kmsg)
{
	if (!kmsg)
		return NULL;
	close_descriptor(&kmsg->stream.fd);
	klog_free(kmsg->klog);
	free(kmsg);
	return NULL;
}

int kmsg_error(const struct kmsg *kmsg)
{
	return kmsg->error;
}

/* Every record has a number, whoever it is from. */
static void note_sequence(struct kmsg *kmsg, uint64_t sequence)
{
	if (kmsg->has_lost)
		kmsg->lost += kmsg->next_sequence && sequence > kmsg->next_sequence
		                      ? sequence - kmsg->next_sequence
		                      : 1;
	kmsg->has_lost = false;
	kmsg->next_sequence = sequence + 1;
}

static void count_message(struct kmsg *kmsg, const struct kmsg_record *record)
{
	struct klog_line line;
	enum announcement announcement;

	/* Most say nothing, and are not looked at closely. */
	if (!klog_find(kmsg->klog, record->message, record->length))
		return;
	line = klog_parse(record->message, record->length);
	if (line.kind != KLOG_ANNOUNCEMENT)
		return;
	announcement = line.row->announcement;
	if (!announcement_is_taint(announcement))
		return;
	if (line.row->is_echo &&
	    tally_has(&kmsg->tally, announcement, line.module.bytes, line.module.length))
		return;
	tally_add(&kmsg->tally, announcement, line.module.bytes, line.module.length,
	          kmsg->boot_time + record->time);
}

static void take_line(struct kmsg *kmsg, char *bytes, size_t length)
{
	struct kmsg_record record;

	if (kmsg_record_parse(bytes, length, &record) < 0)
		return;
	note_sequence(kmsg, record.sequence);
	if (record.is_kernels)
		count_message(kmsg, &record);
}

/* Takes the whole lines off the buffer, after LENGTH bytes more came into it. */
static void take_lines(struct kmsg *kmsg, size_t length)
{
	char *line = kmsg->buffer, *end = kmsg->buffer + kmsg->length + length, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		if (!kmsg->is_long)
			take_line(kmsg, line, (size_t)(newline - line));
		kmsg->is_long = false;
		line = newline + 1;
	}
	kmsg->length = (size_t)(end - line);
	if (kmsg->length > KMSG_RECORD_MAX)
		kmsg->is_long = true;
	if (kmsg->is_long)
		kmsg->length = 0;
	memmove(kmsg->buffer, line, kmsg->length);
}

/* A device gives one record a read, all else many lines and parts of them. */
static int follow(struct kmsg *kmsg, struct hostfs *fs)
{
	if (kmsg->error < 0)
		return kmsg->error;
	for (unsigned int i = 0; i < KMSG_READS_MAX; i++) {
		size_t length = 0;
		int r = hostfs_stream_read(fs, &kmsg->stream, kmsg->buffer + kmsg->length,
		                           KMSG_RECORD_MAX, &length);

		if (r == -EPIPE) {
			kmsg->has_lost = true;
			continue;
		}
		if (r < 0 || !length)
			return r;
		take_lines(kmsg, length);
	}
	return -ETIME;
}

void kmsg_read(struct kmsg *kmsg, struct hostfs *fs, struct snapshot *snapshot)
{
	snapshot->log_result = (struct source_result){ -EBUSY, "dev/kmsg" };
	if (atomic_flag_test_and_set_explicit(&kmsg->is_taken, memory_order_acquire))
		return;
	snapshot->log_result.error = follow(kmsg, fs);
	snapshot->log = kmsg->tally;
	snapshot->log_lost = kmsg->lost;
	atomic_flag_clear_explicit(&kmsg->is_taken, memory_order_release);
	tally_sort(&snapshot->log);
}
