/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string behind "Tainted: ": nothing that stands in it is lost, and what is read is
 * read again after it was printed. The first byte chooses the kernel.
 */
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "model/dialect.h"
#include "model/taint_string.h"

static const struct {
	enum dialect_id id;
	const char *release;
} kernels[] = {
	{ DIALECT_MAINLINE, "" },
	{ DIALECT_MAINLINE, "6.1.0" },
	{ DIALECT_MAINLINE, "3.10.0" },
	{ DIALECT_RHEL5, "2.6.18-8.el5" },
	{ DIALECT_RHEL5, "2.6.18-419.el5" },
	{ DIALECT_RHEL6, "2.6.32-754.35.1.el6" },
	{ DIALECT_RHEL7, "3.10.0-123.el7" },
	{ DIALECT_RHEL7, "3.10.0-1160.el7" },
	{ DIALECT_RHEL8, "4.18.0-513.el8" },
	{ DIALECT_RHEL9, "5.14.0-70.el9" },
	{ DIALECT_RHEL9, "5.14.0-362.el9" },
	{ DIALECT_RHEL10, "6.12.0-55.el10" },
	{ DIALECT_SUSE, "4.12.14-94-default" },
	{ DIALECT_SUSE, "5.14.21-1-default" },
	{ DIALECT_SUSE, "6.4.0-1-default" },
};

/* Each letter is a stranger or one of the mask. */
static void check_letters(const struct dialect *dialect,
                          const struct taint_string *string, const char *bytes,
                          size_t length)
{
	for (size_t i = 0; i < length; i++) {
		struct taint_letters letter = { { 0 } };
		bool is_known = false;

		if (bytes[i] <= ' ' || bytes[i] > '~' || strchr("-?G()+", bytes[i]))
			continue;
		for (unsigned int bit = 0; bit < 64; bit++)
			is_known |= dialect->bits[bit] &&
			            dialect->bits[bit]->letter == bytes[i] &&
			            string->mask >> bit & 1;
		fuzz_check(taint_letters_parse(&bytes[i], 1, &letter) == 0);
		/* Where its column says which bit it is, its letter is not needed. */
		fuzz_check(is_known || (string->strangers.half[0] & letter.half[0]) ||
		           (string->strangers.half[1] & letter.half[1]) || string->mask);
	}
}

/* The bits with a column in which their letter may stand. */
static uint64_t printed_bits(const struct dialect *dialect)
{
	struct taint_columns columns;
	uint64_t bits = 0;

	taint_columns_init(&columns, dialect);
	for (size_t i = 0; i < columns.count; i++)
		bits |= UINT64_C(1) << columns.bits[i];
	return bits & columns.printed;
}

/* What this kernel prints of the mask is read as the same mask. */
static void check_again(const struct dialect *dialect, uint64_t mask)
{
	struct taint_string again;
	struct text text = TEXT_INIT;

	mask &= printed_bits(dialect);
	taint_string_write(dialect, mask, &text);
	fuzz_check(!text.error);
	again = taint_string_parse(dialect, text_string(&text), text.length);
	fuzz_check(again.mask == mask && !again.unplaced);
	fuzz_check(taint_letters_is_empty(&again.strangers));
	fuzz_check(taint_string_has_dashes_of(dialect, text_string(&text), text.length));
	text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t kernel = length ? bytes[0] % (sizeof(kernels) / sizeof(kernels[0])) : 0;
	const char *string = (const char *)bytes + (length > 0);
	struct taint_string found;
	struct dialect dialect;
	uint64_t marks = 0;

	length -= length > 0;
	dialect_init(&dialect, kernels[kernel].id, kernels[kernel].release);
	found = taint_string_parse(&dialect, string, length);
	for (size_t i = 0; i < length; i++)
		marks += string[i] == '?';
	fuzz_check(found.unplaced <= marks);
	fuzz_check(!marks || found.unplaced || found.mask);
	check_letters(&dialect, &found, string, length);
	check_again(&dialect, found.mask);
	taint_string_has_dashes_of(&dialect, string, length);
	return 0;
}
