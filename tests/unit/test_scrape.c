/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass, over small hosts made of files: what each collector puts on the page, that a
 * failed source takes only its own families with it, and that, whatever fails at whatever
 * moment, each sample is true and what is lost is owned up to. Knows the calls on which
 * the pass stands and lets each of them fail in turn.
 */
#include "commands/scrape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "ko.h"
#include "sources/kmsg.h"
#include "tree.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);
DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

enum failing {
	FAILING_NOTHING,
	FAILING_MEMORY,
	FAILING_OPEN,
	FAILING_READ,
	FAILING_STAT,
	FAILING_FOLDER,
	FAILING_CLOCK, /* it jumps past the deadline */
};

/* One call of a kind fails, and with STICKS those after it. */
static struct {
	enum failing kind;
	int error;
	size_t left; /* calls before it */
	bool sticks;
	bool happened;
} failing;

/* The inspector's thread has failures of its own, elsewhere. */
static bool fails(enum failing kind)
{
	if (failing.kind != kind || gettid() != getpid())
		return false;
	if (failing.left) {
		failing.left--;
		return false;
	}
	if (failing.happened && !failing.sticks)
		return false;
	failing.happened = true;
	errno = failing.error;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails(FAILING_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails(FAILING_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails(FAILING_MEMORY) ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return fails(FAILING_MEMORY) ? NULL : __real_reallocarray(pointer, count, size);
}

char *__wrap_strdup(const char *string)
{
	return fails(FAILING_MEMORY) ? NULL : __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t size)
{
	return fails(FAILING_MEMORY) ? NULL : __real_strndup(string, size);
}

DIR *__wrap_fdopendir(int fd)
{
	return fails(FAILING_MEMORY) ? NULL : __real_fdopendir(fd);
}

struct dirent *__wrap_readdir(DIR *folder)
{
	return fails(FAILING_FOLDER) ? NULL : __real_readdir(folder);
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
	return fails(FAILING_OPEN) ? -1 : __real_syscall(number, fd, path, how, size);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	return fails(FAILING_READ) ? -1 : __real_pread(fd, bytes, size, offset);
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
	return fails(FAILING_READ) ? -1 : __real_read(fd, bytes, size);
}

int __wrap_fstat(int fd, struct stat *st)
{
	return fails(FAILING_STAT) ? -1 : __real_fstat(fd, st);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	int r = __real_clock_gettime(id, time);

	/* Of two followers of a log neither is a nanosecond apart. */
	if (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME) {
		*time = (struct timespec){ .tv_sec = id == CLOCK_REALTIME ? 2000 : 500 };
		return 0;
	}
	if (fails(FAILING_CLOCK))
		time->tv_sec += 3600;
	return r;
}

static struct scrape_settings settings;
static struct capture log_capture;

static int setup(void **state)
{
	failing.kind = FAILING_NOTHING;
	if (tree_setup(state) < 0)
		return -1;
	settings = (struct scrape_settings){ .files_wait = 60 * CLOCK_SECOND };
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		settings.paths[i] = tree_root_paths[i];
	log_capture = capture_begin(STDERR_FILENO);
	return 0;
}

static int teardown(void **state)
{
	failing.kind = FAILING_NOTHING;
	free(capture_end(&log_capture));
	return tree_teardown(state);
}

#define KERNEL  COLLECTOR_BIT(COLLECTOR_KERNEL)
#define MODULES COLLECTOR_BIT(COLLECTOR_MODULES)
#define POSTURE COLLECTOR_BIT(COLLECTOR_POSTURE)
#define FILES   COLLECTOR_BIT(COLLECTOR_SIGNATURE)
#define ALL     (KERNEL | MODULES | POSTURE | FILES)

/* The two that are off by default. */
#define LOG      COLLECTOR_BIT(COLLECTOR_LOG)
#define UNLOADED COLLECTOR_BIT(COLLECTOR_UNLOADED)
#define EVERY    (ALL | LOG | UNLOADED)

#define FOLDER "root/lib/modules/6.1.0-18-amd64/"

static void make_module(const char *name, const char *taint)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/module/%s/initstate", name);
	tree_write(path, "live\n");
	snprintf(path, sizeof(path), "sys/module/%s/taint", name);
	tree_write(path, taint);
}

/*
 * Of a stranger, and not what is loaded, though of the same sources; of the tree, and
 * what is loaded; none.
 */
static void make_files(void)
{
	tree_write(FOLDER "modules.dep", "extra/nvidia.ko:\nkernel/loop.ko:\n");
	ko_write(FOLDER "extra/nvidia.ko",
	         &(struct ko){ "license=NVIDIA\nversion=550\nsrcversion=0123AB\n", "disk",
	                       NULL });
	ko_write(FOLDER "kernel/loop.ko",
	         &(struct ko){ "license=GPL\nintree=Y\n", "loop", "Build time key" });
	ko_load("nvidia", "memory");
	tree_write("sys/module/nvidia/srcversion", "0123AB\n");
	ko_load("loop", "loop");
}

/* Tainted by modules and more; one module is hidden, and one disagrees. */
static void make_host(void)
{
	tree_write("proc/sys/kernel/tainted", "12801\n"); /* P, W, O, E */
	tree_write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	tree_write("proc/version", "Linux version 6.1.0-18-amd64 (debian)\n");
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (PO)\n"
	                           "loop 1 0 - Live 0x0\n"
	                           "dummy 1 0 - Live 0x0 (O)\n");
	make_module("nvidia", "PO\n");
	make_module("loop", "\n");
	make_module("dummy", "OE\n");
	make_module("rootkit", "OE\n");
	make_files();
	tree_write("root/dev/kmsg",
	           "4,1,5000000,-;nvidia: module license 'NVIDIA' taints kernel.\n"
	           "4,2,5000000,-;nvidia: module license taints kernel.\n"
	           "4,3,6250400,-;Disabling lock debugging due to kernel taint\n");
	tree_write("sys/kernel/debug/modules/unloaded_tainted", "gone (EO) 2\n");
	tree_folder("sys/module/printk/parameters");
	tree_write("sys/module/module/parameters/sig_enforce", "N\n");
	tree_write("proc/sys/kernel/modules_disabled", "0\n");
	tree_write("proc/cmdline", "quiet panic_on_taint=8\n");
	tree_write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	tree_write("sys/kernel/warn_count", "7\n");
	tree_write("sys/kernel/oops_count", "1\n");
	tree_write_bytes("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-"
	                 "00e098032b8c",
	                 "\x06\0\0\0\x01", 5);
	tree_write_bytes("sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-"
	                 "00e098032b8c",
	                 "\x06\0\0\0\0", 5);
}

/* The page of one pass, for free(). */
static char *scrape(struct scraper *scraper, collector_set collectors,
                    enum scrape_voice voice)
{
	struct text page = TEXT_INIT;
	size_t length = 0;
	char *bytes;

	assert_int_equal(scrape_run(scraper, collectors, UINT64_MAX, voice, &page), 0);
	bytes = text_take(&page, &length);
	assert_non_null(bytes);
	assert_int_equal(strlen(bytes), length);
	return bytes;
}

