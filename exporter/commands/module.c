/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command module. Brings together what is loaded, what a file says, and the verdict.
 */
#include "commands/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "commands/certificates.h"
#include "commands/confine.h"
#include "commands/options.h"
#include "commands/output.h"
#include "exposition/report.h"
#include "model/dialect_choose.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "sources/builds.h"
#include "sources/builtins.h"
#include "sources/hostfs.h"
#include "sources/module_names.h"
#include "sources/modules_dep.h"
#include "sources/procfs.h"
#include "sources/signature.h"

/* What all arguments share. */
struct inquiry {
	const struct options *options;
	struct hostfs *fs;
	struct snapshot snapshot; /* release and modules */
	bool is_dialect_known;    /* of this host */
	struct dialect dialect;
	int dep_error;
	struct modules_dep dep;
	struct module_names candidates;
	struct builtins builtins;
	struct signature_reader reader;
};

static void log_libkmod(void *context, bool is_error, const char *line)
{
	(void)context;
	log_event(is_error ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "libkmod", "detail", line,
	          NULL);
}

static void clear_inquiry(struct inquiry *inquiry)
{
	modinfo_free(inquiry->reader.modinfo);
	builtins_clear(&inquiry->builtins);
	module_names_clear(&inquiry->candidates);
	modules_dep_clear(&inquiry->dep);
	snapshot_clear(&inquiry->snapshot);
	hostfs_free(inquiry->fs);
}

/* Those of the loaded modules are of no other. 0 or -ENOMEM. */
static int claim_files(struct inquiry *inquiry)
{
	const struct module_list *modules = &inquiry->snapshot.modules;

	for (size_t i = 0; i < modules->count; i++) {
		_cleanup_(text_clear) struct text path = TEXT_INIT;
		int r = modules_dep_find(&inquiry->dep, modules->records[i].name,
		                         modules->records[i].name_length, &path);

		if (r == 0)
			module_names_claim(&inquiry->candidates, text_string(&path));
		else if (r != -ENOENT)
			return r;
	}
	return 0;
}

/* Which files and modules the release has. */
static void read_lists(struct inquiry *inquiry)
{
	const char *release = text_string(&inquiry->snapshot.release);
	int r = inquiry->snapshot.release_result.error;

	inquiry->builtins.error = inquiry->dep_error = r;
	if (r < 0)
		return;
	builtins_read(inquiry->fs, release, &inquiry->builtins);
	r = modules_dep_read(inquiry->fs, release, &inquiry->dep);
	if (r == 0)
		r = module_names_list(&inquiry->dep, &inquiry->candidates);
	if (r == 0)
		r = claim_files(inquiry);
	inquiry->dep_error = r;
}

/* Reads what is there of the host; a file can be looked at without any of it. */
static int init_inquiry(struct inquiry *inquiry, const struct options *options,
                        const struct trust *trust)
{
	const struct modinfo_log log = { .write = log_libkmod };
	struct snapshot *snapshot = &inquiry->snapshot;
	int r;

	*inquiry = (struct inquiry){ .options = options, .reader = { .trust = trust } };
	snapshot_init(snapshot);
	r = hostfs_new(options->scrape.paths, &inquiry->fs);
	if (r == 0)
		r = modinfo_new(&log, &inquiry->reader.modinfo);
	if (r < 0)
		return r;
	procfs_release_read(inquiry->fs, snapshot);
	inquiry->is_dialect_known = scrape_dialect_choose(&options->scrape, inquiry->fs,
	                                                  snapshot, &inquiry->dialect);
	r = procfs_modules_read(inquiry->fs, &snapshot->modules);
	/* Built without loadable modules: none is loaded. */
	if (r == -ENOENT && snapshot->release_result.error == 0)
		r = 0;
	snapshot->modules.procfs_result.error = r;
	read_lists(inquiry);
	return 0;
}

static bool is_file(const char *argument)
{
	return strchr(argument, '/') || strstr(argument, ".ko");
}

/* The module's name as the kernel has it: of a path only the file, up to the first dot.
 */
static void add_name(struct text *name, const char *word, bool is_path)
{
	const char *slash = is_path ? strrchr(word, '/') : NULL;

	for (const char *c = slash ? slash + 1 : word; *c && !(is_path && *c == '.'); c++)
		text_add(name, *c == '-' ? "_" : c, 1);
}

