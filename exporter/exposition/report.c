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
#include "model/dialect.h"
#include "model/module_file.h"
#include "model/snapshot.h"
#include "model/verdict.h"

static void add_word_line(struct text *text, const char *label,
                          const struct module_file *file, enum module_word word)
{
	lines_add(text, label, module_file_word(file, word));
}

static const struct taint_fact *fact_of(const struct report_module *report, char letter)
{
	return report->dialect ? report->dialect->letters[(unsigned char)letter] : NULL;
}

static void add_why(const struct report_module *report, struct text *sentence)
{
	if (report->record)
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

static void add_loaded(const struct report_module *report, struct text *text)
{
	_cleanup_(text_clear) struct text letters = TEXT_INIT;

	add_letters(report, &letters);
	lines_add(text, "loaded",
	          report->record          ? "yes"
	          : report->is_list_known ? "no"
	                                  : "unknown");
	for (const char *letter = text_string(&letters); *letter; letter++) {
		const struct taint_fact *fact = fact_of(report, *letter);

		lines_add_label(text, letter == text_string(&letters) ? "flags" : "");
		text_add_char(text, *letter);
		text_add_string(text, ": ");
		text_add_string(text, fact ? taint_meaning(fact->taint) : "unknown");
		text_add_char(text, '\n');
	}
	if (letters.error)
		text->error = letters.error;
}

static void add_license(const struct module_file *file, struct text *text)
{
	const char *license = module_file_word(file, MODULE_WORD_LICENSE);

	lines_add_label(text, "licence");
	lines_add_printable(text, *license ? license : "none");
	text_add_string(text, module_license_is_gpl_compatible(license)
	                              ? " (compatible with the GPL)\n"
	                              : " (not compatible with the GPL)\n");
}

static void add_place(const struct module_file *file, struct text *text)
{
	if (*file->path)
		lines_add(text, "file", file->path);
	else if (file->signature == MODULE_SIGNATURE_MISSING)
		lines_add(text, "file", "none was found");
	else
		lines_add(text, "file", "not known");
	if (file->error && *file->path)
		lines_add(text, "error", error_words(file->error));
}

static void add_signature(const struct module_file *file, struct text *text)
{
	lines_add(text, "signature", module_signature_name(file->signature));
	add_word_line(text, "signer", file, MODULE_WORD_SIGNER);
	add_word_line(text, "key", file, MODULE_WORD_SIG_KEY);
	add_word_line(text, "digest", file, MODULE_WORD_SIG_HASHALGO);
	lines_add(text, "verified", module_verified_name(file->verified));
}

static void add_origin(const struct module_file *file, struct text *text)
{
	if (file->error)
		return;
	add_license(file, text);
	add_word_line(text, "version", file, MODULE_WORD_VERSION);
}

static void add_build(const struct module_file *file, struct text *text)
{
	if (file->error)
		return;
	add_word_line(text, "srcversion", file, MODULE_WORD_SRCVERSION);
	lines_add(text, "in tree", file->words[MODULE_WORD_INTREE] ? "yes" : "no");
	add_word_line(text, "vermagic", file, MODULE_WORD_VERMAGIC);
}

/* What is made of it all. */
static void add_verdict(const struct report_module *report, struct text *text)
{
	static const char *const comparisons[] = {
		"cannot be compared with what is loaded",
		"is what is loaded",
		"is not what is loaded",
	};
	_cleanup_(text_clear) struct text why = TEXT_INIT;

	if (report->record && module_file_is_read(report->file))
		lines_add(text, "the file", comparisons[compare(report) + 1]);
	add_why(report, &why);
	lines_add(text, "why", text_string(&why));
	if (why.error)
		text->error = why.error;
}

void report_module_write(const struct report_module *report, struct text *text)
{
	const struct module_file *file = report->file;

	lines_add_printable(text, report->name);
	text_add_char(text, '\n');
	add_loaded(report, text);
	add_place(file, text);
	if (module_file_is_read(file)) {
		lines_add(text, "compression",
		          module_compression_name(file->compression));
		add_signature(file, text);
		add_origin(file, text);
		add_build(file, text);
	}
	add_verdict(report, text);
}

void report_loaded_write(const struct report_module *report, bool with_colours,
                         struct text *text)
{
	_cleanup_(text_clear) struct text title = TEXT_INIT;

	text_add_string(&title, "module ");
	text_add_string(&title, report->name);
	text_add_string(&title, " (");
	add_letters(report, &title);
	text_add_char(&title, ')');
	lines_add_coloured(text, text_string(&title), LINES_BOLD, with_colours);
	text_add_char(text, '\n');
	add_place(report->file, text);
	if (module_file_is_read(report->file)) {
		add_signature(report->file, text);
		add_origin(report->file, text);
	}
	add_verdict(report, text);
	if (title.error)
		text->error = title.error;
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
		              fact ? taint_meaning(fact->taint) : "unknown");
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

static void add_file_pairs(const struct module_file *file, struct text *text)
{
	static const enum module_word words[] = {
		MODULE_WORD_SIG_ID,       MODULE_WORD_SIGNER,   MODULE_WORD_SIG_KEY,
		MODULE_WORD_SIG_HASHALGO, MODULE_WORD_LICENSE,  MODULE_WORD_VERSION,
		MODULE_WORD_SRCVERSION,   MODULE_WORD_VERMAGIC,
	};
	bool is_read = module_file_is_read(file) && !file->error;

	json_add_pair(text, "path", file->path);
	json_add_pair(text, "error", file->error ? error_words(file->error) : "");
	json_add_pair(text, "compression",
	              module_file_is_read(file)
	                      ? module_compression_name(file->compression)
	                      : NULL);
	json_add_pair(text, "signature", module_signature_name(file->signature));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_add_pair(text, module_word_name(words[i]),
		              module_file_word(file, words[i]));
	json_add_pair(text, "verified", module_verified_name(file->verified));
	json_add_switch(text, "gpl_compatible", is_read,
	                module_license_is_gpl_compatible(
				module_file_word(file, MODULE_WORD_LICENSE)));
	json_add_switch(text, "intree", is_read, file->words[MODULE_WORD_INTREE]);
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
	add_file_pairs(report->file, text);
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
