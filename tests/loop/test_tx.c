/* SPDX-License-Identifier: BSD-3-Clause */

/* The sending half of an lcore, step by step over rings: every target, once, unless it may not. */

#include "sent.h"

#include <pthread.h>

#define SPECIAL "198.18.0.0/15" /* what may be probed here */

/* How often each target left. */
struct tally {
	const struct rig *rig;
	uint8_t *count;
	uint64_t n;
};

static void tally_init(struct tally *t, const struct rig *r)
{
	*t = (struct tally){r, calloc(target_space_size(r->space), 1), 0};
	assert_non_null(t->count);
}

/* Returns how often it has left before. */
static unsigned tally_add(struct tally *t, const struct sent *s)
{
	uint64_t index;

	target_space_rank(t->rig->space, &s->daddr, &s->dport, &index, 1);
	assert_int_not_equal(index, TARGET_ABSENT);
	t->n++;
	return t->count[index]++;
}

/* All targets of the space, each so often. */
static void tally_is(struct tally *t, unsigned times)
{
	uint64_t size = target_space_size(t->rig->space), wrong = 0;

	for (uint64_t i = 0; i < size; i++)
		wrong += t->count[i] != times;
	assert_int_equal(wrong, 0);
	assert_int_equal(t->n, size * times);
	free(t->count);
}

/* The targets in their order, as the walk has it. */
static struct sent *expected(const struct rig *r)
{
	const struct walk *w = &r->stream.walk;
	struct sent *want = calloc(w->targets + 1, sizeof(*want));
	uint64_t at[64], index[64], next = 0, n = 0;
	unsigned got;

	assert_non_null(want);
	while ((got = walk_next(w, &next, w->length, at, index, 64)) > 0)
		for (unsigned i = 0; i < got; i++, n++)
			target_space_pick(r->space, &index[i], &want[n].daddr, &want[n].dport, 1);
	return want;
}

static void is_target(const struct sent *got, const struct sent *want)
{
	assert_int_equal(got->daddr, want->daddr);
	assert_int_equal(got->dport, want->dport);
}

/* In order, with the cookie in all its places. */
static void test_every_target_in_order(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/22,198.18.77.3", .ports = "80,443,8080", .lift = SPECIAL};
	struct sent *sent, *want;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	want = expected(&r);
	sent = calloc(rig_probes(&r), sizeof(*sent));
	assert_int_equal(rig_send_all(&r, sent), 1025 * 3);
	for (unsigned i = 0; i < 1025 * 3; i++) {
		struct cookie cookie;

		is_target(&sent[i], &want[i]);
		cookie_make(&r.stream.key, &want[i].daddr, &want[i].dport, 0, &cookie, 1);
		assert_int_equal(sent[i].seq, cookie.seq);
		assert_int_equal(sent[i].sport, source_port(&r.stream.probe.source, &cookie));
		assert_int_equal(sent[i].saddr, source_addr(&r.stream.probe.source, &cookie));
	}
	assert_int_equal(r.tx[0].stats.sent, 1025 * 3);
	assert_int_equal(tx_leftover(&r.tx[0]) + stream_unclaimed(&r.stream), 0);
	free(sent);
	free(want);
	rig_close(&r);
}

static bool denied(uint32_t addr)
{
	return addr >> 17 != 0xc612 >> 1 || addr >> 8 == 0xc61201;
}

/* A target space that lets through what was excluded and what is special: the gate stops each of
 * these probes, and no other. */
static void test_gate_catches_everything(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/22,10.1.2.0/24,127.0.0.0/28,255.255.255.255,224.0.0.9",
		.ports = "80,443",
		.exclude = "198.18.1.0/24",
		.lift = SPECIAL,
		.broken = true,
	};
	const uint64_t bad = (256 + 256 + 16 + 1 + 1) * 2, good = 768 * 2;
	struct tally tally;
	struct sent *sent;
	uint64_t n;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	assert_int_equal(rig_probes(&r), bad + good);
	sent = calloc(bad + good, sizeof(*sent));
	n = rig_send_all(&r, sent);
	tally_init(&tally, &r);
	for (uint64_t i = 0; i < n; i++) {
		assert_false(denied(sent[i].daddr));
		assert_int_equal(tally_add(&tally, &sent[i]), 0);
	}
	assert_int_equal(n, good);
	assert_int_equal(r.tx[0].stats.gate_hits, bad);
	assert_int_equal(r.tx[0].stats.sent, good);
	assert_int_equal(r.tx[0].stats.opted_out, 0);
	free(tally.count);
	free(sent);
	rig_close(&r);
}

/* So many prefixes that what they are is looked at ahead; most of the denied addresses are alone in
 * their /24. */
