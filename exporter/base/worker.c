/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that does jobs. Knows who owns a job when; must not know what the job is.
 *
 * The lock guards the lists, current and the flags. A thread that was given up owns its
 * worker.
 */
#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/clock.h"

#define STACK_BYTES ((size_t)1 << 20)

/* How long the end waits for the thread. */
#define END_PATIENCE CLOCK_SECOND

struct jobs {
	struct worker_job *first, *last;
};

struct worker {
	const struct worker_kind *kind;
	void *context;
	int event_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;  /* for the thread, and for its end */
	pthread_cond_t finished; /* the job that is awaited */
	struct jobs waiting, done;
	struct worker_job *current, *awaited;
	bool has_to_end, has_ended, is_given_up;
};

static void push(struct jobs *jobs, struct worker_job *job)
{
	job->next = NULL;
	*(jobs->last ? &jobs->last->next : &jobs->first) = job;
	jobs->last = job;
}

static struct worker_job *pop(struct jobs *jobs)
{
	struct worker_job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = NULL;
	return job;
}

static void free_jobs(const struct worker *worker, struct jobs *jobs)
{
	for (struct worker_job *job = pop(jobs); job; job = pop(jobs))
		worker->kind->free(job);
}

/* When the thread has ended, or never began. */
static void free_parts(struct worker *worker)
{
	free_jobs(worker, &worker->waiting);
	free_jobs(worker, &worker->done);
	if (worker->current)
		worker->kind->free(worker->current);
	pthread_cond_destroy(&worker->finished);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/*
 * With the lock: the job at work is done. Who is woken wants the lock, so it is free
 * then.
 */
static void hand_over(struct worker *worker)
{
	struct worker_job *job = worker->current;

	worker->current = NULL;
	if (worker->awaited != job) {
		push(&worker->done, job);
		eventfd_write(worker->event_fd, 1);
		return;
	}
	worker->awaited = NULL;
	pthread_mutex_unlock(&worker->lock);
	pthread_cond_signal(&worker->finished);
	pthread_mutex_lock(&worker->lock);
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	bool is_given_up;

	if (worker->kind->begin)
		worker->kind->begin(worker->context);
	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (!worker->waiting.first && !worker->has_to_end)
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (worker->has_to_end)
			break;
		worker->current = pop(&worker->waiting);
		pthread_mutex_unlock(&worker->lock);

		worker->kind->run(worker->context, worker->current);

		pthread_mutex_lock(&worker->lock);
		if (worker->is_given_up)
			break;
		hand_over(worker);
	}
	is_given_up = worker->is_given_up;
	if (is_given_up)
		pthread_mutex_unlock(&worker->lock);
	if (worker->kind->end)
		worker->kind->end(worker->context);
	if (is_given_up) {
		free_parts(worker);
		return NULL;
	}
	worker->has_ended = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static int start(struct worker *worker)
{
	pthread_condattr_t condition;
	pthread_attr_t attributes;
	int r;

	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&condition);
	pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->changed, &condition);
	pthread_cond_init(&worker->finished, &condition);
	pthread_condattr_destroy(&condition);

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	r = pthread_create(&worker->thread, &attributes, run, worker);
	pthread_attr_destroy(&attributes);
	return -r;
}

int worker_new(const struct worker_kind *kind, void *context, int event_fd,
               struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	worker->kind = kind;
	worker->context = context;
	worker->event_fd = event_fd;
	r = start(worker);
	if (r < 0) {
		free_parts(worker);
		return r;
	}
	*ret_worker = worker;
	return 0;
}

/* With the lock, which it gives up: from here on the thread is alone. */
static void give_up(struct worker *worker)
{
	worker->is_given_up = worker->has_to_end = true;
	pthread_detach(worker->thread);
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static struct timespec time_of(uint64_t deadline)
{
	return (struct timespec){
		.tv_sec = (time_t)(deadline / CLOCK_SECOND),
		.tv_nsec = (long)(deadline % CLOCK_SECOND),
	};
}

struct worker *worker_free(struct worker *worker)
{
	const struct timespec time = time_of(clock_monotonic() + END_PATIENCE);
	int r = 0;

	if (!worker)
		return NULL;
	pthread_mutex_lock(&worker->lock);
	worker->has_to_end = true;
	pthread_cond_signal(&worker->changed);
	while (!worker->has_ended && r == 0)
		r = pthread_cond_timedwait(&worker->changed, &worker->lock, &time);
	if (!worker->has_ended) {
		give_up(worker);
		return NULL;
	}
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	free_parts(worker);
	return NULL;
}

void worker_add(struct worker *worker, struct worker_job *job)
{
	pthread_mutex_lock(&worker->lock);
	push(&worker->waiting, job);
	pthread_mutex_unlock(&worker->lock);
	pthread_cond_signal(&worker->changed);
}

bool worker_wait(struct worker *worker, struct worker_job *job, uint64_t deadline)
{
	const struct timespec time = time_of(deadline);
	bool is_done;
	int r = 0;

	pthread_mutex_lock(&worker->lock);
	push(&worker->waiting, job);
	worker->awaited = job;
	pthread_mutex_unlock(&worker->lock);
	pthread_cond_signal(&worker->changed);
	pthread_mutex_lock(&worker->lock);
	while (worker->awaited && r == 0)
		r = pthread_cond_timedwait(&worker->finished, &worker->lock, &time);
	is_done = !worker->awaited;
	worker->awaited = NULL;
	pthread_mutex_unlock(&worker->lock);
	return is_done;
}

struct worker_job *worker_take(struct worker *worker)
{
	struct worker_job *job;
	eventfd_t count;

	pthread_mutex_lock(&worker->lock);
	job = pop(&worker->done);
	if (job && !worker->done.first)
		eventfd_read(worker->event_fd, &count);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

/* With the locks of both: what is not done goes over to NEW, and what is done, too. */
static void move_jobs(struct worker *old, struct worker *new, struct worker_job *copy)
{
	if (copy)
		push(&new->waiting, copy);
	for (struct worker_job *job = pop(&old->waiting); job; job = pop(&old->waiting))
		push(&new->waiting, job);
	for (struct worker_job *job = pop(&old->done); job; job = pop(&old->done))
		push(&new->done, job);
}

int worker_replace(struct worker **worker, void *context)
{
	struct worker *old = *worker, *new = NULL;
	struct worker_job *copy = NULL;
	int r = 0;

	pthread_mutex_lock(&old->lock);
	if (old->current) {
		copy = old->kind->copy(old->current);
		r = copy ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = worker_new(old->kind, context, old->event_fd, &new);
	if (r < 0) {
		pthread_mutex_unlock(&old->lock);
		if (copy)
			old->kind->free(copy);
		return r;
	}
	pthread_mutex_lock(&new->lock);
	move_jobs(old, new, copy);
	pthread_cond_signal(&new->changed);
	pthread_mutex_unlock(&new->lock);
	give_up(old);
	*worker = new;
	return 0;
}
