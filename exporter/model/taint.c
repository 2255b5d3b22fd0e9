/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints by meaning, and letter sets. Must not know which kernel uses which bit.
 */
#include "model/taint.h"

#include <ctype.h>
#include <errno.h>

#include "base/macros.h"
#include "base/text.h"

/* clang-format off */
#define NEVER  TAINT_RETURN_NEVER
#define MODULE TAINT_RETURN_MODULE
#define BOOT   TAINT_RETURN_BOOT
#define CAUSE  TAINT_RETURN_BY_CAUSE
/* clang-format on */

static const struct {
	const char *slug;
	enum taint_return returns;
	const char *meaning;
	const char *setter;
} taints[] = {
	/* clang-format off */
	[TAINT_PROPRIETARY_MODULE] = { "proprietary_module", MODULE, "proprietary module",
		"loading a module whose licence is not compatible with the GPL, or that uses symbols of one: graphics, storage and security products" },
	[TAINT_FORCED_MODULE] = { "forced_module", MODULE, "module loaded by force",
		"modprobe --force, insmod -f, or a module without versions; from 3.7 to 3.14 and in RHEL 7.0 and 7.1 also an unsigned module" },
	[TAINT_CPU_OUT_OF_SPEC] = { "cpu_out_of_spec", CAUSE, "system outside of its specification",
		"old microcode (bare-metal Intel, from about 6.16 on), " TAINT_CPU_OUT_OF_SPEC_SETTERS },
	[TAINT_FORCED_RMMOD] = { "forced_rmmod", NEVER, "module unloaded by force",
		"rmmod -f" },
	[TAINT_MACHINE_CHECK] = { "machine_check", NEVER, "machine check reported",
		"the machine check handler: memory, cache, bus or processor errors" },
	[TAINT_BAD_PAGE] = { "bad_page", NEVER, "bad page or unexpected page flags",
		"memory management that finds a page in a state that cannot be: bad memory, or a bug" },
	[TAINT_USER] = { "user", NEVER, "requested by user space",
		"somebody who writes to kernel.tainted, or a driver through which user space can harm the kernel" },
	[TAINT_DIE] = { "die", NEVER, "oops or BUG",
		"the kernel as it oopses" },
	[TAINT_OVERRIDDEN_ACPI_TABLE] = { "overridden_acpi_table", BOOT, "ACPI table overridden",
		"an ACPI table in the initramfs, or in the kernel's configuration" },
	[TAINT_WARN] = { "warn", NEVER, "kernel warning",
		"a WARN() anywhere in the kernel or a module" },
	[TAINT_CRAP] = { "crap", MODULE, "staging driver",
		"loading a driver from drivers/staging" },
	[TAINT_FIRMWARE_WORKAROUND] = { "firmware_workaround", BOOT, "severe firmware bug worked around",
		"the kernel at boot: ACPI, IOMMU and interrupt tables with bugs" },
	[TAINT_OOT_MODULE] = { "oot_module", MODULE, "module from outside of the kernel's tree",
		"loading any module that was not built with its kernel: DKMS, vendors' drivers" },
	[TAINT_UNSIGNED_MODULE] = { "unsigned_module", MODULE, "module whose signature the kernel could not verify",
		"loading a module without a signature, with one of an unknown key, or by force" },
	[TAINT_SOFTLOCKUP] = { "softlockup", NEVER, "soft lockup",
		"the watchdog, when a processor was in the kernel for too long" },
	[TAINT_LIVEPATCH] = { "livepatch", MODULE, "live patch",
		"kpatch, kGraft, and the live patches of distributions" },
	[TAINT_AUX] = { "aux", MODULE, "for the distribution's own use",
		"a distribution's patches; mainline never sets it" },
	[TAINT_RANDSTRUCT] = { "randstruct", BOOT, "built with randomised structures",
		"a kernel that was built with CONFIG_RANDSTRUCT, from boot on" },
	[TAINT_TEST] = { "test", MODULE, "test module or in-kernel test",
		"KUnit, or loading a module that is marked as a test" },
	[TAINT_FWCTL] = { "fwctl", NEVER, "firmware changed through fwctl",
		"a tool that writes to a device's firmware through fwctl" },
	[TAINT_TECH_PREVIEW] = { "tech_preview", MODULE, "technology preview",
		"a driver or subsystem that Red Hat ships as a technology preview" },
	[TAINT_SUPPORT_REMOVED] = { "support_removed", BOOT, "hardware whose support was removed",
		"a driver or device that this major release no longer supports" },
	[TAINT_PARTNER_SUPPORTED] = { "partner_supported", MODULE, "module supported by a partner",
		"loading a module that a partner of Red Hat supports" },
	[TAINT_UNPRIVILEGED_BPF] = { "unprivileged_bpf", BOOT, "unprivileged BPF allowed",
		"unprivileged_bpf_disabled=0 on the boot command line, or the sysctl" },
	[TAINT_HARDWARE_UNSUPPORTED] = { "hardware_unsupported", BOOT, "unsupported hardware",
		"the kernel at boot, on hardware that this release does not support; nothing sets it from RHEL 6.6 on" },
	[TAINT_BIT_BY_ZOMBIE] = { "bit_by_zombie", NEVER, "bit by a zombie",
		"a joke: the boot option OMGZOMBIES" },
	[TAINT_NO_SUPPORT] = { "no_support", MODULE, "module that the distribution does not support",
		"loading a module that SUSE does not support" },
	[TAINT_EXTERNAL_SUPPORT] = { "external_support", MODULE, "module supported by its own vendor",
		"loading a module that its vendor supports together with SUSE" },
	/* clang-format on */
};
_Static_assert(ARRAY_SIZE(taints) == TAINT_COUNT, "one row per taint");

const char *taint_slug(enum taint taint)
{
	return taints[taint].slug;
}

void taint_constant_write(enum taint taint, struct text *text)
{
	text_add_string(text, "TAINT_");
	for (const char *c = taint_slug(taint); *c; c++)
		text_add_char(text, (char)toupper((unsigned char)*c));
}

const char *taint_meaning(enum taint taint)
{
	return taints[taint].meaning;
}

const char *taint_setter(enum taint taint)
{
	return taints[taint].setter;
}

enum taint_return taint_return(enum taint taint)
{
	return taints[taint].returns;
}

bool taint_letters_is_empty(const struct taint_letters *letters)
{
	return !(letters->half[0] | letters->half[1]);
}

bool taint_letters_is_equal(const struct taint_letters *a, const struct taint_letters *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

bool taint_letters_has(const struct taint_letters *letters, char letter)
{
	return letters->half[(letter - '!') / 64] >> ((letter - '!') % 64) & 1;
}

void taint_letters_add(struct taint_letters *letters, char letter)
{
	letters->half[(letter - '!') / 64] |= UINT64_C(1) << ((letter - '!') % 64);
}

struct taint_letters taint_letters_join(const struct taint_letters *a,
                                        const struct taint_letters *b)
{
	return (struct taint_letters){ { a->half[0] | b->half[0],
		                         a->half[1] | b->half[1] } };
}

struct taint_letters taint_letters_without(const struct taint_letters *a,
                                           const struct taint_letters *b)
{
	return (struct taint_letters){ { a->half[0] & ~b->half[0],
		                         a->half[1] & ~b->half[1] } };
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
			taint_letters_add(&found, c);
	}
	*letters = found;
	return 0;
}
