/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page, from snapshots made by hand. A reader of its own takes every page apart and
 * holds it against a copy of the metrics contract: which families there are, in which
 * order, with which labels, sorted how. Knows realloc(), which it lets fail.
 */
#include "exposition/metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/version.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/module_file.h"
#include "model/snapshot.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static int calls_left; /* realloc() calls that still succeed; negative: all */
static bool fails_on;  /* those behind the one that fails, too */

void *__wrap_realloc(void *pointer, size_t size)
{
	bool is_refused = calls_left == 0;

	if (calls_left > 0 || (is_refused && !fails_on))
		calls_left--;
	return is_refused ? NULL : __real_realloc(pointer, size);
}

/* Before each test: memory is there. */
static int setup(void **state)
{
	(void)state;
	calls_left = -1;
	return 0;
}

static const enum expose_format formats[] = { EXPOSE_TEXT, EXPOSE_OPENMETRICS };

/* ---- the contract ---- */

/* Every family, in its order. */
enum family {
	MASK,
	FLAG,
	KERNEL_INFO,
	MODULE_SUPPORT,
	MODULES_LOADED,
	MODULES_TAINTING,
	MODULES_PROPRIETARY,
	MODULES_OUT_OF_TREE,
	MODULES_UNSIGNED,
	MODULE,
	FLAG_UNEXPLAINED,
	FLAG_CONTRADICTED,
	MODULES_HIDDEN,
	MODULES_DISAGREEING,
	MODULE_FILES,
	MODULE_INFO,
	MODULE_FILE_DIFFERS,
	SIGNATURES_ENFORCED,
	LOADING_DISABLED,
	LOCKDOWN,
	SECURE_BOOT,
	MICROCODE_OUTDATED,
	POSTURE_VISIBLE,
	PANIC_MASK,
	WARNINGS,
	OOPSES,
	SOFTLOCKUPS,
	HARDLOCKUPS,
	RCU_STALLS,
	LOG_EVENTS,
	LOG_FIRST_EVENT,
	LOG_LOST_RECORDS,
	UNLOADED_MODULE,
	COLLECTOR_SUCCESS,
	COLLECTOR_DURATION,
	SANDBOX,
	BUILD_INFO,
	PROCESS_CPU,
	PROCESS_OPEN_FDS,
	PROCESS_MAX_FDS,
	PROCESS_VIRTUAL_MEMORY,
	PROCESS_RESIDENT_MEMORY,
	PROCESS_START_TIME,
	FAMILY_COUNT,
};

#define SET(family)        (UINT64_C(1) << (family))
#define RANGE(from, to)    ((SET(to) - SET(from)) | SET(to))
#define KERNEL_FAMILIES    RANGE(MASK, KERNEL_INFO)
#define MODULES_FAMILIES   RANGE(MODULE_SUPPORT, MODULES_DISAGREEING)
#define SIGNATURE_FAMILIES RANGE(MODULE_FILES, MODULE_FILE_DIFFERS)
#define POSTURE_FAMILIES   RANGE(SIGNATURES_ENFORCED, RCU_STALLS)
#define LOG_FAMILIES       RANGE(LOG_EVENTS, LOG_LOST_RECORDS)
#define PROCESS_FAMILIES   RANGE(PROCESS_CPU, PROCESS_START_TIME)
#define ALL_FAMILIES       RANGE(MASK, PROCESS_START_TIME)

/* Those that are there only if a module is, loaded or gone, or was announced. */
#define PER_MODULE_FAMILIES                                      \
	(SET(MODULE) | RANGE(MODULE_INFO, MODULE_FILE_DIFFERS) | \
	 RANGE(LOG_EVENTS, LOG_FIRST_EVENT) | SET(UNLOADED_MODULE))

static const struct {
	const char *name;
	const char *type;
	const char *labels; /* each with a comma behind it */
} contract[] = {
	[MASK] = { "kernel_taint_mask", "gauge", "" },
	[FLAG] = { "kernel_taint_flag", "gauge", "bit,flag,taint," },
	[KERNEL_INFO] = { "kernel_taint_kernel_info", "gauge", "dialect,release," },
	[MODULE_SUPPORT] = { "kernel_taint_module_support", "gauge", "" },
	[MODULES_LOADED] = { "kernel_taint_modules_loaded", "gauge", "" },
	[MODULES_TAINTING] = { "kernel_taint_modules_tainting", "gauge", "" },
	[MODULES_PROPRIETARY] = { "kernel_taint_modules_proprietary", "gauge", "" },
	[MODULES_OUT_OF_TREE] = { "kernel_taint_modules_out_of_tree", "gauge", "" },
	[MODULES_UNSIGNED] = { "kernel_taint_modules_unsigned", "gauge", "" },
	[MODULE] = { "kernel_taint_module", "gauge", "module,taint,flag," },
	[FLAG_UNEXPLAINED] = { "kernel_taint_flag_unexplained", "gauge",
	                       "bit,flag,taint," },
	[FLAG_CONTRADICTED] = { "kernel_taint_flag_contradicted", "gauge",
	                        "bit,flag,taint," },
	[MODULES_HIDDEN] = { "kernel_taint_modules_hidden", "gauge", "" },
	[MODULES_DISAGREEING] = { "kernel_taint_modules_disagreeing", "gauge", "" },
	[MODULE_FILES] = { "kernel_taint_module_files", "gauge", "signature," },
	[MODULE_INFO] = { "kernel_taint_module_info", "gauge",
	                  "module,flags,signature,signer,sig_key,sig_hashalgo,license,"
	                  "version,srcversion,intree,path,verified," },
	[MODULE_FILE_DIFFERS] = { "kernel_taint_module_file_differs", "gauge",
	                          "module," },
	[SIGNATURES_ENFORCED] = { "kernel_taint_module_signatures_enforced", "gauge",
	                          "" },
	[LOADING_DISABLED] = { "kernel_taint_module_loading_disabled", "gauge", "" },
	[LOCKDOWN] = { "kernel_taint_lockdown", "gauge", "mode," },
	[SECURE_BOOT] = { "kernel_taint_secure_boot", "gauge", "" },
	[MICROCODE_OUTDATED] = { "kernel_taint_microcode_outdated", "gauge", "" },
	[POSTURE_VISIBLE] = { "kernel_taint_posture_visible", "gauge", "reading," },
	[PANIC_MASK] = { "kernel_taint_panic_mask", "gauge", "" },
	[WARNINGS] = { "kernel_taint_kernel_warnings_total", "counter", "" },
	[OOPSES] = { "kernel_taint_kernel_oopses_total", "counter", "" },
	[SOFTLOCKUPS] = { "kernel_taint_kernel_softlockups_total", "counter", "" },
	[HARDLOCKUPS] = { "kernel_taint_kernel_hardlockups_total", "counter", "" },
	[RCU_STALLS] = { "kernel_taint_kernel_rcu_stalls_total", "counter", "" },
	[LOG_EVENTS] = { "kernel_taint_log_events_total", "counter", "event,module," },
	[LOG_FIRST_EVENT] = { "kernel_taint_log_first_event_timestamp_seconds", "gauge",
	                      "event,module," },
	[LOG_LOST_RECORDS] = { "kernel_taint_log_lost_records_total", "counter", "" },
	[UNLOADED_MODULE] = { "kernel_taint_unloaded_module", "gauge", "module,flags," },
	[COLLECTOR_SUCCESS] = { "kernel_taint_scrape_collector_success", "gauge",
	                        "collector," },
	[COLLECTOR_DURATION] = { "kernel_taint_scrape_collector_duration_seconds",
	                         "gauge", "collector," },
	[SANDBOX] = { "kernel_taint_exporter_sandbox", "gauge", "layer," },
	[BUILD_INFO] = { "kernel_taint_exporter_build_info", "gauge",
	                 "version,revision,branch,compiler,arch," },
	[PROCESS_CPU] = { "process_cpu_seconds_total", "counter", "" },
	[PROCESS_OPEN_FDS] = { "process_open_fds", "gauge", "" },
	[PROCESS_MAX_FDS] = { "process_max_fds", "gauge", "" },
	[PROCESS_VIRTUAL_MEMORY] = { "process_virtual_memory_bytes", "gauge", "" },
	[PROCESS_RESIDENT_MEMORY] = { "process_resident_memory_bytes", "gauge", "" },
	[PROCESS_START_TIME] = { "process_start_time_seconds", "gauge", "" },
};
_Static_assert(ARRAY_SIZE(contract) == FAMILY_COUNT, "one row per family");

/* ---- reading a page ---- */

#define LABELS_MAX 12

struct sample {
	struct text labels; /* their names, each with a comma behind it */
	struct text values[LABELS_MAX];
	size_t count;
	const char *value; /* the number */
};

static void sample_clear(struct sample *sample)
{
	text_clear(&sample->labels);
	for (size_t i = 0; i < LABELS_MAX; i++)
		text_clear(&sample->values[i]);
}

/* What stands in double quotes at C; returns what is behind them. */
static const char *read_quoted(const char *c, struct text *value)
{
	assert_int_equal(*c++, '"');
	for (; *c != '"'; c++) {
		assert_int_not_equal(*c, '\0');
		if (*c != '\\') {
			text_add_char(value, *c);
			continue;
		}
		c++;
		assert_true(*c == 'n' || *c == '\\' || *c == '"');
		text_add_char(value, *c == 'n' ? '\n' : *c);
	}
	for (size_t i = 0; i < value->length;) {
		size_t size = utf8_sequence(value->data + i, value->length - i);

		assert_int_not_equal(size, 0);
		i += size;
	}
	return c + 1;
}