/* The path of module NAME's file, from modules.dep or by the name= in files. */
static int find_path(struct inquiry *inquiry, const char *name, struct text *path)
{
	const struct module_names_file *failed;
	int r = inquiry->dep_error;

	if (r == 0)
		r = modules_dep_find(&inquiry->dep, name, strlen(name), path);
	if (r != -ENOENT || inquiry->dep_error < 0)
		return r;
	do {
		r = module_names_read(&inquiry->candidates, inquiry->fs, &inquiry->reader,
		                      &failed);
		if (failed)
			log_event(LOG_LEVEL_WARN, "Cannot read a module's file", "path",
			          failed->path, "err", error_words(failed->error), NULL);
	} while (r > 0);
	return r < 0 ? r
	             : module_names_find(&inquiry->candidates, inquiry->fs, name, path);
}

/* Opens the file and says under which path. 0 or -errno. */
static int open_file(struct inquiry *inquiry, const char *argument, const char *name,
                     struct text *path, int *ret_fd)
{
	int r;

	if (is_file(argument)) {
		text_add_string(path, argument);
		return path->error ? path->error : hostfs_given_open(argument, ret_fd);
	}
	r = find_path(inquiry, name, path);
	if (r == 0)
		r = hostfs_open(inquiry->fs, HOSTFS_ROOTFS, text_string(path), ret_fd);
	return r;
}

/* What the file says, or why nothing. NULL: no memory. */
static struct module_file *read_file(struct inquiry *inquiry, const char *argument,
                                     const char *name)
{
	_cleanup_(close_descriptor) int fd = -1;
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r = open_file(inquiry, argument, name, &path, &fd);
	struct module_file *file = module_file_new(text_string(&path));

	if (!file)
		return NULL;
	if (r == 0)
		r = signature_read(&inquiry->reader, fd, file);
	if (r == -ENOMEM)
		return module_file_free(file);
	if (r < 0) {
		file->error = r;
		file->signature = error_is_missing(r) ? MODULE_SIGNATURE_MISSING
		                                      : MODULE_SIGNATURE_UNREADABLE;
	}
	return file;
}

/* Of a module that may be asked for several times. */
static void read_build(struct inquiry *inquiry, struct module_record *record)
{
	if (!record->loaded)
		record->loaded = malloc(sizeof(*record->loaded));
	if (record->loaded)
		builds_read(inquiry->fs, record->name, record->name_length,
		            record->loaded);
}

static struct module_record *find_record(const struct inquiry *inquiry, const char *name)
{
	const struct module_list *modules = &inquiry->snapshot.modules;

	for (size_t i = 0; modules->procfs_result.error == 0 && i < modules->count; i++)
		if (modules->records[i].name_length == strlen(name) &&
		    memcmp(modules->records[i].name, name, strlen(name)) == 0)
			return &modules->records[i];
	return NULL;
}

/*
 * Puts in place of NAME how the file calls itself: if the argument is the file, or if
 * that is what is loaded. Returns what is.
 */
static struct module_record *rename_module(const struct inquiry *inquiry,
                                           const struct module_file *file, bool is_given,
                                           struct text *name)
{
	_cleanup_(text_clear) struct text said = TEXT_INIT;
	struct module_record *record = find_record(inquiry, text_string(name)), *other;

	add_name(&said, module_file_word(file, MODULE_WORD_NAME), false);
	if (!said.length || (record && !is_given))
		return record;
	other = find_record(inquiry, text_string(&said));
	if (!other && !is_given)
		return NULL;
	text_reset(name);
	text_add(name, text_string(&said), said.length);
	return other;
}

/* Finds the loaded module NAME, and the file of the argument. 0 or -ENOMEM. */
static int find_facts(struct inquiry *inquiry, struct text *name,
                      struct report_module *report, struct module_file **ret_file)
{
	bool is_given = is_file(report->argument);
	struct module_record *record = find_record(inquiry, text_string(name));
	int r = -ENOENT;

	if (!record && !is_given)
		r = builtins_find(&inquiry->builtins, text_string(name), ret_file);
	report->is_builtin = r == 0;
	if (r == -ENOENT) {
		*ret_file = read_file(inquiry, report->argument, text_string(name));
		if (!*ret_file)
			return -ENOMEM;
		record = rename_module(inquiry, *ret_file, is_given, name);
		r = 0;
	}
	if (record)
		read_build(inquiry, record);
	report->record = record;
	report->is_builtin_known =
		record || is_given || report->is_builtin || !inquiry->builtins.error;
	return r;
}

