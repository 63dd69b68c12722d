/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "io.h"
#include "neigh.h"
#include "packet.h"
#include "probe.h"
#include "stats.h"

/*
 * An uplink: a device of a scan with all that belongs to it. A scan has one or several: each sends
 * its share of the probes, from addresses that no other has; an answer counts whichever it comes in
 * by, and what it makes us send (RST, ARP, pings) leaves by the same.
 *
 * The main thread sets it up; but for what neigh.h says, it is const while lcores run.
 */
struct uplink {
	const char *name; /* the device, as the user wrote it */
	struct io_spec spec;
	struct io_dev dev;
	bool open;
	uint32_t *sources; /* addresses to send from: ascending, one or more */
	uint32_t n_sources;
	uint32_t *kernel_addrs; /* that the kernel answers for on the device */
	unsigned n_kernel_addrs;
	struct pkt_link link;
	struct neigh neigh;
	struct probe probe;
	struct pkt_template rst; /* closes what a SYN-ACK opened */
	bool send_rst;
};
