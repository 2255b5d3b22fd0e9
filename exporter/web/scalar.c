/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scalar of YAML means, as Go's yaml.v2 has it. Knows no keys and no files.
 */
#include "web/scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "web/yaml_tree.h"

#define TAG(name) "tag:yaml.org,2002:" name

/* resolve.go, resolveMapList, but for the floats that are no numbers. */
static const struct word {
	const char *spellings[5];
	struct scalar scalar;
} words[] = {
	{ { "", "~", "null", "Null", "NULL" }, { .kind = SCALAR_NULL } },
	{ { "y", "Y", "yes", "Yes", "YES" }, { .kind = SCALAR_BOOL, .truth = true } },
	{ { "true", "True", "TRUE" }, { .kind = SCALAR_BOOL, .truth = true } },
	{ { "on", "On", "ON" }, { .kind = SCALAR_BOOL, .truth = true } },
	{ { "n", "N", "no", "No", "NO" }, { .kind = SCALAR_BOOL } },
	{ { "false", "False", "FALSE" }, { .kind = SCALAR_BOOL } },
	{ { "off", "Off", "OFF" }, { .kind = SCALAR_BOOL } },
};

/* Tags whose scalars have to be what they say; all others are strings. */
static const struct tag {
	const char *name;
	enum scalar_kind kind;
} tags[] = {
	{ TAG("null"), SCALAR_NULL },
	{ TAG("bool"), SCALAR_BOOL },
	{ TAG("int"), SCALAR_NUMBER },
	{ TAG("float"), SCALAR_NUMBER },
};

/* strconv.ParseInt() with base 0. */
static const struct base {
	char letter;
	int base;
} bases[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

/* time.ParseDuration(), unitMap; both letters for "micro" are there, too. */
static const struct unit {
	const char *name;
	uint64_t nanoseconds;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* U+00B5 */
	{ "\xce\xbcs", 1000 }, /* U+03BC */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60) * 1000000000 },
	{ "h", UINT64_C(3600) * 1000000000 },
};

static bool find_word(const char *string, struct scalar *ret_scalar)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t k = 0; k < ARRAY_SIZE(words[i].spellings); k++)
			if (words[i].spellings[k] &&
			    strcmp(words[i].spellings[k], string) == 0) {
				*ret_scalar = words[i].scalar;
				return true;
			}
	return false;
}

static int64_t limited(uint64_t magnitude, bool is_negative)
{
	if (magnitude > INT64_MAX)
		return is_negative ? INT64_MIN : INT64_MAX;
	return is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
}

static bool parse_integer(const char *string, int64_t *ret_number)
{
	bool is_negative = *string == '-';
	const char *digits = string + (is_negative || *string == '+');
	unsigned long long magnitude;
	int base = 10;
	char *end;

	if (*digits == '0' && digits[1]) {
		base = 8;
		digits++;
		for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
			if (tolower((unsigned char)*digits) == bases[i].letter) {
				base = bases[i].base;
				digits++;
				break;
			}
	}
	/* strtoull() takes signs, spaces and another prefix as well. */
	if (!isxdigit((unsigned char)*digits) ||
	    (base == 16 && *digits == '0' && tolower((unsigned char)digits[1]) == 'x'))
		return false;
	errno = 0;
	magnitude = strtoull(digits, &end, base);
	if (*end)
		return false;
	*ret_number = limited(errno ? UINT64_MAX : magnitude, is_negative);
	return true;
}

/* resolve.go, yamlStyleFloat */
static bool is_float(const char *string)
{
	const char *s = string + (*string == '-' || *string == '+');
	size_t whole = strspn(s, "0123456789"), fraction = 0;

	s += whole;
	if (*s == '.') {
		fraction = strspn(++s, "0123456789");
		s += fraction;
	}
	if (!whole && !fraction)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!isdigit((unsigned char)*s))
			return false;
		s += strspn(s, "0123456789");
	}
	return !*s;
}