/* "name{a="b",c="d"} 1" without its name. */
static void read_sample(const char *c, struct sample *sample)
{
	size_t digits;

	*sample = (struct sample){ 0 };
	if (*c == '{') {
		do {
			size_t length = strcspn(++c, "=");

			assert_true(sample->count < LABELS_MAX);
			text_add(&sample->labels, c, length);
			text_add_char(&sample->labels, ',');
			assert_int_equal(c[length], '=');
			c = read_quoted(c + length + 1, &sample->values[sample->count++]);
		} while (*c == ',');
		assert_int_equal(*c++, '}');
	}
	assert_int_equal(*c++, ' ');
	sample->value = c;
	digits = strspn(c, "0123456789");
	assert_int_not_equal(digits, 0);
	c += digits;
	if (*c == '.') {
		digits = strspn(++c, "0123456789");
		assert_int_not_equal(digits, 0);
		c += digits;
	}
	assert_string_equal(c, "");
}

/* As the contract sorts: bits by number, everything else bytewise. */
static int compare_samples(const struct sample *a, const struct sample *b)
{
	const char *name = text_string(&a->labels);

	for (size_t i = 0; i < a->count; i++, name = strchr(name, ',') + 1) {
		const char *x = text_string(&a->values[i]);
		const char *y = text_string(&b->values[i]);
		int order =
			strncmp(name, "bit,", 4) == 0 ? atoi(x) - atoi(y) : strcmp(x, y);

		if (order)
			return order;
	}
	return 0;
}

/* Which families a page has, and how often samples are 1. */
struct seen {
	uint64_t families;
	size_t samples[FAMILY_COUNT];
	size_t ones[FAMILY_COUNT];
	size_t series;
};

struct reader {
	char **line; /* the next one */
	char **end;
	enum expose_format format;
};

static const char *next_line(struct reader *reader)
{
	assert_true(reader->line < reader->end);
	return *reader->line++;
}

static const char *expect(const char *line, const char *start)
{
	if (strncmp(line, start, strlen(start)) != 0)
		fail_msg("expected '%s' at the start of: %s", start, line);
	return line + strlen(start);
}

/* HELP and TYPE of the family whose name in the comments is NAME. */
static void read_comments(struct reader *reader, enum family family, const char *name)
{
	for (int i = 0; i < 2; i++) {
		const char *line = next_line(reader);
		bool is_help = (i == 0) == (reader->format == EXPOSE_TEXT);

		line = expect(line, is_help ? "# HELP " : "# TYPE ");
		line = expect(line, name);
		line = expect(line, " ");
		if (is_help)
			assert_string_not_equal(line, "");
		else
			assert_string_equal(line, contract[family].type);
	}
}

static void read_samples(struct reader *reader, enum family family, struct seen *seen)
{
	_cleanup_(sample_clear) struct sample previous = { 0 };
	const char *name = contract[family].name;

	for (; reader->line < reader->end; reader->line++) {
		struct sample sample;
		const char *line = *reader->line;

		if (line[0] == '#')
			break;
		line = expect(line, name);
		assert_true(*line == '{' || *line == ' ');
		read_sample(line, &sample);
		assert_string_equal(text_string(&sample.labels), contract[family].labels);
		/* Strictly: two equal ones would be one series twice. */
		if (seen->samples[family])
			assert_true(compare_samples(&previous, &sample) < 0);
		seen->samples[family]++;
		seen->ones[family] += strcmp(sample.value, "1") == 0;
		seen->series++;
		sample_clear(&previous);
		previous = sample;
	}
	assert_int_not_equal(seen->samples[family], 0);
}

static void read_lines(struct reader *reader, struct seen *seen)
{
	enum family family = 0;

	*seen = (struct seen){ 0 };
	while (reader->line < reader->end) {
		_cleanup_(text_clear) struct text name = TEXT_INIT;
		const char *line = *reader->line;

		if (strcmp(line, "# EOF") == 0) {
			reader->line++;
			assert_int_equal(reader->format, EXPOSE_OPENMETRICS);
			assert_ptr_equal(reader->line, reader->end);
			return;
		}
		/* The next family of the contract that is this one. */
		for (;; family++) {
			if (family == FAMILY_COUNT)
				fail_msg("not in the contract, or not there: %s", line);
			text_reset(&name);
			text_add_string(&name, contract[family].name);
			if (reader->format == EXPOSE_OPENMETRICS &&
			    strcmp(contract[family].type, "counter") == 0) {
				name.length -= strlen("_total");
				name.data[name.length] = '\0';
			}
			if (strncmp(line + strlen("# HELP "), text_string(&name),
			            name.length) == 0 &&
			    line[strlen("# HELP ") + name.length] == ' ')
				break;
		}
		seen->families |= SET(family);
		read_comments(reader, family, text_string(&name));
		read_samples(reader, family, seen);
		family++;
	}
	assert_int_equal(reader->format, EXPOSE_TEXT);
}

/* Takes PAGE apart and checks all that holds for every page. */
static void read_page(const struct text *page, enum expose_format format,
                      struct seen *seen)
{
	_cleanup_(free_pointer) char *copy = NULL;
	_cleanup_(free_pointer) char **lines = NULL;
	struct reader reader = { .format = format };
	size_t count = 0;
	char *c;

	assert_int_equal(page->error, 0);
	assert_int_equal(strlen(text_string(page)), page->length);
	assert_true(page->length > 0);
	assert_int_equal(page->data[page->length - 1], '\n');
	copy = strdup(page->data);
	lines = calloc(page->length, sizeof(*lines));
	assert_true(copy && lines);
	for (c = copy; *c; c += strlen(c) + 1) {
		lines[count++] = c;
		c[strcspn(c, "\n")] = '\0';
		assert_string_not_equal(c, "");
	}
	reader.line = lines;
	reader.end = lines + count;
	read_lines(&reader, seen);
}

/* ---- scenes ---- */

struct scene {
	struct snapshot snapshot;
	struct dialect dialect;
	struct metrics metrics;
	bool describes_every;
};

static const struct {
	enum dialect_id id;
	const char *release;
} kernels[] = {
	{ DIALECT_MAINLINE, "6.12.0" },
	{ DIALECT_RHEL5, "2.6.18-419.el5" },
	{ DIALECT_RHEL6, "2.6.32-754.el6.x86_64" },
	{ DIALECT_RHEL7, "3.10.0-1160.el7.x86_64" },
	{ DIALECT_RHEL8, "4.18.0-305.el8.x86_64" },
	{ DIALECT_RHEL8, "4.18.0-513.el8.x86_64" },
	{ DIALECT_RHEL9, "5.14.0-362.el9.x86_64" },
	{ DIALECT_RHEL10, "6.12.0-55.el10.x86_64" },
	{ DIALECT_SUSE, "4.12.14-122-default" },
	{ DIALECT_SUSE, "5.14.21-150500.55-default" },
	{ DIALECT_SUSE, "6.4.0-150600.21-default" },
};

#define ALL_COLLECTORS (COLLECTOR_BIT(COLLECTOR_COUNT) - 1)

/* A host whose every source could be read, without modules and without posture. */
static void scene_init(struct scene *scene, enum dialect_id id, const char *release)
{
	struct snapshot *snapshot = &scene->snapshot;

	scene->describes_every = false;
	snapshot_init(snapshot);
	snapshot->mask_result = snapshot->release_result = snapshot->files_result =
		snapshot->posture_result = (struct source_result){ 0 };
	snapshot->modules.procfs_result = snapshot->modules.sysfs_result =
		snapshot->log_result = snapshot->unloaded.result =
			(struct source_result){ 0 };
	snapshot->modules.support = true;
	text_add_string(&snapshot->release, release);
	snapshot->process = (struct snapshot_process){
		.cpu_time = 120000000,
		.start_time = UINT64_C(1795298562123000000),
		.open_fds = { .known = true, .value = 9 },
		.max_fds = { .known = true, .value = 1024 },
		.virtual_memory_bytes = { .known = true, .value = 5242880 },
		.resident_memory_bytes = { .known = true, .value = 2097152 },
	};
	dialect_init(&scene->dialect, id, release);
	scene->metrics = (struct metrics){
		.snapshot = snapshot,
		.dialect = &scene->dialect,
		.collectors = ALL_COLLECTORS,
		.succeeded = ALL_COLLECTORS,
		.durations = {
			[COLLECTOR_KERNEL] = 1000000,
			[COLLECTOR_LOG] = 50000000,
			[COLLECTOR_MODULES] = 25,
			[COLLECTOR_POSTURE] = UINT64_C(3000000000),
			[COLLECTOR_SIGNATURE] = 40000,
			[COLLECTOR_UNLOADED] = 7,
		},
		.sandbox = { [SANDBOX_LANDLOCK] = true },
		.with_process = true,
	};
}

static void scene_clear(struct scene *scene)
{
	snapshot_clear(&scene->snapshot);
}

/* The mask did not change while the modules were read. */
static void set_mask(struct scene *scene, uint64_t mask)
{
	scene->snapshot.mask = scene->snapshot.mask_before_modules = mask;
}

#define SCENE(name)                               \
	_cleanup_(scene_clear) struct scene name; \
	scene_init(&name, DIALECT_MAINLINE, "6.12.0")

/* NAME is a literal, or outlives the scene. SYSFS: letters in sysfs, NULL: not read. */
static void add_module_bytes(struct scene *scene, const char *name, size_t length,
                             const char *letters, const char *sysfs)
{
	struct module_record *record = module_list_add(&scene->snapshot.modules);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
	record->file = module_file_new("");
	assert_non_null(record->file);
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record->letters),
	                 0);
	if (!sysfs)
		return;
	record->in_sysfs = true;
	assert_int_equal(
		taint_letters_parse(sysfs, strlen(sysfs), &record->sysfs_letters), 0);
}

static void add_module(struct scene *scene, const char *name, const char *letters)
{
	add_module_bytes(scene, name, strlen(name), letters, letters);
}

