/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary: one row per family, every name a whole word.
 */
#include "exposition/families.h"

#include "base/macros.h"
#include "exposition/expose.h"

static const struct {
	const char *name;
	enum expose_type type;
	const char *help;
} families[] = {
	/* clang-format off */
	[FAMILY_MASK] = { "kernel_taint_mask", EXPOSE_GAUGE,
		"The taint mask of the running kernel, kernel.tainted." },
	[FAMILY_FLAG] = { "kernel_taint_flag", EXPOSE_GAUGE,
		"Whether a taint is set in the mask, for every bit this kernel "
		"knows." },
	[FAMILY_KERNEL_INFO] = { "kernel_taint_kernel_info", EXPOSE_GAUGE,
		"The running kernel, and whose meaning of the bits applies to it." },
	[FAMILY_MODULE_SUPPORT] = { "kernel_taint_module_support", EXPOSE_GAUGE,
		"Whether the kernel can load modules." },
	[FAMILY_MODULES_LOADED] = { "kernel_taint_modules_loaded", EXPOSE_GAUGE,
		"Modules in /proc/modules, in any state." },
	[FAMILY_MODULES_TAINTING] = { "kernel_taint_modules_tainting", EXPOSE_GAUGE,
		"Loaded modules that carry at least one taint." },
	[FAMILY_MODULES_PROPRIETARY] = { "kernel_taint_modules_proprietary", EXPOSE_GAUGE,
		"Loaded modules that the kernel marks proprietary." },
	[FAMILY_MODULES_OUT_OF_TREE] = { "kernel_taint_modules_out_of_tree", EXPOSE_GAUGE,
		"Loaded modules that were built outside of the kernel tree." },
	[FAMILY_MODULES_UNSIGNED] = { "kernel_taint_modules_unsigned", EXPOSE_GAUGE,
		"Loaded modules whose signature the kernel could not verify." },
	[FAMILY_MODULE] = { "kernel_taint_module", EXPOSE_GAUGE,
		"A loaded module and a taint that it carries." },
	[FAMILY_FLAG_UNEXPLAINED] = { "kernel_taint_flag_unexplained", EXPOSE_GAUGE,
		"Whether a taint that modules carry is in the mask while no loaded "
		"module carries it." },
	[FAMILY_FLAG_CONTRADICTED] = { "kernel_taint_flag_contradicted", EXPOSE_GAUGE,
		"Whether a loaded module carries a taint that is not in the mask." },
	[FAMILY_MODULES_HIDDEN] = { "kernel_taint_modules_hidden", EXPOSE_GAUGE,
		"Modules that sysfs shows as loaded and /proc/modules does not "
		"list." },
	[FAMILY_MODULES_DISAGREEING] = { "kernel_taint_modules_disagreeing", EXPOSE_GAUGE,
		"Modules to which sysfs and /proc/modules give different taints." },
	[FAMILY_MODULE_FILES] = { "kernel_taint_module_files", EXPOSE_GAUGE,
		"Loaded modules by the signature that their file holds, or why "
		"that is not known." },
	[FAMILY_MODULE_INFO] = { "kernel_taint_module_info", EXPOSE_GAUGE,
		"What the file of a loaded module says of itself." },
	[FAMILY_MODULE_FILE_DIFFERS] = { "kernel_taint_module_file_differs", EXPOSE_GAUGE,
		"Whether the file on disk is not what is loaded, by build ID or "
		"srcversion." },
	[FAMILY_MODULE_SIGNATURES_ENFORCED] = { "kernel_taint_module_signatures_enforced", EXPOSE_GAUGE,
		"Whether the kernel refuses modules without a valid signature, "
		"module.sig_enforce." },
	[FAMILY_MODULE_LOADING_DISABLED] = { "kernel_taint_module_loading_disabled", EXPOSE_GAUGE,
		"Whether no module can be loaded any more, kernel.modules_disabled." },
	[FAMILY_LOCKDOWN] = { "kernel_taint_lockdown", EXPOSE_GAUGE,
		"The lockdown mode in force." },
	[FAMILY_SECURE_BOOT] = { "kernel_taint_secure_boot", EXPOSE_GAUGE,
		"Whether Secure Boot is on as the kernel sees it: in the firmware, "
		"and with the validation of shim." },
	[FAMILY_MICROCODE_OUTDATED] = { "kernel_taint_microcode_outdated", EXPOSE_GAUGE,
		"Whether the processor's microcode is older than the kernel's "
		"list." },
	[FAMILY_POSTURE_VISIBLE] = { "kernel_taint_posture_visible", EXPOSE_GAUGE,
		"0 if this process cannot see the reading although the kernel may "
		"have it, else 1." },
	[FAMILY_PANIC_MASK] = { "kernel_taint_panic_mask", EXPOSE_GAUGE,
		"The taints that make the kernel panic, panic_on_taint." },
	[FAMILY_KERNEL_WARNINGS] = { "kernel_taint_kernel_warnings_total", EXPOSE_COUNTER,
		"Warnings of the kernel since boot." },
	[FAMILY_KERNEL_OOPSES] = { "kernel_taint_kernel_oopses_total", EXPOSE_COUNTER,
		"Oopses of the kernel since boot." },
	[FAMILY_KERNEL_SOFTLOCKUPS] = { "kernel_taint_kernel_softlockups_total", EXPOSE_COUNTER,
		"Soft lockups since boot." },
	[FAMILY_KERNEL_HARDLOCKUPS] = { "kernel_taint_kernel_hardlockups_total", EXPOSE_COUNTER,
		"Hard lockups since boot." },
	[FAMILY_KERNEL_RCU_STALLS] = { "kernel_taint_kernel_rcu_stalls_total", EXPOSE_COUNTER,
		"RCU stalls since boot." },
	[FAMILY_LOG_EVENTS] = { "kernel_taint_log_events_total", EXPOSE_COUNTER,
		"Records of the kernel log that announce a taint." },
	[FAMILY_LOG_FIRST_EVENT] = { "kernel_taint_log_first_event_timestamp_seconds", EXPOSE_GAUGE,
		"Unix time of the first of these records that was seen." },
	[FAMILY_LOG_LOST_RECORDS] = { "kernel_taint_log_lost_records_total", EXPOSE_COUNTER,
		"Records of the kernel log that were overwritten before they were "
		"read." },
	[FAMILY_UNLOADED_MODULE] = { "kernel_taint_unloaded_module", EXPOSE_GAUGE,
		"How often a tainting module was unloaded." },
	[FAMILY_COLLECTOR_SUCCESS] = { "kernel_taint_scrape_collector_success", EXPOSE_GAUGE,
		"Whether the collector could read all of its sources." },
	[FAMILY_COLLECTOR_DURATION] = { "kernel_taint_scrape_collector_duration_seconds", EXPOSE_GAUGE,
		"Time that this scrape spent in the collector." },
	[FAMILY_SANDBOX] = { "kernel_taint_exporter_sandbox", EXPOSE_GAUGE,
		"Whether this exporter is confined by a layer of its sandbox." },
	[FAMILY_BUILD_INFO] = { "kernel_taint_exporter_build_info", EXPOSE_GAUGE,
		"The build of this exporter." },
	[FAMILY_PROCESS_CPU] = { "process_cpu_seconds_total", EXPOSE_COUNTER,
		"Total user and system CPU time spent in seconds." },
	[FAMILY_PROCESS_OPEN_FDS] = { "process_open_fds", EXPOSE_GAUGE,
		"Number of open file descriptors." },
	[FAMILY_PROCESS_MAX_FDS] = { "process_max_fds", EXPOSE_GAUGE,
		"Maximum number of open file descriptors." },
	[FAMILY_PROCESS_VIRTUAL_MEMORY] = { "process_virtual_memory_bytes", EXPOSE_GAUGE,
		"Virtual memory size in bytes." },
	[FAMILY_PROCESS_RESIDENT_MEMORY] = { "process_resident_memory_bytes", EXPOSE_GAUGE,
		"Resident memory size in bytes." },
	[FAMILY_PROCESS_START_TIME] = { "process_start_time_seconds", EXPOSE_GAUGE,
		"Start time of the process since unix epoch in seconds." },
	/* clang-format on */
};
_Static_assert(ARRAY_SIZE(families) == FAMILY_COUNT, "one row per family");

void family_write(struct expose *expose, enum family family)
{
	expose_family(expose, families[family].name, families[family].type,
	              families[family].help);
}
