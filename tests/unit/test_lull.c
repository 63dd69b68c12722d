/* SPDX-License-Identifier: BSD-3-Clause */

/* How long nobody new has answered: from the last answer on, or from when it began to matter. */

#include "test.h"

#include "cmd/lull.h"

static void test_nobody(void **state)
{
	struct lull l = {0};

	(void)state;
	lull_look(&l, 0, 500);
	assert_int_equal(lull_ticks(&l, 400, 500), 100);
	lull_look(&l, 0, 700);
	assert_int_equal(lull_ticks(&l, 400, 700), 300);
}

static void test_answers_begin_it_anew(void **state)
{
	struct lull l = {0};

	(void)state;
	lull_look(&l, 3, 500);
	lull_look(&l, 4, 600);
	lull_look(&l, 4, 650);
	assert_int_equal(lull_ticks(&l, 400, 650), 50);
	lull_look(&l, 9, 660);
	assert_int_equal(lull_ticks(&l, 400, 660), 0);
	lull_look(&l, 9, 900);
	assert_int_equal(lull_ticks(&l, 400, 900), 240);
}

/* What was quiet before the last probe left is no lull after it. */
static void test_from_the_last_probe(void **state)
{
	struct lull l = {0};

	(void)state;
	lull_look(&l, 7, 100);
	lull_look(&l, 7, 1000);
	assert_int_equal(lull_ticks(&l, 1000, 1000), 0);
	lull_look(&l, 7, 1030);
	assert_int_equal(lull_ticks(&l, 1000, 1030), 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_answers_begin_it_anew),
		cmocka_unit_test(test_from_the_last_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
