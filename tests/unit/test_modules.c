/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/modules against /sys/module, while both change. The second half plays the kernel:
 * a list that is read in pieces by position, as seq_file does, modules that come and go
 * step by step, and every moment of a read tried for them. Knows the calls that hostfs
 * makes, each of which is such a moment.
 */
#include "sources/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "tree.h"

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);

static void (*before_call)(void); /* called before each of the calls below, if set */
static size_t calls;              /* of all kinds, so far */
static size_t opens;              /* openat2() calls so far */
static size_t list_reads;         /* how often /proc/modules was read from its start */
static ssize_t (*read_list)(void *bytes, size_t size, off_t offset); /* instead, if set */
static uint64_t seconds;     /* what the clock shows; 0: the real time */
static bool deadline_passes; /* ... an hour later, from this call of it on */
static size_t deadline_passes_at;
static int pread_error; /* pread() number pread_fails_at fails so; 0: none */
static size_t pread_fails_at;
static size_t pread_fails_left; /* how many fail from there on */
static int open_error;          /* the same of openat2() */
static size_t open_fails_at;
static bool memory_fails;
static size_t memory_fails_at;

static void moment(void)
{
	void (*hook)(void) = before_call;
	int error = errno;

	calls++;
	if (!hook)
		return;
	before_call = NULL; /* what it does itself is no moment */
	hook();
	before_call = hook;
	errno = error;
}

long __wrap_syscall(long number, ...)
{
	va_list arguments;
	const char *path;
	void *how;
	size_t size;
	int fd;

	assert_int_equal(number, SYS_openat2);
	moment();
	opens++;
	va_start(arguments, number);
	fd = va_arg(arguments, int);
	path = va_arg(arguments, const char *);
	how = va_arg(arguments, void *);
	size = va_arg(arguments, size_t);
	va_end(arguments);
	if (open_error && open_fails_at-- == 0) {
		errno = open_error;
		open_error = 0;
		return -1;
	}
	return __real_syscall(number, fd, path, how, size);
}

static bool is_list(int fd)
{
	struct stat list, st;

	return fstatat(tree_fd, "proc/modules", &list, 0) == 0 &&
	       __real_fstat(fd, &st) == 0 && st.st_ino == list.st_ino;
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	bool reads_list = is_list(fd);

	list_reads += reads_list && offset == 0;
	moment();
	if (pread_error && pread_fails_at-- == 0) {
		errno = pread_error;
		pread_fails_at = 0;
		if (!--pread_fails_left)
			pread_error = 0;
		return -1;
	}
	return reads_list && read_list ? read_list(bytes, size, offset)
	                               : __real_pread(fd, bytes, size, offset);
}

int __wrap_fstat(int fd, struct stat *st)
{
	moment();
	return __real_fstat(fd, st);
}

struct dirent *__wrap_readdir(DIR *folder)
{
	moment();
	return __real_readdir(folder);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	int r = __real_clock_gettime(id, time);

	if (seconds)
		*time = (struct timespec){ .tv_sec = (time_t)seconds };
	if (deadline_passes && deadline_passes_at-- == 0) {
		deadline_passes_at = 0;
		time->tv_sec += 3600;
	}
	return r;
}

static bool fails_memory(void)
{
	return memory_fails && memory_fails_at-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails_memory() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_reallocarray(pointer, count, size);
}

char *__wrap_strdup(const char *string)
{
	return fails_memory() ? NULL : __real_strdup(string);
}

static int setup(void **state)
{
	before_call = NULL;
	read_list = NULL;
	calls = opens = list_reads = 0;
	seconds = 0;
	deadline_passes = false;
	pread_error = open_error = 0;
	memory_fails = false;
	return tree_setup(state);
}

/* One host over many passes. */
struct host {
	struct hostfs *fs;
	struct modules_memory memory;
	struct snapshot snapshot;
};

static struct host host_init(void)
{
	struct host host = { .fs = tree_hostfs() };

	snapshot_init(&host.snapshot);
	return host;
}

static void host_clear(struct host *host)
{
	snapshot_clear(&host->snapshot);
	hostfs_free(host->fs);
}

/* One pass; the mask and the release were read. */
static const struct module_list *look_until(struct host *host, bool every,
                                            uint64_t deadline)
{
	snapshot_clear(&host->snapshot);
	host->snapshot.mask_result.error = 0;
	host->snapshot.release_result.error = 0;
	hostfs_begin(host->fs, deadline);
	modules_read(host->fs, &host->memory, every, &host->snapshot);
	return &host->snapshot.modules;
}

static const struct module_list *look(struct host *host)
{
	return look_until(host, false, UINT64_MAX);
}

static const struct module_record *find(const struct module_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->records[i].name_length == strlen(name) &&
		    memcmp(list->records[i].name, name, strlen(name)) == 0)
			return &list->records[i];
	return NULL;
}

static size_t count_disagreeing(const struct module_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += module_record_is_disagreeing(&list->records[i]);
	return count;
}

static void check_good(const struct module_list *list, size_t count, size_t hidden,
                       size_t disagreeing)
{
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, 0);
	assert_true(list->support);
	assert_int_equal(list->count, count);
	assert_int_equal(list->unlisted_count, hidden);
	assert_int_equal(count_disagreeing(list), disagreeing);
}

