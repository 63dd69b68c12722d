/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "sample.h"

/* --- which targets: every way through a walk against a plain one --- */

static uint64_t plain_size(const struct walk *w, unsigned bits, uint64_t first, uint64_t draw,
			   uint8_t *in)
{
	uint64_t at, next, index, n = 0, size = UINT64_C(1) << bits;

	for (uint64_t o = first; o < w->length; o++) {
		next = o;
		if (o % size == draw % size && walk_next(w, &next, o + 1, &at, &index, 1) == 1) {
			in[index] = 1;
			n++;
		}
	}
	return n;
}

static void check_walk(uint64_t size, uint32_t shards, unsigned bits, uint64_t first, uint64_t draw)
{
	uint8_t *want = calloc(size, 1);
	uint64_t at[7], index[7], next, end, n_want, n_got = 0;
	struct sample *s;
	struct walk w;

	assert_int_equal(walk_init(&w, size, 5, shards - 1, shards, 0), 0);
	assert_int_equal(sample_create(&w, bits, first, draw, &s), 0);
	n_want = plain_size(&w, bits, first, draw, want);
	assert_false(sample_claim(s, &next, &end)); /* it has not begun */
	sample_begin(s);
	while (sample_claim(s, &next, &end)) {
		assert_true(end <= w.length);
		while (next < end) {
			unsigned n = sample_next(s, &w, &next, end, at, index, ARRAY_LEN(at));

			for (unsigned i = 0; i < n; i++) {
				assert_true(sample_has(s, at[i]));
				assert_int_equal(want[index[i]], 1); /* and nothing twice */
				want[index[i]] = 0;
			}
			n_got += n;
		}
	}
	assert_false(sample_waits(s));
	assert_int_equal(n_got, n_want);
	assert_true(s->size >= n_want);
	sample_destroy(s);
	free(want);
}

static void test_every_target_of_it_once(void **state)
{
	static const uint64_t sizes[] = {1, 2, 63, 64, 65, 1000, 4096, 70001};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
		for (uint32_t shards = 1; shards <= 3; shards++)
			for (unsigned bits = 0; bits <= 10; bits += 2)
				for (uint64_t first = 0; first <= 2000; first += 999)
					check_walk(sizes[i], shards, bits, first, 0x1234567 * i);
}

static void test_size_is_that_share(void **state)
{
	struct sample *s;
	struct walk w;

	(void)state;
	assert_int_equal(walk_init(&w, UINT64_C(1) << 32, 1, 0, 1, 0), 0);
	assert_int_equal(sample_create(&w, 10, 0, 77, &s), 0);
	assert_in_range(s->size, w.length / 1024 - 1, w.length / 1024 + 1);
	sample_destroy(s);
}

/* --- answers --- */

static void test_counts_against_plain(void **state)
{
	enum { SIZE = 10000, BITS = 2 };
	static uint8_t answered[SIZE], again[SIZE];
	struct sample *s;
	struct walk w;

	(void)state;
	assert_int_equal(walk_init(&w, SIZE, 3, 0, 1, 0), 0);
	assert_int_equal(sample_create(&w, BITS, 100, 3, &s), 0);
	srand(1);
	for (uint64_t o = 0; o < SIZE; o++) {
		if (!sample_has(s, o))
			continue;
		answered[o] = rand() % 2;
		again[o] = rand() % 3 == 0;
		if (answered[o]) {
			assert_false(sample_mark(s, o, false));
			assert_true(sample_mark(s, o, false));
		}
		if (again[o])
			assert_false(sample_mark(s, o, true));
		assert_int_equal(sample_answered(s, o), answered[o]);
	}
	for (uint64_t first = 0; first < SIZE; first += 613) {
		for (uint64_t end = first; end < SIZE + 700; end += 517) {
			struct sample_count got = sample_count(s, first, end), want = {0};

			for (uint64_t o = first; o < end && o < SIZE; o++) {
				want.again += again[o];
				want.both += again[o] & answered[o];
			}
			assert_int_equal(got.again, want.again);
			assert_int_equal(got.both, want.both);
		}
	}
	sample_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_target_of_it_once),
		cmocka_unit_test(test_size_is_that_share),
		cmocka_unit_test(test_counts_against_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
