/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of modules' files: that a file is read once and then only looked at, that
 * whatever changes is read again at once, that what cannot be read is tried again and
 * what is gone is forgotten. Here a file's facts are its bytes: signature_read(), which
 * is wrapped, takes them for the version, for the name what is behind "name=", and
 * counts.
 */
#include "sources/file_cache.h"

#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "sources/pkcs7.h"
#include "sources/signature.h"
#include "tree.h"

#define RELEASE "6.1.0"
#define FOLDER  "root/lib/modules/" RELEASE "/"
#define DEP     FOLDER "modules.dep"
#define A       "kernel/a.ko"
#define B       "kernel/b.ko.xz"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
uint64_t __real_clock_realtime(void);
uint64_t __wrap_clock_realtime(void);
int __wrap_malloc_trim(size_t pad);
int __real_hostfs_identity_read(struct hostfs *fs, enum hostfs_root root,
                                const char *path, struct hostfs_identity *ret_identity);
int __wrap_hostfs_identity_read(struct hostfs *fs, enum hostfs_root root,
                                const char *path, struct hostfs_identity *ret_identity);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file);

static size_t reads;            /* of files, so far */
static int read_result;         /* what signature_read() gives */
static int read_error;          /* what it says of the file */
static void (*read_hook)(void); /* called while it reads, if set */
static const struct signature_reader *last_reader;

static uint64_t later; /* nanoseconds that the clock is ahead */
static int64_t
	coarse_since;  /* time stamps tick once a second from then on; 0: they do not */
static int open_error; /* opening a path that ends with open_end fails so */
static const char *open_end;
static size_t opens;     /* of modules' files, so far */
static size_t dep_opens; /* of modules.dep */
static size_t trims;
static bool memory_fails; /* allocation number memory_fails_at fails */
static size_t memory_fails_at;

static size_t lines; /* of the log, so far */
static char last_line[PATH_MAX];

static struct file_cache *cache;

static bool has_end(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length >= end_length && strcmp(path + length - end_length, end) == 0;
}

long __wrap_syscall(long number, ...)
{
	va_list arguments;
	const char *path;
	struct open_how *how;
	size_t size;
	int fd;

	assert_int_equal(number, SYS_openat2);
	va_start(arguments, number);
	fd = va_arg(arguments, int);
	path = va_arg(arguments, const char *);
	how = va_arg(arguments, struct open_how *);
	size = va_arg(arguments, size_t);
	va_end(arguments);
	opens += strstr(path, ".ko") && !(how->flags & O_PATH);
	dep_opens += has_end(path, "modules.dep") && !(how->flags & O_PATH);
	/* Looking at a file is not opening it. */
	if (open_error && !(how->flags & O_PATH) && has_end(path, open_end)) {
		errno = open_error;
		return -1;
	}
	return __real_syscall(number, fd, path, how, size);
}

uint64_t __wrap_clock_realtime(void)
{
	return __real_clock_realtime() + later;
}

/* What a disk whose time stamps are coarse would tell. */
static int64_t stamp(int64_t time)
{
	return time < coarse_since ? time
	                           : time - (time - coarse_since) % (int64_t)CLOCK_SECOND;
}

int __wrap_hostfs_identity_read(struct hostfs *fs, enum hostfs_root root,
                                const char *path, struct hostfs_identity *ret_identity)
{
	int r = __real_hostfs_identity_read(fs, root, path, ret_identity);

	if (r == 0 && coarse_since) {
		ret_identity->modified = stamp(ret_identity->modified);
		ret_identity->changed = stamp(ret_identity->changed);
	}
	return r;
}

/* Waits until what is written gets another time stamp than what was written before. */
static void tick(void)
{
	struct timespec before, now;

	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	do {
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

int __wrap_malloc_trim(size_t pad)
{
	(void)pad;
	trims++;
	return 1;
}

static bool fails_memory(void)
{
	if (!memory_fails || memory_fails_at-- != 0)
		return false;
	memory_fails = false;
	errno = ENOMEM;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

char *__wrap_strdup(const char *string)
{
	return fails_memory() ? NULL : __real_strdup(string);
}

int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file)
{
	char bytes[MODULE_WORD_MAX];
	ssize_t size = read(fd, bytes, sizeof(bytes));

	assert_true(size >= 0);
	assert_non_null(reader->modinfo);
	last_reader = reader;
	reads++;
	if (read_hook)
		read_hook();
	if (read_result < 0)
		return read_result;
	file->error = read_error;
	file->signature = !read_error              ? MODULE_SIGNATURE_NONE
	                  : read_error == -EBADMSG ? MODULE_SIGNATURE_MALFORMED
	                                           : MODULE_SIGNATURE_UNREADABLE;
	if (size > 5 && memcmp(bytes, "name=", 5) == 0 &&
	    module_file_set_word(file, MODULE_WORD_NAME, bytes + 5, (size_t)size - 5) < 0)
		return -ENOMEM;
	return module_file_set_word(file, MODULE_WORD_VERSION, bytes, (size_t)size);
}

static void write_log(void *context, bool is_error, const char *line)
{
	assert_ptr_equal(context, &lines);
	assert_true(is_error);
	lines++;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

static int make_cache(struct file_cache **ret_cache)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = {
		[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS],
		[HOSTFS_SYSFS] = tree_root_paths[HOSTFS_SYSFS],
		[HOSTFS_ROOTFS] = tree_root_paths[HOSTFS_ROOTFS],
		[HOSTFS_SELF] = tree_root_paths[HOSTFS_SELF],
	};
	const struct file_cache_settings settings = {
		.paths = paths,
		.log = { write_log, &lines },
	};

	return file_cache_new(&settings, NULL, ret_cache);
}

static int setup(void **state)
{
	memory_fails = false;
	reads = opens = dep_opens = trims = lines = 0;
	read_result = read_error = open_error = 0;
	read_hook = NULL;
	coarse_since = 0;
	*last_line = '\0';
	/* What the test writes was written long ago. */
	later = 3600 * CLOCK_SECOND;
	if (tree_setup(state) < 0)
		return -1;
	tree_write(DEP, A ":\n" B ": " A "\n");
	tree_write(FOLDER A, "one");
	tree_write(FOLDER B, "two");
	return make_cache(&cache);
}

static int teardown(void **state)
{
	memory_fails = false;
	cache = file_cache_free(cache);
	return tree_teardown(state);
}

/* ---- questions ---- */

static int place_on(const char *release, const char *const *names, size_t count)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	bool fails = memory_fails;

	memory_fails = false; /* the test itself has memory */
	for (size_t i = 0; i < count; i++)
		text_add(&text, names[i], strlen(names[i]) + 1);
	memory_fails = fails;
	return file_cache_place(cache, release, &text, count);
}

/* As the inspector does it at each scrape. */
#define PLACE(...)                                              \
	place_on(RELEASE, (const char *const[]){ __VA_ARGS__ }, \
	         ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })))

