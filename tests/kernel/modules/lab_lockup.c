/* SPDX-License-Identifier: GPL-2.0 */
/* Does not give its CPU away until the kernel calls that a soft lockup. */
#include "lab.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
	unsigned long end = jiffies + 60 * HZ;

	preempt_disable();
	while (!test_taint(TAINT_SOFTLOCKUP) && time_before(jiffies, end))
		mdelay(1);
	preempt_enable();
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
