/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * The table of facts, and the choice of the dialect. Pure: reads strings, not files.
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
/* clang-format on */

/*
 * Later rows win over earlier ones. Rows that hold everywhere are mainline's; a vendor's
 * kernel has those that its base version had, the mainline dialect has all of them.
 */
static const struct taint_fact facts[] = {
	/* taint, bit, letter, dialects, since, until, source */
	{ TAINT_PROPRIETARY_MODULE, 0, 'P', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_FORCED_MODULE, 1, 'F', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_CPU_OUT_OF_SPEC, 2, 'S', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_FORCED_RMMOD, 3, 'R', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_MACHINE_CHECK, 4, 'M', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_BAD_PAGE, 5, 'B', EVERYWHERE, ALWAYS, ALWAYS, "panic.c 6.12" },
	{ TAINT_USER, 6, 'U', EVERYWHERE, RELEASE(2, 6, 21), ALWAYS, "panic.c 6.12" },
	{ TAINT_DIE, 7, 'D', EVERYWHERE, RELEASE(2, 6, 25), ALWAYS, "panic.c 6.12" },
	{ TAINT_OVERRIDDEN_ACPI_TABLE, 8, 'A', EVERYWHERE, RELEASE(2, 6, 25), ALWAYS,
	  "panic.c 6.12" },
	{ TAINT_WARN, 9, 'W', EVERYWHERE, RELEASE(2, 6, 26), ALWAYS, "panic.c 6.12" },
	{ TAINT_CRAP, 10, 'C', EVERYWHERE, RELEASE(2, 6, 28), ALWAYS, "panic.c 6.12" },
	{ TAINT_FIRMWARE_WORKAROUND, 11, 'I', EVERYWHERE, RELEASE(2, 6, 35), ALWAYS,
	  "panic.c 6.12" },
	{ TAINT_OOT_MODULE, 12, 'O', EVERYWHERE, RELEASE(3, 2), ALWAYS, "panic.c 6.12" },
	{ TAINT_UNSIGNED_MODULE, 13, 'E', EVERYWHERE, RELEASE(3, 15), ALWAYS,
	  "panic.c 6.12" },
	{ TAINT_SOFTLOCKUP, 14, 'L', EVERYWHERE, RELEASE(3, 17), ALWAYS, "panic.c 6.12" },
	{ TAINT_LIVEPATCH, 15, 'K', EVERYWHERE, RELEASE(4, 0), ALWAYS, "panic.c 6.12" },
	{ TAINT_AUX, 16, 'X', NOT_ON(SUSE), RELEASE(4, 15), ALWAYS, "panic.c 6.12" },
	{ TAINT_RANDSTRUCT, 17, 'T', EVERYWHERE, RELEASE(4, 17), ALWAYS, "panic.c 6.12" },
	{ TAINT_TEST, 18, 'N', EVERYWHERE, RELEASE(6, 0), ALWAYS, "panic.c 6.12" },
	{ TAINT_FWCTL, 19, 'J', EVERYWHERE, RELEASE(6, 15), ALWAYS,
	  "include/linux/panic.h 6.17" },

	{ TAINT_UNSIGNED_MODULE, 6, 'U', ON(RHEL5), RELEASE(2, 6, 18, 92), ALWAYS,
	  "el5" },
	{ TAINT_TECH_PREVIEW, 29, 'T', ON(RHEL5), RELEASE(2, 6, 18, 274), ALWAYS, "el5" },

	{ TAINT_FIRMWARE_WORKAROUND, 11, 'I', ON(RHEL6), RELEASE(2, 6, 32, 131), ALWAYS,
	  "el6" },
	{ TAINT_SOFTLOCKUP, 14, 'L', ON(RHEL6), RELEASE(2, 6, 32, 754, 35, 1), ALWAYS,
	  "el6" },
	{ TAINT_BIT_BY_ZOMBIE, 27, 'Z', ON(RHEL6), RELEASE(2, 6, 32, 279), ALWAYS,
	  "el6" },
	{ TAINT_HARDWARE_UNSUPPORTED, 28, 'H', ON(RHEL6), ALWAYS, ALWAYS, "el6" },
	{ TAINT_TECH_PREVIEW, 29, 'T', ON(RHEL6), RELEASE(2, 6, 32, 131), ALWAYS, "el6" },
	{ TAINT_UNSIGNED_MODULE, TAINT_NO_BIT, 'U', ON(RHEL6), ALWAYS, ALWAYS, "el6" },

	{ TAINT_UNSIGNED_MODULE, 13, 'E', ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS,
	  "el7" },
	{ TAINT_SOFTLOCKUP, 14, 'L', ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS, "el7" },
	{ TAINT_LIVEPATCH, 15, 'K', ON(RHEL7), RELEASE(3, 10, 0, 327), ALWAYS, "el7" },
	{ TAINT_HARDWARE_UNSUPPORTED, 28, 'H', ON(RHEL7), ALWAYS, ALWAYS, "el7" },
	{ TAINT_TECH_PREVIEW, 29, 'T', ON(RHEL7), ALWAYS, ALWAYS, "el7" },

	{ TAINT_TECH_PREVIEW, 16, 'X', ON(RHEL8), RELEASE(4, 18, 0, 372), ALWAYS, "el8" },
	{ TAINT_SUPPORT_REMOVED, 27, 'r', ON(RHEL8), ALWAYS, ALWAYS, "el8" },
	{ TAINT_TECH_PREVIEW, 29, 't', ON(RHEL8), ALWAYS, ALWAYS, "el8" },
	{ TAINT_UNPRIVILEGED_BPF, 30, 'u', ON(RHEL8), ALWAYS, ALWAYS, "el8" },

	{ TAINT_TEST, 18, 'N', ON(RHEL9), RELEASE(5, 14, 0, 362), ALWAYS, "el9" },
	{ TAINT_PARTNER_SUPPORTED, 26, 'p', ON(RHEL9), RELEASE(5, 14, 0, 284), ALWAYS,
	  "el9" },
	{ TAINT_TECH_PREVIEW, 16, 'X', ON(RHEL9), ALWAYS, ALWAYS, "el9" },
	{ TAINT_SUPPORT_REMOVED, 27, 'h', ON(RHEL9), ALWAYS, ALWAYS, "el9" },
	{ TAINT_UNPRIVILEGED_BPF, 31, 'u', ON(RHEL9), ALWAYS, ALWAYS, "el9" },

	{ TAINT_TECH_PREVIEW, 16, 'X', ON(RHEL10), ALWAYS, ALWAYS, "el10" },
	{ TAINT_PARTNER_SUPPORTED, 26, 'p', ON(RHEL10), ALWAYS, ALWAYS, "el10" },
	{ TAINT_SUPPORT_REMOVED, 27, 'h', ON(RHEL10), ALWAYS, ALWAYS, "el10" },
	{ TAINT_UNPRIVILEGED_BPF, 31, 'u', ON(RHEL10), ALWAYS, ALWAYS, "el10" },

	{ TAINT_NO_SUPPORT, TAINT_NO_BIT, 'U', ON(SUSE), ALWAYS, RELEASE(2, 6, 25),
	  "suse.com/support/kb/doc/?id=000016321" },
	{ TAINT_NO_SUPPORT, 30, 'N', ON(SUSE), RELEASE(3, 0), RELEASE(5, 3),
	  "supported-flag" },
	{ TAINT_EXTERNAL_SUPPORT, 31, 'X', ON(SUSE), RELEASE(3, 0), RELEASE(5, 3),
	  "supported-flag" },
	{ TAINT_EXTERNAL_SUPPORT, 16, 'X', ON(SUSE), RELEASE(5, 3), ALWAYS,
	  "supported-flag" },
	{ TAINT_NO_SUPPORT, 31, 'N', ON(SUSE), RELEASE(5, 3), RELEASE(6, 0),
	  "supported-flag" },
	{ TAINT_NO_SUPPORT, 31, 'n', ON(SUSE), RELEASE(6, 0), ALWAYS, "supported-flag" },
};