/* The module at INDEX has a file that was read and holds BYTES. */
static void check_bytes(size_t index, const char *bytes)
{
	struct module_file *file = file_cache_check(cache, index);

	assert_non_null(file);
	assert_int_equal(file->signature, MODULE_SIGNATURE_NONE);
	assert_int_equal(file->error, 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_VERSION), bytes);
}

static void check_failure(size_t index, enum module_signature signature, int error)
{
	struct module_file *file = file_cache_check(cache, index);

	assert_non_null(file);
	assert_int_equal(file->signature, signature);
	assert_int_equal(file->error, error);
}

static void check_missing(size_t index)
{
	check_failure(index, MODULE_SIGNATURE_MISSING, -ENOENT);
}

/* One more scrape: the module a holds BYTES, for which its file was read READ times. */
static void check_a(const char *bytes, size_t read)
{
	size_t before = reads, opened = opens;

	assert_int_equal(PLACE("a", "b"), 0);
	check_bytes(0, bytes);
	assert_int_equal(reads - before, read);
	assert_int_equal(opens - opened, read);
}

/* ---- what is kept ---- */

static void file_cache_check_reads_each_file_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(PLACE("a", "b"), 0);
		check_bytes(0, "one");
		check_bytes(1, "two");
		assert_int_equal(reads, 2);
		assert_int_equal(opens, 2);
		assert_int_equal(dep_opens, 1);
	}
	assert_int_equal(lines, 0);
}

static void file_cache_check_gives_the_same_facts_while_nothing_changes(void **state)
{
	struct module_file *first;

	(void)state;
	assert_int_equal(PLACE("a"), 0);
	first = file_cache_check(cache, 0);
	assert_string_equal(first->path, "/lib/modules/" RELEASE "/" A);
	assert_int_equal(PLACE("a"), 0);
	assert_ptr_equal(file_cache_check(cache, 0), first);
	assert_ptr_equal(file_cache_check(cache, 0), first);
}

static void facts_may_be_held_whatever_becomes_of_the_file(void **state)
{
	struct module_file *held;

	(void)state;
	assert_int_equal(PLACE("a"), 0);
	held = module_file_hold(file_cache_check(cache, 0));
	tree_replace(FOLDER A, "new");
	check_a("new", 1);
	cache = file_cache_free(cache);
	assert_string_equal(module_file_word(held, MODULE_WORD_VERSION), "one");
	module_file_free(held);
}

static void the_reader_gets_what_the_cache_was_made_with(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = {
		[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS],
		[HOSTFS_SYSFS] = tree_root_paths[HOSTFS_SYSFS],
		[HOSTFS_ROOTFS] = tree_root_paths[HOSTFS_ROOTFS],
		[HOSTFS_SELF] = tree_root_paths[HOSTFS_SELF],
	};
	struct file_cache_settings settings = { .paths = paths,
		                                .log = { write_log, &lines } };
	_cleanup_(text_clear) struct text bad_path = TEXT_INIT;
	struct trust *trust = NULL;
	atomic_bool stop = false;

	(void)state;
	/* No certificate is there, but a place for them. */
	assert_int_equal(trust_add(&trust, tree_path, &bad_path), -EISDIR);
	settings.trust = trust;
	file_cache_free(cache);
	assert_int_equal(file_cache_new(&settings, &stop, &cache), 0);
	assert_int_equal(PLACE("a"), 0);
	check_bytes(0, "one");
	/* The cache keeps it alive. */
	trust_free(trust);
	assert_ptr_equal(last_reader->trust, trust);
	assert_ptr_equal(last_reader->stop, &stop);
}

static void names_with_a_minus_are_those_with_an_underscore(void **state)
{
	(void)state;
	tree_write(DEP, "kernel/snd-hda.ko:\n");
	tree_write(FOLDER "kernel/snd-hda.ko", "sound");
	assert_int_equal(PLACE("snd_hda", "snd-hda"), 0);
	check_bytes(0, "sound");
	check_bytes(1, "sound");
}

/* ---- what is read again ---- */

static void a_file_that_was_replaced_is_read_again(void **state)
{
	(void)state;
	check_a("one", 1);
	for (int i = 0; i < 3; i++) {
		tree_replace(FOLDER A, "eno");
		check_a("eno", 1);
		check_a("eno", 0);
		tree_replace(FOLDER A, "one");
		check_a("one", 1);
		check_a("one", 0);
	}
	assert_int_equal(PLACE("a", "b"), 0);
	check_bytes(1, "two");
	assert_int_equal(lines, 0);
}

static void a_file_that_was_changed_in_place_is_read_again(void **state)
{
	(void)state;
	check_a("one", 1);
	tick();
	tree_write(FOLDER A, "ONE");
	check_a("ONE", 1);
	tree_write(FOLDER A, "longer");
	check_a("longer", 1);
	check_a("longer", 0);
}

static void a_file_that_was_touched_or_got_a_mode_is_read_again(void **state)
{
	static const struct timespec long_ago[] = { { .tv_sec = 1000000000 },
		                                    { .tv_sec = 1000000000 } };

	(void)state;
	check_a("one", 1);
	tick();
	assert_int_equal(utimensat(tree_fd, FOLDER A, long_ago, 0), 0);
	check_a("one", 1);
	check_a("one", 0);
	/* The same time as before: only when it changed tells. */
	tick();
	tree_write(FOLDER A, "two");
	assert_int_equal(utimensat(tree_fd, FOLDER A, long_ago, 0), 0);
	check_a("two", 1);
	tick();
	assert_int_equal(fchmodat(tree_fd, FOLDER A, 0600, 0), 0);
	check_a("two", 1);
	check_a("two", 0);
}

