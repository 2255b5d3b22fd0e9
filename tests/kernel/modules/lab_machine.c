/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taints the kernel as its handler of machine checks does; for kernels that are built
 * without one.
 */
#include "lab.h"

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
	add_taint(TAINT_MACHINE_CHECK, LOCKDEP_NOW_UNRELIABLE);
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
