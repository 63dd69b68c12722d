/* SPDX-License-Identifier: BSD-3-Clause */

/* Shards are disjoint and together the whole; a walk can be cut, limited, and asked backwards. */

#include "walk.h"

#include <errno.h>

#include "test.h"

enum { BURST = 64, LARGEST = TEST_SLOW ? 1 << 20 : 1 << 24 };

static const uint32_t totals[] = {1, 2, 3, 7, 64, 1000};

static void walk_make(struct walk *w, uint64_t size, uint32_t index, uint32_t total,
		      uint64_t max_targets)
{
	/* a seed that differs with everything */
	assert_int_equal(walk_init(w, size, size * 1000003 + total, index, total, max_targets), 0);
}

/* All targets of a walk: returns how many; at and index have room for w->targets of them. */
static uint64_t walk_all(const struct walk *w, uint64_t *at, uint64_t *index)
{
	uint64_t a[BURST], x[BURST], next = 0, found = 0;
	unsigned n;

	while ((n = walk_next(w, &next, w->length, a, x, BURST)) > 0) {
		if (found + n > w->targets)
			fail_msg("size %lu: more than %lu targets", w->order.size, w->targets);
		memcpy(at + found, a, n * sizeof(*a));
		memcpy(index + found, x, n * sizeof(*x));
		found += n;
	}
	assert_int_equal(next, w->length);
	return found;
}

/* What one pass over all shards of a space has shown. */
struct cover {
	uint64_t *map; /* a bit for each index */
	uint64_t found, twice, wrong, lost, shared;
	uint64_t least, most; /* offsets of a shard */
};

static void cover_burst(struct cover *c, const struct walk *w, const uint64_t *at,
			const uint64_t *index, unsigned n)
{
	uint64_t back[BURST];

	walk_find(w, index, back, n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t bit = index[i] % w->order.size, mask = UINT64_C(1) << bit % 64;

		c->wrong += index[i] >= w->order.size || at[i] >= w->length ||
			    (i > 0 && at[i] <= at[i - 1]);
		c->lost += back[i] != at[i];
		c->twice += (c->map[bit / 64] & mask) != 0;
		c->map[bit / 64] |= mask;
	}
	c->found += n;
}

/* Whether n targets of one shard are another's, too. */
static void cover_others(struct cover *c, const struct walk *w, const uint64_t *index, unsigned n)
{
	uint32_t total = w->shard_total, step = w->order.size <= 512 && total <= 7 ? 1 : total - 1;
	uint64_t back[BURST];

	for (uint32_t other = 1; other < total; other += step) {
		struct walk o = *w;

		walk_make(&o, w->order.size, (w->shard_index + other) % total, total, 0);
		walk_find(&o, index, back, n);
		for (unsigned i = 0; i < n; i++)
			c->shared += back[i] != WALK_ELSEWHERE;
	}
}

static void cover_shard(struct cover *c, const struct walk *w)
{
	uint64_t at[BURST], index[BURST], next = 0, before = c->found;
	unsigned n;

	while ((n = walk_next(w, &next, w->length, at, index, BURST)) > 0) {
		cover_burst(c, w, at, index, n);
		if (w->order.size <= 4096 || next % 65536 < BURST)
			cover_others(c, w, index, n);
	}
	c->wrong += next != w->length || c->found - before != w->targets;
	c->least = w->length < c->least ? w->length : c->least;
	c->most = w->length > c->most ? w->length : c->most;
}

/* One bitmap over all shards: each index in one of them, once. */
static void check_shards(uint64_t size, uint32_t total, uint64_t *map)
{
	struct cover c = {.map = map, .least = UINT64_MAX};
	struct walk w;

	memset(map, 0, (size / 64 + 1) * sizeof(*map));
	for (uint32_t i = 0; i < total; i++) {
		walk_make(&w, size, i, total, 0);
		cover_shard(&c, &w);
	}
	if (c.found != size || c.twice + c.wrong + c.lost + c.shared != 0)
		fail_msg(
			"size %lu, %u shards: %lu found, %lu twice, %lu wrong, %lu not found back, "
			"%lu in two shards",
			size, total, c.found, c.twice, c.wrong, c.lost, c.shared);
	if (c.most - c.least > UINT64_C(1) << w.slice_bits)
		fail_msg("size %lu, %u shards of %lu to %lu offsets", size, total, c.least, c.most);
}

/* Every size for up to 7 shards; for more, which are mostly empty here, some. */
static void test_all_small_sizes(void **state)
{
	uint64_t map[4096 / 64 + 1];

	(void)state;
	for (uint64_t size = 1; size <= 4096; size++)
		for (size_t t = 0; t < ARRAY_LEN(totals); t++)
			if (totals[t] <= 7 || size % (totals[t] / (TEST_SLOW ? 2 : 20)) == 1)
				check_shards(size, totals[t], map);
}

static void test_large_sizes(void **state)
{
	static const uint64_t sizes[] = {65535,	  65536,   65537,	  1000000,
					 1048576, 3000001, (1 << 22) + 1, 1 << 24};
	uint64_t *map = malloc(((1 << 24) / 64 + 1) * sizeof(*map));

	(void)state;
	assert_non_null(map);
	for (size_t s = 0; s < ARRAY_LEN(sizes) && sizes[s] <= LARGEST; s++)
		for (size_t t = 0; t < ARRAY_LEN(totals); t++)
			check_shards(sizes[s], totals[t], map);
	free(map);
}