static void make_module(const char *name, const char *taint)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/module/%s/initstate", name);
	tree_write(path, "live\n");
	snprintf(path, sizeof(path), "sys/module/%s/taint", name);
	tree_write(path, taint);
}

static void remove_module(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/module/%s/initstate", name);
	tree_delete(path);
	snprintf(path, sizeof(path), "sys/module/%s/taint", name);
	tree_delete(path);
	snprintf(path, sizeof(path), "sys/module/%s", name);
	tree_delete(path);
}

/* Three modules and two built-ins. */
static void make_host(void)
{
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "loop 1 0 - Live 0x0\n"
	                           "dummy 1 0 - Live 0x0 (OE)\n");
	make_module("nvidia", "POE\n");
	make_module("loop", "\n");
	make_module("dummy", "OE\n");
	tree_folder("sys/module/kernel/parameters");
	tree_folder("sys/module/printk/parameters");
}

/* ---- what is there ---- */

static void modules_read_lists_what_both_sides_show(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	make_host();
	list = look(&host);
	check_good(list, 3, 0, 0);
	assert_true(find(list, "nvidia")->in_sysfs);
	assert_true(find(list, "dummy")->in_sysfs);
	assert_int_equal(host.memory.built_in, 2);
	host_clear(&host);
}

static void modules_read_compares_clean_modules_only_when_told(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	make_host();
	tree_write("sys/module/loop/taint", "P\n");
	list = look(&host);
	check_good(list, 3, 0, 0);
	assert_false(find(list, "loop")->in_sysfs);
	list = look_until(&host, true, UINT64_MAX);
	check_good(list, 3, 0, 1);
	assert_true(find(list, "loop")->in_sysfs);
	tree_write("sys/module/loop/taint", "\n");
	list = look_until(&host, true, UINT64_MAX);
	check_good(list, 3, 0, 0);
	assert_true(find(list, "loop")->in_sysfs);
	host_clear(&host);
}

static void modules_read_finds_letters_that_disagree(void **state)
{
	static const struct {
		const char *taint;
		size_t disagreeing;
	} cases[] = { { "POE\n", 0 }, { "EOP\n", 0 },  { "POE+\n", 0 }, { "POEE\n", 0 },
		      { "OE\n", 1 },  { "POEX\n", 1 }, { "\n", 1 },     { "poe\n", 1 } };
	struct host host = host_init();

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_write("sys/module/nvidia/taint", cases[i].taint);
		check_good(look(&host), 3, 0, cases[i].disagreeing);
	}
	host_clear(&host);
}

static void modules_read_does_not_compare_where_sysfs_has_no_letters(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	make_host();
	tree_delete("sys/module/nvidia/taint");
	remove_module("dummy");
	list = look(&host);
	check_good(list, 3, 0, 0);
	assert_false(find(list, "nvidia")->in_sysfs);
	assert_false(find(list, "dummy")->in_sysfs);
	host_clear(&host);
}

static void modules_read_finds_a_hidden_module(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	make_host();
	check_good(look(&host), 3, 0, 0);
	make_module("rootkit", "OE\n");
	for (int pass = 0; pass < 3; pass++) {
		list = look(&host);
		check_good(list, 3, 1, 0);
		assert_string_equal(module_list_unlisted_name(list, 0), "rootkit");
	}
	remove_module("rootkit");
	check_good(look(&host), 3, 0, 0);
	host_clear(&host);
}

static void modules_read_finds_a_hidden_module_at_once(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("rootkit", "OE\n");
	make_module("second", "\n");
	check_good(look(&host), 3, 2, 0);
	check_good(look(&host), 3, 2, 0);
	host_clear(&host);
}

static void modules_read_finds_what_hides_from_an_empty_list(void **state)
{
	struct host host = host_init();

	(void)state;
	tree_write("proc/modules", "");
	make_module("rootkit", "OE\n");
	check_good(look(&host), 0, 1, 0);
	check_good(look(&host), 0, 1, 0);
	host_clear(&host);
}

static void modules_read_finds_a_hidden_module_behind_one_without_a_folder(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("rootkit", "OE\n");
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "loop 1 0 - Live 0x0\n"
	                           "dummy 1 0 - Live 0x0 (OE)\n"
	                           "folderless 1 0 - Live 0x0\n");
	check_good(look(&host), 4, 1, 0);
	check_good(look(&host), 4, 1, 0);
	host_clear(&host);
}

static void modules_read_finds_a_hidden_module_whatever_its_name(void **state)
{
	static const char *const names[] = { "a b", "line\nbreak", "\xff", "(P)", "a!b" };
	struct host host = host_init();

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		make_module(names[i], "P\n");
		check_good(look(&host), 3, 1, 0);
		assert_string_equal(module_list_unlisted_name(&host.snapshot.modules, 0),
		                    names[i]);
		remove_module(names[i]);
	}
	host_clear(&host);
}

static void modules_read_takes_built_ins_for_what_they_are(void **state)
{
	struct host host = host_init();
	char path[64];

	(void)state;
	make_host();
	check_good(look(&host), 3, 0, 0);
	/* Whatever is there without initstate. */
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "sys/module/builtin%d/parameters", i);
		tree_folder(path);
	}
	tree_write("sys/module/uevent", "");
	tree_write("sys/module/builtin0/version", "1\n");
	check_good(look(&host), 3, 0, 0);
	assert_int_equal(host.memory.built_in, 52);
	host_clear(&host);
}

