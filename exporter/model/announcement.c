/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements by meaning. The kernel's wordings of them are in sources/klog.c.
 */
#include "model/announcement.h"

#include "base/macros.h"

/* clang-format off */
#define REMARK TAINT_COUNT
#define MODULE "a module"
#define KERNEL "the kernel"

static const struct {
	const char *name;
	bool is_taint;
	enum taint taint; /* TAINT_COUNT: none, or one that the wording does not tell */
	const char *subject;
	const char *meaning;
	const char *detail; /* before the option, process or table; NULL: a colon */
} announcements[] = {
	[ANNOUNCEMENT_CRAP] = { "crap", true, TAINT_CRAP, MODULE, "is a staging driver", NULL },
	[ANNOUNCEMENT_DANGEROUS_OPTION] = { "dangerous_option", true, TAINT_USER, KERNEL, "was given a dangerous option", NULL },
	[ANNOUNCEMENT_EXTERNAL_SUPPORT] = { "external_support", true, TAINT_EXTERNAL_SUPPORT, MODULE, "is supported by a third party", NULL },
	[ANNOUNCEMENT_FORCED_MODULE] = { "forced_module", true, TAINT_FORCED_MODULE, MODULE, "was loaded by force", NULL },
	[ANNOUNCEMENT_FWCTL] = { "fwctl", true, TAINT_FWCTL, KERNEL, "gave a process full access to a device's firmware", NULL },
	[ANNOUNCEMENT_LATE_MICROCODE] = { "late_microcode", true, TAINT_CPU_OUT_OF_SPEC, KERNEL, "loaded microcode after boot", NULL },
	[ANNOUNCEMENT_LIVEPATCH] = { "livepatch", true, TAINT_LIVEPATCH, MODULE, "patched the running kernel", NULL },
	[ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED] = { "lock_debugging_disabled", true, TAINT_COUNT, KERNEL, "disabled lock debugging because it is tainted", NULL },
	[ANNOUNCEMENT_MODULE_REJECTED] = { "module_rejected", false, REMARK, MODULE, "was refused", ", loaded by " },
	[ANNOUNCEMENT_MSR_WRITE] = { "msr_write", true, TAINT_CPU_OUT_OF_SPEC, KERNEL, "let a process write to a model-specific register", NULL },
	[ANNOUNCEMENT_NO_RETPOLINE] = { "no_retpoline", false, REMARK, MODULE, "was built without retpolines, which is no taint", NULL },
	[ANNOUNCEMENT_NO_SUPPORT] = { "no_support", true, TAINT_NO_SUPPORT, MODULE, "is not supported by the vendor", NULL },
	[ANNOUNCEMENT_OLD_MICROCODE] = { "old_microcode", true, TAINT_CPU_OUT_OF_SPEC, KERNEL, "found old microcode in the processor: update it and reboot", NULL },
	[ANNOUNCEMENT_OOT_MODULE] = { "oot_module", true, TAINT_OOT_MODULE, MODULE, "was built outside of the kernel's tree", NULL },
	[ANNOUNCEMENT_OVERRIDDEN_ACPI_TABLE] = { "overridden_acpi_table", true, TAINT_OVERRIDDEN_ACPI_TABLE, KERNEL, "replaced an ACPI table", NULL },
	[ANNOUNCEMENT_PANIC_ON_TAINT] = { "panic_on_taint", false, REMARK, KERNEL, "panics when some taints are set", NULL },
	[ANNOUNCEMENT_PARTNER_SUPPORTED] = { "partner_supported", true, TAINT_PARTNER_SUPPORTED, MODULE, "is supported by a partner of the vendor", NULL },
	[ANNOUNCEMENT_PROPRIETARY_MODULE] = { "proprietary_module", true, TAINT_PROPRIETARY_MODULE, MODULE, "has a licence that is not compatible with the GPL", NULL },
	[ANNOUNCEMENT_PROPRIETARY_SYMBOLS] = { "proprietary_symbols", true, TAINT_PROPRIETARY_MODULE, MODULE, "uses symbols of a proprietary module", NULL },
	[ANNOUNCEMENT_SETCPUID] = { "setcpuid", true, TAINT_CPU_OUT_OF_SPEC, KERNEL, "was told to set or clear CPUID bits", NULL },
	[ANNOUNCEMENT_TECH_PREVIEW] = { "tech_preview", true, TAINT_TECH_PREVIEW, "a subsystem", "is a technology preview", NULL },
	[ANNOUNCEMENT_TEST] = { "test", true, TAINT_TEST, MODULE, "is a test module", NULL },
	[ANNOUNCEMENT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", true, TAINT_UNPRIVILEGED_BPF, KERNEL, "allows unprivileged BPF", NULL },
	[ANNOUNCEMENT_UNSIGNED_MODULE] = { "unsigned_module", true, TAINT_UNSIGNED_MODULE, MODULE, "has no signature that the kernel could verify", NULL },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(announcements) == ANNOUNCEMENT_COUNT, "one row each");

const char *announcement_name(enum announcement announcement)
{
	return announcements[announcement].name;
}

const char *announcement_meaning(enum announcement announcement)
{
	return announcements[announcement].meaning;
}

const char *announcement_subject(enum announcement announcement)
{
	return announcements[announcement].subject;
}

const char *announcement_detail(enum announcement announcement)
{
	const char *detail = announcements[announcement].detail;

	return detail ? detail : ": ";
}

bool announcement_is_taint(enum announcement announcement)
{
	return announcements[announcement].is_taint;
}

enum taint announcement_taint(enum announcement announcement)
{
	return announcements[announcement].taint;
}
