/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rx.h"
#include "tx.h"
#include "worker.h"

/*
 * What the parts of worker.h's implementation share: worker_setup.c makes it, worker.c runs it,
 * worker_mark.c tells how far it has come.
 */

/* An lcore, and the queues that it serves in turn: of each device one at most, where there are
 * enough lcores. */
struct worker {
	struct workers *all;
	struct tx *tx[DEVICES_MAX];
	struct rx *rx[DEVICES_MAX];
	unsigned n_tx, n_rx;
	bool busy;	/* one of its devices is made for speed */
	unsigned parks; /* of all->parks: those that it goes by; main reads */
} STATS_ALIGN;

struct workers {
	struct workers_conf conf;
	bool stop_sending, cooldown, stop_rx, stop_tx; /* main writes, lcores read */
	bool hold[DEVICES_MAX], park[DEVICES_MAX];     /* likewise */
	unsigned parks;				       /* likewise: changes of park so far */
	uint64_t rates[DEVICES_MAX]; /* likewise: frames/s, if all queues were of this device */
	uint64_t rate;		     /* main's: of all together */
	uint64_t idle_max;	     /* TSC ticks */
	struct worker worker[WORKERS_MAX];
	unsigned n_workers, n_tx, n_rx; /* lcores; queues of all devices, in each direction */
	struct tx *tx[WORKERS_MAX];
	struct rx *rx[WORKERS_MAX];
	unsigned tx_uplink[WORKERS_MAX], rx_uplink[WORKERS_MAX]; /* whose queue it is */
	struct rte_ring *followups[WORKERS_MAX];		 /* of RX queue i */
	/* of all RX queues of a device, for its TX queue 0; NULL: nobody answers */
	struct rte_ring *echoes[DEVICES_MAX];
	struct earshot earshot[DEVICES_MAX]; /* lcores write */
	/* of records, and behind them, if any are wanted, those of their frames */
	struct result_ring *results[2 * WORKERS_MAX];
	unsigned n_results;
};

/* Each device's share of the rate, by who is held. */
void workers_share(struct workers *w);

static inline bool worker_flag(const bool *f)
{
	return __atomic_load_n(f, __ATOMIC_ACQUIRE);
}
