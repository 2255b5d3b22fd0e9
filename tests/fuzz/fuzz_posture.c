/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small values of procfs and sysfs, and what a kernel command line says of
 * panic_on_taint: what the kernel finds there (lib/cmdline.c, next_arg(); lib/kstrtox.c;
 * lib/ctype.c), told in another way. Each input is shown to all of these parsers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/text.h"
#include "fuzz.h"
#include "sources/posture.h"
#include "sources/secure_boot.h"

/* ---- what the kernel would find, word by word ---- */

#define BLANKS " \t\n\v\f\r\xa0"
#define DIGITS "0123456789abcdefABCDEF"

/* Up to a blank with an even number of quotes before it. */
static size_t word_length(const char *line)
{
	size_t length = 0, quotes = 0;

	for (; line[length]; length++) {
		if (quotes % 2 == 0 && strchr(BLANKS, line[length]))
			break;
		quotes += line[length] == '"';
	}
	return length;
}

/* A '+', "0x", digits of which 16 count, and a newline; only the digits have to be. */
static void expect_number(const char *string, uint64_t *number)
{
	string += *string == '+';
	if (strncmp(string, "0x", 2) == 0 || strncmp(string, "0X", 2) == 0)
		string += 2;
	if (!strspn(string, DIGITS))
		return;
	string += strspn(string, "0");
	if (strspn(string, DIGITS) > 16)
		return;
	if (strcspn(string, "\n") != strspn(string, DIGITS) ||
	    (strchr(string, '\n') && strchr(string, '\n')[1]))
		return;
	*number = strtoull(string, NULL, 16);
}

/* Cuts a quote off its end. */
static void cut_quote(char *word)
{
	size_t length = strlen(word);

	if (length && word[length - 1] == '"')
		word[length - 1] = '\0';
}

/* False at "--", behind which nothing is the kernel's. */
static bool expect_word(char *word, uint64_t *mask)
{
	bool is_quoted = *word == '"';
	char *equals, *value;

	word += is_quoted;
	equals = *word ? strchr(word + 1, '=') : NULL;
	value = equals ? equals + 1 : NULL;
	if (is_quoted || (value && *value == '"'))
		cut_quote(word);
	if (!value)
		return strcmp(word, "--") != 0;
	*equals = '\0';
	for (char *c = word; *c; c++)
		*c = (char)(*c == '-' ? '_' : *c);
	if (strcmp(word, "panic_on_taint") == 0) {
		value += *value == '"';
		value[strcspn(value, ",")] = '\0';
		expect_number(value, mask);
	}
	return true;
}

static uint64_t expect_mask(const char *line)
{
	uint64_t mask = 0;
	bool goes_on = true;

	for (line += strspn(line, BLANKS); goes_on && *line;
	     line += strspn(line, BLANKS)) {
		char *word = fuzz_string((const uint8_t *)line, word_length(line));

		line += word_length(line);
		goes_on = expect_word(word, &mask);
		free(word);
	}
	return mask;
}

/* ---- ours ---- */

static void check_command_line(const uint8_t *bytes, size_t length)
{
	char *line = fuzz_string(bytes, length), *copy = fuzz_string(bytes, length);
	size_t size = strlen(copy);

	/* The newline at the end is that of the file. */
	if (size && copy[size - 1] == '\n')
		copy[size - 1] = '\0';
	fuzz_check(posture_panic_mask_parse(line) == expect_mask(copy));
	free(copy);
	free(line);
}

static void check_switch(const char *string)
{
	uint64_t value = 7;
	int r = posture_switch_parse(string, &value);

	fuzz_check(r == 0 || r == -EBADMSG);
	fuzz_check(r == 0 ? value == (strchr("Yy1", *string) != NULL) : value == 7);
}

static void check_lockdown(const char *string)
{
	enum lockdown mode = LOCKDOWN_COUNT;
	int r = posture_lockdown_parse(string, &mode);

	fuzz_check(r == 0 || r == -EBADMSG);
	/* The first of the modes whose word is there. */
	for (enum lockdown other = 0; other < LOCKDOWN_COUNT; other++) {
		char word[32];

		snprintf(word, sizeof(word), "[%s]", lockdown_name(other));
		fuzz_check(strstr(string, word) ? mode <= other : mode != other);
	}
	fuzz_check((r == 0) == (mode < LOCKDOWN_COUNT));
}

static void check_microcode(const char *string)
{
	uint64_t outdated = 7;
	int r = posture_microcode_parse(string, &outdated);

	fuzz_check(r == 0 || r == -EBADMSG || r == -ENODATA);
	fuzz_check(r == 0 ? outdated == (*string == 'V') : outdated == 7);
	fuzz_check((r == -ENODATA) == (strstr(string, "Unknown") == string));
}

static void check_efi_variable(const uint8_t *bytes, size_t length)
{
	struct efi_variable variable = { 0 };
	int r = efi_variable_parse((const char *)bytes, length, &variable);

	fuzz_check(r == (length == 5 ? 0 : length < 5 ? -EBADMSG : -EFBIG));
	fuzz_check(variable.value == (r == 0 ? bytes[4] : 0));
	fuzz_check((variable.attributes & 0xff) == (r == 0 ? bytes[0] : 0U));
}

/* What is written of a number is read as that number. */
static void check_number(const char *string)
{
	struct text text = TEXT_INIT;
	uint64_t number = 7, again;
	int r = number_parse(string, &number);

	fuzz_check(r == 0 || r == -EBADMSG || r == -ERANGE);
	if (r == 0) {
		text_add_number(&text, number);
		fuzz_check(number_parse(text_string(&text), &again) == 0);
		fuzz_check(again == number);
		/* Digits, but for zeros in front. */
		string += strspn(string, "0");
		fuzz_check(number == 0 ||
		           strncmp(string, text_string(&text), text.length) == 0);
	} else {
		fuzz_check(number == 7);
	}
	text_clear(&text);
}

static void check_hexadecimal(const char *string)
{
	uint64_t number = 7, kernels = 7;
	int r = number_hexadecimal_parse(string, strlen(string), &number);

	fuzz_check(r == 0 || r == -EBADMSG || r == -ERANGE);
	fuzz_check(r == 0 || number == 7);
	expect_number(string, &kernels);
	/* The kernel takes a newline behind it, we leave that to whoever reads lines. */
	fuzz_check(number == kernels || strchr(string, '\n'));
}

static void check_duration(const char *string)
{
	uint64_t duration = 7;
	int r = number_duration_parse(string, &duration);

	fuzz_check(r == 0 || r == -EBADMSG || r == -ERANGE);
	fuzz_check(r == 0 ? duration <= CLOCK_SECOND * 24 * 3600 : duration == 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *string = fuzz_string(bytes, length);

	check_command_line(bytes, length);
	check_switch(string);
	check_lockdown(string);
	check_microcode(string);
	check_efi_variable(bytes, length);
	check_number(string);
	check_hexadecimal(string);
	check_duration(string);
	free(string);
	return 0;
}