static void modules_read_does_not_take_one_that_comes_or_goes_for_hidden(void **state)
{
	static const struct {
		const char *state;
		size_t hidden;
	} cases[] = { { "coming\n", 0 }, { "going\n", 0 }, { "live\n", 1 } };
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_write("sys/module/other/initstate", cases[i].state);
		check_good(look(&host), 3, cases[i].hidden, 0);
	}
	host_clear(&host);
}

static void modules_read_knows_listed_modules_by_their_folders(void **state)
{
	struct host host = host_init();

	(void)state;
	tree_write("proc/modules", "a/b 1 0 - Live 0x0 (P)\n"
	                           ".. 1 0 - Live 0x0 (P)\n"
	                           "../.. 1 0 - Live 0x0 (P)\n"
	                           "line\nbreak 1 0 - Live 0x0 (P)\n");
	make_module("a!b", "P\n");
	make_module("..!..", "P\n");
	make_module("line\nbreak", "P\n");
	tree_write("sys/taint", "O\n");
	tree_write("taint", "O\n");
	check_good(look(&host), 4, 0, 0);
	assert_true(find(&host.snapshot.modules, "a/b")->in_sysfs);
	assert_true(find(&host.snapshot.modules, "../..")->in_sysfs);
	assert_false(find(&host.snapshot.modules, "..")->in_sysfs);
	host_clear(&host);
}

/* ---- what is missing ---- */

static void modules_read_without_the_list_needs_procfs_to_conclude(void **state)
{
	struct host host = host_init();

	(void)state;
	tree_folder("sys/module/kernel");
	for (int known = 0; known < 4; known++) {
		const struct module_list *list = &host.snapshot.modules;

		snapshot_clear(&host.snapshot);
		host.snapshot.mask_result.error = known & 1 ? 0 : -ENOENT;
		host.snapshot.release_result.error = known & 2 ? 0 : -ENOENT;
		modules_read(host.fs, &host.memory, false, &host.snapshot);
		assert_false(list->support);
		assert_int_equal(list->count, 0);
		assert_int_equal(list->unlisted_count, 0);
		assert_int_equal(list->procfs_result.error, known ? 0 : -ENOENT);
		assert_string_equal(list->procfs_result.file, "modules");
		if (known)
			assert_int_equal(list->sysfs_result.error, 0);
	}
	host_clear(&host);
}

static void modules_read_without_modules_needs_no_sysfs(void **state)
{
	struct host host = host_init();

	(void)state;
	look(&host);
	assert_false(host.snapshot.modules.support);
	assert_int_equal(host.snapshot.modules.procfs_result.error, 0);
	assert_int_equal(host.snapshot.modules.sysfs_result.error, 0);
	host_clear(&host);
}

static void modules_read_without_sysfs_still_lists(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	tree_write("proc/modules", "loop 1 0 - Live 0x0 (OE)\n");
	list = look(&host);
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, -ENOENT);
	assert_string_equal(list->sysfs_result.file, "module");
	assert_true(list->support);
	assert_int_equal(list->count, 1);
	assert_int_equal(list->unlisted_count, 0);

	/* And compares as soon as it is there. */
	make_module("loop", "P\n");
	check_good(look(&host), 1, 0, 1);
	host_clear(&host);
}

static void modules_read_does_not_compare_a_module_that_is_gone(void **state)
{
	struct host host = host_init();
	const struct module_list *list;

	(void)state;
	make_host();
	check_good(look(&host), 3, 0, 0);
	/* The list in two reads, then letters that no longer answer, nor when opened
	 * anew. */
	pread_error = ENODEV;
	pread_fails_at = 2;
	pread_fails_left = 2;
	list = look(&host);
	assert_int_equal(pread_error, 0);
	check_good(list, 3, 0, 0);
	assert_false(find(list, "nvidia")->in_sysfs);
	assert_true(find(list, "dummy")->in_sysfs);
	host_clear(&host);
}

static void modules_read_of_garbage_is_an_error(void **state)
{
	static const char *const lists[] = { "garbage\n",
		                             "loop 1 0 - Live 0x0\ngarbage\n",
		                             "loop 1 0 - Live 0x0\nloop 1" };
	struct host host = host_init();

	(void)state;
	make_host();
	check_good(look(&host), 3, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		tree_write("proc/modules", lists[i]);
		look(&host);
		assert_int_equal(host.snapshot.modules.procfs_result.error, -EBADMSG);
		assert_string_equal(host.snapshot.modules.procfs_result.file, "modules");
		assert_int_equal(host.snapshot.modules.unlisted_count, 0);
	}
	make_host();
	check_good(look(&host), 3, 0, 0);
	host_clear(&host);
}

