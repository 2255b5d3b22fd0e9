/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page in a file: that a reader finds the old page or the new one and nothing else,
 * whatever fails, and that nothing is left lying about. Knows the calls that replace a
 * file, watches their order and lets each of them fail.
 */
#include "commands/once.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/macros.h"
#include "commands/options.h"
#include "ko.h"
#include "tree.h"

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __real_mkostemp(char *path, int flags);
int __wrap_mkostemp(char *path, int flags);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static int temporary_fd; /* what mkostemp() gave, until it is closed; else -1 */
static char temporary_path[PATH_MAX];
static char steps[64]; /* one letter for each call on it: w, m, s, c, r */

static int write_error; /* the write() to the page's descriptor that fails, and so on */
static size_t write_fails_at;
static size_t write_most;       /* bytes that one write() takes; 0: all */
static bool write_is_disturbed; /* each second one by a signal */
static bool is_disturbed_now;
static int mkostemp_error, fchmod_error, fsync_error, close_error, rename_error;
static bool memory_fails, memory_fails_on;
static size_t memory_fails_at;
static bool memory_lasted;
static bool is_stdout_watched;

static void note(char letter)
{
	size_t length = strlen(steps);

	if (length + 1 < sizeof(steps) && !(length && steps[length - 1] == letter))
		steps[length] = letter;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (fd != temporary_fd && !(is_stdout_watched && fd == STDOUT_FILENO))
		return __real_write(fd, bytes, size);
	note('w');
	if (write_is_disturbed && (is_disturbed_now = !is_disturbed_now)) {
		errno = EINTR;
		return -1;
	}
	if (write_error && write_fails_at-- == 0) {
		write_fails_at = 0;
		errno = write_error;
		return -1;
	}
	return __real_write(fd, bytes,
	                    write_most && size > write_most ? write_most : size);
}

int __wrap_mkostemp(char *path, int how)
{
	if (mkostemp_error) {
		errno = mkostemp_error;
		return -1;
	}
	temporary_fd = __real_mkostemp(path, how);
	snprintf(temporary_path, sizeof(temporary_path), "%s", path);
	return temporary_fd;
}

static int error_of_call(int error)
{
	errno = error;
	return -1;
}

int __wrap_fchmod(int fd, mode_t mode)
{
	if (fd == temporary_fd)
		note('m');
	return fchmod_error ? error_of_call(fchmod_error) : __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd)
{
	if (fd == temporary_fd)
		note('s');
	return fsync_error ? error_of_call(fsync_error) : __real_fsync(fd);
}

int __wrap_close(int fd)
{
	int r = __real_close(fd);

	if (fd != temporary_fd || fd < 0)
		return r;
	note('c');
	temporary_fd = -1;
	return close_error ? error_of_call(close_error) : r;
}

int __wrap_rename(const char *from, const char *to)
{
	if (strcmp(from, temporary_path) != 0)
		return __real_rename(from, to);
	note('r');
	return rename_error ? error_of_call(rename_error) : __real_rename(from, to);
}

