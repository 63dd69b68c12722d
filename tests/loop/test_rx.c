/* SPDX-License-Identifier: BSD-3-Clause */

/* The receiving half of an lcore, step by step: each frame is one record or under one counter. */

#include "answer.h"

#define SPECIAL "198.18.0.0/15" /* what may be probed here */

enum { TARGETS = 256, ROUTER = 0x0a000001 };

static const struct rig_conf plain = {.targets = "198.18.0.0/24", .ports = "80", .lift = SPECIAL};

/* Opens the rig and sends all TARGETS x attempts probes. */
static void sent_open(struct rig *r, const struct rig_conf *conf, struct sent *sent)
{
	rig_open(r, conf);
	assert_int_equal(rig_send_all(r, sent), rig_probes(r));
}

/* --- one frame for each reason --- */

static void test_frames_that_are_no_answers(void **state)
{
	struct sent sent[TARGETS];
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);

	a.len = pkt_arp_write(a.frame, &r.neigh.link, 2, ROUTER, rig_sources[0], rig_mac);
	answer_rejected(&r, &a, REJECT_ARP);
	a = answer_synack(sent);
	put_be16(a.frame + 12, 0x86dd);
	answer_rejected(&r, &a, REJECT_NOT_IPV4);
	a = answer_synack(sent);
	a.len = 40;
	answer_rejected(&r, &a, REJECT_MALFORMED);
	a = answer_synack(sent);
	answer_ip(&a)[6] = 0x20; /* more fragments */
	answer_sum(&a);
	answer_rejected(&r, &a, REJECT_FRAGMENT);
	a = answer_synack(sent);
	answer_ip(&a)[9] = 17; /* UDP */
	answer_sum(&a);
	answer_rejected(&r, &a, REJECT_PROTOCOL);
	a = answer_icmp(sent, ROUTER, 8, 0); /* an echo request */
	answer_rejected(&r, &a, REJECT_ICMP_OTHER);
	a = answer_icmp(sent, ROUTER, 3, 3);
	answer_ip(&a)[28 + 9] = 17; /* a port that is unreachable by UDP */
	answer_sum(&a);
	answer_rejected(&r, &a, REJECT_ICMP_OTHER);
	rig_close(&r);
}

static void test_segments_that_are_not_for_us(void **state)
{
	struct sent sent[TARGETS], other;
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);

	other = sent[0];
	other.saddr = rig_sources[1] + 1;
	a = answer_synack(&other);
	answer_rejected(&r, &a, REJECT_ADDRESS);
	a = answer_icmp(&other, ROUTER, 3, 1);
	answer_rejected(&r, &a, REJECT_ADDRESS);
	other = sent[0];
	other.sport = RIG_PORT_FIRST - 1;
	a = answer_synack(&other);
	answer_rejected(&r, &a, REJECT_PORT);
	other.sport = RIG_PORT_FIRST + RIG_PORTS;
	a = answer_rst(&other);
	answer_rejected(&r, &a, REJECT_PORT);
	a = answer_segment(sent, SYN, sent[0].seq + 1);
	answer_rejected(&r, &a, REJECT_FLAGS);
	a = answer_segment(sent, ACK, sent[0].seq + 1);
	answer_rejected(&r, &a, REJECT_FLAGS);
	a = answer_segment(sent, RST, sent[0].seq + 1);
	answer_rejected(&r, &a, REJECT_BARE_RST);
	rig_close(&r);
}

static void test_forged_and_damaged(void **state)
{
	struct sent sent[TARGETS], other;
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);

	for (int off = -2; off <= 2; off++) {
		if (off == 1)
			continue;
		a = answer_segment(sent, SYN | ACK, sent[0].seq + (uint32_t)off);
		answer_rejected(&r, &a, REJECT_COOKIE);
	}
	other = sent[0]; /* the right number, but another of our ports */
	other.sport = RIG_PORT_FIRST + (other.sport + 1 - RIG_PORT_FIRST) % RIG_PORTS;
	a = answer_synack(&other);
	answer_rejected(&r, &a, REJECT_COOKIE);
	other = sent[0];
	other.dport = 81; /* another port of the target */
	a = answer_synack(&other);
	answer_rejected(&r, &a, REJECT_COOKIE);
	other = sent[0];
	other.seq++;
	a = answer_icmp(&other, ROUTER, 3, 1);
	answer_rejected(&r, &a, REJECT_COOKIE);

	a = answer_synack(sent);
	answer_tcp(&a)[15] ^= 1;
	answer_rejected(&r, &a, REJECT_CHECKSUM);
	a = answer_synack(sent);
	answer_ip(&a)[8] ^= 1;
	answer_rejected(&r, &a, REJECT_CHECKSUM);
	a = answer_icmp(sent, ROUTER, 3, 1);
	answer_tcp(&a)[7] ^= 1;
	answer_rejected(&r, &a, REJECT_CHECKSUM);

	a = answer_synack(sent); /* and the genuine one */
	answer_deliver(&r, &a);
	assert_int_equal(record_take(&r).state, STATE_OPEN);
	rig_close(&r);
}