static void modules_read_of_letters_that_cannot_be_read_is_an_error(void **state)
{
	struct host host = host_init();
	const struct module_list *list = &host.snapshot.modules;

	(void)state;
	make_host();
	tree_write("sys/module/nvidia/taint", "( )\n");
	look(&host);
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, -EBADMSG);
	assert_string_equal(list->sysfs_result.file, "module/*/taint");
	tree_delete("sys/module/nvidia/taint");
	tree_fifo("sys/module/nvidia/taint");
	look(&host);
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, -EINVAL);
	assert_int_equal(list->count, 3);
	host_clear(&host);
}

static void modules_read_does_not_drop_a_hidden_module_that_it_cannot_read(void **state)
{
	struct host host = host_init();
	const struct module_list *list = &host.snapshot.modules;

	(void)state;
	make_host();
	make_module("rootkit", "OE\n");
	tree_delete("sys/module/rootkit/initstate");
	tree_fifo("sys/module/rootkit/initstate");
	look(&host);
	assert_int_equal(list->procfs_result.error, 0);
	assert_true(list->sysfs_result.error < 0 || list->unlisted_count == 1);
	host_clear(&host);
}

/* ---- what it costs ---- */

static void modules_read_opens_no_folder_while_the_counts_fit(void **state)
{
	struct host host = host_init();
	size_t per_pass;

	(void)state;
	make_host();
	for (int i = 0; i < 80; i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/module/builtin%d/parameters", i);
		tree_folder(path);
	}
	check_good(look(&host), 3, 0, 0);
	opens = calls = 0;
	check_good(look(&host), 3, 0, 0);
	per_pass = calls;
	for (int pass = 0; pass < 10; pass++)
		check_good(look(&host), 3, 0, 0);
	assert_int_equal(opens, 0);
	assert_int_equal(calls, 11 * per_pass);
	/* The list, two letters, the folder twice, and whether each is current. */
	assert_true(per_pass < 20);
	host_clear(&host);
}

static void modules_read_still_opens_no_folder_when_modules_came_and_went(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	check_good(look(&host), 3, 0, 0);
	make_module("new", "\n");
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "loop 1 0 - Live 0x0\n"
	                           "new 1 0 - Live 0x0\n"
	                           "dummy 1 0 - Live 0x0 (OE)\n");
	opens = 0;
	check_good(look(&host), 4, 0, 0);
	remove_module("new");
	remove_module("loop");
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "dummy 1 0 - Live 0x0 (OE)\n");
	check_good(look(&host), 2, 0, 0);
	assert_int_equal(opens, 0);
	host_clear(&host);
}

static void modules_read_counts_the_built_ins_again_each_minute(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	seconds = 1000;
	check_good(look(&host), 3, 0, 0);

	/* A built-in's folder makes room for a hidden one's. */
	tree_delete("sys/module/printk/parameters");
	tree_delete("sys/module/printk");
	make_module("rootkit", "OE\n");
	seconds = 1059;
	check_good(look(&host), 3, 0, 0);
	seconds = 1060;
	check_good(look(&host), 3, 1, 0);
	assert_int_equal(host.memory.built_in, 1);
	seconds = 1061;
	check_good(look(&host), 3, 1, 0);
	seconds = 2000;
	check_good(look(&host), 3, 1, 0);
	host_clear(&host);
}

static void modules_read_opens_one_file_for_each_tainting_module(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct host host = host_init();
	char line[128], name[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "m%d 1 0 - Live 0x0%s\n", i,
		         i % 10 ? "" : " (OE)");
		text_add_string(&text, line);
		snprintf(name, sizeof(name), "m%d", i);
		make_module(name, i % 10 ? "\n" : "OE\n");
	}
	tree_write_bytes("proc/modules", text.data, text.length);
	check_good(look(&host), 1000, 0, 0);
	/* The list, two for the folder, and a tenth of the modules. */
	assert_in_range(opens, 100, 110);
	opens = 0;
	look_until(&host, true, UINT64_MAX);
	assert_in_range(opens, 900, 1010);
	host_clear(&host);
}

/* ---- what changes meanwhile ---- */

/* Does something before the second look reads its list. */
static void (*between_looks)(void);
static bool is_between_done;

static void wait_for_second_look(void)
{
	if (list_reads < 2 || is_between_done)
		return;
	is_between_done = true;
	between_looks();
}

static void look_with_change(struct host *host, void (*change)(void))
{
	list_reads = 0;
	is_between_done = false;
	between_looks = change;
	before_call = wait_for_second_look;
	look(host);
	before_call = NULL;
	assert_true(is_between_done);
}

static void replace_initstate(void)
{
	tree_replace("sys/module/other/initstate", "live\n");
}

static void modules_read_does_not_take_a_module_loaded_again_for_hidden(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	look_with_change(&host, replace_initstate);
	check_good(&host.snapshot.modules, 3, 0, 0);
	host_clear(&host);
}

static void list_other(void)
{
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "loop 1 0 - Live 0x0\n"
	                           "other 1 0 - Live 0x0\n"
	                           "dummy 1 0 - Live 0x0 (OE)\n");
}

static void modules_read_does_not_take_a_module_listed_late_for_hidden(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	look_with_change(&host, list_other);
	check_good(&host.snapshot.modules, 4, 0, 0);
	host_clear(&host);
}

static void remove_other(void)
{
	remove_module("other");
}

static void modules_read_does_not_take_a_module_that_went_for_hidden(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	look_with_change(&host, remove_other);
	check_good(&host.snapshot.modules, 3, 0, 0);
	check_good(look(&host), 3, 0, 0);
	host_clear(&host);
}