/* More shards than slices: who comes too late has nothing to do, and says so. */
static void test_empty_shards(void **state)
{
	uint64_t next = 0, at[1], index[1] = {0};
	struct walk w;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		walk_make(&w, 10, i, 1000, i % 3);
		next = 0;
		assert_true(i == 0 || w.length == 0);
		assert_int_equal(w.targets, i == 0 ? 10 : 0);
		assert_int_equal(walk_next(&w, &next, w.length, at, index, 1), i == 0);
		assert_int_equal(walk_targets_before(&w, w.length), w.targets);
		index[0] = 0;
		walk_find(&w, index, at, 1);
		assert_true(i == 0 || at[0] == WALK_ELSEWHERE);
	}
}

/* Bursts of any length, with a stop anywhere and from anywhere, are the whole walk. */
static void check_pieces(const struct walk *w, const uint64_t *at, const uint64_t *index,
			 uint64_t *seed)
{
	uint64_t a[BURST], x[BURST], next = 0, found = 0, from;

	while (next < w->length) {
		uint64_t end = next + test_random(seed) % 300;
		unsigned want = test_random(seed) % (BURST + 1), n;

		end = end < w->length ? end : w->length;
		n = walk_next(w, &next, end, a, x, want);
		assert_true(n == want || next == end);
		assert_true(found + n <= w->targets);
		assert_memory_equal(a, at + found, n * sizeof(*a));
		assert_memory_equal(x, index + found, n * sizeof(*x));
		found += n;
	}
	assert_int_equal(found, w->targets);

	for (int i = 0; i < 20 && w->length > 0; i++) {
		unsigned n;

		from = next = test_random(seed) % w->length;
		n = walk_next(w, &next, w->length, a, x, 1);
		found = walk_targets_before(w, from);
		assert_int_equal(n, found < w->targets);
		assert_true(n == 0 || (a[0] == at[found] && x[0] == index[found]));
	}
}

static void test_pieces_are_the_whole(void **state)
{
	static const uint64_t sizes[] = {1, 2, 63, 64, 65, 100, 1000, 4097, 70000, 300001};
	uint64_t seed = 5;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
		for (size_t t = 0; t < ARRAY_LEN(totals); t++) {
			uint64_t *at = malloc(2 * sizes[s] * sizeof(*at));
			struct walk w;

			walk_make(&w, sizes[s], totals[t] / 2, totals[t], 0);
			assert_int_equal(walk_all(&w, at, at + sizes[s]), w.targets);
			check_pieces(&w, at, at + sizes[s], &seed);
			free(at);
		}
}

/* So many targets and no more: the first ones of the unlimited walk, and no others are found. */
static void check_limit(const struct walk *all, const uint64_t *at, const uint64_t *index,
			uint64_t max)
{
	uint64_t *a = malloc((3 * all->targets + 1) * sizeof(*a)), *x = a + all->targets;
	uint64_t *back = x + all->targets, wrong = 0;
	struct walk w;

	walk_make(&w, all->order.size, all->shard_index, all->shard_total, max);
	assert_int_equal(w.targets, max);
	assert_true(w.length <= all->length);
	assert_int_equal(walk_all(&w, a, x), max);
	assert_memory_equal(a, at, max * sizeof(*a));
	assert_memory_equal(x, index, max * sizeof(*x));
	walk_find(&w, index, back, (unsigned)all->targets);
	for (uint64_t i = 0; i < all->targets; i++)
		wrong += back[i] != (i < max ? at[i] : WALK_ELSEWHERE);
	assert_int_equal(wrong, 0);
	free(a);
}

static void test_max_targets(void **state)
{
	static const uint64_t sizes[] = {1, 2, 5, 100, 129, 700, 5000, 70001};
	struct walk all, more;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
		for (size_t t = 0; t < 4; t++) {
			uint64_t size = sizes[s], *at = malloc(2 * size * sizeof(*at));

			walk_make(&all, size, totals[t] - 1, totals[t], 0);
			walk_all(&all, at, at + size);
			for (uint64_t max = 1; max <= all.targets; max += 1 + all.targets / 50)
				check_limit(&all, at, at + size, max);
			if (all.targets > 0)
				check_limit(&all, at, at + size, all.targets);
			walk_make(&more, size, totals[t] - 1, totals[t], all.targets + 1);
			assert_int_equal(more.length, all.length);
			assert_int_equal(more.targets, all.targets);
			free(at);
		}
}

static void test_targets_before(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= 3000; size += 1 + size / 10)
		for (size_t t = 0; t < 4; t++) {
			uint64_t *at = malloc(2 * size * sizeof(*at)), count = 0;
			struct walk w;

			walk_make(&w, size, 0, totals[t], 0);
			walk_all(&w, at, at + size);
			for (uint64_t end = 0; end <= w.length; end++) {
				while (count < w.targets && at[count] < end)
					count++;
				if (walk_targets_before(&w, end) != count)
					fail_msg("size %lu, %u shards: before %lu", size, totals[t],
						 end);
			}
			free(at);
		}
}

static void test_what_is_no_walk(void **state)
{
	struct walk w;

	(void)state;
	assert_int_equal(walk_init(&w, 0, 1, 0, 1, 0), -EINVAL);
	assert_int_equal(walk_init(&w, PERMUTE_SIZE_MAX + 1, 1, 0, 1, 0), -EINVAL);
	assert_int_equal(walk_init(&w, 10, 1, 0, 0, 0), -EINVAL);
	assert_int_equal(walk_init(&w, 10, 1, 3, 3, 0), -EINVAL);
	assert_int_equal(walk_init(&w, 10, 1, 2, 3, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_small_sizes), cmocka_unit_test(test_large_sizes),
		cmocka_unit_test(test_empty_shards),	cmocka_unit_test(test_pieces_are_the_whole),
		cmocka_unit_test(test_max_targets),	cmocka_unit_test(test_targets_before),
		cmocka_unit_test(test_what_is_no_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
