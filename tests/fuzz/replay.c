/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows a fuzz target the files of a folder, each once, and says so in TAP
 * (https://testanything.org/): replay FOLDER. No file at all is a failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

/* The contents in memory that ends where they end, so that a reader that looks too far is
 * caught. */
static void show(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes;
	struct stat st;

	fuzz_check(fd >= 0 && fstat(fd, &st) == 0);
	bytes = malloc((size_t)st.st_size);
	fuzz_check(bytes || !st.st_size);
	fuzz_check(read(fd, bytes, (size_t)st.st_size) == st.st_size);
	close(fd);
	fuzz_check(LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size) == 0);
	free(bytes);
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	unsigned int count = 0;

	if (!folder) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		/* Before it is shown: the last line names what ended the process. */
		printf("# %s\n", entry->d_name);
		fflush(stdout);
		show(dirfd(folder), entry->d_name);
		printf("ok %u - %s\n", ++count, entry->d_name);
	}
	closedir(folder);
	printf("1..%u\n", count);
	return count ? 0 : 1;
}
