/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page for people. Knows how it is laid out; what is said of the host stands in
 * host_text.
 */
#include "exposition/page.h"

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/version.h"
#include "exposition/host.h"
#include "exposition/host_text.h"
#include "exposition/html.h"
#include "exposition/metrics.h"
#include "exposition/sheet.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/snapshot.h"

/*
 * Colours have a contrast of 4.5 to 1 at least, in both schemes (WCAG 2.2, 1.4.3). A word
 * always says what a colour says.
 */
#define STYLE                                                                           \
	":root{color-scheme:light dark;--back:#fff;--front:#1d2330;--soft:#566076;"     \
	"--line:#d5dae3;--good:#17692f;--bad:#b3211b;--unknown:#7d5200;--link:#0a55b5}" \
	"\n"                                                                            \
	"@media (prefers-color-scheme:dark){:root{--back:#14171d;--front:#e3e6ec;"      \
	"--soft:#a2abbc;--line:#363d4a;--good:#6fd08c;--bad:#ff8f86;--unknown:#e9b84c;" \
	"--link:#85b7ff}}\n"                                                            \
	"body{margin:0 auto;max-width:64rem;padding:1rem;background:var(--back);"       \
	"color:var(--front);font:1rem/1.5 "                                             \
	"system-ui,sans-serif;overflow-wrap:anywhere}\n"                                \
	"h1{font-size:1.1rem;margin:0}\n"                                               \
	"h2{font-size:1.1rem;margin:1.75rem 0 .5rem}\n"                                 \
	"header,footer{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;"                  \
	"align-items:baseline;color:var(--soft)}\n"                                     \
	"footer{margin-top:2rem;border-top:1px solid var(--line);padding-top:.75rem}\n" \
	"nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:0;"  \
	"padding:0}\n"                                                                  \
	"a{color:var(--link)}\n"                                                        \
	".verdict{font-size:1.25rem;margin:1.25rem 0;padding:.75rem 1rem;"              \
	"border:1px solid var(--line);border-left:.5rem solid;border-radius:.25rem}\n"  \
	".good{border-left-color:var(--good)}.good strong{color:var(--good)}\n"         \
	".bad{border-left-color:var(--bad)}.bad strong,.set{color:var(--bad)}\n"        \
	".unknown{border-left-color:var(--unknown)}"                                    \
	".unknown strong{color:var(--unknown)}\n"                                       \
	"dl{display:grid;grid-template-columns:minmax(6rem,9rem) 1fr;gap:.25rem 1rem;"  \
	"margin:0}\n"                                                                   \
	"dt{grid-column:1;color:var(--soft)}dd{grid-column:2;margin:0}\n"               \
	"table{border-collapse:collapse;width:100%}\n"                                  \
	"caption{text-align:left;color:var(--soft);padding-bottom:.5rem}\n"             \
	"th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;"      \
	"border-top:1px solid var(--line);font-weight:normal}\n"                        \
	"thead th{border-top:0;color:var(--soft)}.set{font-weight:bold}\n"              \
	".wide{overflow-x:auto}.wide table{overflow-wrap:normal}"                       \
	".wide td:nth-child(4){white-space:nowrap}"                                     \
	".wide td:nth-child(5){min-width:14rem}"                                        \
	".wide td:last-child{min-width:16rem;overflow-wrap:anywhere}\n"                 \
	"caption{max-width:calc(100vw - 2rem)}\n"                                       \
	"@media print{.wide{overflow:visible}"                                          \
	".wide td{min-width:0!important;overflow-wrap:anywhere}}\n"                     \
	"@media (max-width:40rem){dl{display:block}dd{margin:0 0 .5rem}}\n"

/* The digest is that of STYLE, of what stands between <style> and </style> (CSP Level 3).
 */
const char page_security_policy[] =
	"default-src 'none'; "
	"style-src 'sha256-7CUlbkox1cUp3bOewd/yoDNfEmIJ9PEFrq/El0nsOjw='; "
	"base-uri 'none'; "
	"form-action 'none'; frame-ancestors 'none'";

static void add_head(const struct metrics *metrics, struct text *page)
{
	text_add_string(page, "<!DOCTYPE html>\n"
	                      "<html lang=\"en\">\n"
	                      "<head>\n"
	                      "<meta charset=\"utf-8\">\n"
	                      "<meta name=\"viewport\" content=\"width=device-width, "
	                      "initial-scale=1\">\n"
	                      "<title>");
	if (!host_has_mask(metrics))
		text_add_string(page, "unknown");
	else
		text_add_string(page, metrics->snapshot->mask ? "tainted" : "clean");
	text_add_string(page, " &#8211; kernel_taint_exporter</title>\n"
	                      "<style>" STYLE "</style>\n"
	                      "</head>\n");
}

