/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a module, of each class and byte order: signatures and build IDs as
 * kernels before 3.7 and linkers leave them, and that whatever libkmod would end the
 * process for is called not sound. What is called sound is shown to libkmod. All bytes
 * stand in memory that ends where they end.
 */
#include "sources/elf_module.h"

#include <errno.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "object.h"
#include "sources/modinfo.h"

#define MODINFO "license=GPL\0name=made"

char *__real_elf_strptr(Elf *elf, size_t section, size_t offset);
char *__wrap_elf_strptr(Elf *elf, size_t section, size_t offset);
Elf_Data *__real_elf_getdata(Elf_Scn *section, Elf_Data *data);
Elf_Data *__wrap_elf_getdata(Elf_Scn *section, Elf_Data *data);
GElf_Shdr *__real_gelf_getshdr(Elf_Scn *section, GElf_Shdr *header);
GElf_Shdr *__wrap_gelf_getshdr(Elf_Scn *section, GElf_Shdr *header);
Elf *__real_elf_memory(char *bytes, size_t length);
Elf *__wrap_elf_memory(char *bytes, size_t length);

static bool memory_fails; /* the library's call number memory_fails_at, that once */
static size_t memory_fails_at;

/* As it is where malloc() gives nothing. */
static bool fails_memory(void)
{
	if (!memory_fails || memory_fails_at-- != 0)
		return false;
	memory_fails = false;
	errno = ENOMEM;
	return true;
}

char *__wrap_elf_strptr(Elf *elf, size_t section, size_t offset)
{
	return fails_memory() ? NULL : __real_elf_strptr(elf, section, offset);
}

Elf_Data *__wrap_elf_getdata(Elf_Scn *section, Elf_Data *data)
{
	return fails_memory() ? NULL : __real_elf_getdata(section, data);
}

GElf_Shdr *__wrap_gelf_getshdr(Elf_Scn *section, GElf_Shdr *header)
{
	return fails_memory() ? NULL : __real_gelf_getshdr(section, header);
}

Elf *__wrap_elf_memory(char *bytes, size_t length)
{
	return fails_memory() ? NULL : __real_elf_memory(bytes, length);
}

static const struct object_section modinfo_section = { ".modinfo", SHT_PROGBITS, MODINFO,
	                                               sizeof(MODINFO) };

static int parse_bytes(const void *bytes, size_t length, struct elf_module *ret)
{
	unsigned char *copy = fixtures_copy(bytes, length);
	int r = elf_module_parse(copy, length, ret);

	free(copy);
	return r;
}

static struct elf_module parse(const struct object *object)
{
	struct elf_module module;

	memset(&module, 0xa5, sizeof(module));
	assert_int_equal(parse_bytes(object->bytes, object->length, &module), 0);
	return module;
}

static void ignore_line(void *context, bool is_error, const char *line)
{
	(void)context;
	(void)is_error;
	(void)line;
}

