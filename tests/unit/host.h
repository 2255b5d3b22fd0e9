/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host made by hand, as a scrape would have seen it: for tests of those who tell of it.
 * Included once by a test program, behind cmocka.h; knows realloc(), which it lets fail.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "exposition/metrics.h"
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

static struct snapshot snapshot;
static struct findings findings;
static struct dialect dialect;
static struct metrics metrics;

/* Everything could be read; no module is loaded, nothing is tainted. */
static int setup_host(void **state)
{
	static const struct source_result good = { 0, "a file" };

	(void)state;
	calls_left = -1;
	snapshot_init(&snapshot);
	snapshot.mask_result = snapshot.release_result = good;
	snapshot.modules.procfs_result = snapshot.modules.sysfs_result = good;
	snapshot.files_result = snapshot.posture_result = good;
	snapshot.modules.support = true;
	text_add_string(&snapshot.release, "6.12.0");
	dialect_init(&dialect, DIALECT_MAINLINE, "6.12.0");
	findings = (struct findings){ 0 };
	metrics = (struct metrics){
		.snapshot = &snapshot,
		.findings = &findings,
		.dialect = &dialect,
		.collectors = collector_defaults(),
		.succeeded = collector_defaults(),
	};
	return 0;
}

static int teardown_host(void **state)
{
	(void)state;
	calls_left = -1;
	findings_clear(&findings);
	snapshot_clear(&snapshot);
	return 0;
}

/* The kernel's release, and so its dialect, is another one. */
static void set_kernel(enum dialect_id id, const char *release)
{
	text_reset(&snapshot.release);
	text_add_string(&snapshot.release, release);
	dialect_init(&dialect, id, release);
}

/* A loaded module without a file; NAME must last. */
static struct module_record *add_bytes(const char *name, size_t length,
                                       const char *letters)
{
	struct module_record *record = module_list_add(&snapshot.modules);

	assert_non_null(record);
	record->name = name;
	record->name_length = length;
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record->letters),
	                 0);
	record->file = module_file_new("");
	assert_non_null(record->file);
	record->file->signature = MODULE_SIGNATURE_MISSING;
	record->file->error = -ENOENT;
	return record;
}

static struct module_record *add_module(const char *name, const char *letters)
{
	return add_bytes(name, strlen(name), letters);
}

/* What sysfs says of it. */
static void set_sysfs(struct module_record *record, const char *letters)
{
	record->in_sysfs = true;
	assert_int_equal(
		taint_letters_parse(letters, strlen(letters), &record->sysfs_letters), 0);
}

/* With a file, about which more can be said. */
static struct module_file *set_file(struct module_record *record,
                                    enum module_signature signature, const char *path)
{
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

/* What is loaded, by its ID and that of its file. */
static void set_builds(struct module_record *record, const char *id, const char *file_id)
{
	record->loaded = calloc(1, sizeof(*record->loaded));
	assert_non_null(record->loaded);
	record->loaded->id_length = strlen(id);
	memcpy(record->loaded->id, id, strlen(id));
	record->file->build.id_length = strlen(file_id);
	memcpy(record->file->build.id, file_id, strlen(file_id));
}

static void fail_source(struct source_result *result, const char *file, int error)
{
	*result = (struct source_result){ error, file };
}

/* Judges what there is and lets WRITE tell of it. */
static void tell(void (*write)(struct text *text), struct text *text)
{
	findings_clear(&findings);
	snapshot.mask_before_modules = snapshot.mask;
	assert_int_equal(findings_init(&findings, &snapshot, metrics.dialect, false), 0);
	write(text);
}

/* Whatever can go wrong and be told of, at once; VALUE stands wherever one can. */
static void make_worst_host(const char *value)
{
	struct module_file *file;

	if (*value)
		set_kernel(DIALECT_MAINLINE, value);
	snapshot.mask = UINT64_C(1) << 63 | 0x202b01;
	file = set_file(add_module(value, "PE\"O"), MODULE_SIGNATURE_X509, value);
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		set_word(file, word, value);
	set_sysfs(add_module(value, "F"), "");
	assert_int_equal(module_list_add_unlisted(&snapshot.modules, value, 1), 0);
	for (enum posture posture = 0; posture < POSTURE_COUNT; posture++)
		snapshot.posture[posture] =
			(struct reading){ .known = true, .value = posture + 2 };
	snapshot.lockdown =
		(struct reading){ .known = true, .value = LOCKDOWN_INTEGRITY };
	fail_source(&snapshot.posture_result, "cmdline", -EACCES);
}

/*
 * Lets every allocation on the way fail, alone or with all behind it, with and without
 * room in the text: what WRITE appends is whole or has the error.
 */
static void assert_whole_or_error(void (*write)(struct text *text))
{
	for (int kind = 0; kind < 4; kind++) {
		_cleanup_(text_clear) struct text whole = TEXT_INIT;
		int failures = 0;

		tell(write, &whole);
		assert_int_equal(whole.error, 0);
		fails_on = kind % 2;
		for (int calls = 0;; calls++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;
			bool is_over;

			assert_true(calls < 1000);
			if (kind / 2)
				text_reserve(&text, 2 * whole.length);
			calls_left = calls;
			write(&text);
			is_over = calls_left > 0;
			calls_left = -1;
			if (text.error) {
				assert_int_equal(text.error, -ENOMEM);
				failures++;
				continue;
			}
			assert_string_equal(text_string(&text), text_string(&whole));
			if (is_over)
				break;
		}
		assert_true(failures > 10);
	}
}

/* What would like to be more than a value. */
static const char *const hostile[] = {
	"\x1b[31mred\x1b[0m",
	"\x1b]0;title\x07",
	"\n  modules       none\n\nposture",
	"\r\n\t\v\f\b",
	"\x7f\xc2\x9b\x33\x31m\xc2\x80\xc2\x9f",
	"\x9b\x33\x31m\xff\xfe\x80",
	"\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82",
	"\",\"tainted\":false,\"x\":\"",
	"}],\"mask\":0}",
	"\\",
	"%s%n%d%",
	"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7",
};
