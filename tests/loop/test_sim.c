/* SPDX-License-Identifier: BSD-3-Clause */

#include "loop.h"

/* The simulated internet as a device: what comes back is what its truth says. */

enum { ADDRS = 1 << 15 };

static const uint32_t base = 0x0a000000, local = 0x0a800001;
static const uint16_t port = 80, local_port = 40000;

static uint32_t seq_of(uint32_t addr)
{
	return addr * 2654435761u;
}

struct tally {
	unsigned frames, synack[ADDRS], rst[ADDRS], icmp[ADDRS];
	uint8_t icmp_type[ADDRS], icmp_code[ADDRS];
	unsigned forged, broken, other;
};

static void tally_tcp(struct tally *t, const uint8_t *ip)
{
	const uint8_t *tcp = ip + 20;
	uint32_t from = get_be32(ip + 12), at = from - base, ack = get_be32(tcp + 8);

	if (at >= ADDRS || get_be32(ip + 16) != local || get_be16(tcp) != port) {
		t->other++;
		return;
	}
	if (tcp_sum(ip, get_be16(ip + 2) - 20u) != 0xffff) {
		t->broken++;
		return;
	}
	if (get_be16(tcp + 2) != local_port || (tcp[13] & 16) == 0 || ack - seq_of(from) > 1) {
		t->forged++;
		return;
	}
	if ((tcp[13] & 2) != 0)
		t->synack[at] += ack == seq_of(from) + 1;
	else
		t->rst[at]++;
}

static void tally_icmp(struct tally *t, const uint8_t *ip, unsigned len)
{
	const uint8_t *icmp = ip + 20, *quote = icmp + 8;
	uint32_t to = get_be32(quote + 16), at = to - base;

	if (be_sum(icmp, len - 20, 0) != 0xffff || be_sum(quote, 20, 0) != 0xffff) {
		t->broken++;
	} else if (at >= ADDRS || get_be32(quote + 24) != seq_of(to)) {
		t->forged++;
	} else {
		t->icmp[at]++;
		t->icmp_type[at] = icmp[0];
		t->icmp_code[at] = icmp[1];
	}
}

static void tally_frame(struct tally *t, const uint8_t *p, unsigned len)
{
	const uint8_t *ip = p + 14;
	unsigned total = len >= 54 ? get_be16(ip + 2) : 0;

	t->frames++;
	if (len < 54 || get_be16(p + 12) != 0x0800 || ip[0] != 0x45 || total > len - 14 ||
	    total < 40 || be_sum(ip, 20, 0) != 0xffff)
		t->other++;
	else if (ip[9] == 6)
		tally_tcp(t, ip);
	else if (ip[9] == 1 && total >= 56)
		tally_icmp(t, ip, total);
	else
		t->other++;
}

static void receive(struct loop *loop, struct tally *t)
{
	struct rte_mbuf *mbuf[32];
	unsigned n;

	loop_service(loop);
	n = rte_eth_rx_burst(loop->dev.port_id, 0, mbuf, 32);
	for (unsigned i = 0; i < n; i++)
		tally_frame(t, rte_pktmbuf_mtod(mbuf[i], const uint8_t *), mbuf[i]->data_len);
	rte_pktmbuf_free_bulk(mbuf, n);
}

/* One SYN to each address, then listening for ms milliseconds. */
static struct tally *scan(struct loop *loop, unsigned ms)
{
	struct loop_probe probe = {.src = local, .sport = local_port, .dport = port, .flags = 2};
	struct tally *t = calloc(1, sizeof(*t));
	uint64_t end;

	for (unsigned i = 0; i < ADDRS; i++) {
		probe.dst = base + i;
		probe.seq = seq_of(probe.dst);
		loop_send(loop, &probe);
		receive(loop, t);
	}
	end = rte_rdtsc() + rte_get_tsc_hz() / 1000 * ms;
	while (rte_rdtsc() < end)
		receive(loop, t);
	return t;
}

static struct sim_internet *internet_of(const char *spec)
{
	struct sim_internet *internet;
	struct err err;

	assert_int_equal(sim_internet_create(strchr(spec, ':') + 1, &internet, &err), 0);
	return internet;
}

static void answers_are_the_truth(void **state)
{
	const char spec[] = "sim:alive=0.5,open=0.03,icmp=0.3,rtt=5ms,seed=3";
	struct sim_internet *internet = internet_of(spec);
	unsigned n[5] = {0};
	struct loop loop;
	struct tally *t;

	(void)state;
	loop_open(&loop, spec);
	t = scan(&loop, 100);
	for (unsigned i = 0; i < ADDRS; i++) {
		const char *truth = sim_internet_state(internet, base + i, port);
		bool open = strcmp(truth, "open") == 0, closed = strcmp(truth, "closed") == 0;
		bool filtered = strcmp(truth, "filtered") == 0;
		bool unreachable = strcmp(truth, "unreachable") == 0;

		n[open ? 0 : closed ? 1 : filtered ? 2 : unreachable ? 3 : 4]++;
		assert_int_equal(t->synack[i], open);
		assert_int_equal(t->rst[i], closed);
		assert_int_equal(t->icmp[i], filtered || unreachable);
		if (filtered)
			assert_true(t->icmp_type[i] == 3 &&
				    (t->icmp_code[i] == 3 || t->icmp_code[i] == 10 ||
				     t->icmp_code[i] == 13));
		if (unreachable)
			assert_true(t->icmp_type[i] == 11 || t->icmp_code[i] <= 1);
	}
	for (unsigned i = 0; i < 5; i++)
		assert_true(n[i] > ADDRS / 100);
	assert_int_equal(t->forged + t->broken + t->other, 0);
	free(t);
	loop_close(&loop);
	sim_internet_destroy(internet);
}

