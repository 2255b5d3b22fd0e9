/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page for people: that it tells the host's state, leads to everything else, needs
 * nothing from elsewhere, and that no value can become markup. What is said of the host
 * word for word is test_host_text's.
 */
#include "exposition/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <gnutls/crypto.h>

#include "base/version.h"
#include "host.h"

static const char *telemetry_path;

static void write_page(struct text *page)
{
	page_write(&metrics, telemetry_path, page);
}

static int setup(void **state)
{
	telemetry_path = "/metrics";
	return setup_host(state);
}

static size_t count_of(const struct text *page, const char *part)
{
	const char *string = text_string(page);
	size_t count = 0;

	for (; (string = strstr(string, part)); string += strlen(part))
		count++;
	return count;
}

static void assert_once(const struct text *page, const char *part)
{
	if (count_of(page, part) != 1)
		fail_msg("not once on the page: %s\n%s", part, text_string(page));
}

static void assert_page_has(const char *part)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	tell(write_page, &page);
	assert_int_equal(page.error, 0);
	assert_once(&page, part);
}

static void the_page_is_one_html_document(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	tell(write_page, &page);
	assert_int_equal(page.error, 0);
	assert_memory_equal(text_string(&page), "<!DOCTYPE html>\n",
	                    strlen("<!DOCTYPE html>\n"));
	assert_once(&page, "<html lang=\"en\">\n");
	assert_once(&page, "<meta charset=\"utf-8\">");
	assert_once(&page, "<h1>");
	assert_once(&page, "<main>");
	assert_string_equal(text_string(&page) + page.length - strlen("</html>\n"),
	                    "</html>\n");
}

static void the_page_leads_to_metrics_json_health_and_readiness(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	tell(write_page, &page);
	assert_once(&page, "<a href=\"/metrics\">Metrics</a>");
	assert_once(&page, "<a href=\"/api/v1/status\">JSON</a>");
	assert_once(&page, "<a href=\"/-/healthy\">Health</a>");
	assert_once(&page, "<a href=\"/-/ready\">Readiness</a>");
	assert_int_equal(count_of(&page, "<a "), 4);
}

static void the_page_says_what_made_it(void **state)
{
	char made_by[128];

	(void)state;
	snprintf(made_by, sizeof(made_by),
	         "kernel_taint_exporter %s, revision %s</footer>", version.version,
	         version.revision);
	assert_page_has(made_by);
}

static void the_title_is_the_verdict(void **state)
{
	(void)state;
	assert_page_has("<title>clean &#8211; ");
	snapshot.mask = 1;
	assert_page_has("<title>tainted &#8211; ");
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -EACCES);
	assert_page_has("<title>unknown &#8211; ");
}

static void the_page_tells_what_there_is_to_say_of_the_host(void **state)
{
	(void)state;
	snapshot.mask = 0x1000;
	add_module("zfs", "O");
	assert_page_has("<p class=\"verdict bad\"><strong>tainted</strong>: 4096 "
	                "(oot_module)</p>");
	assert_page_has("<h2>module zfs (O)</h2>");
	assert_page_has("<h2>posture</h2>");
	assert_page_has("<h2>not explained</h2>");
	assert_page_has("<h2>after a reboot</h2>");
}

static void a_module_is_told_of_with_its_file(void **state)
{
	struct module_record *record = add_module("zfs", "O");
	struct module_file *file = set_file(record, MODULE_SIGNATURE_PKCS7, "/zfs.ko");

	(void)state;
	set_word(file, MODULE_WORD_SIGNER, "A & B");
	set_word(file, MODULE_WORD_LICENSE, "GPL");
	set_builds(record, "one", "two");
	assert_page_has("<dt>file</dt>\n<dd>/zfs.ko</dd>");
	assert_page_has("<dt>signer</dt>\n<dd>A &amp; B</dd>");
	assert_page_has("<dt>licence</dt>\n<dd>GPL (compatible with the GPL)</dd>");
	assert_page_has("<dt>the file</dt>\n<dd>is not what is loaded</dd>");
}

static void every_bit_that_the_kernel_knows_has_its_row(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	tell(write_page, &page);
	assert_int_equal(count_of(&page, "<th scope=\"row\">"), 20);
	assert_int_equal(count_of(&page, "<td>not set</td>"), 20);
	assert_once(
		&page,
		"<tr><td>12</td><td>O</td><th scope=\"row\">oot_module</th>"
		"<td>not set</td>"
		"<td>module from outside of the kernel&#39;s tree</td><td></td></tr>");
}

static void a_set_bit_is_marked_and_names_who_carries_it(void **state)
{
	(void)state;
	snapshot.mask = 0x1001;
	add_module("zfs", "PO");
	add_module("apfs", "O");
	assert_page_has(
		"<tr><td>0</td><td>P</td><th scope=\"row\">proprietary_module</th>"
		"<td class=\"set\">set</td><td>proprietary module</td>"
		"<td>zfs</td></tr>");
	assert_page_has("<td class=\"set\">set</td>"
	                "<td>module from outside of the kernel&#39;s tree</td>"
	                "<td>apfs, zfs</td></tr>");
}

static void a_bit_that_nobody_knows_has_a_row_while_it_is_set(void **state)
{
	(void)state;
	snapshot.mask = UINT64_C(1) << 63;
	assert_page_has("<tr><td>63</td><td>?</td><th scope=\"row\">unknown</th>"
	                "<td class=\"set\">set</td><td>not known on this kernel</td>"
	                "<td></td></tr>");
}

static void bits_are_unknown_without_a_mask(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	snapshot.mask = UINT64_MAX;
	fail_source(&snapshot.mask_result, "sys/kernel/tainted", -EACCES);
	tell(write_page, &page);
	assert_int_equal(count_of(&page, "<td>unknown</td>"), 20);
	assert_int_equal(count_of(&page, "<th scope=\"row\">"), 20);
}

