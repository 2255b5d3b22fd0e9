/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/modules against /sys/module, while both change. Plays the kernel: a list that is
 * read in pieces by position, as seq_file does, modules that come and go step by step,
 * and every moment of a read tried for them. Knows the readers of procfs and sysfs, in
 * whose place it answers.
 */
#include "sources/modules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "sources/procfs.h"
#include "sources/sysfs.h"

int __wrap_procfs_modules_read(struct hostfs *fs, struct module_list *list);
int __wrap_sysfs_folder_count_read(struct hostfs *fs, uint64_t *ret_count);
int __wrap_sysfs_folder_names_read(struct hostfs *fs, struct text *names);
int __wrap_sysfs_letters_read(struct hostfs *fs, const char *name, size_t length,
                              struct taint_letters *ret_letters);
int __wrap_sysfs_letters_inode_read(struct hostfs *fs, const char *name, size_t length,
                                    uint64_t *ret_inode);
int __wrap_sysfs_initstate_inode_read(struct hostfs *fs, const char *folder,
                                      uint64_t *ret_inode);
int __wrap_sysfs_is_live_read(struct hostfs *fs, const char *folder);

/* ---- the kernel ---- */

enum made_state { MADE_NONE, MADE_UNFORMED, MADE_COMING, MADE_LIVE, MADE_GOING };

/* clang-format off */

/* ROOT is live and unlisted. */
enum made_name { MADE_A, MADE_B, MADE_C, MADE_D, MADE_X, MADE_Y, MADE_Z1, MADE_Z2,
                 MADE_Z3, MADE_ROOT, MADE_COUNT };

static struct made {
	const char *name, *letters;
	const char *sysfs_letters; /* NULL: the same */
	enum made_state state;
	bool has_folder, has_files;
	uint64_t inode; /* of its files, other ones after each load */
} made[MADE_COUNT] = {
	{ .name = "a", .letters = "OE" }, { .name = "b", .letters = "P" },
	{ .name = "c", .letters = "" },   { .name = "d", .letters = "O" },
	{ .name = "x", .letters = "POE" }, { .name = "y", .letters = "" },
	{ .name = "z1", .letters = "" },  { .name = "z2", .letters = "" },
	{ .name = "z3", .letters = "" },  { .name = "rootkit", .letters = "OE" },
};

/* clang-format on */

static enum made_name chain[MADE_COUNT]; /* the kernel's list, newest first */
static size_t chain_length;
static uint64_t inodes;       /* given so far */
static size_t moments;        /* so far */
static size_t list_reads;     /* so far, with the counts of folders around */
static size_t pieces;         /* of this read of the list */
static void (*hook)(void);    /* called at each moment, if set */
static void (*on_list)(void); /* called before that, and before each further piece */

static void moment(void)
{
	moments++;
	if (hook)
		hook();
}

#define STEPS 5

/* kernel/module/main.c, load_module(), delete_module() and free_module(). */
static void step(enum made_name name, bool loads, int number)
{
	static const enum made_state states[2][STEPS] = {
		{ MADE_GOING, MADE_GOING, MADE_GOING, MADE_UNFORMED, MADE_NONE },
		{ MADE_UNFORMED, MADE_COMING, MADE_COMING, MADE_COMING, MADE_LIVE },
	};
	struct made *m = &made[name];
	size_t at = 0;

	m->state = states[loads][number];
	if (number == 2)
		m->has_folder = loads;
	if (number == (loads ? 3 : 1)) {
		m->has_files = loads;
		m->inode = ++inodes;
	}
	if (loads && number == 0) {
		memmove(chain + 1, chain, chain_length++ * sizeof(chain[0]));
		chain[0] = name;
	} else if (!loads && number == STEPS - 1) {
		while (chain[at] != name)
			at++;
		memmove(chain + at, chain + at + 1,
		        (--chain_length - at) * sizeof(chain[0]));
	}
}

/* Makes one module be there, or not. */
static void settle(enum made_name name, bool is_there)
{
	if (is_there != (made[name].state != MADE_NONE))
		for (int number = 0; number < STEPS; number++)
			step(name, is_there, number);
}

