/* SPDX-License-Identifier: GPL-2.0 */
/* Writes to where nothing is, in a thread of the kernel. */
#include "lab.h"

#include <linux/err.h>
#include <linux/kthread.h>

MODULE_LICENSE("GPL");

static int lab_thread(void *nowhere)
{
	WRITE_ONCE(*(int *)nowhere, 1);
	return 0;
}

static int __init lab_init(void)
{
	return PTR_ERR_OR_ZERO(kthread_run(lab_thread, NULL, "lab_oops"));
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
