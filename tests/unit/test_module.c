/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command module over small hosts made of files: which argument is a file and which a
 * name, whose kernel is spoken of, what is loaded and is it the same, exit codes, and one
 * document for many arguments. Knows the calls that allocate, which it lets fail.
 */
#include "commands/module.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "commands/options.h"
#include "json.h"
#include "ko.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t count, size_t size);
void *__wrap_reallocarray(void *pointer, size_t count, size_t size);
char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);

static bool memory_fails, has_failed;
static size_t calls_left; /* allocations that still succeed */

static bool is_refused(void)
{
	if (!memory_fails || calls_left-- > 0)
		return false;
	calls_left = 0;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return is_refused() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t size)
{
	return is_refused() ? NULL : __real_reallocarray(pointer, count, size);
}

char *__wrap_strdup(const char *string)
{
	return is_refused() ? NULL : __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t size)
{
	return is_refused() ? NULL : __real_strndup(string, size);
}

#define RELEASE "6.12.0-test"
#define FOLDER  "root/lib/modules/" RELEASE "/"

/* As the kernel's build writes them, from its tree and from elsewhere. */
#define WORDS(name)                              \
	"license=GPL\nintree=Y\nname=" name "\n" \
	"vermagic=" RELEASE " SMP mod_unload \n"
#define STRANGERS_WORDS(name)                              \
	"license=NVIDIA\nversion=550\nsrcversion=0123AB\n" \
	"name=" name "\nvermagic=" RELEASE " SMP mod_unload \n"

static struct options options;
static const char *arguments[16];
static char argument_texts[16][2 * PATH_MAX];
static char *output, *lines; /* of the last run */

static int setup(void **state)
{
	memory_fails = false;
	if (tree_setup(state) < 0)
		return -1;
	options = (struct options){
		.command = COMMAND_MODULE,
		.is_json = true,
		.arguments = arguments,
	};
	for (size_t i = 0; i < HOSTFS_ROOT_COUNT; i++)
		options.scrape.paths[i] = tree_root_paths[i];
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	output = lines = NULL;
	return 0;
}

static int teardown(void **state)
{
	memory_fails = false;
	free(output);
	free(lines);
	return tree_teardown(state);
}

/* Three loaded modules: in the tree, of a stranger, and one without a file. */
static void make_host(void)
{
	const struct ko own = { WORDS("nf_nat"), "own", "Build time key" };
	const struct ko strange = { STRANGERS_WORDS("nvidia"), "disk", NULL };
	const struct ko spare = { WORDS("spare"), "spare", "Build time key" };

	tree_write("proc/sys/kernel/osrelease", RELEASE "\n");
	tree_write("proc/version", "Linux version " RELEASE "\n");
	tree_write("proc/modules", "nf_nat 1 0 - Live 0x0\n"
	                           "nvidia 1 0 - Live 0x0 (POE)\n"
	                           "insmoded 1 0 - Live 0x0 (OE)\n");
	tree_write(FOLDER "modules.dep", "kernel/net/nf_nat.ko:\n"
	                                 "updates/dkms/nvidia.ko: kernel/net/nf_nat.ko\n"
	                                 "kernel/spare-parts.ko:\n"
	                                 "kernel/gone.ko:\n");
	ko_write(FOLDER "kernel/net/nf_nat.ko", &own);
	ko_write(FOLDER "updates/dkms/nvidia.ko", &strange);
	ko_write(FOLDER "kernel/spare-parts.ko", &spare);
	ko_load("nf_nat", "own");
	ko_load("nvidia", "memory");
	tree_write("sys/module/nvidia/srcversion", "0123AB\n");
}

static void add_argument(const char *argument)
{
	snprintf(argument_texts[options.arguments_count],
	         sizeof(argument_texts[options.arguments_count]), "%s", argument);
	arguments[options.arguments_count] = argument_texts[options.arguments_count];
	options.arguments_count++;
}

/* The exit code; output and lines are what was written. */
static int run(void)
{
	struct capture errors, outputs;
	int code;

	free(output);
	free(lines);
	errors = capture_begin(STDERR_FILENO);
	outputs = capture_begin(STDOUT_FILENO);
	code = module_run(&options);
	output = lines = NULL;
	memory_fails = false;
	output = capture_end(&outputs);
	lines = capture_end(&errors);
	return code;
}

