/* SPDX-License-Identifier: BSD-3-Clause */

#include "test.h"

#include "adapt.h"

#define MS UINT64_C(1000000) /* ns */

/*
 * A network with a bottleneck each way: what does not fit its queue is lost. Every hit-th frame is
 * answered after rtt_ms. Sending and looking are as in a scan: steps of a millisecond, a look every
 * 20 ms.
 */
enum { RTT_MAX = 1024 };

struct net {
	/* what it is like */
	double tx_capacity, tx_queue; /* frames/s, frames; capacity 0: none */
	double rx_capacity, rx_queue;
	double hits; /* share of the frames that are answered */
	unsigned rtt_ms;
	double can_send; /* frames/s that the sender is able to make; 0: any */

	/* what happens */
	uint64_t ms;
	double tx_waiting, rx_waiting, under_way[RTT_MAX];
	double sent, tx_lost, received, rx_lost; /* so far */
	struct adapt adapt;
	uint64_t highest, lowest; /* rates since they were set */
};

static struct adapt_seen net_seen(const struct net *n)
{
	return (struct adapt_seen){
		.sent = (uint64_t)n->sent,
		.tx_lost = (uint64_t)n->tx_lost,
		.received = (uint64_t)n->received,
		.rx_lost = (uint64_t)n->rx_lost,
	};
}

static void net_start(struct net *n, uint64_t ceiling)
{
	struct adapt_seen seen = net_seen(n);

	n->ms = 12345;
	adapt_init(&n->adapt, ceiling, &seen, n->ms * MS);
	assert_int_equal(n->adapt.rate, ceiling);
}

/* frames come to a queue of such a size that is emptied so fast: how many get out in a ms. */
static double queue_pass(double frames, double capacity, double size, double *waiting, double *lost)
{
	double out = frames;

	if (capacity == 0)
		return frames;
	*waiting += frames;
	out = *waiting < capacity / 1000 ? *waiting : capacity / 1000;
	*waiting -= out;
	if (*waiting > size) {
		*lost += *waiting - size;
		*waiting = size;
	}
	return out;
}

static void net_step(struct net *n)
{
	double rate = n->adapt.rate == RATE_MAX ? 1e6 : (double)n->adapt.rate;
	double *answers = &n->under_way[n->ms % RTT_MAX], out;

	if (n->can_send != 0 && rate > n->can_send)
		rate = n->can_send;
	n->sent += rate / 1000;
	out = queue_pass(rate / 1000, n->tx_capacity, n->tx_queue, &n->tx_waiting, &n->tx_lost);
	n->under_way[(n->ms + n->rtt_ms) % RTT_MAX] += out * n->hits;
	n->received +=
		queue_pass(*answers, n->rx_capacity, n->rx_queue, &n->rx_waiting, &n->rx_lost);
	*answers = 0;
	n->ms++;
}

static void net_look(struct net *n)
{
	struct adapt_seen seen = net_seen(n);
	uint64_t rate = adapt_look(&n->adapt, &seen, n->ms * MS);

	assert_int_equal(rate, n->adapt.rate);
	n->highest = rate > n->highest ? rate : n->highest;
	n->lowest = rate < n->lowest ? rate : n->lowest;
}

static void net_run(struct net *n, unsigned seconds)
{
	n->highest = 0;
	n->lowest = UINT64_MAX;
	for (unsigned ms = 0; ms < seconds * 1000; ms++) {
		net_step(n);
		if (n->ms % 20 == 0)
			net_look(n);
	}
}

static void test_no_loss(void **state)
{
	const uint64_t ceilings[] = {1, 15, 10000, 1000000, RATE_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		struct net n = {.hits = 0.02, .rtt_ms = 40};

		net_start(&n, ceilings[i]);
		net_run(&n, 60);
		assert_int_equal(n.lowest, ceilings[i]);
		assert_int_equal(n.adapt.backoffs, 0);
	}
}

/* Half a minute after the start, within any minute: nearly all of the capacity is used, little is
 * lost, the rate stays near. */
static void check_found(struct net *n, double capacity, uint64_t ceiling)
{
	net_start(n, ceiling);
	net_run(n, 30);
	for (int minute = 0; minute < 10; minute++) {
		double sent = n->sent, lost = n->tx_lost + n->rx_lost;
		uint64_t backoffs = n->adapt.backoffs;

		net_run(n, 60);
		sent = n->sent - sent;
		lost = n->tx_lost + n->rx_lost - lost;
		if (sent < capacity * 60 * 0.8 || n->highest > ceiling ||
		    (double)n->highest > 1.3 * capacity || (double)n->lowest < 0.5 * capacity)
			fail_msg("capacity %.0f, ceiling %.3g, minute %d: %.0f sent/s, rate %lu "
				 "... %lu",
				 capacity, (double)ceiling, minute, sent / 60, n->lowest,
				 n->highest);
		if (lost > sent * 0.01 || n->adapt.backoffs - backoffs > (minute == 0 ? 6 : 3))
			fail_msg("capacity %.0f, ceiling %.3g, minute %d: %.0f of %.0f lost, %lu "
				 "decreases",
				 capacity, (double)ceiling, minute, lost, sent,
				 n->adapt.backoffs - backoffs);
	}
}

