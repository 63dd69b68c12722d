/* SPDX-License-Identifier: BSD-3-Clause */

#include "answer.h"

#include "datapath/prefix.h"
#include "worker.h"

/* Turns of the lcores: what goes first, what waits and until when, what is left at the end. */

static void rig_workers(struct rig *rig, struct workers **workers, struct output **output)
{
	struct output_conf out = {.path = "/dev/null", .format = "ndjson", .n_rings = 1};
	struct roles roles = {.n_tx = 1, .n_rx = 1, .n_workers = 1};
	static struct uplink uplink; /* workers keep it */
	struct workers_conf conf = {
		.roles = &roles, .rate = 1000, .uplinks = &uplink, .n_uplinks = 1};
	struct err err;

	rig_open(rig, &(struct rig_conf){
			      .targets = "192.0.2.0/24", .lift = "192.0.2.0/24", .ports = "80"});
	if (output_create(&out, output, &err) < 0)
		fail_msg("%s", err.text);
	conf.stream = &rig->stream;
	uplink = (struct uplink){.dev = rig->dev, .neigh = rig->neigh};
	conf.output = *output;
	conf.clock = &rig->clock;
	if (workers_create(&conf, workers, &err) < 0)
		fail_msg("%s", err.text);
}

/* The EAL has the main lcore alone: a worker's is missing, which must not be waited for. */
static void test_missing_lcore(void **state)
{
	struct workers *workers;
	struct output *output;
	struct rig rig;
	struct err err;

	(void)state;
	rig_workers(&rig, &workers, &output);
	assert_true(workers_start(workers, &err) < 0);
	assert_int_equal(err.code, EXIT_DEVICE);
	assert_non_null(strstr(err.text, "lcore 1"));
	workers_destroy(workers);
	output_destroy(output);
	rig_close(&rig);
}

/* Probes of one /24 or /16 that come to nothing on the wire, for tests of what is sent when. */
static void rig_open_dry(struct rig *rig, const char *targets, uint64_t rate, uint64_t prefix_rate)
{
	rig_open(rig, &(struct rig_conf){.targets = targets,
					 .lift = "198.18.0.0/15",
					 .ports = "80",
					 .send_rst = true,
					 .rate = rate,
					 .prefix_rate = prefix_rate});
	rig->tx[0].dry = true;
}

static void ask_for_rst(struct rig *rig)
{
	struct followup rst = {.kind = FOLLOWUP_RST, .daddr = 0xc6120001};

	assert_int_equal(rte_ring_sp_enqueue_elem(rig->followups[0], &rst, sizeof(rst)), 0);
}

static void ask_for_too_many(struct rig *rig)
{
	while (!rte_ring_full(rig->followups[0]))
		ask_for_rst(rig);
}

static uint64_t sent_by_both(const struct rig *r)
{
	return r->tx[0].stats.sent + r->tx[1].stats.sent;
}

/* A second of turns at such a rate, on two lcores; how many frames went out. */
static uint64_t second_at(struct rig *r, uint64_t rate)
{
	uint64_t before = sent_by_both(r), end = r->now + RIG_HZ;
	struct rte_mbuf *got[64];

	r->rate = rate;
	for (; r->now < end; r->now += RIG_HZ / 20000)
		for (unsigned i = 0; i < 2; i++) {
			tx_step(&r->tx[i], r->now);
			rte_pktmbuf_free_bulk(
				got, rte_eth_rx_burst(r->dev.port_id, (uint16_t)i, got, 64));
		}
	return sent_by_both(r) - before;
}

/* The main thread changes the rate, up and down: lcores follow, each with its part, at once. */
static void test_rate_changes(void **state)
{
	const struct rig_conf conf = {.targets = "10.0.0.0/12",
				      .ports = "80",
				      .lift = "10.0.0.0/8",
				      .lcores = 2,
				      .rate = 10000};
	const uint64_t rates[] = {10000, 1000, 50000, 4000, 10000, 100};
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		uint64_t sent = second_at(&r, rates[i]);

		/* what was saved up for a change: four milliseconds' worth, and a frame each */
		assert_in_range(sent, rates[i] - 2, rates[i] + rates[i] / 250 + 2);
	}
	rig_close(&r);
}

