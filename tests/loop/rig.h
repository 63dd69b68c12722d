/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "loop.h"

#include <rte_ring_elem.h>

#include "datapath/rx.h"
#include "datapath/tx.h"
#include "output/result_ring.h"

/*
 * The lcores' work on a bench: a stream over a device, its senders and receivers called step by
 * step, in a time that the test makes. Everything of struct tx and struct rx that a test need not
 * look at is set up here.
 */

enum { RIG_LCORES = 2, RIG_POOL = 4095 };

#define RIG_HZ UINT64_C(1000000000) /* the clock that tests turn: a tick is a nanosecond */

static const uint32_t rig_sources[] = {0xc6130001, 0xc6130007, 0xc6130400}; /* in 198.19.0.0/16 */
static const uint8_t rig_mac[6] = {2, 0, 0, 0, 0, 1}, rig_gateway[6] = {2, 0, 0, 0, 0, 2};

enum { RIG_PORT_FIRST = 40000, RIG_PORTS = 16384 };

struct rig_conf {
	const char *targets, *ports;
	const char *exclude; /* NULL: nothing */
	const char *lift;    /* --allow-special */
	/* The space is made without exclude, and with all that is special-purpose: as if target/
	 * were broken. The gate is built from the true lists. */
	bool broken;
	unsigned lcores; /* senders, and receivers; 0 is 1 */
	unsigned depth;	 /* frames that a queue of the device holds; 0: its own choice */
	uint32_t attempts;
	uint32_t shard, shards; /* 0/0 is the whole */
	uint64_t run;		/* offsets of a claim; 0: as many as there may be */
	uint64_t rate;		/* of all senders; 0: no limit */
	uint64_t prefix_rate;	/* probes/s to each /24; 0: no limit */
	bool send_rst, want_repeats;
	bool samples; /* one target in 2^sample_bits is probed once more */
	unsigned sample_bits;
};

struct rig {
	struct io_dev dev;
	struct target_space *space;
	struct exclusion excl;
	struct stream stream;
	struct clock clock;
	uint64_t now;
	struct neigh neigh;
	struct pkt_template rst;
	bool stop, hold, cooldown;
	struct earshot earshot;
	uint64_t rate;
	unsigned lcores;
	struct tx tx[RIG_LCORES];
	struct rx rx[RIG_LCORES];
	struct rte_mempool *pool[RIG_LCORES];
	struct rte_ring *followups[RIG_LCORES];
	struct result_ring *results[RIG_LCORES];
};

/* --- set-up --- */

/* Up to n records off a ring, as the writer takes them; how many. */
static inline unsigned ring_take(struct result_ring *ring, struct record *rec, unsigned n)
{
	struct result_slots slots;

	n = result_ring_peek(ring, n, &slots);
	for (unsigned i = 0; i < n; i++)
		rec[i] = *result_slot(&slots, i);
	result_ring_drop(ring, n);
	return n;
}

static inline void rig_load(const struct rig_conf *conf, bool broken, struct target_space **space,
			    struct exclusion *excl)
{
	const char *all = "0.0.0.0/0", *targets = conf->targets, *exclude = conf->exclude;
	const char *lift = broken ? all : conf->lift;
	struct target_conf target = {.targets = {&targets, 1, 1}, .ports = conf->ports};
	struct target_counts counts;
	struct err err;

