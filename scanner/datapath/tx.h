/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ahead.h"
#include "batch.h"
#include "deferrals.h"
#include "earshot.h"
#include "followup.h"
#include "io.h"
#include "neigh.h"
#include "output.h"
#include "pace.h"
#include "stats.h"
#include "stream.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

/*
 * The sending half of an lcore: batch (claim, order, targets, cookies), fill (gate, frames), send.
 * A full device loses nothing: what it did not take stays at the front of the batch.
 */

struct tx {
	/* set by the main thread before start */
	struct stream *stream;
	const struct clock *clock;
	const struct io_dev *dev;
	uint16_t queue;
	struct rte_mempool *pool;
	const struct neigh *neigh;
	bool asks;		     /* this lcore asks for the gateway */
	struct rte_ring **followups; /* from these RX lcores */
	unsigned n_followups;
	struct rte_ring *echoes;      /* from all RX lcores; NULL: none of this lcore's business */
	uint8_t ttl;		      /* of what answers them */
	struct result_ring **results; /* senders pause while one of these is high */
	unsigned n_results;
	bool dry;		 /* build everything, hand nothing to the device */
	const bool *stop;	 /* main: no more probes */
	const bool *hold;	 /* main: none for now */
	const bool *park;	 /* main: the device is not to be touched, so no tx_step() */
	struct earshot *earshot; /* of the device */
	const uint64_t *rate;	 /* main: frames/s, if all lcores had that of this one */

	/* the lcore's own */
	uint64_t gateway; /* that the next two send to; see neigh.h */
	struct probe probe;
	struct pkt_template rst;
	uint64_t asked; /* questions sent */
	uint64_t paced; /* the rate that the next has */
	struct pace pace;
	struct claim claim;
	struct ahead ahead;
	struct batch batch;
	struct batch_targets targets; /* of the batch, unless they are of a look ahead */
	struct rte_mbuf *burst[TX_BURST];
	unsigned burst_first, burst_n; /* [burst_first, burst_n) waits for the device */
	bool burst_is_control;
	unsigned owed;		  /* probes to go before the next control frame, if there are any */
	unsigned gate_generation; /* that the waiting probes were checked against */
	struct deferrals deferred; /* probes, with --prefix-rate */
	struct deferrals deferred_rst;
	unsigned deferred_again; /* of deferred: sent before */
	uint64_t probe_due;	 /* TSC before which no probe can go */
	uint64_t low;		 /* steps below are none of this lcore's any more: main reads */
	uint64_t repeated;	 /* likewise pieces of what is to be repeated */
	uint64_t paused;	 /* TSC of the last pause, 0 when running: main reads */
	bool done;		 /* nothing left to send, for now: main reads */
	struct tx_stats stats;	 /* main reads */
};

/* One turn: returns how many frames went out or were dealt with, 0 when there was nothing to do. */
unsigned tx_step(struct tx *tx, uint64_t now);

/* Targets claimed, but not yet sent a first time; not those of the sample. Exact once the lcore has
 * stopped. */
uint64_t tx_leftover(const struct tx *tx);

/*
 * When tx_step() has something to do again (TSC); now when only the device can tell; UINT64_MAX
 * when the lcore waits for others: the consumer while paused, an RX lcore that asks for something.
 */
uint64_t tx_due(const struct tx *tx, uint64_t now);

/* Gives waiting mbufs back to their pool, when the lcore has stopped, or they must not go. */
void tx_drain(struct tx *tx);