/* The file of a was written just now, and time stamps are coarse. */
static void make_coarse(void)
{
	struct timespec now;

	tick();
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	coarse_since = (int64_t)now.tv_sec * (int64_t)CLOCK_SECOND + now.tv_nsec;
	later = 0;
	tree_write(FOLDER A, "one");
}

static void a_file_that_changed_just_now_is_read_again(void **state)
{
	(void)state;
	make_coarse();
	check_a("one", 1);
	/* In the same tick, of the same size: nothing else would tell. */
	tree_write(FOLDER A, "ONE");
	check_a("ONE", 1);
	check_a("ONE", 1);
	later = 2 * CLOCK_SECOND;
	check_a("ONE", 1);
	check_a("ONE", 0);
}

static void write_while_it_is_read(void)
{
	/* In the tick in which it was looked at; and reading takes long. */
	read_hook = NULL;
	tree_write(FOLDER A, "ONE");
	later = 10 * CLOCK_SECOND;
}

static void a_file_that_changes_while_it_is_read_for_long_is_read_again(void **state)
{
	(void)state;
	make_coarse();
	read_hook = write_while_it_is_read;
	check_a("one", 1);
	check_a("ONE", 1);
	check_a("ONE", 0);
}

static void replace_while_it_is_read(void)
{
	read_hook = NULL;
	tree_replace(FOLDER A, "new");
}

static void a_file_that_is_replaced_while_it_is_read_is_read_again(void **state)
{
	(void)state;
	read_hook = replace_while_it_is_read;
	check_a("one", 1);
	check_a("new", 1);
	check_a("new", 0);
}

static void a_file_from_the_future_is_read_once(void **state)
{
	(void)state;
	later = (uint64_t)-3600 * CLOCK_SECOND;
	check_a("one", 1);
	check_a("one", 0);
}

static void what_a_link_leads_to_is_looked_at(void **state)
{
	(void)state;
	tree_write("root/srv/a.ko", "there");
	tree_write("root/srv/c.ko", "elsewhere");
	tree_delete(FOLDER A);
	tree_link("../../../../srv/a.ko", FOLDER A);
	check_a("there", 1);
	check_a("there", 0);
	tree_replace("root/srv/a.ko", "new");
	check_a("new", 1);
	check_a("new", 0);
	tree_delete(FOLDER A);
	tree_link("../../../../srv/c.ko", FOLDER A);
	check_a("elsewhere", 1);
	check_a("elsewhere", 0);
}

static void an_absolute_link_leads_to_a_file_below_the_root(void **state)
{
	/* As in weak-updates/, which the host's own tools make. */
	(void)state;
	tree_write("root/lib/modules/5.14.0/extra/a.ko", "extra");
	tree_delete(FOLDER A);
	tree_link("/lib/modules/5.14.0/extra/a.ko", FOLDER A);
	check_a("extra", 1);
	check_a("extra", 0);
	tree_replace("root/lib/modules/5.14.0/extra/a.ko", "new");
	check_a("new", 1);
	check_a("new", 0);
}

/* ---- places ---- */

static void a_module_that_moved_is_read_at_its_new_place(void **state)
{
	(void)state;
	check_a("one", 1);
	tree_write(FOLDER "updates/a.ko", "updated");
	check_a("one", 0);
	tree_replace(DEP, "updates/a.ko:\n" B ":\n");
	check_a("updated", 1);
	check_a("updated", 0);
	assert_int_equal(PLACE("a", "b"), 0);
	assert_string_equal(file_cache_check(cache, 0)->path,
	                    "/lib/modules/" RELEASE "/updates/a.ko");
	/* Also if it is the very same file. */
	assert_int_equal(
		linkat(tree_fd, FOLDER "updates/a.ko", tree_fd, FOLDER "kernel/c.ko", 0),
		0);
	assert_int_equal(renameat(tree_fd, FOLDER "kernel/c.ko", tree_fd, FOLDER A), 0);
	check_a("updated", 1);
	check_a("updated", 0);
	tree_replace(DEP, A ":\n");
	assert_int_equal(PLACE("a"), 0);
	assert_string_equal(file_cache_check(cache, 0)->path,
	                    "/lib/modules/" RELEASE "/" A);
	tree_replace(FOLDER A, "one");
	/* The place itself was written to, too. */
	tree_write(DEP, "kernel/a.ko:\n");
	check_a("one", 1);
	assert_int_equal(PLACE("a", "b"), 0);
	check_missing(1);
}

static void a_list_that_changed_in_place_is_read_again(void **state)
{
	(void)state;
	tree_write(DEP, "kernel/a.ko:\n");
	assert_int_equal(PLACE("a"), 0);
	check_bytes(0, "one");
	/* Nothing but its age tells that it may have changed. */
	make_coarse();
	tree_write(DEP, "kernel/a.ko:\n");
	assert_int_equal(PLACE("a"), 0);
	tree_write(DEP, "kernel/b.ko:\n");
	assert_int_equal(PLACE("a"), 0);
	check_missing(0);
	later = 2 * CLOCK_SECOND;
	assert_int_equal(PLACE("a"), 0);
	dep_opens = 0;
	assert_int_equal(PLACE("a"), 0);
	assert_int_equal(dep_opens, 0);
}

static void a_folder_in_the_place_of_another_has_its_own_list(void **state)
{
	static const char release[] = "root/lib/modules/" RELEASE;

	(void)state;
	tree_write("root/lib/modules/new/modules.dep", "updates/a.ko:\n");
	tree_write("root/lib/modules/new/updates/a.ko", "updated");
	check_a("one", 1);
	assert_int_equal(renameat(tree_fd, release, tree_fd, "root/lib/modules/old"), 0);
	assert_int_equal(renameat(tree_fd, "root/lib/modules/new", tree_fd, release), 0);
	check_a("updated", 1);
	check_a("updated", 0);
	/* So has a link that leads elsewhere now. */
	assert_int_equal(renameat(tree_fd, release, tree_fd, "root/lib/modules/new"), 0);
	tree_link("old", release);
	check_a("one", 1);
	tree_delete(release);
	tree_link("new", release);
	check_a("updated", 1);
	check_a("updated", 0);
}

