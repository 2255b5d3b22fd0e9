/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints by meaning, and letter sets. Must not know which kernel uses which bit.
 */
#include "model/taint.h"

#include <errno.h>

#include "base/macros.h"

static const struct {
	const char *slug;
	bool module;
	const char *meaning;
} taints[] = {
	/* clang-format off */
	[TAINT_PROPRIETARY_MODULE] = { "proprietary_module", true, "proprietary module" },
	[TAINT_FORCED_MODULE] = { "forced_module", true, "module loaded by force" },
	[TAINT_CPU_OUT_OF_SPEC] = { "cpu_out_of_spec", false, "system outside of its specification" },
	[TAINT_FORCED_RMMOD] = { "forced_rmmod", false, "module unloaded by force" },
	[TAINT_MACHINE_CHECK] = { "machine_check", false, "machine check reported" },
	[TAINT_BAD_PAGE] = { "bad_page", false, "bad page or unexpected page flags" },
	[TAINT_USER] = { "user", false, "requested by user space" },
	[TAINT_DIE] = { "die", false, "oops or BUG" },
	[TAINT_OVERRIDDEN_ACPI_TABLE] = { "overridden_acpi_table", false, "ACPI table overridden" },
	[TAINT_WARN] = { "warn", false, "kernel warning" },
	[TAINT_CRAP] = { "crap", true, "staging driver" },
	[TAINT_FIRMWARE_WORKAROUND] = { "firmware_workaround", false, "severe firmware bug worked around" },
	[TAINT_OOT_MODULE] = { "oot_module", true, "module from outside of the kernel's tree" },
	[TAINT_UNSIGNED_MODULE] = { "unsigned_module", true, "module whose signature the kernel could not verify" },
	[TAINT_SOFTLOCKUP] = { "softlockup", false, "soft lockup" },
	[TAINT_LIVEPATCH] = { "livepatch", true, "live patch" },
	[TAINT_AUX] = { "aux", true, "for the distribution's own use" },
	[TAINT_RANDSTRUCT] = { "randstruct", false, "built with randomised structures" },
	[TAINT_TEST] = { "test", true, "test module or in-kernel test" },
	[TAINT_FWCTL] = { "fwctl", false, "firmware changed through fwctl" },
	[TAINT_TECH_PREVIEW] = { "tech_preview", true, "technology preview" },
	[TAINT_SUPPORT_REMOVED] = { "support_removed", false, "hardware whose support was removed" },
	[TAINT_PARTNER_SUPPORTED] = { "partner_supported", false, "module supported by a partner" },
	[TAINT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", false, "unprivileged BPF allowed" },
	[TAINT_HARDWARE_UNSUPPORTED] = { "hardware_unsupported", false, "unsupported hardware" },
	[TAINT_BIT_BY_ZOMBIE] = { "bit_by_zombie", false, "bit by a zombie" },
	[TAINT_NO_SUPPORT] = { "no_support", true, "module that the distribution does not support" },
	[TAINT_EXTERNAL_SUPPORT] = { "external_support", true, "module supported by its own vendor" },
	/* clang-format on */
};
_Static_assert(ARRAY_SIZE(taints) == TAINT_COUNT, "one row per taint");

const char *taint_slug(enum taint taint)
{
	return taints[taint].slug;
}

const char *taint_meaning(enum taint taint)
{
	return taints[taint].meaning;
}

bool taint_is_module_taint(enum taint taint)
{
	return taints[taint].module;
}

bool taint_letters_is_empty(const struct taint_letters *letters)
{
	return !(letters->half[0] | letters->half[1]);
}

bool taint_letters_is_equal(const struct taint_letters *a, const struct taint_letters *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

char taint_letters_pop(struct taint_letters *letters)
{
	unsigned int half = letters->half[0] ? 0 : 1;
	unsigned int bit = (unsigned int)__builtin_ctzll(letters->half[half]);

	letters->half[half] &= letters->half[half] - 1;
	return (char)('!' + half * 64 + bit);
}

int taint_letters_parse(const char *string, size_t length, struct taint_letters *letters)
{
	struct taint_letters found = *letters;

	for (size_t i = 0; i < length; i++) {
		char c = string[i];

		if (c < '!' || c > '~' || c == '(' || c == ')')
			return -EBADMSG;
		if (c != '+' && c != '-')
			found.half[(c - '!') / 64] |= UINT64_C(1) << ((c - '!') % 64);
	}
	*letters = found;
	return 0;
}