/* Turns of one sender until it waits: how many probes left. */
static uint64_t send_until_it_waits(struct rig *r, unsigned lcore)
{
	uint64_t before = r->tx[lcore].stats.sent;
	struct rte_mbuf *got[64];

	while (tx_step(&r->tx[lcore], r->now += 1000) != 0)
		rte_pktmbuf_free_bulk(got,
				      rte_eth_rx_burst(r->dev.port_id, (uint16_t)lcore, got, 64));
	return r->tx[lcore].stats.sent - before;
}

/* An lcore that only sends is never further ahead of those that receive than the device bears. */
static void test_nobody_sends_out_of_earshot(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &(struct rig_conf){.targets = "10.0.0.0/12",
					.ports = "80",
					.lift = "10.0.0.0/8",
					.lcores = 2});
	r.earshot.most = 256;
	r.earshot.n_heard = 2;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(send_until_it_waits(&r, 1), 256);
		assert_int_equal(send_until_it_waits(&r, 0), 0);
		assert_true(tx_due(&r.tx[1], r.now) <= r.now);
		rx_step(&r.rx[0],
			r.now); /* one of two queues: what came by the other is not known */
		assert_int_equal(send_until_it_waits(&r, 1), 0);
		rx_step(&r.rx[1], r.now);
	}
	/* what is not taken in full is not heard */
	assert_int_equal(tx_step(&r.tx[1], r.now), 64);
	rx_step(&r.rx[0], r.now);
	assert_int_equal(rx_step(&r.rx[1], r.now), 64);
	assert_int_equal(r.earshot.sent - r.earshot.heard[1], 64);
	rx_step(&r.rx[1], r.now);
	assert_int_equal(r.earshot.sent - r.earshot.heard[1], 0);
	rig_close(&r);
}

/* Hosts that never stop answering get RSTs, but the scan goes on. */
static void test_control_leaves_half_to_probes(void **state)
{
	const uint64_t rates[] = {10, 1000, 100000, RATE_MAX};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		unsigned all = 0;

		rig_open_dry(&rig, "198.18.0.0/16", rates[i], 0);
		for (; all < 1000; rig.now += RIG_HZ / 1000) {
			ask_for_too_many(&rig);
			all += tx_step(&rig.tx[0], rig.now);
		}
		assert_in_range(rig.tx[0].stats.sent, all / 2 - 64, all * 3 / 4);

		/* without probes, control has all of it */
		rig.stop = true;
		for (all = 0; all < 100; rig.now += RIG_HZ / 1000)
			all += tx_step(&rig.tx[0], rig.now);
		rig_close(&rig);
	}
}

/* All probes are sent, none of them is on the wire: what a test puts there comes alone. */
static void rig_open_sent(struct rig *rig)
{
	rig_open_dry(rig, "198.18.0.0/16", RATE_MAX, 0);
	while (!rig->tx[0].done)
		tx_step(&rig->tx[0], rig->now);
}

/* n times the SYN-ACK that answers the probe to 198.18.x.y. */
static void synack_arrives(struct rig *rig, uint32_t xy, unsigned n)
{
	struct sent probe = answer_probe(rig, 0xc6120000 + xy, 80, 0);
	struct answer a = answer_synack(&probe);

	for (unsigned i = 0; i < n; i++)
		answer_deliver(rig, &a);
}

