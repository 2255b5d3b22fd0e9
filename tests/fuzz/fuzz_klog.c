/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's log, from its bytes to what is said of it: the same however it is cut into
 * pieces, with line numbers that grow, and nothing in it for a terminal to obey. Every
 * line is also shown to the grammar by itself.
 */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "exposition/decoded.h"
#include "exposition/decoded_json.h"
#include "fuzz.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "model/diagnosis.h"
#include "sources/klog.h"
#include "sources/klog_assembler.h"
#include "sources/klog_modules.h"
#include "sources/klog_prefix.h"
#include "sources/klog_reader.h"

/* What one pass over the log said. */
struct pass {
	struct text text, json;
	uint64_t line; /* of the last report or announcement */
	uint64_t lines;
};

static void say(struct pass *pass, const struct backtrace *backtrace,
                const struct boot_log *boot)
{
	struct report_hints hints = { .release = text_string(&boot->release),
		                      .version = text_string(&boot->version) };
	struct backtrace nothing;
	struct diagnosis diagnosis;
	struct decoded decoded = { .source = "log",
		                   .diagnosis = &diagnosis,
		                   .backtrace = backtrace,
		                   .boot = boot };

	backtrace_init(&nothing);
	diagnosis_of_backtrace(&diagnosis, backtrace ? backtrace : &nothing, &hints);
	decoded_write(&decoded, &pass->text);
	decoded_json_write(&decoded, &pass->json);
	text_add_char(&pass->json, '\n');
}

static int take_backtrace(void *context, const struct backtrace *backtrace,
                          const struct boot_log *boot)
{
	struct pass *pass = context;

	fuzz_check(backtrace->line > pass->line && backtrace->line <= pass->lines);
	pass->line = backtrace->line;
	for (size_t i = 0; i < backtrace->count; i++)
		fuzz_check(*backtrace_name(backtrace, backtrace->modules[i].name));
	say(pass, backtrace, boot);
	return 0;
}

static int take_boot(void *context, const struct boot_log *boot)
{
	struct pass *pass = context;

	fuzz_check(boot->tally.count > 0);
	for (size_t i = 0; i < boot->tally.count; i++)
		fuzz_check(boot->tally.entries[i].first <= pass->lines &&
		           boot->tally.entries[i].first > 0);
	say(pass, NULL, boot);
	return 0;
}

/* Reads the log in pieces of SIZE bytes. */
static void read_log(const struct klog *klog, const uint8_t *bytes, size_t length,
                     size_t size, struct pass *pass)
{
	const struct klog_listener listener = { take_backtrace, take_boot, pass };
	struct klog_reader *reader = NULL;

	*pass = (struct pass){ .lines = 1 };
	for (size_t i = 0; i < length; i++)
		pass->lines += bytes[i] == '\n';
	fuzz_check(klog_reader_new(klog, &listener, &reader) == 0);
	for (size_t at = 0; at < length; at += size) {
		size_t rest = length - at;

		fuzz_check(klog_reader_add(reader, (const char *)bytes + at,
		                           rest < size ? rest : size) == 0);
	}
	fuzz_check(klog_reader_end(reader) == 0);
	klog_reader_free(reader);
}

static void clear(struct pass *pass)
{
	text_clear(&pass->text);
	text_clear(&pass->json);
}

/* ECMA-48: no C0 but the newline, no DEL, no C1. */
static void check_printable(const struct text *text)
{
	const unsigned char *c = (const unsigned char *)text_string(text);

	for (size_t i = 0; i < text->length; i++) {
		fuzz_check(c[i] >= 0x20 || c[i] == '\n');
		fuzz_check(c[i] != 0x7f);
		fuzz_check(c[i] != 0xc2 || c[i + 1] >= 0xa0);
	}
}

static bool is_inside(struct klog_slice slice, const char *bytes, size_t length)
{
	return !slice.length || (slice.bytes >= bytes && slice.length <= length &&
	                         slice.bytes + slice.length <= bytes + length);
}

static void check_line(const struct klog *klog, const char *bytes, size_t length)
{
	struct backtrace backtrace;
	struct klog_line line;
	struct stamp stamp;
	size_t prefix = klog_prefix_parse(bytes, length, &stamp);

	fuzz_check(prefix <= length);
	bytes += prefix;
	length -= prefix;
	line = klog_parse(bytes, length);
	fuzz_check((line.kind == KLOG_NOTHING) == !line.row);
	fuzz_check(is_inside(line.before, bytes, length));
	fuzz_check(is_inside(line.module, bytes, length));
	fuzz_check(is_inside(line.detail, bytes, length));
	if (line.row)
		fuzz_check(klog_find(klog, bytes, length) != NULL);

	klog_is_heading(bytes, length);
	klog_modules_is_rest(bytes, length);
	backtrace_init(&backtrace);
	fuzz_check(klog_modules_parse(bytes, length, length % 2, &backtrace) == 0);
	backtrace_clear(&backtrace);
}

static void check_lines(const struct klog *klog, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));

		check_line(klog, bytes, (size_t)((newline ? newline : end) - bytes));
		bytes = newline ? newline + 1 : end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct klog *klog;
	struct pass whole, pieces;

	fuzz_check(klog || klog_new(&klog) == 0);
	check_lines(klog, (const char *)bytes, length);
	read_log(klog, bytes, length, length + 1, &whole);
	read_log(klog, bytes, length, length % 61 + 1, &pieces);
	fuzz_check(text_is_equal(&whole.text, &pieces.text));
	fuzz_check(text_is_equal(&whole.json, &pieces.json));
	check_printable(&whole.text);
	check_printable(&whole.json);
	clear(&whole);
	clear(&pieces);
	return 0;
}
