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

#define START (1000 * CLOCK_SECOND)

/* How many of COUNT requests at NOW pass. */
static unsigned int take(struct rate_limit *limit, uint64_t now, unsigned int count)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++)
		passed += rate_limit_take(limit, now);
	return passed;
}

static void rate_limit_without_an_interval_is_none(void **state)
{
	struct rate_limit limit;

	(void)state;
	/* rate.Every(0) is Inf, for which the burst does not count. */
	rate_limit_init(&limit, 0, 0);
	assert_int_equal(take(&limit, START, 1000), 1000);
	rate_limit_init(&limit, 0, 3);
	assert_int_equal(take(&limit, START, 1000), 1000);
	assert_int_equal(take(&limit, 0, 1000), 1000);
}

static void rate_limit_without_a_burst_lets_nobody_pass(void **state)
{
	struct rate_limit limit;

	(void)state;
	/* "A zero Burst allows no events, unless limit == Inf." */
	rate_limit_init(&limit, CLOCK_SECOND, 0);
	assert_int_equal(take(&limit, START, 10), 0);
	assert_int_equal(take(&limit, 2 * START, 10), 0);
	rate_limit_init(&limit, 1, 0);
	assert_int_equal(take(&limit, UINT64_MAX, 10), 0);
}

static void rate_limit_begins_with_a_full_bucket(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, CLOCK_SECOND, 5);
	assert_int_equal(take(&limit, START, 10), 5);
	rate_limit_init(&limit, CLOCK_SECOND, 5);
	assert_int_equal(take(&limit, 0, 10), 5);
	rate_limit_init(&limit, CLOCK_SECOND, 1);
	assert_int_equal(take(&limit, START, 10), 1);
}

static void rate_limit_gives_a_token_each_interval(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, CLOCK_SECOND, 2);
	assert_int_equal(take(&limit, START, 10), 2);
	assert_int_equal(take(&limit, START + CLOCK_SECOND - 1, 10), 0);
	assert_int_equal(take(&limit, START + CLOCK_SECOND, 10), 1);
	assert_int_equal(take(&limit, START + 2 * CLOCK_SECOND - 1, 10), 0);
	assert_int_equal(take(&limit, START + 2 * CLOCK_SECOND, 10), 1);
	/* A part of an interval is not lost. */
	assert_int_equal(take(&limit, START + 7 * CLOCK_SECOND / 2, 1), 1);
	assert_int_equal(take(&limit, START + 4 * CLOCK_SECOND - 1, 10), 0);
	assert_int_equal(take(&limit, START + 4 * CLOCK_SECOND, 10), 1);
}

static void rate_limit_never_holds_more_than_the_burst(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, CLOCK_SECOND, 3);
	assert_int_equal(take(&limit, START, 10), 3);
	assert_int_equal(take(&limit, START + 1000000 * CLOCK_SECOND, 10), 3);
	assert_int_equal(take(&limit, START + 1000002 * CLOCK_SECOND, 10), 2);
}

static void rate_limit_counts_no_request_that_it_refused(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, CLOCK_SECOND, 1);
	assert_int_equal(take(&limit, START, 100000), 1);
	assert_int_equal(take(&limit, START + CLOCK_SECOND, 1), 1);
}

static void rate_limit_bears_a_clock_that_stands_still_or_goes_back(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, CLOCK_SECOND, 3);
	assert_int_equal(take(&limit, START, 2), 2);
	assert_int_equal(take(&limit, START - 10 * CLOCK_SECOND, 10), 0);
	assert_int_equal(take(&limit, START, 10), 1);
}

static void rate_limit_does_not_overflow(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, UINT64_MAX, UINT_MAX);
	assert_int_equal(take(&limit, START, 1), 1);
	rate_limit_init(&limit, UINT64_MAX, 1);
	assert_int_equal(take(&limit, START, 10), 1);
	assert_int_equal(take(&limit, UINT64_MAX - 1, 10), 0);
	rate_limit_init(&limit, INT64_MAX, UINT_MAX);
	assert_int_equal(take(&limit, START, 1), 1);
	assert_int_equal(take(&limit, START, 1), 1);
	/* A product that would come out small. */
	rate_limit_init(&limit, (uint64_t)1 << 32, UINT_MAX);
	assert_int_equal(take(&limit, START, 100), 100);
	rate_limit_init(&limit, UINT64_C(0x8000000000000000), 3);
	assert_int_equal(take(&limit, START, 2), 2);
	rate_limit_init(&limit, 1, UINT_MAX);
	assert_int_equal(take(&limit, UINT64_MAX, 100), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_limit_without_an_interval_is_none),
		cmocka_unit_test(rate_limit_without_a_burst_lets_nobody_pass),
		cmocka_unit_test(rate_limit_begins_with_a_full_bucket),
		cmocka_unit_test(rate_limit_gives_a_token_each_interval),
		cmocka_unit_test(rate_limit_never_holds_more_than_the_burst),
		cmocka_unit_test(rate_limit_counts_no_request_that_it_refused),
		cmocka_unit_test(rate_limit_bears_a_clock_that_stands_still_or_goes_back),
		cmocka_unit_test(rate_limit_does_not_overflow),
	};

	return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
