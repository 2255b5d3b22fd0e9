/* SPDX-License-Identifier: GPL-2.0 */
/* Frees a page that is still mapped, as its counter says. */
#include "lab.h"

#include <linux/gfp.h>
#include <linux/mm.h>

MODULE_LICENSE("GPL");

/* Too large for the lists of CPUs, whose pages are looked at later. */
#define LARGE 5

static int __init lab_init(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, LARGE);

	if (!page)
		return -ENOMEM;
	atomic_inc(&page->_mapcount);
	__free_pages(page, LARGE);
	return 0;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
