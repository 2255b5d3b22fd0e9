/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules.dep: that each name is found as depmod meant it, that nothing but a record is
 * taken for one, and that no release leads out of its folder.
 */
#include "sources/modules_dep.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define FOLDER "/lib/modules/6.1.0-56-amd64/"

/* What these bytes say; for modules_dep_clear(). */
static struct modules_dep parse(const char *bytes, size_t length)
{
	struct modules_dep dep = { 0 };

	text_add_string(&dep.folder, FOLDER);
	text_add(&dep.text, bytes, length);
	assert_int_equal(modules_dep_parse(&dep), 0);
	return dep;
}

/* EXPECTED is NULL if there is no such module. */
static void check_found(const char *row, const struct modules_dep *dep, const char *name,
                        const char *expected)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r;

	text_add_string(&path, "before:");
	r = modules_dep_find(dep, name, strlen(name), &path);
	if (r != (expected ? 0 : -ENOENT))
		fail_msg("%s: %s: %d", row, name, r);
	if (strncmp(text_string(&path), "before:", 7) != 0 ||
	    strcmp(text_string(&path) + 7, expected ? expected : "") != 0)
		fail_msg("%s: %s: %s", row, name, text_string(&path));
}

#define BYTES(bytes) bytes, sizeof(bytes) - 1

static void each_name_has_the_path_that_depmod_meant(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *name, *path; /* NULL: there is none */
	} rows[] = {
		{ BYTES(""), "a", NULL },
		{ BYTES(""), "", NULL },
		{ BYTES("kernel/net/a/a.ko.xz: kernel/net/b.ko.xz\n"), "a",
		  FOLDER "kernel/net/a/a.ko.xz" },
		{ BYTES("updates/dkms/a.ko.zst:\n"), "a",
		  FOLDER "updates/dkms/a.ko.zst" },
		{ BYTES("a.ko:\n"), "a", FOLDER "a.ko" },
		/* What is only depended on has no record, nor has part of a name. */
		{ BYTES("kernel/a.ko: kernel/b.ko kernel/c.ko\n"), "b", NULL },
		{ BYTES("kernel/loop.ko:\n"), "loo", NULL },
		{ BYTES("kernel/loop.ko:\n"), "loop1", NULL },
		{ BYTES("kernel/loop.ko:\n"), "loop.ko", NULL },
		{ BYTES("kernel/loop.ko:\n"), "kernel", NULL },
		{ BYTES("kernel/loop.ko:\n"), "", NULL },
		/* Hyphens and underscores are the same, to sorting as well. */
		{ BYTES("k/snd-hda_intel.ko:\n"), "snd_hda-intel",
		  FOLDER "k/snd-hda_intel.ko" },
		{ BYTES("k/a-.ko:\nk/a0.ko:\nk/aA.ko:\nk/aa.ko:\n"), "a_",
		  FOLDER "k/a-.ko" },
		{ BYTES("k/a-.ko:\nk/a0.ko:\nk/aA.ko:\nk/aa.ko:\n"), "aA",
		  FOLDER "k/aA.ko" },
		{ BYTES("k/a-.ko:\nk/a0.ko:\nk/aA.ko:\nk/aa.ko:\n"), "a", NULL },
		{ BYTES("k/-.ko:\n"), "_", FOLDER "k/-.ko" },
		/* Absolute, as RHEL 5 has them. */
		{ BYTES("/lib/modules/2.6.18/kernel/a.ko: /lib/modules/2.6.18/b.ko\n"),
		  "a", "/lib/modules/2.6.18/kernel/a.ko" },
		{ BYTES("/top.ko:\n"), "top", "/top.ko" },
		/* Of two the first. */
		{ BYTES("kernel/m-m.ko:\nextra/z.ko:\nextra/m_m.ko:\n"), "m_m",
		  FOLDER "kernel/m-m.ko" },
		{ BYTES("extra/m_m.ko:\nextra/z.ko:\nkernel/m-m.ko:\n"), "m_m",
		  FOLDER "extra/m_m.ko" },
		/* Any name up to the first dot. */
		{ BYTES("kernel/a.b.ko:\n"), "a", FOLDER "kernel/a.b.ko" },
		{ BYTES("kernel/a.b.ko:\n"), "a.b", NULL },
		{ BYTES("kernel/with blank.ko:\n"), "with blank",
		  FOLDER "kernel/with blank.ko" },
		{ BYTES("kernel/\xff\xfe.ko:\n"), "\xff\xfe",
		  FOLDER "kernel/\xff\xfe.ko" },
		{ BYTES("ker.nel/a.ko:\n"), "a", FOLDER "ker.nel/a.ko" },
		{ BYTES("../../../etc/a.ko:\n"), "a", FOLDER "../../../etc/a.ko" },
		/* Without the last newline. */
		{ BYTES("kernel/a.ko:"), "a", FOLDER "kernel/a.ko" },
		{ BYTES("kernel/b.ko:\nkernel/a.ko: b"), "a", FOLDER "kernel/a.ko" },
		{ BYTES("kernel/a.ko:\n\n\n"), "a", FOLDER "kernel/a.ko" },
		/* Cut off before the colon: nobody knows what stood there. */
		{ BYTES("kernel/b.ko:\nkernel/a.ko"), "a", NULL },
		{ BYTES("kernel/b.ko:\nkernel/a.ko"), "b", FOLDER "kernel/b.ko" },
		{ BYTES("k/a.ko:\n\0\0\nk/b.ko: \0x\n"), "b", FOLDER "k/b.ko" },
		{ BYTES("k/d\0.ko:\n"), "d", NULL },
		{ BYTES("\0"), "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(modules_dep_clear) struct modules_dep dep =
			parse(rows[i].bytes, rows[i].length);

		check_found(rows[i].bytes, &dep, rows[i].name, rows[i].path);
	}
}

