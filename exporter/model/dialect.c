/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * The table of facts, and the facts of one kernel. Pure.
 *
 * Sources, as the last column abbreviates them:
 *   panic.c 6.12  kernel/panic.c and include/linux/panic.h of Debian's linux-source-6.12;
 *                 versions bracketed by the same files of 2.6.18, 2.6.32, 3.0, 3.10, 4.4,
 *                 4.12, 4.18, 5.14, 6.1
 *   el5           CentOS 5 kernel: kernel/module.c:188,1722,2337, kernel/panic.c:159
 *   el6           RHEL 6 kernel: kernel/panic.c, kernel/rh_taint.c, kernel/module.c:3114
 *   el7           CentOS 7 kernel 3.10.0-123 to -1160: kernel/panic.c, and
 *                 kernel/module.c:3339
 *   el8, el9      tags 4.18.0-80 to -513, 5.14.0-70 to -362 of the RHEL rebuild sources:
 *                 kernel/panic.c, kernel/rh_messages.c, kernel/bpf/syscall.c
 *   el10          CIQ's kernel-src-tree: include/linux/panic.h; log of 6.12.0-54.el10
 *   kernel-ark panic.c  kernel/panic.c of Red Hat's development tree, from which RHEL 10 comes
 *   log of …      the dashes of the "Tainted:" string in a log of that release
 *   ubuntu 3.13   logs of 3.13.0-N-generic: it has 66cc69e34e86 of mainline ("add module
 *                 taint"), and not 57673c2b0baa, which made the letter an E
 *   jsc#PED-5759  changelog of SUSE's kernel-source, 2024-03-04; an oops of
 *                 6.4.0-150600.23.14-default: ibmvfc(X), "Not tainted"
 *   supported-flag  patches.suse/supported-flag for 3.0, 4.4, 4.12, 5.3, 5.14, and
 *                 openSUSE/kernel kernel/panic.c for 6.x
 */
/* clang-format on */
#include "model/dialect.h"

#include <string.h>

#include "base/macros.h"
#include "base/text.h"

/* clang-format off */
#define ON(id)       (1u << (DIALECT_##id))
#define EVERYWHERE   ((1u << DIALECT_COUNT) - 1)
#define NOT_ON(id)   (EVERYWHERE & ~ON(id))
#define RELEASE(...) { { __VA_ARGS__ } }
#define ALWAYS       { { 0 } }
#define KERNEL       TAINT_OF_KERNEL
#define MODULE       TAINT_OF_MODULE
#define MODULE_ALONE TAINT_OF_MODULE_ALONE

/* More fields may follow the source. */
#define FACT(name, place, sign, of, where, from, to, read_in, ...)                   \
	{ .taint = name, .bit = place, .letter = sign, .scope = of, .dialects = where, \
	  .since = from, .until = to, .source = read_in, ##__VA_ARGS__ }
#define NOT_ESTABLISHED \
	"the bit is that of later kernels; which one this release has is not established"

/*
 * Later rows win over earlier ones. Rows that hold everywhere are mainline's; a vendor's
 * kernel has those that its base version had, the mainline dialect has all of them.
 */
static const struct taint_fact facts[] = {
	/* taint, bit, letter, scope, dialects, since, until, source */
	FACT(TAINT_PROPRIETARY_MODULE, 0, 'P', MODULE, EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, NOT_ON(MAINLINE), ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, ON(MAINLINE), ALWAYS, RELEASE(3, 7), "panic.c 6.12"),
	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, ON(MAINLINE), RELEASE(3, 7), RELEASE(3, 15), "el7", .or_unsigned = true),
	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, ON(MAINLINE), RELEASE(3, 15), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_CPU_OUT_OF_SPEC, 2, 'S', KERNEL, EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_FORCED_RMMOD, 3, 'R', KERNEL, EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_MACHINE_CHECK, 4, 'M', KERNEL, EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_BAD_PAGE, 5, 'B', KERNEL, EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12"),
	FACT(TAINT_USER, 6, 'U', KERNEL, EVERYWHERE, RELEASE(2, 6, 21), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_DIE, 7, 'D', KERNEL, EVERYWHERE, RELEASE(2, 6, 25), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_OVERRIDDEN_ACPI_TABLE, 8, 'A', KERNEL, EVERYWHERE, RELEASE(2, 6, 25), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_WARN, 9, 'W', KERNEL, EVERYWHERE, RELEASE(2, 6, 26), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_CRAP, 10, 'C', MODULE, EVERYWHERE, RELEASE(2, 6, 28), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_FIRMWARE_WORKAROUND, 11, 'I', KERNEL, EVERYWHERE, RELEASE(2, 6, 35), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_OOT_MODULE, 12, 'O', MODULE, EVERYWHERE, RELEASE(3, 2), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_UNSIGNED_MODULE, 13, 'E', MODULE, EVERYWHERE, RELEASE(3, 15), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_SOFTLOCKUP, 14, 'L', KERNEL, EVERYWHERE, RELEASE(3, 17), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_LIVEPATCH, 15, 'K', MODULE, EVERYWHERE, RELEASE(4, 0), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_AUX, 16, 'X', MODULE, NOT_ON(SUSE), RELEASE(4, 15), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_RANDSTRUCT, 17, 'T', KERNEL, EVERYWHERE, RELEASE(4, 17), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_TEST, 18, 'N', MODULE, EVERYWHERE, RELEASE(6, 0), ALWAYS, "panic.c 6.12"),
	FACT(TAINT_FWCTL, 19, 'J', KERNEL, EVERYWHERE, RELEASE(6, 15), ALWAYS, "include/linux/panic.h 6.17"),

	/* Before there was an E others took F for both. */
	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, ON(MAINLINE), RELEASE(3, 13, 0), RELEASE(3, 13, 1), "ubuntu 3.13", .is_ubuntus = true),
	FACT(TAINT_UNSIGNED_MODULE, 13, 'X', MODULE, ON(MAINLINE), RELEASE(3, 13, 0), RELEASE(3, 13, 1), "ubuntu 3.13", .is_ubuntus = true),

	FACT(TAINT_UNSIGNED_MODULE, 6, 'U', MODULE, ON(RHEL5), RELEASE(2, 6, 18, 92), ALWAYS, "el5"),
	FACT(TAINT_TECH_PREVIEW, 29, 'T', MODULE, ON(RHEL5), RELEASE(2, 6, 18, 274), ALWAYS, "el5"),

	FACT(TAINT_FIRMWARE_WORKAROUND, 11, 'I', KERNEL, ON(RHEL6), RELEASE(2, 6, 32, 131), ALWAYS, "el6"),
	FACT(TAINT_SOFTLOCKUP, 14, 'L', KERNEL, ON(RHEL6), RELEASE(2, 6, 32, 754, 35, 1), ALWAYS, "el6"),
	FACT(TAINT_BIT_BY_ZOMBIE, 27, 'Z', KERNEL, ON(RHEL6), RELEASE(2, 6, 32, 279), ALWAYS, "el6"),
	FACT(TAINT_HARDWARE_UNSUPPORTED, 28, 'H', KERNEL, ON(RHEL6), ALWAYS, ALWAYS, "el6"),
	FACT(TAINT_TECH_PREVIEW, 29, 'T', MODULE, ON(RHEL6), RELEASE(2, 6, 32, 131), ALWAYS, "el6"),
	FACT(TAINT_UNSIGNED_MODULE, TAINT_NO_BIT, 'U', MODULE, ON(RHEL6), ALWAYS, ALWAYS, "el6"),

	FACT(TAINT_FORCED_MODULE, 1, 'F', MODULE, ON(RHEL7), ALWAYS, RELEASE(3, 10, 0, 327), "el7", .or_unsigned = true),
	FACT(TAINT_UNSIGNED_MODULE, 13, 'E', MODULE, ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS, "el7"),
	FACT(TAINT_SOFTLOCKUP, 14, 'L', KERNEL, ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS, "el7"),
	FACT(TAINT_LIVEPATCH, 15, 'K', MODULE, ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS, "el7"),
	FACT(TAINT_HARDWARE_UNSUPPORTED, 28, 'H', KERNEL, ON(RHEL7), ALWAYS, ALWAYS, "el7"),
	FACT(TAINT_TECH_PREVIEW, 29, 'T', MODULE, ON(RHEL7), ALWAYS, ALWAYS, "el7"),

	FACT(TAINT_TECH_PREVIEW, 16, 'X', MODULE, ON(RHEL8), RELEASE(4, 18, 0, 372), ALWAYS, "el8"),
	FACT(TAINT_SUPPORT_REMOVED, 27, 'r', KERNEL, ON(RHEL8), ALWAYS, ALWAYS, "el8"),
	FACT(TAINT_TECH_PREVIEW, 29, 't', MODULE, ON(RHEL8), ALWAYS, ALWAYS, "el8"),
	FACT(TAINT_UNPRIVILEGED_BPF, 30, 'u', KERNEL, ON(RHEL8), ALWAYS, ALWAYS, "el8"),

	FACT(TAINT_TECH_PREVIEW, 16, 'X', MODULE, ON(RHEL9), ALWAYS, ALWAYS, "el9"),
	FACT(TAINT_TEST, 18, 'N', MODULE, ON(RHEL9), RELEASE(5, 14, 0, 362), ALWAYS, "el9"),
	FACT(TAINT_FWCTL, 19, 'J', KERNEL, ON(RHEL9), RELEASE(5, 14, 0, 611), ALWAYS, "log of 5.14.0-611.9.1.el9_7"),
	/* In the module's taints, but its letter is kept from /proc/modules. */
	FACT(TAINT_PARTNER_SUPPORTED, 26, 'p', KERNEL, ON(RHEL9), RELEASE(5, 14, 0, 284), ALWAYS, "el9"),
	FACT(TAINT_SUPPORT_REMOVED, 27, 'h', KERNEL, ON(RHEL9), ALWAYS, ALWAYS, "el9"),
	FACT(TAINT_UNPRIVILEGED_BPF, 31, 'u', KERNEL, ON(RHEL9), ALWAYS, ALWAYS, "el9"),

	FACT(TAINT_TECH_PREVIEW, 16, 'X', MODULE, ON(RHEL10), ALWAYS, ALWAYS, "el10"),
	/* RHEL 10.1, by analogy with 9.7 of the same month; seen in a log of -211. */
	FACT(TAINT_FWCTL, 19, 'J', KERNEL, ON(RHEL10), RELEASE(6, 12, 0, 124), ALWAYS, "log of 6.12.0-211"),
	FACT(TAINT_PARTNER_SUPPORTED, 26, 'p', MODULE, ON(RHEL10), ALWAYS, ALWAYS, "kernel-ark panic.c"),
	FACT(TAINT_SUPPORT_REMOVED, 27, 'h', KERNEL, ON(RHEL10), ALWAYS, ALWAYS, "el10"),
	FACT(TAINT_UNPRIVILEGED_BPF, 31, 'u', KERNEL, ON(RHEL10), ALWAYS, ALWAYS, "el10"),

	FACT(TAINT_NO_SUPPORT, TAINT_NO_BIT, 'U', MODULE, ON(SUSE), ALWAYS, RELEASE(2, 6, 25), "suse.com/support/kb/doc/?id=000016321"),
	FACT(TAINT_EXTERNAL_SUPPORT, TAINT_NO_BIT, 'X', MODULE, ON(SUSE), ALWAYS, RELEASE(2, 6, 25), "suse.com/support/kb/doc/?id=000016321"),
	FACT(TAINT_UNSIGNED_MODULE, 13, 'E', MODULE, ON(SUSE), RELEASE(3, 0, 101, 0, 35), RELEASE(3, 15), "logs of 3.0.101-0.46 and 3.12", .note = NOT_ESTABLISHED),
	/* Only of a module without any other taint did the mask get the bit. */
	FACT(TAINT_NO_SUPPORT, 30, 'N', MODULE_ALONE, ON(SUSE), RELEASE(3, 0), RELEASE(4, 5), "supported-flag"),
	FACT(TAINT_NO_SUPPORT, 30, 'N', MODULE, ON(SUSE), RELEASE(4, 5), RELEASE(5, 3), "supported-flag"),
	FACT(TAINT_EXTERNAL_SUPPORT, 31, 'X', MODULE, ON(SUSE), RELEASE(3, 0), RELEASE(5, 3), "supported-flag"),
	/* Set for the whole kernel: no letter of a module's yet. */
	FACT(TAINT_LIVEPATCH, 15, 'K', KERNEL, ON(SUSE), RELEASE(4, 0), RELEASE(4, 9), "supported-flag"),
	FACT(TAINT_EXTERNAL_SUPPORT, 16, 'X', MODULE, ON(SUSE), RELEASE(5, 3), RELEASE(6, 4), "supported-flag"),
	/* Kept per module only: SLE 15 SP6 and SP7, SLES 16. */
	FACT(TAINT_EXTERNAL_SUPPORT, 16, 'X', MODULE_ALONE, ON(SUSE), RELEASE(6, 4), ALWAYS, "jsc#PED-5759"),
	FACT(TAINT_NO_SUPPORT, 31, 'N', MODULE, ON(SUSE), RELEASE(5, 3), RELEASE(6, 0), "supported-flag"),
	FACT(TAINT_NO_SUPPORT, 31, 'n', MODULE, ON(SUSE), RELEASE(6, 0), ALWAYS, "supported-flag"),
};