/* Hostile hosts add frames, but none that is valid and untrue. */
static void tricks_never_lie(void **state)
{
	const char spec[] = "sim:alive=0.9,open=0.05,icmp=0.1,rtt=2ms,hostile=1,retransmit=0";
	struct sim_internet *internet = internet_of(spec);
	struct loop loop;
	struct tally *t;
	unsigned repeats = 0, rst_first = 0;

	(void)state;
	loop_open(&loop, spec);
	t = scan(&loop, 1100);
	for (unsigned i = 0; i < ADDRS; i++) {
		const char *truth = sim_internet_state(internet, base + i, port);
		bool open = strcmp(truth, "open") == 0, closed = strcmp(truth, "closed") == 0;
		bool icmp = strcmp(truth, "filtered") == 0 || strcmp(truth, "unreachable") == 0;

		assert_int_equal(t->synack[i] > 0, open);
		assert_int_equal(t->icmp[i] > 0, icmp);
		assert_true(closed ? t->rst[i] > 0 : t->rst[i] == 0 || open);
		repeats += t->synack[i] > 1;
		rst_first += open && t->rst[i] > 0;
	}
	assert_true(repeats > 0 && rst_first > 0);
	assert_true(t->forged > ADDRS / 10 && t->broken > ADDRS / 100 && t->other > ADDRS / 100);
	free(t);
	loop_close(&loop);
	sim_internet_destroy(internet);
}

static void loss_hits_both_directions(void **state)
{
	struct loop loop;
	unsigned found = 0;
	struct tally *t;

	(void)state;
	loop_open(&loop, "sim:alive=1,open=1,rtt=0,loss=0.1,retransmit=0");
	t = scan(&loop, 20);
	for (unsigned i = 0; i < ADDRS; i++)
		found += t->synack[i];
	/* 0.81 of them, within six standard deviations */
	assert_true(found > 0.81 * ADDRS - 430 && found < 0.81 * ADDRS + 430);
	free(t);
	loop_close(&loop);
}

static void dup_sends_twice(void **state)
{
	struct loop loop;
	struct tally *t;

	(void)state;
	loop_open(&loop, "sim:alive=1,open=1,rtt=1ms,dup=1,retransmit=0");
	t = scan(&loop, 50);
	for (unsigned i = 0; i < ADDRS; i++)
		assert_int_equal(t->synack[i], 2);
	free(t);
	loop_close(&loop);
}

/* SYN-ACKs come again after a second, but not after the right RST. */
static void synack_is_sent_again_until_rst(void **state)
{
	struct loop_probe probe = {.src = local, .sport = local_port, .dport = port, .flags = 2};
	struct tally *t = calloc(1, sizeof(*t));
	struct loop loop;
	uint64_t end;

	(void)state;
	loop_open(&loop, "sim:alive=1,open=1,rtt=0");
	for (unsigned i = 0; i < 3; i++) {
		probe.dst = base + i;
		probe.seq = seq_of(probe.dst);
		loop_send(&loop, &probe);
	}
	probe.flags = 4;
	probe.dst = base;
	probe.seq = seq_of(base) + 1;
	loop_send(&loop, &probe); /* right */
	probe.dst = base + 1;
	probe.seq = seq_of(base + 1) + 2;
	loop_send(&loop, &probe); /* not what the host expects */
	end = rte_rdtsc() + rte_get_tsc_hz() / 1000 * 1500;
	while (rte_rdtsc() < end)
		receive(&loop, t);
	assert_int_equal(t->synack[0], 1);
	assert_int_equal(t->synack[1], 2);
	assert_int_equal(t->synack[2], 2);
	free(t);
	loop_close(&loop);
}

static void wrong_checksums_get_no_answer(void **state)
{
	struct loop_probe probe = {
		.src = local, .dst = base, .sport = local_port, .dport = port, .flags = 2};
	struct tally *t = calloc(1, sizeof(*t));
	struct loop loop;

	(void)state;
	loop_open(&loop, "sim:alive=1,open=1,rtt=0");
	for (unsigned byte = 14; byte < LOOP_PROBE_LEN; byte++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(loop.pool);
		uint8_t *p = loop_room(mbuf, LOOP_PROBE_LEN);

		loop_write(p, &probe);
		p[byte] ^= 0x01;
		assert_int_equal(rte_eth_tx_burst(loop.dev.port_id, 0, &mbuf, 1), 1);
	}
	for (unsigned i = 0; i < 100; i++)
		receive(&loop, t);
	assert_int_equal(t->frames, 0);
	free(t);
	loop_close(&loop);
}

