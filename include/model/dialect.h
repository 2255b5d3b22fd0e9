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

#include "model/kernel_version.h"
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

/* The scope of a fact. */
enum taint_scope {
	TAINT_OF_KERNEL,       /* no module carries the letter */
	TAINT_OF_MODULE,       /* a module that carries it also taints the kernel */
	TAINT_OF_MODULE_ALONE, /* a module may carry it without tainting the kernel */
};

/* One fact: on these kernels this bit, or this letter on a module, is this taint. */
struct taint_fact {
	enum taint taint;
	enum taint_scope scope;
	uint16_t dialects; /* set of 1 << enum dialect_id */
	uint8_t bit;       /* 0 to 63, or TAINT_NO_BIT */
	char letter;
	bool or_unsigned; /* also set for a module whose signature was not verified */
	bool is_ubuntus;  /* of Ubuntu's kernels of these releases only */
	struct kernel_version since; /* first release with it; all zero: from the start */
	struct kernel_version until; /* first release without it; all zero: still so */
	const char *source;          /* where it was read */
	const char *note;            /* a doubt about it; NULL: none */
};

/* The facts that hold for one kernel. Points into a static table; nothing to free. */
struct dialect {
	enum dialect_id id;
	bool has_build;                    /* the release told which facts hold */
	bool is_ubuntus;                   /* by the flavour in the release */
	struct kernel_version version;     /* that the facts were chosen by */
	const struct taint_fact *bits[64]; /* NULL: this kernel does not know the bit */
	const struct taint_fact *letters[128]; /* by ASCII letter, as modules carry it */
	uint64_t known_bits;
	uint64_t module_bits; /* those that a module can carry */
	uint64_t mask_bits;   /* of these, those that the mask has if a module does */
};

/* The value of the label `dialect`: "mainline", "rhel5" … "rhel10", "suse". */
const char *dialect_name(enum dialect_id id);

/* False if there is no dialect of that name. */
bool dialect_name_parse(const char *name, enum dialect_id *ret_id);

/* Whether VERSION is of the kernel version that all releases of dialect ID start with. */
bool dialect_has_base(enum dialect_id id, const struct kernel_version *version);

/* Whether all releases of dialect ID, which starts with one version, are above VERSION.
 */
bool dialect_is_newer(enum dialect_id id, const struct kernel_version *version);

/*
 * Collects the facts of dialect ID for kernel RELEASE. A release that does not start with
 * the dialect's kernel version, or has no build number behind it, gets the facts of the
 * dialect's newest release.
 */
void dialect_init(struct dialect *dialect, enum dialect_id id, const char *release);

/* All facts, whatever kernel they hold for. */
const struct taint_fact *dialect_facts(size_t *ret_count);

/* Whether FACT is one of that kernel's own; a later fact may replace it (dialect_init()).
 */
bool taint_fact_holds(const struct taint_fact *fact, const struct dialect *dialect);

/* The meaning of the taint, with other causes of the same bit. */
const char *taint_fact_meaning(const struct taint_fact *fact);

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
