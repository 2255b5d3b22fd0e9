/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that files say: which files are asked, that each is asked once, what becomes
 * of those that do not answer, and who is chosen of several. Here a file's bytes are what
 * it says: signature_read(), which is wrapped, takes the first word for its name and the
 * second for its srcversion, and fails as "error N" says.
 */
#include "sources/module_names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/hostfs.h"
#include "sources/modules_dep.h"
#include "sources/signature.h"
#include "tree.h"

#define RELEASE "6.1.0"
#define FOLDER  "root/lib/modules/" RELEASE "/"
#define PREFIX  "/lib/modules/" RELEASE "/"

int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file);
uint64_t __real_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void);

static uint64_t later; /* nanoseconds that the clock is ahead */
static uint64_t slow;  /* nanoseconds that reading a file takes */
static size_t reads;
static struct hostfs *fs;
static struct modules_dep dep;
static struct module_names names;

uint64_t __wrap_clock_monotonic(void)
{
	return __real_clock_monotonic() + later;
}

int __wrap_signature_read(const struct signature_reader *reader, int fd,
                          struct module_file *file)
{
	char bytes[256] = "", name[256] = "";
	int error;

	assert_null(reader->trust);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
	reads++;
	later += slow;
	if (sscanf(bytes, "error %d", &error) == 1) {
		if (error == ENOMEM || error == ECANCELED)
			return -error;
		file->error = -error;
		file->signature = error == EBADMSG ? MODULE_SIGNATURE_MALFORMED
		                                   : MODULE_SIGNATURE_UNREADABLE;
		return 0;
	}
	file->signature = MODULE_SIGNATURE_NONE;
	if (sscanf(bytes, "%255s %255s", name, file->build.srcversion) < 1)
		return 0;
	return module_file_set_word(file, MODULE_WORD_NAME, name, strlen(name));
}

static int setup(void **state)
{
	later = slow = reads = 0;
	if (tree_setup(state) < 0)
		return -1;
	fs = tree_hostfs();
	return fs ? 0 : -1;
}

static int teardown(void **state)
{
	module_names_clear(&names);
	modules_dep_clear(&dep);
	hostfs_free(fs);
	return tree_teardown(state);
}

/* Lists the candidates of a modules.dep with these bytes. */
static void list(const char *bytes)
{
	module_names_clear(&names);
	modules_dep_clear(&dep);
	tree_write(FOLDER "modules.dep", bytes);
	assert_int_equal(modules_dep_read(fs, RELEASE, &dep), 0);
	assert_int_equal(module_names_list(&dep, &names), 0);
	assert_true(names.is_listed);
}

/* Reads all that is due. Returns how many failed in another way than before. */
static size_t read_all(void)
{
	static const struct signature_reader reader = { .trust = (struct trust *)&reads };
	const struct module_names_file *failed;
	size_t failures = 0;
	int r;

	while ((r = module_names_read(&names, fs, &reader, &failed)) > 0)
		failures += failed != NULL;
	assert_int_equal(r, 0);
	assert_null(failed);
	return failures;
}

static void check_found(const char *name, int result, const char *path)
{
	_cleanup_(text_clear) struct text found = TEXT_INIT;
	int r = module_names_find(&names, fs, name, &found);

	if (r != result)
		fail_msg("%s: %d", name, r);
	assert_string_equal(text_string(&found), path);
}

