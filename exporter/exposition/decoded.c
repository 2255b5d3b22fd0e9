/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded masks and logs for people. Must not judge: that is diagnosis'.
 */
#include "exposition/decoded.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/macros.h"
#include "base/text.h"
#include "exposition/lines.h"
#include "model/backtrace.h"
#include "model/boot_log.h"
#include "model/diagnosed.h"
#include "model/diagnosis.h"
#include "model/taint_string.h"

static void add_heading(const struct decoded *decoded, struct text *text)
{
	const struct backtrace *backtrace = decoded->backtrace;

	lines_add_printable(text, decoded->source);
	if (backtrace) {
		text_add_string(text, ", line ");
		text_add_number(text, backtrace->line);
	} else if (decoded->boot) {
		text_add_string(text, ", announcements");
	}
	if (backtrace && backtrace->title.length) {
		text_add_string(text, ": ");
		lines_add_printable(text, text_string(&backtrace->title));
	}
	text_add_char(text, '\n');
}

static const char *time_of(const struct stamp *stamp)
{
	return *stamp->date ? stamp->date : stamp->seconds;
}

static void add_kernel(const struct decoded *decoded, struct text *text)
{
	static const char *const ways[] = {
		[DIALECT_BY_FLAG] = "as --dialect says",
		[DIALECT_BY_RELEASE] = "by the kernel's release",
		[DIALECT_BY_SUPPORTED] = "only SUSE prints \"Supported:\"",
		[DIALECT_BY_DASHES] = "by the dashes among the flags",
		[DIALECT_BY_LETTERS] =
			"a guess: the first that knows all letters; see --dialect",
		[DIALECT_BY_DEFAULT] =
			"assumed, as nothing says otherwise; see --dialect",
	};
	_Static_assert(ARRAY_SIZE(ways) == DIALECT_BY_COUNT, "one text each");

	lines_add(text, "kernel", decoded->diagnosis->kernel.release);
	lines_add_label(text, "dialect");
	text_add_string(text, dialect_name(decoded->diagnosis->kernel.dialect.id));
	text_add_string(text, ", ");
	text_add_string(text, ways[decoded->diagnosis->kernel.by]);
	text_add_char(text, '\n');
}

/* "bit 30 (no_support), bit 31 (external_support)" */
static void add_bits(const struct dialect *dialect, uint64_t bits, struct text *text)
{
	bool is_first = true;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(bits >> bit & 1))
			continue;
		text_add_string(text, is_first ? "bit " : ", bit ");
		text_add_number(text, bit);
		text_add_string(text, " (");
		text_add_string(text, taint_slug(dialect->bits[bit]->taint));
		text_add_char(text, ')');
		is_first = false;
	}
}

/* The bits of the mask that are not known, and why. */
static void add_mask_gaps(const struct diagnosis *diagnosis, struct text *text)
{
	if (diagnosis->has_uncertain_place)
		text_add_string(text, ", and letters whose bit depends on the release");
	if (diagnosis->is_mask_whole)
		return;
	if (diagnosis->unprinted) {
		text_add_string(text, "; this kernel never prints ");
		add_bits(&diagnosis->kernel.dialect, diagnosis->unprinted, text);
	} else if (!diagnosis->has_uncertain_place) {
		text_add_string(text, ", and perhaps bits that are not printed");
	}
}

static void add_mask(const struct decoded *decoded, struct text *text)
{
	const struct diagnosis *diagnosis = decoded->diagnosis;
	char hexadecimal[24];

	lines_add_label(text, "mask");
	if (!diagnosis->has_mask) {
		text_add_string(text, "unknown: there is no line with \"Tainted:\"\n");
		return;
	}
	if (!diagnosis->mask && diagnosis->has_uncertain_place) {
		text_add_string(text, "unknown: the bits depend on the release of the "
		                      "kernel\n");
		return;
	}
	snprintf(hexadecimal, sizeof(hexadecimal), " (0x%" PRIx64 ")", diagnosis->mask);
	text_add_number(text, diagnosis->mask);
	text_add_string(text, hexadecimal);
	add_mask_gaps(diagnosis, text);
	text_add_char(text, '\n');
}

/* The line as this kernel prints it, if the mask is known. */
static void add_string(const struct diagnosis *diagnosis, struct text *text)
{
	if (diagnosis->has_uncertain_place || diagnosis->uncertain_bits)
		return;
	lines_add_label(text, "printed as");
	if (diagnosis->mask) {
		text_add_string(text, "Tainted: ");
		taint_string_write(&diagnosis->kernel.dialect, diagnosis->mask, text);
		while (text->length && text->data[text->length - 1] == ' ')
			text->data[--text->length] = '\0';
	} else {
		text_add_string(text, "Not tainted");
	}
	text_add_char(text, '\n');
}

