/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all modules of the laboratory share. Each but the proprietary one is GPL, so that
 * its taints come from what it does.
 */
#pragma once

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>

MODULE_DESCRIPTION("Part of a test, which taints the kernel for real");
