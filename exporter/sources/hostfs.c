/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's files. Knows descriptors and bounds; must not know what any file means.
 */
#include "sources/hostfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/descriptor.h"
#include "sources/kept.h"
#include "sources/stalls.h"

/* How often opening is tried when the kernel asks for another try. */
#define OPEN_ATTEMPTS 100

struct hostfs {
	const char *paths[HOSTFS_ROOT_COUNT];
	int roots[HOSTFS_ROOT_COUNT]; /* -1: not open */
	bool is_kernel[HOSTFS_ROOT_COUNT];
	bool is_everything[HOSTFS_ROOT_COUNT]; /* this process' own root folder */
	uint64_t deadline;
	struct kept_table kept;
	struct stalls *stalls; /* NULL: nobody watches */
	struct stall_place *place;
};
_Static_assert(HOSTFS_ROOT_COUNT <= STALLS_ROOTS, "every root can stall");

int hostfs_new(const char *const paths[HOSTFS_ROOT_COUNT], struct hostfs **ret_fs)
{
	struct hostfs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++) {
		fs->paths[i] = paths[i];
		fs->roots[i] = -1;
	}
	fs->deadline = UINT64_MAX;
	kept_init(&fs->kept);
	*ret_fs = fs;
	return 0;
}

struct hostfs *hostfs_free(struct hostfs *fs)
{
	if (!fs)
		return NULL;
	kept_clear(&fs->kept);
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		close_descriptor(&fs->roots[i]);
	free(fs);
	return NULL;
}

void hostfs_watch(struct hostfs *fs, struct stalls *stalls, struct stall_place *place)
{
	fs->stalls = stalls;
	fs->place = place;
}

/* Before anything that may wait for the host. 0: leave() has to follow. */
static int enter(struct hostfs *fs, enum hostfs_root root, const char *path)
{
	if (clock_monotonic() > fs->deadline)
		return -ETIME;
	return fs->stalls ? stalls_enter(fs->stalls, fs->place, root, path) : 0;
}

static int leave(struct hostfs *fs, int result)
{
	if (fs->stalls)
		stalls_leave(fs->stalls, fs->place);
	return result;
}