static bool fails_memory(void)
{
	if (!memory_fails)
		return false;
	if (memory_fails_at) {
		memory_fails_at--;
		return false;
	}
	memory_fails = memory_fails_on;
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

static struct options options;
static char output[2 * PATH_MAX]; /* the absolute path of out/kernel.prom */
static char *words[16];
static char arguments[16][2 * PATH_MAX];

/* Parses the command once with the tree's paths, and with --output if FILE is not NULL.
 */
static char trust_path[PATH_MAX]; /* "": none */

static void make_options(const char *file)
{
	static const char *const root_flags[] = {
		[HOSTFS_PROCFS] = "--path.procfs",
		[HOSTFS_SYSFS] = "--path.sysfs",
		[HOSTFS_ROOTFS] = "--path.rootfs",
	};
	int count = 0;

	snprintf(arguments[count++], sizeof(arguments[0]), "kernel_taint_exporter");
	snprintf(arguments[count++], sizeof(arguments[0]), "once");
	for (size_t i = 0; i < ARRAY_SIZE(root_flags); i++)
		snprintf(arguments[count++], sizeof(arguments[0]), "%s=%s", root_flags[i],
		         tree_root_paths[i]);
	snprintf(arguments[count++], sizeof(arguments[0]),
	         "--collector.signature.wait=60s");
	/* There is no way out of it for the next test. */
	snprintf(arguments[count++], sizeof(arguments[0]), "--no-sandbox");
	if (*trust_path)
		snprintf(arguments[count++], sizeof(arguments[0]),
		         "--collector.signature.trust=%s", trust_path);
	if (file)
		snprintf(arguments[count++], sizeof(arguments[0]), "--output=%s", file);
	for (int i = 0; i < count; i++)
		words[i] = arguments[i];
	words[count] = NULL;
	optind = 0;
	options_clear(&options);
	assert_int_equal(options_parse(&options, count, words), 0);
}

static int setup(void **state)
{
	temporary_fd = -1;
	temporary_path[0] = '\0';
	memset(steps, 0, sizeof(steps));
	write_error = mkostemp_error = fchmod_error = fsync_error = 0;
	close_error = rename_error = 0;
	write_fails_at = write_most = 0;
	write_is_disturbed = is_disturbed_now = is_stdout_watched = false;
	memory_fails = false;
	if (tree_setup(state) < 0)
		return -1;
	tree_write("proc/sys/kernel/tainted", "4097\n");
	tree_write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	tree_write("proc/version", "Linux version 6.1.0-18-amd64\n");
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (PO)\n");
	tree_write("sys/module/nvidia/initstate", "live\n");
	tree_write("sys/module/nvidia/taint", "PO\n");
	tree_folder("out");
	snprintf(output, sizeof(output), "%s/out/kernel.prom", tree_path);
	trust_path[0] = '\0';
	make_options(output);
	return 0;
}

static int teardown(void **state)
{
	options_clear(&options);
	return tree_teardown(state);
}

/* Runs it; the log lines, for free(), if RET_LINES is not NULL. */
static int run(char **ret_lines)
{
	struct capture errors = capture_begin(STDERR_FILENO);
	int code = once_run(&options);
	char *lines;

	/* What is waited for did not come. */
	memory_lasted = memory_fails && memory_fails_at;
	memory_fails = false;
	lines = capture_end(&errors);
	if (ret_lines)
		*ret_lines = lines;
	else
		free(lines);
	return code;
}

static size_t count_output_files(void)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/out", tree_path);
	return tree_count_entries(path);
}

/* The file is a whole page of text 0.0.4. */
static void check_page(const char *page)
{
	assert_non_null(page);
	assert_int_equal(strncmp(page, "# HELP kernel_taint_mask ", 25), 0);
	assert_non_null(strstr(page, "\nkernel_taint_mask 4097\n"));
	assert_non_null(strstr(page, "\nkernel_taint_modules_loaded 1\n"));
	assert_non_null(
		strstr(page, "\n# TYPE kernel_taint_exporter_build_info gauge\n"));
	assert_int_equal(page[strlen(page) - 1], '\n');
	assert_null(strstr(page, "process_"));
	assert_null(strstr(page, "# EOF"));
}

/* The run fails, says so of the file, leaves the old one alone and nothing else. */
static void check_failure(const char *reason)
{
	char *lines, *content;
	size_t before = tree_count_descriptors(), after;

	tree_write("out/kernel.prom", "old\n");
	assert_int_equal(run(&lines), EXIT_FAILURE);
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	assert_non_null(strstr(lines, "level=error"));
	assert_non_null(strstr(lines, output));
	assert_non_null(strstr(lines, reason));
	free(lines);
	content = tree_read("out/kernel.prom");
	assert_string_equal(content, "old\n");
	free(content);
	assert_int_equal(count_output_files(), 1);

	/* And where there was none, there is none. */
	tree_delete("out/kernel.prom");
	assert_int_equal(run(NULL), EXIT_FAILURE);
	assert_int_equal(count_output_files(), 0);
}

