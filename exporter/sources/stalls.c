/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose reading hangs. Knows names and threads; must not know how files are read.
 *
 * The lock guards the list of places that are stalled and every field of every place.
 */
#include "sources/stalls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* So many files of a root that hang make the root one that hangs. */
#define ROOT_IS_DEAD 2

struct stalls {
	pthread_mutex_t lock;
	unsigned int holders;
	struct stall_place *first;
	unsigned int counts[STALLS_ROOTS];
};

int stalls_new(struct stalls **ret_stalls)
{
	struct stalls *stalls = calloc(1, sizeof(*stalls));

	if (!stalls)
		return -ENOMEM;
	pthread_mutex_init(&stalls->lock, NULL);
	stalls->holders = 1;
	*ret_stalls = stalls;
	return 0;
}

struct stalls *stalls_hold(struct stalls *stalls)
{
	pthread_mutex_lock(&stalls->lock);
	stalls->holders++;
	pthread_mutex_unlock(&stalls->lock);
	return stalls;
}

struct stalls *stalls_free(struct stalls *stalls)
{
	bool is_last;

	if (!stalls)
		return NULL;
	pthread_mutex_lock(&stalls->lock);
	is_last = --stalls->holders == 0;
	pthread_mutex_unlock(&stalls->lock);
	if (is_last) {
		pthread_mutex_destroy(&stalls->lock);
		free(stalls);
	}
	return NULL;
}

void stall_place_clear(struct stall_place *place)
{
	text_clear(&place->path);
}

static bool is_stalled(const struct stalls *stalls, unsigned int root, const char *path)
{
	if (stalls->counts[root] >= ROOT_IS_DEAD)
		return true;
	for (const struct stall_place *p = stalls->first; p; p = p->next)
		if (p->root == root && strcmp(text_string(&p->path), path) == 0)
			return true;
	return false;
}

int stalls_enter(struct stalls *stalls, struct stall_place *place, unsigned int root,
                 const char *path)
{
	int r;

	pthread_mutex_lock(&stalls->lock);
	r = place->is_given_up || is_stalled(stalls, root, path) ? -ETIMEDOUT : 0;
	if (r == 0) {
		text_reset(&place->path);
		text_add_string(&place->path, path);
		r = place->path.error;
	}
	if (r == 0) {
		place->root = root;
		place->is_inside = true;
		place->steps++;
	}
	pthread_mutex_unlock(&stalls->lock);
	return r;
}

static void unlink_place(struct stalls *stalls, struct stall_place *place)
{
	struct stall_place **link = &stalls->first;

	while (*link != place)
		link = &(*link)->next;
	*link = place->next;
	stalls->counts[place->root]--;
	place->is_stalled = false;
}

void stalls_leave(struct stalls *stalls, struct stall_place *place)
{
	pthread_mutex_lock(&stalls->lock);
	if (place->is_stalled)
		unlink_place(stalls, place);
	place->is_inside = false;
	pthread_mutex_unlock(&stalls->lock);
}

uint64_t stalls_steps(struct stalls *stalls, struct stall_place *place)
{
	uint64_t steps;

	pthread_mutex_lock(&stalls->lock);
	steps = place->is_inside ? place->steps : 0;
	pthread_mutex_unlock(&stalls->lock);
	return steps;
}

bool stalls_declare(struct stalls *stalls, struct stall_place *place, uint64_t steps,
                    struct text *path)
{
	bool is_there;

	pthread_mutex_lock(&stalls->lock);
	is_there = place->is_inside && place->steps == steps && !place->is_given_up;
	if (is_there) {
		text_add_string(path, text_string(&place->path));
		place->next = stalls->first;
		stalls->first = place;
		stalls->counts[place->root]++;
		place->is_stalled = place->is_given_up = true;
	}
	pthread_mutex_unlock(&stalls->lock);
	return is_there;
}
