/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of web/rate_limit: what golang.org/x/time/rate lets through, up to the ends of
 * what a configuration can say.
 */
#include "web/rate_limit.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"

#define S     CLOCK_SECOND
#define START (1000 * S)
#define HALF  UINT64_C(0x8000000000000000)

/* Each is a new limit, of which COUNT requests at NOW are asked, up to a count of 0. */
static const struct row {
	const char *name;
	uint64_t interval;
	unsigned int burst;
	struct {
		uint64_t now;
		unsigned int count, passed;
	} steps[8];
} rows[] = {
	/* clang-format off */
	/* rate.Every(0) is Inf, for which the burst does not count. */
	{ "no interval", 0, 0, { { START, 1000, 1000 }, { 0, 1000, 1000 } } },
	{ "no interval, a burst", 0, 3, { { START, 1000, 1000 } } },
	/* "A zero Burst allows no events, unless limit == Inf." */
	{ "no burst", S, 0, { { START, 10, 0 }, { 2 * START, 10, 0 } } },
	{ "no burst at the end of time", 1, 0, { { UINT64_MAX, 10, 0 } } },
	{ "a full bucket", S, 5, { { START, 10, 5 } } },
	{ "a full bucket at the beginning of time", S, 5, { { 0, 10, 5 } } },
	{ "a token each interval, of which no part is lost", S, 2, {
	    { START, 10, 2 }, { START + S - 1, 10, 0 }, { START + S, 10, 1 },
	    { START + 2 * S - 1, 10, 0 }, { START + 2 * S, 10, 1 }, { START + 7 * S / 2, 1, 1 },
	    { START + 4 * S - 1, 10, 0 }, { START + 4 * S, 10, 1 } } },
	{ "never more than the burst", S, 3,
	  { { START, 10, 3 }, { START + 1000000 * S, 10, 3 }, { START + 1000002 * S, 10, 2 } } },
	{ "what is refused does not count", S, 1, { { START, 100000, 1 }, { START + S, 1, 1 } } },
	{ "a clock that goes back", S, 3, { { START, 2, 2 }, { START - 10 * S, 10, 0 }, { START, 10, 1 } } },
	{ "the longest interval and burst", UINT64_MAX, UINT_MAX, { { START, 1, 1 } } },
	{ "the longest interval", UINT64_MAX, 1, { { START, 10, 1 }, { UINT64_MAX - 1, 10, 0 } } },
	{ "half of it", INT64_MAX, UINT_MAX, { { START, 2, 2 } } },
	{ "a product that comes out small", (uint64_t)1 << 32, UINT_MAX, { { START, 100, 100 } } },
	{ "a product that overflows", HALF, 3, { { START, 2, 2 } } },
	{ "the largest burst", 1, UINT_MAX, { { UINT64_MAX, 100, 100 } } },
	/* clang-format on */
};

static void a_limit_lets_through_as_go_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct rate_limit limit;

		rate_limit_init(&limit, row->interval, row->burst);
		for (size_t k = 0; k < ARRAY_SIZE(row->steps) && row->steps[k].count;
		     k++) {
			unsigned int passed = 0;

			for (unsigned int n = 0; n < row->steps[k].count; n++)
				passed += rate_limit_take(&limit, row->steps[k].now);
			if (passed != row->steps[k].passed)
				fail_msg("%s: step %zu lets %u pass", row->name, k,
				         passed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_lets_through_as_go_does),
	};

	return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
