/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF notes: what is found lies in the bytes, behind a header that says so.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sources/note.h"

static void look_for(const uint8_t *bytes, size_t length, const char *name, uint32_t type)
{
	const unsigned char *value = NULL;
	size_t value_length = 0;
	int r = note_find(bytes, length, name, type, &value, &value_length);

	fuzz_check(r == 0 || r == -ENOENT || r == -EBADMSG);
	if (r < 0) {
		fuzz_check(!value && !value_length);
		return;
	}
	fuzz_check(value >= bytes + 12 && value <= bytes + length);
	fuzz_check(value_length <= (size_t)(bytes + length - value));
	/* All of it is read. */
	for (size_t i = 0; i < value_length; i++)
		r += value[i];
	fuzz_check(r >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	look_for(bytes, length, "GNU", 3);
	look_for(bytes, length, "module.sig", 100);
	look_for(bytes, length, "", 0);
	return 0;
}