static void facts_stay_when_only_other_modules_moved(void **state)
{
	(void)state;
	check_a("one", 1);
	tree_replace(DEP, "kernel/c.ko:\n" A ":\n");
	check_a("one", 0);
}

static void another_release_has_its_own_files(void **state)
{
	static const char *const names[] = { "a" };

	(void)state;
	tree_write("root/lib/modules/6.2.0/modules.dep", A ":\n");
	tree_write("root/lib/modules/6.2.0/" A, "newer");
	check_a("one", 1);
	assert_int_equal(place_on("6.2.0", names, 1), 0);
	check_bytes(0, "newer");
	assert_int_equal(place_on("6.3.0", names, 1), 0);
	check_missing(0);
	assert_int_equal(place_on(RELEASE, names, 1), 0);
	check_bytes(0, "one");
	/* Though they may share the list. */
	tree_write("root/lib/modules/6.4.0/" A, "linked");
	assert_int_equal(
		linkat(tree_fd, DEP, tree_fd, "root/lib/modules/6.4.0/modules.dep", 0),
		0);
	assert_int_equal(place_on(RELEASE, names, 1), 0);
	check_bytes(0, "one");
	assert_int_equal(place_on("6.4.0", names, 1), 0);
	check_bytes(0, "linked");
}

static void a_release_that_is_no_folder_has_no_file(void **state)
{
	static const char *const releases[] = { "", ".", "..", "6.1.0/", "../../x", "/" };
	static const char *const names[] = { "a" };

	(void)state;
	tree_write("root/lib/modules/modules.dep", A ":\n");
	tree_write("root/lib/modules/" A, "above");
	tree_write("root/lib/modules.dep", A ":\n");
	tree_write("root/lib/" A, "far above");
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		struct module_file *file;

		assert_int_equal(place_on(releases[i], names, 1), 0);
		file = file_cache_check(cache, 0);
		assert_non_null(file);
		assert_false(module_file_is_read(file));
		assert_string_equal(file->path, "");
	}
	assert_int_equal(reads, 0);
}

static void modules_that_are_gone_are_forgotten(void **state)
{
	(void)state;
	check_a("one", 1);
	assert_int_equal(PLACE("b"), 0);
	check_bytes(0, "two");
	check_a("one", 1);
	assert_int_equal(place_on(RELEASE, NULL, 0), 0);
	check_a("one", 1);
}

static void modules_that_stay_are_not_read_again_when_others_come_and_go(void **state)
{
	(void)state;
	tree_write(DEP, A ":\n" B ":\nkernel/c.ko:\n");
	tree_write(FOLDER "kernel/c.ko", "three");
	assert_int_equal(PLACE("b", "a"), 0);
	check_bytes(0, "two");
	check_bytes(1, "one");
	assert_int_equal(PLACE("c", "b", "nosuch", "a"), 0);
	check_bytes(3, "one");
	check_bytes(1, "two");
	assert_int_equal(reads, 2);
	check_bytes(0, "three");
	check_missing(2);
	assert_int_equal(PLACE("a", "c"), 0);
	check_bytes(0, "one");
	check_bytes(1, "three");
	assert_int_equal(reads, 3);
}

static void a_module_that_is_listed_twice_has_its_file_twice(void **state)
{
	(void)state;
	assert_int_equal(PLACE("a", "a", "b"), 0);
	for (size_t i = 0; i < 2; i++)
		check_bytes(i, "one");
	assert_int_equal(PLACE("a", "b", "a", "a"), 0);
	check_bytes(0, "one");
	check_bytes(1, "two");
	check_bytes(2, "one");
	check_bytes(3, "one");
	assert_int_equal(PLACE("a", "b"), 0);
	check_bytes(0, "one");
	check_bytes(1, "two");
}

static void thousands_of_modules_have_their_files(void **state)
{
	enum { COUNT = 3000 };
	_cleanup_(text_clear) struct text names = TEXT_INIT, dep = TEXT_INIT;
	char path[64];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "kernel/m%d.ko:\n", i % 100);
		text_add_string(&dep, path);
		snprintf(path, sizeof(path), "m%d", COUNT - 1 - i);
		text_add(&names, path, strlen(path) + 1);
	}
	tree_write(DEP, text_string(&dep));
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), FOLDER "kernel/m%d.ko", i);
		tree_write(path, path);
	}
	for (int round = 0; round < 3; round++) {
		assert_int_equal(file_cache_place(cache, RELEASE, &names, COUNT), 0);
		for (int i = 0; i < COUNT; i++) {
			snprintf(path, sizeof(path), FOLDER "kernel/m%d.ko",
			         COUNT - 1 - i);
			if (COUNT - 1 - i < 100)
				check_bytes((size_t)i, path);
			else
				check_missing((size_t)i);
		}
		assert_int_equal(reads, 100);
	}
}

/* ---- modules that the list lacks ---- */

#define NV "updates/dkms/nv-current.ko"
#define X  "extra/x.ko"

/* The list has files that are named otherwise than what is in them. */
static void rename_files(void)
{
	tree_replace(DEP, A ":\n" B ":\n" NV ":\n" X ":\n");
	tree_write(FOLDER NV, "name=nv");
	tree_write(FOLDER X, "name=x-of-vendor");
}

static void a_module_that_the_list_lacks_is_found_by_its_name_in_a_file(void **state)
{
	(void)state;
	rename_files();
	assert_int_equal(PLACE("nv", "a", "x_of_vendor", "nosuch"), 0);
	check_bytes(0, "name=nv");
	assert_string_equal(file_cache_check(cache, 0)->path,
	                    "/lib/modules/" RELEASE "/" NV);
	check_bytes(1, "one");
	check_bytes(2, "name=x-of-vendor");
	check_missing(3);
	assert_false(file_cache_is_sought(cache, 1));
	assert_true(file_cache_is_sought(cache, 0));
	assert_true(file_cache_is_sought(cache, 3));
	assert_int_equal(lines, 0);
}

static void without_such_a_module_no_further_file_is_opened(void **state)
{
	(void)state;
	rename_files();
	assert_int_equal(PLACE("a", "b"), 0);
	assert_false(file_cache_search(cache));
	check_bytes(0, "one");
	check_bytes(1, "two");
	assert_int_equal(opens, 2);
}

