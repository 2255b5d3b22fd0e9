/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary: what holds for every name and help text. Knows the rules of names, and
 * none of the names.
 */
#include "exposition/families.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "exposition/expose.h"

/* What family_write() writes in text 0.0.4; the caller frees it. */
static char *written(enum family family)
{
	struct text page = TEXT_INIT;
	struct expose expose = { .page = &page, .format = EXPOSE_TEXT };
	size_t length;

	family_write(&expose, family);
	return text_take(&page, &length);
}

/* The family's name, from its line # TYPE; the caller frees it. */
static char *name_of(const char *head)
{
	const char *type = strstr(head, "# TYPE ");

	assert_non_null(type);
	type += strlen("# TYPE ");
	return strndup(type, strcspn(type, " "));
}

static void every_family_has_a_head(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		char *head = written(family);

		assert_int_equal(strncmp(head, "# HELP ", 7), 0);
		assert_non_null(strstr(head, ".\n# TYPE "));
		free(head);
	}
}

static void every_name_is_ours_or_the_process_family_s(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		char *head = written(family), *name = name_of(head);

		assert_true(strncmp(name, "kernel_taint_", 13) == 0 ||
		            strncmp(name, "process_", 8) == 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
		                 strlen(name));
		free(name);
		free(head);
	}
}

static void counters_end_in_total_and_nothing_else_does(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		char *head = written(family), *name = name_of(head);
		size_t length = strlen(name);
		int is_total = length > 6 && strcmp(name + length - 6, "_total") == 0;

		assert_int_equal(strstr(head, " counter\n") != NULL, is_total);
		assert_int_equal(strstr(head, " gauge\n") == NULL, is_total);
		free(name);
		free(head);
	}
}

static void no_name_is_there_twice(void **state)
{
	(void)state;
	for (enum family a = 0; a < FAMILY_COUNT; a++) {
		char *head = written(a), *name = name_of(head);

		for (enum family b = 0; b < a; b++) {
			char *other_head = written(b), *other = name_of(other_head);

			assert_string_not_equal(name, other);
			free(other);
			free(other_head);
		}
		free(name);
		free(head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_family_has_a_head),
		cmocka_unit_test(every_name_is_ours_or_the_process_family_s),
		cmocka_unit_test(counters_end_in_total_and_nothing_else_does),
		cmocka_unit_test(no_name_is_there_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