/* As commands do that follow the log. */
static void follow_log(collector_set collectors)
{
	if (collectors & LOG)
		assert_int_equal(kmsg_new(settings.paths, &settings.log), 0);
}

static void unfollow_log(void)
{
	settings.log = kmsg_free(settings.log);
}

/* The page of the first pass over the tree. */
static char *scrape_once(collector_set collectors)
{
	struct scraper scraper;
	char *page;

	follow_log(collectors);
	assert_int_equal(scraper_init(&scraper, &settings, collectors, NULL, NULL), 0);
	page = scrape(&scraper, collectors, SCRAPE_TEXT);
	scraper_clear(&scraper);
	unfollow_log();
	return page;
}

/* Whether the page has the whole LINE. */
static bool has_line(const char *page, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = page; (at = strstr(at, line)); at++)
		if ((at == page || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

/* Standard error is caught, so that the reason goes to standard output. */
static void complain(const char *what, const char *line, const char *page)
{
	print_message("# %s: %s\n%s", line, what, page);
	fail();
}

static void check_line(const char *page, const char *line)
{
	if (!has_line(page, line))
		complain("is missing", line, page);
}

/* No sample of the family. */
static void check_no_family(const char *page, const char *family)
{
	char start[128];

	snprintf(start, sizeof(start), "# TYPE %s ", family);
	if (strstr(page, start))
		complain("should not be there", family, page);
}

static void check_family(const char *page, const char *family)
{
	char start[128];

	snprintf(start, sizeof(start), "# TYPE %s ", family);
	if (!strstr(page, start))
		complain("is missing", family, page);
}

static const char *const kernel_families[] = {
	"kernel_taint_mask",
	"kernel_taint_flag",
	"kernel_taint_kernel_info",
};

static const char *const modules_families[] = {
	"kernel_taint_module_support",
	"kernel_taint_modules_loaded",
	"kernel_taint_modules_tainting",
	"kernel_taint_modules_proprietary",
	"kernel_taint_modules_out_of_tree",
	"kernel_taint_modules_unsigned",
	"kernel_taint_module",
	"kernel_taint_flag_unexplained",
	"kernel_taint_flag_contradicted",
	"kernel_taint_modules_hidden",
	"kernel_taint_modules_disagreeing",
};

static const char *const posture_families[] = {
	"kernel_taint_module_signatures_enforced",
	"kernel_taint_module_loading_disabled",
	"kernel_taint_lockdown",
	"kernel_taint_secure_boot",
	"kernel_taint_panic_mask",
	"kernel_taint_kernel_warnings_total",
	"kernel_taint_kernel_oopses_total",
};

/* All families of a list are there, or none is, but for those named. */
static void check_families(const char *page, const char *const *families, size_t count,
                           bool are_there, const char *const but[])
{
	for (size_t i = 0; i < count; i++) {
		bool is_exception = false;

		for (size_t k = 0; but && but[k]; k++)
			is_exception |= strcmp(families[i], but[k]) == 0;
		(are_there != is_exception ? check_family : check_no_family)(page,
		                                                             families[i]);
	}
}

#define CHECK_ALL(page, families) \
	check_families(page, families, ARRAY_SIZE(families), true, NULL)
#define CHECK_NONE(page, families) \
	check_families(page, families, ARRAY_SIZE(families), false, NULL)
#define CHECK_BUT(page, families, ...)                             \
	check_families(page, families, ARRAY_SIZE(families), true, \
	               (const char *const[]){ __VA_ARGS__, NULL })

static const char *const files_families[] = {
	"kernel_taint_module_files",
	"kernel_taint_module_info",
	"kernel_taint_module_file_differs",
};

static const char *const log_families[] = {
	"kernel_taint_log_events_total",
	"kernel_taint_log_first_event_timestamp_seconds",
	"kernel_taint_log_lost_records_total",
};

static const char *const unloaded_families[] = { "kernel_taint_unloaded_module" };

static void check_success(const char *page, int kernel, int modules, int posture,
                          int signature)
{
	char line[128];
	static const char *const names[] = { "kernel", "modules", "posture",
		                             "signature" };
	const int wanted[] = { kernel, modules, posture, signature };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line),
		         "kernel_taint_scrape_collector_success{collector=\"%s\"} %d",
		         names[i], wanted[i]);
		check_line(page, line);
	}
}

/* ---- what is on the page ---- */

static void scrape_run_tells_all_of_a_host(void **state)
{
	char *page;

	(void)state;
	make_host();
	page = scrape_once(ALL);
	CHECK_ALL(page, kernel_families);
	CHECK_ALL(page, modules_families);
	CHECK_ALL(page, posture_families);
	CHECK_ALL(page, files_families);
	check_success(page, 1, 1, 1, 1);
	check_line(page, "kernel_taint_mask 12801");
	check_line(page, "kernel_taint_kernel_info{dialect=\"mainline\",release=\"6.1.0-"
	                 "18-amd64\"} 1");
	check_line(page, "kernel_taint_modules_loaded 3");
	check_line(page, "kernel_taint_modules_tainting 2");
	check_line(page, "kernel_taint_modules_hidden 1");
	check_line(page, "kernel_taint_modules_disagreeing 1");
	check_line(page, "kernel_taint_flag_unexplained{bit=\"13\",flag=\"E\",taint="
	                 "\"unsigned_module\"} 1");
	check_line(page, "kernel_taint_flag_unexplained{bit=\"0\",flag=\"P\",taint="
	                 "\"proprietary_module\"} 0");
	check_line(page, "kernel_taint_module_signatures_enforced 0");
	check_line(page, "kernel_taint_lockdown{mode=\"integrity\"} 1");
	check_line(page, "kernel_taint_secure_boot 1");
	check_line(page, "kernel_taint_panic_mask 8");
	check_line(page, "kernel_taint_kernel_warnings_total 7");
	check_line(page, "kernel_taint_module_files{signature=\"none\"} 1");
	check_line(page, "kernel_taint_module_files{signature=\"x509\"} 1");
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 1");
	check_line(page, "kernel_taint_module_files{signature=\"pending\"} 0");
	check_line(page,
	           "kernel_taint_module_info{module=\"nvidia\",flags=\"PO\","
	           "signature=\"none\",signer=\"\",sig_key=\"\",sig_hashalgo=\"\","
	           "license=\"NVIDIA\",version=\"550\",srcversion=\"0123AB\","
	           "intree=\"\",path=\"/lib/modules/6.1.0-18-amd64/extra/nvidia.ko\","
	           "verified=\"\"} 1");
	check_line(page, "kernel_taint_module_info{module=\"dummy\",flags=\"O\","
	                 "signature=\"missing\",signer=\"\",sig_key=\"\","
	                 "sig_hashalgo=\"\",license=\"\",version=\"\",srcversion=\"\","
	                 "intree=\"\",path=\"\",verified=\"\"} 1");
	check_line(page, "kernel_taint_module_file_differs{module=\"nvidia\"} 1");
	assert_null(strstr(page, "module=\"loop\""));
	check_family(page, "kernel_taint_exporter_build_info");
	assert_null(strstr(page, "process_"));
	assert_null(strstr(page, "# EOF"));
	free(page);
}