/* The file of the module that was added last; what it says of itself is to come. */
static struct module_file *last_file(struct scene *scene, enum module_signature signature,
                                     const char *path)
{
	struct module_list *modules = &scene->snapshot.modules;
	struct module_record *record = &modules->records[modules->count - 1];

	module_file_free(record->file);
	record->file = module_file_new(path);
	assert_non_null(record->file);
	record->file->signature = signature;
	return record->file;
}

static void set_word(struct module_file *file, enum module_word word, const char *value)
{
	assert_int_equal(module_file_set_word(file, word, value, strlen(value)), 0);
}

/* Of the module that was added last: what is loaded and what is in its file. "": none. */
static void set_builds(struct scene *scene, const char *loaded_id,
                       const char *loaded_srcversion, const char *file_id,
                       const char *file_srcversion)
{
	struct module_list *modules = &scene->snapshot.modules;
	struct module_record *record = &modules->records[modules->count - 1];
	struct module_build *file = &record->file->build;

	record->loaded = calloc(1, sizeof(*record->loaded));
	assert_non_null(record->loaded);
	record->loaded->id_length = strlen(loaded_id);
	memcpy(record->loaded->id, loaded_id, strlen(loaded_id));
	strcpy(record->loaded->srcversion, loaded_srcversion);
	file->id_length = strlen(file_id);
	memcpy(file->id, file_id, strlen(file_id));
	strcpy(file->srcversion, file_srcversion);
}

static void add_posture(struct scene *scene)
{
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		scene->snapshot.posture[posture] =
			(struct reading){ .known = true, .value = posture + 2 };
	scene->snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_INTEGRITY };
}

/* NAME is a literal, or outlives the scene. */
static void add_unloaded_bytes(struct scene *scene, const char *name, size_t length,
                               const char *letters, uint64_t count)
{
	struct unloaded_record *record = unloaded_list_add(&scene->snapshot.unloaded);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
	record->count = count;
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record->letters),
	                 0);
}

static void add_unloaded(struct scene *scene, const char *name, const char *letters,
                         uint64_t count)
{
	add_unloaded_bytes(scene, name, strlen(name), letters, count);
}

static void add_event(struct scene *scene, enum announcement announcement,
                      const char *module, uint64_t time)
{
	tally_add(&scene->snapshot.log, announcement, module, strlen(module), time);
	tally_sort(&scene->snapshot.log);
}

/* One sample of every family there is. */
static void add_everything(struct scene *scene)
{
	add_module(scene, "nvidia", "POE");
	set_builds(scene, "abc", "", "abc", "");
	add_posture(scene);
	add_event(scene, ANNOUNCEMENT_OOT_MODULE, "nvidia", CLOCK_SECOND);
	add_unloaded(scene, "zfs", "POE", 1);
}

static void scene_write(struct scene *scene, enum expose_format format, struct text *page)
{
	_cleanup_(findings_clear) struct findings findings = { 0 };
	int left = calls_left;

	calls_left = -1;
	assert_int_equal(findings_init(&findings, &scene->snapshot,
	                               scene->metrics.dialect, scene->describes_every),
	                 0);
	calls_left = left;
	scene->metrics.findings = &findings;
	metrics_write(&scene->metrics, format, page);
	scene->metrics.findings = NULL;
}

/* Only what is no comment. */
static void add_samples(struct text *samples, const char *page)
{
	while (*page) {
		size_t length = strcspn(page, "\n") + 1;

		if (*page != '#')
			text_add(samples, page, length);
		page += length;
	}
}

/* Both pages are good and say the same; what they have goes to RET_SEEN. */
static void scene_check(struct scene *scene, struct seen *ret_seen)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, other = TEXT_INIT;
	_cleanup_(text_clear) struct text samples = TEXT_INIT, other_samples = TEXT_INIT;

	scene_write(scene, EXPOSE_OPENMETRICS, &other);
	read_page(&other, EXPOSE_OPENMETRICS, ret_seen);
	scene_write(scene, EXPOSE_TEXT, &page);
	read_page(&page, EXPOSE_TEXT, ret_seen);
	add_samples(&samples, text_string(&page));
	add_samples(&other_samples, text_string(&other));
	assert_string_equal(text_string(&samples), text_string(&other_samples));
}

/*
 * The samples of FAMILY, without its name, are EXPECTED, where ' stands for "; "" if the
 * family must not be there.
 */
static void assert_samples(struct scene *scene, enum family family, const char *expected)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, found = TEXT_INIT;
	size_t length = strlen(contract[family].name);
	struct seen seen;

	scene_check(scene, &seen);
	scene_write(scene, EXPOSE_TEXT, &page);
	for (const char *line = text_string(&page); *line;) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, contract[family].name, length) == 0 &&
		    (line[length] == '{' || line[length] == ' '))
			text_add(&found, line + length,
			         (size_t)(end + 1 - line) - length);
		line = end + 1;
	}
	for (size_t i = 0; i < found.length; i++)
		if (found.data[i] == '"')
			found.data[i] = '\'';
	assert_string_equal(text_string(&found), expected);
}

static void assert_families(struct scene *scene, uint64_t expected)
{
	struct seen seen;

	scene_check(scene, &seen);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if ((seen.families ^ expected) & SET(family))
			fail_msg("%s is %s", contract[family].name,
			         seen.families & SET(family) ? "there" : "missing");
}

/* ---- whole pages ---- */

static void add_build_info(struct text *page)
{
	text_add_string(page, "kernel_taint_exporter_build_info{version=\"");
	text_add_string(page, version.version);
	text_add_string(page, "\",revision=\"");
	text_add_string(page, version.revision);
	text_add_string(page, "\",branch=\"");
	text_add_string(page, version.branch);
	text_add_string(page, "\",compiler=\"");
	text_add_string(page, version.compiler);
	text_add_string(page, "\",arch=\"");
	text_add_string(page, version.arch);
	text_add_string(page, "\"} 1\n");
}

static void a_clean_kernel_has_this_page_in_text(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, expected = TEXT_INIT;

	(void)state;
	SCENE(scene);
	scene.metrics.collectors = scene.metrics.succeeded =
		COLLECTOR_BIT(COLLECTOR_KERNEL);
	scene_write(&scene, EXPOSE_TEXT, &page);
	text_add_string(
		&expected,
		"# HELP kernel_taint_mask The taint mask of the running kernel, "
		"kernel.tainted.\n"
		"# TYPE kernel_taint_mask gauge\n"
		"kernel_taint_mask 0\n"
		"# HELP kernel_taint_flag Whether a taint is set in the mask, for every "
		"bit this kernel knows.\n"
		"# TYPE kernel_taint_flag gauge\n"
		"kernel_taint_flag{bit=\"0\",flag=\"P\",taint=\"proprietary_module\"} 0\n"
		"kernel_taint_flag{bit=\"1\",flag=\"F\",taint=\"forced_module\"} 0\n"
		"kernel_taint_flag{bit=\"2\",flag=\"S\",taint=\"cpu_out_of_spec\"} 0\n"
		"kernel_taint_flag{bit=\"3\",flag=\"R\",taint=\"forced_rmmod\"} 0\n"
		"kernel_taint_flag{bit=\"4\",flag=\"M\",taint=\"machine_check\"} 0\n"
		"kernel_taint_flag{bit=\"5\",flag=\"B\",taint=\"bad_page\"} 0\n"
		"kernel_taint_flag{bit=\"6\",flag=\"U\",taint=\"user\"} 0\n"
		"kernel_taint_flag{bit=\"7\",flag=\"D\",taint=\"die\"} 0\n"
		"kernel_taint_flag{bit=\"8\",flag=\"A\",taint=\"overridden_acpi_table\"} "
		"0\n"
		"kernel_taint_flag{bit=\"9\",flag=\"W\",taint=\"warn\"} 0\n"
		"kernel_taint_flag{bit=\"10\",flag=\"C\",taint=\"crap\"} 0\n"
		"kernel_taint_flag{bit=\"11\",flag=\"I\",taint=\"firmware_workaround\"} "
		"0\n"
		"kernel_taint_flag{bit=\"12\",flag=\"O\",taint=\"oot_module\"} 0\n"
		"kernel_taint_flag{bit=\"13\",flag=\"E\",taint=\"unsigned_module\"} 0\n"
		"kernel_taint_flag{bit=\"14\",flag=\"L\",taint=\"softlockup\"} 0\n"
		"kernel_taint_flag{bit=\"15\",flag=\"K\",taint=\"livepatch\"} 0\n"
		"kernel_taint_flag{bit=\"16\",flag=\"X\",taint=\"aux\"} 0\n"
		"kernel_taint_flag{bit=\"17\",flag=\"T\",taint=\"randstruct\"} 0\n"
		"kernel_taint_flag{bit=\"18\",flag=\"N\",taint=\"test\"} 0\n"
		"kernel_taint_flag{bit=\"19\",flag=\"J\",taint=\"fwctl\"} 0\n"
		"# HELP kernel_taint_kernel_info The running kernel, and whose meaning "
		"of the bits applies to it.\n"
		"# TYPE kernel_taint_kernel_info gauge\n"
		"kernel_taint_kernel_info{dialect=\"mainline\",release=\"6.12.0\"} 1\n"
		"# HELP kernel_taint_scrape_collector_success Whether the collector "
		"could read all of its sources.\n"
		"# TYPE kernel_taint_scrape_collector_success gauge\n"
		"kernel_taint_scrape_collector_success{collector=\"kernel\"} 1\n"
		"# HELP kernel_taint_scrape_collector_duration_seconds Time that this "
		"scrape spent in the collector.\n"
		"# TYPE kernel_taint_scrape_collector_duration_seconds gauge\n"
		"kernel_taint_scrape_collector_duration_seconds{collector=\"kernel\"} "
		"0.001\n"
		"# HELP kernel_taint_exporter_sandbox Whether this exporter is confined "
		"by a layer of its sandbox.\n"
		"# TYPE kernel_taint_exporter_sandbox gauge\n"
		"kernel_taint_exporter_sandbox{layer=\"capabilities\"} 0\n"
		"kernel_taint_exporter_sandbox{layer=\"landlock\"} 1\n"
		"kernel_taint_exporter_sandbox{layer=\"seccomp\"} 0\n"
		"# HELP kernel_taint_exporter_build_info The build of this exporter.\n"
		"# TYPE kernel_taint_exporter_build_info gauge\n");
	add_build_info(&expected);
	text_add_string(
		&expected,
		"# HELP process_cpu_seconds_total Total user and system CPU time spent "
		"in seconds.\n"
		"# TYPE process_cpu_seconds_total counter\n"
		"process_cpu_seconds_total 0.12\n"
		"# HELP process_open_fds Number of open file descriptors.\n"
		"# TYPE process_open_fds gauge\n"
		"process_open_fds 9\n"
		"# HELP process_max_fds Maximum number of open file descriptors.\n"
		"# TYPE process_max_fds gauge\n"
		"process_max_fds 1024\n"
		"# HELP process_virtual_memory_bytes Virtual memory size in bytes.\n"
		"# TYPE process_virtual_memory_bytes gauge\n"
		"process_virtual_memory_bytes 5242880\n"
		"# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
		"# TYPE process_resident_memory_bytes gauge\n"
		"process_resident_memory_bytes 2097152\n"
		"# HELP process_start_time_seconds Start time of the process since unix "
		"epoch in seconds.\n"
		"# TYPE process_start_time_seconds gauge\n"
		"process_start_time_seconds 1795298562.123\n");
	assert_string_equal(text_string(&page), text_string(&expected));
}