static void test_gate_catches_what_it_sees_ahead(void **state)
{
	static char exclude[4096 * 20] = "198.18.1.0/24";
	struct rig_conf conf = {
		.targets = "198.18.0.0/19",
		.ports = "80",
		.exclude = exclude,
		.lift = SPECIAL,
		.broken = true,
	};
	size_t len = strlen(exclude);
	struct tally tally;
	struct sent *sent;
	uint64_t n;
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < 2048; i++)
		len += (size_t)snprintf(exclude + len, sizeof(exclude) - len, ",20.%u.%u.9", i >> 8,
					i & 255);
	for (unsigned i = 2; i < 32; i++)
		len += (size_t)snprintf(exclude + len, sizeof(exclude) - len, ",198.18.%u.%u", i,
					200 + i);
	rig_open(&r, &conf);
	assert_true(ahead_pays(&r.stream));
	sent = calloc(rig_probes(&r), sizeof(*sent));
	n = rig_send_all(&r, sent);
	tally_init(&tally, &r);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t net = sent[i].daddr >> 8 & 255, host = sent[i].daddr & 255;

		assert_int_not_equal(net, 1);
		assert_false(net >= 2 && host == 200 + net);
		assert_int_equal(tally_add(&tally, &sent[i]), 0);
	}
	assert_int_equal(n, 8192 - 256 - 30);
	assert_int_equal(r.tx[0].stats.gate_hits, 256 + 30);
	assert_int_equal(r.tx[0].stats.opted_out, 0);
	free(tally.count);
	free(sent);
	rig_close(&r);
}

/* A device that takes one frame or none at a call: nothing lost, nothing twice, the order kept.
 * (ZMap gives up on a frame after ten refusals, and counts it as sent.) */
static void test_narrow_device(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/22", .ports = "80", .lift = SPECIAL, .depth = 1};
	uint64_t seed = 1, n = 0;
	struct sent *want, sent;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	want = expected(&r);
	for (unsigned turn = 0; n < 1024; turn++) {
		assert_true(turn < 100000);
		assert_true(tx_step(&r.tx[0], r.now += 1000) <= 64);
		if (test_random(&seed) % 4 != 0 || rig_take(&r, 0, &sent, 1) == 0)
			continue;
		is_target(&sent, &want[n++]);
		assert_in_range(r.tx[0].stats.sent, n, n + 1);
	}
	tx_step(&r.tx[0], r.now += 1000);
	assert_true(r.tx[0].done);
	assert_int_equal(rig_take(&r, 0, &sent, 1), 0);
	assert_int_equal(r.tx[0].stats.sent, 1024);
	assert_true(r.tx[0].stats.ring_full > 1000);
	free(want);
	rig_close(&r);
}

/* Stopped anywhere: what waits for the device still goes out, the rest is counted as left. */
static void test_stop_counts_what_is_left(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/24",
				.ports = "80,81",
				.lift = SPECIAL,
				.depth = 8,
				.run = 50};
	struct rig r;

	(void)state;
	for (unsigned turns = 0; turns < 150; turns += 7) {
		uint64_t taken = 0, left;
		struct sent sent[64];

		rig_open(&r, &conf);
		for (unsigned i = 0; i < turns + 30; i++) {
			r.stop = i >= turns;
			tx_step(&r.tx[0], r.now += 1000);
			taken += rig_take(&r, 0, sent, r.stop ? 64 : 5);
		}
		left = tx_leftover(&r.tx[0]) + stream_unclaimed(&r.stream);
		assert_int_equal(taken, r.tx[0].stats.sent);
		assert_int_equal(taken + left, 512);
		assert_true(turns < 2 || taken >= 8);
		assert_true(turns > 50 || left > 0);
		rig_close(&r);
	}
}

/* No frame is free: later there is, and nothing is missing. */
static void test_empty_pool_loses_nothing(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/24", .ports = "80", .lift = SPECIAL};
	struct rte_mbuf *hoard[RIG_POOL];
	struct tally tally;
	struct sent sent[64];
	unsigned n = 0;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	tally_init(&tally, &r);
	while (rte_mempool_avail_count(r.pool[0]) > 0)
		hoard[n++] = rte_pktmbuf_alloc(r.pool[0]);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(tx_step(&r.tx[0], r.now += 1000), 0);
	assert_false(r.tx[0].done);
	assert_int_equal(r.tx[0].stats.no_mbuf, 100);
	rte_pktmbuf_free_bulk(hoard, n);
	while (!r.tx[0].done) {
		tx_step(&r.tx[0], r.now += 1000);
		n = rig_take(&r, 0, sent, 64);
		for (unsigned i = 0; i < n; i++)
			tally_add(&tally, &sent[i]);
	}
	tally_is(&tally, 1);
	rig_close(&r);
}

