/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <pthread.h>

#include "datapath/dedup.h"

#define WINDOW (UINT64_C(1) << 32)

static void test_each_state_once(void **state)
{
	enum { LENGTH = 1000 };
	struct dedup *d;

	(void)state;
	assert_int_equal(dedup_create(LENGTH, &d), 0);
	for (uint64_t i = 0; i < LENGTH; i++)
		for (int s = 0; s < STATE_COUNT; s++)
			if (i % 7 != 3 || s != STATE_CLOSED)
				assert_false(dedup_seen(d, i, (enum record_state)s));
	for (uint64_t i = 0; i < LENGTH; i++)
		for (int s = 0; s < STATE_COUNT; s++)
			assert_int_equal(dedup_seen(d, i, (enum record_state)s),
					 i % 7 != 3 || s != STATE_CLOSED);
	dedup_destroy(d);
	dedup_destroy(NULL);
}

/* The ends of each layout: neighbours do not touch, nothing lies outside of the mapping. */
static void test_boundaries(void **state)
{
	const uint64_t lengths[] = {
		1, 2, 15, 16, 17, WINDOW / 2 - 1, WINDOW / 2, WINDOW / 2 + 1, WINDOW - 1, WINDOW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		uint64_t last = lengths[i] - 1;
		bool fine = lengths[i] <= WINDOW / 2;
		struct dedup *d;

		assert_int_equal(dedup_create(lengths[i], &d), 0);
		assert_false(dedup_seen(d, last, STATE_CLOSED));
		assert_true(dedup_seen(d, last, STATE_CLOSED));
		assert_false(dedup_seen(d, last, STATE_OPEN));
		assert_int_equal(dedup_seen(d, last, STATE_FILTERED), !fine);
		if (last > 0) {
			assert_false(dedup_seen(d, last - 1, STATE_OPEN));
			assert_false(dedup_seen(d, 0, STATE_UNREACHABLE) && last != 1);
		}
		assert_true(dedup_knows(d, 0, last));
		dedup_claim(d, 0, lengths[i]); /* exact: forgets nothing */
		assert_true(dedup_seen(d, last, STATE_OPEN));
		dedup_destroy(d);
	}
}

static void test_window_wipes(void **state)
{
	struct dedup *d;

	(void)state;
	assert_int_equal(dedup_create(WINDOW + 1, &d), 0);
	for (uint64_t i = 0; i < 300; i++)
		assert_false(dedup_seen(d, i, STATE_OPEN));

	/* one turn later: an odd stretch is claimed, its neighbours keep what they have */
	dedup_claim(d, WINDOW + 37, 150);
	for (uint64_t i = 0; i < 300; i++)
		assert_int_equal(dedup_seen(d, WINDOW + i, STATE_OPEN), i < 37 || i >= 187);

	/* each start and length within three words */
	for (uint64_t from = 0; from < 34; from++)
		for (uint64_t to = from; to < 70; to++) {
			for (uint64_t i = 0; i < 96; i++) {
				dedup_seen(d, i, STATE_OPEN);
				dedup_seen(d, i, STATE_CLOSED);
			}
			dedup_claim(d, from, to - from);
			for (uint64_t i = 0; i < 96; i++) {
				bool kept = i < from || i >= to;

				assert_int_equal(dedup_seen(d, i, STATE_OPEN), kept);
				assert_int_equal(dedup_seen(d, i, STATE_CLOSED), kept);
			}
		}
	dedup_destroy(d);
}

/* A stretch across the seam of the ring. */
static void test_window_seam(void **state)
{
	struct dedup *d;

	(void)state;
	assert_int_equal(dedup_create(WINDOW * 8, &d), 0);
	for (uint64_t i = WINDOW - 10; i < WINDOW + 10; i++)
		assert_false(dedup_seen(d, i, STATE_CLOSED));
	dedup_claim(d, 2 * WINDOW - 5, 10);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(dedup_seen(d, 2 * WINDOW - 10 + i, STATE_FILTERED),
				 i < 5 || i >= 15);
	dedup_destroy(d);
}

static void test_window_knows(void **state)
{
	const uint64_t margin = UINT64_C(1) << 20, front = 5 * WINDOW + 123;
	struct dedup *d;

	(void)state;
	assert_int_equal(dedup_create(WINDOW * 8, &d), 0);
	assert_true(dedup_knows(d, front, front));
	assert_false(dedup_knows(d, front + 1, front));
	assert_true(dedup_knows(d, front - WINDOW + margin + 1, front));
	assert_false(dedup_knows(d, front - WINDOW + margin, front));
	assert_false(dedup_knows(d, 0, front));
	assert_true(dedup_knows(d, 0, 0));
	dedup_destroy(d);
}

struct racer {
	struct dedup *d;
	uint64_t first; /* how many it was the first to see */
};

enum { RACE = 200000 };

static void *race(void *arg)
{
	struct racer *r = arg;

	for (uint64_t i = 0; i < RACE; i++)
		r->first += !dedup_seen(r->d, i, (enum record_state)(i % STATE_COUNT));
	return NULL;
}

/* Two lcores see the same answers: each is new to exactly one of them. */
static void test_race(void **state)
{
	struct racer racers[2] = {0};
	pthread_t thread[2];
	struct dedup *d;

	(void)state;
	assert_int_equal(dedup_create(RACE, &d), 0);
	for (int i = 0; i < 2; i++) {
		racers[i].d = d;
		assert_int_equal(pthread_create(&thread[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(racers[0].first + racers[1].first, RACE);
	dedup_destroy(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_state_once), cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_window_wipes),	cmocka_unit_test(test_window_seam),
		cmocka_unit_test(test_window_knows),	cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
