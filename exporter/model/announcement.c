/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements by meaning. Must not know how a kernel words them.
 */
#include "model/announcement.h"

#include "base/macros.h"

static const struct {
	const char *name;
	bool is_taint;
	bool is_of_module;
	const char *meaning;
} announcements[] = {
	/* clang-format off */
	[ANNOUNCEMENT_CRAP] = { "crap", true, true, "is a staging driver" },
	[ANNOUNCEMENT_EXTERNAL_SUPPORT] = { "external_support", true, true, "is supported by a third party" },
	[ANNOUNCEMENT_FORCED_MODULE] = { "forced_module", true, true, "was loaded by force" },
	[ANNOUNCEMENT_LIVEPATCH] = { "livepatch", true, true, "patched the running kernel" },
	[ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED] = { "lock_debugging_disabled", true, false, "ended lock debugging, for it is tainted" },
	[ANNOUNCEMENT_MODULE_REJECTED] = { "module_rejected", false, true, "was refused" },
	[ANNOUNCEMENT_NO_RETPOLINE] = { "no_retpoline", false, true, "was built without retpolines, which is no taint" },
	[ANNOUNCEMENT_NO_SUPPORT] = { "no_support", true, true, "is not supported by the vendor" },
	[ANNOUNCEMENT_OOT_MODULE] = { "oot_module", true, true, "was built outside of the kernel's tree" },
	[ANNOUNCEMENT_PANIC_ON_TAINT] = { "panic_on_taint", false, false, "panics when some taints are set" },
	[ANNOUNCEMENT_PARTNER_SUPPORTED] = { "partner_supported", true, true, "is supported by a partner of the vendor" },
	[ANNOUNCEMENT_PROPRIETARY_MODULE] = { "proprietary_module", true, true, "has a licence that is not compatible with the GPL" },
	[ANNOUNCEMENT_PROPRIETARY_SYMBOLS] = { "proprietary_symbols", true, true, "uses symbols of a proprietary module" },
	[ANNOUNCEMENT_TECH_PREVIEW] = { "tech_preview", true, true, "is a technology preview" },
	[ANNOUNCEMENT_TEST] = { "test", true, true, "is a test module" },
	[ANNOUNCEMENT_UNSIGNED_MODULE] = { "unsigned_module", true, true, "has no signature that the kernel could verify" },
	/* clang-format on */
};
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
	return announcements[announcement].is_of_module ? "a module" : "the kernel";
}

bool announcement_is_taint(enum announcement announcement)
{
	return announcements[announcement].is_taint;
}
