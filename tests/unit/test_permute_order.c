/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The order looks random. The tests know what a random order does, and allow what chance allows:
 * a two-sided 1e-4 for each chi-square. A permutation whose first probes favour some networks, as
 * weak Feistel rounds do, fails them by orders of magnitude (see test_weak_order_is_caught).
 */

#include "walk.h"

#include <math.h>

#include "test.h"

enum { BURST = 64, LAGS = 64 };

/* All of IPv4; what the default exclusions leave (about), one and three ports, and one of seven
 * shards of it; more ports than a row is wide; the limit. */
struct space {
	uint64_t size;
	uint32_t ports, shard, shards;
};

static const struct space internet = {UINT64_C(1) << 32, 1, 0, 1};
static const struct space spaces[] = {
	{UINT64_C(1) << 32, 1, 0, 1},	   {UINT64_C(3702258432), 1, 0, 1},
	{UINT64_C(3702258432), 1, 3, 7},   {UINT64_C(3702258432) * 3, 3, 0, 1},
	{UINT64_C(1677721600), 100, 0, 1}, {UINT64_C(1) << 48, 65536, 0, 1},
};

static void space_walk(const struct space *s, uint64_t seed, struct walk *w)
{
	assert_int_equal(walk_init(w, s->size, seed, s->shard, s->shards, 0), 0);
}

static uint64_t *order_take(const struct walk *w, uint64_t from, uint64_t n)
{
	uint64_t *index = malloc((n + BURST) * sizeof(*index)), at[BURST], found = 0;

	assert_non_null(index);
	while (found < n)
		found += walk_next(w, &from, w->length, at, index + found, BURST);
	return index;
}

/*
 * How far chi-square is from what chance makes of it, in standard deviations (Wilson and Hilferty
 * 1931). Cell of an index: its address's prefix (cells > 0) or its port (cells == 0).
 */
static double chi_square(const uint64_t *index, uint64_t n, uint64_t size, uint32_t ports,
			 uint32_t cells)
{
	uint64_t addrs = size / ports, width = cells ? (addrs + cells - 1) / cells : 1;
	uint32_t used = cells ? (uint32_t)((addrs + width - 1) / width) : ports;
	uint32_t *count = calloc(used, sizeof(*count));
	double sum = 0, k = used - 1;

	assert_non_null(count);
	for (uint64_t i = 0; i < n; i++)
		count[cells ? index[i] / ports / width : index[i] % ports]++;
	for (uint32_t c = 0; c < used; c++) {
		uint64_t left = addrs - c * width;
		double share =
			cells ? (double)(left < width ? left : width) / (double)addrs : 1.0 / ports;
		double expected = (double)n * share;

		sum += (count[c] - expected) * (count[c] - expected) / expected;
	}
	free(count);
	sum *= (double)(size - 1) / (double)(size - n); /* each target once only */
	return (cbrt(sum / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
}

static void check_even(const uint64_t *index, uint64_t n, uint64_t size, uint32_t ports)
{
	static const uint32_t cells[] = {256, 4096, 65536, 0}; /* /8, /12, /16; ports */

	for (size_t c = 0; c < ARRAY_LEN(cells); c++) {
		double z;

		if (cells[c] == 0 && ports == 1)
			continue;
		z = chi_square(index, n, size, ports, cells[c]);
		if (fabs(z) > 3.72) /* p < 1e-4 on either side */
			fail_msg("size %lu: first %lu over %u cells: z = %.2f", size, n, cells[c],
				 z);
	}
}

static void test_prefixes_and_ports_are_even(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(spaces); s++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			uint64_t *index, most = seed == 1 ? 10000000 : 1000000;
			struct walk w;

			space_walk(&spaces[s], seed, &w);
			index = order_take(&w, 0, most);
			for (uint64_t n = 100000; n <= most; n *= 10)
				check_even(index, n, spaces[s].size, spaces[s].ports);
			free(index);
		}
}

/* The spread of 10^5 probes over 1,024 networks, as in masscan's issue 505: a random order has
 * sqrt(97.7) = 9.88. */
static double spread(const uint64_t *index, uint64_t n, uint64_t size)
{
	uint64_t width = (size + 1023) / 1024;
	uint32_t count[1024] = {0};
	double mean = (double)n / 1024, sum = 0;

	for (uint64_t i = 0; i < n; i++)
		count[index[i] / width]++;
	for (int i = 0; i < 1024; i++)
		sum += (count[i] - mean) * (count[i] - mean);
	return sqrt(sum / 1024);
}

static void test_spread_over_1024_networks(void **state)
{
	double least = 100, most = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct walk w;
		uint64_t *index;
		double sd;

		space_walk(&internet, seed, &w);
		index = order_take(&w, 0, 100000);
		sd = spread(index, 100000, internet.size);
		free(index);
		least = fmin(least, sd);
		most = fmax(most, sd);
	}
	print_message("# standard deviation over 1,024 networks: %.2f ... %.2f\n", least, most);
	assert_true(least > 9.2 && most < 10.6);
}