/* Asks for one module; the exit code. In JSON what is written is one array of one. */
static int ask(const char *argument)
{
	int code;

	options.arguments_count = 0;
	add_argument(argument);
	code = run();
	if (options.is_json) {
		json_check(output);
		json_assert_count(output, "", 1);
		json_assert(output, "0.argument", argument);
	}
	return code;
}

static void assert_no_complaint(void)
{
	assert_string_equal(lines, "");
}

/* PATH in the tree; borrowed until the next call. */
static const char *in_tree(const char *path)
{
	static char whole[2 * PATH_MAX];

	snprintf(whole, sizeof(whole), "%s/%s", tree_path, path);
	return whole;
}

/* ---- names ---- */

static void a_loaded_module_is_reported(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("nf_nat"), 0);
	assert_no_complaint();
	json_assert(output, "0.module", "nf_nat");
	json_assert_word(output, "0.loaded", "true");
	json_assert(output, "0.flags", "");
	json_assert(output, "0.path", "/lib/modules/" RELEASE "/kernel/net/nf_nat.ko");
	json_assert(output, "0.error", "");
	json_assert(output, "0.compression", "none");
	json_assert(output, "0.signature", "x509");
	json_assert(output, "0.sig_id", "X509");
	json_assert(output, "0.signer", "Build time key");
	json_assert(output, "0.sig_key", "01:02:AB");
	json_assert(output, "0.sig_hashalgo", "sha256");
	json_assert(output, "0.license", "GPL");
	json_assert_word(output, "0.gpl_compatible", "true");
	json_assert_word(output, "0.intree", "true");
	json_assert_word(output, "0.file_differs", "false");
	json_assert(output, "0.verified", "");
	json_assert(output, "0.vermagic", RELEASE " SMP mod_unload ");
	json_assert(output, "0.why", "It does not taint the kernel.");
}

static void a_loaded_module_of_a_stranger_is_told_why_it_taints(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("nvidia"), 0);
	json_assert(output, "0.flags", "POE");
	json_assert_count(output, "0.taints", 3);
	json_assert(output, "0.version", "550");
	json_assert(output, "0.srcversion", "0123AB");
	json_assert(output, "0.signature", "none");
	/* The build ID counts, though the sources are the same. */
	json_assert_word(output, "0.file_differs", "true");
	json_assert(output, "0.why",
	            "It taints the kernel: its licence is \"NVIDIA\" (P), it was built "
	            "outside of the kernel's tree (O) and its file holds no signature "
	            "(E).");
}

static void a_module_that_is_not_loaded_is_told_what_it_would_do(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("spare_parts"), 0);
	json_assert(output, "0.module", "spare_parts");
	json_assert_word(output, "0.loaded", "false");
	json_assert_word(output, "0.file_differs", "null");
	json_assert(output, "0.path", "/lib/modules/" RELEASE "/kernel/spare-parts.ko");
	json_assert(output, "0.why",
	            "It would not taint the kernel; a kernel that does not know the key "
	            "of \"Build time key\" takes it for unsigned, or refuses it.");
}

static void a_dash_is_as_good_as_an_underscore(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("nf-nat"), 0);
	json_assert(output, "0.module", "nf_nat");
	json_assert_word(output, "0.loaded", "true");
	json_assert(output, "0.signature", "x509");
	assert_int_equal(ask("spare-parts"), 0);
	json_assert(output, "0.module", "spare_parts");
	json_assert(output, "0.signature", "x509");
}

static void a_module_that_was_loaded_from_elsewhere_is_no_failure(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("insmoded"), 0);
	json_assert_word(output, "0.loaded", "true");
	json_assert(output, "0.signature", "missing");
	json_assert(output, "0.path", "");
	json_assert(output, "0.flags", "OE");
	json_assert_word(output, "0.gpl_compatible", "null");
	json_assert_word(output, "0.file_differs", "null");
	json_assert(output, "0.why",
	            "It taints the kernel: it was built outside of the kernel's tree (O) "
	            "and the kernel could not verify its signature (E).");
}

static void a_module_that_nobody_knows_is_a_failure(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("unknown"), 1);
	json_assert(output, "0.module", "unknown");
	json_assert_word(output, "0.loaded", "false");
	json_assert(output, "0.signature", "missing");
	json_assert(output, "0.error", "No such file or directory");
}

static void a_module_whose_file_is_gone_is_a_failure(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("gone"), 1);
	json_assert(output, "0.signature", "missing");
}