static void a_host_without_collectors_has_this_page_in_openmetrics(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, expected = TEXT_INIT;

	(void)state;
	SCENE(scene);
	scene.metrics.collectors = scene.metrics.succeeded = 0;
	scene.metrics.with_process = false;
	scene_write(&scene, EXPOSE_OPENMETRICS, &page);
	text_add_string(
		&expected,
		"# TYPE kernel_taint_exporter_sandbox gauge\n"
		"# HELP kernel_taint_exporter_sandbox Whether this exporter is confined "
		"by a layer of its sandbox.\n"
		"kernel_taint_exporter_sandbox{layer=\"capabilities\"} 0\n"
		"kernel_taint_exporter_sandbox{layer=\"landlock\"} 1\n"
		"kernel_taint_exporter_sandbox{layer=\"seccomp\"} 0\n"
		"# TYPE kernel_taint_exporter_build_info gauge\n"
		"# HELP kernel_taint_exporter_build_info The build of this exporter.\n");
	add_build_info(&expected);
	text_add_string(&expected, "# EOF\n");
	assert_string_equal(text_string(&page), text_string(&expected));
}

static void a_page_is_appended_to_what_is_there(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, alone = TEXT_INIT;

	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene_write(&scene, EXPOSE_TEXT, &alone);
	text_add_string(&page, "before\n");
	scene_write(&scene, EXPOSE_TEXT, &page);
	assert_memory_equal(text_string(&page), "before\n", strlen("before\n"));
	assert_string_equal(text_string(&page) + strlen("before\n"), text_string(&alone));
}

/* ---- which families ---- */

static void every_family_of_the_contract_is_there_in_its_order(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	assert_families(&scene, ALL_FAMILIES);
}

static void a_collector_that_did_not_run_has_no_families(void **state)
{
	static const uint64_t families[] = {
		[COLLECTOR_KERNEL] = KERNEL_FAMILIES,
		[COLLECTOR_LOG] = LOG_FAMILIES,
		[COLLECTOR_MODULES] = MODULES_FAMILIES,
		[COLLECTOR_POSTURE] = POSTURE_FAMILIES,
		[COLLECTOR_SIGNATURE] = SIGNATURE_FAMILIES,
		[COLLECTOR_UNLOADED] = SET(UNLOADED_MODULE),
	};

	(void)state;
	SCENE(scene);
	add_everything(&scene);
	for (collector_set set = 0; set <= ALL_COLLECTORS; set++) {
		uint64_t expected = SET(SANDBOX) | SET(BUILD_INFO) | PROCESS_FAMILIES;

		for (enum collector c = 0; c < COLLECTOR_COUNT; c++)
			if (set & COLLECTOR_BIT(c))
				expected |= families[c] | SET(COLLECTOR_SUCCESS) |
				            SET(COLLECTOR_DURATION);
		scene.metrics.collectors = scene.metrics.succeeded = set;
		assert_families(&scene, expected);
	}
}

static void without_process_there_are_no_process_families(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.metrics.with_process = false;
	assert_families(&scene, ALL_FAMILIES & ~PROCESS_FAMILIES);
}

static void a_failed_mask_drops_what_needs_it(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.mask_result = (struct source_result){ -EACCES, "mask" };
	assert_families(&scene,
	                ALL_FAMILIES & ~(SET(MASK) | SET(FLAG) | SET(FLAG_UNEXPLAINED) |
	                                 SET(FLAG_CONTRADICTED)));
}

static void an_unknown_kernel_drops_what_needs_a_meaning(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.release_result = (struct source_result){ -EBADMSG, "release" };
	scene.metrics.dialect = NULL;
	assert_families(
		&scene,
		ALL_FAMILIES & ~(SET(FLAG) | SET(KERNEL_INFO) | SET(MODULES_PROPRIETARY) |
	                         SET(MODULES_OUT_OF_TREE) | SET(MODULES_UNSIGNED) |
	                         SET(MODULE) | SET(MODULE_INFO) | SET(UNLOADED_MODULE) |
	                         SET(FLAG_UNEXPLAINED) | SET(FLAG_CONTRADICTED)));
}

static void a_failed_release_with_a_given_dialect_drops_only_the_info(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.release_result = (struct source_result){ -EACCES, "release" };
	assert_families(&scene, ALL_FAMILIES & ~SET(KERNEL_INFO));
}

static void a_failed_module_list_drops_every_module_family(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.modules.procfs_result =
		(struct source_result){ -EBADMSG, "modules" };
	assert_families(&scene, ALL_FAMILIES & ~MODULES_FAMILIES & ~SIGNATURE_FAMILIES);
}

/* Among them a kernel whose release could not be read: then nobody knows the files. */
static void failed_files_drop_every_family_of_files(void **state)
{
	static const int errors[] = { -ENOENT, -EACCES, -ENODATA, -ENOMEM, -EBADMSG };

	(void)state;
	SCENE(scene);
	add_everything(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		scene.snapshot.files_result =
			(struct source_result){ errors[i], "lib/modules" };
		assert_families(&scene, ALL_FAMILIES & ~SIGNATURE_FAMILIES);
	}
}

static void a_failed_sysfs_drops_what_compares_with_it(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.modules.sysfs_result = (struct source_result){ -EACCES, "module" };
	assert_families(&scene,
	                ALL_FAMILIES & ~(SET(MODULES_HIDDEN) | SET(MODULES_DISAGREEING)));
}

static void a_failed_log_drops_its_families_and_a_failed_list_its_own(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	scene.snapshot.log_result = (struct source_result){ -EPERM, "dev/kmsg" };
	assert_families(&scene, ALL_FAMILIES & ~LOG_FAMILIES);
	scene.snapshot.unloaded.result = (struct source_result){ -ENOENT, "debug" };
	assert_families(&scene, ALL_FAMILIES & ~LOG_FAMILIES & ~SET(UNLOADED_MODULE));
}

static void a_reading_that_is_not_known_drops_its_family(void **state)
{
	static const struct {
		enum posture posture;
		enum family family;
	} readings[] = {
		{ POSTURE_SIGNATURES_ENFORCED, SIGNATURES_ENFORCED },
		{ POSTURE_LOADING_DISABLED, LOADING_DISABLED },
		{ POSTURE_SECURE_BOOT, SECURE_BOOT },
		{ POSTURE_MICROCODE_OUTDATED, MICROCODE_OUTDATED },
		{ POSTURE_PANIC_MASK, PANIC_MASK },
		{ POSTURE_WARNINGS, WARNINGS },
		{ POSTURE_OOPSES, OOPSES },
		{ POSTURE_SOFTLOCKUPS, SOFTLOCKUPS },
		{ POSTURE_HARDLOCKUPS, HARDLOCKUPS },
		{ POSTURE_RCU_STALLS, RCU_STALLS },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(readings), POSTURE_COUNT);
	SCENE(scene);
	add_everything(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
		scene.snapshot.posture[readings[i].posture].known = false;
		assert_families(&scene, ALL_FAMILIES & ~SET(readings[i].family));
		scene.snapshot.posture[readings[i].posture].known = true;
	}
	scene.snapshot.lockdown.known = false;
	assert_families(&scene, ALL_FAMILIES & ~SET(LOCKDOWN));
}

/* A kernel may offer the one and not the other, and order must not depend on it. */
static void lockdown_stays_without_secure_boot(void **state)
{
	(void)state;
	SCENE(scene);
	scene.snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_NONE };
	assert_families(&scene,
	                (ALL_FAMILIES & ~POSTURE_FAMILIES & ~PER_MODULE_FAMILIES) |
	                        SET(LOCKDOWN) | SET(POSTURE_VISIBLE));
}

static void a_reading_is_visible_unless_it_is_hidden(void **state)
{
	(void)state;
	SCENE(scene);
	for (enum absence absence = 0; absence < ABSENCE_COUNT; absence++) {
		bool is_visible = absence != ABSENCE_HIDDEN;

		scene.snapshot.lockdown.absence = absence;
		assert_samples(&scene, POSTURE_VISIBLE,
		               is_visible ? "{reading='lockdown'} 1\n"
		                            "{reading='secure_boot'} 1\n"
		                          : "{reading='lockdown'} 0\n"
		                            "{reading='secure_boot'} 1\n");
	}
	scene.snapshot.lockdown.known = true;
	scene.snapshot.posture[POSTURE_SECURE_BOOT].absence = ABSENCE_HIDDEN;
	assert_samples(&scene, POSTURE_VISIBLE,
	               "{reading='lockdown'} 1\n{reading='secure_boot'} 0\n");
}