static void test_finds_the_bottleneck(void **state)
{
	const double capacities[] = {5000, 30000, 200000, 900000}, queues[] = {0.005, 0.2};
	const unsigned rtts[] = {0, 40, 300};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(capacities) * ARRAY_LEN(queues) * ARRAY_LEN(rtts); i++) {
		double capacity = capacities[i % 4], queue = capacity * queues[i / 4 % 2];
		const uint64_t ceilings[] = {RATE_MAX, (uint64_t)capacity * 3 / 2,
					     (uint64_t)capacity * 20};

		for (size_t k = 0; k < ARRAY_LEN(ceilings); k++) {
			struct net tx = {.tx_capacity = capacity,
					 .tx_queue = queue,
					 .rtt_ms = rtts[i / 8],
					 .hits = 0.1};
			struct net rx = {.rx_capacity = capacity * 0.1,
					 .rx_queue = queue * 0.1,
					 .rtt_ms = rtts[i / 8],
					 .hits = 0.1};

			check_found(&tx, capacity, ceilings[k]);
			check_found(&rx, capacity, ceilings[k]);
		}
	}
}

/* A bottleneck that goes is left behind; one that comes is met. */
static void test_follows(void **state)
{
	struct net n = {.tx_capacity = 20000, .tx_queue = 100};

	(void)state;
	net_start(&n, 100000);
	net_run(&n, 300);
	n.tx_capacity = 0;
	net_run(&n, 300);
	assert_int_equal(n.adapt.rate, 100000);
	n.tx_capacity = 50000;
	net_run(&n, 30);
	n.tx_lost = 0;
	net_start(&n, n.adapt.rate);
	net_run(&n, 60);
	assert_in_range(n.adapt.rate, 25000, 65000);
	assert_true(n.tx_lost < 0.01 * 50000 * 60);
}

/* A stop of the process has no bearing on what the network bears: one decrease, and soon back. */
static void test_stop_of_the_process(void **state)
{
	struct net n = {.rtt_ms = 40, .hits = 0.1};

	(void)state;
	net_start(&n, 100000);
	net_run(&n, 5);
	n.ms += 5000;
	n.rx_lost += 4000; /* what came meanwhile did not fit */
	net_look(&n);
	assert_int_equal(n.adapt.backoffs, 1);
	assert_int_equal(n.adapt.rate, 70000);
	net_run(&n, 30);
	assert_int_equal(n.adapt.backoffs, 1);
	assert_int_equal(n.adapt.rate, 100000);
}

/* Who sends less than is allowed has not shown that more would do. */
static void test_unused_does_not_grow(void **state)
{
	struct net n = {.tx_capacity = 50000, .tx_queue = 100};
	uint64_t rate;

	(void)state;
	net_start(&n, RATE_MAX);
	net_run(&n, 20);
	n.can_send = 1000; /* the output is slow, say */
	net_run(&n, 1);
	rate = n.adapt.rate;
	net_run(&n, 600);
	assert_int_equal(n.adapt.rate, rate);
	assert_in_range(rate, 25000, 65000);
}

/* What is skipped neither lowers the rate, nor does time pass for the curve. */
static void test_skip(void **state)
{
	struct net n = {.tx_capacity = 50000, .tx_queue = 100};
	struct adapt_seen seen;
	uint64_t rate, backoffs;

	(void)state;
	net_start(&n, 100000);
	net_run(&n, 3);
	rate = n.adapt.rate;
	backoffs = n.adapt.backoffs;
	for (int s = 0; s < 60; s++) { /* the link is down */
		n.ms += 1000;
		n.tx_lost += 1000;
		seen = net_seen(&n);
		adapt_skip(&n.adapt, &seen, n.ms * MS);
	}
	n.ms += 20;
	net_look(&n);
	assert_int_equal(n.adapt.backoffs, backoffs);
	assert_in_range(n.adapt.rate, rate, rate + rate / 50);
}

/* Loss that the rate has no bearing on: it does not go below the floor, and comes back at once. */
static void test_floor(void **state)
{
	const struct {
		uint64_t ceiling, floor;
	} cases[] = {{RATE_MAX, 1000}, {100000, 1000}, {8000, 500}, {16, 1}, {1, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net n = {0};

		net_start(&n, cases[i].ceiling);
		for (int s = 0; s < 60; s++) {
			net_run(&n, 1);
			n.rx_lost++;
		}
		assert_in_range(n.adapt.rate, cases[i].floor, cases[i].floor * 2);
		assert_in_range(n.lowest, cases[i].floor, cases[i].floor * 2);
		if (cases[i].ceiling == RATE_MAX)
			continue;
		net_run(&n, 120);
		assert_int_equal(n.adapt.rate, cases[i].ceiling);
	}
}

/* Whatever is counted, whenever: never 0, never above the ceiling. */
static void test_any_counts(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int run = 0; run < 2000; run++) {
		struct adapt_seen seen = {0};
		uint64_t now = test_random(&seed) >> 2, ceiling;
		struct adapt a;

		ceiling = (test_random(&seed) >> test_random(&seed) % 64) + (run % 16 != 0);
		if (ceiling == 0)
			ceiling = RATE_MAX;
		adapt_init(&a, ceiling, &seen, now);
		for (int i = 0; i < 300; i++) {
			uint64_t *counts[] = {&seen.sent, &seen.tx_lost, &seen.received,
					      &seen.rx_lost};
			uint64_t more = test_random(&seed) >> (24 + test_random(&seed) % 40);

			*counts[test_random(&seed) % 4] += more;
			now += test_random(&seed) % 8 == 0 ? 0
							   : test_random(&seed) >> (30 + i % 32);
			assert_in_range(adapt_look(&a, &seen, now), 1, ceiling);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_loss),
		cmocka_unit_test(test_finds_the_bottleneck),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_stop_of_the_process),
		cmocka_unit_test(test_unused_does_not_grow),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_any_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
