/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web configuration: it is taken whole, with everything that was promised of it, or
 * complained of in one line.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "web/webcheck.h"
#include "web/webconfig.h"

static void check_list(const struct webconfig_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		fuzz_check(list->values[i].string && list->values[i].line);
}

static void check_pairs(const struct webconfig_pairs *pairs,
                        struct webcheck (*check)(const char *, char *))
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct webconfig_pair *pair = &pairs->pairs[i];
		size_t length = strlen(pair->value.string);

		fuzz_check(*pair->value.string && pair->name.line);
		/* What was taken is taken again, as it is. */
		fuzz_check(!check(pair->name.string, pair->value.string).problem);
		fuzz_check(strlen(pair->value.string) == length);
		for (size_t k = 0; k < i; k++)
			fuzz_check(strcmp(pairs->pairs[k].name.string,
			                  pair->name.string) != 0);
	}
}

static void check_config(const struct webconfig *config)
{
	const struct webconfig_tls *tls = &config->tls;

	fuzz_check(!tls->is_given || ((tls->cert.string || tls->cert_file.string) &&
	                              (tls->key.string || tls->key_file.string) &&
	                              tls->min_version <= tls->max_version && tls->line));
	check_list(&tls->client_allowed_sans);
	check_list(&tls->cipher_suites);
	check_list(&tls->curves);
	check_pairs(&config->headers, webcheck_header);
	check_pairs(&config->users, webcheck_user);
	fuzz_check(!config->rate_interval || config->rate_burst);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text complaint = TEXT_INIT;
	struct webconfig config;
	int r = webconfig_parse("web.yml", (const char *)bytes, length, &config,
	                        &complaint);

	if (r == 0) {
		fuzz_check(!complaint.length);
		check_config(&config);
		webconfig_clear(&config);
	} else {
		fuzz_check(r == -EBADMSG);
		fuzz_check(strncmp(text_string(&complaint), "web.yml:", 8) == 0);
		fuzz_check(strstr(text_string(&complaint), ", expected ") != NULL);
		fuzz_check(strlen(text_string(&complaint)) == complaint.length);
		for (size_t i = 0; i < complaint.length; i++)
			fuzz_check((unsigned char)complaint.data[i] >= ' ');
	}
	text_clear(&complaint);
	return 0;
}
