/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module's file in memory: any compressed form, whole or broken. Nothing is larger than
 * it may be, and a plain file is what it was.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sources/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct image image = IMAGE_INIT;
	int fd = fuzz_open(bytes, length), r = image_read(&image, fd, NULL);
	char last[2];

	close(fd);
	fuzz_check(r == 0 || r == -EBADMSG || r == -EFBIG || r == -ENOMEM || r == -ETIME);
	if (r < 0) {
		fuzz_check(image.fd == -1 && !image.bytes && !image.length);
		return 0;
	}
	fuzz_check(image.length >= 1 && image.length <= IMAGE_MAX);
	if (image.compression == MODULE_COMPRESSION_NONE)
		fuzz_check(image.length == length &&
		           memcmp(image.bytes, bytes, length) == 0);
	fuzz_check(image_cut(&image, (image.length + 1) / 2) == 0);
	fuzz_check(pread(image.fd, last, 2, (off_t)image.length - 1) == 2);
	fuzz_check(last[0] == (char)image.bytes[image.length - 1] && !last[1]);
	image_clear(&image);
	return 0;
}
