/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspector's thread. Knows who waits for whom; must not know what a file is.
 *
 * The lock guards next, current, the files and the state of the current request, and what
 * is said about the thread. The cache belongs to the thread alone.
 */
#include "sources/inspector.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "sources/file_cache.h"

#define STACK_BYTES ((size_t)1 << 20)

/* How long the end waits for the thread. */
#define END_PATIENCE CLOCK_SECOND

/* What one scrape asks for. */
struct request {
	struct text release;
	struct text names; /* each with a NUL behind it */
	size_t count;
	struct module_file **files; /* held, as far as they are known */
	bool is_done;
	int error; /* when it is done: 0, or why there are no files */
};

struct inspector {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked, answered;
	struct request *next, *current;
	bool is_late; /* a wait was in vain, and the thread has not caught up since */
	bool has_ended;
	atomic_bool stop;

	struct file_cache *cache;
	struct module_file *pending;
};

static struct request *request_free(struct request *request)
{
	if (!request)
		return NULL;
	for (size_t i = 0; request->files && i < request->count; i++)
		module_file_free(request->files[i]);
	free(request->files);
	text_clear(&request->release);
	text_clear(&request->names);
	free(request);
	return NULL;
}

static struct request *request_new(const struct snapshot *snapshot)
{
	const struct module_list *modules = &snapshot->modules;
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->count = modules->count;
	request->files = calloc(modules->count + 1, sizeof(struct module_file *));
	text_add_string(&request->release, text_string(&snapshot->release));
	for (size_t i = 0; i < modules->count; i++) {
		text_add(&request->names, modules->records[i].name,
		         modules->records[i].name_length);
		text_add(&request->names, "", 1);
	}
	if (!request->files || request->release.error || request->names.error)
		return request_free(request);
	return request;
}

/* False: there is no need to go on. */
static bool publish(struct inspector *inspector, struct request *request, size_t index,
                    struct module_file *file)
{
	bool goes_on;

	pthread_mutex_lock(&inspector->lock);
	if (file)
		request->files[index] = module_file_hold(file);
	goes_on = !inspector->next && !atomic_load(&inspector->stop);
	pthread_mutex_unlock(&inspector->lock);
	return goes_on;
}

/* Answers for the modules that are sought, or for the others. False: as publish(). */
static bool answer(struct inspector *inspector, struct request *request, bool is_sought)
{
	for (size_t i = 0; i < request->count; i++)
		if (file_cache_is_sought(inspector->cache, i) == is_sought &&
		    !publish(inspector, request, i,
		             file_cache_check(inspector->cache, i)))
			return false;
	return true;
}

/*
 * Answers a request, unless a newer one waits; last for the modules that are sought: a
 * file that is read only for them costs the others nothing. 0 or -errno.
 */
static int work(struct inspector *inspector, struct request *request)
{
	int r = file_cache_place(inspector->cache, text_string(&request->release),
	                         &request->names, request->count);
	bool goes_on = r == 0 && answer(inspector, request, false);

	while (goes_on && file_cache_search(inspector->cache))
		goes_on = publish(inspector, request, 0, NULL);
	if (goes_on)
		answer(inspector, request, true);
	file_cache_rest(inspector->cache);
	return r;
}

/* With the lock: the one who is woken wants it, so it is free meanwhile. */
static void signal_unlocked(struct inspector *inspector, pthread_cond_t *condition)
{
	pthread_mutex_unlock(&inspector->lock);
	pthread_cond_signal(condition);
	pthread_mutex_lock(&inspector->lock);
}

static void *run(void *argument)
{
	struct inspector *inspector = argument;

	pthread_mutex_lock(&inspector->lock);
	for (;;) {
		int r;

		while (!inspector->next && !atomic_load(&inspector->stop))
			pthread_cond_wait(&inspector->asked, &inspector->lock);
		if (atomic_load(&inspector->stop))
			break;
		request_free(inspector->current);
		inspector->current = inspector->next;
		inspector->next = NULL;
		pthread_mutex_unlock(&inspector->lock);

		r = work(inspector, inspector->current);

		pthread_mutex_lock(&inspector->lock);
		inspector->current->error = r;
		inspector->current->is_done = true;
		if (!inspector->next)
			inspector->is_late = false;
		signal_unlocked(inspector, &inspector->answered);
	}
	inspector->has_ended = true;
	pthread_cond_broadcast(&inspector->answered);
	pthread_mutex_unlock(&inspector->lock);
	return NULL;
}