static void make_second(void)
{
	make_module("second", "\n");
}

static void modules_read_reports_only_what_both_looks_showed(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	look_with_change(&host, make_second);
	check_good(&host.snapshot.modules, 3, 1, 0);
	assert_string_equal(module_list_unlisted_name(&host.snapshot.modules, 0),
	                    "other");
	host_clear(&host);
}

static void agree_again(void)
{
	tree_write("sys/module/nvidia/taint", "POE\n");
	tree_write("sys/module/dummy/taint", "P\n");
}

static void modules_read_takes_one_disagreement_for_a_change(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	tree_write("sys/module/nvidia/taint", "P\n");
	look_with_change(&host, agree_again);
	/* One no longer disagrees, the other only now. */
	check_good(&host.snapshot.modules, 3, 0, 0);
	check_good(look(&host), 3, 0, 1);
	host_clear(&host);
}

static void break_list(void)
{
	tree_write("proc/modules", "garbage\n");
}

static void modules_read_reports_the_error_of_the_second_look(void **state)
{
	struct host host = host_init();

	(void)state;
	make_host();
	make_module("other", "\n");
	look_with_change(&host, break_list);
	assert_int_equal(host.snapshot.modules.procfs_result.error, -EBADMSG);
	assert_int_equal(host.snapshot.modules.unlisted_count, 0);
	host_clear(&host);
}

/* ---- the kernel, step by step ---- */

enum made_state {
	MADE_NONE,
	MADE_UNFORMED, /* in the chain, not shown */
	MADE_COMING,
	MADE_LIVE,
	MADE_GOING,
};

enum made_name { MADE_A, MADE_B, MADE_C, MADE_D, MADE_X, MADE_Y, MADE_COUNT };

static struct {
	const char *name;
	const char *letters;
	enum made_state state;
} made[MADE_COUNT] = {
	[MADE_A] = { "a", "OE", MADE_NONE },  [MADE_B] = { "b", "P", MADE_NONE },
	[MADE_C] = { "c", "", MADE_NONE },    [MADE_D] = { "d", "O", MADE_NONE },
	[MADE_X] = { "x", "POE", MADE_NONE }, [MADE_Y] = { "y", "", MADE_NONE },
};

static enum made_name chain[MADE_COUNT]; /* the kernel's list, newest first */
static size_t chain_length;
static size_t seq_index; /* where the next piece of the list starts */
static off_t seq_offset; /* what was read so far */

/* kernel/module/procfs.c, m_show(), in pieces of two records. */
static ssize_t print_list(void *bytes, size_t size, off_t offset)
{
	static const char *const states[] = { [MADE_COMING] = "Loading",
		                              [MADE_LIVE] = "Live",
		                              [MADE_GOING] = "Unloading" };
	size_t length = 0;

	if (offset == 0) {
		seq_index = 0;
		seq_offset = 0;
	}
	assert_int_equal(offset, seq_offset);
	for (int shown = 0; shown < 2 && seq_index < chain_length; seq_index++) {
		enum made_name name = chain[seq_index];
		const char *letters = made[name].letters;
		const char *mark = made[name].state == MADE_COMING  ? "+"
		                   : made[name].state == MADE_GOING ? "-"
		                                                    : "";

		if (made[name].state == MADE_UNFORMED)
			continue;
		shown++;
		length += (size_t)snprintf((char *)bytes + length, size - length,
		                           "%s 4096 0 - %s 0x0%s%s%s%s\n",
		                           made[name].name, states[made[name].state],
		                           *letters ? " (" : "", letters,
		                           *letters ? mark : "", *letters ? ")" : "");
	}
	seq_offset += (off_t)length;
	return (ssize_t)length;
}

static void made_path(char path[64], enum made_name name, const char *file)
{
	snprintf(path, 64, "sys/module/%s%s", made[name].name, file);
}

static void write_made_initstate(enum made_name name, const char *state)
{
	char path[64];

	made_path(path, name, "/initstate");
	tree_write(path, state);
}

#define STEPS 5

/* kernel/module/main.c, load_module(). */
static void load_step(enum made_name name, int step)
{
	char path[64], letters[8];

	switch (step) {
	case 0:
		memmove(chain + 1, chain, chain_length * sizeof(chain[0]));
		chain[0] = name;
		chain_length++;
		made[name].state = MADE_UNFORMED;
		break;
	case 1:
		made[name].state = MADE_COMING;
		break;
	case 2:
		made_path(path, name, "");
		tree_folder(path);
		break;
	case 3:
		write_made_initstate(name, "coming\n");
		made_path(path, name, "/taint");
		snprintf(letters, sizeof(letters), "%s\n", made[name].letters);
		tree_write(path, letters);
		break;
	default:
		made[name].state = MADE_LIVE;
		write_made_initstate(name, "live\n");
		break;
	}
}

