/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread as seen by its loop: which job comes back when, by which way, and who frees
 * it. What hangs for good is shown by tests/e2e/test_hangs.py.
 */
#include "base/worker.h"

#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"

#define SECONDS_MS 30000

struct task {
	struct worker_job job;
	int number;
	bool hangs; /* until it is released, but not its copy */
	bool is_run;
};

static sem_t released, entered;
static atomic_int begun, ended, freed;
static int event = -1;
static char first_context, second_context;
static _Atomic(void *) last_context;

static void begin(void *context)
{
	last_context = context;
	begun++;
}

static void run(void *context, struct worker_job *job)
{
	struct task *task = (struct task *)job;

	last_context = context;
	if (task->hangs) {
		sem_post(&entered);
		sem_wait(&released);
	}
	task->is_run = true;
}

static struct worker_job *copy(const struct worker_job *job)
{
	struct task *other = calloc(1, sizeof(*other));

	if (other)
		other->number = ((const struct task *)job)->number;
	return other ? &other->job : NULL;
}

static void free_task(struct worker_job *job)
{
	freed++;
	free(job);
}

static void end(void *context)
{
	(void)context;
	ended++;
}

static const struct worker_kind kind = { begin, run, copy, free_task, end };

static struct worker *worker;

static int setup(void **state)
{
	(void)state;
	begun = ended = freed = 0;
	sem_init(&released, 0, 0);
	sem_init(&entered, 0, 0);
	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return worker_new(&kind, &first_context, event, &worker);
}

static int teardown(void **state)
{
	(void)state;
	worker = worker_free(worker);
	close_descriptor(&event);
	sem_destroy(&entered);
	sem_destroy(&released);
	return 0;
}

static struct worker_job *task_new(int number, bool hangs)
{
	struct task *task = calloc(1, sizeof(*task));

	assert_non_null(task);
	task->number = number;
	task->hangs = hangs;
	return &task->job;
}

static bool is_readable(int timeout)
{
	struct pollfd fd = { .fd = event, .events = POLLIN };

	return poll(&fd, 1, timeout) == 1;
}

/* The next one that is done, which is waited for. */
static void take(int number)
{
	struct worker_job *job;

	assert_true(is_readable(SECONDS_MS));
	job = worker_take(worker);
	assert_non_null(job);
	assert_true(((struct task *)job)->is_run);
	assert_int_equal(((struct task *)job)->number, number);
	free(job);
}

static void jobs_are_done_in_their_order(void **state)
{
	(void)state;
	assert_null(worker_take(worker));
	for (int i = 0; i < 100; i++)
		worker_add(worker, task_new(i, false));
	for (int i = 0; i < 100; i++)
		take(i);
	assert_null(worker_take(worker));
	assert_false(is_readable(0));
	assert_int_equal(begun, 1);
}

static void who_waits_needs_no_event(void **state)
{
	struct worker_job *job = task_new(7, false);

	(void)state;
	assert_true(worker_wait(worker, job, clock_monotonic() + 30 * CLOCK_SECOND));
	assert_true(((struct task *)job)->is_run);
	free(job);
	assert_false(is_readable(0));
	assert_null(worker_take(worker));
}

static void who_waits_in_vain_hears_by_the_event(void **state)
{
	(void)state;
	assert_false(worker_wait(worker, task_new(8, true), clock_monotonic()));
	assert_false(is_readable(0));
	sem_post(&released);
	take(8);
}

static void another_thread_begins_anew_what_hangs(void **state)
{
	(void)state;
	worker_add(worker, task_new(1, false));
	assert_true(is_readable(SECONDS_MS));
	worker_add(worker, task_new(2, true));
	worker_add(worker, task_new(3, false));
	sem_wait(&entered);
	assert_int_equal(worker_replace(&worker, &second_context), 0);
	take(1);
	take(2);
	take(3);
	assert_ptr_equal(last_context, &second_context);
	assert_int_equal(ended, 0);
	/* The one that hung comes back, and takes its job along. */
	sem_post(&released);
	for (int i = 0; freed < 1 && i < SECONDS_MS; i++)
		poll(NULL, 0, 1);
	assert_int_equal(freed, 1);
	assert_int_equal(ended, 1);
	assert_false(is_readable(0));
}

static void the_end_frees_what_nobody_took(void **state)
{
	(void)state;
	worker_add(worker, task_new(1, false));
	assert_true(is_readable(SECONDS_MS));
	worker = worker_free(worker);
	assert_int_equal(freed, 1);
	assert_int_equal(ended, 1);
	assert_null(worker_free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(jobs_are_done_in_their_order),
		TEST(who_waits_needs_no_event),
		TEST(who_waits_in_vain_hears_by_the_event),
		TEST(another_thread_begins_anew_what_hangs),
		TEST(the_end_frees_what_nobody_took),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
