/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one boot. Knows shapes; must not read, judge or print.
 */
#include "model/boot_log.h"

void boot_log_init(struct boot_log *boot)
{
	boot->release = boot->version = TEXT_INIT;
	boot->tally.count = 0;
}

void boot_log_clear(struct boot_log *boot)
{
	text_clear(&boot->release);
	text_clear(&boot->version);
	boot_log_init(boot);
}

void boot_log_add(struct boot_log *boot, enum announcement announcement, const char *name,
                  size_t length, bool has_detail, uint64_t line,
                  const struct stamp *stamp)
{
	size_t at = tally_add(&boot->tally, announcement, name, length, line);

	if (boot->tally.entries[at].count == 1) {
		boot->stamps[at] = *stamp;
		boot->has_detail[at] = has_detail;
	}
}

const char *boot_log_module(const struct boot_log *boot, size_t at)
{
	return boot->has_detail[at] ? "" : boot->tally.entries[at].module;
}

const char *boot_log_detail(const struct boot_log *boot, size_t at)
{
	return boot->has_detail[at] ? boot->tally.entries[at].module : "";
}
