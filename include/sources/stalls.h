/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose reading hangs: a dead FUSE server, a network that is gone, a lock that an
 * oopsed task took with it. Nothing can interrupt such a read; but the threads that come
 * after the one that hangs need not follow it.
 *
 * A file that hangs is refused until it answers. When a second one of its root hangs, all
 * of the root is, so that a root that is dead costs two threads and not one per file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define STALLS_ROOTS 8

struct stalls; /* opaque; shared by threads, and counts its holders */

/* What one thread does now; zeroed at first, and cleared by stalls_place_clear(). */
struct stall_place {
	struct text path;
	unsigned int root;
	bool is_inside;
	bool is_stalled;
	bool is_given_up; /* it stalled once: nobody waits for what it does */
	uint64_t steps;   /* how often it went in */
	struct stall_place *next;
};

/* 0 or -ENOMEM. A thread that hangs may come back at any time: so each holds them. */
int stalls_new(struct stalls **ret_stalls);
struct stalls *stalls_hold(struct stalls *stalls);
struct stalls *stalls_free(struct stalls *stalls); /* takes NULL */

void stall_place_clear(struct stall_place *place);

/*
 * PLACE's thread is about to touch PATH below ROOT: 0, and stalls_leave() has to follow;
 * -ETIMEDOUT: it must not, for that hangs.
 */
int stalls_enter(struct stalls *stalls, struct stall_place *place, unsigned int root,
                 const char *path);
void stalls_leave(struct stalls *stalls, struct stall_place *place);

/* Of any thread: how often PLACE went in, if it is inside; else 0. */
uint64_t stalls_steps(struct stalls *stalls, struct stall_place *place);

/*
 * Of any thread: if PLACE is still where it went in for the STEPSth time, what it touches
 * is refused from now on until it answers, PLACE may touch nothing else any more, and the
 * file's name is appended to PATH. Else false.
 */
bool stalls_declare(struct stalls *stalls, struct stall_place *place, uint64_t steps,
                    struct text *path);