static void scrape_run_tells_of_the_collectors_asked_for_alone(void **state)
{
	(void)state;
	make_host();
	for (collector_set set = 0; set <= EVERY; set++) {
		char *page = scrape_once(set);

		check_families(page, kernel_families, ARRAY_SIZE(kernel_families),
		               set & KERNEL, NULL);
		check_families(page, modules_families, ARRAY_SIZE(modules_families),
		               set & MODULES, NULL);
		check_families(page, posture_families, ARRAY_SIZE(posture_families),
		               set & POSTURE, NULL);
		check_families(page, files_families, ARRAY_SIZE(files_families),
		               set & FILES, NULL);
		check_families(page, log_families, ARRAY_SIZE(log_families), set & LOG,
		               NULL);
		check_families(page, unloaded_families, ARRAY_SIZE(unloaded_families),
		               set & UNLOADED, NULL);
		for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
			bool is_there = set & COLLECTOR_BIT(c);
			char sample[128];

			snprintf(sample, sizeof(sample),
			         "kernel_taint_scrape_collector_success{collector=\"%s\"}"
			         " 1",
			         collector_name(c));
			assert_int_equal(has_line(page, sample), is_there);
			snprintf(sample, sizeof(sample),
			         "\nkernel_taint_scrape_collector_duration_seconds{"
			         "collector=\"%s\"} ",
			         collector_name(c));
			assert_int_equal(strstr(page, sample) != NULL, is_there);
		}
		assert_null(strstr(page, "} 0.0.")); /* no mangled number */
		check_family(page, "kernel_taint_exporter_build_info");
		free(page);
	}
}

static void scrape_run_tells_of_the_process_when_told(void **state)
{
	static const char *const families[] = {
		"process_cpu_seconds_total",
		"process_open_fds",
		"process_max_fds",
		"process_virtual_memory_bytes",
		"process_resident_memory_bytes",
		"process_start_time_seconds",
	};
	char *page;

	(void)state;
	make_host();
	settings.with_process = true;
	settings.paths[HOSTFS_SELF] = "/proc/self";
	page = scrape_once(ALL);
	CHECK_ALL(page, families);
	check_success(page, 1, 1, 1, 1);
	free(page);
	page = scrape_once(0);
	CHECK_ALL(page, families);
	free(page);
}

static void scrape_run_speaks_both_formats(void **state)
{
	struct scraper scraper;
	size_t length;
	char *page;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	page = scrape(&scraper, ALL, SCRAPE_OPENMETRICS);
	length = strlen(page);
	assert_true(length > 6);
	assert_string_equal(page + length - 6, "# EOF\n");
	check_line(page, "# TYPE kernel_taint_kernel_warnings counter");
	check_line(page, "kernel_taint_kernel_warnings_total 7");
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_speaks_to_people_and_programs(void **state)
{
	struct scraper scraper;
	char *page;

	(void)state;
	make_host();
	settings.telemetry_path = "/there";
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	page = scrape(&scraper, ALL, SCRAPE_PAGE);
	assert_memory_equal(page, "<!DOCTYPE html>\n", 16);
	assert_non_null(strstr(page, "href=\"/there\""));
	assert_non_null(strstr(page, "<strong>tainted</strong>"));
	free(page);
	page = scrape(&scraper, ALL, SCRAPE_JSON);
	assert_memory_equal(page, "{\"tainted\":true,", 16);
	assert_string_equal(page + strlen(page) - 2, "}\n");
	free(page);
	scraper_clear(&scraper);
	settings.telemetry_path = NULL;
}

static void scrape_run_appends(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct scraper scraper;

	(void)state;
	make_host();
	text_add_string(&page, "before\n");
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	assert_int_equal(scrape_run(&scraper, ALL, UINT64_MAX, SCRAPE_TEXT, &page), 0);
	assert_memory_equal(page.data, "before\n# HELP", 13);
	scraper_clear(&scraper);
}

static void scrape_run_chooses_the_dialect(void **state)
{
	static const struct {
		const char *release, *version, *dialect;
	} kernels[] = {
		{ "6.1.0-18-amd64", "(debian)", "mainline" },
		{ "4.18.0-372.9.1.el8.x86_64", "(mockbuild)", "rhel8" },
		{ "5.15.0-200.131.27.el8uek.x86_64", "(mockbuild)", "mainline" },
		{ "5.14.21-150500.55.52-default", "(geeko@buildhost)", "suse" },
		{ "5.14.21-150500.33.63-special", "(geeko@buildhost)", "suse" },
		{ "5.14.21-150500.33.63-special", "(me@home)", "mainline" },
	};
	char line[256];

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		char *page;

		tree_write("proc/sys/kernel/osrelease", kernels[i].release);
		tree_write("proc/version", kernels[i].version);
		page = scrape_once(ALL);
		snprintf(line, sizeof(line),
		         "kernel_taint_kernel_info{dialect=\"%s\",release=\"%s\"} 1",
		         kernels[i].dialect, kernels[i].release);
		check_line(page, line);
		free(page);

		settings.is_dialect_given = true;
		settings.dialect = DIALECT_RHEL9;
		page = scrape_once(ALL);
		settings.is_dialect_given = false;
		snprintf(line, sizeof(line),
		         "kernel_taint_kernel_info{dialect=\"rhel9\",release=\"%s\"} 1",
		         kernels[i].release);
		check_line(page, line);
		free(page);
	}
}

static void scrape_run_takes_nothing_from_a_version_it_cannot_read(void **state)
{
	_cleanup_(text_clear) struct text version = TEXT_INIT;
	char *page;

	(void)state;
	make_host();
	text_add_string(&version, "Linux version 6.4 (geeko@buildhost) ");
	while (version.length < 5000)
		text_add_char(&version, 'x');
	tree_write("proc/sys/kernel/osrelease", "6.4.0-custom\n");
	tree_write_bytes("proc/version", version.data, version.length);
	page = scrape_once(ALL);
	assert_null(strstr(page, "dialect=\"suse\""));
	free(page);
}

static void scrape_run_without_modules_says_so(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete("proc/modules");
	page = scrape_once(ALL);
	check_success(page, 1, 1, 1, 1);
	check_line(page, "kernel_taint_module_support 0");
	check_line(page, "kernel_taint_modules_loaded 0");
	check_line(page, "kernel_taint_modules_hidden 0");
	free(page);
}

static void scrape_run_compares_every_module_when_told(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_write("sys/module/loop/taint", "OE\n");
	page = scrape_once(ALL);
	check_line(page, "kernel_taint_modules_disagreeing 1");
	free(page);
	settings.compares_every_module = true;
	page = scrape_once(ALL);
	check_line(page, "kernel_taint_modules_disagreeing 2");
	free(page);
}

/* ---- files ---- */