	if (exclude != NULL && !broken)
		target.exclude = (struct strlist){&exclude, 1, 1};
	if (lift != NULL)
		target.allow_special = (struct strlist){&lift, 1, 1};
	if (target_load(&target, space, excl, &counts, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void rig_targets(struct rig *r, const struct rig_conf *conf)
{
	rig_load(conf, false, &r->space, &r->excl);
	if (conf->broken) {
		struct exclusion unused;

		target_space_destroy(r->space);
		rig_load(conf, true, &r->space, &unused);
		exclusion_fini(&unused);
	}
	assert_int_equal(walk_init(&r->stream.walk, target_space_size(r->space), 11, conf->shard,
				   conf->shards != 0 ? conf->shards : 1, 0),
			 0);
	r->stream.space = r->space;
}

static inline void rig_stream(struct rig *r, const struct rig_conf *conf)
{
	struct probe_conf probe = {.look = SYN_LOOK_MSS, .ttl = 64};
	struct stream_conf stream = {
		.excl = &r->excl,
		.rate = conf->run != 0 ? conf->run * 10 * r->lcores : RATE_MAX,
		.lcores = r->lcores,
		.prefix_rate = conf->prefix_rate,
		.prefix_len = 24,
		.tsc_hz = RIG_HZ,
		.samples = conf->samples,
		.sample_bits = conf->sample_bits,
	};
	struct err err;

	memcpy(probe.link.src_mac, rig_mac, sizeof(rig_mac));
	memcpy(probe.link.dst_mac, rig_gateway, sizeof(rig_gateway));
	r->stream.attempts = conf->attempts != 0 ? conf->attempts : 1;
	r->neigh = (struct neigh){
		.link = probe.link,
		.own = rig_sources,
		.n_own = ARRAY_LEN(rig_sources),
		.mac = neigh_mac_number(rig_gateway),
	};
	r->stream.probe.ops = &probe_tcp_syn;
	r->stream.probe.ops->build(&r->stream.probe.template, &probe);
	r->stream.probe.source =
		(struct source){rig_sources, ARRAY_LEN(rig_sources), RIG_PORT_FIRST, RIG_PORTS};
	r->stream.sources = &r->stream.probe.source;
	r->stream.n_sources = 1;
	pkt_template_rst(&r->rst, &probe.link, probe.ttl);
	if (stream_init(&r->stream, &stream, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void rig_device(struct rig *r, const struct rig_conf *conf)
{
	struct io_conf io = {
		.tx_queues = r->lcores,
		.rx_queues = r->lcores,
		.rate = UINT64_MAX,
		.tx_descriptors = conf->depth,
	};
	struct io_spec spec;
	struct err err;

	if (io_spec_parse("ring", &spec, &err) < 0 || io_open(&spec, &io, &r->dev, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r->dev.tx_queues, r->lcores);
	assert_int_equal(r->dev.rx_queues, r->lcores);
}

/* RX lcore i reports to ring i and asks TX lcore i for what must be sent. */
static inline void rig_lcore(struct rig *r, const struct rig_conf *conf, unsigned i)
{
	static unsigned serial;
	char name[32];

	snprintf(name, sizeof(name), "rig%u", serial++);
	r->pool[i] = rte_pktmbuf_pool_create(name, RIG_POOL, 0, 0, RTE_PKTMBUF_HEADROOM + 128, 0);
	r->followups[i] = rte_ring_create_elem(name, sizeof(struct followup), FOLLOWUP_RING, 0,
					       RING_F_SP_ENQ | RING_F_SC_DEQ);
	r->results[i] = result_ring_create();
	assert_true(r->pool[i] != NULL && r->followups[i] != NULL && r->results[i] != NULL);
	r->tx[i].stream = &r->stream;
	r->tx[i].clock = &r->clock;
	r->tx[i].dev = &r->dev;
	r->tx[i].queue = (uint16_t)i;
	r->tx[i].pool = r->pool[i];
	r->tx[i].followups = &r->followups[i];
	r->tx[i].n_followups = 1;
	r->tx[i].results = r->results;
	r->tx[i].n_results = r->lcores;
	r->tx[i].stop = &r->stop;
	r->tx[i].hold = &r->hold;
	r->tx[i].earshot = &r->earshot;
	r->tx[i].rate = &r->rate;
	r->tx[i].paced = r->rate;
	r->tx[i].neigh = &r->neigh;
	r->tx[i].gateway = r->neigh.mac;
	r->tx[i].probe = r->stream.probe;
	r->tx[i].rst = r->rst;
	pace_init(&r->tx[i].pace, r->rate, r->lcores, RIG_HZ, r->now);
	if (conf->prefix_rate != 0) {
		assert_int_equal(deferrals_init(&r->tx[i].deferred), 0);
		assert_int_equal(deferrals_init(&r->tx[i].deferred_rst), 0);
	}
	r->rx[i].stream = &r->stream;
	r->rx[i].clock = &r->clock;
	r->rx[i].dev = &r->dev;
	r->rx[i].queue = (uint16_t)i;
	r->rx[i].neigh = &r->neigh;
	r->rx[i].earshot = &r->earshot;
	r->rx[i].send_rst = conf->send_rst;
	r->rx[i].want_repeats = conf->want_repeats;
	r->rx[i].results = r->results[i];
	r->rx[i].followups = r->followups[i];
	r->rx[i].cooldown = &r->cooldown;
}

static inline void rig_open(struct rig *r, const struct rig_conf *conf)
{
	memset(r, 0, sizeof(*r));
	r->now = RIG_HZ;
	r->lcores = conf->lcores != 0 ? conf->lcores : 1;
	r->rate = conf->rate != 0 ? conf->rate : RATE_MAX;
	clock_start(&r->clock, r->now, RIG_HZ);
	rig_targets(r, conf);
	rig_stream(r, conf);
	rig_device(r, conf);
	for (unsigned i = 0; i < r->lcores; i++)
		rig_lcore(r, conf, i);
}

/* Every mbuf must be back in its pool. */
static inline void rig_close(struct rig *r)
{
	for (unsigned i = 0; i < r->lcores; i++)
		tx_drain(&r->tx[i]);
	io_close(&r->dev);
	for (unsigned i = 0; i < r->lcores; i++) {
		assert_int_equal(rte_mempool_in_use_count(r->pool[i]), 0);
		rte_mempool_free(r->pool[i]);
		rte_ring_free(r->followups[i]);
		result_ring_destroy(r->results[i]);
		deferrals_fini(&r->tx[i].deferred);
		deferrals_fini(&r->tx[i].deferred_rst);
	}
	stream_fini(&r->stream);
	target_space_destroy(r->space);
	exclusion_fini(&r->excl);
}
