/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that files say: which files are asked, and whose file is found, by what is
 * known of each.
 */
#include "sources/module_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/modules_dep.h"

#define PREFIX "/lib/modules/6.1.0/"

/* The candidates of a modules.dep with these bytes; for module_names_clear(). */
static struct module_names list(const char *bytes)
{
	_cleanup_(modules_dep_clear) struct modules_dep dep = { 0 };
	struct module_names names = { 0 };

	text_add_string(&dep.folder, PREFIX);
	text_add_string(&dep.text, bytes);
	assert_int_equal(modules_dep_parse(&dep), 0);
	assert_int_equal(module_names_list(&dep, &names), 0);
	assert_true(names.is_listed);
	return names;
}

static void candidates_are_below_the_folders_of_what_was_added(void **state)
{
	static const struct {
		const char *listed, *path; /* NULL: it is none */
	} rows[] = {
		{ "updates/a.ko", PREFIX "updates/a.ko" },
		{ "updates/dkms/a.ko.xz", PREFIX "updates/dkms/a.ko.xz" },
		{ "extra/vendor/deep/a.ko", PREFIX "extra/vendor/deep/a.ko" },
		{ "misc/a.ko", PREFIX "misc/a.ko" },
		{ "weak-updates/vendor/a.ko", PREFIX "weak-updates/vendor/a.ko" },
		{ PREFIX "updates/a.ko", PREFIX "updates/a.ko" },
		{ "kernel/updates/a.ko", NULL },
		{ "kernel/drivers/misc/a.ko", NULL },
		{ PREFIX "kernel/extra/a.ko", NULL },
		{ "updates.ko", NULL },
		{ "updates-old/a.ko", NULL },
		{ "extramodules/a.ko", NULL },
		{ "a.ko", NULL },
		{ "/updates/a.ko", NULL },
		{ "/lib/modules/6.1.1/updates/a.ko", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(module_names_clear) struct module_names names = { 0 };
		char bytes[128];

		snprintf(bytes, sizeof(bytes), "%s: extra/b.ko\n", rows[i].listed);
		names = list(bytes);
		if (names.count != (rows[i].path != NULL) || names.is_cut ||
		    (rows[i].path && strcmp(names.files[0].path, rows[i].path) != 0))
			fail_msg("%s", rows[i].listed);
	}
}

static void of_too_many_candidates_the_first_are_taken(void **state)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;

	(void)state;
	for (uint64_t i = 0; i <= MODULE_NAMES_MAX; i++) {
		_cleanup_(module_names_clear) struct module_names names = { 0 };
		bool is_cut = i == MODULE_NAMES_MAX;

		/* Names whose order is another than that of the list. */
		text_add_string(&bytes, "extra/m");
		text_add_number(&bytes, MODULE_NAMES_MAX - i);
		text_add_string(&bytes, ".ko:\n");
		if (i < MODULE_NAMES_MAX - 1)
			continue;
		names = list(text_string(&bytes));
		assert_int_equal(names.is_cut, is_cut);
		assert_int_equal(names.count, MODULE_NAMES_MAX);
		assert_string_equal(names.files[0].path, PREFIX "extra/m4096.ko");
	}
}

static void a_module_is_found_by_what_is_known(void **state)
{
	static const struct {
		struct {
			const char *name;
			bool is_tried, is_claimed;
			int error;
		} files[2];
		bool is_cut;
		const char *sought;
		int result;
	} rows[] = {
		{ { { "other", true, false, 0 }, { "one", true, false, 0 } },
		  false,
		  "one",
		  0 },
		{ { { NULL, true, false, 0 }, { "o-ne", true, false, 0 } },
		  false,
		  "o_ne",
		  0 },
		{ { { NULL, true, false, 0 }, { "one", true, false, 0 } },
		  false,
		  "on",
		  -ENOENT },
		{ { { NULL, true, false, 0 }, { "one", true, false, 0 } },
		  false,
		  "",
		  -ENOENT },
		/* One that is not read yet, or could not be, may be any module. */
		{ { { NULL, false, false, 0 }, { "one", true, false, 0 } },
		  false,
		  "one",
		  -EAGAIN },
		{ { { NULL, true, false, -EIO }, { "one", true, false, 0 } },
		  false,
		  "one",
		  0 },
		{ { { NULL, true, false, -EIO }, { "one", true, false, 0 } },
		  false,
		  "two",
		  -EIO },
		{ { { "two", true, false, 0 }, { "one", true, false, 0 } },
		  true,
		  "three",
		  -EFBIG },
		/* Not if it is a loaded module's. */
		{ { { NULL, false, true, 0 }, { "one", true, false, 0 } },
		  false,
		  "one",
		  0 },
		{ { { NULL, true, true, -EIO }, { "one", true, false, 0 } },
		  false,
		  "two",
		  -ENOENT },
		{ { { "two", true, false, 0 }, { "one", true, true, 0 } },
		  false,
		  "one",
		  -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char paths[2][2] = { "a", "b" };
		struct module_names_file files[2] = { { .path = paths[0] },
			                              { .path = paths[1] } };
		const struct module_names names = { .files = files,
			                            .count = 2,
			                            .is_cut = rows[i].is_cut };
		_cleanup_(text_clear) struct text path = TEXT_INIT;
		int r;

		for (size_t k = 0; k < 2; k++) {
			files[k].name = (char *)rows[i].files[k].name;
			files[k].was_tried = rows[i].files[k].is_tried;
			files[k].is_claimed = rows[i].files[k].is_claimed;
			files[k].error = rows[i].files[k].error;
		}
		r = module_names_find(&names, NULL, rows[i].sought, &path);
		if (r != rows[i].result ||
		    strcmp(text_string(&path), r == 0 ? "b" : "") != 0)
			fail_msg("row %zu: %d, %s", i, r, text_string(&path));
	}
}

static void a_file_that_was_read_again_may_say_another_name(void **state)
{
	static const struct {
		const char *path, *name;
		int error;
		bool is_news;
		const char *known; /* what it says then */
	} rows[] = {
		{ PREFIX "extra/a.ko", "one", 0, true, "one" },
		{ PREFIX "extra/a.ko", "one", 0, false, "one" },
		/* Nothing is known of it now: what it said stays. */
		{ PREFIX "extra/a.ko", "two", -EIO, false, "one" },
		{ PREFIX "extra/stranger.ko", "two", 0, false, "one" },
		{ PREFIX "extra/a.ko", "two", 0, true, "two" },
		{ PREFIX "extra/a.ko", "", 0, true, NULL },
	};
	_cleanup_(module_names_clear) struct module_names names = list("extra/a.ko:\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct module_file *file = module_file_new(rows[i].path);
		const char *known;

		file->signature = MODULE_SIGNATURE_NONE;
		file->error = rows[i].error;
		assert_int_equal(module_file_set_word(file, MODULE_WORD_NAME,
		                                      rows[i].name, strlen(rows[i].name)),
		                 0);
		if (module_names_update(&names, file) != rows[i].is_news)
			fail_msg("row %zu: news", i);
		known = names.files[0].name;
		if (!known != !rows[i].known ||
		    (known && strcmp(known, rows[i].known) != 0))
			fail_msg("row %zu: %s", i, known ? known : "none");
		module_file_free(file);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_are_below_the_folders_of_what_was_added),
		cmocka_unit_test(of_too_many_candidates_the_first_are_taken),
		cmocka_unit_test(a_module_is_found_by_what_is_known),
		cmocka_unit_test(a_file_that_was_read_again_may_say_another_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