static void files_are_asked_for_their_names_once(void **state)
{
	size_t before;

	(void)state;
	rename_files();
	assert_int_equal(PLACE("nv", "nosuch"), 0);
	check_bytes(0, "name=nv");
	check_missing(1);
	/* Both for their names, and the one that was found for its facts. */
	assert_int_equal(opens, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(PLACE("nv", "nosuch"), 0);
		check_bytes(0, "name=nv");
		check_missing(1);
		assert_int_equal(opens, 3);
		assert_int_equal(dep_opens, 1);
	}
	/* Nor when modules come and go. */
	assert_int_equal(PLACE("other", "nosuch", "a", "nv", "x_of_vendor"), 0);
	before = opens;
	check_missing(0);
	check_missing(1);
	check_bytes(3, "name=nv");
	assert_int_equal(opens, before);
	check_bytes(2, "one");
	check_bytes(4, "name=x-of-vendor");
	assert_int_equal(opens, before + 2);
}

static void a_new_list_is_asked_anew(void **state)
{
	(void)state;
	rename_files();
	assert_int_equal(PLACE("nv"), 0);
	check_bytes(0, "name=nv");
	tree_write(FOLDER "updates/other.ko", "name=nv");
	tree_replace(DEP, "updates/other.ko:\n" NV ":\n");
	assert_int_equal(PLACE("nv"), 0);
	assert_string_equal(file_cache_check(cache, 0)->path,
	                    "/lib/modules/" RELEASE "/updates/other.ko");
	tree_replace(DEP, X ":\n");
	assert_int_equal(PLACE("nv"), 0);
	check_missing(0);
	/* The list's own word goes before. */
	tree_write(FOLDER "kernel/nv.ko", "listed");
	tree_replace(DEP, NV ":\nkernel/nv.ko:\n");
	assert_int_equal(PLACE("nv"), 0);
	check_bytes(0, "listed");
	assert_false(file_cache_is_sought(cache, 0));
	tree_replace(DEP, NV ":\n");
	assert_int_equal(PLACE("nv"), 0);
	check_bytes(0, "name=nv");
}

static void a_file_that_says_another_name_now_is_no_more_the_module(void **state)
{
	(void)state;
	rename_files();
	assert_int_equal(PLACE("nv", "later"), 0);
	check_bytes(0, "name=nv");
	check_missing(1);
	tree_replace(FOLDER NV, "name=later");
	assert_int_equal(PLACE("nv", "later"), 0);
	check_missing(0);
	assert_string_equal(file_cache_check(cache, 0)->path, "");
	check_bytes(1, "name=later");
	tree_replace(FOLDER NV, "name=later, and newer");
	tree_delete(FOLDER NV);
	check_failure(1, MODULE_SIGNATURE_MISSING, -ENOENT);
}

static void a_file_that_may_be_the_module_leaves_it_unreadable(void **state)
{
	(void)state;
	rename_files();
	open_error = EACCES;
	open_end = X;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(PLACE("nosuch", "nv", "a"), 0);
		check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EACCES);
		assert_string_equal(file_cache_check(cache, 0)->path, "");
		check_bytes(1, "name=nv");
		check_bytes(2, "one");
		/* Nor is it tried again at each pass. */
		assert_int_equal(opens, 4);
		assert_int_equal(lines, 1);
	}
	assert_string_equal(last_line, "/lib/modules/" RELEASE "/" X
	                               ": cannot be read: Permission denied");
	/* But one with the name of a loaded module is that one's. */
	assert_int_equal(PLACE("nosuch", "x"), 0);
	check_missing(0);
	check_failure(1, MODULE_SIGNATURE_UNREADABLE, -EACCES);
}

static void one_file_after_another_is_asked_for_its_name(void **state)
{
	(void)state;
	rename_files();
	assert_int_equal(PLACE("nv"), 0);
	assert_true(file_cache_search(cache));
	assert_int_equal(reads, 1);
	assert_true(file_cache_search(cache));
	assert_int_equal(reads, 2);
	assert_false(file_cache_search(cache));
	assert_int_equal(reads, 2);
	/* Given up in the midst, nothing is said of it, and it goes on later. */
	tree_replace(DEP, NV ":\n" X ":\n");
	assert_int_equal(PLACE("nv"), 0);
	read_result = -ECANCELED;
	file_cache_check(cache, 0);
	read_result = 0;
	check_bytes(0, "name=nv");
	assert_int_equal(lines, 0);
}

static void lack_of_memory_loses_no_module_that_the_list_lacks(void **state)
{
	bool is_through = false;

	(void)state;
	rename_files();
	for (size_t i = 0; !is_through; i++) {
		int r;

		assert_true(i < 200);
		cache = file_cache_free(cache);
		assert_int_equal(make_cache(&cache), 0);
		memory_fails = true;
		memory_fails_at = i;
		r = PLACE("nv", "nosuch");
		assert_true(r == 0 || r == -ENOMEM);
		for (size_t j = 0; r == 0 && j < 2; j++)
			file_cache_check(cache, j);
		is_through = memory_fails;
		memory_fails = false;
		assert_int_equal(PLACE("nv", "nosuch"), 0);
		check_bytes(0, "name=nv");
		check_missing(1);
	}
}

/* ---- what is not there, or cannot be read ---- */

static void a_module_without_a_place_is_missing_until_it_has_one(void **state)
{
	(void)state;
	tree_replace(DEP, B ":\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(PLACE("a", "b"), 0);
		check_missing(0);
		check_bytes(1, "two");
	}
	assert_string_equal(file_cache_check(cache, 0)->path, "");
	tree_replace(DEP, A ":\n" B ":\n");
	check_a("one", 1);
	assert_int_equal(lines, 0);
}

static void a_file_that_is_missing_is_looked_for_each_time(void **state)
{
	(void)state;
	tree_delete(FOLDER A);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(PLACE("a"), 0);
		check_missing(0);
	}
	tree_write(FOLDER A, "back");
	check_a("back", 1);
	tree_delete(FOLDER A);
	assert_int_equal(PLACE("a"), 0);
	check_missing(0);
	/* Missing is no news: there are modules that were loaded from anywhere. */
	assert_int_equal(lines, 0);
}

