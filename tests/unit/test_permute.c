/* SPDX-License-Identifier: BSD-3-Clause */

/* The order is a bijection: each target once, for any size and seed. */

#include "permute.h"

#include <errno.h>

#include "test.h"

enum { BURST = 64 };

static uint64_t *bitmap_make(uint64_t bits)
{
	uint64_t *map = calloc(bits / 64 + 1, sizeof(*map));

	assert_non_null(map);
	return map;
}

/* Returns whether the bit was set before. */
static bool bitmap_set(uint64_t *map, uint64_t bit)
{
	uint64_t mask = UINT64_C(1) << bit % 64, before = map[bit / 64];

	map[bit / 64] = before | mask;
	return before & mask;
}

/* Walks the whole domain of a permutation: each index once, none outside, and each found back. */
static void enumerate(uint64_t size, uint64_t seed, uint64_t *map)
{
	uint64_t pos[BURST], index[BURST], back[BURST], next = 0, found = 0, twice = 0, wrong = 0;
	struct permute p;
	unsigned n;

	assert_int_equal(permute_init(&p, size, seed), 0);
	assert_true(p.domain >= size && p.domain < 2 * size);
	memset(map, 0, (size / 64 + 1) * sizeof(*map));
	while ((n = permute_next(&p, &next, p.domain, pos, index, BURST)) > 0) {
		permute_back(&p, index, back, n);
		for (unsigned i = 0; i < n; i++) {
			wrong += index[i] >= size || back[i] != pos[i];
			twice += bitmap_set(map, index[i] < size ? index[i] : 0);
		}
		found += n;
	}
	if (found != size || twice != 0 || wrong != 0 || next != p.domain)
		fail_msg("size %lu seed %lu: %lu found, %lu twice, %lu wrong", size, seed, found,
			 twice, wrong);
}

static void test_all_small_sizes(void **state)
{
	static const uint64_t seeds[] = {0, 1, 2, UINT64_MAX, UINT64_C(0x123456789abcdef0)};
	uint64_t *map = bitmap_make(4096);

	(void)state;
	for (uint64_t size = 1; size <= 4096; size++)
		for (size_t s = 0; s < ARRAY_LEN(seeds); s++)
			enumerate(size, seeds[s], map);
	free(map);
}

/* What is outside of the space is part of the bijection, too: of the domain. */
static void test_domain_is_a_bijection(void **state)
{
	uint64_t map[4096 * 2 / 64 + 1];
	struct permute p;

	(void)state;
	for (uint64_t size = 1; size <= 1024; size++) {
		permute_init(&p, size, size);
		memset(map, 0, sizeof(map));
		for (uint64_t pos = 0; pos < p.domain; pos++) {
			uint64_t index, back;

			permute_forth(&p, &pos, &index, 1);
			assert_true(index < p.domain);
			assert_false(bitmap_set(map, index));
			permute_back(&p, &index, &back, 1);
			assert_int_equal(back, pos);
		}
	}
}

/* A size whose logarithm is even up to 2^bits: two draws, or its last bits would follow from it. */
static uint64_t random_size(unsigned bits, uint64_t *seed)
{
	uint64_t most = UINT64_C(2) << test_random(seed) % bits;

	return test_random(seed) % most + 1;
}

/* 10^4 sizes up to 2^26, as many small as large ones; in the long run mostly large ones. */
static void test_random_sizes(void **state)
{
	const uint64_t most = UINT64_C(1) << 26;
	uint64_t *map = bitmap_make(most), seed = 3;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t size = test_long() ? test_random(&seed) % most + 1
					    : random_size(TEST_SLOW ? 16 : 26, &seed);

		enumerate(size, test_random(&seed), map);
	}
	if (!TEST_SLOW)
		enumerate(most - 1, 1, map);
	free(map);
}

static void check_inverse(const struct permute *p, const uint64_t *pos)
{
	uint64_t index[BURST], back[BURST];

	permute_forth(p, pos, index, BURST);
	permute_back(p, index, back, BURST);
	assert_memory_equal(back, pos, sizeof(back));
	for (int i = 0; i < BURST; i++)
		assert_true(index[i] < p->domain);
	permute_back(p, pos, index, BURST);
	permute_forth(p, index, back, BURST);
	assert_memory_equal(back, pos, sizeof(back));
}

/* Both ends of the domain, the end of the space, and samples between. */
static void check_large(uint64_t size, uint64_t samples, uint64_t *seed)
{
	uint64_t pos[BURST];
	struct permute p;

	assert_int_equal(permute_init(&p, size, test_random(seed)), 0);
	assert_true(p.domain >= size && p.domain < 2 * size);
	for (uint64_t i = 0; i < BURST; i++)
		pos[i] = i % p.domain;
	check_inverse(&p, pos);
	for (uint64_t i = 0; i < BURST; i++)
		pos[i] = p.domain - 1 - i % p.domain;
	check_inverse(&p, pos);
	for (uint64_t i = 0; i < BURST; i++)
		pos[i] = (size - 1 + i) % p.domain;
	check_inverse(&p, pos);
	for (uint64_t done = 0; done < samples; done += BURST) {
		for (uint64_t i = 0; i < BURST; i++)
			pos[i] = test_random(seed) % p.domain;
		check_inverse(&p, pos);
	}
}

