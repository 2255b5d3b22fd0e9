/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web configuration in force: what the server needs of it while it serves.
 */
#pragma once

#include "web/webconfig.h"

struct auth;
struct text;
struct tls;
struct tls_material;

struct guard {
	struct webconfig config;
	struct tls *tls;   /* NULL: plain HTTP */
	struct auth *auth; /* NULL: everybody may come in */
};

/*
 * Makes the guard of CONFIG, which it takes on success; MATERIAL is what the
 * configuration names, NULL without TLS. NAME is the configuration file's. 0; -EBADMSG:
 * COMPLAINT, empty before, is one line that says what is wrong where; -ENOMEM.
 */
int guard_new(const char *name, struct webconfig *config,
              const struct tls_material *material, struct guard **ret_guard,
              struct text *complaint);
struct guard *guard_free(struct guard *guard); /* takes NULL */
