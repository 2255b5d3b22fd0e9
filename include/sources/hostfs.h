/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's files: the only way from here to a disk.
 *
 * Paths are relative to a root and cannot leave it: ".." and absolute links stay inside
 * (openat2(2), RESOLVE_IN_ROOT); kernels before 5.6 get a walk that follows no link. Only
 * regular files and folders are opened, but for what is followed, and opening never
 * waits: a FIFO is refused.
 *
 * What the last pass read stays open, since reading again costs a fraction of opening. A
 * kept descriptor is dropped when its file has no name any more (replaced, deleted) or no
 * longer answers (a module's attribute after the module is gone).
 *
 * Roots are opened by name again when they were replaced, which the sandbox forbids: it
 * is made of the folders that were there at the start (web/landlock.h).
 *
 * One thread at a time. Errors are -errno; -ETIME after the pass' deadline, -ETIMEDOUT
 * for a file whose reading is known to hang.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stall_place;
struct stalls;
struct text;

enum hostfs_root {
	HOSTFS_PROCFS, /* --path.procfs */
	HOSTFS_SYSFS,  /* --path.sysfs */
	HOSTFS_ROOTFS, /* --path.rootfs */
	HOSTFS_SELF,   /* /proc/self: this process, whatever the paths say */
	HOSTFS_ROOT_COUNT,
};

struct hostfs; /* opaque */

/* A folder has 2 links and 1 per folder in it, in procfs, sysfs, tmpfs and ext4. */
struct hostfs_stat {
	uint64_t inode;
	uint64_t links;
	uint64_t size; /* bytes */
};

/*
 * PATHS gives a folder for each root (borrowed until the end). A root that cannot be
 * opened yet is tried again at each read. 0 or -ENOMEM.
 */
int hostfs_new(const char *const paths[HOSTFS_ROOT_COUNT], struct hostfs **ret_fs);
struct hostfs *hostfs_free(struct hostfs *fs); /* takes NULL; returns NULL */

/* From now on PLACE, of this thread, tells what is touched; both are borrowed. */
void hostfs_watch(struct hostfs *fs, struct stalls *stalls, struct stall_place *place);

/* 0, or why the root cannot be opened. */
int hostfs_root_check(struct hostfs *fs, enum hostfs_root root);

/*
 * Begins a pass over the files: reads after DEADLINE (clock_monotonic()) fail, and what
 * the pass before this one did not read is closed.
 */
void hostfs_begin(struct hostfs *fs, uint64_t deadline);

/* The most a value may hold, in bytes. */
#define HOSTFS_VALUE_MAX 4095

/*
 * Appends a file that the kernel renders whole for one read, such as a sysctl or a sysfs
 * attribute. -EFBIG above HOSTFS_VALUE_MAX; then and at other errors VALUE is unchanged.
 */
int hostfs_value_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                      struct text *value);

/*
 * The same of a file that a kernel has from its start or never: one that the kernel's own
 * file systems do not have is looked for once only, as long as each pass asks for it.
 */
int hostfs_attribute_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                          struct text *value);

/*
 * Appends a file of many records, in as many reads as it takes. -EFBIG above MAX bytes;
 * at an error the appended part is cut off again.
 */
int hostfs_records_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                        size_t max, struct text *records);

/* Looks at a file or folder without reading it. */
int hostfs_stat_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                     struct hostfs_stat *ret_stat);

/*
 * As hostfs_stat_read(), but keeps the folder open: for one that is looked at each pass.
 */
int hostfs_folder_stat_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                            struct hostfs_stat *ret_stat);

/* Appends the names in a folder, each with a NUL behind it, without "." and "..". */
int hostfs_names_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                      struct text *names);

/* By which a file that was replaced or written to differs from what it was. */
struct hostfs_identity {
	uint64_t device;
	uint64_t inode;
	uint64_t size;             /* bytes */
	int64_t modified, changed; /* nanoseconds since the Unix epoch */
};

/* The identity of what PATH names now, for comparison with an earlier one. */
int hostfs_identity_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                         struct hostfs_identity *ret_identity);
bool hostfs_identity_is_equal(const struct hostfs_identity *a,
                              const struct hostfs_identity *b);

/* Opens a regular file for reading; the caller closes it. */
int hostfs_open(struct hostfs *fs, enum hostfs_root root, const char *path, int *ret_fd);

/* What is followed: a character device, a FIFO, or a regular file that grows. */
struct hostfs_stream {
	enum hostfs_root root;
	const char *path; /* borrowed */
	int fd;           /* whoever opened it closes it */
};

/* Opens PATH for that. */
int hostfs_stream_open(struct hostfs *fs, enum hostfs_root root, const char *path,
                       struct hostfs_stream *ret_stream);

/*
 * Goes on reading a stream, which any hostfs may have opened, as descriptor_stream_read()
 * does, and waits for nothing.
 */
int hostfs_stream_read(struct hostfs *fs, const struct hostfs_stream *stream, char *bytes,
                       size_t size, size_t *ret_length);

/*
 * Files and folders that the user of the program names: anywhere, relative to the working
 * folder. As hostfs_open(), hostfs_records_read(), hostfs_names_read(), which gives
 * -ENOTDIR for a file, and hostfs_identity_read().
 */
int hostfs_given_open(const char *path, int *ret_fd);
int hostfs_given_read(const char *path, size_t max, struct text *bytes);
int hostfs_given_names_read(const char *path, struct text *names);
int hostfs_given_identity_read(const char *path, struct hostfs_identity *ret_identity);

/*
 * Opens what the user of the program names to have it read from its start to its end: no
 * folder, but also a pipe or a terminal, for which one may have to wait. The caller
 * closes it.
 */
int hostfs_given_stream_open(const char *path, int *ret_fd);
