/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of single modules, from facts made by hand: as people read them, word for word,
 * and as programs do, with a strict reader of JSON. What is hostile must reach neither a
 * terminal nor the structure. Knows realloc(), which it lets fail.
 */
#include "exposition/report.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "exposition/sheet.h"
#include "json.h"
#include "model/dialect.h"
#include "model/module_file.h"
#include "model/snapshot.h"

void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static int calls_left; /* realloc() calls that still succeed; negative: all */
static bool fails_on;  /* those behind the one that fails, too */

void *__wrap_realloc(void *pointer, size_t size)
{
	bool is_refused = calls_left == 0;

	if (calls_left > 0 || (is_refused && !fails_on))
		calls_left--;
	return is_refused ? NULL : __real_realloc(pointer, size);
}

static struct dialect dialect;
static struct module_build loaded;
static struct module_record record;
static struct module_file *file;
static struct report_module report;

static void set(enum module_word word, const char *value)
{
	assert_int_equal(module_file_set_word(file, word, value, strlen(value)), 0);
}

/* A new file in the place of the last one. */
static void make_file(const char *path, enum module_signature signature, int error)
{
	module_file_free(file);
	file = module_file_new(path);
	assert_non_null(file);
	file->signature = signature;
	file->error = error;
	report.file = file;
}

/* A signed module of a third party, which is not loaded. */
static int setup_report(void **state)
{
	(void)state;
	calls_left = -1;
	dialect_init(&dialect, DIALECT_MAINLINE, "6.12.0");
	report = (struct report_module){
		.argument = "zfs.ko.xz",
		.name = "zfs",
		.is_list_known = true,
		.dialect = &dialect,
	};
	make_file("/zfs.ko.xz", MODULE_SIGNATURE_PKCS7, 0);
	file->compression = MODULE_COMPRESSION_XZ;
	set(MODULE_WORD_LICENSE, "CDDL");
	set(MODULE_WORD_SIG_ID, "PKCS#7");
	set(MODULE_WORD_SIGNER, "DKMS module signing key");
	set(MODULE_WORD_SIG_KEY, "AB:CD");
	set(MODULE_WORD_SIG_HASHALGO, "sha512");
	set(MODULE_WORD_VERSION, "2.2.4-1");
	set(MODULE_WORD_SRCVERSION, "0123456789ABCDEF");
	set(MODULE_WORD_VERMAGIC, "6.12.0 SMP mod_unload");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_left = -1;
	file = module_file_free(file);
	return 0;
}

/* The module is loaded, with these letters; what is loaded is not known yet. */
static void load(const char *letters)
{
	record = (struct module_record){ .name = "zfs", .name_length = 3 };
	loaded = (struct module_build){ 0 };
	assert_int_equal(taint_letters_parse(letters, strlen(letters), &record.letters),
	                 0);
	report.record = &record;
}

static void load_build(const char *id, const char *file_id)
{
	loaded.id_length = strlen(id);
	memcpy(loaded.id, id, strlen(id));
	file->build.id_length = strlen(file_id);
	memcpy(file->build.id, file_id, strlen(file_id));
	record.loaded = &loaded;
}

static void assert_text(const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	report_module_write(&report, &text);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
}

/* The text has the whole line, or none that starts so if there is no VALUE. */
static void assert_line(const char *label, const char *value)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char line[256];

	report_module_write(&report, &text);
	if (!value)
		snprintf(line, sizeof(line), "\n  %-14s", label);
	else
		snprintf(line, sizeof(line), "\n  %-14s%s\n", label, value);
	if ((strstr(text_string(&text), line) != NULL) != (value != NULL))
		fail_msg("%s %s: %s", label, value, text_string(&text));
}

/* The document; it is one object in one line, and nothing else. */
static const char *write_json(struct text *text)
{
	report_module_json_write(&report, text);
	assert_int_equal(text->error, 0);
	assert_int_equal(text_string(text)[0], '{');
	json_check(text_string(text));
	assert_null(strchr(text_string(text), '\n'));
	assert_int_equal(text->length, strlen(text_string(text)));
	return text_string(text);
}

/* ---- for people ---- */