/* Warns of the taints of MASK that come back so after a reboot. */
static void add_caution(const struct dialect *dialect, uint64_t mask,
                        enum taint_return how, const char *before, const char *after,
                        struct text *text)
{
	bool is_first = true;

	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = dialect->bits[bit];

		if (!(mask >> bit & 1) || taint_return(fact->taint) != how)
			continue;
		if (is_first) {
			lines_add_label(text, "caution");
			text_add_string(text, before);
		} else {
			text_add_string(text, ", ");
		}
		text_add_char(text, fact->letter);
		is_first = false;
	}
	if (!is_first)
		text_add_string(text, after);
}

/* How to make such a kernel panic on these taints, and which would do so at boot. */
static void add_panic_parameter(const struct diagnosis *diagnosis, struct text *text)
{
	const struct dialect *dialect = &diagnosis->kernel.dialect;
	uint64_t mask = diagnosis_panic_mask(diagnosis);
	char parameter[40];

	if (!mask)
		return;
	add_caution(dialect, mask, TAINT_RETURN_MODULE, "a module that carries ",
	            " then panics the kernel when it is loaded, at boot too\n", text);
	add_caution(dialect, mask, TAINT_RETURN_BOOT, "a kernel that sets ",
	            " at boot then does not start\n", text);
	add_caution(dialect, mask, TAINT_RETURN_BY_CAUSE, "a kernel that sets ",
	            " at boot, such as for old microcode, then does not start\n", text);
	snprintf(parameter, sizeof(parameter), "panic_on_taint=0x%" PRIx64, mask);
	lines_add(text, "to panic on", parameter);
}

/* On which kernels a row of meanings holds. */
static void add_releases(const struct meaning *meaning, struct text *text)
{
	if (meaning->fact->is_ubuntus) {
		text_add_string(text, " Ubuntu 14.04 (3.13.0)");
		return;
	}
	for (enum dialect_id id = 0; id < DIALECT_COUNT; id++) {
		if (!(meaning->dialects & (1u << id)))
			continue;
		text_add_char(text, ' ');
		text_add_string(text, dialect_name(id));
	}
	if (!kernel_version_is_zero(&meaning->since)) {
		text_add_string(text, ", from ");
		kernel_version_write(&meaning->since, text);
		text_add_string(text, " on");
	}
	if (!kernel_version_is_zero(&meaning->until)) {
		text_add_string(text, ", before ");
		kernel_version_write(&meaning->until, text);
	}
}

static void add_meanings(const struct decoded *decoded,
                         const struct diagnosed_taint *taint, struct text *text)
{
	struct meanings meanings;

	diagnosed_meanings(taint, decoded->diagnosis, &meanings);
	for (size_t i = 0; i < meanings.count; i++) {
		const struct taint_fact *fact = meanings.rows[i].fact;

		lines_add_label(text, "");
		text_add_string(text, taint->is_uncertain ? "on" : "but on");
		add_releases(&meanings.rows[i], text);
		text_add_string(text, ": ");
		text_add_char(text, fact->letter);
		if (taint->is_uncertain && fact->bit != TAINT_NO_BIT) {
			text_add_string(text, " (bit ");
			text_add_number(text, fact->bit);
			text_add_char(text, ')');
		}
		text_add_string(text, ", ");
		text_add_string(text, taint_slug(fact->taint));
		text_add_string(text, ": ");
		text_add_string(text, taint_fact_meaning(fact));
		text_add_char(text, '\n');
	}
}

static void add_carriers(const struct decoded *decoded,
                         const struct diagnosed_taint *taint, struct text *text)
{
	const char *name;
	size_t at = 0;

	for (bool is_first = true;
	     (name = diagnosed_next_module(taint, decoded->backtrace, &at));
	     is_first = false) {
		if (is_first) {
			lines_add_label(text, "");
			text_add_string(text, "carried by ");
		} else {
			text_add_string(text, ", ");
		}
		lines_add_printable(text, name);
	}
	if (at && text->length && text->data[text->length - 1] != '\n')
		text_add_char(text, '\n');
}

/* What is known of a taint by itself. */
static void add_facts(const struct decoded *decoded, const struct diagnosed_taint *taint,
                      struct text *text)
{
	static const char *const carriers[] = {
		[CARRIER_UNKNOWN] = "",
		[CARRIER_KERNEL] = "; no module can carry it\n",
		[CARRIER_MODULE] = "; a module can carry it\n",
		[CARRIER_DEPENDS] = "; on some of these kernels a module can carry it\n",
	};

	if (!taint->fact)
		return;
	lines_add_label(text, "");
	taint_constant_write(taint->fact->taint, text);
	text_add_string(text, carriers[diagnosed_carrier(taint, decoded->diagnosis)]);
	lines_add_label(text, "");
	text_add_string(text, "set by ");
	text_add_string(text, taint_setter(taint->fact->taint));
	text_add_char(text, '\n');
}

static void add_taint(const struct decoded *decoded, const struct diagnosed_taint *taint,
                      struct text *text)
{
	char label[24];