/* Lets libkmod read what is sound, in a process that it may end: 0 if it did not. */
static int show_to_libkmod(const void *bytes, size_t length)
{
	const struct modinfo_log log = { .write = ignore_line };
	struct modinfo *modinfo;
	struct module_file *file;
	int status, fd;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* What it says on its end is not of interest. */
		close(STDERR_FILENO);
		fd = fixtures_open(bytes, length);
		/* The zero byte that image_cut() puts behind it. */
		if (ftruncate(fd, (off_t)length + 1) < 0 ||
		    modinfo_new(&log, &modinfo) < 0 || !(file = module_file_new("")))
			_exit(2);
		modinfo_read(modinfo, fd, file);
		module_file_free(file);
		modinfo_free(modinfo);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check_sound(const struct object *object, bool is_sound)
{
	struct elf_module module = parse(object);

	assert_int_equal(module.is_sound, is_sound);
	if (is_sound)
		assert_int_equal(show_to_libkmod(object->bytes, object->length), 0);
}

/* Whether the file is sound is not said; but if it is called so, libkmod survives it. */
static void check_no_end(const struct object *object)
{
	struct elf_module module;

	if (parse_bytes(object->bytes, object->length, &module) == 0 && module.is_sound)
		assert_int_equal(show_to_libkmod(object->bytes, object->length), 0);
}

/* Each class and byte order. */
static void each_kind(void (*check)(bool is_64, bool is_big))
{
	for (int kind = 0; kind < 4; kind++)
		check(kind & 1, kind & 2);
}

/* ---- signatures in sections ---- */

static void check_section_signature(const char *name, uint32_t type, const void *bytes,
                                    size_t length, bool is_64, bool is_big,
                                    enum module_signature signature)
{
	const struct object_section sections[] = { modinfo_section,
		                                   { name, type, bytes, length } };
	struct object object;
	struct elf_module module;

	object_init(&object, is_64, is_big, sections, 2);
	module = parse(&object);
	assert_int_equal(module.signature, signature);
	assert_int_equal(module.build.id_length, 0);
	assert_string_equal(module.build.srcversion, "");
	assert_true(module.is_sound);
}

static void check_rhel5(bool is_64, bool is_big)
{
	check_section_signature(".module_sig", SHT_PROGBITS, "DSA", 3, is_64, is_big,
	                        MODULE_SIGNATURE_ELF_SECTION);
	check_section_signature(".module_sig", SHT_PROGBITS, "", 0, is_64, is_big,
	                        MODULE_SIGNATURE_MALFORMED);
	check_section_signature(".module_sig", SHT_NOBITS, "", 64, is_64, is_big,
	                        MODULE_SIGNATURE_MALFORMED);
	check_section_signature(".module_sigs", SHT_PROGBITS, "DSA", 3, is_64, is_big,
	                        MODULE_SIGNATURE_NONE);
	check_section_signature("module_sig", SHT_PROGBITS, "DSA", 3, is_64, is_big,
	                        MODULE_SIGNATURE_NONE);
}

static void elf_module_parse_finds_what_rhel5_signs_with(void **state)
{
	(void)state;
	each_kind(check_rhel5);
}

static void check_rhel6(bool is_64, bool is_big)
{
	static const struct {
		const char *name;
		uint32_t type;
		size_t length;
		enum module_signature signature;
	} cases[] = {
		{ "module.sig", 100, 72, MODULE_SIGNATURE_ELF_SECTION },
		{ "module.sig", 100, 1, MODULE_SIGNATURE_ELF_SECTION },
		{ "module.sig", 100, 0, MODULE_SIGNATURE_MALFORMED },
		{ "module.sig", 101, 72, MODULE_SIGNATURE_MALFORMED },
		{ "module.sih", 100, 72, MODULE_SIGNATURE_MALFORMED },
		{ "module.si", 100, 72, MODULE_SIGNATURE_MALFORMED },
		{ "GNU", 3, 20, MODULE_SIGNATURE_MALFORMED },
	};
	static const unsigned char value[72];
	const struct object order = { .is_big = is_big };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned char note[256];
		size_t length = object_note(&order, note, cases[i].name, cases[i].type,
		                            value, cases[i].length);

		check_section_signature(".note.module.sig", SHT_NOTE, note, length, is_64,
		                        is_big, cases[i].signature);
		/* Cut off in the middle. */
		check_section_signature(".note.module.sig", SHT_NOTE, note, 13, is_64,
		                        is_big, MODULE_SIGNATURE_MALFORMED);
	}
	check_section_signature(".note.module.sig", SHT_NOTE, "", 0, is_64, is_big,
	                        MODULE_SIGNATURE_MALFORMED);
	check_section_signature(".note.module.sig", SHT_NOBITS, "", 72, is_64, is_big,
	                        MODULE_SIGNATURE_MALFORMED);
	check_section_signature(".note.module.sig", SHT_NOTE, "\xff\xff\xff\xff garbage",
	                        12, is_64, is_big, MODULE_SIGNATURE_MALFORMED);
}

static void elf_module_parse_finds_what_rhel6_signs_with(void **state)
{
	(void)state;
	each_kind(check_rhel6);
}

static void elf_module_parse_takes_a_signature_outside_of_the_file_for_malformed(
	void **state)
{
	const struct object_section sections[] = { { ".module_sig", SHT_PROGBITS, "DSA",
		                                     3 } };
	struct object object;

	(void)state;
	object_init(&object, true, false, sections, 1);
	object_set_section(&object, 1, sh_offset, object.length - 2);
	assert_int_equal(parse(&object).signature, MODULE_SIGNATURE_MALFORMED);
	object_set_section(&object, 1, sh_offset, UINT64_MAX - 1);
	assert_int_equal(parse(&object).signature, MODULE_SIGNATURE_MALFORMED);
	object_set_section(&object, 1, sh_offset, 64);
	object_set_section(&object, 1, sh_size, UINT64_MAX);
	assert_int_equal(parse(&object).signature, MODULE_SIGNATURE_MALFORMED);
}

