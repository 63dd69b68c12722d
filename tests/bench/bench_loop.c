/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * bench_loop [SECONDS]: what a closed loop is measured against, and what of its cost is the
 * responder's. First the frames a second that go from one lcore through a ring to another when the
 * sender does what dpdk-testpmd does in txonly (a buffer, a copy of the headers, a burst of 64) and
 * the receiver what it does in rxonly; nothing is dropped on the way. Then the cycles that the
 * simulated internet takes for a probe when 2 % answer, by itself.
 */

#include "bench.h"

#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "cookie.h"
#include "eal.h"
#include "io.h"
#include "job.h"
#include "probe.h"

enum { BURST = 64, FRAME_LEN = 60, POOL = 16383, CACHE = 256, SENDER = 1, RECEIVER = 2 };

static const char truth[] = "sim:alive=1,open=0.02,closed=0,icmp=0,retransmit=0,rtt=1us";

static struct loop {
	struct io_dev dev;
	struct rte_mempool *pool;
	uint8_t headers[FRAME_LEN];
	bool stop;
	uint64_t received;
} loop;

static bool stopped(void)
{
	return __atomic_load_n(&loop.stop, __ATOMIC_RELAXED);
}

static int send_only(void *arg)
{
	struct rte_mbuf *mbuf[BURST];

	(void)arg;
	while (!stopped()) {
		unsigned sent = 0;

		if (rte_mempool_get_bulk(loop.pool, (void **)mbuf, BURST) != 0)
			continue;
		for (unsigned i = 0; i < BURST; i++) {
			rte_pktmbuf_reset_headroom(mbuf[i]);
			memcpy(rte_pktmbuf_mtod(mbuf[i], uint8_t *), loop.headers, FRAME_LEN);
			mbuf[i]->data_len = FRAME_LEN;
			mbuf[i]->pkt_len = FRAME_LEN;
			mbuf[i]->nb_segs = 1;
			mbuf[i]->next = NULL;
			mbuf[i]->ol_flags = 0;
		}
		while (sent < BURST && !stopped())
			sent += rte_eth_tx_burst(loop.dev.port_id, 0, mbuf + sent,
						 (uint16_t)(BURST - sent));
		rte_pktmbuf_free_bulk(mbuf + sent, BURST - sent);
	}
	return 0;
}

static int receive_only(void *arg)
{
	struct rte_mbuf *mbuf[BURST];

	(void)arg;
	while (!stopped()) {
		unsigned n = rte_eth_rx_burst(loop.dev.port_id, 0, mbuf, BURST);

		for (unsigned i = 0; i < n; i++)
			rte_pktmbuf_free(mbuf[i]);
		loop.received += n;
	}
	return 0;
}

static int dev_open(const char *text, struct err *err)
{
	const struct io_conf conf = {.tx_queues = 1, .rx_queues = 1, .rate = RATE_MAX};
	struct io_spec spec;

	if (io_spec_parse(text, &spec, err) < 0)
		return -1;
	return io_open(&spec, &conf, &loop.dev, err);
}

static int bench_ring(double seconds, struct err *err)
{
	uint64_t start;
	double took;

	if (dev_open("ring", err) < 0)
		return -1;
	loop.pool = rte_pktmbuf_pool_create("bench", POOL, CACHE, 0, RTE_PKTMBUF_HEADROOM + 192,
					    SOCKET_ID_ANY);
	if (loop.pool == NULL)
		return err_set(err, EXIT_DEVICE, "no memory for packets");
	start = rte_rdtsc();
	rte_eal_remote_launch(receive_only, NULL, RECEIVER);
	rte_eal_remote_launch(send_only, NULL, SENDER);
	usleep((useconds_t)(seconds * 1e6));
	__atomic_store_n(&loop.stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	took = (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz();
	printf("txonly, ring, rxonly  %7.2f M frames/s\n", (double)loop.received / took / 1e6);
	io_close(&loop.dev);
	rte_mempool_free(loop.pool);
	return 0;
}

/* --- the responder --- */

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

	if (rte_pktmbuf_alloc_bulk(loop.dev.tx_pool[0], mbuf, BURST) != 0)
		abort();
	for (unsigned i = 0; i < BURST; i++) {
		daddr[i] = p->next++ * UINT32_C(2654435769);
		dport[i] = (uint16_t)(5000 + i); /* popular ones are open more often */
		frame[i] = rte_pktmbuf_mtod(mbuf[i], uint8_t *);
		mbuf[i]->data_len = mbuf[i]->pkt_len = p->probe.template.len;
	}
	cookie_make(&p->key, daddr, dport, 0, cookie, BURST);
	p->probe.ops->write(&p->probe, daddr, dport, cookie, frame, BURST);
	if (rte_eth_tx_burst(loop.dev.port_id, 0, mbuf, BURST) != BURST)
		abort();
}

static unsigned answers_take(void)
{
	struct rte_mbuf *mbuf[BURST];
	unsigned n = rte_eth_rx_burst(loop.dev.port_id, 0, mbuf, BURST);

	rte_pktmbuf_free_bulk(mbuf, n);
	return n;
}

static int bench_responder(unsigned rounds, struct err *err)
{
	static const uint32_t source = 0xc6120001;
	const struct probe_conf look = {.look = SYN_LOOK_MSS, .ttl = 255};
	const uint8_t secret[16] = {1};
	struct probes p = {.probe = {.ops = &probe_tcp_syn, .source = {&source, 1, 32768, 28233}}};
	static struct bench b;
	unsigned answers = 0;

	if (dev_open(truth, err) < 0)
		return -1;
	cookie_key_init(&p.key, secret);
	p.probe.ops->build(&p.probe.template, &look);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start, took = 0;

		for (unsigned k = 0; k < 16; k++) {
			probes_send(&p);
			start = rte_rdtsc_precise();
			loop.dev.service(&loop.dev, rte_rdtsc());
			took += rte_rdtsc_precise() - start;
			answers += answers_take();
		}
		bench_add(&b, took, 16 * BURST);
	}
	printf("responder             %7.2f cycles a probe (median %.2f; %.2f %% answered)\n",
	       bench_least(&b), bench_median(&b), answers * 100.0 / (rounds * 16.0 * BURST));
	io_close(&loop.dev);
	return 0;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
	const struct eal_conf conf = {.lcores = "0@(0-1),1@0,2@1"};
	struct err err;
	int rc;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		printf("skipped: one processor\n");
		return 0;
	}
	rc = eal_start(&conf, &err);
	if (rc == 0)
		rc = bench_ring(seconds, &err);
	if (rc == 0)
		rc = bench_responder(200, &err);
	if (rc < 0)
		fprintf(stderr, "bench_loop: %s\n", err.text);
	eal_stop();
	return rc < 0;
}
