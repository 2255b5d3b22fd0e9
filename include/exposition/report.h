/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be said of one module, for people and for programs.
 */
#pragma once

#include <stdbool.h>

struct dialect;
struct module_file;
struct module_record;
struct sheet;
struct text;

/* Everything is borrowed. */
struct report_module {
	const char *argument;               /* as it was asked for */
	const char *name;                   /* of the module */
	bool is_list_known;                 /* /proc/modules could be read */
	const struct module_record *record; /* NULL: it is not loaded */
	bool is_builtin_known;
	bool is_builtin; /* it is part of the kernel, and its file is none (builtins.h) */
	const struct module_file *file;
	const struct dialect *dialect; /* NULL: whose kernel it is for is not known */
};

/*
 * Appends a paragraph. Values are hostile: what is no text is shown as U+FFFD, also what
 * a terminal would obey.
 */
void report_module_write(const struct report_module *report, struct text *text);

/* Appends one JSON object in one line, without its end. What is not known is null. */
void report_module_json_write(const struct report_module *report, struct text *text);

/*
 * The same of one among many modules that are loaded: the argument is not needed. On the
 * sheet it is a section, and shorter.
 */
void report_loaded_write(const struct report_module *report, struct sheet *sheet);
void report_loaded_json_write(const struct report_module *report, struct text *text);
