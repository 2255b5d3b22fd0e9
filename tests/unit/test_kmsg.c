/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The follower of the kernel's log: records as the kernel writes them and as nobody
 * should, on files and FIFOs; and, with a read() and clocks of its own, what only a
 * device and time can do: records that were overwritten, a log that never ends, a clock
 * that is set, threads at the same time.
 */
#include "sources/kmsg.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "model/snapshot.h"
#include "tree.h"

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* What the next reads give, one after another; then the file's own turn comes. */
struct step {
	int error;
	const char *bytes; /* of one record */
	void (*meanwhile)(void);
	unsigned int times; /* more often */
};

static const struct step *steps;
static unsigned int repeated;
static time_t wall_shift; /* seconds that the wall clock was set forward */
static unsigned int
	clock_left; /* looks at the monotonic clock before it jumps; 0: none */
static bool memory_fails;
static unsigned int memory_left;

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	int r = __real_clock_gettime(id, time);

	if (id == CLOCK_REALTIME)
		time->tv_sec += wall_shift;
	if (id == CLOCK_MONOTONIC && clock_left && --clock_left == 0) {
		clock_left = 1;
		time->tv_sec += 3600;
	}
	return r;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	const struct step *step = steps;
	size_t length;

	if (!step)
		return __real_read(fd, bytes, size);
	if (!step->error && !step->bytes) {
		steps = NULL;
		return __real_read(fd, bytes, size);
	}
	if (repeated++ == step->times) {
		repeated = 0;
		steps++;
	}
	if (step->meanwhile)
		step->meanwhile();
	if (step->error) {
		errno = step->error;
		return -1;
	}
	length = strlen(step->bytes);
	assert_true(length <= size);
	memcpy(bytes, step->bytes, length);
	return (ssize_t)length;
}

static bool fails_memory(void)
{
	return memory_fails && memory_left-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return fails_memory() ? NULL : __real_malloc(size);
}

static struct hostfs *fs;
static struct kmsg *kmsg;
static struct snapshot snapshot;

static int setup(void **state)
{
	steps = NULL;
	repeated = 0;
	wall_shift = 0;
	clock_left = 0;
	memory_fails = false;
	if (tree_setup(state) < 0)
		return -1;
	fs = tree_hostfs();
	snapshot_init(&snapshot);
	return 0;
}

static int teardown(void **state)
{
	memory_fails = false;
	snapshot_clear(&snapshot);
	kmsg = kmsg_free(kmsg);
	hostfs_free(fs);
	return tree_teardown(state);
}

static const char *const *tree_paths(void)
{
	static const char *paths[HOSTFS_ROOT_COUNT];

	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		paths[i] = tree_root_paths[i];
	return paths;
}

static void open_log(void)
{
	assert_int_equal(kmsg_new(tree_paths(), &kmsg), 0);
}

/* A file that holds LINES, opened. */
static void open_file(const char *lines)
{
	tree_write("root/dev/kmsg", lines);
	open_log();
	assert_int_equal(kmsg_error(kmsg), 0);
}

/* An empty file, in place of a device that gives STEPS. */
static void open_device(const struct step *given)
{
	open_file("");
	steps = given;
}