/* ---- build IDs ---- */

static unsigned char id[80];

static struct elf_module parse_build(bool is_64, bool is_big, const char *name,
                                     uint32_t type, size_t length)
{
	const struct object order = { .is_big = is_big };
	unsigned char note[256];
	size_t note_length = object_note(&order, note, name, type, id, length);
	const struct object_section sections[] = {
		modinfo_section, { ".note.gnu.build-id", SHT_NOTE, note, note_length }
	};
	struct object object;

	object_init(&object, is_64, is_big, sections, 2);
	return parse(&object);
}

static void check_build(bool is_64, bool is_big)
{
	static const size_t lengths[] = { 1, 8, 16, 19, 20, 21, 32, 63, 64 };
	struct elf_module module;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		module = parse_build(is_64, is_big, "GNU", NT_GNU_BUILD_ID, lengths[i]);
		assert_int_equal(module.build.id_length, lengths[i]);
		assert_memory_equal(module.build.id, id, lengths[i]);
		assert_string_equal(module.build.srcversion, "");
		assert_int_equal(module.signature, MODULE_SIGNATURE_NONE);
		assert_true(module.is_sound);
	}
	/* None, one that is too long, and notes that are none. */
	module = parse_build(is_64, is_big, "GNU", NT_GNU_BUILD_ID, 0);
	assert_int_equal(module.build.id_length, 0);
	module = parse_build(is_64, is_big, "GNU", NT_GNU_BUILD_ID, 65);
	assert_int_equal(module.build.id_length, 0);
	module = parse_build(is_64, is_big, "GNU", NT_GNU_ABI_TAG, 20);
	assert_int_equal(module.build.id_length, 0);
	module = parse_build(is_64, is_big, "Linux", NT_GNU_BUILD_ID, 20);
	assert_int_equal(module.build.id_length, 0);
}

static void elf_module_parse_reads_build_ids_of_any_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (unsigned char)(i * 37 + 1);
	each_kind(check_build);
}

static void check_captured(const char *name, const char *hex)
{
	size_t length;
	_cleanup_(free_pointer) unsigned char *bytes = fixtures_read(name, &length);
	struct elf_module module;
	char text[2 * MODULE_BUILD_ID_MAX + 1] = "";

	assert_int_equal(parse_bytes(bytes, length, &module), 0);
	for (size_t i = 0; i < module.build.id_length; i++)
		snprintf(text + 2 * i, 3, "%02x", module.build.id[i]);
	assert_string_equal(text, hex);
	assert_int_equal(module.signature, MODULE_SIGNATURE_NONE);
	assert_true(module.is_sound);
}

static void elf_module_parse_reads_the_captured_modules(void **state)
{
	(void)state;
	check_captured("made/unsigned.ko", "0102030405060708090a0b0c0d0e0f1011121314");
	check_captured("unsigned.ko", "5abb312c327059edfaab8b2568d3b1ee369297d6");
	check_captured("signed.ko", "6359bcb0d893d58350170806149c48900bb8750f");
	check_captured("debian-signed.ko", "26b49c0c0c6978c3a6da3727bbf57fbaf004eae0");
}

/* ---- no module ---- */

