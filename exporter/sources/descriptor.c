/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what is open. Must not know where it is.
 */
#include "sources/descriptor.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"

/* The least room for one read of a file of records. */
#define RECORDS_CHUNK 16384

int descriptor_check(int fd, bool folder)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (folder)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

int descriptor_stream_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return 0;
	return descriptor_check(fd, false);
}

int descriptor_stream_read(int fd, char *bytes, size_t size, size_t *ret_length)
{
	ssize_t length;

	do {
		length = read(fd, bytes, size);
	} while (length < 0 && errno == EINTR);
	if (length < 0 && errno != EAGAIN)
		return -errno;
	*ret_length = length < 0 ? 0 : (size_t)length;
	return 0;
}

/* Takes off what was appended since the text was of this length. Returns ERROR. */
static int cut_off(struct text *text, size_t length, int error)
{
	text->length = length;
	if (text->data)
		text->data[length] = '\0';
	return error;
}

int descriptor_read(int fd, bool is_value, size_t max, struct text *text)
{
	size_t start = text->length;

	for (;;) {
		size_t room = is_value ? max + 1 : RECORDS_CHUNK;
		ssize_t size;

		if (text_reserve(text, room) < 0)
			return cut_off(text, start, -ENOMEM);
		if (!is_value)
			room = text->capacity - text->length - 1;
		do {
			size = pread(fd, text->data + text->length, room,
			             (off_t)(text->length - start));
		} while (size < 0 && errno == EINTR);
		if (size < 0)
			return cut_off(text, start, -errno);
		text->length += (size_t)size;
		if (text->length - start > max)
			return cut_off(text, start, -EFBIG);
		if (is_value || size == 0)
			break;
	}
	text->data[text->length] = '\0';
	return 0;
}

static void close_folder(DIR *const *folder)
{
	if (*folder)
		closedir(*folder);
}

int descriptor_names_read(int fd, struct text *names)
{
	_cleanup_(close_folder) DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	size_t start = names->length;

	if (!folder) {
		int error = -errno;

		close(fd);
		return error;
	}
	while (errno = 0, entry = readdir(folder)) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			text_add(names, name, strlen(name) + 1);
	}
	if (errno)
		return cut_off(names, start, -errno);
	return names->error ? cut_off(names, start, names->error) : 0;
}
