/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_sim [ROUNDS]: the cycles that the simulated internet takes for a probe when 2 % answer. In
 * a closed loop an lcore of the scan takes them, where a real one has the network.
 */

#include "bench.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "cookie.h"
#include "eal.h"
#include "io.h"
#include "job.h"
#include "probe.h"

enum { BURST = 64, TURNS = 16 };

static const char truth[] = "sim:alive=1,open=0.02,closed=0,icmp=0,retransmit=0,rtt=1us";

static struct io_dev dev;

static int dev_open(struct err *err)
{
	const struct io_conf conf = {.tx_queues = 1, .rx_queues = 1, .rate = RATE_MAX};
	struct io_spec spec;

	if (io_spec_parse(truth, &spec, err) < 0)
		return -1;
	return io_open(&spec, &conf, &dev, err);
}

struct probes {
	struct probe probe;
	struct cookie_key key;
	uint32_t next;
};

static void probes_send(struct probes *p)
{
	uint32_t daddr[BURST];
	uint16_t dport[BURST];
	struct cookie cookie[BURST];
	struct rte_mbuf *mbuf[BURST];
	uint8_t *frame[BURST];

	if (rte_pktmbuf_alloc_bulk(dev.tx_pool[0], mbuf, BURST) != 0)
		abort();
	for (unsigned i = 0; i < BURST; i++) {
		daddr[i] = p->next++ * UINT32_C(2654435769);
		dport[i] = (uint16_t)(5000 + i); /* popular ones are open more often */
		frame[i] = rte_pktmbuf_mtod(mbuf[i], uint8_t *);
		mbuf[i]->data_len = mbuf[i]->pkt_len = p->probe.template.len;
	}
	cookie_make(&p->key, daddr, dport, 0, cookie, BURST);
	p->probe.ops->write(&p->probe, daddr, dport, cookie, frame, BURST);
	if (rte_eth_tx_burst(dev.port_id, 0, mbuf, BURST) != BURST)
		abort();
}

static unsigned answers_take(void)
{
	struct rte_mbuf *mbuf[BURST];
	unsigned n = rte_eth_rx_burst(dev.port_id, 0, mbuf, BURST);

	rte_pktmbuf_free_bulk(mbuf, n);
	return n;
}

static void bench_responder(unsigned rounds)
{
	static const uint32_t source = 0xc6120001;
	const struct probe_conf look = {.look = SYN_LOOK_MSS, .ttl = 255};
	const uint8_t secret[16] = {1};
	struct probes p = {.probe = {.ops = &probe_tcp_syn, .source = {&source, 1, 32768, 28233}}};
	static struct bench b;
	unsigned answers = 0;

	cookie_key_init(&p.key, secret);
	p.probe.ops->build(&p.probe.template, &look);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start, took = 0;

		for (unsigned k = 0; k < TURNS; k++) {
			probes_send(&p);
			start = rte_rdtsc_precise();
			dev.service(&dev, rte_rdtsc());
			took += rte_rdtsc_precise() - start;
			answers += answers_take();
		}
		bench_add(&b, took, TURNS * BURST);
	}
	printf("responder             %7.2f cycles a probe (median %.2f; %.2f %% answered)\n",
	       bench_least(&b), bench_median(&b), answers * 100.0 / (rounds * TURNS * BURST));
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	const struct eal_conf conf = {0};
	struct err err;
	int rc;

	if (rounds < 1 || rounds > BENCH_ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_sim [ROUNDS], 1 to 1024 of them\n");
		return 64;
	}
	rc = eal_start(&conf, &err);
	if (rc == 0)
		rc = dev_open(&err);
	if (rc == 0) {
		bench_responder((unsigned)rounds);
		io_close(&dev);
	} else {
		fprintf(stderr, "bench_sim: %s\n", err.text);
	}
	eal_stop();
	return rc < 0;
}
