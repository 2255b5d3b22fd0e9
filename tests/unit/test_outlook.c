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

/* Of RHEL 9: tech preview, partner supported, support removed, BPF. */
#define RED_HATS (BIT(16) | BIT(26) | BIT(27) | BIT(31))

static void every_bit_of_the_mask_has_its_place(void **state)
{
	static const struct row {
		const char *release; /* NULL: of a kernel that nobody knows */
		uint64_t mask, carried;
		bool is_outdated;
		int error; /* of the list of modules */
		uint64_t gone, with_modules, with_boot, unknown;
	} rows[] = {
		{ "6.17.0", 0, OF_MODULES, true, 0, 0, 0, 0, 0 },
		{ "6.17.0", EVENTS, 0, false, 0, EVENTS, 0, 0, 0 },
		{ "6.17.0", EVERY_BOOT, 0, false, 0, 0, 0, EVERY_BOOT, 0 },
		{ "6.17.0", BY_CAUSE, 0, false, 0, 0, 0, 0, BY_CAUSE },
		{ "6.17.0", BY_CAUSE, 0, true, 0, 0, 0, BY_CAUSE, 0 },
		{ "6.17.0", OF_MODULES, OF_MODULES, false, 0, 0, OF_MODULES, 0, 0 },
		/* Of a module that is not there nobody knows. */
		{ "6.17.0", 0x3001, BIT(12), false, 0, 0, BIT(12), 0, 0x2001 },
		/* A list that failed brings nothing back. */
		{ "6.17.0", BIT(0) | BIT(7), BIT(0), false, -EIO, BIT(7), 0, 0, BIT(0) },
		/* Kernels once let modules carry bit 17. */
		{ "6.17.0", BIT(7) | BIT(17), BIT(7) | BIT(17), false, 0, BIT(7), 0,
		  BIT(17), 0 },
		{ "6.17.0", NOT_KNOWN, BIT(63), false, 0, 0, 0, 0, NOT_KNOWN },
		{ "6.17.0", ~UINT64_C(0), OF_MODULES, false, 0, EVENTS, OF_MODULES,
		  EVERY_BOOT, BY_CAUSE | NOT_KNOWN },
		{ "5.14.0-362.el9", RED_HATS, 0, false, 0, 0, 0, BIT(27) | BIT(31),
		  BIT(16) | BIT(26) },
		{ "5.14.0-362.el9", RED_HATS, RED_HATS, false, 0, 0, BIT(16) | BIT(26),
		  BIT(27) | BIT(31), 0 },
		{ NULL, 0x81, 0x81, false, 0, 0, 0, 0, 0x81 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct findings findings = { .carried = row->carried };
		struct snapshot snapshot;
		struct dialect dialect;
		struct outlook outlook;

		snapshot_init(&snapshot);
		snapshot.mask = row->mask;
		snapshot.modules.procfs_result.error = row->error;
		snapshot.posture[POSTURE_MICROCODE_OUTDATED] =
			(struct reading){ .known = true, .value = row->is_outdated };
		dialect_init(&dialect,
		             row->release && strstr(row->release, "el9")
		                     ? DIALECT_RHEL9
		                     : DIALECT_MAINLINE,
		             row->release ? row->release : "");
		memset(&outlook, 0xa5, sizeof(outlook));
		outlook_init(&outlook, &snapshot, &findings,
		             row->release ? &dialect : NULL);
		if (outlook.gone != row->gone ||
		    outlook.with_modules != row->with_modules ||
		    outlook.with_boot != row->with_boot ||
		    outlook.unknown != row->unknown)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_of_the_mask_has_its_place),
	};

	return cmocka_run_group_tests_name("outlook", tests, NULL, NULL);
}
