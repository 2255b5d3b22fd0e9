/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns, and what is read out of them. Must not know where the string stood.
 *
 * Source: print_tainted() in kernel/panic.c of the kernels that dialect.c names.
 */
#include "model/taint_string.h"

#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "model/dialect.h"

/*
 * Kernels that have dashes, or do not print all of their bits. The last row that fits is
 * taken; where none does, a kernel has a column for each bit that it knows.
 */
static const struct layout {
	enum dialect_id id;
	struct kernel_version since;
	uint8_t width;    /* bits from 0 on that have a column; 0: those that it knows */
	uint64_t skipped; /* of these, that have none */
	uint64_t printed; /* whose letter is printed; the others are always clear */
} layouts[] = {
	/* clang-format off */
	{ DIALECT_RHEL5, { { 0 } }, 6, 0, UINT64_MAX },
	/* A buffer of 20 bytes cuts off all behind four dashes. */
	{ DIALECT_RHEL5, { { 2, 6, 18, 274 } }, 10, 0, 0x3f },
	{ DIALECT_RHEL6, { { 0 } }, 30, 0, UINT64_MAX },
	{ DIALECT_RHEL7, { { 0 } }, 30, UINT64_C(1) << 13, UINT64_MAX },
	{ DIALECT_RHEL7, { { 3, 10, 0, 327 } }, 30, 0, UINT64_MAX },
	{ DIALECT_RHEL8, { { 0 } }, 32, 0, UINT64_MAX },
	{ DIALECT_RHEL9, { { 0 } }, 32, 0, UINT64_MAX },
	{ DIALECT_RHEL10, { { 0 } }, 32, 0, UINT64_MAX },
	/* print_tainted() takes the indices of its table for bits: 30 and 31 stay blank. */
	{ DIALECT_SUSE, { { 4, 12 } }, 0, 0, 0xffff },
	{ DIALECT_SUSE, { { 5, 3 } }, 0, 0, UINT64_MAX },
	/* clang-format on */
};

static void add_column(struct taint_columns *columns, unsigned int bit, char clear)
{
	columns->bits[columns->count] = (uint8_t)bit;
	columns->clear[columns->count++] = clear;
}

/* Whether a kernel of just this version has the bit; mainline's facts are of all. */
static bool has_bit(const struct dialect *dialect, unsigned int bit)
{
	const struct taint_fact *fact = dialect->bits[bit];

	return fact && kernel_version_compare(&fact->since, &dialect->version) <= 0;
}

/* A column for each bit that this version knows, and nothing between them. */
static void init_without_dashes(struct taint_columns *columns,
                                const struct dialect *dialect)
{
	for (unsigned int bit = 0; bit < 64; bit++)
		if (has_bit(dialect, bit))
			add_column(columns, bit, bit ? ' ' : 'G');
}

/* NULL: none fits. */
static const struct layout *find_layout(const struct dialect *dialect)
{
	const struct layout *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].id == dialect->id &&
		    kernel_version_compare(&layouts[i].since, &dialect->version) <= 0)
			found = &layouts[i];
	return found;
}

void taint_columns_init(struct taint_columns *columns, const struct dialect *dialect)
{
	const struct layout *layout = find_layout(dialect);

	*columns = (struct taint_columns){ .printed = layout ? layout->printed
		                                             : UINT64_MAX };
	if (!layout || !layout->width) {
		init_without_dashes(columns, dialect);
		return;
	}
	for (unsigned int bit = 0; bit < layout->width; bit++) {
		char clear = '-';

		if (layout->skipped >> bit & 1)
			continue;
		if (!bit)
			clear = 'G';
		else if (columns->printed >> bit & 1 && dialect->bits[bit])
			clear = ' ';
		add_column(columns, bit, clear);
	}
}

