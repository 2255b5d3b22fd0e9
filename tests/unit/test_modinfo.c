/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of modinfo(8): those of real modules and of made ones, that what libkmod has
 * to say comes here and nowhere else, and that no part of a module ends this process.
 * Knows libkmod and the memory, which it lets fail.
 */
#include "sources/modinfo.h"

#include <errno.h>
#include <libkmod.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <syslog.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "model/module_file.h"
#include "object.h"
#include "sources/elf_module.h"
#include "sources/trailer.h"
#include "tree.h"

typedef void log_function(void *data, int priority, const char *file, int line,
                          const char *function, const char *format, va_list arguments);

struct kmod_ctx *__real_kmod_new(const char *folder, const char *const *paths);
struct kmod_ctx *__wrap_kmod_new(const char *folder, const char *const *paths);
void __real_kmod_set_log_fn(struct kmod_ctx *context, log_function *function,
                            const void *data);
void __wrap_kmod_set_log_fn(struct kmod_ctx *context, log_function *function,
                            const void *data);
int __real_kmod_module_get_info(const struct kmod_module *module,
                                struct kmod_list **list);
int __wrap_kmod_module_get_info(const struct kmod_module *module,
                                struct kmod_list **list);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);

static bool memory_fails; /* allocation number memory_fails_at fails */
static size_t memory_fails_at;
static int info_error;
static char folder_asked[256]; /* that libkmod was opened with */
static bool has_configuration;
static log_function *log_fn;
static const void *log_data;

static bool fails_memory(void)
{
	return memory_fails && memory_fails_at-- == 0;
}

struct kmod_ctx *__wrap_kmod_new(const char *folder, const char *const *paths)
{
	snprintf(folder_asked, sizeof(folder_asked), "%s", folder);
	has_configuration = !paths || *paths;
	return fails_memory() ? NULL : __real_kmod_new(folder, paths);
}

void __wrap_kmod_set_log_fn(struct kmod_ctx *context, log_function *function,
                            const void *data)
{
	log_fn = function;
	log_data = data;
	__real_kmod_set_log_fn(context, function, data);
}

int __wrap_kmod_module_get_info(const struct kmod_module *module, struct kmod_list **list)
{
	return info_error ? info_error : __real_kmod_module_get_info(module, list);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_memory() ? NULL : __real_calloc(count, size);
}

char *__wrap_strndup(const char *string, size_t size)
{
	return fails_memory() ? NULL : __real_strndup(string, size);
}

/* What was logged: each line with its kind before it. */
static struct text lines;

static void write_line(void *context, bool is_error, const char *line)
{
	assert_ptr_equal(context, &lines);
	text_add_string(&lines, is_error ? "error:" : "debug:");
	text_add_string(&lines, line);
	text_add_char(&lines, '\n');
}

static struct modinfo *modinfo;

static int setup(void **state)
{
	const struct modinfo_log log = { .write = write_line, .context = &lines };

	(void)state;
	memory_fails = false;
	info_error = 0;
	unsetenv("KMOD_LOG");
	return modinfo_new(&log, &modinfo);
}

static int teardown(void **state)
{
	(void)state;
	modinfo = modinfo_free(modinfo);
	text_clear(&lines);
	return 0;
}

/* Reads bytes as they are, with the zero byte that image_cut() puts behind them. */
static int read_bytes(const void *bytes, size_t length, struct module_file **ret_file)
{
	int fd = fixtures_open(bytes, length), r;

	assert_int_equal(ftruncate(fd, (off_t)length + 1), 0);
	*ret_file = module_file_new("");
	assert_non_null(*ret_file);
	r = modinfo_read(modinfo, fd, *ret_file);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
	return r;
}

struct expected {
	enum module_word word;
	const char *value;
};

/* These words are there and no others. */
static void check_words(const struct module_file *file, const struct expected *words,
                        size_t count)
{
	const char *values[MODULE_WORD_COUNT] = { NULL };

	for (size_t i = 0; i < count; i++)
		values[words[i].word] = words[i].value;
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++) {
		const char *value = values[word] ? values[word] : "";

		if (strcmp(module_file_word(file, word), value) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", module_word_name(word),
			         module_file_word(file, word), value);
	}
}

