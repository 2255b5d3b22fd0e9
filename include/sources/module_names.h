/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that the files of modules say (name= of .modinfo, Linux 4.13), for modules
 * that modules.dep lacks. The kernel names a module by what is in its file, modules.dep
 * by the file's name, and packages rename files: updates/dkms/nvidia-current.ko of Debian
 * is the module nvidia.
 *
 * Candidates are the files that modules.dep lists below updates/, extra/, misc/ and
 * weak-updates/ of its release, where DKMS, akmods, KMPs and installers of vendors put
 * what was built apart from the kernel; weak-updates/ holds links to another release's
 * extra/ and updates/ with the same kABI. What is below kernel/ has the name that the
 * kernel's build gave it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/module_file.h"

struct hostfs;
struct modules_dep;
struct signature_reader;
struct text;

/* The most candidates that are read, and the longest that reading all may take. */
#define MODULE_NAMES_MAX     4096
#define MODULE_NAMES_SECONDS 60

/* After so long a file that could not be read is tried again, in seconds. */
#define MODULE_NAMES_RETRY_SECONDS 60

struct module_names_file {
	char *path;        /* from the root of the host */
	bool is_claimed;   /* it is that of a loaded module, by its own name */
	char *name;        /* as the file says; NULL: it does not, or was not read */
	bool was_tried;    /* false: it is to be read */
	int error;         /* why it could not be read, or 0 */
	uint64_t retry_at; /* clock_monotonic(); UINT64_MAX: it is not read again */
	struct module_build build;
};

struct module_names {
	bool is_listed;
	bool is_cut;                     /* there are more than MODULE_NAMES_MAX */
	struct module_names_file *files; /* in the order of modules.dep */
	size_t count;
	uint64_t spent; /* nanoseconds, on reading */
};

/* Lists the candidates of DEP in an empty struct, and reads none. 0 or -ENOMEM. */
int module_names_list(const struct modules_dep *dep, struct module_names *names);
void module_names_clear(struct module_names *names);

/*
 * Says that PATH is the file of a loaded module, for modules.dep has it under its name:
 * it is not asked, and is no other's, until all claims are given up.
 */
void module_names_claim(struct module_names *names, const char *path);
void module_names_unclaim(struct module_names *names);

/*
 * Reads the next candidate that was not read yet, or could not be read and is due again.
 * A file that cannot be read, is no module or takes too long (image.h) costs the others
 * nothing. 1; 0: there is none; -ENOMEM; -ECANCELED if the reader is to stop.
 *
 * RET_FAILED is set to the candidate if it cannot be read now for another reason than
 * before, else to NULL.
 */
int module_names_read(struct module_names *names, struct hostfs *fs,
                      const struct signature_reader *reader,
                      const struct module_names_file **ret_failed);

/*
 * Takes over what FILE says, which is that of a candidate and was read again. True: it
 * says another name than before.
 */
bool module_names_update(struct module_names *names, const struct module_file *file);

/*
 * Appends the path of the candidate that says NAME, in which '-' and '_' are the same. Of
 * several it is the one whose build is loaded (builds.h), else the first of modules.dep.
 *
 * 0; -ENOMEM; -EAGAIN: a candidate is still to be read; -ENOENT: none says NAME; any
 * other: none that could be read does, and this is why another could not be.
 */
int module_names_find(const struct module_names *names, struct hostfs *fs,
                      const char *name, struct text *path);
