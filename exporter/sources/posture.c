/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of the posture. One row per file that holds one number.
 */
#include "sources/posture.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/text.h"
#include "sources/hostfs.h"
#include "sources/secure_boot.h"
#include "sources/visibility.h"

/* Longer than any COMMAND_LINE_SIZE. */
#define COMMAND_LINE_MAX 65536

#define SECURITYFS "kernel/security"
#define LOCKDOWN   SECURITYFS "/lockdown"

static const struct {
	enum posture posture;
	enum hostfs_root root;
	const char *path;
	int (*parse)(const char *string, uint64_t *ret_value);
} values[] = {
	{ POSTURE_SIGNATURES_ENFORCED, HOSTFS_SYSFS,
	  "module/module/parameters/sig_enforce", posture_switch_parse },
	{ POSTURE_LOADING_DISABLED, HOSTFS_PROCFS, "sys/kernel/modules_disabled",
	  posture_switch_parse },
	{ POSTURE_MICROCODE_OUTDATED, HOSTFS_SYSFS,
	  "devices/system/cpu/vulnerabilities/old_microcode", posture_microcode_parse },
	{ POSTURE_WARNINGS, HOSTFS_SYSFS, "kernel/warn_count", number_parse },
	{ POSTURE_OOPSES, HOSTFS_SYSFS, "kernel/oops_count", number_parse },
	{ POSTURE_SOFTLOCKUPS, HOSTFS_SYSFS, "kernel/softlockup_count", number_parse },
	{ POSTURE_HARDLOCKUPS, HOSTFS_SYSFS, "kernel/hardlockup_count", number_parse },
	{ POSTURE_RCU_STALLS, HOSTFS_SYSFS, "kernel/rcu_stall_count", number_parse },
};

static const char *const lockdown_words[] = {
	[LOCKDOWN_CONFIDENTIALITY] = "[confidentiality]",
	[LOCKDOWN_INTEGRITY] = "[integrity]",
	[LOCKDOWN_NONE] = "[none]",
};
_Static_assert(ARRAY_SIZE(lockdown_words) == LOCKDOWN_COUNT, "one word per mode");

int posture_switch_parse(const char *string, uint64_t *ret_value)
{
	if (string[0] == '\0' || string[1 + strspn(string + 1, "\n")] != '\0' ||
	    !strchr("YyNn10", string[0]))
		return -EBADMSG;
	*ret_value = strchr("Yy1", string[0]) != NULL;
	return 0;
}

int posture_lockdown_parse(const char *string, enum lockdown *ret_mode)
{
	for (enum lockdown mode = 0; mode < LOCKDOWN_COUNT; mode++) {
		if (strstr(string, lockdown_words[mode])) {
			*ret_mode = mode;
			return 0;
		}
	}
	return -EBADMSG;
}

static bool is_line(const char *string, const char *line)
{
	size_t length = strlen(line);

	return strncmp(string, line, length) == 0 &&
	       (string[length] == '\0' || strcmp(string + length, "\n") == 0);
}

int posture_microcode_parse(const char *string, uint64_t *ret_outdated)
{
	bool is_outdated = is_line(string, "Vulnerable");

	if (is_outdated || is_line(string, "Not affected")) {
		*ret_outdated = is_outdated;
		return 0;
	}
	return strncmp(string, "Unknown", strlen("Unknown")) == 0 ? -ENODATA : -EBADMSG;
}

/* lib/ctype.c: the no-break space of Latin-1 is one, too. */
static bool is_space(char c)
{
	return isspace((unsigned char)c) || c == '\xa0';
}

struct parameter {
	const char *name, *value; /* value: NULL if there is none */
	size_t name_length, value_length;
};

/* The kernel takes '-' and '_' in a name for the same. */
static bool is_parameter(const char *word, size_t length, const char *name)
{
	if (length != strlen(name))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((word[i] == '-' ? '_' : word[i]) != name[i])
			return false;
	return true;
}

/*
 * Takes one parameter off *LINE as lib/cmdline.c, next_arg(), does: a blank between
 * double quotes does not end it, and quotes around all of it or around its value are no
 * part.
 */
static void next_parameter(const char **line, struct parameter *ret_parameter)
{
	bool is_quoted = **line == '"', in_quotes = is_quoted;
	const char *start = *line + is_quoted, *c, *end, *equals = NULL;

	/* The newline at the end of the file is not the kernel's. */
	for (c = start; *c && strcmp(c, "\n") != 0 && (in_quotes || !is_space(*c)); c++) {
		if (*c == '=' && c > start && !equals)
			equals = c;
		if (*c == '"')
			in_quotes = !in_quotes;
	}
	*line = c;
	end = c;
	if (end > start && end[-1] == '"' && (is_quoted || (equals && equals[1] == '"')))
		end--;
	*ret_parameter = (struct parameter){
		.name = start,
		.name_length = (size_t)((equals ? equals : end) - start),
	};
	if (!equals)
		return;
	ret_parameter->value = equals + 1 + (equals[1] == '"');
	if (ret_parameter->value < end)
		ret_parameter->value_length = (size_t)(end - ret_parameter->value);
}

