/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that one scrape saw, before anybody judges it. Sources fill it, findings and
 * exposition read it. It lives as long as its scrape and owns every string in it.
 *
 * Unknown is not zero: what could not be read is marked so and never given a value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/taint.h"
#include "model/tally.h"

/* What a part of the snapshot was read from, and how that went. */
struct source_result {
	int error;        /* 0, or -errno */
	const char *file; /* with an error: the file that failed; a literal */
};

/* Why a reading is not known. */
enum absence {
	ABSENCE_UNKNOWN,     /* nobody looked, or nothing tells why it is not there */
	ABSENCE_NOT_OFFERED, /* the kernel does not have it */
	ABSENCE_HIDDEN,      /* this process may not see it, the kernel may have it */
	ABSENCE_UNREADABLE,  /* it could not be read, or not be understood */
	ABSENCE_COUNT,
};

/* A number that a kernel may or may not offer. */
struct reading {
	bool known;
	uint64_t value;
	enum absence absence; /* of a reading that is not known */
};

struct module_file;
struct module_build;

/* MODULE_NAME_LEN is 64 less a pointer, with the NUL (include/linux/module.h). */
#define MODULE_NAME_MAX 63

/* One record of /proc/modules. */
struct module_record {
	const char *name; /* in the list's text; not terminated, any bytes */
	size_t name_length;
	struct taint_letters letters;       /* what /proc/modules says */
	struct taint_letters sysfs_letters; /* what /sys/module/NAME/taint says */
	bool in_sysfs;                      /* sysfs_letters were read */
	bool is_live;                       /* neither loading nor unloading */
	uint64_t sysfs_inode;               /* of their file, where they disagree */
	struct module_file *file;           /* held; NULL: nobody looked */
	struct module_build *loaded;        /* owned; NULL: unknown, or not asked for */
};

/* A module that sysfs shows as loaded and /proc/modules does not list. */
struct module_unlisted {
	size_t name_offset; /* in unlisted_names, NUL-terminated */
	uint64_t inode;     /* of its initstate: a module loaded again has another */
};

/* The loaded modules, as procfs and sysfs tell of them. */
struct module_list {
	struct source_result procfs_result;
	bool support;     /* the kernel can load modules */
	struct text text; /* what was read; the records point into it */
	struct module_record *records;
	size_t count;
	size_t capacity;

	struct source_result sysfs_result;
	struct text unlisted_names;
	struct module_unlisted *unlisted;
	size_t unlisted_count;
	size_t unlisted_capacity;
};

enum lockdown {
	LOCKDOWN_CONFIDENTIALITY,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_NONE,
	LOCKDOWN_COUNT,
};

/* The value of the label `mode`, as the kernel writes it. */
const char *lockdown_name(enum lockdown mode);

/* Single numbers of the posture collector. */
enum posture {
	POSTURE_SIGNATURES_ENFORCED,
	POSTURE_LOADING_DISABLED,
	POSTURE_SECURE_BOOT,
	POSTURE_MICROCODE_OUTDATED,
	POSTURE_PANIC_MASK,
	POSTURE_WARNINGS,
	POSTURE_OOPSES,
	POSTURE_SOFTLOCKUPS,
	POSTURE_HARDLOCKUPS,
	POSTURE_RCU_STALLS,
	POSTURE_COUNT,
};

/* One record of the modules that are gone. */
struct unloaded_record {
	const char *name; /* in the list's text; not terminated, any bytes */
	size_t name_length;
	struct taint_letters letters;
	uint64_t count; /* how often one of this name was unloaded with these letters */
};

/* The tainting modules that are gone, as debugfs tells of them. */
struct unloaded_list {
	struct source_result result;
	struct text text; /* what was read; the records point into it */
	struct unloaded_record *records;
	size_t count;
	size_t capacity;
};

/* This process; readings that failed are unknown. Times in nanoseconds. */
struct snapshot_process {
	uint64_t cpu_time;
	uint64_t start_time; /* since the Unix epoch */
	struct reading open_fds;
	struct reading max_fds;
	struct reading virtual_memory_bytes;
	struct reading resident_memory_bytes;
};

struct snapshot {
	/* Bits are only ever added: what modules add meanwhile lies between the two. */
	struct source_result mask_result;
	uint64_t mask_before_modules;
	uint64_t mask; /* read after the modules */

	struct source_result release_result;
	struct text release; /* uname -r */

	struct module_list modules;
	struct source_result files_result; /* of the modules' files all together */

	struct source_result posture_result;
	struct reading posture[POSTURE_COUNT];
	struct reading lockdown; /* value: enum lockdown */

	struct source_result log_result;
	struct tally log;  /* sorted; times in nanoseconds since the Unix epoch */
	uint64_t log_lost; /* records that were overwritten before they were read */

	struct unloaded_list unloaded;

	struct snapshot_process process;
};

/* A snapshot that has seen nothing yet: every result is -ENODATA. */
void snapshot_init(struct snapshot *snapshot);
void snapshot_clear(struct snapshot *snapshot);

/* An empty list that has seen nothing yet: both results are -ENODATA. */
void module_list_init(struct module_list *list);
void module_list_clear(struct module_list *list);

/* Appends one zeroed record, valid until the next append; NULL: no memory. */
struct module_record *module_list_add(struct module_list *list);

/* 0 or -ENOMEM. */
int module_list_add_unlisted(struct module_list *list, const char *name, uint64_t inode);

/* The name of an unlisted module; borrowed until the next append. */
const char *module_list_unlisted_name(const struct module_list *list, size_t index);

/* Whether sysfs and /proc/modules give one module different letters. */
bool module_record_is_disagreeing(const struct module_record *record);

/* An empty list that has seen nothing yet, and one record more, as those of modules. */
void unloaded_list_init(struct unloaded_list *list);
void unloaded_list_clear(struct unloaded_list *list);
struct unloaded_record *unloaded_list_add(struct unloaded_list *list);