/* Waits, with the lock, for what the thread says next. False: DEADLINE is over. */
static bool wait_answer(struct inspector *inspector, uint64_t deadline)
{
	const struct timespec time = {
		.tv_sec = (time_t)(deadline / CLOCK_SECOND),
		.tv_nsec = (long)(deadline % CLOCK_SECOND),
	};

	return pthread_cond_timedwait(&inspector->answered, &inspector->lock, &time) !=
	       ETIMEDOUT;
}

static int start(struct inspector *inspector)
{
	pthread_condattr_t condition;
	pthread_attr_t attributes;
	int r;

	pthread_mutex_init(&inspector->lock, NULL);
	pthread_cond_init(&inspector->asked, NULL);
	pthread_condattr_init(&condition);
	pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
	pthread_cond_init(&inspector->answered, &condition);
	pthread_condattr_destroy(&condition);

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	r = pthread_create(&inspector->thread, &attributes, run, inspector);
	pthread_attr_destroy(&attributes);
	return -r;
}

/* When the thread has ended, or never began. */
static void free_parts(struct inspector *inspector)
{
	request_free(inspector->next);
	request_free(inspector->current);
	file_cache_free(inspector->cache);
	module_file_free(inspector->pending);
	free(inspector);
}

int inspector_new(const struct file_cache_settings *settings,
                  struct inspector **ret_inspector)
{
	struct inspector *inspector = calloc(1, sizeof(*inspector));
	int r;

	if (!inspector)
		return -ENOMEM;
	inspector->pending = module_file_new("");
	r = inspector->pending ? 0 : -ENOMEM;
	if (r == 0)
		r = file_cache_new(settings, &inspector->stop, &inspector->cache);
	if (r == 0)
		r = start(inspector);
	if (r < 0) {
		free_parts(inspector);
		return r;
	}
	*ret_inspector = inspector;
	return 0;
}

struct inspector *inspector_free(struct inspector *inspector)
{
	uint64_t deadline = clock_monotonic() + END_PATIENCE;
	bool has_ended;

	if (!inspector)
		return NULL;
	atomic_store(&inspector->stop, true);
	pthread_mutex_lock(&inspector->lock);
	pthread_cond_signal(&inspector->asked);
	while (!inspector->has_ended && wait_answer(inspector, deadline))
		;
	has_ended = inspector->has_ended;
	pthread_mutex_unlock(&inspector->lock);
	if (!has_ended) {
		pthread_detach(inspector->thread);
		return NULL;
	}
	pthread_join(inspector->thread, NULL);
	pthread_cond_destroy(&inspector->answered);
	pthread_cond_destroy(&inspector->asked);
	pthread_mutex_destroy(&inspector->lock);
	free_parts(inspector);
	return NULL;
}

/* Whether the thread's request, if any, asks for just what REQUEST does. */
static bool is_current(const struct inspector *inspector, const struct request *request)
{
	const struct request *current = inspector->current;

	return current && text_is_equal(&request->release, &current->release) &&
	       text_is_equal(&request->names, &current->names);
}

static bool has_answered(const struct inspector *inspector)
{
	return !inspector->next && inspector->current->is_done;
}

/*
 * With the lock: gives REQUEST, which it takes, to the thread and waits for it. Returns
 * what is known when the wait is over; NULL: nothing.
 */
static const struct request *ask(struct inspector *inspector, struct request *request,
                                 uint64_t deadline)
{
	bool is_at_work = !inspector->next && is_current(inspector, request) &&
	                  !inspector->current->is_done;

	if (is_at_work) {
		request_free(request);
	} else {
		request_free(inspector->next);
		inspector->next = request;
		signal_unlocked(inspector, &inspector->asked);
	}
	while (!inspector->is_late && !has_answered(inspector))
		if (!wait_answer(inspector, deadline))
			inspector->is_late = !has_answered(inspector);
	/* One that the thread did not come to is answered with what it saw last. */
	if (inspector->next && !is_current(inspector, inspector->next))
		return NULL;
	return inspector->current;
}

void inspector_read(struct inspector *inspector, uint64_t deadline,
                    struct snapshot *snapshot)
{
	struct module_list *modules = &snapshot->modules;
	struct request *request = request_new(snapshot);
	const struct request *answer;

	snapshot->files_result = (struct source_result){ 0, "lib/modules" };
	if (!request) {
		snapshot->files_result.error = -ENOMEM;
		return;
	}
	pthread_mutex_lock(&inspector->lock);
	answer = ask(inspector, request, deadline);
	for (size_t i = 0; i < modules->count; i++) {
		struct module_file *file = answer ? answer->files[i] : NULL;

		modules->records[i].file =
			module_file_hold(file ? file : inspector->pending);
	}
	if (answer)
		snapshot->files_result.error = answer->error;
	pthread_mutex_unlock(&inspector->lock);
}