/* NAMES are names as good as any, and no module has one of them. */
static void assert_found_nowhere(const char *const *names, size_t count)
{
	make_host();
	for (size_t i = 0; i < count; i++) {
		options.arguments_count = 0;
		add_argument(names[i]);
		if (run() != 1)
			fail_msg("found: '%s'", names[i]);
		json_check(output);
		json_assert(output, "0.signature", "missing");
		json_assert_word(output, "0.loaded", "false");
	}
}

static void names_that_no_module_has_are_found_nowhere(void **state)
{
	static const char *const names[] = {
		"",       " ", "nf_nat ", "nf_na",    "nf_natt",        "NF_NAT",
		"nf nat", ".", "..",      "nf_nat\n", "\xff\x1b[31m\n", "%s%n",
	};

	(void)state;
	assert_found_nowhere(names, ARRAY_SIZE(names));
}

/* Only of a file what is behind the dot is no part of the name. */
static void a_name_with_a_dot_is_not_the_name_before_it(void **state)
{
	static const char *const names[] = { "nf_nat.", "nf_nat.x", "nf-nat.o" };

	(void)state;
	assert_found_nowhere(names, ARRAY_SIZE(names));
}

static void a_file_that_is_malformed_is_a_failure(void **state)
{
	(void)state;
	make_host();
	tree_write(FOLDER "kernel/spare-parts.ko", "no module\n");
	assert_int_equal(ask("spare_parts"), 1);
	json_assert(output, "0.signature", "malformed");
	json_assert(output, "0.why", "No kernel would load it: it is no module.");
	/* Loaded or not. */
	tree_write(FOLDER "kernel/net/nf_nat.ko", "");
	assert_int_equal(ask("nf_nat"), 1);
	json_assert(output, "0.signature", "malformed");
	json_assert_word(output, "0.loaded", "true");
}

static void a_file_that_cannot_be_read_is_a_failure(void **state)
{
	(void)state;
	make_host();
	tree_delete(FOLDER "kernel/net/nf_nat.ko");
	tree_fifo(FOLDER "kernel/net/nf_nat.ko");
	assert_int_equal(ask("nf_nat"), 1);
	json_assert(output, "0.signature", "unreadable");
	json_assert(output, "0.error", "not a regular file");
	tree_delete(FOLDER "kernel/net/nf_nat.ko");
	tree_folder(FOLDER "kernel/net/nf_nat.ko");
	assert_int_equal(ask("nf_nat"), 1);
	json_assert(output, "0.signature", "unreadable");
}

static void a_link_out_of_the_root_is_not_followed(void **state)
{
	(void)state;
	make_host();
	ko_write("outside.ko", &(struct ko){ WORDS("nf_nat"), "own", NULL });
	tree_delete(FOLDER "kernel/net/nf_nat.ko");
	tree_link("../../../../../../../outside.ko", FOLDER "kernel/net/nf_nat.ko");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert(output, "0.signature", "missing");
	json_assert(output, "0.license", "");
	/* Not loaded, it is a failure. */
	tree_delete(FOLDER "kernel/spare-parts.ko");
	tree_link("/../outside.ko", FOLDER "kernel/spare-parts.ko");
	assert_int_equal(ask("spare_parts"), 1);
	json_assert(output, "0.license", "");
}

/* ---- files ---- */

static void a_file_is_read_from_anywhere(void **state)
{
	(void)state;
	make_host();
	ko_write("elsewhere/x.ko", &(struct ko){ STRANGERS_WORDS("x"), "x", NULL });
	assert_int_equal(ask(in_tree("elsewhere/x.ko")), 0);
	assert_no_complaint();
	json_assert(output, "0.module", "x");
	json_assert_word(output, "0.loaded", "false");
	json_assert(output, "0.path", in_tree("elsewhere/x.ko"));
	json_assert(output, "0.build_id", "78");
	json_assert_word(output, "0.file_differs", "null");
	json_assert(output, "0.why",
	            "It would taint the kernel: its licence is \"NVIDIA\" (P), it was "
	            "built outside of the kernel's tree (O) and its file holds no "
	            "signature (E).");
}

