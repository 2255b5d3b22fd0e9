/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspector's thread: that nobody waits for it longer than he wants, and that all
 * it knows arrives. Here a file's facts are its bytes, taken for the version by
 * signature_read(), which is wrapped; one that begins with "slow" is not read before the
 * test opens the gate.
 */
#include "sources/inspector.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "sources/file_cache.h"
#include "sources/signature.h"
#include "tree.h"

#define RELEASE "6.1.0"
#define FOLDER  "root/lib/modules/" RELEASE "/"
#define DEP     FOLDER "modules.dep"

/* As long as no test may take; and how often what will come is waited for. */
#define AN_HOUR  (CLOCK_SECOND * 3600)
#define PATIENCE 20000

int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file);
uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_gate_open;
static bool obeys_stop;                          /* at the gate a wish to stop is heard */
static size_t blocked;                           /* threads at the gate */
static char read_files[16][MODULE_WORD_MAX + 1]; /* in the order of reading */
static size_t reads;
static size_t lines; /* of the log */
static sigset_t thread_signals;
static pthread_t reading_thread;

static uint64_t hurry; /* nanoseconds that the monotonic clock is behind */
static int create_error;
static _Thread_local bool memory_fails; /* allocation number memory_fails_at fails */
static _Thread_local size_t memory_fails_at;

static struct inspector *inspector;

/* With the lock: waits until the gate is open, or with OBEYS_STOP for STOP. */
static bool wait_gate(const atomic_bool *stop)
{
	blocked++;
	pthread_cond_broadcast(&changed);
	while (!is_gate_open && !(obeys_stop && atomic_load(stop))) {
		struct timespec soon;

		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 1000000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&changed, &lock, &soon);
	}
	blocked--;
	pthread_cond_broadcast(&changed);
	return is_gate_open;
}

int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file)
{
	char bytes[MODULE_WORD_MAX + 1] = "";
	bool is_through = true;

	if (read(fd, bytes, MODULE_WORD_MAX) < 0)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	reading_thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &thread_signals);
	if (reads < ARRAY_SIZE(read_files))
		strcpy(read_files[reads], bytes);
	reads++;
	if (strncmp(bytes, "slow", 4) == 0)
		is_through = wait_gate(reader->stop);
	pthread_mutex_unlock(&lock);
	if (!is_through)
		return -ECANCELED;
	if (strncmp(bytes, "name=", 5) == 0 &&
	    module_file_set_word(file, MODULE_WORD_NAME, bytes + 5, strlen(bytes + 5)) <
	            0)
		return -ENOMEM;
	file->signature = strncmp(bytes, "bad", 3) == 0 ? MODULE_SIGNATURE_MALFORMED
	                                                : MODULE_SIGNATURE_NONE;
	return module_file_set_word(file, MODULE_WORD_VERSION, bytes, strlen(bytes));
}

uint64_t __wrap_clock_monotonic(void)
{
	return __real_clock_monotonic() - hurry;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
	return create_error ? create_error
	                    : __real_pthread_create(thread, attributes, start, argument);
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

static void write_log(void *context, bool is_error, const char *line)
{
	(void)context;
	(void)is_error;
	(void)line;
	pthread_mutex_lock(&lock);
	lines++;
	pthread_mutex_unlock(&lock);
}

static int make_inspector(struct inspector **ret_inspector)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = {
		[HOSTFS_PROCFS] = tree_root_paths[HOSTFS_PROCFS],
		[HOSTFS_SYSFS] = tree_root_paths[HOSTFS_SYSFS],
		[HOSTFS_ROOTFS] = tree_root_paths[HOSTFS_ROOTFS],
		[HOSTFS_SELF] = tree_root_paths[HOSTFS_SELF],
	};
	const struct file_cache_settings settings = {
		.paths = paths,
		.log = { .write = write_log },
	};

	return inspector_new(&settings, ret_inspector);
}

static void write_file(const char *name, const char *bytes)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), FOLDER "%s.ko", name);
	tree_write(path, bytes);
}

static int setup(void **state)
{
	memory_fails = false;
	is_gate_open = obeys_stop = false;
	reads = lines = 0;
	hurry = 0;
	create_error = 0;
	if (tree_setup(state) < 0)
		return -1;
	tree_write(DEP, "a.ko:\nb.ko:\nc.ko:\nd.ko:\nslow.ko:\n");
	write_file("a", "one");
	write_file("b", "two");
	write_file("c", "three");
	write_file("slow", "slow");
	return make_inspector(&inspector);
}

