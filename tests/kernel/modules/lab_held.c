/* SPDX-License-Identifier: GPL-2.0 */
/* Holds itself, so that it can be removed by force alone. */
#include "lab.h"

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
	__module_get(THIS_MODULE);
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