static void a_file_that_is_not_loaded_is_told_in_full(void **state)
{
	(void)state;
	assert_text(
		"zfs\n"
		"  loaded        no\n"
		"  file          /zfs.ko.xz\n"
		"  compression   xz\n"
		"  signature     pkcs7\n"
		"  signer        DKMS module signing key\n"
		"  key           AB:CD\n"
		"  digest        sha512\n"
		"  licence       CDDL (not compatible with the GPL)\n"
		"  version       2.2.4-1\n"
		"  srcversion    0123456789ABCDEF\n"
		"  in tree       no\n"
		"  vermagic      6.12.0 SMP mod_unload\n"
		"  why           It would taint the kernel: its licence is \"CDDL\" "
		"(P) and it was built outside of the kernel's tree (O); a kernel "
		"that does not know the key of \"DKMS module signing key\" takes it for "
		"unsigned, or refuses it.\n");
}

static void a_loaded_module_is_told_its_flags_and_what_they_mean(void **state)
{
	(void)state;
	load("EPOz");
	load_build("same", "same");
	file->verified = MODULE_VERIFIED_YES;
	set(MODULE_WORD_INTREE, "Y");
	set(MODULE_WORD_LICENSE, "GPL");
	assert_text(
		"zfs\n"
		"  loaded        yes\n"
		"  flags         P: proprietary module\n"
		"                O: module from outside of the kernel's tree\n"
		"                E: module whose signature the kernel could not "
		"verify\n"
		"                z: unknown\n"
		"  file          /zfs.ko.xz\n"
		"  compression   xz\n"
		"  signature     pkcs7\n"
		"  signer        DKMS module signing key\n"
		"  key           AB:CD\n"
		"  digest        sha512\n"
		"  verified      yes\n"
		"  licence       GPL (compatible with the GPL)\n"
		"  version       2.2.4-1\n"
		"  srcversion    0123456789ABCDEF\n"
		"  in tree       yes\n"
		"  vermagic      6.12.0 SMP mod_unload\n"
		"  the file      is what is loaded\n"
		"  why           It taints the kernel: it uses symbols of a "
		"proprietary module, while its own licence is \"GPL\" (P), it was "
		"built outside of the kernel's tree (O), the kernel could not verify "
		"its signature with the key of \"DKMS module signing key\" (E) and of "
		"a letter that is not known here (z).\n");
}

static void whether_it_is_loaded_is_told_or_that_it_is_not_known(void **state)
{
	(void)state;
	assert_line("loaded", "no");
	report.is_list_known = false;
	assert_line("loaded", "unknown");
	report.is_list_known = true;
	load("");
	assert_line("loaded", "yes");
	assert_line("flags", NULL);
	assert_line("why", "It does not taint the kernel.");
}

static void the_file_is_what_is_loaded_or_not_or_nobody_knows(void **state)
{
	(void)state;
	assert_line("the file", NULL);
	load("O");
	assert_line("the file", "cannot be compared with what is loaded");
	load_build("a", "a");
	assert_line("the file", "is what is loaded");
	load_build("a", "b");
	assert_line("the file", "is not what is loaded");
	load_build("a", "");
	assert_line("the file", "cannot be compared with what is loaded");
	make_file("", MODULE_SIGNATURE_MISSING, -ENOENT);
	assert_line("the file", NULL);
}

static void a_file_that_was_not_found_is_said_so(void **state)
{
	(void)state;
	make_file("", MODULE_SIGNATURE_MISSING, -ENOENT);
	assert_text(
		"zfs\n"
		"  loaded        no\n"
		"  file          none was found\n"
		"  why           Nothing is known of it: No such file or directory.\n");
	/* It was loaded from elsewhere. */
	load("O");
	assert_text("zfs\n"
	            "  loaded        yes\n"
	            "  flags         O: module from outside of the kernel's tree\n"
	            "  file          none was found\n"
	            "  why           It taints the kernel: it was built outside of the "
	            "kernel's tree (O).\n");
}