static void a_process_reading_that_is_not_known_drops_its_family(void **state)
{
	struct snapshot_process *process;

	(void)state;
	SCENE(scene);
	add_everything(&scene);
	process = &scene.snapshot.process;
	process->open_fds.known = false;
	assert_families(&scene, ALL_FAMILIES & ~SET(PROCESS_OPEN_FDS));
	process->max_fds.known = false;
	assert_families(&scene, ALL_FAMILIES & ~RANGE(PROCESS_OPEN_FDS, PROCESS_MAX_FDS));
	process->virtual_memory_bytes.known = false;
	assert_families(&scene,
	                ALL_FAMILIES & ~RANGE(PROCESS_OPEN_FDS, PROCESS_VIRTUAL_MEMORY));
	process->resident_memory_bytes.known = false;
	assert_families(&scene,
	                ALL_FAMILIES & ~RANGE(PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY));
}

/* ---- collector kernel ---- */

static void the_mask_is_a_whole_number(void **state)
{
	(void)state;
	SCENE(scene);
	set_mask(&scene, UINT64_C(1) << 53);
	assert_samples(&scene, MASK, " 9007199254740992\n");
	set_mask(&scene, UINT64_MAX);
	assert_samples(&scene, MASK, " 18446744073709551615\n");
}

static void unknown_bits_have_a_series_only_while_they_are_set(void **state)
{
	struct seen seen;

	(void)state;
	SCENE(scene);
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[FLAG], 20);
	assert_int_equal(seen.ones[FLAG], 0);

	set_mask(&scene, UINT64_C(1) << 63 | UINT64_C(1) << 31 | 1 << 20 | 1 << 9);
	scene.metrics.collectors = COLLECTOR_BIT(COLLECTOR_KERNEL);
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[FLAG], 23);
	assert_int_equal(seen.ones[FLAG], 4);
	/* Cut down to the unknown ones. */
	scene.dialect = (struct dialect){ .id = DIALECT_MAINLINE };
	assert_samples(&scene, FLAG,
	               "{bit='9',flag='?',taint='unknown'} 1\n"
	               "{bit='20',flag='?',taint='unknown'} 1\n"
	               "{bit='31',flag='?',taint='unknown'} 1\n"
	               "{bit='63',flag='?',taint='unknown'} 1\n");
	set_mask(&scene, 0);
	assert_samples(&scene, FLAG, "");
}

static void vendor_bits_have_their_own_words(void **state)
{
	_cleanup_(scene_clear) struct scene scene;
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	scene_init(&scene, DIALECT_RHEL9, "5.14.0-362.el9.x86_64");
	set_mask(&scene, UINT64_C(1) << 31 | 1 << 28);
	scene_write(&scene, EXPOSE_TEXT, &page);
	assert_non_null(strstr(
		text_string(&page),
		"\nkernel_taint_flag{bit=\"16\",flag=\"X\",taint=\"tech_preview\"} 0\n"));
	assert_non_null(strstr(
		text_string(&page),
		"\nkernel_taint_flag{bit=\"26\",flag=\"p\",taint=\"partner_supported\"} "
		"0\n"
		"kernel_taint_flag{bit=\"27\",flag=\"h\",taint=\"support_removed\"} 0\n"
		"kernel_taint_flag{bit=\"28\",flag=\"?\",taint=\"unknown\"} 1\n"
		"kernel_taint_flag{bit=\"31\",flag=\"u\",taint=\"unprivileged_bpf\"} "
		"1\n"));
	assert_non_null(strstr(text_string(&page),
	                       "\nkernel_taint_kernel_info{dialect=\"rhel9\","
	                       "release=\"5.14.0-362.el9.x86_64\"} 1\n"));
}

static void every_mask_on_every_kernel_gives_a_good_page(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kernels); k++) {
		_cleanup_(scene_clear) struct scene scene;
		struct seen seen;
		size_t known;

		scene_init(&scene, kernels[k].id, kernels[k].release);
		scene_check(&scene, &seen);
		known = seen.samples[FLAG];
		assert_int_equal(known, __builtin_popcountll(scene.dialect.known_bits));
		for (unsigned int bit = 0; bit <= 64; bit++) {
			uint64_t mask = bit < 64 ? UINT64_C(1) << bit : UINT64_MAX;

			set_mask(&scene, mask);
			scene_check(&scene, &seen);
			assert_int_equal(seen.ones[FLAG], __builtin_popcountll(mask));
			assert_int_equal(
				seen.samples[FLAG],
				__builtin_popcountll(scene.dialect.known_bits | mask));
			assert_int_equal(
				seen.ones[FLAG_UNEXPLAINED],
				__builtin_popcountll(scene.dialect.module_bits & mask));
			assert_int_equal(seen.ones[FLAG_CONTRADICTED], 0);
		}
	}
}

static void a_hostile_release_is_escaped(void **state)
{
	_cleanup_(scene_clear) struct scene scene;

	(void)state;
	scene_init(&scene, DIALECT_MAINLINE, "6.1\"\\\xff\n");
	assert_samples(&scene, KERNEL_INFO,
	               "{dialect='mainline',release='6.1\\'\\\\\xef\xbf\xbd\\n'} 1\n");
}

/* ---- collector modules ---- */

static void a_kernel_without_module_support_says_so(void **state)
{
	(void)state;
	SCENE(scene);
	scene.snapshot.modules.support = false;
	assert_samples(&scene, MODULE_SUPPORT, " 0\n");
	assert_samples(&scene, MODULES_LOADED, " 0\n");
	assert_families(&scene,
	                (ALL_FAMILIES & ~POSTURE_FAMILIES & ~PER_MODULE_FAMILIES) |
	                        SET(POSTURE_VISIBLE));
}

static void the_counts_overlap(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "nvidia", "POE");
	add_module(&scene, "zfs", "PO");
	add_module(&scene, "dkms", "OE");
	add_module(&scene, "staging", "C");
	add_module(&scene, "ext4", "");
	assert_samples(&scene, MODULE_SUPPORT, " 1\n");
	assert_samples(&scene, MODULES_LOADED, " 5\n");
	assert_samples(&scene, MODULES_TAINTING, " 4\n");
	assert_samples(&scene, MODULES_PROPRIETARY, " 2\n");
	assert_samples(&scene, MODULES_OUT_OF_TREE, " 3\n");
	assert_samples(&scene, MODULES_UNSIGNED, " 2\n");
}

static void modules_are_sorted_by_name_taint_and_letter(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "zfs", "PO");
	add_module(&scene, "ab", "C");
	add_module(&scene, "a_b", "E");
	add_module(&scene, "a", "FK");
	add_module(&scene, "B", "O");
	add_module(&scene, "clean", "");
	assert_samples(&scene, MODULE,
	               "{module='B',taint='oot_module',flag='O'} 1\n"
	               "{module='a',taint='forced_module',flag='F'} 1\n"
	               "{module='a',taint='livepatch',flag='K'} 1\n"
	               "{module='a_b',taint='unsigned_module',flag='E'} 1\n"
	               "{module='ab',taint='crap',flag='C'} 1\n"
	               "{module='zfs',taint='oot_module',flag='O'} 1\n"
	               "{module='zfs',taint='proprietary_module',flag='P'} 1\n");
}

static void a_letter_that_is_not_known_is_kept(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "new", "z\"O\\{!~");
	assert_samples(&scene, MODULE,
	               "{module='new',taint='oot_module',flag='O'} 1\n"
	               "{module='new',taint='unknown',flag='!'} 1\n"
	               "{module='new',taint='unknown',flag='\\''} 1\n"
	               "{module='new',taint='unknown',flag='\\\\'} 1\n"
	               "{module='new',taint='unknown',flag='z'} 1\n"
	               "{module='new',taint='unknown',flag='{'} 1\n"
	               "{module='new',taint='unknown',flag='~'} 1\n");
}

static void a_module_may_carry_every_letter(void **state)
{
	char letters[128];
	size_t count = 0;
	struct seen seen;

	(void)state;
	for (char c = '!'; c <= '~'; c++)
		if (!strchr("()+-", c))
			letters[count++] = c;
	letters[count] = '\0';
	for (size_t k = 0; k < ARRAY_SIZE(kernels); k++) {
		_cleanup_(scene_clear) struct scene scene;

		scene_init(&scene, kernels[k].id, kernels[k].release);
		add_module(&scene, "all", letters);
		scene_check(&scene, &seen);
		assert_int_equal(seen.samples[MODULE], count);
		assert_int_equal(seen.ones[MODULE], count);
		assert_int_equal(seen.ones[FLAG_UNEXPLAINED], 0);
	}
}

static void hostile_names_are_escaped(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "q\"} 1\n", "P");
	add_module(&scene, "b\\", "P");
	add_module_bytes(&scene, "n\0l", 3, "P", NULL);
	add_module(&scene, "\xc3\xa9", "P");
	add_module(&scene, "\xe9", "P");
	assert_samples(&scene, MODULE,
	               "{module='b\\\\',taint='proprietary_module',flag='P'} 1\n"
	               "{module='n\xef\xbf\xbdl',taint='proprietary_module',flag='P'} 1\n"
	               "{module='q\\'} 1\\n',taint='proprietary_module',flag='P'} 1\n"
	               "{module='\xc3\xa9',taint='proprietary_module',flag='P'} 1\n"
	               "{module='\xef\xbf\xbd',taint='proprietary_module',flag='P'} 1\n");
}