/* kernel/module/main.c, delete_module() and free_module(). */
static void unload_step(enum made_name name, int step)
{
	char path[64];
	size_t at = 0;

	switch (step) {
	case 0:
		made[name].state = MADE_GOING;
		write_made_initstate(name, "going\n");
		break;
	case 1:
		made_path(path, name, "/initstate");
		tree_delete(path);
		made_path(path, name, "/taint");
		tree_delete(path);
		break;
	case 2:
		made_path(path, name, "");
		tree_delete(path);
		break;
	case 3:
		made[name].state = MADE_UNFORMED;
		break;
	default:
		while (chain[at] != name)
			at++;
		chain_length--;
		memmove(chain + at, chain + at + 1,
		        (chain_length - at) * sizeof(chain[0]));
		made[name].state = MADE_NONE;
		break;
	}
}

/* Makes one module be there, or not. */
static void settle(enum made_name name, bool is_there)
{
	if (is_there == (made[name].state != MADE_NONE))
		return;
	for (int step = 0; step < STEPS; step++)
		(is_there ? load_step : unload_step)(name, step);
}

/* The chain is a, b, c, d, whatever came before. */
static void settle_all(void)
{
	for (enum made_name name = 0; name < MADE_COUNT; name++)
		settle(name, name <= MADE_D);
	for (chain_length = 0; chain_length <= MADE_D; chain_length++)
		chain[chain_length] = (enum made_name)chain_length;
}

static void start_kernel(void)
{
	tree_write("proc/modules", "what the kernel prints\n");
	tree_folder("sys/module/kernel/parameters");
	tree_folder("sys/module/printk/parameters");
	for (enum made_name name = 0; name < MADE_COUNT; name++)
		made[name].state = MADE_NONE;
	chain_length = 0;
	read_list = print_list;
	settle_all();
}

/* What happens while one pass reads: a module comes or goes, in two moves. */
static struct {
	enum made_name name;
	bool loads;
	int done;          /* steps so far */
	int split;         /* so many steps in the first move */
	size_t moments[2]; /* of the two moves: before the call of this number */
} plan;

static void follow_plan(void)
{
	int until = calls >= plan.moments[1]   ? STEPS
	            : calls >= plan.moments[0] ? plan.split
	                                       : 0;

	for (; plan.done < until; plan.done++)
		(plan.loads ? load_step : unload_step)(plan.name, plan.done);
}

/* What was there all the time is listed once, and nothing is hidden or disagrees. */
static void check_truth(const struct module_list *list, enum made_name but)
{
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, 0);
	assert_true(list->support);
	assert_int_equal(list->unlisted_count, 0);
	assert_int_equal(count_disagreeing(list), 0);
	for (enum made_name name = MADE_A; name <= MADE_D; name++) {
		size_t listed = 0;

		for (size_t i = 0; i < list->count; i++)
			listed += list->records[i].name_length == 1 &&
			          list->records[i].name[0] == made[name].name[0];
		if (name != but)
			assert_int_equal(listed, 1);
	}
}

/* One pass in which the plan happens; KNOWS: the built-ins were counted before. */
static void try_plan(struct host *host, bool knows)
{
	settle_all();
	host->memory = (struct modules_memory){ 0 };
	if (knows)
		host->memory = (struct modules_memory){ 2, clock_monotonic() };
	plan.done = 0;
	calls = 0;
	before_call = follow_plan;
	look(host);
	before_call = NULL;
	check_truth(&host->snapshot.modules, plan.loads ? MADE_COUNT : plan.name);
}

static void finish_plan(void)
{
	for (; plan.done < STEPS; plan.done++)
		(plan.loads ? load_step : unload_step)(plan.name, plan.done);
}

/* Every two moments of a pass, and every share of the steps between them. */
static void try_every_moment(enum made_name name, bool loads, bool knows)
{
	struct host host = host_init();
	size_t tried = 0;
	bool is_over = false;

	plan.name = name;
	plan.loads = loads;
	for (size_t first = 1; !is_over; first++) {
		for (int split = 1; split <= STEPS; split++) {
			bool is_late = false;

			for (size_t second = first; !is_late; second++) {
				plan.split = split;
				plan.moments[0] = first;
				plan.moments[1] = second;
				try_plan(&host, knows);
				tried++;
				/* The pass ended before these moments came. */
				is_over = plan.done == 0;
				is_late = plan.done < STEPS || split == STEPS;
				finish_plan();
			}
		}
	}
	assert_in_range(tried, 500, 50000);
	host_clear(&host);
}

static void modules_read_tells_the_truth_while_a_module_is_loaded(void **state)
{
	(void)state;
	start_kernel();
	try_every_moment(MADE_X, true, false);
	try_every_moment(MADE_X, true, true);
}

static void modules_read_tells_the_truth_while_a_module_is_unloaded(void **state)
{
	(void)state;
	start_kernel();
	try_every_moment(MADE_B, false, false);
	try_every_moment(MADE_B, false, true);
}

static void modules_read_tells_the_truth_while_a_clean_module_comes_and_goes(void **state)
{
	(void)state;
	start_kernel();
	try_every_moment(MADE_Y, true, true);
	try_every_moment(MADE_C, false, true);
}

/* Of two modules on their way out, one leaves the chain in the middle of each look. */
static enum made_name leaving[2];
static size_t left;

static ssize_t print_list_while_leaving(void *bytes, size_t size, off_t offset)
{
	if (offset > 0 && left < ARRAY_SIZE(leaving) && left + 1 == list_reads)
		unload_step(leaving[left++], STEPS - 1);
	return print_list(bytes, size, offset);
}

