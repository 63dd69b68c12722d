/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "ring_pair.h"
#include "sim_frame.h"
#include "sim_internet.h"
#include "sim_queue.h"
#include "sim_sieve.h"

/*
 * The simulated internet as a device: two sets of rings, and between them a host for each address
 * that is alive. A polling lcore lends it time (service); it takes a probe only when whatever that
 * may cause has room, and keeps answers until the RX ring takes them, so it never loses a frame but
 * on demand (loss=).
 */

enum {
	BURST = 64,
	TURNS = 4, /* at most so many bursts in each direction a call */
	TX_DEPTH = 1024,
	RX_DEPTH = 2048,
	POOL_SIZE = 8191,
	QUEUE_CAPACITY = 1 << 20,
	ANSWERS_MAX = 4, /* of one probe: trick and answer, both twice */
	BLOWBACK_COPIES = 40,
	BLOWBACK_MS = 20,
};

struct sim {
	struct sim_internet *internet;
	struct sim_queue *queue;
	struct ring_pair rings;
	struct rte_mempool *pool;
	struct sim_link link;
	struct rte_mbuf *spare[BURST]; /* for answers to come */
	unsigned n_spare;
	uint64_t tsc_hz;
	uint64_t arrived, left; /* frames in each direction: keys of chance */
	unsigned next_tx;	/* ring that is served first */
};

/* --- probes in --- */

static bool happens(const struct sim *sim, enum sim_chance chance, uint64_t n, uint64_t threshold)
{
	return threshold != 0 && (sim_random(sim->internet, chance, n) & UINT32_MAX) < threshold;
}

static uint64_t sim_ticks(const struct sim *sim, uint64_t ns)
{
	/* ns < 2^37, so the product of its whole part and rest stay far below 2^64 */
	return ns / 1000000000 * sim->tsc_hz + ns % 1000000000 * sim->tsc_hz / 1000000000;
}

static uint32_t answer_new(struct sim *sim, const struct sim_frame *probe)
{
	uint32_t index = sim_queue_take(sim->queue);
	struct sim_answer *answer = sim_queue_at(sim->queue, index);

	answer->local = probe->src;
	answer->remote = probe->dst;
	answer->seq = probe->seq;
	answer->ts = probe->ts;
	answer->local_port = probe->sport;
	answer->remote_port = probe->dport;
	answer->options = probe->options;
	return index;
}

/* What a router quotes: eight bytes of TCP (RFC 792), a little more, or all (RFC 1812). */
static void answer_quote(struct sim_answer *answer, const struct sim_frame *probe, uint64_t look)
{
	static const uint8_t lengths[4] = {28, 48, SIM_QUOTE_MAX, SIM_QUOTE_MAX};
	unsigned len = lengths[look >> 40 & 3];

	answer->quote_len = (uint8_t)RTE_MIN(len, (unsigned)probe->ip_len);
	memcpy(answer->quote, probe->ip, answer->quote_len);
}

static void answer_shape(struct sim_answer *answer, enum sim_state state,
			 const struct sim_frame *probe, const struct sim_host *host)
{
	static const uint8_t filtered[4] = {13, 13, 10, 3}, unreachable[4] = {1, 1, 0, 0};
	unsigned look = host->look >> 36 & 3;

	switch (state) {
	case SIM_OPEN:
		answer->kind = SIM_ANSWER_SYNACK;
		return;
	case SIM_CLOSED:
		answer->kind = SIM_ANSWER_RST;
		return;
	default:
		answer->kind = SIM_ANSWER_ICMP;
		answer->icmp_type = state == SIM_UNREACHABLE && look == 3 ? 11 : 3;
		answer->icmp_code = state == SIM_FILTERED ? filtered[look] : unreachable[look];
		answer_quote(answer, probe, host->look);
	}
}

/* Adds the answer that belongs to state, wrong in the way of trick. */
static uint32_t answer_add(struct sim *sim, const struct sim_frame *probe,
			   const struct sim_host *host, enum sim_state state, enum sim_trick trick)
{
	uint32_t index = answer_new(sim, probe);
	struct sim_answer *answer = sim_queue_at(sim->queue, index);

	answer_shape(answer, state, probe, host);
	answer->trick = (uint8_t)trick;
	return index;
}