static void a_file_that_cannot_be_read_is_told_why(void **state)
{
	(void)state;
	make_file("/secret.ko", MODULE_SIGNATURE_UNREADABLE, -EACCES);
	assert_text("zfs\n"
	            "  loaded        no\n"
	            "  file          /secret.ko\n"
	            "  error         Permission denied\n"
	            "  why           Nothing is known of it: Permission denied.\n");
	make_file("/gone.ko", MODULE_SIGNATURE_MISSING, -ENOENT);
	assert_text(
		"zfs\n"
		"  loaded        no\n"
		"  file          /gone.ko\n"
		"  error         No such file or directory\n"
		"  why           Nothing is known of it: No such file or directory.\n");
}

static void what_is_no_module_has_no_words(void **state)
{
	(void)state;
	make_file("/x.ko", MODULE_SIGNATURE_MALFORMED, -EBADMSG);
	assert_text("zfs\n"
	            "  loaded        no\n"
	            "  file          /x.ko\n"
	            "  error         the content is not of the expected form\n"
	            "  compression   none\n"
	            "  signature     malformed\n"
	            "  why           No kernel would load it: it is no module.\n");
}

static void a_malformed_signature_does_not_hide_the_words(void **state)
{
	(void)state;
	file->signature = MODULE_SIGNATURE_MALFORMED;
	assert_line("signature", "malformed");
	assert_line("licence", "CDDL (not compatible with the GPL)");
	assert_line("vermagic", "6.12.0 SMP mod_unload");
}

static void what_the_file_does_not_say_has_no_line(void **state)
{
	(void)state;
	make_file("/x.ko", MODULE_SIGNATURE_NONE, 0);
	assert_text("zfs\n"
	            "  loaded        no\n"
	            "  file          /x.ko\n"
	            "  compression   none\n"
	            "  signature     none\n"
	            "  licence       none (not compatible with the GPL)\n"
	            "  in tree       no\n"
	            "  why           It would taint the kernel: it names no licence (P), "
	            "it was built outside of the kernel's tree (O) and its file holds no "
	            "signature (E).\n");
}

static void whether_it_was_verified_is_told_when_asked(void **state)
{
	(void)state;
	assert_line("verified", NULL);
	file->verified = MODULE_VERIFIED_NO;
	assert_line("verified", "no");
	file->verified = MODULE_VERIFIED_UNTRUSTED;
	assert_line("verified", "untrusted");
}

static void without_a_dialect_no_flag_has_a_meaning(void **state)
{
	(void)state;
	load("PO");
	report.dialect = NULL;
	assert_line("flags", "O: unknown");
	assert_line("", "P: unknown");
}

static void make_builtin(const char *path)
{
	make_file(path, MODULE_SIGNATURE_PENDING, 0);
	report.name = "tcp_cubic";
	report.is_builtin = report.is_builtin_known = true;
}

static void one_that_is_built_in_is_told_so_and_accused_of_nothing(void **state)
{
	(void)state;
	make_builtin("");
	assert_text("tcp_cubic\n"
	            "  loaded        built into the kernel\n"
	            "  why           It is built into the kernel: it is not loaded, and "
	            "carries no taint flag.\n");
	make_builtin("kernel/net/ipv4/tcp_cubic.ko");
	set(MODULE_WORD_LICENSE, "GPL");
	set(MODULE_WORD_VERSION, "2.3");
	assert_text("tcp_cubic\n"
	            "  loaded        built into the kernel\n"
	            "  built from    kernel/net/ipv4/tcp_cubic.ko\n"
	            "  licence       GPL (compatible with the GPL)\n"
	            "  version       2.3\n"
	            "  why           It is built into the kernel: it is not loaded, and "
	            "carries no taint flag.\n");
}

/* ---- one of many that are loaded ---- */

static void write_loaded(const struct report_module *loaded_report, struct text *text)
{
	struct sheet sheet = sheet_of(text, SHEET_PLAIN);

	report_loaded_write(loaded_report, &sheet);
}

static void assert_loaded_text(bool with_colours, const char *expected)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct sheet sheet;

	sheet = sheet_of(&text, with_colours ? SHEET_COLOURED : SHEET_PLAIN);
	report_loaded_write(&report, &sheet);
	assert_int_equal(text.error, 0);
	assert_string_equal(text_string(&text), expected);
}