/* base: the kernel version that every release of the dialect starts with; 0.0.0: any. */
static const struct {
	const char *name;
	struct kernel_version base;
} dialects[] = {
	[DIALECT_MAINLINE] = { "mainline", ALWAYS },
	[DIALECT_RHEL5] = { "rhel5", RELEASE(2, 6, 18) },
	[DIALECT_RHEL6] = { "rhel6", RELEASE(2, 6, 32) },
	[DIALECT_RHEL7] = { "rhel7", RELEASE(3, 10, 0) },
	[DIALECT_RHEL8] = { "rhel8", RELEASE(4, 18, 0) },
	[DIALECT_RHEL9] = { "rhel9", RELEASE(5, 14, 0) },
	[DIALECT_RHEL10] = { "rhel10", RELEASE(6, 12, 0) },
	[DIALECT_SUSE] = { "suse", ALWAYS },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(dialects) == DIALECT_COUNT, "one row per dialect");

const char *dialect_name(enum dialect_id id)
{
	return dialects[id].name;
}

bool dialect_name_parse(const char *name, enum dialect_id *ret_id)
{
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		if (strcmp(dialects[id].name, name) == 0) {
			*ret_id = id;
			return true;
		}
	}
	return false;
}

bool dialect_has_base(enum dialect_id id, const struct kernel_version *version)
{
	const struct kernel_version *base = &dialects[id].base;

	return kernel_version_is_zero(base) ||
	       memcmp(version->part, base->part, 3 * sizeof(base->part[0])) == 0;
}