/* ---- to a file ---- */

static void once_run_writes_the_page_to_a_file(void **state)
{
	char *lines, *page;

	(void)state;
	assert_int_equal(run(&lines), EXIT_SUCCESS);
	assert_string_equal(lines, "");
	free(lines);
	page = tree_read("out/kernel.prom");
	check_page(page);
	free(page);
	assert_int_equal(count_output_files(), 1);
}

static void once_run_replaces_the_old_file(void **state)
{
	struct stat old, new;
	char *page;

	(void)state;
	tree_write_filled("out/kernel.prom", 'x', 1 << 20);
	assert_int_equal(stat(output, &old), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run(NULL), EXIT_SUCCESS);
		assert_int_equal(stat(output, &new), 0);
		assert_true(new.st_ino != old.st_ino);
		page = tree_read("out/kernel.prom");
		check_page(page);
		free(page);
		assert_int_equal(count_output_files(), 1);
		old = new;
	}
}

static void once_run_makes_a_file_that_all_may_read(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	mode_t old = umask(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		struct stat st;
		int code;

		umask(masks[i]);
		code = run(NULL);
		umask(old);
		assert_int_equal(code, EXIT_SUCCESS);
		assert_int_equal(stat(output, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
	}
}

static void once_run_writes_beside_the_file_under_no_name_of_a_collector(void **state)
{
	const char *name;

	(void)state;
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	name = strrchr(temporary_path, '/');
	assert_non_null(name);
	assert_int_equal(strncmp(temporary_path, output, strlen(output) - 11), 0);
	assert_int_equal(name - temporary_path, strrchr(output, '/') - output);
	assert_true(strlen(name) > 5);
	assert_string_not_equal(name + strlen(name) - 5, ".prom");
}

static void once_run_syncs_before_it_renames(void **state)
{
	(void)state;
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	/* Written, given its mode, synced, closed, renamed. */
	assert_string_equal(steps, "wmscr");
}

static void once_run_writes_on_after_signals_and_short_writes(void **state)
{
	char *page;

	(void)state;
	write_most = 100;
	write_is_disturbed = true;
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	page = tree_read("out/kernel.prom");
	check_page(page);
	free(page);
}

static void once_run_that_cannot_write_leaves_the_old_file_alone(void **state)
{
	static const size_t moments[] = { 0, 1, 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		write_most = 100;
		write_error = ENOSPC;
		write_fails_at = moments[i];
		check_failure("No space left on device");
	}
	write_error = EIO;
	check_failure("Input/output error");
}

static void once_run_that_cannot_make_a_file_leaves_the_old_one_alone(void **state)
{
	(void)state;
	mkostemp_error = EACCES;
	check_failure("Permission denied");
	mkostemp_error = EROFS;
	check_failure("Read-only file system");
}

static void once_run_that_cannot_give_the_mode_leaves_the_old_file_alone(void **state)
{
	(void)state;
	fchmod_error = EPERM;
	check_failure("Operation not permitted");
}

static void once_run_that_cannot_sync_leaves_the_old_file_alone(void **state)
{
	(void)state;
	fsync_error = EIO;
	check_failure("Input/output error");
}

static void once_run_that_cannot_close_leaves_the_old_file_alone(void **state)
{
	(void)state;
	close_error = EDQUOT;
	check_failure("Disk quota exceeded");
}

static void once_run_that_cannot_rename_leaves_the_old_file_alone(void **state)
{
	(void)state;
	rename_error = EXDEV;
	check_failure("Invalid cross-device link");
}

static void once_run_reports_the_first_of_two_failures(void **state)
{
	(void)state;
	write_error = ENOSPC;
	close_error = EIO;
	check_failure("No space left on device");
}

static void once_run_refuses_a_folder_that_is_not_there(void **state)
{
	char *lines;

	(void)state;
	tree_delete("out");
	assert_int_equal(run(&lines), EXIT_FAILURE);
	assert_non_null(strstr(lines, "No such file or directory"));
	assert_non_null(strstr(lines, output));
	free(lines);
}

static void once_run_refuses_to_replace_a_folder(void **state)
{
	(void)state;
	tree_folder("out/kernel.prom");
	assert_int_equal(run(NULL), EXIT_FAILURE);
	assert_int_equal(count_output_files(), 1);
	tree_write("out/kernel.prom/inside", "");
	assert_int_equal(run(NULL), EXIT_FAILURE);
	assert_int_equal(count_output_files(), 1);
}

static void once_run_refuses_to_replace_what_is_no_regular_file(void **state)
{
	static const char *const targets[] = { "target", "nowhere", "/dev/null" };
	struct stat st;
	char *lines, *content;

	(void)state;
	tree_write("out/target", "old\n");
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		tree_link(targets[i], "out/kernel.prom");
		assert_int_equal(run(&lines), EXIT_FAILURE);
		assert_non_null(strstr(lines, output));
		free(lines);
		assert_int_equal(lstat(output, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		content = tree_read("out/target");
		assert_string_equal(content, "old\n");
		free(content);
		assert_int_equal(count_output_files(), 2);
		tree_delete("out/kernel.prom");
	}
	tree_fifo("out/kernel.prom");
	assert_int_equal(run(NULL), EXIT_FAILURE);
	assert_int_equal(lstat(output, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(count_output_files(), 2);
}

static void once_run_refuses_a_name_that_is_too_long(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(output, sizeof(output), "%s/out/%s", tree_path, name);
	make_options(output);
	assert_int_equal(run(NULL), EXIT_FAILURE);
	assert_int_equal(count_output_files(), 0);
}

static void once_run_takes_a_path_relative_to_where_it_stands(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *page;
	int code;

	(void)state;
	assert_true(here >= 0);
	assert_int_equal(chdir(tree_path), 0);
	make_options("kernel.prom");
	code = run(NULL);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_int_equal(code, EXIT_SUCCESS);
	page = tree_read("kernel.prom");
	check_page(page);
	free(page);
}

static void once_run_keeps_the_name_with_any_bytes(void **state)
{
	char *page;

	(void)state;
	snprintf(output, sizeof(output), "%s/out/XXXXXX %%s.prom", tree_path);
	make_options(output);
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	page = tree_read("out/XXXXXX %s.prom");
	check_page(page);
	free(page);
	assert_int_equal(count_output_files(), 1);
}

static void once_run_tells_of_failed_collectors_and_still_succeeds(void **state)
{
	char *page;

	(void)state;
	tree_write("proc/sys/kernel/tainted", "garbage\n");
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	page = tree_read("out/kernel.prom");
	assert_non_null(page);
	assert_non_null(strstr(page, "kernel_taint_scrape_collector_success{collector="
	                             "\"kernel\"} 0\n"));
	free(page);
}

static void once_run_writes_the_collectors_that_were_asked_for(void **state)
{
	char *page;

	(void)state;
	options.collectors = COLLECTOR_BIT(COLLECTOR_KERNEL);
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	page = tree_read("out/kernel.prom");
	assert_non_null(page);
	assert_non_null(strstr(page, "\nkernel_taint_mask 4097\n"));
	assert_null(strstr(page, "kernel_taint_modules_loaded"));
	free(page);
}

/* Either a whole page, true or owning up, or the old file. */
static void check_memory(bool fails_on)
{
	size_t failures = 0;
	bool is_over = false;

	for (size_t at = 0; !is_over; at++) {
		char *content;
		int code;

		tree_write("out/kernel.prom", "old\n");
		memory_fails_at = at;
		memory_fails_on = fails_on;
		memory_fails = true;
		code = run(NULL);
		is_over = memory_lasted;
		content = tree_read("out/kernel.prom");
		assert_non_null(content);
		if (code == EXIT_SUCCESS) {
			assert_int_equal(strncmp(content, "# HELP ", 7), 0);
			assert_non_null(strstr(content, "kernel_taint_exporter_build_"
			                                "info{"));
			assert_int_equal(content[strlen(content) - 1], '\n');
		} else {
			failures++;
			assert_int_equal(code, EXIT_FAILURE);
			assert_string_equal(content, "old\n");
		}
		free(content);
		assert_int_equal(count_output_files(), 1);
		assert_in_range(at, 0, 1000);
	}
	assert_true(failures > 2);
}

static void once_run_without_memory_leaves_the_old_file_alone(void **state)
{
	(void)state;
	check_memory(false);
	check_memory(true);
}

/* ---- files of modules ---- */

static void give_nvidia_a_file(const char *from)
{
	ko_copy(from, "root/lib/modules/6.1.0-18-amd64/extra/nvidia.ko");
	tree_write("root/lib/modules/6.1.0-18-amd64/modules.dep", "extra/nvidia.ko:\n");
}

static void check_verified(const char *verified)
{
	_cleanup_(text_clear) struct text label = TEXT_INIT;
	char *page;

	assert_int_equal(run(NULL), EXIT_SUCCESS);
	page = tree_read("out/kernel.prom");
	assert_non_null(page);
	assert_non_null(
		strstr(page, "\nkernel_taint_module_files{signature=\"pkcs7\"} 1\n"));
	text_add_string(&label, ",verified=\"");
	text_add_string(&label, verified);
	text_add_string(&label, "\"} 1\n");
	assert_non_null(strstr(page, text_string(&label)));
	free(page);
}

static void once_run_tells_of_the_files_of_modules(void **state)
{
	(void)state;
	give_nvidia_a_file(KO_SIGNED);
	check_verified("");
}

static void once_run_verifies_with_certificates(void **state)
{
	(void)state;
	strcpy(trust_path, KO_CERTIFICATE);
	make_options(output);
	give_nvidia_a_file(KO_SIGNED);
	check_verified("yes");
	give_nvidia_a_file(KO_TAMPERED);
	check_verified("no");
}

static void once_run_with_bad_certificates_leaves_the_old_file_alone(void **state)
{
	char *lines, *content;

	(void)state;
	tree_write("bad.pem", "garbage\n");
	snprintf(trust_path, sizeof(trust_path), "%.4000s/bad.pem", tree_path);
	make_options(output);
	tree_write("out/kernel.prom", "old\n");
	assert_int_equal(run(&lines), EXIT_FAILURE);
	assert_non_null(strstr(lines, "flag=--collector.signature.trust"));
	assert_non_null(strstr(lines, trust_path));
	assert_non_null(strstr(lines, "expected X.509 certificates"));
	/* Once is enough. */
	assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
	free(lines);
	content = tree_read("out/kernel.prom");
	assert_string_equal(content, "old\n");
	free(content);
	assert_int_equal(count_output_files(), 1);
}

/* ---- to standard output ---- */

static void once_run_writes_the_page_to_standard_output(void **state)
{
	struct capture capture;
	char *page;
	int code;

	(void)state;
	make_options(NULL);
	capture = capture_begin(STDOUT_FILENO);
	code = run(NULL);
	page = capture_end(&capture);
	assert_int_equal(code, EXIT_SUCCESS);
	check_page(page);
	free(page);
	assert_int_equal(count_output_files(), 0);
}

static void once_run_writes_the_same_to_both(void **state)
{
	static const char duration[] = "kernel_taint_scrape_collector_duration_seconds{";
	struct capture capture;
	char *to_output, *to_file;
	const char *a, *b;

	(void)state;
	assert_int_equal(run(NULL), EXIT_SUCCESS);
	to_file = tree_read("out/kernel.prom");
	assert_non_null(to_file);
	make_options(NULL);
	capture = capture_begin(STDOUT_FILENO);
	run(NULL);
	to_output = capture_end(&capture);
	a = to_output;
	b = to_file;
	while (*a && *b) {
		size_t length = strcspn(a, "\n");

		if (strncmp(a, duration, strlen(duration)) != 0)
			assert_int_equal(strncmp(a, b, length + 1), 0);
		a = strchr(a, '\n') + 1;
		b = strchr(b, '\n') + 1;
	}
	assert_true(!*a && !*b);
	free(to_output);
	free(to_file);
}

static void once_run_writes_on_to_standard_output_after_short_writes(void **state)
{
	struct capture capture;
	char *page;

	(void)state;
	make_options(NULL);
	capture = capture_begin(STDOUT_FILENO);
	is_stdout_watched = true;
	write_most = 77;
	write_is_disturbed = true;
	run(NULL);
	is_stdout_watched = false;
	page = capture_end(&capture);
	check_page(page);
	free(page);
}

/* With another descriptor 1, or none. */
static void check_standard_output(int fd, const char *reason)
{
	int saved, code;
	char *lines;

	make_options(NULL);
	fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(saved >= 0);
	if (fd >= 0)
		dup2(fd, STDOUT_FILENO);
	else
		close(STDOUT_FILENO);
	code = run(&lines);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_int_equal(code, EXIT_FAILURE);
	assert_non_null(strstr(lines, "standard output"));
	assert_non_null(strstr(lines, reason));
	free(lines);
}

static void once_run_fails_when_standard_output_is_full(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	check_standard_output(fd, "No space left on device");
	close(fd);
}

static void once_run_fails_when_standard_output_cannot_be_written(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	check_standard_output(fd, "Bad file descriptor");
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(once_run_writes_the_page_to_a_file),
		TEST(once_run_replaces_the_old_file),
		TEST(once_run_makes_a_file_that_all_may_read),
		TEST(once_run_writes_beside_the_file_under_no_name_of_a_collector),
		TEST(once_run_syncs_before_it_renames),
		TEST(once_run_writes_on_after_signals_and_short_writes),
		TEST(once_run_that_cannot_write_leaves_the_old_file_alone),
		TEST(once_run_that_cannot_make_a_file_leaves_the_old_one_alone),
		TEST(once_run_that_cannot_give_the_mode_leaves_the_old_file_alone),
		TEST(once_run_that_cannot_sync_leaves_the_old_file_alone),
		TEST(once_run_that_cannot_close_leaves_the_old_file_alone),
		TEST(once_run_that_cannot_rename_leaves_the_old_file_alone),
		TEST(once_run_reports_the_first_of_two_failures),
		TEST(once_run_refuses_a_folder_that_is_not_there),
		TEST(once_run_refuses_to_replace_a_folder),
		TEST(once_run_refuses_to_replace_what_is_no_regular_file),
		TEST(once_run_refuses_a_name_that_is_too_long),
		TEST(once_run_takes_a_path_relative_to_where_it_stands),
		TEST(once_run_keeps_the_name_with_any_bytes),
		TEST(once_run_tells_of_failed_collectors_and_still_succeeds),
		TEST(once_run_writes_the_collectors_that_were_asked_for),
		TEST(once_run_without_memory_leaves_the_old_file_alone),
		TEST(once_run_tells_of_the_files_of_modules),
		TEST(once_run_verifies_with_certificates),
		TEST(once_run_with_bad_certificates_leaves_the_old_file_alone),
		TEST(once_run_writes_the_page_to_standard_output),
		TEST(once_run_writes_the_same_to_both),
		TEST(once_run_writes_on_to_standard_output_after_short_writes),
		TEST(once_run_fails_when_standard_output_is_full),
		TEST(once_run_fails_when_standard_output_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
