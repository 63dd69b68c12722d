/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "datapath/pace.h"

#define HZ UINT64_C(2600000000)

static void test_first_token_at_once(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1, 1, HZ, 1000);
	assert_true(pace_due(&p) <= 1000);
	assert_int_equal(pace_take(&p, 1000, 64), 1);
	assert_int_equal(pace_take(&p, 1000, 64), 0);
	assert_int_equal(pace_due(&p), 1000 + HZ);
	assert_int_equal(pace_take(&p, 1000 + HZ - 1, 64), 0);
	assert_int_equal(pace_take(&p, 1000 + HZ, 64), 1);
}

static void test_share_is_a_fraction(void **state)
{
	struct pace p;
	uint64_t sent = 0;

	(void)state;
	pace_init(&p, 10, 3, HZ, 0);
	for (uint64_t ms = 0; ms < 300000; ms++)
		sent += pace_take(&p, ms * (HZ / 1000), 64);
	assert_in_range(sent, 1000, 1001);
}

static void test_max_has_no_limit(void **state)
{
	const uint64_t rates[] = {RATE_MAX, RATE_MAX - 1, UINT64_C(1000000000000)};
	struct pace p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		pace_init(&p, rates[i], 1, HZ, 5);
		for (int k = 0; k < 1000; k++)
			assert_int_equal(pace_take(&p, 5, 1000), PACE_BURST);
		assert_int_equal(pace_take(&p, 5, 7), 7);
		pace_give_back(&p, 7);
		assert_true(pace_due(&p) <= 5);
	}
}

static void test_no_catching_up(void **state)
{
	struct pace p;
	unsigned sent = 0, n;

	(void)state;
	pace_init(&p, 5000, 1, HZ, 0);
	while ((n = pace_take(&p, 60 * HZ, 64)) != 0)
		sent += n;
	assert_int_equal(sent, 21); /* a frame and four milliseconds' worth, not a minute's */
}

static void test_give_back(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 5000, 1, HZ, 0);
	assert_int_equal(pace_take(&p, HZ, 16), 16);
	pace_give_back(&p, 10);
	assert_true(pace_due(&p) <= HZ);
	assert_int_equal(pace_take(&p, HZ, 64), 15);
	pace_give_back(&p, 60); /* more than was taken: the bucket holds no more than it can */
	assert_int_equal(pace_take(&p, HZ, 64), 21);
}

/* pace_due() is the first tick at which a token is there: not one before, not one later. */
static void test_due_is_exact(void **state)
{
	uint64_t seed = 1, due, now;
	struct pace p;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t rate = test_random(&seed) % 1000000000 + 1;
		uint32_t share = (uint32_t)(test_random(&seed) % 64 + 1);

		now = test_random(&seed) >> 8;
		pace_init(&p, rate, share, HZ, now);
		while (pace_take(&p, now, 64) != 0)
			continue;
		due = pace_due(&p);
		assert_true(due > now);
		struct pace early = p;

		assert_int_equal(pace_take(&early, due - 1, 64), 0);
		assert_true(pace_take(&p, due, 64) >= 1);
	}
}

/* Every window between two takes: frames <= rate * window + 1 + rate * PACE_STALL_MS. */
static void check_windows(const uint64_t *at, const unsigned *sent, int n, uint64_t rate,
			  uint32_t share)
{
	for (int i = 0; i < n; i++) {
		uint64_t frames = 0;

		for (int j = i; j < n; j++) {
			frames += sent[j];
			__uint128_t allowed = (__uint128_t)rate * (at[j] - at[i]) +
					      (__uint128_t)rate * (HZ / 1000) * PACE_STALL_MS +
					      (__uint128_t)HZ * share;
			assert_true((__uint128_t)frames * HZ * share <= allowed);
		}
	}
}

static uint64_t random_step(uint64_t *seed, uint64_t rate)
{
	switch (test_random(seed) % 5) {
	case 0: /* polled fast */
		return test_random(seed) % 1000;
	case 1: /* about a frame */
		return test_random(seed) % (2 * HZ / rate + 2);
	case 2: /* about the bucket */
		return test_random(seed) % (HZ / 250);
	case 3: /* a stall */
		return test_random(seed) % (10 * HZ);
	default:
		return 0;
	}
}

static void test_never_above_the_rate(void **state)
{
	enum { STEPS = 300 };
	static uint64_t at[STEPS];
	static unsigned sent[STEPS];
	uint64_t seed = 2;

	(void)state;
	for (int run = 0; run < 300; run++) {
		uint64_t exponent = test_random(&seed) % 30, now = test_random(&seed) >> 4 | HZ;
		uint64_t rate = (UINT64_C(1) << exponent) + test_random(&seed) % 1000;
		uint32_t share = (uint32_t)(test_random(&seed) % 8 + 1);
		struct pace p;

		pace_init(&p, rate, share, HZ, now);
		for (int i = 0; i < STEPS; i++) {
			uint64_t back = test_random(&seed) % 4 == 0 ? test_random(&seed) % HZ : 0;

			now += random_step(&seed, rate);
			/* a clock that at times reads up to a second behind itself */
			sent[i] = pace_take(&p, now - back, (unsigned)(test_random(&seed) % 100));
			if (i == 0 || now - back > at[i - 1])
				at[i] = now - back;
			else
				at[i] = at[i - 1];
			assert_true(sent[i] <= PACE_BURST);
		}
		check_windows(at, sent, STEPS, rate, share);
	}
}