bool dialect_is_newer(enum dialect_id id, const struct kernel_version *version)
{
	return kernel_version_compare(version, &dialects[id].base) < 0;
}

/* Whether the release of DIALECT tells which of its facts hold. */
static bool has_build(enum dialect_id id, const struct kernel_version *version)
{
	if (kernel_version_is_zero(&dialects[id].base))
		return !kernel_version_is_zero(version);
	return dialect_has_base(id, version) && version->part[3];
}

/* The newest release that can be. */
static struct kernel_version newest(enum dialect_id id)
{
	struct kernel_version version = dialects[id].base;

	for (size_t i = kernel_version_is_zero(&version) ? 0 : 3;
	     i < ARRAY_SIZE(version.part); i++)
		version.part[i] = UINT32_MAX;
	return version;
}

bool taint_fact_holds(const struct taint_fact *fact, const struct dialect *dialect)
{
	const struct kernel_version *version = &dialect->version;

	return fact->dialects & (1u << dialect->id) &&
	       (!fact->is_ubuntus || dialect->is_ubuntus) &&
	       kernel_version_compare(&fact->since, version) <= 0 &&
	       (kernel_version_is_zero(&fact->until) ||
	        kernel_version_compare(version, &fact->until) < 0);
}

/* Mainline's bits are told of kernels that were too old for them, too. */
static bool is_of_later_mainline(const struct taint_fact *fact,
                                 const struct dialect *dialect)
{
	return dialect->id == DIALECT_MAINLINE && fact->dialects & ON(MAINLINE) &&
	       kernel_version_is_zero(&fact->until) &&
	       kernel_version_compare(&fact->since, &dialect->version) > 0;
}