static void test_replays_get_few_rsts(void **state)
{
	enum { TARGETS = 100, COPIES = 20 };
	struct rx_stats *stats;
	struct followup f;
	struct rig rig;

	(void)state;
	rig_open_sent(&rig);
	stats = &rig.rx[0].stats;
	for (uint32_t i = 0; i < TARGETS; i++) {
		synack_arrives(&rig, i, 1);
		assert_int_equal(rte_ring_count(rig.followups[0]), 1); /* each has one at once */
		assert_int_equal(rte_ring_sc_dequeue_elem(rig.followups[0], &f, sizeof(f)), 0);
		assert_int_equal(f.daddr, 0xc6120000 + i);
	}
	synack_arrives(&rig, 0, 1); /* its RST was lost: another */
	assert_int_equal(rte_ring_count(rig.followups[0]), 1);
	for (uint32_t i = 0; i < TARGETS; i++)
		synack_arrives(&rig, i, COPIES);
	assert_in_range(rte_ring_count(rig.followups[0]), TARGETS / 2, TARGETS);
	assert_int_equal(stats->first[STATE_OPEN], TARGETS);
	assert_int_equal(stats->repeats, TARGETS * COPIES + 1);
	rig_close(&rig);
}

/* Control frames that nobody sends are counted, wherever they are left. */
static void test_lost_control(void **state)
{
	struct followup rst = {.kind = FOLLOWUP_RST, .daddr = 0xc6120001};
	struct snapshot s = {0};
	struct tx_stats *stats;
	struct workers *workers;
	struct output *output;
	struct rte_ring *ring;
	struct rig rig;

	(void)state;
	rig_open_sent(&rig);
	stats = &rig.tx[0].stats;
	ask_for_too_many(&rig);
	synack_arrives(&rig, 1, 1); /* no room on the way to the TX lcore */
	assert_int_equal(rig.rx[0].stats.control_lost, 1);
	rig.tx[0].dry = false;
	while (tx_step(&rig.tx[0], rig.now) != 0) /* no room in the device at the end */
		;
	assert_int_equal(stats->control_lost, 0);
	tx_drain(&rig.tx[0]);
	assert_true(stats->control > 0 && stats->control_lost > 0);
	assert_int_equal(stats->control + stats->control_lost + rte_ring_count(rig.followups[0]),
			 FOLLOWUP_RING - 1);
	rig_close(&rig);

	rig_workers(&rig, &workers, &output);
	ring = rte_ring_lookup("followup0");
	for (unsigned i = 0; i < 3; i++) /* no time at the end */
		assert_int_equal(rte_ring_sp_enqueue_elem(ring, &rst, sizeof(rst)), 0);
	workers_count(workers, &s, true);
	assert_int_equal(s.control_lost, 3);
	workers_destroy(workers);
	output_destroy(output);
	rig_close(&rig);
}

/* Fills the ring to the writer so that senders pause, or to the brim. */
static void fill_results(struct rig *rig, bool brim)
{
	const struct record rec = {0};

	while ((brim || !result_ring_high(rig->results[0])) &&
	       result_ring_put(rig->results[0], &rec, 1) != 0)
		;
}

/* An lcore that waits for the consumer or for a prefix must not turn for nothing. */
static void test_waiting_sender(void **state)
{
	struct rig rig;
	struct tx *tx = &rig.tx[0];
	uint64_t soon;

	(void)state;
	rig_open_dry(&rig, "198.18.0.0/24", RATE_MAX, 10);
	assert_int_equal(tx_step(tx, rig.now), 1); /* all is one prefix */
	while (tx_step(tx, rig.now) != 0 || tx->deferred.n < 255)
		;
	assert_int_equal(tx_step(tx, rig.now), 0);
	soon = tx_due(tx, rig.now); /* a tenth of a second, rounded up */
	assert_in_range(soon - rig.now, RIG_HZ / 10, RIG_HZ / 10 + RIG_HZ / 10000);
	assert_int_equal(tx_step(tx, soon - 1), 0);
	assert_int_equal(tx_step(tx, soon), 1);

	fill_results(&rig, false);
	assert_int_equal(tx_step(tx, soon), 0);
	assert_int_equal(tx_due(tx, soon), UINT64_MAX);
	rig_close(&rig);
}

