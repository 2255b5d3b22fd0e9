/* SPDX-License-Identifier: GPL-2.0 */
/* Runs into a WARN. */
#include "lab.h"

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
	WARN_ON(1);
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