/* Whose kernel it is about: this host's, or else the one that the file was built for. */
static const struct dialect *find_dialect(const struct inquiry *inquiry,
                                          const struct report_module *report,
                                          struct dialect *dialect)
{
	_cleanup_(text_clear) struct text release = TEXT_INIT;
	const char *vermagic = module_file_word(report->file, MODULE_WORD_VERMAGIC);

	if (report->record || !*vermagic || inquiry->options->scrape.is_dialect_given)
		return inquiry->is_dialect_known ? &inquiry->dialect : NULL;
	text_add(&release, vermagic, strcspn(vermagic, " "));
	dialect_init(dialect, dialect_choose(text_string(&release), ""),
	             text_string(&release));
	return dialect;
}

/* Whether nothing more was to be expected. */
static bool is_good(const struct report_module *report)
{
	switch (report->file->signature) {
	case MODULE_SIGNATURE_MALFORMED:
	case MODULE_SIGNATURE_UNREADABLE:
		return false;
	case MODULE_SIGNATURE_MISSING: /* loaded from elsewhere */
		return report->record && !is_file(report->argument);
	default:
		return true;
	}
}

static void write_report(const struct report_module *report, bool is_json, bool is_first,
                         struct text *text)
{
	if (is_json) {
		text_add_string(text, is_first ? "[\n" : ",\n");
		report_module_json_write(report, text);
		return;
	}
	if (!is_first)
		text_add_char(text, '\n');
	report_module_write(report, text);
}

/* 1: all is well; 0: this module is not; -ENOMEM. */
static int inquire(struct inquiry *inquiry, const char *argument, struct text *text)
{
	_cleanup_(text_clear) struct text name = TEXT_INIT;
	struct report_module report = {
		.argument = argument,
		.is_list_known = inquiry->snapshot.modules.procfs_result.error == 0,
	};
	struct module_file *file;
	struct dialect dialect;
	bool good;
	int r;

	add_name(&name, argument, is_file(argument));
	r = find_facts(inquiry, &name, &report, &file);
	if (r < 0)
		return r;
	report.name = text_string(&name);
	report.file = file;
	report.dialect = find_dialect(inquiry, &report, &dialect);
	write_report(&report, inquiry->options->is_json, !text->length, text);
	good = is_good(&report);
	module_file_free(file);
	return name.error ? name.error : good;
}

static int write_reports(struct inquiry *inquiry, struct text *text)
{
	const struct options *options = inquiry->options;
	int good = 1;

	for (size_t i = 0; i < options->arguments_count; i++) {
		int r = inquire(inquiry, options->arguments[i], text);

		if (r < 0)
			return r;
		good = good && r;
	}
	if (options->is_json)
		text_add_string(text, "\n]\n");
	if (text->error)
		return text->error;
	return good;
}

/* Enters the sandbox, where the files that are named can still be read. */
static int confine_to_files(const struct options *options)
{
	_cleanup_(free_pointer) struct sandbox_path *paths =
		calloc(options->arguments_count, sizeof(*paths));
	bool in_force[SANDBOX_LAYER_COUNT];
	size_t count = 0;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < options->arguments_count; i++)
		if (is_file(options->arguments[i]))
			paths[count++].path = options->arguments[i];
	return confine(options, paths, count, in_force);
}

int module_run(const struct options *options)
{
	_cleanup_(certificates_free) struct trust *trust = NULL;
	_cleanup_(clear_inquiry) struct inquiry inquiry = { 0 };
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	int r, good = 0;

	if (certificates_load(options, &trust) < 0)
		return EXIT_FAILURE;
	r = confine_to_files(options);
	if (r == 0)
		r = init_inquiry(&inquiry, options, trust);
	if (r == 0) {
		good = write_reports(&inquiry, &text);
		r = good < 0 ? good : output_write(STDOUT_FILENO, &text);
	}
	if (r < 0)
		log_event(LOG_LEVEL_ERROR, "Cannot report on modules", "err",
		          error_words(r), NULL);
	return r == 0 && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
