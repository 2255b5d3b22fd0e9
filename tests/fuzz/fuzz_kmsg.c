/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the kernel's log: what is taken apart lies in the bytes, whatever they are,
 * and unescaping makes nothing longer.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sources/kmsg.h"

static void take_apart(char *line, size_t length)
{
	struct kmsg_record record = { .length = SIZE_MAX };
	int r = kmsg_record_parse(line, length, &record), sum = 0;

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r < 0) {
		fuzz_check(record.length == SIZE_MAX);
		return;
	}
	fuzz_check(record.message > line && record.message[-1] == ';');
	fuzz_check(record.message <= line + length);
	fuzz_check(record.length <= (size_t)(line + length - record.message));
	fuzz_check(record.time % 1000 == 0);
	/* All of it is read. */
	for (size_t i = 0; i < record.length; i++)
		sum += record.message[i];
	fuzz_check(sum != INT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = malloc(length + 1), *line = copy, *newline;

	fuzz_check(copy != NULL);
	memcpy(copy, bytes, length);
	copy[length] = '\n';
	/* Each in memory of its own, so that a reader that looks too far is caught. */
	while ((newline = memchr(line, '\n', (size_t)(copy + length + 1 - line)))) {
		size_t size = (size_t)(newline - line);
		char *own = malloc(size);

		fuzz_check(own || !size);
		if (size)
			memcpy(own, line, size);
		take_apart(own, size);
		free(own);
		line = newline + 1;
	}
	free(copy);
	return 0;
}