static void open_gate(void)
{
	pthread_mutex_lock(&lock);
	is_gate_open = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int teardown(void **state)
{
	memory_fails = false;
	open_gate();
	inspector = inspector_free(inspector);
	return tree_teardown(state);
}

/* Waits until the thread stands at the gate. */
static void wait_blocked(void)
{
	pthread_mutex_lock(&lock);
	while (!blocked)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static size_t count_reads(void)
{
	size_t count;

	pthread_mutex_lock(&lock);
	count = reads;
	pthread_mutex_unlock(&lock);
	return count;
}

static bool was_read(const char *bytes)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < reads && i < ARRAY_SIZE(read_files); i++)
		found = found || strcmp(read_files[i], bytes) == 0;
	pthread_mutex_unlock(&lock);
	return found;
}

/* ---- scrapes ---- */

struct scrape {
	struct snapshot snapshot;
};

static void scrape_clear(struct scrape *scrape)
{
	snapshot_clear(&scrape->snapshot);
}

static void add_module(struct scrape *scrape, const char *name, size_t length)
{
	struct module_record *record = module_list_add(&scrape->snapshot.modules);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
}

/* A snapshot of a host with these modules, separated by spaces, is shown to it. */
static void scrape_on(const char *release, const char *names, uint64_t patience,
                      struct scrape *scrape)
{
	snapshot_init(&scrape->snapshot);
	text_add_string(&scrape->snapshot.release, release);
	while (*names) {
		size_t length = strcspn(names, " ");

		add_module(scrape, names, length);
		names += length + (names[length] == ' ');
	}
	inspector_read(inspector, patience ? clock_monotonic() + patience : 0,
	               &scrape->snapshot);
}

static void scrape_init(const char *names, uint64_t patience, struct scrape *scrape)
{
	scrape_on(RELEASE, names, patience, scrape);
}

static const struct module_file *file_of(const struct scrape *scrape, size_t index)
{
	assert_true(index < scrape->snapshot.modules.count);
	assert_non_null(scrape->snapshot.modules.records[index].file);
	return scrape->snapshot.modules.records[index].file;
}

static void check_success(const struct scrape *scrape)
{
	assert_int_equal(scrape->snapshot.files_result.error, 0);
}

/* The module at INDEX has a file with BYTES. */
static void check_bytes(const struct scrape *scrape, size_t index, const char *bytes)
{
	const struct module_file *file = file_of(scrape, index);

	assert_int_equal(file->signature, MODULE_SIGNATURE_NONE);
	assert_string_equal(module_file_word(file, MODULE_WORD_VERSION), bytes);
}

static void check_signature(const struct scrape *scrape, size_t index,
                            enum module_signature signature)
{
	assert_int_equal(file_of(scrape, index)->signature, signature);
}

static void check_pending(const struct scrape *scrape, size_t index)
{
	check_signature(scrape, index, MODULE_SIGNATURE_PENDING);
	assert_string_equal(file_of(scrape, index)->path, "");
}

static bool has_pending(const struct scrape *scrape)
{
	for (size_t i = 0; i < scrape->snapshot.modules.count; i++)
		if (file_of(scrape, i)->signature == MODULE_SIGNATURE_PENDING)
			return true;
	return false;
}

/* Scrapes with PATIENCE_EACH until nothing is pending. */
static void scrape_to_the_end(const char *names, uint64_t patience_each,
                              struct scrape *scrape)
{
	for (int i = 0; i < PATIENCE; i++) {
		scrape_init(names, patience_each, scrape);
		if (!has_pending(scrape))
			return;
		scrape_clear(scrape);
		usleep(500);
	}
	fail_msg("pending for ever: %s", names);
}

/* ---- when the disk answers ---- */

static void inspector_read_gives_every_module_its_file(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	(void)state;
	scrape_init("c a nosuch b", AN_HOUR, &scrape);
	check_success(&scrape);
	check_bytes(&scrape, 0, "three");
	check_bytes(&scrape, 1, "one");
	check_signature(&scrape, 2, MODULE_SIGNATURE_MISSING);
	check_bytes(&scrape, 3, "two");
	assert_string_equal(file_of(&scrape, 1)->path, "/lib/modules/" RELEASE "/a.ko");
}

static void inspector_read_of_no_module_is_a_success(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	(void)state;
	scrape_init("", AN_HOUR, &scrape);
	check_success(&scrape);
}

