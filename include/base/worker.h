/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that does jobs, one after another, for a loop that must not wait.
 *
 * The loop adds jobs and takes them back when they are done; an eventfd tells it when.
 * A thread that hangs in a job can be replaced: whatever it does later is lost.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker; /* opaque */

/* The first member of the caller's job, which is the worker's while it is there. */
struct worker_job {
	struct worker_job *next;
};

struct worker_kind {
	void (*begin)(void *context); /* the first thing in the thread; NULL: nothing */
	void (*run)(void *context, struct worker_job *job);       /* in the thread */
	struct worker_job *(*copy)(const struct worker_job *job); /* to run it anew */
	void (*free)(struct worker_job *job);
	void (*end)(void *context); /* the last thing in the thread; NULL: nothing */
};

/*
 * Starts the thread. EVENT_FD, an eventfd that does not block, is borrowed; it is
 * readable as long as worker_take() has something. CONTEXT is the thread's until it ends.
 * 0 or -errno: then it is the caller's.
 */
int worker_new(const struct worker_kind *kind, void *context, int event_fd,
               struct worker **ret_worker);

/*
 * Ends the thread after its job, which gets a second at most: then the thread is left to
 * itself, and frees what is its own when it comes back. Frees all jobs. Takes NULL.
 */
struct worker *worker_free(struct worker *worker);

void worker_add(struct worker *worker, struct worker_job *job);

/*
 * As worker_add(), and waits until DEADLINE (clock_monotonic()) for JOB, which saves the
 * way round through the event. True: it is done, and the caller's.
 */
bool worker_wait(struct worker *worker, struct worker_job *job, uint64_t deadline);

/* A job that is done, now the caller's, in the order they were added; NULL: none is. */
struct worker_job *worker_take(struct worker *worker);

/*
 * Gives up the thread of *WORKER: another one, with CONTEXT, begins the job at work anew
 * from a copy and then does the others. 0 or -errno: then nothing has changed.
 */
int worker_replace(struct worker **worker, void *context);