static void names_that_become_equal_share_their_series(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "x\xff", "PO");
	add_module(&scene, "xy", "P");
	add_module(&scene, "x\xfe", "OE");
	add_module(&scene, "x\xef\xbf\xbd", "z");
	add_module(&scene, "x\xfd", "z");
	add_module_bytes(&scene, "x\0", 2, "", NULL);
	add_module(&scene, "twice", "C");
	add_module(&scene, "twice", "C");
	assert_samples(&scene, MODULE,
	               "{module='twice',taint='crap',flag='C'} 1\n"
	               "{module='xy',taint='proprietary_module',flag='P'} 1\n"
	               "{module='x\xef\xbf\xbd',taint='oot_module',flag='O'} 1\n"
	               "{module='x\xef\xbf\xbd',taint='proprietary_module',flag='P'} 1\n"
	               "{module='x\xef\xbf\xbd',taint='unknown',flag='z'} 1\n"
	               "{module='x\xef\xbf\xbd',taint='unsigned_module',flag='E'} 1\n");
	/* They are counted each by itself. */
	assert_samples(&scene, MODULES_LOADED, " 8\n");
	assert_samples(&scene, MODULES_TAINTING, " 7\n");
}

static void what_no_module_explains_is_said(void **state)
{
	(void)state;
	SCENE(scene);
	set_mask(&scene, 1 << 0 | 1 << 1 | 1 << 9 | 1 << 17);
	add_module(&scene, "zfs", "PO");
	assert_samples(&scene, FLAG_UNEXPLAINED,
	               "{bit='0',flag='P',taint='proprietary_module'} 0\n"
	               "{bit='1',flag='F',taint='forced_module'} 1\n"
	               "{bit='10',flag='C',taint='crap'} 0\n"
	               "{bit='12',flag='O',taint='oot_module'} 0\n"
	               "{bit='13',flag='E',taint='unsigned_module'} 0\n"
	               "{bit='15',flag='K',taint='livepatch'} 0\n"
	               "{bit='16',flag='X',taint='aux'} 0\n"
	               "{bit='18',flag='N',taint='test'} 0\n");
	assert_samples(&scene, FLAG_CONTRADICTED,
	               "{bit='0',flag='P',taint='proprietary_module'} 0\n"
	               "{bit='1',flag='F',taint='forced_module'} 0\n"
	               "{bit='10',flag='C',taint='crap'} 0\n"
	               "{bit='12',flag='O',taint='oot_module'} 1\n"
	               "{bit='13',flag='E',taint='unsigned_module'} 0\n"
	               "{bit='15',flag='K',taint='livepatch'} 0\n"
	               "{bit='16',flag='X',taint='aux'} 0\n"
	               "{bit='18',flag='N',taint='test'} 0\n");
}

/* A bit that was set while the modules were read may be of one that came meanwhile. */
static void a_bit_that_came_meanwhile_is_not_unexplained(void **state)
{
	struct seen seen;

	(void)state;
	SCENE(scene);
	scene.snapshot.mask = 1 << 0 | 1 << 12;
	scene.snapshot.mask_before_modules = 1 << 0;
	scene_check(&scene, &seen);
	assert_int_equal(seen.ones[FLAG], 2);
	assert_int_equal(seen.ones[FLAG_UNEXPLAINED], 1);
}

static void hidden_and_disagreeing_modules_are_counted(void **state)
{
	(void)state;
	SCENE(scene);
	add_module_bytes(&scene, "same", 4, "PO", "OP");
	add_module_bytes(&scene, "less", 4, "PO", "P");
	add_module_bytes(&scene, "more", 4, "", "P");
	add_module_bytes(&scene, "unread", 6, "P", NULL);
	assert_int_equal(module_list_add_unlisted(&scene.snapshot.modules, "h", 1), 0);
	assert_samples(&scene, MODULES_HIDDEN, " 1\n");
	assert_samples(&scene, MODULES_DISAGREEING, " 2\n");
}

/* ---- collector signature ---- */

static void every_state_of_a_file_is_there_whatever_is_loaded(void **state)
{
	(void)state;
	SCENE(scene);
	assert_samples(&scene, MODULE_FILES,
	               "{signature='elf_section'} 0\n"
	               "{signature='malformed'} 0\n"
	               "{signature='missing'} 0\n"
	               "{signature='none'} 0\n"
	               "{signature='pending'} 0\n"
	               "{signature='pgp'} 0\n"
	               "{signature='pkcs7'} 0\n"
	               "{signature='unknown'} 0\n"
	               "{signature='unreadable'} 0\n"
	               "{signature='x509'} 0\n");
	assert_samples(&scene, MODULE_INFO, "");
	assert_samples(&scene, MODULE_FILE_DIFFERS, "");
}

static void the_states_of_files_part_the_loaded_modules(void **state)
{
	(void)state;
	SCENE(scene);
	for (enum module_signature s = 0; s < MODULE_SIGNATURE_COUNT; s++) {
		for (enum module_signature n = 0; n <= s; n++) {
			add_module(&scene, "m", n % 2 ? "OE" : "");
			last_file(&scene, s, "");
		}
	}
	assert_samples(&scene, MODULES_LOADED, " 55\n");
	assert_samples(&scene, MODULE_FILES,
	               "{signature='elf_section'} 1\n"
	               "{signature='malformed'} 2\n"
	               "{signature='missing'} 3\n"
	               "{signature='none'} 4\n"
	               "{signature='pending'} 5\n"
	               "{signature='pgp'} 6\n"
	               "{signature='pkcs7'} 7\n"
	               "{signature='unknown'} 8\n"
	               "{signature='unreadable'} 9\n"
	               "{signature='x509'} 10\n");
}

static void the_info_has_what_the_file_says(void **state)
{
	struct module_file *file;

	(void)state;
	SCENE(scene);
	add_module(&scene, "zfs", "EPO");
	file = last_file(&scene, MODULE_SIGNATURE_PKCS7, "/lib/modules/6.12.0/zfs.ko.xz");
	file->verified = MODULE_VERIFIED_UNTRUSTED;
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		set_word(file, word, module_word_name(word));
	assert_samples(&scene, MODULE_INFO,
	               "{module='zfs',flags='POE',signature='pkcs7',signer='signer',"
	               "sig_key='sig_key',sig_hashalgo='sig_hashalgo',license='license',"
	               "version='version',srcversion='srcversion',intree='intree',"
	               "path='/lib/modules/6.12.0/zfs.ko.xz',verified='untrusted'} 1\n");
}

static void the_info_is_empty_where_the_file_does_not_say(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "gone", "O");
	last_file(&scene, MODULE_SIGNATURE_MISSING, "");
	add_module(&scene, "later", "z");
	assert_samples(&scene, MODULE_INFO,
	               "{module='gone',flags='O',signature='missing',signer='',"
	               "sig_key='',sig_hashalgo='',license='',version='',srcversion='',"
	               "intree='',path='',verified=''} 1\n"
	               "{module='later',flags='z',signature='pending',signer='',"
	               "sig_key='',sig_hashalgo='',license='',version='',srcversion='',"
	               "intree='',path='',verified=''} 1\n");
}

static void verified_is_one_of_four_words(void **state)
{
	static const char *const words[] = { "", "yes", "no", "untrusted" };

	(void)state;
	for (enum module_verified v = 0; v < MODULE_VERIFIED_COUNT; v++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;
		char label[40];

		SCENE(scene);
		add_module(&scene, "m", "O");
		last_file(&scene, MODULE_SIGNATURE_PKCS7, "/m.ko")->verified = v;
		scene_write(&scene, EXPOSE_TEXT, &page);
		snprintf(label, sizeof(label), ",verified=\"%s\"} 1\n", words[v]);
		assert_non_null(strstr(text_string(&page), label));
	}
}

static void the_info_is_of_tainting_modules_or_of_all(void **state)
{
	struct seen seen;

	(void)state;
	SCENE(scene);
	add_module(&scene, "zfs", "PO");
	add_module(&scene, "ext4", "");
	set_builds(&scene, "a", "", "b", "");
	add_module(&scene, "dkms", "OE");
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[MODULE_INFO], 2);
	assert_int_equal(seen.samples[MODULE_FILE_DIFFERS], 0);
	scene.describes_every = true;
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[MODULE_INFO], 3);
	assert_samples(&scene, MODULE_FILE_DIFFERS, "{module='ext4'} 1\n");
}

static void what_a_hostile_file_says_is_escaped(void **state)
{
	static const enum module_word words[] = {
		MODULE_WORD_SIGNER,  MODULE_WORD_SIG_KEY, MODULE_WORD_SIG_HASHALGO,
		MODULE_WORD_LICENSE, MODULE_WORD_VERSION, MODULE_WORD_SRCVERSION,
		MODULE_WORD_INTREE,
	};
	struct module_file *file;

	(void)state;
	SCENE(scene);
	add_module(&scene, "m", "O");
	file = last_file(&scene, MODULE_SIGNATURE_X509, "/lib/\"\\\n\xff");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		set_word(file, words[i], "\xff\"} 1\nx{a=\"\\");
	assert_samples(&scene, MODULE_INFO,
	               "{module='m',flags='O',signature='x509',"
	               "signer='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "sig_key='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "sig_hashalgo='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "license='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "version='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "srcversion='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "intree='\xef\xbf\xbd\\'} 1\\nx{a=\\'\\\\',"
	               "path='/lib/\\'\\\\\\n\xef\xbf\xbd',verified=''} 1\n");
}

