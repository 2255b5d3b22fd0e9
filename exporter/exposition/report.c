/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports in text and JSON. Must not judge: the verdict is model's.
 */
#include "exposition/report.h"

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "exposition/lines.h"
#include "exposition/sheet.h"
#include "model/dialect.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "model/verdict.h"

static void add_word(struct sheet *sheet, const char *label,
                     const struct module_file *file, enum module_word word)
{
	sheet_add(sheet, label, module_file_word(file, word));
}

static const struct taint_fact *fact_of(const struct report_module *report, char letter)
{
	return report->dialect ? report->dialect->letters[(unsigned char)letter] : NULL;
}

static void add_why(const struct report_module *report, struct text *sentence)
{
	if (report->is_builtin)
		verdict_builtin_write(sentence);
	else if (report->record)
		verdict_loaded_write(report->dialect, report->record->letters,
		                     report->file, sentence);
	else
		verdict_unloaded_write(report->dialect, report->file, sentence);
}

/* Of the loaded module; empty if it is not loaded or carries none. */
static void add_letters(const struct report_module *report, struct text *letters)
{
	if (report->record)
		dialect_letters_write(report->dialect, report->record->letters, letters);
}

/* 1: the file differs from what is loaded; 0: it does not; -1: nobody knows. */
static int compare(const struct report_module *report)
{
	if (!report->record || !report->record->loaded)
		return -1;
	return module_build_compare(report->record->loaded, &report->file->build);
}

static void add_loaded(const struct report_module *report, struct sheet *sheet)
{
	_cleanup_(text_clear) struct text letters = TEXT_INIT;

	add_letters(report, &letters);
	sheet_add(sheet, "loaded",
	          report->is_builtin      ? "built into the kernel"
	          : report->record        ? "yes"
	          : report->is_list_known ? "no"
	                                  : "unknown");
	for (const char *letter = text_string(&letters); *letter; letter++) {
		_cleanup_(text_clear) struct text flag = TEXT_INIT;
		const struct taint_fact *fact = fact_of(report, *letter);

		text_add_char(&flag, *letter);
		text_add_string(&flag, ": ");
		text_add_string(&flag, fact ? taint_fact_meaning(fact) : "unknown");
		sheet_add_text(sheet, letter == text_string(&letters) ? "flags" : "",
		               &flag);
	}
	if (letters.error)
		sheet->text->error = letters.error;
}

static void add_license(const struct module_file *file, struct sheet *sheet)
{
	const char *license = module_file_word(file, MODULE_WORD_LICENSE);
	_cleanup_(text_clear) struct text value = TEXT_INIT;

	text_add_string(&value, *license ? license : "none");
	text_add_string(&value, module_license_is_gpl_compatible(license)
	                                ? " (compatible with the GPL)"
	                                : " (not compatible with the GPL)");
	sheet_add_text(sheet, "licence", &value);
}

static void add_place(const struct module_file *file, struct sheet *sheet)
{
	if (*file->path)
		sheet_add(sheet, "file", file->path);
	else if (file->signature == MODULE_SIGNATURE_MISSING)
		sheet_add(sheet, "file", "none was found");
	else
		sheet_add(sheet, "file", "not known");
	if (file->error && *file->path)
		sheet_add(sheet, "error", error_words(file->error));
}

static void add_signature(const struct module_file *file, struct sheet *sheet)
{
	sheet_add(sheet, "signature", module_signature_name(file->signature));
	add_word(sheet, "signer", file, MODULE_WORD_SIGNER);
	add_word(sheet, "key", file, MODULE_WORD_SIG_KEY);
	add_word(sheet, "digest", file, MODULE_WORD_SIG_HASHALGO);
	sheet_add(sheet, "verified", module_verified_name(file->verified));
}

static void add_origin(const struct module_file *file, struct sheet *sheet)
{
	if (file->error)
		return;
	add_license(file, sheet);
	add_word(sheet, "version", file, MODULE_WORD_VERSION);
}

static void add_build(const struct module_file *file, struct sheet *sheet)
{
	if (file->error)
		return;
	add_word(sheet, "srcversion", file, MODULE_WORD_SRCVERSION);
	sheet_add(sheet, "in tree", file->words[MODULE_WORD_INTREE] ? "yes" : "no");
	add_word(sheet, "vermagic", file, MODULE_WORD_VERMAGIC);
}

/* What is made of it all. */
static void add_verdict(const struct report_module *report, struct sheet *sheet)
{
	static const char *const comparisons[] = {
		"cannot be compared with what is loaded",
		"is what is loaded",
		"is not what is loaded",
	};
	_cleanup_(text_clear) struct text why = TEXT_INIT;

	if (report->record && module_file_is_read(report->file))
		sheet_add(sheet, "the file", comparisons[compare(report) + 1]);
	add_why(report, &why);
	sheet_add_text(sheet, "why", &why);
}

/* It has no file; a field that its record lacks is not known. */
static void write_builtin(const struct report_module *report, struct sheet *sheet)
{
	const struct module_file *file = report->file;

	sheet_add(sheet, "built from", file->path);
	if (*module_file_word(file, MODULE_WORD_LICENSE))
		add_license(file, sheet);
	add_word(sheet, "version", file, MODULE_WORD_VERSION);
	add_verdict(report, sheet);
}

