/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks, held between two looks at the system's own. No durations here: only
 * that one moment is not before another.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

static clockid_t asked;              /* the clock that was read last */
static const struct timespec *given; /* what it says, NULL: the truth */

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
	asked = id;
	if (given) {
		*time = *given;
		return 0;
	}
	return __real_clock_gettime(id, time);
}

static int setup(void **state)
{
	(void)state;
	asked = CLOCK_TAI;
	given = NULL;
	return 0;
}

static uint64_t nanoseconds_of(clockid_t id)
{
	struct timespec now;

	assert_int_equal(__real_clock_gettime(id, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void a_second_is_a_thousand_million_nanoseconds(void **state)
{
	(void)state;
	assert_true(CLOCK_SECOND == UINT64_C(1000000000));
}

static void monotonic_time_is_the_systems_and_never_goes_back(void **state)
{
	uint64_t last = nanoseconds_of(CLOCK_MONOTONIC);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_monotonic();

		assert_true(now >= last);
		last = now;
	}
	assert_true(nanoseconds_of(CLOCK_MONOTONIC) >= last);
	assert_int_equal(asked, CLOCK_MONOTONIC);
}

static void real_time_is_the_systems(void **state)
{
	uint64_t now;

	(void)state;
	now = clock_realtime();
	assert_int_equal(asked, CLOCK_REALTIME);
	/* Long after the epoch, not in seconds, and not in the far future. */
	assert_true(now > UINT64_C(1700000000) * CLOCK_SECOND);
	assert_true(now < UINT64_C(16000000000) * CLOCK_SECOND);
}

static void boot_time_is_the_systems_and_counts_what_was_slept(void **state)
{
	uint64_t before = nanoseconds_of(CLOCK_BOOTTIME), now;

	(void)state;
	now = clock_boottime();
	assert_int_equal(asked, CLOCK_BOOTTIME);
	assert_true(now >= before);
	assert_true(nanoseconds_of(CLOCK_BOOTTIME) >= now);
	assert_true(now >= clock_monotonic() - CLOCK_SECOND);
}

static void all_clocks_keep_every_nanosecond(void **state)
{
	/* The last moment that the number holds: July 2554. */
	static const struct timespec times[] = {
		{ 0, 0 },
		{ 0, 1 },
		{ 1, 0 },
		{ 1, 999999999 },
		{ 1795298562, 123456789 },
		{ 2147483648, 5 },
		{ 4294967296, 5 },
		{ 18446744073, 709551615 },
	};
	static const uint64_t wanted[] = {
		0,
		1,
		UINT64_C(1000000000),
		UINT64_C(1999999999),
		UINT64_C(1795298562123456789),
		UINT64_C(2147483648000000005),
		UINT64_C(4294967296000000005),
		UINT64_MAX,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		given = &times[i];
		assert_true(clock_monotonic() == wanted[i]);
		assert_true(clock_realtime() == wanted[i]);
		assert_true(clock_boottime() == wanted[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_is_a_thousand_million_nanoseconds),
		cmocka_unit_test_setup(monotonic_time_is_the_systems_and_never_goes_back,
		                       setup),
		cmocka_unit_test_setup(real_time_is_the_systems, setup),
		cmocka_unit_test_setup(boot_time_is_the_systems_and_counts_what_was_slept,
		                       setup),
		cmocka_unit_test_setup(all_clocks_keep_every_nanosecond, setup),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