static void what_is_no_record_is_ignored(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		":\n",
		"::::\n",
		"# kernel/a.ko kernel/b.ko\n",
		"kernel/a.ko kernel/b.ko\n",
		"a\n",
		"a:\n",
		"a: b.ko\n",
		"kernel/a: b.ko\n",
		"kernel/.ko:\n",
		".ko:\n",
		"kernel/:\n",
		"/:\n",
		".:\n",
		"/.:\n",
		" kernel/a.ko: the rest of a line\n",
		"\tkernel/a.ko: the rest of a line\n",
		"  \\\n",
		"\xff\xff\xff\n",
		"kernel.d/a: b\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char bytes[256];
		_cleanup_(modules_dep_clear) struct modules_dep dep = { 0 };

		snprintf(bytes, sizeof(bytes), "kernel/first.ko:\n%skernel/last.ko:\n",
		         lines[i]);
		dep = parse(bytes, strlen(bytes));
		if (dep.count != 2)
			fail_msg("%s: %zu records", lines[i], dep.count);
		check_found(lines[i], &dep, "first", FOLDER "kernel/first.ko");
		check_found(lines[i], &dep, "last", FOLDER "kernel/last.ko");
		check_found(lines[i], &dep, "a", NULL);
	}
}

static void a_name_is_as_long_as_is_said(void **state)
{
	static const char list[] = "loop_back 36864 0 - Live";
	static const struct {
		const char *name;
		size_t length;
		const char *path; /* NULL: there is none */
	} rows[] = {
		{ list, 4, FOLDER "k/loop.ko" },
		{ list, 9, FOLDER "k/loop-back.ko" },
		{ list, 5, NULL },
		{ "loop\0", 5, NULL },
		{ list, 0, NULL },
	};
	_cleanup_(modules_dep_clear) struct modules_dep dep =
		parse(BYTES("k/loop.ko:\nk/loop-back.ko:\n"));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text path = TEXT_INIT;
		int r = modules_dep_find(&dep, rows[i].name, rows[i].length, &path);

		if (r != (rows[i].path ? 0 : -ENOENT) ||
		    strcmp(text_string(&path), rows[i].path ? rows[i].path : "") != 0)
			fail_msg("row %zu: %d, %s", i, r, text_string(&path));
	}
}

static void every_one_of_many_is_found_and_the_first(void **state)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	_cleanup_(modules_dep_clear) struct modules_dep dep = { 0 };
	char name[32], expected[128];

	(void)state;
	for (uint64_t i = 0; i < 6000; i++) {
		text_add_string(&bytes, "kernel/m");
		text_add_number(&bytes, i * 7919 % 6000);
		text_add_string(&bytes, ".ko: kernel/m1.ko\nd");
		text_add_number(&bytes, i);
		text_add_string(&bytes, "/same.ko:\n");
	}
	dep = parse(bytes.data, bytes.length);
	assert_int_equal(dep.count, 12000);
	for (int i = 0; i < 6000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		snprintf(expected, sizeof(expected), FOLDER "kernel/m%d.ko", i);
		check_found("many", &dep, name, expected);
	}
	check_found("many", &dep, "m6000", NULL);
	check_found("many", &dep, "same", FOLDER "d0/same.ko");
}

static void no_release_leads_out_of_its_folder(void **state)
{
	static const struct {
		const char *release, *folder; /* NULL: it is refused */
	} rows[] = {
		{ "", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ "/", NULL },
		{ "a/b", NULL },
		{ "../..", NULL },
		{ "a/", NULL },
		{ "/a", NULL },
		{ "../x", NULL },
		{ "/lib/modules", NULL },
		{ "a/../b", NULL },
		{ "...", "/lib/modules/.../" },
		{ "..a", "/lib/modules/..a/" },
		{ "a..", "/lib/modules/a../" },
		{ "with blank", "/lib/modules/with blank/" },
		{ "\xff", "/lib/modules/\xff/" },
		{ "2.6.18-398.el5", "/lib/modules/2.6.18-398.el5/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_clear) struct text path = TEXT_INIT;
		int r = modules_dep_folder_add(rows[i].release, &path);

		if (r != (rows[i].folder ? 0 : -EBADMSG) ||
		    strcmp(text_string(&path), rows[i].folder ? rows[i].folder : "") != 0)
			fail_msg("%s: %d, %s", rows[i].release, r, text_string(&path));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_the_path_that_depmod_meant),
		cmocka_unit_test(what_is_no_record_is_ignored),
		cmocka_unit_test(a_name_is_as_long_as_is_said),
		cmocka_unit_test(every_one_of_many_is_found_and_the_first),
		cmocka_unit_test(no_release_leads_out_of_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