static bool parse_float(const char *string, int64_t *ret_number)
{
	double number;

	if (!is_float(string))
		return false;
	number = strtod(string, NULL);
	/* Go has no number that large. */
	if (isinf(number))
		return false;
	if (fabs(number) >= 0x1p63)
		*ret_number = number < 0 ? INT64_MIN : INT64_MAX;
	else
		*ret_number = (int64_t)number;
	return true;
}

/* Digits may be grouped by "_", anywhere. */
static int parse_number(const char *string, bool *ret_is_number, int64_t *ret_number)
{
	_cleanup_(free_pointer) char *plain = NULL;
	char *to;

	*ret_is_number = false;
	if (!isdigit((unsigned char)*string) && (!*string || !strchr("+-.", *string)))
		return 0;
	plain = malloc(strlen(string) + 1);
	if (!plain)
		return -ENOMEM;
	to = plain;
	for (const char *from = string; *from; from++)
		if (*from != '_')
			*to++ = *from;
	*to = '\0';
	*ret_is_number = parse_integer(plain, ret_number) ||
	                 parse_float(*string == '.' ? string : plain, ret_number);
	return 0;
}

static int resolve(const struct yaml_tree_node *node, struct scalar *ret_scalar)
{
	bool is_number;
	int r;

	*ret_scalar = (struct scalar){ .kind = SCALAR_STRING };
	if (strlen(node->string) != node->length || find_word(node->string, ret_scalar))
		return 0;
	r = parse_number(node->string, &is_number, &ret_scalar->number);
	if (r == 0 && is_number)
		ret_scalar->kind = SCALAR_NUMBER;
	return r;
}

int scalar_parse(const struct yaml_tree_node *node, struct scalar *ret_scalar)
{
	struct scalar scalar = { .kind = SCALAR_STRING };
	int r;

	if (!node->tag) {
		r = node->is_plain ? resolve(node, &scalar) : 0;
		if (r == 0)
			*ret_scalar = scalar;
		return r;
	}
	if (strcmp(node->tag, TAG("binary")) == 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		if (strcmp(node->tag, tags[i].name) != 0)
			continue;
		r = resolve(node, &scalar);
		if (r == 0 && scalar.kind != tags[i].kind)
			r = -EBADMSG;
		if (r < 0)
			return r;
	}
	*ret_scalar = scalar;
	return 0;
}

static const struct unit *find_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == length &&
		    memcmp(units[i].name, name, length) == 0)
			return &units[i];
	return NULL;
}

/* Moves STRING behind one number and its unit. */
static int parse_part(const char **string, uint64_t *ret_nanoseconds)
{
	const char *s = *string;
	const struct unit *unit;
	uint64_t whole = 0, fraction = 0, nanoseconds;
	double scale = 1;
	bool has_digits = false;
	size_t length;

	for (; isdigit((unsigned char)*s); s++, has_digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *s - '0', &whole))
			return -EBADMSG;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++, has_digits = true)
			if (fraction < UINT64_MAX / 100) {
				fraction = fraction * 10 + (uint64_t)(*s - '0');
				scale *= 10;
			}
	length = strcspn(s, ".0123456789");
	unit = find_unit(s, length);
	if (!has_digits || !unit ||
	    __builtin_mul_overflow(whole, unit->nanoseconds, &nanoseconds) ||
	    __builtin_add_overflow(
		    nanoseconds,
		    (uint64_t)((double)fraction * ((double)unit->nanoseconds / scale)),
		    &nanoseconds))
		return -EBADMSG;
	*string = s + length;
	*ret_nanoseconds = nanoseconds;
	return 0;
}

int scalar_duration_parse(const char *string, int64_t *ret_nanoseconds)
{
	bool is_negative = *string == '-';
	const char *s = string + (is_negative || *string == '+');
	uint64_t sum = 0, part;

	if (strcmp(s, "0") == 0) {
		*ret_nanoseconds = 0;
		return 0;
	}
	if (!*s)
		return -EBADMSG;
	while (*s) {
		int r = parse_part(&s, &part);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
			return -EBADMSG;
	}
	*ret_nanoseconds = is_negative ? -(int64_t)sum : (int64_t)sum;
	return 0;
}