/* A round trip: the host's own, and up to an eighth more. */
static uint64_t answer_due(const struct sim *sim, const struct sim_host *host, uint64_t now,
			   enum sim_chance chance)
{
	uint64_t random = sim_random(sim->internet, chance, sim->arrived) & 0xffffff;
	uint64_t jitter = random * (host->rtt_ns / 8) >> 24; /* rtt_ns < 2^37 */

	return now + sim_ticks(sim, host->rtt_ns + jitter);
}

/* The frame that a hostile host sends first: before the answer, or where there is none. */
static void trick_play(struct sim *sim, const struct sim_frame *probe, const struct sim_host *host,
		       enum sim_state state, uint64_t now)
{
	static const enum sim_state shape[SIM_TRICKS] = {
		[SIM_FORGED_ACK] = SIM_OPEN,	   [SIM_FORGED_PORT] = SIM_OPEN,
		[SIM_FORGED_QUOTE] = SIM_FILTERED, [SIM_RST_FIRST] = SIM_CLOSED,
		[SIM_BARE_RST] = SIM_CLOSED,	   [SIM_GARBAGE] = SIM_OPEN,
		[SIM_BROKEN_SUM] = SIM_OPEN,
	};
	enum sim_state of = shape[host->trick];

	if (host->trick == SIM_TRUNCATED)
		of = state;
	if (host->trick == SIM_RST_FIRST && state != SIM_OPEN)
		return;
	if (of != SIM_SILENT)
		sim_queue_add(sim->queue, answer_add(sim, probe, host, of, host->trick),
			      now + sim_ticks(sim, host->rtt_ns / 2));
}

static void probe_answer(struct sim *sim, const struct sim_frame *probe, uint64_t now)
{
	enum sim_state state = sim_internet_find(sim->internet, probe->dst, probe->dport);
	struct sim_host host;
	uint32_t index;
	bool hostile = sim->internet->hostile_below != 0;

	if (state == SIM_SILENT && !hostile)
		return;
	if (!sim_frame_sums_ok(probe))
		return;
	sim_internet_host(sim->internet, probe->dst, &host);
	if (host.trick != SIM_HONEST)
		trick_play(sim, probe, &host, state, now);
	if (state == SIM_SILENT)
		return;

	index = answer_add(sim, probe, &host, state,
			   host.trick == SIM_BLOWBACK ? SIM_BLOWBACK : SIM_HONEST);
	sim_queue_add(sim->queue, index, answer_due(sim, &host, now, CHANCE_JITTER));
	if (state == SIM_OPEN && sim->internet->retransmit > 0 && host.trick != SIM_BLOWBACK &&
	    sim_queue_room(sim->queue) > QUEUE_CAPACITY / 2) /* backlogs are finite: best effort */
		sim_queue_open(sim->queue, index);
	if (happens(sim, CHANCE_DUP, sim->arrived, sim->internet->dup_below))
		sim_queue_add(sim->queue, answer_add(sim, probe, &host, state, SIM_HONEST),
			      answer_due(sim, &host, now, CHANCE_DUP_JITTER));
}

static void arp_answer(struct sim *sim, const struct sim_frame *request, uint64_t now)
{
	uint32_t index = answer_new(sim, request);
	struct sim_answer *answer = sim_queue_at(sim->queue, index);

	answer->kind = SIM_ANSWER_ARP;
	memcpy(answer->quote, sim->link.mac, 6);
	sim_queue_add(sim->queue, index, now);
}

static void frame_take(struct sim *sim, const struct rte_mbuf *mbuf, uint64_t now)
{
	struct sim_frame frame;
	enum sim_frame_kind kind;

	if (mbuf->nb_segs != 1)
		return;
	kind = sim_frame_read(&frame, &sim->link, rte_pktmbuf_mtod(mbuf, const uint8_t *),
			      rte_pktmbuf_data_len(mbuf));
	if (kind == SIM_FRAME_ARP) {
		arp_answer(sim, &frame, now);
		return;
	}
	if (happens(sim, CHANCE_LOSS_IN, sim->arrived, sim->internet->loss_below))
		return;
	if (kind == SIM_FRAME_SYN)
		probe_answer(sim, &frame, now);
	else if (kind == SIM_FRAME_RST)
		sim_queue_reset(sim->queue, &frame);
}

/* Which of the n > 0 frames are to be taken: all but SYNs that nobody answers. The last one is, for
 * it says who sits on our end of the link. */
