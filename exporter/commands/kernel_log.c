/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log, opened. Knows who may do that.
 */
#include "commands/kernel_log.h"

#include <errno.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "commands/options.h"
#include "sources/kmsg.h"

void kernel_log_free(struct kmsg *const *kmsg)
{
	kmsg_free(*kmsg);
}

static void warn(const struct options *options, int error)
{
	bool is_forbidden = error == -EPERM || error == -EACCES;

	log_event(LOG_LEVEL_WARN, "Cannot open the kernel log, its collector will fail",
	          "flag", "--collector.log", "root", options->scrape.paths[HOSTFS_ROOTFS],
	          "file", "dev/kmsg", "err", error_words(error),
	          is_forbidden ? "hint" : NULL,
	          "it takes CAP_SYSLOG where kernel.dmesg_restrict is 1", NULL);
}

int kernel_log_new(const struct options *options, struct kmsg **ret_kmsg)
{
	struct kmsg *kmsg = NULL;
	int r = 0;

	if (options->collectors & COLLECTOR_BIT(COLLECTOR_LOG))
		r = kmsg_new(options->scrape.paths, &kmsg);
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot follow the kernel log", "err",
		          error_words(r), NULL);
		return r;
	}
	if (kmsg && kmsg_error(kmsg) < 0)
		warn(options, kmsg_error(kmsg));
	*ret_kmsg = kmsg;
	return 0;
}
