/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each command needs. Must not know how anything is kept from the rest.
 */
#include "commands/confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "commands/options.h"

/*
 * Of the root nothing but these is read: "/" would open every file. Both, because a link
 * from one to the other that begins with "/" leads out of a root that is not "/".
 */
static const char *const module_folders[] = { "/lib/modules", "/usr/lib/modules" };

/* Roots, folders of modules, the output's folder. */
#define OWN_PATHS_MAX 8

struct plan {
	struct sandbox_path *paths;
	size_t count;
	struct text folders[ARRAY_SIZE(module_folders)];
	struct text output_folder;
};

static void clear_plan(struct plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(plan->folders); i++)
		text_clear(&plan->folders[i]);
	text_clear(&plan->output_folder);
	free(plan->paths);
}

static void add(struct plan *plan, const char *path, bool is_writable)
{
	plan->paths[plan->count++] = (struct sandbox_path){ path, is_writable };
}

static int add_module_folders(struct plan *plan, const char *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(module_folders); i++) {
		struct text *folder = &plan->folders[i];

		text_add_string(folder, root);
		text_add_string(folder, module_folders[i]);
		if (folder->error)
			return folder->error;
		add(plan, text_string(folder), false);
	}
	return 0;
}

static int add_output_folder(struct plan *plan, const char *output)
{
	const char *slash = strrchr(output, '/');

	if (slash)
		text_add(&plan->output_folder, output, (size_t)(slash - output) + 1);
	else
		text_add_string(&plan->output_folder, ".");
	if (plan->output_folder.error)
		return plan->output_folder.error;
	add(plan, text_string(&plan->output_folder), true);
	return 0;
}

static int fill_plan(struct plan *plan, const struct options *options,
                     const struct sandbox_path *extra, size_t count)
{
	const char *const *roots = options->scrape.paths;
	int r = 0;

	plan->paths = calloc(OWN_PATHS_MAX + count, sizeof(*plan->paths));
	if (!plan->paths)
		return -ENOMEM;
	add(plan, roots[HOSTFS_PROCFS], false);
	add(plan, roots[HOSTFS_SYSFS], false);
	/*
	 * Of it only /proc/self is read. But a rule is on an inode, which the kernel
	 * makes anew for a folder in /proc whenever it was short of memory; the top one
	 * stays. Other processes' secrets there Landlock itself keeps from us.
	 */
	add(plan, "/proc", false);
	if (options->command == COMMAND_MODULE ||
	    options->collectors & COLLECTOR_BIT(COLLECTOR_SIGNATURE))
		r = add_module_folders(plan, roots[HOSTFS_ROOTFS]);
	if (r == 0 && options->output)
		r = add_output_folder(plan, options->output);
	for (size_t i = 0; i < count; i++)
		plan->paths[plan->count++] = extra[i];
	return r;
}

int confine(const struct options *options, const struct sandbox_path *extra, size_t count,
            bool ret_in_force[SANDBOX_LAYER_COUNT])
{
	_cleanup_(clear_plan) struct plan plan = { 0 };
	struct sandbox_settings settings;
	int r;

	if (!options->with_sandbox)
		return 0;
	r = fill_plan(&plan, options, extra, count);
	if (r < 0) {
		log_event(LOG_LEVEL_ERROR, "Cannot enter the sandbox", "err",
		          strerror(-r), NULL);
		return r;
	}
	settings = (struct sandbox_settings){
		.paths = plan.paths,
		.count = plan.count,
		/* Root may mean a file or folder of another user. */
		.is_above_modes = options->output || options->command == COMMAND_MODULE,
	};
	return sandbox_enter(&settings, ret_in_force);
}