static void without_a_dialect_there_are_the_set_bits_alone(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	metrics.dialect = NULL;
	snapshot.mask = 3;
	add_module("zfs", "PF");
	tell(write_page, &page);
	assert_int_equal(count_of(&page, "<th scope=\"row\">unknown</th>"), 2);
	assert_int_equal(count_of(&page, "<th scope=\"row\">"), 2);
}

static void the_page_follows_the_telemetry_path(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	telemetry_path = "/some/where/else";
	tell(write_page, &page);
	assert_once(&page, "<a href=\"/some/where/else\">Metrics</a>");
	assert_int_equal(count_of(&page, "/metrics"), 0);
}

static void assert_as_much_markup(const struct text *page, const struct text *plain)
{
	assert_int_equal(count_of(page, "<"), count_of(plain, "<"));
	assert_int_equal(count_of(page, ">"), count_of(plain, ">"));
	assert_int_equal(count_of(page, "\""), count_of(plain, "\""));
	assert_int_equal(count_of(page, "\n"), count_of(plain, "\n"));
}

static void a_hostile_path_stays_a_path(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, plain = TEXT_INIT;

	(void)state;
	tell(write_page, &plain);
	telemetry_path = "/\"><script>alert('&amp;')</script><a href=\"";
	tell(write_page, &page);
	assert_once(&page, "<a href=\"/&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)"
	                   "&lt;/script&gt;&lt;a href=&quot;\">Metrics</a>");
	assert_as_much_markup(&page, &plain);
}

static void no_hostile_value_becomes_markup(void **state)
{
	static const char *const markup[] = {
		"<script>alert(1)</script>",
		"</dd><h1>",
		"\" onload=\"x",
		"'><img src=x>",
	};
	_cleanup_(text_clear) struct text plain = TEXT_INIT;

	make_worst_host("a name");
	tell(write_page, &plain);
	for (size_t i = 0; i < ARRAY_SIZE(hostile) + ARRAY_SIZE(markup); i++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;

		teardown_host(state);
		setup(state);
		make_worst_host(i < ARRAY_SIZE(hostile)
		                        ? hostile[i]
		                        : markup[i - ARRAY_SIZE(hostile)]);
		tell(write_page, &page);
		assert_int_equal(page.error, 0);
		assert_as_much_markup(&page, &plain);
	}
}

/* CSP Level 3, section 6.7.2: the digest of what stands in the element, in Base64. */
static void the_policy_allows_the_style_of_the_page_alone(void **state)
{
	static const char begin[] = "<style>", end[] = "</style>";
	_cleanup_(text_clear) struct text page = TEXT_INIT;
	gnutls_datum_t digest, base64;
	const char *style, *style_end;
	char source[80];
	uint8_t bytes[32];

	(void)state;
	tell(write_page, &page);
	style = strstr(text_string(&page), begin) + strlen(begin);
	style_end = strstr(style, end);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, style,
	                                  (size_t)(style_end - style), bytes),
	                 0);
	digest = (gnutls_datum_t){ bytes, sizeof(bytes) };
	assert_int_equal(gnutls_base64_encode2(&digest, &base64), 0);
	snprintf(source, sizeof(source), "style-src 'sha256-%.*s';", (int)base64.size,
	         (const char *)base64.data);
	gnutls_free(base64.data);
	if (!strstr(page_security_policy, source))
		fail_msg("expected %s in %s", source, page_security_policy);
	assert_memory_equal(page_security_policy, "default-src 'none'; ",
	                    strlen("default-src 'none'; "));
}

static void the_page_needs_nothing_from_elsewhere(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	tell(write_page, &page);
	assert_int_equal(count_of(&page, "://"), 0);
	assert_int_equal(count_of(&page, "url("), 0);
	assert_int_equal(count_of(&page, "<script"), 0);
	assert_int_equal(count_of(&page, "src="), 0);
	assert_int_equal(count_of(&page, "style="), 0);
}

static void the_page_is_appended_to_what_is_there(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, alone = TEXT_INIT;

	(void)state;
	tell(write_page, &alone);
	text_add_string(&page, "before\n");
	tell(write_page, &page);
	assert_memory_equal(text_string(&page), "before\n", strlen("before\n"));
	assert_string_equal(text_string(&page) + strlen("before\n"), text_string(&alone));
}

static void without_memory_the_page_is_whole_or_has_the_error(void **state)
{
	(void)state;
	make_worst_host("a <name> that takes more than a few bytes \xff");
	assert_whole_or_error(write_page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_page_is_one_html_document),
		TEST(the_page_leads_to_metrics_json_health_and_readiness),
		TEST(the_page_says_what_made_it),
		TEST(the_title_is_the_verdict),
		TEST(the_page_tells_what_there_is_to_say_of_the_host),
		TEST(a_module_is_told_of_with_its_file),
		TEST(every_bit_that_the_kernel_knows_has_its_row),
		TEST(a_set_bit_is_marked_and_names_who_carries_it),
		TEST(a_bit_that_nobody_knows_has_a_row_while_it_is_set),
		TEST(bits_are_unknown_without_a_mask),
		TEST(without_a_dialect_there_are_the_set_bits_alone),
		TEST(the_page_follows_the_telemetry_path),
		TEST(a_hostile_path_stays_a_path),
		TEST(no_hostile_value_becomes_markup),
		TEST(the_policy_allows_the_style_of_the_page_alone),
		TEST(the_page_needs_nothing_from_elsewhere),
		TEST(the_page_is_appended_to_what_is_there),
		TEST(without_memory_the_page_is_whole_or_has_the_error),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