static void check_bytes(const void *bytes, size_t length, const struct expected *words,
                        size_t count)
{
	struct module_file *file;

	assert_int_equal(read_bytes(bytes, length, &file), 0);
	check_words(file, words, count);
	module_file_free(file);
}

static void check_fixture(const char *name, const struct expected *words, size_t count)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes = fixtures_read(name, &length);
	struct trailer trailer;

	trailer_parse(bytes, length, &trailer);
	check_bytes(bytes, trailer.signed_length, words, count);
}

#define VERMAGIC "6.1.0-56-amd64 SMP preempt mod_unload modversions "

static void modinfo_read_gives_the_words_of_real_modules(void **state)
{
	static const struct expected unsigned_words[] = {
		{ MODULE_WORD_LICENSE, "GPL" },
		{ MODULE_WORD_NAME, "lab_gpl" },
		{ MODULE_WORD_SRCVERSION, "29B8B06DC16DEC16B466F94" },
		{ MODULE_WORD_VERMAGIC, VERMAGIC },
		{ MODULE_WORD_VERSION, "1.2.3-lab" },
	};
	static const struct expected signed_words[] = {
		{ MODULE_WORD_LICENSE, "GPL" },
		{ MODULE_WORD_NAME, "lab_signed" },
		{ MODULE_WORD_SRCVERSION, "858659C18D922C70BD985FC" },
		{ MODULE_WORD_VERMAGIC, VERMAGIC },
		{ MODULE_WORD_VERSION, "2.0" },
	};
	static const struct expected debian_words[] = {
		{ MODULE_WORD_INTREE, "Y" },
		{ MODULE_WORD_LICENSE, "GPL" },
		{ MODULE_WORD_NAME, "crc7" },
		{ MODULE_WORD_VERMAGIC, VERMAGIC },
	};

	(void)state;
	/* Again and again: one context reads many files. */
	for (int i = 0; i < 3; i++) {
		check_fixture("unsigned.ko", unsigned_words, ARRAY_SIZE(unsigned_words));
		check_fixture("signed.ko", signed_words, ARRAY_SIZE(signed_words));
		check_fixture("debian-signed.ko", debian_words, ARRAY_SIZE(debian_words));
	}
	assert_string_equal(text_string(&lines), "");
}

/* A module whose .modinfo is BYTES. */
static void check_modinfo_bytes(const char *bytes, size_t length,
                                const struct expected *words, size_t count)
{
	const struct object_section section = { ".modinfo", SHT_PROGBITS, bytes, length };

	for (int kind = 0; kind < 4; kind++) {
		struct object object;

		object_init(&object, kind & 1, kind & 2, &section, 1);
		check_bytes(object.bytes, object.length, words, count);
	}
}

static void modinfo_read_takes_the_first_of_several(void **state)
{
	static const char bytes[] = "license=GPL\0version=1\0license=Proprietary\0"
				    "intree=Y\0intree=N\0version=\0license=GPL v2";
	static const struct expected words[] = {
		{ MODULE_WORD_INTREE, "Y" },
		{ MODULE_WORD_LICENSE, "GPL" },
		{ MODULE_WORD_VERSION, "1" },
	};
	static const char empty_first[] = "license=\0license=GPL";

	(void)state;
	check_modinfo_bytes(bytes, sizeof(bytes), words, ARRAY_SIZE(words));
	check_modinfo_bytes(empty_first, sizeof(empty_first), NULL, 0);
}

static void modinfo_read_takes_odd_pairs(void **state)
{
	static const char bytes[] = "\0\0\0author=nobody\0license=a=b=c\0\0\0\0=value\0"
				    "novalue\0License=GPL\0licens=GPL\0license =GPL\0"
				    "version=\xff\xfe\n\x1b[31m\0parm=x:y\0=\0==\0";
	static const struct expected words[] = {
		{ MODULE_WORD_LICENSE, "a=b=c" },
		{ MODULE_WORD_VERSION, "\xff\xfe\n\x1b[31m" },
	};

	(void)state;
	check_modinfo_bytes(bytes, sizeof(bytes) - 1, words, ARRAY_SIZE(words));
}