static void modules_read_takes_no_module_for_hidden_that_two_torn_lists_lost(void **state)
{
	struct host host = host_init();

	(void)state;
	start_kernel();
	settle(MADE_X, true);
	settle(MADE_Y, true);
	for (int step = 0; step < STEPS - 1; step++) {
		unload_step(MADE_X, step);
		unload_step(MADE_Y, step);
	}
	leaving[0] = MADE_Y;
	leaving[1] = MADE_X;
	left = 0;
	read_list = print_list_while_leaving;
	look(&host);
	assert_int_equal(left, 2);
	assert_int_equal(host.snapshot.modules.procfs_result.error, 0);
	assert_int_equal(host.snapshot.modules.sysfs_result.error, 0);
	assert_int_equal(host.snapshot.modules.unlisted_count, 0);
	check_truth(look(&host), MADE_COUNT);
	host_clear(&host);
}

/* A small generator of numbers; the tests are the same in each run. */
static uint64_t random_state;

static size_t random_below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % limit);
}

/* Two modules that come and go all the time, one step now and then. */
static struct {
	enum made_name name;
	bool loads;
	int done;
} churn[2];
static size_t churn_pause; /* a step in this many calls */

static void go_on_churning(void)
{
	size_t i = random_below(ARRAY_SIZE(churn));

	if (random_below(churn_pause))
		return;
	(churn[i].loads ? load_step : unload_step)(churn[i].name, churn[i].done++);
	if (churn[i].done < STEPS)
		return;
	churn[i].done = 0;
	churn[i].loads = !churn[i].loads;
}

static void modules_read_never_fails_while_modules_come_and_go(void **state)
{
	struct host host = host_init();

	(void)state;
	start_kernel();
	settle(MADE_X, true);
	random_state = 1;
	churn[0] = (typeof(churn[0])){ MADE_X, false, 0 };
	churn[1] = (typeof(churn[0])){ MADE_Y, true, 0 };
	for (int pass = 0; pass < 3000; pass++) {
		const struct module_list *list = &host.snapshot.modules;

		churn_pause = 3 + random_below(60);
		before_call = go_on_churning;
		look(&host);
		before_call = NULL;
		assert_int_equal(list->procfs_result.error, 0);
		assert_int_equal(list->sysfs_result.error, 0);
		assert_true(list->support);
		assert_int_equal(list->unlisted_count, 0);
		assert_int_equal(count_disagreeing(list), 0);
	}
	host_clear(&host);
}

/* Somebody sees to it that no two lists are the same. */
static ssize_t print_list_that_never_rests(void *bytes, size_t size, off_t offset)
{
	static const bool has_x[] = { false, true, false, false, true, true };
	static const bool has_y[] = { false, false, false, true, true, false };

	if (offset == 0) {
		settle(MADE_X, has_x[list_reads % ARRAY_SIZE(has_x)]);
		settle(MADE_Y, has_y[list_reads % ARRAY_SIZE(has_y)]);
	}
	return print_list(bytes, size, offset);
}

static void modules_read_finds_a_hidden_module_though_the_list_never_rests(void **state)
{
	struct host host = host_init();

	(void)state;
	start_kernel();
	make_module("rootkit", "OE\n");
	read_list = print_list_that_never_rests;
	for (int pass = 0; pass < 10; pass++) {
		const struct module_list *list = look(&host);

		assert_int_equal(list->procfs_result.error, 0);
		assert_int_equal(list->sysfs_result.error, 0);
		assert_int_equal(list->unlisted_count, 1);
		assert_string_equal(module_list_unlisted_name(list, 0), "rootkit");
	}
	host_clear(&host);
}

static void modules_read_finds_a_hidden_module_while_others_come_and_go(void **state)
{
	struct host host = host_init();
	size_t found = 0;

	(void)state;
	start_kernel();
	make_module("rootkit", "OE\n");
	settle(MADE_X, true);
	random_state = 2;
	churn[0] = (typeof(churn[0])){ MADE_X, false, 0 };
	churn[1] = (typeof(churn[0])){ MADE_Y, true, 0 };
	churn_pause = 50;
	for (int pass = 0; pass < 300; pass++) {
		host.memory = (struct modules_memory){ 0 };
		before_call = go_on_churning;
		look(&host);
		before_call = NULL;
		found += host.snapshot.modules.unlisted_count == 1;
	}
	assert_int_equal(found, 300);
	host_clear(&host);
}

/* ---- what fails meanwhile ---- */

/* What one failure may do to a host with one hidden and one disagreeing module. */
static void check_failure(struct host *host, uint64_t deadline, size_t *ret_failures)
{
	const struct module_list *list = look_until(host, true, deadline);

	if (list->procfs_result.error == 0 && list->sysfs_result.error == 0) {
		check_good(list, 3, 1, 1);
		return;
	}
	++*ret_failures;
	if (list->procfs_result.error == 0)
		assert_int_equal(list->count, 3);
}

static void make_suspicious_host(void)
{
	make_host();
	make_module("rootkit", "OE\n");
	tree_write("sys/module/dummy/taint", "O\n");
}

