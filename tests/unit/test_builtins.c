/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is built into a kernel: that a name is found in either list as kbuild writes them,
 * and that nothing but a record is taken for one. The records are those of
 * Debian's 6.1.0-56-cloud-amd64.
 */
#include "sources/builtins.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/module_file.h"

static const char paths[] = "kernel/arch/x86/events/amd/amd-uncore.ko\n"
			    "kernel/fs/ext4/ext4.ko\n"
			    "kernel/drivers/char/hw_random/rng-core.ko\n"
			    "kernel/drivers/nvme/host/nvme-core.ko\n"
			    "kernel/net/ipv4/tcp_cubic.ko\n";

static const char records[] = "ext4.softdep=pre: crypto-crc32c\0"
			      "ext4.license=GPL\0"
			      "ext4.file=fs/ext4/ext4\0"
			      "ext4.description=Fourth Extended Filesystem\0"
			      "ext4.alias=fs-ext4\0"
			      "rng_core.license=GPL\0"
			      "rng_core.file=drivers/char/hw_random/rng-core\0"
			      "rng_core.parmtype=default_quality:ushort\0"
			      "tcp_cubic.version=2.3\0"
			      "tcp_cubic.description=CUBIC TCP\0"
			      "tcp_cubic.license=GPL\0"
			      "tcp_cubic.file=net/ipv4/tcp_cubic\0"
			      "nvme_core.version=1.0\0"
			      "nvme_core.license=GPL\0"
			      "main.parm=pm_async:Whether devices are suspended at once\0"
			      "main.parmtype=pm_async:bool\0";

/* What both lists say of a module; an expected path of NULL: it is not built in. */
static void check_found(const struct builtins *builtins, const char *name,
                        const char *path, const char *license, const char *version)
{
	struct module_file *file = NULL;
	int r = builtins_find(builtins, name, &file);

	if (r != (path ? 0 : -ENOENT))
		fail_msg("%s: %d, not %s", name, r, path ? path : "none");
	if (!path)
		return;
	if (strcmp(file->path, path) != 0 ||
	    strcmp(module_file_word(file, MODULE_WORD_LICENSE), license) != 0 ||
	    strcmp(module_file_word(file, MODULE_WORD_VERSION), version) != 0)
		fail_msg("%s: other words, or %s, not %s, %s", name, file->path, path,
		         license);
	assert_false(module_file_is_read(file));
	module_file_free(file);
}

static struct builtins lists_of(const char *list, size_t list_length, const char *info,
                                size_t info_length)
{
	struct builtins builtins = { 0 };

	text_add(&builtins.paths, list, list_length);
	text_add(&builtins.records, info, info_length);
	return builtins;
}

static void a_name_is_found_with_what_is_said_of_it(void **state)
{
	_cleanup_(builtins_clear) struct builtins builtins =
		lists_of(paths, sizeof(paths) - 1, records, sizeof(records) - 1);

	(void)state;
	check_found(&builtins, "ext4", "kernel/fs/ext4/ext4.ko", "GPL", "");
	check_found(&builtins, "tcp_cubic", "kernel/net/ipv4/tcp_cubic.ko", "GPL", "2.3");
	check_found(&builtins, "amd_uncore", "kernel/arch/x86/events/amd/amd-uncore.ko",
	            "", "");
	check_found(&builtins, "nvme_core", "kernel/drivers/nvme/host/nvme-core.ko",
	            "GPL", "1.0");
	check_found(&builtins, "nvme-core", "kernel/drivers/nvme/host/nvme-core.ko",
	            "GPL", "1.0");
	check_found(&builtins, "rng-core", "kernel/drivers/char/hw_random/rng-core.ko",
	            "GPL", "");
	check_found(&builtins, "ext", NULL, NULL, NULL);
	check_found(&builtins, "ext44", NULL, NULL, NULL);
	check_found(&builtins, "", NULL, NULL, NULL);
	check_found(&builtins, "kernel/fs/ext4/ext4", NULL, NULL, NULL);
	/* An alias is no name, and parameters make no module. */
	check_found(&builtins, "fs_ext4", NULL, NULL, NULL);
	check_found(&builtins, "main", NULL, NULL, NULL);
}

static void either_list_alone_tells_what_is_built_in(void **state)
{
	_cleanup_(builtins_clear) struct builtins list =
		lists_of(paths, sizeof(paths) - 1, "", 0);
	_cleanup_(builtins_clear) struct builtins info =
		lists_of("", 0, records, sizeof(records) - 1);

	(void)state;
	check_found(&list, "ext4", "kernel/fs/ext4/ext4.ko", "", "");
	check_found(&info, "ext4", "", "GPL", "");
	check_found(&info, "tcp-cubic", "", "GPL", "2.3");
	check_found(&info, "amd_uncore", NULL, NULL, NULL);
}

static void what_is_no_record_is_ignored(void **state)
{
	static const struct {
		const char *info;
		size_t length;
		const char *license; /* NULL: x is not built in */
	} cases[] = {
#define RECORDS(string) string, sizeof(string) - 1
		{ RECORDS(""), NULL },
		{ RECORDS("\0\0\0"), NULL },
		{ RECORDS("x"), NULL },
		{ RECORDS("x\0"), NULL },
		{ RECORDS("x.\0"), NULL },
		{ RECORDS("x.license\0"), NULL },
		{ RECORDS("x=license.GPL\0"), NULL },
		{ RECORDS("license=GPL\0"), NULL },
		{ RECORDS(".license=GPL\0"), NULL },
		{ RECORDS("xx.license=GPL\0"), NULL },
		{ RECORDS("x.license=cut of"), NULL },
		{ RECORDS("x.file=x\0x.license=cut of"), "" },
		{ RECORDS("x.licenses=GPL\0"), NULL },
		{ RECORDS("x.a=b.license=c\0"), NULL },
		{ RECORDS("x.license=\0"), "" },
		{ RECORDS("x.license=a=b.c=d\0"), "a=b.c=d" },
		{ RECORDS("x.license=first\0x.license=second\0"), "first" },
		{ RECORDS("x.license=\xff\x1b[2J\n\0"), "\xff\x1b[2J\n" },
		{ RECORDS("\0\xff\0.\0=\0x.license=behind\0"), "behind" },
#undef RECORDS
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins =
			lists_of("", 0, cases[i].info, cases[i].length);

		check_found(&builtins, "x", cases[i].license ? "" : NULL,
		            cases[i].license, "");
	}
}

static void what_is_no_path_is_ignored(void **state)
{
	static const struct {
		const char *list, *path;
	} cases[] = {
		{ "", NULL },
		{ "\n\n\n", NULL },
		{ "x\n", NULL },
		{ "x.ko/\n", NULL },
		{ "x.ko/y.ko\n", NULL },
		{ "kernel/.ko\n", NULL },
		{ "kernel/xx.ko\n", NULL },
		{ "kernel/x.ko", NULL }, /* cut off */
		{ "x.ko\n", "x.ko" },
		{ "kernel/x.ko.xz\n", "kernel/x.ko.xz" },
		{ "\xff\n\nkernel/x.ko\nother/x.ko\n", "kernel/x.ko" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(builtins_clear) struct builtins builtins =
			lists_of(cases[i].list, strlen(cases[i].list), "", 0);

		check_found(&builtins, "x", cases[i].path, "", "");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_found_with_what_is_said_of_it),
		cmocka_unit_test(either_list_alone_tells_what_is_built_in),
		cmocka_unit_test(what_is_no_record_is_ignored),
		cmocka_unit_test(what_is_no_path_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