static void modinfo_read_survives_pairs_without_end(void **state)
{
	static const char bytes[] = "version=1\0license=GPL";
	static const struct expected words[] = {
		{ MODULE_WORD_LICENSE, "GPL" },
		{ MODULE_WORD_VERSION, "1" },
	};
	static const char zeros[4000];

	(void)state;
	check_modinfo_bytes(bytes, sizeof(bytes) - 1, words, ARRAY_SIZE(words));
	check_modinfo_bytes("x", 1, NULL, 0);
	check_modinfo_bytes("\0", 1, NULL, 0);
	check_modinfo_bytes(zeros, sizeof(zeros), NULL, 0);
}

static void modinfo_read_keeps_the_start_of_a_long_word(void **state)
{
	char bytes[4000], kept[MODULE_WORD_MAX + 1];
	const struct expected words[] = { { MODULE_WORD_VERSION, kept } };

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "version=", 8);
	bytes[sizeof(bytes) - 1] = '\0';
	memset(kept, 'x', sizeof(kept));
	kept[MODULE_WORD_MAX] = '\0';
	check_modinfo_bytes(bytes, sizeof(bytes), words, ARRAY_SIZE(words));
}

static void modinfo_read_believes_no_claim_of_a_signature(void **state)
{
	static const char bytes[] = "sig_id=PKCS#7\0signer=Red Hat\0sig_key=00:11\0"
				    "sig_hashalgo=sha512\0license=GPL";
	static const struct expected words[] = { { MODULE_WORD_LICENSE, "GPL" } };

	(void)state;
	check_modinfo_bytes(bytes, sizeof(bytes), words, ARRAY_SIZE(words));
}

static void modinfo_read_leaves_the_words_of_the_signature_alone(void **state)
{
	static const char bytes[] = "signer=a claim\0license=GPL";
	const struct object_section section = { ".modinfo", SHT_PROGBITS, bytes,
		                                sizeof(bytes) };
	struct module_file *file = module_file_new("");
	struct object object;
	int fd;

	(void)state;
	assert_non_null(file);
	assert_int_equal(module_file_set_word(file, MODULE_WORD_SIGNER, "known", 5), 0);
	object_init(&object, true, false, &section, 1);
	fd = fixtures_open(object.bytes, object.length);
	assert_int_equal(modinfo_read(modinfo, fd, file), 0);
	close(fd);
	assert_string_equal(module_file_word(file, MODULE_WORD_SIGNER), "known");
	assert_string_equal(module_file_word(file, MODULE_WORD_LICENSE), "GPL");
	module_file_free(file);
}

static void modinfo_read_gives_no_words_without_modinfo(void **state)
{
	static const struct object_section section = { ".text", SHT_PROGBITS, "\xc3", 1 };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct object object;

		object_init(&object, kind & 1, kind & 2, &section, 1);
		check_bytes(object.bytes, object.length, NULL, 0);
	}
}

static void modinfo_read_refuses_what_is_no_module(void **state)
{
	static const char *const files[] = {
		"",
		"x",
		"#!/bin/sh\n",
		"\x7f"
		"ELF",
		"a text that is longer than the header of any ELF file, which has 64 "
		"bytes",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct module_file *file;

		assert_int_equal(read_bytes(files[i], strlen(files[i]), &file), -EBADMSG);
		check_words(file, NULL, 0);
		module_file_free(file);
	}
}

static void modinfo_read_says_when_the_file_cannot_be_found(void **state)
{
	struct module_file *file = module_file_new("");

	(void)state;
	assert_non_null(file);
	assert_int_equal(modinfo_read(modinfo, -1, file), -ENOENT);
	assert_int_equal(modinfo_read(modinfo, 1000000, file), -ENOENT);
	module_file_free(file);
}