static void a_file_differs_or_not_or_nobody_knows(void **state)
{
	(void)state;
	SCENE(scene);
	add_module(&scene, "a_same_id", "O");
	set_builds(&scene, "id", "src", "id", "other");
	add_module(&scene, "b_other_id", "O");
	set_builds(&scene, "id", "src", "di", "src");
	add_module(&scene, "c_longer_id", "O");
	set_builds(&scene, "id", "", "id2", "");
	add_module(&scene, "d_same_srcversion", "O");
	set_builds(&scene, "", "src", "id", "src");
	add_module(&scene, "e_other_srcversion", "O");
	set_builds(&scene, "id", "src", "", "other");
	add_module(&scene, "f_nothing_in_common", "O");
	set_builds(&scene, "id", "", "", "src");
	add_module(&scene, "g_nothing_at_all", "O");
	set_builds(&scene, "", "", "", "");
	add_module(&scene, "h_not_looked_at", "O");
	assert_samples(&scene, MODULE_FILE_DIFFERS,
	               "{module='a_same_id'} 0\n"
	               "{module='b_other_id'} 1\n"
	               "{module='c_longer_id'} 1\n"
	               "{module='d_same_srcversion'} 0\n"
	               "{module='e_other_srcversion'} 1\n");
}

static void modules_that_look_the_same_share_info_and_difference(void **state)
{
	struct seen seen;

	(void)state;
	SCENE(scene);
	add_module(&scene, "x\xff", "PO");
	set_builds(&scene, "a", "", "b", "");
	add_module(&scene, "x\xfe", "O");
	set_builds(&scene, "a", "", "a", "");
	add_module(&scene, "x\xfd", "O");
	add_module(&scene, "y\xff", "O");
	add_module(&scene, "y\xfe", "O");
	set_builds(&scene, "a", "", "a", "");
	add_module(&scene, "z\xff", "O");
	add_module(&scene, "z\xfe", "O");
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[MODULE_INFO], 3);
	/* One that differs is enough; one that is known, too. */
	assert_samples(&scene, MODULE_FILE_DIFFERS,
	               "{module='x\xef\xbf\xbd'} 1\n"
	               "{module='y\xef\xbf\xbd'} 0\n");
}

/* ---- collector posture ---- */

static void every_reading_stands_in_its_own_family(void **state)
{
	(void)state;
	SCENE(scene);
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		scene.snapshot.posture[posture].known = true;
	scene.snapshot.posture[POSTURE_SIGNATURES_ENFORCED].value = 1;
	scene.snapshot.posture[POSTURE_LOADING_DISABLED].value = 2;
	scene.snapshot.posture[POSTURE_SECURE_BOOT].value = 3;
	scene.snapshot.posture[POSTURE_PANIC_MASK].value = 4;
	scene.snapshot.posture[POSTURE_WARNINGS].value = 5;
	scene.snapshot.posture[POSTURE_OOPSES].value = 6;
	scene.snapshot.posture[POSTURE_SOFTLOCKUPS].value = 7;
	scene.snapshot.posture[POSTURE_HARDLOCKUPS].value = 8;
	scene.snapshot.posture[POSTURE_RCU_STALLS].value = 9;
	assert_samples(&scene, SIGNATURES_ENFORCED, " 1\n");
	assert_samples(&scene, LOADING_DISABLED, " 2\n");
	assert_samples(&scene, SECURE_BOOT, " 3\n");
	assert_samples(&scene, PANIC_MASK, " 4\n");
	assert_samples(&scene, WARNINGS, " 5\n");
	assert_samples(&scene, OOPSES, " 6\n");
	assert_samples(&scene, SOFTLOCKUPS, " 7\n");
	assert_samples(&scene, HARDLOCKUPS, " 8\n");
	assert_samples(&scene, RCU_STALLS, " 9\n");
}

static void lockdown_has_every_mode_and_one_is_set(void **state)
{
	(void)state;
	SCENE(scene);
	scene.snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_CONFIDENTIALITY };
	assert_samples(&scene, LOCKDOWN,
	               "{mode='confidentiality'} 1\n"
	               "{mode='integrity'} 0\n"
	               "{mode='none'} 0\n");
	scene.snapshot.lockdown.value = LOCKDOWN_INTEGRITY;
	assert_samples(&scene, LOCKDOWN,
	               "{mode='confidentiality'} 0\n"
	               "{mode='integrity'} 1\n"
	               "{mode='none'} 0\n");
	scene.snapshot.lockdown.value = LOCKDOWN_NONE;
	assert_samples(&scene, LOCKDOWN,
	               "{mode='confidentiality'} 0\n"
	               "{mode='integrity'} 0\n"
	               "{mode='none'} 1\n");
}

/* ---- collectors log and unloaded ---- */

static void a_log_without_events_has_lost_none(void **state)
{
	(void)state;
	SCENE(scene);
	assert_samples(&scene, LOG_EVENTS, "");
	assert_samples(&scene, LOG_FIRST_EVENT, "");
	assert_samples(&scene, LOG_LOST_RECORDS, " 0\n");
	scene.snapshot.log_lost = UINT64_C(1) << 40;
	assert_samples(&scene, LOG_LOST_RECORDS, " 1099511627776\n");
}

static void events_are_sorted_by_what_happened_and_to_whom(void **state)
{
	(void)state;
	SCENE(scene);
	add_event(&scene, ANNOUNCEMENT_UNSIGNED_MODULE, "zfs", 5 * CLOCK_SECOND);
	add_event(&scene, ANNOUNCEMENT_OOT_MODULE, "zfs", 4 * CLOCK_SECOND);
	add_event(&scene, ANNOUNCEMENT_OOT_MODULE, "nvidia", 6 * CLOCK_SECOND);
	add_event(&scene, ANNOUNCEMENT_OOT_MODULE, "zfs", 7 * CLOCK_SECOND);
	add_event(&scene, ANNOUNCEMENT_LOCK_DEBUGGING_DISABLED, "", 3 * CLOCK_SECOND);
	assert_samples(&scene, LOG_EVENTS,
	               "{event='lock_debugging_disabled',module=''} 1\n"
	               "{event='oot_module',module='nvidia'} 1\n"
	               "{event='oot_module',module='zfs'} 2\n"
	               "{event='unsigned_module',module='zfs'} 1\n");
	assert_samples(&scene, LOG_FIRST_EVENT,
	               "{event='lock_debugging_disabled',module=''} 3\n"
	               "{event='oot_module',module='nvidia'} 6\n"
	               "{event='oot_module',module='zfs'} 4\n"
	               "{event='unsigned_module',module='zfs'} 5\n");
}

static void times_of_events_are_rounded_to_milliseconds(void **state)
{
	static const struct {
		uint64_t time;
		const char *sample;
	} rows[] = {
		{ UINT64_C(1795298562123456789), "1795298562.123" },
		{ UINT64_C(1795298562123500000), "1795298562.124" },
		{ UINT64_C(1795298562999499999), "1795298562.999" },
		{ UINT64_C(1795298562999500000), "1795298563" },
		{ UINT64_C(1795298562000499999), "1795298562" },
	};
	char expected[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		SCENE(scene);
		add_event(&scene, ANNOUNCEMENT_CRAP, "x", rows[i].time);
		snprintf(expected, sizeof(expected), "{event='crap',module='x'} %s\n",
		         rows[i].sample);
		assert_samples(&scene, LOG_FIRST_EVENT, expected);
	}
}

static void hostile_names_of_the_log_and_the_list_are_escaped(void **state)
{
	(void)state;
	SCENE(scene);
	add_event(&scene, ANNOUNCEMENT_CRAP, "a\"\\\n\xff", CLOCK_SECOND);
	add_unloaded_bytes(&scene, "a\"\\\n\xff\0", 6, "\"\\", 1);
	assert_samples(&scene, LOG_EVENTS,
	               "{event='crap',module='a\\'\\\\\\n\xef\xbf\xbd'} 1\n");
	assert_samples(&scene, UNLOADED_MODULE,
	               "{module='a\\'\\\\\\n\xef\xbf\xbd\xef\xbf\xbd',"
	               "flags='\\'\\\\'} 1\n");
}

static void modules_that_are_gone_are_sorted_by_name_and_flags(void **state)
{
	(void)state;
	SCENE(scene);
	add_unloaded(&scene, "zfs", "EOP", 2);
	add_unloaded(&scene, "zfs", "EO", 1);
	add_unloaded(&scene, "zfs", "", 3);
	add_unloaded(&scene, "Upper", "E", UINT64_C(1) << 40);
	assert_samples(&scene, UNLOADED_MODULE,
	               "{module='Upper',flags='E'} 1099511627776\n"
	               "{module='zfs',flags=''} 3\n"
	               "{module='zfs',flags='OE'} 1\n"
	               "{module='zfs',flags='POE'} 2\n");
}

/* ---- the exporter itself ---- */

static void every_collector_that_ran_has_its_success_and_duration(void **state)
{
	(void)state;
	SCENE(scene);
	scene.metrics.succeeded = COLLECTOR_BIT(COLLECTOR_MODULES);
	assert_samples(&scene, COLLECTOR_SUCCESS,
	               "{collector='kernel'} 0\n"
	               "{collector='log'} 0\n"
	               "{collector='modules'} 1\n"
	               "{collector='posture'} 0\n"
	               "{collector='signature'} 0\n"
	               "{collector='unloaded'} 0\n");
	assert_samples(&scene, COLLECTOR_DURATION,
	               "{collector='kernel'} 0.001\n"
	               "{collector='log'} 0.05\n"
	               "{collector='modules'} 0.000000025\n"
	               "{collector='posture'} 3\n"
	               "{collector='signature'} 0.00004\n"
	               "{collector='unloaded'} 0.000000007\n");
	scene.metrics.collectors = COLLECTOR_BIT(COLLECTOR_POSTURE);
	scene.metrics.succeeded = COLLECTOR_BIT(COLLECTOR_POSTURE);
	assert_samples(&scene, COLLECTOR_SUCCESS, "{collector='posture'} 1\n");
}

/* ---- every state ---- */

/* xorshift64, the same numbers in every run. */
static uint64_t random_state = UINT64_C(0x2545f4914f6cdd1d);

static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state >> 33) % limit;
}

