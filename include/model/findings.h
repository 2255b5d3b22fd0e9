/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from a snapshot: pure judgement, no reading and no printing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/module_file.h"

struct dialect;
struct snapshot;
struct module_record;
struct unloaded_record;

/* A tainting module that is gone: one series. */
struct unloaded_finding {
	const struct unloaded_record *record; /* the first of those that look the same */
	const char *flags;                    /* its letters as the kernel orders them */
	uint64_t count;                       /* of all of them */
};

struct findings {
	/* Loaded modules that carry the taint; a module may count in several. */
	size_t tainting; /* any letter at all */
	size_t proprietary;
	size_t out_of_tree;
	size_t unsigned_modules;

	uint64_t carried;      /* the bits that loaded modules carry */
	uint64_t unexplained;  /* bits a module can carry: in both masks, on no module */
	uint64_t contradicted; /* bits the mask has if a module carries them, and lacks */

	size_t hidden;      /* sysfs shows them as loaded, /proc/modules does not */
	size_t disagreeing; /* sysfs and /proc/modules give them different letters */

	/* The tainting modules, sorted by the clean form of their names (utf8.h). */
	const struct module_record **sorted;

	/* Those whose files are told of, sorted likewise: the tainting ones, or all. */
	const struct module_record **described;
	size_t described_count;

	size_t files[MODULE_SIGNATURE_COUNT]; /* modules by what their files hold */

	/* Those that are gone, sorted by the clean form of their names and by flags. */
	struct unloaded_finding *unloaded;
	size_t unloaded_count;
	struct text unloaded_flags; /* where the flags are */
};

/*
 * Judges SNAPSHOT in DIALECT; with DESCRIBES_EVERY all modules are described. What it
 * says of modules, of the mask or of sysfs means nothing where the snapshot marks that
 * source as failed. DIALECT may be NULL when the kernel is not known: then nothing that
 * depends on a meaning is filled in. 0 or -ENOMEM. The snapshot must outlive the
 * findings.
 */
int findings_init(struct findings *findings, const struct snapshot *snapshot,
                  const struct dialect *dialect, bool describes_every);
void findings_clear(struct findings *findings);
