/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

#include "err.h"
#include "io.h"
#include "packet.h"

/*
 * Asks for the hardware address of a neighbour by ARP (RFC 826), on the device itself: the kernel's
 * tables do not know what lies behind a device that it does not own. Main thread, before the lcores
 * run: whatever else arrives meanwhile is dropped, no probe has been sent yet.
 *
 * link has our own hardware address and the VLAN. EXIT_DEVICE when nobody answers.
 */
int neigh_ask(struct io_dev *dev, const struct pkt_link *link, uint32_t own, uint32_t neighbour,
	      uint8_t mac[6], struct err *err);
