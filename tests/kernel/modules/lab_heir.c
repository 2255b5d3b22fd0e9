/* SPDX-License-Identifier: GPL-2.0 */
/* Uses a symbol of the proprietary module, and inherits its taint. */
#include "lab.h"

MODULE_LICENSE("GPL");

int lab_prop_symbol(void);

static int __init lab_init(void)
{
	return lab_prop_symbol();
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