static void what_changes_is_seen_by_the_next_call(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		_cleanup_(scrape_clear) struct scrape scrape, after;

		tree_replace(FOLDER "a.ko", i % 2 ? "odd" : "even");
		scrape_init("a b", AN_HOUR, &scrape);
		check_bytes(&scrape, 0, i % 2 ? "odd" : "even");
		check_bytes(&scrape, 1, "two");
		tree_delete(FOLDER "a.ko");
		scrape_init("b a", AN_HOUR, &after);
		check_signature(&after, 1, MODULE_SIGNATURE_MISSING);
		check_bytes(&after, 0, "two");
	}
}

static void modules_come_and_go(void **state)
{
	static const char *const lists[] = { "a", "a b", "b", "", "c b a", "c", "a c" };

	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_SIZE(lists); i++) {
		const char *names = lists[i % ARRAY_SIZE(lists)];
		_cleanup_(scrape_clear) struct scrape scrape;

		scrape_init(names, AN_HOUR, &scrape);
		check_success(&scrape);
		for (size_t j = 0; j < scrape.snapshot.modules.count; j++)
			check_bytes(&scrape, j,
			            names[2 * j] == 'a'   ? "one"
			            : names[2 * j] == 'b' ? "two"
			                                  : "three");
	}
}

static void names_are_slices_that_may_hold_anything(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	(void)state;
	snapshot_init(&scrape.snapshot);
	text_add_string(&scrape.snapshot.release, RELEASE);
	add_module(&scrape, "abc", 1);
	add_module(&scrape, "", 0);
	add_module(&scrape, "../a", 4);
	add_module(&scrape, "\xff\n", 2);
	add_module(&scrape, "b", 1);
	inspector_read(inspector, clock_monotonic() + AN_HOUR, &scrape.snapshot);
	check_success(&scrape);
	check_bytes(&scrape, 0, "one");
	for (size_t i = 1; i < 4; i++)
		assert_string_not_equal(
			module_file_word(file_of(&scrape, i), MODULE_WORD_VERSION),
			"three");
	check_bytes(&scrape, 4, "two");
}

static void another_release_has_other_files(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape, other;

	(void)state;
	tree_write("root/lib/modules/6.2.0/modules.dep", "a.ko:\n");
	tree_write("root/lib/modules/6.2.0/a.ko", "newer");
	scrape_init("a", AN_HOUR, &scrape);
	check_bytes(&scrape, 0, "one");
	scrape_on("6.2.0", "a", AN_HOUR, &other);
	check_bytes(&other, 0, "newer");
}

static void a_root_that_is_missing_is_told_until_it_is_there(void **state)
{
	_cleanup_(scrape_clear) struct scrape missing, again, there;

	(void)state;
	assert_int_equal(renameat(tree_fd, "root", tree_fd, "away"), 0);
	scrape_init("a b", AN_HOUR, &missing);
	assert_int_equal(missing.snapshot.files_result.error, -ENOENT);
	assert_string_equal(missing.snapshot.files_result.file, "lib/modules");
	check_pending(&missing, 0);
	check_pending(&missing, 1);
	scrape_init("a b", AN_HOUR, &again);
	assert_int_equal(again.snapshot.files_result.error, -ENOENT);
	assert_int_equal(renameat(tree_fd, "away", tree_fd, "root"), 0);
	scrape_init("a b", AN_HOUR, &there);
	check_success(&there);
	check_bytes(&there, 0, "one");
}

static void the_thread_is_another_one_with_the_signals_of_the_caller(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;
	sigset_t blocked_signals, before;

	(void)state;
	inspector = inspector_free(inspector);
	sigemptyset(&blocked_signals);
	sigaddset(&blocked_signals, SIGUSR2);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked_signals, &before), 0);
	assert_int_equal(make_inspector(&inspector), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	scrape_init("a", AN_HOUR, &scrape);
	check_bytes(&scrape, 0, "one");
	pthread_mutex_lock(&lock);
	assert_false(pthread_equal(reading_thread, pthread_self()));
	assert_true(sigismember(&thread_signals, SIGUSR2));
	assert_false(sigismember(&thread_signals, SIGUSR1));
	pthread_mutex_unlock(&lock);
}