/* The chain is a, b, c, d, whatever came before. */
static void settle_all(void)
{
	for (enum made_name name = 0; name < MADE_ROOT; name++)
		settle(name, name <= MADE_D);
	for (chain_length = 0; chain_length <= MADE_D; chain_length++)
		chain[chain_length] = (enum made_name)chain_length;
}

static void hide_rootkit(void)
{
	made[MADE_ROOT].has_folder = made[MADE_ROOT].has_files = true;
	made[MADE_ROOT].state = MADE_LIVE;
	made[MADE_ROOT].inode = ++inodes;
}

static struct made *find_made(const char *name, size_t length)
{
	for (size_t i = 0; i < MADE_COUNT; i++)
		if (strlen(made[i].name) == length &&
		    memcmp(made[i].name, name, length) == 0)
			return &made[i];
	return NULL;
}

/* kernel/module/procfs.c, m_show(). */
static void print_record(const struct made *m, struct text *text)
{
	static const char *const states[] = { "", "", "Loading", "Live", "Unloading" };
	static const char *const marks[] = { "", "", "+)\n", ")\n", "-)\n" };

	text_add_string(text, m->name);
	text_add_string(text, " 4096 0 - ");
	text_add_string(text, states[m->state]);
	text_add_string(text, " 0x0");
	text_add_string(text, *m->letters ? " (" : "\n");
	text_add_string(text, m->letters);
	text_add_string(text, *m->letters ? marks[m->state] : "");
}

/* In pieces of two records. */
int __wrap_procfs_modules_read(struct hostfs *fs, struct module_list *list)
{
	size_t index = 0;

	(void)fs;
	text_reset(&list->text);
	for (pieces = 0; pieces == 0 || index < chain_length; pieces++) {
		if (pieces && on_list)
			on_list();
		moment();
		for (int shown = 0; shown < 2 && index < chain_length; index++) {
			if (made[chain[index]].state == MADE_UNFORMED)
				continue;
			print_record(&made[chain[index]], &list->text);
			shown++;
		}
	}
	return procfs_modules_parse(list);
}

int __wrap_sysfs_folder_count_read(struct hostfs *fs, uint64_t *ret_count)
{
	static bool is_behind;

	(void)fs;
	if (!is_behind) {
		list_reads++;
		pieces = 0;
		if (on_list)
			on_list();
	}
	is_behind = !is_behind;
	moment();
	*ret_count = 2; /* built in */
	for (size_t i = 0; i < MADE_COUNT; i++)
		*ret_count += made[i].has_folder;
	return 0;
}

int __wrap_sysfs_folder_names_read(struct hostfs *fs, struct text *names)
{
	(void)fs;
	text_add(names, "kernel\0file\0printk", sizeof("kernel\0file\0printk"));
	for (size_t i = 0; i < MADE_COUNT; i++) {
		moment();
		if (made[i].has_folder)
			text_add(names, made[i].name, strlen(made[i].name) + 1);
	}
	return 0;
}

int __wrap_sysfs_letters_read(struct hostfs *fs, const char *name, size_t length,
                              struct taint_letters *ret_letters)
{
	const struct made *m = find_made(name, length);
	const char *letters = m->sysfs_letters ? m->sysfs_letters : m->letters;

	(void)fs;
	moment();
	if (!m->has_files)
		return -ENOENT;
	*ret_letters = (struct taint_letters){ 0 };
	return taint_letters_parse(letters, strlen(letters), ret_letters);
}

int __wrap_sysfs_initstate_inode_read(struct hostfs *fs, const char *folder,
                                      uint64_t *ret_inode)
{
	const struct made *m = find_made(folder, strlen(folder));

	(void)fs;
	moment();
	if (strcmp(folder, "file") == 0)
		return -ENOTDIR;
	if (!m || !m->has_files)
		return -ENOENT;
	*ret_inode = m->inode;
	return 0;
}

int __wrap_sysfs_letters_inode_read(struct hostfs *fs, const char *name, size_t length,
                                    uint64_t *ret_inode)
{
	const char *folder = find_made(name, length)->name;

	return __wrap_sysfs_initstate_inode_read(fs, folder, ret_inode);
}

