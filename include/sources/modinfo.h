/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What modinfo(8) says of a module, through libkmod.
 *
 * libkmod is not thread safe: one thread at a time. It is never asked about the running
 * system here: neither about /proc/modules nor about its indexes, which it reads without
 * a look at their bounds (modules_dep.h has our own). It does read /proc/cmdline.
 */
#pragma once

#include <stdbool.h>

struct module_file;
struct modinfo; /* opaque */

/* Hears what libkmod has to say: one line, without its end; IS_ERROR: not only debug. */
struct modinfo_log {
	void (*write)(void *context, bool is_error, const char *line);
	void *context;
};

/* LOG is copied. 0 or -ENOMEM. */
int modinfo_new(const struct modinfo_log *log, struct modinfo **ret_modinfo);
struct modinfo *modinfo_free(struct modinfo *modinfo); /* takes NULL; returns NULL */

/*
 * Sets the words of FILE from the anonymous file FD that holds it (image.h), whose ELF
 * structure is sound (elf_module.h). Of a word that stands there several times the first
 * counts, as in the kernel. Those of the signature are left alone: .modinfo could claim
 * any, and libkmod does not see every kind. A module without .modinfo has no words.
 *
 * 0; -EBADMSG if libkmod takes it for no module; -ENOMEM; -ENOENT where /proc is not
 * mounted.
 */
int modinfo_read(struct modinfo *modinfo, int fd, struct module_file *file);