static int open_root(struct hostfs *fs, enum hostfs_root root)
{
	struct statfs system;
	struct stat st, own;

	if (fs->roots[root] >= 0)
		return 0;
	fs->roots[root] = open(fs->paths[root], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fs->roots[root] < 0)
		return -errno;
	fs->is_kernel[root] =
		fstatfs(fs->roots[root], &system) == 0 &&
		(system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
	fs->is_everything[root] = fstat(fs->roots[root], &st) == 0 &&
	                          stat("/", &own) == 0 && st.st_dev == own.st_dev &&
	                          st.st_ino == own.st_ino;
	return 0;
}

int hostfs_root_check(struct hostfs *fs, enum hostfs_root root)
{
	int r = enter(fs, root, "");

	return r < 0 ? r : leave(fs, open_root(fs, root));
}

/* A root that was removed is opened anew, for there may be another of its name. Those of
 * the kernel cannot be, nor this process' own. */
static void drop_removed_root(struct hostfs *fs, enum hostfs_root root)
{
	struct stat st;

	if (fs->roots[root] < 0 || fs->is_kernel[root] || fs->is_everything[root] ||
	    enter(fs, root, "") < 0)
		return;
	if (fstat(fs->roots[root], &st) < 0 || st.st_nlink == 0) {
		close(fs->roots[root]);
		fs->roots[root] = -1;
	}
	leave(fs, 0);
}

void hostfs_begin(struct hostfs *fs, uint64_t deadline)
{
	fs->deadline = deadline;
	for (enum hostfs_root root = 0; root < HOSTFS_ROOT_COUNT; root++)
		drop_removed_root(fs, root);
	kept_begin(&fs->kept);
}

static bool is_link(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

/*
 * For kernels without openat2(): every part of PATH by itself, following no link. A path
 * with ".." is refused.
 */
static int open_walking(int root, const char *path, int flags)
{
	_cleanup_(close_descriptor) int folder = -1;

	for (;;) {
		size_t length = strcspn(path, "/");
		bool is_last = path[length] == '\0';
		_cleanup_(free_pointer) char *part = strndup(path, length);
		int fd;

		if (!part)
			return -ENOMEM;
		if (!length || strcmp(part, "..") == 0)
			return -EXDEV;
		fd = openat(folder < 0 ? root : folder, part,
		            O_NOFOLLOW | O_CLOEXEC |
		                    (is_last ? flags : O_PATH | O_DIRECTORY));
		if (fd < 0)
			return -errno;
		if (is_last && flags & O_PATH && is_link(fd)) {
			close(fd);
			return -ELOOP;
		}
		if (is_last)
			return fd;
		close_descriptor(&folder);
		folder = fd;
		path += length + 1;
	}
}

static int open_inside(struct hostfs *fs, enum hostfs_root root, const char *path,
                       int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;
	int r;

	r = open_root(fs, root);
	if (r < 0)
		return r;
	path += strspn(path, "/");
	/* EAGAIN: something was renamed anywhere while ".." was followed (openat2(2)). */
	for (int i = 0; i < OPEN_ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, fs->roots[root], path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd >= 0)
		return (int)fd;
	/* EPERM is what older container runtimes answer to calls they do not know. */
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	if (!fs->is_everything[root])
		return open_walking(fs->roots[root], path, flags);
	/* Nothing is outside of it: links may be followed. */
	fd = openat(fs->roots[root], path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

/* One file in use: of a kept descriptor, or of one that is closed after use. */
struct opened {
	int fd;
	struct kept *kept;
};

static void opened_close(const struct opened *opened)
{
	if (!opened->kept)
		close_descriptor(&opened->fd);
}

/* Keeps the descriptor in SLOT, if there is room and memory. */
static void keep(struct hostfs *fs, enum hostfs_root root, const char *path,
                 struct kept *slot, struct opened *opened)
{
	if (kept_put(&fs->kept, slot, root, path, opened->fd))
		opened->kept = slot;
}

/* A file of the kernel's own file systems cannot be replaced under its name. */
static bool is_current(const struct hostfs *fs, const struct kept *kept)
{
	struct stat st;

	return fs->is_kernel[kept->root] ||
	       (fstat(kept->fd, &st) == 0 && st.st_nlink > 0);
}

static bool opened_take_kept(struct hostfs *fs, struct kept *slot,
                             struct opened *ret_opened)
{
	if (!slot || !slot->path)
		return false;
	if (!is_current(fs, slot)) {
		kept_drop(&fs->kept, slot);
		return false;
	}
	*ret_opened = (struct opened){ .fd = slot->fd, .kept = slot };
	return true;
}

static int opened_new(struct hostfs *fs, enum hostfs_root root, const char *path,
                      bool folder, struct opened *ret_opened)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (folder ? O_DIRECTORY : 0);
	int fd = open_inside(fs, root, path, flags);
	int r;

	if (fd < 0)
		return fd;
	r = descriptor_check(fd, folder);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_opened = (struct opened){ .fd = fd };
	return 0;
}

static int read_file(struct hostfs *fs, enum hostfs_root root, const char *path,
                     bool is_value, size_t max, struct text *text)
{
	_cleanup_(opened_close) struct opened opened = { .fd = -1 };
	struct kept *slot = kept_find(&fs->kept, root, path);
	int r;

	if (opened_take_kept(fs, slot, &opened)) {
		r = descriptor_read(opened.fd, is_value, max, text);
		if (r != -ENODEV)
			return r;
		/* The attribute's object is gone, and perhaps there is a new one. */
		kept_drop(&fs->kept, slot);
		opened = (struct opened){ .fd = -1 };
	}
	r = opened_new(fs, root, path, false, &opened);
	if (r < 0)
		return r;
	keep(fs, root, path, slot, &opened);
	return descriptor_read(opened.fd, is_value, max, text);
}

int hostfs_value_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                      struct text *value)
{
	int r = enter(fs, root, path);

	return r < 0 ? r
	             : leave(fs,
	                     read_file(fs, root, path, true, HOSTFS_VALUE_MAX, value));
}

int hostfs_attribute_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                          struct text *value)
{
	struct kept *slot = kept_find(&fs->kept, root, path);
	int r;

	if (slot && slot->path && slot->fd < 0)
		return -ENOENT;
	r = hostfs_value_read(fs, root, path, value);
	if (r == -ENOENT && fs->is_kernel[root])
		kept_put(&fs->kept, slot, root, path, -1);
	return r;
}

int hostfs_records_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                        size_t max, struct text *records)
{
	int r = enter(fs, root, path);

	return r < 0 ? r : leave(fs, read_file(fs, root, path, false, max, records));
}

static int stat_descriptor(int fd, struct hostfs_stat *ret_stat)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_stat = (struct hostfs_stat){
		.inode = st.st_ino,
		.links = st.st_nlink,
		.size = (uint64_t)st.st_size,
	};
	return 0;
}

static int stat_path(struct hostfs *fs, enum hostfs_root root, const char *path,
                     struct hostfs_stat *ret_stat)
{
	_cleanup_(close_descriptor) int fd = open_inside(fs, root, path, O_PATH);

	return fd < 0 ? fd : stat_descriptor(fd, ret_stat);
}

int hostfs_stat_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                     struct hostfs_stat *ret_stat)
{
	int r = enter(fs, root, path);

	return r < 0 ? r : leave(fs, stat_path(fs, root, path, ret_stat));
}

static int stat_folder(struct hostfs *fs, enum hostfs_root root, const char *path,
                       struct hostfs_stat *ret_stat)
{
	_cleanup_(opened_close) struct opened opened = { .fd = -1 };
	struct kept *slot = kept_find(&fs->kept, root, path);
	struct hostfs_stat stat;
	int r;

	if (slot && slot->path) {
		if (stat_descriptor(slot->fd, &stat) == 0 &&
		    (fs->is_kernel[root] || stat.links > 0)) {
			*ret_stat = stat;
			return 0;
		}
		kept_drop(&fs->kept, slot);
	}
	r = opened_new(fs, root, path, true, &opened);
	if (r < 0)
		return r;
	keep(fs, root, path, slot, &opened);
	return stat_descriptor(opened.fd, ret_stat);
}