static void elf_module_parse_refuses_what_is_no_relocatable_elf(void **state)
{
	static const char *const files[] = {
		"",
		"\x7f",
		"\x7f"
		"EL",
		"\x7f"
		"ELF",
		"#!/bin/sh\n",
		"!<arch>\n",
		"!<arch>\nfile/           0           0     0     644     4         "
		"`\nabcd",
	};
	static const unsigned int types[] = { ET_NONE, ET_EXEC, ET_DYN,
		                              ET_CORE, 0xff00,  0xffff };
	struct elf_module module = { .signature = MODULE_SIGNATURE_PGP };
	struct object object;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(parse_bytes(files[i], strlen(files[i]), &module),
		                 -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		object_init(&object, true, false, &modinfo_section, 1);
		object_set(&object, e_type, types[i]);
		assert_int_equal(parse_bytes(object.bytes, object.length, &module),
		                 -EBADMSG);
	}
	for (unsigned char byte = 0; byte < 4; byte++) {
		object_init(&object, true, false, &modinfo_section, 1);
		object.bytes[byte] ^= 1;
		assert_int_equal(parse_bytes(object.bytes, object.length, &module),
		                 -EBADMSG);
	}
	object_init(&object, true, false, &modinfo_section, 1);
	object.bytes[EI_CLASS] = 3;
	assert_int_equal(parse_bytes(object.bytes, object.length, &module), -EBADMSG);
	object_init(&object, true, false, &modinfo_section, 1);
	object.bytes[EI_DATA] = 0;
	assert_int_equal(parse_bytes(object.bytes, object.length, &module), -EBADMSG);
	assert_int_equal(module.signature, MODULE_SIGNATURE_PGP);
}

static void check_prefixes(bool is_64, bool is_big)
{
	struct object object;
	struct elf_module module;

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	for (size_t length = 0; length < object.length; length++) {
		int r = parse_bytes(object.bytes, length, &module);

		/* The headers are at the end. */
		if (r == 0)
			assert_false(module.is_sound);
		else
			assert_int_equal(r, -EBADMSG);
	}
	check_sound(&object, true);
}

static void elf_module_parse_takes_no_prefix_for_sound(void **state)
{
	(void)state;
	each_kind(check_prefixes);
}

/* ---- what libkmod would end the process for ---- */

static void check_names_index(bool is_64, bool is_big)
{
	static const unsigned int bad[] = { 0,      3,      4,     100, SHN_LORESERVE,
		                            0xfff1, 0xfffe, 0xffff };
	struct object object;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct elf_module module;

		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set(&object, e_shstrndx, bad[i]);
		assert_true(parse_bytes(object.bytes, object.length, &module) ==
		                    -EBADMSG ||
		            !module.is_sound);
	}
}

static void elf_module_is_not_sound_without_section_of_names(void **state)
{
	(void)state;
	each_kind(check_names_index);
}

static void check_no_sections(bool is_64, bool is_big)
{
	struct object object;
	struct elf_module module;

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set(&object, e_shnum, 0);
	assert_true(parse_bytes(object.bytes, object.length, &module) == -EBADMSG ||
	            !module.is_sound);
	/* As files with very many sections have it: the number is in the first header. */
	object_set_section(&object, 0, sh_size, object.count);
	assert_true(parse_bytes(object.bytes, object.length, &module) == -EBADMSG ||
	            !module.is_sound);
	object_set(&object, e_shoff, 0);
	assert_true(parse_bytes(object.bytes, object.length, &module) == -EBADMSG ||
	            !module.is_sound);
	object_set(&object, e_shstrndx, 0);
	assert_true(parse_bytes(object.bytes, object.length, &module) == -EBADMSG ||
	            !module.is_sound);
}

static void elf_module_is_not_sound_without_sections(void **state)
{
	(void)state;
	each_kind(check_no_sections);
}

static void check_names_section(bool is_64, bool is_big)
{
	struct object object;

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	check_sound(&object, true);
	object_set_section(&object, 2, sh_type, SHT_NOBITS);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 2, sh_size, 0);
	check_sound(&object, false);
	object_set_section(&object, 2, sh_offset, object.length);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 2, sh_offset, object.length);
	check_sound(&object, false);
	object_set_section(&object, 2, sh_offset, object.length - 1);
	check_sound(&object, false);
	object_set_section(&object, 2, sh_offset, UINT64_MAX);
	check_sound(&object, false);
	object_set_section(&object, 2, sh_offset, UINT64_MAX - 10);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 2, sh_size, object.length);
	check_sound(&object, false);
	object_set_section(&object, 2, sh_size, UINT64_MAX);
	check_sound(&object, false);
}

static void elf_module_is_not_sound_if_the_names_are_not_in_the_file(void **state)
{
	(void)state;
	each_kind(check_names_section);
}