static void candidates_are_below_the_folders_of_what_was_built_apart(void **state)
{
	static const struct {
		const char *path;
		bool is_candidate;
	} cases[] = {
		{ "updates/a.ko", true },
		{ "updates/dkms/a.ko.xz", true },
		{ "extra/a.ko", true },
		{ "extra/vendor/deep/a.ko", true },
		{ "misc/a.ko", true },
		{ "weak-updates/vendor/a.ko", true },
		{ PREFIX "updates/a.ko", true },
		{ PREFIX "extra/a.ko", true },
		{ "kernel/a.ko", false },
		{ "kernel/updates/a.ko", false },
		{ "kernel/drivers/misc/a.ko", false },
		{ PREFIX "kernel/extra/a.ko", false },
		{ "updates.ko", false },
		{ "updates-old/a.ko", false },
		{ "extramodules/a.ko", false },
		{ "a.ko", false },
		{ "/updates/a.ko", false },
		{ "/lib/modules/6.1.1/updates/a.ko", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char bytes[128];

		snprintf(bytes, sizeof(bytes), "%s: kernel/b.ko\n", cases[i].path);
		list(bytes);
		if (names.count != cases[i].is_candidate)
			fail_msg("%s", cases[i].path);
		if (!cases[i].is_candidate)
			continue;
		snprintf(bytes, sizeof(bytes), "%s%s",
		         *cases[i].path == '/' ? "" : PREFIX, cases[i].path);
		assert_string_equal(names.files[0].path, bytes);
	}
}

static void a_file_is_found_by_the_name_that_it_says(void **state)
{
	(void)state;
	tree_write(FOLDER "updates/dkms/nvidia-current.ko", "nvidia");
	tree_write(FOLDER "updates/dkms/nvidia-current-drm.ko", "nvidia-drm");
	tree_write(FOLDER "extra/nameless.ko", "");
	list("updates/dkms/nvidia-current.ko:\n"
	     "updates/dkms/nvidia-current-drm.ko: updates/dkms/nvidia-current.ko\n"
	     "extra/nameless.ko:\n");
	assert_int_equal(read_all(), 0);
	check_found("nvidia", 0, PREFIX "updates/dkms/nvidia-current.ko");
	check_found("nvidia_drm", 0, PREFIX "updates/dkms/nvidia-current-drm.ko");
	check_found("nvidia-drm", 0, PREFIX "updates/dkms/nvidia-current-drm.ko");
	check_found("nvidia_current", -ENOENT, "");
	check_found("nvidi", -ENOENT, "");
	check_found("", -ENOENT, "");
}

static void each_file_is_read_once_whoever_is_sought(void **state)
{
	(void)state;
	tree_write(FOLDER "extra/a.ko", "one");
	tree_write(FOLDER "extra/b.ko", "error 74"); /* EBADMSG */
	tree_write(FOLDER "extra/c.ko", "error 27"); /* EFBIG */
	list("extra/a.ko:\nextra/b.ko:\nextra/c.ko:\nextra/gone.ko:\n");
	check_found("one", -EAGAIN, "");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_all(), i == 0);
		assert_int_equal(reads, 3);
		check_found("one", 0, PREFIX "extra/a.ko");
		check_found("two", -EFBIG, "");
		later += 3600 * CLOCK_SECOND;
	}
}

