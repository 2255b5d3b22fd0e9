/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure Boot: what the kernel makes of its variables, and what is known without them.
 */
#include "sources/secure_boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tree.h"

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);

#define EFI         "sys/firmware/efi/efivars/"
#define SECURE_BOOT EFI "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SETUP_MODE  EFI "SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define MOK_STATE   EFI "MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"
#define OTHER       EFI "Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static int pread_error;    /* 0: it works */
static int pread_fails_at; /* and all that follow */

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	if (pread_error && pread_fails_at-- <= 0) {
		errno = pread_error;
		return -1;
	}
	return __real_pread(fd, bytes, size, offset);
}

static int setup(void **state)
{
	pread_error = 0;
	return tree_setup(state);
}

static struct secure_boot read_all(void)
{
	struct secure_boot secure_boot;
	struct hostfs *fs = tree_hostfs();

	memset(&secure_boot, 0xff, sizeof(secure_boot));
	secure_boot_read(fs, &secure_boot);
	hostfs_free(fs);
	assert_non_null(secure_boot.result.file);
	return secure_boot;
}

static void assert_known(uint64_t value)
{
	struct secure_boot secure_boot = read_all();

	assert_int_equal(secure_boot.result.error, 0);
	assert_true(secure_boot.reading.known);
	assert_int_equal(secure_boot.reading.value, value);
}

static void assert_absent(enum absence absence, int error)
{
	struct secure_boot secure_boot = read_all();

	assert_int_equal(secure_boot.result.error, error);
	assert_false(secure_boot.reading.known);
	assert_int_equal(secure_boot.reading.absence, absence);
}

static void efi_variable_parse_takes_one_byte_behind_four(void **state)
{
	static const char bytes[] = "\x07\x80\x00\xff\x01\x01\x01\x01";
	struct efi_variable variable = { 0 };

	(void)state;
	for (size_t length = 0; length < sizeof(bytes); length++)
		if (length != 5)
			assert_int_equal(efi_variable_parse(bytes, length, &variable),
			                 length < 5 ? -EBADMSG : -EFBIG);
	assert_int_equal(variable.attributes, 0);
	assert_int_equal(efi_variable_parse(bytes, 5, &variable), 0);
	assert_int_equal(variable.attributes, 0xff008007);
	assert_int_equal(variable.value, 1);
}

#define SIX   "\x06\0\0\0"
#define SEVEN "\x07\0\0\0" /* not volatile */

/* As literals of LENGTH; NULL: there is no such variable. */
struct bytes {
	const char *bytes;
	size_t length;
};

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
#define NONE            \
	{               \
		NULL, 0 \
	}

static void write_variable(const char *path, const struct bytes *variable)
{
	if (variable->bytes)
		tree_write_bytes(path, variable->bytes, variable->length);
}

static void secure_boot_read_decides_as_the_kernel_does(void **state)
{
	static const struct {
		struct bytes secure_boot, setup_mode, mok_state;
		uint64_t value;
	} rows[] = {
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), NONE, 1 },
		{ BYTES(SIX "\0"), BYTES(SIX "\0"), NONE, 0 },
		{ BYTES(SIX "\1"), BYTES(SIX "\1"), NONE, 0 },
		{ BYTES(SIX "\0"), BYTES(SIX "\1"), NONE, 0 },
		/* shim: validation on, off, and off by somebody else than shim. */
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), BYTES(SIX "\0"), 1 },
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), BYTES(SIX "\1"), 0 },
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), BYTES(SIX "\2"), 1 },
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), BYTES(SEVEN "\1"), 1 },
		{ BYTES(SIX "\0"), BYTES(SIX "\0"), BYTES(SIX "\1"), 0 },
		{ BYTES(SIX "\1"), BYTES(SIX "\1"), BYTES(SIX "\0"), 0 },
		/* A value that is longer than one byte the kernel does not get. */
		{ BYTES(SIX "\1"), BYTES(SIX "\0"), BYTES(SIX "\1\1"), 1 },
		{ BYTES(SIX "\1"), BYTES(SIX "\1\1"), BYTES(SIX "\0"), 1 },
		/* Only zero is off, only one is setup. */
		{ BYTES(SIX "\2"), BYTES(SIX "\2"), NONE, 1 },
		{ BYTES(SIX "\1"), NONE, NONE, 1 },
		{ NONE, BYTES(SIX "\0"), NONE, 0 },
		/* What cannot be understood does not matter when it is off. */
		{ BYTES(SIX "\0"), BYTES(""), BYTES("1"), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_teardown(state);
		tree_setup(state);
		write_variable(SECURE_BOOT, &rows[i].secure_boot);
		write_variable(SETUP_MODE, &rows[i].setup_mode);
		write_variable(MOK_STATE, &rows[i].mok_state);
		assert_known(rows[i].value);
	}
}

static void secure_boot_read_of_firmware_without_it_is_off(void **state)
{
	(void)state;
	tree_write(OTHER, "");
	assert_known(0);
}

static void secure_boot_read_without_variables_tells_why(void **state)
{
	(void)state;
	assert_absent(ABSENCE_HIDDEN, 0);
	tree_folder("sys/firmware");
	assert_absent(ABSENCE_HIDDEN, 0);
	tree_write("sys/firmware/acpi/pm_profile", "0\n");
	assert_absent(ABSENCE_NOT_OFFERED, 0);
	tree_folder("sys/firmware/efi/efivars");
	assert_absent(ABSENCE_HIDDEN, 0);
}

static void secure_boot_read_of_broken_variables_is_a_failure(void **state)
{
	static const struct {
		const char *path;
		struct bytes bytes;
		int error;
	} rows[] = {
		{ SECURE_BOOT, BYTES(""), -EBADMSG },
		{ SECURE_BOOT, BYTES(SIX), -EBADMSG },
		{ SECURE_BOOT, BYTES(SIX "\1\1"), -EFBIG },
		{ SETUP_MODE, BYTES("1\n"), -EBADMSG },
		{ MOK_STATE, BYTES("\6"), -EBADMSG },
	};
	static const struct bytes on = BYTES(SIX "\1"), off = BYTES(SIX "\0");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		write_variable(SECURE_BOOT, &on);
		write_variable(SETUP_MODE, &off);
		write_variable(MOK_STATE, &off);
		write_variable(rows[i].path, &rows[i].bytes);
		assert_absent(ABSENCE_UNREADABLE, rows[i].error);
	}
}

static void secure_boot_read_of_denied_variables_is_hidden(void **state)
{
	static const struct bytes on = BYTES(SIX "\1"), off = BYTES(SIX "\0");

	(void)state;
	write_variable(SECURE_BOOT, &on);
	write_variable(SETUP_MODE, &off);
	write_variable(MOK_STATE, &off);
	/* Whichever of the three it is, and those behind it. */
	for (int at = 0; at < 3; at++) {
		pread_error = EACCES;
		pread_fails_at = at;
		assert_absent(ABSENCE_HIDDEN, 0);
		pread_error = EIO;
		pread_fails_at = at;
		assert_absent(ABSENCE_UNREADABLE, -EIO);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(efi_variable_parse_takes_one_byte_behind_four),
		TEST(secure_boot_read_decides_as_the_kernel_does),
		TEST(secure_boot_read_of_firmware_without_it_is_off),
		TEST(secure_boot_read_without_variables_tells_why),
		TEST(secure_boot_read_of_broken_variables_is_a_failure),
		TEST(secure_boot_read_of_denied_variables_is_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