static void a_file_below_a_file_is_missing(void **state)
{
	(void)state;
	tree_delete(FOLDER A);
	tree_delete(FOLDER B);
	tree_delete(FOLDER "kernel");
	tree_write(FOLDER "kernel", "");
	assert_int_equal(PLACE("a"), 0);
	check_failure(0, MODULE_SIGNATURE_MISSING, -ENOTDIR);
}

static void without_a_list_every_module_is_missing_until_there_is_one(void **state)
{
	(void)state;
	tree_delete(DEP);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(PLACE("a", "b"), 0);
		check_missing(0);
		check_missing(1);
	}
	tree_write(DEP, A ":\n");
	check_a("one", 1);
	tree_delete(DEP);
	assert_int_equal(PLACE("a", "b"), 0);
	check_missing(0);
	assert_int_equal(lines, 0);
}

static void what_is_no_regular_file_is_unreadable(void **state)
{
	(void)state;
	tree_delete(FOLDER A);
	tree_folder(FOLDER A);
	assert_int_equal(PLACE("a", "b"), 0);
	check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EISDIR);
	check_bytes(1, "two");
	tree_delete(FOLDER A);
	tree_fifo(FOLDER A);
	assert_int_equal(PLACE("a", "b"), 0);
	check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EINVAL);
	assert_string_equal(file_cache_check(cache, 0)->path,
	                    "/lib/modules/" RELEASE "/" A);
	assert_int_equal(lines, 2);
	tree_delete(FOLDER A);
	tree_write(FOLDER A, "good");
	check_a("good", 1);
}

static void a_link_to_nowhere_is_a_missing_file(void **state)
{
	(void)state;
	tree_delete(FOLDER A);
	tree_link("nosuch.ko", FOLDER A);
	assert_int_equal(PLACE("a"), 0);
	check_missing(0);
	tree_delete(FOLDER A);
	tree_link("a.ko", FOLDER A);
	assert_int_equal(PLACE("a"), 0);
	check_failure(0, MODULE_SIGNATURE_UNREADABLE, -ELOOP);
	assert_int_equal(reads, 0);
}

static void a_link_out_of_the_root_shows_nothing_of_what_is_outside(void **state)
{
	char absolute[2 * PATH_MAX];

	(void)state;
	tree_write("outside.ko", "secret");
	snprintf(absolute, sizeof(absolute), "%s/outside.ko", tree_path);
	tree_delete(FOLDER A);
	tree_link("../../../../../outside.ko", FOLDER A);
	tree_delete(FOLDER B);
	tree_link(absolute, FOLDER B);
	assert_int_equal(PLACE("a", "b"), 0);
	check_missing(0);
	check_missing(1);
	assert_int_equal(reads, 0);
	/* In the root the same path may be something else. */
	tree_write("root/outside.ko", "inside");
	check_a("inside", 1);
	check_a("inside", 0);
	assert_int_equal(PLACE("a", "b"), 0);
	check_missing(1);
}

static void what_cannot_be_opened_is_tried_each_time_and_told_once(void **state)
{
	static const int errors[] = { EACCES, EIO, EMFILE, ENFILE };

	(void)state;
	open_end = "a.ko";
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		size_t opened = opens, told = lines;

		tick();
		assert_int_equal(fchmodat(tree_fd, FOLDER A, 0644, 0), 0);
		open_error = errors[i];
		for (size_t round = 1; round <= 3; round++) {
			assert_int_equal(PLACE("a", "b"), 0);
			check_failure(0, MODULE_SIGNATURE_UNREADABLE, -errors[i]);
			assert_int_equal(opens - opened, round);
		}
		assert_int_equal(lines - told, 1);
		assert_non_null(strstr(last_line, "/lib/modules/" RELEASE "/" A));
		open_error = 0;
		check_a("one", 1);
		check_a("one", 0);
	}
}

static void without_permission_a_file_is_unreadable_until_there_is_one(void **state)
{
	uid_t user = geteuid();

	(void)state;
	assert_int_equal(fchmodat(tree_fd, FOLDER A, 0, 0), 0);
	assert_int_equal(chmod(tree_path, 0755), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(PLACE("a", "b"), 0);
		check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EACCES);
		check_bytes(1, "two");
	}
	if (user == 0)
		assert_int_equal(seteuid(user), 0);
	assert_int_equal(lines, 1);
	assert_int_equal(fchmodat(tree_fd, FOLDER A, 0644, 0), 0);
	check_a("one", 1);
}

static void what_is_lastingly_bad_is_read_once_and_told_once(void **state)
{
	static const int errors[] = { -EBADMSG, -EFBIG, -ETIME };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		size_t before = reads, told = lines;

		tree_replace(FOLDER A, "bad");
		read_error = errors[i];
		for (int round = 0; round < 3; round++) {
			assert_int_equal(PLACE("a"), 0);
			check_failure(0,
			              errors[i] == -EBADMSG ? MODULE_SIGNATURE_MALFORMED
			                                    : MODULE_SIGNATURE_UNREADABLE,
			              errors[i]);
			assert_int_equal(reads - before, 1);
		}
		assert_int_equal(lines - told, 1);
		assert_non_null(strstr(last_line, A));
		read_error = 0;
		tree_replace(FOLDER A, "good");
		assert_int_equal(PLACE("a"), 0);
		check_bytes(0, "good");
		assert_int_equal(lines - told, 1);
	}
}

static void a_bad_file_that_became_another_bad_file_is_no_news(void **state)
{
	(void)state;
	read_error = -EBADMSG;
	for (int i = 0; i < 3; i++) {
		tree_replace(FOLDER A, "bad");
		assert_int_equal(PLACE("a"), 0);
		check_failure(0, MODULE_SIGNATURE_MALFORMED, -EBADMSG);
	}
	assert_int_equal(reads, 3);
	assert_int_equal(lines, 1);
	read_error = -EFBIG;
	tree_replace(FOLDER A, "large");
	assert_int_equal(PLACE("a"), 0);
	check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EFBIG);
	assert_int_equal(lines, 2);
}

static void a_disk_that_fails_is_read_again_each_time_and_told_once(void **state)
{
	(void)state;
	read_error = -EIO;
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(PLACE("a"), 0);
		check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EIO);
		assert_int_equal(reads, i);
	}
	assert_int_equal(lines, 1);
	read_error = 0;
	assert_int_equal(PLACE("a"), 0);
	check_bytes(0, "one");
}