	if (taint->bit == TAINT_NO_BIT)
		snprintf(label, sizeof(label), "%c", taint->flag);
	else
		snprintf(label, sizeof(label), "%c (bit %u)", taint->flag, taint->bit);
	lines_add_label(text, label);
	text_add_string(text, diagnosed_slug(taint));
	text_add_string(text, ": ");
	text_add_string(text, diagnosed_meaning(taint, decoded->diagnosis));
	if (taint->is_set_known && !taint->is_set)
		text_add_string(text, "; not in the mask");
	text_add_char(text, '\n');
	if (decoded->backtrace)
		add_carriers(decoded, taint, text);
	else
		add_facts(decoded, taint, text);
	lines_add(text, "", diagnosed_note(taint, decoded->diagnosis));
	add_meanings(decoded, taint, text);
}

/* The letters in the order of their bits. */
static void add_flags(const struct diagnosis *diagnosis, struct taint_letters letters,
                      struct text *text)
{
	text_add_string(text, " (");
	dialect_letters_write(&diagnosis->kernel.dialect, letters, text);
	text_add_char(text, ')');
}

static void add_unloaded(const struct decoded *decoded, struct text *text)
{
	const struct backtrace *backtrace = decoded->backtrace;

	for (size_t i = 0; i < backtrace->count; i++) {
		const struct backtrace_module *module = &backtrace->modules[i];

		if (!module->count)
			continue;
		lines_add_label(text, "unloaded");
		lines_add_printable(text, backtrace_name(backtrace, module->name));
		add_flags(decoded->diagnosis, module->letters, text);
		text_add_string(text, ", times: ");
		text_add_number(text, module->count);
		text_add_char(text, '\n');
	}
	if (!backtrace->last_unloaded)
		return;
	lines_add_label(text, "last unloaded");
	lines_add_printable(text,
	                    backtrace_name(backtrace, backtrace->last_unloaded - 1));
	if (!taint_letters_is_empty(&backtrace->last_unloaded_letters))
		add_flags(decoded->diagnosis, backtrace->last_unloaded_letters, text);
	text_add_char(text, '\n');
}

static void add_unexplained(const struct decoded *decoded, struct text *text)
{
	const struct diagnosis *diagnosis = decoded->diagnosis;

	if (!decoded->backtrace->has_modules)
		lines_add(text, "modules", "not listed");
	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct taint_fact *fact = diagnosis->kernel.dialect.bits[bit];

		if (!(diagnosis->unexplained >> bit & 1))
			continue;
		lines_add_label(text, "unexplained");
		text_add_string(text, taint_slug(fact->taint));
		text_add_string(text, ": no listed module carries it\n");
	}
}

/* Remarks are left out of a report. */
static void add_announcements(const struct decoded *decoded, struct text *text)
{
	const struct boot_log *boot = decoded->boot;

	for (size_t i = 0; i < boot->tally.count; i++) {
		const struct tally_entry *entry = &boot->tally.entries[i];
		const char *time = time_of(&boot->stamps[i]);

		if (decoded->backtrace && !announcement_is_taint(entry->announcement))
			continue;
		lines_add_label(text, "announced");
		lines_add_printable(text, time);
		text_add_string(text, *time ? " " : "");
		lines_add_printable(text,
		                    *boot_log_module(boot, i)
		                            ? boot_log_module(boot, i)
		                            : announcement_subject(entry->announcement));
		text_add_char(text, ' ');
		text_add_string(text, announcement_meaning(entry->announcement));
		if (*boot_log_detail(boot, i)) {
			text_add_string(text, announcement_detail(entry->announcement));
			lines_add_printable(text, boot_log_detail(boot, i));
		}
		if (entry->count > 1) {
			text_add_string(text, ", times: ");
			text_add_number(text, entry->count);
		}
		text_add_char(text, '\n');
	}
}

void decoded_write(const struct decoded *decoded, struct text *text)
{
	const struct backtrace *backtrace = decoded->backtrace;
	struct diagnosed diagnosed;

	add_heading(decoded, text);
	if (backtrace) {
		lines_add(text, "time", time_of(&backtrace->stamp));
		lines_add(text, "task", text_string(&backtrace->task));
	}
	add_kernel(decoded, text);
	if (decoded->backtrace || !decoded->boot) {
		add_mask(decoded, text);
		if (!backtrace)
			add_string(decoded->diagnosis, text);
		diagnosed_init(&diagnosed, decoded->diagnosis);
		for (size_t i = 0; i < diagnosed.count; i++)
			add_taint(decoded, &diagnosed.taints[i], text);
		if (!backtrace)
			add_panic_parameter(decoded->diagnosis, text);
	}
	if (backtrace) {
		add_unexplained(decoded, text);
		lines_add(text, "supported", text_string(&backtrace->supported));
		add_unloaded(decoded, text);
	}
	if (decoded->boot)
		add_announcements(decoded, text);
}