static void append(const char *lines)
{
	int fd = openat(tree_fd, "root/dev/kmsg",
	                O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
}

static int read_log(void)
{
	snapshot_clear(&snapshot);
	kmsg_read(kmsg, fs, &snapshot);
	assert_string_equal(snapshot.log_result.file, "dev/kmsg");
	return snapshot.log_result.error;
}

/* "oot_module zfs 1, unsigned_module zfs 2": what was counted. */
static void check_counts(const char *expected)
{
	char counts[4096] = "";
	size_t length = 0;

	for (size_t i = 0; i < snapshot.log.count; i++) {
		const struct tally_entry *entry = &snapshot.log.entries[i];

		length += (size_t)snprintf(counts + length, sizeof(counts) - length,
		                           "%s%s %s %d", i ? ", " : "",
		                           announcement_name(entry->announcement),
		                           entry->module, (int)entry->count);
		assert_true(length < sizeof(counts));
	}
	assert_string_equal(counts, expected);
}

static void check_read(const char *expected)
{
	assert_int_equal(read_log(), 0);
	check_counts(expected);
}

/* ---- records ---- */

static int parse(const char *line, struct kmsg_record *record, char *bytes)
{
	strcpy(bytes, line);
	return kmsg_record_parse(bytes, strlen(line), record);
}

static void a_record_is_what_the_kernel_wrote(void **state)
{
	static const struct {
		const char *line;
		uint64_t sequence, time;
		bool is_kernels;
		const char *message;
	} rows[] = {
		{ "6,339,5140900,-;NET: Registered PF_INET6", 339, 5140900000, true,
		  "NET: Registered PF_INET6" },
		{ "7,160,424069,-,caller=T1;pci", 160, 424069000, true, "pci" },
		{ "4,1,0,c;part", 1, 0, true, "part" },
		{ "4,1,0,-,a=b,c=d;;x;y", 1, 0, true, ";x;y" },
		{ "0,0,0,-;", 0, 0, true, "" },
		{ "12,5,6,-;from user space", 5, 6000, false, "from user space" },
		{ "8,5,6,-;x", 5, 6000, false, "x" },
		{ "2047,5,6,-;x", 5, 6000, false, "x" },
		{ "6,18446744073709551615,18446744073709551,-;x", UINT64_MAX,
		  UINT64_C(18446744073709551000), true, "x" },
		/* What is not printable. */
		{ "6,1,1,-;a\\x0ab\\x5cx41\\xc3\\xa9\\x7f", 1, 1000, true,
		  "a\nb\\x41\xc3\xa9\x7f" },
		{ "6,1,1,-;\\x09", 1, 1000, true, "\t" },
		/* What the kernel would not write stays as it is. */
		{ "6,1,1,-;\\x0", 1, 1000, true, "\\x0" },
		{ "6,1,1,-;\\x", 1, 1000, true, "\\x" },
		{ "6,1,1,-;\\", 1, 1000, true, "\\" },
		{ "6,1,1,-;\\xAB\\xg0\\x0g\\y41\\\\x41", 1, 1000, true,
		  "\\xAB\\xg0\\x0g\\y41\\A" },
	};
	char bytes[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kmsg_record record;

		assert_int_equal(parse(rows[i].line, &record, bytes), 0);
		assert_true(record.sequence == rows[i].sequence);
		assert_true(record.time == rows[i].time);
		assert_int_equal(record.is_kernels, rows[i].is_kernels);
		assert_int_equal(record.length, strlen(rows[i].message));
		assert_memory_equal(record.message, rows[i].message, record.length);
	}
}

static void a_nul_in_a_message_is_a_byte_as_any(void **state)
{
	struct kmsg_record record;
	char bytes[64];

	(void)state;
	assert_int_equal(parse("6,1,1,-;a\\x00b", &record, bytes), 0);
	assert_int_equal(record.length, 3);
	assert_memory_equal(record.message, "a\0b", 3);
}

static void anything_else_is_no_record(void **state)
{
	static const char *const lines[] = {
		"",
		" SUBSYSTEM=pci",
		"6",
		"6,",
		"6,1",
		"6,1,",
		"6,1,1",
		"6,1,1;x",
		"6,1,1,-",
		"6;1,1,-;x",
		"-6,1,1,-;x",
		" 6,1,1,-;x",
		"6 ,1,1,-;x",
		"a,1,1,-;x",
		"6,b,1,-;x",
		"6,1,c,-;x",
		"6,18446744073709551616,1,-;x",
		"6,1,18446744073709552,-;x", /* microseconds that are too many */
		"<6>zfs: module license 'CDDL' taints kernel.",
		"[    1.000000] zfs: module license 'CDDL' taints kernel.",
	};
	struct kmsg_record record = { .sequence = 5 };
	char bytes[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse(lines[i], &record, bytes), -EBADMSG);
	assert_int_equal(record.sequence, 5);
}

/* ---- what counts ---- */

#define LICENSE(n, name) \
	"4," #n ",9,"    \
	"-;" name ": module license 'X' taints kernel.\n"
#define ECHO(n, name) "4," #n ",9,-;" name ": module license taints kernel.\n"
#define TREE(n, name) "4," #n ",9,-;" name ": loading out-of-tree module taints kernel.\n"

static void what_announces_a_taint_is_counted(void **state)
{
	(void)state;
	open_file("5,0,0,-;Linux version 6.1.0\n" TREE(1, "zfs") //
	          "4,2,9,-;zfs: module verification failed: signature and/or required "
	          "key missing - tainting kernel\n" //
	          LICENSE(3, "zfs")                 //
	          "4,4,9,-;Disabling lock debugging due to kernel taint\n"
	          " SUBSYSTEM=module\n DEVICE=+module:zfs\n" TREE(5, "nvidia"));
	check_read("lock_debugging_disabled  1, oot_module nvidia 1, oot_module zfs 1, "
	           "proprietary_module zfs 1, unsigned_module zfs 1");
	assert_int_equal(snapshot.log_lost, 0);
}

static void what_is_no_taint_is_not_counted(void **state)
{
	(void)state;
	open_file("3,1,9,-;Loading of unsigned module is rejected\n"
	          "4,2,9,-;x: loading module not compiled with retpoline compiler.\n"
	          "6,3,9,-;panic_on_taint: bitmask=0x8 nousertaint_mode=disabled\n"
	          "4,4,9,-;CPU: 0 PID: 1 Comm: x Tainted: P OE 6.1.0 #1\n"
	          "4,5,9,-;Modules linked in: zfs(POE)\n");
	check_read("");
}

static void user_space_cannot_make_it_count(void **state)
{
	(void)state;
	open_file("12,1,9,-;zfs: module license 'CDDL' taints kernel.\n"
	          "14,2,9,-;4,2,9,-;zfs: module license 'CDDL' taints kernel.\n"
	          "12,3,9,-;a\\x0a4,2,9,-;zfs: module license 'CDDL' taints kernel.\n"
	          " 4,2,9,-;zfs: module license 'CDDL' taints kernel.\n");
	check_read("");
}

static void two_lines_on_one_licence_are_one_event(void **state)
{
	(void)state;
	open_file(LICENSE(1, "zfs") ECHO(2, "zfs"));
	check_read("proprietary_module zfs 1");
	/* It is still the same one when the second line comes with the next scrape. */
	append(ECHO(3, "zfs"));
	check_read("proprietary_module zfs 1");
	/* Another module's; one whose first line nobody saw; two loads. */
	append(ECHO(4, "nvidia") LICENSE(5, "zfs"));
	check_read("proprietary_module nvidia 1, proprietary_module zfs 2");
}

static void names_are_those_of_the_modules(void **state)
{
	(void)state;
	open_file(TREE(1, "caf\\xc3\\xa9") TREE(2, "back\\x5cslash") TREE(3, "bad\\xff")
	                  TREE(4, "new\\x0aline") TREE(5, "q\"uote"));
	check_read("oot_module back\\slash 1, oot_module bad\xef\xbf\xbd 1, "
	           "oot_module caf\xc3\xa9 1, oot_module new\nline 1, "
	           "oot_module q\"uote 1");
}

static void names_are_bounded_in_length_and_number(void **state)
{
	char line[256], name[128];
	uint64_t sum = 0;

	(void)state;
	open_file("");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(line, sizeof(line),
	         "4,1,9,-;%s: loading out-of-tree module taints kernel.\n", name);
	append(line);
	check_read("oot_module  1");
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line),
		         "4,%d,9,-;m%03d: loading out-of-tree module taints kernel.\n",
		         i + 2, i);
		append(line);
	}
	assert_int_equal(read_log(), 0);
	assert_int_equal(snapshot.log.count, TALLY_PAIRS + 1);
	assert_string_equal(snapshot.log.entries[0].module, "");
	assert_int_equal(snapshot.log.entries[0].count, 1001 - TALLY_PAIRS);
	assert_string_equal(snapshot.log.entries[1].module, "m000");
	for (size_t i = 0; i < snapshot.log.count; i++)
		sum += snapshot.log.entries[i].count;
	assert_int_equal(sum, 1001);
}