/* Few different bytes, so that names meet: cleaned, escaped and as they are. */
static size_t random_name(char *name, size_t size)
{
	static const char bytes[] = "aab_\"\\\n\xff\xfe\xc3\xa9\xef\xbf\xbd}";
	size_t length = 1 + random_below((unsigned int)size - 1);

	for (size_t i = 0; i < length; i++)
		name[i] = bytes[random_below(sizeof(bytes))]; /* NUL, too */
	return length;
}

static void random_letters(char *letters)
{
	static const char known[] = "POEFCKXNUTnztq\"\\";

	for (unsigned int count = random_below(5); count > 0; count--)
		*letters++ = known[random_below(sizeof(known) - 1)];
	*letters = '\0';
}

/* Of each name there is one file and one loaded module. */
static void set_file_of_name(struct scene *scene)
{
	const struct module_list *modules = &scene->snapshot.modules;
	const struct module_record *record = &modules->records[modules->count - 1];
	static const char *const builds[] = { "", "a", "b" };
	struct module_file *file;
	unsigned int number = 0;

	for (size_t i = 0; i < record->name_length; i++)
		number = number * 31 + (unsigned char)record->name[i];
	file = last_file(scene, number % MODULE_SIGNATURE_COUNT, "/x.ko");
	assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER, record->name,
	                                      record->name_length),
	                 0);
	if (number % 5)
		set_builds(scene, builds[number / 3 % 3], builds[number / 7 % 3],
		           builds[number / 11 % 3], builds[number / 13 % 3]);
}

static void every_state_gives_a_good_page_whatever_the_order(void **state)
{
	static char names[16][6];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT, again = TEXT_INIT;
		_cleanup_(scene_clear) struct scene scene;
		size_t kernel = random_below(ARRAY_SIZE(kernels));
		unsigned int modules = random_below(ARRAY_SIZE(names));
		struct module_record *records;
		struct seen seen;

		scene_init(&scene, kernels[kernel].id, kernels[kernel].release);
		for (unsigned int k = random_below(4); k > 0; k--)
			set_mask(&scene,
			         scene.snapshot.mask | UINT64_C(1) << random_below(64));
		for (unsigned int i = 0; i < modules; i++) {
			char letters[8];

			random_letters(letters);
			add_module_bytes(&scene, names[i],
			                 random_name(names[i], sizeof(names[i])), letters,
			                 NULL);
			set_file_of_name(&scene);
			add_unloaded_bytes(&scene, names[i],
			                   scene.snapshot.modules.records[i].name_length,
			                   letters, random_below(5));
			tally_add(&scene.snapshot.log, random_below(ANNOUNCEMENT_COUNT),
			          names[i], scene.snapshot.modules.records[i].name_length,
			          random_below(1u << 31));
		}
		tally_sort(&scene.snapshot.log);
		scene.describes_every = random_below(2);
		scene_check(&scene, &seen);
		scene_write(&scene, EXPOSE_TEXT, &page);

		/* The same state, listed in another order. */
		records = scene.snapshot.modules.records;
		for (unsigned int i = modules; i > 1; i--) {
			struct module_record record = records[i - 1];
			unsigned int other = random_below(i);

			records[i - 1] = records[other];
			records[other] = record;
		}
		scene_write(&scene, EXPOSE_TEXT, &again);
		assert_string_equal(text_string(&page), text_string(&again));
	}
}

static void a_thousand_modules_give_a_good_page(void **state)
{
	static char names[1000][12];
	struct seen seen;

	(void)state;
	SCENE(scene);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length = 0;

		for (size_t rest = i; length < 8; rest /= 26)
			names[i][length++] = (char)('a' + rest % 26);
		add_module(&scene, names[i], i % 10 ? "OE" : "");
	}
	scene_check(&scene, &seen);
	assert_int_equal(seen.samples[MODULE], 1800);
	assert_samples(&scene, MODULES_LOADED, " 1000\n");
	assert_samples(&scene, MODULES_TAINTING, " 900\n");
}

static void the_page_stays_small(void **state)
{
	static char names[30][2];
	struct seen seen;

	(void)state;
	SCENE(scene);
	add_posture(&scene);
	/* As every client library has them; they do not count. */
	scene.metrics.with_process = false;
	scene.metrics.collectors = collector_defaults();
	scene_check(&scene, &seen);
	assert_true(seen.series < 95);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		names[i][0] = (char)('A' + i);
		add_module(&scene, names[i], "OE");
		set_builds(&scene, "a", "", "a", "");
	}
	scene_check(&scene, &seen);
	assert_true(seen.series < 220);
}

/* ---- no memory ---- */

static void without_memory_a_page_is_whole_or_has_the_error(void **state)
{
	(void)state;
	SCENE(scene);
	add_everything(&scene);
	add_module(&scene, "q\"\n", "P");
	set_word(last_file(&scene, MODULE_SIGNATURE_PGP, "/\xff"), MODULE_WORD_SIGNER,
	         "\"\xfe\n");
	add_module(&scene, "\xff", "z\"");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(formats); i++) {
		_cleanup_(text_clear) struct text whole = TEXT_INIT;
		enum expose_format format = formats[i / 2];
		int failures = 0;

		scene_write(&scene, format, &whole);
		assert_int_equal(whole.error, 0);
		for (int calls = 0;; calls++) {
			_cleanup_(text_clear) struct text page = TEXT_INIT;

			assert_true(calls < 1000);
			/* With room, only what is needed on the way finds none, once. */
			fails_on = i % 2 == 0;
			if (i % 2)
				text_reserve(&page, 2 * whole.length);
			calls_left = calls;
			scene_write(&scene, format, &page);
			calls_left = -1;
			if (page.error) {
				assert_int_equal(page.error, -ENOMEM);
				failures++;
				continue;
			}
			assert_string_equal(text_string(&page), text_string(&whole));
			break;
		}
		/* The page grows several times, and letters are sorted. */
		assert_true(failures > (i % 2 ? 0 : 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_kernel_has_this_page_in_text),
		cmocka_unit_test(a_host_without_collectors_has_this_page_in_openmetrics),
		cmocka_unit_test(a_page_is_appended_to_what_is_there),
		cmocka_unit_test(every_family_of_the_contract_is_there_in_its_order),
		cmocka_unit_test(a_collector_that_did_not_run_has_no_families),
		cmocka_unit_test(without_process_there_are_no_process_families),
		cmocka_unit_test(a_failed_mask_drops_what_needs_it),
		cmocka_unit_test(an_unknown_kernel_drops_what_needs_a_meaning),
		cmocka_unit_test(
			a_failed_release_with_a_given_dialect_drops_only_the_info),
		cmocka_unit_test(a_failed_module_list_drops_every_module_family),
		cmocka_unit_test(failed_files_drop_every_family_of_files),
		cmocka_unit_test(a_failed_sysfs_drops_what_compares_with_it),
		cmocka_unit_test(
			a_failed_log_drops_its_families_and_a_failed_list_its_own),
		cmocka_unit_test(a_reading_that_is_not_known_drops_its_family),
		cmocka_unit_test(lockdown_stays_without_secure_boot),
		cmocka_unit_test(a_reading_is_visible_unless_it_is_hidden),
		cmocka_unit_test(a_process_reading_that_is_not_known_drops_its_family),
		cmocka_unit_test(the_mask_is_a_whole_number),
		cmocka_unit_test(unknown_bits_have_a_series_only_while_they_are_set),
		cmocka_unit_test(vendor_bits_have_their_own_words),
		cmocka_unit_test(every_mask_on_every_kernel_gives_a_good_page),
		cmocka_unit_test(a_hostile_release_is_escaped),
		cmocka_unit_test(a_kernel_without_module_support_says_so),
		cmocka_unit_test(the_counts_overlap),
		cmocka_unit_test(modules_are_sorted_by_name_taint_and_letter),
		cmocka_unit_test(a_letter_that_is_not_known_is_kept),
		cmocka_unit_test(a_module_may_carry_every_letter),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(names_that_become_equal_share_their_series),
		cmocka_unit_test(what_no_module_explains_is_said),
		cmocka_unit_test(a_bit_that_came_meanwhile_is_not_unexplained),
		cmocka_unit_test(hidden_and_disagreeing_modules_are_counted),
		cmocka_unit_test(every_state_of_a_file_is_there_whatever_is_loaded),
		cmocka_unit_test(the_states_of_files_part_the_loaded_modules),
		cmocka_unit_test(the_info_has_what_the_file_says),
		cmocka_unit_test(the_info_is_empty_where_the_file_does_not_say),
		cmocka_unit_test(verified_is_one_of_four_words),
		cmocka_unit_test(the_info_is_of_tainting_modules_or_of_all),
		cmocka_unit_test(what_a_hostile_file_says_is_escaped),
		cmocka_unit_test(a_file_differs_or_not_or_nobody_knows),
		cmocka_unit_test(modules_that_look_the_same_share_info_and_difference),
		cmocka_unit_test(every_reading_stands_in_its_own_family),
		cmocka_unit_test(lockdown_has_every_mode_and_one_is_set),
		cmocka_unit_test(a_log_without_events_has_lost_none),
		cmocka_unit_test(events_are_sorted_by_what_happened_and_to_whom),
		cmocka_unit_test(times_of_events_are_rounded_to_milliseconds),
		cmocka_unit_test(hostile_names_of_the_log_and_the_list_are_escaped),
		cmocka_unit_test(modules_that_are_gone_are_sorted_by_name_and_flags),
		cmocka_unit_test(every_collector_that_ran_has_its_success_and_duration),
		cmocka_unit_test(every_state_gives_a_good_page_whatever_the_order),
		cmocka_unit_test(a_thousand_modules_give_a_good_page),
		cmocka_unit_test(the_page_stays_small),
		cmocka_unit_test_setup(without_memory_a_page_is_whole_or_has_the_error,
		                       setup),
	};

	return cmocka_run_group_tests_name("metrics", tests, setup, NULL);
}
