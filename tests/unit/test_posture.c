/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The posture: that panic_on_taint= is read as the kernel reads its command line, that a
 * file which is not there is no failure while one that cannot be understood is, and that
 * a missing host is not taken for a kernel that offers nothing. Knows the calls that
 * hostfs makes and lets them fail.
 */
#include "sources/posture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "sources/secure_boot.h"
#include "tree.h"

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static bool pread_fails; /* all of them, with EACCES */
static bool memory_fails;
static size_t memory_fails_at;

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	if (pread_fails) {
		errno = EACCES;
		return -1;
	}
	return __real_pread(fd, bytes, size, offset);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	if (memory_fails && memory_fails_at-- == 0)
		return NULL;
	return __real_realloc(pointer, size);
}

static int setup(void **state)
{
	pread_fails = false;
	memory_fails = false;
	return tree_setup(state);
}

/* ---- the parsers ---- */

static void posture_switch_parse_takes_what_kernels_print(void **state)
{
	static const struct {
		const char *string;
		uint64_t value;
	} good[] = { { "Y\n", 1 }, { "N\n", 0 }, { "1\n", 1 }, { "0\n", 0 },
		     { "Y", 1 },   { "N", 0 },   { "1", 1 },   { "0", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t value = 77;

		assert_int_equal(posture_switch_parse(good[i].string, &value), 0);
		assert_int_equal(value, good[i].value);
	}
}

static void posture_switch_parse_refuses_all_else(void **state)
{
	static const char *const bad[] = { "",     "\n",    " ",    "2\n",    "-1\n",
		                           "YN\n", "Y N\n", "10\n", "01\n",   "yes\n",
		                           "true", "\xff",  " Y\n", "Y\n\nN", "X\n",
		                           "Y\nx", "\nY",   "Y\t",  "on\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t value = 77;

		assert_int_equal(posture_switch_parse(bad[i], &value), -EBADMSG);
		assert_int_equal(value, 77);
	}
}

static void posture_lockdown_parse_takes_the_word_in_brackets(void **state)
{
	static const struct {
		const char *string;
		enum lockdown mode;
	} good[] = {
		{ "[none] integrity confidentiality\n", LOCKDOWN_NONE },
		{ "none [integrity] confidentiality\n", LOCKDOWN_INTEGRITY },
		{ "none integrity [confidentiality]\n", LOCKDOWN_CONFIDENTIALITY },
		{ "[none]", LOCKDOWN_NONE },
		{ "[integrity]", LOCKDOWN_INTEGRITY },
		{ "none something [confidentiality] new\n", LOCKDOWN_CONFIDENTIALITY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		enum lockdown mode = LOCKDOWN_COUNT;

		assert_int_equal(posture_lockdown_parse(good[i].string, &mode), 0);
		assert_int_equal(mode, good[i].mode);
	}
}

static void posture_lockdown_parse_refuses_all_else(void **state)
{
	static const char *const bad[] = {
		"",         "\n",      "none integrity confidentiality\n",
		"[]",       "[none",   "none] integrity",
		"[ none ]", "[NONE]",  "none [something] integrity\n",
		"[[none",   "\xff[\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		enum lockdown mode = LOCKDOWN_COUNT;

		assert_int_equal(posture_lockdown_parse(bad[i], &mode), -EBADMSG);
		assert_int_equal(mode, LOCKDOWN_COUNT);
	}
}

static void posture_microcode_parse_takes_what_kernels_print(void **state)
{
	static const struct {
		const char *string;
		int result;
		uint64_t outdated;
	} rows[] = {
		{ "Vulnerable\n", 0, 1 },
		{ "Vulnerable", 0, 1 },
		{ "Not affected\n", 0, 0 },
		{ "Not affected", 0, 0 },
		{ "Unknown: running under hypervisor", -ENODATA, 77 },
		{ "Unknown: running under hypervisor\n", -ENODATA, 77 },
		{ "Unknown\n", -ENODATA, 77 },
		{ "", -EBADMSG, 77 },
		{ "\n", -EBADMSG, 77 },
		{ "vulnerable\n", -EBADMSG, 77 },
		{ "Vulnerable: no microcode\n", -EBADMSG, 77 },
		{ "Vulnerable\n\n", -EBADMSG, 77 },
		{ "Not affected.\n", -EBADMSG, 77 },
		{ "Not\n", -EBADMSG, 77 },
		{ "Mitigation: Microcode\n", -EBADMSG, 77 },
		{ " Vulnerable\n", -EBADMSG, 77 },
		{ "1\n", -EBADMSG, 77 },
		{ "\xff\xfe", -EBADMSG, 77 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t outdated = 77;

		assert_int_equal(posture_microcode_parse(rows[i].string, &outdated),
		                 rows[i].result);
		assert_int_equal(outdated, rows[i].outdated);
	}
}

/* A command line, and the mask that the kernel takes from it. */
struct command_line {
	const char *line;
	uint64_t mask;
};

static void check_masks(const struct command_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t mask = posture_panic_mask_parse(lines[i].line);

		if (mask != lines[i].mask)
			fail_msg("%s: %#jx", lines[i].line, (uintmax_t)mask);
	}
}

static void posture_panic_mask_parse_of_other_parameters_is_zero(void **state)
{
	static const struct command_line lines[] = {
		{ "", 0 },
		{ "\n", 0 },
		{ "   \n", 0 },
		{ "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n", 0 },
		{ "panic_on_taint\n", 0 },
		{ "panic_on_taint=\n", 0 },
		{ "panic_on_taint =8", 0 },
		{ "panic_on_taint= 8", 0 },
		{ "panic_on_tain=8", 0 },
		{ "panic_on_taint2=8", 0 },
		{ "xpanic_on_taint=8", 0 },
		{ "x.panic_on_taint=8", 0 },
		{ "kernel.panic_on_taint=8", 0 },
		{ "PANIC_ON_TAINT=8", 0 },
		{ "panic_on_warn=1 panic_on_oops=1", 0 },
		{ "panic_on_taint.x=8", 0 },
		{ "x=panic_on_taint=8", 0 },
		{ "=panic_on_taint=8", 0 },
		{ "=8", 0 },
		{ "=", 0 },
		{ "\"", 0 },
		{ "\"\"", 0 },
		{ "\"=\"", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_takes_a_hexadecimal_number(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=8", 0x8 },
		{ "panic_on_taint=8\n", 0x8 },
		{ "quiet panic_on_taint=10 splash\n", 0x10 },
		{ "quiet\tpanic_on_taint=10\tsplash\n", 0x10 },
		{ "panic_on_taint=0x200", 0x200 },
		{ "panic_on_taint=0X200", 0x200 },
		{ "panic_on_taint=aBcDeF", 0xabcdef },
		{ "panic_on_taint=0xFFFFF", 0xfffff },
		{ "panic_on_taint=0", 0 },
		{ "panic_on_taint=0x0", 0 },
		{ "panic_on_taint=00000008", 0x8 },
		{ "panic_on_taint=ffffffffffffffff", UINT64_MAX },
		{ "panic_on_taint=0xffffffffffffffff", UINT64_MAX },
		{ "panic_on_taint=8000000000000000", UINT64_C(1) << 63 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_takes_numbers_as_kstrtoul_does(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=00000000000000000000000000000008", 0x8 },
		{ "panic_on_taint=0x0000000000000000ffffffffffffffff", UINT64_MAX },
		{ "panic_on_taint=+8", 0x8 },
		{ "panic_on_taint=+0x8", 0x8 },
		{ "panic_on_taint=\"8\n\"", 0x8 },
		{ "panic_on_taint=\"8\n,nousertaint\"", 0x8 },
		/* Too large, or no number. */
		{ "panic_on_taint=10000000000000000", 0 },
		{ "panic_on_taint=0x10000000000000000", 0 },
		{ "panic_on_taint=ffffffffffffffffffffffffffffffff", 0 },
		{ "panic_on_taint=0x", 0 },
		{ "panic_on_taint=x8", 0 },
		{ "panic_on_taint=-8", 0 },
		{ "panic_on_taint=++8", 0 },
		{ "panic_on_taint=+", 0 },
		{ "panic_on_taint=8g", 0 },
		{ "panic_on_taint=8.", 0 },
		{ "panic_on_taint=0x0x8", 0 },
		{ "panic_on_taint=00x8", 0 },
		{ "panic_on_taint=8=8", 0 },
		{ "panic_on_taint=\"8\n\n\"", 0 },
		{ "panic_on_taint=\"\n\"", 0 },
		{ "panic_on_taint=\xff", 0 },
		{ "panic_on_taint=0x8h", 0 },
		{ "panic_on_taint=G", 0 },
		{ "panic_on_taint=@", 0 },
		{ "panic_on_taint=`", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_takes_what_stands_before_a_comma(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=8,nousertaint", 0x8 },
		{ "panic_on_taint=0x8,nousertaint quiet", 0x8 },
		{ "panic_on_taint=8,", 0x8 },
		{ "panic_on_taint=8,16", 0x8 },
		{ "panic_on_taint=8,,nousertaint", 0x8 },
		{ "panic_on_taint=,nousertaint", 0 },
		{ "panic_on_taint=nousertaint", 0 },
		{ "panic_on_taint=,8", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_lets_the_last_number_win(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=8 panic_on_taint=10", 0x10 },
		{ "panic_on_taint=10 quiet panic_on_taint=8\n", 0x8 },
		{ "panic_on_taint=8 panic_on_taint=0", 0 },
		{ "panic_on_taint=8 panic_on_taint=bad!", 0x8 },
		{ "panic_on_taint=8 panic_on_taint=", 0x8 },
		{ "panic_on_taint=8 panic_on_taint", 0x8 },
		{ "panic_on_taint=8 panic_on_taint=10000000000000000", 0x8 },
		{ "panic_on_taint=bad! panic_on_taint=8", 0x8 },
		{ "panic_on_taint=1 panic_on_taint=2 panic_on_taint=4", 0x4 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_takes_dashes_for_underscores(void **state)
{
	static const struct command_line lines[] = {
		{ "panic-on-taint=8", 0x8 },
		{ "panic-on_taint=8", 0x8 },
		{ "panic_on-taint=8 panic-on-taint=10", 0x10 },
		{ "-panic_on_taint=8", 0 },
		{ "--panic_on_taint=8", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_ends_where_inits_arguments_begin(void **state)
{
	static const struct command_line lines[] = {
		{ "quiet -- panic_on_taint=8", 0 },
		{ "-- panic_on_taint=8", 0 },
		{ "panic_on_taint=8 -- panic_on_taint=10", 0x8 },
		{ "panic_on_taint=8 --\n", 0x8 },
		{ "--- panic_on_taint=8", 0x8 },
		{ "- panic_on_taint=8", 0x8 },
		{ "--x panic_on_taint=8", 0x8 },
		{ "--=x panic_on_taint=8", 0x8 },
		{ "\"x -- y\" panic_on_taint=8", 0x8 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_understands_quotes(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=\"8\"", 0x8 },
		{ "panic_on_taint=\"8,nousertaint\"", 0x8 },
		{ "\"panic_on_taint=8\"", 0x8 },
		{ "\"panic_on_taint=8\" quiet", 0x8 },
		{ "panic_on_taint=\"8", 0x8 },
		{ "panic_on_taint=\"8\n", 0x8 },
		{ "\"panic_on_taint=8", 0x8 },
		/* Inside of another's value it is no parameter. */
		{ "dyndbg=\"x panic_on_taint=8\" quiet", 0 },
		{ "dyndbg=\"x panic_on_taint=8", 0 },
		{ "\"dyndbg=x panic_on_taint=8\"", 0 },
		{ "x\" panic_on_taint=8 \"y panic_on_taint=10", 0x10 },
		{ "dyndbg=\"a b\" panic_on_taint=8", 0x8 },
		{ "a=\"b\"c\"d e\" panic_on_taint=8", 0x8 },
		{ "\"panic_on_taint\"=8", 0 },
		{ "panic\"_on_taint=8\"", 0 },
		{ "panic_on_taint=\"\"", 0 },
		{ "panic_on_taint=\" 8\"", 0 },
		{ "'panic_on_taint=8'", 0 },
		{ "panic_on_taint='8'", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

/* kernel/params.c, next_arg(), takes off a quote at the end only for one at the start. */
static void posture_panic_mask_parse_refuses_quotes_in_the_wrong_place(void **state)
{
	static const struct command_line lines[] = {
		{ "panic_on_taint=8\"", 0 },     { "panic_on_taint=8\"\"", 0 },
		{ "panic_on_taint=8\"0\"", 0 },  { "panic_on_taint=\"8\"0", 0 },
		{ "panic_on_taint=\"8 0\"", 0 }, { "panic_on_taint=\"8 quiet", 0 },
		{ "panic_on_taint=8\" \"", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

/* lib/ctype.c: what isspace() takes for the end of a parameter. */
static void posture_panic_mask_parse_splits_at_every_white_space(void **state)
{
	static const struct command_line lines[] = {
		{ "quiet panic_on_taint=8\r\n", 0x8 },
		{ "quiet\rpanic_on_taint=8", 0x8 },
		{ "quiet\vpanic_on_taint=8\vsplash", 0x8 },
		{ "quiet\fpanic_on_taint=8\fsplash", 0x8 },
		{ "\rpanic_on_taint=8", 0x8 },
		{ "quiet\xa0panic_on_taint=8\xa0splash", 0x8 },
		{ "\xa0panic_on_taint=8", 0x8 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_knows_a_quoted_end_of_parameters(void **state)
{
	static const struct command_line lines[] = {
		{ "\"--\" panic_on_taint=8", 0 },
	};

	(void)state;
	check_masks(lines, ARRAY_SIZE(lines));
}

static void posture_panic_mask_parse_survives_any_line(void **state)
{
	static const char alphabet[] = "panic_on_taint=8 \"\"\"--==,0x\n\t\xff";
	uint64_t random = 1;
	char line[64];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t length;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		length = (size_t)(random >> 33) % sizeof(line);
		for (size_t i = 0; i < length; i++) {
			random = random * UINT64_C(6364136223846793005) +
			         1442695040888963407;
			line[i] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
		}
		line[length ? length - 1 : 0] = '\0';
		posture_panic_mask_parse(line);
	}
}

static void posture_panic_mask_parse_takes_a_line_of_any_length(void **state)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_add_string(&line, "panic_on_taint=\"1 ");
	text_add_string(&line, "\" panic_on_taint=8");
	assert_int_equal(line.error, 0);
	posture_panic_mask_parse(text_string(&line));
	text_reset(&line);
	for (int i = 0; i < 100000; i++)
		text_add_string(&line, "panic_on_taint=1 ");
	text_add_string(&line, "panic_on_taint=8");
	assert_int_equal(posture_panic_mask_parse(text_string(&line)), 8);
}

/* ---- the whole ---- */

static void read_posture(struct snapshot *snapshot)
{
	static const struct secure_boot none = { .result.file = "efi" };
	struct hostfs *fs = tree_hostfs();

	snapshot_init(snapshot);
	snapshot->mask_result.error = 0;
	snapshot->release_result.error = 0;
	posture_read(fs, &none, snapshot);
	hostfs_free(fs);
}

static const struct {
	enum posture posture;
	const char *path;
	const char *good;
	uint64_t value;
} files[] = {
	{ POSTURE_SIGNATURES_ENFORCED, "sys/module/module/parameters/sig_enforce", "Y\n",
	  1 },
	{ POSTURE_LOADING_DISABLED, "proc/sys/kernel/modules_disabled", "1\n", 1 },
	{ POSTURE_MICROCODE_OUTDATED,
	  "sys/devices/system/cpu/vulnerabilities/old_microcode", "Vulnerable\n", 1 },
	{ POSTURE_WARNINGS, "sys/kernel/warn_count", "7\n", 7 },
	{ POSTURE_OOPSES, "sys/kernel/oops_count", "18446744073709551615\n", UINT64_MAX },
	{ POSTURE_SOFTLOCKUPS, "sys/kernel/softlockup_count", "0\n", 0 },
	{ POSTURE_HARDLOCKUPS, "sys/kernel/hardlockup_count", "3\n", 3 },
	{ POSTURE_RCU_STALLS, "sys/kernel/rcu_stall_count", "4\n", 4 },
	{ POSTURE_PANIC_MASK, "proc/cmdline", "quiet panic_on_taint=0x200\n", 0x200 },
};

#define LOCKDOWN_FILE "sys/kernel/security/lockdown"

static void make_posture(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		tree_write(files[i].path, files[i].good);
	tree_write(LOCKDOWN_FILE, "none [integrity] confidentiality\n");
}

/* All are known but those of the file PATH, if any. */
static void check_posture(const struct snapshot *snapshot, const char *but)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct reading *reading = &snapshot->posture[files[i].posture];

		assert_int_equal(reading->known, strcmp(files[i].path, but) != 0);
		if (reading->known)
			assert_int_equal(reading->value, files[i].value);
	}
	assert_int_equal(snapshot->lockdown.known, strcmp(LOCKDOWN_FILE, but) != 0);
	if (snapshot->lockdown.known)
		assert_int_equal(snapshot->lockdown.value, LOCKDOWN_INTEGRITY);
}

static void posture_read_fills_all(void **state)
{
	struct snapshot snapshot;

	(void)state;
	make_posture();
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, 0);
	check_posture(&snapshot, "");
	assert_false(snapshot.posture[POSTURE_SECURE_BOOT].known);
}

static void posture_read_of_a_kernel_that_offers_nothing_is_no_failure(void **state)
{
	struct snapshot snapshot;

	(void)state;
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, 0);
	for (size_t i = 0; i < POSTURE_COUNT; i++)
		assert_false(snapshot.posture[i].known);
	assert_false(snapshot.lockdown.known);
}

static void posture_read_leaves_out_each_file_that_is_not_there(void **state)
{
	struct snapshot snapshot;

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(files); i++) {
		const char *path = i < ARRAY_SIZE(files) ? files[i].path : LOCKDOWN_FILE;

		make_posture();
		tree_delete(path);
		read_posture(&snapshot);
		assert_int_equal(snapshot.posture_result.error, 0);
		check_posture(&snapshot, path);
	}
}

static void posture_read_of_garbage_is_a_failure_of_that_file_alone(void **state)
{
	static const char *const garbage[] = { "",     "\n",    "garbage\n",
		                               "-1\n", "0x1\n", "\xff\xfe\n" };
	struct snapshot snapshot;

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(files); i++) {
		const char *path = i < ARRAY_SIZE(files) ? files[i].path : LOCKDOWN_FILE;

		/* Of a command line nothing is garbage. */
		if (i < ARRAY_SIZE(files) && files[i].posture == POSTURE_PANIC_MASK)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(garbage); k++) {
			make_posture();
			tree_write(path, garbage[k]);
			read_posture(&snapshot);
			assert_int_equal(snapshot.posture_result.error, -EBADMSG);
			assert_non_null(strstr(path, snapshot.posture_result.file));
			check_posture(&snapshot, path);
		}
	}
}

static void posture_read_of_an_unreadable_file_is_a_failure_of_it_alone(void **state)
{
	struct snapshot snapshot;

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(files); i++) {
		const char *path = i < ARRAY_SIZE(files) ? files[i].path : LOCKDOWN_FILE;

		make_posture();
		tree_delete(path);
		tree_fifo(path);
		read_posture(&snapshot);
		assert_int_equal(snapshot.posture_result.error, -EINVAL);
		assert_non_null(strstr(path, snapshot.posture_result.file));
		check_posture(&snapshot, path);

		tree_delete(path);
		tree_write_filled(path, '1', 70000);
		read_posture(&snapshot);
		assert_int_equal(snapshot.posture_result.error, -EFBIG);
		check_posture(&snapshot, path);
	}
	pread_fails = true;
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, -EACCES);
	for (size_t i = 0; i < POSTURE_COUNT; i++)
		assert_false(snapshot.posture[i].known);
	assert_false(snapshot.lockdown.known);
}

static void posture_read_tells_why_lockdown_is_not_known(void **state)
{
	static const struct {
		const char *made; /* a folder; with "file" in it, unless it ends in "/" */
		enum absence absence;
		int result;
	} rows[] = {
		{ "sys/", ABSENCE_HIDDEN, 0 },
		{ "sys/kernel/", ABSENCE_HIDDEN, 0 },
		{ "sys/kernel/security/", ABSENCE_HIDDEN, 0 },
		{ "sys/kernel", ABSENCE_NOT_OFFERED, 0 },
		{ "sys/kernel/security", ABSENCE_NOT_OFFERED, 0 },
		{ LOCKDOWN_FILE, ABSENCE_UNREADABLE, -EISDIR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = strlen(rows[i].made);
		char path[64];
		struct snapshot snapshot;

		tree_teardown(state);
		tree_setup(state);
		snprintf(path, sizeof(path), "%s%s", rows[i].made,
		         rows[i].made[length - 1] == '/' ? "" : "/file");
		if (path[length - 1] == '/') {
			path[length - 1] = '\0';
			tree_folder(path);
		} else {
			tree_write(path, "");
		}
		read_posture(&snapshot);
		assert_false(snapshot.lockdown.known);
		assert_int_equal(snapshot.lockdown.absence, rows[i].absence);
		assert_int_equal(snapshot.posture_result.error, rows[i].result);
	}
}

static void posture_read_of_lockdown_that_is_denied_is_no_failure(void **state)
{
	struct snapshot snapshot;

	(void)state;
	tree_write(LOCKDOWN_FILE, "[none] integrity confidentiality\n");
	pread_fails = true;
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, 0);
	assert_int_equal(snapshot.lockdown.absence, ABSENCE_HIDDEN);
}

static void posture_read_of_a_guest_knows_nothing_of_its_microcode(void **state)
{
	struct snapshot snapshot;

	(void)state;
	make_posture();
	tree_write("sys/devices/system/cpu/vulnerabilities/old_microcode",
	           "Unknown: running under hypervisor");
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, 0);
	check_posture(&snapshot, "sys/devices/system/cpu/vulnerabilities/old_microcode");
}

static void posture_read_takes_the_longest_command_line(void **state)
{
	_cleanup_(text_clear) struct text line = TEXT_INIT;
	struct snapshot snapshot;

	(void)state;
	while (line.length < 65500)
		text_add_string(&line, "option=1234567 ");
	text_add_string(&line, "panic_on_taint=8\n");
	tree_write_bytes("proc/cmdline", line.data, line.length);
	read_posture(&snapshot);
	assert_int_equal(snapshot.posture_result.error, 0);
	assert_int_equal(snapshot.posture[POSTURE_PANIC_MASK].value, 8);
}

static void posture_read_of_an_empty_command_line_knows_that_nothing_is_given(
	void **state)
{
	struct snapshot snapshot;

	(void)state;
	tree_write("proc/cmdline", "\n");
	read_posture(&snapshot);
	assert_true(snapshot.posture[POSTURE_PANIC_MASK].known);
	assert_int_equal(snapshot.posture[POSTURE_PANIC_MASK].value, 0);
	tree_write("proc/cmdline", "");
	read_posture(&snapshot);
	assert_true(snapshot.posture[POSTURE_PANIC_MASK].known);
	assert_int_equal(snapshot.posture[POSTURE_PANIC_MASK].value, 0);
}

static void posture_read_repeats_what_was_found_at_start(void **state)
{
	const struct secure_boot good = { .reading = { .known = true, .value = 1 } };
	const struct secure_boot failed = { .result = { -EIO, "efi" } };
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	(void)state;
	make_posture();
	for (int pass = 0; pass < 3; pass++) {
		snapshot_init(&snapshot);
		snapshot.mask_result.error = snapshot.release_result.error = 0;
		posture_read(fs, &good, &snapshot);
		assert_int_equal(snapshot.posture_result.error, 0);
		assert_true(snapshot.posture[POSTURE_SECURE_BOOT].known);
		assert_int_equal(snapshot.posture[POSTURE_SECURE_BOOT].value, 1);
		check_posture(&snapshot, "");

		snapshot_init(&snapshot);
		snapshot.mask_result.error = snapshot.release_result.error = 0;
		posture_read(fs, &failed, &snapshot);
		assert_int_equal(snapshot.posture_result.error, -EIO);
		assert_string_equal(snapshot.posture_result.file, "efi");
		assert_false(snapshot.posture[POSTURE_SECURE_BOOT].known);
		check_posture(&snapshot, "");
	}
	hostfs_free(fs);
}

static void posture_read_without_a_host_is_a_failure(void **state)
{
	const struct secure_boot none = { .result.file = "efi" };
	struct hostfs *fs = tree_hostfs();
	struct snapshot snapshot;

	(void)state;
	/* Nothing is known of the kernel. */
	snapshot_init(&snapshot);
	snapshot.mask_result.error = snapshot.release_result.error = -ENOENT;
	posture_read(fs, &none, &snapshot);
	assert_true(snapshot.posture_result.error < 0);
	assert_non_null(snapshot.posture_result.file);

	/* There is no sysfs. */
	hostfs_free(fs);
	tree_delete("sys");
	fs = tree_hostfs();
	snapshot_init(&snapshot);
	snapshot.mask_result.error = snapshot.release_result.error = 0;
	posture_read(fs, &none, &snapshot);
	assert_true(snapshot.posture_result.error < 0);
	hostfs_free(fs);
}

static void posture_readers_survive_every_failed_allocation(void **state)
{
	size_t failures = 0;

	(void)state;
	make_posture();
	for (size_t i = 0; i < 10; i++) {
		struct snapshot snapshot;

		memory_fails = true;
		memory_fails_at = i;
		read_posture(&snapshot);
		memory_fails = false;
		if (snapshot.posture_result.error < 0) {
			failures++;
			assert_int_equal(snapshot.posture_result.error, -ENOMEM);
		} else {
			check_posture(&snapshot, "");
		}
	}
	assert_in_range(failures, 1, 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(posture_switch_parse_takes_what_kernels_print),
		TEST(posture_switch_parse_refuses_all_else),
		TEST(posture_lockdown_parse_takes_the_word_in_brackets),
		TEST(posture_lockdown_parse_refuses_all_else),
		TEST(posture_microcode_parse_takes_what_kernels_print),
		TEST(posture_panic_mask_parse_of_other_parameters_is_zero),
		TEST(posture_panic_mask_parse_takes_a_hexadecimal_number),
		TEST(posture_panic_mask_parse_takes_numbers_as_kstrtoul_does),
		TEST(posture_panic_mask_parse_takes_what_stands_before_a_comma),
		TEST(posture_panic_mask_parse_lets_the_last_number_win),
		TEST(posture_panic_mask_parse_takes_dashes_for_underscores),
		TEST(posture_panic_mask_parse_ends_where_inits_arguments_begin),
		TEST(posture_panic_mask_parse_understands_quotes),
		TEST(posture_panic_mask_parse_refuses_quotes_in_the_wrong_place),
		TEST(posture_panic_mask_parse_splits_at_every_white_space),
		TEST(posture_panic_mask_parse_knows_a_quoted_end_of_parameters),
		TEST(posture_panic_mask_parse_survives_any_line),
		TEST(posture_panic_mask_parse_takes_a_line_of_any_length),
		TEST(posture_read_fills_all),
		TEST(posture_read_of_a_kernel_that_offers_nothing_is_no_failure),
		TEST(posture_read_leaves_out_each_file_that_is_not_there),
		TEST(posture_read_of_garbage_is_a_failure_of_that_file_alone),
		TEST(posture_read_of_an_unreadable_file_is_a_failure_of_it_alone),
		TEST(posture_read_tells_why_lockdown_is_not_known),
		TEST(posture_read_of_lockdown_that_is_denied_is_no_failure),
		TEST(posture_read_of_a_guest_knows_nothing_of_its_microcode),
		TEST(posture_read_takes_the_longest_command_line),
		TEST(posture_read_of_an_empty_command_line_knows_that_nothing_is_given),
		TEST(posture_read_repeats_what_was_found_at_start),
		TEST(posture_read_without_a_host_is_a_failure),
		TEST(posture_readers_survive_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
