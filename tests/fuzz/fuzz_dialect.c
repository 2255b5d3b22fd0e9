/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose kernel it is, by its release, and what letters mean on it. Lines: the release,
 * /proc/version, the letters of a module.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "model/dialect_choose.h"

/* Bits, letters and facts of one kernel agree. */
static void check_dialect(const struct dialect *dialect)
{
	uint64_t known = 0, of_modules = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect->bits[bit];

		if (!fact)
			continue;
		known |= UINT64_C(1) << bit;
		if (fact->scope != TAINT_OF_KERNEL)
			of_modules |= UINT64_C(1) << bit;
		fuzz_check(fact->bit == bit && fact->dialects >> dialect->id & 1);
		fuzz_check(dialect_bit(dialect, fact->taint) <= bit);
		fuzz_check(dialect->letters[(unsigned char)fact->letter] != NULL);
	}
	fuzz_check(known == dialect->known_bits && of_modules == dialect->module_bits);
	for (size_t i = 0; i < 128; i++)
		fuzz_check(!dialect->letters[i] ||
		           dialect->letters[i]->letter == (char)i);
}

/* No letter is lost, and each is there once, however they were written. */
static void check_letters(const struct dialect *dialect, const char *string)
{
	struct taint_letters letters = { { 0 } }, again = { { 0 } };
	struct text text = TEXT_INIT;
	int r = taint_letters_parse(string, strlen(string), &letters);

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r < 0) {
		fuzz_check(taint_letters_is_empty(&letters));
		return;
	}
	dialect_letters_write(dialect, letters, &text);
	fuzz_check(strspn(text_string(&text), string) == text.length);
	for (const char *c = string; *c; c++)
		fuzz_check(*c == '+' || *c == '-' ||
		           strchr(text_string(&text), *c) ==
		                   strrchr(text_string(&text), *c));
	fuzz_check(taint_letters_parse(text_string(&text), text.length, &again) == 0);
	fuzz_check(taint_letters_is_equal(&letters, &again));
	fuzz_check(!(dialect_letters_bits(dialect, letters) & ~dialect->known_bits));
	text_clear(&text);
}

/* As far as it is written, a version is read again. */
static void check_version(const char *release)
{
	struct kernel_version version = kernel_version_parse(release), again;
	struct text text = TEXT_INIT;

	kernel_version_write(&version, &text);
	again = kernel_version_parse(text_string(&text));
	fuzz_check(kernel_version_compare(&version, &again) == 0);
	text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *release = fuzz_string(bytes, length), *rest = release;
	const char *version, *letters;
	struct dialect dialect;
	enum dialect_id id, named;

	strsep(&rest, "\n");
	version = rest ? strsep(&rest, "\n") : "";
	letters = rest ? strsep(&rest, "\n") : "";

	id = dialect_choose(release, version);
	fuzz_check(dialect_name_parse(dialect_name(id), &named) && named == id);
	/* The user may say that it is another one. */
	for (named = 0; named < DIALECT_COUNT; named++) {
		dialect_init(&dialect, named, release);
		check_dialect(&dialect);
		check_letters(&dialect, letters);
	}
	check_version(release);
	free(release);
	return 0;
}
