/* SPDX-License-Identifier: BSD-3-Clause */

#include "driver.h"

#include <rte_ethdev.h>

/* What a driver of DPDK's has to say of its device by itself, in DPDK's interrupt thread. */

static int event_removed(uint16_t port, enum rte_eth_event_type event, void *arg, void *ret)
{
	struct io_dev *dev = arg;

	(void)port, (void)event, (void)ret;
	__atomic_store_n(&dev->removed, true, __ATOMIC_RELAXED);
	return 0;
}

static int event_reset(uint16_t port, enum rte_eth_event_type event, void *arg, void *ret)
{
	struct io_dev *dev = arg;

	(void)port, (void)event, (void)ret;
	__atomic_store_n(&dev->asks_reset, true, __ATOMIC_RELAXED);
	return 0;
}

void events_watch(struct io_dev *dev)
{
	rte_eth_dev_callback_register(dev->port_id, RTE_ETH_EVENT_INTR_RMV, event_removed, dev);
	rte_eth_dev_callback_register(dev->port_id, RTE_ETH_EVENT_INTR_RESET, event_reset, dev);
}

void events_ignore(struct io_dev *dev)
{
	rte_eth_dev_callback_unregister(dev->port_id, RTE_ETH_EVENT_INTR_RMV, event_removed, dev);
	rte_eth_dev_callback_unregister(dev->port_id, RTE_ETH_EVENT_INTR_RESET, event_reset, dev);
}