static void only_a_file_that_cannot_be_read_may_be_any_module(void **state)
{
	static const struct {
		const char *bytes; /* NULL: it is gone */
		int result;
	} cases[] = {
		{ "other", -ENOENT },    { "", -ENOENT },         { NULL, -ENOENT },
		{ "error 74", -ENOENT }, { "error 27", -EFBIG },  { "error 62", -ETIME },
		{ "error 5", -EIO },     { "error 13", -EACCES }, { "error 2", -EIO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_write(FOLDER "extra/b.ko", "named");
		if (cases[i].bytes)
			tree_write(FOLDER "extra/a.ko", cases[i].bytes);
		list("extra/a.ko:\nextra/b.ko:\n");
		assert_int_equal(read_all(), cases[i].result != -ENOENT);
		check_found("sought", cases[i].result, "");
		check_found("named", 0, PREFIX "extra/b.ko");
		if (cases[i].bytes)
			tree_delete(FOLDER "extra/a.ko");
	}
}

static void a_file_that_cannot_be_opened_is_tried_again_after_a_while(void **state)
{
	(void)state;
	tree_write(FOLDER "extra/b.ko", "other");
	tree_fifo(FOLDER "extra/a.ko");
	list("extra/a.ko:\nextra/b.ko:\n");
	assert_int_equal(read_all(), 1);
	check_found("one", -EINVAL, "");
	tree_delete(FOLDER "extra/a.ko");
	tree_write(FOLDER "extra/a.ko", "one");
	later += (MODULE_NAMES_RETRY_SECONDS - 10) * CLOCK_SECOND;
	assert_int_equal(read_all(), 0);
	check_found("one", -EINVAL, "");
	later += 20 * CLOCK_SECOND;
	assert_int_equal(read_all(), 0);
	check_found("one", 0, PREFIX "extra/a.ko");
	assert_int_equal(reads, 2);
}

static void a_failure_is_told_once_until_it_is_another(void **state)
{
	static const struct {
		const char *bytes;
		size_t told;
	} cases[] = { { "error 5", 1 }, { "error 5", 0 }, { "error 13", 1 },
		      { "error 5", 1 }, { "name", 0 },    { "error 5", 0 } };

	(void)state;
	tree_write(FOLDER "extra/a.ko", cases[0].bytes);
	list("extra/a.ko:\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_write(FOLDER "extra/a.ko", cases[i].bytes);
		assert_int_equal(read_all(), cases[i].told);
		later += 2 * MODULE_NAMES_RETRY_SECONDS * CLOCK_SECOND;
	}
	/* What answered is asked no more. */
	assert_int_equal(reads, 5);
}

static void all_files_together_have_a_limit_of_time(void **state)
{
	char path[64];

	(void)state;
	list("extra/m0.ko:\nextra/m1.ko:\nextra/m2.ko:\nextra/m3.ko:\n");
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), FOLDER "extra/m%d.ko", i);
		tree_write(path, i == 1 ? "error 62" : "named");
	}
	slow = (MODULE_NAMES_SECONDS / 2 + 1) * CLOCK_SECOND;
	/* The second, and the rest as one. */
	assert_int_equal(read_all(), 1);
	assert_int_equal(reads, 2);
	check_found("named", 0, PREFIX "extra/m0.ko");
	check_found("sought", -ETIME, "");
	later += 3600 * CLOCK_SECOND;
	assert_int_equal(read_all(), 0);
	assert_int_equal(reads, 2);
}

static void too_many_candidates_are_not_all_read(void **state)
{
	_cleanup_(text_clear) struct text bytes = TEXT_INIT;

	(void)state;
	for (uint64_t i = 0; i <= MODULE_NAMES_MAX; i++) {
		text_add_string(&bytes, "extra/m");
		text_add_number(&bytes, i);
		text_add_string(&bytes, ".ko:\n");
	}
	list(text_string(&bytes));
	assert_int_equal(names.count, MODULE_NAMES_MAX);
	assert_int_equal(read_all(), 0);
	check_found("sought", -EFBIG, "");
}

static void lack_of_memory_and_a_stop_are_no_answers(void **state)
{
	static const struct signature_reader reader = { .stop = NULL };
	static const int errors[] = { ENOMEM, ECANCELED };
	const struct module_names_file *failed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		char bytes[16];

		snprintf(bytes, sizeof(bytes), "error %d", errors[i]);
		tree_write(FOLDER "extra/a.ko", bytes);
		list("extra/a.ko:\n");
		assert_int_equal(module_names_read(&names, fs, &reader, &failed),
		                 -errors[i]);
		check_found("one", -EAGAIN, "");
		tree_write(FOLDER "extra/a.ko", "one");
		assert_int_equal(read_all(), 0);
		check_found("one", 0, PREFIX "extra/a.ko");
	}
}