static void scrape_run_describes_every_file_when_told(void **state)
{
	char *page;

	(void)state;
	make_host();
	settings.describes_every_module = true;
	page = scrape_once(FILES);
	check_line(page, "kernel_taint_module_info{module=\"loop\",flags=\"\","
	                 "signature=\"x509\",signer=\"Build time key\","
	                 "sig_key=\"01:02:AB\",sig_hashalgo=\"sha256\",license=\"GPL\","
	                 "version=\"\",srcversion=\"\",intree=\"Y\",path=\"/lib/modules/"
	                 "6.1.0-18-amd64/kernel/loop.ko\",verified=\"\"} 1");
	check_line(page, "kernel_taint_module_file_differs{module=\"loop\"} 0");
	check_line(page, "kernel_taint_module_file_differs{module=\"nvidia\"} 1");
	free(page);
}

/* Files are looked at by a scraper that was made for it, and only if asked for. */
static void scrape_run_leaves_files_alone_that_nobody_asks_for(void **state)
{
	struct scraper scraper;

	(void)state;
	make_host();
	follow_log(LOG);
	assert_int_equal(scraper_init(&scraper, &settings, ALL & ~FILES, NULL, NULL), 0);
	assert_null(scraper.inspector);
	for (collector_set set = 0; set <= EVERY; set++) {
		char *page;

		if (set & FILES)
			continue;
		page = scrape(&scraper, set, SCRAPE_TEXT);
		CHECK_NONE(page, files_families);
		assert_null(strstr(page, "collector=\"signature\""));
		free(page);
	}
	scraper_clear(&scraper);
	unfollow_log();
}

static void scrape_run_without_modules_has_no_files_and_says_so(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete("proc/modules");
	page = scrape_once(FILES);
	check_line(page, "kernel_taint_scrape_collector_success{collector=\"signature\"} "
	                 "1");
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 0");
	check_line(page, "kernel_taint_module_files{signature=\"pending\"} 0");
	check_no_family(page, "kernel_taint_module_info");
	free(page);

	/* Nor is there a place for them. */
	assert_int_equal(renameat(tree_fd, "root", tree_fd, "elsewhere"), 0);
	page = scrape_once(FILES);
	check_line(page, "kernel_taint_scrape_collector_success{collector=\"signature\"} "
	                 "1");
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 0");
	free(page);
}

static void scrape_run_without_modules_dep_finds_no_file(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete(FOLDER "modules.dep");
	page = scrape_once(ALL);
	check_success(page, 1, 1, 1, 1);
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 3");
	check_no_family(page, "kernel_taint_module_file_differs");
	free(page);
}

/* How many loaded modules there are by what their files hold, all together. */
static size_t count_files(const char *page)
{
	static const char start[] = "\nkernel_taint_module_files{";
	size_t count = 0, samples = 0;

	for (const char *at = page; (at = strstr(at, start)); at++, samples++)
		count += strtoul(strchr(at, ' ') + 1, NULL, 10);
	assert_int_equal(samples, 10);
	return count;
}

/* Those that are not ready are pending, and the others are not lost. */
static void scrape_run_that_does_not_wait_counts_every_file(void **state)
{
	struct scraper scraper;

	(void)state;
	make_host();
	settings.files_wait = 0;
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	for (int pass = 0; pass < 50; pass++) {
		char *page = scrape(&scraper, ALL, SCRAPE_TEXT);

		check_success(page, 1, 1, 1, 1);
		assert_int_equal(count_files(page), 3);
		free(page);
	}
	settings.files_wait = 60 * CLOCK_SECOND;
	scraper_clear(&scraper);
}

