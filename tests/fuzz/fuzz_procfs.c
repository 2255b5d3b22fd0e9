/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/modules: records follow one another without a gap, no letter is lost, and what is
 * parsed can be written again and gives the same.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "model/dialect.h"
#include "model/snapshot.h"
#include "sources/procfs.h"

/* As the kernel would, which has no more to say of a module that nobody uses. */
static void write_list(const struct module_list *list, struct text *text)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct module_record *record = &list->records[i];

		text_add(text, record->name, record->name_length);
		text_add_string(text, " 16384 0 - ");
		text_add_string(text, record->is_live ? "Live 0x0" : "Loading 0x0");
		if (!taint_letters_is_empty(&record->letters)) {
			text_add_string(text, " (");
			dialect_letters_write(NULL, record->letters, text);
			text_add_char(text, ')');
		}
		text_add_char(text, '\n');
	}
}

/* All letters in the groups at the end of a line. */
static void check_letters(const struct module_record *record, const char *end)
{
	const char *blank = memrchr(record->name, ' ', (size_t)(end - record->name));
	struct taint_letters letters = { { 0 } };

	fuzz_check(blank != NULL);
	for (const char *c = blank[1] == '(' ? blank + 1 : end; c < end; c++)
		if (*c != '(' && *c != ')')
			fuzz_check(taint_letters_parse(c, 1, &letters) == 0);
	fuzz_check(taint_letters_is_equal(&letters, &record->letters));
}

static void check_list(const struct module_list *list)
{
	const char *at = text_string(&list->text), *end = at + list->text.length;

	for (size_t i = 0; i < list->count; i++) {
		const struct module_record *record = &list->records[i];
		const char *next = i + 1 < list->count ? list->records[i + 1].name : end;

		fuzz_check(record->name == at && next > at);
		fuzz_check(record->name_length && record->name_length <= MODULE_NAME_MAX);
		fuzz_check(!memchr(record->name, '\0', record->name_length));
		fuzz_check(record->name[record->name_length] == ' ');
		check_letters(record, next[-1] == '\n' ? next - 1 : next);
		at = next;
	}
	fuzz_check(at == end);
}

/* Whether what is written of the list would be read otherwise: a name may look like the
 * rest of a record. */
static bool has_odd_name(const struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (memchr(list->records[i].name, ' ', list->records[i].name_length) ||
		    memchr(list->records[i].name, '\n', list->records[i].name_length))
			return true;
	return false;
}

static void check_again(const struct module_list *list)
{
	struct text once = TEXT_INIT, twice = TEXT_INIT;
	struct module_list again;

	module_list_init(&again);
	write_list(list, &once);
	text_add(&again.text, text_string(&once), once.length);
	fuzz_check(procfs_modules_parse(&again) == 0);
	fuzz_check(again.count == list->count);
	write_list(&again, &twice);
	fuzz_check(text_is_equal(&once, &twice));
	text_clear(&twice);
	text_clear(&once);
	module_list_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct module_list list;
	int r;

	module_list_init(&list);
	text_add(&list.text, (const char *)bytes, length);
	r = procfs_modules_parse(&list);
	fuzz_check(r == 0 || r == -EBADMSG);
	if (r == 0) {
		check_list(&list);
		if (!has_odd_name(&list))
			check_again(&list);
	}
	module_list_clear(&list);
	return 0;
}
