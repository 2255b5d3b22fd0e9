/* SPDX-License-Identifier: GPL-2.0 */
/* Does nothing; the test signs its file with a key of its own. */
#include "lab.h"

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
