/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes of taints that no module carries, where a reading of the posture tells one.
 */
#pragma once

#include "model/taint.h"

struct snapshot;
struct text;

/* Why the kernel has a taint of its mask: a sentence; NULL if that is not known. */
const char *cause_find(enum taint taint, const struct snapshot *snapshot);

/*
 * Appends what may have set a taint, if a reading could tell and does not: a sentence;
 * nothing for any other taint.
 */
void cause_candidates_write(enum taint taint, const struct snapshot *snapshot,
                            struct text *text);
