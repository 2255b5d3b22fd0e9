/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialects: what a bit of the mask and a letter of a module mean on a given kernel.
 *
 * Vendors add taints of their own, move them between releases and reuse letters, so the
 * same number means different things: bit 29 is tech preview on RHEL 8.5 and reserved on
 * RHEL 9; 'N' is a missing support statement on SLE 15 SP5 and a test on SLE 15 SP6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/taint.h"

struct text;

enum dialect_id {
	DIALECT_MAINLINE,
	DIALECT_RHEL5,
	DIALECT_RHEL6,
	DIALECT_RHEL7,
	DIALECT_RHEL8,
	DIALECT_RHEL9,
	DIALECT_RHEL10,
	DIALECT_SUSE,
	DIALECT_COUNT,
};

/* A bit number that stands for "only a letter on a module, never in the mask". */
#define TAINT_NO_BIT 64

/*
 * A kernel release as numbers: "4.18.0-372.9.1.el8.x86_64" is { 4, 18, 0, 372, 9, 1 }.
 * What is missing is 0.
 */
struct kernel_version {
	uint32_t part[6];
};

struct kernel_version kernel_version_parse(const char *release);

/* Appends it as a kernel's release begins: "3.10.0-327"; nothing if all is 0. */
void kernel_version_write(const struct kernel_version *version, struct text *text);

bool kernel_version_is_zero(const struct kernel_version *version);

/* Negative, 0 or positive, as strcmp(). */
int kernel_version_compare(const struct kernel_version *a,
                           const struct kernel_version *b);

/* One fact: on these kernels this bit, or this letter on a module, is this taint. */
struct taint_fact {
	enum taint taint;
	uint8_t bit; /* 0 to 63, or TAINT_NO_BIT */
	char letter;
	uint16_t dialects;           /* set of 1 << enum dialect_id */
	struct kernel_version since; /* first release with it; all zero: from the start */
	struct kernel_version until; /* first release without it; all zero: still so */
	const char *source;          /* where it was read */
};

/* The facts that hold for one kernel. Points into a static table; nothing to free. */
struct dialect {
	enum dialect_id id;
	struct kernel_version version;     /* that the facts were chosen by */
	const struct taint_fact *bits[64]; /* NULL: this kernel does not know the bit */
	const struct taint_fact *letters[128]; /* by ASCII letter, as modules carry it */
	uint64_t known_bits;
	uint64_t module_bits; /* those that a module can carry */
};

/* The value of the label `dialect`: "mainline", "rhel5" … "rhel10", "suse". */
const char *dialect_name(enum dialect_id id);

/* False if there is no dialect of that name. */
bool dialect_name_parse(const char *name, enum dialect_id *ret_id);

/*
 * Chooses from the contents of /proc/sys/kernel/osrelease and /proc/version. VERSION may
 * be "": it only tells SUSE's flavours other than "default" from other kernels. What is
 * no vendor's own kernel (Oracle UEK, ELRepo, kernel-vanilla) is mainline.
 */
enum dialect_id dialect_choose(const char *release, const char *version);

/*
 * Collects the facts of dialect ID for kernel RELEASE. A release that does not start with
 * the dialect's kernel version (the user overrode the choice) gets the facts of its
 * newest release.
 */
void dialect_init(struct dialect *dialect, enum dialect_id id, const char *release);

/* All facts, whatever kernel they hold for. */
const struct taint_fact *dialect_facts(size_t *ret_count);

/* The bit that the mask of this kernel has for TAINT; TAINT_NO_BIT if there is none. */
unsigned int dialect_bit(const struct dialect *dialect, enum taint taint);

/* The bits of the mask that LETTERS stand for. DIALECT may be NULL: none. */
uint64_t dialect_letters_bits(const struct dialect *dialect,
                              struct taint_letters letters);

/*
 * Writes LETTERS in the order of their bits, as the kernel prints them since 4.10, and
 * those without a known bit behind them: "POE". DIALECT may be NULL: then in ASCII order.
 */
void dialect_letters_write(const struct dialect *dialect, struct taint_letters letters,
                           struct text *text);
