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

static void hidden_is_told_from_absent(void **state)
{
	static const struct {
		const char *folder; /* in sysfs, empty; NULL: none */
		const char *file;   /* in sysfs; NULL: none */
		const char *asked;
		int result;
	} rows[] = {
		/* A mask over /sys/firmware, over a part of it, or over all of sysfs. */
		{ "firmware", NULL, "firmware/efi/efivars", -EACCES },
		{ "firmware/efi", NULL, "firmware/efi/efivars", -EACCES },
		{ NULL, NULL, "firmware/efi/efivars", -EACCES },
		{ NULL, "kernel/notes", "firmware/efi/efivars", -EACCES },
		/* efivarfs is not mounted. */
		{ "firmware/efi/efivars", "firmware/efi/systab", "firmware/efi/efivars",
		  -EACCES },
		/* Booted by a BIOS, or a kernel before efivarfs. */
		{ NULL, "firmware/acpi/pm_profile", "firmware/efi/efivars", -ENOENT },
		{ NULL, "firmware/efi/systab", "firmware/efi/efivars", -ENOENT },
		{ NULL, "firmware/efi/efivars/Boot0000-x", "firmware/efi/efivars", 0 },
		/* securityfs is not mounted, not built in, mounted. */
		{ "kernel/security", "kernel/notes", "kernel/security", -EACCES },
		{ NULL, "kernel/notes", "kernel/security", -ENOENT },
		{ NULL, "kernel/security/lsm", "kernel/security", 0 },
		/* Not a folder. */
		{ NULL, "kernel/security", "kernel/security", -ENOTDIR },
		{ NULL, "firmware", "firmware/efi/efivars", -ENOTDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[64];
		struct hostfs *fs;
		int r;

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
		fs = tree_hostfs();
		r = visibility_check(fs, rows[i].asked);
		if (r != rows[i].result)
			fail_msg("row %zu: %d", i, r);
		hostfs_free(fs);
	}
}

static void every_error_has_a_meaning(void **state)
{
	static const struct {
		int error;
		enum absence absence;
	} rows[] = {
		{ -ENOENT, ABSENCE_NOT_OFFERED }, { -EACCES, ABSENCE_HIDDEN },
		{ -EPERM, ABSENCE_HIDDEN },       { -EIO, ABSENCE_UNREADABLE },
		{ -EBADMSG, ABSENCE_UNREADABLE }, { -ENOTDIR, ABSENCE_UNREADABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(visibility_absence(rows[i].error), rows[i].absence);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hidden_is_told_from_absent, tree_setup,
		                                tree_teardown),
		cmocka_unit_test(every_error_has_a_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