static unsigned service_nothing(struct io_dev *dev, uint64_t now)
{
	(void)dev;
	(void)now;
	return 0;
}

static uint64_t service_at_once(const struct io_dev *dev)
{
	(void)dev;
	return 0;
}

static void test_waiting_receiver(void **state)
{
	struct rig rig;
	struct rx *rx = &rig.rx[0];
	struct answer answer;
	struct sent probe;

	(void)state;
	rig_open_sent(&rig);
	rx->service = true;
	rig.dev.service = service_nothing;
	rig.dev.service_due = service_at_once;
	assert_int_equal(rx_due(rx), 0);
	probe = answer_probe(&rig, 0xc6120001, 80, 0);
	fill_results(&rig, true);
	answer = answer_synack(&probe);
	answer_arrives(&rig, &answer); /* stays with the device */
	assert_int_equal(rx_step(rx, rig.now), 0);
	assert_int_equal(rx_due(rx), UINT64_MAX);
	rig_close(&rig);
}

/* Probes and RSTs together stay below a prefix's ceiling, and neither waits for ever. */
static void test_prefix_ceiling_holds_for_rsts(void **state)
{
	enum { PREFIX_RATE = 10, RSTS = 50, SECONDS = 12 };
	struct rig rig;
	struct tx_stats *stats = &rig.tx[0].stats;
	uint64_t start;

	(void)state;
	rig_open_dry(&rig, "198.18.0.0/24", RATE_MAX, PREFIX_RATE);
	start = rig.now;
	for (unsigned i = 0; i < RSTS; i++)
		ask_for_rst(&rig);
	for (; rig.now < start + SECONDS * RIG_HZ; rig.now += RIG_HZ / 1000) {
		while (tx_step(&rig.tx[0], rig.now) != 0)
			;
		assert_in_range(stats->sent + stats->control, 0,
				1 + (rig.now - start) * PREFIX_RATE / RIG_HZ);
	}
	assert_int_equal(stats->control, RSTS);
	assert_in_range(stats->sent, SECONDS * PREFIX_RATE - RSTS - 5,
			SECONDS * PREFIX_RATE - RSTS + 1);
	assert_in_range(prefix_pace_peak(rig.stream.prefix), PREFIX_RATE, PREFIX_RATE + 1);
	rig_close(&rig);
}

/* RSTs that wait for their prefix are due by themselves, and the last to go. */
static void test_waiting_rst(void **state)
{
	struct rig rig;
	struct tx *tx = &rig.tx[0];
	uint64_t soon;

	(void)state;
	rig_open_dry(&rig, "198.18.0.0/24", RATE_MAX, 10);
	rig.stop = true;
	ask_for_rst(&rig);
	ask_for_rst(&rig);
	assert_int_equal(tx_step(tx, rig.now), 1);
	assert_int_equal(tx_step(tx, rig.now), 0);
	soon = tx_due(tx, rig.now); /* a tenth of a second, rounded up */
	assert_in_range(soon - rig.now, RIG_HZ / 10, RIG_HZ / 10 + RIG_HZ / 10000);
	assert_int_equal(tx_step(tx, soon), 1);
	assert_int_equal(tx_due(tx, soon), UINT64_MAX);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_lcore),
		cmocka_unit_test(test_rate_changes),
		cmocka_unit_test(test_nobody_sends_out_of_earshot),
		cmocka_unit_test(test_control_leaves_half_to_probes),
		cmocka_unit_test(test_replays_get_few_rsts),
		cmocka_unit_test(test_lost_control),
		cmocka_unit_test(test_waiting_sender),
		cmocka_unit_test(test_waiting_receiver),
		cmocka_unit_test(test_prefix_ceiling_holds_for_rsts),
		cmocka_unit_test(test_waiting_rst),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
