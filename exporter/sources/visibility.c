/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visibility: a walk from a folder to the top of sysfs, up to the first part that is
 * there.
 */
#include "sources/visibility.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/hostfs.h"

/* 0: something is in the folder. */
static int look_into(struct hostfs *fs, const char *folder)
{
	_cleanup_(text_clear) struct text names = TEXT_INIT;
	int r = hostfs_names_read(fs, HOSTFS_SYSFS, folder, &names);

	if (r < 0)
		return r;
	return names.length ? 0 : -EACCES;
}

int visibility_check(struct hostfs *fs, const char *folder)
{
	_cleanup_(text_clear) struct text part = TEXT_INIT;
	size_t length = strlen(folder);
	int seen = 0;

	while (length) {
		int r;

		text_reset(&part);
		text_add(&part, folder, length);
		r = part.error ? part.error : look_into(fs, text_string(&part));
		if (r != -ENOENT)
			return r < 0 ? r : seen;
		seen = -ENOENT;
		while (length && folder[--length] != '/')
			;
	}
	return -EACCES;
}

enum absence visibility_absence(int error)
{
	switch (error) {
	case -ENOENT:
		return ABSENCE_NOT_OFFERED;
	case -EACCES:
	case -EPERM:
		return ABSENCE_HIDDEN;
	default:
		return ABSENCE_UNREADABLE;
	}
}
