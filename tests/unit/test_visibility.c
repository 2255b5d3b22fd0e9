/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visibility: which folders of sysfs are hidden, and which does the kernel not have.
 */
#include "sources/visibility.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tree.h"

struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);

static int readdir_error; /* 0: it works */

struct dirent *__wrap_readdir(DIR *folder)
{
	if (readdir_error) {
		errno = readdir_error;
		return NULL;
	}
	return __real_readdir(folder);
}

static int setup(void **state)
{
	readdir_error = 0;
	return tree_setup(state);
}

static int check(const char *folder)
{
	struct hostfs *fs = tree_hostfs();
	int r = visibility_check(fs, folder);

	hostfs_free(fs);
	return r;
}

static void visibility_check_tells_hidden_from_absent(void **state)
{
	static const struct {
		const char *folder; /* in sysfs, empty */
		const char *file;   /* in sysfs */
		const char *asked;
		int result;
	} rows[] = {
		/* A mask over /sys/firmware, over a part of it, or over all of sysfs. */
		{ "firmware", NULL, "firmware/efi/efivars", -EACCES },
		{ "firmware/efi", NULL, "firmware/efi/efivars", -EACCES },
		{ NULL, NULL, "firmware/efi/efivars", -EACCES },
		{ NULL, "kernel/notes", "firmware/efi/efivars", -EACCES },
		/* efivarfs is not mounted. */
		{ "firmware/efi/efivars", NULL, "firmware/efi/efivars", -EACCES },
		{ "firmware/efi/efivars", "firmware/efi/systab", "firmware/efi/efivars",
		  -EACCES },
		/* Booted by a BIOS, or a kernel before efivarfs. */
		{ NULL, "firmware/acpi/pm_profile", "firmware/efi/efivars", -ENOENT },
		{ NULL, "firmware/fdt", "firmware/efi/efivars", -ENOENT },
		{ NULL, "firmware/efi/systab", "firmware/efi/efivars", -ENOENT },
		{ NULL, "firmware/efi/efivars/Boot0000-x", "firmware/efi/efivars", 0 },
		/* securityfs is not mounted, not built in, mounted. */
		{ "kernel/security", "kernel/notes", "kernel/security", -EACCES },
		{ NULL, "kernel/notes", "kernel/security", -ENOENT },
		{ NULL, "kernel/security/lsm", "kernel/security", 0 },
		{ "kernel", NULL, "kernel/security", -EACCES },
		/* Not a folder. */
		{ NULL, "kernel/security", "kernel/security", -ENOTDIR },
		{ NULL, "firmware", "firmware/efi/efivars", -ENOTDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[PATH_MAX];

		tree_teardown(state);
		tree_setup(state);
		if (rows[i].folder) {
			snprintf(path, sizeof(path), "sys/%s", rows[i].folder);
			tree_folder(path);
		}
		if (rows[i].file) {
			snprintf(path, sizeof(path), "sys/%s", rows[i].file);
			tree_write(path, "");
		}
		if (check(rows[i].asked) != rows[i].result)
			fail_msg("row %zu: %d", i, check(rows[i].asked));
	}
}

static void visibility_check_without_a_sysfs_is_hidden(void **state)
{
	(void)state;
	tree_delete("sys");
	assert_int_equal(check("kernel/security"), -EACCES);
}

static void visibility_check_gives_the_error_of_looking(void **state)
{
	static const int errors[] = { EACCES, EPERM, EIO };

	(void)state;
	tree_write("sys/firmware/efi/systab", "");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		readdir_error = errors[i];
		assert_int_equal(check("firmware/efi"), -errors[i]);
		assert_int_equal(check("firmware/efi/efivars"), -errors[i]);
	}
}

static void visibility_absence_has_a_meaning_for_every_error(void **state)
{
	static const struct {
		int error;
		enum absence absence;
	} rows[] = {
		{ -ENOENT, ABSENCE_NOT_OFFERED }, { -EACCES, ABSENCE_HIDDEN },
		{ -EPERM, ABSENCE_HIDDEN },       { -EIO, ABSENCE_UNREADABLE },
		{ -ENOMEM, ABSENCE_UNREADABLE },  { -EBADMSG, ABSENCE_UNREADABLE },
		{ -ETIME, ABSENCE_UNREADABLE },   { -ENOTDIR, ABSENCE_UNREADABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(visibility_absence(rows[i].error), rows[i].absence);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(visibility_check_tells_hidden_from_absent),
		TEST(visibility_check_without_a_sysfs_is_hidden),
		TEST(visibility_check_gives_the_error_of_looking),
		TEST(visibility_absence_has_a_meaning_for_every_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
