/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one report. Knows shapes; must not read, judge or print.
 */
#include "model/backtrace.h"

#include <stdlib.h>

#include "base/macros.h"

void backtrace_init(struct backtrace *backtrace)
{
	*backtrace = (struct backtrace){ 0 };
}

/* Where its texts are. */
static const size_t texts[] = {
	offsetof(struct backtrace, title),   offsetof(struct backtrace, task),
	offsetof(struct backtrace, flags),   offsetof(struct backtrace, constants),
	offsetof(struct backtrace, release), offsetof(struct backtrace, supported),
	offsetof(struct backtrace, names),
};

void backtrace_clear(struct backtrace *backtrace)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		text_clear((struct text *)((char *)backtrace + texts[i]));
	free(backtrace->modules);
	backtrace_init(backtrace);
}

int backtrace_error(const struct backtrace *backtrace)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < ARRAY_SIZE(texts); i++)
		error = ((const struct text *)((const char *)backtrace + texts[i]))
		                ->error;
	return error;
}

void backtrace_forget_modules(struct backtrace *backtrace)
{
	text_reset(&backtrace->names);
	backtrace->count = 0;
	backtrace->last_unloaded = 0;
	backtrace->last_unloaded_letters = (struct taint_letters){ { 0 } };
	backtrace->has_modules = false;
}

size_t backtrace_add_name(struct backtrace *backtrace, const char *name, size_t length)
{
	size_t at = backtrace->names.length;

	text_add(&backtrace->names, name, length);
	text_add(&backtrace->names, "", 1);
	return backtrace->names.error ? 0 : at + 1;
}

struct backtrace_module *backtrace_add(struct backtrace *backtrace, const char *name,
                                       size_t length)
{
	size_t at = backtrace_add_name(backtrace, name, length);

	if (!at)
		return NULL;
	if (backtrace->count == backtrace->capacity) {
		size_t capacity = backtrace->capacity ? backtrace->capacity * 2 : 64;
		void *grown = reallocarray(backtrace->modules, capacity,
		                           sizeof(*backtrace->modules));

		if (!grown)
			return NULL;
		backtrace->modules = grown;
		backtrace->capacity = capacity;
	}
	backtrace->modules[backtrace->count] =
		(struct backtrace_module){ .name = at - 1 };
	return &backtrace->modules[backtrace->count++];
}

const char *backtrace_name(const struct backtrace *backtrace, size_t name)
{
	return text_string(&backtrace->names) + name;
}
