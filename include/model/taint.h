/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taints by meaning. Which bit and which letter say so depends on the kernel: dialect.h.
 *
 * Source: Documentation/admin-guide/tainted-kernels.rst and include/linux/panic.h of the
 * kernel; the vendors' own taints from their kernel sources (see dialect.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

/* The mainline ones stand at their mainline bit, 0 to 19; the vendors' follow. */
enum taint {
	TAINT_PROPRIETARY_MODULE,
	TAINT_FORCED_MODULE,
	TAINT_CPU_OUT_OF_SPEC,
	TAINT_FORCED_RMMOD,
	TAINT_MACHINE_CHECK,
	TAINT_BAD_PAGE,
	TAINT_USER,
	TAINT_DIE,
	TAINT_OVERRIDDEN_ACPI_TABLE,
	TAINT_WARN,
	TAINT_CRAP,
	TAINT_FIRMWARE_WORKAROUND,
	TAINT_OOT_MODULE,
	TAINT_UNSIGNED_MODULE,
	TAINT_SOFTLOCKUP,
	TAINT_LIVEPATCH,
	TAINT_AUX,
	TAINT_RANDSTRUCT,
	TAINT_TEST,
	TAINT_FWCTL,
	TAINT_TECH_PREVIEW,
	TAINT_SUPPORT_REMOVED,
	TAINT_PARTNER_SUPPORTED,
	TAINT_UNPRIVILEGED_BPF,
	TAINT_HARDWARE_UNSUPPORTED,
	TAINT_BIT_BY_ZOMBIE,
	TAINT_NO_SUPPORT,
	TAINT_EXTERNAL_SUPPORT,
	TAINT_COUNT,
};

/*
 * The value of the label `taint`: the kernel's constant in lower case without TAINT_,
 * the same for every distribution and version.
 */
const char *taint_slug(enum taint taint);

/* Appends the kernel's constant: "TAINT_OOT_MODULE". */
void taint_constant_write(enum taint taint, struct text *text);

/* What it says of a kernel, or of a module that carries it, in a few words. */
const char *taint_meaning(enum taint taint);

/* Who or what sets it, typically. */
const char *taint_setter(enum taint taint);

/* Causes of cpu_out_of_spec other than microcode older than the kernel's list. */
#define TAINT_CPU_OUT_OF_SPEC_SETTERS                                           \
	"late loading of microcode, a program that writes to MSRs, setcpuid=, " \
	"clearcpuid= or forcepae, or processors not made for SMP"

/* What sets it anew after a reboot, which clears every taint. */
enum taint_return {
	TAINT_RETURN_NEVER,  /* nothing by itself: it tells of an event */
	TAINT_RETURN_MODULE, /* loading the module that brought it */
	TAINT_RETURN_BOOT,   /* any boot, as long as kernel, machine and settings stay */
	TAINT_RETURN_BY_CAUSE, /* any boot, if it was set at boot (cause.h) */
};

enum taint_return taint_return(enum taint taint);

/*
 * A set of letters as modules carry them, in any order, each once: bit (c - '!') of the
 * number pair for the printable characters '!' to '~'.
 */
struct taint_letters {
	uint64_t half[2];
};

bool taint_letters_is_empty(const struct taint_letters *letters);
bool taint_letters_is_equal(const struct taint_letters *a, const struct taint_letters *b);

/* LETTER must be one that a set can have. */
bool taint_letters_has(const struct taint_letters *letters, char letter);
void taint_letters_add(struct taint_letters *letters, char letter);

/* The union of A and B, and the letters of A that are not in B. */
struct taint_letters taint_letters_join(const struct taint_letters *a,
                                        const struct taint_letters *b);
struct taint_letters taint_letters_without(const struct taint_letters *a,
                                           const struct taint_letters *b);

/*
 * Takes the lowest letter out of a set that is not empty, so that a loop over
 * taint_letters_is_empty() sees each letter once, in ASCII order.
 */
char taint_letters_pop(struct taint_letters *letters);

/*
 * Adds the letters of "POE", as /sys/module/X/taint and the parentheses of /proc/modules
 * have them (kernel/module/main.c, module_flags_taint). '+' and '-' say that the module
 * is loading or unloading and are no letters; a doubled letter (SUSE: "OEXX") counts
 * once. 0, or -EBADMSG with LETTERS unchanged if a byte is no printable ASCII character
 * or a parenthesis.
 */
int taint_letters_parse(const char *string, size_t length, struct taint_letters *letters);