/* Its own word counts; without one the file's name does. */
static void the_name_of_a_file_is_what_it_says_or_else_its_path(void **state)
{
	(void)state;
	make_host();
	ko_write("a/backup-of.v2.ko",
	         &(struct ko){ STRANGERS_WORDS("nvidia"), "memory", NULL });
	assert_int_equal(ask(in_tree("a/backup-of.v2.ko")), 0);
	json_assert(output, "0.module", "nvidia");
	json_assert_word(output, "0.loaded", "true");
	json_assert(output, "0.flags", "POE");
	/* Another file than modules.dep has, and this one is what is loaded. */
	json_assert_word(output, "0.file_differs", "false");

	ko_write("a/nf-nat.ko.old", &(struct ko){ "license=GPL\n", NULL, NULL });
	assert_int_equal(ask(in_tree("a/nf-nat.ko.old")), 0);
	json_assert(output, "0.module", "nf_nat");
	json_assert_word(output, "0.loaded", "true");
	json_assert_word(output, "0.file_differs", "null");
}

static void a_word_with_a_slash_or_ko_is_a_file(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	make_host();
	ko_write("x.ko", &(struct ko){ WORDS("x"), NULL, NULL });
	ko_write("plain", &(struct ko){ WORDS("plain"), NULL, NULL });
	assert_true(here >= 0);
	assert_int_equal(chdir(tree_path), 0);
	assert_int_equal(ask("x.ko"), 0);
	json_assert(output, "0.path", "x.ko");
	assert_int_equal(ask("./plain"), 0);
	json_assert(output, "0.path", "./plain");
	/* Though there is a file of that name here. */
	assert_int_equal(ask("plain"), 1);
	json_assert(output, "0.signature", "missing");
	/* Though there is a module of that name. */
	assert_int_equal(ask("nf_nat.ko"), 1);
	json_assert(output, "0.signature", "missing");
	assert_int_equal(ask("./nf_nat"), 1);
	assert_int_equal(fchdir(here), 0);
	close(here);
}

static void a_file_that_is_not_there_is_a_failure_even_if_it_is_loaded(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("/nonexistent/nf_nat.ko"), 1);
	json_assert(output, "0.signature", "missing");
	json_assert(output, "0.path", "/nonexistent/nf_nat.ko");
	json_assert(output, "0.error", "No such file or directory");
}

static void what_is_no_module_is_a_failure(void **state)
{
	static const char *const contents[] = { "", "x", "\x7f\x45LF", "#!/bin/sh\n" };

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		tree_write("x.ko", contents[i]);
		assert_int_equal(ask(in_tree("x.ko")), 1);
		json_assert(output, "0.signature", "malformed");
	}
	assert_int_equal(ask(in_tree("")), 1);
	json_assert(output, "0.signature", "unreadable");
	tree_fifo("fifo.ko");
	assert_int_equal(ask(in_tree("fifo.ko")), 1);
	json_assert(output, "0.error", "not a regular file");
}

static void a_file_of_another_kernel_is_told_in_its_letters(void **state)
{
	static const struct {
		const char *modinfo, *why;
	} files[] = {
		{ "license=GPL\nname=x\nvermagic=2.6.18-419.el5 SMP\n",
		  "It would taint the kernel: its file holds no signature (U)." },
		{ "license=GPL\nname=x\nvermagic=2.6.32-754.el6.x86_64 SMP\n",
		  "It would taint the kernel: its file holds no signature (U)." },
		{ "license=GPL\nname=x\nvermagic=3.10.0-123.el7.x86_64 SMP\n",
		  "It would taint the kernel: it was built outside of the kernel's tree "
		  "(O)." },
		{ "license=GPL\nname=x\nintree=Y\nvermagic=6.1.0-56-amd64 SMP\n",
		  "It would taint the kernel: its file holds no signature (E)." },
		{ "license=GPL\nname=x\nintree=Y\nvermagic=6.1.0\n",
		  "It would taint the kernel: its file holds no signature (E)." },
	};

	(void)state;
	make_host();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ko_write("x.ko", &(struct ko){ files[i].modinfo, NULL, NULL });
		assert_int_equal(ask(in_tree("x.ko")), 0);
		json_assert(output, "0.why", files[i].why);
	}
	/* Of a loaded one it is this kernel that speaks, whatever the file was for. */
	ko_write("x.ko", &(struct ko){ "license=CDDL\nname=nvidia\n"
	                               "vermagic=2.6.18-419.el5 SMP\n",
	                               NULL, NULL });
	assert_int_equal(ask(in_tree("x.ko")), 0);
	json_assert(output, "0.flags", "POE");
	json_assert(output, "0.taints.2.taint", "unsigned_module");
}

