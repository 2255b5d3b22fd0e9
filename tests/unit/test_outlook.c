/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reboot would do, from masks and letters made by hand: every bit of the mask has
 * its place, once, and none that is not set has any.
 */
#include "model/outlook.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/dialect.h"
#include "model/findings.h"
#include "model/snapshot.h"

#define BIT(number) (UINT64_C(1) << (number))

/* Mainline, of bits 0 to 19. */
#define EVENTS     (BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(9) | BIT(14) | BIT(19))
#define EVERY_BOOT (BIT(8) | BIT(11) | BIT(17))
#define BY_CAUSE   BIT(2)
#define OF_MODULES (BIT(20) - 1 - EVENTS - EVERY_BOOT - BY_CAUSE)
#define NOT_KNOWN  (~UINT64_C(0) << 20)

static struct snapshot snapshot;
static struct findings findings;
static struct dialect dialect;
static struct outlook outlook;

static int setup(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	snapshot.modules.procfs_result.error = 0;
	findings = (struct findings){ 0 };
	dialect_init(&dialect, DIALECT_MAINLINE, "6.17.0");
	/* Whatever was there goes. */
	memset(&outlook, 0xa5, sizeof(outlook));
	return 0;
}

/* The bits that are gone, and so on. */
static void assert_outlook(uint64_t gone, uint64_t with_modules, uint64_t with_boot,
                           uint64_t unknown)
{
	outlook_init(&outlook, &snapshot, &findings, &dialect);
	assert_true(outlook.gone == gone);
	assert_true(outlook.with_modules == with_modules);
	assert_true(outlook.with_boot == with_boot);
	assert_true(outlook.unknown == unknown);
}

static void of_a_clean_kernel_nothing_is_to_be_said(void **state)
{
	(void)state;
	findings.carried = OF_MODULES;
	assert_outlook(0, 0, 0, 0);
}

static void events_are_gone_for_good(void **state)
{
	(void)state;
	snapshot.mask = EVENTS;
	assert_outlook(EVENTS, 0, 0, 0);
}

static void what_the_boot_sets_comes_back_with_every_one(void **state)
{
	(void)state;
	snapshot.mask = EVERY_BOOT;
	assert_outlook(0, 0, EVERY_BOOT, 0);
}

static void old_microcode_is_found_by_every_boot(void **state)
{
	struct reading *outdated = &snapshot.posture[POSTURE_MICROCODE_OUTDATED];

	(void)state;
	snapshot.mask = BY_CAUSE;
	assert_outlook(0, 0, 0, BY_CAUSE);
	*outdated = (struct reading){ .known = true, .value = 1 };
	assert_outlook(0, 0, BY_CAUSE, 0);
}

static void what_loaded_modules_carry_comes_back_with_them(void **state)
{
	(void)state;
	snapshot.mask = findings.carried = OF_MODULES;
	assert_outlook(0, OF_MODULES, 0, 0);
}

static void of_a_module_that_is_not_there_nobody_knows(void **state)
{
	(void)state;
	snapshot.mask = BIT(0) | BIT(12) | BIT(13);
	findings.carried = BIT(12);
	assert_outlook(0, BIT(12), 0, BIT(0) | BIT(13));
}

static void a_list_of_modules_that_failed_brings_nothing_back(void **state)
{
	(void)state;
	snapshot.mask = BIT(0) | BIT(7);
	/* Of the records in front of the one that was garbage. */
	findings.carried = BIT(0);
	snapshot.modules.procfs_result.error = -EIO;
	assert_outlook(BIT(7), 0, 0, BIT(0));
}

static void a_letter_does_not_turn_an_event_into_a_module(void **state)
{
	(void)state;
	/* Kernels once let modules carry bit 17. */
	snapshot.mask = findings.carried = BIT(7) | BIT(17);
	assert_outlook(BIT(7), 0, BIT(17), 0);
}

static void a_bit_without_a_meaning_is_unknown_whoever_carries_it(void **state)
{
	(void)state;
	snapshot.mask = NOT_KNOWN;
	findings.carried = BIT(63);
	assert_outlook(0, 0, 0, NOT_KNOWN);
}

static void all_bits_have_one_place_each(void **state)
{
	(void)state;
	snapshot.mask = ~UINT64_C(0);
	findings.carried = OF_MODULES;
	assert_outlook(EVENTS, OF_MODULES, EVERY_BOOT, BY_CAUSE | NOT_KNOWN);
}

static void vendors_bits_have_their_own_places(void **state)
{
	(void)state;
	/* Tech preview, on no module; partner supported, which none shows; BPF; hardware.
	 */
	dialect_init(&dialect, DIALECT_RHEL9, "5.14.0-362.el9.x86_64");
	snapshot.mask = BIT(16) | BIT(26) | BIT(27) | BIT(31);
	assert_outlook(0, 0, BIT(27) | BIT(31), BIT(16) | BIT(26));
	findings.carried = BIT(16) | BIT(26);
	assert_outlook(0, BIT(16) | BIT(26), BIT(27) | BIT(31), 0);
}

static void without_a_dialect_nothing_is_known(void **state)
{
	(void)state;
	snapshot.mask = findings.carried = BIT(0) | BIT(7);
	outlook_init(&outlook, &snapshot, &findings, NULL);
	assert_true(outlook.unknown == snapshot.mask);
	assert_true((outlook.gone | outlook.with_modules | outlook.with_boot) == 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_a_clean_kernel_nothing_is_to_be_said),
		TEST(events_are_gone_for_good),
		TEST(what_the_boot_sets_comes_back_with_every_one),
		TEST(old_microcode_is_found_by_every_boot),
		TEST(what_loaded_modules_carry_comes_back_with_them),
		TEST(of_a_module_that_is_not_there_nobody_knows),
		TEST(a_list_of_modules_that_failed_brings_nothing_back),
		TEST(a_letter_does_not_turn_an_event_into_a_module),
		TEST(a_bit_without_a_meaning_is_unknown_whoever_carries_it),
		TEST(all_bits_have_one_place_each),
		TEST(vendors_bits_have_their_own_places),
		TEST(without_a_dialect_nothing_is_known),
	};

	return cmocka_run_group_tests_name("outlook", tests, NULL, NULL);
}
