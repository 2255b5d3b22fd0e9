/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure Boot, as the kernel sees it: on if the firmware's SecureBoot is, unless
 * SetupMode is on, too, or a user has switched the validation of shim off (mokutil
 * --disable-validation), which shim 15 and later say in MokSBStateRT. The rules are the
 * kernel's at boot (include/linux/efi.h, efi_get_secureboot_mode();
 * drivers/firmware/efi/libstub/secureboot.c).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct hostfs;

/* An EFI variable of one byte, as efivarfs has it (fs/efivarfs/file.c). */
struct efi_variable {
	uint32_t attributes;
	uint8_t value;
};

/*
 * Four bytes of attributes, in little-endian order, and the value. -EBADMSG if less is
 * there, -EFBIG if more is: the kernel asks for one byte, and does not get those either.
 */
int efi_variable_parse(const char *bytes, size_t length,
                       struct efi_variable *ret_variable);

/* Found once at start: the kernel limits how often variables may be read. */
struct secure_boot {
	struct source_result result;
	struct reading reading; /* 1: on; unknown without EFI, and where it is hidden */
};

/* Variables that are hidden from this process are no failure. */
void secure_boot_read(struct hostfs *fs, struct secure_boot *ret_secure_boot);