static void a_dialect_that_is_given_is_taken(void **state)
{
	(void)state;
	make_host();
	options.scrape.is_dialect_given = true;
	options.scrape.dialect = DIALECT_RHEL6;
	ko_write("x.ko", &(struct ko){ WORDS("x"), NULL, NULL });
	assert_int_equal(ask(in_tree("x.ko")), 0);
	json_assert(output, "0.why",
	            "It would taint the kernel: its file holds no signature (U).");
	/* Also without any host. */
	tree_delete("proc/sys/kernel/osrelease");
	assert_int_equal(ask(in_tree("x.ko")), 0);
	json_assert(output, "0.why",
	            "It would taint the kernel: its file holds no signature (U).");
}

/* ---- a host of which little is there ---- */

static void without_any_host_a_file_can_be_looked_at(void **state)
{
	(void)state;
	ko_write("x.ko", &(struct ko){ STRANGERS_WORDS("x"), NULL, NULL });
	for (enum hostfs_root root = 0; root < HOSTFS_ROOT_COUNT; root++)
		options.scrape.paths[root] = "/nonexistent";
	assert_int_equal(ask(in_tree("x.ko")), 0);
	json_assert_word(output, "0.loaded", "null");
	json_assert(output, "0.license", "NVIDIA");
	json_assert(output, "0.why",
	            "It would taint the kernel: its licence is \"NVIDIA\" (P), it was "
	            "built outside of the kernel's tree (O) and its file holds no "
	            "signature (E).");
	assert_int_equal(ask("nvidia"), 1);
	json_assert_word(output, "0.loaded", "null");
}

static void a_kernel_without_modules_has_none_loaded(void **state)
{
	(void)state;
	make_host();
	tree_delete("proc/modules");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert_word(output, "0.loaded", "false");
	json_assert(output, "0.signature", "x509");
	assert_int_equal(ask("insmoded"), 1);
	json_assert_word(output, "0.loaded", "false");
}

static void a_list_that_cannot_be_read_leaves_it_open(void **state)
{
	(void)state;
	make_host();
	tree_write("proc/modules", "nf_nat 1 0 - Live 0x0\ngarbage\n");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert_word(output, "0.loaded", "null");
	json_assert(output, "0.signature", "x509");
}

static void without_a_release_no_file_of_a_name_is_found(void **state)
{
	(void)state;
	make_host();
	tree_delete("proc/sys/kernel/osrelease");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert_word(output, "0.loaded", "true");
	json_assert(output, "0.signature", "missing");
	assert_int_equal(ask("spare_parts"), 1);
	json_assert_word(output, "0.loaded", "false");
}

static void without_modules_dep_no_file_of_a_name_is_found(void **state)
{
	(void)state;
	make_host();
	tree_delete(FOLDER "modules.dep");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert(output, "0.signature", "missing");
	assert_int_equal(ask("spare_parts"), 1);
}

static void a_release_that_leads_elsewhere_is_not_followed(void **state)
{
	(void)state;
	make_host();
	tree_write("root/modules.dep", "nf_nat.ko:\n");
	ko_write("root/nf_nat.ko", &(struct ko){ WORDS("nf_nat"), NULL, NULL });
	tree_write("proc/sys/kernel/osrelease", "../..\n");
	ask("nf_nat");
	json_assert(output, "0.license", "");
}

/* ---- files of another name, and modules without a file ---- */

/* The driver's file is named as Debian does it; one in kernel/ says the name of another.
 */
static void rename_file(void)
{
	const struct ko strange = { STRANGERS_WORDS("nvidia"), "memory", NULL };
	const struct ko renamed = { WORDS("insmoded"), "other", NULL };

	make_host();
	tree_write(FOLDER "modules.dep", "updates/dkms/nvidia-current.ko:\n"
	                                 "kernel/renamed.ko:\n");
	ko_write(FOLDER "updates/dkms/nvidia-current.ko", &strange);
	ko_write(FOLDER "kernel/renamed.ko", &renamed);
}