void report_module_write(const struct report_module *report, struct text *text)
{
	const struct module_file *file = report->file;
	struct sheet sheet = sheet_of(text, SHEET_PLAIN);

	lines_add_printable(text, report->name);
	text_add_char(text, '\n');
	add_loaded(report, &sheet);
	if (report->is_builtin) {
		write_builtin(report, &sheet);
		return;
	}
	add_place(file, &sheet);
	if (module_file_is_read(file)) {
		sheet_add(&sheet, "compression",
		          module_compression_name(file->compression));
		add_signature(file, &sheet);
		add_origin(file, &sheet);
		add_build(file, &sheet);
	}
	add_verdict(report, &sheet);
}

void report_loaded_write(const struct report_module *report, struct sheet *sheet)
{
	_cleanup_(text_clear) struct text title = TEXT_INIT;

	text_add_string(&title, "module ");
	text_add_string(&title, report->name);
	text_add_string(&title, " (");
	add_letters(report, &title);
	text_add_char(&title, ')');
	sheet_add_title(sheet, text_string(&title));
	add_place(report->file, sheet);
	if (module_file_is_read(report->file)) {
		add_signature(report->file, sheet);
		add_origin(report->file, sheet);
	}
	add_verdict(report, sheet);
	if (title.error)
		sheet->text->error = title.error;
}

static void add_taints(const struct report_module *report, const char *letters,
                       struct text *text)
{
	json_add_key(text, "taints");
	text_add_char(text, '[');
	for (const char *letter = letters; *letter; letter++) {
		const struct taint_fact *fact = fact_of(report, *letter);
		const char flag[] = { *letter, '\0' };

		json_add_comma(text);
		text_add_char(text, '{');
		json_add_pair(text, "flag", flag);
		json_add_pair(text, "taint", fact ? taint_slug(fact->taint) : "unknown");
		json_add_pair(text, "meaning",
		              fact ? taint_fact_meaning(fact) : "unknown");
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void add_build_id(const struct module_build *build, struct text *text)
{
	static const char digits[] = "0123456789abcdef";

	json_add_key(text, "build_id");
	text_add_char(text, '"');
	for (size_t i = 0; i < build->id_length; i++) {
		text_add_char(text, digits[build->id[i] >> 4]);
		text_add_char(text, digits[build->id[i] & 15]);
	}
	text_add_char(text, '"');
}

static void add_file_pairs(const struct report_module *report, struct text *text)
{
	static const enum module_word words[] = {
		MODULE_WORD_SIG_ID,       MODULE_WORD_SIGNER,   MODULE_WORD_SIG_KEY,
		MODULE_WORD_SIG_HASHALGO, MODULE_WORD_LICENSE,  MODULE_WORD_VERSION,
		MODULE_WORD_SRCVERSION,   MODULE_WORD_VERMAGIC,
	};
	const struct module_file *file = report->file;
	const char *license = module_file_word(file, MODULE_WORD_LICENSE);
	bool is_read = module_file_is_read(file) && !file->error;

	json_add_pair(text, "path", file->path);
	json_add_pair(text, "error", file->error ? error_words(file->error) : "");
	json_add_pair(text, "compression",
	              module_file_is_read(file)
	                      ? module_compression_name(file->compression)
	                      : NULL);
	json_add_pair(text, "signature",
	              report->is_builtin ? NULL : module_signature_name(file->signature));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_add_pair(text, module_word_name(words[i]),
		              module_file_word(file, words[i]));
	json_add_pair(text, "verified", module_verified_name(file->verified));
	json_add_switch(text, "gpl_compatible",
	                is_read || (report->is_builtin && *license),
	                module_license_is_gpl_compatible(license));
	json_add_switch(text, "intree", is_read || report->is_builtin,
	                report->is_builtin || file->words[MODULE_WORD_INTREE]);
	add_build_id(&file->build, text);
}

/* The members from flags to why. */
static void add_pairs(const struct report_module *report, struct text *text)
{
	_cleanup_(text_clear) struct text letters = TEXT_INIT, why = TEXT_INIT;
	int differs = compare(report);

	add_letters(report, &letters);
	add_why(report, &why);
	json_add_pair(text, "flags", text_string(&letters));
	add_taints(report, text_string(&letters), text);
	add_file_pairs(report, text);
	json_add_switch(text, "file_differs", differs >= 0, differs > 0);
	json_add_pair(text, "why", text_string(&why));
	if (letters.error || why.error)
		text->error = letters.error ? letters.error : why.error;
}

void report_module_json_write(const struct report_module *report, struct text *text)
{
	text_add_char(text, '{');
	json_add_pair(text, "argument", report->argument);
	json_add_pair(text, "module", report->name);
	json_add_switch(text, "loaded", report->is_list_known, report->record);
	json_add_switch(text, "builtin", report->is_builtin_known, report->is_builtin);
	add_pairs(report, text);
	text_add_char(text, '}');
}

void report_loaded_json_write(const struct report_module *report, struct text *text)
{
	text_add_char(text, '{');
	json_add_pair(text, "module", report->name);
	add_pairs(report, text);
	text_add_char(text, '}');
}
