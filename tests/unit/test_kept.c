/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that stay open: that each is found by its root and path and by nothing
 * else, that their number is bounded, and that each is closed once. Knows the memory,
 * which it lets fail.
 */
#include "sources/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);

static bool memory_fails;

char *__wrap_strdup(const char *string)
{
	return memory_fails ? NULL : __real_strdup(string);
}

static struct kept_table table;

static int setup(void **state)
{
	(void)state;
	memory_fails = false;
	kept_init(&table);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kept_clear(&table);
	return 0;
}

static int make_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Keeps a new descriptor, which the table has room for. */
static int keep(unsigned int root, const char *path)
{
	struct kept *slot = kept_find(&table, root, path);
	int fd = make_descriptor();

	assert_non_null(slot);
	assert_null(slot->path);
	assert_true(kept_put(&table, slot, root, path, fd));
	return fd;
}

static bool is_kept(unsigned int root, const char *path, int fd)
{
	const struct kept *slot = kept_find(&table, root, path);

	return slot && slot->path && slot->fd == fd;
}

static void kept_find_finds_what_was_put(void **state)
{
	char path[] = "sys/kernel/tainted";
	struct kept *slot;
	int fd = keep(0, path);

	(void)state;
	/* The path was copied. */
	path[0] = 'x';
	assert_true(is_kept(0, "sys/kernel/tainted", fd));
	slot = kept_find(&table, 0, "sys/kernel/tainted");
	assert_int_equal(slot->root, 0);
	assert_string_equal(slot->path, "sys/kernel/tainted");
	assert_int_equal(table.count, 1);
	slot = kept_find(&table, 0, "xys/kernel/tainted");
	assert_true(!slot || !slot->path);
	slot = kept_find(&table, 0, "sys/kernel/taint");
	assert_true(!slot || !slot->path);
	slot = kept_find(&table, 0, "");
	assert_true(!slot || !slot->path);
}

static void kept_find_keeps_roots_apart(void **state)
{
	int fds[4];

	(void)state;
	for (unsigned int root = 0; root < 4; root++)
		fds[root] = keep(root, "the same");
	for (unsigned int root = 0; root < 4; root++)
		assert_true(is_kept(root, "the same", fds[root]));
	assert_int_equal(table.count, 4);
	/* Wherever one is kept, those of other roots are not found there. */
	for (int i = 0; i < 5000; i++) {
		char path[32];
		struct kept *slot;

		snprintf(path, sizeof(path), "%d", i);
		kept_clear(&table);
		keep(0, path);
		slot = kept_find(&table, 1, path);
		assert_true(slot && !slot->path);
	}
}

static void kept_begin_closes_what_the_last_pass_did_not_use(void **state)
{
	int a, b, c;

	(void)state;
	kept_begin(&table);
	a = keep(0, "a");
	b = keep(0, "b");
	kept_begin(&table);
	assert_true(is_open(a) && is_open(b));
	assert_true(is_kept(0, "a", a)); /* which uses it */
	c = keep(0, "c");
	kept_begin(&table);
	assert_true(is_open(a) && is_open(c));
	assert_false(is_open(b));
	assert_int_equal(table.count, 2);
	kept_begin(&table);
	assert_false(is_open(a) || is_open(c));
	assert_int_equal(table.count, 0);
	kept_begin(&table);
	assert_int_equal(table.count, 0);
}

static void kept_drop_closes_and_frees(void **state)
{
	int fd = keep(0, "a"), other;

	(void)state;
	kept_drop(&table, kept_find(&table, 0, "a"));
	assert_false(is_open(fd));
	assert_int_equal(table.count, 0);
	other = keep(0, "a");
	assert_true(is_kept(0, "a", other));
}

static void kept_clear_closes_all(void **state)
{
	int a = keep(0, "a"), b = keep(1, "a"), c = keep(0, "c");

	(void)state;
	kept_clear(&table);
	assert_false(is_open(a) || is_open(b) || is_open(c));
	assert_int_equal(table.count, 0);
	kept_clear(&table);
}

static void kept_put_leaves_the_descriptor_where_it_cannot_be_kept(void **state)
{
	int fd = make_descriptor();
	struct kept *slot;

	(void)state;
	assert_false(kept_put(&table, NULL, 0, "a", fd));
	assert_true(is_open(fd));
	slot = kept_find(&table, 0, "a");
	memory_fails = true;
	assert_false(kept_put(&table, slot, 0, "a", fd));
	memory_fails = false;
	assert_true(is_open(fd));
	assert_null(slot->path);
	assert_int_equal(table.count, 0);
	/* Somebody else's slot. */
	assert_true(kept_put(&table, slot, 0, "a", fd));
	assert_false(kept_put(&table, slot, 0, "b", 0));
	assert_true(is_kept(0, "a", fd));
	assert_int_equal(table.count, 1);
}

static void kept_put_keeps_a_bounded_number(void **state)
{
	static int fds[2000];
	char path[32];
	size_t kept = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct kept *slot;

		snprintf(path, sizeof(path), "%zu", i);
		slot = kept_find(&table, 0, path);
		fds[i] = make_descriptor();
		if (kept_put(&table, slot, 0, path, fds[i])) {
			kept++;
			continue;
		}
		close(fds[i]);
		fds[i] = -1;
	}
	assert_int_equal(table.count, kept);
	assert_int_equal(table.max, kept);
	assert_in_range(kept, 1, KEPT_SLOTS / 2);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct kept *slot;

		snprintf(path, sizeof(path), "%zu", i);
		if (fds[i] >= 0) {
			assert_true(is_kept(0, path, fds[i]));
			continue;
		}
		slot = kept_find(&table, 0, path);
		assert_true(!slot || !slot->path);
	}
}

static void kept_init_takes_a_quarter_of_the_descriptors(void **state)
{
	struct rlimit old;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (rlim_t limit = 0; limit <= 700; limit += limit < 64 ? 1 : 53) {
		struct kept_table small;

		assert_int_equal(
			setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit, old.rlim_max }),
			0);
		kept_init(&small);
		assert_int_equal(small.max, limit / 4);
		assert_int_equal(small.count, 0);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void kept_find_tells_paths_apart_that_share_their_place(void **state)
{
	char path[32];

	(void)state;
	/* More than there are slots, a few at a time. */
	for (int i = 0; i < 3000; i++) {
		struct kept *slot;

		if (i % 100 == 0) {
			kept_begin(&table);
			kept_begin(&table);
			assert_int_equal(table.count, 0);
		}
		snprintf(path, sizeof(path), "%d", i);
		slot = kept_find(&table, 0, path);
		assert_true(!slot || !slot->path);
		if (slot)
			assert_true(kept_put(&table, slot, 0, path, make_descriptor()));
		slot = kept_find(&table, 0, path);
		assert_true(!slot || strcmp(slot->path, path) == 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(kept_find_finds_what_was_put),
		TEST(kept_find_keeps_roots_apart),
		TEST(kept_begin_closes_what_the_last_pass_did_not_use),
		TEST(kept_drop_closes_and_frees),
		TEST(kept_clear_closes_all),
		TEST(kept_put_leaves_the_descriptor_where_it_cannot_be_kept),
		TEST(kept_put_keeps_a_bounded_number),
		TEST(kept_init_takes_a_quarter_of_the_descriptors),
		TEST(kept_find_tells_paths_apart_that_share_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
