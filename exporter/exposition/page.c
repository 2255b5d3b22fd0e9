/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page for people. Every value is escaped.
 */
#include "exposition/page.h"

#include "base/text.h"
#include "base/version.h"

static void add_escaped(struct text *page, const char *value)
{
	for (; *value; value++) {
		switch (*value) {
		case '&':
			text_add_string(page, "&amp;");
			break;
		case '<':
			text_add_string(page, "&lt;");
			break;
		case '>':
			text_add_string(page, "&gt;");
			break;
		case '"':
			text_add_string(page, "&quot;");
			break;
		default:
			text_add_char(page, *value);
		}
	}
}

static void add_link(struct text *page, const char *path, const char *title)
{
	text_add_string(page, "<li><a href=\"");
	add_escaped(page, path);
	text_add_string(page, "\">");
	text_add_string(page, title);
	text_add_string(page, "</a></li>\n");
}

void page_write(const char *telemetry_path, struct text *page)
{
	text_add_string(
		page,
		"<!DOCTYPE html>\n"
		"<html lang=\"en\">\n"
		"<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<title>kernel_taint_exporter</title>\n"
		"</head>\n"
		"<body>\n"
		"<h1>kernel_taint_exporter</h1>\n"
		"<p>Prometheus exporter for the taint of this host&#8217;s Linux kernel "
		"and its modules.</p>\n"
		"<p>Version ");
	add_escaped(page, version.version);
	text_add_string(page, ", revision ");
	add_escaped(page, version.revision);
	text_add_string(page, ".</p>\n<ul>\n");
	add_link(page, telemetry_path, "Metrics");
	add_link(page, "/-/healthy", "Health");
	add_link(page, "/-/ready", "Readiness");
	text_add_string(page, "</ul>\n</body>\n</html>\n");
}