static void add_link(struct text *page, const char *path, const char *title)
{
	text_add_string(page, "<li><a href=\"");
	html_add(page, path);
	text_add_string(page, "\">");
	text_add_string(page, title);
	text_add_string(page, "</a></li>\n");
}

static void add_header(const char *telemetry_path, struct text *page)
{
	text_add_string(page, "<header>\n"
	                      "<h1>Taint of this host&#8217;s Linux kernel</h1>\n"
	                      "<nav aria-label=\"Other views\">\n"
	                      "<ul>\n");
	add_link(page, telemetry_path, "Metrics");
	add_link(page, "/api/v1/status", "JSON");
	add_link(page, "/-/healthy", "Health");
	add_link(page, "/-/ready", "Readiness");
	text_add_string(page, "</ul>\n</nav>\n</header>\n");
}

static void add_carriers(const struct metrics *metrics, unsigned int bit,
                         struct text *page)
{
	const struct findings *findings = metrics->findings;
	const char *between = "";

	for (size_t i = 0;
	     host_has_modules(metrics) && metrics->dialect && i < findings->tainting;
	     i++) {
		const struct module_record *record = findings->sorted[i];
		_cleanup_(text_clear) struct text name = TEXT_INIT;

		if (!host_module_has_bit(metrics, record, bit))
			continue;
		text_add_string(page, between);
		text_add(&name, record->name, record->name_length);
		html_add(page, text_string(&name));
		between = ", ";
		if (name.error)
			page->error = name.error;
	}
}

static void add_bit(const struct metrics *metrics, unsigned int bit, struct text *page)
{
	const struct taint_fact *fact = host_fact(metrics, bit);
	char flag[] = "?";

	if (fact)
		flag[0] = fact->letter;
	text_add_string(page, "<tr><td>");
	text_add_number(page, bit);
	text_add_string(page, "</td><td>");
	html_add(page, flag);
	text_add_string(page, "</td><th scope=\"row\">");
	text_add_string(page, fact ? taint_slug(fact->taint) : "unknown");
	text_add_string(page, "</th>");
	if (!host_has_mask(metrics))
		text_add_string(page, "<td>unknown");
	else if (metrics->snapshot->mask >> bit & 1)
		text_add_string(page, "<td class=\"set\">set");
	else
		text_add_string(page, "<td>not set");
	text_add_string(page, "</td><td>");
	html_add(page, fact ? taint_fact_meaning(fact) : "not known on this kernel");
	text_add_string(page, "</td><td>");
	add_carriers(metrics, bit, page);
	text_add_string(page, "</td></tr>\n");
}

/* Those that this kernel knows, and those that are set though nobody knows them. */
static void add_bits(const struct metrics *metrics, struct text *page)
{
	uint64_t mask = host_has_mask(metrics) ? metrics->snapshot->mask : 0;

	text_add_string(page,
	                "<section>\n"
	                "<h2 id=\"bits\">every bit</h2>\n"
	                "<div class=\"wide\" role=\"region\" aria-labelledby=\"bits\" "
	                "tabindex=\"0\">\n"
	                "<table>\n"
	                "<caption>What each bit of the mask means on this kernel, and "
	                "which loaded modules carry it.</caption>\n"
	                "<thead><tr><th scope=\"col\">bit</th>"
	                "<th scope=\"col\">flag</th><th scope=\"col\">taint</th>"
	                "<th scope=\"col\">state</th><th scope=\"col\">meaning</th>"
	                "<th scope=\"col\">carried by</th></tr></thead>\n"
	                "<tbody>\n");
	for (unsigned int bit = 0; bit < 64; bit++)
		if (host_fact(metrics, bit) || mask >> bit & 1)
			add_bit(metrics, bit, page);
	text_add_string(page, "</tbody>\n</table>\n</div>\n</section>\n");
}

static void add_footer(struct text *page)
{
	text_add_string(page, "<footer>kernel_taint_exporter ");
	html_add(page, version.version);
	text_add_string(page, ", revision ");
	html_add(page, version.revision);
	text_add_string(page, "</footer>\n");
}

void page_write(const struct metrics *metrics, const char *telemetry_path,
                struct text *page)
{
	struct sheet sheet = sheet_of(page, SHEET_HTML);

	add_head(metrics, page);
	text_add_string(page, "<body>\n");
	add_header(telemetry_path, page);
	text_add_string(page, "<main>\n");
	host_text_write(metrics, &sheet);
	add_bits(metrics, page);
	text_add_string(page, "</main>\n");
	add_footer(page);
	text_add_string(page, "</body>\n</html>\n");
}