static void one_of_many_is_told_in_few_lines(void **state)
{
	(void)state;
	load("OE");
	load_build("same", "same");
	assert_loaded_text(
		false,
		"\nmodule zfs (OE)\n"
		"  file          /zfs.ko.xz\n"
		"  signature     pkcs7\n"
		"  signer        DKMS module signing key\n"
		"  key           AB:CD\n"
		"  digest        sha512\n"
		"  licence       CDDL (not compatible with the GPL)\n"
		"  version       2.2.4-1\n"
		"  the file      is what is loaded\n"
		"  why           It taints the kernel: it was built outside of the "
		"kernel's tree (O) and the kernel could not verify its signature with "
		"the key of \"DKMS module signing key\" (E).\n");
}

static void of_one_of_many_the_title_is_bold_where_that_is_wanted(void **state)
{
	(void)state;
	load("O");
	report.name = "z\x1b[2J";
	make_file("", MODULE_SIGNATURE_MISSING, -ENOENT);
	assert_loaded_text(true, "\n\x1b[1mmodule z" UTF8_REPLACEMENT "[2J (O)\x1b[0m\n"
	                         "  file          none was found\n"
	                         "  why           It taints the kernel: it was built "
	                         "outside of the kernel's tree (O).\n");
}

static void of_a_file_that_nobody_has_looked_at_nothing_is_known(void **state)
{
	(void)state;
	load("O");
	make_file("", MODULE_SIGNATURE_PENDING, 0);
	assert_line("file", "not known");
	assert_line("signature", NULL);
	assert_line("error", NULL);
	make_file("", MODULE_SIGNATURE_UNREADABLE, -EACCES);
	assert_line("file", "not known");
	make_file("/pending.ko", MODULE_SIGNATURE_PENDING, 0);
	assert_line("file", "/pending.ko");
}

static void one_of_many_has_the_members_of_any_but_of_what_is_the_same_for_all(
	void **state)
{
	_cleanup_(text_clear) struct text one = TEXT_INIT, any = TEXT_INIT;
	const char *rest;

	(void)state;
	load("PE\"O");
	load_build("a", "b");
	report_loaded_json_write(&report, &one);
	assert_int_equal(one.error, 0);
	json_check(text_string(&one));
	json_assert(text_string(&one), "module", "zfs");
	json_assert(text_string(&one), "flags", "POE\"");
	json_assert_count(text_string(&one), "", 21);
	rest = strstr(write_json(&any), ",\"flags\"");
	assert_non_null(rest);
	assert_string_equal(strstr(text_string(&one), ",\"flags\""), rest);
}

static void a_report_is_appended(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;

	(void)state;
	text_add_string(&text, "before\n");
	report_module_write(&report, &text);
	assert_memory_equal(text_string(&text), "before\nzfs\n", 11);
	text_reset(&text);
	load("O");
	text_add_string(&text, "before\n");
	write_loaded(&report, &text);
	assert_memory_equal(text_string(&text), "before\n\nmodule zfs", 18);
	text_reset(&text);
	text_add_string(&text, "[\n");
	report_module_json_write(&report, &text);
	assert_memory_equal(text_string(&text), "[\n{\"", 4);
}

/* ---- for programs ---- */