/* ---- files and FIFOs ---- */

static void a_file_is_read_on_where_it_ended(void **state)
{
	(void)state;
	open_file(TREE(1, "a"));
	check_read("oot_module a 1");
	check_read("oot_module a 1");
	append("4,2,9,-;b: loading out-of-");
	check_read("oot_module a 1");
	append("tree module taints kernel.");
	check_read("oot_module a 1");
	append("\n4,");
	check_read("oot_module a 1, oot_module b 1");
	append("3,9,-;a: loading out-of-tree module taints kernel.\n");
	check_read("oot_module a 2, oot_module b 1");
}

static void every_way_to_cut_a_line_in_two_counts_it_once(void **state)
{
	static const char line[] = TREE(1, "zfs");

	(void)state;
	for (size_t i = 1; i + 1 < sizeof(line); i++) {
		char first[sizeof(line)];

		memcpy(first, line, i);
		first[i] = '\0';
		open_file(first);
		check_read("");
		append(line + i);
		check_read("oot_module zfs 1");
		kmsg = kmsg_free(kmsg);
	}
}

static void a_fifo_is_read_without_waiting(void **state)
{
	int writer;

	(void)state;
	tree_fifo("root/dev/kmsg");
	alarm(60);
	open_log();
	assert_int_equal(kmsg_error(kmsg), 0);
	check_read(""); /* nobody writes */
	writer = openat(tree_fd, "root/dev/kmsg", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(writer >= 0);
	check_read(""); /* somebody does, but nothing */
	append(TREE(1, "zfs"));
	check_read("oot_module zfs 1");
	check_read("oot_module zfs 1");
	append(TREE(2, "zfs"));
	close(writer);
	check_read("oot_module zfs 2");
	check_read("oot_module zfs 2");
	alarm(0);
}

static void many_reads_make_one_log(void **state)
{
	char *lines = malloc(1 << 20);
	size_t length = 0;

	(void)state;
	assert_non_null(lines);
	for (int i = 0; i < 10000; i++)
		length += (size_t)sprintf(lines + length,
		                          "4,%d,9,-;m%d: loading "
		                          "out-of-tree module taints "
		                          "kernel.\n",
		                          i, i % 10);
	open_file("");
	tree_write_bytes("root/dev/kmsg", lines, length);
	free(lines);
	assert_int_equal(read_log(), 0);
	assert_int_equal(snapshot.log.count, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(snapshot.log.entries[i].count, 1000);
}

static void a_line_that_is_too_long_is_left_out_and_no_other(void **state)
{
	static const size_t sizes[] = { KMSG_RECORD_MAX - 1,     KMSG_RECORD_MAX,
		                        KMSG_RECORD_MAX + 1,     2 * KMSG_RECORD_MAX,
		                        2 * KMSG_RECORD_MAX + 1, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *lines = malloc(sizes[i] + 256), *at = lines;

		assert_non_null(lines);
		at = stpcpy(at, TREE(1, "a"));
		memset(at, 'x', sizes[i]);
		strcpy(at + sizes[i], "\n" TREE(2, "b"));
		open_file(lines);
		check_read("oot_module a 1, oot_module b 1");
		kmsg = kmsg_free(kmsg);

		/* What it ends with is no record of its own. */
		strcpy(at + sizes[i], TREE(3, "c") TREE(2, "b"));
		open_file(lines);
		check_read("oot_module a 1, oot_module b 1");
		kmsg = kmsg_free(kmsg);
		free(lines);
	}
}

static void bytes_that_are_no_log_are_passed_over(void **state)
{
	static const char bytes[] = "\0\xff\n\n;\n,,,;\n4,1,9,-;\0\n" TREE(2, "zfs");

	(void)state;
	open_file("");
	tree_write_bytes("root/dev/kmsg", bytes, sizeof(bytes) - 1);
	check_read("oot_module zfs 1");
}

static void a_follower_made_anew_counts_what_is_there_once_again(void **state)
{
	(void)state;
	open_file(TREE(1, "a") TREE(2, "b"));
	check_read("oot_module a 1, oot_module b 1");
	append(TREE(3, "a"));
	check_read("oot_module a 2, oot_module b 1");
	kmsg = kmsg_free(kmsg);
	open_log();
	check_read("oot_module a 2, oot_module b 1");
	check_read("oot_module a 2, oot_module b 1");
}

/* ---- opening ---- */

static void a_log_that_cannot_be_opened_is_told_at_every_read(void **state)
{
	size_t before = tree_count_descriptors(), after;

	(void)state;
	open_log();
	assert_int_equal(kmsg_error(kmsg), -ENOENT);
	assert_int_equal(read_log(), -ENOENT);
	tree_write("root/dev/kmsg", TREE(1, "a"));
	assert_int_equal(read_log(), -ENOENT);
	kmsg = kmsg_free(kmsg);
	tree_delete("root/dev/kmsg");
	tree_folder("root/dev/kmsg");
	open_log();
	assert_int_equal(kmsg_error(kmsg), -EISDIR);
	assert_int_equal(read_log(), -EISDIR);
	kmsg = kmsg_free(kmsg);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

static void one_descriptor_is_open_and_closed_at_the_end(void **state)
{
	size_t before = tree_count_descriptors(), after;

	(void)state;
	open_file(TREE(1, "a"));
	after = tree_count_descriptors();
	assert_int_equal(after, before + 1);
	kmsg = kmsg_free(kmsg);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	assert_null(kmsg_free(NULL));
}

static void without_memory_there_is_no_follower(void **state)
{
	size_t before = tree_count_descriptors(), after;
	unsigned int tried = 0;
	int r;

	(void)state;
	tree_write("root/dev/kmsg", TREE(1, "a"));
	do {
		memory_fails = true;
		memory_left = tried++;
		r = kmsg_new(tree_paths(), &kmsg);
		memory_fails = false;
		assert_true(r == 0 || r == -ENOMEM);
		if (r < 0)
			assert_null(kmsg);
	} while (r < 0);
	assert_in_range(tried, 4, 10);
	kmsg = kmsg_free(kmsg);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

/* ---- what a device does ---- */

static void a_device_is_read_until_nothing_is_left(void **state)
{
	static const struct step given[] = {
		{ .bytes = TREE(1, "a") },
		{ .error = EINTR },
		{ .bytes = TREE(2, "b") " SUBSYSTEM=x\n" },
		{ .error = EAGAIN },
		{ .bytes = TREE(3, "a") },
		{ .error = EAGAIN },
		{ 0 },
	};

	(void)state;
	open_device(given);
	check_read("oot_module a 1, oot_module b 1");
	assert_ptr_equal(steps, &given[4]);
	check_read("oot_module a 2, oot_module b 1");
	assert_int_equal(snapshot.log_lost, 0);
}

static void records_that_were_overwritten_are_counted(void **state)
{
	static const struct step given[] = {
		{ .error = EPIPE }, /* nobody knows how many before the first: one */
		{ .bytes = TREE(100, "a") },
		{ .bytes = "12,101,9,-;user space has numbers, too\n" },
		{ .error = EAGAIN },
		{ .error = EPIPE },
		{ .bytes = TREE(112, "b") },
		{ .error = EPIPE },
		{ .error = EPIPE }, /* overwritten while it was read on */
		{ .bytes = TREE(120, "a") },
		{ .error = EPIPE },
		{ .error = EAGAIN },
		{ .bytes = TREE(122, "a") },
		{ .error = EAGAIN },
		{ 0 },
	};

	(void)state;
	open_device(given);
	check_read("oot_module a 1");
	assert_int_equal(snapshot.log_lost, 1);
	check_read("oot_module a 2, oot_module b 1");
	assert_int_equal(snapshot.log_lost, 1 + 10 + 7);
	check_read("oot_module a 3, oot_module b 1");
	assert_int_equal(snapshot.log_lost, 1 + 10 + 7 + 1);
	check_read("oot_module a 3, oot_module b 1");
	assert_int_equal(snapshot.log_lost, 1 + 10 + 7 + 1);
}

static void numbers_that_jump_are_no_loss_unless_the_kernel_says_so(void **state)
{
	static const struct step given[] = {
		{ .bytes = TREE(5, "a") }, { .bytes = TREE(50, "a") },
		{ .bytes = TREE(4, "a") }, { .error = EPIPE },
		{ .bytes = TREE(3, "a") }, /* at least one */
		{ .error = EAGAIN },       { 0 },
	};

	(void)state;
	open_device(given);
	check_read("oot_module a 4");
	assert_int_equal(snapshot.log_lost, 1);
}

static void an_error_fails_this_read_and_not_the_next_one(void **state)
{
	static const struct step given[] = {
		{ .bytes = TREE(1, "a") },
		{ .error = EIO },
		{ .bytes = TREE(2, "a") },
		{ .error = EAGAIN },
		{ .error = ENODEV },
		{ .error = EAGAIN },
		{ 0 },
	};

	(void)state;
	open_device(given);
	assert_int_equal(read_log(), -EIO);
	check_read("oot_module a 2");
	assert_int_equal(read_log(), -ENODEV);
	check_read("oot_module a 2");
}

static void the_deadline_ends_a_read_and_the_next_one_goes_on(void **state)
{
	static const struct step given[] = {
		{ .bytes = TREE(1, "a"), .times = 99 },
		{ .error = EAGAIN },
		{ 0 },
	};

	(void)state;
	open_device(given);
	hostfs_begin(fs, clock_monotonic() + 600 * CLOCK_SECOND);
	clock_left = 41;
	assert_int_equal(read_log(), -ETIME);
	check_counts("oot_module a 40");
	assert_int_equal(read_log(), -ETIME);
	check_counts("oot_module a 40");
	clock_left = 0;
	check_read("oot_module a 100");
}

static void a_log_that_never_ends_does_not_keep_it_for_ever(void **state)
{
	static const struct step endless[] = { { .bytes = "6,1,1,-;x\n", .times = -1u } };
	static const struct step losing[] = { { .error = EPIPE, .times = -1u } };

	(void)state;
	open_device(endless);
	assert_int_equal(read_log(), -ETIME);
	assert_int_equal(repeated, KMSG_READS_MAX);
	steps = losing;
	repeated = 0;
	assert_int_equal(read_log(), -ETIME);
	assert_int_equal(repeated, KMSG_READS_MAX);
	steps = NULL;
	append(TREE(2, "a"));
	check_read("oot_module a 1");
	assert_int_equal(snapshot.log_lost, 1);
}

/* ---- times ---- */

static uint64_t first_time(void)
{
	assert_int_equal(snapshot.log.count, 1);
	return snapshot.log.entries[0].first;
}

static void times_are_on_the_wall_clock_as_it_was_at_the_start(void **state)
{
	uint64_t before = clock_realtime() - clock_boottime(), after;

	(void)state;
	open_file("4,1,5140900,-;a: loading out-of-tree module taints kernel.\n");
	after = clock_realtime() - clock_boottime();
	check_read("oot_module a 1");
	/* The two clocks are not read at once. */
	assert_in_range(first_time(), before + UINT64_C(5140900000) - CLOCK_SECOND,
	                after + UINT64_C(5140900000) + CLOCK_SECOND);
}

static void times_stay_where_they_are_when_the_wall_clock_is_set(void **state)
{
	uint64_t first;

	(void)state;
	open_file("4,1,5000000,-;a: loading out-of-tree module taints kernel.\n");
	check_read("oot_module a 1");
	first = first_time();
	wall_shift = 86400;
	append("4,2,6000000,-;b: loading out-of-tree module taints kernel.\n");
	check_read("oot_module a 1, oot_module b 1");
	assert_true(snapshot.log.entries[0].first == first);
	assert_true(snapshot.log.entries[1].first == first + CLOCK_SECOND);

	/* Whoever begins anew believes the clock of then. */
	kmsg = kmsg_free(kmsg);
	open_log();
	check_read("oot_module a 1, oot_module b 1");
	assert_in_range(snapshot.log.entries[0].first, first + 86399 * CLOCK_SECOND,
	                first + 86401 * CLOCK_SECOND);
}

static void a_wall_clock_that_was_never_set_is_no_matter(void **state)
{
	struct timespec now;

	(void)state;
	/* A host without a clock of its own: 1970 when it booted. */
	assert_int_equal(__real_clock_gettime(CLOCK_REALTIME, &now), 0);
	wall_shift = -now.tv_sec;
	open_file("4,1,5000000,-;a: loading out-of-tree module taints kernel.\n");
	check_read("oot_module a 1");
	assert_true((int64_t)first_time() <= 6 * (int64_t)CLOCK_SECOND);
}

/* ---- threads ---- */

static void read_meanwhile(void)
{
	struct hostfs *other = tree_hostfs();
	struct snapshot seen;

	snapshot_init(&seen);
	kmsg_read(kmsg, other, &seen);
	assert_int_equal(seen.log_result.error, -EBUSY);
	assert_string_equal(seen.log_result.file, "dev/kmsg");
	assert_int_equal(seen.log.count, 0);
	hostfs_free(other);
}

static void whoever_comes_while_another_one_reads_is_told_so(void **state)
{
	static const struct step given[] = {
		{ .bytes = TREE(1, "a") },
		{ .bytes = TREE(2, "a"), .meanwhile = read_meanwhile },
		{ .error = EAGAIN },
		{ 0 },
	};

	(void)state;
	open_device(given);
	check_read("oot_module a 2");
	check_read("oot_module a 2");
}

#define THREADS 4
#define RECORDS 2000

/* Reads until it was told of all records; gives back what it was given if it was. */
static void *read_many(void *given)
{
	struct hostfs *own = tree_hostfs();
	uint64_t seen = 0;
	struct snapshot mine;

	while (seen < RECORDS) {
		snapshot_init(&mine);
		kmsg_read(kmsg, own, &mine);
		if (mine.log_result.error == 0 && mine.log.count) {
			/* What one saw no other one takes back. */
			if (mine.log.entries[0].count < seen)
				break;
			seen = mine.log.entries[0].count;
		} else if (mine.log_result.error != -EBUSY && mine.log_result.error) {
			break;
		}
	}
	hostfs_free(own);
	return seen == RECORDS ? given : NULL;
}

static void threads_count_every_record_once(void **state)
{
	pthread_t threads[THREADS];
	int writer;

	(void)state;
	tree_fifo("root/dev/kmsg");
	open_log();
	writer = openat(tree_fd, "root/dev/kmsg", O_WRONLY | O_CLOEXEC);
	assert_true(writer >= 0);
	alarm(120);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_many, kmsg), 0);
	for (int i = 0; i < RECORDS; i++)
		assert_int_equal(write(writer, TREE(1, "a"), strlen(TREE(1, "a"))),
		                 strlen(TREE(1, "a")));
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, kmsg);
	}
	alarm(0);
	close(writer);
	check_read("oot_module a 2000");
}