static void modules_read_is_true_or_failed_when_memory_runs_out(void **state)
{
	size_t failures = 0;

	(void)state;
	make_suspicious_host();
	for (size_t i = 0; i < 150; i++) {
		struct host host = host_init();

		memory_fails = true;
		memory_fails_at = i;
		check_failure(&host, UINT64_MAX, &failures);
		memory_fails = false;
		check_good(look_until(&host, true, UINT64_MAX), 3, 1, 1);
		host_clear(&host);
	}
	assert_true(failures > 20);
}

static void modules_read_is_true_or_failed_when_a_file_cannot_be_opened(void **state)
{
	static const int errors[] = { EMFILE, EACCES, ENOMEM, ELOOP };
	size_t failures = 0;

	(void)state;
	make_suspicious_host();
	for (size_t i = 0; i < 4 * 40; i++) {
		struct host host = host_init();

		open_error = errors[i % 4];
		open_fails_at = i / 4;
		check_failure(&host, UINT64_MAX, &failures);
		open_error = 0;
		check_good(look_until(&host, true, UINT64_MAX), 3, 1, 1);
		host_clear(&host);
	}
	assert_true(failures > 20);
}

static void modules_read_is_true_or_failed_when_a_file_cannot_be_read(void **state)
{
	size_t failures = 0;

	(void)state;
	make_suspicious_host();
	for (size_t i = 0; i < 40; i++) {
		struct host host = host_init();

		pread_error = EIO;
		pread_fails_at = i;
		pread_fails_left = 1;
		check_failure(&host, UINT64_MAX, &failures);
		pread_error = 0;
		check_good(look_until(&host, true, UINT64_MAX), 3, 1, 1);
		host_clear(&host);
	}
	assert_true(failures > 5);
}

static void modules_read_is_true_or_failed_when_the_deadline_passes(void **state)
{
	size_t failures = 0;

	(void)state;
	make_suspicious_host();
	for (size_t i = 0; i < 100; i++) {
		struct host host = host_init();
		uint64_t deadline = clock_monotonic() + 600 * CLOCK_SECOND;

		deadline_passes = true;
		deadline_passes_at = i;
		check_failure(&host, deadline, &failures);
		deadline_passes = false;
		check_good(look_until(&host, true, UINT64_MAX), 3, 1, 1);
		host_clear(&host);
	}
	assert_true(failures > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(modules_read_lists_what_both_sides_show),
		TEST(modules_read_compares_clean_modules_only_when_told),
		TEST(modules_read_finds_letters_that_disagree),
		TEST(modules_read_does_not_compare_where_sysfs_has_no_letters),
		TEST(modules_read_finds_a_hidden_module),
		TEST(modules_read_finds_a_hidden_module_at_once),
		TEST(modules_read_finds_what_hides_from_an_empty_list),
		TEST(modules_read_finds_a_hidden_module_behind_one_without_a_folder),
		TEST(modules_read_finds_a_hidden_module_whatever_its_name),
		TEST(modules_read_takes_built_ins_for_what_they_are),
		TEST(modules_read_does_not_take_one_that_comes_or_goes_for_hidden),
		TEST(modules_read_knows_listed_modules_by_their_folders),
		TEST(modules_read_without_the_list_needs_procfs_to_conclude),
		TEST(modules_read_without_modules_needs_no_sysfs),
		TEST(modules_read_without_sysfs_still_lists),
		TEST(modules_read_does_not_compare_a_module_that_is_gone),
		TEST(modules_read_of_garbage_is_an_error),
		TEST(modules_read_of_letters_that_cannot_be_read_is_an_error),
		TEST(modules_read_does_not_drop_a_hidden_module_that_it_cannot_read),
		TEST(modules_read_opens_no_folder_while_the_counts_fit),
		TEST(modules_read_still_opens_no_folder_when_modules_came_and_went),
		TEST(modules_read_counts_the_built_ins_again_each_minute),
		TEST(modules_read_opens_one_file_for_each_tainting_module),
		TEST(modules_read_does_not_take_a_module_loaded_again_for_hidden),
		TEST(modules_read_does_not_take_a_module_listed_late_for_hidden),
		TEST(modules_read_does_not_take_a_module_that_went_for_hidden),
		TEST(modules_read_reports_only_what_both_looks_showed),
		TEST(modules_read_takes_one_disagreement_for_a_change),
		TEST(modules_read_reports_the_error_of_the_second_look),
		TEST(modules_read_tells_the_truth_while_a_module_is_loaded),
		TEST(modules_read_tells_the_truth_while_a_module_is_unloaded),
		TEST(modules_read_tells_the_truth_while_a_clean_module_comes_and_goes),
		TEST(modules_read_takes_no_module_for_hidden_that_two_torn_lists_lost),
		TEST(modules_read_never_fails_while_modules_come_and_go),
		TEST(modules_read_finds_a_hidden_module_though_the_list_never_rests),
		TEST(modules_read_finds_a_hidden_module_while_others_come_and_go),
		TEST(modules_read_is_true_or_failed_when_memory_runs_out),
		TEST(modules_read_is_true_or_failed_when_a_file_cannot_be_opened),
		TEST(modules_read_is_true_or_failed_when_a_file_cannot_be_read),
		TEST(modules_read_is_true_or_failed_when_the_deadline_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
