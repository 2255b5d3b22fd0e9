/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the host. Must not know how it is told.
 */
#include "exposition/host.h"

#include <stddef.h>

#include "base/text.h"
#include "exposition/metrics.h"
#include "model/dialect.h"
#include "model/module_file.h"

const struct host_posture host_postures[] = {
	/* clang-format off */
	[POSTURE_SIGNATURES_ENFORCED] = { "module_signatures_enforced", "signatures", "not enforced", "enforced", true },
	[POSTURE_LOADING_DISABLED] = { "module_loading_disabled", "loading", "allowed", "disabled until the next boot", true },
	[POSTURE_SECURE_BOOT] = { "secure_boot", "secure boot", "off", "on", true },
	[POSTURE_MICROCODE_OUTDATED] = { "microcode_outdated", "microcode", "not older than this kernel's list", "older than this kernel's list", false },
	[POSTURE_PANIC_MASK] = { "panic_mask", "panics on", NULL, NULL, false },
	[POSTURE_WARNINGS] = { "kernel_warnings_total", "warnings", NULL, NULL, false },
	[POSTURE_OOPSES] = { "kernel_oopses_total", "oopses", NULL, NULL, false },
	[POSTURE_SOFTLOCKUPS] = { "kernel_softlockups_total", "soft lockups", NULL, NULL, false },
	[POSTURE_HARDLOCKUPS] = { "kernel_hardlockups_total", "hard lockups", NULL, NULL, false },
	[POSTURE_RCU_STALLS] = { "kernel_rcu_stalls_total", "RCU stalls", NULL, NULL, false },
	/* clang-format on */
};

bool host_has_mask(const struct metrics *metrics)
{
	return metrics->snapshot->mask_result.error == 0;
}

bool host_has_modules(const struct metrics *metrics)
{
	return metrics->snapshot->modules.procfs_result.error == 0;
}

bool host_has_comparison(const struct metrics *metrics)
{
	return host_has_mask(metrics) && host_has_modules(metrics) && metrics->dialect;
}

bool host_has_sysfs(const struct metrics *metrics)
{
	return host_has_modules(metrics) &&
	       metrics->snapshot->modules.sysfs_result.error == 0;
}

const struct taint_fact *host_fact(const struct metrics *metrics, unsigned int bit)
{
	return metrics->dialect ? metrics->dialect->bits[bit] : NULL;
}

bool host_module_has_bit(const struct metrics *metrics,
                         const struct module_record *record, unsigned int bit)
{
	return dialect_letters_bits(metrics->dialect, record->letters) >> bit & 1;
}

struct report_module host_report(const struct metrics *metrics,
                                 const struct module_record *record, struct text *name)
{
	static char no_path[] = "";
	/* A file that nobody looked at is like one that nobody has looked at yet. */
	static const struct module_file unseen = {
		.signature = MODULE_SIGNATURE_PENDING,
		.path = no_path,
	};

	text_add(name, record->name, record->name_length);
	return (struct report_module){
		.name = text_string(name),
		.is_list_known = true,
		.record = record,
		.file = record->file ? record->file : &unseen,
		.dialect = metrics->dialect,
	};
}