static void what_is_known_to_fail_is_not_told_again_when_others_come_and_go(void **state)
{
	(void)state;
	tree_delete(FOLDER A);
	tree_folder(FOLDER A);
	tree_replace(FOLDER B, "bad");
	read_error = -EBADMSG;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(PLACE("a", "b"), 0);
		check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EISDIR);
		check_failure(1, MODULE_SIGNATURE_MALFORMED, -EBADMSG);
		assert_int_equal(PLACE("c", "a", "b"), 0);
		check_failure(1, MODULE_SIGNATURE_UNREADABLE, -EISDIR);
		check_failure(2, MODULE_SIGNATURE_MALFORMED, -EBADMSG);
	}
	assert_int_equal(lines, 2);
	assert_int_equal(reads, 1);
}

static void giving_up_is_no_complaint_about_the_file(void **state)
{
	(void)state;
	read_result = -ECANCELED;
	assert_int_equal(PLACE("a"), 0);
	file_cache_check(cache, 0);
	assert_int_equal(lines, 0);
	read_result = 0;
	check_a("one", 1);
}

static void reading_without_memory_is_tried_again(void **state)
{
	(void)state;
	read_result = -ENOMEM;
	for (size_t i = 1; i <= 2; i++) {
		struct module_file *file;

		assert_int_equal(PLACE("a"), 0);
		file = file_cache_check(cache, 0);
		assert_true(!file || file->error == -ENOMEM);
		assert_int_equal(reads, i);
	}
	assert_true(lines <= 1);
	read_result = 0;
	check_a("one", 1);
}

/* ---- the list of modules ---- */

static void a_list_that_cannot_be_read_is_told_once_and_tried_again(void **state)
{
	static const int errors[] = { EACCES, EIO, EMFILE };

	(void)state;
	open_end = "modules.dep";
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		size_t told = lines;

		tree_replace(DEP, A ":\n");
		open_error = errors[i];
		for (int round = 0; round < 3; round++) {
			assert_int_equal(PLACE("a"), 0);
			check_failure(0, MODULE_SIGNATURE_UNREADABLE, -errors[i]);
			assert_int_equal(PLACE("a", "b", "c"), 0);
			check_failure(0, MODULE_SIGNATURE_UNREADABLE, -errors[i]);
			check_failure(1, MODULE_SIGNATURE_UNREADABLE, -errors[i]);
		}
		assert_true(lines - told >= 1);
		/* One line names what fails, not one line for each module. */
		assert_non_null(strstr(last_line, "modules.dep"));
		assert_int_equal(lines - told, 1);
		open_error = 0;
		assert_int_equal(PLACE("a"), 0);
		check_bytes(0, "one");
	}
}

static void a_list_that_could_not_be_opened_is_tried_again(void **state)
{
	(void)state;
	open_end = "modules.dep";
	open_error = EMFILE;
	assert_int_equal(PLACE("a", "b"), 0);
	check_failure(0, MODULE_SIGNATURE_UNREADABLE, -EMFILE);
	open_error = 0;
	check_a("one", 1);
}

static void a_list_of_garbage_makes_modules_missing(void **state)
{
	static const char *const lists[] = {
		"",
		"\n\n",
		"kernel/a.ko",
		"a:",
		":",
		"kernel/:\n",
		"\xff\xfe:\n:::\n",
		"kernel/a.ko kernel/b.ko\n",
		"kernel/.ko:\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		tree_replace(DEP, lists[i]);
		assert_int_equal(PLACE("a", "b", "", ".", "..", "kernel/a"), 0);
		for (size_t j = 0; j < 6; j++)
			check_missing(j);
	}
	assert_int_equal(reads, 0);
}

static void a_place_out_of_the_root_shows_nothing_of_what_is_outside(void **state)
{
	(void)state;
	tree_write("outside.ko", "secret");
	tree_replace(DEP, "../../../../outside.ko:\n/../outside.ko:\n");
	assert_int_equal(PLACE("outside"), 0);
	check_missing(0);
	assert_int_equal(reads, 0);
}

/* ---- the root ---- */

