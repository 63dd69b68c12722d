/* SPDX-License-Identifier: BSD-3-Clause */

#include "answer.h"

#include "sample.h"

/* The sample's pass: sent after all attempts, counted apart, told from them by its cookies. */

#define PREFIX "198.18.0.0/22"
#define LIFT   "198.18.0.0/15"

enum { TARGETS = 1024, ATTEMPTS = 2, BITS = 3, PROBES = ATTEMPTS * TARGETS };

static const struct rig_conf plain = {
	.targets = PREFIX,
	.lift = LIFT,
	.ports = "80",
	.attempts = ATTEMPTS,
	.run = 100,
	.want_repeats = true,
	.samples = true,
	.sample_bits = BITS,
};

/* Sends all attempts, then the sample; how many were in it. */
static unsigned send_both(struct rig *r, struct sent *sent, struct sent *again)
{
	uint64_t n;

	assert_int_equal(rig_send_all(r, sent), PROBES);
	tx_step(&r->tx[0], r->now += 1000);
	assert_true(r->tx[0].done); /* it has not begun */
	sample_begin(r->stream.sample);
	tx_step(&r->tx[0], r->now += 1000);
	assert_false(r->tx[0].done);
	n = rig_take(r, 0, again, 64);
	return (unsigned)(n + rig_send_all(r, again + n));
}

static void test_sent_once_more(void **state)
{
	struct sent sent[PROBES], again[TARGETS];
	bool seen[TARGETS] = {false};
	struct rig r;
	unsigned n;

	(void)state;
	rig_open(&r, &plain);
	n = send_both(&r, sent, again);
	assert_int_equal(n, TARGETS >> BITS);
	for (unsigned i = 0; i < n; i++) {
		assert_false(seen[again[i].daddr % TARGETS]);
		seen[again[i].daddr % TARGETS] = true;
		for (unsigned k = 0; k < PROBES; k++) /* another cookie than both attempts */
			if (sent[k].daddr == again[i].daddr)
				assert_int_not_equal(sent[k].seq, again[i].seq);
	}
	assert_int_equal(r.tx[0].stats.sent, PROBES);
	assert_int_equal(r.tx[0].stats.sampled, n);
	assert_int_equal(tx_leftover(&r.tx[0]), 0);
	rig_close(&r);
}

/* Of those who answer the sample: some had answered the first attempt, some the second, some none;
 * and a late answer to an attempt still counts as one. */
static void test_who_had_answered(void **state)
{
	struct sent sent[PROBES], again[TARGETS];
	unsigned n, before = 0, new = 0;
	struct sample_count count;
	struct rig r;

	(void)state;
	rig_open(&r, &plain);
	n = send_both(&r, sent, again);
	for (unsigned i = 0; i < n; i++) {
		struct answer a = answer_synack(&again[i]);
		unsigned kind = i % 4; /* 0: none before */
		struct record rec;

		for (unsigned k = 0; kind != 0 && k < PROBES; k++) {
			if (sent[k].daddr != again[i].daddr || (k >= TARGETS) != (kind == 2))
				continue;
			struct answer early = answer_synack(&sent[k]);

			answer_deliver(&r, &early);
			assert_int_equal(record_take(&r).attempt, kind == 2 ? 2 : 1);
		}
		answer_deliver(&r, &a);
		rec = record_take(&r);
		assert_int_equal(rec.attempt, ATTEMPTS + 1);
		assert_int_equal((rec.flags & RECORD_REPEAT) != 0, kind != 0);
		assert_int_equal(rec.flags & RECORD_RTT, RECORD_RTT);
		before += kind != 0;
		new += kind == 0;
	}
	count = sample_count(r.stream.sample, 0, r.stream.walk.length);
	assert_int_equal(count.again, n);
	assert_int_equal(count.both, before);
	assert_int_equal(r.rx[0].stats.sample_found, new);
	assert_int_equal(r.rx[0].stats.yield[0] + r.rx[0].stats.yield[1], before);
	assert_int_equal(r.rx[0].stats.yield[2], 0);
	rig_close(&r);
}

/* Stopped, or opted out, in the middle of it: no attempt is missing for that. */
static void test_left_over(void **state)
{
	struct sent sent[PROBES], again[TARGETS];
	struct rig_conf conf = plain;
	unsigned n;
	struct rig r;

	(void)state;
	conf.rate = 1000; /* one at a time */
	rig_open(&r, &conf);
	while (!r.tx[0].done) {
		tx_step(&r.tx[0], r.now += RIG_HZ / 1000);
		rig_take(&r, 0, sent, 64);
	}
	rig_opt_out(&r, "198.18.0.0/23");
	sample_begin(r.stream.sample);
	for (n = 0; n < 20;) {
		tx_step(&r.tx[0], r.now += RIG_HZ / 1000);
		n += rig_take(&r, 0, again + n, 64);
	}
	assert_true(r.tx[0].batch.first < r.tx[0].batch.n);
	for (unsigned i = 0; i < n; i++)
		assert_true(again[i].daddr >= 0xc6120200);
	assert_int_equal(tx_leftover(&r.tx[0]), 0);
	assert_int_equal(r.tx[0].stats.opted_out, 0);
	assert_int_equal(r.tx[0].stats.sent, PROBES);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent_once_more),
		cmocka_unit_test(test_who_had_answered),
		cmocka_unit_test(test_left_over),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
