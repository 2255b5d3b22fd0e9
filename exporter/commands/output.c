/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing to a descriptor.
 */
#include "commands/output.h"

#include <errno.h>
#include <unistd.h>

#include "base/text.h"

int output_write(int fd, const struct text *text)
{
	for (size_t done = 0; done < text->length;) {
		ssize_t written = write(fd, text->data + done, text->length - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}
