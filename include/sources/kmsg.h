/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log as it goes on: what taints it announced, counted.
 *
 * Documentation/ABI/testing/dev-kmsg of the kernel. User space may write to the log, too,
 * but never as facility 0: only what the kernel itself said is counted.
 *
 * A follower begins with the oldest record that the kernel still has, so that one that is
 * made anew counts all of these again, once. Its times are those of the boot clock, put
 * on the wall clock once: they stay where they are when that one is set. The clock of
 * the log itself stands still while a host sleeps, and what comes later is dated early by
 * that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/hostfs.h"

struct snapshot;

/* What a record begins with, and what it says. */
struct kmsg_record {
	uint64_t sequence;
	uint64_t time;       /* nanoseconds since the boot, by the log's clock */
	bool is_kernels;     /* facility 0 */
	const char *message; /* in the bytes that were given; any bytes, not terminated */
	size_t length;
};

/*
 * Takes apart the first line of a record, without its newline. What the kernel wrote as
 * \xNN into the message is put back, in BYTES. 0; -EBADMSG if it is no such line.
 */
int kmsg_record_parse(char *bytes, size_t length, struct kmsg_record *ret_record);

/* More than any record has (CONSOLE_EXT_LOG_MAX, kernel/printk/internal.h). */
#define KMSG_RECORD_MAX 8192

/* So often it is read on at most at once: more than there are records in any log. */
#define KMSG_READS_MAX (1u << 20)

struct kmsg; /* opaque; of any thread, but of one at a time */

/*
 * Opens dev/kmsg below --path.rootfs, which may be a FIFO or a file of such lines, too.
 * This takes CAP_SYSLOG where kernel.dmesg_restrict is 1; reading on takes nothing. PATHS
 * are needed no longer afterwards. 0, also if it cannot be opened; or -ENOMEM.
 */
int kmsg_new(const char *const paths[HOSTFS_ROOT_COUNT], struct kmsg **ret_kmsg);
struct kmsg *kmsg_free(struct kmsg *kmsg); /* takes NULL; returns NULL */

/* 0, or why it cannot be opened. */
int kmsg_error(const struct kmsg *kmsg);

/*
 * Reads on to the end, through FS, and fills log, log_lost and log_result. Errors are
 * kmsg_error(); -EBUSY while another thread is at it; -ETIME after the pass' deadline or
 * KMSG_READS_MAX: then the next one goes on from there.
 */
void kmsg_read(struct kmsg *kmsg, struct hostfs *fs, struct snapshot *snapshot);