static void scrape_run_sees_files_that_changed(void **state)
{
	struct scraper scraper;
	char *page;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	free(scrape(&scraper, ALL, SCRAPE_TEXT));

	ko_write(FOLDER "extra/new.ko",
	         &(struct ko){ "license=GPL\n", "memory", "A new key" });
	assert_int_equal(renameat(tree_fd, FOLDER "extra/new.ko", tree_fd,
	                          FOLDER "extra/nvidia.ko"),
	                 0);
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_line(page, "kernel_taint_module_files{signature=\"none\"} 0");
	check_line(page, "kernel_taint_module_files{signature=\"x509\"} 2");
	check_line(page, "kernel_taint_module_file_differs{module=\"nvidia\"} 0");
	assert_non_null(strstr(page, "signer=\"A new key\""));
	free(page);

	tree_delete(FOLDER "extra/nvidia.ko");
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 2");
	check_no_family(page, "kernel_taint_module_file_differs");
	free(page);

	tree_replace("proc/modules", "loop 1 0 - Live 0x0\n");
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 0");
	check_line(page, "kernel_taint_module_files{signature=\"x509\"} 1");
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_tells_of_files_that_cannot_be_read(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete(FOLDER "extra/nvidia.ko");
	tree_fifo(FOLDER "extra/nvidia.ko");
	tree_write(FOLDER "kernel/loop.ko", "no module\n");
	page = scrape_once(ALL);
	check_success(page, 1, 1, 1, 1);
	check_line(page, "kernel_taint_module_files{signature=\"unreadable\"} 1");
	check_line(page, "kernel_taint_module_files{signature=\"malformed\"} 1");
	check_line(page, "kernel_taint_module_files{signature=\"missing\"} 1");
	free(page);
}

/* What was logged since the last call, for free(). */
static char *take_log(void)
{
	char *lines = capture_end(&log_capture);

	log_capture = capture_begin(STDERR_FILENO);
	return lines;
}

static void scrape_run_without_a_release_does_not_know_the_files(void **state)
{
	struct scraper scraper;
	char *page, *lines;

	(void)state;
	make_host();
	tree_delete("proc/sys/kernel/osrelease");
	assert_int_equal(scraper_init(&scraper, &settings, FILES, NULL, NULL), 0);
	free(take_log());
	page = scrape(&scraper, FILES, SCRAPE_TEXT);
	lines = take_log();
	CHECK_NONE(page, files_families);
	check_line(page, "kernel_taint_scrape_collector_success{collector=\"signature\"} "
	                 "0");
	assert_non_null(strstr(lines, "level=error msg=\"Collector failed\" "
	                              "collector=signature file=sys/kernel/osrelease "
	                              "err=\"No such file or directory\"\n"));
	free(lines);
	free(page);

	/* A dialect that is given says nothing of where the files are. */
	settings.is_dialect_given = true;
	page = scrape(&scraper, FILES, SCRAPE_TEXT);
	CHECK_NONE(page, files_families);
	free(page);

	tree_write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	page = scrape(&scraper, FILES, SCRAPE_TEXT);
	CHECK_ALL(page, files_families);
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_without_a_list_does_not_know_the_files(void **state)
{
	struct scraper scraper;
	char *page, *lines;

	(void)state;
	make_host();
	tree_write("proc/modules", "garbage\n");
	assert_int_equal(scraper_init(&scraper, &settings, FILES, NULL, NULL), 0);
	free(take_log());
	page = scrape(&scraper, FILES, SCRAPE_TEXT);
	lines = take_log();
	CHECK_NONE(page, files_families);
	check_line(page, "kernel_taint_scrape_collector_success{collector=\"signature\"} "
	                 "0");
	assert_non_null(strstr(lines,
	                       "collector=signature file=modules err=\"the content "
	                       "is not of the expected form\"\n"));
	free(lines);
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_without_a_root_does_not_know_the_files(void **state)
{
	struct scraper scraper;
	char *page, *lines;

	(void)state;
	make_host();
	assert_int_equal(renameat(tree_fd, "root", tree_fd, "later"), 0);
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	free(take_log());
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	lines = take_log();
	check_success(page, 1, 1, 1, 0);
	CHECK_NONE(page, files_families);
	CHECK_ALL(page, modules_families);
	assert_non_null(strstr(lines,
	                       "collector=signature file=lib/modules err=\"No such "
	                       "file or directory\"\n"));
	free(lines);
	free(page);

	/* It is mounted later. */
	assert_int_equal(renameat(tree_fd, "later", tree_fd, "root"), 0);
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_success(page, 1, 1, 1, 1);
	CHECK_ALL(page, files_families);
	free(page);
	scraper_clear(&scraper);
}

/* ---- the log, and modules that are gone ---- */

static void check_one_success(const char *page, enum collector collector, int wanted)
{
	char line[128];

	snprintf(line, sizeof(line),
	         "kernel_taint_scrape_collector_success{collector=\"%s\"} %d",
	         collector_name(collector), wanted);
	check_line(page, line);
}

static void scrape_run_tells_what_the_log_announced(void **state)
{
	char *page;

	(void)state;
	make_host();
	page = scrape_once(EVERY);
	check_success(page, 1, 1, 1, 1);
	check_one_success(page, COLLECTOR_LOG, 1);
	check_line(page, "kernel_taint_log_events_total{event=\"proprietary_module\","
	                 "module=\"nvidia\"} 1");
	check_line(page,
	           "kernel_taint_log_events_total{event=\"lock_debugging_disabled\","
	           "module=\"\"} 1");
	check_line(page, "kernel_taint_log_first_event_timestamp_seconds{event="
	                 "\"proprietary_module\",module=\"nvidia\"} 1505");
	check_line(page, "kernel_taint_log_first_event_timestamp_seconds{event="
	                 "\"lock_debugging_disabled\",module=\"\"} 1506.25");
	check_line(page, "kernel_taint_log_lost_records_total 0");
	free(page);
}

static void scrape_run_tells_of_modules_that_are_gone(void **state)
{
	char *page;

	(void)state;
	make_host();
	page = scrape_once(EVERY);
	check_one_success(page, COLLECTOR_UNLOADED, 1);
	check_line(page, "kernel_taint_unloaded_module{module=\"gone\",flags=\"OE\"} 2");
	free(page);
}

static void append_to_log(const char *lines)
{
	int fd = openat(tree_fd, "root/dev/kmsg", O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
}

/* Scrapers come and go, as threads do; what they read they read once. */
static void scrape_run_reads_the_log_on_whoever_scrapes(void **state)
{
	(void)state;
	make_host();
	follow_log(LOG);
	for (int pass = 1; pass < 4; pass++) {
		struct scraper scraper;
		char line[128], *page;

		assert_int_equal(scraper_init(&scraper, &settings, LOG, NULL, NULL), 0);
		page = scrape(&scraper, LOG, SCRAPE_TEXT);
		snprintf(line, sizeof(line),
		         "kernel_taint_log_events_total{event=\"proprietary_module\","
		         "module=\"nvidia\"} %d",
		         pass);
		check_line(page, line);
		free(page);
		append_to_log("4,4,9,-;nvidia: module license 'X' taints kernel.\n");
		/* What asks for others leaves it where it is. */
		page = scrape(&scraper, KERNEL, SCRAPE_TEXT);
		CHECK_NONE(page, log_families);
		free(page);
		scraper_clear(&scraper);
	}
	unfollow_log();
}

static void scrape_run_without_a_log_or_a_list_tells_the_others(void **state)
{
	char *page, *lines;

	(void)state;
	make_host();
	tree_delete("root/dev/kmsg");
	tree_delete("sys/kernel/debug/modules/unloaded_tainted");
	free(take_log());
	page = scrape_once(EVERY);
	lines = take_log();
	check_success(page, 1, 1, 1, 1);
	check_one_success(page, COLLECTOR_LOG, 0);
	check_one_success(page, COLLECTOR_UNLOADED, 0);
	CHECK_NONE(page, log_families);
	CHECK_NONE(page, unloaded_families);
	CHECK_ALL(page, modules_families);
	assert_non_null(strstr(lines, "collector=log file=dev/kmsg err=\"No such file or "
	                              "directory\"\n"));
	assert_non_null(strstr(lines, "collector=unloaded "
	                              "file=kernel/debug/modules/unloaded_tainted "
	                              "err=\"No such file or directory\"\n"));
	free(lines);
	free(page);
}

/* Nobody can say in which order it prints letters. */
static void scrape_run_without_a_release_knows_no_flags(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete("proc/sys/kernel/osrelease");
	page = scrape_once(UNLOADED | LOG);
	check_one_success(page, COLLECTOR_UNLOADED, 0);
	check_one_success(page, COLLECTOR_LOG, 1);
	CHECK_NONE(page, unloaded_families);
	CHECK_ALL(page, log_families);
	free(page);
	settings.is_dialect_given = true;
	settings.dialect = DIALECT_MAINLINE;
	page = scrape_once(UNLOADED);
	check_one_success(page, COLLECTOR_UNLOADED, 1);
	CHECK_ALL(page, unloaded_families);
	free(page);
}

/* ---- what fails ---- */

static void scrape_run_without_a_mask_leaves_out_what_needs_it(void **state)
{
	static const char *const masks[] = { "", "garbage\n", "-1\n" };

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		char *page;

		tree_write("proc/sys/kernel/tainted", masks[i]);
		page = scrape_once(ALL);
		CHECK_BUT(page, kernel_families, "kernel_taint_mask",
		          "kernel_taint_flag");
		CHECK_BUT(page, modules_families, "kernel_taint_flag_unexplained",
		          "kernel_taint_flag_contradicted");
		CHECK_ALL(page, posture_families);
		check_success(page, 0, 1, 1, 1);
		free(page);

		/* Alone, the modules have to say it. */
		page = scrape_once(MODULES);
		CHECK_BUT(page, modules_families, "kernel_taint_flag_unexplained",
		          "kernel_taint_flag_contradicted");
		check_line(page, "kernel_taint_scrape_collector_success{collector="
		                 "\"modules\"} 0");
		free(page);

		page = scrape_once(POSTURE);
		CHECK_ALL(page, posture_families);
		check_line(page, "kernel_taint_scrape_collector_success{collector="
		                 "\"posture\"} 1");
		free(page);
	}
}

static void scrape_run_without_a_release_leaves_out_what_needs_a_meaning(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_delete("proc/sys/kernel/osrelease");
	page = scrape_once(ALL);
	CHECK_BUT(page, kernel_families, "kernel_taint_flag", "kernel_taint_kernel_info");
	CHECK_BUT(page, modules_families, "kernel_taint_modules_proprietary",
	          "kernel_taint_modules_out_of_tree", "kernel_taint_modules_unsigned",
	          "kernel_taint_module", "kernel_taint_flag_unexplained",
	          "kernel_taint_flag_contradicted");
	check_success(page, 0, 1, 1, 0);
	check_line(page, "kernel_taint_mask 12801");
	check_line(page, "kernel_taint_modules_tainting 2");
	check_line(page, "kernel_taint_modules_hidden 1");
	free(page);

	/* With a dialect that was given there is one. */
	settings.is_dialect_given = true;
	settings.dialect = DIALECT_MAINLINE;
	page = scrape_once(ALL);
	CHECK_BUT(page, kernel_families, "kernel_taint_kernel_info");
	CHECK_ALL(page, modules_families);
	check_success(page, 0, 1, 1, 0);
	free(page);
}

static void scrape_run_without_a_list_leaves_out_the_modules(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_write("proc/modules", "nvidia 1 0 - Live 0x0 (PO)\ngarbage\n");
	page = scrape_once(ALL);
	CHECK_ALL(page, kernel_families);
	CHECK_NONE(page, modules_families);
	CHECK_ALL(page, posture_families);
	check_success(page, 1, 0, 1, 0);
	free(page);
}

static void scrape_run_without_letters_leaves_out_what_compares_them(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_write("sys/module/nvidia/taint", "( )\n");
	page = scrape_once(ALL);
	CHECK_ALL(page, kernel_families);
	CHECK_BUT(page, modules_families, "kernel_taint_modules_hidden",
	          "kernel_taint_modules_disagreeing");
	CHECK_ALL(page, posture_families);
	check_success(page, 1, 0, 1, 1);
	free(page);
}

static void scrape_run_without_one_of_the_postures_tells_the_others(void **state)
{
	char *page;

	(void)state;
	make_host();
	tree_write("sys/kernel/warn_count", "many\n");
	page = scrape_once(ALL);
	CHECK_ALL(page, kernel_families);
	CHECK_ALL(page, modules_families);
	CHECK_BUT(page, posture_families, "kernel_taint_kernel_warnings_total");
	check_success(page, 1, 1, 0, 1);
	free(page);
}

static void scrape_run_over_nothing_tells_that_all_failed(void **state)
{
	char *page;

	(void)state;
	page = scrape_once(ALL);
	CHECK_NONE(page, kernel_families);
	CHECK_NONE(page, modules_families);
	CHECK_NONE(page, posture_families);
	check_success(page, 0, 0, 0, 0);
	check_family(page, "kernel_taint_exporter_build_info");
	free(page);
}

static void scrape_run_logs_what_failed(void **state)
{
	struct scraper scraper;
	char *page, *lines;

	(void)state;
	make_host();
	tree_write("proc/sys/kernel/tainted", "garbage\n");
	tree_write("proc/modules", "garbage\n");
	tree_delete("sys/kernel/warn_count");
	tree_fifo("sys/kernel/warn_count");
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	free(capture_end(&log_capture));
	log_capture = capture_begin(STDERR_FILENO);
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	lines = capture_end(&log_capture);
	log_capture = capture_begin(STDERR_FILENO);
	assert_non_null(strstr(lines,
	                       "collector=kernel file=sys/kernel/tainted err=\"the "
	                       "content is not of the expected form\"\n"));
	assert_non_null(strstr(lines, "collector=modules file=modules err=\"the content "
	                              "is not of the expected form\"\n"));
	assert_non_null(strstr(lines,
	                       "collector=posture file=kernel/warn_count err=\"not "
	                       "a regular file\"\n"));
	free(lines);
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_says_nothing_when_all_is_well(void **state)
{
	char *page, *lines;

	(void)state;
	make_host();
	free(capture_end(&log_capture));
	log_capture = capture_begin(STDERR_FILENO);
	page = scrape_once(ALL);
	lines = capture_end(&log_capture);
	log_capture = capture_begin(STDERR_FILENO);
	assert_string_equal(lines, "");
	free(lines);
	free(page);
}

static void scrape_run_after_the_deadline_tells_that_all_failed(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct scraper scraper;

	(void)state;
	make_host();
	follow_log(LOG);
	assert_int_equal(scraper_init(&scraper, &settings, EVERY, NULL, NULL), 0);
	for (int pass = 0; pass < 2; pass++) {
		char *good = scrape(&scraper, EVERY, SCRAPE_TEXT);

		check_success(good, 1, 1, 1, 1);
		free(good);
		text_reset(&page);
		assert_int_equal(scrape_run(&scraper, EVERY, 0, SCRAPE_TEXT, &page), 0);
		check_success(text_string(&page), 0, 0, 0, 0);
		check_one_success(text_string(&page), COLLECTOR_LOG, 0);
		check_one_success(text_string(&page), COLLECTOR_UNLOADED, 0);
		CHECK_NONE(text_string(&page), log_families);
		CHECK_NONE(text_string(&page), kernel_families);
		CHECK_NONE(text_string(&page), modules_families);
	}
	scraper_clear(&scraper);
	unfollow_log();
}

/* ---- many passes ---- */

/* Cuts the durations out, which differ from pass to pass. */
static void cut_durations(char *page)
{
	char *at = page, *end;

	while ((at = strstr(at, "\nkernel_taint_scrape_collector_duration_seconds{"))) {
		at++;
		end = strchr(at, '\n');
		memmove(at, end + 1, strlen(end + 1) + 1);
		at--;
	}
}

static void scrape_run_twice_over_the_same_tells_the_same(void **state)
{
	struct scraper scraper;
	char *first;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	first = scrape(&scraper, ALL, SCRAPE_TEXT);
	cut_durations(first);
	for (int pass = 0; pass < 10; pass++) {
		char *page = scrape(&scraper, ALL, SCRAPE_TEXT);

		cut_durations(page);
		assert_string_equal(page, first);
		free(page);
	}
	free(first);
	scraper_clear(&scraper);
}

static void scrape_run_sees_what_changed(void **state)
{
	struct scraper scraper;
	char *page;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	free(scrape(&scraper, ALL, SCRAPE_TEXT));
	tree_replace("proc/sys/kernel/tainted", "4609\n");
	tree_write("sys/module/dummy/taint", "O\n");
	tree_write("sys/kernel/warn_count", "8\n");
	tree_replace("proc/modules", "nvidia 1 0 - Live 0x0 (PO)\n"
	                             "loop 1 0 - Live 0x0\n"
	                             "rootkit 1 0 - Live 0x0 (OE)\n"
	                             "dummy 1 0 - Live 0x0 (O)\n");
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_line(page, "kernel_taint_mask 4609");
	check_line(page, "kernel_taint_kernel_warnings_total 8");
	check_line(page, "kernel_taint_modules_loaded 4");
	check_line(page, "kernel_taint_modules_hidden 0");
	check_line(page, "kernel_taint_modules_disagreeing 0");
	check_line(page, "kernel_taint_flag_contradicted{bit=\"13\",flag=\"E\",taint="
	                 "\"unsigned_module\"} 1");
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_recovers_from_failures(void **state)
{
	struct scraper scraper;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	for (int pass = 0; pass < 3; pass++) {
		char *page;

		tree_write("proc/modules", "garbage\n");
		tree_write("proc/sys/kernel/tainted", "garbage\n");
		page = scrape(&scraper, ALL, SCRAPE_TEXT);
		check_success(page, 0, 0, 1, 0);
		free(page);
		make_host();
		page = scrape(&scraper, ALL, SCRAPE_TEXT);
		check_success(page, 1, 1, 1, 1);
		check_line(page, "kernel_taint_modules_hidden 1");
		free(page);
	}
	scraper_clear(&scraper);
}

static void scrape_run_reads_secure_boot_once(void **state)
{
	struct scraper scraper;
	char *page;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	tree_delete("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-"
	            "00e098032b8c");
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_line(page, "kernel_taint_secure_boot 1");
	check_success(page, 1, 1, 1, 1);
	free(page);
	scraper_clear(&scraper);
}

static void scrape_run_keeps_no_more_descriptors_with_each_pass(void **state)
{
	struct scraper scraper;
	size_t early = 0, late;

	(void)state;
	make_host();
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	for (int pass = 0; pass < 200; pass++) {
		free(scrape(&scraper, pass % 5 ? ALL : KERNEL, SCRAPE_TEXT));
		if (pass == 11)
			early = tree_count_descriptors();
	}
	late = tree_count_descriptors();
	assert_int_equal(late, early);
	scraper_clear(&scraper);
}

static void scraper_init_warns_of_each_root_that_is_missing(void **state)
{
	struct scraper scraper;
	char *lines, *page;
	char path[PATH_MAX + 32];

	(void)state;
	tree_delete("proc");
	tree_delete("sys");
	tree_delete("root");
	free(capture_end(&log_capture));
	log_capture = capture_begin(STDERR_FILENO);
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), 0);
	lines = capture_end(&log_capture);
	log_capture = capture_begin(STDERR_FILENO);
	assert_non_null(strstr(lines, "level=warn"));
	assert_non_null(strstr(lines, "flag=--path.procfs"));
	assert_non_null(strstr(lines, "flag=--path.sysfs"));
	assert_non_null(strstr(lines, "flag=--path.rootfs"));
	snprintf(path, sizeof(path), "path=%s", settings.paths[HOSTFS_PROCFS]);
	assert_non_null(strstr(lines, path));
	assert_non_null(strstr(lines, "No such file or directory"));
	free(lines);

	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_success(page, 0, 0, 0, 0);
	free(page);

	/* They are mounted later. */
	make_host();
	page = scrape(&scraper, ALL, SCRAPE_TEXT);
	check_success(page, 1, 1, 1, 1);
	check_line(page, "kernel_taint_mask 12801");
	free(page);
	scraper_clear(&scraper);
}

/* ---- whatever fails, at whatever moment ---- */

/* Which collector's success stands for a sample. */
static collector_set collector_of(const char *line)
{
	static const char *const posture[] = { "kernel_taint_module_signatures_enforced",
		                               "kernel_taint_module_loading_disabled" };

	for (size_t i = 0; i < ARRAY_SIZE(posture); i++)
		if (strncmp(line, posture[i], strlen(posture[i])) == 0)
			return POSTURE;
	if (strncmp(line, "kernel_taint_module_file", 24) == 0)
		return FILES;
	if (strncmp(line, "kernel_taint_module_info", 24) == 0)
		return FILES | KERNEL;
	if (strncmp(line, "kernel_taint_log_", 17) == 0)
		return LOG;
	/* Nobody else would say that the kernel is not known. */
	if (strncmp(line, "kernel_taint_unloaded_", 22) == 0)
		return UNLOADED;
	if (strncmp(line, "kernel_taint_mask", 17) == 0 ||
	    strncmp(line, "kernel_taint_flag{", 18) == 0 ||
	    strncmp(line, "kernel_taint_kernel_info", 24) == 0)
		return KERNEL;
	/* Of these the kernel's may be the cause. */
	if (strncmp(line, "kernel_taint_module", 19) == 0 ||
	    strncmp(line, "kernel_taint_flag_", 18) == 0)
		return MODULES | KERNEL;
	if (strncmp(line, "kernel_taint_scrape_", 20) == 0 ||
	    strncmp(line, "kernel_taint_exporter_", 22) == 0)
		return 0;
	return POSTURE;
}

static collector_set failed_collectors(const char *page)
{
	collector_set failed = 0;

	for (enum collector c = 0; c < COLLECTOR_COUNT; c++) {
		char line[128];

		snprintf(line, sizeof(line),
		         "kernel_taint_scrape_collector_success{collector=\"%s\"} 0",
		         collector_name(c));
		if (has_line(page, line))
			failed |= COLLECTOR_BIT(c);
	}
	return failed;
}

/* Calls VISIT for each sample of PAGE but the durations and successes. */
static void each_sample(const char *page,
                        void (*visit)(const char *line, const char *other),
                        const char *other)
{
	char line[1024];

	for (const char *at = page, *end; *at; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		assert_true((size_t)(end - at) < sizeof(line));
		memcpy(line, at, (size_t)(end - at));
		line[end - at] = '\0';
		if (*line != '#' && strncmp(line, "kernel_taint_scrape_", 20) != 0)
			visit(line, other);
	}
}

static void check_is_true(const char *line, const char *truth)
{
	/* They tell of this process, from which a failure may hide something. */
	if (strncmp(line, "kernel_taint_posture_visible", 28) == 0)
		return;
	if (!has_line(truth, line))
		complain("is not true", line, "");
}

static void check_is_there_or_failed(const char *line, const char *page)
{
	static const struct {
		const char *family, *hidden;
	} concealables[] = {
		{ "kernel_taint_lockdown",
		  "kernel_taint_posture_visible{reading=\"lockdown\"} 0" },
		{ "kernel_taint_secure_boot",
		  "kernel_taint_posture_visible{reading=\"secure_boot\"} 0" },
	};

	/* Where they cannot be compared there is no sample, whatever the reason. */
	if (strncmp(line, "kernel_taint_module_file_differs", 32) == 0 ||
	    strncmp(line, "kernel_taint_posture_visible", 28) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(concealables); i++)
		if (strncmp(line, concealables[i].family,
		            strlen(concealables[i].family)) == 0 &&
		    has_line(page, concealables[i].hidden))
			return;
	if (!has_line(page, line) && !(collector_of(line) & failed_collectors(page)))
		complain("was lost without a word", line, "");
}

/* One whole life of a scraper, in which something fails. False if nothing did. */
static bool try_failure(const char *truth, enum failing kind, int error, size_t at,
                        bool sticks, bool fails_at_start)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	struct scraper scraper = { 0 };
	size_t before, after;
	bool happened;
	int r;

	before = tree_count_descriptors();
	follow_log(LOG);
	failing.kind = fails_at_start ? kind : FAILING_NOTHING;
	failing.error = error;
	failing.left = at;
	failing.sticks = sticks;
	failing.happened = false;
	r = scraper_init(&scraper, &settings, EVERY, NULL, NULL);
	if (r == 0) {
		uint64_t deadline;

		failing.kind = FAILING_NOTHING;
		deadline = clock_monotonic() + 600 * CLOCK_SECOND;
		failing.kind = kind;
		r = scrape_run(&scraper, EVERY, deadline, SCRAPE_TEXT, &page);
	}
	happened = failing.happened;
	failing.kind = FAILING_NOTHING;
	assert_true(r == 0 || r == -ENOMEM);
	if (r == 0) {
		each_sample(text_string(&page), check_is_true, truth);
		each_sample(truth, check_is_there_or_failed, text_string(&page));
	} else {
		assert_int_equal(kind, FAILING_MEMORY);
	}

	/* The next pass knows nothing of it; what is read once at start stays lost. */
	if (scraper.fs && !fails_at_start) {
		text_reset(&page);
		assert_int_equal(
			scrape_run(&scraper, EVERY, UINT64_MAX, SCRAPE_TEXT, &page), 0);
		assert_int_equal(failed_collectors(text_string(&page)), 0);
		each_sample(text_string(&page), check_is_true, truth);
		each_sample(truth, check_is_there_or_failed, text_string(&page));
	}
	scraper_clear(&scraper);
	unfollow_log();
	after = tree_count_descriptors();
	assert_int_equal(after, before);
	return happened;
}

/* All moments until nothing fails any more. */
static void try_failures(enum failing kind, int error, bool sticks)
{
	char *truth = scrape_once(EVERY);
	size_t tried = 0;

	for (int at_start = 0; at_start < 2; at_start++) {
		size_t at = 0;

		while (try_failure(truth, kind, error, at, sticks, at_start))
			at++;
		tried += at;
	}
	assert_in_range(tried, 10, 1000);
	free(truth);
}

/* A kernel of SUSE that only /proc/version tells from others. */
static void make_suse_host(void)
{
	make_host();
	tree_write("proc/sys/kernel/tainted", "2147483649\n");
	tree_write("proc/sys/kernel/osrelease", "5.14.21-150500.33.63-special\n");
	tree_write("proc/version", "Linux version 5.14.21-150500.33.63-special "
	                           "(geeko@buildhost) (gcc) #1 SMP\n");
}

static void scrape_run_is_true_when_memory_runs_out(void **state)
{
	(void)state;
	make_host();
	try_failures(FAILING_MEMORY, ENOMEM, false);
	try_failures(FAILING_MEMORY, ENOMEM, true);
}

static void scrape_run_is_true_when_a_file_cannot_be_opened(void **state)
{
	(void)state;
	make_host();
	try_failures(FAILING_OPEN, EACCES, false);
	try_failures(FAILING_OPEN, EMFILE, true);
}

static void scrape_run_is_true_when_a_file_cannot_be_read(void **state)
{
	(void)state;
	make_host();
	try_failures(FAILING_READ, EIO, false);
	try_failures(FAILING_READ, EIO, true);
}

static void scrape_run_is_true_when_a_file_cannot_be_looked_at(void **state)
{
	(void)state;
	make_host();
	try_failures(FAILING_STAT, EIO, false);
	try_failures(FAILING_STAT, EIO, true);
}

static void scrape_run_is_true_when_a_folder_cannot_be_read(void **state)
{
	char *truth;

	(void)state;
	make_host();
	truth = scrape_once(EVERY);
	for (size_t at = 0; try_failure(truth, FAILING_FOLDER, EIO, at, false, false);)
		assert_in_range(++at, 1, 100);
	free(truth);
}

static void scrape_run_is_true_when_the_deadline_passes(void **state)
{
	(void)state;
	make_host();
	try_failures(FAILING_CLOCK, 0, true);
}

static void scrape_run_does_not_guess_whose_kernel_it_is(void **state)
{
	(void)state;
	make_suse_host();
	try_failures(FAILING_MEMORY, ENOMEM, false);
	try_failures(FAILING_OPEN, EACCES, false);
	try_failures(FAILING_READ, EIO, false);
	try_failures(FAILING_CLOCK, 0, true);
}

static void scraper_init_without_memory_says_so(void **state)
{
	struct scraper scraper;

	(void)state;
	failing.kind = FAILING_MEMORY;
	failing.left = 0;
	failing.sticks = true;
	failing.happened = false;
	assert_int_equal(scraper_init(&scraper, &settings, ALL, NULL, NULL), -ENOMEM);
	failing.kind = FAILING_NOTHING;
	scraper_clear(&scraper);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(scrape_run_tells_all_of_a_host),
		TEST(scrape_run_tells_of_the_collectors_asked_for_alone),
		TEST(scrape_run_tells_of_the_process_when_told),
		TEST(scrape_run_speaks_both_formats),
		TEST(scrape_run_speaks_to_people_and_programs),
		TEST(scrape_run_appends),
		TEST(scrape_run_chooses_the_dialect),
		TEST(scrape_run_takes_nothing_from_a_version_it_cannot_read),
		TEST(scrape_run_without_modules_says_so),
		TEST(scrape_run_compares_every_module_when_told),
		TEST(scrape_run_describes_every_file_when_told),
		TEST(scrape_run_leaves_files_alone_that_nobody_asks_for),
		TEST(scrape_run_without_modules_has_no_files_and_says_so),
		TEST(scrape_run_without_modules_dep_finds_no_file),
		TEST(scrape_run_that_does_not_wait_counts_every_file),
		TEST(scrape_run_sees_files_that_changed),
		TEST(scrape_run_tells_of_files_that_cannot_be_read),
		TEST(scrape_run_without_a_release_does_not_know_the_files),
		TEST(scrape_run_without_a_list_does_not_know_the_files),
		TEST(scrape_run_without_a_root_does_not_know_the_files),
		TEST(scrape_run_tells_what_the_log_announced),
		TEST(scrape_run_tells_of_modules_that_are_gone),
		TEST(scrape_run_reads_the_log_on_whoever_scrapes),
		TEST(scrape_run_without_a_log_or_a_list_tells_the_others),
		TEST(scrape_run_without_a_release_knows_no_flags),
		TEST(scrape_run_without_a_mask_leaves_out_what_needs_it),
		TEST(scrape_run_without_a_release_leaves_out_what_needs_a_meaning),
		TEST(scrape_run_without_a_list_leaves_out_the_modules),
		TEST(scrape_run_without_letters_leaves_out_what_compares_them),
		TEST(scrape_run_without_one_of_the_postures_tells_the_others),
		TEST(scrape_run_over_nothing_tells_that_all_failed),
		TEST(scrape_run_logs_what_failed),
		TEST(scrape_run_says_nothing_when_all_is_well),
		TEST(scrape_run_after_the_deadline_tells_that_all_failed),
		TEST(scrape_run_twice_over_the_same_tells_the_same),
		TEST(scrape_run_sees_what_changed),
		TEST(scrape_run_recovers_from_failures),
		TEST(scrape_run_reads_secure_boot_once),
		TEST(scrape_run_keeps_no_more_descriptors_with_each_pass),
		TEST(scraper_init_warns_of_each_root_that_is_missing),
		TEST(scrape_run_is_true_when_memory_runs_out),
		TEST(scrape_run_is_true_when_a_file_cannot_be_opened),
		TEST(scrape_run_is_true_when_a_file_cannot_be_read),
		TEST(scrape_run_is_true_when_a_file_cannot_be_looked_at),
		TEST(scrape_run_is_true_when_a_folder_cannot_be_read),
		TEST(scrape_run_is_true_when_the_deadline_passes),
		TEST(scrape_run_does_not_guess_whose_kernel_it_is),
		TEST(scraper_init_without_memory_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
