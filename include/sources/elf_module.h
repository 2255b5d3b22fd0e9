/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a module (elf(5)), through libelf.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/module_file.h"

struct elf_module {
	/* What RHEL 5 has in .module_sig and RHEL 6 in .note.module.sig: none,
	 * elf_section, or malformed if the section is empty or no such note. */
	enum module_signature signature;

	/* The build ID of .note.gnu.build-id; its srcversion is not looked at. */
	struct module_build build;

	/*
	 * Section names and .modinfo are there and inside of the file, or there is no
	 * .modinfo: libkmod 30 ends the process with assert() where that is not so.
	 */
	bool is_sound;
};

/* 0; -EBADMSG if BYTES are no relocatable ELF file; -ENOMEM. */
int elf_module_parse(const unsigned char *bytes, size_t length,
                     struct elf_module *ret_module);
