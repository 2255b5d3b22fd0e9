/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that are gone: records follow one another without a gap, and what is parsed can
 * be written again and gives the same.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "model/dialect.h"
#include "model/snapshot.h"
#include "sources/unloaded.h"

/* As the kernel would. */
static void write_list(const struct unloaded_list *list, struct text *text)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct unloaded_record *record = &list->records[i];

		text_add(text, record->name, record->name_length);
		text_add_string(text, " (");
		dialect_letters_write(NULL, record->letters, text);
		text_add_string(text, ") ");
		text_add_number(text, record->count);
		text_add_char(text, '\n');
	}
}

static void check_list(const struct unloaded_list *list)
{
	const char *at = text_string(&list->text), *end = at + list->text.length;

	for (size_t i = 0; i < list->count; i++) {
		const struct unloaded_record *record = &list->records[i];

		fuzz_check(record->name == at);
		fuzz_check(record->name_length && record->name_length <= MODULE_NAME_MAX);
		at = memchr(record->name + record->name_length, '\n',
		            (size_t)(end - record->name) - record->name_length);
		fuzz_check(at != NULL);
		at++;
	}
	fuzz_check(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct unloaded_list list, again;
	struct text once = TEXT_INIT, twice = TEXT_INIT;
	int r;

	unloaded_list_init(&list);
	unloaded_list_init(&again);
	text_add(&list.text, (const char *)bytes, length);
	r = unloaded_parse(&list);
	fuzz_check(r == 0 || r == -EBADMSG);
	if (r == 0) {
		check_list(&list);
		write_list(&list, &once);
		text_add(&again.text, text_string(&once), once.length);
		fuzz_check(unloaded_parse(&again) == 0);
		write_list(&again, &twice);
		fuzz_check(text_is_equal(&once, &twice));
	}
	text_clear(&twice);
	text_clear(&once);
	unloaded_list_clear(&again);
	unloaded_list_clear(&list);
	return 0;
}