static void the_object_has_every_fact_of_a_loaded_module(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	load("EPOz");
	load_build("\x01\xab\xff", "\x01\xab");
	file->verified = MODULE_VERIFIED_NO;
	json = write_json(&text);
	json_assert(json, "argument", "zfs.ko.xz");
	json_assert(json, "module", "zfs");
	json_assert_word(json, "loaded", "true");
	json_assert(json, "flags", "POEz");
	json_assert_count(json, "taints", 4);
	json_assert_count(json, "taints.0", 3);
	json_assert(json, "taints.0.flag", "P");
	json_assert(json, "taints.0.taint", "proprietary_module");
	json_assert(json, "taints.0.meaning", taint_meaning(TAINT_PROPRIETARY_MODULE));
	json_assert(json, "taints.1.taint", "oot_module");
	json_assert(json, "taints.2.taint", "unsigned_module");
	json_assert(json, "taints.3.flag", "z");
	json_assert(json, "taints.3.taint", "unknown");
	json_assert(json, "taints.3.meaning", "unknown");
	json_assert(json, "path", "/zfs.ko.xz");
	json_assert(json, "error", "");
	json_assert(json, "compression", "xz");
	json_assert(json, "signature", "pkcs7");
	json_assert(json, "sig_id", "PKCS#7");
	json_assert(json, "signer", "DKMS module signing key");
	json_assert(json, "sig_key", "AB:CD");
	json_assert(json, "sig_hashalgo", "sha512");
	json_assert(json, "license", "CDDL");
	json_assert(json, "version", "2.2.4-1");
	json_assert(json, "srcversion", "0123456789ABCDEF");
	json_assert(json, "vermagic", "6.12.0 SMP mod_unload");
	json_assert(json, "verified", "no");
	json_assert_word(json, "gpl_compatible", "false");
	json_assert_word(json, "intree", "false");
	json_assert(json, "build_id", "01ab");
	json_assert_word(json, "file_differs", "true");
	json_assert(json, "why",
	            "It taints the kernel: its licence is \"CDDL\" (P), it was built "
	            "outside of the kernel's tree (O), the kernel could not verify its "
	            "signature with the key of \"DKMS module signing key\" (E) and of a "
	            "letter that is not known here (z).");
	json_assert_count(json, "", 24);
}

static void the_object_says_what_is_built_in(void **state)
{
	_cleanup_(text_clear) struct text bare = TEXT_INIT, text = TEXT_INIT;
	const char *json;

	(void)state;
	make_builtin("");
	json = write_json(&bare);
	json_assert_word(json, "builtin", "true");
	json_assert_word(json, "gpl_compatible", "null");
	make_builtin("kernel/net/ipv4/tcp_cubic.ko");
	set(MODULE_WORD_LICENSE, "GPL");
	json = write_json(&text);
	json_assert_word(json, "loaded", "false");
	json_assert_word(json, "builtin", "true");
	json_assert(json, "flags", "");
	json_assert_count(json, "taints", 0);
	json_assert(json, "path", "kernel/net/ipv4/tcp_cubic.ko");
	json_assert(json, "error", "");
	json_assert_word(json, "compression", "null");
	json_assert_word(json, "signature", "null");
	json_assert(json, "license", "GPL");
	json_assert_word(json, "gpl_compatible", "true");
	json_assert_word(json, "intree", "true");
	json_assert_word(json, "file_differs", "null");
	json_assert(json, "why",
	            "It is built into the kernel: it is not loaded, and carries no taint "
	            "flag.");
	json_assert_count(json, "", 24);
}

static void what_is_not_known_is_null(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	report.is_list_known = false;
	make_file("", MODULE_SIGNATURE_MISSING, -ENOENT);
	json = write_json(&text);
	json_assert_word(json, "loaded", "null");
	json_assert_word(json, "builtin", "null");
	json_assert_word(json, "gpl_compatible", "null");
	json_assert_word(json, "intree", "null");
	json_assert_word(json, "file_differs", "null");
	json_assert_word(json, "compression", "null");
	json_assert(json, "signature", "missing");
	json_assert(json, "error", "No such file or directory");
	json_assert(json, "path", "");
	json_assert(json, "flags", "");
	json_assert_count(json, "taints", 0);
	json_assert(json, "license", "");
	json_assert(json, "build_id", "");
	/* The same members, always. */
	json_assert_count(json, "", 24);
}

/* What was not read cannot have said anything. */
static void of_what_is_no_module_nothing_is_known(void **state)
{
	static const enum module_signature unread[] = {
		MODULE_SIGNATURE_MISSING,
		MODULE_SIGNATURE_PENDING,
		MODULE_SIGNATURE_UNREADABLE,
		MODULE_SIGNATURE_MALFORMED,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unread); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;
		const char *json;

		make_file("/x.ko", unread[i], -EBADMSG);
		json = write_json(&text);
		json_assert_word(json, "gpl_compatible", "null");
		json_assert_word(json, "intree", "null");
	}
}

static void switches_are_true_and_false(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT, other = TEXT_INIT;
	const char *json;

	(void)state;
	set(MODULE_WORD_INTREE, "");
	set(MODULE_WORD_LICENSE, "GPL v2");
	json = write_json(&text);
	json_assert_word(json, "loaded", "false");
	json_assert_word(json, "gpl_compatible", "true");
	json_assert_word(json, "intree", "true");
	json_assert_word(json, "file_differs", "null");
	load("O");
	load_build("a", "a");
	json_assert_word(write_json(&other), "file_differs", "false");
}