/* The rate goes up and down, also from and to none at all: no window has more than the highest of
 * them allows, and none after a change more than those from then on. */
static void test_change(void **state)
{
	enum { STEPS = 300 };
	static uint64_t at[STEPS];
	static unsigned sent[STEPS];
	uint64_t seed = 4;

	(void)state;
	for (int run = 0; run < 300; run++) {
		uint64_t ceiling = (UINT64_C(1) << test_random(&seed) % 24) + 100, rate = ceiling;
		uint64_t now = test_random(&seed) >> 4 | HZ;
		uint32_t share = (uint32_t)(test_random(&seed) % 8 + 1);
		struct pace p;

		pace_init(&p, run % 2 ? RATE_MAX : ceiling, share, HZ, now);
		if (run % 2)
			pace_change(&p, ceiling, now);
		for (int i = 0; i < STEPS; i++) {
			now += random_step(&seed, rate);
			if (i == STEPS / 2 || (i < STEPS / 2 && test_random(&seed) % 8 == 0)) {
				rate = test_random(&seed) % ceiling + 1;
				pace_change(&p, rate, now);
			}
			at[i] = now;
			sent[i] = pace_take(&p, now, (unsigned)(test_random(&seed) % 100));
		}
		check_windows(at, sent, STEPS, ceiling, share);
		check_windows(&at[STEPS / 2], &sent[STEPS / 2], STEPS - STEPS / 2, rate, share);
	}
}

/* No limit after all: nothing is owed to the rate that was. */
static void test_change_to_none(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 10, 1, HZ, 0);
	assert_int_equal(pace_take(&p, 0, 64), 1);
	pace_change(&p, RATE_MAX, 5);
	assert_int_equal(pace_take(&p, 5, 1000), PACE_BURST);
	pace_change(&p, 10, 6 * HZ); /* and back: begins empty, whatever the clock said before */
	assert_int_equal(pace_take(&p, 6 * HZ, 64), 0);
	assert_int_equal(pace_due(&p), 6 * HZ + HZ / 10);
}

/* A clock set back by hours neither stops the bucket nor gives anything away. */
static void test_clock_set_back(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 10, 1, HZ, 5000 * HZ);
	assert_int_equal(pace_take(&p, 5000 * HZ, 64), 1);
	assert_int_equal(pace_take(&p, 100 * HZ, 64), 0);
	assert_int_equal(pace_take(&p, 100 * HZ + HZ / 10 - 1, 64), 0);
	assert_int_equal(pace_take(&p, 100 * HZ + HZ / 10, 64), 1);
}

/* Polled within a millisecond, late at random: what is sent is the rate to a ten-thousandth. */
static void test_no_drift(void **state)
{
	const uint64_t rates[] = {7, 900, 999, 1001, 10000, 44444, 1000000, 14880952, 999999937};
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		uint64_t seconds = 200000 / rates[i] + 1, now = 0, last = 0, sent = 0, due,
			 due_frames;
		struct pace p;

		pace_init(&p, rates[i], 1, HZ, 0);
		while (now < seconds * HZ) {
			last = now;
			sent += pace_take(&p, now, 64);
			due = pace_due(&p);
			if (due > now)
				now = due + test_random(&seed) % (HZ / 2000);
		}
		due_frames = (uint64_t)((__uint128_t)rates[i] * last / HZ);
		assert_true(sent <= due_frames + 1 + rates[i] * PACE_STALL_MS / 1000);
		assert_true(sent + due_frames / 10000 + 1 >= due_frames);
	}
}

/* Months pass: the same arithmetic at the far end of the clock. */
static void test_months(void **state)
{
	uint64_t start = UINT64_MAX / 2, sent = 0;
	struct pace p;

	(void)state;
	pace_init(&p, 1, 3, HZ, start);
	for (uint64_t s = 0; s < 90 * 86400; s++)
		sent += pace_take(&p, start + s * HZ, 64);
	assert_int_equal(sent, 90 * 86400 / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_token_at_once),
		cmocka_unit_test(test_share_is_a_fraction),
		cmocka_unit_test(test_max_has_no_limit),
		cmocka_unit_test(test_no_catching_up),
		cmocka_unit_test(test_give_back),
		cmocka_unit_test(test_due_is_exact),
		cmocka_unit_test(test_never_above_the_rate),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_to_none),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_months),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