/* "3.13.0-45-generic": by the flavour behind the number of the ABI. */
static bool is_ubuntus(const char *release)
{
	static const char *const flavours[] = { "-generic", "-lowlatency", "-powerpc" };

	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		if (strstr(release, flavours[i]))
			return true;
	return false;
}

/* On a module a letter is that of a taint a module can carry, if there is one. */
static void add_letter(struct dialect *dialect, const struct taint_fact *fact)
{
	const struct taint_fact **letter = &dialect->letters[(unsigned char)fact->letter];

	if (!*letter || fact->scope != TAINT_OF_KERNEL)
		*letter = fact;
}

static void add_bit(struct dialect *dialect, unsigned int bit)
{
	const struct taint_fact *fact = dialect->bits[bit];

	dialect->known_bits |= UINT64_C(1) << bit;
	if (fact->scope != TAINT_OF_KERNEL)
		dialect->module_bits |= UINT64_C(1) << bit;
	if (fact->scope == TAINT_OF_MODULE)
		dialect->mask_bits |= UINT64_C(1) << bit;
}

/* Adds the facts that hold, or else the facts of later mainline kernels. */
static void add_facts(struct dialect *dialect, bool is_later)
{
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (facts[i].bit != TAINT_NO_BIT &&
		    (is_later ? is_of_later_mainline(&facts[i], dialect)
		              : taint_fact_holds(&facts[i], dialect)))
			dialect->bits[facts[i].bit] = &facts[i];
}