/* A dry run builds everything, and hands nothing to the device. */
static void test_dry_run(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/22", .ports = "80", .lift = SPECIAL};
	struct sent *sent = calloc(1024, sizeof(*sent));
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	r.tx[0].dry = true;
	assert_int_equal(rig_send_all(&r, sent), 0);
	assert_int_equal(r.tx[0].stats.sent, 1024);
	free(sent);
	rig_close(&r);
}

/* --- the blocklist grows --- */

/* While a burst waits for a full device: what waits and is on the list now does not leave. */
static void test_opted_out_while_waiting(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/23", .ports = "80", .lift = SPECIAL, .depth = 8};
	uint64_t n = 0, before = 0;
	struct tally tally;
	struct sent sent[64];
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	tally_init(&tally, &r);
	assert_int_equal(tx_step(&r.tx[0], r.now), 8); /* and 56 wait */
	rig_opt_out(&r, "198.18.0.0/24\n");
	n = rig_take(&r, 0, sent, 64);
	assert_int_equal(n, 8);
	for (unsigned i = 0; i < n; i++) {
		tally_add(&tally, &sent[i]);
		before += sent[i].daddr >> 8 == 0xc61200;
	}
	while (!r.tx[0].done) {
		tx_step(&r.tx[0], r.now += 1000);
		n = rig_take(&r, 0, sent, 64);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(sent[i].daddr >> 8, 0xc61201);
			assert_int_equal(tally_add(&tally, &sent[i]), 0);
		}
	}
	assert_int_equal(tally.n, 256 + before);
	assert_int_equal(r.tx[0].stats.sent, 256 + before);
	assert_int_equal(r.tx[0].stats.opted_out, 256 - before);
	assert_int_equal(r.tx[0].stats.gate_hits, 0);
	free(tally.count);
	rig_close(&r);
}

/* --- the ceiling for a prefix --- */

/* Times at which probes left for one prefix. */
struct times {
	uint64_t *at;
	unsigned n;
};

/* Steps of a fifth of a millisecond until all is sent; returns the most that was put off at once,
 * with what was claimed beyond. */
static uint64_t ceiling_run(struct rig *r, struct tally *tally, struct times *times)
{
	struct sent sent[64];
	uint64_t most = 0;

	for (unsigned turn = 0; !r->tx[0].done; turn++) {
		unsigned n = 0;

		tx_step(&r->tx[0], r->now);
		if (turn % 64 == 0) {
			uint64_t left = tx_leftover(&r->tx[0]);

			assert_int_equal(r->tx[0].stats.sent + left + stream_unclaimed(&r->stream),
					 rig_probes(r));
			most = left > most ? left : most;
		}
		n = rig_take(r, 0, sent, 64);
		for (unsigned i = 0; i < n; i++) {
			struct times *t = &times[sent[i].daddr >> 8 & 0xff];

			assert_int_equal(tally_add(tally, &sent[i]), 0);
			t->at[t->n++] = r->now;
		}
		r->now += 200000;
		assert_true(r->now < 1000 * RIG_HZ);
	}
	return most;
}

static uint64_t check_ceiling(const char *targets, const char *ports, uint64_t rate)
{
	struct rig_conf conf = {.targets = targets,
				.ports = ports,
				.lift = SPECIAL,
				.rate = 100000,
				.run = 64,
				.prefix_rate = rate};
	struct times times[256] = {0};
	struct tally tally;
	uint64_t most;
	struct rig r;

	rig_open(&r, &conf);
	tally_init(&tally, &r);
	for (unsigned i = 0; i < 256; i++)
		assert_non_null(times[i].at = calloc(rig_probes(&r), sizeof(uint64_t)));
	most = ceiling_run(&r, &tally, times);
	tally_is(&tally, 1);
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned k = 0; k + rate < times[i].n; k++) /* in any second */
			assert_true(times[i].at[k + rate] - times[i].at[k] >= RIG_HZ);
		free(times[i].at);
	}
	assert_int_equal(r.tx[0].stats.sent, rig_probes(&r));
	rig_close(&r);
	return most;
}

static void test_prefix_ceiling(void **state)
{
	(void)state;
	check_ceiling("198.18.0.0/22,198.18.9.0/28", "80", 20);
	check_ceiling("198.18.0.0/26,198.18.1.0/24", "80,443", 7);
	check_ceiling("198.18.0.0/29", "80", 1);
}

/* More probes to some prefixes than can be put off: sending waits, and nothing is lost. */
static void test_prefix_ceiling_with_a_full_queue(void **state)
{
	uint64_t most;

	(void)state;
	most = check_ceiling("198.18.0.0/20", "80,443", 40); /* 8,192 targets, 4,096 places */
	assert_in_range(most, DEFERRALS_MAX - 2 * TX_BURST, DEFERRALS_MAX + 2 * TX_BURST);
}

