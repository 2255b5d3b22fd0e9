/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host made of files: each test gets an empty folder with proc, sys, root and self in
 * it, opened as the roots of a hostfs, and loses it at the end. Also: what a test printed
 * on a descriptor, and how many descriptors are open. cmocka.h stands before it.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/hostfs.h"

static char tree_path[PATH_MAX];                          /* the folder, absolute */
static char tree_root_paths[HOSTFS_ROOT_COUNT][PATH_MAX]; /* proc, sys, root, self */
static int tree_fd = -1;

static inline int tree_remove_entry(const char *path, const struct stat *st, int kind,
                                    struct FTW *position)
{
	(void)st;
	(void)kind;
	(void)position;
	return remove(path);
}

/* For cmocka: makes the tree. */
static inline int tree_setup(void **state)
{
	static const char *const names[HOSTFS_ROOT_COUNT] = {
		[HOSTFS_PROCFS] = "proc",
		[HOSTFS_SYSFS] = "sys",
		[HOSTFS_ROOTFS] = "root",
		[HOSTFS_SELF] = "self",
	};
	const char *folder = getenv("TMPDIR");

	(void)state;
	/* In memory, folders count their links as those of sysfs do. */
	if (!folder || !*folder)
		folder = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
	if (snprintf(tree_path, sizeof(tree_path), "%s/tree.XXXXXX", folder) >=
	    (int)sizeof(tree_path))
		return -1;
	if (!mkdtemp(tree_path))
		return -1;
	tree_fd = open(tree_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++) {
		if (mkdirat(tree_fd, names[i], 0755) < 0)
			return -1;
		if (snprintf(tree_root_paths[i], PATH_MAX, "%s/%s", tree_path,
		             names[i]) >= PATH_MAX)
			return -1;
	}
	return 0;
}

/* For cmocka: removes the tree and all in it. */
static inline int tree_teardown(void **state)
{
	(void)state;
	close(tree_fd);
	tree_fd = -1;
	return nftw(tree_path, tree_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The tree's folders as the roots of a hostfs; the test frees it. */
static inline struct hostfs *tree_hostfs(void)
{
	const char *const paths[HOSTFS_ROOT_COUNT] = {
		[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS],
		[HOSTFS_SYSFS] = tree_root_paths[HOSTFS_SYSFS],
		[HOSTFS_ROOTFS] = tree_root_paths[HOSTFS_ROOTFS],
		[HOSTFS_SELF] = tree_root_paths[HOSTFS_SELF],
	};
	struct hostfs *fs = NULL;

	assert_int_equal(hostfs_new(paths, &fs), 0);
	return fs;
}

/* Makes the folder PATH, which is relative as all below, and those above it. */
static inline void tree_folder(const char *path)
{
	char copy[PATH_MAX];

	assert_true(strlen(path) < sizeof(copy));
	strcpy(copy, path);
	for (char *slash = copy; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		assert_true(mkdirat(tree_fd, copy, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	assert_true(mkdirat(tree_fd, copy, 0755) == 0 || errno == EEXIST);
}

/* Makes the folders above the file PATH. */
static inline void tree_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash)
		return;
	assert_true((size_t)(slash - path) < sizeof(folder));
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	tree_folder(folder);
}

/* Writes the file PATH with these bytes, in place if it is there. */
static inline void tree_write_bytes(const char *path, const char *bytes, size_t length)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int fd = openat(tree_fd, path, flags, 0644);
	size_t done = 0;

	if (fd < 0 && errno == ENOENT) {
		tree_folder_of(path);
		fd = openat(tree_fd, path, flags, 0644);
	}
	assert_true(fd >= 0);
	while (done < length) {
		ssize_t written = write(fd, bytes + done, length - done);

		assert_true(written > 0);
		done += (size_t)written;
	}
	assert_int_equal(close(fd), 0);
}

static inline void tree_write(const char *path, const char *string)
{
	tree_write_bytes(path, string, strlen(string));
}

/* Writes a file of LENGTH equal bytes. */
static inline void tree_write_filled(const char *path, char byte, size_t length)
{
	char *bytes = malloc(length + 1);

	assert_non_null(bytes);
	memset(bytes, byte, length);
	tree_write_bytes(path, bytes, length);
	free(bytes);
}

/* Puts a new file in the place of PATH. */
static inline void tree_replace(const char *path, const char *string)
{
	tree_write("new", string);
	assert_int_equal(renameat(tree_fd, "new", tree_fd, path), 0);
}

static inline void tree_link(const char *target, const char *path)
{
	tree_folder_of(path);
	assert_int_equal(symlinkat(target, tree_fd, path), 0);
}

static inline void tree_fifo(const char *path)
{
	tree_folder_of(path);
	assert_int_equal(mkfifoat(tree_fd, path, 0644), 0);
}

/* Removes a file or an empty folder. */
static inline void tree_delete(const char *path)
{
	assert_true(unlinkat(tree_fd, path, 0) == 0 ||
	            unlinkat(tree_fd, path, AT_REMOVEDIR) == 0);
}

/* The content of PATH with a NUL behind it, for free(); NULL if there is no such file. */
static inline char *tree_read(const char *path)
{
	int fd = openat(tree_fd, path, O_RDONLY | O_CLOEXEC);
	size_t length = 0, capacity = 1 << 16;
	char *bytes;
	ssize_t size;

	if (fd < 0)
		return NULL;
	bytes = malloc(capacity);
	assert_non_null(bytes);
	while ((size = read(fd, bytes + length, capacity - length - 1)) > 0) {
		length += (size_t)size;
		if (length + 1 == capacity) {
			capacity *= 2;
			bytes = realloc(bytes, capacity);
			assert_non_null(bytes);
		}
	}
	assert_int_equal(size, 0);
	close(fd);
	bytes[length] = '\0';
	return bytes;
}

/* How many entries the folder at the absolute PATH has. */
static inline size_t tree_count_entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;
	const struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += strcmp(entry->d_name, ".") != 0 &&
		         strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return count;
}

/* How many descriptors this process has, and one for looking. */
static inline size_t tree_count_descriptors(void)
{
	return tree_count_entries("/proc/self/fd");
}

/* What is written to a descriptor between begin and end. */
struct capture {
	int fd;
	int saved;
	int file;
};

static inline struct capture capture_begin(int fd)
{
	struct capture capture = { .fd = fd };

	fflush(NULL);
	capture.saved = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	capture.file = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture.saved >= 0 && capture.file >= 0);
	assert_true(dup2(capture.file, fd) == fd);
	return capture;
}

/* The bytes, with a NUL behind them, for free(). */
static inline char *capture_end(const struct capture *capture)
{
	struct stat st;
	char *bytes;

	fflush(NULL);
	assert_true(dup2(capture->saved, capture->fd) == capture->fd);
	close(capture->saved);
	assert_int_equal(fstat(capture->file, &st), 0);
	bytes = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(capture->file, bytes, (size_t)st.st_size, 0), st.st_size);
	close(capture->file);
	return bytes;
}