/* The kernel's own, for whom it is open; else that it is not is told. */
static void the_log_of_this_machine_is_followed_or_refused(void **state)
{
	static const char *const paths[HOSTFS_ROOT_COUNT] = { "/proc", "/sys", "/",
		                                              "/proc/self" };
	uint64_t lost;

	(void)state;
	assert_int_equal(kmsg_new(paths, &kmsg), 0);
	assert_int_equal(read_log(), kmsg_error(kmsg));
	lost = snapshot.log_lost;
	assert_int_equal(read_log(), kmsg_error(kmsg));
	assert_true(snapshot.log_lost >= lost);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_what_the_kernel_wrote),
		TEST(a_nul_in_a_message_is_a_byte_as_any),
		TEST(anything_else_is_no_record),
		TEST(what_announces_a_taint_is_counted),
		TEST(what_is_no_taint_is_not_counted),
		TEST(user_space_cannot_make_it_count),
		TEST(two_lines_on_one_licence_are_one_event),
		TEST(names_are_those_of_the_modules),
		TEST(names_are_bounded_in_length_and_number),
		TEST(a_file_is_read_on_where_it_ended),
		TEST(every_way_to_cut_a_line_in_two_counts_it_once),
		TEST(a_fifo_is_read_without_waiting),
		TEST(many_reads_make_one_log),
		TEST(a_line_that_is_too_long_is_left_out_and_no_other),
		TEST(bytes_that_are_no_log_are_passed_over),
		TEST(a_follower_made_anew_counts_what_is_there_once_again),
		TEST(a_log_that_cannot_be_opened_is_told_at_every_read),
		TEST(one_descriptor_is_open_and_closed_at_the_end),
		TEST(without_memory_there_is_no_follower),
		TEST(a_device_is_read_until_nothing_is_left),
		TEST(records_that_were_overwritten_are_counted),
		TEST(numbers_that_jump_are_no_loss_unless_the_kernel_says_so),
		TEST(an_error_fails_this_read_and_not_the_next_one),
		TEST(the_deadline_ends_a_read_and_the_next_one_goes_on),
		TEST(a_log_that_never_ends_does_not_keep_it_for_ever),
		TEST(times_are_on_the_wall_clock_as_it_was_at_the_start),
		TEST(times_stay_where_they_are_when_the_wall_clock_is_set),
		TEST(a_wall_clock_that_was_never_set_is_no_matter),
		TEST(whoever_comes_while_another_one_reads_is_told_so),
		TEST(threads_count_every_record_once),
		TEST(the_log_of_this_machine_is_followed_or_refused),
	};

	return cmocka_run_group_tests_name("kmsg", tests, NULL, NULL);
}