static void bad_files_are_told_once(void **state)
{
	(void)state;
	write_file("a", "bad");
	for (int i = 0; i < 5; i++) {
		_cleanup_(scrape_clear) struct scrape scrape;

		scrape_init("a", AN_HOUR, &scrape);
		check_signature(&scrape, 0, MODULE_SIGNATURE_MALFORMED);
	}
	pthread_mutex_lock(&lock);
	assert_int_equal(lines, 1);
	pthread_mutex_unlock(&lock);
}

/* ---- when the disk does not answer ---- */

static void files_that_are_not_ready_at_the_deadline_are_pending(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape, complete;

	(void)state;
	scrape_init("a slow b", CLOCK_SECOND / 50, &scrape);
	check_success(&scrape);
	check_pending(&scrape, 1);
	check_pending(&scrape, 2);
	open_gate();
	scrape_to_the_end("a slow b", AN_HOUR, &complete);
	check_success(&complete);
	check_bytes(&complete, 0, "one");
	check_bytes(&complete, 1, "slow");
	check_bytes(&complete, 2, "two");
}

static void what_is_ready_at_the_deadline_is_given(void **state)
{
	_cleanup_(scrape_clear) struct scrape first, scrape;

	(void)state;
	scrape_init("a slow b", 0, &first);
	wait_blocked();
	scrape_init("a slow b", CLOCK_SECOND / 50, &scrape);
	check_bytes(&scrape, 0, "one");
	check_pending(&scrape, 1);
	check_pending(&scrape, 2);
}

static void a_file_that_is_read_only_for_its_name_holds_up_no_other(void **state)
{
	_cleanup_(scrape_clear) struct scrape first, scrape, newer, complete;

	(void)state;
	tree_write(DEP, "a.ko:\nextra/slow.ko:\nextra/other.ko:\n");
	tree_write(FOLDER "extra/slow.ko", "slow");
	tree_write(FOLDER "extra/other.ko", "name=sought");
	scrape_init("sought a", 0, &first);
	wait_blocked();
	scrape_init("sought a", CLOCK_SECOND / 50, &scrape);
	check_pending(&scrape, 0);
	check_bytes(&scrape, 1, "one");
	/* Who asks for others does not wait for all of them. */
	scrape_init("a nosuch", 0, &newer);
	open_gate();
	scrape_to_the_end("nosuch sought a", AN_HOUR, &complete);
	check_signature(&complete, 0, MODULE_SIGNATURE_MISSING);
	check_bytes(&complete, 1, "name=sought");
	check_bytes(&complete, 2, "one");
}

static void after_a_wait_in_vain_nobody_waits_until_the_thread_caught_up(void **state)
{
	_cleanup_(scrape_clear) struct scrape vain, complete;

	(void)state;
	scrape_init("a slow", CLOCK_SECOND / 50, &vain);
	wait_blocked();
	/* Whoever waited here would wait for an hour. */
	for (int i = 0; i < 5; i++) {
		_cleanup_(scrape_clear) struct scrape scrape, other;

		scrape_init("a slow", AN_HOUR, &scrape);
		check_bytes(&scrape, 0, "one");
		check_pending(&scrape, 1);
		scrape_init("b slow", AN_HOUR, &other);
		check_pending(&other, 0);
		check_pending(&other, 1);
	}
	open_gate();
	scrape_to_the_end("a slow", AN_HOUR, &complete);
	check_bytes(&complete, 1, "slow");
	/* And now, or when the thread is at its very end, everybody waits again. */
	for (int i = 0, seen = 0; i < PATIENCE; i++) {
		_cleanup_(scrape_clear) struct scrape again;
		char bytes[16];

		snprintf(bytes, sizeof(bytes), "new %d", i);
		tree_replace(FOLDER "a.ko", bytes);
		scrape_init("a slow", AN_HOUR, &again);
		seen = strcmp(module_file_word(file_of(&again, 0), MODULE_WORD_VERSION),
		              bytes) == 0
		               ? seen + 1
		               : 0;
		if (seen == 50)
			return;
	}
	fail_msg("what changed was never seen");
}

static void a_call_for_the_same_modules_does_not_begin_anew(void **state)
{
	_cleanup_(scrape_clear) struct scrape complete;

	(void)state;
	for (int i = 0; i < 10; i++) {
		_cleanup_(scrape_clear) struct scrape scrape;

		scrape_init("slow a b", i ? AN_HOUR : 0, &scrape);
		wait_blocked();
	}
	open_gate();
	for (int i = 0; i < PATIENCE && !was_read("two"); i++)
		usleep(500);
	assert_int_equal(count_reads(), 3);
	scrape_to_the_end("slow a b", AN_HOUR, &complete);
	check_bytes(&complete, 0, "slow");
	check_bytes(&complete, 2, "two");
}

