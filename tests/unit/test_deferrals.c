/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "datapath/deferrals.h"

static void put(struct deferrals *d, uint64_t due, uint64_t step)
{
	struct deferral deferral = {.due = due, .probe.step = step};

	assert_true(deferrals_put(d, &deferral));
}

static void test_empty(void **state)
{
	struct deferrals d = {0};
	struct deferral got = {0};

	(void)state;
	assert_int_equal(deferrals_due(&d), UINT64_MAX);
	assert_false(deferrals_take(&d, UINT64_MAX, &got));
	assert_false(deferrals_put(&d, &got));
	deferrals_fini(&d);
}

/* All that is put comes out, once, in the order of time, not before its time. */
static void test_order(void **state)
{
	const unsigned sizes[] = {1, 2, 3, 4, 7, 8, 100, DEFERRALS_MAX};
	uint64_t random = 3;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		bool seen[DEFERRALS_MAX] = {false};
		struct deferral got = {0};
		struct deferrals d = {0};
		uint64_t last = 0;

		assert_int_equal(deferrals_init(&d), 0);
		for (unsigned n = 0; n < sizes[i]; n++)
			put(&d, 1 + test_random(&random) % (2 * sizes[i]), n);
		for (unsigned n = 0; n < sizes[i]; n++) {
			uint64_t due = deferrals_due(&d);

			assert_true(due >= last);
			assert_false(deferrals_take(&d, due - 1, &got));
			assert_true(deferrals_take(&d, due, &got));
			assert_int_equal(got.due, due);
			assert_false(seen[got.probe.step]);
			seen[got.probe.step] = true;
			last = due;
		}
		assert_int_equal(deferrals_due(&d), UINT64_MAX);
		deferrals_fini(&d);
	}
}

/* Mixed puts and takes against the least of a plain list. */
static void test_mixed(void **state)
{
	static uint64_t due[DEFERRALS_MAX];
	struct deferral got;
	struct deferrals d = {0};
	unsigned n = 0, least;
	uint64_t random = 9;

	(void)state;
	assert_int_equal(deferrals_init(&d), 0);
	for (unsigned i = 0; i < 20000; i++) {
		if (n == 0 || (n < 60 && test_random(&random) % 2 == 0)) {
			due[n] = test_random(&random) % 1000;
			put(&d, due[n++], 0);
			continue;
		}
		least = 0;
		for (unsigned k = 1; k < n; k++)
			if (due[k] < due[least])
				least = k;
		assert_true(deferrals_take(&d, UINT64_MAX, &got));
		assert_int_equal(got.due, due[least]);
		due[least] = due[--n];
	}
	deferrals_fini(&d);
}

static void test_full(void **state)
{
	struct deferrals d = {0};
	struct deferral one = {.due = 1};

	(void)state;
	assert_int_equal(deferrals_init(&d), 0);
	for (unsigned i = 0; i < DEFERRALS_MAX; i++)
		put(&d, i, i);
	assert_false(deferrals_put(&d, &one));
	assert_int_equal(d.n, DEFERRALS_MAX);
	deferrals_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
