/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's log as a stream of bytes, read in a memory that does not depend on how long
 * it is. Lines may have prefixes (klog_prefix.h).
 */
#pragma once

#include <stddef.h>

struct klog;
struct klog_listener;
struct klog_reader; /* opaque */

/* A longer line is read as several. */
#define KLOG_READER_LINE_MAX (64u << 10)

/* KLOG and LISTENER (klog_assembler.h) are borrowed. 0 or -ENOMEM. */
int klog_reader_new(const struct klog *klog, const struct klog_listener *listener,
                    struct klog_reader **ret_reader);
struct klog_reader *klog_reader_free(struct klog_reader *reader); /* takes NULL */

/* Goes on with these bytes. 0 or -errno; then nothing may follow. */
int klog_reader_add(struct klog_reader *reader, const char *bytes, size_t length);

/* Goes on with what the descriptor FD has, up to its end. 0 or -errno, likewise. */
int klog_reader_read(struct klog_reader *reader, int fd);

/* The log ends here; another one may begin. 0 or -errno. */
int klog_reader_end(struct klog_reader *reader);
