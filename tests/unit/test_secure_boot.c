/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure Boot: what the kernel makes of its variables. What is known without them is
 * proven of their visibility, and in the goldens.
 */
#include "sources/secure_boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tree.h"

static void a_variable_is_one_byte_behind_four(void **state)
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

/* The bytes of a variable, which lasts from boot to boot if they begin with SEVEN. */
struct bytes {
	const char *bytes; /* NULL: there is none */
	size_t length;
};

#define SIX   "\x06\0\0\0"
#define SEVEN "\x07\0\0\0"
#define B(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}
#define NONE            \
	{               \
		NULL, 0 \
	}

static void it_is_decided_as_the_kernel_does(void **state)
{
	static const char *const paths[] = {
		"sys/firmware/efi/efivars/"
		"SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		"sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		"sys/firmware/efi/efivars/"
		"MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23",
	};
	static const struct {
		struct bytes variables[ARRAY_SIZE(paths)];
		int result; /* whether it is on, or an error */
	} rows[] = {
		{ { B(SIX "\1"), B(SIX "\0"), NONE }, 1 },
		{ { B(SIX "\0"), B(SIX "\0"), NONE }, 0 },
		{ { B(SIX "\1"), B(SIX "\1"), NONE }, 0 },
		/* shim: validation on, off, and off by somebody else than shim. */
		{ { B(SIX "\1"), B(SIX "\0"), B(SIX "\0") }, 1 },
		{ { B(SIX "\1"), B(SIX "\0"), B(SIX "\1") }, 0 },
		{ { B(SIX "\1"), B(SIX "\0"), B(SIX "\2") }, 1 },
		{ { B(SIX "\1"), B(SIX "\0"), B(SEVEN "\1") }, 1 },
		/* A value that is longer than one byte the kernel does not get. */
		{ { B(SIX "\1"), B(SIX "\0"), B(SIX "\1\1") }, 1 },
		{ { B(SIX "\1"), B(SIX "\1\1"), B(SIX "\0") }, 1 },
		{ { B(SIX "\1\1"), B(SIX "\0"), NONE }, -EFBIG },
		/* Only zero is off, only one is setup. */
		{ { B(SIX "\2"), B(SIX "\2"), NONE }, 1 },
		{ { B(SIX "\1"), NONE, NONE }, 1 },
		{ { NONE, B(SIX "\0"), NONE }, 0 },
		/* What cannot be understood does not matter when it is off. */
		{ { B(SIX "\0"), B(""), B("1") }, 0 },
		{ { B(""), B(SIX "\0"), NONE }, -EBADMSG },
		{ { B(SIX), B(SIX "\0"), NONE }, -EBADMSG },
		{ { B(SIX "\1"), B("1\n"), NONE }, -EBADMSG },
		{ { B(SIX "\1"), B(SIX "\0"), B("\6") }, -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct secure_boot found;
		struct hostfs *fs;

		tree_teardown(state);
		tree_setup(state);
		for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
			if (rows[i].variables[k].bytes)
				tree_write_bytes(paths[k], rows[i].variables[k].bytes,
				                 rows[i].variables[k].length);
		fs = tree_hostfs();
		secure_boot_read(fs, &found);
		hostfs_free(fs);
		if (found.result.error != (rows[i].result < 0 ? rows[i].result : 0) ||
		    found.reading.known != (rows[i].result >= 0) ||
		    (found.reading.known ? found.reading.value != (uint64_t)rows[i].result
		                         : found.reading.absence != ABSENCE_UNREADABLE))
			fail_msg("row %zu: %d", i, found.result.error);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_is_one_byte_behind_four),
		cmocka_unit_test_setup_teardown(it_is_decided_as_the_kernel_does,
		                                tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
