/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <stdlib.h>

#include "ring_pair.h"

/* Loop-back: what is sent on a queue is received on the queue of the same number. */

enum { DEPTH = 1024 };

static int ring_check(const char *arg, struct err *err)
{
	if (arg[0] == '\0')
		return 0;
	return err_set(err, EXIT_USAGE, "device 'ring:%s': ring takes no argument", arg);
}

static int ring_open(struct io_dev *dev, const char *arg, const struct io_conf *conf,
		     struct err *err)
{
	unsigned tx = conf->tx_queues, rx = conf->rx_queues, queues = tx < rx ? tx : rx;
	struct ring_pair *pair = calloc(1, sizeof(*pair));
	struct ring_shape shape = {.loop = true};

	(void)arg;
	if (pair == NULL)
		return err_set(err, EXIT_DEVICE, "out of memory");
	dev->priv = pair;
	if (queues == 0)
		queues = 1;
	if (queues > RING_QUEUES)
		queues = RING_QUEUES;
	shape.n_tx = shape.n_rx = queues;
	shape.tx_depth = conf->tx_descriptors != 0 ? conf->tx_descriptors : DEPTH;
	dev->rx_depth = queues * shape.tx_depth;
	return ring_pair_init(pair, dev, &shape, conf, err);
}

static void ring_close(struct io_dev *dev)
{
	struct ring_pair *pair = dev->priv;

	if (pair != NULL)
		ring_pair_fini(pair);
	free(pair);
}

const struct io_driver driver_ring = {
	.name = "ring",
	.help = "ring                          loop-back: what is sent is received",
	.limits = IO_SIMULATED,
	.check = ring_check,
	.open = ring_open,
	.close = ring_close,
};