static uint64_t frames_sift(const struct sim *sim, struct rte_mbuf *const *mbuf, unsigned n)
{
	uint64_t syns = 0, last = UINT64_C(1) << (n - 1);
	uint32_t addr[SIM_SIEVE] = {0};
	uint16_t port[SIM_SIEVE] = {0};

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], void *));
	for (unsigned i = 0; i < n; i++)
		syns |= (uint64_t)sim_frame_is_syn(rte_pktmbuf_mtod(mbuf[i], const uint8_t *),
						   rte_pktmbuf_data_len(mbuf[i]), &addr[i],
						   &port[i])
			<< i;
	return sim_sieve(sim->internet, addr, port, n) | (~syns & (last | (last - 1))) | last;
}

static unsigned probes_take(struct sim *sim, struct rte_ring *ring, uint64_t now)
{
	unsigned room = sim_queue_room(sim->queue) / ANSWERS_MAX, n;
	struct rte_mbuf *mbuf[BURST];
	uint64_t which, before = sim->arrived;

	n = rte_ring_dequeue_burst(ring, (void **)mbuf, RTE_MIN(room, (unsigned)BURST), NULL);
	if (n == 0)
		return 0;
	for (which = frames_sift(sim, mbuf, n); which != 0; which &= which - 1) {
		unsigned i = (unsigned)__builtin_ctzll(which);

		sim->arrived = before + i + 1;
		frame_take(sim, mbuf[i], now);
	}
	io_free(mbuf, n);
	return n;
}

/* --- answers out --- */

/* When this answer is sent again: true and its time. */
static bool answer_again(const struct sim *sim, const struct sim_answer *answer, uint64_t now,
			 uint64_t *due)
{
	if (answer->trick == SIM_BLOWBACK) {
		*due = now + sim_ticks(sim, BLOWBACK_MS * UINT64_C(1000000));
		return answer->sent < BLOWBACK_COPIES;
	}
	*due = now + (sim->tsc_hz << (answer->sent - 1));
	return answer->half_open && answer->sent <= sim->internet->retransmit;
}

/* Writes one due answer into mbuf; false when it came to nothing: lost, or no longer wanted. */
static bool answer_send(struct sim *sim, uint32_t index, struct rte_mbuf *mbuf, uint64_t now)
{
	struct sim_answer *answer = sim_queue_at(sim->queue, index);
	bool wanted = answer->sent == 0 || answer->half_open || answer->trick == SIM_BLOWBACK;
	struct sim_host host;
	uint64_t due, random;

	sim->left++;
	random = sim_random(sim->internet, CHANCE_CONTENT, sim->left);
	if (wanted && answer->kind != SIM_ANSWER_ARP &&
	    happens(sim, CHANCE_LOSS_OUT, sim->left, sim->internet->loss_below))
		mbuf = NULL; /* lost on its way, but sent */
	if (wanted && mbuf != NULL) {
		sim_internet_host(sim->internet, answer->remote, &host);
		mbuf->data_len = sim_frame_write(rte_pktmbuf_mtod(mbuf, uint8_t *), answer, &host,
						 &sim->link, random);
		mbuf->pkt_len = mbuf->data_len;
	}
	answer->sent++;
	if (wanted && answer_again(sim, answer, now, &due))
		sim_queue_add(sim->queue, index, due);
	else
		sim_queue_release(sim->queue, index);
	return wanted && mbuf != NULL;
}

static bool spare_ready(struct sim *sim)
{
	if (sim->n_spare == 0 && rte_pktmbuf_alloc_bulk(sim->pool, sim->spare, BURST) == 0)
		sim->n_spare = BURST;
	return sim->n_spare != 0;
}

static unsigned answers_give(struct sim *sim, struct rte_ring *ring, uint64_t now)
{
	unsigned room, n = 0;
	struct rte_mbuf *mbuf[BURST];

	if (sim_queue_due(sim->queue) > now)
		return 0;
	room = RTE_MIN(rte_ring_free_count(ring), (unsigned)BURST);
	while (n < room && sim_queue_due(sim->queue) <= now && spare_ready(sim)) {
		struct rte_mbuf *spare = sim->spare[sim->n_spare - 1];

		if (!answer_send(sim, sim_queue_pop(sim->queue, now), spare, now))
			continue;
		mbuf[n++] = spare;
		sim->n_spare--;
	}
	rte_ring_enqueue_burst(ring, (void **)mbuf, n, NULL);
	return n;
}

