/* SPDX-License-Identifier: BSD-3-Clause */

/* How devices share the rate of a scan, when some of them are held. */

#include "rig.h"

#include "datapath/worker_impl.h"

enum { DEVICES = 3, RATE = 16000 };

struct shares {
	struct rig rig;
	struct uplink uplink[DEVICES];
	struct workers *workers;
	struct output *output;
	uint64_t now; /* TSC, as the test turns it */
};

/* Three devices of one queue, whose frames come to nothing. */
static void shares_open(struct shares *s)
{
	struct output_conf out = {.path = "/dev/null", .format = "ndjson", .n_rings = DEVICES};
	struct roles roles = {.n_tx = 1, .n_rx = 1, .n_workers = 1};
	struct workers_conf conf = {.roles = &roles,
				    .rate = RATE,
				    .uplinks = s->uplink,
				    .n_uplinks = DEVICES,
				    .dry = true};
	struct err err;

	rig_open(&s->rig,
		 &(struct rig_conf){.targets = "10.0.0.0/8", .lift = "10.0.0.0/8", .ports = "80"});
	if (output_create(&out, &s->output, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < DEVICES; i++) {
		s->uplink[i] = (struct uplink){.dev = s->rig.dev, .neigh = s->rig.neigh};
		s->uplink[i].dev.tx_pool[0] = s->rig.pool[0];
		s->uplink[i].probe = s->rig.stream.probe;
		s->uplink[i].rst = s->rig.rst;
	}
	conf.stream = &s->rig.stream;
	conf.output = s->output;
	conf.clock = &s->rig.clock;
	if (workers_create(&conf, &s->workers, &err) < 0)
		fail_msg("%s", err.text);
	s->now = rte_rdtsc() + rte_get_tsc_hz();
}

static void shares_close(struct shares *s)
{
	workers_destroy(s->workers);
	output_destroy(s->output);
	rig_close(&s->rig);
}

/* Hosts that never stop answering. */
static void ask_for_too_many(struct shares *s, unsigned device)
{
	struct followup rst = {.kind = FOLLOWUP_RST, .daddr = 0xc6120001};

	while (rte_ring_sp_enqueue_elem(s->workers->followups[device], &rst, sizeof(rst)) == 0)
		;
}

/* A second of turns, in which somebody asks this device for frames all the time; what each sends.
 */
static uint64_t second(struct shares *s, unsigned asked, uint64_t sent[DEVICES])
{
	const uint64_t hz = rte_get_tsc_hz(), end = s->now + hz;
	struct snapshot before = {0}, after = {0};
	uint64_t all = 0;

	workers_count(s->workers, &before, false);
	for (; s->now < end; s->now += hz / 20000) {
		if (asked < DEVICES)
			ask_for_too_many(s, asked);
		for (unsigned i = 0; i < DEVICES; i++)
			tx_step(s->workers->tx[i], s->now);
	}
	workers_count(s->workers, &after, false);
	for (unsigned i = 0; i < DEVICES; i++) {
		sent[i] = after.device[i].sent + after.device[i].control - before.device[i].sent -
			  before.device[i].control;
		all += sent[i];
	}
	return all;
}

/* Within what buckets may have saved up: four milliseconds' worth, and a frame each. */
#define assert_about(n, want) assert_in_range(n, (want)-4, (want) + (want) / 250 + 4)

static void test_held_share_goes_to_the_others(void **state)
{
	struct shares s;
	uint64_t sent[DEVICES];

	(void)state;
	shares_open(&s);
	assert_about(second(&s, DEVICES, sent), RATE);
	for (unsigned i = 0; i < DEVICES; i++)
		assert_about(sent[i], RATE / 3);

	workers_hold(s.workers, 1, true);
	assert_about(second(&s, DEVICES, sent), RATE - RATE / 16);
	assert_int_equal(sent[1], 0);
	assert_about(sent[0], (RATE - RATE / 16) / 2);
	assert_about(sent[2], (RATE - RATE / 16) / 2);

	workers_set_rate(s.workers, RATE / 2);
	assert_about(second(&s, DEVICES, sent), RATE / 2 - RATE / 32);
	workers_set_rate(s.workers, RATE);

	workers_hold(s.workers, 2, true);
	assert_about(second(&s, DEVICES, sent), RATE - RATE / 16);
	assert_int_equal(sent[1] + sent[2], 0);

	workers_hold(s.workers, 0, true);
	assert_int_equal(second(&s, DEVICES, sent), 0);

	for (unsigned i = 0; i < DEVICES; i++)
		workers_hold(s.workers, i, false);
	assert_about(second(&s, DEVICES, sent), RATE);
	for (unsigned i = 0; i < DEVICES; i++)
		assert_about(sent[i], RATE / 3);
	shares_close(&s);
}

/* What it still has to say is in the rate, too. */
static void test_held_device_is_asked(void **state)
{
	struct shares s;
	uint64_t sent[DEVICES];

	(void)state;
	shares_open(&s);
	workers_hold(s.workers, 1, true);
	second(&s, 1, sent);
	assert_about(second(&s, 1, sent), RATE);
	assert_about(sent[1], RATE / 16);
	shares_close(&s);
}

/* Nothing to share: no limit; so few frames that no part of them is one. */
static void test_odd_rates(void **state)
{
	const uint64_t rates[] = {1, 3, 15, RATE_MAX};
	struct shares s;

	(void)state;
	shares_open(&s);
	workers_hold(s.workers, 1, true);
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		workers_set_rate(s.workers, rates[i]);
		for (unsigned d = 0; d < DEVICES; d++)
			assert_true(*s.workers->tx[d]->rate == rates[i]);
	}
	shares_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_share_goes_to_the_others),
		cmocka_unit_test(test_held_device_is_asked),
		cmocka_unit_test(test_odd_rates),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
