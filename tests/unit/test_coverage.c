/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "coverage.h"
#include "sample.h"

static void test_known_intervals(void **state)
{
	struct coverage_estimate e = coverage_estimate(95, 100);

	(void)state;
	/* by hand: p = 0.95, n = 100, z = 2.5758 */
	assert_float_equal(e.percent, 95, 1e-9);
	assert_float_equal(e.low, 86.085, 0.001);
	assert_float_equal(e.high, 98.315, 0.001);
	e = coverage_estimate(1000, 1000);
	assert_float_equal(e.low, 100 * 1000 / (1000 + 6.6349), 1e-3);
	assert_true(e.high == 100);
	e = coverage_estimate(0, 10);
	assert_true(e.low == 0 && e.percent == 0 && e.high > 30);
}

/* Of 2,000 samples of a known share, 99 % of the intervals hold it: 1 % +- 4.5 deviations miss. */
static void test_interval_keeps_its_promise(void **state)
{
	static const double shares[] = {0.5, 0.9, 0.97, 0.99};
	static const int sizes[] = {200, 1000};

	(void)state;
	srand(7);
	for (unsigned i = 0; i < ARRAY_LEN(shares); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
			int missed = 0;

			for (int run = 0; run < 2000; run++) {
				struct coverage_estimate e;
				uint64_t both = 0;

				for (int n = 0; n < sizes[k]; n++)
					both += rand() < shares[i] * RAND_MAX;
				e = coverage_estimate(both, (uint64_t)sizes[k]);
				missed += e.low > 100 * shares[i] || e.high < 100 * shares[i];
			}
			assert_in_range(missed, 3, 40);
		}
	}
}

static void test_by_rate(void **state)
{
	enum { SIZE = 4000 };
	struct coverage_rates rates = {0};
	struct coverage c;
	struct sample *s;
	struct walk w;

	(void)state;
	assert_int_equal(walk_init(&w, SIZE, 3, 0, 1, 0), 0);
	assert_int_equal(sample_create(&w, 0, 0, 0, &s), 0);
	for (uint64_t o = 0; o < SIZE; o++) {
		sample_mark(s, o, true);
		if (o < 1000 || o % 2 == 0)
			sample_mark(s, o, false);
	}
	coverage_rate(&rates, 100, 10000); /* seen first when some is sent already */
	coverage_rate(&rates, 500, 10100); /* nearly the same */
	coverage_rate(&rates, 1000, 80000);
	coverage_rate(&rates, 2000, 10500); /* as at first */
	coverage_rate(&rates, 3000, UINT64_MAX);
	coverage_count(&c, s, &rates);
	assert_int_equal(c.again, SIZE);
	assert_int_equal(c.both, 1000 + 1500);
	assert_int_equal(c.n_steps, 3);
	assert_int_equal(c.step[0].rate, 10500);
	assert_int_equal(c.step[0].again, 2000);
	assert_int_equal(c.step[0].both, 1500);
	assert_int_equal(c.step[1].rate, 80000);
	assert_int_equal(c.step[1].both, 500);
	assert_true(c.step[2].rate == UINT64_MAX);
	assert_int_equal(c.step[2].again, 1000);
	sample_destroy(s);
}

/* However often the rate changes, all of the sample is counted, in bounded memory. */
static void test_many_rates(void **state)
{
	enum { SIZE = 100000 };
	struct coverage_rates rates = {0};
	uint64_t sum = 0, rate = 1;
	struct coverage c;
	struct sample *s;
	struct walk w;

	(void)state;
	assert_int_equal(walk_init(&w, SIZE, 3, 0, 1, 0), 0);
	assert_int_equal(sample_create(&w, 3, 0, 1, &s), 0);
	for (uint64_t o = 0; o < SIZE; o++)
		if (sample_has(s, o))
			sample_mark(s, o, true);
	for (uint64_t o = 0; o < SIZE; o += 10, rate = rate * 7 % 999983 + 1)
		coverage_rate(&rates, o, rate);
	assert_in_range(rates.n, COVERAGE_MARKS / 2, COVERAGE_MARKS);
	coverage_count(&c, s, &rates);
	for (unsigned i = 0; i < c.n_steps; i++)
		sum += c.step[i].again;
	assert_int_equal(sum, SIZE / 8);
	assert_int_equal(c.again, SIZE / 8);
	sample_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_intervals),
		cmocka_unit_test(test_interval_keeps_its_promise),
		cmocka_unit_test(test_by_rate),
		cmocka_unit_test(test_many_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