static unsigned sim_service(struct io_dev *dev, uint64_t now)
{
	struct sim *sim = dev->priv;
	unsigned moved = 0, n;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		n = answers_give(sim, sim->rings.rx[0], now);
		for (unsigned i = 0; i < sim->rings.n_tx; i++)
			n += probes_take(sim, sim->rings.tx[i], now);
		moved += n;
		if (n == 0)
			break;
	}
	return moved;
}

static uint64_t sim_service_due(const struct io_dev *dev)
{
	const struct sim *sim = dev->priv;

	for (unsigned i = 0; i < sim->rings.n_tx; i++) {
		if (!rte_ring_empty(sim->rings.tx[i]))
			return 0;
	}
	return sim_queue_due(sim->queue);
}

static unsigned sim_count_open(const struct io_dev *dev, const uint32_t *addr, const uint16_t *port,
			       unsigned n)
{
	const struct sim *sim = dev->priv;
	unsigned open = 0;

	for (unsigned first = 0; first < n; first += SIM_SIEVE) {
		unsigned some = RTE_MIN(n - first, (unsigned)SIM_SIEVE);
		uint64_t which = sim_sieve(sim->internet, addr + first, port + first, some);

		for (; which != 0; which &= which - 1) {
			unsigned i = first + (unsigned)__builtin_ctzll(which);

			open += sim_internet_find(sim->internet, addr[i], port[i]) == SIM_OPEN;
		}
	}
	return open;
}

/* --- the device --- */

static int sim_check(const char *arg, struct err *err)
{
	struct sim_internet *internet;
	int rc = sim_internet_create(arg, &internet, err);

	sim_internet_destroy(internet);
	return rc;
}

static int sim_memory(struct sim *sim, struct io_dev *dev, const struct io_conf *conf,
		      struct err *err)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	sim->queue = sim_queue_create(QUEUE_CAPACITY);
	ethdev_name(name, sizeof(name), dev, "rx");
	dev->rx_pool = rte_pktmbuf_pool_create(name, POOL_SIZE, 256, 0,
					       RTE_PKTMBUF_HEADROOM + SIM_FRAME_MAX, conf->socket);
	sim->pool = dev->rx_pool;
	if (sim->queue == NULL || sim->pool == NULL)
		return err_set(err, EXIT_DEVICE, "sim: out of memory: %s", rte_strerror(rte_errno));
	return 0;
}

static int sim_open(struct io_dev *dev, const char *arg, const struct io_conf *conf,
		    struct err *err)
{
	struct ring_shape shape = {.n_tx = RTE_MIN(RTE_MAX(conf->tx_queues, 1U), RING_QUEUES),
				   .n_rx = 1,
				   .tx_depth = TX_DEPTH,
				   .rx_depth = RX_DEPTH};
	struct sim *sim = calloc(1, sizeof(*sim));
	int rc;

	if (sim == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	dev->priv = sim;
	sim->tsc_hz = rte_get_tsc_hz();
	rc = sim_internet_create(arg, &sim->internet, err);
	if (rc == 0)
		rc = sim_memory(sim, dev, conf, err);
	if (conf->tx_descriptors != 0)
		shape.tx_depth = conf->tx_descriptors;
	if (rc == 0)
		rc = ring_pair_init(&sim->rings, dev, &shape, conf, err);
	if (rc < 0)
		return rc;
	dev->rx_depth = RX_DEPTH;
	dev->service = sim_service;
	dev->service_due = sim_service_due;
	dev->count_open = sim_count_open;
	return 0;
}

static void sim_close(struct io_dev *dev)
{
	struct sim *sim = dev->priv;

	if (sim == NULL)
		return;
	ring_pair_fini(&sim->rings);
	rte_pktmbuf_free_bulk(sim->spare, sim->n_spare);
	sim_queue_destroy(sim->queue);
	sim_internet_destroy(sim->internet);
	free(sim);
}

const struct io_driver driver_sim = {
	.name = "sim",
	.help = "sim[:KEY=VALUE,...]           a simulated internet, to try and to test",
	.limits = IO_SIMULATED,
	.check = sim_check,
	.open = sim_open,
	.close = sim_close,
};
