/* SPDX-License-Identifier: GPL-2.0 */
/* A live patch, of what /proc/version shows. */
#include "lab.h"

#include <linux/livepatch.h>
#include <linux/seq_file.h>

MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");

static int patched_show(struct seq_file *file, void *unused)
{
	seq_puts(file, "patched by lab_patch\n");
	return 0;
}

static struct klp_func functions[] = {
	{ .old_name = "version_proc_show", .new_func = patched_show },
	{},
};

static struct klp_object objects[] = {
	{ .funcs = functions }, /* without a name: vmlinux */
	{},
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int __init lab_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
