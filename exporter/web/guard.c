/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web configuration in force. Knows what is made of it; must not know files.
 */
#include "web/guard.h"

#include <errno.h>
#include <stdlib.h>

#include "web/auth.h"
#include "web/tls.h"

int guard_new(const char *name, struct webconfig *config,
              const struct tls_material *material, struct guard **ret_guard,
              struct text *complaint)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int r = 0;

	if (!guard)
		return -ENOMEM;
	if (material)
		r = tls_new(name, &config->tls, material, &guard->tls, complaint);
	if (r == 0 && config->users.count)
		r = auth_new(&config->users, &guard->auth);
	if (r < 0) {
		guard_free(guard);
		return r;
	}
	guard->config = *config;
	*config = (struct webconfig){ 0 };
	*ret_guard = guard;
	return 0;
}

struct guard *guard_free(struct guard *guard)
{
	if (!guard)
		return NULL;
	tls_free(guard->tls);
	auth_free(guard->auth);
	webconfig_clear(&guard->config);
	free(guard);
	return NULL;
}
