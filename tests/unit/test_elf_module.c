/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a module, of each class and byte order: signatures and build IDs as
 * kernels before 3.7 and linkers leave them, and that whatever libkmod would end the
 * process for is called not sound. What is called sound is shown to libkmod. All bytes
 * stand in memory that ends where they end.
 */
#include "sources/elf_module.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/macros.h"
#include "fixtures.h"
#include "object.h"
#include "sources/modinfo.h"

#define MODINFO "license=GPL\0name=made"

static const struct object_section modinfo_section = { ".modinfo", SHT_PROGBITS, MODINFO,
	                                               sizeof(MODINFO) };

static int parse_bytes(const void *bytes, size_t length, struct elf_module *ret)
{
	unsigned char *copy = fixtures_copy(bytes, length);
	int r = elf_module_parse(copy, length, ret);

	free(copy);
	return r;
}

static void ignore_line(void *context, bool is_error, const char *line)
{
	(void)context;
	(void)is_error;
	(void)line;
}

/* Lets libkmod read the object, in a process that it may end: 0 if it did not. */
static int show_to_libkmod(const struct object *object)
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
		fd = fixtures_open(object->bytes, object->length);
		/* The zero byte that image_cut() puts behind it. */
		if (ftruncate(fd, (off_t)object->length + 1) < 0 ||
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

/* EITHER: whatever it is called; but if it is called sound, libkmod survives it. */
enum verdict { SOUND, NOT_SOUND, EITHER };

static bool has_verdict(const struct object *object, enum verdict verdict)
{
	struct elf_module module;
	int r = parse_bytes(object->bytes, object->length, &module);
	bool is_sound = r == 0 && module.is_sound;

	if (r != 0 && r != -EBADMSG)
		return false;
	if (is_sound && show_to_libkmod(object) != 0)
		return false;
	return verdict == EITHER || is_sound == (verdict == SOUND);
}

/* Each class and byte order. */
#define EACH_KIND(kind)        \
	unsigned int kind = 0; \
	kind < 4;              \
	kind++

static void make(struct object *object, unsigned int kind,
                 const struct object_section *sections, size_t count)
{
	object_init(object, kind & 1, kind & 2, sections, count);
}

/* ---- signatures and build IDs ---- */

static void signatures_in_sections_are_found(void **state)
{
	static const struct {
		const char *section;
		uint32_t type;
		const char *note; /* NULL: the bytes are plain ones */
		uint32_t note_type;
		size_t length;
		size_t cut; /* only so much of it is there, if not 0 */
		enum module_signature signature;
	} rows[] = {
		/* RHEL 5 */
		{ ".module_sig", SHT_PROGBITS, NULL, 0, 3, 0,
		  MODULE_SIGNATURE_ELF_SECTION },
		{ ".module_sig", SHT_PROGBITS, NULL, 0, 0, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".module_sig", SHT_NOBITS, NULL, 0, 64, 0, MODULE_SIGNATURE_MALFORMED },
		{ ".module_sigs", SHT_PROGBITS, NULL, 0, 3, 0, MODULE_SIGNATURE_NONE },
		{ "module_sig", SHT_PROGBITS, NULL, 0, 3, 0, MODULE_SIGNATURE_NONE },
		/* RHEL 6 */
		{ ".note.module.sig", SHT_NOTE, "module.sig", 100, 72, 0,
		  MODULE_SIGNATURE_ELF_SECTION },
		{ ".note.module.sig", SHT_NOTE, "module.sig", 100, 1, 0,
		  MODULE_SIGNATURE_ELF_SECTION },
		{ ".note.module.sig", SHT_NOTE, "module.sig", 100, 0, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, "module.sig", 101, 72, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, "module.sih", 100, 72, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, "module.si", 100, 72, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, "GNU", 3, 20, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, "module.sig", 100, 72, 13,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, NULL, 0, 0, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOTE, NULL, 0, 16, 0,
		  MODULE_SIGNATURE_MALFORMED },
		{ ".note.module.sig", SHT_NOBITS, NULL, 0, 72, 0,
		  MODULE_SIGNATURE_MALFORMED },
	};
	unsigned char value[72], note[256];

	(void)state;
	memset(value, 0xff, sizeof(value));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (EACH_KIND(kind)) {
			const struct object order = { .is_big = kind & 2 };
			struct object_section sections[] = {
				modinfo_section,
				{ rows[i].section, rows[i].type, value, rows[i].length }
			};
			struct elf_module module;
			struct object object;

			if (rows[i].note) {
				sections[1].bytes = note;
				sections[1].length = object_note(
					&order, note, rows[i].note, rows[i].note_type,
					value, rows[i].length);
			}
			if (rows[i].cut)
				sections[1].length = rows[i].cut;
			make(&object, kind, sections, 2);
			assert_int_equal(
				parse_bytes(object.bytes, object.length, &module), 0);
			if (module.signature != rows[i].signature || !module.is_sound ||
			    module.build.id_length || *module.build.srcversion)
				fail_msg("row %zu, kind %u: %s", i, kind,
				         module_signature_name(module.signature));
		}
}

static void a_signature_outside_of_the_file_is_malformed(void **state)
{
	static const struct object_section section = { ".module_sig", SHT_PROGBITS, "DSA",
		                                       3 };
	struct elf_module module;
	struct object object;

	(void)state;
	make(&object, 1, &section, 1);
	object_set_section(&object, 1, sh_offset, object.length - 2);
	assert_int_equal(parse_bytes(object.bytes, object.length, &module), 0);
	assert_int_equal(module.signature, MODULE_SIGNATURE_MALFORMED);
}

static void build_ids_of_any_length_are_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
		size_t length, id_length;
	} rows[] = {
		{ "GNU", NT_GNU_BUILD_ID, 1, 1 },    { "GNU", NT_GNU_BUILD_ID, 19, 19 },
		{ "GNU", NT_GNU_BUILD_ID, 20, 20 },  { "GNU", NT_GNU_BUILD_ID, 63, 63 },
		{ "GNU", NT_GNU_BUILD_ID, 64, 64 },  { "GNU", NT_GNU_BUILD_ID, 65, 0 },
		{ "GNU", NT_GNU_BUILD_ID, 0, 0 },    { "GNU", NT_GNU_ABI_TAG, 20, 0 },
		{ "Linux", NT_GNU_BUILD_ID, 20, 0 },
	};
	unsigned char id[80], note[256];

	(void)state;
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (unsigned char)(i * 37 + 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (EACH_KIND(kind)) {
			const struct object order = { .is_big = kind & 2 };
			const size_t length =
				object_note(&order, note, rows[i].name, rows[i].type, id,
			                    rows[i].length);
			const struct object_section sections[] = {
				modinfo_section,
				{ ".note.gnu.build-id", SHT_NOTE, note, length }
			};
			struct elf_module module;
			struct object object;

			make(&object, kind, sections, 2);
			assert_int_equal(
				parse_bytes(object.bytes, object.length, &module), 0);
			if (module.build.id_length != rows[i].id_length ||
			    memcmp(module.build.id, id, rows[i].id_length) != 0 ||
			    module.signature != MODULE_SIGNATURE_NONE || !module.is_sound)
				fail_msg("row %zu, kind %u", i, kind);
		}
}