/* As signature.c does it: what is not sound is never shown to libkmod. */
static void check_part(const unsigned char *bytes, size_t length)
{
	unsigned char *copy = fixtures_copy(bytes, length);
	struct elf_module module;
	struct module_file *file;
	int r = elf_module_parse(copy, length, &module);

	free(copy);
	if (r < 0 || !module.is_sound)
		return;
	r = read_bytes(bytes, length, &file);
	assert_true(r == 0 || r == -EBADMSG);
	module_file_free(file);
}

static void modinfo_read_survives_every_part_of_a_module(void **state)
{
	static const char *const names[] = { "unsigned.ko", "signed.ko",
		                             "debian-signed.ko", "made/rsa-sha256.ko" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *bytes =
			fixtures_read(names[i], &length);

		for (size_t cut = 0; cut <= length; cut++)
			check_part(bytes, cut);
	}
}

static void modinfo_read_survives_every_changed_byte_of_a_header(void **state)
{
	static const unsigned char changes[] = { 0x01, 0x02, 0x80, 0xff };
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes =
		fixtures_read("made/unsigned.ko", &length);
	uint64_t table;

	(void)state;
	memcpy(&table, bytes + offsetof(Elf64_Ehdr, e_shoff), sizeof(table));
	table = le64toh(table);
	assert_true(table < length);
	for (size_t at = 0; at < length; at++) {
		if (at == sizeof(Elf64_Ehdr))
			at = (size_t)table;
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
			bytes[at] ^= changes[i];
			check_part(bytes, length);
			bytes[at] ^= changes[i];
		}
	}
}

/* ---- what libkmod has to say ---- */

__attribute__((format(printf, 2, 3))) static void log_as_libkmod(int priority,
                                                                 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_fn((void *)log_data, priority, "file.c", 42, "function", format, arguments);
	va_end(arguments);
}

static void modinfo_says_what_libkmod_says_line_by_line(void **state)
{
	(void)state;
	log_as_libkmod(LOG_ERR, "no %s in %d\n", "sense", 7);
	log_as_libkmod(LOG_CRIT, "worse");
	log_as_libkmod(LOG_WARNING, "well\nwell\n");
	log_as_libkmod(LOG_INFO, "by the way\n");
	log_as_libkmod(LOG_DEBUG, "\n");
	log_as_libkmod(LOG_DEBUG, "%s", "");
	assert_string_equal(text_string(&lines), "error:no sense in 7\n"
	                                         "error:worse\n"
	                                         "debug:well\n"
	                                         "debug:by the way\n"
	                                         "debug:\n"
	                                         "debug:\n");
}

static void modinfo_lets_libkmod_say_nothing_elsewhere(void **state)
{
	const struct modinfo_log log = { .write = write_line, .context = &lines };
	struct capture out, err;
	struct module_file *file;
	char *out_bytes, *err_bytes;
	int r;

	(void)state;
	modinfo = modinfo_free(modinfo);
	/* What it says before it can be told where to is not asked for here. */
	err = capture_begin(STDERR_FILENO);
	setenv("KMOD_LOG", "debug", 1);
	r = modinfo_new(&log, &modinfo);
	unsetenv("KMOD_LOG");
	free(capture_end(&err));
	assert_int_equal(r, 0);

	out = capture_begin(STDOUT_FILENO);
	err = capture_begin(STDERR_FILENO);
	r = read_bytes("no module", 9, &file);
	module_file_free(file);
	modinfo = modinfo_free(modinfo);
	err_bytes = capture_end(&err);
	out_bytes = capture_end(&out);
	assert_int_equal(r, -EBADMSG);
	assert_string_equal(out_bytes, "");
	assert_string_equal(err_bytes, "");
	assert_int_equal(strncmp(text_string(&lines), "debug:", 6), 0);
	free(err_bytes);
	free(out_bytes);
}

static void modinfo_new_copies_the_log(void **state)
{
	struct modinfo_log log = { .write = write_line, .context = &lines };

	(void)state;
	modinfo = modinfo_free(modinfo);
	assert_int_equal(modinfo_new(&log, &modinfo), 0);
	log = (struct modinfo_log){ 0 };
	log_as_libkmod(LOG_ERR, "still here");
	assert_string_equal(text_string(&lines), "error:still here\n");
}

