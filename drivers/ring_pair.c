/* SPDX-License-Identifier: BSD-3-Clause */

#include "ring_pair.h"

#include <string.h>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "driver.h"

static struct rte_ring *ring_make(const struct io_dev *dev, const char *what, unsigned depth,
				  int socket)
{
	char name[RTE_RING_NAMESIZE];

	ethdev_name(name, sizeof(name), dev, what);
	return rte_ring_create(name, depth, socket,
			       RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
}

int ring_pair_init(struct ring_pair *pair, struct io_dev *dev, const struct ring_shape *shape,
		   const struct io_conf *conf, struct err *err)
{
	char name[RTE_RING_NAMESIZE];
	int port;

	memset(pair, 0, sizeof(*pair));
	for (; pair->n_tx < shape->n_tx; pair->n_tx++) {
		pair->tx[pair->n_tx] = ring_make(dev, "tx", shape->tx_depth, conf->socket);
		if (pair->tx[pair->n_tx] == NULL)
			goto fail;
	}
	for (; pair->n_rx < shape->n_rx; pair->n_rx++) {
		pair->rx[pair->n_rx] =
			shape->loop ? pair->tx[pair->n_rx % pair->n_tx]
				    : ring_make(dev, "rx", shape->rx_depth, conf->socket);
		if (pair->rx[pair->n_rx] == NULL)
			goto fail;
	}
	ethdev_name(name, sizeof(name), dev, "p");
	port = rte_eth_from_rings(name, pair->rx, pair->n_rx, pair->tx, pair->n_tx,
				  (unsigned)conf->socket);
	if (port < 0)
		goto fail;
	dev->port_id = (uint16_t)port;
	return 0;
fail:
	return err_set(err, EXIT_DEVICE, "%s: cannot make its rings: %s", dev->driver->name,
		       rte_strerror(rte_errno));
}

static void ring_drain(struct rte_ring *ring)
{
	struct rte_mbuf *mbuf;

	while (rte_ring_dequeue(ring, (void **)&mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

void ring_pair_fini(struct ring_pair *pair)
{
	for (unsigned i = 0; i < pair->n_rx; i++) {
		if (pair->rx[i] != pair->tx[i])
			ring_drain(pair->rx[i]);
	}
	for (unsigned i = 0; i < pair->n_tx; i++)
		ring_drain(pair->tx[i]);
	memset(pair, 0, sizeof(*pair));
}
