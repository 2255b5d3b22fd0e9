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
} taints[] = {
	[TAINT_PROPRIETARY_MODULE] = { "proprietary_module", true },
	[TAINT_FORCED_MODULE] = { "forced_module", true },
	[TAINT_CPU_OUT_OF_SPEC] = { "cpu_out_of_spec", false },
	[TAINT_FORCED_RMMOD] = { "forced_rmmod", false },
	[TAINT_MACHINE_CHECK] = { "machine_check", false },
	[TAINT_BAD_PAGE] = { "bad_page", false },
	[TAINT_USER] = { "user", false },
	[TAINT_DIE] = { "die", false },
	[TAINT_OVERRIDDEN_ACPI_TABLE] = { "overridden_acpi_table", false },
	[TAINT_WARN] = { "warn", false },
	[TAINT_CRAP] = { "crap", true },
	[TAINT_FIRMWARE_WORKAROUND] = { "firmware_workaround", false },
	[TAINT_OOT_MODULE] = { "oot_module", true },
	[TAINT_UNSIGNED_MODULE] = { "unsigned_module", true },
	[TAINT_SOFTLOCKUP] = { "softlockup", false },
	[TAINT_LIVEPATCH] = { "livepatch", true },
	[TAINT_AUX] = { "aux", true },
	[TAINT_RANDSTRUCT] = { "randstruct", false },
	[TAINT_TEST] = { "test", true },
	[TAINT_FWCTL] = { "fwctl", false },
	[TAINT_TECH_PREVIEW] = { "tech_preview", true },
	[TAINT_SUPPORT_REMOVED] = { "support_removed", false },
	[TAINT_PARTNER_SUPPORTED] = { "partner_supported", false },
	[TAINT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", false },
	[TAINT_HARDWARE_UNSUPPORTED] = { "hardware_unsupported", false },
	[TAINT_BIT_BY_ZOMBIE] = { "bit_by_zombie", false },
	[TAINT_NO_SUPPORT] = { "no_support", true },
	[TAINT_EXTERNAL_SUPPORT] = { "external_support", true },
};
_Static_assert(ARRAY_SIZE(taints) == TAINT_COUNT, "one row per taint");

const char *taint_slug(enum taint taint)
{
	return taints[taint].slug;
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
