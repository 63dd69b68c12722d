/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "io.h"

struct rte_ring;

/* An ethdev made of rings of our own depth: what ring and sim are built on. */

enum { RING_QUEUES = 16 }; /* net_ring has no more */

struct ring_pair {
	struct rte_ring *tx[RING_QUEUES], *rx[RING_QUEUES];
	unsigned n_tx, n_rx;
};

/* depth: how many frames a ring holds; loop: what is sent on queue i is received on queue i. */
struct ring_shape {
	unsigned n_tx, n_rx, tx_depth, rx_depth;
	bool loop;
};

/* Makes rings and ethdev, sets dev->port_id. On failure, too, the rings are freed by fini. */
int ring_pair_init(struct ring_pair *pair, struct io_dev *dev, const struct ring_shape *shape,
		   const struct io_conf *conf, struct err *err);

/* After the ethdev was closed. Frames still in the rings go back to their pools. */
void ring_pair_fini(struct ring_pair *pair);