int hostfs_folder_stat_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                            struct hostfs_stat *ret_stat)
{
	int r = enter(fs, root, path);

	return r < 0 ? r : leave(fs, stat_folder(fs, root, path, ret_stat));
}

static int read_names(struct hostfs *fs, enum hostfs_root root, const char *path,
                      struct text *names)
{
	int fd = open_inside(fs, root, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : descriptor_names_read(fd, names);
}

int hostfs_names_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                      struct text *names)
{
	int r = enter(fs, root, path);

	return r < 0 ? r : leave(fs, read_names(fs, root, path, names));
}

static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * (int64_t)CLOCK_SECOND + time->tv_nsec;
}

/* Where links cannot lead out of the root, there is a faster way than by opening. */
static int stat_inside(struct hostfs *fs, enum hostfs_root root, const char *path,
                       struct stat *ret_stat)
{
	_cleanup_(close_descriptor) int fd = -1;
	int r = open_root(fs, root);

	if (r < 0)
		return r;
	if (fs->is_everything[root])
		return fstatat(fs->roots[root], path, ret_stat, AT_NO_AUTOMOUNT) < 0
		               ? -errno
		               : 0;
	fd = open_inside(fs, root, path, O_PATH);
	if (fd < 0)
		return fd;
	return fstat(fd, ret_stat) < 0 ? -errno : 0;
}

static struct hostfs_identity identity_of(const struct stat *st)
{
	return (struct hostfs_identity){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = (uint64_t)st->st_size,
		.modified = nanoseconds(&st->st_mtim),
		.changed = nanoseconds(&st->st_ctim),
	};
}

int hostfs_identity_read(struct hostfs *fs, enum hostfs_root root, const char *path,
                         struct hostfs_identity *ret_identity)
{
	struct stat st = { 0 };
	int r = enter(fs, root, path);

	if (r == 0)
		r = leave(fs, stat_inside(fs, root, path, &st));
	if (r < 0)
		return r;
	*ret_identity = identity_of(&st);
	return 0;
}

bool hostfs_identity_is_equal(const struct hostfs_identity *a,
                              const struct hostfs_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified == b->modified && a->changed == b->changed;
}

/* Of a file: opening never waits, for a FIFO either. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Takes FD, which is an error if R is one, and gives it back if there is none. */
static int take_checked(int fd, int r, int *ret_fd)
{
	if (r < 0) {
		close_descriptor(&fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* Takes FD, which may be an error, and gives it back if it is of a regular file. */
static int take_regular(int fd, int *ret_fd)
{
	return take_checked(fd, fd < 0 ? fd : descriptor_check(fd, false), ret_fd);
}

/* The same, if it is of what can be followed. */
static int take_stream(int fd, int *ret_fd)
{
	return take_checked(fd, fd < 0 ? fd : descriptor_stream_check(fd), ret_fd);
}

int hostfs_open(struct hostfs *fs, enum hostfs_root root, const char *path, int *ret_fd)
{
	int r = enter(fs, root, path);

	if (r < 0)
		return r;
	return leave(fs, take_regular(open_inside(fs, root, path, FILE_FLAGS), ret_fd));
}

int hostfs_stream_open(struct hostfs *fs, enum hostfs_root root, const char *path,
                       struct hostfs_stream *ret_stream)
{
	int fd = -1, r = enter(fs, root, path);

	if (r == 0)
		r = leave(fs, take_stream(open_inside(fs, root, path, FILE_FLAGS), &fd));
	if (r < 0)
		return r;
	*ret_stream = (struct hostfs_stream){ .root = root, .path = path, .fd = fd };
	return 0;
}

int hostfs_stream_read(struct hostfs *fs, const struct hostfs_stream *stream, char *bytes,
                       size_t size, size_t *ret_length)
{
	int r = enter(fs, stream->root, stream->path);

	if (r < 0)
		return r;
	return leave(fs, descriptor_stream_read(stream->fd, bytes, size, ret_length));
}

int hostfs_given_open(const char *path, int *ret_fd)
{
	int fd = open(path, FILE_FLAGS);

	return take_regular(fd < 0 ? -errno : fd, ret_fd);
}

int hostfs_given_stream_open(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (descriptor_check(fd, true) == 0) {
		close(fd);
		return -EISDIR;
	}
	*ret_fd = fd;
	return 0;
}

int hostfs_given_read(const char *path, size_t max, struct text *bytes)
{
	_cleanup_(opened_close) struct opened opened = { .fd = -1 };
	int r = hostfs_given_open(path, &opened.fd);

	return r < 0 ? r : descriptor_read(opened.fd, false, max, bytes);
}

int hostfs_given_names_read(const char *path, struct text *names)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : descriptor_names_read(fd, names);
}

int hostfs_given_identity_read(const char *path, struct hostfs_identity *ret_identity)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	*ret_identity = identity_of(&st);
	return 0;
}