/* The right cookie for what this scan has not sent (yet): only who has the key can say so. */
static void test_not_probed(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/24",
				.ports = "80",
				.lift = SPECIAL,
				.attempts = 2,
				.shard = 1,
				.shards = 3,
				.run = 16};
	struct sent probe, first[64];
	uint64_t at, index;
	struct answer a;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	tx_step(&r.tx[0], r.now);
	assert_in_range(rig_take(&r, 0, first, 64), 1, 16);

	probe = answer_probe(&r, 0xc6130505, 80, 0); /* not in the space */
	a = answer_synack(&probe);
	answer_rejected(&r, &a, REJECT_NOT_PROBED);
	for (uint64_t i = 0, shards = 0; i < TARGETS; i++) {
		uint32_t addr = 0xc6120000 + (uint32_t)i;
		uint16_t port = 80;

		target_space_rank(r.space, &addr, &port, &index, 1);
		walk_find(&r.stream.walk, &index, &at, 1);
		if (at != WALK_ELSEWHERE && at < stream_front(&r.stream))
			continue;
		if (at == WALK_ELSEWHERE && shards++ % 16 != 0)
			continue; /* of another shard */
		probe = answer_probe(&r, addr, port, 0);
		a = answer_synack(&probe);
		answer_rejected(&r, &a, REJECT_NOT_PROBED);
	}
	probe = answer_probe(&r, first[0].daddr, 80, 1); /* of the attempt that has not begun */
	a = answer_synack(&probe);
	answer_rejected(&r, &a, REJECT_COOKIE);
	a = answer_synack(&first[0]);
	answer_deliver(&r, &a);
	assert_int_equal(record_take(&r).saddr, first[0].daddr);
	rig_close(&r);
}

/* The probe at an offset of the walk. */
static struct sent probe_at(const struct rig *r, uint64_t offset)
{
	uint64_t at, index;
	uint32_t addr;
	uint16_t port;

	assert_int_equal(walk_next(&r->stream.walk, &offset, UINT64_MAX, &at, &index, 1), 1);
	target_space_pick(r->space, &index, &addr, &port, 1);
	return answer_probe(r, addr, port, 0);
}

/* In a pass of more than 2^32 positions, answers are known for a window only. */
static void test_late(void **state)
{
	struct rig_conf conf = {.targets = "0.0.0.0/0", .ports = "80,81", .lift = "0.0.0.0/0"};
	const uint64_t window = UINT64_C(1) << 32, moved = 1 << 22;
	struct sent probe;
	struct answer a;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	assert_int_equal(r.stream.walk.length, 2 * window);
	r.stream.cursor = window + moved; /* as if so much was sent */
	probe = probe_at(&r, 5);
	a = answer_synack(&probe);
	answer_rejected(&r, &a, REJECT_LATE);
	probe = probe_at(&r, moved - 1);
	a = answer_synack(&probe);
	answer_rejected(&r, &a, REJECT_LATE);
	probe = probe_at(&r, 2 * moved);
	a = answer_synack(&probe);
	answer_deliver(&r, &a);
	assert_int_equal(record_take(&r).saddr, probe.daddr);
	probe = probe_at(&r, window + moved);
	a = answer_synack(&probe);
	answer_rejected(&r, &a, REJECT_NOT_PROBED);
	rig_close(&r);
}

/* --- records --- */

static void test_one_router_two_targets(void **state)
{
	struct sent sent[TARGETS];
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);
	for (unsigned i = 0; i < 2; i++) {
		struct answer a = answer_icmp(&sent[i], ROUTER, 3, i == 0 ? 1 : 13);
		struct record rec;

		answer_deliver(&r, &a);
		rec = record_take(&r);
		assert_int_equal(rec.saddr, sent[i].daddr);
		assert_int_equal(rec.sport, 80);
		assert_int_equal(rec.daddr, sent[i].saddr);
		assert_int_equal(rec.dport, sent[i].sport);
		assert_int_equal(rec.responder, ROUTER);
		assert_int_equal(rec.class, CLASS_ICMP);
		assert_int_equal(rec.state, i == 0 ? STATE_UNREACHABLE : STATE_FILTERED);
		assert_int_equal(rec.flags & RECORD_REPEAT, 0);
	}
	assert_int_equal(r.rx[0].stats.handed, 2);
	assert_int_equal(r.rx[0].stats.repeats, 0);
	rig_close(&r);
}

