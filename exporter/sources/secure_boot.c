/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure Boot. One row per variable that can say that it is off.
 */
#include "sources/secure_boot.h"

#include <errno.h>
#include <stdbool.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/hostfs.h"
#include "sources/visibility.h"

#define EFIVARFS "firmware/efi/efivars"

/* EFI_GLOBAL_VARIABLE of the UEFI specification, section 3.3; SHIM_LOCK_GUID of shim. */
#define EFI_GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM_LOCK  "-605dab50-e046-4300-abb6-3dd810dd8b23"

/* The UEFI specification, section 8.2. */
#define EFI_VARIABLE_NON_VOLATILE 0x1

#define EFI_VARIABLE_SIZE 5

static const struct {
	const char *path;
	uint8_t off;             /* the value that says that Secure Boot is off */
	bool is_needed;          /* without it Secure Boot is off */
	uint32_t not_attributes; /* with one of them the kernel ignores the variable */
} variables[] = {
	{ EFIVARFS "/SecureBoot" EFI_GLOBAL, 0, true, 0 },
	{ EFIVARFS "/SetupMode" EFI_GLOBAL, 1, false, 0 },
	/*
	 * shim's copy of MokSBState, which itself is gone after boot. Only shim makes a
	 * volatile one.
	 */
	{ EFIVARFS "/MokSBStateRT" SHIM_LOCK, 1, false, EFI_VARIABLE_NON_VOLATILE },
};

int efi_variable_parse(const char *bytes, size_t length,
                       struct efi_variable *ret_variable)
{
	const unsigned char *b = (const unsigned char *)bytes;

	if (length != EFI_VARIABLE_SIZE)
		return length < EFI_VARIABLE_SIZE ? -EBADMSG : -EFBIG;
	*ret_variable = (struct efi_variable){
		.attributes = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
		              (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24,
		.value = b[4],
	};
	return 0;
}

static int read_variable(struct hostfs *fs, const char *path,
                         struct efi_variable *ret_variable)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;
	int r = hostfs_value_read(fs, HOSTFS_SYSFS, path, &bytes);

	if (r < 0)
		return r;
	return efi_variable_parse(text_string(&bytes), bytes.length, ret_variable);
}

/* 0, -ENOENT: without EFI, -EACCES: variables are hidden, or what failed. */
static int read_state(struct hostfs *fs, bool *ret_is_on)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		struct efi_variable variable;
		int r = read_variable(fs, variables[i].path, &variable);

		if ((r == -ENOENT || r == -EFBIG) && !variables[i].is_needed)
			continue;
		if (r == -ENOENT) {
			*ret_is_on = false;
			return visibility_check(fs, EFIVARFS);
		}
		if (r < 0)
			return r;
		if (variable.value == variables[i].off &&
		    !(variable.attributes & variables[i].not_attributes)) {
			*ret_is_on = false;
			return 0;
		}
	}
	*ret_is_on = true;
	return 0;
}

void secure_boot_read(struct hostfs *fs, struct secure_boot *ret_secure_boot)
{
	bool is_on;
	int r = read_state(fs, &is_on);

	*ret_secure_boot = (struct secure_boot){ .result.file = EFIVARFS };
	if (r == 0) {
		ret_secure_boot->reading =
			(struct reading){ .known = true, .value = is_on };
		return;
	}
	ret_secure_boot->reading.absence = visibility_absence(r);
	if (ret_secure_boot->reading.absence == ABSENCE_UNREADABLE)
		ret_secure_boot->result.error = r;
}
