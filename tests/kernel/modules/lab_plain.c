/* SPDX-License-Identifier: GPL-2.0 */
/* Does nothing. Built with NEWER it is another file, as an upgrade would bring it. */
#include "lab.h"

MODULE_LICENSE("GPL");

static int __init lab_init(void)
{
#ifdef NEWER
	pr_info("lab_plain: the newer one\n");
#endif
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