static void a_file_of_another_name_is_found_by_either(void **state)
{
	static const char *const names[] = { "nvidia", "nvidia-current",
		                             "nvidia_current" };

	(void)state;
	rename_file();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(ask(names[i]), 0);
		assert_no_complaint();
		json_assert(output, "0.module", "nvidia");
		json_assert_word(output, "0.loaded", "true");
		json_assert_word(output, "0.builtin", "false");
		json_assert(output, "0.path",
		            "/lib/modules/" RELEASE "/updates/dkms/nvidia-current.ko");
		json_assert(output, "0.version", "550");
		json_assert_word(output, "0.file_differs", "false");
	}
	/* Below kernel/ a file's own name counts. */
	assert_int_equal(ask("insmoded"), 0);
	json_assert(output, "0.signature", "missing");
	assert_int_equal(ask("unknown"), 1);
	json_assert(output, "0.signature", "missing");
}

static void a_file_that_cannot_be_asked_leaves_a_module_unknown(void **state)
{
	(void)state;
	rename_file();
	tree_write(FOLDER "modules.dep", "updates/dkms/nvidia-current.ko:\n"
	                                 "extra/folder.ko:\n");
	tree_folder(FOLDER "extra/folder.ko");
	assert_int_equal(ask("nvidia"), 0);
	assert_non_null(strstr(lines, "extra/folder.ko"));
	assert_int_equal(ask("insmoded"), 1);
	json_assert(output, "0.signature", "unreadable");
	json_assert(output, "0.error", "Is a directory");
	json_assert(output, "0.path", "");
}

static void what_is_built_in_is_told_and_no_failure(void **state)
{
	static const char records[] = "tcp_cubic.version=2.3\0tcp_cubic.license=GPL\0"
				      "nf_nat.license=GPL\0";

	(void)state;
	make_host();
	tree_write(FOLDER "modules.builtin", "kernel/net/ipv4/tcp_cubic.ko\n"
	                                     "kernel/net/nf_nat.ko\n"
	                                     "kernel/spare-parts.ko\n");
	tree_write_bytes(FOLDER "modules.builtin.modinfo", records, sizeof(records) - 1);
	assert_int_equal(ask("tcp-cubic"), 0);
	assert_no_complaint();
	json_assert(output, "0.module", "tcp_cubic");
	json_assert_word(output, "0.loaded", "false");
	json_assert_word(output, "0.builtin", "true");
	json_assert(output, "0.path", "kernel/net/ipv4/tcp_cubic.ko");
	json_assert(output, "0.license", "GPL");
	json_assert(output, "0.version", "2.3");
	json_assert_word(output, "0.signature", "null");
	/* What is loaded is not built in, whatever the list says. */
	assert_int_equal(ask("nf_nat"), 0);
	json_assert_word(output, "0.loaded", "true");
	json_assert_word(output, "0.builtin", "false");
	json_assert(output, "0.signature", "x509");
	/* No kernel loads the file of what it has. */
	assert_int_equal(ask("spare_parts"), 0);
	json_assert_word(output, "0.builtin", "true");
	/* But a file that is asked for is one. */
	assert_int_equal(ask(in_tree(FOLDER "kernel/spare-parts.ko")), 0);
	json_assert_word(output, "0.builtin", "false");
	json_assert(output, "0.signature", "x509");
	assert_int_equal(ask("unknown"), 1);
	json_assert_word(output, "0.builtin", "false");
}

static void without_the_lists_nobody_knows_what_is_built_in(void **state)
{
	(void)state;
	make_host();
	assert_int_equal(ask("unknown"), 1);
	json_assert_word(output, "0.builtin", "null");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert_word(output, "0.builtin", "false");
	tree_delete("proc/sys/kernel/osrelease");
	assert_int_equal(ask("unknown"), 1);
	json_assert_word(output, "0.builtin", "null");
}

/* ---- many arguments, and both forms ---- */

static void many_arguments_are_one_array_in_their_order(void **state)
{
	(void)state;
	make_host();
	add_argument("nvidia");
	add_argument("nf_nat");
	add_argument("insmoded");
	add_argument("nvidia");
	assert_int_equal(run(), 0);
	assert_no_complaint();
	json_check(output);
	json_assert_count(output, "", 4);
	json_assert(output, "0.module", "nvidia");
	json_assert(output, "1.module", "nf_nat");
	json_assert(output, "2.module", "insmoded");
	json_assert(output, "3.module", "nvidia");
	/* Asked for again, it is the same. */
	json_assert_word(output, "0.file_differs", "true");
	json_assert_word(output, "3.file_differs", "true");
	assert_int_equal(output[strlen(output) - 1], '\n');
}

