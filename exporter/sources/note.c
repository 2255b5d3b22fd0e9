/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF notes. Must not know what any note says.
 */
#include "sources/note.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

/* Of SIZE bytes with their padding; it may be missing behind the last value. */
static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

int note_find(const unsigned char *bytes, size_t length, const char *name, uint32_t type,
              const unsigned char **ret_value, size_t *ret_length)
{
	size_t name_size = strlen(name) + 1;

	while (length) {
		const unsigned char *note_name, *value;
		Elf32_Nhdr note; /* the same in 64-bit files */
		size_t left;

		if (length < sizeof(note))
			return -EBADMSG;
		memcpy(&note, bytes, sizeof(note));
		left = length - sizeof(note);
		if (note.n_namesz > left || padded(note.n_namesz) > left ||
		    note.n_descsz > left - padded(note.n_namesz))
			return -EBADMSG;
		note_name = bytes + sizeof(note);
		value = note_name + padded(note.n_namesz);
		left -= padded(note.n_namesz);
		if (note.n_type == type && note.n_namesz == name_size &&
		    memcmp(note_name, name, name_size) == 0) {
			*ret_value = value;
			*ret_length = note.n_descsz;
			return 0;
		}
		if (padded(note.n_descsz) >= left)
			return -ENOENT;
		bytes = value + padded(note.n_descsz);
		length = left - padded(note.n_descsz);
	}
	return -ENOENT;
}
