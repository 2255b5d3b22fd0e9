/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands before a message in a log that somebody saved, in any mixture of:
 *
 *   > >                              a mail that quotes
 *   var/log/dmesg:                   grep, when it names files
 *   6,1234,14463869,-;               /dev/kmsg (Documentation/ABI/testing/dev-kmsg)
 *   <4>                              the level; syslog(2), vmcore-dmesg
 *   [   14.463869]                   printk.time; [Thu Nov 26 06:37:02 2026], dmesg(1)
 *   2026-11-26T06:37:02,123456+00:00 dmesg(1) with --time-format=iso
 *   [ T2674]                         CONFIG_PRINTK_CALLER
 *   Nov 26 06:37:02 host kernel:     syslog, journalctl(1), with a date of any form
 */
#pragma once

#include <stddef.h>

struct stamp;

/*
 * The length of all that; the message is behind it. Says in STAMP when it was logged,
 * as far as this is known.
 */
size_t klog_prefix_parse(const char *line, size_t length, struct stamp *stamp);