int __wrap_sysfs_is_live_read(struct hostfs *fs, const char *folder)
{
	const struct made *m = find_made(folder, strlen(folder));

	(void)fs;
	moment();
	return m->has_files ? m->state == MADE_LIVE : -ENODEV;
}

/* ---- looking at it ---- */

static struct snapshot snapshot;
static struct modules_memory memory;

static int setup(void **state)
{
	(void)state;
	hook = on_list = NULL;
	list_reads = 0;
	memory = (struct modules_memory){ 0 };
	made[MADE_ROOT] = (struct made){ .name = "rootkit", .letters = "OE" };
	made[MADE_A].sysfs_letters = NULL;
	settle_all();
	snapshot_init(&snapshot);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	snapshot_clear(&snapshot);
	return 0;
}

/* One pass, in which HOOK is called at each moment. */
static void look(void (*during)(void))
{
	snapshot_clear(&snapshot);
	snapshot_init(&snapshot);
	snapshot.mask_result.error = snapshot.release_result.error = 0;
	hook = during;
	modules_read(NULL, &memory, false, &snapshot);
	hook = NULL;
}

static void check_counts(size_t hidden, size_t disagreeing)
{
	const struct module_list *list = &snapshot.modules;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += module_record_is_disagreeing(&list->records[i]);
	assert_int_equal(list->procfs_result.error, 0);
	assert_int_equal(list->sysfs_result.error, 0);
	assert_true(list->support);
	assert_int_equal(list->unlisted_count, hidden);
	assert_int_equal(count, disagreeing);
}

/* What was there all the time is listed once, and nothing is hidden or disagrees. */
static void check_truth(enum made_name but)
{
	const struct module_list *list = &snapshot.modules;

	check_counts(0, 0);
	for (enum made_name name = MADE_A; name <= MADE_D; name++) {
		size_t listed = 0;

		for (size_t i = 0; i < list->count; i++)
			listed += list->records[i].name[0] == made[name].name[0];
		if (name != but)
			assert_int_equal(listed, 1);
	}
}

/* ---- one module comes or goes ---- */

/* What happens while one pass reads, in two moves. */
static struct {
	enum made_name name;
	bool loads;
	int done;          /* steps so far */
	int split;         /* so many steps in the first move */
	size_t moments[2]; /* of the two moves */
} plan;

static void follow_plan(void)
{
	int until = moments >= plan.moments[1]   ? STEPS
	            : moments >= plan.moments[0] ? plan.split
	                                         : 0;

	for (; plan.done < until; plan.done++)
		step(plan.name, plan.loads, plan.done);
}

/* One pass in which the plan happens; KNOWS: the built-ins were counted before. */
static void try_plan(bool knows)
{
	settle_all();
	memory = (struct modules_memory){ 2, knows ? clock_monotonic() : 0 };
	plan.done = 0;
	moments = 0;
	look(follow_plan);
	check_truth(plan.loads ? MADE_COUNT : plan.name);
}

/* Every two moments of a pass, and every share of the steps between them. */
static void try_every_moment(enum made_name name, bool loads, bool knows)
{
	size_t tried = 0;
	bool is_over = false;

	plan.name = name;
	plan.loads = loads;
	for (size_t first = 1; !is_over; first++)
		for (plan.split = 1; plan.split <= STEPS; plan.split++) {
			bool is_late = false;

			for (size_t second = first; !is_late; second++) {
				plan.moments[0] = first;
				plan.moments[1] = second;
				try_plan(knows);
				tried++;
				/* The pass ended before these moments came. */
				is_over = plan.done == 0;
				is_late = plan.done < STEPS || plan.split == STEPS;
				for (; plan.done < STEPS; plan.done++)
					step(name, loads, plan.done);
			}
		}
	assert_in_range(tried, 100, 50000);
}

static void it_is_true_at_every_moment_of_a_load(void **state)
{
	(void)state;
	try_every_moment(MADE_X, true, false);
	try_every_moment(MADE_X, true, true);
	try_every_moment(MADE_Y, true, true);
}

static void it_is_true_at_every_moment_of_an_unload(void **state)
{
	(void)state;
	try_every_moment(MADE_B, false, false);
	try_every_moment(MADE_B, false, true);
	try_every_moment(MADE_C, false, true);
}