uint64_t taint_string_unprinted(const struct dialect *dialect)
{
	struct taint_columns columns;
	uint64_t shown = 0, unprinted = 0;

	taint_columns_init(&columns, dialect);
	for (size_t i = 0; i < columns.count; i++)
		shown |= UINT64_C(1) << columns.bits[i] & columns.printed;
	for (unsigned int bit = 0; bit < 64; bit++)
		if (has_bit(dialect, bit) && !(shown >> bit & 1))
			unprinted |= UINT64_C(1) << bit;
	return unprinted;
}

void taint_string_write(const struct dialect *dialect, uint64_t mask, struct text *text)
{
	struct taint_columns columns;

	taint_columns_init(&columns, dialect);
	for (size_t i = 0; i < columns.count; i++) {
		unsigned int bit = columns.bits[i];
		const struct taint_fact *fact = dialect->bits[bit];

		if (!((mask & columns.printed) >> bit & 1))
			text_add_char(text, columns.clear[i]);
		else if (fact)
			text_add_char(text, fact->letter);
		else
			text_add_char(text, '?');
	}
}

/* The bit of a letter as the string has it; a module's may be another one's. */
static unsigned int bit_of(const struct dialect *dialect, char letter)
{
	unsigned int bit = 0;

	while (bit < TAINT_NO_BIT &&
	       (!dialect->bits[bit] || dialect->bits[bit]->letter != letter))
		bit++;
	return bit;
}

/*
 * The bit of column AT where all up to it stands as this kernel prints it. Behind the
 * last column a mainline kernel has what was added since.
 */
static unsigned int bit_at(const struct dialect *dialect,
                           const struct taint_columns *columns, const char *string,
                           size_t at)
{
	for (size_t i = 0; i < at && i < columns->count; i++) {
		const struct taint_fact *fact = dialect->bits[columns->bits[i]];

		if (string[i] != columns->clear[i] && string[i] != '?' &&
		    (!fact || string[i] != fact->letter))
			return TAINT_NO_BIT;
	}
	/* There another letter would stand. */
	if (at < columns->count)
		return dialect->bits[columns->bits[at]] ? TAINT_NO_BIT
		                                        : columns->bits[at];
	return dialect->id == DIALECT_MAINLINE && at < 64 ? (unsigned int)at
	                                                  : TAINT_NO_BIT;
}

static void take(const struct dialect *dialect, const struct taint_columns *columns,
                 const char *string, size_t at, struct taint_string *ret)
{
	unsigned int bit = bit_of(dialect, string[at]);

	if (bit == TAINT_NO_BIT)
		bit = bit_at(dialect, columns, string, at);
	if (bit < TAINT_NO_BIT)
		ret->mask |= UINT64_C(1) << bit;
	else if (string[at] == '?')
		ret->unplaced++;
	else
		taint_letters_parse(string + at, 1, &ret->strangers);
}

struct taint_string taint_string_parse(const struct dialect *dialect, const char *string,
                                       size_t length)
{
	struct taint_string ret = { 0 };
	struct taint_columns columns;

	taint_columns_init(&columns, dialect);
	for (size_t i = 0; i < length; i++)
		if (string[i] != ' ' && string[i] != '-' && string[i] != 'G')
			take(dialect, &columns, string, i, &ret);
	return ret;
}

/* The length of the next run of dashes in STRING; moves *AT behind it. 0: there is none.
 */
static size_t next_run(const char *string, size_t length, size_t *at)
{
	size_t run = 0;

	while (*at < length && string[*at] != '-' && string[*at] != '?')
		++*at;
	for (; *at < length && (string[*at] == '-' || string[*at] == '?'); ++*at)
		run++;
	return run;
}

bool taint_string_has_dashes_of(const struct dialect *dialect, const char *string,
                                size_t length)
{
	struct taint_columns columns;
	size_t at = 0, column = 0, run;

	taint_columns_init(&columns, dialect);
	do {
		run = next_run(string, length, &at);
		if (run != next_run(columns.clear, columns.count, &column))
			return false;
	} while (run);
	return true;
}