/* Letters with a bit first, so that letters without one win, and present facts last. */
static void add_letters(struct dialect *dialect, bool is_later)
{
	for (unsigned int bit = 0; bit < 64; bit++)
		if (dialect->bits[bit] &&
		    is_of_later_mainline(dialect->bits[bit], dialect) == is_later)
			add_letter(dialect, dialect->bits[bit]);
}

void dialect_init(struct dialect *dialect, enum dialect_id id, const char *release)
{
	struct kernel_version version = kernel_version_parse(release);

	*dialect = (struct dialect){
		.id = id,
		.has_build = has_build(id, &version),
		.is_ubuntus = is_ubuntus(release),
	};
	dialect->version = dialect->has_build ? version : newest(id);
	add_facts(dialect, true);
	add_facts(dialect, false);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (dialect->bits[bit])
			add_bit(dialect, bit);
	add_letters(dialect, true);
	add_letters(dialect, false);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (facts[i].bit == TAINT_NO_BIT && taint_fact_holds(&facts[i], dialect))
			add_letter(dialect, &facts[i]);
}

const struct taint_fact *dialect_facts(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(facts);
	return facts;
}

const char *taint_fact_meaning(const struct taint_fact *fact)
{
	return fact->or_unsigned
	               ? "module loaded by force, or module whose signature the "
	                 "kernel could not verify"
	               : taint_meaning(fact->taint);
}

unsigned int dialect_bit(const struct dialect *dialect, enum taint taint)
{
	unsigned int bit = 0;

	while (bit < TAINT_NO_BIT &&
	       (!dialect->bits[bit] || dialect->bits[bit]->taint != taint))
		bit++;
	return bit;
}

uint64_t dialect_letters_bits(const struct dialect *dialect, struct taint_letters letters)
{
	uint64_t bits = 0;

	while (dialect && !taint_letters_is_empty(&letters)) {
		const struct taint_fact *fact =
			dialect->letters[(unsigned char)taint_letters_pop(&letters)];

		if (fact && fact->bit != TAINT_NO_BIT)
			bits |= UINT64_C(1) << fact->bit;
	}
	return bits;
}

void dialect_letters_write(const struct dialect *dialect, struct taint_letters letters,
                           struct text *text)
{
	struct {
		char letter;
		uint8_t bit;
	} sorted[128];
	size_t count = 0;

	while (!taint_letters_is_empty(&letters)) {
		char letter = taint_letters_pop(&letters);
		const struct taint_fact *fact =
			dialect ? dialect->letters[(unsigned char)letter] : NULL;
		uint8_t bit = fact ? fact->bit : TAINT_NO_BIT;
		size_t at = count++;

		for (; at > 0 && sorted[at - 1].bit > bit; at--)
			sorted[at] = sorted[at - 1];
		sorted[at].letter = letter;
		sorted[at].bit = bit;
	}
	for (size_t i = 0; i < count; i++)
		text_add_char(text, sorted[i].letter);
}
