/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether values of a web configuration are of any use. Pure; knows no YAML.
 */
#include "web/webcheck.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"

#define FINE ((struct webcheck){ NULL, NULL })

/* web/handler.go, extraHTTPHeaders */
static const struct header_rule {
	const char *name;
	const char *values[2]; /* none: any */
	const char *expected;
} header_rules[] = {
	{ "Strict-Transport-Security", { NULL, NULL }, "any text" },
	{ "X-Content-Type-Options", { "nosniff", NULL }, "nosniff" },
	{ "X-Frame-Options", { "deny", "sameorigin" }, "deny or sameorigin" },
	{ "X-XSS-Protection", { NULL, NULL }, "any text" },
	{ "Content-Security-Policy", { NULL, NULL }, "any text" },
};

/*
 * $2y$10$ssssssssssssssssssssshhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh
 *  |   | |                    |
 *  |   | |                    31 characters of hash: 184 bits
 *  |   | 22 characters of salt: 128 bits
 *  |   cost 04 to 31
 *  a, b or y
 */
#define HASH_LENGTH 60
#define SALT_AT     7
#define SALT_LENGTH 22

static const char bcrypt_alphabet[] =
	"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Whether the last BITS of the character are 0, which crypt() leaves so. */
static bool ends_in_zeros(char c, unsigned int bits)
{
	const char *at = strchr(bcrypt_alphabet, c);

	return ((size_t)(at - bcrypt_alphabet) & ((1U << bits) - 1)) == 0;
}

static bool is_bcrypt(const char *hash)
{
	if (strlen(hash) != HASH_LENGTH || hash[0] != '$' || hash[1] != '2' ||
	    !strchr("aby", hash[2]) || hash[3] != '$' || hash[6] != '$')
		return false;
	if (!isdigit((unsigned char)hash[4]) || !isdigit((unsigned char)hash[5]) ||
	    memcmp(hash + 4, "04", 2) < 0 || memcmp(hash + 4, "31", 2) > 0)
		return false;
	return strspn(hash + SALT_AT, bcrypt_alphabet) == HASH_LENGTH - SALT_AT &&
	       ends_in_zeros(hash[SALT_AT + SALT_LENGTH - 1], 4) &&
	       ends_in_zeros(hash[HASH_LENGTH - 1], 2);
}

struct webcheck webcheck_user(const char *name, char *hash)
{
	if (!*name || strchr(name, ':'))
		return (struct webcheck){ "is no user name that a client can send",
			                  "one that is not empty and has no \":\"" };
	if (!is_bcrypt(hash))
		return (struct webcheck){
			"is no bcrypt hash",
			"$2y$, a cost from 04 to 31, $ and 53 characters, as htpasswd "
			"-nBC 10 prints it"
		};
	return FINE;
}

static const struct header_rule *find_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(header_rules); i++)
		if (strcmp(header_rules[i].name, name) == 0)
			return &header_rules[i];
	return NULL;
}

static bool is_allowed(const struct header_rule *rule, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->values); i++)
		if (rule->values[i] && strcmp(rule->values[i], value) == 0)
			return true;
	return !rule->values[0];
}

/* RFC 9110, 5.5: no control characters but tabs. */
static bool is_field_value(const char *value)
{
	for (const char *c = value; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == '\x7f')
			return false;
	return true;
}

/* net/http, header.go, headerNewlineToSpace and TrimString() */
static void tidy(char *value)
{
	size_t start = 0, length = strlen(value);

	for (char *c = value; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	while (length && strchr(" \t", value[length - 1]))
		length--;
	while (start < length && strchr(" \t", value[start]))
		start++;
	memmove(value, value + start, length - start);
	value[length - start] = '\0';
}

struct webcheck webcheck_header(const char *name, char *value)
{
	const struct header_rule *rule = find_rule(name);

	if (!rule)
		return (struct webcheck){
			"is no header that may be set",
			"Content-Security-Policy, Strict-Transport-Security, "
			"X-Content-Type-Options, X-Frame-Options or X-XSS-Protection"
		};
	if (!is_allowed(rule, value))
		return (struct webcheck){ "has a wrong value", rule->expected };
	tidy(value);
	if (!is_field_value(value))
		return (struct webcheck){ "has control characters", rule->expected };
	return FINE;
}