/* base: the kernel version that every release of the dialect starts with; 0.0.0: any. */
static const struct {
	const char *name;
	struct kernel_version base;
	const char *token; /* what names the vendor in the release */
} dialects[] = {
	[DIALECT_MAINLINE] = { "mainline", ALWAYS, NULL },
	[DIALECT_RHEL5] = { "rhel5", RELEASE(2, 6, 18), ".el5" },
	[DIALECT_RHEL6] = { "rhel6", RELEASE(2, 6, 32), ".el6" },
	[DIALECT_RHEL7] = { "rhel7", RELEASE(3, 10, 0), ".el7" },
	[DIALECT_RHEL8] = { "rhel8", RELEASE(4, 18, 0), ".el8" },
	[DIALECT_RHEL9] = { "rhel9", RELEASE(5, 14, 0), ".el9" },
	[DIALECT_RHEL10] = { "rhel10", RELEASE(6, 12, 0), ".el10" },
	[DIALECT_SUSE] = { "suse", ALWAYS, NULL },
};
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

/* The numbers at the start, separated by one '.' or '-' each. */
struct kernel_version kernel_version_parse(const char *release)
{
	struct kernel_version version = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(version.part); i++) {
		if (*release < '0' || *release > '9')
			break;
		for (; *release >= '0' && *release <= '9'; release++)
			if (__builtin_mul_overflow(version.part[i], 10,
			                           &version.part[i]) ||
			    __builtin_add_overflow(version.part[i],
			                           (uint32_t)(*release - '0'),
			                           &version.part[i])) {
				version.part[i] = UINT32_MAX;
				return version;
			}
		if (*release != '.' && *release != '-')
			break;
		release++;
	}
	return version;
}

int kernel_version_compare(const struct kernel_version *a, const struct kernel_version *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->part); i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

