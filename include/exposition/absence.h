/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why readings are absent, in words; and the readings that can be hidden from a process.
 */
#pragma once

#include "model/snapshot.h"

const char *absence_name(enum absence absence);  /* for programs */
const char *absence_words(enum absence absence); /* for people */

/* A reading that can be hidden from this process. */
struct concealable {
	const char *name; /* the value of the label `reading` */
	const struct reading *reading;
};

#define CONCEALABLE_COUNT 2

/* The readings of SNAPSHOT that can be hidden, which is borrowed, sorted by name. */
void concealables_find(const struct snapshot *snapshot,
                       struct concealable ret_concealables[CONCEALABLE_COUNT]);