static void arp_is_answered(void **state)
{
	static const uint8_t head[] = {0x08, 6, 0, 1, 8, 0, 6, 4, 0, 1};
	uint8_t *p;
	struct rte_mbuf *mbuf, *got = NULL;
	struct loop loop;

	(void)state;
	loop_open(&loop, "sim");
	mbuf = rte_pktmbuf_alloc(loop.pool);
	p = loop_room(mbuf, 60);
	memset(p, 0, 60);
	memset(p, 0xff, 6);
	memcpy(p + 6, loop.dev.mac, 6);
	memcpy(p + 12, head, sizeof(head));
	memcpy(p + 22, loop.dev.mac, 6);
	put_be32(p + 28, local);
	put_be32(p + 38, 0x0a800002);
	assert_int_equal(rte_eth_tx_burst(loop.dev.port_id, 0, &mbuf, 1), 1);
	for (unsigned i = 0; i < 100 && got == NULL; i++) {
		loop_service(&loop);
		rte_eth_rx_burst(loop.dev.port_id, 0, &got, 1);
	}
	assert_non_null(got);
	p = rte_pktmbuf_mtod(got, uint8_t *);
	assert_int_equal(got->data_len, 60);
	assert_memory_equal(p, loop.dev.mac, 6);
	assert_int_equal(loop.dev.mac[0], 2); /* locally administered */
	assert_int_equal(get_be16(p + 20), 2);
	assert_int_equal(get_be32(p + 28), 0x0a800002);
	assert_int_equal(get_be32(p + 38), local);
	rte_pktmbuf_free(got);
	loop_close(&loop);
}

/* Nobody receives for a while: probes wait, answers wait, nothing is lost. */
static void nothing_is_lost_for_lack_of_room(void **state)
{
	enum { PROBES = 20000 };
	struct loop_probe probe = {.src = local, .sport = local_port, .dport = port, .flags = 2};
	struct tally *t = calloc(1, sizeof(*t));
	struct loop loop;
	struct io_stats stats;

	(void)state;
	loop_open(&loop, "sim:alive=1,open=1,rtt=0,retransmit=0");
	for (unsigned i = 0; i < PROBES; i++) {
		probe.dst = base + i;
		probe.seq = seq_of(probe.dst);
		loop_send(&loop, &probe);
		if (i % 16 == 0)
			loop_service(&loop);
	}
	while (t->frames < PROBES)
		receive(&loop, t);
	for (unsigned i = 0; i < PROBES; i++)
		assert_int_equal(t->synack[i], 1);
	io_stats(&loop.dev, &stats);
	assert_int_equal(stats.opackets, PROBES);
	assert_int_equal(stats.ipackets, PROBES);
	assert_int_equal(stats.imissed + stats.nombuf + stats.ierrors, 0);
	assert_true(stats.link_up);
	free(t);
	loop_close(&loop);
}

/* A bound far below what is expected: a probe without an answer must cost little. */
static void silence_is_cheap(void **state)
{
	enum { ROUNDS = 20000, N = 64 };
	struct rte_mbuf *mbuf[N];
	struct loop_probe probe = {.src = local, .sport = local_port, .dport = port, .flags = 2};
	struct loop loop;
	uint64_t start, spent = 0;

	(void)state;
	loop_open(&loop, "sim:alive=0");
	for (unsigned round = 0; round < ROUNDS; round++) {
		assert_int_equal(rte_pktmbuf_alloc_bulk(loop.pool, mbuf, N), 0);
		for (unsigned i = 0; i < N; i++) {
			probe.dst = base + round * N + i;
			loop_write(loop_room(mbuf[i], LOOP_PROBE_LEN), &probe);
		}
		assert_int_equal(rte_eth_tx_burst(loop.dev.port_id, 0, mbuf, N), N);
		start = rte_rdtsc();
		loop_service(&loop);
		spent += rte_rdtsc() - start;
	}
	print_message("# %.1f M silent probes/s\n",
		      (double)ROUNDS * N / ((double)spent / rte_get_tsc_hz()) / 1e6);
	assert_true((double)spent / rte_get_tsc_hz() < ROUNDS * N / 0.2e6);
	loop_close(&loop);
}

static int setup(void **state)
{
	struct eal_conf conf = {0};
	struct err err;

	(void)state;
	if (eal_start(&conf, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	eal_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_truth),
		cmocka_unit_test(tricks_never_lie),
		cmocka_unit_test(loss_hits_both_directions),
		cmocka_unit_test(dup_sends_twice),
		cmocka_unit_test(synack_is_sent_again_until_rst),
		cmocka_unit_test(wrong_checksums_get_no_answer),
		cmocka_unit_test(arp_is_answered),
		cmocka_unit_test(nothing_is_lost_for_lack_of_room),
		cmocka_unit_test(silence_is_cheap),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
