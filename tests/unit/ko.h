/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Module files made from nothing: relocatable ELF in this machine's byte order with
 * .modinfo, a build ID and a signature in the clear form of Linux 3.7, each only if
 * wanted. Also: real ones, signed and tampered with, below tests/modules, and the
 * certificate of their key. cmocka.h stands before it.
 */
#pragma once

#include <elf.h>
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "tree.h"

#define KO_SIGNED      "tests/modules/signed.ko"   /* lab_signed, of 6.1.0-56-amd64 */
#define KO_TAMPERED    "tests/modules/tampered.ko" /* lab_tampered, of the same */
#define KO_CERTIFICATE "tests/modules/signing-key.crt.pem"

struct ko {
	const char *modinfo;  /* its pairs, each with a newline behind it; NULL: none */
	const char *build_id; /* as a string of bytes; NULL: none */
	const char *signer;   /* NULL: not signed */
};

static inline void ko_align(struct text *bytes)
{
	while (bytes->length % 8)
		text_add_char(bytes, '\0');
}

/* Appends the contents of a section; its header is in the table. */
static inline void ko_section(struct text *bytes, Elf64_Shdr *header, uint32_t name,
                              uint32_t type, const char *contents, size_t length)
{
	ko_align(bytes);
	header->sh_name = name;
	header->sh_type = type;
	header->sh_offset = bytes->length;
	header->sh_size = length;
	header->sh_addralign = 1;
	text_add(bytes, contents, length);
}

/* Appends the note as .note.gnu.build-id has it. */
static inline void ko_note(struct text *note, const char *build_id)
{
	const Elf64_Nhdr header = {
		.n_namesz = sizeof("GNU"),
		.n_descsz = (uint32_t)strlen(build_id),
		.n_type = NT_GNU_BUILD_ID,
	};

	text_add(note, (const char *)&header, sizeof(header));
	text_add(note, "GNU", sizeof("GNU"));
	text_add_string(note, build_id);
	while (note->length % 4)
		text_add_char(note, '\0');
}

/* Appends what the kernel's scripts/sign-file appended up to Linux 4.2. */
static inline void ko_sign(struct text *bytes, const char *signer)
{
	static const char key_id[] = { '\x01', '\x02', '\xab' };
	static const char blob[] = "no signature of anything";
	const uint32_t blob_length = htobe32(sizeof(blob));
	const char frame[8] = { 1 /* RSA */, 4 /* sha256 */, 1 /* X.509 */,
		                (char)strlen(signer), sizeof(key_id) };

	text_add_string(bytes, signer);
	text_add(bytes, key_id, sizeof(key_id));
	text_add(bytes, blob, sizeof(blob));
	text_add(bytes, frame, sizeof(frame));
	text_add(bytes, (const char *)&blob_length, sizeof(blob_length));
	text_add_string(bytes, "~Module signature appended~\n");
}

/* Appends the whole file. */
static inline void ko_build(const struct ko *ko, struct text *bytes)
{
	static const char names[] = "\0.shstrtab\0.modinfo\0.note.gnu.build-id";
	Elf64_Shdr sections[4] = { 0 };
	Elf64_Ehdr file = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		             BYTE_ORDER == BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB,
		             EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(file),
		.e_shentsize = sizeof(sections[0]),
		.e_shnum = 2,
		.e_shstrndx = 1,
	};
	struct text contents = TEXT_INIT;

	text_add(bytes, (const char *)&file, sizeof(file));
	ko_section(bytes, &sections[1], 1, SHT_STRTAB, names, sizeof(names));
	if (ko->modinfo) {
		text_add_string(&contents, ko->modinfo);
		for (size_t i = 0; i < contents.length; i++)
			if (contents.data[i] == '\n')
				contents.data[i] = '\0';
		ko_section(bytes, &sections[file.e_shnum++], 11, SHT_PROGBITS,
		           text_string(&contents), contents.length);
	}
	if (ko->build_id) {
		text_clear(&contents);
		ko_note(&contents, ko->build_id);
		ko_section(bytes, &sections[file.e_shnum++], 20, SHT_NOTE,
		           text_string(&contents), contents.length);
	}
	text_clear(&contents);
	ko_align(bytes);
	file.e_shoff = bytes->length;
	text_add(bytes, (const char *)sections, file.e_shnum * sizeof(sections[0]));
	assert_int_equal(bytes->error, 0);
	memcpy(bytes->data, &file, sizeof(file));
	if (ko->signer)
		ko_sign(bytes, ko->signer);
	assert_int_equal(bytes->error, 0);
}

/* Writes it to PATH in the tree. */
static inline void ko_write(const char *path, const struct ko *ko)
{
	struct text bytes = TEXT_INIT;

	ko_build(ko, &bytes);
	tree_write_bytes(path, text_string(&bytes), bytes.length);
	text_clear(&bytes);
}

/* Gives sysfs the build ID of the loaded module NAME. */
static inline void ko_load(const char *name, const char *build_id)
{
	struct text note = TEXT_INIT;
	char path[PATH_MAX];

	ko_note(&note, build_id);
	snprintf(path, sizeof(path), "sys/module/%s/notes/.note.gnu.build-id", name);
	tree_write_bytes(path, text_string(&note), note.length);
	text_clear(&note);
}

/* Copies the file FROM to PATH in the tree. */
static inline void ko_copy(const char *from, const char *path)
{
	struct text bytes = TEXT_INIT;
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	char piece[4096];
	ssize_t size;

	assert_true(fd >= 0);
	while ((size = read(fd, piece, sizeof(piece))) > 0)
		text_add(&bytes, piece, (size_t)size);
	close(fd);
	assert_true(size == 0 && bytes.error == 0);
	tree_write_bytes(path, text_string(&bytes), bytes.length);
	text_clear(&bytes);
}