/* ---- many come and go ---- */

/*
 * In the middle of so many looks a module on its way out leaves the chain, so that c is
 * not listed; if they are three, two others make the second list another one.
 */
static size_t torn_looks;

static void leave_the_chain(void)
{
	bool has_others = list_reads == 2 && torn_looks == 3;

	if (list_reads > torn_looks)
		return;
	if (pieces == 0) {
		settle(MADE_X, has_others);
		settle(MADE_Y, has_others);
	} else if (pieces == 1u + has_others) {
		step((enum made_name)(MADE_Z1 + list_reads - 1), false, STEPS - 1);
	}
}

static void torn_lists_in_a_row_hide_nothing(void **state)
{
	(void)state;
	for (torn_looks = 1; torn_looks <= 3; torn_looks++) {
		settle_all();
		for (enum made_name name = MADE_Z1; name < MADE_Z1 + torn_looks; name++) {
			settle(name, true);
			for (int number = 0; number < STEPS - 1; number++)
				step(name, false, number);
		}
		list_reads = 0;
		on_list = leave_the_chain;
		look(NULL);
		assert_true(list_reads > torn_looks);
		check_truth(MADE_COUNT);
	}
}

/* No two lists are the same. */
static void never_rest(void)
{
	static const bool has_x[] = { false, true, false, false, true, true };
	static const bool has_y[] = { false, false, false, true, true, false };

	if (pieces)
		return;
	settle(MADE_X, has_x[list_reads % ARRAY_SIZE(has_x)]);
	settle(MADE_Y, has_y[list_reads % ARRAY_SIZE(has_y)]);
}

static void a_hidden_module_is_found_though_the_list_never_rests(void **state)
{
	(void)state;
	hide_rootkit();
	on_list = never_rest;
	for (int pass = 0; pass < 10; pass++) {
		look(NULL);
		check_counts(1, 0);
		assert_string_equal(module_list_unlisted_name(&snapshot.modules, 0),
		                    "rootkit");
	}
}

/* ---- what has to be confirmed ---- */

/* Whatever the two looks see is of another load of the same module. */
static void load_again(void)
{
	if (pieces == 0)
		made[MADE_ROOT].inode = made[MADE_A].inode = ++inodes;
}

static void what_was_loaded_again_is_not_hidden_and_agrees(void **state)
{
	(void)state;
	hide_rootkit();
	made[MADE_A].sysfs_letters = "POE";
	look(NULL);
	check_counts(1, 1);
	on_list = load_again;
	look(NULL);
	check_counts(0, 0);
	assert_false(snapshot.modules.records[0].in_sysfs);
}

#define MINUTE (60 * CLOCK_SECOND)

static void folders_are_opened_unless_the_counts_prove_enough(void **state)
{
	static const struct {
		uint64_t built_in, age;
		bool is_going; /* a listed module, which has no folder any more */
		size_t hidden;
	} rows[] = {
		{ 2, 0, false, 1 },
		/* A built-in module is gone as another one hides: not seen at once. */
		{ 3, 0, false, 0 },
		{ 3, MINUTE / 2, false, 0 },
		{ 3, MINUTE, false, 1 },
		/* The folder that is missing would make up for the one that hides. */
		{ 2, 0, true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		settle_all();
		hide_rootkit();
		for (int number = 0; rows[i].is_going && number < 3; number++)
			step(MADE_C, false, number);
		memory = (struct modules_memory){ rows[i].built_in,
			                          clock_monotonic() - rows[i].age };
		look(NULL);
		if (snapshot.modules.unlisted_count != rows[i].hidden)
			fail_msg("row %zu: %zu hidden", i,
			         snapshot.modules.unlisted_count);
		for (int number = 3; rows[i].is_going && number < STEPS; number++)
			step(MADE_C, false, number);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_is_true_at_every_moment_of_a_load),
		TEST(it_is_true_at_every_moment_of_an_unload),
		TEST(torn_lists_in_a_row_hide_nothing),
		TEST(a_hidden_module_is_found_though_the_list_never_rests),
		TEST(what_was_loaded_again_is_not_hidden_and_agrees),
		TEST(folders_are_opened_unless_the_counts_prove_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
