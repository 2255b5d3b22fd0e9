/* SPDX-License-Identifier: GPL-2.0 */
/* Is stuck while it is loaded and while it is removed, until parameters let it go. */
#include "lab.h"

#include <linux/delay.h>

MODULE_LICENSE("GPL");

static bool loads, leaves;
module_param(loads, bool, 0644);
module_param(leaves, bool, 0644);

static int __init lab_init(void)
{
	while (!READ_ONCE(loads))
		msleep(10);
	return 0;
}

static void __exit lab_exit(void)
{
	while (!READ_ONCE(leaves))
		msleep(10);
}

module_init(lab_init);
module_exit(lab_exit);
