/* SPDX-License-Identifier: GPL-2.0 */
/* Says of itself what the kernel's build says of staging drivers. */
#include "lab.h"

MODULE_LICENSE("GPL");
MODULE_INFO(staging, "Y");

static int __init lab_init(void)
{
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