static void check_modinfo(bool is_64, bool is_big)
{
	struct object object;

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 1, sh_size, 0);
	check_sound(&object, false);
	object_set_section(&object, 1, sh_offset, object.length);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 1, sh_type, SHT_NOBITS);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 1, sh_offset, object.length);
	check_sound(&object, false);
	object_set_section(&object, 1, sh_offset, object.length - 1);
	check_sound(&object, false);
	object_set_section(&object, 1, sh_offset, object.length + 1);
	check_sound(&object, false);
	object_set_section(&object, 1, sh_offset, UINT64_MAX);
	check_sound(&object, false);

	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 1, sh_size, object.length);
	check_sound(&object, false);
	object_set_section(&object, 1, sh_size, UINT64_MAX);
	check_sound(&object, false);
}

static void elf_module_is_not_sound_if_modinfo_is_not_in_the_file(void **state)
{
	(void)state;
	each_kind(check_modinfo);
}

/* libkmod looks one byte behind it: image_cut() puts that there. */
static void check_modinfo_at_end(bool is_64, bool is_big)
{
	static const char *const ends[] = { "license=GPL", "name=", "x", "=", "" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct object object;
		size_t at;

		object_init(&object, is_64, is_big, &modinfo_section, 1);
		at = object_add(&object, ends[i], strlen(ends[i]) + 1, 1);
		object_set_section(&object, 1, sh_offset, at);
		for (size_t cut = 0; cut < 2; cut++) {
			size_t length = strlen(ends[i]) + 1 - cut;

			object.length = at + length;
			object_set_section(&object, 1, sh_size, length);
			check_sound(&object, length > 0);
		}
		/* And where a page of memory ends. */
		at = 4096 - strlen(ends[i]) - 1;
		memcpy(object.bytes + at, ends[i], strlen(ends[i]) + 1);
		object.length = 4096;
		object_set_section(&object, 1, sh_offset, at);
		object_set_section(&object, 1, sh_size, strlen(ends[i]) + 1);
		check_sound(&object, true);
	}
}

static void elf_module_is_sound_with_modinfo_at_the_very_end(void **state)
{
	(void)state;
	each_kind(check_modinfo_at_end);
}

static void check_two(bool is_64, bool is_big)
{
	const struct object_section sections[] = { modinfo_section, modinfo_section };
	struct object object;

	for (size_t i = 1; i <= 2; i++) {
		object_init(&object, is_64, is_big, sections, 2);
		check_sound(&object, true);
		object_set_section(&object, i, sh_size, 0);
		object_set_section(&object, i, sh_offset, object.length);
		check_sound(&object, false);
	}
	/* Both. */
	object_set_section(&object, 1, sh_size, 0);
	check_sound(&object, false);
}

static void elf_module_is_not_sound_if_one_of_two_modinfos_is_not(void **state)
{
	(void)state;
	each_kind(check_two);
}

static void check_none(bool is_64, bool is_big)
{
	const struct object_section sections[] = { { ".text", SHT_PROGBITS, "\xc3", 1 } };
	struct object object;

	object_init(&object, is_64, is_big, sections, 1);
	check_sound(&object, true);
	object_init(&object, is_64, is_big, sections, 0);
	check_sound(&object, true);
	/* Other sections may be where they want. */
	object_init(&object, is_64, is_big, sections, 1);
	object_set_section(&object, 1, sh_offset, object.length);
	object_set_section(&object, 1, sh_size, 0);
	check_sound(&object, true);
	object_set_section(&object, 1, sh_size, UINT64_MAX);
	check_sound(&object, true);
	object_set_section(&object, 1, sh_type, SHT_NOBITS);
	check_sound(&object, true);
}

static void elf_module_is_sound_without_modinfo(void **state)
{
	(void)state;
	each_kind(check_none);
}

/* Where libelf sees no names, or others, libkmod still finds .modinfo by its own. */
static void check_odd_names(bool is_64, bool is_big)
{
	static const unsigned int types[] = { SHT_NULL,   SHT_PROGBITS, SHT_NOTE,
		                              SHT_SYMTAB, SHT_RELA,     0x6fffffff,
		                              0x80000001 };
	struct object object;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set_section(&object, 1, sh_size, 0);
		object_set_section(&object, 1, sh_offset, object.length + 1);
		object_set_section(&object, 2, sh_type, types[i]);
		check_no_end(&object);
	}
	for (unsigned int bit = 0; bit < 32; bit++) {
		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set_section(&object, 1, sh_size, 0);
		object_set_section(&object, 1, sh_offset, object.length + 1);
		object_set_section(&object, 2, sh_flags, 1u << bit);
		check_no_end(&object);
	}
}

