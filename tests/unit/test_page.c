/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The landing page: that it leads to everything else, and that a path cannot become
 * markup. Knows realloc(), which it lets fail.
 */
#include "exposition/page.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/version.h"

#include "memory.h"

static size_t count_of(const char *string, const char *part)
{
	size_t count = 0;

	for (; (string = strstr(string, part)); string += strlen(part))
		count++;
	return count;
}

static void assert_once(const struct text *page, const char *part)
{
	if (count_of(text_string(page), part) != 1)
		fail_msg("not once on the page: %s", part);
}

static void the_page_is_one_html_document(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	page_write("/metrics", &page);
	assert_int_equal(page.error, 0);
	assert_memory_equal(text_string(&page), "<!DOCTYPE html>\n",
	                    strlen("<!DOCTYPE html>\n"));
	assert_once(&page, "<html lang=\"en\">\n");
	assert_once(&page, "<meta charset=\"utf-8\">");
	assert_once(&page, "<title>kernel_taint_exporter</title>");
	assert_string_equal(text_string(&page) + page.length - strlen("</html>\n"),
	                    "</html>\n");
}

static void the_page_leads_to_metrics_health_and_readiness(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	page_write("/metrics", &page);
	assert_once(&page, "<a href=\"/metrics\">Metrics</a>");
	assert_once(&page, "<a href=\"/-/healthy\">Health</a>");
	assert_once(&page, "<a href=\"/-/ready\">Readiness</a>");
	assert_int_equal(count_of(text_string(&page), "<a "), 3);
}

static void the_page_says_what_it_is_and_its_version(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	page_write("/metrics", &page);
	assert_once(&page, "<h1>kernel_taint_exporter</h1>");
	assert_non_null(strstr(text_string(&page), version.version));
	assert_non_null(strstr(text_string(&page), version.revision));
}

static void the_page_follows_the_telemetry_path(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	page_write("/some/where/else", &page);
	assert_once(&page, "<a href=\"/some/where/else\">Metrics</a>");
	assert_int_equal(count_of(text_string(&page), "/metrics"), 0);
}

static void a_hostile_path_stays_a_path(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, plain = TEXT_INIT;

	(void)state;
	page_write("/\"><script>alert('&amp;')</script><a href=\"", &page);
	assert_once(&page, "<a href=\"/&quot;&gt;&lt;script&gt;alert('&amp;amp;')"
	                   "&lt;/script&gt;&lt;a href=&quot;\">Metrics</a>");

	/* As many tags and quotes as any page has. */
	page_write("/metrics", &plain);
	assert_int_equal(count_of(text_string(&page), "<"),
	                 count_of(text_string(&plain), "<"));
	assert_int_equal(count_of(text_string(&page), ">"),
	                 count_of(text_string(&plain), ">"));
	assert_int_equal(count_of(text_string(&page), "\""),
	                 count_of(text_string(&plain), "\""));
}

static void the_page_needs_nothing_from_elsewhere(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT;

	(void)state;
	page_write("/metrics", &page);
	assert_int_equal(count_of(text_string(&page), "://"), 0);
	assert_int_equal(count_of(text_string(&page), "<script"), 0);
	assert_int_equal(count_of(text_string(&page), "<style"), 0);
	assert_int_equal(count_of(text_string(&page), "style="), 0);
}

static void the_page_is_appended_to_what_is_there(void **state)
{
	_cleanup_(text_clear) struct text page = TEXT_INIT, alone = TEXT_INIT;

	(void)state;
	page_write("/metrics", &alone);
	text_add_string(&page, "before\n");
	page_write("/metrics", &page);
	assert_memory_equal(text_string(&page), "before\n", strlen("before\n"));
	assert_string_equal(text_string(&page) + strlen("before\n"), text_string(&alone));
}

static void without_memory_the_page_is_whole_or_has_the_error(void **state)
{
	_cleanup_(text_clear) struct text whole = TEXT_INIT;
	int failures = 0;

	(void)state;
	page_write("/<metrics>", &whole);
	for (int calls = 0;; calls++) {
		_cleanup_(text_clear) struct text page = TEXT_INIT;

		assert_true(calls < 100);
		calls_left = calls;
		page_write("/<metrics>", &page);
		calls_left = -1;
		if (page.error) {
			assert_int_equal(page.error, -ENOMEM);
			failures++;
			continue;
		}
		assert_string_equal(text_string(&page), text_string(&whole));
		break;
	}
	assert_true(failures > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_one_html_document),
		cmocka_unit_test(the_page_leads_to_metrics_health_and_readiness),
		cmocka_unit_test(the_page_says_what_it_is_and_its_version),
		cmocka_unit_test(the_page_follows_the_telemetry_path),
		cmocka_unit_test(a_hostile_path_stays_a_path),
		cmocka_unit_test(the_page_needs_nothing_from_elsewhere),
		cmocka_unit_test(the_page_is_appended_to_what_is_there),
		cmocka_unit_test_setup(without_memory_the_page_is_whole_or_has_the_error,
		                       setup),
	};

	return cmocka_run_group_tests_name("page", tests, setup, NULL);
}