/* What comes `lag` probes later does not depend on what came. */
static void test_neighbours_in_time_are_independent(void **state)
{
	const uint64_t n = 1000000;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(spaces); s++) {
		double half = (double)spaces[s].size / 2, worst = 0;
		struct walk w;
		uint64_t *index;

		space_walk(&spaces[s], 7, &w);
		index = order_take(&w, 0, n + LAGS);
		for (int lag = 1; lag <= LAGS; lag++) {
			double sum = 0;

			for (uint64_t i = 0; i < n; i++)
				sum += ((double)index[i] / half - 1) *
				       ((double)index[i + lag] / half - 1);
			worst = fmax(worst, fabs(sum * 3 / sqrt((double)n)));
		}
		free(index);
		assert_true(worst < 4.8); /* 384 tries: chance exceeds this once in 1,600 runs */
	}
}

/* A network's counter overflows where the order crowds: most probes to one /24 within 10^6. */
static unsigned crowd(const uint64_t *index, uint64_t n, uint32_t ports, uint8_t *count)
{
	unsigned most = 0;

	memset(count, 0, 1 << 24);
	for (uint64_t i = 0; i < n; i++) {
		uint8_t hits = ++count[index[i] / ports >> 8];

		most = hits > most ? hits : most;
	}
	return most;
}

static void test_no_network_is_hammered(void **state)
{
	/* Of 14.5 million /24, 0.069 hits expected in each: seven or more in one has a chance of
	 * 2e-5 a window, eight 2e-7. */
	const uint64_t n = 1000000;
	uint8_t *count = malloc(1 << 24);
	uint64_t seed = 8;

	(void)state;
	assert_non_null(count);
	for (size_t s = 0; s < 4; s++)
		for (int window = 0; window < 6; window++) {
			uint64_t from, *index;
			struct walk w;

			space_walk(&spaces[s], seed, &w);
			from = window == 0 ? 0 : test_random(&seed) % (w.length - 2 * n);
			index = order_take(&w, from, n);
			assert_true(crowd(index, n, spaces[s].ports, count) < 8);
			free(index);
		}
	free(count);
}

static void test_seeds_give_other_orders(void **state)
{
	uint64_t first[64][BURST], pos[BURST];
	unsigned same = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 64; seed++) {
		struct permute p;
		uint64_t next = 0;

		permute_init(&p, 1000000, seed);
		permute_next(&p, &next, p.domain, pos, first[seed], BURST);
		for (uint64_t other = 0; other < seed; other++)
			for (int i = 0; i < BURST; i++)
				same += first[seed][i] == first[other][i];
	}
	assert_true(same <= 3); /* 129,024 comparisons, 0.13 by chance */
}

/* A network of 3 addresses has 6 orders: all come up, none too often. */
static void test_small_orders_all_occur(void **state)
{
	unsigned count[27] = {0}, seen = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 6000; seed++) {
		uint64_t pos[3], index[3], next = 0;
		struct permute p;

		permute_init(&p, 3, seed);
		assert_int_equal(permute_next(&p, &next, p.domain, pos, index, 3), 3);
		count[index[0] * 9 + index[1] * 3 + index[2]]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(count); i++) {
		seen += count[i] > 0;
		assert_true(count[i] < 2100);
	}
	assert_int_equal(seen, 6);
}

/* The yardstick itself: an order of two rounds only must not pass. */
static void test_weak_order_is_caught(void **state)
{
	const uint64_t n = 100000, size = UINT64_C(1) << 32;
	uint64_t *index = malloc(n * sizeof(*index));
	double z;

	(void)state;
	assert_non_null(index);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t left = (uint32_t)(i >> 16), right = i & 0xffff;

		left = (left + (right * 0x9e3779b1u >> 16)) & 0xffff;
		right ^= left * 0x85ebca6bu >> 16;
		index[i] = (uint64_t)left << 16 | right;
	}
	z = chi_square(index, n, size, 1, 65536);
	free(index);
	assert_true(fabs(z) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_and_ports_are_even),
		cmocka_unit_test(test_spread_over_1024_networks),
		cmocka_unit_test(test_neighbours_in_time_are_independent),
		cmocka_unit_test(test_no_network_is_hammered),
		cmocka_unit_test(test_seeds_give_other_orders),
		cmocka_unit_test(test_small_orders_all_occur),
		cmocka_unit_test(test_weak_order_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
