/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modinfo: which words of which pairs are believed, of each class and byte order, and
 * that nothing that is no module has any.
 */
#include "sources/modinfo.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "fixtures.h"
#include "model/module_file.h"
#include "object.h"

static void fail_line(void *context, bool is_error, const char *line)
{
	(void)context;
	if (is_error)
		fail_msg("%s", line);
}

static struct modinfo *modinfo;

static int setup(void **state)
{
	const struct modinfo_log log = { .write = fail_line };

	(void)state;
	return modinfo_new(&log, &modinfo);
}

static int teardown(void **state)
{
	(void)state;
	modinfo = modinfo_free(modinfo);
	return 0;
}

/* Reads bytes with the zero byte that image_cut() puts behind them. */
static int read_bytes(const void *bytes, size_t length, struct module_file *file)
{
	int fd = fixtures_open(bytes, length), r;

	assert_int_equal(ftruncate(fd, (off_t)length + 1), 0);
	r = modinfo_read(modinfo, fd, file);
	close(fd);
	return r;
}

static void the_first_of_each_word_is_believed(void **state)
{
#define BYTES(bytes) bytes, sizeof(bytes) - 1
	static const struct {
		const char *bytes;
		size_t length;
		const char *license, *version, *intree;
	} rows[] = {
		{ BYTES("license=GPL\0name=a\0"), "GPL", "", "" },
		{ BYTES("license=GPL\0version=1\0license=Proprietary\0intree=Y\0"
		        "intree=N\0version=\0"),
		  "GPL", "1", "Y" },
		{ BYTES("license=\0license=GPL\0"), "", "", "" },
		/* Odd pairs. */
		{ BYTES("\0\0\0author=x\0license=a=b=c\0\0=value\0novalue\0=\0==\0"),
		  "a=b=c", "", "" },
		{ BYTES("License=GPL\0licens=GPL\0license =GPL\0"), "", "", "" },
		{ BYTES("version=\xff\xfe\n\x1b[31m\0"), "", "\xff\xfe\n\x1b[31m", "" },
		/* Without an end. */
		{ BYTES("version=1\0license=GPL"), "GPL", "1", "" },
		{ BYTES("x"), "", "", "" },
		{ BYTES("\0"), "", "", "" },
		/* What it says of a signature could be anything. */
		{ BYTES("sig_id=PKCS#7\0signer=Red Hat\0sig_key=00:11\0"
		        "sig_hashalgo=sha512\0license=GPL\0"),
		  "GPL", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (unsigned int kind = 0; kind < 4; kind++) {
			const struct object_section section = { ".modinfo", SHT_PROGBITS,
				                                rows[i].bytes,
				                                rows[i].length };
			struct module_file *file = module_file_new("");
			struct object object;

			object_init(&object, kind & 1, kind & 2, &section, 1);
			assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER,
			                                      "known", 5),
			                 0);
			if (read_bytes(object.bytes, object.length, file) < 0)
				fail_msg("row %zu, kind %u: no module", i, kind);
			for (enum module_word word = 0; word < MODULE_WORD_COUNT;
			     word++) {
				const char *expected =
					word == MODULE_WORD_LICENSE   ? rows[i].license
					: word == MODULE_WORD_VERSION ? rows[i].version
					: word == MODULE_WORD_INTREE  ? rows[i].intree
					: word == MODULE_WORD_SIGNER  ? "known"
					: word == MODULE_WORD_NAME && i == 0 ? "a"
									     : "";

				if (strcmp(module_file_word(file, word), expected) != 0)
					fail_msg("row %zu, kind %u: %s \"%s\"", i, kind,
					         module_word_name(word),
					         module_file_word(file, word));
			}
			module_file_free(file);
		}
}

static void what_is_no_module_has_no_words(void **state)
{
	static const struct object_section text = { ".text", SHT_PROGBITS, "\xc3", 1 };
	static const char *const files[] = {
		"",
		"x",
		"\x7f"
		"ELF",
		"a text that is longer than the header of an ELF file, which has 64 "
		"bytes",
	};
	struct module_file *file = module_file_new("");
	struct object object;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (read_bytes(files[i], strlen(files[i]), file) != -EBADMSG)
			fail_msg("%s", files[i]);
	assert_int_equal(modinfo_read(modinfo, -1, file), -ENOENT);
	/* One without words is a module. */
	object_init(&object, true, false, &text, 1);
	assert_int_equal(read_bytes(object.bytes, object.length, file), 0);
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		assert_string_equal(module_file_word(file, word), "");
	module_file_free(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_each_word_is_believed),
		cmocka_unit_test(what_is_no_module_has_no_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
