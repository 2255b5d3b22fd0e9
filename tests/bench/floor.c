/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw cost of a scrape, below which nobody gets who keeps no descriptor: opens, reads
 * and closes each file, then copies a page. And that of knowing whether files are still
 * the same.
 *
 *   floor LIST PAGE PASSES
 *   floor LIST - PASSES
 *
 * LIST holds one path a line, PAGE is a file as large as the page; with "-" each file is
 * only looked at. Prints the median time of a pass and its processor time, both in
 * microseconds.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE (16u << 20)

static void die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(EXIT_FAILURE);
}

static double microseconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t read_file(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, buffer, BUFFER_SIZE - 1);

	if (size < 0)
		die(path);
	close(fd);
	return (size_t)size;
}

static void look_at_file(int folder, const char *path)
{
	struct stat status;

	if (fstatat(folder, path, &status, 0) < 0)
		die(path);
}

static int compare_times(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	char *list = malloc(BUFFER_SIZE), *buffer = malloc(BUFFER_SIZE);
	char *page = malloc(BUFFER_SIZE), *copy = malloc(BUFFER_SIZE);
	size_t list_size, page_size = 0, passes;
	int folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	double *times, cpu;
	bool only_looks;

	if (argc != 4)
		die("usage: floor LIST PAGE PASSES");
	passes = strtoul(argv[3], NULL, 10);
	times = calloc(passes, sizeof(*times));
	if (!list || !buffer || !page || !copy || !times || !passes)
		die("nothing to do, or no memory");

	/* Each path gets a NUL behind it. */
	list_size = read_file(argv[1], list);
	for (size_t i = 0; i < list_size; i++)
		if (list[i] == '\n')
			list[i] = '\0';
	only_looks = strcmp(argv[2], "-") == 0;
	if (!only_looks)
		page_size = read_file(argv[2], page);

	cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < passes; i++) {
		double start = microseconds(CLOCK_MONOTONIC);

		for (const char *path = list; path < list + list_size;
		     path += strlen(path) + 1) {
			if (only_looks)
				look_at_file(folder, path);
			else
				read_file(path, buffer);
		}
		memcpy(copy, page, page_size);
		/* Nobody uses the copy; the compiler must not know. */
		__asm__ volatile("" : : "r"(copy) : "memory");
		times[i] = microseconds(CLOCK_MONOTONIC) - start;
	}
	cpu = (microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)passes;
	qsort(times, passes, sizeof(*times), compare_times);
	printf("%.2f %.2f\n", times[passes / 2], cpu);
	return EXIT_SUCCESS;
}