static void one_bad_argument_is_a_failure_and_spoils_no_other(void **state)
{
	(void)state;
	make_host();
	for (int at = 0; at < 3; at++) {
		char path[32];

		options.arguments_count = 0;
		for (int i = 0; i < 3; i++)
			add_argument(i == at ? "unknown" : "nf_nat");
		assert_int_equal(run(), 1);
		json_check(output);
		json_assert_count(output, "", 3);
		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "%d.signature", i);
			json_assert(output, path, i == at ? "missing" : "x509");
		}
	}
}

static void for_people_there_is_a_paragraph_for_each(void **state)
{
	static const char end[] = "  why           It does not taint the kernel.\n";
	const char *first;

	(void)state;
	make_host();
	options.is_json = false;
	add_argument("nf-nat");
	add_argument("nf_nat");
	assert_int_equal(run(), 0);
	assert_no_complaint();
	assert_memory_equal(output, "nf_nat\n  loaded        yes\n", 27);
	first = strstr(output, end);
	assert_non_null(first);
	first += strlen(end);
	/* An empty line, and the same once more. */
	assert_int_equal(*first, '\n');
	assert_int_equal(strlen(first + 1), first - output);
	assert_memory_equal(first + 1, output, strlen(first + 1));
	assert_non_null(strstr(output, "  the file      is what is loaded\n"));
}

static void hostile_files_and_names_reach_no_terminal(void **state)
{
	static const char modinfo[] =
		"license=\x1b[2J\xff\x9b\nname=a\x1b]0;x\x07\nversion=\xc2\x9b"
		"31m\xe2\x82\nvermagic=\x07\r\x7f SMP\n";

	(void)state;
	make_host();
	tree_write("proc/modules", "a\x1b]0;x\x07 1 0 - Live 0x0 (P)\n");
	ko_write("\x1b[31m.ko", &(struct ko){ modinfo, NULL, "\x1b[0m\xff" });
	for (int is_json = 0; is_json < 2; is_json++) {
		options.is_json = is_json;
		options.arguments_count = 0;
		add_argument(in_tree("\x1b[31m.ko"));
		add_argument("\x1b[31m\xff");
		assert_int_equal(run(), 1);
		if (is_json)
			json_check(output);
		for (const char *c = output; *c;) {
			size_t size = utf8_sequence(c, strlen(c));

			assert_true(size > 0);
			assert_true((unsigned char)*c >= 0x20 || *c == '\n');
			assert_int_not_equal(*c, 0x7f);
			assert_false((unsigned char)c[0] == 0xc2 &&
			             (unsigned char)c[1] < 0xa0);
			c += size;
		}
	}
}

/* ---- certificates ---- */

static void a_signature_is_verified_with_certificates(void **state)
{
	static const char *const trusted[] = { KO_CERTIFICATE };

	(void)state;
	make_host();
	assert_int_equal(ask(KO_SIGNED), 0);
	json_assert(output, "0.signature", "pkcs7");
	json_assert(output, "0.verified", "");
	options.trust_paths = (const char **)trusted;
	options.trust_paths_count = 1;
	assert_int_equal(ask(KO_SIGNED), 0);
	json_assert(output, "0.module", "lab_signed");
	json_assert(output, "0.verified", "yes");
	json_assert(output, "0.signer", "Taint lab signing key");
	assert_int_equal(ask(KO_TAMPERED), 0);
	json_assert(output, "0.verified", "no");
	json_assert(
		output, "0.why",
		"It would taint the kernel: it was built outside of the kernel's tree "
		"(O); a kernel that knows the key of \"Taint lab signing key\" refuses "
		"it, for it is not what was signed.");
	assert_int_equal(ask("nf_nat"), 0);
	json_assert(output, "0.verified", "untrusted");
	options.trust_paths = NULL;
	options.trust_paths_count = 0;
}

static void certificates_that_cannot_be_read_end_it(void **state)
{
	static const char *const trusted[] = { "/nonexistent/key.pem" };

	(void)state;
	make_host();
	options.trust_paths = (const char **)trusted;
	options.trust_paths_count = 1;
	add_argument("nf_nat");
	assert_int_equal(run(), 1);
	assert_string_equal(output, "");
	assert_non_null(strstr(lines, "level=error"));
	assert_non_null(strstr(lines, "file=/nonexistent/key.pem"));
	/* Once is enough. */
	assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
	options.trust_paths = NULL;
	options.trust_paths_count = 0;
}