/* --- several lcores --- */

/* Two lcores in turn, at uneven speed. */
static void test_two_lcores_in_turn(void **state)
{
	struct rig_conf conf = {
		.targets = "198.18.0.0/20", .ports = "80", .lift = SPECIAL, .lcores = 2, .run = 7};
	struct tally tally;
	struct sent sent[64];
	uint64_t seed = 2;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	tally_init(&tally, &r);
	while (!r.tx[0].done || !r.tx[1].done) {
		unsigned which = test_random(&seed) % 3 == 0, n;

		tx_step(&r.tx[which], r.now += 1000);
		n = rig_take(&r, which, sent, 64);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(tally_add(&tally, &sent[i]), 0);
	}
	tally_is(&tally, 1);
	assert_true(r.tx[0].stats.sent > 500 && r.tx[1].stats.sent > 500);
	rig_close(&r);
}

static void *thread_run(void *arg)
{
	struct tx *tx = arg;
	uint64_t now = RIG_HZ;

	while (!tx->done)
		tx_step(tx, now += 1000);
	return NULL;
}

/* Two lcores at once, on a device that is now and then full. */
static void test_two_lcores_at_once(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/16",
				.ports = "80,443",
				.lift = SPECIAL,
				.lcores = 2,
				.depth = 256,
				.attempts = 2,
				.run = 7};
	struct tally tally;
	struct sent sent[64];
	pthread_t thread[2];
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	tally_init(&tally, &r);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, thread_run, &r.tx[i]), 0);
	for (unsigned n = 1, over = 0; n != 0 || !over;) {
		over = __atomic_load_n(&r.tx[0].done, __ATOMIC_ACQUIRE) &&
		       __atomic_load_n(&r.tx[1].done, __ATOMIC_ACQUIRE);
		n = rig_take(&r, 0, sent, 32);
		n += rig_take(&r, 1, sent + n, 32);
		for (unsigned i = 0; i < n; i++)
			assert_in_range(tally_add(&tally, &sent[i]), 0, 1);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	tally_is(&tally, 2);
	assert_int_equal(r.tx[0].stats.sent + r.tx[1].stats.sent, 4 * 65536);
	rig_close(&r);
}

/* --- several attempts --- */

/* Each pass is the whole order again, with cookies of its own. */
static void test_three_attempts(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/22",
				.ports = "80",
				.lift = SPECIAL,
				.attempts = 3,
				.run = 100};
	struct sent *sent, *want;
	unsigned same = 0;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	want = expected(&r);
	sent = calloc(3 * 1024, sizeof(*sent));
	assert_int_equal(rig_send_all(&r, sent), 3 * 1024);
	for (unsigned i = 0; i < 3 * 1024; i++) {
		is_target(&sent[i], &want[i % 1024]);
		same += sent[i].seq == sent[(i + 1024) % 3072].seq;
	}
	assert_true(same < 2);
	assert_int_equal(r.tx[0].stats.sent, 3 * 1024);
	free(sent);
	free(want);
	rig_close(&r);
}

/* The shards of three machines: every target from one of them. */
static void test_three_shards(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/20",
				.ports = "80",
				.lift = SPECIAL,
				.attempts = 2,
				.shards = 3};
	uint8_t count[4096] = {0};
	struct sent *sent = calloc(2 * 4096, sizeof(*sent));
	struct rig r;

	(void)state;
	for (; conf.shard < 3; conf.shard++) {
		uint64_t n;

		rig_open(&r, &conf);
		n = rig_send_all(&r, sent);
		assert_int_equal(n, rig_probes(&r));
		assert_in_range(n, 2 * 1200, 2 * 1500);
		for (uint64_t i = 0; i < n; i++)
			count[sent[i].daddr & 4095]++;
		rig_close(&r);
	}
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(count[i], 2);
	free(sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_target_in_order),
		cmocka_unit_test(test_gate_catches_everything),
		cmocka_unit_test(test_gate_catches_what_it_sees_ahead),
		cmocka_unit_test(test_narrow_device),
		cmocka_unit_test(test_stop_counts_what_is_left),
		cmocka_unit_test(test_empty_pool_loses_nothing),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_opted_out_while_waiting),
		cmocka_unit_test(test_prefix_ceiling),
		cmocka_unit_test(test_prefix_ceiling_with_a_full_queue),
		cmocka_unit_test(test_two_lcores_in_turn),
		cmocka_unit_test(test_two_lcores_at_once),
		cmocka_unit_test(test_three_attempts),
		cmocka_unit_test(test_three_shards),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