static void modinfo_new_does_not_look_at_the_running_system(void **state)
{
	(void)state;
	assert_int_equal(access(folder_asked, F_OK), -1);
	assert_false(has_configuration);
}

/* ---- failures ---- */

static void modinfo_new_without_memory_says_so(void **state)
{
	const struct modinfo_log log = { .write = write_line, .context = &lines };
	struct modinfo *other = NULL;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memory_fails = true;
		memory_fails_at = i;
		assert_int_equal(modinfo_new(&log, &other), -ENOMEM);
		assert_null(other);
	}
	memory_fails_at = 2;
	assert_int_equal(modinfo_new(&log, &other), 0);
	memory_fails = false;
	assert_null(modinfo_free(other));
	assert_null(modinfo_free(NULL));
}

static void modinfo_read_without_memory_says_so(void **state)
{
	size_t length, failures = 0;
	_cleanup_(free_pointer) unsigned char *bytes =
		fixtures_read("unsigned.ko", &length);
	int fd = fixtures_open(bytes, length);

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct module_file *file = module_file_new("");
		int r;

		assert_non_null(file);
		memory_fails = true;
		memory_fails_at = i;
		r = modinfo_read(modinfo, fd, file);
		memory_fails = false;
		assert_true(r == 0 || r == -ENOMEM);
		failures += r < 0;
		module_file_free(file);
	}
	assert_int_equal(failures, 5); /* its words */
	close(fd);
}

static void modinfo_read_passes_on_other_errors(void **state)
{
	static const struct {
		int libkmod, error;
	} errors[] = {
		{ -ENOMEM, -ENOMEM },  { -EIO, -EIO },         { -EMFILE, -EMFILE },
		{ -EINVAL, -EBADMSG }, { -ENOEXEC, -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct module_file *file;

		info_error = errors[i].libkmod;
		assert_int_equal(read_bytes("x", 1, &file), errors[i].error);
		module_file_free(file);
	}
}

static void modinfo_read_leaves_no_descriptor_open(void **state)
{
	size_t before = tree_count_descriptors(), after;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct module_file *file;

		check_fixture(
			"unsigned.ko",
			(const struct expected[]){
				{ MODULE_WORD_LICENSE, "GPL" },
				{ MODULE_WORD_NAME, "lab_gpl" },
				{ MODULE_WORD_SRCVERSION, "29B8B06DC16DEC16B466F94" },
				{ MODULE_WORD_VERMAGIC, VERMAGIC },
				{ MODULE_WORD_VERSION, "1.2.3-lab" } },
			5);
		assert_int_equal(read_bytes("x", 1, &file), -EBADMSG);
		module_file_free(file);
	}
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(modinfo_read_gives_the_words_of_real_modules),
		TEST(modinfo_read_takes_the_first_of_several),
		TEST(modinfo_read_takes_odd_pairs),
		TEST(modinfo_read_survives_pairs_without_end),
		TEST(modinfo_read_keeps_the_start_of_a_long_word),
		TEST(modinfo_read_believes_no_claim_of_a_signature),
		TEST(modinfo_read_leaves_the_words_of_the_signature_alone),
		TEST(modinfo_read_gives_no_words_without_modinfo),
		TEST(modinfo_read_refuses_what_is_no_module),
		TEST(modinfo_read_says_when_the_file_cannot_be_found),
		TEST(modinfo_read_survives_every_part_of_a_module),
		TEST(modinfo_read_survives_every_changed_byte_of_a_header),
		TEST(modinfo_says_what_libkmod_says_line_by_line),
		TEST(modinfo_lets_libkmod_say_nothing_elsewhere),
		TEST(modinfo_new_copies_the_log),
		TEST(modinfo_new_does_not_look_at_the_running_system),
		TEST(modinfo_new_without_memory_says_so),
		TEST(modinfo_read_without_memory_says_so),
		TEST(modinfo_read_passes_on_other_errors),
		TEST(modinfo_read_leaves_no_descriptor_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