/* ---- what fails ---- */

static void an_output_that_cannot_be_written_is_a_failure(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved, code;
	struct capture errors;

	(void)state;
	make_host();
	add_argument("nf_nat");
	assert_true(full >= 0);
	errors = capture_begin(STDERR_FILENO);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	dup2(full, STDOUT_FILENO);
	code = module_run(&options);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(full);
	lines = capture_end(&errors);
	assert_int_equal(code, 1);
	assert_non_null(strstr(lines, "level=error"));
	assert_non_null(strstr(lines, "No space left on device"));
}

static void nothing_stays_open(void **state)
{
	size_t before, after;

	(void)state;
	make_host();
	add_argument("nf_nat");
	add_argument("unknown");
	add_argument(KO_SIGNED);
	run();
	before = tree_count_descriptors();
	for (int i = 0; i < 5; i++)
		run();
	after = tree_count_descriptors();
	assert_int_equal(after, before);
}

/* All is said, or it fails. */
static void without_memory_it_fails_and_says_so(void **state)
{
	size_t at = 0, failures = 0;
	char *whole;

	(void)state;
	make_host();
	add_argument("nf_nat");
	add_argument("nvidia");
	assert_int_equal(run(), 0);
	whole = output;
	output = NULL;
	for (;; at++) {
		int code;

		assert_in_range(at, 0, 5000);
		memory_fails = true;
		has_failed = false;
		calls_left = at;
		code = run();
		if (!has_failed)
			break;
		if (code == 0) {
			assert_string_equal(output, whole);
			continue;
		}
		failures++;
		assert_int_equal(code, 1);
	}
	assert_string_equal(output, whole);
	assert_true(failures > 10);
	free(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_loaded_module_is_reported),
		TEST(a_loaded_module_of_a_stranger_is_told_why_it_taints),
		TEST(a_module_that_is_not_loaded_is_told_what_it_would_do),
		TEST(a_dash_is_as_good_as_an_underscore),
		TEST(a_module_that_was_loaded_from_elsewhere_is_no_failure),
		TEST(a_module_that_nobody_knows_is_a_failure),
		TEST(a_module_whose_file_is_gone_is_a_failure),
		TEST(names_that_no_module_has_are_found_nowhere),
		TEST(a_name_with_a_dot_is_not_the_name_before_it),
		TEST(a_file_that_is_malformed_is_a_failure),
		TEST(a_file_that_cannot_be_read_is_a_failure),
		TEST(a_link_out_of_the_root_is_not_followed),
		TEST(a_file_is_read_from_anywhere),
		TEST(the_name_of_a_file_is_what_it_says_or_else_its_path),
		TEST(a_word_with_a_slash_or_ko_is_a_file),
		TEST(a_file_that_is_not_there_is_a_failure_even_if_it_is_loaded),
		TEST(what_is_no_module_is_a_failure),
		TEST(a_file_of_another_kernel_is_told_in_its_letters),
		TEST(a_dialect_that_is_given_is_taken),
		TEST(without_any_host_a_file_can_be_looked_at),
		TEST(a_kernel_without_modules_has_none_loaded),
		TEST(a_list_that_cannot_be_read_leaves_it_open),
		TEST(without_a_release_no_file_of_a_name_is_found),
		TEST(without_modules_dep_no_file_of_a_name_is_found),
		TEST(a_release_that_leads_elsewhere_is_not_followed),
		TEST(a_file_of_another_name_is_found_by_either),
		TEST(a_file_that_cannot_be_asked_leaves_a_module_unknown),
		TEST(what_is_built_in_is_told_and_no_failure),
		TEST(without_the_lists_nobody_knows_what_is_built_in),
		TEST(many_arguments_are_one_array_in_their_order),
		TEST(one_bad_argument_is_a_failure_and_spoils_no_other),
		TEST(for_people_there_is_a_paragraph_for_each),
		TEST(hostile_files_and_names_reach_no_terminal),
		TEST(a_signature_is_verified_with_certificates),
		TEST(certificates_that_cannot_be_read_end_it),
		TEST(an_output_that_cannot_be_written_is_a_failure),
		TEST(nothing_stays_open),
		TEST(without_memory_it_fails_and_says_so),
	};

	return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
