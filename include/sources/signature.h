/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file, looked at from all sides: its trailer and its sections by ourselves,
 * the blob by GnuTLS, the words of .modinfo by libkmod, which gets the module without its
 * signature: it would read that with OpenSSL, a second library for the same, and does not
 * see every kind.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "sources/modinfo.h"

struct module_file;
struct trust;

/* What inspecting needs; one thread at a time. */
struct signature_reader {
	struct modinfo *modinfo;
	const struct trust *trust; /* NULL: signatures are not verified */
	const atomic_bool *stop;   /* true: give up; may be NULL */
};

/*
 * Fills FILE, which is new, from the file FD, which stays the caller's. What FD holds is
 * never an error: FILE is then malformed, or unreadable, and its error says why. 0,
 * -ENOMEM or -ECANCELED: then FILE means nothing.
 */
int signature_read(const struct signature_reader *reader, int fd,
                   struct module_file *file);

/* Whether reading the same file again would give FILE the same error, or 0. */
bool signature_error_is_lasting(int error);
