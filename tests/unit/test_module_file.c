/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a module's file: words that are cut, licences to the letter, names and
 * builds compared.
 */
#include "model/module_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void words_are_cut_and_keep_their_own_value(void **state)
{
	static const size_t lengths[] = { 0, 1, 255, 256, 257, 9999 };
	struct module_file *file = module_file_new("/x.ko");
	enum module_word word;
	char value[10000];

	(void)state;
	assert_int_equal(MODULE_WORD_MAX, 256);
	memset(value, 'x', sizeof(value));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		module_file_set_word(file, MODULE_WORD_VERSION, value, lengths[i]);
		assert_int_equal(strlen(module_file_word(file, MODULE_WORD_VERSION)),
		                 lengths[i] < 256 ? lengths[i] : 256);
	}
	/* intree is a matter of being there. */
	module_file_set_word(file, MODULE_WORD_INTREE, "", 0);
	assert_non_null(file->words[MODULE_WORD_INTREE]);
	assert_null(file->words[MODULE_WORD_LICENSE]);
	assert_string_equal(module_file_word(file, MODULE_WORD_LICENSE), "");
	assert_true(module_word_parse("sig_key", &word) && word == MODULE_WORD_SIG_KEY);
	assert_false(module_word_parse("licence", &word));
	module_file_free(file);
}

static void a_key_is_written_as_modinfo_prints_it(void **state)
{
	static const unsigned char key[] = { 0x66, 0xf5, 0x4e, 0x00, 0x0a, 0xff };
	struct module_file *file = module_file_new("/x.ko");
	unsigned char large[4096] = { 0 };

	(void)state;
	module_file_set_key(file, key, sizeof(key));
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY),
	                    "66:F5:4E:00:0A:FF");
	module_file_set_key(file, key, 1);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), "66");
	module_file_set_key(file, key, 0);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIG_KEY), "");
	module_file_set_key(file, large, 85);
	assert_int_equal(strlen(module_file_word(file, MODULE_WORD_SIG_KEY)), 254);
	module_file_set_key(file, large, sizeof(large));
	assert_in_range(strlen(module_file_word(file, MODULE_WORD_SIG_KEY)), 254, 256);
	module_file_free(file);
}

/* include/linux/license.h */
static void a_licence_is_compatible_to_the_letter(void **state)
{
	static const struct {
		const char *license;
		bool is_compatible;
	} rows[] = {
		{ "GPL", true },
		{ "GPL v2", true },
		{ "GPL and additional rights", true },
		{ "Dual BSD/GPL", true },
		{ "Dual MIT/GPL", true },
		{ "Dual MPL/GPL", true },
		{ "", false },
		{ "GPL ", false },
		{ " GPL", false },
		{ "GPL\n", false },
		{ "gpl", false },
		{ "GP", false },
		{ "GPL v3", false },
		{ "GPL V2", false },
		{ "GPL v2+", false },
		{ "GPL-2.0", false },
		{ "LGPL", false },
		{ "BSD", false },
		{ "Dual GPL/BSD", false },
		{ "Dual BSD/GPL v2", false },
		{ "GPL and additional right", false },
		{ "Proprietary", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (module_license_is_gpl_compatible(rows[i].license) !=
		    rows[i].is_compatible)
			fail_msg("'%s'", rows[i].license);
}

static void names_differ_by_all_but_minus_and_underscore(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "snd_hda", "snd-hda", 0 }, { "", "", 0 },
		{ "a", "ab", -1 },           { "ab", "a", 1 },
		{ "a-b", "a_c", -1 },        { "b", "a", 1 },
		{ "a_", "aB", 1 },           { "\xff", "a", 1 },
		{ "a-", "ab", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int order = module_name_compare(rows[i].a, strlen(rows[i].a), rows[i].b,
		                                strlen(rows[i].b));

		if ((order > 0) - (order < 0) != rows[i].order)
			fail_msg("%s, %s: %d", rows[i].a, rows[i].b, order);
	}
}

static struct module_build build_of(const char *id, const char *srcversion)
{
	struct module_build build = { .id_length = strlen(id) };

	memcpy(build.id, id, strlen(id));
	strcpy(build.srcversion, srcversion);
	return build;
}

static void builds_are_compared_by_id_or_else_by_srcversion(void **state)
{
	static const struct {
		const char *id, *srcversion, *file_id, *file_srcversion;
		int differs;
	} rows[] = {
		{ "", "", "", "", -1 },
		{ "a", "", "", "", -1 },
		{ "", "", "a", "", -1 },
		{ "", "s", "", "", -1 },
		{ "", "", "", "s", -1 },
		{ "a", "", "", "s", -1 },
		{ "", "s", "a", "", -1 },
		{ "a", "", "a", "", 0 },
		{ "a", "", "b", "", 1 },
		{ "a", "", "ab", "", 1 },
		{ "ab", "", "a", "", 1 },
		{ "01234567890123456789", "", "01234567890123456789", "", 0 },
		{ "01234567890123456789", "", "0123456789012345678x", "", 1 },
		{ "", "s", "", "s", 0 },
		{ "", "s", "", "st", 1 },
		/* The ID counts where both have one, whatever the other says. */
		{ "a", "s", "a", "t", 0 },
		{ "a", "s", "b", "s", 1 },
		/* And only there. */
		{ "a", "s", "", "s", 0 },
		{ "", "s", "a", "t", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct module_build loaded = build_of(rows[i].id, rows[i].srcversion);
		struct module_build on_disk =
			build_of(rows[i].file_id, rows[i].file_srcversion);

		if (module_build_compare(&loaded, &on_disk) != rows[i].differs)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut_and_keep_their_own_value),
		cmocka_unit_test(a_key_is_written_as_modinfo_prints_it),
		cmocka_unit_test(a_licence_is_compatible_to_the_letter),
		cmocka_unit_test(names_differ_by_all_but_minus_and_underscore),
		cmocka_unit_test(builds_are_compared_by_id_or_else_by_srcversion),
	};

	return cmocka_run_group_tests_name("module_file", tests, NULL, NULL);
}
