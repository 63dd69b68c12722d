/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_ethdev.h>

/* For drivers, so in no header that is installed. */
struct rte_eth_dev *rte_eth_dev_get_by_name(const char *name);
int rte_eth_dev_callback_process(struct rte_eth_dev *dev, enum rte_eth_event_type event, void *arg);

/* The device asks for a reset, as its driver would. */
static inline void reset_event(uint16_t port)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	rte_eth_dev_get_name_by_port(port, name);
	rte_eth_dev_callback_process(rte_eth_dev_get_by_name(name), RTE_ETH_EVENT_INTR_RESET, NULL);
}
