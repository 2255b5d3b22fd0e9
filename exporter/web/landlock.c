/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock, by its system calls, for which the C library has no functions. Knows which
 * right came with which version; must not know what the paths are for.
 */
#include "web/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/macros.h"

/* include/uapi/linux/landlock.h of Linux 6.12; older headers have only a part of it. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif

/* struct landlock_ruleset_attr of the same release. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

/* What each version can deny, and by that does where no rule allows it. */
static const struct {
	int version;
	struct ruleset denied;
} versions[] = {
	{ 1,
	  { .files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
	             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
	             LANDLOCK_ACCESS_FS_MAKE_SYM } },
	{ 2, { .files = LANDLOCK_ACCESS_FS_REFER } },
	{ 3, { .files = LANDLOCK_ACCESS_FS_TRUNCATE } },
	{ 4,
	  { .network = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP } },
	{ 5, { .files = LANDLOCK_ACCESS_FS_IOCTL_DEV } },
	{ 6, { .scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL } },
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                        \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* Of these the kernel takes for a file that is no folder: ACCESS_FILE of its fs.c. */
#define OF_FILES                                                        \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_TRUNCATE)

static struct ruleset choose_denied(long version)
{
	struct ruleset denied = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (versions[i].version > version)
			break;
		denied.files |= versions[i].denied.files;
		denied.network |= versions[i].denied.network;
		denied.scoped |= versions[i].denied.scoped;
	}
	return denied;
}

static void log_left_out(const struct sandbox_path *path, int error)
{
	log_event(LOG_LEVEL_DEBUG, "Left out of the sandbox", "path", path->path, "err",
	          strerror(error), NULL);
}

/* 0 or -errno. */
static int allow(int ruleset, const struct ruleset *denied,
                 const struct sandbox_path *path)
{
	_cleanup_(close_descriptor) int fd = open(path->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = READING | (path->is_writable ? WRITING : 0),
		.parent_fd = fd,
	};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		log_left_out(path, errno);
		return 0;
	}
	rule.allowed_access &= denied->files & (S_ISDIR(st.st_mode) ? ~0ULL : OF_FILES);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
	            0) == 0)
		return 0;
	/* What is in no file system, such as a pipe, is open to all who have it. */
	if (errno == EBADFD) {
		log_left_out(path, errno);
		return 0;
	}
	return -errno;
}

static int restrict_to(const struct ruleset *denied, const struct sandbox_path *paths,
                       size_t count)
{
	_cleanup_(close_descriptor) int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, denied, sizeof(*denied), 0);
	int r = ruleset < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = allow(ruleset, denied, &paths[i]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}

int landlock_enter(const struct sandbox_path *paths, size_t count)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	                       LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset denied = choose_denied(version);
	int r;

	if (version < 0) {
		log_event(
			LOG_LEVEL_WARN,
			"No Landlock here: files are guarded by their permissions alone",
			"err", strerror(errno), NULL);
		return 0;
	}
	r = restrict_to(&denied, paths, count);
	if (r == 0)
		return 1;
	log_event(LOG_LEVEL_ERROR, "Cannot enter the sandbox", "layer", "landlock", "err",
	          strerror(-r), NULL);
	return r;
}