static void of_several_the_loaded_build_is_chosen_or_the_first(void **state)
{
	static const struct {
		const char *loaded; /* NULL: the kernel does not tell */
		const char *path;
	} cases[] = {
		{ NULL, PREFIX "updates/z.ko" },
		{ "SOURCE0\n", PREFIX "updates/z.ko" },
		{ "SOURCE1\n", PREFIX "updates/z.ko" },
		{ "SOURCE2\n", PREFIX "updates/b.ko" },
		{ "SOURCE3\n", PREFIX "updates/a.ko.xz" },
	};

	(void)state;
	tree_write(FOLDER "updates/z.ko", "nvidia SOURCE1");
	tree_write(FOLDER "updates/b.ko", "nvidia SOURCE2");
	tree_write(FOLDER "updates/a.ko.xz", "nvidia SOURCE3");
	tree_write(FOLDER "updates/c.ko", "other SOURCE0");
	list("updates/c.ko:\nupdates/z.ko:\nupdates/b.ko:\nupdates/a.ko.xz:\n");
	assert_int_equal(read_all(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].loaded)
			tree_write("sys/module/nvidia/srcversion", cases[i].loaded);
		check_found("nvidia", 0, cases[i].path);
		check_found("other", 0, PREFIX "updates/c.ko");
	}
}

static void the_file_of_a_loaded_module_is_asked_only_when_it_is_gone(void **state)
{
	(void)state;
	tree_fifo(FOLDER "extra/loaded.ko");
	tree_write(FOLDER "extra/a.ko", "one");
	list("extra/loaded.ko:\nextra/a.ko:\n");
	module_names_claim(&names, PREFIX "extra/loaded.ko");
	module_names_claim(&names, PREFIX "kernel/no-candidate.ko");
	assert_int_equal(read_all(), 0);
	assert_int_equal(reads, 1);
	check_found("one", 0, PREFIX "extra/a.ko");
	check_found("sought", -ENOENT, "");
	module_names_unclaim(&names);
	check_found("sought", -EAGAIN, "");
	assert_int_equal(read_all(), 1);
	assert_int_equal(reads, 1);
	check_found("sought", -EINVAL, "");
	/* Nor is it another's. */
	module_names_claim(&names, PREFIX "extra/a.ko");
	check_found("one", -EINVAL, "");
}

static void a_file_that_was_read_again_says_what_it_says_now(void **state)
{
	struct module_file *file = module_file_new(PREFIX "extra/a.ko");

	(void)state;
	assert_non_null(file);
	tree_write(FOLDER "extra/a.ko", "one");
	list("extra/a.ko:\n");
	assert_int_equal(read_all(), 0);
	/* Nothing is known of it now: what it said stays. */
	file->signature = MODULE_SIGNATURE_UNREADABLE;
	file->error = -EIO;
	assert_false(module_names_update(&names, file));
	check_found("one", 0, PREFIX "extra/a.ko");
	file->signature = MODULE_SIGNATURE_NONE;
	file->error = 0;
	assert_int_equal(module_file_set_word(file, MODULE_WORD_NAME, "one", 3), 0);
	assert_false(module_names_update(&names, file));
	assert_int_equal(module_file_set_word(file, MODULE_WORD_NAME, "two", 3), 0);
	assert_true(module_names_update(&names, file));
	check_found("one", -ENOENT, "");
	check_found("two", 0, PREFIX "extra/a.ko");
	module_file_free(file);
	file = module_file_new(PREFIX "extra/stranger.ko");
	file->signature = MODULE_SIGNATURE_NONE;
	assert_false(module_names_update(&names, file));
	module_file_free(file);
	assert_int_equal(reads, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(candidates_are_below_the_folders_of_what_was_built_apart),
		TEST(a_file_is_found_by_the_name_that_it_says),
		TEST(each_file_is_read_once_whoever_is_sought),
		TEST(only_a_file_that_cannot_be_read_may_be_any_module),
		TEST(a_file_that_cannot_be_opened_is_tried_again_after_a_while),
		TEST(a_failure_is_told_once_until_it_is_another),
		TEST(all_files_together_have_a_limit_of_time),
		TEST(too_many_candidates_are_not_all_read),
		TEST(lack_of_memory_and_a_stop_are_no_answers),
		TEST(of_several_the_loaded_build_is_chosen_or_the_first),
		TEST(the_file_of_a_loaded_module_is_asked_only_when_it_is_gone),
		TEST(a_file_that_was_read_again_says_what_it_says_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
