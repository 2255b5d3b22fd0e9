/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relocatable ELF files (elf(5)) of either class and byte order, each field of which a
 * test can let lie. cmocka.h stands before it.
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct object {
	bool is_64, is_big;
	unsigned char bytes[8192];
	size_t length;
	size_t table; /* of the section headers, which are at the end */
	size_t count; /* of them; the first is empty, the last is the section of names */
};

/* A section: its index is 1 for the first. */
struct object_section {
	const char *name;
	uint32_t type;
	const void *bytes;
	size_t length;
};

static inline void object_put(struct object *object, size_t at, size_t size,
                              uint64_t value)
{
	assert_true(at + size <= sizeof(object->bytes));
	for (size_t i = 0; i < size; i++)
		object->bytes[at + (object->is_big ? size - 1 - i : i)] =
			(unsigned char)(value >> 8 * i);
}

/* Where a field is, and how large. */
struct object_place {
	size_t at32, size32, at64, size64;
};

#define OBJECT_PLACE(kind, field)                                                     \
	((struct object_place){                                                       \
		offsetof(Elf32_##kind, field), sizeof(((Elf32_##kind *)NULL)->field), \
		offsetof(Elf64_##kind, field), sizeof(((Elf64_##kind *)NULL)->field) })

static inline void object_put_place(struct object *object, size_t base,
                                    struct object_place place, uint64_t value)
{
	if (object->is_64)
		object_put(object, base + place.at64, place.size64, value);
	else
		object_put(object, base + place.at32, place.size32, value);
}

/* Sets a field of the file's header: object_set(&object, e_shnum, 0). */
#define object_set(object, field, value) \
	object_put_place(object, 0, OBJECT_PLACE(Ehdr, field), value)

static inline size_t object_header_size(const struct object *object)
{
	return object->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/* Sets a field of a section's header: object_set_section(&object, 1, sh_size, 0). */
#define object_set_section(object, index, field, value)                                \
	object_put_place(object, (object)->table + (index)*object_header_size(object), \
	                 OBJECT_PLACE(Shdr, field), value)

/* Appends bytes, from where it is a multiple of ALIGN; returns where they begin. */
static inline size_t object_add(struct object *object, const void *bytes, size_t length,
                                size_t align)
{
	size_t at = (object->length + align - 1) / align * align;

	assert_true(at + length <= sizeof(object->bytes));
	if (length)
		memcpy(object->bytes + at, bytes, length);
	object->length = at + length;
	return at;
}

/* Makes a file of these sections and that of their names, and then their headers. */
static inline void object_init(struct object *object, bool is_64, bool is_big,
                               const struct object_section *sections, size_t count)
{
	size_t places[16], names[16], names_start;
	static const char own[] = ".shstrtab";

	assert_true(count + 2 <= 16);
	memset(object, 0, sizeof(*object));
	object->is_64 = is_64;
	object->is_big = is_big;
	object->count = count + 2;
	object->length = is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	for (size_t i = 0; i < count; i++)
		places[i] = object_add(
			object, sections[i].bytes,
			sections[i].type == SHT_NOBITS ? 0 : sections[i].length, 4);
	names_start = object_add(object, "", 1, 1);
	for (size_t i = 0; i < count; i++)
		names[i] = object_add(object, sections[i].name,
		                      strlen(sections[i].name) + 1, 1) -
		           names_start;
	names[count] = object_add(object, own, sizeof(own), 1) - names_start;
	places[count] = names_start;

	object->table = (object->length + 7) / 8 * 8;
	object_set_section(object, count + 1, sh_size, object->length - names_start);
	for (size_t i = 0; i <= count; i++) {
		object_set_section(object, i + 1, sh_name, names[i]);
		object_set_section(object, i + 1, sh_offset, places[i]);
		object_set_section(object, i + 1, sh_addralign, i < count ? 4 : 1);
		object_set_section(object, i + 1, sh_type,
		                   i < count ? sections[i].type : SHT_STRTAB);
		if (i < count)
			object_set_section(object, i + 1, sh_size, sections[i].length);
	}
	object->length = object->table + object->count * object_header_size(object);
	assert_true(object->length <= sizeof(object->bytes));

	memcpy(object->bytes, ELFMAG, SELFMAG);
	object->bytes[EI_CLASS] = is_64 ? ELFCLASS64 : ELFCLASS32;
	object->bytes[EI_DATA] = is_big ? ELFDATA2MSB : ELFDATA2LSB;
	object->bytes[EI_VERSION] = EV_CURRENT;
	object_set(object, e_type, ET_REL);
	object_set(object, e_machine, is_64 ? EM_X86_64 : EM_386);
	object_set(object, e_version, EV_CURRENT);
	object_set(object, e_shoff, object->table);
	object_set(object, e_ehsize, is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	object_set(object, e_shentsize, object_header_size(object));
	object_set(object, e_shnum, object->count);
	object_set(object, e_shstrndx, object->count - 1);
}

/* An ELF note in the object's byte order, behind what NOTES has; returns its length. */
static inline size_t object_note(const struct object *order, unsigned char *notes,
                                 const char *name, uint32_t type, const void *value,
                                 size_t length)
{
	struct object copy = { .is_big = order->is_big };
	size_t name_size = strlen(name) + 1;

	object_put(&copy, 0, 4, name_size);
	object_put(&copy, 4, 4, length);
	object_put(&copy, 8, 4, type);
	copy.length = 12;
	object_add(&copy, name, name_size, 4);
	object_add(&copy, value, length, 4);
	object_add(&copy, "", 0, 4);
	memcpy(notes, copy.bytes, copy.length);
	return copy.length;
}