static void elf_module_is_not_sound_if_libkmod_sees_other_names(void **state)
{
	(void)state;
	each_kind(check_odd_names);
}

static void check_entry_size(bool is_64, bool is_big)
{
	static const unsigned int sizes[] = { 0,  1,  39,  41,   48,    56,   63,
		                              65, 72, 128, 4096, 32768, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct object object;

		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set(&object, e_shentsize, sizes[i]);
		check_no_end(&object);
	}
}

static void elf_module_is_not_sound_if_section_headers_have_another_size(void **state)
{
	(void)state;
	each_kind(check_entry_size);
}

static void check_table(bool is_64, bool is_big)
{
	struct object object;

	for (size_t move = 0; move < 20; move++) {
		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set(&object, e_shoff, object.table + move);
		check_no_end(&object);
		object_set(&object, e_shoff, object.length - move);
		check_no_end(&object);
		object_set(&object, e_shoff, UINT64_MAX - move);
		check_no_end(&object);
		object_init(&object, is_64, is_big, &modinfo_section, 1);
		object_set(&object, e_shnum, object.count + move);
		check_no_end(&object);
		object_set(&object, e_shnum, 0xfeff + move);
		check_no_end(&object);
	}
}

static void elf_module_is_not_sound_if_the_section_headers_are_outside(void **state)
{
	(void)state;
	each_kind(check_table);
}

static void check_last_name(bool is_64, bool is_big)
{
	struct object object;

	/* The names do not end. */
	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object.bytes[object.table - 1] = 'x';
	for (size_t size = 1; size < 32; size++) {
		object_set_section(&object, 2, sh_size, size);
		check_no_end(&object);
	}
	/* A name that is no name. */
	object_init(&object, is_64, is_big, &modinfo_section, 1);
	object_set_section(&object, 1, sh_name, 1000);
	check_no_end(&object);
	object_set_section(&object, 1, sh_name, 0xffffffff);
	check_no_end(&object);
}

static void elf_module_survives_names_without_end(void **state)
{
	(void)state;
	each_kind(check_last_name);
}

static void elf_module_without_memory_is_not_called_malformed(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		_cleanup_(free_pointer) unsigned char *bytes = NULL;
		struct elf_module module;
		size_t length;
		int r;

		bytes = fixtures_read("debian-signed.ko", &length);
		memory_fails = true;
		memory_fails_at = i;
		r = elf_module_parse(bytes, length, &module);
		assert_int_equal(r, memory_fails ? 0 : -ENOMEM);
		failures += !memory_fails;
		memory_fails = false;
	}
	assert_in_range(failures, 10, 150);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_module_parse_finds_what_rhel5_signs_with),
		cmocka_unit_test(elf_module_parse_finds_what_rhel6_signs_with),
		cmocka_unit_test(
			elf_module_parse_takes_a_signature_outside_of_the_file_for_malformed),
		cmocka_unit_test(elf_module_parse_reads_build_ids_of_any_length),
		cmocka_unit_test(elf_module_parse_reads_the_captured_modules),
		cmocka_unit_test(elf_module_parse_refuses_what_is_no_relocatable_elf),
		cmocka_unit_test(elf_module_parse_takes_no_prefix_for_sound),
		cmocka_unit_test(elf_module_is_not_sound_without_section_of_names),
		cmocka_unit_test(elf_module_is_not_sound_without_sections),
		cmocka_unit_test(
			elf_module_is_not_sound_if_the_names_are_not_in_the_file),
		cmocka_unit_test(elf_module_is_not_sound_if_modinfo_is_not_in_the_file),
		cmocka_unit_test(elf_module_is_sound_with_modinfo_at_the_very_end),
		cmocka_unit_test(elf_module_is_not_sound_if_one_of_two_modinfos_is_not),
		cmocka_unit_test(elf_module_is_sound_without_modinfo),
		cmocka_unit_test(elf_module_is_not_sound_if_libkmod_sees_other_names),
		cmocka_unit_test(
			elf_module_is_not_sound_if_section_headers_have_another_size),
		cmocka_unit_test(
			elf_module_is_not_sound_if_the_section_headers_are_outside),
		cmocka_unit_test(elf_module_survives_names_without_end),
		cmocka_unit_test(elf_module_without_memory_is_not_called_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