static void a_root_that_is_missing_is_an_error_until_it_is_there(void **state)
{
	(void)state;
	assert_int_equal(renameat(tree_fd, "root", tree_fd, "away"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(PLACE("a", "b"), -ENOENT);
	tree_write("root", "");
	assert_int_equal(PLACE("a", "b"), -ENOTDIR);
	tree_delete("root");
	assert_int_equal(renameat(tree_fd, "away", tree_fd, "root"), 0);
	check_a("one", 1);
}

static void a_root_that_was_made_anew_is_opened_anew(void **state)
{
	(void)state;
	check_a("one", 1);
	tree_delete(FOLDER A);
	tree_delete(FOLDER B);
	tree_delete(DEP);
	tree_delete(FOLDER "kernel");
	tree_delete(FOLDER);
	tree_delete("root/lib/modules");
	tree_delete("root/lib");
	tree_delete("root");
	assert_int_equal(PLACE("a", "b"), -ENOENT);
	assert_int_equal(PLACE("a", "b"), -ENOENT);
	tree_write(DEP, A ":\n" B ":\n");
	tree_write(FOLDER A, "another");
	check_a("another", 1);
	check_a("another", 0);
}

/* ---- resources ---- */

static void no_descriptor_stays_open_but_the_root_and_the_list(void **state)
{
	size_t before = tree_count_descriptors();

	(void)state;
	for (int i = 0; i < 20; i++) {
		tree_replace(FOLDER A, "again");
		assert_int_equal(PLACE("a", "b"), 0);
		check_bytes(0, "again");
		check_bytes(1, "two");
		assert_true(tree_count_descriptors() <= before + 2);
	}
	cache = file_cache_free(cache);
	assert_int_equal(tree_count_descriptors(), before);
}

static void file_cache_rest_gives_memory_back_only_after_reading(void **state)
{
	(void)state;
	file_cache_rest(cache);
	assert_int_equal(trims, 0);
	check_a("one", 1);
	file_cache_rest(cache);
	assert_int_equal(trims, 1);
	check_a("one", 0);
	file_cache_rest(cache);
	assert_int_equal(trims, 1);
	tree_replace(FOLDER A, "two");
	check_a("two", 1);
	file_cache_rest(cache);
	assert_int_equal(trims, 2);
}

static void file_cache_free_takes_null(void **state)
{
	(void)state;
	assert_null(file_cache_free(NULL));
}

static void file_cache_new_says_when_there_is_no_memory(void **state)
{
	struct file_cache *made = NULL;

	(void)state;
	for (size_t i = 0; !made; i++) {
		int r;

		assert_true(i < 100);
		memory_fails = true;
		memory_fails_at = i;
		r = make_cache(&made);
		assert_true(made ? r == 0 && memory_fails : r == -ENOMEM);
	}
	memory_fails = false;
	file_cache_free(made);
}

static void lack_of_memory_anywhere_is_over_when_there_is_some_again(void **state)
{
	bool is_through = false;

	(void)state;
	for (size_t i = 0; !is_through; i++) {
		int r;

		assert_true(i < 200);
		cache = file_cache_free(cache);
		assert_int_equal(make_cache(&cache), 0);
		memory_fails = true;
		memory_fails_at = i;
		r = PLACE("a", "b");
		assert_true(r == 0 || r == -ENOMEM);
		for (size_t j = 0; r == 0 && j < 2; j++) {
			const struct module_file *file = file_cache_check(cache, j);

			assert_true(!file || file->error == -ENOMEM || !file->error);
		}
		is_through = memory_fails;
		memory_fails = false;
		assert_int_equal(PLACE("a", "b"), 0);
		check_bytes(0, "one");
		check_bytes(1, "two");
	}
}

static void lack_of_memory_when_modules_change_loses_none(void **state)
{
	bool is_through = false;

	(void)state;
	for (size_t i = 0; !is_through; i++) {
		int r;

		assert_true(i < 200);
		check_a("one", i == 0);
		memory_fails = true;
		memory_fails_at = i;
		r = PLACE("b", "a");
		assert_true(r == 0 || r == -ENOMEM);
		is_through = memory_fails;
		memory_fails = false;
		assert_int_equal(PLACE("b", "a"), 0);
		check_bytes(1, "one");
		check_bytes(0, "two");
		/* What was known may be read once more, never wrongly. */
		assert_int_equal(PLACE("a", "b"), 0);
		check_bytes(0, "one");
		check_bytes(1, "two");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file_cache_check_reads_each_file_once),
		TEST(file_cache_check_gives_the_same_facts_while_nothing_changes),
		TEST(facts_may_be_held_whatever_becomes_of_the_file),
		TEST(the_reader_gets_what_the_cache_was_made_with),
		TEST(names_with_a_minus_are_those_with_an_underscore),
		TEST(a_file_that_was_replaced_is_read_again),
		TEST(a_file_that_was_changed_in_place_is_read_again),
		TEST(a_file_that_was_touched_or_got_a_mode_is_read_again),
		TEST(a_file_that_changed_just_now_is_read_again),
		TEST(a_file_that_changes_while_it_is_read_for_long_is_read_again),
		TEST(a_file_that_is_replaced_while_it_is_read_is_read_again),
		TEST(a_file_from_the_future_is_read_once),
		TEST(what_a_link_leads_to_is_looked_at),
		TEST(an_absolute_link_leads_to_a_file_below_the_root),
		TEST(a_module_that_moved_is_read_at_its_new_place),
		TEST(a_list_that_changed_in_place_is_read_again),
		TEST(a_folder_in_the_place_of_another_has_its_own_list),
		TEST(facts_stay_when_only_other_modules_moved),
		TEST(another_release_has_its_own_files),
		TEST(a_release_that_is_no_folder_has_no_file),
		TEST(modules_that_are_gone_are_forgotten),
		TEST(modules_that_stay_are_not_read_again_when_others_come_and_go),
		TEST(a_module_that_is_listed_twice_has_its_file_twice),
		TEST(thousands_of_modules_have_their_files),
		TEST(a_module_that_the_list_lacks_is_found_by_its_name_in_a_file),
		TEST(without_such_a_module_no_further_file_is_opened),
		TEST(files_are_asked_for_their_names_once),
		TEST(a_new_list_is_asked_anew),
		TEST(a_file_that_says_another_name_now_is_no_more_the_module),
		TEST(a_file_that_may_be_the_module_leaves_it_unreadable),
		TEST(one_file_after_another_is_asked_for_its_name),
		TEST(lack_of_memory_loses_no_module_that_the_list_lacks),
		TEST(a_module_without_a_place_is_missing_until_it_has_one),
		TEST(a_file_that_is_missing_is_looked_for_each_time),
		TEST(a_file_below_a_file_is_missing),
		TEST(without_a_list_every_module_is_missing_until_there_is_one),
		TEST(what_is_no_regular_file_is_unreadable),
		TEST(a_link_to_nowhere_is_a_missing_file),
		TEST(a_link_out_of_the_root_shows_nothing_of_what_is_outside),
		TEST(what_cannot_be_opened_is_tried_each_time_and_told_once),
		TEST(without_permission_a_file_is_unreadable_until_there_is_one),
		TEST(what_is_lastingly_bad_is_read_once_and_told_once),
		TEST(a_bad_file_that_became_another_bad_file_is_no_news),
		TEST(a_disk_that_fails_is_read_again_each_time_and_told_once),
		TEST(what_is_known_to_fail_is_not_told_again_when_others_come_and_go),
		TEST(giving_up_is_no_complaint_about_the_file),
		TEST(reading_without_memory_is_tried_again),
		TEST(a_list_that_cannot_be_read_is_told_once_and_tried_again),
		TEST(a_list_that_could_not_be_opened_is_tried_again),
		TEST(a_list_of_garbage_makes_modules_missing),
		TEST(a_place_out_of_the_root_shows_nothing_of_what_is_outside),
		TEST(a_root_that_is_missing_is_an_error_until_it_is_there),
		TEST(a_root_that_was_made_anew_is_opened_anew),
		TEST(no_descriptor_stays_open_but_the_root_and_the_list),
		TEST(file_cache_rest_gives_memory_back_only_after_reading),
		TEST(file_cache_free_takes_null),
		TEST(file_cache_new_says_when_there_is_no_memory),
		TEST(lack_of_memory_anywhere_is_over_when_there_is_some_again),
		TEST(lack_of_memory_when_modules_change_loses_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