static void without_a_dialect_taints_are_unknown(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	const char *json;

	(void)state;
	load("PO");
	report.dialect = NULL;
	json = write_json(&text);
	json_assert(json, "flags", "OP");
	json_assert(json, "taints.1.flag", "P");
	json_assert(json, "taints.1.taint", "unknown");
}

/* Quotes and backslashes are letters, too, as far as the kernel goes. */
static void hostile_letters_stay_inside_of_their_strings(void **state)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	char letters[128];
	size_t count = 0;
	const char *json;

	(void)state;
	for (char c = '!'; c <= '~'; c++)
		if (!strchr("()+-", c))
			letters[count++] = c;
	letters[count] = '\0';
	load(letters);
	json = write_json(&text);
	json_assert_count(json, "taints", count);
}

/* ---- hostile values ---- */

static const char *const hostile[] = {
	"\x1b[31mred\x1b[0m",
	"\x1b]0;title\x07",
	"\n  loaded        yes",
	"\r\n\t\v\f\b",
	"\x7f\x7f\x7f",
	"\xc2\x9b\x33\x31m",
	"\xc2\x80\xc2\x85\xc2\x90\xc2\x9d\xc2\x9f",
	"\x9b\x33\x31m",
	"\xff\xfe\x80",
	"\xc0\x80",
	"\xed\xa0\x80",
	"\xf4\x90\x80\x80",
	"\xe2\x82",
	"\",\"loaded\":true,\"x\":\"",
	"}]\n[{",
	"\\",
	"\\u001b",
	"%s%n%d%",
	"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa7",
};

/* VALUE stands wherever something from outside can. */
static void make_hostile(const char *value)
{
	report.argument = report.name = value;
	make_file(value, MODULE_SIGNATURE_X509, 0);
	for (enum module_word word = 0; word < MODULE_WORD_COUNT; word++)
		set(word, value);
	load("PEO");
}

/* Nothing that a terminal obeys, and valid UTF-8, but for the newlines of LINES lines. */
static void assert_harmless(const struct text *text, size_t lines)
{
	const char *bytes = text_string(text);

	assert_int_equal(text->length, strlen(bytes));
	for (size_t i = 0; i < text->length;) {
		size_t size = utf8_sequence(bytes + i, text->length - i);

		assert_true(size > 0);
		if (bytes[i] == '\n')
			lines--;
		else if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f ||
		         ((unsigned char)bytes[i] == 0xc2 &&
		          (unsigned char)bytes[i + 1] < 0xa0))
			fail_msg("control character at %zu", i);
		i += size;
	}
	assert_int_equal(lines, 0);
}

static void no_hostile_value_reaches_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		make_hostile(hostile[i]);
		report_module_write(&report, &text);
		assert_harmless(&text, 18);
	}
}

static void no_hostile_value_of_one_of_many_reaches_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT, json = TEXT_INIT;

		make_hostile(hostile[i]);
		write_loaded(&report, &text);
		assert_harmless(&text, 11);
		report_loaded_json_write(&report, &json);
		assert_harmless(&json, 0);
		json_check(text_string(&json));
	}
}

static void no_hostile_value_leaves_its_string(void **state)
{
	static const char *const paths[] = {
		"argument",   "module",   "path",         "sig_id",
		"signer",     "sig_key",  "license",      "version",
		"srcversion", "vermagic", "sig_hashalgo",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT, clean = TEXT_INIT;
		const char *json;

		make_hostile(hostile[i]);
		json = write_json(&text);
		assert_harmless(&text, 0);
		utf8_add_clean(&clean, hostile[i], strlen(hostile[i]));
		for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
			json_assert(json, paths[k], text_string(&clean));
		json_assert_count(json, "", 24);
		json_assert_count(json, "taints", 3);
	}
}

