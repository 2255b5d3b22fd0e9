/* SPDX-License-Identifier: GPL-2.0 */
/* Claims a licence that is not compatible with the GPL, and has a symbol for others. */
#include "lab.h"

MODULE_LICENSE("Proprietary");

int lab_prop_symbol(void);
int lab_prop_symbol(void)
{
	return 0;
}
EXPORT_SYMBOL(lab_prop_symbol);

static int __init lab_init(void)
{
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