bool kernel_version_is_zero(const struct kernel_version *version)
{
	return kernel_version_compare(version, &(struct kernel_version)ALWAYS) == 0;
}

void kernel_version_write(const struct kernel_version *version, struct text *text)
{
	static const char separators[] = "..-..";
	size_t count = ARRAY_SIZE(version->part);

	if (kernel_version_is_zero(version))
		return;
	while (count > 2 && !version->part[count - 1])
		count--;
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_add_char(text, separators[i - 1]);
		text_add_number(text, version->part[i]);
	}
}

static bool version_has_base(const struct kernel_version *version,
                             const struct kernel_version *base)
{
	return memcmp(version->part, base->part, 3 * sizeof(base->part[0])) == 0;
}

/* Others than Red Hat build for its distribution; theirs are mainline kernels. */
static const char *const foreign_builders[] = { "uek", "elrepo" };

/*
 * "2.6.18-194.el5PAE", "4.18.0-372.9.1.el8.x86_64", "5.14.0-70.13.1.el9_0.x86_64": the
 * vendor's token behind the vendor's base version.
 */
static bool is_rhel(enum dialect_id id, const char *release)
{
	struct kernel_version version = kernel_version_parse(release);
	const char *token, *rest;

	if (!version_has_base(&version, &dialects[id].base))
		return false;
	token = strstr(release, dialects[id].token);
	if (!token)
		return false;
	rest = token + strlen(dialects[id].token);
	for (size_t i = 0; i < ARRAY_SIZE(foreign_builders); i++)
		if (strstr(rest, foreign_builders[i]))
			return false;
	return *rest < '0' || *rest > '9';
}

/*
 * "5.14.21-150500.55.52-default" is SUSE's, whoever built it; of the other flavours the
 * build host in /proc/version tells. kernel-vanilla lacks the support patches.
 */
static bool is_suse(const char *release, const char *version)
{
	size_t length = strcspn(release, "\n");
	const char *flavour = memrchr(release, '-', length);

	if (!flavour)
		return false;
	length -= (size_t)(flavour - release);
	if (length == strlen("-default") && strncmp(flavour, "-default", length) == 0)
		return true;
	return strstr(version, "(geeko@buildhost)") &&
	       strncmp(flavour, "-vanilla", strlen("-vanilla")) != 0;
}

enum dialect_id dialect_choose(const char *release, const char *version)
{
	for (enum dialect_id id = DIALECT_RHEL5; id <= DIALECT_RHEL10; id++)
		if (is_rhel(id, release))
			return id;
	return is_suse(release, version) ? DIALECT_SUSE : DIALECT_MAINLINE;
}

static bool fact_holds(const struct taint_fact *fact, enum dialect_id id,
                       const struct kernel_version *version)
{
	if (!(fact->dialects & (1u << id)))
		return false;
	if (id == DIALECT_MAINLINE)
		return true;
	return kernel_version_compare(&fact->since, version) <= 0 &&
	       (kernel_version_is_zero(&fact->until) ||
	        kernel_version_compare(version, &fact->until) < 0);
}

/* On a module a letter is that of a taint a module can carry, if there is one. */
static void dialect_add(struct dialect *dialect, const struct taint_fact *fact)
{
	const struct taint_fact **letter = &dialect->letters[(unsigned char)fact->letter];

	if (!*letter || taint_is_module_taint(fact->taint))
		*letter = fact;
	if (fact->bit == TAINT_NO_BIT)
		return;
	dialect->known_bits |= UINT64_C(1) << fact->bit;
	if (taint_is_module_taint(fact->taint))
		dialect->module_bits |= UINT64_C(1) << fact->bit;
}

void dialect_init(struct dialect *dialect, enum dialect_id id, const char *release)
{
	struct kernel_version version = kernel_version_parse(release);

	if (!kernel_version_is_zero(&dialects[id].base)
	            ? !version_has_base(&version, &dialects[id].base)
	            : kernel_version_is_zero(&version)) {
		version = dialects[id].base;
		for (size_t i = kernel_version_is_zero(&version) ? 0 : 3;
		     i < ARRAY_SIZE(version.part); i++)
			version.part[i] = UINT32_MAX;
	}

	*dialect = (struct dialect){ .id = id, .version = version };
	for (const struct taint_fact *fact = facts; fact < facts + ARRAY_SIZE(facts);
	     fact++)
		if (fact->bit != TAINT_NO_BIT && fact_holds(fact, id, &version))
			dialect->bits[fact->bit] = fact;
	for (size_t bit = 0; bit < ARRAY_SIZE(dialect->bits); bit++)
		if (dialect->bits[bit])
			dialect_add(dialect, dialect->bits[bit]);
	for (const struct taint_fact *fact = facts; fact < facts + ARRAY_SIZE(facts);
	     fact++)
		if (fact->bit == TAINT_NO_BIT && fact_holds(fact, id, &version))
			dialect_add(dialect, fact);
}

const struct taint_fact *dialect_facts(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(facts);
	return facts;
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
