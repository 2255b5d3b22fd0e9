/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of the command line: all are read or none, and what cannot be read is
 * named in one line. Knows the calls that allocate here, which it lets fail.
 */
#include "commands/certificates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "commands/options.h"
#include "ko.h"
#include "memory.h"

static struct options options;
static const char *paths[8];
static char path_texts[8][2 * PATH_MAX];
static struct trust *trust;

static int setup_tree(void **state)
{
	setup(state);
	options = (struct options){ .trust_paths = paths };
	trust = NULL;
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	return tree_setup(state);
}

static int teardown(void **state)
{
	calls_left = -1;
	certificates_free(&trust);
	return tree_teardown(state);
}

/* PATH is in the tree. */
static void add_path(const char *path)
{
	size_t at = options.trust_paths_count++;

	snprintf(path_texts[at], sizeof(path_texts[at]), "%s/%s", tree_path, path);
	paths[at] = path_texts[at];
}

/* The result; what was logged goes to RET_LINES, for free(). */
static int load(char **ret_lines)
{
	struct capture capture = capture_begin(STDERR_FILENO);
	int r = certificates_load(&options, &trust);

	*ret_lines = capture_end(&capture);
	return r;
}

static void assert_loaded(bool is_something)
{
	char *lines;
	int r = load(&lines);

	if (r != 0 || *lines)
		fail_msg("%d %s", r, lines);
	free(lines);
	assert_int_equal(trust != NULL, is_something);
	certificates_free(&trust);
	trust = NULL;
}

/* It fails with ERROR and one line, which names the flag, PATH in the tree, and WORDS. */
static void assert_refused(int error, const char *path, const char *words)
{
	char expected[2 * PATH_MAX + 256], *lines;
	const struct trust *before = trust;
	int r = load(&lines);
	const char *line = strstr(lines, "level=");

	snprintf(expected, sizeof(expected),
	         "level=error msg=\"Cannot read certificates\" "
	         "flag=--collector.signature.trust file=%s/%s err=\"%s\"\n",
	         tree_path, path, words);
	assert_non_null(line);
	assert_string_equal(line, expected);
	free(lines);
	assert_int_equal(r, error);
	assert_ptr_equal(trust, before);
}

static void without_any_there_is_nothing_to_trust(void **state)
{
	(void)state;
	assert_loaded(false);
}

static void nothing_may_be_freed(void **state)
{
	struct trust *const nothing = NULL;

	(void)state;
	certificates_free(&nothing);
}

static void files_and_folders_are_read(void **state)
{
	(void)state;
	ko_copy(KO_CERTIFICATE, "key.pem");
	ko_copy(KO_CERTIFICATE, "keys/a");
	ko_copy(KO_CERTIFICATE, "keys/b");
	add_path("key.pem");
	assert_loaded(true);
	add_path("keys");
	add_path("key.pem");
	assert_loaded(true);
}

static void what_is_no_certificate_is_named(void **state)
{
	static const char *const contents[] = {
		"",
		"garbage\n",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
		"\x30\x82\x7f\xff",
	};

	(void)state;
	add_path("bad.pem");
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		tree_write("bad.pem", contents[i]);
		assert_refused(-EBADMSG, "bad.pem",
		               "expected X.509 certificates, PEM or DER");
	}
}

static void what_is_not_there_is_named(void **state)
{
	(void)state;
	add_path("gone.pem");
	assert_refused(-ENOENT, "gone.pem", "No such file or directory");
	tree_link("gone", "link.pem");
	options.trust_paths_count = 0;
	add_path("link.pem");
	assert_refused(-ENOENT, "link.pem", "No such file or directory");
}

static void what_is_no_file_is_named(void **state)
{
	(void)state;
	tree_fifo("fifo");
	add_path("fifo");
	assert_refused(-EINVAL, "fifo", "not a regular file");
}

static void an_empty_folder_is_named(void **state)
{
	(void)state;
	tree_folder("keys");
	add_path("keys");
	assert_refused(-ENOENT, "keys", "No such file or directory");
}

static void of_a_folder_the_bad_file_is_named(void **state)
{
	(void)state;
	ko_copy(KO_CERTIFICATE, "keys/a.pem");
	tree_write("keys/b.pem", "garbage\n");
	ko_copy(KO_CERTIFICATE, "keys/c.pem");
	add_path("keys");
	assert_refused(-EBADMSG, "keys/b.pem", "expected X.509 certificates, PEM or DER");
}

static void one_that_is_bad_spoils_those_that_are_good(void **state)
{
	(void)state;
	ko_copy(KO_CERTIFICATE, "good.pem");
	tree_write("bad.pem", "garbage\n");
	for (int at = 0; at < 3; at++) {
		options.trust_paths_count = 0;
		for (int i = 0; i < 3; i++)
			add_path(i == at ? "bad.pem" : "good.pem");
		assert_refused(-EBADMSG, "bad.pem",
		               "expected X.509 certificates, PEM or DER");
	}
}

/* A certificate is public, but a name may be anything. */
static void a_hostile_name_is_escaped(void **state)
{
	char *lines;

	(void)state;
	add_path("x\n\x1b[31m\xff.pem");
	assert_int_equal(load(&lines), -ENOENT);
	assert_non_null(strstr(lines, "x\\n\\u001b[31m\xef\xbf\xbd.pem\""));
	assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
	free(lines);
}

static void without_memory_nothing_is_read(void **state)
{
	int calls = 0, failures = 0;

	(void)state;
	ko_copy(KO_CERTIFICATE, "keys/a.pem");
	add_path("keys");
	for (;; calls++) {
		struct capture capture = capture_begin(STDERR_FILENO);
		int r;

		calls_left = calls;
		r = certificates_load(&options, &trust);
		calls_left = -1;
		free(capture_end(&capture));
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_null(trust);
		failures++;
		assert_true(calls < 1000);
	}
	assert_true(failures > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_tree, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_any_there_is_nothing_to_trust),
		TEST(nothing_may_be_freed),
		TEST(files_and_folders_are_read),
		TEST(what_is_no_certificate_is_named),
		TEST(what_is_not_there_is_named),
		TEST(what_is_no_file_is_named),
		TEST(an_empty_folder_is_named),
		TEST(of_a_folder_the_bad_file_is_named),
		TEST(one_that_is_bad_spoils_those_that_are_good),
		TEST(a_hostile_name_is_escaped),
		TEST(without_memory_nothing_is_read),
	};

	return cmocka_run_group_tests_name("certificates", tests, NULL, NULL);
}
