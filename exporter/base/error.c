/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors in words: the C library's, but for those that files of a host give a meaning.
 */
#include "base/error.h"

#include <errno.h>
#include <string.h>

const char *error_words(int error)
{
	const char *words;

	switch (-error) {
	case EBADMSG:
	case ERANGE:
		return "the content is not of the expected form";
	case EINVAL:
		return "not a regular file";
	case ETIME:
		return "the time for it is over";
	case ETIMEDOUT:
		return "reading it hangs";
	default:
		words = strerrordesc_np(-error);
		return words ? words : "unknown error";
	}
}

bool error_is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR;
}