static void every_byte_is_harmless_alone_and_between_others(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char alone[] = { (char)byte, '\0' };
		const char between[] = { 'a', (char)byte, 'z', '\0' };
		const char behind[] = { '\xc2', (char)byte, '\0' };
		const char *const values[] = { alone, between, behind };

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;
			_cleanup_(text_clear) struct text json = TEXT_INIT;

			make_hostile(values[i]);
			report_module_write(&report, &text);
			assert_harmless(&text, 18);
			write_json(&json);
		}
	}
}

static void what_is_no_text_is_shown_as_such(void **state)
{
	(void)state;
	set(MODULE_WORD_VERSION, "a\x1b"
	                         "b\xff"
	                         "c\xc2\x9b"
	                         "d\xc2\xa0"
	                         "e\n");
	assert_line("version", "a" UTF8_REPLACEMENT "b" UTF8_REPLACEMENT
	                       "c" UTF8_REPLACEMENT "d\xc2\xa0"
	                       "e" UTF8_REPLACEMENT);
}

/* ---- no memory ---- */

/* Also where only what is needed on the way finds no memory. */
static void without_memory_a_report_is_whole_or_has_the_error(void **state)
{
	static void (*const writers[])(const struct report_module *, struct text *) = {
		report_module_write,
		report_module_json_write,
		write_loaded,
		report_loaded_json_write,
	};

	(void)state;
	load("PE\"O");
	set(MODULE_WORD_SIGNER, "somebody whose name takes more than a few bytes \xff");
	for (size_t kind = 0; kind < 4 * ARRAY_SIZE(writers); kind++) {
		_cleanup_(text_clear) struct text whole = TEXT_INIT;
		int failures = 0;

		writers[kind / 4](&report, &whole);
		assert_int_equal(whole.error, 0);
		fails_on = kind % 2;
		for (int calls = 0;; calls++) {
			_cleanup_(text_clear) struct text text = TEXT_INIT;
			bool is_over;

			assert_true(calls < 1000);
			if (kind / 2 % 2)
				text_reserve(&text, 2 * whole.length);
			calls_left = calls;
			writers[kind / 4](&report, &text);
			is_over = calls_left > 0;
			calls_left = -1;
			if (text.error) {
				assert_int_equal(text.error, -ENOMEM);
				failures++;
				continue;
			}
			assert_string_equal(text_string(&text), text_string(&whole));
			if (is_over)
				break;
		}
		assert_true(failures > 2);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_report, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_not_loaded_is_told_in_full),
		TEST(a_loaded_module_is_told_its_flags_and_what_they_mean),
		TEST(whether_it_is_loaded_is_told_or_that_it_is_not_known),
		TEST(the_file_is_what_is_loaded_or_not_or_nobody_knows),
		TEST(a_file_that_was_not_found_is_said_so),
		TEST(a_file_that_cannot_be_read_is_told_why),
		TEST(what_is_no_module_has_no_words),
		TEST(a_malformed_signature_does_not_hide_the_words),
		TEST(what_the_file_does_not_say_has_no_line),
		TEST(whether_it_was_verified_is_told_when_asked),
		TEST(without_a_dialect_no_flag_has_a_meaning),
		TEST(one_that_is_built_in_is_told_so_and_accused_of_nothing),
		TEST(one_of_many_is_told_in_few_lines),
		TEST(of_one_of_many_the_title_is_bold_where_that_is_wanted),
		TEST(of_a_file_that_nobody_has_looked_at_nothing_is_known),
		TEST(one_of_many_has_the_members_of_any_but_of_what_is_the_same_for_all),
		TEST(a_report_is_appended),
		TEST(the_object_has_every_fact_of_a_loaded_module),
		TEST(the_object_says_what_is_built_in),
		TEST(what_is_not_known_is_null),
		TEST(of_what_is_no_module_nothing_is_known),
		TEST(switches_are_true_and_false),
		TEST(without_a_dialect_taints_are_unknown),
		TEST(hostile_letters_stay_inside_of_their_strings),
		TEST(no_hostile_value_reaches_a_terminal),
		TEST(no_hostile_value_of_one_of_many_reaches_a_terminal),
		TEST(no_hostile_value_leaves_its_string),
		TEST(every_byte_is_harmless_alone_and_between_others),
		TEST(what_is_no_text_is_shown_as_such),
		TEST(without_memory_a_report_is_whole_or_has_the_error),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