static void test_sizes_to_the_limit(void **state)
{
	const uint64_t samples = TEST_SLOW ? 10000000 : 100000000;
	uint64_t seed = 4;

	(void)state;
	for (unsigned bits = 0; bits <= 48; bits++)
		for (uint64_t off = 0; off < 3; off++) {
			uint64_t size = (UINT64_C(1) << bits) + off - 1;

			if (size >= 1 && size <= PERMUTE_SIZE_MAX)
				check_large(size, 4096, &seed);
		}
	for (int i = 0; i < 1000; i++)
		check_large(test_random(&seed) % PERMUTE_SIZE_MAX + 1, 1024, &seed);
	check_large(PERMUTE_SIZE_MAX, samples / 2, &seed);
	check_large(PERMUTE_SIZE_MAX - 12345678901, samples / 2, &seed);
}

static void test_size_is_checked(void **state)
{
	struct permute p;

	(void)state;
	assert_int_equal(permute_init(&p, 0, 1), -EINVAL);
	assert_int_equal(permute_init(&p, PERMUTE_SIZE_MAX + 1, 1), -EINVAL);
	assert_int_equal(permute_init(&p, UINT64_MAX, 1), -EINVAL);
	assert_int_equal(permute_init(&p, PERMUTE_SIZE_MAX, 1), 0);
	assert_int_equal(p.domain, PERMUTE_SIZE_MAX);
}

/* Positions walked per probe. Between two powers of two it falls with the size, so the sizes just
 * above each say it for all; the small ones are tried one by one. */
static void test_candidates_per_probe(void **state)
{
	uint64_t worst_size = 0;
	double worst = 0;
	struct permute p;

	(void)state;
	for (uint64_t i = 0; i < (UINT64_C(1) << 20) + 3 * 29; i++) {
		uint64_t over = i - (UINT64_C(1) << 20);
		uint64_t size = i < UINT64_C(1) << 20
					? i + 1
					: (UINT64_C(1) << (20 + over / 3)) + 1 + over % 3;

		if (size > PERMUTE_SIZE_MAX)
			continue;
		permute_init(&p, size, 1);
		if ((double)p.domain / (double)size > worst) {
			worst = (double)p.domain / (double)size;
			worst_size = size;
		}
	}
	print_message("# at most %.4f candidates a probe (size %lu)\n", worst, worst_size);
	assert_true(worst < 1.34);
}

/* Bursts of any length, a stop anywhere, and a walk in pieces give the same order. */
static void test_next_in_pieces(void **state)
{
	uint64_t whole[1024], pos[1024], index[1024], at[1024], seed = 5;
	struct permute p;

	(void)state;
	for (uint64_t size = 1; size <= 1000; size += 37) {
		uint64_t next = 0, found = 0;

		permute_init(&p, size, size);
		assert_int_equal(permute_next(&p, &next, p.domain, at, whole, 1024), size);
		assert_int_equal(next, p.domain);
		for (next = 0; next < p.domain;) {
			uint64_t end = next + test_random(&seed) % 50;
			unsigned want = test_random(&seed) % 40;
			unsigned n;

			end = end < p.domain ? end : p.domain;
			n = permute_next(&p, &next, end, pos, index, want);
			assert_true(n == want || next == end);
			assert_memory_equal(index, whole + found, n * sizeof(*index));
			assert_memory_equal(pos, at + found, n * sizeof(*pos));
			found += n;
		}
		assert_int_equal(found, size);
		assert_int_equal(permute_next(&p, &next, p.domain, pos, index, 64), 0);
	}
}

static void test_in_place(void **state)
{
	uint64_t pos[100], index[100], same[100];
	struct permute p;

	(void)state;
	permute_init(&p, 123456789, 6);
	for (uint64_t i = 0; i < 100; i++)
		same[i] = pos[i] = i * 1000003;
	permute_forth(&p, pos, index, 100);
	permute_forth(&p, same, same, 100);
	assert_memory_equal(same, index, sizeof(same));
	permute_back(&p, same, same, 100);
	assert_memory_equal(same, pos, sizeof(same));
}

/* The order belongs to the job's seed: it must not change from release to release, or a resumed or
 * sharded scan would leave targets out. */
static void test_order_is_fixed(void **state)
{
	static const uint64_t expected[] = {995617, 990821, 729996, 790786,
					    641645, 712668, 434174, 356265};
	uint64_t pos[8], index[8], next = 0;
	struct permute p;

	(void)state;
	permute_init(&p, 1000000, 42);
	assert_int_equal(permute_next(&p, &next, p.domain, pos, index, 8), 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(index[i], expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_small_sizes),
		cmocka_unit_test(test_domain_is_a_bijection),
		cmocka_unit_test(test_random_sizes),
		cmocka_unit_test(test_sizes_to_the_limit),
		cmocka_unit_test(test_size_is_checked),
		cmocka_unit_test(test_candidates_per_probe),
		cmocka_unit_test(test_next_in_pieces),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_order_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