static void a_newer_request_takes_the_place_of_one_that_was_not_begun(void **state)
{
	_cleanup_(scrape_clear) struct scrape blocking, older, newer, complete;

	(void)state;
	scrape_init("slow", CLOCK_SECOND / 50, &blocking);
	wait_blocked();
	scrape_init("a", AN_HOUR, &older);
	check_pending(&older, 0);
	scrape_init("b", AN_HOUR, &newer);
	check_pending(&newer, 0);
	open_gate();
	scrape_to_the_end("b", AN_HOUR, &complete);
	check_bytes(&complete, 0, "two");
	assert_false(was_read("one"));
}

static void a_newer_request_ends_the_one_at_work(void **state)
{
	_cleanup_(scrape_clear) struct scrape blocking, newer, complete;

	(void)state;
	scrape_init("slow a", CLOCK_SECOND / 50, &blocking);
	wait_blocked();
	scrape_init("b", AN_HOUR, &newer);
	open_gate();
	scrape_to_the_end("b", AN_HOUR, &complete);
	check_bytes(&complete, 0, "two");
	assert_false(was_read("one"));
}

static void who_never_waits_gets_what_was_seen_before(void **state)
{
	_cleanup_(scrape_clear) struct scrape first, complete, stale;

	(void)state;
	scrape_init("a b c nosuch", 0, &first);
	check_success(&first);
	scrape_to_the_end("a b c nosuch", 0, &complete);
	check_bytes(&complete, 0, "one");
	check_bytes(&complete, 1, "two");
	check_bytes(&complete, 2, "three");
	check_signature(&complete, 3, MODULE_SIGNATURE_MISSING);
	/* What changes is seen some calls later. */
	tree_replace(FOLDER "a.ko", "new");
	for (int i = 0; i < PATIENCE; i++) {
		scrape_init("a b c nosuch", 0, &stale);
		if (strcmp(module_file_word(file_of(&stale, 0), MODULE_WORD_VERSION),
		           "new") == 0)
			return;
		scrape_clear(&stale);
		usleep(500);
	}
	fail_msg("what changed was never seen");
}

static void what_was_known_stays_known_while_the_disk_does_not_answer(void **state)
{
	_cleanup_(scrape_clear) struct scrape known, vain, later;

	(void)state;
	scrape_init("a b c", AN_HOUR, &known);
	check_bytes(&known, 2, "three");
	tree_replace(FOLDER "c.ko", "slow");
	scrape_init("a b c", CLOCK_SECOND / 50, &vain);
	wait_blocked();
	check_success(&vain);
	scrape_init("a b c", AN_HOUR, &later);
	check_bytes(&later, 0, "one");
	check_bytes(&later, 1, "two");
	check_pending(&later, 2);
}

/* ---- its end ---- */

static void inspector_free_takes_null(void **state)
{
	(void)state;
	assert_null(inspector_free(NULL));
}

static void inspector_free_ends_a_thread_that_has_nothing_to_do(void **state)
{
	size_t before = tree_count_entries("/proc/self/task");

	(void)state;
	for (int i = 0; i < 50; i++) {
		inspector = inspector_free(inspector);
		assert_int_equal(make_inspector(&inspector), 0);
	}
	assert_int_equal(tree_count_entries("/proc/self/task"), before);
}

static void inspector_free_gives_up_what_is_read(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape, next;

	(void)state;
	obeys_stop = true;
	scrape_init("slow a b", CLOCK_SECOND / 50, &scrape);
	wait_blocked();
	scrape_init("c", AN_HOUR, &next);
	inspector = inspector_free(inspector);
	assert_int_equal(count_reads(), 1);
	/* Nothing is wrong with the file. */
	assert_int_equal(lines, 0);
	check_pending(&scrape, 0);
}

static void answers_may_be_held_after_the_end(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	(void)state;
	write_file("slow", "no more");
	scrape_init("a nosuch slow", AN_HOUR, &scrape);
	inspector = inspector_free(inspector);
	check_bytes(&scrape, 0, "one");
	check_signature(&scrape, 1, MODULE_SIGNATURE_MISSING);
	check_bytes(&scrape, 2, "no more");
}

