/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which dialect a kernel speaks, by its release.
 */
#pragma once

#include "model/dialect.h"

/*
 * Chooses from the contents of /proc/sys/kernel/osrelease and /proc/version. VERSION may
 * be "": it only tells SUSE's flavours other than "default" from other kernels.
 *
 * Red Hat's kernels and their rebuilds have the base version of a RHEL and the token of a
 * builder who keeps Red Hat's patches: 4.18.0-513.24.1.lve.2.el7h is RHEL 8's. Kernels of
 * the same builders from another base (Oracle UEK, ELRepo, Nutanix AHV, openEuler) are
 * mainline, as is SUSE's kernel-vanilla.
 */
enum dialect_id dialect_choose(const char *release, const char *version);
