/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a label of both pages, in JSON, in HTML and on a terminal: what comes out
 * can be read, and says the clean form of what went in. The first byte says where a
 * second value begins, with which the order is compared.
 */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "exposed.h"
#include "exposition/expose.h"
#include "exposition/html.h"
#include "exposition/lines.h"

static void check_label(const char *bytes, size_t length, const struct text *clean,
                        enum expose_format format)
{
	struct text page = TEXT_INIT, value = TEXT_INIT;
	struct expose expose = { .page = &page, .format = format };
	const char *c;

	expose_family(&expose, "a_total", EXPOSE_COUNTER, "Help.");
	expose_sample(&expose);
	expose_word(&expose, "b", "c");
	expose_label(&expose, "d", bytes, length);
	expose_number_value(&expose, 1);
	expose_end(&expose);
	exposed_check_page(&page, format == EXPOSE_OPENMETRICS);
	c = strstr(text_string(&page), ",d=");
	fuzz_check(c != NULL);
	c += 3;
	exposed_read_value(&c, &value);
	fuzz_check(strncmp(c, "} 1\n", 4) == 0 && text_is_equal(&value, clean));
	text_clear(&value);
	text_clear(&page);
}

/* Of a string, which ends at a NUL. */
static void check_json(const char *string)
{
	struct text json = TEXT_INIT, value = TEXT_INIT, clean = TEXT_INIT;
	const char *c;

	utf8_add_clean(&clean, string, strlen(string));
	json_add_string(&json, string);
	exposed_check_json(&json);
	c = text_string(&json);
	exposed_read_json_string(&c, &value);
	fuzz_check(!*c && text_is_equal(&value, &clean));
	for (c = text_string(&json); *c; c++)
		fuzz_check(*c != 0x7f && strncmp(c, "\xc2\x9b", 2) != 0);
	text_clear(&clean);
	text_clear(&value);
	text_clear(&json);
}

static void check_lines(const char *string)
{
	struct text lines = TEXT_INIT, again = TEXT_INIT, html = TEXT_INIT;

	lines_add_printable(&lines, string);
	exposed_check_utf8(text_string(&lines), lines.length);
	for (size_t i = 0; i < lines.length; i++)
		fuzz_check((unsigned char)lines.data[i] >= ' ' && lines.data[i] != 0x7f);
	lines_add_printable(&again, text_string(&lines));
	fuzz_check(text_is_equal(&lines, &again));

	html_add(&html, string);
	exposed_check_html(&html);
	fuzz_check(html.length == 0 || !html.data[strcspn(html.data, "<>\"'")]);
	fuzz_check(html.length >= lines.length);
	text_clear(&html);
	text_clear(&again);
	text_clear(&lines);
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

/* Of what is clean the bytes are the order. */
static void check_order(const char *a, size_t a_length, const char *b, size_t b_length)
{
	struct text a_clean = TEXT_INIT, b_clean = TEXT_INIT;
	int order;

	utf8_add_clean(&a_clean, a, a_length);
	utf8_add_clean(&b_clean, b, b_length);
	order = strcmp(text_string(&a_clean), text_string(&b_clean));
	fuzz_check(sign(utf8_compare_clean(a, a_length, b, b_length)) == sign(order));
	fuzz_check(sign(utf8_compare_clean(b, b_length, a, a_length)) == -sign(order));
	text_clear(&b_clean);
	text_clear(&a_clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *value = (const char *)bytes + (length > 0);
	size_t at = length ? bytes[0] : 0;
	struct text clean = TEXT_INIT, again = TEXT_INIT;
	char *string;

	length -= length > 0;
	at = at < length ? at : length;
	utf8_add_clean(&clean, value, length);
	exposed_check_utf8(text_string(&clean), clean.length);
	utf8_add_clean(&again, text_string(&clean), clean.length);
	fuzz_check(text_is_equal(&clean, &again));
	check_label(value, length, &clean, EXPOSE_TEXT);
	check_label(value, length, &clean, EXPOSE_OPENMETRICS);

	string = fuzz_string((const uint8_t *)value, length);
	check_json(string);
	check_lines(string);
	free(string);
	check_order(value, at, value + at, length - at);
	text_clear(&again);
	text_clear(&clean);
	return 0;
}
