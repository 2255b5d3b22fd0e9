/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log of the command line: opened if the collector is on, and that it cannot
 * be is said once, with what it takes. Knows the call that opens files, and calloc(),
 * which it lets fail.
 */
#include "commands/kernel_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "commands/options.h"
#include "sources/kmsg.h"
#include "tree.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static bool memory_fails;
static int open_error; /* 0: none */

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_fails ? NULL : __real_calloc(count, size);
}

long __wrap_syscall(long number, ...)
{
	va_list arguments;
	const char *path;
	void *how;
	size_t size;
	int fd;

	assert_int_equal(number, SYS_openat2);
	va_start(arguments, number);
	fd = va_arg(arguments, int);
	path = va_arg(arguments, const char *);
	how = va_arg(arguments, void *);
	size = va_arg(arguments, size_t);
	va_end(arguments);
	if (open_error) {
		errno = open_error;
		return -1;
	}
	return __real_syscall(number, fd, path, how, size);
}

static struct options options;
static struct kmsg *kmsg;

static int setup(void **state)
{
	memory_fails = false;
	open_error = 0;
	kmsg = NULL;
	if (tree_setup(state) < 0)
		return -1;
	options = (struct options){ .collectors = COLLECTOR_BIT(COLLECTOR_LOG) };
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		options.scrape.paths[i] = tree_root_paths[i];
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	return 0;
}

static int teardown(void **state)
{
	memory_fails = false;
	kernel_log_free(&kmsg);
	return tree_teardown(state);
}

/* Opens it; what is logged holds WORDS, or is nothing if they are NULL. */
static void check_new(int result, const char *words)
{
	struct capture capture = capture_begin(STDERR_FILENO);
	int r = kernel_log_new(&options, &kmsg);
	char *lines;

	memory_fails = false;
	lines = capture_end(&capture);
	assert_int_equal(r, result);
	if (words ? !strstr(lines, words) : *lines)
		fail_msg("%s is not in: %s", words ? words : "nothing", lines);
	/* One line at most. */
	assert_ptr_equal(strchr(lines, '\n'), strrchr(lines, '\n'));
	free(lines);
}

static void a_log_that_nobody_wants_is_not_opened(void **state)
{
	(void)state;
	options.collectors = ~COLLECTOR_BIT(COLLECTOR_LOG);
	check_new(0, NULL);
	assert_null(kmsg);
}

static void a_log_that_is_there_is_opened_without_a_word(void **state)
{
	(void)state;
	tree_write("root/dev/kmsg", "");
	check_new(0, NULL);
	assert_non_null(kmsg);
	assert_int_equal(kmsg_error(kmsg), 0);
}

static void a_log_that_cannot_be_opened_is_warned_of(void **state)
{
	char line[2 * PATH_MAX];

	(void)state;
	snprintf(line, sizeof(line),
	         "level=warn msg=\"Cannot open the kernel log, its collector will fail\" "
	         "flag=--collector.log root=%s file=dev/kmsg err=\"No such file or "
	         "directory\"\n",
	         tree_root_paths[HOSTFS_ROOTFS]);
	check_new(0, line);
	assert_int_equal(kmsg_error(kmsg), -ENOENT);
}

static void whoever_may_not_open_it_is_told_what_that_takes(void **state)
{
	static const char hint[] =
		" hint=\"it takes CAP_SYSLOG where kernel.dmesg_restrict is 1\"\n";

	(void)state;
	open_error = EACCES;
	check_new(0, hint);
	assert_int_equal(kmsg_error(kmsg), -EACCES);
}

static void without_memory_it_is_an_error(void **state)
{
	(void)state;
	memory_fails = true;
	check_new(-ENOMEM,
	          "level=error msg=\"Cannot follow the kernel log\" err=\"Cannot "
	          "allocate memory\"\n");
	assert_null(kmsg);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_that_nobody_wants_is_not_opened),
		TEST(a_log_that_is_there_is_opened_without_a_word),
		TEST(a_log_that_cannot_be_opened_is_warned_of),
		TEST(whoever_may_not_open_it_is_told_what_that_takes),
		TEST(without_memory_it_is_an_error),
	};

	return cmocka_run_group_tests_name("kernel_log", tests, NULL, NULL);
}
