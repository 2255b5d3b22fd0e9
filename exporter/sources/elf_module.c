/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a module. The only file that knows libelf.
 */
#include "sources/elf_module.h"

#include <errno.h>
#include <gelf.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "sources/note.h"

/* RHEL 6: include/linux/modsign.h and include/linux/elfnote.h. */
#define MODSIGN_NOTE_NAME "module.sig"
#define MODSIGN_NOTE_TYPE 100

static void end_elf(Elf *const *elf)
{
	elf_end(*elf);
}

/* The contents of a section; NULL if they are empty or outside of the file. */
static const Elf_Data *contents(Elf_Scn *section)
{
	const Elf_Data *data = elf_getdata(section, NULL);

	return data && data->d_buf && data->d_size ? data : NULL;
}

static enum module_signature note_signature(const Elf_Data *data)
{
	const unsigned char *value;
	size_t length;

	if (!data || note_find(data->d_buf, data->d_size, MODSIGN_NOTE_NAME,
	                       MODSIGN_NOTE_TYPE, &value, &length) < 0)
		return MODULE_SIGNATURE_MALFORMED;
	return length ? MODULE_SIGNATURE_ELF_SECTION : MODULE_SIGNATURE_MALFORMED;
}

static void read_build_id(const Elf_Data *data, struct module_build *build)
{
	const unsigned char *value;
	size_t length;

	if (!data || note_find(data->d_buf, data->d_size, ELF_NOTE_GNU, NT_GNU_BUILD_ID,
	                       &value, &length) < 0)
		return;
	if (length > sizeof(build->id))
		return;
	memcpy(build->id, value, length);
	build->id_length = length;
}

/* Whether a section has bytes, and they are in the file. */
static bool is_inside(const GElf_Shdr *header, size_t length)
{
	return header->sh_type != SHT_NOBITS && header->sh_size &&
	       header->sh_offset < length &&
	       header->sh_size <= length - header->sh_offset;
}

static void read_section(Elf_Scn *section, const char *name, const GElf_Shdr *header,
                         size_t length, struct elf_module *module)
{
	if (strcmp(name, ".module_sig") == 0)
		module->signature = contents(section) ? MODULE_SIGNATURE_ELF_SECTION
		                                      : MODULE_SIGNATURE_MALFORMED;
	else if (strcmp(name, ".note.module.sig") == 0)
		module->signature = note_signature(contents(section));
	else if (strcmp(name, ".note.gnu.build-id") == 0)
		read_build_id(contents(section), &module->build);
	else if (strcmp(name, ".modinfo") == 0 && !is_inside(header, length))
		module->is_sound = false;
}

/* The numbers of sections as libkmod reads them, and their names. */
static bool is_sound(Elf *elf, const GElf_Ehdr *file, size_t length)
{
	Elf_Scn *names = elf_getscn(elf, file->e_shstrndx);
	GElf_Shdr header;

	/* libkmod takes any section for names, libelf only what says it is one. */
	return file->e_shstrndx != SHN_UNDEF && file->e_shstrndx < file->e_shnum &&
	       names && gelf_getshdr(names, &header) && header.sh_type == SHT_STRTAB &&
	       !(header.sh_flags & SHF_COMPRESSED) && is_inside(&header, length);
}

/* libelf does not say of which kind its errors are, but what has no memory does. */
static int error_of_elf(void)
{
	return errno == ENOMEM ? -ENOMEM : -EBADMSG;
}

int elf_module_parse(const unsigned char *bytes, size_t length,
                     struct elf_module *ret_module)
{
	struct elf_module module = { .signature = MODULE_SIGNATURE_NONE };
	_cleanup_(end_elf) Elf *elf = NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Ehdr file;
	size_t names;

	errno = 0;
	elf_version(EV_CURRENT);
	/* Not const there, but what is read is not written to. */
	elf = elf_memory((char *)bytes, length);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &file) ||
	    file.e_type != ET_REL || elf_getshdrstrndx(elf, &names) < 0)
		return error_of_elf();
	module.is_sound = is_sound(elf, &file, length);
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			return error_of_elf();
		name = elf_strptr(elf, names, header.sh_name);
		if (name)
			read_section(section, name, &header, length, &module);
	}
	if (errno == ENOMEM)
		return -ENOMEM;
	*ret_module = module;
	return 0;
}
