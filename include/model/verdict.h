/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a module taints the kernel, or would: pure judgement of what its file says and what
 * the kernel says.
 */
#pragma once

#include <stdbool.h>

#include "model/taint.h"

struct dialect;
struct module_file;
struct text;

/*
 * Appends one or two sentences about a loaded module with these LETTERS. FILE
 * gives the reasons as far as it was read. DIALECT may be NULL: then nobody knows what
 * letters mean.
 */
void verdict_loaded_write(const struct dialect *dialect, struct taint_letters letters,
                          const struct module_file *file, struct text *sentence);

/*
 * The same about one that is not loaded: what a kernel of DIALECT would say if it loaded
 * FILE. Whether it knows the key of the signer cannot be known.
 */
void verdict_unloaded_write(const struct dialect *dialect, const struct module_file *file,
                            struct text *sentence);

/* The same about one that is built into the kernel. */
void verdict_builtin_write(struct text *sentence);

/*
 * The letters that such a kernel would give the module, if it verifies signatures and
 * knows the key of the signer. DIALECT may be NULL: none.
 */
struct taint_letters verdict_letters(const struct dialect *dialect,
                                     const struct module_file *file);
