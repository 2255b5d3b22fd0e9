/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags and releases. Pure; knows where flags end, not what they mean.
 */
#include "sources/klog_tainted.h"

#include <stdbool.h>
#include <string.h>

/* "Variable length instruction": how i386 dumps code. */
static const char vli[] = " VLI";

static bool is_flag(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '?';
}

struct klog_slice klog_tainted_release(struct klog_slice bytes)
{
	size_t length = 0;

	if (bytes.length && *bytes.bytes == '(') {
		bytes.bytes++;
		bytes.length--;
	}
	while (length < bytes.length && bytes.bytes[length] != ' ' &&
	       bytes.bytes[length] != ')')
		length++;
	if (length < 3 || *bytes.bytes < '0' || *bytes.bytes > '9' ||
	    !memchr(bytes.bytes, '.', length))
		length = 0;
	return (struct klog_slice){ bytes.bytes, length };
}

/* Without blanks and "VLI" behind them. */
static void trim(struct klog_slice *flags)
{
	size_t length = strlen(vli);

	for (;;) {
		const char *end = flags->bytes + flags->length;

		if (flags->length && end[-1] == ' ')
			flags->length--;
		else if (flags->length > length && memcmp(end - length, vli, length) == 0)
			flags->length -= length;
		else
			return;
	}
}

/* The flags reach to the release, to a ')', or to the first word that is none. */
struct klog_tainted klog_tainted_parse(struct klog_slice detail)
{
	const char *at = detail.bytes, *end = at + detail.length, *word = at;
	struct klog_tainted ret = { .flags = { at, 0 } };

	for (; at < end && *at != ')'; at++) {
		if (*at == ' ') {
			ret.flags.length = (size_t)(at - detail.bytes);
			word = at + 1;
		} else if (!is_flag(*at)) {
			break;
		}
	}
	if (at == end || *at == ')') {
		ret.flags.length = (size_t)(at - detail.bytes);
		word = at;
	}
	trim(&ret.flags);
	ret.release =
		klog_tainted_release((struct klog_slice){ word, (size_t)(end - word) });
	return ret;
}
