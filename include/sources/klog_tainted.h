/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind "Tainted: " and "Not tainted" in a backtrace: flags and the release
 * of the kernel, as print_tainted() (kernel/panic.c) and its callers have them.
 *
 *   P           OE  ------------ T 3.10.0-1160.el7.x86_64 #1 Dell Inc.
 *   P           (2.6.32-71.el6.i686 #1) VMware      old i386 and arm, powerpc
 *   P      VLI                                      i386 of 2.6.18: no flags
 *   G    B     ): Poison overwritten                mm/slub.c, without a release
 */
#pragma once

#include <stddef.h>

/* A part of what was given; not terminated, any bytes. */
struct klog_slice {
	const char *bytes;
	size_t length;
};

struct klog_tainted {
	struct klog_slice flags;   /* without what follows them */
	struct klog_slice release; /* empty: there is none */
};

/* What there is no flag in gives none. */
struct klog_tainted klog_tainted_parse(struct klog_slice detail);

/* The kernel's release that BYTES begin with, perhaps behind a '('; empty: there is none.
 */
struct klog_slice klog_tainted_release(struct klog_slice bytes);