/* Of each kind some, in one burst: each record is of its own frame, whatever else was rejected. */
static void test_mixed_burst(void **state)
{
	struct record rec[RX_BURST];
	struct sent sent[TARGETS];
	struct answer a;
	struct rig r;
	unsigned n;

	(void)state;
	sent_open(&r, &plain, sent);
	for (unsigned i = 0; i < RX_BURST; i++) {
		if (i % 4 == 0) {
			a = answer_synack(&sent[i]);
		} else {
			a = answer_icmp(&sent[i], ROUTER + i, 3, 1);
			if (i % 4 == 1) /* a damaged one, or one that quotes no probe of ours */
				answer_ip(&a)[28 + (i % 8 == 1 ? 4 : 24)] ^= 1;
			if (i % 8 == 5)
				answer_sum(&a);
		}
		answer_arrives(&r, &a);
	}
	assert_int_equal(rx_step(&r.rx[0], r.now), RX_BURST);
	n = ring_take(r.results[0], rec, RX_BURST);
	assert_int_equal(n, RX_BURST * 3 / 4);
	assert_int_equal(r.rx[0].stats.rejected[REJECT_CHECKSUM], RX_BURST / 8);
	assert_int_equal(r.rx[0].stats.rejected[REJECT_COOKIE], RX_BURST / 8);
	for (unsigned k = 0; k < n; k++) {
		unsigned i = 0;

		while (i < RX_BURST && sent[i].daddr != rec[k].saddr)
			i++;
		assert_int_not_equal(i % 4, 1);
		assert_int_equal(rec[k].dport, sent[i].sport);
		assert_int_equal(rec[k].class, i % 4 == 0 ? CLASS_SYNACK : CLASS_ICMP);
		assert_int_equal(rec[k].responder, i % 4 == 0 ? 0 : ROUTER + i);
		sent[i].daddr = 0; /* once */
	}
	rig_close(&r);
}

/* An earlier RST, be it forged or from a firewall, never hides an open port. */
static void test_open_after_closed(void **state)
{
	struct sent sent[TARGETS];
	struct answer rst, synack;
	struct record rec;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);
	rst = answer_segment(sent, RST | ACK, sent[0].seq); /* of a stack that does not count SYN */
	synack = answer_synack(sent);
	answer_deliver(&r, &rst);
	rec = record_take(&r);
	assert_int_equal(rec.state, STATE_CLOSED);
	assert_int_equal(rec.class, CLASS_RST);
	answer_deliver(&r, &synack);
	rec = record_take(&r);
	assert_int_equal(rec.state, STATE_OPEN);
	assert_int_equal(rec.class, CLASS_SYNACK);
	assert_int_equal(rec.mss, 1460);
	assert_int_equal(rec.flags & (RECORD_REPEAT | RECORD_MSS), RECORD_MSS);

	answer_deliver(&r, &rst);
	answer_deliver(&r, &synack);
	assert_int_equal(ring_take(r.results[0], &rec, 1), 0);
	assert_int_equal(r.rx[0].stats.repeats, 2);
	assert_int_equal(r.rx[0].stats.first[STATE_OPEN], 1);
	assert_int_equal(r.rx[0].stats.first[STATE_CLOSED], 1);
	rig_close(&r);
}

/* A genuine reply, replayed. */
static void test_a_million_replays(void **state)
{
	enum { REPLAYS = 1000000, BURST = 50 };
	struct sent sent[TARGETS];
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);
	a = answer_synack(&sent[7]);
	for (unsigned i = 0; i < REPLAYS / BURST; i++) {
		for (unsigned k = 0; k < BURST; k++)
			answer_arrives(&r, &a);
		assert_int_equal(rx_step(&r.rx[0], r.now += 1000), BURST);
	}
	assert_int_equal(record_take(&r).saddr, sent[7].daddr);
	assert_int_equal(r.rx[0].stats.received, REPLAYS);
	assert_int_equal(r.rx[0].stats.handed, 1);
	assert_int_equal(r.rx[0].stats.repeats, REPLAYS - 1);
	rig_close(&r);
}