/* ---- no module ---- */

static void what_is_no_relocatable_elf_is_refused(void **state)
{
	static const char *const files[] = {
		"",
		"\x7f",
		"\x7f"
		"ELF",
		"#!/bin/sh\n",
		"!<arch>\nfile/           0           0     0     644     4         "
		"`\nabcd",
	};
	static const struct {
		size_t at; /* a byte of the header */
		unsigned char value;
	} rows[] = {
		{ 0, 0x7e },    { 3, 'G' },      { EI_CLASS, 3 },
		{ EI_DATA, 0 }, { 16, ET_NONE }, { 16, ET_EXEC },
		{ 16, ET_DYN }, { 16, ET_CORE }, { 17, 0xff },
	};
	struct elf_module module = { .signature = MODULE_SIGNATURE_PGP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (parse_bytes(files[i], strlen(files[i]), &module) != -EBADMSG)
			fail_msg("file %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct object object;

		make(&object, 1, &modinfo_section, 1);
		object.bytes[rows[i].at] = rows[i].value;
		if (parse_bytes(object.bytes, object.length, &module) != -EBADMSG)
			fail_msg("row %zu", i);
	}
	assert_int_equal(module.signature, MODULE_SIGNATURE_PGP);
}

static void no_prefix_is_sound(void **state)
{
	(void)state;
	for (EACH_KIND(kind)) {
		struct object object;

		make(&object, kind, &modinfo_section, 1);
		for (size_t whole = object.length; object.length--;)
			/* The headers are at the end. */
			if (!has_verdict(&object, NOT_SOUND))
				fail_msg("kind %u: %zu of %zu bytes", kind, object.length,
				         whole);
	}
}

/* ---- what libkmod would end the process for ---- */

/* A field of the file's header, or of a section's: 1 is .modinfo, 2 has the names. */
struct change {
	int section; /* HEADER: the file's; NOTHING: there is no change */
	struct object_place place;
	uint64_t value;
	bool is_behind_end; /* the value counts from the end of the file */
};

enum { NOTHING, HEADER, SECTION };

#define FILE_HAS(field, value)                                  \
	{                                                       \
		HEADER, OBJECT_PLACE(Ehdr, field), value, false \
	}
#define HAS(index, field, value)                                           \
	{                                                                  \
		SECTION + (index), OBJECT_PLACE(Shdr, field), value, false \
	}
#define AT_END(index, field, value)                                       \
	{                                                                 \
		SECTION + (index), OBJECT_PLACE(Shdr, field), value, true \
	}

#define NO_WORDS HAS(1, sh_size, 0), AT_END(1, sh_offset, 1)

static void change(struct object *object, const struct change *change)
{
	uint64_t value = change->value + (change->is_behind_end ? object->length : 0);

	if (change->section == HEADER)
		object_put_place(object, 0, change->place, value);
	else if (change->section != NOTHING)
		object_put_place(object,
		                 object->table + (size_t)(change->section - SECTION) *
		                                         object_header_size(object),
		                 change->place, value);
}

static void what_libkmod_would_die_of_is_not_sound(void **state)
{
	const struct {
		struct change changes[3];
		enum verdict verdict;
	} rows[] = {
		{ { { 0 } }, SOUND },
		/* No section of names. */
		{ { FILE_HAS(e_shstrndx, 0) }, NOT_SOUND },
		{ { FILE_HAS(e_shstrndx, 3) }, NOT_SOUND },
		{ { FILE_HAS(e_shstrndx, 4) }, NOT_SOUND },
		{ { FILE_HAS(e_shstrndx, SHN_LORESERVE) }, NOT_SOUND },
		{ { FILE_HAS(e_shstrndx, 0xfffe) }, NOT_SOUND },
		{ { FILE_HAS(e_shstrndx, 0xffff) }, NOT_SOUND },
		/* No sections, or so many that the first header says how many. */
		{ { FILE_HAS(e_shnum, 0) }, NOT_SOUND },
		{ { FILE_HAS(e_shnum, 0), HAS(0, sh_size, 3) }, NOT_SOUND },
		{ { FILE_HAS(e_shnum, 0), FILE_HAS(e_shoff, 0) }, NOT_SOUND },
		{ { FILE_HAS(e_shnum, 0), FILE_HAS(e_shoff, 0), FILE_HAS(e_shstrndx, 0) },
		  NOT_SOUND },
		/* Names that are not in the file. */
		{ { HAS(2, sh_type, SHT_NOBITS) }, NOT_SOUND },
		{ { HAS(2, sh_type, SHT_PROGBITS) }, NOT_SOUND },
		{ { HAS(2, sh_flags, SHF_COMPRESSED) }, NOT_SOUND },
		{ { HAS(2, sh_size, 0) }, NOT_SOUND },
		{ { HAS(2, sh_size, 0), AT_END(2, sh_offset, 0) }, NOT_SOUND },
		{ { AT_END(2, sh_offset, 0) }, NOT_SOUND },
		{ { AT_END(2, sh_offset, -(uint64_t)1) }, NOT_SOUND },
		{ { HAS(2, sh_offset, UINT64_MAX) }, NOT_SOUND },
		{ { HAS(2, sh_offset, UINT64_MAX - 10) }, NOT_SOUND },
		{ { AT_END(2, sh_size, 0) }, NOT_SOUND },
		{ { HAS(2, sh_size, UINT64_MAX) }, NOT_SOUND },
		/* Words that are not in the file. */
		{ { HAS(1, sh_type, SHT_NOBITS) }, NOT_SOUND },
		{ { HAS(1, sh_size, 0) }, NOT_SOUND },
		{ { HAS(1, sh_size, 0), AT_END(1, sh_offset, 0) }, NOT_SOUND },
		{ { AT_END(1, sh_offset, 0) }, NOT_SOUND },
		{ { AT_END(1, sh_offset, -(uint64_t)1) }, NOT_SOUND },
		{ { AT_END(1, sh_offset, 1) }, NOT_SOUND },
		{ { HAS(1, sh_offset, UINT64_MAX) }, NOT_SOUND },
		{ { AT_END(1, sh_size, 0) }, NOT_SOUND },
		{ { HAS(1, sh_size, UINT64_MAX) }, NOT_SOUND },
		/* A byte of the end is still inside. */
		{ { HAS(1, sh_size, 1), AT_END(1, sh_offset, -(uint64_t)1) }, SOUND },
		{ { HAS(1, sh_size, 2), AT_END(1, sh_offset, -(uint64_t)1) }, NOT_SOUND },
		/* Where libelf sees no names, libkmod finds .modinfo by its own. */
		{ { NO_WORDS, HAS(2, sh_type, SHT_NULL) }, EITHER },
		{ { NO_WORDS, HAS(2, sh_type, SHT_SYMTAB) }, EITHER },
		{ { NO_WORDS, HAS(2, sh_type, 0x80000001) }, EITHER },
		{ { NO_WORDS, HAS(2, sh_flags, SHF_COMPRESSED) }, EITHER },
		{ { NO_WORDS, HAS(2, sh_flags, UINT32_MAX) }, EITHER },
		/* Names that are none. */
		{ { HAS(1, sh_name, 1000) }, EITHER },
		{ { HAS(1, sh_name, 0xffffffff) }, EITHER },
		{ { HAS(2, sh_size, 1) }, EITHER },
		{ { HAS(2, sh_size, 5) }, EITHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (EACH_KIND(kind)) {
			struct object object;

			make(&object, kind, &modinfo_section, 1);
			for (size_t k = 0; k < 3; k++)
				change(&object, &rows[i].changes[k]);
			if (!has_verdict(&object, rows[i].verdict))
				fail_msg("row %zu, kind %u", i, kind);
		}
}

/* Of each kind of number one after another. */
static void no_table_of_headers_ends_libkmod(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 39, 41, 63, 65, 72, 4096, 65535 };

	(void)state;
	for (EACH_KIND(kind))
		for (unsigned int i = 0; i < 20; i++) {
			struct object object;
			const struct change changes[] = {
				FILE_HAS(e_shoff, i + 8),
				{ HEADER, OBJECT_PLACE(Ehdr, e_shoff), -(uint64_t)i,
				  true },
				FILE_HAS(e_shoff, UINT64_MAX - i),
				FILE_HAS(e_shnum, 3 + i),
				FILE_HAS(e_shnum, 0xfeff + i),
				FILE_HAS(e_shentsize, sizes[i % ARRAY_SIZE(sizes)]),
			};

			for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
				make(&object, kind, &modinfo_section, 1);
				change(&object, &changes[k]);
				if (!has_verdict(&object, EITHER))
					fail_msg("kind %u, change %zu, %u", kind, k, i);
			}
		}
}

/* libkmod looks one byte behind it: image_cut() puts that there. */
static void modinfo_at_the_very_end_is_sound(void **state)
{
	static const char *const ends[] = { "license=GPL", "name=", "x", "=", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		for (EACH_KIND(kind)) {
			const size_t length = strlen(ends[i]) + 1;
			struct object object;
			size_t at;

			make(&object, kind, &modinfo_section, 1);
			at = object_add(&object, ends[i], length, 1);
			object_set_section(&object, 1, sh_offset, at);
			object_set_section(&object, 1, sh_size, length);
			if (!has_verdict(&object, SOUND))
				fail_msg("%s, kind %u", ends[i], kind);
			/* Without the last NUL. */
			object.length--;
			object_set_section(&object, 1, sh_size, length - 1);
			if (!has_verdict(&object, length > 1 ? SOUND : NOT_SOUND))
				fail_msg("%s, kind %u, cut", ends[i], kind);
			/* And where a page of memory ends. */
			memcpy(object.bytes + 4096 - length, ends[i], length);
			object.length = 4096;
			object_set_section(&object, 1, sh_offset, 4096 - length);
			object_set_section(&object, 1, sh_size, length);
			if (!has_verdict(&object, SOUND))
				fail_msg("%s, kind %u, page", ends[i], kind);
		}
}

static void each_modinfo_counts_and_no_other_section(void **state)
{
	static const struct object_section text = { ".text", SHT_PROGBITS, "\xc3", 1 };
	static const struct {
		const struct object_section *first, *second; /* NULL: there is none */
		size_t outside;                              /* this one is, if not 0 */
		enum verdict verdict;
	} rows[] = {
		{ NULL, NULL, 0, SOUND },
		{ &text, NULL, 0, SOUND },
		{ &text, NULL, 1, SOUND },
		{ &modinfo_section, &text, 2, SOUND },
		{ &modinfo_section, &modinfo_section, 0, SOUND },
		{ &modinfo_section, &modinfo_section, 1, NOT_SOUND },
		{ &modinfo_section, &modinfo_section, 2, NOT_SOUND },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (EACH_KIND(kind)) {
			const struct object_section sections[] = {
				rows[i].first ? *rows[i].first : text,
				rows[i].second ? *rows[i].second : text
			};
			struct object object;

			make(&object, kind, sections,
			     (size_t) !!rows[i].first + !!rows[i].second);
			if (rows[i].outside)
				object_set_section(&object, rows[i].outside, sh_offset,
				                   object.length);
			if (!has_verdict(&object, rows[i].verdict))
				fail_msg("row %zu, kind %u", i, kind);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_in_sections_are_found),
		cmocka_unit_test(a_signature_outside_of_the_file_is_malformed),
		cmocka_unit_test(build_ids_of_any_length_are_read),
		cmocka_unit_test(what_is_no_relocatable_elf_is_refused),
		cmocka_unit_test(no_prefix_is_sound),
		cmocka_unit_test(what_libkmod_would_die_of_is_not_sound),
		cmocka_unit_test(no_table_of_headers_ends_libkmod),
		cmocka_unit_test(modinfo_at_the_very_end_is_sound),
		cmocka_unit_test(each_modinfo_counts_and_no_other_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