/* "8,nousertaint"; kstrtoul() takes a number with one newline behind it, too. */
static void parse_panic_mask(const char *value, size_t length, uint64_t *mask)
{
	const char *comma = memchr(value, ',', length);

	if (comma)
		length = (size_t)(comma - value);
	if (length && value[length - 1] == '\n')
		length--;
	number_hexadecimal_parse(value, length, mask);
}

uint64_t posture_panic_mask_parse(const char *command_line)
{
	uint64_t mask = 0;

	for (;;) {
		struct parameter parameter;

		while (is_space(*command_line))
			command_line++;
		if (!*command_line)
			return mask;
		next_parameter(&command_line, &parameter);
		if (!parameter.value) {
			if (parameter.name_length == 2 &&
			    memcmp(parameter.name, "--", 2) == 0)
				return mask;
			continue;
		}
		if (parameter.value_length &&
		    is_parameter(parameter.name, parameter.name_length, "panic_on_taint"))
			parse_panic_mask(parameter.value, parameter.value_length, &mask);
	}
}

/* Notes the first failure; that a kernel does not have a reading is none. */
static void note(struct snapshot *snapshot, int error, const char *path)
{
	if (error < 0 && error != -ENOENT && error != -ENODATA &&
	    snapshot->posture_result.error == 0)
		snapshot->posture_result = (struct source_result){ error, path };
}

static void read_values(struct hostfs *fs, struct text *scratch,
                        struct snapshot *snapshot)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct reading *reading = &snapshot->posture[values[i].posture];
		int r;

		text_reset(scratch);
		r = hostfs_attribute_read(fs, values[i].root, values[i].path, scratch);
		if (r == 0)
			r = values[i].parse(text_string(scratch), &reading->value);
		reading->known = r == 0;
		if (r < 0 && r != -ENOENT && r != -ENODATA)
			reading->absence = ABSENCE_UNREADABLE;
		note(snapshot, r, values[i].path);
	}
}

/* 0, -ENOENT: the kernel does not have it, -EACCES: it is hidden, or what failed. */
static int read_lockdown_mode(struct hostfs *fs, struct text *scratch,
                              enum lockdown *ret_mode)
{
	int r;

	text_reset(scratch);
	r = hostfs_value_read(fs, HOSTFS_SYSFS, LOCKDOWN, scratch);
	if (r == 0)
		return posture_lockdown_parse(text_string(scratch), ret_mode);
	if (r == -ENOENT) {
		r = visibility_check(fs, SECURITYFS);
		return r < 0 ? r : -ENOENT;
	}
	return r;
}

static void read_lockdown(struct hostfs *fs, struct text *scratch,
                          struct snapshot *snapshot)
{
	struct reading *lockdown = &snapshot->lockdown;
	enum lockdown mode;
	int r = read_lockdown_mode(fs, scratch, &mode);

	if (r == 0)
		*lockdown = (struct reading){ .known = true, .value = mode };
	else
		lockdown->absence = visibility_absence(r);
	if (lockdown->absence == ABSENCE_UNREADABLE)
		note(snapshot, r, LOCKDOWN);
}

static void read_panic_mask(struct hostfs *fs, struct text *scratch,
                            struct snapshot *snapshot)
{
	int r;

	text_reset(scratch);
	r = hostfs_records_read(fs, HOSTFS_PROCFS, "cmdline", COMMAND_LINE_MAX, scratch);
	if (r == 0)
		snapshot->posture[POSTURE_PANIC_MASK] = (struct reading){
			.known = true,
			.value = posture_panic_mask_parse(text_string(scratch)),
		};
	note(snapshot, r, "cmdline");
}

void posture_read(struct hostfs *fs, const struct secure_boot *secure_boot,
                  struct snapshot *snapshot)
{
	_cleanup_(text_clear) struct text scratch = TEXT_INIT;
	int r = hostfs_root_check(fs, HOSTFS_SYSFS);

	snapshot->posture_result = secure_boot->result;
	/* Where nothing is mounted, a missing file tells nothing of the kernel. */
	if (snapshot->release_result.error == -ENOENT &&
	    snapshot->mask_result.error == -ENOENT)
		snapshot->posture_result = snapshot->release_result;
	else if (r == -ETIME || r == -ETIMEDOUT)
		snapshot->posture_result = (struct source_result){ r, "sysfs" };
	else if (r < 0)
		snapshot->posture_result = (struct source_result){ -ENOENT, "sysfs" };
	snapshot->posture[POSTURE_SECURE_BOOT] = secure_boot->reading;
	read_values(fs, &scratch, snapshot);
	read_lockdown(fs, &scratch, snapshot);
	read_panic_mask(fs, &scratch, snapshot);
}