/* Answers to any attempt, in any order: which one it was, how long it took, and who is a repeat. */
static void test_attempts_and_times(void **state)
{
	struct rig_conf conf = {.targets = "198.18.0.0/24",
				.ports = "80",
				.lift = SPECIAL,
				.attempts = 3,
				.run = 20,
				.want_repeats = true};
	uint64_t sent_at[3 * TARGETS], n = 0, seed = 4;
	uint64_t yield[3] = {0};
	bool answered[TARGETS] = {false};
	struct sent sent[3 * TARGETS];
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	while (n < 3 * TARGETS) {
		unsigned got;

		tx_step(&r.tx[0], r.now += 1000);
		got = rig_take(&r, 0, sent + n, 64);
		for (; got > 0; got--)
			sent_at[n++] = r.now;
	}
	r.cooldown = true;
	for (unsigned i = 0; i < 3 * TARGETS; i++) {
		unsigned k = (unsigned)(i * 131 + test_random(&seed) % 2 * TARGETS) % (3 * TARGETS);
		struct answer a = answer_synack(&sent[k]);
		struct record rec;

		r.now += test_random(&seed) % 1000 * 1000;
		answer_deliver(&r, &a);
		rec = record_take(&r);
		assert_int_equal(rec.saddr, sent[k].daddr);
		assert_int_equal(rec.attempt, k / TARGETS + 1);
		assert_int_equal(rec.flags & RECORD_RTT, RECORD_RTT);
		assert_int_equal(rec.rtt_us, (r.now - sent_at[k]) / 1000);
		assert_int_equal(rec.flags & RECORD_COOLDOWN, RECORD_COOLDOWN);
		assert_int_equal((rec.flags & RECORD_REPEAT) != 0, answered[rec.saddr & 255]);
		yield[k / TARGETS] += !answered[rec.saddr & 255];
		answered[rec.saddr & 255] = true;
	}
	assert_memory_equal(r.rx[0].stats.yield, yield, sizeof(yield));
	rig_close(&r);
}

/* Slow answers are told apart by how slow they are; a second one of a target says nothing. */
static void test_slow_answers(void **state)
{
	static const unsigned after_ms[] = {999, 1001, 1999, 2001, 3999, 4001, 7999, 8001, 60000};
	static const uint64_t want[SLOW_STEPS] = {2, 2, 2, 2};
	struct rig_conf conf = {
		.targets = "198.18.0.0/28", .ports = "80", .lift = SPECIAL, .want_repeats = true};
	struct sent sent[16];
	uint64_t start;
	struct rig r;

	(void)state;
	rig_open(&r, &conf);
	start = r.now;
	for (unsigned n = 0; n < 16;) {
		tx_step(&r.tx[0], start);
		n += rig_take(&r, 0, sent + n, 16 - n);
	}
	for (unsigned i = 0; i < ARRAY_LEN(after_ms); i++) {
		struct answer a = answer_synack(&sent[i]);

		for (unsigned twice = 0; twice < 2; twice++) {
			r.now = start + after_ms[i] * (RIG_HZ / 1000);
			answer_deliver(&r, &a);
			record_take(&r);
		}
	}
	assert_memory_equal(r.rx[0].stats.slow, want, sizeof(want));
	rig_close(&r);
}

/* --- the consumer does not keep up --- */

/* A full ring: records wait, then frames wait in the device; senders pause; nothing is lost. */
static void test_full_result_ring(void **state)
{
	struct rig_conf conf = plain;
	struct sent sent[TARGETS];
	struct record rec[64];
	uint64_t arrived = 0, taken = 0;
	unsigned n;
	struct rig r;

	(void)state;
	conf.want_repeats = true;
	conf.lcores = 2;
	sent_open(&r, &conf, sent);
	do {
		for (unsigned k = 0; k < 60; k++, arrived++) {
			struct answer a = answer_synack(&sent[arrived % TARGETS]);

			answer_arrives(&r, &a);
		}
	} while (rx_step(&r.rx[0], r.now += 1000) != 0);
	assert_in_range(arrived, RESULT_RING_SIZE, RESULT_RING_SIZE + 128);
	assert_true(result_ring_high(r.results[0]));

	tx_step(&r.tx[1], r.now);
	assert_true(r.tx[1].paused != 0 && !r.tx[1].done);

	do {
		rx_step(&r.rx[0], r.now += 1000);
		n = ring_take(r.results[0], rec, 64);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(rec[i].saddr, sent[taken++ % TARGETS].daddr);
	} while (n != 0);
	assert_int_equal(taken, arrived);
	assert_int_equal(r.rx[0].stats.handed, arrived);
	assert_int_equal(r.rx[0].stats.received, arrived);
	assert_int_equal(r.rx[0].stats.ring_full, 1); /* it waited once */
	tx_step(&r.tx[1], r.now);
	assert_true(r.tx[1].paused == 0 && r.tx[1].done);
	rig_close(&r);
}