static void pending_files_may_be_held_after_the_end(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	(void)state;
	obeys_stop = true;
	scrape_init("slow a", CLOCK_SECOND / 50, &scrape);
	inspector = inspector_free(inspector);
	check_pending(&scrape, 0);
	check_pending(&scrape, 1);
}

/* ---- resources ---- */

static void without_a_thread_there_is_no_inspector(void **state)
{
	size_t descriptors;
	struct inspector *made = NULL;

	(void)state;
	descriptors = tree_count_descriptors();
	create_error = EAGAIN;
	assert_int_equal(make_inspector(&made), -EAGAIN);
	assert_null(made);
	assert_int_equal(tree_count_descriptors(), descriptors);
}

static void inspector_new_says_when_there_is_no_memory(void **state)
{
	struct inspector *made = NULL;

	(void)state;
	for (size_t i = 0; !made; i++) {
		int r;

		assert_true(i < 100);
		memory_fails = true;
		memory_fails_at = i;
		r = make_inspector(&made);
		assert_true(made ? r == 0 && memory_fails : r == -ENOMEM);
	}
	memory_fails = false;
	inspector_free(made);
}

static void inspector_read_says_when_there_is_no_memory(void **state)
{
	(void)state;
	for (size_t i = 0;; i++) {
		_cleanup_(scrape_clear) struct scrape scrape;
		bool is_through;

		assert_true(i < 100);
		snapshot_init(&scrape.snapshot);
		text_add_string(&scrape.snapshot.release, RELEASE);
		add_module(&scrape, "a", 1);
		add_module(&scrape, "b", 1);
		memory_fails = true;
		memory_fails_at = i;
		inspector_read(inspector, clock_monotonic() + AN_HOUR, &scrape.snapshot);
		is_through = memory_fails;
		memory_fails = false;
		if (is_through) {
			check_bytes(&scrape, 0, "one");
			return;
		}
		assert_int_equal(scrape.snapshot.files_result.error, -ENOMEM);
		assert_string_equal(scrape.snapshot.files_result.file, "lib/modules");
	}
}

/* The last one: its thread stands at the gate until the process ends. */
static void inspector_free_leaves_a_thread_behind_that_does_not_answer(void **state)
{
	_cleanup_(scrape_clear) struct scrape scrape;

	scrape_init("a slow", CLOCK_SECOND / 50, &scrape);
	wait_blocked();
	/* Its second has nearly passed. */
	hurry = CLOCK_SECOND - CLOCK_SECOND / 50;
	inspector = inspector_free(inspector);
	check_pending(&scrape, 1);
	assert_int_equal(tree_teardown(state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(inspector_read_gives_every_module_its_file),
		TEST(inspector_read_of_no_module_is_a_success),
		TEST(what_changes_is_seen_by_the_next_call),
		TEST(modules_come_and_go),
		TEST(names_are_slices_that_may_hold_anything),
		TEST(another_release_has_other_files),
		TEST(a_root_that_is_missing_is_told_until_it_is_there),
		TEST(the_thread_is_another_one_with_the_signals_of_the_caller),
		TEST(bad_files_are_told_once),
		TEST(files_that_are_not_ready_at_the_deadline_are_pending),
		TEST(what_is_ready_at_the_deadline_is_given),
		TEST(a_file_that_is_read_only_for_its_name_holds_up_no_other),
		TEST(after_a_wait_in_vain_nobody_waits_until_the_thread_caught_up),
		TEST(a_call_for_the_same_modules_does_not_begin_anew),
		TEST(a_newer_request_takes_the_place_of_one_that_was_not_begun),
		TEST(a_newer_request_ends_the_one_at_work),
		TEST(who_never_waits_gets_what_was_seen_before),
		TEST(what_was_known_stays_known_while_the_disk_does_not_answer),
		TEST(inspector_free_takes_null),
		TEST(inspector_free_ends_a_thread_that_has_nothing_to_do),
		TEST(inspector_free_gives_up_what_is_read),
		TEST(answers_may_be_held_after_the_end),
		TEST(pending_files_may_be_held_after_the_end),
		TEST(without_a_thread_there_is_no_inspector),
		TEST(inspector_new_says_when_there_is_no_memory),
		TEST(inspector_read_says_when_there_is_no_memory),
		cmocka_unit_test_setup(
			inspector_free_leaves_a_thread_behind_that_does_not_answer,
			setup),
	};

	/* Whoever waits too long ends here. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