/* --- what we answer --- */

/* Takes the one frame that the senders sent; returns its length. */
static unsigned control_take(struct rig *r, uint8_t *frame)
{
	struct rte_mbuf *mbuf;
	unsigned len;

	assert_int_equal(tx_step(&r->tx[0], r->now += 1000), 1);
	assert_int_equal(rte_eth_rx_burst(r->dev.port_id, 0, &mbuf, 1), 1);
	len = rte_pktmbuf_data_len(mbuf);
	memcpy(frame, rte_pktmbuf_mtod(mbuf, uint8_t *), len);
	rte_pktmbuf_free(mbuf);
	return len;
}

static void test_rst_closes_what_opened(void **state)
{
	struct rig_conf conf = plain;
	struct sent sent[TARGETS];
	uint8_t frame[128];
	struct answer a;
	struct rig r;

	(void)state;
	conf.send_rst = true;
	sent_open(&r, &conf, sent);
	a = answer_rst(&sent[3]);
	answer_deliver(&r, &a);
	assert_int_equal(tx_step(&r.tx[0], r.now += 1000), 0); /* a RST is not answered */
	a = answer_synack(&sent[5]);
	answer_deliver(&r, &a);
	assert_int_equal(control_take(&r, frame), 54);
	assert_int_equal(be_sum(frame + 14, 20, 0), 0xffff);
	assert_int_equal(tcp_sum(frame + 14, 20), 0xffff);
	assert_int_equal(get_be32(frame + 26), sent[5].saddr);
	assert_int_equal(get_be32(frame + 30), sent[5].daddr);
	assert_int_equal(get_be16(frame + 34), sent[5].sport);
	assert_int_equal(get_be16(frame + 36), 80);
	assert_int_equal(get_be32(frame + 38), sent[5].seq + 1); /* RFC 9293, 3.5.2 */
	assert_int_equal(frame[47], RST);
	assert_int_equal(r.tx[0].stats.control, 1);
	assert_int_equal(r.tx[0].stats.sent, TARGETS);
	rig_close(&r);
}

static void test_arp_is_answered(void **state)
{
	static const uint8_t asker[6] = {2, 0, 0, 0, 7, 7};
	struct pkt_link link = {.dst_mac = {255, 255, 255, 255, 255, 255}};
	struct sent sent[TARGETS];
	uint8_t frame[128];
	struct answer a;
	struct rig r;

	(void)state;
	sent_open(&r, &plain, sent);
	memcpy(link.src_mac, asker, 6);
	a.len = pkt_arp_write(a.frame, &link, 1, ROUTER, rig_sources[0] + 1, asker);
	answer_rejected(&r, &a, REJECT_ARP);
	assert_int_equal(tx_step(&r.tx[0], r.now += 1000), 0); /* not ours */
	a.len = pkt_arp_write(a.frame, &link, 1, ROUTER, rig_sources[1], asker);
	answer_rejected(&r, &a, REJECT_ARP);
	assert_int_equal(control_take(&r, frame), 60);
	assert_memory_equal(frame, asker, 6);
	assert_memory_equal(frame + 6, rig_mac, 6);
	assert_int_equal(get_be16(frame + 12), 0x0806);
	assert_int_equal(get_be16(frame + 20), 2);
	assert_memory_equal(frame + 22, rig_mac, 6);
	assert_int_equal(get_be32(frame + 28), rig_sources[1]);
	assert_memory_equal(frame + 32, asker, 6);
	assert_int_equal(get_be32(frame + 38), ROUTER);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_that_are_no_answers),
		cmocka_unit_test(test_segments_that_are_not_for_us),
		cmocka_unit_test(test_forged_and_damaged),
		cmocka_unit_test(test_not_probed),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_one_router_two_targets),
		cmocka_unit_test(test_mixed_burst),
		cmocka_unit_test(test_open_after_closed),
		cmocka_unit_test(test_a_million_replays),
		cmocka_unit_test(test_attempts_and_times),
		cmocka_unit_test(test_slow_answers),
		cmocka_unit_test(test_full_result_ring),
		cmocka_unit_test(test_rst_closes_what_opened),
		cmocka_unit_test(test_arp_is_answered),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
